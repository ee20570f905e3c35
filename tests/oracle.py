"""The static model once more, slow and plain: dicts and loops over table rows, written from the design's formulas only.

It shares no code with the engine, so that agreement is evidence. `Oracle(tables)` takes each table as a list of
dicts (blank = None, "" or left out; lists as "A;B") or as a DataFrame. The order below is that of the model: tables,
status, severity and scope, sourcing, content, restrictions, availability with sharing, readings.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

Row = Mapping[str, Any]
READINGS = ("linked", "dependent", "short_low", "short", "short_high")
BRANCH = {"linked": 2, "dependent": 2, "short_low": 0, "short": 1, "short_high": 2}  # unconfirmed: off, likelier, on
END = {"linked": 2, "dependent": 2, "short_low": 0, "short": 1, "short_high": 2}  # which end of a range
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


class Oracle:
    """One data package on one day, for one end-use class; `exposure(product, market, reading)` is the answer."""

    def __init__(
        self,
        tables: Mapping[str, Any],
        on: str,
        end_use: str = "civil",
        events: Iterable[str] | None = None,
        sharing: str = "fixed",
        legal_only: bool = False,
    ) -> None:
        self.tables = {name: _clean(rows) for name, rows in tables.items()}
        self.on, self.end_use, self.sharing, self.legal_only = on, end_use, sharing, legal_only
        self.run = None if events is None else set(events)
        self.memo: dict[tuple[Any, ...], Any] = {}

    # ---- tables ---------------------------------------------------------------------------------------------------

    def rows(self, table: str, **equal: Any) -> list[Row]:
        return [r for r in self.tables.get(table, []) if all(r.get(k) == v for k, v in equal.items())]

    @cached_property
    def countries(self) -> list[str]:
        return [r["country"] for r in self.rows("countries") if r.get("kind") != "bloc"]

    @cached_property
    def blocs(self) -> dict[str, list[str]]:
        return {r["country"]: _list(r.get("members")) for r in self.rows("countries", kind="bloc")}

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

    # ---- status ---------------------------------------------------------------------------------------------------

    def state(self, event: Row, destination: str | None = None) -> tuple[bool, bool, bool]:
        """In force (off branch, likelier branch, on branch) towards a destination; None = any destination."""
        key = ("state", event["event"], destination)
        if key not in self.memo:
            self.memo[key] = self._state(event, destination)
        found: tuple[bool, bool, bool] = self.memo[key]
        return found

    def _state(self, event: Row, destination: str | None) -> tuple[bool, bool, bool]:
        if destination is None:
            found = [self.state(event, c) for c in self.countries]
            return (any(s[0] for s in found), any(s[1] for s in found), any(s[2] for s in found))
        begun = []
        for place, row in enumerate(self.rows("event_phases", event=event["event"])):
            codes = _list(row.get("destinations")) or _list(event["destinations"])
            if row["from"] <= self.on and self.among(destination, codes):
                begun.append((row["from"], place, row))
        if not begun:
            return (False, False, False)
        begun.sort(key=lambda b: b[:2])
        phase, likelier = begun[0][2], None
        for _, _, row in begun[1:]:
            if row["grade"] == "instrument" or not self.run_out(phase):
                phase, likelier = row, None
            else:
                likelier = row["status"]
        if self.run_out(phase):
            return (False, likelier in (None, "in_force"), True)
        on = phase["status"] == "in_force"
        return (on, on, on)

    def run_out(self, phase: Row) -> bool:
        until = phase.get("until")
        if until is None:
            return False
        return self.on > until or (self.on == until and phase.get("until_included") != "yes")

    # ---- severity and scope ---------------------------------------------------------------------------------------

    def severity(self, event: Row, good: str, country: str, practice: bool = False) -> list[float] | None:
        """Severity (low, central, high) of the most specific row; `country` = destination, or origin for imports."""
        best: tuple[Any, Row] | None = None
        for row in self.rows("severities", event=event["event"]):
            closeness = self.among(country, _list(row["destinations"]))
            until = row.get("until")
            if (row.get("scope") == "practice") != practice or not closeness:
                continue
            if row["from"] > self.on or (until is not None and self.on >= until):
                continue
            if row.get("good") != good and (practice or row.get("good") is not None):
                continue
            if row["end_use"] not in ("any", self.end_use):
                continue
            key = (row.get("good") == good, closeness, row["end_use"] != "any", row["from"])
            if best is None or key > best[0]:
                best = (key, row)
        return None if best is None else [min(1.0, max(0.0, x)) for x in _range(best[1], "severity")]

    def scope(self, event: Row, branch: int) -> list[Row]:
        """Scope rows by good on the day; a same_as row covers what that event covers while that is in force."""
        key = ("scope", event["event"], branch)
        if key not in self.memo:
            self.memo[key] = self._scope(event, branch)
        found: list[Row] = self.memo[key]
        return found

    def _scope(self, event: Row, branch: int) -> list[Row]:
        found: list[Row] = []
        for row in self.rows("event_scope", event=event["event"]):
            if row.get("same_as") is None:
                found += [{**row, "named": True}] if row.get("good") is not None else []
                continue
            other = self.rows("events", event=row["same_as"])[0]
            if not self.state(other)[branch]:
                continue
            for there in self.scope(other, branch):
                if there["role"] == "covered" and row.get("good") in (None, there["good"]):
                    shares = row if row.get("coverage") is not None else there  # as much of it as that event covers
                    coverage = {end: shares.get(end) for end in ("coverage_low", "coverage", "coverage_high")}
                    found.append({**row, **coverage, "good": there["good"], "named": row.get("good") is not None})
        return found

    def acting(self) -> list[Row]:
        """Clauses that can act on this class at all, in the run."""
        return [
            e
            for e in self.rows("events")
            if (self.run is None or e["event"] in self.run)
            and e["measure"] not in ("agreement", "easing", "reporting")
            and e["acts_on"] != "nothing"
        ]

    def reaches_class(self, event: Row) -> bool:
        return event["end_use"] in ("any", "listed", self.end_use)

    def covering(self, event: Row, good: str, branch: int) -> list[Row]:
        roles = ("covered", "technology") if event["acts_on"] == "reexport" else ("covered",)
        return [r for r in self.scope(event, branch) if r["good"] == good and r["role"] in roles]

    def lost(self, event: Row, rows: list[Row], good: str, country: str, reading: str) -> float:
        """severity x coverage of a clause on a good towards a country, in one reading."""
        end = END[reading]
        coverage = max(1.0 if r.get("coverage") is None else _range(r, "coverage")[end] for r in rows)
        if reading == "linked":
            return 1.0
        if reading == "dependent":
            return coverage
        severity = self.severity(event, good, country)
        if severity is None:
            raise LookupError(f"no severity row for {event['event']} on {good} and {country}; priors are not modelled")
        return severity[end] * coverage

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
        rows: list[Row] = []
        for importer in (buyer, c, *(b for b, members in self.blocs.items() if c in members)):
            rows = rows or [r for r in self.trade(good) if r["importer"] == importer]
        supply = {r["exporter"]: r["share"] for r in rows if r["basis"] == "supply"}
        imports = {r["exporter"]: r["share"] for r in rows if r["basis"] == "imports"}
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

    # ---- content --------------------------------------------------------------------------------------------------

    def content(self, event: Row, good: str, maker: str, country: str, reading: str) -> tuple[float, float, bool]:
        """Value share of the issuer's content goods in a good made somewhere.

        Returns it in this reading with unknown value shares as 0, its upper end with unknown ones as 1, and whether
        any of what carries content is unknown.
        """
        key = ("content", event["event"], good, maker, reading)
        if key not in self.memo:
            self.memo[key] = self._content(event, good, maker, country, reading)
        found: tuple[float, float, bool] = self.memo[key]
        return found

    def _content(self, event: Row, good: str, maker: str, country: str, reading: str) -> tuple[float, float, bool]:
        counted = {r["good"] for r in self.scope(event, BRANCH[reading]) if r["role"] == "content"}
        total, upper, unknown = 0.0, 0.0, False
        for edge in self.inputs(good):
            inside, most, unsure = 0.0, 0.0, False
            for flow in self.sourcing(edge["input"], country, maker):
                if flow.country in self.members(event["issuer"]) and edge["input"] in counted:
                    v, top, u = 1.0, 1.0, False
                else:
                    v, top, u = self.content(event, edge["input"], flow.maker, flow.country, reading)
                inside += flow.share * v
                most += flow.share * top
                unsure = unsure or u
            if edge.get("value_share") is None:
                upper += most
                unknown = unknown or most > 0
            else:
                ends = _range(edge, "value_share")
                total += ends[END[reading]] * inside
                upper += ends[2] * most
                unknown = unknown or unsure
        return total, min(1.0, upper), unknown

    def caught(self, event: Row, row: Row, good: str, maker: str, country: str, reading: str) -> bool:
        """Does this scope row of a re-export clause catch a good made there?"""
        if row["role"] == "technology":
            return True
        if row.get("content_threshold") is None:
            return False
        v, upper, unknown = self.content(event, good, maker, country, reading)
        if v >= row["content_threshold"] - 1e-12:
            return True
        possible = unknown and upper >= row["content_threshold"] - 1e-12
        return possible and (END[reading] == 2 or (reading == "short" and row["named"]))

    # ---- restrictions ---------------------------------------------------------------------------------------------

    def restricted(self, good: str, flow: Flow, country: str, buyer: str, reading: str) -> float:
        """Share of a flow to a buyer that is lost: the largest over its legs and the clauses on them."""
        if not flow.trader:
            return self.leg(good, flow, flow.country, country, buyer, reading)
        worst = max(
            self.leg(good, flow, flow.country, flow.trader, "", reading),
            self.leg(good, flow, flow.trader, country, buyer, reading),
        )
        branch = BRANCH[reading]
        for event in self.acting():  # goods of the issuer's origin, sent on
            if event["acts_on"] != "reexport" or not self.reaches_class(event):
                continue
            rows = [r for r in self.covering(event, good, branch) if r["role"] == "covered"]
            rows = [r for r in rows if r.get("content_threshold") is None]
            issuer = self.members(event["issuer"])
            if not rows or flow.country not in issuer or flow.trader in issuer or country in issuer:
                continue
            if flow.trader == country or not self.among(country, _list(event["destinations"])):
                continue
            if self.state(event, country)[branch]:
                worst = max(worst, self.lost(event, rows, good, country, reading))
        return worst

    def leg(self, good: str, flow: Flow, x: str, y: str, buyer: str, reading: str) -> float:
        """Largest restriction on the way of a flow from country x to country y."""
        worst, branch = 0.0, BRANCH[reading]
        for event in self.acting():
            acts_on, codes, issuer = event["acts_on"], _list(event["destinations"]), self.members(event["issuer"])
            met = x if acts_on == "import" else y  # the country that the clause's list names
            rows = self.covering(event, good, branch)
            if event["measure"] == "entity_list":
                rows = [r for r in rows if buyer and buyer in _list(r.get("buyer"))]
            if acts_on == "export":
                right_way = x in issuer and y not in issuer
            elif acts_on == "import":
                right_way = y in issuer and x not in issuer
            elif acts_on == "reexport":
                right_way = x not in issuer and y not in issuer and x != y
                rows = [r for r in rows if self.caught(event, r, good, flow.maker, flow.country, reading)]
            else:
                continue
            in_reach = bool(rows) and self.among(met, codes) > 0 and self.reaches_class(event)
            if right_way and in_reach and self.state(event, met)[branch]:
                worst = max(worst, self.lost(event, rows, good, met, reading))
            if acts_on == "export" and right_way and not in_reach and not self.legal_only:
                practice = self.severity(event, good, y, practice=True)
                if practice is not None and self.state(event)[branch]:
                    worst = max(worst, 1.0 if reading in ("linked", "dependent") else practice[END[reading]])
        return worst

    def own(self, good: str, country: str, reading: str) -> float:
        """Own capacity left after stops of output."""
        left, branch = 1.0, BRANCH[reading]
        for event in self.acting():
            if event["acts_on"] != "output" or country not in self.members(event["issuer"]):
                continue
            rows = self.covering(event, good, branch)
            if rows and self.reaches_class(event) and self.state(event)[branch]:
                left = min(left, 1 - self.lost(event, rows, good, country, reading))
        return left

    # ---- availability ---------------------------------------------------------------------------------------------

    def criticality(self, edge: Row, reading: str) -> float:
        if reading == "linked":
            return 1.0
        s = edge.get("substitutability")
        if edge.get("criticality") is not None:
            ends = _range(edge, "criticality")
        elif edge["effect"] == "essential":
            s = s or 0.0
            ends = [1 - s, 1 - s / 2, 1.0]
        elif edge["effect"] == "adds":
            s = 0.5 if s is None else s
            ends = [0.1 * (1 - s), 0.5 * (1 - s), 1 - s]
        else:
            ends = [0.0, 0.0, 0.1]
        return ends[END[reading]]

    def made(self, good: str, maker: str, country: str, reading: str) -> float:
        """a: share of normal output."""
        key = ("made", good, maker, country, reading)
        if key not in self.memo:
            groups: dict[str, list[Row]] = {}
            for edge in self.inputs(good):
                lone = reading == "linked" or edge.get("group") is None
                groups.setdefault(f"lone {edge['input']}" if lone else f"group {edge['group']}", []).append(edge)
            worst_essential, adds = 0.0, 0.0
            for name, edges in groups.items():
                arrived = {e["input"]: self.arrived(e["input"], country, maker, reading) for e in edges}
                loss = 0.0
                for e in edges:
                    weight, cover = 1.0, 0.0
                    if name.startswith("group"):
                        weight = 1 / len(edges) if e.get("group_share") is None else e["group_share"]
                        cover = sum((o.get("takeover") or 0.0) * arrived[o["input"]] for o in edges if o is not e)
                    loss += weight * self.criticality(e, reading) * (1 - arrived[e["input"]]) * (1 - min(1.0, cover))
                if edges[0]["effect"] == "adds":
                    adds += loss
                else:
                    worst_essential = max(worst_essential, loss)
            self.memo[key] = max(0.0, min(self.own(good, country, reading), 1 - worst_essential, 1 - adds))
        left: float = self.memo[key]
        return left

    def arrived_alone(self, good: str, country: str, buyer: str, reading: str) -> float:
        """A where each buyer bears its own shortage."""
        return sum(
            f.share
            * (1 - self.restricted(good, f, country, buyer, reading))
            * self.made(good, f.maker, f.country, reading)
            for f in self.sourcing(good, country, buyer)
        )

    def arrived(self, good: str, country: str, buyer: str, reading: str) -> float:
        """A: share of normal supply that arrives at a buyer (a producer; or a market: buyer '')."""
        alone = self.arrived_alone(good, country, buyer, reading)
        pool = self.pool(good) if self.sharing != "fixed" else None
        if pool is None or country in pool:
            return alone
        outside = [(c, self.use(good, c)) for c in self.countries if c not in pool]
        total = sum(u * self.arrived_alone(good, c, c, reading) for c, u in outside)
        if self.sharing == "shared":
            normal = sum(u for _, u in outside)
            return total / normal if normal > 0 else alone
        u = self.use(good, country)
        there = total + self.spare(good, pool, reading)
        if u > 0:
            return min(1.0, there / u)
        return 1.0 if there > 0 else alone  # who uses next to nothing and is served first gets all of it

    def pool(self, good: str) -> set[str] | None:
        """The issuing countries of a good that clauses in force name (on branch); None where none names it."""
        named, issuing = False, set()
        for event in self.acting():
            if self.reaches_class(event) and self.covering(event, good, 2) and self.state(event)[2]:
                named = True
                if event["acts_on"] != "output":
                    issuing |= set(self.members(event["issuer"]))
        return issuing if named else None

    def spare(self, good: str, issuing: set[str], reading: str) -> float:
        if reading == "linked":
            return 0.0
        makers = [m for m in self.makers(good) if m.country not in issuing and m.share > 0]
        return sum(m.share * m.spare * self.made(good, m.name, m.country, reading) for m in makers)

    # ---- readings -------------------------------------------------------------------------------------------------

    def exposure(self, product: str, market: str, reading: str) -> float:
        """1 - A of a product in a market; of a bloc: the use-weighted mean of its members."""
        members = self.members(market)
        if members == [market]:
            return 1 - self.arrived(product, market, "", reading)
        weights = [self.use(product, c) for c in members]
        losses = [1 - self.arrived(product, c, "", reading) for c in members]
        if sum(weights) <= 0:
            return sum(losses) / len(losses)  # nobody there is known to use it: the plain mean
        return sum(w * x for w, x in zip(weights, losses, strict=True)) / sum(weights)

    def readings(self, product: str, market: str) -> dict[str, float]:
        return {reading: self.exposure(product, market, reading) for reading in READINGS}


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


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return value.split(";") if isinstance(value, str) else list(value)


def _range(row: Row, column: str) -> list[float]:
    """Low, central, high; a blank end is the central value."""
    middle = row[column]
    low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
    return [middle if low is None else low, middle, middle if high is None else high]
