"""Draws of the simulation: first days, what is felt, who is hit first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from draw_cases import PRODUCT_Q, drawn, of_p, ranged, stop
from scipy.stats import triang
from worlds import EDGES, ON, K, P, clause, goods, maker, world

import supplychain as sc
from supplychain.sample import sample, sensitivity
from supplychain.sample_days import sample_days


def stock(good: str = "m", low: float | None = None, days: float = 60, high: float | None = None) -> dict[str, Any]:
    return {"good": good, **ranged("days", low, days, high)}


def first_days(net: sc.Network, draws: int = 300, seed: int = 0) -> Any:
    return sample_days(net.exposure(ON, "USA"), draws, seed)


def test_the_first_day_follows_the_drawn_severity(tmp_path: Path) -> None:
    """60 days of M at a loss of 0.9 s a day: the first loss is on day 60 / (0.9 s)."""
    found = first_days(world(tmp_path, stop(), stocks=[stock()]))
    day = 60 / (0.9 * found.facts.of("severities.csv:2"))
    assert found.values("p") == pytest.approx(np.floor(day))
    row = found.frame.set_index("product").loc["p"]
    assert row["first_day_p05"] <= row["first_day_p50"] <= row["first_day_p95"]
    assert row["first_day_p50"] == np.quantile(np.floor(day), 0.5, method="inverted_cdf")
    assert row["hit"] == 1
    assert sensitivity(found, "p")["rank_correlation"].tolist() == pytest.approx([-1], abs=0.01)


def test_the_first_day_follows_the_drawn_stock(tmp_path: Path) -> None:
    found = first_days(world(tmp_path, clause(), stocks=[stock("m", 30, 60, 90)]))
    assert found.values("p") == pytest.approx(np.floor(found.facts.of("stocks.csv:2") / 0.9))
    assert sensitivity(found, "p")[["table", "row"]].to_numpy().tolist() == [["stocks", "stocks.csv:2"]]


def test_equal_stock_rows_add_and_a_default_stands_in(tmp_path: Path) -> None:
    default = {"name": "default_stock", "applies_to": "ALL", "unit": "days", **ranged("value", 5, 10, 40)}
    rows = [{**stock("m", 30, 60, 90), "holder": "a"}, {**stock("m", 10, 20, 30), "holder": "b"}]
    found = first_days(world(tmp_path, clause(), stocks=rows, assumptions=[default]))
    of_m = sum(found.facts.of(f"stocks.csv:{line}") for line in (2, 3)) / 0.9
    loss_at_k = np.ceil(of_m + 1e-9) - 1  # the day on which the stock runs out
    of_k = found.facts.of("assumptions.csv:2")
    assert (found.values("p") >= loss_at_k + np.floor(of_k)).all()
    assert (found.values("p") <= loss_at_k + of_k / 0.9 + 2).all()
    assert set(sensitivity(found, "p")["table"]) == {"stocks", "assumptions"}


def test_without_stock_and_transit_what_is_felt_is_what_is_short(tmp_path: Path) -> None:
    makers = [maker("m", "CHN", **ranged("share", 0.5, 0.8, 0.9)), maker("m", "AUS", **ranged("share", 0.1, 0.2, 0.2))]
    net = world(tmp_path, stop(), bom=[{**EDGES[0], **ranged("criticality", 0.4, 0.6, 1)}, EDGES[1]],
                production=[*makers, *K, *P])  # fmt: skip
    x = net.exposure(ON, "USA")
    found = sample_days(x, 120)
    assert found.felt == pytest.approx(sample(x, 120).short, abs=1e-12)
    assert {"production.csv:2", "production.csv:3", "severities.csv:2", "bom.csv:2"} <= set(found.rows("p"))


def lead(good: str, exporter: str, importer: str, *days: float | None) -> dict[str, Any]:
    return {"good": good, "exporter": exporter, "importer": importer, **ranged("days", *days)}


def test_the_first_day_follows_the_drawn_transit(tmp_path: Path) -> None:
    """No stock: what was shipped before the stop arrives for as long as it is under way, then all is felt."""
    found = first_days(world(tmp_path, clause(), lead_times=[lead("m", "CHN", "JPN", 10, 20, 45)]))
    assert found.values("p").tolist() == found.facts.of("lead_times.csv:2").round().tolist()
    assert sensitivity(found, "p")[["table", "row"]].to_numpy().tolist() == [["lead_times", "lead_times.csv:2"]]


def test_one_default_is_one_draw_for_all_ways_under_it(tmp_path: Path) -> None:
    """A loss from China crosses two borders, both by the default."""
    default = {"name": "default_transit", "applies_to": "ALL", "unit": "days", **ranged("value", 7, 25, 45)}
    found = first_days(world(tmp_path, clause(), assumptions=[default]))
    assert found.values("p").tolist() == (2 * found.facts.of("assumptions.csv:2").round()).tolist()


def test_refill_is_drawn(tmp_path: Path) -> None:
    """A stop of 20 days takes 18 of 30 days of stock, 60 days later a second one begins: with a refill of r a day
    12 + min(18, 60 r) days are there, which 0.9 a day uses up."""
    twice = clause()
    twice["event_phases"] += [
        {"event": "stop", "from": day, "status": status}
        for day, status in (("2025-01-21", "suspended"), ("2025-03-22", "in_force"))
    ]
    refill = {"name": "refill", "applies_to": "ALL", "unit": "days of use per day", **ranged("value", 0.05, 0.1, 0.2)}
    found = first_days(world(tmp_path, twice, stocks=[stock("m", days=30)], assumptions=[refill]))
    back = 12 + np.minimum(18, 60 * found.facts.of("assumptions.csv:2"))
    assert found.values("p") == pytest.approx(np.floor(80 + back / 0.9 + 1e-9), abs=1)
    assert "assumptions.csv:2" in found.rows("p")


def reexport() -> dict[str, Any]:
    """CHN's rule for goods with CHN's M in them, from a threshold of 0.1 % on, named for K; M is 0.9 from CHN."""
    scope = [{"good": "k", "content_threshold": 0.001}, {"good": "m", "role": "content"}]
    return clause("rule", 1, scope=scope, acts_on="reexport", measure="extraterritorial", destinations="USA")


def test_a_drawn_value_share_is_tested_draw_by_draw(tmp_path: Path) -> None:
    """M is 0.0005, 0.001, 0.003 of K's value and 0.9 from CHN: caught from 0.001 / 0.9 on, then all of K is gone."""
    bom = [{**EDGES[0], **ranged("value_share", 0.0005, 0.001, 0.003)}, EDGES[1]]
    found = drawn(world(tmp_path, reexport(), bom=bom), 400)
    share = found.facts.of("bom.csv:2 value_share")
    assert of_p(found).tolist() == (0.9 * share >= 0.001).astype(float).tolist()
    assert 0.2 < of_p(found).mean() < 0.8
    facts = sensitivity(found, "p")
    assert facts["row"].tolist() == ["bom.csv:2"]
    assert facts["key"].item().endswith(" value_share")
    days = sample_days(found.result, 400)
    assert days.felt[0].tolist() == of_p(found).tolist()


def test_a_value_share_that_decides_nothing_is_not_listed(tmp_path: Path) -> None:
    bom = [{**EDGES[0], **ranged("value_share", 0.002, 0.01, 0.03)}, EDGES[1]]
    found = drawn(world(tmp_path, reexport(), bom=bom), 50)
    assert of_p(found).tolist() == [1.0] * 50
    assert sensitivity(found, "p").empty


def test_without_ranges_the_days_are_the_central_run(known: sc.Network) -> None:
    x = known.exposure("2025-06-05", "USA")
    central = x.frame.set_index("product")
    found = sample_days(x, 2)
    felt, first = (central.loc[list(found.products), name].to_numpy(dtype=float) for name in ("felt", "first_day"))
    assert found.felt == pytest.approx(np.repeat(felt[:, None], 2, 1), abs=1e-9)
    assert found.first_day[:, 1].tolist() == np.where(np.isnan(first), np.inf, first).tolist()
    assert np.isfinite(first).sum() > 20


def test_probability_that_one_is_hit_before_the_other(tmp_path: Path) -> None:
    """P runs out after 45 / 0.9 = 50 days, Q after a triangular (30, 60, 90) / 0.9: later where that is 51 or more."""
    net = world(
        tmp_path, clause(), clause("other", good="n"), stocks=[stock("m", days=45.5), stock("n", 30, 60, 90)],
        goods=[*goods("m", "n", "k", "p"), PRODUCT_Q], production=[
            maker("m", "CHN", 0.9), maker("m", "AUS", 0.1), maker("n", "CHN", 0.9), maker("n", "AUS", 0.1), *K, *P,
            maker("q", "USA")],
        bom=[*EDGES, {"output": "q", "input": "n"}],
    )  # fmt: skip
    x = net.exposure(ON, "USA")
    before, after = x.probability_before("p", "q"), x.probability_before("q", "p")
    expected = 1 - triang(0.5, 30, 60).cdf(51 * 0.9)
    assert before == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 500))
    assert after == pytest.approx(triang(0.5, 30, 60).cdf(50 * 0.9), abs=4 * np.sqrt(0.25 / 500))
    assert before + after <= 1
    assert x.probability_before("p", "p") == 0


def test_who_is_never_hit_has_no_first_day(tmp_path: Path) -> None:
    net = world(tmp_path, stop(destinations="USA"))
    frame = net.exposure(ON, "USA").sample_days(20).frame
    assert frame[["hit", "felt_p95"]].to_numpy().tolist() == [[0, 0]]
    assert frame["first_day_p05"].isna().all()
    nothing = net.exposure("2024-06-01", "USA").sample_days(20)
    assert nothing.start is None
    assert nothing.frame["hit"].tolist() == [0]
    assert sensitivity(nothing, "p").empty


def test_some_draws_hit_and_some_not(tmp_path: Path) -> None:
    """A stop of 100 days: 60 days of stock last at severities below 60 / 90; the 95 % quantile is never hit."""
    short_stop = stop()
    short_stop["event_phases"].append({"event": "stop", "from": "2025-04-11", "status": "ended"})
    found = first_days(world(tmp_path, short_stop, stocks=[stock()]))
    severity = found.facts.of("severities.csv:2")
    assert np.isfinite(found.values("p")).tolist() == (0.9 * severity * 100 > 60).tolist()
    row = found.frame.iloc[0]
    assert 0 < row["hit"] < 0.5
    assert np.isnan(row["first_day_p95"])


def test_days_repeat_and_report_progress(tmp_path: Path) -> None:
    net = world(tmp_path, stop(), stocks=[stock("m", 30, 60, 90)])
    seen: list[int] = []
    x = net.exposure(ON, "USA")
    one = sample_days(x, 210, 4, progress=lambda done, _: seen.append(done))
    assert one.first_day.tobytes() == first_days(net, 210, 4).first_day.tobytes()
    assert one.first_day.tobytes() != first_days(net, 210, 5).first_day.tobytes()
    assert seen == sorted(seen)
    assert seen[-1] == 210


def test_the_same_bytes_with_any_number_of_processes(tmp_path: Path) -> None:
    net = world(tmp_path, stop(), stocks=[stock("m", 30, 60, 90)])
    seen: list[int] = []
    x = net.exposure(ON, "USA")
    one = sample_days(x, 120, 4)
    two = sample_days(x, 120, 4, workers=2, progress=lambda done, _: seen.append(done))
    assert one.first_day.tobytes() == two.first_day.tobytes()
    assert one.felt.tobytes() == two.felt.tobytes()
    assert seen == [0, *sorted(seen[1:])]
    assert seen[-1] == 120


@pytest.mark.parametrize("workers", [0, -1, 1.5, True])
def test_bad_workers(tmp_path: Path, workers: Any) -> None:
    with pytest.raises(sc.InputError, match="workers"):
        sample_days(world(tmp_path, stop()).exposure(ON, "USA"), 10, workers=workers)
