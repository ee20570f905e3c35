"""What the commands share: their options, the data and the question these name, a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supplychain.errors import InputError

if TYPE_CHECKING:
    from supplychain.network import Exposure, Network

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
OneProduct = Annotated[str, typer.Argument(help="The product.")]


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
