"""docs/schema.md names exactly the columns that the calls return, in their order."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import supplychain as sc
from supplychain import jobs
from supplychain.outcomes import outcomes

PAGE = (Path(__file__).parents[1] / "docs" / "schema.md").read_text("utf-8")
SECTIONS = {
    title: re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)
    for title, body in re.findall(r"^## ([a-z ]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
LINKS = pd.DataFrame({"supplier": ["a", "b"], "buyer": ["b", "c"], "weight": [1.0, 1.0]})
NODES = pd.DataFrame({"node": ["a", "b", "c"], "kind": ["x", "y", "z"], "country": ["CHN", "JPN", "USA"]})


@pytest.fixture(scope="module")
def frames(net: sc.Network) -> dict[str, list[str]]:
    x = net.exposure("2025-06-05", "DEU", ["f35"])
    simulation = net.simulate(["f35"], "DEU", "2025-04-04", "2025-04-14")
    firms = sc.SupplyNetwork.from_edges(LINKS, NODES)
    found = {
        "exposure": x.frame,
        "explain": x.explain("f35"),
        "markets": net.markets("2025-06-05", ["f35"]),
        "simulate": simulation.frame,
        "simulation summary": simulation.summary,
        "survive": x.survival("f35", 30),
        "chokepoints": net.chokepoints("DEU", 5, ["f35"]),
        "contributions": x.contributions("f35"),
        "sample": x.sample(20),
        "sample days": x.sample_days(2).frame,
        "sensitivity": x.sensitivity("f35", 20),
        "outcomes": outcomes(net, "f35"),
        "mitigations": x.mitigations("f35"),
        "company network": firms.availability("a"),
        "company scenarios": firms.losses([["a"]]),
        "company chokepoints": firms.chokepoints(),
    }
    return {name: list(frame.columns) for name, frame in found.items()} | {
        "sweep": jobs.exposures(None, None).columns,
        "graph": [],
    }


@pytest.mark.parametrize("section", SECTIONS)
def test_columns_are_those_of_the_page(section: str, frames: dict[str, list[str]]) -> None:
    assert frames[section] == SECTIONS[section]


def test_every_result_has_its_section(frames: dict[str, list[str]]) -> None:
    assert set(frames) == set(SECTIONS)
