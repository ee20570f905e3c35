"""Simulations that are kept small and shared say the same as those of the network."""

from __future__ import annotations

import os

import pandas as pd
import pytest

import supplychain as sc
from dashboard.felt import Shared
from supplychain import timeline


@pytest.fixture(scope="module")
def shared(net: sc.Network) -> Shared:
    return Shared(net.tables)


QUESTIONS = [
    ("2025-06-05", "USA", {}),
    ("2025-06-05", "USA", {"end_use": "military"}),
    ("2025-06-05", "DEU", {"products": ["f35"]}),
]


@pytest.mark.parametrize(("on", "market", "more"), QUESTIONS)
def test_same_answer_as_the_network(net: sc.Network, shared: Shared, on: str, market: str, more: dict) -> None:
    plain = net.exposure(on, market, **more)
    for _ in range(2):  # simulated, then read again
        kept = shared.exposure(on, market, **more)
        pd.testing.assert_frame_equal(kept.frame, plain.frame)
        assert kept.simulated is not None
        assert plain.simulated is not None
        assert (kept.simulated.start, kept.simulated.until) == (plain.simulated.start, plain.simulated.until)
        assert kept.simulated.assumptions == plain.simulated.assumptions
        pd.testing.assert_frame_equal(kept.simulated.summary, plain.simulated.summary)


def test_nothing_in_force_is_kept_too(net: sc.Network, shared: Shared) -> None:
    event = str(net.table("events")["event"].iloc[-1])
    for _ in range(2):
        assert shared.exposure("1990-01-01", "JPN", events=[event]).simulated is None


def test_what_one_process_simulated_another_reads(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    question = ("2025-06-06", "JPN", ["f35"])
    child = os.fork()
    if not child:
        shared.exposure(*question).frame  # noqa: B018
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

    def never(*_: object) -> None:
        raise AssertionError("simulated again")

    monkeypatch.setattr(timeline, "simulate", never)
    assert shared.exposure(*question).frame["felt"].item() >= 0
