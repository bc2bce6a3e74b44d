"""What is swept where nobody has said: the plane that suits the experiment on the screen."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from .sweep_plan import AT_START, OF_CLASSES, TRAINED

if TYPE_CHECKING:
    from gradtui_engine import Experiment

#: Axes to try in order, each with what it needs: the first pair whose ends the experiment can have.
#: Four octaves of gain have the edge of each activation in them, on Xavier's weights: tanh 1, ReLU √2, sigmoid over 4.
_OVER_LAYERS = (
    ("gain=0.5:8:17:log", "depth=6:48:8"),
    ("gain=0.5:8:17:log", "learning-rate=1e-3:1:10:log"),
)
#: Where the spread of the weights is given itself, the gain has no effect.
_OF_SIGMA_W = (("sigma-w=0.5:2.5:17", "depth=6:48:8"),)
_OVER_TIME = (
    ("forget-bias=-2:6:17", "steps=10:80:8"),
    ("forget-bias=-2:6:17", "gain=0.25:4:9:log"),
    ("gain=0.25:4:17:log", "steps=10:80:8"),
    ("gain=0.25:4:17:log", "learning-rate=1e-3:1:10:log"),
)


def measure(experiment: Experiment, train: int) -> str:
    """What is shown where nobody has said."""
    names = [name for name in TRAINED if name not in OF_CLASSES or experiment.resolved.loss == "cross_entropy"]
    return names[0] if train else AT_START[0]


@functools.lru_cache(maxsize=16)
def axes(experiment: Experiment) -> tuple[str, str]:
    """The axes, as `Axis.parse` reads them."""
    from gradtui_engine import ExperimentError

    from .sweep_reading import possible

    resolved = experiment.resolved
    pairs: tuple[tuple[str, str], ...] = _OVER_TIME if resolved.kind.over_time else _OVER_LAYERS
    if resolved.sigma_w is not None and not resolved.kind.over_time:
        pairs = _OF_SIGMA_W + pairs
    for x, y in pairs:
        try:
            if possible(experiment, x, y):
                return x, y
        except ExperimentError:
            continue
    return pairs[-1]
