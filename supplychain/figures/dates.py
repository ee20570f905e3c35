"""What changes over time: exposure with its events, the legal life of clauses, trade, prices."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from supplychain import wording
from supplychain.figures import style
from supplychain.figures.draft import Draft, bar, scatter
from supplychain.figures.style import DAY, along, days, names, numbers, wrap

STATUSES = ("announced", "in_force", "suspended", "ended", "unconfirmed")
STATUS_WORDS = {s: s.replace("_", " ") for s in STATUSES}
SYMBOLS = {
    "announced": "circle-open",
    "in_force": "square",
    "suspended": "triangle-up-open",
    "ended": "x-thin",
    "unconfirmed": "diamond-open",
}
FILLS = {"announced": ".", "in_force": "", "suspended": "/", "unconfirmed": "x"}  # ended has no bar
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
LANE = 20  # px of a row of event marks
KEY_LINES = 10  # events named under the chart; the others are in the hover text and the table
PLOT = 240
ROW = 44


def timeline(
    frame: pd.DataFrame,
    events: pd.DataFrame | None = None,
    *,
    market: str,
    top: int = 4,
    theme: style.ThemeName = "light",
) -> go.Figure:
    """Output lost over time with its low to high band; events as numbered marks under the axis, named below.

    lost = 1 - output, band from 1 - output_high to 1 - output_low
    frame: date, product, output_low, output, output_high; optional name (net.simulate(...).frame)
    events: event, date, status; optional title; top: products drawn, the worst first
    Returns the figure. Raises InputError.
    """
    style.need("timeline", frame, ["date", "product", "output_low", "output", "output_high"])
    if events is not None:
        style.need("timeline", events, ["event", "date", "status"], "events")
    if frame.empty:
        return style.blank(
            "timeline",
            f"Output lost over time, {market}",
            "Nothing was simulated.",
            "Choose products and a longer period.",
            theme,
        )
    colours = style.theme_of(theme)
    table = frame.assign(date=style.dates(frame["date"]), _name=names(frame, "product")).sort_values(
        ["product", "date"], kind="stable"
    )
    first, last = table["date"].min(), table["date"].max()
    title = f"Output lost after stocks and transit, {market}, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    least = table.groupby("product")["output"].min()
    worst = least.to_frame("o").assign(key=least.index).sort_values(["o", "key"], kind="stable").index
    shown = list(worst[:top])
    fig = Draft()
    for k, product in enumerate(shown):
        rows = table[table["product"] == product]
        name = wrap(rows["_name"].iloc[0], 34)
        band(
            fig,
            rows["date"],
            1 - rows["output_high"],
            1 - rows["output_low"],
            colours.cycle[k % 6],
            f"band{k}",
            "low to high" if len(shown) == 1 else "",
        )
        fig.add_trace(
            scatter(
                **along(rows["date"]),
                y=numbers(1 - rows["output"]),
                name=name,
                mode="lines",
                line={"color": colours.cycle[k % 6], "width": 2.2, "dash": DASHES[k % 6]},
                hovertemplate="%{x|%Y-%m-%d}: %{y:.1%} lost<extra>%{fullData.name}</extra>",
            )
        )
    highest = float((1 - table.loc[table["product"].isin(shown), "output_low"]).max())
    marks = _marks_of(events, first, last)
    lanes = max((mark.lane + 1 for mark in marks), default=0)
    lane_share = lanes * LANE / (PLOT + lanes * LANE)
    fig.update_yaxes(title={"text": "output lost (%)", "standoff": 4}, tickformat=".0%", fixedrange=True)
    fig.update_layout(
        yaxis={"domain": [lane_share + 0.02 * bool(lanes), 1], "range": [0, max(0.05, min(1.02, highest * 1.08))]},
        xaxis={
            "type": "date",
            "range": [f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"],
            "title": {"text": "day", "standoff": 6},
            "nticks": 6,
        },
    )
    key = _event_marks(fig, marks, lanes, lane_share, colours)
    bottom = 58 + 15 * (key.count("<br>") + 1 if key else 0)
    if key:
        fig.add_annotation(
            x=0,
            xref="paper",
            xanchor="left",
            y=0,
            yref="paper",
            yanchor="top",
            yshift=-46,
            xshift=-34,
            text=key,
            showarrow=False,
            align="left",
            font={"size": 11, "color": colours.text},
        )
    peak = table[table["product"] == shown[0]].sort_values("output", kind="stable").iloc[0]
    most = wording.span(1 - peak["output_high"], 1 - peak["output"], 1 - peak["output_low"])
    alt = f"{title}: {peak['_name']} loses up to {most} on {peak['date']:%Y-%m-%d}; {len(marks)} events marked."
    cut = f"Showing {len(shown)} of {len(least)} products, the worst first." if len(shown) < len(least) else ""
    rows_needed = len(shown) + (len({mark.status for mark in marks}) + 1) // 2
    return style.finish(
        fig,
        "timeline",
        title,
        ["Shaded: low to high.", cut],
        alt,
        theme,
        PLOT + lanes * LANE,
        bottom,
        rows_needed,
        left=48,
    )


def band(fig: Draft, x: pd.Series, low: pd.Series, high: pd.Series, colour: str, group: str, name: str = "") -> None:
    """A shaded stretch between two lines, outlined so that it shows in grey."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    line, across = {"color": colour, "width": 0.6}, along(x)
    fig.add_trace(
        scatter(
            **across, y=numbers(low), mode="lines", line=line, hoverinfo="skip", showlegend=False, legendgroup=group
        )
    )
    fig.add_trace(
        scatter(
            **across,
            y=numbers(high),
            mode="lines",
            line=line,
            fill="tonexty",
            fillcolor=f"rgba({red},{green},{blue},0.2)",
            hoverinfo="skip",
            name=name,
            showlegend=bool(name),
            legendgroup=group,
        )
    )


class _Mark(NamedTuple):
    """An event under the axis: its number, lane from above, day, status and name."""

    number: int
    lane: int
    date: pd.Timestamp
    status: str
    label: str


def _marks_of(events: pd.DataFrame | None, first: pd.Timestamp, last: pd.Timestamp) -> list[_Mark]:
    """Events of the period in order, numbered, in lanes so that near ones do not cover each other."""
    if events is None or events.empty:
        return []
    labels = style.texts(events, "title", events["event"].astype(str))
    found = [
        (date, str(event), status, label)
        for date, event, status, label in zip(
            style.dates(events["date"]), events["event"], events["status"], labels, strict=True
        )
        if status in STATUSES and first <= date <= last
    ]
    gap = (last - first) / 14
    ends: list[pd.Timestamp] = []
    marks: list[_Mark] = []
    for date, _, status, label in sorted(found, key=lambda event: event[:2]):
        lane = next((k for k, end in enumerate(ends) if date >= end), len(ends))
        ends[lane : lane + 1] = [date + gap]
        marks.append(_Mark(len(marks) + 1, lane, date, status, label))
    return marks


def _event_marks(fig: Draft, marks: list[_Mark], lanes: int, height: float, colours: style.Theme) -> str:
    """Draw the marks; the text that names them."""
    if not lanes:
        return ""
    for status in STATUSES:
        part = [mark for mark in marks if mark.status == status]
        if not part:
            continue
        fig.add_trace(
            scatter(
                x=days(mark.date for mark in part),
                y=[mark.lane for mark in part],
                yaxis="y2",
                name=STATUS_WORDS[status],
                mode="markers+text",
                text=[str(mark.number) for mark in part],
                textposition="middle right",
                textfont={"size": 10},
                cliponaxis=False,
                marker={
                    "symbol": SYMBOLS[status],
                    "size": 9,
                    "color": colours.text,
                    "line": {"width": 1.6, "color": colours.text},
                },
                hovertext=[
                    f"{mark.date:%Y-%m-%d} {STATUS_WORDS[status]}<br>{wrap(mark.label, 50, 4)}" for mark in part
                ],
                hoverinfo="text",
            )
        )
    for date in dict.fromkeys(mark.date for mark in marks if mark.status == "in_force"):
        fig.add_vline(x=f"{date:%Y-%m-%d}", line={"color": colours.faint, "width": 1, "dash": "dot"})
    fig.update_layout(
        yaxis2={
            "domain": [0, height],
            "range": [lanes - 0.5, -0.5],
            "showticklabels": False,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "anchor": "x",
        },
    )
    fig.update_xaxes(anchor="y2")
    lines = [
        wrap(f"{mark.number}  {mark.date:%Y-%m-%d} {STATUS_WORDS[mark.status]}: {mark.label}", 52, 2)
        for mark in marks[:KEY_LINES]
    ]
    more = [f"and {len(marks) - KEY_LINES} more: see the table"] if len(marks) > KEY_LINES else []
    return "<br>".join(lines + more)


def phases(
    frame: pd.DataFrame,
    *,
    until: object,
    on: object | None = None,
    top: int = 25,
    theme: style.ThemeName = "light",
) -> go.Figure:
    """Legal life of clauses: one row a clause, one pattern a state; a state lasts until the next one of its clause.

    frame: event, date (first day of the state), status (announced, in_force, suspended, ended, unconfirmed);
    optional title, destinations (states for different destinations are rows of their own)
    until: last day drawn; on: a day to mark; top: rows drawn, the latest change first
    Returns the figure. Raises InputError.
    """
    style.need("phases", frame, ["event", "date", "status"])
    end = pd.Timestamp(str(until))
    table = frame.assign(date=style.dates(frame["date"]))
    table = table[table["status"].isin(STATUSES) & (table["date"] <= end)]
    if table.empty:
        return style.blank(
            "phases",
            f"Phases of clauses until {end:%Y-%m-%d}",
            "No clause begins by this day.",
            "Choose a later day.",
            theme,
        )
    colours = style.theme_of(theme)
    title = f"Phases of clauses, {table['date'].min():%Y-%m-%d} to {end:%Y-%m-%d}"
    bars = _stretches(table, end)
    rows = {state.key: state for state in bars}  # the last of each
    latest = sorted(sorted(rows), key=lambda key: rows[key].date, reverse=True)
    order, cut = style.top_rows(latest, top, "clauses, the latest change first")
    place = {key: k for k, key in enumerate(order)}
    bars = [state for state in bars if state.key in place]
    fig = Draft()
    for status in STATUSES:
        part = [state for state in bars if state.status == status]
        y = [place[state.key] for state in part]
        hover = [
            f"<b>{STATUS_WORDS[status]}</b> from {state.date:%Y-%m-%d}"
            + (f" to {state.end:%Y-%m-%d}" if state.end < end else "")
            + f"<br>{state.label}"
            for state in part
        ]
        if status == "ended":
            fig.add_trace(
                scatter(
                    x=days(state.date for state in part),
                    y=y,
                    name="ended",
                    mode="markers",
                    marker={"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": colours.text}},
                    hovertext=hover,
                    hoverinfo="text",
                    visible=bool(len(part)),
                )
            )
            continue
        tint = {"in_force": colours.warn, "announced": colours.faint, "suspended": colours.main}.get(
            status, colours.text
        )
        marker: dict[str, object] = {"color": tint, "line": {"color": tint, "width": 1}}
        if FILLS[status]:
            marker["pattern"] = {
                "shape": FILLS[status],
                "fgcolor": tint,
                "bgcolor": colours.paper,
                "size": 7,
                "solidity": 0.35,
            }
        fig.add_trace(
            bar(
                base=days(state.date for state in part),
                x=[int((state.end - state.date).days) * DAY for state in part],
                y=y,
                name=STATUS_WORDS[status],
                orientation="h",
                width=0.3,
                marker=marker,
                hovertext=hover,
                hoverinfo="text",
                visible=bool(len(part)),
            )
        )
    style.rows_axis(fig, [rows[key].label for key in order])
    if on is not None:
        fig.add_vline(x=str(on), line={"color": colours.text, "dash": "dash", "width": 1.2})
    first = min(state.date for state in bars)
    span = (end - first) * 0.02
    fig.update_xaxes(
        type="date",
        range=[f"{first - span:%Y-%m-%d}", f"{end:%Y-%m-%d}"],
        fixedrange=True,
        nticks=6,
        title={"text": "day", "standoff": 6},
    )
    fig.update_layout(barmode="overlay")
    now = [state.status for state in bars if state.end == end]
    counts = [f"{now.count(s)} {STATUS_WORDS[s]}" for s in STATUSES if s in now]
    alt = f"{title}: {len(rows)} clauses, at the end {style.listed(counts, 5)}."
    notes = [f"Dashed line: {on}." if on is not None else "", cut]
    return style.finish(fig, "phases", title, notes, alt, theme, ROW * len(order) + 8, legend_rows=2)


class _Stretch(NamedTuple):
    """A state of a clause for some destinations (together: key) from its first day to the day it ends."""

    key: str
    label: str
    status: str
    date: pd.Timestamp
    end: pd.Timestamp


def _stretches(table: pd.DataFrame, end: pd.Timestamp) -> list[_Stretch]:
    """States with the day they end (the next of the same clause and destinations), by clause and day."""
    events, places = table["event"].astype(str).tolist(), style.texts(table, "destinations").tolist()
    titles: dict[str, str] = {}
    for event, title in zip(events, style.texts(table, "title"), strict=True):
        titles[event] = titles.get(event) or title
    groups: dict[str, set[str]] = {}
    for event, place in zip(events, places, strict=True):
        groups.setdefault(event, set()).add(place)
    by_key: dict[str, list[tuple[pd.Timestamp, str]]] = {}
    labels: dict[str, str] = {}
    for event, place, date, status in zip(events, places, table["date"], table["status"], strict=True):
        key = f"{event}\x00{place}"
        by_key.setdefault(key, []).append((date, status))
        title = titles[event] or event
        labels[key] = f"{title} ({place})" if place and len(groups[event]) > 1 else title
    found = []
    for key in sorted(by_key):
        states = sorted(by_key[key], key=lambda state: state[0])
        turns = [state for k, state in enumerate(states) if k == 0 or state[1] != states[k - 1][1]]
        ends = [date for date, _ in turns[1:]] + [end]
        label = wrap(labels[key], 46, 1)
        found += [_Stretch(key, label, status, date, until) for (date, status), until in zip(turns, ends, strict=True)]
    return found
