"""The reference data, as they are and without ranges."""

from __future__ import annotations

import pytest
from draw_cases import without_ranges

import supplychain as sc
from supplychain.draws import DRAWN


@pytest.fixture(scope="module")
def known() -> sc.Network:
    return without_ranges(*(name for name, _, _ in DRAWN))
