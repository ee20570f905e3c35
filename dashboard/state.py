"""What a page is asked, read from its URL, and URLs written back: one place for both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from supplychain.errors import InputError
from supplychain.figures.style import ThemeName
from supplychain.network import Exposure, Network
from supplychain.scenario import Scenario

READINGS = ("felt", "short", "dependent", "linked")
MARKET = "USA"  # of a URL that names none
SCENARIO_KEYS = ("on", "market", "product", "event", "what_if", "end_use", "sharing", "legal_only", "unconfirmed")
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class View:
    """One page with everything that it shows: page and item are the path, the rest is the query.

    page: name of the page ("product"); item: what it is about ("f35"; "" for the list); scenario: the question;
    reading: felt, short, dependent or linked; theme: light or dark; extra: further keys of this page's query
    """

    net: Network
    page: str
    item: str
    scenario: Scenario
    reading: str = READINGS[0]
    theme: ThemeName = "light"
    extra: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    @cached_property
    def x(self) -> Exposure:
        """The answer to the scenario."""
        return self.net.ask(self.scenario)

    @property
    def on(self) -> date:
        return self.scenario.on

    @property
    def market(self) -> str:
        """Code of the market, whatever name the URL gives."""
        return str(self.net.tables.resolve(self.scenario.market, "country"))

    @cached_property
    def _asked(self) -> str:
        """Scenario and reading: what every page takes."""
        return self.scenario.query + ("" if self.reading == READINGS[0] else f"&reading={self.reading}")

    @property
    def query(self) -> str:
        """The canonical query: that of the scenario, then reading and what the page adds."""
        more = {key: self.extra[key] for key in sorted(self.extra)}
        return "&".join(part for part in (self._asked, urlencode(more, quote_via=quote, safe=",")) if part)

    @property
    def url(self) -> str:
        """The link to exactly this page."""
        return f"{path(self.page, self.item)}?{self.query}"

    def link(self, page: str, item: str = "", **changes: Any) -> str:
        """The link to another page under the same scenario; keys of this page are left behind."""
        asked = replace(self, scenario=self.scenario.changed(**changes))._asked if changes else self._asked
        return f"{path(page, item)}?{asked}"


def path(page: str, item: str = "") -> str:
    """/page or /page/item; the first page is /."""
    if page == "today":
        return "/"
    return f"/{page}/{quote(item, safe='')}" if item else f"/{page}"


def default_day(net: Network) -> date:
    """Today, but not beyond what the data know."""
    return min(date.today(), net.knowledge_until)


def read_query(net: Network, search: str) -> tuple[Scenario, str, dict[str, str]]:
    """Scenario, reading and further keys of a query; what is left out takes its default. Raises InputError."""
    try:
        pairs = parse_qsl(search.removeprefix("?"), keep_blank_values=True, errors="strict", max_num_fields=500)
    except ValueError:
        raise InputError("address", "query", search, "key=value&key=value", "Choose again with the controls.") from None
    extra = {key: value for key, value in pairs if key not in SCENARIO_KEYS}
    reading = extra.pop("reading", READINGS[0])
    if reading not in READINGS:
        raise InputError("address", "reading", reading, ", ".join(READINGS))
    asked = [pair for pair in pairs if pair[0] in SCENARIO_KEYS]
    given = {key for key, _ in asked}
    defaults = {"on": default_day(net).isoformat(), "market": MARKET}
    asked += [(key, value) for key, value in defaults.items() if key not in given]
    return Scenario.from_query(urlencode(asked)), reading, extra


def split_path(pathname: str) -> tuple[str, str]:
    """Page and item of a path: "/product/f35" -> product, f35; "/" -> today."""
    page, _, item = pathname.strip("/").partition("/")
    return page or "today", item
