"""The best plan of Simchi-Levi et al. (2015) beside the simulation: cases worked out by hand, and a bound."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_simulate import random_case
from worlds import EDGES, M, P, clause, maker, world

import supplychain as sc
from supplychain.errors import InputError, UnknownIdError
from supplychain.simulate import simulate
from supplychain.survival import chain_tables, why_different

DAY = "2025-01-01"
HOLD = [{"good": "m", "country": "JPN", "days": 60}]


def asked(net: sc.Network, days: int = 100) -> pd.DataFrame:
    """The comparison of P in USA, by method."""
    return net.exposure(DAY, "USA", ["p"]).survival("p", days).set_index("method")


def figures(frame: pd.DataFrame, method: str) -> tuple[float, float]:
    return float(frame.at[method, "first_loss"]), float(frame.at[method, "lost"])


def test_one_stock_before_a_full_stop_is_the_time_to_survive(tmp_path: Path) -> None:
    """CHN's 0.9 is gone, JPN holds 60 days: 60 / 0.9 days; in 100 days 90 - 60 are lost. Both models agree."""
    frame = asked(world(tmp_path, clause(), stocks=HOLD))
    assert figures(frame, "best plan") == pytest.approx((66 + 2 / 3, 30))
    for method in ("simulation without transit", "simulation", "simulation as dated"):
        assert figures(frame, method)[0] == 66  # the day on which it begins
    assert figures(frame, "simulation") == pytest.approx((66, 30))
    assert "They agree" in why_different(frame.reset_index())


def test_half_a_stop_lasts_twice_as_long(tmp_path: Path) -> None:
    frame = asked(world(tmp_path, clause(severity=0.5), stocks=HOLD), 200)
    assert figures(frame, "best plan") == pytest.approx((133 + 1 / 3, 30))  # 0.45 x 200 - 60
    assert figures(frame, "simulation") == pytest.approx((133, 30))


def test_stocks_one_after_the_other_add_up(tmp_path: Path) -> None:
    frame = asked(world(tmp_path, clause(), stocks=[*HOLD, {"good": "k", "country": "USA", "days": 30}]), 150)
    assert figures(frame, "best plan") == pytest.approx((100, 45))  # 90 / 0.9; 0.9 x 150 - 90
    assert figures(frame, "simulation") == pytest.approx((100, 45))


def test_goods_under_way_are_no_part_of_the_plan(tmp_path: Path) -> None:
    """As example 24: 20 and 15 days under way let the simulation begin to lose 35 days later."""
    stocks = [*HOLD, {"good": "k", "country": "USA", "days": 30}]
    lead = [{"good": "m", "exporter": "CHN", "importer": "JPN", "days": 20},
            {"good": "k", "exporter": "JPN", "importer": "USA", "days": 15}]  # fmt: skip
    frame = asked(world(tmp_path, clause(), stocks=stocks, lead_times=lead), 150)
    assert figures(frame, "best plan")[0] == figures(frame, "simulation without transit")[0] == 100
    assert figures(frame, "simulation") == pytest.approx((135, 45 - 0.9 * 35))
    assert "-31.5 by goods under way, which still arrive" in why_different(frame.reset_index())


def two_lines(folder: Path) -> sc.Network:
    """P needs K1 and K2, both from M in JPN; the line of K1 holds 30 days of M, that of K2 60."""
    goods = [{"good": g, "sector": s} for g, s in (("m", "x"), ("k1", "a"), ("k2", "b"))]
    goods.append({"good": "p", "kind": "product"})
    edges = [{"output": k, "input": "m"} for k in ("k1", "k2")] + [{"output": "p", "input": k} for k in ("k1", "k2")]
    stocks = [{"good": "m", "country": "JPN", "sector": s, "days": d} for s, d in (("a", 30), ("b", 60))]
    makers = [*M, maker("k1", "JPN"), maker("k2", "JPN"), *P]
    return world(folder, clause(), goods=goods, production=makers, bom=edges, stocks=stocks)


def test_the_plan_sends_what_arrives_to_the_line_that_needs_it(tmp_path: Path) -> None:
    """0.1 a day arrives for each line. Simulation: K1 stops being full on day 30 / 0.9 and P has 30 + 10 of 100 days.
    Plan: K1 gets all 0.2 a day, so T = 30 + 0.2 T = 37.5, and P has min(30 + 20, 60) of 100 days."""
    frame = asked(two_lines(tmp_path))
    assert figures(frame, "best plan") == pytest.approx((37.5, 50))
    assert figures(frame, "simulation") == pytest.approx((33, 60))
    assert "+10.0 by stocks and flows" in why_different(frame.reset_index())


def test_criticality_is_the_part_of_the_output_that_hangs_on_it(tmp_path: Path) -> None:
    edges = [{**EDGES[0], "criticality": 0.5}, EDGES[1]]
    frame = asked(world(tmp_path, clause(), bom=edges, stocks=HOLD), 200)
    assert figures(frame, "best plan") == pytest.approx((66 + 2 / 3, 60))  # 0.5 x (0.9 x 200 - 60)
    assert figures(frame, "simulation") == pytest.approx((66, 60))


def test_the_plan_uses_a_substitute_in_full(tmp_path: Path) -> None:
    """As example 6: N takes over 0.4 of what M carries. Simulation 0.9 x (1 - 0.4) a day; plan 1 - (0.1 + 0.4)."""
    group = {"output": "k", "group": "g"}
    edges = [{**group, "input": "m", "group_share": 1}, {**group, "input": "n", "group_share": 0, "takeover": 0.4},
             EDGES[1]]  # fmt: skip
    goods = [{"good": g, "kind": "product" if g == "p" else "component"} for g in ("m", "n", "k", "p")]
    makers = [*M, maker("n", "JPN"), maker("k", "JPN"), *P]
    frame = asked(world(tmp_path, clause(), goods=goods, production=makers, bom=edges))
    assert figures(frame, "best plan") == pytest.approx((0, 50))
    assert figures(frame, "simulation") == pytest.approx((0, 54))


def test_a_halted_plant_has_less_capacity(tmp_path: Path) -> None:
    halt = clause("halt", 0.4, "k", issuer="JPN", measure="supply_stop", acts_on="output")
    frame = asked(world(tmp_path, halt, stocks=[{"good": "k", "country": "USA", "days": 10}]))
    assert figures(frame, "best plan") == pytest.approx((25, 30))
    assert figures(frame, "simulation") == pytest.approx((25, 30))


def test_inputs_that_add_up(tmp_path: Path) -> None:
    """As example 10: X (adds, 0.2) half lost and Y (adds, 0.3) lost by 0.4 cost 0.22 a day."""
    goods = [{"good": g, "kind": "product" if g == "p" else "component"} for g in ("x", "y", "p")]
    edges = [{"output": "p", "input": g, "effect": "adds", "criticality": c} for g, c in (("x", 0.2), ("y", 0.3))]
    stops = [clause(f"stop-{g}", s, g) for g, s in (("x", 0.5), ("y", 0.4))]
    net = world(tmp_path, *stops, goods=goods, production=[maker("x", "CHN"), maker("y", "CHN"), *P], bom=edges)
    frame = asked(net)
    assert figures(frame, "best plan") == pytest.approx((0, 22))
    assert figures(frame, "simulation") == pytest.approx((0, 22))


def test_ranges_cross_stock_and_severity(tmp_path: Path) -> None:
    """low: severity 0.5 and 90 days; high: severity 1 and 30 days."""
    stop = clause()
    stop["severities"][0] |= {"severity_low": 0.5, "severity": 0.8}
    stop["severities"][0] |= {"severity_high": 1}
    stocks = [{**HOLD[0], "days_low": 30, "days_high": 90}]
    row = asked(world(tmp_path, stop, stocks=stocks), 400).loc["best plan"]
    ends = row[["first_loss_low", "first_loss", "first_loss_high"]].astype(float).tolist()
    assert ends == pytest.approx([90 / 0.45, 60 / 0.72, 30 / 0.9])


def test_nothing_in_force_is_survived_for_ever(tmp_path: Path) -> None:
    net = world(tmp_path, clause(destinations="DEU"), stocks=HOLD)
    frame = asked(net)
    assert np.isnan(frame["first_loss"]).all()
    assert (frame["lost"] == 0).all()
    assert why_different(frame.reset_index()).startswith("Neither")


def test_the_tables_are_those_of_the_published_model(tmp_path: Path) -> None:
    x = world(tmp_path, clause(), stocks=HOLD).exposure(DAY, "USA", ["p"])
    tables = x.survival_tables("p")
    assert sc.time_to_survive(tables.nodes, tables.needs, tables.links, ()) == pytest.approx(66 + 2 / 3)
    assert tables.nodes["demand"].sum() == 1
    plant = next(node for node in tables.nodes["node"] if node == "k by JPN")
    assert sc.time_to_survive(tables.nodes, tables.needs, tables.links, plant) == 0


def test_idle_lines_save_stock_in_the_simulation_only(tmp_path: Path) -> None:
    """P takes X and Y, each half of it: X is gone, so P makes a half. The simulation then draws half of the 40 days of
    Y that are held after its stop too (P: 0.5 for 80 days, then nothing); the plan counts them in full (40 days)."""
    goods = [{"good": g, "kind": "product" if g == "p" else "component"} for g in ("x", "y", "p")]
    edges = [{"output": "p", "input": g, "effect": "adds", "criticality": 0.5} for g in ("x", "y")]
    makers = [maker("x", "CHN"), maker("y", "CHN"), *P]
    stocks = [{"good": "y", "country": "USA", "days": 40}]
    net = world(tmp_path, clause("a", good="x"), clause("b", good="y"), goods=goods, production=makers,
                bom=edges, stocks=stocks)  # fmt: skip
    frame = asked(net)
    assert figures(frame, "best plan") == pytest.approx((0, 80))  # 100 - 0.5 x 40
    assert figures(frame, "simulation") == pytest.approx((0, 60))  # 100 - 0.5 x 80
    assert "-20.0 by stock that lines save" in why_different(frame.reset_index())


def test_the_reference_data_can_be_planned(net: sc.Network) -> None:
    frame = net.exposure("2025-06-05", "USA", ["f35"]).survival("f35")
    for name in ("lost_low", "lost", "lost_high"):
        assert frame[name].between(0, frame["days"]).all()
    assert frame["lost_low"].le(frame["lost"]).all()
    assert frame["lost"].le(frame["lost_high"]).all()
    assert frame.at[0, "first_loss"] > 0


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6))
def test_no_plan_is_worse_than_the_simulation(seed: int) -> None:
    """Essential inputs on their own, one stop without end, no transit: what is simulated is a plan."""
    case = random_case(seed, groups=False, columns=1)
    chain = replace(case.chain, essential=np.ones(len(case.chain.need_node), dtype=bool))
    target, days = chain.supplies - 1, 40
    first = replace(case.segments[0], start=0, pools=())
    at_once = np.zeros(chain.share.nnz, dtype=int)
    lone = np.zeros(1, dtype=bool)
    path = simulate(chain, [first], case.criticality, lone, case.stock, at_once, 0.0, days,
                    np.array([target]), np.zeros(0, dtype=int))  # fmt: skip
    lost = 1.0 - path.supply[:, 0, 0]
    r = np.zeros(chain.share.nnz)
    r[first.restrictions.link] = first.restrictions.r[:, 0]
    names = [f"n{k}" for k in range(chain.nodes)], [f"s{k}" for k in range(chain.supplies)]
    tables = chain_tables(chain, first.restrictions.own[:, 0], r, case.criticality[:, 0], case.stock[:, 0],
                          {target: 1.0}, *names)  # fmt: skip
    given_tables = tables.nodes, tables.needs, tables.links, ()
    assert sc.lost_units(*given_tables, days) <= lost.sum() + 1e-6
    survived = sc.time_to_survive(*given_tables)
    if (lost > 1e-6).any():
        assert survived >= np.argmax(lost > 1e-6) - 1e-6


@pytest.mark.parametrize("days", [0, -1, 3_661, 1.5, True, "30"])
def test_bad_days_are_one_error(tmp_path: Path, days: Any) -> None:
    x = world(tmp_path, clause()).exposure(DAY, "USA", ["p"])
    with pytest.raises(InputError, match="days"):
        x.survival("p", days)


def test_unknown_product_and_end(tmp_path: Path) -> None:
    x = world(tmp_path, clause()).exposure(DAY, "USA", ["p"])
    with pytest.raises(UnknownIdError):
        x.survival("q")
    with pytest.raises(InputError, match="end"):
        x.survival_tables("p", "middle")
