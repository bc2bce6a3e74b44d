"""The plane pane of gated cells: no plane, but one number that decides, the bias of the gate on the direct path.

A curve: the half-life of the path, ln ½ / ln σ(b), over the bias b; a log axis, as it grows like e^b.
"""

from __future__ import annotations

import math

import numpy as np

from gradtui_engine.analysis.decay import half_life
from gradtui_engine.analysis.gate_path import DirectPath, at_bias, at_factor, measured, predicted
from gradtui_engine.cells.cell import GatePath
from gradtui_engine.core.figures import decimals, exact, power_of_ten, short

from ...text.graph import Axes, Graph
from ...text.language import tr
from ...text.spans import Line, first_title
from ...text.undefined import defined
from ..frame.plots import FIRST, SECOND
from ..frame.scene import Scene
from .words import Sentence, drawn_over

#: The biases that are shown: half-lives of a sixth of a step to 2,000 steps.
_LEAST, _MOST = -4.0, 8.0
_BIASES = tuple((float(bias), f"{bias}") for bias in range(-4, 9, 2))
_LIVES = tuple((float(power), power_of_ten(power)) for power in range(-1, 5))
_HERE, _MEASURED = "◆", "■"


def title(scene: Scene, width: int) -> str:
    return first_title(
        width,
        tr("how long the direct path remembers: its half-life, for every bias of its gate"),
        tr("half-life of the direct path, by the gate's bias"),
        tr("half-life of the direct path"),
        tr("half-life"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    path, factor = _path(scene), defined(measured(scene.stages), scene.record)
    return drawn_over(
        lambda rows: _curve(scene, path, factor, width, rows),
        _legend(scene, factor),
        reading(scene),
        width,
        height,
    )


def _path(scene: Scene) -> DirectPath:
    path = predicted(scene.resolved)
    assert path is not None  # the pane is shown for gated cells alone
    return path


def _gate(scene: Scene) -> GatePath:
    gate = scene.resolved.kind.path
    assert gate is not None  # the pane is shown for gated cells alone
    return gate


def _steps(scene: Scene) -> int:
    return len(scene.stages) - 1


def _curve(scene: Scene, path: DirectPath, factor: float | None, width: int, height: int) -> list[Line]:
    """The half-life over the bias, this network's place on it, and the length of the whole sequence."""
    axes = Axes((_LEAST, _MOST), (-1.0, 4.0), _BIASES, _LIVES)
    graph = Graph(axes, width, height - 2)
    steps = math.log10(_steps(scene))
    graph.across(steps, "reference")
    complement = _gate(scene).complement
    graph.function(np.vectorize(lambda bias: math.log10(at_bias(bias, complement).half_life)), FIRST, "h")
    place = min(max(path.bias, _LEAST), _MOST)
    if factor is not None:
        graph.mark(place, _level(half_life(factor)), _MEASURED, SECOND)
    glyph = _HERE if place == path.bias else ("▶" if path.bias > _MOST else "◀")
    here = graph.mark(place, _level(path.half_life), glyph, "cursor")
    graph.name(here, (tr("this network's bias"), "cursor"), (tr("here"), "cursor"))
    graph.name(graph.cell(_LEAST, steps), (tr("all {steps} steps", steps=_steps(scene)), "label"))
    return graph.lines()


def _level(life: float) -> float:
    """log10 of a half-life, at the edge of the plot where it lies beyond."""
    return min(max(math.log10(life), -1.0), 4.0) if life > 0 else -1.0


def _legend(scene: Scene, factor: float | None) -> list[Line]:
    lines: list[Line] = [
        [(tr("→ bias b of the gate {gate}", gate=_gate(scene).gate), "label")],
        [(tr("↑ half-life in steps"), "label")],
    ]
    if factor is not None:
        lines.append([(tr("{mark} measured, where it lies elsewhere", mark=_MEASURED), SECOND)])
    return lines


def reading(scene: Scene) -> list[Sentence]:
    """What the gate's bias comes to, most important first."""
    path = _path(scene)
    resolved, steps = scene.resolved, _steps(scene)
    gate, left = _gate(scene).symbol, short(path.factor**steps)
    values = {"gate": gate, "factor": short(path.factor), "half_life": short(path.half_life), "steps": steps}
    if path.factor == 1.0:
        here = tr("{gate} is 1: on the direct path nothing is forgotten", gate=gate)
    elif resolved.pin_forget is not None:
        here = tr(
            "{gate} is pinned to {factor}: half-life {half_life} steps, and {left} is left after {steps}",
            left=left,
            **values,
        )
    else:
        here = tr(
            "bias {bias}: {gate} = σ({logit}) = {factor}, half-life {half_life} steps; {left} is left after {steps}",
            bias=exact(path.bias),
            # 1 − σ(b) = σ(−b); and not −0.
            logit=exact(-path.bias if _gate(scene).complement else path.bias),
            left=left,
            **values,
        )
    lines: list[Sentence] = [("strong", here), ("text", _measured_words(scene))]
    if steps > 1:
        wanted = at_factor(0.5 ** (1 / steps), _gate(scene).complement)
        lines.append(
            (
                "text",
                tr("for half of it to outlast all {steps} steps, {gate} must be {factor}: a bias of {bias}",
                   steps=steps, gate=gate, factor=decimals(wanted.factor, 4), bias=short(wanted.bias)),
            )
        )  # fmt: skip
    lines.append(("dim", tr("gated cells have no σ_w–σ_b plane: on the direct path no weight matrix multiplies")))
    return lines


def _measured_words(scene: Scene) -> str:
    factor = defined(measured(scene.stages), scene.record)
    if factor is None:
        return tr("measured: no gradient arrives, so there is no factor")
    if factor == 1.0:
        return tr("measured on the direct path: nothing is lost, the factor is 1")
    return tr(
        "measured on the direct path: a factor of {factor} a step on average, half-life {half_life} steps",
        factor=short(factor),
        half_life=short(half_life(factor)),
    )
