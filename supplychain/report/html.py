"""A report as one HTML file that needs nothing else: interactive figures with plotly.js inlined, or still ones."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from supplychain.report import words
from supplychain.report.ask import Progress
from supplychain.report.model import Figure, Report, Table, Text
from supplychain.report.still import Stills, stills

PAGE = 118.0  # letters of a table that stand side by side on paper
LONGEST_WORD = 16  # a longer one is broken
PLOTLY = "<!-- plotly.js -->"  # stands for the library while the page is put together
NOTHING_DRAWN = (
    "Figures are left out of this file, because no Chromium was found to draw them; the tables hold their numbers."
)

_BLANK = re.compile(r"\s*\n\s*\n\s*|[ \t]+\n")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")


def page(report: Report, progress: Progress | None = None) -> str:
    """HTML with interactive figures, in the reader's theme."""
    drawn = {}
    for k, figure in enumerate(report.figures):
        if progress is not None:
            progress(k / len(report.figures), "figures")
        drawn[figure.key] = Markup(_json({"light": _plain(figure.light), "dark": _plain(figure.dark)}))
    text = _render(report, drawn=drawn, scripts=True)
    return text.replace(PLOTLY, _library(), 1)


@cache
def _library() -> str:
    """plotly.js as it may stand in a page: characters that HTML forbids are written as JavaScript escapes."""
    text = str(get_plotlyjs()).replace("</script", "<\\/script")
    return _FORBIDDEN.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def light_page(report: Report, progress: Progress | None = None) -> str:
    """HTML with still figures in both themes, no script at all; without figures where there is no Chromium."""
    found = stills([(f.light, f.dark) for f in report.figures], progress)
    return _render(report, pictures=_pictures(report, found), missing="" if found else NOTHING_DRAWN)


def print_page(report: Report, progress: Progress | None = None) -> str:
    """HTML for the PDF: figures in the light theme only."""
    found = stills([(f.light,) for f in report.figures], progress)
    return _render(report, pictures=_pictures(report, found), missing="" if found else NOTHING_DRAWN, paper=True)


def _pictures(report: Report, found: Stills | None) -> dict[str, tuple[str, ...]]:
    """Addresses of the pictures of each figure, one a theme."""
    if found is None:
        return {}
    return {f.key: tuple(_address(svg) for svg in svgs) for f, svgs in zip(report.figures, found, strict=True)}


def _address(svg: str) -> str:
    """An SVG inside an address; without spaces, which end an address in a srcset."""
    return "data:image/svg+xml," + quote(svg, safe="=:;,/?@&+$!*'()~-_.")


def _render(report: Report, **more: Any) -> str:
    options = {"drawn": {}, "scripts": False, "pictures": {}, "missing": "", "paper": False}
    template = _environment().get_template("report.html")
    text = template.render(
        report=report,
        contents=_contents(report),
        cells=_cells(report),
        widths=_widths(report),
        library=Markup(PLOTLY),
        **{**options, **more},
    )
    return _BLANK.sub("\n", text).strip() + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("supplychain.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals["asset"] = _asset
    environment.globals["sources_of"] = words.sources_of
    environment.globals["is_link"] = words.is_link
    environment.tests["table"] = lambda block: isinstance(block, Table)
    environment.tests["figure"] = lambda block: isinstance(block, Figure)
    environment.tests["text"] = lambda block: isinstance(block, Text)
    return environment


def _asset(name: str) -> Markup:
    """A style sheet or script of this package."""
    return Markup(files("supplychain.report").joinpath("templates", name).read_text(encoding="utf-8"))


def _contents(report: Report) -> list[tuple[str, str]]:
    return [
        *((section.key, section.title) for section in report.sections),
        ("sources", "Sources"),
        ("reproduce", "How to reproduce this report"),
    ]


def _widths(report: Report) -> Any:
    """Shares of a page (%) for the columns of a table: laid out by need, a page takes a minute."""

    def widths(table: Table) -> list[int]:
        least, more = [], []
        for column in table.columns:
            texts = [words.cell(column, row, report.numbers) for row in table.rows]
            longest = max(len(word) for text in [column.label, *texts] for word in (text.split() or [""]))
            least.append(min(longest, LONGEST_WORD) + 2.5)
            more.append(sum(map(len, texts)) / len(texts))
        left = max(0.0, PAGE - sum(least))
        found = [a + left * b / max(sum(more), 1.0) for a, b in zip(least, more, strict=True)]
        return [round(100 * width / sum(found)) for width in found]

    return widths


def _cells(report: Report) -> Any:
    """Cells as text whose numbers do not part from their unit."""
    return lambda column, row: words.cell(column, row, report.numbers).replace(" %", "\N{NO-BREAK SPACE}%")


def _plain(figure: go.Figure) -> dict[str, Any]:
    """Data and layout of a figure as plain JSON values."""
    found: dict[str, Any] = json.loads(figure.to_json())
    return {"data": found["data"], "layout": found["layout"]}


def _json(value: Any) -> str:
    """JSON that can stand inside a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
