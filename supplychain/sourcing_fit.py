"""Does sourcing fit what is known? Sources found by the surplus rule against import rows kept aside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from supplychain.availability import Floats
from supplychain.model import Model
from supplychain.sourcing import routes_of
from supplychain.world import World


def sourcing_fit(model: Model, country: str = "CHN") -> pd.DataFrame:
    """How well the surplus rule finds the origins of imports whose rows are kept aside, importer by importer.

    For each good with import rows of two or more importers: the rows of one importer (and of its blocs) are dropped,
    its sources are computed, and both are compared as shares of its imports by country of origin.
    distance = 1/2 sum |documented - computed| (total variation, 0 to 1), mae = mean over origins in either.

    country: whose share is shown apart. Raises UnknownIdError.
    Columns: good, importer, origins, distance, mae, documented, computed (share of `country`, nan where it is the
    importer), error. Where nobody is known to make the good, nothing can be computed: distance nan.
    """
    world = model.sourcing.world
    shown = world.country_index[model.tables.resolve(country, "country")]
    rows: list[dict[str, object]] = []
    own = set(model.tables["trade"]["good"])  # not the goods that inherit these rows
    for good, table in sorted((good, table) for good, table in world.trade.items() if good in own):
        importers = sorted({importer for importer, basis in table if basis == "imports"} & world.country_index.keys())
        for importer in importers if len(importers) > 1 else ():
            told, computed = (_origins(w, good, importer) for w in (world, _without(world, good, importer)))
            if told is None:
                continue
            row: dict[str, object] = {"good": good, "importer": importer, "origins": int((told > 0).sum())}
            if computed is None:
                rows.append(row)
                continue
            apart = np.abs(told - computed)
            itself = world.country_index[importer] == shown
            row |= {
                "distance": apart.sum() / 2,
                "mae": apart[(told > 0) | (computed > 0)].mean(),
                "documented": np.nan if itself else told[shown],
                "computed": np.nan if itself else computed[shown],
                "error": np.nan if itself else computed[shown] - told[shown],
            }
            rows.append(row)
    columns = ["good", "importer", "origins", "distance", "mae", "documented", "computed", "error"]
    return pd.DataFrame(rows, columns=columns)


def sourcing_summary(frame: pd.DataFrame) -> pd.DataFrame:
    """`sourcing_fit` by good and in all (last row): good, importers, distance, mae, error, abs_error (means)."""
    rows = []
    for good, group in [*frame.groupby("good", sort=True), ("all", frame)]:
        means = group[["distance", "mae", "error"]].mean()
        rows.append({"good": good, "importers": len(group), **means, "abs_error": group["error"].abs().mean()})
    return pd.DataFrame(rows)


def _without(world: World, good: str, importer: str) -> World:
    """The world without the trade rows of one importer of a good: its own, its blocs', its members'."""
    c = world.country_index[importer]
    names = {importer, *(world.countries[b] for b in world.blocs_of(c))}
    names |= {world.countries[m] for m in world.blocs.get(c, ())}
    kept = {key: rows for key, rows in world.trade[good].items() if key[0] not in names}
    return replace(world, trade={**world.trade, good: kept})


def _origins(world: World, good: str, importer: str) -> Floats | None:
    """Shares of an importer's imports by country of origin; None where it imports nothing from a documented maker."""
    c = world.country_index[importer]
    inside = np.array(world.members(c), dtype=np.intp)
    routes = routes_of(world, good, inside)
    weight = world.use[world.good_index[good], inside]
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(inside), 1 / len(inside))
    abroad = ~np.isin(routes.origin, inside)
    share = (routes.share * weight[routes.supply])[abroad]
    result = np.bincount(routes.origin[abroad], share, minlength=len(world.countries)).astype(float)
    return None if result.sum() <= 0 else np.asarray(result / result.sum())
