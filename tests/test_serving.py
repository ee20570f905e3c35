"""The dashboard as docs/serving.md runs it, under real faults: killed workers, a stop, no place to write, two users."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
from benchmarks.load import children, cpu, free_port, page_body, slot_body, slots_in

ROOT = Path(__file__).parents[1]
DEADLINE = 60.0  # seconds
BUSY = 0.15  # CPU seconds after which a worker is taken to be at work on a request


class Client:
    """One browser: its cookies and the names of the callbacks."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open

    def get(self, path: str, **headers: str) -> tuple[Any, bytes]:
        request = urllib.request.Request(self.base + path, headers=headers)
        with self.open(request, timeout=DEADLINE) as answer:
            return answer.headers, answer.read()

    def call(self, body: dict[str, object]) -> Any:
        request = urllib.request.Request(
            f"{self.base}/_dash-update-component", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with self.open(request, timeout=DEADLINE) as answer:
            return json.loads(answer.read() or b"{}")

    def output(self, part: str) -> str:
        """The full name of the callback whose output holds a text."""
        names: list[str] = [callback["output"] for callback in json.loads(self.get("/_dash-dependencies")[1])]
        return next(name for name in names if part in name)

    def page(self, path: str, search: str) -> Any:
        return self.call(page_body(self.output("page.children"), asked(path, search)))

    def slot(self, slot: str, path: str, search: str) -> Any:
        return self.call(slot_body(self.output('"slot"'), slot, asked(path, search)))


def asked(path: str, search: str) -> dict[str, str]:
    return {"path": path, "search": search, "theme": "light"}


def text_of(answer: object) -> str:
    return json.dumps(answer, ensure_ascii=False)


def slow(day: str) -> tuple[str, str, str]:
    """A question that takes a second or more: a simulation of a year not asked about before."""
    return "answer", "/", f"?on={day}&market=EU"


def start(command: list[str], port: int, cwd: Path = ROOT, **options: Any) -> subprocess.Popen[bytes]:
    """A server that answers."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SUPPLYCHAIN_AHEAD": "0", **options.pop("env", {})}
    server = subprocess.Popen(command, cwd=cwd, env=environment, stderr=subprocess.DEVNULL, **options)
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until and server.poll() is None:
        try:
            Client(port).get("/")
        except OSError:
            time.sleep(0.1)
        else:
            return server
    server.kill()
    pytest.fail(f"no answer from {' '.join(command)}; left with {server.wait()}")


def gunicorn(port: int, *more: str) -> list[str]:
    """As in docs/serving.md, one request at a time in each worker, so that it is known who does what."""
    return [sys.executable, "-m", "gunicorn", "dashboard.app:create_server()", "--preload", "--no-control-socket",
            "--workers", "2", "--bind", f"127.0.0.1:{port}", *more]  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Port and process of a server with two workers."""
    port = free_port()
    server = start(gunicorn(port), port)
    yield port, server
    server.terminate()
    server.wait(timeout=DEADLINE)


class Running(threading.Thread):
    """A request in the background: its answer, or the error."""

    def __init__(self, port: int, day: str) -> None:
        super().__init__(daemon=True)
        self.client, self.day = Client(port), day
        self.names = self.client.output('"slot"')
        self.answer: Any = None
        self.error: Exception | None = None

    def run(self) -> None:
        slot, path, search = slow(self.day)
        try:
            self.answer = self.client.call(slot_body(self.names, slot, asked(path, search)))
        except OSError as error:
            self.error = error


def busy(pids: list[int], before: list[float]) -> list[int]:
    return [pid for pid, used in zip(pids, before, strict=True) if cpu(pid) - used > BUSY]


def wait_for(true: Any, what: str) -> None:
    until = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def test_what_simulates_ahead_yields_to_all_others_and_ends_with_the_server() -> None:
    port = free_port()
    server = start(gunicorn(port), port, env={"SUPPLYCHAIN_AHEAD": "1"})
    (ahead,) = [pid for pid in children(server.pid) if os.getpriority(os.PRIO_PROCESS, pid) > 0]
    assert os.getpriority(os.PRIO_PROCESS, ahead) == 19
    server.terminate()
    assert server.wait(timeout=DEADLINE) == 0
    wait_for(lambda: not Path(f"/proc/{ahead}").exists(), "the process that simulates ahead has ended")


def test_a_killed_worker_takes_only_its_own_request_along(served: tuple[int, subprocess.Popen[bytes]]) -> None:
    port, server = served
    pids = children(server.pid)
    before = [cpu(pid) for pid in pids]
    running = [Running(port, day) for day in ("2025-05-11", "2024-05-12")]
    for request in running:
        request.start()
    wait_for(lambda: busy(pids, before) == pids, "both workers are at work")
    os.kill(pids[0], signal.SIGKILL)
    answers = [Client(port).page("/good", "?on=2025-06-05&market=USA") for _ in range(6)]
    assert all("Minerals and other goods" in text_of(answer) for answer in answers)
    for request in running:
        request.join(DEADLINE)
    failed = [request for request in running if request.error is not None]
    (kept,) = [request for request in running if request.answer is not None]
    assert len(failed) == 1
    assert "products in the European Union" in text_of(kept.answer)
    wait_for(lambda: len(children(server.pid)) == 2, "another worker took the place of the killed one")
    assert pids[0] not in children(server.pid)


def test_every_worker_serves_every_script(served: tuple[int, subprocess.Popen[bytes]]) -> None:
    """Also a worker that never made a page: Dash registers the scripts only then."""
    port, server = served
    client = Client(port)
    page = client.get("/")[1].decode()
    scripts = [part.split('"')[0] for part in page.split('src="')[1:]]
    assert len(scripts) > 10
    for pid in children(server.pid):
        os.kill(pid, signal.SIGKILL)
    for script in scripts:
        assert client.get(script)[1]


def test_two_users_on_two_workers_see_only_their_own(served: tuple[int, subprocess.Popen[bytes]]) -> None:
    """Uploads are seen by all workers but by one user; what-ifs live in the address alone."""
    port, _ = served
    mine, theirs = Client(port), Client(port)
    question = "?on=2025-06-05&market=USA&reading=short"
    plain = text_of(theirs.slot("ranking", "/", question))
    inputs = [("own-upload", "contents", None), ("own-example", "n_clicks", 1), ("own-forget", "n_clicks", 0)]
    state = [("own-upload", "filename", None), ("request", "data", asked("/own", question))]
    example = {
        "output": "own-body.children",
        "outputs": {"id": "own-body", "property": "children"},
        "inputs": [{"id": i, "property": p, "value": v} for i, p, v in inputs],
        "state": [{"id": i, "property": p, "value": v} for i, p, v in state],
        "changedPropIds": ["own-example.n_clicks"],
        "parsedChangedPropsIds": ["own-example.n_clicks"],
    }
    assert "result" in set(slots_in(mine.call(example)))
    for _ in range(6):  # both workers are asked
        assert "result" in set(slots_in(mine.page("/own", question)))
        assert "Most exposed" in text_of(mine.slot("result", "/own", question))
        assert "result" not in set(slots_in(theirs.page("/own", question)))
        assert "Upload your files again" in text_of(theirs.slot("result", "/own", question))
    stop = "&what_if=USA%20stops%20copper_ore%20to%20ALL%20from%202025-01-01"
    mine.slot("ranking", "/", question + stop)
    assert text_of(theirs.slot("ranking", "/", question)) == plain


def test_answers_are_compressed_and_only_assets_are_kept(served: tuple[int, subprocess.Popen[bytes]]) -> None:
    client = Client(served[0])
    headers, body = client.get("/", **{"Accept-Encoding": "gzip"})
    assert (headers["Content-Encoding"], headers["Cache-Control"]) == ("gzip", "no-store")
    page = gzip.decompress(body).decode()
    assets = [part.split('"')[0] for part in page.split('"')[1::2] if part.startswith("/assets/")]
    assert len(assets) > 5
    for asset in assets:
        headers, body = client.get(asset, **{"Accept-Encoding": "br"})
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert headers["Content-Encoding"] == "br" or len(body) < 500
    (script,) = [part for part in page.split('"') if "/dcc/dash_core_components.v" in part]
    sizes = {coding: len(client.get(script, **{"Accept-Encoding": coding})[1]) for coding in ("identity", "gzip", "br")}
    assert sizes["br"] < sizes["gzip"] < sizes["identity"] / 2
    assert client.get(script)[0]["Cache-Control"] == "max-age=31536000"
    for path in ("/_dash-layout", "/_dash-dependencies", "/download/today/-/lately.csv?on=2025-06-05"):
        assert client.get(path)[0]["Cache-Control"] == "no-store"


def test_a_stop_lets_running_requests_finish() -> None:
    port = free_port()
    server = start(gunicorn(port), port)
    pids = children(server.pid)
    before = [cpu(pid) for pid in pids]
    request = Running(port, "2025-05-13")
    request.start()
    wait_for(lambda: busy(pids, before), "a worker is at work")
    server.send_signal(signal.SIGTERM)
    request.join(DEADLINE)
    assert request.error is None
    assert "products in the European Union" in text_of(request.answer)
    assert server.wait(timeout=DEADLINE) == 0
    with pytest.raises(urllib.error.URLError):
        Client(port).get("/")


def no_files() -> None:
    """Writing to files fails from now on, as on a full or read-only disk; 32 bytes are a semaphore in memory."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (32, 32))


def test_nothing_is_written(tmp_path: Path) -> None:
    """Home and working folder read-only and no file that grows: the dashboard does not notice."""
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    places = {"HOME": str(home), "TMPDIR": str(home), "XDG_CACHE_HOME": str(home)}
    port = free_port()
    command = [sys.executable, "-m", "supplychain", "dashboard", "--port", str(port)]
    server = start(command, port, home, env=places, preexec_fn=no_files, stdout=subprocess.DEVNULL)
    try:
        client, question = Client(port), "?on=2025-06-05&market=USA&reading=short"
        for slot in slots_in(client.page("/", question)):
            assert "sideUpdate" not in client.slot(slot, "/", question)
        assert client.get(f"/download/today/-/ranking.xlsx{question}")[1][:2] == b"PK"
    finally:
        server.terminate()
        server.wait(timeout=DEADLINE)
    assert list(home.iterdir()) == []
