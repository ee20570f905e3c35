"""The dashboard under many users, on loopback: `python tests/benchmarks/load.py --users 20 --seconds 60`.

Starts gunicorn as docs/serving.md says and lets users behave as a browser does: the page, its scripts once, then the
callbacks that the page triggers, all at the same time, as real requests. Every user draws product, good, event or
country for each page, and changes the question now and then: the day (40 % the last one known, 45 % a day on which a
clause changes, 15 % any day since July 2023), the market (45 % USA, 40 % one of seven others, 15 % any), the reading
(25 % short, 5 % with sharing). On 40 % of the pages the table or the sources of one card are opened. Between two pages
a user thinks (--think, evenly drawn). Cards that are computed only when asked for ("What would help") are left out.

Prints how long callbacks and pages took (p50, p95, largest), apart for questions that the server was asked before and
new ones, errors, requests a second, CPU seconds and memory of the workers over time. Leaves 1 when anything failed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import brotli

import supplychain as sc

END = 5.0  # seconds that requests may still take when the time is over; then they are dropped and not counted
MARKETS = ("EU", "DEU", "JPN", "KOR", "GBR", "FRA", "TWN")
CONNECTIONS = 6  # that a browser opens to one host
LIMIT = 120.0  # seconds after which an answer counts as an error
SCRIPT = re.compile(r'(?:src|href)="(/(?:_dash-component-suites|assets)/[^"]+)"')
TICK = os.sysconf("SC_CLK_TCK")
PAGE_OUTPUT, SLOT_OUTPUT, TAB_OUTPUT = "page.children", '"slot"', '"tab-table"'
OPEN, SOURCES = 0.4, 0.3  # how often a tab of a page is opened, how often it is the one with the sources
LOOK = (1.0, 5.0)  # seconds after which a tab is opened


class NoAnswerError(Exception):
    """An answer that is none."""


# --- what users ask ---------------------------------------------------------------------------------------------------


class Choices:
    """What there is to ask about."""

    def __init__(self, net: sc.Network) -> None:
        goods, countries = net.table("goods"), net.table("countries")
        self.products = goods.loc[goods["kind"] == "product", "good"].tolist()
        self.goods = goods.loc[goods["kind"] != "product", "good"].tolist()
        self.events = net.table("events")["event"].tolist()
        self.countries = countries.loc[countries["kind"] != "rest", "country"].tolist()
        self.last = net.knowledge_until
        changes = net.model.calendar.changes(date(2023, 7, 1), self.last)
        self.turns = sorted({when.date() for when in changes["date"]})  # where the player of the timeline stops


@dataclass
class Mind:
    """One user: the question that stays while pages change, and where to go next."""

    choices: Choices
    dice: random.Random
    tabs: random.Random  # of its own, so that the pages are the same whether or not tabs are opened
    day: date = date(2025, 6, 5)
    market: str = "USA"
    more: str = ""

    def __post_init__(self) -> None:
        self.ask_anew(1.0)

    def ask_anew(self, chance: float = 0.15) -> None:
        """Another day, market or way of asking, now and then."""
        dice, has = self.dice, self.choices
        if dice.random() < chance:
            far = date(2023, 7, 1) + timedelta(days=dice.randrange((has.last - date(2023, 7, 1)).days))
            self.day = dice.choices([has.last, dice.choice(has.turns), far], [40, 45, 15])[0]
        if dice.random() < chance:
            self.market = dice.choices(["USA", dice.choice(MARKETS), dice.choice(has.countries)], [45, 40, 15])[0]
        if dice.random() < chance:
            self.more = dice.choices(["", "&reading=short", "&sharing=shared"], [70, 25, 5])[0]

    def page(self) -> str:
        """The path to go to."""
        dice, has = self.dice, self.choices
        kind = dice.choices(
            ["", "product", "good", "event", "country", "list", "explorer", "compare", "plain"],
            [25, 25, 15, 10, 10, 5, 4, 3, 3],
        )[0]
        items = {"product": has.products, "good": has.goods, "event": has.events, "country": has.countries}
        if kind in items:
            return f"/{kind}/{dice.choice(items[kind])}"
        if kind == "list":
            return "/" + dice.choice(sorted(items))
        if kind == "plain":
            return "/" + dice.choice(["methods", "evidence", "what-if"])
        return f"/{kind}"

    @property
    def search(self) -> str:
        return f"?on={self.day}&market={self.market}{self.more}"


# --- a browser --------------------------------------------------------------------------------------------------------


@dataclass
class Record:
    """What was measured: (what, seconds, new question), errors, bytes."""

    took: list[tuple[str, float, bool]] = field(default_factory=list)
    pages: list[tuple[str, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: int = 0
    received: int = 0
    asked: set[tuple[str, ...]] = field(default_factory=set)


class Browser:
    """HTTP over a few connections that stay open."""

    def __init__(self, port: int, record: Record) -> None:
        self.port, self.record = port, record
        self.room = asyncio.Semaphore(CONNECTIONS)
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def request(self, path: str, body: object = None) -> bytes:
        """The body of an answer. Raises NoAnswerError for anything but 200 and 204."""
        async with self.room:
            for fresh in (False, True):
                try:
                    return await asyncio.wait_for(self._once(path, body, fresh), LIMIT)
                except (ConnectionError, asyncio.IncompleteReadError) as error:
                    if fresh:  # a kept connection may have been closed meanwhile, a new one may not
                        raise NoAnswerError(f"{path}: {error!r}") from None
                except TimeoutError:
                    raise NoAnswerError(f"{path}: no answer in {LIMIT:.0f} s") from None
        raise AssertionError

    async def _once(self, path: str, body: object, fresh: bool) -> bytes:
        self.record.requests += 1
        kept = not fresh and bool(self.idle)
        reader, writer = self.idle.pop() if kept else await asyncio.open_connection("127.0.0.1", self.port)
        sent = b"" if body is None else json.dumps(body).encode()
        head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
        head += f"Accept-Encoding: br\r\nContent-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n"
        try:
            writer.write(head.encode() + sent)
            await writer.drain()
            status, headers = self._head(await reader.readuntil(b"\r\n\r\n"))
            content = await self._body(reader, headers)
        except BaseException:
            writer.close()
            raise
        if headers.get("connection") == "close":
            writer.close()
        else:
            self.idle.append((reader, writer))
        self.record.received += len(content)
        if status not in (200, 204):
            raise NoAnswerError(f"{path}: status {status}")
        return brotli.decompress(content) if headers.get("content-encoding") == "br" else content

    @staticmethod
    def _head(head: bytes) -> tuple[int, dict[str, str]]:
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(first.split()[1]), {name.lower(): value.strip().lower() for name, _, value in pairs}

    @staticmethod
    async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await reader.readexactly(int(headers.get("content-length", 0)))
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return b"".join(parts)

    def close(self) -> None:
        for _, writer in self.idle:
            writer.close()


def slots_in(content: Any) -> Iterator[str]:
    """The parts of a page that its answer leaves to be filled."""
    if isinstance(content, dict):
        name = content.get("id")
        if isinstance(name, dict) and name.get("type") == "slot-go":
            yield name["slot"]
        for value in content.values():
            yield from slots_in(value)
    elif isinstance(content, list):
        for value in content:
            yield from slots_in(value)


def cards_in(content: Any) -> Iterator[tuple[str, list[str]]]:
    """The cards in an answer with the tabs that were sent."""
    if isinstance(content, dict):
        name = content.get("id")
        if isinstance(name, dict) and name.get("type") == "tabs-sent":
            yield name["card"], content["data"]
        for value in content.values():
            yield from cards_in(value)
    elif isinstance(content, list):
        for value in content:
            yield from cards_in(value)


def page_body(output: str, asked: dict[str, str]) -> dict[str, object]:
    """What the browser sends when the address has changed."""
    parts = [part.rpartition(".") for part in output.strip(".").split("...")]
    return {
        "output": output,
        "outputs": [{"id": name, "property": prop} for name, _, prop in parts],
        "inputs": [{"id": "request", "property": "data", "value": asked}],
        "changedPropIds": ["request.data"],
        "parsedChangedPropsIds": ["request.data"],
    }


def slot_body(output: str, slot: str, asked: dict[str, str]) -> dict[str, object]:
    """What the browser sends when a part of the page is to be filled."""
    return {
        "output": output,
        "outputs": {"id": {"slot": slot, "type": "slot"}, "property": "children"},
        "inputs": [{"id": {"slot": slot, "type": "slot-go"}, "property": "data", "value": slot}],
        "changedPropIds": [],
        "parsedChangedPropsIds": [],
        "state": [{"id": "request", "property": "data", "value": asked}],
    }


def tab_body(output: str, card: str, sent: list[str], asked: dict[str, str]) -> dict[str, object]:
    """What the browser sends when a tab of a card is opened."""
    parts = [part.rpartition(".") for part in output.strip(".").split("...")]
    places = [json.loads(name) | {"card": card} for name, _, _ in parts]
    name = {"card": card, "type": "tabs-sent"}
    changed = f"{json.dumps(name, separators=(',', ':'))}.data"
    return {
        "output": output,
        "outputs": [{"id": place, "property": "children"} for place in places],
        "inputs": [{"id": name, "property": "data", "value": sent}],
        "changedPropIds": [changed],
        "parsedChangedPropsIds": [changed],
        "state": [{"id": "request", "property": "data", "value": asked}],
    }


async def use(port: int, mind: Mind, record: Record, think: tuple[float, float], wait: float, until: float) -> None:
    """One user from the first page to the end."""
    browser, outputs = Browser(port, record), dict[str, str]()
    await asyncio.sleep(wait)
    try:
        while time.monotonic() < until:
            try:
                if not outputs:
                    outputs = await open_first(browser, mind)
                await visit(browser, mind, record, outputs)
            except NoAnswerError as error:
                record.errors.append(str(error))
            await asyncio.sleep(min(mind.dice.uniform(*think), max(0.0, until - time.monotonic())))
            mind.ask_anew()
    finally:
        browser.close()


async def open_first(browser: Browser, mind: Mind) -> dict[str, str]:
    """The document, its scripts, and the names of the callbacks."""
    document = (await browser.request("/" + mind.search)).decode()
    await asyncio.gather(*(browser.request(path.replace("&amp;", "&")) for path in SCRIPT.findall(document)))
    await browser.request("/_dash-layout")
    found = [callback["output"] for callback in json.loads(await browser.request("/_dash-dependencies"))]
    page = next(output for output in found if PAGE_OUTPUT in output)
    slot, tab = (next(output for output in found if name in output) for name in (SLOT_OUTPUT, TAB_OUTPUT))
    return {"page": page, "slot": slot, "tab": tab}


async def visit(browser: Browser, mind: Mind, record: Record, outputs: dict[str, str]) -> None:
    """A page with all that it triggers."""
    path = mind.page()
    asked = {"path": path, "search": mind.search, "theme": "light"}
    kind = path.split("/")[1] or "today"
    if "/" in path[1:]:
        kind += "/*"
    began = time.monotonic()

    async def call(what: str, body: dict[str, object]) -> Any:
        question = (what, path, mind.search)
        new = question not in record.asked
        record.asked.add(question)
        start = time.monotonic()
        answer = json.loads(await browser.request("/_dash-update-component", body) or b"{}")
        record.took.append((f"{kind} {what}", time.monotonic() - start, new))
        if "sideUpdate" in answer and "problem" in answer["sideUpdate"]:
            raise NoAnswerError(f"{path}{mind.search} {what}: the page could not be drawn")
        return answer

    drawn = await call("page", page_body(outputs["page"], asked))
    parts = await asyncio.gather(*(call(slot, slot_body(outputs["slot"], slot, asked)) for slot in slots_in(drawn)))
    record.pages.append((kind, time.monotonic() - began))
    if cards := list(cards_in([drawn, *parts])):
        card, sent = mind.tabs.choice(cards)
        name = "Sources" if "Table" in sent or mind.tabs.random() < SOURCES else "Table"
        if name not in sent and mind.tabs.random() < OPEN:
            await asyncio.sleep(mind.tabs.uniform(*LOOK))
            await call("tab", tab_body(outputs["tab"], card, [*sent, name], asked))


# --- the server -------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(port: int, workers: int, threads: int, cold: bool) -> subprocess.Popen[bytes]:
    """gunicorn as docs/serving.md says, ready to answer; unless cold, when it has worked ahead."""
    command = [sys.executable, "-m", "gunicorn", "dashboard.app:create_server()", "--preload", "--no-control-socket"]
    command += ["--workers", str(workers), "--threads", str(threads), "--worker-connections", str(threads)]
    command += ["--keep-alive", "0", "--bind", f"127.0.0.1:{port}"]
    command += ["--log-level", "warning"]
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2", "SUPPLYCHAIN_AHEAD": "0" if cold else "1"}
    server = subprocess.Popen(command, cwd=Path(__file__).parents[2], env=environment)
    for _ in range(6_000):
        if server.poll() is not None:
            sys.exit("the server did not start")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                pids = children(server.pid)
                if len(pids) == workers and not any(map(yields, pids)):  # the one that works ahead has ended
                    return server
        except OSError:
            pass
        time.sleep(0.1)
    server.kill()
    sys.exit("the server was not ready within ten minutes")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def yields(pid: int) -> bool:
    """Whether a process leaves the processor to others (nice)."""
    return os.getpriority(os.PRIO_PROCESS, pid) > 0


def memory(pid: int) -> float:
    """Resident memory (MB)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1000


def cpu(pid: int) -> float:
    """Seconds of CPU used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


async def watch(pids: list[int], every: float, until: float) -> list[tuple[float, list[float]]]:
    """Memory of the workers over time (s, MB each)."""
    began, seen = time.monotonic(), []
    while time.monotonic() < until:
        seen.append((time.monotonic() - began, [memory(pid) for pid in pids]))
        await asyncio.sleep(every)
    return seen


# --- what came of it --------------------------------------------------------------------------------------------------


def line(what: str, seconds: list[float]) -> str:
    """Count, p50, p95 and the largest, in milliseconds."""
    order = sorted(seconds)
    p50, p95 = (1000 * order[min(len(order) - 1, int(share * len(order)))] for share in (0.5, 0.95))
    return f"{what:28s}{len(order):7d}{p50:9.0f}{p95:9.0f}{1000 * order[-1]:9.0f}"


def told(record: Record, seconds: float, used: float, seen: list[tuple[float, list[float]]]) -> str:
    """The result as text."""
    lines = [f"{'callback (ms)':28s}{'count':>7s}{'p50':>9s}{'p95':>9s}{'largest':>9s}"]
    by = defaultdict(list)
    for what, took, new in record.took:
        for name in ("ALL", "ALL, new question" if new else "ALL, asked before", what):
            by[name].append(took)
    lines += [line(name, by[name]) for name in sorted(by, key=lambda n: (not n.startswith("ALL"), n))]
    pages = defaultdict(list)
    for kind, took in record.pages:
        pages[kind].append(took)
    lines += ["", f"{'whole page (ms)':28s}", *(line(name, pages[name]) for name in sorted(pages))]
    rate = record.requests / seconds
    lines += ["", f"{record.requests} requests, {rate:.1f} a second, {record.received / 1e6:.0f} MB, "
              f"{len(record.errors)} errors; workers used {used:.0f} s of CPU in {seconds:.0f} s"]  # fmt: skip
    every = seen[:: max(1, len(seen) // 12)]
    memories = (f"{when:.0f} s: {', '.join(f'{m:.0f}' for m in each)}" for when, each in every)
    lines += [f"memory of the workers (MB): {'; '.join(memories)}"]
    half, end = (sum(seen[k][1]) for k in (len(seen) // 2, -1))
    lines += [f"growth in the second half: {100 * (end / half - 1):+.1f} %", *record.errors[:10]]
    return "\n".join(lines)


async def drive(
    port: int, users: int, seconds: float, think: tuple[float, float], seed: int, pids: list[int]
) -> tuple[Record, list[Any]]:
    """All users; they come one after the other within the first seconds."""
    record, choices = Record(), Choices(sc.load(os.environ.get("SUPPLYCHAIN_DATA")))
    until = time.monotonic() + seconds
    arrive = min(seconds / 6, users / 4)
    minds = [Mind(choices, random.Random(seed * 10_000 + k), random.Random(seed * 10_000 + k)) for k in range(users)]
    people = [
        asyncio.create_task(use(port, mind, record, think, mind.dice.uniform(0, arrive), until)) for mind in minds
    ]
    seen = await watch(pids, max(1.0, seconds / 60), until)
    done, late = await asyncio.wait(people, timeout=END)
    for person in late:
        person.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    for person in done:
        person.result()
    return record, seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--think", type=float, nargs=2, default=(2.0, 8.0), metavar=("LEAST", "MOST"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cold", action="store_true", help="nothing is solved or simulated before it is asked for")
    asked = parser.parse_args()
    port = free_port()
    server = serve(port, asked.workers, asked.threads, asked.cold)
    try:
        pids = children(server.pid)
        before = sum(map(cpu, pids))
        record, seen = asyncio.run(drive(port, asked.users, asked.seconds, tuple(asked.think), asked.seed, pids))
        used = sum(map(cpu, pids)) - before
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
    print(f"{asked.users} users, {asked.workers} workers with {asked.threads} threads, think {asked.think[0]:g} to "
          f"{asked.think[1]:g} s")  # fmt: skip
    print(told(record, asked.seconds, used, seen))
    return 1 if record.errors else 0


if __name__ == "__main__":
    sys.exit(main())
