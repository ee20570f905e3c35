"""Firm networks: hand-computed cases, a plain oracle with cycles, published models, and bad input."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import supplychain as sc
from supplychain import availability as engine
from supplychain.edges import read_edges
from supplychain.errors import DataError, InputError, UnknownIdError


def frame(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


CHAIN = frame(
    "supplier buyer share kind",
    ("M_CHN", "K_JPN", 0.9, "M"),
    ("M_AUS", "K_JPN", 0.1, "M"),
    ("K_JPN", "P_USA", 1.0, "K"),
)


def loss(net: sc.SupplyNetwork, stops: object, firm: str, **options: object) -> float:
    return float(net.availability(stops, **options).set_index("node").loss[firm])


def test_example_1_of_the_design() -> None:
    net = sc.SupplyNetwork.from_edges(CHAIN)
    assert loss(net, "M_CHN", "P_USA") == pytest.approx(0.9)
    assert loss(net, {"M_CHN": 0.5}, "P_USA") == pytest.approx(0.45)
    assert loss(net, ["M_CHN", "M_AUS"], "P_USA") == pytest.approx(1.0)


def test_example_2_criticality_at_both_steps() -> None:
    net = sc.SupplyNetwork.from_edges(CHAIN.assign(criticality=0.5))
    assert loss(net, "M_CHN", "P_USA") == pytest.approx(0.225)


def test_example_6_groups_with_takeover() -> None:
    links = pd.concat([CHAIN, frame("supplier buyer share kind", ("N_DEU", "K_JPN", 1.0, "N"))])
    links["group"] = ["fuel", "fuel", None, "fuel"]
    links["group_share"], links["takeover"] = [1.0, 1.0, np.nan, 0.0], [0.0, 0.0, np.nan, 0.4]
    net = sc.SupplyNetwork.from_edges(links)
    assert loss(net, "M_CHN", "P_USA") == pytest.approx(0.54)
    assert loss(net, {"M_CHN": 0.0, "N_DEU": 0.5}, "P_USA") == pytest.approx(0.72)
    assert loss(net, "N_DEU", "P_USA") == 0.0
    assert loss(net, ["M_CHN", "N_DEU"], "P_USA") == pytest.approx(0.9)


def test_example_10_inputs_that_add_up() -> None:
    links = frame(
        "supplier buyer kind effect criticality",
        ("m", "k", "M", "essential", 1.0),
        ("x", "k", "X", "adds", 0.2),
        ("y", "k", "Y", "adds", 0.3),
    )
    assert loss(sc.SupplyNetwork.from_edges(links), {"m": 0.9, "x": 0.5, "y": 0.6}, "k") == pytest.approx(0.22)


def test_example_22_a_cycle() -> None:
    links = frame(
        "supplier buyer effect criticality",
        ("Y", "X", "adds", 0.4),
        ("Z", "X", "adds", 0.6),
        ("X", "Y", "essential", 0.5),
    )
    nodes = frame("node kind", ("X", "x"), ("Y", "y"), ("Z", "z"))
    net = sc.SupplyNetwork.from_edges(links, nodes)
    assert loss(net, {"Z": 0.5}, "X") == pytest.approx(0.375)
    assert loss(net, {"Z": 0.5}, "Y") == pytest.approx(0.1875)


def test_example_17_shortage_met_together() -> None:
    links = frame(
        "supplier buyer weight", ("CHN", "JPN", 48.0), ("AUS", "JPN", 12.0), ("CHN", "DEU", 40.0)
    )  # JPN uses 0.6 of the world, DEU 0.4
    nodes = frame("node spare", ("CHN", 0.0), ("AUS", 0.5), ("JPN", 0.0), ("DEU", 0.0))
    net = sc.SupplyNetwork.from_edges(links, nodes)  # AUS makes 0.12 of it and can make 0.06 more
    assert [loss(net, "CHN", f) for f in ("JPN", "DEU")] == pytest.approx([0.8, 1.0])
    assert [loss(net, "CHN", f, sharing="shared") for f in ("JPN", "DEU")] == pytest.approx([0.88, 0.88])
    assert [loss(net, "CHN", f, sharing="first") for f in ("JPN", "DEU")] == pytest.approx([0.7, 0.55])


def test_weights_become_shares_and_repeated_rows_add_up() -> None:
    links = frame("supplier buyer weight", ("a", "c", 1.0), ("b", "c", 1.0), ("a", "c", 2.0))
    assert loss(sc.SupplyNetwork.from_edges(links), "a", "c") == pytest.approx(0.75)


def random_links(rng: np.random.Generator, cyclic: bool) -> pd.DataFrame:
    n = int(rng.integers(3, 9))
    rows = []
    for buyer in range(n):
        for supplier in rng.permutation(n if cyclic else buyer)[: rng.integers(0, 4)]:
            if supplier != buyer:
                rows.append((f"f{supplier}", f"f{buyer}", float(rng.random() + 0.1), f"k{supplier % 3}"))
    links = frame("supplier buyer weight kind", *(rows or [("f0", "f1", 1.0, "k0")]))
    keys = links["buyer"] + links["kind"]
    links["criticality"] = keys.map({key: float(rng.random()) * 0.9 for key in sorted(set(keys))})
    links["effect"] = keys.map({key: str(rng.choice(["essential", "adds"])) for key in sorted(set(keys))})
    return links


def plain(links: pd.DataFrame, own: dict[str, float]) -> dict[str, float]:
    """Loss of each firm, written from the formulas, iterated from `own` downwards."""
    firms = sorted({*links["supplier"], *links["buyer"]})
    left = {firm: own.get(firm, 1.0) for firm in firms}
    for _ in range(2000):
        new = {}
        for firm in firms:
            worst, total = 0.0, 0.0
            bought = links[links["buyer"] == firm]
            for _, rows in bought.groupby("kind"):
                share = rows["weight"] / rows["weight"].sum()
                missing = sum(s * (1 - left[f]) for s, f in zip(share, rows["supplier"], strict=True))
                cost = rows["criticality"].iat[0] * missing
                if rows["effect"].iat[0] == "adds":
                    total += cost
                else:
                    worst = max(worst, cost)
            new[firm] = max(0.0, min(own.get(firm, 1.0), 1 - worst, 1 - total))
        if max(abs(new[f] - left[f]) for f in firms) < 1e-13:
            break
        left = new
    return {firm: 1 - value for firm, value in left.items()}


@pytest.mark.parametrize("cyclic", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_equals_the_plain_oracle(seed: int, cyclic: bool) -> None:
    rng = np.random.default_rng(seed)
    links = random_links(rng, cyclic)
    net = sc.SupplyNetwork.from_edges(links)
    own = {str(f): float(rng.random()) for f in rng.permutation(net.firm.to_numpy())[:2]}
    found = net.availability(own).set_index("node").loss
    for firm, expected in plain(links, own).items():
        assert found[firm] == pytest.approx(expected, abs=1e-10)


@given(st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(rng: object) -> None:
    links = random_links(np.random.default_rng(7), cyclic=True)
    mixed = links.sample(frac=1, random_state=rng.randint(0, 2**31))
    first, other = (sc.SupplyNetwork.from_edges(t).availability("f0").set_index("node").loss for t in (links, mixed))
    pd.testing.assert_series_equal(first.sort_index(), other.sort_index(), atol=1e-12)


def test_batches_give_what_single_runs_give(monkeypatch: pytest.MonkeyPatch) -> None:
    net = sc.SupplyNetwork.from_edges(random_links(np.random.default_rng(3), cyclic=True))
    stops = [{str(f): 0.25} for f in net.firm]
    whole = net.losses(stops, watch=list(net.firm))
    monkeypatch.setattr(engine, "BATCH_CELLS", 1)  # one column at a time, on threads
    pd.testing.assert_frame_equal(whole, net.losses(stops, watch=list(net.firm)), atol=1e-12)
    one_at_a_time = 8 * (6 * len(net.firm) + 4 * net.chain.supplies)
    pd.testing.assert_frame_equal(whole, net.losses(stops, watch=list(net.firm), memory=one_at_a_time), atol=1e-12)
    with pytest.raises(InputError, match="bytes for one scenario"):
        net.losses(stops, memory=8)


def test_memory_of_batches_stays_within_the_limit() -> None:
    net = layered(2_000, 20_000)
    stops = [net.firm[k : k + 3].tolist() for k in range(400)]
    net.losses(stops[:1])
    tracemalloc.start()
    net.losses(stops, memory=8_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 9_000_000  # the rows of the result beside it; all 400 at once would take 100 MB


def layered(firms: int, links: int) -> sc.SupplyNetwork:
    rng = np.random.default_rng(0)
    buyer = rng.integers(firms // 5, firms, links)
    supplier = np.maximum(0, buyer - rng.integers(1, firms // 5, links))
    table = pd.DataFrame({"supplier": supplier, "buyer": buyer, "weight": rng.random(links), "kind": supplier % 4})
    return sc.SupplyNetwork.from_edges(table.assign(criticality=0.8))


def test_chokepoints_are_the_exact_top() -> None:
    net = layered(300, 1_500)
    every = net.losses([[firm] for firm in net.firm]).sort_values("loss", ascending=False)["loss"].to_numpy()
    frame = net.chokepoints(top=5)
    assert frame.attrs["proven"]
    assert frame.attrs["tried"] < 300
    assert frame["loss"].to_numpy() == pytest.approx(every[:5])


def test_chokepoints_with_cycles_say_when_the_list_is_not_proven() -> None:
    ring = frame("supplier buyer", *((f"f{k}", f"f{(k + 1) % 70}") for k in range(70)))
    frame_ = sc.SupplyNetwork.from_edges(ring).chokepoints(top=2, most=4)
    assert not frame_.attrs["proven"]
    assert frame_["loss"].to_numpy() == pytest.approx([1.0, 1.0])


FIGURE_1 = [(2, 1), (2, 3), (3, 7), (6, 7), (7, 4), (7, 11), (8, 11), (9, 5), (9, 10), (10, 7)]
SECTORS = dict(zip(range(1, 12), (1, 2, 1, 3, 4, 2, 4, 1, 2, 3, 5), strict=True))


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ("adds", {2: 0.366666666667, 3: 0.266666666667, 4: 0.35, 7: 0.7, 11: 0.45}),
        ("essential", {2: 0.5, 3: 0.4, 6: 0.3}),
    ],
)
def test_esri_gives_the_published_figures(effect: str, expected: dict[int, float]) -> None:
    links = pd.DataFrame(FIGURE_1, columns=["supplier", "buyer"]).assign(weight=1.0, effect=effect)
    nodes = pd.DataFrame({"node": list(SECTORS), "kind": [f"s{s}" for s in SECTORS.values()]})
    net = sc.SupplyNetwork.from_edges(links, nodes)
    for firm, score in expected.items():
        assert net.esri(firm).score == pytest.approx(score, abs=1e-9)


def test_esri_with_a_market_equals_example_27() -> None:
    links = frame(
        "supplier buyer weight",
        ("A", "C", 3), ("B", "C", 1), ("B", "D", 2), ("S", "C", 1), ("S", "E", 5), ("C", "E", 4),
        ("D", "E", 1), ("E", "R", 10),
    )  # fmt: skip
    links["effect"] = ["adds" if s == "S" else "essential" for s in links["supplier"]]
    kinds = {"A": "ore", "B": "ore", "C": "part", "D": "part", "E": "product", "S": "power", "R": "retail"}
    net = sc.SupplyNetwork.from_edges(links, pd.DataFrame({"node": list(kinds), "kind": list(kinds.values())}))
    assert net.esri("D").score == pytest.approx(5 / 27)
    assert net.esri("D", market=kinds).score == pytest.approx(3.5 / 27)
    assert net.esri({"A": 0.5}).score == pytest.approx(6 / 27)


def test_time_to_survive_equals_example_26() -> None:
    nodes = frame("node kind stock capacity demand", ("P", "car", 20, 12, 10), ("A", "part", 50, None, 0))
    net = sc.SupplyNetwork.from_edges(frame("supplier buyer weight", ("A", "P", 10)), nodes)
    assert net.time_to_survive("A") == pytest.approx(7.0)
    more = pd.concat([nodes, frame("node kind stock capacity demand", ("B", "part", 0, 4, 0))])
    links = frame("supplier buyer weight", ("A", "P", 5), ("B", "P", 5))
    assert sc.SupplyNetwork.from_edges(links, more).time_to_survive("A") == pytest.approx(11 + 2 / 3)
    with pytest.raises(InputError, match="demand"):
        sc.SupplyNetwork.from_edges(links).time_to_survive("A")


def test_select_by_country_and_unknown_names() -> None:
    nodes = frame("node country", ("M_CHN", "CHN"), ("M_AUS", "AUS"), ("K_JPN", "JPN"), ("P_USA", "USA"))
    net = sc.SupplyNetwork.from_edges(CHAIN, nodes)
    assert net.select(country="CHN") == ["M_CHN"]
    with pytest.raises(UnknownIdError, match="CHN"):
        net.select(country="CHM")
    with pytest.raises(InputError, match="M_CHN"):
        net.availability("M_CHM")
    with pytest.raises(InputError, match="0 to 1"):
        net.availability({"M_CHN": 1.5})
    assert repr(net) == "<SupplyNetwork: 4 firms, 3 links, 2 kinds>"


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_give_what_a_frame_gives(tmp_path: Path, ending: str) -> None:
    links = random_links(np.random.default_rng(1), cyclic=True)
    nodes = pd.DataFrame({"node": sorted({*links["supplier"], *links["buyer"]})})
    for name, table in (("links", links), ("nodes", nodes)):
        path = tmp_path / f"{name}.{ending}"
        table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
    read = sc.SupplyNetwork.from_edges(tmp_path / f"links.{ending}", str(tmp_path / f"nodes.{ending}"))
    ours = sc.SupplyNetwork.from_edges(links, nodes)
    pd.testing.assert_frame_equal(read.availability("f1"), ours.availability("f1"), check_dtype=False)


def test_ids_keep_their_leading_zeros(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text("supplier,buyer\n007,010\nNA,010\n")
    assert set(sc.SupplyNetwork.from_edges(tmp_path / "links.csv").firm) == {"007", "010", "NA"}


def test_pieces_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    links = random_links(np.random.default_rng(2), cyclic=False)
    whole = read_edges(links)
    monkeypatch.setattr("supplychain.edges.PIECE", 2)
    parts = read_edges(links)
    for end in ("supplier", "buyer"):
        assert (
            whole.firm[getattr(whole, end)].tolist() == parts.firm[getattr(parts, end)].tolist() == links[end].tolist()
        )
    kind = parts.link_words["kind"]
    assert kind.names[kind.codes].tolist() == links["kind"].tolist()


def problems(links: pd.DataFrame | Path, nodes: pd.DataFrame | None = None) -> str:
    with pytest.raises(DataError) as caught:
        sc.SupplyNetwork.from_edges(links, nodes)
    return str(caught.value)


def test_every_kind_of_fault_comes_at_once() -> None:
    links = frame(
        "supplier buyer weight criticality effect",
        ("a", "b", "x", 0.5, "essential"), ("a", "b", -1, 0.5, "sometimes"), ("a", None, 1, 3, None),
        ("a", "z", None, 0.5, None), ("a", "b", float("inf"), 0.5, None),
    )  # fmt: skip
    text = problems(links, frame("node", ("a",), ("b",)))
    for part in (
        "links:2 column weight: x is not a number", "links:3 column weight: -1 is negative or not finite",
        "2 rows are like this (the next in line 6)", "links:5 column weight: is blank",
        "links:4 column buyer: is blank",
        "links:5 column buyer: z is no firm of nodes", "links:4 column criticality: 3.0 is outside [0, 1]",
        "links:3 column effect: sometimes is not one of essential, adds, negligible",
    ):  # fmt: skip
        assert part in text


def test_bad_nodes_shares_and_inputs() -> None:
    assert "nodes:3 column node: a is named in an earlier row" in problems(CHAIN, frame("node", ("a",), ("a",)))
    much = frame("supplier buyer share", ("a", "c", 0.7), ("b", "c", 0.7))
    assert "exceed 1 in all" in problems(much)
    differs = frame("supplier buyer criticality", ("a", "c", 0.7), ("b", "c", 0.6))
    assert "criticality: 0.6 differs from another row of the same buyer and kind" in problems(differs)
    groups = frame("supplier buyer kind group effect", ("a", "c", "x", "g", "adds"), ("b", "c", "y", "g", "essential"))
    assert "differs within a group" in problems(groups)
    numbers = frame("supplier buyer", (1, 2))
    assert "ids of another type" in problems(numbers, frame("node", ("1",), ("2",)))
    assert "has no links" in problems(CHAIN.head(0))


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_truncated_parquet(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "links.parquet"
    CHAIN.to_parquet(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept if kept >= 1 else kept * len(content))])
    assert "links.parquet: is not readable Parquet" in problems(path)


def test_other_bad_sources(tmp_path: Path) -> None:
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("supplier,buyer\na,b\na,b,c,d\n")
    assert "ragged.csv:3: cannot be read: 4 cells where 2 are wanted" in problems(ragged)
    ragged.write_text("supplier,buyer\nx,a,b\nx,a,b\n")
    assert "ragged.csv:2: has more cells than the header" in problems(ragged)
    latin = tmp_path / "latin.csv"
    latin.write_bytes("supplier,buyer\nM\xfcller,b\n".encode("latin-1"))
    assert "latin.csv: cannot be read" in problems(latin)
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert "empty.csv: cannot be read" in problems(empty)
    for wrong in (tmp_path / "links.txt", tmp_path / "missing.csv", 3, frame("supplier to", ("a", "b"))):
        with pytest.raises(InputError, match="from_edges"):
            sc.SupplyNetwork.from_edges(wrong)
    with pytest.raises(InputError, match="one of the two"):
        sc.SupplyNetwork.from_edges(CHAIN.assign(weight=1.0))
