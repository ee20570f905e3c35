"""Between which days the time to survive lies, in networks too large for its linear programme (arrays only).

The programme of `supplychain.survive` (Simchi-Levi et al. 2015) asks for the largest T up to which some plan loses
nothing. Two tests of one T take a few passes over the links each:

possible: a plan is looked for. Every need is split over its suppliers; orders run up the chain (own stock is used
    first), what cannot be made runs down, and each need shifts its orders towards suppliers with room, round after
    round. A plan without an overload is a proof: T is survived.
impossible: bounds that no plan escapes. most_i, what a firm can make at most, from all that its suppliers could leave
    to it; least_i, what it must make, from demand and from what its customers cannot get elsewhere; all needs of a kind
    against all that its makers have. least_i > most_i, or more needed than there is, is a proof: T is not survived.

What lies between stays open: the answer is a range, and says so. Where every need has one supplier both tests agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

LONGEST = 3_660.0  # days; what is survived for ten years is not told from what is survived longer
LEAST_STEP = 0.01  # days
TOLERANCE = 1e-9  # relative: smaller overloads are rounding
ROUNDS = 60  # of shifting orders
PATIENCE = 12  # rounds without progress
TIGHTENING = 6  # rounds of the bounds
TIGHTENING_CYCLES = 50
SETTLING = 500  # sweeps over a cycle
DAMPING = 0.7  # of a shift towards room: whole ones swing to and fro
UNUSED = 1e-3  # share of a supplier that delivers nothing in normal operation, to begin with
LESS = 0.999  # a little less than what can be served: else an overload fades, but never ends
MOST_ROOM = 4.0  # by which a supplier with much room is preferred in one round


@dataclass(frozen=True, eq=False)
class Flows:
    """A network in normal operation: n firms in order of making, m needs by firm, l links by need.

    supplier: (l,) firm; normal: (l,) units a day; start: (m + 1,) first link of each need, which has at least one
    needs_of: (n + 1,) first need of each firm; amount: (m,) units in one unit made; kind: (m,) of the need
    makes: (n,) kind that a firm makes; stock (units), capacity (units a day, inf: no limit), demand (units a day): (n,)
    stages: first firm of each stage, then n: a firm's suppliers stand in earlier stages; circular: not so in the last
    """

    supplier: Ints
    normal: Floats
    start: Ints
    needs_of: Ints
    amount: Floats
    kind: Ints
    makes: Ints
    stock: Floats
    capacity: Floats
    demand: Floats
    stages: Ints
    circular: bool

    @cached_property
    def need_node(self) -> Ints:
        """(m,) the firm that has each need."""
        return np.repeat(np.arange(len(self.makes)), np.diff(self.needs_of))

    @cached_property
    def parts(self) -> list[_Stage]:
        """The stages, suppliers first."""
        ends = [*zip(self.stages[:-1].tolist(), self.stages[1:].tolist(), strict=True)]
        return [_Stage(self, a, b, self.circular and b == ends[-1][1]) for a, b in ends if b > a]


class _Stage:
    """The firms of one stage with their needs and links, all side by side."""

    def __init__(self, flows: Flows, first: int, end: int, circular: bool) -> None:
        p, q = int(flows.needs_of[first]), int(flows.needs_of[end])
        s, t = int(flows.start[p]), int(flows.start[q])
        self.firm, self.need, self.link, self.circular = slice(first, end), slice(p, q), slice(s, t), circular
        self.links_of = np.diff(flows.start[p : q + 1])
        self.first_link = flows.start[p:q] - s
        having = np.diff(flows.needs_of[first : end + 1]) > 0
        self.user = np.flatnonzero(having)  # firms of the stage that have needs, as positions in it
        self.first_need = flows.needs_of[first:end][having] - p
        self.supplier, self.node = flows.supplier[s:t], flows.need_node[p:q]

    def by_need(self, of_link: Floats) -> Floats:
        """Sums over the links of each need."""
        result: Floats = np.add.reduceat(of_link, self.first_link) if len(of_link) else of_link
        return result

    def by_link(self, of_need: Floats) -> Floats:
        """The value of its need for each link."""
        return np.repeat(of_need, self.links_of)

    def least(self, of_need: Floats, without: float) -> Floats:
        """The least over the needs of each firm of the stage."""
        found = np.full(self.firm.stop - self.firm.start, without)
        if len(of_need):
            found[self.user] = np.minimum.reduceat(of_need, self.first_need)
        return found


def survival_bounds(
    flows: Flows, stopped: Ints, tolerance: float = 0.01, progress: Callable[[int, int], None] | None = None
) -> tuple[float, float]:
    """(low, high) days: nothing need be lost until `low`, and something is lost by `high`; inf: never, or not proven.

    Parameters: stopped: positions of firms that make nothing; tolerance: share of a bound to which it is found (at
    least 0.01 days); progress: called with (tests done, at most to do).
    low and high are bounds on the largest T of `supplychain.survive.time_to_survive`; low is 3,660 at most unless inf.
    Source: Simchi-Levi et al. (2015), TTS model.
    """
    capacity = flows.capacity.copy()
    capacity[stopped] = 0.0
    most = 2 * math.ceil(math.log2(LONGEST / LEAST_STEP))
    tests = _counted(progress, most)
    plan = _Plan(flows, capacity)
    if plan.possible(1.0, np.zeros_like(flows.stock)):  # without any stock: for ever
        return math.inf, math.inf
    high = math.inf
    if impossible(flows, capacity, LONGEST):
        high = _narrowed(lambda days: not impossible(flows, capacity, days), LONGEST, tolerance, tests)[1]
    longest = min(high, LONGEST)
    if plan.possible(longest, flows.stock):
        return longest, high
    return _narrowed(lambda days: plan.possible(days, flows.stock), longest, tolerance, tests)[0], high


def _counted(progress: Callable[[int, int], None] | None, most: int) -> Iterator[None]:
    for done in range(1, most + 1):
        if progress is not None:
            progress(done, most)
        yield
    while True:
        yield


def _narrowed(
    holds: Callable[[float], bool], end: float, tolerance: float, tests: Iterator[None]
) -> tuple[float, float]:
    """The last day known to hold and the first known not to, which `end` does not."""
    low, high = 0.0, end
    while high - low > max(LEAST_STEP, tolerance * high):
        middle = math.sqrt(low * high) if low > 1 else (low + high) / 2 if high <= 4 else 2.0
        next(tests)
        if holds(middle):
            low = middle
        else:
            high = middle
    return low, high


# --- possible ---------------------------------------------------------------------------------------------------------


class _Plan:
    """How every need is split over its suppliers; what was found for one T is where the next begins."""

    def __init__(self, flows: Flows, capacity: Floats) -> None:
        self._flows, self._capacity = flows, capacity
        needs = np.repeat(np.arange(len(flows.amount)), np.diff(flows.start))
        bought = np.bincount(needs, flows.normal, len(flows.amount))
        self._split = np.maximum(flows.normal, UNUSED * bought[needs])  # who delivers nothing yet may begin to
        self._share()

    def possible(self, days: float, stock: Floats) -> bool:
        """Whether a plan without losses over `days` was found."""
        began = self._split.copy()
        if self._found(days, stock):
            return True
        self._split = began  # what was tried in vain is no good start for fewer days
        return False

    def _found(self, days: float, stock: Floats) -> bool:
        limit = self._capacity * days
        best, since = math.inf, 0
        for _ in range(ROUNDS):
            asked = self._asked(days, stock)
            if asked is None:
                return False
            out, made = asked
            worst = float(np.divide(made - limit, out, out=np.zeros_like(made), where=made > limit).max(initial=0.0))
            if worst <= TOLERANCE:
                return True
            if worst < 0.995 * best:
                best, since = worst, 0
            elif (since := since + 1) > PATIENCE:
                return False
            self._shift(out, made, limit, stock)
        return False

    def _share(self) -> None:
        """Make the parts of every need add up to 1."""
        for stage in self._flows.parts:
            part = self._split[stage.link]
            total = stage.by_need(part)
            even = stage.by_link(1.0 / stage.links_of)
            there = stage.by_link(total)
            self._split[stage.link] = np.divide(part, there, out=even, where=there > 0)

    def _asked(self, days: float, stock: Floats) -> tuple[Floats, Floats] | None:
        """What must leave each firm and what it must make for that; None where a cycle takes more than it makes."""
        flows = self._flows
        out, made = flows.demand * days, np.zeros(len(stock))
        for stage in reversed(flows.parts):
            before = out.copy() if stage.circular else out
            for _ in range(SETTLING if stage.circular else 1):
                last = made[stage.firm].copy()
                made[stage.firm] = np.maximum(0.0, out[stage.firm] - stock[stage.firm])
                if stage.circular:
                    if np.all(made[stage.firm] - last <= TOLERANCE * made[stage.firm] / 10):
                        break
                    out[:] = before
                order = stage.by_link(flows.amount[stage.need] * made[stage.node]) * self._split[stage.link]
                np.add.at(out, stage.supplier, order)
            else:
                if stage.circular:
                    return None
        return out, made

    def _shift(self, out: Floats, made: Floats, limit: Floats, stock: Floats) -> None:
        """Order more from suppliers with room, less from those that cannot deliver."""
        flows = self._flows
        served = np.ones(len(out))
        for stage in flows.parts:
            for _ in range(SETTLING if stage.circular else 1):
                last = served[stage.firm].copy()
                got = stage.by_need(self._split[stage.link] * served[stage.supplier])
                can = np.minimum(limit[stage.firm], made[stage.firm] * stage.least(got, 1.0))
                has = stock[stage.firm] + can
                asked = out[stage.firm]
                served[stage.firm] = np.divide(has, asked, out=np.ones_like(has), where=asked > has)
                if np.all(last - served[stage.firm] <= TOLERANCE):
                    break
        room = np.full(len(out), MOST_ROOM)
        np.divide(stock + limit, out, out=room, where=stock + limit < MOST_ROOM * out)
        grade = np.where(served < 1.0 - TOLERANCE / 10, served * LESS, np.maximum(room, 1.0) ** DAMPING)
        self._split *= grade[flows.supplier]
        self._share()


# --- impossible -------------------------------------------------------------------------------------------------------


def impossible(flows: Flows, capacity: Floats, days: float) -> bool:
    """Whether it is proven that some demand is lost within `days`. capacity: (n,), 0 where stopped."""
    limit = capacity * days
    demand = flows.demand * days
    most, forced = limit.copy(), np.zeros(len(flows.supplier))
    for _ in range(TIGHTENING_CYCLES if flows.circular else TIGHTENING):
        before = most.copy()
        reserved = demand.copy()
        np.add.at(reserved, flows.supplier, forced)
        for stage in flows.parts:
            left = _left(flows, stage, most, reserved, forced)
            of_inputs = stage.least(stage.by_need(left) / flows.amount[stage.need], math.inf)
            most[stage.firm] = np.minimum(limit[stage.firm], of_inputs)
        out, needed = demand.copy(), np.zeros(len(flows.amount))
        for stage in reversed(flows.parts):
            least = np.maximum(0.0, out[stage.firm] - flows.stock[stage.firm])
            if _more(least, most[stage.firm]):
                return True
            needed[stage.need] = flows.amount[stage.need] * least[stage.node - stage.firm.start]
            left = _left(flows, stage, most, reserved, forced)
            if _more(needed[stage.need], stage.by_need(left)):
                return True
            forced[stage.link] = np.maximum(0.0, stage.by_link(needed[stage.need]) - _of_others(stage, left))
            np.add.at(out, stage.supplier, forced[stage.link])
        kinds = max(int(flows.kind.max(initial=-1)), int(flows.makes.max(initial=-1))) + 1
        maker = flows.makes >= 0
        has = np.maximum(0.0, flows.stock + most - demand)[maker]
        of_kind, there = np.bincount(flows.kind, needed, kinds), np.bincount(flows.makes[maker], has, kinds)
        if _more(of_kind.astype(np.float64), there.astype(np.float64)):
            return True
        if np.array_equal(before, most):
            return False
    return False


def _left(flows: Flows, stage: _Stage, most: Floats, reserved: Floats, forced: Floats) -> Floats:
    """(links of the stage,) what each supplier could leave to the need at most."""
    at, own = stage.supplier, forced[stage.link]
    result: Floats = np.maximum(0.0, flows.stock[at] + most[at] - (reserved[at] - own))
    return result


def _of_others(stage: _Stage, left: Floats) -> Floats:
    """(links,) what the other suppliers of the same need could leave it in all."""
    endless = np.isinf(left)
    own = np.where(endless, 0.0, left)
    others = stage.by_link(stage.by_need(own)) - own
    some = stage.by_link(stage.by_need(endless.astype(np.float64))) - endless
    return np.where(some > 0, math.inf, others * (1.0 + TOLERANCE))


def _more(needed: Floats, there: Floats) -> bool:
    """Whether anywhere clearly more is needed than there is."""
    return bool((needed > there * (1.0 + TOLERANCE) + 1e-12 * needed.max(initial=0.0)).any())
