"""Networks drawn with cytoscape; the only module that knows it. assets/graph.js cures its stale click areas."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import dash_cytoscape as cyto
import pandas as pd
from dash.development.base_component import Component

from supplychain.figures.style import ThemeName, theme_of
from supplychain.wording import share

ACROSS, DOWN = 190, 120  # px between nodes
LABEL = 20  # characters of a line
MOST = 300  # nodes drawn
BESIDE = 3  # inputs drawn at a step beside those that bind

Element = dict[str, Any]


def chain_elements(frame: pd.DataFrame, names: Mapping[str, str], market: str) -> list[Element]:
    """The binding chain (x.explain) as nodes and edges with places: minerals on top, the market at the bottom.

    A node is a good in the country that loses most of it; `binding` ones set the loss.
    """
    levels: dict[int, list[str]] = {0: ["market"]}
    nodes: dict[str, dict[str, Any]] = {"market": {"label": market, "binding": "yes", "good": "", "country": market}}
    edges: dict[tuple[str, str], dict[str, Any]] = {}
    maker: dict[tuple[str, str], str] = {}
    for row in strongest(frame).to_dict("records"):
        key = f"{row['input']}|{row['country']}"
        target = "market" if not row["output"] else maker.get((row["output"], row["made_in"]), "")
        if not target:
            target = next((k for k in nodes if k.startswith(f"{row['output']}|")), "market")
        binding = "yes" if row["binding"] else nodes.get(key, {}).get("binding", "no")
        if key not in nodes:
            levels.setdefault(int(row["step"]) + 1, []).append(key)
        missing = share(1 - float(row["available"]))
        label = "\n".join(textwrap.wrap(names.get(row["input"], row["input"]).partition(" (")[0], LABEL)[:3])
        nodes[key] = {
            "label": f"{label}\n{row['country']}, {missing} missing",
            "binding": binding,
            "good": row["input"],
            "country": row["country"],
        }
        maker[row["input"], row["country"]] = key
        if key != target:
            edges[key, target] = {
                "label": share(float(row["loss"])),
                "binding": "yes" if row["binding"] else "no",
                "width": 1 + 5 * float(row["loss"]),
            }
    return placed(nodes, edges, levels)


def strongest(frame: pd.DataFrame) -> pd.DataFrame:
    """The binding rows, and at each step the few others that cost most."""
    order = frame.sort_values(["step", "binding", "loss"], ascending=[True, False, False], kind="stable")
    rank = order.groupby(["step", "binding"]).cumcount()
    return frame.loc[order.index[order["binding"] | (rank < BESIDE)].sort_values()]


def placed(
    nodes: Mapping[str, Mapping[str, Any]],
    edges: Mapping[tuple[str, str], Mapping[str, Any]],
    levels: Mapping[int, Sequence[str]],
) -> list[Element]:
    """Elements with positions: one row a level, level 0 at the bottom; what binds stands in the middle."""
    top = max(levels)
    found: list[Element] = []
    for level, keys in levels.items():
        for k, key in enumerate(centred(sorted(keys, key=lambda key: nodes[key].get("binding") != "yes"))):
            place = {"x": (k - (len(keys) - 1) / 2) * ACROSS, "y": (top - level) * DOWN}
            found.append({"data": {"id": key, **nodes[key]}, "position": place})
    return found + [{"data": {"source": a, "target": b, **about}} for (a, b), about in edges.items()]


def centred(keys: Sequence[str]) -> list[str]:
    """The first in the middle, the others left and right of it in turn."""
    return [*reversed(keys[1::2]), *keys[::2]]


def canvas(name: str | dict[str, str], elements: Sequence[Element], theme: ThemeName) -> Component:
    """The drawing itself; its `tapNodeData` says which node was chosen. Always put a list of the same beside it."""
    return cyto.Cytoscape(
        id=name,
        elements=list(elements[: MOST * 4]),
        layout={"name": "preset", "fit": True, "padding": 24},
        stylesheet=styles(theme),
        minZoom=0.2,
        maxZoom=2.0,
        wheelSensitivity=1,
        userZoomingEnabled=False,
        autounselectify=False,
        boxSelectionEnabled=False,
        className="canvas",
        style={"width": "100%", "height": None},
    )


def styles(theme: ThemeName) -> list[dict[str, Any]]:
    """How nodes and edges look; what binds has a thick frame and not only another colour."""
    c = theme_of(theme)
    return [
        {
            "selector": "node",
            "style": {
                "shape": "round-rectangle", "width": 160, "height": 74, "label": "data(label)", "text-wrap": "wrap",
                "text-valign": "center", "text-halign": "center", "font-size": 13, "color": c.text,
                "background-color": c.paper, "border-width": 1, "border-color": c.faint,
            },
        },
        {"selector": 'node[binding = "yes"]', "style": {"border-width": 3, "border-color": c.warn}},
        {"selector": "node:selected", "style": {"border-width": 5, "border-color": c.main}},
        {
            "selector": "edge",
            "style": {
                "curve-style": "bezier", "target-arrow-shape": "triangle", "width": 1.5, "line-color": c.faint,
                "target-arrow-color": c.faint, "line-style": "dashed", "label": "data(label)", "font-size": 12,
                "color": c.text, "text-background-color": c.paper, "text-background-opacity": 1,
                "text-background-padding": "2px",
            },
        },
        {
            "selector": 'edge[binding = "yes"]',
            "style": {
                "line-style": "solid", "line-color": c.warn, "target-arrow-color": c.warn, "width": "data(width)",
            },
        },
    ]  # fmt: skip
