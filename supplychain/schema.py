"""What the descriptor declares: the tables, their columns, and how the text of a cell becomes a value.

Blank text is "", a blank number NaN, a blank date NaT; a list column holds tuples of text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from supplychain.readers import MAX_CELL_CHARACTERS

DESCRIPTOR = "datapackage.json"

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Field:
    """A column as the descriptor declares it."""

    name: str
    type: str  # string, number or date
    description: str
    is_list: bool
    required: bool
    choices: tuple[str, ...]  # of the cell, or of each item of a list; empty: anything
    minimum: float
    maximum: float
    pattern: str
    references: tuple[str, str] | None  # table and column
    unit: str


@dataclass(frozen=True)
class Schema:
    """A table as the descriptor declares it."""

    name: str
    description: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in the order of the files."""
        return [field.name for field in self.fields]

    @property
    def fact(self) -> tuple[str, ...]:
        """The columns that say what a row is about: rows alike in them are evidence for one fact.

        The key without the source; in `bom` with the role, because a good may be a part and, apart, a total.
        """
        if self.name == "sources":
            return self.key
        about = tuple(name for name in self.key if name != "source_id")
        return (*about, "role") if self.name == "bom" else about


def bundled_data() -> Path:
    """The folder of the reference data: inside an installed package, or beside the package in a source checkout."""
    installed = Path(__file__).with_name("_data")
    return installed if installed.is_dir() else Path(__file__).parents[1] / "data"


@cache
def schemas() -> Mapping[str, Schema]:
    """Every table there is, by name. A package of one's own has the same tables, so the bundled descriptor speaks."""
    descriptor = json.loads((bundled_data() / DESCRIPTOR).read_text("utf-8"))
    return MappingProxyType({resource["name"]: _schema(resource) for resource in descriptor["resources"]})


def _schema(resource: dict[str, Any]) -> Schema:
    declared = resource["schema"]
    fields = tuple(_field(entry) for entry in declared["fields"])
    return Schema(resource["name"], resource["description"], fields, tuple(declared["primaryKey"]))


def _field(entry: dict[str, Any]) -> Field:
    limits = entry.get("constraints", {})
    table, _, column = entry.get("references", "").partition(".")
    return Field(
        name=entry["name"],
        type=entry["type"],
        description=entry["description"],
        is_list=entry.get("list", False),
        required=limits.get("required", False),
        choices=tuple(limits.get("enum", limits.get("itemEnum", ()))),
        minimum=limits.get("minimum", -math.inf),
        maximum=limits.get("maximum", math.inf),
        pattern=limits.get("pattern", ""),
        references=(table, column) if table else None,
        unit=entry.get("unit", ""),
    )


def typed(field: Field, cells: Sequence[str]) -> tuple[Any, dict[str, str]]:
    """A column of text as an array of its type, and the fault of each distinct bad cell (left blank in the array).

    Works on the distinct cells, of which most columns have few.
    """
    stripped = {cell: cell.strip() for cell in set(cells)}
    faults = {cell: fault for cell, text in stripped.items() if (fault := cell_fault(field, text))}
    texts = {cell: "" if cell in faults else text for cell, text in stripped.items()}
    if field.type == "number":
        numbers = {cell: float(text) if text else math.nan for cell, text in texts.items()}
        return np.array([numbers[cell] for cell in cells], dtype=float), faults
    if field.type == "date":
        days = {cell: np.datetime64(text or "NaT", "s") for cell, text in texts.items()}
        return np.array([days[cell] for cell in cells], dtype="datetime64[s]"), faults
    if field.is_list:
        lists = {cell: items(text) for cell, text in texts.items()}
        return pd.Series([lists[cell] for cell in cells], dtype=object).array, faults
    return pd.array([texts[cell] for cell in cells], dtype="str"), faults


def items(text: str) -> tuple[str, ...]:
    """The items of a list cell."""
    return tuple(item.strip() for item in text.split(";")) if text else ()


def cell_fault(field: Field, text: str) -> str:
    """What is wrong with a cell, said so that it can follow the value; empty if nothing is."""
    if not text:
        return "a value is required" if field.required else ""
    if len(text) > MAX_CELL_CHARACTERS:
        return f"has {len(text):,} characters, more than {MAX_CELL_CHARACTERS:,}"
    if field.type == "number":
        return _number_fault(field, text)
    if field.type == "date":
        return _date_fault(text)
    if _UNSEEN.search(text):
        return "has a control character, or one that turns the direction of writing"
    parts = items(text) if field.is_list else (text,)
    if not all(parts):
        return "has an empty item beside a ';'"
    if field.choices and not set(parts) <= set(field.choices):
        return f"is not one of {', '.join(field.choices)}"
    if field.pattern and not all(re.fullmatch(field.pattern, part, re.ASCII) for part in parts):
        return f"does not fit {field.pattern} ({field.description})"
    return ""


def _number_fault(field: Field, text: str) -> str:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        return "is not a number (digits and a decimal point, no thousands separator)"
    if field.minimum <= float(text) <= field.maximum:
        return ""
    meaning = field.description.partition(";")[0]
    if math.isinf(field.maximum):
        return f"is below {field.minimum:g} ({meaning})"
    return f"is outside [{field.minimum:g}, {field.maximum:g}] ({meaning})"


def _date_fault(text: str) -> str:
    if _DATE.fullmatch(text):
        try:
            date.fromisoformat(text)
            return ""
        except ValueError:
            return "is not a day of the calendar"
    return "is not a date (YYYY-MM-DD)"


def cell_remedy(field: Field, text: str) -> str:
    """What to do about a bad cell."""
    if not text:
        return f"Fill the cell: {field.description}."
    if field.choices:
        return "Use one of these words."
    return "Correct the value or split the row." if field.unit == "share" else "Correct the value."
