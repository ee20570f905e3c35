"""How long a supplier network can lose plants before customers notice, and what they lose after that.

Published model: Simchi-Levi, Schmidt, Wei, Zhang, Combs, Ge, Gusikhin, Sanders, Zhang, "Identifying risks and
mitigating disruptions in the automotive supply chain", Interfaces 45(5), 375-390 (2015),
https://doi.org/10.1287/inte.2015.0804: time to survive, and the risk exposure index.

Three tables describe the network. Quantities of a node are in units of what it makes; time is in days.

nodes: node; kind (what it makes); stock (units on hand, >= 0); capacity (units a day, >= 0; blank: no limit);
       demand (units a day for final customers, >= 0); weight (value of a unit lost, >= 0; without the column 1).
needs: node; kind; need (units of that kind in one unit made, > 0). Needs may form cycles.
links: supplier; buyer: who may deliver to whom. A need that no link serves stops the node.

One linear programme over the whole horizon T, u made, y shipped, q delivered to customers, l lost:

    min sum f l     u_j <= sum y_ij / need for each needed kind       sum_j y_ij + q_i - u_i <= stock_i
                    l_i + q_i >= demand_i T       u_i <= capacity_i T       u_i = 0 where stopped

It knows totals, not days: shipping takes no time and everybody reacts at once and as well as possible, so times are
upper bounds and losses lower bounds. The stock of a stopped node stays usable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from supplychain.errors import InputError, SupplyChainError, did_you_mean, refuse_cells

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = {
    "nodes": ("node", "kind", "stock", "capacity", "demand"),
    "needs": ("node", "kind", "need"),
    "links": ("supplier", "buyer"),
}
NOISE = 1e-9  # a smaller share of a demand is the solver's rounding, not a loss
LEAST_WHOLE_NEED = 1e-3  # the solver takes 1e-6 off a whole number for whole: no room for smaller needs
ADD_IT = "Add it to `nodes` or leave it out."


@dataclass(frozen=True, eq=False)
class _Programme:
    """The programme in scaled units. Variables: u (n), y (links), q (d), l (d), T; d = nodes with demand."""

    node: pd.Index  # (n,)
    kind: NDArray[np.object_]  # (n,)
    demanded: Ints  # (d,) nodes with demand
    demand: Floats  # (d,) units a day
    weight: Floats  # (d,) value of a unit lost
    scale: Floats  # (n,) units of the node that count as 1
    rows: sparse.csr_array  # rows @ variables <= limits
    limits: Floats  # stocks, and zeros


def time_to_survive(
    nodes: pd.DataFrame, needs: pd.DataFrame, links: pd.DataFrame, stopped: Hashable | Iterable[Hashable]
) -> float:
    """Days until the first demand is lost when nodes stop: the largest T with `l = 0`; math.inf if never.

    Parameters: the tables above; stopped: a node or several (none: does the network meet its demand at all?).
    Returns: days. Raises: InputError naming table, row, value and what is allowed.

    >>> nodes = pd.DataFrame({"node": ["P", "A"], "kind": ["car", "part"], "stock": [20, 50],
    ...                       "capacity": [12, None], "demand": [10, 0]})
    >>> needs = pd.DataFrame({"node": ["P"], "kind": ["part"], "need": [1]})
    >>> links = pd.DataFrame({"supplier": ["A"], "buyer": ["P"]})
    >>> time_to_survive(nodes, needs, links, stopped="A")
    7.0

    Source: Simchi-Levi et al. (2015), TTS model.
    """
    programme = _programme("time_to_survive", nodes, needs, links)
    return _survive(programme, _positions("time_to_survive", "stopped", stopped, programme.node))


def lost_units(
    nodes: pd.DataFrame,
    needs: pd.DataFrame,
    links: pd.DataFrame,
    stopped: Hashable | Iterable[Hashable],
    days: float,
    whole: bool = False,
) -> float:
    """Least demand lost while nodes stand still: `min sum f l` over `days`; f = weight, so units where f = 1.

    Parameters: the tables above; stopped: a node or several; days: length of the stop, > 0; whole: everything made,
    shipped, delivered and lost is a whole number of the tables' units (slower; needs of 0.001 or more).
    Returns: sum of weight x units lost. Raises: InputError naming table, row, value and what is allowed.

    >>> nodes = pd.DataFrame({"node": ["P", "A"], "kind": ["car", "part"], "stock": [20, 50],
    ...                       "capacity": [12, None], "demand": [10, 0]})
    >>> needs = pd.DataFrame({"node": ["P"], "kind": ["part"], "need": [1]})
    >>> links = pd.DataFrame({"supplier": ["A"], "buyer": ["P"]})
    >>> lost_units(nodes, needs, links, stopped="A", days=10)
    30.0

    Source: Simchi-Levi et al. (2015), time-to-recover model.
    """
    return float(lost_by_node(nodes, needs, links, stopped, days, whole)["value"].sum())


def lost_by_node(
    nodes: pd.DataFrame,
    needs: pd.DataFrame,
    links: pd.DataFrame,
    stopped: Hashable | Iterable[Hashable],
    days: float,
    whole: bool = False,
) -> pd.DataFrame:
    """Who loses what in one best plan of `lost_units` (equally good plans may spread the same total differently).

    Returns: node, demand (units over the days), delivered, lost (units), value (weight x lost); nodes with demand.
    """
    call = "lost_units"
    programme = _programme(call, nodes, needs, links, scaled=not whole)
    days = _check_days(call, days)
    lost = _least_loss(programme, _positions(call, "stopped", stopped, programme.node), days, whole)
    demand = programme.demand * days
    return pd.DataFrame(
        {
            "node": programme.node[programme.demanded],
            "demand": demand,
            "delivered": np.maximum(demand - lost, 0),
            "lost": lost,
            "value": programme.weight * lost,
        }
    )


def rank_nodes(
    nodes: pd.DataFrame,
    needs: pd.DataFrame,
    links: pd.DataFrame,
    days: float | Mapping[Any, float],
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Stop every node in turn and rank it by the loss: `exposure_index = lost / largest lost` (risk exposure index).

    Parameters: the tables above; days: how long a stopped node needs to recover, > 0: one figure, or node -> days;
    progress: called with (done, all) after every node.
    Returns: node, kind, days, time_to_survive (days, inf if demand is always met), lost_units (weight x units lost),
    lost_share (of weight x demand of its days), exposure_index in [0, 1]; largest loss first.
    Source: Simchi-Levi et al. (2015), risk exposure index.
    """
    call = "rank_nodes"
    programme = _programme(call, nodes, needs, links)
    if isinstance(days, Mapping):
        _positions(call, "days", list(days), programme.node)
        for missing in [node for node in programme.node if node not in days][:1]:
            raise InputError(call, f"days of {missing!r}", None, "days to recover for every node", "Add the node.")
        lengths = [_check_days(call, days[node]) for node in programme.node]
    else:
        lengths = [_check_days(call, days)] * len(programme.node)
    found = []
    for position, length in enumerate(lengths):
        stopped = np.array([position])
        survived = _survive(programme, stopped)
        lost = 0.0 if survived >= length else float(programme.weight @ _least_loss(programme, stopped, length))
        found.append((survived, lost))
        if progress is not None:
            progress(position + 1, len(lengths))
    frame = pd.DataFrame(found, columns=["time_to_survive", "lost_units"])
    frame.insert(0, "node", programme.node)
    frame.insert(1, "kind", programme.kind)
    frame.insert(2, "days", lengths)
    wanted = float(programme.weight @ programme.demand) * frame["days"]
    frame["lost_share"] = (frame["lost_units"] / wanted).where(wanted > 0, 0.0)
    largest = frame["lost_units"].max()
    frame["exposure_index"] = frame["lost_units"] / largest if largest > 0 else 0.0
    order = ["lost_units", "time_to_survive", "node"]
    return frame.sort_values(order, ascending=[False, True, True], key=_sortable, ignore_index=True)


def _sortable(column: pd.Series) -> pd.Series:
    return column.astype(str) if column.name == "node" else column


def _survive(programme: _Programme, stopped: Ints) -> float:
    """Without stocks the feasible plans are a cone: if it holds any day it holds all of them, else T is bounded."""
    no_loss = np.zeros(len(programme.demanded))
    aim = np.zeros(programme.rows.shape[1])
    aim[-1] = -1
    forever = _solve(programme, aim, np.zeros_like(programme.limits), stopped, no_loss, (0, 1))
    if forever[-1] > 0.5:
        return math.inf
    return max(0.0, float(_solve(programme, aim, programme.limits, stopped, no_loss, (0, math.inf))[-1]))


def _least_loss(programme: _Programme, stopped: Ints, days: float, whole: bool = False) -> Floats:
    """Units lost of each node with demand, (d,), in the plan with the least weight x units lost."""
    d = len(programme.demanded)
    scale = programme.scale[programme.demanded]
    most = programme.demand * days / scale
    aim = np.zeros(programme.rows.shape[1])
    value = programme.weight * scale
    aim[-1 - d : -1] = value / (value.max() or 1.0)
    plan = _solve(programme, aim, programme.limits, stopped, np.ceil(most) if whole else most, (days, days), whole)
    lost = np.round(plan[-1 - d : -1]) if whole else plan[-1 - d : -1]
    return np.where(lost > NOISE * most, lost, 0) * scale


def _solve(
    programme: _Programme,
    aim: Floats,
    limits: Floats,
    stopped: Ints,
    most_lost: Floats,
    days: tuple[float, float],
    whole: bool = False,
) -> Floats:
    """Least `aim` over all plans: the values of (u, y, q, l, T)."""
    size = len(aim)
    upper = np.full(size, math.inf)
    upper[stopped] = 0
    upper[-1 - len(most_lost) : -1] = most_lost
    lower = np.zeros(size)
    lower[-1], upper[-1] = days
    answer = milp(
        aim,
        integrality=np.append(np.full(size - 1, int(whole)), 0),  # all but T
        bounds=Bounds(lower, upper),
        constraints=LinearConstraint(programme.rows, -math.inf, limits),
        options={"mip_rel_gap": 0.0},  # the solver's default stops within 0.01 % of the best whole plan
    )
    if answer.x is None:  # every plan loses at most all demand, so there always is an answer
        raise SupplyChainError(f"The solver gave no plan: {answer.message} Check the tables for figures of very "
                               "different size.")  # fmt: skip
    return np.asarray(answer.x, dtype=np.float64)


def _programme(
    call: str, nodes: pd.DataFrame, needs: pd.DataFrame, links: pd.DataFrame, scaled: bool = True
) -> _Programme:
    """Checked tables -> the rows of the programme."""
    for table, frame in (("nodes", nodes), ("needs", needs), ("links", links)):
        _check_columns(call, table, frame)
    node = pd.Index(nodes["node"])
    refuse_cells(call, "nodes", nodes, "node", node.isna() | node.duplicated(), "every node once, never blank",
                 "Merge or drop the row.")  # fmt: skip
    refuse_cells(call, "nodes", nodes, "kind", nodes["kind"].isna().to_numpy(), "what the node makes", "Name its kind.")
    stock = _amounts(call, "nodes", nodes, "stock", "units on hand, 0 or more", "0 says that nothing is held.")
    demand = _amounts(call, "nodes", nodes, "demand", "units a day, 0 or more", "0 says that no customer is served.")
    capacity = _amounts(call, "nodes", nodes, "capacity", "units a day, 0 or more, or blank for no limit",
                        "Correct the figure.", blank=math.inf)  # fmt: skip
    weight = np.ones(len(node))
    if "weight" in nodes:
        weight = _amounts(call, "nodes", nodes, "weight", "value of a unit lost, 0 or more", "1 counts units.")
    if not demand.any():
        raise InputError(call, "nodes column demand", "0 in every row", "at least one node with demand above 0",
                         "Without demand nothing can be lost.")  # fmt: skip

    kind_number, kind_names = pd.factorize(nodes["kind"])
    need_node = _known(call, "needs", needs, "node", node)
    need_kind = _known(call, "needs", needs, "kind", pd.Index(kind_names))
    twice = needs.duplicated(["node", "kind"]).to_numpy()
    refuse_cells(
        call, "needs", needs, "kind", twice, "every needed kind once a node", "Add the two rows up or drop one."
    )
    need = _amounts(call, "needs", needs, "need", "units in one unit made, above 0",
                    "Drop the row if none is needed.", above=True)  # fmt: skip
    if not scaled:
        enough = f"{LEAST_WHOLE_NEED} or more for whole units"
        refuse_cells(call, "needs", needs, "need", need < LEAST_WHOLE_NEED, enough,
                     "Give that kind in smaller units, or leave `whole` out.")  # fmt: skip
    supplier = _known(call, "links", links, "supplier", node)
    buyer = _known(call, "links", links, "buyer", node)

    kinds = len(kind_names)
    need_row = pd.Index(need_node * kinds + need_kind).get_indexer(buyer * kinds + kind_number[supplier])
    used = need_row >= 0  # what a buyer does not need is never shipped
    supplier, buyer, need_row = supplier[used], buyer[used], need_row[used].astype(np.int64)
    demanded = np.flatnonzero(demand > 0)
    scale = _scale(demand, supplier, buyer, need[need_row]) if scaled else np.ones(len(node))

    # In scaled units y counts what it lets its buyer make; whole plans need it in units of its supplier.
    y_made = np.ones(len(supplier)) if scaled else 1 / need[need_row]
    y_shipped = y_made * need[need_row] * scale[buyer] / scale[supplier]
    rows = _rows(need_node, need_row, supplier, y_made, y_shipped, demand / scale, capacity / scale)
    limits = np.concatenate([np.zeros(len(need)), stock / scale, np.zeros(rows.shape[0] - len(need) - len(node))])
    kind = nodes["kind"].to_numpy(object)
    return _Programme(node, kind, demanded, demand[demanded], weight[demanded], scale, rows, limits)


def _rows(
    need_node: Ints, need_row: Ints, supplier: Ints, y_made: Floats, y_shipped: Floats, demand: Floats, capacity: Floats
) -> sparse.csr_array:
    """The left sides of the programme: one row a need, a balance, a demand, a capacity."""
    n, links, needs = len(demand), len(supplier), len(need_node)
    demanded = np.flatnonzero(demand > 0)
    limited, d = np.flatnonzero(np.isfinite(capacity)), len(demanded)
    u, y, q = np.arange(n), n + np.arange(links), n + links + np.arange(d)
    lost, time = q + d, n + links + 2 * d
    arrive, balance = np.arange(needs), needs + u
    deliver = needs + n + np.arange(d)
    within = needs + n + d + np.arange(len(limited))
    entries: list[tuple[Ints, Ints | int, Floats | float]] = [  # row, variable, value
        (arrive, need_node, 1.0),  # u_j - sum y_ij / need <= 0
        (need_row, y, -y_made),
        (balance[supplier], y, y_shipped),  # sum y_ij + q_i - u_i <= stock_i
        (balance[demanded], q, 1.0),
        (balance, u, -1.0),
        (deliver, q, -1.0),  # demand_i T - q_i - l_i <= 0
        (deliver, lost, -1.0),
        (deliver, time, demand[demanded]),
        (within, u[limited], 1.0),  # u_i - capacity_i T <= 0
        (within, time, -capacity[limited]),
    ]
    row, variable, value = (
        np.concatenate(part) for part in zip(*(np.broadcast_arrays(*entry) for entry in entries), strict=True)
    )
    return sparse.csr_array((value, (row, variable)), shape=(needs + n + d + len(limited), time + 1))


def _scale(demand: Floats, supplier: Ints, buyer: Ints, need: Floats) -> Floats:
    """Units of each node that a day of demand takes, by its shortest way to a customer; 1 where it serves none.

    Only a choice of units: it keeps grams a car beside cars within what the solver can tell apart.
    """
    scale = np.where(demand > 0, demand, np.nan)
    while True:
        reached = np.isnan(scale[supplier]) & ~np.isnan(scale[buyer])
        if not reached.any():
            return np.where(np.isnan(scale), 1.0, scale)
        np.fmax.at(scale, supplier[reached], (need * scale[buyer])[reached])


def _check_columns(call: str, table: str, frame: object) -> None:
    columns = ", ".join(COLUMNS[table])
    if not isinstance(frame, pd.DataFrame):
        raise InputError(call, table, type(frame).__name__, f"a DataFrame with columns {columns}")
    for column in COLUMNS[table]:
        if column not in frame:
            raise InputError(call, f"columns of {table}", list(frame), columns, f"Add '{column}'.")


def _check_days(call: str, days: float) -> float:
    if isinstance(days, bool) or not isinstance(days, (int, float, np.number)) or not 0 < days < math.inf:
        raise InputError(call, "days", days, "a finite number above 0", "It is how long the stop lasts.")
    return float(days)


def _positions(call: str, argument: str, names: Any, node: pd.Index) -> Ints:
    """Positions of the named nodes; a single node may be given as it is."""
    single = isinstance(names, (str, bytes)) or not isinstance(names, Iterable)
    listed = [names] if single else list(dict.fromkeys(names))
    position = node.get_indexer(pd.Index(listed, dtype=object)).astype(np.int64)
    for unknown in np.flatnonzero(position < 0)[:1]:
        raise InputError(
            call, f"node in {argument}", listed[unknown], _names(node), did_you_mean(listed[unknown], node, ADD_IT)
        )
    return position


def _known(call: str, table: str, frame: pd.DataFrame, column: str, allowed: pd.Index) -> Ints:
    """Positions in `allowed` of a column's names."""
    position = allowed.get_indexer(pd.Index(frame[column])).astype(np.int64)
    bad = position < 0
    if bad.any():
        remedy = did_you_mean(frame[column].iloc[int(bad.argmax())], allowed, ADD_IT)
        what = "a kind that a node makes" if column == "kind" else "a node of `nodes`"
        refuse_cells(call, table, frame, column, bad, f"{what}: {_names(allowed)}", remedy)
    return position


def _names(allowed: pd.Index) -> str:
    return ", ".join(map(str, allowed)) if len(allowed) <= 12 else f"one of {len(allowed)} names"


def _amounts(
    call: str,
    table: str,
    frame: pd.DataFrame,
    column: str,
    allowed: str,
    remedy: str,
    blank: float | None = None,
    above: bool = False,
) -> Floats:
    """A column of numbers >= 0 (above 0), with `blank` for blank cells; refuses everything else."""
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    empty = frame[column].isna().to_numpy()
    fine = (numbers > 0 if above else numbers >= 0) & np.isfinite(numbers)
    refuse_cells(call, table, frame, column, ~(fine if blank is None else fine | empty), allowed, remedy)
    return numbers if blank is None else np.where(empty, blank, numbers)
