"""What is lost on which day: stocks run down, and what is under way still arrives (arrays only).

The result is that of a loop over all days and all nodes; `supplychain.state` steps over the days on which nothing
changes. Columns do not touch each other: they are copies of the chain side by side, so that each changes on its own
days only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from scipy.sparse import csr_array

from supplychain.availability import Bools, Chain, Floats, Ints, Restrictions, SharingMode
from supplychain.errors import InputError
from supplychain.pooled import Pooled
from supplychain.state import Segment as Segment
from supplychain.state import State


@dataclass(frozen=True, eq=False)
class Path:
    """Day by day what is left of the watched supplies and nodes.

    supply: (days, supplies, K) A; node: (days, nodes, K) a
    node_first: (nodes, K) day of the first loss and the part of that day which stock still covers, nan if none
    node_ran_out: (nodes, K) the need that bound on that day, -1 if none did
    """

    supply: Floats
    node: Floats
    node_first: Floats
    node_ran_out: Ints


def simulate(
    chain: Chain,
    segments: Sequence[Segment],
    criticality: Floats,
    lone: Bools,
    stock: Floats,
    transit: Ints,
    refill: float | Floats,
    days: int,
    watch_supply: Ints,
    watch_node: Ints,
    sharing: SharingMode = "fixed",
    progress: Callable[[int], None] | None = None,
    share: Floats | None = None,
) -> Path:
    """Share of normal output and supply that is left on each day, after stocks and transit.

    f(t) = sum_n s (1 - r(t - T)) a_n(t - T); available = min(1, f + S); a from `available` as in `availability`;
    use = min(available, a); S <- min(ceiling, S + f - use + refill), refill only when f >= 1

    criticality: (Q, K) or (Q, 1); lone: (K,) see `loss_of_needs`; stock: (Q, K) days of normal use of each need, start
    and ceiling; transit: (links,) or (links, K) whole days T; refill: days of use a day, or (K,) of them; days: how
    many, the first is day 0, before which nothing is lost; watch_supply, watch_node: rows of the result; sharing acts
    on the inflow of the day; progress: called with the number of days done; share: (links, K) in place of the shares
    of the chain
    Raises InputError on a bad argument, ArithmeticError when a cycle within a day does not settle.
    Source: stocks of inputs as in the ARIO model (Hallegatte 2014), on `availability`.
    """
    _check(chain, segments, lone, stock, transit, refill, days, sharing)
    columns = stock.shape[1]
    on_the_way = np.broadcast_to(transit[:, None] if transit.ndim == 1 else transit, (chain.share.nnz, columns))
    copy = np.arange(columns)
    shared = segments if sharing != "fixed" else ()
    run = State(
        _copies(chain, lone, share),
        [_side_by_side(segment, chain, len(lone)) for segment in segments],
        Pooled(chain, [segment.pools for segment in shared], lone, sharing),
        np.broadcast_to(criticality, stock.shape).T.reshape(-1, 1),
        stock.T.ravel().astype(np.float64),
        on_the_way.T.ravel(),
        np.repeat(np.broadcast_to(np.asarray(refill, dtype=np.float64), columns), len(stock)),
        days,
    )
    supply_at = watch_supply[:, None] + copy * chain.supplies
    node_at = watch_node[:, None] + copy * chain.nodes
    run.watched[node_at] = True
    supply, node = np.empty((days, *supply_at.shape)), np.empty((days, *node_at.shape))
    day = 0
    while day < days:
        run.step(day)
        following = run.next_day()
        supply[day:following] = 1.0 - np.clip(run.lost[supply_at], 0.0, 1.0)
        node[day:following] = 1.0 - run.loss[node_at]
        day = following
        if progress is not None:
            progress(day)
    ran_out = run.ran_out[node_at]
    return Path(supply, node, run.first[node_at], np.where(ran_out < 0, -1, ran_out % max(1, len(stock))))


def _copies(chain: Chain, lone: Bools, shares: Floats | None) -> Chain:
    """One copy of the chain for each column; where `lone`, members of groups become lone inputs.

    shares: (links, columns) in place of those of the chain
    """
    columns = len(lone)
    copy = np.arange(columns)[:, None]
    share = csr_array(
        (
            np.tile(chain.share.data, columns) if shares is None else shares.T.ravel(),
            (chain.share.indices + copy * chain.nodes).ravel(),
            np.append((chain.share.indptr[:-1] + copy * chain.share.nnz).ravel(), columns * chain.share.nnz),
        ),
        shape=(columns * chain.supplies, columns * chain.nodes),
    )
    single = np.repeat(lone, len(chain.need_node))
    group = (chain.need_group + copy * (chain.need_group.max(initial=0) + 1)).ravel()
    fresh = single | (np.diff(group, prepend=-1) != 0)
    return Chain(
        share,
        (chain.need_node + copy * chain.nodes).ravel(),
        (chain.need_supply + copy * chain.supplies).ravel(),
        np.cumsum(fresh) - 1,
        np.where(single, 1.0, np.tile(chain.weight, columns)),
        np.tile(chain.takeover, columns),
        np.tile(chain.essential, columns),
    )


def _side_by_side(segment: Segment, chain: Chain, columns: int) -> Segment:
    """The restrictions of a segment for the copies of the chain."""
    given = segment.restrictions
    link = (given.link + np.arange(columns)[:, None] * chain.share.nnz).ravel()
    return Segment(segment.start, Restrictions(given.own.T.ravel(), link, given.r.T.ravel()))


def _check(
    chain: Chain,
    segments: Sequence[Segment],
    lone: Bools,
    stock: Floats,
    transit: Ints,
    refill: float | Floats,
    days: int,
    sharing: str,
) -> None:
    def refuse(argument: str, got: object, allowed: str) -> None:
        raise InputError("simulate", argument, got, allowed)

    if days < 1:
        refuse("days", days, "1 or more")
    if not (np.isfinite(refill).all() and np.min(refill) >= 0):
        refuse("refill", refill, "days of use a day, 0 or more")
    if sharing not in get_args(SharingMode):
        refuse("sharing", sharing, ", ".join(get_args(SharingMode)))
    if stock.ndim != 2 or len(stock) != len(chain.need_node):
        refuse("stock", stock.shape, f"one row for each of {len(chain.need_node)} needs, one column for each run")
    if len(stock) and not stock.min() >= 0:
        refuse("stock", float(stock.min()), "days of use, 0 or more, never unknown")
    shapes = [(chain.share.nnz,), (chain.share.nnz, stock.shape[1])]
    if transit.shape not in shapes or not np.issubdtype(transit.dtype, np.integer):
        refuse("transit", f"{transit.dtype} {transit.shape}", f"whole days for each of {chain.share.nnz} links")
    if transit.size and transit.min() < 0:
        refuse("transit", int(transit.min()), "whole days, 0 or more")
    if lone.shape != (stock.shape[1],):
        refuse("lone", lone.shape, f"one value for each of {stock.shape[1]} columns")
    starts = [segment.start for segment in segments]
    if starts != sorted(set(starts)) or (starts and starts[0] < 0):
        refuse("segments", starts, "starts from day 0 on, each later than the one before")
    for segment in segments:
        if segment.restrictions.own.shape != (chain.nodes, stock.shape[1]):
            refuse("segments", segment.restrictions.own.shape, f"own of shape ({chain.nodes}, {stock.shape[1]})")
