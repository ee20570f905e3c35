"""Hostile files against every reader: tables in each format, packages, overlays, uploads, networks of firms, parts."""

from __future__ import annotations

import base64
import csv
import os
import shutil
from functools import cache
from pathlib import Path
from random import Random

import fuzz_harness
import mutate
import pytest
from mutate import Grid

import supplychain as sc
from dashboard import own
from supplychain.checks import validate
from supplychain.errors import UnknownIdError
from supplychain.firms import SupplyNetwork
from supplychain.jobs import read_stops, stops_of
from supplychain.matching import bom_rows, match_hs, match_name, match_parts, read_parts
from supplychain.output import Answer, to_csv
from supplychain.schema import bundled_data, schemas
from supplychain.tables import read_table

ENDINGS = (".csv",) * 6 + (".xlsx", ".parquet")
DAY = ("2025-06-05", "USA")


@cache
def reference(table: str) -> Grid:
    """The first rows of a table of the reference data."""
    return _grid(bundled_data() / f"{table}.csv")[:4]


def _grid(path: Path) -> Grid:
    if not path.exists():
        return [schemas()[path.stem].columns]
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row, _ in zip(csv.reader(file), range(40), strict=False)]


def written(rng: Random, rows: Grid, ending: str) -> bytes:
    return mutate.WRITERS[ending](rng, mutate.grid(rng, rows))


# --- one table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ending", "share"), [(".csv", 0.24), (".xlsx", 0.05), (".parquet", 0.1)])
def test_tables(ending: str, share: float) -> None:
    def case(rng: Random) -> None:
        name = rng.choice(list(schemas()))
        frame = read_table(name, written(rng, reference(name), ending), f"{name}{ending}")
        assert list(frame) == schemas()[name].columns
        for field in schemas()[name].fields:
            if field.type == "number":
                assert frame[field.name].dropna().between(field.minimum, field.maximum).all()
        to_csv(frame)

    fuzz_harness.run(f"table{ending}", share, case)


# --- packages and overlays --------------------------------------------------------------------------------------------


def answers(net: sc.Network) -> None:
    """What any network that loads must be able to answer, and write."""
    x = net.exposure(*DAY)
    Answer.of(x, net).json()
    to_csv(x.frame)
    to_csv(x.explain(x.products[0]))
    str(net)


def test_packages(small: Path, tmp_path: Path) -> None:
    """A whole package in which one or two tables, or the descriptor, are hostile."""
    grids = {path.name: _grid(path) for path in sorted(small.glob("*.csv"))}
    folder = tmp_path / "data"

    def case(rng: Random) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(small, folder)
        for name in rng.sample(sorted(grids), rng.choice([1, 1, 2])):
            ending = rng.choice(ENDINGS)
            (folder / name).unlink()
            (folder / name).with_suffix(ending).write_bytes(written(rng, grids[name], ending))
        if rng.random() < 0.1:
            descriptor = folder / "datapackage.json"
            descriptor.write_bytes(mutate.text(rng, descriptor.read_text()).encode("utf-8", "replace"))
        assert all(str(problem) for problem in validate(folder))
        answers(sc.load(folder))

    fuzz_harness.run("package", 0.022, case)


def test_overlays(small: Path, tmp_path: Path) -> None:
    """A folder of one's own rows, with links, folders and pipes where files should be."""
    grids = {path.name: _grid(path) for path in sorted(small.glob("*.csv"))}
    secret = tmp_path / "secret.csv"
    secret.write_text("good,secret\nm,TOP-SECRET\n")

    def case(rng: Random) -> None:
        folder = tmp_path / "own"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in rng.sample(sorted(grids), rng.choice([1, 2, 3])):
            ending = rng.choice(ENDINGS)
            rows = [grids[name][0], *rng.sample(grids[name][1:], min(2, len(grids[name]) - 1))]
            (folder / name).with_suffix(ending).write_bytes(written(rng, rows, ending))
        odd = folder / rng.choice(["stocks.csv", "trade.XLSX", "bom.parquet", "\u202egoods.csv", ".csv", "bom.CSV"])
        kind = rng.randrange(8)
        if not odd.exists() and kind < 5:
            makers = (lambda: odd.symlink_to(secret), lambda: odd.symlink_to("../../../etc/passwd"), odd.mkdir,
                      lambda: os.mkfifo(odd), lambda: odd.symlink_to(odd))  # fmt: skip
            makers[kind]()
        said = ""
        try:
            answers(sc.load(small, folder))
        except sc.SupplyChainError as error:
            said = str(error)
            raise
        finally:
            assert "TOP-SECRET" not in said

    fuzz_harness.run("overlay", 0.022, case)


def test_uploads(small_net: sc.Network) -> None:
    """Files as a browser sends them, up to the network that they make."""
    tables = {name: _grid_of(text) for name, text in own.EXAMPLE.items()}

    def case(rng: Random) -> None:
        files: list[own.File] = []
        for name in rng.sample(sorted(tables), rng.choice([1, 1, 2, 4])):
            ending = rng.choice([".csv", ".csv", ".xlsx"])
            given = rng.choice([name, name.replace(".csv", ending), mutate.text(rng, name), mutate.nasty(rng)])
            rows = tables[name] if rng.random() < 0.3 else mutate.grid(rng, tables[name])
            body = base64.b64encode(mutate.WRITERS[ending](rng, rows)).decode()
            url = f"data:text/csv;base64,{body}"
            files.append(own.accepted(*own.decoded(given, mutate.text(rng, url) if rng.random() < 0.05 else url)))
        kept = own.unpacked(own.packed(own.merged((), files)))
        net, found = own.network(small_net, kept)
        own.problem_rows(found)
        own.own_products(net, kept)
        answers(net)

    fuzz_harness.run("upload", 0.03, case)


def _grid_of(text: str) -> Grid:
    return list(csv.reader(text.splitlines()))


# --- networks of firms ------------------------------------------------------------------------------------------------

LINKS = [
    ["supplier", "buyer", "kind", "share", "criticality", "effect", "group", "group_share", "takeover"],
    ["mine", "plant", "ore", "0.6", "1", "essential", "", "", ""],
    ["pit", "plant", "ore", "0.4", "0.5", "adds", "g", "0.5", "0.2"],
    ["plant", "shop", "part", "1", "", "", "g", "", ""],
    ["shop", "mine", "tool", "1", "0.1", "negligible", "", "", ""],
]
NODES = [
    ["node", "kind", "country", "capacity", "stock", "demand", "value", "spare"],
    ["mine", "ore", "CHN", "10", "5", "0", "7", "0.1"],
    ["pit", "ore", "AUS", "", "", "", "", ""],
    ["plant", "part", "JPN", "10", "0", "1", "1e6", "0"],
    ["shop", "good", "USA", "5", "1", "3", "2", ""],
]


def test_networks_of_firms(tmp_path: Path) -> None:
    def case(rng: Random) -> None:
        ending = rng.choice([".csv", ".csv", ".parquet"])
        links, nodes = tmp_path / f"links{ending}", tmp_path / f"nodes{ending}"
        header = LINKS[0] if rng.random() < 0.5 else [w.replace("share", "weight", w == "share") for w in LINKS[0]]
        rows = [header, *LINKS[1:]]
        links.write_bytes(mutate.WRITERS[ending](rng, rows if rng.random() < 0.3 else mutate.grid(rng, rows)))
        known = rng.random() < 0.5
        if known:
            nodes.write_bytes(written(rng, NODES, ending))
        net = SupplyNetwork.from_edges(links, nodes if known else None)
        str(net)
        first = net.firm[0]
        if rng.random() < 0.3:
            stops = tmp_path / "stops.csv"
            stops.write_bytes(written(rng, [["scenario", "node", "left"], ["s", str(first), "0.5"]], ".csv"))
            net.losses(dict(stops_of(read_stops(stops))))
        for sharing in ("fixed", "shared"):
            net.losses({"stop": {first: rng.random()}}, sharing=sharing)
        net.availability(first)

    fuzz_harness.run("edges", 0.03, case)


# --- parts ------------------------------------------------------------------------------------------------------------

PARTS = [["item", "hs_code", "quantity"], ["Magnet (sintered)", "8505.11", "2"], ["magnt", "", "0.4"],
         ["dysprosium", "2846.90", ""]]  # fmt: skip


def test_parts(small_net: sc.Network, tmp_path: Path) -> None:
    def case(rng: Random) -> None:
        path = tmp_path / f"parts{rng.choice(ENDINGS)}"
        path.write_bytes(written(rng, PARTS, path.suffix))
        matched = match_parts(read_parts(path), small_net.tables)
        to_csv(matched)
        goods = set(small_net.table("goods")["good"])
        assert set(matched["good"]) <= {*goods, ""}
        bom_rows(matched[matched["good"] != ""], "product")
        bom_rows(matched, "product")

    fuzz_harness.run("parts", 0.03, case)


def test_codes_and_names(net: sc.Network) -> None:
    goods = set(net.table("goods")["good"])

    def case(rng: Random) -> None:
        code = rng.choice(["8505.11.90", "850511", "2846 90", "81"])
        code = mutate.text(rng, code) if rng.random() < 0.7 else mutate.nasty(rng)
        found = [match_hs(code, net.tables)]
        if rng.random() < 0.1:
            found.append(match_name(mutate.text(rng, "servo motor"), net.tables))
        for match in found:
            assert {match.good, *match.choices} <= {*goods, ""}
        if rng.random() < 0.02:
            with pytest.raises(UnknownIdError):
                net.tables.resolve("no such thing " + mutate.nasty(rng))

    fuzz_harness.run("codes", 0.02, case)
