"""How much of a covered flow is lost: the most specific severity row of the day or, without one, a prior."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from supplychain.calendar import ONE_DAY, Change, Clause, Places, dates
from supplychain.errors import DataError, Problem
from supplychain.tables import Tables

NO_ROW = -1

Ends = tuple[float, float, float]  # low, central, high
Severity = tuple[float, float, float, str, bool]  # low, central, high, basis, only a prior

NO_SEVERITY: Severity = (math.nan, math.nan, math.nan, "", False)

_AGE = re.compile(r"(\d+)(?:-(\d+))?m\+?")


def ends_of(low: float, central: float, high: float) -> Ends:
    """Low, central, high with blank ends filled by the central value."""
    return central if math.isnan(low) else low, central, central if math.isnan(high) else high


@dataclass(frozen=True)
class SeverityRow:
    """One row of severities: a share lost over a dated stretch, clipped to [0, 1]."""

    event: str
    good: str
    destinations: tuple[str, ...]
    end_use: str
    start: date
    until: date | None
    ends: Ends
    basis: str
    practice: bool
    row: str

    @property
    def speaks_for_all(self) -> bool:
        """Whether it leaves nothing to a prior: all goods, destinations and end uses."""
        return not self.practice and not self.good and self.end_use == "any" and "ALL" in self.destinations

    @property
    def changes(self) -> list[Change]:
        """Where it begins and, unless it is open, ends."""
        about = self.destinations, self.basis, f"{self.good or 'all goods'} {self.end_use} {self.ends[1]:g}"
        begins = (self.start, self.event, "severity", *about)
        return [begins] if self.until is None else [begins, (self.until, self.event, "severity ends", *about)]

    def holds(self, on: date) -> bool:
        """From is included, until is not."""
        return self.start <= on and (self.until is None or on < self.until)


@dataclass(frozen=True, eq=False)
class Stroke:
    """A severity row on the countries that it names in one way; strokes are painted from general to specific."""

    number: int
    row: SeverityRow
    level: int
    where: NDArray[np.intp]

    def holds(self, on: date, end_use: str) -> bool:
        return self.row.end_use in ("any", end_use) and self.row.holds(on)

    @property
    def rank(self) -> tuple[int, bool, date, int]:
        return self.level, self.row.end_use != "any", self.row.start, self.number


@dataclass(frozen=True, eq=False)
class Choice:
    """ends: (C, 3) low, central, high; row: (C,) number of the severity row that speaks, NO_ROW where none does.

    prior: (C,) label of the assumption that speaks where no row does, '' elsewhere
    """

    ends: NDArray[np.float64]
    row: NDArray[np.intp]
    prior: NDArray[np.object_]


class Severities:
    """All severity rows, ordered so that the most specific is painted last.

    Order: good, then destination (ALL, bloc, country), then end use, then the latest start, then the later in file.
    """

    def __init__(self, tables: Tables, places: Places, clauses: Mapping[str, Clause]) -> None:
        self.rows = _rows(tables)
        self.labels = np.array([*(row.row for row in self.rows), ""], dtype=object)  # labels[NO_ROW] == ""
        self._countries = len(places.codes)
        self._strokes: dict[tuple[str, bool], dict[str, list[Stroke]]] = {}
        self._rows_of: dict[tuple[str, bool], list[SeverityRow]] = {}
        for number, row in enumerate(self.rows):
            self._rows_of.setdefault((row.event, row.practice), []).append(row)
            if row.event not in clauses:
                continue
            named = ("ALL",) if clauses[row.event].acts_on == "output" else row.destinations
            by_good = self._strokes.setdefault((row.event, row.practice), {})
            for level, where in places.levels(named):
                by_good.setdefault(row.good, []).append(Stroke(number, row, level, where))
        for by_good in self._strokes.values():
            for strokes in by_good.values():
                strokes.sort(key=lambda stroke: stroke.rank)

    def of(self, event: str, practice: bool = False) -> Mapping[str, Sequence[Stroke]]:
        """The strokes of an event by good ('' = all goods), general before specific."""
        return self._strokes.get((event, practice), {})

    def rows_of(self, event: str, practice: bool = False) -> list[SeverityRow]:
        """The rows of an event, in file order."""
        return self._rows_of.get((event, practice), [])

    def blank(self) -> Choice:
        """Nothing known of any country."""
        return Choice(
            np.full((self._countries, 3), np.nan), np.full(self._countries, NO_ROW, dtype=np.intp),
            np.full(self._countries, "", dtype=object),
        )  # fmt: skip

    def painted(self, under: Choice, strokes: Sequence[Stroke], on: date, end_use: str) -> Choice:
        """`under` with the strokes of the day laid over it."""
        choice = Choice(under.ends.copy(), under.row.copy(), under.prior.copy())
        for stroke in strokes:
            if not stroke.holds(on, end_use):
                continue
            choice.ends[stroke.where] = stroke.row.ends
            choice.row[stroke.where] = stroke.number
        return choice

    def worst(self, choices: Sequence[Choice], where: NDArray[np.intp]) -> Severity:
        """The largest central severity among some choices at some places, with its range and basis."""
        worst = NO_SEVERITY
        for choice in choices:
            central = choice.ends[where, 1]
            if np.isnan(central).all():
                continue
            place = where[int(np.nanargmax(central))]
            if math.isnan(worst[1]) or choice.ends[place, 1] > worst[1]:
                number = int(choice.row[place])
                basis = "analogy" if number == NO_ROW else self.rows[number].basis
                low, mid, high = choice.ends[place].tolist()
                worst = low, mid, high, basis, number == NO_ROW
        return worst


def _rows(tables: Tables) -> tuple[SeverityRow, ...]:
    frame = tables["severities"]
    ends = frame[["severity_low", "severity", "severity_high"]].to_numpy(dtype=float).clip(0.0, 1.0).tolist()
    columns = ("event", "good", "destinations", "end_use", "basis", "scope")
    return tuple(
        SeverityRow(event, good, destinations, end_use, start, until, ends_of(*three), basis, scope == "practice", row)
        for row, start, until, three, event, good, destinations, end_use, basis, scope in zip(
            frame.index, dates(frame["from"]), dates(frame["until"]), ends, *(frame[name] for name in columns),
            strict=True,
        )
        if start is not None
    )  # fmt: skip


class Prior(NamedTuple):
    """One assumed severity and the row of assumptions that it stands in."""

    ends: Ends
    row: str


class Priors:
    """What is assumed where no severity row speaks, by measure and by whole months since the clause took effect."""

    def __init__(self, tables: Tables) -> None:
        frame = tables["assumptions"]
        frame = frame[frame["name"] == "severity_prior"]
        self._by_age: dict[str, list[tuple[int, float, Prior]]] = {}
        self._flat: dict[str, Prior] = {}
        for row, applies_to, low, central, high in zip(
            frame.index, frame["applies_to"], frame["value_low"], frame["value"], frame["value_high"], strict=True
        ):
            measure, _, age = applies_to.partition(":")
            prior = Prior(ends_of(low, central, high), row)
            if not age:
                self._flat[measure] = prior
            elif match := _AGE.fullmatch(age):
                last = float(match[2]) if match[2] else math.inf
                self._by_age.setdefault(measure, []).append((int(match[1]), last, prior))

    def known(self, measure: str, months: int) -> Prior | None:
        """What is assumed of a measure at an age; None where the assumptions hold nothing."""
        for first, last, prior in self._by_age.get(measure, ()):
            if first <= months < last:
                return prior
        return self._flat.get(measure) or self._flat.get("ALL")

    def of(self, measure: str, months: int) -> Prior:
        """As `known`, for a clause that leans on the prior. Raises DataError where the assumptions hold none."""
        found = self.known(measure, months)
        if found is None:
            what = f"has no severity_prior for a {measure}, and a clause of this kind in force has no severity row"
            raise DataError([Problem("assumptions", 0, "", "", what, "Add the row severity_prior, applies_to ALL.")])
        return found

    def turns(self, measure: str, effective: date) -> list[date]:
        """Days on which the prior of a clause that took effect on a day changes with its age."""
        edges = {edge for first, last, _ in self._by_age.get(measure, ()) for edge in (first, last)}
        return sorted(_months_later(effective, int(edge)) for edge in edges if 0 < edge < math.inf)


def months_between(start: date, end: date) -> int:
    """Whole months from one day to another."""
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def _months_later(start: date, months: int) -> date:
    """First day that lies so many whole months after `start`."""
    years, month = divmod(start.month - 1 + months, 12)
    first = date(start.year + years, month + 1, 1)
    last_day = (date(first.year + first.month // 12, first.month % 12 + 1, 1) - ONE_DAY).day
    return first.replace(day=start.day) if start.day <= last_day else first.replace(day=last_day) + ONE_DAY
