"""Small questions for every kind of report."""

from __future__ import annotations

import supplychain as sc
from supplychain.report import build
from supplychain.report.model import Report, Table
from supplychain.scenario import Scenario

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


def small_report(net: sc.Network, kind: str) -> Report:
    subject, other = SMALL_CASES[kind]
    scenario = SMALL.changed(products=["missile", "radio"]) if kind == "portfolio" else SMALL
    return build(net, kind, scenario, subject, other)


def table_of(report: Report, key: str) -> Table:
    return next(table for table in report.tables if table.key == key)
