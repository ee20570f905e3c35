"""The worked examples of the design, by their numbers, through the public functions on tiny data packages.

M is mined in CHN 0.9, AUS 0.1. K is made only in JPN from M, P is finished in USA from K.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from oracle import READINGS, Oracle, tables_of
from worlds import EDGES, ON, K, M, P, Rows, clause, goods, maker, world

import supplychain as sc


def short(net: sc.Network, market: str = "USA", **options: Any) -> tuple[float, float, float]:
    """Low, central, high; the plain oracle must say the same."""
    row = net.exposure(ON, market, **options).frame.set_index("product").loc["p"]
    plain = Oracle(tables_of(net), ON, options.get("end_use", "civil"), sharing=options.get("sharing", "fixed"))
    assert row[list(READINGS)].to_dict() == pytest.approx(plain.readings("p", market), abs=1e-12)
    return row["short_low"], row["short"], row["short_high"]


def central(net: sc.Network, market: str = "USA", **options: Any) -> float:
    return short(net, market, **options)[1]


def lost(net: sc.Network, good: str, country: str, sharing: str = "fixed", column: int = 3) -> float:
    """Loss of the supply of any good in a country, civil class, central reading."""
    x = net.exposure(ON, "USA", sharing=sharing)
    found = float(1 - x.solved.arrived[x.solved.sourcing.supply(good, country), column])
    plain = Oracle(tables_of(net), ON, sharing=sharing)
    assert found == pytest.approx(1 - plain.arrived(good, country, "", READINGS[column]), abs=1e-12)
    return found


@pytest.mark.parametrize(("severity", "loss"), [(1, 0.9), (0.5, 0.45)])
def test_1_a_stop_to_all(tmp_path: Path, severity: float, loss: float) -> None:
    net = world(tmp_path, clause(severity=severity))
    assert lost(net, "m", "JPN") == pytest.approx(loss, abs=1e-12)
    assert central(net) == pytest.approx(loss, abs=1e-12)


@pytest.mark.parametrize(("first", "second", "loss"), [(0.5, 1, 0.45), (0.5, 0.5, 0.225)])
def test_2_criticality(tmp_path: Path, first: float, second: float, loss: float) -> None:
    edges = [{**EDGES[0], "criticality": first}, {**EDGES[1], "criticality": second}]
    assert central(world(tmp_path, clause(), bom=edges)) == pytest.approx(loss, abs=1e-12)


def test_3_a_stop_to_usa_only(tmp_path: Path) -> None:
    frame = world(tmp_path, clause(destinations="USA")).exposure(ON, "USA").frame
    assert frame[["linked", "dependent", "short", "short_high"]].to_numpy().max() == 0
    assert "Not linked" in frame["why"].item()


@pytest.mark.parametrize(
    ("value_share", "loss"),
    [(0.02, 1), (0.0005, 0), (0.001 / 0.9, 1), (0.00111, 0)],
    ids=["0.018 caught", "0.00045 free", "exactly 0.001 caught", "0.000999 free"],
)
def test_4_reexport_rule(tmp_path: Path, value_share: float, loss: float) -> None:
    edges = [{**EDGES[0], "value_share": value_share}, EDGES[1]]
    scope = [{"good": "k", "content_threshold": 0.001}, {"good": "m", "role": "content"}]
    rule = clause("reexport", scope=scope, acts_on="reexport", measure="extraterritorial", destinations="USA")
    assert central(world(tmp_path, clause(destinations="USA"), rule, bom=edges)) == pytest.approx(loss, abs=1e-12)


def test_4_unknown_content_is_free_low_and_caught_high(tmp_path: Path) -> None:
    scope = [{"good": "k", "content_threshold": 0.001}, {"good": "m", "role": "content"}]
    rule = clause("reexport", scope=scope, acts_on="reexport", measure="extraterritorial", destinations="USA")
    assert short(world(tmp_path, rule)) == pytest.approx((0, 1, 1))  # the clause names K itself


def test_5_two_clauses_on_one_flow(tmp_path: Path) -> None:
    assert central(world(tmp_path, clause("a", 0.5), clause("b", 0.3))) == pytest.approx(0.45, abs=1e-12)


GROUP = [
    {"output": "k", "input": "m", "group": "g", "group_share": 1, "takeover": 0},
    {"output": "k", "input": "n", "group": "g", "group_share": 0, "takeover": 0.4},
    EDGES[1],
]


@pytest.mark.parametrize(
    ("m", "n", "loss"), [(1, 0, 0.54), (1, 0.5, 0.72), (0, 1, 0), (1, 1, 0.9)], ids=["m", "half n", "n", "both"]
)
def test_6_a_group(tmp_path: Path, m: float, n: float, loss: float) -> None:
    net = world(
        tmp_path,
        clause("a", m),
        clause("b", n, good="n", issuer="KOR"),
        goods=goods("m", "n", "k", "p"),
        production=[*M, *K, *P, maker("n", "KOR")],
        bom=GROUP,
    )
    assert central(net) == pytest.approx(loss, abs=1e-12)


@pytest.mark.parametrize(("sharing", "loss"), [("first", 0.85), ("fixed", 0.9), ("shared", 0.9)])
def test_8_spare_capacity(tmp_path: Path, sharing: str, loss: float) -> None:
    net = world(tmp_path, clause(), production=[M[0], maker("m", "AUS", 0.1, spare=0.5), *K, *P])
    assert central(net, sharing=sharing) == pytest.approx(loss, abs=1e-12)


@pytest.mark.parametrize(("severity", "loss"), [(0.5, 0.45), (0.3, 0.4)])
def test_9_own_capacity_and_inputs_are_both_ceilings(tmp_path: Path, severity: float, loss: float) -> None:
    plant = clause("plant", 0.4, good="k", issuer="JPN", acts_on="output", measure="supply_stop")
    assert central(world(tmp_path, clause(severity=severity), plant)) == pytest.approx(loss, abs=1e-12)


def test_10_inputs_that_add(tmp_path: Path) -> None:
    edges = [
        *EDGES,
        {"output": "k", "input": "x", "effect": "adds", "criticality": 0.2},
        {"output": "k", "input": "y", "effect": "adds", "criticality": 0.3},
    ]
    net = world(
        tmp_path,
        clause("a", 0.1 / 0.9),
        clause("b", 0.5, good="x", issuer="KOR"),
        clause("c", 0.4, good="y", issuer="TWN"),
        goods=goods("m", "x", "y", "k", "p"),
        production=[*M, *K, *P, maker("x", "KOR"), maker("y", "TWN")],
        bom=edges,
    )
    assert central(net) == pytest.approx(0.22, abs=1e-12)


def test_11_end_use_classes(tmp_path: Path) -> None:
    net = world(tmp_path, clause("mil", 1, destinations="JPN", end_use="military"), clause("any", 0.2))
    assert central(net, end_use="civil") == pytest.approx(0.18, abs=1e-12)
    assert central(net, end_use="military") == pytest.approx(0.9, abs=1e-12)
    assert central(net) == pytest.approx(0.18, abs=1e-12)  # P says nothing, so it is civil


def test_12_an_entity_list(tmp_path: Path) -> None:
    firms = [maker("k", "F1", 0.3, country="JPN"), maker("k", "F2", 0.7, country="JPN")]
    listed = clause(scope=[{"good": "m", "buyer": "F1"}], measure="entity_list", destinations="JPN", end_use="listed")
    net = world(tmp_path / "with", listed, production=[*M, *firms, *P])
    assert central(net) == pytest.approx(0.27, abs=1e-12)
    without = world(tmp_path / "without", listed)
    x = without.exposure(ON, "USA")
    assert x.frame["linked"].item() == 0
    assert any("firms only" in warning for warning in x.warnings)


def test_13_an_import_ban(tmp_path: Path) -> None:
    ban = clause(good="k", issuer="USA", acts_on="import", measure="ban")
    net = world(
        tmp_path,
        ban,
        production=[*M, *K, maker("p", "USA", 0.5), maker("p", "DEU", 0.5)],
        countries=[{"country": c, "manufacturing_share": 0.5} for c in ("USA", "DEU")],
    )
    assert central(net, "USA") == pytest.approx(1, abs=1e-12)
    assert central(net, "DEU") == 0
    solved = net.exposure(ON, "USA").solved
    k = (solved.sourcing.node_good == net.model.sourcing.world.good_index["k"]).nonzero()[0]
    assert solved.made[k, 3].min() == 1


def test_14_a_quota(tmp_path: Path) -> None:
    net = world(tmp_path, clause(severity=0.56, measure="quota"))
    assert net.restrictions(ON).set_index(["exporter", "importer"]).at[("CHN", "JPN"), "r"] == pytest.approx(0.56)
    assert central(net) == pytest.approx(0.504, abs=1e-12)


def test_15_coverage(tmp_path: Path) -> None:
    net = world(tmp_path, clause(severity=0.8, scope=[{"good": "m", "coverage": 0.25}]))
    assert central(net) == pytest.approx(0.18, abs=1e-12)


@pytest.mark.parametrize(("from_japan", "loss"), [(1, 1), (0.5, 0)], ids=["0.0018 caught", "0.0009 free"])
def test_16_content_over_two_steps(tmp_path: Path, from_japan: float, loss: float) -> None:
    scope = [{"good": "q", "content_threshold": 0.001}, {"good": "m", "role": "content"}]
    rule = clause("reexport", scope=scope, acts_on="reexport", measure="extraterritorial", destinations="USA")
    net = world(
        tmp_path,
        rule,
        goods=goods("m", "k", "q", "p"),
        production=[*M, maker("k", "JPN", 0.5), maker("k", "KOR", 0.5), maker("q", "DEU"), *P],
        bom=[
            {"output": "k", "input": "m", "value_share": 0.02},
            {"output": "q", "input": "k", "value_share": 0.10},
            {"output": "p", "input": "q"},
        ],
        trade=[
            {"good": "k", "importer": "DEU", "exporter": "JPN", "share": from_japan},
            *([{"good": "k", "importer": "DEU", "exporter": "KOR", "share": 0.5}] if from_japan < 1 else []),
            {"good": "m", "importer": "KOR", "exporter": "AUS", "share": 1},
            {"good": "m", "importer": "JPN", "exporter": "CHN", "share": 0.9},
            {"good": "m", "importer": "JPN", "exporter": "AUS", "share": 0.1},
        ],
    )
    assert central(net) == pytest.approx(loss, abs=1e-12)


def two_buyers(folder: Path, *clauses: Mapping[str, Rows], spare: float | None = None) -> sc.Network:
    """JPN uses 0.6 of M (CHN 0.8, AUS 0.2), DEU 0.4 (CHN 1)."""
    return world(
        folder,
        *clauses,
        production=[
            maker("m", "CHN", 0.88), maker("m", "AUS", 0.12, spare=spare), maker("k", "JPN", 0.6),
            maker("k", "DEU", 0.4), *P,
        ],
        trade=[
            {"good": "m", "importer": "JPN", "exporter": "CHN", "share": 0.8},
            {"good": "m", "importer": "JPN", "exporter": "AUS", "share": 0.2},
            {"good": "m", "importer": "DEU", "exporter": "CHN", "share": 1},
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("to", "sharing", "spare", "japan", "germany"),
    [
        ("ALL", "fixed", None, 0.8, 1),
        ("ALL", "shared", None, 0.88, 0.88),
        ("ALL", "first", None, 0.8, 0.7),
        ("ALL", "first", 0.5, 0.7, 0.55),
        ("DEU", "fixed", None, 0, 1),
        ("DEU", "shared", None, 0.4, 0.4),
        ("DEU", "first", None, 0, 0),
    ],
)
def test_17_18_sharing(
    tmp_path: Path, to: str, sharing: str, spare: float | None, japan: float, germany: float
) -> None:
    net = two_buyers(tmp_path, clause(destinations=to), spare=spare)
    assert lost(net, "m", "JPN", sharing) == pytest.approx(japan, abs=1e-12)
    assert lost(net, "m", "DEU", sharing) == pytest.approx(germany, abs=1e-12)


ORIGIN = clause("origin", acts_on="reexport", measure="extraterritorial", destinations="FRA")


@pytest.mark.parametrize(
    ("clauses", "loss"),
    [([clause()], 0.9), ([clause(destinations="FRA")], 0), ([clause(destinations="FRA"), ORIGIN], 0.9)],
    ids=["to all", "to FRA", "with a re-export clause"],
)
def test_19_a_trader(tmp_path: Path, clauses: list[Mapping[str, Rows]], loss: float) -> None:
    net = world(
        tmp_path,
        *clauses,
        production=[*M, maker("k", "FRA"), *P],
        trade=[{"good": "m", "importer": "FRA", "exporter": "GBR", "share": 1}],
        countries=[{"country": "USA", "manufacturing_share": 1}, {"country": "GBR"}],
    )
    assert set(net.sourcing("m", "FRA")["trader"]) == {"GBR"}
    assert lost(net, "m", "FRA") == pytest.approx(loss, abs=1e-12)


def test_20_home_and_surplus(tmp_path: Path) -> None:
    net = world(
        tmp_path,
        production=[
            maker("m", "CHN", 0.8), maker("m", "JPN", 0.15), maker("m", "AUS", 0.05),
            maker("k", "CHN", 0.5), maker("k", "JPN", 0.3), maker("k", "USA", 0.2), *P,
        ],
    )  # fmt: skip
    found = {c: net.sourcing("m", c).set_index("producer")["share"].to_dict() for c in ("CHN", "JPN", "USA")}
    assert found["CHN"] == pytest.approx({"CHN": 1})
    assert found["JPN"] == pytest.approx({"JPN": 0.5, "CHN": 0.5 * 6 / 7, "AUS": 0.5 / 7})
    assert found["USA"] == pytest.approx({"CHN": 6 / 7, "AUS": 1 / 7})
    assert set(net.sourcing("m", "JPN")["basis"]) == {"home", "surplus"}


def test_21_ore_from_myanmar(tmp_path: Path) -> None:
    net = world(
        tmp_path,
        clause(severity=0.89, good="ore", issuer="MMR", acts_on="output", measure="supply_stop"),
        goods=goods("ore", "oxide", "p"),
        production=[
            maker("ore", "MMR", 0.57), maker("ore", "CHN", 0.35), maker("ore", "ROW", 0.08),
            maker("oxide", "CHN", 0.99), maker("oxide", "MYS", 0.01), *P,
        ],
        bom=[{"output": "oxide", "input": "ore"}, {"output": "p", "input": "oxide"}],
    )  # fmt: skip
    shares = net.sourcing("ore", "CHN").set_index("producer")["share"]
    assert shares.round(4).to_dict() == {"MMR": 0.5669, "CHN": 0.3535, "ROW": 0.0796}
    assert lost(net, "ore", "CHN") == pytest.approx(0.5045, abs=5e-5)


def test_23_shapley(tmp_path: Path) -> None:
    net = world(
        tmp_path,
        clause("a", 0.6 / 0.9),
        clause("b", 0.4, good="n", issuer="KOR"),
        goods=goods("m", "n", "k", "p"),
        production=[*M, *K, *P, maker("n", "KOR")],
        bom=[*EDGES, {"output": "k", "input": "n"}],
    )
    found = net.exposure(ON, "USA").contributions("p").set_index("player")
    assert found["shapley"].to_dict() == pytest.approx({"a": 0.4, "b": 0.2})
    assert found["alone"].to_dict() == pytest.approx({"a": 0.6, "b": 0.4})
    assert found["last"].to_dict() == pytest.approx({"a": 0.2, "b": 0})


def test_23_two_clauses_on_one_flow(tmp_path: Path) -> None:
    net = world(
        tmp_path,
        clause("a", 0.6 / 0.9),
        clause("b", 0.4, good="n", issuer="KOR"),
        clause("c", 0.4, good="n", issuer="KOR"),
        goods=goods("m", "n", "k", "p"),
        production=[*M, *K, *P, maker("n", "KOR")],
        bom=[*EDGES, {"output": "k", "input": "n"}],
    )
    found = net.exposure(ON, "USA").contributions("p").set_index("player")["shapley"]
    assert found.to_dict() == pytest.approx({"a": 1 / 3, "b": 0.4 / 3, "c": 0.4 / 3})


def test_23_members_of_a_group_by_commodity(tmp_path: Path) -> None:
    named = [{**g, "commodity": f"of_{g['good']}", "kind": "mineral"} for g in goods("m", "n")]
    net = world(
        tmp_path,
        clause("a", 1),
        clause("b", 0.5, good="n", issuer="KOR"),
        goods=[*named, *goods("k", "p")],
        production=[*M, *K, *P, maker("n", "KOR")],
        bom=GROUP,
    )
    found = net.exposure(ON, "USA").contributions("p", by="commodity").set_index("player")["shapley"]
    assert found.to_dict() == pytest.approx({"of_m": 0.63, "of_n": 0.09})


def test_23_example_6_players_m_and_n(tmp_path: Path) -> None:
    net = world(
        tmp_path,
        clause("a", 1),
        clause("b", 1, good="n", issuer="KOR"),
        goods=goods("m", "n", "k", "p"),
        production=[*M, *K, *P, maker("n", "KOR")],
        bom=GROUP,
    )
    found = net.exposure(ON, "USA").contributions("p").set_index("player")["shapley"]
    assert found.to_dict() == pytest.approx({"a": 0.72, "b": 0.18})


def unconfirmed(event: str, severity: float, included: str = "") -> dict[str, list[dict[str, Any]]]:
    """A clause suspended from 2025-02-01 until 2025-05-31."""
    found = clause(event, severity)
    pause = {"event": event, "from": "2025-02-01", "status": "suspended", "until": "2025-05-31"}
    found["event_phases"] = [{"event": event}, {**pause, "until_included": included}]
    return found


@pytest.mark.parametrize(
    ("on", "low", "high"),
    [("2025-05-30", 0.27, 0.27), ("2025-05-31", 0.27, 0.45), ("2025-06-01", 0.27, 0.45)],
    ids=["the day before", "the day itself", "after"],
)
@pytest.mark.parametrize("count", [1, 6])
def test_25_unconfirmed(tmp_path: Path, on: str, low: float, high: float, count: int) -> None:
    net = world(tmp_path, clause("sure", 0.3), *(unconfirmed(f"open{k}", 0.5) for k in range(count)))
    row = net.exposure(on, "USA").frame.iloc[0]
    assert (row["short_low"], row["short_high"]) == pytest.approx((low, high), abs=1e-12)
    assert row["short"] == pytest.approx(high, abs=1e-12)


def test_28_a_good_without_a_maker_is_not_zero_silently(tmp_path: Path) -> None:
    net = world(tmp_path, clause(), production=[*M, *P])
    x = net.exposure(ON, "USA")
    assert x.frame["coverage"].item() < 1
    assert any("no documented maker" in warning and "k" in warning for warning in x.warnings)


def test_28_a_scope_item_without_a_good_is_said(tmp_path: Path) -> None:
    found = clause()
    found["event_scope"] = [{"event": "stop", "item": "unobtainium", "good": None}]
    x = world(tmp_path, found).exposure(ON, "USA")
    assert any("not in the graph" in warning and "unobtainium" in warning for warning in x.warnings)


def test_a_known_content_is_not_taken_for_an_unknown_one(tmp_path: Path) -> None:
    edges = [{**EDGES[0], "value_share": 0.0001, "value_share_high": 0.55}, EDGES[1]]
    scope = [{"good": "k", "content_threshold": 0.001}, {"good": "m", "role": "content"}]
    rule = clause("reexport", scope=scope, acts_on="reexport", measure="extraterritorial", destinations="USA")
    assert short(world(tmp_path, rule, bom=edges)) == pytest.approx((0, 0, 1))  # v = 0.00009, at most 0.495


def test_named_firms_share_the_use_of_their_country(tmp_path: Path) -> None:
    firms = [maker("k", f, 0.3, country="JPN") for f in ("F1", "F2")] + [maker("k2", "F3", 0.6, country="JPN")]
    listed = clause("list", scope=[{"good": "m", "buyer": ["F1", "F3"]}], measure="entity_list", end_use="listed")
    net = world(
        tmp_path,
        listed,
        goods=goods("m", "k", "k2", "p"),
        production=[*M, *firms, maker("k", "DEU", 0.4), maker("k2", "DEU", 0.4), *P],
        bom=[*EDGES, {"output": "k2", "input": "m"}, {"output": "p", "input": "k2"}],
    )
    sourcing = net.exposure(ON, "USA", sharing="shared").solved.sourcing
    m = sourcing.supply_good == sourcing.world.good_index["m"]
    found = {
        (sourcing.world.countries[c], b): u
        for c, b, u in zip(sourcing.supply_country[m], sourcing.supply_buyer[m], sourcing.supply_use[m], strict=True)
        if u > 0
    }
    assert found == pytest.approx({("DEU", ""): 0.4, ("JPN", ""): 0.15, ("JPN", "F1"): 0.15, ("JPN", "F3"): 0.3})
    solved = net.exposure(ON, "USA", sharing="shared").solved
    reached = solved.arrived[sourcing.supply("m", "DEU"), 3]
    assert reached == pytest.approx(0.4 + 0.15 + 0.45 * 0.1)


def test_a_bloc_can_export_what_nobody_is_documented_to_make(tmp_path: Path) -> None:
    net = world(
        tmp_path,
        clause(),
        production=[*M, *P],
        trade=[{"good": "k", "importer": "USA", "exporter": "EU27", "share": 1}],
        countries=[
            {"country": "USA", "manufacturing_share": 0.6},
            {"country": "DEU", "manufacturing_share": 0.4},
            {"country": "EU27", "kind": "bloc", "members": "DEU"},
        ],
    )
    assert net.sourcing("k", "USA")["producer"].tolist() == ["DEU"]
