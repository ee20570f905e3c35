"""The daily simulation as a plain loop over days, nodes and needs, written from the design; random cases."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array

from supplychain.availability import Chain, Pool, Restrictions
from supplychain.simulate import Path, Segment, simulate


def made_in_japan() -> Chain:
    """Nodes M in CHN, M in AUS, K in JPN, P in USA; supplies M in JPN, K in USA, P in USA."""
    share = csr_array(np.array([[0.9, 0.1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    whole = np.array([0, 1])
    return Chain(share, np.array([2, 3]), whole, whole, np.ones(2), np.zeros(2), np.ones(2, dtype=bool))


@dataclass
class Case:
    chain: Chain
    segments: list[Segment]
    criticality: np.ndarray
    lone: np.ndarray
    stock: np.ndarray
    transit: np.ndarray
    refill: float
    sharing: str

    def run(self, days: int = 40) -> Path:
        chain = self.chain
        return simulate(
            chain, self.segments, self.criticality, self.lone, self.stock, self.transit, self.refill, days,
            np.arange(chain.supplies), np.arange(chain.nodes), self.sharing,
        )  # fmt: skip


def plain(case: Case, days: int = 40) -> Path:
    """Every day, every column, every node: `a` is iterated downwards from own capacity."""
    chain, columns = case.chain, case.stock.shape[1]
    needs_of: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for q, (n, g) in enumerate(zip(chain.need_node.tolist(), chain.need_group.tolist(), strict=True)):
        needs_of[n][g].append(q)
    links_of = [range(chain.share.indptr[b], chain.share.indptr[b + 1]) for b in range(chain.supplies)]
    path = Path(
        np.empty((days, chain.supplies, columns)), np.empty((days, chain.nodes, columns)),
        np.full((chain.nodes, columns), np.nan), np.full((chain.nodes, columns), -1),
    )  # fmt: skip
    for k in range(columns):
        stock, history = case.stock[:, k].copy(), []
        for t in range(days):
            now = segment_on(case, t)
            own = now.restrictions.own[:, k] if now else np.ones(chain.nodes)
            a = own.copy()
            while True:
                flow = np.ones(chain.supplies)
                for b, links in enumerate(links_of):
                    for link in links:
                        n, shipped = chain.share.indices[link], t - int(case.transit[link])
                        made = 1.0 if shipped < 0 else a[n] if shipped == t else history[shipped][n]
                        flow[b] -= chain.share.data[link] * (1 - (1 - r_on(case, shipped, link, k)) * made)
                flow = shared(case, now, flow, a, k)
                available = np.minimum(1.0, flow[chain.need_supply] + stock)
                new = np.array([min(own[n], 1 - max(loss_by(case, needs_of[n], available, k)))
                                for n in range(chain.nodes)])  # fmt: skip
                change, a = np.abs(new - a).max(initial=0.0), new
                if change < 1e-13:
                    break
            history.append(a)
            path.supply[t, :, k], path.node[t, :, k] = np.clip(flow, 0, 1), a
            for n in np.flatnonzero((a < 1 - 1e-9) & np.isnan(path.node_first[:, k])).tolist():
                path.node_first[n, k] = t
                if a[n] < own[n] - 1e-12:
                    cover, q = binding(case, needs_of[n], available, flow, stock, k)
                    path.node_first[n, k] += cover
                    path.node_ran_out[n, k] = q
            for q, (n, b) in enumerate(zip(chain.need_node, chain.need_supply, strict=True)):
                refill = case.refill if flow[b] >= 1 - 1e-9 else 0.0
                used = min(available[q], a[n])
                assert used <= flow[b] + stock[q] + 1e-12  # nothing is used that is not there
                stock[q] = min(case.stock[q, k], max(0.0, stock[q] + flow[b] - used + refill))
    return path


def segment_on(case: Case, day: int) -> Segment | None:
    return next((s for s in reversed(case.segments) if s.start <= day), None)


def r_on(case: Case, day: int, link: int, k: int) -> float:
    segment = segment_on(case, day)
    found = np.flatnonzero(segment.restrictions.link == link) if segment else ()
    return float(segment.restrictions.r[found[0], k]) if segment and len(found) else 0.0


def shared(case: Case, segment: Segment | None, flow: np.ndarray, a: np.ndarray, k: int) -> np.ndarray:
    result = flow.copy()
    for pool in segment.pools if segment and case.sharing != "fixed" else ():
        if not pool.columns[k]:
            continue
        total = (pool.use * flow[pool.supply]).sum()
        if case.sharing == "shared":
            result[pool.supply] = total / pool.use.sum()
        else:
            spare = 0.0 if case.lone[k] else (pool.spare * a[pool.spare_node]).sum()
            result[pool.supply] = np.maximum(flow[pool.supply], np.minimum(1.0, (total + spare) / pool.use))
    return result


def effects(case: Case, group: list[int], available: np.ndarray, k: int) -> list[float]:
    """What each member of a group costs the node."""
    chain, result = case.chain, []
    for q in group:
        effect = case.criticality[q, k] * (1 - available[q])
        if not case.lone[k]:
            help_of = sum(chain.takeover[j] * available[j] for j in group if j != q)
            effect *= chain.weight[q] * (1 - min(1.0, help_of))
        result.append(effect)
    return result


def loss_by(case: Case, groups: dict[int, list[int]], available: np.ndarray, k: int) -> list[float]:
    """What each essential group costs the node, and what all that adds up costs it."""
    essential, adds = [], 0.0
    for group in groups.values():
        effect = effects(case, group, available, k)
        if not case.chain.essential[group[0]]:
            adds += sum(effect)
        else:
            essential += effect if case.lone[k] else [sum(effect)]
    return [min(1.0, loss) for loss in [*essential, adds]]


def binding(
    case: Case, groups: dict[int, list[int]], available: np.ndarray, flow: np.ndarray, stock: np.ndarray, k: int
) -> tuple[float, int]:
    sets, adds = [], []
    for group in groups.values():
        pairs = list(zip(effects(case, group, available, k), group, strict=True))
        if not case.chain.essential[group[0]]:
            adds += pairs
        else:
            sets += [[pair] for pair in pairs] if case.lone[k] else [pairs]
    sets += [adds] if adds else []
    worst = max(sum(e for e, _ in pairs) for pairs in sets)
    candidates = [pair for pairs in sets if sum(e for e, _ in pairs) > worst - 1e-12 for pair in pairs]
    largest = max(e for e, _ in candidates)
    lost = 1 - flow[case.chain.need_supply]
    return min((float(stock[q] / lost[q]), q) for e, q in candidates if e > largest - 1e-12)


def random_case(
    seed: int, cycles: bool = False, sharing: str = "fixed", columns: int = 2, groups: bool = True, slow: bool = True
) -> Case:
    rng = np.random.default_rng(seed)
    nodes, supplies = rng.integers(2, 8), rng.integers(2, 10)
    layer = np.sort(rng.integers(0, nodes, supplies))  # a supply comes from earlier nodes and goes to later ones
    layer[0] = max(1, layer[0])
    share = np.zeros((supplies, nodes))
    for b in range(supplies):
        makers = rng.permutation(nodes if cycles else max(1, layer[b]))[: rng.integers(1, 4)]
        share[b, makers] = rng.dirichlet(np.ones(len(makers))) * rng.choice([0.9, 1.0])
    need: list[tuple[int, int, int]] = []
    for n in range(nodes):
        usable = np.arange(supplies) if cycles else np.flatnonzero(layer <= n) if n else np.zeros(0, np.intp)
        for _ in range(rng.integers(0, 4) if len(usable) else 0):
            join = groups and need and need[-1][0] == n and rng.random() < 0.5
            group = need[-1][2] if join else len(need)
            need.append((n, int(rng.choice(usable)), group))
    count = len(need)
    node, supply, group = (np.array([q[i] for q in need], dtype=np.intp) for i in range(3))
    chain = Chain(
        csr_array(share), node, supply, np.unique(group, return_inverse=True)[1],
        rng.choice([0.3, 0.5, 1.0], count) if groups else np.ones(count), rng.choice([0, 0.4, 1], count).astype(float),
        (rng.random(count + 1) < 0.6)[group],
    )  # fmt: skip
    segments = []
    for start in np.unique(rng.integers(0, 25, rng.integers(1, 4))).tolist():
        link = np.flatnonzero(rng.random(chain.share.nnz) < 0.4)
        own = np.where(rng.random((nodes, columns)) < 0.2, rng.random((nodes, columns)), 1.0)
        r = rng.choice([0, 0.3, 1.0], (len(link), columns)) * rng.choice([1, rng.random()])
        segments.append(
            Segment(
                start,
                Restrictions(own, link, r),
                random_pools(rng, chain, layer, columns, segments[-1].pools if segments else ()),
            )
        )
    return Case(
        chain, segments, rng.choice([0.2, 0.5, 0.9 if cycles else 1.0], (count, columns)), rng.random(columns) < 0.3,
        rng.choice([0, 0, 0.5, 3, 7.3], (count, columns)) * slow, rng.choice([0, 0, 1, 4], chain.share.nnz) * int(slow),
        float(rng.choice([0, 0.1, 2])), sharing,
    )  # fmt: skip


def random_pools(
    rng: np.random.Generator, chain: Chain, layer: np.ndarray, columns: int, before: tuple[Pool, ...]
) -> tuple[Pool, ...]:
    """Up to two pools of supplies of one layer, with spare capacity in nodes that need nothing; some go on."""
    pools = []
    for chosen in rng.permutation(np.unique(layer))[: rng.integers(0, 3)]:
        supply = np.flatnonzero(layer == chosen)
        same = [pool for pool in before if pool.supply.tolist() == supply.tolist()]
        if same and rng.random() < 0.6:
            pools += same
            continue
        spare = np.setdiff1d(np.arange(chain.nodes), chain.need_node)[:2]
        use = rng.random(len(supply)) + 0.05
        pools.append(Pool(supply, use, spare, rng.random(len(spare)) * 0.3, rng.random(columns) < 0.8))
    return tuple(pools)


def assert_equal(path: Path, other: Path, tolerance: float = 1e-8) -> None:
    np.testing.assert_allclose(path.supply, other.supply, rtol=0, atol=tolerance)
    np.testing.assert_allclose(path.node, other.node, rtol=0, atol=tolerance)
    np.testing.assert_allclose(path.node_first, other.node_first, rtol=0, atol=1e-6)
    assert (path.node_ran_out >= 0).tolist() == (other.node_ran_out >= 0).tolist()


SEEDS = st.integers(0, 10**6)
SHARING = st.sampled_from(["fixed", "shared", "first"])
