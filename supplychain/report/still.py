"""Figures as SVG, drawn by plotly in a Chromium without a window; the same bytes each time."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from supplychain.report.ask import Progress

Stills = list[tuple[str, ...]]
WIDTH = 480  # px: what a phone can still show at a readable size
WAIT = 60.0  # s until the page or a figure must be there

_MARK = re.compile(r'id="(?:defs|topdefs|clip|legend)-?([0-9a-f]{6})')
_FRACTION = re.compile(r"-?\d*\.\d\d+")
_DEFAULTS = re.compile(r"(?:(?:fill-|stroke-)?opacity: 1|vector-effect: none|white-space: pre); ?")
_STYLE = re.compile(r' style="[^"]*"')
_UNUSED = re.compile(r' (?:class|data-[a-z-]+|style|xmlns:xlink)="(?:js-[^"]*|[a-z0-9 -]*)"')


def stills(figures: Sequence[tuple[go.Figure, ...]], progress: Progress | None = None) -> Stills | None:
    """Each figure as SVG in each of its themes; None where there is no Chromium or no way to talk to it."""
    try:
        from choreographer.browsers import BrowserFailedError
        from choreographer.browsers.chromium import ChromeNotFoundError
    except ImportError:
        return None
    flat = [figure for themes in figures for figure in themes]
    with ThreadPoolExecutor(1) as thread:  # a notebook has an event loop of its own
        try:
            drawn = thread.submit(asyncio.run, _draw(flat, progress)).result()
        except (ChromeNotFoundError, BrowserFailedError):
            return None
    at = iter(drawn)
    return [tuple(next(at) for _ in themes) for themes in figures]


async def _draw(figures: Sequence[go.Figure], progress: Progress | None) -> list[str]:
    """One page with plotly.js draws them all: a page each would take ten times as long."""
    from choreographer import Browser

    found = []
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(f'<!DOCTYPE html><meta charset="utf-8"><script>{get_plotlyjs()}</script>', encoding="utf-8")
        async with Browser(headless=True) as browser:
            tab = await browser.create_tab(page.as_uri())
            while await _answer(tab, "document.readyState + typeof window.Plotly") != "completeobject":
                await asyncio.sleep(0.05)
            for k, figure in enumerate(figures):
                if progress is not None:
                    progress(k / len(figures), "figures")
                options = {"format": "svg", "width": WIDTH, "height": figure.layout.height, "imageDataOnly": True}
                call = f"Plotly.toImage({figure.to_json()}, {json.dumps(options)})"
                found.append(steady(await _answer(tab, call)))
    return found


async def _answer(tab: Any, expression: str) -> str:
    """What a page says to an expression. Raises TimeoutError, RuntimeError."""
    params = {"expression": expression, "awaitPromise": True, "returnByValue": True}
    reply = await asyncio.wait_for(tab.send_command("Runtime.evaluate", params), WAIT)
    value = reply.get("result", {}).get("result", {}).get("value")
    if not isinstance(value, str):
        raise RuntimeError(f"Chromium did not draw a figure: {str(reply)[:300]}")
    return value


def steady(svg: str) -> str:
    """The SVG without plotly's random marks, without what changes nothing, and with one decimal."""
    for mark in dict.fromkeys(_MARK.findall(svg)):
        svg = svg.replace(mark, "fig")
    svg = _DEFAULTS.sub("", svg)
    svg = _UNUSED.sub("", svg)
    svg = _STYLE.sub(lambda found: found[0].replace(": ", ":").replace("; ", ";").replace(", ", ","), svg)
    return _FRACTION.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), svg)
