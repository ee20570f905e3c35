"""A report as PDF: the same page on paper, with page numbers and bookmarks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from supplychain.errors import InputError
from supplychain.report.ask import Progress
from supplychain.report.html import print_page
from supplychain.report.model import Report

EPOCH = "946684800"  # 2000-01-01: the same bytes for the same query


def pdf(report: Report, progress: Progress | None = None) -> bytes:
    """The report as PDF. Raises InputError where WeasyPrint is not installed."""
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        raise InputError(
            "report", "--output", ".pdf", ".html, .xlsx, .md or .json here",
            f"For PDF install the extra: pip install 'rare-earth-exposure[pdf]' ({error}).",
        ) from None  # fmt: skip
    html = print_page(report, progress)
    with _fixed_date():
        found: bytes = HTML(string=html, base_url=None).write_pdf(pdf_identifier=b"report", uncompressed_pdf=False)
    return found


@contextmanager
def _fixed_date() -> Iterator[None]:
    """Fonts in the file carry the day of writing unless told otherwise."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ.setdefault("SOURCE_DATE_EPOCH", EPOCH)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
