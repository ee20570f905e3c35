"""A mineral or another good: who makes it at each stage, where it goes, prices, events on it."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard import good_views as good
from dashboard import kept, views
from dashboard.cards import Card, source_ids
from dashboard.components import grid, link, slot, title
from dashboard.product_views import names
from dashboard.registry import Page
from dashboard.state import View
from supplychain import figures


def layout(view: View) -> list[Component]:
    """Makers first, then restrictions, uses, prices."""
    if not view.item:
        return every(view)
    name = good.good_of(view)
    kin = [link(names(view)[other], good.good_link(view, other)) for other in good.family(view) if other != name]
    between = [part for one in kin for part in (one, ", ")][:-1]
    about = kept.by_id(view.net, "goods", "good").loc[name]
    small = f"{about['kind']}, stage {about['stage']}" + (f", {about['form']}" if about["form"] else "")
    return [
        title(names(view)[name], html.Span(small, className="asked")),
        html.P(good.answer(view), className="answer"),
        *([html.P(["Same commodity: ", *between])] if between else []),
        html.Div([slot("world"), slot("stages")], className="pair"),
        slot("events"),
        slot("uses"),
        html.Div([slot("prices"), slot("sourcing")], className="pair"),
    ]


def every(view: View) -> list[Component]:
    """All goods that are no product."""
    frame = view.net.concentration().merge(view.net.table("goods")[["good", "kind", "family"]], on="good")
    frame = frame[frame["kind"] != "product"]
    frame = frame[["name", "kind", "stage", "leader", "leader_share", "hhi", "documented", "makers", "family", "good"]]
    frame = frame.sort_values("name", key=lambda names: names.str.casefold(), ignore_index=True)
    frame["to_good"] = [view.link("good", name) for name in frame["good"]]
    return [
        title("Minerals and other goods"),
        html.P("Choose a good to see who makes it at each stage, what restricts it and where it goes."),
        grid(frame, (("name", "to_good"),), "Goods"),
    ]


def world(view: View) -> Card:
    """Map of makers."""
    name = good.good_of(view)
    frame = good.makers(view, [name])
    year, basis = good.years_of(frame), good.basis_of(frame)
    return Card(
        "world",
        "Who makes it",
        lambda: frame.drop(columns=["stage", "name"]),
        lambda theme: figures.supply_map(frame, good=names(view)[name], year=year, basis=basis, theme=theme),
        lambda: source_ids(frame["source_id"]),
        help="sourcing",
    )


def stages(view: View) -> Card:
    """Makers at each stage of the commodity."""
    frame = good.makers(view, good.family(view))
    about = kept.by_id(view.net, "goods", "good").loc[good.good_of(view)]
    called = ", ".join(about["commodity"]).replace("_", " ") or about["name"]
    return Card(
        "stages",
        "Makers at each stage",
        lambda: frame,
        lambda theme: figures.supply_bars(
            frame, title=called, year=good.years_of(frame), basis=good.basis_of(frame), theme=theme
        ),
        lambda: source_ids(frame["source_id"]),
        help="sourcing",
    )


def phases(view: View) -> Card:
    """Clauses on the good and their legal life."""
    frame = good.events_on(view)
    dated = good.phases_of(view, frame["event"].tolist())
    last = max(view.on, view.net.knowledge_until)
    return Card(
        "events",
        "Events on it",
        lambda: frame,
        lambda theme: figures.phases(dated, until=last, on=view.on, top=12, theme=theme),
        lambda: source_ids(frame["source_id"]),
        help="severity",
        links=(("title", "to_event"),),
    )


def uses(view: View) -> Card:
    """Everything made from the good."""
    frame = good.downstream(view)
    products = int((frame["kind"] == "product").sum())
    return Card(
        "uses",
        "Where it goes",
        lambda: frame,
        note=f"{len(frame)} goods are made from it, {products} of them products; short and dependent: products in "
        f"{views.market_name(view)} on {view.on}, all restrictions counted.",
        links=(("name", "to_good"),),
    )


def priced(view: View) -> Card:
    """Prices inside and outside the restricting country."""
    frame = good.prices(view)
    return Card(
        "prices",
        "Prices inside and outside",
        lambda: frame.drop(columns=["note"], errors="ignore"),
        lambda theme: figures.prices(frame, good=names(view)[good.good_of(view)], theme=theme),
        lambda: source_ids(frame["source_id"]),
    )


def sourced(view: View) -> Card:
    """Where the market gets it from in normal times."""
    frame = good.sourcing(view)
    where = views.market_name(view)
    note = (
        f"Normal sourcing of {where}, before any restriction."
        if len(frame)
        else f"{where} is a bloc: choose a country."
    )
    return Card("sourcing", f"Where {where} gets it", lambda: frame, None, lambda: source_ids(frame["source_id"]), note,
                "sourcing")  # fmt: skip


PAGE = Page(
    "good", "Minerals and goods", 30, layout,
    {"world": world, "stages": stages, "events": phases, "uses": uses, "prices": priced, "sourcing": sourced},
)  # fmt: skip
