"""A report as Markdown or JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from supplychain.output import records
from supplychain.report import words
from supplychain.report.model import Figure, Report, Table, Text

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def markdown(report: Report) -> str:
    """The report as Markdown; figures as what they show in words."""
    parts = [f"# {_plain(report.title)}", _plain(report.subtitle), *(f"**{_plain(line)}**" for line in report.answer)]
    for section in report.sections:
        parts.append(f"## {_plain(section.title)}")
        for block in section.blocks:
            if isinstance(block, Table):
                parts += _table(report, block)
            elif isinstance(block, Figure):
                parts.append(f"*Figure: {_plain(block.alt)}*")
            else:
                parts.append(_text(block))
    parts += ["## Sources", *_table(report, report.sources)[1:]]
    parts += ["## How to reproduce this report", "\n".join(f"- {key}: `{_code(v)}`" for key, v in report.made_from)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(block: Text) -> str:
    lines = [_plain(line) for line in block.lines]
    if block.shape == "list":
        return "\n".join(f"- {line}" for line in lines)
    if block.shape == "steps":
        return "\n".join(f"{k}. {line}" for k, line in enumerate(lines, 1))
    return "\n\n".join(lines)


def _table(report: Report, table: Table) -> list[str]:
    if not table.rows:
        return [f"### {_plain(table.title)}", _plain(table.empty)]
    head = "| " + " | ".join(_plain(column.label) for column in table.columns) + " |"
    rule = "|" + "|".join(" --- " for _ in table.columns) + "|"
    rows = [
        "| "
        + " | ".join(_cell(words.cell(column, row, report.numbers), column.kind) for column in table.columns)
        + " |"
        for row in table.rows
    ]
    return [f"### {_plain(table.title)}", "\n".join([head, rule, *rows]), _plain(table.note)]


def _cell(text: str, kind: str) -> str:
    if kind == "link" and words.is_link(text):
        return f"<{text}>"
    return _plain(text)


def _plain(text: object) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def _code(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")


def to_json(report: Report) -> str:
    """The report as one JSON object: answer, sections with their tables' rows, sources, and what reproduces it."""
    body: dict[str, Any] = {
        "kind": report.kind,
        "title": report.title,
        "subtitle": report.subtitle,
        "answer": list(report.answer),
        "sections": [
            {"key": s.key, "title": s.title, "blocks": [_block(block) for block in s.blocks]} for s in report.sections
        ],
        "sources": _block(report.sources)["rows"],
        "made_from": dict(report.made_from),
    }
    return json.dumps(body, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _block(block: Table | Figure | Text) -> dict[str, Any]:
    if isinstance(block, Table):
        keys = list(dict.fromkeys(key for column in block.columns for key in column.keys))
        labels = {column.key: column.label for column in block.columns}
        return {
            "table": block.key,
            "title": block.title,
            "labels": labels,
            "rows": records(block.frame[keys]),
            "note": block.note,
        }
    if isinstance(block, Figure):
        return {"figure": block.key, "alt": block.alt}
    return {"text": list(block.lines)}
