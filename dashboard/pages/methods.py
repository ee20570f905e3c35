"""Methods: every measure with its formula and its limits; "?" links land on the anchors."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard.components import bullet_list, section, title
from dashboard.methods_text import GAPS, PARTS, Entry
from dashboard.registry import Page
from dashboard.state import View
from supplychain.network import Network


def layout(view: View) -> list[Component]:
    """Contents, then one article an entry."""
    parts = [
        html.Section([html.H2(heading), *(article(entry) for entry in entries)], className="card")
        for heading, entries in PARTS
    ]
    net = view.net
    return [
        title("How the numbers are made"),
        html.P(
            f"Data {net.version}, known until {net.knowledge_until}. Shares of normal supply throughout; unknown is "
            "not zero. The same text answers every “?” of the dashboard.",
            className="answer",
        ),
        html.Nav(contents(), className="card contents", **{"aria-label": "On this page"}),
        *parts,
        section("Known gaps", bullet_list(GAPS), id="gaps", className="card", tabIndex=-1),
        dcc.Store(id="methods-drawn", data=1),
        dcc.Store(id="methods-shown"),
    ]


def contents() -> list[Component]:
    """Links to every entry."""
    lists: list[Component] = []
    for heading, entries in PARTS:
        links = [html.Li(html.A(e.heading.partition(":")[0], href=f"#{e.anchor}", className="link")) for e in entries]
        lists.append(html.Div([html.Strong(heading), html.Ul(links)]))
    more = html.Ul([html.Li(html.A("What is missing", href="#gaps", className="link"))])
    return [*lists, html.Div([html.Strong("Known gaps"), more])]


def article(entry: Entry) -> Component:
    """One measure: words, formula, limits."""
    return html.Article(
        [
            html.H3(entry.heading),
            *(html.P(text) for text in entry.text),
            *([html.Pre("\n".join(entry.formula), className="formula", tabIndex=0)] if entry.formula else []),
            *([html.Div([html.Strong("Limits"), bullet_list(entry.limits)])] if entry.limits else []),
        ],
        id=entry.anchor,
        className="entry",
        tabIndex=-1,
    )


def callbacks(app: Dash, net: Network) -> None:
    """Once drawn, go to what the link names."""
    app.clientside_callback(
        ClientsideFunction("methods", "land"),
        Output("methods-shown", "data"),
        Input("methods-drawn", "data"),
        Input("url", "hash"),
    )


PAGE = Page("methods", "Methods", 110, layout, controls=False, callbacks=callbacks)
