"""Random data packages and networks for property tests, each drawn from one number that hypothesis chooses.

`packages()` draws tables for `data_builder.package`: a few goods on levels, a few countries, all kinds of clauses.
Every clause has a severity row for ALL from the first day, so that no prior speaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

Row = dict[str, Any]
Tables = dict[str, list[Row]]

CODES = ("CHN", "JPN", "USA", "DEU", "AUS")
BLOC = "EU27"  # DEU and whoever comes first
ON = "2025-06-01"
START = "2025-01-01"
SEEDS = st.integers(0, 2**32 - 1)  # one draw a case: quick, and shrinking ends at once


@dataclass(frozen=True)
class Features:
    """What a random package may hold beyond goods, countries, imports and clauses."""

    groups: bool = True  # inputs that stand in for each other
    traders: bool = False  # exporters that make none of the good
    blocs: bool = False  # a bloc as importer or exporter of trade rows
    firms: bool = False  # firms as makers, named by trade rows and entity lists


def packages(features: Features) -> st.SearchStrategy[Tables]:
    return SEEDS.map(lambda seed: random_package(Random(seed), features))


def random_package(rng: Random, has: Features) -> Tables:
    """Tables of a random package."""
    countries = list(CODES[: rng.randint(3, 5)])
    levels = _levels(rng, rng.randint(2, 4))
    tables: Tables = {
        "countries": _countries(rng, countries),
        "goods": [],
        "production": [],
        "bom": [],
        "trade": [],
    }
    places = [row["country"] for row in tables["countries"] if row["kind"] != "bloc"]
    goods = [good for level in levels for good in level]
    for depth, level in enumerate(levels):
        below = [good for lower in levels[:depth] for good in lower]
        for good in level:
            tables["bom"] += _needs(rng, good, below, has.groups)
    used = {row["input"] for row in tables["bom"]}
    for good in goods:
        kind = "product" if good not in used or rng.random() < 0.15 else "component"
        tables["goods"].append({"good": good, "kind": kind, "stage": "product" if kind == "product" else "component"})
        tables["production"] += _production(rng, good, places)
    if has.firms:
        _split_into_firms(rng, tables)
    for good in goods:
        tables["trade"] += _trade(rng, good, places, tables, has)
    for number in range(rng.randint(1, 4)):
        _clause(rng, f"event{number}", goods, places, tables)
    return tables


def _levels(rng: Random, count: int) -> list[list[str]]:
    sizes = [rng.randint(1, 2) for _ in range(count)]
    return [[f"g{depth}{place}" for place in range(size)] for depth, size in enumerate(sizes)]


def _parts(rng: Random, count: int, total: float = 1.0) -> list[float]:
    """Random positive numbers of four decimals that sum to `total`."""
    if not count:
        return []
    weights = [rng.randint(1, 9) for _ in range(count)]
    parts = [int(1e4 * total * w / sum(weights)) for w in weights]
    left = round(1e4 * total) - sum(parts)
    return [(part + (left if place == 0 else 0)) / 1e4 for place, part in enumerate(parts)]


def _triple(rng: Random, name: str, top: float = 1.0, bottom: float = 0.0) -> Row:
    """Low, central, high; the ends sometimes blank."""
    low, middle, high = sorted(round(rng.uniform(bottom, top), 3) for _ in range(3))
    return {
        name: middle,
        f"{name}_low": low if rng.random() < 0.7 else None,
        f"{name}_high": high if rng.random() < 0.7 else None,
    }


def _countries(rng: Random, countries: list[str]) -> list[Row]:
    named = [*countries, *(["ROW"] if rng.random() < 0.5 else [])]
    shares = _parts(rng, len(named))
    rows: list[Row] = [
        {"country": c, "kind": "rest" if c == "ROW" else "country", "manufacturing_share": s}
        for c, s in zip(named, shares, strict=True)
    ]
    return [*rows, {"country": BLOC, "kind": "bloc", "members": ";".join(countries[-2:])}]


def _needs(rng: Random, good: str, below: list[str], groups: bool) -> list[Row]:
    inputs = rng.sample(below, min(len(below), rng.randint(1, 3)))
    rows = [_edge(rng, good, i) for i in inputs]
    if groups and len(rows) >= 2 and rng.random() < 0.5:
        members = rows[: rng.randint(2, len(rows))]
        shares: list[float | None] = list(_parts(rng, len(members)))
        if rng.random() < 0.4:
            shares = [None] * len(members)
        for row, share in zip(members, shares, strict=True):
            takeover = None if rng.random() < 0.2 else round(rng.random(), 3)
            row.update(group="swap", group_share=share, takeover=takeover, effect=members[0]["effect"])
    spares = [
        {**row, **_triple(rng, "criticality"), "source_id": "OLD", "year": "2019", "confidence": "low"}
        for row in rows
        if rng.random() < 0.1
    ]
    return [*spares, *rows]  # evidence that is kept but not used


def _edge(rng: Random, good: str, needed: str) -> Row:
    row: Row = {
        "output": good,
        "input": needed,
        "effect": rng.choice(["essential"] * 5 + ["adds"] * 4 + ["negligible"]),
    }
    row |= _triple(rng, "criticality")
    return row | ({} if rng.random() < 0.3 else _triple(rng, "value_share", rng.choice([0.004, 0.2])))


def _production(rng: Random, good: str, places: list[str]) -> list[Row]:
    if rng.random() < 0.08:
        return []
    makers = rng.sample(places, rng.randint(1, min(3, len(places))))
    rows: list[Row] = []
    bases = ["output"] if rng.random() < 0.8 else ["capacity", rng.choice(["refining", "output"])]
    for basis in bases:
        shares = _parts(rng, len(makers), rng.choice([1.0, 1.0, 0.9, 0.6]))
        rows += [
            {"good": good, "producer": c, "share": s, "basis": basis, "spare": round(rng.uniform(0, 0.5), 2)}
            for c, s in zip(makers, shares, strict=True)
        ]
    if rng.random() < 0.2:
        for row in rows:
            row["use"] = "yes" if row["basis"] == rows[0]["basis"] else "no"
    others = [c for c in places if c not in makers and c != "ROW"]
    if others and len(bases) == 1 and rng.random() < 0.2:  # named, share unknown
        rows.append({**rows[0], "producer": rng.choice(others), "share": None, "spare": None})
    return rows


def _split_into_firms(rng: Random, tables: Tables) -> None:
    """Firms F1 and F2 in place of one country that makes a good."""
    found = [row for row in tables["production"] if row["share"] and row["producer"] != "ROW"]
    if not found:
        return
    row = rng.choice(found)
    good, country = row["good"], row["producer"]
    kept = [r for r in tables["production"] if not (r["good"] == good and r["producer"] == country)]
    part = rng.choice([0.3, 0.5, 0.8])
    for old in [r for r in tables["production"] if r["good"] == good and r["producer"] == country]:
        for firm, share in (("F1", part), ("F2", 1 - part)):
            kept.append({**old, "producer": firm, "country": country, "share": round(old["share"] * share, 7)})
    tables["production"] = kept


def _trade(rng: Random, good: str, places: list[str], tables: Tables, has: Features) -> list[Row]:
    """Documented imports and supply; with traders, some from countries that make none of it."""
    bloc = next(row["members"].split(";") for row in tables["countries"] if row["kind"] == "bloc")
    makers = {row.get("country", row["producer"]) for row in tables["production"] if row["good"] == good}
    sellers = [c for c in places if has.traders or c in makers or not makers]
    rows: list[Row] = []
    for importer in [*places, *([BLOC] if has.blocs else [])]:
        if rng.random() > 0.2:
            continue
        inside = bloc if importer == BLOC else [importer]
        exporters = [c for c in sellers if c not in inside]
        if has.blocs and importer not in (BLOC, *bloc) and makers & set(bloc):
            exporters.append(BLOC)
        basis = rng.choice(["imports", "imports", "supply"])
        chosen = rng.sample(exporters, min(len(exporters), rng.randint(1, 2)))
        if basis == "supply" and importer in makers and rng.random() < 0.5:
            chosen.append(importer)
        shares = _parts(rng, len(chosen), rng.choice([1.0, 0.8, 0.5]))
        rows += [
            {"good": good, "importer": importer, "exporter": x, "share": s, "basis": basis}
            for x, s in zip(chosen, shares, strict=True)
        ]
    firm = next((row for row in tables["production"] if row["producer"] == "F1"), None)
    needs = {row["input"] for row in tables["bom"] if firm and row["output"] == firm["good"]}
    exporters = [c for c in sellers if firm and c != firm["country"]]
    if good in needs and exporters and rng.random() < 0.5:
        source = {"importer": "F1", "exporter": rng.choice(exporters), "share": 0.75, "basis": "supply"}
        rows.append({"good": good, **source})
    return rows


def _clause(rng: Random, event: str, goods: list[str], places: list[str], tables: Tables) -> None:
    """One clause with its scope, its legal life and its severities."""
    acts_on = rng.choice(["export"] * 5 + ["import", "output", "output", "reexport", "reexport"])
    issuer = rng.choice([c for c in places if c != "ROW"])
    others = [c for c in places if c != issuer]  # a clause that names its issuer alone would be nonsense
    destinations = "ALL" if acts_on == "output" else _some(rng, others)
    row: Row = {"event": event, "acts_on": acts_on, "issuer": issuer, "destinations": destinations}
    row["end_use"] = rng.choice(["any", "any", "any", "listed", "civil", "military"])
    row["measure"] = {"reexport": "extraterritorial", "output": "supply_stop"}.get(
        acts_on, rng.choice(["ban", "quota"])
    )
    scope = _scope(rng, row, goods, tables)
    firm = next((r for r in tables["production"] if r["producer"] == "F1"), None)
    if acts_on == "export" and rng.random() < 0.5 and firm and firm["country"] != issuer:
        row |= {"measure": "entity_list", "end_use": "listed"}
        scope = [{**r, "buyer": "F1"} for r in scope if r.get("good")]
    if rng.random() < 0.05:
        row |= {"measure": "reporting"}
    covered = [r["good"] for r in scope if r.get("good")]
    for name, found in (
        ("events", [row]),
        ("event_scope", scope),
        ("event_phases", _phases(rng, event, others if acts_on != "output" else [])),
        ("severities", _severities(rng, row, covered, places)),
    ):
        tables[name] = [*tables.get(name, []), *found]


def _some(rng: Random, places: list[str]) -> str:
    kind = rng.random()
    if kind < 0.4:
        return "ALL"
    return BLOC if kind < 0.5 else ";".join(rng.sample(places, min(len(places), rng.randint(1, 2))))


def _scope(rng: Random, event: Row, goods: list[str], tables: Tables) -> list[Row]:
    base: Row = {"event": event["event"]}
    chosen = rng.sample(goods, rng.randint(1, min(2, len(goods))))
    rows = [{**base, "good": g, **(_triple(rng, "coverage") if rng.random() < 0.5 else {})} for g in chosen]
    others = [
        e["event"] for e in tables.get("events", []) if e["acts_on"] == "export" and e["measure"] != "entity_list"
    ]
    if event["acts_on"] != "reexport":
        if others and rng.random() < 0.3:
            rows.append({**base, "item": "what another act covers", "same_as": rng.choice(others), "good": None})
        return rows
    kind = rng.random()
    if kind < 0.25:
        return rows  # goods of the issuer's origin, sent on
    if kind < 0.4:
        return [{**r, "role": "technology"} for r in rows]
    made = {(r["good"], r.get("country", r["producer"])) for r in tables["production"]}
    content = [g for g in goods if g not in chosen] or goods
    counted = rng.sample(content, rng.randint(1, min(2, len(content))))
    rows = [{**r, "content_threshold": rng.choice([0.001, 0.05])} for r in rows]
    rows = [r for r in rows if (r["good"], event["issuer"]) not in made]  # foreign-made goods
    return [*rows, *({**base, "good": g, "item": f"{g} inside", "role": "content"} for g in counted)]


def _phases(rng: Random, event: str, places: list[str]) -> list[Row]:
    start: Row = {"event": event, "from": START}
    kind = rng.random()
    if kind < 0.45:
        return [start]
    if kind < 0.55:
        return [start, {**start, "from": "2025-03-01", "status": "ended"}]
    if kind < 0.6 and places:
        later: Row = {**start, "from": "2025-03-01", "status": "suspended", "destinations": rng.choice(places)}
        return [start, later]
    pause: Row = {**start, "from": "2025-02-01", "status": "suspended"}
    pause["until"] = rng.choice(["2025-05-20", "2025-05-31", ON, ON, "2025-09-01"])
    pause["until_included"] = rng.choice(["yes", "no", None])
    if kind < 0.8:
        return [start, pause]
    named: Row = {**start, "from": rng.choice(["2025-04-01", "2025-05-25"])}
    named |= {"status": rng.choice(["suspended", "in_force"]), "grade": rng.choice(["instrument", "readout", "press"])}
    return [start, pause, named]


def _severities(rng: Random, event: Row, covered: list[str], places: list[str]) -> list[Row]:
    base: Row = {"event": event["event"], "destinations": "ALL", "end_use": "any"}
    rows = [{**base, **_triple(rng, "severity", 1, -0.1)}]
    if event["acts_on"] == "output":
        return rows
    for number in range(rng.randint(0, 2)):
        row = {**base, "from": f"2025-02-0{number + 1}", **_triple(rng, "severity")}
        row["destinations"] = rng.choice(["ALL", BLOC, rng.choice(places)])
        row["end_use"] = rng.choice(["any", "any", "civil", "military"])
        row["good"] = rng.choice([None, *covered])
        row["until"] = rng.choice([None, None, ON, "2025-07-01"])
        rows.append(row)
    if event["acts_on"] == "export" and event["measure"] != "entity_list" and rng.random() < 0.3:
        practice: Row = {**base, "from": "2025-01-15", "scope": "practice", **_triple(rng, "severity")}
        practice["good"] = rng.choice([row["good"] for row in rows if row.get("good")] or covered or [None])
        practice["destinations"] = rng.choice(places)
        rows.append(practice)
    return rows


@dataclass(frozen=True)
class Needs:
    """A random network for `availability`: plain rows; nodes and supplies are numbers."""

    share: dict[tuple[int, int], float]  # (supply, node)
    own: dict[int, float]
    lost: dict[tuple[int, int], float]  # (supply, node): share of that flow lost
    needs: list[dict[str, Any]]  # node, supply, group, weight, takeover, essential, criticality; sorted by node, group


def networks() -> st.SearchStrategy[Needs]:
    return SEEDS.map(lambda seed: random_network(Random(seed)))


def random_network(rng: Random) -> Needs:
    """A few firms that buy from one another, cycles included."""
    count, supplies = rng.randint(3, 8), rng.randint(2, 8)
    share: dict[tuple[int, int], float] = {}
    for supply in range(supplies):
        sellers = rng.sample(range(count), rng.randint(1, min(3, count)))
        parts = _parts(rng, len(sellers))
        for seller, part in zip(sellers, parts, strict=True):
            share[supply, seller] = part
    needs: list[dict[str, Any]] = []
    group = 0
    for node in range(count):
        for _ in range(rng.randint(0, 2)):
            members = rng.sample(range(supplies), rng.choice([1, 1, min(2, supplies)]))
            parts = _parts(rng, len(members))
            essential = rng.random() < 0.6
            for supply, part in zip(members, parts, strict=True):
                lone = len(members) == 1
                needs.append(
                    {
                        "node": node,
                        "supply": supply,
                        "group": group,
                        "weight": 1.0 if lone else part,
                        "takeover": 0.0 if lone else round(rng.random(), 3),
                        "essential": essential,
                        "criticality": round(rng.random(), 3),
                    }
                )
            group += 1
    lost = {link: round(rng.random(), 3) for link in share if rng.random() < 0.3}
    own = {node: 1.0 if rng.random() < 0.7 else round(rng.random(), 3) for node in range(count)}
    return Needs(share, own, lost, needs)
