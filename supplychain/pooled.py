"""Shortages that are met together in a simulation: all pools of all columns side by side (arrays only)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from supplychain.availability import Bools, Chain, Floats, Ints, Pool, SharingMode, sorted_by


def spans(start: Ints, rows: Ints) -> Ints:
    """The positions of all entries of some rows, one row after the other."""
    lengths = start[rows + 1] - start[rows]
    ends = np.cumsum(lengths)
    result: Ints = np.repeat(start[rows] - ends + lengths, lengths) + np.arange(ends[-1] if len(ends) else 0)
    return result


def sums(values: Floats, lengths: Ints) -> Floats:
    """Sums of stretches of rows; an empty stretch sums to 0."""
    result = np.zeros(len(lengths))
    some = np.flatnonzero(lengths)
    if len(some):
        result[some] = np.add.reduceat(values, (np.cumsum(lengths) - lengths)[some])
    return result


class Pooled:
    """The pools of all segments for the copies of a chain, each once for every column in which it applies.

    of_segment: for each segment the numbers of its pools; start, supply, use: the supplies of pool i are
    supply[start[i]:start[i + 1]], u their use; spare_start, spare_node, spare: the same for spare capacity
    """

    def __init__(self, chain: Chain, segments: Sequence[Sequence[Pool]], lone: Bools, mode: SharingMode) -> None:
        self.mode = mode
        columns = len(lone)
        distinct = {id(pool): pool for pools in segments for pool in pools}
        numbers: dict[int, Ints] = {}
        copies: list[tuple[Pool, int]] = []
        for key, pool in distinct.items():
            applies = np.flatnonzero(pool.columns).tolist()
            numbers[key] = len(copies) + np.arange(len(applies))
            copies += [(pool, k) for k in applies]
        self.count = len(copies)
        nothing = np.zeros(0, dtype=np.intp)
        self.of_segment = [np.concatenate([nothing, *(numbers[id(pool)] for pool in pools)]) for pools in segments]
        self.start = _starts([len(pool.supply) for pool, _ in copies])
        self.supply = np.concatenate([nothing, *(pool.supply + k * chain.supplies for pool, k in copies)])
        self.use = np.concatenate([np.zeros(0), *(pool.use for pool, _ in copies)])
        self.everyone = sums(self.use, np.diff(self.start))
        self.spare_start = _starts([len(pool.spare_node) for pool, _ in copies])
        self.spare_node = np.concatenate([nothing, *(pool.spare_node + k * chain.nodes for pool, k in copies)])
        self.spare = np.concatenate([np.zeros(0), *(pool.spare * (not lone[k]) for pool, k in copies)])
        self._by_supply = _lookup(self.supply, self.start, columns * chain.supplies)
        self._by_node = _lookup(self.spare_node, self.spare_start, columns * chain.nodes)

    def touched(self, supplies: Ints, nodes: Ints, active: Bools) -> Ints:
        """The active pools that share with one of these supplies, or whose spare capacity is in one of these nodes."""
        hit = np.zeros(self.count, dtype=bool)
        for rows, (pool, first) in ((supplies, self._by_supply), (nodes, self._by_node)):
            hit[pool[spans(first, rows)]] = True
        return np.flatnonzero(hit & active)

    def supplies(self, pools: Ints) -> Ints:
        """The supplies of some pools, one pool after the other."""
        return self.supply[spans(self.start, pools)]

    def met(self, pools: Ints, lost: Floats, loss: Floats) -> Floats:
        """What each supply of some pools loses, in the order of `supplies`, when the shortage is met together.

        As `availability.meet`, in losses: shared: 1 - A = sum u (1 - f) / U; first: 1 - A = min(1 - f,
        1 - min(1, (T + spare) / u)). lost: (supplies,) 1 - f before sharing; loss: (nodes,) 1 - a.
        """
        at = spans(self.start, pools)
        lengths = self.start[pools + 1] - self.start[pools]
        use, own = self.use[at], lost[self.supply[at]]
        missing, everyone = sums(use * own, lengths), self.everyone[pools]
        if self.mode == "shared":
            alike = np.divide(missing, everyone, out=np.zeros(len(pools)), where=everyone > 0)
            result: Floats = np.where(np.repeat(everyone > 0, lengths), np.repeat(alike, lengths), own)
            return result
        helpers = spans(self.spare_start, pools)
        spare = sums(
            self.spare[helpers] * (1.0 - loss[self.spare_node[helpers]]),
            self.spare_start[pools + 1] - self.spare_start[pools],
        )
        there = np.repeat(everyone - missing + spare, lengths)
        nobody = np.where(there > 0, 0.0, own)  # u = 0: the limit of the formula
        served = 1.0 - np.minimum(1.0, np.divide(there, use, out=np.zeros(len(use)), where=use > 0))
        first: Floats = np.minimum(own, np.where(use > 0, served, nobody))
        return first


def _starts(lengths: Sequence[int]) -> Ints:
    return np.cumsum([0, *lengths], dtype=np.intp)


def _lookup(entries: Ints, start: Ints, count: int) -> tuple[Ints, Ints]:
    """The pools that hold each supply (or node), and (count + 1,) where those of each begin."""
    pool = np.repeat(np.arange(len(start) - 1), np.diff(start))
    order, first = sorted_by(entries, count)
    return pool[order], first
