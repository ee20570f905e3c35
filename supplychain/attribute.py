"""Who did how much of it: contributions of events or commodities, and the exact difference of two scenarios.

Both are Shapley values of a game whose players are switched on and off while everything else stays; each coalition is
one column of the same chain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import comb

import numpy as np
import pandas as pd

from supplychain.availability import Bools, Floats, Ints, Pool, Restrictions, availability
from supplychain.binding import Solved
from supplychain.errors import InputError
from supplychain.exposure import Result
from supplychain.model import Model
from supplychain.readings import CENTRAL, CLASSES, CLEAN, RUNS
from supplychain.reduction import Reduced, reduce
from supplychain.restrictions import Act, pool_of, touched
from supplychain.scenario import Scenario

EXACT_PLAYERS = 12
ORDERS = 2_000
ORDERS_AT_ONCE = 500
BATCH = 256  # coalitions solved at once
METHODS = ("shapley", "alone")
PLAYERS = ("event", "commodity")
Value = Callable[[Bools], Floats]


class Game:
    """What is short under any coalition of players; players own acts, acts of nobody are always on.

    value(coalitions) -> (coalitions, targets) central loss of the target supplies.
    """

    def __init__(
        self, model: Model, acts: Sequence[Act], owner: Sequence[int], end_use: str, scenario: Scenario, targets: Ints
    ) -> None:
        self._model, self._sharing = model, scenario.sharing
        run = CLASSES.index(end_use)
        mine = [(act, who) for act, who in zip(acts, owner, strict=True) if act.run == run]
        self._acts = [act for act, _ in mine]
        self._owner = np.array([who for _, who in mine], dtype=np.intp)
        sourcing = model.sourcing
        own, links = touched(self._acts, sourcing.chain.nodes)
        self._pools = self._pool_plan()
        self._laid: dict[tuple[str, tuple[int, ...]], Pool | None] = {}
        # Without issuers a pool is as wide as any coalition can make it.
        whole = tuple(pool_of(sourcing, good, (), np.ones(1, bool)) for good in self._pools)
        self._reduced: Reduced = reduce(sourcing.chain, own, links, targets, whole if self._sharing != "fixed" else ())
        self._targets = self._reduced.supply_at(targets)
        self._criticality = model.criticality[self._reduced.need][:, [run * RUNS + CENTRAL]]
        self._at = [self._positions(act) for act in self._acts]

    def players_that_matter(self) -> list[int]:
        """Players with an act that reaches the targets."""
        return sorted({int(w) for w, (at, _) in zip(self._owner, self._at, strict=True) if w >= 0 and len(at)})

    def value(self, coalitions: Bools) -> Floats:
        """(coalitions, targets) loss of each target: coalitions (n, players) says who is on."""
        parts = [self._solve(coalitions[k : k + BATCH]) for k in range(0, len(coalitions), BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self._targets)))

    def _positions(self, act: Act) -> tuple[Ints, Floats]:
        """Where an act bites in the reduced chain, and its central r there."""
        here = self._reduced.node if act.effect.acts_on == "output" else self._reduced.link
        inside = np.isin(act.links, here)
        return np.searchsorted(here, act.links[inside]), act.r[inside, CENTRAL]

    def _solve(self, coalitions: Bools) -> Floats:
        chain = self._reduced.chain
        columns = len(coalitions)
        own = np.ones((chain.nodes, columns))
        lost = np.zeros((chain.share.nnz, columns))
        for act, who, (at, r) in zip(self._acts, self._owner, self._at, strict=True):
            on = np.ones(columns) if who < 0 else coalitions[:, who].astype(float)
            cut = r[:, None] * on
            if act.effect.acts_on == "output":
                own[at] = np.minimum(own[at], 1.0 - cut)
            else:
                lost[at] = np.maximum(lost[at], cut)
        link = np.flatnonzero(lost.any(axis=1))
        pools = [] if self._sharing == "fixed" else self._pools_of(coalitions)
        _, arrived = availability(
            chain, Restrictions(own, link, lost[link]), self._criticality, None, self._sharing, pools
        )
        return 1.0 - arrived[self._targets].T

    def _pool_plan(self) -> dict[str, list[tuple[int, int]]]:
        """good -> (player, issuer or -1) of the clauses that name it."""
        plan: dict[str, list[tuple[int, int]]] = {}
        index = self._model.sourcing.world.country_index
        for act, who in zip(self._acts, self._owner, strict=True):
            if not act.effect.practice:
                issuer = -1 if act.effect.acts_on == "output" else index[act.effect.issuer]
                plan.setdefault(act.effect.good, []).append((int(who), issuer))
        return plan

    def _pools_of(self, coalitions: Bools) -> list[Pool]:
        """The pools of some coalitions: the issuers of the clauses that are on decide who shares."""
        found = []
        everyone = np.column_stack([coalitions, np.ones(len(coalitions), dtype=bool)])  # at -1: nobody's, always on
        for good, named in sorted(self._pools.items()):
            who, issuer = np.array(named, dtype=np.intp).T
            on = everyone[:, who]
            issuers = np.unique(issuer[issuer >= 0])
            states = np.column_stack([on.any(axis=1), *(on[:, issuer == i].any(axis=1) for i in issuers)])
            distinct, which = np.unique(states, axis=0, return_inverse=True)
            for k, state in enumerate(distinct):
                pool = self._pool(good, tuple(issuers[state[1:]].tolist())) if state[0] else None
                if pool is not None:
                    found.append(replace(pool, columns=which.ravel() == k))
        return found

    def _pool(self, good: str, issuers: tuple[int, ...]) -> Pool | None:
        """A pool in the reduced chain, laid out once."""
        key = good, issuers
        if key not in self._laid:
            whole = pool_of(self._model.sourcing, good, frozenset(issuers), np.ones(1, bool))
            self._laid[key] = self._reduced.pool(whole)
        return self._laid[key]


def shapley(value: Value, players: int, seed: int = 0, orders: int = ORDERS) -> tuple[Floats, Floats]:
    """Shapley value of each player and its standard error: exact up to 12 players, else from random orders.

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! x (v(S + i) - v(S))

    value: coalitions (n, players) of booleans -> (n, targets). Returns (players, targets) twice. The values add up to
    v(all) - v(none). Source: Shapley (1953); sampling as in Castro, Gomez and Tejada (2009).

    >>> shapley(lambda on: (0.6 * on[:, :1] + 0.4 * on[:, 1:] * ~on[:, :1]), 2)[0].ravel().round(2).tolist()
    [0.4, 0.2]
    """
    if players <= EXACT_PLAYERS:
        codes = np.arange(2**players)
        on = (codes[:, None] >> np.arange(players) & 1).astype(bool)
        values = value(on)
        size = on.sum(axis=1)
        weight = np.array([1 / (players * comb(players - 1, k)) for k in range(players)] or [0.0])
        found = []
        for i in range(players):
            without = np.flatnonzero(~on[:, i])
            gain = values[without | (1 << i)] - values[without]
            found.append(weight[size[without]] @ gain)
        exact = np.array(found).reshape(players, values.shape[1])
        return exact, np.zeros_like(exact)
    rng = np.random.default_rng(seed)
    gains = []
    for done in range(0, orders, ORDERS_AT_ONCE):
        some = min(ORDERS_AT_ONCE, orders - done)
        order = rng.permuted(np.tile(np.arange(players), (some, 1)), axis=1)
        on = np.arange(players + 1)[:, None] > np.argsort(order, axis=1)[:, None, :]
        values = _of_distinct(value, on.reshape(-1, players)).reshape(*on.shape[:2], -1)
        gain = np.empty((some, players, values.shape[2]))
        np.put_along_axis(gain, order[:, :, None], np.diff(values, axis=1), axis=1)
        gains.append((gain.sum(axis=0), (gain**2).sum(axis=0)))
    total, squares = (np.sum(part, axis=0) for part in zip(*gains, strict=True))
    mean = total / orders
    return mean, np.sqrt(np.maximum(squares / orders - mean**2, 0.0) / orders)


def _of_distinct(value: Value, coalitions: Bools) -> Floats:
    """The values of coalitions, each distinct one asked for once."""
    distinct, which = np.unique(np.packbits(coalitions, axis=1), axis=0, return_inverse=True)
    return value(np.unpackbits(distinct, axis=1, count=coalitions.shape[1]).astype(bool))[which.ravel()]


def contributions(x: Result, product: str, by: str = "event", method: str = "shapley") -> pd.DataFrame:
    """How much of the shortage of a product each event (or commodity) is behind: player, alone, last, shapley, se.

    alone = v({i}); last = v(all) - v(all but i); the Shapley values add up to what is short. With more than 12 linked
    players they come from 2,000 random orders (seed 0) and `se` is their standard error.
    Raises UnknownIdError for an unknown product, InputError for another `by` or `method`.
    """
    if by not in PLAYERS:
        raise InputError("contributions", "by", by, ", ".join(PLAYERS))
    if method not in METHODS:
        raise InputError("contributions", "method", method, ", ".join(METHODS))
    good = x.known(product)
    names, owner = _players(x, by)
    targets, weights = x.supplies(good)
    game = Game(x.model, x.acts, owner, x.end_use(good), x.scenario, targets)
    matter = game.players_that_matter()
    frame = _table(lambda on: game.value(_spread(on, matter, len(names))) @ weights[:, None], len(matter), method)
    players = pd.Series([names[k] for k in matter], dtype="str")  # text also where nobody matters
    frame.insert(0, "player", players)
    order = "alone" if method == "alone" else "shapley"
    return frame.sort_values([order, "player"], ascending=[False, True], kind="stable", ignore_index=True)


def _table(value: Value, players: int, method: str) -> pd.DataFrame:
    alone = value(np.eye(players, dtype=bool))[:, 0]
    everyone = value(np.ones((1, players), dtype=bool))[0, 0]
    last = everyone - value(~np.eye(players, dtype=bool))[:, 0]
    columns = {"alone": alone, "last": last}
    if method == "shapley":
        values, errors = shapley(value, players)
        columns |= {"shapley": values[:, 0], "se": errors[:, 0]}
    return pd.DataFrame({name: np.where(np.abs(c) < CLEAN, 0.0, c) for name, c in columns.items()})


def _players(x: Result, by: str) -> tuple[list[str], list[int]]:
    """Names of the players and, for each act, which of them owns it."""
    if by == "event":
        keys = [act.effect.event for act in x.acts]
    else:
        table = x.model.tables["goods"].set_index("good")["commodity"]
        keys = [";".join(table[act.effect.good]) or act.effect.good for act in x.acts]
    names = sorted(set(keys))
    return names, [names.index(key) for key in keys]


def _spread(on: Bools, matter: Sequence[int], players: int) -> Bools:
    full = np.zeros((len(on), players), dtype=bool)
    full[:, list(matter)] = on
    return full


def difference(a: Result, b: Result, orders: int = ORDERS) -> pd.DataFrame:
    """What changed from one exposure to another: product, short_a, short_b, change, then one column an event.

    The players are the events whose effects differ; each is switched from what it was in `a` to what it is in `b`, and
    its column is its Shapley value in that game, so the columns add up to the change. Other data or other options give
    one more column, `data and options`: what changes at the events of `a` when only those are switched.
    orders: how many are drawn where more than 12 events differ; the columns add up whatever their number.
    Raises InputError when the two are about different markets.
    """
    if a.scenario.market != b.scenario.market:
        raise InputError("difference", "market", b.scenario.market, f"the market of the other, {a.scenario.market}")
    products = [p for p in b.products if p in a.products]
    middle = a if _same_base(a, b) else Result(b.model, *_resolved_with(b, a))
    names, acts, owner = _switches(middle, b)
    rows = []
    for end_use in CLASSES:
        chosen = [p for p in products if b.end_use(p) == end_use]
        if not chosen:
            continue
        supplies, weights = _market(b, chosen)
        game = Game(b.model, acts, owner, end_use, b.scenario, supplies)
        matter = game.players_that_matter()
        half = len(names)
        live = sorted({k % half for k in matter})

        def value(
            on: Bools, game: Game = game, live: list[int] = live, half: int = half, weights: Floats = weights
        ) -> Floats:
            after = _spread(on, live, half)
            return game.value(np.concatenate([~after, after], axis=1)) @ weights

        values, _ = shapley(value, len(live), orders=orders)
        for k, product in enumerate(chosen):
            before, after = (float(e.readings(product)[CENTRAL]) for e in (a, b))
            base = float(middle.readings(product)[CENTRAL]) - before
            row = {"product": product, "short_a": before, "short_b": after, "change": after - before}
            row |= {names[i]: float(values[j, k]) for j, i in enumerate(live)}
            rows.append(row | ({} if middle is a else {"data and options": base}))
    frame = pd.DataFrame(rows, columns=list(dict.fromkeys(key for row in rows for key in row))).fillna(0.0)
    numbers = frame.columns[1:]
    frame[numbers] = frame[numbers].where(frame[numbers].abs() > CLEAN, 0.0)
    order = frame["change"].abs().sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def _same_base(a: Result, b: Result) -> bool:
    """Whether only events differ: the same chain, sharing and end uses."""
    same = a.scenario.sharing == b.scenario.sharing and a.scenario.end_use == b.scenario.end_use
    return same and a.model.sourcing is b.model.sourcing


def _resolved_with(b: Result, a: Result) -> tuple[Solved, Scenario]:
    """The events of `a` under the data and options of `b`."""
    scenario = a.scenario.changed(sharing=b.scenario.sharing, end_use=b.scenario.end_use)
    model = b.model.under(scenario) if a.scenario.what_if else b.model
    return model.solve(scenario), scenario


def _switches(a: Result, b: Result) -> tuple[list[str], list[Act], list[int]]:
    """Events that act differently, the acts of both sides, and their owners: k as it was in a, n + k as it is in b."""

    def key(act: Act) -> tuple[object, ...]:
        return act.run, act.leg, act.effect.good, act.effect.acts_on, act.links.tobytes(), act.r.tobytes()

    before, after = _by_event(a.acts), _by_event(b.acts)
    names = [
        event
        for event in sorted(before.keys() | after.keys())
        if sorted(map(key, before.get(event, ()))) != sorted(map(key, after.get(event, ())))
    ]
    acts: list[Act] = []
    owner: list[int] = []
    for event, found in after.items():
        acts += found
        owner += [len(names) + names.index(event) if event in names else -1] * len(found)
    for event in names:
        acts += before.get(event, [])
        owner += [names.index(event)] * len(before.get(event, []))
    return names, acts, owner


def _by_event(acts: Sequence[Act]) -> dict[str, list[Act]]:
    found: dict[str, list[Act]] = {}
    for act in acts:
        found.setdefault(act.effect.event, []).append(act)
    return found


def _market(x: Result, products: Sequence[str]) -> tuple[Ints, Floats]:
    """Supplies of several products in the market and the (supplies, products) weights of its countries."""
    found = [x.supplies(p) for p in products]
    supplies = np.concatenate([s for s, _ in found])
    weights = np.zeros((len(supplies), len(products)))
    start = 0
    for k, (rows, weight) in enumerate(found):
        weights[start : start + len(rows), k] = weight
        start += len(rows)
    order = np.argsort(supplies, kind="stable")
    return supplies[order], weights[order]
