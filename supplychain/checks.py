"""Rules across the tables: each function is one rule and returns what breaks it.

Types, ranges, required cells and allowed words are checked while reading (`schema`); ids and keys in `tables`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import networkx as nx
import pandas as pd

from supplychain.errors import Problem, fold
from supplychain.readers import capped
from supplychain.schema import schemas
from supplychain.tables import Tables, all_read, read_tables, repeated_keys, unknown_ids

ROUNDING = 0.0015  # by which a sum of shares may miss 1: three shares of 0.333 make 0.999
EVERYWHERE = "ALL"
UNVERIFIED = "UNVERIFIED"
REST = "ROW"
ROWS_NAMED = 8  # in one message; a longer list ends with how many more there are


def validate(data: Path | None = None, overlay: Path | None = None) -> list[Problem]:
    """Everything wrong or doubtful in a data package, sorted by file and line; see `Problem.level`.

    While a file cannot be read, only the files and their cells are reported: rules across tables would mislead.
    """
    tables, problems = read_tables(data, overlay)
    if all_read(problems):
        problems += check(tables)
    return sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))


def check(tables: Tables) -> list[Problem]:
    """What breaks any rule of RULES."""
    return [problem for rule in RULES for problem in rule(tables)]


# --- errors -----------------------------------------------------------------------------------------------------------


def unknown_places(tables: Tables) -> list[Problem]:
    """Destinations are ALL or known countries and blocs; an importer may also be a named producer."""
    countries = set(tables["countries"]["country"])
    importers = countries | set(tables["production"]["producer"])
    allowed = {
        ("events", "destinations"): countries | {EVERYWHERE},
        ("event_phases", "destinations"): countries | {EVERYWHERE},
        ("severities", "destinations"): countries | {EVERYWHERE},
        ("trade", "importer"): importers,
        ("observations", "importer"): countries | {EVERYWHERE},
        ("outcomes", "market"): countries | {EVERYWHERE},
    }
    problems: list[Problem] = []
    for (name, column), known in allowed.items():
        cells = tables[name][column].items()
        found = [
            (str(row), place)
            for row, cell in cells
            for place in (cell if isinstance(cell, tuple) else (cell,))
            if place and place not in known
        ]
        what = "is no country or bloc" + (" and no producer" if known is importers else f" and not {EVERYWHERE}")
        remedy = "Correct the code or add it to countries."
        problems += capped((tables.problem(row, column, what, remedy, place) for row, place in found), len(found))
    return problems


def shared_names(tables: Tables) -> list[Problem]:
    """A name leads to one good, one country or one event."""
    homes = (("goods", "good", "aliases"), ("countries", "country", "aliases"), ("events", "event", "title"))
    problems = []
    for name, key, others in homes:
        frame = tables[name]
        owner = {fold(key_): key_ for key_ in frame[key]}
        for row, key_, cell in zip(frame.index, frame[key], frame[others], strict=True):
            for alias in cell if isinstance(cell, tuple) else (cell,):
                if owner.setdefault(fold(alias), key_) != key_:
                    what = f"is already a name of {owner[fold(alias)]}"
                    problems.append(tables.problem(row, others, what, f"Keep it with one {key}.", alias))
    return problems


def cycles(tables: Tables) -> list[Problem]:
    """No good is, over part edges, an input of itself; nor a kind of itself, nor a scope the same as itself."""
    goods, scope = tables["goods"], tables["event_scope"]
    links = {
        ("input", "part edges"): _parts(tables)[["input", "output"]],
        ("kind_of", "kinds"): goods.loc[goods["kind_of"] != "", ["good", "kind_of"]],
        ("same_as", "scopes"): scope.loc[scope["same_as"] != "", ["event", "same_as"]],
    }
    problems = []
    for (column, what), pairs in links.items():
        graph = nx.DiGraph()
        for row, start, end in pairs.itertuples():
            graph.add_edge(start, end, row=row)
        for knot in nx.strongly_connected_components(graph):
            if len(knot) == 1 and not graph.has_edge(*[*knot, *knot]):
                continue
            ring = nx.find_cycle(graph.subgraph(sorted(knot)), min(knot))
            way = " > ".join([start for start, *_ in ring] + [ring[-1][1]])
            rows = [graph.edges[edge]["row"] for edge in ring]
            message = f"the {what} make a cycle: {way} ({_listed(rows)})"
            problems.append(tables.problem(rows[-1], column, message, "Remove or turn one of these rows."))
    return problems


def shares_above_one(tables: Tables) -> list[Problem]:
    """Shares in use of one good and basis (trade: also one importer) sum to 1 or less."""
    problems = []
    for name, by in (("production", ["good", "basis"]), ("trade", ["good", "importer", "basis"])):
        used = tables.chosen(name)
        for key, rows in used[used["share"].notna()].groupby(by, sort=False):
            total = rows["share"].sum()
            if total > 1 + ROUNDING:
                message = f"is the sum of the shares of {' '.join(map(str, key))}, above 1 ({_listed(rows.index)})"
                remedy = "Lower shares, mark rows use = no, or take a firm's share off the row of its country."
                problems.append(tables.problem(rows.index[-1], "share", message, remedy, f"{total:g}"))
    return problems


def unordered_ranges(tables: Tables) -> list[Problem]:
    """low <= x <= high, wherever both are given."""
    problems: list[Problem] = []
    for name, schema in schemas().items():
        frame = tables[name]
        columns = set(schema.columns)
        for x in [column for column in schema.columns if {f"{column}_low", f"{column}_high"} <= columns]:
            for lower, upper in ((f"{x}_low", x), (x, f"{x}_high"), (f"{x}_low", f"{x}_high")):
                bad = frame[frame[lower] > frame[upper]]
                if upper == f"{x}_high" and lower != x:
                    bad = bad[bad[x].isna()]  # otherwise one of the other two comparisons has said it
                limits = zip(bad.index, bad[lower], bad[upper], strict=True)
                problems += capped(
                    (
                        tables.problem(
                            row, lower, f"is above {upper} ({high:g})", "Put the range in order.", f"{low:g}"
                        )
                        for row, low, high in limits
                    ),
                    len(bad),
                )
    return problems


def unordered_dates(tables: Tables) -> list[Problem]:
    """A stretch of time does not end before it begins."""
    problems = []
    for name in ("event_phases", "severities"):
        frame = tables[name]
        for row, end in frame.loc[frame["until"] < frame["from"], "until"].items():
            problems.append(
                tables.problem(str(row), "until", "is before `from`", "Put the dates in order.", end.date().isoformat())
            )
    return problems


def group_shares(tables: Tables) -> list[Problem]:
    """The shares of the members of a group sum to 1, unless all are blank (then they are equal)."""
    parts = _parts(tables)
    problems = []
    for (output, group), rows in parts[parts["group"] != ""].groupby(["output", "group"], sort=False):
        shares = rows["group_share"]
        if shares.isna().all():
            continue
        where = f"group {group} of {output} ({_listed(rows.index)})"
        if shares.isna().any():
            first = str(shares.index[shares.isna()][0])
            message = f"is blank while other members of {where} have a share"
            problems.append(tables.problem(first, "group_share", message, "Fill all shares of the group or none."))
        elif abs(shares.sum() - 1) > ROUNDING:
            message = f"is the sum of the shares of {where}, not 1"
            total = f"{shares.sum():g}"
            problems.append(tables.problem(rows.index[-1], "group_share", message, "Scale the shares to 1.", total))
    return problems


def mixed_groups(tables: Tables) -> list[Problem]:
    """The members of a group have one effect: they are one input."""
    parts = _parts(tables)
    problems = []
    for (output, group), rows in parts[parts["group"] != ""].groupby(["output", "group"], sort=False):
        if rows["effect"].nunique() > 1:
            message = f"differs within group {group} of {output} ({_listed(rows.index)})"
            remedy = "Give all members the same effect."
            problems.append(tables.problem(rows.index[-1], "effect", message, remedy, rows["effect"].iloc[-1]))
    return problems


def events_without_effect(tables: Tables) -> list[Problem]:
    """An event that restricts something has a phase; one with severities has been in force, or was stopped before."""
    events, phases, severities = tables["events"], tables["event_phases"], tables["severities"]
    begun = set(phases.loc[phases["status"] != "announced", "event"])
    bites = set(severities.loc[severities["scope"] == "legal", "event"])
    acting = events[(events["acts_on"] != "nothing") & ~events["event"].isin(begun)]
    problems = []
    for row, event in acting["event"].items():
        announced = event in set(phases["event"])
        if announced and event not in bites:
            continue  # announced and never begun is a state of its own
        message = "has severities but is never in force" if announced else "acts on flows but has no phase"
        remedy = "Add its in_force row (or suspended, ended) to event_phases."
        problems.append(tables.problem(str(row), "event", message, remedy, event))
    return problems


def unverified_in_disguise(tables: Tables) -> list[Problem]:
    """A row without a document behind it says so in its confidence."""
    problems: list[Problem] = []
    for name, schema in schemas().items():
        if "confidence" in schema.columns:
            frame = tables[name]
            bad = frame.loc[(frame["source_id"] == UNVERIFIED) & (frame["confidence"] != "unverified"), "confidence"]
            message = f"cannot be the confidence of a row with source {UNVERIFIED}"
            remedy = "Cite the document or write unverified."
            problems += capped(
                (tables.problem(str(row), "confidence", message, remedy, value) for row, value in bad.items()), len(bad)
            )
    return problems


def blocs(tables: Tables) -> list[Problem]:
    """A bloc has members, all of them countries; nothing else has members."""
    countries = tables["countries"]
    kinds = dict(zip(countries["country"], countries["kind"], strict=True))
    problems = []
    for row, kind, members in zip(countries.index, countries["kind"], countries["members"], strict=True):
        if (kind == "bloc") != bool(members):
            message = "a bloc needs members" if kind == "bloc" else f"a {kind} has no members"
            problems.append(tables.problem(row, "members", message, "Correct kind or members."))
        for member in members:
            if kinds.get(member, "country") != "country":
                message = "is not a country, so no member of a bloc"
                problems.append(tables.problem(row, "members", message, "List the countries.", member))
    return problems


# --- warnings ---------------------------------------------------------------------------------------------------------


def early_phases(tables: Tables) -> list[Problem]:
    """A phase begins before the announcement of its event."""
    phases = tables["event_phases"]
    announced = phases[phases["status"] == "announced"].groupby("event")["from"].min().to_dict()
    return [
        _warning(
            tables, row, "from", f"is before the announcement on {announced[event].date()}", "Check both.", day.date()
        )
        for row, event, day in phases[["event", "from"]].itertuples()
        if event in announced and day < announced[event]
    ]


def shortcuts(tables: Tables) -> list[Problem]:
    """A part edge beside a longer way: the same input may be counted twice."""
    parts = _parts(tables)
    graph = nx.DiGraph(list(zip(parts["input"], parts["output"], strict=True)))
    if not nx.is_directed_acyclic_graph(graph):
        return []
    above = {good: nx.ancestors(graph, good) for good in graph}
    problems = []
    for row, start, end in parts[["input", "output"]].itertuples():
        between = sorted(good for good in graph.predecessors(end) if start in above[good])
        if between:
            message = f"{start} also reaches {end} through {', '.join(between)}"
            problems.append(_warning(tables, row, "input", message, "If it is the same use, make this row content."))
    return problems


def repeated_substitutes(tables: Tables) -> list[Problem]:
    """One substitute on two successive edges lowers the criticality twice."""
    parts = _parts(tables)
    parts = parts[(parts["substitute"] != "") & (parts["effect"] != "negligible")]
    pairs = parts.reset_index().merge(parts.reset_index(), left_on="output", right_on="input", suffixes=("", "_next"))
    same = pairs[pairs["substitute"].map(fold) == pairs["substitute_next"].map(fold)]
    return [
        _warning(
            tables, row, "substitute", f"is counted on {later} too", "Count it on one of the two edges.", substitute
        )
        for row, later, substitute in zip(same["row_next"], same["row"], same["substitute_next"], strict=True)
    ]


def doubtful_traders(tables: Tables) -> list[Problem]:
    """An exporter that makes none of a good counts as a trader, though part of the production has no named place."""
    goods, countries = tables["goods"], tables["countries"]
    members = dict(zip(countries["country"], countries["members"], strict=True))
    parent = dict(zip(goods["good"], goods["kind_of"], strict=True))
    makers = tables.chosen("production").groupby("good")["country"].agg(set).to_dict()
    trade = tables.chosen("trade").drop_duplicates(["good", "exporter"])
    problems = []
    for row, good, exporter in trade[["good", "exporter"]].itertuples():
        known = makers.get(good) or makers.get(parent.get(good, ""), set())
        if exporter != REST and REST in known and not known & {exporter, *members.get(exporter, ())}:
            message = (
                f"exports {good} without a production row, so counts as a trader, while production has a {REST} row"
            )
            remedy = "Name it in production (a blank share will do) if it makes the good."
            problems.append(_warning(tables, row, "exporter", message, remedy, exporter))
    return problems


def items_without_good(tables: Tables) -> list[Problem]:
    """A scope item that no good stands for restricts nothing here."""
    scope = tables["event_scope"]
    bare = scope.loc[(scope["good"] == "") & (scope["same_as"] == ""), "item"]
    remedy = "Add the good and name it in this row."
    return [_warning(tables, str(row), "item", "is not in the graph", remedy, item) for row, item in bare.items()]


def severities_out_of_scope(tables: Tables) -> list[Problem]:
    """A severity of a clause for a good that the clause does not cover is never used (practice rows may)."""
    scope, severities = tables["event_scope"], tables["severities"]
    covered = scope.groupby("event")["good"].agg(set).to_dict()
    borrowed = set(scope.loc[scope["same_as"] != "", "event"])
    legal = severities[(severities["scope"] == "legal") & (severities["good"] != "")]
    remedy = "Correct the good, add it to event_scope, or make the row practice."
    return [
        _warning(tables, row, "good", f"is not in the scope of {event}", remedy, good)
        for row, event, good in legal[["event", "good"]].itertuples()
        if event not in borrowed and good not in covered.get(event, set())
    ]


def observed_without_observation(tables: Tables) -> list[Problem]:
    """A severity that is called observed names the observations it was computed from."""
    severities = tables["severities"]
    bare = severities[(severities["basis"] == "observed") & ~severities["derived_from"].map(bool).astype(bool)]
    message, remedy = "an observed severity names no observation", "Name rows of observations or change the basis."
    return [_warning(tables, str(row), "derived_from", message, remedy) for row in bare.index]


# --- shared -----------------------------------------------------------------------------------------------------------


def _parts(tables: Tables) -> pd.DataFrame:
    """The part edges in use; a statistical total carries none."""
    goods, bom = tables["goods"], tables.chosen("bom")
    totals = goods.loc[goods["aggregate"] == "yes", "good"]
    return bom[(bom["role"] == "part") & ~bom["output"].isin(totals) & ~bom["input"].isin(totals)]


def _listed(rows: Iterable[str]) -> str:
    names = list(rows)
    more = f" and {len(names) - ROWS_NAMED} more" if len(names) > ROWS_NAMED else ""
    return ", ".join(names[:ROWS_NAMED]) + more


def _warning(tables: Tables, row: str, column: str, message: str, remedy: str, value: object = "") -> Problem:
    return tables.problem(row, column, message, remedy, value, "warning")


RULES: tuple[Callable[[Tables], list[Problem]], ...] = (
    unknown_ids,
    repeated_keys,
    unknown_places,
    shared_names,
    cycles,
    shares_above_one,
    unordered_ranges,
    unordered_dates,
    group_shares,
    mixed_groups,
    events_without_effect,
    unverified_in_disguise,
    blocs,
    early_phases,
    shortcuts,
    repeated_substitutes,
    doubtful_traders,
    items_without_good,
    severities_out_of_scope,
    observed_without_observation,
)
