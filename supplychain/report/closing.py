"""How every report ends: evidence, assumptions and gaps, method, sources, and what reproduces it."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

import pandas as pd

import supplychain
from supplychain import wording
from supplychain.report import words
from supplychain.report.ask import Ask
from supplychain.report.model import Block, Column, Report, Section, Table, Text

METHOD = (
    "The chain runs from minerals through materials and components to products; every step is a row of the data with "
    "its source.",
    "Where a country gets a good follows its documented supply and imports; what no row explains goes by the surplus "
    "of the exporters, and is then called assumed.",
    "The state of every clause on the day comes from its dated phases; a promise that has run out is unconfirmed, and "
    "both branches are computed.",
    "A clause takes from a flow what was lost in practice under it (severity, with its range) times the share of the "
    "flow that it covers. Several clauses on one flow: the largest counts.",
    "What arrives is the sum over origins of share times what is let through times what the origin still makes.",
    "An input costs as much output as it is critical (1 stops the line). The scarcest input and the plant's own "
    "capacity set the output; they do not multiply. Inputs that can stand in for each other do so as far as "
    "documented.",
    "linked: hangs on it at all. dependent: the structural worst case. short: supply missing on the day, before "
    "stocks. felt: output lost on the day after stocks and transit.",
    "felt comes from a daily simulation: stocks are used up, goods under way still arrive, stocks refill slowly.",
    "Low, central and high are three runs with all ranges at one end; they are not quantiles.",
    "Contributions are Shapley values: each clause's average effect over all orders of adding it. They add up.",
)
GAPS = (
    "Prices, substitution beyond the documented groups, smuggling and new capacity do not respond in the model.",
    "Countries stand for their industries: a single firm can be better or worse off than its country.",
    "Shares and stocks are of the years stated; trade that moved since then is not seen.",
    "An unknown share is left unknown and lowers coverage; it is never counted as zero risk.",
)


def evidence(ask: Ask, products: Sequence[str]) -> Section:
    """The rows of the data on which the binding chains of some products rest."""
    labels: dict[str, list[str]] = {}
    for product in products:
        steps = ask.x.explain(product)
        for text in steps.loc[steps["binding"], "rows"]:
            for label in text.split(";"):
                if label:
                    labels.setdefault(label, []).append(product)
    rows = [(label, *_fact(ask, label), len(set(used))) for label, used in labels.items()]
    frame = pd.DataFrame(rows, columns=["row", "fact", "year", "confidence", "source_id", "note", "products"])
    order = ["products", "row"]
    frame = frame.sort_values(order, ascending=[False, True], kind="stable", ignore_index=True)
    weak = int(frame["confidence"].isin(["low", "unverified"]).sum())
    named = words.listed([ask.good(p) for p in products], 4)
    said = (
        f"The chains of {named} rest on {words.count(len(frame), 'row')}; "
        f"{weak or 'none'} of them {words.verb(weak, 'is', 'are')} of low confidence or unverified."
        if len(frame)
        else "No row carries a loss."
    )
    return Section(
        "evidence",
        "Evidence",
        (
            Text((said,)),
            Table(
                "evidence",
                "Facts that set the losses",
                (
                    Column("fact", "Fact", "prose"),
                    Column("year", "Year"),
                    Column("confidence", "Confidence", "confidence"),
                    Column("source_id", "Source", "sources"),
                    Column("products", "Products", "number"),
                    Column("note", "Note", "prose"),
                    Column("row", "Row of the data"),
                ),
                frame,
                "●●● high: primary document seen; ●●○ medium: credible secondary; ●○○ low: trade press, proxy or "
                "inference; ○○○ unverified: no checkable source.",
                "No row carries a loss.",
            ),
        ),
    )


def _fact(ask: Ask, label: str) -> tuple[str, str, str, str, str]:
    """A row of the data in words, its year, confidence, source and note."""
    table = label.rpartition("/")[2].partition(".csv")[0]
    rows = ask.x.model.tables[table]
    if label not in rows.index:
        return label, "", "unverified", "", ""
    row = {str(key): value for key, value in rows.loc[[label]].iloc[0].items()}
    if table == "bom":
        fact = f"{ask.good(row['output'])} needs {ask.good(row['input'])} ({row['effect']})"
    elif table == "production":
        share = wording.share(row["share"])
        fact = f"{ask.country(row['country'])} makes {share} of {ask.good(row['good'])} ({row['basis']})"
    elif table == "trade":
        fact = (
            f"{ask.country(row['importer'])} gets {wording.share(row['share'])} of its {row['basis']} of "
            f"{ask.good(row['good'])} from {ask.country(row['exporter'])}"
        )
    elif table == "severities":
        lost = wording.span(row["severity_low"], row["severity"], row["severity_high"])
        what = ask.good(row["good"]) if row["good"] else "all it covers"
        places, basis = ", ".join(row["destinations"]), row["basis"].replace("_", " ")
        fact = f"{row['event']} took {lost} of {what} to {places} ({basis})"
    else:
        fact = f"Assumed: {row['name']} of {row['applies_to']} = {words.number(row['value'])} {row['unit']}"
    return fact, str(row["year"] or ""), str(row["confidence"]), str(row["source_id"]), str(row["note"] or "")


def assumptions(ask: Ask) -> Section:
    """What was assumed and what the answer does not know."""
    x = ask.x
    blocks: list[Block] = []
    if x.assumptions:
        blocks.append(Text(("The result leans on these assumptions:",)))
        blocks.append(Text(x.assumptions, "list"))
    blocks.append(Text(("What the reader must know:",)))
    blocks.append(Text((*x.felt_notes, *x.warnings, *GAPS), "list"))
    return Section("assumptions", "Assumptions and known gaps", tuple(blocks))


# --- the whole --------------------------------------------------------------------------------------------------------


def made_from(ask: Ask) -> tuple[tuple[str, str], ...]:
    """What reproduces the report, to the byte."""
    pairs = [("Kind of report", ask.kind)]
    pairs += [("Subject", ask.subject)] if ask.subject else []
    pairs.append(("Query", ask.scenario.query))
    pairs += [("Compared with", ask.other.query)] if ask.other else []
    pairs += [
        ("Command", command(ask)),
        ("Data version", ask.net.version),
        ("Knowledge until", ask.net.knowledge_until.isoformat()),
        ("Code version", supplychain.__version__),
        ("Seed", "0"),
    ]
    overlay = sum("/" in row for name in ask.net.tables for row in ask.net.tables[name].index)
    return (*pairs, *([("Rows of your own data", f"{overlay:,}")] if overlay else []))


def command(ask: Ask) -> str:
    """The command line that writes the report again."""
    words_ = ["supplychain", "report", ask.kind, *ask.scenario.flags()]
    words_ += ["--subject", ask.subject] if ask.subject else []
    words_ += ["--other", ask.other.query] if ask.other else []
    return " ".join(quote(word) for word in [*words_, "--output", "report.html"])


def finish(
    ask: Ask, title: str, subtitle: str, answer: Sequence[str], sections: Sequence[Section], products: Sequence[str]
) -> Report:
    """Add evidence, assumptions, method and sources to the sections of a report."""
    kept = [
        *sections,
        *([evidence(ask, products)] if products else []),
        assumptions(ask),
        Section("method", "Method in ten lines", (Text(METHOD, "steps"),)),
    ]
    tables = [block for section in kept for block in section.blocks if isinstance(block, Table)]
    return Report(ask.kind, title, subtitle, tuple(answer), tuple(kept), _sources(ask, tables), made_from(ask))


def _sources(ask: Ask, tables: Sequence[Table]) -> Table:
    cited: dict[str, int] = {}
    for table in tables:
        for column in table.columns:
            if column.kind == "sources":
                for cell in table.frame[column.key]:
                    for source in words.sources_of(cell):
                        cited[source] = cited.get(source, 0) + 1
    about = ask.x.model.tables["sources"].set_index("source_id").reindex(list(cited))
    frame = about.reset_index(names="source_id").assign(number=range(1, len(cited) + 1), cited=list(cited.values()))
    return Table(
        "sources",
        "Sources",
        (
            Column("number", "No.", "number"),
            Column("title", "Title"),
            Column("publisher", "Publisher"),
            Column("published", "Published", "date"),
            Column("kind", "Kind"),
            Column("url", "Link", "link"),
            Column("source_id", "Id"),
        ),
        frame,
        "",
        "No row of this report cites a source.",
    )
