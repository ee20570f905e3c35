"""Every row of an overlay that took part in an answer is named, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from data_builder import overlay, package

import supplychain as sc

DAY = "2025-06-01"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """m mined in CHN and AUS, k made in JPN from m and x, p finished in USA; q apart; CHN stops m from 2025."""
    return package(
        tmp_path / "data",
        countries=[{"country": "DEU"}],
        goods=[
            {"good": "m", "kind": "mineral"}, {"good": "x", "kind": "mineral"}, {"good": "k"}, {"good": "q"},
            {"good": "p", "kind": "product", "end_use": "civil"},
        ],
        production=[
            {"good": "m", "producer": "CHN", "share": 0.9}, {"good": "m", "producer": "AUS", "share": 0.1},
            {"good": "x", "producer": "JPN", "share": 1}, {"good": "k", "producer": "JPN", "share": 1},
            {"good": "p", "producer": "USA", "share": 1}, {"good": "q", "producer": "JPN", "share": 1},
        ],
        bom=[{"output": "k", "input": "m"}, {"output": "k", "input": "x"}, {"output": "p", "input": "k"}],
        events=[{"event": "stop"}, {"event": "later"}],
        event_scope=[{"event": "stop", "good": "m"}, {"event": "later", "good": "q"}],
        event_phases=[{"event": "stop"}, {"event": "later"}],
        severities=[{"event": "stop"}, {"event": "later"}],
        assumptions=[{"name": "refill", "value": 0.1}, {"name": "default_transit", "value": 0, "unit": "days"}],
    )  # fmt: skip


def named(data: Path, day: str = DAY, **tables: object) -> list[str]:
    own = overlay(data.parent / "own", **tables)
    return sc.load(data, own).exposure(day, "USA", ["p"]).own_rows


def test_stocks_that_stand_between(data: Path) -> None:
    rows = [
        {"good": "m", "country": "JPN", "holder": "we", "kind": "industry", "days": 60},
        {"good": "m", "country": "JPN", "holder": "they", "kind": "industry", "days": 10},  # equal ones add
        {"good": "m", "country": "DEU", "holder": "we", "kind": "industry", "days": 60},  # nobody makes k there
        {"good": "m", "country": "JPN", "holder": "state", "kind": "government", "days": 60},  # not released
        {"good": "q", "country": "JPN", "holder": "we", "kind": "industry", "days": 60},
    ]
    assert named(data, stocks=rows) == ["own/stocks.csv:2", "own/stocks.csv:3"]
    own = data.parent / "own"
    assert sc.load(data, own).exposure(DAY, "USA", ["p"]).frame["first_day"].item() == pytest.approx(77, abs=1)
    assert sc.load(data, own).exposure("2024-06-01", "USA", ["p"]).own_rows == []  # nothing was ever in force


def test_transit_times_of_the_ways_taken(data: Path) -> None:
    rows = [
        {"good": "m", "exporter": "CHN", "importer": "JPN", "days": 12},
        {"good": "m", "exporter": "JPN", "importer": "CHN", "days": 12},
        {"good": "k", "exporter": "JPN", "importer": "USA", "days": 30},
    ]
    assert named(data, lead_times=rows) == ["own/lead_times.csv:2", "own/lead_times.csv:4"]


def test_severities_of_the_clauses_that_act(data: Path) -> None:
    rows = [
        {"event": "stop", "from": "2025-02-01", "destinations": "JPN", "end_use": "any", "severity": 0.5,
         "basis": "judged", "scope": "legal"},
        {"event": "stop", "from": "2025-02-01", "destinations": "DEU", "end_use": "any", "severity": 0.5,
         "basis": "judged", "scope": "legal"},
        {"event": "later", "from": "2025-02-01", "destinations": "ALL", "end_use": "any", "severity": 0.5,
         "basis": "judged", "scope": "legal"},
    ]  # fmt: skip
    assert named(data, severities=rows) == ["own/severities.csv:2"]


def test_shares_parts_and_defaults(data: Path) -> None:
    tables = {
        "bom": [{"output": "k", "input": "x", "role": "part", "effect": "essential", "criticality": 0.3,
                 "criticality_basis": "judged"}],
        "production": [{"good": "x", "producer": "DEU", "country": "DEU", "share": 0.2, "basis": "output"},
                       {"good": "q", "producer": "DEU", "country": "DEU", "share": 0.2, "basis": "output"}],
        "trade": [{"good": "m", "importer": "JPN", "exporter": "AUS", "share": 0.4, "basis": "supply"},
                  {"good": "q", "importer": "JPN", "exporter": "AUS", "share": 0.4, "basis": "supply"}],
        "assumptions": [{"name": "refill", "applies_to": "ALL", "value": 0.2, "unit": "share", "reason": "ours"},
                        {"name": "default_stock", "applies_to": "q", "value": 5, "unit": "days", "reason": "ours"}],
    }  # fmt: skip
    assert named(data, **tables) == [
        "own/assumptions.csv:2", "own/bom.csv:2", "own/production.csv:2", "own/trade.csv:2",
    ]  # fmt: skip


def test_a_hypothetical_event_is_nobodys_row(data: Path) -> None:
    net = sc.load(data, overlay(data.parent / "own", goods=[]))
    assert net.exposure(DAY, "USA", ["p"], what_if=["AUS stops m from 2025-03-01"]).own_rows == []
