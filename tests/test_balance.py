"""Exporters that are asked for more than they make."""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds import K, M, P, Rows, maker, world

from supplychain.balance import overdrawn

USERS = [maker("k", "JPN", 0.5), maker("k", "DEU", 0.5)]


def said(folder: Path, trade: Rows, production: Rows = (*M, *USERS, *P)) -> list[str]:
    net = world(folder, trade=trade, production=production)
    return [str(problem) for problem in overdrawn(net.tables, net.model.sourcing)]


def imports(importer: str, exporter: str, share: float) -> dict[str, object]:
    return {"good": "m", "importer": importer, "exporter": exporter, "share": share}


def test_more_than_it_makes(tmp_path: Path) -> None:
    found = said(tmp_path, [imports("JPN", "AUS", 0.6), imports("DEU", "AUS", 0.2), imports("DEU", "CHN", 0.8)])
    assert len(found) == 1
    assert "trade.csv:2 column share" in found[0]
    assert "asks AUS for 0.40 of the world's m, of which it makes 0.10" in found[0]


@pytest.mark.parametrize("share", [0.1, 0.15])
def test_as_much_as_it_makes_or_nearly(tmp_path: Path, share: float) -> None:
    rows = [imports(c, x, s) for c in ("JPN", "DEU") for x, s in (("AUS", share), ("CHN", 1 - share))]
    assert said(tmp_path, rows) == []


def test_who_makes_an_unknown_part_is_not_overdrawn(tmp_path: Path) -> None:
    named = [maker("m", "CHN", 0.9), maker("m", "AUS", None), *K, *P]
    assert said(tmp_path, [imports("JPN", "AUS", 1)], production=named) == []


def test_without_import_rows_it_balances(tmp_path: Path) -> None:
    assert said(tmp_path, []) == []
