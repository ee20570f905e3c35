"""Answers as tables on a screen, CSV or JSON; files are written whole or not at all."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markup import escape
from rich.table import Table

from supplychain.cells import safe_cells as safe_cells
from supplychain.cells import to_csv as to_csv
from supplychain.errors import InputError, fold
from supplychain.files import check_target, write_whole

if TYPE_CHECKING:
    from supplychain.network import Exposure, Network

FORMATS = ("table", "csv", "json")
NARROW = 120  # columns below which a table leaves out what CSV and JSON have


@dataclass(frozen=True)
class Answer:
    """Rows with everything that reproduces them."""

    rows: pd.DataFrame
    query: str
    net: Network
    assumptions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, x: Exposure, net: Network, rows: pd.DataFrame | None = None) -> Answer:
        notes = x.felt_notes if rows is None else ()
        return cls(x.frame if rows is None else rows, x.scenario.query, net, x.assumptions, (*notes, *x.warnings))

    def json(self) -> str:
        """An object with rows, query, data_version, knowledge_until, assumptions, warnings."""
        body = {
            "rows": records(self.rows),
            "query": self.query,
            "data_version": self.net.version,
            "knowledge_until": self.net.knowledge_until.isoformat(),
            "assumptions": list(self.assumptions),
            "warnings": list(self.warnings),
        }
        return json.dumps(body, ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    def csv(self) -> str:
        """The rows as CSV: lists joined by ';', cells that a spreadsheet would run as formulas quoted with '."""
        return to_csv(self.rows)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON values: dates as text, missing numbers as null, tuples as lists."""
    return [{str(k): _json(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _json(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_json(v) for v in value]
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return value.item() if hasattr(value, "item") else value


def write_file(path: Path, content: str | bytes, force: bool) -> None:
    """Write a file whole or not at all; an existing one is replaced only if asked for.

    Raises InputError when it exists, its folder does not, or it cannot be written; the old file is then untouched.
    """
    check_target(path, force)
    write_whole(path, content)


def _width(output: Path | None) -> int | None:
    """Columns of a table: those of the screen or of COLUMNS (None: rich finds out); 200 in a file or a pipe."""
    return None if output is None and (sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()) else 200


def write(answer: Answer, form: str, output: Path | None, force: bool, table: Callable[[], RenderableType]) -> None:
    """Print or save an answer. The ending of the file tells csv or json unless a format is given."""
    if form not in FORMATS:
        raise InputError("supplychain", "--format", form, ", ".join(FORMATS))
    if output is not None and form == "table":
        form = {".json": "json", ".csv": "csv"}.get(output.suffix.lower(), "table")
    if form == "table":
        console = Console(file=sys.stdout, width=_width(output))
        if output is not None:
            with console.capture() as captured:
                console.print(table())
            write_file(output, captured.get(), force)
            return
        console.print(table())
        for warning in answer.warnings:
            print(f"note: {warning}", file=sys.stderr)
        return
    text = answer.json() if form == "json" else answer.csv()
    if output is None:
        sys.stdout.write(text)
    else:
        write_file(output, text, force)


# --- tables on the screen --------------------------------------------------------------------------------------------


def share(value: float) -> str:
    """A share as per cent; blank for unknown, '<1%' for small."""
    if math.isnan(value):
        return ""
    return "0" if value == 0 else "<1%" if value < 0.005 else f"{value:.0%}"


class ByWidth:
    """A table that is made for the columns there are."""

    def __init__(self, make: Callable[[int], Table]) -> None:
        self._make = make

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._make(options.max_width)


def exposure_table(x: Exposure, top: int) -> ByWidth:
    """The ranked table of a market: readings, coverage, evidence and why; fewer where it is narrow."""
    return ByWidth(lambda width: _exposure_table(x, top, width < NARROW))


def _exposure_table(x: Exposure, top: int, narrow: bool) -> Table:
    frame = x.frame.head(top)
    left_out = (
        "On 120 columns or more also: dependent, linked, coverage."
        if narrow
        else ("dependent, linked = what hangs on it at worst, at all.")
    )
    table = Table(
        title=f"Exposure in {x.scenario.market} on {x.scenario.on} (% of normal supply)",
        caption=f"Showing {len(frame)} of {len(x.frame)} products. felt = output lost on the day, after stocks and "
        f"transit; short = supply missing on the day, before stocks; both central (low to high). {left_out} "
        "(p) = only a prior speaks for the severity.",
        title_justify="left",
        caption_justify="left",
    )
    also = () if narrow else ("dependent", "linked", "coverage")
    for name in ("product", "felt", "short", *also, "evidence", "why"):
        numbers = name in ("felt", "short", "dependent", "linked", "coverage")
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in frame.to_dict("records"):
        table.add_row(
            escape(row["name"]),
            ranged(row["felt_low"], row["felt"], row["felt_high"]),
            ranged(row["short_low"], row["short"], row["short_high"]) + (" (p)" if row["only_prior"] else ""),
            *(share(row[name]) for name in also),
            row["confidence"],
            escape(row["why"]),
        )
    return table


def ranged(low: float, central: float, high: float) -> str:
    """A central share with its range."""
    ends = (share(low), share(high))
    return share(central) if ends[0] == ends[1] == share(central) else f"{share(central)} ({ends[0]}-{ends[1]})"


def explain_table(x: Exposure, product: str) -> Table:
    """The binding chain of one product."""
    frame = x.explain(product)
    numbers = ("share", "criticality", "available", "loss", "cut")
    shown = frame.drop(columns=["rows"]).assign(**{c: frame[c].map(share) for c in numbers})
    shown["binding"] = shown["binding"].map({True: "*", False: ""})
    return plain_table(shown, f"Why {product} is exposed in {x.scenario.market} on {x.scenario.on} (* sets the loss)")


def survival_table(frame: pd.DataFrame, title: str) -> Table:
    """The best plan beside the simulation, each figure with its range."""
    table = Table(title=title, title_justify="left")
    for name in ("method", "first loss", "days lost", "of days", "what it is"):
        table.add_column(name, justify="left" if name in ("method", "what it is") else "right", overflow="fold")
    for row in frame.to_dict("records"):
        table.add_row(row["method"], _days(row, "first_loss"), _days(row, "lost"), str(row["days"]), row["says"])
    return table


def simulation_table(frame: pd.DataFrame, title: str) -> Table:
    """The summary of a simulation, each figure with its range."""
    table = Table(title=title, title_justify="left")
    for name in ("product", "first day", "worst", "days lost", "recovered on day"):
        table.add_column(name, justify="left" if name == "product" else "right", overflow="fold")
    for row in frame.to_dict("records"):
        worst = ranged(row["worst_low"], row["worst"], row["worst_high"])
        first, lost, back = (_days(row, name) for name in ("first_day", "days_lost", "recovered"))
        table.add_row(row["product"], first, worst, lost, back)
    return table


def _days(row: Mapping[Hashable, Any], name: str) -> str:
    """Days in the central run, then in the low and in the high one."""
    central, low, high = (f"{row[f'{name}{end}']:.0f}".replace("nan", "none") for end in ("", "_low", "_high"))
    return f"{central} ({low} to {high})"


def plain_table(frame: pd.DataFrame, title: str) -> Table:
    """Any frame as a table."""
    table = Table(title=title, title_justify="left")
    for name in frame.columns:
        number = pd.api.types.is_numeric_dtype(frame[name])
        table.add_column(str(name), justify="right" if number else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(escape(_shown(value)) for value in row))
    return table


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return "" if value is None or value is pd.NaT else str(value)


def goods_frame(net: Network, search: str, kind: str | None) -> pd.DataFrame:
    """The goods whose id, name or alias contains a text, with concentration: unknown shares stay blank."""
    table = net.table("goods")
    if kind is not None and kind not in set(table["kind"]):
        raise InputError("goods", "--kind", kind, ", ".join(sorted(set(table["kind"]))))
    wanted = fold(search)
    hit = np.array([
        wanted in fold(" ".join([good, name, *aliases]))
        for good, name, aliases in zip(table["good"], table["name"], table["aliases"], strict=True)
    ], dtype=bool)  # fmt: skip
    table = table[hit if kind is None else hit & (table["kind"] == kind).to_numpy()]
    if table.empty:
        raise InputError("goods", "search", search, "part of an id, name or alias", "'supplychain goods' lists all.")
    measured = net.concentration().drop(columns=["name", "stage"])
    return table[["good", "name", "kind", "stage"]].merge(measured, on="good")


def events_frame(net: Network, on: str, destination: str | None, end_use: str | None, everything: bool) -> pd.DataFrame:
    """Status of the clauses on a day with title, what they cover and the legal source."""
    status = net.status(on, destination, end_use)
    if not everything:
        status = status[(status["status"] == "in_force") | ~status["confirmed"]]
    about = net.table("events").set_index("event")
    sources = net.table("sources").set_index("source_id")
    frame = status.copy()
    for column in ("title", "issuer", "measure", "acts_on", "destinations", "end_use", "source_id"):
        frame[column] = frame["event"].map(about[column])
    covers = [net.model.calendar.covered(event, on) for event in frame["event"]]
    frame["covers"] = [
        tuple(dict.fromkeys(g or f"({i})" for g, i in zip(c["good"], c["item"], strict=True))) for c in covers
    ]
    frame["url"] = frame["source_id"].map(sources["url"])
    return frame.reset_index(drop=True)


def events_table(frame: pd.DataFrame, on: str) -> Table:
    """The restrictions of a day."""
    table = Table(title=f"{len(frame)} clauses in force or unconfirmed on {on}", title_justify="left")
    for name in ("event", "status", "since", "to", "covers", "title", "source"):
        table.add_column(name, overflow="fold")
    for row in frame.to_dict("records"):
        covers = row["covers"]
        table.add_row(
            row["event"], row["status"] + ("" if row["confirmed"] else " (unconfirmed)"), _shown(row["since"])[:10],
            ",".join(row["destinations"]),
            escape(", ".join(covers[:4]) + (f" and {len(covers) - 4} more" if len(covers) > 4 else "") or "-"),
            escape(row["title"]), row["source_id"],
        )  # fmt: skip
    return table
