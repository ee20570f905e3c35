"""Practice beyond a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clauses import Row, World, severity

from supplychain.readings import CENTRAL


def practice(**changes: Any) -> dict[str, list[Row]]:
    tables = {
        "events": [{"event": "x", "destinations": "JPN", "end_use": "military"}],
        "severities": [
            severity("", severity=1),
            severity("m", destinations="JPN", end_use="civil", severity_low=0, severity=0.4, scope="practice"),
            severity("k", destinations="DEU", severity=0.2, scope="practice"),
        ],
    }
    return {**tables, **changes}


def test_practice_acts_where_the_clause_does_not_reach(world: Callable[..., World]) -> None:
    w = world(**practice())
    k, m = w.effects()
    assert (m.good, m.practice, m.acts_on, m.named) == ("m", True, "export", False)
    assert w.r(m, "JPN") == [1, 1, 0, 0.4, 0.4]
    assert w.row(m, "JPN") == "severities.csv:3"
    assert (k.good, [w.r(k, c)[CENTRAL] for c in ("DEU", "JPN", "CHN")]) == ("k", [0.2, 0, 0])
    legal, beyond = sorted(w.effects(end_use="military"), key=lambda e: e.practice)
    assert (legal.good, legal.practice, w.r(legal, "JPN")[CENTRAL]) == ("m", False, 1)
    assert (beyond.good, beyond.practice) == ("k", True)  # the row of m is civil
    assert w.effects(legal_only=True) == []


def test_practice_never_acts_on_the_issuer(world: Callable[..., World]) -> None:
    w = world(severities=[severity("m"), severity("k", severity=0.2, scope="practice")])
    k = next(e for e in w.effects() if e.practice)
    assert [w.r(k, c)[CENTRAL] for c in ("CHN", "JPN", "USA", "EU27")] == [0, 0.2, 0.2, 0]


def test_practice_without_a_good_restricts_nothing(world: Callable[..., World]) -> None:
    rows = [severity("m"), severity("", severity=0.2, scope="practice")]
    assert [(e.good, e.practice) for e in world(severities=rows).effects()] == [("m", False)]


def test_practice_waits_for_the_clause(world: Callable[..., World]) -> None:
    w = world(**practice(event_phases=[{"event": "x", "status": "suspended", "until": "2025-06-01"}]))
    assert w.effects("2025-05-31") == []
    k, m = w.effects("2025-06-01")
    assert w.r(m, "JPN") == [1, 1, 0, 0.4, 0.4]
    assert w.r(k, "DEU") == [1, 1, 0, 0.2, 0.2]  # in force anywhere
    assert w.effects("2025-06-01", unconfirmed="off") == []


def test_practice_says_nothing_within_the_clause(world: Callable[..., World]) -> None:
    w = world(severities=[severity(severity=0.3), severity(destinations="USA", severity=0.9, scope="practice")])
    effect = w.only()
    assert not effect.practice
    assert w.r(effect, "USA")[CENTRAL] == 0.3
