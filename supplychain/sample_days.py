"""How sure the days are: the simulation run again for draws of every row with a range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import islice
from multiprocessing import get_context

import numpy as np
import pandas as pd

from supplychain.availability import Floats, Pool
from supplychain.buffers import buffers
from supplychain.draws import Bites, DrawnShares, Facts
from supplychain.errors import InputError
from supplychain.events import Effect
from supplychain.exposure import Result
from supplychain.readings import CLASSES, CLEAN
from supplychain.reduction import Reduced, reachable, reduce
from supplychain.restrictions import Act, touched
from supplychain.sample import QUANTILES, Progress, by_class, check
from supplychain.simulate import Segment, simulate
from supplychain.timeline import AHEAD, extra_stock, first_effect, schedule

BATCH = 125  # draws simulated at once; the same whoever computes them, so that the bytes are
WAITING = 2  # batches handed out at once to each process
Turn = tuple[int, list[list[Effect]], list[Act]]  # day, effects by end-use class, acts


@dataclass(frozen=True, eq=False)
class Days:
    """Every draw of the simulation.

    products: ids; start: day 0 (None: no clause takes anything); days: how many were simulated
    release: whether government stocks counted
    first_day: (products, draws) first day of loss, inf where there is none; felt: (products, draws) loss on the day
    asked for
    """

    result: Result
    facts: Facts
    products: tuple[str, ...]
    start: date | None
    days: int
    release: bool
    first_day: Floats
    felt: Floats
    parts: tuple[_Part, ...]

    @property
    def query(self) -> str:
        """The scenario, the number of draws and the seed: what gives these draws again."""
        return f"{self.result.scenario.query}&draws={self.facts.draws}&seed={self.facts.seed}"

    @cached_property
    def frame(self) -> pd.DataFrame:
        """product, felt_p05, felt_p50, felt_p95, first_day_p05, first_day_p50, first_day_p95, hit, first_date.

        first_day: days from the start to the first loss, blank where that quantile is never hit; hit: share of draws
        with any loss up to a year after the day; first_date: that of the median. The first to be hit come first.
        """
        frame = pd.DataFrame({"product": self.products})
        frame[["felt_p05", "felt_p50", "felt_p95"]] = np.quantile(self.felt, QUANTILES, axis=1).T
        first = np.quantile(self.first_day, QUANTILES, axis=1, method="inverted_cdf").T
        frame[["first_day_p05", "first_day_p50", "first_day_p95"]] = np.where(np.isfinite(first), first, np.nan)
        frame["hit"] = np.isfinite(self.first_day).mean(axis=1)
        frame["first_date"] = [self._date(day) for day in frame["first_day_p50"]]
        order = ["first_day_p50", "first_day_p05", "hit", "product"]
        return frame.sort_values(order, ascending=[True, True, False, True], kind="stable", ignore_index=True)

    def _date(self, day: float) -> date | None:
        return None if self.start is None or np.isnan(day) else self.start + timedelta(days=int(day))

    def probability_before(self, a: str, b: str) -> float:
        """Share of draws in which product a is hit on an earlier day than b; on the same day neither is.

        Raises UnknownIdError, InputError.
        """
        first, second = (self.values(self.result.known(product)) for product in (a, b))
        return float((first < second).mean())

    def values(self, product: str) -> Floats:
        """(draws,) first day of loss of a product."""
        result: Floats = self.first_day[self.products.index(product)]
        return result

    def rows(self, product: str) -> list[str]:
        """The rows with a range that can move the days of a product, sorted."""
        found = next((part.rows(product) for part in self.parts if product in part.products), set())
        return sorted(row for row in found if not self.facts.fact(row).is_known)


def sample_days(
    x: Result, draws: int = 500, seed: int = 0, release: bool = False, progress: Progress | None = None,
    workers: int = 1,
) -> Days:  # fmt: skip
    """When each product is hit if every row with a range is drawn.

    Draws as in `sample`, so that the same row and seed give the same draws there and here; beside those, stock cover,
    days under way (rounded to whole days after both legs) and refill are drawn: rows of stocks, lead_times and the
    defaults that stand in for them.

    x: an exposure; draws: 1 to 100,000; seed: 0 or more; release: government stocks count too; workers: processes
    (the same bytes, however many); with more than one, a script needs its `if __name__ == "__main__":`
    progress: called with (draws done, all). Days from the first clause that takes something, not before
    1 January three years before the day of the exposure, to a year after it. Returns Days. Raises InputError.
    """
    check("sample_days", draws, seed)
    facts = Facts(x.model.tables, draws, seed)
    felt = np.zeros((len(x.products), draws))
    first = np.full(felt.shape, np.inf)
    start, until = first_effect(x.model, x.scenario, x.scenario.on), x.scenario.on + timedelta(days=AHEAD)
    if start is None:
        return Days(x, facts, x.products, None, 0, release, first, felt, ())
    turns = [((day - start).days, classes, acts) for day, classes, acts in schedule(x.model, x.scenario, start, until)]
    days, on = (until - start).days + 1, (x.scenario.on - start).days
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise InputError("sample_days", "workers", workers, "a whole number, 1 or more")
    parts = tuple(_Part(x, facts, turns, days, *chosen, release) for chosen in by_class(x))
    batches = [slice(begin, min(begin + BATCH, draws)) for begin in range(0, draws, BATCH)]
    todo = [(k, batch) for batch in batches for k in range(len(parts))]
    done = 0.0
    if progress is not None:
        progress(0, draws)
    for (k, batch), lost in _computed(parts, todo, on, min(workers, len(todo))):
        where = [x.products.index(p) for p in parts[k].products]
        felt[where, batch], first[where, batch] = lost
        done += (batch.stop - batch.start) / len(parts)
        if progress is not None:
            progress(round(done), draws)
    return Days(x, facts, x.products, start, days, release, first, felt, parts)


def _computed(
    parts: Sequence[_Part], todo: Sequence[tuple[int, slice]], on: int, workers: int
) -> Iterator[tuple[tuple[int, slice], tuple[Floats, Floats]]]:
    """The batches of each part as they are done, here or in processes of their own."""
    if workers <= 1:
        for k, batch in todo:
            yield (k, batch), parts[k].hits(batch, on)
        return
    left = iter(todo)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(parts[k].hits, batch, on): (k, batch) for k, batch in islice(left, workers * WAITING)}
        try:
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
                    running |= {pool.submit(parts[k].hits, batch, on): (k, batch) for k, batch in islice(left, 1)}
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _Part:
    """The part of the chain between the clauses and some products of one end-use class, simulated for many draws."""

    def __init__(
        self, x: Result, facts: Facts, turns: Sequence[Turn], days: int, end_use: str, products: tuple[str, ...],
        release: bool,
    ) -> None:  # fmt: skip
        self.products, self._facts, self._days, self._sharing = products, facts, days, x.scenario.sharing
        sourcing = x.model.sourcing
        run = CLASSES.index(end_use)
        acts = [(day, [act for act in found if act.run == run]) for day, _, found in turns]
        shared: list[tuple[Pool, ...]] = [()] * len(turns)
        if self._sharing != "fixed":
            shared = [x.model.reach.pools([classes[run]]) for _, classes, _ in turns]
        own, link = touched([act for _, found in acts for act in found], sourcing.chain.nodes)
        supplies = [x.supplies(product) for product in products]
        self._watch = np.unique(np.concatenate([rows for rows, _ in supplies]))
        every_pool = {id(pool): pool for found in shared for pool in found}
        self._reduced: Reduced = reduce(sourcing.chain, own, link, self._watch, tuple(every_pool.values()))
        here = np.flatnonzero(np.isin(self._reduced.link, link))
        self._own, self._link = own[self._reduced.node], here
        self._bites = [(day, Bites(facts, sourcing, found, self._reduced, here)) for day, found in acts]
        lossy = reachable(sourcing.chain, own, link, tuple(every_pool.values()))[1]
        kept = np.isin(np.arange(sourcing.chain.supplies), self._reduced.supply)
        self._shares = DrawnShares(facts, sourcing, lossy & kept)
        self._moved = np.flatnonzero(np.isin(self._reduced.link, self._shares.links))
        self._factor_at = np.searchsorted(self._shares.links, self._reduced.link[self._moved])
        inside = {key: self._reduced.pool(pool) for key, pool in every_pool.items()}
        self._pools = [tuple(filter(None, (inside[id(pool)] for pool in found))) for found in shared]
        self._weights = {
            product: (np.searchsorted(self._watch, rows), weights)
            for product, (rows, weights) in zip(products, supplies, strict=True)
        }
        self._held = buffers(x.model.tables, sourcing, self._reduced.need, self._reduced.link, release)
        self._extra = extra_stock(x.model, self._reduced.need)[:, None]
        edges = sourcing.edges["row"].to_numpy(dtype=object)
        self._need_row = edges[sourcing.need_edge[self._reduced.need]]

    def hits(self, batch: slice, on: int) -> tuple[Floats, Floats]:
        """(products, draws of the batch) loss on a day, and first day of loss (inf: none)."""
        lost = self.losses(batch)
        hit = lost > 0
        return lost[:, on], np.where(hit.any(axis=1), hit.argmax(axis=1), np.inf)

    def losses(self, batch: slice) -> Floats:
        """(products, days, draws of the batch) share of normal supply that is missing."""
        size = batch.stop - batch.start
        cuts: dict[int, Floats] = {}
        everywhere = np.ones(size, dtype=bool)
        pools = {id(pool): replace(pool, columns=everywhere) for found in self._pools for pool in found}
        segments = [
            Segment(day, bites.restrictions(batch, cuts), tuple(pools[id(pool)] for pool in found))
            for (day, bites), found in zip(self._bites, self._pools, strict=True)
        ]
        share = np.tile(self._reduced.chain.share.data[:, None], size)
        share[self._moved] *= self._shares.factors(batch)[self._factor_at]
        refill = self._facts.of(self._held.refill_row)[batch] if self._held.refill_row else self._held.refill
        path = simulate(
            self._reduced.chain, segments, self._facts.columns(self._need_row, batch), np.zeros(size, dtype=bool),
            self._facts.columns(self._held.stock_row, batch) + self._extra,
            self._facts.columns(self._held.transit_row, batch).round().astype(np.intp), refill, self._days,
            self._reduced.supply_at(self._watch), np.zeros(0, dtype=np.intp), self._sharing, share=share,
        )  # fmt: skip
        lost = 1.0 - path.supply
        of_market = [np.tensordot(lost[:, at], weights, axes=([1], [0])) for at, weights in self._weights.values()]
        found = np.array(of_market)
        return np.where(found < CLEAN, 0.0, found)

    def rows(self, product: str) -> set[str]:
        """The rows between the clauses and one product, and those of stocks, transit and refill on the way."""
        reduced = self._reduced
        supply = reduced.supply_at(self._watch[self._weights[product][0]])
        part = reduce(reduced.chain, self._own, self._link, supply, tuple(p for found in self._pools for p in found))
        found = {str(row) for row in self._need_row[part.need]}
        found |= {row for cell in self._held.stock_row[part.need] for row in str(cell).split(";") if row}
        link = np.isin(self._link, part.link)
        node = np.isin(np.arange(len(reduced.node)), part.node)
        for _, bites in self._bites:
            for act, inside, at in bites.acts:
                found |= bites.rows(act, inside[(node if act.effect.acts_on == "output" else link)[at]])
        found |= {row for cell in self._held.transit_row[part.link] for row in str(cell).split(";") if row}
        found |= {self._held.refill_row} - {""}
        moved = np.isin(self._moved, part.link)
        for good in np.unique(self._shares.good[self._factor_at[moved]]).tolist():
            found |= set(self._shares.rows(good))
        return found
