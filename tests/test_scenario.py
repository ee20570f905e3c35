"""A scenario keeps its meaning as a query string, as command-line options, as a key; bad ones are told why."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from data_builder import package
from hypothesis import given
from hypothesis import strategies as st

from supplychain.errors import InputError, UnknownIdError
from supplychain.scenario import Scenario
from supplychain.tables import Tables, load_tables

BASE = Scenario(on=date(2025, 6, 5), market="USA")
FULL = BASE.changed(
    products=["f35", "ev"],
    events=["chn-2", "chn-1"],
    what_if=["MMR halts Dy at 90% since 2026-01-01"],
    end_use="military",
    sharing="shared",
    legal_only=True,
    unconfirmed="off",
)
FULL_QUERY = (
    "on=2025-06-05&market=USA&product=ev&product=f35&event=chn-1&event=chn-2"
    "&what_if=MMR%20halts%20Dy%20at%200.9%20from%202026-01-01"
    "&end_use=military&sharing=shared&legal_only=yes&unconfirmed=off"
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return load_tables(
        package(
            tmp_path_factory.mktemp("data"),
            goods=[
                {"good": "f35", "kind": "product", "aliases": "Joint Strike Fighter"},
                {"good": "dy", "name": "Dysprosium"},
            ],
            countries=[
                {"country": "MMR", "name": "Myanmar", "aliases": "Burma"},
                {"country": "EU27", "name": "European Union", "aliases": "EUE", "kind": "bloc", "members": "DEU"},
            ],
            events=[{"event": "chn-1", "title": "First act"}],
        )
    )


# --- forms ------------------------------------------------------------------------------------------------------------


def test_query() -> None:
    assert BASE.query == "on=2025-06-05&market=USA"
    assert FULL.query == FULL_QUERY
    assert Scenario.from_query("?" + FULL_QUERY) == FULL
    assert Scenario.from_query(FULL_QUERY.replace("%20", "+")) == FULL


def test_flags() -> None:
    assert BASE.flags() == ["--on", "2025-06-05", "--market", "USA"]
    assert FULL.flags() == [
        "--on",
        "2025-06-05",
        "--market",
        "USA",
        "--product",
        "ev",
        "--product",
        "f35",
        "--event",
        "chn-1",
        "--event",
        "chn-2",
        "--what-if",
        "MMR halts Dy at 0.9 from 2026-01-01",
        "--end-use",
        "military",
        "--sharing",
        "shared",
        "--legal-only",
        "--unconfirmed",
        "off",
    ]


def test_no_events_is_not_all_events() -> None:
    none = BASE.changed(events=())
    assert none != BASE
    assert none.query == BASE.query + "&event=none"
    assert none.flags()[-2:] == ["--event", "none"]
    assert Scenario.from_query(none.query).events == ()
    assert BASE.changed(events=["none"]) == none
    assert Scenario.from_query(BASE.query).events is None


def test_lists_are_sets_and_what_ifs_canonical() -> None:
    specs = ["USA bans Dy since 2026-01-01", "CHN stops Dy at 80% from 2026-01-01"]
    one = BASE.changed(products=["f35", "ev", "f35"], what_if=specs)
    assert one == BASE.changed(products=("ev", "f35"), what_if=specs[::-1])
    assert one.what_if == ("CHN stops Dy at 0.8 from 2026-01-01", "USA bans Dy at 1 from 2026-01-01")
    assert BASE.changed(products="f35", events="chn-1").query == BASE.query + "&product=f35&event=chn-1"


def test_clauses_of_a_run() -> None:
    what_if = ["USA bans Dy from 2026-01-01", "CHN stops Dy from 2026-01-01"]
    assert BASE.changed(what_if=what_if).clauses is None
    assert BASE.changed(what_if=what_if, events=["chn-1"]).clauses == ("chn-1", "what-if-1", "what-if-2")
    assert BASE.changed(what_if=what_if, events=()).clauses == ("what-if-1", "what-if-2")


def test_the_key_is_the_same_in_every_process() -> None:
    code = "import sys; from supplychain.scenario import Scenario; print(Scenario.from_query(sys.argv[1]).key)"
    root = Path(__file__).parents[1]
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code, FULL_QUERY],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == FULL.key
    assert len({BASE.key, FULL.key, BASE.changed(events=()).key, BASE.changed(on="2025-06-06").key}) == 4


def test_frozen() -> None:
    with pytest.raises(Exception, match="frozen"):
        BASE.market = "DEU"
    assert {BASE, BASE.changed(), FULL} == {BASE, FULL}


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            "on=2025-06-05&market=USA&markt=DEU",
            "query: key is 'markt'; allowed: on, market, product, event, what_if, "
            "end_use, sharing, legal_only, unconfirmed. Did you mean 'market'?",
        ),
        ("on=2025-06-05&market=USA&products=f35", "Did you mean 'product'?"),
        ("on=2025-06-05&market=USA&market=DEU", "query: market is 'DEU'; allowed: one value. It is already 'USA'."),
        ("", "Scenario: on is None; allowed: a day as YYYY-MM-DD."),
        ("on=2025-06-05", "Scenario: market is None; allowed: the code or name of a country or bloc."),
        ("on=2025-06-05&market=", "Scenario: market is ''"),
        ("on=2025-02-30&market=USA", "Scenario: on is '2025-02-30'; allowed: a day of the calendar"),
        ("on=20250605&market=USA", "Scenario: on is '20250605'"),
        ("on=2025-06-05&market=USA&sharing=fist", "Scenario: sharing is 'fist'; allowed: fixed, shared, first."),
        ("on=2025-06-05&market=USA&legal_only=1", "Scenario: legal_only is '1'; allowed: yes, no."),
        ("on=2025-06-05&market=USA&event=none&event=chn-1", "Scenario: events is"),
        ("on=2025-06-05&market=USA&what_if=CHN+drops+Dy", "what_if 'CHN drops Dy': verb is 'drops'"),
        ("on", "query: text is 'on'; allowed: key=value&key=value."),
        ("on=%ff&market=USA", "query: text is"),
    ],
)
def test_bad_queries(query: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        Scenario.from_query(query)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("on", "5 June 2025"),
        ("on", 1749081600),
        ("market", None),
        ("market", "U\x00A"),
        ("products", 3),
        ("products", ["f35", ""]),
        ("events", [None]),
        ("what_if", [3]),
        ("end_use", "any"),
        ("legal_only", "yes please"),
        ("unconfirmed", True),
    ],
)
def test_bad_fields(field: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"{field} is|spec is"):
        BASE.changed(**{field: value})


def test_unknown_field() -> None:
    with pytest.raises(
        InputError, match=r"argument is 'product'; allowed: on, market, products.* Did you mean 'products'"
    ):
        BASE.changed(product="f35")


# --- names ------------------------------------------------------------------------------------------------------------


def test_resolved(tables: Tables) -> None:
    asked = Scenario(
        on="2025-06-05",
        market="eue",
        products=["joint strike fighter", "F35"],
        events=["first act"],
        what_if=["Burma halts dysprosium from 2026-01-01", "MMR halts dy from 2026-01-01"],
    )
    found = asked.resolved(tables)
    assert (found.market, found.products, found.events) == ("EU27", ("f35",), ("chn-1",))
    assert found.what_if == ("MMR halts dy at 1 from 2026-01-01",)
    assert found.resolved(tables) == found


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("market", "Myanma", "Unknown country 'Myanma'. Did you mean 'Myanmar'?"),
        ("products", ["f53"], "Unknown good 'f53'. Did you mean 'f35'?"),
        ("events", ["chn-11"], "Unknown event 'chn-11'. Did you mean 'chn-1'?"),
    ],
)
def test_unknown_names(tables: Tables, field: str, value: Any, told: str) -> None:
    with pytest.raises(UnknownIdError) as caught:
        Scenario(on="2025-06-05", market="MMR").changed(**{field: value}).resolved(tables)
    assert told in str(caught.value)


# --- any scenario, any text -------------------------------------------------------------------------------------------

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(
    lambda name: name.strip() and " ".join(name.split()).isprintable() and name.strip() != "none"
)
SCENARIOS = st.builds(
    Scenario,
    on=st.dates(),
    market=NAMES,
    products=st.lists(NAMES, max_size=3),
    events=st.none() | st.lists(NAMES, max_size=3),
    what_if=st.lists(
        st.sampled_from(["CHN stops 'a & b=c+d%' at 7% from 2026-01-01", "A bans é from B since 2026-01-01"])
    ),
    end_use=st.sampled_from(["own", "civil", "military"]),
    sharing=st.sampled_from(["fixed", "shared", "first"]),
    legal_only=st.booleans(),
    unconfirmed=st.sampled_from(["both", "off", "on"]),
)


@given(SCENARIOS)
def test_round_trip(scenario: Scenario) -> None:
    again = Scenario.from_query(scenario.query)
    assert (again, again.query, again.key) == (scenario, scenario.query, scenario.key)
    assert scenario.query.isascii()


@given(SCENARIOS, SCENARIOS)
def test_equal_scenarios_have_equal_queries_and_no_others(a: Scenario, b: Scenario) -> None:
    assert (a == b) == (a.query == b.query) == (a.flags() == b.flags())


@given(SCENARIOS)
def test_flags_say_what_the_query_says(scenario: Scenario) -> None:
    """An independent reading of the options gives the scenario back."""
    words, values = iter(scenario.flags()), dict[str, Any]()
    fields = {"product": "products", "event": "events", "what-if": "what_if"}
    for word in words:
        name = word.removeprefix("--")
        if name == "legal-only":
            values["legal_only"] = True
        elif name in fields:
            values.setdefault(fields[name], []).append(next(words))
        else:
            values[name.replace("-", "_")] = next(words)
    assert Scenario(**values) == scenario


@given(st.one_of(st.text(max_size=100), st.text("onmarket=&USA2025-%+;?", max_size=60)))
def test_any_text_is_read_or_refused(text: str) -> None:
    for query in (text, f"on=2025-06-05&market=USA&{text}"):
        try:
            scenario = Scenario.from_query(query)
        except InputError:
            continue
        assert Scenario.from_query(scenario.query) == scenario
