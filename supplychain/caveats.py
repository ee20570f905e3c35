"""What a reader must know before using the numbers of an answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from supplychain.model import Model
from supplychain.scenario import Scenario


def of_day(model: Model, scenario: Scenario) -> tuple[str, ...]:
    """What a reader must know of the day, whatever the market."""
    tables, on = model.tables, scenario.on
    lines = []
    if on > tables.knowledge_until:
        lines.append(
            f"{on} is {(on - tables.knowledge_until).days} days after the data end ({tables.knowledge_until}): "
            "later acts are not known."
        )
    status = model.calendar.status(on)
    open_ends = status.loc[~status["confirmed"], "event"].drop_duplicates().tolist()
    if open_ends and scenario.unconfirmed == "both":
        lines.append(
            f"{len(open_ends)} clauses are unconfirmed on this day, both branches are shown: {few(open_ends)}."
        )
    return tuple(lines)


def of_answer(model: Model, scenario: Scenario, products: Sequence[str]) -> tuple[str, ...]:
    """What a reader must know of these products under a scenario: slow builds, assumed makers, what is not computed."""
    return (*_slow(model, products), *_unmade(model, products), *_outside(model, scenario))


def _slow(model: Model, products: Sequence[str]) -> list[str]:
    """Products that take so long to make that a loss of inputs shows in deliveries much later."""
    table = model.tables["assumptions"]
    rows = table[(table["name"] == "making_time") & table["applies_to"].isin(products)]
    spans = zip(rows["applies_to"], rows["value_low"], rows["value_high"], strict=True)
    slow = [f"{model.about[product]['short']} {low:g}-{high:g}" for product, low, high in spans]
    if not slow:
        return []
    return [
        "The work in progress of long builds is not modelled; from order to delivery take (days) "
        f"{few(slow, 8)}: what is lost today shows in deliveries that much later."
    ]


def _unmade(model: Model, products: Sequence[str]) -> list[str]:
    """Goods on the chains whose makers' shares nobody states."""
    world = model.sourcing.world
    wanted = {good for product in products for good in model.below(product)[0]}
    unmade = sorted(g for g in wanted if not any(not np.isnan(m.share) for m in world.makers[g]))
    if not unmade:
        return []
    names = [model.about[good]["short"] for good in unmade]
    return [
        f"{len(names)} goods on the chains have no documented maker with a share, so home supply is assumed: "
        f"{few(names)}."
    ]


def _outside(model: Model, scenario: Scenario) -> list[str]:
    """Items in force that the graph lacks, and entity lists whose firms are not in the data."""
    tables = model.tables
    scope = tables["event_scope"]
    status = model.calendar.status(scenario.on)
    active = set(status.loc[status["in_force_high"], "event"])
    if scenario.clauses is not None:
        active &= set(scenario.clauses)
    scope = scope[scope["event"].isin(active)]
    missing = sorted(set(scope.loc[(scope["good"] == "") & (scope["same_as"] == ""), "item"]))
    lines = [f"{len(missing)} items of clauses in force are not in the graph: {few(missing)}."] if missing else []
    producers = set(tables["production"]["producer"])
    events = tables["events"]
    lists = set(events.loc[events["measure"] == "entity_list", "event"]) & active
    firms = [e for e in sorted(lists) if not any(set(b) & producers for b in scope.loc[scope["event"] == e, "buyer"])]
    if firms:
        lines.append(f"{len(firms)} entity lists name firms only, not computed: {few(firms)}.")
    return lines


def few(names: Sequence[str], shown: int = 5) -> str:
    """The first names, and how many there are besides."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
