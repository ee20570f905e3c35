"""Who makes and who uses each good, country by country, as far as rows say: what sourcing is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import networkx as nx
import numpy as np
import pandas as pd

from supplychain.availability import Bools, Floats, Ints
from supplychain.goods import part_edges
from supplychain.tables import Tables

PRODUCTION_BASES = ("output", "refining", "capacity", "maker_nationality", "proxy")


@dataclass(frozen=True)
class Maker:
    """A documented producer of one good: p, share of world output (nan = named, share unknown)."""

    producer: str
    country: int
    share: float
    spare: float
    evidence: int


@dataclass(frozen=True)
class TradeRow:
    """One documented exporter to a buyer."""

    exporter: int
    share: float
    evidence: int


@dataclass(frozen=True)
class World:
    """What sourcing is computed from: who makes and who uses each good, country by country.

    countries: codes (countries, ROW and blocs; blocs make nothing); goods: ids; makers, trade: per good
    documented, place, use: (goods, countries) share of world output that rows document, of world output made in all,
    and of world use; maker_evidence: (goods, countries) the first production row, -1 none; counted: (goods, countries)
    where a production row gives a share
    trade: good -> (importer, basis) -> rows; evidence: (row, source_id) of everything a share can rest on
    """

    countries: tuple[str, ...]
    blocs: Mapping[int, tuple[int, ...]]
    goods: tuple[str, ...]
    makers: Mapping[str, tuple[Maker, ...]]
    documented: Floats
    place: Floats
    use: Floats
    maker_evidence: Ints
    counted: Bools
    trade: Mapping[str, Mapping[tuple[str, str], list[TradeRow]]]
    evidence: tuple[tuple[str, str], ...]

    @cached_property
    def country_index(self) -> dict[str, int]:
        return {code: k for k, code in enumerate(self.countries)}

    @cached_property
    def good_index(self) -> dict[str, int]:
        return {good: k for k, good in enumerate(self.goods)}

    def members(self, country: int) -> tuple[int, ...]:
        """The members of a bloc; a country itself."""
        return self.blocs.get(country, (country,))

    def blocs_of(self, country: int) -> list[int]:
        """The blocs that a country is a member of."""
        return [bloc for bloc, members in self.blocs.items() if country in members]


def concentration(world: World, table: pd.DataFrame, goods: Sequence[str] | None = None) -> pd.DataFrame:
    """Concentration of makers: good, name, stage, hhi, leader, leader_share, documented, makers.

    HHI = sum of squared documented shares by country (0 to 1), a lower bound where `documented` is below 1; blank where
    no share is documented. table: goods; goods: only these.
    Source of the index: U.S. DOJ and FTC Merger Guidelines (2023), section 2.1.
    """
    about = table.set_index("good")
    rows = []
    for good in world.goods if goods is None else goods:
        shares = world.documented[world.good_index[good]]
        known = float(shares.sum())
        leader = int(np.argmax(shares))
        rows.append(
            {
                "good": good,
                "name": about.at[good, "name"],
                "stage": about.at[good, "stage"],
                "hhi": float((shares**2).sum()) if known > 0 else float("nan"),
                "leader": world.countries[leader] if known > 0 else "",
                "leader_share": float(shares[leader]) if known > 0 else float("nan"),
                "documented": known,
                "makers": len({maker.country for maker in world.makers[good]}),
            }
        )
    return pd.DataFrame(rows)


def build_world(tables: Tables) -> World:
    """Documented production, places and use shares of every good.

    place(g,c) = documented shares + u(g,c) x the rest that no row explains; u(i,c) = mean of place(g,c) over the goods
    g made from i; a good without users, or a cycle without documents: the manufacturing share.
    """
    frame = tables["countries"]
    codes = tuple(frame["country"])
    index = {code: k for k, code in enumerate(codes)}
    blocs = {
        index[code]: tuple(index[m] for m in members)
        for code, kind, members in zip(frame["country"], frame["kind"], frame["members"], strict=True)
        if kind == "bloc"
    }
    industry = frame["manufacturing_share"].fillna(0.0).to_numpy(dtype=float)
    industry = np.where(frame["kind"] == "bloc", 0.0, industry)
    goods = tuple(tables["goods"]["good"])
    evidence: list[tuple[str, str]] = []
    makers, documented, rest = _documented(tables, goods, index, evidence)
    use, place = _use_and_place(part_edges(tables), goods, documented, rest, industry)
    maker_evidence = np.full(place.shape, -1, dtype=np.intp)
    counted = np.zeros(place.shape, dtype=bool)
    for g, good in enumerate(goods):
        for maker in reversed(makers[good]):
            maker_evidence[g, maker.country] = maker.evidence
            counted[g, maker.country] |= not np.isnan(maker.share)
    trade = _trade(tables, goods, index, evidence)
    return World(codes, blocs, goods, makers, documented, place, use, maker_evidence, counted, trade, tuple(evidence))


def _inherited(tables: Tables, own: Mapping[str, object]) -> dict[str, str]:
    """For each good the good whose rows it uses: itself, or the nearest `kind_of` that has some."""
    kind_of = dict(zip(tables["goods"]["good"], tables["goods"]["kind_of"], strict=True))
    result = {}
    for good in kind_of:
        at, seen = good, {good}
        while at not in own and kind_of.get(at) and kind_of[at] not in seen:
            at = kind_of[at]
            seen.add(at)
        result[good] = at if at in own else good
    return result


def _documented(
    tables: Tables, goods: tuple[str, ...], index: Mapping[str, int], evidence: list[tuple[str, str]]
) -> tuple[dict[str, tuple[Maker, ...]], Floats, Floats]:
    """The makers of each good, their shares by country, and the rest that no row explains."""
    rows = tables.chosen("production")
    marked = tables["production"]["use"].reindex(rows.index) == "yes"
    rank = np.where(marked, -1, rows["basis"].map({basis: k for k, basis in enumerate(PRODUCTION_BASES)}))
    rows = rows.assign(rank=rank)
    rows = rows[rows["rank"] == rows.groupby("good")["rank"].transform("min")]
    by_good: dict[str, list[Maker]] = {}
    named = ["good", "producer", "country", "share", "spare", "source_id"]
    for row, (good, producer, country, share, spare, source) in zip(
        rows.index, rows[named].itertuples(index=False), strict=True
    ):
        spare = 0.0 if np.isnan(spare) else spare
        by_good.setdefault(good, []).append(Maker(producer, index[country], share, spare, len(evidence)))
        evidence.append((row, source))
    inherited = _inherited(tables, by_good)
    makers = {good: tuple(by_good.get(inherited[good], ())) for good in goods}
    documented = np.zeros((len(goods), len(index)))
    rest = np.ones(len(goods))
    elsewhere = index.get("ROW", -1)
    for g, good in enumerate(goods):
        for maker in makers[good]:
            documented[g, maker.country] += 0.0 if np.isnan(maker.share) else maker.share
        rest[g] = max(0.0, 1.0 - documented[g].sum())
        if rest[g] < 1e-9:
            rest[g] = 0.0
        if any(m.country == elsewhere and np.isnan(m.share) for m in makers[good]):
            documented[g, elsewhere] += rest[g]
            rest[g] = 0.0
    return makers, documented, rest


def _use_and_place(
    edges: pd.DataFrame, goods: tuple[str, ...], documented: Floats, rest: Floats, industry: Floats
) -> tuple[Floats, Floats]:
    index = {good: k for k, good in enumerate(goods)}
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(goods)))
    graph.add_edges_from((index[i], index[o]) for i, o in zip(edges["input"], edges["output"], strict=True))
    use = np.tile(industry, (len(goods), 1))
    place = documented.copy()
    condensed = nx.condensation(graph)
    for component in reversed(list(nx.topological_sort(condensed))):
        members = sorted(condensed.nodes[component]["members"])
        cyclic = len(members) > 1 or graph.has_edge(members[0], members[0])
        if cyclic:  # an undocumented cycle has no users to ask
            for g in members:
                place[g] = documented[g] + industry * rest[g]
        for g in members:
            users = list(graph.successors(g))
            if users and not (cyclic and all(rest[user] == 1.0 for user in users)):
                use[g] = place[sorted(users)].mean(axis=0)
        for g in members:
            place[g] = documented[g] + use[g] * rest[g]
    return use, place


def _trade(
    tables: Tables, goods: tuple[str, ...], index: Mapping[str, int], evidence: list[tuple[str, str]]
) -> dict[str, dict[tuple[str, str], list[TradeRow]]]:
    """The used trade rows: good -> (importer (country, bloc or producer), basis) -> rows."""
    rows = tables.chosen("trade")
    by_good: dict[str, dict[tuple[str, str], list[TradeRow]]] = {}
    columns = ["good", "importer", "basis", "exporter", "share", "source_id"]
    for row, (good, importer, basis, exporter, share, source) in zip(
        rows.index, rows[columns].itertuples(index=False), strict=True
    ):
        found = by_good.setdefault(good, {}).setdefault((importer, basis), [])
        found.append(TradeRow(index[exporter], share, len(evidence)))
        evidence.append((row, source))
    inherited = _inherited(tables, by_good)
    return {good: by_good[inherited[good]] for good in goods if inherited[good] in by_good}
