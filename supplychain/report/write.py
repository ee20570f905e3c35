"""A question to a file: the ending tells the format, the file is written whole or not at all."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from supplychain.errors import InputError
from supplychain.files import check_target
from supplychain.network import Network
from supplychain.output import write_file
from supplychain.report.ask import Progress
from supplychain.report.kinds import build
from supplychain.report.model import Report
from supplychain.scenario import Scenario

ENDINGS = (".html", ".pdf", ".xlsx", ".md", ".json")
BUILT = 0.6  # share of the work done when the report is built and not yet written


def write_report(
    net: Network,
    kind: str,
    scenario: Scenario,
    path: Path | str,
    subject: str | None = None,
    other: Scenario | date | str | None = None,
    light: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write a report; the ending of `path` tells the format: .html, .pdf, .xlsx, .md or .json.

    kind: situation, product, event, mineral, country, portfolio or comparison; scenario: what is asked
    subject: good, event, commodity or country (kinds that are about one); other: a day, query or scenario to compare
    light: HTML with still figures, under 1 MB; force: replace an existing file; progress(share done, what)
    Returns the path. The same question gives the same bytes. A failed write leaves the old file as it was.
    Raises InputError, UnknownIdError.
    Example: write_report(net, "situation", Scenario(on="2025-06-05", market="USA"), "usa.html")
    """
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in ENDINGS:
        raise InputError("report", "--output", str(path), f"a file name that ends in {', '.join(ENDINGS)}")
    check_target(target, force, "report")  # before any work, and again by write_file
    if light and ending != ".html":
        raise InputError("report", "--light", str(path), "an .html file")

    def built(done: float, what: str) -> None:
        if progress is not None:
            progress(done * BUILT, what)

    report = build(net, kind, scenario, subject, other, built)

    def drawn(done: float, what: str) -> None:
        if progress is not None:
            progress(BUILT + done * (1 - BUILT), what)

    write_file(target, render(report, ending, light, drawn), force)
    if progress is not None:
        progress(1.0, "written")
    return target


def render(report: Report, ending: str, light: bool = False, progress: Progress | None = None) -> str | bytes:
    """The content of a file of one format."""
    if ending == ".html":
        from supplychain.report.html import light_page, page

        return light_page(report, progress) if light else page(report, progress)
    if ending == ".pdf":
        from supplychain.report.pdf import pdf

        return pdf(report, progress)
    if ending == ".xlsx":
        from supplychain.report.xlsx import workbook

        return workbook(report)
    from supplychain.report.text import markdown, to_json

    return markdown(report) if ending == ".md" else to_json(report)
