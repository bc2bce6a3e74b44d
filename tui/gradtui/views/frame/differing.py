"""What one experiment differs in from another, in words."""

from __future__ import annotations

from collections.abc import Iterable

from gradtui_engine import Experiment
from gradtui_engine.core.figures import exact
from gradtui_engine.experiment.experiment import options
from gradtui_engine.experiment.training import Turn

from ...model.changes import differences
from ...text.describe import field_name
from ...text.language import tr


def differing(a: Experiment, b: Experiment, turns: Iterable[Turn] = (), brief: bool = False) -> str:
    """activation sigmoid → relu, from iteration 40 on rate 0.1; not what only follows, nor what B has no use for.

    turns are what B's training changes on the way. In brief what B has, without what A has instead: activation relu.
    """
    pairs = []
    for field, _ in differences(a, b):
        same = a.resolved.said(field) == b.resolved.said(field)
        if not same and options()[field].applies_to(b.cell):
            # What a side has no use for, it does not have.
            one, two = (
                side.resolved.said(field) if options()[field].applies_to(side.cell) else None for side in (a, b)
            )
            pairs.append(f"{field_name(field)} {_value(two) if brief else f'{_value(one)} → {_value(two)}'}")
    pairs += [tr("from iteration {number} on {fields}", number=turn.iteration, fields=turned(turn)) for turn in turns]
    return tr(", ").join(pairs) or tr("nothing")


def turned(turn: Turn) -> str:
    """rate 0.1, clip norm: what is otherwise from an iteration on."""
    return tr(", ").join([f"{_name(field)} {_value(value)}" for field, value in turn.changes])


def _name(field: str) -> str:
    """Of the experiment or of the training."""
    if field == "learning_rate":
        return tr("rate")
    return field_name(field)


def _value(value: object) -> str:
    return "–" if value is None else (exact(value) if isinstance(value, float) else str(value))
