"""The chain and the calendar of one data package, and what the clauses of a scenario do to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cached_property
from types import MappingProxyType

import numpy as np
import pandas as pd

from supplychain.availability import Bools, Floats, availability
from supplychain.binding import Solved
from supplychain.content import content_frame
from supplychain.errors import InputError
from supplychain.events import Calendar, Effect
from supplychain.readings import CLASSES, LINKED, RUNS
from supplychain.restrictions import Reach, restrict
from supplychain.scenario import Scenario
from supplychain.sourcing import Sourcing, build_sourcing
from supplychain.tables import Tables
from supplychain.whatif import parse, with_what_ifs


class Model:
    """The reference chain with its calendar, built once from the tables; `solve` takes what is in force.

    Everything that does not depend on the day is computed here. licensed: goods whose flows nothing restricts (a
    measure that is tried out); extra_stock: days of a good that its users hold beyond what the tables say.
    """

    def __init__(
        self,
        tables: Tables,
        calendar: Calendar | None = None,
        sourcing: Sourcing | None = None,
        licensed: frozenset[str] = frozenset(),
        extra_stock: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        self.tables = tables
        self.calendar = Calendar(tables) if calendar is None else calendar
        self.sourcing = build_sourcing(tables, buyers=_listed(tables)) if sourcing is None else sourcing
        self.licensed, self.extra_stock = licensed, extra_stock

    def varied(
        self,
        sourcing: Sourcing | None = None,
        licensed: frozenset[str] = frozenset(),
        extra_stock: Mapping[str, float] = MappingProxyType({}),
    ) -> Model:
        """The same model with something tried out."""
        return Model(
            self.tables, self.calendar, sourcing or self.sourcing, self.licensed | licensed,
            {**self.extra_stock, **extra_stock},
        )  # fmt: skip

    @cached_property
    def reach(self) -> Reach:
        """Which links each clause reaches."""
        return Reach(self.sourcing)

    @cached_property
    def criticality(self) -> Floats:
        """(Q, K) c of each need: 1 in the linked reading, the high end in the dependent, then low, central, high."""
        edges = self.sourcing.edges
        ends = edges[["criticality_low", "criticality", "criticality_high"]].to_numpy(dtype=float)
        rows = np.column_stack([np.ones(len(edges)), ends[:, 2], ends])[self.sourcing.need_edge]
        result: Floats = np.tile(rows, len(CLASSES))
        return result

    @cached_property
    def lone(self) -> Bools:
        """(K,) the columns of the linked reading."""
        result: Bools = np.arange(len(CLASSES) * RUNS) % RUNS == LINKED
        return result

    @cached_property
    def evidence(self) -> Mapping[str, tuple[str, str]]:
        """source_id and confidence of every row label."""
        found: dict[str, tuple[str, str]] = {}
        for name in ("production", "trade", "bom", "severities", "assumptions"):
            frame = self.tables[name]
            found.update(zip(frame.index, zip(frame["source_id"], frame["confidence"], strict=True), strict=True))
        return found

    @cached_property
    def about(self) -> Mapping[str, Mapping[str, str]]:
        """Good -> its name, short (the name without what it explains in brackets), sector and end_use."""
        columns = (self.tables["goods"][name].tolist() for name in ("good", "name", "sector", "end_use"))
        return {
            good: {"name": name, "short": name.partition(" (")[0], "sector": sector, "end_use": end_use}
            for good, name, sector, end_use in zip(*columns, strict=True)
        }

    @cached_property
    def making_times(self) -> Sequence[tuple[str, float, float]]:
        """Good, low and high days of making for what takes long to make."""
        table = self.tables["assumptions"]
        rows = table[table["name"] == "making_time"]
        return list(zip(*(rows[name].tolist() for name in ("applies_to", "value_low", "value_high")), strict=True))

    @cached_property
    def unmade(self) -> frozenset[str]:
        """Goods none of whose makers has a documented share."""
        makers = self.sourcing.world.makers
        return frozenset(good for good, found in makers.items() if all(np.isnan(maker.share) for maker in found))

    @cached_property
    def unknown_items(self) -> Mapping[str, frozenset[str]]:
        """Event -> the items it names that the graph lacks."""
        scope = self.tables["event_scope"]
        rows = scope[(scope["good"] == "") & (scope["same_as"] == "")]
        return {str(event): frozenset(items) for event, items in rows.groupby("event")["item"]}

    @cached_property
    def unknown_firms(self) -> frozenset[str]:
        """The entity lists that name no firm of the data."""
        events, scope = self.tables["events"], self.tables["event_scope"]
        producers = set(self.tables["production"]["producer"])
        known = {event for event, firms in zip(scope["event"], scope["buyer"], strict=True) if producers & set(firms)}
        return frozenset(events.loc[events["measure"] == "entity_list", "event"]) - known

    @cached_property
    def parts(self) -> Mapping[str, list[int]]:
        """For each output the rows of `edges` that make it."""
        found: dict[str, list[int]] = {}
        for k, output in enumerate(self.sourcing.edges["output"]):
            found.setdefault(output, []).append(k)
        return found

    def below(self, good: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """A good and all that it is made from, nearest first, and the rows of `edges` on the way."""
        if good not in self._below:
            goods, edges, seen = [good], list[int](), {good}
            for output in goods:
                for k in self.parts.get(output, ()):
                    edges.append(k)
                    if (needed := self._inputs[k]) not in seen:
                        seen.add(needed)
                        goods.append(needed)
            self._below[good] = tuple(goods), tuple(edges)
        return self._below[good]

    @cached_property
    def _below(self) -> dict[str, tuple[tuple[str, ...], tuple[int, ...]]]:
        return {}

    @cached_property
    def _inputs(self) -> list[str]:
        """The input of each row of `edges`."""
        return [str(good) for good in self.sourcing.edges["input"]]

    def effects(
        self, scenario: Scenario, on: date | None = None, events: Collection[str] | None = None
    ) -> tuple[list[Effect], list[Effect]]:
        """What the clauses of a scenario do on its day, in the civil and in the military class.

        on, events: another day, and only some of the scenario's clauses.
        """
        wanted = scenario.clauses if events is None else events
        civil, military = (
            [
                effect
                for effect in self.calendar.effects(
                    on or scenario.on, end_use, wanted, scenario.legal_only, scenario.unconfirmed
                )
                if effect.good not in self.licensed
            ]
            for end_use in CLASSES
        )
        return civil, military

    def solve(
        self,
        scenario: Scenario,
        effects: Sequence[Sequence[Effect]] | None = None,
        known: tuple[Floats, Floats] | None = None,
    ) -> Solved:
        """All goods in all countries under a scenario; columns = (civil, military) x READINGS.

        known: `made` and `arrived` of the same scenario, where they were solved before.
        """
        classes = self.effects(scenario) if effects is None else effects
        acts = [act for run, effects_of in enumerate(classes) for act in self.reach.acts(effects_of, run)]
        restrictions = restrict(self.sourcing, acts, len(CLASSES))
        if known is None:
            shared = self.reach.pools(classes) if scenario.sharing != "fixed" else ()
            known = availability(
                self.sourcing.chain, restrictions, self.criticality, self.lone, scenario.sharing, shared
            )
        made, arrived = known
        return Solved(self.sourcing, restrictions, tuple(acts), self.criticality, made, arrived)

    def under(self, scenario: Scenario) -> Model:
        """The model with the what-ifs of a scenario among its events; the same sourcing."""
        if not scenario.what_if:
            return self
        tables = with_what_ifs(self.tables, [parse(spec) for spec in scenario.what_if])
        return Model(tables, Calendar(tables), self.sourcing, self.licensed, self.extra_stock)


def content_of(model: Model, event: str, on: date) -> pd.DataFrame:
    """The goods that a re-export clause with a content threshold covers on a day, and how much of the issuer's is in
    them; see `content.content_frame`. Raises InputError for a clause without a threshold."""
    about = dict(zip(model.tables["events"]["event"], model.tables["events"]["issuer"], strict=True))
    scope = model.calendar.covered(event, on)
    caught = scope[scope["content_threshold"].notna() & (scope["good"] != "")]
    if caught.empty:
        raise InputError("content", "event", event, "a re-export clause with a content threshold")
    counted = set(scope.loc[scope["role"] == "content", "good"]) - {""}
    thresholds = dict(zip(caught["good"], caught["content_threshold"].to_numpy(dtype=float), strict=True))
    return content_frame(model.sourcing, about[event], counted, thresholds)


def _listed(tables: Tables) -> list[str]:
    """Producers of the data that an entity list names."""
    named = {buyer for buyers in tables["event_scope"]["buyer"] for buyer in buyers}
    return sorted(named & set(tables["production"]["producer"]))
