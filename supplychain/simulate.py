"""What is lost on which day: stocks run down, shipments under way still arrive (arrays only)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from supplychain.availability import Bools, Chain, Floats, Ints, Level, Pool, Restrictions, SharingMode
from supplychain.availability import loss_of_needs, meet
from supplychain.errors import InputError

SETTLED = 1e-12  # smaller changes of a loss do not travel on (availability's tolerance)
NOTICED = 1e-9  # a smaller loss is rounding, not a first loss
RECOVERED = 0.995  # share of normal output that counts as back to normal


@dataclass(frozen=True, eq=False)
class Segment:
    """What is in force from day `start` (0 = the first clause's day) until the next segment starts."""

    start: int
    restrictions: Restrictions
    pools: tuple[Pool, ...] = ()


@dataclass(frozen=True, eq=False)
class Path:
    """Day by day what is left of the watched supplies and nodes.

    supply: (days, supplies, K) A; node: (days, nodes, K) a
    node_first: (nodes, K) day of the first loss with the part of that day that stock still covers, nan if none
    node_ran_out: (nodes, K) the need that bound on that day, -1 if none
    """

    supply: Floats
    node: Floats
    node_first: Floats
    node_ran_out: Ints


@dataclass(frozen=True, eq=False)
class Summary:
    """A path in figures, each (rows, K).

    first_day: day of the first loss, nan if none; worst: largest share lost on a day; days_lost: days of normal output;
    recovered: first day after which at least 0.995 is left to the end, nan if never below or never back;
    ran_out: the need that bound on the first day, -1 for none
    """

    first_day: Floats
    worst: Floats
    days_lost: Floats
    recovered: Floats
    ran_out: Ints


def summarise(path: Path) -> tuple[Summary, Summary]:
    """The watched supplies and the watched nodes of a path in figures."""
    first = _first(path.supply < 1.0 - NOTICED)
    return (
        _summary(path.supply, first, np.full(first.shape, -1)),
        _summary(path.node, path.node_first, path.node_ran_out),
    )


def _first(happens: Bools) -> Floats:
    result: Floats = np.where(happens.any(axis=0), happens.argmax(axis=0), np.nan) if len(happens) else np.nan
    return result


def _summary(left: Floats, first: Floats, ran_out: Ints) -> Summary:
    days = len(left)
    since = _first(left[::-1] < RECOVERED)  # days between the last bad day and the end
    recovered = np.where(since > 0, days - since, np.nan)
    return Summary(first, 1.0 - left.min(axis=0), days - left.sum(axis=0), recovered, ran_out)


def simulate(
    chain: Chain,
    segments: Sequence[Segment],
    criticality: Floats,
    lone: Bools,
    stock: Floats,
    transit: Ints,
    refill: float,
    days: int,
    watch_supply: Ints,
    watch_node: Ints,
    sharing: SharingMode = "fixed",
    progress: Callable[[int], None] | None = None,
) -> Path:
    """Plain daily loop."""
    K = stock.shape[1]
    need = np.arange(len(chain.need_node))
    whole = _part(chain, need)
    nothing = Restrictions(np.ones((chain.nodes, K)), np.zeros(0, np.intp), np.zeros((0, K)))

    def at(day: int) -> Segment:
        started = [s for s in segments if s.start <= day]
        return started[-1] if started else Segment(-1, nothing)

    history: list[Floats] = []
    supply_path = np.ones((days, len(watch_supply), K))
    node_path = np.ones((days, len(watch_node), K))
    first = np.full((chain.nodes, K), np.nan)
    ran_out = np.full((chain.nodes, K), -1)
    left = stock.copy()
    for t in range(days):
        today = at(t)
        r = np.zeros((chain.share.nnz, K))
        for T in np.unique(transit):
            then = at(t - T).restrictions
            mine = transit[then.link] == T
            r[then.link[mine]] = then.r[mine]
        own_loss = 1.0 - today.restrictions.own
        loss = own_loss.copy()
        while True:
            shipped = loss[chain.share.indices]
            for T in np.unique(transit[transit > 0]):
                mine = transit == T
                shipped[mine] = history[t - T][chain.share.indices[mine]] if t >= T else 0.0
            arriving = chain.share.data[:, None] * (r + (1.0 - r) * shipped)
            raw = np.zeros((chain.supplies, K))
            np.add.at(raw, chain.link_supply, arriving)
            lost = raw.copy()
            if sharing != "fixed":
                for pool in today.pools:
                    met = 1.0 - meet(pool, sharing, 1.0 - raw[pool.supply], 1.0 - loss)
                    lost[pool.supply] = np.where(pool.columns, met, lost[pool.supply])
            inflow = lost[chain.need_supply]
            short = np.maximum(0.0, inflow - left)
            new = own_loss.copy()
            if len(need):
                new[whole.node] = np.maximum(own_loss[whole.node], loss_of_needs(whole, chain, criticality, short, lone))
            change = np.abs(new - loss).max(initial=0.0)
            loss = new
            if change < SETTLED:
                break
        history.append(loss)
        supply_path[t] = 1.0 - lost[watch_supply]
        node_path[t] = 1.0 - loss[watch_node]
        new_loss = (loss > NOTICED) & np.isnan(first)
        covered, index = _binding(whole, chain, criticality, short, lone, left, inflow)
        day, which = np.zeros_like(first), np.full_like(ran_out, -1)
        day[whole.node], which[whole.node] = covered, index
        cause = new_loss & (loss > own_loss + SETTLED)
        first[new_loss] = t
        first[cause] += day[cause]
        ran_out[cause] = which[cause]
        used = np.maximum(short, loss[chain.need_node])
        left = np.minimum(stock, left - inflow + used + np.where(inflow <= NOTICED, refill, 0.0))
        if progress is not None:
            progress(t + 1)
    return Path(supply_path, node_path, first[watch_node], ran_out[watch_node])


def _part(chain: Chain, need: Ints) -> Level:
    """Whole nodes as one level, from all their needs."""
    group = np.flatnonzero(np.diff(chain.need_group[need], prepend=-1))
    node = np.flatnonzero(np.diff(chain.need_node[need[group]], prepend=-1))
    nothing = np.zeros(0, dtype=np.intp)
    return Level(nothing, chain.share, chain.need_node[need[group[node]]], need, group, node, False)


def _binding(
    part: Level, chain: Chain, criticality: Floats, short: Floats, lone: Bools, left: Floats, inflow: Floats
) -> tuple[Floats, Ints]:
    """For each node of a part the share of the day that stock of its binding input covers, and that input.

    The binding input weighs most in the loss of its group (of all `adds` together); of equals, the one with least cover.
    short: (needs, K) what inflow and stock leave missing; left, inflow: stock and 1 - f at the start of the day
    Returns S / (1 - f) (nodes, K) and the need (nodes, K).
    """
    need = part.need
    if not len(need):
        return np.zeros((0, short.shape[1])), np.zeros((0, short.shape[1]), np.intp)
    essential = chain.essential[need][:, None]
    weight = np.where(lone, 1.0, chain.weight[need][:, None])
    lonely = criticality[need] * short
    covered = chain.takeover[need][:, None] * (1.0 - short)
    size = np.diff(part.group_start, append=len(need))
    others = np.repeat(np.add.reduceat(covered, part.group_start), size, axis=0) - covered
    alone = lone | (np.repeat(size, size) == 1)[:, None]
    part_of = weight * lonely * np.where(alone, 1.0, 1.0 - np.minimum(1.0, others))
    group = np.repeat(
        np.where(
            lone & chain.essential[need[part.group_start]][:, None],
            np.maximum.reduceat(lonely, part.group_start),
            np.add.reduceat(part_of, part.group_start),
        ),
        size,
        axis=0,
    )
    start = part.group_start[part.node_start]
    many = np.diff(start, append=len(need))

    def over(ufunc: np.ufunc, values: Floats) -> Floats:
        result: Floats = np.repeat(ufunc.reduceat(values, start), many, axis=0)
        return result

    added = over(np.add, np.where(essential, 0.0, part_of))
    total = np.where(essential, group, added)
    in_binding = total >= over(np.maximum, total) - SETTLED
    binds = in_binding & (part_of >= over(np.maximum, np.where(in_binding, part_of, 0.0)) - SETTLED) & (part_of > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        cover = np.where(binds & (inflow > 0), left / inflow, np.inf)
    least = np.minimum.reduceat(cover, start)
    at = np.where(cover <= np.repeat(least, many, axis=0), np.arange(len(need))[:, None], len(need))
    position = np.minimum.reduceat(at, start)
    found = np.isfinite(least)
    return np.where(found, least, 0.0), np.where(found, need[np.minimum(position, len(need) - 1)], -1)
