"""Does it fit what happened to products? Reported stops, cuts and normal output beside the modelled felt exposure.

No outcome is used to compute or to fit anything, so all of it is out of sample.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from supplychain.network import Network
from supplychain.scenario import Scenario
from supplychain.timeline import Simulation, first_effect, plan, run

UNNOTICED = 0.05  # a loss below this would hardly be reported, so "not hit" leaves room for it
NOTHING = 0.005  # modelled losses below this count as none
EVERYWHERE, REST = "ALL", "ROW"
FITS = ("agrees", "within range", "too high", "too low", "not compared")
EFFECTS = {
    "stopped": "plants stood still",
    "cut": "less made than planned",
    "late": "deliveries late",
    "rationed": "suppliers turned buyers away",
    "none": "not hit",
}
COLUMNS = (
    "outcome", "good", "market", "from", "until", "effect", "lost_low", "lost", "lost_high", "felt_low", "felt",
    "felt_high", "fit", "cause", "event", "source_id", "confidence", "note",
)  # fmt: skip


def outcomes(net: Network, good: str | None = None, progress: Callable[[int], None] | None = None) -> pd.DataFrame:
    """Reported outcomes beside the modelled ones, one row a report.

    felt = mean over the days of the report of the output lost after stocks and transit (low, central, high), all
    events in force, each product in its own end-use class; for the world (`ALL`) the mean over the countries whose
    share of its output is documented, weighted by it, blank where none is.
    What a report allows: the stated range, 0.05 to either side; without figures, `none` allows a loss of up to 0.05,
    the others any loss.
    fit: agrees (the central run is allowed), within range (only some of low to high is), too high, too low, not
    compared.

    good: only reports about this good; progress(days) is called now and then while the days are simulated.
    Columns: outcome, good, market, from, until, effect, lost_low, lost, lost_high (shares of normal output), felt_low,
    felt, felt_high, fit, cause, event, source_id, confidence, note. Raises UnknownIdError.

    >>> from supplychain import load
    >>> set(outcomes(load())["fit"]) <= set(FITS)
    True
    """
    table = net.table("outcomes")
    if good is not None:
        table = table[table["good"] == net.tables.resolve(good)]
    if table.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    felt = _felt(net, table, progress)
    frame = table.reset_index(drop=True).join(pd.DataFrame(felt, columns=["felt_low", "felt", "felt_high"]))
    frame["fit"] = [_fit(row) for row in frame.to_dict("records")]
    return frame[list(COLUMNS)].sort_values(["from", "outcome"], kind="stable", ignore_index=True)


def _felt(net: Network, table: pd.DataFrame, progress: Callable[[int], None] | None) -> list[list[float]]:
    """felt low, central, high of each report, from one simulation of all the goods and places that are named."""
    places = [_places(net, good, market) for good, market in zip(table["good"], table["market"], strict=True)]
    starts = [day.date() for day in table["from"]]
    ends = [day.date() for day in table["until"].fillna(table["from"])]
    named = sorted({place for mine in places for place in mine})
    if not named:
        return [[np.nan] * 3] * len(table)
    model, scenario = net.model, Scenario(on=max(ends), market=named[0], products=tuple(sorted(set(table["good"]))))
    results = {place: net.ask(scenario.changed(market=place)) for place in named}
    begins = [first_effect(model, scenario, day) for day in (min(starts), max(ends))]
    begin = min((day for day in begins if day is not None), default=max(ends))
    rows = [x.supplies(good)[0] for x in results.values() for good in x.products]
    simulated = run(
        model, scenario, plan(model, scenario, begin, max(ends)), np.unique(np.concatenate(rows)), progress=progress
    )
    felt = []
    for good, mine, start, end in zip(table["good"], places, starts, ends, strict=True):
        days = slice(max(0, (start - begin).days), max(0, (end - begin).days + 1))  # before day 0 nothing is lost
        lost = [w * Simulation(results[p], simulated).losses(good)[days].sum(axis=0) for p, w in mine.items()]
        felt.append((np.sum(lost, axis=0) / ((end - start).days + 1)).tolist() if lost else [np.nan] * 3)
    return felt


def _places(net: Network, good: str, market: str) -> dict[str, float]:
    """Where to look for a report's market: itself, or for the world the documented makers with their weights."""
    if market != EVERYWHERE:
        return {market: 1.0}
    world = net.model.sourcing.world
    made = world.documented[world.good_index[good]]
    inside = [c for c in np.flatnonzero(made) if world.countries[c] != REST]
    return {world.countries[c]: float(made[c] / made[inside].sum()) for c in inside}


def _fit(row: Mapping[Hashable, Any]) -> str:
    """How the modelled range lies to what the report allows."""
    if np.isnan(row["felt"]):
        return "not compared"
    least, most = (0.0, UNNOTICED) if row["effect"] == "none" else (NOTHING, 1.0)
    if not np.isnan(row["lost"]):
        least, most = row["lost"], row["lost"]
        least = least if np.isnan(row["lost_low"]) else row["lost_low"]
        most = max(most if np.isnan(row["lost_high"]) else row["lost_high"], least)
        least, most = least - UNNOTICED, most + UNNOTICED
    if least <= row["felt"] <= most:
        return "agrees"
    if row["felt_low"] > most:
        return "too high"
    return "too low" if row["felt_high"] < least else "within range"


def last_report(net: Network, good: str, market: str, on: date) -> pd.Series | None:
    """The last report on a good's output in a market (or the world) that begins by a day: a row of `outcomes`."""
    table = net.table("outcomes")
    rows = table[(table["good"] == good) & table["market"].isin([market, EVERYWHERE])]
    rows = rows[rows["from"] <= pd.Timestamp(on)].sort_values(["from", "outcome"], kind="stable")
    return None if rows.empty else rows.iloc[-1]


def fit_counts(frame: pd.DataFrame) -> pd.DataFrame:
    """How many reports of each effect the model agrees with: effect, reports, then one column a kind of fit."""
    counts = pd.crosstab(frame["effect"], frame["fit"]).reindex(columns=list(FITS), fill_value=0)
    counts.insert(0, "reports", counts.sum(axis=1))
    counts.loc["all"] = counts.sum()
    return counts.reset_index(names="effect").rename_axis(columns=None)
