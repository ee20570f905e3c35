"""A data folder in which every free text is a script, a link that runs one, or a formula: no report runs any."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from report_package import small_package

import supplychain as sc
from supplychain import readers
from supplychain.cells import FORMULA_STARTS, to_csv
from supplychain.errors import DataError
from supplychain.export import written
from supplychain.output import Answer
from supplychain.report.kinds import KINDS, build
from supplychain.report.write import render
from supplychain.scenario import Scenario
from supplychain.schema import schemas
from supplychain.tables import read_table

MARK = "alert(1)"
SCRIPT = f'<script>{MARK}</script><img src=x onerror="{MARK}">"\'><b>'
LINK = f"javascript:{MARK}"
FORMULA = f'=HYPERLINK("http://x/{MARK}")'
KEPT = {"good", "event", "source_id", "country", "commodity", "item"}  # ids, by which the rows hang together
ABOUT = {"product": "car", "event": "chn-18", "mineral": "dysprosium", "country": "CHN", "comparison": None}
SCENARIO = Scenario(on="2025-06-05", market="USA")


def free(table: str, column: str) -> bool:
    """Whether a column may hold any text."""
    field = next(field for field in schemas()[table].fields if field.name == column)
    plain = field.type == "string" and not field.choices and not field.pattern and field.references is None
    return plain and not field.is_list and column not in KEPT and column not in schemas()[table].key


@pytest.fixture(scope="module", params=[SCRIPT, FORMULA], ids=["script", "formula"])
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> sc.Network:
    """The small package with every free text replaced and every free column added, and every address a script."""
    folder = small_package(tmp_path_factory.mktemp("hostile") / "data")
    count = 0
    for path in folder.glob("*.csv"):
        rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
        columns = [c for c in schemas()[path.stem].columns if (rows and c in rows[0]) or free(path.stem, c)]
        for k, row in enumerate(rows):
            for column in columns:
                if column == "url":
                    row[column] = LINK
                elif free(path.stem, column):
                    row[column] = f"{request.param} {k}"
                    count += 1
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    assert count > 100
    return sc.load(folder)


class Page(HTMLParser):
    """What a browser would run or load."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.bad: list[str] = []
        self.script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.script = tag == "script"
        for name, value in attrs:
            runs = name.startswith("on") or (
                name in ("href", "src", "action") and "javascript:" in (value or "").lower()
            )
            if runs or (tag == "img" and value == "x") or tag in ("iframe", "object", "embed", "base"):
                self.bad.append(f"<{tag} {name}={value}>")

    def handle_endtag(self, tag: str) -> None:
        self.script = False

    def handle_data(self, data: str) -> None:
        if self.script:
            self.scripts.append(data)


@pytest.mark.parametrize("kind", KINDS)
def test_no_report_runs_what_stands_in_the_data(kind: str, hostile: sc.Network) -> None:
    other = "2025-01-01" if kind == "comparison" else None
    asked = SCENARIO.changed(products=("car", "radio")) if kind == "portfolio" else SCENARIO
    report = build(hostile, kind, asked, ABOUT.get(kind), other)
    page = Page(str(render(report, ".html")))
    assert not page.bad
    assert not [s for s in page.scripts if s.strip() == MARK]
    assert all("</script" not in s.lower() for s in page.scripts)
    markdown = str(render(report, ".md"))
    assert not re.search(r"(?<!\\)<(script|img|b)\b", markdown)
    assert f"<{LINK}" not in markdown
    assert f"]({LINK}" not in markdown
    json.loads(str(render(report, ".json")))
    workbook = render(report, ".xlsx")
    assert isinstance(workbook, bytes)
    no_formulas(workbook)


def no_formulas(content: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(content))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.value
                assert cell.hyperlink is None
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not [name for name in archive.namelist() if "externalLink" in name or "vba" in name.lower()]


def test_a_light_report_runs_nothing_either(hostile: sc.Network) -> None:
    page = Page(str(render(build(hostile, "situation", SCENARIO), ".html", light=True)))
    assert not page.bad
    assert not page.scripts


def test_no_csv_holds_a_formula(hostile: sc.Network) -> None:
    x = hostile.ask(SCENARIO)
    texts = [
        Answer.of(x, hostile).csv(),
        written(x.graph, "csv").decode(),
        to_csv(hostile.table("goods").rename(columns={"name": "=name", "form": ("@form")})),
        *(to_csv(hostile.table(name)) for name in schemas()),
    ]
    for text in texts:
        for row in csv.reader(io.StringIO(text)):
            for cell in row:
                assert not cell.startswith(FORMULA_STARTS) or re.fullmatch(r"-?[\d.]+(e-?\d+)?", cell), cell


# --- workbooks that mean harm -----------------------------------------------------------------------------------------

LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + k)} "{f"&{chr(97 + k)};" * 10}">' for k in range(9)
)


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("prolog", [LAUGHS + "]>", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
def test_entities_are_refused_in_every_part_and_encoding(prolog: str, coding: str, part: str) -> None:
    content = replaced(part, f'<?xml version="1.0" encoding="{coding}"?>{prolog}<x>&a;</x>'.encode(coding))
    with pytest.raises(DataError, match="declares XML entities"):
        read_table("stocks", content, "stocks.xlsx")


def replaced(part: str, body: bytes) -> bytes:
    """A good workbook with one part replaced."""
    book, buffer, found = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["good", "holder", "kind", "days"])
    book.save(buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), part}:
            new.writestr(name, body if name == part else old.read(name))
    return found.getvalue()


def test_a_real_bomb_is_refused_and_a_name_that_leads_out_unpacks_nowhere(tmp_path: Path) -> None:
    bomb = replaced("xl/worksheets/sheet1.xml", b"<c/>" * (readers.MAX_UNPACKED_BYTES // 4 + 1))
    assert len(bomb) < 1_000_000
    with pytest.raises(DataError, match="unpacks to"):
        read_table("stocks", bomb, "stocks.xlsx")
    before = set(tmp_path.parent.iterdir())
    for name in ("../../evil.txt", "../evil.txt", "/evil.txt"):  # read in memory, whatever its parts are called
        assert read_table("stocks", replaced(name, b"x"), "stocks.xlsx").empty
    assert set(tmp_path.parent.iterdir()) == before
    assert not list(tmp_path.parent.parent.glob("evil*"))


@pytest.mark.parametrize("cell", ["a\x01b", "\x1b[31m", "\u202eexe", "a\u2066b", "\uffff"])
def test_a_cell_that_would_steer_a_terminal_or_turn_the_writing_is_refused(cell: str) -> None:
    content = f"good,holder,kind,days,note\nm,we,industry,1,{cell}\n".encode()
    with pytest.raises(DataError, match="control character"):
        read_table("stocks", content, "stocks.csv")
