"""Broken files: each becomes one clear error, and any bytes a table or an error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from data_builder import package
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import HEADER, ROW, attempt, problems_of, ready

from supplychain import readers
from supplychain.errors import DataError, InputError, Problem
from supplychain.schema import schemas
from supplychain.tables import load_tables


def broken(folder: Path, content: bytes, name: str = "production.csv") -> Problem:
    """The one problem of a package with this file in it."""
    (ready(folder) / name).write_bytes(content)
    (problem,) = problems_of(lambda: load_tables(folder))
    return problem


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


WORDS = b"good producer country basis source_id confidence share m CHN 0.5 1e9 =1+1".split()
MARKS = [b",", b",", b"\n", b"\n", b"\r", b'"', b";", b"\0", b"\xff", b"\xef\xbb\xbf", b" ", b"\xe2\x80"]
pieces = st.lists(st.sampled_from([*WORDS, *MARKS]), max_size=40).map(b"".join)


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
