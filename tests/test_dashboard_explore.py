"""The plain functions behind the page Explorer."""

from __future__ import annotations

import networkx as nx
import pytest

from dashboard import explore, graph
from dashboard.pages import explorer
from dashboard.state import View
from supplychain.errors import InputError, UnknownIdError
from supplychain.network import Network
from supplychain.scenario import Scenario

WAYS = "ore oxide,oxide metal,metal magnet,iron magnet,magnet car,oxide lamp"
CHAIN = nx.DiGraph([way.split() for way in WAYS.split(",")])


def view(net: Network, item: str = "dysprosium_oxide", **extra: str) -> View:
    scenario = Scenario(on="2025-06-05", market="USA").resolved(net.tables)
    return View(net, "explorer", item, scenario, extra=extra)


def test_around_counts_steps_both_ways() -> None:
    assert explore.around(CHAIN, "metal", "both", "1", []) == {"metal": 0, "oxide": -1, "magnet": 1}
    assert explore.around(CHAIN, "metal", "up", "all", []) == {"metal": 0, "oxide": -1, "ore": -2}
    assert explore.around(CHAIN, "metal", "down", "2", []) == {"metal": 0, "magnet": 1, "car": 2}


def test_expansions_add_the_neighbours_of_one_good() -> None:
    reached = explore.around(CHAIN, "metal", "both", "1", [("magnet", "up"), ("oxide", "down"), ("lamp", "up")])
    assert reached["iron"] == 0
    assert reached["lamp"] == 0
    assert "car" not in reached
    assert explore.around(CHAIN, "metal", "up", "1", [("car", "up")]) == {"metal": 0, "oxide": -1}


def test_layers_put_every_good_below_its_inputs() -> None:
    layers = explore.layers(CHAIN)
    assert all(layers[a] < layers[b] for a, b in CHAIN.edges)
    assert layers["iron"] == layers["magnet"] - 1


def test_rows_break_wide_layers(net: Network) -> None:
    wide = nx.DiGraph([("ore", f"use{k}") for k in range(2 * explore.ACROSS + 1)])
    rows = explore.rows_of(wide, list(wide))
    assert [len(row) for row in rows.values()] == [explore.ACROSS, explore.ACROSS, 1, 1]
    assert rows[3] == ["ore"]


def test_found_are_the_neighbours_with_the_readings_of_the_model(net: Network) -> None:
    there = view(net, steps="all", way="down")
    frame = explore.found(there)
    assert set(frame["good"]) == {"dysprosium_oxide", *net.downstream("dysprosium_oxide")["good"]}
    plain = net.exposure("2025-06-05", "USA").static.set_index("product")["short"]
    products = frame[frame["good"].isin(plain.index)].set_index("good")["short"]
    assert len(products) > 10
    assert products.to_dict() == pytest.approx(plain[products.index].to_dict())


def test_filters_keep_the_centre(net: Network) -> None:
    frame = explore.found(view(net, steps="all", stage="product", least="50"))
    assert frame["good"].iat[0] == "dysprosium_oxide"
    rest = frame.iloc[1:]
    assert set(rest["stage"]) == {"product"}
    assert (rest["short"] >= 0.5).all()
    assert len(rest) > 0


def test_at_most_so_many_are_drawn_and_it_says_so(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST", 7)
    there = view(net, steps="all")
    frame = explore.found(there)
    assert explore.words(there, frame).startswith(f"Showing 7 of {len(frame)} goods around Dysprosium oxide")
    nodes = [e for e in explore.elements(there, frame) if "position" in e]
    assert len(nodes) == 7


def test_drawing_has_an_edge_for_each_part_edge_and_marks_the_chosen(net: Network) -> None:
    there = view(net, steps="2", at="dysprosium_metal")
    frame = explore.found(there)
    made = explore.elements(there, frame)
    edges = {(e["data"]["source"], e["data"]["target"]) for e in made if "source" in e["data"]}
    assert edges == set(net.graph.subgraph(frame["good"]).edges)
    assert [e["data"]["id"] for e in made if e.get("selected")] == ["dysprosium_metal"]
    places = [tuple(e["position"].values()) for e in made if "position" in e]
    assert len(set(places)) == len(places)


def test_expand_links_add_what_was_hidden(net: Network) -> None:
    there = view(net, steps="1")
    frame = explore.found(there)
    more = explore.hidden(there, frame, "dysprosium_metal")
    assert more["down"] > 0
    wider = explore.found(explore.expanded(there, "dysprosium_metal", "down"))
    assert len(wider) == len(frame) + more["down"]
    assert explore.hidden(there, wider, "dysprosium_metal")["down"] == 0


@pytest.mark.parametrize(
    "extra", [{"way": "sideways"}, {"steps": "9"}, {"stage": "moon"}, {"least": "x"}, {"more": "in:dysprosium_metal"}]
)
def test_a_bad_address_says_what_is_allowed(net: Network, extra: dict[str, str]) -> None:
    with pytest.raises(InputError, match="allowed"):
        explore.found(view(net, **extra))


def test_an_unknown_good_names_the_nearest(net: Network) -> None:
    with pytest.raises(UnknownIdError, match="dysprosium"):
        explore.found(view(net, "disprosium"))


def test_choices_and_clicks_become_addresses(net: Network) -> None:
    there = view(net)
    skip = explorer.no_update
    assert explorer.chosen(there, "dysprosium_oxide", "both", "2", [], "0") == (skip, skip)
    path, query = explorer.chosen(there, "gallium_metal", "up", "2", ["mine", "refine"], "0")
    assert path == "/explorer/gallium_metal"
    assert query.endswith("stage=mine,refine&way=up")
    assert explorer.tapped(there, {"good": "dysprosium_metal"}).endswith("at=dysprosium_metal")
    assert explorer.tapped(view(net, at="dysprosium_metal"), {"good": "dysprosium_metal"}) is skip
