"""What the page Evidence shows, without components: rows of a table that match, with their sources."""

from __future__ import annotations

import math

import pandas as pd

from dashboard import kept
from dashboard.state import View
from supplychain.errors import InputError, fold
from supplychain.schema import schemas

FIRST = "production"  # the table shown when none is named
MARKS = {"high": "●●● high", "medium": "●●○ medium", "low": "●○○ low", "unverified": "○○○ unverified"}
LAST = ("source", "url", "source_id", "year", "confidence", "note")


def table_of(view: View) -> str:
    """The table that the address names. Raises UnknownIdError."""
    name = view.item or FIRST
    view.net.table(name)
    return name


def wanted(view: View) -> tuple[str, str]:
    """Text and confidence to filter by. Raises InputError."""
    confidence = view.extra.get("confidence", "")
    if confidence and confidence not in MARKS:
        raise InputError("evidence", "confidence", confidence, ", ".join(MARKS))
    return view.extra.get("q", ""), confidence


def matching(frame: pd.DataFrame, text: str, confidence: str) -> pd.DataFrame:
    """The rows in which every word of the text stands somewhere (case and separators do not count)."""
    if confidence and "confidence" in frame:
        frame = frame[frame["confidence"] == confidence]
    words = [fold(word) for word in text.split() if fold(word)]
    if not words:
        return frame
    cells = [[fold(_text(cell)) for cell in row] for row in frame.itertuples()]
    return frame[[all(any(word in cell for cell in row) for word in words) for row in cells]]


def _text(cell: object) -> str:
    return " ".join(map(str, cell)) if isinstance(cell, tuple) else str(cell)


def rows(view: View) -> pd.DataFrame:
    """The rows of a table that match, sources joined; columns in which nothing stands are left out."""
    name = table_of(view)
    frame = matching(view.net.table(name), *wanted(view))
    frame = frame.reset_index(names="row")
    if "source_id" in frame and name != "sources":
        about = kept.by_id(view.net, "sources", "source_id")
        frame["source"] = frame["source_id"].map(about["title"])
        frame["url"] = frame["source_id"].map(about["url"])
    filled = [c for c in frame.columns if frame[c].map(_filled).any() or c == "row"]
    order = [c for c in filled if c not in LAST and c != "row"] + [c for c in LAST if c in filled] + ["row"]
    return frame[order]


def _filled(cell: object) -> bool:
    if isinstance(cell, str | tuple):
        return bool(cell)
    return cell is not None and cell is not pd.NaT and not (isinstance(cell, float) and math.isnan(cell))


def marked(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows as the page shows them: confidence with a mark that does not rest on colour."""
    if "confidence" not in frame:
        return frame
    return frame.assign(confidence=frame["confidence"].map(lambda word: MARKS.get(word, word)))


def words(view: View, shown: pd.DataFrame) -> str:
    """How many rows of how many, and how sure they are."""
    name = table_of(view)
    total = len(view.net.table(name))
    text = f"Showing {len(shown):,} of {total:,} rows of {name}."
    if "confidence" not in shown or shown.empty:
        return text
    counts = shown["confidence"].value_counts()
    return f"{text} Confidence: " + ", ".join(f"{counts[word]:,} {word}" for word in MARKS if word in counts) + "."


def described(name: str) -> list[tuple[str, str, str]]:
    """What the columns of a table mean: name, type with unit, description."""
    return [
        (field.name, f"{field.type}{f', {field.unit}' if field.unit else ''}", field.description)
        for field in schemas()[name].fields
    ]
