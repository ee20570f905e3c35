"""What one piece of a sweep computes: a frozen record that any process or machine can run, given the same files.

Every job carries the fingerprint of its files and refuses to run on others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, cast, get_args

import pandas as pd

from supplychain import __version__
from supplychain.availability import SharingMode
from supplychain.chokepoints import documented_stops
from supplychain.errors import InputError
from supplychain.firms import SupplyNetwork
from supplychain.network import Network, load
from supplychain.scenario import NO_EVENTS, Scenario
from supplychain.schema import bundled_data

READ_AT_ONCE = 2**24  # bytes of a file, for its fingerprint
ASKED = ("query", "on", "market", "event", "what_if", "sharing", "legal_only", "unconfirmed")
STATIC = (
    "product", "name", "sector", "end_use", "linked", "dependent", "short_low", "short", "short_high", "binding",
    "events", "coverage", "only_prior", "confidence", "why",
)  # fmt: skip
FELT = ("felt_low", "felt", "felt_high", "first_day_low", "first_day", "first_day_high", "first_date")
DRAWN = ("p05", "p50", "p95")


@dataclass(frozen=True)
class Exposures:
    """Exposure of products under scenarios: one row a scenario and product.

    data, overlay: folders ('': the bundled data, none); felt: also output lost after stocks and transit; draws: also
    quantiles of `short` over so many draws (0: none).
    """

    data: str
    overlay: str
    felt: bool
    draws: int
    fingerprint: str

    def __call__(self, queries: Sequence[str]) -> pd.DataFrame:
        """The rows of some scenarios, given as queries."""
        if fingerprint(self._folders) != self.fingerprint:
            raise InputError("sweep", "data", self.data or "bundled", "the files that the sweep was started with")
        frames = [self._rows(_network(self.data, self.overlay, self.fingerprint), query) for query in queries]
        return pd.concat(frames, ignore_index=True)[self.columns]

    @property
    def _folders(self) -> list[Path]:
        return [Path(self.data) if self.data else bundled_data(), *([Path(self.overlay)] if self.overlay else [])]

    @property
    def columns(self) -> list[str]:
        """The columns of a result, in order."""
        return [*ASKED, *STATIC, *(FELT if self.felt else ()), *(DRAWN if self.draws else ())]

    def _rows(self, net: Network, query: str) -> pd.DataFrame:
        scenario = Scenario.from_query(query)
        x = net.ask(scenario)
        frame = x.frame if self.felt else x.static
        if self.draws:
            frame = frame.merge(x.sample(self.draws)[["product", *DRAWN]], on="product")
        events = "all in force" if scenario.events is None else ";".join(scenario.events) or NO_EVENTS
        return frame.assign(
            query=query, on=str(scenario.on), market=x.scenario.market, event=events, sharing=scenario.sharing,
            what_if="; ".join(scenario.what_if), legal_only=scenario.legal_only, unconfirmed=scenario.unconfirmed,
        )  # fmt: skip


@dataclass(frozen=True)
class FirmLosses:
    """What stops cost in a company's network: one row a scenario (`SupplyNetwork.losses`).

    links, nodes: paths ('': no nodes); memory: bytes for a batch.
    """

    links: str
    nodes: str
    sharing: SharingMode
    memory: float
    fingerprint: str

    columns = ("scenario", "loss", "hit", "worst")

    def __call__(self, scenarios: Sequence[tuple[str, dict[Any, float]]]) -> pd.DataFrame:
        """The rows of some scenarios, given as name and firm -> share of capacity left."""
        if fingerprint([Path(self.links), *([Path(self.nodes)] if self.nodes else [])]) != self.fingerprint:
            raise InputError("sweep", "links", self.links, "the files that the sweep was started with")
        net = _firms(self.links, self.nodes, self.fingerprint)
        numbered = pd.api.types.is_integer_dtype(net.firm.dtype)  # a table of stops read from CSV holds text
        stops = {name: {int(f) if numbered else f: s for f, s in left.items()} for name, left in scenarios}
        return net.losses(stops, sharing=self.sharing, memory=self.memory)


def exposures(data: Path | None, overlay: Path | None, felt: bool = False, draws: int = 0) -> Exposures:
    """The job for the files as they are now."""
    folders = [bundled_data() if data is None else data, *([] if overlay is None else [overlay])]
    return Exposures(_whole_path(data), _whole_path(overlay), felt, draws, fingerprint(folders))


def firm_losses(links: Path, nodes: Path | None, sharing: str = "fixed", memory: float = 1e9) -> FirmLosses:
    """The job for the files as they are now. Raises InputError for an unknown sharing."""
    if sharing not in get_args(SharingMode):
        raise InputError("sweep", "--sharing", sharing, ", ".join(get_args(SharingMode)))
    files = [links, *([] if nodes is None else [nodes])]
    return FirmLosses(_whole_path(links), _whole_path(nodes), cast(SharingMode, sharing), memory, fingerprint(files))


def _whole_path(path: Path | None) -> str:
    return "" if path is None else str(path.resolve())


def queries(
    net: Network,
    days: Iterable[str],
    markets: Iterable[str],
    events: Sequence[Sequence[str] | None] = (None,),
    what_ifs: Sequence[Sequence[str]] = ((),),
    sharing: Sequence[str] = ("fixed",),
    chokepoints: bool = False,
    **options: Any,
) -> list[str]:
    """Every combination as the query of a scenario, those that are solved together beside each other.

    events: sets of events, None for all in force; what_ifs: sets of hypothetical events; chokepoints: also each
    country and good with a documented producer halted alone on each day, without any event; options: of Scenario.
    """
    asked = [
        {"on": on, "events": ids, "what_if": specs, "sharing": mode}
        for on, ids, specs, mode in product(days, events, what_ifs, sharing)
    ]
    if chokepoints:
        asked += [
            {"on": on, "events": (), "what_if": [f"{stop.country} halts {stop.good} from {on}"], "sharing": mode}
            for on, mode, stop in product(days, sharing, documented_stops(net.model))
        ]
    found = [
        Scenario.model_validate({**run, "market": market, **options}).resolved(net.tables).query
        for run in asked
        for market in markets
    ]
    return list(dict.fromkeys(found))


def stops_of(table: pd.DataFrame) -> list[tuple[str, dict[Any, float]]]:
    """Scenarios of a table with columns scenario, node and, if not 0, left (share of capacity left)."""
    for column in ("scenario", "node"):
        if column not in table:
            raise InputError("sweep", "columns of stops", ", ".join(map(str, table.columns)), "scenario, node, left")
    given = table["left"] if "left" in table else pd.Series(0.0, index=table.index)
    left = pd.to_numeric(given, errors="coerce")
    wrong = ~left.between(0, 1)
    if wrong.any():
        raise InputError(
            "sweep", "left of stops", given[wrong].iloc[0], "a share from 0 to 1, the capacity that is left"
        )
    found: dict[str, dict[Any, float]] = {}
    for name, node, share in zip(table["scenario"].astype(str), table["node"], left, strict=True):
        found.setdefault(name, {})[node] = float(share)
    return list(found.items())


def read_stops(path: Path) -> pd.DataFrame:
    """A CSV of stops. Raises InputError when it cannot be read."""
    try:
        table = pd.read_csv(path, dtype={"scenario": "str", "node": "str"}, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise InputError("sweep", "--stops", str(path), "a CSV file with scenario, node and left") from error
    return table


def fingerprint(paths: Sequence[Path]) -> str:
    """A hash of the package's version and of files, or of the files in folders, by name and content."""
    total = hashlib.sha256(__version__.encode())
    for path in paths:
        if not path.exists():
            raise InputError("sweep", "file", str(path), "an existing file or folder")
        for file in _visible(path) if path.is_dir() else [path]:
            stat = file.stat()
            total.update(f"{file.name}:{_content(str(file), stat.st_size, stat.st_mtime_ns)};".encode())
    return total.hexdigest()[:16]


def _visible(folder: Path) -> list[Path]:
    """The files of a folder, without what a killed process or the system left hidden there."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


@lru_cache(maxsize=64)
def _content(file: str, size: int, changed: int) -> str:
    with Path(file).open("rb") as content:
        digest = hashlib.sha256()
        while piece := content.read(READ_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _network(data: str, overlay: str, version: str) -> Network:
    """Loaded once a process."""
    return load(data or None, overlay or None)


@lru_cache(maxsize=1)
def _firms(links: str, nodes: str, version: str) -> SupplyNetwork:
    """Loaded once a process."""
    return SupplyNetwork.from_edges(links, nodes or None)
