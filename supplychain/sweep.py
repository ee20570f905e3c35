"""Many scenarios to one table: on the cores of this machine or on a Dask cluster, and on from where it was stopped.

The scenarios are cut into chunks. Each finished chunk becomes a file in the folder `OUTPUT.parts`, written whole or
not at all; when all are there they are put together in order, so that none is lost or doubled, whoever computed it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from supplychain.cells import to_csv
from supplychain.errors import InputError
from supplychain.files import cannot_write, check_target, replacing, write_whole
from supplychain.jobs import Exposures, FirmLosses

CHUNK = 32  # scenarios
WAITING = 4  # chunks handed out at once to each core
FORMATS = (".csv", ".parquet")

Job = Exposures | FirmLosses
Progress = Callable[[int, int], None]


def sweep(
    job: Job,
    scenarios: Sequence[Any],
    output: Path,
    workers: int | None = None,
    scheduler: str | None = None,
    chunk: int = CHUNK,
    force: bool = False,
    progress: Progress | None = None,
) -> int:
    """Run a job over scenarios and write one table, a row a scenario (and product).

    job, scenarios: from `supplychain.jobs`; output: .csv or .parquet; workers: processes (None: one a core, 1: this
    one); scheduler: address of a Dask scheduler, whose workers see the same files; chunk: scenarios in a piece;
    force: replace an existing output; progress: called with (scenarios done, all).
    Called again after an interruption it goes on with the chunks that are missing. Returns the number of rows.
    Raises InputError: an existing output, the parts of another sweep, no such scheduler.
    """
    if output.suffix.lower() not in FORMATS:
        raise InputError("sweep", "--output", str(output), "a file that ends in .csv or .parquet")
    check_target(output, force, "sweep")
    if not scenarios or chunk < 1:
        raise InputError("sweep", "scenarios", len(scenarios), "at least one, in chunks of 1 or more")
    chunks = [scenarios[start : start + chunk] for start in range(0, len(scenarios), chunk)]
    parts = Parts(output, job, chunks)
    parts.begin()
    missing = parts.missing()
    done = len(scenarios) - sum(len(chunks[k]) for k in missing)
    if progress is not None:
        progress(done, len(scenarios))
    run = _on_cluster(job, chunks, missing, scheduler) if scheduler else _here(job, chunks, missing, workers)
    for number, frame in run:
        parts.keep(number, frame)
        done += len(chunks[number])
        if progress is not None:
            progress(done, len(scenarios))
    return parts.combine()


class Parts:
    """The folder of finished chunks beside an output."""

    def __init__(self, output: Path, job: Job, chunks: Sequence[Sequence[Any]]) -> None:
        self.output, self.count = output, len(chunks)
        self.ending = output.suffix.lower()
        self.folder = output.with_name(f"{output.name}.parts")
        self._plan = {"job": repr(job), "chunks": self.count, "scenarios": _digest(chunks)}

    def begin(self) -> None:
        """Make the folder, or check that it holds parts of the same sweep."""
        plan = self.folder / "plan.json"
        wanted = json.dumps(self._plan)
        try:
            if not plan.exists():
                self.folder.mkdir(exist_ok=True)
                write_whole(plan, wanted, "sweep")
            elif plan.read_text("utf-8", "replace") != wanted:
                raise InputError("sweep", "parts", str(self.folder), "parts of the same scenarios, options and data",
                                 "Remove the folder to start afresh, or choose another output.")  # fmt: skip
        except OSError as error:
            raise cannot_write(self.folder, error, "sweep", "--output") from error

    def file(self, number: int) -> Path:
        """Where a chunk is kept."""
        return self.folder / f"{number:07d}{self.ending}"

    def missing(self) -> list[int]:
        """The chunks that are not there yet."""
        return [number for number in range(self.count) if not self.file(number).exists()]

    def keep(self, number: int, frame: pd.DataFrame) -> None:
        """Write a finished chunk, whole or not at all."""
        frame = _plain(frame)
        if self.ending == ".csv":
            write_whole(self.file(number), to_csv(frame), "sweep")
        else:
            write_whole(self.file(number), frame.to_parquet(index=False), "sweep")

    def combine(self) -> int:
        """All chunks in order as one file; the folder goes. Returns the number of rows."""
        with replacing(self.output, "sweep") as whole:
            rows = self._join_csv(whole) if self.ending == ".csv" else self._join_parquet(whole)
        shutil.rmtree(self.folder, ignore_errors=True)
        return rows

    def _join_csv(self, path: Path) -> int:
        rows = 0
        with path.open("wb") as file:
            for number in range(self.count):
                content = self.file(number).read_bytes()
                rows += len(pd.read_csv(self.file(number), usecols=[0]))
                file.write(content if number == 0 else content.partition(b"\n")[2])
        return rows

    def _join_parquet(self, path: Path) -> int:
        import pyarrow.parquet as pq  # only who writes Parquet pays for the import

        schema = pq.read_schema(self.file(0))
        with pq.ParquetWriter(path, schema) as writer:
            for number in range(self.count):
                writer.write_table(pq.read_table(self.file(number)).cast(schema))
        return int(pq.read_metadata(path).num_rows)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Every chunk with the same types: numbers, yes and no, text; lists joined by ';', blank text for nothing."""
    frame = frame.copy()
    for column in frame.columns:
        if frame[column].dtype == object or isinstance(frame[column].dtype, pd.StringDtype):
            cells = [";".join(map(str, cell)) if isinstance(cell, tuple | list) else cell for cell in frame[column]]
            frame[column] = pd.array(["" if pd.isna(cell) else str(cell) for cell in cells], dtype="str")
    return frame


def _digest(chunks: Sequence[Sequence[Any]]) -> str:
    total = hashlib.sha256()
    for scenarios in chunks:
        total.update(repr(list(scenarios)).encode())
    return total.hexdigest()


# --- who computes -----------------------------------------------------------------------------------------------------


def _here(
    job: Job, chunks: Sequence[Sequence[Any]], missing: Sequence[int], workers: int | None
) -> Iterator[tuple[int, pd.DataFrame]]:
    """On this machine: in processes of its own, or with one worker in this one."""
    count = min(workers or os.cpu_count() or 1, len(missing))
    if count <= 1:
        for number in missing:
            yield number, job(chunks[number])
        return
    todo = iter(missing)
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(job, chunks[k]): k for k in islice(todo, count * WAITING)}
        try:
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
                    running |= {pool.submit(job, chunks[k]): k for k in islice(todo, 1)}
        except BrokenProcessPool as error:
            remedy = "One was killed. The same command goes on from the chunks that are done."
            raise InputError("sweep", "--workers", count, "processes that fit into memory", remedy) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _on_cluster(
    job: Job, chunks: Sequence[Sequence[Any]], missing: Sequence[int], scheduler: str
) -> Iterator[tuple[int, pd.DataFrame]]:
    """On the workers of a Dask scheduler; what a lost worker had in hand another one computes again."""
    try:
        dask: Any = import_module("distributed")  # only who has a cluster pays for the import; it has no types
    except ImportError as error:
        raise InputError("sweep", "--scheduler", scheduler, "nothing", "Install the extra 'cluster'.") from error
    try:
        client = dask.Client(scheduler, timeout="5s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError("sweep", "--scheduler", scheduler, "the address of a running Dask scheduler, such as "
                         "tcp://10.0.0.1:8786") from error  # fmt: skip
    with client:
        futures = {client.submit(job, chunks[k], pure=False, retries=2): k for k in missing}
        for future in dask.as_completed(futures, loop=client.loop):
            number = futures.pop(future)
            yield number, future.result()
            future.release()
