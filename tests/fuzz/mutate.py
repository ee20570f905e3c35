"""Valid input made hostile: cells, grids, bytes, workbooks, Parquet, words and queries."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import quote

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

Grid = list[list[str]]

NASTY = (
    "", " ", "NaN", "nan", "inf", "-inf", "Infinity", "1e308", "1e-400", "1e999", "-1", "-0", "9" * 400, "9" * 5000,
    "0x10", "1_000", "1,5", "１２", "٣", "²", "1.7", "True", "None", "null", "yes", "no", "ALL", "ROW", "EU27", "USA",
    "2025-02-30", "9999-12-31", "0001-01-01", "10000-01-01", "2025-06-05T00:00", "1970", "2025-13", "=1+1", "@SUM(A1)",
    "+1+1", "-2+3", "\t=1", "\r=1", '=HYPERLINK("http://x")', "<script>alert(1)</script>", "</script><img src=x>",
    "javascript:alert(1)", "http://x y", "../../etc/passwd", "/proc/none/x", "C:\\x\\y", "..", ".", "a/b", "~",
    "\u202ereversed", "a\0b", "\x01", "\x1b[31mred", "\x7f", "\ufeff", "\ufffe", "\u2028", "\u200b", "🏭", "e\u0301",
    "İ", "ß", "ﬁ", "ſ", "ａ", ";", ";;", "a;;b", "a;b;a", "%s%n", "%", "%zz", "{0}", "{{7*7}}", "${x}", "' OR 1=1",
    '"', "'", "a\nb", "a\r\nb", "\n", "x" * 300, "x" * 25_000, "é" * 2_000, "(" * 500, "-" * 300, "__class__", "_",
    "[]", "{}", "*", "?", "&", "#", "\\", "`", "|", ",", "-", "--", "--force-", "what-if-1", "OVERLAY", "f35", "0",
)  # fmt: skip


def nasty(rng: Random) -> str:
    """A cell that somebody may send."""
    kind = rng.random()
    if kind < 0.8:
        return rng.choice(NASTY)
    if kind < 0.9:
        return "".join(chr(_letter(rng)) for _ in range(rng.randint(1, 12)))
    return str(rng.choice([rng.random() * 10.0 ** rng.randint(-320, 308), rng.getrandbits(80), -rng.random()]))


def _letter(rng: Random) -> int:
    code = rng.choice([rng.randrange(0x80), rng.randrange(0x3000), rng.randrange(0x110000)])
    return code if not 0xD800 <= code < 0xE000 else 0x20


def text(rng: Random, valid: str) -> str:
    """A text with a piece cut, doubled, moved or replaced."""
    a, b = sorted((rng.randint(0, len(valid)), rng.randint(0, len(valid))))
    return rng.choice(
        [
            lambda: valid[:a] + valid[b:],
            lambda: valid[:b] + valid[a:],
            lambda: valid[:a] + nasty(rng) + valid[a:],
            lambda: valid[:a] + nasty(rng) + valid[b:],
            lambda: valid[b:] + valid[a:b] + valid[:a],
            lambda: rng.choice([valid.upper(), valid.lower(), valid[::-1], f" {valid} ", valid * 3]),
        ]
    )()


def words(rng: Random, valid: Sequence[str]) -> list[str]:
    """A list of words with some of them cut, doubled, moved or replaced."""
    found = list(valid)
    for _ in range(rng.choice([1, 1, 2, 3, 6])):
        at = rng.randrange(len(found) + 1)
        kind = rng.randrange(5)
        if kind == 0 and found:
            del found[at - 1]
        elif kind == 1:
            found.insert(at, nasty(rng))
        elif kind == 2 and found:
            found[at - 1] = nasty(rng)
        elif kind == 3 and found:
            found[at - 1] = text(rng, found[at - 1])
        elif found:
            found.insert(at, rng.choice(found))
    return found


# --- tables -----------------------------------------------------------------------------------------------------------


def grid(rng: Random, valid: Grid) -> Grid:
    """A table (header first) with cells, columns and rows damaged."""
    rows = [list(row) for row in valid]
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        r, c = rng.randrange(len(rows)), rng.randrange(max(1, *map(len, rows), 0))
        other = rng.randrange(len(rows[0])) if rows[0] else 0
        kind = rng.random()
        if kind < 0.45 and len(rows) > 1:
            here = rows[rng.randrange(1, len(rows))]
            here[c : c + 1] = [nasty(rng)]
        elif kind < 0.6:
            here = rows[r]
            if c < len(here) and other < len(here):
                here[c], here[other] = here[other], here[c]
        elif kind < 0.65:
            rows = [[*row[:c], *row[c + 1 :]] for row in rows]
        elif kind < 0.7 and rows[0]:
            rows[0][c : c + 1] = [rng.choice([rows[0][other], nasty(rng), ""])]
        elif kind < 0.75:
            rows = [[*row, *row[other : other + 1]] for row in rows]
        elif kind < 0.8 and len(rows) > 1:
            del rows[r]
        elif kind < 0.9:
            rows.insert(r, list(rows[rng.randrange(len(rows))]))
        elif kind < 0.95:
            rows[r] = rng.choice([rows[r][:c], [*rows[r], nasty(rng)], [], [""] * len(rows[0])])
        else:
            rows[r] = [nasty(rng) for _ in rows[r]]
        if not rows or not any(rows):
            return [[""]]
    return rows


def csv_bytes(rng: Random, rows: Grid) -> bytes:
    """A grid as CSV in some encoding, with some line ending, perhaps unquoted or damaged."""
    ending = rng.choice(["\n", "\n", "\r\n", "\r"])
    buffer = io.StringIO(newline="")
    if rng.random() < 0.85:
        csv.writer(buffer, lineterminator=ending).writerows(rows)
    else:
        buffer.write(ending.join(rng.choice([",", ",", ",", ";", "\t"]).join(row) for row in rows))
    coding = rng.choice(
        ["utf-8"] * 12 + ["utf-8-sig", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "utf-7"]
    )
    content = buffer.getvalue().encode(coding, "replace")
    return damaged(rng, content) if rng.random() < 0.15 else content


def damaged(rng: Random, content: bytes) -> bytes:
    """Bytes with some flipped, cut or doubled."""
    found = bytearray(content)
    for _ in range(rng.choice([1, 1, 3, 20])):
        if found:
            found[rng.randrange(len(found))] = rng.randrange(256)
    if rng.random() < 0.3:
        a = rng.randint(0, len(found))
        return bytes(rng.choice([found[:a], found[a:], found + found[:a]]))
    return bytes(found)


VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**60, 0.5, 1e300, date(2025, 4, 4), datetime(2025, 4, 4, 1, 2), "=1+1", "=A1", "#REF!",
)  # fmt: skip


def xlsx_bytes(rng: Random, rows: Grid) -> bytes:
    """A grid as a workbook with typed cells; its XML or its bytes may be damaged."""
    book = openpyxl.Workbook()
    for row in rows:
        cells = [rng.choice(VALUES) if rng.random() < 0.08 else _legal(cell) for cell in row]
        book.active.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    content = buffer.getvalue()
    kind = rng.random()
    if kind < 0.4:
        return content
    return damaged(rng, content) if kind < 0.6 else rezipped(rng, content)


def _legal(cell: str) -> str:
    """What openpyxl writes: it refuses control characters, which the damage to the XML brings back."""
    return "".join(c for c in cell[:32_000] if c >= " " or c in "\t\n\r")


PARTS = ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels",
         "xl/sharedStrings.xml", "xl/styles.xml", "docProps/core.xml")  # fmt: skip
XML = (
    '<!DOCTYPE x [<!ENTITY a "aaaa">]>', '<!DOCTYPE x SYSTEM "file:///etc/passwd">', "&a;", "&#0;", "&#x202e;", "<c/>",
    '<c r="XFD1048576"/>', '<row r="99999999"/>', '<row r="-1"/>', 't="s"', "<v>999999</v>", "<v>NaN</v>", "<f>1/0</f>",
    'r="A1"', "<![CDATA[", "]]>", "<t>", 's="99"', '<?xml version="1.0" encoding="utf-16"?>', "<v>1e400</v>", 't="d"',
    't="e"', 't="b"', 't="inlineStr"', "<is><t>x</t></is>", 'Target="http://x/"', 'TargetMode="External"',
)  # fmt: skip


def rezipped(rng: Random, content: bytes) -> bytes:
    """A workbook with the text of one part damaged, or with names that lead elsewhere."""
    chosen = rng.choice(PARTS)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            body = old.read(member)
            if member.filename == chosen:
                if rng.random() < 0.1:
                    continue
                written = body.decode("utf-8", "replace")
                at = rng.randint(0, len(written))
                piece = rng.choice(XML)
                written = written[:at] + piece + written[at + rng.choice([0, 0, len(piece)]) :]
                body = written.encode(rng.choice(["utf-8", "utf-8", "utf-8", "utf-16"]), "replace")
            new.writestr(member.filename, body)
        if rng.random() < 0.2:
            new.writestr(rng.choice(["../../evil.txt", "/etc/evil", "C:\\evil", "a/../../b", "\ufeff"]), b"x")
    return buffer.getvalue()


def parquet_bytes(rng: Random, rows: Grid) -> bytes:
    """A grid as Parquet with columns of many types; its bytes may be damaged."""
    width = max(1, min(map(len, rows)))
    names = [rows[0][k] if k < len(rows[0]) else "" for k in range(width)]
    columns = [_arrow(rng, [row[k] if k < len(row) else "" for row in rows[1:]]) for k in range(width)]
    buffer = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(columns, names=names), buffer, compression=rng.choice(["snappy", "none", "zstd"])
    )
    content = buffer.getvalue()
    return damaged(rng, content) if rng.random() < 0.25 else content


def _arrow(rng: Random, cells: list[str]) -> Any:
    if rng.random() < 0.85:
        return pa.array([cell or None for cell in cells], pa.string())
    count = len(cells)
    values: list[tuple[Any, Any]] = [
        (1.5, pa.float64()), (float("nan"), pa.float64()), (float("inf"), pa.float32()), (-1, pa.int64()),
        (2**63, pa.uint64()), (True, pa.bool_()), (date(2025, 4, 4), pa.date32()),
        (Decimal("1.5"), pa.decimal128(5, 2)),
        (datetime(2025, 4, 4, tzinfo=UTC), pa.timestamp("ns", "UTC")), (b"\xff\x00", pa.binary()),
        (["a"], pa.list_(pa.string())),
        ({"a": 1}, pa.struct([("a", pa.int64())])), (None, pa.null()), (1, pa.duration("s")),
        (datetime(9999, 1, 1), pa.timestamp("us")),
    ]  # fmt: skip
    value, kind = rng.choice(values)
    made = pa.array([value] * count, kind)
    return (
        made.dictionary_encode() if rng.random() < 0.1 and value is not None and not pa.types.is_nested(kind) else made
    )


WRITERS = {".csv": csv_bytes, ".xlsx": xlsx_bytes, ".parquet": parquet_bytes}


# --- addresses --------------------------------------------------------------------------------------------------------


def query(rng: Random, pairs: Sequence[tuple[str, str]]) -> str:
    """A query with keys and values damaged, perhaps badly encoded."""
    found = [list(pair) for pair in pairs]
    for _ in range(rng.choice([0, 1, 1, 2, 4])):
        pair = rng.choice(found)
        kind = rng.randrange(6)
        if kind < 3:
            pair[1] = nasty(rng) if kind else text(rng, pair[1])
        elif kind == 3:
            found.append(list(rng.choice(found)))
        elif kind == 4:
            pair[0] = nasty(rng)
        else:
            found.append([rng.choice(["edit", "flow", "at", "steps", "least", "q", "theme", "versus"]), nasty(rng)])
    joined = "&".join(f"{quote(key)}={quote(value)}" for key, value in found)
    return text(rng, joined) if rng.random() < 0.1 else joined
