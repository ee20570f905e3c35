"""The graph of goods: what is made from what, and every way from a mineral to a product."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from itertools import pairwise

import networkx as nx
import pandas as pd

from supplychain.tables import Tables

WEAKEST_FIRST = ("unverified", "low", "medium", "high")


def build_graph(tables: Tables) -> nx.DiGraph:
    """The goods and their `part` edges, input -> output, one chosen evidence row an edge.

    Node attributes: name, kind, commodity, form, stage, family, sector, end_use, unit. Edge attributes: role, effect,
    criticality_low, criticality, criticality_high, group, group_share, takeover, value_share_low, value_share,
    value_share_high, source_id, confidence, row (where the evidence stands). Aggregates have no edges.
    """
    graph = nx.DiGraph()
    goods = tables["goods"]
    columns = ["name", "kind", "commodity", "form", "stage", "family", "sector", "end_use", "unit"]
    for good, *values in goods[["good", *columns]].itertuples(index=False):
        graph.add_node(good, **{name: _plain(value) for name, value in zip(columns, values, strict=True)})
    for edge in part_edges(tables).to_dict("records"):
        graph.add_edge(
            edge["input"], edge["output"], **{str(k): _plain(v) for k, v in edge.items() if k in EDGE_COLUMNS}
        )
    return graph


EDGE_COLUMNS = (
    "role",
    "effect",
    "criticality_low",
    "criticality",
    "criticality_high",
    "group",
    "group_share",
    "takeover",
    "value_share_low",
    "value_share",
    "value_share_high",
    "source_id",
    "confidence",
    "row",
)


def part_edges(tables: Tables) -> pd.DataFrame:
    """The chosen bill-of-materials rows with role `part` between goods that are not aggregates, ranges filled in."""
    goods = tables["goods"]
    aggregates = set(goods.loc[goods["aggregate"] == "yes", "good"])
    bom = tables.chosen("bom")
    keep = (bom["role"] == "part") & ~bom["output"].isin(aggregates) & ~bom["input"].isin(aggregates)
    edges = _ruled(bom[keep].reset_index(names="row"))
    for x in ("criticality", "value_share"):
        for end in ("_low", "_high"):
            edges[x + end] = edges[x + end].fillna(edges[x])
    return edges


def _ruled(edges: pd.DataFrame) -> pd.DataFrame:
    """Criticality by rule where a row states none; s = substitutability, a blank one 0 (essential) or 0.5 (adds).

    essential: 1 - s, 1 - s/2, 1; adds: 0.1 (1 - s), 0.5 (1 - s), 1 - s; negligible: 0, 0, 0.1.
    """
    blank = edges["criticality"].isna()
    if not blank.any():
        return edges
    edges = edges.copy()
    for effect, unknown, ends in (
        ("essential", 0.0, lambda s: (1 - s, 1 - s / 2, 1.0)),
        ("adds", 0.5, lambda s: (0.1 * (1 - s), 0.5 * (1 - s), 1 - s)),
        ("negligible", 0.0, lambda s: (0.0, 0.0, 0.1)),
    ):
        rows = blank & (edges["effect"] == effect)
        for name, value in zip(("_low", "", "_high"), ends(edges["substitutability"].fillna(unknown)), strict=True):
            column = f"criticality{name}"
            edges[column] = edges[column].mask(rows & edges[column].isna(), value)
    return edges


def downstream(graph: nx.DiGraph, good: str, kind: str | None = None) -> pd.DataFrame:
    """The goods made from a good, nearest first: good, name, kind, steps, path, roles, confidence (the weakest).

    path is the shortest way, as ids joined by ' > '. kind keeps one kind (product, component, material, mineral).
    """
    return _reach(graph, good, kind, forward=True)


def upstream(graph: nx.DiGraph, good: str, kind: str | None = None) -> pd.DataFrame:
    """The goods that a good is made from, nearest first; columns as in `downstream`."""
    return _reach(graph, good, kind, forward=False)


def paths(graph: nx.DiGraph, source: str, target: str, limit: int = 20) -> pd.DataFrame:
    """The strongest ways from one good to another: rank, path, steps, weight, criticality, weakest_source.

    weight = product of central criticalities along the path (paths rank, they do not add up); criticality lists them.
    `frame.attrs["total"]` counts all ways, so that a reader can say "showing n of m".
    """
    rows = []
    for rank, (weight, path) in enumerate(_strongest(graph, source, target, limit), start=1):
        edges = [graph.edges[a, b] for a, b in pairwise(path)]
        weakest = min(edges, key=lambda e: WEAKEST_FIRST.index(e["confidence"]), default=None)
        rows.append(
            {
                "rank": rank,
                "path": " > ".join(path),
                "steps": len(edges),
                "weight": weight,
                "criticality": ";".join(f"{e['criticality']:g}" for e in edges),
                "weakest_source": weakest["source_id"] if weakest else "",
            }
        )
    frame = pd.DataFrame(rows, columns=["rank", "path", "steps", "weight", "criticality", "weakest_source"])
    frame.attrs["total"] = count_paths(graph, source, target)
    return frame


def count_paths(graph: nx.DiGraph, source: str, target: str) -> int:
    """How many ways lead from one good to another (0 if none; the graph of part edges has no cycle)."""
    between = nx.descendants(graph, source) & nx.ancestors(graph, target) | {source, target}
    ways = {source: 1}
    for good in nx.topological_sort(graph.subgraph(between)):
        if good != source:
            ways[good] = sum(ways.get(before, 0) for before in graph.predecessors(good))
    return ways.get(target, 0)


def _strongest(graph: nx.DiGraph, source: str, target: str, limit: int) -> Iterator[tuple[float, list[str]]]:
    """Paths by falling product of criticalities, ties by id (best first, bounded by what is left)."""
    between = nx.descendants(graph, source) & nx.ancestors(graph, target) | {source, target}
    best = {target: 1.0}
    for good in reversed(list(nx.topological_sort(graph.subgraph(between)))):
        for after in graph.successors(good):
            if after in best:
                best[good] = max(best.get(good, 0.0), best[after] * graph.edges[good, after]["criticality"])
    if source not in best or source == target:
        return
    heap: list[tuple[float, list[str], float]] = [(-best[source], [source], 1.0)]
    while heap and limit > 0:
        _, path, weight = heapq.heappop(heap)
        if path[-1] == target:
            yield weight, path
            limit -= 1
            continue
        for after in sorted(graph.successors(path[-1])):
            if after in best:
                onward = weight * graph.edges[path[-1], after]["criticality"]
                heapq.heappush(heap, (-onward * best[after], [*path, after], onward))


def _reach(graph: nx.DiGraph, good: str, kind: str | None, forward: bool) -> pd.DataFrame:
    view = graph if forward else graph.reverse(copy=False)
    found = nx.single_source_shortest_path(view, good)
    rows = []
    for other, way in sorted(found.items(), key=lambda item: (len(item[1]), item[0])):
        attributes = graph.nodes[other]
        if other == good or (kind is not None and attributes["kind"] != kind):
            continue
        path = way if forward else way[::-1]
        edges = [graph.edges[a, b] for a, b in pairwise(path)]
        rows.append(
            {
                "good": other,
                "name": attributes["name"],
                "kind": attributes["kind"],
                "steps": len(edges),
                "path": " > ".join(path),
                "roles": ";".join(f"{e['role']}:{e['effect']}" for e in edges),
                "confidence": min((e["confidence"] for e in edges), key=WEAKEST_FIRST.index),
            }
        )
    return pd.DataFrame(rows, columns=["good", "name", "kind", "steps", "path", "roles", "confidence"])


def _plain(value: object) -> object:
    """A table cell as a graph attribute: lists joined, missing values as None."""
    if isinstance(value, tuple):
        return ";".join(value)
    return None if isinstance(value, float) and math.isnan(value) else value
