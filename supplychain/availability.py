"""How much of a normal supply is left: the generalised Leontief chain, on plain arrays.

Nodes are goods made by one producer, supplies are goods arriving at one buyer, needs say which node draws on which
supply. Everything is solved for K columns at once (readings, end-use classes, branches, scenarios). Losses are carried
instead of what is left, so that whatever no restriction reaches stays at exactly zero loss.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
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
MAX_THREADS = 8  # of a large chain: each needs room for a few columns of its own
BATCH_CELLS = 2**21  # supplies x columns solved at once (16 MB an array): what falls out of the cache gains nothing


@dataclass(frozen=True, eq=False)
class Level:
    """Supplies and nodes that can be solved once all earlier levels are; a cyclic level is iterated."""

    supply: Ints  # supply rows, increasing
    block: csr_array  # their rows of `share`
    node: Ints  # nodes that have needs
    need: Ints  # their needs, in the order of `Chain.need_node`
    group_start: Ints  # first need of each group, positions in `need`
    node_start: Ints  # first group of each node, positions in `group_start`
    cyclic: bool

    @cached_property
    def needs(self) -> slice | Ints:
        """The needs, as a slice where they follow each other: a view instead of a copy."""
        return _span(self.need)

    @cached_property
    def rows(self) -> slice | Ints:
        """The supply rows, as a slice where they follow each other."""
        return _span(self.supply)

    @cached_property
    def makers(self) -> slice | Ints:
        """The nodes, as a slice where they follow each other."""
        return _span(self.node)


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
    def draws(self) -> tuple[slice | Ints, ...]:
        """For each level the supplies that its needs draw on, as a slice where they follow each other."""
        return tuple(_span(self.need_supply[level.need]) for level in self.levels)

    @cached_property
    def supply_place(self) -> tuple[Ints, Ints]:
        """(M,) the level in which each supply is solved, as a position in `levels`, and its row in the block there."""
        level, row = np.full(self.supplies, -1, dtype=np.intp), np.zeros(self.supplies, dtype=np.intp)
        for index, part in enumerate(self.levels):
            level[part.supply] = index
            row[part.supply] = np.arange(len(part.supply))
        return level, row

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


def _span(positions: Ints) -> slice | Ints:
    """Positions as a slice where they follow each other."""
    if len(positions) and positions[-1] - positions[0] == len(positions) - 1 and (np.diff(positions) == 1).all():
        return slice(int(positions[0]), int(positions[-1]) + 1)
    return positions


def sorted_by(keys: Ints | NDArray[np.int64], count: int) -> tuple[Ints, Ints]:
    """Stable order of keys 0..count-1, and where each begins, (count + 1,): a counting sort, faster than argsort."""
    size: type[np.signedinteger] = np.int32 if max(len(keys), count) < 2**31 else np.int64
    places = np.arange(len(keys), dtype=size), keys.astype(size), np.array([0, len(keys)], dtype=size)
    by_key = csr_array(places, shape=(1, count)).tocsc()
    return by_key.data.astype(np.intp), by_key.indptr.astype(np.intp)


def _split_by_level(levels: Ints, count: int) -> list[Ints]:
    order, first = sorted_by(levels, count)
    return np.split(order, first[1:-1])


def _levels(chain: Chain) -> tuple[Ints, Ints, list[bool]]:
    """Longest-path level of every supply and node, cycles collapsed to one level."""
    supplies, nodes = chain.supplies, chain.nodes
    tail = np.concatenate([chain.share.indices.astype(np.intp) + supplies, chain.need_supply])
    head = np.concatenate([chain.link_supply, chain.need_node + supplies])
    step = np.concatenate([np.ones(chain.share.nnz, np.int8), np.zeros(len(chain.need_node), np.int8)])
    level, done = longest_paths(tail, head, step, supplies + nodes)
    if done.all():
        return level[:supplies], level[supplies:], [False] * (int(level.max(initial=0)) + 1)
    from scipy.sparse.csgraph import connected_components  # slow to import, and only cycles need it

    graph = csr_array(coo_array((np.ones(len(tail), np.int8), (tail, head)), shape=(supplies + nodes,) * 2))
    count, component = connected_components(graph, directed=True, connection="strong")
    component = component.astype(np.intp)
    in_cycle = np.bincount(component, minlength=count) > 1
    tail, head = component[tail], component[head]
    keep = tail != head
    level, _ = longest_paths(tail[keep], head[keep], step[keep], count)
    cyclic = np.zeros(int(level.max(initial=0)) + 1, dtype=bool)
    cyclic[level[in_cycle]] = True
    return level[component[:supplies]], level[component[supplies:]], cyclic.tolist()


def longest_paths(tail: Ints, head: Ints, step: NDArray[np.int8], count: int) -> tuple[Ints, Bools]:
    """Length of the longest way to each vertex, peeled from the start; False for those that a cycle holds back."""
    order, first = sorted_by(tail, count)
    head, step = head[order], step[order]
    waiting = np.bincount(head, minlength=count)
    level, seen = np.zeros(count, dtype=np.intp), np.zeros(count, dtype=np.intp)
    ready = np.flatnonzero(waiting == 0)
    while len(ready):
        lengths = first[ready + 1] - first[ready]
        edges = np.repeat(first[ready] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        reached = head[edges]
        np.maximum.at(level, reached, np.repeat(level[ready], lengths) + step[edges])
        np.subtract.at(waiting, reached, 1)
        free = reached[waiting[reached] == 0]
        seen[free] = np.arange(len(free))  # the last of equal ones stays
        ready = free[seen[free] == np.arange(len(free))]
    return level, waiting == 0


def loss_of_needs(level: Level, chain: Chain, criticality: Floats, lost: Floats, lone: Bools) -> Floats:
    """Loss of the output of each node of a level from what is missing of its supplies.

    L(k) = sum over i in group k of w_i c_i (1 - A_i) (1 - min(1, sum over the others j of z_j A_j));
    loss = min(1, max(max over essential k of L(k), sum over adds k of L(k)))

    level: one of `chain.levels`; criticality: (Q, K) or (Q, 1); lost: (len(level.need), K) 1 - A of each need
    lone: (K,) columns in which every member of a group counts as a lone input with w = 1, z = 0
    Returns (len(level.node), K). Source: graded form of the generalised Leontief function (Diem et al. 2022, eq. 7).
    """
    need = level.needs
    own = criticality[need] * lost
    if len(level.group_start) == len(level.need):  # no groups here: nothing can stand in for anything
        weight = chain.weight[need]
        group_loss = own if (weight == 1.0).all() else np.where(lone, own, weight[:, None] * own)
        essential = chain.essential[need]
    else:
        weight, takeover, essential = chain.weight[need][:, None], chain.takeover[need][:, None], chain.essential[need]
        covered = takeover * (1.0 - lost)
        size = np.diff(level.group_start, append=len(level.need))
        others = np.repeat(np.add.reduceat(covered, level.group_start), size, axis=0) - covered
        grouped = weight * own * (1.0 - np.minimum(1.0, others))
        together = np.add.reduceat(np.where(lone, own, grouped), level.group_start)
        essential = essential[level.group_start]
        group_loss = together
        if lone.any():
            worst = np.maximum.reduceat(own, level.group_start)
            group_loss = np.where(lone & essential[:, None], worst, together)
    if essential.all():
        result: Floats = np.maximum.reduceat(group_loss, level.node_start)
    else:
        stops = np.maximum.reduceat(np.where(essential[:, None], group_loss, 0.0), level.node_start)
        adds = np.add.reduceat(np.where(essential[:, None], 0.0, group_loss), level.node_start)
        result = np.maximum(stops, adds)
    return np.clip(result, 0.0, 1.0, out=result)


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
            nobody = np.where(total + spare > 0, 1.0, available)  # u = 0: the limit of the formula
            served = np.where(use > 0, np.minimum(1.0, (total + spare) / use), nobody)
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
    batch = max(1, BATCH_CELLS // max(chain.supplies, chain.nodes, 1))
    if batch >= columns:
        return _solve(chain, restrictions, criticality, single, sharing, pools, tol)
    left, arrived = np.empty((chain.nodes, columns), order="F"), np.empty((chain.supplies, columns), order="F")
    chain.draws, chain.supply_place  # noqa: B018  computed once, before the threads ask for them

    def solve(start: int) -> None:
        part = slice(start, start + batch)
        some = Restrictions(np.ascontiguousarray(restrictions.own[:, part]), restrictions.link, restrictions.r[:, part])
        c = criticality[:, part] if criticality.shape[1] > 1 else criticality
        theirs = [replace(pool, columns=pool.columns[part]) for pool in pools]
        left[:, part], arrived[:, part] = _solve(chain, some, c, single[part], sharing, theirs, tol)

    with ThreadPoolExecutor(min(os.cpu_count() or 1, MAX_THREADS)) as threads:
        for _ in threads.map(solve, range(0, columns, batch)):
            pass
    return left, arrived


def _solve(
    chain: Chain, restrictions: Restrictions, criticality: Floats, lone: Bools, sharing: SharingMode,
    pools: Sequence[Pool], tol: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """`availability` of some columns at once."""
    loss = np.ascontiguousarray(1.0 - restrictions.own)
    own_loss = loss.copy()
    lost = np.zeros((chain.supplies, loss.shape[1]))
    active = tuple(pools) if sharing != "fixed" else ()
    raw = lost.copy() if active else lost
    slices = _restricted_by_level(chain, restrictions.link)
    pools_at = [[p for p in active if i in chain.supply_place[0][p.supply]] for i in range(len(chain.levels))]
    straddling = any(sum(p is q for at in pools_at for q in at) > 1 for p in active)

    def solve(index: int) -> float:
        level = chain.levels[index]
        where, rows = slices[index]
        link = restrictions.link[where]
        nodes = chain.share.indices[link].astype(np.intp)
        share = chain.share.data[link]
        raw[level.rows] = arrivals(level.block, loss, link, rows, share, restrictions.r[where], nodes)
        if active:
            lost[level.rows] = raw[level.rows]
            # the linked reading knows no spare capacity, and only `first` asks for it
            helpers = np.where(lone, 0.0, 1.0 - loss) if sharing == "first" and pools_at[index] else loss
            for pool in pools_at[index]:
                met = 1.0 - meet(pool, sharing, 1.0 - raw[pool.supply], helpers)
                lost[pool.supply] = np.where(pool.columns, met, lost[pool.supply])
        if not len(level.node):
            return 0.0
        new = loss_of_needs(level, chain, criticality, lost[chain.draws[index]], lone)
        np.maximum(new, own_loss[level.makers], out=new)
        change = 0.0
        if level.cyclic or straddling:
            change = float(np.abs(new - loss[level.makers]).max(initial=0.0))
        loss[level.makers] = new
        return change

    for _ in range(MAX_ROUNDS):
        change = 0.0
        before = lost.copy() if straddling else lost
        for index, level in enumerate(chain.levels):
            step = solve(index)
            rounds = 0
            while level.cyclic and step >= tol:
                step = solve(index)
                rounds += 1
                if rounds > MAX_ROUNDS:
                    raise ArithmeticError(f"a cycle of {len(level.node)} producers did not settle")
            change = max(change, step)
        if straddling:  # a pool's buyers on early levels have met a shortage of later ones only now
            change = max(change, float(np.abs(lost - before).max(initial=0.0)))
        if not straddling or change < tol:
            return np.subtract(1.0, loss, out=loss), np.subtract(1.0, np.clip(lost, 0.0, 1.0, out=lost), out=lost)
    raise ArithmeticError("the shared supplies did not settle")


def _restricted_by_level(chain: Chain, link: Ints) -> list[tuple[Ints, Ints]]:
    """For each level, which restricted links reach its supplies, and the row of each in the level's block."""
    if not len(link):
        nothing = np.zeros(0, dtype=np.intp)
        return [(nothing, nothing)] * len(chain.levels)
    level, row = (place[chain.link_supply[link]] for place in chain.supply_place)
    order = _split_by_level(level, len(chain.levels))
    return [(where, row[where]) for where in order]
