"""What the page of an event says and shows, as plain functions of a view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard import kept
from dashboard.product_views import good_link, names
from dashboard.state import View
from dashboard.views import date_words
from supplychain.figures.style import listed
from supplychain.network import Network
from supplychain.readings import LINKED

ACTS = {
    "export": "restricts exports from {issuer} to {where}",
    "import": "restricts imports into {issuer} from {where}",
    "output": "cuts output in {issuer}",
    "reexport": "reaches goods that other countries send to {where}",
    "nothing": "restricts no flow by itself",
}
MEASURES = {
    "licence": "a licence requirement", "ban": "a ban", "quota": "a quota", "end_user_ban": "an end-user ban",
    "entity_list": "an entity list", "extraterritorial": "a rule for foreign-made goods",
    "technology": "a control of technology", "supply_stop": "a supply stop", "tariff": "a tariff",
    "agreement": "an agreement", "easing": "an easing", "reporting": "a reporting duty",
}  # fmt: skip
END_USES = {"any": "any end use", "civil": "civil end use", "military": "military end use", "listed": "listed firms"}
BEFORE = 3  # observations before the clause that a baseline needs at least
YEAR = pd.DateOffset(months=13)
FLOW = ["exporter", "importer", "good", "period", "unit"]
SERIES = ["date", "observed", "modelled", "modelled_low", "modelled_high", "used_for_severity", "source_id"]


def event_of(view: View) -> str:
    """Id of the event that the page is about. Raises UnknownIdError."""
    return view.net.tables.resolve(view.item, "event")


def fact(view: View) -> pd.Series:
    """Its row in the table of events."""
    return kept.by_id(view.net, "events", "event").loc[event_of(view)]


def status(view: View) -> pd.DataFrame:
    """Its state on the day, one row where all destinations are alike."""
    frame = view.net.status(view.on)
    return frame[frame["event"] == event_of(view)].reset_index(drop=True)


def scope(view: View) -> pd.DataFrame:
    """What it covers: item, role, coverage, threshold, good and where it leads."""
    frame = kept.covered(view.net, event_of(view), view.on).drop(columns=["event"])
    called = names(view)
    frame.insert(0, "name", [called.get(good, "not in the graph") for good in frame["good"]])
    return frame.assign(to_good=[good_link(view, good) if good else "" for good in frame["good"]])


def places(view: View, codes: Iterable[str]) -> str:
    """Destinations in words."""
    countries = kept.by_id(view.net, "countries", "country")["name"]
    words = [str(countries.get(code, code)) for code in codes]
    return "every country" if list(codes) == ["ALL"] else listed(words, 4)


def answer(view: View) -> str:
    """The legal scope in plain words and the state of the day."""
    about, covered = fact(view), scope(view)
    issuer = kept.by_id(view.net, "countries", "country")["name"].get(about["issuer"], about["issuer"])
    does = ACTS[about["acts_on"]].format(issuer=issuer, where=places(view, about["destinations"]))
    kind = MEASURES.get(about["measure"], about["measure"])
    first = f"{kind[0].upper()}{kind[1:]} of {issuer}: it {does}, {END_USES.get(about['end_use'], about['end_use'])}."
    goods = covered.loc[(covered["good"] != "") & (covered["role"] == "covered"), "name"].drop_duplicates().tolist()
    missing = covered.loc[covered["good"] == "", "item"].nunique()
    second = f" It covers {listed(goods, 6)}." if goods else ""
    third = f" {missing} items it names are not in the graph." if missing else ""
    states = status(view)
    if states.empty:
        now = f" On {date_words(view.on)} it had not begun."
    else:
        now = " " + " ".join(
            f"On {date_words(view.on)}: {r['status'].replace('_', ' ')}"
            + ("" if r["confirmed"] else " (unconfirmed: a promise has run out)")
            + f" since {r['since']:%Y-%m-%d}"
            + (f", for {places(view, r['destinations'])}" if len(states) > 1 else "")
            + "."
            for r in states.to_dict("records")
        )
    return first + second + third + now


def alone(view: View) -> View:
    """The view in which this is the only clause that acts."""
    return replace(view, scenario=view.scenario.changed(events=[event_of(view)], what_if=()), reading="short")


def linked(view: View) -> list[str]:
    """Products of the market that hang on what it alone restricts."""
    x = alone(view).x
    return [product for product in x.products if x.readings(product)[LINKED] > 0]


def reached(view: View) -> pd.DataFrame:
    """Products of the market that it alone would leave short or that hang on it, the most short first."""
    frame = alone(view).x.rows(linked(view))
    frame = frame.sort_values(["short", "dependent", "product"], ascending=[False, False, True], ignore_index=True)
    return frame.assign(to_product=[view.link("product", product) for product in frame["product"]])


def flows(view: View) -> list[tuple[str, ...]]:
    """Trade flows that it restricts and that were counted before and after it began: exporter, importer, good, ..."""
    about, start = fact(view), began(view)
    goods = set(kept.scope(view.net, event_of(view), view.on)) - {""}
    if about["acts_on"] != "export" or start is None or not goods:
        return []
    found = []
    for flow, days in days_of_flows(view.net).items():
        exporter, _, good = flow[:3]
        before, after = sum(start - YEAR <= day < start for day in days), sum(day > start for day in days)
        if exporter == about["issuer"] and good in goods and before >= BEFORE and after:
            found.append((-after, flow))
    return [flow for _, flow in sorted(found)]


@lru_cache(maxsize=8)
def days_of_flows(net: Network) -> Mapping[tuple[str, ...], list[pd.Timestamp]]:
    """Flow -> the months in which it was counted. Do not change it."""
    found: dict[tuple[str, ...], list[pd.Timestamp]] = {}
    for *flow, day in monthly(net)[[*FLOW, "day"]].itertuples(index=False):
        found.setdefault(tuple(map(str, flow)), []).append(day)
    return found


@lru_cache(maxsize=8)
def monthly(net: Network) -> pd.DataFrame:
    """What was counted of each flow month by month, with the middle of the month as its day. Do not change it."""
    table = net.table("observations")
    rows = table[table["measure"].isin(["volume_kg", "value_usd"]) & (table["period"] == "month")]
    return rows.assign(day=middle(rows["date"])).drop_duplicates([*FLOW, "day"])


def middle(months: pd.Series) -> pd.Series:
    """The middle of months given as 2025-04."""
    first = pd.to_datetime(months.astype(str), format="%Y-%m", errors="coerce")
    return first + pd.Timedelta(days=14)


def began(view: View) -> pd.Timestamp | None:
    """The day on which it first came into force."""
    return first_days(view.net).get(event_of(view))


@lru_cache(maxsize=8)
def first_days(net: Network) -> Mapping[str, pd.Timestamp]:
    """Event -> the day on which it first came into force. Do not change it."""
    phases = net.table("event_phases")
    days = phases[phases["status"] == "in_force"].groupby("event")["from"].min().dropna()
    return {str(event): day for event, day in days.items()}


def observed(view: View, flow: tuple[str, ...]) -> pd.DataFrame:
    """One flow, counted against modelled: date, observed, modelled, modelled_low, modelled_high, ...

    modelled = b (1 - r), b the mean of what was counted in the last twelve months before the clause in which nothing
    restricted the flow, r what all clauses in force take from it (the largest; low, central, high) in the middle of
    the month. Empty where fewer than three free months were counted before.
    """
    start, counts = began(view), monthly(view.net)
    if start is None:
        return observed_nothing()
    rows = counts[(counts[FLOW] == list(flow)).all(axis=1)]
    rows = rows.assign(date=rows["day"]).sort_values("date", kind="stable")
    exporter, importer, good = flow[:3]
    weights = destinations(view, exporter, importer, good)
    lost = np.array([weights @ lost_on(view.net, exporter, good, day.date()) for day in rows["date"]]).reshape(-1, 3)
    free = rows[(rows["date"] < start) & (lost[:, 1] == 0)]
    before = free[free["date"] >= free["date"].max() - YEAR]
    if len(before) < BEFORE or not (rows["date"] > start).any():
        return observed_nothing()
    base = float(before["value"].mean())
    used = {name for names in view.net.table("severities")["derived_from"] for name in names}
    frame = pd.DataFrame(
        {
            "date": rows["date"].dt.strftime("%Y-%m"),
            "observed": rows["value"],
            "modelled": base * (1 - lost[:, 1]),
            "modelled_low": base * (1 - lost[:, 2]),
            "modelled_high": base * (1 - lost[:, 0]),
            "used_for_severity": rows["observation"].isin(used),
            "source_id": rows["source_id"],
        }
    )
    return frame[SERIES].reset_index(drop=True)


def observed_nothing() -> pd.DataFrame:
    """The same table without rows."""
    return pd.DataFrame(columns=SERIES)


def lost_on(net: Network, exporter: str, good: str, on: date) -> NDArray[np.float64]:
    """(countries, 3) r of what goes to each country on a day, low, central, high: the largest of the clauses in force.

    To several: r = sum_b w_b r_b, w_b the share of the flow that goes to b (`destinations`).
    """
    lost = np.zeros((len(net.table("countries")), 3))
    for effect in kept.effects(net, on):
        if effect.good == good and effect.issuer == exporter and effect.acts_on == "export":
            lost = np.maximum(lost, effect.r[:, 2:5])
    return lost


def destinations(view: View, exporter: str, importer: str, good: str) -> NDArray[np.float64]:
    """(countries,) shares of a flow that go to each country: one importer, or all that buy from the exporter."""
    codes = view.net.table("countries")["country"].tolist()
    weights = np.zeros(len(codes))
    if importer != "ALL":
        world = view.net.model.sourcing.world
        members = world.blocs.get(world.country_index[importer])
        places = [world.countries[m] for m in members] if members is not None and len(members) else [importer]
        weights[[codes.index(place) for place in places]] = 1 / len(places)
        return weights
    sourcing = view.net.model.sourcing
    world = sourcing.world
    here = sourcing.links_of_good(world.good_index[good])
    links = np.arange(here.start, here.stop)
    links = links[sourcing.node_country[sourcing.link_node[links]] == world.country_index[exporter]]
    supply = sourcing.chain.link_supply[links]
    sold = sourcing.chain.share.data[links] * sourcing.supply_use[supply]
    np.add.at(weights, [codes.index(world.countries[c]) for c in sourcing.supply_country[supply]], sold)
    weights[codes.index(exporter)] = 0.0
    return weights / weights.sum() if weights.sum() > 0 else weights


def flow_words(view: View, flow: tuple[str, ...]) -> str:
    """What a flow is called."""
    to = "all countries" if flow[1] == "ALL" else flow[1]
    return f"{names(view)[flow[2]].partition(' (')[0]}, {flow[0]} to {to}"
