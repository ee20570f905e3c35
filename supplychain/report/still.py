"""Figures as SVG, drawn by plotly in a Chromium without a window; the same bytes each time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from supplychain.report.ask import Progress

Stills = list[tuple[str, ...]]
WIDTH = 480  # px: what a phone can still show at a readable size
TABS = 2  # drawn at once
WAIT = 120.0  # s for a figure

_MARK = re.compile(r'id="(?:defs|topdefs|clip|legend)-?([0-9a-f]{6})')
_FRACTION = re.compile(r"(\d+\.\d{2})\d+")


def stills(figures: Sequence[tuple[go.Figure, ...]], progress: Progress | None = None) -> Stills | None:
    """Each figure as SVG in each of its themes; None where kaleido or Chromium is missing."""
    try:
        import kaleido
        from kaleido.errors import ChromeNotFoundError
    except ImportError:
        return None
    flat = [figure for themes in figures for figure in themes]
    try:
        drawn = asyncio.run(_draw(kaleido, flat, progress))
    except ChromeNotFoundError:
        return None
    at = iter(drawn)
    return [tuple(next(at) for _ in themes) for themes in figures]


async def _draw(kaleido: Any, figures: Sequence[go.Figure], progress: Progress | None) -> list[str]:
    done = 0
    async with kaleido.Kaleido(n=TABS, timeout=WAIT) as browser:

        async def one(figure: go.Figure) -> str:
            nonlocal done
            options = {"format": "svg", "width": WIDTH, "height": figure.layout.height, "scale": 1}
            found: bytes = await browser.calc_fig(figure, opts=options)
            done += 1
            if progress is not None:
                progress(done / len(figures), "figures")
            return steady(found.decode("utf-8"))

        return list(await asyncio.gather(*(one(figure) for figure in figures)))


def steady(svg: str) -> str:
    """The SVG without plotly's random marks, and with two decimals."""
    for mark in dict.fromkeys(_MARK.findall(svg)):
        svg = svg.replace(mark, "fig")
    svg = re.sub(r'class="main-svg" ', "", svg, count=1)
    return _FRACTION.sub(r"\1", svg)
