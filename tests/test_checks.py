"""Every rule: a package that breaks it, the place and words of what it says, and a package that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from data_builder import overlay, package

from supplychain import checks
from supplychain.errors import Problem
from supplychain.tables import Tables, load_tables

Content = dict[str, list[dict[str, Any]]]
Rule = Callable[[Tables], list[Problem]]

CHAIN = [{"output": "k", "input": "m"}, {"output": "p", "input": "k"}]
SOUND: Content = {
    "goods": [{"good": "m", "aliases": "em"}, {"good": "k"}, {"good": "p"}, {"good": "n", "kind_of": "m"}],
    "countries": [{"country": "EU27", "kind": "bloc", "members": "DEU;FRA"}],
    "production": [
        {"good": "m", "producer": "CHN", "share_low": 0.8, "share": 0.9, "share_high": 0.95},
        {"good": "m", "producer": "AUS", "share": 0.1},
        {"good": "m", "producer": "CHN", "share": 1, "basis": "capacity"},
    ],
    "bom": [
        {"output": "k", "input": "m", "group": "g", "group_share": 0.75},
        {"output": "k", "input": "n", "group": "g", "group_share": 0.25},
        {"output": "p", "input": "k"},
        {"output": "p", "input": "m", "role": "content"},
    ],
    "trade": [{"good": "m", "importer": "EU27", "exporter": "CHN", "share": 1}],
    "events": [{"event": "e"}],
    "event_scope": [{"event": "e", "good": "m"}],
    "event_phases": [{"event": "e", "from": "2025-04-04"}, {"event": "e", "from": "2025-03-01", "status": "announced"}],
    "severities": [
        {
            "event": "e",
            "from": "2025-04-04",
            "until": "2025-05-01",
            "good": "m",
            "basis": "observed",
            "derived_from": "o1",
        }
    ],
    "observations": [{"observation": "o1", "good": "m", "measure": "exports", "value": 5}],
}


def run(folder: Path, rule: Rule, content: Content) -> list[Problem]:
    return rule(load_tables(package(folder, **content), strict=False))


BREAKS: list[tuple[str, Rule, Content, list[str]]] = [
    (
        "an id that leads nowhere",
        checks.unknown_ids,
        {"goods": [{"good": "magnet"}], "production": [{"good": "magnot", "producer": "CHN"}]},
        ["production.csv:2 column good: magnot is not in goods (column good). Did you mean magnet?"],
    ),
    (
        "a list item that leads nowhere",
        checks.unknown_ids,
        {"events": [{"event": "e"}, {"event": "f", "changes": "e;x"}]},
        ["events.csv:3 column changes: x is not in events"],
    ),
    (
        "two rows with one key",
        checks.repeated_keys,
        {"production": [{"good": "m", "producer": "CHN"}] * 2},
        ["production.csv:3: repeats the key (good, producer, basis) of production.csv:2. Keep one"],
    ),
    (
        "places nobody knows",
        checks.unknown_places,
        {
            "production": [{"good": "m", "producer": "acme", "country": "AUS"}],
            "trade": [
                {"good": "m", "importer": "acme", "exporter": "CHN", "share": 1},
                {"good": "m", "importer": "Japan", "exporter": "CHN", "share": 1},
            ],
            "events": [{"event": "e", "destinations": "USA;nowhere"}],
            "observations": [
                {"observation": "o", "measure": "x", "value": 1},
                {"observation": "q", "measure": "x", "value": 1, "importer": "acme"},
            ],
        },
        [
            "events.csv:2 column destinations: nowhere is no country or bloc and not ALL.",
            "trade.csv:3 column importer: Japan is no country or bloc and no producer.",
            "observations.csv:3 column importer: acme is no country or bloc and not ALL.",
        ],
    ),
    (
        "an alias of two goods, and one that is another's id",
        checks.shared_names,
        {
            "goods": [
                {"good": "a", "aliases": "b"},
                {"good": "b", "aliases": "Hard-Metal"},
                {"good": "c", "aliases": ["hard metal", "c"]},
            ]
        },
        [
            "goods.csv:2 column aliases: b is already a name of b. Keep it with one good.",
            "goods.csv:4 column aliases: hard metal is already a name of b.",
        ],
    ),
    (
        "a cycle of parts",
        checks.cycles,
        {"bom": [*CHAIN, {"output": "m", "input": "p"}]},
        ["column input: the part edges make a cycle: k > p > m > k (bom.csv:3, bom.csv:4, bom.csv:2)."],
    ),
    (
        "a good made from itself",
        checks.cycles,
        {"bom": [{"output": "m", "input": "m"}]},
        ["bom.csv:2 column input: the part edges make a cycle: m > m (bom.csv:2). Remove or turn one of these rows."],
    ),
    (
        "two cycles",
        checks.cycles,
        {"bom": [{"output": a, "input": b} for a, b in ("mk", "km", "xy", "yx")]},
        ["make a cycle: k > m > k", "make a cycle: x > y > x"],
    ),
    (
        "kinds and scopes in a ring",
        checks.cycles,
        {
            "goods": [{"good": "a", "kind_of": "b"}, {"good": "b", "kind_of": "a"}],
            "events": [{"event": "e"}, {"event": "f"}],
            "event_scope": [
                {"event": "e", "item": "all", "same_as": "f"},
                {"event": "f", "item": "all", "same_as": "e"},
            ],
        },
        ["column kind_of: the kinds make a cycle: a > b > a", "column same_as: the scopes make a cycle: e > f > e"],
    ),
    (
        "production above one",
        checks.shares_above_one,
        {"production": [{"good": "m", "producer": c, "share": 0.6} for c in ("CHN", "AUS")]},
        ["production.csv:3 column share: 1.2 is the sum of the shares of m output, above 1 (production.csv:2,"],
    ),
    (
        "imports above one",
        checks.shares_above_one,
        {"trade": [{"good": "m", "importer": "JPN", "exporter": c, "share": 0.7} for c in ("CHN", "AUS")]},
        ["trade.csv:3 column share: 1.4 is the sum of the shares of m JPN imports, above 1"],
    ),
    (
        "ranges out of order",
        checks.unordered_ranges,
        {
            "production": [
                {"good": "m", "producer": "CHN", "share_low": 0.5, "share": 0.4, "share_high": 0.3},
                {"good": "m", "producer": "AUS", "share_low": 0.5, "share_high": 0.4},
            ],
            "assumptions": [{"name": "refill", "value": 0.1, "value_high": 0.05}],
        },
        [
            "production.csv:2 column share_low: 0.5 is above share (0.4). Put the range in order.",
            "production.csv:2 column share: 0.4 is above share_high (0.3).",
            "production.csv:3 column share_low: 0.5 is above share_high (0.4).",
            "assumptions.csv:2 column value: 0.1 is above value_high (0.05).",
        ],
    ),
    (
        "an end before the beginning",
        checks.unordered_dates,
        {
            "events": [{"event": "e"}],
            "event_phases": [{"event": "e", "from": "2025-05-01", "until": "2025-04-30"}],
            "severities": [{"event": "e", "from": "2025-05-01", "until": "2024-05-01"}],
        },
        [
            "event_phases.csv:2 column until: 2025-04-30 is before `from`.",
            "severities.csv:2 column until: 2024-05-01 is before `from`.",
        ],
    ),
    (
        "a group that is no whole",
        checks.group_shares,
        {
            "bom": [{"output": "k", "input": i, "group": "g", "group_share": 0.7} for i in "mn"]
            + [
                {"output": "p", "input": "m", "group": "h", "group_share": 1},
                {"output": "p", "input": "n", "group": "h"},
            ]
        },
        [
            "bom.csv:3 column group_share: 1.4 is the sum of the shares of group g of k (bom.csv:2, bom.csv:3), not 1.",
            "bom.csv:5 column group_share: is blank while other members of group h of p (bom.csv:4, bom.csv:5) have",
        ],
    ),
    (
        "a group of two effects",
        checks.mixed_groups,
        {
            "bom": [
                {"output": "k", "input": i, "group": "g", "effect": e} for i, e in (("m", "essential"), ("n", "adds"))
            ]
        },
        ["bom.csv:3 column effect: adds differs within group g of k (bom.csv:2, bom.csv:3)."],
    ),
    (
        "events that never begin",
        checks.events_without_effect,
        {
            "events": [{"event": e} for e in ("silent", "bites")],
            "event_phases": [{"event": "bites", "status": "announced"}],
            "severities": [{"event": "bites"}],
        },
        [
            "events.csv:2 column event: silent acts on flows but has no phase. Add its in_force row",
            "events.csv:3 column event: bites has severities but is never in force.",
        ],
    ),
    (
        "an unverified row that looks sure",
        checks.unverified_in_disguise,
        {"production": [{"good": "m", "producer": "CHN", "source_id": "UNVERIFIED", "confidence": "high"}]},
        ["production.csv:2 column confidence: high cannot be the confidence of a row with source UNVERIFIED."],
    ),
    (
        "blocs without members and members of no bloc",
        checks.blocs,
        {
            "countries": [
                {"country": "EU27", "kind": "bloc"},
                {"country": "G7X", "name": "G7", "kind": "bloc", "members": "EU27"},
                {"country": "DEU", "members": "FRA"},
            ]
        },
        [
            "countries.csv:2 column members: a bloc needs members.",
            "countries.csv:3 column members: EU27 is not a country, so no member of a bloc.",
            "countries.csv:4 column members: a country has no members.",
        ],
    ),
    (
        "a phase before its announcement",
        checks.early_phases,
        {
            "events": [{"event": "e"}],
            "event_phases": [
                {"event": "e", "from": "2025-02-22"},
                {"event": "e", "from": "2025-02-24", "status": "announced"},
            ],
        },
        ["event_phases.csv:2 column from: 2025-02-22 is before the announcement on 2025-02-24."],
    ),
    (
        "a direct edge beside a longer way",
        checks.shortcuts,
        {"bom": [*CHAIN, {"output": "p", "input": "m"}]},
        ["bom.csv:4 column input: m also reaches p through k. If it is the same use, make this row content."],
    ),
    (
        "one substitute twice",
        checks.repeated_substitutes,
        {
            "bom": [
                {**CHAIN[0], "substitute": "Ferrite magnet"},
                {**CHAIN[1], "substitute": "ferrite magnet"},
                {"output": "q", "input": "k", "substitute": "induction motor"},
            ]
        },
        ["bom.csv:3 column substitute: ferrite magnet is counted on bom.csv:2 too. Count it on one of the two edges."],
    ),
    (
        "a trader beside makers without a place",
        checks.doubtful_traders,
        {
            "goods": [{"good": "m"}, {"good": "n", "kind_of": "m"}],
            "countries": [{"country": "EU27", "kind": "bloc", "members": "DEU;EST"}],
            "production": [{"good": "m", "producer": c, "share": 0.3} for c in ("CHN", "EST", "ROW")],
            "trade": [
                {"good": good, "importer": "JPN", "exporter": c, "share": 0.2}
                for good, c in (("m", "CHN"), ("m", "GBR"), ("m", "EU27"), ("m", "ROW"), ("n", "DEU"))
            ],
        },
        [
            "trade.csv:3 column exporter: GBR exports m without a production row",
            "trade.csv:6 column exporter: DEU exports n without a production row",
        ],
    ),
    (
        "a scope item that is not in the graph",
        checks.items_without_good,
        {
            "events": [{"event": "e"}, {"event": "f"}],
            "event_scope": [
                {"event": "e", "item": "promethium"},
                {"event": "f", "item": "all listed items", "same_as": "e"},
            ],
        },
        ["event_scope.csv:2 column item: promethium is not in the graph."],
    ),
    (
        "a severity for what the clause does not cover",
        checks.severities_out_of_scope,
        {
            "events": [{"event": "e"}, {"event": "f"}],
            "event_scope": [{"event": "e", "good": "m"}, {"event": "f", "item": "all", "same_as": "e"}],
            "goods": [{"good": "m"}, {"good": "n"}],
            "severities": [
                {"event": "e", "good": "n"},
                {"event": "e", "good": "n", "scope": "practice", "end_use": "civil"},
                {"event": "f", "good": "n"},
            ],
        },
        ["severities.csv:2 column good: n is not in the scope of e."],
    ),
    (
        "an observed severity without observation",
        checks.observed_without_observation,
        {"events": [{"event": "e"}], "severities": [{"event": "e", "basis": "observed"}]},
        ["severities.csv:2 column derived_from: an observed severity names no observation."],
    ),
]
WARNINGS = {
    checks.early_phases,
    checks.shortcuts,
    checks.repeated_substitutes,
    checks.doubtful_traders,
    checks.items_without_good,
    checks.severities_out_of_scope,
    checks.observed_without_observation,
}


@pytest.mark.parametrize(
    ("rule", "content", "expected"), [case[1:] for case in BREAKS], ids=[case[0] for case in BREAKS]
)
def test_a_rule_names_what_breaks_it_and_nothing_else(
    tmp_path: Path, rule: Rule, content: Content, expected: list[str]
) -> None:
    problems = run(tmp_path, rule, content)
    assert len(problems) == len(expected), problems
    for words in expected:
        assert any(words in str(problem) for problem in problems), (words, [str(problem) for problem in problems])
    for problem in problems:
        assert problem.level == ("warning" if rule in WARNINGS else "error")
        assert problem.remedy.endswith(".")
        assert problem.line >= 2


@pytest.mark.parametrize("rule", checks.RULES)
def test_sound_and_empty_packages_break_no_rule(tmp_path: Path, rule: Rule) -> None:
    assert run(tmp_path / "sound", rule, SOUND) == []
    assert run(tmp_path / "empty", rule, {}) == []


def test_every_rule_has_a_case_and_is_registered() -> None:
    assert {case[1] for case in BREAKS} == set(checks.RULES)
    assert len(set(checks.RULES)) == len(checks.RULES)


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        (checks.cycles, {"bom": [*CHAIN, {"output": "m", "input": "p", "role": "content"}]}),
        (checks.cycles, {"bom": [*CHAIN, {"output": "m", "input": "p", "use": "no"}]}),
        (
            checks.cycles,
            {
                "goods": [{"good": "m"}, {"good": "k"}, {"good": "p", "aggregate": "yes"}],
                "bom": [*CHAIN, {"output": "m", "input": "p"}],
            },
        ),
        (
            checks.shares_above_one,
            {"production": [{"good": "m", "producer": c, "share": 0.3337} for c in ("CHN", "AUS", "USA")]},
        ),
        (
            checks.shares_above_one,
            {
                "production": [
                    {"good": "m", "producer": "CHN", "share": 0.9},
                    {"good": "m", "producer": "AUS", "share": 0.9, "use": "no"},
                    {"good": "m", "producer": "USA"},
                ]
            },
        ),
        (
            checks.group_shares,
            {"bom": [{"output": "k", "input": i, "group": "g", "group_share": 0.333} for i in ("a", "b", "c")]},
        ),
        (checks.group_shares, {"bom": [{"output": "k", "input": i, "group": "g"} for i in ("a", "b", "c")]}),
        (
            checks.events_without_effect,
            {
                "events": [
                    {"event": "stopped"},
                    {"event": "agreed", "acts_on": "nothing"},
                    {"event": "announced"},
                ],
                "event_phases": [
                    {"event": "stopped", "status": "suspended"},
                    {"event": "announced", "status": "announced"},
                ],
                "severities": [{"event": "stopped"}, {"event": "announced", "scope": "practice"}],
            },
        ),
        (checks.shortcuts, {"bom": [*CHAIN, {"output": "p", "input": "m", "role": "content"}]}),
        (
            checks.shortcuts,
            {
                "goods": [{"good": "m", "aggregate": "yes"}, {"good": "k"}, {"good": "p"}],
                "bom": [*CHAIN, {"output": "p", "input": "m"}],
            },
        ),
        (
            checks.unverified_in_disguise,
            {"production": [{"good": "m", "producer": "CHN", "confidence": "unverified", "source_id": "UNVERIFIED"}]},
        ),
    ],
)
def test_what_comes_close_to_breaking_a_rule_does_not(tmp_path: Path, rule: Rule, content: Content) -> None:
    assert run(tmp_path, rule, content) == []


def test_validate_reports_cells_and_rules_of_both_layers_in_order(tmp_path: Path) -> None:
    data = package(
        tmp_path / "data",
        goods=[{"good": "m", "kind": "stone"}, {"good": "n"}],
        production=[{"good": "m", "producer": "CHN", "share": 0.9}, {"good": "n", "producer": "CHN", "share": 7}],
    )
    own = overlay(
        tmp_path / "own",
        production=[{"good": "m", "producer": "acme", "country": "CHN", "share": 0.4, "basis": "output"}],
    )
    found = [(problem.file, problem.line, problem.column) for problem in checks.validate(data, own)]
    assert found == [
        (f"{data}/goods.csv", 2, "kind"),
        (f"{data}/production.csv", 3, "share"),
        (f"{own}/production.csv", 2, "share"),
    ]


def test_validate_keeps_to_the_file_while_one_cannot_be_read(tmp_path: Path) -> None:
    data = package(tmp_path, production=[{"good": "m", "producer": "CHN"}])
    (data / "goods.csv").write_bytes(b"\xff\xfe")
    (problem,) = checks.validate(data)
    assert problem.file == f"{data}/goods.csv"


def test_the_reference_data_breaks_no_rule() -> None:
    assert [str(problem) for problem in checks.validate() if problem.level == "error"] == []
