"""What is felt, kept small and shared by all workers: a simulation takes a second and what it holds takes megabytes."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache

import numpy as np

from dashboard.vault import Vault
from supplychain.availability import Floats
from supplychain.exposure import Result
from supplychain.network import Network, simulation_key
from supplychain.tables import Tables
from supplychain.timeline import AHEAD, BACK, Run, Simulation, simulation

SLOTS = 128  # questions whose losses are kept; the one unused for longest makes room
# Markets that are simulated in one run: twelve cost half as much again as one.
TOGETHER = ("USA", "CHN", "JPN", "DEU", "KOR", "GBR", "FRA", "ITA", "IND", "TWN", "MEX", "CAN")
ENDS = 3  # low, central, high
LEAP_YEAR = 366
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
    """A network whose simulations are kept small, in memory that all workers share when they are forked from this."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        most = int((tables["goods"]["kind"] == "product").sum())
        size = _HEAD.size + most * (BACK + 2) * LEAP_YEAR * ENDS * 8
        self._losses = Vault(SLOTS, size, idle=math.inf)

    def simulated(self, result: Result) -> Simulation | None:
        """The losses day by day behind `felt`; None without effects."""
        on, key = result.scenario.on, _key(result)
        body = self._losses.get(key)
        if body is None or _start(body) > on:
            together = self._with_others(result)
            made = self.simulated_anew(*together)
            if made is None:
                return None
            bodies = [_losses(Simulation(one, made.run), one.products) for one in together]
            for one, kept in zip(together, bodies, strict=True):
                self._losses.put(_key(one), kept)
            body = bodies[0]
        start, last = _start(body), on + timedelta(days=AHEAD)
        lost = np.frombuffer(body, dtype=np.float64, offset=_HEAD.size).reshape(len(result.products), -1, ENDS)

        @cache
        def again() -> Run:
            return simulation(result, start, last).run

        return Felt(result, start, lost[:, : (last - start).days + 1], again)

    def _with_others(self, result: Result) -> list[Result]:
        """The result first, and where it is about every product in a market of `TOGETHER` the same for the others."""
        scenario = result.scenario
        alone = scenario.products or scenario.sharing != "fixed" or scenario.market not in TOGETHER
        known = set() if alone else set(self.tables["countries"]["country"]) - {scenario.market}
        return [result, *(self.ask(scenario.changed(market=code)) for code in TOGETHER if code in known)]


def _key(result: Result) -> str:
    return f"{simulation_key(result.scenario)}&end_use={result.scenario.end_use}"


def _start(body: bytes) -> date:
    return date.fromordinal(_HEAD.unpack_from(body)[0])


def _losses(made: Simulation, products: Sequence[str]) -> bytes:
    """Day 0, days and the losses of every product as bytes."""
    lost = np.stack([made.runs(product) for product in products])
    return _HEAD.pack(made.start.toordinal(), made.run.days) + lost.tobytes()
