"""A scope that is the same as another event's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from clauses import World, same_as

from supplychain.readings import DEPENDENT


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
