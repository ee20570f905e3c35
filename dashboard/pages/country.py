"""A country: its leverage over others, and its exposure to them."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard import country_views as country
from dashboard import views
from dashboard.cards import Card, source_ids
from dashboard.components import figure_card, grid, slot, title
from dashboard.product_views import SHORT_COLUMNS, names
from dashboard.registry import Page
from dashboard.state import View
from supplychain import figures


def layout(view: View) -> list[Component]:
    """Exposure at once; what stops would cost after that."""
    if not view.item:
        return every(view)
    return [
        title(country.country_name(view), html.Span(country.country_of(view), className="asked")),
        slot("answer", "Trying out every stop …", 900),
        slot("exposure", height=700),
        slot("others", "Trying out every country's stop …"),
        html.Div([slot("acts"), slot("made")], className="pair"),
    ]


def every(view: View) -> list[Component]:
    """All countries and blocs."""
    table = view.net.table("countries")
    frame = table.loc[table["kind"] != "rest", ["name", "country", "kind", "manufacturing_share"]]
    frame = frame.sort_values("manufacturing_share", ascending=False, kind="stable", ignore_index=True)
    frame["to_country"] = [view.link("country", code) for code in frame["country"]]
    return [
        title("Countries"),
        html.P(
            f"Choose a country to see what it could stop in {views.market_name(view)} and what others could stop there."
        ),
        grid(frame, (("name", "to_country"),), "Countries"),
    ]


def answer(view: View) -> list[Component]:
    """The sentence, and what its stops would cost the market."""
    own = country.country_of(view) == view.market
    return [html.P(country.answer(view), className="answer"), *([] if own else [figure_card(view, stops(view))])]


def stops(view: View) -> Card:
    """Leverage over the market, good by good."""
    frame = country.stops(view)
    where = views.market_name(view)
    return Card(
        "stops",
        f"Leverage over {where}",
        lambda: frame,
        lambda theme: figures.leverage(
            frame, market=view.market, year=view.on.year, labels=names(view), top=15, theme=theme
        ),
        note=f"{country.country_name(view)} stops one good, all else is normal: share of products lost, before stocks.",
        help="chokepoints",
        links=(("name", "to_good"),),
    )


def over_it(view: View) -> Card:
    """What each other country could stop here."""
    frame = country.leverage(view)
    shown = frame.head(12).assign(good=frame["name"].head(12))
    here = country.country_of(view)
    return Card(
        "others",
        f"What others could stop in {views.with_article(country.country_name(view))}",
        lambda: frame[["name", "goods", "products_hit", "worst_product", "worst", "mean", "country", "to_country"]],
        lambda theme: figures.leverage(
            shown.assign(country="each country"), market=here, year=view.on.year, value="mean", top=12, theme=theme
        ),
        note="Each country halts all that it makes, alone: mean over all products, before stocks.",
        help="chokepoints",
        links=(("name", "to_country"),),
    )


def exposure(view: View) -> Card:
    """Products short in this country."""
    here = country.as_market(view)
    return Card(
        "exposure",
        f"Products short in {views.with_article(country.country_name(view))}",
        lambda: country.exposure(view)[SHORT_COLUMNS],
        lambda theme: figures.ranking(
            views.drawn(here, 10), market=here.market, on=view.on, reading="short", top=10, theme=theme
        ),
        note="Supply missing on the day, before stocks and transit.",
        help="exposure",
        links=(("name", "to_product"),),
    )


def acts(view: View) -> Card:
    """Clauses that it issued."""
    frame = country.acts(view)
    return Card("acts", "Restrictions it has issued", lambda: frame, None, lambda: source_ids(frame["source_id"]),
                links=(("title", "to_event"),))  # fmt: skip


def made(view: View) -> Card:
    """What it makes."""
    frame = country.made(view)
    return Card("made", "What it is documented to make", lambda: frame, None, lambda: source_ids(frame["source_id"]),
                links=(("name", "to_good"),))  # fmt: skip


PAGE = Page(
    "country", "Countries", 50, layout,
    {"stops": stops, "others": over_it, "exposure": exposure, "acts": acts, "made": made},
    {"answer": answer},
)  # fmt: skip
