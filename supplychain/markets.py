"""The readings of a day in every country at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.exposure import Result
from supplychain.readings import CLASSES, CLEAN, READINGS, RUNS

COLUMNS = ("market", "product", "name", "end_use", *READINGS)


def everywhere(result: Result) -> pd.DataFrame:
    """The five static readings of each product in each country, as `Result.readings` gives them market by market.

    result: the answer for any one market; the scenario was solved for all of them. Blocs are left out (they are means
    of their members), and so is, as in the answer for one market, a military product where no row says that the
    country makes or buys it, unless it was asked for by name.
    Returns market, product, name, end_use, linked, dependent, short_low, short, short_high: shares of normal supply,
    the most short first.

    >>> from supplychain import load
    >>> bool((everywhere(load().exposure("2025-06-05", "USA"))["short"] <= 1).all())
    True
    """
    sourcing, products = result.solved.sourcing, sorted(result.asked)
    rows = sourcing.whole_countries[[sourcing.world.good_index[product] for product in products]]
    codes = np.array(sourcing.world.countries, dtype=object)[sourcing.supply_country[rows[0]]]
    by_code = np.argsort(codes)
    rows, codes = rows[:, by_code], codes[by_code]
    end_use = np.array([result.end_use(product) for product in products], dtype=object)
    first = np.array([CLASSES.index(each) * RUNS for each in end_use])
    lost = 1.0 - result.solved.arrived[rows[:, :, None], first[:, None, None] + np.arange(RUNS)]
    lost = np.where(lost < CLEAN, 0.0, np.minimum(lost, 1.0))
    homes = [result.homes(product) for product in products]
    shown = np.array([[places is None or code in places for code in codes] for places in homes])
    product, place = np.nonzero(shown)
    readings = lost[product, place].T
    order = np.lexsort([-readings[READINGS.index(name)] for name in ("linked", "dependent", "short")])
    product, place, readings = product[order], place[order], readings[:, order]
    names = np.array([result.name(each) for each in products], dtype=object)
    about = {"market": codes[place], "product": np.array(products, dtype=object)[product], "name": names[product]}
    about["end_use"] = end_use[product]
    return pd.DataFrame({**about, **dict(zip(READINGS, readings, strict=True))}, columns=list(COLUMNS))
