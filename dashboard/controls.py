"""The controls that every page shares: day with its timeline, market, reading, sharing, end use, events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

import dash_mantine_components as dmc
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import kept
from dashboard.state import READINGS, View, default_day
from supplychain.network import Network

FIRST_DAY = date(2023, 1, 1)  # where the timeline starts; earlier days are typed
STATUSES = {"announced": "○", "in_force": "■", "suspended": "△", "ended": "✕", "unconfirmed": "◇"}
READING_WORDS = {
    "felt": "felt: output lost",
    "short": "short: supply missing",
    "dependent": "dependent: worst case",
    "linked": "linked: what hangs on it",
}
CHOICES = {
    "c-reading": ("Reading", "reading", [(key, READING_WORDS[key]) for key in READINGS]),
    "c-end-use": ("End use", "end_use", [("own", "each its own"), ("civil", "civil"), ("military", "military")]),
    "c-sharing": (
        "Sharing of what is left", "sharing",
        [("fixed", "fixed: each bears its own"), ("shared", "shared: all alike"), ("first", "first: served first")],
    ),
    "c-unconfirmed": (
        "Unconfirmed clauses", "unconfirmed", [("both", "both branches"), ("on", "as in force"), ("off", "as not")],
    ),
    "c-legal": ("Practice beyond the text", "legal_only", [("no", "counted"), ("yes", "left out")]),
}  # fmt: skip


def markets(net: Network) -> list[dict[str, str]]:
    """Countries and blocs to choose a market from: blocs first, then by name."""
    table = net.table("countries")
    table = table[table["kind"] != "rest"].sort_values(["kind", "name"], kind="stable")
    return [
        {"value": code, "label": f"{name} ({code})"} for code, name in zip(table["country"], table["name"], strict=True)
    ]


def legal_changes(net: Network, start: date, until: date) -> pd.DataFrame:
    """Dated changes of the legal calendar: date, event, title, status, destinations, grade, by; without severities."""
    frame = kept.changes(net, start, until)
    frame = frame[frame["status"].isin(list(STATUSES))].reset_index(drop=True)
    titles = kept.by_id(net, "events", "event")["title"]
    frame.insert(2, "title", frame["event"].map(titles))
    return frame


def turning_days(net: Network) -> list[int]:
    """Days of the slider on which the status of a clause changes: the stops of the player."""
    changes = legal_changes(net, FIRST_DAY, last_day(net))
    return sorted({(d.date() - FIRST_DAY).days for d in changes["date"]})


def last_day(net: Network) -> date:
    """The right end of the timeline: beyond what the data know, so that promises that run out are in it."""
    return max(net.knowledge_until, default_day(net)) + timedelta(days=90)


def panel(net: Network) -> Component:
    """All controls; their values are set from the URL by assets/dashboard.js and written back to it."""
    selects = [
        dmc.Select(
            id=name,
            label=label,
            data=[{"value": value, "label": text} for value, text in options],
            value=options[0][0],
            allowDeselect=False,
            className="control",
        )
        for name, (label, _, options) in CHOICES.items()
    ]
    day = dmc.DateInput(
        id="c-on", label="Day", valueFormat="YYYY-MM-DD", value=default_day(net).isoformat(), className="control"
    )
    market = dmc.Select(
        id="c-market", label="Market", data=markets(net), searchable=True, allowDeselect=False, className="control",
        nothingFoundMessage="No such country or bloc",
    )  # fmt: skip
    return html.Section(
        [
            html.Div([day, market, selects[0]], className="controls-row"),
            timeline(net),
            html.Details(
                [
                    html.Summary("More: end use, sharing, unconfirmed clauses, events on or off"),
                    html.Div(selects[1:], className="controls-row"),
                    html.Div(id="events-panel"),
                ],
                className="folded",
            ),
        ],
        id="controls",
        className="controls",
        **{"aria-label": "What is asked"},
    )


def timeline(net: Network) -> Component:
    """The slider of days with a player, under marks for what began when."""
    span = (last_day(net) - FIRST_DAY).days
    return html.Div(
        [
            strip(legal_changes(net, FIRST_DAY, last_day(net)), span, net.knowledge_until),
            html.Div(
                [
                    html.Button(
                        "▶", id="play", className="button play", **{"aria-label": "Play: go from change to change"}
                    ),
                    dmc.Slider(
                        id="c-day",
                        min=0,
                        max=span,
                        step=1,
                        value=0,
                        updatemode="mouseup",
                        label={"function": "dayLabel", "options": {"start": FIRST_DAY.isoformat()}},
                        thumbLabel="Day on the timeline",
                        className="slider",
                    ),
                ],
                className="player",
            ),
            dcc.Interval(id="tick", interval=1500, disabled=True),
        ],
        className="timeline",
    )


def strip(changes: pd.DataFrame, span: int, known: date) -> Component:
    """One lane a status, a mark a change; years below. The table "what changed" says the same in words."""
    lanes = []
    for status, symbol in list(STATUSES.items())[:4]:
        here = changes[changes["status"] == status]
        marks = [
            html.Span(
                symbol,
                title=f"{when:%Y-%m-%d} {status.replace('_', ' ')}: {text}",
                className=f"mark mark-{status}",
                style={"left": f"{100 * (when.date() - FIRST_DAY).days / span:.2f}%"},
            )
            for when, text in zip(here["date"], here["title"], strict=True)
        ]
        lanes.append(
            html.Div(
                [html.Span(status.replace("_", " "), className="lane-name"), html.Div(marks, className="lane-marks")],
                className="lane",
            )
        )
    years = [date(year, 1, 1) for year in range(FIRST_DAY.year, known.year + 2)]
    ticks = [
        html.Span(f"{day:%Y}", className="year", style={"left": f"{100 * (day - FIRST_DAY).days / span:.2f}%"})
        for day in years
        if 0 <= (day - FIRST_DAY).days <= span
    ]
    lanes.append(
        html.Div([html.Span("", className="lane-name"), html.Div(ticks, className="lane-marks")], className="lane")
    )
    return html.Div(lanes, className="strip", **{"aria-hidden": "true"})


def events_panel(view: View) -> Component:
    """Every clause in force or unconfirmed on the day with a box: off means that the answer is without it."""
    return _boxes(view.net, view.on, view.scenario.events, len(view.scenario.what_if))


@lru_cache(maxsize=64)
def _boxes(net: Network, on: date, events: tuple[str, ...] | None, count: int) -> Component:
    """The panel, the same for every page and market. Nobody may change it."""
    about = kept.by_id(net, "events", "event")[["acts_on", "title"]]
    titles = {event: title for event, acts_on, title in about.itertuples() if acts_on != "nothing"}
    status = net.status(on)
    acting = status.loc[status["in_force_high"] | status["in_force_low"], "event"].drop_duplicates()
    acts = [event for event in acting if event in titles]
    chosen = acts if events is None else [event for event in acts if event in events]
    what_ifs = f" and {count} what-ifs" if count else ""
    return html.Fieldset(
        [
            html.Legend(f"Clauses in force on {on}: {len(chosen)} of {len(acts)} counted{what_ifs}"),
            html.P(
                [
                    html.Button("All on", id="events-all", className="button"),
                    html.Button("All off", id="events-none", className="button"),
                    html.Button("Apply", id="events-apply", className="button button-main"),
                ],
                className="buttons",
            ),
            dmc.CheckboxGroup(
                html.Div(
                    [dmc.Checkbox(label=f"{titles[event]} ({event})", value=event, size="sm") for event in acts],
                    className="boxes",
                ),
                id="c-events",
                value=chosen,
            ),
            dcc.Store(id="events-every", data=acts),
        ],
        className="events",
    )


def in_words(view: View) -> Sequence[str]:
    """What differs from the plain question, for the line under the heading."""
    s = view.scenario
    words = []
    if s.events is not None:
        words.append(f"only {len(s.events)} clauses counted")
    words += [f"what if: {spec}" for spec in s.what_if]
    words += [f"end use: {s.end_use}"] * (s.end_use != "own")
    words += [f"sharing: {s.sharing}"] * (s.sharing != "fixed")
    words += ["without practice beyond the text"] * s.legal_only
    words += [f"unconfirmed clauses {s.unconfirmed}"] * (s.unconfirmed != "both")
    return words
