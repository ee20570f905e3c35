"""A world of a few events, and those of the reference data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from clauses import World

from supplychain.events import Calendar
from supplychain.tables import Tables, load_tables


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    count = iter(range(100))
    return lambda **tables: World(tmp_path / str(next(count)), **tables)


@pytest.fixture(scope="module")
def reference() -> Tables:
    return load_tables()


@pytest.fixture(scope="module")
def calendar(reference: Tables) -> Calendar:
    return Calendar(reference)
