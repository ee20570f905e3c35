"""Goods and countries that hypothetical events name."""

from __future__ import annotations

GOODS = [
    {"good": "gallium_oxide", "kind": "mineral", "commodity": "gallium"},
    {"good": "gallium_metal", "kind": "mineral", "commodity": "gallium", "aliases": "gallium;Ga"},
    {"good": "gaas_wafer", "kind": "material", "commodity": "gallium", "name": "Wafer, gallium arsenide"},
    {"good": "ndpr_oxide", "kind": "mineral", "commodity": "neodymium;praseodymium"},
    {"good": "bauxite", "kind": "mineral", "commodity": "aluminium"},
    {"good": "aluminium", "kind": "mineral", "commodity": "aluminium"},
    {"good": "f35", "kind": "product", "aliases": "Joint Strike Fighter"},
]
COUNTRIES = [
    {"country": "CHN", "name": "China"},
    {"country": "MMR", "name": "Myanmar", "aliases": "Burma"},
    {"country": "USA", "name": "United States"},
    {"country": "JPN", "name": "Japan"},
    {"country": "DEU", "name": "Germany"},
    {"country": "EU27", "name": "European Union", "aliases": "EUE;EU", "kind": "bloc", "members": "DEU"},
]
