"""The last answers, by what they depend on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


def _one(_: object) -> int:
    return 1


class Kept(Generic[V]):
    """Values of so much size in all, the one unused for longest goes first; several threads may ask at once.

    most: sum of the sizes; size: of a value (each counts 1, so that `most` is their number)
    """

    def __init__(self, most: int, size: Callable[[V], int] = _one) -> None:
        self._most, self._size, self._values, self._lock = most, size, OrderedDict[str, V](), Lock()

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
            while sum(map(self._size, self._values.values())) > self._most:
                self._values.popitem(last=False)
