"""Reports about many products: the situation of a market, a list of one's own, two scenarios side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd

from supplychain import wording
from supplychain.errors import InputError
from supplychain.report import parts, words
from supplychain.report.ask import Ask
from supplychain.report.closing import finish
from supplychain.report.model import Block, Column, Report, Section, Table, Text
from supplychain.scenario import Scenario
from supplychain.tables import is_overlay

SINCE = 90  # days back that a situation is compared with unless another day is given
RESTED = 12  # products whose evidence is listed
MORE_THAN_HALF = 0.5
COUNTED = 0.01  # a smaller loss does not count a product in the answer


def situation(ask: Ask) -> Report:
    """One day, one market: what is exposed, what changed, through what."""
    other = ask.other or ask.scenario.changed(on=ask.on - timedelta(days=SINCE))
    title = f"Exposure in {ask.market} on {words.day(ask.on)}"
    return _many(ask, title, other, "followed here")


def portfolio(ask: Ask) -> Report:
    """A list of one's own: the products named, else those that the overlay brings."""
    if not ask.scenario.products:
        goods = ask.net.table("goods")
        own = goods[is_overlay(goods.index) & (goods["kind"] == "product").to_numpy()]["good"].tolist()
        if not own:
            raise InputError(
                "report", "products", "none", "products of a portfolio",
                "Name them (--product), or give an overlay that has goods of kind product.",
            )  # fmt: skip
        ask = ask.about("", ask.scenario.changed(products=own))
    other = ask.other or ask.scenario.changed(on=ask.on - timedelta(days=SINCE))
    title = f"Exposure of {words.count(len(ask.scenario.products), 'product')} in {ask.market} on {words.day(ask.on)}"
    return _many(ask, title, other, "of this list", [_stops(ask)])


def _many(ask: Ask, title: str, other: Scenario, of: str, more: Sequence[Section] = ()) -> Report:
    ask.step(0.05, "exposure")
    frame = ask.ranked
    ask.step(0.2, "what changed")
    before = ask.net.ask(other.resolved(ask.net.tables))
    change = parts.changes(ask, before)
    linked = frame[frame["linked"] > 0]
    top = frame["product"].iloc[0] if len(frame) else ""
    sections = [Section("ranking", "What is exposed", parts.ranking(ask, frame))]
    sections.append(parts.changed(ask, change, other))
    ask.step(0.3, "why")
    if len(linked):
        sections.append(_through(ask, frame))
        sections.append(Section("why", f"Why this number: {ask.good(top)}", parts.why(ask, top)))
        ask.step(0.4, "over time")
        sections.append(Section("over-time", "Over time", parts.over_time(ask, parts.unlike(ask, frame))))
    events = ask.acting()
    sections.append(
        Section("clauses", "The clauses behind it", (*parts.phases(ask, _behind(frame)), parts.clauses(ask, events)))
    )
    sections += more
    rested = frame.loc[frame["linked"] > 0, "product"].head(RESTED).tolist()
    chosen = "chosen events" if ask.scenario.events is not None or ask.scenario.what_if else "all clauses in force"
    subtitle = f"{words.sentence(ask.kind)} report, {words.count(len(frame), 'product')}, {chosen}"
    return finish(ask, title, subtitle, answer(ask, frame, change, other, of), sections, rested)


def answer(ask: Ask, frame: pd.DataFrame, change: pd.DataFrame, other: Scenario, of: str) -> list[str]:
    """The situation in three sentences."""
    n, day = len(frame), words.day(ask.on)
    felt = frame[frame["felt"] >= COUNTED]
    short = frame[frame["short"] >= COUNTED]
    linked = frame[frame["linked"] > 0]
    if not len(linked):
        return [
            f"On {day} none of the {words.count(n, 'product')} {of} in {ask.market} is linked to a clause in force."
        ]
    lines = []
    deep = int((short["short"] > MORE_THAN_HALF).sum())
    half = f", {deep} of them by more than half" if deep else ""
    if len(felt):
        are = words.verb(len(felt), "is", "are")
        after = f"{len(felt)} {are} estimated to lose output after stocks and goods under way"
    else:
        after = "stocks and goods under way are estimated to cover this on the day, so no output is lost yet"
    lines.append(
        f"On {day}, {len(short) or 'none'} of the {words.count(n, 'product')} {of} in {ask.market} "
        f"{words.verb(len(short), 'is', 'are')} estimated to be short of supply by 1 % or more in the central "
        f"run{half}; {after}."
    )
    first = (felt if len(felt) else short if len(short) else linked).iloc[0]
    lines.append(_leader(ask, first))
    rest = len(linked) - len(short)
    if rest > 0:
        lines.append(
            f"{words.sentence(words.count(rest, 'other product'))} {words.verb(rest, 'is', 'are')} linked to "
            "restricted goods without being short: a dependence, not a shortage."
        )
    up = change[change["change"] > parts.TOLD]
    down = change[change["change"] < -parts.TOLD]
    if len(up) or len(down):
        lines.append(
            f"Compared with {words.day(other.on)}, the shortage is larger for {len(up)} and smaller for {len(down)}."
        )
    return lines


def _leader(ask: Ask, row: pd.Series) -> str:
    name, place = row["name"], ask.cut(row["product"])
    through = f", through {ask.good(place[0])} from {ask.place(place[1])}" if place else ""
    short = wording.span(row["short_low"], row["short"], row["short_high"])
    if row["felt"] > 0:
        felt = wording.span(row["felt_low"], row["felt"], row["felt_high"])
        late = " (earlier shortages still work through)" if row["felt"] > row["short"] + COUNTED else ""
        return (
            f"{name} is the most exposed: {felt} of normal output is estimated to be lost, and {short} of supply is "
            f"missing on the day{through}{late}."
        )
    if row["short"] > 0:
        return f"{name} is the most exposed: {short} of normal supply is missing on the day{through}."
    return (
        f"{name} hangs on restricted goods most: up to {wording.share(row['dependent'])} of its supply in the worst "
        f"case{through}; nothing is missing in the central run."
    )


def _behind(frame: pd.DataFrame) -> list[str]:
    return sorted({event for events in frame["events"] for event in events})


def _through(ask: Ask, frame: pd.DataFrame) -> Section:
    """At which input and origin the chains are cut, and who makes it."""
    cuts = {p: place for p in frame["product"] if (place := ask.cut(p)) is not None}
    numbers = Counter(cuts.values())
    by_product = frame.set_index("product")
    rows: list[dict[str, Any]] = []
    for (good, country), n in sorted(numbers.items(), key=lambda item: (-item[1], item[0])):
        hit = [p for p, place in cuts.items() if place == (good, country)]
        worst = max(hit, key=lambda p: (by_product.at[p, "short"], p))
        rows.append(
            {
                "good": good,
                "input": ask.good(good),
                "origin": ask.country(country),
                "products": n,
                "worst": ask.good(worst),
                "short": by_product.at[worst, "short"],
                "short_low": by_product.at[worst, "short_low"],
                "short_high": by_product.at[worst, "short_high"],
            }
        )
    table = Table(
        "through",
        "Where the chains are cut",
        (
            Column("input", "Input that is cut"),
            Column("origin", "Origin"),
            Column("products", "Products", "number"),
            Column("worst", "Most short of them"),
            Column("short", "Short", "share", "short_low", "short_high"),
        ),
        pd.DataFrame(
            rows, columns=["good", "input", "origin", "products", "worst", "short", "short_low", "short_high"]
        ),
    )
    blocks: list[Block] = [table]
    if rows:
        goods = [row["good"] for row in rows[:6]]
        made = [good for good in goods if len(ask.production([good]))]
        if made:
            blocks += parts.makers(ask, made, "the inputs that are cut most")
    return Section("through", "Through what", tuple(blocks))


def _stops(ask: Ask) -> Section:
    """Which single stops would hurt the list most."""
    found = ask.net.chokepoints(ask.scenario.market, 40, list(ask.x.products))
    return parts.chokepoints(ask, found, "What could hit this list hardest")


def comparison(ask: Ask) -> Report:
    """Two scenarios of one market side by side: `other` first, then the scenario."""
    if ask.other is None:
        raise InputError(
            "report", "other", None, "a day or the query of a scenario", "A comparison needs two: give --other."
        )
    other = ask.other.resolved(ask.net.tables)
    if other.market != ask.scenario.market:
        raise InputError("report", "other", other.market, f"the market of the scenario, {ask.scenario.market}")
    ask.step(0.1, "both scenarios")
    before = ask.net.ask(other)
    change = parts.changes(ask, before)
    a, b = parts.scenario_names(other, ask.scenario)
    up, down = change[change["change"] > parts.TOLD], change[change["change"] < -parts.TOLD]
    lines = [
        f"From {a} to {b}, the estimated shortage in {ask.market} grows for {len(up)} and shrinks for {len(down)} of "
        f"{words.count(len(change), 'product')}."
    ]
    for rows, word in ((up, "grows"), (down, "shrinks")):
        if len(rows):
            row = rows.iloc[0]
            mostly = f", mostly by {row['mostly']}" if row["mostly"] else ""
            lines.append(
                f"It {word} most for {ask.good(row['product'])}: from {wording.share(row['short_a'])} to "
                f"{wording.share(row['short_b'])} of normal supply{mostly}."
            )
    if not len(up) and not len(down):
        lines.append("No product changes by more than a tenth of a point.")
    ask.step(0.3, "why")
    frame = ask.ranked
    sections = [
        parts.changed(ask, change, other, "What differs"),
        Section("ranking", f"The second: {b}", parts.ranking(ask, frame)),
    ]
    if len(change) and len(up) + len(down):
        top = change["product"].iloc[0]
        sections.append(Section("why", f"Why this number: {ask.good(top)} in the second", parts.why(ask, top)))
    events = sorted({*ask.acting(), *ask.acting(before)})
    sections.append(
        Section(
            "clauses", "The clauses behind the second", (*parts.phases(ask, _behind(frame)), parts.clauses(ask, events))
        )
    )
    two = Text((f"First: {other.query}", f"Second: {ask.scenario.query}"), "list")
    sections.insert(0, Section("scenarios", "The two scenarios", (two,)))
    rested = change["product"].head(RESTED).tolist()
    return finish(ask, f"{words.sentence(a)} against {b}, {ask.market}", "Comparison report", lines, sections, rested)
