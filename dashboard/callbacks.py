"""What happens when something is chosen: the URL changes; when the URL changes: the page is drawn again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from dash import MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, html, no_update, set_props
from dash.development.base_component import Component

from dashboard import components, controls
from dashboard.registry import Page
from dashboard.state import View, path, read_query, split_path
from supplychain.errors import SupplyChainError, nearest
from supplychain.network import Network

log = logging.getLogger(__name__)
CONTROLS = ("c-on", "c-day", "c-market", *controls.CHOICES)


# what people type for a page
OTHER_NAMES = {
    "mineral": "good", "minerals": "good", "goods": "good", "my-products": "own", "whatif": "what-if",
    "what_if": "what-if", "explore": "explorer", "overview": "today",
}  # fmt: skip


def register(app: Dash, net: Network, pages: Mapping[str, Page]) -> None:
    """The callbacks of the shell."""
    browser = "dashboard"  # functions of assets/dashboard.js
    app.clientside_callback(
        ClientsideFunction(browser, "sync"),
        Output("url", "search"),
        *(Output(name, "value") for name in CONTROLS),
        Input("url", "search"),
        *(Input(name, "value") for name in CONTROLS),
        State("start", "data"),
    )
    app.clientside_callback(
        ClientsideFunction(browser, "request"),
        Output("request", "data"),
        Output("provider", "forceColorScheme"),
        Output("theme", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("theme", "n_clicks"),
        State("start", "data"),
    )
    app.clientside_callback(
        ClientsideFunction(browser, "events"),
        Output("url", "search", allow_duplicate=True),
        Output("c-events", "value"),
        Input("events-all", "n_clicks"),
        Input("events-none", "n_clicks"),
        Input("events-apply", "n_clicks"),
        State("c-events", "value"),
        State("events-every", "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction(browser, "play"),
        Output("tick", "disabled"),
        Output("play", "children"),
        Input("play", "n_clicks"),
        State("tick", "disabled"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction(browser, "step"),
        Output("c-day", "value", allow_duplicate=True),
        Output("tick", "disabled", allow_duplicate=True),
        Output("play", "children", allow_duplicate=True),
        Input("tick", "n_intervals"),
        State("c-day", "value"),
        State("start", "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction(browser, "copy"),
        Output("copy", "children"),
        Input("copy", "n_clicks"),
        State("canonical", "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("page", "children"), Output("events-panel", "children"), Output("canonical", "data"),
        Output("problem", "children"), Input("request", "data"), prevent_initial_call=True,
    )  # fmt: skip
    def show(request: dict[str, Any]) -> tuple[Any, ...]:
        return draw(net, pages, request)

    @app.callback(
        Output({"type": "computed", "card": MATCH}, "children"), Input({"type": "compute", "card": MATCH}, "n_clicks"),
        State("request", "data"), prevent_initial_call=True,
    )  # fmt: skip
    def compute(clicks: int, request: dict[str, Any]) -> Any:
        return computed(net, pages, request, ctx.triggered_id["card"]) if clicks else no_update

    @app.callback(
        Output({"type": "slot", "slot": MATCH}, "children"), Input({"type": "slot-go", "slot": MATCH}, "data"),
        State("request", "data"),
    )  # fmt: skip
    def fill(key: str, request: dict[str, Any]) -> Any:
        return filled(net, pages, request, key)

    sent = {"type": "tabs-sent", "card": MATCH}
    app.clientside_callback(
        ClientsideFunction(browser, "opened"),
        Output(sent, "data"),
        Input({"type": "tabs", "card": MATCH}, "value"),
        State(sent, "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        *(Output(components.tab_id(name, MATCH), "children") for name in components.LATER), Input(sent, "data"),
        State("request", "data"), prevent_initial_call=True,
    )  # fmt: skip
    def open_tab(sent: list[str], request: dict[str, Any]) -> list[Any]:
        return opened(net, pages, request, ctx.triggered_id["card"], sent[-1])


def read_view(net: Network, pages: Mapping[str, Page], request: Mapping[str, Any]) -> View:
    """The view that a request asks for. Raises InputError, UnknownIdError."""
    page, item = split_path(request["path"])
    scenario, reading, extra = read_query(net, request["search"])
    known = pages[page].keys if page in pages else ()
    extra = {key: value for key, value in extra.items() if key in known}
    return View(net, page, item, scenario.resolved(net.tables), reading, request["theme"], extra)


def draw(net: Network, pages: Mapping[str, Page], request: Mapping[str, Any]) -> tuple[Any, ...]:
    """Page, panel of events, canonical link, and what was wrong with the request."""
    page, _ = split_path(request["path"])
    if page not in pages:
        close = [OTHER_NAMES[page]] if page in OTHER_NAMES else nearest(page, pages, 1)
        hint = components.link(pages[close[0]].name, path(close[0])) if close else components.link("Today", "/")
        return [components.title("There is no such page"), html.P(["Did you mean ", hint, "?"])], [], "", []
    try:
        view = read_view(net, pages, request)
        content: list[Component] = list(pages[page].layout(view))
        panel = controls.events_panel(view) if pages[page].controls else []
        return content, panel, view.url, []
    except SupplyChainError as error:
        remedy = ["Change the address or ", components.link("start again from today", "/"), "."]
        return [components.title(pages[page].name), components.notice("This cannot be answered", str(error), "red"),
                html.P(remedy)], [], "", []  # fmt: skip


def computed(net: Network, pages: Mapping[str, Page], request: Mapping[str, Any], key: str) -> Component:
    """One card that was asked for."""
    try:
        view = read_view(net, pages, request)
        return components.figure_card(view, pages[view.page].cards[key](view), whole=True)
    except SupplyChainError as error:
        return components.notice("This cannot be computed", str(error), "red")


def filled(net: Network, pages: Mapping[str, Page], request: Mapping[str, Any], key: str) -> list[Component]:
    """A part of a page that is drawn after the rest."""
    try:
        view = read_view(net, pages, request)
        page = pages[view.page]
        return (
            list(page.slots[key](view)) if key in page.slots else [components.figure_card(view, page.cards[key](view))]
        )
    except SupplyChainError as error:
        return [components.notice("This cannot be computed", str(error), "red")]


def opened(net: Network, pages: Mapping[str, Page], request: Mapping[str, Any], key: str, name: str) -> list[Any]:
    """The tab of a card that was opened; the others stay."""
    try:
        view = read_view(net, pages, request)
        content = components.opened_tab(view, pages[view.page].cards[key](view), name)
    except SupplyChainError as error:
        content = components.notice("This cannot be computed", str(error), "red")
    return [content if name == each else no_update for each in components.LATER]


def failed(error: Exception) -> None:
    """An error nobody expected: into the log, and a line for the reader."""
    log.error("callback failed", exc_info=error)
    text = "Something went wrong on the server; its log has the details. Reload the page, or choose another day."
    set_props("problem", {"children": components.notice("This page could not be drawn", text, "red")})
