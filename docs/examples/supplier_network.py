"""A company's supplier network: what stops cost, which firms matter most, and how long stocks last.

Run it anywhere: `python docs/examples/supplier_network.py [FIRMS]`. The network is drawn at random; give a large number
(1000000) to see the speed at company scale.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

import supplychain as sc


def drawn(firms: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Firms that buy from firms with smaller numbers, a few of them also from larger ones (cycles)."""
    rng = np.random.default_rng(0)
    links = 10 * firms
    buyer = rng.integers(firms // 10, firms, links)
    supplier = (buyer * rng.random(links)).astype(int)
    back = rng.random(links) < 0.001
    supplier[back] = rng.integers(0, firms, int(back.sum()))
    keep = supplier != buyer
    table = pd.DataFrame({"supplier": supplier, "buyer": buyer, "weight": rng.random(links)})[keep]
    table["criticality"] = 0.6
    nodes = pd.DataFrame(
        {"node": np.arange(firms), "kind": "part", "country": rng.choice(["CHN", "JPN", "DEU"], firms)}
    )
    return table, nodes


def main(firms: int) -> None:
    net = sc.SupplyNetwork.from_edges(*drawn(firms))
    print(net)

    began = time.perf_counter()
    left = net.availability(dict.fromkeys(net.select(country="CHN"), 0.5))
    print(f"China at half: {left['loss'].mean():.1%} of output lost on average, {time.perf_counter() - began:.2f} s")

    scenarios = {country: dict.fromkeys(net.select(country=country), 0.5) for country in ("CHN", "JPN", "DEU")}
    print(net.losses(scenarios, memory=5e8).to_string(index=False))

    worst = net.chokepoints(top=5, most=200)
    print(worst.to_string(index=False), f"\nproven to be the top: {worst.attrs['proven']}")

    print(f"systemic risk of the first: {net.esri(worst['node'].iat[0], tol=1e-6).score:.2%} of all sales")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
