"""Links and firms by the million, from a DataFrame, CSV or Parquet: read in pieces, checked, turned into numbers.

Whatever is wrong comes as one DataError: each kind of fault once, with how many rows have it and the first places.
Lines are counted as in a CSV file (the header is line 1), also for DataFrames and Parquet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from supplychain.errors import DataError, InputError, Problem, nearest, shown

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Source = pd.DataFrame | Path | str

PIECE = 2_000_000  # rows read at once
PLACES = 5  # shown of each kind of fault
BLANK_ID = ("is blank", "Name the firm or drop the row.")
AS_CSV = "Save it as CSV in UTF-8 with a header and the same number of cells in each row."
NUMBER_TYPES = {"integer", "floating", "mixed-integer-float"}  # of ids: 1 and 1.0 are the same
ROUNDING = 1e-6  # by which the shares of one input may exceed 1 in all

LINK_IDS = ("supplier", "buyer")
LINK_WORDS = ("kind", "effect", "group")
LINK_NUMBERS = ("share", "weight", "criticality", "group_share", "takeover")
NODE_WORDS = ("kind", "country")
NODE_NUMBERS = ("capacity", "stock", "demand", "value", "spare")
EFFECTS = ("essential", "adds", "negligible")
BOUNDED = ("share", "criticality", "group_share", "takeover")  # lie in [0, 1]
MAY_BE_BLANK = ("criticality", "group_share", "takeover", "capacity", "stock", "demand", "value", "spare")
MEANING = {
    "share": "share of the buyer's supply of this kind",
    "weight": "flow in one unit, such as value a year",
    "criticality": "share of output lost per share of input lost",
    "group_share": "share of the group's work that this input does",
    "takeover": "share of the group's work that this input can take over",
    "capacity": "units a day; blank for no limit",
    "stock": "units on hand",
    "demand": "units a day for final customers",
    "value": "importance of the output, such as sales a year",
    "spare": "extra output possible, as a share of its own",
}


@dataclass(frozen=True, eq=False)
class Words:
    """A column of text as numbers: `names[code]`, -1 for a blank cell."""

    codes: Codes
    names: pd.Index

    def __getitem__(self, row: int) -> Any:
        """The text of one cell, None where it is blank."""
        return self.names[self.codes[row]] if self.codes[row] >= 0 else None


@dataclass(frozen=True, eq=False)
class Edges:
    """Links and firms as numbers: n firms, l links in the order of the source."""

    firm: pd.Index  # (n,) ids
    supplier: Codes  # (l,)
    buyer: Codes  # (l,)
    link: dict[str, Floats]  # share or weight, criticality ...: columns that were given
    link_words: dict[str, Words]  # kind, effect, group
    node: dict[str, Floats]  # capacity, stock ..., NaN where blank
    node_words: dict[str, Words]  # kind, country
    file: str = "links"  # what messages call the source of the links


@dataclass
class Faults:
    """Counts each kind of fault and keeps its first places; `stop` raises them all."""

    file: str
    found: dict[tuple[str, str], tuple[int, list[int], str, str]] = field(default_factory=dict)

    def add(self, column: str, bad: Any, values: Any, message: str, remedy: str, start: int = 0) -> None:
        """Rows where `bad`; `values` (numbers, text or Words) are those of the piece that begins at row `start`."""
        rows = np.flatnonzero(np.asarray(bad))
        if not len(rows):
            return
        first = values.iloc[rows[0]] if isinstance(values, pd.Series) else values[rows[0]]
        count, places, value, _ = self.found.get((column, message), (0, [], "" if pd.isna(first) else str(first), ""))
        more = (rows[: PLACES - len(places)] + start + 2).tolist() if len(places) < PLACES else []
        self.found[column, message] = (count + len(rows), [*places, *more], value, remedy)

    def stop(self) -> None:
        """Raise what was found, if anything."""
        problems = [
            Problem(self.file, places[0], column, value, message + _others(count, places), remedy)
            for (column, message), (count, places, value, remedy) in self.found.items()
        ]
        if problems:
            raise DataError(problems)


def _others(count: int, places: Sequence[int]) -> str:
    if count == 1:
        return ""
    following = ", ".join(map(str, places[1:]))
    return f"; {count:,} rows are like this (the next in line {following}{' ...' if count > len(places) else ''})"


# --- pieces -----------------------------------------------------------------------------------------------------------


def read_edges(links: Source, nodes: Source | None = None) -> Edges:
    """Read links, and what is known of the firms, in bounded memory. See `SupplyNetwork.from_edges` for the columns.

    Raises DataError with every kind of fault, InputError for an argument that is no table or lacks a column.
    """
    known = None if nodes is None else _read_nodes(nodes)
    given = _columns(links, "links", LINK_IDS, (*LINK_WORDS, *LINK_NUMBERS))
    faults = Faults(_name(links, "links"))
    if "share" in given and "weight" in given:
        raise InputError("from_edges", "columns of links", "share and weight", "one of the two", "Leave one out.")
    ids: dict[str, _Gathered] = {name: _Gathered() for name in LINK_IDS}
    words = {name: _Gathered() for name in LINK_WORDS if name in given}
    numbers: dict[str, list[Floats]] = {name: [] for name in LINK_NUMBERS if name in given}
    start = 0
    texts = {**ids, **words}
    with ThreadPoolExecutor() as threads:  # coding text is most of the work, and Arrow's lets others run meanwhile
        for piece in _pieces(links, "links", given):
            codes = list(threads.map(_Gathered.add, texts.values(), [piece[name] for name in texts]))
            for name, code in zip(LINK_IDS, codes, strict=False):  # the ids are the first texts
                faults.add(name, code < 0, piece[name], *BLANK_ID, start)
            for name, parts in numbers.items():
                parts.append(_numbers(piece[name], name, faults, start))
            start += len(piece)
    if not start:
        raise DataError([Problem(faults.file, 0, "", "", "has no links", "Write at least one row.")])
    with ThreadPoolExecutor() as threads:
        coded = dict(zip(texts, threads.map(_Gathered.words, texts.values()), strict=True))
    ends = {name: coded[name] for name in LINK_IDS}
    firm, numbered = _firms(ends, None if known is None else known[0], faults)
    link_words = {name: coded[name] for name in words}
    if "effect" in link_words:
        effect = link_words["effect"]
        wrong = ~effect.names.isin(EFFECTS)
        bad = np.append(wrong, False)[effect.codes]  # the last one stays for blank cells
        faults.add("effect", bad, effect, f"is not one of {', '.join(EFFECTS)}", "Use one of these words.")
    faults.stop()
    link = {name: np.concatenate(parts) for name, parts in numbers.items()}
    return Edges(firm, *numbered, link, link_words, *(({}, {}) if known is None else known[1:]), faults.file)


def _read_nodes(nodes: Source) -> tuple[pd.Index, dict[str, Floats], dict[str, Words]]:
    """The firms of a table: ids, numbers, words."""
    given = _columns(nodes, "nodes", ("node",), (*NODE_WORDS, *NODE_NUMBERS))
    faults = Faults(_name(nodes, "nodes"))
    words = {name: _Gathered() for name in NODE_WORDS if name in given}
    numbers: dict[str, list[Floats]] = {name: [] for name in NODE_NUMBERS if name in given}
    ids: list[pd.Series] = []
    start = 0
    for piece in _pieces(nodes, "nodes", given):
        ids.append(piece["node"])
        faults.add("node", piece["node"].isna() | (piece["node"] == ""), piece["node"], *BLANK_ID, start)
        for name, gathered in words.items():
            gathered.add(piece[name])
        for name, parts in numbers.items():
            parts.append(_numbers(piece[name], name, faults, start))
        start += len(piece)
    if not start:
        raise DataError([Problem(faults.file, 0, "", "", "has no firms", "Write at least one row, or leave it out.")])
    column = pd.concat(ids, ignore_index=True)
    twice = column.duplicated() & column.notna()
    faults.add("node", twice, column, "is named in an earlier row", "Every firm once: merge or drop the rows.")
    faults.stop()
    return (
        pd.Index(column),
        {n: np.concatenate(p) for n, p in numbers.items()},
        {n: g.words() for n, g in words.items()},
    )


class _Gathered:
    """Text pieces put together as numbers: each piece is coded by itself, the names are merged at the end."""

    def __init__(self) -> None:
        self.codes: list[Codes] = []
        self.names: list[pd.Index] = []

    def add(self, column: pd.Series) -> Codes:
        """The codes of a piece, -1 for a cell that is missing or empty."""
        try:
            codes, names = pd.factorize(column)
        except TypeError as error:  # lists and the like
            allowed = "one text or number a cell"
            raise InputError("from_edges", f"column {column.name}", column.iloc[0], allowed) from error
        short = codes.astype(np.int32)
        names = pd.Index(names.categories.take(names.codes) if isinstance(names, pd.CategoricalIndex) else names)
        for empty in np.flatnonzero(names == ""):
            short = np.where(short == empty, -1, short - (short > empty)).astype(np.int32)
            names = names.delete(empty)
        self.codes.append(short)
        self.names.append(names)
        return short

    def words(self) -> Words:
        if len(self.codes) == 1:
            return Words(self.codes[0], self.names[0])
        together, names = pd.factorize(self.names[0].append(self.names[1:]))
        merged = np.append(together, -1).astype(np.int32)  # the last one stays for blank cells
        begin = np.cumsum([0, *(len(part) for part in self.names[:-1])])
        codes = [merged[np.where(part < 0, -1, part + at)] for part, at in zip(self.codes, begin, strict=True)]
        return Words(np.concatenate(codes), pd.Index(names))


def _firms(ends: dict[str, Words], known: pd.Index | None, faults: Faults) -> tuple[pd.Index, tuple[Codes, Codes]]:
    """Ids of all firms, and the firm number of each end of each link."""
    supplier, buyer = ends["supplier"], ends["buyer"]
    if known is None:
        types = [end.names.inferred_type for end in (supplier, buyer)]
        if types[0] != types[1] and not NUMBER_TYPES.issuperset(types):
            faults.add("supplier", supplier.codes >= 0, supplier, f"is {types[0]}, ids of buyers are {types[1]}",
                       "Write both columns in one type.")  # fmt: skip
        number, firm = pd.factorize(supplier.names.append(buyer.names))
        at = number[: len(supplier.names)], number[len(supplier.names) :]
        return pd.Index(firm), (_mapped(supplier, at[0]), _mapped(buyer, at[1]))
    codes = []
    for name, end in ends.items():
        code = _mapped(end, known.get_indexer(end.names))
        dangling = (code < 0) & (end.codes >= 0)
        same = " (ids of another type)" if known.inferred_type != end.names.inferred_type else ""
        faults.add(name, dangling, end, f"is no firm of nodes{same}", "Add the firm to nodes, or drop the link.")
        codes.append(code)
    return known, (codes[0], codes[1])


def _mapped(words: Words, number: NDArray[np.intp]) -> Codes:
    return np.append(number, -1).astype(np.int32)[words.codes]


def _numbers(column: pd.Series, name: str, faults: Faults, start: int) -> Floats:
    """A column as numbers within their range; faults are counted."""
    if column.dtype.kind in "bMmc":  # yes and no, dates, spans, complex: pandas would make numbers of them
        numbers = np.full(len(column), np.nan)
    else:
        try:
            numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        except OverflowError:  # a whole number of hundreds of digits
            numbers = np.array([_number(value) for value in column])
    blank = column.isna().to_numpy()
    faults.add(name, np.isnan(numbers) & ~blank, column, f"is not a number ({MEANING[name]})", "Correct it.", start)
    if name not in MAY_BE_BLANK:
        faults.add(name, blank, column, f"is blank ({MEANING[name]})", "Fill it or drop the row: not 0.", start)
    top = 1.0 + ROUNDING if name in BOUNDED else np.inf
    allowed = "outside [0, 1]" if name in BOUNDED else "negative or not finite"
    wrong = ~np.isnan(numbers) & ~((numbers >= 0) & (numbers <= top) & np.isfinite(numbers))
    faults.add(name, wrong, column, f"is {allowed} ({MEANING[name]})", "Correct it or drop the row.", start)
    return numbers


def _number(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf
    except (TypeError, ValueError):
        return np.nan


# --- sources ----------------------------------------------------------------------------------------------------------


def _name(source: Source, argument: str) -> str:
    return argument if isinstance(source, pd.DataFrame) else Path(source).name


def _columns(source: Source, argument: str, required: Sequence[str], optional: Sequence[str]) -> list[str]:
    """The columns of a source that are used; refuses one without the required columns, or with a near miss."""
    names = _header(source, argument)
    for name in required:
        if name not in names:
            allowed = ", ".join((*required, *optional))
            raise InputError("from_edges", f"columns of {argument}", ", ".join(names), allowed, f"Add '{name}'.")
    for name in (*required, *optional):
        if names.count(name) > 1:
            raise InputError(
                "from_edges", f"columns of {argument}", f"{name} twice", "each once", "Remove one of them."
            )
    return [name for name in (*required, *optional) if name in names]


def _header(source: Source, argument: str) -> list[str]:
    if isinstance(source, pd.DataFrame):
        return [str(name) for name in source.columns]
    path = Path(source) if isinstance(source, Path | str) else None
    if path is None or path.suffix.lower() not in (".csv", ".parquet"):
        got = type(source).__name__ if path is None else str(path)
        raise InputError("from_edges", argument, got, "a DataFrame, or the path of a CSV or Parquet file")
    if not path.is_file():
        close = nearest(path.name, (p.name for p in path.parent.glob("*")), 1) if path.parent.is_dir() else []
        raise InputError("from_edges", argument, str(path), "a file", f"Did you mean '{close[0]}'?" if close else "")
    if path.suffix.lower() == ".parquet":
        return _parquet_columns(path)
    return _csv_header(path)


def _pieces(source: Source, argument: str, columns: list[str]) -> Iterator[pd.DataFrame]:
    """The rows of a source, some at a time, blank cells as missing values."""
    if isinstance(source, pd.DataFrame):
        for start in range(0, len(source), PIECE):
            yield source.iloc[start : start + PIECE][columns]
    elif Path(source).suffix.lower() == ".parquet":
        yield from _parquet_pieces(Path(source), columns)
    else:
        yield from _csv_pieces(Path(source), columns, PIECE)


def _csv_pieces(path: Path, columns: list[str], rows: int) -> Iterator[pd.DataFrame]:
    """As text: an id such as 0012 stays as it is, and a bad number can be reported."""
    try:
        with pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""], chunksize=rows) as reader:
            for piece in reader:
                if not isinstance(piece.index, pd.RangeIndex):  # pandas takes surplus first cells for row names
                    raise DataError([Problem(path.name, 2, "", "", "has more cells than the header", AS_CSV)])
                yield piece[columns]
    except (ValueError, OSError) as error:  # parser and codec errors are ValueErrors
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    message, line = f"cannot be read: {shown(error)}", 0
    if ragged := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error)):
        wanted, line, found = map(int, ragged.groups())
        message = f"cannot be read: {found} cells where {wanted} are wanted"
    return DataError([Problem(path.name, line, "", "", message, AS_CSV)])


def _csv_header(path: Path) -> list[str]:
    """The names as they are written: pandas would rename one that stands twice."""
    try:
        row = pd.read_csv(path, header=None, nrows=1, dtype="str", keep_default_na=False)
    except (ValueError, OSError) as error:
        raise _unreadable(path, error) from error
    return [str(name) for name in row.iloc[0]]


def _parquet(path: Path) -> Any:
    try:
        import pyarrow.parquet as pq  # only who brings Parquet pays for the import
    except ImportError as error:
        raise InputError(
            "from_edges", "links", str(path), "a CSV file", "Parquet needs the extra 'parquet'."
        ) from error
    try:
        return pq.ParquetFile(path, memory_map=True, page_checksum_verification=True)  # where pages have one
    except (ValueError, OSError) as error:  # ArrowInvalid is a ValueError
        raise _broken(path, error) from error


def _parquet_columns(path: Path) -> list[str]:
    """Names of the columns; lists, structs and the like are refused, as no cell of a CSV file could hold them."""
    schema = _parquet(path).schema_arrow
    nested = [name for name, kind in zip(schema.names, schema.types, strict=True) if kind.num_fields]
    if nested:
        message = f"has nested columns: {', '.join(map(shown, nested))}"
        raise DataError([Problem(path.name, 0, "", "", message, "Write one value a cell.")])
    return list(schema.names)


def _parquet_pieces(path: Path, columns: list[str]) -> Iterator[pd.DataFrame]:
    try:
        for batch in _parquet(path).iter_batches(batch_size=PIECE, columns=columns):
            batch.validate(full=True)  # text that is not UTF-8 would fail later, wherever it is looked at
            yield batch.to_pandas()
    except (ValueError, OSError) as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> DataError:
    message = f"is not readable Parquet, perhaps cut short: {shown(error)}"
    return DataError([Problem(path.name, 0, "", "", message, "Write or copy the file again.")])
