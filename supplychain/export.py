"""The graph of goods with exposure as attributes, for other programs: networkx, GraphML, lists of edges."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import networkx as nx
import pandas as pd

from supplychain.cells import to_csv
from supplychain.errors import InputError
from supplychain.exposure import Result
from supplychain.readings import READINGS

FORMATS = ("graphml", "csv", "json")


def exposed_graph(graph: nx.DiGraph, x: Result) -> nx.DiGraph:
    """A copy of the graph of goods; each good has the readings in the market asked about as attributes.

    Node attributes beside those of `Network.graph`: linked, dependent, short_low, short, short_high (shares of the
    market's normal supply of the good, 0 to 1), asked (the good is one of the products asked about). Graph attributes:
    query, market, on, data_version.
    """
    copy = nx.DiGraph(graph)
    copy.graph |= {
        "query": x.scenario.query, "market": x.scenario.market, "on": str(x.scenario.on),
        "data_version": x.model.tables.version,
    }  # fmt: skip
    asked = set(x.products)
    for good, attributes in copy.nodes(data=True):
        attributes.update(zip(READINGS, map(float, x.readings(good)), strict=True), asked=good in asked)
    return copy


def edge_list(graph: nx.DiGraph) -> pd.DataFrame:
    """One row an edge: input, output, the edge's attributes, then short of the input and of the output if known."""
    rows = [{"input": a, "output": b, **attributes} for a, b, attributes in graph.edges(data=True)]
    frame = pd.DataFrame(rows)
    short = nx.get_node_attributes(graph, "short")
    for end in ("input", "output"):
        if short:
            frame[f"{end}_short"] = frame[end].map(short)
    return frame.sort_values(["output", "input"], ignore_index=True)


def graphml(graph: nx.DiGraph) -> bytes:
    """The graph as GraphML: lists joined by ';', attributes without a value left out; the same bytes every time."""
    clean = nx.DiGraph(**{str(k): _plain(v) for k, v in graph.graph.items()})
    for node in sorted(graph):
        clean.add_node(node, **_attributes(graph.nodes[node]))
    for a, b in sorted(graph.edges):
        clean.add_edge(a, b, **_attributes(graph.edges[a, b]))
    buffer = BytesIO()
    nx.write_graphml_xml(clean, buffer)
    return buffer.getvalue()


def _attributes(found: dict[str, Any]) -> dict[str, Any]:
    plain = {str(name): _plain(value) for name, value in found.items()}
    return {name: value for name, value in plain.items() if value != "" and not pd.isna(value)}


def _plain(value: Any) -> Any:
    return ";".join(map(str, value)) if isinstance(value, tuple | list) else value


def written(graph: nx.DiGraph, form: str) -> bytes:
    """The graph as a file of a format: graphml, csv (edge list) or json (node-link). Raises InputError."""
    if form == "graphml":
        return graphml(graph)
    if form == "csv":
        return to_csv(edge_list(graph)).encode()
    if form == "json":
        import json

        clean = nx.read_graphml(BytesIO(graphml(graph)))
        return json.dumps(
            nx.node_link_data(clean, edges="edges"), ensure_ascii=False, indent=1, sort_keys=True
        ).encode()
    raise InputError("graph", "format", form, ", ".join(FORMATS))
