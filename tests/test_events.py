"""The legal calendar, the choice of a severity, and what each clause does to goods on a day."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from data_builder import package
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.calendar import Phase, Places, day, state_on
from supplychain.errors import DataError, InputError, UnknownIdError
from supplychain.events import Calendar, Effect
from supplychain.readings import CENTRAL, CLASSES, DEPENDENT, HIGH, LINKED, LOW, READINGS
from supplychain.severity import Priors, Severities, SeverityRow, months_between
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


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    count = iter(range(100))
    return lambda **tables: World(tmp_path / str(next(count)), **tables)


@pytest.fixture(scope="module")
def reference() -> Tables:
    return load_tables()


@pytest.fixture(scope="module")
def calendar(reference: Tables) -> Calendar:
    return Calendar(reference)


def severity(good: str = "m", **row: Any) -> Row:
    return {"event": "x", "good": good, **row}


# --- days -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["2025-04-04", date(2025, 4, 4), datetime(2025, 4, 4, 15), pd.Timestamp(2025, 4, 4)])
def test_a_day_may_be_text_or_a_date(value: Any) -> None:
    assert day(value) == date(2025, 4, 4)
    assert type(day(value)) is date


@pytest.mark.parametrize("value", ["2025-02-30", "20250404", "4 April 2025", "2025-W14-5", "", None, pd.NaT, 20250404])
def test_a_bad_day_names_the_allowed_form(value: Any) -> None:
    with pytest.raises(InputError, match="YYYY-MM-DD"):
        day(value)


def test_the_calls_name_themselves_in_errors(world: Callable[..., World]) -> None:
    calendar = world().calendar
    with pytest.raises(InputError, match="status: on is 'soon'"):
        calendar.status("soon")
    with pytest.raises(InputError, match="effects: end_use is 'peaceful'; allowed: civil or military"):
        calendar.effects("2025-01-01", "peaceful")
    with pytest.raises(InputError, match="effects: unconfirmed is 'maybe'; allowed: both, off, on"):
        calendar.effects("2025-01-01", "civil", unconfirmed="maybe")
    with pytest.raises(InputError, match="changes: until"):
        calendar.changes("2025-02-01", "2025-01-01")
    with pytest.raises(InputError, match="status: end_use"):
        calendar.status("2025-01-01", end_use="both")
    with pytest.raises(InputError, match="list of ids"):
        calendar.effects("2025-01-01", "civil", events="x")


# --- states -----------------------------------------------------------------------------------------------------------


def phase(start: str, status: str, until: str = "", included: str = "", grade: str = "instrument") -> Phase:
    end = date.fromisoformat(until) if until else None
    return Phase(date.fromisoformat(start), status, end, included, grade, "", (), f"{start} {status}")


def read(phases: Sequence[Phase], on: str) -> str:
    """The branches of a state as text: `off/likelier/on`, one word where they agree, `before` before the first."""
    state = state_on(phases, date.fromisoformat(on))
    if state is None:
        return "before"
    words = ["on" if branch else "off" for branch in state.branches]
    assert state.confirmed == (len(set(words)) == 1)
    return words[0] if state.confirmed else "/".join(words)


SUSPENDED = [phase("2025-10-09", "announced"), phase("2025-11-07", "suspended", "2026-11-10")]
READOUT = [*SUSPENDED, phase("2026-09-28", "suspended", "2027-01-10", grade="readout")]


@pytest.mark.parametrize(
    ("phases", "on", "expected"),
    [
        (SUSPENDED, "2025-10-08", "before"),
        (SUSPENDED, "2025-11-08", "off"),  # suspended the day before it was to begin: never in force
        (SUSPENDED, "2026-11-09", "off"),
        (SUSPENDED, "2026-11-10", "off/on/on"),  # the day itself is not settled
        (SUSPENDED, "2026-11-11", "off/on/on"),
        (READOUT, "2026-10-01", "off"),  # no promise has run out yet
        (READOUT, "2026-11-10", "off/off/on"),  # the readout only names the likelier branch
        (READOUT, "2027-01-09", "off/off/on"),
        (READOUT, "2027-01-10", "off/on/on"),  # its own promise has run out
        ([*READOUT, phase("2026-11-20", "suspended", "2027-11-10")], "2026-11-19", "off/off/on"),
        ([*READOUT, phase("2026-11-20", "suspended", "2027-11-10")], "2026-11-20", "off"),
        ([*READOUT, phase("2026-11-10", "in_force")], "2026-11-10", "on"),  # an instrument of that very day settles it
        ([phase("2025-01-01", "in_force", "2025-06-30", "yes")], "2025-06-30", "on"),
        ([phase("2025-01-01", "in_force", "2025-06-30", "yes")], "2025-07-01", "off/on/on"),
        ([phase("2025-01-01", "in_force", "2025-06-30", "no")], "2025-06-30", "off/on/on"),
        ([phase("2025-01-01", "in_force", "2025-06-30")], "2025-06-29", "on"),
        ([phase("2025-01-01", "in_force", "2025-06-30"), phase("2025-06-30", "ended", grade="press")], "2025-06-30",
         "off/off/on"),
        ([phase("2025-01-01", "in_force", "2025-06-30"), phase("2025-06-20", "ended")], "2025-07-01", "off"),
        ([phase("2025-01-01", "in_force", grade="press"), phase("2025-03-01", "ended", grade="press")], "2025-03-01",
         "off"),  # press counts like any other where nothing has run out
        ([phase("2025-01-01", "in_force"), phase("2025-01-01", "ended")], "2025-01-01", "off"),  # later in file
        ([phase("2025-01-01", "announced", "2025-02-01")], "2025-03-01", "off"),  # an announcement promises nothing
        ([phase("2025-01-01", "in_force"), phase("2025-02-01", "ended", "2025-03-01")], "2025-04-01", "off"),
    ],
)  # fmt: skip
def test_state_of_a_day(phases: list[Phase], on: str, expected: str) -> None:
    assert read(phases, on) == expected


def test_when_a_clause_took_effect() -> None:
    runs = [
        phase("2025-01-01", "in_force"),
        phase("2025-03-01", "in_force"),  # the same stretch goes on
        phase("2025-05-01", "suspended", "2025-08-12"),
        phase("2025-09-01", "in_force"),
    ]
    states = [state_on(runs, day(on)) for on in ("2025-04-01", "2025-06-01", "2025-08-20", "2025-09-02")]
    assert [state and str(state.effective) for state in states] == ["2025-01-01", "None", "2025-08-12", "2025-09-01"]
    assert str(state_on(runs[:3], date(2025, 8, 20)).since) == "2025-05-01"  # type: ignore[union-attr]


days = st.integers(0, 12).map(lambda k: date(2025, 1, 1) + timedelta(days=k))
random_phases = st.lists(
    st.builds(
        Phase,
        start=days,
        status=st.sampled_from(["announced", "in_force", "suspended", "ended"]),
        until=st.none() | days,
        until_included=st.sampled_from(["", "yes", "no"]),
        grade=st.sampled_from(["instrument", "instrument", "readout", "press"]),
        by=st.just(""),
        destinations=st.just(()),
        row=st.just(""),
    ),
    max_size=6,
).map(lambda phases: sorted(phases, key=lambda p: p.start))


@given(random_phases, days)
@settings(max_examples=500, deadline=None)
def test_states_follow_the_design_to_the_letter(phases: list[Phase], on: date) -> None:
    """Oracle: the sentence of DESIGN 4, phase by phase."""
    began = [(k, p) for k, p in enumerate(phases) if p.start <= on]
    state = state_on(phases, on)
    if not began:
        assert state is None
        return
    lapsed = [
        (k, p)
        for k, p in began
        if p.status in ("in_force", "suspended") and p.until is not None
        and (on > p.until or (on == p.until and p.until_included != "yes"))
    ]  # fmt: skip
    open_promises = [k for k, _ in lapsed if not any(later > k and q.grade == "instrument" for later, q in began)]
    assert state is not None
    assert state.confirmed == (not open_promises)
    if open_promises:
        hints = [p.status for k, p in began if k > min(open_promises) and (k, p) not in lapsed]
        assert state.branches == (False, hints[-1] == "in_force" if hints else True, True)
        assert state.effective is not None
    else:
        acts = began[-1][1].status == "in_force"
        assert state.branches == (acts, acts, acts)
        assert (state.effective is not None) == acts


def test_a_phase_of_a_bloc_covers_its_members(world: Callable[..., World]) -> None:
    w = world(
        event_phases=[
            {"event": "x", "from": "2025-01-01"},
            {"event": "x", "from": "2025-02-01", "status": "suspended", "destinations": "EU27"},
            {"event": "x", "from": "2025-03-01", "destinations": "FRA"},
        ]
    )

    def states(on: str) -> dict[str, str]:
        return {c: w.calendar.status(on, c).status.item() for c in ("DEU", "FRA", "JPN")}

    assert states("2025-01-31") == {"DEU": "in_force", "FRA": "in_force", "JPN": "in_force"}
    assert states("2025-02-01") == {"DEU": "suspended", "FRA": "suspended", "JPN": "in_force"}
    assert states("2025-03-01") == {"DEU": "suspended", "FRA": "in_force", "JPN": "in_force"}
    effect = w.only("2025-03-01")
    assert [w.r(effect, c)[LINKED] for c in ("DEU", "FRA", "JPN", "CHN", "EU27")] == [0, 1, 1, 0, 0]
    bloc = w.calendar.status("2025-03-01", "EU27").set_index("status")["destinations"].to_dict()
    assert bloc == {"in_force": ("FRA",), "suspended": ("DEU",)}


def test_a_phase_reaches_no_further_than_the_event(world: Callable[..., World]) -> None:
    w = world(
        events=[{"event": "x", "destinations": "USA"}],
        event_phases=[
            {"event": "x", "destinations": "ALL"},
            {"event": "x", "from": "2025-02-01", "destinations": "JPN"},
        ],
    )
    assert [w.r(w.only(), c)[LINKED] for c in ("USA", "JPN", "DEU")] == [1, 0, 0]
    assert w.calendar.status("2025-06-01", "JPN").empty


def test_status_frame(world: Callable[..., World]) -> None:
    w = world(
        events=[{"event": "x"}, {"event": "later"}, {"event": "talk", "measure": "agreement", "acts_on": "nothing"}],
        event_phases=[
            {"event": "x", "until": "2025-06-01", "by": "act 1"},
            {"event": "later", "from": "2026-01-01"},
            {"event": "talk", "grade": "readout"},
        ],
        severities=[severity(severity_low=0.1, severity=0.4, basis="observed")],
    )
    frame = w.calendar.status("2025-06-01").set_index("event")
    assert list(frame.index) == ["talk", "x"]  # what has not begun is not listed
    x = frame.loc["x"]
    assert (x["status"], x["confirmed"], x["in_force_low"], x["in_force"], x["in_force_high"]) == (
        "in_force", False, False, True, True,
    )  # fmt: skip
    assert (x["since"], x["until"], x["grade"]) == (pd.Timestamp(2025, 1, 1), pd.Timestamp(2025, 6, 1), "instrument")
    assert (x["severity_low"], x["severity"], x["severity_high"], x["basis"]) == (0.1, 0.4, 0.4, "observed")
    assert x["destinations"] == ("ALL",)
    talk = frame.loc["talk"]
    assert talk["status"] == "in_force"
    assert math.isnan(talk["severity"])
    assert frame["only_prior"].tolist() == [False, False]


def test_status_shows_the_worst_hit_good_of_the_place(world: Callable[..., World]) -> None:
    rows = [
        severity("k", severity=0.6, basis="observed"),
        severity("m", severity=0.3),
        severity("m", destinations="JPN"),
    ]
    calendar = world(event_scope=[{"event": "x", "good": g} for g in ("k", "m")], severities=rows).calendar
    shown = {c: calendar.status("2025-06-01", c)[["severity", "basis"]].iloc[0].tolist() for c in ("USA", "JPN")}
    assert shown == {"USA": [0.6, "observed"], "JPN": [1, "judged"]}
    ended = world(event_phases=[{"event": "x", "status": "ended"}], severities=rows).calendar.status("2025-06-01")
    assert ended[["severity_low", "severity", "severity_high"]].isna().all(axis=None)
    partly = [{"event": "x"}, {"event": "x", "from": "2025-02-01", "status": "suspended", "destinations": "USA"}]
    calendar = world(event_phases=partly, severities=rows).calendar
    assert [calendar.status("2025-06-01", c)["severity"].isna().item() for c in ("USA", "DEU")] == [True, False]
    young = world().calendar.status("2025-02-01")
    assert young[["severity", "basis", "only_prior"]].iloc[0].tolist() == [0.8, "analogy", True]


def test_status_takes_names_and_refuses_unknown_places(world: Callable[..., World]) -> None:
    calendar = world(countries=[*OTHERS, {"country": "GBR", "name": "United Kingdom"}]).calendar
    assert not calendar.status("2025-06-01", "united kingdom").empty
    with pytest.raises(UnknownIdError, match="Unknown country 'ATL'"):
        calendar.status("2025-06-01", "ATL")


# --- effects: where a clause acts -------------------------------------------------------------------------------------


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


# --- unconfirmed ------------------------------------------------------------------------------------------------------


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


# --- which severity ---------------------------------------------------------------------------------------------------


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


# --- same_as ----------------------------------------------------------------------------------------------------------


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


def test_same_as_covers_what_the_other_event_covers_on_the_day(world: Callable[..., World]) -> None:
    w = world(**same_as())
    assert w.effects("2025-02-28") == []
    arms, x = w.effects("2025-03-01")
    assert (arms.event, arms.good, arms.named, x.named) == ("arms", "m", False, True)
    assert w.r(arms, "JPN") == pytest.approx([1, 0.5, 0.4, 0.4, 0.4])  # own severity, the other's coverage
    assert w.r(arms, "USA") == [0] * 5  # own destinations
    (alone,) = w.effects("2025-03-01", events=["arms"])  # the legal calendar, whatever the run includes
    assert np.array_equal(alone.r, arms.r)


def test_same_as_in_the_branches_of_the_other(world: Callable[..., World]) -> None:
    phases = [{"event": "arms"}, {"event": "x", "status": "suspended", "until": "2025-03-01"}]
    w = world(**same_as(event_phases=phases))
    assert w.effects("2025-02-28") == []
    arms = w.effects("2025-03-01")[0]
    assert w.r(arms, "JPN") == pytest.approx([1, 0.5, 0, 0.4, 0.4])


def test_covered_lists_the_scope_of_the_day(world: Callable[..., World]) -> None:
    w = world(**same_as())
    assert w.calendar.covered("arms", "2025-02-28").empty
    frame = w.calendar.covered("arms", "2025-03-01")
    assert frame[["good", "coverage", "same_as", "row"]].to_numpy().tolist() == [
        ["m", 0.5, "x", "event_scope.csv:3"],
        ["", 1.0, "x", "event_scope.csv:4"],
    ]
    assert frame["item"].tolist() == ["m", "a thing the graph lacks"]  # unknown is not zero: it stays listed
    assert w.calendar.covered("x", "2020-01-01")["source_id"].tolist() == ["TEST", "TEST"]


def test_same_as_in_a_chain_and_in_a_circle(world: Callable[..., World]) -> None:
    events = [{"event": e} for e in ("a", "b", "c")]
    phases = [{"event": "a"}, {"event": "b", "from": "2025-02-01"}, {"event": "c", "from": "2025-03-01"}]
    scope = [
        {"event": "a", "item": "of b", "same_as": "b", "coverage": 0.5},
        {"event": "b", "item": "of c", "same_as": "c", "coverage": 0.5},
        {"event": "c", "good": "m", "coverage": 0.8},
        {"event": "c", "item": "of a", "same_as": "a"},
        {"event": "c", "item": "of c", "same_as": "c"},
    ]
    w = world(events=events, event_scope=scope, event_phases=phases)
    assert w.effects("2025-02-15") == []
    assert [(e.event, e.r[0, DEPENDENT]) for e in w.effects("2025-03-15")] == [("a", 0.2), ("b", 0.4), ("c", 0.8)]


def test_same_as_takes_over_only_what_is_covered(world: Callable[..., World]) -> None:
    scope = [
        {"event": "arms", "item": "all", "same_as": "x", "role": "content"},
        {"event": "x", "good": "m"},
        {"event": "x", "good": "k", "role": "technology"},
    ]
    events = [{"event": "arms", "acts_on": "reexport"}, {"event": "x", "acts_on": "reexport"}]
    w = world(**same_as(events=events, event_scope=scope))
    assert [(e.event, e.good, e.role) for e in w.effects()] == [
        ("arms", "m", "content"), ("x", "k", "technology"), ("x", "m", "covered"),
    ]  # fmt: skip


def test_same_as_of_one_good(world: Callable[..., World]) -> None:
    scope = [
        {"event": "arms", "good": "m", "same_as": "x"},
        {"event": "x", "good": "m"},
        {"event": "x", "good": "k"},
    ]
    assert [(e.event, e.good) for e in world(**same_as(event_scope=scope)).effects()] == [
        ("arms", "m"), ("x", "k"), ("x", "m"),
    ]  # fmt: skip


# --- practice ---------------------------------------------------------------------------------------------------------


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


# --- change over time -------------------------------------------------------------------------------------------------


def test_changes(world: Callable[..., World]) -> None:
    phases = [
        {"event": "x", "until": "2025-06-01", "by": "act 1"},
        {"event": "x", "from": "2025-07-01", "status": "ended", "destinations": "USA", "by": "act 2"},
    ]
    w = world(event_phases=phases, severities=[severity(until="2025-02-01", severity=0.25)])
    frame = w.calendar.changes("2025-01-01", "2025-12-31")
    assert frame["event"].unique().tolist() == ["x"]
    assert [(str(row.date.date()), *row[2:]) for row in frame.itertuples(index=False)] == [
        ("2025-01-01", "in_force", ("ALL",), "instrument", "act 1"),
        ("2025-01-01", "severity", ("ALL",), "judged", "m any 0.25"),
        ("2025-02-01", "severity ends", ("ALL",), "judged", "m any 0.25"),
        ("2025-06-01", "unconfirmed", ("ALL",), "instrument", "act 1"),
        ("2025-07-01", "ended", ("USA",), "instrument", "act 2"),
    ]
    assert len(w.calendar.changes("2025-02-01", "2025-06-01")) == 2
    assert w.calendar.changes("2020-01-01", "2020-12-31").empty
    kept = [*phases, {"event": "x", "from": "2025-05-01"}]
    assert "unconfirmed" not in world(event_phases=kept).calendar.changes("2025-01-01", "2025-12-31")["status"].tolist()


def test_segment_days(world: Callable[..., World]) -> None:
    phases = [
        {"event": "x"},
        {"event": "x", "from": "2025-08-01", "status": "suspended", "until": "2025-10-01", "until_included": "yes"},
    ]
    rows = [severity(until="2025-02-01"), severity("k", until="2025-05-05")]
    calendar = world(event_phases=phases, severities=rows).calendar
    days = [str(d) for d in calendar.segment_days("2024-12-01", "2026-02-01")]
    assert days == [
        "2024-12-01", "2025-01-01", "2025-02-01", "2025-04-01", "2025-05-05", "2025-08-01", "2025-10-02", "2026-01-02",
    ]  # fmt: skip
    assert calendar.segment_days("2025-01-02", "2025-01-03") == [date(2025, 1, 2)]
    assert calendar.segment_days("2024-12-01", "2026-01-01", events=[]) == [date(2024, 12, 1)]


def test_segment_days_see_the_events_of_same_as(world: Callable[..., World]) -> None:
    for rows in (same_as(), same_as(severities=[])):
        calendar = world(**rows).calendar
        assert calendar.segment_days("2025-02-01", "2025-03-31", ["arms"]) == [date(2025, 2, 1), date(2025, 3, 1)]


def same_effects(a: Sequence[Effect], b: Sequence[Effect]) -> bool:
    def about(e: Effect) -> tuple[object, ...]:
        return e.event, e.good, e.role, e.buyers, e.practice, e.severity_row, e.named, str(e.content_threshold)

    return list(map(about, a)) == list(map(about, b)) and all(
        np.array_equal(x.r, y.r) and np.array_equal(x.prior, y.prior) for x, y in zip(a, b, strict=True)
    )


def test_effects_change_on_no_other_day(calendar: Calendar) -> None:
    """Oracle: compare the effects of every day with those of the day before."""
    first, last = date(2025, 10, 1), date(2026, 2, 15)
    listed = set(calendar.segment_days(first, last))
    for end_use in CLASSES:
        before = calendar.effects(first, end_use)
        for k in range(1, (last - first).days + 1):
            on = first + timedelta(days=k)
            now = calendar.effects(on, end_use)
            assert on in listed or same_effects(before, now), on
            before = now


def test_most_listed_days_bring_a_change(calendar: Calendar) -> None:
    listed = calendar.segment_days("2025-01-01", "2026-12-31")
    moved = sum(
        not all(
            same_effects(calendar.effects(on - timedelta(days=1), use), calendar.effects(on, use)) for use in CLASSES
        )
        for on in listed[1:]
    )
    assert moved >= 0.8 * (len(listed) - 1)


# --- the whole of it --------------------------------------------------------------------------------------------------


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


def test_readings_are_ordered_on_the_reference_data(calendar: Calendar) -> None:
    for on in ("2023-09-01", "2025-05-10", "2025-11-01", "2026-11-23"):
        for end_use in CLASSES:
            for effect in calendar.effects(on, end_use):
                r = effect.r
                assert ((r >= 0) & (r <= 1)).all()
                assert (np.diff(r[:, [LOW, CENTRAL, HIGH, DEPENDENT, LINKED]], axis=1) >= -1e-12).all(), effect.event


def test_branches_bound_each_other_on_the_reference_data(calendar: Calendar) -> None:
    for end_use in CLASSES:
        runs = {
            mode: {(e.event, e.good, e.role, e.buyers, e.practice, str(e.content_threshold)): e.r for e in
                   calendar.effects("2026-11-23", end_use, unconfirmed=mode)}
            for mode in ("off", "both", "on")
        }  # fmt: skip
        assert set(runs["off"]) < set(runs["both"]) == set(runs["on"])
        for key, r in runs["both"].items():
            assert (r <= runs["on"][key] + 1e-12).all()
            assert (r[:, LOW] == runs["off"].get(key, np.zeros_like(r))[:, LOW]).all()


def state(calendar: Calendar, event: str, on: str, destination: str) -> str:
    frame = calendar.status(on, destination).set_index("event")
    if event not in frame.index:
        return "none"
    row = frame.loc[event]
    branches = [row["in_force_low"], row["in_force"], row["in_force_high"]]
    assert not row["confirmed"] or branches == [row["status"] == "in_force"] * 3
    return row["status"] + ("" if row["confirmed"] else ": " + "/".join("on" if b else "off" for b in branches))


@pytest.mark.parametrize(
    ("event", "on", "destination", "expected"),
    [
        ("chn-2024-46-p1", "2025-11-10", "USA", "in_force"),
        ("chn-2024-46-p2", "2025-11-08", "USA", "in_force"),
        ("chn-2024-46-p2", "2025-11-10", "USA", "suspended"),
        ("chn-2023-23", "2025-11-10", "USA", "in_force"),
        ("chn-2024-46-p1", "2025-11-10", "JPN", "none"),
        ("chn-2024-46-p2", "2026-11-27", "USA", "suspended"),
        ("chn-2024-46-p2", "2026-11-28", "USA", "suspended: off/on/on"),
        ("chn-2025-57", "2025-10-09", "JPN", "announced"),
        ("chn-2025-57", "2025-11-07", "JPN", "suspended"),
        ("chn-2025-57", "2025-11-08", "JPN", "suspended"),
        ("chn-2025-57", "2026-11-09", "JPN", "suspended"),
        ("chn-2025-57", "2026-11-10", "JPN", "suspended: off/off/on"),
        ("chn-2025-57", "2026-11-11", "JPN", "suspended: off/off/on"),
        ("chn-2025-57", "2027-01-11", "JPN", "suspended: off/on/on"),
        ("chn-2025-61-origin", "2025-10-20", "JPN", "in_force"),
        ("chn-2025-61-origin", "2025-11-07", "JPN", "suspended"),
        ("chn-2025-61-deminimis", "2025-10-20", "JPN", "announced"),
        ("chn-2025-61-deminimis", "2025-11-07", "JPN", "suspended"),
        ("usa-2025-affiliates", "2025-10-15", "CHN", "in_force"),
        ("usa-2025-affiliates", "2026-11-09", "CHN", "suspended"),
        ("usa-2025-affiliates", "2026-11-10", "CHN", "suspended: off/off/on"),
        ("chn-2025-21", "2025-06-01", "USA", "suspended"),
        ("chn-2025-21", "2025-09-01", "USA", "suspended"),
        ("chn-2025-21", "2026-11-12", "USA", "suspended: off/off/on"),
        ("gin-bx-2026", "2026-11-23", "USA", "announced"),
        ("eu-resourceeu-2025", "2026-11-23", "USA", "announced"),
        ("usa-2025-diffusion", "2025-05-12", "CHN", "announced"),
        ("usa-2025-diffusion", "2025-05-13", "CHN", "ended"),
        ("usa-2025-diffusion", "2025-05-15", "CHN", "ended"),  # the day on which it was to begin
        ("cod-co-2025", "2025-02-21", "USA", "none"),
        ("cod-co-2025", "2025-02-23", "USA", "in_force"),
        ("cod-co-2025", "2025-07-15", "USA", "in_force"),
        ("cod-co-2025", "2025-10-15", "USA", "in_force"),
        ("cod-co-2025", "2025-10-16", "USA", "ended"),
        ("cod-co-quota-2025", "2025-10-15", "USA", "announced"),
        ("cod-co-quota-2025", "2025-10-16", "USA", "in_force"),
        ("chn-quota-1999", "2014-06-01", "JPN", "in_force"),
        ("chn-quota-1999", "2016-06-01", "JPN", "ended"),
        ("chn-jpn-embargo-2010", "2010-10-01", "JPN", "in_force"),
        ("chn-2026-12", "2026-11-23", "JPN", "in_force"),
    ],
)
def test_edge_cases_of_the_dossier(calendar: Calendar, event: str, on: str, destination: str, expected: str) -> None:
    assert state(calendar, event, on, destination) == expected


def test_the_october_package_contributes_nothing_so_far(calendar: Calendar) -> None:
    package = [f"chn-2025-{number}" for number in (55, 56, 57, 58)] + ["chn-2025-61-deminimis"]
    for on in ("2025-10-20", "2025-11-07", "2025-11-08", "2025-12-02", "2026-11-09"):
        assert [e for use in CLASSES for e in calendar.effects(on, use, package)] == []
    after = calendar.effects("2026-11-10", "civil", ["chn-2025-57"])
    assert {e.good for e in after} >= {"holmium_oxide", "erbium_metal"}
    assert all((e.r[:, [LOW, CENTRAL]] == 0).all() and e.r[:, HIGH].any() for e in after)


def test_magnets_without_heavy_rare_earths_are_free_by_the_text_and_held_in_practice(calendar: Calendar) -> None:
    light = {"ndfeb_magnet_standard", "ndfeb_alloy", "didymium_metal", "ndpr_oxide", "neodymium_oxide"}
    covered = {e.good for e in calendar.effects("2025-05-10", "civil", ["chn-2025-18"], legal_only=True)}
    assert {"ndfeb_magnet_high_temp", "smco_magnet", "smco_alloy", "samarium_metal"} <= covered
    assert not light & covered
    for on, held in (("2025-05-10", {"ndfeb_magnet_standard"}), ("2025-07-01", set())):
        effects = [e for e in calendar.effects(on, "civil", ["chn-2025-18"]) if e.good in light]
        assert {e.good for e in effects} == held
        assert all(e.practice for e in effects)


def test_what_the_graph_lacks_is_listed_and_has_no_effect(calendar: Calendar) -> None:
    scope = calendar.covered("chn-2025-10", "2025-03-01")
    assert "molybdenum" in set(scope.loc[scope["good"] == "", "item"])
    effects = {e.good for e in calendar.effects("2025-03-01", "civil", ["chn-2025-10"])}
    assert effects == set(scope["good"]) - {""}
    assert not {"molybdenum_metal", "indium", "ito_target", "tungsten_powder"} & effects


def test_content_rule_of_61(calendar: Calendar) -> None:
    effects = calendar.effects("2026-11-23", "civil", ["chn-2025-61-deminimis"])
    assert {e.content_threshold for e in effects if e.role == "covered"} == {0.001}
    assert {"dysprosium_metal", "smco_alloy"} <= {e.good for e in effects if e.role == "content"}
    assert not {e.good for e in effects if e.role == "content"} & {"didymium_metal", "ndpr_oxide", "neodymium_oxide"}
    assert {e.good for e in effects if e.role == "technology"} == {"smco_magnet", "ndfeb_magnet_high_temp"}


def test_the_embargo_of_2010_was_never_published(calendar: Calendar) -> None:
    event = ["chn-jpn-embargo-2010"]
    assert calendar.effects("2010-10-01", "civil", event)
    assert calendar.effects("2010-10-01", "civil", event, legal_only=True) == []
    assert calendar.effects("2010-11-19", "civil", event) == []


def test_lists_of_firms_that_the_data_lack_have_no_effect(calendar: Calendar) -> None:
    assert calendar.effects("2026-11-23", "civil", ["chn-2026-12", "chn-2026-28", "usa-2025-affiliates"]) == []


def test_japan_in_january_2026(calendar: Calendar, reference: Tables) -> None:
    japan = list(reference["countries"]["country"]).index("JPN")
    event = ["chn-2026-1"]
    military = calendar.effects("2026-01-10", "military", event, legal_only=True)
    assert military
    coverage = calendar.covered("chn-2026-1", "2026-01-10").groupby("good")["coverage"].max()
    assert coverage["dysprosium_metal"] == 1
    for effect in military:
        assert effect.r[japan, CENTRAL] == coverage[effect.good]  # severity 1: the text is a ban
        assert (effect.practice, effect.named) == (False, False)
    assert calendar.effects("2026-01-10", "civil", event, legal_only=True) == []
    civil = calendar.effects("2026-01-10", "civil", event)
    assert civil
    assert all(e.practice and e.r[japan, CENTRAL] == 0.4 and e.r[:, LINKED].sum() == 1 for e in civil)


def test_speed(reference: Tables, calendar: Calendar) -> None:
    """Ten times the budget of the plan, so that a busy machine does not fail: it is there to catch a wrong order."""

    def best(call: Callable[[], object]) -> float:
        times = []
        for _ in range(3):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(lambda: Calendar(reference)) < 0.6
    assert best(lambda: calendar.effects("2026-11-23", "military")) < 0.15
