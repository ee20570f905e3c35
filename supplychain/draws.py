"""Rows with a range and their draws: the same row and seed give the same draws, whatever other rows there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from supplychain.availability import Bools, Floats, Ints, Restrictions
from supplychain.content import caught_by, content
from supplychain.events import Effect
from supplychain.reduction import Reduced
from supplychain.restrictions import Act, ContentTest
from supplychain.schema import schemas
from supplychain.sourcing import BASES, Sourcing
from supplychain.tables import Tables

DRAWN = (  # the figures that are drawn: table, column, and what a row is called if the table has an earlier one
    ("bom", "criticality", ""),
    ("bom", "value_share", " value_share"),
    ("production", "share", ""),
    ("severities", "severity", ""),
    ("event_scope", "coverage", ""),
    ("stocks", "days", ""),
    ("lead_times", "days", ""),
    ("assumptions", "value", ""),
)


@dataclass(frozen=True)
class Fact:
    """One figure of the data: its table, its key as text, where it stands, its source and its range."""

    table: str
    key: str
    row: str
    source_id: str
    low: float
    central: float
    high: float

    @property
    def is_known(self) -> bool:
        """Without a range: nothing to draw."""
        return not self.low < self.high


class Facts:
    """The figures behind a result and `draws` draws of each; those without a range keep their value."""

    def __init__(self, tables: Tables, draws: int, seed: int) -> None:
        self._tables, self.draws, self.seed = tables, draws, seed
        self._drawn: dict[str, Floats] = {}

    @cached_property
    def _facts(self) -> dict[str, Fact]:
        found = {}
        for table, column, suffix in DRAWN:
            frame = self._tables[table]
            ends = frame[[f"{column}_low", column, f"{column}_high"]].to_numpy(dtype=float)
            central = ends[:, [1]]
            if column == "coverage":
                central = np.where(np.isnan(central), 1.0, central)
            ends = np.where(np.isnan(ends), central, ends)
            if column == "severity":
                ends = ends.clip(0.0, 1.0)
            keys = zip(*(frame[name] for name in schemas()[table].key), strict=True)
            for row, source, key, (low, central, high) in zip(
                frame.index, frame["source_id"], keys, ends.tolist(), strict=True
            ):
                text = " ".join(filter(None, map(_text, key))) + suffix
                found[f"{row}{suffix}"] = Fact(table, text, str(row), str(source), low, central, high)
        return found

    def fact(self, row: str) -> Fact:
        """The figure that stands in a row (by its label; with " value_share" for that of a row of bom)."""
        return self._facts[row]

    def of(self, row: str) -> Floats:
        """(draws,) of the figure of a row, triangular between low and high with the mode at the central value."""
        if row not in self._drawn:
            fact = self._facts[row]
            drawn = np.full(self.draws, fact.central) if fact.is_known else triangular(fact, self._uniform(fact))
            drawn.setflags(write=False)
            self._drawn[row] = drawn
        return self._drawn[row]

    def columns(self, cells: NDArray[np.object_], batch: slice) -> Floats:
        """(cells, draws of the batch) of the rows that each cell names; several, separated by ';', add; none is 0."""
        names, at = np.unique(cells.astype(str), return_inverse=True)
        found = np.zeros((len(names), batch.stop - batch.start))
        for k, name in enumerate(names.tolist()):
            for row in filter(None, name.split(";")):
                found[k] += self.of(row)[batch]
        result: Floats = found[at]
        return result

    def _uniform(self, fact: Fact) -> Floats:
        name = int.from_bytes(sha256(f"{fact.table} {fact.key}".encode()).digest()[:16], "big")
        return np.random.default_rng([self.seed, name]).random(self.draws)


def triangular(fact: Fact, uniform: Floats) -> Floats:
    """Quantiles of a triangular distribution (low, central as the mode, high) at `uniform`.

    x = low + sqrt(u (high - low)(central - low)) up to u = (central - low) / (high - low), beyond it
    high - sqrt((1 - u)(high - low)(high - central))

    >>> triangular(Fact("", "", "", "", 0.0, 0.5, 1.0), np.array([0.0, 0.125, 0.5, 1.0])).tolist()
    [0.0, 0.25, 0.5, 1.0]
    """
    width, below = fact.high - fact.low, fact.central - fact.low
    rising = fact.low + np.sqrt(uniform * width * below)
    falling = fact.high - np.sqrt((1.0 - uniform) * width * (width - below))
    result: Floats = np.clip(np.where(uniform * width < below, rising, falling), fact.low, fact.high)
    return result


def _text(cell: object) -> str:
    """A cell of a key as text; blank for none."""
    if isinstance(cell, tuple):
        return ";".join(cell)
    if isinstance(cell, date):
        return "" if cell != cell else cell.isoformat()[:10]  # noqa: PLR0124 - NaT is a date
    return str(cell)


# --- what clauses take ------------------------------------------------------------------------------------------------


def rows_of(act: Act, at: Ints) -> set[str]:
    """The rows of severities, priors and scope behind an act on some of its flows (positions in the act)."""
    place = act.way.rows[act.at[at]]
    if act.way.other is not None:
        place = np.union1d(place, act.way.other[act.at[at]])
    effect = act.effect
    found = {_severity_row(effect, k) for k in place.tolist() if effect.acting[k]}
    return (found | {row for rows in effect.coverage_rows for row in rows}) - {""}


def _severity_row(effect: Effect, country: int) -> str:
    return effect.severity_row[country] or effect.prior_row[country]


def r_of(facts: Facts, effect: Effect, batch: slice) -> Floats:
    """(C, draws of the batch) share of the flow that an effect takes in the reading short.

    r = severity x coverage; the coverage of a good that several scope rows name is the largest
    """
    coverage = np.zeros(batch.stop - batch.start)
    for rows in effect.coverage_rows:
        share = np.ones(len(coverage))
        for row in rows:
            share = share * facts.of(row)[batch]
        coverage = np.maximum(coverage, share)
    result = np.zeros((len(effect.acting), len(coverage)))
    places: dict[str, list[int]] = {}
    for country in np.flatnonzero(effect.acting).tolist():
        places.setdefault(_severity_row(effect, country), []).append(country)
    for row, countries in places.items():
        result[countries] = facts.of(row)[batch] * coverage
    return result


class Bites:
    """Where some acts take something from a reduced chain.

    link: links of the reduced chain on which anything can be lost, increasing
    """

    def __init__(self, facts: Facts, sourcing: Sourcing, acts: Iterable[Act], reduced: Reduced, link: Ints) -> None:
        self._facts, self._nodes, self.link = facts, len(reduced.node), link
        self._content = DrawnContent(facts, sourcing)
        self.acts: list[tuple[Act, Ints, Ints]] = []  # act, positions in it, positions in `link` (or of nodes)
        node_at = _positions(reduced.node, sourcing.chain.nodes)
        link_at = _positions(reduced.link[link], sourcing.chain.share.nnz)
        for act in acts:
            at = (node_at if act.effect.acts_on == "output" else link_at)[act.links]
            inside = np.flatnonzero(at >= 0)
            if len(inside):
                self.acts.append((act, inside, at[inside]))

    def restrictions(self, batch: slice, cuts: dict[int, Floats] | None = None) -> Restrictions:
        """What is left in each draw of a batch; cuts: kept between calls for acts that stay, by their id."""
        size = batch.stop - batch.start
        own, lost = np.ones((self._nodes, size)), np.zeros((len(self.link), size))
        kept = {} if cuts is None else cuts
        for act, inside, at in self.acts:
            if id(act) not in kept:
                r, at_way = r_of(self._facts, act.effect, batch), act.at[inside]
                kept[id(act)] = act.way.drawn(r, at_way, self._content.factor(act.way.test, at_way, batch))
            cut = kept[id(act)]
            if act.effect.acts_on == "output":
                own[at] = np.minimum(own[at], 1.0 - cut)
            else:
                lost[at] = np.maximum(lost[at], cut)
        return Restrictions(own, self.link, lost)

    def rows(self, act: Act, inside: Ints) -> set[str]:
        """The rows behind an act on some of its flows (positions in the act), value shares that decide it included."""
        return rows_of(act, inside) | self._content.rows(act.way.test, act.at[inside])


def _positions(kept: Ints, count: int) -> Ints:
    """(count,) where each of the whole stands among those kept, -1 where it is not."""
    result = np.full(count, -1, dtype=np.intp)
    result[kept] = np.arange(len(kept))
    return result


class DrawnContent:
    """The content tests of re-export clauses with drawn value shares; sourcing stays as it is.

    Content rises with every value share, so a test that comes out alike with all at their low and all at their high
    ends is not run again.
    """

    def __init__(self, facts: Facts, sourcing: Sourcing) -> None:
        self._facts, self._sourcing = facts, sourcing
        self._open: dict[tuple[str, frozenset[str], float, bool], Bools] = {}
        self._values: dict[tuple[str, frozenset[str], int, int], Floats] = {}

    @cached_property
    def _names(self) -> list[str]:
        return [f"{row} value_share" for row in self._sourcing.edges["row"]]

    @cached_property
    def _drawn(self) -> list[int]:
        return [k for k, name in enumerate(self._names) if not self._facts.fact(name).is_known]

    def rows(self, test: ContentTest | None, at: Ints) -> set[str]:
        """The drawn value shares that can decide a test on some links of a way."""
        if test is None or not self._undecided(test)[test.node[at]].any():
            return set()
        return {self._names[k] for k in self._drawn}

    def factor(self, test: ContentTest | None, at: Ints, batch: slice) -> Floats | None:
        """(links, draws of the batch) 1 where caught, of some links of a way; None where no draw matters."""
        if test is None or not self._undecided(test)[test.node[at]].any():
            return None
        key = (test.issuer, test.counted, batch.start, batch.stop)
        if key not in self._values:
            shares = np.array([self._facts.of(name)[batch] for name in self._names])
            self._values = {key: self._content(test, np.hstack([_unknown(shares, 0.0), _unknown(shares, 1.0)]))}
        known, unless_known = np.hsplit(self._values[key][test.node[at]], 2)
        hit = caught_by(known, unless_known, test.threshold, test.named) | test.own[at, None]
        return hit.astype(np.float64)

    def _undecided(self, test: ContentTest) -> Bools:
        """(N,) nodes whose test differs between all value shares low and all high."""
        key = (test.issuer, test.counted, test.threshold, test.named)
        if key not in self._open:
            facts = [self._facts.fact(name) for name in self._names]
            ends = np.array([[fact.low, fact.high] for fact in facts])
            value = self._content(test, np.hstack([_unknown(ends, 0.0), _unknown(ends, 1.0)]))
            low, high = (caught_by(value[:, k], value[:, k + 2], test.threshold, test.named) for k in (0, 1))
            self._open[key] = low != high
        return self._open[key]

    def _content(self, test: ContentTest, shares: Floats) -> Floats:
        return content(self._sourcing, test.issuer, test.counted, shares)


def _unknown(shares: Floats, value: float) -> Floats:
    result: Floats = np.where(np.isnan(shares), value, shares)
    return result


# --- who makes how much -----------------------------------------------------------------------------------------------


class DrawnShares:
    """Links whose share moves with the production shares of their makers.

    The documented shares of a good are drawn and rescaled, so that their sum stays what it was: p' = p drawn x sum p /
    sum p drawn. Each link that rests on production (home and surplus) gets the weight s p' / p, those that rest on
    trade rows keep s, and every supply is scaled back to the sum it had. An approximation: places, use shares, home
    shares and surpluses are not worked out again for every draw.

    links: positions in the whole chain, increasing: all links of those of the supplies `lossy` whose makers are drawn
    """

    def __init__(self, facts: Facts, sourcing: Sourcing, lossy: Bools) -> None:
        self._facts, chain = facts, sourcing.chain
        world = sourcing.world
        self._rows = {
            g: [(maker.producer, world.evidence[maker.evidence][0]) for maker in world.makers[good]
                if not np.isnan(maker.share)]
            for g, good in enumerate(world.goods)
        }  # fmt: skip
        drawn = [g for g, rows in self._rows.items() if any(not facts.fact(row).is_known for _, row in rows)]
        supply = np.flatnonzero(lossy & np.isin(sourcing.supply_good, drawn))
        self.links: Ints = np.flatnonzero(np.isin(chain.link_supply, supply))
        self._supply = np.searchsorted(supply, chain.link_supply[self.links])
        self._share = chain.share.data[self.links]
        node = sourcing.link_node[self.links]
        self.good = sourcing.node_good[node]
        by_row = np.isin(sourcing.link_basis[self.links], [BASES.index("home"), BASES.index("surplus")])
        self._maker = np.full(len(node), -1, dtype=np.intp)  # of the list of all makers of these goods
        self._of_good: list[tuple[list[str], slice]] = []
        count = 0
        for g in np.unique(self.good).tolist():
            names = {producer: count + k for k, (producer, _) in enumerate(self._rows[g])}
            self._of_good.append(([row for _, row in self._rows[g]], slice(count, count + len(names))))
            count += len(names)
            for k in np.flatnonzero((self.good == g) & by_row).tolist():
                self._maker[k] = names.get(str(sourcing.node_producer[node[k]]), -1)
        self._makers = count

    def rows(self, good: int) -> list[str]:
        """The rows of production of a good."""
        return [row for _, row in self._rows[good]]

    def factors(self, batch: slice) -> Floats:
        """(links, draws of the batch) what each link's share is multiplied by."""
        size = batch.stop - batch.start
        moved = np.ones((self._makers + 1, size))  # the last one: no maker, nothing moves
        for rows, at in self._of_good:
            central = np.array([self._facts.fact(row).central for row in rows])
            drawn = np.array([self._facts.of(row)[batch] for row in rows])
            total = drawn.sum(axis=0)
            scaled = np.divide(drawn * central.sum(), total, out=np.tile(central[:, None], size), where=total > 0)
            moved[at] = np.divide(scaled, central[:, None], out=np.ones_like(scaled), where=central[:, None] > 0)
        weight = moved[self._maker]
        if not len(weight):
            return weight
        first = np.flatnonzero(np.diff(self._supply, prepend=-1))
        before = np.add.reduceat(self._share, first)[:, None]
        after = np.add.reduceat(self._share[:, None] * weight, first)
        scale = np.divide(before, after, out=np.zeros_like(after), where=after > 0)[self._supply]
        result: Floats = np.where(scale > 0, weight * scale, 1.0)
        return result
