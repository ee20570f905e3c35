"""A report as a workbook: one sheet a table, typed cells, nothing that a spreadsheet would run."""

from __future__ import annotations

import io
import math
import re
from datetime import date, datetime
from typing import Any

import pandas as pd
import xlsxwriter

from supplychain import wording
from supplychain.report import words
from supplychain.report.model import Column, Figure, Report, Table, Text

CREATED = datetime(2000, 1, 1)  # the same bytes for the same query
WIDEST = 70
LONGEST_NAME = 31
LONGEST_CELL = 32_767
FORMATS = {"share": "0.0%", "points": "+0.0%;-0.0%;0.0%", "date": "yyyy-mm-dd", "number": "#,##0.###"}


def workbook(report: Report) -> bytes:
    """The workbook: Summary, the tables in order, Notes, Sources."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": report.title, "subject": report.subtitle, "created": CREATED})
        sheets = _Sheets(book)
        pairs = [(report.title, ""), (report.subtitle, ""), ("", ""), *(("Answer", line) for line in report.answer)]
        sheets.pairs("Summary", [*pairs, ("", ""), *report.made_from])
        for table in report.tables:
            sheets.table(table)
        notes = [
            (section.title, line) for section in report.sections for block in section.blocks for line in _lines(block)
        ]
        sheets.pairs("Notes", notes)
        sheets.table(report.sources, "Sources")
    return buffer.getvalue()


def _lines(block: Table | Figure | Text) -> list[str]:
    if isinstance(block, Table):
        return [f"{block.title}: {block.note}"] if block.note else []
    return [f"Figure: {block.alt}"] if isinstance(block, Figure) else list(block.lines)


class _Sheets:
    """The sheets of a workbook under construction, each with a name of its own."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._names: set[str] = set()
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._text = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
        self._styles = {
            kind: book.add_format({"num_format": pattern, "valign": "top"}) for kind, pattern in FORMATS.items()
        }

    def _sheet(self, title: str) -> Any:
        clean = re.sub(r"[\[\]:*?/\\']", " ", title).strip() or "Table"
        name = clean[:LONGEST_NAME].strip()
        k = 2
        while name.lower() in self._names:
            name = f"{clean[: LONGEST_NAME - 4].strip()} {k}"
            k += 1
        self._names.add(name.lower())
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        return sheet

    def pairs(self, name: str, rows: list[tuple[str, str]]) -> None:
        """A sheet of two columns of text."""
        sheet = self._sheet(name)
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 110)
        for k, (left, right) in enumerate(rows):
            sheet.write_string(k, 0, _cut(left), self._head if not right else self._text)
            sheet.write_string(k, 1, _cut(right), self._text)

    def table(self, table: Table, name: str = "") -> None:
        """A sheet of one table: frozen header, a filter, a column for each end of a range."""
        sheet = self._sheet(name or table.key.replace("-", " ").capitalize())
        columns = [(key, column) for column in table.columns for key in column.keys]
        for k, (key, column) in enumerate(columns):
            end = {column.low: " (low)", column.high: " (high)"}.get(key, "") if column.low else ""
            sheet.write_string(0, k, _cut(column.label + end), self._head)
            cells = [_typed(column, row[key]) for row in table.rows]
            for r, cell in enumerate(cells, 1):
                self._write(sheet, r, k, cell, column)
            longest = max((len(c) if isinstance(c, str) else 10 for c in cells), default=10)
            sheet.set_column(k, k, min(WIDEST, max(12, longest + 2)))
        sheet.freeze_panes(1, 1)
        if table.rows:
            sheet.autofilter(0, 0, len(table.rows), len(columns) - 1)

    def _write(self, sheet: Any, row: int, at: int, cell: Any, column: Column) -> None:
        style = self._styles.get(column.kind, self._text)
        if cell is None:
            sheet.write_blank(row, at, None, style)
        elif isinstance(cell, bool):
            sheet.write_boolean(row, at, cell, self._text)
        elif isinstance(cell, float):
            sheet.write_number(row, at, cell, style)
        elif isinstance(cell, date):
            sheet.write_datetime(row, at, datetime(cell.year, cell.month, cell.day), self._styles["date"])
        else:
            sheet.write_string(row, at, cell, self._text)


def _typed(column: Column, value: Any) -> str | float | bool | date | None:
    """A cell as what it is: a number, a date, yes or no, or text; None for unknown."""
    if not wording.known(value):
        return None
    if column.kind in ("share", "points", "number"):
        return None if math.isnan(float(value)) else float(value)
    if column.kind == "date" and hasattr(value, "isoformat"):
        return pd.Timestamp(value).date()
    if column.kind == "flag":
        return bool(value)
    if column.kind == "sources":
        return _cut("; ".join(words.sources_of(value)))
    if isinstance(value, tuple | list):
        return _cut(", ".join(map(str, value)))
    return _cut(str(value))


def _cut(text: str) -> str:
    """Text that fits a cell, without control characters, written as text: never as a formula."""
    return "".join(c if c.isprintable() or c in "\n" else " " for c in text)[:LONGEST_CELL]
