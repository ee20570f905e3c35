"""A real browser on a real server: the dashboard on a free loopback port, pages watched for errors and other hosts."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Route
from waitress import create_server

import supplychain as sc
from dashboard.app import create_app

KNOWN = "You have set a custom wheel sensitivity"  # cytoscape says so whatever is set; wheel zoom is off here


@pytest.fixture(scope="session")
def base_url(net: sc.Network) -> Iterator[str]:
    """Address of the running dashboard."""
    server = create_server(create_app(net).server, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=10)


class Watched:
    """What went wrong on a page: console messages, script errors, failed requests, requests to other hosts."""

    def __init__(self, page: Page, base: str) -> None:
        self.problems: list[str] = []
        page.on("console", lambda m: self._said(m.type, m.text))
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("response", lambda r: r.status >= 500 and self.problems.append(f"{r.status}: {r.url}"))
        page.on("request", lambda r: self._request(r.url, base))

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith(KNOWN):
            self.problems.append(f"console: {text}")

    def _request(self, url: str, base: str) -> None:
        if not url.startswith((base, "data:", "blob:")):
            self.problems.append(f"other host: {url}")


@pytest.fixture
def page(context: BrowserContext, base_url: str) -> Iterator[Page]:
    """A page on which anything in the console, any failed request and any other host fails the test."""

    def only_here(route: Route) -> None:
        if route.request.url.startswith((base_url, "data:", "blob:")):
            route.continue_()
        else:
            route.abort()

    context.route("**/*", only_here)
    page = context.new_page()
    page.set_default_timeout(45_000)
    watched = Watched(page, base_url)
    yield page
    assert watched.problems == []
