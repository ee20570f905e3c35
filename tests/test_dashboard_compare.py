"""The plain functions behind the page Compare."""

from __future__ import annotations

from datetime import date

import pytest

from dashboard import compare, differences
from dashboard.state import View
from supplychain.errors import InputError
from supplychain.network import Network
from supplychain.scenario import Scenario


def view(net: Network, other: str = "", **scenario: object) -> View:
    asked = Scenario(**{"on": "2025-06-05", "market": "USA", **scenario}).resolved(net.tables)
    return View(net, "compare", "", asked, extra={compare.KEY: other} if other else {})


def test_without_a_choice_it_compares_with_the_year_before(net: Network) -> None:
    assert compare.other(view(net)).on == date(2024, 6, 5)
    assert compare.names(view(net)) == ("2024-06-05", "2025-06-05")


def test_the_other_side_is_asked_of_the_same_market_and_products(net: Network) -> None:
    a = compare.other(view(net, "on=2025-01-01&market=DEU&product=smartphone", products=("f35",)))
    assert (a.market, a.products, a.on) == ("USA", ("f35",), date(2025, 1, 1))


def test_a_form_changes_the_other_side_only(net: Network) -> None:
    there = compare.with_form(view(net), {"on": "2025-04-03", "sharing": "shared", "legal_only": "yes", "link": ""})
    a = compare.other(there)
    assert (a.on, a.sharing, a.legal_only) == (date(2025, 4, 3), "shared", True)
    assert there.scenario == view(net).scenario


def test_a_pasted_link_is_the_other_side(net: Network) -> None:
    link = "http://127.0.0.1:8050/product/f35?on=2025-04-03&market=DEU&event=chn-2025-18&reading=short&x=1"
    a = compare.other(compare.with_form(view(net), {"link": link}))
    assert (a.on, a.market, a.events) == (date(2025, 4, 3), "USA", ("chn-2025-18",))
    assert compare.other(compare.with_form(view(net), {"link": "on=2025-04-03&market=USA"})).on == date(2025, 4, 3)


@pytest.mark.parametrize("form", [{"on": ""}, {"link": "nonsense"}, {"on": "2025-02-30"}, {"link": "on=x&market=USA"}])
def test_a_bad_form_is_refused(net: Network, form: dict[str, str]) -> None:
    with pytest.raises(InputError):
        compare.with_form(view(net), form)


def test_swapping_twice_is_the_same_comparison(net: Network) -> None:
    there = compare.with_form(view(net), {"on": "2025-04-03", "sharing": "shared"})
    back = compare.swapped(compare.swapped(there))
    assert (compare.other(back), back.scenario) == (compare.other(there), there.scenario)


def test_sides_are_named_by_what_sets_them_apart(net: Network) -> None:
    same_day = "on=2025-06-05&market=USA"
    assert compare.names(view(net, same_day)) == ("the same question", "this question")
    assert compare.names(view(net, same_day, sharing="shared")) == ("sharing fixed", "sharing shared")
    assert compare.names(view(net, same_day, legal_only=True)) == ("practice counted", "legal text only")
    what_if = ("CHN stops gallium from 2025-01-01",)
    assert compare.names(view(net, same_day, what_if=what_if)) == ("no what-ifs", "1 what-ifs")
    assert compare.names(view(net, same_day, events=("chn-2025-18",))) == ("all events", "1 events")


def test_the_table_is_the_difference_of_the_network(net: Network) -> None:
    there = view(net, "on=2025-04-03&market=USA", products=("f35", "smartphone"))
    a, b = compare.sides(there)
    frame = differences.difference(there, a.x, b.x)
    plain = net.difference(
        net.exposure("2025-04-03", "USA", ["f35", "smartphone"]),
        net.exposure("2025-06-05", "USA", ["f35", "smartphone"]),
    )
    assert frame[plain.columns].equals(plain)
    assert frame["name"].tolist() == [net.graph.nodes[p]["name"] for p in plain["product"]]
