"""Reports about who holds what: a mineral through its stages, a country over a market."""

from __future__ import annotations

import pandas as pd

from supplychain import figures, wording
from supplychain.errors import InputError, UnknownIdError, fold
from supplychain.report import parts, words
from supplychain.report.ask import Ask
from supplychain.report.closing import finish
from supplychain.report.model import Column, Figure, Report, Section, Table

RESTED = 8
EVERY = 100_000  # single stops that are looked through
STAGES = ("mine", "refine", "material", "component", "assembly", "product")


def mineral(ask: Ask) -> Report:
    """One commodity through its stages: who makes it, what restricts it, what hangs on it."""
    name, goods = _commodity(ask)
    ask = ask.about(name, ask.scenario)
    day = words.day(ask.on)
    ask.step(0.1, "who makes it")
    concentration = ask.net.concentration()
    stages = concentration[concentration["good"].isin(goods)]
    stages = stages.assign(_at=[goods.index(g) for g in stages["good"]]).sort_values("_at")
    made = [g for g in _by_known(ask, goods) if len(ask.production([g]))]
    sections = [
        Section("makers", "Who makes it", (_stages(ask, stages), *(parts.makers(ask, made, name) if made else ())))
    ]
    ask.step(0.3, "what restricts it")
    events = _covering(ask, goods)
    sections.append(Section("clauses", "What restricts it", (*parts.phases(ask, events), parts.clauses(ask, events))))
    ask.step(0.5, "what hangs on it")
    stops = ask.net.chokepoints(ask.scenario.market, EVERY, list(ask.x.products))
    stops = stops[stops["good"].isin(goods)].reset_index(drop=True)
    sections.append(parts.chokepoints(ask, stops, f"What a full stop would take from {ask.market}"))
    behind = _behind(ask, goods)
    frame = ask.ranked
    hit = frame[frame["product"].isin(behind)].reset_index(drop=True)
    if len(hit):
        sections.append(Section("ranking", "Products whose loss runs through it", parts.ranking(ask, hit)))
    sections.extend(_prices(ask, goods))
    lines = [*_holders(ask, name, stages), _restricted(ask, name, events)]
    if len(hit):
        top = hit.iloc[0]
        short = wording.span(top["short_low"], top["short"], top["short_high"])
        lines.append(
            f"In {ask.market} the loss of {words.count(len(hit), 'product')} runs through it; {top['name']} is the "
            f"most exposed, with {short} of normal supply missing on the day."
        )
    elif len(stops):
        stop = stops.iloc[0]
        lines.append(
            f"No loss in {ask.market} runs through it on {day}; a full stop by {ask.place(stop['country'])} of "
            f"{ask.good(stop['good'])} would reach {words.count(int(stop['products_hit']), 'product')}."
        )
    else:
        lines.append(f"No single stop of it is felt in {ask.market}.")
    subtitle = f"Mineral report, {ask.country(ask.scenario.market)} on {day}"
    return finish(ask, words.sentence(name), subtitle, lines, sections, behind[:RESTED])


def _commodity(ask: Ask) -> tuple[str, list[str]]:
    """The name of the commodity that is asked about, and its goods from mine to component."""
    goods = ask.net.table("goods")
    wanted = fold(ask.subject)
    stages = list(STAGES)
    commodities = sorted({c for cell in goods["commodity"] for c in cell})
    name = next((c for c in commodities if fold(c) == wanted), "")
    if not name:
        try:
            good = ask.net.tables.resolve(ask.subject)
        except UnknownIdError:
            raise UnknownIdError("commodity or good", ask.subject, [*commodities, *goods["good"]]) from None
        own = goods.loc[goods["good"] == good, "commodity"].iloc[0]
        if not own:
            raise UnknownIdError("commodity", ask.subject, commodities)
        name = own[0]
    mine = goods[[name in cell for cell in goods["commodity"]]]
    alone = mine[[len(cell) == 1 for cell in mine["commodity"]]]
    mine = alone if len(alone) else mine
    order = sorted(zip(mine["stage"], mine["good"], strict=True), key=lambda p: (stages.index(p[0]), p[1]))
    return name.replace("_", " "), [good for _, good in order]


def _by_known(ask: Ask, goods: list[str]) -> list[str]:
    """Goods with the most of their making documented first: the map shows the first."""
    frame = ask.production(goods)
    known = frame.groupby("good")["share"].sum()
    return sorted(goods, key=lambda good: (-round(float(known.get(good, 0.0)), 6), goods.index(good)))


def _stages(ask: Ask, stages: pd.DataFrame) -> Table:
    """Concentration of each stage."""
    return Table(
        "concentration",
        "How concentrated each stage is",
        (
            Column("name", "Good"),
            Column("stage", "Stage"),
            Column("leader_name", "Largest maker"),
            Column("leader_share", "Its share", "share"),
            Column("hhi", "HHI (0 to 1)", "number"),
            Column("documented", "Documented", "share"),
            Column("makers", "Countries that make it", "number"),
        ),
        stages.assign(leader_name=[ask.country(c) for c in stages["leader"]]),
        "HHI: sum of squared shares by country; a lower bound where less than all is documented.",
    )


def _holders(ask: Ask, name: str, stages: pd.DataFrame) -> list[str]:
    known = stages[stages["leader_share"].notna() & (stages["leader"] != "ROW")]
    if known.empty:
        return [f"The data do not name the largest maker of {name}: its concentration is unknown, which is not low."]
    row = known.sort_values(["leader_share", "good"], ascending=[False, True], kind="stable").iloc[0]
    others = {ask.place(c) for c in known["leader"]} - {ask.place(row["leader"])}
    also = (
        f"; at other stages {words.listed(sorted(others), 3)} {words.verb(len(others), 'leads', 'lead')}"
        if others
        else ", and leads at every stage with a known leader"
    )
    return [
        f"{ask.place(row['leader'])} makes {wording.share(row['leader_share'])} of the world's "
        f"{ask.good(row['good'])}, the most concentrated stage of {name}{also}."
    ]


def _covering(ask: Ask, goods: list[str]) -> list[str]:
    """Events that restrict these goods on the day, anywhere."""
    return sorted({act.effect.event for act in ask.x.acts if act.effect.good in goods and act.effect.r.any()})


def _restricted(ask: Ask, name: str, events: list[str]) -> str:
    day = words.day(ask.on)
    if not events:
        return f"On {day} no clause that acts is known to cover it."
    issuers = sorted({ask.place(str(i)) for i in _issuers(ask, events)})
    covers = words.verb(len(events), "covers", "cover")
    return f"On {day} {words.count(len(events), 'clause')} of {words.listed(issuers)} {covers} it."


def _issuers(ask: Ask, events: list[str]) -> list[str]:
    table = ask.x.model.tables["events"].set_index("event")["issuer"]
    return [str(table[event]) for event in events]


def _behind(ask: Ask, goods: list[str]) -> list[str]:
    """Products with one of these goods on the chain that sets their loss, the most short first."""
    frame = ask.x.frame
    found = []
    for product in frame.loc[frame["short_high"] > 0, "product"]:
        if any(step.binding and step.input in goods for step in ask.x.chain(product)):
            found.append(product)
    return found


def _prices(ask: Ask, goods: list[str]) -> list[Section]:
    table = ask.net.table("prices")
    rows = table[table["good"].isin(goods)]
    if rows.empty:
        return []
    most = rows["good"].value_counts()
    good = sorted(most[most == most.max()].index)[0]
    shown = rows[rows["good"] == good]
    figure = Figure("prices", lambda theme: figures.prices(shown, good=ask.good(good), theme=theme))
    listed = Table(
        "prices",
        "Prices",
        (
            Column("name", "Good"),
            Column("market", "Market"),
            Column("date", "Date", "date"),
            Column("price", "Price", "number"),
            Column("unit", "Unit"),
            Column("confidence", "Evidence", "confidence"),
            Column("source_id", "Source", "sources"),
        ),
        rows.assign(name=[ask.good(g) for g in rows["good"]]).sort_values(["good", "market", "date"], kind="stable"),
    )
    return [Section("prices", "Prices", (figure, listed))]


def country(ask: Ask) -> Report:
    """One country over one market: what it could stop, what it restricts."""
    code = ask.net.tables.resolve(ask.subject, "country")
    ask = ask.about(code, ask.scenario)
    name, day = ask.place(code), words.day(ask.on)
    kinds = ask.net.table("countries").set_index("country")["kind"]
    if kinds[code] != "country":
        raise InputError("report", "subject", ask.subject, "one country; a bloc makes nothing of its own")
    if code in {ask.scenario.market, *ask.members}:
        raise InputError("report", "subject", ask.subject, "another country than the market")
    ask.step(0.2, "what it could stop")
    products = list(ask.x.products)
    every = ask.net.chokepoints(ask.scenario.market, EVERY, products)
    stops = every[every["country"] == code].reset_index(drop=True)
    all_at_once = ask.net.leverage(ask.scenario.market, products)
    rank = all_at_once.reset_index(drop=True)
    mine = rank[rank["country"] == code]
    ask.step(0.5, "what it restricts")
    events = [e for e in ask.acting() if _issuers(ask, [e])[0] == code]
    sections = [_together(ask, rank), parts.chokepoints(ask, stops.head(40), f"What {name} could stop, good by good")]
    made = list(dict.fromkeys(stops["good"]))[:6]
    if made:
        sections.append(Section("makers", "Who else makes it", parts.makers(ask, made, f"what {name} could stop")))
    frame = ask.ranked
    hit = frame[[bool(set(behind) & set(events)) for behind in frame["events"]]].reset_index(drop=True)
    sections.append(
        Section("clauses", f"What {name} restricts today", (*parts.phases(ask, events), parts.clauses(ask, events)))
    )
    if len(hit):
        sections.append(Section("ranking", "Products whose loss its clauses set", parts.ranking(ask, hit)))
    lines = []
    if len(mine):
        row = mine.iloc[0]
        place = int(mine.index[0]) + 1
        lines.append(
            f"If {name} stopped all that it makes ({words.count(int(row['goods']), 'documented good')}), "
            f"{int(row['products_hit'])} of {words.count(len(products), 'product')} in {ask.market} would be short, on "
            f"average {wording.share(row['mean'])} of normal supply: rank {place} of {len(rank)} countries. It says "
            "what could be lost, not that a stop is expected."
        )
    else:
        lines.append(f"No row says that {name} makes any of the goods behind these products.")
    if len(stops):
        row = stops.iloc[0]
        lines.append(
            f"Its strongest single hold is {ask.good(row['good'])}: a stop would reach "
            f"{words.count(int(row['products_hit']), 'product')}, {ask.good(row['worst_product'])} most "
            f"({wording.share(row['worst'])})."
        )
    act = words.verb(len(events), "acts", "act")
    sets = (
        f" and {words.verb(len(events), 'sets', 'set')} the loss of {words.count(len(hit), 'product')}"
        if len(hit)
        else ""
    )
    lines.append(f"On {day} {words.count(len(events), 'clause')} of {name} {act} on these chains{sets}.")
    return finish(
        ask,
        words.sentence(f"{name} and {ask.market}"),
        f"Country report, {day}",
        lines,
        sections,
        hit["product"].head(RESTED).tolist(),
    )


def _together(ask: Ask, rank: pd.DataFrame) -> Section:
    rows = rank.head(25).assign(
        place=[ask.country(c) for c in rank["country"].head(25)],
        worst_name=[ask.good(p) for p in rank["worst_product"].head(25)],
        number=range(1, min(25, len(rank)) + 1),
    )
    table = Table(
        "leverage-rank",
        f"All that a country makes stopped at once: what {ask.market} would lose, before stocks",
        (
            Column("number", "Rank", "number"),
            Column("place", "Country"),
            Column("goods", "Goods", "number"),
            Column("products_hit", "Products hit", "number"),
            Column("worst_name", "Hit hardest"),
            Column("worst", "Its loss", "share"),
            Column("mean", "Mean over all products", "share"),
        ),
        rows,
        "",
        "No country's stop is felt here.",
    )
    return Section("leverage", "Leverage of countries", (table,))
