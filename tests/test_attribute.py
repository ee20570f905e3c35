"""Contributions and differences: hand-computed games, sums, and random scenarios on reference data."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from worlds import EDGES, ON, K, M, P, Rows, clause, goods, maker, world

import supplychain as sc
from supplychain.attribute import EXACT_PLAYERS, shapley


def two_inputs(folder: Path, *clauses: Mapping[str, Rows]) -> sc.Network:
    return world(
        folder,
        *clauses,
        goods=goods("m", "n", "k", "p"),
        production=[*M, *K, *P, maker("n", "KOR")],
        bom=[*EDGES, {"output": "k", "input": "n"}],
    )


def test_exact_equals_the_mean_over_all_orders() -> None:
    rng = np.random.default_rng(1)
    players = 4
    table = rng.random(2**players)
    table[0] = 0

    def value(on: np.ndarray) -> np.ndarray:
        return table[on @ (1 << np.arange(players))][:, None]

    expected = np.zeros(players)
    orders = list(permutations(range(players)))
    for order in orders:
        on = np.zeros((1, players), dtype=bool)
        for who in order:
            before = value(on)[0, 0]
            on[0, who] = True
            expected[who] += value(on)[0, 0] - before
    values, errors = shapley(value, players)
    assert values[:, 0] == pytest.approx(expected / len(orders))
    assert not errors.any()
    assert values.sum() == pytest.approx(table[-1])


def test_sampled_orders_add_up_and_come_near() -> None:
    players = EXACT_PLAYERS + 2
    worth = np.arange(players, dtype=float)

    def value(on: np.ndarray) -> np.ndarray:
        return np.minimum(on @ worth, 60.0)[:, None]

    values, errors = shapley(value, players)
    assert values.sum() == pytest.approx(60)
    assert values[0, 0] == 0
    assert (errors[1:] > 0).all()
    again, _ = shapley(value, players)
    assert (again == values).all()


def test_no_player_no_value() -> None:
    values, _ = shapley(lambda on: np.zeros((len(on), 1)), 0)
    assert values.shape == (0, 1)


def test_contributions_add_up_to_short_on_reference_data(net: sc.Network) -> None:
    x = net.exposure("2025-06-05", "USA", ["battery_electric_car"])
    short = x.readings("battery_electric_car")[3]
    for by in ("event", "commodity"):
        found = x.contributions("EV", by)
        assert found["shapley"].sum() == pytest.approx(short, abs=1e-9)
        assert (found["alone"] <= short + 1e-9).all()


@pytest.mark.parametrize("sharing", ["shared", "first"])
def test_contributions_add_up_under_sharing(tmp_path: Path, sharing: str) -> None:
    net = two_inputs(tmp_path, clause("a", 0.6), clause("b", 0.3, destinations="USA"), clause("c", 0.4, good="n",
                     issuer="KOR"))  # fmt: skip
    x = net.exposure(ON, "USA", sharing=sharing)
    assert x.contributions("p")["shapley"].sum() == pytest.approx(x.readings("p")[3], abs=1e-12)


def test_difference_of_two_days_names_the_event(tmp_path: Path) -> None:
    late = clause("b", 0.4, good="n", issuer="KOR")
    late["event_phases"] = [{"event": "b", "from": "2025-05-15"}]
    net = two_inputs(tmp_path, clause("a", 0.2), late)
    found = net.difference(net.exposure("2025-05-14", "USA"), net.exposure("2025-05-15", "USA")).iloc[0]
    assert (found["short_a"], found["short_b"]) == pytest.approx((0.18, 0.4))
    assert found["b"] == pytest.approx(found["change"]) == pytest.approx(0.22)
    assert "a" not in found  # unchanged, so no player


def test_difference_of_options_has_a_column_of_its_own(tmp_path: Path) -> None:
    net = world(tmp_path, clause(), production=[M[0], maker("m", "AUS", 0.1, spare=0.5), *K, *P])
    found = net.difference(net.exposure(ON, "USA"), net.exposure(ON, "USA", sharing="first")).iloc[0]
    assert found["change"] == pytest.approx(-0.05)
    assert found["data and options"] == pytest.approx(-0.05)


def test_difference_columns_add_up_on_reference_data(net: sc.Network) -> None:
    products = ["f35", "battery_electric_car", "smartphone", "tomahawk"]
    a, b = (net.exposure(on, "USA", products) for on in ("2024-11-01", "2025-06-05"))
    found = net.difference(a, b)
    assert set(found["product"]) == set(products)
    columns = found.columns[4:]
    assert found[columns].sum(axis=1).to_numpy() == pytest.approx(found["change"].to_numpy(), abs=1e-9)


def test_difference_with_itself_is_nothing(tmp_path: Path) -> None:
    x = two_inputs(tmp_path, clause("a", 0.6)).exposure(ON, "USA")
    found = x._net.difference(x, x)
    assert found["change"].item() == 0
    assert list(found.columns) == ["product", "short_a", "short_b", "change"]


def test_bad_questions_are_one_error(tmp_path: Path) -> None:
    net = two_inputs(tmp_path, clause("a", 0.6))
    x = net.exposure(ON, "USA")
    with pytest.raises(sc.InputError, match="event, commodity"):
        x.contributions("p", by="colour")
    with pytest.raises(sc.InputError, match="shapley, alone"):
        x.contributions("p", method="magic")
    with pytest.raises(sc.UnknownIdError, match="good 'z'"):
        x.contributions("z")
    with pytest.raises(sc.InputError, match="market"):
        net.difference(x, net.exposure(ON, "JPN"))
