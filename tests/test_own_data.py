"""Templates, the worked example of a fictitious maker, and matching of a parts list."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import supplychain as sc
from supplychain.checks import validate
from supplychain.errors import InputError, UnknownIdError
from supplychain.matching import bom_rows, match_hs, match_name, match_parts, read_parts
from supplychain.schema import schemas
from supplychain.templates import write_templates


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "supplychain", *map(str, command)], capture_output=True, text=True, check=False
    )


def test_empty_templates_change_nothing(tmp_path: Path, net: sc.Network) -> None:
    written = write_templates(tmp_path / "own")
    assert {path.name for path in written} >= {"README.md", "goods.csv", "bom.csv", "trade.csv", "stocks.csv"}
    manual = (tmp_path / "own" / "README.md").read_text()
    for path in (tmp_path / "own").glob("*.csv"):
        assert path.read_text().strip().split(",") == schemas()[path.stem].columns
        assert f"## {path.name}" in manual
    own = sc.load(overlay=tmp_path / "own")
    for name in own.tables:
        if name != "sources":  # the overlay's own source row is there
            assert len(own.table(name)) == len(net.table(name))


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("x")
    with pytest.raises(InputError, match="empty folder"):
        write_templates(tmp_path)
    with pytest.raises(InputError, match="inside an existing one"):
        write_templates(tmp_path / "no" / "own")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]


def test_the_example_is_marked_and_clean_and_its_rows_are_named(tmp_path: Path) -> None:
    write_templates(tmp_path / "own")
    example = tmp_path / "own" / "example"
    assert "fictitious" in (example / "README.md").read_text()
    assert all("fictitious" in line for path in example.glob("*.csv") for line in path.read_text().splitlines()[1:])
    ours = [problem for problem in validate(None, example) if "example" in problem.file]
    assert not ours
    net = sc.load(overlay=example)
    x = net.exposure("2025-06-05", "DEU", ["example_pump_drive"])
    row = x.static.iloc[0]
    assert 0 < row["short"] <= 1
    rows = ";".join(x.explain("example_pump_drive")["rows"].astype(str))
    assert "example/bom.csv" in rows
    assert "example/trade.csv" in rows
    assert x.own_rows == sorted(set(x.own_rows))
    assert any(label.startswith("example/production.csv:") for label in x.own_rows)
    assert not sc.load().exposure("2025-06-05", "DEU", ["f35"]).own_rows


def test_validate_takes_an_overlay_together_with_the_reference_data(tmp_path: Path) -> None:
    assert run("init", tmp_path / "own").returncode == 0
    done = run("validate", tmp_path / "own" / "example", "--no-warnings")
    assert (done.returncode, done.stdout.strip().splitlines()[-1][:9]) == (0, "0 errors,")
    (tmp_path / "own" / "bom.csv").write_text(
        "output,input,role,effect\nour_pump,ndfeb_magnet_high_temps,part,essential\n"
    )
    done = run("validate", tmp_path / "own", "--no-warnings")
    assert done.returncode == 1
    assert "our_pump is not in goods" in done.stdout
    assert "Did you mean ndfeb_magnet_high_temp" in done.stdout


def test_names_are_matched_or_listed_never_guessed(net: sc.Network) -> None:
    assert match_name("NdFeB sintered magnet", net.tables).good == "ndfeb_sintered_magnet"
    uncertain = match_name("servo motr", net.tables)
    assert (uncertain.good, uncertain.how) == ("", "name?")
    assert "servo_motor" in uncertain.choices
    assert match_name("zzzzqqq", net.tables).how == "nothing"


def test_customs_codes_by_longest_prefix(net: sc.Network) -> None:
    goods = net.table("goods")
    magnets = {g for g, codes in zip(goods["good"], goods["hs_codes"], strict=True) if "850511" in codes}
    found = match_hs("8505.11.90", net.tables)
    assert (found.good, set(found.choices)) == ("", magnets)
    single = goods["hs_codes"].explode().value_counts()
    code = next(c for c, n in single.items() if n == 1 and sum(k.startswith(c[:4]) for k in single.index) == 1)
    owner = next(g for g, codes in zip(goods["good"], goods["hs_codes"], strict=True) if code in codes)
    assert match_hs(f"{code[:4]}.{code[4:]}00", net.tables).good == owner
    assert match_hs(code[:4], net.tables).good == ""  # a heading may be any of its subheadings
    assert match_hs(code[:4], net.tables).choices == (owner,)
    for nothing in ("85", "0000.00", "none", ""):
        assert match_hs(nothing, net.tables).how == "nothing"


def test_a_parts_list_to_bom_rows(tmp_path: Path, net: sc.Network) -> None:
    path = tmp_path / "parts.csv"
    path.write_text("item,hs_code,quantity\nServo motor,,1\nmagnet thing,8505.11.90,0.4\n")
    matched = match_parts(read_parts(path), net.tables)
    assert matched["good"].tolist() == ["servo_motor", ""]
    assert "ndfeb_magnet_high_temp" in matched["choices"].iat[1]
    with pytest.raises(InputError, match="1 rows are undecided"):
        bom_rows(matched, "our_pump")
    decided = matched.assign(good=["servo_motor", "ndfeb_magnet_high_temp"])
    again = match_parts(decided, net.tables)
    assert again["how"].tolist() == ["decided", "decided"]
    assert bom_rows(again, "our_pump").to_dict("list") == {
        "output": ["our_pump"] * 2, "input": ["servo_motor", "ndfeb_magnet_high_temp"], "quantity": ["1", "0.4"],
        "role": ["part"] * 2, "effect": ["essential"] * 2,
    }  # fmt: skip
    with pytest.raises(UnknownIdError):
        match_parts(decided.assign(good="nonsense"), net.tables)
    with pytest.raises(InputError, match="item, hs_code"):
        match_parts(pd.DataFrame({"part": ["x"]}), net.tables)


def test_the_command_match(tmp_path: Path) -> None:
    path, decide = tmp_path / "parts.csv", tmp_path / "decide.csv"
    path.write_text("item\nServo motor\nservo motr\n")
    assert run("match", path, "--output", decide).returncode == 0
    table = pd.read_csv(decide, keep_default_na=False)
    assert table["how"].tolist() == ["name", "name?"]
    done = run("match", decide, "--bom", "our_pump")
    assert done.returncode == 2
    assert "undecided" in done.stderr
    table["good"] = "servo_motor"
    table.to_csv(decide, index=False)
    done = run("match", decide, "--bom", "our_pump", "--format", "csv")
    assert done.stdout.splitlines() == ["output,input,role,effect", "our_pump,servo_motor,part,essential"]
