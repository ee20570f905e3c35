"""Tables in `docs/` that come from the data: `python tests/doc_blocks.py` writes them again, a test checks them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

import supplychain as sc
from supplychain.calibrate import flows, series_fit
from supplychain.evidence import evidence_counts, makers_known
from supplychain.outcomes import fit_counts, outcomes
from supplychain.sourcing_fit import sourcing_fit, sourcing_summary

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = ("calibration.md", "data-coverage.md")


def blocks(net: sc.Network) -> dict[str, str]:
    """The generated tables by name."""
    months = flows(net.model)
    by_importer = sourcing_fit(net.model)
    reported = outcomes(net)
    worst = months[months["error"].abs() >= 0.15]
    shown = ["series", "month", "observed", "modelled_low", "modelled", "modelled_high", "error", "rests_on"]
    frames = {
        "series": series_fit(months).drop(columns=["exporter", "importer"]),
        "worst-months": worst.sort_values("error", key=abs, ascending=False, kind="stable")[shown],
        "sourcing": sourcing_summary(by_importer),
        "importers": by_importer,
        "outcome-fit": fit_counts(reported),
        "outcomes": reported[
            ["good", "market", "from", "until", "effect", "lost", "felt_low", "felt", "felt_high", "fit"]
        ],
        "confidence": evidence_counts(net.tables),
        "makers": makers_known(net.tables),
    }
    return {name: markdown(frame) for name, frame in frames.items()}


def markdown(frame: pd.DataFrame) -> str:
    """A frame as a Markdown table, numbers with two digits."""
    head = f"| {' | '.join(map(str, frame.columns))} |\n|{' --- |' * len(frame.columns)}\n"
    return head + "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in frame.itertuples(index=False)) + "\n"


def _cell(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float):
        return f"{value + 0.0:.2f}".replace("-0.00", "0.00")
    return str(value)


def filled(page: str, tables: dict[str, str]) -> str:
    """A page with its generated tables put in anew."""
    return re.sub(
        r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)",
        lambda match: match[1] + tables[match[2]] + match[3],
        page,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    made = blocks(sc.load())
    for name in PAGES:
        path = DOCS / name
        path.write_text(filled(path.read_text(encoding="utf-8"), made), encoding="utf-8", newline="\n")
