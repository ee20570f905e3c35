"""What was counted over time: trade against the model, prices inside and outside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from supplychain.figures import style
from supplychain.figures.dates import DASHES, MARKERS, PLOT, band
from supplychain.figures.draft import Draft, scatter
from supplychain.figures.style import days, escape, numbers, wrap

MARKETS = {  # of the table prices, in a legend
    "china": "in China",
    "china export": "China, for export",
    "exchina": "outside China",
    "europe": "Europe",
    "rotterdam": "Rotterdam",
    "us": "United States",
}


def observed_vs_modelled(frame: pd.DataFrame, *, what: str, unit: str, theme: style.ThemeName = "light") -> go.Figure:
    """Trade that was counted against trade that the model expects.

    dots = observed, line and band = modelled central, low to high
    frame: date, observed, modelled; optional modelled_low, modelled_high, source_id (blank = not known)
    what: the flow ("Exports of magnets, CHN to USA"); unit: of all figures ("t a month")
    Returns the figure. Raises InputError.
    """
    style.need("observed_vs_modelled", frame, ["date", "observed", "modelled"])
    if frame.empty:
        return style.blank(
            "observed_vs_modelled",
            f"{what}: observed and modelled ({unit})",
            "No observation is documented for this flow.",
            "Add rows to `observations`, or choose another flow.",
            theme,
        )
    colours = style.theme_of(theme)
    rows = frame.assign(date=style.dates(frame["date"])).sort_values("date", kind="stable")
    title = (
        f"{style.brief(what)}: observed and modelled ({unit}), {rows['date'].min():%Y-%m} to {rows['date'].max():%Y-%m}"
    )
    fig = Draft()
    if {"modelled_low", "modelled_high"} <= set(rows):
        band(
            fig,
            rows["date"],
            rows["modelled_low"],
            rows["modelled_high"],
            colours.main,
            "band",
            "modelled, low to high",
        )
    seen = rows[rows["observed"].notna()]
    fig.add_trace(
        scatter(
            x=days(rows["date"]),
            y=numbers(rows["modelled"]),
            name="modelled",
            mode="lines",
            line={"color": colours.main, "width": 2, "dash": "dash"},
            hovertemplate="%{x|%Y-%m-%d}: modelled %{y:.4g}<extra></extra>",
        )
    )
    fig.add_trace(
        scatter(
            x=days(seen["date"]),
            y=numbers(seen["observed"]),
            name="observed",
            mode="markers",
            marker={"size": 9, "color": colours.warn, "line": {"color": colours.paper, "width": 1}},
            hovertext=[
                f"{d:%Y-%m-%d}: observed {v:.4g} {escape(unit)}" + (f"<br>{wrap(s, 50)}" if s else "")
                for d, v, s in zip(seen["date"], seen["observed"], style.column_or(seen, "source_id", ""), strict=True)
            ],
            hoverinfo="text",
        )
    )
    fig.update_yaxes(title={"text": escape(unit), "standoff": 4}, rangemode="tozero", fixedrange=True)
    fig.update_xaxes(title={"text": "month", "standoff": 6}, nticks=6, fixedrange=True)
    both = seen[seen["modelled"].notna()]
    inside = _inside(both)
    alt = f"{title}: {len(seen)} observations" + (
        f", {inside} of {len(both)} inside the modelled range." if len(both) else "."
    )
    return style.finish(fig, "observed_vs_modelled", title, [], alt, theme, PLOT, legend_rows=2, left=62)


def _inside(rows: pd.DataFrame) -> int:
    low = style.column_or(rows, "modelled_low", np.nan).astype(float).fillna(rows["modelled"])
    high = style.column_or(rows, "modelled_high", np.nan).astype(float).fillna(rows["modelled"])
    return int(rows["observed"].between(low, high).sum())


def prices(frame: pd.DataFrame, *, good: str, theme: style.ThemeName = "light") -> go.Figure:
    """Prices of a good inside and outside the restricting country; one panel a unit, since units do not compare.

    frame: market, date, price, unit (table `prices` of one good)
    Returns the figure. Raises InputError.
    """
    style.need("prices", frame, ["market", "date", "price", "unit"])
    table = frame[frame["price"].notna()]
    if table.empty:
        return style.blank(
            "prices",
            f"Prices of {good}, inside and outside",
            "No price is documented.",
            "Add rows to `prices` in an overlay.",
            theme,
        )
    colours = style.theme_of(theme)
    table = table.assign(
        said=table["date"].map(_said),
        date=style.dates(table["date"]),
        market=table["market"].astype(str).map(lambda market: MARKETS.get(market, market)),
        unit=table["unit"].astype(str),
    ).sort_values(["unit", "market", "date"], kind="stable")
    units = sorted(set(table["unit"]))
    period = f"{table['date'].min():%Y-%m} to {table['date'].max():%Y-%m}"
    title = f"Prices of {style.brief(good)} ({', '.join(units)}), {period}"
    markets = sorted(set(table["market"]))
    fig = Draft()
    height, gap = (PLOT, 0.0) if len(units) == 1 else (190 * len(units), 0.1 / len(units))
    for p, unit in enumerate(units):
        axis = "y" if p == 0 else f"y{p + 1}"
        for market in markets:
            rows = table[(table["unit"] == unit) & (table["market"] == market)]
            if rows.empty:
                continue
            k = markets.index(market)
            fig.add_trace(
                scatter(
                    x=days(rows["date"]),
                    y=numbers(rows["price"]),
                    yaxis=axis,
                    name=escape(market),
                    legendgroup=escape(market),
                    showlegend=bool(unit == table.loc[table["market"] == market, "unit"].iloc[0]),
                    mode="lines+markers",
                    line={"color": colours.cycle[k % 6], "width": 2, "dash": DASHES[k % 6]},
                    marker={"symbol": MARKERS[k % 6], "size": 8},
                    hovertext=[
                        f"{escape(market)}, {escape(d)}: {v:,.4g} {escape(unit)}"
                        for d, v in zip(rows["said"], rows["price"], strict=True)
                    ],
                    hoverinfo="text",
                )
            )
        bottom = 1 - (p + 1) / len(units)
        fig.update_layout(
            **{
                f"yaxis{p + 1 if p else ''}": {
                    "domain": [bottom + (gap if p < len(units) - 1 else 0), 1 - p / len(units)],
                    "title": {"text": escape(unit), "standoff": 4},
                    "rangemode": "tozero",
                    "fixedrange": True,
                    "anchor": "x",
                }
            }
        )
    fig.update_xaxes(
        anchor="y" if len(units) == 1 else f"y{len(units)}",
        title={"text": "day", "standoff": 6},
        nticks=6,
        fixedrange=True,
    )
    alt = f"{title}: {_last_prices(table)}"
    return style.finish(fig, "prices", title, [], alt, theme, height, legend_rows=(len(markets) + 1) // 2, left=62)


def _said(date: object) -> str:
    """The date as the table gives it: a year stays a year, a time of day goes."""
    return str(date).removesuffix(" 00:00:00")


def _last_prices(table: pd.DataFrame) -> str:
    last = table.sort_values("date", kind="stable").groupby(["market", "unit"], sort=True).last().reset_index()
    words = [
        f"{m} {v:,.4g} {u} ({d})"
        for m, u, v, d in zip(last["market"], last["unit"], last["price"], last["said"], strict=True)
    ]
    return f"latest {style.listed(words, 4)}."
