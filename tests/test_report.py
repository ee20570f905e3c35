"""Reports: golden files of every kind and format, same bytes, valid pages, typed workbooks, PDFs with bookmarks."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import html5lib
import openpyxl
import pandas as pd
import pypdf
import pytest
from report_package import FORMULA, HOSTILE, small_package

import supplychain as sc
from supplychain import wording
from supplychain.errors import InputError, UnknownIdError
from supplychain.report import ENDINGS, build, render, words, write_report
from supplychain.report.model import Column, Report, Table
from supplychain.report.still import steady, stills
from supplychain.scenario import Scenario

GOLDEN = Path(__file__).parent / "golden" / "report"
RENEW = os.environ.get("RENEW_GOLDEN") == "1"  # write the golden files again; look at the difference before committing
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
MB = 1_000_000

SMALL = Scenario(on="2025-06-05", market="USA")
SMALL_CASES: dict[str, tuple[str | None, str | None]] = {
    "situation": (None, None),
    "product": ("car", None),
    "event": ("chn-18", None),
    "mineral": ("dysprosium", None),
    "country": ("CHN", None),
    "portfolio": (None, None),
    "comparison": (None, "2025-02-01"),
}
REAL_CASES: dict[str, tuple[str | None, str | None]] = {
    "situation": (None, None),
    "product": ("f35", None),
    "event": ("chn-2025-18", None),
    "mineral": ("dysprosium", None),
    "country": ("CHN", None),
    "portfolio": (None, None),
    "comparison": (None, "2025-12-05"),
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> sc.Network:
    return sc.load(small_package(tmp_path_factory.mktemp("report") / "data"))


@pytest.fixture(scope="module")
def reports(small: sc.Network) -> dict[str, Report]:
    return {kind: small_report(small, kind) for kind in SMALL_CASES}


def small_report(net: sc.Network, kind: str) -> Report:
    subject, other = SMALL_CASES[kind]
    scenario = SMALL.changed(products=["missile", "radio"]) if kind == "portfolio" else SMALL
    return build(net, kind, scenario, subject, other)


@pytest.fixture
def no_chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supplychain.report.html.stills", lambda figures, progress: None)


# --- golden files -----------------------------------------------------------------------------------------------------


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if RENEW:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{name} differs; RENEW_GOLDEN=1 writes it again"


@pytest.mark.parametrize("kind", SMALL_CASES)
@pytest.mark.parametrize("ending", [".md", ".json"])
def test_text_is_golden(reports: dict[str, Report], kind: str, ending: str) -> None:
    golden(f"{kind}{ending}", str(render(reports[kind], ending)))


@pytest.mark.parametrize("kind", SMALL_CASES)
def test_page_is_golden(reports: dict[str, Report], kind: str) -> None:
    """What a reader sees; style, scripts and the numbers inside figures are tested elsewhere."""
    page = str(render(reports[kind], ".html"))
    body = page[page.index("<body>") :]
    body = re.sub(r"<script.*?</script>", "<script></script>", body, flags=re.S)
    golden(f"{kind}.html", re.sub(r"min-height:\d+px", "min-height", body))


@pytest.mark.parametrize("kind", SMALL_CASES)
def test_workbook_is_golden(reports: dict[str, Report], kind: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(bytes(render(reports[kind], ".xlsx"))))  # type: ignore[arg-type]
    lines = []
    for sheet in book:
        lines.append(f"## {sheet.title} frozen={sheet.freeze_panes}")
        lines += [
            "\t".join(f"{c.data_type}:{c.value}" for c in row if c.value is not None) for row in sheet.iter_rows()
        ]
    golden(f"{kind}.xlsx.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("kind", SMALL_CASES)
@pytest.mark.usefixtures("no_chromium")
def test_pdf_is_golden(reports: dict[str, Report], kind: str) -> None:
    """The bookmarks and the number of pages at least."""
    pdf = pypdf.PdfReader(io.BytesIO(bytes(render(reports[kind], ".pdf"))))  # type: ignore[arg-type]
    golden(f"{kind}.pdf.txt", "\n".join(outline(pdf.outline)) + "\n")


def outline(items: list[Any], depth: int = 0) -> list[str]:
    lines: list[str] = []
    for item in items:
        lines += outline(item, depth + 1) if isinstance(item, list) else ["  " * depth + str(item.title)]
    return lines


# --- the same bytes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [e for e in ENDINGS if e != ".pdf"])
@pytest.mark.parametrize("kind", ["situation", "product"])
def test_same_question_same_bytes(tmp_path: Path, kind: str, ending: str) -> None:
    """Two networks, two builds, two files."""
    files = []
    for k in range(2):
        net = sc.load(small_package(tmp_path / f"data{k}"))
        path = write_report(net, kind, SMALL, tmp_path / f"{k}{ending}", SMALL_CASES[kind][0])
        files.append(path.read_bytes())
    assert files[0] == files[1]


@pytest.mark.usefixtures("no_chromium")
def test_same_question_same_pdf(small: sc.Network, tmp_path: Path) -> None:
    first = write_report(small, "event", SMALL, tmp_path / "a.pdf", "chn-18").read_bytes()
    second = write_report(small, "event", SMALL, tmp_path / "b.pdf", "chn-18").read_bytes()
    assert first == second


# --- what a report says -----------------------------------------------------------------------------------------------


def test_answer_keeps_short_apart_from_felt(small: sc.Network) -> None:
    """On the first day stocks cover all: short, but nothing lost; and it says so."""
    report = build(small, "situation", SMALL.changed(on="2025-04-05", events=["chn-18"]))
    frame = small.ask(SMALL.changed(on="2025-04-05", events=["chn-18"])).frame
    assert frame["short"].max() > 0.3
    assert frame["felt_high"].max() == 0
    assert "no output is lost yet" in report.answer[0]


def test_answer_says_linked_is_not_short(small: sc.Network) -> None:
    """Before any clause is in force, nothing is linked and the report says none."""
    report = build(small, "situation", SMALL.changed(on="2024-01-01"))
    assert report.answer == (
        "On 1 January 2024 none of the 4 products followed here in the United States is linked to a clause in force.",
    )


def test_numbers_of_the_table_are_those_of_the_network(small: sc.Network, reports: dict[str, Report]) -> None:
    frame = small.ask(SMALL).frame.set_index("product")
    table = table_of(reports["situation"], "ranking-table")
    assert [row["short"] for row in table.rows] == frame.loc[table.frame["product"], "short"].tolist()
    assert [row["felt_high"] for row in table.rows] == frame.loc[table.frame["product"], "felt_high"].tolist()


def test_changes_add_up_to_the_difference(small: sc.Network, reports: dict[str, Report]) -> None:
    table = table_of(reports["comparison"], "changes")
    a = small.ask(SMALL.changed(on="2025-02-01")).frame.set_index("product")["short"]
    b = small.ask(SMALL).frame.set_index("product")["short"]
    expected = (b - a).loc[table.frame["product"]]
    assert table.frame["change"].tolist() == pytest.approx(expected.tolist())
    assert table.frame["change"].abs().is_monotonic_decreasing


def test_every_kind_names_query_versions_and_seed(reports: dict[str, Report]) -> None:
    for kind, report in reports.items():
        made = dict(report.made_from)
        assert made["Kind of report"] == kind
        assert made["Query"].startswith("on=2025-06-05&market=USA")
        assert made["Data version"] == "0.test"
        assert made["Knowledge until"] == "2026-10-09"
        assert made["Code version"] == sc.__version__
        assert made["Seed"] == "0"
        assert {"evidence", "assumptions", "method"} <= {section.key for section in report.sections}
        method = next(section for section in report.sections if section.key == "method")
        assert len(method.blocks[0].lines) == 10  # type: ignore[union-attr]


def test_sources_resolve(reports: dict[str, Report], small: sc.Network) -> None:
    """Every cited source is in the list, once, and known to the data; every number leads to an anchor."""
    for report in reports.values():
        cited = {
            source
            for table in report.tables
            for column in table.columns
            if column.kind == "sources"
            for row in table.rows
            for source in words.sources_of(row[column.key])
        }
        listed = report.sources.frame["source_id"].tolist()
        assert sorted(listed) == sorted(cited)
        assert cited <= set(small.table("sources")["source_id"])
        page = str(render(report, ".html"))
        anchors = set(re.findall(r'id="(source-\d+)"', page))
        assert set(re.findall(r'href="#(source-\d+)"', page)) <= anchors
        assert len(anchors) == len(listed)
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        for link in re.findall(r'href="#([^"]+)"', page):
            assert link in ids


def table_of(report: Report, key: str) -> Table:
    return next(table for table in report.tables if table.key == key)


@pytest.mark.parametrize(
    ("kind", "subject", "on", "said"),
    [
        ("event", "chn-18", "2024-01-01", "By 1 January 2024 it has not begun. On 1 January 2024 it reaches none"),
        ("event", "chn-46", "2026-01-01", "On 1 January 2026 it is suspended (since 10 November 2025)."),
        ("event", "chn-46", "2026-12-01", "has run out and nothing says what followed (unconfirmed)"),
        ("product", "lamp", "2025-06-05", "lamp in the United States is not linked to any clause in force"),
        ("mineral", "dysprosium", "2024-01-01", "On 1 January 2024 no clause that acts is known to cover it."),
        ("country", "JPN", "2025-06-05", "On 5 June 2025 no clauses of Japan act on these chains."),
    ],
)
def test_answers_with_little_to_tell(small: sc.Network, kind: str, subject: str, on: str, said: str) -> None:
    report = build(small, kind, SMALL.changed(on=on), subject)
    assert said in " ".join(report.answer)
    for ending in (".html", ".md", ".xlsx", ".json"):
        assert render(report, ending)


# --- formats ----------------------------------------------------------------------------------------------------------


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
    book = openpyxl.load_workbook(io.BytesIO(bytes(render(report, ".xlsx"))))  # type: ignore[arg-type]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    lamps = [cell for cell in cells if cell.value == FORMULA]
    assert lamps
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in lamps)


def test_workbook_has_types_frozen_headers_and_sources(reports: dict[str, Report]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(bytes(render(reports["event"], ".xlsx"))))  # type: ignore[arg-type]
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
    pdf = pypdf.PdfReader(io.BytesIO(bytes(render(report, ".pdf"))))  # type: ignore[arg-type]
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


# --- writing ----------------------------------------------------------------------------------------------------------


def test_existing_file_needs_force(small: sc.Network, tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("mine")
    with pytest.raises(InputError, match="--force"):
        write_report(small, "situation", SMALL, path)
    assert path.read_text() == "mine"
    write_report(small, "situation", SMALL, path, force=True)
    assert path.read_text().startswith("# Exposure in the United States")


def test_failed_write_leaves_the_old_file(small: sc.Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.md"
    path.write_text("mine")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write_report(small, "situation", SMALL, path, force=True)
    assert path.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


@pytest.mark.parametrize(
    ("kind", "name", "subject", "said"),
    [
        ("situation", "a.doc", None, ".html, .pdf"),
        ("forecast", "a.md", None, "situation, product"),
        ("product", "a.md", None, "name it"),
        ("situation", "a.md", "car", "none in a situation report"),
        ("comparison", "a.md", None, "--other"),
        ("country", "a.md", "USA", "another country than the market"),
        ("situation", "missing/a.md", None, "can be written"),
    ],
)
def test_bad_questions(small: sc.Network, tmp_path: Path, kind: str, name: str, subject: str | None, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        write_report(small, kind, SMALL, tmp_path / name, subject)
    assert list(tmp_path.iterdir()) == []


def test_unknown_subject_names_the_nearest(small: sc.Network, tmp_path: Path) -> None:
    with pytest.raises(UnknownIdError, match="dysprosium"):
        write_report(small, "mineral", SMALL, tmp_path / "a.md", "disprosium")
    with pytest.raises(UnknownIdError, match="chn-18"):
        write_report(small, "event", SMALL, tmp_path / "a.md", "chn-19")


def test_portfolio_of_an_overlay(tmp_path: Path) -> None:
    """Without a list, the portfolio is what the overlay brings."""
    from data_builder import overlay

    own = overlay(
        tmp_path / "own",
        goods=[{"good": "pump", "name": "Our pump", "kind": "product", "stage": "product", "unit": "piece"}],
        bom=[{"output": "pump", "input": "magnet", "role": "part", "effect": "essential", "criticality": 1}],
    )
    net = sc.load(small_package(tmp_path / "data"), own)
    report = build(net, "portfolio", SMALL)
    assert [row["name"] for row in table_of(report, "ranking-table").rows] == ["Our pump"]
    assert dict(report.made_from)["Rows of your own data"] == "3"  # its source too
    with pytest.raises(InputError, match="Name them"):
        build(sc.load(tmp_path / "data"), "portfolio", SMALL)


def test_progress_rises_to_one(small: sc.Network, tmp_path: Path) -> None:
    told: list[float] = []
    write_report(small, "product", SMALL, tmp_path / "a.html", "car", progress=lambda done, _: told.append(done))
    assert told == sorted(told)
    assert told[-1] == 1.0


# --- words ------------------------------------------------------------------------------------------------------------


def test_cells() -> None:
    row = {"x": 0.4, "low": 0.2, "high": 0.998, "d": pd.Timestamp("2025-04-04"), "c": "low", "s": "b;a"}
    cases: list[tuple[Column, str]] = [
        (Column("x", "", "share", "low", "high"), "40 % (20 % to over 99 %)"),
        (Column("x", "", "points"), "+40 points"),
        (Column("d", "", "date"), "2025-04-04"),
        (Column("c", "", "confidence"), "●○○ low"),
        (Column("s", "", "sources"), "[2] [1]"),
    ]
    assert [words.cell(column, row, {"a": 1, "b": 2}) for column, _ in cases] == [said for _, said in cases]


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((float("nan"), float("nan"), float("nan")), "not by 4 April 2026 in any run"),
        (
            (float("nan"), float("nan"), 20.0),
            "not by 4 April 2026 in the central run (24 April 2025 in the severe run)",
        ),
        (
            (90.0, 60.0, 30.0),
            "from about 3 June 2025 (4 May 2025 in the severe run, 3 July 2025 in the mild run)",
        ),
        ((60.0, 60.0, 60.0), "from about 3 June 2025"),
    ],
)
def test_first_loss(ends: tuple[float, float, float], said: str) -> None:
    assert words.first_loss(*ends, date(2025, 4, 4), 365) == said


def test_unknown_is_not_zero() -> None:
    assert wording.share(float("nan")) == "unknown"
    assert words.cell(Column("x", "", "share"), {"x": None}, {}) == "unknown"
    assert wording.share(0.0) == "0 %"


def test_steady_drops_random_marks() -> None:
    svg = '<svg><defs id="defs-1a2b3c"><clipPath id="clip1a2b3cxy"/></defs><path d="M1.23456,2L-0.04,5"/></svg>'
    assert steady(svg) == '<svg><defs id="defs-fig"><clipPath id="clipfigxy"/></defs><path d="M1.2,2L-0,5"/></svg>'


# --- the reference data and a real browser ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", REAL_CASES)
def test_real_data(net: sc.Network, kind: str) -> None:
    """Every kind on the reference data, as page, workbook and text; no size grows out of hand."""
    subject, other = REAL_CASES[kind]
    products = ["iphone", "battery_electric_car"] if kind == "portfolio" else []
    report = build(net, kind, Scenario(on="2025-06-05", market="USA", products=products), subject, other)
    assert 1 <= len(report.answer) <= 4
    assert len(str(render(report, ".html"))) < 6 * MB
    assert len(report.sources.rows) > 5
    assert openpyxl.load_workbook(io.BytesIO(bytes(render(report, ".xlsx")))).sheetnames  # type: ignore[arg-type]
    json.loads(str(render(report, ".json")))


@pytest.fixture
def browse() -> Any:
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield lambda **options: browser.new_page(**options)
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize(("light", "scheme"), [(False, "light"), (False, "dark"), (True, "light"), (True, "dark")])
def test_page_in_a_browser(
    small: sc.Network, tmp_path: Path, browse: Callable[..., Any], light: bool, scheme: str
) -> None:
    """Opens from the disk, offline, on a phone: no error, no sideways scroll, figures drawn, axe finds nothing."""
    from axe_playwright_python.sync_playwright import Axe

    path = write_report(small, "event", SMALL, tmp_path / "a.html", "chn-18", light=light)
    assert path.stat().st_size < (MB if light else 6 * MB)
    page = browse(viewport={"width": 360, "height": 800}, color_scheme=scheme, offline=True)
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
    assert [violation["id"] for violation in found.response["violations"]] == []


@pytest.mark.browser
def test_still_figures_are_steady(reports: dict[str, Report]) -> None:
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium")
    figures = [(figure.light, figure.dark) for figure in reports["product"].figures[:3]]
    first, second = stills(figures), stills(figures)
    assert first is not None
    assert first == second
    assert all(svg.startswith("<svg") for themes in first for svg in themes)
    assert all(light != dark for light, dark in first)


@pytest.mark.browser
def test_pdf_with_figures(small: sc.Network, tmp_path: Path) -> None:
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium")
    first = write_report(small, "product", SMALL, tmp_path / "a.pdf", "car").read_bytes()
    assert first == write_report(small, "product", SMALL, tmp_path / "b.pdf", "car").read_bytes()
    pdf = pypdf.PdfReader(io.BytesIO(first))
    text = "".join(page.extract_text() for page in pdf.pages)
    assert "no Chromium was found" not in text
    assert "What each event adds" in text  # the words of a figure
