"""File formats: the bytes of a CSV, XLSX or Parquet file become a header and columns of text, within limits.

Nothing here knows a table. Whatever is wrong with a file raises one DataError that names every place.
"""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.parsers import expat

from supplychain.errors import DataError, Problem, shown

MAX_FILE_BYTES = 100_000_000
MAX_UNPACKED_BYTES = 100_000_000  # of an XLSX, as its directory declares (zipfile reads no further), or a Parquet file
PROLOG = 4_096  # bytes of XML looked at in one go
MAX_ROWS = 500_000
MAX_COLUMNS = 100
MAX_CELL_CHARACTERS = 20_000
MAX_PROBLEMS = 1_000  # of one kind in one file; the rest are counted in one line


@dataclass(frozen=True)
class Cells:
    """The text of a file: one list of cells a column, and the line (or row number) each row came from."""

    header: list[str]
    columns: Sequence[Sequence[str]]
    lines: list[int]

    @classmethod
    def empty(cls) -> Cells:
        """No header, no rows."""
        return cls([], [], [])


def capped(problems: Iterable[Problem], total: int) -> list[Problem]:
    """The first MAX_PROBLEMS problems of one kind, then one that counts the other `total` - MAX_PROBLEMS."""
    kept = [problem for problem, _ in zip(problems, range(MAX_PROBLEMS), strict=False)]
    if total > len(kept) and kept:
        last = kept[-1]
        message = f"{total - len(kept):,} more rows have the same problem"
        kept.append(Problem(last.file, last.line, last.column, "", message, last.remedy, last.level))
    return kept


def read_file(path: Path, folder: Path, file: str) -> bytes:
    """The bytes of a regular file inside `folder`, named `file` in messages; a link that leads out is refused."""
    if not path.is_file():  # nor a link in a circle, which `resolve` would not bear
        raise _fault(file, "is not a regular file", "Put a CSV, XLSX or Parquet file there.")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _fault(file, "is a link that leads out of its folder", "Put the file itself into the folder.")
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _too_large(file)
        return path.read_bytes()
    except OSError as error:
        raise _fault(file, f"cannot be read: {error.strerror}", "Check the file and its permissions.") from error


def read_cells(content: bytes, file: str) -> Cells:
    """Header, columns and line numbers of a file, by the ending of its name (`file`, which messages print).

    Raises DataError for an unreadable, malformed, empty or oversized file.
    """
    reader = _FORMATS.get(Path(file).suffix.lower())
    if reader is None:
        raise _fault(file, "has an unknown format", f"Use one of {', '.join(_FORMATS)}.")
    if len(content) > MAX_FILE_BYTES:
        raise _too_large(file)
    if not content.strip():
        raise _fault(file, "is empty", "Write the header line at least, or remove the file.")
    return reader(content, file)


def _fault(file: str, message: str, remedy: str, line: int = 0) -> DataError:
    return DataError([Problem(file, line, "", "", message, remedy)])


def _too_large(file: str) -> DataError:
    return _fault(file, f"is larger than {MAX_FILE_BYTES:,} bytes", "Split the table or drop what is not needed.")


def _too_long(file: str) -> DataError:
    return _fault(file, f"has more than {MAX_ROWS:,} rows", "Split the table or drop what is not needed.")


def _decoded(content: bytes, file: str) -> str:
    remedy = "Save the file as CSV in UTF-8."
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _fault(file, "is UTF-16 text (byte order mark at byte offset 0)", remedy)
    nul = content.find(b"\0")
    if nul >= 0:
        raise _fault(file, f"has a NUL byte at byte offset {nul}", remedy, content.count(b"\n", 0, nul) + 1)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # with a byte order mark the codec counts from behind it
        offset = error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
        message = f"is not UTF-8: byte 0x{content[offset]:02x} at byte offset {offset}"
        raise _fault(file, message, remedy, content.count(b"\n", 0, offset) + 1) from error


def _read_csv(content: bytes, file: str) -> Cells:
    reader = csv.reader(io.StringIO(_decoded(content, file), newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for row in reader:
            if any(row):
                rows.append(row)
                lines.append(line)
            if len(rows) > MAX_ROWS + 1:
                raise _too_long(file)
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = "Quote cells that hold commas, quotes or line breaks, and double the quotes inside."
        raise _fault(file, f"is not well-formed CSV: {shown(error)}", remedy, reader.line_num) from error
    if not rows:
        raise _fault(file, "is empty", "Write the header line at least, or remove the file.")
    return _cells(rows, lines, file)


def _cells(rows: list[list[str]], lines: list[int], file: str) -> Cells:
    """Rows turned into columns, once the first (the header) has shown how many cells each must have."""
    header = [name.strip() for name in rows[0]]
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise _fault(file, "separates its columns by ';' or tab", "Separate them by commas.", lines[0])
    if len(header) > MAX_COLUMNS:
        raise _fault(file, f"has {len(header):,} columns, more than {MAX_COLUMNS}", "Drop what is no column.", lines[0])
    width = len(header)
    ragged = [k for k, row in enumerate(rows) if len(row) != width]
    if ragged:
        remedy = "Quote cells that hold commas; write every comma of the row."
        problems = (
            Problem(file, lines[k], "", "", f"has {len(rows[k])} cells, the header has {width}", remedy) for k in ragged
        )
        raise DataError(capped(problems, len(ragged)))
    columns: list[Sequence[str]] = list(zip(*rows[1:], strict=True)) or [() for _ in header]
    return Cells(header, columns, lines[1:])


def _text(value: Any) -> str:
    """A typed cell as a CSV file would hold it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _read_xlsx(content: bytes, file: str) -> Cells:
    """The first sheet; a formula counts as the value the spreadsheet program saved with it."""
    from openpyxl import load_workbook  # only who brings a spreadsheet pays for the import

    try:
        _check_archive(content, file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which no cell value depends on
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what a file says of its size may be wrong, and rows beyond would be lost
            rows: list[list[str]] = []
            lines: list[int] = []
            for line, values in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True), 1):
                if line > MAX_ROWS + 1:
                    raise _too_long(file)  # a stray cell far below counts, as the rows between are gone through
                if values.count(None) < len(values) and any(row := [_text(value) for value in values]):
                    rows.append(row)
                    lines.append(line)
    except DataError:
        raise
    except Exception as error:  # a foreign parser on foreign bytes may raise anything
        raise _fault(file, f"is not a readable workbook: {shown(error)}", "Save it again as XLSX or CSV.") from error
    if not rows:
        raise _fault(file, "is empty", "Write the header line at least, or remove the file.")
    width = _length(rows[0])
    return _cells([row[: max(width, _length(row))] for row in rows], lines, file)


def _length(row: list[str]) -> int:
    return max(k for k, cell in enumerate(row, 1) if cell)


def _check_archive(content: bytes, file: str) -> None:
    """Refuse a workbook that unpacks to too much or declares entities, before any parser sees it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            message = f"unpacks to {unpacked:,} bytes, more than {MAX_UNPACKED_BYTES:,}"
            raise _fault(file, message, "Split the table or drop what is not needed.")
        for member in archive.infolist():
            if _declares_entities(archive.read(member)):
                raise _fault(
                    file, f"declares XML entities in {shown(member.filename)}", "Save it again as XLSX or CSV."
                )


def _declares_entities(content: bytes) -> bool:
    """Whether XML, in whatever encoding, declares entities before its first element; what is no XML does not."""
    found: list[bool] = []
    begun: list[str] = []
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = lambda *_: found.append(True)
    parser.StartElementHandler = lambda name, _: begun.append(name)
    try:
        for start in range(0, len(content), PROLOG):
            parser.Parse(content[start : start + PROLOG])
            if found or begun:
                break
    except (expat.ExpatError, LookupError, ValueError):
        pass  # the reader of the workbook says what is wrong with it
    return bool(found)


def _read_parquet(content: bytes, file: str) -> Cells:
    """Flat columns only; text stays dictionary-coded while it is read, so that repeats cost nothing."""
    try:
        import pyarrow as pa  # only who brings Parquet pays for the import
        import pyarrow.parquet as pq
    except ImportError as error:
        remedy = "Install the extra 'parquet' of this package, or save the table as CSV."
        raise _fault(file, "needs pyarrow to be read", remedy) from error
    try:
        metadata = pq.read_metadata(pa.BufferReader(content))
        schema = metadata.schema.to_arrow_schema()
        names = [str(name) for name in schema.names]
        nested = [name for name, kind in zip(names, schema.types, strict=True) if pa.types.is_nested(kind)]
        unpacked = sum(metadata.row_group(k).total_byte_size for k in range(metadata.num_row_groups))
        if unpacked > MAX_UNPACKED_BYTES:
            message = f"unpacks to {unpacked:,} bytes, more than {MAX_UNPACKED_BYTES:,}"
            raise _fault(file, message, "Split the table or drop what is not needed.")
        if metadata.num_rows > MAX_ROWS:
            raise _too_long(file)
        if len(names) > MAX_COLUMNS:
            raise _fault(file, f"has {len(names):,} columns, more than {MAX_COLUMNS}", "Drop what is no column.")
        if nested:
            found = f"has nested columns: {shown(', '.join(nested))}"
            raise _fault(file, found, "Write lists as text, items separated by ;.")
        table = pq.ParquetFile(pa.BufferReader(content), read_dictionary=names).read()
        columns: list[Sequence[str]] = [_parquet_column(table.column(k)) for k in range(len(names))]
    except DataError:
        raise
    except Exception as error:  # a foreign parser on foreign bytes may raise anything
        raise _fault(file, f"is not readable Parquet: {shown(error)}", "Write the file again.") from error
    return Cells(names, columns, list(range(2, table.num_rows + 2)))  # numbered as in a CSV file


def _parquet_column(column: Any) -> list[str]:
    cells: list[str] = []
    for chunk in column.chunks:
        if hasattr(chunk, "dictionary"):
            words = [_text(word) for word in chunk.dictionary.to_pylist()]
            cells += ["" if k is None else words[k] for k in chunk.indices.to_pylist()]
        else:
            cells += [_text(value) for value in chunk.to_pylist()]
    return cells


_FORMATS: dict[str, Callable[[bytes, str], Cells]] = {".csv": _read_csv, ".xlsx": _read_xlsx, ".parquet": _read_parquet}
FORMATS = tuple(_FORMATS)
