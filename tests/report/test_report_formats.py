"""Reports as HTML, XLSX, PDF and Markdown, on the reference data and in a browser."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import html5lib
import openpyxl
import pypdf
import pytest
from playwright.sync_api import Browser
from report_cases import SMALL, SMALL_CASES
from report_package import FORMULA, HOSTILE

import supplychain as sc
from supplychain.report import build, render, write_report
from supplychain.report.model import Report
from supplychain.report.still import stills
from supplychain.scenario import Scenario

MB = 1_000_000
REAL_CASES: dict[str, tuple[str | None, str | None]] = {
    "situation": (None, None),
    "product": ("f35", None),
    "event": ("chn-2025-18", None),
    "mineral": ("dysprosium", None),
    "country": ("CHN", None),
    "portfolio": (None, None),
    "comparison": (None, "2025-12-05"),
}


@pytest.mark.parametrize("kind", SMALL_CASES)
def test_page_is_valid_html(reports: dict[str, Report], kind: str) -> None:
    parser = html5lib.HTMLParser(strict=False)
    tree = parser.parse(render(reports[kind], ".html"))
    assert parser.errors == []
    names = [element.tag.rpartition("}")[2] for element in tree.iter() if isinstance(element.tag, str)]
    assert names.count("h1") == names.count("main") == 1


def test_page_needs_nothing_from_outside(reports: dict[str, Report]) -> None:
    page = str(render(reports["situation"], ".html"))
    body = page[page.index("<body>") :]
    loads = re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href|srcset)=\"([^\"]*)", body)
    assert [address for address in loads if not address.startswith("data:")] == []
    assert len(page) < 6 * MB


@pytest.mark.usefixtures("no_chromium")
def test_names_stay_text(reports: dict[str, Report]) -> None:
    """No name or address of the data becomes markup, script or formula."""
    report = reports["situation"]
    page = str(render(report, ".html"))
    body = page[page.index("<body>") :]
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "javascript:alert" not in re.sub(r">[^<]*<", "><", body)  # never in an attribute
    assert "<b>notice" not in body
    assert "<script>alert" not in str(render(report, ".html", light=True))
    assert "<script>" not in str(render(report, ".md"))
    data = json.loads(str(render(report, ".json")))
    assert HOSTILE in json.dumps(data, ensure_ascii=False).replace('\\"', '"')
    book = openpyxl.load_workbook(io.BytesIO(bytes(render(report, ".xlsx"))))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    lamps = [cell for cell in cells if cell.value == FORMULA]
    assert lamps
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in lamps)


def test_workbook_has_types_frozen_headers_and_sources(reports: dict[str, Report]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(bytes(render(reports["event"], ".xlsx"))))
    assert book.sheetnames[0] == "Summary"
    assert book.sheetnames[-1] == "Sources"
    life = book["Life"]
    assert life.freeze_panes == "B2"
    assert life["A2"].is_date
    assert str(life["A2"].value)[:10] == "2025-04-04"
    severities = book["Severities"]
    header = {cell.value: cell.column - 1 for cell in severities[1]}
    row = [cell.value for cell in severities[2]]
    ends = [row[header[name]] for name in ("Lost (low)", "Lost", "Lost (high)")]
    assert ends == [0.5, 0.8, 1]
    assert book.properties.created.year == 2000


@pytest.mark.usefixtures("no_chromium")
def test_pdf_has_pages_title_and_bookmarks(reports: dict[str, Report]) -> None:
    report = reports["situation"]
    pdf = pypdf.PdfReader(io.BytesIO(bytes(render(report, ".pdf"))))
    assert pdf.metadata is not None
    assert pdf.metadata.title == report.title
    titles = [item.title for item in pdf.outline if not isinstance(item, list)]
    assert titles == [*(section.title for section in report.sections), "Sources", "How to reproduce this report"]
    assert f"Page 2 of {len(pdf.pages)}" in pdf.pages[1].extract_text()
    text = "".join(page.extract_text() for page in pdf.pages)
    assert "no Chromium was found" in text


def test_markdown_tables_have_as_many_cells_as_columns(reports: dict[str, Report]) -> None:
    for report in reports.values():
        for line in str(render(report, ".md")).splitlines():
            if line.startswith("|"):
                bars = len(re.findall(r"(?<!\\)\|", line))
                assert bars >= 3
        text = str(render(report, ".md"))
        for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.M):
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


@pytest.mark.parametrize("kind", REAL_CASES)
def test_real_data(net: sc.Network, kind: str) -> None:
    """Every kind on the reference data, as page, workbook and text; no size grows out of hand."""
    subject, other = REAL_CASES[kind]
    products = ["iphone", "battery_electric_car"] if kind == "portfolio" else []
    report = build(net, kind, Scenario(on="2025-06-05", market="USA", products=products), subject, other)
    assert 1 <= len(report.answer) <= 4
    assert len(str(render(report, ".html"))) < 6 * MB
    assert len(report.sources.rows) > 5
    assert openpyxl.load_workbook(io.BytesIO(bytes(render(report, ".xlsx")))).sheetnames
    json.loads(str(render(report, ".json")))


@pytest.mark.browser
@pytest.mark.parametrize(("light", "scheme"), [(False, "light"), (False, "dark"), (True, "light"), (True, "dark")])
def test_page_in_a_browser(small: sc.Network, tmp_path: Path, browser: Browser, light: bool, scheme: str) -> None:
    """Opens from the disk, offline, on a phone: no error, no sideways scroll, figures drawn, axe finds nothing."""
    from axe_playwright_python.sync_playwright import Axe

    path = write_report(small, "event", SMALL, tmp_path / "a.html", "chn-18", light=light)
    assert path.stat().st_size < (MB if light else 6 * MB)
    page = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme, offline=True)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: problems.append("a name became a script"))
    page.goto(path.as_uri())
    for y in range(0, page.evaluate("document.documentElement.scrollHeight"), 700):
        page.evaluate(f"window.scrollTo(0, {y})")
        page.wait_for_timeout(60)
    assert problems == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    drawn = page.locator("figure picture img" if light else "figure .main-svg").count()
    assert drawn >= page.locator("figure").count() > 3
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(36, 36, 36)")
    found = Axe().run(page)
    page.close()
    assert [violation["id"] for violation in found.response["violations"]] == []


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_still_figures_are_steady(reports: dict[str, Report]) -> None:
    figures = [(figure.light, figure.dark) for figure in reports["product"].figures[:3]]
    first, second = stills(figures), stills(figures)
    assert first is not None
    assert first == second
    assert all(svg.startswith("<svg") for themes in first for svg in themes)
    assert all(light != dark for light, dark in first)


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_pdf_with_figures(small: sc.Network, tmp_path: Path) -> None:
    first = write_report(small, "product", SMALL, tmp_path / "a.pdf", "car").read_bytes()
    assert first == write_report(small, "product", SMALL, tmp_path / "b.pdf", "car").read_bytes()
    pdf = pypdf.PdfReader(io.BytesIO(first))
    text = "".join(page.extract_text() for page in pdf.pages)
    assert "no Chromium was found" not in text
    assert "What each event adds" in text  # the words of a figure
