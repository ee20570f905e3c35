"""The plain functions behind the pages Evidence and Methods."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from dashboard import evidence, methods_text
from dashboard.pages import evidence as evidence_page
from dashboard.pages import methods as methods_page
from dashboard.state import View
from supplychain.errors import InputError, UnknownIdError
from supplychain.network import Network
from supplychain.scenario import Scenario
from supplychain.schema import schemas


def view(net: Network, item: str = "", **extra: str) -> View:
    return View(net, "evidence", item, Scenario(on="2025-06-05", market="USA"), extra=extra)


def test_every_word_must_stand_in_a_row() -> None:
    frame = pd.DataFrame(
        {"good": ["a_b", "a b", "c"], "who": ["CHN", "USA", "CHN"], "confidence": ["low", "low", "high"]}
    )
    assert evidence.matching(frame, "A-B chn", "").index.tolist() == [0]
    assert evidence.matching(frame, "", "low").index.tolist() == [0, 1]
    assert evidence.matching(frame, "c", "high").index.tolist() == [2]
    assert len(evidence.matching(frame, "  ", "")) == 3


@pytest.mark.parametrize("name", list(schemas()))
def test_every_table_is_shown_whole_with_its_sources(net: Network, name: str) -> None:
    there = view(net, name)
    card = evidence_page.table(there)
    table = net.table(name)
    assert len(card.table()) == len(table)
    assert card.note.startswith(f"Showing {len(table):,} of {len(table):,} rows")
    assert card.plain["row"].tolist() == table.index.tolist()
    if name != "sources":
        urls = net.table("sources").set_index("source_id")["url"]
        assert (card.table()["url"] == table["source_id"].map(urls).to_numpy()).all()
        assert card.table()["to_source"].str.startswith("/evidence/sources?").all()


def test_confidence_is_marked_without_colour(net: Network) -> None:
    card = evidence_page.table(view(net, "production", confidence="low"))
    assert set(card.table()["confidence"]) == {"●○○ low"}


def test_choices_become_addresses(net: Network) -> None:
    skip = evidence_page.no_update
    assert evidence_page.chosen(view(net), "production", "", "any") == (skip, skip)
    query, path = evidence_page.chosen(view(net), "stocks", " usgs ", "low")
    assert path == "/evidence/stocks"
    assert query.endswith("confidence=low&q=usgs")


def test_a_bad_address_names_what_would_do(net: Network) -> None:
    with pytest.raises(UnknownIdError, match="production"):
        evidence.table_of(view(net, "producton"))
    with pytest.raises(InputError, match="unverified"):
        evidence.wanted(view(net, "production", confidence="sure"))


def test_columns_are_described() -> None:
    told = {column: kind for column, kind, _ in evidence.described("production")}
    assert list(told) == schemas()["production"].columns
    assert told["share"].startswith("number")


def test_anchors_are_one_each_and_every_entry_says_something() -> None:
    entries = [entry for _, part in methods_text.PARTS for entry in part]
    anchors = [entry.anchor for entry in entries]
    assert len(set(anchors)) == len(anchors)
    wanted = {
        "linked",
        "dependent",
        "short",
        "felt",
        "coverage",
        "only_prior",
        "confidence",
        "first_day",
        "contributions",
    }
    assert wanted <= set(anchors)
    assert all(entry.text and entry.heading for entry in entries)


def test_every_help_link_of_the_dashboard_has_its_entry() -> None:
    """`help=` of the cards is looked for in the code: a page that names a new anchor needs its text."""
    anchors = {entry.anchor for _, part in methods_text.PARTS for entry in part}
    code = "\n".join(path.read_text("utf-8") for path in Path(methods_page.__file__).parents[1].rglob("*.py"))
    used = set(re.findall(r'\bhelp="(\w+)"', code)) | set(re.findall(r"/methods#(\w+)", code))
    assert "exposure" in used
    assert used - anchors == set()
