"""The command line: thin commands over `Network`. Errors are one message on standard error and exit code 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from supplychain.errors import InputError, SupplyChainError, one_line, shown

if TYPE_CHECKING:
    from supplychain.network import Exposure, Network

app = typer.Typer(
    name="supplychain",
    help="Which goods are exposed to export restrictions, through what, from when, and how sure that is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

LONGEST_MESSAGE = 2_000  # characters of an error about options

On = Annotated[str, typer.Option("--on", help="Day, YYYY-MM-DD.")]
Market = Annotated[str, typer.Option("--market", help="Country or bloc, code or name.")]
Product = Annotated[list[str] | None, typer.Option("--product", help="Only this product; repeatable.")]
Event = Annotated[list[str] | None, typer.Option("--event", help="Only this event; repeatable. Default: all in force.")]
WhatIf = Annotated[list[str] | None, typer.Option("--what-if", help="A hypothetical event or a TOML file; repeatable.")]
EndUse = Annotated[str, typer.Option("--end-use", help="own, civil or military.")]
Sharing = Annotated[str, typer.Option("--sharing", help="fixed, shared or first.")]
Unconfirmed = Annotated[str, typer.Option("--unconfirmed", help="both branches, or all such clauses off or on.")]
LegalOnly = Annotated[bool, typer.Option("--legal-only", help="Leave out practice beyond the text.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of a data package. Default: the bundled one.")]
Overlay = Annotated[Path | None, typer.Option("--overlay", help="Folder with your own rows.")]
Format = Annotated[str, typer.Option("--format", help="table, csv or json.")]
Output = Annotated[Path | None, typer.Option("--output", help="Write to this file instead of the screen.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]
Top = Annotated[int, typer.Option("--top", min=1, help="Rows of the table; csv and json have all.")]
SHARED_OUT = 200  # draws of the simulation from which on all cores are used
OneProduct = Annotated[str, typer.Argument(help="The product.")]


def main() -> NoReturn:
    """Entry point of the command: errors of use and of data are one message on standard error, exit code 2."""
    code = 0
    try:
        code = app(standalone_mode=False) or 0  # typer hands back the code of an Exit
    except SupplyChainError as error:
        fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        fail("stopped", code=130)
    except BrokenPipeError:  # the reader of a pipe went away
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # such as a full disk: what the machine refuses is no fault of the program
        where = f"{error.filename}: " if error.filename else ""
        fail(one_line(f"{where}{error.strerror or error}"))
    except Exception as error:
        said = getattr(error, "format_message", None)  # a bad option: typer words these well
        if said is None:
            raise
        fail(shown(said(), LONGEST_MESSAGE))
    sys.exit(code)


def fail(message: str, code: int = 2) -> NoReturn:
    """Print one error and leave."""
    print(f"supplychain: {message}", file=sys.stderr)
    sys.exit(code)


def network(data: Path | None, overlay: Path | None) -> Network:
    """The data that the options name."""
    from supplychain.network import load

    return load(data, overlay)


def ask(
    net: Network, on: str, market: str, product: list[str] | None, event: list[str] | None, what_if: list[str] | None,
    end_use: str, sharing: str, legal_only: bool, unconfirmed: str = "both",
) -> Exposure:  # fmt: skip
    """The answer to the common options of a question."""
    from supplychain.scenario import Scenario

    lists = {"products": product or (), "events": event or None, "what_if": specs(what_if)}
    options = {"end_use": end_use, "sharing": sharing, "legal_only": legal_only, "unconfirmed": unconfirmed}
    return net.ask(Scenario.model_validate({"on": on, "market": market, **lists, **options}))


def specs(what_if: list[str] | None) -> list[str]:
    """What-if events as texts; a name that ends in .toml is a file of them."""
    from supplychain.readers import read_file
    from supplychain.whatif import from_toml

    found: list[str] = []
    for spec in what_if or ():
        if spec.lower().endswith(".toml"):
            path = Path(spec)
            if not path.is_file():
                raise InputError("supplychain", "--what-if", spec, "an existing TOML file, or an event in words")
            found += map(str, from_toml(read_file(path, path.parent, spec).decode("utf-8", "replace")))
        else:
            found.append(spec)
    return found


@contextmanager
def progress(what: str) -> Iterator[Callable[..., None]]:
    """A bar on standard error for work of over a second; call it with (done, all) or, of unknown length, (done)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)

        def step(done: float, total: int | None = None) -> None:
            bar.update(task, completed=done, total=total)

        yield step


# --- questions of a day ---------------------------------------------------------------------------------------------


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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
    out.write(out.Answer.of(b, net, rows), format, output, force, lambda: out.plain_table(rows, title))


@app.command()
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


@app.command()
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


@app.command()
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
    title = f"Supply in {market}, days from {start} to {until} (worst: share of normal supply)"
    answer = out.Answer(rows, simulation.query, net, simulation.assumptions)
    out.write(answer, format, output, force, lambda: out.plain_table(rows, title))


@app.command()
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


# --- the network ----------------------------------------------------------------------------------------------------


@app.command()
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


@app.command()
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


@app.command()
def report(
    kind: Annotated[str, typer.Argument(help="situation, product, event, mineral, country, portfolio or comparison.")],
    on: On, market: Market,
    output: Annotated[Path, typer.Option("--output", help="File to write: .html, .pdf, .xlsx, .md or .json.")],
    subject: Annotated[str | None, typer.Option("--subject", help="The good, event, commodity or country.")] = None,
    other: Annotated[str | None, typer.Option("--other", help="Compare with this day or query.")] = None,
    light: Annotated[bool, typer.Option("--light", help="HTML with still figures, under 1 MB.")] = False,
    product: Product = None, event: Event = None, what_if: WhatIf = None, end_use: EndUse = "own",
    sharing: Sharing = "fixed", legal_only: LegalOnly = False, unconfirmed: Unconfirmed = "both", data: Data = None,
    overlay: Overlay = None, force: Force = False,
) -> None:  # fmt: skip
    """Write a report that can be sent on; the ending of the file tells the format."""
    from supplychain.report import write_report

    net = network(data, overlay)
    x = ask(net, on, market, product, event, what_if, end_use, sharing, legal_only, unconfirmed)
    with progress(f"writing {output.name}") as step:
        write_report(net, kind, x.scenario, output, subject, other, light, force, lambda done, _: step(done * 100, 100))


@app.command()
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


@app.command()
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


@app.command()
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


# --- data -------------------------------------------------------------------------------------------------------------


@app.command()
def validate(
    folder: Annotated[Path | None, typer.Argument(help="A data package or overlay. Default: the bundled data.")] = None,
    warnings: Annotated[bool, typer.Option("--warnings/--no-warnings", help="Also print warnings.")] = True,
) -> None:
    """Check a data package (or an overlay together with the reference data): every problem, with the remedy."""
    from supplychain.balance import overdrawn
    from supplychain.checks import validate as check

    own = folder is not None and folder.is_dir() and not (folder / "datapackage.json").exists()
    where = (None, folder) if own else (folder, None)
    problems = check(*where)
    if not any(problem.level == "error" for problem in problems):
        net = network(*where)
        problems += overdrawn(net.tables, net.model.sourcing)
    for problem in problems:
        if problem.level == "error" or warnings:
            print(f"{problem.level}: {problem}")
    errors = sum(problem.level == "error" for problem in problems)
    print(f"{errors} errors, {len(problems) - errors} warnings")
    if errors:
        raise typer.Exit(1)


@app.command()
def calibrate(
    view: Annotated[str, typer.Option("--view", help="series, flows, sourcing, importers or outcomes.")] = "series",
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """Does it fit what happened: observed against modelled flows, sourcing, and output that was reported lost."""
    from supplychain import calibrate as fit
    from supplychain import output as out
    from supplychain.outcomes import outcomes

    titles = {
        "series": "Misfit of each observed flow (shares of its baseline)",
        "flows": "Observed and modelled flow, month by month (shares of the baseline)",
        "sourcing": "Sources found by the surplus rule against import rows kept aside, by good",
        "importers": "Sources found by the surplus rule against import rows kept aside, by importer",
        "outcomes": "Reported losses of output and the felt exposure of those days (shares of normal output)",
    }
    if view not in titles:
        raise InputError("calibrate", "--view", view, ", ".join(titles))
    net = network(data, overlay)
    if view in ("series", "flows"):
        with progress("Months compared") as step:
            rows = fit.flows(net.model, step)
        rows = fit.series_fit(rows) if view == "series" else rows
    elif view == "outcomes":
        rows = outcomes(net)
    else:
        rows = fit.sourcing_fit(net.model)
        rows = fit.sourcing_summary(rows) if view == "sourcing" else rows
    answer = out.Answer(rows, f"view={view}", net)
    out.write(answer, format, output, force, lambda: out.plain_table(rows, titles[view]))


@app.command()
def dashboard(
    host: Annotated[str, typer.Option("--host", help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port.")] = 8050,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="Serve beyond this machine.")] = False,
    data: Data = None, overlay: Overlay = None,
) -> None:  # fmt: skip
    """Open the dashboard in a browser on this machine."""
    from importlib import import_module

    if host not in ("127.0.0.1", "localhost", "::1"):
        if not allow_remote:
            raise InputError("dashboard", "--host", host, "127.0.0.1", "Add --allow-remote to serve other machines.")
        print("warning: served beyond this machine without a password; see docs/serving.md", file=sys.stderr)
    import_module("dashboard.app").run(network(data, overlay), host, port)


@app.command()
def sweep(
    output: Annotated[Path, typer.Option("--output", help="Table to write: .csv or .parquet.")],
    on: Annotated[list[str] | None, typer.Option("--on", help="Day, YYYY-MM-DD; repeatable.")] = None,
    market: Annotated[list[str] | None, typer.Option("--market", help="Country or bloc; repeatable.")] = None,
    product: Product = None,
    events: Annotated[list[str] | None, typer.Option("--events", help="Ids joined by ',', or all, or none; each use is "
                                                     "one alternative.")] = None,
    what_if: Annotated[list[str] | None, typer.Option("--what-if", help="A hypothetical event; each use is one "
                                                      "alternative, 'none' is without.")] = None,
    sharing: Annotated[list[str] | None, typer.Option("--sharing", help="fixed, shared or first; repeatable.")] = None,
    chokepoints: Annotated[bool, typer.Option("--chokepoints", help="Also each country and good alone.")] = False,
    end_use: EndUse = "own", legal_only: LegalOnly = False, unconfirmed: Unconfirmed = "both",
    felt: Annotated[bool, typer.Option("--felt", help="Also output lost after stocks and transit (slower).")] = False,
    draws: Annotated[int, typer.Option("--draws", min=0, max=100_000, help="Also quantiles over so many draws.")] = 0,
    links: Annotated[Path | None, typer.Option("--links", help="A company's network instead: CSV or Parquet.")] = None,
    nodes: Annotated[Path | None, typer.Option("--nodes", help="What is known of its firms.")] = None,
    stops: Annotated[Path | None, typer.Option("--stops", help="CSV with scenario, node and left.")] = None,
    memory: Annotated[float, typer.Option("--memory", help="GB that a batch of such scenarios may take.")] = 1.0,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes. Default: one a core.")] = None,
    scheduler: Annotated[str | None, typer.Option("--scheduler", help="Address of a Dask scheduler.")] = None,
    chunk: Annotated[int, typer.Option("--chunk", min=1, help="Scenarios kept together.")] = 32,
    data: Data = None, overlay: Overlay = None, force: Force = False,
) -> None:  # fmt: skip
    """Run many scenarios to one table; run it again after an interruption to go on."""
    from supplychain import jobs
    from supplychain import sweep as sweeping

    if links is not None:
        if stops is None:
            raise InputError("sweep", "--stops", None, "a CSV file with scenario, node and left")
        job: sweeping.Job = jobs.firm_losses(links, nodes, (sharing or ["fixed"])[0], memory * 1e9)
        asked: list[object] = list(jobs.stops_of(jobs.read_stops(stops)))
    else:
        if not on or not market:
            raise InputError("sweep", "--on and --market", None, "at least one of each, or --links and --stops")
        job = jobs.exposures(data, overlay, felt, draws)
        sets = [None if text == "all" else [] if text == "none" else text.split(",") for text in events or ["all"]]
        specs_ = [[] if text == "none" else specs([text]) for text in what_if or ["none"]]
        options = {"products": product or (), "end_use": end_use, "legal_only": legal_only, "unconfirmed": unconfirmed}
        net, modes = network(data, overlay), sharing or ["fixed"]
        asked = list(jobs.queries(net, on, market, sets, specs_, modes, chokepoints, **options))
    with progress(f"{len(asked):,} scenarios") as step:
        rows = sweeping.sweep(job, asked, output, workers, scheduler, chunk, force, step)
    print(f"{rows:,} rows of {len(asked):,} scenarios in {output}", file=sys.stderr)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="A new folder for your own rows.")]) -> None:
    """Write an empty overlay to fill in, with its manual and a small worked example."""
    from supplychain.templates import write_templates

    written = write_templates(folder)
    print(f"{len(written)} files in {folder}: read README.md first, then see 'supplychain validate {folder}'.")


@app.command()
def match(
    parts: Annotated[Path, typer.Argument(help="A parts list: CSV with item and hs_code, one or both.")],
    product: Annotated[str | None, typer.Option("--bom", help="Write rows of bom.csv for this product.")] = None,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """Find the goods that a parts list means; the uncertain ones are listed with the choices, for you to decide."""
    from supplychain import output as out
    from supplychain.matching import bom_rows, match_parts, read_parts

    net = network(data, overlay)
    rows = match_parts(read_parts(parts), net.tables)
    open_ = int((rows["good"] == "").sum())
    title = f"{len(rows) - open_} of {len(rows)} rows are matched" + (", the others need a decision" if open_ else "")
    if product is not None:
        rows = bom_rows(rows, product)
    out.write(out.Answer(rows, parts.name, net), format, output, force, lambda: out.plain_table(rows, title))


@app.command()
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
