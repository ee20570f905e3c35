"""What the page My products does, without components: files become tables, laid over the reference data in memory."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

import pandas as pd
import xlsxwriter

from dashboard.vault import Vault
from supplychain.checks import check
from supplychain.errors import DataError, InputError, Problem, fold
from supplychain.network import Network
from supplychain.readers import read_cells
from supplychain.schema import schemas
from supplychain.tables import OVERLAY_DEFAULTS, read_table, repeated_keys, unknown_ids

TABLES = {
    "goods": "your products and parts that are not among the reference goods",
    "bom": "bill of materials: what each of your products and parts needs",
    "production": "who makes them: your suppliers and plants, with their country",
    "trade": "from where you or your suppliers buy",
    "stocks": "days of stock that you hold",
    "sources": "where your figures come from (optional)",
}
FOLDER = "your files"
MOST_FILES = 12
MOST_BYTES = 5_000_000  # of one file
MOST_UNPACKED = 30_000_000  # of one workbook
MOST_ROWS = 20_000  # of all files of a session
KEPT = 4  # networks of sessions that one worker keeps ready

EXAMPLE = {
    "goods.csv": "good,name,kind,stage,end_use,unit,sector\n"
    "acme_pump,ACME cooling pump,product,product,civil,unit,example\n"
    "acme_motor,ACME pump motor,component,component,,unit,example\n",
    "bom.csv": "output,input,quantity,quantity_unit,role,effect,substitutability\n"
    "acme_pump,acme_motor,1,unit/unit,part,essential,\n"
    "acme_motor,ndfeb_magnet_high_temp,0.4,kg/unit,part,essential,0.2\n",
    "production.csv": "good,producer,country,share,basis\n"
    "acme_pump,ACME Hamburg,DEU,1,output\n"
    "acme_motor,Motorworks,JPN,1,output\n",
    "stocks.csv": "good,country,sector,holder,kind,days\nndfeb_magnet_high_temp,JPN,,Motorworks,industry,45\n",
}


@dataclass(frozen=True)
class File:
    """One uploaded file and the table that it holds."""

    table: str
    name: str
    content: bytes

    @property
    def frame(self) -> pd.DataFrame:
        """Its rows, typed. Raises DataError."""
        return read_table(self.table, self.content, self.name)


# --- from bytes to files ----------------------------------------------------------------------------------------------


def decoded(name: str, contents: str) -> tuple[str, bytes]:
    """Name and bytes of a file as a browser sends it (a data URL). Raises DataError."""
    plain = PurePosixPath(PureWindowsPath(name).name).name[:120]
    shown = "".join(c if c.isprintable() and c not in "/\\:" else "_" for c in plain) or "file"
    body = contents.partition(",")[2]
    if len(body) > MOST_BYTES * 4 // 3 + 4:
        raise _fault(shown, f"is larger than {MOST_BYTES:,} bytes", "Split it or drop what is not needed.")
    try:
        return shown, base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise _fault(shown, "did not arrive whole", "Upload it again.") from None


def _fault(file: str, message: str, remedy: str) -> DataError:
    return DataError([Problem(file, 0, "", "", message, remedy)])


def accepted(name: str, content: bytes) -> File:
    """A file whose rows can be read. Raises DataError with every problem, by line."""
    if name.lower().endswith(".xlsx"):
        _check_unpacked(name, content)
    file = File(table_of(name, content), name, content)
    file.frame  # noqa: B018  raises what is wrong with it
    return file


def _check_unpacked(name: str, content: bytes) -> None:
    """Refuse a workbook that unpacks to too much; what is no archive is told by the reader."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return
    if unpacked > MOST_UNPACKED:
        raise _fault(name, f"unpacks to {unpacked:,} bytes, more than {MOST_UNPACKED:,}", "Split the table.")


def table_of(name: str, content: bytes) -> str:
    """The table that a file holds: by its name, else the one that has most of its columns. Raises DataError."""
    stem = fold(name.rpartition(".")[0] or name)
    by_name = [table for table in TABLES if stem == table or stem.startswith(f"{table}_")]
    if by_name:
        return by_name[0]
    header = set(read_cells(content, name).header)
    hits = {table: len(header & set(schemas()[table].columns)) for table in TABLES}
    required = {
        t: {f.name for f in schemas()[t].fields if f.required and f.name not in OVERLAY_DEFAULTS} for t in TABLES
    }
    fitting = [t for t in TABLES if required[t] <= header] or [t for t in TABLES if hits[t] >= 3]
    if not fitting:
        remedy = f"Name the file after its table ({', '.join(TABLES)}), or use a template."
        raise _fault(name, "has the columns of no table", remedy)
    return max(fitting, key=lambda table: hits[table])


# --- files of a session -----------------------------------------------------------------------------------------------


def packed(files: Sequence[File]) -> bytes:
    """Files as the body of a session."""
    entries = [[f.table, f.name, base64.b64encode(f.content).decode()] for f in files]
    return zlib.compress(json.dumps(entries).encode())


def unpacked(body: bytes) -> tuple[File, ...]:
    """The files of a session; the body is one that `packed` made."""
    return tuple(File(t, n, base64.b64decode(content)) for t, n, content in json.loads(zlib.decompress(body)))


def merged(old: Sequence[File], new: Sequence[File]) -> tuple[File, ...]:
    """Old files with new ones beside them; a file of the same name is replaced. Raises InputError beyond the limits."""
    names = {file.name for file in new}
    files = (*(file for file in old if file.name not in names), *new)
    if len(files) > MOST_FILES:
        raise InputError("upload", "files", len(files), f"up to {MOST_FILES} in one session", "Remove some first.")
    rows = sum(len(file.frame) for file in files)
    if rows > MOST_ROWS:
        remedy = "Use the command line with --overlay for more."
        raise InputError("upload", "rows", f"{rows:,}", f"up to {MOST_ROWS:,} in one session", remedy)
    return files


def frames(files: Sequence[File]) -> dict[str, pd.DataFrame]:
    """The rows of files by table, in the order of TABLES."""
    return {
        table: pd.concat([file.frame for file in files if file.table == table])
        for table in TABLES
        if any(file.table == table for file in files)
    }


def network(net: Network, files: Sequence[File]) -> tuple[Network, tuple[Problem, ...]]:
    """The network with the rows of files laid over the reference data, and what is doubtful about them.

    Raises DataError with what the reference data alone do not have wrong.
    """
    own = frames(files)
    tables = net.tables.laid_over(FOLDER, own)
    repeated = [row for rows in own.values() for row in rows.index]
    if len(set(repeated)) < len(repeated):
        raise _fault(FOLDER, "hold two files of one name", "Rename one.")
    before = set(check(net.tables))
    found = [p for p in (unknown_ids(tables) + repeated_keys(tables) or check(tables)) if p not in before]
    errors = [problem for problem in found if problem.level == "error"]
    if errors:
        raise DataError(errors)
    return Network(tables), tuple(found)


def own_products(net: Network, files: Sequence[File]) -> tuple[str, ...]:
    """The products that the files are about: their own, and those whose bill of materials they state; else none."""
    own = frames(files)
    named = [own[table][column] for table, column in (("goods", "good"), ("bom", "output")) if table in own]
    wanted = {good for column in named for good in column}
    goods = net.table("goods")
    return tuple(goods.loc[(goods["kind"] == "product") & goods["good"].isin(wanted), "good"])


class Uploads:
    """The files of every session and the networks made from them; nobody sees another's."""

    def __init__(self, net: Network, vault: Vault | None = None) -> None:
        self._net, self._vault = net, vault or Vault()
        self._networks: OrderedDict[str, tuple[Network, tuple[Problem, ...]]] = OrderedDict()
        self._lock = threading.Lock()

    def files(self, session: str) -> tuple[File, ...]:
        """The files of a session, in the order of upload."""
        body = self._vault.get(session) if session else None
        return unpacked(body) if body else ()

    def keep(self, session: str, files: Sequence[File]) -> None:
        """Keep these files and no others. Raises InputError when they are too large."""
        if files:
            self._vault.put(session, packed(files))
        else:
            self.forget(session)

    def forget(self, session: str) -> None:
        """Remove what a session uploaded, and the network made from it."""
        key = _key(session, self.files(session))
        self._vault.drop(session)
        with self._lock:
            self._networks.pop(key, None)

    def network(self, session: str) -> tuple[Network, tuple[Problem, ...]] | None:
        """The network of a session with its warnings; None without files. Raises DataError."""
        files = self.files(session)
        if not files:
            return None
        key = _key(session, files)
        with self._lock:
            if key in self._networks:
                self._networks.move_to_end(key)
                return self._networks[key]
        made = network(self._net, files)
        with self._lock:
            self._networks[key] = made
            while len(self._networks) > KEPT:
                self._networks.popitem(last=False)
        return made


def _key(session: str, files: Sequence[File]) -> str:
    return hashlib.sha256(session.encode() + packed(files)).hexdigest()


# --- what is shown and handed out -------------------------------------------------------------------------------------


def problem_rows(problems: Sequence[Problem]) -> pd.DataFrame:
    """Problems as a table: by file and line."""
    rows = [
        (p.level, p.file, p.line or None, p.column, p.value[:200], p.message, p.remedy)
        for p in sorted(problems, key=lambda p: (p.level, p.file, p.line))
    ]
    return pd.DataFrame(rows, columns=["level", "file", "line", "column", "value", "problem", "remedy"])


def template(table: str, form: str) -> bytes:
    """An empty file of a table: its header, in a workbook with a sheet that says what each column means.

    Raises InputError.
    """
    if table not in TABLES:
        raise InputError("template", "table", table, ", ".join(TABLES))
    if form not in ("csv", "xlsx"):
        raise InputError("template", "format", form, "csv, xlsx")
    fields = schemas()[table].fields
    if form == "csv":
        return (",".join(field.name for field in fields) + "\n").encode()
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        sheet, meanings = book.add_worksheet(table), book.add_worksheet("columns")
        sheet.freeze_panes(1, 0)
        meanings.write_row(0, 0, ["column", "required", "type", "allowed", "meaning"], bold)
        for k, field in enumerate(fields):
            required = field.required and field.name not in OVERLAY_DEFAULTS
            sheet.write_string(0, k, field.name, bold if required else None)
            sheet.set_column(k, k, max(10, len(field.name) + 2))
            cells = [field.name, "yes" if required else "", field.type, ", ".join(field.choices), field.description]
            for c, text in enumerate(cells):
                meanings.write_string(k + 1, c, text)
        meanings.set_column(4, 4, 70)
    return file.getvalue()
