"""The columns in which everything is solved at once: end-use classes x readings."""

from __future__ import annotations

CLASSES = ("civil", "military")
READINGS = ("linked", "dependent", "short_low", "short", "short_high")
RUNS = len(READINGS)  # columns of one class
LINKED, DEPENDENT, LOW, CENTRAL, HIGH = range(RUNS)
CLEAN = 1e-12  # smaller losses are rounding
