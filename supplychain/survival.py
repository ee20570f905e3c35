"""Two answers to one stop, side by side: the best plan of Simchi-Levi et al. (2015), and the daily simulation.

The stop is what is in force on the day of an exposure, as if it began that day with full stocks and never changed. Each
row of the comparison changes one thing: the plan, then stocks used as they come, then goods under way, then the dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from supplychain.availability import Chain, Floats, Ints
from supplychain.errors import InputError
from supplychain.exposure import Result
from supplychain.readings import CLASSES
from supplychain.survive import lost_units, time_to_survive
from supplychain.timeline import COLUMNS, Plan, Run, Simulation, extra_stock, run, short_only, summarise_losses

ENDS = ("low", "central", "high")
LONGEST = 3_660  # days
SMALL = 1e-9  # flows below this share of the demand are rounding
NOISE = 1e-6  # days: what the solver cannot tell from nothing
METHODS = ("best plan", "simulation without transit", "simulation", "simulation as dated")
SAYS = (
    "Simchi-Levi et al. (2015): one plan over the whole stretch that knows its end, sends every unit where it helps "
    "most, and ships at once",
    "the same stop and stocks day by day: each user's stock covers that user alone",
    "the same, and what was shipped before the stop still arrives",
    "the clauses on their own dates: severities change, stocks run down and refill",
)


@dataclass(frozen=True)
class Tables:
    """A product's chain under a stop as the three tables of `supplychain.survive`; demand 1 unit a day in all."""

    nodes: pd.DataFrame
    needs: pd.DataFrame
    links: pd.DataFrame


def survival(result: Result, product: str, days: int = 365, dated: Simulation | None = None) -> pd.DataFrame:
    """Time to survive and units lost of a product beside what the simulation says of the same stop.

    A severity below 1 leaves (1 - r) of a normal flow, in both. The plan is the best there is where every input is
    essential and on its own; where inputs add up or stand in for each other the simulation lets lines save stock while
    output is down anyway, and can come out ahead of it by some days.

    Columns: method, first_loss_low, first_loss, first_loss_high (days until the first loss; blank: none within the
    days of the row, for the plan none ever), lost_low, lost, lost_high (days of normal supply lost), days (the stretch
    counted), says. low pairs the low run with large stocks, high the other way round. The plan's first loss is the
    time to survive, to a part of a day; the simulation's is the day on which the loss begins.

    product: one of the exposure's; days: 1 to 3,660; dated: the simulation of the clauses on their dates.
    Raises UnknownIdError, InputError.
    Source: Simchi-Levi et al. (2015), https://doi.org/10.1287/inte.2015.0804.
    """
    good = result.known(product)
    if isinstance(days, bool) or not isinstance(days, int | np.integer) or not 1 <= days <= LONGEST:
        raise InputError("survival", "days", days, f"whole days from 1 to {LONGEST:,}")
    stopped, at_once = (_same_stop(result, good, int(days), transit) for transit in (True, False))
    rows = [
        _planned(result, good, stopped, int(days)),
        *(_simulated(Simulation(result, found).losses(good)) for found in (at_once, stopped)),
    ]
    lengths = [int(days)] * len(rows)
    if dated is not None:
        rows.append(_simulated(dated.losses(good)))
        lengths.append(dated.run.days)
    names = [f"{name}_{end}".removesuffix("_central") for name in ("first_loss", "lost") for end in ENDS]
    frame = pd.DataFrame([[*first, *lost] for first, lost in rows], columns=names)
    frame.insert(0, "method", METHODS[: len(rows)])
    return frame.assign(days=lengths, says=SAYS[: len(rows)])


def why_different(frame: pd.DataFrame) -> str:
    """What sets the plan and the simulation of a `survival` apart, in a sentence or two (central run)."""
    plan, stocks, transit = (frame.iloc[k] for k in range(3))
    if all(np.isnan(row["first_loss"]) for row in (plan, stocks, transit)):
        return "Neither the plan nor the simulation loses anything to what is in force on this day."
    days = int(plan["days"])
    ends = [row["lost"] for row in (plan, stocks, transit)]
    parts = [
        f"Over {days} days of what is in force on this day the best plan loses {ends[0]:.1f} days of supply, the "
        f"simulation {ends[2]:.1f}."
    ]
    bound = "stocks and flows that cannot be sent to whoever needs them most"
    saved = "stock that lines save while the output is down anyway"
    steps = [
        (ends[1] - ends[0], bound if ends[1] > ends[0] else saved),
        (ends[2] - ends[1], "goods under way, which still arrive" if ends[2] < ends[1] else "goods under way"),
    ]
    said = [f"{step:+.1f} by {what}" for step, what in steps if abs(step) >= 0.05]
    if said:
        parts.append(f"The difference: {' and '.join(said)}.")
    else:
        parts.append("They agree: one stock after the other is all there is to plan, and little is under way.")
    return " ".join(parts)


def _simulated(lost: Floats) -> tuple[list[float], list[float]]:
    """First day and days lost of (days, 3) losses."""
    found = summarise_losses(lost)
    return found["first_day"], found["days_lost"]


def _planned(result: Result, product: str, stopped: Run, days: int) -> tuple[list[float], list[float]]:
    """Time to survive and days lost: low, central, high."""
    first, lost = [], []
    for end in range(len(ENDS)):
        tables = tables_of(result, product, stopped, end)
        until = time_to_survive(tables.nodes, tables.needs, tables.links, ())
        first.append(until if np.isfinite(until) else np.nan)
        units = 0.0 if until >= days else lost_units(tables.nodes, tables.needs, tables.links, (), days)
        lost.append(units if units > NOISE else 0.0)
    return first, lost


def _same_stop(result: Result, product: str, days: int, transit: bool) -> Run:
    """The simulation of what is in force on the day, from full stocks and without change."""
    model, scenario = result.model, result.scenario
    shared = model.reach.pools(model.effects(scenario)) if scenario.sharing != "fixed" else ()
    planned = Plan(scenario.on, days, ((0, short_only(result.solved.restrictions), shared),))
    return run(model, scenario, planned, result.supplies(product)[0], transit=transit)


# --- the chain as tables ----------------------------------------------------------------------------------------------


def survival_tables(result: Result, product: str, end: str = "central") -> Tables:
    """The chain of a product under what is in force on the day, for `sc.time_to_survive` and `sc.rank_nodes`.

    end: low, central or high (low = the low run with large stocks). One unit a day is the normal demand of the market.
    Raises UnknownIdError, InputError.
    """
    good = result.known(product)
    if end not in ENDS:
        raise InputError("survival_tables", "end", end, ", ".join(ENDS))
    return tables_of(result, good, _same_stop(result, good, 1, True), ENDS.index(end))


def tables_of(result: Result, product: str, stopped: Run, end: int) -> Tables:
    """Nodes, needs and links of the part of the chain that a stop can reach.

    A supply of normal flow F draws s F from each maker, at most (1 - r) s F under a restriction; what comes from makers
    that nothing reaches is a source of its own. A need of criticality c holds S days of stock; c of the output hangs on
    it, 1 - c goes on without. Members of a group, and inputs that add up, serve one need together: at most w c + z (C -
    w c) of the output, C = sum w c, so that the plan can use a substitute in full.
    """
    sourcing, reduced = result.solved.sourcing, stopped.reduced
    column = CLASSES.index(result.end_use(product)) * len(ENDS) + end
    short = reduced.restrictions(short_only(result.solved.restrictions))
    r = np.zeros(reduced.chain.share.nnz)
    r[short.link] = short.r[:, column]
    rows, weights = result.supplies(product)
    goods, countries = sourcing.world.goods, sourcing.world.countries
    made_by = zip(sourcing.node_good, sourcing.node_producer, sourcing.node_country, strict=True)
    sent_to = zip(sourcing.supply_good, sourcing.supply_buyer, sourcing.supply_country, strict=True)
    nodes = [f"{goods[g]} by {who}" + (f" ({countries[c]})" if who != countries[c] else "") for g, who, c in made_by]
    supplies = [f"{goods[g]} to {who or countries[c]}" for g, who, c in sent_to]
    return chain_tables(
        reduced.chain,
        short.own[:, column],
        r,
        result.model.criticality[reduced.need][:, COLUMNS[column]],
        stopped.buffers.stock[:, len(ENDS) - 1 - end] + extra_stock(result.model, reduced.need),
        dict(zip(reduced.supply_at(rows).tolist(), weights.tolist(), strict=True)),
        [nodes[n] for n in reduced.node],
        [supplies[b] for b in reduced.supply],
    )


def chain_tables(
    chain: Chain, own: Floats, r: Floats, criticality: Floats, stock: Floats, market: Mapping[int, float],
    node: list[str], supply: list[str],
) -> Tables:  # fmt: skip
    """The tables of `supplychain.survive` for a chain without cycles.

    own: (nodes,) capacity left; r: (links,) share of the flow lost; criticality, stock: (needs,) c and days of normal
    use; market: supply -> its part of the demand; node, supply: names
    """
    kind, carried, most = _parts(chain, criticality)
    flow, made, used = _flows(chain, most, market)
    nodes: list[tuple[str, str, float, float, float]] = []
    needs: list[tuple[str, str, float]] = []
    links: list[tuple[str, str]] = []
    buyers: dict[int, list[str]] = {}
    for b, part in market.items():
        nodes.append((f"market of {supply[b]}", "market", 0.0, np.nan, part))
        needs.append((f"market of {supply[b]}", supply[b], 1.0))
        buyers[b] = [f"market of {supply[b]}"]
    kinds: dict[int, tuple[str, str, float]] = {}  # name of a kind, who needs it, the part of the output it carries
    for q in np.flatnonzero(used > SMALL).tolist():
        n, b, size = int(chain.need_node[q]), int(chain.need_supply[q]), float(used[q] * most[q])
        held, what = f"{supply[b]} for {node[n]} [{q}]", f"inputs {kind[q]} of {node[n]}"
        whole = most[q] == 1.0  # else only a part of the output hangs on it: held in units of the input, then used
        nodes.append((held, what if whole else held, float(stock[q] * used[q]), np.nan, 0.0))
        needs.append((held, supply[b], 1.0))
        if not whole:
            nodes.append((f"{held} used", what, 0.0, size, 0.0))
            needs.append((f"{held} used", held, 1.0 / float(most[q])))
            links.append((held, f"{held} used"))
        links.append((held if whole else f"{held} used", node[n]))
        buyers.setdefault(b, []).append(held)
        kinds[int(kind[q])] = (what, node[n], float(carried[q]))
    for b, users in buyers.items():
        rest = float(flow[b])
        for at in range(chain.share.indptr[b], chain.share.indptr[b + 1]):
            n, normal = int(chain.share.indices[at]), float(chain.share.data[at] * flow[b])
            if normal > SMALL:
                name = f"{node[n]} > {supply[b]} [{at}]"
                nodes.append((name, supply[b], 0.0, normal * (1.0 - float(r[at])), 0.0))
                needs.append((name, node[n], 1.0))
                links += [(node[n], name), *((name, user) for user in users)]
                rest -= normal
        if rest > SMALL:  # makers that nothing reaches
            nodes.append((f"others > {supply[b]}", supply[b], 0.0, rest, 0.0))
            links += [(f"others > {supply[b]}", user) for user in users]
    makers = {node[n]: float(made[n]) for n in np.flatnonzero(made > SMALL).tolist()}
    for n in np.flatnonzero(made > SMALL).tolist():
        nodes.append((node[n], node[n], 0.0, float(own[n] * made[n]), 0.0))
    for what, user, part in kinds.values():
        needs.append((user, what, 1.0))
        if part < 1.0:
            nodes.append((f"without {what}", what, 0.0, (1.0 - part) * makers[user], 0.0))
            links.append((f"without {what}", user))
    return Tables(
        pd.DataFrame(nodes, columns=["node", "kind", "stock", "capacity", "demand"]),
        pd.DataFrame(needs, columns=["node", "kind", "need"]),
        pd.DataFrame(links, columns=["supplier", "buyer"]),
    )


def _parts(chain: Chain, criticality: Floats) -> tuple[Ints, Floats, Floats]:
    """For each need: the number of what it serves (its group, or all of its node that add up), C of that, and how much
    of the output it can carry at most: e + z (C - e), e = w c. Where C is over 1 all e shrink to a sum of 1."""
    own = chain.weight * criticality
    group = chain.need_group
    serves = np.where(chain.essential, group, group.max(initial=0) + 1 + chain.need_node)
    kind = np.unique(serves, return_inverse=True)[1].astype(np.intp)
    own = own / np.maximum(1.0, np.bincount(kind, own))[kind]
    of_group = np.bincount(group, own)[group]
    carried: Floats = np.bincount(kind, own).astype(np.float64)[kind]
    return kind, carried, own + chain.takeover * (of_group - own)


def _flows(chain: Chain, most: Floats, market: Mapping[int, float]) -> tuple[Floats, Floats, Floats]:
    """Normal flow of each supply, output of each node and use of each need for a demand of 1 a day."""
    flow: Floats = np.zeros(chain.supplies)
    made: Floats = np.zeros(chain.nodes)
    used: Floats = np.zeros(len(most))
    flow[list(market)] = list(market.values())
    for level in reversed(chain.levels):
        if level.cyclic:
            raise InputError("survival", "chain", "goods that are made from each other", "a chain without cycles")
        used[level.need] = made[chain.need_node[level.need]] * (most[level.need] > SMALL)
        flow += np.bincount(chain.need_supply[level.need], used[level.need], minlength=len(flow))
        made += level.block.T @ flow[level.supply]
    return flow, made, used
