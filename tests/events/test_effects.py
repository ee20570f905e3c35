"""Where a clause acts and what it takes: goods, destinations, end uses, branches."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from clauses import World, severity

from supplychain.errors import UnknownIdError
from supplychain.readings import CENTRAL, CLASSES, HIGH, LOW, READINGS


def test_readings_of_severity_and_coverage(world: Callable[..., World]) -> None:
    scope = {"event": "x", "good": "m", "coverage_low": 0.2, "coverage": 0.5, "coverage_high": 0.8}
    rows = [severity(severity_low=0.4, severity=0.6, severity_high=0.9)]
    effect = world(event_scope=[scope], severities=rows).only()
    assert READINGS == ("linked", "dependent", "short_low", "short", "short_high")
    assert effect.r[0] == pytest.approx([1, 0.8, 0.08, 0.3, 0.72])
    with pytest.raises(ValueError, match="read-only"):
        effect.r[0, 0] = 0.5


def test_blanks_and_clipping(world: Callable[..., World]) -> None:
    rows = [severity(severity_low=-0.4, severity=0.25), severity("k", severity=-0.3)]
    scope = [{"event": "x", "good": "m", "coverage": 0.25}, {"event": "x", "good": "k"}]
    k, m = world(event_scope=scope, severities=rows).effects()
    assert m.r[0] == pytest.approx([1, 0.25, 0, 0.0625, 0.0625])  # blank ends: the central value
    assert k.r[0].tolist() == [1, 1, 0, 0, 0]  # blank coverage: all; growth: nothing lost


def test_worked_example_15(world: Callable[..., World]) -> None:
    scope = [{"event": "x", "good": "m", "coverage": 0.25}]
    assert world(event_scope=scope, severities=[severity(severity=0.8)]).only().r[0, CENTRAL] == pytest.approx(0.2)


def test_two_scope_rows_on_one_good_the_larger_counts(world: Callable[..., World]) -> None:
    scope = [
        {"event": "x", "item": "ingot", "good": "m", "coverage_low": 0.1, "coverage": 0.6},
        {"event": "x", "item": "scrap", "good": "m", "coverage": 0.3, "coverage_high": 0.9},
    ]
    effect = world(event_scope=scope, severities=[severity()]).only()
    assert effect.r[0] == pytest.approx([1, 0.9, 0.3, 0.6, 0.9])


@pytest.mark.parametrize(
    ("acts_on", "destinations", "hit"),
    [
        ("export", "ALL", ["AUS", "DEU", "FRA", "JPN", "USA"]),
        ("export", "USA", ["USA"]),
        ("export", "EU27;CHN", ["DEU", "FRA"]),
        ("import", "JPN", ["JPN"]),
        ("reexport", "ALL", ["AUS", "DEU", "FRA", "JPN", "USA"]),
        ("output", "ALL", ["CHN"]),
        ("output", "JPN", ["CHN"]),  # an output stop has no destinations
        ("nothing", "ALL", []),
    ],
)
def test_where_a_clause_acts(world: Callable[..., World], acts_on: str, destinations: str, hit: list[str]) -> None:
    events = [{"event": "x", "acts_on": acts_on, "destinations": destinations}]
    w = world(events=events, severities=[severity(severity=0.5, destinations=destinations)])
    effects = w.effects()
    assert [code for e in effects for code in w.codes if w.r(e, code)[CENTRAL] == 0.5] == hit
    assert all(effect.acts_on == acts_on and effect.issuer == "CHN" for effect in effects)


@pytest.mark.parametrize("measure", ["agreement", "easing", "reporting"])
def test_agreements_easings_and_reporting_never_act(world: Callable[..., World], measure: str) -> None:
    rows = [severity(), severity("k", scope="practice")]
    w = world(events=[{"event": "x", "measure": measure}], severities=rows)
    assert w.effects() == []


@pytest.mark.parametrize("status", ["announced", "suspended", "ended"])
def test_only_what_is_in_force_acts(world: Callable[..., World], status: str) -> None:
    w = world(event_phases=[{"event": "x", "status": status}], severities=[severity()])
    assert w.effects() == []
    assert world(severities=[severity()]).effects("2024-12-31") == []  # the day before it begins


@pytest.mark.parametrize(
    ("end_use", "civil", "military"), [("any", 1, 1), ("listed", 1, 1), ("civil", 1, 0), ("military", 0, 1)]
)
def test_end_uses(world: Callable[..., World], end_use: str, civil: int, military: int) -> None:
    w = world(events=[{"event": "x", "end_use": end_use}], severities=[severity()])
    assert [len(w.effects(end_use=use)) for use in CLASSES] == [civil, military]
    assert [len(w.calendar.status("2025-06-01", end_use=use)) for use in CLASSES] == [civil, military]


def test_worked_example_11(world: Callable[..., World]) -> None:
    w = world(
        events=[{"event": "arms", "end_use": "military", "destinations": "JPN"}, {"event": "x"}],
        event_scope=[{"event": "arms", "good": "m"}, {"event": "x", "good": "m"}],
        event_phases=[{"event": "arms"}, {"event": "x"}],
        severities=[{"event": "arms", "severity": 1}, {"event": "x", "severity": 0.2}],
    )
    largest = {use: max(w.r(e, "JPN")[CENTRAL] for e in w.effects(end_use=use)) for use in CLASSES}
    assert {use: r * 0.9 for use, r in largest.items()} == pytest.approx({"civil": 0.18, "military": 0.9})


def test_entity_lists_reach_known_producers_only(world: Callable[..., World]) -> None:
    production = [{"good": "k", "producer": "F1", "country": "JPN", "share": 0.3}]
    events = [{"event": "x", "measure": "entity_list", "end_use": "listed"}]
    scope = [{"event": "x", "item": "all", "good": "m", "buyer": "F9;F1"}, {"event": "x", "good": "k"}]
    w = world(production=production, events=events, event_scope=scope, severities=[severity()])
    assert w.only().buyers == ("F1",)  # k names no firm: firms only, not computed
    unknown = world(events=events, event_scope=scope, severities=[severity()])
    assert unknown.effects() == []
    assert set(unknown.calendar.covered("x", "2025-06-01")["good"]) == {"m", "k"}  # still listed


def test_roles(world: Callable[..., World]) -> None:
    roles = [{"event": "x", "good": good, "role": role} for good, role in (("m", "content"), ("k", "technology"))]
    roles += [{"event": "x", "item": "m abroad", "good": "m", "content_threshold": 0.001}]
    w = world(event_scope=roles, severities=[severity(""), severity("m", severity=0.5)])
    assert [(e.good, e.role) for e in w.effects()] == [("m", "covered")]  # an export clause covers flows only
    w = world(
        events=[{"event": "x", "acts_on": "reexport"}], event_scope=roles,
        severities=[severity(""), severity("m", severity=0.5)],
    )  # fmt: skip
    found = [(e.good, e.role, e.content_threshold, w.r(e, "USA")[CENTRAL]) for e in w.effects()]
    assert [row[:2] for row in found] == [("k", "technology"), ("m", "content"), ("m", "covered")]
    assert [row[3] for row in found] == [1, 0, 0.5]
    assert found[2][2] == 0.001
    assert math.isnan(found[0][2])


def test_content_counts_whoever_buys(world: Callable[..., World]) -> None:
    w = world(
        production=[{"good": "k", "producer": "F1", "country": "JPN", "share": 0.3}],
        events=[{"event": "x", "measure": "entity_list", "acts_on": "reexport"}],
        event_scope=[
            {"event": "x", "good": "m", "role": "content"},
            {"event": "x", "good": "k", "content_threshold": 0.1, "buyer": "F1"},
        ],
    )
    assert [(e.good, e.role, e.buyers) for e in w.effects()] == [("k", "covered", ("F1",)), ("m", "content", ())]


def test_only_the_asked_events(world: Callable[..., World]) -> None:
    w = world(
        events=[{"event": "x"}, {"event": "y", "title": "The other one"}],
        event_scope=[{"event": e, "good": "m"} for e in ("x", "y")],
        event_phases=[{"event": "x"}, {"event": "y"}],
        severities=[severity(severity=0.5), {"event": "y", "severity": 0.3}],
    )
    assert [e.event for e in w.effects()] == ["x", "y"]
    assert [e.event for e in w.effects(events=["the other one"])] == ["y"]
    assert w.effects(events=[]) == []
    with pytest.raises(UnknownIdError, match=r"Unknown event 'the other on'\. Did you mean 'The other one'"):
        w.effects(events=["the other on"])
    with pytest.raises(UnknownIdError):
        w.calendar.covered("nothing", "2025-01-01")


def test_legal_only_drops_what_nobody_published(world: Callable[..., World]) -> None:
    w = world(events=[{"event": "x", "official": "no"}], severities=[severity()])
    assert len(w.effects()) == 1
    assert w.effects(legal_only=True) == []


def test_worked_example_25(world: Callable[..., World]) -> None:
    w = world(
        events=[{"event": "sure"}, {"event": "x"}],
        event_scope=[{"event": e, "good": "m"} for e in ("sure", "x")],
        event_phases=[{"event": "sure"}, {"event": "x", "status": "suspended", "until": "2025-06-01"}],
        severities=[{"event": "sure", "severity": 0.3}, severity(severity=0.5)],
    )

    def exposure(on: str, **options: str) -> list[float]:
        return [round(0.9 * max(w.r(e, "JPN")[k] for e in w.effects(on, **options)), 9) for k in (LOW, CENTRAL, HIGH)]

    assert exposure("2025-05-31") == [0.27, 0.27, 0.27]
    assert exposure("2025-06-01") == [0.27, 0.45, 0.45]
    assert exposure("2025-06-01", unconfirmed="off") == [0.27, 0.27, 0.27]
    assert exposure("2025-06-01", unconfirmed="on") == [0.45, 0.45, 0.45]


def test_a_readout_moves_the_central_branch(world: Callable[..., World]) -> None:
    phases = [
        {"event": "x", "status": "suspended", "until": "2025-06-01"},
        {"event": "x", "from": "2025-05-01", "status": "suspended", "until": "2025-09-01", "grade": "readout"},
    ]
    w = world(event_phases=phases, severities=[severity(severity=0.5)])
    assert w.only("2025-06-01").r[0].tolist() == [1, 1, 0, 0, 0.5]
    assert w.only("2025-09-01").r[0].tolist() == [1, 1, 0, 0.5, 0.5]
    assert w.only("2025-06-01", unconfirmed="on").r[0].tolist() == [1, 1, 0.5, 0.5, 0.5]
    assert w.effects("2025-06-01", unconfirmed="off") == []


def test_order_of_rows_changes_nothing(world: Callable[..., World]) -> None:
    rows = {
        "events": [{"event": e, "measure": m} for e, m in (("x", "licence"), ("y", "ban"), ("z", "quota"))],
        "event_scope": [{"event": e, "good": g} for e in "xyz" for g in "mk"],
        "event_phases": [{"event": e, "from": f"2025-0{k}-01"} for k, e in enumerate("xyz", 1)],
        "severities": [
            {"event": e, "good": g, "destinations": d, "severity": 0.1 * k}
            for e in "xy" for k, (g, d) in enumerate((("", "ALL"), ("m", "EU27"), ("m", "JPN"), ("k", "ALL")))
        ],
    }  # fmt: skip
    draw = random.Random(2)
    plain = world(**rows)
    for _ in range(3):
        mixed = world(**{name: draw.sample(some, len(some)) for name, some in rows.items()})
        order = [mixed.codes.index(code) for code in plain.codes]
        a, b = plain.effects(), mixed.effects()
        assert [(e.event, e.good) for e in a] == [(e.event, e.good) for e in b]
        assert all(np.array_equal(x.r, y.r[order]) for x, y in zip(a, b, strict=True))
