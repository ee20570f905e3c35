"""What would stop what: every country and good halted in turn, pairs, leverage of countries, smallest cuts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from supplychain.availability import Floats, Ints, Restrictions, availability
from supplychain.errors import InputError
from supplychain.model import Model
from supplychain.readings import CENTRAL, CLASSES, RUNS
from supplychain.reduction import reduce

BATCH = 64
FELT = 1e-9  # a smaller loss does not count as a hit
MAX_CUT = 4  # countries and goods in one cut

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Stop:
    """All producers of a good in a country halted."""

    country: str
    good: str


def documented_stops(model: Model) -> list[Stop]:
    """Every country and good with a production row: the stops that mean something."""
    world = model.sourcing.world
    found = {(world.countries[maker.country], good) for good in world.goods for maker in world.makers[good]}
    return [Stop(country, good) for country, good in sorted(found) if country != "ROW"]


def losses(
    model: Model,
    stops: Sequence[Sequence[Stop]],
    supply: Ints,
    end_use: str = "civil",
    progress: Progress | None = None,
) -> Floats:
    """(stops, supplies) loss of each supply when all of a set of stops happen at once; normal trade otherwise.

    Central criticality; each batch of sets is one product of sparse arrays. Full stop: own(g,n) = 0.
    """
    sourcing = model.sourcing
    world = sourcing.world
    makers = _makers(model)
    nodes = [
        np.unique(np.concatenate([makers(world.good_index[s.good], world.country_index[s.country]) for s in group]))
        for group in stops
    ]
    hit = np.zeros(sourcing.chain.nodes, dtype=bool)
    for group in nodes:
        hit[group] = True
    part = reduce(sourcing.chain, hit, np.zeros(0, dtype=np.intp), supply)
    criticality = model.criticality[part.need][:, [CLASSES.index(end_use) * RUNS + CENTRAL]]
    found = np.zeros((len(stops), len(supply)))
    position = np.full(sourcing.chain.nodes, -1, dtype=np.intp)
    position[part.node] = np.arange(len(part.node))
    order = sorted(range(len(stops)), key=lambda k: int(nodes[k][0]) if len(nodes[k]) else -1)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        own = np.ones((part.chain.nodes, len(chosen)))
        for column, k in enumerate(chosen):
            at = position[nodes[k]]
            own[at[at >= 0], column] = 0.0
        nothing = Restrictions(own, np.zeros(0, dtype=np.intp), np.zeros((0, len(chosen))))
        _, arrived = availability(part.chain, nothing, criticality)
        found[chosen] = 1.0 - arrived[part.supply_at(supply)].T
        if progress is not None:
            progress(min(start + BATCH, len(order)), len(order))
    return found


def _makers(model: Model) -> Callable[[int, int], Ints]:
    """Good, country -> the nodes that make it there."""
    sourcing, width = model.sourcing, len(model.sourcing.world.countries)
    place = sourcing.node_good * width + sourcing.node_country
    order = np.argsort(place, kind="stable")
    place = place[order]

    def makers(good: int, country: int) -> Ints:
        first, last = np.searchsorted(place, [good * width + country, good * width + country + 1])
        return order[first:last]

    return makers


def _market(model: Model, market: str, products: Sequence[str]) -> tuple[Ints, Floats]:
    """Supply rows of the products in the countries of a market, and (rows, products) weights."""
    sourcing, world = model.sourcing, model.sourcing.world
    countries = [world.countries[m] for m in world.members(world.country_index[market])]
    rows = np.array([sourcing.supply(p, c) for p in products for c in countries])
    weights = np.zeros((len(rows), len(products)))
    for k in range(len(products)):
        here = slice(k * len(countries), (k + 1) * len(countries))
        use = world.use[sourcing.supply_good[rows[here]], sourcing.supply_country[rows[here]]]
        weights[here, k] = use / use.sum() if use.sum() > 0 else 1 / len(use)
    return rows, weights


def chokepoints(
    model: Model,
    market: str,
    products: Sequence[str],
    top: int = 50,
    progress: Progress | None = None,
    country: str | None = None,
) -> pd.DataFrame:
    """The stops that hit the products of a market hardest: country, good, products_hit, worst_product, worst, mean.

    mean over all products asked for; sorted by mean. Stops: every country (or one) and good with a production row.
    """
    stops = [stop for stop in documented_stops(model) if country in (None, stop.country)]
    rows, weights = _market(model, market, products)
    hit = losses(model, [[stop] for stop in stops], rows, progress=progress) @ weights
    worst = hit.argmax(axis=1)
    frame = pd.DataFrame(
        {
            "country": [stop.country for stop in stops],
            "good": [stop.good for stop in stops],
            "products_hit": (hit > FELT).sum(axis=1),
            "worst_product": [products[k] if hit[i, k] > FELT else "" for i, k in enumerate(worst)],
            "worst": hit.max(axis=1),
            "mean": hit.mean(axis=1),
        }
    )
    frame = frame[frame["products_hit"] > 0]
    frame = frame.sort_values(["mean", "country", "good"], ascending=[False, True, True], kind="stable")
    return frame.head(top).reset_index(drop=True)


def pairs(model: Model, market: str, product: str, top: int = 20, progress: Progress | None = None) -> pd.DataFrame:
    """Pairs of stops that reinforce each other for a product: country_a, good_a, country_b, good_b, a, b, both, extra.

    Only pairs inside one group of inputs or among the sources of one good: elsewhere losses cannot reinforce each
    other. extra = both - max(a, b).
    """
    rows, weights = _market(model, market, [product])
    below = set(model.below(product)[0])
    groups = [frozenset(g) for g in _groups(model) if set(g) <= below] + [frozenset([g]) for g in sorted(below)]
    stops = [s for s in documented_stops(model) if s.good in below]
    wanted = sorted(
        {
            (a, b) if (a.country, a.good) <= (b.country, b.good) else (b, a)
            for group in groups
            for a, b in combinations([s for s in stops if s.good in group], 2)
        },
        key=lambda pair: (pair[0].country, pair[0].good, pair[1].country, pair[1].good),
    )
    alone = dict(zip(stops, (losses(model, [[s] for s in stops], rows) @ weights)[:, 0], strict=True))
    both = (losses(model, [list(pair) for pair in wanted], rows, progress=progress) @ weights)[:, 0]
    frame = pd.DataFrame(
        [
            (a.country, a.good, b.country, b.good, alone[a], alone[b], together, together - max(alone[a], alone[b]))
            for (a, b), together in zip(wanted, both, strict=True)
        ],
        columns=["country_a", "good_a", "country_b", "good_b", "a", "b", "both", "extra"],
    )
    frame = frame[frame["extra"] > FELT]
    return frame.sort_values("extra", ascending=False, kind="stable").head(top).reset_index(drop=True)


def leverage(model: Model, market: str, products: Sequence[str], progress: Progress | None = None) -> pd.DataFrame:
    """What each country could stop in a market by halting all it makes: country, goods, products_hit, worst_product,
    worst, mean; the market's own country is left out."""
    stops = documented_stops(model)
    inside = {market, *_members(model, market)}
    by_country: dict[str, list[Stop]] = {}
    for stop in stops:
        if stop.country not in inside:
            by_country.setdefault(stop.country, []).append(stop)
    rows, weights = _market(model, market, products)
    hit = losses(model, list(by_country.values()), rows, progress=progress) @ weights
    worst = hit.argmax(axis=1)
    frame = pd.DataFrame(
        {
            "country": list(by_country),
            "goods": [len(group) for group in by_country.values()],
            "products_hit": (hit > FELT).sum(axis=1),
            "worst_product": [products[k] if hit[i, k] > FELT else "" for i, k in enumerate(worst)],
            "worst": hit.max(axis=1),
            "mean": hit.mean(axis=1),
        }
    )
    return frame.sort_values(["mean", "country"], ascending=[False, True], kind="stable", ignore_index=True)


def minimal_cuts(
    model: Model, market: str, product: str, level: float = 0.5, most: int = 2, candidates: int = 40
) -> pd.DataFrame:
    """The smallest sets of country and good whose stop leaves a product at or below a level: size, stops, left.

    Searched among the `candidates` strongest single stops that stand on their own, up to `most` at once; a set that
    holds a smaller cut is not listed. Raises InputError when level is not in (0, 1) or most not in 1..4.
    """
    if not 0 < level < 1:
        raise InputError("minimal_cuts", "level", level, "a share of normal supply between 0 and 1")
    if not 1 <= most <= MAX_CUT:
        raise InputError("minimal_cuts", "most", most, f"1 to {MAX_CUT} stops at once")
    rows, weights = _market(model, market, [product])
    below = set(model.below(product)[0])
    stops = [s for s in documented_stops(model) if s.good in below]
    single = (losses(model, [[s] for s in stops], rows) @ weights)[:, 0]
    ranked = [stops[k] for k in np.argsort(-single, kind="stable") if single[k] > FELT][:candidates]
    found: list[tuple[frozenset[Stop], float]] = []
    for size in range(1, most + 1):
        tried = [set_ for set_ in combinations(ranked, size) if not any(cut <= set(set_) for cut, _ in found)]
        left = 1.0 - (losses(model, tried, rows) @ weights)[:, 0]
        found += [
            (frozenset(set_), float(value)) for set_, value in zip(tried, left, strict=True) if value <= level + FELT
        ]
    table = [
        (len(cut), "; ".join(f"{s.country} {s.good}" for s in sorted(cut, key=lambda s: (s.country, s.good))), left)
        for cut, left in found
    ]
    frame = pd.DataFrame(table, columns=["size", "stops", "left"])
    return frame.sort_values(["size", "left", "stops"], kind="stable", ignore_index=True)


def _members(model: Model, market: str) -> list[str]:
    world = model.sourcing.world
    return [world.countries[m] for m in world.blocs.get(world.country_index[market], ())]


def _groups(model: Model) -> list[list[str]]:
    edges = model.sourcing.edges
    grouped = edges[edges["group"] != ""].groupby(["output", "group"], sort=True)["input"]
    return [list(members) for _, members in grouped]
