"""Loading: types, overlay, names, evidence choice, and every kind of broken file."""

from __future__ import annotations

import io
import json
import os
import pickle
import time
import zipfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_builder import overlay, package
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import readers
from supplychain.errors import DataError, InputError, Problem, SupplyChainError, UnknownIdError
from supplychain.schema import bundled_data, schemas
from supplychain.tables import Tables, best, is_overlay, load_tables, read_table

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


def broken(folder: Path, content: bytes, name: str = "production.csv") -> Problem:
    """The one problem of a package with this file in it."""
    (ready(folder) / name).write_bytes(content)
    (problem,) = problems_of(lambda: load_tables(folder))
    return problem


# --- the reference data -----------------------------------------------------------------------------------------------


def test_every_file_of_the_reference_data_has_exactly_the_declared_columns() -> None:
    assert set(schemas()) >= {"goods", "bom", "production", "events", "event_phases", "severities", "assumptions"}
    for path in bundled_data().glob("*.csv"):
        assert path.read_text("utf-8").splitlines()[0].split(",") == schemas()[path.stem].columns


def test_references_of_the_descriptor_lead_to_key_columns() -> None:
    for schema in schemas().values():
        assert set(schema.key) <= set(schema.columns)
        for field in schema.fields:
            assert field.type in {"string", "number", "date"}
            if field.references is not None:
                table, column = field.references
                assert schemas()[table].key == (column,)


def test_the_reference_data_loads_fast() -> None:
    load_tables(strict=False)
    start = time.process_time()
    load_tables(strict=False)
    assert time.process_time() - start < 0.5  # about 0.1 s; the rest is room for a busy machine


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("Dysprosium", "dysprosium_oxide"),
        ("joint strike-fighter", "f35"),
        ("RARE_EARTH MAGNET", "ndfeb_magnet_high_temp"),
    ],
)
def test_names_people_use_resolve_in_the_reference_data(name: str, good: str) -> None:
    assert load_tables(strict=False).resolve(name) == good


# --- types ------------------------------------------------------------------------------------------------------------


def test_cells_become_values_of_their_declared_type(tmp_path: Path) -> None:
    tables = load_tables(
        package(
            tmp_path,
            goods=[{"good": "m", "aliases": ["em", "the m"], "hs_codes": "012345"}],
            production=[{"good": "m", "producer": "CHN", "share": ".5"}, {"good": "m", "producer": "NAM"}],
            events=[{"event": "e", "destinations": "USA;JPN"}],
            event_phases=[{"event": "e", "from": "2025-04-04"}],
        )
    )
    goods, production, phases = tables["goods"], tables["production"], tables["event_phases"]
    assert goods.loc["goods.csv:2", "aliases"] == ("em", "the m")
    assert goods.loc["goods.csv:2", "hs_codes"] == ("012345",)
    assert goods.loc["goods.csv:2", "sector"] == ""
    assert production["share"].dtype == float
    assert production.loc["production.csv:2", "share"] == 0.5
    assert np.isnan(production.loc["production.csv:3", "share"])
    assert phases.loc["event_phases.csv:2", "from"] == pd.Timestamp("2025-04-04")
    assert phases["until"].isna().all()
    assert phases["until"].dtype.kind == "M"
    assert phases.loc["event_phases.csv:2", "destinations"] == ()
    assert (tables.version, tables.knowledge_until) == ("0.test", date(2026, 10, 9))


def test_an_absent_table_is_empty_with_all_its_columns(tmp_path: Path) -> None:
    tables = load_tables(package(tmp_path))
    for name, schema in schemas().items():
        assert list(tables[name]) == schema.columns
        assert len(tables[name]) == 0
        assert len(tables.chosen(name)) == 0
        assert len(tables.origin(name)) == 0
    assert tables["production"]["share"].dtype == float
    assert tables["severities"]["from"].dtype.kind == "M"


def test_na_is_a_name_and_blank_is_blank(tmp_path: Path) -> None:
    tables = load_tables(package(tmp_path, goods=[{"good": "m", "name": "NA", "family": "null", "sector": ""}]))
    assert tables["goods"][["name", "family", "sector"]].iloc[0].tolist() == ["NA", "null", ""]


def test_changing_a_copy_changes_nothing(tmp_path: Path) -> None:
    tables = load_tables(package(tmp_path, production=MAKERS))
    copy = tables["production"]
    copy.loc["production.csv:2", "share"] = 0.0
    copy.index.name = "changed"
    copy["country"] = "XXX"
    assert tables["production"]["share"].tolist() == [0.9, 0.1]
    assert tables["production"]["country"].tolist() == ["CHN", "AUS"]
    assert tables["production"].index.name == "row"


def test_the_lines_of_rows_are_those_of_the_file(tmp_path: Path) -> None:
    ready(tmp_path)
    (tmp_path / "production.csv").write_text(
        "good,producer,country,basis,source_id,confidence,note\n"
        'm,CHN,CHN,output,TEST,low,"two\nlines"\n'
        "\n"
        "m,firm,CHN,output,TEST,low,\n"
    )
    tables = load_tables(tmp_path)
    assert tables["production"].index.tolist() == ["production.csv:2", "production.csv:5"]
    origin = tables.origin("production")
    assert origin["line"].tolist() == [2, 5]
    assert origin["file"].tolist() == [f"{tmp_path}/production.csv"] * 2
    assert origin["layer"].tolist() == ["reference"] * 2


@pytest.mark.parametrize(
    ("table", "row", "column", "words"),
    [
        ("production", {"share": "1.7"}, "share", "1.7 is outside [0, 1] (share of world output)"),
        ("production", {"share": "-0.1"}, "share", "is outside [0, 1]"),
        ("production", {"share": "0,5"}, "share", "is not a number"),
        ("production", {"share": "nan"}, "share", "is not a number"),
        ("production", {"share": "inf"}, "share", "is not a number"),
        ("production", {"share": "1e999"}, "share", "is not a number"),
        ("production", {"share": "1_0"}, "share", "is not a number"),
        ("production", {"share": "٣"}, "share", "is not a number"),
        ("production", {"spare": "-1"}, "spare", "-1 is below 0"),
        ("production", {"basis": "guess"}, "basis", "guess is not one of output, capacity"),
        ("production", {"basis": ""}, "basis", "a value is required"),
        ("production", {"year": "25"}, "year", "does not fit"),
        ("production", {"note": "x" * 20_001}, "note", "has 20,001 characters"),
        ("event_phases", {"from": "2025-4-4"}, "from", "is not a date (YYYY-MM-DD)"),
        ("event_phases", {"from": "2025-02-30"}, "from", "is not a day of the calendar"),
        ("event_phases", {"destinations": "USA;;JPN"}, "destinations", "has an empty item"),
        ("production", {"good": "absent"}, "good", "absent is not in goods"),
        ("event_phases", {"event": "absent"}, "event", "absent is not in events"),
    ],
)
def test_a_bad_cell_is_named_with_its_place(
    tmp_path: Path, table: str, row: dict[str, str], column: str, words: str
) -> None:
    good = {"production": {"good": "m", "producer": "CHN"}, "event_phases": {"event": "e"}}[table]
    package(tmp_path, goods=[{"good": "m"}], events=[{"event": "e"}], **{table: [{**good, **row}]})
    (problem,) = problems_of(lambda: load_tables(tmp_path))
    assert (problem.file, problem.line, problem.column) == (f"{tmp_path}/{table}.csv", 2, column)
    assert words in str(problem)
    assert problem.remedy


def test_the_message_reads_as_the_guide_says(tmp_path: Path) -> None:
    package(
        tmp_path / "data", goods=[{"good": "m"}], production=[*MAKERS, {"good": "m", "producer": "USA", "share": 1.7}]
    )
    (problem,) = problems_of(lambda: load_tables(tmp_path / "data"))
    assert str(problem).endswith(
        "data/production.csv:4 column share: 1.7 is outside [0, 1] (share of world output). "
        "Correct the value or split the row."
    )


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    package(
        tmp_path,
        goods=[{"good": "m", "kind": "stone"}],
        production=[{"good": "m", "producer": "CHN", "share": 2}, {"good": "n", "producer": "CHN", "basis": "hearsay"}],
        bom=[{"output": "m", "input": "q"}],
    )
    found = {(Path(p.file).name, p.line, p.column) for p in problems_of(lambda: load_tables(tmp_path))}
    assert found == {
        ("goods.csv", 2, "kind"),
        ("production.csv", 2, "share"),
        ("production.csv", 3, "basis"),
        ("production.csv", 3, "good"),
        ("bom.csv", 2, "input"),
    }


def test_repeated_keys_are_found_and_can_be_let_through(tmp_path: Path) -> None:
    package(tmp_path, production=[*MAKERS, MAKERS[0]])
    (problem,) = problems_of(lambda: load_tables(tmp_path))
    assert problem.line == 4
    assert "repeats the key (good, producer, basis) of production.csv:2" in problem.message
    assert len(load_tables(tmp_path, strict=False)["production"]) == 3


def test_a_hundred_thousand_bad_rows_make_a_short_list_with_a_count(tmp_path: Path) -> None:
    ready(tmp_path)
    (tmp_path / "production.csv").write_text(HEADER + ROW.replace("0.9", "9") * 100_000)
    problems = problems_of(lambda: load_tables(tmp_path))
    assert len(problems) < 2_500
    assert "99,000 more rows have the same problem" in " ".join(p.message for p in problems)


def found_by_frictionless(folder: Path) -> set[tuple[str, int, str]]:
    """File, line and column of every cell that an independent reader of data packages objects to."""
    frictionless = pytest.importorskip("frictionless")
    descriptor = json.loads((bundled_data() / "datapackage.json").read_text("utf-8"))
    descriptor["resources"] = [r for r in descriptor["resources"] if (folder / r["path"]).exists()]
    report = frictionless.Package(descriptor, basepath=str(folder)).validate()
    return {
        (task.place, getattr(error, "row_number", 0), getattr(error, "field_name", error.title))
        for task in report.tasks
        for error in task.errors
    }


def test_an_independent_reader_finds_the_same_bad_cells(tmp_path: Path) -> None:
    assert found_by_frictionless(bundled_data()) == set()
    package(
        tmp_path,
        goods=[{"good": "m"}, {"good": "Not An Id"}],
        production=[
            {"good": "m", "producer": "CHN", **bad}
            for bad in ({}, {"share": 1.7}, {"share": "half"}, {"basis": "guess"}, {"basis": "proxy", "year": "25"})
        ],
        events=[{"event": "e"}],
        event_phases=[{"event": "e", "from": "2025-02-30"}, {"event": "e", "status": ""}],
    )
    for path in tmp_path.glob("*.csv"):  # the other reader wants every declared column
        table = pd.read_csv(path, dtype=str, keep_default_na=False).reindex(columns=schemas()[path.stem].columns)
        table.to_csv(path, index=False)
    ours = {(Path(p.file).name, p.line, p.column) for p in problems_of(lambda: load_tables(tmp_path, strict=False))}
    theirs = {found for found in found_by_frictionless(tmp_path) if found[2] != "PrimaryKey Error"}
    assert ours == theirs
    assert len(ours) == 7


# --- broken files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", 0, "is empty"),
        (b"\n \n", 0, "is empty"),
        ((HEADER + ROW).encode("utf-16"), 0, "is UTF-16 text"),
        ((HEADER + ROW).encode("utf-16-le"), 1, "has a NUL byte at byte offset 1"),
        ((HEADER + ROW.replace("TEST", "Tést")).encode("latin-1"), 2, "is not UTF-8: byte 0xe9 at byte offset"),
        ((HEADER + "m,CH\0N,CHN,0.9,output,TEST,low\n").encode(), 2, "has a NUL byte at byte offset"),
        ((HEADER + ROW + "m,AUS\n").encode(), 3, "has 2 cells, the header has 7"),
        ((HEADER + ROW.replace(",low", ",low,x")).encode(), 2, "has 8 cells, the header has 7"),
        ((HEADER + 'm,"CHN,CHN,0.9,output,TEST,low\n').encode(), 2, "is not well-formed CSV"),
        ((HEADER + 'm,"CHN"x,CHN,0.9,output,TEST,low\n').encode(), 2, "is not well-formed CSV"),
        ((HEADER + ROW).replace(",", ";").encode(), 1, "separates its columns by ';'"),
        (",".join(f"c{k}" for k in range(101)).encode(), 1, "has 101 columns"),
        (
            HEADER.replace("share", "shore").encode(),
            1,
            "column shore: is not a column of this table. Rename it to share",
        ),
        (HEADER.replace("share", "").encode(), 1, "column 4: is not a column of this table"),
        (HEADER.replace("confidence", "basis").encode(), 1, "column basis: stands twice"),
        (HEADER.replace(",basis", "").encode(), 1, "column basis: is missing"),
        (b"PK\x03\x04 a spreadsheet under a false name", 1, "column"),
    ],
)
def test_a_malformed_file_is_one_clear_error(tmp_path: Path, content: bytes, line: int, words: str) -> None:
    ready(tmp_path)
    (tmp_path / "production.csv").write_bytes(content)
    problems = problems_of(lambda: load_tables(tmp_path))
    assert any(words in str(problem) and problem.line == line for problem in problems), problems
    assert all(problem.file == f"{tmp_path}/production.csv" and problem.remedy for problem in problems)


def test_the_byte_offset_counts_a_byte_order_mark(tmp_path: Path) -> None:
    assert "byte offset 5" in broken(tmp_path, b"\xef\xbb\xbfgo\xe9d\n").message


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_byte_order_mark_and_line_endings_do_not_matter(tmp_path: Path, ending: str, mark: str) -> None:
    ready(tmp_path)
    text = mark + HEADER + ROW
    (tmp_path / "production.csv").write_bytes(text.replace("\n", ending).encode("utf-8"))
    assert load_tables(tmp_path)["production"]["share"].tolist() == [0.9]


def test_a_table_with_a_header_alone_is_empty(tmp_path: Path) -> None:
    ready(tmp_path)
    (tmp_path / "production.csv").write_text(HEADER)
    assert load_tables(tmp_path)["production"].empty


def test_too_many_rows_or_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (HEADER + ROW * 5).encode()
    monkeypatch.setattr(readers, "MAX_ROWS", 4)
    assert "has more than 4 rows" in broken(tmp_path, content).message
    monkeypatch.setattr(readers, "MAX_FILE_BYTES", 100)
    (tmp_path / "datapackage.json").write_text('{"version": "1", "knowledge_until": "2026-01-01"}')
    (problem,) = [p for p in problems_of(lambda: load_tables(tmp_path)) if "production" in p.file]
    assert "is larger than 100 bytes" in problem.message


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(HEADER + ROW)
    folder = package(tmp_path / "data", goods=[{"good": "m"}])
    (folder / "production.csv").symlink_to(secret)
    (problem,) = problems_of(lambda: load_tables(folder))
    assert "leads out of its folder" in problem.message


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    ready(tmp_path)
    (tmp_path / "production.csv").mkdir()
    os.mkfifo(tmp_path / "trade.csv")  # reading one would wait for ever
    assert {p.message for p in problems_of(lambda: load_tables(tmp_path))} == {"is not a regular file"}


def test_a_file_with_an_unknown_name_is_not_passed_over(tmp_path: Path) -> None:
    ready(tmp_path)
    (tmp_path / "productions.csv").write_text(HEADER + ROW)
    (tmp_path / "README.txt").write_text("left alone")
    (tmp_path / "~$production.xlsx").write_bytes(b"a lock file of a spreadsheet program")
    (problem,) = problems_of(lambda: load_tables(tmp_path))
    assert str(problem).endswith("productions.csv: is not a table of this package. Rename it to production.csv.")


@pytest.mark.parametrize(
    ("descriptor", "words"),
    [
        (None, "is missing"),
        (b"{", "is not JSON"),
        (b"\xff{}", "is not JSON in UTF-8"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "states no version"),
        (b'{"version": "1"}', "states no version and knowledge_until"),
        (b'{"version": "1", "knowledge_until": "soon"}', "states no version and knowledge_until"),
    ],
)
def test_a_bad_descriptor_is_one_clear_error(tmp_path: Path, descriptor: bytes | None, words: str) -> None:
    file = package(tmp_path) / "datapackage.json"
    file.unlink()
    if descriptor is not None:
        file.write_bytes(descriptor)
    (problem,) = problems_of(lambda: load_tables(tmp_path))
    assert problem.file == str(file)
    assert words in problem.message


@pytest.mark.parametrize("argument", ["data", "overlay"])
def test_a_folder_that_does_not_exist_is_a_bad_argument(tmp_path: Path, argument: str) -> None:
    with pytest.raises(InputError, match=f"load: {argument} is .*allowed: a folder of tables"):
        load_tables(**{"data": package(tmp_path), argument: tmp_path / "absent"})


# --- fuzz -------------------------------------------------------------------------------------------------------------

WORDS = b"good producer country basis source_id confidence share m CHN 0.5 1e9 =1+1".split()
MARKS = [b",", b",", b"\n", b"\n", b"\r", b'"', b";", b"\0", b"\xff", b"\xef\xbb\xbf", b" ", b"\xe2\x80"]
pieces = st.lists(st.sampled_from([*WORDS, *MARKS]), max_size=40).map(b"".join)


def attempt(name: str, content: bytes, filename: str) -> pd.DataFrame | DataError:
    try:
        return read_table(name, content, filename)
    except DataError as error:
        return error


@given(st.one_of(st.binary(max_size=200), pieces, pieces.map(lambda tail: HEADER.encode() + tail)))
@settings(max_examples=400, deadline=None)
def test_any_bytes_become_a_table_or_a_data_error(content: bytes) -> None:
    for filename in ("production.csv", "production.xlsx", "production.parquet"):
        result = attempt("production", content, filename)
        if isinstance(result, DataError):
            assert result.problems
            assert str(result)
        else:
            assert list(result) == schemas()["production"].columns
            assert result["share"].dropna().between(0, 1).all()
            assert result["good"].ne("").all()


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


@given(st.sampled_from(["xlsx", "parquet"]), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_workbooks_and_parquet_become_a_data_error(ending: str, data: st.DataObject) -> None:
    content = bytearray(VALID[ending])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    start = data.draw(st.just(0) | st.integers(0, len(content)))
    result = attempt("stocks", bytes(content[start:]), f"stocks.{ending}")
    assert result.problems if isinstance(result, DataError) else list(result) == schemas()["stocks"].columns


STOCKS: list[list[object]] = [
    ["good", "holder", "kind", "days"],
    ["m", "we", "industry", 30],
    ["n", "we", "industry", 1.5],
]
VALID = {
    "xlsx": workbook(STOCKS),
    "parquet": parquet(good=["m", "n"], holder=["we", "we"], kind=["industry", "industry"], days=[30, 1.5]),
}


# --- workbooks and Parquet --------------------------------------------------------------------------------------------


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


# --- overlay ----------------------------------------------------------------------------------------------------------


def test_an_overlay_row_with_a_known_key_replaces_and_any_other_adds(tmp_path: Path) -> None:
    data = package(tmp_path / "data", production=MAKERS)
    own = overlay(
        tmp_path / "acme",
        production=[
            {"good": "m", "producer": "CHN", "country": "CHN", "share": 0.7, "basis": "output"},
            {"good": "m", "producer": "acme", "country": "AUS", "share": 0.2, "basis": "output"},
        ],
    )
    tables = load_tables(data, own)
    production = tables["production"]
    assert production["producer"].tolist() == ["AUS", "CHN", "acme"]
    assert production["share"].tolist() == [0.1, 0.7, 0.2]
    assert production["source_id"].tolist() == ["TEST", "OVERLAY", "OVERLAY"]
    assert production["confidence"].tolist() == ["medium", "low", "low"]
    assert np.isnan(production["share_low"].iloc[1])  # the whole row is replaced, not cell by cell
    assert production.index.tolist() == ["production.csv:3", "acme/production.csv:2", "acme/production.csv:3"]
    assert is_overlay(production.index).tolist() == [False, True, True]
    origin = tables.origin("production")
    assert origin["layer"].tolist() == ["reference", "overlay", "overlay"]
    assert origin["file"].tolist() == [f"{data}/production.csv", *[f"{own}/production.csv"] * 2]
    assert tables["sources"]["source_id"].tolist() == ["TEST", "OVERLAY"]
    assert load_tables(data)["production"]["share"].tolist() == [0.9, 0.1]


def test_an_overlay_may_state_its_own_source(tmp_path: Path) -> None:
    data = package(tmp_path / "data", goods=[{"good": "m"}])
    own = overlay(
        tmp_path / "acme",
        sources=[{"source_id": "AUDIT", "title": "Supplier audit", "kind": "primary"}],
        stocks=[
            {"good": "m", "holder": "we", "kind": "industry", "days": 45, "source_id": "AUDIT", "confidence": "high"}
        ],
    )
    stocks = load_tables(data, own)["stocks"]
    assert stocks[["source_id", "confidence"]].iloc[0].tolist() == ["AUDIT", "high"]


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_an_overlay_in_another_format_gives_the_same(tmp_path: Path, ending: str) -> None:
    data = package(tmp_path / "data", goods=[{"good": "m"}, {"good": "n"}])
    own = tmp_path / "acme"
    own.mkdir()
    (own / f"stocks.{ending}").write_bytes(VALID[ending])
    assert load_tables(data, own)["stocks"]["days"].tolist() == [30.0, 1.5]
    (own / "stocks.csv").write_text("good,holder,kind\n")
    (problem,) = problems_of(lambda: load_tables(data, own))
    assert "is a second file for stocks" in problem.message


def test_problems_of_an_overlay_name_its_file_and_those_of_both_layers_come_together(tmp_path: Path) -> None:
    data = package(tmp_path / "data", production=[{"good": "m", "producer": "CHN", "share": 3}])
    own = overlay(tmp_path / "acme", stocks=[{"good": "mm", "holder": "we", "kind": "industry", "days": -1}])
    places = {(p.file, p.line, p.column) for p in problems_of(lambda: load_tables(data, own))}
    assert places == {
        (f"{data}/production.csv", 2, "share"),
        (f"{own}/stocks.csv", 2, "days"),
        (f"{own}/stocks.csv", 2, "good"),
    }


def test_an_overlay_without_a_table_says_what_it_could_hold(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (problem,) = problems_of(lambda: load_tables(package(tmp_path / "data"), tmp_path / "acme"))
    assert "holds none of the tables sources, countries, goods" in problem.message


# --- evidence choice --------------------------------------------------------------------------------------------------


def evidence(*rows: dict[str, str]) -> pd.DataFrame:
    base = {"fact": "a", "use": "", "confidence": "low", "year": "2024"}
    labels = [row.pop("row", f"t.csv:{k}") for k, row in enumerate(rows, 2)]
    return pd.DataFrame([{**base, **row} for row in rows], index=labels)


@pytest.mark.parametrize(
    ("rows", "label"),
    [
        (({"confidence": "high"}, {"use": "yes", "confidence": "unverified"}), "t.csv:3"),
        (({"confidence": "medium"}, {"confidence": "high", "year": "1999"}), "t.csv:3"),
        (({"year": "2023"}, {"year": "2025"}), "t.csv:3"),
        (({"year": "2024-06"}, {"year": "2024"}), "t.csv:2"),
        (({"year": "2024-06"}, {"year": "2015-2025"}), "t.csv:3"),
        (({"year": ""}, {"year": "1990"}), "t.csv:3"),
        (({}, {}), "t.csv:2"),
        (({"use": "no", "confidence": "high"}, {}), "t.csv:3"),
        (({"use": "yes", "confidence": "high"}, {"row": "acme/t.csv:2"}), "acme/t.csv:2"),
    ],
)
def test_which_of_two_rows_is_used(rows: tuple[dict[str, str], ...], label: str) -> None:
    assert best(evidence(*[dict(row) for row in rows]), ["fact"]).index.tolist() == [label]


def test_chosen_bill_of_materials_has_one_row_a_pair_and_role(tmp_path: Path) -> None:
    pair = {"output": "p", "input": "m"}
    tables = load_tables(
        package(
            tmp_path,
            bom=[
                {**pair, "source_id": "A", "confidence": "low"},
                {**pair, "source_id": "B", "confidence": "high"},
                {**pair, "source_id": "C", "role": "content"},
                {"output": "q", "input": "m", "use": "no"},
            ],
        )
    )
    assert tables.chosen("bom")["source_id"].tolist() == ["B", "C"]
    assert len(tables["bom"]) == 4


def test_production_of_every_basis_is_kept_for_sourcing_to_choose_from(tmp_path: Path) -> None:
    rows = [{**MAKERS[0]}, {**MAKERS[0], "basis": "capacity"}, {**MAKERS[1], "use": "no"}]
    assert load_tables(package(tmp_path, production=rows)).chosen("production")["basis"].tolist() == [
        "output",
        "capacity",
    ]


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def named(tmp_path: Path) -> Tables:
    return load_tables(
        package(
            tmp_path,
            goods=[
                {"good": "dysprosium_oxide", "name": "Dysprosium oxide", "aliases": ["dysprosium", "Dy2O3"]},
                {"good": "f35", "name": "F-35 fighter", "aliases": ["Joint Strike Fighter"]},
            ],
            countries=[{"country": "MMR", "name": "Myanmar", "aliases": ["Burma"]}],
            events=[{"event": "chn-2025-18", "title": "Seven rare earths", "issuer": "CHN"}],
        )
    )


@pytest.mark.parametrize(
    ("value", "kind", "found"),
    [
        ("f35", "good", "f35"),
        ("DYSPROSIUM", "good", "dysprosium_oxide"),
        ("dy2o3", "good", "dysprosium_oxide"),
        ("joint-strike_fighter", "good", "f35"),
        ("  F 35   Fighter ", "good", "f35"),
        ("burma", "country", "MMR"),
        ("mmr", "country", "MMR"),
        ("CHN_2025_18", "event", "chn-2025-18"),
    ],
)
def test_ids_aliases_and_names_resolve_however_they_are_written(
    named: Tables, value: str, kind: str, found: str
) -> None:
    assert named.resolve(value, kind) == found  # type: ignore[arg-type]


def test_an_unknown_name_gets_the_nearest_and_the_count(named: Tables) -> None:
    with pytest.raises(UnknownIdError) as caught:
        named.resolve("disprosium")
    assert caught.value.nearest[0] == "dysprosium"
    assert str(caught.value).startswith("Unknown good 'disprosium'. Did you mean 'dysprosium'")
    assert str(caught.value).endswith("'supplychain goods' lists all 2.")


@pytest.mark.parametrize("value", ["", "  ", "\0\x1b[31m", "x" * 1_000_000])
def test_hostile_names_stay_short_and_printable(named: Tables, value: str) -> None:
    with pytest.raises(UnknownIdError) as caught:
        named.resolve(value)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_a_name_that_is_no_text_is_a_bad_argument(named: Tables) -> None:
    with pytest.raises(InputError, match="resolve: good is 7; allowed: the id or name of a good"):
        named.resolve(7)  # type: ignore[arg-type]


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_resolves_or_is_unknown(text: str) -> None:
    tables = reference()
    try:
        found = tables.resolve(text)
    except UnknownIdError as error:
        found = str(error)
    assert found in set(tables["goods"]["good"]) or found.startswith("Unknown good '")


@cache
def reference() -> Tables:
    return load_tables(strict=False)


@pytest.mark.parametrize(
    "error",
    [
        DataError([Problem("f.csv", 2, "c", "v", "is bad", "Mend it.")]),
        InputError("load", "data", 3, "a folder", "Give one."),
        UnknownIdError("good", "disprosium", ["dysprosium"], 412),
    ],
)
def test_errors_survive_the_way_to_another_process(error: SupplyChainError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
