"""The graph with exposure as attributes, in and out of other formats, and the notebook views."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest

import supplychain as sc
from supplychain.errors import InputError
from supplychain.export import edge_list, graphml, written


@pytest.fixture(scope="module")
def x(net: sc.Network) -> sc.network.Exposure:
    return net.exposure("2025-06-05", "DEU", ["f35"])


def test_nodes_carry_the_readings(net: sc.Network, x: sc.network.Exposure) -> None:
    graph = x.graph
    assert set(graph) == set(net.graph)
    assert "short" not in net.graph.nodes["f35"]  # the network's own graph is left alone
    row = x.static.iloc[0]
    for reading in ("linked", "dependent", "short_low", "short", "short_high"):
        assert graph.nodes["f35"][reading] == pytest.approx(row[reading])
    assert [good for good, asked in graph.nodes(data="asked") if asked] == ["f35"]
    assert graph.graph["query"] == x.scenario.query
    assert graph.nodes["dysprosium_oxide"]["short"] > 0


def test_graphml_round_trip_and_same_bytes(x: sc.network.Exposure) -> None:
    content = graphml(x.graph)
    assert content == graphml(x.graph)
    read = nx.read_graphml(io.BytesIO(content))
    assert set(read.edges) == set(x.graph.edges)
    for good, short in x.graph.nodes(data="short"):
        assert read.nodes[good]["short"] == short


def test_edge_list_and_json(x: sc.network.Exposure) -> None:
    frame = edge_list(x.graph)
    assert len(frame) == x.graph.number_of_edges()
    assert frame["output_short"].between(0, 1).all()
    assert (frame["source_id"] != "").all()
    body = json.loads(written(x.graph, "json"))
    assert len(body["nodes"]) == x.graph.number_of_nodes()
    with pytest.raises(InputError, match="graphml, csv, json"):
        written(x.graph, "gexf")


def test_the_command_graph(tmp_path: Path) -> None:
    for ending in ("graphml", "csv", "json"):
        file = tmp_path / f"goods.{ending}"
        command = ["graph", "--on", "2025-06-05", "--market", "DEU", "--output", str(file)]
        subprocess.run([sys.executable, "-m", "supplychain", *command], check=True, capture_output=True)
        assert file.stat().st_size > 10_000
    assert {"input", "output", "input_short"} <= set(pd.read_csv(tmp_path / "goods.csv").columns)


def test_notebook_views(net: sc.Network, x: sc.network.Exposure) -> None:
    html = x._repr_html_()
    assert "showing 1 of 1 products" in html
    assert "<table" in html
    assert "on=2025-06-05&amp;market=DEU&amp;product=f35" in html
    assert f"<td>goods</td><td>{len(net.table('goods')):,}</td>" in net._repr_html_()
