"""The static model of the design in plain dicts and loops: slow, and written from the formulas alone.

`Oracle(tables, on).loss("p", "USA", "short", "civil")`, where tables are lists of rows as `read(folder)` gives them.
Nothing here knows the engine: that both agree is evidence for both.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]
Ends = tuple[float, float, float]  # low, central, high

READINGS = ("linked", "dependent", "short_low", "short", "short_high")
END_USES = ("civil", "military")
BASES = ("output", "refining", "capacity", "maker_nationality", "proxy")
CONFIDENCES = ("high", "medium", "low", "unverified")
TINY = 1e-12  # what is left of shares that sum to 1
NEVER = ("agreement", "easing", "reporting")
END = {"linked": 2, "dependent": 2, "short_low": 0, "short": 1, "short_high": 2}


def read(folder: Path) -> dict[str, list[Row]]:
    """Every CSV table of a package, cells as text."""
    found = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


def cell(row: Row, name: str) -> str:
    return row.get(name) or ""


def number(row: Row, name: str) -> float | None:
    return float(row[name]) if cell(row, name) else None


def items(row: Row, name: str) -> list[str]:
    return [item for item in cell(row, name).split(";") if item]


def ends(row: Row, name: str, blank: float) -> Ends:
    """x_low, x, x_high; a blank low or high is the central value."""
    x = number(row, name)
    middle = blank if x is None else x
    low, high = number(row, f"{name}_low"), number(row, f"{name}_high")
    return middle if low is None else low, middle, middle if high is None else high


def chosen(rows: Iterable[Row], fact: Sequence[str]) -> list[Row]:
    """One row a fact: use = yes, else highest confidence, newest year, first in file; use = no only is evidence."""
    best: dict[tuple[str, ...], tuple[tuple[Any, ...], Row]] = {}
    for row in rows:
        if cell(row, "use") == "no":
            continue
        key = tuple(cell(row, name) for name in fact)
        rank = (cell(row, "use") != "yes", CONFIDENCES.index(row["confidence"]), -int(row["year"][-4:]))
        if key not in best or rank < best[key][0]:
            best[key] = (rank, row)
    return [row for _, row in best.values()]


class Economy:
    """Who makes, uses and sells what in normal times."""

    def __init__(self, tables: Tables) -> None:
        self.goods = {row["good"]: row for row in tables["goods"]}
        self.members = {row["country"]: items(row, "members") for row in tables["countries"] if row["kind"] == "bloc"}
        self.countries = [row["country"] for row in tables["countries"] if row["kind"] != "bloc"]
        self.industry = {row["country"]: number(row, "manufacturing_share") or 0.0 for row in tables["countries"]}
        self.parts: dict[str, list[Row]] = defaultdict(list)  # of a good
        self.users: dict[str, list[str]] = defaultdict(list)
        for row in chosen(tables.get("bom", ()), ("output", "input", "role")):
            if row["role"] == "part":
                self.parts[row["output"]].append(row)
                self.users[row["input"]].append(row["output"])
        rows: dict[str, list[Row]] = defaultdict(list)
        for row in chosen(tables.get("production", ()), ("good", "producer", "basis")):
            rows[row["good"]].append(row)
        self.production = {good: self.one_basis(self.inherited(rows, good)) for good in self.goods}
        self.country = {c: c for c in self.countries}
        for found in self.production.values():
            self.country |= {row["producer"]: row["country"] for row in found}
        trade: dict[str, list[Row]] = defaultdict(list)
        for row in chosen(tables.get("trade", ()), ("good", "importer", "exporter", "basis")):
            trade[row["good"]].append(row)
        self.trade = {good: self.inherited(trade, good) for good in self.goods}
        self.listed = {buyer for row in tables.get("event_scope", ()) for buyer in items(row, "buyer")}
        self.place, self.use, self.flows = cache(self.place), cache(self.use), cache(self.flows)  # type: ignore

    def inherited(self, rows: Mapping[str, list[Row]], good: str) -> list[Row]:
        while not rows.get(good) and cell(self.goods[good], "kind_of"):
            good = self.goods[good]["kind_of"]
        return rows.get(good, [])

    @staticmethod
    def one_basis(rows: list[Row]) -> list[Row]:
        wanted = [row for row in rows if cell(row, "use") == "yes"]
        if wanted or not rows:
            return wanted
        basis = next(basis for basis in BASES if any(row["basis"] == basis for row in rows))
        return [row for row in rows if row["basis"] == basis]

    def inside(self, code: str) -> list[str]:
        """The countries of a country or bloc."""
        return self.members.get(code, [code])

    # --- sourcing -------------------------------------------------------------------------------------------------

    def documented(self, good: str, country: str) -> float:
        return sum(number(row, "share") or 0.0 for row in self.production[good] if row["country"] == country)

    def makers(self, good: str) -> list[str]:
        """Countries with a production row; every country where no row names anybody."""
        named = {row["country"] for row in self.production[good]}
        return [c for c in self.countries if c in named or not named]

    def place(self, good: str, country: str) -> float:
        """Share of world output made in a country: documented shares, and its use share of what no row explains."""
        rest = 1 - sum(self.documented(good, c) for c in self.countries)
        rest = rest if rest > TINY else 0.0
        return self.documented(good, country) + self.use(good, country) * rest

    def use(self, good: str, country: str) -> float:
        """u(i, c): mean over the goods made from it of their place."""
        users = self.users[good]
        if not users:
            return self.industry[country]
        return sum(self.place(user, country) for user in users) / len(users)

    def producers(self, good: str, country: str) -> dict[str, float]:
        """The producers of a good in a country and their parts of its output, which sum to 1."""
        rows = [row for row in self.production[good] if row["country"] == country]
        if not rows:
            return {country: 1.0}
        total = self.documented(good, country)
        return {row["producer"]: (number(row, "share") or 0.0) / total if total else 1 / len(rows) for row in rows}

    def user_share(self, good: str, buyer: str) -> float:
        """u of a buyer: a firm that stands alone has its part of its country's use, the industry the rest."""
        country, users = self.country[buyer], self.users[good]
        if buyer == country:
            return self.use(good, country) - sum(self.user_share(good, firm) for firm in self.firms(good, country))
        parts = [self.place(user, country) * self.producers(user, country).get(buyer, 0.0) for user in users]
        return sum(parts) / len(users) if users else 0.0

    def firms(self, good: str, country: str) -> list[str]:
        """The producers of a country whose supplies of a good can differ from those of its industry."""
        named = self.listed | {row["importer"] for row in self.trade[good]}
        return sorted(firm for firm in named if firm != country and self.country.get(firm) == country)

    def buyer(self, good: str, producer: str) -> str:
        """Who buys for a producer: itself where it is named, else its country's industry."""
        country = self.country[producer]
        return producer if producer in self.firms(good, country) else country

    def rows_of(self, good: str, buyer: str, basis: str) -> list[Row]:
        """The trade rows that speak for a buyer: its own, its country's, its bloc's."""
        rows = [row for row in self.trade[good] if row["basis"] == basis]
        country = self.country[buyer]
        blocs = [bloc for bloc, members in self.members.items() if country in members]
        for name in (buyer, country, *blocs):
            found = [row for row in rows if row["importer"] == name]
            if found:
                return found
        return []

    def flows(self, good: str, buyer: str) -> list[tuple[str, str, float]]:
        """(producer, trader or '', share of the buyer's use), shares summing to 1."""
        c = self.country[buyer]
        found: dict[tuple[str, str], float] = defaultdict(float)  # (maker's country, trader) -> share

        def buy(exporter: str, share: float) -> None:
            for maker, trader, part in self.origins(good, exporter):
                found[maker, trader] += share * part

        supply = self.rows_of(good, buyer, "supply")
        own = [number(row, "share") or 0.0 for row in supply if row["exporter"] == c]
        left = 1.0
        for row in supply:
            if row["exporter"] != c:
                buy(row["exporter"], number(row, "share") or 0.0)
                left -= number(row, "share") or 0.0
        left = max(0.0, left)
        imports = self.rows_of(good, buyer, "imports")
        if not self.production[good]:
            home = sum(own) if own else 0.0 if imports else left
        elif own:
            home = sum(own)
        elif self.use(good, c) > TINY:
            home = min(left, self.place(good, c) / self.use(good, c))
        else:
            home = left if c in self.makers(good) else 0.0
        found[c, ""] += home
        left = max(0.0, left - home)
        if imports and left > 0:
            told = [number(row, "share") or 0.0 for row in imports]
            for row, share in zip(imports, told, strict=True):
                buy(row["exporter"], left * share)
            found[c, ""] += left * max(0.0, 1 - sum(told))
        elif left > 0:
            sellers = self.sellers(good, c)
            for maker, part in sellers.items():
                found[maker, ""] += left * part
            if not sellers:
                found[c, ""] += left
        return [
            (producer, trader, share * part)
            for (maker, trader), share in found.items()
            if share > 0
            for producer, part in self.producers(good, maker).items()
            if part > 0
        ]

    def sellers(self, good: str, buyer: str) -> dict[str, float]:
        """Where a country buys without documents: from the surplus of the others, else from the other makers."""
        others = [c for c in self.makers(good) if c != buyer]
        surplus = {c: max(0.0, self.place(good, c) - self.use(good, c)) for c in others}
        weights = surplus if sum(surplus.values()) > 1e-12 else {c: self.documented(good, c) for c in others}
        total = sum(weights.values())
        return {c: weight / total for c, weight in weights.items() if weight > 0} if total > 0 else {}

    def origins(self, good: str, exporter: str) -> list[tuple[str, str, float]]:
        """What an exporter sells: (maker's country, trader or '', part)."""
        if exporter in self.members:
            p = {c: self.documented(good, c) for c in self.inside(exporter) if c in self.makers(good)}
            p = p if sum(p.values()) > 0 else {c: self.place(good, c) for c in self.inside(exporter)}
            return [(c, "", share / sum(p.values())) for c, share in p.items() if share > 0]
        makers = self.makers(good)
        if exporter in makers:
            return [(exporter, "", 1.0)]
        rows = self.rows_of(good, exporter, "imports")
        told = {row["exporter"]: number(row, "share") or 0.0 for row in rows if row["exporter"] in makers}
        told = {c: share / sum(told.values()) for c, share in told.items() if share > 0}
        return [(c, exporter, part) for c, part in (told or self.sellers(good, exporter)).items()]


class Law:
    """What the clauses do on one day."""

    def __init__(
        self, tables: Tables, economy: Economy, on: date, events: Sequence[str] | None = None, legal_only: bool = False
    ) -> None:
        self.economy, self.on = economy, on
        self.every = {row["event"]: row for row in tables.get("events", ())}
        self.active = [
            event
            for event, row in self.every.items()
            if row["measure"] not in NEVER and row["acts_on"] != "nothing" and (events is None or event in events)
        ]
        self.phases, self.severities, self.scopes = (defaultdict(list) for _ in range(3))
        for table, place in (("event_phases", self.phases), ("severities", self.severities), ("event_scope", self.scopes)):
            for row in tables.get(table, ()):
                place[row["event"]].append(row)
        self.priors = {r["applies_to"]: r for r in tables.get("assumptions", ()) if r["name"] == "severity_prior"}
        self.legal_only = legal_only
        self.in_force, self.scope, self.severity = cache(self.in_force), cache(self.scope), cache(self.severity)  # type: ignore

    def covers(self, codes: Sequence[str], destination: str) -> bool:
        return "ALL" in codes or any(destination in self.economy.inside(code) for code in codes)

    def in_force(self, event: str, destination: str, branch: str) -> bool:
        """branch: off, on or likelier, for a promise that has run out."""
        row, on = self.every[event], self.on.isoformat()
        if not self.covers(items(row, "destinations"), destination):
            return False
        covering = [p for p in self.phases[event] if self.covers(items(p, "destinations") or ["ALL"], destination)]
        begun = sorted((p for p in covering if p["from"] <= on), key=lambda p: p["from"])  # stable: later in file wins
        if not begun:
            return False
        for k, phase in enumerate(begun):
            until = cell(phase, "until")
            run_out = until and (on > until or (on == until and cell(phase, "until_included") != "yes"))
            if run_out and all(later["grade"] != "instrument" for later in begun[k + 1 :]):
                if branch == "likelier":
                    return begun[-1]["status"] == "in_force" if begun[k + 1 :] else True
                return branch == "on"
        return begun[-1]["status"] == "in_force"

    def anywhere(self, event: str, branch: str) -> bool:
        return any(self.in_force(event, c, branch) for c in self.economy.countries)

    def issuing(self, event: str) -> list[str]:
        return self.economy.inside(self.every[event]["issuer"])

    def applies(self, event: str, end_use: str) -> bool:
        return self.every[event]["end_use"] in ("any", "listed", end_use)

    def scope(self, event: str, branch: str) -> list[dict[str, Any]]:
        """Rows of (good, role) with coverage, threshold, buyers, named; several rows of one good are kept."""
        found = []
        for row in self.scopes[event]:
            about = {"role": row["role"], "threshold": number(row, "content_threshold"), "buyers": items(row, "buyer")}
            if cell(row, "good"):
                found.append(about | {"good": row["good"], "coverage": ends(row, "coverage", 1.0), "named": True})
            for other in items(row, "same_as"):
                if not self.anywhere(other, branch):
                    continue
                for their in self.scope(other, branch):
                    if their["role"] != "covered":
                        continue
                    own = number(row, "coverage") is not None
                    coverage = ends(row, "coverage", 1.0) if own else their["coverage"]
                    found.append(about | {"good": their["good"], "coverage": coverage, "named": False})
        return found

    def severity(self, event: str, good: str, destination: str, end_use: str, practice: bool = False) -> Ends | None:
        """Of the most specific row, else the prior; of practice rows alone where asked for."""
        on, best = self.on.isoformat(), None
        for row in self.severities[event]:
            codes = items(row, "destinations")
            if (
                (row["scope"] == "practice") != practice
                or not row["from"] <= on < (cell(row, "until") or "9999")
                or cell(row, "good") not in (("",) if not practice else ()) + (good,)
                or row["end_use"] not in ("any", end_use)
            ):
                continue
            if destination == "ALL":
                near = 0 if "ALL" in codes else None
            else:
                near = 2 if destination in codes else 1 if self.covers([c for c in codes if c != "ALL"], destination) else 0
                near = None if near == 0 and "ALL" not in codes else near
            if near is None:
                continue
            rank = (bool(cell(row, "good")), near, row["end_use"] != "any", row["from"])
            if best is None or rank > best[0]:
                best = (rank, row)
        if best is not None:
            return self.clipped(ends(best[1], "severity", 0.0))
        if practice:
            return None
        measure = self.every[event]["measure"]
        start = min((p["from"] for p in self.phases[event] if p["status"] == "in_force"), default=on)
        days = (self.on - date.fromisoformat(start)).days
        age = "0-3m" if days < 91 else "3-12m" if days < 365 else "12m+"
        names = [name for name in (f"{measure}:{age}", measure, "ALL") if name in self.priors]
        return self.clipped(ends(self.priors[names[0]], "value", 0.0))

    @staticmethod
    def clipped(found: Ends) -> Ends:
        low, middle, high = (min(1.0, max(0.0, x)) for x in found)
        return low, middle, high


class Oracle:
    """Losses of every good at every buyer. Options as those of `net.exposure`."""

    def __init__(
        self, tables: Tables, on: date, sharing: str = "fixed", events: Sequence[str] | None = None,
        legal_only: bool = False, unconfirmed: str = "both",
    ) -> None:  # fmt: skip
        self.economy = Economy(tables)
        self.law = Law(tables, self.economy, on, events, legal_only)
        self.sharing, self.unconfirmed = sharing, unconfirmed
        self.content, self.arrives, self.made = cache(self.content), cache(self.arrives), cache(self.made)  # type: ignore
        self.restriction = cache(self.restriction)  # type: ignore
        self.met = cache(self.met)  # type: ignore

    def branch(self, reading: str) -> str:
        if self.unconfirmed != "both":
            return self.unconfirmed
        return {"short_low": "off", "short": "likelier"}.get(reading, "on")

    def loss(self, good: str, market: str, reading: str, end_use: str) -> float:
        """1 - A(p, m); for a bloc the use-weighted mean of its members."""
        inside = self.economy.inside(market)
        uses = [self.economy.use(good, c) for c in inside]
        weights = uses if sum(uses) > 0 else [1.0] * len(inside)
        lost = [1 - self.arrives(good, c, reading, end_use) for c in inside]
        return sum(w * x for w, x in zip(weights, lost, strict=True)) / sum(weights)

    # --- restrictions -----------------------------------------------------------------------------------------------

    def lost_share(self, severity: Ends, coverage: Ends, reading: str) -> float:
        if reading == "linked":
            return 1.0
        if reading == "dependent":
            return coverage[2]
        return severity[END[reading]] * coverage[END[reading]]

    def restriction(self, good: str, maker: str, trader: str, buyer: str, reading: str, end_use: str) -> float:
        """Largest r on one leg: maker -> buyer, or trader -> buyer of what the maker made."""
        law, country = self.law, self.economy.country
        origin, y, branch = country[maker], country[buyer], self.branch(reading)
        x = trader or origin
        worst = 0.0
        for event in law.active:
            row, issuing = law.every[event], law.issuing(event)
            for covered in law.scope(event, branch) if law.applies(event, end_use) else ():
                if covered["good"] != good or (row["measure"] == "entity_list" and buyer not in covered["buyers"]):
                    continue
                role, acts_on = covered["role"], row["acts_on"]
                ways: list[str] = []  # what the severity row and the status look at: destinations, for imports origins
                if acts_on == "export" and role == "covered" and x in issuing and y not in issuing:
                    ways = [y]
                elif acts_on == "import" and role == "covered" and y in issuing:
                    ways = [c for c in {x, origin} if c not in issuing]
                elif acts_on == "reexport" and x not in issuing and y not in issuing and x != y:
                    if role == "technology" or (role == "covered" and self.caught(event, covered, maker, trader, reading)):
                        ways = [y]
                for way in ways:
                    if law.in_force(event, way, branch):
                        severity = law.severity(event, good, way, end_use)
                        worst = max(worst, self.lost_share(severity, covered["coverage"], reading))
            if row["acts_on"] == "export" and not law.legal_only and x in issuing and y not in issuing:
                worst = max(worst, self.practice(event, good, y, reading, end_use))
        return worst

    def practice(self, event: str, good: str, y: str, reading: str, end_use: str) -> float:
        """A practice row that names a good restricts its exports where the clause does not reach."""
        law, branch = self.law, self.branch(reading)
        named = any(s["good"] == good and s["role"] == "covered" for s in law.scope(event, branch))
        if named and law.applies(event, end_use) and law.in_force(event, y, branch):
            return 0.0
        severity = law.severity(event, good, y, end_use, True)
        reached = law.covers(items(law.every[event], "destinations"), y)
        if severity is None or not (law.in_force(event, y, branch) if reached else law.anywhere(event, branch)):
            return 0.0
        return self.lost_share(severity, (1.0, 1.0, 1.0), reading)

    def caught(self, event: str, covered: Mapping[str, Any], maker: str, trader: str, reading: str) -> bool:
        """Whether a re-export clause catches what a maker made: by content, or goods of the issuer's origin sent on."""
        origin_issues = self.economy.country[maker] in self.law.issuing(event)
        if covered["threshold"] is None:
            return bool(trader) and origin_issues
        known, unknown = (1.0, False) if origin_issues else self.content(event, covered["good"], maker, reading)
        if known >= covered["threshold"] - 1e-12:
            return True
        return unknown and (END[reading] == 2 or (reading == "short" and covered["named"]))

    def content(self, event: str, good: str, maker: str, reading: str) -> tuple[float, bool]:
        """v(g, n) without its unknown parts, and whether there are any."""
        issuing, known, unknown = self.law.issuing(event), 0.0, False
        counts = {s["good"] for s in self.law.scope(event, self.branch(reading)) if s["role"] == "content"}
        for part in self.economy.parts[good]:
            inside, open_ = 0.0, False
            for origin, _, share in self.economy.flows(part["input"], maker):
                if self.economy.country[origin] in issuing and part["input"] in counts:
                    inside += share
                else:
                    v, more = self.content(event, part["input"], origin, reading)
                    inside, open_ = inside + share * v, open_ or more
            if number(part, "value_share") is None:
                unknown = unknown or inside > 0 or open_
            else:
                value = ends(part, "value_share", 0.0)[END[reading]]
                known, unknown = known + value * inside, unknown or (open_ and value > 0)
        return known, unknown

    # --- availability -----------------------------------------------------------------------------------------------

    def own(self, good: str, producer: str, reading: str, end_use: str) -> float:
        law, branch, left = self.law, self.branch(reading), 1.0
        for event in law.active:
            if law.every[event]["acts_on"] != "output" or not law.applies(event, end_use):
                continue
            if self.economy.country[producer] not in law.issuing(event) or not law.in_force(event, "ALL", branch):
                continue
            for covered in law.scope(event, branch):
                if covered["good"] == good and covered["role"] == "covered":
                    severity = law.severity(event, good, "ALL", end_use)
                    left = min(left, 1 - self.lost_share(severity, covered["coverage"], reading))
        return left

    def criticality(self, part: Row, reading: str) -> float:
        if reading == "linked":
            return 1.0
        s = number(part, "substitutability")
        if number(part, "criticality") is not None:
            found = ends(part, "criticality", 0.0)
        elif part["effect"] == "essential":
            found = (1 - (s or 0.0), 1 - (s or 0.0) / 2, 1.0)
        elif part["effect"] == "adds":
            rest = 1 - (0.5 if s is None else s)
            found = (0.1 * rest, 0.5 * rest, rest)
        else:
            found = (0.0, 0.0, 0.1)
        return found[END[reading]]

    def made(self, good: str, producer: str, reading: str, end_use: str) -> float:
        """a(g, n)."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for k, part in enumerate(self.economy.parts[good]):
            groups[cell(part, "group") or f"alone {k}"].append(part)
        ceiling, added = self.own(good, producer, reading, end_use), 0.0
        for name, members in groups.items():
            lone = name.startswith("alone ")
            missing = [1 - self.arrives(part["input"], self.economy.buyer(part["input"], producer), reading, end_use) for part in members]
            losses = []
            for k, part in enumerate(members):
                weight, cover = 1.0, 0.0
                if not lone and reading != "linked":
                    share = number(part, "group_share")
                    weight = 1 / len(members) if share is None else share
                    others = [j for j in range(len(members)) if j != k]
                    cover = sum((number(members[j], "takeover") or 0.0) * (1 - missing[j]) for j in others)
                losses.append(weight * self.criticality(part, reading) * missing[k] * (1 - min(1.0, cover)))
            adds = members[0]["effect"] == "adds"
            if reading == "linked" and not adds:
                total = max(losses)
            else:
                total = sum(losses)
            if adds:
                added += total
            else:
                ceiling = min(ceiling, 1 - total)
        return max(0.0, min(ceiling, 1 - added))

    def direct(self, good: str, buyer: str, reading: str, end_use: str) -> float:
        """A(i, b) where each buyer bears its own shortage."""
        arrived = 0.0
        for maker, trader, share in self.economy.flows(good, buyer):
            passed = 1 - self.restriction(good, maker, trader, buyer, reading, end_use)
            if trader:
                passed *= 1 - self.restriction(good, maker, "", trader, reading, end_use)
            arrived += share * passed * self.made(good, maker, reading, end_use)
        return arrived

    def pooled(self, good: str, reading: str, end_use: str) -> list[str] | None:
        """The countries outside the issuing ones, if a clause in force names the good; else None."""
        law, named, issuing = self.law, False, set()
        branch = "on" if self.unconfirmed != "off" else "off"
        for event in law.active:
            acts_on, measure = law.every[event]["acts_on"], law.every[event]["measure"]
            roles = ("covered", "technology") if acts_on == "reexport" else ("covered",)
            scope = [s for s in law.scope(event, branch) if s["good"] == good and s["role"] in roles]
            if measure == "entity_list":
                scope = [s for s in scope if any(buyer in self.economy.country for buyer in s["buyers"])]
            if scope and law.applies(event, end_use) and law.anywhere(event, branch):
                named = True
                issuing |= set(law.issuing(event)) if acts_on != "output" else set()
        return [c for c in self.economy.countries if c not in issuing] if named else None

    def met(self, good: str, reading: str, end_use: str) -> tuple[float, float, float] | None:
        """T, U and what spare capacity adds, of the pool of a good."""
        countries = self.pooled(good, reading, end_use)
        if countries is None:
            return None
        economy, total, arrived, spare = self.economy, 0.0, 0.0, 0.0
        for buyer in (b for c in countries for b in (c, *economy.firms(good, c))):
            u = economy.user_share(good, buyer)
            total, arrived = total + u, arrived + u * self.direct(good, buyer, reading, end_use)
        for row in economy.production[good]:
            if row["country"] in countries and reading != "linked":
                extra = (number(row, "share") or 0.0) * (number(row, "spare") or 0.0)
                spare += extra * self.made(good, row["producer"], reading, end_use)
        return arrived, total, spare

    def arrives(self, good: str, buyer: str, reading: str, end_use: str) -> float:
        """A(i, b), after sharing."""
        direct = self.direct(good, buyer, reading, end_use)
        countries = self.pooled(good, reading, end_use) if self.sharing != "fixed" else None
        if countries is None or self.economy.country[buyer] not in countries:
            return direct
        arrived, total, spare = self.met(good, reading, end_use)
        if self.sharing == "shared":
            return arrived / total if total > 0 else direct
        u = self.economy.user_share(good, buyer)
        return min(1.0, (arrived + spare) / u) if u > 0 else direct
