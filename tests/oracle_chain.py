"""Availability on a network given as arrays, once more: plain loops, cycles included (see `oracle`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def chain_availability(
    share: Mapping[tuple[int, int], float],
    own: Mapping[int, float],
    r: Mapping[tuple[int, int], float],
    needs: Iterable[Mapping[str, Any]],
    rounds: int = 100_000,
) -> tuple[dict[int, float], dict[int, float]]:
    """a by node and A by supply on a network that may hold cycles: from a = own downwards to the greatest fixed point.

    share[supply, node]; needs: dicts of node, supply, group, weight, takeover, essential, criticality.
    """
    needs = list(needs)
    supplies = sorted({s for s, _ in share} | {n["supply"] for n in needs})
    a = dict(own)
    arrived: dict[int, float] = {}
    for _ in range(rounds):
        arrived = {
            b: sum(s * (1 - r.get((b, n), 0.0)) * a[n] for (row, n), s in share.items() if row == b) for b in supplies
        }
        new = {}
        for node, capacity in own.items():
            essential, adds = 0.0, 0.0
            mine = [n for n in needs if n["node"] == node]
            for group in sorted({n["group"] for n in mine}):
                members = [n for n in mine if n["group"] == group]
                loss = 0.0
                for need in members:
                    cover = sum(o["takeover"] * arrived[o["supply"]] for o in members if o is not need)
                    part = need["weight"] * need["criticality"] * (1 - arrived[need["supply"]])
                    loss += part * (1 - min(1.0, cover))
                if members[0]["essential"]:
                    essential = max(essential, loss)
                else:
                    adds += loss
            new[node] = max(0.0, min(capacity, 1 - essential, 1 - adds))
        moved = max(abs(new[n] - a[n]) for n in a)
        a = new
        if moved < 1e-14:
            return a, arrived
    raise ArithmeticError("no fixed point")
