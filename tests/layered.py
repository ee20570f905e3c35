"""Generated layered networks of any size: firms on six layers, each buying kinds of input from the layer below."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from supplychain.availability import Chain

LAYERS = 6
KINDS = 3
CRITICALITY = 0.8


def layered_chain(links: int, firms: int = 0, seed: int = 0) -> Chain:
    """A chain of `links` links between `firms` firms (0: a tenth as many); equal shares of each input."""
    rng = np.random.default_rng(seed)
    count = firms or links // 10
    supplier, buyer, kind = _ends(rng, links, count)
    key = buyer * KINDS + kind
    order = np.argsort(key, kind="stable")
    inputs, row = np.unique(key[order], return_inverse=True)
    size = np.bincount(row)
    start = np.concatenate([[0], np.cumsum(size)]).astype(np.int32)
    share = csr_array((1 / size[row], supplier[order].astype(np.int32), start), shape=(len(inputs), count))
    whole, ones = np.arange(len(inputs)), np.ones(len(inputs))
    return Chain(share, inputs // KINDS, whole, whole, ones, np.zeros(len(inputs)), ones > 0)


def layered_tables(links: int, firms: int = 0, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Such a network as tables of links and nodes, with text ids, in random order."""
    rng = np.random.default_rng(seed)
    count = firms or links // 10
    supplier, buyer, kind = _ends(rng, links, count)
    name = np.array([f"firm{k:08d}" for k in rng.permutation(count)], dtype=object)
    order = rng.permutation(links)
    table = pd.DataFrame(
        {
            "supplier": pd.array(name[supplier[order]], dtype="str"),
            "buyer": pd.array(name[buyer[order]], dtype="str"),
            "weight": rng.random(links) + 0.1,
            "kind": pd.Categorical.from_codes(kind[order], [f"kind{k}" for k in range(KINDS)]).astype("str"),
            "criticality": CRITICALITY,
        }
    )
    return table, pd.DataFrame({"node": pd.array(np.sort(name), dtype="str")})


def _ends(rng: np.random.Generator, links: int, firms: int) -> tuple[NDArray[np.int64], ...]:
    first = np.arange(LAYERS + 1) * firms // LAYERS
    buyer = np.sort(rng.integers(first[1], firms, links))
    layer = np.searchsorted(first, buyer, side="right") - 1
    low, high = first[layer - 1], first[layer]
    supplier = (low + rng.random(links) * (high - low)).astype(np.int64)
    return supplier, buyer, rng.integers(0, KINDS, links)


def as_graph(chain: Chain) -> nx.DiGraph:
    """The same network for networkx: each edge lists (kind of input, share); parallel links become one edge."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(chain.nodes))
    buyers, rows = chain.need_node[chain.link_supply].tolist(), chain.link_supply.tolist()
    for supplier, buyer, row, share in zip(
        chain.share.indices.tolist(), buyers, rows, chain.share.data.tolist(), strict=True
    ):
        if graph.has_edge(supplier, buyer):
            graph.edges[supplier, buyer]["inputs"].append((row, share))
        else:
            graph.add_edge(supplier, buyer, inputs=[(row, share)])
    return graph


def looped(graph: nx.DiGraph, own_loss: dict[int, float]) -> dict[int, float]:
    """Loss of every firm by a loop over a networkx graph: what one would write without arrays."""
    loss: dict[int, float] = {}
    for firm in nx.topological_sort(graph):
        missing: dict[int, float] = {}
        for supplier, _, link in graph.in_edges(firm, data=True):
            for kind, share in link["inputs"]:
                missing[kind] = missing.get(kind, 0.0) + share * loss[supplier]
        loss[firm] = max([own_loss.get(firm, 0.0), *(CRITICALITY * lost for lost in missing.values())])
    return loss


def turned(links: pd.DataFrame, part: float = 0.01, seed: int = 1) -> pd.DataFrame:
    """The same links, a part of them running backwards: a network with cycles."""
    back = np.random.default_rng(seed).random(len(links)) < part
    supplier, buyer = links["supplier"], links["buyer"]
    return links.assign(supplier=buyer.where(back, supplier), buyer=supplier.where(back, buyer))


def looped_with_cycles(links: pd.DataFrame, own_loss: dict[str, float]) -> dict[str, float]:
    """Loss of every firm by plain loops, round after round from the own losses upwards until nothing changes."""
    inputs: dict[str, dict[str, list[tuple[str, float]]]] = {}
    columns = (links[name].tolist() for name in ("supplier", "buyer", "kind", "weight"))
    for supplier, buyer, kind, weight in zip(*columns, strict=True):
        inputs.setdefault(buyer, {}).setdefault(kind, []).append((supplier, weight))
    loss = dict.fromkeys({*links["supplier"], *links["buyer"]}, 0.0) | own_loss
    change = 1.0
    while change > 1e-14:
        change = 0.0
        for firm, kinds in inputs.items():
            worst = own_loss.get(firm, 0.0)
            for bought in kinds.values():
                missing = sum(weight * loss[supplier] for supplier, weight in bought) / sum(w for _, w in bought)
                worst = max(worst, CRITICALITY * missing)
            change, loss[firm] = max(change, worst - loss[firm]), worst
    return loss
