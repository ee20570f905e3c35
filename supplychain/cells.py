"""Tables as CSV that no spreadsheet runs: cells that begin like a formula are quoted with '."""

from __future__ import annotations

from typing import Any

import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs such cells


def to_csv(frame: pd.DataFrame) -> str:
    """A frame as CSV text: lists joined by ';', formulas neutralised."""
    return safe_cells(frame).to_csv(index=False, lineterminator="\n")


def safe_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Names of columns and text cells with lists joined and formulas neutralised; numbers and dates as they are."""
    result = frame.copy()
    for column in result.columns:
        kind = result[column].dtype
        if not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_datetime64_any_dtype(kind):
            result[column] = [_cell(value) for value in result[column]]
    return result.rename(columns=_cell)


def _cell(value: Any) -> Any:
    text = ";".join(map(str, value)) if isinstance(value, tuple | list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(FORMULA_STARTS) else text
