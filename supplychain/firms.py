"""A company's own network of firms or sites, up to millions of links: what stops of firms cost, and which matter most.

The same formulas as the reference network (`availability`, `esri`, `survive`), on links read from a DataFrame, CSV or
Parquet. Cycles are allowed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from supplychain.availability import Bools, Floats, Ints, Pool, Restrictions, SharingMode, availability, longest_paths
from supplychain.edges import Edges, Source, read_edges
from supplychain.errors import InputError, UnknownIdError, did_you_mean
from supplychain.esri_score import ADDS, ESSENTIAL, NONE, Esri, FirmLinks, esri_arrays, firm_links, scores
from supplychain.firm_chain import build, in_order_of_making
from supplychain.survive import time_to_survive
from supplychain.survive_bounds import Flows, survival_bounds

Stops = Hashable | Iterable[Hashable] | Mapping[Any, float]
MEMORY = 1_000_000_000  # bytes that a batch of scenarios may take
FELT = 1e-9  # a smaller loss is rounding
MOST_LINKS_TO_PLAN = 300_000  # of a linear programme
BOUND_ROUNDS = 60  # of the bound on what a stop can cost; with cycles it may not settle


class SupplyNetwork:
    """Firms or sites and who supplies whom; read-only.

    >>> links = pd.DataFrame({"supplier": ["mine", "plant"], "buyer": ["plant", "shop"], "share": [0.9, 1.0]})
    >>> SupplyNetwork.from_edges(links).availability("mine").set_index("node").loss["shop"].item()
    0.9
    """

    def __init__(self, edges: Edges) -> None:
        edges = in_order_of_making(edges)
        self._node, self._words = edges.node, edges.node_words
        self.firm = edges.firm
        self.chain, self._inputs, self.kinds, self._weight = build(edges)

    @classmethod
    def from_edges(cls, links: Source, nodes: Source | None = None) -> SupplyNetwork:
        """A network from a table of links, and one of firms if more is known of them.

        links: supplier*, buyer*; share (of the buyer's supply of this kind) or weight (flow in one unit; shares follow
          from it), neither: equal shares; kind (of input; blank: the supplier's kind); criticality (share of output
          lost per share of input lost, in [0, 1]; blank: 1, adds 0.5, negligible 0); effect (essential, adds,
          negligible; blank: essential); group (inputs of one buyer that stand in for each other), group_share (blank:
          equal), takeover (blank: 0). Rows of one supplier, buyer and kind add up; criticality, effect and group
          belong to the input (buyer and kind): its rows must agree, blank ones follow.
        nodes: node*, kind (what it makes), country, value (importance of its output; without it: its sales), capacity
          and demand (units a day), stock (units), spare (extra output possible, share of its own).
        Both: a DataFrame or the path of a CSV or Parquet file (with the extra `parquet`); read in pieces.
        Raises DataError that counts every kind of fault, with its first places; InputError.
        """
        return cls(read_edges(links, nodes))

    def __repr__(self) -> str:
        return f"<SupplyNetwork: {len(self.firm):,} firms, {self.chain.share.nnz:,} links, {len(self.kinds):,} kinds>"

    def select(self, country: str | None = None, kind: str | None = None) -> list[Any]:
        """The firms of a country, of a kind, or both."""
        hit = np.ones(len(self.firm), dtype=bool)
        for name, value in (("country", country), ("kind", kind)):
            if value is None:
                continue
            if name not in self._words:
                raise InputError("select", name, value, f"networks whose nodes have a column {name}")
            words = self._words[name]
            if value not in words.names:
                raise UnknownIdError(name, value, map(str, words.names))
            hit &= words.codes == words.names.get_loc(value)
        return list(self.firm[hit])

    # --- availability ---------------------------------------------------------------------------------------------

    def availability(self, stops: Stops, sharing: SharingMode = "fixed", tol: float = 1e-12) -> pd.DataFrame:
        """What is left of every firm's output when firms stop: node, kind, country, own, available, loss.

        Suppliers come before their buyers (except in cycles), as in `firm`.

        stops: firms that stop, or firm -> share of capacity left; sharing: how the shortage of what the stopped firms
        make is met; formula and tol as in `supplychain.availability`.
        """
        own = self._own(stops)
        left = self._solve(own[:, None], sharing, tol)[0][:, 0]
        frame = self._named(np.arange(len(self.firm)))
        return frame.assign(own=own, available=left, loss=1.0 - left)

    def losses(
        self,
        scenarios: Mapping[str, Stops] | Sequence[Stops],
        watch: Sequence[Hashable] = (),
        sharing: SharingMode = "fixed",
        memory: float = MEMORY,
        progress: Callable[[int, int], None] | None = None,
    ) -> pd.DataFrame:
        """One row a scenario: scenario, loss (of all output, weighted by value), hit (firms), worst (firm), then the
        loss of each watched firm. Batches never need more than `memory` bytes beside the network itself.
        """
        listed: dict[Any, Stops] = dict(scenarios if isinstance(scenarios, Mapping) else enumerate(scenarios))
        watched = self._positions(watch)
        rows = []
        names = list(listed)
        for start, left in self._batches([listed[name] for name in names], sharing, memory):
            lost = 1.0 - left
            worst = lost.argmax(axis=0)
            for k in range(lost.shape[1]):
                at = lost[:, k]
                first = self.firm[worst[k]] if at[worst[k]] > FELT else None
                rows.append((names[start + k], float(self.value @ at), int((at > FELT).sum()), first, *at[watched]))
            if progress is not None:
                progress(len(rows), len(names))
        return pd.DataFrame(rows, columns=["scenario", "loss", "hit", "worst", *watch])

    def chokepoints(
        self, top: int = 50, most: int = 2_000, progress: Callable[[int, int], None] | None = None
    ) -> pd.DataFrame:
        """The firms whose full stop costs the whole network most: node, kind, country, own, loss, hit; `attrs`.

        loss: share of all output (weighted by value) lost, its own included; own: its own share alone; hit: firms.
        Every firm has an upper bound, `b = v + B^T b` (losses added up instead of the worst taken), from one pass over
        the links; firms are tried out in its order until nobody left can be among the `top`, or `most` are tried.
        `attrs["proven"]`: the list is the exact top; `attrs["tried"]`: firms tried out.
        """
        bound, settled = self._bound()
        order = np.argsort(-bound, kind="stable")[: max(top, most)]
        found: list[tuple[float, int, int]] = []
        batch = min(64, self._columns(MEMORY))
        tried, proven = 0, False  # the bound of the firm after those tried says whether any left can matter
        while tried < len(order) and not proven:
            these = order[tried : tried + batch]
            own = np.ones((len(self.firm), len(these)), order="F")
            own[these, np.arange(len(these))] = 0.0
            lost = 1.0 - self._solve(own)[0]
            loss, hit = self.value @ lost, (lost > FELT).sum(axis=0)
            found += zip(loss.tolist(), hit.tolist(), these.tolist(), strict=True)
            found.sort(key=lambda entry: (-entry[0], entry[2]))
            tried += len(these)
            rest = bound[order[tried]] if tried < len(order) else 0.0
            proven = tried == len(self.firm) or bool(settled and len(found) >= top and found[top - 1][0] >= rest + FELT)
            if progress is not None:
                progress(tried, len(order))
        best = found[:top]
        frame = self._named(np.array([node for *_, node in best], dtype=np.intp))
        frame["own"] = self.value[[node for *_, node in best]]
        frame["loss"], frame["hit"] = [loss for loss, *_ in best], [hit for _, hit, _ in best]
        frame.attrs |= {"proven": proven, "tried": tried}
        return frame

    # --- published models -------------------------------------------------------------------------------------------

    def esri(self, stops: Stops, market: Mapping[Any, Any] | None = None, tol: float = 1e-12) -> Esri:
        """The systemic-risk score of a stop (`supplychain.esri_score.esri`), on the links' weights. Needs `weight`.

        market: firm -> market in which firms replace each other (None: nobody is replaced).
        """
        links = self._firm_links
        if market is not None:
            number = len(market) + np.arange(len(self.firm), dtype=np.int64)
            number[self._positions(list(market))] = pd.factorize(pd.Series(list(market.values())))[0]
            links = FirmLinks(
                links.loss_share, links.first_group, links.buyer, links.sales_share, links.revenue,
                np.unique(number, return_inverse=True)[1],
            )  # fmt: skip
        down, up = esri_arrays(links, self._own(stops)[:, None], tol)
        frame = pd.DataFrame({"firm": self.firm, "down": 1.0 - down[:, 0], "up": 1.0 - up[:, 0]})
        frame["loss"] = frame[["down", "up"]].max(axis=1)
        both, d, u = (float(scores(links, left)[0]) for left in (np.minimum(down, up), down, up))
        return Esri(both, d, u, frame)

    def time_to_survive(self, stops: Stops) -> float:
        """Days until the first demand is lost when firms stop (`supplychain.survive`); math.inf if never.

        Needs `weight` (units of the supplier a day) and nodes with stock, capacity (blank: no limit) and demand. A
        buyer's need of a kind is what it buys of it per unit that leaves it. Only the part of the network that
        the stopped firms belong to is planned. Raises InputError where that has more than 300,000 links: ask for
        `survival_bounds` then.
        """
        weight, chain = self._weights("time_to_survive"), self.chain
        self._demand("time_to_survive")
        stopped = self._stopped(stops)
        buyer, supplier = self._inputs.buyer[chain.link_supply], chain.share.indices
        around = self._around(stopped)
        firm, link = np.flatnonzero(around), np.flatnonzero(around[buyer])
        if len(link) > MOST_LINKS_TO_PLAN:
            raise InputError("time_to_survive", "links around the stop", f"{len(link):,}", f"{MOST_LINKS_TO_PLAN:,}",
                             "Ask for `survival_bounds`, which knows no limit.")  # fmt: skip
        demand = self._demand("time_to_survive")
        made = np.bincount(supplier, weight, len(self.firm)) + demand
        if not demand[firm].any():
            return math.inf
        bought = np.bincount(chain.link_supply[link], weight[link], chain.supplies)
        need = np.flatnonzero((bought > 0) & (made[self._inputs.buyer] > 0))
        # each input is its own kind of the buyer's suppliers; a supplier of several kinds counts with each
        names = [f"{k}" for k in range(len(self.firm))]
        makes = self._kind_of_maker()
        nodes = pd.DataFrame({"node": [names[k] for k in firm], "kind": makes[firm]})
        nodes["stock"] = np.nan_to_num(self._node.get("stock", np.zeros(len(self.firm))))[firm]
        nodes["capacity"] = self._node.get("capacity", np.full(len(self.firm), np.nan))[firm]
        nodes["demand"] = demand[firm]
        needs = pd.DataFrame(
            {
                "node": [names[k] for k in self._inputs.buyer[need]],
                "kind": self._inputs.kind[need],
                "need": bought[need] / made[self._inputs.buyer[need]],
            }
        )
        links = pd.DataFrame(
            {"supplier": [names[k] for k in supplier[link]], "buyer": [names[k] for k in buyer[link]]}
        ).drop_duplicates()
        return time_to_survive(nodes, needs, links, [names[k] for k in stopped])

    def survival_bounds(
        self, stops: Stops, tolerance: float = 0.01, progress: Callable[[int, int], None] | None = None
    ) -> tuple[float, float]:
        """Between which days `time_to_survive` lies, in a network of any size: (low, high); math.inf: never, or not
        proven.

        A plan that loses nothing until `low` was found, and it is proven that something is lost by `high`; see
        `supplychain.survive_bounds`. Needs what `time_to_survive` needs.

        tolerance: share of a bound to which it is found; progress: called with (tests done, at most to do).
        Raises InputError.

        >>> links = pd.DataFrame({"supplier": ["A"], "buyer": ["P"], "weight": [10.0]})
        >>> nodes = pd.DataFrame({"node": ["P", "A"], "kind": ["car", "part"], "stock": [20, 50],
        ...                       "capacity": [12, None], "demand": [10, 0]})
        >>> low, high = SupplyNetwork.from_edges(links, nodes).survival_bounds("A")
        >>> low <= 7 <= high
        True

        Source: Simchi-Levi et al. (2015), TTS model.
        """
        demand, stopped = self._demand("survival_bounds"), self._stopped(stops)
        demand = np.where(self._around(stopped), demand, 0.0)
        if not 0 < tolerance < 1:
            raise InputError("survival_bounds", "tolerance", tolerance, "above 0, below 1")
        return survival_bounds(self._flows(demand), stopped, tolerance, progress)

    def _demand(self, call: str) -> Floats:
        """(n,) units a day for final customers."""
        if "demand" not in self._node:
            raise InputError(call, "columns of nodes", list(self._node), "demand, stock, capacity")
        demand: Floats = np.nan_to_num(self._node["demand"])
        return demand

    def _stopped(self, stops: Stops) -> Ints:
        return self._positions(stops if not isinstance(stops, Mapping) else [f for f, s in stops.items() if s == 0])

    def _around(self, stopped: Ints) -> Bools:
        """(n,) the firms that hang together with stopped ones in any direction; all without a stop."""
        if not len(stopped):
            return np.ones(len(self.firm), dtype=bool)
        from scipy.sparse.csgraph import connected_components  # slow to import

        buyer, supplier = self._inputs.buyer[self.chain.link_supply], self.chain.share.indices
        graph = csr_array((np.ones(len(buyer), np.int8), (supplier, buyer)), shape=(len(self.firm),) * 2)
        part = connected_components(graph, directed=False)[1]
        around: Bools = np.isin(part, np.unique(part[stopped]))
        return around

    def _flows(self, demand: Floats) -> Flows:
        """Normal operation: what each firm needs for a unit of what leaves it, and from whom it comes."""
        weight, chain, firms = self._weights("survival_bounds"), self.chain, len(self.firm)
        supplier = chain.share.indices
        bought = np.bincount(chain.link_supply, weight, chain.supplies)
        made = (np.bincount(supplier, weight, firms) + demand)[self._inputs.buyer]
        needed = (bought > 0) & (made > 0)  # the others never bind
        links = needed[chain.link_supply]
        count = np.diff(chain.share.indptr)[needed]
        level, reached = longest_paths(
            supplier.astype(np.intp), self._inputs.buyer[chain.link_supply], np.ones(len(supplier), np.int8), firms
        )
        level[~reached] = level.max(initial=0) + 1  # as `in_order_of_making` numbers the firms
        return Flows(
            supplier[links].astype(np.intp), weight[links], np.append(0, np.cumsum(count)),
            np.append(0, np.cumsum(np.bincount(self._inputs.buyer[needed], minlength=firms))),
            bought[needed] / made[needed], self._inputs.kind[needed], self._kind_of_maker(),
            np.nan_to_num(self._node.get("stock", np.zeros(firms))),
            np.nan_to_num(self._node.get("capacity", np.full(firms, np.nan)), nan=math.inf), demand,
            np.append(np.flatnonzero(np.diff(level, prepend=-1)), firms), not bool(reached.all()),
        )  # fmt: skip

    def _kind_of_maker(self) -> Ints:
        """(n,) what each firm sells, -1 for nothing. Raises InputError for a firm that sells several kinds."""
        maker, kind = self.chain.share.indices, self._inputs.kind[self.chain.link_supply]
        makes = np.full(len(self.firm), -1, dtype=np.intp)
        makes[maker] = kind
        for several in np.flatnonzero(makes[maker] != kind)[:1]:
            raise InputError("SupplyNetwork", "kinds sold by", self.firm[maker[several]], "one kind a firm",
                             "Split the firm into one node a kind, or leave the links' column kind out.")  # fmt: skip
        return makes

    # --- inside -----------------------------------------------------------------------------------------------------

    @cached_property
    def value(self) -> Floats:
        """(n,) importance of each firm's output, in all 1: column value, else its sales, else 1 where nobody buys."""
        if "value" in self._node:
            value = np.nan_to_num(self._node["value"])
        elif self._weight is not None:
            value = np.bincount(self.chain.share.indices, self._weight, len(self.firm)).astype(np.float64)
        else:
            value = np.where(np.bincount(self.chain.share.indices, minlength=len(self.firm)) == 0, 1.0, 0.0)
        total = float(value.sum())
        return value / total if total > 0 else np.full(len(self.firm), 1.0 / len(self.firm))

    @cached_property
    def _criticality(self) -> Floats:
        return self._inputs.criticality[:, None]

    @cached_property
    def _firm_links(self) -> FirmLinks:
        weight, chain = self._weights("esri"), self.chain
        role = np.array([ESSENTIAL, ADDS, NONE])[self._inputs.effect[chain.link_supply]]
        makes = self._kind_of_maker()
        kind = np.where(makes < 0, len(self.kinds), makes).astype(np.int64)
        buyer = self._inputs.buyer[chain.link_supply].astype(np.int64)
        sold = weight > 0
        return firm_links(chain.share.indices[sold].astype(np.int64), buyer[sold], weight[sold], kind, role[sold])

    def _weights(self, call: str) -> Floats:
        if self._weight is None:
            raise InputError(call, "columns of links", "share", "weight", "Give flows in one unit instead of shares.")
        return self._weight

    def _named(self, at: Ints) -> pd.DataFrame:
        frame = pd.DataFrame({"node": self.firm[at]})
        for name in ("kind", "country"):
            if name in self._words:
                words = self._words[name]
                frame[name] = words.names.take(words.codes[at], fill_value=None, allow_fill=True)
        return frame

    def _positions(self, names: Any) -> Ints:
        single = isinstance(names, (str, bytes)) or not isinstance(names, Iterable)
        listed = [names] if single else list(names)
        at = self.firm.get_indexer(pd.Index(listed, dtype=None if listed else self.firm.dtype))
        for unknown in np.flatnonzero(at < 0)[:1]:
            value = listed[unknown]
            remedy = did_you_mean(value, self.firm)
            raise InputError("SupplyNetwork", "firm", value, f"one of {len(self.firm):,} firms", remedy)
        return at

    def _own(self, stops: Stops) -> Floats:
        """(n,) share of capacity left."""
        own = np.ones(len(self.firm))
        if isinstance(stops, Mapping):
            left = np.array(list(stops.values()), dtype=np.float64)
            for bad in np.flatnonzero(~((left >= 0) & (left <= 1)))[:1]:
                raise InputError("SupplyNetwork", f"capacity left of {list(stops)[bad]!r}", left[bad], "0 to 1")
            own[self._positions(list(stops))] = left
        else:
            own[self._positions(stops)] = 0.0
        return own

    def _solve(self, own: Floats, sharing: SharingMode = "fixed", tol: float = 1e-12) -> tuple[Floats, Floats]:
        nothing = Restrictions(own, np.zeros(0, dtype=np.intp), np.zeros((0, own.shape[1])))
        pools = () if sharing == "fixed" else self._pools(own)
        return availability(self.chain, nothing, self._criticality, sharing=sharing, pools=pools, tol=tol)

    def _pools(self, own: Floats) -> tuple[Pool, ...]:
        """One pool for each kind that a stopped firm makes, in the columns where it does."""
        chain, pools = self.chain, []
        bought = np.bincount(
            chain.link_supply, chain.share.data if self._weight is None else self._weight, chain.supplies
        )
        link_kind = self._inputs.kind[chain.link_supply]
        stopped = np.flatnonzero((own < 1).any(axis=1))
        hit = np.isin(chain.share.indices, stopped)
        for kind in np.unique(link_kind[hit]):
            supply = np.flatnonzero(self._inputs.kind == kind)
            sold = link_kind == kind
            sales = np.bincount(chain.share.indices[sold], bought[chain.link_supply[sold]] * chain.share.data[sold],
                                len(self.firm))  # fmt: skip
            columns = (own[np.unique(chain.share.indices[hit & sold])] < 1).any(axis=0)
            spare = np.nan_to_num(self._node.get("spare", np.zeros(len(self.firm))))
            able = np.flatnonzero((spare > 0) & (sales > 0))
            use = bought[supply] / bought[supply].sum()
            pools.append(Pool(supply, use, able, spare[able] * sales[able] / sales.sum(), columns))
        return tuple(pools)

    def _columns(self, memory: float) -> int:
        """How many scenarios fit: capacity, result and work arrays of firms and of supplies."""
        a_column = 8 * (6 * len(self.firm) + 4 * self.chain.supplies)
        if memory < a_column:
            raise InputError("SupplyNetwork", "memory", int(memory), f"at least {a_column:,} bytes for one scenario")
        return int(memory // a_column)

    def _batches(self, stops: Sequence[Stops], sharing: SharingMode, memory: float) -> Iterator[tuple[int, Floats]]:
        size = self._columns(memory)
        for start in range(0, len(stops), size):
            some = stops[start : start + size]
            own = np.ones((len(self.firm), len(some)), order="F")
            for k, stop in enumerate(some):
                own[:, k] = self._own(stop)
            yield start, self._solve(own, sharing)[0]

    def _bound(self) -> tuple[Floats, bool]:
        """(n,) at least what the full stop of each firm costs: b = v + B^T b; False where cycles keep it from settling.

        B_ji = sum over the inputs of j of c s: a loss is never more than the sum of what its inputs cost.
        """
        cost = self._criticality[:, 0]
        backward = self.chain.share.T.tocsr()
        bound = self.value
        for _ in range(BOUND_ROUNDS):
            new: Floats = self.value + backward @ (cost * bound[self._inputs.buyer])
            settled = bool(np.abs(new - bound).max(initial=0.0) < FELT)
            bound = new
            if settled:
                break
        return bound, settled
