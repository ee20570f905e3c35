"""The small data package that hostile cases are tried on."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_package import small_package

import supplychain as sc


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_package(tmp_path_factory.mktemp("fuzz") / "data")


@pytest.fixture(scope="module")
def small_net(small: Path) -> sc.Network:
    return sc.load(small)
