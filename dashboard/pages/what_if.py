"""What if: hypothetical events by form, compared with today; the events stand in the address and can be saved."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard import controls, differences, what_if
from dashboard.asking import moved, search, view_of
from dashboard.cards import Card
from dashboard.components import facts, figure_card, folded, lazy, link, notice, slot, title
from dashboard.registry import Page
from dashboard.state import View
from supplychain.errors import SupplyChainError
from supplychain.network import Network
from supplychain.whatif import parse

BEFORE, AFTER = "as it is", "with your events"
FIELDS = tuple(f"what-if-{name}" for name in what_if.FORM)
DEFAULTS = {"verb": "stops", "severity": 100, "end_use": "any"}


def layout(view: View) -> list[Component]:
    """The events, the form, and what they change."""
    asked = bool(view.scenario.what_if)
    return [
        title("What if"),
        html.P("What would a restriction do that nobody has decided? Say who stops what, to whom, how hard, from when.",
               className="answer"),
        html.Div(id="what-if-problem", role="alert"),
        *([] if asked else [start(view)]),
        html.Div([events(view), form(view)], className="pair"),
        *([slot("result", "Comparing with today …")] if asked else []),
        dcc.Download(id="what-if-file"),
    ]  # fmt: skip


def start(view: View) -> Component:
    """What to do when nothing is asked yet."""
    return html.Section(
        [
            html.H2("No hypothetical event yet"),
            html.P("Fill in the form below, load a file, or start from one of these:"),
            html.Ul([html.Li(link(words, there.url)) for words, there in what_if.examples(view)], className="lines"),
        ],
        className="card",
    )


def events(view: View) -> Component:
    """The events of the question, to edit, remove, save and load."""
    specs = view.scenario.what_if
    lines = [
        html.Li(
            [
                html.P(what_if.in_words(view.net, spec)),
                html.P(html.Code(spec)),
                html.P(
                    [
                        link("Edit", moved(view, edit=str(k)).url, title=f"Edit: {spec}"),
                        " · ",
                        link("Remove", what_if.removed(view, k).url, title=f"Remove: {spec}"),
                    ]
                ),
            ]
        )
        for k, spec in enumerate(specs)
    ]
    save = html.Button("Save as file (TOML)", id="what-if-save", className="button", disabled=not specs, n_clicks=0)
    load = dcc.Upload(
        html.Button("Load a file", className="button"),
        id="what-if-load",
        accept=".toml",
        max_size=200_000,
        className="upload-button",
    )
    return html.Section(
        [
            html.H2(f"Your events ({len(specs)})"),
            html.Ol(lines, className="specs") if lines else html.P("None yet.", className="empty"),
            html.Div([save, load], className="buttons"),
            html.P("The file works with the command line too: supplychain exposure --what-if.", className="card-note"),
        ],
        className="card",
    )


def form(view: View) -> Component:
    """The fields of one event, filled where one is edited."""
    place = what_if.edited(view)
    filled: dict[str, Any] = {**DEFAULTS, "start": str(view.on)}
    if place is not None:
        filled = what_if.to_form(parse(view.scenario.what_if[place]))
    countries = [choice for choice in controls.markets(view.net) if choice["value"] != "ROW"]
    verbs = [{"value": verb, "label": words} for verb, words in what_if.VERBS.items()]
    uses = [{"value": use, "label": use} for use in ("any", "civil", "military")]

    def value(name: str) -> Any:
        return filled.get(name)

    fields = [
        dmc.Select(id="what-if-issuer", label="Who", data=countries, value=value("issuer"), searchable=True,
                   placeholder="country or bloc"),
        dmc.Select(id="what-if-verb", label="does what", data=verbs, value=value("verb"), allowDeselect=False),
        html.Div(dmc.MultiSelect(id="what-if-goods", label="Goods or commodities", data=what_if.goods_choices(view.net),
                                 value=value("goods") or [], searchable=True, limit=60, placeholder="type to search"),
                 className="wide"),
        html.Div(dmc.MultiSelect(id="what-if-places", label="To or from whom (empty: everybody)", data=countries,
                                 value=value("places") or [], searchable=True, limit=60), className="wide"),
        dmc.NumberInput(id="what-if-severity", label="Share lost (%)", value=value("severity"), min=0, max=100),
        dmc.NumberInput(id="what-if-low", label="at least (%, optional)", value=value("low") or "", min=0, max=100),
        dmc.NumberInput(id="what-if-high", label="at most (%, optional)", value=value("high") or "", min=0, max=100),
        dmc.Select(id="what-if-end_use", label="End use", data=uses, value=value("end_use"), allowDeselect=False),
        dmc.DateInput(id="what-if-start", label="From", value=value("start"), valueFormat="YYYY-MM-DD"),
        dmc.DateInput(id="what-if-until", label="Until (first day after, optional)", value=value("until"),
                      valueFormat="YYYY-MM-DD", clearable=True, clearButtonProps={"aria-label": "No last day"}),
    ]  # fmt: skip
    words = "Add this event" if place is None else "Replace the event"
    stop = [] if place is None else [link("Leave it as it is", moved(view, edit="").url)]
    heading = "Add an event" if place is None else f"Edit event {place + 1}"
    buttons = [html.Button(words, id="what-if-add", className="button button-main", n_clicks=0), *stop]
    inside = [html.Div(fields, className="fields"), html.P(buttons, className="buttons")]
    open_now = place is not None or not view.scenario.what_if
    return html.Section(
        [html.H2(heading), *inside] if open_now else [html.H2("More"), folded("Add another event", *inside)],
        className="card",
    )


def result(view: View) -> list[Component]:
    """The two sides and what each event adds."""
    before = what_if.without(view)
    frame = differences.change(view, before, view.x)
    late = [s for s in view.scenario.what_if if parse(s).start > view.on]
    hint = f"{len(late)} of your events start after {view.on}: choose a later day above to see them act."
    return [
        html.P(differences.answer(frame, BEFORE, AFTER), className="answer"),
        *([notice("Not in force yet", hint, "yellow")] if late else []),
        facts(differences.facts(frame, BEFORE, AFTER)),
        figure_card(view, differences.card(view, frame, BEFORE, AFTER, "short", "short")),
        differences.events_part(view, before, view.x),
        lazy("felt", "After stocks and transit", "Compares the output lost on the day (felt): two simulations, day by "
             "day, up to half a minute."),
        html.P([link("Today's list with your events", view.link("today")), " · ",
                link("and without them", view.link("today", what_if=()))]),
    ]  # fmt: skip


def short(view: View) -> Card:
    frame = differences.change(view, what_if.without(view), view.x)
    return differences.card(view, frame, BEFORE, AFTER, "short", "short")


def changing(view: View) -> Card:
    return differences.event_card(view, differences.difference(view, what_if.without(view), view.x), "events")


def felt(view: View) -> Card:
    frame = differences.felt_difference(view, what_if.without(view), view.x)
    return differences.card(view, frame, BEFORE, AFTER, "felt", "felt")


def callbacks(app: Dash, net: Network) -> None:
    """Add, save, load."""

    @app.callback(
        Output("url", "search", allow_duplicate=True), Output("what-if-problem", "children"),
        Input("what-if-add", "n_clicks"), State("request", "data"), *(State(field, "value") for field in FIELDS),
        prevent_initial_call=True,
    )  # fmt: skip
    def add(clicks: int, request: dict[str, Any], *values: Any) -> tuple[Any, Any]:
        return submit(net, request, dict(zip(what_if.FORM, values, strict=True))) if clicks else (no_update, no_update)

    @app.callback(
        Output("url", "search", allow_duplicate=True), Output("what-if-problem", "children", allow_duplicate=True),
        Input("what-if-load", "contents"), State("request", "data"), prevent_initial_call=True,
    )  # fmt: skip
    def load(contents: str | None, request: dict[str, Any]) -> tuple[Any, Any]:
        return read(net, request, contents) if contents else (no_update, no_update)

    @app.callback(
        Output("what-if-file", "data"),
        Input("what-if-save", "n_clicks"),
        State("request", "data"),
        prevent_initial_call=True,
    )
    def save(clicks: int, request: dict[str, Any]) -> Any:
        if not clicks:
            return no_update
        return {"content": what_if.toml_of(view_of(net, PAGE, request)), "filename": "what-if.toml", "base64": False}


def submit(net: Network, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
    """The next query, or what is wrong with the form."""
    try:
        view = view_of(net, PAGE, request)
        return search(what_if.added(view, what_if.from_form(net, values))), []
    except SupplyChainError as error:
        return no_update, notice("This event cannot be asked", str(error), "red")


def read(net: Network, request: dict[str, Any], contents: str) -> tuple[Any, Any]:
    """The next query with the events of a file, or what is wrong with it."""
    try:
        return search(what_if.loaded(view_of(net, PAGE, request), contents)), []
    except SupplyChainError as error:
        return no_update, notice("This file cannot be loaded", str(error), "red")


PAGE = Page(
    "what-if", "What if", 70, layout, {"short": short, "events": changing, "felt": felt}, {"result": result},
    callbacks=callbacks, keys=("edit",),
)  # fmt: skip
