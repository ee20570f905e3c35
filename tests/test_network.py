"""The public Network on the reference data: names, graph, sourcing, restrictions, first answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import supplychain as sc
from supplychain.readings import CENTRAL


def test_repr_says_counts_version_and_knowledge(net: sc.Network) -> None:
    assert repr(net).startswith("<Network 1.0.0: 322 goods")
    assert "known until 2026-10-09" in repr(net)


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("EV", "battery_electric_car"),
        ("joint strike fighter", "f35"),
        ("F-35", "f35"),
        ("rare-earth magnet", "ndfeb_magnet_high_temp"),
        ("DYSPROSIUM", "dysprosium_oxide"),
        ("iPhone", "iphone"),
        ("Tomahawk", "tomahawk"),
        ("electric scooter", "electric_two_wheeler"),
    ],
)
def test_names_people_use(net: sc.Network, name: str, good: str) -> None:
    assert net.tables.resolve(name) == good


@pytest.mark.parametrize(("name", "code"), [("Burma", "MMR"), ("EUE", "EU27"), ("South Korea", "KOR"), ("usa", "USA")])
def test_countries_people_name(net: sc.Network, name: str, code: str) -> None:
    assert net.tables.resolve(name, "country") == code


def test_graph_is_acyclic_frozen_and_has_reasons(net: sc.Network) -> None:
    graph = net.graph
    assert nx.is_directed_acyclic_graph(graph)
    assert all(data["source_id"] and data["confidence"] for _, _, data in graph.edges(data=True))
    with pytest.raises(nx.NetworkXError):
        graph.add_node("x")


def test_every_product_reaches_a_mineral(net: sc.Network) -> None:
    goods = net.table("goods").set_index("good")["kind"]
    for product in goods[goods == "product"].index:
        assert (net.upstream(product)["kind"] == "mineral").any(), product


def test_downstream_and_paths_agree(net: sc.Network) -> None:
    found = net.downstream("dysprosium", kind="product")
    assert {"f35", "battery_electric_car", "tomahawk"} <= set(found["good"])
    paths = net.paths("dysprosium", "f35", limit=1)
    assert len(paths) == 1 <= paths.attrs["total"]
    assert paths["path"].item().startswith("dysprosium_oxide > ")


def test_sourcing_sums_to_one_everywhere(net: sc.Network) -> None:
    sums = np.asarray(net.model.sourcing.chain.share.sum(axis=1)).ravel()
    assert sums == pytest.approx(np.ones(len(sums)), abs=1e-9)


def test_use_shares_sum_to_one(net: sc.Network) -> None:
    world = net.model.sourcing.world
    assert world.use.sum(axis=1) == pytest.approx(np.ones(len(world.goods)), abs=2e-3)
    assert (world.place.sum(axis=1) < 1.002).all()


def test_a_bloc_has_no_sourcing_of_its_own(net: sc.Network) -> None:
    with pytest.raises(sc.InputError, match="bloc"):
        net.sourcing("gallium", "EU27")


def test_concentration_of_an_unknown_good_is_blank(net: sc.Network) -> None:
    row = net.concentration("terfenol_d").iloc[0]
    assert np.isnan(row["hhi"])
    assert row["documented"] == 0
    known = net.concentration("dysprosium_metal").iloc[0]
    assert (known["leader"], known["hhi"]) == ("CHN", pytest.approx(0.82))


def test_first_answer_usa(net: sc.Network) -> None:
    frame = net.exposure("2025-06-05", "USA").frame.set_index("product")
    for product in ("iphone", "battery_electric_car", "f35", "tomahawk", "javelin", "amraam"):
        row = frame.loc[product]
        assert row["linked"] >= row["dependent"] >= row["short_high"] >= row["short"] >= row["short_low"] > 0
        assert "chn-2025-18" in row["events"]
        assert row["why"].startswith("From CHN")


def test_first_answer_china(net: sc.Network) -> None:
    frame = net.exposure("2025-06-15", "CHN").frame.set_index("product")
    assert frame.at["comac_c919", "short"] > 0.5
    assert {"usa-2025-comac", "usa-2025-comac-reexport"} & set(frame.at["comac_c919", "events"])
    assert frame.at["huawei_ascend", "short"] > 0.2
    assert any(event.startswith("usa-2024-1202") for event in frame.at["huawei_ascend", "events"])


def test_order_of_readings_everywhere(net: sc.Network) -> None:
    for on, market in (("2025-06-05", "USA"), ("2025-12-15", "JPN"), ("2026-11-24", "EU27"), ("2024-02-01", "KOR")):
        x = net.exposure(on, market)
        for product in x.products:
            linked, dependent, low, central, high = x.readings(product)
            assert 1 >= linked >= dependent - 1e-12
            assert dependent >= high - 1e-12
            assert high >= central - 1e-12
            assert central >= low - 1e-12 >= -1e-9


def test_a_bloc_is_the_use_weighted_mean_of_its_members(net: sc.Network) -> None:
    world = net.model.sourcing.world
    product = "ice_car"
    members = [world.countries[m] for m in world.blocs[world.country_index["EU27"]]]
    use = np.array([world.use[world.good_index[product], world.country_index[m]] for m in members])
    each = [net.exposure("2025-06-05", m, [product]).readings(product)[CENTRAL] for m in members]
    whole = net.exposure("2025-06-05", "EU27", [product]).readings(product)[CENTRAL]
    assert whole == pytest.approx(use @ each / use.sum())


def test_the_adaptation_band_holds_every_mode(net: sc.Network) -> None:
    products = ["hybrid_car", "smartphone", "f35"]
    band = net.exposure("2025-06-05", "DEU", products).adaptation_band().set_index("product")
    for mode in ("fixed", "shared", "first"):
        x = net.exposure("2025-06-05", "DEU", products, sharing=mode)
        for product in products:
            short = x.readings(product)[CENTRAL]
            assert band.at[product, "best"] - 1e-12 <= short <= band.at[product, "worst"] + 1e-12


def test_unconfirmed_days_are_a_bracket(net: sc.Network) -> None:
    both, off, on = (net.exposure("2026-11-28", "USA", unconfirmed=branch) for branch in ("both", "off", "on"))
    widest = max(both.products, key=lambda p: both.readings(p)[4] - both.readings(p)[2])
    assert both.readings(widest)[2] == pytest.approx(off.readings(widest)[2])
    assert both.readings(widest)[4] == pytest.approx(on.readings(widest)[4])
    assert any("unconfirmed" in warning for warning in both.warnings)
    assert any("after the data end" in warning for warning in both.warnings)


def test_legal_only_drops_practice_and_unofficial_stops(net: sc.Network) -> None:
    law = net.exposure("2026-02-01", "JPN", legal_only=True)
    practice = net.exposure("2026-02-01", "JPN")
    worse = [p for p in law.products if practice.readings(p)[4] > law.readings(p)[4] + 1e-9]
    assert worse


def test_unknown_names_are_one_error_with_the_nearest(net: sc.Network) -> None:
    with pytest.raises(sc.UnknownIdError, match="Did you mean 'dysprosium'"):
        net.upstream("disprosium")
    with pytest.raises(sc.UnknownIdError, match="country"):
        net.exposure("2025-06-05", "Narnia")
    with pytest.raises(sc.UnknownIdError, match="event"):
        net.exposure("2025-06-05", "USA", events=["chn-2025-99"])
    with pytest.raises(sc.InputError, match="YYYY-MM-DD"):
        net.exposure("5 June", "USA")


def test_tables_are_copies(net: sc.Network) -> None:
    table = net.table("goods")
    table.loc[:, "name"] = "changed"
    assert not (net.table("goods")["name"] == "changed").any()


def test_import_is_light() -> None:
    code = "import sys, supplychain; print([m for m in ('dash', 'plotly', 'pandas', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_same_bytes_whatever_the_hash_seed() -> None:
    question = [
        "exposure",
        "--on",
        "2025-06-05",
        "--market",
        "JPN",
        "--product",
        "f35",
        "--product",
        "EV",
        "--format",
        "csv",
    ]
    outputs = {
        subprocess.run(
            [sys.executable, "-m", "supplychain", *question],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_names_of_the_package_stay_what_they_are_whatever_was_imported() -> None:
    code = (
        "import importlib, pkgutil, supplychain as sc\n"
        "optional = ('__main__', 'sweep', 'jobs')\n"
        "[importlib.import_module(m.name) for m in pkgutil.iter_modules(sc.__path__, 'supplychain.')"
        " if m.name.rpartition('.')[2] not in optional]\n"
        "print([name for name in sc.__all__ if name != '__version__' and not callable(getattr(sc, name))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
