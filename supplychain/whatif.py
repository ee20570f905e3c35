"""Hypothetical events: one small grammar for Python, the command line and TOML files.

    ISSUER stops GOOD[,GOOD...] [to PLACE[,PLACE...]] [CLAUSES] from DAY        exports of the issuer
    ISSUER bans  GOOD[,GOOD...] [from PLACE[,PLACE...]] [CLAUSES] from DAY      imports into the issuer
    ISSUER halts GOOD[,GOOD...] [CLAUSES] from DAY                              output of the issuer

CLAUSES, in any order: `at SEVERITY` (share of the flow lost: `0.8`, `80%`, or low..central..high `0.5..0.8..1`;
default 1), `for civil` or `for military` (default: any end use), `until DAY` (the first day after it).

- A DAY is YYYY-MM-DD. `from` before a digit starts the event, before anything else it names origins, so
  `USA bans gallium from CHN from 2026-01-01` has one meaning; `since` is another word for the `from` of a day.
- Without places, or with ALL, every place is meant.
- `stops exports of`, `bans imports of` and `halts output of` say the same at greater length.
- Words of the grammar may be in any case. A name with spaces, commas or an apostrophe stands in double quotes; single
  quotes work for all but the apostrophe.
- ISSUER and PLACE are codes, names or aliases of countries and blocs. A GOOD is the id of a good (that good alone),
  else a commodity (`gallium`: every mineral good of it, from ore to metal), else a name or alias of a good.

`parse` needs no data; `WhatIf.resolved` looks the names up.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, NamedTuple, NoReturn

import pandas as pd

from supplychain.calendar import day
from supplychain.errors import InputError, UnknownIdError, fold, nearest, shown
from supplychain.schema import schemas, typed
from supplychain.tables import Tables

LIMIT = 2_000  # characters of one what-if
TOML_LIMIT = 200_000  # characters of a file of what-ifs
ALL = ("ALL",)
SOURCE = "WHAT_IF"
SHARES = ("severity_low", "severity", "severity_high")
SEVERITY = "a share from 0 to 1 as 0.8, 80% or low..central..high (0.5..0.8..1)"
GOOD = "the id, name or alias of a good, or a commodity"


class Verb(NamedTuple):
    """What a verb does, in the words of the tables, and the word before its places ('': it takes none)."""

    acts_on: str
    measure: str
    noun: str
    places: str


VERBS: Mapping[str, Verb] = {
    "stops": Verb("export", "supply_stop", "exports", "to"),
    "bans": Verb("import", "ban", "imports", "from"),
    "halts": Verb("output", "supply_stop", "output", ""),
}
END_USES = ("any", "civil", "military")
CLAUSE_WORDS = ("to", "from", "since", "until", "at", "for")

_WORD = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|(,)|([^\s,"']+)|(["']))""")
_BARE = re.compile(r"""[^\W\d][^\s,"']*""")  # a name that needs no quotes, unless it is a word of the grammar
_SHARE = re.compile(r"(\d+\.?\d*|\.\d+)(?:(%)|([eE][+-]?\d{1,3})?)", re.ASCII)


@dataclass(frozen=True)
class WhatIf:
    """One hypothetical event; `str` gives its canonical spec, which `parse` reads back.

    issuer: country or bloc; verb: stops (exports), bans (imports), halts (output); goods: see the grammar
    start: first day; until: first day after it (None: open); places: destinations of `stops`, origins of `bans`
    severity_low, severity, severity_high: share of the flow lost [0, 1]; a blank end is the central value
    end_use: any, civil or military. Raises InputError.

    >>> str(WhatIf("CHN", "stops", ("gallium",), date(2026, 1, 1), places=("USA", "JPN"), severity=0.8))
    'CHN stops gallium to USA,JPN at 0.8 from 2026-01-01'
    """

    issuer: str
    verb: str
    goods: tuple[str, ...]
    start: date
    until: date | None = None
    places: tuple[str, ...] = ALL
    severity: float = 1.0
    severity_low: float | None = None
    severity_high: float | None = None
    end_use: str = "any"

    def __post_init__(self) -> None:
        self._set("verb", _choice("verb", self.verb, tuple(VERBS)))
        self._set("end_use", _choice("end_use", self.end_use, END_USES))
        self._set("issuer", _name("issuer", self.issuer))
        self._set("goods", _names("goods", self.goods))
        self._set("places", _places(VERBS[self.verb], _names("places", self.places)))
        self._check_days()
        self._check_severity()
        if len(str(self)) > LIMIT:
            raise InputError("WhatIf", "length", len(str(self)), f"{LIMIT:,} characters", "Split it into several.")

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # the way a frozen dataclass puts its own fields in order

    def _check_days(self) -> None:
        self._set("start", day(self.start, "WhatIf", "start"))
        if self.until is not None:
            self._set("until", day(self.until, "WhatIf", "until"))
        if self.until is not None and self.until <= self.start:
            raise InputError("WhatIf", "until", str(self.until), f"a day after {self.start}")

    def _check_severity(self) -> None:
        self._set("severity", _share("severity", self.severity))
        for name in ("severity_low", "severity_high"):
            if (end := getattr(self, name)) is not None:
                end = _share(name, end)
                self._set(name, None if end == self.severity else end)
        low, central, high = self.severities
        if not low <= central <= high:
            raise InputError("WhatIf", "severity", f"{low}..{central}..{high}", "low <= central <= high")

    @property
    def severities(self) -> tuple[float, float, float]:
        """Low, central, high share of the flow lost."""
        low, high = self.severity_low, self.severity_high
        return self.severity if low is None else low, self.severity, self.severity if high is None else high

    def __str__(self) -> str:
        low, central, high = map(_number, self.severities)
        text = f"{_quoted(self.issuer)} {self.verb} {_listed(self.goods)}"
        if self.places != ALL:
            text += f" {VERBS[self.verb].places} {_listed(self.places)}"
        text += f" at {central}" if low == high else f" at {low}..{central}..{high}"
        if self.end_use != "any":
            text += f" for {self.end_use}"
        return f"{text} from {self.start}" + ("" if self.until is None else f" until {self.until}")

    def resolved(self, tables: Tables) -> WhatIf:
        """The same event with ids for names; a commodity stays one. Raises InputError with the nearest names."""
        call = _call(str(self))
        issuer = _country(self.issuer, "issuer", call, tables)
        places = tuple(place if place == "ALL" else _country(place, "place", call, tables) for place in self.places)
        if issuer in places:
            raise InputError(call, "place", issuer, "a place other than the issuer", "Use 'halts' to stop its output.")
        known = _known_goods(tables)
        names = tuple(_good(good, call, known, tables)[0] for good in self.goods)
        return replace(self, issuer=issuer, goods=names, places=places)

    def covered(self, tables: Tables) -> dict[str, str]:
        """The goods that it reaches: id -> the name in the spec that reaches it first."""
        found: dict[str, str] = {}
        known = _known_goods(tables)
        for name in self.goods:
            for good in _good(name, _call(str(self)), known, tables)[1]:
                found.setdefault(good, name)
        return found


# --- fields -----------------------------------------------------------------------------------------------------------


def _choice(field: str, value: object, allowed: Sequence[str]) -> str:
    word = value.casefold() if isinstance(value, str) else ""
    if word not in allowed:
        raise InputError("WhatIf", field, value, ", ".join(allowed), _meant(nearest(word, allowed, 1)))
    return word


def _name(field: str, value: object) -> str:
    name = " ".join(value.split()) if isinstance(value, str) else ""
    if not name or '"' in name or not name.isprintable():
        raise InputError("WhatIf", field, value, "a name without double quotes and control characters")
    return name


def _names(field: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, tuple | list) or not values:
        raise InputError("WhatIf", field, values, "one name or more, as a tuple")
    return tuple(dict.fromkeys(_name(field, value) for value in values))


def _places(verb: Verb, places: tuple[str, ...]) -> tuple[str, ...]:
    if any(place.upper() == "ALL" for place in places):
        if len(places) > 1:
            raise InputError("WhatIf", "places", ", ".join(places), "ALL, or a list without it")
        return ALL
    if not verb.places:
        raise InputError("WhatIf", "places", ", ".join(places), "none with 'halts', which stops output for everyone")
    return places


def _share(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError("WhatIf", field, value, SEVERITY)
    return float(value) + 0.0  # no negative zero


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _quoted(name: str) -> str:
    return name if _BARE.fullmatch(name) and name.casefold() not in CLAUSE_WORDS else f'"{name}"'


def _listed(names: Iterable[str]) -> str:
    return ",".join(map(_quoted, names))


def _meant(close: Sequence[str]) -> str:
    return f"Did you mean {' or '.join(repr(shown(name)) for name in close)}?" if close else ""


def _call(spec: str) -> str:
    return f"what_if {shown(repr(spec))}"


def _country(name: str, argument: str, call: str, tables: Tables) -> str:
    try:
        return tables.resolve(name, "country")
    except UnknownIdError as error:
        raise InputError(call, argument, name, "a country or bloc", _meant(error.nearest)) from None


def _known_goods(tables: Tables) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Folded id or commodity -> how it is spelled, and the goods that it stands for; an id goes before a commodity."""
    goods = tables["goods"]
    minerals = goods[goods["kind"] == "mineral"]
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for good, commodities in zip(minerals["good"], minerals["commodity"], strict=True):
        for commodity in commodities:
            name, so_far = found.get(fold(commodity), (commodity, ()))
            found[fold(commodity)] = name, (*so_far, good)
    return found | {fold(good): (good, (good,)) for good in goods["good"]}


def _good(
    name: str, call: str, known: Mapping[str, tuple[str, tuple[str, ...]]], tables: Tables
) -> tuple[str, tuple[str, ...]]:
    """What a name stands for: an id or commodity, and the ids of its goods."""
    if fold(name) in known:
        return known[fold(name)]
    try:
        good = tables.resolve(name)
    except UnknownIdError as error:
        close = dict.fromkeys((*nearest(name, [entry for entry, _ in known.values()], 1), *error.nearest))
        raise InputError(call, "good", name, GOOD, _meant(list(close)[:3])) from None
    return good, (good,)


# --- the text of a spec -----------------------------------------------------------------------------------------------


class _Words:
    """The words of a spec, read from left to right; `fail` says which of them is wrong."""

    def __init__(self, spec: str) -> None:
        self.call, self.position = _call(spec), 0
        self.words: list[tuple[str, bool]] = []  # text, quoted
        for double, single, comma, bare, stray in _WORD.findall(spec):
            if stray:
                self.fail("quote", stray, "quotes in pairs")
            self.words.append((double or single or comma or bare, not (comma or bare)))

    def fail(self, argument: str, got: str, allowed: str, remedy: str = "") -> NoReturn:
        raise InputError(self.call, argument, got or "(nothing)", allowed, remedy)

    def peek(self, ahead: int = 0) -> str:
        """The next word of the grammar in lower case; '' at the end and before a quoted name."""
        at = self.position + ahead
        return self.words[at][0].casefold() if at < len(self.words) and not self.words[at][1] else ""

    def take(self) -> str:
        """The next word as written, '' at the end."""
        self.position += 1
        return self.words[self.position - 1][0] if self.position <= len(self.words) else ""

    def name(self, what: str) -> str:
        if self.peek() in (*CLAUSE_WORDS, ","):
            self.fail(what, self.take(), "a name", "A name that is a word of the grammar stands in double quotes.")
        return self.take() or self.fail(what, "", "a name")

    def names(self, what: str) -> tuple[str, ...]:
        found = [self.name(what)]
        while self.peek() == ",":
            self.take()
            found.append(self.name(what))
        return tuple(found)

    def day(self, word: str) -> date:
        return day(self.take(), self.call, word)

    def shares(self) -> dict[str, float]:
        text = self.take()
        matches = [_SHARE.fullmatch(part) for part in text.split("..")]
        if len(matches) not in (1, 3) or None in matches:
            self.fail("at", text, SEVERITY)
        found = [float(f"{m[1]}e-2") if m[2] else float(m[0]) for m in matches if m]
        return dict(zip(SHARES if len(found) == 3 else ("severity",), found, strict=True))


def parse(spec: str) -> WhatIf:
    """The what-if that a spec describes; its names are not looked up.

    Raises one InputError that quotes the spec and says which word is wrong and what is allowed.

    >>> parse("mmr HALTS 'rare earth ore' at 50%..90%..100% since 2026-01-01").severities
    (0.5, 0.9, 1.0)
    """
    if not isinstance(spec, str) or len(spec) > LIMIT:
        got = f"{len(spec):,} characters" if isinstance(spec, str) else spec
        raise InputError("what_if", "spec", got, f"a text of up to {LIMIT:,} characters", "Split it into several.")
    words = _Words(spec)
    issuer = words.name("issuer")
    verb = words.peek()
    if verb not in VERBS:
        words.fail("verb", words.take(), ", ".join(VERBS), _meant(nearest(verb, VERBS, 1)))
    words.take()
    _skip_noun(words, verb)
    found: dict[str, Any] = {"issuer": issuer, "verb": verb, "goods": words.names("good")}
    while words.position < len(words.words):
        argument, values = _clause(words, verb)
        if found.keys() & values.keys():
            words.fail(argument, argument, "each clause once")
        found |= values
    if "start" not in found:
        words.fail("from", "", "the first day of the event", "End the text with 'from YYYY-MM-DD'.")
    try:
        return WhatIf(**found)
    except InputError as error:
        raise InputError(words.call, error.argument, error.got, error.allowed, error.remedy) from None


def _skip_noun(words: _Words, verb: str) -> None:
    """Read over `exports of` and its like, if it is the one of the verb."""
    meant = {entry.noun: name for name, entry in VERBS.items()}.get(words.peek())
    if meant and words.peek(1) == "of":
        if meant != verb:
            words.fail(
                "goods", words.take(), f"{VERBS[verb].noun} with '{verb}'", f"Use '{meant}' instead of '{verb}'."
            )
        words.take()
        words.take()


def _clause(words: _Words, verb: str) -> tuple[str, dict[str, Any]]:
    """The word that opens the next clause, and the fields it fills."""
    places = VERBS[verb].places
    word = words.peek()
    opener = words.take()
    starts_day = words.peek()[:1].isdecimal()
    if word and word == places and not (word == "from" and starts_day):
        return word, {"places": words.names(word)}
    if word in ("from", "since"):
        return word, {"start": words.day(word)}
    if word == "until":
        return word, {"until": words.day(word)}
    if word == "at":
        return word, words.shares()
    if word == "for":
        return word, {"end_use": words.take()}
    allowed = [entry for entry in CLAUSE_WORDS if entry != "to" or places == "to"]
    remedy = _meant(nearest(word, allowed, 1)) or "A name with spaces stands in double quotes."
    return words.fail("word after the names or a clause", opener, ", ".join(allowed), remedy)


# --- TOML -------------------------------------------------------------------------------------------------------------


def to_toml(what_ifs: Iterable[WhatIf]) -> str:
    """What-ifs as a TOML file: one table `[[what_if]]` each, its keys the fields of WhatIf."""
    return "\n".join(_toml_table(what_if) for what_if in what_ifs)


def _toml_table(what_if: WhatIf) -> str:
    lines = ["[[what_if]]"]
    for field in fields(what_if):
        value = getattr(what_if, field.name)
        if isinstance(value, tuple):
            lines.append(f"{field.name} = [{', '.join(_toml_text(name) for name in value)}]")
        elif value is not None:
            lines.append(f"{field.name} = {_toml_text(value) if isinstance(value, str) else value}")
    return "\n".join(lines) + "\n"


def _toml_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a printable text is written alike in both


def from_toml(text: str) -> tuple[WhatIf, ...]:
    """The what-ifs of a TOML file: tables `[[what_if]]` with the fields of WhatIf, or `what_if = ["spec", ...]`.

    Raises InputError.

    >>> from_toml('what_if = ["MMR halts dysprosium at 0.9 from 2026-01-01"]')[0].goods
    ('dysprosium',)
    """
    if not isinstance(text, str) or len(text) > TOML_LIMIT:
        raise InputError("from_toml", "text", type(text).__name__, f"a text of up to {TOML_LIMIT:,} characters")
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("from_toml", "text", text, "TOML", f"It cannot be read: {shown(error)}.") from None
    entries = content.pop("what_if", [])
    if content or not isinstance(entries, list):
        raise InputError("from_toml", "key", next(iter(content), "what_if"), "tables [[what_if]] or a list what_if")
    return tuple(_from_entry(entry, k) for k, entry in enumerate(entries, 1))


def _from_entry(entry: object, number: int) -> WhatIf:
    call = f"from_toml, what_if {number}"
    if isinstance(entry, str):
        return parse(entry)
    if not isinstance(entry, dict):
        raise InputError(call, "entry", entry, "a spec or a table")
    known = [field.name for field in fields(WhatIf)]
    if unknown := entry.keys() - set(known):
        name = min(unknown)
        raise InputError(call, "key", name, ", ".join(known), _meant(nearest(name, known, 1)))
    if missing := [name for name in known[:4] if name not in entry]:
        raise InputError(call, missing[0], None, "a value: it is required")
    try:
        return WhatIf(**entry)
    except InputError as error:
        raise InputError(call, error.argument, error.got, error.allowed, error.remedy) from None


# --- rows of the data package -----------------------------------------------------------------------------------------


def event_ids(count: int) -> tuple[str, ...]:
    """The event ids of the first `count` what-ifs: what-if-1, what-if-2, ..."""
    return tuple(f"what-if-{k}" for k in range(1, count + 1))


def rows(what_ifs: Sequence[WhatIf | str], tables: Tables) -> dict[str, list[dict[str, str]]]:
    """The rows of the data package that say the same, as text cells: an overlay that a user may keep.

    Tables: sources, events, event_scope, event_phases, severities. Raises InputError for unknown names.
    """
    if not what_ifs:
        return {}
    source = {"source_id": SOURCE, "title": "Hypothetical events of this query", "kind": "none"}
    found: dict[str, list[dict[str, str]]] = {"sources": [source]}
    for event, given in zip(event_ids(len(what_ifs)), what_ifs, strict=True):
        what_if = (parse(given) if isinstance(given, str) else given).resolved(tables)
        for name, row in _rows_of(event, what_if, tables):
            found.setdefault(name, []).append(row)
    return found


def _rows_of(event: str, what_if: WhatIf, tables: Tables) -> Iterable[tuple[str, dict[str, str]]]:
    """Table and row, one after the other."""
    verb = VERBS[what_if.verb]
    start, until = str(what_if.start), "" if what_if.until is None else str(what_if.until)
    evidence = {"source_id": SOURCE, "year": start[:4], "confidence": "unverified", "note": "hypothetical"}
    row = {"event": event, **evidence}
    reach = {"destinations": ";".join(what_if.places), "end_use": what_if.end_use}
    act = {"title": str(what_if), "measure": verb.measure, "acts_on": verb.acts_on, "official": "yes"}
    yield "events", row | reach | act | {"issuer": what_if.issuer}
    for good, item in what_if.covered(tables).items():
        yield "event_scope", row | {"item": item, "good": good, "role": "covered"}
    for since, status in ((start, "in_force"), (until, "ended")):
        if since:
            yield "event_phases", row | {"from": since, "status": status, "grade": "instrument", "by": "the query"}
    shares = dict(zip(SHARES, map(_number, what_if.severities), strict=True))
    yield "severities", row | reach | shares | {"from": start, "until": until, "basis": "judged", "scope": "legal"}


def with_what_ifs(tables: Tables, what_ifs: Sequence[WhatIf | str]) -> Tables:
    """The tables with the rows of these what-ifs added, as events what-if-1, what-if-2, ... in the order given.

    The engine treats them as any other clause. Raises InputError for unknown names, and where the ids are taken.
    """
    taken = set(event_ids(len(what_ifs))) & set(tables["events"]["event"])
    if taken:
        raise InputError("what_if", "event id", min(taken), "ids that the data do not use", "Rename that event.")
    added = {name: _frame(name, cells) for name, cells in rows(what_ifs, tables).items()}
    return tables.extended("what-if", added) if added else tables


def _frame(name: str, cells: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """Text cells as a typed table."""
    columns = {
        entry.name: typed(entry, [row.get(entry.name, "") for row in cells])[0] for entry in schemas()[name].fields
    }
    return pd.DataFrame(columns)
