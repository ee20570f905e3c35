"""What a report says: short apart from felt, numbers of the network, sources that resolve, words."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd
import pytest
from report_cases import SMALL, table_of

import supplychain as sc
from supplychain import wording
from supplychain.report import build, render, words
from supplychain.report.model import Column, Report
from supplychain.report.still import steady


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
        assert len(method.blocks[0].lines) == 10


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
