"""ESRI: the paper's own numbers, DESIGN example 27, a plain oracle on random networks, properties, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import InputError
from supplychain.esri_score import ADDS, ESSENTIAL, NONE, esri, esri_arrays, esri_each, firm_links, scores

# Diem et al. (2022), figure 1: eleven firms, every link has weight 1.
PAPER_LINKS = [(2, 1), (2, 3), (3, 7), (6, 7), (7, 4), (7, 11), (8, 11), (9, 5), (9, 10), (10, 7)]
PAPER_KIND = dict(zip(range(1, 12), [1, 2, 1, 3, 4, 2, 4, 1, 2, 3, 5], strict=True))
PAPER_FLOWS = pd.DataFrame([(s, b, 1.0) for s, b in PAPER_LINKS], columns=["supplier", "buyer", "weight"])


def everywhere(role: str, kinds: range = range(1, 6)) -> dict[tuple[int, int], str]:
    return {(a, b): role for a in kinds for b in kinds}


@pytest.mark.parametrize(
    ("role", "firm", "score"),
    [
        ("adds", 2, 0.366666666667),
        ("adds", 3, 0.266666666667),
        ("adds", 4, 0.35),
        ("adds", 7, 0.7),
        ("adds", 11, 0.45),
        ("essential", 2, 0.5),
        ("essential", 3, 0.4),
        ("essential", 6, 0.3),
    ],
)
def test_paper_figure_1(role: str, firm: int, score: float) -> None:
    result = esri(PAPER_FLOWS, PAPER_KIND, everywhere(role), {firm: 0})
    assert result.score == pytest.approx(score, abs=1e-9)
    each = esri_each(PAPER_FLOWS, PAPER_KIND, everywhere(role)).set_index("firm")
    assert each.loc[firm, "score"] == result.score
    assert each.loc[firm, "down"] == result.down
    assert each.loc[firm, "up"] == result.up


# DESIGN, worked example 27
FLOWS = pd.DataFrame(
    [("A", "C", 3), ("B", "C", 1), ("B", "D", 2), ("S", "C", 1), ("S", "E", 5), ("C", "E", 4), ("D", "E", 1),
     ("E", "R", 10)],
    columns=["supplier", "buyer", "weight"],
)  # fmt: skip
KIND = {"A": "ore", "B": "ore", "C": "part", "D": "part", "E": "product", "S": "power", "R": "retail"}
ROLE = {(a, b): "adds" if a == "power" else "essential" for a in set(KIND.values()) for b in set(KIND.values())}


def losses(result_frame: pd.DataFrame, column: str) -> dict[str, float]:
    column_of = result_frame.set_index("firm")[column]
    return {firm: loss for firm, loss in column_of.items() if loss > 1e-15}


def test_example_27_a_at_half() -> None:
    result = esri(FLOWS, KIND, ROLE, {"A": 0.5})
    assert losses(result.frame, "down") == pytest.approx({"A": 0.5, "C": 0.375, "E": 0.3, "R": 0.3})
    assert losses(result.frame, "up") == pytest.approx({"A": 0.5})
    assert result.score == pytest.approx(6 / 27, abs=1e-12)
    assert result.up == pytest.approx(1.5 / 27, abs=1e-12)


def test_example_27_c_at_half() -> None:
    result = esri(FLOWS, KIND, ROLE, {"C": 0.5})
    assert losses(result.frame, "down") == pytest.approx({"C": 0.5, "E": 0.4, "R": 0.4})
    assert losses(result.frame, "up") == pytest.approx({"C": 0.5, "A": 0.5, "B": 1 / 6, "S": 1 / 12})
    assert losses(result.frame, "loss") == pytest.approx(
        {"C": 0.5, "E": 0.4, "R": 0.4, "A": 0.5, "B": 1 / 6, "S": 1 / 12}
    )
    assert [result.score, result.down, result.up] == pytest.approx([8.5 / 27, 6 / 27, 4.5 / 27], abs=1e-12)
    assert list(result.frame.columns) == ["firm", "down", "up", "loss"]


def test_example_27_market_and_power() -> None:
    alone = esri(FLOWS, KIND, ROLE, {"D": 0})
    replaced = esri(FLOWS, KIND, ROLE, {"D": 0}, market=KIND)
    assert alone.score == pytest.approx(5 / 27, abs=1e-12)
    assert losses(alone.frame, "down")["E"] == pytest.approx(0.2)
    assert replaced.score == pytest.approx(3.5 / 27, abs=1e-12)
    assert losses(replaced.frame, "down")["E"] == pytest.approx(0.05)
    power = losses(esri(FLOWS, KIND, ROLE, {"S": 0}).frame, "down")
    assert (power["C"], power["E"]) == pytest.approx((0.2, 0.5))


def test_market_of_firms_not_named_is_their_own() -> None:
    named = {"C": "parts", "D": "parts"}
    assert esri(FLOWS, KIND, ROLE, {"D": 0}, market=named).score == pytest.approx(3.5 / 27, abs=1e-12)
    assert esri(FLOWS, KIND, ROLE, {"D": 0}, market={}).score == esri(FLOWS, KIND, ROLE, {"D": 0}).score


def test_market_that_is_closed_as_a_whole_replaces_nobody() -> None:
    shock = {"C": 0, "D": 0}
    assert esri(FLOWS, KIND, ROLE, shock, market=KIND).score == pytest.approx(esri(FLOWS, KIND, ROLE, shock).score)


def test_role_none_is_not_missed_but_counts_among_all_purchases() -> None:
    flows = pd.DataFrame([("a", "j", 1.0), ("b", "j", 3.0)], columns=["supplier", "buyer", "weight"])
    kind = {"a": "A", "b": "B", "j": "J"}
    role = {("A", "J"): "adds", ("B", "J"): "none"}
    assert losses(esri(flows, kind, role, {"a": 0}).frame, "down") == pytest.approx({"a": 1, "j": 0.25})
    assert losses(esri(flows, kind, role, {"b": 0}).frame, "down") == {"b": 1}
    assert losses(esri(flows, kind, role, {"j": 0}).frame, "up") == {"a": 1, "b": 1, "j": 1}


def test_losses_of_added_inputs_sum_while_essential_ones_take_the_worst() -> None:
    flows = pd.DataFrame([(x, "j", 1.0) for x in "abcd"], columns=["supplier", "buyer", "weight"])
    kind = {**{x: x.upper() for x in "abcd"}, "j": "J"}
    role = {("A", "J"): "adds", ("B", "J"): "adds", ("C", "J"): "essential", ("D", "J"): "essential"}
    shock = {"a": 0, "b": 0, "c": 0.6, "d": 0.7}
    assert losses(esri(flows, kind, role, shock).frame, "down")["j"] == pytest.approx(0.5)
    assert losses(esri(flows, kind, role, {**shock, "c": 0.4}).frame, "down")["j"] == pytest.approx(0.6)


def test_cycle_has_the_greatest_fixed_point() -> None:
    """x buys half from y (added) and half from z, y buys all from x: z at 0.6 gives x = 1 - (1 - y)/2 - 0.2, y = x."""
    flows = pd.DataFrame([("y", "x", 1.0), ("z", "x", 1.0), ("x", "y", 1.0)], columns=["supplier", "buyer", "weight"])
    kind = {"x": 1, "y": 2, "z": 3}
    frame = esri(flows, kind, everywhere("adds", range(1, 4)), {"z": 0.6}).frame.set_index("firm")
    assert frame["down"].to_dict() == pytest.approx({"x": 0.4, "y": 0.4, "z": 0.4}, abs=1e-11)


def test_parallel_rows_add_up_and_zero_weights_do_not_count() -> None:
    split = pd.concat([FLOWS.assign(weight=FLOWS["weight"] / 2)] * 2, ignore_index=True)
    split.loc[len(split)] = ["R", "A", 0]
    pd.testing.assert_frame_equal(esri(split, KIND, ROLE, {"C": 0.3}).frame, esri(FLOWS, KIND, ROLE, {"C": 0.3}).frame)


def oracle(
    links: list[tuple[int, int, float]], kind: list[int], role: dict[tuple[int, int], str], psi: list[float],
    market: list[int] | None,
) -> tuple[list[float], list[float]]:  # fmt: skip
    """The formulas of DESIGN word by word, in plain Python."""
    n = len(kind)
    sales = [sum(w for s, _, w in links if s == i) for i in range(n)]
    d, u = list(psi), list(psi)
    for _ in range(3000):
        new_d, new_u = [], []
        for j in range(n):
            bought = [(s, w) for s, b, w in links if b == j]
            damp = {}
            for s, _ in bought:
                left = sum(sales[i] * d[i] for i in range(n) if market is not None and market[i] == market[s])
                damp[s] = 1.0 if market is None or left <= sales[s] else sales[s] / left
            ceilings = [psi[j]]
            for k in {kind[s] for s, _ in bought if role[kind[s], kind[j]] == "essential"}:
                total = sum(w for s, w in bought if kind[s] == k)
                ceilings.append(1 - sum(w / total * damp[s] * (1 - d[s]) for s, w in bought if kind[s] == k))
            total = sum(w for _, w in bought)
            ceilings.append(
                1 - sum(w / total * damp[s] * (1 - d[s]) for s, w in bought if role[kind[s], kind[j]] == "adds")
            )
            new_d.append(max(0.0, min(ceilings)))
        for i in range(n):
            missing = sum(w / sales[i] * (1 - u[b]) for s, b, w in links if s == i)
            new_u.append(max(0.0, min(psi[i], 1 - missing)))
        change = max(abs(a - b) for a, b in zip(new_d + new_u, d + u, strict=True))
        d, u = new_d, new_u
        if change < 1e-14:
            break
    return d, u


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[tuple[int, int, float]], list[int], dict, list[float], list[int] | None]:
    n = draw(st.integers(2, 7))
    firm = st.integers(0, n - 1)
    weight = st.sampled_from([0.5, 1.0, 2.0, 5.0])
    links = draw(st.lists(st.tuples(firm, firm, weight), min_size=1, max_size=14))
    kind = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    roles = draw(st.lists(st.sampled_from(["essential", "adds", "none"]), min_size=9, max_size=9))
    role = {(a, b): roles[3 * a + b] for a in range(3) for b in range(3)}
    psi = draw(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0, 1.0]), min_size=n, max_size=n))
    market = draw(st.none() | st.lists(st.integers(0, 2), min_size=n, max_size=n))
    return links, kind, role, psi, market


def frames(network: tuple) -> tuple[pd.DataFrame, dict, dict, dict, dict | None]:
    links, kind, role, psi, market = network
    flows = pd.DataFrame(links, columns=["supplier", "buyer", "weight"])
    return flows, dict(enumerate(kind)), role, dict(enumerate(psi)), market and dict(enumerate(market))


@settings(max_examples=150, deadline=None)
@given(networks())
def test_equals_the_plain_oracle(network: tuple) -> None:
    links, kind, role, psi, market = network
    result = esri(*frames(network), tol=1e-14)
    down, up = oracle(links, kind, role, psi, market)
    assert 1 - result.frame["down"].to_numpy() == pytest.approx(np.array(down), abs=1e-8)
    assert 1 - result.frame["up"].to_numpy() == pytest.approx(np.array(up), abs=1e-8)
    sales = np.array([sum(w for s, _, w in links if s == i) for i in range(len(kind))])
    assert result.score == pytest.approx((sales @ (1 - np.minimum(down, up))) / sales.sum(), abs=1e-8)


@settings(max_examples=80, deadline=None)
@given(networks(), st.randoms(use_true_random=False))
def test_bounds_order_of_rows_and_monotone_in_the_shock(network: tuple, random: object) -> None:
    flows, kind, role, psi, market = frames(network)
    result = esri(flows, kind, role, psi, market)
    values = result.frame[["down", "up", "loss"]].to_numpy()
    assert ((values >= 0) & (values <= 1)).all()
    assert 0 <= max(result.down, result.up) <= result.score + 1e-15 <= 1 + 1e-15
    assert (result.frame["loss"] >= 1 - pd.Series(psi) - 1e-15).all()

    order = list(range(len(flows)))
    random.shuffle(order)
    shuffled = esri(flows.iloc[order], dict(reversed(kind.items())), role, psi, market)
    pd.testing.assert_frame_equal(shuffled.frame, result.frame, rtol=0, atol=1e-11)

    harder = esri(flows, kind, role, {firm: left * 0.8 for firm, left in psi.items()}, market)
    assert (harder.frame["down"] >= result.frame["down"] - 1e-9).all()
    assert (harder.frame["up"] >= result.frame["up"] - 1e-9).all()
    if market is not None:
        assert result.down <= esri(flows, kind, role, psi).down + 1e-9


def test_batches_equal_single_shocks_and_blocks() -> None:
    rng = np.random.default_rng(1)
    n, m = 3000, 9000
    a, b = rng.integers(0, n // 2, m), rng.integers(0, n, m)  # half of the firms sell to final customers only
    kind = rng.integers(0, 5, n)
    role = np.array([ESSENTIAL, ADDS, NONE])[rng.integers(0, 3, m)]
    market = rng.integers(0, 40, n)
    links = firm_links(a, b, rng.random(m) + 0.1, kind, role, market)
    capacity = np.where(rng.random((n, 150)) < 0.001, rng.random((n, 150)), 1.0)  # more columns than one block
    down, up = esri_arrays(links, capacity)
    for column in (0, 70, 149):
        alone = esri_arrays(links, capacity[:, [column]])
        np.testing.assert_array_equal(down[:, column], alone[0][:, 0])
        np.testing.assert_array_equal(up[:, column], alone[1][:, 0])
    assert scores(links, down).shape == (150,)
    assert scores(links, capacity).max() <= scores(links, np.minimum(down, up)).max()


def test_esri_each_of_some_firms_with_progress() -> None:
    seen: list[tuple[int, int]] = []
    frame = esri_each(FLOWS, KIND, ROLE, firms=["D", "C"], progress=lambda done, of: seen.append((done, of)))
    assert list(frame["firm"]) == ["C", "D"]
    assert frame["score"].iloc[1] == pytest.approx(5 / 27)
    assert seen[-1] == (2, 2)


def test_series_are_taken_like_dicts() -> None:
    role = pd.Series(ROLE)
    result = esri(FLOWS, pd.Series(KIND), role, pd.Series({"C": 0.5}), market=pd.Series(KIND))
    assert result.score == esri(FLOWS, KIND, ROLE, {"C": 0.5}, market=KIND).score


def changed(column: str, row: int, value: object) -> pd.DataFrame:
    flows = FLOWS.astype(object)
    flows.loc[row, column] = value
    return flows


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "many", None])
def test_bad_weight_names_row_and_value(weight: object) -> None:
    with pytest.raises(InputError, match=r"esri: flows row 3 column weight is .*; allowed: a finite number, 0 or more"):
        esri(changed("weight", 3, weight), KIND, ROLE, {"A": 0})


def test_many_bad_rows_give_one_error_with_their_count() -> None:
    flows = changed("weight", 2, -1)
    flows.loc[[4, 5, 6, 7], "weight"] = -2
    with pytest.raises(InputError, match=r"row 2 .*4 more rows are like it \(rows 4, 5, 6 \.\.\.\)"):
        esri(flows, KIND, ROLE, {"A": 0})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no frame", KIND, ROLE, {}), "flows is 'str'; allowed: a DataFrame"),
        ((FLOWS.drop(columns="weight"), KIND, ROLE, {}), "columns of flows .* Add 'weight'"),
        ((FLOWS.iloc[:0], KIND, ROLE, {}), "at least one flow above 0"),
        ((FLOWS.assign(weight=0), KIND, ROLE, {}), "at least one flow above 0"),
        ((changed("buyer", 1, "X"), KIND, ROLE, {}), "flows row 1 column buyer is 'X'; allowed: a firm that `kind`"),
        ((changed("supplier", 1, None), KIND, ROLE, {}), "flows row 1 column supplier is None"),
        ((FLOWS, {**KIND, "A": None}, ROLE, {}), "kind of 'A' is None"),
        ((FLOWS, ["ore"], ROLE, {}), "kind is 'list'; allowed: a dict or a Series"),
        ((FLOWS, pd.concat([pd.Series(KIND)] * 2), ROLE, {}), "firm in kind is 'A'; allowed: every firm once"),
        ((FLOWS, KIND, {**ROLE, ("ore", "part"): "vital"}, {}), r"role of \('ore', 'part'\) is 'vital'; .*essential"),
        ((FLOWS, KIND, {k: v for k, v in ROLE.items() if k[0] != "power"}, {}), r"role of \('power', .*is None"),
        ((FLOWS, KIND, ROLE, {"A": 1.5}), "capacity of 'A' is 1.5; allowed: a share left in"),
        ((FLOWS, KIND, ROLE, {"A": -0.1}), "capacity of 'A' is -0.1"),
        ((FLOWS, KIND, ROLE, {"A": float("nan")}), "capacity of 'A' is nan"),
        ((FLOWS, KIND, ROLE, {"Z": 0.5}), "firm in capacity is 'Z'; allowed: one of the 7 firms"),
        ((FLOWS, KIND, ROLE, {}, {"Z": "m"}), "firm in market is 'Z'"),
        ((FLOWS, KIND, ROLE, {}, None, 0), "tol is 0; allowed: a number between 0 and 1"),
    ],
)
def test_bad_arguments(arguments: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        esri(*arguments)
