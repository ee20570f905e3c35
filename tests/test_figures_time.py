"""Figures over time: what each draws."""

from __future__ import annotations

import pandas as pd
import pytest
from figure_cases import ALL, DAYS, HOSTILE, draw, plain_title, trace

from supplychain import figures
from supplychain.figures import style


def test_no_clause_at_all_says_what_to_do() -> None:
    """An empty table with real days, as a good without clauses gives it."""
    frame = ALL["phases"][0].head(0).assign(date=pd.Series(dtype="datetime64[s]"))
    assert not figures.phases(frame, until="2025-06-05").data


def test_days_of_a_column_and_one_by_one_are_the_same() -> None:
    column = pd.Series(pd.to_datetime(["2025-06-05", None, "1999-12-31"]))
    assert style.days(column) == style.days(list(column)) == ["2025-06-05", None, "1999-12-31"]


def test_years_and_months_stand_in_their_middle() -> None:
    found = style.dates(pd.Series(["2024", "2025-05", "2025-06-09", None]))
    assert style.days(found) == ["2024-07-01", "2025-05-15", "2025-06-09", None]


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


def test_observed_trade_beside_the_model() -> None:
    fig = draw("observed_vs_modelled")
    assert trace(fig, "observed").y == (600.0, 50.0), "an unknown month has no dot"
    assert trace(fig, "modelled").y == (600.0, 250.0, 250.0)
    assert "2 observations, 1 of 2 inside the modelled range" in fig.layout.meta["alt"]


def test_prices_of_different_units_do_not_share_an_axis() -> None:
    fig = draw("prices")
    axes = {t.name: t.yaxis for t in fig.data}
    assert axes["in China"] == axes["Europe"] != axes[style.escape(HOSTILE)]
    assert trace(fig, "in China").x == ("2024-07-01", "2025-05-15")
    assert trace(fig, "in China").hovertext[0] == "in China, 2024: 300 USD/kg", "a mean of a year is not given a day"
    assert fig.layout.yaxis.title.text == "EUR/&lt;kg&gt;"
    assert fig.layout.yaxis.domain[0] > fig.layout.yaxis2.domain[1]
