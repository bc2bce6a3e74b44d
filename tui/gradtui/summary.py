"""One-line summaries that the screen and the headless commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtui_engine import Experiment, Outcome, Trace

#: Glyph of each kind of outcome: the meaning is in the glyph and the word, the colour only repeats it.
MARKS = {"healthy": "●", "vanishing": "▼", "exploding": "▲", "non_finite": "✗"}


def describe(experiment: Experiment, with_batch: bool = True) -> str:
    """What is run, in a line: MLP 30×64 · sigmoid · xavier_normal · digits · batch 64 · seed 0."""
    shape = {
        "mlp": f"MLP {experiment.depth}×{experiment.width} · {experiment.activation}",
        "lstm": f"LSTM {experiment.steps} steps × {experiment.width} · forget bias {experiment.forget_bias:g}",
    }[experiment.cell]
    gain = "" if experiment.gain == 1.0 else f" ×{experiment.gain:g}"
    dtype = "" if experiment.dtype == "float64" else f" · {experiment.dtype}"
    batch = f" · batch {experiment.batch}" if with_batch else ""
    return f"{shape} · {experiment.init}{gain} · {experiment.data}{batch} · seed {experiment.seed}{dtype}"


def experiment_line(trace: Trace) -> str:
    return describe(trace.experiment)


def verdict_line(outcome: Outcome) -> str:
    """▼ vanishing: what, where, how fast."""
    return f"{MARKS[outcome.kind]} {outcome.kind.replace('_', '-')}: {outcome.message}"
