"""Shares as words: one way for every figure, report and page that a person reads."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

TOLD = 1e-9  # a smaller share is none


def known(value: Any) -> bool:
    """Whether a cell holds anything."""
    return not (value is None or value is pd.NaT or value == "" or (isinstance(value, float) and math.isnan(value)))


def share(value: float, digits: int = 0) -> str:
    """A share that is never rounded to nothing or to all.

    >>> [share(v) for v in (0.0, 0.004, 0.428, 0.998, 1.0, float("nan"))]
    ['0 %', 'under 1 %', '43 %', 'over 99 %', '100 %', 'unknown']
    >>> share(0.428, 1), share(0.0004, 1)
    ('42.8 %', 'under 0.1 %')
    """
    if not known(value):
        return "unknown"
    if value < -TOLD:
        return f"−{share(-value, digits)}"
    step = 10.0**-digits
    if 1 > value > 1 - step / 100 and 1 - value > TOLD:
        return f"over {100 - step:.{digits}f} %"
    if TOLD < value < step / 100:
        return f"under {step:.{digits}f} %"
    return "0 %" if abs(value) <= TOLD else f"{100 * value:.{digits}f} %".replace("100.0 %", "100 %")


def span(low: float, value: float, high: float) -> str:
    """A share with its range.

    >>> span(0.2, 0.4, 0.6), span(0.4, 0.4, 0.4)
    ('40 % (20 % to 60 %)', '40 %')
    """
    ends = share(low), share(high)
    if not (known(low) and known(high)) or ends == (share(value), share(value)):
        return share(value)
    return f"{share(value)} ({ends[0]} to {ends[1]})"


def points(change: float) -> str:
    """A difference of shares in percentage points, with its sign.

    >>> [points(v) for v in (0.12, -0.01, 0.004, 0.0)]
    ['+12 points', '−1 point', '+under 1 point', 'no change']
    """
    if not known(change):
        return "unknown"
    if abs(change) < TOLD:
        return "no change"
    size = f"{100 * abs(change):.0f}" if abs(change) >= 0.01 else "under 1"
    return f"{'+' if change > 0 else '−'}{size} {'points' if size not in ('1', 'under 1') else 'point'}"
