"""Rows of one's own laid over the reference data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data_builder import overlay, package
from table_files import MAKERS, VALID, problems_of

from supplychain.tables import is_overlay, load_tables


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
