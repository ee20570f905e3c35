"""Workbooks and Parquet give the table of the CSV, or one clear error."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import STOCKS, VALID, attempt, parquet, problems_of, workbook

from supplychain import readers
from supplychain.errors import DataError, UnknownIdError
from supplychain.schema import schemas
from supplychain.tables import read_table


@given(st.sampled_from(["xlsx", "parquet"]), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_workbooks_and_parquet_become_a_data_error(ending: str, data: st.DataObject) -> None:
    content = bytearray(VALID[ending])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    start = data.draw(st.just(0) | st.integers(0, len(content)))
    result = attempt("stocks", bytes(content[start:]), f"stocks.{ending}")
    assert result.problems if isinstance(result, DataError) else list(result) == schemas()["stocks"].columns


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_other_formats_give_the_table_of_the_csv(ending: str) -> None:
    text = "\n".join(",".join(map(str, row)) for row in STOCKS)
    expected = read_table("stocks", text.encode(), "stocks.csv")
    found = read_table("stocks", VALID[ending], f"stocks.{ending}")
    pd.testing.assert_frame_equal(found.reset_index(drop=True), expected.reset_index(drop=True))
    assert found.index.tolist() == [f"upload/stocks.{ending}:2", f"upload/stocks.{ending}:3"]


def test_a_workbook_gives_dates_numbers_and_blanks_as_a_csv_would() -> None:
    rows: list[list[object]] = [
        ["event", "from", "severity", "destinations", "end_use", "basis", "scope", "year", None],
        ["e", date(2025, 4, 4), 1, "ALL", "any", "judged", "legal", 2025.0, None],
        [None] * 9,
        ["e", "2025-05-01", 0.5, "ALL", "any", "judged", "legal", "2025", None],
    ]
    frame = read_table("severities", workbook(rows), "severities.xlsx")
    assert frame["from"].tolist() == [pd.Timestamp("2025-04-04"), pd.Timestamp("2025-05-01")]
    assert frame["severity"].tolist() == [1.0, 0.5]
    assert frame["year"].tolist() == ["2025", "2025"]
    assert frame.index.tolist() == ["upload/severities.xlsx:2", "upload/severities.xlsx:4"]


def test_a_formula_counts_as_its_saved_value_and_is_never_computed() -> None:
    content = workbook([*STOCKS[:1], ["m", "we", "industry", "=10*3"]])
    assert read_table("stocks", content, "stocks.xlsx")["days"].isna().all()  # no program has saved a value yet
    saved = rewritten(content, "xl/worksheets/sheet1.xml", b"<v></v>", b"<v>30</v>")
    saved = rewritten(saved, "xl/worksheets/sheet1.xml", b"<v />", b"<v>30</v>")
    assert read_table("stocks", saved, "stocks.xlsx")["days"].tolist() == [30.0]


def test_a_cell_outside_the_header_is_not_lost() -> None:
    content = workbook([["good", "holder", "kind"], ["m", "we", "industry", "", "stray"]])
    (problem,) = problems_of(lambda: read_table("stocks", content, "stocks.xlsx"))
    assert str(problem).startswith("stocks.xlsx:2: has 5 cells, the header has 3.")


def test_a_bomb_is_refused_before_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (readers.MAX_UNPACKED_BYTES + 1))
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *a, **k: pytest.fail("unpacked"))
    (problem,) = problems_of(lambda: read_table("stocks", content.getvalue(), "stocks.xlsx"))
    assert "unpacks to 100,000,001 bytes" in problem.message


@pytest.mark.parametrize("claimed", [b"A1", b"A1:B2", b"A1:XFD1048576"])
def test_what_a_sheet_claims_of_its_size_neither_loses_rows_nor_costs_time(claimed: bytes) -> None:
    content = rewritten(VALID["xlsx"], "xl/worksheets/sheet1.xml", b"A1:D3", claimed)
    start = time.process_time()
    assert read_table("stocks", content, "stocks.xlsx")["days"].tolist() == [30.0, 1.5]
    assert time.process_time() - start < 5


def test_a_row_far_below_the_others_is_found_or_refused() -> None:
    far = rewritten(VALID["xlsx"], "xl/worksheets/sheet1.xml", b'<row r="3"', b'<row r="9000"')
    frame = read_table("stocks", far, "stocks.xlsx")
    assert frame.index.tolist() == ["upload/stocks.xlsx:2", "upload/stocks.xlsx:9000"]
    endless = rewritten(VALID["xlsx"], "xl/worksheets/sheet1.xml", b'<row r="3"', b'<row r="999999999999"')
    (problem,) = problems_of(lambda: read_table("stocks", endless, "stocks.xlsx"))
    assert "has more than 500,000 rows" in problem.message


def test_xml_entities_are_refused() -> None:
    content = rewritten(VALID["xlsx"], "xl/workbook.xml", b"<workbook", b'<!DOCTYPE x [<!ENTITY a "b">]><workbook')
    (problem,) = problems_of(lambda: read_table("stocks", content, "stocks.xlsx"))
    assert "declares XML entities" in problem.message


def rewritten(content: bytes, member: str, old: bytes, new: bytes) -> bytes:
    """A workbook with one file in it changed."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as copy:
        for info in archive.infolist():
            data = archive.read(info)
            copy.writestr(info.filename, data.replace(old, new, 1) if info.filename == member else data)
    return result.getvalue()


def test_nested_or_truncated_parquet_is_refused() -> None:
    (problem,) = problems_of(lambda: read_table("stocks", parquet(good=[["m"]]), "stocks.parquet"))
    assert "has nested columns: good" in problem.message
    (problem,) = problems_of(lambda: read_table("stocks", VALID["parquet"][:-20], "stocks.parquet"))
    assert "is not readable Parquet" in problem.message


def test_parquet_with_too_many_rows_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_ROWS", 1)
    (problem,) = problems_of(lambda: read_table("stocks", VALID["parquet"], "stocks.parquet"))
    assert "has more than 1 rows" in problem.message


def test_a_table_or_format_that_does_not_exist_is_named() -> None:
    with pytest.raises(UnknownIdError, match=r"Unknown table 'stock'. Did you mean 'stocks'"):
        read_table("stock", b"", "stock.csv")
    (problem,) = problems_of(lambda: read_table("stocks", b"x", "stocks.ods"))
    assert str(problem) == "stocks.ods: has an unknown format. Use one of .csv, .xlsx, .parquet."
