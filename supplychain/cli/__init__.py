"""The command line: thin commands over `Network`. Errors are one message on standard error and exit code 2."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from supplychain.cli import data, day, graph, work
from supplychain.errors import SupplyChainError, one_line, shown

LONGEST_MESSAGE = 2_000  # characters of an error about options
COMMANDS = (  # in the order of --help
    day.exposure,
    day.markets,
    day.explain,
    day.compare,
    day.mitigate,
    day.sample,
    day.simulate,
    day.survive,
    graph.chokepoints,
    graph.content,
    work.report,
    graph.events,
    graph.goods,
    graph.paths,
    graph.graph,
    data.validate,
    data.calibrate,
    data.init,
    data.match,
    work.sweep,
    work.dashboard,
)

app = typer.Typer(
    name="supplychain",
    help="Which goods are exposed to export restrictions, through what, from when, and how sure that is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in COMMANDS:
    app.command()(command)


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
    except TyperException as error:  # a bad option: typer words these well
        fail(shown(error.format_message(), LONGEST_MESSAGE))
    sys.exit(code)


def fail(message: str, code: int = 2) -> NoReturn:
    """Print one error and leave."""
    print(f"supplychain: {message}", file=sys.stderr)
    sys.exit(code)
