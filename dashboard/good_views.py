"""What the page of a mineral or another good shows, as plain functions of a view."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import pandas as pd

from dashboard import kept
from dashboard.product_views import good_link, names
from dashboard.state import View
from dashboard.views import date_words
from supplychain.figures.style import listed
from supplychain.network import Network
from supplychain.wording import share

LONG_AGO = date(1990, 1, 1)  # before every clause
STATES = ("in_force", "suspended", "announced", "ended")  # in the order of a list


def good_of(view: View) -> str:
    """Id of the good that the page is about. Raises UnknownIdError."""
    return view.net.tables.resolve(view.item)


def family(view: View) -> list[str]:
    """The good and the goods of the same commodity that somebody is documented to make, from mine to product."""
    good, goods = good_of(view), kept.by_id(view.net, "goods", "good")
    commodity = set(goods.at[good, "commodity"])
    made = set(view.net.table("production")["good"])
    alike = [
        other
        for other, found in goods["commodity"].items()
        if other in made and commodity & set(found) and goods.at[other, "aggregate"] != "yes"
    ]
    return list(dict.fromkeys([*alike, good]))


def makers(view: View, goods: Sequence[str]) -> pd.DataFrame:
    """Documented production of goods, the rows in use: good, name, stage, country, share, basis, source_id, ..."""
    return _makers(view.net, tuple(goods)).copy(deep=False)


@lru_cache(maxsize=256)
def _makers(net: Network, goods: tuple[str, ...]) -> pd.DataFrame:
    chosen = kept.production(net)
    rows = chosen[chosen["good"].isin(goods)]
    about = kept.by_id(net, "goods", "good")
    frame = rows.assign(name=rows["good"].map(about["name"]), stage=rows["good"].map(about["stage"]))
    columns = ["good", "name", "stage", "country", "producer", "share", "share_low", "share_high", "basis", "kind",
               "source_id", "year", "confidence", "note"]  # fmt: skip
    return frame[columns].reset_index(drop=True)


def basis_of(frame: pd.DataFrame) -> str:
    """What the shares measure: of several, the most common."""
    return str(frame["basis"].mode().iat[0]).replace("_", " ") if len(frame) else "output"


def years_of(frame: pd.DataFrame) -> str:
    """The years of the figures: 2024, or 2022 to 2025."""
    years = sorted({str(year) for year in frame["year"] if not pd.isna(year) and str(year)})
    return "year unknown" if not years else years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"


def answer(view: View) -> str:
    """Who makes it, and what restricts it, in two sentences."""
    good = good_of(view)
    name = names(view)[good]
    rows = makers(view, [good])
    shares = rows.groupby("country")["share"].sum(min_count=1).dropna().sort_values(ascending=False)
    if len(shares):
        who = listed([f"{country} {share(part)}" for country, part in shares.head(3).items()])
        first = f"{name} is made by {who} of documented world {basis_of(rows)} ({years_of(rows)})."
    else:
        first = f"Who makes {name} is not documented with shares: unknown, not none."
    acting = events_on(view)
    acting = acting[(acting["status"] == "in force") & (acting["acts_on"] != "nothing")]
    if acting.empty:
        return f"{first} No clause on it is in force on {date_words(view.on)}."
    clauses = listed(acting["title"].tolist())
    return f"{first} {len(acting)} clauses on it are in force on {date_words(view.on)}: {clauses}."


def events_on(view: View) -> pd.DataFrame:
    """Clauses whose scope names the good with their status on the day: title, status, role, coverage, severity."""
    frame = clauses_on(view.net, good_of(view), view.on)
    return frame.assign(to_event=[view.link("event", event) for event in frame["event"]])


@lru_cache(maxsize=256)
def clauses_on(net: Network, good: str, on: date) -> pd.DataFrame:
    """`events_on` without the links. Do not change it."""
    states, about = kept.state_rows(net, on), {row["event"]: row for row in kept.rows(net, "events").values()}
    scope = kept.rows(net, "event_scope").values()
    found = []
    for event in dict.fromkeys(row["event"] for row in scope if row["good"] == good or row["same_as"]):
        state = states.get(event)
        row = kept.scope(net, event, on).get(good) if state else None
        if state and row:
            found.append({
                "title": about[event]["title"], "status": state["status"].replace("_", " "),
                "since": f"{state['since']:%Y-%m-%d}", "acts_on": about[event]["acts_on"],
                "role": row["role"], "coverage": row["coverage"],
                "severity_low": state["severity_low"], "severity": state["severity"],
                "severity_high": state["severity_high"], "basis": state["basis"], "threshold": row["threshold"],
                "source_id": row["source_id"], "event": event,
            })  # fmt: skip
    columns = ["title", "status", "since", "acts_on", "role", "coverage", "severity_low", "severity", "severity_high",
               "basis", "threshold", "source_id", "event"]  # fmt: skip
    frame = pd.DataFrame(found, columns=columns)
    order = frame["status"].map({state.replace("_", " "): k for k, state in enumerate(STATES)})
    return frame.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def phases_of(view: View, events: list[str]) -> pd.DataFrame:
    """Dated states of clauses for the figure: event, title, date, status, destinations."""
    net = view.net
    changes = kept.changes(net, LONG_AGO, max(view.on, net.knowledge_until))
    changes = changes[changes["event"].isin(events) & ~changes["status"].str.startswith("severity")]
    titles = kept.by_id(net, "events", "event")["title"]
    where = changes["destinations"].map(lambda codes: ", ".join(codes[:4]) + (" ..." if len(codes) > 4 else ""))
    return changes.assign(title=changes["event"].map(titles), destinations=where).reset_index(drop=True)


def downstream(view: View) -> pd.DataFrame:
    """What is made from the good, the products with how short they are in the market."""
    frame = view.net.downstream(good_of(view))
    short = view.x.measured
    for reading in ("short", "dependent"):
        frame[reading] = frame["good"].map(short[reading])
    frame["to_good"] = [good_link(view, good) for good in frame["good"]]
    order = frame.assign(product=frame["kind"] != "product", size=-frame["short"].fillna(-1))
    order = order.sort_values(["product", "size", "steps"], kind="stable").index
    columns = ["name", "kind", "steps", "short", "dependent", "path", "roles", "confidence", "good", "to_good"]
    return frame.loc[order, columns].reset_index(drop=True)


def prices(view: View) -> pd.DataFrame:
    """Prices of the good and of its commodity's other forms: good, market, date, price, unit, source."""
    table = view.net.table("prices")
    return table[table["good"] == good_of(view)].reset_index(drop=True)


def sourcing(view: View) -> pd.DataFrame:
    """Where the market gets the good; empty for a bloc, which has no sourcing of its own."""
    world = view.net.model.sourcing.world
    if world.country_index[view.market] in world.blocs:
        return pd.DataFrame(columns=["producer", "share", "basis", "trader", "source_id"])
    return view.net.sourcing(good_of(view), view.market)
