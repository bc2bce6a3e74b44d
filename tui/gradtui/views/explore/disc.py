"""λ of a diagonal recurrence on the unit disc: each unit's factor a step is how far its point lies from the middle."""

from __future__ import annotations

import math

import numpy as np

from gradtui_engine.cells.lru import spectrum
from gradtui_engine.core.figures import short
from gradtui_engine.core.numerics import Array

from ...text.graph import Graph, square
from ...text.language import tr
from ...text.spans import Line, first_fit, first_title, page
from ..frame.once import once_with
from ..frame.scene import Scene
from ..frame.spoken import Lines

#: What is shown around the circle.
_EDGE = 1.1


def fits(scene: Scene) -> bool:
    """Whether the selected network has such a spectrum."""
    return scene.over_time and scene.experiment is not None and scene.resolved.kind.ring


def eigenvalues(scene: Scene) -> Array:
    """λ of the last layer, complex."""
    return once_with(
        scene.record,
        ("spectrum",),
        lambda: spectrum(dict(scene.listed.parameters), scene.resolved.layers - 1),
    )


def title(scene: Scene, width: int) -> str:
    return first_title(
        width,
        tr("λ on the unit disc · each unit's factor a step is |λ|, its turn the angle"),
        tr("λ on the unit disc · |λ| is the factor a step"),
        tr("λ on the unit disc"),
        "λ",
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """The unit circle, every unit's λ, the selected unit's number; what |λ| comes to."""
    told = _told(scene, width)
    rows = height - len(told)
    if rows < 5:
        return page(told, width, height)
    graph = Graph(square((-_EDGE, _EDGE), (-_EDGE, _EDGE), width - 1, rows - 2), width, rows - 2)
    for sign, letter in ((1.0, "o"), (-1.0, "o")):
        graph.function(lambda x, sign=sign: sign * np.sqrt(1 - x * x), "reference", letter)  # type: ignore[misc]
    values = eigenvalues(scene)
    for value in values.tolist():
        graph.mark(value.real, value.imag, "•", "label")
    here = complex(values[min(scene.unit, len(values) - 1)])
    graph.mark(here.real, here.imag, "●", "cursor")
    return page([*graph.lines(), *told], width, height)


def _told(scene: Scene, width: int) -> list[Line]:
    values = eigenvalues(scene)
    sizes, unit = abs(values), min(scene.unit, len(values) - 1)
    here = complex(values[unit])
    numbers = {
        "unit": unit + 1, "size": short(abs(here)), "angle": short(math.degrees(math.atan2(here.imag, here.real))),
        "least": short(float(sizes.min())), "most": short(float(sizes.max())),
        "left": short(float((sizes ** (2.0 * (len(scene.stages) - 1))).mean() ** 0.5)), "steps": len(scene.stages) - 1,
    }  # fmt: skip
    return [
        first_fit(
            width,
            [(tr("unit {unit}: |λ| {size}, it turns by {angle}° a step", **numbers), "strong")],
            [(tr("unit {unit}: |λ| {size}", **numbers), "strong")],
            [],
        ),
        first_fit(
            width,
            [(tr("|λ| from {least} to {most}: √mean |λ|^2T = {left} is left after {steps} steps", **numbers), "text")],
            [(tr("|λ| from {least} to {most}", **numbers), "text")],
            [],
        ),
    ]


def said(scene: Scene) -> Lines:
    for number, value in enumerate(eigenvalues(scene).tolist()):
        angle = short(math.degrees(math.atan2(value.imag, value.real)))
        values = {"unit": number + 1, "size": short(abs(value)), "angle": angle}
        yield tr("unit {unit}: |λ| {size}, it turns by {angle}° a step", **values)
