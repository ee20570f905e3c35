"""Sweeps: complete, the same on one core, on two and on a cluster that loses a worker; on after an interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from data_builder import package

from supplychain import jobs
from supplychain.errors import InputError
from supplychain.network import load
from supplychain.sweep import Parts, sweep

DAYS = ("2024-12-31", "2025-01-01", "2025-06-01")
MARKETS = ("USA", "DEU")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """M mined in CHN 0.9 and AUS 0.1, K made in JPN, P finished in USA and DEU; CHN stops M from 2025."""
    return package(
        tmp_path / "data",
        goods=[{"good": "m", "kind": "mineral"}, {"good": "k"}, {"good": "p", "kind": "product", "end_use": "civil"}],
        production=[
            {"good": "m", "producer": "CHN", "share": 0.9}, {"good": "m", "producer": "AUS", "share": 0.1},
            {"good": "k", "producer": "JPN", "share": 1}, {"good": "p", "producer": "USA", "share": 0.5},
            {"good": "p", "producer": "DEU", "share": 0.5},
        ],
        bom=[{"output": "k", "input": "m"}, {"output": "p", "input": "k"}],
        events=[{"event": "stop"}],
        event_scope=[{"event": "stop", "good": "m"}],
        event_phases=[{"event": "stop"}],
        severities=[{"event": "stop"}],
    )  # fmt: skip


def asked(folder: Path, **options: Any) -> list[str]:
    return jobs.queries(load(folder), DAYS, MARKETS, **options)


def test_rows_are_those_of_the_python_api(folder: Path, tmp_path: Path) -> None:
    queries = asked(folder, sharing=("fixed", "shared"), events=(None, ()))
    assert len(queries) == len(set(queries)) == 3 * 2 * 2 * 2
    seen: list[tuple[int, int]] = []
    output = tmp_path / "out.csv"
    rows = sweep(jobs.exposures(folder, None), queries, output, workers=1, chunk=5,
                 progress=lambda done, total: seen.append((done, total)))  # fmt: skip
    table = pd.read_csv(output)
    assert rows == len(table) == len(queries)
    assert seen == [(done, 24) for done in (0, 5, 10, 15, 20, 24)]
    assert table["query"].tolist() == queries
    net = load(folder)
    for row in table.to_dict("records"):
        events = None if row["event"] == "all in force" else []
        expected = net.exposure(row["on"], row["market"], events=events, sharing=row["sharing"]).static.iloc[0]
        assert row["short"] == pytest.approx(expected["short"], abs=1e-12)
    hit = table[(table["event"] == "all in force") & (table["on"] >= "2025-01-01")]
    assert hit["short"].to_numpy() == pytest.approx(0.9)
    assert (table.drop(hit.index)["short"] == 0).all()
    assert not (tmp_path / "out.csv.parts").exists()


def test_chokepoints_felt_and_draws(folder: Path, tmp_path: Path) -> None:
    queries = asked(folder, chokepoints=True)
    job = jobs.exposures(folder, None, felt=True, draws=50)
    sweep(job, queries, tmp_path / "out.csv", workers=1)
    table = pd.read_csv(tmp_path / "out.csv").set_index("query")
    assert list(table.columns) == job.columns[1:]
    stop = table[(table["what_if"] == "CHN halts m at 1 from 2025-06-01") & (table["market"] == "USA")]
    assert stop["short"].item() == stop["felt"].item() == pytest.approx(0.9)
    assert (table["p05"] <= table["p95"]).all()
    assert len(table) == 3 * 2 * (1 + 5)  # all events, and five makers halted


def test_two_processes_give_the_same_bytes_as_one(folder: Path, tmp_path: Path) -> None:
    queries, job = asked(folder), jobs.exposures(folder, None)
    for workers in (1, 2):
        sweep(job, queries, tmp_path / f"{workers}.csv", workers=workers, chunk=2)
        sweep(job, queries, tmp_path / f"{workers}.parquet", workers=workers, chunk=2)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()
    frames = [pd.read_parquet(tmp_path / f"{workers}.parquet") for workers in (1, 2)]
    pd.testing.assert_frame_equal(*frames)
    pd.testing.assert_frame_equal(frames[0], pd.read_csv(tmp_path / "1.csv", keep_default_na=False), check_dtype=False)


class PowerCutError(Exception):
    """Stands for a power cut."""


def stop_after(chunks: int) -> Any:
    seen: list[int] = []

    def progress(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) > chunks:
            raise PowerCutError

    return progress


def test_goes_on_after_an_interruption(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queries, job = asked(folder), jobs.exposures(folder, None)
    whole, output = tmp_path / "whole.csv", tmp_path / "out.csv"
    sweep(job, queries, whole, workers=1, chunk=1)
    with pytest.raises(PowerCutError):
        sweep(job, queries, output, workers=1, chunk=1, progress=stop_after(2))
    assert not output.exists()
    kept = Parts(output, job, [[q] for q in queries])
    assert kept.missing() == [2, 3, 4, 5]
    (kept.folder / ".0000002.csv.999").write_text("half a ch")  # cut off while a chunk was written
    computed: list[str] = []
    run = jobs.Exposures.__call__

    def counted(self: jobs.Exposures, some: Sequence[str]) -> pd.DataFrame:
        computed.extend(some)
        return run(self, some)

    monkeypatch.setattr(jobs.Exposures, "__call__", counted)
    sweep(job, queries, output, workers=1, chunk=1)
    assert computed == queries[2:]
    assert output.read_bytes() == whole.read_bytes()


def test_a_killed_run_goes_on(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    options = ["--data", folder, "--output", output, "--chunk", "1", "--workers", "2", "--chokepoints"]
    for name, values in (("--on", DAYS), ("--market", MARKETS)):
        options += [text for value in values for text in (name, value)]
    command = [sys.executable, "-m", "supplychain", "sweep", *map(str, options)]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    parts = tmp_path / "out.csv.parts"
    deadline = time.monotonic() + 120
    while len(list(parts.glob("0*.csv"))) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not output.exists()
    assert 3 <= len(list(parts.glob("0*.csv"))) < 36
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "36 rows of 36 scenarios" in done.stderr
    sweep(jobs.exposures(folder, None), asked(folder, chokepoints=True), tmp_path / "whole.csv", workers=1)
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_parts_of_another_sweep_are_refused(folder: Path, tmp_path: Path) -> None:
    queries, job, output = asked(folder), jobs.exposures(folder, None), tmp_path / "out.csv"
    with pytest.raises(PowerCutError):
        sweep(job, queries, output, workers=1, chunk=1, progress=stop_after(1))
    with pytest.raises(InputError, match="same scenarios"):
        sweep(job, queries[:-1], output, workers=1, chunk=1)
    with (folder / "production.csv").open("a") as file:
        file.write("\n")  # other data, other results
    with pytest.raises(InputError, match="same scenarios"):
        sweep(jobs.exposures(folder, None), queries, output, workers=1, chunk=1)
    with pytest.raises(InputError, match="started with"):
        sweep(job, queries, output, workers=1, chunk=1)


def test_bad_arguments(folder: Path, tmp_path: Path) -> None:
    queries, job = asked(folder), jobs.exposures(folder, None)
    (tmp_path / "there.csv").write_text("mine")
    for output, match in (("out.txt", "csv or .parquet"), ("there.csv", "--force"), ("no/out.csv", "existing folder")):
        with pytest.raises(InputError, match=match):
            sweep(job, queries, tmp_path / output)
    with pytest.raises(InputError, match="at least one"):
        sweep(job, [], tmp_path / "out.csv")
    assert (tmp_path / "there.csv").read_text() == "mine"
    with pytest.raises(InputError, match="existing file or folder"):
        jobs.firm_losses(tmp_path / "missing.csv", None)
    with pytest.raises(InputError, match="fixed, shared, first"):
        jobs.firm_losses(tmp_path / "there.csv", None, "equal")


def test_stops_of_a_company_network(tmp_path: Path) -> None:
    links, stops, output = tmp_path / "links.csv", tmp_path / "stops.csv", tmp_path / "out.csv"
    links.write_text("supplier,buyer,share,kind\nm1,k,0.9,m\nm2,k,0.1,m\nk,p,1,k\n")
    stops.write_text("scenario,node,left\none,m1,0\nhalf,m1,0.5\nboth,m1,0\nboth,m2,0\n")
    command = [sys.executable, "-m", "supplychain", "sweep", "--links", links, "--stops", stops, "--output", output]
    subprocess.run(command, check=True, capture_output=True)
    assert pd.read_csv(output).to_dict("list") == {
        "scenario": ["one", "half", "both"], "loss": pytest.approx([0.9, 0.45, 1.0]), "hit": [3, 3, 4],
        "worst": ["m1", "m1", "m1"],
    }  # fmt: skip


# --- a cluster of two workers on this machine -------------------------------------------------------------------------


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Address of a scheduler, and its two worker processes."""
    pytest.importorskip("distributed")
    file = tmp_path / "scheduler.json"
    processes = [_start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file)]
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    local = tmp_path / "workers"
    options = ["--scheduler-file", file, "--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", local]
    workers = [_start("worker", *options) for _ in range(2)]
    try:
        yield pd.read_json(file, typ="series")["address"], workers
    finally:
        for process in [*workers, *processes]:
            process.kill()
            process.wait()


def _start(what: str, *options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "distributed.cli.dask_" + what, *map(str, options)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_cluster_that_loses_a_worker_gives_all_rows(
    folder: Path, tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    queries, job = asked(folder, chokepoints=True), jobs.exposures(folder, None, felt=True)
    killed = []

    def kill_one(done: int, total: int) -> None:
        if done >= 6 and not killed:
            workers[0].kill()
            killed.append(done)

    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    rows = sweep(job, queries, tmp_path / "cluster.csv", scheduler=address, chunk=1, progress=kill_one)
    assert killed
    assert killed[0] < len(queries)
    assert workers[0].wait(timeout=10) == -signal.SIGKILL
    assert workers[1].poll() is None
    assert rows == len(queries) == 36
    sweep(job, queries, tmp_path / "local.csv", workers=2, chunk=1)
    assert (tmp_path / "cluster.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()


def test_no_scheduler_there(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    for address in ("tcp://127.0.0.1:1", "nonsense"):
        with pytest.raises(InputError, match="--scheduler"):
            sweep(jobs.exposures(folder, None), asked(folder), tmp_path / "out.csv", scheduler=address)
