"""What the page of a country shows, as plain functions of a view."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pandas as pd

from dashboard import kept
from dashboard.product_views import good_link, names
from dashboard.state import View
from dashboard.views import date_words, market_name
from supplychain.figures.style import listed
from supplychain.network import Network
from supplychain.wording import share


def country_of(view: View) -> str:
    """Code of the country or bloc that the page is about. Raises UnknownIdError."""
    return view.net.tables.resolve(view.item, "country")


def country_name(view: View) -> str:
    table = kept.by_id(view.net, "countries", "country")["name"]
    return str(table[country_of(view)])


def as_market(view: View) -> View:
    """The view in which this country is the market, by what is short."""
    return replace(view, scenario=view.scenario.changed(market=country_of(view)), reading="short")


def exposure(view: View) -> pd.DataFrame:
    """Products short in this country, and where each leads: to the product there."""
    there = as_market(view)
    lead = replace(there, reading=view.reading)
    frame = there.x.static
    return frame.assign(to_product=[lead.link("product", product) for product in frame["product"]])


@lru_cache(maxsize=256)
def every_stop(net: Network, country: str, market: str) -> pd.DataFrame:
    """Every stop of a country that a market would feel; the same for all days, so it is kept. Do not change it."""
    return net.chokepoints(market, top=100_000, country=country)


@lru_cache(maxsize=64)
def every_country(net: Network, market: str) -> pd.DataFrame:
    """What each other country could stop in a market; the same for all days. Do not change it."""
    return net.leverage(market)


def stops(view: View) -> pd.DataFrame:
    """What a full stop of each good by this country costs the market: good, name, products_hit, worst, mean, ..."""
    frame = every_stop(view.net, country_of(view), view.market).copy(deep=False)
    called = names(view)
    frame.insert(0, "name", [called[good] for good in frame["good"]])
    frame["worst_product"] = frame["worst_product"].map(called)
    return frame.assign(to_good=[good_link(view, good) for good in frame["good"]])


def leverage(view: View) -> pd.DataFrame:
    """What each other country could stop in this one by halting all that it makes."""
    frame = every_country(view.net, country_of(view))
    table = kept.by_id(view.net, "countries", "country")["name"]
    frame = frame[frame["products_hit"] > 0].reset_index(drop=True)
    called = names(view)
    frame["worst_product"] = frame["worst_product"].map(called)
    frame.insert(0, "name", frame["country"].map(table))
    return frame.assign(good="everything it makes", to_country=[view.link("country", c) for c in frame["country"]])


def acts(view: View) -> pd.DataFrame:
    """Clauses that it has issued, with their state on the day."""
    events = view.net.table("events")
    mine = events[events["issuer"] == country_of(view)]
    status = kept.states(view.net, view.on)
    frame = mine[["title", "measure", "acts_on", "end_use", "source_id", "event"]].reset_index(drop=True)
    frame.insert(1, "status", frame["event"].map(status["status"].str.replace("_", " ")).fillna("not begun"))
    frame.insert(2, "since", frame["event"].map(status["since"].dt.strftime("%Y-%m-%d")).fillna(""))
    frame = frame.sort_values("since", ascending=False, kind="stable", ignore_index=True)
    return frame.assign(to_event=[view.link("event", event) for event in frame["event"]])


def made(view: View) -> pd.DataFrame:
    """What it is documented to make, the largest shares first."""
    rows = kept.production(view.net)
    rows = rows[rows["country"] == country_of(view)]
    called = names(view)
    frame = rows[["good", "share", "basis", "source_id", "year", "confidence"]].copy()
    frame.insert(0, "name", [called[good] for good in frame["good"]])
    frame = frame.sort_values("share", ascending=False, kind="stable", ignore_index=True)
    return frame.assign(to_good=[good_link(view, good) for good in frame["good"]])


def answer(view: View) -> str:
    """Leverage over the market and exposure to others, in two sentences."""
    name, when = country_name(view), date_words(view.on)
    exposed = as_market(view).x.measured["short"].sort_values(ascending=False, kind="stable")
    short = exposed[exposed > 0]
    own = f"On {when}, {len(short)} of {len(exposed)} products are short in {name}"
    own += f", {names(view)[short.index[0]]} most ({share(short.iloc[0])})." if len(short) else "."
    if country_of(view) == view.market:
        return own
    found = stops(view)
    if found.empty:
        return f"No single good that {name} makes would be missed in {market_name(view)}. {own}"
    worst = listed([f"{r['name']} ({r['products_hit']} products)" for r in found.head(3).to_dict("records")])
    return f"If they stopped, {len(found)} goods made in {name} would be missed in {market_name(view)}: {worst}. {own}"
