"""How sure the answers are: quantiles over draws of every row with a range, and which rows to know better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from supplychain.availability import Floats, Pool, Restrictions, availability
from supplychain.draws import Bites, DrawnShares, Facts
from supplychain.errors import InputError
from supplychain.exposure import Result
from supplychain.readings import CLASSES, CLEAN
from supplychain.reduction import Reduced, reachable, reduce
from supplychain.restrictions import touched

BATCH = 256  # draws solved at once
MOST = 100_000
QUANTILES = (0.05, 0.5, 0.95)
SENSITIVITY = ("table", "key", "rank_correlation", "row", "source_id", "low", "central", "high")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Draws:
    """What is short in every draw.

    products: ids; short: (products, draws) share of normal supply missing on the day; facts: the rows drawn
    """

    result: Result
    facts: Facts
    products: tuple[str, ...]
    short: Floats
    parts: tuple[_Part, ...]

    @property
    def query(self) -> str:
        """The scenario, the number of draws and the seed: what gives these draws again."""
        return f"{self.result.scenario.query}&draws={self.facts.draws}&seed={self.facts.seed}"

    @cached_property
    def frame(self) -> pd.DataFrame:
        """product, p05, p50, p95 (quantiles of short), rank_p05, rank_p50, rank_p95 (1 = most short; equal ones share
        the best rank); most short first."""
        frame = pd.DataFrame({"product": self.products})
        frame[["p05", "p50", "p95"]] = np.quantile(self.short, QUANTILES, axis=1).T
        rounded = self.short.round(12)
        ranks = np.array([1 + (rounded > own).sum(axis=0) for own in rounded])
        found = np.quantile(ranks, QUANTILES, axis=1, method="inverted_cdf").T
        frame[["rank_p05", "rank_p50", "rank_p95"]] = found.astype(int)
        order = ["p50", "p95", "product"]
        return frame.sort_values(order, ascending=[False, False, True], kind="stable", ignore_index=True)

    def values(self, product: str) -> Floats:
        """(draws,) what is short of a product."""
        result: Floats = self.short[self.products.index(product)]
        return result

    def rows(self, product: str) -> list[str]:
        """The rows with a range that can move what is short of a product, sorted."""
        found = next(part.rows(product) for part in self.parts if product in part.products)
        return sorted(row for row in found if not self.facts.fact(row).is_known)


def sample(x: Result, draws: int = 1_000, seed: int = 0, progress: Progress | None = None) -> Draws:
    """What is short of each product if every row with a range is drawn between its low and its high.

    Triangular draws (low, central as the mode, high): one a row of bom (criticality, value share), severities (or the
    prior that stands in), event_scope (coverage) and production (share), shared by all countries and flows that rest on
    it. What is unconfirmed is not drawn but taken in the likelier branch; trade shares and spare have no range.
    Drawn production shares keep the documented sum of their good and enter as relative weights of the links from each
    maker, scaled so that each supply keeps its sum (`DrawnShares`): home shares and surpluses are not computed anew.

    x: an exposure; draws: 1 to 100,000; seed: 0 or more, the same seed gives the same bytes
    progress: called with (draws done, all). Returns Draws. Raises InputError.
    """
    check("sample", draws, seed)
    facts = Facts(x.model.tables, draws, seed)
    short = np.zeros((len(x.products), draws))
    parts = tuple(_Part(x, facts, end_use, chosen) for end_use, chosen in by_class(x))
    for start in range(0, draws, BATCH):
        batch = slice(start, min(start + BATCH, draws))
        for part in parts:
            short[[x.products.index(p) for p in part.products], batch] = part.short(batch)
        if progress is not None:
            progress(batch.stop, draws)
    return Draws(x, facts, x.products, short, parts)


class Sampled(Protocol):
    """Draws of some answer about products."""

    @property
    def result(self) -> Result: ...

    @property
    def facts(self) -> Facts: ...

    def values(self, product: str) -> Floats:
        """(draws,) the answer about a product."""

    def rows(self, product: str) -> list[str]:
        """The rows with a range that can move it, sorted."""


def sensitivity(draws: Sampled, product: str) -> pd.DataFrame:
    """Which rows to know better first: rank correlation of each drawn row with what is short of a product.

    Columns: table, key, rank_correlation (Spearman; 0 where nothing is ever missing), row, source_id, low, central,
    high; the strongest first. Only rows on the way from a clause to the product; beside them a correlation of about
    2 / sqrt(draws) is chance. With draws of `sample_days` the correlation is that with the first day of loss (later is
    higher). Raises UnknownIdError, InputError.
    """
    good = draws.result.known(product)
    labels = draws.rows(good)
    rows = np.array([draws.facts.of(row) for row in labels]).reshape(-1, draws.facts.draws)
    found = rank_correlation(rows, draws.values(good).round(12))
    facts = [draws.facts.fact(row) for row in labels]
    order = sorted(range(len(labels)), key=lambda k: (-abs(found[k]), facts[k].table, facts[k].key))
    return pd.DataFrame(
        [
            (f.table, f.key, found[k], f.row, f.source_id, f.low, f.central, f.high)
            for k, f in ((k, facts[k]) for k in order)
        ],
        columns=list(SENSITIVITY),
    )


def rank_correlation(rows: Floats, values: Floats) -> list[float]:
    """Spearman's correlation of each row (rows, n) with values (n,); 0 where either does not vary.

    >>> rank_correlation(np.array([[1.0, 2, 3], [3, 2, 1], [1, 1, 1]]), np.array([0.1, 0.2, 0.9]))
    [1.0, -1.0, 0.0]
    """
    from scipy.stats import rankdata  # slow to import

    ranks, rank = (rankdata(a, axis=-1) - (values.size + 1) / 2 for a in (rows, values))
    size = np.sqrt((ranks**2).sum(axis=1) * (rank**2).sum())
    result = np.divide(ranks @ rank, size, out=np.zeros(len(rows)), where=size > 0)
    return [float(c) for c in result.clip(-1.0, 1.0)]


def check(call: str, draws: int, seed: int) -> None:
    """Raise InputError unless the number of draws and the seed can be used."""
    for argument, got, first, last in (("draws", draws, 1, MOST), ("seed", seed, 0, None)):
        if isinstance(got, bool) or not isinstance(got, int | np.integer) or got < first or (last and got > last):
            allowed = f"a whole number, {first} or more" if last is None else f"a whole number from {first} to {last:,}"
            raise InputError(call, argument, got, allowed)


def by_class(x: Result) -> list[tuple[str, tuple[str, ...]]]:
    """Each end-use class with the products shown in it."""
    found = ((end_use, tuple(p for p in x.products if x.end_use(p) == end_use)) for end_use in CLASSES)
    return [(end_use, products) for end_use, products in found if products]


class _Part:
    """The part of the chain between the clauses and some products of one end-use class, solved for many draws."""

    def __init__(self, x: Result, facts: Facts, end_use: str, products: tuple[str, ...]) -> None:
        self.products, self._facts, self._sharing = products, facts, x.scenario.sharing
        self._sourcing = x.model.sourcing
        chain = self._sourcing.chain
        run = CLASSES.index(end_use)
        acts = [act for act in x.acts if act.run == run]
        own, link = touched(acts, chain.nodes)
        supplies = [x.supplies(product) for product in products]
        targets = np.unique(np.concatenate([rows for rows, _ in supplies]))
        shared: tuple[Pool, ...] = ()
        if self._sharing != "fixed":
            effects = x.model.effects(x.scenario)[run]
            shared = x.model.reach.pools([effects])
        lossy = reachable(chain, own, link, shared)[1]
        kept = np.isin(np.arange(chain.supplies), reduce(chain, own, link, targets, shared).supply)
        self.shares = DrawnShares(facts, self._sourcing, lossy & kept)
        link = np.union1d(link, self.shares.links)
        self._reduced: Reduced = reduce(chain, own, link, targets, shared)
        here = np.flatnonzero(np.isin(self._reduced.link, link))
        self._bites = Bites(facts, self._sourcing, acts, self._reduced, here)
        self._share_at = np.searchsorted(self._reduced.link[here], self.shares.links)
        self._own = own[self._reduced.node]
        self._targets = {
            product: (self._reduced.supply_at(rows), weights)
            for product, (rows, weights) in zip(products, supplies, strict=True)
        }
        found = (self._reduced.pool(pool) for pool in shared)
        self._pools = tuple(pool for pool in found if pool is not None)
        edges = self._sourcing.edges["row"].to_numpy(dtype=object)
        self._need_row = edges[self._sourcing.need_edge[self._reduced.need]]

    def short(self, batch: slice) -> Floats:
        """(products, draws of the batch) share of normal supply that is missing."""
        found = self._bites.restrictions(batch)
        r = found.r
        # Weighted shares as restrictions: over all links of a supply, sum s f (1 - r) a = sum s (1 - r') a.
        r[self._share_at] = 1.0 - self.shares.factors(batch) * (1.0 - r[self._share_at])
        criticality = self._facts.columns(self._need_row, batch)
        everywhere = np.ones(r.shape[1], dtype=bool)
        met = [replace(pool, columns=everywhere) for pool in self._pools]
        _, arrived = availability(
            self._reduced.chain, Restrictions(found.own, found.link, r), criticality, None, self._sharing, met
        )
        lost = np.array([weights @ (1.0 - arrived[rows]) for rows, weights in self._targets.values()])
        return np.where(lost < CLEAN, 0.0, lost)

    def rows(self, product: str) -> set[str]:
        """The rows between the clauses and one product."""
        reduced = self._reduced
        part = reduce(reduced.chain, self._own, self._bites.link, self._targets[product][0], self._pools)
        found = {str(row) for row in self._need_row[part.need]}
        link = np.isin(self._bites.link, part.link)
        node = np.isin(np.arange(len(reduced.node)), part.node)
        for act, inside, at in self._bites.acts:
            found |= self._bites.rows(act, inside[(node if act.effect.acts_on == "output" else link)[at]])
        for good in np.unique(self.shares.good[link[self._share_at]]).tolist():
            found |= set(self.shares.rows(good))
        return found
