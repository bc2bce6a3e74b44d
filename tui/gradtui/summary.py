"""One-line summaries that the screen and the headless commands share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtui_engine import Experiment, Outcome, Trace

#: Glyph of each kind of outcome: the meaning is in the glyph and the word, the colour only repeats it.
MARKS = {
    "healthy": "●",
    "vanishing": "▼",
    "exploding": "▲",
    "dead": "○",
    "saturated": "▬",
    "symmetric": "=",
    "non_finite": "✗",
}


def describe(experiment: Experiment, with_batch: bool = True) -> str:
    """What is run, in a line: MLP 30×64 · sigmoid · xavier_normal · digits · batch 64 · seed 0."""
    name = experiment.cell.upper()
    if experiment.cell == "mlp":
        shape = f"{name} {experiment.depth}×{experiment.width} · {experiment.activation}"
    else:
        stacked = f" × {experiment.layers} layers" if experiment.layers > 1 else ""
        shape = f"{name} {experiment.steps} steps × {experiment.width}{stacked}"
    extras = "".join(f" · {text}" for text in _extras(experiment))
    if experiment.sigma_w is not None:
        init = f"σ_w {experiment.sigma_w:g}"
    else:
        gain = "" if experiment.gain == 1.0 else f" ×{experiment.gain}"
        init = f"{experiment.init}{gain}"
    batch = f" · batch {experiment.batch}" if with_batch else ""
    return f"{shape}{extras} · {init} · {experiment.data}{batch} · seed {experiment.seed}"


def _extras(experiment: Experiment) -> Iterator[str]:
    """What is not as in the plainest network of the cell."""
    if experiment.cell == "rnn" and experiment.activation != "tanh":
        yield str(experiment.activation)
    if experiment.pin_forget is not None and experiment.cell in ("lstm", "gru"):
        yield f"pinned {experiment.pin_forget:g}"
    elif experiment.cell == "lstm":
        yield f"forget bias {experiment.forget_bias:g}"
    if experiment.cell == "mlp":
        if experiment.norm != "none":
            yield f"{experiment.norm} norm"
        if experiment.residual != "none":
            yield "residual" if experiment.residual == "add" else "scaled residual"
    if experiment.clip != "none":
        yield f"clip {experiment.clip}"
    if experiment.dtype != "float64":
        yield experiment.dtype


def experiment_line(trace: Trace) -> str:
    return describe(trace.experiment)


def verdict_line(outcome: Outcome) -> str:
    """▼ vanishing: what, where, how fast."""
    return f"{MARKS[outcome.kind]} {outcome.kind.replace('_', '-')}: {outcome.message}"
