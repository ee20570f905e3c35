"""What the page of a product says and shows, as plain functions of a view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pandas as pd

from dashboard import kept
from dashboard.state import View
from dashboard.views import date_words, market_name, range_words
from supplychain.errors import UnknownIdError
from supplychain.network import FELT, Network
from supplychain.outcomes import EFFECTS, EVERYWHERE, last_report
from supplychain.wording import share, span

SHORT_COLUMNS = [
    "name", "short_low", "short", "short_high", "dependent", "linked", "confidence", "why", "product", "to_product",
]  # fmt: skip


def product_of(view: View) -> str:
    """Id of the product that the page is about. Raises UnknownIdError for what is no product."""
    good = view.net.tables.resolve(view.item)
    products = kept.products(view.net)
    if good not in products:
        raise UnknownIdError("product", view.item, sorted(products))
    return good


def about(view: View) -> View:
    """The view that asks about this product alone."""
    return replace(view, scenario=view.scenario.changed(products=[product_of(view)]))


def names(view: View) -> Mapping[str, str]:
    """Good -> name."""
    return kept.names(view.net)


def row(view: View) -> pd.Series:
    """The readings of the product that need no simulation."""
    frame = about(view).x.static
    return frame[frame["product"] == product_of(view)].iloc[0]


def felt_row(view: View) -> pd.Series:
    """The readings of the product, those after stocks and transit included."""
    felt = about(view).x.felt(product_of(view))
    return pd.concat([row(view), pd.Series(felt, index=list(FELT), dtype=object)])


def answer(view: View) -> str:
    """What is missing and why, in a sentence."""
    r, when = row(view), date_words(view.on)
    where = market_name(view)
    if r["linked"] <= 0:
        return f"On {when}, no clause in force reaches {r['name']} in {where}."
    if r["short_high"] <= 0:
        return f"On {when}, nothing of {r['name']} in {where} is missing. {r['why']}"
    size = span(float(r["short_low"]), float(r["short"]), float(r["short_high"]))
    return f"On {when}, {size} of the normal supply of {r['name']} in {where} is missing before stocks. {r['why']}"


def last_word(view: View) -> str:
    """What was last reported of its output here or in the world by the day; empty where nothing was."""
    last = last_report(view.net, product_of(view), view.market, view.on)
    if last is None:
        return ""
    place = "the world" if last["market"] == EVERYWHERE else market_name(view)
    until = "" if pd.isna(last["until"]) else f" to {date_words(last['until'].date())}"
    when = date_words(last["from"].date()) + until
    return f"The last report on its output ({place}, {when}) says: {EFFECTS[last['effect']]}."


def has_reports(view: View) -> bool:
    """Whether anything was reported of its output anywhere."""
    return bool((view.net.table("outcomes")["good"] == product_of(view)).any())


def reported(view: View) -> pd.DataFrame:
    """Reports on its output in all markets, each with the felt exposure of its days."""
    frame = kept.reported(view.net)
    frame = frame[frame["good"] == product_of(view)].reset_index(drop=True)
    columns = ["market", "from", "until", "effect", "lost", "felt", "fit", "note", "lost_low", "lost_high", "felt_low"]
    frame = frame[[*columns, "felt_high", "cause", "event", "source_id", "confidence"]]
    return frame.assign(
        effect=frame["effect"].map(EFFECTS), to_event=[view.link("event", event) for event in frame["event"]]
    )


def fact_list(r: pd.Series) -> list[tuple[str, str, str]]:
    """Key figures that need no simulation: label, value, small print."""
    return [
        ("Short on the day", share(float(r["short"])), range_words(r, "short")),
        ("Dependent", share(float(r["dependent"])), "structural worst case"),
        ("Linked", share(float(r["linked"])), "hangs on it at all"),
        ("Coverage", share(float(r["coverage"])), "of the chain has a source"),
        ("Weakest evidence", str(r["confidence"]), weakest_words(r)),
    ]


def weakest_words(r: pd.Series) -> str:
    """What the mark of the weakest evidence means."""
    meant = "one row on the path or more has no source yet" if r["confidence"] == "unverified" else "of the path's rows"
    return meant + ("; severity from a prior only" if r["only_prior"] else "")


def felt_facts(r: pd.Series, start: date | None) -> list[tuple[str, str, str]]:
    """Key figures of the simulation: what is felt, days until shortfall."""
    horizon = "within a year from this day"
    first, earliest, latest = (
        f"none {horizon}" if start is None or pd.isna(r[name]) else str(start + timedelta(days=int(r[name])))
        for name in ("first_day", "first_day_high", "first_day_low")
    )
    small = "central run" if earliest == latest else f"central run; {earliest} to {latest}"
    return [
        ("Felt: output lost", share(float(r["felt"])), range_words(r, "felt")),
        ("First loss", first.partition(" ")[0], small),
    ]


def start(view: View) -> date | None:
    """Day 0 of the simulation."""
    path = about(view).x.simulated
    return None if path is None else path.start


def output_over_time(view: View) -> pd.DataFrame:
    """Daily output of the product: date, product, name, output_low, output, output_high; empty without any effect."""
    product = product_of(view)
    path = about(view).x.simulated
    columns = ["date", "product", "name", "output_low", "output", "output_high"]
    if path is None:
        return pd.DataFrame(columns=columns)
    left = 1.0 - path.losses(product)
    days = pd.date_range(path.start, periods=len(left), unit="s")
    frame = pd.DataFrame({"date": days, "output_low": left[:, 2], "output": left[:, 1], "output_high": left[:, 0]})
    frame = frame.assign(product=product, name=names(view)[product])
    return frame[columns]


def contributions(view: View, by: str) -> pd.DataFrame:
    """x.contributions with the names of events, for the figure and the table."""
    frame = about(view).x.contributions(product_of(view), by)
    frame = frame[(frame[["alone", "last", "shapley"]].abs() > 1e-9).any(axis=1)].reset_index(drop=True)
    if by == "commodity":
        return frame.assign(name=frame["player"].str.replace("_", " "))
    titles = kept.by_id(view.net, "events", "event")["title"]
    named = [str(titles.get(event, event)) for event in frame["player"]]
    return frame.assign(name=named, to_event=[view.link("event", event) for event in frame["player"]])


def chain(view: View) -> pd.DataFrame:
    """x.explain of the product with names and where each input leads."""
    frame = about(view).x.explain(product_of(view))
    called = names(view)
    frame.insert(0, "name", [called[good] for good in frame["input"]])
    return frame.assign(to_good=[good_link(view, good) for good in frame["input"]])


def good_link(view: View, good: str) -> str:
    """Where a good leads: a product to its own page."""
    return view.link("product" if good in kept.products(view.net) else "good", good)


@lru_cache(maxsize=8)
def replaceable(net: Network) -> list[dict[str, Any]]:
    """The parts that something else can stand in for, as far as the data say. Do not change it."""
    bom = net.table("bom")
    rows = bom[(bom["role"] == "part") & (bom["use"] != "no")]
    rows = rows[(rows["substitute"] != "") | (rows["group"] != "") | rows["substitutability"].notna()]
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def alternatives(view: View) -> pd.DataFrame:
    """What can stand in on the chain: documented substitutes, and groups of inputs that share a place."""
    on_chain = set(about(view).x.explain(product_of(view))["input"])
    called = names(view)
    rows = [row for row in replaceable(view.net) if row["output"] in on_chain]
    others: dict[tuple[str, str], list[str]] = {}
    for r in rows:
        if r["group"]:
            others.setdefault((r["output"], r["group"]), []).append(r["input"])
    found = [
        {
            "name": called[r["input"]],
            "in": called[r["output"]],
            "substitute": r["substitute"],
            "alternatives": ", ".join(
                called[good] for good in others.get((r["output"], r["group"]), []) if good != r["input"]
            ),
            "group_share": r["group_share"],
            "takeover": r["takeover"],
            "criticality": r["criticality"],
            "substitutability": r["substitutability"],
            "confidence": r["confidence"],
            "source_id": r["source_id"],
            "note": r["note"],
            "to_good": good_link(view, r["input"]),
        }
        for r in rows
    ]
    columns = ["name", "in", "substitute", "alternatives", "group_share", "takeover", "criticality",
               "substitutability", "confidence", "source_id", "note", "to_good"]  # fmt: skip
    return pd.DataFrame(found, columns=columns).drop_duplicates(ignore_index=True)


def evidence(view: View) -> pd.DataFrame:
    """Every row of data that the binding chain rests on: where it stands, what it says, source, year, confidence."""
    labels: dict[str, str] = {}
    called = names(view)
    steps = about(view).x.explain(product_of(view))
    for rows, good in zip(steps["rows"], steps["input"], strict=True):
        for label in filter(None, rows.split(";")):
            labels.setdefault(label, called[good])
    shown = []
    for label, good in labels.items():
        table = label.partition(".csv")[0].rpartition("/")[2]
        fact = kept.rows(view.net, table).get(label) if table in set(view.net.tables) else None
        if fact:
            more = {name: fact.get(name, "") for name in ("source_id", "year", "confidence", "note")}
            shown.append({"row": label, "about": good, "says": said(table, fact), **more})
    return pd.DataFrame(shown, columns=["row", "about", "says", "source_id", "year", "confidence", "note"])


def said(table: str, fact: kept.Row) -> str:
    """One row of data in words."""
    if table == "production":
        return f"{fact['producer']} makes {share(fact['share'])} of {fact['good']} ({fact['basis']})"
    if table == "trade":
        part = f"{share(fact['share'])} of its {fact['basis']} of {fact['good']}"
        return f"{fact['importer']} takes {part} from {fact['exporter']}"
    if table == "bom":
        return f"{fact['output']} needs {fact['input']}: {fact['effect']}, criticality {fact['criticality']:.2g}"
    if table == "severities":
        size = span(fact["severity_low"], fact["severity"], fact["severity_high"])
        return f"{fact['event']} from {fact['from']:%Y-%m-%d}: {size} of the covered flow lost ({fact['basis']})"
    return (
        f"{fact.get('name', '')} {fact.get('applies_to', '')} = {fact.get('value', '')} {fact.get('unit', '')}".strip()
    )
