"""Events in tables of a few rows, and what one asks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_builder import package

from supplychain.events import Calendar, Effect
from supplychain.tables import Tables, load_tables

EU = {"country": "EU27", "kind": "bloc", "members": "DEU;FRA"}
OTHERS = [{"country": code} for code in ("AUS", "CHN", "DEU", "FRA", "JPN", "USA")] + [EU]
PRIORS = [
    {"name": "severity_prior", "applies_to": "ALL", "value_low": 0, "value": 0.5, "value_high": 1},
    {"name": "severity_prior", "applies_to": "licence:0-3m", "value_low": 0.6, "value": 0.8, "value_high": 1},
    {"name": "severity_prior", "applies_to": "licence:3-12m", "value": 0.4},
    {"name": "severity_prior", "applies_to": "licence:12m+", "value": 0.2},
    {"name": "severity_prior", "applies_to": "ban", "value_low": 0.3, "value": 0.9, "value_high": 1},
]
Row = dict[str, Any]


class World:
    """A tiny package: goods m and k; one clause x of China on m unless a test says otherwise."""

    def __init__(self, folder: Path, **tables: Sequence[Mapping[str, Any]]) -> None:
        full = {
            "countries": OTHERS,
            "goods": [{"good": "m"}, {"good": "k"}],
            "assumptions": PRIORS,
            "events": [{"event": "x"}],
            "event_scope": [{"event": "x", "good": "m"}],
            "event_phases": [{"event": "x"}],
            **tables,
        }
        self.tables: Tables = load_tables(package(folder, **full))
        self.calendar = Calendar(self.tables)
        self.codes = list(self.tables["countries"]["country"])

    def effects(self, on: str = "2025-06-01", end_use: str = "civil", **options: Any) -> list[Effect]:
        return self.calendar.effects(on, end_use, **options)

    def only(self, on: str = "2025-06-01", end_use: str = "civil", **options: Any) -> Effect:
        (effect,) = self.effects(on, end_use, **options)
        return effect

    def r(self, effect: Effect, country: str) -> list[float]:
        return effect.r[self.codes.index(country)].tolist()

    def row(self, effect: Effect, country: str) -> str:
        return effect.severity_row[self.codes.index(country)]


def severity(good: str = "m", **row: Any) -> Row:
    return {"event": "x", "good": good, **row}


def same_as(**changes: Any) -> dict[str, list[Row]]:
    tables = {
        "events": [{"event": "arms", "destinations": "JPN"}, {"event": "x", "destinations": "USA"}],
        "event_scope": [
            {"event": "arms", "item": "all dual-use items", "same_as": "x"},
            {"event": "x", "good": "m", "coverage": 0.5},
            {"event": "x", "item": "a thing the graph lacks"},
        ],
        "event_phases": [{"event": "arms"}, {"event": "x", "from": "2025-03-01"}],
        "severities": [{"event": "arms", "severity": 0.8}, severity(severity=0.3)],
    }
    return {**tables, **changes}


def state(calendar: Calendar, event: str, on: str, destination: str) -> str:
    frame = calendar.status(on, destination).set_index("event")
    if event not in frame.index:
        return "none"
    row = frame.loc[event]
    branches = [row["in_force_low"], row["in_force"], row["in_force_high"]]
    assert not row["confirmed"] or branches == [row["status"] == "in_force"] * 3
    return row["status"] + ("" if row["confirmed"] else ": " + "/".join("on" if b else "off" for b in branches))
