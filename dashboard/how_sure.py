"""How sure the answer about a product is, and the published plan beside the simulation: cards made when asked for."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from dashboard import product_views as product
from dashboard.cards import Card, source_ids
from dashboard.state import View
from supplychain.network import Exposure
from supplychain.sample import sensitivity
from supplychain.sample_days import Days
from supplychain.survival import why_different
from supplychain.wording import share

DRAWS, DAY_DRAWS, SEED = 1_000, 200, 0
FACTS = 5  # facts to check first
HORIZON = 365  # days of the plan
QUANTILES = ("p05", "p50", "p95")


def sure(view: View) -> Card:
    """5, 50 and 95 % quantiles of what is short, felt and when it begins."""
    good, x = product.product_of(view), product.about(view).x
    days = _days(x)
    short = x.draws(DRAWS, SEED).frame.set_index("product").loc[good]
    felt = days.frame.set_index("product").loc[good]
    rows: list[tuple[object, ...]] = [
        ("Short on the day, before stocks", *(share(short[q]) for q in QUANTILES), DRAWS),
        ("Felt on the day, after stocks and transit", *(share(felt[f"felt_{q}"]) for q in QUANTILES), DAY_DRAWS),
        ("First loss", *(_day(days, felt[f"first_day_{q}"]) for q in QUANTILES), DAY_DRAWS),
    ]
    frame = pd.DataFrame(rows, columns=["name", *QUANTILES, "draws"])
    return Card(
        "sure",
        "How sure",
        lambda: frame,
        note=f"Quantiles (5, 50, 95 %) over random draws of every row with a range, seed {SEED}; in "
        f"{share(felt['hit'])} of them a loss begins by a year after this day (none: that quantile has no loss). "
        "Unconfirmed clauses are not drawn.",
        help="sure",
    )


def _day(days: Days, after: float) -> str:
    """A first day of loss as a date."""
    return "none" if days.start is None or pd.isna(after) else str(days.start + timedelta(days=int(after)))


def facts_first(view: View) -> Card:
    """The facts whose better knowledge would narrow the answer most."""
    good, x = product.product_of(view), product.about(view).x
    found = [
        sensitivity(drawn, good).head(FACTS).assign(decides=what)
        for drawn, what in ((x.draws(DRAWS, SEED), "how much is short"), (_days(x), "when it begins"))
    ]
    frame = pd.concat(found, ignore_index=True)
    frame = frame[["decides", "table", "key", "low", "central", "high", "rank_correlation", "row", "source_id"]]
    return Card(
        "facts-first",
        "Check these facts first",
        lambda: frame,
        None,
        lambda: source_ids(frame["source_id"]),
        f"Rows whose draws go most with the answer, by rank correlation; below {2 / DAY_DRAWS**0.5:.2f} by chance.",
        help="sure",
    )


def _days(x: Exposure) -> Days:
    return x.sample_days(DAY_DRAWS, SEED)


def survival(view: View) -> Card:
    """Time to survive and units lost beside the simulation of the same stop."""
    good = product.product_of(view)
    frame = product.about(view).x.survival(good, HORIZON)
    why = why_different(frame)
    numbers = [f"{name}{end}" for name in ("first_loss", "lost") for end in ("_low", "", "_high")]
    frame[numbers] = frame[numbers].round(1)
    ends = {f"lost{end}": f"days_lost{end}" for end in ("_low", "", "_high")}
    frame = frame.rename(columns={**ends, "days": "of_days"})
    return Card("survival", "Plan and simulation side by side", lambda: frame, note=why, help="survival")
