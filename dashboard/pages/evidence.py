"""Evidence: every table of the data package, to filter, with sources and confidence."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboard import evidence
from dashboard.asking import moved, pathname, search, view_of
from dashboard.cards import Card, source_ids
from dashboard.components import figure_card, folded, link, title
from dashboard.registry import Page
from dashboard.state import View
from supplychain.network import Network
from supplychain.schema import schemas


def layout(view: View) -> list[Component]:
    """Which table, what to look for, the rows."""
    name = evidence.table_of(view)
    made = table(view)
    empty = html.P(["No row matches. ", link("Show all rows of this table", moved(view, q="", confidence="").url)])
    return [
        title("Evidence"),
        html.P(
            "Every number of this dashboard comes from these rows. Each has a source, a year and a confidence; a row "
            "without a source that can be checked is unverified and should be replaced first.",
            className="answer",
        ),
        html.Section(choices(view, name), className="card controls-row", **{"aria-label": "Which rows"}),
        figure_card(view, made) if len(made.table()) else html.Section([html.H2(made.title), empty], className="card"),
        folded(f"What the columns of {name} mean", meanings(name)),
    ]


def choices(view: View, name: str) -> list[Component]:
    """The table, a text and a confidence to filter by."""
    text, confidence = evidence.wanted(view)
    counts = {other: len(view.net.table(other)) for other in schemas()}
    tables = [{"value": other, "label": f"{other} ({n:,})"} for other, n in counts.items()]
    marks = [{"value": "any", "label": "any"}, *({"value": w, "label": m} for w, m in evidence.MARKS.items())]
    return [
        dmc.Select(id="evidence-table", label="Table", data=tables, value=name, searchable=True, allowDeselect=False),
        dmc.TextInput(
            id="evidence-text", label="Rows with", value=text, debounce=500, placeholder="dysprosium CHN, usgs ..."
        ),
        dmc.Select(
            id="evidence-confidence", label="Confidence", data=marks, value=confidence or "any", allowDeselect=False
        ),
    ]


def meanings(name: str) -> Component:
    """What each column means, as a list."""
    return html.Dl(
        [part for column, kind, text in evidence.described(name) for part in (
            html.Dt([html.Code(column), f" ({kind})"]), html.Dd(text)
        )],
        className="meanings",
    )  # fmt: skip


def table(view: View) -> Card:
    """The rows that match."""
    name = evidence.table_of(view)
    frame = evidence.rows(view)
    leads: tuple[tuple[str, str], ...] = ()
    if "source_id" in frame and name != "sources":
        found = {i: moved(view, item="sources", q=i, confidence="").url for i in frame["source_id"].unique() if i}
        frame = frame.assign(to_source=[found.get(i, "") for i in frame["source_id"]])
        leads = (("source_id", "to_source"),)
    return Card(
        "rows",
        f"{name}: {schemas()[name].description}",
        lambda: evidence.marked(frame),
        None,
        lambda: source_ids(frame.get("source_id", ())),
        evidence.words(view, frame),
        help="confidence",
        links=leads,
        dense=True,
    )


def callbacks(app: Dash, net: Network) -> None:
    """Choices go into the address."""

    @app.callback(
        Output("url", "search", allow_duplicate=True),
        Output("url", "pathname", allow_duplicate=True),
        Input("evidence-table", "value"),
        Input("evidence-text", "value"),
        Input("evidence-confidence", "value"),
        State("request", "data"),
        prevent_initial_call=True,
    )
    def choose(name: str, text: str, confidence: str, request: dict[str, Any]) -> tuple[Any, Any]:
        return chosen(view_of(net, PAGE, request), name, text, confidence)


def chosen(view: View, name: str, text: str, confidence: str) -> tuple[Any, Any]:
    """Query and path of what was chosen; nothing where it is what is shown already."""
    there = moved(view, item=name, q=(text or "").strip(), confidence="" if confidence == "any" else confidence)
    same = (view.item or evidence.FIRST, *evidence.wanted(view)) == (name, *evidence.wanted(there))
    return (no_update, no_update) if same else (search(there), pathname(there))


PAGE = Page(
    "evidence", "Evidence", 100, layout, {"rows": table}, controls=False, callbacks=callbacks, keys=("q", "confidence")
)
