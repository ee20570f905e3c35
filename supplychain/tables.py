"""The only door to the data: folders of tables, the overlay, names, and which evidence row is used.

The index `row` of a table says where each row was read: `production.csv:214`, or, for a row of an overlay, with the
folder's name before it: `mycompany/production.csv:3`. How blanks and lists look is in `schema`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from supplychain.errors import DataError, InputError, Level, Problem, UnknownIdError, fold, nearest
from supplychain.readers import FORMATS, Cells, capped, read_cells, read_file
from supplychain.schema import DESCRIPTOR, Schema, bundled_data, cell_remedy, schemas, typed

OVERLAY_DEFAULTS = {"source_id": "OVERLAY", "confidence": "low"}  # of overlay rows that say nothing
SEARCHES = 20  # for the nearest ids, in one column: each takes milliseconds
CONFIDENCES = ("high", "medium", "low", "unverified")  # best first

Kind = Literal["good", "country", "event"]
_HOMES: dict[Kind, tuple[str, tuple[str, ...]]] = {  # the table of a kind, and the columns that name its rows
    "good": ("goods", ("good", "aliases", "name")),
    "country": ("countries", ("country", "aliases", "name")),
    "event": ("events", ("event", "title")),
}


class Tables:
    """All tables of a package, read once and never changed; `tables["goods"]` hands out a copy.

    `version` and `knowledge_until` are those of the data package, whatever is laid over it.
    """

    def __init__(
        self, frames: Mapping[str, pd.DataFrame], folders: Mapping[str, str], version: str, knowledge_until: date
    ) -> None:
        self._frames = dict(frames)
        self._folders = dict(folders)  # layer -> how messages name its folder
        self.version = version
        self.knowledge_until = knowledge_until

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(frame):,} {name}" for name, frame in self._frames.items() if len(frame))
        return f"<Tables {self.version}, known until {self.knowledge_until}: {counts}>"

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._frames:
            raise UnknownIdError("table", name, self._frames)
        return self._frames[name].copy(deep=False)  # pandas copies on write

    def origin(self, name: str) -> pd.DataFrame:
        """Where each row of a table was read: columns layer (reference or overlay), file, line; indexed by row."""
        rows = self[name].index
        places = [self._place(row) for row in rows]
        layers = np.where(is_overlay(rows), "overlay", "reference")
        files, lines = [file for file, _ in places], [line for _, line in places]
        return pd.DataFrame({"layer": layers, "file": files, "line": np.array(lines, dtype=int)}, index=rows)

    def _place(self, row: str) -> tuple[str, int]:
        folder, _, name = row.rpartition("/")
        file, _, line = name.rpartition(":")
        place = self._folders.get(f"{folder}/") or self._folders["overlay" if folder else "reference"]
        return f"{place}/{file}", int(line)

    def problem(
        self, row: str, column: str, message: str, remedy: str, value: object = "", level: Level = "error"
    ) -> Problem:
        """A problem of one row, placed by the row's label."""
        file, line = self._place(row)
        return Problem(file, line, column, str(value), message, remedy, level)

    def chosen(self, name: str) -> pd.DataFrame:
        """The rows that are used: one a fact (the key but for source_id; in bom also the role), by `best`."""
        return best(self[name], schemas()[name].fact)

    def extended(self, folder: str, more: Mapping[str, pd.DataFrame]) -> Tables:
        """New tables with rows added behind those of the same tables, labelled `folder/table.csv:1` and so on."""
        frames = dict(self._frames)
        for name, rows in more.items():
            labels = pd.Index([f"{folder}/{name}.csv:{k}" for k in range(1, len(rows) + 1)], name="row", dtype="str")
            frames[name] = pd.concat([frames[name], rows.set_axis(labels)])
        return Tables(frames, self._folders | {f"{folder}/": folder}, self.version, self.knowledge_until)

    def laid_over(self, folder: str, over: Mapping[str, pd.DataFrame]) -> Tables:
        """New tables with rows of `read_table` laid over these: one with an existing key replaces, any other adds.

        folder: how messages name where the rows came from. Rows without a source cite the built-in source OVERLAY.
        """
        frames = dict(self._frames)
        frames["sources"] = _laid_over(frames["sources"], _overlay_source(), schemas()["sources"])
        frames |= {name: _laid_over(frames[name], rows, schemas()[name]) for name, rows in over.items()}
        return Tables(frames, self._folders | {"upload/": folder}, self.version, self.knowledge_until)

    @cached_property
    def _ids(self) -> dict[Kind, dict[str, tuple[str, str]]]:
        """For each kind: folded name -> (name as written, id). An id goes before an alias, an alias before a name."""
        found: dict[Kind, dict[str, tuple[str, str]]] = {}
        for kind, (table, columns) in _HOMES.items():
            frame, names = self._frames[table], found.setdefault(kind, {})
            for column in columns:
                for key, cell in zip(frame[columns[0]], frame[column], strict=True):
                    for name in cell if isinstance(cell, tuple) else (cell,):
                        names.setdefault(fold(name), (name, key))
        return found

    def resolve(self, value: str, kind: Kind = "good") -> str:
        """The id that an id, alias or full name stands for; case, space, hyphen and underscore do not matter.

        Raises UnknownIdError with the nearest names.
        """
        if not isinstance(value, str):
            raise InputError("resolve", kind, value, f"the id or name of a {kind}")
        known = self._ids[kind]
        if fold(value) not in known:
            count = len(self._frames[_HOMES[kind][0]])
            raise UnknownIdError(kind, value, [name for name, _ in known.values()], count)
        return known[fold(value)][1]


def is_overlay(rows: pd.Index) -> NDArray[np.bool_]:
    """Which row labels belong to an overlay."""
    return np.array(["/" in row for row in rows], dtype=bool)


def best(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """One row for each combination of the columns `by`, in file order; rows with use = no are left out.

    The overlay goes before the reference data, then use = yes, then the highest confidence, the newest year (the end
    of a span), the first in file.
    """
    blank = [""] * len(rows)
    use, confidence, year = (list(rows.get(name, blank)) for name in ("use", "confidence", "year"))
    overlay = is_overlay(rows.index)
    rank = {name: k for k, name in enumerate(CONFIDENCES)}
    order = [k for k in range(len(rows)) if use[k] != "no"]
    order.sort(key=lambda k: year[k][5:] if len(year[k]) == 9 else year[k], reverse=True)
    order.sort(key=lambda k: (not overlay[k], use[k] != "yes", rank.get(confidence[k], len(rank))))
    facts = list(zip(*(rows[name] for name in by), strict=True))
    first: dict[tuple[Any, ...], int] = {}
    for k in order:
        first.setdefault(facts[k], k)
    return rows.iloc[sorted(first.values())]


# --- reading ----------------------------------------------------------------------------------------------------------


def load_tables(data: Path | None = None, overlay: Path | None = None, strict: bool = True) -> Tables:
    """The reference tables, or those of the folder `data`, with those of the folder `overlay` laid over them.

    Parameters: data (None: the bundled reference data), overlay (None: none), strict (False lets ids that lead
    nowhere and repeated keys through; a file or cell that cannot be read never passes).
    Raises DataError with all problems, InputError when a folder does not exist.

    >>> load_tables().resolve("Dysprosium oxide")
    'dysprosium_oxide'
    """
    tables, problems = read_tables(data, overlay)
    if strict and all_read(problems):
        problems += unknown_ids(tables) + repeated_keys(tables)
    if problems:
        raise DataError(problems)
    return tables


def read_tables(data: Path | None = None, overlay: Path | None = None) -> tuple[Tables, list[Problem]]:
    """The tables as far as they can be read, bad cells blank, and what is wrong with files and cells (for checks)."""
    folder = bundled_data() if data is None else _existing("data", data)
    folders = {"reference": "data" if data is None else str(data)}
    version, knowledge_until, problems = _release(folder, folders["reference"])
    frames = {name: _frame(schema, Cells.empty(), "", "")[0] for name, schema in schemas().items()}
    own, faults = _read_folder(folder, folders["reference"], "", {})
    frames, problems = frames | own, problems + faults
    if overlay is not None:
        folders["overlay"] = str(overlay)
        path = _existing("overlay", overlay)
        over, faults = _read_folder(path, str(overlay), f"{path.resolve().name}/", OVERLAY_DEFAULTS)
        if not over and not faults:
            remedy = "'supplychain init' writes templates."
            faults = [Problem(str(overlay), 0, "", "", f"holds none of the tables {', '.join(schemas())}", remedy)]
        problems += faults
        frames["sources"] = pd.concat([frames["sources"], _overlay_source()])
        frames |= {name: _laid_over(frames[name], frame, schemas()[name]) for name, frame in over.items()}
    return Tables(frames, folders, version, knowledge_until), problems


def all_read(problems: Iterable[Problem]) -> bool:
    """Whether these problems are only of cells. Where a file is missing from the tables, rules across them mislead."""
    return all(problem.column and problem.line > 1 for problem in problems)


def read_table(name: str, source: bytes | Path, filename: str) -> pd.DataFrame:
    """One table of an overlay from a file or from uploaded bytes; the ending of `filename` tells the format.

    Raises DataError with every problem of the file, UnknownIdError for an unknown table.

    >>> read_table("stocks", b"good,holder,kind,days\\ndysprosium_oxide,we,industry,45\\n", "stocks.csv").days.item()
    45.0
    """
    if name not in schemas():
        raise UnknownIdError("table", name, schemas())
    content = read_file(source, source.parent, str(source)) if isinstance(source, Path) else source
    label = f"upload/{Path(filename).name}"
    frame, problems = _frame(schemas()[name], read_cells(content, filename), filename, label, OVERLAY_DEFAULTS)
    if problems:
        raise DataError(problems)
    return frame


def _existing(argument: str, path: Path) -> Path:
    if not Path(path).is_dir():
        raise InputError("load", argument, str(path), "a folder of tables (CSV, XLSX or Parquet)")
    return Path(path)


def _release(folder: Path, shown: str) -> tuple[str, date, list[Problem]]:
    """Version and `knowledge_until` of a data package, and what is wrong with its descriptor."""
    file = f"{shown}/{DESCRIPTOR}"
    message, line = "is missing", 0
    try:
        if (folder / DESCRIPTOR).exists():
            message = "states no version and knowledge_until (YYYY-MM-DD)"
            stated = json.loads(read_file(folder / DESCRIPTOR, folder, file))
            return str(stated["version"]), date.fromisoformat(stated["knowledge_until"]), []
    except DataError as error:
        return "unknown", date.min, error.problems
    except json.JSONDecodeError as error:
        message, line = f"is not JSON: {error.msg}", error.lineno
    except (UnicodeDecodeError, RecursionError):
        message = "is not JSON in UTF-8"
    except (KeyError, TypeError, ValueError):
        pass  # the message says what a readable descriptor lacks
    remedy = f"Copy {DESCRIPTOR} of the reference data and set its version and knowledge_until."
    return "unknown", date.min, [Problem(file, line, "", "", message, remedy)]


def _read_folder(
    folder: Path, shown: str, prefix: str, defaults: Mapping[str, str]
) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Every table file of a folder, typed, and what is wrong; hidden files and other endings are left alone."""
    frames: dict[str, pd.DataFrame] = {}
    problems = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in FORMATS or path.name.startswith((".", "~$")):
            continue
        file, name = f"{shown}/{path.name}", path.stem
        if name not in schemas():
            close = nearest(name, schemas(), 1)
            remedy = f"Rename it to {close[0]}{path.suffix}." if close else f"Tables are {', '.join(schemas())}."
            problems.append(Problem(file, 0, "", "", "is not a table of this package", remedy))
            continue
        if name in frames:
            problems.append(Problem(file, 0, "", "", f"is a second file for {name}", "Keep one of the two."))
            continue
        try:
            cells = read_cells(read_file(path, folder, file), file)
        except DataError as error:
            problems += error.problems
            continue
        frames[name], faults = _frame(schemas()[name], cells, file, prefix + path.name, defaults)
        problems += faults
    return frames, problems


def _frame(
    schema: Schema, cells: Cells, file: str, label: str, defaults: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    """The typed table of a file, its rows labelled `label:line`, and what is wrong with it."""
    defaults = defaults or {}
    problems = _header_problems(schema, cells, file, defaults)
    given = dict(zip(cells.header, cells.columns, strict=True))
    blank = [""] * len(cells.lines)
    columns: dict[str, Any] = {}
    for field in schema.fields:
        texts = given.get(field.name, blank)
        if field.name in defaults:
            texts = [text or defaults[field.name] for text in texts]
        columns[field.name], faults = typed(field, texts)
        if faults and field.name in given:
            bad = [(line, text) for line, text in zip(cells.lines, texts, strict=True) if text in faults]
            problems += capped(
                (
                    Problem(file, line, field.name, text.strip(), faults[text], cell_remedy(field, text.strip()))
                    for line, text in bad
                ),
                len(bad),
            )
    index = pd.Index([f"{label}:{line}" for line in cells.lines], name="row", dtype="str")
    return pd.DataFrame(columns, index=index), problems


def _header_problems(schema: Schema, cells: Cells, file: str, defaults: Mapping[str, str]) -> list[Problem]:
    """Unknown, repeated and missing columns; a column that may be blank may also be left out."""
    problems = []
    for k, name in enumerate(cells.header):
        if name not in schema.columns:
            close = nearest(name, schema.columns, 1)
            remedy = f"Rename it to {close[0]}." if close else f"{schema.name} has {', '.join(schema.columns)}."
            problems.append(Problem(file, 1, name or f"{k + 1}", "", "is not a column of this table", remedy))
        elif name in cells.header[:k]:
            problems.append(Problem(file, 1, name, "", "stands twice in the header", "Remove one of the two."))
    for field in schema.fields if cells.header else ():
        if field.required and field.name not in cells.header and field.name not in defaults:
            problems.append(Problem(file, 1, field.name, "", "is missing", f"Add the column: {field.description}."))
    return problems


def _overlay_source() -> pd.DataFrame:
    """The built-in source row that overlay rows without a source cite."""
    header = ["source_id", "title", "kind"]
    row = [OVERLAY_DEFAULTS["source_id"], "The user's own data", "none"]
    return _frame(schemas()["sources"], Cells(header, [[cell] for cell in row], [1]), "", "overlay/sources.csv")[0]


def _laid_over(frame: pd.DataFrame, over: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """A row of `over` replaces the row of `frame` with its key; any other is added behind."""
    own = set(_keys(over, schema))
    return pd.concat([frame[[key not in own for key in _keys(frame, schema)]], over])


def _keys(frame: pd.DataFrame, schema: Schema) -> list[tuple[Any, ...]]:
    return list(zip(*(frame[name].tolist() for name in schema.key), strict=True))


# --- what the engine relies on ----------------------------------------------------------------------------------------


def unknown_ids(tables: Tables) -> list[Problem]:
    """Ids that the descriptor says lead to a row of another table, and do not."""
    problems: list[Problem] = []
    for name, schema in schemas().items():
        for field in schema.fields:
            if field.references is None:
                continue
            target, column = field.references
            known = set(tables[target][column])
            cells = tables[name][field.name]
            found = [
                (row, item)
                for row, cell in cells.items()
                for item in (cell if field.is_list else (cell,))
                if item and item not in known
            ]
            remedies = _remedies((item for _, item in found), known, target)
            what = f"is not in {target} (column {column})"
            problems += capped(
                (tables.problem(str(row), field.name, what, remedies[item], item) for row, item in found), len(found)
            )
    return problems


def _remedies(unknown: Iterable[str], known: Iterable[str], target: str) -> dict[str, str]:
    """What to do about each unknown id; only the first few are worth the search for what was meant."""
    remedies: dict[str, str] = {}
    for item in unknown:
        if item not in remedies:
            close = nearest(item, known) if len(remedies) < SEARCHES else []
            meant = f"Did you mean {' or '.join(close)}? Else add" if close else "Add"
            remedies[item] = f"{meant} it to {target}."
    return remedies


def repeated_keys(tables: Tables) -> list[Problem]:
    """Rows of one table with the same key."""
    problems: list[Problem] = []
    for name, schema in schemas().items():
        first: dict[tuple[Any, ...], str] = {}
        found = []
        frame = tables[name]
        for row, key in zip(frame.index, _keys(frame, schema), strict=True):
            if first.setdefault(key, row) != row:
                found.append((row, first[key]))
        what = f"repeats the key ({', '.join(schema.key)}) of"
        remedy = "Keep one of the two rows."
        problems += capped((tables.problem(row, "", f"{what} {earlier}", remedy) for row, earlier in found), len(found))
    return problems
