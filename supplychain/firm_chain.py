"""Links as a chain: what each buyer needs, of which kind, from whom, and how its inputs work together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from supplychain.availability import Chain, Floats, Ints, longest_paths, sorted_by
from supplychain.edges import EFFECTS, ROUNDING, Edges, Faults, Words

KIND_OF_ALL = "input"  # of links that name no kind
CRITICALITY = {"essential": 1.0, "adds": 0.5, "negligible": 0.0}  # where the links give none (DESIGN 3)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What each buyer needs: one row an input (buyer and kind), in the order of the chain's supplies."""

    buyer: Ints
    kind: Ints
    criticality: Floats
    effect: NDArray[np.int8]  # 0 essential, 1 adds, 2 negligible


def in_order_of_making(edges: Edges) -> Edges:
    """The same firms numbered suppliers first (those behind cycles last): what is solved together lies together."""
    firms = len(edges.firm)
    level, reached = longest_paths(
        edges.supplier.astype(np.intp), edges.buyer.astype(np.intp), np.ones(len(edges.buyer), dtype=np.int8), firms
    )
    level[~reached] = level.max(initial=0) + 1
    order = sorted_by(level, int(level.max(initial=0)) + 1)[0]
    number = np.empty(firms, dtype=np.int32)
    number[order] = np.arange(firms, dtype=np.int32)
    return replace(
        edges,
        firm=edges.firm[order],
        supplier=number[edges.supplier],
        buyer=number[edges.buyer],
        node={name: column[order] for name, column in edges.node.items()},
        node_words={name: Words(words.codes[order], words.names) for name, words in edges.node_words.items()},
    )


def build(edges: Edges) -> tuple[Chain, Inputs, pd.Index, Floats | None]:
    """The chain of a network, its inputs, the names of kinds, and the weight of each link in the chain's order."""
    kind, kinds = _kinds(edges)
    firms, count = len(edges.firm), len(kinds)
    key = edges.buyer.astype(np.int64) * count + kind
    order = sorted_by(key, firms * count)[0] if firms * count < 8 * len(key) else np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    row = np.repeat(np.arange(len(first)), np.diff(first, append=len(key)))
    buyer, of_kind = key[first] // count, key[first] % count
    inputs = _Rows(edges, order, row, first)
    effect = inputs.word("effect", EFFECTS)
    group, group_count = inputs.groups(buyer)
    usual = np.array(list(CRITICALITY.values()))[effect]
    criticality = inputs.number("criticality", usual)
    size = np.bincount(group, minlength=group_count)[group]
    weight = inputs.number("group_share", 1.0 / size)
    takeover = inputs.number("takeover", np.zeros(len(first)))
    amount = inputs.amounts()
    if "share" in edges.link:
        inputs.shares(amount)
    inputs.groups_agree(group, group_count, effect)
    inputs.faults.stop()
    weight = np.where(size > 1, weight / np.bincount(group, weight, group_count)[group], 1.0)

    # inputs stand by buyer, then group: sorted needs, and supplies in the same order
    place = np.argsort(group, kind="stable")
    at = np.empty(len(place), dtype=np.intp)
    at[place] = np.arange(len(place))
    if "share" not in edges.link:
        total = np.bincount(row, amount, len(first))
        share = amount / np.where(total > 0, total, 1.0)[row]
    else:
        share = amount
    if len(first) and not (np.diff(place) == 1).all():
        again = np.argsort(at[row], kind="stable")
        order, row, share = order[again], at[row][again], share[again]
    start = np.searchsorted(row, np.arange(len(first) + 1))
    index = np.int32 if len(row) < 2**31 else np.int64
    matrix = csr_array(
        (share, edges.supplier[order].astype(index), start.astype(index)), shape=(len(first), firms)
    )  # fmt: skip
    group = group[place]
    numbered = np.cumsum(np.diff(group, prepend=-1) != 0) - 1
    chain = Chain(
        matrix, buyer[place].astype(np.intp), np.arange(len(first)), numbered, weight[place], takeover[place],
        (effect != 1)[place],
    )  # fmt: skip
    table = Inputs(buyer[place].astype(np.intp), of_kind[place].astype(np.intp), criticality[place], effect[place])
    return chain, table, kinds, edges.link["weight"][order] if "weight" in edges.link else None


def _kinds(edges: Edges) -> tuple[NDArray[np.int64], pd.Index]:
    """Kind of input of each link: its own, else what the supplier makes, else one for all."""
    names = pd.Index([KIND_OF_ALL])
    kind = np.zeros(len(edges.supplier), dtype=np.int64)
    if "kind" in edges.node_words:
        made = edges.node_words["kind"]
        kind = np.where(made.codes < 0, 0, made.codes.astype(np.int64) + 1)[edges.supplier]
        names = names.append(made.names)
    if "kind" in edges.link_words:
        own = edges.link_words["kind"]
        number, names = pd.factorize(names.append(own.names))
        offset = len(number) - len(own.names)
        kind = np.where(own.codes < 0, kind, number[offset:][np.maximum(own.codes, 0)] if len(own.names) else 0)
    occurs = np.bincount(kind, minlength=len(names)) > 0
    return (np.cumsum(occurs) - 1)[kind], pd.Index(names)[occurs]


class _Rows:
    """Columns of links as columns of inputs: the rows of one input must agree, blank ones follow."""

    def __init__(self, edges: Edges, order: Ints, row: Ints, first: Ints) -> None:
        self.edges, self.order, self.row, self.first = edges, order, row, first
        self.faults = Faults(edges.file)

    def amounts(self) -> Floats:
        """Share or weight of each link in the chain's order."""
        for name in ("share", "weight"):
            if name in self.edges.link:
                return self.edges.link[name][self.order]
        return np.ones(len(self.order))

    def number(self, name: str, blank: Floats) -> Floats:
        if name not in self.edges.link:
            return blank
        cells = self.edges.link[name][self.order]
        value = np.fmax.reduceat(cells, self.first)
        self._agree(name, ~np.isnan(cells) & (cells != value[self.row]))
        return np.where(np.isnan(value), blank, value)

    def _codes(self, name: str) -> Ints:
        cells = self.edges.link_words[name].codes[self.order].astype(np.intp)
        value = np.maximum.reduceat(cells, self.first)
        self._agree(name, (cells >= 0) & (cells != value[self.row]))
        return value

    def word(self, name: str, words: Sequence[str]) -> NDArray[np.int8]:
        if name not in self.edges.link_words:
            return np.zeros(len(self.first), dtype=np.int8)
        number = pd.Index(words).get_indexer(self.edges.link_words[name].names)
        return np.append(number, 0).astype(np.int8)[self._codes(name)]

    def groups(self, buyer: NDArray[np.int64]) -> tuple[Ints, int]:
        """Group number of each input, increasing with the buyer; a lone input is a group of its own."""
        if "group" not in self.edges.link_words:
            return np.arange(len(self.first)), len(self.first)
        code = self._codes("group")
        lone = len(self.edges.link_words["group"].names) + np.arange(len(code))
        key = buyer * (int(lone[-1]) + 1) + np.where(code < 0, lone, code)
        group = np.unique(key, return_inverse=True)[1]
        return group, int(group.max()) + 1

    def _agree(self, name: str, differs: NDArray[np.bool_]) -> None:
        at = np.zeros(len(self.order), dtype=bool)
        at[self.order[differs]] = True
        cells: Any = self.edges.link_words.get(name, self.edges.link.get(name))
        self.faults.add(name, at, cells, "differs from another row of the same buyer and kind",
                        "Give one input one value.")  # fmt: skip

    def groups_agree(self, group: Ints, count: int, effect: NDArray[np.int8]) -> None:
        """The members of a group have one effect."""
        least, most = np.full(count, 2, dtype=np.int8), np.zeros(count, dtype=np.int8)
        np.minimum.at(least, group, effect)
        np.maximum.at(most, group, effect)
        at = np.zeros(len(self.order), dtype=bool)
        at[self.order[self.first[(least < most)[group]]]] = True
        if at.any():
            cells = self.edges.link_words["effect"]
            self.faults.add("effect", at, cells, "differs within a group of inputs", "Give its members one effect.")

    def shares(self, share: Floats) -> None:
        """The shares of one input are 1 or less in all."""
        total = np.bincount(self.row, share, len(self.first))
        at = np.zeros(len(self.order), dtype=bool)
        at[self.order[self.first[total > 1.0 + ROUNDING]]] = True
        message = "is among shares of one buyer and kind that exceed 1 in all"
        self.faults.add("share", at, self.edges.link["share"], message, "Lower them.")
