"""Golden files of every kind and format, and the same bytes for the same question."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from report_cases import SMALL, SMALL_CASES
from report_package import small_package

import supplychain as sc
from supplychain.report import ENDINGS, render, write_report
from supplychain.report.model import Report

GOLDEN = Path(__file__).parents[1] / "golden" / "report"
RENEW = os.environ.get("RENEW_GOLDEN") == "1"  # write the golden files again; look at the difference before committing


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
    book = openpyxl.load_workbook(io.BytesIO(bytes(render(reports[kind], ".xlsx"))))
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
    pdf = pypdf.PdfReader(io.BytesIO(bytes(render(reports[kind], ".pdf"))))
    golden(f"{kind}.pdf.txt", "\n".join(outline(pdf.outline)) + "\n")


def outline(items: list[Any], depth: int = 0) -> list[str]:
    lines: list[str] = []
    for item in items:
        lines += outline(item, depth + 1) if isinstance(item, list) else ["  " * depth + str(item.title)]
    return lines


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
