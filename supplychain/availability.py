"""How much of a normal supply is left: the generalised Leontief chain, on plain arrays.

Nodes are goods made by one producer, supplies are goods arriving at one buyer, needs say which node draws on which
supply. Everything is solved for K columns at once (readings, end-use classes, branches, scenarios). Losses are carried
instead of what is left, so that whatever no restriction reaches stays at exactly zero loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
SharingMode = Literal["fixed", "shared", "first"]

MAX_ROUNDS = 100_000


@dataclass(frozen=True)
class Level:
    """Supplies and nodes that can be solved once all earlier levels are; a cyclic level is iterated."""

    supply: Ints  # supply rows, increasing
    block: csr_array  # their rows of `share`
    node: Ints  # nodes that have needs
    need: Ints  # their needs, in the order of `Chain.need_node`
    group_start: Ints  # first need of each group, positions in `need`
    node_start: Ints  # first group of each node, positions in `group_start`
    cyclic: bool


@dataclass(frozen=True, eq=False)
class Chain:
    """Who makes what from whose supply.

    share: (M, N) s(i, n -> b), supply row x producing node; rows sum to 1 or less (what is left out never fails)
    need_node, need_supply: (Q,) node and supply of each need; sorted by node, then group
    need_group: (Q,) group number over the whole chain, non-decreasing; a lone input is a group of its own
    weight, takeover: (Q,) w (1 for a lone input) and z
    essential: (Q,) False for inputs whose losses add up; the same for all members of a group
    """

    share: csr_array
    need_node: Ints
    need_supply: Ints
    need_group: Ints
    weight: Floats
    takeover: Floats
    essential: Bools

    @property
    def nodes(self) -> int:
        return int(self.share.shape[1])

    @property
    def supplies(self) -> int:
        return int(self.share.shape[0])

    @cached_property
    def link_supply(self) -> Ints:
        """(links,) the supply row of each link."""
        return np.repeat(np.arange(self.supplies), np.diff(self.share.indptr))

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The order of solving, from producers without inputs to markets; computed once."""
        supply_level, node_level, cyclic = _levels(self)
        has_needs = np.zeros(self.nodes, dtype=bool)
        has_needs[self.need_node] = True
        need_level = node_level[self.need_node]
        supplies_of, nodes_of, needs_of = (
            _split_by_level(levels, len(cyclic)) for levels in (supply_level, node_level, need_level)
        )
        result = []
        for level, is_cyclic in enumerate(cyclic):
            supply, need = supplies_of[level], needs_of[level]
            node = nodes_of[level][has_needs[nodes_of[level]]]
            if not len(supply) and not len(node):
                continue
            new_group = np.flatnonzero(np.diff(self.need_group[need], prepend=-1))
            new_node = np.flatnonzero(np.diff(self.need_node[need[new_group]], prepend=-1))
            result.append(Level(supply, self.share[supply], node, need, new_group, new_node, is_cyclic))
        return tuple(result)


@dataclass(frozen=True, eq=False)
class Restrictions:
    """What the clauses in force take away.

    own: (N, K) share of each node's own capacity that is left
    link: (R,) restricted links, positions in `Chain.share.data`, increasing
    r: (R, K) share of that flow lost
    """

    own: Floats
    link: Ints
    r: Floats


@dataclass(frozen=True, eq=False)
class Pool:
    """One good whose shortage the buyers outside the issuing countries can meet together.

    supply: (P,) supply rows; use: (P,) u, share of world use
    spare_node: (S,) producers with spare capacity; spare: (S,) p x spare, share of world output
    columns: (K,) columns in which a clause names the good
    """

    supply: Ints
    use: Floats
    spare_node: Ints
    spare: Floats
    columns: Bools


def _split_by_level(levels: Ints, count: int) -> list[Ints]:
    order = np.argsort(levels, kind="stable")
    return np.split(order, np.cumsum(np.bincount(levels, minlength=count))[:-1])


def _levels(chain: Chain) -> tuple[Ints, Ints, list[bool]]:
    """Longest-path level of every supply and node, cycles collapsed to one level."""
    supplies, nodes = chain.supplies, chain.nodes
    tail = np.concatenate([chain.share.indices.astype(np.intp) + supplies, chain.need_supply])
    head = np.concatenate([chain.link_supply, chain.need_node + supplies])
    step = np.concatenate([np.ones(chain.share.nnz, np.intp), np.zeros(len(chain.need_node), np.intp)])
    level, done = _longest_paths(tail, head, step, supplies + nodes)
    if done:
        return level[:supplies], level[supplies:], [False] * (int(level.max(initial=0)) + 1)
    from scipy.sparse.csgraph import connected_components  # slow to import, and only cycles need it

    graph = coo_array((np.ones(len(tail), np.int8), (tail, head)), shape=(supplies + nodes,) * 2).tocsr()
    count, component = connected_components(graph, directed=True, connection="strong")
    component = component.astype(np.intp)
    in_cycle = np.bincount(component, minlength=count) > 1
    tail, head = component[tail], component[head]
    keep = tail != head
    level, _ = _longest_paths(tail[keep], head[keep], step[keep], count)
    cyclic = np.zeros(int(level.max(initial=0)) + 1, dtype=bool)
    cyclic[level[in_cycle]] = True
    return level[component[:supplies]], level[component[supplies:]], cyclic.tolist()


def _longest_paths(tail: Ints, head: Ints, step: Ints, count: int) -> tuple[Ints, bool]:
    """Length of the longest way to each vertex, peeled from the start; False where a cycle stops the peeling."""
    order = np.argsort(tail, kind="stable")
    tail, head, step = tail[order], head[order], step[order]
    first = np.searchsorted(tail, np.arange(count + 1))
    waiting = np.bincount(head, minlength=count)
    level = np.zeros(count, dtype=np.intp)
    ready = np.flatnonzero(waiting == 0)
    peeled = 0
    while len(ready):
        peeled += len(ready)
        lengths = first[ready + 1] - first[ready]
        edges = np.repeat(first[ready] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        np.maximum.at(level, head[edges], level[tail[edges]] + step[edges])
        np.subtract.at(waiting, head[edges], 1)
        touched = np.unique(head[edges])
        ready = touched[waiting[touched] == 0]
    return level, peeled == count


def loss_of_needs(level: Level, chain: Chain, criticality: Floats, lost: Floats, lone: Bools) -> Floats:
    """Loss of the output of each node of a level from what is missing of its supplies.

    L(k) = sum over i in group k of w_i c_i (1 - A_i) (1 - min(1, sum over the others j of z_j A_j));
    loss = min(1, max(max over essential k of L(k), sum over adds k of L(k)))

    level: one of `chain.levels`; criticality: (Q, K) or (Q, 1); lost: (len(level.need), K) 1 - A of each need
    lone: (K,) columns in which every member of a group counts as a lone input with w = 1, z = 0
    Returns (len(level.node), K). Source: graded form of the generalised Leontief function (Diem et al. 2022, eq. 7).
    """
    need = level.need
    weight, takeover, essential = chain.weight[need][:, None], chain.takeover[need][:, None], chain.essential[need]
    own = criticality[need] * lost
    if len(level.group_start) == len(need):  # no groups here: nothing can stand in for anything
        group_loss = np.where(lone, own, weight * own)
    else:
        covered = takeover * (1.0 - lost)
        size = np.diff(level.group_start, append=len(need))
        others = np.repeat(np.add.reduceat(covered, level.group_start), size, axis=0) - covered
        grouped = weight * own * (1.0 - np.minimum(1.0, others))
        together = np.add.reduceat(np.where(lone, own, grouped), level.group_start)
        worst = np.maximum.reduceat(own, level.group_start)
        group_loss = np.where(lone & essential[level.group_start][:, None], worst, together)
    by_group = essential[level.group_start][:, None]
    stops = np.maximum.reduceat(np.where(by_group, group_loss, 0.0), level.node_start)
    adds = np.add.reduceat(np.where(by_group, 0.0, group_loss), level.node_start)
    result: Floats = np.clip(np.maximum(stops, adds), 0.0, 1.0)
    return result


def meet(pool: Pool, mode: SharingMode, available: Floats, node_available: Floats) -> Floats:
    """What reaches each buyer of a pool when the shortage is met together.

    shared: A = T / U; first: A = min(1, (T + spare) / u); T = sum u A, U = sum u, spare = sum p x spare x a

    available: (P, K) what would arrive under `fixed`; node_available: (N, K) a. Returns (P, K).
    """
    use = pool.use[:, None]
    total = (use * available).sum(axis=0)
    if mode == "shared":
        everyone = pool.use.sum()
        met = np.broadcast_to(total / everyone, available.shape) if everyone > 0 else available
    else:
        spare = (pool.spare[:, None] * node_available[pool.spare_node]).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            served = np.where(use > 0, np.minimum(1.0, (total + spare) / use), available)
        met = np.maximum(available, served)
    result: Floats = np.where(pool.columns, met, available)
    return result


def arrivals(block: csr_array, loss: Floats, links: Ints, rows: Ints, share: Floats, r: Floats, nodes: Ints) -> Floats:
    """Loss of supplies: 1 - A = sum_n s (1 - (1 - r) a), from the losses 1 - a of the nodes.

    block: rows of `share`; loss: (N, K); links, rows, share, r, nodes: the restricted links among them (row in the
    block, s, r, producing node). Returns (rows of block, K).
    """
    lost: Floats = block @ loss
    if len(links):
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        lost[rows[starts]] += np.add.reduceat(share[:, None] * r * (1.0 - loss[nodes]), starts)
    return lost


def availability(
    chain: Chain,
    restrictions: Restrictions,
    criticality: Floats,
    lone: Bools | None = None,
    sharing: SharingMode = "fixed",
    pools: Sequence[Pool] = (),
    tol: float = 1e-12,
) -> tuple[Floats, Floats]:
    """Share of normal output and of normal supply that is left.

    A(i,b) = sum_n s (1 - r) a(i,n); a(g,n) = max(0, min(own, min over essential k of 1 - L(k), 1 - sum over adds L(k)))

    criticality: (Q, K) or (Q, 1), c in [0, 1]; lone: (K,) see `loss_of_needs`; sharing, pools: how shortage of the
    goods that a clause names is met; tol: largest change at which the greatest fixed point of a cycle counts as found.
    Returns a (N, K) and A (M, K). Raises ArithmeticError when a cycle does not settle in 100,000 rounds.
    Source: Diem et al. (2022), https://doi.org/10.1038/s41598-022-11522-z, with graded criticality and groups.
    """
    columns = restrictions.own.shape[1]
    single = np.zeros(columns, dtype=bool) if lone is None else lone
    loss = 1.0 - restrictions.own
    own_loss = loss.copy()
    lost = np.zeros((chain.supplies, columns))
    active = tuple(pools) if sharing != "fixed" else ()
    raw = lost.copy() if active else lost
    slices = _restricted_by_level(chain, restrictions.link)
    supply_level = _supply_levels(chain) if active else None
    pools_at = [
        [p for p in active if supply_level is not None and i in supply_level[p.supply]]
        for i in range(len(chain.levels))
    ]
    straddling = any(sum(p is q for at in pools_at for q in at) > 1 for p in active)

    def solve(index: int) -> float:
        level = chain.levels[index]
        where, rows = slices[index]
        link = restrictions.link[where]
        raw[level.supply] = arrivals(
            level.block, loss, link, rows, chain.share.data[link], restrictions.r[where], chain.share.indices[link].astype(np.intp)
        )
        if active:
            lost[level.supply] = raw[level.supply]
            for pool in pools_at[index]:
                met = 1.0 - meet(pool, sharing, 1.0 - raw[pool.supply], 1.0 - loss)
                lost[pool.supply] = np.where(pool.columns, met, lost[pool.supply])
        if not len(level.node):
            return 0.0
        needed = loss_of_needs(level, chain, criticality, lost[chain.need_supply[level.need]], single)
        new = np.maximum(own_loss[level.node], needed)
        change = float(np.abs(new - loss[level.node]).max(initial=0.0))
        loss[level.node] = new
        return change

    for _ in range(MAX_ROUNDS):
        change = 0.0
        for index, level in enumerate(chain.levels):
            step = solve(index)
            rounds = 0
            while level.cyclic and step >= tol:
                step = solve(index)
                rounds += 1
                if rounds > MAX_ROUNDS:
                    raise ArithmeticError(f"a cycle of {len(level.node)} producers did not settle")
            change = max(change, step)
        if not straddling or change < tol:
            return 1.0 - loss, 1.0 - np.clip(lost, 0.0, 1.0)
    raise ArithmeticError("the shared supplies did not settle")


def _supply_levels(chain: Chain) -> Ints:
    levels = np.full(chain.supplies, -1, dtype=np.intp)
    for index, level in enumerate(chain.levels):
        levels[level.supply] = index
    return levels


def _restricted_by_level(chain: Chain, link: Ints) -> list[tuple[Ints, Ints]]:
    """For each level, which restricted links reach its supplies, and the row of each in the level's block."""
    if not len(link):
        nothing = np.zeros(0, dtype=np.intp)
        return [(nothing, nothing)] * len(chain.levels)
    supply = chain.link_supply[link]
    result = []
    for level in chain.levels:
        position = np.minimum(np.searchsorted(level.supply, supply), max(len(level.supply) - 1, 0))
        inside = level.supply[position] == supply if len(level.supply) else np.zeros(len(link), dtype=bool)
        where = np.flatnonzero(inside)
        result.append((where, position[where]))
    return result
