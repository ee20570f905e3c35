"""The published plan (Simchi-Levi et al. 2015) beside the simulation, in the report about a product."""

from __future__ import annotations

from supplychain.report import words
from supplychain.report.ask import Ask
from supplychain.report.model import Block, Column, Table, Text
from supplychain.survival import why_different

HORIZON = 365  # days


def side_by_side(ask: Ask, good: str) -> tuple[Block, ...]:
    """Time to survive and days lost under what is in force on the day, by method, and why they differ."""
    frame = ask.x.survival(good, HORIZON)
    table = Table(
        "survival",
        f"If what is in force on {words.day(ask.on)} went on for a year: the best plan beside the simulation",
        (
            Column("method", "Method"),
            Column("first_loss", "First loss, days", "number"),
            Column("first_loss_low", "Late", "number"),
            Column("first_loss_high", "Early", "number"),
            Column("lost", "Days of supply lost", "number"),
            Column("lost_low", "Low", "number"),
            Column("lost_high", "High", "number"),
            Column("days", "Of days", "number"),
            Column("says", "What it is", "prose"),
        ),
        frame.round({name: 1 for name in frame.columns if name.startswith(("first_loss", "lost"))}),
        "Late and low pair the low run with large stocks, early and high the high run with small ones. Blank: nothing "
        "is lost. The last row counts from the first clause's day on.",
    )
    return Text((why_different(frame),)), table
