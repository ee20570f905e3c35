"""What every clause does to goods on a day: status, severity and coverage put together, before any flow is known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from supplychain.calendar import ONE_DAY, Clause, Places, State, anywhere, day, phase_changes, read_clauses, stretch
from supplychain.errors import InputError
from supplychain.kept import Kept
from supplychain.readings import CENTRAL, CLASSES, LINKED
from supplychain.scope import Branches, Scope, Target, build_scope, followed, scope_rows
from supplychain.severity import NO_ROW, NO_SEVERITY, Choice, Priors, Severities, Severity, months_between
from supplychain.tables import Tables

BRANCHES: Mapping[str, tuple[int, ...]] = {  # for each reading: 0 the branch off, 1 the likelier one, 2 the branch on
    "both": (2, 2, 0, 1, 2),
    "off": (0, 0, 0, 0, 0),
    "on": (2, 2, 2, 2, 2),
}
STATUS = (
    "event", "status", "confirmed", "since", "until", "grade", "in_force_low", "in_force_high", "severity_low",
    "severity", "severity_high", "basis", "in_force", "only_prior", "destinations",
)  # fmt: skip
CHANGES = ("date", "event", "status", "destinations", "grade", "by")
COVERED = (
    "event", "item", "good", "role", "coverage_low", "coverage", "coverage_high", "threshold", "content_threshold",
    "buyers", "same_as", "source_id", "row",
)  # fmt: skip

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

KEPT = 64  # days whose status is kept
WHOLE = ((),)  # coverage_rows of what is covered whole: a product of nothing


@dataclass(frozen=True, eq=False)
class Effect:
    """One clause on one good in one end-use class on one day.

    r: (C, 5) share lost by READINGS; C in the order of the table countries (0 for blocs): the destination for export
    and reexport, the origin for import, the issuer alone for output
    role: covered, technology, or content (r is 0: the good only counts towards content)
    content_threshold: value share from which a foreign good is caught, nan = none
    buyers: only flows to these producers (entity lists; those that the data know); empty: all
    practice: beyond the clause (it adds no good to sharing); named: the clause names the good, not only through same_as
    severity_row: (C,) label of the severity row that speaks; prior: (C,) no row speaks, only a prior
    acting: (C,) where it acts in the reading short; prior_row: (C,) label of the assumption behind a prior
    coverage_rows: in that reading the good is covered by the largest of these products of scope rows; (): not at all
    """

    event: str
    good: str
    acts_on: str
    issuer: str
    r: Floats
    role: str
    content_threshold: float
    buyers: tuple[str, ...]
    practice: bool
    severity_row: tuple[str, ...]
    prior: Bools
    named: bool
    acting: Bools
    prior_row: tuple[str, ...]
    coverage_rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Loss:
    """r of a good whose whole flow is covered, and what it rests on; several goods may share one."""

    r: Floats
    severity_row: tuple[str, ...]
    prior: Bools
    acting: Bools
    prior_row: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Today:
    """The states of every clause on one day, and in which branches (off, likelier, on) it is in force anywhere."""

    on: date
    states: Mapping[str, Sequence[State | None]]
    in_force: Mapping[str, Branches]


class Calendar:
    """Every clause with its status, severities and scope, ready to be asked about any day; read-only.

    >>> from supplychain.tables import load_tables
    >>> status = Calendar(load_tables()).status("2025-11-10", "USA").set_index("event")
    >>> status.at["chn-2024-46-p2", "status"]
    'suspended'
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._places = Places(tables)
        self._clauses = read_clauses(tables, self._places)
        self._severities = Severities(tables, self._places, self._clauses)
        self._priors = Priors(tables)
        self._status = Kept[pd.DataFrame](KEPT)
        self._scope_rows = scope_rows(tables)
        producers = set(tables["production"]["producer"])
        self._scopes: dict[str, Scope] = {
            event: build_scope(clause, self._scope_rows, producers)
            for event, clause in self._clauses.items()
            if clause.acts
        }

    def __repr__(self) -> str:
        return f"<Calendar of {len(self._clauses)} clauses>"

    def _today(self, on: date) -> Today:
        states = {event: clause.states(on) for event, clause in self._clauses.items()}
        return Today(on, states, {event: anywhere(found) for event, found in states.items()})

    def _wanted(self, call: str, events: Collection[str] | None) -> Collection[str]:
        if events is None:
            return self._clauses
        if isinstance(events, str):
            raise InputError(call, "events", events, "a list of ids of events, or None for all")
        return {self._event(event) for event in events}

    def _event(self, event: str) -> str:
        return event if event in self._clauses else self._tables.resolve(event, "event")

    # --- effects ------------------------------------------------------------------------------------------------------

    def effects(
        self,
        on: date | str,
        end_use: str,
        events: Collection[str] | None = None,
        legal_only: bool = False,
        unconfirmed: str = "both",
    ) -> list[Effect]:
        """What the clauses in force do to each good in one end-use class.

        r = severity x coverage at low, central, high; linked: both 1; dependent: severity 1, coverage high

        events: ids, None = all; legal_only: only published acts, and no practice beyond them
        unconfirmed: both (short_low without, short in the likelier branch, the others with), off, on
        Returns effects sorted by event and good. Raises UnknownIdError, InputError.
        """
        on = day(on, "effects")
        if end_use not in CLASSES:
            raise InputError("effects", "end_use", end_use, " or ".join(CLASSES))
        if unconfirmed not in BRANCHES:
            raise InputError("effects", "unconfirmed", unconfirmed, ", ".join(BRANCHES))
        wanted, today, branch = self._wanted("effects", events), self._today(on), BRANCHES[unconfirmed]
        result: list[Effect] = []
        for event, clause in self._clauses.items():
            if event not in wanted or not clause.acts or (legal_only and not clause.official):
                continue
            in_force = self._in_force(clause, today, branch)
            if not any(today.in_force[event]):
                continue
            legal = self._legal(clause, today, in_force, end_use, branch)
            result += legal
            if not legal_only:
                result += self._practice(clause, today, in_force, end_use, branch, legal)
        return result

    def _in_force(self, clause: Clause, today: Today, branch: Sequence[int]) -> Bools:
        """(C, 5) where the clause is in force in the branch that each reading takes."""
        result = np.zeros((len(self._places.codes), len(branch)), dtype=bool)
        for (where, _), state in zip(clause.groups, today.states[clause.event], strict=True):
            if state is not None:
                result[where] = [state.branches[b] for b in branch]
        return result

    def _legal(
        self, clause: Clause, today: Today, in_force: Bools, end_use: str, branch: Sequence[int]
    ) -> list[Effect]:
        """The effects of a clause on what it covers."""
        issuer = np.arange(len(in_force)) == self._places.index.get(clause.issuer, -1)
        acting = in_force & (issuer if clause.acts_on == "output" else ~issuer)[:, None]
        if not clause.applies_to(end_use) or not acting.any():
            return []
        scope = self._scopes[clause.event]
        coverage = scope.coverage(today.in_force, branch)
        losses: dict[str, Loss] = {}  # "": of all goods without a severity row of their own
        own = self._severities.of(clause.event)
        result = []
        for target, named, share, covers in zip(scope.targets, scope.named, coverage, scope.covers, strict=True):
            if not share.any():
                continue
            good = target.good if target.good in own else ""
            if good not in losses:
                losses[good] = self._loss(self._choice(clause, today, good, end_use), acting)
            loss = losses[good]
            r = loss.r * (0.0 if target.role == "content" else share)
            likely = [cover for cover in covers if all(today.in_force[e][branch[CENTRAL]] for e in cover.via)]
            rows = tuple(cover.factors for cover in likely)
            result.append(_effect(clause, target, r, loss, named, rows))
        return result

    def _practice(
        self, clause: Clause, today: Today, in_force: Bools, end_use: str, branch: Sequence[int],
        legal: Sequence[Effect],
    ) -> list[Effect]:  # fmt: skip
        """What practice rows restrict beyond the clause: exports of the goods they name where it does not reach."""
        result = []
        elsewhere = np.array([today.in_force[clause.event][b] for b in branch])  # out of reach no phase speaks
        possible = np.where(clause.reach[:, None], in_force, elsewhere)
        for good, strokes in sorted(self._severities.of(clause.event, practice=True).items()):
            choice = self._severities.painted(self._severities.blank(), strokes, today.on, end_use)
            beyond = choice.row != NO_ROW
            if clause.issuer in self._places.index:
                beyond[self._places.index[clause.issuer]] = False
            for effect in legal:
                if effect.good == good and (effect.acts_on, effect.role, effect.buyers) == ("export", "covered", ()):
                    beyond &= effect.r[:, LINKED] == 0
            acting = possible & beyond[:, None]
            if good and acting.any():
                loss = self._loss(choice, acting)
                target = Target(good, "covered", (), None)
                result.append(_effect(clause, target, loss.r, loss, False, WHOLE, practice=True))
        return result

    def _choice(self, clause: Clause, today: Today, good: str, end_use: str) -> Choice:
        """The severity of one good ('' = of any without rows of its own): rows, else the prior of the clause's age."""
        strokes = self._severities.of(clause.event)
        ordered = [*strokes.get("", ()), *(strokes.get(good, ()) if good else ())]
        choice = self._severities.painted(self._severities.blank(), ordered, today.on, end_use)
        for (where, _), state in zip(clause.groups, today.states[clause.event], strict=True):
            silent = where[choice.row[where] == NO_ROW]
            if len(silent) and state is not None and state.effective is not None:
                prior = self._priors.of(clause.measure, months_between(state.effective, today.on))
                choice.ends[silent], choice.prior[silent] = prior
        return choice

    def _loss(self, choice: Choice, acting: Bools) -> Loss:
        severity = np.column_stack([np.ones((len(acting), 2)), choice.ends])
        reached = acting.any(axis=1)
        rows = np.where(reached, choice.row, NO_ROW)
        labels = tuple(self._severities.labels[rows].tolist())
        prior = reached & (choice.row == NO_ROW)
        prior_row = tuple(np.where(prior, choice.prior, "").tolist())
        return Loss(np.where(acting, severity, 0.0), labels, prior, acting[:, CENTRAL], prior_row)

    # --- status and scope ---------------------------------------------------------------------------------------------

    def status(self, on: date | str, destination: str | None = None, end_use: str | None = None) -> pd.DataFrame:
        """The state of every clause that has begun, for one destination (a country or bloc) or for all.

        One row for each clause and state; several where destinations differ. `destinations` says for whom it holds:
        as the event names them where all are alike, else by country, ALL standing for those of no other row.
        in_force_low, in_force, in_force_high: without what is unconfirmed, in the likelier branch, with it.
        severity: of the worst-hit good in scope, blank where nothing acts; basis of it (analogy where only_prior).
        end_use: only clauses that apply to civil or to military; None: all, severities civil where they reach civil.
        Raises InputError, UnknownIdError.
        """
        on = day(on, "status")
        if end_use is not None and end_use not in CLASSES:
            raise InputError("status", "end_use", end_use, f"{' or '.join(CLASSES)}, or None for both")
        code = "" if destination is None else self._tables.resolve(destination, "country")
        key = f"{on} {code} {end_use or ''}"
        frame = self._status.get(key)
        if frame is None:
            frame = self._status_on(on, code, end_use)
            self._status.put(key, frame)
        return frame.copy()

    def _status_on(self, on: date, destination: str, end_use: str | None) -> pd.DataFrame:
        asked = self._places.mask([destination]) if destination else None
        today = self._today(on)
        rows = []
        for event, clause in self._clauses.items():
            if end_use is not None and not clause.applies_to(end_use):
                continue
            choices = self._choices(clause, today, end_use or ("civil" if clause.applies_to("civil") else "military"))
            for state, where, names in self._places_alike(clause, today, asked):
                worst = self._severities.worst(choices, where) if state.on else NO_SEVERITY
                rows.append(_status_row(event, state, names, worst))
        frame = pd.DataFrame(rows, columns=list(STATUS))
        return frame.astype({"since": "datetime64[s]", "until": "datetime64[s]"})

    def _choices(self, clause: Clause, today: Today, end_use: str) -> list[Choice]:
        """The severities of the goods that a clause covers on the day; of any good if the graph has none of them."""
        if not clause.acts or not any(today.in_force[clause.event]):
            return []
        scope = self._scopes[clause.event]
        covers = scope.coverage(today.in_force, BRANCHES["on"])[:, LINKED] > 0
        own = self._severities.of(clause.event)
        goods = {
            target.good if target.good in own else ""
            for target, covered in zip(scope.targets, covers, strict=True)
            if covered and target.role != "content"
        }
        return [self._choice(clause, today, good, end_use) for good in sorted(goods) or [""]]

    def _places_alike(
        self, clause: Clause, today: Today, asked: Bools | None
    ) -> Iterator[tuple[State, NDArray[np.intp], tuple[str, ...]]]:
        """Each state of a clause, where it holds among the places asked for, and their names; the widest first."""
        alike: dict[object, tuple[State, list[NDArray[np.intp]]]] = {}
        for (where, _), state in zip(clause.groups, today.states[clause.event], strict=True):
            if state is not None:
                looks = (state.phase.status, state.since, state.phase.until, state.phase.grade, state.branches)
                alike.setdefault(looks, (state, []))[1].append(where)
        found = [(state, np.sort(np.concatenate(parts))) for state, parts in alike.values()]
        found.sort(key=lambda pair: -len(pair[1]))
        everywhere = clause.acts_on == "output"  # an output stop has no destinations: it concerns all
        for k, (state, where) in enumerate(found):
            names = tuple(self._places.codes[place] for place in where)
            if len(where) == int(clause.reach.sum()):
                names = clause.destinations
            elif k == 0 and len(found) > 1 and "ALL" in clause.destinations:
                names = ("ALL",)
            here = where if asked is None or everywhere else where[asked[where]]
            if len(here):
                yield state, here, names

    def covered(self, event: str, on: date | str) -> pd.DataFrame:
        """What an event covers: event, item, good, role, coverage, threshold, buyers, same_as, source_id, row.

        One row a scope row (several may name one good). What it takes over from another event (`same_as`) is listed
        where that event is, or may be, in force anywhere on the day. `good` is empty where the graph lacks the item.
        Raises InputError, UnknownIdError.
        """
        on, event = day(on, "covered"), self._event(event)
        rows = []
        for row in followed(event, self._scope_rows):
            if all(any(anywhere(self._clauses[other].states(on))) for other in row.via):
                limit = np.nan if row.content_threshold is None else row.content_threshold
                about = (event, row.item, row.good, row.role, *row.coverage, row.threshold, limit)
                rows.append((*about, row.buyers, row.same_as, row.source_id, row.row))
        return pd.DataFrame(rows, columns=list(COVERED))

    # --- when things change -------------------------------------------------------------------------------------------

    def changes(self, start: date | str, until: date | str) -> pd.DataFrame:
        """What changes in a stretch of days, both ends included: date, event, status, destinations, grade, by.

        status: that of a phase that begins; `unconfirmed` where a promise runs out and no instrument follows;
        `severity` where a severity row begins, `severity ends` where it runs out (grade: its basis; by: good, end use
        and share). Raises InputError.
        """
        first, last = stretch("changes", start, until)
        rows = [change for clause in self._clauses.values() for change in phase_changes(clause)]
        rows += [change for row in self._severities.rows for change in row.changes]
        kept = sorted((row for row in rows if first <= row[0] <= last), key=lambda row: row[:2])
        return pd.DataFrame(kept, columns=list(CHANGES)).astype({"date": "datetime64[s]"})

    def segment_days(self, start: date | str, until: date | str, events: Collection[str] | None = None) -> list[date]:
        """`start` and every later day up to `until` (included) on which an effect of the events can change.

        Raises InputError, UnknownIdError.
        """
        first, last = stretch("segment_days", start, until)
        found = {first}
        for event in self._wanted("segment_days", events):
            clause = self._clauses[event]
            days = {turn for turn in self._turns(clause) if first < turn <= last}
            found |= {d for d in days if self._fingerprint(clause, d) != self._fingerprint(clause, d - ONE_DAY)}
        return sorted(found)

    def _turns(self, clause: Clause) -> set[date]:
        """Days on which anything that the effects of a clause rest on may change; none if it cannot have any."""
        beyond = self._severities.rows_of(clause.event, practice=True)
        if not clause.acts or not (self._scopes[clause.event].targets or beyond):
            return set()
        others = {other for via, _, _ in self._scopes[clause.event].parts for other in via}
        days = {turn for other in others for phase in self._clauses[other].phases for turn in phase.turns}
        for phase in clause.phases:
            days |= {later for turn in phase.turns for later in (turn, *self._priors.turns(clause.measure, turn))}
        for practice in (False, True):
            for row in self._severities.rows_of(clause.event, practice):
                days |= {row.start} if row.until is None else {row.start, row.until}
        return days

    def _fingerprint(self, clause: Clause, on: date) -> object:
        """What the effects of a clause rest on: equal on two days, so are the effects."""
        states = clause.states(on)
        if not any(anywhere(states)):
            return None
        branches = tuple(state.branches if state else None for state in states)
        vias = {via for via, _, _ in self._scopes[clause.event].parts}
        others = tuple(anywhere(self._clauses[other].states(on)) for via in sorted(vias) for other in via)
        rows = [
            row
            for practice in (False, True)
            for row in self._severities.rows_of(clause.event, practice)
            if row.holds(on)
        ]
        if any(row.speaks_for_all for row in rows):
            return branches, others, rows
        priors = tuple(
            self._priors.known(clause.measure, months_between(state.effective, on))
            for state in states
            if state is not None and state.effective is not None
        )
        return branches, others, rows, priors


def _effect(
    clause: Clause, target: Target, r: Floats, loss: Loss, named: bool, coverage_rows: tuple[tuple[str, ...], ...],
    practice: bool = False,
) -> Effect:  # fmt: skip
    limit = np.nan if target.content_threshold is None else target.content_threshold
    acts_on = "export" if practice else clause.acts_on
    r.setflags(write=False)
    return Effect(
        clause.event, target.good, acts_on, clause.issuer, r, target.role, limit, target.buyers, practice,
        loss.severity_row, loss.prior, named, loss.acting, loss.prior_row, coverage_rows,
    )  # fmt: skip


def _status_row(event: str, state: State, names: tuple[str, ...], severity: Severity) -> tuple[object, ...]:
    phase = state.phase
    low, central, high, basis, only_prior = severity
    return (
        event, phase.status, state.confirmed, state.since, phase.until, phase.grade, state.off, state.on,
        low, central, high, basis, state.likelier, only_prior, names,
    )  # fmt: skip
