"""What the page Explorer shows, without components: the goods around one, filtered, ranked and cut for a drawing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx
import pandas as pd

from dashboard import graph
from dashboard.asking import moved
from dashboard.state import View
from supplychain.errors import InputError
from supplychain.readings import READINGS
from supplychain.wording import share

WAYS = {"both": "inputs and uses", "up": "what it is made from", "down": "what is made from it"}
STEPS = ("1", "2", "3", "all")
LEAST = ("0", "1", "10", "25", "50")  # per cent of supply missing, at least
STAGES = ("mine", "refine", "material", "component", "assembly", "product")
DEFAULTS = {"way": "both", "steps": "2", "least": "0"}
ACROSS = 4  # nodes in a row of the drawing
KEYS = ("way", "steps", "stage", "least", "more", "at")
PAGES = {"product": "product"}  # kind of a good -> the page about it; others: good


def choice(view: View, name: str, allowed: Iterable[str]) -> str:
    """One key of the address. Raises InputError."""
    value = view.extra.get(name) or DEFAULTS[name]
    if value not in allowed:
        raise InputError("explorer", name, value, ", ".join(allowed))
    return value


def stages(view: View) -> tuple[str, ...]:
    """The stages asked for; empty for all. Raises InputError."""
    found = tuple(part for part in view.extra.get("stage", "").split(",") if part)
    if wrong := set(found) - set(STAGES):
        raise InputError("explorer", "stage", min(wrong), ", ".join(STAGES))
    return found


def expansions(view: View) -> list[tuple[str, str]]:
    """Goods whose neighbours were asked for, each with up or down. Raises UnknownIdError, InputError."""
    pairs = []
    for part in filter(None, view.extra.get("more", "").split(",")):
        way, _, good = part.partition(":")
        if way not in ("up", "down"):
            raise InputError("explorer", "more", part, "up:good or down:good")
        pairs.append((view.net.tables.resolve(good), way))
    return pairs


def expanded(view: View, good: str, way: str) -> View:
    """The same drawing with the neighbours of one more good."""
    parts = [*filter(None, view.extra.get("more", "").split(",")), f"{way}:{good}"]
    return moved(view, more=",".join(dict.fromkeys(parts)), at=good)


def around(goods: nx.DiGraph, centre: str, way: str, steps: str, more: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Level of each good reached: 0 the centre, -1 its inputs, 1 what is made from it, and so on."""
    limit = None if steps == "all" else int(steps)
    levels = {centre: 0}
    if way in ("both", "up"):
        up = nx.single_source_shortest_path_length(goods.reverse(copy=False), centre, cutoff=limit)
        levels |= {good: -distance for good, distance in up.items()}
    if way in ("both", "down"):
        down = nx.single_source_shortest_path_length(goods, centre, cutoff=limit)
        levels |= dict(down)
    for good, direction in more:
        if good in levels:
            near, step = (goods.predecessors(good), -1) if direction == "up" else (goods.successors(good), 1)
            for other in near:
                levels.setdefault(other, levels[good] + step)
    return levels


def reading(view: View) -> str:
    """The reading of goods: felt is known for products only, so short stands in for it."""
    return "short" if view.reading == "felt" else view.reading


def found(view: View) -> pd.DataFrame:
    """Every good around the one asked about that passes the filters, nearest first, then most exposed.

    Columns: name, good, stage, kind, steps (negative: towards the mine), the four static readings.
    """
    goods = view.net.graph
    centre = view.net.tables.resolve(view.item)
    levels = around(goods, centre, choice(view, "way", WAYS), choice(view, "steps", STEPS), expansions(view))
    wanted, least = stages(view), int(choice(view, "least", LEAST)) / 100
    rows = []
    for good, level in levels.items():
        about = goods.nodes[good]
        values = dict(zip(READINGS, map(float, view.x.readings(good)), strict=True))
        if good != centre and ((wanted and about["stage"] not in wanted) or values[reading(view)] < least):
            continue
        rows.append({"name": about["name"], "good": good, "stage": about["stage"], "kind": about["kind"],
                     "steps": level, **values})  # fmt: skip
    frame = pd.DataFrame(rows)
    frame["distance"] = frame["steps"].abs()
    frame = frame.sort_values(["distance", reading(view), "good"], ascending=[True, False, True], ignore_index=True)
    return frame.drop(columns="distance")


def drawn(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that are drawn: at most graph.MOST."""
    return frame.head(graph.MOST)


def words(view: View, frame: pd.DataFrame) -> str:
    """How many of how many are drawn, and how many miss supply."""
    shown, by = drawn(frame), reading(view)
    text = f"Showing {len(shown)} of {len(frame)} goods around {frame['name'].iat[0]}"
    hit = int((shown[by] > 0).sum())
    verb = {"short": "miss supply", "dependent": "would miss supply at worst", "linked": "hang on a clause"}[by]
    note = " (felt is known for products only; short is shown)" if view.reading == "felt" else ""
    return f"{text}; {hit} of those {verb} in {view.market} on {view.on}{note}."


def layers(goods: nx.DiGraph) -> dict[str, int]:
    """Layer of each good, 0 at the top: below all that it is made from, a raw input just above what takes it first."""
    found: dict[str, int] = {}
    for good in nx.lexicographical_topological_sort(goods):
        found[good] = max((found[before] + 1 for before in goods.predecessors(good)), default=0)
    for good in goods:
        if not goods.pred[good] and goods.succ[good]:
            found[good] = min(found[after] for after in goods.successors(good)) - 1
    return found


def rows_of(goods: nx.DiGraph, shown: Iterable[str]) -> dict[int, list[str]]:
    """Rows of the drawing from the bottom (products) to the top (mines): a layer takes as many rows as it needs."""
    layer = layers(goods.subgraph(shown))
    rows: dict[int, list[str]] = {}
    for depth in sorted(set(layer.values()), reverse=True):
        here = [good for good in shown if layer[good] == depth]
        for start in range(0, len(here), ACROSS):
            rows[len(rows)] = here[start : start + ACROSS]
    return rows


def elements(view: View, frame: pd.DataFrame) -> list[graph.Element]:
    """Nodes and edges of the goods shown; a thick frame marks what misses supply."""
    by, shown = reading(view), drawn(frame)
    centre, at = shown["good"].iat[0], selected(view, frame)
    nodes: dict[str, Mapping[str, Any]] = {}
    for row in shown.to_dict("records"):
        name = "\n".join(textwrap.wrap(row["name"].partition(" (")[0], graph.LABEL)[:2])
        mark = "◎ " if row["good"] == centre else ""
        nodes[row["good"]] = {
            "label": f"{mark}{name}\n{row['stage']}, {share(row[by])} missing",
            "binding": "yes" if row[by] > 0 else "no",
            "good": row["good"],
        }
    edges = {
        (a, b): {
            "label": "",
            "width": 2,
            "binding": "yes" if nodes[a]["binding"] == nodes[b]["binding"] == "yes" else "no",
        }
        for a, b in sorted(view.net.graph.subgraph(nodes).edges)
    }
    made = graph.placed(nodes, edges, rows_of(view.net.graph, list(nodes)))
    return [{**e, "selected": True} if e["data"].get("id") == at else e for e in made]


def selected(view: View, frame: pd.DataFrame) -> str:
    """The good whose details are shown: that of the address if it is there, else the one asked about."""
    at = view.extra.get("at", "")
    return at if at in set(frame["good"]) else str(frame["good"].iat[0])


def page_of(view: View, good: str) -> str:
    """Link to the page about a good."""
    return view.link(PAGES.get(view.net.graph.nodes[good]["kind"], "good"), good)


def hidden(view: View, frame: pd.DataFrame, good: str) -> dict[str, int]:
    """How many inputs (up) and uses (down) of a good are not among the rows."""
    here = set(frame["good"])
    goods = view.net.graph
    return {
        "up": sum(other not in here for other in goods.predecessors(good)),
        "down": sum(other not in here for other in goods.successors(good)),
    }
