"""What many parts of a page ask of the data or of one day: asked once, then kept. Nobody may change what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import pandas as pd

from supplychain.events import Effect
from supplychain.network import Network
from supplychain.outcomes import outcomes

Row = Mapping[Any, Any]  # column -> value


@lru_cache(maxsize=8)
def names(net: Network) -> Mapping[str, str]:
    """Good -> name."""
    goods = net.table("goods")
    return MappingProxyType(dict(zip(goods["good"], goods["name"], strict=True)))


@lru_cache(maxsize=8)
def products(net: Network) -> frozenset[str]:
    """Every good that is a product."""
    goods = net.table("goods")
    return frozenset(goods.loc[goods["kind"] == "product", "good"])


@lru_cache(maxsize=32)
def by_id(net: Network, table: str, key: str) -> pd.DataFrame:
    """A table with its ids as the index."""
    return net.table(table).set_index(key)


@lru_cache(maxsize=8)
def production(net: Network) -> pd.DataFrame:
    """The rows of production that are used, one a fact."""
    return net.tables.chosen("production")


@lru_cache(maxsize=64)
def states(net: Network, on: date) -> pd.DataFrame:
    """The first (widest) state of each event by its id."""
    return net.status(on).drop_duplicates("event").set_index("event")


@lru_cache(maxsize=64)
def state_rows(net: Network, on: date) -> Mapping[str, Row]:
    """Event -> its row of `states`."""
    return _by_index(states(net, on))


@lru_cache(maxsize=32)
def rows(net: Network, table: str) -> Mapping[str, Row]:
    """Label -> row of a table of the data."""
    return _by_index(net.table(table))


def _by_index(frame: pd.DataFrame) -> Mapping[str, Row]:
    return MappingProxyType(dict(zip(frame.index, frame.to_dict("records"), strict=True)))


@lru_cache(maxsize=1024)
def scope(net: Network, event: str, on: date) -> Mapping[str, Row]:
    """Good -> the first row of `covered` about it."""
    found: dict[str, Row] = {}
    for row in covered(net, event, on).to_dict("records"):
        found.setdefault(row["good"], row)
    return MappingProxyType(found)


@lru_cache(maxsize=1024)
def covered(net: Network, event: str, on: date) -> pd.DataFrame:
    """What an event covers on a day."""
    return net.model.calendar.covered(event, on)


@lru_cache(maxsize=256)
def effects(net: Network, on: date) -> tuple[Effect, ...]:
    """What the clauses in force on a day do to civil flows."""
    return tuple(net.model.calendar.effects(on, "civil"))


@lru_cache(maxsize=256)
def changes(net: Network, start: date, until: date) -> pd.DataFrame:
    """What changes in the legal calendar from one day to another."""
    return net.model.calendar.changes(start, until)


@lru_cache(maxsize=8)
def reported(net: Network) -> pd.DataFrame:
    """All reports on output beside what is modelled: one simulation, so all goods at once."""
    return outcomes(net)
