"""The documentation holds: links lead somewhere, code blocks run, commands exist, docstring examples are true."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import pkgutil
import re
from pathlib import Path

import pytest
import typer.main

import supplychain
from supplychain.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
OPTIONAL = ("supplychain.__main__", "supplychain.sweep", "supplychain.report.pdf")  # run, or need an extra


@pytest.mark.parametrize("doc", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(doc: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", doc.read_text("utf-8")):
        assert target.startswith(("http://", "https://")) or (doc.parent / target).exists(), target


@pytest.mark.parametrize("doc", PAGES, ids=lambda p: p.name)
def test_python_blocks_run_one_after_the_other(doc: Path) -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", doc.read_text("utf-8"), re.DOTALL):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(block, doc.name, "exec"), names)


@pytest.mark.parametrize("doc", PAGES, ids=lambda p: p.name)
def test_commands_and_options_exist(doc: Path) -> None:
    commands = typer.main.get_command(app).commands
    for name, rest in re.findall(r"`(?:\$ )?supplychain ([a-z]+)([^`|]*)`", doc.read_text("utf-8")):
        assert name in commands, name
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"(--[a-z-]+)", rest)) <= known, (name, rest)


def modules() -> list[str]:
    found = pkgutil.walk_packages(supplychain.__path__, "supplychain.")
    return [module.name for module in found if module.name not in OPTIONAL and "figures" not in module.name]


@pytest.mark.parametrize("name", modules())
def test_docstring_examples(name: str) -> None:
    module = importlib.import_module(name)
    names = {**vars(module), "sc": supplychain}
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, _ = doctest.testmod(module, extraglobs=names, optionflags=options)
    assert failed == 0
