"""The legal calendar of a day, kept: several parts of a page ask the same."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import pandas as pd

from supplychain.network import Network


@lru_cache(maxsize=64)
def status(net: Network, on: date) -> pd.DataFrame:
    """`net.status` of a day. Do not change it."""
    return net.status(on)


@lru_cache(maxsize=64)
def states(net: Network, on: date) -> pd.DataFrame:
    """The first (widest) state of each event by its id. Do not change it."""
    return status(net, on).drop_duplicates("event").set_index("event")


@lru_cache(maxsize=1024)
def covered(net: Network, event: str, on: date) -> pd.DataFrame:
    """What an event covers on a day. Do not change it."""
    return net.model.calendar.covered(event, on)
