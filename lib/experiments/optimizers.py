"""Optimizers at work: what the pages of the chapter try, each part in a file of its own."""

from lib.experiments import _optimizers_budgets as budgets
from lib.experiments import _optimizers_edge as edge
from lib.experiments import _optimizers_frontier as frontier
from lib.experiments import _optimizers_momentum as momentum
from lib.experiments import _optimizers_rotation as rotation

__all__ = ["budgets", "edge", "frontier", "momentum", "rotation"]
