"""What is felt, kept small and shared by all workers: a simulation takes a second and what it holds takes megabytes."""

from __future__ import annotations

import math
import struct
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from dashboard.vault import Vault
from supplychain.availability import Floats
from supplychain.exposure import Result
from supplychain.network import Network
from supplychain.tables import Tables
from supplychain.timeline import AHEAD, LONGEST, Run, Simulation, first_effect, simulation

SLOTS = 64  # questions whose losses are kept; the one unused for longest makes room
ENDS = 3  # low, central, high
_HEAD = struct.Struct("<qq")  # day 0 as an ordinal (0: nothing takes effect), days


class Felt(Simulation):
    """The daily losses of a simulation; whatever else it holds is simulated again where somebody asks for it."""

    def __init__(self, result: Result, start: date, lost: Floats) -> None:
        """lost: (products of the result, days, 3) share of normal supply lost: low, central, high."""
        self._result, self._start, self._lost = result, start, dict(zip(result.products, lost, strict=True))

    @property
    def start(self) -> date:
        return self._start

    def losses(self, product: str) -> Floats:
        return self._lost[product]

    @cached_property
    def run(self) -> Run:  # type: ignore[override]
        return simulation(self._result, self._start, _until(self._result)).run


class Shared(Network):
    """A network whose simulations are kept small, in memory that all workers share when they are forked from this."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        most = int((tables["goods"]["kind"] == "product").sum())
        size = _HEAD.size + most * (LONGEST + AHEAD + 1) * ENDS * 8
        self._losses = Vault(SLOTS, size, idle=math.inf)

    def simulated(self, result: Result) -> Simulation | None:
        """The losses day by day behind `felt`; None without effects."""
        key = result.scenario.query
        body = self._losses.get(key)
        if body is None:
            body = _simulated(result)
            self._losses.put(key, body)
        ordinal, days = _HEAD.unpack_from(body)
        if not ordinal:
            return None
        lost = np.frombuffer(body, dtype=np.float64, offset=_HEAD.size).reshape(len(result.products), days, ENDS)
        return Felt(result, date.fromordinal(ordinal), lost)


def _simulated(result: Result) -> bytes:
    """Day 0, days and the losses of every product as bytes."""
    start = first_effect(result.model, result.scenario, result.scenario.on)
    if start is None:
        return _HEAD.pack(0, 0)
    made = simulation(result, start, _until(result))
    lost = np.stack([made.losses(product) for product in result.products])
    return _HEAD.pack(start.toordinal(), made.run.days) + lost.tobytes()


def _until(result: Result) -> date:
    return result.scenario.on + timedelta(days=AHEAD)
