"""Reported outcomes against felt exposure, by hand on the standard chain."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner
from worlds import clause, world

import supplychain as sc
from supplychain.cli import app
from supplychain.outcomes import fit_counts, outcomes


def report(name: str, **more: object) -> dict[str, object]:
    return {"outcome": name, "good": "p", **more}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> sc.Network:
    """All of M from CHN stops on 1 January 2025 with severity 0.5 (0.4 to 1): p loses 0.45 (0.36 to 0.9)."""
    stop = clause(severity=0.5)
    stop["severities"][0] |= {"severity_low": 0.4, "severity_high": 1}
    reports = [
        report("a-before", **{"from": "2024-12-01", "until": "2024-12-31", "effect": "none"}),
        report("b-half", **{"from": "2024-12-31", "until": "2025-01-01"}),  # one day of two
        report("c-not-hit", effect="none"),
        report("d-figure", effect="cut", lost=0.48),
        report("e-little", effect="cut", lost=0.1),
        report("f-much", effect="cut", lost=1),
        report("g-some", effect="cut", lost=0.3, lost_high=0.35),
        report("h-world", market="ALL"),
        report("i-other", good="k", market="JPN", **{"from": "2024-12-01", "effect": "late"}),
    ]
    folder = tmp_path_factory.mktemp("reports")
    return world(folder, stop, outcomes=reports)


def test_reports_by_hand(small: sc.Network) -> None:
    frame = outcomes(small).set_index("outcome")
    assert frame.loc["a-before", ["felt_low", "felt", "felt_high"]].tolist() == [0, 0, 0]
    assert frame.loc["b-half", ["felt_low", "felt", "felt_high"]].tolist() == pytest.approx([0.18, 0.225, 0.45])
    assert frame.loc["h-world", ["felt_low", "felt", "felt_high"]].tolist() == pytest.approx([0.36, 0.45, 0.9])
    assert frame["fit"].to_dict() == {
        "a-before": "agrees",
        "b-half": "agrees",
        "c-not-hit": "too high",
        "d-figure": "agrees",
        "e-little": "too high",
        "f-much": "too low",
        "g-some": "within range",
        "h-world": "agrees",
        "i-other": "too low",
    }
    assert frame.index[0] == "a-before"


def test_one_good_gives_the_same_rows(small: sc.Network) -> None:
    whole = outcomes(small)
    mine = outcomes(small, "k")
    assert mine["outcome"].tolist() == ["i-other"]
    assert mine["felt"].tolist() == whole.loc[whole["good"] == "k", "felt"].tolist()
    assert outcomes(small, "m").empty


def test_counts_add_up(small: sc.Network) -> None:
    counts = fit_counts(outcomes(small)).set_index("effect")
    assert counts.loc["all", "reports"] == 9
    assert counts.loc["cut", ["agrees", "within range", "too high", "too low"]].tolist() == [1, 1, 1, 1]


def test_without_a_clause_nothing_was_lost(tmp_path: Path) -> None:
    net = world(tmp_path, outcomes=[report("hit"), report("not", effect="none")])
    assert outcomes(net)["fit"].tolist() == ["too low", "agrees"]


def test_every_report_of_the_reference_data_is_compared(net: sc.Network) -> None:
    frame = outcomes(net)
    assert len(frame) == len(net.table("outcomes"))
    compared = frame[frame["fit"] != "not compared"]
    assert len(compared) > 0.9 * len(frame)
    assert compared["felt"].between(0, 1).all()
    assert (compared["felt_low"] <= compared["felt_high"]).all()


def test_command_line() -> None:
    found = CliRunner().invoke(app, ["calibrate", "--view", "outcomes", "--format", "csv"])
    assert found.exit_code == 0
    assert found.stdout.startswith("outcome,good,market,from,until,effect")


def test_a_product_report_says_what_was_reported(small: sc.Network, tmp_path: Path) -> None:
    small.exposure("2025-06-02", "USA", ["p"]).to_report(tmp_path / "p.md", "product", subject="p")
    text = (tmp_path / "p.md").read_text()
    assert "The last report on its output (the world, 1 June 2025) says: plants stood still." in text
    section = text.partition("## What was reported")[2].partition("\n## ")[0]
    assert section.count("\n| USA |") + section.count("\n| World |") == 8
    assert "45 % (36 % to 90 %)" in section
    small.exposure("2025-06-02", "USA", ["k"]).to_report(tmp_path / "k.md", "product", subject="k")
    assert "The last report" not in (tmp_path / "k.md").read_text()  # the only one is about another market
