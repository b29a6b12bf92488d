"""What the reader can move in the chapter on losses."""

from lib.widgets._losses_saturated import saturated_neuron as saturated_neuron
from lib.widgets._question import Question, ask


def question(key: str) -> Question:
    """Return a question of this chapter; its text stands in `questions/losses.json`.

    Raises:
        ValueError: there is no question of that key.

    Example:
        >>> question("bits-or-nats")
        Question('bits-or-nats')
    """
    return ask("losses", key)
