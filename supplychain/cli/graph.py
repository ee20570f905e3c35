"""Questions of the graph and of the law: goods, ways, clauses, content, the stops that would hurt most."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from supplychain.cli.options import (
    Data,
    EndUse,
    Event,
    Force,
    Format,
    LegalOnly,
    Market,
    On,
    Output,
    Overlay,
    Product,
    Sharing,
    Top,
    WhatIf,
    ask,
    network,
    progress,
)
from supplychain.errors import InputError


def goods(
    search: Annotated[str, typer.Argument(help="Part of an id, name or alias.")] = "",
    kind: Annotated[str | None, typer.Option("--kind", help="mineral, material, component or product.")] = None,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """List the goods with the concentration of their makers."""
    from supplychain import output as out

    net = network(data, overlay)
    rows = out.goods_frame(net, search, kind)
    out.write(out.Answer(rows, f"search={search}", net), format, output, force, lambda: out.plain_table(rows, "Goods"))


def paths(
    source: Annotated[str, typer.Argument(help="From this good.")],
    target: Annotated[str, typer.Argument(help="To this good.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of the strongest ways.")] = 20,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """Show the ways from one good to another, strongest first."""
    from supplychain import output as out

    net = network(data, overlay)
    rows = net.paths(source, target, limit)
    title = f"Showing {len(rows)} of {rows.attrs['total']} ways from {source} to {target}"
    answer = out.Answer(rows, f"{source}>{target}", net)
    out.write(answer, format, output, force, lambda: out.plain_table(rows, title))


def events(
    on: On, destination: Annotated[str | None, typer.Option("--destination", help="Only for this country.")] = None,
    end_use: Annotated[str | None, typer.Option("--end-use", help="civil or military.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also ended, announced and suspended ones.")] = False,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """List the restrictions in force on a day, what they cover and the legal source."""
    from supplychain import output as out

    net = network(data, overlay)
    frame = out.events_frame(net, on, destination, end_use, everything)
    out.write(out.Answer(frame, f"on={on}", net), format, output, force, lambda: out.events_table(frame, on))


def content(
    event: Annotated[str, typer.Option("--event", help="A re-export clause with a content threshold.")],
    on: Annotated[str | None, typer.Option("--on", help="Day, YYYY-MM-DD. Default: the last day known.")] = None,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """Which foreign-made goods a re-export clause catches by the value of the issuer's goods in them."""
    from supplychain import output as out

    net = network(data, overlay)
    rows = net.content(event, on)
    title = f"Content of {event} (share of value; high counts an unknown share as all of it)"
    out.write(out.Answer(rows, f"event={event}", net), format, output, force, lambda: out.plain_table(rows, title))


def chokepoints(
    market: Market, top: Top = 50, product: Product = None,
    view: Annotated[str, typer.Option("--view", help="stops, countries, pairs or cuts.")] = "stops",
    level: Annotated[float, typer.Option("--level", help="Of cuts: share of normal supply at or below which.")] = 0.5,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """The stops that would hit a market hardest: every country and good halted in turn."""
    from supplychain import output as out

    net = network(data, overlay)
    if view in ("pairs", "cuts") and len(product or ()) != 1:
        raise InputError("chokepoints", "--product", product, f"exactly one product with --view {view}")
    with progress("stopping each country and good") as step:
        if view == "stops":
            rows = net.chokepoints(market, top, product, step)
        elif view == "countries":
            rows = net.leverage(market, product)
        elif view == "pairs":
            rows = net.pairs(market, (product or [""])[0], top)
        elif view == "cuts":
            rows = net.minimal_cuts(market, (product or [""])[0], level)
        else:
            raise InputError("chokepoints", "--view", view, "stops, countries, pairs, cuts")
    title = f"Chokepoints of {market} (full stops, shares of normal supply, before stocks)"
    out.write(out.Answer(rows, f"market={market}", net), format, output, force, lambda: out.plain_table(rows, title))


def graph(
    on: On, market: Market,
    output: Annotated[Path, typer.Option("--output", help="File to write: .graphml, .csv (edge list) or .json.")],
    event: Event = None, what_if: WhatIf = None, end_use: EndUse = "own", sharing: Sharing = "fixed",
    legal_only: LegalOnly = False, data: Data = None, overlay: Overlay = None, force: Force = False,
) -> None:  # fmt: skip
    """Write the graph of goods with exposure as attributes, for Gephi, Cytoscape, a spreadsheet or a program."""
    from supplychain import output as out
    from supplychain.export import written

    x = ask(network(data, overlay), on, market, None, event, what_if, end_use, sharing, legal_only)
    out.write_file(output, written(x.graph, output.suffix.lower().removeprefix(".")), force)
    print(f"{x.graph.number_of_nodes():,} goods and {x.graph.number_of_edges():,} edges in {output}", file=sys.stderr)
