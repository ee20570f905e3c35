"""How much of the data rests on what: rows of each table by confidence, and which goods nobody is known to make."""

from __future__ import annotations

import pandas as pd

from supplychain.goods import part_edges
from supplychain.tables import Tables

CONFIDENCE = ("high", "medium", "low", "unverified")


def evidence_counts(tables: Tables) -> pd.DataFrame:
    """Rows of every table with evidence by confidence: table, rows, then for each confidence its share of the rows.

    Edges are counted twice: `bom` all rows, `bom used` the part edges that carry shortage; likewise production.
    """
    frames = {name: tables[name] for name in tables}
    frames["bom used"] = part_edges(tables)
    frames["production used"] = tables.chosen("production")
    rows = []
    for name, frame in sorted(frames.items()):
        if "confidence" in frame.columns and len(frame):
            kinds = frame["confidence"].value_counts()
            shares = {kind: int(kinds.get(kind, 0)) / len(frame) for kind in CONFIDENCE}
            rows.append({"table": name, "rows": len(frame), **shares})
    return pd.DataFrame(rows)


def makers_known(tables: Tables) -> pd.DataFrame:
    """How well production is known by kind of good: kind, goods, share (a documented share of their own), inherited
    (only those of the wider good), named (makers without a share), none.

    Aggregates and goods without an edge count too.
    """
    goods, production = tables["goods"], tables.chosen("production")
    with_share = set(production.loc[production["share"].notna(), "good"])
    named = set(production["good"])
    kind_of = dict(zip(goods["good"], goods["kind_of"], strict=True))
    found = []
    for good, kind in zip(goods["good"], goods["kind"], strict=True):
        at, steps = kind_of[good], 0
        while at and at not in with_share and steps < len(kind_of):
            at, steps = kind_of.get(at, ""), steps + 1
        state = "share" if good in with_share else "named" if good in named else "inherited" if at else "none"
        found.append((kind, state))
    frame = pd.DataFrame(found, columns=["kind", "state"])
    counts = pd.crosstab(frame["kind"], frame["state"]).reindex(columns=["share", "inherited", "named", "none"])
    counts = counts.fillna(0).astype(int)
    counts.insert(0, "goods", counts.sum(axis=1))
    counts.loc["all"] = counts.sum()
    return counts.rename_axis(columns=None).reset_index()
