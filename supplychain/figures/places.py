"""Who makes a good: the map of production and the bars of producers."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import fsum
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from supplychain import wording
from supplychain.figures import style
from supplychain.figures.draft import Draft, bar, scatter
from supplychain.figures.style import escape, numbers, wrap

Array = NDArray[np.float64]
Shares = list[tuple[str, float]]  # of countries, the largest first, nan where unknown
STEPS = (0.01, 0.05, 0.2, 0.5)  # share of world output at which the shade of the map changes
STEP_NAMES = ("none known", "under 1 %", "1 – 5 %", "5 – 20 %", "20 – 50 %", "over 50 %")
LABELLED = 0.05  # share from which a country is named on the map
SEGMENT = 0.03  # smaller producers share one segment of a bar
STAGES = ("mine", "refine", "material", "component", "assembly", "product")
OTHERS, UNDOCUMENTED = "others", "not documented"  # pieces of a bar that are no country
ROW = 48


@dataclass(frozen=True)
class Outline:
    """One country on the map: rings apart by None, and where to write on it."""

    x: tuple[float | None, ...]
    y: tuple[float | None, ...]
    middle: tuple[float, float]


@cache
def outlines() -> Mapping[str, Outline]:
    """Countries by alpha-3 code, projected; `about` in world.json says where they come from.

    Drawn as plain lines: plotly's own maps fetch their base map from another host, even when given outlines.
    """
    text = files("supplychain.figures").joinpath("world.json").read_text(encoding="utf-8")
    return {feature["id"]: _outline(feature["geometry"]["coordinates"]) for feature in json.loads(text)["features"]}


def _outline(parts: Sequence[Sequence[Sequence[Sequence[float]]]]) -> Outline:
    rings = [natural_earth(np.array(ring)) for part in parts for ring in part]
    largest = max(rings, key=_area)
    middle = (largest.min(axis=0) + largest.max(axis=0)) / 2
    x: list[float | None] = []
    y: list[float | None] = []
    for ring in rings:
        x += [*ring[:, 0].tolist(), None]
        y += [*ring[:, 1].tolist(), None]
    return Outline(tuple(x[:-1]), tuple(y[:-1]), (float(middle[0]), float(middle[1])))


def natural_earth(degrees: Array) -> Array:
    """(n, 2) longitude, latitude to (n, 2) places on the map, in degrees at the equator, one decimal.

    Natural Earth projection, polynomial form: Savric et al. 2011, Cartography and Geographic Information Science 38.
    """
    f = np.radians(degrees[:, 1])
    x = degrees[:, 0] * (0.870700 - 0.131979 * f**2 - 0.013791 * f**4 + 0.003971 * f**10 - 0.001529 * f**12)
    y = degrees[:, 1] * (1.007226 + 0.015085 * f**2 - 0.044475 * f**6 + 0.028874 * f**8 - 0.005916 * f**10)
    return np.stack([x, y], axis=1).round(1)


def _area(ring: Array) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return abs(float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])))


def _by_country(countries: Iterable[object], shares: Iterable[float]) -> Shares:
    """Shares of firms added up by country, the largest first; nan where a country is named without a share."""
    parts: dict[str, list[float]] = {}
    for country, share in zip(countries, shares, strict=True):
        parts.setdefault(str(country), []).extend([] if np.isnan(share) else [share])
    total = {country: fsum(found) if found else np.nan for country, found in parts.items()}
    return sorted(total.items(), key=lambda pair: (-np.nan_to_num(pair[1], nan=-1.0), pair[0]))


def _known(shares: Shares) -> float:
    """The sum of the shares that are known."""
    return fsum(share for _, share in shares if not np.isnan(share))


def supply_map(
    frame: pd.DataFrame, *, good: str, year: object, basis: str = "output", theme: style.ThemeName = "light"
) -> go.Figure:
    """World map of who makes a good; the outlines are in the figure, no map is fetched.

    shade = share of world production in steps; hatched = named as a maker, share unknown
    frame: country, share (of world production; several rows of a country add up; blank = unknown)
    good: its name; year: of the figures; basis: what is measured (output, capacity, refining ...)
    Returns the figure. Raises InputError.
    """
    style.need("supply_map", frame, ["country", "share"])
    title = f"Who makes {style.brief(good)}: share of world {basis} by country, {year}"
    if frame.empty:
        return style.blank(
            "supply_map",
            title,
            "No producer is documented.",
            "Unknown is not none: add production rows in an overlay.",
            theme,
        )
    colours = style.theme_of(theme)
    world = outlines()
    shares = _by_country(frame["country"], frame["share"].astype(float))
    known = [(country, share) for country, share in shares if country in world and share > 0]
    unknown = [country for country, share in shares if country in world and np.isnan(share)]
    makers = {*unknown, *(country for country, _ in known)}
    fig = Draft()
    _land(fig, [c for c in world if c not in makers], colours, colours.shades[0], "none known")
    for country in unknown:
        _land(fig, [country], colours, colours.shades[0], f"{country}: a maker, share unknown", pattern="/")
    steps = [bisect_right(STEPS, share) + 1 for _, share in known]
    for (country, share), step in zip(known, steps, strict=True):
        _land(fig, [country], colours, colours.shades[step], f"{country}: {wording.share(share, 1)} of world {basis}")
    for country, share in known:
        if share < LABELLED:
            continue
        x, y = world[country].middle
        fig.add_annotation(
            x=x,
            y=y,
            text=f"<b>{escape(country)} {wording.share(share)}</b>",
            showarrow=False,
            font={"size": 10, "color": colours.text},
            bgcolor=colours.paper,
            opacity=0.85,
            borderpad=1,
        )
    used = [(STEP_NAMES[k], colours.shades[k], "") for k in range(len(STEP_NAMES)) if k == 0 or k in steps]
    used += [("share unknown", colours.shades[0], "/")] * bool(len(unknown))
    for name, shade, pattern in used:
        fig.add_trace(bar(x=[None], y=[None], name=name, marker=_fill(colours, shade, pattern)))
    hidden = {"visible": False, "fixedrange": True}
    fig.update_xaxes(range=[-150, 158], **hidden)
    fig.update_yaxes(range=[-58, 86], scaleanchor="x", constrain="domain", **hidden)
    total = _known(shares)
    rest = _known([(country, share) for country, share in shares if country not in world])
    notes = [
        f"{wording.share(rest)} is known to be elsewhere." if rest > 0 else "",
        f"{wording.share(1 - total)} is not documented." if total < 0.995 else "",
    ]
    leaders = [f"{country} {wording.share(share)}" for country, share in known]
    alt = (
        f"{title}: {style.listed(leaders) or 'no share is known'}; {wording.share(max(0.0, 1 - total))} not documented."
    )
    return style.finish(
        fig, "supply_map", title, notes, alt, theme, plot_height=230, bottom=4, legend_rows=3, left=4, right=4
    )


def supply_bars(
    frame: pd.DataFrame, *, title: str, year: object, basis: str = "output", theme: style.ThemeName = "light"
) -> go.Figure:
    """Producers of goods at each stage, one bar a good; what no row documents is hatched, never left out.

    frame: good, country, share (of world production; blank = unknown); optional name (of the good), stage
    title: what the goods have in common ("dysprosium"); year: of the figures; basis: what is measured
    Returns the figure, from mine to product. Raises InputError.
    """
    style.need("supply_bars", frame, ["good", "country", "share"])
    heading = f"Who makes {style.brief(title)} at each stage: share of world {basis}, {year}"
    if frame.empty:
        return style.blank(
            "supply_bars",
            heading,
            "No producer is documented.",
            "Unknown is not none: add production rows in an overlay.",
            theme,
        )
    colours = style.theme_of(theme)
    about: dict[str, tuple[int, str, str]] = {}
    parts: dict[str, tuple[list[object], list[float]]] = {}
    cells = zip(
        frame["good"].astype(str), style.names(frame, "good"), style.texts(frame, "stage"), frame["country"],
        frame["share"].astype(float), strict=True,
    )  # fmt: skip
    for good, name, stage, country, share in cells:
        about.setdefault(good, (STAGES.index(stage) if stage in STAGES else len(STAGES), name, stage))
        countries, found = parts.setdefault(good, ([], []))
        countries.append(country)
        found.append(share)
    goods = sorted(about, key=lambda good: (about[good][0], good))
    shares = {good: _by_country(*part) for good, part in parts.items()}
    pieces = [piece for k, good in enumerate(goods) for piece in _pieces(k, shares[good])]
    widths: dict[str, list[float]] = {}
    for piece in sorted(pieces, key=lambda piece: piece.who):
        if piece.who not in (OTHERS, UNDOCUMENTED):
            widths.setdefault(piece.who, []).append(piece.width)
    leading = sorted(widths, key=lambda who: -fsum(widths[who]))[: len(colours.cycle)]
    groups = [
        *((who, {who}, colours.cycle[k], style.PATTERNS[k]) for k, who in enumerate(leading)),
        ("others and elsewhere", {OTHERS, *widths} - {*leading}, colours.grid, ""),
        (UNDOCUMENTED, {UNDOCUMENTED}, colours.faint, ""),
    ]
    fig = Draft()
    labels = [f"{stage}: {name}" if stage else name for _, name, stage in (about[good] for good in goods)]
    style.rows_axis(fig, [wrap(label, 50, 1) for label in labels], shift=11)
    for name, whose, colour, pattern in groups:
        part = [piece for piece in pieces if piece.who in whose]
        marker: dict[str, Any] = {"color": colour, "line": {"color": colours.paper, "width": 1.2}}
        if name == UNDOCUMENTED:
            marker["pattern"] = {
                "shape": "/",
                "fgcolor": colour,
                "bgcolor": colours.paper,
                "size": 7,
                "solidity": 0.3,
            }
        elif pattern:
            marker["pattern"] = {
                "shape": pattern,
                "fgcolor": colours.paper,
                "bgcolor": colour,
                "size": 9,
                "solidity": 0.1,
            }
        fig.add_trace(
            bar(
                x=numbers(piece.width for piece in part),
                base=numbers(piece.base for piece in part),
                y=[piece.y for piece in part],
                name=escape(name),
                orientation="h",
                width=0.42,
                marker=marker,
                hovertext=[piece.hover for piece in part],
                hoverinfo="text",
                visible=bool(len(part)),
            )
        )
        ground = colours.paper if name == UNDOCUMENTED else colour
        for piece in part:
            if piece.label:
                fig.add_annotation(
                    x=piece.base + piece.width / 2,
                    y=piece.y,
                    text=piece.label,
                    showarrow=False,
                    font={"size": 11, "color": style.ink(ground)},
                    bgcolor=ground,
                    borderpad=0,
                )
    style.share_axis(fig, f"share of world {basis}, {year} (%)", 1.0)
    fig.update_layout(barmode="overlay")
    first = goods[0]
    country, share = shares[first][0]
    unknown = max(0.0, 1 - _known(shares[first]))
    most = f"{about[first][1]} mostly from {country} ({wording.share(share)})"
    alt = f"{heading}: {len(goods)} goods; {most}, {wording.share(unknown)} of it not documented."
    return style.finish(fig, "supply_bars", heading, [], alt, theme, ROW * len(goods) + 10, legend_rows=2)


class _Piece(NamedTuple):
    """A piece of a bar: its place and what is said of it."""

    y: int
    who: str
    base: float
    width: float
    hover: str
    label: str


def _pieces(y: int, shares: Shares) -> list[_Piece]:
    """Pieces of one bar from left to right: makers by share, the small ones together, the undocumented rest."""
    pieces: list[_Piece] = []
    at = 0.0
    known = [(country, share) for country, share in shares if share > 0 and country != "ROW"]
    for country, share in known:
        if share < SEGMENT:
            continue
        label = f"{country} {wording.share(share)}" if share >= 0.2 else country if share >= 0.1 else ""
        pieces.append(_Piece(y, country, at, share, escape(f"{country}: {wording.share(share, 1)}"), escape(label)))
        at += share
    small = [(country, share) for country, share in known if share < SEGMENT]
    small += [("elsewhere", share) for country, share in shares if share > 0 and country == "ROW"]
    if small:
        each = ", ".join(f"{country} {wording.share(share, 1)}" for country, share in small)
        width = fsum(share for _, share in small)
        pieces.append(_Piece(y, OTHERS, at, width, wrap(each, 50, 5), ""))
        at += width
    if at < 0.999:
        unnamed = [country for country, share in shares if np.isnan(share)]
        extra = f"; makers with unknown share: {', '.join(unnamed)}" if unnamed else ""
        label = UNDOCUMENTED if 1 - at >= 0.4 else ""
        hover = wrap(f"{UNDOCUMENTED}: {wording.share(1 - at, 1)}{extra}", 50, 4)
        pieces.append(_Piece(y, UNDOCUMENTED, at, 1 - at, hover, label))
    return pieces


def _fill(colours: style.Theme, shade: str, pattern: str = "") -> dict[str, Any]:
    fill: dict[str, Any] = {"color": shade, "line": {"color": colours.faint, "width": 0.6}}
    if pattern:
        fill["pattern"] = {"shape": pattern, "fgcolor": colours.text, "bgcolor": shade, "size": 5, "solidity": 0.3}
    return fill


def _land(
    fig: Draft, countries: Sequence[str], colours: style.Theme, shade: str, hover: str, pattern: str = ""
) -> None:
    """Countries of one shade as one trace."""
    places = [outlines()[country] for country in countries]
    fig.add_trace(
        scatter(
            x=[v for place in places for v in (*place.x, None)][:-1],
            y=[v for place in places for v in (*place.y, None)][:-1],
            mode="lines",
            line={"color": colours.faint, "width": 0.5},
            fill="toself",
            fillcolor=shade,
            fillpattern=_fill(colours, shade, pattern).get("pattern"),
            hoveron="fills",
            text=escape(hover),
            hoverinfo="text",
            showlegend=False,
        )
    )
