"""The standard chain of the design's examples as a tiny data package: M (CHN 0.9, AUS 0.1) > K (JPN) > P (USA)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_builder import package

import supplychain as sc

ON = "2025-06-01"
Rows = Sequence[Mapping[str, Any]]


def goods(*names: str) -> list[dict[str, Any]]:
    """P is a product, the others components."""
    return [{"good": n, "kind": "product" if n == "p" else "component", "stage": "component"} for n in names]


def maker(good: str, producer: str, share: float | None = 1, **more: Any) -> dict[str, Any]:
    return {"good": good, "producer": producer, "share": share, **more}


M = [maker("m", "CHN", 0.9), maker("m", "AUS", 0.1)]
K = [maker("k", "JPN")]
P = [maker("p", "USA")]
EDGES = [{"output": "k", "input": "m"}, {"output": "p", "input": "k"}]


def clause(
    event: str = "stop", severity: float | None = 1, good: str = "m", scope: Rows | None = None, **about: Any
) -> dict[str, list[dict[str, Any]]]:
    """One clause in force from 2025-01-01 with one severity row."""
    to = about.get("destinations", "ALL")
    end_use = about.get("end_use", "any")
    measured = {"event": event, "severity": severity, "destinations": to}
    measured["end_use"] = "any" if end_use == "listed" else end_use
    return {
        "events": [{"event": event, **about}],
        "event_scope": [{"event": event, **row} for row in scope or [{"good": good}]],
        "event_phases": [{"event": event}],
        "severities": [] if severity is None else [measured],
    }


def world(folder: Path, *clauses: Mapping[str, Rows], **tables: Rows) -> sc.Network:
    """The standard chain with some clauses; tables given replace the standard ones."""
    base: dict[str, Any] = {"goods": goods("m", "k", "p"), "production": [*M, *K, *P], "bom": EDGES}
    base.update(tables)
    for found in clauses:
        for name, rows in found.items():
            base[name] = [*base.get(name, ()), *rows]
    base.setdefault("countries", [{"country": "USA", "manufacturing_share": 1}])
    return sc.load(package(folder, **base))
