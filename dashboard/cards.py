"""A card: one figure with its table, its sources and its downloads."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pandas as pd
import plotly.graph_objects as go
import xlsxwriter

from dashboard import kept
from dashboard.state import View
from supplychain.errors import InputError
from supplychain.figures.style import ThemeName
from supplychain.output import Answer, safe_cells

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


@dataclass(frozen=True)
class Card:
    """One figure of a page and what it rests on.

    key: its name on the page (and in download links); title: short; table, figure, sources: give the rows behind it,
    theme -> plotly figure (None: a table only) and the ids of the sources, each when it is shown; note: a sentence for
    the reader; help: the heading of the methods page that explains it; links: column of the table -> column that holds
    where it leads; dense: one line a row, columns as wide as what stands in them (many columns, long notes)
    """

    key: str
    title: str
    table: Callable[[], pd.DataFrame]
    figure: Callable[[ThemeName], go.Figure] | None = None
    sources: Callable[[], tuple[str, ...]] = tuple
    note: str = ""
    help: str = ""
    links: tuple[tuple[str, str], ...] = field(default=())
    dense: bool = False

    @property
    def plain(self) -> pd.DataFrame:
        """The table without the columns that only hold links."""
        return self.table().drop(columns=[column for _, column in self.links])


def source_ids(values: Iterable[object]) -> tuple[str, ...]:
    """Source ids in cells that may hold several, in order, once each."""
    found = (part.strip() for value in values for part in str(value).split(";"))
    return tuple(dict.fromkeys(part for part in found if part and part != "nan"))


def sources_frame(view: View, ids: Iterable[str]) -> pd.DataFrame:
    """The rows of `sources` behind a card, in the order of the ids."""
    table = kept.by_id(view.net, "sources", "source_id")
    known = [i for i in ids if i in table.index]
    return table.loc[known, ["title", "publisher", "published", "kind", "url"]].reset_index()


def about(view: View, card: Card) -> list[tuple[str, str]]:
    """What a file must carry so that its numbers can be reproduced and cited."""
    net = view.net
    return [
        ("title", card.title),
        ("query", view.query),
        ("page", view.url),
        ("data version", net.version),
        ("data known until", net.knowledge_until.isoformat()),
        ("licence", "MIT (code); facts carry the sources named"),
        ("cite as", f"rare-earth-exposure, data {net.version}, query {view.query}"),
        ("note", card.note),
    ]


def download(view: View, card: Card, form: str) -> bytes:
    """The table of a card as a file: csv, xlsx or json. Raises InputError for another format."""
    if form not in FORMATS:
        raise InputError("download", "format", form, ", ".join(FORMATS))
    if form == "xlsx":
        return _xlsx(view, card)
    answer = Answer(card.plain, view.query, view.net, view.x.assumptions, view.x.warnings)
    return (answer.json() if form == "json" else answer.csv()).encode()


def _xlsx(view: View, card: Card) -> bytes:
    """Data, sources and what reproduces them on three sheets; no cell is a formula."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": card.title, "created": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
        bold = book.add_format({"bold": True})
        facts = pd.DataFrame(about(view, card), columns=["what", "value"])
        for name, frame in (("data", card.plain), ("sources", sources_frame(view, card.sources())), ("about", facts)):
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            cells = safe_cells(frame)
            sheet.write_row(0, 0, [str(column) for column in cells.columns], bold)
            for r, row in enumerate(cells.itertuples(index=False), start=1):
                for c, value in enumerate(row):
                    if not pd.isna(value):
                        sheet.write(r, c, value if isinstance(value, int | float | bool) else str(value))
    return file.getvalue()
