"""How every figure looks and what every figure carries: colours, template, safe text, title, alt text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import isnan
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from supplychain.errors import InputError
from supplychain.figures.draft import Draft

ThemeName = Literal["light", "dark"]
Rows = TypeVar("Rows", pd.DataFrame, list[Any])

TITLE_CHARACTERS = 38  # of a title line: what a screen 360 px wide shows
SUBTITLE_CHARACTERS = 54
LABEL_CHARACTERS = 46  # of a label above a bar
SUBTITLE_LINES = 6
SIDE = 14  # px left free at both sides
DAY = 86_400_000  # ms, the unit of time on an axis
LINE = 16  # px of a small line of text


@dataclass(frozen=True)
class Theme:
    """Colours of one theme, named by what they say. Okabe-Ito hues, lightened where the ground is dark.

    `cycle` is ordered by brightness steps that stay apart in grey; no figure tells things apart by colour alone.
    `shades` go from little to much.
    """

    paper: str
    text: str
    faint: str
    grid: str
    main: str
    warn: str
    second: str
    cycle: tuple[str, ...]
    shades: tuple[str, ...]


THEMES = {
    "light": Theme(
        paper="#ffffff",
        text="#1b1f24",
        faint="#5b6470",
        grid="#d9dde2",
        main="#0072B2",
        warn="#B84A00",
        second="#E69F00",
        cycle=("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#B84A00"),
        shades=("#f0f1f2", "#cfe3f1", "#9cc7e4", "#5ba3d0", "#1f77b4", "#08406e"),
    ),
    "dark": Theme(
        paper="#242424",
        text="#e8e8e8",
        faint="#a9b0b8",
        grid="#45494e",
        main="#56B4E9",
        warn="#F58A45",
        second="#F0E442",
        cycle=("#56B4E9", "#E69F00", "#2FC296", "#E3A3C6", "#8FA3FF", "#F58A45"),
        shades=("#303236", "#24577a", "#2f79a8", "#4f9fd2", "#86c3ea", "#d9eefb"),
    ),
}
PATTERNS = ("", "/", ".", "\\", "x", "+")


def theme_of(name: str) -> Theme:
    """The colours of a theme; InputError where there is no such theme."""
    if name not in THEMES:
        raise InputError("figure", "theme", name, "light or dark")
    return THEMES[name]


@cache
def template(name: str) -> go.layout.Template:
    """Fonts, grid and colours of a theme, the same whatever plotly's own default template is."""
    theme = theme_of(name)
    axis = {
        "gridcolor": theme.grid,
        "linecolor": theme.faint,
        "zerolinecolor": theme.faint,
        "tickcolor": theme.faint,
        "automargin": False,
        "ticks": "",
        "title": {"font": {"size": 11}},
    }
    return go.layout.Template(
        layout={
            "font": {"family": "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif", "size": 12, "color": theme.text},
            "paper_bgcolor": theme.paper,
            "plot_bgcolor": theme.paper,
            "colorway": list(theme.cycle),
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"align": "left", "namelength": -1, "bgcolor": theme.paper, "font": {"color": theme.text}},
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "font": {"size": 11}, "traceorder": "normal"},
            "bargap": 0.0,
            "dragmode": False,
        }
    )


def escape(text: object) -> str:
    """A name as plotly draws it literally: plotly reads some tags and entities in any text, `<` and `&` start them."""
    printable = "".join(c if c.isprintable() else " " for c in str(text))
    return printable.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def wrap(text: object, width: int = LABEL_CHARACTERS, lines: int = 2) -> str:
    """A name on at most `lines` lines of `width` characters, escaped; what does not fit ends in an ellipsis."""
    clean = "".join(c if c.isprintable() else " " for c in str(text))
    found = textwrap.wrap(clean, width, max_lines=lines, placeholder=" …", break_long_words=True)
    return "<br>".join(escape(line) for line in found)


def ink(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour (WCAG contrast)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    bright = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (bright + 0.05) / 0.05 > 1.05 / (bright + 0.05) else "#ffffff"


def brief(name: object, length: int = 44) -> str:
    """A name short enough for a title, so that what follows it (market, day) is not cut."""
    text = " ".join(str(name).split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def numbers(values: Iterable[Any]) -> list[float | None]:
    """Plain numbers for plotly, whole or of six digits, None for unknown: short, and the same bytes each time."""
    if isinstance(values, pd.Series):
        found = values.to_numpy(dtype=float, na_value=np.nan).tolist()
    else:
        found = [np.nan if pd.isna(v) else float(v) for v in values]
    return [None if isnan(v) else v if v.is_integer() else float(f"{v:.6g}") for v in found]


def days(values: Iterable[Any]) -> list[str | None]:
    """ISO dates for plotly, None for unknown."""
    if isinstance(values, pd.Series) and pd.api.types.is_datetime64_dtype(values):
        texts: list[str] = np.datetime_as_string(values.to_numpy(dtype="datetime64[D]")).tolist()
        return [None if text == "NaT" else text for text in texts]
    return [None if pd.isna(v) else pd.Timestamp(v).date().isoformat() for v in values]


def along(values: pd.Series) -> dict[str, Any]:
    """The x of a line over dates as plotly has it: first and step where they are days in a row, else each."""
    if len(values) > 1 and (values.diff().iloc[1:] == pd.Timedelta(days=1)).all():
        return {"x0": f"{values.iloc[0]:%Y-%m-%d}", "dx": DAY}
    return {"x": days(values)}


def dates(values: pd.Series) -> pd.Series:
    """Days as timestamps; a bare year or month stands at its middle."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return values
    text = values.map(lambda v: "" if pd.isna(v) else str(v).strip())
    text = text.str.replace(r"^(\d{4})$", r"\1-07-01", regex=True).str.replace(r"^(\d{4}-\d{2})$", r"\1-15", regex=True)
    return pd.to_datetime(text.where(text != ""), format="ISO8601")


def texts(frame: pd.DataFrame, column: str, default: str | pd.Series = "") -> pd.Series:
    """A column as text; the default where a cell is blank or the table lacks the column."""
    if column not in frame:
        return pd.Series(default, index=frame.index, dtype="str")
    text = frame[column].astype("string").fillna("").astype(str)
    return text.where(text != "", default)


def names(frame: pd.DataFrame, column: str) -> list[str]:
    """What to call each row: its `name` where there is one, else the id in `column`."""
    return [str(name) for name in texts(frame, "name", frame[column].astype(str))]


def need(call: str, frame: pd.DataFrame, columns: Sequence[str], argument: str = "frame") -> None:
    """InputError that names the columns a figure needs and does not get."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InputError(
            call,
            argument,
            f"a table without {', '.join(missing)}",
            f"a table with the columns {', '.join(columns)}",
        )


def choice(call: str, argument: str, got: str, allowed: Sequence[str]) -> None:
    """InputError unless `got` is one of `allowed`."""
    if got not in allowed:
        raise InputError(call, argument, got, " or ".join(allowed))


def column_or(frame: pd.DataFrame, column: str, default: object) -> pd.Series:
    """A column, or the default in every row where the table lacks it."""
    return frame[column] if column in frame else pd.Series([default] * len(frame), index=frame.index)


def top_rows(rows: Rows, top: int, what: str) -> tuple[Rows, str]:
    """The first `top` rows, and a sentence when rows were left out."""
    if len(rows) <= top:
        return rows, ""
    return rows[:top], f"Showing {top} of {len(rows)} {what}."


def heading(title: str, notes: Sequence[str]) -> tuple[str, int]:
    """Title and small lines under it, wrapped for a small screen; and the height they take (px)."""
    big = textwrap.wrap(title, TITLE_CHARACTERS, max_lines=4, placeholder=" …")
    small = textwrap.wrap(
        " ".join(n for n in notes if n), SUBTITLE_CHARACTERS, max_lines=SUBTITLE_LINES, placeholder=" …"
    )
    text = "<br>".join(f"<b>{escape(line)}</b>" for line in big)
    text += "".join(f'<br><span style="font-size:11.5px">{escape(line)}</span>' for line in small)
    return text, 20 * len(big) + 17 * len(small) + 16


def finish(
    fig: Draft,
    kind: str,
    title: str,
    notes: Sequence[str],
    alt: str,
    theme: str,
    plot_height: int,
    bottom: int = 44,
    legend_rows: int = 0,
    left: int = SIDE,
    right: int = SIDE,
) -> go.Figure:
    """Title, sizes, template and alt text: the last step of every figure.

    The height is fixed, the width follows the page. `plot_height`, `bottom`, `left`, `right` in px;
    `legend_rows` of LINE px below the axis.
    """
    text, top = heading(title, notes)
    bottom_all = bottom + (legend_rows * (LINE + 4) + 6 if legend_rows else 0)
    height = top + plot_height + bottom_all
    fig.update_layout(
        template=template(theme),
        autosize=True,
        height=height,
        margin={"l": left, "r": right, "t": top, "b": bottom_all, "pad": 0},
        title={
            "text": text,
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": round(1 - 12 / height, 4),
            "yref": "container",
            "yanchor": "top",
            "pad": {"l": SIDE},
            "font": {"size": 14},
            "automargin": False,
        },
        showlegend=bool(legend_rows),
        legend={"y": -bottom / plot_height, "yanchor": "top", "yref": "paper"},
        meta={"kind": kind, "alt": " ".join(alt.split())},
    )
    return fig.figure()


def blank(kind: str, title: str, missing: str, remedy: str, theme: str) -> go.Figure:
    """A figure without data: what is missing and what to do about it."""
    fig = Draft()
    fig.update_xaxes(visible=False, range=[0, 1], fixedrange=True)
    fig.update_yaxes(visible=False, range=[0, 1], fixedrange=True)
    small = f"{wrap(missing, TITLE_CHARACTERS, 4)}<br><br>{wrap(remedy, TITLE_CHARACTERS, 4)}"
    fig.add_annotation(
        x=0.5, y=0.5, xref="paper", yref="paper", text=small, showarrow=False, font={"size": 13}, align="center"
    )
    return finish(fig, kind, title, (), f"{title}: {missing} {remedy}", theme, plot_height=180, bottom=10)


def listed(items: Sequence[str], shown: int = 3) -> str:
    """Names in a sentence: a, b and c, or a, b, c and 4 more."""
    if len(items) > shown:
        return f"{', '.join(items[:shown])} and {len(items) - shown} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def rows_axis(fig: Draft, labels: Sequence[str], values: Sequence[str] = (), shift: int = 8) -> None:
    """A y axis of rows, the first on top, each with its label (and value) above the bar.

    Labels start at the left edge of the plot, so they take no width from the bars on a small screen.
    Set all at once: plotly checks every annotation again for each one added.
    """
    fig.update_yaxes(
        range=[len(labels) - 0.6, -0.75], showticklabels=False, showgrid=False, zeroline=False, fixedrange=True
    )
    place = {"x": 0, "xref": "paper", "xanchor": "left", "yref": "y", "yanchor": "bottom", "yshift": shift}
    texts = [f"{a}  <b>{escape(b)}</b>" for a, b in zip(labels, values, strict=True)] if values else labels
    fig.update_layout(
        annotations=[{**place, "y": k, "text": t, "showarrow": False, "align": "left"} for k, t in enumerate(texts)]
    )


def share_axis(fig: Draft, title: str, high: float = 1.0, low: float = 0.0) -> None:
    """An x axis of shares in per cent, with its unit."""
    fig.update_xaxes(
        title={"text": escape(title), "standoff": 6},
        range=[low, high],
        tickformat=".0%",
        fixedrange=True,
        nticks=6,
        zeroline=True,
    )
