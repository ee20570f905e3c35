"""The what-if grammar: what each text means, what bad ones are told, and the rows it becomes."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from data_builder import package
from hypothesis import given
from hypothesis import strategies as st

from supplychain.checks import check
from supplychain.errors import InputError
from supplychain.network import Network, load
from supplychain.tables import Tables, load_tables
from supplychain.whatif import END_USES, LIMIT, VERBS, WhatIf, from_toml, parse, rows, to_toml, with_what_ifs

DAY = date(2026, 1, 1)
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


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = package(
        tmp_path_factory.mktemp("data"),
        goods=GOODS,
        countries=COUNTRIES,
        events=[{"event": "chn-1", "issuer": "CHN"}],
        event_scope=[{"event": "chn-1", "good": "gallium_metal"}],
        event_phases=[{"event": "chn-1"}],
        severities=[{"event": "chn-1"}],
    )
    return load_tables(folder)


# --- what a text means ------------------------------------------------------------------------------------------------

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


# --- what bad ones are told -------------------------------------------------------------------------------------------

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
    what_if = WhatIf("CHN", "stops", ("gallium",), "2026-01-01", "2026-02-01")  # type: ignore[arg-type]
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


# --- names ------------------------------------------------------------------------------------------------------------


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


# --- any text, any record ---------------------------------------------------------------------------------------------

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


# --- TOML -------------------------------------------------------------------------------------------------------------


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


# --- rows -------------------------------------------------------------------------------------------------------------

SPECS = (
    "China stops gallium to USA,EU at 0.5..0.8..1 for military from 2026-01-01 until 2026-07-01",
    "USA bans f35 from 2026-03-01",
    "MMR halts 'Wafer, gallium arsenide' at 90% from 2026-01-01",
)


def test_rows(tables: Tables) -> None:
    found = rows(SPECS, tables)
    names = ("event", "issuer", "measure", "acts_on", "destinations", "end_use")
    assert [tuple(e[name] for name in names) for e in found["events"]] == [
        ("what-if-1", "CHN", "supply_stop", "export", "USA;EU27", "military"),
        ("what-if-2", "USA", "ban", "import", "ALL", "any"),
        ("what-if-3", "MMR", "supply_stop", "output", "ALL", "any"),
    ]
    assert [(s["event"], s["good"], s["item"]) for s in found["event_scope"]] == [
        ("what-if-1", "gallium_oxide", "gallium"),
        ("what-if-1", "gallium_metal", "gallium"),
        ("what-if-2", "f35", "f35"),
        ("what-if-3", "gaas_wafer", "gaas_wafer"),
    ]
    assert [(p["event"], p["from"], p["status"]) for p in found["event_phases"]] == [
        ("what-if-1", "2026-01-01", "in_force"),
        ("what-if-1", "2026-07-01", "ended"),
        ("what-if-2", "2026-03-01", "in_force"),
        ("what-if-3", "2026-01-01", "in_force"),
    ]
    names = ("from", "until", "destinations", "severity_low", "severity", "severity_high")
    assert [tuple(s[name] for name in names) for s in found["severities"]] == [
        ("2026-01-01", "2026-07-01", "USA;EU27", "0.5", "0.8", "1"),
        ("2026-03-01", "", "ALL", "1", "1", "1"),
        ("2026-01-01", "", "ALL", "0.9", "0.9", "0.9"),
    ]
    assert found["events"][0]["title"] == SPECS[0].replace("China", "CHN").replace("EU ", "EU27 ")


def test_rows_are_an_overlay(tables: Tables, tmp_path: Path) -> None:
    """Written to files and laid over, the rows give the very tables that with_what_ifs gives."""
    folder, over = tmp_path / "data", tmp_path / "over"
    over.mkdir()
    for name, cells in rows(SPECS, tables).items():
        with (over / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(column for row in cells for column in row)))
            writer.writeheader()
            writer.writerows(cells)
    package(folder, goods=GOODS, countries=COUNTRIES)
    plain = load_tables(folder)
    laid, added = load_tables(folder, over), with_what_ifs(plain, SPECS)
    for name in plain:
        expected = laid[name].reset_index(drop=True)
        if name == "sources":
            expected = expected[expected["source_id"] != "OVERLAY"].reset_index(drop=True)
        assert added[name].reset_index(drop=True).equals(expected), name
        assert (added[name].dtypes == plain[name].dtypes).all()


def test_with_what_ifs(tables: Tables) -> None:
    added = with_what_ifs(tables, SPECS)
    assert len(tables["events"]) == 1, "the tables given are left alone"
    assert added["events"]["event"].tolist() == ["chn-1", "what-if-1", "what-if-2", "what-if-3"]
    assert added["severities"].index.tolist()[1:] == [f"what-if/severities.csv:{k}" for k in (1, 2, 3)]
    assert added.origin("severities").loc["what-if/severities.csv:2"].tolist() == [
        "overlay",
        "what-if/severities.csv",
        2,
    ]
    assert added.origin("severities").iloc[0].tolist() == tables.origin("severities").iloc[0].tolist()
    assert (added.version, added.knowledge_until) == (tables.version, tables.knowledge_until)
    assert added.resolve("what-if-2", "event") == "what-if-2"
    assert {str(p) for p in check(added)} <= {str(p) for p in check(tables)}, "the rows break no rule"
    assert with_what_ifs(tables, []) is tables


WORKED = [  # examples 1, 2, 3, 11, 13 and 9 (own plant alone) of the design, said as what-ifs: short of P in USA
    ("CHN stops em from 2025-01-01", 0.9),
    ("CHN stops M at 50% from 2025-01-01", 0.45),
    ("CHN stops m to USA from 2025-01-01", 0.0),
    ("CHN stops m to JPN,DEU from 2025-01-01", 0.9),
    ("CHN stops m to JPN at 0.2..0.5..0.6 from 2025-01-01 until 2025-03-01", 0.45),
    ("CHN stops m from 2025-01-01 until 2025-02-28", 0.0),  # ended on its `until`
    ("CHN stops m from 2025-03-01", 0.0),
    ("CHN stops m for military from 2025-01-01", 0.0),
    ("USA bans k from 2025-01-01", 1.0),
    ("USA bans k from DEU from 2025-01-01", 0.0),
    ("USA bans k from JPN at 0.3 from 2025-01-01", 0.3),
    ("JPN halts k at 0.4 from 2025-01-01", 0.4),
]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    kinds = {"m": "mineral", "k": "component", "p": "product"}
    makers = [("m", "CHN", 0.9), ("m", "AUS", 0.1), ("k", "JPN", 1), ("p", "USA", 1)]
    folder = package(
        tmp_path_factory.mktemp("chain"),
        goods=[{"good": good, "kind": kind, "commodity": "em" if good == "m" else ""} for good, kind in kinds.items()],
        countries=[{"country": "DEU"}],
        production=[{"good": good, "producer": maker, "share": share} for good, maker, share in makers],
        bom=[{"output": "k", "input": "m"}, {"output": "p", "input": "k"}],
    )
    return load(folder)


@pytest.mark.parametrize(("spec", "short"), WORKED)
def test_the_engine_treats_them_as_any_clause(network: Network, spec: str, short: float) -> None:
    found = network.exposure("2025-02-28", "USA", what_if=[spec]).frame.iloc[0]
    assert found["short"] == pytest.approx(short, abs=1e-12)
    if ".." in spec:
        assert (found["short_low"], found["short_high"]) == pytest.approx((0.18, 0.54))


def test_ids_that_the_data_use_are_refused(tables: Tables) -> None:
    with pytest.raises(InputError, match="what-if-1"):
        with_what_ifs(with_what_ifs(tables, SPECS[:1]), SPECS[1:])


def test_places_of_an_overlay_stay_right_under_what_ifs(tmp_path: Path) -> None:
    over = tmp_path / "mine"
    over.mkdir()
    (over / "stocks.csv").write_text("good,holder,kind,days\ngallium_metal,we,industry,45\n")
    added = with_what_ifs(load_tables(package(tmp_path / "data", goods=GOODS, countries=COUNTRIES), over), SPECS)
    assert added.origin("stocks").iloc[0].tolist() == ["overlay", f"{over}/stocks.csv", 2]
