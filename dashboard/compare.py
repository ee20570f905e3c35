"""What the page Compare does, without components: the second side of the question lives in one key of the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from dashboard.asking import moved
from dashboard.state import View, read_query
from supplychain.errors import InputError
from supplychain.scenario import Scenario

KEY = "versus"  # the other side, as the query of a scenario
BACK = 365  # days: the other side where none is named
OPTIONS = {"end_use": "end use", "sharing": "sharing", "unconfirmed": "unconfirmed clauses"}


def other(view: View) -> Scenario:
    """The side to compare with: what the address names, else the same question a year before. Raises InputError."""
    text = view.extra.get(KEY, "")
    if not text:
        return view.scenario.changed(on=view.on - timedelta(days=BACK))
    return in_this_market(view, read_query(view.net, text)[0])


def in_this_market(view: View, scenario: Scenario) -> Scenario:
    """A scenario asked of the market and products of the page: two markets have no common difference."""
    asked = scenario.changed(market=view.market, products=view.scenario.products)
    return asked.resolved(view.net.tables)


def sides(view: View) -> tuple[View, View]:
    """The other side (a) and the question of the page (b)."""
    return moved(view, scenario=other(view), versus=""), moved(view, versus="")


def swapped(view: View) -> View:
    """The same comparison from the other side."""
    return moved(view, scenario=other(view), versus=view.scenario.query)


def with_form(view: View, form: Mapping[str, Any]) -> View:
    """The comparison with what a form says: a day and options, or the link of another page. Raises InputError."""
    link = str(form.get("link") or "").strip()
    if link:
        return moved(view, versus=of_link(view, link).query)
    if not form.get("on"):
        raise InputError("form", "day", "", "a day", "Fill it in and compare again.")
    options = {name: form[name] for name in OPTIONS if form.get(name)}
    legal_only = form.get("legal_only") == "yes"
    scenario = other(view).changed(on=form["on"], legal_only=legal_only, **options)
    return moved(view, versus=scenario.resolved(view.net.tables).query)


def of_link(view: View, link: str) -> Scenario:
    """The question of a link to this dashboard, or of a query as files and the command line print it."""
    query = urlsplit(link).query if "?" in link else link
    if "=" not in query:
        raise InputError("form", "link", link, "a link of this dashboard or its query", "Copy one with “Copy link”.")
    return in_this_market(view, read_query(view.net, query)[0])


def names(view: View) -> tuple[str, str]:
    """What the two sides are called: by what sets them apart."""
    a, b = other(view), view.scenario
    if a == b:
        return "the same question", "this question"
    if a.on != b.on:
        return _dated(a, _apart(a, b)), _dated(b, _apart(b, a))
    return _apart(a, b) or "without that", _apart(b, a) or "without that"


def _dated(side: Scenario, more: str) -> str:
    return f"{side.on}, {more}" if more else str(side.on)


def _apart(one: Scenario, two: Scenario) -> str:
    """What one scenario has that the other has not, days aside."""
    words = [
        f"{text} {getattr(one, name)}" for name, text in OPTIONS.items() if getattr(one, name) != getattr(two, name)
    ]
    if one.legal_only != two.legal_only:
        words.append("legal text only" if one.legal_only else "practice counted")
    if one.what_if != two.what_if:
        words.append(f"{len(one.what_if)} what-ifs" if one.what_if else "no what-ifs")
    if one.events != two.events:
        words.append("all events" if one.events is None else f"{len(one.events)} events")
    return ", ".join(words)
