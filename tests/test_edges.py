"""Bad links among many: one summary with counts and the first places, in no more memory than a clean load.

SCALE_LINKS sets how many rows the files have (60,000 unless told; 10,000,000 takes a few minutes).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import supplychain as sc
from supplychain.errors import DataError, InputError

ROWS = int(os.environ.get("SCALE_LINKS", "60000"))
PIECE = max(1, ROWS // 9)  # several pieces, whatever the size
PARENT = str(Path(__file__).parents[1])
LOAD = """
import sys
import supplychain as sc
from supplychain import edges
edges.PIECE = int(sys.argv[1])
for links in sys.argv[3:]:
    try:
        sc.SupplyNetwork.from_edges(links, sys.argv[2])
        print("clean")
    except sc.DataError as error:
        print(error)
lines = open("/proc/self/status").read().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


def clean() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    firms = max(10, ROWS // 10)
    buyer = rng.integers(firms // 2, firms, ROWS)
    name = np.array([f"firm{k:08d}" for k in range(firms)], dtype=object)
    return pd.DataFrame(
        {
            "supplier": pd.array(name[rng.integers(0, firms // 2, ROWS)], dtype="str"),
            "buyer": pd.array(name[buyer], dtype="str"),
            "weight": rng.random(ROWS) + 0.1,
            "effect": pd.array(np.where(buyer % 2 == 0, "essential", "adds"), dtype="str"),
            "criticality": 0.5 + 0.25 * (buyer % 2),
        }
    )


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    links = clean()
    return links, pd.DataFrame({"node": sorted({*links["supplier"], *links["buyer"]})})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tables: tuple[pd.DataFrame, pd.DataFrame]) -> Path:
    """Clean links and nodes, as CSV and as Parquet."""
    place = tmp_path_factory.mktemp("clean")
    for name, table in zip(("links", "nodes"), tables, strict=True):
        write(table, place / f"{name}.csv")
        write(table, place / f"{name}.parquet")
    return place


def write(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False) if path.suffix == ".csv" else table.to_parquet(path, row_group_size=PIECE)


def loaded(nodes: Path, *links: Path) -> tuple[list[str], int]:
    """The lines that a process of its own says of files of links, and its most memory in kB."""
    command = [sys.executable, "-c", LOAD, str(PIECE), *map(str, (nodes, *links))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PARENT)
    *text, most = done.stdout.splitlines()
    return text, int(most)


ENDINGS = pytest.mark.parametrize("ending", ["csv", "parquet"])
AT = ROWS * 3 // 4  # the bad row; its line is two further on
NEXT = ROWS - 7


def cell(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(links: pd.DataFrame) -> pd.DataFrame:
        return links.assign(**{column: links[column].where(links.index != AT, value)})

    return change


def words(value: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The whole column as text, one row of it no number."""
    return lambda links: links.assign(weight=links["weight"].astype("str").where(links.index != AT, value))


BAD = {
    "negative": (cell("weight", -4.0), f":{AT + 2} column weight: -4.0 is negative or not finite"),
    "nan": (cell("weight", np.nan), f":{AT + 2} column weight: is blank"),
    "inf": (cell("weight", np.inf), f":{AT + 2} column weight: inf is negative or not finite"),
    "text": (words("twelve"), f":{AT + 2} column weight: twelve is not a number"),
    "blank id": (cell("buyer", None), f":{AT + 2} column buyer: is blank"),
    "empty id": (cell("supplier", ""), f":{AT + 2} column supplier: is blank"),
    "dangling": (cell("supplier", "nobody"), f":{AT + 2} column supplier: nobody is no firm of nodes"),
    "word": (cell("effect", "vital"), f":{AT + 2} column effect: vital is not one of"),
    "disagrees": (cell("criticality", 0.9), "differs from another row of the same buyer and kind; "),
}  # fmt: skip


@ENDINGS
def test_one_bad_row_among_many_costs_no_more_memory(
    ending: str, tmp_path: Path, folder: Path, tables: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    nodes = folder / f"nodes.{ending}"
    text, normal = loaded(nodes, folder / f"links.{ending}")
    assert text == ["clean"]
    files = [tmp_path / f"bad {fault}.{ending}" for fault in BAD]
    for file, (change, _) in zip(files, BAD.values(), strict=True):
        write(change(tables[0]), file)
    lines, most = loaded(nodes, *files)
    for file, line, (_, said) in zip(files, lines, BAD.values(), strict=True):
        assert line.startswith(f"{file.name}:")
        assert said in line
    assert most < 1.25 * normal  # text instead of numbers takes a little more


@ENDINGS
def test_every_kind_is_counted_with_its_first_places(
    ending: str, tmp_path: Path, tables: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    links, nodes = tables
    bad = links.copy()
    bad.loc[::2, "weight"] = -1.0  # half of all rows
    bad.loc[[AT + 1, NEXT], "supplier"] = "nobody"
    bad.loc[NEXT, "criticality"] = 7.0
    for name, table in (("bad", bad), ("good", links), ("nodes", nodes)):
        write(table, tmp_path / f"{name}.{ending}")
    write(pd.concat([nodes, nodes.iloc[[0, 3]]]), tmp_path / f"twice.{ending}")
    (_, normal), (text, most), (twice, _) = (
        loaded(*(tmp_path / f"{name}.{ending}" for name in names))
        for names in (("nodes", "good"), ("nodes", "bad"), ("twice", "good"))
    )
    assert len(text) == 4
    assert text[0] == "3 problems in the data:"
    summary = "\n".join(text)
    assert f"{(ROWS + 1) // 2:,} rows are like this (the next in line 4, 6, 8, 10 ...)" in summary
    dangling = f":{AT + 3} column supplier: nobody is no firm of nodes; 2 rows are like this"
    assert f"{dangling} (the next in line {NEXT + 2})" in summary
    assert f":{NEXT + 2} column criticality: 7.0 is outside [0, 1]" in summary
    assert most < 1.1 * normal
    first = nodes["node"].iat[0]
    assert f"twice.{ending}:{len(nodes) + 2} column node: {first} is named in an earlier row; 2 rows" in twice[0]


def test_parquet_cut_short_in_any_place(tmp_path: Path, folder: Path) -> None:
    content = (folder / "links.parquet").read_bytes()
    files = [tmp_path / f"cut{k}.parquet" for k in range(4)]
    for file, kept in zip(files, (0.0, 0.3, 0.9, 0.999), strict=True):
        file.write_bytes(content[: int(kept * len(content))])
    lines, _ = loaded(folder / "nodes.parquet", *files)
    for file, line in zip(files, lines, strict=True):
        assert line.startswith(f"{file.name}: is not readable Parquet, perhaps cut short")


def test_a_hole_in_parquet_is_seen_where_pages_have_checksums(
    tmp_path: Path, folder: Path, tables: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    file = tmp_path / "hole.parquet"
    tables[0].to_parquet(file, write_page_checksum=True)
    assert loaded(folder / "nodes.parquet", file)[0] == ["clean"]
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)  # the footer is whole
    file.write_bytes(content)
    lines, _ = loaded(folder / "nodes.parquet", file)
    assert lines[0].startswith("hole.parquet: is not readable Parquet")


def test_a_ragged_line_far_down_names_its_line(tmp_path: Path, folder: Path) -> None:
    rows = (folder / "links.csv").read_text().splitlines(keepends=True)
    rows[AT + 1] = rows[AT + 1].rstrip("\n") + ",surplus\n"
    (tmp_path / "ragged.csv").write_text("".join(rows))
    lines, _ = loaded(folder / "nodes.csv", tmp_path / "ragged.csv")
    assert lines[0].startswith(f"ragged.csv:{AT + 2}: cannot be read: 6 cells where 5 are wanted")


# --- types ------------------------------------------------------------------------------------------------------------

THREE = pd.DataFrame({"supplier": ["a", "b", "c"], "buyer": ["b", "c", "d"], "weight": [1.0, 2.0, 3.0]})


@pytest.mark.parametrize(
    "weight",
    [[True, False, True], pd.to_datetime(["2025-01-01"] * 3), pd.to_timedelta([1, 2, 3], unit="D"), [1 + 2j] * 3],
)
def test_what_only_looks_like_numbers_is_refused(weight: object) -> None:
    with pytest.raises(DataError, match=r"is not a number .*; 3 rows are like this"):
        sc.SupplyNetwork.from_edges(THREE.assign(weight=weight))


@pytest.mark.parametrize("ids", [[1, 2, 3], [b"a", b"b", b"c"], [1, "b", 2.5], pd.to_datetime(["2025-01-01"] * 3)])
def test_ids_of_two_types_are_never_two_firms(ids: object) -> None:
    with pytest.raises(DataError, match="ids of buyers are string"):
        sc.SupplyNetwork.from_edges(THREE.assign(supplier=ids))


@pytest.mark.parametrize("column", ["supplier", "weight"])
def test_text_that_is_not_utf8_is_refused_while_it_is_read(tmp_path: Path, column: str) -> None:
    undecodable = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 1], "int32")), pa.py_buffer(b"\xa5"))
    cells = {"supplier": pa.array(["a"]), "buyer": pa.array(["b"]), "weight": pa.array([1.0]), column: undecodable}
    pq.write_table(pa.table(cells), tmp_path / "links.parquet")
    with pytest.raises(DataError, match=r"links\.parquet: is not readable Parquet"):
        sc.SupplyNetwork.from_edges(tmp_path / "links.parquet")


def test_a_number_of_hundreds_of_digits_is_infinite() -> None:
    links = pd.DataFrame({"supplier": ["a", "a"], "buyer": ["b", "c"], "weight": pd.Series([10**400, 1], dtype=object)})
    with pytest.raises(DataError, match="negative or not finite"):
        sc.SupplyNetwork.from_edges(links)


def test_lists_are_no_ids() -> None:
    with pytest.raises(InputError, match="one text or number a cell"):
        sc.SupplyNetwork.from_edges(THREE.assign(supplier=[["a"], ["b"], ["c"]]))


@pytest.mark.parametrize("kind", ["category", "object", "string[python]"])
def test_text_of_any_kind_is_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sc.SupplyNetwork.from_edges(THREE).availability("a")
    monkeypatch.setattr("supplychain.edges.PIECE", 2)
    found = sc.SupplyNetwork.from_edges(THREE.astype({"supplier": kind})).availability("a")
    pd.testing.assert_frame_equal(whole, found, check_dtype=False)


def test_numbers_as_ids_may_be_whole_or_not() -> None:
    net = sc.SupplyNetwork.from_edges(pd.DataFrame({"supplier": [1, 2], "buyer": [2.0, 3.0]}))
    assert sorted(net.firm) == [1, 2, 3]


def test_errors_of_inputs_name_the_file(tmp_path: Path) -> None:
    THREE.assign(buyer="d", criticality=[0.1, 0.2, 0.1]).to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(DataError, match=r"own\.csv:2 column criticality"):
        sc.SupplyNetwork.from_edges(tmp_path / "own.csv")
