"""Tables and sourcing of the plain oracle: who makes, who uses, from whom (see `oracle`)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

Row = Mapping[str, Any]
BASES = ("output", "refining", "capacity", "maker_nationality", "proxy")
CONFIDENCE = ("high", "medium", "low", "unverified")


class Maker(NamedTuple):
    name: str  # producer
    country: str
    share: float  # of world output; nan = named, share unknown
    spare: float  # extra output possible, share of own


class Flow(NamedTuple):
    maker: str
    country: str  # of the maker
    share: float  # of the buyer's use
    trader: str  # country through which it comes, '' = straight


class PlainWorld:
    """The tables as lists of rows, and from whom each buyer gets each good."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self.tables = {name: _clean(rows) for name, rows in tables.items()}
        self.memo: dict[tuple[Any, ...], Any] = {}

    # ---- tables ---------------------------------------------------------------------------------------------------

    def rows(self, table: str, **equal: Any) -> list[Row]:
        return [r for r in self.tables.get(table, []) if all(r.get(k) == v for k, v in equal.items())]

    @cached_property
    def countries(self) -> list[str]:
        return [r["country"] for r in self.rows("countries") if r.get("kind") != "bloc"]

    @cached_property
    def blocs(self) -> dict[str, list[str]]:
        return {r["country"]: listed(r.get("members")) for r in self.rows("countries", kind="bloc")}

    def manufacturing(self, country: str) -> float:
        return sum(r.get("manufacturing_share") or 0.0 for r in self.rows("countries", country=country))

    def members(self, code: str) -> list[str]:
        return self.blocs.get(code, [code])

    def among(self, country: str, codes: list[str]) -> int:
        """How closely the list names the country: 3 itself, 2 its bloc, 1 ALL, 0 not at all."""
        if country in codes:
            return 3
        if any(country in self.blocs.get(code, []) for code in codes):
            return 2
        return 1 if "ALL" in codes else 0

    @cached_property
    def edges(self) -> list[Row]:
        """The part edge used for each pair: use = yes, else highest confidence, newest year, first in file."""
        best: dict[tuple[str, str], tuple[Any, Row]] = {}
        for row in self.rows("bom", role="part"):
            if row.get("use") == "no" or self.rows("goods", good=row["input"], aggregate="yes"):
                continue
            key = (row.get("use") == "yes", -CONFIDENCE.index(row["confidence"]), str(row.get("year") or ""))
            pair = (row["output"], row["input"])
            if pair not in best or key > best[pair][0]:
                best[pair] = (key, row)
        return [row for _, row in best.values()]

    def inputs(self, good: str) -> list[Row]:
        return [row for row in self.edges if row["output"] == good]

    def users(self, good: str) -> list[str]:
        return [row["output"] for row in self.edges if row["input"] == good]

    def makers(self, good: str) -> list[Maker]:
        """Production rows with use = yes, else those of the first basis that has any; else those of kind_of."""
        rows = [r for r in self.rows("production", good=good) if r.get("use") != "no"]
        if not rows:
            kind_of = next((g.get("kind_of") for g in self.rows("goods", good=good)), None)
            return self.makers(kind_of) if kind_of else []
        used = [r for r in rows if r.get("use") == "yes"]
        used = used or next(found for b in BASES if (found := [r for r in rows if r["basis"] == b]))
        return [
            Maker(
                r["producer"], r["country"], math.nan if r.get("share") is None else r["share"], r.get("spare") or 0.0
            )
            for r in used
        ]

    def trade(self, good: str) -> list[Row]:
        rows = [r for r in self.rows("trade", good=good) if r.get("use") != "no"]
        if not rows:
            kind_of = next((g.get("kind_of") for g in self.rows("goods", good=good)), None)
            return self.trade(kind_of) if kind_of else []
        return rows

    # ---- sourcing -------------------------------------------------------------------------------------------------

    def produced(self, good: str, country: str) -> float:
        return sum(m.share for m in self.makers(good) if m.country == country and not math.isnan(m.share))

    def place(self, good: str, country: str) -> float:
        """Share of world output made in a country: documented, plus its use of the rest that no row explains."""
        rest = max(0.0, 1 - sum(m.share for m in self.makers(good) if not math.isnan(m.share)))
        return self.produced(good, country) + (rest * self.use(good, country) if rest > 1e-12 else 0.0)

    def use(self, good: str, country: str) -> float:
        key = ("use", good, country)
        if key not in self.memo:
            users = self.users(good)
            shares = [self.place(g, country) for g in users]
            self.memo[key] = sum(shares) / len(shares) if users else self.manufacturing(country)
        share: float = self.memo[key]
        return share

    def sourcing(self, good: str, country: str, buyer: str = "") -> list[Flow]:
        """Where a buyer in a country gets a good from; shares sum to 1."""
        key = ("sourcing", good, country, buyer)
        if key not in self.memo:
            self.memo[key] = self._sourcing(good, country, buyer)
        found: list[Flow] = self.memo[key]
        return found

    def _sourcing(self, good: str, c: str, buyer: str) -> list[Flow]:
        supply: dict[str, float] = {}
        imports: dict[str, float] = {}
        nearer = False  # own rows go before the country's, the country's before its bloc's
        for importer in (buyer, c, *(b for b, members in self.blocs.items() if c in members)):
            rows = [r for r in self.trade(good) if r["importer"] == importer]
            if not nearer:
                supply = {r["exporter"]: r["share"] for r in rows if r["basis"] == "supply"}
            imports = imports or {r["exporter"]: r["share"] for r in rows if r["basis"] == "imports"}
            nearer = nearer or bool(rows)
        makers = self.makers(good)
        own = [m for m in makers if m.country == c]
        others = sum(share for x, share in supply.items() if x != c)
        left = max(0.0, 1 - others)
        u = self.use(good, c)
        if c in supply:
            home = supply[c]
        elif not makers or (own and all(math.isnan(m.share) for m in own)):
            home = 0.0 if imports else left  # nobody says how much is made there
        elif u > 0:
            home = min(left, self.place(good, c) / u)
        else:
            home = left if own else 0.0
        by_country: dict[str, float] = {c: home}

        def add(country: str, share: float) -> None:
            by_country[country] = by_country.get(country, 0.0) + share

        for x, share in supply.items():
            if x != c:
                add(x, share)
        rest = max(0.0, 1 - others - home)
        surplus = {x: self.place(good, x) - self.use(good, x) for x in self.countries if x != c}
        surplus = {x: s for x, s in surplus.items() if s > 1e-12}
        made = {x: self.produced(good, x) for x in self.countries if x != c and self.produced(good, x) > 0}
        if imports:
            for x, share in imports.items():
                add(x, rest * share)
            add(c, rest * max(0.0, 1 - sum(imports.values())))
        elif surplus or made:
            weights = surplus or made
            for x, weight in weights.items():
                add(x, rest * weight / sum(weights.values()))
        else:
            add(c, rest)
        return [f for x, share in by_country.items() if share > 1e-15 for f in self._split(good, x, share, c)]

    def _split(self, good: str, exporter: str, share: float, buyer: str) -> list[Flow]:
        """A country's sales over its producers in proportion to p; a trader's over all producers of the world."""
        makers = self.makers(good)
        here = [m for m in makers if m.country in self.members(exporter)]
        documented = [m for m in makers if m.share > 0]
        if here:
            known = [m for m in here if m.share > 0]
            weights = [(m, m.share) for m in known] or [(m, 1.0) for m in here]
            trader = ""
        elif documented and exporter != buyer:
            weights, trader = [(m, m.share) for m in documented], exporter
        else:
            return [Flow(exporter, exporter, share, "")]
        total = sum(w for _, w in weights)
        return [Flow(m.name, m.country, share * w / total, trader) for m, w in weights]


def _clean(rows: Any) -> list[Row]:
    """Rows as dicts without blank cells; days as text."""
    records = rows if isinstance(rows, list) else rows.to_dict("records")
    found: list[Row] = []
    for record in records:
        row: dict[str, Any] = {}
        for column, value in record.items():
            if value is None or value == "" or value != value:  # noqa: PLR0124
                continue
            row[column] = str(value)[:10] if column in ("from", "until") else value
        found.append(row)
    return found


def listed(value: Any) -> list[str]:
    if value is None:
        return []
    return value.split(";") if isinstance(value, str) else list(value)


def ends_of(row: Row, column: str) -> list[float]:
    """Low, central, high; a blank end is the central value."""
    middle = row[column]
    low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
    return [middle if low is None else low, middle, middle if high is None else high]
