"""Do documented imports ask an exporter for more than it makes? Without such rows sourcing balances exactly."""

from __future__ import annotations

import numpy as np

from supplychain.errors import Problem
from supplychain.sourcing import BASES, Sourcing
from supplychain.tables import Tables

NOTED = 0.05  # of the world's use of a good; smaller gaps are within the error of the shares


def overdrawn(tables: Tables, sourcing: Sourcing) -> list[Problem]:
    """Exporters whose output of a good is smaller than what buyers are said to take, one warning a good and country.

    asked(g,x) = sum over buyers of u(g,c) s(g, x -> c); reported where it exceeds place(g,x) by more than 0.05 and rows
    of imports or supply ask for some of it. Makers whose share is unknown are left out: nobody says what they make.
    """
    world = sourcing.world
    flow = sourcing.supply_use[sourcing.chain.link_supply] * sourcing.chain.share.data
    good, country = sourcing.node_good[sourcing.link_node], sourcing.node_country[sourcing.link_node]
    written = np.isin(sourcing.link_basis, [BASES.index("imports"), BASES.index("supply")])
    asked = np.zeros_like(world.place)
    np.add.at(asked, (good, country), flow)
    found = []
    for g, c in zip(*np.nonzero((asked > world.place + NOTED) & world.counted), strict=True):
        mine = np.flatnonzero(written & (good == g) & (country == c))
        if not len(mine):
            continue
        row = world.evidence[sourcing.link_evidence[mine[np.argmax(flow[mine])]]][0]
        message = (
            f"with the other rows asks {world.countries[c]} for {asked[g, c]:.2f} of the world's {world.goods[g]}, of "
            f"which it makes {world.place[g, c]:.2f}"
        )
        remedy = "It may re-export, or use shares may be off (docs/limits.md): name the maker or correct the shares."
        found.append(tables.problem(row, "share", message, remedy, level="warning"))
    return found
