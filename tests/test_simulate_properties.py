"""The daily simulation against a plain loop, and its properties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_days import SEEDS, SHARING, Case, assert_equal, made_in_japan, plain, random_case, segment_on
from scipy.sparse import csr_array

from supplychain.availability import Chain, Restrictions, availability
from supplychain.simulate import Path, Segment, simulate


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
            segment.pools,
        )
        np.testing.assert_allclose(path.node[t], a, rtol=0, atol=1e-9)
        np.testing.assert_allclose(path.supply[t], A, rtol=0, atol=1e-9)


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
