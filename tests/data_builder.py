"""Tiny data packages for tests: `package(tmp_path, production=[{"good": "m", "producer": "CHN", "share": 0.9}])`."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from supplychain.schema import schemas

Row = Mapping[str, Any]

COMMON = {"source_id": "TEST", "year": "2025", "confidence": "medium"}
DEFAULTS: dict[str, dict[str, Any]] = {
    "sources": {"title": "A test", "kind": "secondary"},
    "countries": {"kind": "country"},
    "goods": {"kind": "component", "stage": "component", "unit": "kg"},
    "production": {"basis": "output"},
    "bom": {"role": "part", "effect": "essential", "criticality": 1, "criticality_basis": "judged"},
    "trade": {"basis": "imports"},
    "stocks": {"holder": "industry", "kind": "industry"},
    "events": {
        "issuer": "CHN",
        "measure": "licence",
        "acts_on": "export",
        "official": "yes",
        "destinations": "ALL",
        "end_use": "any",
    },
    "event_scope": {"role": "covered"},
    "event_phases": {"from": "2025-01-01", "status": "in_force", "grade": "instrument"},
    "severities": {
        "from": "2025-01-01",
        "destinations": "ALL",
        "end_use": "any",
        "severity": 1,
        "basis": "judged",
        "scope": "legal",
    },
    "observations": {"date": "2025-01", "period": "month", "exporter": "CHN", "importer": "ALL", "unit": "kg"},
    "outcomes": {"market": "USA", "from": "2025-06-01", "effect": "stopped"},
    "prices": {"market": "rotterdam", "date": "2025-01", "unit": "USD/kg"},
    "lead_times": {},
    "assumptions": {"applies_to": "ALL", "unit": "share", "reason": "a test"},
}
SAME_AS: dict[str, dict[str, str]] = {  # a column that, left out, repeats another one
    "countries": {"name": "country"},
    "goods": {"name": "good"},
    "production": {"country": "producer"},
    "events": {"title": "event"},
    "event_scope": {"item": "good"},
}
COUNTRY_COLUMNS = ("country", "issuer", "importer", "exporter", "destinations", "members")
CODE = re.compile(r"[A-Z]{3}|[A-Z]{2}\d{2}")


def package(folder: Path, /, **tables: Iterable[Row]) -> Path:
    """Write a data package into `folder` and return it; values left out take the defaults above.

    Countries and sources that rows name are added; so are goods, unless the test gives a `goods` table of its own.
    Lists are written with ';', None as a blank cell.
    """
    rows = {name: [_filled(name, row) for row in given] for name, given in tables.items()}
    if "goods" not in rows:
        rows["goods"] = [_filled("goods", {"good": good}) for good in _named(rows, ("good", "input", "output"))]
    given = {row["country"] for row in rows.get("countries", ())}
    codes = [code for code in _named(rows, COUNTRY_COLUMNS) if CODE.fullmatch(code) and code not in {"ALL", *given}]
    rows["countries"] = [*rows.get("countries", ()), *(_filled("countries", _country(code)) for code in codes)]
    given = {row["source_id"] for row in rows.get("sources", ())}
    cited = [source for source in _named(rows, ("source_id",)) if source not in given]
    rows["sources"] = [*rows.get("sources", ()), *(_filled("sources", {"source_id": source}) for source in cited)]
    write_tables(folder, rows)
    (folder / "datapackage.json").write_text(json.dumps({"version": "0.test", "knowledge_until": "2026-10-09"}))
    return folder


def overlay(folder: Path, /, **tables: Iterable[Row]) -> Path:
    """Write an overlay: the rows as they are, without defaults or common columns."""
    write_tables(folder, {name: list(rows) for name, rows in tables.items()})
    return folder


def write_tables(folder: Path, tables: Mapping[str, Sequence[Row]]) -> None:
    """One CSV a table, with the columns that its rows use, in the order of the descriptor."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        used = {column for row in rows for column in row}
        declared = schemas()[name].columns
        header = [column for column in declared if column in used or not rows] + sorted(used - set(declared))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows([_cell(row.get(column)) for column in header] for row in rows)


def _filled(name: str, row: Row) -> dict[str, Any]:
    common = {} if name == "sources" else COMMON
    full = {**common, **DEFAULTS[name], **row}
    for column, other in SAME_AS.get(name, {}).items():
        full.setdefault(column, row.get(other))
    return full


def _country(code: str) -> Row:
    return {"country": code, "kind": "rest" if code == "ROW" else "country"}


def _named(rows: Mapping[str, list[dict[str, Any]]], columns: Iterable[str]) -> list[str]:
    """What the cells of these columns name, sorted."""
    cells = [_cell(row.get(column)) for given in rows.values() for row in given for column in columns]
    return sorted({item for cell in cells for item in cell.split(";") if item})


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return ";".join(map(str, value)) if isinstance(value, (list, tuple, set)) else str(value)
