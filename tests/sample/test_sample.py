"""Draws of the static readings: quantiles, sums, seeds, sensitivity."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from draw_cases import PRODUCT_Q, drawn, of_p, ranged, stop, without_ranges
from scipy.stats import triang
from test_worked_examples import GROUP
from worlds import EDGES, ON, K, P, clause, goods, maker, world

import supplychain as sc
from supplychain.draws import Facts
from supplychain.sample import Draws, sample, sensitivity


def assert_quantiles(found: Draws, scale: float, low: float, central: float, high: float) -> None:
    """Of `scale` times a triangular variable, within four standard errors of each quantile."""
    exact = triang((central - low) / (high - low), low, high - low)
    row = found.frame.set_index("product").loc["p"]
    for name, q in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95)):
        error = np.sqrt(q * (1 - q) / found.facts.draws) / exact.pdf(exact.ppf(q))
        assert row[name] == pytest.approx(scale * exact.ppf(q), abs=4 * scale * error)


def test_a_drawn_severity_is_triangular(tmp_path: Path) -> None:
    assert_quantiles(drawn(world(tmp_path, stop())), 0.9, 0.2, 0.5, 0.9)


def test_a_drawn_prior_is_triangular(tmp_path: Path) -> None:
    prior = {"name": "severity_prior", "applies_to": "ALL", **ranged("value", 0.2, 0.5, 0.9)}
    found = drawn(world(tmp_path, clause(severity=None), assumptions=[prior]))
    assert_quantiles(found, 0.9, 0.2, 0.5, 0.9)
    assert sensitivity(found, "p")["table"].tolist() == ["assumptions"]


def test_a_drawn_coverage_is_triangular(tmp_path: Path) -> None:
    found = drawn(world(tmp_path, clause(scope=[{"good": "m", **ranged("coverage", 0.1, 0.3, 1)}])))
    assert_quantiles(found, 0.9, 0.1, 0.3, 1)


def test_a_drawn_criticality_is_triangular(tmp_path: Path) -> None:
    edges = [{**EDGES[0], **ranged("criticality", 0.4, 0.6, 1)}, EDGES[1]]
    assert_quantiles(drawn(world(tmp_path, clause(), bom=edges)), 0.9, 0.4, 0.6, 1)


def test_a_severity_that_is_zero_in_the_middle_is_drawn_too(tmp_path: Path) -> None:
    assert_quantiles(drawn(world(tmp_path, stop(low=0, central=0, high=0.8))), 0.9, 0, 0, 0.8)


def test_a_blank_end_is_the_central_value(tmp_path: Path) -> None:
    found = clause()
    found["severities"][0] |= ranged("severity", None, 0.5, 0.9)
    values = of_p(drawn(world(tmp_path, found)))
    assert values.min() >= 0.45 - 1e-12
    assert values.max() > 0.75


def test_an_output_stop_is_drawn(tmp_path: Path) -> None:
    plant = stop("plant", good="k", issuer="JPN", acts_on="output", measure="supply_stop")
    assert_quantiles(drawn(world(tmp_path, plant)), 1, 0.2, 0.5, 0.9)


def test_one_row_is_one_draw_for_all_flows_under_it(tmp_path: Path) -> None:
    """M is lost to two makers of K by one severity row: the loss is that of one draw, not of a mean of two."""
    makers = [maker("k", "JPN", 0.5), maker("k", "KOR", 0.5)]
    net = world(tmp_path, stop(), production=[maker("m", "CHN"), *makers, *P])
    assert_quantiles(drawn(net), 1, 0.2, 0.5, 0.9)


def test_without_ranges_every_quantile_is_the_central_reading(tmp_path: Path) -> None:
    x = world(tmp_path, clause("a", 0.7), clause("b", 0.4, good="n"), goods=goods("m", "n", "k", "p"), bom=GROUP,
              production=[maker("m", "CHN", 0.9), maker("m", "AUS", 0.1), *K, *P, maker("n", "CHN")],
              ).exposure(ON, "USA")  # fmt: skip
    row = x.sample(50).set_index("product").loc["p"]
    central = x.static.set_index("product")["short"]["p"]
    assert central > 0
    assert row[["p05", "p50", "p95"]].tolist() == pytest.approx([central] * 3, abs=1e-12)
    assert x.sensitivity("p", 50).empty


def test_unconfirmed_branches_are_not_drawn(tmp_path: Path) -> None:
    """Of a promise that ran out, all draws take the likelier branch: what the central reading takes."""
    lapsed = clause("lapsed", 0.5)
    lapsed["event_phases"] = [
        {"event": "lapsed"},
        {"event": "lapsed", "from": "2025-03-01", "status": "suspended", "until": "2025-05-01"},
    ]
    for unconfirmed, loss in (("both", 0.45), ("off", 0.0), ("on", 0.45)):
        found = drawn(world(tmp_path / unconfirmed, lapsed), 20, unconfirmed=unconfirmed)
        assert np.unique(of_p(found)).tolist() == pytest.approx([loss])


def shares(folder: Path, *makers_of_m: dict[str, Any], **tables: Any) -> sc.Network:
    return world(folder, clause(), production=[*makers_of_m, *K, *P], **tables)


def test_drawn_shares_keep_their_sum(tmp_path: Path) -> None:
    """CHN is drawn in 0.5 .. 0.9, AUS follows: with p' = p draw x 1 / (draw + 0.2) the loss is draw / (draw + 0.2)."""
    net = shares(tmp_path, maker("m", "CHN", **ranged("share", 0.5, 0.8, 0.9)), maker("m", "AUS", 0.2))
    found = drawn(net)
    share = found.facts.of("production.csv:2")
    assert share.min() < 0.6
    assert of_p(found) == pytest.approx(share / (share + 0.2), abs=1e-12)


def test_what_no_row_explains_stays(tmp_path: Path) -> None:
    """The documented sum 0.8 stays, so the undocumented rest does; only CHN is documented: nothing moves."""
    found = drawn(shares(tmp_path, maker("m", "CHN", **ranged("share", 0.5, 0.8, 0.9))), 200)
    assert np.ptp(of_p(found)) < 1e-12


def test_drawn_shares_of_every_supply_sum_to_one(reference_usa: sc.network.Exposure) -> None:
    parts = sample(reference_usa, 10).parts
    assert sum(len(part.shares.links) for part in parts) > 100
    for part in parts:
        chain, links = reference_usa.solved.sourcing.chain, part.shares.links
        weights = part.shares.factors(slice(0, 10)) * chain.share.data[links, None]
        supply = chain.link_supply[links]
        assert (weights >= 0).all()
        for row in np.unique(supply):
            assert weights[supply == row].sum(axis=0) == pytest.approx(chain.share[[int(row)]].sum(), abs=1e-9)


def test_a_documented_trade_share_does_not_move(tmp_path: Path) -> None:
    makers = [maker("m", "CHN", **ranged("share", 0.5, 0.8, 0.9)), maker("m", "AUS", 0.2)]
    trade = [{"good": "m", "importer": "JPN", "exporter": x, "share": s} for x, s in (("CHN", 0.6), ("AUS", 0.4))]
    found = drawn(shares(tmp_path, *makers, trade=trade), 100)
    assert np.unique(of_p(found).round(12)).tolist() == [0.6]


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    net = world(tmp_path, stop())
    one, two, other = drawn(net, 300), drawn(net, 300), drawn(net, 300, seed=1)
    assert one.short.tobytes() == two.short.tobytes()
    assert one.short.tobytes() != other.short.tobytes()
    assert one.query.endswith("draws=300&seed=0")


def test_the_first_draws_do_not_depend_on_how_many_follow(tmp_path: Path) -> None:
    net = world(tmp_path, stop())
    assert of_p(drawn(net, 700))[:30] == pytest.approx(of_p(drawn(net, 30)), abs=0)


def test_other_rows_do_not_move_a_draw(tmp_path: Path) -> None:
    alone = Facts(world(tmp_path / "a", stop("z")).tables, 50, 7)
    more = Facts(world(tmp_path / "b", stop("a"), stop("z")).tables, 50, 7)
    assert alone.of("severities.csv:2").tobytes() == more.of("severities.csv:3").tobytes()
    assert alone.of("severities.csv:2").tobytes() != more.of("severities.csv:2").tobytes()


def test_draws_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    world(tmp_path, stop("a"), stop("b", 0.1, 0.6, 0.7))
    code = (
        "import sys, hashlib, supplychain as sc; from supplychain.sample import sample;"
        f"x = sc.load(sys.argv[1]).exposure({ON!r}, 'USA'); d, t = sample(x, 20, 3), x.sample_days(20, 3);"
        "said = d.short.tobytes() + t.first_day.tobytes() + (d.frame.to_csv() + t.frame.to_csv()).encode();"
        "print(hashlib.sha256(said).hexdigest())"
    )
    root = str(Path(sc.__file__).parents[1])
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1


@pytest.fixture(scope="module")
def reference_usa() -> sc.network.Exposure:
    return sc.load().exposure("2025-06-05", "USA")


def test_quantiles_and_ranks_are_ordered(reference_usa: sc.network.Exposure) -> None:
    frame = reference_usa.sample(200, seed=5)
    assert sorted(frame["product"]) == sorted(reference_usa.products)
    for names in (["p05", "p50", "p95"], ["rank_p05", "rank_p50", "rank_p95"]):
        values = frame[names].to_numpy(dtype=float)
        assert (np.diff(values, axis=1) >= 0).all()
    assert frame[["p05", "p95"]].stack().between(0, 1).all()
    assert frame["rank_p05"].min() == 1
    assert frame["rank_p95"].max() <= len(frame)
    assert frame["p50"].is_monotonic_decreasing
    assert (frame["p95"] - frame["p05"]).max() > 0.1


def test_draws_without_production_stay_between_low_and_high() -> None:
    """Every drawn row lies in its range, and losses rise with each: the draws lie between the low and the high run."""
    x = without_ranges("production").exposure("2025-06-05", "USA")
    found = sample(x, 60)
    ends = x.static.set_index("product").loc[list(found.products)]
    assert (found.short >= ends["short_low"].to_numpy()[:, None] - 1e-9).all()
    assert (found.short <= ends["short_high"].to_numpy()[:, None] + 1e-9).all()


@pytest.mark.parametrize(
    ("on", "market", "options"),
    [
        ("2025-06-05", "USA", {}),
        ("2025-10-20", "EU27", {}),
        ("2026-11-20", "DEU", {"unconfirmed": "on"}),
        ("2026-11-20", "JPN", {}),
        ("2025-06-05", "DEU", {"sharing": "shared"}),
        ("2025-06-05", "USA", {"sharing": "first"}),
        ("2024-12-05", "USA", {"what_if": ["CHN stops neodymium to USA at 0.4 from 2024-12-01"]}),
    ],
)
def test_without_ranges_the_reference_data_give_the_central_reading(
    known: sc.Network, on: str, market: str, options: dict[str, Any]
) -> None:
    x = known.exposure(on, market, **options)
    central = x.static.set_index("product")["short"]
    found = sample(x, 2)
    assert found.short == pytest.approx(np.repeat(central[list(found.products)].to_numpy()[:, None], 2, 1), abs=1e-9)
    assert central.max() > 0.1


def test_the_only_drawn_row_is_found(tmp_path: Path) -> None:
    found = world(tmp_path, stop(), clause("b", 0.1)).exposure(ON, "USA").sensitivity("p", 200)
    assert found["rank_correlation"].tolist() == pytest.approx([1])
    assert found.loc[0, ["table", "key", "source_id", "low", "central", "high"]].tolist() == [
        "severities", "stop 2025-01-01 ALL any", "TEST", 0.2, 0.5, 0.9,
    ]  # fmt: skip


def test_the_row_that_matters_comes_first(tmp_path: Path) -> None:
    """The wider of two severities on one flow; a row on goods that the product does not need is not listed."""
    net = world(
        tmp_path, stop("wide", 0.0, 0.5, 1.0), stop("narrow", 0.45, 0.5, 0.55), stop("elsewhere", good="q"),
        goods=goods("m", "k", "p", "q"), production=[maker("m", "CHN", 0.9), maker("m", "AUS", 0.1), *K, *P,
                                                     maker("q", "CHN")],
    )  # fmt: skip
    found = net.exposure(ON, "USA").sensitivity("p", 500)
    assert [key.split()[0] for key in found["key"]] == ["wide", "narrow"]
    assert found["rank_correlation"].iat[0] > 0.8


def test_nothing_missing_correlates_with_nothing(tmp_path: Path) -> None:
    net = world(tmp_path, stop(destinations="JPN"), bom=[{**EDGES[0], "criticality": 0}, EDGES[1]])
    assert net.exposure(ON, "USA").sensitivity("p", 50)["rank_correlation"].tolist() == [0]


def test_progress_counts_every_draw(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    sample(world(tmp_path, stop()).exposure(ON, "USA"), 600, progress=lambda done, all_: seen.append((done, all_)))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (600, 600)


@pytest.mark.parametrize("sharing", ["shared", "first"])
def test_sharing_without_ranges_is_the_central_reading(tmp_path: Path, sharing: str) -> None:
    makers = [maker("m", "CHN", 0.9), maker("m", "AUS", 0.1, spare=0.5)]
    x = world(tmp_path, clause(), production=[*makers, *K, *P]).exposure(ON, "USA", sharing=sharing)
    central = x.static.set_index("product")["short"]["p"]
    assert x.sample(10)["p50"].tolist() == pytest.approx([central], abs=1e-12)
    assert central == pytest.approx(0.85 if sharing == "first" else 0.9)


@pytest.mark.parametrize("draws", [0, -5, 2.5, True, "many", 10**9])
def test_bad_numbers_of_draws(tmp_path: Path, draws: Any) -> None:
    with pytest.raises(sc.InputError, match=r"draws is .*; allowed: a whole number from 1 to 100,000"):
        world(tmp_path / "a", stop()).exposure(ON, "USA").sample(draws)
    with pytest.raises(sc.InputError, match=r"sample_days: draws is"):
        world(tmp_path / "b", stop()).exposure(ON, "USA").sample_days(draws)


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_bad_seeds(tmp_path: Path, seed: Any) -> None:
    with pytest.raises(sc.InputError, match=r"seed is .*; allowed: a whole number, 0 or more"):
        world(tmp_path, stop()).exposure(ON, "USA").sample(10, seed)


def test_unknown_products(tmp_path: Path) -> None:
    x = world(tmp_path, stop(), goods=[*goods("m", "k", "p"), PRODUCT_Q]).exposure(ON, "USA", ["p"])
    with pytest.raises(sc.UnknownIdError, match="Unknown good 'pp'"):
        x.sensitivity("pp", 10)
    with pytest.raises(sc.InputError, match="product is 'q'; allowed: one of those asked for: p"):
        x.sensitivity("q", 10)
    with pytest.raises(sc.UnknownIdError, match="Unknown good 'pp'"):
        x.probability_before("p", "pp")
