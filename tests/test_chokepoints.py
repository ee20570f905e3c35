"""Stops of one country and good: against what-ifs solved one by one, and hand cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds import EDGES, K, M, P, goods, maker, world

import supplychain as sc


def test_hand_case(tmp_path: Path) -> None:
    found = world(tmp_path).chokepoints("USA").set_index(["country", "good"])
    assert found["worst"].to_dict() == pytest.approx(
        {("JPN", "k"): 1, ("USA", "p"): 1, ("CHN", "m"): 0.9, ("AUS", "m"): 0.1}
    )
    assert (found["worst_product"] == "p").all()


def test_every_stop_equals_the_same_what_if(net: sc.Network) -> None:
    products = ["f35", "battery_electric_car", "smartphone"]
    found = net.chokepoints("USA", top=12, products=products)
    for row in found.to_dict("records"):
        spec = f"{row['country']} halts {row['good']} at 1 from 2025-01-01"
        x = net.exposure("2025-01-02", "USA", products, events=(), what_if=[spec], end_use="civil")
        losses = [x.readings(p)[3] for p in products]
        assert max(losses) == pytest.approx(row["worst"], abs=1e-12)
        assert sum(losses) / 3 == pytest.approx(row["mean"], abs=1e-12)


def test_pairs_reinforce_inside_one_good(tmp_path: Path) -> None:
    found = world(tmp_path).pairs("USA", "p")
    assert found[["country_a", "country_b"]].to_numpy().tolist() == [["AUS", "CHN"]]
    assert found["both"].item() == pytest.approx(1)
    assert found["extra"].item() == pytest.approx(0.1)


def test_pairs_inside_a_group(tmp_path: Path) -> None:
    bom = [
        {"output": "k", "input": "m", "group": "g", "group_share": 1, "takeover": 0},
        {"output": "k", "input": "n", "group": "g", "group_share": 0, "takeover": 0.4},
        EDGES[1],
    ]
    net = world(tmp_path, goods=goods("m", "n", "k", "p"), production=[*M, *K, *P, maker("n", "KOR")], bom=bom)
    found = net.pairs("USA", "p").set_index(["good_a", "good_b"])
    assert found.loc[("m", "n"), "both"].max() == pytest.approx(0.9)
    assert found.loc[("m", "n"), "extra"].max() == pytest.approx(0.36)


def test_leverage_leaves_the_market_out(tmp_path: Path) -> None:
    found = world(tmp_path).leverage("USA").set_index("country")["worst"]
    assert found.to_dict() == pytest.approx({"JPN": 1, "CHN": 0.9, "AUS": 0.1})


def test_minimal_cuts(tmp_path: Path) -> None:
    production = [maker("m", "CHN", 0.6), maker("m", "AUS", 0.4), *K, *P]
    net = world(tmp_path, production=production)
    found = net.minimal_cuts("USA", "p", 0.1, most=2)
    assert found[["size", "stops"]].to_numpy().tolist() == [[1, "JPN k"], [1, "USA p"], [2, "AUS m; CHN m"]]


def test_bad_levels_are_one_error(tmp_path: Path) -> None:
    net = world(tmp_path)
    with pytest.raises(sc.InputError, match="level"):
        net.minimal_cuts("USA", "p", 1.5)
    with pytest.raises(sc.InputError, match="most"):
        net.minimal_cuts("USA", "p", 0.5, most=9)
