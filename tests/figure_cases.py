"""An example table for each figure, and how to draw and read it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from supplychain import figures

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
TAGS = ("<br>", "<b>", "</b>", '<span style="font-size:11.5px">', "</span>", "<extra>", "</extra>")


def draw(kind: str, theme: str = "light") -> go.Figure:
    frame, function = ALL[kind]
    return function(frame, theme)


def plain_title(fig: go.Figure) -> str:
    text = fig.layout.title.text
    for tag in TAGS:
        text = text.replace(tag, " " if tag == "<br>" else "")
    return text


def trace(fig: go.Figure, name: str) -> object:
    return next(t for t in fig.data if t.name == name)
