"""What one experiment differs in from another, in words."""

from __future__ import annotations

from gradtui_engine import Experiment
from gradtui_engine.core.figures import exact
from gradtui_engine.experiment.experiment import options

from ...model.changes import differences
from ...text.describe import field_name
from ...text.language import tr


def differing(a: Experiment, b: Experiment) -> str:
    """activation sigmoid → relu, init xavier_normal → he_normal; not what only follows, nor what B has no use for."""
    pairs = []
    for field, _ in differences(a, b):
        same = getattr(a.resolved, field) == getattr(b.resolved, field)
        if not same and options()[field].applies_to(b.cell):
            # What a side has no use for, it does not have.
            one, two = (
                getattr(side.resolved, field) if options()[field].applies_to(side.cell) else None for side in (a, b)
            )
            pairs.append(f"{field_name(field)} {_value(one)} → {_value(two)}")
    return tr(", ").join(pairs) or tr("nothing")


def _value(value: object) -> str:
    return "–" if value is None else (exact(value) if isinstance(value, float) else str(value))
