"""What changes over time: exposure with its events, the legal life of clauses, trade, prices."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from supplychain import wording
from supplychain.figures import style
from supplychain.figures.draft import Draft, bar, scatter
from supplychain.figures.style import days, names, numbers, wrap

STATUSES = ("announced", "in_force", "suspended", "ended", "unconfirmed")
STATUS_WORDS = {s: s.replace("_", " ") for s in STATUSES}
SYMBOLS = {
    "announced": "circle-open",
    "in_force": "square",
    "suspended": "triangle-up-open",
    "ended": "x-thin",
    "unconfirmed": "diamond-open",
}
FILLS = {"announced": ".", "in_force": "", "suspended": "/", "unconfirmed": "x"}  # ended has no bar
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
LANE = 20  # px of a row of event marks
KEY_LINES = 10  # events named under the chart; the others are in the hover text and the table
PLOT = 240
ROW = 44


def timeline(
    frame: pd.DataFrame,
    events: pd.DataFrame | None = None,
    *,
    market: str,
    top: int = 4,
    theme: style.ThemeName = "light",
) -> go.Figure:
    """Output lost over time with its low to high band; events as numbered marks under the axis, named below.

    lost = 1 - output, band from 1 - output_high to 1 - output_low
    frame: date, product, output_low, output, output_high; optional name (net.simulate(...).frame)
    events: event, date, status; optional title; top: products drawn, the worst first
    Returns the figure. Raises InputError.
    """
    style.need("timeline", frame, ["date", "product", "output_low", "output", "output_high"])
    if events is not None:
        style.need("timeline", events, ["event", "date", "status"], "events")
    if frame.empty:
        return style.blank(
            "timeline",
            f"Output lost over time, {market}",
            "Nothing was simulated.",
            "Choose products and a longer period.",
            theme,
        )
    colours = style.theme_of(theme)
    table = frame.assign(date=style.dates(frame["date"]), _name=names(frame, "product")).sort_values(
        ["product", "date"], kind="stable"
    )
    first, last = table["date"].min(), table["date"].max()
    title = f"Output lost after stocks and transit, {market}, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    least = table.groupby("product")["output"].min()
    worst = least.to_frame("o").assign(key=least.index).sort_values(["o", "key"], kind="stable").index
    shown = list(worst[:top])
    fig = Draft()
    for k, product in enumerate(shown):
        rows = table[table["product"] == product]
        name = wrap(rows["_name"].iloc[0], 34)
        band(
            fig,
            rows["date"],
            1 - rows["output_high"],
            1 - rows["output_low"],
            colours.cycle[k % 6],
            f"band{k}",
            "low to high" if len(shown) == 1 else "",
        )
        fig.add_trace(
            scatter(
                x=days(rows["date"]),
                y=numbers(1 - rows["output"]),
                name=name,
                mode="lines",
                line={"color": colours.cycle[k % 6], "width": 2.2, "dash": DASHES[k % 6]},
                hovertemplate="%{x|%Y-%m-%d}: %{y:.1%} lost<extra>%{fullData.name}</extra>",
            )
        )
    highest = float((1 - table.loc[table["product"].isin(shown), "output_low"]).max())
    marks = _marks_of(events, first, last)
    lanes = int(marks["lane"].max()) + 1 if len(marks) else 0
    lane_share = lanes * LANE / (PLOT + lanes * LANE)
    fig.update_yaxes(title={"text": "output lost (%)", "standoff": 4}, tickformat=".0%", fixedrange=True)
    fig.update_layout(
        yaxis={"domain": [lane_share + 0.02 * bool(lanes), 1], "range": [0, max(0.05, min(1.02, highest * 1.08))]},
        xaxis={
            "range": [f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"],
            "title": {"text": "day", "standoff": 6},
            "nticks": 6,
        },
    )
    key = _event_marks(fig, marks, lanes, lane_share, colours)
    bottom = 58 + 15 * (key.count("<br>") + 1 if key else 0)
    if key:
        fig.add_annotation(
            x=0,
            xref="paper",
            xanchor="left",
            y=0,
            yref="paper",
            yanchor="top",
            yshift=-46,
            xshift=-34,
            text=key,
            showarrow=False,
            align="left",
            font={"size": 11, "color": colours.text},
        )
    peak = table[table["product"] == shown[0]].sort_values("output", kind="stable").iloc[0]
    most = wording.span(1 - peak["output_high"], 1 - peak["output"], 1 - peak["output_low"])
    alt = f"{title}: {peak['_name']} loses up to {most} on {peak['date']:%Y-%m-%d}; {len(marks)} events marked."
    cut = f"Showing {len(shown)} of {len(least)} products, the worst first." if len(shown) < len(least) else ""
    rows_needed = len(shown) + (len(set(marks["status"])) + 1) // 2
    return style.finish(
        fig,
        "timeline",
        title,
        ["Shaded: low to high.", cut],
        alt,
        theme,
        PLOT + lanes * LANE,
        bottom,
        rows_needed,
        left=48,
    )


def band(fig: Draft, x: pd.Series, low: pd.Series, high: pd.Series, colour: str, group: str, name: str = "") -> None:
    """A shaded stretch between two lines, outlined so that it shows in grey."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    line = {"color": colour, "width": 0.6}
    fig.add_trace(
        scatter(
            x=days(x), y=numbers(low), mode="lines", line=line, hoverinfo="skip", showlegend=False, legendgroup=group
        )
    )
    fig.add_trace(
        scatter(
            x=days(x),
            y=numbers(high),
            mode="lines",
            line=line,
            fill="tonexty",
            fillcolor=f"rgba({red},{green},{blue},0.2)",
            hoverinfo="skip",
            name=name,
            showlegend=bool(name),
            legendgroup=group,
        )
    )


def _marks_of(events: pd.DataFrame | None, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Events of the period in order, numbered, in lanes so that near ones do not cover each other."""
    if events is None or events.empty:
        return pd.DataFrame({"date": [], "status": [], "lane": [], "label": []})
    table = events.assign(date=style.dates(events["date"]))
    table["label"] = style.texts(table, "title", table["event"].astype(str))
    table = table[table["status"].isin(STATUSES) & table["date"].between(first, last)]
    table = table.sort_values(["date", "event"], kind="stable", ignore_index=True)
    gap = (last - first) / 14
    ends: list[pd.Timestamp] = []
    lanes = []
    for date in table["date"]:
        lane = next((k for k, end in enumerate(ends) if date >= end), len(ends))
        ends[lane : lane + 1] = [date + gap]
        lanes.append(lane)
    return table.assign(lane=lanes)


def _event_marks(fig: Draft, marks: pd.DataFrame, lanes: int, height: float, colours: style.Theme) -> str:
    """Draw the marks; the text that names them."""
    if not lanes:
        return ""
    numbered = marks.assign(number=range(1, len(marks) + 1))
    for status in STATUSES:
        rows = numbered[numbered["status"] == status]
        if rows.empty:
            continue
        fig.add_trace(
            scatter(
                x=days(rows["date"]),
                y=rows["lane"].tolist(),
                yaxis="y2",
                name=STATUS_WORDS[status],
                mode="markers+text",
                text=[str(n) for n in rows["number"]],
                textposition="middle right",
                textfont={"size": 10},
                cliponaxis=False,
                marker={
                    "symbol": SYMBOLS[status],
                    "size": 9,
                    "color": colours.text,
                    "line": {"width": 1.6, "color": colours.text},
                },
                hovertext=[
                    f"{d:%Y-%m-%d} {STATUS_WORDS[status]}<br>{wrap(t, 50, 4)}"
                    for d, t in zip(rows["date"], rows["label"], strict=True)
                ],
                hoverinfo="text",
            )
        )
    for date in numbered.loc[numbered["status"] == "in_force", "date"].drop_duplicates():
        fig.add_vline(x=f"{date:%Y-%m-%d}", line={"color": colours.faint, "width": 1, "dash": "dot"})
    fig.update_layout(
        yaxis2={
            "domain": [0, height],
            "range": [lanes - 0.5, -0.5],
            "showticklabels": False,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "anchor": "x",
        },
    )
    fig.update_xaxes(anchor="y2")
    lines = [
        wrap(f"{n}  {d:%Y-%m-%d} {STATUS_WORDS[s]}: {t}", 52, 2)
        for n, d, s, t in zip(numbered["number"], numbered["date"], numbered["status"], numbered["label"], strict=True)
    ]
    more = [f"and {len(lines) - KEY_LINES} more: see the table"] if len(lines) > KEY_LINES else []
    return "<br>".join(lines[:KEY_LINES] + more)


def phases(
    frame: pd.DataFrame,
    *,
    until: object,
    on: object | None = None,
    top: int = 25,
    theme: style.ThemeName = "light",
) -> go.Figure:
    """Legal life of clauses: one row a clause, one pattern a state; a state lasts until the next one of its clause.

    frame: event, date (first day of the state), status (announced, in_force, suspended, ended, unconfirmed);
    optional title, destinations (states for different destinations are rows of their own)
    until: last day drawn; on: a day to mark; top: rows drawn, the latest change first
    Returns the figure. Raises InputError.
    """
    style.need("phases", frame, ["event", "date", "status"])
    end = pd.Timestamp(str(until))
    table = frame.assign(date=style.dates(frame["date"]))
    table = table[table["status"].isin(STATUSES) & (table["date"] <= end)]
    if table.empty:
        return style.blank(
            "phases",
            f"Phases of clauses until {end:%Y-%m-%d}",
            "No clause begins by this day.",
            "Choose a later day.",
            theme,
        )
    colours = style.theme_of(theme)
    title = f"Phases of clauses, {table['date'].min():%Y-%m-%d} to {end:%Y-%m-%d}"
    bars, rows = _stretches(table, end)
    order, cut = style.top_rows(rows, top, "clauses, the latest change first")
    place = {key: k for k, key in enumerate(order["key"])}
    bars = bars[bars["key"].isin(list(place))]
    fig = Draft()
    for status in STATUSES:
        part = bars[bars["status"] == status]
        y = [place[key] for key in part["key"]]
        hover = [
            f"<b>{STATUS_WORDS[status]}</b> from {a:%Y-%m-%d}" + (f" to {b:%Y-%m-%d}" if b < end else "") + f"<br>{t}"
            for a, b, t in zip(part["date"], part["end"], part["label"], strict=True)
        ]
        if status == "ended":
            fig.add_trace(
                scatter(
                    x=days(part["date"]),
                    y=y,
                    name="ended",
                    mode="markers",
                    marker={"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": colours.text}},
                    hovertext=hover,
                    hoverinfo="text",
                    visible=bool(len(part)),
                )
            )
            continue
        tint = {"in_force": colours.warn, "announced": colours.faint, "suspended": colours.main}.get(
            status, colours.text
        )
        marker: dict[str, object] = {"color": tint, "line": {"color": tint, "width": 1}}
        if FILLS[status]:
            marker["pattern"] = {
                "shape": FILLS[status],
                "fgcolor": tint,
                "bgcolor": colours.paper,
                "size": 7,
                "solidity": 0.35,
            }
        fig.add_trace(
            bar(
                base=days(part["date"]),
                x=[int((b - a).days) * 86_400_000 for a, b in zip(part["date"], part["end"], strict=True)],
                y=y,
                name=STATUS_WORDS[status],
                orientation="h",
                width=0.3,
                marker=marker,
                hovertext=hover,
                hoverinfo="text",
                visible=bool(len(part)),
            )
        )
    style.rows_axis(fig, order["label"].tolist())
    if on is not None:
        fig.add_vline(x=str(on), line={"color": colours.text, "dash": "dash", "width": 1.2})
    span = (end - bars["date"].min()) * 0.02
    fig.update_xaxes(
        type="date",
        range=[f"{bars['date'].min() - span:%Y-%m-%d}", f"{end:%Y-%m-%d}"],
        fixedrange=True,
        nticks=6,
        title={"text": "day", "standoff": 6},
    )
    fig.update_layout(barmode="overlay")
    now = bars[bars["end"] == end]["status"].value_counts()
    counts = [f"{int(now[s])} {STATUS_WORDS[s]}" for s in STATUSES if s in now.index]
    alt = f"{title}: {len(rows)} clauses, at the end {style.listed(counts, 5)}."
    notes = [f"Dashed line: {on}." if on is not None else "", cut]
    return style.finish(fig, "phases", title, notes, alt, theme, ROW * len(order) + 8, legend_rows=2)


def _stretches(table: pd.DataFrame, end: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    """States with the day they end (the next of the same clause and destinations); and one row a clause."""
    where = style.texts(table, "destinations")
    table = table.assign(where=where, event=table["event"].astype(str))
    several = table.groupby("event")["where"].transform("nunique") > 1
    given = style.texts(table, "title")
    first = given.where(given != "").groupby(table["event"]).transform("first")
    title = first.fillna(table["event"])
    table["label"] = [
        wrap(f"{t} ({w})" if s and w else t, 46, 1) for t, w, s in zip(title, table["where"], several, strict=True)
    ]
    table["key"] = table["event"] + "\x00" + table["where"]
    bars = table.sort_values(["key", "date"], kind="stable", ignore_index=True)
    again = (bars["status"] == bars["status"].shift()) & (bars["key"] == bars["key"].shift())
    bars = bars[~again].reset_index(drop=True)
    bars["end"] = bars.groupby("key")["date"].shift(-1).fillna(end)
    rows = bars.groupby("key", sort=True).agg(latest=("date", "max"), label=("label", "last")).reset_index()
    return bars, rows.sort_values(["latest", "key"], ascending=[False, True], kind="stable", ignore_index=True)
