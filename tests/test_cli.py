"""The command line as a user meets it: tables, CSV, JSON, files, and errors of one line."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import supplychain as sc

ROOT = Path(__file__).parents[1]
DAY = ("--on", "2025-06-05", "--market", "USA")


def run(*words: str, code: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "supplychain", *words], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def test_json_is_the_answer_with_all_that_reproduces_it(net: sc.Network) -> None:
    out, _ = run("exposure", *DAY, "--product", "f35", "--format", "json")
    body = json.loads(out)
    assert set(body) == {"rows", "query", "data_version", "knowledge_until", "assumptions", "warnings"}
    x = net.exposure("2025-06-05", "USA", ["f35"])
    assert body["query"] == x.scenario.query
    assert body["rows"][0]["short"] == pytest.approx(x.frame["short"].item())
    assert list(body["rows"][0]) == list(x.frame.columns)


def test_csv_has_all_rows() -> None:
    out, _ = run("exposure", *DAY, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 73
    assert all(0 <= float(row["short"]) <= float(row["linked"]) <= 1 for row in rows)


def test_table_shows_ranges_and_notes() -> None:
    out, err = run("exposure", *DAY, "--top", "3")
    assert "Showing 3 of 73 products" in out
    assert "note:" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("exposure", "--on", "2025-06-05", "--market", "Narnia"), "Unknown country 'Narnia'"),
        (("exposure", "--on", "2025-13-05", "--market", "USA"), "YYYY-MM-DD"),
        (("exposure", "--market", "USA"), "--on"),
        (("exposure", *DAY, "--product", "warp drive"), "Unknown good 'warp drive'"),
        (("exposure", *DAY, "--event", "chn-2025-99"), "Unknown event"),
        (("exposure", *DAY, "--sharing", "greedy"), "fixed"),
        (("exposure", *DAY, "--what-if", "CHN stops"), "what"),
        (("exposure", *DAY, "--format", "xml"), "table, csv, json"),
        (("exposure", *DAY, "--data", "no/such/folder"), "no/such/folder"),
        (("paths", "dysprosium", "f35", "--limit", "0"), "limit"),
        (("simulate", "--market", "USA", "--start", "2025-06-01", "--until", "2025-05-01"), "until"),
        (("goods", "--kind", "dream"), "mineral"),
        (("content", "--event", "chn-2025-18"), "content threshold"),
        (("dashboard", "--host", "0.0.0.0"), "--allow-remote"),
        (("conjure",), "conjure"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message(words: tuple[str, ...], said: str) -> None:
    out, err = run(*words, code=2)
    assert said in err
    assert out == ""
    assert len(err.strip().splitlines()) == 1


def test_files_are_whole_and_kept(tmp_path: Path) -> None:
    target = tmp_path / "answer.json"
    run("goods", "dysprosium", "--output", str(target))
    first = target.read_bytes()
    assert json.loads(first)["rows"]
    _, err = run("goods", "gallium", "--output", str(target), code=2)
    assert "--force" in err
    assert target.read_bytes() == first
    run("goods", "gallium", "--output", str(target), "--force")
    assert target.read_bytes() != first
    assert [path.name for path in tmp_path.iterdir()] == ["answer.json"]
    _, err = run("goods", "gallium", "--output", str(tmp_path / "no" / "a.csv"), code=2)
    assert "can be written" in err


def test_what_if_in_words_and_in_a_file(tmp_path: Path) -> None:
    spec = "CHN stops ndfeb_magnet_high_temp at 1 from 2026-01-01"
    file = tmp_path / "stop.toml"
    file.write_text(f'what_if = ["{spec}"]\n')
    question = ("exposure", "--on", "2026-01-02", "--market", "USA", "--product", "hybrid_car", "--format", "csv")
    assert run(*question, "--what-if", spec) == run(*question, "--what-if", str(file))
    assert run(*question, "--what-if", spec) != run(*question)


def test_draws_are_repeatable_and_name_the_facts() -> None:
    question = ("sample", *DAY, "--product", "hybrid_car", "--draws", "50", "--seed", "7", "--format", "csv")
    first, _ = run(*question)
    assert first == run(*question)[0]
    row = next(csv.DictReader(io.StringIO(first)))
    assert float(row["p05"]) <= float(row["p50"]) <= float(row["p95"])
    facts, _ = run(*question, "--facts")
    assert "source_id" in facts.splitlines()[0]


def test_events_of_a_day_name_their_source() -> None:
    out, _ = run("events", "--on", "2025-06-05", "--format", "json")
    rows = {row["event"]: row for row in json.loads(out)["rows"]}
    assert "dysprosium_oxide" in rows["chn-2025-18"]["covers"]
    assert rows["chn-2025-18"]["url"].startswith("http")
    assert "chn-2025-61-deminimis" not in rows


def test_validate_says_errors_and_exits_1(tmp_path: Path) -> None:
    out, _ = run("validate", "--no-warnings")
    assert out.startswith("0 errors")
    (tmp_path / "production.csv").write_text("good,producer,country,share,basis\nf35,USA,USA,1.7,output\n")
    out, _ = run("validate", str(tmp_path), code=1)
    assert "production.csv:2 column share: 1.7 is outside [0, 1]" in out


def test_help_lists_the_commands() -> None:
    out, _ = run("--help")
    for command in ("exposure", "explain", "events", "simulate", "mitigate", "chokepoints", "compare", "validate"):
        assert command in out
