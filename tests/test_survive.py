"""Time to survive and lost units: DESIGN example 26, hand-computed cases, brute force, properties, bad input."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import InputError
from supplychain.survive import lost_by_node, lost_units, rank_nodes, time_to_survive

Network = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def network(nodes: list[tuple], needs: list[tuple], links: list[tuple]) -> Network:
    columns = ["node", "kind", "stock", "capacity", "demand", "weight"]
    return (
        pd.DataFrame(nodes, columns=columns),
        pd.DataFrame(needs, columns=["node", "kind", "need"]),
        pd.DataFrame(links, columns=["supplier", "buyer"]),
    )


# DESIGN, worked example 26
ONE_PLANT = network([("P", "P", 20, 12, 10, 1), ("A", "K", 50, 30, 0, 1)], [("P", "K", 1)], [("A", "P")])
TWO_PLANTS = network(
    [("P", "P", 20, 12, 10, 1), ("A", "K", 50, None, 0, 1), ("B", "K", 0, 4, 0, 1)],
    [("P", "K", 1)],
    [("A", "P"), ("B", "P")],
)


def test_example_26() -> None:
    assert time_to_survive(*ONE_PLANT, ["A"]) == pytest.approx(7, abs=1e-9)
    assert lost_units(*ONE_PLANT, ["A"], 10) == pytest.approx(30, abs=1e-9)
    assert time_to_survive(*TWO_PLANTS, "A") == pytest.approx(35 / 3, abs=1e-9)
    assert lost_units(*TWO_PLANTS, "A", 20) == pytest.approx(50, abs=1e-9)


def test_nothing_is_lost_up_to_the_time_to_survive() -> None:
    assert lost_units(*ONE_PLANT, "A", 7) == 0
    assert lost_units(*ONE_PLANT, "A", 7.1) == pytest.approx(1)


def test_never_lost_is_infinite() -> None:
    assert time_to_survive(*ONE_PLANT, []) == math.inf
    assert time_to_survive(*TWO_PLANTS, "B") == math.inf
    assert lost_units(*ONE_PLANT, [], 1000) == 0


def test_network_that_cannot_meet_its_demand_has_a_time_without_any_stop() -> None:
    nodes, needs, links = ONE_PLANT
    assert time_to_survive(nodes.assign(capacity=[8, 30]), needs, links, []) == pytest.approx(10)  # 20 / (10 - 8)


def test_stopped_maker_of_the_product_lives_on_its_stock() -> None:
    assert time_to_survive(*ONE_PLANT, "P") == pytest.approx(2)
    assert lost_units(*ONE_PLANT, "P", 3) == pytest.approx(10)


def test_stock_of_a_part_that_needs_two_a_unit() -> None:
    nodes, needs, links = ONE_PLANT
    assert time_to_survive(nodes, needs.assign(need=2), links, "A") == pytest.approx(4.5)  # (20 + 50 / 2) / 10


def test_every_needed_kind_limits_and_capacity_can_bind_first() -> None:
    net = network(
        [("P", "P", 0, 12, 10, 1), ("A", "K", 100, None, 0, 1), ("C", "M", 30, None, 0, 1)],
        [("P", "K", 1), ("P", "M", 1)],
        [("A", "P"), ("C", "P")],
    )
    assert time_to_survive(*net, ["A", "C"]) == pytest.approx(3)
    assert time_to_survive(*net, "A") == pytest.approx(10)


def test_scarce_parts_go_to_the_product_with_the_larger_weight() -> None:
    net = network(
        [("P", "P", 0, None, 10, 1), ("Q", "Q", 0, None, 10, 5), ("A", "K", 150, 0, 0, 0)],
        [("P", "K", 1), ("Q", "K", 1)],
        [("A", "P"), ("A", "Q")],
    )
    frame = lost_by_node(*net, "A", 10).set_index("node")
    assert frame["lost"].to_dict() == pytest.approx({"P": 50, "Q": 0})
    assert frame["delivered"].to_dict() == pytest.approx({"P": 50, "Q": 100})
    assert lost_units(*net, "A", 10) == pytest.approx(50)
    assert lost_units(*net, "A", 20) == pytest.approx(200 + 50 * 5)


def test_without_the_weight_column_units_count() -> None:
    nodes, needs, links = ONE_PLANT
    assert lost_units(nodes.drop(columns="weight"), needs, links, "A", 10) == pytest.approx(30)


def test_need_without_a_link_stops_the_node_and_useless_links_carry_nothing() -> None:
    nodes, needs, links = TWO_PLANTS
    assert time_to_survive(nodes, needs, links.iloc[:0], []) == pytest.approx(2)
    useless = pd.concat([links, pd.DataFrame({"supplier": ["P"], "buyer": ["A"]})])
    assert time_to_survive(nodes, needs, useless, "A") == pytest.approx(35 / 3)


def test_cycle_of_needs_lives_on_stock_and_what_it_makes_more_than_it_takes() -> None:
    """P takes 0.5 K a unit, K takes 0.5 P a unit: a unit of P for customers costs 4/3 of P made, capacity 12."""
    net = network(
        [("P", "P", 0, 12, 10, 1), ("A", "K", 0, None, 0, 1)],
        [("P", "K", 0.5), ("A", "P", 0.5)],
        [("A", "P"), ("P", "A")],
    )
    assert lost_units(*net, [], 10) == pytest.approx(10)  # 12 made a day: 3 go to A, 9 to customers
    assert time_to_survive(*net, []) == 0


def test_tiny_needs_beside_large_demands_are_not_lost_to_the_solver() -> None:
    """0.2 grams a phone, in tonnes, is below what solvers drop as zero once the units are this far apart."""
    net = network(
        [("P", "phone", 0, None, 1e6, 1), ("A", "dysprosium", 4e-3, 0, 0, 1)],
        [("P", "dysprosium", 2e-10)],
        [("A", "P")],
    )
    assert time_to_survive(*net, "A") == pytest.approx(20, rel=1e-9)
    assert lost_units(*net, "A", 30) == pytest.approx(1e7, rel=1e-9)


def test_whole_units() -> None:
    """Two parts a unit, 5 parts left: 2.5 units, or 2 whole ones."""
    net = network([("P", "P", 0, None, 1, 1), ("A", "K", 5, 0, 0, 1)], [("P", "K", 2)], [("A", "P")])
    assert lost_units(*net, "A", 4) == pytest.approx(1.5)
    assert lost_units(*net, "A", 4, whole=True) == 2
    nodes, needs, links = net
    with pytest.raises(InputError, match=r"needs row 0 column need is 1e-05; allowed: 0.001 or more for whole units"):
        lost_units(nodes, needs.assign(need=1e-5), links, "A", 4, whole=True)


def test_rank_of_nodes() -> None:
    frame = rank_nodes(*TWO_PLANTS, 20)
    assert list(frame.columns) == [
        "node", "kind", "days", "time_to_survive", "lost_units", "lost_share", "exposure_index",
    ]  # fmt: skip
    assert list(frame["node"]) == ["P", "A", "B"]
    assert list(frame["lost_units"]) == pytest.approx([180, 50, 0])
    assert list(frame["lost_share"]) == pytest.approx([0.9, 0.25, 0])
    assert list(frame["exposure_index"]) == pytest.approx([1, 50 / 180, 0])
    assert list(frame["time_to_survive"]) == pytest.approx([2, 35 / 3, math.inf])


def test_rank_of_nodes_with_their_own_times_to_recover() -> None:
    seen: list[tuple[int, int]] = []
    frame = rank_nodes(*TWO_PLANTS, {"P": 1, "A": 20, "B": 20}, progress=lambda done, of: seen.append((done, of)))
    assert list(frame["node"]) == ["A", "P", "B"]
    assert list(frame["lost_units"]) == pytest.approx([50, 0, 0])
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_rank_where_nothing_is_ever_lost() -> None:
    nodes, needs, links = ONE_PLANT
    assert rank_nodes(nodes.assign(stock=1e6), needs, links, 1)["exposure_index"].to_list() == [0, 0]


# Brute force: two products, two sources of one part, whole units, every plan tried.


@st.composite
def tiny(draw: st.DrawFn) -> tuple[Network, list[str], int]:
    small = st.integers(0, 3)
    product = st.tuples(small, st.none() | small, st.integers(1, 2), st.integers(0, 3))
    source = st.tuples(small, st.none() | small)
    p, q, a, b = draw(product), draw(product), draw(source), draw(source)
    need_p, need_q = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    links = draw(st.lists(st.sampled_from([("A", "P"), ("B", "P"), ("A", "Q"), ("B", "Q")]), unique=True))
    net = network(
        [("P", "P", *p), ("Q", "Q", *q), ("A", "K", *a, 0, 1), ("B", "K", *b, 0, 1)],
        [("P", "K", need_p), ("Q", "K", need_q)],
        links,
    )
    return net, draw(st.lists(st.sampled_from("PQAB"), unique=True)), draw(st.integers(1, 2))


def best_by_enumeration(net: Network, stopped: list[str], days: int) -> float:
    nodes, needs, links = net
    row = {r["node"]: r for r in nodes.to_dict("records")}
    need = dict(zip(needs["node"], needs["need"], strict=True))
    pairs = set(zip(links["supplier"], links["buyer"], strict=True))

    def most(node: str) -> float:
        if node in stopped:
            return 0
        capacity = row[node]["capacity"]
        return math.inf if capacity is None or math.isnan(capacity) else capacity * days

    held = {x: row[x]["stock"] + most(x) for x in "AB"}
    best = math.inf
    wanted = {x: row[x]["demand"] * days for x in "PQ"}
    for made in itertools.product(*(range(wanted[x] + 1) for x in "PQ")):
        if any(units > most(x) for x, units in zip("PQ", made, strict=True)):
            continue
        parts = {x: need[x] * units for x, units in zip("PQ", made, strict=True)}
        for from_a in itertools.product(range(parts["P"] + 1), range(parts["Q"] + 1)):
            shipped = {("A", "P"): from_a[0], ("A", "Q"): from_a[1]}
            shipped |= {("B", "P"): parts["P"] - from_a[0], ("B", "Q"): parts["Q"] - from_a[1]}
            if any(units and pair not in pairs for pair, units in shipped.items()):
                continue
            if any(shipped[x, "P"] + shipped[x, "Q"] > held[x] for x in "AB"):
                continue
            lost = [max(0, wanted[x] - row[x]["stock"] - units) for x, units in zip("PQ", made, strict=True)]
            best = min(best, sum(row[x]["weight"] * units for x, units in zip("PQ", lost, strict=True)))
    return best


@settings(max_examples=150, deadline=None)
@given(tiny())
def test_whole_units_equal_enumeration(case: tuple[Network, list[str], int]) -> None:
    net, stopped, days = case
    best = best_by_enumeration(net, stopped, days)
    assert lost_units(*net, stopped, days, whole=True) == pytest.approx(best, abs=1e-9)
    assert lost_units(*net, stopped, days) <= best + 1e-7


@settings(max_examples=60, deadline=None)
@given(tiny(), st.randoms(use_true_random=False))
def test_properties(case: tuple[Network, list[str], int], random: object) -> None:
    net, stopped, days = case
    nodes, needs, links = net
    lost, survived = lost_units(*net, stopped, days), time_to_survive(*net, stopped)
    frame = lost_by_node(*net, stopped, days)
    assert 0 <= lost <= frame["demand"] @ nodes.set_index("node").loc[frame["node"], "weight"].to_numpy() + 1e-9
    assert ((frame["lost"] >= 0) & (frame["lost"] <= frame["demand"] + 1e-9)).all()
    if (nodes["weight"] > 0).all():
        assert (lost <= 1e-6) == (survived >= days - 1e-6)
    # the more stops, the longer the stop and the smaller the stock, the larger the loss and the shorter the time
    assert lost_units(*net, [*stopped, "A"], days) >= lost - 1e-7
    assert time_to_survive(*net, [*stopped, "A"]) <= survived + 1e-7
    assert lost_units(*net, stopped, days + 1) >= lost - 1e-7
    poorer = nodes.assign(stock=np.maximum(nodes["stock"] - 1, 0))
    assert lost_units(poorer, needs, links, stopped, days) >= lost - 1e-7
    assert time_to_survive(poorer, needs, links, stopped) <= survived + 1e-7
    # order of rows and units of the tables change nothing
    order = [0, 1, 2, 3]
    random.shuffle(order)
    mixed = (nodes.iloc[order], needs.iloc[::-1], links.iloc[::-1])
    assert lost_units(*mixed, stopped, days) == pytest.approx(lost, abs=1e-7)
    assert time_to_survive(*mixed, stopped) == pytest.approx(survived, abs=1e-7)
    part = nodes["kind"] == "K"
    grams = nodes.assign(
        stock=nodes["stock"].astype(float).where(~part, nodes["stock"] * 1e-6),
        capacity=pd.to_numeric(nodes["capacity"]).where(~part, pd.to_numeric(nodes["capacity"]) * 1e-6),
    )
    assert lost_units(grams, needs.assign(need=needs["need"] * 1e-6), links, stopped, days) == pytest.approx(
        lost, abs=1e-6
    )


def with_cell(table: int, row: int, column: str, value: object) -> Network:
    tables = [frame.astype(object).copy() for frame in TWO_PLANTS]
    tables[table].loc[row, column] = value
    return tables[0], tables[1], tables[2]


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (with_cell(0, 1, "stock", -5), "nodes row 1 column stock is -5; allowed: units on hand, 0 or more"),
        (with_cell(0, 1, "stock", None), "nodes row 1 column stock is None"),
        (with_cell(0, 1, "stock", "lots"), "nodes row 1 column stock is 'lots'"),
        (with_cell(0, 2, "capacity", -1), "nodes row 2 column capacity is -1; .*blank for no limit"),
        (with_cell(0, 2, "capacity", "none"), "nodes row 2 column capacity is 'none'"),
        (with_cell(0, 0, "demand", -1), "nodes row 0 column demand is -1"),
        (with_cell(0, 0, "demand", float("inf")), "nodes row 0 column demand is inf"),
        (with_cell(0, 0, "demand", 0), "column demand is '0 in every row'; allowed: at least one node with demand"),
        (with_cell(0, 1, "weight", float("nan")), "nodes row 1 column weight is nan"),
        (with_cell(0, 2, "node", "A"), "nodes row 2 column node is 'A'; allowed: every node once"),
        (with_cell(0, 2, "node", None), "nodes row 2 column node is None"),
        (with_cell(0, 2, "kind", None), "nodes row 2 column kind is None"),
        (with_cell(1, 0, "node", "Z"), "needs row 0 column node is 'Z'; allowed: a node of `nodes`: P, A, B"),
        (with_cell(1, 0, "kind", "L"), "needs row 0 column kind is 'L'; allowed: a kind that a node makes: P, K"),
        (with_cell(1, 0, "need", -1), "needs row 0 column need is -1; allowed: .* above 0"),
        (with_cell(1, 0, "need", 0), "needs row 0 column need is 0"),
        (with_cell(1, 1, "node", "P"), "needs row 1"),
        (with_cell(2, 1, "supplier", "Z"), "links row 1 column supplier is 'Z'"),
        (with_cell(2, 0, "buyer", None), "links row 0 column buyer is None"),
        ((TWO_PLANTS[0].drop(columns="stock"), *TWO_PLANTS[1:]), "columns of nodes .*Add 'stock'"),
        ((*TWO_PLANTS[:2], None), "links is 'NoneType'; allowed: a DataFrame with columns supplier, buyer"),
    ],
)
def test_bad_tables(net: Network, message: str) -> None:
    for call in (lambda: time_to_survive(*net, "A"), lambda: lost_units(*net, "A", 5), lambda: rank_nodes(*net, 5)):
        with pytest.raises(InputError, match=message):
            call()


def test_needs_twice_the_same_kind() -> None:
    nodes, needs, links = TWO_PLANTS
    with pytest.raises(InputError, match="needs row 7 column kind is 'K'; allowed: every needed kind once a node"):
        time_to_survive(nodes, pd.concat([needs, needs.set_axis([7])]), links, "A")


@pytest.mark.parametrize("days", [0, -1, float("nan"), math.inf, "ten", True, None])
def test_bad_days(days: object) -> None:
    with pytest.raises(InputError, match=r"days is .*; allowed: a finite number above 0"):
        lost_units(*TWO_PLANTS, "A", days)
    with pytest.raises(InputError, match="days"):
        rank_nodes(*TWO_PLANTS, {"P": 1, "A": days, "B": 2})


def test_unknown_stopped_node_and_days_of_unknown_or_missing_nodes() -> None:
    with pytest.raises(InputError, match="node in stopped is 'Z'; allowed: P, A, B"):
        time_to_survive(*TWO_PLANTS, ["A", "Z"])
    with pytest.raises(InputError, match="node in days is 'Z'"):
        rank_nodes(*TWO_PLANTS, {"P": 1, "A": 1, "B": 1, "Z": 1})
    with pytest.raises(InputError, match="days of 'B' is None"):
        rank_nodes(*TWO_PLANTS, {"P": 1, "A": 1})
