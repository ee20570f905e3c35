"""Which goods are exposed to export restrictions, through what, from when, and how sure that is.

>>> import supplychain as sc
>>> net = sc.load()
>>> x = net.exposure("2025-06-05", "USA")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supplychain.errors import DataError, InputError, SupplyChainError, UnknownIdError
    from supplychain.esri_score import esri
    from supplychain.firms import SupplyNetwork
    from supplychain.network import Network, load
    from supplychain.survive import lost_units, time_to_survive

__version__ = "1.0.0"

# Loaded when first used: importing pandas and scipy takes longer than many a question to the command line.
_HOMES = {
    "load": "network",
    "Network": "network",
    "SupplyNetwork": "firms",
    "esri": "esri_score",
    "time_to_survive": "survive",
    "lost_units": "survive",
    "SupplyChainError": "errors",
    "DataError": "errors",
    "InputError": "errors",
    "UnknownIdError": "errors",
}

__all__ = [
    "DataError",
    "InputError",
    "Network",
    "SupplyChainError",
    "SupplyNetwork",
    "UnknownIdError",
    "__version__",
    "esri",
    "load",
    "lost_units",
    "time_to_survive",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'supplychain' has no attribute {name!r}")
    return getattr(import_module(f"supplychain.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
