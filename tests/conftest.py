"""Settings shared by all tests: the reference network once a session, and reproducible random cases."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

import supplychain as sc

settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))


@pytest.fixture(scope="session")
def net() -> sc.Network:
    """The reference network."""
    return sc.load()
