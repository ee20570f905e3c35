"""Scenario and tables to readings: which products in a market are exposed, by how much, through what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType

import numpy as np
import pandas as pd

from supplychain.availability import Bools, Floats, Ints, availability
from supplychain.binding import Solved, Step, main_path, steps_to
from supplychain.content import content_frame
from supplychain.errors import InputError
from supplychain.events import Calendar, Effect
from supplychain.goods import WEAKEST_FIRST
from supplychain.readings import CENTRAL, CLASSES, CLEAN, DEPENDENT, HIGH, LINKED, READINGS, RUNS
from supplychain.restrictions import Act, Reach, restrict
from supplychain.scenario import Scenario
from supplychain.sourcing import Sourcing, build_sourcing
from supplychain.tables import Tables
from supplychain.whatif import parse, with_what_ifs

FRAME = (
    "product", "name", "sector", "end_use", "linked", "dependent", "short_low", "short", "short_high",
    "binding", "events", "coverage", "only_prior", "confidence", "why",
)  # fmt: skip
EXPLAIN = (
    "step", "output", "made_in", "input", "country", "share", "criticality", "available", "loss", "binding", "cut",
    "events", "basis", "source_id", "confidence", "rows",
)  # fmt: skip


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
    def parts(self) -> Mapping[str, list[int]]:
        """For each output the rows of `edges` that make it."""
        found: dict[str, list[int]] = {}
        for k, output in enumerate(self.sourcing.edges["output"]):
            found.setdefault(output, []).append(k)
        return found

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

    def solve(self, scenario: Scenario, effects: Sequence[Sequence[Effect]] | None = None) -> Solved:
        """All goods in all countries under a scenario; columns = (civil, military) x READINGS."""
        classes = self.effects(scenario) if effects is None else effects
        acts = [act for run, effects_of in enumerate(classes) for act in self.reach.acts(effects_of, run)]
        restrictions = restrict(self.sourcing, acts, len(CLASSES))
        shared = self.reach.pools(classes) if scenario.sharing != "fixed" else ()
        made, arrived = availability(
            self.sourcing.chain, restrictions, self.criticality, self.lone, scenario.sharing, shared
        )
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


@dataclass(frozen=True)
class Place:
    """A market: one country, or a bloc as the use-weighted mean of its members."""

    code: str
    countries: tuple[str, ...]


class Result:
    """What a scenario does to the products of one market. Numbers are shares of normal supply, 0 to 1."""

    def __init__(self, model: Model, solved: Solved, scenario: Scenario) -> None:
        self.model, self.solved, self.scenario = model, solved, scenario
        world = solved.sourcing.world
        members = world.blocs.get(world.country_index[scenario.market])
        self._place = Place(scenario.market, tuple(world.countries[m] for m in members or ()) or (scenario.market,))

    def __repr__(self) -> str:
        return f"<Exposure of {len(self.products)} products in {self.scenario.market} on {self.scenario.on}>"

    @cached_property
    def products(self) -> tuple[str, ...]:
        return tuple(product for product in self.asked if product not in self._foreign)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The products that the scenario names, else every one, whatever the market."""
        goods = self.model.tables["goods"]
        return self.scenario.products or tuple(goods.loc[goods["kind"] == "product", "good"])

    def homes(self, product: str) -> frozenset[str] | None:
        """Where a military product is shown unless named: the places that a row says make or buy it; None anywhere."""
        world = self.solved.sourcing.world
        makers = world.makers[product]
        if self.scenario.products or self._goods[product]["end_use"] != "military" or not makers:
            return None
        buyers = (importer for importer, _ in world.trade.get(product, ()))
        return frozenset({*(world.countries[maker.country] for maker in makers), *buyers})

    @cached_property
    def _foreign(self) -> tuple[str, ...]:
        """Military products that no row says the market makes or buys."""
        names = {*self._place.countries, self._place.code}
        homes = {product: self.homes(product) for product in self.asked}
        return tuple(product for product, places in homes.items() if places is not None and names.isdisjoint(places))

    @cached_property
    def _goods(self) -> dict[str, dict[str, str]]:
        columns = ["good", "name", "sector", "end_use"]
        rows = self.model.tables["goods"][columns].itertuples(index=False)
        return {row[0]: dict(zip(columns, row, strict=True)) for row in rows}

    def name(self, product: str) -> str:
        """The name of a product."""
        return self._goods[product]["name"]

    def end_use(self, product: str) -> str:
        """The class in which a product is shown: its own, unless the scenario asks for one."""
        if self.scenario.end_use != "own":
            return self.scenario.end_use
        return "military" if self._goods[product]["end_use"] == "military" else "civil"

    def _columns(self, product: str) -> slice:
        k = CLASSES.index(self.end_use(product)) * RUNS
        return slice(k, k + RUNS)

    def supplies(self, product: str) -> tuple[Ints, Floats]:
        """The supply rows of a product in the countries of the market, and their weights (by use)."""
        sourcing = self.solved.sourcing
        rows = np.array([sourcing.supply(product, c) for c in self._place.countries])
        use = sourcing.world.use[sourcing.supply_good[rows], sourcing.supply_country[rows]]
        return rows, use / use.sum() if use.sum() > 0 else np.full(len(use), 1 / len(use))

    def readings(self, product: str) -> Floats:
        """(5,) linked, dependent, short low, short, short high of a product in the market."""
        rows, weights = self.supplies(product)
        result: Floats = weights @ (1.0 - self.solved.arrived[rows, self._columns(product)])
        return np.where(result < CLEAN, 0.0, np.minimum(result, 1.0))

    @property
    def acts(self) -> tuple[Act, ...]:
        """Which effect reached which flows."""
        return self.solved.acts

    def known(self, product: str) -> str:
        """The id of one of the products asked for. Raises UnknownIdError, InputError."""
        good = self.model.tables.resolve(product)
        if good not in self.products:
            raise InputError("exposure", "product", product, f"one of those asked for: {_few(self.products)}")
        return good

    @cached_property
    def static(self) -> pd.DataFrame:
        """One row a product with the readings of the day, most short first (no stocks, no transit)."""
        rows = [self._row(product) for product in self.products]
        frame = pd.DataFrame(rows, columns=list(FRAME))
        order = ["short", "dependent", "linked", "product"]
        return frame.sort_values(order, ascending=[False, False, False, True], kind="stable", ignore_index=True)

    def _row(self, product: str) -> dict[str, object]:
        readings = self.readings(product)
        about = self._goods[product]
        chain = self.chain(product)
        binding = [step for step in chain if step.binding]
        cuts = [step for step in binding if step.events]
        return {
            "product": product,
            "name": about["name"],
            "sector": about["sector"],
            "end_use": self.end_use(product),
            **dict(zip(READINGS, readings.tolist(), strict=True)),
            "binding": " > ".join(step.input for step in reversed(main_path(chain))) if cuts else "",
            "events": tuple(dict.fromkeys(event for step in binding for event in step.events)),
            "coverage": self.coverage(product),
            "only_prior": bool(cuts) and all(step.prior for step in cuts),
            "confidence": self.confidence(product),
            "why": self._why(product, readings),
        }

    def _column(self, product: str) -> int:
        """The reading whose chain is shown: short where something is short, else dependent, else linked."""
        readings = self.readings(product)
        shown = CENTRAL if readings[CENTRAL] > 0 else HIGH if readings[HIGH] > 0 else DEPENDENT
        if readings[shown] <= 0:
            shown = LINKED
        return CLASSES.index(self.end_use(product)) * RUNS + shown

    def _worst_country(self, product: str, column: int) -> str:
        rows, weights = self.supplies(product)
        weighted = weights * (1.0 - self.solved.arrived[rows, column])
        return self._place.countries[int(np.argmax(weighted))]

    def chain(self, product: str) -> list[Step]:
        """The steps that set the loss of a product, nearest first, and the inputs beside them."""
        if product not in self._chains:
            column = self._column(product)
            supply = self.solved.sourcing.supply(product, self._worst_country(product, column))
            self._chains[product] = steps_to(self.solved, supply, column)
        return self._chains[product]

    @cached_property
    def _chains(self) -> dict[str, list[Step]]:
        return {}

    def _evidence_of(self, product: str) -> tuple[list[int], list[int]]:
        """Edges and supplies of the binding chain in the central reading; the whole chain where nothing binds."""
        sourcing = self.solved.sourcing
        world = sourcing.world
        if self.readings(product)[CENTRAL] > 0:
            binding = [step for step in self.chain(product) if step.binding]
            edges = [step.edge for step in binding if step.edge >= 0]
            supplies = [sourcing.supply(step.input, step.made_in or self._place.countries[0]) for step in binding]
            return list(dict.fromkeys(edges)), list(dict.fromkeys(supplies))
        edges, goods = [], [product]
        for good in goods:
            for k in self.model.parts.get(good, ()):
                edges.append(k)
                if (needed := str(sourcing.edges["input"].iat[k])) not in goods:
                    goods.append(needed)
        country = self._place.countries[int(np.argmax(self.supplies(product)[1]))]
        return edges, [sourcing.supply_of[world.good_index[g], world.country_index[country], ""] for g in goods]

    def coverage(self, product: str) -> float:
        """Share of the binding chain that rests on a source: mean over its edges and its supplies."""
        edges, supplies = self._evidence_of(product)
        sources = self.solved.sourcing.edges["source_id"]
        parts = [0.0 if sources.iat[k] == "UNVERIFIED" else 1.0 for k in edges]
        parts += [1.0 - float(self.solved.sourcing.supply_assumed[s]) for s in supplies]
        return float(np.mean(parts))

    def confidence(self, product: str) -> str:
        """The weakest evidence on the binding chain (the whole chain where nothing binds)."""
        edges, _ = self._evidence_of(product)
        words = [str(self.solved.sourcing.edges["confidence"].iat[k]) for k in edges]
        if self.readings(product)[CENTRAL] > 0:
            rows = [row for step in self.chain(product) if step.binding for row in step.rows]
            words += [self.model.evidence[row][1] for row in rows if row in self.model.evidence]
        return min(words, key=WEAKEST_FIRST.index, default="unverified")

    def _why(self, product: str, readings: Floats) -> str:
        """One sentence: through what, from where, by which clause."""
        if readings[LINKED] <= 0:
            return "Not linked to any clause in force on this day."
        path = main_path(self.chain(product))
        last = path[-1]
        way = " > ".join(_short(self._goods[step.input]["name"]) for step in reversed(path))
        by = f"{', '.join(last.events[:3])}{' and others' if len(last.events) > 3 else ''}" or "its own inputs"
        if readings[HIGH] <= 0:
            hanging = "depends on" if readings[DEPENDENT] > 0 else "is linked to"
            return f"Nothing is missing, but it {hanging} {last.country} ({by}): {way}."
        if readings[CENTRAL] <= 0:
            return f"Missing in the high case only, from {last.country} ({by}): {way}."
        return f"From {last.country} ({by}): {way}."

    def explain(self, product: str) -> pd.DataFrame:
        """Every step down the binding chain of a product, the inputs that do not bind beside it.

        Columns: step, output, made_in, input, country (origin that loses most), share (of the supply), criticality,
        available (A of the input), loss (what its lack costs the output), binding, cut (r on that flow), events,
        basis, source_id, confidence, rows (where the evidence stands). Raises UnknownIdError, InputError.
        """
        good = self.known(product)
        rows = []
        edges = self.solved.sourcing.edges
        for step in self.chain(good):
            labels = step.rows if step.edge < 0 else (str(edges["row"].iat[step.edge]), *step.rows)
            found = [self.model.evidence[label] for label in labels if label in self.model.evidence]
            rows.append(
                {
                    **{name: getattr(step, name) for name in EXPLAIN[:13]},
                    "source_id": ";".join(dict.fromkeys(source for source, _ in found)),
                    "confidence": min((c for _, c in found), key=WEAKEST_FIRST.index, default="unverified"),
                    "rows": ";".join(labels),
                }
            )
        return pd.DataFrame(rows, columns=list(EXPLAIN))

    @cached_property
    def assumptions(self) -> tuple[str, ...]:
        """The rows of `assumptions` that the result leans on, and what else was assumed."""
        found = sorted({row for act in self.acts for row in act.effect.prior_row if row})
        table = self.model.tables["assumptions"]
        said = dict(
            zip(table.index, table[["name", "applies_to", "value", "unit"]].itertuples(index=False), strict=True)
        )
        return tuple(f"{name} {to} = {value:g} {unit}" for name, to, value, unit in (said[row] for row in found))

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before using the numbers."""
        lines = [*self.warnings_of_day]
        if self._foreign:
            lines.append(
                f"{len(self._foreign)} military products are left out, no row says that {self.scenario.market} makes "
                f"or buys them: {_few(self._foreign)}. Name one to see it all the same."
            )
        return (*lines, *self._slow(), *self._unmade(), *self._outside())

    @cached_property
    def warnings_of_day(self) -> tuple[str, ...]:
        """What a reader must know of the day, whatever the market."""
        tables, on = self.model.tables, self.scenario.on
        lines = []
        if on > tables.knowledge_until:
            lines.append(
                f"{on} is {(on - tables.knowledge_until).days} days after the data end ({tables.knowledge_until}): "
                "later acts are not known."
            )
        status = self.model.calendar.status(on)
        open_ends = status.loc[~status["confirmed"], "event"].drop_duplicates().tolist()
        if open_ends and self.scenario.unconfirmed == "both":
            lines.append(
                f"{len(open_ends)} clauses are unconfirmed on this day, both branches are shown: {_few(open_ends)}."
            )
        return tuple(lines)

    def _slow(self) -> list[str]:
        """Products that take so long to make that a loss of inputs shows in deliveries much later."""
        table = self.model.tables["assumptions"]
        rows = table[(table["name"] == "making_time") & table["applies_to"].isin(self.products)]
        spans = zip(rows["applies_to"], rows["value_low"], rows["value_high"], strict=True)
        slow = [f"{product} {low:g}-{high:g}" for product, low, high in spans]
        if not slow:
            return []
        return [
            "The work in progress of long builds is not modelled; from order to delivery take (days) "
            f"{_few(slow, 8)}: what is lost today shows in deliveries that much later."
        ]

    def _unmade(self) -> list[str]:
        world = self.solved.sourcing.world
        wanted = set(self.products)
        for good in list(wanted):
            wanted |= self._below(good)
        unmade = sorted(g for g in wanted if not any(not np.isnan(m.share) for m in world.makers[g]))
        if not unmade:
            return []
        return [
            f"{len(unmade)} goods on the chains have no documented maker with a share, so home supply is assumed: "
            f"{_few(unmade)}."
        ]

    def _below(self, good: str) -> set[str]:
        found: set[str] = set()
        todo = [good]
        while todo:
            for k in self.model.parts.get(todo.pop(), ()):
                needed = str(self.solved.sourcing.edges["input"].iat[k])
                if needed not in found:
                    found.add(needed)
                    todo.append(needed)
        return found

    def _outside(self) -> list[str]:
        """Items in force that the graph lacks, and entity lists whose firms are not in the data."""
        tables = self.model.tables
        scope = tables["event_scope"]
        status = self.model.calendar.status(self.scenario.on)
        active = set(status.loc[status["in_force_high"], "event"])
        if self.scenario.clauses is not None:
            active &= set(self.scenario.clauses)
        scope = scope[scope["event"].isin(active)]
        missing = sorted(set(scope.loc[(scope["good"] == "") & (scope["same_as"] == ""), "item"]))
        lines = [f"{len(missing)} items of clauses in force are not in the graph: {_few(missing)}."] if missing else []
        producers = set(tables["production"]["producer"])
        events = tables["events"]
        lists = set(events.loc[events["measure"] == "entity_list", "event"]) & active
        firms = [
            e for e in sorted(lists) if not any(set(b) & producers for b in scope.loc[scope["event"] == e, "buyer"])
        ]
        if firms:
            lines.append(f"{len(firms)} entity lists name firms only, not computed: {_few(firms)}.")
        return lines


def _short(name: str) -> str:
    """A name without what it explains in brackets."""
    return name.partition(" (")[0]


def _few(names: Sequence[str], shown: int = 5) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
