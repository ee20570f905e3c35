"""Numbers as words and sentences that never say more than the numbers do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from supplychain.report.model import Column
from supplychain.wording import TOLD, known, points, share, span

MARKS = {"high": "●●● high", "medium": "●●○ medium", "low": "●○○ low", "unverified": "○○○ unverified"}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
ARTICLE = ("United ", "European Union", "Netherlands", "Philippines", "Czech Republic", "Democratic Republic")


def lost(low: float, value: float, high: float) -> str:
    """Output lost after stocks as the end of a sentence, where the central run may lose nothing.

    >>> lost(0.0, 0.4, 0.6)
    '40 % (0 % to 60 %) of normal output is estimated to be lost'
    """
    if value > TOLD:
        return f"{span(low, value, high)} of normal output is estimated to be lost"
    if high > TOLD:
        return f"nothing is estimated to be lost in the central run and up to {share(high)} of output in the high run"
    return "nothing is estimated to be lost so far"


def number(value: float) -> str:
    """A number with at most three significant digits below a thousand.

    >>> [number(v) for v in (0.01234, 3.0, 12.34, 15230.0)]
    ['0.0123', '3', '12.3', '15,230']
    """
    if not known(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def day(value: date | str) -> str:
    """A day in words: 5 June 2025."""
    stamp = pd.Timestamp(value)
    return f"{stamp.day} {MONTHS[stamp.month - 1]} {stamp.year}"


def iso(value: Any) -> str:
    """A day as 2025-06-05; a year or month stays one."""
    return value.isoformat()[:10] if hasattr(value, "isoformat") else str(value)


def count(n: int, noun: str, plural: str = "") -> str:
    """`1 product`, `3 products`, `no products`."""
    return f"{n or 'no'} {noun if n == 1 else plural or noun + 's'}"


def verb(n: int, one: str, many: str) -> str:
    return one if n == 1 else many


def listed(names: Sequence[str], shown: int = 4) -> str:
    """Names in a sentence: a, b and c, or a, b and 4 more."""
    if len(names) > shown + 1:
        return f"{', '.join(names[:shown])} and {len(names) - shown} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def first_loss(low: float, central: float, high: float, start: date, horizon: int) -> str:
    """When output is first lost: days after the start as dates; low is the run with the least loss.

    >>> first_loss(float("nan"), 80.0, 40.0, date(2025, 4, 4), 365)
    'from about 23 June 2025 (14 May 2025 in the severe run, not by 4 April 2026 in the mild run)'
    """

    def told(days: float) -> str:
        return day(start + timedelta(days=int(days)))

    if not any(known(v) for v in (low, central, high)):
        return f"not by {told(horizon)} in any run"
    severe = f"{told(high)} in the severe run" if known(high) else ""
    mild = f"{told(low)} in the mild run" if known(low) else f"not by {told(horizon)} in the mild run"
    if not known(central):
        return f"not by {told(horizon)} in the central run ({severe})"
    if low == central == high:
        return f"from about {told(central)}"
    return f"from about {told(central)} ({', '.join(part for part in (severe, mild) if part)})"


def cell(column: Column, row: Mapping[str, Any], numbers: Mapping[str, int]) -> str:
    """A cell as text; sources by their number in the list."""
    value = row[column.key]
    if column.low and column.kind == "share":
        return span(row[column.low], value, row[column.high]) if known(value) else "unknown"
    if column.low:
        ends = [number(row[key]) for key in (column.low, column.high)]
        same = ends[0] == ends[1] == number(value) or not all(ends)
        return number(value) if same else f"{number(value)} ({ends[0]} to {ends[1]})"
    if column.kind == "sources":
        return " ".join(f"[{numbers[source]}]" for source in sources_of(value))
    if not known(value):
        return {"share": "unknown", "points": "unknown"}.get(column.kind, "")
    if column.kind == "share":
        return share(value)
    if column.kind == "points":
        return points(value)
    if column.kind == "number":
        return number(float(value))
    if column.kind == "date":
        return iso(value)
    if column.kind == "flag":
        return "yes" if value else ""
    return MARKS.get(str(value), str(value)) if column.kind == "confidence" else str(value)


def sources_of(value: Any) -> list[str]:
    """The source ids of a cell: `a;b`, a list, or blank."""
    if isinstance(value, str):
        value = value.split(";")
    return list(dict.fromkeys(str(source) for source in value if source)) if known(value) else []


def the(name: str) -> str:
    """A country as it stands in a sentence: the United States, but Japan."""
    return f"the {name}" if name.startswith(ARTICLE) else name


def sentence(text: str) -> str:
    """A text that starts with a capital letter."""
    return text[:1].upper() + text[1:]


def is_link(url: Any) -> bool:
    """Whether an address is one that a reader may be sent to."""
    return isinstance(url, str) and url.startswith(("https://", "http://")) and not any(c in url for c in ' "<>\n\t')
