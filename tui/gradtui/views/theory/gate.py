"""The plane pane of gated cells: no plane, but one number that decides, the bias of the gate on the direct path.

Bars: the half-life of the path, ln ½ / ln σ(b), over the bias b; a log axis, as it grows like e^b.
"""

from __future__ import annotations

import math

from gradtui_engine.analysis.decay import half_life
from gradtui_engine.analysis.gate_path import DirectPath, at_bias, at_factor, measured, predicted
from gradtui_engine.cells.cell import GatePath
from gradtui_engine.core.figures import decimals, exact, short

from ...text.language import tr
from ...text.scale import LogScale, upwards
from ...text.spans import Line, Span, first_title, runs
from ...text.undefined import defined
from ..frame.scene import Scene
from ..frame.timeaxis import MARGIN
from .words import Sentence, drawn_over

#: The biases that are shown: half-lives of a sixth of a step to 2,000 steps.
_LEAST, _MOST = -4.0, 8.0
_SCALE = LogScale(-1, 4)
_TICKS = ("0.1", "1e4")
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
        lambda rows: _bars(scene, path, factor, width - MARGIN, rows),
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


def _bars(scene: Scene, path: DirectPath, factor: float | None, columns: int, rows: int) -> list[Line]:
    cells: list[list[Span]] = [[(" ", "text")] * columns for _ in range(rows)]
    whole = _row(float(_steps(scene)), rows)
    cells[whole] = [("─", "reference")] * columns
    biases = [_LEAST + (column + 0.5) / columns * (_MOST - _LEAST) for column in range(columns)]
    lives = (at_bias(bias, _gate(scene).complement).half_life for bias in biases)
    bars = upwards([_SCALE.eighths(life, rows) for life in lives], rows)
    for row, glyphs in zip(cells, reversed(bars), strict=True):
        row[:] = [(glyph, "cell") if glyph != " " else span for glyph, span in zip(glyphs, row, strict=True)]
    column = _column(path.bias, columns)
    if factor is not None:
        cells[_row(half_life(factor), rows)][column] = (_MEASURED, "strong")
    glyph = _HERE if _LEAST <= path.bias <= _MOST else ("▶" if path.bias > _MOST else "◀")
    cells[_row(path.half_life, rows)][column] = (glyph, "cursor")
    ticks = {0: _TICKS[0], rows - 1: _TICKS[1], _row(1.0, rows): "1"}
    lines: list[Line] = [
        [(ticks.get(row, "").rjust(MARGIN - 1) + " ", "label"), *runs(cells[row])] for row in range(rows - 1, -1, -1)
    ]
    return [*lines, _ticks(columns)]


def _row(value: float, rows: int) -> int:
    return min(math.floor(_SCALE.position(value) * rows), rows - 1)


def _column(bias: float, columns: int) -> int:
    share = (min(max(bias, _LEAST), _MOST) - _LEAST) / (_MOST - _LEAST)
    return min(math.floor(share * columns), columns - 1)


def _ticks(columns: int) -> Line:
    text = [" "] * columns
    for bias in range(int(_LEAST), int(_MOST) + 1, 2):
        label = f"{bias}"
        start = min(_column(float(bias), columns), columns - len(label))
        text[start : start + len(label)] = list(label)
    return [(" " * MARGIN + "".join(text), "label")]


def _legend(scene: Scene, factor: float | None) -> list[Line]:
    lines: list[Line] = [
        [(tr("→ bias b of the gate {gate}", gate=_gate(scene).gate), "label")],
        [(tr("↑ half-life in steps"), "label")],
        [(tr("{line} the whole sequence, {steps} steps", line="─", steps=_steps(scene)), "label")],
        [(tr("{mark} this network's bias", mark=_HERE), "cursor")],
    ]
    if factor is not None:
        lines.append([(tr("{mark} measured, where it lies elsewhere", mark=_MEASURED), "strong")])
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
    lines: list[Sentence] = [("cursor", here), ("text", _measured_words(scene))]
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
