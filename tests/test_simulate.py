"""Daily simulation: the worked examples, a plain daily loop as oracle, and properties on random networks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from supplychain.availability import Chain, Pool, Restrictions, availability
from supplychain.errors import InputError
from supplychain.simulate import Path, Segment, simulate
from supplychain.timeline import summarise_losses


def made_in_japan() -> Chain:
    """Nodes M in CHN, M in AUS, K in JPN, P in USA; supplies M in JPN, K in USA, P in USA."""
    share = csr_array(np.array([[0.9, 0.1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    whole = np.array([0, 1])
    return Chain(share, np.array([2, 3]), whole, whole, np.ones(2), np.zeros(2), np.ones(2, dtype=bool))


def stop(days: int | None) -> list[Segment]:
    own = np.ones((4, 1))
    start = Segment(0, Restrictions(own, np.array([0]), np.array([[1.0]])))
    end = Segment(days or 0, Restrictions(own, np.zeros(0, dtype=np.intp), np.zeros((0, 1))))
    return [start] if days is None else [start, end]


@dataclass
class Summary:
    """One run in figures, each (rows, 1): of nodes the exact first day and the need that bound on it."""

    first_day: np.ndarray
    worst: np.ndarray
    days_lost: np.ndarray
    recovered: np.ndarray
    ran_out: np.ndarray


def summarise(path: Path) -> tuple[Summary, Summary]:
    """The watched supplies and the watched nodes; a supply has no stock of its own: its first day is a whole day."""
    found = [
        {name: np.array(values)[:, None] for name, values in summarise_losses(1.0 - left[:, :, 0]).items()}
        for left in (path.supply, path.node)
    ]
    nothing = np.full(found[0]["first_day"].shape, -1)
    nodes = found[1] | {"first_day": path.node_first}
    return Summary(**found[0], ran_out=nothing), Summary(**nodes, ran_out=path.node_ran_out)


def run(segments: list[Segment], stock: list[float], transit: list[int], days: int = 400) -> tuple[Summary, Summary]:
    path = simulate(
        made_in_japan(), segments, np.ones((2, 1)), np.array([False]), np.array([[s] for s in stock]),
        np.array(transit), 0.1, days, np.array([2]), np.array([2, 3]),
    )  # fmt: skip
    return summarise(path)


def test_example_7_first_loss_is_when_the_cover_has_run_out() -> None:
    _, node = run(stop(None), [60.0, 0.0], [0, 0, 0, 0])
    assert node.first_day[0, 0] == pytest.approx(66 + 2 / 3)
    assert node.ran_out[0, 0] == 0
    assert node.worst[0, 0] == pytest.approx(0.9)
    assert np.isnan(node.recovered[0, 0])


def test_example_7_a_stop_shorter_than_the_cover_costs_nothing() -> None:
    product, node = run(stop(60), [60.0, 0.0], [0, 0, 0, 0])
    for summary in (product, node):
        assert np.isnan(summary.first_day).all()
        assert np.isnan(summary.recovered).all()
        assert (summary.days_lost == 0).all()
        assert (summary.ran_out == -1).all()


LEGS = [20, 0, 15, 0]  # CHN to JPN, AUS to JPN, JPN to USA, at home


def test_example_24_stop_without_end() -> None:
    product, node = run(stop(None), [60.0, 30.0], LEGS)
    assert node.first_day[:, 0] == pytest.approx([86 + 2 / 3, 135])
    assert product.first_day[0, 0] in (134, 135)
    assert node.ran_out[:, 0].tolist() == [0, 1]


def test_example_24_stop_of_90_days() -> None:
    product, node = run(stop(90), [60.0, 30.0], LEGS)
    assert node.days_lost[:, 0] == pytest.approx([21, 0], abs=1e-9)
    assert node.recovered[0, 0] == 110
    assert np.isnan(node.first_day[1, 0])
    assert np.isnan(product.first_day[0, 0])


def test_example_24_stop_of_120_days() -> None:
    product, node = run(stop(120), [60.0, 30.0], LEGS)
    assert node.days_lost[:, 0] == pytest.approx([48, 18], abs=1e-9)
    assert node.recovered[:, 0].tolist() == [140, 155]
    assert node.first_day[1, 0] == pytest.approx(135)
    assert product.first_day[0, 0] == 135
    assert product.days_lost[0, 0] == pytest.approx(18)
    assert product.recovered[0, 0] == 155


# --- a plain loop over days, nodes and needs, written from DESIGN, as oracle ---


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


@settings(deadline=None, max_examples=60)
@given(SEEDS, SHARING)
def test_equals_the_plain_loop(seed: int, sharing: str) -> None:
    case = random_case(seed, sharing=sharing)
    path, expected = case.run(), plain(case)
    assert_equal(path, expected)
    assert path.node_ran_out.tolist() == expected.node_ran_out.tolist()


@settings(deadline=None, max_examples=40)
@given(SEEDS, SHARING)
def test_equals_the_plain_loop_on_cycles(seed: int, sharing: str) -> None:
    case = random_case(seed, cycles=True, sharing=sharing, columns=1)
    assert_equal(case.run(), plain(case))


@settings(deadline=None, max_examples=60)
@given(SEEDS, SHARING, st.booleans())
def test_without_stock_and_transit_every_day_is_availability(seed: int, sharing: str, cycles: bool) -> None:
    case = random_case(seed, cycles=cycles and sharing == "fixed", sharing=sharing, slow=False)
    path = case.run()
    for t in range(0, 30, 3):
        segment = segment_on(case, t)
        if segment is None:
            assert (path.node[t] == 1).all()
            continue
        a, A = availability(
            case.chain,
            segment.restrictions,
            case.criticality,
            case.lone,
            case.sharing,
            segment.pools,  # type: ignore[arg-type]
        )
        np.testing.assert_allclose(path.node[t], a, rtol=0, atol=1e-9)
        np.testing.assert_allclose(path.supply[t], A, rtol=0, atol=1e-9)


# --- properties ---


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from([0.0, 0.2, 0.7, 1.0])), min_size=1, max_size=6),
       st.sampled_from([0.0, 10.0, 33.5]), st.integers(0, 30))  # fmt: skip
def test_what_is_lost_is_what_did_not_arrive_less_the_stock(
    steps: list[tuple[int, float]], stock: float, transit: int
) -> None:
    """Stock + inflow - use: without refill the days lost are those missing of the inflow less the days in stock."""
    starts = np.cumsum([length for length, _ in steps]).tolist()
    segments = [Segment(start, Restrictions(np.ones((4, 1)), np.array([0]), np.array([[r]])))
                for start, (_, r) in zip(starts, steps, strict=True)]  # fmt: skip
    path = simulate(made_in_japan(), segments, np.ones((2, 1)), np.array([False]), np.array([[stock], [0.0]]),
                    np.array([transit, 0, 0, 0]), 0.0, 300, np.array([0]), np.array([2]))  # fmt: skip
    missing = 300 - path.supply.sum()
    assert 300 - path.node.sum() == pytest.approx(max(0.0, missing - stock), abs=1e-8)


@settings(deadline=None, max_examples=60)
@given(SEEDS, SHARING)
def test_no_loss_before_the_cover_runs_out(seed: int, sharing: str) -> None:
    case = random_case(seed, sharing=sharing)
    path, chain = case.run(), case.chain
    missing = np.cumsum(1 - path.supply, axis=0)
    runs_out = missing[:, chain.need_supply] > case.stock + 1e-8
    for t in range(len(path.node)):
        at_risk = np.zeros(path.node.shape[1:], dtype=bool)
        np.logical_or.at(at_risk, chain.need_node, runs_out[t])
        segment = segment_on(case, t)
        own = segment.restrictions.own if segment else 1.0
        assert (path.node[t] >= np.where(at_risk, 0.0, own - 1e-9)).all()


@settings(deadline=None, max_examples=40)
@given(SEEDS, SHARING, st.integers(1, 12))
def test_everything_later_is_the_same_later(seed: int, sharing: str, delay: int) -> None:
    case = random_case(seed, cycles=True, sharing=sharing)
    later = replace(case, segments=[replace(s, start=s.start + delay) for s in case.segments])
    path, moved = case.run(40), later.run(40 + delay)
    assert (moved.node[:delay] == 1).all()
    np.testing.assert_allclose(moved.node[delay:], path.node, rtol=0, atol=1e-9)
    known = ~np.isnan(path.node_first)
    np.testing.assert_allclose(moved.node_first[known], path.node_first[known] + delay, rtol=0, atol=1e-6)


def one_input_each(seed: int) -> Case:
    """A random tree: every node needs one thing at most."""
    case = random_case(seed, groups=False)
    _, keep = np.unique(case.chain.need_node, return_index=True)
    chain = replace(case.chain, need_node=case.chain.need_node[keep], need_supply=case.chain.need_supply[keep],
                    need_group=np.arange(len(keep)), weight=np.ones(len(keep)), takeover=np.zeros(len(keep)),
                    essential=np.ones(len(keep), dtype=bool))  # fmt: skip
    return replace(case, chain=chain, criticality=case.criticality[keep], stock=case.stock[keep])


def not_earlier(path: Path, other: Path) -> None:
    """No whole day on which the other path has less, so no earlier first loss either."""
    assert (other.node >= path.node - 1e-9).all()
    assert (other.supply >= path.supply - 1e-9).all()


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.integers(1, 10))
def test_a_later_event_never_brings_an_earlier_loss(seed: int, delay: int) -> None:
    case = one_input_each(seed)
    first, *rest = case.segments
    start = min([first.start + delay, *(s.start - 1 for s in rest)])
    if start > first.start:
        not_earlier(case.run(), replace(case, segments=[replace(first, start=start), *rest]).run())


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.sampled_from([0.5, 3.0, 20.0]))
def test_more_stock_never_brings_an_earlier_loss(seed: int, more: float) -> None:
    tree = one_input_each(seed)
    not_earlier(tree.run(), replace(tree, stock=tree.stock + more).run())
    case = random_case(seed)  # with several inputs it holds for the holder: others may use up their other inputs
    path = case.run()
    for n in np.unique(case.chain.need_node).tolist():
        own = (case.chain.need_node == n)[:, None]
        other = replace(case, stock=case.stock + more * own).run()
        first, second = (np.floor(np.nan_to_num(p.node_first[n], nan=np.inf)) for p in (path, other))
        assert (second >= first).all()


@settings(deadline=None, max_examples=40)
@given(SEEDS, SHARING, st.booleans())
def test_the_order_of_rows_changes_nothing(seed: int, sharing: str, cycles: bool) -> None:
    case = random_case(seed, cycles=cycles, sharing=sharing)
    chain, rng = case.chain, np.random.default_rng(seed)
    node_to, supply_to = rng.permutation(chain.nodes), rng.permutation(chain.supplies)
    node_from, supply_from = np.argsort(node_to), np.argsort(supply_to)
    need = np.lexsort((rng.permutation(int(chain.need_group.max(initial=0)) + 1)[chain.need_group],
                       node_to[chain.need_node]))  # fmt: skip
    group = np.cumsum(np.diff(chain.need_group[need], prepend=-1) != 0) - 1
    link = np.array(
        [
            chain.share.indptr[b] + i
            for b in supply_from
            for i in rng.permutation(chain.share.indptr[b + 1] - chain.share.indptr[b])
        ],
        dtype=np.intp,
    )
    rows = np.diff(chain.share.indptr)[supply_from]
    share = csr_array((chain.share.data[link], node_to[chain.share.indices[link]], np.append(0, np.cumsum(rows))),
                      shape=chain.share.shape)  # fmt: skip
    mixed = Chain(share, node_to[chain.need_node[need]], supply_to[chain.need_supply[need]], group, chain.weight[need],
                  chain.takeover[need], chain.essential[need])  # fmt: skip
    segments = []
    for segment in case.segments:
        given_r = segment.restrictions
        at = np.argsort(link)[given_r.link]
        pools = tuple(replace(p, supply=supply_to[p.supply], spare_node=node_to[p.spare_node]) for p in segment.pools)
        order = np.argsort(at)
        restrictions = Restrictions(given_r.own[node_from], at[order], given_r.r[order])
        segments.append(Segment(segment.start, restrictions, pools))
    other = Case(mixed, segments, case.criticality[need], case.lone, case.stock[need], case.transit[link], case.refill,
                 sharing).run()  # fmt: skip
    path = case.run()
    np.testing.assert_allclose(other.node[:, node_to], path.node, rtol=0, atol=1e-8)
    np.testing.assert_allclose(other.supply[:, supply_to], path.supply, rtol=0, atol=1e-8)
    np.testing.assert_allclose(other.node_first[node_to], path.node_first, rtol=0, atol=1e-6)


# --- hand-computed cases and arguments ---


@settings(deadline=None, max_examples=30)
@given(SEEDS, SHARING)
def test_every_column_has_its_own_transit_refill_and_shares(seed: int, sharing: str) -> None:
    """Columns solved together with figures of their own are those solved one by one on a chain with these figures."""
    case, rng = random_case(seed, sharing=sharing, columns=2), np.random.default_rng(seed)
    chain, watch = case.chain, (np.arange(case.chain.supplies), np.arange(case.chain.nodes))
    transit = rng.integers(0, 6, (chain.share.nnz, 2))
    refill, share = rng.random(2), chain.share.data[:, None] * rng.random((chain.share.nnz, 2))
    together = simulate(chain, case.segments, case.criticality, case.lone, case.stock, transit, refill, 40, *watch,
                        case.sharing, share=share)  # fmt: skip
    for k in range(2):
        alone = replace(
            chain, share=csr_array((share[:, k], chain.share.indices, chain.share.indptr), chain.share.shape)
        )
        segments = [
            replace(
                s,
                restrictions=replace(s.restrictions, own=s.restrictions.own[:, [k]], r=s.restrictions.r[:, [k]]),
                pools=tuple(replace(p, columns=p.columns[[k]]) for p in s.pools),
            )
            for s in case.segments
        ]
        path = simulate(alone, segments, case.criticality[:, [k]], case.lone[[k]], case.stock[:, [k]], transit[:, k],
                        float(refill[k]), 40, *watch, case.sharing)  # fmt: skip
        np.testing.assert_allclose(together.supply[:, :, k], path.supply[:, :, 0], rtol=0, atol=1e-9)


def test_own_stop_has_no_cover_and_no_binding_input() -> None:
    own = np.array([[1.0], [1.0], [0.4], [1.0]])
    segments = [Segment(3, Restrictions(own, np.zeros(0, dtype=np.intp), np.zeros((0, 1))))]
    product, node = run(segments, [60.0, 2.0], [0, 0, 5, 0], days=30)
    assert node.first_day[:, 0] == pytest.approx([3, 11 + 0.2 / 0.6])  # 2 days of K last 3.33 days at 0.6 missing
    assert node.ran_out[:, 0].tolist() == [-1, 1]
    assert product.first_day[0, 0] == 11
    assert node.days_lost[:, 0] == pytest.approx([27 * 0.6, 22 * 0.6 - 2])


def test_refill_lets_a_second_stop_be_borne() -> None:
    """10 days of stock, stops of 10 days at 0.9, 50 days apart: 0.1 a day refills 5 of the 9 days used."""
    own, none = np.ones((4, 1)), np.zeros(0, dtype=np.intp)
    stops = [Segment(start, Restrictions(own, *((np.array([0]), np.ones((1, 1))) if on else (none, np.zeros((0, 1))))))
             for start, on in [(0, True), (10, False), (60, True), (70, False)]]  # fmt: skip
    _, node = run(stops, [10.0, 0.0], [0, 0, 0, 0], days=200)
    assert node.days_lost[0, 0] == pytest.approx(9 - (10 - 9 + 5))
    assert node.first_day[0, 0] == pytest.approx(66 + (6 - 6 * 0.9) / 0.9)
    assert node.recovered[0, 0] == 70


def test_what_is_under_way_when_a_stop_begins_still_arrives() -> None:
    product, node = run(stop(5), [0.0, 0.0], [20, 0, 15, 0])
    assert node.first_day[:, 0].tolist() == [20, 35]
    assert node.days_lost[:, 0] == pytest.approx([4.5, 4.5])
    assert product.recovered[0, 0] == 40


@pytest.mark.parametrize("days", [0, 3])
def test_a_loop_that_could_stay_down_comes_back(days: int) -> None:
    """Two nodes that live on each other: the greatest fixed point, or what was shipped a lap ago."""
    one = np.ones(2)
    chain = Chain(csr_array(np.eye(2)), np.array([0, 1]), np.array([1, 0]), np.array([0, 1]), one, one * 0, one > 0)
    none = np.zeros(0, dtype=np.intp), np.zeros((0, 1))
    halted = [
        Segment(2, Restrictions(np.array([[0.5], [1.0]]), *none)),
        Segment(4, Restrictions(np.ones((2, 1)), *none)),
    ]
    path = simulate(chain, halted, np.ones((2, 1)), np.array([False]), np.zeros((2, 1)), np.array([0, days]), 0.1, 20,
                    np.array([0]), np.array([0, 1]))  # fmt: skip
    node = path.node[:, :, 0]
    assert (node[:2] == 1).all()
    assert node[2:4, 0].tolist() == [0.5] * 2
    assert node[2:4, 1].tolist() == [0.5] * 2
    if days == 0:
        assert (node[4:] == 1).all()
    else:  # two days of three were lost, and are lost again on every lap
        assert node[4:, 0].tolist() == [1 if (t - 2) % 3 == 2 else 0.5 for t in range(4, 20)]


def test_progress_ends_at_the_last_day() -> None:
    case, seen = random_case(3), []
    simulate(case.chain, case.segments, case.criticality, case.lone, case.stock, case.transit, 0.1, 77,
             np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), progress=seen.append)  # fmt: skip
    assert seen == sorted(seen)
    assert seen[-1] == 77


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"days": 0}, "days"),
        ({"refill": -0.1}, "refill"),
        ({"refill": float("nan")}, "refill"),
        ({"sharing": "fair"}, "sharing"),
        ({"stock": np.array([[-1.0], [0.0]])}, "stock"),
        ({"stock": np.array([[np.nan], [0.0]])}, "stock"),
        ({"stock": np.zeros((3, 1))}, "stock"),
        ({"transit": np.array([0, 0, -1, 0])}, "transit"),
        ({"transit": np.array([0, 0, 1.5, 0])}, "transit"),
        ({"transit": np.array([0, 0, 1])}, "transit"),
        ({"lone": np.array([False, True])}, "lone"),
        ({"segments": [*stop(10), *stop(None)]}, "segments"),
        ({"segments": [replace(stop(None)[0], start=-1)]}, "segments"),
        ({"segments": [Segment(0, Restrictions(np.ones((4, 2)), np.array([0]), np.ones((1, 2))))]}, "segments"),
    ],
)
def test_a_bad_argument_is_named(change: dict[str, object], argument: str) -> None:
    arguments: dict[str, object] = {
        "chain": made_in_japan(), "segments": stop(None), "criticality": np.ones((2, 1)), "lone": np.array([False]),
        "stock": np.zeros((2, 1)), "transit": np.zeros(4, dtype=np.intp), "refill": 0.1, "days": 10,
        "watch_supply": np.array([2]), "watch_node": np.array([3]),
    }  # fmt: skip
    with pytest.raises(InputError) as caught:
        simulate(**{**arguments, **change})  # type: ignore[arg-type]
    assert caught.value.argument == argument
