"""What pages say and show, as plain functions of a view: sentences and tables, no components."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from dashboard import kept
from dashboard.state import View
from supplychain.figures.style import listed
from supplychain.wording import share, span

LATELY = 90  # days
ARTICLE = ("United ", "European ", "Netherlands", "Philippines", "Czech Rep", "Dominican Rep", "G7", "Euro")
VERBS = {
    "felt": "are estimated to lose output",
    "short": "are estimated to miss supply",
    "dependent": "would lose supply in the worst case",
    "linked": "hang on restricted goods",
}


def readings(view: View) -> pd.DataFrame:
    """The products with their readings; those after stocks and transit only where they are asked for (they cost)."""
    return view.x.frame if view.reading == "felt" else view.x.static


def exposed(view: View) -> pd.DataFrame:
    """The products of the market ranked by the reading asked for, with where each row leads."""
    order = [view.reading, "dependent", "product"]
    frame = readings(view).sort_values(order, ascending=[False, False, True], kind="stable", ignore_index=True)
    return frame.assign(to_product=[view.link("product", product) for product in frame["product"]])


def ranked(view: View) -> pd.DataFrame:
    """The products in the order of `exposed` with their readings alone; product as index."""
    frame = view.x.measured
    if view.reading == "felt":
        frame = frame.join(view.x.felt_measured)
    order = [view.reading, "dependent", "product"]
    return frame.sort_values(order, ascending=[False, False, True], kind="stable")


def drawn(view: View, top: int, among: Sequence[str] | None = None) -> pd.DataFrame:
    """`exposed` for a figure, of some products: name and reasons (they are costly) only of the first, no links."""
    frame = ranked(view)
    frame = frame if among is None else frame[frame.index.isin(among)]
    reasons = view.x.rows(frame.index[:top].tolist()).set_index("product")
    return frame.join(reasons[["name", "only_prior", "confidence", "why"]]).reset_index()


def ranked_columns(view: View) -> list[str]:
    """Columns of the ranked table, the reading asked for first."""
    by = view.reading
    ranges = [f"{by}_low", by, f"{by}_high"]
    others = ["felt", "short", "dependent", "linked", "first_day", "coverage", "confidence", "why"]
    present = [column for column in (*ranges, *others) if column in readings(view)]
    return ["name", *dict.fromkeys(present), "sector", "end_use", "product", "to_product"]


def date_words(day: date) -> str:
    """A day in a sentence."""
    return f"{day:%d %B %Y}".lstrip("0")


def market_name(view: View) -> str:
    """The market in a sentence."""
    countries = kept.by_id(view.net, "countries", "country")["name"]
    return with_article(str(countries.get(view.market, view.market)))


def with_article(name: str) -> str:
    """A country's name as a sentence has it."""
    return f"the {name}" if name.startswith(ARTICLE) else name


def answer(view: View) -> str:
    """The answer of the first page in one or two sentences."""
    frame, by = ranked(view), view.reading
    when, where = date_words(view.on), market_name(view)
    hit = frame[frame[by] > 0]
    if hit.empty:
        linked = int((frame["linked"] > 0).sum())
        verb = VERBS[by].removeprefix("are estimated to ")
        return f"On {when} no product in {where} is known to {verb}; {linked} of {len(frame)} are linked."
    first = hit.iloc[0]
    reasons = view.x.rows([str(hit.index[0])]).iloc[0]
    low, high = (float(first.get(f"{by}_{end}", first[by])) for end in ("low", "high"))
    tied = hit[hit[by] >= first[by] - 5e-4]
    worst = reasons["name"] + (f" and {len(tied) - 1} others" if len(tied) > 1 else "")
    half = int((frame[by] >= 0.5).sum())
    return (
        f"On {when}, {len(hit)} of {len(frame)} products in {where} {VERBS[by]}, {half} of them half or more. "
        f"Most exposed: {worst}, {span(low, float(first[by]), high)}. {reasons['why']}"
    )


def changes_lately(view: View, days: int = LATELY) -> pd.DataFrame:
    """Dated changes of the legal calendar in the last days up to the day asked about, the latest first."""
    from dashboard.controls import legal_changes

    frame = legal_changes(view.net, view.on - timedelta(days=days), view.on)
    frame = frame.sort_values("date", ascending=False, kind="stable", ignore_index=True)
    frame["status"] = frame["status"].str.replace("_", " ")
    frame["date"] = frame["date"].dt.strftime("%Y-%m-%d")
    frame["to_event"] = [view.link("event", event) for event in frame["event"]]
    return frame[["date", "status", "title", "destinations", "grade", "by", "event", "to_event"]]


def changes_words(frame: pd.DataFrame, days: int = LATELY) -> str:
    """How many changes of which kind."""
    if frame.empty:
        return f"Nothing changed in the legal calendar in the {days} days before."
    counts = frame["status"].value_counts()
    return f"{listed([f'{n} {status}' for status, n in counts.items()], 5)} in the {days} days up to this day."


def range_words(row: pd.Series, by: str) -> str:
    """Low to high of a reading in words, or that it has no range."""
    low, high = row.get(f"{by}_low"), row.get(f"{by}_high")
    if low is None or high is None:
        return ""
    return f"{share(float(low))} to {share(float(high))}"


def sources_of(view: View, products: Sequence[str]) -> tuple[str, ...]:
    """Ids of the sources on the binding chains of products, in order."""
    found: dict[str, None] = {}
    for product in products:
        for cell in view.x.explain(product)["source_id"]:
            found |= dict.fromkeys(part for part in cell.split(";") if part)
    return tuple(found)
