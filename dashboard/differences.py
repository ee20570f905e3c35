"""What two answers differ in: sentences, key figures and tables for What if and Compare."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd
from dash.development.base_component import Component

from dashboard import kept
from dashboard.cards import Card, source_ids
from dashboard.components import figure_card, lazy
from dashboard.state import View
from supplychain import figures
from supplychain.attribute import ORDERS
from supplychain.network import Exposure, Network
from supplychain.readings import CLASSES, CLEAN
from supplychain.scenario import Scenario
from supplychain.whatif import event_ids
from supplychain.wording import points, share

FEW_ORDERS = 100  # of events, where more than 12 differ and buyers share
EVENTS = "Which events change it"
SAME = 5e-4  # changes below a twentieth of a point are not told
Fact = tuple[str, str, str]


def difference(view: View, a: Exposure, b: Exposure) -> pd.DataFrame:
    """net.difference with names and where each row leads."""
    return named(view, _difference(view.net, a.scenario, b.scenario))


@lru_cache(maxsize=16)
def _difference(net: Network, a: Scenario, b: Scenario) -> pd.DataFrame:
    """Several cards of a page ask for it. Shared shortages take long to solve: fewer orders are drawn for them."""
    orders = ORDERS if {a.sharing, b.sharing} == {"fixed"} else FEW_ORDERS
    return net.difference(net.ask(a), net.ask(b), orders)


def change(view: View, a: Exposure, b: Exposure) -> pd.DataFrame:
    """`difference` without its columns of events, which are costly."""
    products = sorted((p for p in b.products if p in set(a.products)), key=lambda p: CLASSES.index(b.end_use(p)))
    sides = {name: x.measured["short"].loc[products].to_numpy() for name, x in (("short_a", a), ("short_b", b))}
    frame = pd.DataFrame({"product": products, **sides, "change": sides["short_b"] - sides["short_a"]})
    frame["change"] = frame["change"].where(frame["change"].abs() > CLEAN, 0.0)
    order = frame["change"].abs().sort_values(ascending=False, kind="stable").index
    return named(view, frame.loc[order].reset_index(drop=True))


def events_part(view: View, a: Exposure, b: Exposure) -> Component:
    """The card `events`; where it takes long, when it is asked for."""
    if {a.scenario.sharing, b.scenario.sharing} == {"fixed"}:
        return figure_card(view, event_card(view, difference(view, a, b), "events"))
    return lazy("events", EVENTS, "Fair shares of the change; where buyers share a shortage this takes some seconds.")


def named(view: View, frame: pd.DataFrame) -> pd.DataFrame:
    """Products by name, with the link to their page."""
    names = kept.by_id(view.net, "goods", "good")["name"]
    frame = frame.assign(to_product=[view.link("product", product) for product in frame["product"]])
    frame.insert(0, "name", frame["product"].map(names))
    return frame


def felt_difference(view: View, a: Exposure, b: Exposure) -> pd.DataFrame:
    """The same for felt: output lost on the day in both answers."""
    before = a.frame.set_index("product")["felt"].rename("felt_a")
    after = b.frame.set_index("product")["felt"].rename("felt_b")
    frame = pd.concat([before, after], axis=1, join="inner").reset_index()
    frame["change"] = frame["felt_b"] - frame["felt_a"]
    order = frame["change"].abs().sort_values(ascending=False, kind="stable").index
    return named(view, frame.loc[order].reset_index(drop=True))


def by_event(view: View, frame: pd.DataFrame) -> pd.DataFrame:
    """One row a product and event whose change of short is told: product, event, change; the largest first."""
    about = ["name", "product", "to_product"]
    events = [column for column in frame.columns if column not in (*about, "short_a", "short_b", "change")]
    titles = kept.by_id(view.net, "events", "event")["title"]
    long = frame[[*about, *events]].melt(about, events, "event", "change")
    long = long[long["change"].abs() >= SAME]
    long = long.sort_values("change", key=lambda c: c.abs(), ascending=False, kind="stable", ignore_index=True)
    specs = dict(zip(event_ids(len(view.scenario.what_if)), view.scenario.what_if, strict=True))
    long["title"] = [specs.get(event, titles.get(event, event)) for event in long["event"]]
    return long[["name", "event", "change", "title", "product", "to_product"]]


def answer(frame: pd.DataFrame, before: str, after: str) -> str:
    """What changed, in one or two sentences."""
    up, down = frame[frame["change"] >= SAME], frame[frame["change"] <= -SAME]
    if up.empty and down.empty:
        return f"Nothing changes: of {len(frame)} products none misses more or less supply {after} than {before}."
    parts = []
    for rows, word in ((up, "more"), (down, "less")):
        if len(rows):
            top = rows.iloc[0]
            most = f"{top['name']}, {points(float(top['change']))} (from {share(float(top['short_a']))} to "
            parts.append(f"{len(rows)} of {len(frame)} miss {word} supply, most {most}{share(float(top['short_b']))})")
    return f"{after[:1].upper()}{after[1:]} against {before}: " + "; ".join(parts) + "."


def facts(frame: pd.DataFrame, before: str, after: str) -> list[Fact]:
    """How many products miss supply on each side, and how many change."""
    sides = []
    for words, column in ((before, "short_a"), (after, "short_b")):
        hit, half = int((frame[column] > 0).sum()), int((frame[column] >= 0.5).sum())
        sides.append((words, f"{hit} of {len(frame)}", f"miss supply; {half} half or more"))
    worse, better = int((frame["change"] >= SAME).sum()), int((frame["change"] <= -SAME).sum())
    return [*sides, ("Change", f"{worse} worse, {better} better", f"{len(frame) - worse - better} as before")]


def card(view: View, frame: pd.DataFrame, before: str, after: str, reading: str, key: str) -> Card:
    """The two sides as a figure and the table behind it."""
    columns = ["name", f"{reading}_a", f"{reading}_b", "change", "product", "to_product"]
    drawn = frame.loc[frame["change"].abs() >= SAME, columns[:-1]]
    return Card(
        key,
        f"{reading.capitalize()}: {before} and {after}",
        lambda: frame[columns],
        None
        if drawn.empty
        else lambda theme: figures.comparison(
            drawn, a=before, b=after, market=view.market, reading=reading, theme=theme
        ),
        note="Shares of normal supply (%), change in points; largest change first, the chart leaves out what stays.",
        help="difference" if reading == "short" else "felt",
        links=(("name", "to_product"),),
    )


def event_card(view: View, frame: pd.DataFrame, key: str) -> Card:
    """Which events the changes of short come from."""
    rows = by_event(view, frame)
    ids = kept.by_id(view.net, "events", "event")["source_id"]
    return Card(
        key,
        EVENTS,
        lambda: rows,
        None,
        lambda: source_ids(ids[e] for e in rows["event"] if e in ids.index),
        f"{len(rows):,} pairs of product and event with a change; for one product they add up to its change of short.",
        help="difference",
        links=(("name", "to_product"),),
    )
