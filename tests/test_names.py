"""Ids, names and aliases."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from data_builder import package
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import InputError, UnknownIdError
from supplychain.tables import Tables, load_tables


@pytest.fixture
def named(tmp_path: Path) -> Tables:
    return load_tables(
        package(
            tmp_path,
            goods=[
                {"good": "dysprosium_oxide", "name": "Dysprosium oxide", "aliases": ["dysprosium", "Dy2O3"]},
                {"good": "f35", "name": "F-35 fighter", "aliases": ["Joint Strike Fighter"]},
            ],
            countries=[{"country": "MMR", "name": "Myanmar", "aliases": ["Burma"]}],
            events=[{"event": "chn-2025-18", "title": "Seven rare earths", "issuer": "CHN"}],
        )
    )


@pytest.mark.parametrize(
    ("value", "kind", "found"),
    [
        ("f35", "good", "f35"),
        ("DYSPROSIUM", "good", "dysprosium_oxide"),
        ("dy2o3", "good", "dysprosium_oxide"),
        ("joint-strike_fighter", "good", "f35"),
        ("  F 35   Fighter ", "good", "f35"),
        ("burma", "country", "MMR"),
        ("mmr", "country", "MMR"),
        ("CHN_2025_18", "event", "chn-2025-18"),
    ],
)
def test_ids_aliases_and_names_resolve_however_they_are_written(
    named: Tables, value: str, kind: str, found: str
) -> None:
    assert named.resolve(value, kind) == found


def test_an_unknown_name_gets_the_nearest_and_the_count(named: Tables) -> None:
    with pytest.raises(UnknownIdError) as caught:
        named.resolve("disprosium")
    assert caught.value.nearest[0] == "dysprosium"
    assert str(caught.value).startswith("Unknown good 'disprosium'. Did you mean 'dysprosium'")
    assert str(caught.value).endswith("'supplychain goods' lists all 2.")


@pytest.mark.parametrize("value", ["", "  ", "\0\x1b[31m", "x" * 1_000_000])
def test_hostile_names_stay_short_and_printable(named: Tables, value: str) -> None:
    with pytest.raises(UnknownIdError) as caught:
        named.resolve(value)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_a_name_that_is_no_text_is_a_bad_argument(named: Tables) -> None:
    with pytest.raises(InputError, match="resolve: good is 7; allowed: the id or name of a good"):
        named.resolve(7)


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_resolves_or_is_unknown(text: str) -> None:
    tables = reference()
    try:
        found = tables.resolve(text)
    except UnknownIdError as error:
        found = str(error)
    assert found in set(tables["goods"]["good"]) or found.startswith("Unknown good '")


@cache
def reference() -> Tables:
    return load_tables(strict=False)
