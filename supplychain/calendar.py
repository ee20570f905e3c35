"""The legal calendar: in which state a clause is on a day, destination by destination."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from supplychain.errors import InputError
from supplychain.tables import Tables

NEVER_ACT = ("agreement", "easing", "reporting")  # measures that change flows only through other clauses
ONE_DAY = timedelta(days=1)

Change = tuple[date, str, str, tuple[str, ...], str, str]  # day, event, status, destinations, grade, by

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day(value: date | str, call: str = "day", argument: str = "on") -> date:
    """A day given as `datetime.date` or as text YYYY-MM-DD. Raises InputError.

    >>> day("2025-04-04")
    datetime.date(2025, 4, 4)
    """
    if isinstance(value, date) and not pd.isna(value):
        return value.date() if isinstance(value, datetime) else value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # such as 2025-02-30: the message is the same
    raise InputError(call, argument, value, "a day of the calendar as datetime.date or text YYYY-MM-DD")


def stretch(call: str, start: date | str, until: date | str) -> tuple[date, date]:
    """First and last day of a stretch, both included. Raises InputError."""
    first, last = day(start, call, "start"), day(until, call, "until")
    if last < first:
        raise InputError(call, "until", str(until), f"a day from the start ({first}) on")
    return first, last


def dates(column: pd.Series) -> list[date | None]:
    """A date column as plain days, None where blank."""
    result: list[date | None] = column.to_numpy().astype("datetime64[D]").tolist()
    return result


@dataclass(frozen=True)
class Phase:
    """A dated stretch of a clause's legal life, as one row of event_phases states it."""

    start: date
    status: str
    until: date | None
    until_included: str
    grade: str
    by: str
    destinations: tuple[str, ...]
    row: str

    @property
    def runs_out(self) -> date | None:
        """First day on which the promise of the phase no longer holds; only what acts or suspends promises anything."""
        if self.until is None or self.status not in ("in_force", "suspended"):
            return None
        return self.until + ONE_DAY if self.until_included == "yes" else self.until

    @property
    def turns(self) -> tuple[date, ...]:
        """The days on which the phase can change a state."""
        return (self.start,) if self.runs_out is None else (self.start, self.runs_out)

    def has_run_out(self, on: date) -> bool:
        return self.runs_out is not None and self.runs_out <= on


@dataclass(frozen=True)
class State:
    """What holds on a day: the phase that says so and, where its promise has run out, both branches.

    since: start of the unbroken run of phases with this status
    off, likelier, on: in force in the branch without, in the likelier one, and in the one with the clause
    effective: the day on which the clause last took effect (in the branch `on`); None: not in force in any
    """

    phase: Phase
    confirmed: bool
    since: date
    off: bool
    likelier: bool
    on: bool
    effective: date | None

    @property
    def branches(self) -> tuple[bool, bool, bool]:
        return self.off, self.likelier, self.on


def state_on(phases: Sequence[Phase], on: date) -> State | None:
    """The state on a day under phases in order of their start (on one day: in file order); None before the first.

    The latest phase that began holds. Where a promise has run out and no instrument began after that phase, the state
    is unconfirmed; readouts and press that came later name the likelier branch while their own promise holds.
    """
    begun = [phase for phase in phases if phase.start <= on]
    if not begun:
        return None
    instruments = [k for k, phase in enumerate(begun) if phase.grade == "instrument"]
    open_from = instruments[-1] if instruments else 0  # an instrument settles whatever was promised before it
    for k in range(open_from, len(begun)):
        if begun[k].has_run_out(on):
            hints = [phase for phase in begun[k + 1 :] if not phase.has_run_out(on)]
            likelier = not hints or hints[-1].status == "in_force"
            since = _since(begun[: k + 1])
            effective = begun[k].runs_out if begun[k].status == "suspended" else since
            return State(begun[k], False, since, False, likelier, True, effective)
    acts, since = begun[-1].status == "in_force", _since(begun)
    return State(begun[-1], True, since, acts, acts, acts, since if acts else None)


def _since(begun: Sequence[Phase]) -> date:
    """Start of the last unbroken run of phases with one status."""
    first = len(begun) - 1
    while first and begun[first - 1].status == begun[-1].status:
        first -= 1
    return begun[first].start


def anywhere(states: Iterable[State | None]) -> tuple[bool, bool, bool]:
    """In which branches (off, likelier, on) a clause is in force for any destination."""
    off = likelier = on = False
    for state in states:
        if state is not None:
            off, likelier, on = off or state.off, likelier or state.likelier, on or state.on
    return off, likelier, on


class Places:
    """Countries by position, and which of them a list of codes means: ALL, blocs by their members, countries.

    codes: in the order of the table; blocs are among them, but nothing flows to a bloc as such
    """

    def __init__(self, tables: Tables) -> None:
        frame = tables["countries"]
        self.codes: tuple[str, ...] = tuple(frame["country"])
        self.index: Mapping[str, int] = {code: k for k, code in enumerate(self.codes)}
        self.single = np.array([kind != "bloc" for kind in frame["kind"]], dtype=bool)
        self._everywhere = np.flatnonzero(self.single)
        self._members: dict[str, list[int]] = {
            code: sorted(self.index[member] for member in members if member in self.index)
            for code, kind, members in zip(frame["country"], frame["kind"], frame["members"], strict=True)
            if kind == "bloc"
        }

    def levels(self, codes: Iterable[str]) -> list[tuple[int, NDArray[np.intp]]]:
        """(level, positions) for each kind of code given: 0 ALL, 1 the members of blocs, 2 countries by name."""
        found: tuple[list[int], ...] = ([], [], [])
        for code in codes:
            if code == "ALL":
                found[0].extend(self._everywhere)
            elif code in self._members:
                found[1].extend(self._members[code])
            elif code in self.index:
                found[2].append(self.index[code])
        return [(level, np.array(sorted(set(where)), dtype=np.intp)) for level, where in enumerate(found) if where]

    def mask(self, codes: Iterable[str]) -> NDArray[np.bool_]:
        """Which positions the codes mean."""
        result = np.zeros(len(self.codes), dtype=bool)
        for _, where in self.levels(codes):
            result[where] = True
        return result


@dataclass(frozen=True, eq=False)
class Clause:
    """One event: who restricts what toward whom, and its phases.

    reach: (C,) the destinations (origins of an import clause); an output stop has none and reaches everywhere
    groups: positions of countries that the same phases cover, and these phases in order; countries out of reach and
    those that no phase covers are in none
    """

    event: str
    issuer: str
    measure: str
    acts_on: str
    official: bool
    destinations: tuple[str, ...]
    end_use: str
    reach: NDArray[np.bool_]
    groups: tuple[tuple[NDArray[np.intp], tuple[Phase, ...]], ...]
    phases: tuple[Phase, ...]

    @property
    def acts(self) -> bool:
        """Whether the clause can change a flow at all."""
        return self.measure not in NEVER_ACT and self.acts_on != "nothing"

    def applies_to(self, end_use: str) -> bool:
        return self.end_use in ("any", "listed", end_use)

    def states(self, on: date) -> list[State | None]:
        """The state of each group on a day."""
        return [state_on(phases, on) for _, phases in self.groups]


def phase_changes(clause: Clause) -> list[Change]:
    """Every phase that begins, and every promise that runs out with nothing after it."""
    changes = []
    for phase in clause.phases:
        about = (phase.destinations or clause.destinations, phase.grade, phase.by)
        changes.append((phase.start, clause.event, phase.status, *about))
        end = phase.runs_out
        if end and any(state and not state.confirmed and state.phase is phase for state in clause.states(end)):
            changes.append((end, clause.event, "unconfirmed", *about))
    return changes


def read_clauses(tables: Tables, places: Places) -> dict[str, Clause]:
    """Every event with its phases, by id, sorted."""
    phases = _phases(tables["event_phases"])
    frame = tables["events"]
    columns = ("event", "issuer", "measure", "acts_on", "official", "destinations", "end_use")
    clauses = {}
    for event, issuer, measure, acts_on, official, destinations, end_use in sorted(
        zip(*(frame[name] for name in columns), strict=True)
    ):
        own = tuple(sorted(phases.get(event, ()), key=lambda phase: phase.start))  # stable: file order on one day
        everywhere = acts_on == "output"
        reach = places.mask(("ALL",) if everywhere else destinations)
        groups = _groups(own, reach, places, everywhere)
        clauses[event] = Clause(
            event, issuer, measure, acts_on, official == "yes", destinations, end_use, reach, groups, own
        )
    return clauses


def _phases(frame: pd.DataFrame) -> dict[str, list[Phase]]:
    found: dict[str, list[Phase]] = {}
    columns = ("status", "until_included", "grade", "by", "destinations")
    for row, event, start, until, status, included, grade, by, destinations in zip(
        frame.index, frame["event"], dates(frame["from"]), dates(frame["until"]),
        *(frame[name] for name in columns), strict=True,
    ):  # fmt: skip
        if start is not None:  # a blank one is an error of the table, reported where it is checked
            phase = Phase(start, status, until, included, grade, by, destinations, row)
            found.setdefault(event, []).append(phase)
    return found


def _groups(
    phases: Sequence[Phase], reach: NDArray[np.bool_], places: Places, everywhere: bool
) -> tuple[tuple[NDArray[np.intp], tuple[Phase, ...]], ...]:
    """Countries in reach, put together where the same phases cover them."""
    covers = [
        reach if everywhere or not phase.destinations else places.mask(phase.destinations) & reach for phase in phases
    ]
    if not phases or all(cover is reach for cover in covers):
        return ((np.flatnonzero(reach), tuple(phases)),) if phases else ()
    members: dict[tuple[bool, ...], list[int]] = {}
    for country, signature in enumerate(np.array(covers).T.tolist()):
        if any(signature):
            members.setdefault(tuple(signature), []).append(country)
    return tuple(
        (np.array(where, dtype=np.intp), tuple(p for p, covered in zip(phases, signature, strict=True) if covered))
        for signature, where in members.items()
    )
