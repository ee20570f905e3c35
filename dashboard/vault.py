"""What users upload: in memory that all worker processes share, bounded, forgotten after a while, never on disk."""

from __future__ import annotations

import hashlib
import mmap
import multiprocessing
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from supplychain.errors import InputError

SLOTS = 32  # sessions with data at one time; the one unused for longest makes room
SIZE = 4_000_000  # bytes of one session
IDLE = 2 * 3600  # seconds without use after which a session's data are forgotten
WAIT = 1.0  # seconds for another worker; one that was killed does not let go, and the digests then guard the slots

_HEAD = struct.Struct("<32s32sdQ")  # digest of the session's key, digest of the body, last use, length


class Vault:
    """One body of bytes a session; made before the workers fork, so that they share it (`gunicorn --preload`).

    Anonymous memory: pages that were never written take none. Only who knows a session's key can ask for its body.
    """

    def __init__(
        self, slots: int = SLOTS, size: int = SIZE, idle: float = IDLE, clock: Callable[[], float] = time.time
    ) -> None:
        self._slots, self._size, self._idle, self._clock = slots, size, idle, clock
        self._width = _HEAD.size + size
        self._memory = mmap.mmap(-1, slots * self._width)
        self._lock = multiprocessing.Lock()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._lock.acquire(timeout=WAIT)  # in vain if its holder was killed: then it is let go for all below
        try:
            yield
        finally:
            with suppress(ValueError):  # let go twice
                self._lock.release()

    def _head(self, slot: int) -> tuple[bytes, bytes, float, int]:
        return _HEAD.unpack_from(self._memory, slot * self._width)

    def _write(self, slot: int, key: bytes, digest: bytes, used: float, length: int) -> None:
        _HEAD.pack_into(self._memory, slot * self._width, key, digest, used, length)

    def _slot(self, key: bytes) -> int | None:
        """The slot of a session, unless its time is over."""
        for slot in range(self._slots):
            owner, _, used, _ = self._head(slot)
            if owner == key:
                return slot if self._clock() - used < self._idle else None
        return None

    def put(self, session: str, body: bytes) -> None:
        """Keep a body in place of the session's last. Raises InputError when it is too large."""
        if len(body) > self._size:
            allowed = f"up to {self._size:,} bytes of compressed files in one session"
            raise InputError("upload", "size", f"{len(body):,} bytes", allowed, "Remove a file or send fewer rows.")
        key = _digest(session.encode())
        with self._alone():
            slot = self._slot(key)
            if slot is None:
                slot = min(range(self._slots), key=lambda k: self._head(k)[2])
            self._clear(slot)
            start = slot * self._width + _HEAD.size
            self._memory[start : start + len(body)] = body
            self._write(slot, key, _digest(body), self._clock(), len(body))

    def get(self, session: str) -> bytes | None:
        """The body of a session, None if there is none (any more)."""
        key = _digest(session.encode())
        with self._alone():
            slot = self._slot(key)
            if slot is None:
                return None
            _, digest, _, length = self._head(slot)
            start = slot * self._width + _HEAD.size
            body = bytes(self._memory[start : start + min(length, self._size)])
            if _digest(body) != digest:
                return None
            self._write(slot, key, digest, self._clock(), length)
            return body

    def drop(self, session: str) -> None:
        """Forget a session's body: its bytes are overwritten."""
        key = _digest(session.encode())
        with self._alone():
            for slot in range(self._slots):
                if self._head(slot)[0] == key:
                    self._clear(slot)

    def _clear(self, slot: int) -> None:
        length = min(self._head(slot)[3], self._size)
        start = slot * self._width
        self._memory[start : start + _HEAD.size + length] = bytes(_HEAD.size + length)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
