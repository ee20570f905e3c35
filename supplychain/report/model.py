"""One report, whatever file it ends up in: the answer, sections of text, tables and figures, sources, the query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

from supplychain.figures.style import ThemeName

CellKind = Literal["text", "prose", "id", "share", "points", "number", "date", "flag", "confidence", "sources", "link"]


@dataclass(frozen=True)
class Column:
    """One column of a table; with `low` and `high` (names of columns of the frame) the cell is a range.

    prose: long text; id: a name that is not broken; share: of 1; points: a difference of shares; sources: ids
    """

    key: str
    label: str
    kind: CellKind = "text"
    low: str = ""
    high: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the frame that it shows."""
        return (self.low, self.key, self.high) if self.low else (self.key,)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows to show; `frame` holds at least the columns that `columns` name."""

    key: str
    title: str
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    note: str = ""
    empty: str = "Nothing to list."

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        keys = [key for column in self.columns for key in column.keys]
        return [{str(k): v for k, v in row.items()} for row in self.frame[keys].astype(object).to_dict("records")]


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure that is drawn when it is needed, in the theme it is needed in."""

    key: str
    draw: Callable[[ThemeName], go.Figure]

    @cached_property
    def light(self) -> go.Figure:
        return self.draw("light")

    @cached_property
    def dark(self) -> go.Figure:
        return self.draw("dark")

    @property
    def alt(self) -> str:
        """What the figure shows, in words."""
        return str(self.light.layout.meta["alt"])


@dataclass(frozen=True)
class Text:
    """Sentences: a paragraph each, or the items of a list."""

    lines: tuple[str, ...]
    shape: Literal["paragraphs", "list", "steps", "code"] = "paragraphs"


Block = Table | Figure | Text


@dataclass(frozen=True, eq=False)
class Section:
    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, eq=False)
class Report:
    """Everything a reader gets.

    answer: two or three sentences; sources: number, source_id, title, publisher, published, kind, url of all that
    the tables cite; made_from: query, versions and seed, in order
    """

    kind: str
    title: str
    subtitle: str
    answer: tuple[str, ...]
    sections: tuple[Section, ...]
    sources: Table
    made_from: tuple[tuple[str, str], ...]

    def blocks(self) -> Iterator[Block]:
        for section in self.sections:
            yield from section.blocks

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        return tuple(block for block in self.blocks() if isinstance(block, Table))

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(block for block in self.blocks() if isinstance(block, Figure))

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number under which each source is listed."""
        frame = self.sources.frame
        return dict(zip(frame["source_id"], frame["number"], strict=True))
