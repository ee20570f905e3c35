"""Questions of a day and a market: what is exposed, why, how sure, when, and what would help."""

from __future__ import annotations

import os
from typing import Annotated, Any

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
    OneProduct,
    Output,
    Overlay,
    Product,
    Sharing,
    Top,
    Unconfirmed,
    WhatIf,
    ask,
    network,
    progress,
    specs,
)
from supplychain.errors import InputError

SIDES = ("product", "short_a", "short_b", "change")  # of a difference; the other columns are events
SHARED_OUT = 200  # draws of the simulation from which on all cores are used


def exposure(
    on: On, market: Market, product: Product = None, event: Event = None, what_if: WhatIf = None,
    end_use: EndUse = "own", sharing: Sharing = "fixed", legal_only: LegalOnly = False,
    unconfirmed: Unconfirmed = "both", data: Data = None, overlay: Overlay = None, format: Format = "table",
    output: Output = None, force: Force = False, top: Top = 100,
) -> None:  # fmt: skip
    """Rank the products of a market by what is felt and missing on a day, with the reason and the evidence."""
    from supplychain import output as out

    net = network(data, overlay)
    x = ask(net, on, market, product, event, what_if, end_use, sharing, legal_only, unconfirmed)
    out.write(out.Answer.of(x, net), format, output, force, lambda: out.exposure_table(x, top))


def markets(
    on: On, product: Product = None, event: Event = None, what_if: WhatIf = None, end_use: EndUse = "own",
    sharing: Sharing = "fixed", legal_only: LegalOnly = False, unconfirmed: Unconfirmed = "both", data: Data = None,
    overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False, top: Top = 100,
) -> None:  # fmt: skip
    """What products are missing in every country on a day, before stocks: all markets in one table."""
    from supplychain import output as out
    from supplychain.markets import everywhere

    net = network(data, overlay)
    anywhere = str(net.table("countries")["country"].iat[0])  # one solution holds for all markets
    x = ask(net, on, anywhere, product, event, what_if, end_use, sharing, legal_only, unconfirmed)
    rows = everywhere(x)
    query = "&".join(part for part in x.scenario.query.split("&") if not part.startswith("market="))
    answer = out.Answer(rows, query, net, x.assumptions, x.warnings_of_day)
    title = f"Short in every country on {on} (shares of normal supply): showing {min(top, len(rows))} of {len(rows)}"
    out.write(answer, format, output, force, lambda: out.plain_table(rows.head(top), title))


def explain(
    product: OneProduct, on: On, market: Market, event: Event = None, what_if: WhatIf = None, end_use: EndUse = "own",
    sharing: Sharing = "fixed", legal_only: LegalOnly = False, unconfirmed: Unconfirmed = "both",
    by: Annotated[str, typer.Option("--by", help="chain, event or commodity.")] = "chain", data: Data = None,
    overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """Show why a product is exposed: the binding chain, or how much each event or commodity is behind."""
    from supplychain import output as out

    net = network(data, overlay)
    x = ask(net, on, market, [product], event, what_if, end_use, sharing, legal_only, unconfirmed)
    rows = x.explain(product) if by == "chain" else x.contributions(product, by)
    title = f"How much each {by} is behind {product} in {x.scenario.market} on {on} (share of normal supply)"
    table = (lambda: out.explain_table(x, product)) if by == "chain" else (lambda: out.plain_table(rows, title))
    out.write(out.Answer.of(x, net, rows), format, output, force, table)


def compare(
    market: Market, on: On, on_b: Annotated[str | None, typer.Option("--to", help="The other day.")] = None,
    product: Product = None, event: Event = None, what_if: WhatIf = None,
    what_if_b: Annotated[list[str] | None, typer.Option("--to-what-if", help="What-ifs of the other side.")] = None,
    end_use: EndUse = "own", sharing: Sharing = "fixed",
    sharing_b: Annotated[str | None, typer.Option("--to-sharing", help="Sharing of the other side.")] = None,
    legal_only: LegalOnly = False, data: Data = None, overlay: Overlay = None, format: Format = "table",
    output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """What changed between two days or scenarios, product by product, event by event; the columns add up."""
    from supplychain import output as out

    net = network(data, overlay)
    a = ask(net, on, market, product, event, what_if, end_use, sharing, legal_only)
    b = ask(net, on_b or on, market, product, event, what_if_b or what_if, end_use, sharing_b or sharing, legal_only)
    rows = net.difference(a, b)
    title = f"Change of what is short in {a.scenario.market}: from {a.scenario.query} to {b.scenario.query}"
    moved = rows[[name for name in rows if name in SIDES or (rows[name] != 0).any()]]  # others are in CSV and JSON
    out.write(out.Answer.of(b, net, rows), format, output, force, lambda: out.plain_table(moved, title))


def mitigate(
    product: OneProduct, on: On, market: Market, event: Event = None, what_if: WhatIf = None, end_use: EndUse = "own",
    sharing: Sharing = "fixed", legal_only: LegalOnly = False,
    level: Annotated[float | None, typer.Option("--level", help="List the smallest sets that reach this.")] = None,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """What would help a product, each measure tried out, ranked by shortfall and days avoided."""
    from supplychain import output as out

    net = network(data, overlay)
    x = ask(net, on, market, [product], event, what_if, end_use, sharing, legal_only)
    with progress("trying measures") as step:
        rows = x.mitigations(product, step) if level is None else x.smallest_set(product, level)
    title = f"What would help {product} in {x.scenario.market} on {on}"
    out.write(out.Answer.of(x, net, rows), format, output, force, lambda: out.plain_table(rows, title))


def sample(
    on: On, market: Market, product: Product = None, event: Event = None, what_if: WhatIf = None,
    end_use: EndUse = "own", sharing: Sharing = "fixed", legal_only: LegalOnly = False,
    draws: Annotated[int, typer.Option("--draws", min=1, help="How many draws.")] = 1_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same answer.")] = 0,
    facts: Annotated[bool, typer.Option("--facts", help="Of one product: which facts to check first.")] = False,
    days: Annotated[bool, typer.Option("--days", help="Draw the simulation too: first days (slower).")] = False,
    before: Annotated[bool, typer.Option("--before", help="Of two products, with --days: which is hit first.")] = False,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """How sure: 5, 50 and 95 % quantiles of what is short, or the facts that decide it."""
    import pandas as pd

    from supplychain import output as out

    net = network(data, overlay)
    x = ask(net, on, market, product, event, what_if, end_use, sharing, legal_only)
    if facts and len(product or ()) != 1:
        raise InputError("sample", "--product", product, "exactly one product with --facts")
    if before and not (days and len(x.scenario.products) == 2):
        raise InputError("sample", "--before", product, "exactly two products, with --days")
    with progress("drawing") as step:
        cores = os.cpu_count() or 1 if draws >= SHARED_OUT else 1  # fewer are done before a second process has begun
        rows = x.sample_days(draws, seed, False, step, cores).frame if days else x.sample(draws, seed, step)
    if before:
        a, b = x.products
        chances = {"before": x.probability_before(a, b, draws, seed), "after": x.probability_before(b, a, draws, seed)}
        rows = pd.DataFrame([{"product": a, "other": b, **chances, "neither": 1 - sum(chances.values())}])
    if facts:
        rows = x.sensitivity((product or [""])[0], draws, seed)
    title = f"{draws:,} draws with seed {seed}: {market} on {on} (shares of normal supply)"
    answer = out.Answer(rows, f"{x.scenario.query}&draws={draws}&seed={seed}", net, x.assumptions, x.warnings)
    out.write(answer, format, output, force, lambda: out.plain_table(rows, title))


def simulate(
    market: Market, start: Annotated[str, typer.Option("--start", help="Day 0; before it all is normal.")],
    until: Annotated[str, typer.Option("--until", help="Last day.")], product: Product = None, event: Event = None,
    what_if: WhatIf = None, end_use: EndUse = "own", sharing: Sharing = "fixed", legal_only: LegalOnly = False,
    release: Annotated[bool, typer.Option("--release", help="Government stocks are released.")] = False,
    daily: Annotated[bool, typer.Option("--daily", help="Every day instead of the summary.")] = False,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """When stocks run out, how deep the loss gets, and when supply is back, product by product."""
    from supplychain import output as out

    net = network(data, overlay)
    options: dict[str, Any] = {"events": event or None, "what_if": specs(what_if), "end_use": end_use}
    with progress("simulating") as step:
        simulation = net.simulate(
            product, market, start, until, release, step, sharing=sharing, legal_only=legal_only, **options
        )
    rows = simulation.frame if daily else simulation.summary
    title = f"Supply in {market}, days from {start} to {until} (worst: share of normal supply; low to high run)"
    answer = out.Answer(rows, simulation.query, net, simulation.assumptions)
    table = out.plain_table if daily else out.simulation_table
    out.write(answer, format, output, force, lambda: table(rows, title))


def survive(
    product: OneProduct, on: On, market: Market, event: Event = None, what_if: WhatIf = None, end_use: EndUse = "own",
    sharing: Sharing = "fixed", legal_only: LegalOnly = False,
    days: Annotated[int, typer.Option("--days", help="How long what is in force on the day goes on.")] = 365,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """How long a product survives what is in force: the best plan beside the simulation, and why they differ."""
    from supplychain import output as out
    from supplychain.survival import why_different

    net = network(data, overlay)
    x = ask(net, on, market, [product], event, what_if, end_use, sharing, legal_only)
    with progress("planning and simulating"):
        rows = x.survival(x.products[0], days)
    why = why_different(rows)
    title = f"{product} in {x.scenario.market} under what is in force on {on} (days; low to high)\n{why}"
    answer = out.Answer(rows, f"{x.scenario.query}&days={days}", net, x.assumptions, (why, *x.warnings))
    out.write(answer, format, output, force, lambda: out.survival_table(rows, title))
