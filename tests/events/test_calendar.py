"""The state of a clause on a day: its phases, what is unconfirmed, and the days on which anything changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from clauses import OTHERS, World, same_as, severity
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.calendar import Phase, day, state_on
from supplychain.errors import InputError, UnknownIdError
from supplychain.events import Calendar, Effect
from supplychain.readings import CLASSES, LINKED


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
    assert str(state_on(runs[:3], date(2025, 8, 20)).since) == "2025-05-01"


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
