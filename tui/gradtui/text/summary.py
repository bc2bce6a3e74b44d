"""One-line summaries that the screen and the headless commands share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .formats import short
from .language import tr

if TYPE_CHECKING:
    from gradtui_engine import Outcome, Run
    from gradtui_engine.experiment.resolved import Resolved

#: Glyph of each kind of outcome: the meaning is in the glyph and the word, the colour only repeats it.
MARKS = {
    "healthy": "●",
    "vanishing": "▼",
    "exploding": "▲",
    "dead": "○",
    "saturated": "▬",
    "symmetric": "≡",
    "non_finite": "✗",
}


def describe(experiment: Resolved, detail: int = 2) -> str:
    """What is run, in a line: MLP 30×64 · sigmoid · xavier_normal · digits · batch 64 · seed 0.

    detail 1 leaves out the batch, 0 all but the shape and the seed.
    """
    name = experiment.cell.upper()
    if not experiment.kind.over_time:
        shape = f"{name} {experiment.depth}×{experiment.width} · {experiment.activation}"
    else:
        stacked = f" × {tr('{count} layers', count=experiment.layers)}" if experiment.layers > 1 else ""
        count = experiment.steps
        steps = tr("{count} steps", count=count) if count != 1 else tr("1 step")
        shape = (
            f"{name} {experiment.width}{stacked}" if count is None else f"{name} {steps} × {experiment.width}{stacked}"
        )
    if experiment.sigma_w is not None:
        init = f"σ_w {experiment.sigma_w:g}"
    else:
        init = experiment.init if experiment.gain == 1.0 else f"{experiment.init} ×{_gain(experiment)}"
    parts = [shape]
    if detail > 0:
        parts += [*_extras(experiment), init, experiment.data]
    if detail > 1 and experiment.batch is not None:
        parts.append(tr("batch {size}", size=experiment.batch))
    return " · ".join([*parts, tr("seed {number}", number=experiment.seed)])


def _gain(experiment: Resolved) -> str:
    return experiment.gain if isinstance(experiment.gain, str) else short(experiment.gain)


def _extras(experiment: Resolved) -> Iterator[str]:
    """What is not as in the plainest network of the cell."""
    if experiment.cell == "rnn" and experiment.activation != "tanh":
        yield experiment.activation
    if experiment.pin_forget is not None and experiment.kind.gated:
        yield tr("gate pinned at {value}", value=f"{experiment.pin_forget:g}")
    elif experiment.kind.path_bias == "forget_bias":
        yield tr("forget bias {value}", value=f"{experiment.forget_bias:g}")
    if not experiment.kind.over_time:
        if experiment.norm != "none":
            yield tr("{kind} norm", kind=experiment.norm)
        if experiment.residual != "none":
            yield tr("residual") if experiment.residual == "add" else tr("scaled residual")
    if experiment.clip != "none":
        yield tr("clip by {rule}", rule=experiment.clip)
    if experiment.dtype != "float64":
        yield experiment.dtype


def experiment_line(trace: Run) -> str:
    return describe(trace.resolved)


def verdict_line(outcome: Outcome) -> str:
    """▼ vanishing: what, where, how fast."""
    kind = f"{MARKS[outcome.kind]} {tr(outcome.kind.replace('_', '-'))}"
    return tr("{verdict}: {message}", verdict=kind, message=tr(outcome.message))
