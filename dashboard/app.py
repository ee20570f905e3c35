"""The Dash app: shell, routes for downloads, security headers, servers."""

from __future__ import annotations

import gc
import logging
import os
import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, dcc, html
from dash.development.base_component import Component
from flask import Flask, Response, request
from plotly.io.json import to_json_plotly

from dashboard import callbacks, components, controls, event_views, kept, transfer
from dashboard.cards import FORMATS, download
from dashboard.registry import Page, find_pages
from dashboard.shared import TOGETHER, Shared
from dashboard.state import View, default_day, path, read_query
from supplychain.availability import SharingMode
from supplychain.errors import SupplyChainError
from supplychain.figures.style import ThemeName
from supplychain.network import Network, load
from supplychain.scenario import Scenario

SECRET = "SUPPLYCHAIN_SECRET"  # environment: one secret for all workers
DATA, OVERLAY = "SUPPLYCHAIN_DATA", "SUPPLYCHAIN_OVERLAY"  # environment of `create_server`
AHEAD = "SUPPLYCHAIN_AHEAD"  # environment: 0 solves and simulates nothing before it is asked for
FIRST_AHEAD = {*TOGETHER, "EU27"}
TOGETHER_AHEAD = 60  # markets in one run: 0.3 GB while it lasts
LARGEST_REQUEST = 32 * 2**20  # bytes, uploads included
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
INDEX = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}
<noscript>This dashboard needs JavaScript; the command line does not: supplychain exposure.</noscript>
<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""


def create_app(net: Network) -> Dash:
    """The dashboard on one network, ready to be served: `create_app(net).server` is a WSGI application."""
    net = net if isinstance(net, Shared) else Shared(net.tables)
    server = Flask("dashboard", static_folder=None)
    server.secret_key = os.environ.get(SECRET) or secrets.token_hex(32)
    server.config |= {
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Strict",
    }
    assets = transfer.assets_path()
    app = Dash(
        "dashboard",
        server=server,
        title="Rare-earth exposure",
        update_title="",
        index_string=INDEX,
        serve_locally=True,
        suppress_callback_exceptions=True,
        on_error=callbacks.failed,
        assets_folder=str(transfer.ASSETS),
        assets_url_path=assets,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    pages = find_pages()
    app.layout = shell(net, pages)
    callbacks.register(app, net, pages)
    for page in pages.values():
        if page.callbacks is not None:
            page.callbacks(app, net)
    _downloads(server, net, pages)
    transfer.compressed(server)
    transfer.kept_by_browsers(server, assets)
    _headers(app)
    return app


def create_server() -> Flask:
    """For gunicorn: `gunicorn --preload -w 2 'dashboard.app:create_server()'`; data and overlay from the environment.

    Preloaded, so that all workers share one secret, what users upload and what was simulated.
    """
    net = Shared(load(os.environ.get(DATA), os.environ.get(OVERLAY)).tables)
    server: Flask = create_app(net).server
    server.test_client().get("/")  # Dash knows which scripts it may serve only after a first page
    kept.reported(net)
    with server.test_request_context():
        _draw_once(net)
    gc.collect()
    gc.freeze()  # what is loaded stays: workers need neither copy it nor look through it for garbage
    if os.environ.get(AHEAD, "1") != "0":
        _ahead(net)
    return server


def _draw_once(net: Network) -> None:
    """Draw each page: what the first of its kind loads and keeps is then there for every worker."""
    pages = find_pages()
    goods = net.table("goods")
    items = {
        "product": goods.loc[goods["kind"] == "product", "good"],
        "good": goods.loc[goods["kind"] != "product", "good"],
        "event": net.table("events")["event"],
        "country": net.table("countries")["country"],
    }
    for page in pages:
        asked = {"path": path(page, items[page].iat[0] if page in items else ""), "search": "", "theme": "light"}
        content = callbacks.draw(net, pages, asked)[0]
        for part in (content, *(callbacks.filled(net, pages, asked, key) for key in components.slots_in(content))):
            to_json_plotly(part)
    for counted in event_views.days_of_flows(net).values():
        for day in counted:
            kept.effects(net, day.date())


def _ahead(net: Shared) -> None:
    """Solve and simulate what will be asked, in a process of its own, with what processors can spare."""
    parent = os.getpid()
    if os.fork():
        return
    try:
        os.nice(19)
        modes: tuple[SharingMode, ...] = ("fixed", "shared")
        for sharing in modes:
            for scenario in days_ahead(net, sharing):
                _unless_left(parent)
                net.solve_ahead(scenario)
            for scenarios in questions_ahead(net, sharing):
                _unless_left(parent)
                net.ahead(scenarios)
    except Exception:  # the end of this process: whatever went wrong is said here or never; who asks waits then
        logging.getLogger(__name__).exception("working ahead stopped")
    finally:
        os._exit(0)


def _unless_left(parent: int) -> None:
    """End this process where its server has stopped."""
    if os.getppid() != parent:
        os._exit(0)


def days_ahead(net: Network, sharing: SharingMode) -> list[Scenario]:
    """The days of the timeline on which a clause changes, where its player stops; the nearest first."""
    first = read_query(net, "")[0]
    days = [controls.FIRST_DAY + timedelta(days=number) for number in controls.turning_days(net)]
    days.sort(key=lambda day: abs((day - first.on).days))
    return [first.changed(on=day, sharing=sharing) for day in (first.on, *days)]


def questions_ahead(net: Network, sharing: SharingMode) -> Iterator[list[Scenario]]:
    """What the controls of every page can ask: the last years and most asked markets first, some at a time."""
    first = read_query(net, "")[0]
    countries = sorted(net.tables["countries"]["country"], key=lambda country: country not in FIRST_AHEAD)
    years = range(controls.last_day(net).year, controls.FIRST_DAY.year - 1, -1)
    for year in sorted(years, key=lambda year: abs(year - first.on.year)):
        for k in range(0, len(countries), TOGETHER_AHEAD):
            some = countries[k : k + TOGETHER_AHEAD]
            yield [first.changed(on=date(year, 1, 1), market=market, sharing=sharing) for market in some]


def run(net: Network, host: str = "127.0.0.1", port: int = 8050, debug: bool = False) -> None:
    """Serve until stopped."""
    app = create_app(net)
    if debug:
        app.run(host=host, port=port, debug=True, use_reloader=False)
        return
    from waitress import serve

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a page asks for several parts at once
    serve(app.server, host=host, port=port, threads=4, ident=None)


def shell(net: Network, pages: dict[str, Page]) -> Component:
    """What stays while pages change: header, menu, controls, and the place for the page."""
    menu = [
        dcc.Link(page.name, href=path(page.page), id={"type": "menu", "page": page.page}, className="menu-link")
        for page in pages.values()
    ]
    start = {
        "on": default_day(net).isoformat(),
        "first": controls.FIRST_DAY.isoformat(),
        "span": (controls.last_day(net) - controls.FIRST_DAY).days,
        "turns": controls.turning_days(net),
        "plain": [page.page for page in pages.values() if not page.controls],
    }
    header = html.Header(
        [
            html.A("Skip to content", href="#content", className="skip"),
            html.Button(
                "☰", id="burger", className="button burger", **{"aria-label": "Menu", "aria-expanded": "false"}
            ),
            dcc.Link("Rare-earth exposure", href="/", className="brand"),
            html.Span(className="grow"),
            html.Button("Copy link", id="copy", className="button"),
            html.Button("Dark", id="theme", className="button", **{"aria-label": "Dark or light"}),
        ],
        className="top",
    )
    footer = html.Footer(
        [
            f"Data {net.version}, known until {net.knowledge_until}. Shares of normal supply; ranges are runs, ",
            "not odds. Unknown is not zero.",
        ],
        className="bottom",
    )
    page = dcc.Loading(
        html.Div(id="page", className="page"),
        delay_show=250,
        custom_spinner=html.Div("Computing …", className="computing", role="status"),
        overlay_style={"visibility": "visible", "opacity": 0.5},
    )
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="request"),
            dcc.Store(id="start", data=start),
            dcc.Store(id="canonical"),
            header,
            html.Nav(menu, id="menu", className="menu", **{"aria-label": "Pages"}),
            html.Main(
                [html.Div(id="problem", role="alert"), controls.panel(net), page], id="content", className="content"
            ),
            footer,
        ],
        id="provider",
        theme={"fontFamily": "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif", "primaryColor": "blue"},
    )


def _downloads(server: Flask, net: Network, pages: dict[str, Page]) -> None:
    """Files of what a card shows, under the same query as the page."""

    @server.get("/download/<page>/<item>/<card>.<form>")
    def download_card(page: str, item: str, card: str, form: str) -> Response:
        if page not in pages or card not in pages[page].cards:
            return Response(
                "There is no such figure; go back and choose again.", HTTPStatus.NOT_FOUND, mimetype="text/plain"
            )
        try:
            scenario, reading, extra = read_query(net, request.query_string.decode())
            theme: ThemeName = "dark" if extra.pop("theme", "") == "dark" else "light"
            view = View(net, page, "" if item == "-" else item, scenario, reading, theme, extra)
            made = pages[page].cards[card](view)
            if form == "figure" and made.figure is not None:
                return Response(made.figure(view.theme).to_json(), mimetype="application/json")
            body = download(view, made, form)
        except (SupplyChainError, UnicodeDecodeError) as error:
            return Response(str(error), HTTPStatus.BAD_REQUEST, mimetype="text/plain")
        name = "-".join(part for part in (page, view.item, card, str(view.on)) if part)
        safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
        disposition = {"Content-Disposition": f'attachment; filename="{safe}.{form}"'}
        return Response(body, mimetype=FORMATS[form].partition(";")[0], headers=disposition)


def _headers(app: Dash) -> None:
    """Security headers on every answer; scripts only from here, those in the page by their hash."""
    server: Flask = app.server

    @server.after_request
    def secure(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = policy(app)
        return response


def policy(app: Dash) -> str:
    """The content security policy: plotly, cytoscape and the table need inline styles, nothing needs other hosts."""
    parts: dict[str, Any] = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *(f"'{h}'" if not h.startswith("'") else h for h in app.csp_hashes())]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())
