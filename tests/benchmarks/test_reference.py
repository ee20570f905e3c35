"""Speed on the reference data: `pytest tests/benchmarks/test_reference.py --benchmark-enable` prints the figures.

Targets on two free cores: all products in all markets under 100 ms after loading, the same day again under 20 ms; every
stop of a country and good under 15 s; three years of days under 5 s; 10,000 draws of the static readings under 20 s.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

import supplychain as sc
from supplychain.events import Calendar
from supplychain.tables import load_tables

DAYS = (date(2025, 1, 1) + timedelta(days=k) for k in count())  # a day of its own for every call: nothing is kept


@pytest.fixture(scope="module")
def net() -> sc.Network:
    loaded = sc.load()
    loaded.markets("2024-12-31")
    return loaded


def within(benchmark: Any, seconds: float) -> None:
    if benchmark.enabled:
        assert benchmark.stats["median"] < seconds


def test_reading_the_tables(benchmark: Any) -> None:
    tables = benchmark.pedantic(lambda: load_tables(strict=False), rounds=5, warmup_rounds=1)
    assert len(tables["goods"]) > 300
    within(benchmark, 0.25)


def test_making_the_calendar(benchmark: Any, net: sc.Network) -> None:
    calendar = benchmark.pedantic(lambda: Calendar(net.tables), rounds=5)
    assert len(calendar.status("2026-11-23")) > 90
    within(benchmark, 0.06)


def test_what_acts_on_a_day(benchmark: Any, net: sc.Network) -> None:
    calendar = Calendar(net.tables)
    effects = benchmark.pedantic(lambda: calendar.effects("2026-11-23", "military"), rounds=5, warmup_rounds=1)
    assert len(effects) > 50
    within(benchmark, 0.015)


def test_all_products_in_all_markets(benchmark: Any, net: sc.Network) -> None:
    frame = benchmark.pedantic(lambda: net.markets(next(DAYS)), rounds=20)
    assert frame["market"].nunique() > 100
    within(benchmark, 0.1)


def test_the_same_day_again(benchmark: Any, net: sc.Network) -> None:
    net.markets("2025-06-05")
    frame = benchmark.pedantic(lambda: net.markets("2025-06-05"), rounds=20)
    assert len(frame) > 5_000
    within(benchmark, 0.02)


def test_one_market_with_its_reasons(benchmark: Any, net: sc.Network) -> None:
    frame = benchmark.pedantic(lambda: net.exposure(next(DAYS), "USA").static, rounds=5)
    assert frame["why"].str.len().min() > 0


def test_every_stop(benchmark: Any, net: sc.Network) -> None:
    frame = benchmark.pedantic(lambda: net.chokepoints("USA", top=20), rounds=1)
    assert len(frame) == 20
    within(benchmark, 15)


@pytest.mark.parametrize("sharing", ["fixed", "shared"])
def test_three_years_of_days(benchmark: Any, net: sc.Network, sharing: str) -> None:
    def run() -> Any:
        return net.simulate(None, "USA", "2023-08-01", "2026-07-31", sharing=sharing)

    simulated = benchmark.pedantic(run, rounds=1)
    assert simulated.run.days == 1_096
    within(benchmark, 5)


def test_draws(benchmark: Any, net: sc.Network) -> None:
    draws = 10_000 if benchmark.enabled else 100
    frame = benchmark.pedantic(lambda: net.exposure("2025-06-05", "USA").sample(draws), rounds=1)
    assert (frame["p05"] <= frame["p95"]).all()
    within(benchmark, 20)
