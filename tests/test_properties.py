"""What must hold on any data package: the engine equals the plain oracle, and the properties of the design."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from data_builder import package
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from oracle import READINGS, Oracle, tables_of
from oracle_chain import chain_availability
from scipy.sparse import csr_array
from strategies import BLOC, ON, SEEDS, Features, Needs, Tables, networks, packages, random_package

import supplychain as sc
from supplychain.availability import Chain, Restrictions, availability

CLASSES = ("civil", "military")
QUICK = settings(phases=[Phase.explicit, Phase.generate])  # a case is one number: nothing to shrink


def load(tables: Tables) -> sc.Network:
    with tempfile.TemporaryDirectory() as folder:
        return sc.load(package(Path(folder), **tables))


def products(tables: Tables) -> list[str]:
    return sorted(row["good"] for row in tables["goods"] if row["kind"] == "product")


def markets(tables: Tables) -> list[str]:
    """Two countries and the bloc."""
    codes = sorted(row["country"] for row in tables["countries"] if row["kind"] != "bloc")
    return [codes[0], codes[-1], BLOC]


def exposures(net: sc.Network, tables: Tables, **options: Any) -> pd.DataFrame:
    """The readings of every product in some markets, for both classes."""
    found = {}
    for end_use in CLASSES:
        for market in markets(tables):
            frame = net.exposure(ON, market, products=products(tables), end_use=end_use, **options).frame
            found[end_use, market] = frame.set_index("product")[list(READINGS)]
    return pd.concat(found).sort_index()


def oracle(net: sc.Network, tables: Tables, sharing: str) -> pd.DataFrame:
    found = {}
    for end_use in CLASSES:
        plain = Oracle(tables_of(net), ON, end_use, sharing=sharing)
        for market in markets(tables):
            found[end_use, market] = pd.DataFrame({p: plain.readings(p, market) for p in products(tables)}).T
    every: pd.DataFrame = pd.concat(found).sort_index()
    return every[list(READINGS)]


def agree(tables: Tables, sharing: str) -> None:
    net = load(tables)
    got, want = exposures(net, tables, sharing=sharing), oracle(net, tables, sharing)
    assert list(got.index) == list(want.index)
    apart = (got - want).abs().fillna(1.0)  # a missing number is as wrong as can be
    assert apart.max().max() < 1e-9, pd.concat({"engine": got, "oracle": want}, axis=1)[apart.max(axis=1) >= 1e-9]
    assert got.min().min() >= -1e-12
    assert got.max().max() <= 1 + 1e-12
    order = got[["linked", "dependent", "short_high", "short", "short_low"]].to_numpy()
    assert (np.diff(order, axis=1) <= 1e-12).all()


@pytest.mark.parametrize("sharing", ["fixed", "shared", "first"])
@settings(QUICK, max_examples=30)
@given(packages(Features()))
def test_engine_equals_oracle(sharing: str, tables: Tables) -> None:
    agree(tables, sharing)


@settings(QUICK, max_examples=20)
@given(packages(Features(traders=True)))
def test_engine_equals_oracle_with_traders(tables: Tables) -> None:
    agree(tables, "fixed")


@settings(QUICK, max_examples=20)
@given(packages(Features(blocs=True)))
def test_engine_equals_oracle_with_blocs_in_trade(tables: Tables) -> None:
    agree(tables, "fixed")


@settings(QUICK, max_examples=20)
@given(packages(Features(firms=True)))
def test_engine_equals_oracle_with_firms(tables: Tables) -> None:
    agree(tables, "fixed")


# ---- availability on arrays, cycles included ----------------------------------------------------------------------


def as_chain(found: Needs) -> tuple[Chain, Restrictions, np.ndarray]:
    nodes, supplies = len(found.own), 1 + max(s for s, _ in found.share)
    cells = sorted(found.share)
    share = csr_array(
        ([found.share[c] for c in cells], ([s for s, _ in cells], [n for _, n in cells])), shape=(supplies, nodes)
    )
    share.sort_indices()

    def column(name: str, kind: type) -> Any:
        return np.array([need[name] for need in found.needs], dtype=kind)

    chain = Chain(
        share=share,
        need_node=column("node", np.intp),
        need_supply=column("supply", np.intp),
        need_group=column("group", np.intp),
        weight=column("weight", float),
        takeover=column("takeover", float),
        essential=column("essential", bool),
    )
    link = np.array([k for k, c in enumerate(cells) if c in found.lost], dtype=np.intp)
    lost = np.array([[found.lost[c]] for c in cells if c in found.lost], dtype=float).reshape(-1, 1)
    own = np.array([[found.own[n]] for n in range(nodes)])
    return chain, Restrictions(own=own, link=link, r=lost), column("criticality", float).reshape(-1, 1)


@settings(QUICK, max_examples=150)
@given(networks())
def test_availability_equals_plain_loops_on_cycles(found: Needs) -> None:
    chain, restrictions, criticality = as_chain(found)
    a, arrived = availability(chain, restrictions, criticality, np.array([False]))
    made, came = chain_availability(found.share, found.own, found.lost, found.needs)
    assert a[:, 0] == pytest.approx([made[n] for n in sorted(made)], abs=1e-9)
    assert arrived[:, 0] == pytest.approx([came[s] for s in sorted(came)], abs=1e-9)


def test_example_22_a_cycle() -> None:
    """X takes Y (adds 0.4) and Z (adds 0.6), Y takes X (essential, 0.5); Z lost by half: X loses 0.375, Y 0.1875."""
    x, y, z = 0, 1, 2
    needs = [
        {"node": x, "supply": 0, "group": 0, "essential": False, "criticality": 0.4},
        {"node": x, "supply": 1, "group": 1, "essential": False, "criticality": 0.6},
        {"node": y, "supply": 2, "group": 2, "essential": True, "criticality": 0.5},
    ]
    found = Needs(
        share={(0, y): 1.0, (1, z): 1.0, (2, x): 1.0},
        own={x: 1.0, y: 1.0, z: 0.5},
        lost={},
        needs=[{**need, "weight": 1.0, "takeover": 0.0} for need in needs],
    )
    chain, restrictions, criticality = as_chain(found)
    a, _ = availability(chain, restrictions, criticality, np.array([False]))
    assert 1 - a[:, 0] == pytest.approx([0.375, 0.1875, 0.5], abs=1e-9)
    made, _ = chain_availability(found.share, found.own, found.lost, found.needs)
    assert [1 - made[n] for n in (x, y, z)] == pytest.approx([0.375, 0.1875, 0.5], abs=1e-9)


# ---- cases that random packages leave out -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "s", "ends"),
    [
        ("essential", None, (1, 1, 1)),
        ("essential", 0.4, (0.6, 0.8, 1)),
        ("adds", None, (0.05, 0.25, 0.5)),
        ("adds", 0.2, (0.08, 0.4, 0.8)),
        ("negligible", 0.3, (0, 0, 0.1)),
    ],
)
def test_a_blank_criticality_follows_the_rule(effect: str, s: float | None, ends: tuple[float, ...]) -> None:
    edge = {"output": "p", "input": "m", "effect": effect, "criticality": None, "substitutability": s}
    net = load(
        {
            "goods": [{"good": "m"}, {"good": "p", "kind": "product"}],
            "production": [{"good": "m", "producer": "CHN", "share": 1}, {"good": "p", "producer": "USA", "share": 1}],
            "bom": [{**edge, "criticality_basis": "rule"}],
            **stop("m", "CHN"),
        }
    )
    row = net.exposure(ON, "USA", products=["p"]).frame.iloc[0]
    assert [row[end] for end in ("short_low", "short", "short_high")] == pytest.approx(ends, abs=1e-12)


EXPORT_TO_TRADER = {"event": "a", "destinations": "GBR"}
LEGS = {
    "two legs, the larger": (
        [EXPORT_TO_TRADER, {"event": "b", "issuer": "GBR", "destinations": "FRA"}],
        {"a": 0.3, "b": 0.5}, "covered", 0.5,
    ),
    "the way in and a clause on goods of Chinese origin": (
        [EXPORT_TO_TRADER, {"event": "b", "acts_on": "reexport", "destinations": "FRA"}],
        {"a": 0.3, "b": 0.5}, "covered", 0.5,
    ),
    "an import ban on the trader's country": (
        [{"event": "a", "acts_on": "import", "issuer": "FRA", "destinations": "GBR"}], {"a": 1}, "covered", 1,
    ),
    "an import ban on the origin does not see through a trader": (
        [{"event": "a", "acts_on": "import", "issuer": "FRA", "destinations": "CHN"}], {"a": 1}, "covered", 0,
    ),
    "a re-export clause on the way to the trader": (
        [{"event": "a", "acts_on": "reexport", "issuer": "USA", "destinations": "GBR"}], {"a": 1}, "technology", 1,
    ),
    "a re-export clause beside an export stop on one straight flow": (
        [
            {"event": "a", "issuer": "CHN", "destinations": "GBR"},
            {"event": "b", "issuer": "USA", "acts_on": "reexport", "destinations": "GBR"},
        ],
        {"a": 0.3, "b": 0.5}, "technology", 0.5,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("events", "severity", "role", "loss"), LEGS.values(), ids=LEGS)
def test_restrictions_on_a_traders_flow(
    events: list[dict[str, Any]], severity: dict[str, float], role: str, loss: float
) -> None:
    """M from CHN to FRA through the trader GBR: each part bears the largest of the restrictions on its way."""
    straight = len(events) == 2 and events[1].get("issuer") == "USA"
    market = "GBR" if straight else "FRA"
    roles = {e["event"]: "covered" if e.get("acts_on", "export") == "export" else role for e in events}
    tables: Tables = {
        "countries": [{"country": market, "kind": "country", "manufacturing_share": 1}],
        "goods": [{"good": "m", "kind": "product"}],
        "production": [{"good": "m", "producer": "CHN", "share": 1}],
        "trade": []
        if straight
        else [{"good": "m", "importer": "FRA", "exporter": "GBR", "share": 1, "basis": "supply"}],
        "events": events,
        "event_scope": [{"event": e, "good": "m", "role": r} for e, r in roles.items()],
        "event_phases": [{"event": e} for e in severity],
        "severities": [{"event": e, "severity": s} for e, s in severity.items()],
    }
    net = load(tables)
    assert Oracle(tables_of(net), ON).exposure("m", market, "short") == pytest.approx(loss, abs=1e-12)
    assert net.exposure(ON, market, products=["m"]).frame["short"].item() == pytest.approx(loss, abs=1e-12)


def test_a_trader_buys_from_the_producers_in_proportion_to_what_they_make() -> None:
    net = load(
        {
            "countries": [
                {"country": c, "kind": "country", "manufacturing_share": s} for c, s in (("CHN", 0.4), ("FRA", 0.6))
            ],
            "goods": [{"good": "m", "kind": "product"}],
            "production": [
                {"good": "m", "producer": c, "share": s} for c, s in (("CHN", 0.5), ("JPN", 0.3), ("AUS", 0.2))
            ],
            "trade": [
                {"good": "m", "importer": "FRA", "exporter": "GBR", "share": 1, "basis": "supply"},
                {"good": "m", "importer": "GBR", "exporter": "AUS", "share": 1},
            ],
        }
    )
    shares = net.sourcing("m", "FRA").set_index("producer")["share"].to_dict()
    assert shares == pytest.approx({"CHN": 0.5, "JPN": 0.3, "AUS": 0.2})


def test_a_members_own_rows_go_before_its_blocs() -> None:
    """USA documents its imports: what the bloc's supply rows say does not count there."""
    net = load(
        {
            "countries": [
                {"country": "USA", "kind": "country", "manufacturing_share": 1},
                {"country": BLOC, "kind": "bloc", "members": "USA;DEU"},
            ],
            "goods": [{"good": "m", "kind": "product"}],
            "production": [{"good": "m", "producer": c, "share": 0.5} for c in ("CHN", "JPN")],
            "trade": [
                {"good": "m", "importer": "USA", "exporter": "JPN", "share": 1},
                {"good": "m", "importer": BLOC, "exporter": "CHN", "share": 1, "basis": "supply"},
            ],
        }
    )
    assert net.sourcing("m", "USA").set_index("producer")["share"].to_dict() == pytest.approx({"JPN": 1})


def test_who_uses_nothing_and_is_served_first_loses_nothing() -> None:
    """DEU is a market without a known use: first <= shared must hold there too (shared: 0.45)."""
    net = load(
        {
            "countries": [
                {"country": "JPN", "kind": "country", "manufacturing_share": 0.5},
                {"country": "USA", "kind": "country", "manufacturing_share": 0.5},
                {"country": "DEU", "kind": "country"},
            ],
            "goods": [{"good": "m", "kind": "product"}],
            "production": [
                {"good": "m", "producer": "CHN", "share": 0.5},
                {"good": "m", "producer": "AUS", "share": 0.5},
            ],
            "trade": [{"good": "m", "importer": c, "exporter": "CHN", "share": 1} for c in ("USA", "DEU")],
            **stop("m", "CHN", 0.9, destinations="DEU;USA"),
        }
    )
    loss = {
        mode: net.exposure(ON, "DEU", products=["m"], sharing=mode).frame["short"].item()
        for mode in ("fixed", "shared", "first")
    }
    assert loss == pytest.approx({"fixed": 0.9, "shared": 0.45, "first": 0})


def stop(good: str, issuer: str, severity: float = 1, **event: Any) -> Tables:
    """One clause in force from the first day."""
    return {
        "events": [{"event": "stop", "issuer": issuer, **event}],
        "event_scope": [{"event": "stop", "good": good}],
        "event_phases": [{"event": "stop"}],
        "severities": [{"event": "stop", "severity": severity}],
    }


# ---- properties ---------------------------------------------------------------------------------------------------


def raised(column: str, by: float) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Moves a value and its ends towards 1; a blank stays blank."""

    def change(row: dict[str, Any]) -> dict[str, Any]:
        ends = {name: row[name] for name in (f"{column}_low", column, f"{column}_high") if row.get(name) is not None}
        return {**row, **{name: value + by * (1 - value) for name, value in ends.items()}}

    return change


@pytest.mark.parametrize(
    ("table", "column"), [("severities", "severity"), ("event_scope", "coverage"), ("bom", "criticality")]
)
@settings(QUICK, max_examples=8)
@given(packages(Features(traders=True, firms=True)), st.sampled_from(["fixed", "shared", "first"]))
def test_more_never_lowers_a_loss(table: str, column: str, tables: Tables, sharing: str) -> None:
    worse = {**tables, table: [raised(column, 0.4)(row) for row in tables.get(table, [])]}
    before = exposures(load(tables), tables, sharing=sharing)
    after = exposures(load(worse), tables, sharing=sharing)
    assert (after - before).min().min() >= -1e-12


@settings(QUICK, max_examples=12)
@given(packages(Features(traders=True, blocs=True)))
def test_who_is_served_first_loses_least(tables: Tables) -> None:
    net = load(tables)
    fixed, shared, first = (exposures(net, tables, sharing=mode) for mode in ("fixed", "shared", "first"))
    assert (fixed - first).min().min() >= -1e-12
    assert (shared - first).min().min() >= -1e-12


@settings(QUICK, max_examples=20)
@given(packages(Features()), st.floats(0.05, 1), st.floats(0.05, 1), st.integers(0, 10))
def test_a_stop_of_own_output_alone_costs_exactly_its_share(
    tables: Tables, severity: float, coverage: float, pick: int
) -> None:
    product = products(tables)[pick % len(products(tables))]
    halt = stop(product, "JPN", severity, acts_on="output", measure="supply_stop")
    halt["event_scope"][0]["coverage"] = coverage
    net = load({**tables, **halt})
    for market in [row["country"] for row in tables["countries"] if row["kind"] != "bloc"]:
        sources = net.sourcing(product, market)
        from_japan = sources.loc[sources["producer"] == "JPN", "share"].sum()
        short = net.exposure(ON, market, products=[product], end_use="civil").frame["short"].item()
        assert short == pytest.approx(severity * coverage * from_japan, abs=1e-9)


@settings(QUICK, max_examples=10)
@given(packages(Features(traders=True, blocs=True)), SEEDS)
def test_order_of_rows_and_names_change_nothing(tables: Tables, seed: int) -> None:
    rng = Random(seed)
    goods = [row["good"] for row in tables["goods"]]
    other = dict(zip(goods, rng.sample([f"x{k}" for k in range(len(goods))], len(goods)), strict=True))
    renamed: Tables = {}
    for name, given_rows in tables.items():
        swapped = [
            {k: other.get(v, v) if k in ("good", "input", "output") else v for k, v in row.items()}
            for row in given_rows
        ]
        if name != "event_phases":  # of two phases on one day the later row counts
            rng.shuffle(swapped)
        renamed[name] = swapped
    before = exposures(load(tables), tables).rename(index=other, level=2).sort_index()
    after = exposures(load(renamed), renamed).sort_index()
    pd.testing.assert_frame_equal(after, before.loc[after.index], check_exact=False, atol=1e-12, rtol=0)


@settings(QUICK, max_examples=15)
@given(packages(Features(traders=True)))
def test_shapley_values_add_up(tables: Tables) -> None:
    x = load(tables).exposure(ON, "USA", products=products(tables), end_use="civil")
    for row in x.frame.itertuples():
        for by in ("event", "commodity"):
            assert x.contributions(row.product, by=by)["shapley"].sum() == pytest.approx(row.short, abs=1e-9)


@settings(QUICK, max_examples=12)
@given(packages(Features(groups=False, traders=True)))
def test_without_groups_two_events_cost_no_more_than_their_sum(tables: Tables) -> None:
    net = load(tables)
    events = [row["event"] for row in tables["events"]]
    together = exposures(net, tables)["short"]
    alone = sum(exposures(net, tables, events=[event])["short"] for event in events)
    assert (alone - together).min() >= -1e-12


@settings(QUICK, max_examples=15)
@given(packages(Features(traders=True)))
def test_simulated_without_stocks_and_transit_is_short(tables: Tables) -> None:
    at_once = [
        {"name": name, "value_low": 0, "value": 0, "value_high": 0} for name in ("default_stock", "default_transit")
    ]
    net = load({**tables, "assumptions": at_once})
    for market in markets(tables):
        frame = net.exposure(ON, market, products=products(tables), end_use="civil").frame
        for end in ("_low", "", "_high"):
            assert frame[f"felt{end}"].to_numpy() == pytest.approx(frame[f"short{end}"].to_numpy(), abs=1e-9)


SCRIPT = """
import sys, supplychain as sc
net = sc.load(sys.argv[1])
for market in ("USA", "EU27"):
    x = net.exposure("2025-06-01", market, end_use="civil")
    sys.stdout.write(x.frame.to_csv(index=False))
    for product in x.frame["product"]:
        sys.stdout.write(x.explain(product).to_csv(index=False))
"""


def test_hash_seed_changes_no_byte(tmp_path: Path) -> None:
    folder = package(tmp_path, **random_package(Random(7), Features(traders=True, blocs=True)))
    found = []
    for seed in ("1", "4242"):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(sc.__file__).parents[1],
            capture_output=True,
            check=True,
        )
        found.append(run.stdout)
    assert found[0] == found[1]
    assert len(found[0].splitlines()) > 3
