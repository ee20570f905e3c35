"""Which good a user's words mean: names and HS codes of a parts list, matched or listed for decision, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from supplychain.errors import InputError, UnknownIdError
from supplychain.readers import read_cells, read_file
from supplychain.tables import Tables

CHAPTER = 4  # digits of an HS heading: a shorter code means too much
CHOICES = 8  # shown of an ambiguous name
BOM = ("output", "input", "quantity", "quantity_unit", "role", "effect", "criticality", "substitutability", "note")
_HS = re.compile(r"\d[\d. ]*")


@dataclass(frozen=True)
class Match:
    """What one name or code stands for: `good` if that is sure, else '' and the choices."""

    good: str
    how: str  # decided, name, hs code; name?, hs code? (to be decided); nothing
    choices: tuple[str, ...] = ()


def match_name(name: str, tables: Tables) -> Match:
    """A good by id, alias or name; else the nearest ones as choices."""
    try:
        return Match(tables.resolve(name), "name")
    except UnknownIdError as error:
        choices = tuple(dict.fromkeys(tables.resolve(close) for close in error.nearest))
        return Match("", "name?" if choices else "nothing", choices)


def match_hs(code: str, tables: Tables) -> Match:
    """A good by customs code: those that share the longest prefix with it, of at least four digits.

    Sure only where a single good has that prefix and covers the code: `8505.11.90` is all of 850511, but 8505 may be
    any of its subheadings.
    """
    digits = re.sub(r"\D", "", code)
    if not _HS.fullmatch(code.strip()) or len(digits) < CHAPTER:
        return Match("", "nothing")
    goods = tables["goods"]
    length: dict[str, int] = {}
    covered: dict[str, bool] = {}
    for good, codes in zip(goods["good"], goods["hs_codes"], strict=True):
        shared = [(_shared(digits, own), digits.startswith(own)) for own in codes]
        if shared:
            length[good], covered[good] = max(shared)
    longest = max(length.values(), default=0)
    if longest < CHAPTER:
        return Match("", "nothing")
    found = tuple(good for good, shared in length.items() if shared == longest)
    if len(found) == 1 and covered[found[0]]:
        return Match(found[0], "hs code")
    return Match("", "hs code?", found)


def _shared(a: str, b: str) -> int:
    return next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def read_parts(path: Path) -> pd.DataFrame:
    """A parts list from CSV, XLSX or Parquet, all cells as text. Raises InputError, DataError."""
    if not path.is_file():
        raise InputError("match", "file", str(path), "an existing CSV, XLSX or Parquet file")
    cells = read_cells(read_file(path, path.parent, path.name), path.name)
    return pd.DataFrame({name: list(column) for name, column in zip(cells.header, cells.columns, strict=True)})


def match_parts(parts: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """A parts list with the good of each row: its columns, then good, how, choices, choice_names.

    parts: item (name) or hs_code or both; good: a decision made earlier, which is kept. A name goes before a code; a
    code only narrows the choices of an uncertain name where both agree. Raises InputError, UnknownIdError.
    """
    if not {"item", "hs_code"} & set(parts.columns):
        raise InputError("match", "columns", ", ".join(map(str, parts.columns)), "item, hs_code, good")
    cells = parts.fillna("").astype(str)
    matches = [_match(row, tables) for row in cells.to_dict("records")]
    names = dict(zip(tables["goods"]["good"], tables["goods"]["name"], strict=True))
    kept = parts.drop(columns=[c for c in ("good", "how", "choices", "choice_names") if c in parts])
    return kept.assign(
        good=[match.good for match in matches],
        how=[match.how for match in matches],
        choices=["; ".join(match.choices[:CHOICES]) for match in matches],
        choice_names=["; ".join(names[good] for good in match.choices[:CHOICES]) for match in matches],
    )


def _match(row: Mapping[Any, str], tables: Tables) -> Match:
    if row.get("good"):
        return Match(tables.resolve(row["good"]), "decided")
    by_name = match_name(row["item"], tables) if row.get("item") else Match("", "nothing")
    by_code = match_hs(row["hs_code"], tables) if row.get("hs_code") else Match("", "nothing")
    if by_name.good:
        return by_name
    of_code = by_code.choices or tuple(filter(None, [by_code.good]))
    both = [good for good in of_code if good in by_name.choices]
    if both:  # what name and code agree on stands first
        return Match("", "name?", tuple(dict.fromkeys([*both, *of_code, *by_name.choices])))
    if by_code.how == "nothing":
        return by_name
    # an unknown name beside a code: the code alone says what kind of thing it is, so a person decides
    return by_code if not row.get("item") or not by_code.good else Match("", "hs code?", (by_code.good,))


def bom_rows(matched: pd.DataFrame, output: str) -> pd.DataFrame:
    """Rows of bom.csv for a product, from a matched parts list. Raises InputError while rows are undecided."""
    open_ = matched[matched["good"] == ""]
    if len(open_):
        first = str(open_.iloc[0].get("item") or open_.iloc[0].get("hs_code"))
        raise InputError("match", "good", first, "a good for every row",
                         f"{len(open_)} rows are undecided: fill their column 'good', see 'choices'.")  # fmt: skip
    rows = matched.assign(output=output, input=matched["good"])
    for name, usual in (("role", "part"), ("effect", "essential")):
        rows[name] = rows[name].where(rows[name].fillna("") != "", usual) if name in rows else usual
    rows = rows.reindex(columns=[name for name in BOM if name in rows])
    return rows.drop_duplicates(["output", "input"], ignore_index=True)
