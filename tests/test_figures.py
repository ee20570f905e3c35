"""Figures: what they draw, that names stay text, that the same table gives the same bytes."""

from __future__ import annotations

import html
import json
import math
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import figures, wording
from supplychain.errors import InputError
from supplychain.figures import places, style
from supplychain.figures.bars import cover_words

HOSTILE = "<script>alert(1)</script> <b>bold</b> &amp; %{x} R&D"
NAN = math.nan

EXPOSURE = pd.DataFrame(
    {
        "product": ["car", "phone", "radar", "lamp"],
        "name": ["Electric car", "", HOSTILE, "Lamp"],
        "linked": [1.0, 1.0, 1.0, 0.0],
        "dependent": [0.9, 0.8, 0.7, 0.0],
        "short_low": [0.2, 0.5, NAN, 0.0],
        "short": [0.4, 0.6, NAN, 0.0],
        "short_high": [0.7, 0.6, NAN, 0.0],
        "felt": [0.1, 0.5, NAN, 0.0],
        "only_prior": [False, True, False, False],
        "confidence": ["high", "high", "medium", "unverified"],
        "why": [HOSTILE, "", "", ""],
    }
)
CHAIN = pd.DataFrame(
    [
        (0, "", "", "car", "USA", 0.6, 1.0, 0.55, 0.45, True),
        (1, "car", "USA", "motor", "JPN", 0.4, 1.0, 0.55, 0.45, True),
        (1, "car", "USA", "battery", "CHN", 0.4, 1.0, 0.98, 0.02, False),
        (1, "car", "USA", "chip", "TWN", 0.9, 1.0, 1.0, 0.0, False),
        (2, "motor", "JPN", "magnet", "CHN", 0.8, 1.0, 0.5, 0.5, True),
        (2, "motor", "KOR", "magnet", "VNM", 0.8, 1.0, 0.5, 0.5, True),
    ],
    columns=["step", "output", "made_in", "input", "country", "share", "criticality", "available", "loss", "binding"],
).assign(cut=[0.0, 0.5, 0.0, 0.0, 0.5, 0.5], events=[("act-1",)] * 6, source_id=HOSTILE)
MAKERS = pd.DataFrame(
    {
        "good": ["oxide", "oxide", "oxide", "oxide", "ore"],
        "name": [HOSTILE, HOSTILE, HOSTILE, HOSTILE, "Ore"],
        "stage": ["refine", "refine", "refine", "refine", "mine"],
        "country": ["CHN", "SGP", "ROW", "DEU", "MMR"],
        "share": [0.7, 0.02, 0.05, NAN, 0.57],
    }
)
DAYS = pd.DataFrame(
    {
        "date": pd.date_range("2025-04-01", periods=100),
        "product": "car",
        "name": HOSTILE,
        "output_low": np.linspace(1.0, 0.2, 100),
        "output": np.linspace(1.0, 0.5, 100),
        "output_high": np.linspace(1.0, 0.9, 100),
    }
)
EVENTS = pd.DataFrame(
    {
        "event": ["a", "b", "c", "d"],
        "date": ["2025-04-04", "2025-04-05", "2025-05-20", "2030-01-01"],
        "status": ["in_force", "announced", "unconfirmed", "ended"],
        "title": [HOSTILE, "Second act", "", "Outside the period"],
    }
)
PHASES = pd.DataFrame(
    [
        ("a", "Act A", "2025-04-04", "in_force", ""),
        ("b", HOSTILE, "2025-10-09", "announced", ""),
        ("b", "", "2025-11-10", "suspended", ""),
        ("b", "", "2026-01-10", "suspended", ""),
        ("b", "", "2026-11-10", "unconfirmed", ""),
        ("c", "Act C", "2025-02-04", "in_force", "USA"),
        ("c", "Act C", "2025-08-10", "ended", "USA"),
        ("c", "Act C", "2025-03-04", "in_force", "JPN"),
    ],
    columns=["event", "title", "date", "status", "destinations"],
)
PLAYERS = pd.DataFrame(
    {
        "player": ["b", "a", HOSTILE],
        "alone": [0.4, 0.6, 0.0],
        "last": [0.0, 0.2, 0.0],
        "shapley": [0.2, 0.4, 0.0],
        "se": 0.01,
    }
)
PAIR = pd.DataFrame(
    {
        "product": ["car", HOSTILE, "lamp"],
        "short_a": [0.4, 0.1, 0.0],
        "short_b": [0.5, 0.6, 0.0],
        "change": [0.1, 0.5, 0.0],
    }
)
STOPS = pd.DataFrame(
    {
        "country": ["CHN", "CHN", "JPN"],
        "good": ["ore", HOSTILE, "ore"],
        "worst": [0.9, 0.3, 0.1],
        "mean": [0.4, 0.2, 0.1],
    }
)
TRADE = pd.DataFrame(
    {
        "date": ["2025-03-01", "2025-04-01", "2025-05-01"],
        "observed": [600.0, 50.0, NAN],
        "modelled": [600.0, 250.0, 250.0],
        "modelled_low": [600.0, 100.0, 100.0],
        "modelled_high": [600.0, 420.0, 420.0],
        "source_id": HOSTILE,
    }
)
PRICES = pd.DataFrame(
    {
        "market": ["china", "europe", "china", HOSTILE],
        "date": ["2024", "2025-05-01", "2025-05", "2025-06-01"],
        "price": [300.0, 850.0, 240.0, 10.0],
        "unit": ["USD/kg", "USD/kg", "USD/kg", "EUR/<kg>"],
    }
)
COVER = pd.DataFrame(
    {
        "product": ["car", HOSTILE, "lamp"],
        "first_day_low": [90.0, NAN, NAN],
        "first_day": [60.0, 100.0, NAN],
        "first_day_high": [30.0, 45.0, NAN],
    }
)

Draw = Callable[[pd.DataFrame, str], go.Figure]
USA = {"market": "USA", "on": "2025-06-05"}
ALL: dict[str, tuple[pd.DataFrame, Draw]] = {
    "ranking": (EXPOSURE, lambda f, t: figures.ranking(f, **USA, reading="short", theme=t)),
    "flow": (CHAIN, lambda f, t: figures.flow(f, product=HOSTILE, labels={"magnet": HOSTILE}, **USA, theme=t)),
    "supply_map": (MAKERS, lambda f, t: figures.supply_map(f, good=HOSTILE, year=2025, theme=t)),
    "supply_bars": (MAKERS, lambda f, t: figures.supply_bars(f, title=HOSTILE, year=2025, theme=t)),
    "timeline": (DAYS, lambda f, t: figures.timeline(f, EVENTS, market="USA", theme=t)),
    "phases": (PHASES, lambda f, t: figures.phases(f, until="2026-11-24", on="2026-06-01", theme=t)),
    "contributions": (PLAYERS, lambda f, t: figures.contributions(f, product=HOSTILE, **USA, theme=t)),
    "comparison": (PAIR, lambda f, t: figures.comparison(f, a=HOSTILE, b="2025-06-05", market="USA", theme=t)),
    "leverage": (STOPS, lambda f, t: figures.leverage(f, market="USA", year=2025, theme=t)),
    "observed_vs_modelled": (TRADE, lambda f, t: figures.observed_vs_modelled(f, what=HOSTILE, unit="t", theme=t)),
    "prices": (PRICES, lambda f, t: figures.prices(f, good=HOSTILE, theme=t)),
    "stock_cover": (COVER, lambda f, t: figures.stock_cover(f, market="USA", start="2025-04-04", horizon=365, theme=t)),
}
NEEDED = {
    "ranking": "short",
    "flow": "loss",
    "supply_map": "share",
    "supply_bars": "share",
    "timeline": "output_low",
    "phases": "status",
    "contributions": "last",
    "comparison": "change",
    "leverage": "worst",
    "observed_vs_modelled": "modelled",
    "prices": "unit",
    "stock_cover": "first_day_low",
}
KINDS = sorted(ALL)
TAGS = ("<br>", "<b>", "</b>", '<span style="font-size:11.5px">', "</span>", "<extra>", "</extra>")


def draw(kind: str, theme: str = "light") -> go.Figure:
    frame, function = ALL[kind]
    return function(frame, theme)


def strings(value: object, path: str = "") -> list[tuple[str, str]]:
    """Every text in a figure, with where it stands."""
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, dict):
        return [found for key, part in value.items() for found in strings(part, f"{path}.{key}")]
    if isinstance(value, list):
        return [found for part in value for found in strings(part, path)]
    return []


def as_dict(fig: go.Figure) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(fig.to_json())
    return loaded


def plain_title(fig: go.Figure) -> str:
    text = fig.layout.title.text
    for tag in TAGS:
        text = text.replace(tag, " " if tag == "<br>" else "")
    return text


def trace(fig: go.Figure, name: str) -> object:
    return next(t for t in fig.data if t.name == name)


def test_every_figure_is_tested() -> None:
    assert set(figures.__all__) == set(KINDS)


# what every figure keeps


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_theme_size_and_alt_text(kind: str, theme: str) -> None:
    fig = draw(kind, theme)
    assert fig.layout.template.layout.paper_bgcolor == {"light": "#ffffff", "dark": "#242424"}[theme]
    assert fig.layout.width is None, "the width follows the page"
    plot = fig.layout.height - fig.layout.margin.t - fig.layout.margin.b
    assert plot >= 90
    meta = fig.layout.meta
    assert meta["kind"] == kind
    assert meta["alt"].endswith(".")
    assert "\n" not in meta["alt"]
    assert any(year in plain_title(fig) for year in ("2024", "2025", "2026")), "the title names the year"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("empty", [False, True])
def test_plotly_accepts_every_property(kind: str, theme: str, empty: bool) -> None:
    """Figures are drawn without plotly's checks; here it checks them in full, and changes nothing."""
    frame, function = ALL[kind]
    drawn = as_dict(function(frame.head(0) if empty else frame, theme))
    assert json.loads(go.Figure(drawn).to_json()) == drawn


def test_no_clause_at_all_says_what_to_do() -> None:
    """An empty table with real days, as a good without clauses gives it."""
    frame = ALL["phases"][0].head(0).assign(date=pd.Series(dtype="datetime64[s]"))
    assert not figures.phases(frame, until="2025-06-05").data


def test_days_of_a_column_and_one_by_one_are_the_same() -> None:
    column = pd.Series(pd.to_datetime(["2025-06-05", None, "1999-12-31"]))
    assert style.days(column) == style.days(list(column)) == ["2025-06-05", None, "1999-12-31"]


@pytest.mark.parametrize("kind", KINDS)
def test_unit_is_named(kind: str) -> None:
    fig = draw(kind)
    titles = [axis.title.text or "" for axis in (*fig.select_xaxes(), *fig.select_yaxes())]
    said = " ".join([*titles, plain_title(fig)])
    units = {
        "prices": "USD/kg",
        "observed_vs_modelled": "t",
        "stock_cover": "day",
        "phases": "day",
        "supply_map": "share",
    }
    assert units.get(kind, "%") in said


@pytest.mark.parametrize("kind", KINDS)
def test_same_table_same_bytes(kind: str) -> None:
    frame, function = ALL[kind]
    before = frame.copy(deep=True)
    first = function(frame, "light").to_json()
    assert function(frame.copy(), "light").to_json() == first
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"flow"}))
def test_order_of_rows_changes_nothing(kind: str) -> None:
    frame, function = ALL[kind]
    if kind == "phases":
        frame = frame.assign(title=frame["title"].mask(frame["event"] == "b", HOSTILE))
    assert function(frame.iloc[::-1], "light").to_json() == function(frame, "light").to_json()


@pytest.mark.parametrize("kind", KINDS)
def test_names_stay_text(kind: str) -> None:
    found = 0
    for path, text in strings(as_dict(draw(kind))):
        if path.startswith(".layout.meta"):
            continue
        rest = text
        for tag in TAGS:
            rest = rest.replace(tag, "")
        assert "<" not in rest, (path, text)
        assert "script&gt;" not in text or "&lt;" in text
        if "hovertemplate" in path:
            assert "alert" not in text, "user text in a template would be substituted"
        found += "&lt;script&gt;" in text
    assert found, "the hostile name is drawn somewhere"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_empty_table_says_what_to_do(kind: str, theme: str) -> None:
    frame, function = ALL[kind]
    fig = function(frame.head(0), theme)
    assert not fig.data
    (note,) = fig.layout.annotations
    missing, remedy = note.text.split("<br><br>")
    assert missing.endswith(".")
    assert remedy.endswith(".")
    assert missing.split("<br>")[0] in fig.layout.meta["alt"]


@pytest.mark.parametrize("kind", KINDS)
def test_missing_column_is_named(kind: str) -> None:
    frame, function = ALL[kind]
    column = NEEDED[kind]
    with pytest.raises(InputError, match=f"without {column}.*allowed: a table with the columns"):
        function(frame.drop(columns=column), "light")


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_theme(kind: str) -> None:
    with pytest.raises(InputError, match="light or dark"):
        draw(kind, "sepia")


def grey(colour: str) -> float:
    """Brightness of a colour printed in grey, 0 to 1."""
    return sum(w * int(colour[k : k + 2], 16) / 255 for w, k in ((0.299, 1), (0.587, 3), (0.114, 5)))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_shades_get_steadily_stronger_in_grey(theme: str) -> None:
    steps = np.diff([grey(shade) for shade in style.THEMES[theme].shades])
    assert (steps < -0.03).all() if theme == "light" else (steps > 0.03).all()


@pytest.mark.parametrize("kind", KINDS)
def test_marks_differ_without_colour(kind: str) -> None:
    """No two traces of a legend look alike in grey: pattern, marker, dash or fill tells them apart."""
    looks = []
    for item in draw(kind).data:
        if item.showlegend is False or item.name is None or item.visible is False:
            continue
        marker = item.marker.to_plotly_json() if "marker" in item else {}
        pattern = marker.get("pattern", {})
        shade = round(8 * grey(marker["color"])) if kind in ("supply_map", "supply_bars") else 0
        line = item.line.dash if item.type == "scatter" else ""
        fill = item.fill if item.type == "scatter" else ""
        looks.append(
            (
                item.type,
                item.mode if item.type == "scatter" else "",
                marker.get("symbol"),
                pattern.get("shape"),
                line,
                fill,
                shade,
            )
        )
    assert len(looks) == len(set(looks))


def test_no_figure_library_when_the_package_is_imported() -> None:
    code = (
        "import sys, supplychain; assert 'plotly' not in sys.modules;"
        "import supplychain.figures; assert 'plotly' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_figures_name_no_host() -> None:
    for kind in KINDS:
        assert "http" not in draw(kind).to_json()


# text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120), st.integers(5, 60), st.integers(1, 4))
def test_wrap_keeps_width_and_escapes(text: str, width: int, lines: int) -> None:
    wrapped = style.wrap(text, width, lines).split("<br>")
    assert len(wrapped) <= lines
    for line in wrapped:
        assert "<" not in line
        assert ">" not in line
        assert len(html.unescape(line)) <= width or "&" in text
        assert all(c.isprintable() for c in line)


def test_escape_is_undone_by_a_reader_of_entities() -> None:
    assert style.escape("a < b & c > d &lt;") == "a &lt; b &amp; c &gt; d &amp;lt;"
    assert style.escape("two\nlines\u202e") == "two lines "


def test_words_for_numbers() -> None:
    assert [wording.share(v) for v in (0.0, 0.004, 0.126, 1.0, NAN)] == ["0 %", "under 1 %", "13 %", "100 %", "unknown"]
    assert wording.span(0.2, 0.4, 0.6) == "40 % (20 % to 60 %)"
    assert wording.span(0.4, 0.4, 0.4) == "40 %"
    assert [wording.points(v) for v in (0.12, -0.12, 0.0, 0.001, NAN)] == [
        "+12 points",
        "−12 points",
        "no change",
        "+under 1 point",
        "unknown",
    ]
    start = pd.Timestamp("2025-04-04")
    assert cover_words([90.0, 60.0, 30.0], start, 365) == "2025-06-03 (from 2025-05-04 to 2025-07-03)"
    assert cover_words([NAN, 60.0, 30.0], start, 365) == "2025-06-03 (from 2025-05-04 to not by 2026-04-04)"
    assert cover_words([NAN, NAN, NAN], start, 365) == "no loss by 2026-04-04"


def test_years_and_months_stand_in_their_middle() -> None:
    found = style.dates(pd.Series(["2024", "2025-05", "2025-06-09", None]))
    assert style.days(found) == ["2024-07-01", "2025-05-15", "2025-06-09", None]


def test_numbers_are_plain_and_short() -> None:
    assert style.numbers([1 / 3, np.float64(2), NAN, None]) == [0.333333, 2.0, None, None]


# one figure after the other


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


def test_timeline_draws_loss_with_band_and_events() -> None:
    fig = draw("timeline")
    line = next(t for t in fig.data if t.mode == "lines" and t.line.width == 2.2)
    assert line.y[-1] == pytest.approx(0.5)
    band = trace(fig, "low to high")
    assert band.y[-1] == pytest.approx(0.8)
    assert band.fill == "tonexty"
    first, second = trace(fig, "in force"), trace(fig, "announced")
    assert (first.text, second.text) == (("1",), ("2",))
    assert first.y != second.y, "near events stand in lanes of their own"
    assert "Outside the period" not in fig.to_json()
    assert "3 events marked" in fig.layout.meta["alt"]
    assert not any(t.name == "in force" for t in figures.timeline(DAYS, market="USA").data)


def test_timeline_shows_the_worst_products() -> None:
    other = DAYS.assign(product="lamp", name="Lamp", output=1.0, output_low=1.0, output_high=1.0)
    fig = figures.timeline(pd.concat([other, DAYS]), market="USA", top=1)
    assert "Showing 1 of 2 products" in plain_title(fig)
    assert "Lamp" not in fig.to_json()


def test_phases_last_until_the_next_of_the_same_clause_and_destination() -> None:
    fig = draw("phases")
    day = 86_400_000
    assert trace(fig, "suspended").x == (365 * day,)
    assert trace(fig, "suspended").base == ("2025-11-10",)
    assert trace(fig, "unconfirmed").x == (14 * day,)
    in_force = dict(zip(trace(fig, "in force").base, trace(fig, "in force").x, strict=True))
    assert in_force["2025-02-04"] == 187 * day
    assert in_force["2025-03-04"] == 630 * day, "another destination goes on"
    assert trace(fig, "ended").x == ("2025-08-10",)
    assert [n.text for n in fig.layout.annotations][-1] == "Act C (JPN)"
    patterns = [trace(fig, s).marker.pattern.shape for s in ("announced", "in force", "suspended", "unconfirmed")]
    assert len(set(patterns)) == 4


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


def test_observed_trade_beside_the_model() -> None:
    fig = draw("observed_vs_modelled")
    assert trace(fig, "observed").y == (600.0, 50.0), "an unknown month has no dot"
    assert trace(fig, "modelled").y == (600.0, 250.0, 250.0)
    assert "2 observations, 1 of 2 inside the modelled range" in fig.layout.meta["alt"]


def test_prices_of_different_units_do_not_share_an_axis() -> None:
    fig = draw("prices")
    axes = {t.name: t.yaxis for t in fig.data}
    assert axes["china"] == axes["europe"] != axes[style.escape(HOSTILE)]
    assert trace(fig, "china").x == ("2024-07-01", "2025-05-15")
    assert trace(fig, "china").hovertext[0] == "china, 2024: 300 USD/kg", "a mean of a year is not given a day"
    assert fig.layout.yaxis.title.text == "EUR/&lt;kg&gt;"
    assert fig.layout.yaxis.domain[0] > fig.layout.yaxis2.domain[1]


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
