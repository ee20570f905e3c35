"""Who makes a good: the map of production and the bars of producers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from supplychain import wording
from supplychain.figures import style
from supplychain.figures.draft import Draft, bar, scatter
from supplychain.figures.style import escape, numbers, wrap

Array = NDArray[np.float64]
STEPS = (0.01, 0.05, 0.2, 0.5)  # share of world output at which the shade of the map changes
STEP_NAMES = ("none known", "under 1 %", "1 – 5 %", "5 – 20 %", "20 – 50 %", "over 50 %")
LABELLED = 0.05  # share from which a country is named on the map
SEGMENT = 0.03  # smaller producers share one segment of a bar
STAGES = ("mine", "refine", "material", "component", "assembly", "product")
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


def _by_country(frame: pd.DataFrame) -> pd.DataFrame:
    """Shares of firms added up by country; nan where a country is named without a share."""
    shares = frame.assign(country=frame["country"].astype(str), share=frame["share"].astype(float))
    total = shares.groupby("country", sort=True)["share"].sum(min_count=1)
    return total.reset_index().sort_values(
        ["share", "country"], ascending=[False, True], kind="stable", ignore_index=True
    )


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
    shares = _by_country(frame)
    drawn = shares[shares["country"].isin(list(world))]
    known, unknown = drawn[drawn["share"] > 0], drawn[drawn["share"].isna()]
    makers = {*known["country"], *unknown["country"]}
    fig = Draft()
    _land(fig, [c for c in world if c not in makers], colours, colours.shades[0], "none known")
    for country in unknown["country"]:
        _land(fig, [country], colours, colours.shades[0], f"{country}: a maker, share unknown", pattern="/")
    steps = np.searchsorted(STEPS, known["share"], side="right") + 1
    for country, share, step in zip(known["country"], known["share"], steps, strict=True):
        _land(fig, [country], colours, colours.shades[step], f"{country}: {wording.share(share, 1)} of world {basis}")
    named = known[known["share"] >= LABELLED]
    for country, share in zip(named["country"], named["share"], strict=True):
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
    rest = shares[~shares["country"].isin(list(world))]["share"].sum()
    total = float(shares["share"].sum())
    notes = [
        f"{wording.share(rest)} is known to be elsewhere." if rest > 0 else "",
        f"{wording.share(1 - total)} is not documented." if total < 0.995 else "",
    ]
    leaders = [f"{c} {wording.share(s)}" for c, s in zip(known["country"], known["share"], strict=True)]
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
    rows = frame.assign(_name=style.names(frame, "good"), _stage=style.texts(frame, "stage"))
    rows["_order"] = [STAGES.index(s) if s in STAGES else len(STAGES) for s in rows["_stage"]]
    goods = rows.sort_values(["_order", "good"], kind="stable").drop_duplicates("good")
    shares = {good: _by_country(part) for good, part in rows.groupby("good", sort=True)}
    bars = [_segments(good, k, shares[good]) for k, good in enumerate(goods["good"])]
    segments = pd.DataFrame([s for bar in bars for s in bar], columns=["y", "who", "base", "width", "hover", "label"])
    ranked = segments[~segments["who"].isin(["others", "not documented"])]
    leading = (
        ranked.groupby("who")["width"].sum().sort_values(ascending=False, kind="stable").index[: len(colours.cycle)]
    )
    groups = [
        *((w, segments["who"] == w, colours.cycle[k], style.PATTERNS[k]) for k, w in enumerate(leading)),
        ("others and elsewhere", ~segments["who"].isin([*leading, "not documented"]), colours.grid, ""),
        ("not documented", segments["who"] == "not documented", colours.faint, ""),
    ]
    fig = Draft()
    labels = [f"{s}: {n}" if s else n for n, s in zip(goods["_name"], goods["_stage"], strict=True)]
    style.rows_axis(fig, [wrap(label, 50, 1) for label in labels], shift=11)
    for name, here, colour, pattern in groups:
        part = segments[here]
        marker: dict[str, Any] = {"color": colour, "line": {"color": colours.paper, "width": 1.2}}
        if name == "not documented":
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
                x=numbers(part["width"]),
                base=numbers(part["base"]),
                y=part["y"].tolist(),
                name=escape(name),
                orientation="h",
                width=0.42,
                marker=marker,
                hovertext=part["hover"].tolist(),
                hoverinfo="text",
                visible=bool(len(part)),
            )
        )
        ground = colours.paper if name == "not documented" else colour
        for label, base, width, y in zip(part["label"], part["base"], part["width"], part["y"], strict=True):
            if label:
                fig.add_annotation(
                    x=base + width / 2,
                    y=y,
                    text=label,
                    showarrow=False,
                    font={"size": 11, "color": style.ink(ground)},
                    bgcolor=ground,
                    borderpad=0,
                )
    style.share_axis(fig, f"share of world {basis}, {year} (%)", 1.0)
    fig.update_layout(barmode="overlay")
    first = goods["good"].iloc[0]
    unknown = {good: max(0.0, 1 - float(s["share"].sum())) for good, s in shares.items()}
    leader = shares[first].iloc[0]
    most = f"{goods['_name'].iloc[0]} mostly from {leader['country']} ({wording.share(leader['share'])})"
    alt = f"{heading}: {len(goods)} goods; {most}, {wording.share(unknown[first])} of it not documented."
    return style.finish(fig, "supply_bars", heading, [], alt, theme, ROW * len(goods) + 10, legend_rows=2)


def _segments(good: str, y: int, shares: pd.DataFrame) -> list[tuple[object, ...]]:
    """Pieces of one bar from left to right: makers by share, the small ones together, the undocumented rest."""
    pieces: list[tuple[object, ...]] = []
    at = 0.0
    known = shares[shares["share"] > 0]
    elsewhere = known[known["country"] == "ROW"]
    known = known[known["country"] != "ROW"]
    for country, share in zip(known["country"], known["share"], strict=True):
        if share < SEGMENT:
            continue
        label = f"{country} {wording.share(share)}" if share >= 0.2 else country if share >= 0.1 else ""
        pieces.append((y, country, at, share, escape(f"{country}: {wording.share(share, 1)}"), escape(label)))
        at += share
    small = pd.concat([known[known["share"] < SEGMENT], elsewhere])
    if len(small):
        each = ", ".join(
            f"{'elsewhere' if c == 'ROW' else c} {wording.share(s, 1)}"
            for c, s in zip(small["country"], small["share"], strict=True)
        )
        pieces.append((y, "others", at, float(small["share"].sum()), wrap(each, 50, 5), ""))
        at += float(small["share"].sum())
    if at < 0.999:
        unnamed = shares.loc[shares["share"].isna(), "country"].tolist()
        extra = f"; makers with unknown share: {', '.join(unnamed)}" if unnamed else ""
        label = "not documented" if 1 - at >= 0.4 else ""
        pieces.append(
            (y, "not documented", at, 1 - at, wrap(f"not documented: {wording.share(1 - at, 1)}{extra}", 50, 4), label)
        )
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
