"""From what clauses do to goods to what is lost of each flow: effects laid over the links of the chain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from supplychain.availability import Bools, Floats, Ints, Pool, Restrictions
from supplychain.content import caught, content
from supplychain.events import READINGS, Effect
from supplychain.sourcing import Sourcing

RUNS = len(READINGS)


@dataclass(frozen=True, eq=False)
class Act:
    """One effect laid over the links it reaches.

    effect: what the clause does; run: position of the end-use class; leg: 0 to the trader or buyer, 1 on to the buyer
    links: (n,) positions in the chain (nodes of the issuer for an output stop); r: (n, 5) by READINGS
    """

    effect: Effect
    run: int
    leg: int
    links: Ints
    r: Floats


def restrict(sourcing: Sourcing, classes: Sequence[Sequence[Effect]]) -> tuple[Restrictions, list[Act]]:
    """Own capacity and flows left under the effects of each end-use class; columns = classes x READINGS.

    Several clauses on one flow: the largest r. A trader's flow has two legs, from the maker to the trader and on to the
    buyer: r = 1 - (1 - r1)(1 - r2). Returns the restrictions and, for explanations, which effect reached which links.
    """
    columns = len(classes) * RUNS
    own = np.ones((sourcing.chain.nodes, columns))
    legs: tuple[dict[int, Floats], dict[int, Floats]] = ({}, {})
    acts: list[Act] = []
    for k, effects in enumerate(classes):
        at = slice(k * RUNS, (k + 1) * RUNS)
        made_of: dict[str, Floats] = {}
        for effect in effects:
            if effect.role == "content" or effect.good not in sourcing.world.good_index:
                continue
            if effect.acts_on == "output":
                nodes = _nodes_of(sourcing, effect)
                r = effect.r[sourcing.node_country[nodes]]
                own[nodes, at] = np.minimum(own[nodes, at], 1.0 - r)
                acts.append(Act(effect, k, 0, nodes, r))
                continue
            for leg, links, r in _legs(sourcing, effect, effects, made_of):
                found = legs[leg].setdefault(sourcing.world.good_index[effect.good], _empty(sourcing, effect, columns))
                rows = links - _links_of(sourcing, effect.good).start
                found[rows, at] = np.maximum(found[rows, at], r)
                acts.append(Act(effect, k, leg, links, r))
    return Restrictions(own, *_combined(sourcing, legs, columns)), acts


def pools(sourcing: Sourcing, classes: Sequence[Sequence[Effect]]) -> tuple[Pool, ...]:
    """For each good that a clause in force names, its buyers and spare capacity outside the issuing countries."""
    result = []
    for k, effects in enumerate(classes):
        columns = np.zeros(len(classes) * RUNS, dtype=bool)
        columns[k * RUNS : (k + 1) * RUNS] = True
        by_good: dict[str, set[int]] = {}
        for effect in effects:
            if effect.practice or effect.role == "content" or not effect.r.any():
                continue
            issuers = by_good.setdefault(effect.good, set())
            if effect.acts_on != "output":
                issuers.add(sourcing.world.country_index[effect.issuer])
        for good in sorted(g for g in by_good if g in sourcing.world.good_index):
            result.append(pool_of(sourcing, good, by_good[good], columns))
    return tuple(result)


def pool_of(sourcing: Sourcing, good: str, issuers: Collection[int], columns: Bools) -> Pool:
    """The buyers of a good outside the issuing countries, and the spare capacity there."""
    g = sourcing.world.good_index[good]
    inside = list(issuers)
    supply = np.flatnonzero((sourcing.supply_good == g) & ~np.isin(sourcing.supply_country, inside))
    spare = np.nan_to_num(sourcing.node_share * sourcing.node_spare)
    makers = (sourcing.node_good == g) & (spare > 0) & ~np.isin(sourcing.node_country, inside)
    nodes = np.flatnonzero(makers)
    return Pool(supply, sourcing.supply_use[supply], nodes, spare[nodes], columns)


def _empty(sourcing: Sourcing, effect: Effect, columns: int) -> Floats:
    links = _links_of(sourcing, effect.good)
    return np.zeros((links.stop - links.start, columns))


def _links_of(sourcing: Sourcing, good: str) -> slice:
    """The links into the supplies of a good: they stand side by side."""
    return sourcing.links_of_good(sourcing.world.good_index[good])


def _nodes_of(sourcing: Sourcing, effect: Effect) -> Ints:
    """The issuer's producers of the good (of an output stop); those that it names, if it names any."""
    mine = (sourcing.node_good == sourcing.world.good_index[effect.good]) & (
        sourcing.node_country == sourcing.world.country_index[effect.issuer]
    )
    if effect.buyers:
        mine &= np.isin(sourcing.node_producer.astype(str), list(effect.buyers))
    return np.flatnonzero(mine)


def _legs(
    sourcing: Sourcing, effect: Effect, effects: Sequence[Effect], made_of: dict[str, Floats]
) -> list[tuple[int, Ints, Floats]]:
    """(leg, links, r by reading) of one effect: leg 0 ends at the trader or, without one, at the buyer."""
    here = _links_of(sourcing, effect.good)
    links = np.arange(here.start, here.stop)
    supply = sourcing.chain.link_supply[here]
    if effect.buyers:
        listed = np.isin(sourcing.supply_buyer[supply].astype(str), list(effect.buyers))
        links, supply = links[listed], supply[listed]
    node, trader = sourcing.link_node[links], sourcing.link_trader[links]
    maker, buyer = sourcing.node_country[node], sourcing.supply_country[supply]
    issuer = sourcing.world.country_index[effect.issuer]
    traded = trader >= 0
    first_end, seller = np.where(traded, trader, buyer), np.where(traded, trader, maker)
    result: list[tuple[int, Bools, Floats]] = []
    if effect.acts_on == "export":
        result.append((0, (maker == issuer) & (first_end != issuer), effect.r[first_end]))
        result.append((1, traded & (trader == issuer) & (buyer != issuer), effect.r[buyer]))
    elif effect.acts_on == "import":
        result.append((0, (first_end == issuer) & (maker != issuer), effect.r[maker]))
        result.append(
            (1, traded & (buyer == issuer) & (maker != issuer), np.maximum(effect.r[maker], effect.r[trader]))
        )
    elif effect.acts_on == "reexport":
        sent_on = (seller != issuer) & (buyer != issuer) & (seller != buyer)
        if effect.role == "technology":
            result.append((1, sent_on, effect.r[buyer]))
        elif np.isnan(effect.content_threshold):
            result.append((1, sent_on & traded & (maker == issuer), effect.r[buyer]))
        else:
            share = _content_of(sourcing, effect, effects, made_of)
            hit = caught(share, effect.content_threshold, effect.named)[node]
            hit = np.where((maker == issuer)[:, None], 1.0, hit)
            result.append((1, sent_on, effect.r[buyer] * hit))
    return [(leg, links[where], r[where]) for leg, where, r in result if where.any()]


def _content_of(sourcing: Sourcing, effect: Effect, effects: Sequence[Effect], made_of: dict[str, Floats]) -> Floats:
    """v of every node under one event, computed once an event."""
    if effect.event not in made_of:
        goods = {e.good for e in effects if e.event == effect.event and e.role == "content"}
        made_of[effect.event] = content(sourcing, effect.issuer, goods)
    return made_of[effect.event]


def _combined(
    sourcing: Sourcing, legs: tuple[dict[int, Floats], dict[int, Floats]], columns: int
) -> tuple[Ints, Floats]:
    links, rows = [], []
    for g in sorted(legs[0].keys() | legs[1].keys()):
        here = sourcing.links_of_good(g)
        nothing = np.zeros((here.stop - here.start, columns))
        r = 1.0 - (1.0 - legs[0].get(g, nothing)) * (1.0 - legs[1].get(g, nothing))
        hit = np.flatnonzero(r.any(axis=1))
        links.append(hit + here.start)
        rows.append(r[hit])
    if not links:
        return np.zeros(0, dtype=np.intp), np.zeros((0, columns))
    return np.concatenate(links), np.concatenate(rows)
