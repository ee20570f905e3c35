"""Random data packages for hypothesis: small economies with every kind of clause, and random firm networks."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any


ON = "2025-06-01"
COUNTRIES = ("CHN", "JPN", "USA", "DEU", "FRA")
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]


def level(rng: Random) -> float:
    """A share in steps, so that ends and ties are met."""
    return rng.randint(0, 20) / 20


def often(rng: Random, chances: int, of: int = 10) -> bool:
    return rng.randint(1, of) <= chances


def some(rng: Random, among: Sequence[str], least: int = 1, most: int = 3) -> list[str]:
    size = rng.randint(min(least, len(among)), min(most, len(among)))
    return rng.sample(list(among), size)


def shares(rng: Random, size: int, whole: bool = False) -> list[float]:
    """Positive shares that sum to 1, or to less."""
    weights = [rng.randint(1, 9) for _ in range(size)]
    total = sum(weights) + (0 if whole else rng.choice([0, 0, 1, 3, 8]))
    return [w / total for w in weights]


def spread(rng: Random, name: str, x: float | None = None, chances: int = 5) -> dict[str, float]:
    """x with, now and then, a low and a high end around it."""
    x = level(rng) if x is None else x
    found = {name: x}
    if often(rng, chances):
        found[f"{name}_low"] = x * level(rng)
    if often(rng, chances):
        found[f"{name}_high"] = x + (1 - x) * level(rng)
    return found


def packages(rng: Random, clauses: int = 4, groups: bool = True, traders: bool = True, named: bool = True) -> Tables:
    """The tables of a small economy: 3 to 8 goods on 2 to 4 levels, 3 to 5 countries, up to `clauses` events.

    traders: exporters need not be makers; clauses are then exports, output and goods sent on
    named: trade rows and entity lists may name firms
    """
    countries = list(COUNTRIES[: rng.randint(3, 5)])
    if len(countries) < 5 and often(rng, 3):
        countries.append("ROW")
    levels = _levels(rng)
    goods = [good for found in levels for good in found]
    tables: Tables = {"countries": _countries(rng, countries), "goods": _goods(rng, levels)}
    tables["bom"] = [row for k in range(1, len(levels)) for good in levels[k] for row in _parts(rng, good, levels[:k], groups)]
    tables["production"] = [row for good in goods for row in _production(rng, good, countries)]
    tables["trade"] = [row for good in goods for row in _trade(rng, good, countries, tables, traders, named)]
    tables["assumptions"] = [
        {"name": "severity_prior", "applies_to": "ALL", **spread(rng, "value")},
        {"name": "severity_prior", "applies_to": "ban", **spread(rng, "value")},
        {"name": "severity_prior", "applies_to": "licence", **spread(rng, "value")},
    ]
    tables |= {name: [] for name in ("events", "event_scope", "event_phases", "severities")}
    for k in range(rng.randint(1, clauses)):
        _clause(rng, f"e{k}", tables, countries, goods, traders, named)
    return tables


def _levels(rng: Random) -> list[list[str]]:
    """Names of goods level by level; made from lower levels only."""
    while True:
        found = [[f"g{k}{letter}" for letter in "abc"[: rng.randint(1, 3)]] for k in range(rng.randint(2, 4))]
        if 3 <= sum(map(len, found)) <= 8:
            return found
        found[0] = ["g0a"]


def _countries(rng: Random, countries: list[str]) -> Rows:
    parts = shares(rng, len(countries), whole=True)
    rows: Rows = [
        {"country": c, "kind": "rest" if c == "ROW" else "country", "manufacturing_share": part}
        for c, part in zip(countries, parts, strict=True)
    ]
    members = [c for c in countries if c in ("DEU", "FRA")]
    return [*rows, {"country": "EU27", "kind": "bloc", "members": members}] if members else rows


def _goods(rng: Random, levels: list[list[str]]) -> Rows:
    rows: Rows = []
    for k, names in enumerate(levels):
        for good in names:
            product = k == len(levels) - 1 or (k > 0 and often(rng, 2))
            row: dict[str, Any] = {"good": good, "kind": "product" if product else "material"}
            if product:
                row["end_use"] = rng.choice(["", "civil", "military", "both"])
            if good != names[0] and often(rng, 2):
                row["kind_of"] = names[0]
            rows.append(row)
    return rows


def _parts(rng: Random, good: str, lower: list[list[str]], groups: bool) -> Rows:
    inputs = some(rng, [g for found in lower for g in found], 1, 4)
    rows: Rows = []
    for name in inputs:
        row: dict[str, Any] = {"output": good, "input": name, "criticality": None}
        row["effect"] = rng.choice(["essential", "essential", "essential", "adds", "negligible"])
        if often(rng, 7):
            row |= spread(rng, "criticality", rng.choice([1.0, 1.0, 0.5, 0.3, 0.0]))
        elif often(rng, 7):
            row["substitutability"] = level(rng)
        if often(rng, 7):
            row |= spread(rng, "value_share", rng.choice([0.0, 0.001, 0.02, 0.1, 0.3]))
        rows.append(row)
    if groups and len(rows) > 1 and often(rng, 5):
        members = rows[: rng.randint(2, len(rows))]
        blank, weights = often(rng, 3), shares(rng, len(members), whole=True)
        for row, weight in zip(members, weights, strict=True):
            row |= {"group": "one", "effect": members[0]["effect"], "group_share": None if blank else weight}
            row["takeover"] = rng.choice([None, 0.0, 0.3, 0.6, 1.0])
    return rows


def _production(rng: Random, good: str, countries: list[str]) -> Rows:
    if often(rng, 1):
        return []
    makers = some(rng, countries, 1, 3)
    rows: Rows = []
    for c, share in zip(makers, shares(rng, len(makers)), strict=True):
        row = {"good": good, "producer": c, "country": c, "share": share}
        if often(rng, 4):
            row["spare"] = rng.choice([0.1, 0.5, 2.0])
        if c != "ROW" and often(rng, 2):
            part = rng.choice([0.25, 0.5])
            rows.append({**row, "producer": f"{good}_{c}_two", "share": share * part})
            row |= {"producer": f"{good}_{c}_one", "share": share * (1 - part)}
        rows.append(row)
    if often(rng, 2):  # other bases stay evidence
        rows += [{**row, "basis": "proxy", "share": 1 / len(makers)} for row in rows[:1]]
    return rows


def _production_of(tables: Tables, good: str) -> Rows:
    """Its production rows, or those of the good it is a kind of."""
    rows = [row for row in tables["production"] if row["good"] == good]
    about = next(row for row in tables["goods"] if row["good"] == good)
    return rows or (_production_of(tables, about["kind_of"]) if "kind_of" in about else [])


def _trade(rng: Random, good: str, countries: list[str], tables: Tables, traders: bool, named: bool) -> Rows:
    rows: Rows = []
    made = _production_of(tables, good)
    makers = {row["country"] for row in made} or set(countries)
    whole = sum(row["share"] for row in made if row.get("basis") != "proxy") > 1 - 1e-9
    bloc = next((row for row in tables["countries"] if row["kind"] == "bloc"), {"members": []})
    users = {row["output"] for row in tables["bom"] if row["input"] == good}
    firms = sorted({r["producer"] for r in tables["production"] if r["producer"] != r["country"] and r["good"] in users})
    importers = [*countries, *(["EU27"] if bloc["members"] else []), *(firms if named else [])]
    for importer in (i for i in importers if often(rng, 2)):
        own = [importer, *(bloc["members"] if importer == "EU27" else []), importer.split("_")[-2] if "_" in importer else ""]
        sellers = [c for c in countries if c not in own and (traders or c in makers)]
        if whole and set(bloc["members"]) & makers and not set(own) & {"EU27", *bloc["members"]}:
            sellers.append("EU27")
        basis = rng.choice(["imports", "imports", "supply"])
        if not sellers:
            continue
        exporters = some(rng, sellers, 1, 3)
        if basis == "supply" and importer in countries and often(rng, 5):
            exporters[0] = importer
        for exporter, share in zip(exporters, shares(rng, len(exporters)), strict=True):
            rows.append({"good": good, "importer": importer, "exporter": exporter, "share": share, "basis": basis})
    return rows


# --- the law ----------------------------------------------------------------------------------------------------------


def _clause(
    rng: Random, event: str, tables: Tables, countries: list[str], goods: list[str], traders: bool, names: bool
) -> None:
    acts_on = rng.choice(["export", "export", "export", "output", "reexport", "nothing", *([] if traders else ["import"])])
    firms = sorted({row["producer"] for row in tables["production"] if row["producer"] != row["country"]})
    lists = ["entity_list", "entity_list"] if acts_on == "export" and names and not traders else []
    measures = ["licence", "ban", "quota", *lists]
    measure = rng.choice(measures)
    if often(rng, 1, 12):
        measure = rng.choice(["agreement", "easing", "reporting"])
    issuer = rng.choice([c for c in countries if c != "ROW"])
    areas = [c for c in countries if c != issuer] + [row["country"] for row in tables["countries"] if row["kind"] == "bloc"]
    reach = ["ALL"] if acts_on == "output" or often(rng, 5) else some(rng, areas, 1, 2)
    end_use = rng.choice(["any", "any", "civil", "military", "listed"])
    tables["events"].append(
        {"event": event, "issuer": issuer, "measure": measure, "acts_on": acts_on, "destinations": reach, "end_use": end_use}
    )
    named = some(rng, goods, 1, 3)
    for good in named:
        row = {"event": event, "item": good, "good": good}
        if often(rng, 4):
            row |= spread(rng, "coverage")
        if measure == "entity_list" and firms and often(rng, 8):
            row["buyer"] = some(rng, firms, 1, 2)
        if acts_on == "reexport":
            row["role"] = rng.choice(["covered", "covered", "covered", "covered" if traders else "technology"])
            if row["role"] == "covered" and not traders and often(rng, 7):
                row["content_threshold"] = rng.choice([0.0001, 0.001, 0.01])
        tables["event_scope"].append(row)
    if acts_on == "reexport":
        others = [row["event"] for row in tables["events"][:-1]]
        for good in some(rng, goods, 1, 3):
            tables["event_scope"].append({"event": event, "item": f"{good} inside", "good": good, "role": "content"})
        if others and often(rng, 4):
            told = {"event": event, "item": "the same goods", "good": None, "same_as": rng.choice(others)}
            tables["event_scope"].append({**told, "role": rng.choice(["content", "covered"])})
    tables["event_phases"] += [{"event": event, **row} for row in _phases(rng, acts_on, reach, areas)]
    tables["severities"] += _severities(rng, event, acts_on, reach, areas, named, end_use)
    hidden = [g for g in goods if g not in named]
    if acts_on == "export" and hidden and often(rng, 3):
        row = {"event": event, "good": hidden[0], "destinations": some(rng, areas, 1, 2), "scope": "practice"}
        tables["severities"].append({**row, **spread(rng, "severity")})


def _phases(rng: Random, acts_on: str, reach: list[str], areas: list[str]) -> Rows:
    """The legal lives that the design tells apart."""
    rows: Rows = [{"from": "2025-01-01", "status": "in_force"}]
    life = rng.choice(["plain", "plain", "later", "ended", "pause", "pause", "limited", "apart", "never"])
    until = {"until": rng.choice(["2025-05-31", ON, "2025-06-30"])}
    until["until_included"] = rng.choice(["", "yes", "no"])
    if often(rng, 3):
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
        rows.append({"from": "2025-02-01", "status": "suspended", "destinations": some(rng, among, 1, 1)})
    if life in ("pause", "limited", "never") and often(rng, 5):
        status = rng.choice(["in_force", "suspended", "ended"])
        grade = rng.choice(["instrument", "readout", "press"])
        rows.append({"from": rng.choice(["2025-05-01", ON]), "status": status, "grade": grade})
    return rows


def _severities(
    rng: Random, event: str, acts_on: str, reach: list[str], areas: list[str], named: list[str], end_use: str
) -> Rows:
    """Some rows of every kind of specificity, unique by key."""
    uses = ["any", "civil", "military"] if end_use in ("any", "listed") else ["any", end_use]
    rows: Rows = []
    for _ in range(rng.randint(0, 4)):
        row: dict[str, Any] = {"event": event, "good": rng.choice([None, *named])}
        row["destinations"] = "ALL" if acts_on == "output" or often(rng, 5) else rng.choice(areas)
        row["end_use"] = rng.choice(uses)
        row["from"] = rng.choice(["2025-01-01", "2025-04-01", "2025-06-01", "2025-07-01"])
        row["until"] = rng.choice([None, None, "2025-05-01", ON]) if row["from"] < "2025-04-02" else None
        key = ("good", "destinations", "end_use", "from")
        if all(any(row[name] != other[name] for name in key) for other in rows):
            rows.append(row | spread(rng, "severity", rng.choice([1.0, 0.8, 0.5, 0.2, 0.0, -0.3])))
    return rows
