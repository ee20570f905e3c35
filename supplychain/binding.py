"""Why a supply is short: the chain of inputs that sets the loss, step by step, with the rows it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from supplychain.availability import Floats, Ints, Restrictions
from supplychain.readings import CENTRAL, HIGH, LINKED, LOW, RUNS
from supplychain.restrictions import Act
from supplychain.sourcing import BASES, Sourcing

TIE = 1e-9  # losses closer than this bind together


@dataclass(frozen=True, eq=False)
class Solved:
    """One scenario solved for all goods and countries: what `explain` reads."""

    sourcing: Sourcing
    restrictions: Restrictions
    acts: tuple[Act, ...]
    criticality: Floats  # (Q, K)
    made: Floats  # (N, K) a
    arrived: Floats  # (M, K) A

    @cached_property
    def flows(self) -> dict[tuple[int, int], _Flow]:
        """(supply, column) -> what was found of it on the way down a chain."""
        return {}

    @cached_property
    def inputs(self) -> dict[tuple[int, int], tuple[tuple[int, int, float, bool], ...]]:
        """(node, column) -> its needs as found on the way down a chain."""
        return {}

    @cached_property
    def acts_at(self) -> dict[tuple[int, bool], tuple[Ints, Ints, Ints]]:
        """(run, output stop) -> links (or nodes) in rising order, the act on each, and its row in that act."""
        found = {}
        for run in {act.run for act in self.acts}:
            for stop in (False, True):
                mine = [k for k, a in enumerate(self.acts) if a.run == run and (a.effect.acts_on == "output") == stop]
                if not mine:
                    continue
                links = np.concatenate([self.acts[k].links for k in mine])
                act = np.repeat(mine, [len(self.acts[k].links) for k in mine])
                row = np.concatenate([np.arange(len(self.acts[k].links)) for k in mine])
                order = np.argsort(links, kind="stable")
                found[run, stop] = links[order], act[order], row[order]
        return found


@dataclass(frozen=True)
class Step:
    """One input of one maker (or the product itself arriving in its market) on the way down the chain.

    output: good made ('' for the market); made_in: where; input; country: its origin that loses most; share: of the
    supply; criticality; available: A of the input; loss: what its lack costs the output; binding: whether it sets
    the loss; cut: r on that flow; events: the clauses that cut it; rows: evidence labels
    """

    step: int
    output: str
    made_in: str
    input: str
    country: str
    share: float
    criticality: float
    available: float
    loss: float
    binding: bool
    cut: float
    events: tuple[str, ...]
    prior: bool
    assumed: float
    basis: str
    edge: int
    rows: tuple[str, ...]


def steps_to(solved: Solved, supply: int, column: int) -> list[Step]:
    """The binding chain below one supply in one column, nearest first; inputs that do not bind are listed beside it."""
    walk = _Walk(solved, column)
    walk.enter(0, supply, -1, 1.0, True, "", "")
    return walk.found


@dataclass(frozen=True)
class _Flow:
    """What every step that reaches a supply says of it in one column; makers: short nodes that lose most of it."""

    country: str
    share: float
    available: float
    cut: float
    events: tuple[str, ...]
    prior: bool
    basis: str
    rows: tuple[str, ...]
    makers: tuple[int, ...]


class _Walk:
    def __init__(self, solved: Solved, column: int) -> None:
        self.solved, self.column = solved, column
        self.found: list[Step] = []
        self._seen: set[int] = set()

    def enter(self, step: int, supply: int, edge: int, loss: float, binding: bool, output: str, made_in: str) -> None:
        """Add the step of one supply and, where it binds, go on to the makers that lose most of it."""
        sourcing, flow = self.solved.sourcing, self.flow(supply)
        self.found.append(
            Step(
                step, output, made_in, sourcing.world.goods[sourcing.supply_good[supply]], flow.country, flow.share,
                1.0 if edge < 0 else float(sourcing.edge_criticality[edge]), flow.available,
                1.0 - flow.available if edge < 0 else loss, binding, flow.cut, flow.events, flow.prior,
                float(sourcing.supply_assumed[supply]), flow.basis, edge, flow.rows,
            )
        )  # fmt: skip
        if binding:
            for node in flow.makers:
                self.descend(step + 1, node)

    def flow(self, supply: int) -> _Flow:
        """What is known of a supply; kept, as many chains meet in the same one."""
        kept, key = self.solved.flows, (supply, self.column)
        if key not in kept:
            kept[key] = self._flow(supply)
        return kept[key]

    def _flow(self, supply: int) -> _Flow:
        solved, sourcing = self.solved, self.solved.sourcing
        world = sourcing.world
        available = float(solved.arrived[supply, self.column])
        links = np.arange(*sourcing.chain.share.indptr[supply : supply + 2])
        if not len(links):
            return _Flow("", 0.0, available, 0.0, (), False, "", (), ())
        cut = cut_of(solved.restrictions, links, self.column)
        node = sourcing.link_node[links]
        share = sourcing.chain.share.data[links]
        made = solved.made[node, self.column]
        lost = share * (1.0 - (1.0 - cut) * made)
        worst = np.flatnonzero((lost > 0) & (lost >= lost.max(initial=0.0) - TIE))
        first = int(worst[0]) if len(worst) else int(np.argmax(share))
        cuts = cuts_on(solved, links[worst], node[worst], self.column)
        evidence = sourcing.link_evidence[links[first]]
        rows = [world.evidence[evidence][0]] if evidence >= 0 else []
        country = sourcing.node_country[node]
        onward = worst[(1.0 - cut[worst]) * (1.0 - made[worst]) > TIE]
        return _Flow(
            world.countries[country[first]],
            float(share[country == country[first]].sum()),
            available,
            float(cut[first]),
            tuple(c.event for c in cuts),
            bool(cuts) and all(c.prior for c in cuts),
            BASES[sourcing.link_basis[links[first]]],
            (*rows, *dict.fromkeys(row for c in cuts for row in c.rows)),
            tuple(node[onward].tolist()),
        )

    def descend(self, step: int, node: int) -> None:
        """Add the inputs of one maker that is short, the binding ones first."""
        if node in self._seen or self.solved.made[node, self.column] >= 1:
            return
        self._seen.add(node)
        sourcing = self.solved.sourcing
        output = sourcing.world.goods[sourcing.node_good[node]]
        made_in = sourcing.world.countries[sourcing.node_country[node]]
        for supply, edge, loss, binding in self.inputs(node):
            self.enter(step, supply, edge, loss, binding, output, made_in)

    def inputs(self, node: int) -> tuple[tuple[int, int, float, bool], ...]:
        """Supply, edge, loss caused and whether it binds, of every need of a maker; kept like the flows."""
        kept, key = self.solved.inputs, (node, self.column)
        if key not in kept:
            sourcing = self.solved.sourcing
            chain = sourcing.chain
            needs = np.arange(*np.searchsorted(chain.need_node, [node, node + 1]))
            short = 1.0 - float(self.solved.made[node, self.column])
            loss, binding = binding_needs(self.solved, needs, short, self.column)
            kept[key] = tuple(
                (int(chain.need_supply[needs[k]]), int(sourcing.need_edge[needs[k]]), float(loss[k]), bool(binding[k]))
                for k in sorted(range(len(needs)), key=lambda k: (not binding[k], -loss[k], int(needs[k])))
            )
        return kept[key]


def binding_needs(solved: Solved, needs: Ints, short: float, column: int) -> tuple[Floats, list[bool]]:
    """Loss that each need (its group) causes, and whether it sets the loss of the node; all of them on a tie."""
    chain = solved.sourcing.chain
    lone = column % RUNS == LINKED
    lost = solved.criticality[needs, column] * (1.0 - solved.arrived[chain.need_supply[needs], column])
    group, essential = chain.need_group[needs], chain.essential[needs]
    loss = lost.copy()
    if not lone:
        left = solved.arrived[chain.need_supply[needs], column]
        covered = chain.takeover[needs] * left
        others = np.array([covered[group == g].sum() for g in group]) - covered
        part = chain.weight[needs] * lost * (1.0 - np.minimum(1.0, others))
        loss = np.array([part[group == g].sum() for g in group])
        lost = part
    adds_total = lost[~essential].sum()
    binding = [
        bool(lost[k] > 0 and (loss[k] >= short - TIE if essential[k] else adds_total >= short - TIE))
        for k in range(len(needs))
    ]
    return loss, binding


def cut_of(restrictions: Restrictions, links: Ints, column: int) -> Floats:
    """r of these links in one column."""
    if not len(restrictions.link):
        return np.zeros(len(links))
    at = np.minimum(np.searchsorted(restrictions.link, links), len(restrictions.link) - 1)
    result: Floats = np.where(restrictions.link[at] == links, restrictions.r[at, column], 0.0)
    return result


@dataclass(frozen=True)
class Cut:
    """What one event takes from some flows: the largest r, whether only a prior speaks, and the severity rows."""

    event: str
    r: float
    prior: bool
    rows: tuple[str, ...]


def cuts_on(solved: Solved, links: Ints, nodes: Ints, column: int) -> list[Cut]:
    """The events that take something from these links or from the making of these nodes, strongest first."""
    run, reading = divmod(column, RUNS)
    found: dict[str, list[tuple[float, bool, str]]] = {}
    for stop, wanted in ((False, links), (True, nodes)):
        if (run, stop) not in solved.acts_at:
            continue
        at, acts, rows = solved.acts_at[run, stop]
        for one in np.unique(wanted):
            for k in range(int(np.searchsorted(at, one)), int(np.searchsorted(at, one, side="right"))):
                act, row = solved.acts[acts[k]], int(rows[k])
                if (r := float(act.r[row, reading])) > 0:
                    place = _place(act, solved.sourcing, int(one))
                    prior, label = bool(act.effect.prior[place]), act.effect.severity_row[place]
                    found.setdefault(act.effect.event, []).append((r, prior, label))
    cuts = [
        Cut(event, max(r for r, _, _ in hits), all(p for _, p, _ in hits), tuple(sorted({x for _, _, x in hits if x})))
        for event, hits in found.items()
    ]
    return sorted(cuts, key=lambda cut: (-cut.r, cut.event))


def _place(act: Act, sourcing: Sourcing, at: int) -> int:
    """The country whose row of the effect speaks for a link (or node)."""
    if act.effect.acts_on == "output":
        return int(sourcing.node_country[at])
    if act.effect.acts_on == "import":
        return int(sourcing.node_country[sourcing.link_node[at]])
    trader = int(sourcing.link_trader[at])
    return trader if act.leg == 0 and trader >= 0 else int(sourcing.supply_country[sourcing.chain.link_supply[at]])


def main_path(steps: list[Step]) -> list[Step]:
    """One way down the binding chain, nearest first, to the flow that is cut most: what a sentence can tell."""
    way: list[Step] = []
    for step in steps:
        if step.step != len(way) or not step.binding:
            if way and step.step <= way[-1].step:
                break
            continue
        way.append(step)
    deepest = max(range(len(way)), key=lambda k: (way[k].cut, k), default=-1)
    cut = [k for k, step in enumerate(way) if step.events and step.cut >= way[deepest].cut / 2]
    return way[: cut[0] + 1] if cut else way


def cuts_frame(solved: Solved, run: int) -> pd.DataFrame:
    """What is lost of each restricted flow in one end-use class (position in CLASSES), by event and reason.

    Columns: good, exporter, importer ('' for an output stop), event, r_low, r, r_high, reason; of several flows between
    two countries the largest r.
    """
    frames = [_act_frame(solved, act) for act in solved.acts if act.run == run]
    columns = ["good", "exporter", "importer", "event", "r_low", "r", "r_high", "reason"]
    frame = pd.concat(frames) if frames else pd.DataFrame(columns=columns)
    return frame[columns].groupby([*columns[:4], "reason"], as_index=False, sort=True).max()[columns]


def _act_frame(solved: Solved, act: Act) -> pd.DataFrame:
    """What one act takes from each pair of countries."""
    sourcing, effect = solved.sourcing, act.effect
    names = np.array([*sourcing.world.countries, ""], dtype=object)
    low, central, high = (act.r[:, reading] for reading in (LOW, CENTRAL, HIGH))
    if effect.acts_on == "output":
        exporter, importer = names[sourcing.node_country[act.links]], np.full(len(act.links), "", dtype=object)
    else:
        maker = names[sourcing.node_country[sourcing.link_node[act.links]]]
        trader = names[sourcing.link_trader[act.links]]
        buyer = names[sourcing.supply_country[sourcing.chain.link_supply[act.links]]]
        exporter = np.where((act.leg == 1) & (trader != ""), trader, maker)
        importer = np.where((act.leg == 0) & (trader != ""), trader, buyer)
    reason = "output stop" if effect.acts_on == "output" else effect.acts_on + (" practice" if effect.practice else "")
    return pd.DataFrame(
        {
            "good": effect.good,
            "exporter": exporter,
            "importer": importer,
            "event": effect.event,
            "r_low": low,
            "r": central,
            "r_high": high,
            "reason": reason,
        }
    )
