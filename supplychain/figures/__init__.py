"""Figures for reports and the dashboard alike: a table in, a plotly figure out; nothing is read, nothing is random.

Every figure names unit and day or year, tells things apart by pattern or shape and not by colour alone, treats
names as text, says what to do when there is nothing to show, and describes itself in `figure.layout.meta["alt"]`.
`theme` is light or dark.
"""

from supplychain.figures.bars import comparison, contributions, ranking, stock_cover
from supplychain.figures.chain import flow
from supplychain.figures.dates import phases, timeline
from supplychain.figures.leverage import leverage
from supplychain.figures.places import supply_bars, supply_map
from supplychain.figures.series import observed_vs_modelled, prices

__all__ = [
    "comparison",
    "contributions",
    "flow",
    "leverage",
    "observed_vs_modelled",
    "phases",
    "prices",
    "ranking",
    "stock_cover",
    "supply_bars",
    "supply_map",
    "timeline",
]
