"""What a hypothetical event in words means, what bad ones are told, names and files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from supplychain.errors import InputError
from supplychain.tables import Tables
from supplychain.whatif import LIMIT, WhatIf, from_toml, parse

DAY = date(2026, 1, 1)
MEANINGS = [
    (
        "CHN stops gallium to USA,JPN at 0.8 from 2026-01-01",
        WhatIf("CHN", "stops", ("gallium",), DAY, places=("USA", "JPN"), severity=0.8),
    ),
    ("CHN stops gallium from 2026-01-01", WhatIf("CHN", "stops", ("gallium",), DAY)),
    ("chn STOPS exports OF gallium TO all AT 100% SINCE 2026-01-01", WhatIf("chn", "stops", ("gallium",), DAY)),
    (
        "USA bans gallium from CHN from 2026-01-01",
        WhatIf("USA", "bans", ("gallium",), DAY, places=("CHN",)),
    ),
    (
        "USA bans imports of gallium since 2026-01-01 from CHN , Burma",
        WhatIf("USA", "bans", ("gallium",), DAY, places=("CHN", "Burma")),
    ),
    ("USA bans gallium from 2026-01-01", WhatIf("USA", "bans", ("gallium",), DAY)),
    (
        "MMR halts output of 'rare  earth ore',\"wafer, 'thin'\" at 50%..90%..1 from 2026-01-01 until 2026-02-01",
        WhatIf(
            "MMR",
            "halts",
            ("rare earth ore", "wafer, 'thin'"),
            DAY,
            date(2026, 2, 1),
            severity_low=0.5,
            severity=0.9,
            severity_high=1,
        ),
    ),
    (
        "CHN stops gallium until 2026-02-01 for military at .5 from 2026-01-01",
        WhatIf("CHN", "stops", ("gallium",), DAY, date(2026, 2, 1), severity=0.5, end_use="military"),
    ),
    ("CHN stops exports, of to USA from 2026-01-01", WhatIf("CHN", "stops", ("exports", "of"), DAY, places=("USA",))),
    ("CHN stops \"to\",'2026-01-01' from 2026-01-01", WhatIf("CHN", "stops", ("to", "2026-01-01"), DAY)),
    (
        "USA bans gallium from '6th land' from 2026-01-01",
        WhatIf("USA", "bans", ("gallium",), DAY, places=("6th land",)),
    ),
    ("CHN stops gallium,gallium at 7% from 2026-01-01", WhatIf("CHN", "stops", ("gallium",), DAY, severity=0.07)),
]


@pytest.mark.parametrize(("spec", "meaning"), MEANINGS)
def test_meaning(spec: str, meaning: WhatIf) -> None:
    assert parse(spec) == meaning


def test_canonical() -> None:
    spec = "USA bans 'rare earth magnet', Ga from Burma at 50%..80%..80% for MILITARY since 2026-01-01 until 2027-01-01"
    canonical = (
        'USA bans "rare earth magnet",Ga from Burma at 0.5..0.8..0.8 for military from 2026-01-01 until 2027-01-01'
    )
    assert str(parse(spec)) == canonical
    assert str(parse("CHN stops Ga to ALL for any from 2026-01-01")) == "CHN stops Ga at 1 from 2026-01-01"
    assert parse("CHN stops Ga at 0.5..0.5..0.5 from 2026-01-01") == parse("CHN stops Ga at 50% from 2026-01-01")


BAD = [
    ("", "issuer is '(nothing)'; allowed: a name."),
    ("CHN stps gallium from 2026-01-01", "verb is 'stps'; allowed: stops, bans, halts. Did you mean 'stops'?"),
    ("CHN stops", "good is '(nothing)'"),
    ("CHN stops gallium", "from is '(nothing)'; allowed: the first day of the event. End the text"),
    (
        "CHN stops gallium from 2026-1-1",
        "from is '2026-1-1'; allowed: a day of the calendar as datetime.date or text YYYY-MM-DD.",
    ),
    ("CHN stops gallium from 2026-02-30", "from is '2026-02-30'; allowed: a day of the calendar"),
    ("CHN stops gallium from USA from 2026-01-01", "from is 'USA'; allowed: a day"),
    ("CHN stops gallium until 2026-01-01 from 2026-01-01", "until is '2026-01-01'; allowed: a day after 2026-01-01."),
    (
        "CHN stops rare earth from 2026-01-01",
        "is 'earth'; allowed: to, from, since, until, at, for. A name with spaces",
    ),
    (
        "CHN stops gallium forr civil from 2026-01-01",
        "is 'forr'; allowed: to, from, since, until, at, for. Did you mean 'for'?",
    ),
    ("MMR halts gallium to USA from 2026-01-01", "is 'to'; allowed: from, since, until, at, for."),
    ("MMR halts gallium from USA", "from is 'USA'"),
    ("USA bans gallium to CHN from 2026-01-01", "is 'to'; allowed: from, since"),
    ("USA bans exports of gallium from 2026-01-01", "goods is 'exports'; allowed: imports with 'bans'. Use 'stops'"),
    ("CHN stops gallium at 1.5 from 2026-01-01", "severity is 1.5; allowed: a share from 0 to 1"),
    ("CHN stops gallium at -1 from 2026-01-01", "at is '-1'"),
    ("CHN stops gallium at 0.2..0.4 from 2026-01-01", "at is '0.2..0.4'"),
    (
        "CHN stops gallium at 0.9..0.4..1 from 2026-01-01",
        "severity is '0.9..0.4..1.0'; allowed: low <= central <= high.",
    ),
    ("CHN stops gallium for us from 2026-01-01", "end_use is 'us'; allowed: any, civil, military."),
    ("CHN stops gallium at 1 at 1 from 2026-01-01", "at is 'at'; allowed: each clause once."),
    (
        "CHN stops gallium, to USA from 2026-01-01",
        "good is 'to'; allowed: a name. A name that is a word of the grammar",
    ),
    ("CHN stops ,gallium from 2026-01-01", "good is ','"),
    ("CHN stops gallium to ALL,USA from 2026-01-01", "places is 'ALL, USA'; allowed: ALL, or a list without it."),
    ("CHN stops 'gallium from 2026-01-01", "quote is"),
    ('CHN stops "" from 2026-01-01', "good is '(nothing)'"),
    ("CHN stops gal\u200blium from 2026-01-01", "goods is"),
]


@pytest.mark.parametrize(("spec", "told"), BAD)
def test_bad_specs(spec: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(spec)
    assert told in str(caught.value)
    assert str(caught.value).startswith("what_if ")
    assert spec[:20].replace("\u200b", "\\u200b") in str(caught.value).replace(
        "\\'", "'"
    )  # the message quotes the spec


def test_days_may_be_text() -> None:
    what_if = WhatIf("CHN", "stops", ("gallium",), "2026-01-01", "2026-02-01")
    assert what_if == WhatIf("CHN", "stops", ("gallium",), DAY, date(2026, 2, 1))


def test_length_is_limited() -> None:
    name = "g" * (LIMIT - len("CHN stops  at 1 from 2026-01-01"))
    assert len(str(parse(f"CHN stops {name} from 2026-01-01"))) == LIMIT
    for spec in (f"CHN stops {name}g from 2026-01-01", f"CHN stops gallium from 2026-01-01{' ' * LIMIT}"):
        with pytest.raises(InputError, match="Split it"):
            parse(spec)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("goods", "gallium"),
        ("goods", ()),
        ("goods", ('a"b',)),
        ("issuer", ""),
        ("issuer", 3),
        ("verb", "drops"),
        ("start", "2026-1-1"),
        ("start", None),
        ("until", DAY),
        ("severity", float("nan")),
        ("severity", True),
        ("severity_low", 1.1),
        ("end_use", "listed"),
        ("places", ("a\nb\x00",)),
    ],
)
def test_bad_fields(field: str, value: Any) -> None:
    with pytest.raises(InputError, match=field):
        replace(WhatIf("CHN", "stops", ("gallium",), DAY), **{field: value})


def test_resolved(tables: Tables) -> None:
    what_if = parse("usa bans 'joint strike fighter',GaAs-wafer from Burma,EUE from 2026-01-01")
    assert str(what_if.resolved(tables)) == "USA bans f35,gaas_wafer from MMR,EU27 at 1 from 2026-01-01"


@pytest.mark.parametrize(
    ("goods", "covered"),
    [
        ("GALLIUM", ["gallium_oxide", "gallium_metal"]),  # a commodity: all its minerals, though it is an alias too
        ("gallium_metal", ["gallium_metal"]),
        ("Ga", ["gallium_metal"]),
        ("praseodymium", ["ndpr_oxide"]),
        ("aluminium", ["aluminium"]),  # an id goes before the commodity of the same name
        ("Ga,gallium,f35", ["gallium_metal", "gallium_oxide", "f35"]),
    ],
)
def test_goods_covered(tables: Tables, goods: str, covered: list[str]) -> None:
    what_if = parse(f"CHN stops {goods} from 2026-01-01")
    assert list(what_if.covered(tables)) == covered
    assert sorted(what_if.resolved(tables).covered(tables)) == sorted(covered)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (
            "CHN stops galium from 2026-01-01",
            "good is 'galium'; allowed: the id, name or alias of a good, or a commodity. Did you mean 'gallium'",
        ),
        ("CHN stops praseodymum from 2026-01-01", "Did you mean 'praseodymium'?"),
        ("Chnia stops gallium from 2026-01-01", "issuer is 'Chnia'; allowed: a country or bloc. Did you mean 'China'"),
        ("CHN stops gallium to Germny from 2026-01-01", "place is 'Germny'; allowed: a country or bloc. Did you mean"),
        ("CHN stops gallium to China from 2026-01-01", "place is 'CHN'; allowed: a place other than the issuer"),
    ],
)
def test_unknown_names(tables: Tables, spec: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(spec).resolved(tables)
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"what_if '{spec.split(' from')[0]}")


def test_toml_file() -> None:
    text = """
        [[what_if]]
        issuer = "CHN"
        verb = "stops"
        goods = ["gallium", "rare earth magnet"]
        places = ["USA"]
        severity = 0.8
        severity_low = 0.5
        start = 2026-01-01
        until = 2026-07-01
    """
    spec = 'CHN stops gallium,"rare earth magnet" to USA at 0.5..0.8..0.8 from 2026-01-01 until 2026-07-01'
    assert from_toml(text) == (parse(spec),)
    assert from_toml(f"what_if = ['''{spec}''']") == (parse(spec),)
    assert from_toml("") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("what_if = 3", "key is 'what_if'; allowed: tables"),
        ("whatif = []", "key is 'whatif'; allowed: tables"),
        ("[[what_if]]\nissuer = ", "cannot be read"),
        ("what_if = [3]", "from_toml, what_if 1: entry is 3"),
        ('[[what_if]]\nissuer = "CHN"\nverb = "stops"\ngoods = ["a"]', "from_toml, what_if 1: start is None"),
        ('what_if = ["A stops b from 2026-01-01"]\n[other]', "key is 'other'"),
        ('[[what_if]]\nissuer = "CHN"\nvreb = "stops"', "key is 'vreb'; allowed: issuer, verb"),
        ('[[what_if]]\nissuer = "CHN"\nverb = "stops"\ngoods = ["a"]\nstart = "x"', "what_if 1: start is 'x'"),
        ("a" * 200_001, "200,000 characters"),
        ("a = " + "[" * 100_000, "cannot be read"),
    ],
)
def test_bad_toml(text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        from_toml(text)
    assert told in str(caught.value)
