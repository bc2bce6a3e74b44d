"""What the stages of a record are called: layers, blocks, time steps, modules. One row an axis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradtui_engine.core.message import English
from gradtui_engine.core.table import Table

from .language import plural


@dataclass(frozen=True, slots=True)
class AxisWords:
    """An axis in words: one stage, several, "a" stage, what a ruler along them is called, so and so many of them.

    pace is how much the gradient changes from one to the next.
    """

    name: str
    stage: English
    stages: English
    a_stage: English
    ruler: English
    pace: English
    counted: Callable[[int], str]


AXIS_WORDS = Table(
    "axis",
    (
        AxisWords(
            "layer", "layer", "layers", "a layer", "layer", "×{factor} a layer",
            lambda count: plural("1 layer", "{count} layers", count),
        ),
        AxisWords(
            "block", "block", "blocks", "a block", "block", "×{factor} a block",
            lambda count: plural("1 block", "{count} blocks", count),
        ),
        AxisWords(
            "time", "time step", "steps", "a step", "t", "×{factor} a step",
            lambda count: plural("1 step", "{count} steps", count),
        ),
        AxisWords(
            "module", "module", "modules", "a module", "module", "×{factor} a module",
            lambda count: plural("1 module", "{count} modules", count),
        ),
    ),
)  # fmt: skip
