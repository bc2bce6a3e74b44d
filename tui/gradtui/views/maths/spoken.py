"""The panes of the lab and of the maths page in sentences, without their drawings: what `readout` says of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ...text.formats import short
from ...text.language import tr
from ...text.spans import text_of
from ..frame.scene import Scene
from ..lab.comparison import reading
from . import circle, functions
from .words import parameter, parameter_text, real

#: Wider than any sentence.
_WIDE = 2000


def curve(scene: Scene) -> Iterator[str]:
    """Where the z of the unit and of all units lie: the curve itself is in the reading's formulas."""
    seen = reading(scene)
    own, finite = seen.z[:, seen.unit], seen.z[np.isfinite(seen.z)]
    if not seen.own:
        yield tr("if: {row} at the z that {own} really got", row=seen.row.name, own=seen.source.activation)
    yield f"{seen.row.formula}; {seen.row.derivative_formula}"
    yield tr(
        "unit {unit}: z from {low} to {high}",
        unit=seen.unit + 1,
        low=short(float(own.min())),
        high=short(float(own.max())),
    )
    if finite.size:
        low, middle, high = (short(float(each)) for each in np.percentile(finite.astype(np.float64), (5, 50, 95)))
        yield tr("all {count} z: 5 % below {low}, half below {middle}, 5 % above {high}", count=seen.z.size, low=low,
                 middle=middle, high=high)  # fmt: skip


def rows(scene: Scene) -> Iterator[str]:
    """√E f′² of every row, the chosen one marked by a word."""
    seen = reading(scene)
    for name, value in seen.every_row()[0].items():
        if name == seen.row.name:
            yield tr("{name}, selected: {value}", name=name, value=short(value))
        else:
            yield tr("{name}: {value}", name=name, value=short(value))


def circular(scene: Scene) -> Iterator[str]:
    yield from _functions(scene, functions.CIRCULAR)


def hyperbolic(scene: Scene) -> Iterator[str]:
    yield from _functions(scene, functions.HYPERBOLIC)


def _functions(scene: Scene, names: tuple[str, ...]) -> Iterator[str]:
    for line in functions.texts(scene, names, _WIDE):
        yield text_of(line)


def both_curves(scene: Scene) -> Iterator[str]:
    """The points of the circle and the hyperbola, and the sectors' areas."""
    t = parameter(scene.state)
    yield tr("t = {place} = {t}", place=parameter_text(scene.state), t=real(t))
    yield tr("circle: cos t = {x}, sin t = {y}, sector's area {area}", x=real(math.cos(t)), y=real(math.sin(t)),
             area=real(circle.area(t, np.cos, np.sin)))  # fmt: skip
    yield tr("hyperbola: cosh t = {x}, sinh t = {y}, sector's area {area}", x=real(math.cosh(t)), y=real(math.sinh(t)),
             area=real(circle.area(t, np.cosh, np.sinh)))  # fmt: skip
