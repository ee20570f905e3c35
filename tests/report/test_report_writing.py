"""Reports as files: force, failed writes, bad questions, progress."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from report_cases import SMALL, table_of
from report_package import small_package

import supplychain as sc
from supplychain.errors import InputError, UnknownIdError
from supplychain.report import build, write_report


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
