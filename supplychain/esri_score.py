"""The Economic Systemic Risk Index (ESRI) of a supplier network: how much output one shock takes from all firms.

Published model: Diem, Borsos, Reisch, Kertesz, Thurner, "Quantifying firm-level economic systemic risk from
nation-wide supply networks", Scientific Reports 12, 7719 (2022). Shocks run down (to buyers) and up (to suppliers).

`esri` and `esri_each` take tables; `firm_links` and `esri_arrays` are the same on plain arrays, many shocks at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from supplychain.errors import InputError, did_you_mean, refuse_cells

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Table = Mapping[Any, Any] | pd.Series  # a dict, or a Series with the keys as its index

ESSENTIAL, ADDS, NONE = 0, 1, 2
ROLES = {"essential": ESSENTIAL, "adds": ADDS, "none": NONE}
THREADS = min(os.cpu_count() or 1, 8)
BLOCK_CELLS = 2**19  # purchase groups x shocks solved at once (4 MB an array): more falls out of the cache, slower


@dataclass(frozen=True, eq=False)
class FirmLinks:
    """A supplier network made ready for shocks: n firms, G purchase groups, B buyers.

    A group is what one buyer buys of one essential kind, or everything it buys with role adds.
    """

    loss_share: sparse.csr_array  # (G, n): L, share of the group that comes from the supplier; groups sorted by buyer
    first_group: NDArray[np.intp]  # (B,) first group of each buyer
    buyer: Ints  # (B,) the firms that have a group
    sales_share: sparse.csr_array  # (n, n): W_ij / r_i, share of i's sales that go to j
    revenue: Floats  # (n,): r, sales of each firm inside the network
    market: Ints | None  # (n,) market number; None: nobody can be replaced


@dataclass(frozen=True, eq=False)
class Esri:
    """What a shock costs. `score`, `down` and `up` are shares of all sales in [0, 1]; `frame` has a row a firm.

    score: both directions, the larger counts in each firm; down, up: one direction alone.
    frame: firm, down, up, loss = shares of the firm's own output lost, in [0, 1]; loss = max(down, up).
    """

    score: float
    down: float
    up: float
    frame: pd.DataFrame


def firm_links(
    supplier: Ints, buyer: Ints, weight: Floats, kind: Ints, role: Ints, market: Ints | None = None
) -> FirmLinks:
    """Group every firm's purchases once, so that each shock is only sparse products.

    `L_ij = W_ij / (j's purchases of i's kind)` if essential, `W_ij / (all purchases of j)` if adds.

    Parameters: supplier, buyer (links,) firm numbers 0..n-1; weight (links,) > 0, any one unit; kind (n,) kind
    number of each firm; role (links,) ESSENTIAL, ADDS or NONE; market (n,) market number or None. Links between the
    same two firms add up. Values are not checked here (`esri` checks its tables).
    """
    firms = len(kind)
    adds_kind = int(kind.max()) + 1  # all purchases with role adds make one more group
    carries = role != NONE
    s, b, w = supplier[carries], buyer[carries], weight[carries]
    key = b * (adds_kind + 1) + np.where(role[carries] == ESSENTIAL, kind[s], adds_kind)
    keys, group = np.unique(key, return_inverse=True)
    of_group = np.bincount(group, w, len(keys))
    of_buyer = np.bincount(buyer, weight, firms)
    base = np.where(keys % (adds_kind + 1) == adds_kind, of_buyer[keys // (adds_kind + 1)], of_group)
    loss_share = sparse.csr_array((w / base[group], (group, s)), shape=(len(keys), firms))
    buyers, first_group = np.unique(keys // (adds_kind + 1), return_index=True)
    revenue = np.bincount(supplier, weight, firms).astype(np.float64)
    sales_share = sparse.csr_array((weight / revenue[supplier], (supplier, buyer)), shape=(firms, firms))
    return FirmLinks(loss_share, first_group, buyers, sales_share, revenue, market)


def esri_arrays(links: FirmLinks, capacity: Floats, tol: float = 1e-12) -> tuple[Floats, Floats]:
    """Output left in every firm after each of k shocks, from supply (down) and from demand (up).

    `d_j = max(0, min(psi_j, min over groups of 1 - sum_i L_ij sigma_i (1 - d_i)))`
    `u_i = max(0, min(psi_i, 1 - sum_j W_ij / r_i (1 - u_j)))`; without sales u = psi
    `sigma_i = min(1, r_i / sum of r d in i's market)`; 1 without markets

    Both start at psi and only fall: the greatest fixed point. A column is done when a round changes none of its
    firms by tol or more, as published. Where hardly any flow leaves the network (few firms without sales in it)
    shocks fade slowly: many rounds, and the distance to the fixed point can be a large multiple of tol.

    Parameters: capacity (n, k): psi, share of each firm's own capacity left, in [0, 1]. Returns: d, u, both (n, k).
    """
    revenue = links.revenue[:, None]
    markets = None
    if links.market is not None:
        shape = (int(links.market.max()) + 1, len(links.market))
        markets = sparse.csr_array((links.revenue, (links.market, np.arange(shape[1]))), shape=shape)

    def down(level: Floats, psi: Floats) -> Floats:
        lost = 1 - level
        if markets is not None:
            left = np.asarray(markets @ level)[links.market]
            lost *= np.divide(revenue, left, out=np.ones_like(level), where=left > revenue)
        new = psi.copy()
        if len(links.buyer):
            worst = np.maximum.reduceat(links.loss_share @ lost, links.first_group, axis=0)
            new[links.buyer] = np.clip(1 - worst, 0, psi[links.buyer])
        return new

    def up(level: Floats, psi: Floats) -> Floats:
        return np.asarray(np.clip(1 - links.sales_share @ (1 - level), 0, psi), dtype=np.float64)

    d, u = np.empty(capacity.shape), np.empty(capacity.shape)
    block = _block(links)

    def solve(start: int) -> None:
        part = slice(start, start + block)
        psi = np.ascontiguousarray(capacity[:, part], dtype=np.float64)
        d[:, part], u[:, part] = _settle(down, psi, tol), _settle(up, psi, tol)

    with ThreadPoolExecutor(THREADS) as threads:  # sparse products let others run meanwhile
        for _ in threads.map(solve, range(0, capacity.shape[1], block)):
            pass
    return d, u


def _block(links: FirmLinks) -> int:
    """How many shocks are solved together: many on a small network, one at a time on a large one."""
    return max(1, BLOCK_CELLS // max(links.loss_share.shape))


def _settle(step: Callable[[Floats, Floats], Floats], psi: Floats, tol: float) -> Floats:
    """Repeat the step from psi; each column stops by itself, so that a batch gives what single shocks give."""
    settled = psi.copy()
    active, level, ceiling = np.arange(psi.shape[1]), psi, psi
    while len(active):
        new = step(level, ceiling)
        moving = np.abs(new - level).max(axis=0) >= tol
        level = new
        if not moving.all():
            settled[:, active] = new
            active, level, ceiling = active[moving], new[:, moving], ceiling[:, moving]
    return settled


def scores(links: FirmLinks, left: Floats) -> Floats:
    """`sum r (1 - left) / sum r`: share of all sales lost, (k,), for output left (n, k)."""
    return np.asarray(links.revenue @ (1 - left) / links.revenue.sum(), dtype=np.float64)


def esri(
    flows: pd.DataFrame,
    kind: Table,
    role: Table,
    capacity: Table,
    market: Table | None = None,
    tol: float = 1e-12,
) -> Esri:
    """Share of a network's output that is lost when some firms lose capacity (ESRI of the shock).

    `score = sum r (1 - min(d, u)) / sum r`, r = a firm's sales in the network, d and u as in `esri_arrays`.

    Parameters
    ----------
    flows: supplier, buyer, weight: yearly flow >= 0, all in one unit (value or volume); rows of one pair add up.
    kind: firm -> what it makes. Every firm of `flows` needs one; firms without flows may be named too.
    role: (supplier kind, buyer kind) -> essential (limits output alone), adds (losses add up) or none (not missed);
        every pair that occurs in `flows` needs one.
    capacity: firm -> share of its capacity left, in [0, 1]; firms not named keep 1.
    market: firm -> market in which firms replace each other; firms not named stand alone. None: no replaceability.
    tol: a direction is done when no firm changes by this much in a round.

    Returns: Esri (score, down, up, frame). Raises: InputError naming the row, the value and what is allowed.

    >>> flows = pd.DataFrame({"supplier": ["mine", "plant"], "buyer": ["plant", "shop"], "weight": [1.0, 3.0]})
    >>> kind = {"mine": "ore", "plant": "part", "shop": "retail"}
    >>> role = {("ore", "part"): "essential", ("part", "retail"): "essential"}
    >>> esri(flows, kind, role, {"mine": 0.5}).score
    0.5

    Source: Diem et al., Scientific Reports 12, 7719 (2022), https://doi.org/10.1038/s41598-022-11522-z.
    """
    firms, links = _read("esri", flows, kind, role, market, tol)
    psi = np.ones((len(firms), 1))
    named = _series("esri", "capacity", capacity)
    where = _numbers_of("esri", "capacity", list(named.index), firms)
    left = _floats(named)
    for bad in np.flatnonzero(~((left >= 0) & (left <= 1)))[:1]:
        raise InputError("esri", f"capacity of {named.index[bad]!r}", named.iloc[bad], "a share left in [0, 1]",
                         "0 closes the firm, 1 leaves it whole.")  # fmt: skip
    psi[where, 0] = left
    down, up = esri_arrays(links, psi, tol)
    frame = pd.DataFrame({"firm": firms, "down": 1 - down[:, 0], "up": 1 - up[:, 0]})
    frame["loss"] = frame[["down", "up"]].max(axis=1)
    both, down_only, up_only = (float(scores(links, left)[0]) for left in (np.minimum(down, up), down, up))
    return Esri(both, down_only, up_only, frame)


def esri_each(
    flows: pd.DataFrame,
    kind: Table,
    role: Table,
    market: Table | None = None,
    tol: float = 1e-12,
    firms: Iterable[Hashable] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """The ESRI of every firm: each is closed alone (capacity 0), in batches of a few megabytes.

    Parameters: as `esri`; firms: only these; progress: called with (done, all) after every batch.
    Returns: firm, score, down, up (shares of all sales lost, in [0, 1]), highest score first.
    Source: Diem et al. (2022), equation for ESRI; see `esri`.
    """
    names, links = _read("esri_each", flows, kind, role, market, tol)
    closed = np.arange(len(names)) if firms is None else _numbers_of("esri_each", "firms", list(firms), names)
    batch = _block(links) * THREADS
    found = np.empty((len(closed), 3))
    for start in range(0, len(closed), batch):
        part = closed[start : start + batch]
        psi = np.ones((len(names), len(part)))
        psi[part, np.arange(len(part))] = 0
        down, up = esri_arrays(links, psi, tol)
        found[start : start + len(part)] = np.column_stack(
            [scores(links, left) for left in (np.minimum(down, up), down, up)]
        )
        if progress is not None:
            progress(start + len(part), len(closed))
    frame = pd.DataFrame(found, columns=["score", "down", "up"])
    frame.insert(0, "firm", names[closed])
    return frame.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def _read(
    call: str, flows: pd.DataFrame, kind: Table, role: Table, market: Table | None, tol: float
) -> tuple[pd.Index, FirmLinks]:
    """Tables -> firm names in order and the links between their numbers; refuses what cannot be used."""
    if not isinstance(flows, pd.DataFrame):
        raise InputError(call, "flows", type(flows).__name__, "a DataFrame with columns supplier, buyer, weight")
    for column in ("supplier", "buyer", "weight"):
        if column not in flows:
            raise InputError(call, "columns of flows", list(flows), "supplier, buyer, weight", f"Add '{column}'.")
    if not (isinstance(tol, (int, float)) and 0 < tol < 1):
        raise InputError(call, "tol", tol, "a number between 0 and 1, both excluded", "1e-12 is the default.")
    kinds = _series(call, "kind", kind)
    for firm in kinds.index[kinds.isna()][:1]:
        raise InputError(call, f"kind of {firm!r}", None, "what the firm makes", "Name its kind.")
    firms = pd.Index(pd.factorize(kinds.index, sort=True)[1])
    kind_number, kind_names = pd.factorize(kinds.reindex(firms), sort=False)

    weight = _floats(flows["weight"])
    refuse_cells(call, "flows", flows, "weight", ~((weight >= 0) & np.isfinite(weight)), "a finite number, 0 or more",
                 "Correct the weight or drop the row.")  # fmt: skip
    ends = []
    for column in ("supplier", "buyer"):
        number = firms.get_indexer(pd.Index(flows[column]))
        refuse_cells(call, "flows", flows, column, number < 0, "a firm that `kind` names", "Add the firm to `kind`.")
        ends.append(number[weight > 0].astype(np.int64))
    supplier, buyer = ends
    if not len(supplier):
        raise InputError(call, "flows", f"{len(flows)} rows, no weight above 0", "at least one flow above 0",
                         "Without any sales there is no score.")  # fmt: skip

    pair, pairs = pd.factorize(kind_number[supplier] * len(kind_names) + kind_number[buyer])
    role_of = dict(role.items())
    code = np.empty(len(pairs), dtype=np.int64)
    for position, number in enumerate(pairs):
        key = (kind_names[number // len(kind_names)], kind_names[number % len(kind_names)])
        if role_of.get(key) not in ROLES:
            raise InputError(call, f"role of {key!r}", role_of.get(key), ", ".join(ROLES),
                             f"'flows' has goods of kind {key[0]!r} going to makers of {key[1]!r}: say what they are "
                             "to them.")  # fmt: skip
        code[position] = ROLES[role_of[key]]
    market_number = None if market is None else _market_numbers(call, market, firms)
    return firms, firm_links(supplier, buyer, weight[weight > 0], kind_number, code[pair], market_number)


def _series(call: str, argument: str, table: Table) -> pd.Series:
    """A dict or Series keyed by firm, as a Series with every firm once."""
    if not isinstance(table, (Mapping, pd.Series)):
        raise InputError(call, argument, type(table).__name__, "a dict or a Series with firms as its index")
    series = table if isinstance(table, pd.Series) else pd.Series(dict(table), dtype=object)
    if not series.index.is_unique:
        twice = series.index[series.index.duplicated()][0]
        raise InputError(call, f"firm in {argument}", twice, "every firm once", "Drop its second row.")
    return series


def _floats(column: pd.Series) -> Floats:
    """Numbers of a column; NaN where the cell holds none."""
    return pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _market_numbers(call: str, market: Table, firms: pd.Index) -> Ints:
    """Market number of every firm; a firm without a market has one of its own."""
    named = _series(call, "market", market)
    where = _numbers_of(call, "market", list(named.index), firms)
    code, markets = pd.factorize(named)
    number = len(markets) + np.arange(len(firms), dtype=np.int64)
    number[where] = np.where(code >= 0, code, number[where])
    return number


def _numbers_of(call: str, argument: str, names: list[Any], firms: pd.Index) -> Ints:
    """Numbers of the named firms, or one error for the first unknown name."""
    number = firms.get_indexer(pd.Index(names, dtype=object)).astype(np.int64)
    unknown = np.flatnonzero(number < 0)
    if len(unknown):
        name = names[unknown[0]]
        hint = did_you_mean(name, firms, "Add it to `kind` or leave it out.")
        more = f" {len(unknown) - 1} more names are unknown." if len(unknown) > 1 else ""
        raise InputError(call, f"firm in {argument}", name, f"one of the {len(firms)} firms of `kind`", hint + more)
    return number
