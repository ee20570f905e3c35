"""The last answers, by what they depend on."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """At most so many values, the one unused for longest goes first; several threads may ask at once."""

    def __init__(self, most: int) -> None:
        self._most, self._values, self._lock = most, OrderedDict[str, V](), Lock()

    def get(self, key: str) -> V | None:
        """The value kept under a key, now the latest; None where there is none."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: str, value: V) -> None:
        """Keep a value as the latest."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
