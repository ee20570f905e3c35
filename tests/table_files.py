"""Small files of tables, and the problems that reading them brings."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_builder import package

from supplychain.errors import DataError, Problem
from supplychain.tables import read_table

MAKERS = [
    {"good": "m", "producer": "CHN", "share": 0.9, "share_low": 0.8},
    {"good": "m", "producer": "AUS", "share": 0.1},
]
HEADER = "good,producer,country,share,basis,source_id,confidence\n"
ROW = "m,CHN,CHN,0.9,output,TEST,low\n"


def problems_of(call: Callable[[], object]) -> list[Problem]:
    with pytest.raises(DataError) as caught:
        call()
    assert str(caught.value)
    return caught.value.problems


def ready(folder: Path) -> Path:
    """A valid package that knows the good, the country and the source of ROW."""
    return package(folder, goods=[{"good": "m"}], countries=[{"country": "CHN"}])


def attempt(name: str, content: bytes, filename: str) -> pd.DataFrame | DataError:
    try:
        return read_table(name, content, filename)
    except DataError as error:
        return error


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(**columns: object) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


STOCKS: list[list[object]] = [
    ["good", "holder", "kind", "days"],
    ["m", "we", "industry", 30],
    ["n", "we", "industry", 1.5],
]
VALID = {
    "xlsx": workbook(STOCKS),
    "parquet": parquet(good=["m", "n"], holder=["we", "we"], kind=["industry", "industry"], days=[30, 1.5]),
}
