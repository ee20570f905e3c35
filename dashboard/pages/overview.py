"""Today: one sentence that answers, the ranked products, what changed lately."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard import controls, kept, views
from dashboard.cards import Card, source_ids
from dashboard.components import bullet_list, figure_card, folded, slot, title
from dashboard.registry import Page
from dashboard.state import View
from supplychain import figures

SHOWN = 15  # products drawn
FELT = "Computing what is felt, day by day through stocks and transit: a few seconds …"


def layout(view: View) -> list[Component]:
    """The answer first, then the list, then what is behind it."""
    asked = controls.in_words(view)
    return [
        title(f"Exposure in {views.market_name(view)}"),
        *([html.P("Asked with " + "; ".join(asked) + ".", className="asked")] if asked else []),
        *([slot("answer", FELT, 900)] if view.reading == "felt" else [sentence(view), slot("ranking", height=900)]),
        slot("lately"),
        trust(view),
    ]


def answer(view: View) -> list[Component]:
    """The sentence and the ranked products."""
    return [sentence(view), figure_card(view, ranking(view))]


def sentence(view: View) -> Component:
    """What the page is for."""
    return html.P(views.answer(view), className="answer")


def trust(view: View) -> Component:
    """Warnings and assumptions of the answer."""
    lines = view.x.warnings
    return html.Section(
        [
            html.H2("Before you use these numbers"),
            bullet_list(lines) if lines else html.P("No warnings for this question."),
            folded(
                f"{len(view.x.assumptions)} assumptions behind this answer",
                bullet_list(view.x.assumptions) if view.x.assumptions else html.P("None: every severity has a row."),
            ),
        ],
        className="trust",
    )


def ranking(view: View) -> Card:
    """Products by exposure, the most exposed drawn, all in the table."""
    by = view.reading
    return Card(
        "ranking",
        f"Most exposed products ({by})",
        lambda: views.exposed(view)[views.ranked_columns(view)],
        lambda theme: figures.ranking(
            views.drawn(view, SHOWN), market=view.market, on=view.on, reading=by, top=SHOWN, theme=theme
        ),
        lambda: views.sources_of(view, views.ranked(view).index[:SHOWN].tolist()),
        help="exposure",
        links=(("name", "to_product"),),
    )


def lately(view: View) -> Card:
    """Changes of the legal calendar in the last 90 days."""
    frame = views.changes_lately(view)
    events = kept.by_id(view.net, "events", "event")["source_id"]
    return Card(
        "lately",
        "What changed lately",
        lambda: frame,
        None,
        lambda: source_ids(events[event] for event in frame["event"]),
        views.changes_words(frame),
        links=(("title", "to_event"),),
    )


PAGE = Page("today", "Today", 10, layout, {"ranking": ranking, "lately": lately}, {"answer": answer})
