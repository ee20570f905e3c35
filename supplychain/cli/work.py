"""What takes files or time: reports, many scenarios, the dashboard."""

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
    LegalOnly,
    Market,
    On,
    Overlay,
    Product,
    Sharing,
    Unconfirmed,
    WhatIf,
    ask,
    network,
    progress,
    specs,
)
from supplychain.errors import InputError


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
