"""Report about one good: how exposed, through what, since when, until when stocks last, what would help."""

from __future__ import annotations

import pandas as pd

from supplychain import figures, wording
from supplychain.outcomes import EFFECTS, EVERYWHERE, last_report, outcomes
from supplychain.report import parts, words
from supplychain.report.ask import Ask
from supplychain.report.closing import finish
from supplychain.report.model import Block, Column, Figure, Report, Section, Table, Text
from supplychain.report.plans import side_by_side

LEVEL = 0.1  # shortage that the smallest set of measures is to reach


def product(ask: Ask) -> Report:
    """One good in one market."""
    good = ask.net.tables.resolve(ask.subject)
    ask = ask.about(good, ask.scenario.changed(products=[good]))
    name, day = ask.good(good), words.day(ask.on)
    ask.step(0.05, "exposure")
    frame = ask.x.frame.assign(name=[name])
    row = frame.iloc[0]
    sections = [Section("readings", "How exposed", (_readings(ask, row), *_range_figure(ask, frame)))]
    if row["linked"] > 0:
        ask.step(0.2, "why")
        place = ask.cut(good)
        made = [g for g in (place[0] if place else "", good) if g and len(ask.production([g]))]
        sections.append(Section("why", "Why this number", (*parts.why(ask, good), _commodities(ask, good))))
        if made:
            sections.append(
                Section("makers", "Who makes what it hangs on", parts.makers(ask, made, "what it hangs on"))
            )
        ask.step(0.3, "over time")
        sections.append(Section("over-time", "Over time", (*parts.over_time(ask, [good]), *side_by_side(ask, good))))
        sections += _reported(ask, good)
        events = sorted({*row["events"], *ask.x.contributions(good)["player"]})
        sections.append(
            Section("clauses", "The clauses behind it", (*parts.phases(ask, events), parts.clauses(ask, events)))
        )
        if row["short"] > 0:
            ask.step(0.4, "what would help")
            sections.append(_help(ask, good))
    sections.append(_inputs(ask, good))
    return finish(ask, f"{name} in {ask.market} on {day}", "Product report", _answer(ask, row), sections, [good])


def _answer(ask: Ask, row: pd.Series) -> list[str]:
    name, day = row["name"], words.day(ask.on)
    if row["linked"] <= 0:
        return [f"On {day} {name} in {ask.market} is not linked to any clause in force."]
    place = ask.cut(row["product"])
    through = f" The shortage runs through {ask.good(place[0])} from {ask.place(place[1])}." if place else ""
    short = wording.span(row["short_low"], row["short"], row["short_high"])
    if row["short_high"] <= 0:
        first = (
            f"On {day} nothing of {name} in {ask.market} is estimated to be missing, but up to "
            f"{wording.share(row['dependent'])} of its supply depends on restricted goods in the worst case.{through}"
        )
    elif row["short"] <= 0:
        first = (
            f"On {day} {name} in {ask.market} is estimated to be short only in the high run, by up to "
            f"{wording.share(row['short_high'])} of normal supply.{through}"
        )
    else:
        first = (
            f"On {day} an estimated {short} of normal supply of {name} in {ask.market} is missing on the day.{through}"
        )
    lines = [first]
    felt = wording.span(row["felt_low"], row["felt"], row["felt_high"])
    if row["felt"] > 0:
        since = f", first on {words.day(row['first_date'])}" if wording.known(row["first_date"]) else ""
        lines.append(f"After stocks and goods under way, an estimated {felt} of normal output is lost{since}.")
    elif row["felt_high"] > 0:
        lines.append(
            f"Stocks and goods under way are estimated to cover this in the central run; in the high run "
            f"{wording.share(row['felt_high'])} of output is lost."
        )
    elif row["short_high"] > 0 and ask.x.simulated is not None:
        run = ask.x.simulated.run
        low, central, high = (float(row[name]) for name in ("first_day_low", "first_day", "first_day_high"))
        when = words.first_loss(low, central, high, run.start, run.days - 1)
        lines.append(f"Stocks are estimated to cover it so far: output is expected to be lost {when}.")
    lines += _last_report(ask, row["product"])
    if row["only_prior"]:
        lines.append("Only a prior speaks for how much of the flow is lost: no trade figure of this clause is known.")
    return lines


def _last_report(ask: Ask, good: str) -> list[str]:
    """The last report on its output by the day, so that an estimate never stands alone."""
    last = last_report(ask.net, good, ask.scenario.market, ask.on)
    if last is None:
        return []
    ends = [words.day(day.date()) for day in (last["from"], last["until"]) if wording.known(day)]
    place = "the world" if last["market"] == EVERYWHERE else ask.place(str(last["market"]))
    return [f"The last report on its output ({place}, {' to '.join(ends)}) says: {EFFECTS[last['effect']]}."]


def _readings(ask: Ask, row: pd.Series) -> Table:
    """The four readings with what each means."""
    lines = [
        (
            "Felt",
            "Output lost on the day, after stocks and goods under way",
            row["felt_low"],
            row["felt"],
            row["felt_high"],
        ),
        ("Short", "Supply missing on the day, before stocks", row["short_low"], row["short"], row["short_high"]),
        ("Dependent", "Structural worst case: everything covered stops", None, row["dependent"], None),
        ("Linked", "Hangs on a restricted flow at all", None, row["linked"], None),
    ]
    frame = pd.DataFrame(lines, columns=["reading", "meaning", "low", "value", "high"])
    return Table(
        "readings",
        f"Readings on {words.day(ask.on)}",
        (
            Column("reading", "Reading"),
            Column("meaning", "What it says"),
            Column("value", "Share of normal", "share", "low", "high"),
        ),
        frame,
        f"{wording.share(row['coverage'])} of the chain rests on a source; weakest evidence: {row['confidence']}.",
    )


def _range_figure(ask: Ask, frame: pd.DataFrame) -> tuple[Block, ...]:
    return (
        Figure(
            "ranking",
            lambda theme: figures.ranking(
                frame, market=ask.scenario.market, on=str(ask.on), reading="short", theme=theme
            ),
        ),
    )


def _commodities(ask: Ask, good: str) -> Table:
    """The shortage by commodity."""
    return Table(
        "commodities",
        "Which commodities are behind it",
        (
            Column("name", "Commodity"),
            Column("shapley", "Fair share", "share"),
            Column("alone", "Acting alone", "share"),
            Column("last", "Added last", "share"),
        ),
        parts.contributions(ask, good, "commodity"),
        "Fair shares (Shapley) add up to what is short.",
        "No commodity adds to a shortage.",
    )


def _reported(ask: Ask, good: str) -> list[Section]:
    """What was reported to have happened to its output, beside what the model says of those days."""
    found = outcomes(ask.net, good)
    if found.empty:
        return []
    rows = found.assign(
        place=["World" if code == EVERYWHERE else ask.country(code) for code in found["market"]],
        effect=[EFFECTS[effect] for effect in found["effect"]],
    )
    table = Table(
        "reported",
        "Reports on its output, all markets",
        (
            Column("place", "Where"),
            Column("from", "From", "date"),
            Column("until", "Until", "date"),
            Column("effect", "What was reported"),
            Column("lost", "Output lost", "share", "lost_low", "lost_high"),
            Column("felt", "Modelled for those days", "share", "felt_low", "felt_high"),
            Column("fit", "The model"),
            Column("confidence", "Evidence", "confidence"),
            Column("source_id", "Source", "sources"),
            Column("note", "Note", "prose"),
        ),
        rows,
        "No report is used to compute anything. A difference of up to 5 points counts as agreement.",
    )
    return [Section("reported", "What was reported", (table,))]


def _help(ask: Ask, good: str) -> Section:
    """Measures tried out one by one, and the smallest set that is enough."""

    def told(done: int, total: int) -> None:
        ask.step(0.4 + 0.5 * done / max(total, 1), "what would help")

    found = ask.x.mitigations(good, told)
    table = Table(
        "measures",
        "Measures, each tried out alone",
        (
            Column("measure", "Measure"),
            Column("detail", "What exactly", "prose"),
            Column("short_after", "Short with it", "share"),
            Column("avoided", "Takes off", "points"),
            Column("days_avoided", "Days of supply saved", "number"),
        ),
        found.assign(avoided=-found["avoided"]),
        "Days of supply saved: from the first effect to a year after the day, stocks and goods under way included. "
        "What a measure costs is not known.",
        "No measure touches the chain that sets the loss.",
    )
    smallest = ask.x.smallest_set(good, LEVEL)
    said = (
        f"The fewest measures that bring the shortage to {wording.share(LEVEL)} or less: "
        f"{smallest['measures'].iloc[0]} (leaves {wording.share(smallest['short_after'].iloc[0])})."
        if len(smallest)
        else f"No three of these measures together bring the shortage to {wording.share(LEVEL)} or less."
    )
    return Section("measures", "What would help", (Text((said,)), table))


def _inputs(ask: Ask, good: str) -> Section:
    """What it is made from."""
    frame = ask.net.upstream(good)
    rows = frame.assign(way=[" > ".join(ask.good(g) for g in path.split(" > ")) for path in frame["path"]])
    return Section(
        "inputs",
        "What it is made from",
        (
            Table(
                "inputs",
                f"Inputs of {ask.good(good)} down to the minerals",
                (
                    Column("name", "Input"),
                    Column("kind", "Kind"),
                    Column("steps", "Steps away", "number"),
                    Column("way", "Shortest way", "prose"),
                    Column("confidence", "Weakest evidence", "confidence"),
                ),
                rows,
                "",
                "No row says what it is made from.",
            ),
        ),
    )
