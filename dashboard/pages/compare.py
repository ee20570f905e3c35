"""Compare: two days or two questions side by side, with what changed and which events changed it."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboard import compare, controls, differences
from dashboard.asking import search, view_of
from dashboard.cards import Card
from dashboard.components import facts, figure_card, lazy, link, notice, slot, title
from dashboard.registry import Page
from dashboard.state import View
from supplychain.errors import SupplyChainError
from supplychain.network import Network

FIELDS = ("on", "end_use", "sharing", "unconfirmed", "legal_only", "link")
CHOICES = {key: (label, options) for label, key, options in controls.CHOICES.values()}


def layout(view: View) -> list[Component]:
    """The two sides, then what changed."""
    before, after = compare.names(view)
    return [
        title("Compare"),
        html.P([html.Strong(before), " with ", html.Strong(after), "."], className="asked"),
        html.Div(id="compare-problem", role="alert"),
        form(view),
        slot("result", "Comparing …"),
    ]


def form(view: View) -> Component:
    """The other side; this side is set by the controls above."""
    a = compare.other(view)
    chosen = {"legal_only": "yes" if a.legal_only else "no"}
    selects = [
        dmc.Select(
            id=f"compare-{name}",
            label=CHOICES[name][0],
            data=[{"value": value, "label": text} for value, text in CHOICES[name][1]],
            value=chosen.get(name) or getattr(a, name),
            allowDeselect=False,
        )
        for name in FIELDS[1:-1]
    ]
    day = dmc.DateInput(id="compare-on", label="Day", value=a.on.isoformat(), valueFormat="YYYY-MM-DD")
    pasted = dmc.TextInput(
        id="compare-link", label="Or a link or query of another page (its market is ignored)", value="",
        placeholder="on=2025-04-03&event=...",
    )  # fmt: skip
    more = [f"what if: {spec}" for spec in a.what_if] + (
        [] if a.events is None else [f"only {len(a.events)} events counted"]
    )
    return html.Section(
        [
            html.H2("The other side"),
            html.P("The question at the top of the page is compared with this one.", className="card-note"),
            *([html.P("It also has: " + "; ".join(more) + ".")] if more else []),
            html.Div([day, *selects, html.Div(pasted, className="wide")], className="fields"),
            html.P(
                [
                    html.Button("Compare", id="compare-go", className="button button-main", n_clicks=0),
                    link("Swap the sides", compare.swapped(view).url),
                ],
                className="buttons",
            ),
        ],
        className="card",
    )


def result(view: View) -> list[Component]:
    """What changed from the other side to this one."""
    a, b = compare.sides(view)
    before, after = compare.names(view)
    frame = differences.change(view, a.x, b.x)
    return [
        html.P(differences.answer(frame, before, after), className="answer"),
        facts(differences.facts(frame, before, after)),
        figure_card(view, differences.card(view, frame, before, after, "short", "short")),
        differences.events_part(view, a.x, b.x),
        lazy("felt", "After stocks and transit", "Compares the output lost on the day (felt): two simulations, day by "
             "day, up to half a minute."),
        html.P([link(f"Today's list: {before}", a.link("today")), " · ", link(after, b.link("today"))]),
    ]  # fmt: skip


def short(view: View) -> Card:
    a, b = compare.sides(view)
    return differences.card(view, differences.change(view, a.x, b.x), *compare.names(view), "short", "short")


def changing(view: View) -> Card:
    a, b = compare.sides(view)
    return differences.event_card(view, differences.difference(view, a.x, b.x), "events")


def felt(view: View) -> Card:
    a, b = compare.sides(view)
    return differences.card(view, differences.felt_difference(view, a.x, b.x), *compare.names(view), "felt", "felt")


def callbacks(app: Dash, net: Network) -> None:
    """The other side goes into the address."""

    @app.callback(
        Output("url", "search", allow_duplicate=True), Output("compare-problem", "children"),
        Input("compare-go", "n_clicks"), State("request", "data"),
        *(State(f"compare-{name}", "value") for name in FIELDS), prevent_initial_call=True,
    )  # fmt: skip
    def go(clicks: int, request: dict[str, Any], *values: Any) -> tuple[Any, Any]:
        return submit(net, request, dict(zip(FIELDS, values, strict=True))) if clicks else (no_update, no_update)


def submit(net: Network, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
    """The next query, or what is wrong with the form."""
    try:
        return search(compare.with_form(view_of(net, PAGE, request), values)), []
    except SupplyChainError as error:
        return no_update, notice("This cannot be compared", str(error), "red")


PAGE = Page(
    "compare", "Compare", 90, layout, {"short": short, "events": changing, "felt": felt}, {"result": result},
    callbacks=callbacks, keys=(compare.KEY,),
)  # fmt: skip
