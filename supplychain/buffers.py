"""What stands between a stop and its effect: stock cover of each need and transit of each link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from supplychain.availability import Floats, Ints
from supplychain.sourcing import Sourcing
from supplychain.tables import Tables

ENDS = ("low", "central", "high")


@dataclass(frozen=True, eq=False)
class Buffers:
    """Of the needs and links asked for.

    stock: (needs, 3) days of normal use that each holder has, low, central, high; stock_row: (needs,) its row label
    transit: (links,) whole days from shipping to arrival, 0 at home, both legs through a trader; transit_row: (links,)
    refill: share of a day's use by which a stock grows back a day; refill_row: label
    """

    stock: Floats
    stock_row: np.ndarray[tuple[int, ...], np.dtype[np.object_]]
    transit: Ints
    transit_row: np.ndarray[tuple[int, ...], np.dtype[np.object_]]
    refill: float
    refill_row: str


def buffers(tables: Tables, sourcing: Sourcing, need: Ints, link: Ints, release: bool = False) -> Buffers:
    """Stock of these needs and transit of these links of a chain.

    Stock: the most specific rows (good, country, sector of what the holder makes), equal ones add; government stock
    only with `release`; else the default of the good, its stage, its kind, or all. Transit: the most specific row of
    lead_times (good, then exporter, then importer), else the default in the same order.
    """
    defaults = _Defaults(tables)
    places = [
        [code, *(sourcing.world.countries[b] for b in sourcing.world.blocs_of(c)), ""]
        for c, code in enumerate(sourcing.world.countries)
    ]
    stock, stock_row = _stocks(tables, sourcing, defaults, release, need, places)
    transit, transit_row = _transits(tables, sourcing, defaults, link, places)
    refill, refill_row = defaults.of("refill", "")
    return Buffers(stock, stock_row, transit, transit_row, refill[1], refill_row)


class _Defaults:
    """Assumed values: of a good, else of its stage, its kind, or of everything."""

    def __init__(self, tables: Tables) -> None:
        table = tables["assumptions"]
        ends = table[["value_low", "value", "value_high"]].to_numpy(dtype=float)
        ends = np.where(np.isnan(ends), ends[:, [1]], ends)
        keys = zip(table["name"], table["applies_to"], strict=True)
        self._values = {key: (tuple(end), str(row)) for key, end, row in zip(keys, ends, table.index, strict=True)}
        goods = tables["goods"]
        self._places = {
            good: (good, f"stage:{stage}", f"kind:{kind}", "ALL")
            for good, stage, kind in zip(goods["good"], goods["stage"], goods["kind"], strict=True)
        }

    def of(self, name: str, good: str) -> tuple[tuple[float, float, float], str]:
        for place in self._places.get(good, ("ALL",)):
            if (name, place) in self._values:
                value, row = self._values[name, place]
                return (value[0], value[1], value[2]), row
        return (0.0, 0.0, 0.0), ""


def _stocks(
    tables: Tables, sourcing: Sourcing, defaults: _Defaults, release: bool, need: Ints, places: list[list[str]]
) -> tuple[Floats, np.ndarray[tuple[int, ...], np.dtype[np.object_]]]:
    kinds = ["industry", "government"] if release else ["industry"]
    rows = tables["stocks"]
    rows = rows[rows["kind"].isin(kinds) & rows["days"].notna()]
    rows = rows.assign(low=rows["days_low"].fillna(rows["days"]), high=rows["days_high"].fillna(rows["days"]))
    by_good = {good: list(_stock_rows(group)) for good, group in rows.groupby("good", sort=False)}
    kind_of = dict(zip(tables["goods"]["good"], tables["goods"]["kind_of"], strict=True))
    sector = dict(zip(tables["goods"]["good"], tables["goods"]["sector"], strict=True))
    inputs, outputs = sourcing.edges["input"].tolist(), sourcing.edges["output"].tolist()
    needed = sourcing.need_edge[need].tolist()
    country = sourcing.node_country[sourcing.chain.need_node[need]].tolist()
    holders: dict[tuple[int, int], tuple[tuple[float, float, float], str]] = {}
    for edge, where in dict.fromkeys(zip(needed, country, strict=True)):
        good, maker = inputs[edge], outputs[edge]
        found = by_good.get(good) or by_good.get(kind_of.get(good, ""), [])
        matching = [row for row in found if row[0] in places[where] and row[1] in ("", sector.get(maker, ""))]
        if matching:
            finest = max((bool(row[0]), bool(row[1])) for row in matching)
            equal = [row for row in matching if (bool(row[0]), bool(row[1])) == finest]
            low, central, high = (sum(days) for days in zip(*(row[2:5] for row in equal), strict=True))
            holders[edge, where] = (low, central, high), ";".join(row[5] for row in equal)
        else:
            holders[edge, where] = defaults.of("default_stock", good)
    values = [holders[key] for key in zip(needed, country, strict=True)]
    labels = np.array([row for _, row in values], dtype=object)
    return np.array([days for days, _ in values], dtype=float).reshape(-1, 3), labels


def _stock_rows(group: pd.DataFrame) -> Iterable[tuple[str, str, float, float, float, str]]:
    columns = (group[name] for name in ("country", "sector", "low", "days", "high"))
    return zip(*columns, group.index, strict=True)


def _transits(
    tables: Tables, sourcing: Sourcing, defaults: _Defaults, link: Ints, places: list[list[str]]
) -> tuple[Ints, np.ndarray[tuple[int, ...], np.dtype[np.object_]]]:
    table = tables["lead_times"]
    rows: Mapping[tuple[str, str, str], tuple[float, str]] = {
        (good, exporter, importer): (days, str(row))
        for good, exporter, importer, days, row in zip(
            table["good"], table["exporter"], table["importer"], table["days"], table.index, strict=True
        )
        if not np.isnan(days)
    }
    world, chain = sourcing.world, sourcing.chain
    supply = chain.link_supply[link]
    good, buyer = sourcing.supply_good[supply], sourcing.supply_country[supply]
    maker, trader = sourcing.node_country[sourcing.link_node[link]], sourcing.link_trader[link]
    known: dict[tuple[int, int, int], tuple[float, str]] = {}

    def leg(g: int, x: int, y: int) -> tuple[float, str]:
        if x == y:
            return 0.0, ""
        if (g, x, y) not in known:
            name = world.goods[g]
            keys = ((i, a, b) for i in (name, "") for a in places[x] for b in places[y])
            found = next((rows[key] for key in keys if key in rows), None)
            if found is None:
                (_, days, _), row = defaults.of("default_transit", name)
                found = days, row
            known[g, x, y] = found
        return known[g, x, y]

    ways: dict[tuple[int, int, int, int], tuple[int, str]] = {}
    keys = list(zip(good.tolist(), maker.tolist(), trader.tolist(), buyer.tolist(), strict=True))
    for g, x, t, y in dict.fromkeys(keys):
        legs = [leg(g, x, y)] if t < 0 else [leg(g, x, t), leg(g, t, y)]
        ways[g, x, t, y] = round(sum(days for days, _ in legs)), ";".join(row for _, row in legs if row)
    days = np.array([ways[key][0] for key in keys], dtype=np.intp)
    return days, np.array([ways[key][1] for key in keys], dtype=object)
