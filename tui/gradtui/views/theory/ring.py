"""The plane pane of a linear recurrence: no plane, but |λ|, the factor of each unit's step.

A curve: the half-life ln ½ / ln |λ| over |λ|; both axes log, the one across of 1 − |λ|. Between two lines the ring on
which the eigenvalues start (Orvieto et al. 2023).
"""

from __future__ import annotations

import math

import numpy as np

from gradtui_engine.analysis.decay import half_life
from gradtui_engine.core.figures import decimals, power_of_ten, short

from ...text.graph import Axes, Graph
from ...text.language import tr
from ...text.spans import Line, first_title
from ...text.undefined import defined
from ..frame.plots import FIRST, SECOND
from ..frame.scene import Scene
from .words import Sentence, drawn_over

#: −log10(1 − |λ|) at the ends of the axis, and what is written there.
_LEAST, _MOST = 0.0, 4.0
_FACTORS = tuple((float(nines), "0" if not nines else f"0.{'9' * nines}") for nines in range(5))
_LIVES = tuple((float(power), power_of_ten(power)) for power in range(-1, 5))
_MEASURED = "■"


def title(scene: Scene, width: int) -> str:
    return first_title(
        width,
        tr("how long a unit remembers: its half-life, for every |λ|"),
        tr("half-life of a unit, by its |λ|"),
        tr("half-life"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    return drawn_over(lambda rows: _curve(scene, width, rows), _legend(scene), reading(scene), width, height)


def _steps(scene: Scene) -> int:
    return len(scene.stages) - 1


def _factor(scene: Scene) -> float | None:
    """The measured factor of a step, on average."""
    return defined(scene.record.decay.geometric_mean, scene.record)


def _place(factor: float) -> float:
    return min(max(-math.log10(1.0 - factor), _LEAST), _MOST) if factor < 1.0 else _MOST


def _level(factor: float) -> float:
    """log10 of the half-life, at the edge of the plot where it lies beyond."""
    life = half_life(factor) if 0.0 < factor < 1.0 else (math.inf if factor >= 1.0 else 0.0)
    return min(max(math.log10(life), -1.0), 4.0) if life > 0 else -1.0


def _curve(scene: Scene, width: int, height: int) -> list[Line]:
    """The half-life over |λ|, the ring of this network, and the length of the whole sequence."""
    resolved, measured = scene.resolved, _factor(scene)
    graph = Graph(Axes((_LEAST, _MOST), (-1.0, 4.0), _FACTORS, _LIVES), width, height - 2)
    steps = math.log10(_steps(scene))
    graph.across(steps, "reference")
    graph.function(np.vectorize(lambda place: _level(1.0 - 10.0**-place)), FIRST, "h")
    for radius, glyph in ((resolved.r_min, "▶"), (resolved.r_max, "◀")):
        tip = graph.mark(_place(radius), _level(radius), glyph, "cursor")
        graph.name(tip, (f"|λ| {short(radius)}", "cursor"), (short(radius), "cursor"))
    if measured is not None:
        graph.mark(_place(measured), _level(measured), _MEASURED, SECOND)
    graph.name(graph.cell(_LEAST, steps), (tr("all {steps} steps", steps=_steps(scene)), "label"))
    return graph.lines()


def _legend(scene: Scene) -> list[Line]:
    lines: list[Line] = [
        [(tr("→ |λ|, the factor of a step"), "label")],
        [(tr("↑ half-life in steps"), "label")],
        [(tr("between ▶ and ◀ the ring on which |λ| starts"), "cursor")],
    ]
    if _factor(scene) is not None:
        lines.append([(tr("{mark} measured, of all units together", mark=_MEASURED), SECOND)])
    return lines


def reading(scene: Scene) -> list[Sentence]:
    """What the ring comes to, most important first."""
    measured, theory, steps = _factor(scene), scene.record.theory, _steps(scene)
    lines: list[Sentence] = [("strong", tr(theory.note))] if theory is not None else []
    if measured is None:
        lines.append(("text", tr("measured: no gradient arrives, so there is no factor")))
    else:
        lines.append(("text", tr("measured: a factor of {factor} a step on average", factor=short(measured))))
    if steps > 1:
        wanted = decimals(0.5 ** (1 / steps), 4)
        lines.append(("text", tr("for half of it to outlast all {steps} steps, |λ| must be {factor}", steps=steps,
                                 factor=wanted)))  # fmt: skip
    lines.append(("dim", tr("no σ_w–σ_b plane: from step to step no weight matrix multiplies")))
    return lines
