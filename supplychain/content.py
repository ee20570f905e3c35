"""How much of a good's value comes from one country: the test of re-export rules."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from supplychain.availability import Bools, Floats
from supplychain.sourcing import Sourcing

MAX_ROUNDS = 1_000  # of a cycle of goods; the content only grows and is capped at 1
NOTED = 0.001  # makers of a smaller share of the world are left out of the table
CAUGHT = 1e-12  # a content of exactly the threshold is caught


def value_shares(edges: pd.DataFrame) -> Floats:
    """(edges, 4): low ends, central values, central values again, high ends; unknown: 0 in the first two, else 1."""
    ends = edges[["value_share_low", "value_share", "value_share", "value_share_high"]].to_numpy(dtype=float)
    result: Floats = np.where(np.isnan(ends), np.array([0.0, 0.0, 1.0, 1.0]), ends)
    return result


def content(sourcing: Sourcing, issuer: str, goods: Collection[str], shares: Floats | None = None) -> Floats:
    """Value share of the issuer's goods in what each node makes, in the columns of `value_shares`.

    v(g,n) = sum over inputs i of value_share(i,g) x sum over origins o of s(i, o -> n) x (1 if o is in the issuing
    country and i is among the goods, else v(i,o))

    goods: the goods whose making in the issuing country counts (scope role `content`); shares: (edges, K) value shares
    in place of those. Returns (N, K). Normal sourcing, legal scope, no severity.
    """
    chain, world = sourcing.chain, sourcing.world
    at_home = sourcing.node_country == world.country_index.get(issuer, -1)
    counted = np.isin(sourcing.node_good, [world.good_index[g] for g in goods if g in world.good_index])
    direct = (at_home & counted)[:, None]
    of_need = (value_shares(sourcing.edges) if shares is None else shares)[sourcing.need_edge]
    value = np.zeros((chain.nodes, of_need.shape[1]))
    arriving = np.zeros((chain.supplies, of_need.shape[1]))
    for level in chain.levels:
        for _ in range(MAX_ROUNDS if level.cyclic else 1):
            arriving[level.supply] = level.block @ np.where(direct, 1.0, value)
            if not len(level.node):
                break
            before = value[level.node]
            parts = of_need[level.need] * arriving[chain.need_supply[level.need]]
            start = level.group_start[level.node_start]
            value[level.node] = np.minimum(1.0, np.add.reduceat(parts, start))
            if np.abs(value[level.node] - before).max() < CAUGHT:
                break
    return value


def caught(value: Floats, threshold: float, named: bool) -> Floats:
    """Which nodes' goods a clause with a content threshold catches in each reading.

    value: (N, 4) from `content`. Returns (N, 5) of 0 and 1 in the order of READINGS (linked, dependent, short low,
    short, short high): the low reading needs a known content at or over the threshold; the high ones are caught unless
    even an unknown content could not reach it; the central one follows the known content, and an unknown one only
    where the clause names the good.
    """
    low, high = (value[:, [0, 3]] >= threshold - CAUGHT).T
    central = caught_by(value[:, 1], value[:, 2], threshold, named)
    return np.stack([high, high, low, central, high], axis=1).astype(float)


def caught_by(known: Floats, unless_known: Floats, threshold: float, named: bool) -> Bools:
    """Which nodes' goods are caught in the reading short: by the known content, an unknown one if the clause names it.

    known, unless_known: content where a value share that nobody states counts as 0, and as 1
    """
    return (known >= threshold - CAUGHT) | ((unless_known >= threshold - CAUGHT) & named)


def content_frame(
    sourcing: Sourcing, issuer: str, goods: Collection[str], thresholds: dict[str, float]
) -> pd.DataFrame:
    """Content of each foreign-made good that a clause covers: good, country, value_low, value, value_high, threshold,
    caught_low, caught, caught_high. value_high counts an unknown value share as 1: caught_high then means "cannot be
    ruled out". thresholds: good -> value share from which it is caught."""
    value = content(sourcing, issuer, goods)
    world = sourcing.world
    rows = []
    for good, threshold in sorted(thresholds.items()):
        nodes = np.flatnonzero(sourcing.node_good == world.good_index[good])
        hit = caught(value[nodes], threshold, named=True)
        for k, node in enumerate(nodes):
            country = world.countries[sourcing.node_country[node]]
            if country == issuer or np.isnan(sourcing.node_share[node]) or sourcing.node_share[node] < NOTED:
                continue
            rows.append((good, country, *value[node, [0, 1, 3]], threshold, *(hit[k, [2, 3, 4]] > 0)))
    names = ["value_low", "value", "value_high", "threshold", "caught_low", "caught", "caught_high"]
    frame = pd.DataFrame(rows, columns=["good", "country", *names])
    order = ["value", "value_high", "good", "country"]
    return frame.sort_values(order, ascending=[False, False, True, True], kind="stable", ignore_index=True)
