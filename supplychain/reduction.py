"""The part of a chain that can lose anything: small enough to be solved thousands of times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from supplychain.availability import Bools, Chain, Floats, Ints, Pool, Restrictions


@dataclass(frozen=True, eq=False)
class Reduced:
    """A smaller chain with the same losses, and where its parts stand in the whole one.

    node, supply, link, need: positions in the whole chain, increasing
    """

    chain: Chain
    node: Ints
    supply: Ints
    link: Ints
    need: Ints

    def supply_at(self, supply: Ints | int) -> Ints:
        """Positions here of supplies of the whole chain that are kept."""
        return np.searchsorted(self.supply, np.atleast_1d(supply))

    def restrictions(self, whole: Restrictions) -> Restrictions:
        """The restrictions of the whole chain that reach this part."""
        inside = np.isin(whole.link, self.link)
        return Restrictions(whole.own[self.node], np.searchsorted(self.link, whole.link[inside]), whole.r[inside])

    def pool(self, whole: Pool) -> Pool | None:
        """A pool of the whole chain here: only usable where all its supplies are kept."""
        if not np.isin(whole.supply, self.supply).all():
            return None
        kept = np.isin(whole.spare_node, self.node)
        return Pool(
            np.searchsorted(self.supply, whole.supply), whole.use, np.searchsorted(self.node, whole.spare_node[kept]),
            whole.spare[kept], whole.columns,
        )  # fmt: skip


def reachable(chain: Chain, own: Bools, link: Ints, pools: Sequence[Pool] = ()) -> tuple[Bools, Bools]:
    """(N,) nodes and (M,) supplies that restrictions can reach: downstream of nodes `own` and of restricted links.

    A shortage met together reaches every buyer of its pool.
    """
    node, supply = own.copy(), np.zeros(chain.supplies, dtype=bool)
    restricted = np.zeros(chain.share.nnz, dtype=bool)
    restricted[link] = True
    while True:
        hit = np.bincount(chain.link_supply, restricted | node[chain.share.indices], minlength=chain.supplies) > 0
        for pool in pools:
            hit[pool.supply] |= hit[pool.supply].any()
        after = node.copy()
        after[chain.need_node[hit[chain.need_supply]]] = True
        if (after == node).all() and (hit == supply).all():
            return node, supply
        node, supply = after, hit


def reduce(chain: Chain, own: Bools, link: Ints, targets: Ints | None = None, pools: Sequence[Pool] = ()) -> Reduced:
    """The part of a chain that restrictions on `link` and on nodes `own` can reach, upstream of the targets.

    own: (N,) nodes whose own capacity may be cut; link: restricted links; targets: supply rows asked for (None: all);
    pools: those that are reached and lead to the targets are kept whole, with their spare capacity. What is left out
    never loses anything, so losses are the same.
    """
    lossy_node, lossy_supply = reachable(chain, own, link, pools)
    reached = [pool for pool in pools if lossy_supply[pool.supply].any()]
    keep_link = lossy_node[chain.share.indices]
    keep_link[link] = True
    supply = np.zeros(chain.supplies, dtype=bool)
    if targets is None:
        supply[:] = True
    else:
        supply[targets] = True
    size = int(chain.need_group[-1]) + 1 if len(chain.need_group) else 0
    live_group = np.bincount(chain.need_group, lossy_supply[chain.need_supply], minlength=size) > 0
    live_need = live_group[chain.need_group] if size else np.zeros(0, dtype=bool)
    node = np.zeros(chain.nodes, dtype=bool)
    while True:
        for pool in reached:
            if supply[pool.supply].any():
                supply[pool.supply], node[pool.spare_node] = True, True
        node[chain.share.indices[keep_link & supply[chain.link_supply]]] = True
        before = supply.sum()
        supply[chain.need_supply[live_need & node[chain.need_node]]] = True
        if supply.sum() == before:
            break
    need = np.flatnonzero(live_need & node[chain.need_node])
    return _cut(chain, node, supply, np.flatnonzero(keep_link & supply[chain.link_supply]), need)


def _cut(chain: Chain, node: Bools, supply: Bools, link: Ints, need: Ints) -> Reduced:
    nodes, supplies = np.flatnonzero(node), np.flatnonzero(supply)
    node_at, supply_at = np.cumsum(node) - 1, np.cumsum(supply) - 1
    rows = supply_at[chain.link_supply[link]]
    start = np.searchsorted(rows, np.arange(len(supplies) + 1))
    data: Floats = chain.share.data[link]
    share = csr_array((data, node_at[chain.share.indices[link]], start), shape=(len(supplies), len(nodes)))
    group = np.cumsum(np.diff(chain.need_group[need], prepend=-1) != 0) - 1 if len(need) else need
    smaller = Chain(
        share, node_at[chain.need_node[need]], supply_at[chain.need_supply[need]], group, chain.weight[need],
        chain.takeover[need], chain.essential[need],
    )  # fmt: skip
    return Reduced(smaller, nodes, supplies, link, need)
