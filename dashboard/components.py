"""What pages are made of: headings, figures in cards, tables, links, notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import dash_ag_grid as dag
import dash_mantine_components as dmc
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.cards import FORMATS, Card, sources_frame
from dashboard.state import View
from supplychain.output import records

Content = Sequence[Component | str] | Component | str

# words of a column: what it is and its unit
WORDS = {
    "short_low": "Short, low (%)", "short": "Short (%)", "short_high": "Short, high (%)",
    "felt_low": "Felt, low (%)", "felt": "Felt (%)", "felt_high": "Felt, high (%)",
    "dependent": "Dependent (%)", "linked": "Linked (%)", "coverage": "Coverage (%)",
    "share": "Share (%)", "available": "Available (%)", "loss": "Costs output (%)", "cut": "Cut (%)",
    "criticality": "Criticality (0 to 1)", "worst": "Worst hit (%)", "mean": "Mean (%)", "alone": "Alone (%)",
    "last": "Added last (%)", "shapley": "Fair share (%)", "se": "Standard error (%)",
    "short_after": "Short after (%)", "avoided": "Avoided (points)", "days_avoided": "Days avoided (days)",
    "first_day": "First loss (day)", "first_day_low": "First loss, late (day)",
    "first_day_high": "First loss, early (day)", "source_id": "Source", "only_prior": "Prior only",
    "leader_share": "Leader's share (%)", "documented": "Known (%)",
    "lost": "Lost (%)", "lost_low": "Lost, low (%)", "lost_high": "Lost, high (%)",
    "short_a": "Short before (%)", "short_b": "Short now (%)", "change": "Change (points)",
    "felt_a": "Felt before (%)", "felt_b": "Felt now (%)",
    "severity_low": "Severity, low (%)", "severity": "Severity (%)", "severity_high": "Severity, high (%)",
    "coverage_low": "Coverage, low (%)", "coverage_high": "Coverage, high (%)", "substitutability": "Substitutable (%)",
    "group_share": "Group share (%)", "takeover": "Takes over (%)", "hs_codes": "Customs codes",
    "p05": "5 % quantile", "p50": "Median", "p95": "95 % quantile", "rank_correlation": "Rank correlation (-1 to 1)",
    "first_loss_low": "First loss, late (day)", "first_loss": "First loss (day)",
    "first_loss_high": "First loss, early (day)", "days_lost_low": "Lost, low (days)", "days_lost": "Lost (days)",
    "days_lost_high": "Lost, high (days)", "of_days": "Of (days)",
    "hhi": "HHI (0 to 1)", "products_hit": "Products hit", "r": "Lost (%)",
}  # fmt: skip
SHARES = {column for column, words in WORDS.items() if words.endswith("(%)")}
POINTS = {column for column, words in WORDS.items() if words.endswith("(points)")}
LONG = {
    "why", "title", "detail", "note", "path", "binding", "events", "by", "threshold", "unit", "item", "measures",
    "says", "alternatives", "substitute",
}  # fmt: skip
LATER = ("Table", "Sources")  # tabs that are sent when they are opened
ROW_LIMIT = 12  # a longer table scrolls
DENSE = {
    "wrapText": False, "autoHeight": False, "minWidth": 90, "maxWidth": 420, "flex": None,
    "tooltipValueGetter": {"function": "params.value"},
}  # fmt: skip


def title(text: str, *more: Component) -> Component:
    """The one h1 of a page."""
    return html.Div([html.H1(text), *more], className="page-title")


def section(heading: str, *content: Component, **props: Any) -> Component:
    """A part of a page under an h2."""
    return html.Section([html.H2(heading), *content], **props)


def notice(heading: str, text: Content, colour: str = "blue") -> Component:
    """Something the reader must know or do."""
    return dmc.Alert(text, title=heading, color=colour, variant="light", className=f"notice notice-{colour}")


def link(text: str, href: str, **props: Any) -> Component:
    """A link inside the dashboard."""
    return dcc.Link(text, href=href, className="link", **props)


def outside(text: str, url: str) -> Component | str:
    """A link to another host; plain text where there is none."""
    if not url.startswith(("https://", "http://")):
        return text
    return html.A(text, href=url, className="link", target="_blank", rel="noopener noreferrer")


def facts(pairs: Sequence[tuple[str, str, str]]) -> Component:
    """Key figures in a row: label, value, small print."""
    return html.Dl(
        [
            html.Div([html.Dt(label), html.Dd([html.Strong(value), html.Span(small)])], className="fact")
            for label, value, small in pairs
        ],
        className="facts",
    )


def bullet_list(lines: Sequence[Content]) -> Component:
    return html.Ul([html.Li(line) for line in lines], className="lines")


def folded(summary: str, *content: Component, is_open: bool = False) -> Component:
    """Details that open on demand."""
    return html.Details([html.Summary(summary), *content], open=is_open, className="folded")


def grid(
    frame: pd.DataFrame, links: Sequence[tuple[str, str]] = (), label: str = "Table", dense: bool = False
) -> Component:
    """A table that sorts and filters; `links`: (column shown, column that holds where it leads); `dense`: see Card."""
    if frame.empty:
        return html.P("No rows: choose another day, market or product.", className="empty")
    leads = dict(links)
    hidden = set(leads.values())
    shown = [str(column) for column in frame.columns if column not in hidden]
    return dag.AgGrid(
        rowData=_rows(frame),
        columnDefs=[_column(column, frame[column], leads.get(column)) | (DENSE if dense else {}) for column in shown],
        defaultColDef={
            "sortable": True,
            "filter": True,
            "resizable": True,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
            "minWidth": 120,
            "flex": 1,
        },
        columnSize="autoSize" if dense else None,
        dashGridOptions={
            "domLayout": "autoHeight" if len(frame) <= ROW_LIMIT else "normal",
            "enableCellTextSelection": True,
            "ensureDomOrder": True,
            "suppressFieldDotNotation": True,
            "animateRows": False,
            "suppressColumnVirtualisation": True,
            "theme": {"function": "dashboardTheme(theme)"},
        },
        className="grid" if len(frame) <= ROW_LIMIT else "grid grid-tall",
        style={"height": None} if len(frame) <= ROW_LIMIT else {"height": "26rem"},
    )


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for the browser; lists as text."""
    rows = records(frame)
    return [{k: ", ".join(map(str, v)) if isinstance(v, list) else v for k, v in row.items()} for row in rows]


def _column(column: str, values: pd.Series, href: str | None) -> dict[str, Any]:
    spec: dict[str, Any] = {"field": column, "headerName": words(column), "headerTooltip": words(column)}
    if column in SHARES:
        spec |= {"valueFormatter": {"function": "percent(params.value)"}, "type": "rightAligned"}
    elif column in POINTS:
        spec |= {"valueFormatter": {"function": "points(params.value)"}, "type": "rightAligned"}
    elif pd.api.types.is_bool_dtype(values):
        spec |= {"valueFormatter": {"function": "yesNo(params.value)"}, "cellDataType": False}
    elif pd.api.types.is_numeric_dtype(values):
        spec |= {"valueFormatter": {"function": "number(params.value)"}, "type": "rightAligned"}
    elif column in LONG:
        spec |= {"wrapText": True, "autoHeight": True, "minWidth": 260, "flex": 3, "cellClass": "long"}
    if column == "url":
        spec |= {"cellRenderer": "OutsideLink", "minWidth": 200}
    if href is not None:
        spec |= {"cellRenderer": "PageLink", "cellRendererParams": {"to": href}, "minWidth": 200, "flex": 2}
    return spec


def words(column: str) -> str:
    """What a column is called on a page."""
    return WORDS.get(column, column.replace("_", " ").capitalize())


# --- figure cards ----------------------------------------------------------------------------------------------------


def figure_card(view: View, made: Card, whole: bool = False) -> Component:
    """One figure with tabs: chart, table, sources, download.

    whole: every tab is sent at once; otherwise table and sources are sent when their tab is opened (`opened_tab`), for
    which the card is made again.
    """
    tabs = {} if made.figure is None else {"Chart": lambda: chart(view, made)}
    tabs |= {
        "Table": lambda: table(made),
        "Sources": lambda: sources(view, made),
        "Download": lambda: downloads(view, made),
    }
    names = list(tabs)
    later = () if whole else tuple(name for name in LATER if name != names[0])
    heading = f"card-{made.key}"
    return html.Section(
        [
            html.Div([html.H2(made.title, id=heading), *_help(view, made)], className="card-head"),
            *([html.P(made.note, className="card-note")] if made.note else []),
            dmc.Tabs(
                [
                    dmc.TabsList([dmc.TabsTab(name, value=name) for name in names]),
                    *(
                        dmc.TabsPanel(_waiting_tab(name, made.key) if name in later else make(), value=name, pt="xs")
                        for name, make in tabs.items()
                    ),
                ],
                id={"type": "tabs", "card": made.key},
                value=names[0],
                keepMounted=False,
                className="card-tabs",
            ),
            dcc.Store(id={"type": "tabs-sent", "card": made.key}, data=[name for name in names if name not in later]),
        ],
        className="card",
        **{"aria-labelledby": heading},
    )


def _waiting_tab(name: str, key: str) -> Component:
    """What stands in a tab until it is filled."""
    return html.Div(html.P("Loading …", className="waiting", role="status"), id=tab_id(name, key))


def tab_id(name: str, key: object) -> dict[str, Any]:
    """The place of a tab that is sent when opened; `key`: of the card, or MATCH."""
    return {"type": f"tab-{name.lower()}", "card": key}


def opened_tab(view: View, made: Card, name: str) -> Component:
    """What one of the tabs of `LATER` holds."""
    return table(made) if name == "Table" else sources(view, made)


def _help(view: View, made: Card) -> list[Component]:
    if not made.help:
        return []
    href = f"{view.link('methods')}#{made.help}"
    return [dcc.Link("?", href=href, className="help", title=f"How {made.title.lower()} is computed")]


def table(made: Card) -> Component:
    """The rows behind the figure."""
    return grid(made.table(), made.links, made.title, made.dense)


def chart(view: View, made: Card) -> Component:
    """The figure, described for those who do not see it."""
    assert made.figure is not None
    figure = made.figure(view.theme)
    alt = (figure.layout.meta or {}).get("alt", made.title)
    return html.Figure(
        [
            dcc.Graph(
                id={"type": "chart", "card": made.key},
                figure=figure,
                config={"displaylogo": False, "displayModeBar": False, "responsive": True},
                responsive=True,
                style={"height": f"{figure.layout.height or 360}px"},
            ),
            html.Figcaption(alt, className="visually-hidden"),
        ],
        className="chart",
    )


def sources(view: View, made: Card) -> Component:
    """The sources behind a card."""
    frame = sources_frame(view, made.sources())
    if frame.empty:
        return html.P("Computed from the rows of the table; no single source.", className="empty")
    return grid(frame, label=f"Sources of {made.title}")


def downloads(view: View, made: Card) -> Component:
    """Links to exactly what is shown, as files; the picture is made in the browser."""
    base = f"/download/{view.page}/{quote(view.item or '-', safe='')}/{quote(made.key, safe='')}"
    files = [
        html.A(form.upper(), href=f"{base}.{form}?{view.query}", className="button", download="") for form in FORMATS
    ]
    pictures = [
        html.Button(
            form.upper(),
            className="button picture",
            **{"data-figure": f"{base}.figure?{view.query}", "data-form": form},
        )
        for form in ("png", "svg")
        if made.figure is not None
    ]
    cite = f"rare-earth-exposure, data {view.net.version}, known until {view.net.knowledge_until}. Query: {view.query}"
    return html.Div(
        [
            html.P(["Rows: ", *files], className="buttons"),
            *([html.P(["Picture: ", *pictures], className="buttons")] if pictures else []),
            html.P(["Cite as: ", html.Code(cite)]),
        ]
    )


def slot(key: str, text: str = "Loading …", height: int = 360) -> Component:
    """A place that is filled after the page is drawn: by the card of that key, or by `slots[key]` of the page."""
    waiting = html.P(text, className="waiting", role="status", style={"minHeight": f"{height}px"})
    return html.Div(
        [
            html.Div(waiting, id={"type": "slot", "slot": key}, className="slot"),
            dcc.Store(id={"type": "slot-go", "slot": key}, data=key),
        ]
    )


def slots_in(content: Sequence[Component]) -> list[str]:
    """The keys of the slots in what a page drew."""
    ids = (getattr(part, "id", None) for part in html.Div(list(content))._traverse())
    return [name["slot"] for name in ids if isinstance(name, dict) and name["type"] == "slot-go"]


def lazy(key: str, heading: str, text: str, button: str = "Compute") -> Component:
    """A card that takes longer: computed when asked for."""
    asked = html.Section(
        [
            html.H2(heading),
            html.P(text),
            html.Button(button, id={"type": "compute", "card": key}, className="button", n_clicks=0),
        ],
        className="card",
    )
    return dcc.Loading(
        html.Div(asked, id={"type": "computed", "card": key}),
        custom_spinner=html.Div("Computing …", className="computing", role="status"),
        overlay_style={"visibility": "visible", "opacity": 0.5},
    )
