"""The public object: the data, the graph of goods and every question that can be asked of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cached_property
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from supplychain import chokepoints
from supplychain import goods as goods_graph
from supplychain.attribute import ORDERS, contributions, difference
from supplychain.availability import SharingMode
from supplychain.binding import Solved, cuts_frame
from supplychain.calendar import day
from supplychain.errors import InputError
from supplychain.export import exposed_graph
from supplychain.exposure import Result
from supplychain.kept import Kept
from supplychain.markets import everywhere
from supplychain.mitigate import mitigations, smallest_set
from supplychain.model import Model, content_of
from supplychain.own_rows import rows_that_took_part
from supplychain.readings import CENTRAL, CLASSES
from supplychain.sample import Draws, sample, sensitivity
from supplychain.sample_days import Days, sample_days
from supplychain.scenario import EndUse, Scenario, Unconfirmed
from supplychain.sourcing import sourcing_frame
from supplychain.survival import Tables as PlanTables
from supplychain.survival import survival, survival_tables
from supplychain.tables import Tables, load_tables
from supplychain.timeline import (
    AHEAD,
    Plan,
    Run,
    Simulation,
    first_effect,
    horizon,
    plan,
    run,
    simulation,
    summarise_losses,
)  # fmt: skip
from supplychain.world import concentration

FELT = ("felt_low", "felt", "felt_high", "first_day_low", "first_day", "first_day_high", "first_date")
SHOWN = 20  # products of an answer in a notebook
KEPT = 32  # solved scenarios that one Network keeps
PLANS = 4  # plans of simulations


def load(data: Path | str | None = None, overlay: Path | str | None = None, strict: bool = True) -> Network:
    """The reference data, or those of a folder, with a folder of your own rows laid over them.

    data: folder of a data package (None: the bundled reference data); overlay: folder with any of its tables;
    strict: False lets ids that lead nowhere and repeated keys through.
    Returns a Network. Raises DataError with every problem of the files, InputError when a folder does not exist.

    >>> load()
    <Network ...>
    """
    return Network(load_tables(_path(data), _path(overlay), strict))


def _path(folder: Path | str | None) -> Path | None:
    return None if folder is None else Path(folder)


class Exposure(Result):
    """The answer to one question: `frame` ranks the products, the methods say why, how sure and what would help."""

    def __init__(self, net: Network, model: Model, solved: Solved, scenario: Scenario) -> None:
        super().__init__(model, solved, scenario)
        self._net = net
        self._drawn: Draws | None = None
        self._days: Days | None = None

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The goods as a networkx graph with the readings in the market as attributes; see `supplychain.export`."""
        return exposed_graph(self._net.graph, self)

    @cached_property
    def own_rows(self) -> list[str]:
        """The rows of the overlay that took part, as `folder/table.csv:line`; see `supplychain.own_rows`."""
        return rows_that_took_part(self, self.simulated, self._net.tables)

    def _repr_html_(self) -> str:
        columns = ["name", "felt", "short_low", "short", "short_high", "dependent", "linked", "coverage", "why"]
        shares = dict.fromkeys(columns[1:-1], "{:.0%}")
        top = self.frame.head(SHOWN)[columns]
        return (
            f"<p>Exposure in {escape(self.scenario.market)} on {self.scenario.on}: showing {len(top)} of "
            f"{len(self.products)} products, shares of normal supply. <code>{escape(self.scenario.query)}</code>, "
            f"data {escape(self._net.version)}</p>"
            + top.to_html(index=False, border=0, formatters={n: f.format for n, f in shares.items()}, na_rep="")
        )

    @cached_property
    def simulated(self) -> Simulation | None:
        """The days from the first effect (not before 1 January three years earlier) to a year after the day.

        None without effects.
        """
        return self._net.simulated(self)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a product, the most felt first; shares of normal supply, 0 to 1.

        product, name, sector, end_use; linked, dependent, short_low, short, short_high (readings of the day before
        stocks); felt_low, felt, felt_high (output lost on the day, after stocks and transit); first_day_low,
        first_day, first_day_high (days from the first clause to the first loss, up to a year ahead; low is the run
        with the least loss) and first_date; binding, events, coverage, only_prior, confidence, why.
        """
        frame = self.static
        felt = pd.DataFrame([self.felt(product) for product in frame["product"]], columns=list(FELT))
        at = frame.columns.get_loc("binding")
        frame = pd.concat([frame.iloc[:, :at], felt, frame.iloc[:, at:]], axis=1)
        order = ["felt", "short", "dependent", "linked", "product"]
        return frame.sort_values(order, ascending=[False] * 4 + [True], kind="stable", ignore_index=True)

    @property
    def felt_measured(self) -> pd.DataFrame:
        """What is felt of every product on the day: product as index, columns felt_low, felt, felt_high."""
        simulated, products = self.simulated, self.products
        on = 0 if simulated is None else (self.scenario.on - simulated.start).days
        lost = [np.zeros(3) if simulated is None else simulated.losses(product)[on] for product in products]
        index = pd.Index(products, name="product", dtype="str")
        return pd.DataFrame(np.reshape(lost, (-1, 3)), index=index, columns=list(FELT[:3]))

    def felt(self, product: str) -> tuple[object, ...]:
        """felt low, central, high; first day low, central, high; date of the central first day (or None)."""
        simulated = self.simulated
        if simulated is None:
            return (0.0, 0.0, 0.0, np.nan, np.nan, np.nan, None)
        lost = simulated.losses(product)
        on = (self.scenario.on - simulated.start).days
        first = summarise_losses(lost)["first_day"]
        when = None if np.isnan(first[1]) else simulated.start + timedelta(days=int(first[1]))
        return (*lost[on].tolist(), *first, when)

    @cached_property
    def felt_notes(self) -> tuple[str, ...]:
        """What a reader of the felt ranges of the day must know."""
        simulated = self.simulated
        if simulated is None:
            return ()
        found = [product for product in self.products if simulated.widened(product, self.scenario.on)]
        if not found:
            return ()
        return (
            f"Felt of {', '.join(found)}: on this day the central run lies outside the low and high runs (an earlier "
            "halt can save stock), so the range shown is widened to hold it.",
        )

    def adaptation_band(self) -> pd.DataFrame:
        """What is short if buyers outside the issuing countries meet the shortage differently: product, best, worst.

        best = under `first` (each as if served first: a bound, not an allocation); worst = the larger of `fixed` and
        `shared`; central readings.
        """
        kinds: tuple[SharingMode, ...] = ("first", "fixed", "shared")
        asked = {kind: self._net.ask(self.scenario.changed(sharing=kind)) for kind in kinds}
        rows = []
        for product in self.products:
            short = {kind: float(x.readings(product)[CENTRAL]) for kind, x in asked.items()}
            rows.append((product, short["first"], max(short["fixed"], short["shared"])))
        frame = pd.DataFrame(rows, columns=["product", "best", "worst"])
        return frame.sort_values(["worst", "product"], ascending=[False, True], kind="stable", ignore_index=True)

    def contributions(self, product: str, by: str = "event", method: str = "shapley") -> pd.DataFrame:
        """How much of the shortage each event (or commodity) is behind: player, alone, last, shapley, se."""
        return contributions(self, product, by, method)

    def mitigations(self, product: str, progress: Callable[[int, int], None] | None = None) -> pd.DataFrame:
        """What would help, each measure tried out: measure, detail, short_after, avoided, days_avoided."""
        return mitigations(self, product, progress)

    def draws(self, draws: int = 1_000, seed: int = 0, progress: Callable[[int, int], None] | None = None) -> Draws:
        """Every row with a range drawn and the readings of the day solved again; the last draws are kept."""
        if self._drawn is None or (self._drawn.facts.draws, self._drawn.facts.seed) != (draws, seed):
            self._drawn = sample(self, draws, seed, progress)
        return self._drawn

    def sample(
        self, draws: int = 1_000, seed: int = 0, progress: Callable[[int, int], None] | None = None
    ) -> pd.DataFrame:
        """How sure `short` is: product, p05, p50, p95, rank_p05, rank_p50, rank_p95; see `supplychain.sample.sample`.

        draws: 1 to 100,000; seed: the same seed gives the same bytes. Raises InputError.
        """
        return self.draws(draws, seed, progress).frame

    def sensitivity(self, product: str, draws: int = 1_000, seed: int = 0) -> pd.DataFrame:
        """Which facts to check first: table, key, rank_correlation, row, source_id, low, central, high.

        The strongest first; see `supplychain.sample.sensitivity`. Raises UnknownIdError, InputError.
        """
        self.known(product)
        return sensitivity(self.draws(draws, seed), product)

    def sample_days(
        self, draws: int = 500, seed: int = 0, release: bool = False,
        progress: Callable[[int, int], None] | None = None, workers: int = 1,
    ) -> Days:  # fmt: skip
        """How sure the days are: a Days with `frame` (felt and first day in quantiles) and `probability_before`.

        workers: processes, the same bytes with any number. See `supplychain.sample_days.sample_days`; the last draws
        are kept. Raises InputError.
        """
        if self._days is None or (self._days.facts.draws, self._days.facts.seed, self._days.release) != (
            draws, seed, release,
        ):  # fmt: skip
            self._days = sample_days(self, draws, seed, release, progress, workers)
        return self._days

    def probability_before(self, a: str, b: str, draws: int = 500, seed: int = 0) -> float:
        """Probability that product a is hit on an earlier day than b. Raises UnknownIdError, InputError."""
        for product in (a, b):
            self.known(product)
        return self.sample_days(draws, seed).probability_before(a, b)

    def to_report(self, path: Path | str, kind: str = "situation", **options: Any) -> None:
        """Write a report of this question; the ending of the file tells the format (.html .pdf .xlsx .md .json).

        kind: situation, product, event, mineral, country, portfolio, comparison; options: subject, other, light, force.
        Raises InputError when the file exists (without force) or cannot be written.
        """
        write = import_module("supplychain.report").write_report  # a room above: fetched when asked for
        write(self._net, kind, self.scenario, Path(path), **options)

    def survival(self, product: str, days: int = 365) -> pd.DataFrame:
        """Time to survive and units lost (Simchi-Levi et al. 2015) beside the simulation of the same stop.

        One row a method: first_loss and lost, each low, central, high; see `supplychain.survival.survival`.
        Raises UnknownIdError, InputError.
        """
        return survival(self, product, days, self.simulated)

    def survival_tables(self, product: str, end: str = "central") -> PlanTables:
        """The chain of a product on the day as nodes, needs and links for `sc.time_to_survive`, `sc.lost_units`.

        end: low, central, high. Raises UnknownIdError, InputError.
        """
        return survival_tables(self, product, end)

    def smallest_set(self, product: str, level: float = 0.1) -> pd.DataFrame:
        """The fewest measures that bring what is short to a level or below: measures, short_after."""
        return smallest_set(self, product, level)


class Network:
    """Goods, who makes them, and what restricts them; read-only."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._solved = Kept[tuple[Model, Solved]](KEPT)
        self._simulated = Kept[Run](KEPT)
        self._planned = Kept[Plan](PLANS)

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self._tables[name]):,} {name}" for name in ("goods", "bom", "production", "events"))
        return f"<Network {self.version}: {counts}; known until {self.knowledge_until}>"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(n)}</td><td>{len(self._tables[n]):,}</td></tr>" for n in self._tables)
        head = f"<p>Data {escape(self.version)}, known until {self.knowledge_until}</p>"
        return f"{head}<table><tr><th>table</th><th>rows</th></tr>{rows}</table>"

    @property
    def tables(self) -> Tables:
        return self._tables

    @property
    def version(self) -> str:
        """Version of the data package."""
        return self._tables.version

    @property
    def knowledge_until(self) -> date:
        """Last day on which the data claim to know what was in force."""
        return self._tables.knowledge_until

    @cached_property
    def model(self) -> Model:
        """The chain and calendar behind all answers."""
        return Model(self._tables)

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The goods as a networkx graph: part edges from input to output. Do not change it; copy it first."""
        return nx.freeze(goods_graph.build_graph(self._tables))

    def table(self, name: str) -> pd.DataFrame:
        """A copy of one table of the data package. Raises UnknownIdError."""
        return self._tables[name]

    def downstream(self, good: str, kind: str | None = None) -> pd.DataFrame:
        """What is made from a good: good, name, kind, steps, path, roles, confidence; nearest first."""
        return goods_graph.downstream(self.graph, self._tables.resolve(good), kind)

    def upstream(self, good: str, kind: str | None = None) -> pd.DataFrame:
        """What a good is made from: good, name, kind, steps, path, roles, confidence; nearest first."""
        return goods_graph.upstream(self.graph, self._tables.resolve(good), kind)

    def paths(self, source: str, target: str, limit: int = 20) -> pd.DataFrame:
        """Ways from one good to another: rank, path, steps, weight, criticality, weakest_source; `attrs["total"]`."""
        return goods_graph.paths(self.graph, self._tables.resolve(source), self._tables.resolve(target), limit)

    def sourcing(self, good: str, country: str) -> pd.DataFrame:
        """Where a country gets a good: producer, share, basis, trader, source_id; shares sum to 1."""
        code = self._tables.resolve(country, "country")
        sourcing = self.model.sourcing
        if sourcing.world.country_index[code] in sourcing.world.blocs:
            raise InputError("sourcing", "country", country, "a country; a bloc has no sourcing of its own")
        return sourcing_frame(sourcing, self._tables.resolve(good), code)

    def concentration(self, good: str | None = None) -> pd.DataFrame:
        """Concentration of makers: good, name, stage, hhi, leader, leader_share, documented, makers.

        See `supplychain.world.concentration`. Raises UnknownIdError.
        """
        goods = None if good is None else [self._tables.resolve(good)]
        return concentration(self.model.sourcing.world, self._tables["goods"], goods)

    def status(self, on: date | str, destination: str | None = None, end_use: str | None = None) -> pd.DataFrame:
        """Status of every clause on a day, for one destination or all: event, status, confirmed, since, until, ..."""
        place = None if destination is None else self._tables.resolve(destination, "country")
        return self.model.calendar.status(on, place, end_use)

    def restrictions(self, on: date | str, end_use: str = "civil") -> pd.DataFrame:
        """What is lost of each restricted flow: good, exporter, importer, event, r_low, r, r_high, reason.

        end_use: civil or military. Raises InputError.
        """
        if end_use not in CLASSES:
            raise InputError("restrictions", "end_use", end_use, " or ".join(CLASSES))
        scenario = Scenario(on=day(on), market=self._any_country())
        solved = self._solve(scenario)[1]
        return cuts_frame(solved, CLASSES.index(end_use))

    def _any_country(self) -> str:
        return str(self._tables["countries"]["country"].iat[0])

    def exposure(
        self,
        on: date | str,
        market: str,
        products: Sequence[str] | None = None,
        events: Sequence[str] | None = None,
        what_if: Sequence[str] = (),
        end_use: EndUse = "own",
        sharing: SharingMode = "fixed",
        legal_only: bool = False,
        unconfirmed: Unconfirmed = "both",
    ) -> Exposure:
        """How exposed products in a market are to the restrictions in force on a day.

        on: day; market: country or bloc; products: None for all; events: None for all in force, else only these;
        what_if: hypothetical events, see `supplychain.whatif`; end_use: own (a missile military, a phone civil), civil
        or military; sharing: fixed, shared or first; legal_only: without practice beyond the text and unofficial
        stops; unconfirmed: both branches, or all such clauses off or on.
        Returns an Exposure. Raises UnknownIdError, InputError.

        >>> load().exposure("2025-06-05", "USA", ["f35"]).frame["short"].item() > 0
        True
        """
        return self.ask(
            Scenario(
                on=day(on),
                market=market,
                products=tuple(products or ()),
                events=None if events is None else tuple(events),
                what_if=tuple(what_if),
                end_use=end_use,
                sharing=sharing,
                legal_only=legal_only,
                unconfirmed=unconfirmed,
            )
        )

    def markets(self, on: date | str, products: Sequence[str] | None = None, **options: Any) -> pd.DataFrame:
        """The readings of a day before stocks in every country: market, product, name, end_use, linked, dependent,
        short_low, short, short_high; the most short first; see `supplychain.markets.everywhere`.

        on, products and options as in `exposure`. Raises UnknownIdError, InputError.
        """
        scenario = Scenario(on=day(on), market=self._any_country(), products=tuple(products or ()), **options)
        return everywhere(self.ask(scenario))

    def ask(self, scenario: Scenario) -> Exposure:
        """The exposure under a scenario record."""
        resolved = scenario.resolved(self._tables)
        model, solved = self._solve(resolved)
        return Exposure(self, model, solved, resolved)

    def simulated(self, result: Result) -> Simulation | None:
        """The simulation behind `felt`, up to a year after the day; the last ones are kept, one for a year of days."""
        on, key = result.scenario.on, simulation_key(result.scenario)
        known = self._simulated.get(key)
        if known is None or known.start > on:
            made = self.simulated_anew(result)
            if made is None:
                return None
            known = made.run
            self._simulated.put(key, known)
        return Simulation(result, known.upto(on + timedelta(days=AHEAD)))

    def simulated_anew(self, result: Result, *others: Result) -> Simulation | None:
        """All days of the year of a result, and those before and after that its readings need; None without effects.

        others: the same question for other markets; the run holds what they need too. What is in force from day to
        day holds for every market, so the last plans are kept.
        """
        on, scenario = result.scenario.on, result.scenario
        start = first_effect(result.model, scenario, on)
        if start is None:
            return None
        key = simulation_key(scenario.changed(market=self._any_country(), products=()))
        planned = self._planned.get(key)
        if planned is None or planned.start != start:
            planned = plan(result.model, scenario, start, horizon(on))
            self._planned.put(key, planned)
        rows = np.unique(np.concatenate([x.supplies(p)[0] for x in (result, *others) for p in x.products]))
        return Simulation(result, run(result.model, scenario, planned, rows))

    def simulate(
        self,
        products: Sequence[str] | None,
        market: str,
        start: date | str,
        until: date | str,
        release: bool = False,
        progress: Callable[[int], None] | None = None,
        **options: Any,
    ) -> Simulation:
        """Supply of products in a market, day by day from `start` (day 0, before which all is normal) to `until`.

        release: government stocks count too; options as in `exposure` (events, what_if, end_use, sharing, ...).
        Returns a Simulation: `frame` and `summary`. Raises UnknownIdError, InputError.
        """
        first = day(start, "simulate", "start")
        scenario = Scenario(on=first, market=market, products=tuple(products or ()), **options)
        result = self.ask(scenario)
        return simulation(result, first, day(until, "simulate", "until"), release, progress)

    def _products(self, products: Sequence[str] | None) -> list[str]:
        if products:
            return [self._tables.resolve(product) for product in products]
        goods = self._tables["goods"]
        return goods.loc[goods["kind"] == "product", "good"].tolist()

    def chokepoints(
        self,
        market: str,
        top: int = 50,
        products: Sequence[str] | None = None,
        progress: Callable[[int, int], None] | None = None,
        country: str | None = None,
    ) -> pd.DataFrame:
        """The single stops that hit a market hardest: country, good, products_hit, worst_product, worst, mean.

        country: only what this one could stop. Raises UnknownIdError.
        """
        code = self._tables.resolve(market, "country")
        by = None if country is None else self._tables.resolve(country, "country")
        return chokepoints.chokepoints(self.model, code, self._products(products), top, progress, by)

    def pairs(self, market: str, product: str, top: int = 20) -> pd.DataFrame:
        """Pairs of stops that reinforce each other: country_a, good_a, country_b, good_b, a, b, both, extra."""
        code, good = self._tables.resolve(market, "country"), self._tables.resolve(product)
        return chokepoints.pairs(self.model, code, good, top)

    def leverage(self, market: str, products: Sequence[str] | None = None) -> pd.DataFrame:
        """What each other country could stop in a market: country, goods, products_hit, worst_product, worst, mean."""
        return chokepoints.leverage(self.model, self._tables.resolve(market, "country"), self._products(products))

    def minimal_cuts(self, market: str, product: str, level: float = 0.5, most: int = 2) -> pd.DataFrame:
        """The smallest sets of country and good whose stop leaves a product at or below a level: size, stops, left."""
        code, good = self._tables.resolve(market, "country"), self._tables.resolve(product)
        return chokepoints.minimal_cuts(self.model, code, good, level, most)

    def content(self, event: str, on: date | str | None = None) -> pd.DataFrame:
        """Which foreign-made goods a re-export clause catches: good, country, value_low, value, value_high,
        threshold, caught_low, caught, caught_high; highest content first. Raises InputError for other clauses."""
        name = self._tables.resolve(event, "event")
        return content_of(self.model, name, self.knowledge_until if on is None else day(on, "content"))

    def difference(self, a: Exposure, b: Exposure, orders: int = ORDERS) -> pd.DataFrame:
        """What changed from a to b: product, short_a, short_b, change, then columns by event that add up to change."""
        return difference(a, b, orders)

    def _solve(self, scenario: Scenario) -> tuple[Model, Solved]:
        """A scenario solved for all markets and products at once; the last ones are kept."""
        key = self._solution_key(scenario)
        found = self._solved.get(key)
        if found is None:
            found = self._solve_anew(scenario)
            self._solved.put(key, found)
        return found

    def _solve_anew(self, scenario: Scenario) -> tuple[Model, Solved]:
        model = self.model.under(scenario)
        return model, model.solve(scenario)

    def _solution_key(self, scenario: Scenario) -> str:
        """What a solution depends on: all of a scenario but the market, the products and the class shown."""
        return scenario.changed(market=self._any_country(), products=(), end_use="own").query


def simulation_key(scenario: Scenario) -> str:
    """What a simulation depends on: all of a scenario but the class shown and the day within the year."""
    return scenario.changed(end_use="own", on=date(scenario.on.year, 1, 1)).query
