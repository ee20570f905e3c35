"""The state of one simulation from day to day: only what changes is computed anew (arrays only).

Losses change on few days only: when a shipment that differs from the one before arrives, when a stock has run out, when
a clause begins or ends. A step goes from one such day to the next and recomputes what the change touches; stocks drain
and fill in straight lines in between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from supplychain.availability import Bools, Chain, Floats, Ints, Level, Pool, Restrictions, loss_of_needs, sorted_by
from supplychain.pooled import Pooled, spans, sums

SETTLED = 1e-12  # smaller changes of a loss do not travel on (availability's tolerance)
NOTICED = 1e-9  # a smaller loss is rounding: no first loss, and an inflow that counts as full
MAX_ROUNDS = 100_000


@dataclass(frozen=True, eq=False)
class Segment:
    """What is in force from day `start` (0 = the first clause's day) until the next segment starts."""

    start: int
    restrictions: Restrictions
    pools: tuple[Pool, ...] = ()


class State:
    """The state of one simulation at the start of a day, and the step to the next.

    loss, own_loss: (N,) 1 - a, 1 - own; raw, met: (M,) 1 - f before and after sharing; lost: the same as
    far as it has travelled on
    carried, r: (links,) loss of the maker and restriction when what arrives today was shipped
    left: (Q,) stock at the start of day `since`, changing by `rate` a day; short: (Q,) what inflow and stock leave
    missing, the same until day `due`; coming, clauses: by day, which links bring another `carried` or `r`, and how much
    """

    def __init__(
        self,
        chain: Chain,
        segments: Sequence[Segment],
        pooled: Pooled,
        criticality: Floats,
        stock: Floats,
        transit: Ints,
        refill: Floats,
        days: int,
    ) -> None:
        self.chain, self.criticality, self.stock, self.transit = chain, criticality, stock, transit
        self.refill, self.days, self.pooled = refill, days, pooled
        self.source, self.buyer = chain.share.indices.astype(np.intp), chain.link_supply
        self.link_start = chain.share.indptr.astype(np.intp)
        self.out_links, self.out_start = sorted_by(self.source, chain.nodes)
        self.buyer_needs, self.buyer_start = sorted_by(chain.need_supply, chain.supplies)
        self.need_start = sorted_by(chain.need_node, chain.nodes)[1]
        self.loss, self.own_loss = np.zeros(chain.nodes), np.zeros(chain.nodes)
        self.raw, self.met, self.lost = (np.zeros(chain.supplies) for _ in range(3))
        self.carried, self.r = np.zeros(chain.share.nnz), np.zeros(chain.share.nnz)
        self.left, self.rate, self.short = stock.copy(), np.zeros(len(stock)), np.zeros(len(stock))
        self.since, self.due = np.zeros(len(stock), dtype=np.intp), np.full(len(stock), days, dtype=np.intp)
        self.first, self.ran_out = np.full(chain.nodes, np.nan), np.full(chain.nodes, -1, dtype=np.intp)
        self.watched = np.zeros(chain.nodes, dtype=bool)
        self.pools = np.zeros(pooled.count, dtype=bool)
        pools = pooled.of_segment or [np.zeros(0, dtype=np.intp)] * len(segments)
        self.segments = {s.start: (s, shared) for s, shared in zip(segments, pools, strict=True) if s.start < days}
        self.coming: defaultdict[int, list[tuple[Ints, Floats]]] = defaultdict(list)
        self.clauses: defaultdict[int, list[tuple[Ints, Floats]]] = defaultdict(list)
        r = np.zeros(chain.share.nnz)
        for segment in segments:
            before, r = r, np.zeros(chain.share.nnz)
            r[segment.restrictions.link] = segment.restrictions.r
            changed = np.flatnonzero(r != before)
            self._send(self.clauses, segment.start, changed, r[changed])
        self.circular = _circular(chain, transit == 0, pooled)

    def next_day(self) -> int:
        """The next day on which anything changes."""
        return min(int(self.due.min(initial=self.days)), self.days, *self.coming, *self.clauses, *self.segments)

    def _send(self, to: defaultdict[int, list[tuple[Ints, Floats]]], day: int, links: Ints, values: Floats) -> None:
        """Let links change to `values` when that which is shipped on `day` arrives."""
        transit = self.transit[links]
        order = np.argsort(transit, kind="stable")
        ends = np.flatnonzero(np.diff(transit[order], append=-1)) + 1
        start = 0
        for end in ends.tolist():
            arrival = day + int(transit[order[start]])
            if arrival < self.days:
                to[arrival].append((links[order[start:end]], values[order[start:end]]))
            start = end

    def step(self, day: int) -> None:
        """Everything that happens on a day."""
        chain = self.chain
        supplies, nodes = np.zeros(chain.supplies, dtype=bool), np.zeros(chain.nodes, dtype=bool)
        for what, by_day in ((self.carried, self.coming), (self.r, self.clauses)):
            for links, values in by_day.pop(day, []):
                what[links] = values
                supplies[self.buyer[links]] = True
        if day in self.segments:
            self._begin(*self.segments.pop(day), supplies, nodes)
        before = self.loss
        if self.circular:  # the greatest fixed point is reached from above only
            before = self.loss.copy()
            self._restart(supplies, nodes)
        needs = np.flatnonzero(self.due <= day)
        touched, moved = np.zeros(len(self.stock), dtype=bool), np.zeros(chain.nodes, dtype=bool)
        changed = np.zeros(0, dtype=np.intp)
        for _ in range(MAX_ROUNDS):
            arrived = self._arrive(np.flatnonzero(supplies), changed)
            needs = np.concatenate([needs, self.buyer_needs[spans(self.buyer_start, arrived)]])
            touched[needs] = True
            nodes[chain.need_node[self._draw(needs, day)]] = True
            changed = self._make(np.flatnonzero(nodes))
            if not len(changed):
                break
            moved[changed] = True
            links = self.out_links[spans(self.out_start, changed)]
            links = links[self.transit[links] == 0]
            self.carried[links] = self.loss[self.source[links]]
            supplies[:], nodes[:], needs = False, False, needs[:0]
            supplies[self.buyer[links]] = True
        else:
            raise ArithmeticError(f"a cycle within day {day} did not settle")
        makers = np.flatnonzero(np.abs(self.loss - before) > SETTLED if self.circular else moved)
        links = self.out_links[spans(self.out_start, makers)]
        links = links[self.transit[links] > 0]
        self._send(self.coming, day, links, self.loss[self.source[links]])
        self._first_losses(makers[self.watched[makers]], day)
        touched[spans(self.need_start, makers)] = True
        self._go_on(np.flatnonzero(touched), day)

    def _begin(self, segment: Segment, pools: Ints, supplies: Bools, nodes: Bools) -> None:
        """Own capacity and pools of a new segment; marks the supplies and nodes that are hit."""
        own_loss = 1.0 - segment.restrictions.own
        nodes[own_loss != self.own_loss] = True
        self.own_loss = own_loss
        before, self.pools = self.pools, np.zeros(self.pooled.count, dtype=bool)
        self.pools[pools] = True
        supplies[self.pooled.supplies(np.flatnonzero(before != self.pools))] = True

    def _restart(self, supplies: Bools, nodes: Bools) -> None:
        self.loss = self.own_loss.copy()
        same_day = self.transit == 0
        self.carried[same_day] = self.loss[self.source[same_day]]
        supplies[:], nodes[:] = True, True

    def _arrive(self, supplies: Ints, moved: Ints) -> Ints:
        """Recompute the inflow of supplies; returns those whose inflow after sharing changed.

        moved: nodes whose loss changed since the last call: with spare capacity they change what a pool can share
        """
        link = spans(self.link_start, supplies)
        lost = self.chain.share.data[link] * (self.r[link] + (1.0 - self.r[link]) * self.carried[link])
        self.raw[supplies] = sums(lost, self.link_start[supplies + 1] - self.link_start[supplies])
        self.met[supplies] = self.raw[supplies]
        if self.pooled.count:
            pools = self.pooled.touched(supplies, moved, self.pools)
            together = self.pooled.supplies(pools)
            self.met[together] = self.pooled.met(pools, self.raw, self.loss)
            hit = np.zeros(len(self.met), dtype=bool)
            hit[supplies], hit[together] = True, True
            supplies = np.flatnonzero(hit)
        changed: Ints = supplies[np.abs(self.met[supplies] - self.lost[supplies]) > SETTLED]
        self.lost[changed] = self.met[changed]
        return changed

    def _draw(self, needs: Ints, day: int) -> Ints:
        """Recompute what inflow and stock leave missing of needs; returns those where that changed."""
        self._count(needs, day)
        short = np.maximum(0.0, self.lost[self.chain.need_supply[needs]] - self.left[needs])
        changed: Ints = needs[short != self.short[needs]]
        self.short[needs] = short
        return changed

    def _count(self, needs: Ints, day: int) -> None:
        """Bring the stock of needs to the start of the day."""
        left = self.left[needs] + (day - self.since[needs]) * self.rate[needs]
        self.left[needs] = np.minimum(np.maximum(left, 0.0), self.stock[needs])
        self.since[needs] = day

    def _make(self, nodes: Ints) -> Ints:
        """Recompute the loss of nodes from what is missing; returns those whose loss changed."""
        new = self.own_loss[nodes]
        part = _part(self.chain, spans(self.need_start, nodes))
        if len(part.need):
            short = self.short[part.need, None]
            inputs = loss_of_needs(part, self.chain, self.criticality, short, np.zeros(1, dtype=bool))[:, 0]
            at = np.searchsorted(nodes, part.node)
            new[at] = np.maximum(new[at], inputs)
        differs = np.abs(new - self.loss[nodes]) > SETTLED
        self.loss[nodes[differs]] = new[differs]
        return nodes[differs]

    def _go_on(self, needs: Ints, day: int) -> None:
        """How the stocks of needs go on from this day, and until when what is missing stays the same."""
        self._count(needs, day)
        lost, left, short = self.lost[self.chain.need_supply[needs]], self.left[needs], self.short[needs]
        use_lost = np.maximum(short, self.loss[self.chain.need_node[needs]])
        rate = use_lost - lost + np.where(lost <= NOTICED, self.refill[needs], 0.0)
        rate = np.where(left >= self.stock[needs], np.minimum(rate, 0.0), rate)
        self.rate[needs] = rate
        lasts = np.full(len(needs), float(self.days))
        drains = rate < -SETTLED
        lasts[drains] = np.floor((left[drains] - lost[drains]) / -rate[drains] - NOTICED) + 1.0
        lasts[(short > 0.0) & (np.abs(rate) > SETTLED)] = 1.0
        self.due[needs] = day + np.clip(lasts, 1.0, self.days).astype(np.intp)

    def _first_losses(self, nodes: Ints, day: int) -> None:
        """The first day of the nodes that lose something for the first time."""
        nodes = nodes[(self.loss[nodes] > NOTICED) & np.isnan(self.first[nodes])]
        self.first[nodes] = day
        nodes = nodes[self.loss[nodes] > self.own_loss[nodes] + SETTLED]  # else its own stop is first: no stock helps
        if len(nodes):
            part = _part(self.chain, spans(self.need_start, nodes))
            lost = self.lost[self.chain.need_supply[part.need]]
            cover, need = _binding(part, self.chain, self.criticality[:, 0], self.short[part.need],
                                   self.left[part.need], lost)  # fmt: skip
            self.first[nodes] += cover
            self.ran_out[nodes] = need


def _binding(
    part: Level, chain: Chain, criticality: Floats, short: Floats, left: Floats, lost: Floats
) -> tuple[Floats, Ints]:
    """The binding input of each node of a part, and how much of the day its stock covers: S / (1 - f).

    The binding input is the largest part of the largest effect on the node (of a group, or of all `adds` together);
    of equals, the one with the least cover.
    short, left, lost: (needs,) what is missing, S and 1 - f. Returns S / (1 - f) and the need, both (nodes,).
    """
    need, start = part.need, part.group_start
    group = np.repeat(np.arange(len(start)), np.diff(start, append=len(need)))
    node = np.repeat(np.arange(len(part.node)), np.diff(start[part.node_start], append=len(need)))
    covered = chain.takeover[need] * (1.0 - short)
    others = np.bincount(group, covered)[group] - covered
    effect = chain.weight[need] * criticality[need] * short * (1.0 - np.minimum(1.0, others))
    essential = chain.essential[need]
    added = np.bincount(node, np.where(essential, 0.0, effect))
    total = np.where(essential, np.bincount(group, effect)[group], added[node])
    first = start[part.node_start]
    effect = np.where(total >= np.maximum.reduceat(total, first)[node] - SETTLED, effect, 0.0)
    binds = effect >= np.maximum.reduceat(effect, first)[node] - SETTLED
    cover = np.divide(left, lost, out=np.full(len(need), np.inf), where=binds)
    order = np.lexsort((cover, node))
    return cover[order[first]], need[order[first]]


def _part(chain: Chain, need: Ints) -> Level:
    """Whole nodes with all their needs, as `loss_of_needs` takes them."""
    group = np.flatnonzero(np.diff(chain.need_group[need], prepend=-1))
    node = np.flatnonzero(np.diff(chain.need_node[need[group]], prepend=-1))
    nothing = np.zeros(0, dtype=np.intp)
    return Level(nothing, chain.share, chain.need_node[need[group[node]]], need, group, node, False)


def _circular(chain: Chain, same_day: Bools, pooled: Pooled) -> bool:
    """Whether a node can reach itself within a day, through links without transit and through pools."""
    makers, pool = chain.supplies, chain.supplies + chain.nodes
    source = chain.share.indices[same_day].astype(np.intp)
    of_supply, of_spare = (
        pool + np.repeat(np.arange(pooled.count), np.diff(start)) for start in (pooled.start, pooled.spare_start)
    )
    tail = np.concatenate([source + makers, chain.need_supply, pooled.supply, of_supply, pooled.spare_node + makers])
    head = np.concatenate([chain.link_supply[same_day], chain.need_node + makers, of_supply, pooled.supply, of_spare])
    size = pool + pooled.count
    graph = coo_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(size, size)).tocsr()
    _, component = connected_components(graph, directed=True, connection="strong")
    members = np.bincount(component)
    return bool((members[component[makers : makers + chain.nodes]] > 1).any())
