"""What a reader must know before using the numbers of an answer."""

from __future__ import annotations

from collections.abc import Sequence

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
    asked = set(products)
    spans = [row for row in model.making_times if row[0] in asked]
    slow = [f"{model.about[product]['short']} {low:g}-{high:g}" for product, low, high in spans]
    if not slow:
        return []
    return [
        "The work in progress of long builds is not modelled; from order to delivery take (days) "
        f"{few(slow, 8)}: what is lost today shows in deliveries that much later."
    ]


def _unmade(model: Model, products: Sequence[str]) -> list[str]:
    """Goods on the chains whose makers' shares nobody states."""
    wanted = {good for product in products for good in model.below(product)[0]}
    unmade = sorted(wanted & model.unmade)
    if not unmade:
        return []
    names = [model.about[good]["short"] for good in unmade]
    return [
        f"{len(names)} goods on the chains have no documented maker with a share, so home supply is assumed: "
        f"{few(names)}."
    ]


def _outside(model: Model, scenario: Scenario) -> list[str]:
    """Items in force that the graph lacks, and entity lists whose firms are not in the data."""
    status = model.calendar.status(scenario.on)
    active = set(status["event"][status["in_force_high"].to_numpy()])
    if scenario.clauses is not None:
        active &= set(scenario.clauses)
    missing = sorted({item for event in active for item in model.unknown_items.get(event, ())})
    lines = [f"{len(missing)} items of clauses in force are not in the graph: {few(missing)}."] if missing else []
    firms = sorted(active & model.unknown_firms)
    if firms:
        lines.append(f"{len(firms)} entity lists name firms only, not computed: {few(firms)}.")
    return lines


def few(names: Sequence[str], shown: int = 5) -> str:
    """The first names, and how many there are besides."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
