"""The events of the reference data: edge cases of the dossier, ordered readings, bounded branches."""

from __future__ import annotations

import numpy as np
import pytest
from clauses import state

from supplychain.events import Calendar
from supplychain.readings import CENTRAL, CLASSES, DEPENDENT, HIGH, LINKED, LOW
from supplychain.tables import Tables


def test_readings_are_ordered_on_the_reference_data(calendar: Calendar) -> None:
    for on in ("2023-09-01", "2025-05-10", "2025-11-01", "2026-11-23"):
        for end_use in CLASSES:
            for effect in calendar.effects(on, end_use):
                r = effect.r
                assert ((r >= 0) & (r <= 1)).all()
                assert (np.diff(r[:, [LOW, CENTRAL, HIGH, DEPENDENT, LINKED]], axis=1) >= -1e-12).all(), effect.event


def test_branches_bound_each_other_on_the_reference_data(calendar: Calendar) -> None:
    for end_use in CLASSES:
        runs = {
            mode: {(e.event, e.good, e.role, e.buyers, e.practice, str(e.content_threshold)): e.r for e in
                   calendar.effects("2026-11-23", end_use, unconfirmed=mode)}
            for mode in ("off", "both", "on")
        }  # fmt: skip
        assert set(runs["off"]) < set(runs["both"]) == set(runs["on"])
        for key, r in runs["both"].items():
            assert (r <= runs["on"][key] + 1e-12).all()
            assert (r[:, LOW] == runs["off"].get(key, np.zeros_like(r))[:, LOW]).all()


@pytest.mark.parametrize(
    ("event", "on", "destination", "expected"),
    [
        ("chn-2024-46-p1", "2025-11-10", "USA", "in_force"),
        ("chn-2024-46-p2", "2025-11-08", "USA", "in_force"),
        ("chn-2024-46-p2", "2025-11-10", "USA", "suspended"),
        ("chn-2023-23", "2025-11-10", "USA", "in_force"),
        ("chn-2024-46-p1", "2025-11-10", "JPN", "none"),
        ("chn-2024-46-p2", "2026-11-27", "USA", "suspended"),
        ("chn-2024-46-p2", "2026-11-28", "USA", "suspended: off/on/on"),
        ("chn-2025-57", "2025-10-09", "JPN", "announced"),
        ("chn-2025-57", "2025-11-07", "JPN", "suspended"),
        ("chn-2025-57", "2025-11-08", "JPN", "suspended"),
        ("chn-2025-57", "2026-11-09", "JPN", "suspended"),
        ("chn-2025-57", "2026-11-10", "JPN", "suspended: off/off/on"),
        ("chn-2025-57", "2026-11-11", "JPN", "suspended: off/off/on"),
        ("chn-2025-57", "2027-01-11", "JPN", "suspended: off/on/on"),
        ("chn-2025-61-origin", "2025-10-20", "JPN", "in_force"),
        ("chn-2025-61-origin", "2025-11-07", "JPN", "suspended"),
        ("chn-2025-61-deminimis", "2025-10-20", "JPN", "announced"),
        ("chn-2025-61-deminimis", "2025-11-07", "JPN", "suspended"),
        ("usa-2025-affiliates", "2025-10-15", "CHN", "in_force"),
        ("usa-2025-affiliates", "2026-11-09", "CHN", "suspended"),
        ("usa-2025-affiliates", "2026-11-10", "CHN", "suspended: off/off/on"),
        ("chn-2025-21", "2025-06-01", "USA", "suspended"),
        ("chn-2025-21", "2025-09-01", "USA", "suspended"),
        ("chn-2025-21", "2026-11-12", "USA", "suspended: off/off/on"),
        ("gin-bx-2026", "2026-11-23", "USA", "announced"),
        ("eu-resourceeu-2025", "2026-11-23", "USA", "announced"),
        ("usa-2025-diffusion", "2025-05-12", "CHN", "announced"),
        ("usa-2025-diffusion", "2025-05-13", "CHN", "ended"),
        ("usa-2025-diffusion", "2025-05-15", "CHN", "ended"),  # the day on which it was to begin
        ("cod-co-2025", "2025-02-21", "USA", "none"),
        ("cod-co-2025", "2025-02-23", "USA", "in_force"),
        ("cod-co-2025", "2025-07-15", "USA", "in_force"),
        ("cod-co-2025", "2025-10-15", "USA", "in_force"),
        ("cod-co-2025", "2025-10-16", "USA", "ended"),
        ("cod-co-quota-2025", "2025-10-15", "USA", "announced"),
        ("cod-co-quota-2025", "2025-10-16", "USA", "in_force"),
        ("chn-quota-1999", "2014-06-01", "JPN", "in_force"),
        ("chn-quota-1999", "2016-06-01", "JPN", "ended"),
        ("chn-jpn-embargo-2010", "2010-10-01", "JPN", "in_force"),
        ("chn-2026-12", "2026-11-23", "JPN", "in_force"),
    ],
)
def test_edge_cases_of_the_dossier(calendar: Calendar, event: str, on: str, destination: str, expected: str) -> None:
    assert state(calendar, event, on, destination) == expected


def test_the_october_package_contributes_nothing_so_far(calendar: Calendar) -> None:
    package = [f"chn-2025-{number}" for number in (55, 56, 57, 58)] + ["chn-2025-61-deminimis"]
    for on in ("2025-10-20", "2025-11-07", "2025-11-08", "2025-12-02", "2026-11-09"):
        assert [e for use in CLASSES for e in calendar.effects(on, use, package)] == []
    after = calendar.effects("2026-11-10", "civil", ["chn-2025-57"])
    assert {e.good for e in after} >= {"holmium_oxide", "erbium_metal"}
    assert all((e.r[:, [LOW, CENTRAL]] == 0).all() and e.r[:, HIGH].any() for e in after)


def test_magnets_without_heavy_rare_earths_are_free_by_the_text_and_held_in_practice(calendar: Calendar) -> None:
    light = {"ndfeb_magnet_standard", "ndfeb_alloy", "didymium_metal", "ndpr_oxide", "neodymium_oxide"}
    covered = {e.good for e in calendar.effects("2025-05-10", "civil", ["chn-2025-18"], legal_only=True)}
    assert {"ndfeb_magnet_high_temp", "smco_magnet", "smco_alloy", "samarium_metal"} <= covered
    assert not light & covered
    for on, held in (("2025-05-10", {"ndfeb_magnet_standard"}), ("2025-07-01", set())):
        effects = [e for e in calendar.effects(on, "civil", ["chn-2025-18"]) if e.good in light]
        assert {e.good for e in effects} == held
        assert all(e.practice for e in effects)


def test_what_the_graph_lacks_is_listed_and_has_no_effect(calendar: Calendar) -> None:
    scope = calendar.covered("chn-2025-10", "2025-03-01")
    assert "molybdenum" in set(scope.loc[scope["good"] == "", "item"])
    effects = {e.good for e in calendar.effects("2025-03-01", "civil", ["chn-2025-10"])}
    assert effects == set(scope["good"]) - {""}
    assert not {"molybdenum_metal", "indium", "ito_target", "tungsten_powder"} & effects


def test_content_rule_of_61(calendar: Calendar) -> None:
    effects = calendar.effects("2026-11-23", "civil", ["chn-2025-61-deminimis"])
    assert {e.content_threshold for e in effects if e.role == "covered"} == {0.001}
    assert {"dysprosium_metal", "smco_alloy"} <= {e.good for e in effects if e.role == "content"}
    assert not {e.good for e in effects if e.role == "content"} & {"didymium_metal", "ndpr_oxide", "neodymium_oxide"}
    assert {e.good for e in effects if e.role == "technology"} == {"smco_magnet", "ndfeb_magnet_high_temp"}


def test_the_embargo_of_2010_was_never_published(calendar: Calendar) -> None:
    event = ["chn-jpn-embargo-2010"]
    assert calendar.effects("2010-10-01", "civil", event)
    assert calendar.effects("2010-10-01", "civil", event, legal_only=True) == []
    assert calendar.effects("2010-11-19", "civil", event) == []


def test_lists_of_firms_that_the_data_lack_have_no_effect(calendar: Calendar) -> None:
    assert calendar.effects("2026-11-23", "civil", ["chn-2026-12", "chn-2026-28", "usa-2025-affiliates"]) == []


def test_japan_in_january_2026(calendar: Calendar, reference: Tables) -> None:
    japan = list(reference["countries"]["country"]).index("JPN")
    event = ["chn-2026-1"]
    military = calendar.effects("2026-01-10", "military", event, legal_only=True)
    assert military
    coverage = calendar.covered("chn-2026-1", "2026-01-10").groupby("good")["coverage"].max()
    assert coverage["dysprosium_metal"] == 1
    for effect in military:
        assert effect.r[japan, CENTRAL] == coverage[effect.good]  # severity 1: the text is a ban
        assert (effect.practice, effect.named) == (False, False)
    assert calendar.effects("2026-01-10", "civil", event, legal_only=True) == []
    civil = calendar.effects("2026-01-10", "civil", event)
    assert civil
    assert all(e.practice and e.r[japan, CENTRAL] == 0.4 and e.r[:, LINKED].sum() == 1 for e in civil)
