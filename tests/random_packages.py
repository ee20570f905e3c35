"""Random data packages for hypothesis: small economies with every kind of clause, and random firm networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

ON = "2025-06-01"
COUNTRIES = ("CHN", "JPN", "USA", "DEU", "FRA")
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]
Draw = Any

level = st.integers(0, 20).map(lambda k: k / 20)  # a share in steps that keep sums and ties exact enough to read


def often(draw: Draw, chances: int, of: int = 10) -> bool:
    return draw(st.integers(1, of)) <= chances


def some(draw: Draw, among: Sequence[str], least: int = 1, most: int = 3) -> list[str]:
    size = draw(st.integers(min(least, len(among)), min(most, len(among))))
    return list(draw(st.permutations(among)))[:size]


def shares(draw: Draw, size: int, whole: bool = False) -> list[float]:
    """Positive shares that sum to 1, or to less."""
    weights = [draw(st.integers(1, 9)) for _ in range(size)]
    total = sum(weights) + (0 if whole else draw(st.sampled_from([0, 0, 1, 3, 8])))
    return [w / total for w in weights]


def spread(draw: Draw, name: str, x: float | None = None, chances: int = 5) -> dict[str, float]:
    """x with, now and then, a low and a high end around it."""
    x = draw(level) if x is None else x
    found = {name: x}
    if often(draw, chances):
        found[f"{name}_low"] = x * draw(level)
    if often(draw, chances):
        found[f"{name}_high"] = x + (1 - x) * draw(level)
    return found


@st.composite
def packages(draw: Draw, clauses: int = 4, groups: bool = True) -> Tables:
    """The tables of a small economy: 3 to 8 goods on 2 to 4 levels, 3 to 5 countries, up to `clauses` events."""
    countries = list(COUNTRIES[: draw(st.integers(3, 5))])
    if len(countries) < 5 and often(draw, 3):
        countries.append("ROW")
    levels = _levels(draw)
    goods = [good for found in levels for good in found]
    tables: Tables = {"countries": _countries(draw, countries), "goods": _goods(draw, levels)}
    tables["bom"] = [row for k in range(1, len(levels)) for good in levels[k] for row in _parts(draw, good, levels[:k], groups)]
    tables["production"] = [row for good in goods for row in _production(draw, good, countries)]
    tables["trade"] = [row for good in goods for row in _trade(draw, good, countries, tables)]
    tables["assumptions"] = [
        {"name": "severity_prior", "applies_to": "ALL", **spread(draw, "value")},
        {"name": "severity_prior", "applies_to": "ban", **spread(draw, "value")},
        {"name": "severity_prior", "applies_to": "licence:3-12m", **spread(draw, "value")},
    ]
    tables |= {name: [] for name in ("events", "event_scope", "event_phases", "severities")}
    for k in range(draw(st.integers(1, clauses))):
        _clause(draw, f"e{k}", tables, countries, goods)
    return tables


def _levels(draw: Draw) -> list[list[str]]:
    """Names of goods level by level; made from lower levels only."""
    while True:
        found = [[f"g{k}{letter}" for letter in "abc"[: draw(st.integers(1, 3))]] for k in range(draw(st.integers(2, 4)))]
        if 3 <= sum(map(len, found)) <= 8:
            return found
        found[0] = ["g0a"]


def _countries(draw: Draw, countries: list[str]) -> Rows:
    parts = shares(draw, len(countries), whole=True)
    rows: Rows = [
        {"country": c, "kind": "rest" if c == "ROW" else "country", "manufacturing_share": part}
        for c, part in zip(countries, parts, strict=True)
    ]
    members = [c for c in countries if c in ("DEU", "FRA")]
    return [*rows, {"country": "EU27", "kind": "bloc", "members": members}] if members else rows


def _goods(draw: Draw, levels: list[list[str]]) -> Rows:
    rows: Rows = []
    for k, names in enumerate(levels):
        for good in names:
            product = k == len(levels) - 1 or (k > 0 and often(draw, 2))
            row: dict[str, Any] = {"good": good, "kind": "product" if product else "material"}
            if product:
                row["end_use"] = draw(st.sampled_from(["", "civil", "military", "both"]))
            if good != names[0] and often(draw, 2):
                row["kind_of"] = names[0]
            rows.append(row)
    return rows


def _parts(draw: Draw, good: str, lower: list[list[str]], groups: bool) -> Rows:
    inputs = some(draw, [g for found in lower for g in found], 1, 4)
    rows: Rows = []
    for name in inputs:
        row: dict[str, Any] = {"output": good, "input": name, "criticality": None}
        row["effect"] = draw(st.sampled_from(["essential", "essential", "essential", "adds", "negligible"]))
        if often(draw, 7):
            row |= spread(draw, "criticality", draw(st.sampled_from([1.0, 1.0, 0.5, 0.3, 0.0])))
        elif often(draw, 7):
            row["substitutability"] = draw(level)
        if often(draw, 7):
            row |= spread(draw, "value_share", draw(st.sampled_from([0.0, 0.001, 0.02, 0.1, 0.3])))
        rows.append(row)
    if groups and len(rows) > 1 and often(draw, 5):
        members = rows[: draw(st.integers(2, len(rows)))]
        blank, weights = often(draw, 3), shares(draw, len(members), whole=True)
        for row, weight in zip(members, weights, strict=True):
            row |= {"group": "one", "effect": members[0]["effect"], "group_share": None if blank else weight}
            row["takeover"] = draw(st.sampled_from([None, 0.0, 0.3, 0.6, 1.0]))
    return rows


def _production(draw: Draw, good: str, countries: list[str]) -> Rows:
    if often(draw, 1):
        return []
    makers = some(draw, countries, 1, 3)
    rows: Rows = []
    for c, share in zip(makers, shares(draw, len(makers)), strict=True):
        row = {"good": good, "producer": c, "country": c, "share": share}
        if often(draw, 4):
            row["spare"] = draw(st.sampled_from([0.1, 0.5, 2.0]))
        if c != "ROW" and often(draw, 2):
            part = draw(st.sampled_from([0.25, 0.5]))
            rows.append({**row, "producer": f"{good}_{c}_two", "share": share * part})
            row |= {"producer": f"{good}_{c}_one", "share": share * (1 - part)}
        rows.append(row)
    if often(draw, 2):  # other bases stay evidence
        rows += [{**row, "basis": "proxy", "share": 1 / len(makers)} for row in rows[:1]]
    return rows


def _trade(draw: Draw, good: str, countries: list[str], tables: Tables) -> Rows:
    rows: Rows = []
    makers = {row["country"] for row in tables["production"] if row["good"] == good}
    bloc = next((row for row in tables["countries"] if row["kind"] == "bloc"), {"members": []})
    firms = [row["producer"] for row in tables["production"] if row["producer"] != row["country"]]
    importers = [*countries, *(["EU27"] if bloc["members"] else []), *firms]
    for importer in (i for i in importers if often(draw, 2)):
        own = [importer, *(bloc["members"] if importer == "EU27" else []), importer.split("_")[-2] if "_" in importer else ""]
        sellers = [c for c in countries if c not in own]
        if set(bloc["members"]) & makers and not set(own) & {"EU27", *bloc["members"]}:
            sellers.append("EU27")
        basis = draw(st.sampled_from(["imports", "imports", "supply"]))
        exporters = some(draw, sellers, 1, 3)
        if basis == "supply" and importer in countries and often(draw, 5):
            exporters[0] = importer
        for exporter, share in zip(exporters, shares(draw, len(exporters)), strict=True):
            rows.append({"good": good, "importer": importer, "exporter": exporter, "share": share, "basis": basis})
    return rows


# --- the law ----------------------------------------------------------------------------------------------------------


def _clause(draw: Draw, event: str, tables: Tables, countries: list[str], goods: list[str]) -> None:
    acts_on = draw(st.sampled_from(["export", "export", "export", "import", "output", "reexport", "nothing"]))
    firms = [row["producer"] for row in tables["production"] if row["producer"] != row["country"]]
    measures = ["licence", "ban", "quota", *(["entity_list", "entity_list"] if acts_on == "export" else [])]
    measure = draw(st.sampled_from(measures))
    if often(draw, 1, 12):
        measure = draw(st.sampled_from(["agreement", "easing", "reporting"]))
    issuer = draw(st.sampled_from([c for c in countries if c != "ROW"]))
    areas = [c for c in countries if c != issuer] + [row["country"] for row in tables["countries"] if row["kind"] == "bloc"]
    reach = ["ALL"] if acts_on == "output" or often(draw, 5) else some(draw, areas, 1, 2)
    end_use = draw(st.sampled_from(["any", "any", "civil", "military", "listed"]))
    tables["events"].append(
        {"event": event, "issuer": issuer, "measure": measure, "acts_on": acts_on, "destinations": reach, "end_use": end_use}
    )
    named = some(draw, goods, 1, 3)
    for good in named:
        row = {"event": event, "item": good, "good": good}
        if often(draw, 4):
            row |= spread(draw, "coverage")
        if measure == "entity_list" and firms and often(draw, 8):
            row["buyer"] = some(draw, firms, 1, 2)
        if acts_on == "reexport":
            row["role"] = draw(st.sampled_from(["covered", "covered", "covered", "technology"]))
            if row["role"] == "covered" and often(draw, 7):
                row["content_threshold"] = draw(st.sampled_from([0.0001, 0.001, 0.01]))
        tables["event_scope"].append(row)
    if acts_on == "reexport":
        others = [row["event"] for row in tables["events"][:-1]]
        for good in some(draw, goods, 1, 3):
            tables["event_scope"].append({"event": event, "item": f"{good} inside", "good": good, "role": "content"})
        if others and often(draw, 4):
            told = {"event": event, "item": "the same goods", "good": None, "same_as": draw(st.sampled_from(others))}
            tables["event_scope"].append({**told, "role": draw(st.sampled_from(["content", "covered"]))})
    tables["event_phases"] += [{"event": event, **row} for row in _phases(draw, acts_on, reach, areas)]
    tables["severities"] += _severities(draw, event, acts_on, reach, areas, named, end_use)
    hidden = [g for g in goods if g not in named]
    if acts_on == "export" and hidden and often(draw, 3):
        row = {"event": event, "good": hidden[0], "destinations": some(draw, areas, 1, 2), "scope": "practice"}
        tables["severities"].append({**row, **spread(draw, "severity")})


def _phases(draw: Draw, acts_on: str, reach: list[str], areas: list[str]) -> Rows:
    """The legal lives that the design tells apart."""
    rows: Rows = [{"from": "2025-01-01", "status": "in_force"}]
    life = draw(st.sampled_from(["plain", "plain", "later", "ended", "pause", "pause", "limited", "apart", "never"]))
    until = {"until": draw(st.sampled_from(["2025-05-31", ON, "2025-06-30"]))}
    until["until_included"] = draw(st.sampled_from(["", "yes", "no"]))
    if often(draw, 3):
        rows.insert(0, {"from": "2024-12-01", "status": "announced"})
    if life == "later":
        rows[-1]["from"] = "2025-07-01"
    elif life == "ended":
        rows.append({"from": "2025-03-01", "status": "ended"})
    elif life == "limited":
        rows[-1] |= until
    elif life == "pause":
        rows.append({"from": "2025-02-01", "status": "suspended", **until})
    elif life == "never":
        rows[-1] = {"from": "2024-12-15", "status": "suspended", **until}
    elif life == "apart" and acts_on != "output":
        among = areas if reach == ["ALL"] else reach
        rows.append({"from": "2025-02-01", "status": "suspended", "destinations": some(draw, among, 1, 1)})
    if life in ("pause", "limited", "never") and often(draw, 5):
        status = draw(st.sampled_from(["in_force", "suspended", "ended"]))
        grade = draw(st.sampled_from(["instrument", "readout", "press"]))
        rows.append({"from": draw(st.sampled_from(["2025-05-01", ON])), "status": status, "grade": grade})
    return rows


def _severities(
    draw: Draw, event: str, acts_on: str, reach: list[str], areas: list[str], named: list[str], end_use: str
) -> Rows:
    """Some rows of every kind of specificity, unique by key."""
    uses = ["any", "civil", "military"] if end_use in ("any", "listed") else ["any", end_use]
    rows: Rows = []
    for _ in range(draw(st.integers(0, 4))):
        row: dict[str, Any] = {"event": event, "good": draw(st.sampled_from([None, *named]))}
        row["destinations"] = "ALL" if acts_on == "output" or often(draw, 5) else draw(st.sampled_from(areas))
        row["end_use"] = draw(st.sampled_from(uses))
        row["from"] = draw(st.sampled_from(["2025-01-01", "2025-04-01", "2025-06-01", "2025-07-01"]))
        row["until"] = draw(st.sampled_from([None, None, "2025-05-01", ON])) if row["from"] < "2025-04-02" else None
        key = ("good", "destinations", "end_use", "from")
        if all(any(row[name] != other[name] for name in key) for other in rows):
            rows.append(row | spread(draw, "severity", draw(st.sampled_from([1.0, 0.8, 0.5, 0.2, 0.0, -0.3]))))
    return rows
