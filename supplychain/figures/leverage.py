"""Whose stop would hurt: the leverage of countries over a market."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from supplychain import wording
from supplychain.figures import style
from supplychain.figures.draft import Draft, bar, heatmap, scatter
from supplychain.figures.style import escape, numbers, wrap

Cells = NDArray[np.float64]  # (goods, countries) output lost, nan where nothing is known
ROW = 48  # px of a row of the grid


def leverage(
    frame: pd.DataFrame,
    *,
    market: str,
    year: object,
    value: str = "worst",
    labels: dict[str, str] | None = None,
    top: int = 18,
    countries: int = 8,
    theme: style.ThemeName = "light",
) -> go.Figure:
    """What a full stop by each country of each good would cost a market; bars when the table is of one country.

    cell or bar = share of output lost of the worst hit product, or the mean over the products hit
    frame: country, good, `value`; optional products_hit, worst_product (net.chokepoints)
    value: worst or mean; labels: good -> name; top: goods drawn; countries: columns drawn
    Returns the figure. Raises InputError.
    """
    style.choice("leverage", "value", value, ["worst", "mean"])
    style.need("leverage", frame, ["country", "good", value])
    of = "worst hit product" if value == "worst" else "mean of products hit"
    title = f"What a full stop would cost {market}: output lost (%), {of}, {year}"
    if frame[value].isna().all():
        return style.blank(
            "leverage",
            title,
            "No single country's stop is felt here.",
            "Choose another market, country or good.",
            theme,
        )
    called = labels or {}
    cost: dict[tuple[str, str], float] = {}
    for country, good, lost in zip(frame["country"], frame["good"], frame[value].astype(float), strict=True):
        if not np.isnan(lost):
            cost[str(good), str(country)] = max(lost, cost.get((str(good), str(country)), -np.inf))
    rows, names = (sorted({pair[k] for pair in cost}) for k in (0, 1))
    grid = np.array([[cost.get((good, country), np.nan) for country in names] for good in rows])
    goods = _strongest(rows, grid)[:top]
    shown = _strongest(names, grid[goods].T)[:countries]
    columns = [names[k] for k in shown]
    cells = grid[np.ix_(goods, shown)]
    cut = f"Showing {len(goods)} of {len(rows)} goods, {len(columns)} of {len(names)} countries."
    good, country = min(cost, key=lambda pair: (-cost[pair], pair[1], pair[0]))
    most = f"{country} stopping {called.get(good, good)} costs most, {wording.share(cost[good, country])}"
    alt = f"{title}: {most}."
    draw = _leverage_bars if len(columns) == 1 else _leverage_grid
    fig, height = draw(cells, columns, [called.get(rows[k], rows[k]) for k in goods], style.theme_of(theme))
    note = cut if cells.size < grid.size else ""
    if len(columns) == 1:
        style.share_axis(fig, f"output lost in {market} when {columns[0]} stops, {year} (%)", 1.02)
    return style.finish(fig, "leverage", title, [note], alt, theme, height, bottom=44)


def _strongest(keys: list[str], grid: Cells) -> list[int]:
    """Rows by their largest value, then by their mean, nothing known counted as 0."""
    most, mean = np.nanmax(grid, axis=1, initial=-np.inf), np.nan_to_num(grid).mean(axis=1)
    return sorted(range(len(keys)), key=lambda k: (-most[k], -mean[k], keys[k]))


def _leverage_grid(cells: Cells, columns: list[str], goods: list[str], colours: style.Theme) -> tuple[Draft, int]:
    """One row a good, its name above the row; one column a country."""
    fig = Draft(
        heatmap(
            x=[escape(c) for c in columns],
            y=list(range(len(goods))),
            z=[numbers(row) for row in cells],
            zmin=0,
            zmax=1,
            colorscale=[[k / 5, c] for k, c in enumerate(colours.shades)],
            showscale=False,
            xgap=2,
            ygap=24,
            hoverongaps=False,
            hovertext=[
                [
                    f"{escape(c)} stops {wrap(g, 44)}<br>{wording.share(v)} of output lost"
                    for c, v in zip(columns, row, strict=True)
                ]
                for g, row in zip(goods, cells, strict=True)
            ],
            hoverinfo="text",
        )
    )
    known = [(c, k, v) for k, row in enumerate(cells) for c, v in zip(columns, row, strict=True)]
    known = [(c, k, v) for c, k, v in known if not np.isnan(v)]
    shades = [colours.shades[round((len(colours.shades) - 1) * min(1.0, max(0.0, v)))] for _, _, v in known]
    fig.add_trace(
        scatter(
            x=[escape(c) for c, _, _ in known],
            y=[k for _, k, _ in known],
            text=[wording.share(v) for _, _, v in known],
            mode="text",
            textfont={"size": 11, "color": [style.ink(shade) for shade in shades]},
            hoverinfo="skip",
        )
    )
    style.rows_axis(fig, [wrap(g, 50, 1) for g in goods], shift=9)
    fig.update_xaxes(
        side="bottom",
        type="category",
        showgrid=False,
        fixedrange=True,
        title={"text": "country that stops", "standoff": 6},
    )
    fig.update_yaxes(range=[len(goods) - 0.5, -0.75])
    return fig, ROW * len(goods) + 12


def _leverage_bars(cells: Cells, columns: list[str], goods: list[str], colours: style.Theme) -> tuple[Draft, int]:
    values = cells[:, 0]
    fig = Draft(
        bar(
            x=numbers(values),
            y=list(range(len(goods))),
            orientation="h",
            width=0.3,
            marker={"color": colours.main},
            hovertext=[
                f"{wrap(g, 44)}<br>{wording.share(v)} of output lost" for g, v in zip(goods, values, strict=True)
            ],
            hoverinfo="text",
        )
    )
    style.rows_axis(fig, [wrap(g, 44, 1) for g in goods], [wording.share(v) for v in values])
    return fig, 44 * len(goods) + 12
