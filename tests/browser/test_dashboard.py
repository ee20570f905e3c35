"""The dashboard in a real browser."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, expect

import supplychain as sc
from dashboard.registry import find_pages
from dashboard.state import default_day
from supplychain.figures.style import ThemeName
from supplychain.wording import share as words  # as the tables say it (assets/grid.js)

pytestmark = pytest.mark.browser

DAY = "on=2025-06-05&market=USA"
PAGES = [
    f"/?{DAY}",
    f"/?{DAY}&reading=short",
    f"/product/f35?{DAY}",
    "/product",
    f"/good/dysprosium_oxide?{DAY}&reading=short",
    "/good",
    f"/event/chn-2025-18?{DAY}&reading=short",
    "/event",
    f"/country/CHN?{DAY}&reading=short",
    "/country",
]


# every grid that can be seen has its header cells, and its rows or the word that there are none
DRAWN = """[...document.querySelectorAll('.grid')].filter(g => g.offsetParent).every(g =>
    [...g.querySelectorAll('.ag-header-row')].every(r => r.querySelector('.ag-header-cell, .ag-header-group-cell'))
    && g.querySelector('.ag-header-row')
    && g.querySelector('.ag-center-cols-container .ag-row, .ag-overlay-no-rows-center'))"""


def settled(page: Page) -> None:
    """Wait until nothing is loading."""
    page.wait_for_selector("main h1")
    expect(page.locator(".waiting, .computing")).to_have_count(0, timeout=90_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(DRAWN)


def opened(page: Page, base_url: str, address: str) -> Page:
    page.goto(base_url + address)
    settled(page)
    return page


def violations(page: Page) -> list[str]:
    """What axe finds, one line each."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {[n['target'] for n in v['nodes']][:4]} {v['help']}" for v in found]


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_quiet(page: Page, base_url: str, address: str, scheme: ThemeName) -> None:
    page.emulate_media(color_scheme=scheme)
    opened(page, base_url, address)
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == scheme
    assert violations(page) == []


@pytest.mark.parametrize("address", PAGES)
def test_every_page_fits_a_small_screen(page: Page, base_url: str, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    opened(page, base_url, address)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Events")).to_be_visible()


def test_menu_reaches_every_page(page: Page, base_url: str) -> None:
    opened(page, base_url, f"/?{DAY}&reading=short")
    for each in find_pages().values():
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=each.name, exact=True).click()
        expect(page.locator(".menu-link[aria-current=page]")).to_have_text(each.name)
        settled(page)
        assert query(page)["on"] == ["2025-06-05"]  # the question is carried on


def test_path_link_opened_cold(page: Page, base_url: str, net: sc.Network) -> None:
    opened(page, base_url, f"/product/f35?{DAY}&sharing=shared&reading=short")
    row = net.exposure("2025-06-05", "USA", ["f35"], sharing="shared").static.iloc[0]
    expect(page.locator("h1")).to_contain_text(row["name"])
    expect(page.locator(".facts").first).to_contain_text(words(row["short"]))
    expect(page.get_by_label("Market").first).to_have_value("United States (USA)")
    expect(page.get_by_label("Day").first).to_have_value("2025-06-05")


def shown_rows(page: Page) -> list[tuple[str, str]]:
    """Product and reading of the ranked table, as far as rows are drawn."""
    card = page.locator(".card", has=page.locator("#card-ranking"))
    card.get_by_role("tab", name="Table").click()
    card.locator('.ag-row [col-id="product"]').first.wait_for(state="attached")
    rows = card.locator(".ag-center-cols-container .ag-row")
    return [
        (row.locator('[col-id="name"]').inner_text(), row.locator('[col-id="short"]').inner_text())
        for row in sorted(rows.all(), key=lambda row: int(row.get_attribute("row-index") or 0))
    ]


def check_numbers(page: Page, net: sc.Network, on: str, market: str) -> None:
    """The numbers on the page are those of the same query in Python (and so of the command line)."""
    expected = net.exposure(on, market).static
    expected = expected.sort_values(["short", "dependent", "product"], ascending=[False, False, True])
    rows = shown_rows(page)
    assert len(rows) >= 5  # how many are drawn depends on the fonts
    assert rows == [(n, words(s)) for n, s in zip(expected["name"], expected["short"], strict=True)][: len(rows)]


def test_market_and_day_change_url_and_numbers(page: Page, base_url: str, net: sc.Network) -> None:
    opened(page, base_url, f"/?{DAY}&reading=short")
    check_numbers(page, net, "2025-06-05", "USA")
    page.get_by_label("Market").first.click()
    page.get_by_label("Market").first.fill("Japan")
    page.get_by_role("option", name="Japan (JPN)").click()
    page.wait_for_url(re.compile("market=JPN"))
    expect(page.locator("h1")).to_contain_text("Japan")
    settled(page)
    check_numbers(page, net, "2025-06-05", "JPN")
    thumb = page.get_by_role("slider")
    thumb.focus()
    for _ in range(3):
        thumb.press("ArrowRight")
    page.wait_for_url(re.compile("on=2025-06-08"))
    expect(page.get_by_label("Day").first).to_have_value("2025-06-08")
    expect(page.locator(".answer")).to_contain_text("8 June 2025")
    settled(page)
    check_numbers(page, net, "2025-06-08", "JPN")


def test_slider_dragged_with_the_mouse(page: Page, base_url: str) -> None:
    opened(page, base_url, f"/?{DAY}&reading=short")
    box = page.get_by_role("slider").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    page.wait_for_url(lambda url: "on=2025-06-05" not in url)
    assert query(page)["on"][0] > "2025-06-05"


def test_date_field_changes_the_url(page: Page, base_url: str) -> None:
    opened(page, base_url, f"/?{DAY}&reading=short")
    field = page.get_by_label("Day").first
    field.fill("2025-04-03")
    field.press("Tab")
    page.wait_for_url(re.compile("on=2025-04-03"))
    expect(page.locator(".answer")).to_contain_text("3 April 2025")


def test_player_goes_from_change_to_change(page: Page, base_url: str) -> None:
    opened(page, base_url, f"/?{DAY}&reading=short")
    page.get_by_role("button", name="Play").click()
    page.wait_for_url(lambda url: "on=2025-06-05" not in url)
    page.get_by_role("button", name="Play").click()
    stopped = query(page)["on"][0]
    assert stopped > "2025-06-05"


def test_readings_and_options_reach_the_url(page: Page, base_url: str) -> None:
    opened(page, base_url, f"/?{DAY}&reading=short")
    page.get_by_label("Reading").first.click()
    page.get_by_role("option", name="linked: what hangs on it").click()
    page.wait_for_url(re.compile("reading=linked"))
    settled(page)
    expect(page.locator("#card-ranking")).to_contain_text("linked")
    page.get_by_text("More: end use").click()
    page.get_by_label("Sharing of what is left").first.click()
    page.get_by_role("option", name="first: served first").click()
    page.wait_for_url(re.compile("sharing=first"))
    page.get_by_label("End use").first.click()
    page.get_by_role("option", name="military", exact=True).click()
    page.wait_for_url(re.compile("end_use=military"))
    settled(page)
    expect(page.locator(".asked").first).to_contain_text("end use: military; sharing: first")


def test_events_off(page: Page, base_url: str, net: sc.Network) -> None:
    opened(page, base_url, f"/?{DAY}&reading=short")
    page.get_by_text("More: end use").click()
    page.get_by_role("button", name="All off").click()
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(re.compile("event=none"))
    settled(page)
    expect(page.locator(".answer")).to_contain_text("no product")
    page.get_by_label(re.compile("chn-2025-18")).check()
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(re.compile("event=chn-2025-18"))
    settled(page)
    only = net.exposure("2025-06-05", "USA", events=["chn-2025-18"]).static
    expect(page.locator(".answer")).to_contain_text(f"{(only['short'] > 0).sum()} of {len(only)} products")


def test_back_button(page: Page, base_url: str) -> None:
    opened(page, base_url, f"/?{DAY}&reading=short")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Products", exact=True).click()
    expect(page.locator("h1")).to_have_text("Products")
    page.locator("a.page-link").first.click()
    page.wait_for_url(re.compile("/product/"))
    settled(page)
    page.go_back()
    expect(page.locator("h1")).to_have_text("Products")
    page.go_back()
    expect(page.locator("h1")).to_contain_text("Exposure in")
    expect(page.get_by_label("Day").first).to_have_value("2025-06-05")
    page.go_forward()
    expect(page.locator("h1")).to_have_text("Products")


def test_click_on_a_node_of_the_graph(page: Page, base_url: str) -> None:
    opened(page, base_url, f"/product/f35?{DAY}&reading=short")
    canvas = page.locator(".canvas")
    canvas.scroll_into_view_if_needed()
    place = page.evaluate(
        """() => { const box = document.querySelector('.canvas');
          const cy = box._cyreg.cy; const node = cy.nodes().filter(n => n.data('good') === 'yttrium_metal')[0];
          const at = node.renderedPosition(); const r = box.getBoundingClientRect();
          return {x: r.left + at.x, y: r.top + at.y}; }"""
    )
    page.mouse.move(place["x"] - 40, place["y"] - 5)
    page.mouse.click(place["x"], place["y"])
    expect(page.locator("#product-node")).to_contain_text("Yttrium metal")
    page.locator("#product-node a").click()
    page.wait_for_url(re.compile("/good/yttrium_metal"))
    settled(page)


def test_click_hits_after_the_page_above_grew(page: Page, base_url: str) -> None:
    """What is above the canvas loads late: without the cure of assets/graph.js clicks miss."""
    opened(page, base_url, f"/product/f35?{DAY}&reading=short")
    page.locator(".canvas").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.facts').style.marginBottom = '137px'")
    test = page.evaluate(
        """() => { const box = document.querySelector('.canvas'); const cy = box._cyreg.cy;
          const at = cy.nodes().filter(n => n.data('good') === 'hot_section')[0].renderedPosition();
          const r = box.getBoundingClientRect(); return {x: r.left + at.x, y: r.top + at.y}; }"""
    )
    page.mouse.move(5, 5)
    page.mouse.click(test["x"], test["y"])
    expect(page.locator("#product-node")).to_contain_text("Combustor")


def test_theme_is_kept(page: Page, base_url: str) -> None:
    page.emulate_media(color_scheme="light")
    opened(page, base_url, f"/?{DAY}&reading=short")
    page.get_by_role("button", name="Dark or light").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    settled(page)
    opened(page, base_url, f"/product/f35?{DAY}&reading=short")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_downloads_open(page: Page, base_url: str, tmp_path_factory: pytest.TempPathFactory, net: sc.Network) -> None:
    opened(page, base_url, f"/?{DAY}&reading=short")
    card = page.locator(".card", has=page.locator("#card-ranking"))
    card.get_by_role("tab", name="Download").click()
    folder = tmp_path_factory.mktemp("downloads")
    files = {}
    for form in ("CSV", "XLSX", "JSON", "PNG", "SVG"):
        with page.expect_download() as waiting:
            card.get_by_text(form, exact=True).click()
        files[form] = folder / waiting.value.suggested_filename
        waiting.value.save_as(files[form])
    count = len(net.exposure("2025-06-05", "USA").static)
    assert files["CSV"].read_text().count("\n") == count + 1
    book = openpyxl.load_workbook(files["XLSX"])
    assert book.sheetnames == ["data", "sources", "about"]
    assert book["data"].max_row == count + 1
    assert '"query": "on=2025-06-05&market=USA' in files["JSON"].read_text()
    assert files["PNG"].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in files["SVG"].read_text()[:200]


def test_copy_link_gives_the_canonical_question(browser: Browser, base_url: str, net: sc.Network) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    opened(page, base_url, "/?reading=short")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#copy")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{base_url}/?on={default_day(net)}&market=USA&reading=short"
    context.close()


def test_keyboard_reaches_the_content(page: Page, base_url: str) -> None:
    opened(page, base_url, f"/?{DAY}&reading=short")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_what_helps_on_demand(page: Page, base_url: str) -> None:
    opened(page, base_url, f"/product/smartphone?{DAY}&reading=short")
    page.locator(".card", has_text="What each event adds").get_by_role("button", name="Compute").click()
    expect(page.locator("#card-by-event")).to_be_visible(timeout=60_000)


def test_how_sure_on_demand(page: Page, base_url: str) -> None:
    """Quantiles with the number of draws, facts to check with their sources, and the plan beside the simulation."""
    opened(page, base_url, f"/product/smartphone?{DAY}&reading=short")
    page.locator(".card", has_text="How sure").get_by_role("button", name="Compute").click()
    sure = page.locator(".card", has=page.locator("#card-sure"))
    expect(sure).to_be_visible(timeout=90_000)
    expect(sure).to_contain_text("seed 0")
    expect(sure).to_contain_text("Short on the day, before stocks")
    page.locator(".card", has_text="Check these facts first").get_by_role("button", name="Compute").click()
    facts = page.locator(".card", has=page.locator("#card-facts-first"))
    expect(facts).to_be_visible(timeout=90_000)
    facts.get_by_role("tab", name="Sources").click()
    expect(facts.get_by_role("link").first).to_be_visible()
    page.locator(".card", has_text="Plan and simulation side by side").get_by_role("button", name="Compute").click()
    plan = page.locator(".card", has=page.locator("#card-survival"))
    expect(plan).to_be_visible(timeout=90_000)
    expect(plan).to_contain_text("best plan")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/product/f36?" + DAY, "Did you mean"),
        ("/?on=2025-13-05&market=USA", "2025-13-05"),
        ("/?on=2025-06-05&market=Atlantis", "Atlantis"),
        ("/?sharing=maybe", "fixed, shared, first"),
        ("/nowhere", "Did you mean"),
        ("/event/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "Unknown event"),
    ],
)
def test_wrong_addresses_say_what_to_do(page: Page, base_url: str, address: str, said: str) -> None:
    page.goto(base_url + address)
    page.wait_for_selector("main h1")
    expect(page.locator("#page")).to_contain_text(said)
    expect(page.locator("#page a").first).to_be_visible()


def test_page_size(page: Page, base_url: str) -> None:
    """After the first load no page transfers more than 2 MB."""
    opened(page, base_url, f"/?{DAY}&reading=short")
    for address in (f"/product/f35?{DAY}", f"/good/dysprosium_oxide?{DAY}", f"/country/CHN?{DAY}"):
        sizes: list[int] = []
        page.on("response", lambda r, s=sizes: s.append(transferred(r)))
        opened(page, base_url, address)
        assert 0 < sum(sizes) < 2_000_000


def transferred(response: Response) -> int:
    """Bytes of an answer, none for scripts and styles: a browser keeps them (here routing switches that off)."""
    kept = any(part in response.url for part in ("/_dash-component-suites/", "/assets/"))
    return 0 if kept else int(response.headers.get("content-length", 0))
