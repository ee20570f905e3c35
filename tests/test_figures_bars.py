"""Rankings, chains, maps, shares and comparisons: what each draws."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figure_cases import CHAIN, EXPOSURE, MAKERS, PLAYERS, STOPS, USA, draw, plain_title, trace

from supplychain import figures
from supplychain.errors import InputError
from supplychain.figures import places, style


def test_ranking_is_ranked_with_ranges_and_unknown_last() -> None:
    fig = draw("ranking")
    labels = [note.text for note in fig.layout.annotations]
    assert [label.split("  ")[-1] for label in labels] == ["<b>60 %</b>", "<b>40 %</b>", "<b>0 %</b>", "<b>unknown</b>"]
    assert labels[0].startswith("phone"), "the id stands in where there is no name"
    assert trace(fig, "low to high").x == (0.5, 0.6, None, 0.2, 0.7, None)
    hatched = trace(fig, "on a prior or weak evidence")
    assert hatched.marker.pattern.shape == "/"
    assert hatched.y == (0, 2), "a prior alone, and unverified"
    assert trace(fig, "on evidence").x == (0.4, None)
    assert "phone leads with 60 % (50 % to 60 %)" in fig.layout.meta["alt"]


def test_ranking_says_what_it_cuts_and_reads_other_readings() -> None:
    fig = figures.ranking(EXPOSURE, **USA, reading="linked", top=2)
    assert "Showing 2 of 4 products" in plain_title(fig)
    assert trace(fig, "low to high").visible is False
    with pytest.raises(InputError, match="felt or short or dependent or linked"):
        figures.ranking(EXPOSURE, **USA, reading="lost")
    assert "output lost" in figures.ranking(EXPOSURE, **USA).layout.meta["alt"].lower()


def test_flow_runs_from_mineral_to_market() -> None:
    fig = draw("flow")
    boxes = {note.text.split("<br>")[0]: note for note in fig.layout.annotations}
    assert boxes["USA"].y == 0
    assert boxes["car"].y == 1
    assert boxes["motor"].y == 2
    assert boxes["motor"].x == 0, "what binds is the trunk"
    assert boxes["battery"].x > 0
    assert boxes["motor"].borderwidth > boxes["battery"].borderwidth
    assert boxes["motor"].text == "motor<br>JPN <b>−45 %</b><br>cut by act-1"
    widths = [t.x[-1] - t.x[0] for t in fig.data]
    assert widths[0] == pytest.approx(0.3 * 0.45)
    assert widths[2] == pytest.approx(0.02), "an input that costs little is still drawn"
    assert len(fig.data) == len(CHAIN), "makers tied in another country join the chain"


def test_flow_draws_the_binding_inputs_first_when_there_are_many() -> None:
    many = [(1, "car", "USA", f"part{k}", "DEU", 1.0, 1.0, 1.0, 0.0, False) for k in range(20)]
    frame = pd.concat([pd.DataFrame(many, columns=CHAIN.columns[:10]), CHAIN.iloc[:2, :10]])
    fig = figures.flow(frame, product="car", **USA)
    assert "Showing 4 of 22 inputs" in plain_title(fig)
    assert any(note.text == "motor<br>JPN <b>−45 %</b>" for note in fig.layout.annotations)


def test_map_shades_by_share_and_tells_unknown_from_none() -> None:
    fig = draw("supply_map")
    shades = style.THEMES["light"].shades
    by_text = {t.text: t for t in fig.data if t.type == "scatter"}
    assert by_text["CHN: 70.0 % of world output"].fillcolor == shades[5]
    assert by_text["SGP: 2.0 % of world output"].fillcolor == shades[2]
    assert by_text["DEU: a maker, share unknown"].fillpattern.shape == "/"
    assert by_text["none known"].fillcolor == shades[0]
    assert "5 % is known to be elsewhere" in plain_title(fig)
    one = figures.supply_map(MAKERS[MAKERS["good"] == "ore"], good="ore", year=2025)
    assert "43 % is not documented" in plain_title(one)


def test_outlines_cover_the_countries_of_the_data(reference_countries: list[str]) -> None:
    assert set(reference_countries) <= set(places.outlines())
    for code, outline in places.outlines().items():
        xs, ys = ([v for v in values if v is not None] for values in (outline.x, outline.y))
        assert len(xs) == len(ys) >= 4, code
        assert max(xs) - min(xs) < 185, f"{code} is not torn across the map"
        assert min(xs) <= outline.middle[0] <= max(xs)
    assert places.outlines()["AUS"].middle[1] < 0 < places.outlines()["CAN"].middle[1]


@pytest.fixture
def reference_countries() -> list[str]:
    table = pd.read_csv(Path(__file__).parents[1] / "data" / "countries.csv", keep_default_na=False)
    return [str(code) for code in table.loc[table["kind"] == "country", "country"]]


def test_natural_earth_projection() -> None:
    got = places.natural_earth(np.array([[0.0, 0.0], [180.0, 0.0], [180.0, 90.0], [0.0, 90.0]]))
    assert got[0].tolist() == [0.0, 0.0]
    assert got[1, 0] == pytest.approx(180 * 0.8707, abs=0.06)
    assert got[2, 0] / got[1, 0] == pytest.approx(0.5, abs=0.1), "the pole line is about half the equator"
    assert got[3, 1] / (2 * got[1, 0]) == pytest.approx(0.26, abs=0.01), "height is 0.52 of width"


def test_supply_bars_show_what_is_not_documented() -> None:
    fig = draw("supply_bars")
    unknown = trace(fig, "not documented")
    assert unknown.marker.pattern.shape == "/"
    assert unknown.y == (0, 1), "the mine first"
    assert unknown.x == (pytest.approx(0.43), pytest.approx(0.23))
    assert "makers with unknown share: DEU" in unknown.hovertext[1].replace("<br>", " ")
    rest = trace(fig, "others and elsewhere")
    assert rest.x == (pytest.approx(0.07),)
    assert "elsewhere 5.0 %" in rest.hovertext[0]
    for y in (0, 1):
        parts = [(b, x) for t in fig.data for b, x, at in zip(t.base or (), t.x, t.y, strict=True) if at == y]
        assert sum(x for _, x in parts) == pytest.approx(1.0)
        assert all(a + x == pytest.approx(b) for (a, x), (b, _) in pairwise(sorted(parts)))


def test_firms_of_a_country_add_up() -> None:
    frame = pd.DataFrame({"good": "k", "country": ["JPN", "JPN", "DEU"], "share": [0.3, 0.2, 0.5]})
    fig = figures.supply_bars(frame, title="k", year=2025)
    assert trace(fig, "JPN").x == (0.5,)
    assert trace(fig, "not documented").visible is False


def test_contributions_add_up_and_show_their_range() -> None:
    fig = draw("contributions")
    assert trace(fig, "fair share (Shapley)").x == (0.4, 0.2, 0.0)
    assert trace(fig, "acting alone").x == (0.6, 0.4, 0.0)
    assert trace(fig, "95 % of sampled orders").x[:2] == (pytest.approx(0.4 - 0.0196), pytest.approx(0.4196))
    assert "add up to 60 %" in plain_title(fig)
    exact = figures.contributions(PLAYERS.drop(columns="se"), product="car", **USA)
    assert not any(t.name == "95 % of sampled orders" for t in exact.data)


def test_comparison_puts_the_largest_change_first() -> None:
    fig = draw("comparison")
    assert [note.text.split("  ")[-1] for note in fig.layout.annotations] == [
        "<b>+50 points</b>",
        "<b>+10 points</b>",
        "<b>no change</b>",
    ]
    assert trace(fig, "2025-06-05").x == (0.6, 0.5, 0.0)
    assert "2 of 3 products change" in plain_title(fig)


def test_leverage_grid_and_bars() -> None:
    grid = draw("leverage").data[0]
    assert grid.x == ("CHN", "JPN")
    assert [list(row) for row in grid.z] == [[0.9, 0.1], [0.3, None]], "what was not computed is blank, not zero"
    one = figures.leverage(STOPS[STOPS["country"] == "CHN"], market="USA", year=2025, value="mean")
    assert one.data[0].type == "bar"
    assert one.data[0].x == (0.4, 0.2)
    with pytest.raises(InputError, match="worst or mean"):
        figures.leverage(STOPS, market="USA", year=2025, value="total")


def test_stock_cover_points_on_where_the_mild_run_never_loses() -> None:
    fig = draw("stock_cover")
    begin = pd.Timestamp("2025-04-04").timestamp() * 1e3

    def days(name: str) -> list[float | None]:
        return [x if x is None else round((x - begin) / 86.4e6, 1) for x in trace(fig, name).x]

    assert days("central run") == [60, 100]
    assert days("severe to mild run") == [30, 90, None, 45, 365, None]
    assert days("not lost in the mild run") == [365]
    assert any(note.text == "no loss by 2026-04-04" for note in fig.layout.annotations)
    assert "2 of 3 products can lose output" in fig.layout.meta["alt"]
