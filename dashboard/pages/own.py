"""My products: own bill of materials, suppliers and stocks, in the memory of the server for one session only."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from flask import Response, current_app, session

from dashboard import own, views
from dashboard.asking import moved, view_of
from dashboard.cards import FORMATS, Card, source_ids
from dashboard.components import bullet_list, facts, figure_card, folded, grid, lazy, link, notice, slot, title
from dashboard.registry import Page
from dashboard.state import View
from supplychain import figures
from supplychain.errors import DataError, InputError, Problem, SupplyChainError
from supplychain.network import Exposure, Network
from supplychain.schema import schemas
from supplychain.tables import OVERLAY_DEFAULTS
from supplychain.wording import share, span

SESSION = "uploads"  # key of the signed cookie
SHOWN = 30  # problems in the list; the table has all
STORE = "supplychain-uploads"  # where the app keeps its Uploads


def uploads() -> own.Uploads:
    """The uploads of this server."""
    found: own.Uploads = current_app.extensions[STORE]
    return found


def session_key(new: bool = False) -> str:
    """The random key of this browser's session, from its signed cookie; empty before the first upload."""
    if new and SESSION not in session:
        session[SESSION] = secrets.token_urlsafe(32)
    return str(session.get(SESSION, ""))


def layout(view: View) -> list[Component]:
    """What happens with the files, the files, and what comes of them."""
    return [
        title("My products"),
        html.P(
            "Upload your bill of materials, suppliers and stocks; see where your own products are exposed on the day "
            "and in the market above.",
            className="answer",
        ),
        notice(
            "Your data stay yours",
            [
                "Files stay in the memory of this server, for this browser session only; after two hours without use "
                "they are gone. Nothing is written to disk, nobody else sees them, and links do not contain them. ",
                link("How own rows are used", f"{view.link('methods')}#own"),
            ],
        ),
        html.Div(body(view), id="own-body", className="page slot"),
    ]


def body(view: View, problems: Sequence[Problem] = (), said: str = "") -> list[Component]:
    """The files of the session, what is wrong, and the exposure; drawn again after each upload."""
    files = uploads().files(session_key())
    try:
        made = uploads().network(session_key())
    except DataError as error:
        made, problems = None, [*problems, *error.problems]
    wrong = [] if made is None else list(made[1])
    return [
        *([notice("This cannot be kept", said, "red")] if said else []),
        *([problem_card(problems)] if problems else []),
        *([slot("result", "Computing with your rows …")] if made else []),
        *([problem_card(wrong)] if wrong else []),
        html.Div([files_card(view, files), templates_card()], className="pair"),
    ]


def problem_card(problems: Sequence[Problem]) -> Component:
    """What is wrong or doubtful, by file and line."""
    frame = own.problem_rows(problems)
    errors = int((frame["level"] == "error").sum())
    many = f"{len(frame)} problem{'s' * (len(frame) > 1)}"
    heading = f"{many} to mend" if errors else f"{len(frame)} to look at"
    text = (
        "What has a problem is not used. Correct these lines and upload the file again."
        if errors
        else "The numbers are computed all the same."
    )
    lines = [str(p) for p in sorted(problems, key=lambda p: (p.level, p.file, p.line))[:SHOWN]]
    cut = f"Showing {len(lines)} of {len(frame)}; the table has all."
    card = [
        html.H2(heading),
        html.P(text, className="card-note"),
        bullet_list(lines),
        *([html.P(cut)] if len(frame) > len(lines) else []),
        folded("The same as a table", grid(frame, label=heading)),
    ]
    return html.Section(card, className="card own-problems", **({"role": "alert"} if errors else {}))


def files_card(view: View, files: Sequence[own.File]) -> Component:
    """What is there, and how more comes or goes."""
    lines = [
        html.Li([html.Strong(f.name), f": {len(f.frame):,} rows of {f.table} ({own.TABLES[f.table]})"]) for f in files
    ]
    box = dcc.Upload(
        html.Div(
            [
                html.Button("Choose files", className="button button-main"),
                html.Span(" or drop CSV or XLSX files here, one table a file"),
            ]
        ),
        id="own-upload",
        multiple=True,
        accept=".csv,.xlsx",
        max_size=own.MOST_BYTES,
        className="upload",
    )
    limits = (
        f"Up to {own.MOST_FILES} files, {own.MOST_BYTES // 10**6} MB each, {own.MOST_ROWS:,} rows in all. A file is "
        "known by its name (bom.csv, stocks_plant1.xlsx) or its columns; one of the same name replaces the last."
    )
    return html.Section(
        [
            html.H2("Your files"),
            html.Ul(lines, className="lines") if files else html.P("None yet.", className="empty"),
            box,
            html.P(limits, className="card-note"),
            html.Div(
                [
                    html.Button("Try the example", id="own-example", className="button", n_clicks=0),
                    html.Button("Remove my data", id="own-forget", className="button", n_clicks=0, disabled=not files),
                ],
                className="buttons",
            ),
        ],
        className="card",
    )


def templates_card() -> Component:
    """Empty files to fill in."""
    rows = [
        html.Li(
            [
                html.Strong(table),
                f": {words}. ",
                *(
                    html.A(form.upper(), href=f"/template/{table}.{form}", className="link template", download="",
                           title=f"Template of {table} as {form.upper()}")
                    for form in ("csv", "xlsx")
                ),
            ]
        )
        for table, words in own.TABLES.items()
    ]  # fmt: skip
    needed = {
        t: [f.name for f in schemas()[t].fields if f.required and f.name not in OVERLAY_DEFAULTS] for t in own.TABLES
    }
    more = [html.Li([html.Code(table), ": ", ", ".join(names)]) for table, names in needed.items()]
    return html.Section(
        [
            html.H2("Templates"),
            html.P("Start with bom and goods; the rest makes the answer better. Goods are called as in the reference "
                   "data (aliases and names do not count here).", className="card-note"),
            html.Ul(rows, className="lines"),
            folded("Columns that must be filled in", html.Ul(more, className="lines")),
        ],
        className="card",
    )  # fmt: skip


# --- what comes of them -----------------------------------------------------------------------------------------------


def answered(view: View) -> tuple[Exposure, tuple[str, ...]]:
    """The exposure with the session's rows, and the products that they are about. Raises InputError, DataError."""
    made = uploads().network(session_key())
    if made is None:
        raise InputError("my products", "files", "none", "an upload in this session", "Upload your files again.")
    products = own.own_products(made[0], uploads().files(session_key()))
    return made[0].ask(view.scenario.changed(products=products)), products


def ranked(view: View, x: Exposure) -> pd.DataFrame:
    """The products by the reading asked for; a link chooses the one that is explained."""
    frame = x.frame if view.reading == "felt" else x.static
    order = [view.reading, "dependent", "product"]
    frame = frame.sort_values(order, ascending=[False, False, True], kind="stable", ignore_index=True)
    return frame.assign(to_own=[moved(view, item=product).url for product in frame["product"]])


def result(view: View) -> list[Component]:
    """The answer in a sentence, the products, and why."""
    x, products = answered(view)
    frame = ranked(view, x)
    by, first = view.reading, frame.iloc[0]
    low, high = (float(first.get(f"{by}_{end}", first[by])) for end in ("low", "high"))
    hit = int((frame[by] > 0).sum())
    whose = (
        f"of your {len(frame)} product{'s' * (len(frame) > 1)}"
        if products
        else f"of {len(frame)} products (your files name none of their own)"
    )
    sentence = f"On {view.on}, {hit} {whose} {views.VERBS[by]} in {views.market_name(view)}. "
    sentence += f"Most exposed: {first['name']}, {span(low, float(first[by]), high)}. {first['why']}"
    top = frame.head(4).to_dict("records")
    return [
        html.P(sentence, className="answer"),
        facts([(r["name"], share(r[by]), f"{by}; worst case {share(r['dependent'])}") for r in top]),
        figure_card(view, ranking(view)),
        figure_card(view, why(view)),
        lazy("helps", "What would help", "Tries out a second source, stock, licences and substitutes one by one: up to "
             "half a minute."),
    ]  # fmt: skip


def ranking(view: View) -> Card:
    """The own products, ranked."""
    x, _ = answered(view)
    frame, by = ranked(view, x), view.reading
    ranges = [column for column in (f"{by}_low", by, f"{by}_high") if column in frame]
    others = ["short", "dependent", "linked", "first_day", "coverage", "confidence", "why"]
    columns = ["name", *dict.fromkeys([*ranges, *(c for c in others if c in frame)]), "product", "to_own"]
    return Card(
        "ranking",
        f"Your products by exposure ({by})",
        lambda: frame[columns],
        lambda theme: figures.ranking(frame, market=view.market, on=view.on, reading=by, top=15, theme=theme),
        help="exposure",
        links=(("name", "to_own"),),
    )


def shown(view: View, x: Exposure) -> str:
    """The product that is explained: that of the address, else the most exposed."""
    frame = x.static
    return view.item if view.item in set(frame["product"]) else str(frame["product"].iat[0])


def why(view: View) -> Card:
    """Every step of the chain that sets the loss of one product."""
    x, _ = answered(view)
    product = shown(view, x)
    name = str(x.static.set_index("product").at[product, "name"])
    frame = x.explain(product)
    labels = dict(zip(*(x.model.tables["goods"][c] for c in ("good", "name")), strict=True))
    return Card(
        "why",
        f"Why: {name}",
        lambda: frame,
        lambda theme: figures.flow(frame, product=name, market=view.market, on=view.on, labels=labels, theme=theme),
        lambda: source_ids(frame["source_id"]),
        "Rows of your own files cite OVERLAY. Choose another product in the table above.",
        help="availability",
    )


def helps(view: View) -> Card:
    """What would help the product that is explained."""
    x, _ = answered(view)
    product = shown(view, x)
    name = str(x.static.set_index("product").at[product, "name"])
    return Card("helps", f"What would help: {name}", lambda: x.mitigations(product), help="mitigations")


# --- uploads ----------------------------------------------------------------------------------------------------------


def callbacks(app: Dash, net: Network) -> None:
    """Upload, example, removal, templates."""
    app.server.extensions[STORE] = own.Uploads(net)

    @app.server.get("/template/<table>.<form>")
    def template(table: str, form: str) -> Response:
        try:
            content = own.template(table, form)
        except InputError as error:
            return Response(str(error), HTTPStatus.NOT_FOUND, mimetype="text/plain")
        disposition = {"Content-Disposition": f'attachment; filename="{table}.{form}"'}
        return Response(content, mimetype=FORMATS[form].partition(";")[0], headers=disposition)

    @app.callback(
        Output("own-body", "children"), Input("own-upload", "contents"), Input("own-example", "n_clicks"),
        Input("own-forget", "n_clicks"), State("own-upload", "filename"), State("request", "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    def change(
        contents: list[str] | None, example: int, forget: int, names: list[str] | None, request: dict[str, Any]
    ) -> Any:
        by = ctx.triggered_id
        if by == "own-upload" and contents:
            return receive(view_of(net, PAGE, request), names or [], contents)
        if by == "own-example" and example:
            made = [own.accepted(name, text.encode()) for name, text in own.EXAMPLE.items()]
            return store(view_of(net, PAGE, request), made, [])
        if by == "own-forget" and forget:
            uploads().forget(session_key())
            return body(view_of(net, PAGE, request))
        return no_update


def receive(view: View, names: Sequence[str], contents: Sequence[str]) -> list[Component]:
    """Files from a browser: the good ones are kept, the problems of the others are shown by line."""
    files: list[own.File] = []
    problems: list[Problem] = []
    for name, content in zip(names, contents, strict=False):
        try:
            files.append(own.accepted(*own.decoded(name, content)))
        except DataError as error:
            problems += error.problems
    return store(view, files, problems)


def store(view: View, files: Sequence[own.File], problems: Sequence[Problem]) -> list[Component]:
    """Keep files beside those of the session, and draw what there is now."""
    try:
        if files:
            key = session_key(new=True)
            uploads().keep(key, own.merged(uploads().files(key), files))
    except SupplyChainError as error:
        return body(view, problems, str(error))
    return body(view, problems)


PAGE = Page(
    "own", "My products", 80, layout, {"ranking": ranking, "why": why, "helps": helps}, {"result": result},
    callbacks=callbacks,
)  # fmt: skip
