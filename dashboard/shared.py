"""What is solved and simulated, kept small and shared by all workers: each takes long and holds megabytes."""

from __future__ import annotations

import math
import multiprocessing
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from functools import cache

import numpy as np

from dashboard.vault import Vault
from supplychain.availability import Floats
from supplychain.binding import Solved
from supplychain.exposure import Result
from supplychain.kept import Kept
from supplychain.model import Model
from supplychain.network import Exposure, Network, simulation_key
from supplychain.scenario import Scenario
from supplychain.tables import Tables
from supplychain.timeline import AHEAD, Run, Simulation, simulation

ANSWERS = 32  # kept by each worker
DAYS = 512  # days that are kept solved for all markets
SOLUTION = 1_000_000  # bytes of one, compressed: four times the usual
SLOTS = 1536  # questions whose losses are kept; the one unused for longest makes room
SIZE = 400_000  # bytes of one, compressed: four times the usual
AT_WORK = 32  # locks, so that one question is simulated once and not by every thread and worker that waits for it
PATIENCE = 10.0  # seconds for another to simulate; one that was killed does not let go
# Markets that are simulated in one run: twelve cost half as much again as one.
TOGETHER = ("USA", "CHN", "JPN", "DEU", "KOR", "GBR", "FRA", "ITA", "IND", "TWN", "MEX", "CAN")
ENDS = 3  # low, central, high
_HEAD = struct.Struct("<qq")  # day 0 as an ordinal, days


class Felt(Simulation):
    """The daily losses of a simulation; whatever else it holds is simulated again where somebody asks for it."""

    def __init__(self, result: Result, start: date, lost: Floats, again: Callable[[], Run]) -> None:
        """lost: (products of the result, days, 3) low, central, high; again: how to get the whole run."""
        self._result, self._start, self._again = result, start, again
        self._days, self._lost = lost.shape[1], dict(zip(result.products, lost, strict=True))

    @property
    def start(self) -> date:
        return self._start

    @property
    def until(self) -> date:
        return self._start + timedelta(days=self._days - 1)

    def runs(self, product: str) -> Floats:
        return self._lost[product]

    @property
    def run(self) -> Run:
        return self._again()


class Shared(Network):
    """A network whose simulations are kept small, in memory that all workers share when they are forked from this.

    So are the days that were solved ahead. What is kept of a simulated question holds every product, also those that
    the market is not known to make or buy: it answers whichever are asked for.
    """

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._losses, self._solutions = Vault(SLOTS, SIZE, idle=math.inf), Vault(DAYS, SOLUTION, idle=math.inf)
        self._at_work = [multiprocessing.Lock() for _ in range(AT_WORK)]
        self._answers, self._asking = Kept[Exposure](ANSWERS), threading.Lock()
        self._place = {product: k for k, product in enumerate(self._products(None))}

    def ask(self, scenario: Scenario) -> Exposure:
        """The answer to a scenario; the last ones are kept, with what was computed from them.

        One at a time: the parts of a page ask the same thing together.
        """
        with self._asking:
            found = self._answers.get(scenario.query)
            if found is None:
                found = super().ask(scenario)
                self._answers.put(scenario.query, found)
            return found

    def simulated(self, result: Result) -> Simulation | None:
        """The losses day by day behind `felt`; None without effects."""
        scenario, key = result.scenario, _key(result.scenario)
        body = self._kept(scenario)
        if body is None:
            with self._alone(key):
                body = self._kept(scenario) or self._simulate(self._with_others(scenario))
        if body is None:
            return None
        start, last = _start(body), scenario.on + timedelta(days=AHEAD)
        lost = np.frombuffer(body, dtype=np.float64, offset=_HEAD.size).reshape(len(self._place), -1, ENDS)
        asked = [self._place[product] for product in result.products]

        @cache
        def again() -> Run:
            return simulation(result, start, last).run

        return Felt(result, start, lost[asked, : (last - start).days + 1], again)

    def ahead(self, scenarios: Iterable[Scenario]) -> None:
        """Simulate what was not yet, in one run; the scenarios differ in their market alone."""
        missing = [scenario for scenario in scenarios if self._kept(scenario) is None]
        if missing:
            self._simulate(missing)

    def solve_ahead(self, scenario: Scenario) -> None:
        """Solve a day for all markets and keep it for every worker."""
        _, solved = super()._solve_anew(scenario)
        packed = zlib.compress(solved.made.tobytes() + solved.arrived.tobytes(), 1)
        if len(packed) <= SOLUTION:
            self._solutions.put(self._solution_key(scenario), packed)

    def _solve_anew(self, scenario: Scenario) -> tuple[Model, Solved]:
        packed = self._solutions.get(self._solution_key(scenario))
        if packed is None:
            return super()._solve_anew(scenario)
        chain = self.model.sourcing.chain
        both = np.frombuffer(zlib.decompress(packed)).reshape(chain.nodes + chain.supplies, -1)
        return self.model, self.model.solve(scenario, known=(both[: chain.nodes], both[chain.nodes :]))

    def _kept(self, scenario: Scenario) -> bytes | None:
        packed = self._losses.get(_key(scenario))
        body = None if packed is None else zlib.decompress(packed)
        return None if body is None or _start(body) > scenario.on else body

    def _simulate(self, together: Sequence[Scenario]) -> bytes | None:
        """The losses of the first scenario, all kept; None without effects."""
        results = [Network.ask(self, scenario.changed(products=tuple(self._place))) for scenario in together]
        made = self.simulated_anew(*results)
        if made is None:
            return None
        bodies = [_losses(Simulation(result, made.run), list(self._place)) for result in results]
        for scenario, body in zip(together, bodies, strict=True):
            packed = zlib.compress(body, 1)
            if len(packed) <= SIZE:
                self._losses.put(_key(scenario), packed)
        return bodies[0]

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        lock = self._at_work[zlib.crc32(key.encode()) % AT_WORK]
        lock.acquire(timeout=PATIENCE)  # in vain if its holder was killed: then it is let go for all below
        try:
            yield
        finally:
            with suppress(ValueError):  # let go twice
                lock.release()

    def _with_others(self, scenario: Scenario) -> list[Scenario]:
        """The scenario first, and where it is about a market of `TOGETHER` the same for the others."""
        alone = scenario.sharing != "fixed" or scenario.market not in TOGETHER
        known = set() if alone else set(self.tables["countries"]["country"]) - {scenario.market}
        return [scenario, *(scenario.changed(market=code) for code in TOGETHER if code in known)]


def _key(scenario: Scenario) -> str:
    """What is kept holds every product."""
    return f"{simulation_key(scenario.changed(products=()))}&end_use={scenario.end_use}"


def _start(body: bytes) -> date:
    return date.fromordinal(_HEAD.unpack_from(body)[0])


def _losses(made: Simulation, products: Sequence[str]) -> bytes:
    """Day 0, days and the losses of every product as bytes."""
    lost = np.stack([made.runs(product) for product in products])
    return _HEAD.pack(made.start.toordinal(), made.run.days) + lost.tobytes()
