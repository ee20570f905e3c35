"""The kinds of report, and the one that a question asks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from supplychain.errors import InputError
from supplychain.network import Network
from supplychain.report.ask import Ask, Progress
from supplychain.report.event import event
from supplychain.report.leverage import country, mineral
from supplychain.report.model import Report
from supplychain.report.product import product
from supplychain.report.situation import comparison, portfolio, situation
from supplychain.scenario import Scenario

KINDS: dict[str, Callable[[Ask], Report]] = {
    "situation": situation,
    "product": product,
    "event": event,
    "mineral": mineral,
    "country": country,
    "portfolio": portfolio,
    "comparison": comparison,
}
ABOUT = {"product": "a good", "event": "an event", "mineral": "a commodity or good", "country": "a country"}


def build(
    net: Network,
    kind: str,
    scenario: Scenario,
    subject: str | None = None,
    other: Scenario | date | str | None = None,
    progress: Progress | None = None,
) -> Report:
    """The report of one kind.

    kind: situation, product, event, mineral, country, portfolio, comparison; scenario: what is asked
    subject: the good, event, commodity or country that it is about; other: what to compare with, a day (the same
    question on that day), a query or a scenario
    Raises InputError, UnknownIdError.
    """
    if kind not in KINDS:
        raise InputError("report", "kind", kind, ", ".join(KINDS))
    if kind in ABOUT and not subject:
        remedy = f"A {kind} report is about one: name it (--subject)."
        raise InputError("report", "subject", subject, ABOUT[kind], remedy)
    if kind not in ABOUT and subject:
        raise InputError("report", "subject", subject, f"none in a {kind} report")
    resolved = scenario.resolved(net.tables)
    second = None if other is None else _scenario(resolved, other).resolved(net.tables)
    return KINDS[kind](Ask(net, kind, resolved, subject or "", second, progress))


def _scenario(scenario: Scenario, other: Scenario | date | str) -> Scenario:
    """The other scenario: a day changes only the day."""
    if isinstance(other, Scenario):
        return other
    if isinstance(other, str) and "=" in other:
        return Scenario.from_query(other)
    return scenario.changed(on=other)
