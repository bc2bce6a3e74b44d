"""A layer's factor from its parts, for the step that completes it."""

from __future__ import annotations

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.core.figures import short
from gradtui_engine.rules.activations import ACTIVATIONS

from ...text.language import tr
from ...text.undefined import defined
from .explain_helpers import Notes, angle_of
from .explain_tokens import factor_of

#: What multiplies a branch, in formulas.
SCALES = {"rezero": "α", "layer_scale": "γ", "highway": "t"}


def factor_notes(listed: Listed, step: Step) -> Notes:
    """The layer's factor from its parts, once the gradient has passed all of them."""
    if step.completes is None or step.stage is None:
        return []
    if listed.resolved.kind.tokens:
        return factor_of(listed, step)
    stage = listed.stages[step.completes]
    if defined(stage.factor, listed) is None:
        return []
    # What is 0 after one part has no factor for the next.
    parts = {name: value for name, value in stage.factors.items() if defined(value, listed) is not None}
    paths = [parts.pop(name, None) for name in ("branch", "skip", "cosine")]
    gate, gate_angle = parts.pop("gate", None), parts.pop("cosine_gate", None)
    slope = f"{ACTIVATIONS[listed.resolved.activation].symbol}′"
    named = {
        "activation": tr("slope {symbol}", symbol=slope),
        "weight": tr("weights {symbol}", symbol="W"),
        "scale": SCALES.get(listed.resolved.residual, "β"),
    }
    product = " × ".join(f"{named.get(name) or tr(name)} {short(value)}" for name, value in parts.items())
    number, factor = step.stage, short(stage.factor)
    unknown: Notes = []
    if stage.unknown_parts:
        unknown = [("dim", tr("not every part of the factor is known: {reason}", reason=tr(stage.unknown_parts)))]
    below = tr("layer {number}", number=step.completes) if step.completes else tr("the input")
    way = tr("from layer {number} to {below}", number=number, below=below)
    if not parts and unknown:
        return [("strong", tr("{way}: ×{factor}", way=way, factor=factor)), *unknown]
    if paths[0] is None:
        return [("strong", tr("{way}: {product} = ×{factor}", way=way, product=product, factor=factor)), *unknown]
    branch, skip = (short(value) for value in paths[:2])
    inside = tr("{way}: branch {product} = {branch}", way=way, product=product, branch=branch)
    outside = tr("with skip {skip} ({angle}) = ×{factor}", skip=skip, angle=angle_of(paths[2]), factor=factor)
    if gate is not None:
        outside = tr(
            "with skip {skip} ({angle}) and gate {gate} ({gate_angle}) = ×{factor}",
            skip=skip, angle=angle_of(paths[2]), gate=short(gate), gate_angle=angle_of(gate_angle), factor=factor,
        )  # fmt: skip
    return [("strong", inside), ("strong", outside), *unknown]
