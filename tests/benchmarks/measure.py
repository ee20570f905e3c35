"""Prints the table of docs/performance.md: `python tests/benchmarks/measure.py 100000 1000000 10000000`.

Each size runs in a process of its own, so that its peak memory is its own. Times are the least of several runs, in
seconds of the wall clock and of the processor (equal on a machine with nothing else to do).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from supplychain.availability import Chain  # noqa: E402

ROUNDS = 5


def least(call: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Wall and processor seconds of the fastest of several runs."""
    times = []
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        call()
        times.append((time.process_time() - processor, time.perf_counter() - wall))
    best = min(times)
    return best[1], best[0]


def bandwidth() -> float:
    """Bytes a second that one core reads and writes in turn (b = a copy of 400 MB)."""
    source = np.ones(50_000_000)
    target = np.empty_like(source)
    return 2 * source.nbytes / least(lambda: np.copyto(target, source))[1]


def most_memory() -> float:
    """Bytes that this process has had resident at most (not those of the parent it was started from)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def held(chain: Chain) -> float:
    """Bytes of a chain that is ready to be solved: shares, inputs and the levels' copies of the shares."""
    level = sum(
        part.block.data.nbytes + part.block.indices.nbytes + part.block.indptr.nbytes + part.supply.nbytes
        + part.need.nbytes + part.node.nbytes + part.group_start.nbytes + part.node_start.nbytes
        for part in chain.levels
    )  # fmt: skip
    share = chain.share.data.nbytes + chain.share.indices.nbytes + chain.share.indptr.nbytes
    needs = (chain.need_node, chain.need_supply, chain.need_group, chain.weight, chain.takeover, chain.essential)
    return level + share + sum(array.nbytes for array in needs) + chain.link_supply.nbytes


def row(links: int) -> None:
    """One line of the table."""
    from layered import CRITICALITY, layered_chain, layered_tables

    import supplychain as sc
    from supplychain.availability import Restrictions, availability

    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("links.parquet", "nodes.parquet")]
        if len(sys.argv) > 3:  # a child of its own wrote the files, so that their making does not count
            files = [Path(sys.argv[3]) / file.name for file in files]
        else:
            for file, table in zip(files, layered_tables(links), strict=True):
                table.to_parquet(file)
            subprocess.run([sys.executable, __file__, "--row", str(links), folder], check=True)
            return
        loading = least(lambda: sc.SupplyNetwork.from_edges(*files), 1)
        peak = most_memory()
    chain = layered_chain(links)
    order = least(lambda: chain.levels, 1)
    cost = np.full((len(chain.need_node), 1), CRITICALITY)

    def solve(columns: int) -> None:
        own = np.ones((chain.nodes, columns), order="F")
        for k in range(columns):
            own[k::100, k] = 0.5
        availability(chain, Restrictions(own, np.zeros(0, dtype=np.intp), np.zeros((0, columns))), cost)

    one, eight = least(lambda: solve(1)), least(lambda: solve(8))
    # what one scenario has to move at least: shares and their columns, the inputs' criticality and loss, firms' loss
    moved = chain.share.nnz * 12 + len(chain.need_node) * 40 + chain.nodes * 40
    bound = moved / bandwidth()
    print(
        f"| {links:,} | {loading[0]:.1f} ({loading[1]:.1f}) | {peak / 1e9:.2f} | {held(chain) / links:.0f} "
        f"| {order[0]:.2f} ({order[1]:.2f}) | {one[0] * 1e3:.1f} ({one[1] * 1e3:.1f}) | {one[1] / links * 1e9:.1f} "
        f"| {eight[0] / 8 * 1e3:.1f} ({eight[1] / 8 * 1e3:.1f}) | {bound * 1e3:.2f} | {one[1] / bound:.1f} |",
        flush=True,
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1] == "--row":
        row(int(sys.argv[2]))
    else:
        print(f"memory bandwidth of one core: {bandwidth() / 1e9:.1f} GB/s")
        for size in sys.argv[1:]:
            subprocess.run([sys.executable, __file__, "--row", size], check=True)
