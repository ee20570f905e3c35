"""An event: what it says in plain words, its status over time, what it reaches, trade counted against modelled."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard import event_views as event
from dashboard import good_views, kept, views
from dashboard.cards import Card, source_ids
from dashboard.components import figure_card, grid, link, notice, outside, slot, title
from dashboard.product_views import SHORT_COLUMNS
from dashboard.registry import Page
from dashboard.state import View
from supplychain import figures
from supplychain.readings import CENTRAL


def layout(view: View) -> list[Component]:
    """Scope in words, life, goods, products, trade."""
    if not view.item:
        return every(view)
    about = event.fact(view)
    source = kept.by_id(view.net, "sources", "source_id").loc[about["source_id"]]
    text = f"{about['instrument'] or source['title']}"
    return [
        title(about["title"], html.Span(event.event_of(view), className="asked")),
        html.P(event.answer(view), className="answer"),
        html.P(["Instrument: ", outside(text, source["url"]), f" ({source['publisher']}; {source['kind']} source)"]),
        *unofficial(about["official"]),
        slot("life", height=260),
        slot("covers"),
        slot("products"),
        slot("counted"),
    ]  # fmt: skip


def unofficial(official: str) -> list[Component]:
    """Says that a stop was never published."""
    if official != "no":
        return []
    return [notice("Not a published act", "This stop is known from reports, not from a legal text.", "yellow")]


def every(view: View) -> list[Component]:
    """All events with their status on the day."""
    frame = view.net.table("events")[["title", "issuer", "measure", "acts_on", "end_use", "event"]].reset_index(
        drop=True
    )
    status = kept.states(view.net, view.on)
    frame["status"] = frame["event"].map(status["status"].str.replace("_", " ")).astype(object).fillna("not begun")
    frame["since"] = frame["event"].map(status["since"].dt.strftime("%Y-%m-%d")).astype(object).fillna("")
    frame = frame.sort_values("since", ascending=False, kind="stable", ignore_index=True)
    frame["to_event"] = [view.link("event", name) for name in frame["event"]]
    columns = ["title", "status", "since", "issuer", "measure", "acts_on", "end_use", "event", "to_event"]
    return [
        title("Events"),
        html.P(f"Clauses of legal acts, and incidents, with their status on {views.date_words(view.on)}."),
        grid(frame[columns], (("title", "to_event"),), "Events"),
    ]


def life(view: View) -> Card:
    """Announced, in force, suspended, ended."""
    frame = good_views.phases_of(view, [event.event_of(view)])
    last = max(view.on, view.net.knowledge_until)
    table = view.net.table("event_phases")
    table = table[table["event"] == event.event_of(view)].drop(columns=["event"]).reset_index(drop=True)
    for column in ("from", "until"):
        table[column] = table[column].dt.strftime("%Y-%m-%d").fillna("")
    return Card(
        "life",
        "Status over time",
        lambda: table,
        lambda theme: figures.phases(frame, until=last, on=view.on, theme=theme),
        lambda: source_ids(table["source_id"]),
    )


def covers(view: View) -> Card:
    """Goods in its scope."""
    frame = event.scope(view)
    missing = int((frame["good"] == "").sum())
    note = f"{len(frame)} scope rows; {missing} name items that are not in the graph: listed, not computed."
    return Card("covers", "Goods it covers", lambda: frame, None, lambda: source_ids(frame["source_id"]), note,
                links=(("name", "to_good"),))  # fmt: skip


def products(view: View) -> Card:
    """Products that it alone would leave short."""
    only, linked = event.alone(view), event.linked(view)
    short = sum(only.x.readings(product)[CENTRAL] > 0 for product in linked)
    note = (
        f"Counting this clause alone: {len(linked)} products in {views.market_name(view)} hang on it, {short} would be "
        f"short on {view.on}."
    )
    return Card(
        "products",
        "Products it reaches",
        lambda: event.reached(view)[SHORT_COLUMNS],
        lambda theme: figures.ranking(
            views.drawn(only, 12, linked), market=view.market, on=view.on, reading="short", top=12, theme=theme
        ),
        note=note,
        help="exposure",
        links=(("name", "to_product"),),
    )


def counted(view: View) -> list[Component]:
    """One counted flow, and links to the others."""
    found = event.flows(view)
    if not found:
        return [figure_card(view, trade(view))]
    links = [
        link(event.flow_words(view, flow), f"{view.link('event', view.item)}&flow={k}")
        for k, flow in enumerate(found[:12])
    ]
    choice = html.P(["Counted flows: ", *[part for one in links for part in (one, "; ")][:-1]])
    return [figure_card(view, trade(view)), choice]


def trade(view: View) -> Card:
    """One flow: counted dots, modelled line and band."""
    found = event.flows(view)
    asked = view.extra.get("flow", "0")
    k = min(int(asked), len(found) - 1) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    flow = found[k] if found else ("", "", "", "", "")
    frame = event.observed(view, flow) if found else event.observed_nothing()
    used = int(frame["used_for_severity"].sum())
    note = (
        f"Baseline: mean of the last year's counts in which nothing restricted the flow. {used} of {len(frame)} "
        "counts also set the severity, so they are no independent test."
        if len(frame)
        else "No monthly count of a flow under this clause reaches back to months in which nothing restricted it."
    )
    return Card(
        "trade",
        "Observed trade against modelled",
        lambda: frame,
        lambda theme: figures.observed_vs_modelled(
            frame,
            what=event.flow_words(view, flow) if found else "Trade under this clause",
            unit=f"{flow[4]} a {flow[3]}",
            theme=theme,
        ),
        lambda: source_ids(frame["source_id"]),
        note,
        "severity",
    )


PAGE = Page(
    "event", "Events", 40, layout,
    {"life": life, "covers": covers, "products": products, "trade": trade},
    {"counted": counted}, keys=("flow",),
)  # fmt: skip
