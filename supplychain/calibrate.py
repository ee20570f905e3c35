"""Does it fit what happened? Observed flows against modelled ones, month by month.

Severities were computed from the same observations, so most of the comparison is in sample; every row says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from supplychain.availability import Floats, Ints
from supplychain.calendar import ONE_DAY
from supplychain.events import Effect
from supplychain.model import Model
from supplychain.readings import CENTRAL, HIGH, LOW
from supplychain.severity import Priors, months_between
from supplychain.sourcing import routes_of

SHORT = [LOW, CENTRAL, HIGH]
NAME = re.compile(r"obs-(?P<series>.+?)-(?P<date>(?:19|20)\d\d.*)")
# Months of buying ahead of a control are no baseline (docs/severities.md): words of a series' name -> months.
RUSH: Mapping[str, tuple[str, ...]] = {
    "gallium": ("2023-07",), "germanium": ("2023-07",), "graphite": ("2023-10", "2023-11"),
    "antimony": ("2024-08", "2024-09"), "magnets": ("2025-03",), "dysprosium": ("2025-03",), "terbium": ("2025-03",),
}  # fmt: skip
FLOWS = (
    "series", "good", "exporter", "importer", "month", "months", "event", "baseline", "baseline_rule", "observed",
    "modelled_low", "modelled", "modelled_high", "error", "prior", "last", "rests_on", "observations", "source_id",
)  # fmt: skip

Months = tuple[date, ...]


@dataclass
class Series:
    """The observations of one flow: kg by month or quarter, and stated changes on the year before."""

    name: str
    good: str
    exporter: str
    importer: str
    volume: dict[Months, list[tuple[str, float, str]]] = field(default_factory=dict)
    change: dict[Months, list[tuple[str, float, str]]] = field(default_factory=dict)
    year: dict[int, list[tuple[str, float, str]]] = field(default_factory=dict)

    def rush(self) -> set[date]:
        return {_first(m) for word, months in RUSH.items() if word in self.name for m in months}

    def known(self, before: date) -> dict[date, tuple[float, tuple[str, ...]]]:
        """Kg of each month before a day that is no rush month, told or implied by a volume and its stated change."""
        found: dict[date, tuple[float, tuple[str, ...]]] = {}
        for months, rows in self.volume.items():
            if len(months) == 1:
                found[months[0]] = _mean(rows)
        for months, changes in self.change.items():
            if len(months) == 1 and months in self.volume:
                (volume, ids), (change, more) = _mean(self.volume[months]), _mean(changes)
                if change > -1:
                    found.setdefault(_shift(months[0], -12), (volume / (1 + change), (*ids, *more)))
        rush = self.rush()
        return {month: v for month, v in sorted(found.items()) if _after(month) <= before and month not in rush}


def _first(month: str) -> date:
    return date(int(month[:4]), int(month[5:7]), 1)


def _shift(month: date, by: int) -> date:
    years, rest = divmod(month.month - 1 + by, 12)
    return date(month.year + years, rest + 1, 1)


def _after(month: date) -> date:
    return _shift(month, 1)


def _mean(rows: Sequence[tuple[str, float, str]]) -> tuple[float, tuple[str, ...]]:
    return float(np.mean([value for _, value, _ in rows])), tuple(name for name, _, _ in rows)


def read_series(model: Model) -> list[Series]:
    """Every flow of one good between named ends (`ALL` = the world) that has volumes or stated changes."""
    frame = model.tables["observations"]
    frame = frame[(frame["good"] != "") & (frame["exporter"] != "") & (frame["exporter"] != "ALL")]
    found: dict[str, Series] = {}
    columns = ("observation", "date", "period", "exporter", "importer", "good", "measure", "value", "source_id")
    for name, day, period, exporter, importer, good, measure, value, source in frame[list(columns)].itertuples(
        index=False
    ):
        match = NAME.fullmatch(name)
        if match is None or measure not in ("volume_kg", "volume_unit", "yoy_change"):
            continue
        series = found.setdefault(match["series"], Series(match["series"], good, exporter, importer))
        row = (name, float(value), source)
        if period == "year" and measure != "yoy_change":
            series.year.setdefault(int(day[:4]), []).append(row)
        elif period in ("month", "quarter"):
            months = tuple(_shift(_first(day), k) for k in range(1 if period == "month" else 3))
            into = series.change if measure == "yoy_change" else series.volume
            into.setdefault(months, []).append(row)
    return [found[name] for name in sorted(found)]


def flows(model: Model, progress: Callable[[int, int], None] | None = None) -> pd.DataFrame:
    """Observed against modelled flow, one row a series and month (or quarter) in which a clause of the exporter acts.

    observed = volume / baseline, baseline (docs/severities.md) = the same months of the year before the clause; where
    none is known, a stated change on the year before (observed = 1 + change); else the mean of the known months of
    that year; else the mean month of the last full year; else the mean of all known months before.
    modelled = mean over the days of the month since the clause took effect of 1 - r, r = the largest severity x
    coverage of the exporter's clauses on the good, civil, both branches where unconfirmed; for `ALL` and blocs the
    mean over importers, weighted by normal flows. error = modelled - observed, observed counted up to 1.

    Columns: series, good, exporter, importer, month, months (1 or 3), event (the oldest that takes something),
    baseline (kg a month), baseline_rule, observed, modelled_low, modelled, modelled_high (shares of the baseline; low
    is the greater loss), error, prior (what the prior of the clause's measure and age alone would say), last (the
    observed share of the month known before in the series; both are what one could have guessed), rests_on (fitted:
    the severity row was computed from this observation; row: from others; prior), observations, source_id.
    """
    flow = Flow(model)
    rows: list[dict[str, object]] = []
    series = read_series(model)
    for number, one in enumerate(series):
        for months in sorted({*one.volume, *one.change}):
            covered = len(months) > 1 and any((m,) in one.volume or (m,) in one.change for m in months)
            if not covered and (row := _compare(flow, one, months)) is not None:
                rows.append(row)
        if progress is not None:
            progress(number + 1, len(series))
    frame = pd.DataFrame(rows, columns=list(FLOWS)).sort_values(["series", "month"], ignore_index=True)
    frame["last"] = frame.groupby("series")["observed"].shift().astype(float)
    return frame


def _compare(flow: Flow, series: Series, months: Months) -> dict[str, object] | None:
    """One row of `flows`; None where no clause acts or nothing tells what was normal."""
    acting = flow.since(series, months)
    if acting is None:
        return None
    start, event = acting
    told = _observed(series, months, start)
    if told is None:
        return None
    observed, baseline, rule, ids = told
    days = [m + timedelta(days=k) for m in months for k in range((_after(m) - m).days)]
    left, labels = flow.left(series, [d for d in days if d >= start])
    sources = {n: s for rows in (*series.volume.values(), *series.change.values()) for n, _, s in rows}
    mine = {n for n, _, _ in (*series.volume.get(months, ()), *series.change.get(months, ()))}
    return {
        "series": series.name, "good": series.good, "exporter": series.exporter, "importer": series.importer,
        "month": months[0].strftime("%Y-%m"), "months": len(months), "event": event, "baseline": baseline,
        "baseline_rule": rule, "observed": observed, "modelled_low": left[2], "modelled": left[1],
        "modelled_high": left[0], "error": left[1] - min(1.0, observed), "prior": flow.assumed(event, days[-1]),
        "rests_on": flow.rests_on(labels, mine),
        "observations": ";".join(ids), "source_id": ";".join(sorted({sources[n] for n in mine})),
    }  # fmt: skip


def _observed(series: Series, months: Months, start: date) -> tuple[float, float, str, tuple[str, ...]] | None:
    """Share of the baseline, baseline (kg a month), the rule behind it, and the observations used."""
    before = series.known(start)
    year_before = {m: v for m, v in before.items() if m >= _shift(start.replace(day=1), -12)}
    same = [v for m, v in year_before.items() if m.month in {k.month for k in months}]
    if months in series.volume:
        volume, ids = _mean(series.volume[months])
        volume /= len(months)
        choices: list[tuple[str, list[tuple[float, tuple[str, ...]]]]] = [
            ("same month", same if len(same) == len(months) else [])
        ]
        if not choices[0][1] and (stated := _stated(series, months, start)) is not None:
            return stated[0], volume / stated[0] if stated[0] > 0 else np.nan, "stated change", (*ids, *stated[1])
        last = max((y for y in series.year if y < start.year), default=None)
        year: list[tuple[float, tuple[str, ...]]] = []
        if last is not None:
            year = [(v / 12, (name,)) for name, v, _ in series.year[last]]
        choices += [("year before", list(year_before.values())), ("full year", year), ("all", list(before.values()))]
        for rule, known in choices:
            if known:
                baseline = float(np.mean([v for v, _ in known]))
                used = tuple(dict.fromkeys([*ids, *(n for _, names in known for n in names)]))
                return volume / baseline, baseline, rule, used
        return None
    stated = _stated(series, months, start)
    return None if stated is None else (stated[0], np.nan, "stated change", stated[1])


def _stated(series: Series, months: Months, start: date) -> tuple[float, tuple[str, ...]] | None:
    """1 + the stated change on the year before, where that year was normal."""
    then = [_shift(m, -12) for m in months]
    if months not in series.change or any(_after(m) > start or m in series.rush() for m in then):
        return None
    change, ids = _mean(series.change[months])
    return 1 + change, ids


class Flow:
    """What the clauses leave of a flow, day by day; remembers what it computed."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.index = model.sourcing.world.country_index
        self._effects: dict[date, list[Effect]] = {}
        table = model.tables["severities"]
        self._derived = {row: set(ids) for row, ids in zip(table.index, table["derived_from"], strict=True)}
        acting = model.tables["events"]
        acting = acting[acting["acts_on"].isin(["export", "import", "output"])]
        self._events = acting["event"].tolist()
        self._measure = dict(zip(acting["event"], acting["measure"], strict=True))
        self._priors = Priors(model.tables)
        self._starts = _starts(model, self._events)

    def effects(self, on: date) -> list[Effect]:
        """The civil effects of a day."""
        if on not in self._effects:
            self._effects[on] = self.model.calendar.effects(on, "civil", self._events)
        return self._effects[on]

    def members(self, importer: str) -> Ints:
        """Countries that stand behind an importer."""
        world = self.model.sourcing.world
        if importer == "ALL":
            return np.array([c for c in range(len(world.countries)) if c not in world.blocs], dtype=np.intp)
        c = self.index[importer]
        return np.array(world.members(c), dtype=np.intp)

    def weights(self, series: Series) -> Floats:
        """Normal flow from the exporter to each country behind the importer, summing to 1."""
        s, countries = self.model.sourcing, self.members(series.importer)
        routes = routes_of(s.world, series.good, countries)
        seller = np.where(routes.trader >= 0, routes.trader, routes.origin)
        mine = (seller == self.index[series.exporter]) & (countries[routes.supply] != self.index[series.exporter])
        share = np.bincount(routes.supply[mine], routes.share[mine], minlength=len(countries)).astype(float)
        flow = share * s.world.use[s.world.good_index[series.good], countries]
        if flow.sum() <= 0:
            flow = (countries != self.index[series.exporter]).astype(float)
        return np.asarray(flow / flow.sum())

    def loss(self, series: Series, on: date) -> tuple[Floats, list[Effect]]:
        """(countries behind the importer, 3) r low, central, high, and the effects behind it."""
        countries = self.members(series.importer)
        r = np.zeros((len(countries), len(SHORT)))
        found = []
        for effect in self.effects(on):
            if effect.good != series.good or effect.role != "covered" or effect.buyers:
                continue
            if effect.acts_on == "import":
                mine = effect.issuer == series.importer
                rows = np.full(len(countries), self.index[series.exporter])
            else:
                mine = effect.issuer == series.exporter
                rows = np.full(len(countries), self.index[effect.issuer]) if effect.acts_on == "output" else countries
            if mine and effect.acting[rows].any():
                r = np.maximum(r, effect.r[rows][:, SHORT])
                found.append(replace(effect, severity_row=tuple(effect.severity_row[k] for k in rows),
                                     prior=effect.prior[rows]))  # fmt: skip
        return r, found

    def since(self, series: Series, months: Months) -> tuple[date, str] | None:
        """The day on which the oldest clause that takes something of a flow took effect, and the clause.

        Where none takes anything any more, the oldest in force; before it trade was normal.
        """
        effects = self.loss(series, _after(months[-1]) - ONE_DAY)[1]
        biting = [effect for effect in effects if effect.r[:, CENTRAL].any()]
        return min(((self._starts[effect.event], effect.event) for effect in biting or effects), default=None)

    def assumed(self, event: str, on: date) -> float:
        """What the prior of a clause's measure and age would leave of a wholly covered flow."""
        return 1 - self._priors.of(self._measure[event], months_between(self._starts[event], on)).ends[1]

    def left(self, series: Series, days: Sequence[date]) -> tuple[tuple[float, float, float], set[str]]:
        """Mean of 1 - r over some days at r low, central, high, and the labels of the rows that spoke."""
        weights = self.weights(series)
        total, labels = np.zeros(3), set()
        turns = self.model.calendar.segment_days(days[0], days[-1], self._events)
        edges = sorted({days[0], *(t for t in turns if days[0] < t <= days[-1]), days[-1] + ONE_DAY})
        for begin, end in pairwise(edges):
            r, effects = self.loss(series, begin)
            total += (end - begin).days * (weights @ (1 - r))
            for effect in effects:
                labels |= {
                    row or "prior" for row, w in zip(effect.severity_row, weights, strict=True) if w > 0
                }  # fmt: skip
        low, central, high = (total / len(days)).tolist()
        return (low, central, high), labels

    def rests_on(self, labels: set[str], observations: set[str]) -> str:
        """fitted, row or prior: what the modelled flow of a month was computed from."""
        rows = labels - {"prior"}
        if any(self._derived.get(row, set()) & observations for row in rows):
            return "fitted"
        return "row" if rows else "prior"


def _starts(model: Model, events: Sequence[str]) -> dict[str, date]:
    """The first day on which each clause was in force."""
    table = model.tables["event_phases"]
    table = table[table["status"] == "in_force"]
    first = table.groupby("event")["from"].min()
    return {event: pd.Timestamp(first[event]).date() for event in events if event in first.index}


def series_fit(frame: pd.DataFrame) -> pd.DataFrame:
    """The misfit of each series of `flows`, and of all (last row, series `all`).

    mae = mean |modelled - observed|, bias = mean (modelled - observed), inside = share of months whose observed flow
    lies within [modelled_low, modelled_high] (0.005 allowed); mae_prior, mae_last: the same error of the guesses
    `prior` and `last` of `flows`, which a severity must beat; fitted, row, prior: how many months rest on what.

    Columns: series, good, exporter, importer, months, mae, bias, inside, mae_prior, mae_last, fitted, row, prior.
    """
    groups = [((name, g["good"].iat[0], g["exporter"].iat[0], g["importer"].iat[0]), g)
              for name, g in frame.groupby("series", sort=True)]  # fmt: skip
    groups += [((f"all {kind}", "", "", ""), frame[frame["rests_on"] == kind]) for kind in ("fitted", "row", "prior")]
    groups.append((("all", "", "", ""), frame))
    rows = []
    for (name, good, exporter, importer), group in groups:
        seen = group["observed"].clip(upper=1.0)
        inside = (seen >= group["modelled_low"] - 0.005) & (seen <= group["modelled_high"] + 0.005)
        kinds = group["rests_on"].value_counts()
        rows.append(
            {
                "series": name, "good": good, "exporter": exporter, "importer": importer, "months": len(group),
                "mae": group["error"].abs().mean(), "bias": group["error"].mean(), "inside": inside.mean(),
                "mae_prior": (group["prior"] - seen).abs().mean(),
                "mae_last": (group["last"].clip(upper=1.0) - seen).abs().mean(),
                **{kind: int(kinds.get(kind, 0)) for kind in ("fitted", "row", "prior")},
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
