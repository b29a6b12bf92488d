"""Optimizers at work: in a ravine that turns, and at the edge of stability."""

from lib.experiments import _optimizers_edge as edge
from lib.experiments import _optimizers_rotation as rotation

__all__ = ["edge", "rotation"]
