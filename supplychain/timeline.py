"""A scenario day by day: when stocks run out, how deep the loss gets, and when output is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from supplychain.availability import Floats, Ints, Pool, Restrictions
from supplychain.buffers import Buffers, buffers
from supplychain.errors import InputError
from supplychain.events import Effect
from supplychain.exposure import Result
from supplychain.model import Model
from supplychain.readings import CENTRAL, CLASSES, CLEAN, HIGH, LOW, RUNS
from supplychain.reduction import Reduced, reduce
from supplychain.restrictions import Act, restrict
from supplychain.scenario import Scenario
from supplychain.simulate import Path, Segment, simulate

COLUMNS = np.array([k * RUNS + reading for k in range(len(CLASSES)) for reading in (LOW, CENTRAL, HIGH)])
BACK = 3  # calendar years that the readings of one day look back
AHEAD = 365  # days that they look ahead for the first day of loss
ENDS = ("low", "", "high")
NOTED = 1e-9  # a smaller step of the central run out of its range is rounding


@dataclass(frozen=True, eq=False)
class Run:
    """The daily losses of some supplies under one scenario.

    start: day 0, on which the first clause takes effect; days: simulated days; supply: (watched,) supply rows
    path: what arrived day by day, columns (civil, military) x (low, central, high)
    """

    start: date
    days: int
    supply: Ints
    path: Path
    reduced: Reduced
    buffers: Buffers

    def lost(self, rows: Ints, end_use: str) -> Floats:
        """(days, rows, 3) loss of supplies in one end-use class: low, central, high."""
        k = CLASSES.index(end_use) * 3
        result: Floats = 1.0 - self.path.supply[:, self.at(rows), k : k + 3]
        return result

    def upto(self, last: date) -> Run:
        """The same run as if it had ended on an earlier day."""
        days = (last - self.start).days + 1
        return replace(self, days=days, path=replace(self.path, supply=self.path.supply[:days]))

    def at(self, rows: Ints) -> Ints:
        """Positions of supply rows among the watched ones."""
        return np.searchsorted(self.supply, rows)


def first_effect(model: Model, scenario: Scenario, until: date) -> date | None:
    """The day on which the first clause of a scenario takes something, not before 1 January three years before `until`.

    So all days of a year that look back see the same days, and one simulation serves them.
    """
    earliest = date(max(1, until.year - BACK), 1, 1)
    for day in model.calendar.segment_days(earliest, until, scenario.clauses):
        if any(effect.r.any() for effects in model.effects(scenario, day) for effect in effects):
            return day
    return None


def horizon(on: date) -> date:
    """Last day that the simulation of a day has to reach, the same for all days of a year."""
    return date(min(9999, on.year + 1), 12, 31)


@dataclass(frozen=True, eq=False)
class Plan:
    """What is in force from day to day under a scenario: start = day 0, days, and (first day, restrictions, pools)."""

    start: date
    days: int
    segments: tuple[tuple[int, Restrictions, tuple[Pool, ...]], ...]


def plan(model: Model, scenario: Scenario, start: date, until: date) -> Plan:
    """The restrictions of a scenario from day 0 = `start` to `until`; only the short readings of both classes."""
    segments = []
    for turn, classes, acts in schedule(model, scenario, start, until):
        shared = model.reach.pools(classes) if scenario.sharing != "fixed" else ()
        segments.append(((turn - start).days, short_only(restrict(model.sourcing, acts, len(CLASSES))), shared))
    return Plan(start, (until - start).days + 1, tuple(segments))


def run(
    model: Model, scenario: Scenario, planned: Plan, supply: Ints, release: bool = False,
    progress: Callable[[int], None] | None = None, transit: bool = True,
) -> Run:  # fmt: skip
    """Simulate a plan, watching some supplies.

    release: government stocks count too; progress(days) is called now and then; transit: False lets goods
    arrive on the day they are shipped. Transit and refill stay central in all
    columns; felt low = short low with stock high, felt high = short high with stock low.
    """
    chain = model.sourcing.chain
    own = np.zeros(chain.nodes, dtype=bool)
    for _, restrictions, _ in planned.segments:
        own |= (restrictions.own < 1).any(axis=1)
    links = np.unique(np.concatenate([restrictions.link for _, restrictions, _ in planned.segments]))
    every_pool = {id(pool): pool for _, _, shared in planned.segments for pool in shared}
    reduced = reduce(chain, own, links, supply, tuple(every_pool.values()))
    inside = {key: _pool_in(reduced, pool) for key, pool in every_pool.items()}
    held = buffers(model.tables, model.sourcing, reduced.need, reduced.link, release)
    watched = np.unique(supply)
    path = simulate(
        reduced.chain,
        [
            Segment(day, reduced.restrictions(r), tuple(filter(None, (inside[id(pool)] for pool in shared))))
            for day, r, shared in planned.segments
        ],
        model.criticality[reduced.need][:, COLUMNS],
        np.zeros(len(COLUMNS), dtype=bool),
        np.tile(held.stock[:, ::-1] + extra_stock(model, reduced.need)[:, None], len(CLASSES)),
        held.transit if transit else np.zeros_like(held.transit),
        held.refill,
        planned.days,
        reduced.supply_at(watched),
        np.zeros(0, dtype=np.intp),
        scenario.sharing,
        progress,
    )
    return Run(planned.start, planned.days, watched, path, reduced, held)


def schedule(
    model: Model, scenario: Scenario, start: date, until: date
) -> Iterator[tuple[date, list[list[Effect]], list[Act]]]:
    """Each day on which something changes, with the effects of both classes and their acts from then on.

    Only the clauses that change on a day are asked again.
    """
    clauses = tuple(model.tables["events"]["event"]) if scenario.clauses is None else scenario.clauses
    turns: dict[date, list[str]] = {start: list(clauses)}
    for event in clauses:
        for day in model.calendar.segment_days(start, until, [event]):
            if day > start:
                turns.setdefault(day, []).append(event)
    effects: dict[tuple[str, int], list[Effect]] = {}
    acts: dict[tuple[str, int], list[Act]] = {}
    for day, changed in sorted(turns.items()):
        for run, found in enumerate(model.effects(scenario, day, changed)):
            by_event: dict[str, list[Effect]] = {event: [] for event in changed}
            for effect in found:
                by_event[effect.event].append(effect)
            for event, mine in by_event.items():
                effects[event, run], acts[event, run] = mine, model.reach.acts(mine, run)
        classes = [[e for (_, r), mine in effects.items() if r == run for e in mine] for run in range(len(CLASSES))]
        yield day, classes, [act for mine in acts.values() for act in mine]


def extra_stock(model: Model, need: Ints) -> Floats:
    """(needs,) days of stock that a measure adds."""
    inputs = model.sourcing.edges["input"].tolist()
    return np.array([model.extra_stock.get(inputs[k], 0.0) for k in model.sourcing.need_edge[need]], dtype=float)


def short_only(restrictions: Restrictions) -> Restrictions:
    """Only the columns of the short readings: (civil, military) x (low, central, high)."""
    r = restrictions.r[:, COLUMNS]
    kept = r.any(axis=1)
    return Restrictions(restrictions.own[:, COLUMNS], restrictions.link[kept], r[kept])


def _pool_in(reduced: Reduced, pool: Pool) -> Pool | None:
    """A pool of the whole chain in the reduced one, with only the columns of the short readings."""
    return reduced.pool(replace(pool, columns=pool.columns[COLUMNS]))


class Simulation:
    """Output of products in a market, day by day: `frame`, and per product `summary`."""

    def __init__(self, result: Result, run: Run) -> None:
        self._result, self._run = result, run

    @property
    def run(self) -> Run:
        """What was simulated."""
        return self._run

    @property
    def start(self) -> date:
        """Day 0."""
        return self.run.start

    @property
    def until(self) -> date:
        """The last day."""
        return self.run.start + timedelta(days=self.run.days - 1)

    def __repr__(self) -> str:
        return f"<Simulation of {len(self._result.products)} products, {self.start} to {self.until}>"

    @property
    def query(self) -> str:
        """The question that gives this simulation again."""
        return f"{self._result.scenario.query}&start={self.start}&until={self.until}"

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The rows of `assumptions` that decide it: severity priors, default stocks and transits, refill."""
        held, table = self.run.buffers, self._result.model.tables["assumptions"]
        labels = {row for cell in (*held.stock_row, *held.transit_row, held.refill_row) for row in str(cell).split(";")}
        columns = table[["name", "applies_to", "value", "unit"]].itertuples(index=False)
        said = dict(zip(table.index, columns, strict=True))
        mine = (said[row] for row in sorted(labels & said.keys()))
        return (*self._result.assumptions, *(f"{name} {to} = {value:g} {unit}" for name, to, value, unit in mine))

    def losses(self, product: str) -> Floats:
        """(days, 3) share of normal supply lost: low, central, high; day 0 = start.

        The ends are those of the low and the high run; on days on which the central run lies outside them (an earlier
        halt can save stock for later), the range is widened to hold all three.
        """
        lost = self.runs(product)
        return np.stack([lost.min(axis=1), lost[:, 1], lost.max(axis=1)], axis=1)

    def widened(self, product: str, on: date) -> bool:
        """Whether the range of a day was widened to hold the central run."""
        low, central, high = self.runs(product)[(on - self.start).days]
        return not low - NOTED <= central <= high + NOTED

    def runs(self, product: str) -> Floats:
        """(days, 3) share of normal supply lost in the low, the central and the high run."""
        rows, weights = self._result.supplies(product)
        lost = self.run.lost(rows, self._result.end_use(product))
        result: Floats = np.tensordot(lost, weights, axes=([1], [0]))
        return np.where(result < CLEAN, 0.0, result)

    @property
    def frame(self) -> pd.DataFrame:
        """date, product, output_low, output, output_high: share of normal supply; low is the high-loss case.

        A range that the central run leaves is widened to hold it, see `losses`.
        """
        days = pd.date_range(self.start, periods=self.run.days, unit="s")
        parts = []
        for product in self._result.products:
            left = 1.0 - self.losses(product)
            parts.append(
                pd.DataFrame(
                    {"date": days, "product": product, "output_low": left[:, 2], "output": left[:, 1],
                     "output_high": left[:, 0]}
                )
            )  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    @property
    def summary(self) -> pd.DataFrame:
        """product, then first_day, worst, days_lost, recovered, each low, central, high.

        first_day: days from the start to the first loss; worst: largest loss; days_lost: days of normal supply lost;
        recovered: first day from which supply stays at 0.995 or more; blank where nothing is lost or it is not back.
        """
        rows = []
        for product in self._result.products:
            found = summarise_losses(self.losses(product))
            row: dict[str, object] = {"product": product}
            for name, values in found.items():
                row |= {f"{name}_{end}".rstrip("_"): value for end, value in zip(ENDS, values, strict=True)}
            rows.append(row)
        return pd.DataFrame(rows)


def summarise_losses(lost: Floats) -> dict[str, list[float]]:
    """first_day, worst, days_lost, recovered of (days, n) losses; nan where nothing is lost, or it never recovers."""
    short, down = lost > 0, lost > 0.005
    first = [float(np.argmax(column)) if column.any() else np.nan for column in short.T]
    last = [len(column) - int(np.argmax(column[::-1])) if column.any() else 0 for column in down.T]
    recovered = [float(day) if 0 < day < len(lost) else np.nan for day in last]
    return {
        "first_day": first,
        "worst": lost.max(axis=0).tolist(),
        "days_lost": lost.sum(axis=0).tolist(),
        "recovered": recovered,
    }


def simulation(
    result: Result, start: date, until: date, release: bool = False, progress: Callable[[int], None] | None = None
) -> Simulation:
    """Simulate the products of a result. Raises InputError when the end is before the start or over ten years off."""
    if not start <= until <= start + timedelta(days=3_660):
        raise InputError("simulate", "until", until.isoformat(), f"a day from {start} to ten years later")
    rows = np.unique(np.concatenate([result.supplies(p)[0] for p in result.products]))
    planned = plan(result.model, result.scenario, start, until)
    return Simulation(result, run(result.model, result.scenario, planned, rows, release, progress))
