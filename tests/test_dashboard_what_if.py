"""The plain functions behind the pages What if and Compare."""

from __future__ import annotations

import base64

import pytest

from dashboard import differences, what_if
from dashboard.asking import moved
from dashboard.state import View
from supplychain.errors import InputError
from supplychain.network import Network
from supplychain.scenario import Scenario
from supplychain.whatif import from_toml, parse

SPEC = "CHN stops gallium to USA,JPN at 0.5..0.8..1 for military from 2026-01-01 until 2026-06-01"
FORM = {
    "issuer": "CHN", "verb": "stops", "goods": ["gallium"], "places": ["USA", "JPN"], "low": 50, "severity": 80,
    "high": "", "end_use": "any", "start": "2026-01-01", "until": None,
}  # fmt: skip


def view(net: Network, *specs: str, on: str = "2022-06-01", market: str = "USA", **extra: str) -> View:
    scenario = Scenario(on=on, market=market, what_if=specs).resolved(net.tables)
    return View(net, "what-if", "", scenario, extra=extra)


def test_a_form_is_the_event_that_the_command_line_calls_so(net: Network) -> None:
    event = what_if.from_form(net, FORM)
    assert str(event) == "CHN stops gallium to USA,JPN at 0.5..0.8..0.8 from 2026-01-01"


def test_form_and_event_are_inverse(net: Network) -> None:
    event = parse(SPEC)
    assert what_if.from_form(net, what_if.to_form(event)) == event


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"issuer": None}, "issuer"),
        ({"goods": []}, "goods"),
        ({"start": None}, "start"),
        ({"severity": ""}, "severity"),
        ({"severity": 120}, "severity"),
        ({"low": 90}, "severity"),
        ({"severity": "much"}, "percentage"),
        ({"until": "2025-01-01"}, "until"),
        ({"goods": ["galium"]}, "gallium"),
        ({"places": ["CHN"]}, "other than the issuer"),
    ],
)
def test_a_bad_form_says_which_field(net: Network, change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        what_if.from_form(net, FORM | change)


def test_output_stops_have_no_places(net: Network) -> None:
    assert what_if.from_form(net, FORM | {"verb": "halts"}).places == ("ALL",)


def test_events_are_added_replaced_and_removed_in_the_address(net: Network) -> None:
    first = what_if.added(view(net), parse("CHN stops gallium from 2026-01-01"))
    both = what_if.added(first, parse("MMR halts dysprosium_concentrate at 0.9 from 2026-01-01"))
    assert len(both.scenario.what_if) == 2
    editing = moved(both, edit="1")
    other = what_if.added(editing, parse("MMR halts dysprosium_concentrate at 0.2 from 2026-01-01"))
    assert other.scenario.what_if[1].endswith("at 0.2 from 2026-01-01")
    assert "edit" not in other.query
    assert what_if.removed(other, 1).url == first.url


def test_no_address_grows_without_bound(net: Network) -> None:
    specs = [f"CHN stops gallium at {k / 100} from 2026-01-01" for k in range(1, what_if.MOST + 2)]
    with pytest.raises(InputError, match=f"up to {what_if.MOST}"):
        what_if.with_specs(view(net), specs)
    goods = ",".join(net.table("goods")["good"].head(95))
    with pytest.raises(InputError, match="characters"):
        what_if.with_specs(view(net), [f"{c} stops {goods} from 2026-01-01" for c in ("CHN", "RUS", "USA", "IND")])


def test_a_saved_file_loads_as_the_same_question(net: Network) -> None:
    asked = view(net, SPEC, "MMR halts dysprosium_concentrate at 0.9 from 2026-01-01")
    text = what_if.toml_of(asked)
    contents = "data:;base64," + base64.b64encode(text.encode()).decode()
    assert what_if.loaded(view(net), contents).url == asked.url
    assert [str(event) for event in from_toml(text)] == list(asked.scenario.what_if)


@pytest.mark.parametrize(
    ("content", "said"), [(b"\xff\xfe\x00", "UTF-8"), (b"", "at least one"), (b"x = 1", "what_if"), (b"[[", "TOML")]
)
def test_a_bad_file_says_what_is_wrong(net: Network, content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        what_if.loaded(view(net), "data:;base64," + base64.b64encode(content).decode())


def test_not_base64_is_said(net: Network) -> None:
    with pytest.raises(InputError, match="TOML"):
        what_if.loaded(view(net), "data:;base64,***")


def test_examples_are_askable_and_in_words(net: Network) -> None:
    for _, there in what_if.examples(view(net)):
        (spec,) = there.scenario.what_if
        assert what_if.in_words(net, spec).endswith("from 2022-01-01.")


def test_in_words_names_countries_and_ranges(net: Network) -> None:
    words = what_if.in_words(net, SPEC)
    assert "China stops its exports of gallium to United States, Japan: 80 % (50 % to 100 %) is lost" in words
    assert "military end use only, from 2026-01-01 until 2026-06-01." in words


def test_sides_and_change_are_those_of_the_network(net: Network) -> None:
    spec = "CHN stops gallium from 2022-01-01"
    asked = view(net, spec)
    before, after = what_if.without(asked), asked.x
    frame = differences.difference(asked, before, after)
    plain = net.exposure("2022-06-01", "USA", what_if=[spec]).static.set_index("product")["short"]
    base = net.exposure("2022-06-01", "USA").static.set_index("product")["short"]
    told = frame.set_index("product")
    assert told["short_b"].to_dict() == pytest.approx(plain[told.index].to_dict())
    assert told["short_a"].to_dict() == pytest.approx(base[told.index].to_dict())
    assert (told["change"] > 0.1).any()
    long = differences.by_event(asked, frame)
    assert set(long["event"]) == {"what-if-1"}
    assert set(long["title"]) == set(asked.scenario.what_if)
    sums = long.groupby("product")["change"].sum()
    assert sums.to_dict() == pytest.approx(told.loc[sums.index, "change"].to_dict())
    said = differences.answer(frame, "as it is", "with your events")
    top = frame.iloc[0]
    assert top["name"] in said
    assert said.startswith("With your events against as it is: ")


def test_nothing_changes_is_said_and_not_drawn(net: Network) -> None:
    asked = view(net, "CHN stops gallium from 2022-07-01")  # after the day
    frame = differences.difference(asked, what_if.without(asked), asked.x)
    assert differences.answer(frame, "a", "b").startswith("Nothing changes")
    assert differences.card(asked, frame, "a", "b", "short", "short").figure is None
    assert differences.by_event(asked, frame).empty


def test_facts_count_both_sides(net: Network) -> None:
    asked = view(net, "CHN stops gallium from 2022-01-01")
    frame = differences.difference(asked, what_if.without(asked), asked.x)
    _, after, change = differences.facts(frame, "a", "b")
    assert after[1] == f"{(frame['short_b'] > 0).sum()} of {len(frame)}"
    assert change[1].startswith(f"{(frame['change'] >= differences.SAME).sum()} worse")
