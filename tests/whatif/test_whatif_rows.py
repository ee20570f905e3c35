"""Hypothetical events as rows of the tables, and under the engine."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from data_builder import package
from whatif_cases import COUNTRIES, GOODS

from supplychain.checks import check
from supplychain.errors import InputError
from supplychain.network import Network, load
from supplychain.tables import Tables, load_tables
from supplychain.whatif import rows, with_what_ifs

SPECS = (
    "China stops gallium to USA,EU at 0.5..0.8..1 for military from 2026-01-01 until 2026-07-01",
    "USA bans f35 from 2026-03-01",
    "MMR halts 'Wafer, gallium arsenide' at 90% from 2026-01-01",
)


def test_rows(tables: Tables) -> None:
    found = rows(SPECS, tables)
    names = ("event", "issuer", "measure", "acts_on", "destinations", "end_use")
    assert [tuple(e[name] for name in names) for e in found["events"]] == [
        ("what-if-1", "CHN", "supply_stop", "export", "USA;EU27", "military"),
        ("what-if-2", "USA", "ban", "import", "ALL", "any"),
        ("what-if-3", "MMR", "supply_stop", "output", "ALL", "any"),
    ]
    assert [(s["event"], s["good"], s["item"]) for s in found["event_scope"]] == [
        ("what-if-1", "gallium_oxide", "gallium"),
        ("what-if-1", "gallium_metal", "gallium"),
        ("what-if-2", "f35", "f35"),
        ("what-if-3", "gaas_wafer", "gaas_wafer"),
    ]
    assert [(p["event"], p["from"], p["status"]) for p in found["event_phases"]] == [
        ("what-if-1", "2026-01-01", "in_force"),
        ("what-if-1", "2026-07-01", "ended"),
        ("what-if-2", "2026-03-01", "in_force"),
        ("what-if-3", "2026-01-01", "in_force"),
    ]
    names = ("from", "until", "destinations", "severity_low", "severity", "severity_high")
    assert [tuple(s[name] for name in names) for s in found["severities"]] == [
        ("2026-01-01", "2026-07-01", "USA;EU27", "0.5", "0.8", "1"),
        ("2026-03-01", "", "ALL", "1", "1", "1"),
        ("2026-01-01", "", "ALL", "0.9", "0.9", "0.9"),
    ]
    assert found["events"][0]["title"] == SPECS[0].replace("China", "CHN").replace("EU ", "EU27 ")


def test_rows_are_an_overlay(tables: Tables, tmp_path: Path) -> None:
    """Written to files and laid over, the rows give the very tables that with_what_ifs gives."""
    folder, over = tmp_path / "data", tmp_path / "over"
    over.mkdir()
    for name, cells in rows(SPECS, tables).items():
        with (over / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(column for row in cells for column in row)))
            writer.writeheader()
            writer.writerows(cells)
    package(folder, goods=GOODS, countries=COUNTRIES)
    plain = load_tables(folder)
    laid, added = load_tables(folder, over), with_what_ifs(plain, SPECS)
    for name in plain:
        expected = laid[name].reset_index(drop=True)
        if name == "sources":
            expected = expected[expected["source_id"] != "OVERLAY"].reset_index(drop=True)
        assert added[name].reset_index(drop=True).equals(expected), name
        assert (added[name].dtypes == plain[name].dtypes).all()


def test_with_what_ifs(tables: Tables) -> None:
    added = with_what_ifs(tables, SPECS)
    assert len(tables["events"]) == 1, "the tables given are left alone"
    assert added["events"]["event"].tolist() == ["chn-1", "what-if-1", "what-if-2", "what-if-3"]
    assert added["severities"].index.tolist()[1:] == [f"what-if/severities.csv:{k}" for k in (1, 2, 3)]
    assert added.origin("severities").loc["what-if/severities.csv:2"].tolist() == [
        "overlay",
        "what-if/severities.csv",
        2,
    ]
    assert added.origin("severities").iloc[0].tolist() == tables.origin("severities").iloc[0].tolist()
    assert (added.version, added.knowledge_until) == (tables.version, tables.knowledge_until)
    assert added.resolve("what-if-2", "event") == "what-if-2"
    assert {str(p) for p in check(added)} <= {str(p) for p in check(tables)}, "the rows break no rule"
    assert with_what_ifs(tables, []) is tables


WORKED = [  # examples 1, 2, 3, 11, 13 and 9 (own plant alone) of the design, said as what-ifs: short of P in USA
    ("CHN stops em from 2025-01-01", 0.9),
    ("CHN stops M at 50% from 2025-01-01", 0.45),
    ("CHN stops m to USA from 2025-01-01", 0.0),
    ("CHN stops m to JPN,DEU from 2025-01-01", 0.9),
    ("CHN stops m to JPN at 0.2..0.5..0.6 from 2025-01-01 until 2025-03-01", 0.45),
    ("CHN stops m from 2025-01-01 until 2025-02-28", 0.0),  # ended on its `until`
    ("CHN stops m from 2025-03-01", 0.0),
    ("CHN stops m for military from 2025-01-01", 0.0),
    ("USA bans k from 2025-01-01", 1.0),
    ("USA bans k from DEU from 2025-01-01", 0.0),
    ("USA bans k from JPN at 0.3 from 2025-01-01", 0.3),
    ("JPN halts k at 0.4 from 2025-01-01", 0.4),
]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    kinds = {"m": "mineral", "k": "component", "p": "product"}
    makers = [("m", "CHN", 0.9), ("m", "AUS", 0.1), ("k", "JPN", 1), ("p", "USA", 1)]
    folder = package(
        tmp_path_factory.mktemp("chain"),
        goods=[{"good": good, "kind": kind, "commodity": "em" if good == "m" else ""} for good, kind in kinds.items()],
        countries=[{"country": "DEU"}],
        production=[{"good": good, "producer": maker, "share": share} for good, maker, share in makers],
        bom=[{"output": "k", "input": "m"}, {"output": "p", "input": "k"}],
    )
    return load(folder)


@pytest.mark.parametrize(("spec", "short"), WORKED)
def test_the_engine_treats_them_as_any_clause(network: Network, spec: str, short: float) -> None:
    found = network.exposure("2025-02-28", "USA", what_if=[spec]).frame.iloc[0]
    assert found["short"] == pytest.approx(short, abs=1e-12)
    if ".." in spec:
        assert (found["short_low"], found["short_high"]) == pytest.approx((0.18, 0.54))


def test_ids_that_the_data_use_are_refused(tables: Tables) -> None:
    with pytest.raises(InputError, match="what-if-1"):
        with_what_ifs(with_what_ifs(tables, SPECS[:1]), SPECS[1:])


def test_places_of_an_overlay_stay_right_under_what_ifs(tmp_path: Path) -> None:
    over = tmp_path / "mine"
    over.mkdir()
    (over / "stocks.csv").write_text("good,holder,kind,days\ngallium_metal,we,industry,45\n")
    added = with_what_ifs(load_tables(package(tmp_path / "data", goods=GOODS, countries=COUNTRIES), over), SPECS)
    assert added.origin("stocks").iloc[0].tolist() == ["overlay", f"{over}/stocks.csv", 2]
