"""What a report is asked, and the look-ups that every kind of report shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from supplychain.binding import main_path
from supplychain.network import Exposure, Network
from supplychain.report import words
from supplychain.scenario import Scenario

Progress = Callable[[float, str], None]  # share done, what is being done
AHEAD = 365  # days that the figures over time look beyond the day asked about


@dataclass(frozen=True, eq=False)
class Ask:
    """One question to one network: kind of report, scenario, and what it is about.

    subject: the good, event, commodity or country of the kinds that have one; other: what is compared with
    """

    net: Network
    kind: str
    scenario: Scenario
    subject: str = ""
    other: Scenario | None = None
    progress: Progress | None = field(default=None, repr=False)

    def step(self, done: float, what: str) -> None:
        """Tell how far it is: `done` of the report (0 to 1)."""
        if self.progress is not None:
            self.progress(done, what)

    def about(self, subject: str, scenario: Scenario) -> Ask:
        """The same question, its subject and scenario made definite."""
        return replace(self, subject=subject, scenario=scenario)

    @cached_property
    def x(self) -> Exposure:
        return self.net.ask(self.scenario)

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """The products, most exposed first as the figures rank them, with short names."""
        frame = self.x.frame.assign(name=[self.good(p) for p in self.x.frame["product"]])
        reading = "felt" if (frame["felt"] > 0).any() else "short"
        return frame.sort_values([reading, "product"], ascending=[False, True], kind="stable", ignore_index=True)

    @property
    def on(self) -> date:
        return self.scenario.on

    @property
    def market(self) -> str:
        """The name of the market, in a sentence."""
        return self.place(self.scenario.market)

    @property
    def members(self) -> tuple[str, ...]:
        """The countries of the market, where it is a bloc."""
        table = self.net.table("countries").set_index("country")["members"]
        return tuple(table[self.scenario.market])

    @property
    def until(self) -> date:
        """Last day of figures over time: a year ahead, but not beyond what the data know."""
        return max(self.on, min(self.on + timedelta(days=AHEAD), self.net.knowledge_until))

    @cached_property
    def good_names(self) -> dict[str, str]:
        goods = self.net.table("goods")
        return dict(zip(goods["good"], goods["name"], strict=True))

    @cached_property
    def titles(self) -> dict[str, str]:
        """Titles of the events, what-ifs of both scenarios among them."""
        scenarios = [self.scenario, *([self.other] if self.other else [])]
        models = [self.net.ask(scenario).model for scenario in scenarios]
        tables = [model.tables["events"] for model in models]
        return {event: title for table in tables for event, title in zip(table["event"], table["title"], strict=True)}

    @cached_property
    def _countries(self) -> dict[str, str]:
        table = self.net.table("countries")
        return dict(zip(table["country"], table["name"], strict=True))

    def good(self, good: str) -> str:
        """The short name of a good: what its name explains in brackets left out."""
        return self.good_names.get(good, good).partition(" (")[0]

    def country(self, code: str) -> str:
        """The name of a country as a table lists it."""
        return self._countries.get(code, code)

    def place(self, code: str) -> str:
        """The name of a country as it stands in a sentence: the United States."""
        return words.the(self.country(code))

    def event(self, event: str) -> str:
        return self.titles.get(event, event)

    def cut(self, product: str) -> tuple[str, str] | None:
        """The input and its origin where the chain of a product is cut; None where nothing is."""
        path = main_path(self.x.chain(product))
        if not path or not any(step.events for step in path) or self.x.readings(product)[0] <= 0:
            return None
        return path[-1].input, path[-1].country

    def acting(self, x: Exposure | None = None) -> list[str]:
        """Events that reach a flow behind the products asked about, sorted."""
        result = self.x if x is None else x
        return sorted({act.effect.event for act in result.acts})

    def production(self, goods: Iterable[str]) -> pd.DataFrame:
        """Who makes each good: good, name, stage, country, share, spare, source_id; goods without a row are left out.

        spare: extra output possible, share of own; blank where no row says so.
        """
        world, table = self.net.model.sourcing.world, self.net.table("goods").set_index("good")
        rows = [
            (good, self.good(good), table.at[good, "stage"], world.countries[maker.country], maker.share,
             maker.spare or np.nan, world.evidence[maker.evidence][1])
            for good in goods
            for maker in world.makers[good]
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["good", "name", "stage", "country", "share", "spare", "source_id"])

    def years(self, good: str) -> str:
        """The years and the basis are those of the production rows that are used."""
        world, table = self.net.model.sourcing.world, self.net.table("production")
        rows = [world.evidence[maker.evidence][0] for maker in world.makers[good]]
        years = sorted({str(table.at[row, "year"]) for row in rows if table.at[row, "year"]})
        return years[0] if len(years) == 1 else f"{years[0][:4]} to {years[-1][-4:]}" if years else "year unknown"

    def basis(self, good: str) -> str:
        """What the production shares of a good measure."""
        world, table = self.net.model.sourcing.world, self.net.table("production")
        bases = {str(table.at[world.evidence[maker.evidence][0], "basis"]) for maker in world.makers[good]}
        return (bases.pop() if len(bases) == 1 else "output").replace("_", " ")


def corners(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The rows of a daily table at which a line turns, and the first and last: the same lines from fewer points."""
    values = np.nan_to_num(frame[columns].to_numpy(dtype=float))
    turns = np.ones(len(frame), dtype=bool)
    if len(frame) > 2:
        turns[1:-1] = (np.abs(np.diff(values, 2, axis=0)) > 1e-6).any(axis=1)
    return frame[turns]
