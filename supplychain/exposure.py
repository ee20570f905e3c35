"""From a solved scenario to readings: which products in a market are exposed, by how much, through what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from supplychain import caveats
from supplychain.availability import Floats, Ints
from supplychain.binding import Solved, Step, main_path, steps_to
from supplychain.caveats import few
from supplychain.errors import InputError
from supplychain.goods import WEAKEST_FIRST
from supplychain.model import Model
from supplychain.readings import CENTRAL, CLASSES, CLEAN, DEPENDENT, HIGH, LINKED, READINGS, RUNS
from supplychain.restrictions import Act
from supplychain.scenario import Scenario

FRAME = (
    "product", "name", "sector", "end_use", "linked", "dependent", "short_low", "short", "short_high",
    "binding", "events", "coverage", "only_prior", "confidence", "why",
)  # fmt: skip
EXPLAIN = (
    "step", "output", "made_in", "input", "country", "share", "criticality", "available", "loss", "binding", "cut",
    "events", "basis", "source_id", "confidence", "rows",
)  # fmt: skip


class Result:
    """What a scenario does to the products of one market. Numbers are shares of normal supply, 0 to 1.

    A bloc is the use-weighted mean of its members (`countries`).
    """

    def __init__(self, model: Model, solved: Solved, scenario: Scenario) -> None:
        self.model, self.solved, self.scenario = model, solved, scenario
        world = solved.sourcing.world
        self.countries = tuple(world.countries[m] for m in world.members(world.country_index[scenario.market]))

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
        if self.scenario.products or self.model.about[product]["end_use"] != "military" or not makers:
            return None
        buyers = (importer for importer, _ in world.trade.get(product, ()))
        return frozenset({*(world.countries[maker.country] for maker in makers), *buyers})

    @cached_property
    def _foreign(self) -> tuple[str, ...]:
        """Military products that no row says the market makes or buys."""
        names = {*self.countries, self.scenario.market}
        homes = {product: self.homes(product) for product in self.asked}
        return tuple(product for product, places in homes.items() if places is not None and names.isdisjoint(places))

    def name(self, product: str) -> str:
        """The name of a product."""
        return self.model.about[product]["name"]

    def end_use(self, product: str) -> str:
        """The class in which a product is shown: its own, unless the scenario asks for one."""
        if self.scenario.end_use != "own":
            return self.scenario.end_use
        return "military" if self.model.about[product]["end_use"] == "military" else "civil"

    def _columns(self, product: str) -> slice:
        k = CLASSES.index(self.end_use(product)) * RUNS
        return slice(k, k + RUNS)

    def supplies(self, product: str) -> tuple[Ints, Floats]:
        """The supply rows of a product in the countries of the market, and their weights (by use)."""
        sourcing = self.solved.sourcing
        rows = np.array([sourcing.supply(product, c) for c in self.countries])
        use = sourcing.world.use[sourcing.supply_good[rows], sourcing.supply_country[rows]]
        return rows, use / use.sum() if use.sum() > 0 else np.full(len(use), 1 / len(use))

    def readings(self, product: str) -> Floats:
        """(5,) linked, dependent, short low, short, short high of a product in the market."""
        if product not in self._readings:
            rows, weights = self.supplies(product)
            result: Floats = weights @ (1.0 - self.solved.arrived[rows, self._columns(product)])
            self._readings[product] = np.where(result < CLEAN, 0.0, np.minimum(result, 1.0))
            self._readings[product].flags.writeable = False
        return self._readings[product]

    @cached_property
    def _readings(self) -> dict[str, Floats]:
        return {}

    @property
    def acts(self) -> tuple[Act, ...]:
        """Which effect reached which flows."""
        return self.solved.acts

    def known(self, product: str) -> str:
        """The id of one of the products asked for. Raises UnknownIdError, InputError."""
        good = self.model.tables.resolve(product)
        if good not in self.products:
            raise InputError("exposure", "product", product, f"one of those asked for: {few(self.products)}")
        return good

    @property
    def measured(self) -> pd.DataFrame:
        """The readings of the day of every product, without the reasons: product as index, columns READINGS."""
        rows = [self.readings(product) for product in self.products]
        index = pd.Index(self.products, name="product", dtype="str")
        return pd.DataFrame(np.reshape(rows, (-1, RUNS)), index=index, columns=list(READINGS))

    @cached_property
    def static(self) -> pd.DataFrame:
        """One row a product with the readings of the day, most short first (no stocks, no transit)."""
        order = ["short", "dependent", "linked", "product"]
        frame = self.rows(self.products)
        return frame.sort_values(order, ascending=[False, False, False, True], kind="stable", ignore_index=True)

    def rows(self, products: Sequence[str]) -> pd.DataFrame:
        """The rows of `static` of some products, in their order: what is costly in them are the reasons."""
        return pd.DataFrame([self._row(product) for product in products], columns=list(FRAME))

    def _row(self, product: str) -> dict[str, object]:
        readings = self.readings(product)
        about = self.model.about[product]
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
        return self.countries[int(np.argmax(weighted))]

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

    def _evidence_of(self, product: str) -> tuple[Sequence[int], Sequence[int]]:
        """Edges and supplies of the binding chain in the central reading; the whole chain where nothing binds."""
        sourcing = self.solved.sourcing
        world = sourcing.world
        if self.readings(product)[CENTRAL] > 0:
            binding = [step for step in self.chain(product) if step.binding]
            edges = [step.edge for step in binding if step.edge >= 0]
            supplies = [sourcing.supply(step.input, step.made_in or self.countries[0]) for step in binding]
            return list(dict.fromkeys(edges)), list(dict.fromkeys(supplies))
        goods, below = self.model.below(product)
        country = self.countries[int(np.argmax(self.supplies(product)[1]))]
        return below, [sourcing.supply_of[world.good_index[g], world.country_index[country], ""] for g in goods]

    def coverage(self, product: str) -> float:
        """Share of the binding chain that rests on a source: mean over its edges and its supplies."""
        edges, supplies = self._evidence_of(product)
        evidence = self.solved.sourcing.edge_evidence
        parts = [0.0 if evidence[k][1] == "UNVERIFIED" else 1.0 for k in edges]
        parts += [1.0 - float(self.solved.sourcing.supply_assumed[s]) for s in supplies]
        return float(np.mean(parts))

    def confidence(self, product: str) -> str:
        """The weakest evidence on the binding chain (the whole chain where nothing binds)."""
        edges, _ = self._evidence_of(product)
        words = [self.solved.sourcing.edge_evidence[k][2] for k in edges]
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
        way = " > ".join(self.model.about[step.input]["short"] for step in reversed(path))
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
        evidence = self.solved.sourcing.edge_evidence
        for step in self.chain(good):
            labels = step.rows if step.edge < 0 else (evidence[step.edge][0], *step.rows)
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
                f"or buys them: {few(self._foreign)}. Name one to see it all the same."
            )
        return (*lines, *caveats.of_answer(self.model, self.scenario, self.products))

    @cached_property
    def warnings_of_day(self) -> tuple[str, ...]:
        """What a reader must know of the day, whatever the market."""
        return caveats.of_day(self.model, self.scenario)
