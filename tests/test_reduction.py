"""The small part of a chain that draws, attribution and simulation solve loses the same as the whole."""

from __future__ import annotations

import numpy as np
import pytest

import supplychain as sc
from supplychain.attribute import contributions
from supplychain.availability import availability
from supplychain.reduction import reduce


@pytest.fixture(scope="module")
def net() -> sc.Network:
    return sc.load()


@pytest.mark.parametrize("sharing", ["fixed", "shared", "first"])
@pytest.mark.parametrize(("on", "market"), [("2025-06-05", "USA"), ("2025-10-20", "DEU")])
def test_losses_are_those_of_the_whole_chain(net: sc.Network, on: str, market: str, sharing: str) -> None:
    x = net.exposure(on, market, sharing=sharing)
    model, solved = x.model, x.solved
    shared = () if sharing == "fixed" else model.reach.pools(model.effects(x.scenario))
    targets = np.unique(np.concatenate([x.supplies(product)[0] for product in x.products]))
    own = (solved.restrictions.own < 1).any(axis=1)
    reduced = reduce(model.sourcing.chain, own, solved.restrictions.link, targets, shared)
    assert reduced.chain.nodes < model.sourcing.chain.nodes / 4
    kept = [pool for pool in map(reduced.pool, shared) if pool is not None]
    restrictions = reduced.restrictions(solved.restrictions)
    criticality = solved.criticality[reduced.need]
    _, arrived = availability(reduced.chain, restrictions, criticality, model.lone, sharing, kept)
    assert arrived[reduced.supply_at(targets)] == pytest.approx(solved.arrived[targets], abs=1e-12)
    assert arrived.min() < 0.5


def test_an_event_alone_costs_what_a_run_with_only_that_event_says(net: sc.Network) -> None:
    """Under `shared`, where pools differ from coalition to coalition."""
    x = net.exposure("2025-06-05", "USA", ["smartphone"], sharing="shared")
    found = contributions(x, "smartphone", method="alone").set_index("player")["alone"]
    assert (found > 0.01).sum() > 3
    for event, alone in found.items():
        only = net.exposure("2025-06-05", "USA", ["smartphone"], events=[str(event)], sharing="shared")
        assert alone == pytest.approx(only.readings("smartphone")[3], abs=1e-9)
