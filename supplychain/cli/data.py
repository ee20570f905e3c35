"""The data behind the answers: check them, hold them against what happened, bring your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supplychain.cli.options import Data, Force, Format, Output, Overlay, network, progress
from supplychain.errors import InputError


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


def calibrate(
    view: Annotated[str, typer.Option("--view", help="series, flows, sourcing, importers or outcomes.")] = "series",
    data: Data = None, overlay: Overlay = None, format: Format = "table", output: Output = None, force: Force = False,
) -> None:  # fmt: skip
    """Does it fit what happened: observed against modelled flows, sourcing, and output that was reported lost."""
    from supplychain import calibrate as fit
    from supplychain import output as out
    from supplychain import sourcing_fit as sourcing
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
        rows = sourcing.sourcing_fit(net.model)
        rows = sourcing.sourcing_summary(rows) if view == "sourcing" else rows
    answer = out.Answer(rows, f"view={view}", net)
    out.write(answer, format, output, force, lambda: out.plain_table(rows, titles[view]))


def init(folder: Annotated[Path, typer.Argument(help="A new folder for your own rows.")]) -> None:
    """Write an empty overlay to fill in, with its manual and a small worked example."""
    from supplychain.templates import write_templates

    written = write_templates(folder)
    print(f"{len(written)} files in {folder}: read README.md first, then see 'supplychain validate {folder}'.")


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
