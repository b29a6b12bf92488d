"""What the reader can move in the chapter on optimizers."""

from functools import partial

from lib.widgets._optimizers_adam_step import adam_step as adam_step
from lib.widgets._optimizers_momentum import momentum_plane as momentum_plane
from lib.widgets._optimizers_ravine import ravine as ravine
from lib.widgets._optimizers_saddle import saddle as saddle
from lib.widgets._optimizers_schedule import schedule_picker as schedule_picker
from lib.widgets._question import ask

question = partial(ask, "optimizers")
