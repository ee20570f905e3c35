"""What `supplychain init` writes: an empty overlay to fill in, with its manual, and a small worked example."""

from __future__ import annotations

import csv
import io
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from supplychain.errors import InputError, shown
from supplychain.files import write_whole
from supplychain.schema import Field, schemas

LEFT_OUT = (
    "sources",
    "observations",
    "outcomes",
    "prices",
    "assumptions",
)  # tables a company rarely has; they work all the same
FIRST = ("goods", "bom", "production", "trade", "stocks")  # in the order in which one fills them

INTRODUCTION = """\
# Your own data

Each CSV file here has only its header. Fill in what you have and delete the files you do not need, then:

    supplychain validate FOLDER
    supplychain exposure --overlay FOLDER --on 2025-06-05 --market DEU --product YOUR_PRODUCT

A row with the key of a reference row replaces it, any other row is added; nothing in the reference data is changed.
Rows that state no source count as your own data with low confidence, and every explanation names them by this folder.

- `goods`: your product, and parts that the reference data lack. `supplychain goods` lists what is there.
- `bom`: what your product is made from. `supplychain match PARTS.csv` finds the goods that names and HS codes mean,
  and lists the uncertain ones for you to decide.
- `production`: your plant, or your suppliers, as `producer` with their country; share of the world's output.
- `trade`: where your plant (as `importer`) gets each good from; without rows it buys like its country.
- `stocks`: days of normal use that you hold.
- `events`, `event_scope`, `event_phases`, `severities`: restrictions that the reference data lack, or your own view.

`example/` is a small worked example: **a fictitious maker, no figure in it is real**.

Blank cells mean unknown, never zero. `;` separates the items of a list. Dates are YYYY-MM-DD, shares are 0 to 1.
"""

EXAMPLE_FOLDER = "example"
EXAMPLE_README = "# A fictitious maker\n\nNo figure in this folder is real: it shows the form.\n"
EXAMPLE_NOTE = "fictitious example"
EXAMPLE: dict[str, list[dict[str, str]]] = {
    "goods": [
        {
            "good": "example_pump_drive", "name": "Example pump drive (fictitious)", "kind": "product",
            "stage": "product", "sector": "industrial", "end_use": "civil", "unit": "unit",
        },
    ],
    "bom": [
        {"output": "example_pump_drive", "input": "tantalum_capacitor", "quantity": "6", "quantity_unit": "unit"},
        {"output": "example_pump_drive", "input": "ndfeb_magnet_high_temp", "quantity": "0.4", "quantity_unit": "kg"},
    ],
    "production": [
        {
            "good": "example_pump_drive", "producer": "example_plant_de", "country": "DEU", "share": "1",
            "basis": "output",
        },
    ],
    "trade": [
        {"good": "ndfeb_magnet_high_temp", "importer": "example_plant_de", "exporter": "CHN", "share": "0.7",
         "basis": "supply"},
        {"good": "ndfeb_magnet_high_temp", "importer": "example_plant_de", "exporter": "JPN", "share": "0.3",
         "basis": "supply"},
    ],
    "stocks": [
        {"good": "ndfeb_magnet_high_temp", "country": "DEU", "holder": "example_plant_de", "kind": "industry",
         "days": "45"},
    ],
}  # fmt: skip
USUAL = {"bom": {"role": "part", "effect": "essential", "criticality_basis": "judged", "criticality": "1"}}


def write_templates(folder: Path) -> list[Path]:
    """Write a README, a CSV with only its header for each table, and the example. Returns the files written.

    Raises InputError when the folder exists and holds anything.
    """
    names = [*FIRST, *(name for name in schemas() if name not in (*FIRST, *LEFT_OUT))]
    manual = INTRODUCTION + "\n" + "\n".join(_manual(name) for name in names)
    contents = {"README.md": manual, f"{EXAMPLE_FOLDER}/README.md": EXAMPLE_README}
    contents |= {f"{name}.csv": _csv(schemas()[name].columns, []) for name in names}
    for name, rows in EXAMPLE.items():
        full = [USUAL.get(name, {}) | row | {"note": EXAMPLE_NOTE} for row in rows]
        columns = [column for column in schemas()[name].columns if any(column in row for row in full)]
        contents[f"{EXAMPLE_FOLDER}/{name}.csv"] = _csv(columns, full)
    _write(folder, contents)
    return [folder / name for name in contents]


def _write(folder: Path, contents: Mapping[str, str]) -> None:
    """All the files or none: they are made in a hidden folder beside, which then takes its place."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError("init", "folder", str(folder), "a new or an empty folder", "Nothing was written.")
        if not folder.name or not folder.parent.is_dir():
            raise InputError("init", "folder", str(folder), "a folder inside an existing one")
        making = folder.with_name(f".{folder.name[:80]}.{secrets.token_hex(6)}")
        try:
            (making / EXAMPLE_FOLDER).mkdir(parents=True)
            for name, content in contents.items():
                write_whole(making / name, content, "init", "folder")
            making.replace(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        allowed = f"a folder that can be written ({shown(getattr(error, 'strerror', None) or error)})"
        raise InputError("init", "folder", str(folder), allowed) from error


def _csv(columns: list[str], rows: list[dict[str, str]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _manual(name: str) -> str:
    """A table's columns with meaning, unit and what is allowed."""
    schema = schemas()[name]
    lines = [f"## {name}.csv", "", f"{schema.description}", "", "| column | meaning |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {_marked(field)} | {_meaning(field)} |" for field in schema.fields), ""])


def _marked(field: Field) -> str:
    return f"`{field.name}`" + (" *" if field.required else "")


def _meaning(field: Field) -> str:
    allowed = f" ({', '.join(field.choices)})" if field.choices else ""
    unit = f" [{field.unit}]" if field.unit else ""
    return (field.description + unit + allowed).replace("|", "/")
