"""Real faults while files are written: a full disk, a folder that cannot be written, a process killed in the middle.

The old file stays as it was, nothing is left beside it, and the command says in one line what is wrong.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from report_package import small_package

from supplychain.files import replacing, write_whole

OLD = b"the old file"
SMALL = 64 * 1024  # bytes of the full disk: room for the old file, not for an answer
ON = ("--on", "2025-06-05", "--market", "USA")
MAIN = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit then fails, as on a full disk
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1))
sys.argv[1:] = sys.argv[2:]
from supplychain.cli import main
main()
"""
WRITERS: dict[str, tuple[tuple[str, ...], str]] = {
    "exposure as csv": (("exposure", *ON), "answer.csv"),
    "exposure as json": (("exposure", *ON), "answer.json"),
    "exposure as table": (("exposure", *ON), "answer.txt"),
    "sample": (("sample", *ON, "--draws", "20"), "answer.csv"),
    "simulate": (("simulate", "--market", "USA", "--start", "2025-04-01", "--until", "2025-05-01", "--daily"), "a.csv"),
    "graph": (("graph", *ON), "graph.graphml"),
    "graph as csv": (("graph", *ON), "graph.csv"),
    "report as html": (("report", "situation", *ON), "report.html"),
    "report as xlsx": (("report", "situation", *ON), "report.xlsx"),
    "report as md": (("report", "situation", *ON), "report.md"),
    "report as json": (("report", "situation", *ON), "report.json"),
    "report as pdf": (("report", "situation", *ON), "report.pdf"),
    "sweep": (("sweep", *ON, "--workers", "1"), "sweep.csv"),
    "sweep to parquet": (("sweep", *ON, "--workers", "1"), "sweep.parquet"),
}
FEW = ("exposure as csv", "sweep")  # where the way to the file is the same for all


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_package(tmp_path_factory.mktemp("faults") / "data")


def command(name: str, target: Path, data: Path) -> list[str]:
    words, _ = WRITERS[name]
    return [*words, "--data", str(data), "--output", str(target), "--force"]


def run(words: list[str], largest: int = 2**40) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own that may write files of up to `largest` bytes."""
    line = [sys.executable, "-c", MAIN, str(largest), *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=180, check=False)


def refused(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("supplychain: "), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_the_old_file(name: str, data: Path, tmp_path: Path) -> None:
    """No file may grow beyond 100 bytes: what the system says then is what it says on a full disk."""
    if name == "report as pdf":
        pytest.importorskip("weasyprint")
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / WRITERS[name][1]
    target.write_bytes(OLD)
    refused(run(command(name, target, data), largest=100))
    assert target.read_bytes() == OLD
    parts = folder / f"{target.name}.parts"
    assert [p.name for p in folder.iterdir() if p != parts] == [target.name]
    assert not parts.exists() or not list(parts.iterdir())


def mounted(folder: Path, *options: str) -> bool:
    """A small disk in memory at `folder`; False where the machine does not allow it."""
    folder.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", ",".join((f"size={SMALL}", *options)), "tmpfs", str(folder)]
    return shutil.which("mount") is not None and subprocess.run(line, capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 64 KB."""
    folder = tmp_path / "disk"
    if not mounted(folder):
        pytest.skip("only root may mount a small disk; the limit on file sizes stands in for it above")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", ["report as html", "report as json", "sweep"])
def test_a_small_disk_that_fills_up(name: str, data: Path, disk: Path) -> None:
    target = disk / WRITERS[name][1]
    target.write_bytes(OLD)
    (disk / "filler").write_bytes(b"\0" * (SMALL - 8_192))
    refused(run(command(name, target, data)))
    assert target.read_bytes() == OLD
    left = [path for path in disk.rglob("*") if path.is_file() and path.name not in (target.name, "filler")]
    assert {path.name for path in left} <= {"plan.json"}  # of a sweep, which goes on from there
    assert all(json.loads(path.read_text("utf-8"))["chunks"] for path in left)  # whole


@pytest.mark.parametrize("name", FEW)
def test_a_disk_that_is_read_only(name: str, data: Path, disk: Path) -> None:
    target = disk / WRITERS[name][1]
    target.write_bytes(OLD)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    refused(run(command(name, target, data)))
    assert target.read_bytes() == OLD


def test_no_templates_on_a_disk_that_is_full_or_read_only(disk: Path, tmp_path: Path) -> None:
    (disk / "filler").write_bytes(b"\0" * (SMALL - 8_192))
    refused(run(["init", str(disk / "own")]))
    assert [path.name for path in disk.iterdir()] == ["filler"]
    refused(run(["init", str(tmp_path / "own")], largest=100))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    refused(run(["init", str(disk / "own")]))
    assert not [path for path in tmp_path.iterdir() if path != disk]


@pytest.mark.parametrize("place", ["/proc/answer.csv", "file/answer.csv", "no/answer.csv", "x" * 300 + ".csv", ""])
def test_a_place_that_no_file_can_have(place: str, data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    refused(run(command("exposure as csv", tmp_path / place, data)))
    assert (tmp_path / "file").read_bytes() == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", FEW)
def test_a_pipe_or_device_is_never_replaced(name: str, data: Path, tmp_path: Path) -> None:
    target = tmp_path / WRITERS[name][1]
    os.mkfifo(target)
    refused(run(command(name, target, data)))
    assert target.is_fifo()


# --- killed in the middle ---------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from supplychain import files
from supplychain.cli import main
write = Path.write_bytes
def half(path, content):
    write(path, content[: len(content) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
Path.write_bytes = half
main()
"""


@pytest.mark.parametrize("name", ["exposure as csv", "report as json", "graph", "sweep"])
def test_a_process_killed_half_way_through_a_file(name: str, data: Path, tmp_path: Path) -> None:
    """The old file is whole, the rest is hidden, and the next run is as if nothing had been."""
    target = tmp_path / WRITERS[name][1]
    target.write_bytes(OLD)
    words = command(name, target, data)
    done = subprocess.run([sys.executable, "-c", KILLED, *words], capture_output=True, timeout=180, check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.read_bytes() == OLD
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path != target]
    assert len(left) == 1
    assert left[0].name.startswith(".")
    done_again = run(words)
    assert done_again.returncode == 0, done_again.stderr
    clean = tmp_path / "clean"
    clean.mkdir()
    again = clean / target.name
    assert run(command(name, again, data)).returncode == 0
    assert again.read_bytes() == target.read_bytes() != OLD


def test_what_a_killed_process_leaves_in_a_data_folder_is_passed_over(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(data, folder)
    before = run(["sweep", *ON, "--workers", "1", "--data", str(folder), "--output", str(tmp_path / "a.csv")])
    (folder / ".production.csv.0123456789ab").write_text("half a fi")
    (folder / ".goods.csv").write_text("half a fi")
    after = run(["sweep", *ON, "--workers", "1", "--data", str(folder), "--output", str(tmp_path / "b.csv")])
    assert (before.returncode, after.returncode) == (0, 0), after.stderr
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_reader_sees_the_old_file_or_the_new_one_at_any_moment(tmp_path: Path) -> None:
    """A process that rewrites a file without end is killed at many moments; each time the file is whole."""
    target = tmp_path / "file"
    write_whole(target, b"0" * 300_000)
    code = (
        "import sys, itertools; from pathlib import Path; from supplychain.files import write_whole\n"
        "for k in itertools.count(): write_whole(Path(sys.argv[1]), str(k % 10).encode() * 300_000)"
    )
    for wait in (0.3, 0.31, 0.34, 0.4, 0.47):
        process = subprocess.Popen([sys.executable, "-c", code, str(target)])
        time.sleep(wait)
        process.kill()
        process.wait()
        content = target.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1


# --- the writer itself ------------------------------------------------------------------------------------------------


def broken_body(_path: Path) -> None:
    raise ZeroDivisionError


def test_any_failure_on_the_way_removes_what_was_begun(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(OLD)
    target.chmod(0o640)
    failing: list[Callable[[Path], object]] = [broken_body, lambda path: path.write_bytes(b"new") and broken_body(path)]
    for body in failing:
        with pytest.raises(ZeroDivisionError), replacing(target) as temporary:
            body(temporary)
    assert target.read_bytes() == OLD
    write_whole(target, "new")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", 0o640)  # permissions stay
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_worker_that_is_killed_is_said_and_the_sweep_goes_on(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "sweep.csv"
    days = [word for k in range(1, 25) for word in ("--on", f"2025-05-{k:02}")]
    words = ["sweep", *days, "--market", "USA", "--chunk", "1", "--workers", "2"]
    words += ["--data", str(data), "--output", str(target)]
    line = [sys.executable, "-m", "supplychain", *words]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    parts = tmp_path / "sweep.csv.parts"
    deadline = time.monotonic() + 120
    while len(list(parts.glob("0*.csv"))) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    workers = [int(pid) for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]
    os.kill(workers[0], signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert "One was killed" in said.splitlines()[-1]
    assert "Traceback" not in said
    done = run(words)
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(target)) == 24 * 4
