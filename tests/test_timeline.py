"""Scenarios day by day through the public functions: worked examples 7 and 24, stocks, transit, release."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worlds import EDGES, M, P, clause, maker, world

import supplychain as sc


def until(last: str | None, severity: float = 1) -> dict[str, list[dict[str, Any]]]:
    """A stop of M from 2025-01-01 that ends on a day."""
    found = clause(severity=severity)
    if last:
        found["event_phases"] = [*found["event_phases"], {"event": "stop", "from": last, "status": "ended"}]
    return found


def chain(folder: Path, last: str | None, *, days: float = 60, transit: int = 0, k_days: float = 0) -> sc.Network:
    stocks = [{"good": "m", "country": "JPN", "days": days}]
    stocks += [{"good": "k", "country": "USA", "days": k_days}] if k_days else []
    lead = [{"good": "m", "exporter": "CHN", "importer": "JPN", "days": 20}] if transit else []
    lead += [{"good": "k", "exporter": "JPN", "importer": "USA", "days": 15}] if transit else []
    return world(folder, until(last), stocks=stocks, lead_times=lead)


def summary(net: sc.Network, product: str = "p", market: str = "USA", **options: Any) -> dict[str, float]:
    found = net.simulate([product], market, "2025-01-01", "2025-12-31", **options).summary
    return {k: v for k, v in found.iloc[0].items() if k != "product"}


def test_7_stock_delays_the_loss(tmp_path: Path) -> None:
    assert summary(chain(tmp_path / "a", None), "k", "JPN")["first_day"] == 66
    assert np.isnan(summary(chain(tmp_path / "b", "2025-03-02"), "k", "JPN")["first_day"])  # ends on day 60


@pytest.mark.parametrize(
    ("last", "k_lost", "k_back", "p_first", "p_lost", "p_back"),
    [("2025-04-01", 21, 110, np.nan, 0, np.nan), ("2025-05-01", 48, 140, 135, 18, 155)],
    ids=["90 days", "120 days"],
)
def test_24_stocks_and_transit(
    tmp_path: Path, last: str, k_lost: float, k_back: float, p_first: float, p_lost: float, p_back: float
) -> None:
    net = chain(tmp_path, last, transit=1, k_days=30)
    k, p = summary(net, "k", "JPN"), summary(net)
    assert k["days_lost"] == pytest.approx(k_lost, abs=1e-9)
    assert k["recovered"] == k_back
    assert p["first_day"] == pytest.approx(p_first, nan_ok=True)
    assert p["days_lost"] == pytest.approx(p_lost, abs=1e-9)
    assert p["recovered"] == pytest.approx(p_back, nan_ok=True)


def test_without_stock_and_transit_felt_is_short(tmp_path: Path) -> None:
    row = chain(tmp_path, None, days=0).exposure("2025-06-01", "USA").frame.iloc[0]
    assert row["felt"] == pytest.approx(row["short"])
    assert (row["first_day"], row["first_date"]) == (0, date(2025, 1, 1))


def test_felt_before_and_after_the_stock_is_gone(tmp_path: Path) -> None:
    net = chain(tmp_path, None)
    before, after = (net.exposure(on, "USA").frame.iloc[0] for on in ("2025-03-01", "2025-06-01"))
    assert (before["felt"], before["short"]) == pytest.approx((0, 0.9))
    assert after["felt"] == pytest.approx(0.9)
    assert before["first_day"] == 66


def test_ranges_cross_stock_and_severity(tmp_path: Path) -> None:
    stop = clause()
    stop["severities"] = [{**stop["severities"][0], "severity_low": 0.5, "severity": 0.8, "severity_high": 1}]
    stocks = [{"good": "m", "country": "JPN", "days_low": 30, "days": 60, "days_high": 90}]
    found = summary(world(tmp_path, stop, stocks=stocks), "k", "JPN")
    assert found["first_day_low"] == 200  # 90 days at a loss of 0.45 a day
    assert found["first_day"] == 83  # 60 days at 0.72
    assert found["first_day_high"] == 33  # 30 days at 0.9


def test_government_stock_only_on_release(tmp_path: Path) -> None:
    stocks = [
        {"good": "m", "country": "JPN", "days": 20},
        {"good": "m", "country": "JPN", "days": 40, "holder": "state", "kind": "government"},
        {"good": "m", "country": "JPN", "days": 500, "holder": "plan", "kind": "target"},
    ]
    net = world(tmp_path, clause(), stocks=stocks)
    assert summary(net, "k", "JPN")["first_day"] == 22
    assert summary(net, "k", "JPN", release=True)["first_day"] == 66


def test_the_most_specific_stock_row_counts(tmp_path: Path) -> None:
    stocks = [
        {"good": "m", "days": 10, "holder": "anybody"},
        {"good": "m", "country": "JPN", "days": 30, "holder": "one"},
        {"good": "m", "country": "JPN", "days": 30, "holder": "another"},
    ]
    assert summary(world(tmp_path, clause(), stocks=stocks), "k", "JPN")["first_day"] == 66


def test_defaults_are_named(tmp_path: Path) -> None:
    assumed = [
        {"name": "default_stock", "value": 18, "unit": "days"},
        {"name": "default_stock", "applies_to": "kind:component", "value": 9, "unit": "days"},
        {"name": "default_transit", "value": 5, "unit": "days"},
    ]
    net = world(tmp_path, clause(), assumptions=assumed)
    found = net.simulate(["k"], "JPN", "2025-01-01", "2025-12-31")
    assert found.summary["first_day"].item() == 15  # 5 days under way, 9 of stock at 0.9
    assert "default_stock kind:component = 9 days" in found.assumptions
    assert "default_transit ALL = 5 days" in found.assumptions
    assert "default_stock ALL = 18 days" not in found.assumptions


def test_transit_through_a_trader_is_both_legs(tmp_path: Path) -> None:
    net = world(
        tmp_path,
        clause(),
        production=[*M, maker("k", "FRA"), *P],
        trade=[{"good": "m", "importer": "FRA", "exporter": "GBR", "share": 1}],
        countries=[{"country": "USA", "manufacturing_share": 1}, {"country": "GBR"}],
        lead_times=[
            {"good": "m", "exporter": "CHN", "importer": "GBR", "days": 30},
            {"good": "m", "exporter": "GBR", "importer": "FRA", "days": 2},
        ],
    )
    assert summary(net, "k", "FRA")["first_day"] == 32


def test_recovery_refills(tmp_path: Path) -> None:
    assumed = [{"name": "refill", "value": 0.1, "unit": "days a day"}]
    found = clause()
    twice = [("2025-03-12", "ended"), ("2025-04-11", "in_force")]  # 70 days, 30 days free, again
    found["event_phases"] = [*found["event_phases"], *({"event": "stop", "from": d, "status": s} for d, s in twice)]
    net = world(tmp_path, found, assumptions=assumed, bom=EDGES, stocks=[{"good": "m", "country": "JPN", "days": 60}])
    frame = net.simulate(["k"], "JPN", "2025-01-01", "2025-12-31").frame.set_index("date")["output"]
    assert frame["2025-03-20"] == 1
    assert frame["2025-04-13"] == 1  # 3 days were refilled: 30 x 0.1 lasts 3.3 days at 0.9
    assert frame["2025-04-16"] == pytest.approx(0.1)


def test_bad_days_are_one_error(tmp_path: Path) -> None:
    net = chain(tmp_path, None)
    with pytest.raises(sc.InputError, match="until"):
        net.simulate(["p"], "USA", "2025-06-01", "2025-05-01")
    with pytest.raises(sc.InputError, match="start"):
        net.simulate(["p"], "USA", "June", "2025-05-01")
    with pytest.raises(sc.UnknownIdError, match="good 'q'"):
        net.simulate(["q"], "USA", "2025-01-01", "2025-05-01")


def crossed(folder: Path) -> sc.Network:
    """K needs M and X. M stops on day 0, JPN holds 10 days of it; X stops (0, 1, 1) on days 0 to 19, without stock."""
    stop_x = clause("x-stop", good="x")
    stop_x["severities"][0] |= {"severity_low": 0, "severity_high": 1}
    stop_x["event_phases"] = [*stop_x["event_phases"], {"event": "x-stop", "from": "2025-01-21", "status": "ended"}]
    goods = [{"good": g, "kind": "product" if g == "p" else "component"} for g in ("m", "x", "k", "p")]
    return world(
        folder, clause(), stop_x, goods=goods, bom=[*EDGES, {"output": "k", "input": "x"}],
        production=[*M, maker("x", "CHN"), maker("k", "JPN"), *P],
        stocks=[{"good": "m", "country": "JPN", "days": 10}],
    )  # fmt: skip


def test_a_range_that_the_central_run_leaves_is_widened(tmp_path: Path) -> None:
    """Without X's stop M's 10 days are gone after 11 days, then 0.9 is lost. With it K stands still to day 19 and M's
    stock is spared, so that nothing is lost from day 20 to 30: less than in the low run."""
    x = crossed(tmp_path).exposure("2025-01-26", "USA")
    simulated = x.simulated
    assert simulated is not None
    assert simulated.runs("p")[25].tolist() == pytest.approx([0.9, 0, 0])
    assert simulated.losses("p")[25].tolist() == pytest.approx([0, 0, 0.9])
    assert simulated.losses("p")[5].tolist() == pytest.approx([0, 1, 1])
    assert simulated.widened("p", date(2025, 1, 26))
    assert not simulated.widened("p", date(2025, 1, 6))
    row = x.frame.set_index("product").loc["p"]
    assert row[["felt_low", "felt", "felt_high"]].astype(float).tolist() == pytest.approx([0, 0, 0.9])
    assert x.felt_notes[0].startswith("Felt of p:")
    frame = simulated.frame
    assert (frame["output_low"] <= frame["output"]).all()
    assert (frame["output"] <= frame["output_high"]).all()


def test_a_range_that_holds_the_central_run_needs_no_note(tmp_path: Path) -> None:
    assert chain(tmp_path, None, days=0).exposure("2025-06-01", "USA").felt_notes == ()
