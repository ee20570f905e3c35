"""What is solved and simulated ahead, kept small and shared, says the same as the network."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

import supplychain as sc
from dashboard import controls
from dashboard import shared as shared_room
from dashboard.app import days_ahead, questions_ahead
from dashboard.shared import Shared
from dashboard.state import default_day
from supplychain import model, timeline
from supplychain.scenario import Scenario


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


def test_what_is_simulated_ahead_answers_every_day_market_and_product_of_its_year(
    net: sc.Network, shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Scenario(on=date(2024, 1, 1), market="KOR")
    shared.ahead([first, first.changed(market="MEX")])

    def never(*_: object) -> None:
        raise AssertionError("simulated again")

    questions = [("2024-02-29", "KOR", None), ("2024-12-31", "MEX", ["f35", "EV"])]
    plain = [net.exposure(*question).frame for question in questions]
    monkeypatch.setattr(timeline, "simulate", never)
    for question, frame in zip(questions, plain, strict=True):
        pd.testing.assert_frame_equal(shared.exposure(*question).frame, frame)


def test_ahead_is_what_the_controls_of_every_page_can_ask(net: sc.Network) -> None:
    years = range(controls.FIRST_DAY.year, controls.last_day(net).year + 1)
    for sharing in ("fixed", "shared"):
        asked = {(s.market, s.on.year, s.sharing) for some in questions_ahead(net, sharing) for s in some}
        assert asked == set(itertools.product(net.table("countries")["country"], years, (sharing,)))
        assert next(iter(questions_ahead(net, sharing)))[0].on.year == default_day(net).year


def test_days_ahead_are_the_stops_of_the_player_and_today(net: sc.Network) -> None:
    stops = {controls.FIRST_DAY + timedelta(days=number) for number in controls.turning_days(net)}
    asked = days_ahead(net, "shared")
    assert {scenario.on for scenario in asked} == {default_day(net), *stops}
    assert asked[0].on == default_day(net)
    assert {scenario.sharing for scenario in asked} == {"shared"}


@pytest.mark.parametrize("sharing", ["fixed", "shared"])
def test_a_day_that_one_process_solved_ahead_another_reads(
    net: sc.Network, sharing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, question = Shared(net.tables), ("2025-06-05", "USA", ["f35", "smartphone"])
    plain = net.exposure(*question, sharing=sharing)
    child = os.fork()
    if not child:
        base.solve_ahead(Scenario(on=date(2025, 6, 5), market="JPN", sharing=sharing))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

    def never(*_: object) -> None:
        raise AssertionError("solved again")

    monkeypatch.setattr(model, "availability", never)
    read = base.exposure(*question, sharing=sharing)
    pd.testing.assert_frame_equal(read.static, plain.static)
    pd.testing.assert_frame_equal(read.explain("f35"), plain.explain("f35"))


def test_one_question_is_simulated_once_by_all_that_wait_for_it(
    net: sc.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, runs = Shared(net.tables), []

    def counted(self: Shared, *results: Any) -> Any:
        runs.append(len(results))
        return sc.Network.simulated_anew(self, *results)

    monkeypatch.setattr(Shared, "simulated_anew", counted)
    with ThreadPoolExecutor(4) as threads:
        found = list(
            threads.map(lambda _: alone.exposure("2023-12-01", "USA", ["laser_cutter"]).frame["felt"].item(), range(4))
        )
    assert len(runs) == 1
    assert len(set(found)) == 1


def test_a_lock_that_a_killed_worker_left_is_let_go(net: sc.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_room, "PATIENCE", 0.1)
    alone = Shared(net.tables)
    for lock in alone._at_work:
        lock.acquire()
    assert alone.exposure("2023-12-01", "USA", ["laser_cutter"]).simulated is not None
    assert alone.exposure("2023-12-02", "JPN", ["laser_cutter"]).simulated is not None
    free = [lock.acquire(block=False) for lock in alone._at_work]
    assert any(free)


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
