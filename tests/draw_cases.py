"""Small worlds with ranges, and what is drawn from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from worlds import ON, clause

import supplychain as sc
from supplychain.draws import DRAWN
from supplychain.sample import Draws, sample
from supplychain.tables import Tables

N = 4_000
PRODUCT_Q = {"good": "q", "kind": "product", "stage": "product"}


def ranged(column: str, low: float | None, central: float | None, high: float | None) -> dict[str, Any]:
    return {f"{column}_low": low, column: central, f"{column}_high": high}


def stop(event: str = "stop", low: float = 0.2, central: float = 0.5, high: float = 0.9, **more: Any) -> dict[str, Any]:
    found = clause(event, central, **more)
    found["severities"][0] |= ranged("severity", low, central, high)
    return found


def drawn(net: sc.Network, draws: int = N, seed: int = 0, market: str = "USA", **options: Any) -> Draws:
    return sample(net.exposure(ON, market, **options), draws, seed)


def of_p(found: Draws) -> np.ndarray[Any, np.dtype[np.float64]]:
    return found.short[found.products.index("p")]


def without_ranges(*tables: str) -> sc.Network:
    """The reference data with the ranges of some tables blank."""
    whole = sc.load().tables
    frames = {name: whole[name] for name in whole}
    for name, column, _ in DRAWN:
        if name in tables:
            blank = {f"{column}_{end}": np.nan for end in ("low", "high")}
            frames[name] = frames[name].assign(**blank)
    return sc.Network(Tables(frames, {}, whole.version, whole.knowledge_until))
