"""The command line: thin commands over `Network`. Errors are one line and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from supplychain.errors import InputError, SupplyChainError

if TYPE_CHECKING:
    from supplychain.network import Exposure, Network

app = typer.Typer(
    name="supplychain",
    help="Which goods are exposed to export restrictions, through what, from when, and how sure that is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

On = Annotated[str, typer.Option("--on", help="Day, YYYY-MM-DD.")]
Market = Annotated[str, typer.Option("--market", help="Country or bloc, code or name.")]
Product = Annotated[list[str] | None, typer.Option("--product", help="Only this product; repeatable.")]
Event = Annotated[list[str] | None, typer.Option("--event", help="Only this event; repeatable. Default: all in force.")]
WhatIf = Annotated[list[str] | None, typer.Option("--what-if", help="A hypothetical event; repeatable.")]
EndUse = Annotated[str, typer.Option("--end-use", help="own, civil or military.")]
Sharing = Annotated[str, typer.Option("--sharing", help="fixed, shared or first.")]
Unconfirmed = Annotated[str, typer.Option("--unconfirmed", help="both branches, or all such clauses off or on.")]
LegalOnly = Annotated[bool, typer.Option("--legal-only", help="Leave out practice beyond the text.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of a data package. Default: the bundled one.")]
Overlay = Annotated[Path | None, typer.Option("--overlay", help="Folder with your own rows.")]
Format = Annotated[str, typer.Option("--format", help="table, csv or json.")]
Output = Annotated[Path | None, typer.Option("--output", help="Write to this file instead of the screen.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]
Top = Annotated[int, typer.Option("--top", help="Rows of the table; csv and json have all.")]

READINGS = ("linked", "dependent", "short_low", "short", "short_high")


def main() -> NoReturn:
    """Entry point of the command: errors of use and of data are one message on standard error, exit code 2."""
    try:
        app(standalone_mode=False)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except SupplyChainError as error:
        fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        fail("stopped", code=130)
    except BrokenPipeError:  # the reader of a pipe went away
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")):  # bad options; typer words them well
            fail(getattr(error, "format_message", lambda: str(error))())
        raise
    sys.exit(0)


def fail(message: str, code: int = 2) -> NoReturn:
    """Print one error and leave."""
    print(f"supplychain: {message}", file=sys.stderr)
    sys.exit(code)


def network(data: Path | None, overlay: Path | None) -> Network:
    from supplychain.network import load

    return load(data, overlay)


def choose(name: str, value: str, allowed: Iterable[str]) -> str:
    """An option's value if it is allowed."""
    if value not in (choices := tuple(allowed)):
        raise InputError("supplychain", f"--{name}", value, ", ".join(choices))
    return value


def exposure_of(
    net: Network, on: str, market: str, product: list[str] | None, event: list[str] | None, what_if: list[str] | None,
    end_use: str, sharing: str, legal_only: bool, unconfirmed: str,
) -> Exposure:  # fmt: skip
    """The answer to the common options of a question."""
    from supplychain.scenario import Scenario

    scenario = {"products": product or (), "events": event or None, "what_if": what_if or ()}
    options = {"end_use": end_use, "sharing": sharing, "legal_only": legal_only, "unconfirmed": unconfirmed}
    return net.ask(Scenario.model_validate({"on": on, "market": market, **scenario, **options}))


@app.command()
def exposure(
    on: On, market: Market, product: Product = None, event: Event = None, what_if: WhatIf = None,
    end_use: EndUse = "own", sharing: Sharing = "fixed", legal_only: LegalOnly = False,
    unconfirmed: Unconfirmed = "both", data: Data = None,
    overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False, top: Top = 100,
) -> None:  # fmt: skip
    """Rank the products of a market by what is missing on a day, with the reason and the evidence."""
    from supplychain import output as out

    net = network(data, overlay)
    x = exposure_of(net, on, market, product, event, what_if, end_use, sharing, legal_only, unconfirmed)
    out.write(out.Answer.of(x, net), format, output, force, lambda: out.exposure_table(x, top))


@app.command()
def explain(
    product: Annotated[str, typer.Argument(help="The product.")], on: On, market: Market, event: Event = None,
    what_if: WhatIf = None, end_use: EndUse = "own", sharing: Sharing = "fixed", legal_only: LegalOnly = False,
    unconfirmed: Unconfirmed = "both", data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """Show why a product is exposed: every input down the binding chain, with the rows it rests on."""
    from supplychain import output as out

    net = network(data, overlay)
    x = exposure_of(net, on, market, [product], event, what_if, end_use, sharing, legal_only, unconfirmed)
    out.write(out.Answer.of(x, net, x.explain(product)), format, output, force, lambda: out.explain_table(x, product))


@app.command()
def events(
    on: On, destination: Annotated[str | None, typer.Option("--destination", help="Only for this country.")] = None,
    end_use: Annotated[str | None, typer.Option("--end-use", help="civil or military.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also ended, announced and suspended ones.")] = False,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """List the restrictions in force on a day, what they cover and the legal source."""
    from supplychain import output as out

    net = network(data, overlay)
    frame = out.events_frame(net, on, destination, end_use, all_)
    out.write(out.Answer(frame, f"on={on}", net), format, output, force, lambda: out.events_table(frame, on))


@app.command()
def goods(
    search: Annotated[str, typer.Argument(help="Part of an id, name or alias.")] = "",
    kind: Annotated[str | None, typer.Option("--kind", help="mineral, material, component or product.")] = None,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """List the goods with their makers' concentration."""
    from supplychain import output as out

    net = network(data, overlay)
    frame = out.goods_frame(net, search, kind)
    out.write(
        out.Answer(frame, f"search={search}", net), format, output, force, lambda: out.plain_table(frame, "Goods")
    )


@app.command()
def paths(
    source: Annotated[str, typer.Argument(help="From this good.")],
    target: Annotated[str, typer.Argument(help="To this good.")],
    limit: Annotated[int, typer.Option("--limit", help="How many of the strongest ways.")] = 20,
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """Show the ways from one good to another, strongest first."""
    from supplychain import output as out

    net = network(data, overlay)
    frame = net.paths(source, target, limit)
    title = f"Showing {len(frame)} of {frame.attrs['total']} ways from {source} to {target}"
    out.write(
        out.Answer(frame, f"{source}>{target}", net), format, output, force, lambda: out.plain_table(frame, title)
    )


@app.command()
def validate(
    folder: Annotated[Path | None, typer.Argument(help="A data package or overlay. Default: the bundled data.")] = None,
    warnings: Annotated[bool, typer.Option("--warnings/--no-warnings", help="Also print warnings.")] = True,
) -> None:
    """Check a data package (or an overlay together with the reference data): every problem, with the remedy."""
    from supplychain.checks import validate as check

    problems = check(folder)
    for problem in problems:
        if problem.level == "error" or warnings:
            print(f"{problem.level}: {problem}")
    errors = sum(problem.level == "error" for problem in problems)
    print(f"{errors} errors, {len(problems) - errors} warnings")
    if errors:
        raise typer.Exit(1)
