"""One-line summaries that the screen and the headless commands share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from gradtui_engine.core.figures import exact, short
from gradtui_engine.core.message import English
from gradtui_engine.core.widths import told
from gradtui_engine.recordings.clean import cleaned
from gradtui_engine.rules.initialisers import INITIALISERS

from .language import plural, tr

if TYPE_CHECKING:
    from gradtui_engine import Outcome
    from gradtui_engine.analysis.record import Source
    from gradtui_engine.experiment.resolved import Resolved

#: Glyph of each kind of outcome: the meaning is in the glyph and the word, the colour only repeats it.
MARKS = {
    "healthy": "●",
    "vanishing": "▼",
    "exploding": "▲",
    "dead": "○",
    "saturated": "▬",
    "symmetric": "≡",
    "truncated": "┃",
    "non_finite": "✗",
    "off_scale": "◆",
    "still": "■",
    "cut_off": "⊘",
    "underflow": "∅",
    "shrinking": "▂",
    "starved": "«",
    "overshooting": "›",
    "diverging": "»",
    "trained": "✓",
    "overfitted": "◑",
    "falling": "↘",
    "stalled": "≈",
    "diverged": "↗",
}
#: Why a question has no answer. The first one always has.
NOT_ASKED: dict[str, English] = {
    "first_step": "not asked: this recording does not have it",
    "learning": "not asked: this is one iteration",
}


def kind_name(kind: str) -> str:
    """The kind of an outcome in the current language."""
    from gradtui_engine.analysis.outcome import KINDS  # not before there is an outcome: with NumPy

    return tr(KINDS[kind].called)


#: All that `describe` can say.
WHOLE = 3


def kind_says(kind: str) -> str:
    """What the kind of an outcome means, in plain words."""
    from gradtui_engine.analysis.outcome import KINDS

    return tr(KINDS[kind].says)


def describe(resolved: Resolved, detail: int = WHOLE) -> str:
    """What is run, in a line: MLP 30×64 · sigmoid · xavier_normal · digits · batch 64 · adam · rate 0.01 · seed 0.

    detail 2 leaves out the batch, 1 the optimiser as well, 0 all but the shape and the seed.
    """
    name = resolved.kind.title
    if not resolved.kind.over_time:
        shape = f"{name} {layers(resolved)} · {resolved.activation}"
    else:
        stacked = f" × {plural('1 layer', '{count} layers', resolved.layers)}" if resolved.layers > 1 else ""
        count = resolved.steps
        steps = f"{plural('1 step', '{count} steps', count)} × " if count is not None else ""
        shape = f"{name} {steps}{resolved.width}{stacked}"
    parts = [shape]
    if detail > 0:
        parts += [*_extras(resolved), *_start(resolved), resolved.data]
    if detail > 2 and resolved.batch is not None:
        parts.append(tr("batch {size}", size=resolved.batch))
    if detail > 1:
        parts += _update(resolved)
    return " · ".join([*parts, tr("seed {number}", number=resolved.seed)])


def layers(resolved: Resolved) -> str:
    """The hidden layers: 30×64, 512·256·128; of many that differ the first, the last and their number."""
    if not resolved.widths:
        return f"{resolved.depth}×{resolved.width}"
    text = told(resolved.widths, "·")
    return f"{text} ({plural('1 layer', '{count} layers', resolved.depth)})" if "…" in text else text


def resolved_of(source: Source) -> Resolved | None:
    """What a source's experiment comes to, with what a CSV file decided; None where nobody knows which it was."""
    if source.resolved is None and source.experiment is not None:
        return source.experiment.resolved
    return source.resolved


def describe_source(source: Source, detail: int = WHOLE) -> str:
    """Where a record comes from, in a line: the file of a recording, and what was run, where that is known."""
    file = cleaned(PurePath(source.recording).name)
    resolved = resolved_of(source)
    what = describe(resolved, detail) if resolved is not None else source.words
    return " · ".join(part for part in (file, what) if part)


def _start(resolved: Resolved) -> Iterator[str]:
    """How weights start, and those that have a rule of their own: keras_default, W_hh identity ×0.9, output zeros."""
    if resolved.sigma_w is not None:
        yield f"σ_w {exact(resolved.sigma_w)}"
    else:
        yield _drawn(resolved.init, resolved.gain)
    by_set = INITIALISERS[resolved.init].recurrent
    recurrent = resolved.init_recurrent if resolved.init_recurrent != by_set or resolved.sigma_w is not None else None
    if resolved.kind.over_time and (recurrent is not None or resolved.gain_recurrent is not None):
        yield f"W_hh {_drawn(recurrent or '', resolved.gain_recurrent)}"
    if resolved.output_activation != "none":
        yield tr("output {rule}", rule=resolved.output_activation)
    if resolved.init_output is not None or resolved.gain_output is not None:
        yield tr("output {rule}", rule=_drawn(resolved.init_output or "", resolved.gain_output))


def _drawn(rule: str, gain: float | str | None) -> str:
    factor = "" if gain in (None, 1.0) and rule else f"×{gain if isinstance(gain, str) else short(gain or 0.0)}"
    return f"{rule} {factor}".strip()


def _update(resolved: Resolved) -> Iterator[str]:
    """The optimiser where it is not the usual one, and the rate where it is not the optimiser's own."""
    from gradtui_engine.rules.optimisers import OPTIMISERS  # not before there is a network: with NumPy

    if resolved.optimizer != OPTIMISERS.names[0]:
        yield resolved.optimizer
    if resolved.learning_rate != OPTIMISERS[resolved.optimizer].learning_rate:
        yield tr("rate {rate}", rate=exact(resolved.learning_rate))
    yield from rates_of_layers(resolved)


def rates_of_layers(resolved: Resolved) -> Iterator[str]:
    """The rates that layers have of their own."""
    from gradtui_engine.experiment.resolved import RATES_OF_LAYERS

    for layer, field in RATES_OF_LAYERS.items():
        rate = getattr(resolved, field)
        if rate is not None:
            yield tr("layer {number}: rate {rate}", number=layer, rate=exact(rate))


#: What a way to join branch and skip is called where it is not by its own name.
_RESIDUALS: dict[str, English] = {
    "add": "residual", "scaled": "scaled residual", "rezero": "ReZero", "layer_scale": "LayerScale",
    "deepnorm": "DeepNorm", "highway": "Highway",
}  # fmt: skip


def _tokens(resolved: Resolved) -> Iterator[str]:
    """What a Transformer has other than LayerNorm before each branch, and skips."""
    if resolved.norm == "none":
        yield tr("no norm")
    if resolved.norm not in ("none", resolved.kind.default_norm):
        yield tr("{kind} norm", kind=resolved.norm)
    if resolved.residual == "none":
        yield tr("no skips")
    elif resolved.residual != resolved.kind.default_residual:
        yield tr(_RESIDUALS[resolved.residual])
    if resolved.residual_block == "post_norm" and resolved.residual == "add":
        yield "post-LN"
    if resolved.query_gain == 0:
        yield tr("uniform attention")


def _extras(resolved: Resolved) -> Iterator[str]:
    """What is not as in the plainest network of the cell."""
    cell = resolved.kind
    if cell.over_time and cell.chooses_activation and resolved.activation != cell.default_activation:
        yield resolved.activation
    if resolved.pin_forget is not None and resolved.kind.gated:
        yield tr("gate pinned at {value}", value=exact(resolved.pin_forget))
    else:
        if resolved.gate_init == "chrono" and cell.chrono:
            yield tr("chrono {steps}", steps=resolved.chrono_steps)
        if cell.path_bias == "forget_bias" and (resolved.forget_bias or resolved.gate_init != "chrono"):
            yield tr("forget bias {value}", value=exact(resolved.forget_bias))
        elif cell.path_bias == "update_bias" and resolved.update_bias:
            yield tr("update bias {value}", value=exact(resolved.update_bias))
    if cell.over_time and resolved.truncate is not None:
        yield plural("cut after every step", "cut every {count} steps", resolved.truncate)
    if cell.tokens:
        yield from _tokens(resolved)
    elif not cell.over_time:
        if resolved.norm != "none":
            yield tr("{kind} norm", kind=resolved.norm)
        if resolved.residual != "none":
            yield tr(_RESIDUALS.get(resolved.residual, resolved.residual))
    if resolved.dropout and (not resolved.kind.over_time or resolved.layers > 1):
        yield tr("dropout {rate}", rate=exact(resolved.dropout))
    if resolved.clip != "none":
        yield tr("clip by {rule}", rule=resolved.clip)
    if resolved.dtype != "float64":
        yield resolved.dtype
    if resolved.number_type.is_emulated:
        if resolved.loss_scale != "none":
            scale = resolved.loss_scale
            yield tr("loss scale {scale}", scale=scale if isinstance(scale, str) else short(scale))
        if resolved.rounds_weights:
            yield tr("16-bit weights")


def answer_lines(outcome: Outcome) -> list[str]:
    """Each of the three questions with its answer; one that was not asked says so."""
    from gradtui_engine.analysis.outcome import QUESTIONS  # not before there is an outcome: with NumPy

    answers = {answer.question: answer for answer in outcome.answers}
    lines = []
    for name, question in QUESTIONS.items():
        answer = answers.get(name)
        if answer is None:
            lines.append(f"– {tr(question)} {tr(NOT_ASKED[name])}")
        else:
            verdict = tr("{kind}: {message}", kind=kind_name(answer.kind), message=tr(answer.message))
            lines.append(f"{MARKS[answer.kind]} {tr(question)} {verdict}")
    return lines
