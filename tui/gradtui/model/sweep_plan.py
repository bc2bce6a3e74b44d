"""What a sweep's plan says, field by field; and what is measured in each cell whoever asks."""

from __future__ import annotations

from typing import NamedTuple

#: The fields that can be given: the axes, the measure that is shown of A (and of B), the one that is shown beside A's
#: where there is no B, iterations of each cell's training, and seeds.
FIELDS = ("x", "y", "measure", "second", "train", "repeats")
#: What is measured in each cell in any case, so that another one is shown at once: of iteration 0, and once trained.
#: In a sweep that trains, loss is that at the end.
AT_START = ("ratio", "average_factor", "loss", "total_gradient")
TRAINED = ("accuracy", "trains", "trainability", "loss", "ratio")
#: What only answers that are right or wrong have.
OF_CLASSES = ("accuracy",)


class Shown(NamedTuple):
    """What stands in each field, given or not."""

    x: str
    y: str
    measure: str
    second: str
    train: int
    repeats: str
