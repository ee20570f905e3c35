"""Speed at company scale. Small by default; SCALE_LINKS=10000000 and --benchmark-enable for the full size.

The targets hold on the full size: one scenario under 0.3 s, 64 scenarios under 0.05 s each, 150 times faster per link
than a loop over a networkx graph, memory under 3 GB, loading under 20 s and 4 GB. `measure.py` writes the table of
docs/performance.md.
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layered import CRITICALITY, as_graph, layered_chain, layered_tables, looped, looped_with_cycles, turned

import supplychain as sc
from supplychain.availability import Chain, Restrictions, availability

LINKS = int(os.environ.get("SCALE_LINKS", "20000"))
FULL = LINKS >= 10_000_000
GRAPH_LINKS = min(LINKS, 200_000)  # networkx takes over 1 kB a link
TIMES_FASTER = 150


@pytest.fixture(scope="module")
def chain() -> Chain:
    return layered_chain(LINKS)


def restrictions(chain: Chain, columns: int) -> Restrictions:
    """In each scenario another hundredth of the firms at half their capacity."""
    own = np.ones((chain.nodes, columns), order="F")
    for k in range(columns):
        own[k :: max(100, columns), k] = 0.5
    return Restrictions(own, np.zeros(0, dtype=np.intp), np.zeros((0, columns)))


def criticality(chain: Chain) -> Any:
    return np.full((len(chain.need_node), 1), CRITICALITY)


def test_order_of_levels(benchmark: Any) -> None:
    levels = benchmark.pedantic(lambda chain: chain.levels, setup=lambda: ((layered_chain(LINKS),), {}), rounds=1)
    assert not any(level.cyclic for level in levels)
    if FULL and benchmark.enabled:
        assert benchmark.stats["min"] < 5.0


def test_one_scenario(benchmark: Any, chain: Chain) -> None:
    one, cost = restrictions(chain, 1), criticality(chain)
    left, _ = benchmark.pedantic(availability, (chain, one, cost), rounds=3, warmup_rounds=1)
    assert 0 < (1 - left).mean() < 1
    if FULL and benchmark.enabled:
        assert benchmark.stats["min"] < 0.3


def test_64_scenarios_in_batches(benchmark: Any, chain: Chain) -> None:
    cost = criticality(chain)

    def run() -> list[float]:
        return [float(availability(chain, restrictions(chain, 8), cost)[0].mean()) for _ in range(8)]

    means = benchmark.pedantic(run, rounds=1, warmup_rounds=0)
    assert means == pytest.approx([means[0]] * 8)
    if FULL and benchmark.enabled:
        assert benchmark.stats["min"] / 64 < 0.05
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < 3e9


def test_a_loop_over_networkx_gives_the_same_and_is_slower(chain: Chain) -> None:
    small = layered_chain(GRAPH_LINKS)
    graph, one = as_graph(small), restrictions(small, 1)
    own_loss = {int(k): 0.5 for k in np.flatnonzero(one.own[:, 0] < 1)}
    began = time.process_time()
    loss = looped(graph, own_loss)
    by_loop = (time.process_time() - began) / GRAPH_LINKS
    left, _ = availability(small, one, criticality(small))
    assert np.array([loss[k] for k in range(small.nodes)]) == pytest.approx(1 - left[:, 0], abs=1e-12)
    if FULL:
        whole, cost = restrictions(chain, 1), criticality(chain)
        availability(chain, whole, cost)
        began = time.process_time()
        availability(chain, whole, cost)
        by_arrays = (time.process_time() - began) / LINKS
        assert by_loop / by_arrays > TIMES_FASTER


def test_load_from_parquet(benchmark: Any, tmp_path: Path) -> None:
    for name, table in zip(("links", "nodes"), layered_tables(LINKS), strict=True):
        table.to_parquet(tmp_path / f"{name}.parquet")
    net = benchmark.pedantic(
        sc.SupplyNetwork.from_edges, (tmp_path / "links.parquet", tmp_path / "nodes.parquet"), rounds=1
    )
    assert net.chain.share.nnz == LINKS
    assert net.availability(net.firm[:10])["loss"].between(0, 1).all()
    if FULL and benchmark.enabled:
        assert benchmark.stats["min"] < 20


def test_cycles(benchmark: Any) -> None:
    """One link in a hundred runs backwards: most firms stand in one cycle, solved to the greatest fixed point."""
    links, nodes = layered_tables(LINKS)
    net = sc.SupplyNetwork.from_edges(turned(links), nodes)
    assert sum(len(level.node) for level in net.chain.levels if level.cyclic) > len(net.firm) / 4
    stops = dict.fromkeys(net.firm[::100], 0.5)
    frame = benchmark.pedantic(net.availability, (stops,), rounds=2)
    assert frame["loss"].between(0, 1).all()


def test_cycles_equal_a_plain_loop() -> None:
    links = turned(layered_tables(5_000)[0], part=0.05)
    net = sc.SupplyNetwork.from_edges(links)
    assert any(level.cyclic for level in net.chain.levels)
    stopped = net.firm[::40].tolist()
    found = net.availability(dict.fromkeys(stopped, 0.5)).set_index("node")["loss"]
    expected = looped_with_cycles(links, dict.fromkeys(stopped, 0.5))
    assert found.to_numpy() == pytest.approx([expected[firm] for firm in found.index], abs=1e-11)
    assert found.gt(0).sum() > len(found) / 4


def test_survival_bounds(benchmark: Any) -> None:
    """One raw maker in ten stops, in a network with stocks and up to 10 % of room."""
    links, nodes = layered_tables(LINKS)
    made = links.groupby("supplier")["weight"].sum().reindex(nodes["node"]).fillna(0.0).to_numpy()
    rng = np.random.default_rng(2)
    demand = np.where(made == 0, 5.0, 0.0)
    more = {
        "kind": [f"kind{k % 3}" for k in range(len(nodes))],
        "demand": demand,
        "stock": rng.random(len(nodes)) * 20 * (made + demand),
        "capacity": (made + demand) * (1 + 0.1 * rng.random(len(nodes))),
    }
    net = sc.SupplyNetwork.from_edges(links.drop(columns=["kind", "criticality"]), nodes.assign(**more))
    stopped = net.firm[: len(net.firm) // 60].tolist()
    low, high = benchmark.pedantic(net.survival_bounds, (stopped,), rounds=1)
    assert 0 < low <= high
    if FULL and benchmark.enabled:
        assert benchmark.stats["min"] < 180


def test_esri_of_one_closure(benchmark: Any) -> None:
    links, nodes = layered_tables(LINKS)
    makes = nodes.assign(kind=[f"kind{k % 20}" for k in range(len(nodes))])
    net = sc.SupplyNetwork.from_edges(links.drop(columns=["kind", "criticality"]), makes)
    net.esri(net.firm[:1])  # makes the links ready
    assert 0 < benchmark.pedantic(net.esri, (net.firm[:1],), rounds=2).score < 1
