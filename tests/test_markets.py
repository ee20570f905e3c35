"""Every country at once gives what one country at a time gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner
from worlds import P, clause, goods, maker, world

import supplychain as sc
from supplychain.cli import app
from supplychain.readings import READINGS

DAY = "2025-06-05"


def test_by_hand(tmp_path: Path) -> None:
    frame = world(tmp_path, clause(severity=0.5)).markets(DAY)
    assert frame[["market", "product", "short"]].values.tolist() == [
        [code, "p", pytest.approx(0.45)]
        for code in ("AUS", "CHN", "JPN", "USA")  # all buy from the only maker
    ]


def test_as_one_market_at_a_time(net: sc.Network) -> None:
    frame = net.markets(DAY)
    for market in ("USA", "CHN", "JPN", "DEU", "ARM"):
        mine = frame[frame["market"] == market].set_index("product")
        one = net.exposure(DAY, market).static.set_index("product")
        assert mine.index.tolist() == one.index.tolist()
        assert (mine[["name", "end_use", *READINGS]] == one[["name", "end_use", *READINGS]]).all(axis=None)


def test_a_military_product_only_where_it_is_made_unless_named(tmp_path: Path) -> None:
    arms = [{**row, "end_use": "military"} if row["good"] == "p" else row for row in goods("m", "k", "p")]
    makers = [maker("m", "CHN"), maker("k", "JPN"), *P]
    net = world(tmp_path, clause(), goods=arms, production=makers)
    assert net.markets(DAY)["market"].tolist() == ["USA"]
    assert net.markets(DAY, ["p"])["market"].tolist() == ["CHN", "JPN", "USA"]


def test_options_are_those_of_exposure(net: sc.Network) -> None:
    spec = ("CHN stops gallium at 0.8 from 2025-01-01",)
    frame = net.markets(DAY, ["f35"], events=(), what_if=spec, sharing="shared").set_index("market")
    one = net.exposure(DAY, "USA", ["f35"], events=[], what_if=spec, sharing="shared")
    assert frame.at["USA", "short"] == one.static["short"].item()
    with pytest.raises(sc.UnknownIdError, match="f35"):
        net.markets(DAY, ["f36"])


def test_command_line() -> None:
    found = CliRunner().invoke(app, ["markets", "--on", DAY, "--product", "f35", "--format", "csv"])
    assert found.exit_code == 0, found.stderr
    lines = found.stdout.splitlines()
    assert lines[0] == "market,product,name,end_use,linked,dependent,short_low,short,short_high"
    assert len(lines) > 100
