"""Any text, any record: read or refused, and written back the same."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplychain.errors import InputError
from supplychain.whatif import END_USES, LIMIT, VERBS, WhatIf, from_toml, parse, to_toml

PIECES = st.sampled_from(
    [
        "CHN",
        "stops",
        "bans",
        "halts",
        "exports",
        "of",
        "gallium",
        ",",
        '"',
        "'",
        "to",
        "from",
        "since",
        "until",
        "at",
        "for",
        "civil",
        "military",
        "ALL",
        "2026-01-01",
        "2027-01-01",
        "0.8",
        "80%",
        "0.1..0.5..1",
        "²",
        "٣",
        "..",
        "-",
        " ",
    ]
)
NAMES = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
    PIECES,
    st.sampled_from(
        ["rare earth magnet", "Côte d'Ivoire", "Gallium (primary, low purity)", "6N gallium", "²nd", "all"]
    ),
)


def usable(name: str) -> bool:
    return bool(name.strip()) and '"' not in name and " ".join(name.split()).isprintable()


@st.composite
def what_ifs(draw: st.DrawFn) -> WhatIf:
    names = NAMES.filter(usable)
    places = st.lists(names.filter(lambda name: name.strip().upper() != "ALL"), min_size=1, max_size=3).map(tuple)
    verb = draw(st.sampled_from(sorted(VERBS)))
    low, central, high = sorted(draw(st.tuples(*[st.floats(0, 1)] * 3)))
    start = draw(st.dates(max_value=date(9000, 1, 1)))
    days = draw(st.none() | st.integers(1, 4000))
    return WhatIf(
        issuer=draw(names),
        verb=verb,
        goods=draw(st.lists(names, min_size=1, max_size=4).map(tuple)),
        start=start,
        until=None if days is None else start + timedelta(days),
        places=("ALL",) if verb == "halts" else draw(st.just(("ALL",)) | places),
        severity=central,
        severity_low=draw(st.sampled_from([None, low])),
        severity_high=draw(st.sampled_from([None, high])),
        end_use=draw(st.sampled_from(END_USES)),
    )


@given(what_ifs())
def test_round_trips(what_if: WhatIf) -> None:
    assert parse(str(what_if)) == what_if
    assert from_toml(to_toml([what_if, what_if])) == (what_if, what_if)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=20).map(" ".join), st.lists(PIECES).map("".join)))
def test_any_text_is_read_or_refused(spec: str) -> None:
    try:
        what_if = parse(spec)
    except InputError:
        return
    assert parse(str(what_if)) == what_if


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=20).map(lambda words: f"what_if = {words!r}")))
def test_any_toml_is_read_or_refused(text: str) -> None:
    try:
        found = from_toml(text)
    except InputError:
        return
    assert from_toml(to_toml(found)) == found


@pytest.mark.parametrize("piece", ['"', "'", " ", ",", "a,", "a ", "at 1 ", "0", "\t"])
def test_long_texts_end_soon(piece: str) -> None:
    spec = (piece * LIMIT)[:LIMIT]
    with pytest.raises(InputError):
        parse(spec)
    with pytest.raises(InputError):
        parse(f"CHN stops {spec}"[:LIMIT])
