"""Which of several rows about one fact is used."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from data_builder import package
from table_files import MAKERS

from supplychain.tables import best, load_tables


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
