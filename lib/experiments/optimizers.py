"""Optimizers at work: in a ravine that turns."""

from lib.experiments import _optimizers_rotation as rotation

__all__ = ["rotation"]
