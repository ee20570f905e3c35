"""Which rows of the user's own a result rests on: all of them that took part, whether or not they decide the figure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from supplychain.availability import Bools, Chain, Ints
from supplychain.exposure import Result
from supplychain.readings import CLASSES
from supplychain.restrictions import Act
from supplychain.tables import Tables, is_overlay
from supplychain.timeline import Simulation, schedule

CLAUSES = ("events", "event_scope", "event_phases", "severities", "assumptions")  # what acts are made of


def rows_that_took_part(result: Result, simulated: Simulation | None, own: Tables) -> list[str]:
    """The rows of an overlay that took part in a result, as `folder/table.csv:line`.

    From the products upstream: the goods, their parts, all makers of them, the trade rows of the supplies, countries
    (they set who uses how much), the clauses that act there on the day or in the simulation, with their scope, phases
    and severities, and the stocks, transit times and defaults of the simulation.

    simulated: the days behind `felt`; own: the tables without what-ifs, whose rows are nobody's.
    """
    mine = {name: set(own[name].index[is_overlay(own[name].index)]) for name in own}
    if not any(mine.values()):
        return []
    model, sourcing = result.model, result.solved.sourcing
    world, chain = sourcing.world, sourcing.chain
    asked = [result.supplies(product)[0] for product in result.products]
    supply = upstream(chain, np.concatenate(asked) if asked else np.zeros(0, dtype=np.intp))
    link = np.flatnonzero(supply[chain.link_supply])
    need = np.flatnonzero(np.isin(chain.need_node, sourcing.link_node[link]))
    goods = {world.goods[g] for g in np.unique(sourcing.supply_good[supply])}
    used = {world.evidence[e][0] for e in np.unique(sourcing.link_evidence[link]) if e >= 0}
    used |= {
        row for row, output in zip(sourcing.edges["row"], sourcing.edges["output"], strict=True) if output in goods
    }
    used |= set(model.tables["countries"].index)
    for name in ("goods", "production"):
        table = model.tables[name]
        used |= set(table.index[table["good"].isin(goods)])
    if simulated is not None:
        held, kept = simulated.run.buffers, simulated.run.reduced
        stocks, ways = held.stock_row[np.isin(kept.need, need)], held.transit_row[np.isin(kept.link, link)]
        used |= {row for cell in {*stocks, *ways, held.refill_row} for row in str(cell).split(";")}
    if any(mine[name] for name in CLAUSES):
        acts = list(result.acts)
        if simulated is not None:
            acts += [
                a for *_, acts in schedule(model, result.scenario, simulated.start, result.scenario.on) for a in acts
            ]
        used |= _of_acts(acts, result, link, goods)
    return sorted(used & set().union(*mine.values()))


def upstream(chain: Chain, supply: Ints) -> Bools:
    """(M,) these supplies and all that their makers draw on, step by step."""
    found = np.zeros(chain.supplies, dtype=bool)
    found[supply] = True
    while True:
        node = np.zeros(chain.nodes, dtype=bool)
        node[chain.share.indices[found[chain.link_supply]]] = True
        more = found.copy()
        more[chain.need_supply[node[chain.need_node]]] = True
        if (more == found).all():
            return found
        found = more


def _of_acts(acts: Iterable[Act], result: Result, link: Ints, goods: set[str]) -> set[str]:
    """What the acts that reach these links (or stop their makers) are made of, in the classes that are shown."""
    classes = {CLASSES.index(result.end_use(product)) for product in result.products}
    makers = np.unique(result.solved.sourcing.link_node[link])
    events, used = set(), set()
    for act in acts:
        hit = act.at[np.isin(act.links, makers if act.effect.acts_on == "output" else link)]
        if act.run not in classes or not len(hit):
            continue
        events.add(act.effect.event)
        places = [act.way.rows[hit]] if act.way.other is None else [act.way.rows[hit], act.way.other[hit]]
        for country in np.unique(np.concatenate(places)):
            used |= {act.effect.severity_row[country], act.effect.prior_row[country]}
        used |= {row for rows in act.effect.coverage_rows for row in rows}
    tables = result.model.tables
    for name in ("events", "event_phases"):
        used |= set(tables[name].index[tables[name]["event"].isin(events)])
    scope = tables["event_scope"]
    return used | set(scope.index[scope["event"].isin(events) & scope["good"].isin(goods)])
