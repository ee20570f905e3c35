"""Explorer, What if, My products, Compare, Evidence and Methods in a real browser."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect
from test_dashboard import DAY, opened, query, settled, violations
from typer.testing import CliRunner

import supplychain as sc
from supplychain.cli import app as command_line
from supplychain.figures.style import ThemeName
from supplychain.whatif import from_toml
from supplychain.wording import share as words

pytestmark = pytest.mark.browser

SPEC = "CHN stops gallium at 0.8 from 2022-01-01"
WHAT_IF = "/what-if?on=2022-06-01&market=USA&what_if=CHN%20stops%20gallium%20at%200.8%20from%202022-01-01"
PAGES = [
    "/explorer",
    f"/explorer/dysprosium_oxide?{DAY}",
    f"/explorer/f35?{DAY}&steps=all&way=up",
    "/what-if",
    WHAT_IF,
    f"/own?{DAY}",
    f"/compare?{DAY}&versus=on%3D2025-04-03%26market%3DUSA",
    "/evidence",
    "/evidence/sources?q=usgs",
    "/methods",
]
BAD_BOM = (
    b"output,input,role,effect\nacme_pump,gallium_metal,part,essential\n"
    b"acme_pump,x,parts,essential\nacme_pump,,part,adds\n"
)


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_quiet(page: Page, base_url: str, address: str, scheme: ThemeName) -> None:
    page.emulate_media(color_scheme=scheme)
    opened(page, base_url, address)
    assert page.locator("h1").count() == 1
    assert violations(page) == []


@pytest.mark.parametrize("address", PAGES)
def test_every_page_fits_a_small_screen(page: Page, base_url: str, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    opened(page, base_url, address)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/explorer/disprosium_oxide", "dysprosium_oxide"),
        (f"/explorer/f35?{DAY}&steps=9", "all"),
        ("/what-if?what_if=CHN%20stops%20galium%20from%202025-01-01", "gallium"),
        (f"/compare?{DAY}&versus=on%3Dnever", "YYYY-MM-DD"),
        ("/evidence/producton", "production"),
        ("/evidence/production?confidence=sure", "unverified"),
    ],
)
def test_a_bad_address_says_what_would_do(page: Page, base_url: str, address: str, said: str) -> None:
    opened(page, base_url, address)
    expect(page.locator(".notice-red").first).to_contain_text(said)


# --- explorer ---------------------------------------------------------------------------------------------------------


def node(page: Page, good: str) -> tuple[float, float]:
    """Where a node of the drawing is on the screen, in pixels."""
    page.locator("#explorer-graph").scroll_into_view_if_needed()
    page.mouse.move(5, 5)
    box = page.locator("#explorer-graph").bounding_box()
    assert box
    at = page.evaluate(
        """good => { const all = document.querySelectorAll('#explorer-graph, #explorer-graph *');
                     const box = [...all].find(e => e._cyreg);
                     return box._cyreg.cy.getElementById(good).renderedPosition(); }""",
        good,
    )
    return box["x"] + at["x"], box["y"] + at["y"]


def test_a_pixel_click_on_a_node_shows_and_expands_it(page: Page, base_url: str, net: sc.Network) -> None:
    opened(page, base_url, f"/explorer/dysprosium_oxide?{DAY}&steps=1")
    words_before = page.locator("#explorer-words").inner_text()
    x, y = node(page, "dysprosium_metal")
    page.mouse.move(x, y)
    page.mouse.click(x, y)
    page.wait_for_url(re.compile("at=dysprosium_metal"))
    settled(page)
    expect(page.locator("#explorer-details h2")).to_have_text(net.graph.nodes["dysprosium_metal"]["name"])
    page.get_by_role("link", name=re.compile(r"Expand \d+ more uses")).click()
    page.wait_for_url(re.compile("more=down%3Adysprosium_metal"))
    settled(page)
    uses = {"dysprosium_oxide", *net.graph.successors("dysprosium_metal"), *net.graph.successors("dysprosium_oxide")}
    many = len(uses | set(net.graph.predecessors("dysprosium_oxide")))
    expect(page.locator("#explorer-words")).to_contain_text(f"Showing {many} of {many} goods")
    page.go_back()
    page.go_back()
    settled(page)
    expect(page.locator("#explorer-words")).to_have_text(words_before)


def test_the_list_beside_the_drawing_works_with_the_keyboard(page: Page, base_url: str, net: sc.Network) -> None:
    opened(page, base_url, f"/explorer/dysprosium_oxide?{DAY}")
    rows = page.locator(".plain-table tbody tr")
    drawn = page.evaluate(
        """() => [...document.querySelectorAll('#explorer-graph, #explorer-graph *')]
                 .find(e => e._cyreg)._cyreg.cy.nodes().length"""
    )
    assert rows.count() == drawn
    rows.nth(1).get_by_role("link").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("at="))
    settled(page)
    name = page.locator(".plain-table tbody tr").nth(1).get_by_role("link").inner_text()
    expect(page.locator("#explorer-details h2")).to_have_text(name)


def test_search_and_filters_go_into_the_address(page: Page, base_url: str) -> None:
    opened(page, base_url, f"/explorer?{DAY}")
    page.get_by_label("Good", exact=True).first.click()
    page.get_by_label("Good", exact=True).first.fill("gallium_metal")
    page.get_by_role("option", name=re.compile("gallium_metal")).first.click()
    page.wait_for_url(re.compile("/explorer/gallium_metal"))
    settled(page)
    before = page.locator("#explorer-words").inner_text()
    page.get_by_label("Supply missing").first.click()
    page.get_by_role("option", name="50 % or more").click()
    page.wait_for_url(re.compile("least=50"))
    expect(page.locator("#explorer-words")).not_to_have_text(before)
    settled(page)
    shares = page.locator(".plain-table tbody tr td:last-child").all_inner_texts()
    assert all(float(text.rstrip("%")) >= 50 for text in shares[1:])


# --- what if ----------------------------------------------------------------------------------------------------------


def card_rows(page: Page, key: str, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The rows of a card's table, as far as they are drawn."""
    card = page.locator(".card", has=page.locator(f"#card-{key}"))
    card.get_by_role("tab", name="Table").click()
    card.locator(f'.ag-row [col-id="{columns[-1]}"]').first.wait_for(state="attached")
    rows = sorted(
        card.locator(".ag-center-cols-container .ag-row").all(), key=lambda r: int(r.get_attribute("row-index") or 0)
    )
    return [tuple(row.locator(f'[col-id="{column}"]').inner_text() for column in columns) for row in rows]


def choose(page: Page, field: Locator, text: str, option: str | re.Pattern[str]) -> None:
    field.click()
    field.fill(text)
    page.get_by_role("option", name=option).first.click()


def test_an_event_by_form_gives_the_numbers_of_the_command_line(page: Page, base_url: str) -> None:
    opened(page, base_url, "/what-if?on=2022-06-01&market=USA")
    choose(page, page.get_by_label("Who", exact=True).first, "China", re.compile(r"\(CHN\)"))
    choose(page, page.get_by_label("Goods or commodities").first, "gallium", "gallium")
    page.keyboard.press("Escape")
    page.get_by_label("Share lost (%)").first.fill("80")
    page.get_by_label("From", exact=True).first.fill("2022-01-01")
    page.get_by_label("From", exact=True).first.press("Enter")
    page.get_by_role("button", name="Add this event").click()
    page.wait_for_url(re.compile("what_if="))
    settled(page)
    assert query(page)["what_if"] == [SPEC]
    answer = CliRunner().invoke(
        command_line, ["exposure", "--on", "2022-06-01", "--market", "USA", "--what-if", SPEC, "--format", "json"]
    )
    told = {row["product"]: row["short"] for row in json.loads(answer.stdout)["rows"]}
    rows = card_rows(page, "short", ("product", "short_b"))
    assert len(rows) >= 8
    assert rows == [(product, words(told[product])) for product, _ in rows]


def test_events_are_saved_as_a_file_and_loaded_again(page: Page, base_url: str) -> None:
    opened(page, base_url, WHAT_IF)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as file").click()
    assert [str(event) for event in from_toml(saved.value.path().read_text())] == [SPEC]
    opened(page, base_url, "/what-if?on=2022-06-01&market=USA")
    file = FilePayload(name="what-if.toml", mimeType="text/plain", buffer=saved.value.path().read_bytes())
    page.set_input_files("#what-if-load input[type=file]", files=[file])
    page.wait_for_url(re.compile("what_if="))
    assert query(page)["what_if"] == [SPEC]
    settled(page)
    page.get_by_role("link", name="Remove").click()
    page.wait_for_url(lambda url: "what_if" not in url)
    settled(page)
    expect(page.get_by_role("heading", name="No hypothetical event yet")).to_be_visible()


def test_a_bad_form_and_a_bad_file_say_what_is_wrong(page: Page, base_url: str) -> None:
    opened(page, base_url, "/what-if")
    page.get_by_role("button", name="Add this event").click()
    expect(page.locator("#what-if-problem")).to_contain_text("issuer")
    broken = FilePayload(name="x.toml", mimeType="text/plain", buffer=b"[[what_if]]\nissuer = 1\n")
    page.set_input_files("#what-if-load input[type=file]", files=[broken])
    expect(page.locator("#what-if-problem")).to_contain_text("This file cannot be loaded")


# --- compare ----------------------------------------------------------------------------------------------------------


def test_compare_shows_the_difference_of_the_network(page: Page, base_url: str, net: sc.Network) -> None:
    opened(page, base_url, f"/compare?{DAY}")
    page.locator("#compare-on").fill("2025-04-03")
    page.locator("#compare-on").press("Enter")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url(re.compile("versus=on%3D2025-04-03"))
    settled(page)
    expected = net.difference(net.exposure("2025-04-03", "USA"), net.exposure("2025-06-05", "USA"))
    rows = card_rows(page, "short", ("product", "short_a", "short_b"))
    told = [(r["product"], words(r["short_a"]), words(r["short_b"])) for r in expected.to_dict("records")]
    assert len(rows) >= 8
    assert rows == told[: len(rows)]
    page.get_by_role("link", name="Swap the sides").click()
    page.wait_for_url(re.compile("on=2025-04-03&"))
    assert query(page)["versus"][0].startswith("on=2025-06-05&market=USA")


# --- evidence and methods ---------------------------------------------------------------------------------------------


def test_evidence_filters_links_and_downloads(page: Page, base_url: str, net: sc.Network) -> None:
    opened(page, base_url, "/evidence/production")
    page.get_by_label("Rows with").fill("dysprosium_oxide chn")
    page.wait_for_url(re.compile("q=dysprosium_oxide"))
    settled(page)
    total = len(net.table("production"))
    expect(page.locator(".card-note").first).to_contain_text(re.compile(rf"Showing \d+ of {total:,} rows"))
    rows = card_rows(page, "rows", ("good", "confidence"))
    assert rows
    assert all("dysprosium" in good and confidence[0] in "●○" for good, confidence in rows)
    page.get_by_role("tab", name="Download").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    lines = list(csv.DictReader(io.StringIO(saved.value.path().read_text())))
    assert len(lines) == len(rows)
    page.get_by_role("tab", name="Table").click()
    source = page.locator('.ag-row [col-id="source_id"] a').first
    identity = source.inner_text()
    source.scroll_into_view_if_needed()
    source.click()
    page.wait_for_url(re.compile("/evidence/sources"))
    settled(page)
    assert query(page)["q"] == [identity]
    expect(page.locator('.ag-row [col-id="source_id"]').first).to_have_text(identity)


def test_a_question_mark_lands_on_its_entry(page: Page, base_url: str) -> None:
    opened(page, base_url, WHAT_IF)
    page.locator(".card", has=page.locator("#card-short")).locator(".help").click()
    page.wait_for_url(re.compile("/methods.*#difference"))
    settled(page)
    expect(page.locator("#difference")).to_be_in_viewport()
    expect(page.locator("#difference")).to_be_focused()


def test_methods_opened_cold_with_an_anchor(page: Page, base_url: str) -> None:
    opened(page, base_url, "/methods#felt")
    expect(page.locator("#felt")).to_be_in_viewport()


# --- my products ------------------------------------------------------------------------------------------------------


def upload(page: Page, **files: bytes) -> None:
    page.set_input_files(
        "#own-upload input[type=file]",
        files=[FilePayload(name=f"{n}.csv", mimeType="text/csv", buffer=content) for n, content in files.items()],
    )


GOODS = b"good,name,kind,stage,end_use,unit\nacme_pump,<b>ACME pump</b>,product,product,civil,unit\n"
BOM = b"output,input,role,effect\nacme_pump,ndfeb_magnet_high_temp,part,essential\n"


def test_good_files_are_computed_and_bad_ones_told_by_line(page: Page, base_url: str, net: sc.Network) -> None:
    opened(page, base_url, "/own?on=2025-06-05&market=DEU&reading=short")
    upload(page, bom=BAD_BOM)
    problems = page.locator(".own-problems")
    expect(problems).to_contain_text("bom.csv:3 column role: parts")
    expect(problems).to_contain_text("bom.csv:4 column input")
    upload(page, goods=GOODS, bom=BOM)
    expect(page.locator("#card-ranking")).to_be_visible(timeout=30_000)
    settled(page)
    expect(page.locator(".own-problems[role=alert]")).to_have_count(0)
    magnets = net.exposure("2025-06-05", "DEU").readings("ndfeb_magnet_high_temp")
    rows = card_rows(page, "ranking", ("name", "short"))
    assert rows == [("<b>ACME pump</b>", words(float(magnets[3])))]  # escaped, and what its only input loses
    assert violations(page) == []
    page.reload()
    settled(page)
    expect(page.locator("#card-ranking")).to_be_visible(timeout=30_000)  # kept for the session
    page.get_by_role("button", name="Remove my data").click()
    expect(page.locator("#card-ranking")).to_have_count(0)
    expect(page.get_by_text("None yet.")).to_be_visible()


def test_rows_that_lead_nowhere_are_told(page: Page, base_url: str) -> None:
    opened(page, base_url, "/own?on=2025-06-05&market=DEU&reading=short")
    upload(page, bom=BOM.replace(b"ndfeb", b"ndfbe"))
    expect(page.locator(".own-problems")).to_contain_text(
        "bom.csv:2 column input: ndfbe_magnet_high_temp is not in goods"
    )
    expect(page.locator(".own-problems")).to_contain_text("ndfeb_magnet_high_temp")


def test_templates_and_downloads_of_own_products_open(page: Page, base_url: str) -> None:
    opened(page, base_url, "/own?on=2025-06-05&market=DEU&reading=short")
    with page.expect_download() as saved:
        page.get_by_title("Template of bom as CSV").click()
    assert saved.value.path().read_text().startswith("output,input,")
    page.get_by_role("button", name="Try the example").click()
    card = page.locator(".card", has=page.locator("#card-ranking"))
    card.get_by_role("tab", name="Download").click()
    with page.expect_download() as saved:
        card.get_by_role("link", name="CSV").click()
    (row,) = csv.DictReader(io.StringIO(saved.value.path().read_text()))
    assert row["product"] == "acme_pump"


@pytest.fixture
def other(browser: Browser, base_url: str) -> Callable[[str], Page]:
    """Pages of another user: a context of its own, with its own cookies."""
    context = browser.new_context()

    def visit(address: str) -> Page:
        page = context.new_page()
        page.set_default_timeout(45_000)
        return opened(page, base_url, address)

    yield visit
    context.close()


def test_two_users_never_see_each_others_uploads(page: Page, base_url: str, other: Callable[[str], Page]) -> None:
    address = "/own?on=2025-06-05&market=DEU&reading=short"
    opened(page, base_url, address)
    upload(page, goods=GOODS, bom=BOM)
    expect(page.locator("#card-ranking")).to_be_visible(timeout=30_000)
    settled(page)
    stranger = other(address)
    expect(stranger.get_by_text("None yet.")).to_be_visible()
    assert "ACME" not in stranger.content()
    file = stranger.request.get(f"{base_url}/download/own/-/ranking.csv?on=2025-06-05&market=DEU&reading=short")
    assert file.status == 400
    assert "acme_pump" not in file.text()
    upload(stranger, goods=GOODS.replace(b"ACME", b"Zenith"), bom=BOM)
    expect(stranger.locator("#card-ranking")).to_be_visible(timeout=30_000)
    page.reload()
    settled(page)
    assert "Zenith" not in page.content()
    assert "ACME" in page.content()
    stranger.get_by_role("button", name="Remove my data").click()
    expect(stranger.locator("#card-ranking")).to_have_count(0)
    page.reload()
    settled(page)
    expect(page.locator("#card-ranking")).to_be_visible(timeout=30_000)


def test_the_cookie_is_signed_and_out_of_reach_of_scripts(page: Page, base_url: str) -> None:
    opened(page, base_url, "/own?on=2025-06-05&market=DEU&reading=short")
    assert page.context.cookies() == []  # nothing before an upload
    page.get_by_role("button", name="Try the example").click()
    expect(page.locator("#card-ranking")).to_be_visible(timeout=30_000)
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert page.evaluate("document.cookie") == ""
    page.context.clear_cookies()
    page.context.add_cookies([{"name": cookie["name"], "value": cookie["value"][:-2] + "xx", "url": base_url}])
    page.reload()
    settled(page)
    expect(page.get_by_text("None yet.")).to_be_visible()
