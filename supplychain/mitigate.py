"""What would help: measures tried out one by one, and the smallest set that is enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from supplychain import wording
from supplychain.errors import InputError
from supplychain.exposure import Result
from supplychain.model import Model
from supplychain.readings import CENTRAL
from supplychain.sourcing import Sourcing
from supplychain.timeline import AHEAD, Plan, Simulation, first_effect, plan, run

MOST = 3  # measures in the smallest set
TRIED = 12  # strongest measures that sets are made of
KINDS = ("second source", "stock", "licence", "substitute", "recycled supply")
ENOUGH = 1e-9


@dataclass(frozen=True)
class Measure:
    """One thing that could be done: kind, the good it is about, the edge it changes (-1 none), how much."""

    kind: str
    good: str
    edge: int = -1
    amount: float = 0.0
    detail: str = ""


def candidates(result: Result, product: str) -> list[Measure]:
    """The measures that touch the binding chain of a product."""
    tables, sourcing = result.model.tables, result.model.sourcing
    names = dict(zip(tables["goods"]["good"], tables["goods"]["name"], strict=True))
    table = tables["assumptions"]
    assumed = dict(zip(table["name"], table["value"].to_numpy(dtype=float), strict=True))
    second, days = assumed.get("second_source_share", 0.1), assumed.get("extra_stock_days", 30.0)
    recycled = _recycled(tables["production"])
    found: list[Measure] = []
    for step in result.chain(product):
        if not step.binding:
            continue
        name = names[step.input]
        if step.events:
            found.append(Measure("licence", step.input, detail=f"{name}: licences granted in full, flows as normal"))
            text = f"{name}: {wording.share(second)} of supply from a source outside {step.country}"
            found.append(Measure("second source", step.input, amount=second, detail=text))
        if step.edge >= 0:
            found.append(
                Measure("stock", step.input, amount=days, detail=f"{name}: {days:g} more days held by its users")
            )
            edge = sourcing.edges.loc[step.edge]
            if edge["criticality_low"] < edge["criticality"]:
                low = float(sourcing.edges["criticality_low"].to_numpy(dtype=float)[step.edge])
                text = (
                    f"{name} in {names[step.output]}: {edge['substitute'] or 'what can stand in for it'} used in full"
                )
                found.append(Measure("substitute", step.input, step.edge, low, text))
        if step.input in recycled:
            share = recycled[step.input]
            found.append(
                Measure(
                    "recycled supply",
                    step.input,
                    amount=share,
                    detail=f"{name}: {wording.share(share)} from recycling at home",
                )
            )
    return list(dict.fromkeys(found))


def _recycled(production: pd.DataFrame) -> dict[str, float]:
    """Documented share of recycled output of each good."""
    rows = production[(production["kind"] == "recycled") & production["share"].notna() & (production["use"] != "no")]
    return {str(good): float(share) for good, share in rows.groupby("good")["share"].sum().items()}


def apply(model: Model, measures: Sequence[Measure]) -> Model:
    """The model with measures in place."""
    sourcing = model.sourcing
    licensed = frozenset(m.good for m in measures if m.kind == "licence")
    stock = {m.good: m.amount for m in measures if m.kind == "stock"}
    for measure in measures:
        if measure.kind in ("second source", "recycled supply"):
            sourcing = _safer(sourcing, measure.good, measure.amount)
        elif measure.kind == "substitute":
            edges = sourcing.edges.copy()
            columns = ["criticality_low", "criticality", "criticality_high"]
            edges.loc[measure.edge, columns] = np.minimum(
                edges.loc[measure.edge, columns].astype(float), measure.amount
            )
            sourcing = replace(sourcing, edges=edges)
    return model.varied(sourcing, licensed, stock)


def _safer(sourcing: Sourcing, good: str, share: float) -> Sourcing:
    """Every buyer of a good gets this share of it from where nothing is restricted: links carry only the rest."""
    here = sourcing.links_of_good(sourcing.world.good_index[good])
    old = sourcing.chain.share
    data = old.data.copy()
    data[here] *= 1.0 - share
    return replace(
        sourcing, chain=replace(sourcing.chain, share=csr_array((data, old.indices, old.indptr), shape=old.shape))
    )


def mitigations(result: Result, product: str, progress: Callable[[int, int], None] | None = None) -> pd.DataFrame:
    """Measures ranked by what they avoid: measure, detail, short_after, avoided, days_avoided.

    Each is an exact run of the model again: short_after = central shortage with the measure, avoided = what it takes
    off, days_avoided = days of normal supply saved up to a year after the day asked about, stocks and transit
    included. Measures: a second source and more stock of the sizes in `assumptions`, a licence for one good, a
    substitute at its best documented criticality, recycled supply where a row documents it. Costs are not known.
    """
    good = result.known(product)
    measures = candidates(result, good)
    planned = _plan(result, result.model)
    before, lost = float(result.readings(good)[CENTRAL]), days_lost(result, good, result.model, planned)
    rows = []
    for k, measure in enumerate(measures):
        model = apply(result.model, [measure])
        after = short_after(result, good, model) if measure.kind != "stock" else before
        again = _plan(result, model) if measure.kind == "licence" else planned
        saved = lost - days_lost(result, good, model, again)
        rows.append((measure.kind, measure.detail, after, before - after, saved))
        if progress is not None:
            progress(k + 1, len(measures))
    frame = pd.DataFrame(rows, columns=["measure", "detail", "short_after", "avoided", "days_avoided"])
    numbers = ["short_after", "avoided", "days_avoided"]
    frame[numbers] = frame[numbers].where(frame[numbers].abs() > ENOUGH, 0.0)
    order = ["avoided", "days_avoided", "measure", "detail"]
    return frame.sort_values(order, ascending=[False, False, True, True], kind="stable", ignore_index=True)


def short_after(result: Result, product: str, model: Model) -> float:
    """Central shortage of a product under another model."""
    again = Result(model, model.solve(result.scenario), result.scenario)
    return float(again.readings(product)[CENTRAL])


def _plan(result: Result, model: Model) -> Plan | None:
    """What is in force from the first effect to a year after the scenario's day; None without any effect."""
    start = first_effect(model, result.scenario, result.scenario.on)
    return None if start is None else plan(model, result.scenario, start, result.scenario.on + timedelta(days=AHEAD))


def days_lost(result: Result, product: str, model: Model, planned: Plan | None) -> float:
    """Days of normal supply lost under a plan (central); 0 without any effect."""
    if planned is None:
        return 0.0
    rows, _ = result.supplies(product)
    simulated = Simulation(result, run(model, result.scenario, planned, np.unique(rows)))
    return float(simulated.losses(product)[:, 1].sum())


def smallest_set(result: Result, product: str, level: float = 0.1) -> pd.DataFrame:
    """The fewest measures (up to three) that bring what is short to a level or below: measures, short_after.

    Sets of the 12 strongest measures; all sets of the smallest size that suffices are listed, best first; empty when
    three are not enough. Raises InputError when level is not in [0, 1).
    """
    if not 0 <= level < 1:
        raise InputError("smallest_set", "level", level, "a share of normal supply from 0 to below 1")
    good = result.known(product)
    if float(result.readings(good)[CENTRAL]) <= level:
        return pd.DataFrame({"measures": ["none needed"], "short_after": [float(result.readings(good)[CENTRAL])]})
    static = [m for m in candidates(result, good) if m.kind != "stock"]
    alone = [short_after(result, good, apply(result.model, [m])) for m in static]
    strongest = [static[k] for k in np.argsort(alone, kind="stable")[:TRIED]]
    for size in range(1, MOST + 1):
        rows = [
            ("; ".join(f"{m.kind}: {m.detail}" for m in chosen), after)
            for chosen in combinations(strongest, size)
            if (after := short_after(result, good, apply(result.model, chosen))) <= level + ENOUGH
        ]
        if rows:
            frame = pd.DataFrame(rows, columns=["measures", "short_after"])
            return frame.sort_values(["short_after", "measures"], kind="stable", ignore_index=True)
    return pd.DataFrame(columns=["measures", "short_after"])
