"""A small fixed data package for the tests of reports: one mineral, three products, two clauses, one mine stop.

Two products carry names that a page or a spreadsheet must not run.
"""

from __future__ import annotations

from pathlib import Path

from data_builder import package

HOSTILE = '<script>alert(1)</script> & "radio"'
FORMULA = "=HYPERLINK(1) lamp"

SOURCES = [
    {"source_id": "gazette", "title": "Gazette 18 & <b>notice</b>", "publisher": "Ministry", "published": "2025-04-04",
     "url": "https://example.org/gazette?a=1&b=2", "kind": "primary"},
    {"source_id": "yearbook", "title": "Minerals yearbook", "publisher": "Survey", "published": "2024",
     "url": "https://example.org/yearbook", "kind": "secondary"},
    {"source_id": "trap", "title": "A link that is none", "url": "javascript:alert(1)", "kind": "secondary"},
    {"source_id": "UNVERIFIED", "title": "No checkable source", "kind": "none"},
]  # fmt: skip
COUNTRIES = [
    {"country": "CHN", "name": "China", "manufacturing_share": 0.5},
    {"country": "USA", "name": "United States", "manufacturing_share": 0.3},
    {"country": "JPN", "name": "Japan", "manufacturing_share": 0.2},
    {"country": "MMR", "name": "Myanmar", "manufacturing_share": 0},
]
GOODS = [
    {"good": "dy_ore", "name": "Dysprosium ore", "kind": "mineral", "stage": "mine", "commodity": "dysprosium"},
    {"good": "dy_oxide", "name": "Dysprosium oxide", "kind": "mineral", "stage": "refine", "commodity": "dysprosium"},
    {"good": "magnet", "name": "Magnet (sintered)", "kind": "component", "stage": "component"},
    {"good": "car", "name": "Car", "kind": "product", "stage": "product", "sector": "transport", "end_use": "civil"},
    {"good": "missile", "name": "Missile", "kind": "product", "stage": "product", "sector": "defense",
     "end_use": "military"},
    {"good": "radio", "name": HOSTILE, "kind": "product", "stage": "product", "sector": "electronics"},
    {"good": "lamp", "name": FORMULA, "kind": "product", "stage": "product", "sector": "electronics"},
]  # fmt: skip
PRODUCTION = [
    {"good": "dy_ore", "producer": "MMR", "share": 0.6, "source_id": "yearbook"},
    {"good": "dy_ore", "producer": "CHN", "share": 0.4, "source_id": "yearbook"},
    {"good": "dy_oxide", "producer": "CHN", "share": 0.9, "source_id": "yearbook"},
    {"good": "dy_oxide", "producer": "JPN", "share": 0.1, "source_id": "yearbook", "confidence": "low"},
    {"good": "magnet", "producer": "JPN", "share": 0.7, "source_id": "yearbook", "spare": 0.1},
    {"good": "magnet", "producer": "CHN", "share": 0.3, "source_id": "trap"},
    {"good": "car", "producer": "USA", "share": 1, "source_id": "yearbook"},
    {"good": "missile", "producer": "USA", "share": 1, "source_id": "UNVERIFIED", "confidence": "unverified"},
    {"good": "radio", "producer": "USA", "share": 1, "source_id": "yearbook"},
]
BOM = [
    {"output": "dy_oxide", "input": "dy_ore", "source_id": "yearbook"},
    {"output": "magnet", "input": "dy_oxide", "source_id": "yearbook", "criticality_low": 0.5, "criticality": 0.8,
     "criticality_high": 1, "substitute": "less dysprosium"},
    {"output": "car", "input": "magnet", "source_id": "yearbook"},
    {"output": "missile", "input": "magnet", "source_id": "UNVERIFIED", "confidence": "unverified"},
    {"output": "radio", "input": "magnet", "source_id": "yearbook", "criticality": 0.5},
]  # fmt: skip
EVENTS = [
    {"event": "chn-18", "title": "Licence for dysprosium items <18>", "source_id": "gazette"},
    {"event": "chn-46", "title": "No items for US military users", "measure": "end_user_ban", "destinations": "USA",
     "end_use": "military", "source_id": "gazette"},
    {"event": "mmr-mine", "title": "Mines stop", "issuer": "MMR", "measure": "supply_stop", "acts_on": "output",
     "official": "no", "source_id": "trap", "confidence": "low"},
]  # fmt: skip
SCOPE = [
    {"event": "chn-18", "item": "dysprosium oxide", "good": "dy_oxide", "source_id": "gazette"},
    {"event": "chn-18", "item": "magnets with dysprosium", "good": "magnet", "source_id": "gazette"},
    {"event": "chn-18", "item": "dysprosium targets", "good": "", "source_id": "gazette"},
    {"event": "chn-46", "item": "magnets", "good": "magnet", "source_id": "gazette"},
    {"event": "mmr-mine", "item": "ore", "good": "dy_ore", "source_id": "trap"},
]
PHASES = [
    {"event": "chn-18", "from": "2025-04-04", "source_id": "gazette"},
    {"event": "chn-46", "from": "2024-12-03", "source_id": "gazette"},
    {"event": "chn-46", "from": "2025-11-10", "status": "suspended", "until": "2026-11-10", "source_id": "gazette"},
    {"event": "mmr-mine", "from": "2024-10-19", "grade": "press", "source_id": "trap"},
]
SEVERITIES = [
    {"event": "chn-18", "from": "2025-04-04", "severity_low": 0.5, "severity": 0.8, "severity_high": 1,
     "basis": "observed", "source_id": "gazette"},
    {"event": "chn-46", "from": "2024-12-03", "severity_low": 0.9, "severity": 1, "severity_high": 1,
     "basis": "legal_text", "source_id": "gazette"},
    {"event": "mmr-mine", "from": "2024-10-19", "severity_low": 0.1, "severity": 0.2, "severity_high": 0.4,
     "source_id": "trap"},
]  # fmt: skip
STOCKS = [{"good": "magnet", "country": "USA", "days_low": 20, "days": 40, "days_high": 60, "source_id": "yearbook"}]
PRICES = [
    {"good": "dy_oxide", "date": "2025-03", "price": 240, "source_id": "yearbook"},
    {"good": "dy_oxide", "date": "2025-05", "price": 850, "source_id": "yearbook"},
]
ASSUMPTIONS = [
    {"name": "severity_prior", "value_low": 0, "value": 0.5, "value_high": 1, "source_id": "UNVERIFIED"},
    {"name": "default_stock", "value_low": 5, "value": 10, "value_high": 20, "unit": "days"},
    {"name": "default_transit", "value_low": 10, "value": 20, "value_high": 30, "unit": "days"},
    {"name": "refill", "value": 0.1, "unit": "share a day"},
    {"name": "second_source_share", "value": 0.1},
    {"name": "extra_stock_days", "value": 30, "unit": "days"},
]


def small_package(folder: Path) -> Path:
    """Write the package into a folder."""
    return package(
        folder, sources=SOURCES, countries=COUNTRIES, goods=GOODS, production=PRODUCTION, bom=BOM, events=EVENTS,
        event_scope=SCOPE, event_phases=PHASES, severities=SEVERITIES, stocks=STOCKS, prices=PRICES,
        assumptions=ASSUMPTIONS,
    )  # fmt: skip
