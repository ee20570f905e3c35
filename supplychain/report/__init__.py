"""Reports that can be sent on: one model of a report, written as HTML, PDF, XLSX, Markdown or JSON."""

from supplychain.report.kinds import KINDS, build
from supplychain.report.write import ENDINGS, render, write_report

__all__ = ["ENDINGS", "KINDS", "build", "render", "write_report"]
