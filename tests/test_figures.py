"""What every figure keeps: titles with units, alt texts, names that stay text, themes, the same bytes."""

from __future__ import annotations

import html
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from figure_cases import ALL, HOSTILE, NAN, TAGS, draw, plain_title
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import figures, wording
from supplychain.errors import InputError
from supplychain.figures import style
from supplychain.figures.bars import cover_words

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


def test_every_figure_is_tested() -> None:
    assert set(figures.__all__) == set(KINDS)


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


def test_numbers_are_plain_and_short() -> None:
    assert style.numbers([1 / 3, np.float64(2), NAN, None]) == [0.333333, 2.0, None, None]
