"""Ranked rows with ranges: exposure of products, contributions, two scenarios, days until shortfall."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from supplychain import wording
from supplychain.figures import style
from supplychain.figures.draft import Draft, bar, scatter
from supplychain.figures.style import escape, names, numbers, wrap

READINGS = {
    "felt": "Output lost after stocks and transit (felt)",
    "short": "Supply missing on the day (short)",
    "dependent": "Structural worst case (dependent)",
    "linked": "Supply that hangs on restricted goods (linked)",
}
ROW = 44  # px of a row: a line of label and a bar under it
EXTRA_LINE = 15
BAR = 0.3  # of a row
WEAK = ("low", "unverified")


def ranking(
    frame: pd.DataFrame,
    *,
    market: str,
    on: object,
    reading: str = "felt",
    top: int = 25,
    theme: style.ThemeName = "light",
) -> go.Figure:
    """Products of a market ranked by one reading of exposure, with the range of that reading.

    bar = reading, line = `reading_low` to `reading_high` where the table has them (felt, short), diamond = dependent
    frame: product, the reading; optional name, end_use, only_prior, confidence, dependent, why (columns of x.frame)
    market, on: for the title; reading: felt, short, dependent or linked; top: rows drawn
    Returns the figure, products with equal readings in the order of the frame; hatched bars rest on a prior or on weak
    evidence. Raises InputError.
    Example: ranking(net.exposure("2025-06-05", "USA").frame, market="USA", on="2025-06-05", reading="short")
    """
    style.choice("ranking", "reading", reading, list(READINGS))
    style.need("ranking", frame, ["product", reading])
    title = f"{READINGS[reading]}, {market}, {on}"
    if frame.empty:
        return style.blank(
            "ranking",
            title,
            "No product matches this choice.",
            "Choose another sector or end use, or take events back in.",
            theme,
        )
    colours = style.theme_of(theme)
    order = frame.sort_values(reading, ascending=False, kind="stable", na_position="last")
    rows, cut = style.top_rows(order.reset_index(drop=True), top, "products, the most exposed first")
    value = rows[reading].astype(float)
    low = style.column_or(rows, f"{reading}_low", np.nan).astype(float).fillna(value)
    high = style.column_or(rows, f"{reading}_high", np.nan).astype(float).fillna(value)
    weak = style.column_or(rows, "only_prior", False).astype(bool)
    weak |= style.texts(rows, "confidence").isin(WEAK)
    labels = [wrap(name, 40) for name in names(rows, "product")]
    hover = [
        _lines(
            f"<b>{wrap(name, 50)}</b>",
            f"{escape(reading)} {wording.span(a, v, b)}",
            f"dependent {wording.share(d)}" if not np.isnan(d) else "",
            wrap(why, 60, 6),
        )
        for name, a, v, b, d, why in zip(
            names(rows, "product"),
            low,
            value,
            high,
            style.column_or(rows, "dependent", np.nan).astype(float),
            style.texts(rows, "why"),
            strict=True,
        )
    ]
    fig = Draft()
    y = np.arange(len(rows))
    for hatched, name in ((False, "on evidence"), (True, "on a prior or weak evidence")):
        here = (weak == hatched).to_numpy()
        fig.add_trace(
            bar(
                x=numbers(value[here]),
                y=y[here].tolist(),
                name=name,
                orientation="h",
                width=BAR,
                marker=_paint(colours, colours.main, "/" if hatched else ""),
                hovertext=[h for h, k in zip(hover, here, strict=True) if k],
                hoverinfo="text",
                visible=bool(here.any()),
            )
        )
    _ranges(fig, colours, y, low, high, "low to high")
    if reading in ("felt", "short") and "dependent" in rows:
        _marks(fig, colours, y, rows["dependent"], "dependent: worst case", "diamond-open", hover)
    style.rows_axis(fig, labels, [wording.share(v) for v in value])
    of = "output" if reading == "felt" else "supply"
    style.share_axis(fig, f"share of normal {of} in {market}, {on} (%)", 1.02)
    fig.update_layout(barmode="overlay")
    best = rows.iloc[0]
    if np.isnan(value.iloc[0]):
        leader = "no product has a known value."
    else:
        leads = "leads with" if len(order) > 1 else "with"
        size = wording.span(low.iloc[0], float(best[reading]), high.iloc[0])
        leader = f"{names(rows, 'product')[0]} {leads} {size}."
    alt = f"{title}: {f'{len(order)} products, ' if len(order) > 1 else ''}{leader}"
    return style.finish(fig, "ranking", title, [cut], alt, theme, _height(labels), legend_rows=2)


def contributions(
    frame: pd.DataFrame,
    *,
    product: str,
    market: str,
    on: object,
    by: str = "event",
    top: int = 20,
    theme: style.ThemeName = "light",
) -> go.Figure:
    """What each event or commodity adds to the shortage of a product.

    bar = Shapley value (they add up to the shortage), line = 1.96 standard errors, circle = acting alone,
    triangle = added last
    frame: player, alone, last, shapley; optional se, name (x.contributions)
    Returns the figure. Raises InputError.
    """
    style.need("contributions", frame, ["player", "alone", "last", "shapley"])
    title = f"What each {by} adds to the shortage of {style.brief(product)}, {market}, {on}"
    if frame.empty:
        return style.blank(
            "contributions",
            title,
            f"No {by} acts on {product} on this day.",
            "Choose a later day or another market.",
            theme,
        )
    colours = style.theme_of(theme)
    order = frame.sort_values(["shapley", "player"], ascending=[False, True], kind="stable", ignore_index=True)
    rows, cut = style.top_rows(order, top, f"{by}s")
    value = rows["shapley"].astype(float)
    error = 1.96 * style.column_or(rows, "se", 0.0).astype(float).fillna(0.0)
    labels = [wrap(name, 40) for name in names(rows, "player")]
    hover = [
        _lines(
            f"<b>{wrap(name, 50)}</b>",
            f"fair share (Shapley) {wording.share(v, 1)}" + (f" ± {wording.share(e, 1)}" if e > 0 else ""),
            f"alone {wording.share(a, 1)}, added last {wording.share(z, 1)}",
        )
        for name, v, e, a, z in zip(names(rows, "player"), value, error, rows["alone"], rows["last"], strict=True)
    ]
    y = np.arange(len(rows))
    fig = Draft(
        bar(
            x=numbers(value),
            y=y.tolist(),
            name="fair share (Shapley)",
            orientation="h",
            width=BAR,
            marker=_paint(colours, colours.main),
            hovertext=hover,
            hoverinfo="text",
        )
    )
    if error.gt(0).any():
        _ranges(fig, colours, y, value - error, value + error, "95 % of sampled orders")
    _marks(fig, colours, y, rows["alone"], "acting alone", "circle-open", hover)
    _marks(fig, colours, y, rows["last"], "added last", "triangle-up", hover)
    style.rows_axis(fig, labels, [wording.share(v) for v in value])
    ends = pd.concat([value + error, value - error, rows["alone"].astype(float), rows["last"].astype(float)])
    style.share_axis(
        fig, f"share of normal supply in {market}, {on} (%)", max(0.05, ends.max() * 1.06), min(0.0, ends.min() * 1.06)
    )
    total = order["shapley"].astype(float).sum()
    note = f"Fair shares add up to {wording.share(total)}."
    most = f"{names(rows, 'player')[0]} most with {wording.share(value.iloc[0])}"
    alt = f"{title}: {len(order)} {by}s add up to {wording.share(total)}, {most}."
    return style.finish(fig, "contributions", title, [note, cut], alt, theme, _height(labels), legend_rows=3)


def comparison(
    frame: pd.DataFrame,
    *,
    a: str,
    b: str,
    market: str,
    reading: str = "short",
    top: int = 25,
    theme: style.ThemeName = "light",
) -> go.Figure:
    """Two scenarios side by side, one row a product, with the difference.

    circle = a, diamond = b, line = the change (percentage points)
    frame: product, `reading`_a, `reading`_b, change; optional name (net.difference)
    a, b: what the scenarios are called
    Returns the figure, largest change first. Raises InputError.
    """
    first, second = f"{reading}_a", f"{reading}_b"
    style.need("comparison", frame, ["product", first, second, "change"])
    title = f"Supply missing ({reading}), {market}: {style.brief(a, 30)} against {style.brief(b, 30)}"
    if frame.empty:
        return style.blank(
            "comparison", title, "No product is in both scenarios.", "Choose products or events that they share.", theme
        )
    colours = style.theme_of(theme)
    order = (
        frame.assign(_size=frame["change"].abs())
        .sort_values(["_size", "product"], ascending=[False, True], kind="stable", ignore_index=True)
        .drop(columns="_size")
    )
    rows, cut = style.top_rows(order, top, "products, the largest change first")
    labels = [wrap(name, 36) for name in names(rows, "product")]
    hover = [
        _lines(
            f"<b>{wrap(n, 50)}</b>",
            f"{escape(a)}: {wording.share(x)}",
            f"{escape(b)}: {wording.share(y)}",
            wording.points(c),
        )
        for n, x, y, c in zip(names(rows, "product"), rows[first], rows[second], rows["change"], strict=True)
    ]
    y = np.arange(len(rows))
    fig = Draft()
    low, high = rows[[first, second]].min(axis=1), rows[[first, second]].max(axis=1)
    _ranges(fig, colours, y, low, high, "change")
    _marks(fig, colours, y, rows[first], a, "circle-open", hover, colours.text)
    _marks(fig, colours, y, rows[second], b, "diamond", hover, colours.main)
    style.rows_axis(fig, labels, [wording.points(change) for change in rows["change"].astype(float)])
    style.share_axis(fig, f"share of normal supply in {market} (%)", 1.03)
    changed = int((order["change"].abs() > 1e-9).sum())
    most = f"{names(rows, 'product')[0]} most with {wording.points(rows['change'].iloc[0])}"
    alt = f"{title}: {changed} of {len(order)} products change, {most}."
    note = f"{changed} of {len(order)} products change."
    return style.finish(fig, "comparison", title, [note, cut], alt, theme, _height(labels), legend_rows=3)


def stock_cover(
    frame: pd.DataFrame,
    *,
    market: str,
    start: object,
    horizon: int,
    today: int | None = None,
    top: int = 25,
    theme: style.ThemeName = "light",
) -> go.Figure:
    """The day on which output is first lost, for each product, with its range.

    dot = central, line = severe run to mild run, arrow = in the mild run it does not fall short within the period
    frame: product, first_day_low, first_day, first_day_high (days after `start`; blank = not within the period);
    optional name; start: day 0; horizon: days looked at; today: days after the start to mark
    Returns the figure, earliest first. Raises InputError.
    """
    ends = ["first_day_low", "first_day", "first_day_high"]
    style.need("stock_cover", frame, ["product", *ends])
    begin = pd.Timestamp(str(start))
    last = begin + pd.Timedelta(days=horizon)
    title = f"Day on which output is first lost, {market}, {begin.date()} to {last.date()}"
    if frame.empty:
        return style.blank(
            "stock_cover", title, "No product was simulated.", "Choose products, or a market that buys them.", theme
        )
    colours = style.theme_of(theme)
    table = frame.assign(_first=frame[ends].astype(float).min(axis=1))
    order = table.sort_values(["first_day", "_first", "product"], kind="stable", na_position="last", ignore_index=True)
    rows, cut = style.top_rows(order, top, "products, the earliest first")
    days = rows[ends].astype(float)
    early = days.min(axis=1)
    never = days.isna().any(axis=1) & early.notna()
    late = days.max(axis=1).where(~never, float(horizon))
    labels = [wrap(name, 36) for name in names(rows, "product")]
    hover = [
        _lines(f"<b>{wrap(n, 50)}</b>", cover_words(list(d), begin, horizon))
        for n, d in zip(names(rows, "product"), days.itertuples(index=False, name=None), strict=True)
    ]
    y = np.arange(len(rows))
    fig = Draft()

    def dated(after: pd.Series) -> pd.Series:
        """Positions on an axis of dates: milliseconds since 1970."""
        return begin.timestamp() * 1e3 + after * 86.4e6

    _ranges(fig, colours, y, dated(early), dated(late), "severe to mild run")
    _marks(fig, colours, y, dated(days["first_day"]), "central run", "circle", hover, colours.main)
    _marks(fig, colours, y, dated(late.where(never)), "not lost in the mild run", "triangle-right", hover, colours.main)
    values = ["" if math.isnan(e) else _day_words(d, begin) for d, e in zip(days["first_day"], early, strict=True)]
    style.rows_axis(fig, labels, values)
    for k in np.flatnonzero(early.isna()):
        fig.add_annotation(
            x=0,
            xref="paper",
            xanchor="left",
            y=int(k),
            yanchor="middle",
            showarrow=False,
            text=f"no loss by {last.date()}",
            font={"size": 11, "color": colours.faint},
        )
    note = ""
    if today is not None:
        asked = begin + pd.Timedelta(days=today)
        fig.add_vline(x=asked.isoformat(), line={"color": colours.faint, "dash": "dash", "width": 1})
        note = f"Dashed: {asked.date()}, the day asked about."
    fig.update_xaxes(
        title={"text": "day", "standoff": 6},
        type="date",
        range=[begin.isoformat(), (begin + pd.Timedelta(days=horizon * 1.03)).isoformat()],
        fixedrange=True,
        nticks=6,
    )
    count = int(early.notna().sum())
    alt = f"{title}: {int(order['_first'].notna().sum())} of {len(order)} products can lose output"
    earliest = cover_words(days.iloc[0].tolist(), begin, horizon)
    alt += f", first {names(rows, 'product')[0]}: {earliest}." if count else "."
    return style.finish(fig, "stock_cover", title, [note, cut], alt, theme, _height(labels), legend_rows=3)


def cover_words(run: Sequence[float], start: pd.Timestamp, horizon: int) -> str:
    """The day of the first loss (low, central, high run, as days after the start; nan = not in the period) in words."""
    low, central, high = run
    known = [day for day in run if not math.isnan(day)]
    end = _day(horizon, start)
    if not known:
        return f"no loss by {end}"
    if math.isnan(low) and math.isnan(high):
        return _day_words(central, start)
    late = f"to {_day(max(known), start)}" if len(known) == 3 else f"to not by {end}"
    return f"{_day_words(central, start)} (from {_day(min(known), start)} {late})"


def _day(days: float, start: pd.Timestamp) -> str:
    return str((start + pd.Timedelta(days=int(days))).date())


def _day_words(days: float, start: pd.Timestamp) -> str:
    return "no loss in the central run" if math.isnan(days) else _day(days, start)


def _lines(*parts: str) -> str:
    return "<br>".join(part for part in parts if part)


def _height(labels: Sequence[str]) -> int:
    """px of the rows; all rows are as tall as the tallest label asks."""
    tall = any("<br>" in label for label in labels)
    return int((len(labels) + 0.15) * (ROW + EXTRA_LINE * tall)) + 4


def _paint(colours: style.Theme, colour: str, pattern: str = "") -> dict[str, object]:
    """Fill of a bar: solid, or lines of the same colour on the ground."""
    paint: dict[str, object] = {"color": colour, "line": {"color": colour, "width": 1}}
    if pattern:
        paint["pattern"] = {"shape": pattern, "fgcolor": colour, "bgcolor": colours.paper, "size": 7, "solidity": 0.45}
    return paint


def _ranges(fig: Draft, colours: style.Theme, y: np.ndarray, low: pd.Series, high: pd.Series, name: str) -> None:
    """A line with ends from low to high in each row where they differ."""
    ends = [
        (k, a, b) for k, a, b in zip(y.tolist(), low.astype(float), high.astype(float), strict=True) if b - a > 1e-9
    ]
    fig.add_trace(
        scatter(
            x=[v for _, a, b in ends for v in (*numbers((a, b)), None)],
            y=[v for k, _, _ in ends for v in (k, k, None)],
            name=name,
            mode="lines+markers",
            line={"color": colours.text, "width": 1.6},
            marker={"symbol": "line-ns", "size": 8, "line": {"color": colours.text, "width": 1.6}},
            cliponaxis=False,
            hoverinfo="skip",
            visible=bool(ends),
        )
    )


def _marks(
    fig: Draft,
    colours: style.Theme,
    y: np.ndarray,
    x: pd.Series,
    name: str,
    symbol: str,
    hover: Sequence[str],
    colour: str = "",
) -> None:
    """A marker in each row."""
    known = x.astype(float).notna().to_numpy()
    fig.add_trace(
        scatter(
            x=numbers(x[known]),
            y=y[known].tolist(),
            name=escape(name),
            mode="markers",
            cliponaxis=False,
            marker={
                "symbol": symbol,
                "size": 10,
                "color": colour or colours.text,
                "line": {"width": 1.6, "color": colour or colours.text},
            },
            hovertext=[h for h, k in zip(hover, known, strict=True) if k],
            hoverinfo="text",
            visible=bool(known.any()),
        )
    )
