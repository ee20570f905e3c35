"""A question to the model as one frozen record: to and from a URL query, to command-line options, to a cache key."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, field_validator, model_validator

from supplychain.availability import SharingMode
from supplychain.calendar import day
from supplychain.errors import InputError, nearest, shown
from supplychain.tables import Tables
from supplychain.whatif import event_ids, parse

NO_EVENTS = "none"  # stands for the empty list of events in a query or an option
_ALLOWED = {
    "on": "a day as YYYY-MM-DD",
    "market": "the code or name of a country or bloc",
    "products": "names of products; empty for all",
    "events": "ids of events; empty for none, left out for all in force",
    "what_if": "specs of hypothetical events",
    "end_use": "own, civil, military",
    "sharing": "fixed, shared, first",
    "legal_only": "yes, no",
    "unconfirmed": "both, off, on",
}
_REPEATED = {"products": "product", "events": "event", "what_if": "what_if"}  # field -> its key, once a value
_FIELD_OF = {_REPEATED.get(name, name): name for name in _ALLOWED}


EndUse = Literal["own", "civil", "military"]
Unconfirmed = Literal["both", "off", "on"]


class Scenario(BaseModel):
    """What is asked: one day, one market, some products, which clauses and how.

    on: day; market: country or bloc; products: empty for all; events: None for all in force, empty for none
    what_if: specs of hypothetical events (`supplychain.whatif`), kept in canonical form
    end_use: own (of each product), civil or military; sharing: fixed, shared or first
    legal_only: without practice beyond the text; unconfirmed: both branches, or all such clauses off or on

    Lists are sets: order and repetition do not count. Names may be aliases until `resolved`. Raises InputError.

    >>> Scenario(on="2025-06-05", market="USA", products=["f35"]).query
    'on=2025-06-05&market=USA&product=f35'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: date
    market: str
    products: tuple[str, ...] = ()
    events: tuple[str, ...] | None = None
    what_if: tuple[str, ...] = ()
    end_use: EndUse = "own"
    sharing: SharingMode = "fixed"
    legal_only: bool = False
    unconfirmed: Unconfirmed = "both"

    @model_validator(mode="wrap")
    @classmethod
    def _say_it_our_way(cls, data: Any, handler: ModelWrapValidatorHandler[Scenario]) -> Scenario:
        try:
            return handler(data)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = str(first["loc"][0]) if first["loc"] else "argument"
            if first["type"] == "extra_forbidden":
                raise _unknown("Scenario", "argument", field, list(_ALLOWED)) from None
            got = None if first["type"] == "missing" else first["input"]
            raise InputError("Scenario", field, got, _ALLOWED.get(field, "named arguments")) from None

    @field_validator("on", mode="before")
    @classmethod
    def _read_day(cls, value: Any) -> date:
        return day(value, "Scenario", "on")

    @field_validator("market", mode="before")
    @classmethod
    def _read_market(cls, value: object) -> str:
        return _name(value)

    @field_validator("products", mode="before")
    @classmethod
    def _read_products(cls, value: object) -> tuple[str, ...]:
        return () if value is None else _names(value)

    @field_validator("events", mode="before")
    @classmethod
    def _read_events(cls, value: object) -> tuple[str, ...] | None:
        if value is None:
            return None
        names = _names(value)
        if NO_EVENTS in names and len(names) > 1:
            raise ValueError
        return () if names == (NO_EVENTS,) else names

    @field_validator("what_if", mode="before")
    @classmethod
    def _read_what_if(cls, value: object) -> tuple[str, ...]:
        return tuple(sorted({str(parse(spec)) for spec in _texts(value)}))

    @field_validator("legal_only", mode="before")
    @classmethod
    def _read_switch(cls, value: object) -> bool:
        if isinstance(value, bool):
            return value
        return {"yes": True, "no": False}[value] if value in ("yes", "no") else _refuse()

    # --- forms of the same scenario -----------------------------------------------------------------------------------

    @property
    def _given(self) -> list[tuple[str, str]]:
        """Field and text of every value that is not the default, one pair a value; day and market always."""
        pairs = [("on", str(self.on)), ("market", self.market)]
        for field in list(_ALLOWED)[2:]:
            value = getattr(self, field)
            if value == type(self).model_fields[field].default:
                continue
            if field in _REPEATED:
                pairs += [(field, item) for item in value or (NO_EVENTS,)]
            else:
                pairs.append((field, "yes" if value is True else value))
        return pairs

    @property
    def query(self) -> str:
        """The scenario as the query of a URL: equal scenarios have equal queries."""
        pairs = [(_REPEATED.get(field, field), text) for field, text in self._given]
        return urlencode(pairs, quote_via=quote, safe=",")

    @classmethod
    def from_query(cls, query: str) -> Scenario:
        """The scenario of a URL query, with or without its question mark; the inverse of `query`.

        Raises InputError for an unknown key, a key given twice, a bad value.
        """
        try:
            pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, strict_parsing=True, errors="strict")
        except (AttributeError, TypeError, ValueError):
            raise InputError(
                "query", "text", query, "key=value&key=value", "For example on=2025-06-05&market=USA."
            ) from None
        values: dict[str, Any] = {}
        for key, text in pairs:
            if key not in _FIELD_OF:
                raise _unknown("query", "key", key, list(_FIELD_OF))
            field = _FIELD_OF[key]
            if field in _REPEATED:
                values.setdefault(field, []).append(text)
            elif field in values:
                raise InputError("query", key, text, "one value", f"It is already '{shown(values[field])}'.")
            else:
                values[field] = text
        return cls(**values)

    def flags(self) -> list[str]:
        """The scenario as options of the command line.

        >>> Scenario(on="2025-06-05", market="USA", legal_only=True).flags()
        ['--on', '2025-06-05', '--market', 'USA', '--legal-only']
        """
        found: list[str] = []
        for field, text in self._given:
            option = f"--{_REPEATED.get(field, field).replace('_', '-')}"
            found += [option] if field == "legal_only" else [option, text]
        return found

    @property
    def key(self) -> str:
        """A short stable name for caches and files, the same in every process."""
        return hashlib.sha256(self.query.encode()).hexdigest()[:16]

    # --- scenarios from this one --------------------------------------------------------------------------------------

    def changed(self, **changes: Any) -> Scenario:
        """A scenario that differs from this one in the fields named. Raises InputError."""
        return Scenario(**{**dict(self), **changes})

    def resolved(self, tables: Tables) -> Scenario:
        """The same scenario with ids in place of names and aliases, in what-ifs too.

        Raises UnknownIdError with the nearest names, InputError for a what-if.
        """
        return self.changed(
            market=tables.resolve(self.market, "country"),
            products=[tables.resolve(product) for product in self.products],
            events=None if self.events is None else [tables.resolve(event, "event") for event in self.events],
            what_if=[str(parse(spec).resolved(tables)) for spec in self.what_if],
        )

    @property
    def clauses(self) -> tuple[str, ...] | None:
        """The events that the run includes: None for all in force, else those asked for and every what-if."""
        return None if self.events is None else (*self.events, *event_ids(len(self.what_if)))


def _refuse() -> Any:
    raise ValueError  # pydantic turns it into the error of the field, whose message `_ALLOWED` holds


def _name(value: object) -> str:
    name = " ".join(value.split()) if isinstance(value, str) else ""
    return name if name and name.isprintable() else str(_refuse())


def _texts(values: object) -> list[Any]:
    """One text or several, as a list."""
    if isinstance(values, str):
        return [values]
    return list(values) if isinstance(values, list | tuple | set | frozenset) else list(_refuse())


def _names(values: object) -> tuple[str, ...]:
    return tuple(sorted({_name(value) for value in _texts(values)}))


def _unknown(call: str, argument: str, got: str, allowed: list[str]) -> InputError:
    close = nearest(got, allowed, 1)
    return InputError(call, argument, got, ", ".join(allowed), f"Did you mean '{close[0]}'?" if close else "")
