"""The examples of the documentation run as they stand and say what they promise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
SAYS = {
    "own_product.py": ("ndfeb_magnet_high_temp", "rests on our rows: our_company/bom.csv:2"),
    "supplier_network.py": ("<SupplyNetwork: 2,000 firms", "proven to be the top: ", "systemic risk of the first"),
}


def test_every_example_is_tested() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SAYS)


@pytest.mark.parametrize("name", sorted(SAYS))
def test_example_runs(name: str, tmp_path: Path) -> None:
    command, root = [sys.executable, str(EXAMPLES / name)], str(EXAMPLES.parents[1])
    environment = os.environ | {"PYTHONPATH": root}  # the package may be run from its checkout
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for part in SAYS[name]:
        assert part in done.stdout
    assert not list(tmp_path.iterdir())  # nothing is left where it was started
