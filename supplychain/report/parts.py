"""Parts that several kinds of report share: the ranked table, why, over time, clauses, evidence, method, the query."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from supplychain import figures, wording
from supplychain.network import Exposure
from supplychain.report import words
from supplychain.report.ask import Ask, corners
from supplychain.report.model import Block, Column, Figure, Section, Table, Text
from supplychain.scenario import Scenario

RANKED = 20  # bars in a ranking
DRAWN = 3  # products over time
TOLD = 0.001  # a smaller change of exposure is not listed
READINGS = (
    Column("felt", "Felt: output lost after stocks", "share", "felt_low", "felt_high"),
    Column("short", "Short: supply missing on the day", "share", "short_low", "short_high"),
    Column("dependent", "Dependent: worst case", "share"),
    Column("linked", "Linked", "share"),
)


# --- exposure ---------------------------------------------------------------------------------------------------------


def ranking(ask: Ask, frame: pd.DataFrame, key: str = "ranking") -> tuple[Block, ...]:
    """The ranked figure and table of products."""
    on, market = str(ask.on), ask.scenario.market
    reading = "felt" if (frame["felt"] > 0).any() else "short"
    figure = Figure(
        key,
        lambda theme: figures.ranking(frame, market=market, on=on, reading=reading, top=RANKED, theme=theme),
    )
    table = Table(
        f"{key}-table",
        f"All products of this report in {ask.market} on {words.day(ask.on)}",
        (
            Column("name", "Product"),
            *READINGS,
            Column("coverage", "Coverage", "share"),
            Column("confidence", "Weakest evidence", "confidence"),
            *([Column("only_prior", "Severity is a prior only", "flag")] if frame["only_prior"].any() else []),
            Column("why", "Why", "prose"),
        ),
        frame,
        "Shares of normal supply or output, central run with low to high in brackets. Coverage: share of the chain "
        "that rests on a source.",
        "No product matches the question.",
    )
    return figure, table


def why(ask: Ask, product: str) -> tuple[Block, ...]:
    """Flow diagram, contributions and steps of one product."""
    on, market, name = str(ask.on), ask.scenario.market, ask.good(product)
    steps = ask.x.explain(product)
    shown = steps.assign(
        of=[ask.good(g) if g else f"{ask.country(market)} (market)" for g in steps["output"]],
        needs=[ask.good(g) for g in steps["input"]],
        origin=[ask.country(c) for c in steps["country"]],
        cut_by=[", ".join(events) for events in steps["events"]],
    )
    by_event = contributions(ask, product, "event")
    return (
        Figure(
            f"flow-{product}",
            lambda theme: figures.flow(steps, product=name, market=market, on=on, labels=ask.good_names, theme=theme),
        ),
        Figure(
            f"contributions-{product}",
            lambda theme: figures.contributions(by_event, product=name, market=market, on=on, top=12, theme=theme),
        ),
        Table(
            f"steps-{product}",
            f"Every step to {name}",
            (
                Column("of", "What is made"),
                Column("needs", "Needs"),
                Column("origin", "Origin that loses most"),
                Column("share", "Its share", "share"),
                Column("criticality", "Criticality", "number"),
                Column("available", "Arrives", "share"),
                Column("loss", "Costs of output", "share"),
                Column("binding", "Sets the loss", "flag"),
                Column("cut_by", "Cut by"),
                Column("confidence", "Evidence", "confidence"),
                Column("source_id", "Sources", "sources"),
            ),
            shown,
            "Criticality: share of output lost per share of the input lost, after what can be substituted at once.",
            "Nothing leads from a clause in force to this product.",
        ),
    )


def contributions(ask: Ask, product: str, by: str) -> pd.DataFrame:
    """What each event or commodity is behind, with its name."""
    frame = ask.x.contributions(product, by)
    frame = frame[(frame[["alone", "last", "shapley"]].abs() > 1e-9).any(axis=1)]
    names = [ask.event(p) if by == "event" else p.replace(";", ", ").replace("_", " ") for p in frame["player"]]
    return frame.assign(name=names)


def unlike(ask: Ask, frame: pd.DataFrame) -> list[str]:
    """The most exposed products whose chains are cut at different places: their lines do not cover each other."""
    found: dict[tuple[str, str] | None, str] = {}
    for product in frame["product"]:
        found.setdefault(ask.cut(product), product)
        if len(found) == DRAWN:
            break
    return [product for place, product in found.items() if place is not None or len(found) == 1]


def over_time(ask: Ask, products: Sequence[str], key: str = "over-time") -> tuple[Block, ...]:
    """Output lost day by day with the clauses behind it, and the days until it is first lost."""
    simulated = ask.x.simulated
    if simulated is None:
        return (Text(("No clause takes anything by this day, so nothing is lost over time.",)),)
    frame = simulated.frame
    days = pd.to_datetime(frame["date"])
    frame = frame[frame["product"].isin(list(products)) & (days <= pd.Timestamp(ask.until))]
    frame = frame.assign(name=[ask.good(product) for product in frame["product"]])
    parts = [corners(part, ["output_low", "output", "output_high"]) for _, part in frame.groupby("product", sort=True)]
    lines = pd.concat(parts) if parts else frame
    behind = list(dict.fromkeys(event for product in products for event in _events_behind(ask, product)))
    marks = phase_changes(ask, behind)
    shown = ask.x.frame[ask.x.frame["product"].isin(list(products))]
    horizon = simulated.run.days - 1
    return (
        Figure(key, lambda theme: figures.timeline(lines, marks, market=ask.scenario.market, theme=theme)),
        Figure(
            f"{key}-cover",
            lambda theme: figures.stock_cover(
                shown.assign(name=[ask.good(p) for p in shown["product"]]),
                market=ask.scenario.market,
                start=simulated.start,
                horizon=horizon,
                today=(ask.on - simulated.start).days,
                top=12,
                theme=theme,
            ),
        ),
        Text(
            (
                f"The simulation begins on {words.day(simulated.start)}, when the first clause of the question takes "
                f"effect (not before 1 January three years earlier). After {words.day(ask.on)} it shows what is "
                "expected if the clauses run as the data know them; expected is not happened.",
            )
        ),
    )


def _events_behind(ask: Ask, product: str) -> tuple[str, ...]:
    frame = ask.x.frame
    return tuple(frame.loc[frame["product"] == product, "events"].iloc[0])


# --- two scenarios ---------------------------------------------------------------------------------------------------


def changes(ask: Ask, before: Exposure) -> pd.DataFrame:
    """What changed from another exposure: product, short_a, short_b, change, name, mostly; largest first."""
    frame = ask.net.difference(before, ask.x)
    players = [c for c in frame.columns if c not in ("product", "short_a", "short_b", "change")]
    rows = frame[players].astype(float).to_dict("records")
    mostly = [
        _mostly({str(k): v for k, v in row.items()}, change) for row, change in zip(rows, frame["change"], strict=True)
    ]
    kept = frame[["product", "short_a", "short_b", "change"]]
    return kept.assign(name=[ask.good(p) for p in frame["product"]], mostly=mostly)


def _mostly(row: dict[str, float], change: float) -> str:
    """The event that moves the shortage furthest in the direction of the change."""
    if abs(change) < TOLD or not row:
        return ""
    best = max(sorted(row), key=lambda event: row[event] * (1 if change > 0 else -1))
    return f"{best} ({wording.points(row[best])})"


def changed(ask: Ask, change: pd.DataFrame, other: Scenario, title: str = "") -> Section:
    """Figure and table of what differs from another scenario."""
    a, b = scenario_names(other, ask.scenario)
    moved = change[change["change"].abs() > TOLD].reset_index(drop=True)
    heading = title or f"What changed since {words.day(other.on)}"
    table = Table(
        "changes",
        f"Products whose shortage differs: {a} against {b}",
        (
            Column("name", "Product"),
            Column("short_a", f"Short, {a}", "share"),
            Column("short_b", f"Short, {b}", "share"),
            Column("change", "Change", "points"),
            Column("mostly", "Mostly by"),
        ),
        moved,
        "Central run of supply missing on the day. Mostly by: the event with the largest Shapley value in the "
        "direction of the change.",
        "No product changes by more than a tenth of a point.",
    )
    if moved.empty:
        return Section("changes", heading, (table,))
    figure = Figure(
        "comparison",
        lambda theme: figures.comparison(moved, a=a, b=b, market=ask.scenario.market, top=15, theme=theme),
    )
    return Section("changes", heading, (figure, table))


def scenario_names(a: Scenario, b: Scenario) -> tuple[str, str]:
    """What to call two scenarios: their days where those differ, else first and second."""
    return (str(a.on), str(b.on)) if a.on != b.on else ("the first", "the second")


def chokepoints(ask: Ask, found: pd.DataFrame, title: str) -> Section:
    """Single stops that hit hardest: a country that makes no more of a good."""
    year = ask.net.version
    rows = found.assign(
        name=[ask.good(g) for g in found["good"]],
        place=[ask.country(c) for c in found["country"]],
        worst_name=[ask.good(p) for p in found["worst_product"]],
    )
    figure = Figure(
        "leverage",
        lambda theme: figures.leverage(
            found, market=ask.scenario.market, year=f"data {year}", labels=ask.good_names, theme=theme
        ),
    )
    table = Table(
        "chokepoints",
        f"What a full stop would take from {ask.market}, before stocks",
        (
            Column("place", "Country that stops"),
            Column("name", "Good"),
            Column("products_hit", "Products hit", "number"),
            Column("worst_name", "Hit hardest"),
            Column("worst", "Its loss", "share"),
            Column("mean", "Mean over all products", "share"),
        ),
        rows,
        "Each row is tried out alone: all of the country's making of the good halted, normal trade otherwise. It says "
        "what could be lost, not that a stop is expected.",
        "No single stop is felt here.",
    )
    return Section("stops", title, (figure, table))


# --- clauses ----------------------------------------------------------------------------------------------------------


def phase_changes(ask: Ask, events: Sequence[str]) -> pd.DataFrame:
    """The dated phases of some events: event, date, status, destinations, title."""
    changes = ask.x.model.calendar.changes("1990-01-01", ask.until)
    changes = changes[changes["event"].isin(list(events)) & ~changes["status"].isin(["severity", "severity ends"])]
    return changes.assign(
        title=[ask.event(event) for event in changes["event"]],
        destinations=[";".join(places) for places in changes["destinations"]],
    ).reset_index(drop=True)


def phases(ask: Ask, events: Sequence[str], key: str = "phases", top: int = 15) -> tuple[Figure, ...]:
    """The legal life of some clauses; nothing where none of them has begun."""
    changes = phase_changes(ask, events)
    if changes.empty:
        return ()
    return (Figure(key, lambda theme: figures.phases(changes, until=ask.until, on=ask.on, top=top, theme=theme)),)


def clauses(ask: Ask, events: Sequence[str], key: str = "clauses", frame: pd.DataFrame | None = None) -> Table:
    """State, range of loss and source of some clauses on the day."""
    model, market = ask.x.model, ask.scenario.market
    status = model.calendar.status(ask.on, market)
    status = status[status["event"].isin(list(events))]
    about = model.tables["events"].set_index("event")
    x = ask.x.frame if frame is None else frame
    counts = pd.Series([event for behind in x["events"] for event in behind], dtype=object).value_counts()
    rows = status.assign(
        title=[ask.event(event) for event in status["event"]],
        basis=[basis.replace("_", " ") for basis in status["basis"]],
        issuer=[ask.country(str(about.at[event, "issuer"])) for event in status["event"]],
        state=[
            s.replace("_", " ") + ("" if sure else " (unconfirmed)")
            for s, sure in zip(status["status"], status["confirmed"], strict=True)
        ],
        products=[int(counts.get(event, 0)) for event in status["event"]],
        source_id=[str(about.at[event, "source_id"]) for event in status["event"]],
        confidence=[str(about.at[event, "confidence"]) for event in status["event"]],
    ).sort_values(["products", "event"], ascending=[False, True], kind="stable")
    return Table(
        key,
        f"Clauses that reach flows behind these products, {words.day(ask.on)}",
        (
            Column("event", "Event", "id"),
            Column("title", "What it is", "prose"),
            Column("issuer", "Issuer"),
            Column("state", "State"),
            Column("since", "Since", "date"),
            Column("severity", "Share of covered flow lost", "share", "severity_low", "severity_high"),
            Column("basis", "Basis of that"),
            Column("products", "Products whose loss it sets", "number"),
            Column("confidence", "Evidence", "confidence"),
            Column("source_id", "Source", "sources"),
        ),
        rows,
        "Basis: observed in trade, the legal text, an analogy, or judged. The worst-hit good of the clause is shown.",
        "No clause in force on this day reaches these products.",
    )


# --- who makes it -----------------------------------------------------------------------------------------------------


def makers(ask: Ask, goods: Sequence[str], title: str, key: str = "makers") -> tuple[Block, ...]:
    """Map of the first good and bars of all, with the rows behind them."""
    goods = list(dict.fromkeys(goods))
    frame = ask.production(goods)
    first = goods[0]
    here = frame[frame["good"] == first]
    rows = frame.assign(place=[ask.country(c) for c in frame["country"]])
    rows = rows.sort_values(["stage", "good", "share"], ascending=[True, True, False], kind="stable")
    spans = sorted({ask.years(good) for good in frame["good"]} - {"year unknown"})
    years = f"{spans[0][:4]} to {spans[-1][-4:]}" if len(spans) > 1 else "".join(spans) or "year unknown"
    return (
        Figure(
            f"{key}-map",
            lambda theme: figures.supply_map(
                here, good=ask.good(first), year=ask.years(first), basis=ask.basis(first), theme=theme
            ),
        ),
        Figure(key, lambda theme: figures.supply_bars(frame, title=title, year=years, theme=theme)),
        Table(
            f"{key}-table",
            f"Who makes {title}",
            (
                Column("name", "Good"),
                Column("stage", "Stage"),
                Column("place", "Country"),
                Column("share", "Share of world production", "share"),
                *([Column("spare", "Spare capacity, share of own", "share")] if rows["spare"].notna().any() else []),
                Column("source_id", "Source", "sources"),
            ),
            rows,
            f"Years of the figures: {years}. A maker without a share is known to make it; how much is unknown.",
            "No producer is documented. Unknown is not none.",
        ),
    )
