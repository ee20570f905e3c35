"""What the dashboard says and shows, without a browser: plain functions, the WSGI application, the pages as data."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pandas as pd
import pytest
from dash import no_update
from dash.development.base_component import Component
from flask.testing import FlaskClient

import supplychain as sc
from dashboard import callbacks, controls, event_views, good_views, graph, product_views, state, views
from dashboard.app import create_app
from dashboard.cards import Card, download, source_ids, sources_frame
from dashboard.registry import find_pages
from dashboard.state import View
from supplychain.errors import InputError, UnknownIdError
from supplychain.scenario import Scenario

DAY = "2025-06-05"
PAGES = find_pages()


@pytest.fixture(scope="session")
def client(net: sc.Network) -> FlaskClient:
    return create_app(net).server.test_client()


def view(net: sc.Network, page: str = "today", item: str = "", reading: str = "short", **scenario: object) -> View:
    return View(net, page, item, Scenario(**{"on": DAY, "market": "USA", **scenario}), reading)


def texts(component: object) -> Iterator[str]:
    """Every text in a component."""
    if isinstance(component, list | tuple):
        for each in component:
            yield from texts(each)
    elif isinstance(component, Component):
        yield from texts(getattr(component, "children", None))
    elif component is not None:
        yield str(component)


def names(component: object) -> list[str]:
    """Every kind of component, in order."""
    if isinstance(component, list | tuple):
        return [name for each in component for name in names(each)]
    if isinstance(component, Component):
        return [type(component).__name__, *names(getattr(component, "children", None))]
    return []


# --- the URL --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "on=2025-06-05&market=USA",
        "on=2025-06-05&market=EU27&event=none&reading=short",
        "on=2025-06-05&market=JPN&event=chn-2025-18&event=chn-2023-23&sharing=shared&reading=linked",
        "on=2025-06-05&market=USA&end_use=military&legal_only=yes&unconfirmed=off",
    ],
)
def test_query_comes_back(net: sc.Network, query: str) -> None:
    scenario, reading, extra = state.read_query(net, f"?{query}")
    again = state.read_query(net, View(net, "today", "", scenario, reading, "light", extra).query)
    assert again == (scenario, reading, extra)


def test_left_out_keys_take_defaults(net: sc.Network) -> None:
    scenario, reading, extra = state.read_query(net, "")
    assert (scenario.on, scenario.market, reading, extra) == (state.default_day(net), "USA", "felt", {})
    assert scenario.on <= net.knowledge_until


@pytest.mark.parametrize(
    "query", ["reading=guess", "on=2025-02-30", "sharing=maybe", "market=%FF", "on=2025-06-05&on=1"]
)
def test_bad_queries_are_refused(net: sc.Network, query: str) -> None:
    with pytest.raises(InputError):
        state.read_query(net, query)


def test_links_carry_the_question(net: sc.Network) -> None:
    link = view(net, sharing="shared").link("product", "f35", market="JPN")
    assert urlsplit(link).path == "/product/f35"
    assert parse_qs(urlsplit(link).query) == {
        "on": [DAY], "market": ["JPN"], "sharing": ["shared"], "reading": ["short"],
    }  # fmt: skip


def test_paths_split_and_join() -> None:
    assert state.split_path("/") == ("today", "")
    assert state.split_path("/product/f35") == ("product", "f35")
    assert state.path("today") == "/"
    assert state.path("good", "a b/c") == "/good/a%20b%2Fc"


# --- sentences and tables ---------------------------------------------------------------------------------------------


def test_answer_counts_what_the_engine_says(net: sc.Network) -> None:
    frame = net.exposure(DAY, "USA").static
    said = views.answer(view(net))
    short = frame[frame["short"] > 0]
    assert f"{len(short)} of {len(frame)} products in the United States are estimated to miss supply" in said
    assert f"{(frame['short'] >= 0.5).sum()} of them half or more" in said


def test_answer_without_events_says_so(net: sc.Network) -> None:
    assert "no product" in views.answer(view(net, events=["none"]))


def test_ranked_by_the_reading_asked_for(net: sc.Network) -> None:
    for reading in ("short", "dependent", "linked"):
        values = views.exposed(view(net, reading=reading))[reading].tolist()
        assert values == sorted(values, reverse=True)


def test_changes_lately_stay_in_their_stretch(net: sc.Network) -> None:
    frame = views.changes_lately(view(net), 90)
    assert frame["date"].max() <= DAY
    assert frame["date"].min() >= "2025-03-07"
    assert "chn-2025-18" in set(frame["event"])
    assert not frame["status"].str.startswith("severity").any()


def test_product_page_agrees_with_the_engine(net: sc.Network) -> None:
    mine = view(net, "product", "f35")
    row = net.exposure(DAY, "USA", ["f35"]).static.iloc[0]
    assert product_views.row(mine)["short"] == row["short"]
    facts = {label: value for label, value, _ in product_views.fact_list(product_views.row(mine))}
    assert facts["Short on the day"] == f"{100 * row['short']:.0f} %"
    evidence = product_views.evidence(mine)
    on_chain = {label for cell in net.exposure(DAY, "USA", ["f35"]).explain("f35")["rows"] for label in cell.split(";")}
    assert set(evidence["row"]) == on_chain - {""}


def test_only_products_have_a_product_page(net: sc.Network) -> None:
    with pytest.raises(UnknownIdError):
        product_views.row(view(net, "product", "dysprosium_oxide"))


def test_days_until_shortfall_in_words() -> None:
    row = pd.Series({"felt": 0.4, "felt_low": 0.1, "felt_high": 0.5, "first_day": 66.0, "first_day_low": float("nan"),
                     "first_day_high": 40.0, "first_date": pd.Timestamp("2025-06-09").date()})  # fmt: skip
    found = product_views.felt_facts(row, pd.Timestamp(DAY).date())
    said = {label: (value, small) for label, value, small in found}
    assert said["Felt: output lost"] == ("40 %", "10 % to 50 %")
    assert said["First loss"] == ("2025-08-10", "central run; 2025-07-15 to none within a year from this day")


def test_good_page_lists_clauses_that_cover_it(net: sc.Network) -> None:
    events = good_views.events_on(view(net, "good", "dysprosium_oxide")).set_index("event")
    assert events.at["chn-2025-18", "status"] == "in force"
    assert "chn-2023-23" not in events.index  # gallium and germanium
    family = good_views.family(view(net, "good", "dysprosium_oxide"))
    assert {"dysprosium_oxide", "dysprosium_metal"} <= set(family)


def test_unknown_makers_are_not_none(net: sc.Network) -> None:
    production = net.table("production")
    shared = set(production.loc[production["share"].notna(), "good"])
    unknown = next(good for good in net.table("goods")["good"] if good not in shared)
    assert "not documented" in good_views.answer(view(net, "good", unknown))


def test_event_scope_in_words(net: sc.Network) -> None:
    said = event_views.answer(view(net, "event", "chn-2025-18"))
    assert said.startswith("A licence requirement of China: it restricts exports from China to every country")
    assert "On 5 June 2025: in force since 2025-04-04." in said
    before = event_views.answer(view(net, "event", "chn-2025-18", on="2025-04-03"))
    assert "On 3 April 2025 it had not begun." in before


def test_destinations_of_a_flow(net: sc.Network) -> None:
    mine = view(net, "event", "chn-2025-18")
    codes = net.table("countries")["country"].tolist()
    world = event_views.destinations(mine, "CHN", "ALL", "dysprosium_oxide")
    assert world.sum() == pytest.approx(1.0)
    assert world[codes.index("CHN")] == 0.0
    japan = event_views.destinations(mine, "CHN", "JPN", "dysprosium_oxide")
    assert japan[codes.index("JPN")] == 1.0


def test_modelled_trade_is_the_baseline_less_what_is_lost(net: sc.Network) -> None:
    mine = view(net, "event", "chn-2023-39")
    flow = ("CHN", "DEU", "natural_graphite", "month", "kg")
    assert flow in event_views.flows(mine)
    frame = event_views.observed(mine, flow)
    free = frame[frame["date"] < "2023-12"]
    base = free["observed"].tail(12).mean()
    assert frame["modelled"].max() == pytest.approx(base, rel=0.05)
    assert (frame["modelled_low"] <= frame["modelled"]).all()
    assert (frame["modelled"] <= frame["modelled_high"]).all()


def test_a_disputed_count_is_not_drawn(net: sc.Network) -> None:
    """March 2025: customs show 300 kg; 4,100 kg stand in the data as evidence of the conflict, never used."""
    frame = event_views.observed(view(net, "event", "chn-2023-23"), ("CHN", "ALL", "gallium_metal", "month", "kg"))
    assert frame.set_index("date").at["2025-03", "observed"] == 300


def test_a_country_is_asked_for_its_own_stops(net: sc.Network) -> None:
    every = net.chokepoints("USA", top=10_000)
    for country in ("CHN", "COD"):
        own = every[every["country"] == country].reset_index(drop=True)
        pd.testing.assert_frame_equal(net.chokepoints("USA", top=10_000, country=country), own)
    assert net.chokepoints("USA", country="EU27").empty  # a bloc makes nothing itself


def test_chain_elements_join_up(net: sc.Network) -> None:
    frame = net.exposure(DAY, "USA", ["f35"]).explain("f35")
    elements = graph.chain_elements(frame, {}, "USA")
    nodes = {e["data"]["id"] for e in elements if "source" not in e["data"]}
    edges = [e["data"] for e in elements if "source" in e["data"]]
    assert {end for e in edges for end in (e["source"], e["target"])} == nodes
    assert len({(e["position"]["x"], e["position"]["y"]) for e in elements if "position" in e}) == len(nodes)
    binding = {f"{i}|{c}" for i, c, b in zip(frame["input"], frame["country"], frame["binding"], strict=True) if b}
    assert binding <= nodes


def test_turning_days_are_days_of_change(net: sc.Network) -> None:
    days = controls.turning_days(net)
    assert days == sorted(set(days))
    assert (pd.Timestamp("2025-04-04").date() - controls.FIRST_DAY).days in days


# --- pages and cards ------------------------------------------------------------------------------------------------

MINE = {"today": "", "product": "f35", "good": "dysprosium_oxide", "event": "chn-2025-18", "country": "CHN"}


@pytest.mark.parametrize("page", MINE)
def test_pages_have_one_heading(net: sc.Network, page: str) -> None:
    for item in {MINE[page], ""}:
        request = {"path": state.path(page, item), "search": f"?on={DAY}&market=USA&reading=short", "theme": "light"}
        content, _, link, problem = callbacks.draw(net, PAGES, request)
        assert names(content).count("H1") == 1
        assert problem == []
        assert link.startswith(state.path(page, item))


@pytest.mark.parametrize(
    ("page", "card"),
    [(page, card) for page in MINE for card in PAGES[page].cards if card not in ("helps", "over-time")],
)
def test_every_card_can_be_drawn_and_downloaded(net: sc.Network, page: str, card: str) -> None:
    made = PAGES[page].cards[card](view(net, page, MINE[page]))
    assert made.key == card
    if made.figure is not None:
        for theme in ("light", "dark"):
            assert made.figure(theme).layout.meta["alt"]
    rows = json.loads(download(view(net, page, MINE[page]), made, "json"))
    assert len(rows["rows"]) == len(made.table())
    assert rows["query"].startswith("on=2025-06-05&market=USA")
    assert not any(column.startswith("to_") for column in made.plain.columns)
    known = set(net.table("sources")["source_id"])
    assert set(made.sources()) <= known


@pytest.mark.parametrize("reading", ["felt", "short", "dependent"])
def test_what_a_ranking_draws_is_the_head_of_its_table(net: sc.Network, reading: str) -> None:
    """Reasons are found only for what is drawn; order, readings and reasons are those of the whole table."""
    mine = view(net, reading=reading, on="2026-03-15", market="JPN")
    table, drawn = views.exposed(mine), views.drawn(mine, 15)
    assert drawn["product"].tolist() == table["product"].tolist()
    shown = ["name", "why", "confidence", "only_prior"]
    pd.testing.assert_frame_equal(drawn.head(15)[shown], table.head(15)[shown], check_dtype=False)
    numbers = [column for column in drawn.columns if column in table and column not in shown]
    pd.testing.assert_frame_equal(drawn[numbers], table[numbers], check_dtype=False)
    some = table["product"].iloc[[3, 5]].tolist()
    assert views.drawn(mine, 1, some)["product"].tolist() == some


def test_tabs_are_sent_when_they_are_opened(net: sc.Network) -> None:
    request = {"path": "/", "search": f"?on={DAY}&market=USA&reading=short", "theme": "light"}
    (card,) = callbacks.filled(net, PAGES, request, "ranking")
    assert "Graph" in names(card)
    assert "AgGrid" not in names(card)
    rows, kept = callbacks.opened(net, PAGES, request, "ranking", "Table")
    assert len(rows.rowData) == len(net.exposure(DAY, "USA").static)
    assert kept is no_update
    kept, sources = callbacks.opened(net, PAGES, request, "ranking", "Sources")
    assert kept is no_update
    assert {"source_id", "url"} <= set(sources.rowData[0])
    wrong, _ = callbacks.opened(net, PAGES, {**request, "search": "?market=Atlantis"}, "ranking", "Table")
    assert "Unknown country" in " ".join(texts(wrong))


def test_a_card_computed_on_demand_is_sent_whole(net: sc.Network) -> None:
    request = {"path": "/product/smartphone", "search": f"?on={DAY}&market=USA&reading=short", "theme": "light"}
    assert {"Graph", "AgGrid"} <= set(names(callbacks.computed(net, PAGES, request, "by-event")))


def test_workbook_neutralises_formulas(net: sc.Network) -> None:
    frame = pd.DataFrame({"text": ["=1+1", "@x", "plain"], "share": [0.5, float("nan"), 1.0]})
    book = openpyxl.load_workbook(io.BytesIO(download(view(net), Card("k", "t", lambda: frame), "xlsx")))
    cells = [row[0].value for row in book["data"].iter_rows(min_row=2)]
    assert cells == ["'=1+1", "'@x", "plain"]
    assert book["data"].cell(3, 2).value is None  # unknown is blank, not zero
    about = {row[0].value: row[1].value for row in book["about"].iter_rows(min_row=2)}
    assert about["data version"] == net.version


def test_source_ids_split_cells(net: sc.Network) -> None:
    assert source_ids(["a;b", "", "b; c", float("nan")]) == ("a", "b", "c")
    first = net.table("sources")["source_id"].iloc[0]
    assert sources_frame(view(net), ["nobody", first])["source_id"].tolist() == [first]


def test_unknown_things_are_said_not_raised(net: sc.Network) -> None:
    def said(path: str, search: str = "") -> str:
        return " ".join(texts(callbacks.draw(net, PAGES, {"path": path, "search": search, "theme": "light"})[0]))

    assert "Did you mean" in said("/product/f36")
    assert "There is no such page" in said("/prodcut")
    assert "Unknown country" in said("/", "?market=Atlantis")
    assert "on is '2025-02-30'" in said("/", "?on=2025-02-30")


def test_unexpected_errors_reach_the_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, object] = {}
    monkeypatch.setattr(callbacks, "set_props", lambda name, props: shown.update({name: props}))
    with caplog.at_level(logging.ERROR):
        callbacks.failed(ZeroDivisionError("x"))
    assert "callback failed" in caplog.text
    assert "problem" in shown


# --- the server ----------------------------------------------------------------------------------------------------


def test_security_headers(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert "unsafe-inline" not in policy["script-src"]
    assert "unsafe-eval" not in policy["script-src"]
    assert policy["frame-ancestors"] == "'none'"
    page = answer.get_data(as_text=True)
    assert '<html lang="en">' in page
    assert "https://" not in page  # nothing from a CDN


def test_downloads_over_http(client: FlaskClient, net: sc.Network) -> None:
    answer = client.get(f"/download/today/-/ranking.csv?on={DAY}&market=USA&reading=short")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="today-ranking-{DAY}.csv"'
    assert len(answer.get_data(as_text=True).splitlines()) == len(net.exposure(DAY, "USA").static) + 1
    figure = client.get(f"/download/today/-/ranking.figure?on={DAY}&market=USA&reading=short&theme=dark")
    assert figure.get_json()["layout"]["meta"]["kind"] == "ranking"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/download/today/-/nothing.csv", 404),
        ("/download/nowhere/-/ranking.csv", 404),
        ("/download/product/f36/path.csv", 400),
        ("/download/today/-/ranking.exe?reading=short", 400),
        ("/download/today/-/ranking.csv?on=yesterday", 400),
    ],
)
def test_bad_downloads_say_why(client: FlaskClient, address: str, code: int) -> None:
    answer = client.get(address)
    assert answer.status_code == code
    assert "Traceback" not in answer.get_data(as_text=True)


def test_workers_share_the_secret(net: sc.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPLYCHAIN_SECRET", "one for all")
    assert create_app(net).server.secret_key == "one for all"
    monkeypatch.delenv("SUPPLYCHAIN_SECRET")
    assert create_app(net).server.secret_key != create_app(net).server.secret_key
