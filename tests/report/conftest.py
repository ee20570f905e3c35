"""A small network and its reports of every kind."""

from __future__ import annotations

import pytest
from report_cases import SMALL_CASES, small_report
from report_package import small_package

import supplychain as sc
from supplychain.report.model import Report


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> sc.Network:
    return sc.load(small_package(tmp_path_factory.mktemp("report") / "data"))


@pytest.fixture(scope="module")
def reports(small: sc.Network) -> dict[str, Report]:
    return {kind: small_report(small, kind) for kind in SMALL_CASES}


@pytest.fixture
def no_chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supplychain.report.html.stills", lambda figures, progress: None)
