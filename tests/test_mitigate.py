"""What helps: hand cases on the standard chain."""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds import EDGES, ON, clause, world

import supplychain as sc

ASSUMED = [
    {"name": "second_source_share", "value": 0.1},
    {"name": "extra_stock_days", "value": 30, "unit": "days"},
]


def measures(net: sc.Network) -> dict[str, tuple[float, float]]:
    found = net.exposure(ON, "USA").mitigations("p")
    return {f"{m} {d.partition(':')[0]}": (a, d_) for m, d, a, d_ in
            zip(found["measure"], found["detail"], found["avoided"], found["days_avoided"], strict=True)}  # fmt: skip


def test_each_measure(tmp_path: Path) -> None:
    bom = [{**EDGES[0], "criticality_low": 0.5, "criticality": 1, "criticality_high": 1}, EDGES[1]]
    found = measures(world(tmp_path, clause(), bom=bom, assumptions=ASSUMED))
    days = 517  # 2025-01-01 to a year after 2025-06-01, both included
    assert found["licence m"] == pytest.approx((0.9, 0.9 * days))
    assert found["second source m"] == pytest.approx((0.09, 0.09 * days))
    assert found["substitute m in k"] == pytest.approx((0.45, 0.45 * days))
    assert found["stock m"] == pytest.approx((0, 30))
    assert found["stock k"] == pytest.approx((0, 30))


def test_recycling_only_where_documented(tmp_path: Path) -> None:
    net = world(tmp_path, clause(), assumptions=ASSUMED)
    assert not any(name.startswith("recycled") for name in measures(net))


def test_smallest_set(tmp_path: Path) -> None:
    net = world(tmp_path, clause("a", 0.8), clause("b", 0.5, good="k", issuer="JPN"), assumptions=ASSUMED)
    x = net.exposure(ON, "USA")
    found = x.smallest_set("p", 0.1)
    assert found["measures"].str.count("licence: ").tolist()[0] == 2
    assert found["short_after"].iloc[0] == 0
    assert x.smallest_set("p", 0.95)["measures"].tolist() == ["none needed"]


def test_bad_level_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(sc.InputError, match="level"):
        world(tmp_path, clause()).exposure(ON, "USA").smallest_set("p", 2)
