"""The tables that hypothetical events are read against."""

from __future__ import annotations

import pytest
from data_builder import package
from whatif_cases import COUNTRIES, GOODS

from supplychain.tables import Tables, load_tables


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = package(
        tmp_path_factory.mktemp("data"),
        goods=GOODS,
        countries=COUNTRIES,
        events=[{"event": "chn-1", "issuer": "CHN"}],
        event_scope=[{"event": "chn-1", "good": "gallium_metal"}],
        event_phases=[{"event": "chn-1"}],
        severities=[{"event": "chn-1"}],
    )
    return load_tables(folder)
