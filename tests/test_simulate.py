"""The daily simulation: examples of the design, hand-computed cases, arguments."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from oracle_days import made_in_japan, random_case
from scipy.sparse import csr_array

from supplychain.availability import Chain, Restrictions
from supplychain.errors import InputError
from supplychain.simulate import Path, Segment, simulate
from supplychain.timeline import summarise_losses


def stop(days: int | None) -> list[Segment]:
    own = np.ones((4, 1))
    start = Segment(0, Restrictions(own, np.array([0]), np.array([[1.0]])))
    end = Segment(days or 0, Restrictions(own, np.zeros(0, dtype=np.intp), np.zeros((0, 1))))
    return [start] if days is None else [start, end]


@dataclass
class Summary:
    """One run in figures, each (rows, 1): of nodes the exact first day and the need that bound on it."""

    first_day: np.ndarray
    worst: np.ndarray
    days_lost: np.ndarray
    recovered: np.ndarray
    ran_out: np.ndarray


def summarise(path: Path) -> tuple[Summary, Summary]:
    """The watched supplies and the watched nodes; a supply has no stock of its own: its first day is a whole day."""
    found = [
        {name: np.array(values)[:, None] for name, values in summarise_losses(1.0 - left[:, :, 0]).items()}
        for left in (path.supply, path.node)
    ]
    nothing = np.full(found[0]["first_day"].shape, -1)
    nodes = found[1] | {"first_day": path.node_first}
    return Summary(**found[0], ran_out=nothing), Summary(**nodes, ran_out=path.node_ran_out)


def run(segments: list[Segment], stock: list[float], transit: list[int], days: int = 400) -> tuple[Summary, Summary]:
    path = simulate(
        made_in_japan(), segments, np.ones((2, 1)), np.array([False]), np.array([[s] for s in stock]),
        np.array(transit), 0.1, days, np.array([2]), np.array([2, 3]),
    )  # fmt: skip
    return summarise(path)


def test_example_7_first_loss_is_when_the_cover_has_run_out() -> None:
    _, node = run(stop(None), [60.0, 0.0], [0, 0, 0, 0])
    assert node.first_day[0, 0] == pytest.approx(66 + 2 / 3)
    assert node.ran_out[0, 0] == 0
    assert node.worst[0, 0] == pytest.approx(0.9)
    assert np.isnan(node.recovered[0, 0])


def test_example_7_a_stop_shorter_than_the_cover_costs_nothing() -> None:
    product, node = run(stop(60), [60.0, 0.0], [0, 0, 0, 0])
    for summary in (product, node):
        assert np.isnan(summary.first_day).all()
        assert np.isnan(summary.recovered).all()
        assert (summary.days_lost == 0).all()
        assert (summary.ran_out == -1).all()


LEGS = [20, 0, 15, 0]  # CHN to JPN, AUS to JPN, JPN to USA, at home


def test_example_24_stop_without_end() -> None:
    product, node = run(stop(None), [60.0, 30.0], LEGS)
    assert node.first_day[:, 0] == pytest.approx([86 + 2 / 3, 135])
    assert product.first_day[0, 0] in (134, 135)
    assert node.ran_out[:, 0].tolist() == [0, 1]


def test_example_24_stop_of_90_days() -> None:
    product, node = run(stop(90), [60.0, 30.0], LEGS)
    assert node.days_lost[:, 0] == pytest.approx([21, 0], abs=1e-9)
    assert node.recovered[0, 0] == 110
    assert np.isnan(node.first_day[1, 0])
    assert np.isnan(product.first_day[0, 0])


def test_example_24_stop_of_120_days() -> None:
    product, node = run(stop(120), [60.0, 30.0], LEGS)
    assert node.days_lost[:, 0] == pytest.approx([48, 18], abs=1e-9)
    assert node.recovered[:, 0].tolist() == [140, 155]
    assert node.first_day[1, 0] == pytest.approx(135)
    assert product.first_day[0, 0] == 135
    assert product.days_lost[0, 0] == pytest.approx(18)
    assert product.recovered[0, 0] == 155


def test_own_stop_has_no_cover_and_no_binding_input() -> None:
    own = np.array([[1.0], [1.0], [0.4], [1.0]])
    segments = [Segment(3, Restrictions(own, np.zeros(0, dtype=np.intp), np.zeros((0, 1))))]
    product, node = run(segments, [60.0, 2.0], [0, 0, 5, 0], days=30)
    assert node.first_day[:, 0] == pytest.approx([3, 11 + 0.2 / 0.6])  # 2 days of K last 3.33 days at 0.6 missing
    assert node.ran_out[:, 0].tolist() == [-1, 1]
    assert product.first_day[0, 0] == 11
    assert node.days_lost[:, 0] == pytest.approx([27 * 0.6, 22 * 0.6 - 2])


def test_refill_lets_a_second_stop_be_borne() -> None:
    """10 days of stock, stops of 10 days at 0.9, 50 days apart: 0.1 a day refills 5 of the 9 days used."""
    own, none = np.ones((4, 1)), np.zeros(0, dtype=np.intp)
    stops = [Segment(start, Restrictions(own, *((np.array([0]), np.ones((1, 1))) if on else (none, np.zeros((0, 1))))))
             for start, on in [(0, True), (10, False), (60, True), (70, False)]]  # fmt: skip
    _, node = run(stops, [10.0, 0.0], [0, 0, 0, 0], days=200)
    assert node.days_lost[0, 0] == pytest.approx(9 - (10 - 9 + 5))
    assert node.first_day[0, 0] == pytest.approx(66 + (6 - 6 * 0.9) / 0.9)
    assert node.recovered[0, 0] == 70


def test_what_is_under_way_when_a_stop_begins_still_arrives() -> None:
    product, node = run(stop(5), [0.0, 0.0], [20, 0, 15, 0])
    assert node.first_day[:, 0].tolist() == [20, 35]
    assert node.days_lost[:, 0] == pytest.approx([4.5, 4.5])
    assert product.recovered[0, 0] == 40


@pytest.mark.parametrize("days", [0, 3])
def test_a_loop_that_could_stay_down_comes_back(days: int) -> None:
    """Two nodes that live on each other: the greatest fixed point, or what was shipped a lap ago."""
    one = np.ones(2)
    chain = Chain(csr_array(np.eye(2)), np.array([0, 1]), np.array([1, 0]), np.array([0, 1]), one, one * 0, one > 0)
    none = np.zeros(0, dtype=np.intp), np.zeros((0, 1))
    halted = [
        Segment(2, Restrictions(np.array([[0.5], [1.0]]), *none)),
        Segment(4, Restrictions(np.ones((2, 1)), *none)),
    ]
    path = simulate(chain, halted, np.ones((2, 1)), np.array([False]), np.zeros((2, 1)), np.array([0, days]), 0.1, 20,
                    np.array([0]), np.array([0, 1]))  # fmt: skip
    node = path.node[:, :, 0]
    assert (node[:2] == 1).all()
    assert node[2:4, 0].tolist() == [0.5] * 2
    assert node[2:4, 1].tolist() == [0.5] * 2
    if days == 0:
        assert (node[4:] == 1).all()
    else:  # two days of three were lost, and are lost again on every lap
        assert node[4:, 0].tolist() == [1 if (t - 2) % 3 == 2 else 0.5 for t in range(4, 20)]


def test_progress_ends_at_the_last_day() -> None:
    case, seen = random_case(3), []
    simulate(case.chain, case.segments, case.criticality, case.lone, case.stock, case.transit, 0.1, 77,
             np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), progress=seen.append)  # fmt: skip
    assert seen == sorted(seen)
    assert seen[-1] == 77


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"days": 0}, "days"),
        ({"refill": -0.1}, "refill"),
        ({"refill": float("nan")}, "refill"),
        ({"sharing": "fair"}, "sharing"),
        ({"stock": np.array([[-1.0], [0.0]])}, "stock"),
        ({"stock": np.array([[np.nan], [0.0]])}, "stock"),
        ({"stock": np.zeros((3, 1))}, "stock"),
        ({"transit": np.array([0, 0, -1, 0])}, "transit"),
        ({"transit": np.array([0, 0, 1.5, 0])}, "transit"),
        ({"transit": np.array([0, 0, 1])}, "transit"),
        ({"lone": np.array([False, True])}, "lone"),
        ({"segments": [*stop(10), *stop(None)]}, "segments"),
        ({"segments": [replace(stop(None)[0], start=-1)]}, "segments"),
        ({"segments": [Segment(0, Restrictions(np.ones((4, 2)), np.array([0]), np.ones((1, 2))))]}, "segments"),
    ],
)
def test_a_bad_argument_is_named(change: dict[str, object], argument: str) -> None:
    arguments: dict[str, object] = {
        "chain": made_in_japan(), "segments": stop(None), "criticality": np.ones((2, 1)), "lone": np.array([False]),
        "stock": np.zeros((2, 1)), "transit": np.zeros(4, dtype=np.intp), "refill": 0.1, "days": 10,
        "watch_supply": np.array([2]), "watch_node": np.array([3]),
    }  # fmt: skip
    with pytest.raises(InputError) as caught:
        simulate(**{**arguments, **change})
    assert caught.value.argument == argument
