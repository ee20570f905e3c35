"""Report about one act: what it covers, its life so far, what it reaches in a market, who else could supply."""

from __future__ import annotations

import pandas as pd

from supplychain import figures, wording
from supplychain.report import parts, words
from supplychain.report.ask import Ask
from supplychain.report.closing import finish
from supplychain.report.model import Column, Figure, Report, Section, Table, Text

OTHERS = 8  # covered goods whose other makers are drawn
RESTED = 8
COUNTED = 0.01  # a smaller shortage does not count a product in the answer
ACTS = {
    "licence": "an export licence rule",
    "ban": "an export ban",
    "quota": "an export quota",
    "end_user_ban": "a ban on supplying certain users",
    "entity_list": "a list of firms that may not be supplied",
    "extraterritorial": "a rule on goods made abroad",
    "technology": "a rule on technology",
    "supply_stop": "a stop of production",
    "tariff": "a tariff",
    "agreement": "an agreement",
    "easing": "an easing of other clauses",
    "reporting": "a duty to report",
}
IMPORTS = {"ban": "an import ban", "licence": "an import licence rule", "quota": "an import quota"}


def event(ask: Ask) -> Report:
    """One clause or incident, looked at alone."""
    name = ask.net.tables.resolve(ask.subject, "event")
    ask = ask.about(name, ask.scenario.changed(events=[name]))
    about = ask.net.table("events").set_index("event").loc[[name]].iloc[0]
    ask.step(0.05, "exposure")
    frame = ask.ranked
    covered = ask.net.model.calendar.covered(name, ask.on)
    reached = frame[frame["linked"] > 0]
    sections = [
        Section("life", "Its life so far", (_life(ask, name), *parts.phases(ask, [name]), _severities(ask, name)))
    ]
    sections.append(_covers(ask, covered))
    ask.step(0.3, "what it reaches")
    if len(reached):
        top = str(reached["product"].iloc[0])
        alone = (
            Text(
                (
                    "This act alone, everything else left free: what it would do by itself on this day. Other clauses "
                    "in force can hide or add to it.",
                )
            ),
            *parts.ranking(ask, reached.reset_index(drop=True)),
        )
        sections.append(Section("ranking", f"What it reaches in {ask.market}", alone))
        sections.append(Section("why", f"Why this number: {ask.good(top)}", parts.why(ask, top)))
        ask.step(0.4, "over time")
        sections.append(Section("over-time", "Over time", parts.over_time(ask, parts.unlike(ask, reached))))
    goods = _goods(covered)
    made = [good for good in goods if len(ask.production([good]))]
    if made:
        made.sort(key=lambda good: (-_share(ask, good, str(about["issuer"])), good))
        sections.append(_others(ask, made, str(about["issuer"])))
    answer = _answer(ask, name, about, covered, frame)
    title = f"{about['title']}"
    subtitle = f"Event report, {name}, {ask.country(ask.scenario.market)} on {words.day(ask.on)}"
    return finish(ask, title, subtitle, answer, sections, reached["product"].head(RESTED).tolist())


def _goods(covered: pd.DataFrame) -> list[str]:
    """The goods whose flows it covers, in the order of the text."""
    return list(dict.fromkeys(covered.loc[(covered["good"] != "") & (covered["role"] == "covered"), "good"]))


def _share(ask: Ask, good: str, country: str) -> float:
    frame = ask.production([good])
    return float(frame.loc[frame["country"] == country, "share"].sum())


def _answer(ask: Ask, name: str, about: pd.Series, covered: pd.DataFrame, frame: pd.DataFrame) -> list[str]:
    day, goods = words.day(ask.on), _goods(covered)
    table = ask.net.table("goods").set_index("good")["commodity"]
    commodities = list(dict.fromkeys(c.replace("_", " ") for good in goods for c in table[good]))
    of = f" of {words.listed(commodities, 8)}" if commodities else ""
    outside = covered.loc[covered["good"] == "", "item"].nunique()
    also = f" ({words.count(outside, 'item')} of its text not in the data)" if outside else ""
    measure, issuer = str(about["measure"]), ask.place(str(about["issuer"]))
    what = (IMPORTS if about["acts_on"] == "import" else ACTS).get(measure) or f"a measure ({measure})"
    covers = f"covers {words.count(len(goods), 'good')}" if goods else "covers no good of the data"
    lines = [f"This is {what}, issued by {issuer}; it {covers}{of}{also}. {_state(ask, name)}"]
    if str(about["acts_on"]) == "nothing":
        return [*lines, "By itself it restricts no flow, so it costs nothing in the model."]
    linked, short = frame[frame["linked"] > 0], frame[frame["short"] >= COUNTED]
    if not len(linked):
        lines.append(f"On {day} it reaches none of the {len(frame)} products followed in {ask.market}.")
        return lines
    reach = f"Alone, it reaches {len(linked)} of the {len(frame)} products followed in {ask.market}"
    if not len(short):
        lines.append(f"{reach}; none of them is estimated to be short of supply in the central run.")
        return lines
    lines.append(
        f"{reach}; {len(short)} of them {words.verb(len(short), 'is', 'are')} estimated to be short of supply by 1 % "
        f"or more on {day}."
    )
    row = short.sort_values(["short", "product"], ascending=[False, True], kind="stable").iloc[0]
    missing = wording.span(row["short_low"], row["short"], row["short_high"])
    felt = words.lost(row["felt_low"], row["felt"], row["felt_high"])
    lines.append(
        f"Most short is {row['name']}: {missing} of normal supply is missing on the day; after stocks and goods under "
        f"way, {felt}."
    )
    return lines


def _state(ask: Ask, name: str) -> str:
    """Its state on the day, in a sentence."""
    status = ask.x.model.calendar.status(ask.on)
    rows = status[status["event"] == name]
    if rows.empty:
        return f"By {words.day(ask.on)} it has not begun."
    told = []
    for row in rows.to_dict("records"):
        state = str(row["status"]).replace("_", " ")
        where = "" if len(rows) == 1 else f" for {words.listed([ask.place(c) for c in row['destinations']], 4)}"
        sure = "" if row["confirmed"] else ", though that has run out and nothing says what followed (unconfirmed)"
        told.append(f"{state}{where} (since {words.day(row['since'])}){sure}")
    return f"On {words.day(ask.on)} it is {'; '.join(told)}."


def _life(ask: Ask, name: str) -> Table:
    """Its dated phases with what says so."""
    table = ask.x.model.tables["event_phases"]
    rows = table[table["event"] == name].sort_values("from", kind="stable")
    rows = rows.assign(
        state=[s.replace("_", " ") for s in rows["status"]],
        to=[", ".join(d) if len(d) else "as the event" for d in rows["destinations"]],
    )
    return Table(
        "life",
        "Phases",
        (
            Column("from", "From", "date"),
            Column("state", "State"),
            Column("to", "Destinations"),
            Column("until", "Promised until", "date"),
            Column("grade", "What says so"),
            Column("by", "By"),
            Column("confidence", "Evidence", "confidence"),
            Column("source_id", "Source", "sources"),
        ),
        rows,
        "",
        "No dated phase is known.",
    )


def _severities(ask: Ask, name: str) -> Table:
    """What was lost under it, as far as anything is known."""
    table = ask.x.model.tables["severities"]
    rows = table[table["event"] == name]
    rows = rows.assign(
        what=[ask.good(g) if g else "all it covers" for g in rows["good"]],
        to=[", ".join(ask.country(c) if c != "ALL" else "all" for c in d) for d in rows["destinations"]],
    ).sort_values(["from", "what"], kind="stable")
    return Table(
        "severities",
        "How much of the covered flow was lost in practice",
        (
            Column("from", "From", "date"),
            Column("until", "Until", "date"),
            Column("what", "Good"),
            Column("to", "To"),
            Column("end_use", "End use"),
            Column("severity", "Lost", "share", "severity_low", "severity_high"),
            Column("basis", "Basis"),
            Column("confidence", "Evidence", "confidence"),
            Column("source_id", "Source", "sources"),
        ),
        rows,
        "Basis: observed in trade, the legal text, an analogy, or judged. Where no row speaks, the prior of the "
        "measure and its age stands in.",
        "No row says how much was lost: only the prior of the measure and its age speaks.",
    )


def _covers(ask: Ask, covered: pd.DataFrame) -> Section:
    """What it covers, as the text names it and as the graph knows it."""
    rows = covered.assign(
        known=[ask.good(g) if g else "not in the data" for g in covered["good"]],
        firms=[", ".join(b) for b in covered["buyers"]],
    )
    columns = [
        Column("item", "As the text names it"),
        Column("known", "Good"),
        Column("role", "Role"),
        Column("coverage", "Share of its flow covered", "share", "coverage_low", "coverage_high"),
        Column("threshold", "Threshold", "prose"),
        *([Column("firms", "Only to")] if rows["firms"].any() else []),
        *([Column("same_as", "Taken over from")] if covered["same_as"].any() else []),
        Column("source_id", "Source", "sources"),
    ]
    for_readers = Table(
        "covers",
        f"What it covers on {words.day(ask.on)}",
        tuple(columns),
        rows,
        "Role covered: the flow itself; content: counts towards a threshold abroad; technology: goods made with it.",
        "The data name nothing that it covers.",
    )
    return Section("covers", "What it covers", (for_readers,))


def _others(ask: Ask, goods: list[str], issuer: str) -> Section:
    """Who else makes what it covers."""
    drawn = goods[:OTHERS]
    frame = ask.production(goods)
    rows = []
    for good in goods:
        made = frame[frame["good"] == good]
        others = made[made["country"] != issuer].sort_values(
            ["share", "country"], ascending=[False, True], kind="stable"
        )
        named = [
            ask.country(c) if pd.isna(s) else f"{ask.country(c)} {wording.share(s)}"
            for c, s in zip(others["country"], others["share"], strict=True)
            if c != "ROW"
        ]
        own = made[made["country"] == issuer]["share"]
        rows.append((ask.good(good), float(own.sum()) if own.notna().any() else float("nan"), words.listed(named, 6),
                     (others["share"] * others["spare"]).sum(min_count=1), tuple(made["source_id"])))  # fmt: skip
    table = Table(
        "others",
        f"Makers besides {ask.place(issuer)}",
        (
            Column("name", "Good"),
            Column("own", f"{ask.country(issuer)}'s share", "share"),
            Column("others", "Others known (share of world production)"),
            Column("spare", "Their documented spare capacity, share of the world's", "share"),
            Column("source_id", "Sources", "sources"),
        ),
        pd.DataFrame(rows, columns=["name", "own", "others", "spare", "source_id"]),
        "Spare capacity is unknown where no row documents any: it may exist.",
    )
    years = sorted({ask.years(good) for good in drawn} - {"year unknown"})
    year = f"{years[0][:4]} to {years[-1][-4:]}" if len(years) > 1 else "".join(years) or "year unknown"
    first = drawn[0]
    here, shown = frame[frame["good"] == first], frame[frame["good"].isin(drawn)]
    return Section(
        "others",
        "Who else could supply",
        (
            Figure(
                "others-map",
                lambda theme: figures.supply_map(
                    here, good=ask.good(first), year=ask.years(first), basis=ask.basis(first), theme=theme
                ),
            ),
            Figure("others", lambda theme: figures.supply_bars(shown, title="what it covers", year=year, theme=theme)),
            table,
        ),
    )
