"""Daily simulation: the worked examples, a plain daily loop as oracle, and properties on random networks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from supplychain.availability import Chain, Restrictions
from supplychain.simulate import Segment, Summary, simulate, summarise

STOP = {0: 1.0}  # link 0 is the shipment of M from CHN to JPN


def made_in_japan() -> Chain:
    """Nodes M in CHN, M in AUS, K in JPN, P in USA; supplies M in JPN, K in USA, P in USA."""
    share = csr_array(np.array([[0.9, 0.1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    whole = np.array([0, 1])
    return Chain(share, np.array([2, 3]), whole, whole, np.ones(2), np.zeros(2), np.ones(2, dtype=bool))


def stop(days: int | None) -> list[Segment]:
    own = np.ones((4, 1))
    start = Segment(0, Restrictions(own, np.array([0]), np.array([[1.0]])))
    end = Segment(days or 0, Restrictions(own, np.zeros(0, dtype=np.intp), np.zeros((0, 1))))
    return [start] if days is None else [start, end]


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
