"""From whom each country gets each good: home, imports, surplus and traders, as links of a chain.

A supply is a good arriving at a buyer: the industry or market of a country, or a producer that a row names. A node is
a good made by one producer. Every share of a supply knows its basis and the row it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from supplychain.availability import Bools, Chain, Floats, Ints
from supplychain.goods import part_edges
from supplychain.tables import Tables
from supplychain.world import Maker, TradeRow, World, build_world

BASES = ("home", "imports", "supply", "surplus", "assumed")
TINY = 1e-12

Key = tuple[int, int, str]  # good, country, named buyer or ''


@dataclass(frozen=True, eq=False)
class Sourcing:
    """The chain of the data with what its arrays stand for.

    node_*: (N,) good, producer, country of each node and its share of world output (nan unknown), spare
    supply_*: (M,) good, country, named buyer ('' = the whole country), use share, and the part that is assumed
    link_*: (links,) basis (position in BASES), trader (country, -1 none), evidence (position in World.evidence, -1)
    need_*: (Q,) row number in `edges` of each need
    """

    world: World
    edges: pd.DataFrame
    chain: Chain
    node_good: Ints
    node_producer: NDArray[np.object_]
    node_country: Ints
    node_share: Floats
    node_spare: Floats
    supply_good: Ints
    supply_country: Ints
    supply_buyer: NDArray[np.object_]
    supply_use: Floats
    supply_assumed: Floats
    link_basis: Ints
    link_trader: Ints
    link_evidence: Ints
    need_edge: Ints
    supply_of: Mapping[Key, int] = field(repr=False)

    @cached_property
    def link_node(self) -> Ints:
        return self.chain.share.indices.astype(np.intp)

    @cached_property
    def edge_criticality(self) -> Floats:
        """(edges,) central criticality."""
        result: Floats = self.edges["criticality"].to_numpy(dtype=np.float64)
        return result

    @cached_property
    def edge_evidence(self) -> list[tuple[str, str, str]]:
        """Row label, source_id and confidence of each edge."""
        columns = (self.edges[name].tolist() for name in ("row", "source_id", "confidence"))
        return list(zip(*columns, strict=True))

    @cached_property
    def _good_start(self) -> Ints:
        """The first supply row of each good; supplies of one good stand side by side."""
        return np.searchsorted(self.supply_good, np.arange(len(self.world.goods) + 1))

    def links_of_good(self, good: int) -> slice:
        """The links into the supplies of a good."""
        start, stop = self._good_start[good : good + 2]
        return slice(int(self.chain.share.indptr[start]), int(self.chain.share.indptr[stop]))

    @cached_property
    def whole_countries(self) -> Ints:
        """(goods, countries without blocs) the supply rows of whole countries, in the order of `World`."""
        return np.flatnonzero(self.supply_buyer == "").reshape(len(self.world.goods), -1)

    def supply(self, good: str, country: str, buyer: str = "") -> int:
        """The supply row of a good in a country (or of a named buyer there)."""
        key = (self.world.good_index[good], self.world.country_index[country], buyer)
        return self.supply_of[key]


# --- the sources of a supply ---


@dataclass(frozen=True)
class Routes:
    """Ways into supplies, side by side: `share` of supply `supply` comes from the makers of country `origin`.

    trader: country that sells it on (-1 none); basis: position in BASES;
    evidence: position in `World.evidence` (-1 none)
    """

    supply: Ints
    origin: Ints
    trader: Ints
    share: Floats
    basis: Ints
    evidence: Ints


def routes_of(world: World, good: str, countries: Ints, buyer: str = "") -> Routes:
    """Where the supplies of a good in these countries come from; the shares of each supply sum to 1.

    Home h = the own `supply` row, else min(what the supply rows leave, place / u), documented first, the rest assumed;
    the remaining 1 - h from documented imports, else from the exporters' surplus max(0, place - u), else from the
    other makers in proportion to p.
    """
    g = world.good_index[good]
    count = len(countries)
    written: list[tuple[int, int, int, float, int, int]] = []
    left, own_row, imported = np.ones(count), np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    imports: dict[int, list[TradeRow]] = {}
    for k, country in enumerate(countries if good in world.trade else ()):
        supply, found = _rows_of(world, good, int(country), buyer)
        for row in supply:
            written += [(k, *way, BASES.index("supply"), row.evidence) for way in _ways(world, good, country, row)]
            left[k] = max(0.0, left[k] - row.share)
            own_row[k] |= row.exporter == country
        if found:
            imports[k], imported[k] = found, True
    sure, assumed = _home(world, g, countries, np.where(own_row, 0.0, left), imported)
    left = left - sure - assumed
    for k, found in imports.items():
        total = sum(row.share for row in found)
        scale = left[k] / max(1.0, total)
        for row in found:
            part = replace(row, share=row.share * scale)
            written += [
                (k, *way, BASES.index("imports"), row.evidence) for way in _ways(world, good, countries[k], part)
            ]
        assumed[k] += left[k] - scale * total
        left[k] = 0.0
    surplus = _surplus(world, g, countries) * left[:, None]
    assumed = assumed + left - surplus.sum(axis=1)
    at, origin = np.nonzero(surplus > TINY)
    rows = np.array(written, dtype=float).reshape(-1, 6)
    everyone, nobody = np.arange(count), np.full(count, -1)
    parts = [
        (rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], rows[:, 4], rows[:, 5]),
        (everyone, countries, nobody, sure, np.full(count, BASES.index("home")), world.maker_evidence[g, countries]),
        (everyone, countries, nobody, assumed, np.full(count, BASES.index("assumed")), nobody),
        (at, origin, np.full(len(at), -1), surplus[at, origin], np.full(len(at), BASES.index("surplus")),
         world.maker_evidence[g, origin]),
    ]  # fmt: skip
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    share = columns.pop(3)
    keep = share > TINY
    supplied, origins, trader, basis, evidence = (column[keep].astype(np.intp) for column in columns)
    return Routes(supplied, origins, trader, share[keep], basis, evidence)


def _home(world: World, g: int, countries: Ints, left: Floats, imported: Bools) -> tuple[Floats, Floats]:
    """The share of a supply that its own country makes: by a production row, and by assumption."""
    use, place, documented = (x[g, countries] for x in (world.use, world.place, world.documented))
    makes = (place > 0) | (world.maker_evidence[g, countries] >= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        home = np.where(use > 0, np.minimum(left, place / use), np.where(makes, left, 0.0))
        sure = np.where(use > 0, np.minimum(home, documented / use), np.where(documented > 0, home, 0.0))
    named = (world.maker_evidence[g, countries] >= 0) & ~world.counted[g, countries]
    unknown = named | (not world.makers[world.goods[g]])  # how much: documented imports if any, else its own
    home = np.where(unknown, np.where(imported, 0.0, left), home)
    sure = np.where(unknown, 0.0, sure)
    return sure, home - sure


def _surplus(world: World, g: int, countries: Ints) -> Floats:
    """Exporters' shares for each country: by surplus; with no surplus anywhere, the other makers in proportion to p."""
    weight = np.maximum(0.0, world.place[g] - world.use[g])
    weight[weight < TINY] = 0.0
    shares = np.tile(weight, (len(countries), 1))
    shares[np.arange(len(countries)), countries] = 0.0
    empty = shares.sum(axis=1) <= 0
    shares[empty] = world.documented[g]
    shares[np.arange(len(countries)), countries] = 0.0
    total = shares.sum(axis=1, keepdims=True)
    result: Floats = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    return result


def _rows_of(world: World, good: str, country: int, buyer: str) -> tuple[list[TradeRow], list[TradeRow]]:
    """The supply and the import rows that speak for a buyer: its own, else its country's, else its bloc's."""
    rows = world.trade.get(good, {})
    names = [buyer] if buyer else []
    names += [world.countries[country], *(world.countries[b] for b in world.blocs_of(country))]
    supply: list[TradeRow] = []
    imports: list[TradeRow] = []
    nearer = False  # a buyer's own rows go before its country's, the country's before its bloc's
    for name in names:
        told, bought = rows.get((name, "supply"), []), rows.get((name, "imports"), [])
        supply = supply if nearer else told
        imports = imports or bought
        nearer = nearer or bool(told or bought)
    return supply, [row for row in imports if row.exporter != country]


def _makes(world: World, good: str, country: int) -> bool:
    """Whether a country makes a good by a row; where no row names anybody, every exporter counts as a maker."""
    return not world.makers[good] or bool(world.maker_evidence[world.good_index[good], country] >= 0)


def _ways(world: World, good: str, buyer: int, row: TradeRow) -> list[tuple[int, int, float]]:
    """(origin, trader, share) of a trade row: what an exporter that makes none sells comes from the makers, by p."""
    g, exporter = world.good_index[good], row.exporter
    if exporter in world.blocs:
        inside = [m for m in world.makers[good] if m.country in world.blocs[exporter]]
        weights = [0.0 if np.isnan(m.share) else m.share for m in inside]
        weights = weights if sum(weights) > 0 else [1.0] * len(inside)  # named only: alike
        if inside:
            return [(m.country, -1, row.share * w / sum(weights)) for m, w in zip(inside, weights, strict=True) if w]
    elif exporter == buyer or _makes(world, good, exporter):
        return [(exporter, -1, row.share)]
    made = world.documented[g] / max(world.documented[g].sum(), TINY)
    if made.any():
        return [(int(x), exporter, row.share * float(made[x])) for x in np.flatnonzero(made)]
    members = list(world.members(exporter))  # nobody says who makes it: the exporter, or its members
    place = world.place[g, members]
    parts = place / place.sum() if place.sum() > 0 else np.full(len(members), 1 / len(members))
    return [(m, -1, row.share * float(part)) for m, part in zip(members, parts, strict=True)]


# --- the chain ---


def build_sourcing(tables: Tables, world: World | None = None, buyers: Iterable[str] = ()) -> Sourcing:
    """The chain of a data package: supplies of every good in every country, and of the producers that rows name.

    buyers: producers that need supplies of their own because a clause lists them.
    """
    world = build_world(tables) if world is None else world
    edges = part_edges(tables)
    countries = np.array([c for c in range(len(world.countries)) if c not in world.blocs], dtype=np.intp)
    listed = set(buyers)
    named = _named_buyers(world, listed)
    supply_good: list[Ints] = []
    supply_country: list[Ints] = []
    supply_buyer: list[str] = []
    found: list[tuple[Ints, Routes]] = []
    count = 0
    for g, good in enumerate(world.goods):
        special = [p for p in named if p in listed or any(p == name for name, _ in world.trade.get(good, {}))]
        for buyer, where in [("", countries), *((p, np.array([named[p]])) for p in special)]:
            routes = routes_of(world, good, where, buyer)
            found.append((np.full(len(routes.share), g), replace(routes, supply=routes.supply + count)))
            supply_good.append(np.full(len(where), g))
            supply_country.append(where)
            supply_buyer += [buyer] * len(where)
            count += len(where)
    goods, places, buyers_of = (
        np.concatenate(supply_good),
        np.concatenate(supply_country),
        np.array(supply_buyer, object),
    )
    nodes = _nodes(world, found)
    link = _links(world, nodes, found)
    chain_share = csr_array(
        (link.share, link.node, np.searchsorted(link.supply, np.arange(count + 1))), shape=(count, len(nodes.good))
    )
    supply_of = {key: row for row, key in enumerate(zip(goods.tolist(), places.tolist(), supply_buyer, strict=True))}
    needs, need_edge = _needs(edges, world, nodes, supply_of)
    by_assumption = link.basis == BASES.index("assumed")
    assumed = np.bincount(link.supply[by_assumption], link.share[by_assumption], minlength=count).astype(float)
    use = _use_of(world, edges, nodes, goods, places, buyers_of, supply_of)
    return Sourcing(
        world, edges, Chain(chain_share, *needs), nodes.good, nodes.producer, nodes.country, nodes.share,
        nodes.spare, goods, places, buyers_of, use, assumed,
        link.basis, link.trader, link.evidence, need_edge, supply_of,
    )  # fmt: skip


def _named_buyers(world: World, listed: set[str]) -> dict[str, int]:
    """Producers with supplies of their own, and their country."""
    country = {m.producer: m.country for makers in world.makers.values() for m in makers}
    wanted = listed | {importer for rows in world.trade.values() for importer, _ in rows}
    return {p: c for p, c in sorted(country.items()) if p in wanted and p not in world.country_index}


@dataclass(frozen=True)
class _Nodes:
    good: Ints
    producer: NDArray[np.object_]
    country: Ints
    share: Floats
    spare: Floats
    part: Floats  # of what the country sells of the good
    first: Ints  # (goods x countries + 1,) the nodes of a good in a country stand side by side


def _nodes(world: World, found: list[tuple[Ints, Routes]]) -> _Nodes:
    """Every documented producer, and the undocumented industry of a country where a supply assumes one."""
    size = len(world.countries)
    assumed = {int(k) for g, routes in found for k in np.unique(g * size + routes.origin)}
    rows: list[tuple[int, str, int, float, float, float]] = []
    for g, good in enumerate(world.goods):
        by_country: dict[int, list[Maker]] = {}
        for maker in world.makers[good]:
            by_country.setdefault(maker.country, []).append(maker)
        for country in range(size):
            makers = by_country.get(country)
            if makers is None and g * size + country in assumed:
                rows.append((g, world.countries[country], country, float(world.place[g, country]), 0.0, 1.0))
            for maker in makers or ():
                known = sum(m.share for m in makers or () if not np.isnan(m.share))
                own = 0.0 if np.isnan(maker.share) else maker.share
                of_country = own / known if known > 0 else 1.0 / len(makers or ())
                rows.append((g, maker.producer, country, maker.share, maker.spare, of_country))
    columns = pd.DataFrame(rows, columns=["good", "producer", "country", "share", "spare", "part"])
    good_at, country_at = (columns[name].to_numpy(dtype=np.intp) for name in ("good", "country"))
    first = np.searchsorted(good_at * size + country_at, np.arange(len(world.goods) * size + 1))
    share, spare, part = (columns[name].to_numpy(dtype=float) for name in ("share", "spare", "part"))
    return _Nodes(good_at, columns["producer"].to_numpy(dtype=object), country_at, share, spare, part, first)


@dataclass(frozen=True)
class _Links:
    supply: Ints
    node: Ints
    share: Floats
    basis: Ints
    trader: Ints
    evidence: Ints


def _links(world: World, nodes: _Nodes, found: list[tuple[Ints, Routes]]) -> _Links:
    """Routes led on from countries to their producers, in the order of supplies."""
    good = np.concatenate([g for g, _ in found])
    columns = ("supply", "origin", "trader", "share", "basis", "evidence")
    supply, origin, trader, share, basis, evidence = (
        np.concatenate([getattr(routes, name) for _, routes in found]) for name in columns
    )
    place = good * len(world.countries) + origin
    start, length = nodes.first[place], nodes.first[place + 1] - nodes.first[place]
    at = np.repeat(np.arange(len(place)), length)
    node = np.repeat(start - np.cumsum(length) + length, length) + np.arange(length.sum())
    part = share[at] * nodes.part[node]
    order = np.lexsort((node, supply[at]))
    order = order[part[order] > 0]
    at = at[order]
    return _Links(supply[at], node[order], part[order], basis[at], trader[at], evidence[at])


def _use_of(
    world: World, edges: pd.DataFrame, nodes: _Nodes, good: Ints, country: Ints, buyer: NDArray[np.object_],
    supply_of: Mapping[Key, int],
) -> Floats:  # fmt: skip
    """u of each supply; a named buyer's is taken off its country's industry.

    u(i, firm) = mean over the goods g made from i of place(g, c) x the firm's part of what c makes of g
    """
    use = world.use[good, country]
    users: dict[str, list[int]] = {}
    for made_from, output in zip(edges["input"], edges["output"], strict=True):
        users.setdefault(made_from, []).append(world.good_index[output])
    for row in np.flatnonzero(buyer != ""):
        outputs = users.get(world.goods[good[row]], [])
        mine = (nodes.producer == buyer[row]) & (nodes.country == country[row])
        parts = [world.place[g, country[row]] * nodes.part[mine & (nodes.good == g)].sum() for g in outputs]
        use[row] = float(np.mean(parts)) if parts else 0.0
        use[supply_of[int(good[row]), int(country[row]), ""]] -= use[row]
    return np.maximum(use, 0.0)


def _needs(
    edges: pd.DataFrame, world: World, nodes: _Nodes, supply_of: Mapping[Key, int]
) -> tuple[tuple[Ints, Ints, Ints, Floats, Floats, Bools], Ints]:
    """One need for each node and each input of its good, groups side by side: Chain's columns, rows of `edges`."""
    index = world.good_index
    by_output: dict[int, list[list[int]]] = {}
    for k, (output, group) in enumerate(zip(edges["output"], edges["group"], strict=True)):
        groups = by_output.setdefault(index[output], [])
        member_of = next((g for g in groups if group and edges["group"].iat[g[0]] == group), None)
        if member_of is None:
            groups.append([k])
        else:
            member_of.append(k)
    size = edges.groupby(["output", "group"])["input"].transform("size")
    blank = edges.groupby(["output", "group"])["group_share"].transform("count") == 0
    lone = edges["group"] == ""
    weight = np.where(lone, 1.0, np.where(blank, 1.0 / size, edges["group_share"].fillna(0.0)))
    takeover = np.where(lone, 0.0, edges["takeover"].fillna(0.0))
    essential = (edges["effect"] != "adds").to_numpy()
    inputs = [index[i] for i in edges["input"]]
    found: list[tuple[int, int, int, int]] = []
    group_number = -1
    for number, (g, producer, country) in enumerate(
        zip(nodes.good.tolist(), nodes.producer, nodes.country.tolist(), strict=True)
    ):
        for members in by_output.get(g, ()):
            group_number += 1
            for k in members:
                own = supply_of.get((inputs[k], country, producer))
                found.append((number, supply_of[inputs[k], country, ""] if own is None else own, group_number, k))
    needs = np.array(found, dtype=np.intp).reshape(-1, 4)
    at = needs[:, 3]
    return (needs[:, 0], needs[:, 1], needs[:, 2], weight[at], takeover[at], essential[at]), at


def sourcing_frame(sourcing: Sourcing, good: str, country: str, buyer: str = "") -> pd.DataFrame:
    """Where a country gets a good: producer, share, basis, trader, source_id; largest share first."""
    supply = sourcing.supply(good, country, buyer)
    start, end = sourcing.chain.share.indptr[supply : supply + 2]
    links = np.arange(start, end)
    node = sourcing.link_node[links]
    countries = np.array([*sourcing.world.countries, ""], dtype=object)
    frame = pd.DataFrame(
        {
            "producer": sourcing.node_producer[node],
            "share": sourcing.chain.share.data[links],
            "basis": np.array(BASES, dtype=object)[sourcing.link_basis[links]],
            "trader": countries[sourcing.link_trader[links]],
            "source_id": [sourcing.world.evidence[e][1] if e >= 0 else "" for e in sourcing.link_evidence[links]],
        }
    )
    return frame.sort_values(["share", "producer"], ascending=[False, True], kind="stable", ignore_index=True)
