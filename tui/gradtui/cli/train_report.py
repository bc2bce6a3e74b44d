"""What `gradtui train` prints: what was trained, a table of a few iterations, the verdict, and A beside B."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradtui_engine.core.figures import NONE, counted, exact, loss_text, percent, power_of_ten, rounded, short
from gradtui_engine.core.numerics import Array
from gradtui_engine.experiment.resolved import Resolved
from gradtui_engine.experiment.training import EPOCHS, FRESH, Training
from gradtui_engine.program.program import first_learning, place_of, stage_place
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.schedules import SCHEDULES
from gradtui_engine.training.snapshot import TrainingSnapshot
from gradtui_engine.training.stream import Stream

from ..text.language import plural, tr
from ..text.race_words import compared
from ..text.summary import describe, rates_of_layers
from ..text.table_words import off_by
from .columns import GAP, aligned, widths_of

#: Rows of the table, the state after the last update included.
_ROWS = 8
#: Beyond such powers of ten a number is none.
_POWERS = 300
#: Of fewer validated iterations others are told too.
_ENOUGH = 4
#: The columns that give way in a narrow terminal, in this order.
_SPARE = ("rate", "right", "last", "held_right", "first", "ratio", "held")


def report(snapshots: Sequence[TrainingSnapshot], streams: Sequence[Stream], width: int) -> list[str]:
    """The lines of one training, or of A and B."""
    names = [""] if len(snapshots) == 1 else ["A", "B"]
    lines = []
    for name, snapshot, stream in zip(names, snapshots, streams, strict=True):
        lines.append(_named(name, describe(stream.resolved)))
        lines.append(" " * len(_named(name, "")) + described(snapshot.training, stream))
    lines += [_caption(snapshots[0])] if len(snapshots) == 1 or _alike(snapshots) else []
    for name, snapshot, stream in zip(names, snapshots, streams, strict=True):
        if len(snapshots) > 1:
            lines += ["", name if _alike(snapshots) else _named(name, _caption(snapshot))]
        lines += _table(snapshot, width)
        lines += _gates(snapshot, stream.resolved)
    lines.append("")
    lines += interrupted(snapshots)
    lines += [_named(name, line) for name, each in zip(names, snapshots, strict=True) for line in _distance(each)]
    lines += [_named(name, line) for name, each in zip(names, streams, strict=True) for line in _out_of_range(each)]
    outcomes = [snapshot.outcome for snapshot in snapshots]
    lines += [_named(name, tr(each.message)) for name, each in zip(names, outcomes, strict=True) if each is not None]
    if len(outcomes) > 1 and outcomes[0] is not None and outcomes[1] is not None:
        lines.append(compared(outcomes[0], outcomes[1]))
    return lines


def _distance(snapshot: TrainingSnapshot) -> Iterator[str]:
    """How far the answers are off at the end, in the units of a file's target."""
    if snapshot.yardstick is None or not snapshot.count:
        return
    if snapshot.validations:
        last = snapshot.validations[-1]
        distance = off_by(snapshot.yardstick, last.loss)
        yield tr(
            "root mean square error at k = {k}, held out: {distance}", k=counted(last.iteration), distance=distance
        )
    else:
        distance = off_by(snapshot.yardstick, float(snapshot.columns["loss"][-1]))
        yield tr("root mean square error of the last batch: {distance}", distance=distance)


def _out_of_range(stream: Stream) -> Iterator[str]:
    """Targets that the output's activation cannot give, and what the nearest that it can give costs of all of them.

    Each activation of an output rises from its lowest number, at −∞, to its highest.
    """
    resolved = stream.resolved
    if resolved.output_activation == "none" or resolved.loss != "mse":
        return
    ends = np.empty(2)
    ACTIVATIONS[resolved.output_activation].forward(np.array([-math.inf, math.inf]), ends, 1.0)
    targets = (stream.samples or stream.batch(0)).target.astype(np.float64)
    beyond = targets - np.clip(targets, *ends)
    if beyond.any():
        yield tr(
            "{share} of the targets of {samples} lie outside of what a {activation} output can be ({low} to {high}): "
            "over them no mean squared error is below {floor}",
            samples=tr("all samples") if stream.samples is not None else tr("the first batch"),
            share=percent(float((beyond != 0).mean())), activation=resolved.output_activation, low=exact(ends[0]),
            high="∞" if math.isinf(ends[1]) else exact(ends[1]), floor=short(float((beyond**2).mean())),
        )  # fmt: skip


def interrupted(snapshots: Sequence[TrainingSnapshot]) -> list[str]:
    """What is said of trainings that somebody has stopped."""
    names = [""] if len(snapshots) == 1 else ["A", "B"]
    return [
        _named(
            name,
            tr(
                "interrupted after {count} of {all} iterations: this is what they came to",
                count=counted(snapshot.count), all=counted(snapshot.training.iterations),
            ),
        )
        for name, snapshot in zip(names, snapshots, strict=True)
        if snapshot.interrupted
    ]  # fmt: skip


def _named(name: str, text: str) -> str:
    return f"{name}: {text}" if name else text


def described(training: Training, stream: Stream) -> str:
    """How it is trained: 300 iterations · epochs · sgd, rate 0.1 · warmup over 30 · 20 % held out."""
    resolved = stream.resolved
    kinds = {EPOCHS: tr("epochs"), FRESH: tr("fresh batches")}
    parts = [
        plural("1 iteration", "{count} iterations", training.iterations),
        kinds.get(training.kind_of_batches, tr("one batch")),
        tr("{optimizer}, rate {rate}", optimizer=resolved.optimizer, rate=exact(resolved.learning_rate)),
        *rates_of_layers(resolved),
    ]
    told = SCHEDULES[training.schedule].told
    if told:
        factor, every = exact(training.step_factor), counted(training.step_every_iterations)
        parts.append(tr(told, factor=factor, every=every))
    if training.warmup_iterations:
        parts.append(tr("warmup over {count}", count=counted(training.warmup_iterations)))
    parts += map(str, training.turns)
    if stream.validation is None:
        parts.append(tr("nothing held out: the verdict is of the training batches"))
    elif stream.samples is not None:
        # Of a few samples less than what was asked for: none of the first batch is held out.
        parts.append(tr("{share} held out", share=percent(len(stream.held_rows) / stream.samples.size)))
    return " · ".join(parts)


# -- the table ---------------------------------------------------------------------------------------------


def _caption(snapshot: TrainingSnapshot) -> str:
    first, last = _ends(snapshot)
    return tr(
        "k: updates so far; ‖∂L/∂h‖ at {first} and {last}, and their ratio",
        first=tr(place_of(snapshot.axis, first)), last=tr(place_of(snapshot.axis, last)),
    )  # fmt: skip


def _alike(snapshots: Sequence[TrainingSnapshot]) -> bool:
    return len({_caption(snapshot) for snapshot in snapshots}) == 1


def _ends(snapshot: TrainingSnapshot) -> tuple[int, int]:
    """The first stage that learns, and the last one; of one layer alone the input, and that."""
    last = snapshot.columns["gradient"].shape[1] - 1
    first = first_learning(snapshot.axis, last)
    return (first if first < last else 0), last


@dataclass(frozen=True)
class _Row:
    """The training after k updates: what the batch of iteration k gave, and the validation before it."""

    k: int
    snapshot: TrainingSnapshot

    def of_batch(self, name: str) -> float | None:
        return float(self.snapshot.columns[name][self.k]) if self.k < self.snapshot.count else None

    def held(self, name: str) -> float | None:
        found = [getattr(row, name) for row in self.snapshot.validations if row.iteration == self.k]
        return found[0] if found else None

    def log(self, stage: int) -> float | None:
        return float(self.snapshot.columns["gradient"][self.k, stage]) if self.k < self.snapshot.count else None


def iterations_to_tell(snapshot: TrainingSnapshot) -> list[int]:
    """From 0 to the last one, about evenly spaced, validated ones alone where they are enough; and the end."""
    last = snapshot.count - 1
    validated = np.array([row.iteration for row in snapshot.validations if row.iteration <= last])
    known = validated if len(validated) >= _ENOUGH else np.arange(snapshot.count)
    chosen = {0, last}
    for place in np.linspace(0, last, _ROWS - 1)[1:-1]:
        chosen.add(int(known[np.abs(known - place).argmin()]))
    after = {row.iteration for row in snapshot.validations if row.iteration == snapshot.count}
    return sorted(chosen | after)


def _table(snapshot: TrainingSnapshot, width: int) -> list[str]:
    first, last = _ends(snapshot)
    rows = [_Row(k, snapshot) for k in iterations_to_tell(snapshot)]
    of_classes = not np.isnan(snapshot.columns["accuracy"]).all()
    columns: dict[str, tuple[str, Callable[[_Row], str]]] = {
        "k": ("k", lambda row: counted(row.k)),
        "loss": (tr("loss"), lambda row: loss_text(row.of_batch("loss"))),
        "right": (tr("correct"), lambda row: percent(row.of_batch("accuracy"))),
        "held": (tr("held out"), lambda row: loss_text(row.held("loss"))),
        "held_right": (tr("correct"), lambda row: percent(row.held("accuracy"))),
        "rate": (tr("rate"), lambda row: rounded(row.of_batch("learning_rate"), 3)),
        "first": (_head(snapshot, first), lambda row: _power(row.log(first))),
        "last": (_head(snapshot, last), lambda row: _power(row.log(last))),
        "ratio": (tr("ratio"), lambda row: _ratio(row.log(first), row.log(last))),
    }
    missing = ([] if of_classes else ["right", "held_right"]) + ([] if snapshot.validations else ["held", "held_right"])
    columns = {name: column for name, column in columns.items() if name not in missing}
    for spare in (None, *_SPARE):
        columns = {name: column for name, column in columns.items() if name != spare}
        cells = [[head for head, _ in columns.values()]]
        cells += ([text(row) for _, text in columns.values()] for row in rows)
        if sum(column + GAP for column in widths_of(cells)) - GAP <= width:
            break
    return aligned(cells)


def _head(snapshot: TrainingSnapshot, stage: int) -> str:
    """A stage as the head of a column: layer 1, t = 0, the input."""
    before = stage < first_learning(snapshot.axis, stage + 1)
    return tr(place_of(snapshot.axis, stage) if before else stage_place(snapshot.axis, stage))


def _power(logarithm: float | None) -> str:
    """10^logarithm, which may be below what a number can hold."""
    if logarithm is None:
        return NONE
    if abs(logarithm) < _POWERS or not math.isfinite(logarithm):
        return short(10.0**logarithm)
    return power_of_ten(round(logarithm))


def _ratio(first: float | None, last: float | None) -> str:
    if first is None or last is None or first == last == -math.inf:  # 0 of 0 is no number
        return NONE
    return _power(first - last)


# -- gates -------------------------------------------------------------------------------------------------


def _gates(snapshot: TrainingSnapshot, resolved: Resolved) -> Iterator[str]:
    """Each gate's mean over batch, units and steps at the first iteration and at the last."""
    if "gates" not in snapshot.columns:
        return
    means: Array = snapshot.columns["gates"].mean(axis=2)
    gates = [
        tr("{gate} {before} → {after}", gate=tr(gate.name), before=short(before), after=short(after))
        for gate, before, after in zip(resolved.kind.gates, means[0].tolist(), means[-1].tolist(), strict=True)
    ]
    yield tr(
        "gates, mean over time, at k {first} → {last}: {gates}",
        first=0, last=counted(snapshot.count - 1), gates=tr(", ").join(gates),
    )  # fmt: skip
