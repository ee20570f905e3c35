"""Calibration by hand on a small world, severities recomputed from their observations, pages in step with the data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_builder import package
from doc_blocks import DOCS, PAGES, blocks, filled
from typer.testing import CliRunner

import supplychain as sc
from supplychain.calibrate import flows, series_fit
from supplychain.cli import app
from supplychain.sourcing_fit import sourcing_fit, sourcing_summary


def volume(series: str, date: str, value: float, importer: str = "ALL", **more: object) -> dict[str, object]:
    measure = more.pop("measure", "volume_kg")
    name = f"obs-{series}-{date}-{'yoy' if measure == 'yoy_change' else 'kg'}"
    return {"observation": name, "date": date, "good": "m", "importer": importer, "measure": measure, "value": value,
            **more}  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> sc.Network:
    """m is made in CHN and half used in JPN, half in DEU; a licence rule since 5 January 2025."""
    folder = package(
        tmp_path_factory.mktemp("small"),
        production=[
            {"good": "m", "producer": "CHN", "share": 1},
            {"good": "p", "producer": "JPN", "share": 0.5},
            {"good": "p", "producer": "DEU", "share": 0.5},
        ],
        bom=[{"output": "p", "input": "m"}],
        events=[{"event": "rule"}],
        event_scope=[{"event": "rule", "good": "m", "coverage": 0.5}],
        event_phases=[{"event": "rule", "from": "2025-01-05"}],
        severities=[
            {"event": "rule", "good": "m", "from": "2025-01-05", "until": "2025-02-15", "severity": 0.8,
             "severity_low": 0.6, "severity_high": 1, "derived_from": "obs-chn-all-m-2025-01-kg"},
            {"event": "rule", "good": "m", "from": "2025-02-15", "until": "2025-03-01", "severity": 0.4},
            {"event": "rule", "good": "m", "from": "2025-01-05", "until": "2025-03-01", "severity": 0,
             "destinations": "DEU"},
        ],
        observations=[
            volume("chn-all-m", "2024-01", 100),
            volume("chn-all-m", "2024-06", 300),
            volume("chn-all-m", "2025-01", 60),
            volume("chn-all-m", "2025-02", 110),
            volume("chn-all-m", "2025-04", 0.25, measure="yoy_change"),
            volume("chn-deu-m", "2025-01", 40, "DEU"),
            volume("chn-deu-m", "2024", 480, "DEU", period="year"),
            volume("chn-jpn-m", "2025-02", 7, "JPN"),
        ],
        assumptions=[
            {"name": "severity_prior", "applies_to": "licence:0-3m", "value": 0.7},
            {"name": "severity_prior", "applies_to": "licence", "value": 0.2},
        ],
    )  # fmt: skip
    return sc.load(folder)


def test_flows_by_hand(small: sc.Network) -> None:
    frame = flows(small.model).set_index(["series", "month"])
    january = frame.loc[("chn-all-m", "2025-01")]
    assert (january["baseline_rule"], january["baseline"], january["observed"]) == ("same month", 100, 0.6)
    # JPN loses 0.8 x 0.5, DEU nothing; each takes half: 1 - 0.2
    assert january[["modelled_low", "modelled", "modelled_high"]].tolist() == pytest.approx([0.75, 0.8, 0.85])
    assert january["error"] == pytest.approx(0.2)
    assert january["rests_on"] == "fitted"
    february = frame.loc[("chn-all-m", "2025-02")]
    assert (february["baseline_rule"], february["baseline"]) == ("year before", 200)
    # 14 days at 0.8 x 0.5 and 14 at 0.4 x 0.5, half of the flow
    assert february["modelled"] == pytest.approx(1 - 0.5 * (0.4 + 0.2) / 2)
    assert february["rests_on"] == "row"
    april = frame.loc[("chn-all-m", "2025-04")]
    assert (april["baseline_rule"], april["observed"], april["rests_on"]) == ("stated change", 1.25, "prior")
    # four days in its third month at the prior 0.7, then 26 at 0.2, half of the flow covered
    assert april["modelled"] == pytest.approx(1 - 0.5 * (4 * 0.7 + 26 * 0.2) / 30)
    assert april["error"] == pytest.approx(april["modelled"] - 1)  # growth counts as a full flow
    assert april["last"] == pytest.approx(110 / 200)
    germany = frame.loc[("chn-deu-m", "2025-01")]
    assert (germany["baseline_rule"], germany["baseline"], germany["modelled"]) == ("full year", 40, 1.0)
    assert ("chn-jpn-m", "2025-02") not in frame.index, "nothing tells what was normal"


def test_series_fit_by_hand(small: sc.Network) -> None:
    fit = series_fit(flows(small.model)).set_index("series")
    world = fit.loc["chn-all-m"]
    assert world["months"] == 3
    assert world["mae"] == pytest.approx((0.2 + (0.85 - 0.55) + 4 / 30) / 3)
    assert world["mae_prior"] == pytest.approx((abs(0.3 - 0.6) + abs(0.3 - 0.55) + 0.2) / 3)
    assert world["mae_last"] == pytest.approx((0.05 + 0.45) / 2)
    assert world[["fitted", "row", "prior"]].tolist() == [1, 1, 1]
    assert fit.at["all", "months"] == 4
    assert fit.at["all prior", "months"] == 1


def test_sourcing_fit_by_hand(tmp_path: Path) -> None:
    net = sc.load(
        package(
            tmp_path,
            production=[
                {"good": "m", "producer": "CHN", "share": 0.6},
                {"good": "m", "producer": "AUS", "share": 0.4},
                {"good": "p", "producer": "JPN", "share": 0.5},
                {"good": "p", "producer": "DEU", "share": 0.5},
            ],
            bom=[{"output": "p", "input": "m"}],
            trade=[
                {"good": "m", "importer": "JPN", "exporter": "CHN", "share": 0.9},
                {"good": "m", "importer": "JPN", "exporter": "AUS", "share": 0.1},
                {"good": "m", "importer": "DEU", "exporter": "CHN", "share": 0.25},
                {"good": "m", "importer": "DEU", "exporter": "AUS", "share": 0.25},
            ],
            assumptions=[{"name": "severity_prior", "value": 0.5}],
        )
    )
    frame = sourcing_fit(net.model).set_index("importer")
    # kept aside, both are filled in proportion to the surplus 0.6 : 0.4
    assert frame["computed"].tolist() == pytest.approx([0.6, 0.6])
    assert frame.at["JPN", "distance"] == pytest.approx(0.3)
    assert frame.at["JPN", "error"] == pytest.approx(-0.3)
    assert frame.at["DEU", "documented"] == pytest.approx(0.5)  # a share of imports, whatever is made at home
    summary = sourcing_summary(sourcing_fit(net.model)).set_index("good")
    assert summary.at["m", "distance"] == pytest.approx((0.3 + 0.1) / 2)
    assert summary.at["all", "abs_error"] == pytest.approx(0.2)


def test_a_severity_is_what_its_observations_say(net: sc.Network) -> None:
    """The rule of docs/severities.md, written again: 1 - observed / baseline."""
    kg = net.table("observations").set_index("observation")["value"]
    table = net.table("severities")

    def row(event: str, good: str, destination: str, start: str) -> pd.Series:
        here = (table["event"] == event) & (table["good"] == good) & (table["from"] == start)
        found = table[here & table["destinations"].isin([(destination,)])]
        assert len(found) == 1
        return found.iloc[0]

    summer = [kg[f"obs-chn-all-gallium-{m}-kg"] for m in ("2022-08", "2022-11", "2023-03", "2023-05")]
    early = row("chn-2023-23", "gallium_metal", "ALL", "2024-01-01")
    lost = [1 - kg[f"obs-chn-all-gallium-2024-{m}-kg"] / np.mean(summer) for m in ("02", "03")]
    assert early["severity"] == pytest.approx(np.mean(lost), abs=5e-4)
    assert [early["severity_low"], early["severity_high"]] == pytest.approx([min(lost), max(lost)], abs=5e-4)

    before = [kg[f"obs-chn-deu-natural-graphite-2023-{m}-kg"] for m in ("06", "07", "08", "09")]
    december = row("chn-2023-39", "natural_graphite", "DEU", "2023-12-01")
    after = kg["obs-chn-deu-natural-graphite-2023-12-kg"]
    assert december["severity"] == pytest.approx(1 - after / np.mean(before), abs=5e-4)

    magnets = row("chn-2025-18", "ndfeb_magnet_high_temp", "ALL", "2025-05-01")
    assert magnets["severity"] == pytest.approx(-kg["obs-chn-all-ndfeb-2025-05-yoy"])
    for months in (early, december, magnets):
        assert set(months["derived_from"]) <= set(kg.index)


def test_reference_flows_keep_what_they_promise(net: sc.Network) -> None:
    frame = flows(net.model)
    assert len(frame) > 100
    shares = frame[["modelled_low", "modelled", "modelled_high"]].to_numpy()
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (np.diff(shares, axis=1) >= -1e-12).all()
    fit = series_fit(frame).set_index("series")
    assert fit.at["all fitted", "mae"] < fit.at["all fitted", "mae_last"], "worse than repeating the month before"
    assert fit.at["all fitted", "mae"] < fit.at["all fitted", "mae_prior"], "worse than the prior alone"


@pytest.mark.parametrize("doc", PAGES)
def test_pages_show_the_data_as_they_are(doc: str, made: dict[str, str]) -> None:
    text = (DOCS / doc).read_text(encoding="utf-8")
    assert filled(text, made) == text, "The data changed: run python tests/doc_blocks.py"


@pytest.fixture(scope="module")
def made(net: sc.Network) -> dict[str, str]:
    return blocks(net)


@pytest.mark.parametrize(("view", "column"), [("series", "mae"), ("flows", "observed"), ("sourcing", "distance")])
def test_command_line(view: str, column: str) -> None:
    said = CliRunner().invoke(app, ["calibrate", "--view", view, "--format", "json"])
    assert said.exit_code == 0
    assert column in json.loads(said.stdout)["rows"][0]


def test_command_line_rejects_an_unknown_view() -> None:
    with pytest.raises(sc.InputError, match=r"--view.*importers"):
        CliRunner().invoke(app, ["calibrate", "--view", "months"], catch_exceptions=False)
