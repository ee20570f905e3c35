"""Which severity row speaks, and what a prior says where none does."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from clauses import World, severity
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.calendar import Places, day
from supplychain.errors import DataError
from supplychain.events import Calendar
from supplychain.readings import CENTRAL, CLASSES, LINKED
from supplychain.severity import Priors, Severities, SeverityRow, months_between
from supplychain.tables import Tables


def test_the_most_specific_severity_wins(world: Callable[..., World]) -> None:
    rows = [
        severity("", severity=0.1),
        severity("", destinations="JPN", end_use="military", severity=0.2),
        severity("m", severity=0.3),
        severity("m", destinations="EU27", severity=0.4),
        severity("m", destinations="EU27", **{"from": "2025-03-01"}, severity=0.45),
        severity("m", destinations="DEU", severity=0.5),
        severity("m", destinations="EU27", end_use="civil", severity=0.6),
    ]
    w = world(event_scope=[{"event": "x", "good": g} for g in ("k", "m")], severities=rows)
    k, m = w.effects()
    assert [w.r(k, c)[CENTRAL] for c in ("USA", "JPN", "DEU")] == [0.1, 0.1, 0.1]
    assert [w.r(m, c)[CENTRAL] for c in ("USA", "JPN", "DEU", "FRA")] == [0.3, 0.3, 0.5, 0.6]
    assert w.row(m, "FRA") == "severities.csv:8"
    k, m = w.effects(end_use="military")
    assert [w.r(k, c)[CENTRAL] for c in ("USA", "JPN", "DEU")] == [0.1, 0.2, 0.1]
    assert [w.r(m, c)[CENTRAL] for c in ("USA", "JPN", "DEU", "FRA")] == [0.3, 0.3, 0.5, 0.45]  # the good goes first
    assert not m.prior.any()


def test_from_is_included_until_is_not(world: Callable[..., World]) -> None:
    rows = [
        severity(**{"from": "2025-01-01", "until": "2025-02-01"}, severity=0.7),
        severity(**{"from": "2025-02-01", "until": "2025-03-01"}, severity=0.6),
    ]
    w = world(severities=rows)
    central = {on: w.r(w.only(on), "USA")[CENTRAL] for on in ("2025-01-31", "2025-02-01", "2025-02-28", "2025-03-01")}
    assert list(central.values()) == [0.7, 0.6, 0.6, 0.8]  # then the prior of a young licence
    assert w.only("2025-03-01").prior[w.codes.index("USA")]
    assert w.row(w.only("2025-03-01"), "USA") == ""


def test_the_prior_follows_measure_and_age(world: Callable[..., World]) -> None:
    w = world()
    ends = {on: w.only(on).r[0, 2:].tolist() for on in ("2025-03-31", "2025-04-01", "2025-12-31", "2026-01-01")}
    assert list(ends.values()) == [[0.6, 0.8, 1], [0.4] * 3, [0.4] * 3, [0.2] * 3]
    ban = world(events=[{"event": "x", "measure": "ban"}]).only()
    assert ban.r[0].tolist() == [1, 1, 0.3, 0.9, 1]
    quota = world(events=[{"event": "x", "measure": "quota"}]).only()
    assert quota.r[0].tolist() == [1, 1, 0, 0.5, 1]  # no row of its own: ALL


def test_the_age_is_that_of_each_destination(world: Callable[..., World]) -> None:
    phases = [
        {"event": "x"},
        {"event": "x", "from": "2025-05-01", "status": "suspended", "until": "2025-08-01", "destinations": "USA"},
        {"event": "x", "from": "2025-07-01", "destinations": "JPN"},  # goes on: no new age
    ]
    w = world(event_phases=phases)
    effect = w.only("2025-08-15")
    assert [w.r(effect, c)[CENTRAL] for c in ("DEU", "JPN", "USA")] == [0.4, 0.4, 0.8]
    assert w.r(effect, "USA") == [1, 1, 0, 0.8, 1]  # unconfirmed: the branch on has the age of its return


def test_without_any_prior_it_says_so(world: Callable[..., World]) -> None:
    assert len(world(assumptions=[], severities=[severity()]).effects()) == 1
    with pytest.raises(DataError, match="no severity_prior for a licence"):
        world(assumptions=[]).effects()


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [("2025-01-31", "2025-02-28", 0), ("2025-01-31", "2025-03-01", 1), ("2025-01-15", "2026-01-14", 11),
     ("2025-01-15", "2026-01-15", 12), ("2024-02-29", "2025-02-28", 11), ("2024-02-29", "2025-03-01", 12)],
)  # fmt: skip
def test_whole_months(start: str, end: str, months: int) -> None:
    assert months_between(date.fromisoformat(start), date.fromisoformat(end)) == months


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)))
@settings(max_examples=200, deadline=None)
def test_the_prior_turns_on_the_first_day_of_its_age(reference: Tables, start: date) -> None:
    priors = Priors(reference)
    turns = priors.turns("licence", start)
    assert [months_between(start, turn) for turn in turns] == [3, 12]
    assert [months_between(start, turn - timedelta(days=1)) for turn in turns] == [2, 11]


def test_severity_choice_against_a_plain_reading_of_the_rule(reference: Tables) -> None:
    """Oracle: for each (clause, good, country, end use, day) the maximum over all rows, one by one."""
    places = Places(reference)
    blocs = {b: set(m) for b, k, m in reference["countries"][["country", "kind", "members"]].to_numpy() if k == "bloc"}
    rows = [(n, row) for n, row in enumerate(Severities(reference, places, {}).rows) if not row.practice]

    def level(row: SeverityRow, country: str) -> int:
        if country in row.destinations:
            return 2
        if any(country in blocs[d] for d in row.destinations if d in blocs):
            return 1
        return 0 if "ALL" in row.destinations else -1

    calendar, draw, checked = Calendar(reference), random.Random(1), 0
    for on in ("2023-09-15", "2025-04-20", "2025-08-01", "2026-02-01"):
        for end_use in CLASSES:
            effects = [e for e in calendar.effects(on, end_use) if not e.practice and e.acts_on != "output"]
            for effect in draw.sample(effects, min(60, len(effects))):
                for country in draw.sample(places.codes, 12):
                    place = places.index[country]
                    if effect.r[place, LINKED] == 0 or country in blocs:
                        continue
                    fits = [
                        (row.good != "", level(row, country), row.end_use != "any", row.start, n, row.row)
                        for n, row in rows
                        if row.event == effect.event and row.good in ("", effect.good) and level(row, country) >= 0
                        and row.end_use in ("any", end_use) and row.start <= day(on)
                        and (row.until is None or day(on) < row.until)
                    ]  # fmt: skip
                    expected = max(fits)[-1] if fits else ""
                    assert (effect.severity_row[place], bool(effect.prior[place])) == (expected, not fits)
                    checked += 1
    assert checked > 1000
