"""A product in a market: how exposed and how sure, through what, on whose evidence, and what would help."""

from __future__ import annotations

from dash import Dash, Input, Output, State, html
from dash.development.base_component import Component

from dashboard import controls, graph, how_sure, views
from dashboard import product_views as product
from dashboard.cards import Card, source_ids
from dashboard.components import bullet_list, facts, figure_card, folded, grid, lazy, link, section, slot, title
from dashboard.registry import Page
from dashboard.state import View
from supplychain import figures
from supplychain.network import Network
from supplychain.wording import share

FELT = "Computing what is felt, day by day through stocks and transit: a few seconds …"


def layout(view: View) -> list[Component]:
    """The answer, then days until shortfall, path, contributions, what helps, evidence."""
    if not view.item:
        return every(view)
    row = product.row(view)
    asked = controls.in_words(view)
    small = f"{row['sector']}, {row['end_use']} end use, in {views.market_name(view)} on {view.on}"
    return [
        title(row["name"], html.Span(small, className="asked")),
        html.P(product.answer(view), className="answer"),
        *([html.P(last, className="card-note")] if (last := product.last_word(view)) else []),
        *([html.P("Asked with " + "; ".join(asked) + ".", className="asked")] if asked else []),
        facts(product.fact_list(row)),
        slot("felt", FELT, 520),
        slot("path", height=700),
        slot("graph", height=500),
        html.Div([lazy("by-event", "What each event adds", "Fair shares of what is short (Shapley values)."),
                  lazy("by-commodity", "What each commodity adds", "The same by commodity.")], className="pair"),
        lazy("helps", "What would help", "Tries out a second source, stock, licences, substitutes and recycled supply "
             "one by one, each an exact run of the model: up to half a minute."),
        html.Div([lazy("sure", "How sure", "Draws every row with a range at random and asks again: some seconds."),
                  lazy("facts-first", "Check these facts first", "The rows that would narrow the answer most, with "
                       "their sources; from the same draws.")], className="pair"),
        lazy("survival", "Plan and simulation side by side", "Time to survive and units lost if what is in force on "
             "this day goes on for a year: the best plan (Simchi-Levi et al. 2015) beside the simulation."),
        *([slot("reported")] if product.has_reports(view) else []),
        slot("alternatives"),
        slot("evidence"),
        section("Before you use these numbers", bullet_list(product.about(view).x.warnings or ("No warnings.",))),
    ]  # fmt: skip


def every(view: View) -> list[Component]:
    """All products to choose from."""
    goods = view.net.table("goods")
    frame = goods.loc[goods["kind"] == "product", ["name", "sector", "end_use", "good"]].reset_index(drop=True)
    frame["to_product"] = [view.link("product", good) for good in frame["good"]]
    return [
        title("Products"),
        html.P("Choose a product to see how exposed it is, through what, and what would help."),
        grid(frame.sort_values(["sector", "name"], ignore_index=True), (("name", "to_product"),), "Products"),
    ]


def felt(view: View) -> list[Component]:
    """What the simulation adds: output lost, days until shortfall, output over time."""
    return [facts(product.felt_facts(product.felt_row(view), product.start(view))), figure_card(view, over_time(view))]


def path(view: View) -> Card:
    """The binding chain as a flow diagram."""
    frame, name = product.chain(view), product.names(view)
    good = product.product_of(view)
    return Card(
        "path",
        "The path that sets the shortage",
        lambda: frame,
        lambda theme: figures.flow(frame, product=name[good], market=view.market, on=view.on, labels=name, theme=theme),
        lambda: source_ids(frame["source_id"]),
        help="why",
        links=(("name", "to_good"),),
    )


def drawn(view: View) -> list[Component]:
    """The same chain as a graph; a list beside it says the same for keyboard and screen reader."""
    frame = product.chain(view)
    elements = graph.chain_elements(frame, product.names(view), view.market)
    rows = [
        [
            link(step["name"], step["to_good"]),
            f" from {step['country']}: {share(1 - step['available'])} missing, costs "
            f"{share(step['loss'])} of the output"
            + ("; sets the loss" if step["binding"] else "")
            + (f"; cut by {', '.join(step['events'])}" if step["events"] else ""),
        ]
        for step in frame.to_dict("records")
    ]
    return [html.Section(
        [
            html.H2("The path as a graph"),
            html.P("Thick frames set the loss; numbers on arrows: share of output that the lack costs. Choose a box.",
                   className="card-note"),
            html.Div(
                graph.canvas("product-graph", elements, view.theme),
                className="canvas-box", tabIndex=0, role="group", style={"--rows": int(frame["step"].max()) + 2},
                **{"aria-label": "The path as a graph"},
            ),
            html.P("No box chosen.", id="product-node", role="status"),
            folded("The same as a list", bullet_list(rows), is_open=True),
        ],
        className="card",
    )]  # fmt: skip


def over_time(view: View) -> Card:
    """Daily output lost with the events on the binding chain."""
    frame = product.output_over_time(view)
    events = set(product.row(view)["events"])
    first, last = (frame["date"].iloc[k].date() if len(frame) else view.on for k in (0, -1))
    changes = controls.legal_changes(view.net, first, last)
    changes = changes[changes["event"].isin(events)]
    return Card(
        "over-time",
        "Output over time",
        lambda: frame,
        lambda theme: figures.timeline(frame, changes, market=view.market, theme=theme),
        note="Day by day to a year after the day asked about: stocks, transit and refill included. Where the central "
        "run leaves the range from the low to the high run, the range is widened to hold it.",
        help="felt",
    )


def contributed(view: View, by: str) -> Card:
    frame, name = product.contributions(view, by), product.names(view)[product.product_of(view)]
    return Card(
        f"by-{by}",
        f"What each {by} adds",
        lambda: frame,
        lambda theme: figures.contributions(
            frame, product=name, market=view.market, on=view.on, by=by, top=12, theme=theme
        ),
        help="contributions",
        links=(("name", "to_event"),) if by == "event" else (),
    )


def by_event(view: View) -> Card:
    """Fair shares of events."""
    return contributed(view, "event")


def by_commodity(view: View) -> Card:
    """Fair shares of commodities."""
    return contributed(view, "commodity")


def helps(view: View) -> Card:
    """Measures tried out, the most helpful first."""
    frame = product.about(view).x.mitigations(product.product_of(view))
    return Card("helps", "What would help", lambda: frame, note="Costs are not known.", help="mitigations")


def alternatives(view: View) -> Card:
    """Substitutes and groups on the chain."""
    frame = product.alternatives(view)
    note = (
        "Inputs on the path that something else can stand in for." if len(frame) else "No row documents a substitute."
    )
    return Card("alternatives", "Alternatives", lambda: frame, None, lambda: source_ids(frame["source_id"]), note,
                links=(("name", "to_good"),))  # fmt: skip


def reported(view: View) -> Card:
    """What was reported of its output, beside what the model says of those days."""
    frame = product.reported(view)
    note = (
        "Reports in all markets; none is used to compute anything. A difference of up to 5 points counts as agreement."
    )
    return Card("reported", "What was reported", lambda: frame, None, lambda: source_ids(frame["source_id"]), note,
                help="reported", links=(("event", "to_event"),), dense=True)  # fmt: skip


def evidence(view: View) -> Card:
    """The rows of data behind the number."""
    frame = product.evidence(view)
    return Card("evidence", "Evidence behind this number", lambda: frame, None, lambda: source_ids(frame["source_id"]),
                "Each row stands in the data under the name given; weakest confidence decides.")  # fmt: skip


def node_words(view: View, node: dict[str, str] | None) -> list[Component | str]:
    """What a chosen box of the graph says."""
    if not node or not node.get("good"):
        return ["No box chosen."]
    name = product.names(view).get(node["good"], node["good"])
    return [
        "Chosen: ",
        link(name, product.good_link(view, node["good"])),
        f" ({', '.join(node['label'].split(chr(10))[-1:])})",
    ]


def callbacks(app: Dash, net: Network) -> None:
    """A chosen box says what it is and where it leads."""
    from dashboard.callbacks import read_view
    from dashboard.registry import find_pages

    pages = find_pages()

    @app.callback(
        Output("product-node", "children"), Input("product-graph", "tapNodeData"), State("request", "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    def chosen(node: dict[str, str], request: dict[str, str]) -> list[Component | str]:
        return node_words(read_view(net, pages, request), node)


PAGE = Page(
    "product", "Products", 20, layout,
    {"path": path, "over-time": over_time, "by-event": by_event, "by-commodity": by_commodity, "helps": helps,
     "sure": how_sure.sure, "facts-first": how_sure.facts_first, "survival": how_sure.survival,
     "reported": reported, "alternatives": alternatives, "evidence": evidence},
    {"felt": felt, "graph": drawn}, callbacks=callbacks,
)  # fmt: skip
