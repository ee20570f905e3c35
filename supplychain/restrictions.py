"""From what clauses do to goods to what is lost of each flow: effects laid over the links of the chain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from supplychain.availability import Bools, Floats, Ints, Pool, Restrictions
from supplychain.content import caught, content
from supplychain.events import Effect
from supplychain.readings import CENTRAL, RUNS
from supplychain.sourcing import Sourcing


@dataclass(frozen=True, eq=False)
class Act:
    """One effect laid over the links it reaches.

    effect: what the clause does; run: position of the end-use class; leg: 0 to the trader or buyer, 1 on to the buyer
    links: (n,) positions in the chain (nodes of the issuer for an output stop); r: (n, 5) by READINGS
    way: where effects of this kind bite; at: (n,) positions in it
    """

    effect: Effect
    run: int
    leg: int
    links: Ints
    r: Floats
    way: Way
    at: Ints


@dataclass(frozen=True, eq=False)
class ContentTest:
    """The test of a re-export clause: the issuer, the goods of it that count, the threshold, whether it names the good.

    node: (n,) who makes what flows on each link of a way; own: (n,) made in the issuing country, caught at any content
    """

    issuer: str
    counted: frozenset[str]
    threshold: float
    named: bool
    node: Ints
    own: Bools


@dataclass(frozen=True, eq=False)
class Way:
    """Where one kind of effect bites: links of one leg, and which countries' rows of `Effect.r` speak for each.

    rows: (n,) country of each link; other: a second one, the larger r counts; factor: (n, 5) what the content test lets
    through to the clause, None = all; test: where that came from
    """

    leg: int
    links: Ints
    rows: Ints
    other: Ints | None = None
    factor: Floats | None = None
    test: ContentTest | None = None

    def r(self, effect: Effect) -> Floats:
        """(n, 5) share of each flow lost."""
        r = self._laid(effect.r, slice(None))
        return r if self.factor is None else r * self.factor

    def drawn(self, r: Floats, at: Ints, factor: Floats | None = None) -> Floats:
        """(len(at), K) share of some flows lost where the effect takes r (C, K).

        factor: (len(at), K) what the content test lets through; None: as in the reading short
        """
        laid = self._laid(r, at)
        if self.factor is None:
            return laid
        return laid * (self.factor[at, CENTRAL, None] if factor is None else factor)

    def _laid(self, r: Floats, at: Ints | slice) -> Floats:
        laid: Floats = r[self.rows[at]]
        return laid if self.other is None else np.maximum(laid, r[self.other[at]])


class Reach:
    """Lays effects over the links of one chain; remembers which links a clause reaches, whatever its severity."""

    def __init__(self, sourcing: Sourcing) -> None:
        self.sourcing = sourcing
        self._ways: dict[object, list[Way]] = {}
        self._content: dict[object, Floats] = {}
        self._pools: dict[object, Pool] = {}

    def acts(self, effects: Sequence[Effect], run: int) -> list[Act]:
        """The effects of one end-use class (columns run x READINGS) on the links they reach."""
        counted: dict[str, set[str]] = {}
        for effect in effects:
            if effect.role == "content":
                counted.setdefault(effect.event, set()).add(effect.good)
        found = []
        for effect in effects:
            if effect.role == "content" or effect.good not in self.sourcing.world.good_index:
                continue
            ways = self._ways_of(effect, frozenset(counted.get(effect.event, ())))
            for k, way in enumerate(ways):
                r = way.r(effect)
                hit = np.flatnonzero(r.any(axis=1))
                if len(hit) or (k == 0 and effect.r.any()):  # a clause that reaches no flow still opens a pool
                    found.append(Act(effect, run, way.leg, way.links[hit], r[hit], way, hit))
        return found

    def pools(self, classes: Sequence[Sequence[Effect]]) -> tuple[Pool, ...]:
        """For each good that a clause in force names, its buyers and spare capacity outside the issuing countries.

        The same good, issuers and end-use class give the same object, whatever the day.
        """
        result = []
        for k, effects in enumerate(classes):
            by_good: dict[str, set[int]] = {}
            for effect in effects:
                if effect.practice or effect.role == "content" or not effect.r.any():
                    continue
                issuers = by_good.setdefault(effect.good, set())
                if effect.acts_on != "output":
                    issuers.add(self.sourcing.world.country_index[effect.issuer])
            for good in sorted(g for g in by_good if g in self.sourcing.world.good_index):
                key = (good, frozenset(by_good[good]), k, len(classes))
                if key not in self._pools:
                    columns = np.arange(len(classes) * RUNS) // RUNS == k
                    self._pools[key] = pool_of(self.sourcing, good, by_good[good], columns)
                result.append(self._pools[key])
        return tuple(result)

    def _ways_of(self, effect: Effect, counted: frozenset[str]) -> list[Way]:
        threshold = None if np.isnan(effect.content_threshold) else effect.content_threshold
        key = (effect.good, effect.acts_on, effect.issuer, effect.role, effect.buyers, threshold, effect.named, counted)
        if key not in self._ways:
            ways = [self._stop(effect)] if effect.acts_on == "output" else self._flows(effect, counted)
            self._ways[key] = ways
        return self._ways[key]

    def _stop(self, effect: Effect) -> Way:
        """The issuer's producers of the good; those that the clause names, if it names any."""
        s = self.sourcing
        index = s.world.country_index
        mine = (s.node_good == s.world.good_index[effect.good]) & (s.node_country == index[effect.issuer])
        if effect.buyers:
            mine &= np.isin(s.node_producer.astype(str), list(effect.buyers))
        nodes = np.flatnonzero(mine)
        return Way(0, nodes, s.node_country[nodes])

    def _flows(self, effect: Effect, counted: frozenset[str]) -> list[Way]:
        """Leg 0 ends at the trader or, without one, at the buyer; leg 1 at the buyer."""
        s = self.sourcing
        here = s.links_of_good(s.world.good_index[effect.good])
        links = np.arange(here.start, here.stop)
        if effect.buyers:
            listed = np.isin(s.supply_buyer[s.chain.link_supply[here]].astype(str), list(effect.buyers))
            links = links[listed]
        trader, maker = s.link_trader[links], s.node_country[s.link_node[links]]
        buyer = s.supply_country[s.chain.link_supply[links]]
        issuer = s.world.country_index[effect.issuer]
        traded = trader >= 0
        first_end = np.where(traded, trader, buyer)

        def way(leg: int, where: Bools, rows: Ints) -> Way:
            return Way(leg, links[where], rows[where])

        if effect.acts_on == "export":
            return [
                way(0, (maker == issuer) & (first_end != issuer), first_end),
                way(1, traded & (trader == issuer) & (buyer != issuer), buyer),
            ]
        if effect.acts_on == "import":
            return [
                way(0, (first_end == issuer) & (maker != issuer), maker),
                way(1, traded & (buyer == issuer) & (trader != issuer), trader),
            ]
        if effect.acts_on != "reexport":
            return []
        made_abroad = (maker != issuer) & (first_end != issuer) & (maker != first_end)
        sent_on = traded & (trader != issuer) & (buyer != issuer) & (trader != buyer)
        if effect.role == "technology":
            return [way(0, made_abroad, first_end), way(1, sent_on, buyer)]
        if np.isnan(effect.content_threshold):
            return [way(1, sent_on & (maker == issuer), buyer)]
        if (effect.issuer, counted) not in self._content:
            self._content[effect.issuer, counted] = content(s, effect.issuer, counted)
        share = self._content[effect.issuer, counted]
        hit = caught(share, effect.content_threshold, effect.named)[s.link_node[links]]
        hit = np.where((maker == issuer)[:, None], 1.0, hit)

        def tested(leg: int, where: Bools, rows: Ints) -> Way:
            node, own = s.link_node[links[where]], maker[where] == issuer
            test = ContentTest(effect.issuer, counted, effect.content_threshold, effect.named, node, own)
            return Way(leg, links[where], rows[where], factor=hit[where], test=test)

        return [tested(0, made_abroad, first_end), tested(1, sent_on, buyer)]


def touched(acts: Sequence[Act], nodes: int) -> tuple[Bools, Ints]:
    """(nodes,) whose own capacity acts cut, and the links on which they take something, increasing."""
    own, links = np.zeros(nodes, dtype=bool), [np.zeros(0, dtype=np.intp)]
    for act in acts:
        if act.effect.acts_on == "output":
            own[act.links] = True
        else:
            links.append(act.links)
    return own, np.unique(np.concatenate(links))


def restrict(sourcing: Sourcing, acts: Sequence[Act], runs: int) -> Restrictions:
    """Own capacity and flows left under some acts; columns = runs x READINGS.

    Several clauses on one flow: the largest r, lost once, also over the two legs of a trader's flow.
    """
    own = np.ones((sourcing.chain.nodes, runs * RUNS))
    on_flows = [act for act in acts if act.effect.acts_on != "output"]
    for act in acts:
        if act.effect.acts_on == "output":
            at = slice(act.run * RUNS, (act.run + 1) * RUNS)
            own[act.links, at] = np.minimum(own[act.links, at], 1.0 - act.r)
    if not on_flows:
        return Restrictions(own, np.zeros(0, dtype=np.intp), np.zeros((0, runs * RUNS)))
    link = np.unique(np.concatenate([act.links for act in on_flows]))
    r = np.zeros((len(link), runs * RUNS))
    for act in on_flows:
        at, rows = slice(act.run * RUNS, (act.run + 1) * RUNS), np.searchsorted(link, act.links)
        r[rows, at] = np.maximum(r[rows, at], act.r)
    return Restrictions(own, link, r)


def pool_of(sourcing: Sourcing, good: str, issuers: Collection[int], columns: Bools) -> Pool:
    """The buyers of a good outside the issuing countries, and the spare capacity there."""
    g = sourcing.world.good_index[good]
    inside = list(issuers)
    supply = np.flatnonzero((sourcing.supply_good == g) & ~np.isin(sourcing.supply_country, inside))
    spare = np.nan_to_num(sourcing.node_share * sourcing.node_spare)
    makers = (sourcing.node_good == g) & (spare > 0) & ~np.isin(sourcing.node_country, inside)
    nodes = np.flatnonzero(makers)
    return Pool(supply, sourcing.supply_use[supply], nodes, spare[nodes], columns)
