"""The flow from mineral to product: which input carries the shortage, step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from supplychain import wording
from supplychain.figures import style
from supplychain.figures.draft import Draft, scatter
from supplychain.figures.style import escape, wrap

COLUMNS = ("step", "output", "input", "country", "share", "criticality", "available", "loss", "binding")
LEVEL = 122  # px from one step to the next
WIDEST = 0.3  # of a column: the band of an input whose lack costs everything
THINNEST = 0.02  # an input whose lack costs nothing is still drawn
CURVE = 20  # points of a band's edge
LABEL = 16  # characters of a line in a box

Node = tuple[str, str]  # good, country of the maker


@dataclass(frozen=True)
class Band:
    """One input on its way to what is made from it; `row` is the row of the table."""

    source: Node
    target: Node
    row: Mapping[str, Any]

    @property
    def loss(self) -> float:
        return 0.0 if pd.isna(self.row["loss"]) else float(self.row["loss"])

    @property
    def width(self) -> float:
        return max(THINNEST, WIDEST * self.loss)


def flow(
    frame: pd.DataFrame,
    *,
    product: str,
    market: str,
    on: object,
    labels: Mapping[str, str] | None = None,
    across: int = 3,
    theme: style.ThemeName = "light",
) -> go.Figure:
    """Flow diagram of the chain that sets the shortage of a product, from mineral (top) to market (bottom).

    width of a band = loss: share of the output that the lack of this input costs; dark = binding, pale = beside it
    frame: step, output ('' = the market), input, country, share, criticality, available, loss, binding; optional
    made_in (country of the output's maker), cut (share of that flow an act itself stops), events, source_id (x.explain)
    labels: good -> name; across: inputs drawn at each step, the binding ones and the largest losses first
    Returns the figure. Raises InputError.
    """
    style.need("flow", frame, COLUMNS)
    title = f"From mineral to {style.brief(product)}: where supply is lost, {market}, {on}"
    if frame.empty:
        missing, remedy = (
            "Nothing leads from a restricted good to this product.",
            "Choose a later day or another product.",
        )
        return style.blank("flow", title, missing, remedy, theme)
    colours = style.theme_of(theme)
    called = {"": market, **(labels or {})}
    bands = _bands(frame)
    places = _places(bands, across)
    drawn = [band for band in bands if band.source in places and band.target in places]
    fig = Draft()
    for band, start, end in _side_by_side(drawn, places):
        heights = (places[band.source][1], places[band.target][1])
        _draw(fig, band, (start, end), heights, colours, called)
    depth = max(y for _, y in places.values())
    for node, (x, y) in places.items():
        rows = [band.row for band in bands if band.source == node]
        _box(fig, node, x, y, rows, colours, called)
    columns = max(x for x, _ in places.values())
    fig.update_xaxes(visible=False, range=[-0.5, columns + 0.5], fixedrange=True)
    fig.update_yaxes(visible=False, range=[-0.35, depth + 0.35], fixedrange=True)
    way = [called.get(good, good) for good in dict.fromkeys(b.source[0] for b in reversed(bands) if b.row["binding"])]
    alt = f"{title}: the loss runs through {' > '.join(way)}." if way else f"{title}: no input sets a loss."
    notes = [
        "Boxes: origin, and what is missing of normal supply.",
        "Bands: share of output that the lack of an input costs (%); dark: sets the loss, pale: beside it.",
        f"Showing {len(drawn)} of {len(bands)} inputs." if len(drawn) < len(bands) else "",
    ]
    return style.finish(fig, "flow", title, notes, alt, theme, int(LEVEL * (depth + 0.7)), bottom=8)


def _bands(frame: pd.DataFrame) -> list[Band]:
    """One band a row. A maker that no row supplies (tied with another country's) joins the one already met."""
    rows = frame.assign(made_in=style.texts(frame, "made_in")).astype(object).to_dict("records")
    met: dict[str, Node] = {}
    seen: set[Node] = set()
    bands = []
    for row in rows:
        source, target = (str(row["input"]), str(row["country"])), (str(row["output"]), str(row["made_in"]))
        if target not in seen:
            target = met.get(target[0], target)
        met.setdefault(source[0], source)
        seen |= {source, target}
        if source != target:
            bands.append(Band(source, target, {str(key): value for key, value in row.items()}))
    return bands


def _places(bands: list[Band], across: int) -> dict[Node, tuple[int, int]]:
    """Column and level of each node drawn: level 0 is the market, column 0 what binds."""
    level: dict[Node, int] = {}
    rank: dict[Node, tuple[bool, float]] = {}
    for band in bands:
        level.setdefault(band.target, int(band.row["step"]))
        level[band.source] = max(level.get(band.source, 0), int(band.row["step"]) + 1)
        here = (not band.row["binding"], -band.loss)
        rank[band.source] = min(rank.get(band.source, here), here)
    places = {}
    for height in sorted(set(level.values())):
        nodes = sorted((n for n in level if level[n] == height), key=lambda n: rank.get(n, (False, 0.0)))
        places.update({node: (column, height) for column, node in enumerate(nodes[:across])})
    return places


def _side_by_side(bands: list[Band], places: Mapping[Node, tuple[int, int]]) -> list[tuple[Band, float, float]]:
    """Where the middle of each band leaves its source and reaches its target; bands of a node do not overlap."""
    ends: dict[tuple[str, int], float] = {}
    for side in ("source", "target"):
        groups: dict[Node, list[int]] = {}
        for k, band in enumerate(bands):
            groups.setdefault(getattr(band, side), []).append(k)
        other = "target" if side == "source" else "source"
        for node, members in groups.items():
            members.sort(key=lambda k: places[getattr(bands[k], other)])
            at = places[node][0] - bands[members[0]].width / 2  # the trunk goes straight down, the others beside it
            for k in members:
                ends[side, k] = at + bands[k].width / 2
                at += bands[k].width
    return [(band, ends["source", k], ends["target", k]) for k, band in enumerate(bands)]


def _draw(
    fig: Draft,
    band: Band,
    across: tuple[float, float],
    heights: tuple[float, float],
    colours: style.Theme,
    called: Mapping[str, str],
) -> None:
    """A smooth band from source to target."""
    steps = [k / (CURVE - 1) for k in range(CURVE)]
    middle = [across[0] + (across[1] - across[0]) * (1 - math.cos(math.pi * t)) / 2 for t in steps]
    height = [heights[0] + (heights[1] - heights[0]) * t for t in steps]
    half = band.width / 2
    fig.add_trace(
        scatter(
            x=style.numbers([*(x - half for x in middle), *(x + half for x in reversed(middle))]),
            y=style.numbers([*height, *reversed(height)]),
            mode="lines",
            line={"color": colours.warn if band.row["binding"] else colours.faint, "width": 0.8},
            fill="toself",
            fillcolor=colours.warn if band.row["binding"] else colours.grid,
            hoveron="fills",
            text=_hover(band, called),
            hoverinfo="text",
            showlegend=False,
        )
    )


def _box(
    fig: Draft,
    node: Node,
    x: int,
    y: int,
    rows: list[Mapping[str, Any]],
    colours: style.Theme,
    called: Mapping[str, str],
) -> None:
    """The name of a node in a box, with what is missing of it; a thick frame where it sets the loss."""
    good, country = node
    text = wrap(called.get(good, good), LABEL, 3)
    if rows:
        text += f"<br>{escape(country)} <b>{wording.share(float(rows[0]['available']) - 1)}</b>"
        acts = _events(rows[0])
        if rows[0].get("cut", 0) > 0 and acts:
            text += f"<br>cut by {wrap(acts[0], LABEL, 1)}" + (f"<br>and {len(acts) - 1} more" if len(acts) > 1 else "")
    binds = not rows or any(row["binding"] for row in rows)
    fig.add_annotation(
        x=x,
        y=y,
        text=text,
        showarrow=False,
        font={"size": 11, "color": colours.text},
        bgcolor=colours.paper,
        bordercolor=colours.text if binds else colours.faint,
        borderwidth=2 if binds else 1,
        borderpad=3,
    )


def _events(row: Mapping[str, Any]) -> list[str]:
    """The acts of a row, given as a list or as one text."""
    given = row.get("events", ())
    return [given] if isinstance(given, str) and given else [str(event) for event in given]


def _hover(band: Band, called: Mapping[str, str]) -> str:
    row = band.row
    acts = ", ".join(_events(row))
    names = (called.get(good, good) for good in (band.source[0], band.target[0]))
    lines = [
        f"<b>{' → '.join(wrap(name, 44) for name in names)}</b>",
        f"{wording.share(row['share'])} of it comes from {escape(row['country'])}",
        f"{wording.share(row['available'])} of normal supply arrives; criticality {row['criticality']:.2g}",
        f"costs {wording.share(row['loss'])} of the output{'; sets the loss' if row['binding'] else ''}",
        wrap(f"by {acts}", 60, 3) if acts else "",
        wrap(f"source: {row['source_id']}", 60, 3) if row.get("source_id") else "",
    ]
    return "<br>".join(line for line in lines if line)
