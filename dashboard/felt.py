"""What is felt, kept small and shared by all workers: a simulation takes a second and what it holds takes megabytes."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from dashboard.vault import Vault
from supplychain.availability import Floats
from supplychain.exposure import Result
from supplychain.network import Network, simulation_key
from supplychain.tables import Tables
from supplychain.timeline import AHEAD, BACK, Run, Simulation, simulation

SLOTS = 64  # questions whose losses are kept; the one unused for longest makes room
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

    @cached_property
    def run(self) -> Run:  # type: ignore[override]
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
        on, key = result.scenario.on, f"{simulation_key(result.scenario)}&end_use={result.scenario.end_use}"
        body = self._losses.get(key)
        if body is None or date.fromordinal(_HEAD.unpack_from(body)[0]) > on:
            made = self.simulated_anew(result)
            if made is None:
                return None
            body = _losses(made, result.products)
            self._losses.put(key, body)
        ordinal, days = _HEAD.unpack_from(body)
        lost = np.frombuffer(body, dtype=np.float64, offset=_HEAD.size).reshape(len(result.products), days, ENDS)
        start, last = date.fromordinal(ordinal), on + timedelta(days=AHEAD)

        def again() -> Run:
            return simulation(result, start, last).run

        return Felt(result, start, lost[:, : (last - start).days + 1], again)


def _losses(made: Simulation, products: Sequence[str]) -> bytes:
    """Day 0, days and the losses of every product as bytes."""
    lost = np.stack([made.runs(product) for product in products])
    return _HEAD.pack(made.start.toordinal(), made.run.days) + lost.tobytes()
