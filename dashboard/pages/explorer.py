"""Explorer: the graph of goods around one good, to search, expand and filter; the same as a list beside it."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboard import explore, graph
from dashboard.asking import moved, pathname, search, view_of
from dashboard.cards import Card, source_ids
from dashboard.components import WORDS, bullet_list, facts, figure_card, grid, link, title
from dashboard.registry import Page
from dashboard.state import View
from supplychain.network import Network
from supplychain.wording import share


def layout(view: View) -> list[Component]:
    """What to look at, the drawing, the list beside it, the table of all."""
    if not view.item:
        return start(view)
    frame = explore.found(view)
    at = explore.selected(view, frame)
    name = frame["name"].iat[0]
    rows = len(explore.rows_of(view.net.graph, explore.drawn(frame)["good"].tolist()))
    return [
        title("Explorer", html.Span(name, className="asked")),
        choices(view),
        html.P(explore.words(view, frame), className="answer", id="explorer-words"),
        html.Div(
            [
                html.Div(
                    graph.canvas("explorer-graph", explore.elements(view, frame), view.theme),
                    className="explorer-canvas",
                    style={"--rows": str(max(rows, 4))},
                ),
                html.Div([details(view, frame, at), beside(view, frame, at)], className="explorer-side"),
            ],
            className="explorer",
        ),
        figure_card(view, table(view)),
    ]


def start(view: View) -> list[Component]:
    """All goods to start from."""
    goods = view.net.table("goods")[["name", "stage", "kind", "good"]]
    goods["to_explore"] = [moved(view, item=good).url for good in goods["good"]]
    return [
        title("Explorer"),
        html.P(f"Search one of {len(goods)} goods: see what it is made from and what is made from it.",
               className="answer"),
        choices(view),
        html.Section([html.H2("All goods"), grid(goods, (("name", "to_explore"),), "Goods")], className="card"),
    ]  # fmt: skip


def choices(view: View) -> Component:
    """Search, direction, steps and filters."""
    goods = view.net.table("goods").sort_values("name", kind="stable")
    found = [{"value": g, "label": f"{name} ({g})"} for g, name in zip(goods["good"], goods["name"], strict=True)]
    item = view.net.tables.resolve(view.item) if view.item else None
    ways = [{"value": way, "label": words} for way, words in explore.WAYS.items()]
    steps = [{"value": n, "label": n if n != "all" else "all the way"} for n in explore.STEPS]
    least = [{"value": n, "label": "any" if n == "0" else f"{n} % or more"} for n in explore.LEAST]
    fields = [
        html.Div(dmc.Select(id="explorer-good", label="Good", data=found, value=item, searchable=True, limit=60,
                            placeholder="type to search", nothingFoundMessage="No such good"), className="double"),
        dmc.Select(id="explorer-way", label="Show", data=ways, value=explore.choice(view, "way", explore.WAYS),
                   allowDeselect=False),
        dmc.Select(id="explorer-steps", label="Steps", data=steps, value=explore.choice(view, "steps", explore.STEPS),
                   allowDeselect=False),
        dmc.MultiSelect(id="explorer-stage", label="Stages (none: all)", data=list(explore.STAGES),
                        value=list(explore.stages(view))),
        dmc.Select(id="explorer-least", label="Supply missing", data=least,
                   value=explore.choice(view, "least", explore.LEAST), allowDeselect=False),
    ]  # fmt: skip
    return html.Section(html.Div(fields, className="fields"), className="card", **{"aria-label": "What to draw"})


def details(view: View, frame: pd.DataFrame, at: str) -> Component:
    """The chosen good, and where to go from it."""
    row = frame[frame["good"] == at].iloc[0]
    more = explore.hidden(view, frame, at)
    lines: list[Any] = [link("Open its page", explore.page_of(view, at))]
    if at != frame["good"].iat[0]:
        lines.append(link("Put it in the centre", moved(view, item=at, more="", at="").url))
    for way, words in (("up", "inputs"), ("down", "uses")):
        if more[way]:
            lines.append(link(f"Expand {more[way]} more {words}", explore.expanded(view, at, way).url))
    ranged = f"{share(row['short_low'])} to {share(row['short_high'])}"
    return html.Section(
        [
            html.H2(row["name"]),
            facts([
                ("Short", share(row["short"]), ranged), ("Dependent", share(row["dependent"]), "worst case"),
                ("Linked", share(row["linked"]), "at all"),
            ]),
            html.P(f"{row['kind'].capitalize()}, stage: {row['stage']}.", className="card-note"),
            bullet_list(lines),
        ],
        id="explorer-details", className="card",
    )  # fmt: skip


def beside(view: View, frame: pd.DataFrame, at: str) -> Component:
    """The goods of the drawing as a list of links, for keyboard and screen reader."""
    by = explore.reading(view)
    body = [
        html.Tr(
            [
                html.Td([link(row["name"], moved(view, at=row["good"]).url), " (chosen)" * (row["good"] == at)]),
                html.Td(row["stage"]),
                html.Td(f"{row['steps']:+d}" if row["steps"] else "0", className="right"),
                html.Td(share(row[by]), className="right"),
            ]
        )
        for row in explore.drawn(frame).to_dict("records")
    ]  # fmt: skip
    heads = ("Good", "Stage", "Steps", WORDS[by].replace(" (%)", ""))
    return html.Div(
        html.Table(
            [
                html.Caption("The goods of the drawing; + towards products, − towards mines"),
                html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
                html.Tbody(body),
            ],
            className="plain-table",
        ),
        className="card scroll",
        tabIndex=0,
        role="region",
        **{"aria-label": "Goods of the drawing"},
    )


def table(view: View) -> Card:
    """All goods found, drawn or not."""
    frame = explore.found(view)
    shown = set(frame["good"])
    edges = [(a, b) for a, b in view.net.graph.subgraph(shown).edges]
    frame = frame.assign(to_good=[explore.page_of(view, good) for good in frame["good"]])
    order = ["name", "stage", "kind", "steps", "short_low", "short", "short_high", "dependent", "linked", "good"]
    return Card(
        "goods",
        f"All {len(frame)} goods found",
        lambda: frame[[*order, "to_good"]],
        None,
        lambda: source_ids(view.net.graph.edges[edge]["source_id"] for edge in edges),
        f"{len(edges)} part edges between them; the sources are theirs.",
        help="exposure",
        links=(("name", "to_good"),),
    )


def callbacks(app: Dash, net: Network) -> None:
    """Choices and clicks on the drawing go into the address."""

    @app.callback(
        Output("url", "pathname", allow_duplicate=True), Output("url", "search", allow_duplicate=True),
        Input("explorer-good", "value"), Input("explorer-way", "value"), Input("explorer-steps", "value"),
        Input("explorer-stage", "value"), Input("explorer-least", "value"), State("request", "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    def choose(good: str, way: str, steps: str, stage: list[str], least: str, request: dict[str, Any]) -> Any:
        return chosen(view_of(net, PAGE, request), good, way, steps, stage, least)

    @app.callback(
        Output("url", "search", allow_duplicate=True), Input("explorer-graph", "tapNodeData"),
        State("request", "data"), prevent_initial_call=True,
    )  # fmt: skip
    def tap(node: dict[str, Any] | None, request: dict[str, Any]) -> Any:
        return tapped(view_of(net, PAGE, request), node) if node else no_update


def chosen(view: View, good: str | None, way: str, steps: str, stage: list[str] | None, least: str) -> Any:
    """Path and query of what was chosen; nothing where that is shown already."""
    defaults = explore.DEFAULTS
    item = good or view.item
    keys = {"way": way, "steps": steps, "least": least}
    keys = {name: "" if value == defaults[name] else value for name, value in keys.items()}
    there = moved(view, item=item, stage=",".join(stage or ()), **keys)
    if view.item and item != view.net.tables.resolve(view.item):
        there = moved(there, more="", at="")
    now = {name: view.extra.get(name, "") for name in ("way", "steps", "least", "stage")}
    now = {name: "" if defaults.get(name) == value else value for name, value in now.items()}
    same_good = not item or (view.item and item == view.net.tables.resolve(view.item))
    same = same_good and now == {name: there.extra.get(name, "") for name in now}
    return (no_update, no_update) if same else (pathname(there), search(there))


def tapped(view: View, node: dict[str, Any]) -> Any:
    """The query with the good that was clicked."""
    good = str(node.get("good", ""))
    return no_update if not good or good == view.extra.get("at") else search(moved(view, at=good))


PAGE = Page("explorer", "Explorer", 60, layout, {"goods": table}, callbacks=callbacks, keys=explore.KEYS)
