"""What a page is: its place in the menu, what it draws, which cards it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from dash import Dash
from dash.development.base_component import Component

from dashboard import pages
from dashboard.cards import Card
from dashboard.state import View
from supplychain.network import Network

if TYPE_CHECKING:
    from types import ModuleType

CardMaker = Callable[[View], Card]
SlotMaker = Callable[[View], Sequence[Component]]


@dataclass(frozen=True)
class Page:
    """One page of the dashboard.

    page: its name in the URL; name: in the menu; order: place in the menu; layout: view -> what stands in <main>, with
    exactly one h1; cards: every figure card by key (they make the downloads and what is computed on demand);
    slots: other parts that are drawn after the rest (`components.slot` takes the key of a card or of a slot);
    controls: whether day, market and the rest apply; callbacks: for a page with controls of its own; keys: what it
    adds to the query
    """

    page: str
    name: str
    order: int
    layout: Callable[[View], Sequence[Component]]
    cards: Mapping[str, CardMaker] = field(default_factory=dict)
    slots: Mapping[str, SlotMaker] = field(default_factory=dict)
    controls: bool = True
    callbacks: Callable[[Dash, Network], None] | None = None
    keys: tuple[str, ...] = ()


def find_pages() -> dict[str, Page]:
    """Every page of dashboard.pages in the order of the menu: a module there says `PAGE = Page(...)`."""
    modules: list[ModuleType] = [import_module(f"{pages.__name__}.{m.name}") for m in iter_modules(pages.__path__)]
    found: list[Page] = sorted((module.PAGE for module in modules), key=lambda page: page.order)
    return {page.page: page for page in found}
