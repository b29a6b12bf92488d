"""Optimizers at work: in a ravine that turns, at the edge of stability, and side by side."""

from lib.experiments import _optimizers_edge as edge
from lib.experiments import _optimizers_frontier as frontier
from lib.experiments import _optimizers_rotation as rotation

__all__ = ["edge", "frontier", "rotation"]
