"""Outputs that are not finite, of modules with others inside, whose calls have no row of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .columns import Call
from .header import ModuleRow, number


@dataclass(frozen=True, slots=True)
class BrokenOutput:
    """The module, what the size of its output is (NaN, or infinite), and the last call before it that has a row."""

    module: str
    value: float
    after: Call


def broken_outputs(rows: Sequence[Any], modules: Sequence[ModuleRow]) -> tuple[BrokenOutput, ...]:
    """What the rows "broken" of a line say, those that can be understood."""
    outputs = []
    for row in rows:
        match row:
            case [int(module), value, int(before), int(call), *_] if (
                0 <= module < len(modules) and 0 <= before < len(modules) and not math.isfinite(number(value))
            ):
                outputs.append(BrokenOutput(modules[module].name, number(value), Call(modules[before].name, call)))
    return tuple(outputs)
