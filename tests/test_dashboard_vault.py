"""What users upload stays apart, bounded and in memory, across worker processes."""

from __future__ import annotations

import os
import time

import pytest

from dashboard.vault import WAIT, Vault
from supplychain.errors import InputError


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def test_each_session_has_its_own() -> None:
    vault = Vault(slots=4, size=100)
    vault.put("a", b"mine")
    vault.put("b", b"yours")
    assert vault.get("a") == b"mine"
    assert vault.get("b") == b"yours"
    assert vault.get("") is None
    assert vault.get("c") is None


def test_a_new_body_replaces_the_last() -> None:
    vault = Vault(slots=2, size=100)
    vault.put("a", b"a long first body")
    vault.put("a", b"short")
    assert vault.get("a") == b"short"
    vault.put("b", b"other")
    assert vault.get("a") == b"short"


def test_dropped_bytes_are_gone_from_memory() -> None:
    vault = Vault(slots=2, size=100)
    vault.put("a", b"secret plans")
    vault.drop("a")
    assert vault.get("a") is None
    assert b"secret" not in vault._memory[:]
    vault.drop("a")  # twice does no harm


def test_the_one_unused_for_longest_makes_room() -> None:
    vault = Vault(slots=2, size=100, clock=Clock())
    vault.put("a", b"1")
    vault.put("b", b"2")
    assert vault.get("a") == b"1"
    vault.put("c", b"3")
    assert vault.get("b") is None
    assert vault.get("a") == b"1"
    assert vault.get("c") == b"3"


def test_it_forgets_after_a_while() -> None:
    clock = Clock()
    vault = Vault(slots=2, size=100, idle=60, clock=clock)
    vault.put("a", b"1")
    clock.now += 50
    assert vault.get("a") == b"1"  # use counts
    clock.now += 50
    assert vault.get("a") == b"1"
    clock.now += 61
    assert vault.get("a") is None


def test_too_much_is_refused_and_the_old_body_kept() -> None:
    vault = Vault(slots=1, size=10)
    vault.put("a", b"0123456789")
    with pytest.raises(InputError, match="up to 10 bytes"):
        vault.put("a", b"0123456789x")
    assert vault.get("a") == b"0123456789"


def test_a_torn_body_counts_as_none() -> None:
    vault = Vault(slots=1, size=10)
    vault.put("a", b"0123456789")
    vault._memory[-1] = 0
    assert vault.get("a") is None


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # a fork beside threads, on newer Pythons
@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers fork")
def test_worker_processes_share_it_and_one_that_dies_with_the_lock_stops_nobody() -> None:
    vault = Vault(slots=2, size=100)
    child = os.fork()
    if child == 0:
        vault.put("a", b"from a worker")
        vault._lock.acquire()
        os._exit(0)
    os.waitpid(child, 0)
    assert vault.get("a") == b"from a worker"
    vault.put("b", b"after it died")
    assert vault.get("b") == b"after it died"


def test_a_lock_that_a_killed_worker_held_is_let_go() -> None:
    vault = Vault(slots=2, size=100)
    vault._lock.acquire()
    vault.put("a", b"kept")
    began = time.monotonic()
    assert vault.get("a") == b"kept"
    assert time.monotonic() - began < WAIT / 2
