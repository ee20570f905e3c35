"""Whose stop would hurt: the leverage of countries over a market."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from supplychain import wording
from supplychain.figures import style
from supplychain.figures.draft import Draft, bar, heatmap, scatter
from supplychain.figures.style import escape, numbers, wrap

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
    if frame.empty:
        return style.blank(
            "leverage",
            title,
            "No single country's stop is felt here.",
            "Choose another market, country or good.",
            theme,
        )
    called = labels or {}
    table = frame.assign(country=frame["country"].astype(str), good=frame["good"].astype(str))
    grid = table.pivot_table(index="good", columns="country", values=value, aggfunc="max")
    goods = _strongest(grid)[:top]
    columns = _strongest(grid.loc[goods].T)[:countries]
    cells = grid.loc[goods, columns]
    cut = f"Showing {len(goods)} of {len(grid)} goods, {len(columns)} of {grid.shape[1]} countries."
    best = table.sort_values([value, "country", "good"], ascending=[False, True, True], kind="stable").iloc[0]
    most = (
        f"{best['country']} stopping {called.get(best['good'], best['good'])} costs most, {wording.share(best[value])}"
    )
    alt = f"{title}: {most}."
    draw = _leverage_bars if len(columns) == 1 else _leverage_grid
    fig, height = draw(cells, [called.get(g, g) for g in goods], style.theme_of(theme))
    note = cut if cells.size < grid.size else ""
    if len(columns) == 1:
        style.share_axis(fig, f"output lost in {market} when {columns[0]} stops, {year} (%)", 1.02)
    return style.finish(fig, "leverage", title, [note], alt, theme, height, bottom=44)


def _strongest(grid: pd.DataFrame) -> list[str]:
    """Rows by their largest value, then by their mean."""
    ranked = pd.DataFrame({"top": grid.max(axis=1), "mean": grid.fillna(0.0).mean(axis=1), "key": grid.index})
    ranked = ranked.sort_values(["top", "mean", "key"], ascending=[False, False, True], kind="stable")
    return [str(key) for key in ranked["key"]]


def _leverage_grid(cells: pd.DataFrame, goods: list[str], colours: style.Theme) -> tuple[Draft, int]:
    """One row a good, its name above the row; one column a country."""
    fig = Draft(
        heatmap(
            x=[escape(c) for c in cells.columns],
            y=list(range(len(goods))),
            z=[numbers(row) for row in cells.to_numpy()],
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
                    for c, v in zip(cells.columns, row, strict=True)
                ]
                for g, row in zip(goods, cells.to_numpy(), strict=True)
            ],
            hoverinfo="text",
        )
    )
    known = [(c, k, v) for k, row in enumerate(cells.to_numpy()) for c, v in zip(cells.columns, row, strict=True)]
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


def _leverage_bars(cells: pd.DataFrame, goods: list[str], colours: style.Theme) -> tuple[Draft, int]:
    values = cells.iloc[:, 0].to_numpy(dtype=float)
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
