"""What the page What if does, without components: a form becomes a hypothetical event, events go into the address."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard import kept
from dashboard.asking import moved
from dashboard.state import View
from supplychain.errors import InputError
from supplychain.network import Exposure, Network
from supplychain.whatif import TOML_LIMIT, WhatIf, from_toml, parse, to_toml
from supplychain.wording import span

MOST = 12  # hypothetical events in one question
LONGEST = 4_000  # characters of an address that every server and mail program takes
EXAMPLES = (
    "China stops gallium and germanium to the United States",
    "Myanmar halts nine tenths of its heavy rare-earth concentrate",
    "United States bans permanent magnets from China",
)
_SPECS = (
    "CHN stops gallium,germanium to USA at 1 from {on}",
    "MMR halts heavy_ree_concentrate at 0.9 from {on}",
    "USA bans ndfeb_magnet_standard,ndfeb_magnet_high_temp from CHN at 1 from {on}",
)
VERBS = {
    "stops": "stops its exports of",
    "bans": "bans its imports of",
    "halts": "halts its output of",
}
FORM = ("issuer", "verb", "goods", "places", "low", "severity", "high", "end_use", "start", "until")


def examples(view: View) -> list[tuple[str, View]]:
    """Ready-made questions: words, and the view that asks them."""
    start = view.scenario.on.replace(month=1, day=1)
    return [(words, with_specs(view, [spec.format(on=start)])) for words, spec in zip(EXAMPLES, _SPECS, strict=True)]


def goods_choices(net: Network) -> list[dict[str, Any]]:
    """Commodities and goods to choose from, in two groups."""
    goods = net.table("goods")
    minerals = goods[goods["kind"] == "mineral"]
    commodities = sorted({c for cell in minerals["commodity"] for c in cell} - set(goods["good"]))
    single = goods.sort_values("name", kind="stable")
    return [
        {
            "group": "Commodities: every form from ore to metal",
            "items": [{"value": c, "label": c.replace("_", " ")} for c in commodities],
        },
        {
            "group": "Single goods",
            "items": [
                {"value": g, "label": f"{name} ({g})"} for g, name in zip(single["good"], single["name"], strict=True)
            ],
        },
    ]


def from_form(net: Network, form: Mapping[str, Any]) -> WhatIf:
    """The event that a form describes; percentages as people write them. Raises InputError."""
    for field, words in (
        ("issuer", "a country or bloc"),
        ("goods", "at least one good or commodity"),
        ("start", "a day"),
    ):
        if not form.get(field):
            raise InputError("form", field, form.get(field) or "", words, "Fill it in and add again.")
    if not isinstance(form["goods"], list):
        raise InputError("form", "goods", form["goods"], "a list of goods or commodities")
    low, central, high = (_share(form.get(name), name) for name in ("low", "severity", "high"))
    if central is None:
        raise InputError("form", "severity", "", "a percentage from 0 to 100", "100 stops the flow wholly.")
    made = WhatIf(
        issuer=str(form["issuer"]),
        verb=str(form.get("verb") or "stops"),
        goods=tuple(form["goods"]),
        start=form["start"],
        until=form.get("until") or None,
        places=tuple(form.get("places") or ("ALL",)) if form.get("verb") != "halts" else ("ALL",),
        severity=central,
        severity_low=low,
        severity_high=high,
        end_use=str(form.get("end_use") or "any"),
    )
    return made.resolved(net.tables)


def _share(value: Any, field: str) -> float | None:
    if value in (None, ""):
        return None
    try:
        return round(float(value) / 100, 6)
    except (TypeError, ValueError, OverflowError):
        raise InputError("form", field, value, "a percentage from 0 to 100") from None


def to_form(what_if: WhatIf) -> dict[str, Any]:
    """The fields of the form for an event."""
    low, central, high = what_if.severities
    return {
        "issuer": what_if.issuer,
        "verb": what_if.verb,
        "goods": list(what_if.goods),
        "places": [place for place in what_if.places if place != "ALL"],
        "low": "" if low == central else round(100 * low, 4),
        "severity": round(100 * central, 4),
        "high": "" if high == central else round(100 * high, 4),
        "end_use": what_if.end_use,
        "start": str(what_if.start),
        "until": str(what_if.until) if what_if.until else None,
    }


def edited(view: View) -> int | None:
    """Which event the form edits: its place in the question; None for a new one."""
    text = view.extra.get("edit", "")
    return int(text) if text.isdecimal() and len(text) < 4 and int(text) < len(view.scenario.what_if) else None


def with_specs(view: View, specs: Sequence[str]) -> View:
    """The same question with these events and no other. Raises InputError."""
    if len(specs) > MOST:
        raise InputError("what if", "events", len(specs), f"up to {MOST} in one question", "Remove some.")
    scenario = view.scenario.changed(what_if=tuple(specs)).resolved(view.net.tables)
    there = moved(view, scenario=scenario, edit="")
    if len(there.url) > LONGEST:
        remedy = "Save the events as a file and ask on the command line."
        raise InputError("what if", "link", f"{len(there.url):,} characters", f"up to {LONGEST:,}", remedy)
    return there


def added(view: View, what_if: WhatIf) -> View:
    """The question with one more event, or with the one that is edited replaced."""
    specs = list(view.scenario.what_if)
    place = edited(view)
    if place is not None:
        specs.pop(place)
    return with_specs(view, [*specs, str(what_if)])


def removed(view: View, place: int) -> View:
    """The question without one event."""
    specs = view.scenario.what_if
    return with_specs(view, [*specs[:place], *specs[place + 1 :]])


def in_words(net: Network, spec: str) -> str:
    """One event as a sentence."""
    event = parse(spec)
    names = kept.by_id(net, "countries", "country")["name"]
    goods = kept.by_id(net, "goods", "good")["name"]
    low, central, high = event.severities
    cut = span(low, central, high)
    places = "" if event.places == ("ALL",) else ", ".join(names.get(place, place) for place in event.places)
    where = {"stops": f" to {places or 'all countries'}", "bans": f" from {places or 'all countries'}", "halts": ""}
    covered = ", ".join(goods.get(good, good.replace("_", " ")) for good in event.goods)
    use = "" if event.end_use == "any" else f", {event.end_use} end use only"
    until = f" until {event.until}" if event.until else ""
    who = names.get(event.issuer, event.issuer)
    return f"{who} {VERBS[event.verb]} {covered}{where[event.verb]}: {cut} is lost{use}, from {event.start}{until}."


def without(view: View) -> Exposure:
    """The answer to the same question without hypothetical events."""
    return moved(view, scenario=view.scenario.changed(what_if=())).x


def toml_of(view: View) -> str:
    """The events of a question as a file."""
    return f"# Hypothetical events; asked with {view.query}\n\n" + to_toml([parse(s) for s in view.scenario.what_if])


def loaded(view: View, contents: str) -> View:
    """The question with the events of an uploaded file (a data URL). Raises InputError."""
    try:
        text = base64.b64decode(contents.partition(",")[2][: 2 * TOML_LIMIT], validate=True).decode("utf-8-sig")
    except ValueError:  # no base64, or no UTF-8
        raise InputError("file", "text", "bytes", "a TOML file in UTF-8", "Save one here to see its form.") from None
    events = from_toml(text)
    if not events:
        raise InputError("file", "what_if", "none", "at least one [[what_if]]", "Save one here to see its form.")
    return with_specs(view, [str(event) for event in events])
