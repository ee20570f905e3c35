"""From a control of one page to the next address: small steps between a view and its URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dashboard.callbacks import read_view
from dashboard.registry import Page
from dashboard.state import View, path
from supplychain.network import Network
from supplychain.scenario import Scenario


def view_of(net: Network, page: Page, request: Mapping[str, Any]) -> View:
    """The view from which a control of a page was used. Raises InputError, UnknownIdError."""
    return read_view(net, {page.page: page}, request)


def moved(view: View, *, item: str | None = None, scenario: Scenario | None = None, **extra: str) -> View:
    """The same page with another item, question or further keys; a key set to '' is left out."""
    keys = {key: value for key, value in {**view.extra, **extra}.items() if value}
    return replace(
        view,
        item=view.item if item is None else item,
        scenario=view.scenario if scenario is None else scenario,
        extra=keys,
    )


def search(view: View) -> str:
    """The query of a view as the address bar has it."""
    return f"?{view.query}"


def pathname(view: View) -> str:
    """The path of a view as the address bar has it."""
    return path(view.page, view.item)
