"""Data packages become typed tables, or one list of everything that is wrong with them."""

from __future__ import annotations

import json
import pickle
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_builder import package
from table_files import HEADER, MAKERS, ROW, problems_of, ready

from supplychain.errors import DataError, InputError, Problem, SupplyChainError, UnknownIdError
from supplychain.schema import bundled_data, schemas
from supplychain.tables import load_tables


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
