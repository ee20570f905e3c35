"""What can go wrong, under one base class: bad data, a bad argument, an unknown id."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # a bad argument must not cost the import of pandas
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Level = Literal["error", "warning"]

SHOWN_CHARACTERS = 60  # of a value, in a message: a hostile cell must not flood the screen
SHOWN_PROBLEMS = 20  # in the text of one DataError; `.problems` has them all
NAMES_SEARCHED = 10_000  # more names than this are not searched for the nearest ones
SHOWN_CHOICES = 12  # a longer list of allowed values is counted instead of printed

_LISTED_BY = {"good": "'supplychain goods' lists all {}.", "event": "'supplychain events' lists all {}."}


def fold(name: str) -> str:
    """The form in which names are compared: case and separators do not count.

    Space, hyphen and underscore are alike: `fold("Rare-Earth magnet") == fold("rare_earth_magnet")`.
    """
    return re.sub(r"[\s\-_]+", "_", name.casefold().strip()).strip("_")


def shown(value: object, most: int = SHOWN_CHARACTERS) -> str:
    """A value as messages print it: on one line, without control characters, cut at `most`."""
    text = str(value)
    return one_line(text if len(text) <= most else text[: most - 3] + "...")


def one_line(text: str) -> str:
    """A text with a question mark for every character that would break the line, steer a terminal or turn it round."""
    return "".join(character if character.isprintable() else "?" for character in text)


def nearest(value: str, allowed: Iterable[str], count: int = 3) -> list[str]:
    """The `count` allowed names that look most like `value`, best first; empty when none does."""
    by_form: dict[str, str] = {}
    for name in allowed:
        by_form.setdefault(fold(name), name)
    matches = difflib.get_close_matches(fold(value[:SHOWN_CHARACTERS]), by_form, n=count, cutoff=0.6)
    return [by_form[match] for match in matches]


def did_you_mean(value: object, allowed: Collection[Any], otherwise: str = "") -> str:
    """A question with the nearest names; `otherwise` where none is near or they are too many to search."""
    close = nearest(str(value), map(str, allowed)) if len(allowed) <= NAMES_SEARCHED else []
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else otherwise


@dataclass(frozen=True)
class Problem:
    """One thing wrong in the data: where, what, and what to do about it.

    `line` 0 means the whole file; `column` and `value` may be empty. With a value the message goes on from it
    ("is outside [0, 1]"), without one it stands alone ("a value is required").
    """

    file: str
    line: int
    column: str
    value: str
    message: str
    remedy: str
    level: Level = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        column = f" column {shown(self.column)}" if self.column else ""
        value = f"{shown(self.value)} " if self.value else ""
        return one_line(f"{place}{column}: {value}{self.message}. {self.remedy}".rstrip())


class SupplyChainError(Exception):
    """Base of every error this package raises on purpose."""


class DataError(SupplyChainError):
    """The data cannot be used; `problems` lists everything that is wrong with it, sorted by file and line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line))

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        lines = [f"{len(self.problems)} problems in the data:"]
        lines += [f"  {problem}" for problem in self.problems[:SHOWN_PROBLEMS]]
        if len(self.problems) > SHOWN_PROBLEMS:
            lines.append(f"  ... and {len(self.problems) - SHOWN_PROBLEMS} more ('supplychain validate' prints all).")
        return "\n".join(lines)


class InputError(SupplyChainError):
    """A bad argument: which argument of which call, what was got, what is allowed, what to do."""

    def __init__(self, call: str, argument: str, got: object, allowed: str, remedy: str = "") -> None:
        super().__init__(call, argument, got, allowed, remedy)
        self.call, self.argument, self.got, self.allowed, self.remedy = call, argument, got, allowed, remedy

    def __str__(self) -> str:
        text = f"{self.call}: {self.argument} is {shown(_written(self.got))}; allowed: {self.allowed}."
        return f"{text} {self.remedy}".rstrip()


def _written(value: object) -> str:
    try:
        return repr(value)
    except (ValueError, RecursionError):  # Python writes no number of over 4,300 digits, and nothing nested without end
        return f"too long a {type(value).__name__} to print"


class UnknownIdError(SupplyChainError):
    """A name that no id, alias or title has; carries and prints the three nearest.

    `allowed` holds all names that would do, `count` how many things they name (one good has several names).
    """

    def __init__(self, kind: str, value: str, allowed: Iterable[str], count: int | None = None) -> None:
        names = list(allowed)
        super().__init__(kind, value, names, count)
        self.kind, self.value = kind, value
        self.count = len(names) if count is None else count
        self.nearest = nearest(value, names)
        self._names = names

    def __str__(self) -> str:
        text = f"Unknown {self.kind} '{shown(self.value)}'."
        if self.nearest:
            text += f" Did you mean {' or '.join(repr(shown(name)) for name in self.nearest)}?"
        if self.kind in _LISTED_BY:
            return f"{text} {_LISTED_BY[self.kind].format(self.count)}"
        if len(self._names) <= SHOWN_CHOICES:
            return f"{text} Allowed: {', '.join(sorted(self._names)) or 'none'}."
        return f"{text} {self.count} are known."


def refuse_cells(
    call: str, table: str, frame: pd.DataFrame, column: str, bad: NDArray[np.bool_], allowed: str, remedy: str
) -> None:
    """One InputError for all bad cells of a column: the first place, how many more, and the next places."""
    places = bad.nonzero()[0]
    if not len(places):
        return
    value = frame[column].iloc[places[0]]
    got = value.item() if hasattr(value, "item") else value  # numpy's numbers as Python writes them
    if len(places) > 1:
        following = ", ".join(str(frame.index[place]) for place in places[1:4])
        remedy = f"{remedy} {len(places) - 1} more rows are like it (rows {following}{' ...' * (len(places) > 4)})."
    raise InputError(call, f"{table} row {frame.index[places[0]]} column {column}", got, allowed, remedy)
