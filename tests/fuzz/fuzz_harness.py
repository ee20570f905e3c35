"""Runs numbered cases against a reader: each must end in a result or an error of the package, soon, in little memory.

A case is drawn from one number, so that a failure can be run again: `FUZZ_ONLY=what_if:1234 pytest tests/fuzz`.
"""

from __future__ import annotations

import faulthandler
import os
import re
import resource
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import FrameType

import pytest

from supplychain.errors import SupplyChainError

CASES = int(os.environ.get("FUZZ_CASES", "2500"))  # of all readers together
ONLY = os.environ.get("FUZZ_ONLY", "")
SECONDS = 20.0  # for one case; a busy machine included
STUCK = 120.0  # after which even a loop in C ends the run
MEGABYTES = 600  # by which one case may raise the peak of memory
ADDRESSES = 6 * 2**30  # bytes of address space that a run may add
SHOWN = 12  # different failures of one reader
LONGEST = 8_000  # characters of a message
ROOT = Path(__file__).parents[2]
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

Case = Callable[[Random], object]


class Stuck(BaseException):
    """A case takes too long; no `except Exception` may swallow it."""


def run(name: str, share: float, case: Case) -> None:
    """Run the cases of one reader: `share` of all. Fails with the different ways in which cases fail."""
    wanted = [int(ONLY.partition(":")[2])] if ONLY.startswith(f"{name}:") else range(max(1, round(CASES * share)))
    if ONLY and not ONLY.startswith(f"{name}:"):
        pytest.skip("FUZZ_ONLY names another reader")
    failures: dict[str, str] = {}
    limit = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + ADDRESSES, limit[1]))
    before = signal.signal(signal.SIGALRM, _stop)
    try:
        for number in wanted:
            if said := _fault(case, Random(f"{name}:{number}")):
                failures.setdefault(said[0], f"{name}:{number} {said[1]}")
            if len(failures) == SHOWN:
                break
    finally:
        signal.signal(signal.SIGALRM, before)
        faulthandler.cancel_dump_traceback_later()
        resource.setrlimit(resource.RLIMIT_AS, limit)
    if failures:
        pytest.fail("\n\n".join(failures.values()), pytrace=False)


def _fault(case: Case, rng: Random) -> tuple[str, str] | None:
    """What is wrong with the end of a case: a short name for it, and all that is known; None if nothing is."""
    peak, start = _peak(), time.monotonic()
    faulthandler.dump_traceback_later(STUCK, exit=True)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        try:
            case(rng)
        except SupplyChainError as error:
            said = str(error)
            if not said or len(said) > LONGEST or _FORBIDDEN.search(said):
                return f"message of {type(error)}", f"a bad message of {len(said)} characters: {said[:500]!r}"
    except (Exception, Stuck) as error:  # noqa: BLE001  whatever it is, it should not have come out
        frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(ROOT)]
        way = " > ".join(f"{Path(f.filename).name}:{f.lineno}" for f in frames[2:])
        return f"{type(error)} {way}", f"{way}\n{type(error).__name__}: {str(error)[:1_000]}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    grown = _peak() - peak
    if grown > MEGABYTES:
        return "memory", f"took {grown:.0f} MB and {time.monotonic() - start:.1f} s"
    return None


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stuck


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _address_space() -> int:
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()
