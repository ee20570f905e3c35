"""The static model once more, slow and plain: dicts and loops over table rows, written from the design's formulas only.

It shares no code with the engine, so that agreement is evidence. `Oracle(tables)` takes each table as a list of
dicts (blank = None, "" or left out; lists as "A;B") or as a DataFrame. The order below is that of the model: tables,
status, severity and scope, sourcing, content, restrictions, availability with sharing, readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from oracle_world import Flow, PlainWorld, Row, ends_of, listed

READINGS = ("linked", "dependent", "short_low", "short", "short_high")
BRANCH = {"linked": 2, "dependent": 2, "short_low": 0, "short": 1, "short_high": 2}  # unconfirmed: off, likelier, on
END = {"linked": 2, "dependent": 2, "short_low": 0, "short": 1, "short_high": 2}  # which end of a range
TABLES = ("countries", "goods", "production", "bom", "trade", "events", "event_scope", "event_phases", "severities")


def tables_of(net: Any) -> dict[str, list[dict[str, Any]]]:
    """The tables of a network as plain rows."""
    return {name: net.table(name).astype(object).to_dict("records") for name in TABLES}


class Oracle(PlainWorld):
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
        super().__init__(tables)
        self.on, self.end_use, self.sharing, self.legal_only = on, end_use, sharing, legal_only
        self.run = None if events is None else set(events)

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
            codes = listed(row.get("destinations")) or listed(event["destinations"])
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
            closeness = self.among(country, listed(row["destinations"]))
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
        return None if best is None else [min(1.0, max(0.0, x)) for x in ends_of(best[1], "severity")]

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
        coverage = max(1.0 if r.get("coverage") is None else ends_of(r, "coverage")[end] for r in rows)
        if reading == "linked":
            return 1.0
        if reading == "dependent":
            return coverage
        severity = self.severity(event, good, country)
        if severity is None:
            raise LookupError(f"no severity row for {event['event']} on {good} and {country}; priors are not modelled")
        return severity[end] * coverage

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
                ends = ends_of(edge, "value_share")
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
            self.leg(good, flow, flow.country, flow.trader, buyer, reading),  # a licence states its end user
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
            if flow.trader == country or not self.among(country, listed(event["destinations"])):
                continue
            if self.state(event, country)[branch]:
                worst = max(worst, self.lost(event, rows, good, country, reading))
        return worst

    def leg(self, good: str, flow: Flow, x: str, y: str, buyer: str, reading: str) -> float:
        """Largest restriction on the way of a flow from country x to country y."""
        worst, branch = 0.0, BRANCH[reading]
        for event in self.acting():
            acts_on, codes, issuer = event["acts_on"], listed(event["destinations"]), self.members(event["issuer"])
            met = x if acts_on == "import" else y  # the country that the clause's list names
            rows = self.covering(event, good, branch)
            if event["measure"] == "entity_list":
                rows = [r for r in rows if buyer and buyer in listed(r.get("buyer"))]
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
            ends = ends_of(edge, "criticality")
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
