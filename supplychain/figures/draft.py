"""A figure in the making: plain dicts until it is finished.

Plotly checks and copies every property each time one is set, which takes longer than all else a figure needs. Here it
takes the finished dicts as they are; the tests let plotly check each figure in full.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

Spec = dict[str, Any]


def bar(**properties: Any) -> Spec:
    """A trace of bars, properties as plotly has them."""
    return {"type": "bar", **properties}


def heatmap(**properties: Any) -> Spec:
    """A grid of cells."""
    return {"type": "heatmap", **properties}


def scatter(**properties: Any) -> Spec:
    """Lines, marks or text."""
    return {"type": "scatter", **properties}


class Draft:
    """Traces and layout of one figure; the methods do what plotly's of the same name do."""

    def __init__(self, *traces: Spec) -> None:
        self.traces: list[Spec] = list(traces)
        self.layout: Spec = {}

    def add_trace(self, trace: Spec) -> None:
        self.traces.append(trace)

    def add_annotation(self, **properties: Any) -> None:
        self.layout.setdefault("annotations", []).append(properties)

    def add_vline(self, x: Any, line: Spec) -> None:
        """A line from bottom to top of the (first) plot."""
        across = {"type": "line", "x0": x, "x1": x, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain", "line": line}
        self.layout.setdefault("shapes", []).append(across)

    def update_layout(self, **properties: Any) -> None:
        _lay_over(self.layout, properties)

    def update_xaxes(self, **properties: Any) -> None:
        """Of the first x axis; no figure here has another."""
        self.update_layout(xaxis=properties)

    def update_yaxes(self, **properties: Any) -> None:
        """Of the first y axis; further ones are set whole in the layout."""
        self.update_layout(yaxis=properties)

    def figure(self) -> go.Figure:
        """The plotly figure."""
        return go.Figure({"data": self.traces, "layout": self.layout}, _validate=False)


def _lay_over(under: Spec, over: Spec) -> None:
    """Set what `over` says, key by key where both sides hold a dict."""
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(under.get(key), dict):
            _lay_over(under[key], value)
        else:
            under[key] = dict(value) if isinstance(value, dict) else value
