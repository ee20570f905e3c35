"""What a clause covers: its scope rows, with `same_as` followed to the rows of the other events."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from supplychain.calendar import Clause
from supplychain.severity import Ends, ends_of
from supplychain.tables import Tables

Branches = tuple[bool, bool, bool]  # off, likelier, on


class ScopeRow(NamedTuple):
    """One row of event_scope, or what it takes over from another event.

    coverage: low, central, high share of the good's flow; content_threshold: None where none is stated
    via: the events that must be in force for the row to cover anything, nearest first (same_as)
    row: where the good is named, in the row of the other event if taken over
    factors: the rows whose coverages multiply to this one: its own and those it is taken over through
    """

    item: str
    good: str
    same_as: str
    role: str
    coverage: Ends
    threshold: str
    content_threshold: float | None
    buyers: tuple[str, ...]
    source_id: str
    row: str
    via: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()


class Cover(NamedTuple):
    """One way in which a target is covered: while the events `via` are in force, by the product of these rows."""

    via: tuple[str, ...]
    factors: tuple[str, ...]


class Target(NamedTuple):
    """What one effect is about."""

    good: str
    role: str
    buyers: tuple[str, ...]
    content_threshold: float | None

    @property
    def rank(self) -> tuple[str, str, tuple[str, ...], float]:
        return self.good, self.role, self.buyers, -1.0 if self.content_threshold is None else self.content_threshold


@dataclass(frozen=True, eq=False)
class Scope:
    """Everything that one clause covers, put together for speed.

    targets: sorted; named: which of them the clause names itself
    parts: (via, positions among the targets, (n, 3) coverage low, central, high); a target that several rows reach is
    covered by the largest; covers: for each target the ways in which it is covered
    """

    targets: tuple[Target, ...]
    named: tuple[bool, ...]
    parts: tuple[tuple[tuple[str, ...], NDArray[np.intp], NDArray[np.float64]], ...]
    covers: tuple[tuple[Cover, ...], ...]

    def coverage(self, in_force: Mapping[str, Branches], branch: Sequence[int]) -> NDArray[np.float64]:
        """(targets, 5) coverage by reading: linked 1, dependent high, then low, central, high.

        in_force: of every event, for any destination; branch: which branch each reading takes
        """
        result = np.zeros((len(self.targets), len(branch)))
        for via, where, ends in self.parts:
            holds = np.array([all(in_force[event][b] for event in via) for b in branch], dtype=float)
            if holds.any():
                readings = np.column_stack([np.ones(len(ends)), ends[:, 2], ends]) * holds
                result[where] = np.maximum(result[where], readings)
        return result


def scope_rows(tables: Tables) -> dict[str, list[ScopeRow]]:
    """The rows of each event as they stand in the table."""
    frame = tables["event_scope"]
    coverage = frame[["coverage_low", "coverage", "coverage_high"]].to_numpy(dtype=float).tolist()
    columns = ("event", "item", "good", "same_as", "role", "threshold", "content_threshold", "buyer", "source_id")
    found: dict[str, list[ScopeRow]] = {}
    for row, (low, central, high), event, item, good, same_as, role, threshold, content, buyers, source_id in zip(
        frame.index, coverage, *(frame[name] for name in columns), strict=True
    ):
        ends = ends_of(low, 1.0 if math.isnan(central) else central, high)
        limit = None if math.isnan(content) else float(content)
        scope_row = ScopeRow(item, good, same_as, role, ends, threshold, limit, buyers, source_id, row, (), (row,))
        found.setdefault(event, []).append(scope_row)
    return found


def followed(event: str, rows: Mapping[str, Sequence[ScopeRow]], seen: tuple[str, ...] = ()) -> Iterator[ScopeRow]:
    """The scope of an event with `same_as` rows replaced by what the other event covers; a circle is followed once.

    A row that also names a good takes over that good only. Shares multiply: the row's own of the other event's.
    """
    for own in rows.get(event, ()):
        if not own.same_as:
            yield own
        elif own.same_as != event and own.same_as not in seen:
            for other in followed(own.same_as, rows, (*seen, event)):
                if other.role == "covered" and own.good in ("", other.good):
                    low, central, high = (a * b for a, b in zip(own.coverage, other.coverage, strict=True))
                    yield other._replace(
                        same_as=own.same_as,
                        role=own.role,
                        coverage=(low, central, high),
                        threshold=other.threshold or own.threshold,
                        content_threshold=own.content_threshold,
                        buyers=own.buyers,
                        via=(own.same_as, *other.via),
                        factors=(own.row, *other.factors),
                    )


def build_scope(clause: Clause, rows: Mapping[str, Sequence[ScopeRow]], producers: Collection[str]) -> Scope:
    """The scope of a clause as far as it can act on goods of the graph.

    Technology and content count only under re-export clauses. An entity list, and any row that names buyers, reaches
    those of them that are producers in the data; where none is, it is "firms only, not computed".
    """
    roles = ("covered", "technology", "content") if clause.acts_on == "reexport" else ("covered",)
    merged: dict[tuple[str, ...], dict[Target, Ends]] = {}
    named: dict[Target, bool] = {}
    covers: dict[Target, list[Cover]] = {}
    for row in followed(clause.event, rows):
        buyers = tuple(sorted(set(row.buyers).intersection(producers)))
        firms_only = not buyers and (row.buyers or clause.measure == "entity_list") and row.role != "content"
        if not row.good or row.role not in roles or firms_only:
            continue
        target = Target(row.good, row.role, buyers, row.content_threshold)
        ends = merged.setdefault(row.via, {})
        low, central, high = (max(a, b) for a, b in zip(row.coverage, ends.get(target, (0.0,) * 3), strict=True))
        ends[target] = low, central, high
        named[target] = named.get(target, False) or not row.via
        covers.setdefault(target, []).append(Cover(row.via, row.factors))
    targets = tuple(sorted(named, key=lambda target: target.rank))
    position = {target: k for k, target in enumerate(targets)}
    parts = tuple(
        (via, np.array([position[target] for target in ends], dtype=np.intp), np.array(list(ends.values())))
        for via, ends in sorted(merged.items())
    )
    covered = tuple(tuple(covers[target]) for target in targets)
    return Scope(targets, tuple(named[target] for target in targets), parts, covered)
