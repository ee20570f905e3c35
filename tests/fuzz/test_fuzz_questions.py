"""Hostile questions: what-ifs as text and TOML, addresses of every page, reports, and the command line."""

from __future__ import annotations

import base64
import io
import itertools
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random

import fuzz_harness
import mutate
import pytest
from flask import Flask

import supplychain as sc
from dashboard import callbacks, what_if
from dashboard.app import create_app
from dashboard.asking import view_of
from dashboard.registry import Page, find_pages
from dashboard.state import read_query, split_path
from supplychain import cli
from supplychain.cli import options
from supplychain.report.kinds import ABOUT, KINDS, build
from supplychain.report.write import render
from supplychain.scenario import Scenario
from supplychain.whatif import WhatIf, from_toml, parse, to_toml, with_what_ifs

SPECS = (
    "CHN stops gallium to USA,JPN at 0.8 from 2026-01-01",
    "USA bans exports of 'rare earth' from CHN for military since 2025-01-01 until 2026-01-01",
    'MMR halts output of dysprosium,"dy ore" at 50%..90%..100% from 2025-05-05',
    "china stops exports of dysprosium to ALL for civil at .5..1..1 from 2025-04-04",
)
TOML = """\
[[what_if]]
issuer = "CHN"
verb = "stops"
goods = ["dysprosium", "dy_oxide"]
start = 2025-01-01
until = 2026-01-01
places = ["USA"]
severity = 0.8
severity_low = 0.5
severity_high = 1.0
end_use = "civil"
"""
TOML_VALUES = (
    "0x" + "f" * 5_000, "0x" + "f" * 20, "inf", "-nan", "1e400", "true", "2025-01-01T00:00:00Z", "07:32:00", "[[[]]]",
    "[" * 400, "{a = 1}", '""', "'''x'''", '"\\u0000"', '"\\u202e"', "[]", "[1]", "9999-12-31", "0001-01-01", "-1",
    "99999999999999999999999", "{issuer = 1}", '["", ""]', '"halts"', '"ALL"',
)  # fmt: skip


# --- what-ifs ---------------------------------------------------------------------------------------------------------


def spec(rng: Random) -> str:
    chosen = rng.choice(SPECS)
    if rng.random() < 0.5:
        return mutate.text(rng, chosen)
    return " ".join(mutate.words(rng, chosen.split()))


def checked(made: WhatIf, rng: Random, net: sc.Network) -> None:
    """A what-if that can be read: its text says the same, and it can be asked."""
    assert parse(str(made)) == made
    assert from_toml(to_toml([made])) == (made,)
    if rng.random() < 0.2:
        with_what_ifs(net.tables, [made])
        net.exposure("2025-06-05", "USA", what_if=[str(made)])


def test_what_ifs(small_net: sc.Network) -> None:
    fuzz_harness.run("what_if", 0.17, lambda rng: checked(parse(spec(rng)), rng, small_net))


def test_files_of_what_ifs(small_net: sc.Network) -> None:
    def case(rng: Random) -> None:
        kind = rng.random()
        if kind < 0.4:
            text = mutate.text(rng, TOML)
        elif kind < 0.8:
            lines = TOML.splitlines()
            at = rng.randrange(1, len(lines))
            lines[at] = f"{lines[at].partition('=')[0]}= {rng.choice(TOML_VALUES)}"
            text = "\n".join(lines)
        else:
            text = f"what_if = [{', '.join(map(repr, [spec(rng) for _ in range(rng.randint(1, 3))]))}]"
        for made in from_toml(text):
            checked(made, rng, small_net)

    fuzz_harness.run("toml", 0.08, case)


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(small_net: sc.Network) -> Iterator[Flask]:
    app = create_app(small_net).server
    with app.test_request_context():
        yield app


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    return find_pages()


ITEMS = ("", "", "car", "radio", "dy_oxide", "magnet", "chn-18", "mmr-mine", "USA", "CHN", "goods", "event_scope")


def search(rng: Random, page: Page) -> str:
    pairs = [
        ("on", rng.choice(["2025-06-05", "2024-01-01", "2026-02-02"])), ("market", rng.choice(["USA", "JPN"])),
        ("reading", rng.choice(["felt", "short", "linked"])), ("product", "car"),
        ("event", rng.choice(["chn-18", "none"])),
        ("what_if", rng.choice(SPECS[2:])), ("sharing", rng.choice(["fixed", "shared"])), ("legal_only", "yes"),
        ("end_use", "civil"), ("unconfirmed", "off"),
    ]  # fmt: skip
    pairs = rng.sample(pairs, rng.randint(1, 5))
    pairs += [(key, rng.choice(["1", "car", "up:magnet", "all", "0", "on=2025-01-01&market=USA"])) for key in page.keys]
    return "?" + mutate.query(rng, pairs)


def test_queries(small_net: sc.Network, pages: dict[str, Page]) -> None:
    """Reading a query and writing it back."""

    def case(rng: Random) -> None:
        page = rng.choice(list(pages.values()))
        split_path(mutate.nasty(rng))
        scenario, _, _ = read_query(small_net, search(rng, page))
        assert Scenario.from_query(scenario.query) == scenario
        view = view_of(small_net, page, {"path": f"/{page.page}", "search": f"?{scenario.query}", "theme": "light"})
        assert read_query(small_net, view.query)[0] == view.scenario

    fuzz_harness.run("query", 0.12, case)


def test_pages(small_net: sc.Network, pages: dict[str, Page], server: Flask) -> None:
    """Every page and every part of it drawn from a hostile address; an error becomes a notice, never an exception."""

    def case(rng: Random) -> None:
        page = rng.choice(list(pages.values()))
        item = rng.choice(ITEMS) if rng.random() < 0.75 else mutate.nasty(rng)
        name = page.page if rng.random() < 0.95 else mutate.nasty(rng)
        request = {"path": f"/{name}/{item}", "search": search(rng, page), "theme": rng.choice(["light", "dark"])}
        callbacks.draw(small_net, pages, request)
        parts = sorted({*page.cards, *page.slots} - {"helps"})
        if parts and name == page.page:
            callbacks.filled(small_net, pages, request, rng.choice(parts))

    fuzz_harness.run("page", 0.03, case)


def test_requests(server: Flask) -> None:
    """Addresses of downloads and templates, straight to the server: never a fault of the server (5xx)."""
    client = server.test_client()

    def case(rng: Random) -> None:
        parts = mutate.words(rng, ["download", rng.choice(["product", "good", "event"]), rng.choice(ITEMS) or "-"])
        card = rng.choice(["path", "world", "life", "evidence", "stages"])
        path = "/".join([*parts, f"{card}.{rng.choice(['csv', 'xlsx', 'json', 'figure', 'exe'])}"])
        if rng.random() < 0.2:
            path = "/".join(mutate.words(rng, ["template", "goods.csv"]))
        query = mutate.query(rng, [("on", "2025-06-05"), ("market", "USA"), ("flow", "1")])
        try:
            answer = client.get("/" + path, query_string=query)
        except ValueError:
            return  # the client itself cannot send such an address
        assert answer.status_code < 500, path

    fuzz_harness.run("request", 0.02, case)


def test_forms_and_uploads_of_what_ifs(small_net: sc.Network, pages: dict[str, Page]) -> None:
    def case(rng: Random) -> None:
        request = {"path": "/what-if", "search": "?on=2025-06-05&market=USA&edit=0", "theme": "light"}
        view = view_of(small_net, pages["what-if"], request)
        if rng.random() < 0.3:
            body = base64.b64encode(mutate.text(rng, TOML).encode("utf-8", "replace")).decode()
            what_if.loaded(
                view, f"data:,{body[: rng.randint(0, len(body))]}" if rng.random() < 0.2 else f"data:,{body}"
            )
            return
        form = what_if.to_form(parse(SPECS[2]).resolved(small_net.tables))
        for _ in range(rng.choice([1, 1, 2])):
            field = rng.choice(what_if.FORM)
            odd = rng.choice([mutate.nasty(rng), None, float("nan"), 1e300, -1, True])
            form[field] = [mutate.nasty(rng)] if field in ("goods", "places") else odd
        what_if.to_form(what_if.from_form(small_net, form))
        what_if.added(view, what_if.from_form(small_net, form))

    fuzz_harness.run("form", 0.02, case)


# --- reports ----------------------------------------------------------------------------------------------------------


def test_report_questions(small_net: sc.Network) -> None:
    def case(rng: Random) -> None:
        kind = rng.choice(list(KINDS)) if rng.random() < 0.95 else mutate.nasty(rng)
        pairs = [
            ("on", "2025-06-05"),
            ("market", "USA"),
            ("product", rng.choice(["car", "missile"])),
            ("event", "chn-18"),
        ]
        query = mutate.query(rng, pairs)
        about = {"product": "car", "event": "chn-18", "mineral": "dysprosium", "country": "CHN"}
        subject = about.get(kind) if rng.random() < 0.7 else rng.choice([*ITEMS, mutate.nasty(rng)])
        other = None
        if kind == "comparison" or (kind not in ABOUT and rng.random() < 0.2):
            other = rng.choice(["2025-01-01", mutate.query(rng, pairs), mutate.nasty(rng)])
        report = build(small_net, kind, Scenario.from_query(query), subject, other)
        render(report, rng.choice([".md", ".json", ".xlsx"]))

    fuzz_harness.run("report", 0.008, case)


# --- the command line -------------------------------------------------------------------------------------------------

ASKED = ["--on", "2025-06-05", "--market", "USA"]
COMMANDS = (
    ["exposure", *ASKED], ["exposure", *ASKED, "--product", "car", "--format", "json", "--sharing", "shared"],
    ["exposure", *ASKED, "--what-if", SPECS[2], "--format", "csv"], ["exposure", *ASKED, "--what-if", "events.toml"],
    ["exposure", *ASKED, "--output", "answer.csv", "--top", "3", "--legal-only", "--end-use", "civil"],
    ["explain", "car", *ASKED, "--by", "event"], ["explain", "missile", *ASKED, "--format", "json"],
    ["compare", *ASKED, "--to", "2025-01-01"], ["sample", *ASKED, "--draws", "20", "--seed", "3"],
    ["simulate", "--market", "USA", "--start", "2025-04-01", "--until", "2025-06-01", "--product", "car"],
    ["chokepoints", "--market", "USA", "--top", "3"],
    ["chokepoints", "--market", "USA", "--view", "cuts", "--product", "car", "--level", "0.5"],
    ["content", "--event", "chn-18", "--on", "2025-06-05"], ["events", "--on", "2025-06-05", "--destination", "USA"],
    ["events", "--on", "2025-06-05", "--all", "--format", "csv"], ["goods", "magnet", "--kind", "component"],
    ["paths", "dy_ore", "car", "--limit", "3"], ["validate", "DATA"], ["init", "own"],
    ["calibrate", "--view", "series"],
    ["match", "parts.csv", "--format", "csv"], ["match", "parts.csv", "--bom", "pump"],
    ["graph", *ASKED, "--output", "graph.json"], ["graph", *ASKED, "--output", "graph.graphml"],
    ["report", "situation", *ASKED, "--output", "report.md"],
    ["exposure", *ASKED, "--data", "DATA", "--overlay", "OWN"],
    ["sweep", "--output", "sweep.csv", *ASKED, "--data", "DATA", "--workers", "1"],
    ["sweep", "--output", "sweep.csv", "--links", "links.csv", "--stops", "stops.csv", "--workers", "1"],
)  # fmt: skip


def test_commands(
    small: Path,
    small_net: sc.Network,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Hostile words after every command, run as the entry point runs them: exit code 0, 1 or 2, and one message.

    The words never allow to replace files of the machine: `--force` is not among them, and no device is named.
    """
    load = options.network
    for room in (cli.data, cli.day, cli.graph, cli.work):
        monkeypatch.setattr(room, "network", lambda data, over: small_net if data is over is None else load(data, over))
    base = tmp_path / "a" / "b" / "c"
    count = itertools.count()

    def case(rng: Random) -> None:
        here = base / str(next(count))
        here.mkdir(parents=True)
        (here / "OWN").mkdir()
        (here / "OWN" / "stocks.csv").write_text("good,country,holder,kind,days\nmagnet,JPN,we,industry,5\n")
        (here / "DATA").symlink_to(small)
        (here / "events.toml").write_text(TOML)
        (here / "parts.csv").write_text("item,hs_code\nMagnet (sintered),\nmagnt,8505.11\n")
        (here / "links.csv").write_text("supplier,buyer,share\na,b,1\nb,c,1\n")
        (here / "stops.csv").write_text("scenario,node,left\ns,a,0\n")
        monkeypatch.chdir(here)
        words = rng.choice(COMMANDS)
        given = mutate.words(rng, words) if rng.random() < 0.9 else list(words)
        if "dashboard" in given:
            return  # would serve until stopped
        monkeypatch.setattr(sys, "argv", ["supplychain", *(w.replace("\0", "") for w in given)])
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
            cli.main()
        out.getvalue().encode("utf-8")
        said = err.getvalue()
        assert end.value.code in (0, 1, 2), (given, said)
        if end.value.code == 2:
            assert said.startswith("supplychain: "), (given, said)
            assert len(said) < fuzz_harness.LONGEST, (given, said[:500])
            assert not list(here.glob(".*")), given  # no temporary file is left

    fuzz_harness.run("command", 0.018, case)
    capfd.readouterr()
