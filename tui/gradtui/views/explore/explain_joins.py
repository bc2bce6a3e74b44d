"""The explanations of how a skip and a branch are joined: plain and scaled sums, learned scales, DeepNorm, Highway."""

from __future__ import annotations

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.core.figures import percent, short, subscript
from gradtui_engine.core.numerics import norm

from ...text.language import tr
from ...text.spans import GAP
from ...text.undefined import defined
from .explain_factor import SCALES, factor_notes
from .explain_helpers import Explain, Notes, angle_of, first, instruction, of_nothing, of_one


def _residual_forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    branch, skip = (first(listed, name) for name in operation.inputs)
    number, beta = subscript(step.stage or 0), short(operation.constant)
    return [
        ("formula", f"h{number} = h + β F(h){GAP}β = {beta}"),
        of_one(f"{short(skip)} + {beta} × {short(branch)} = {short(first(listed, operation.outputs[0]))}"),
        ("dim", tr("The skip adds 1 to the Jacobian: J becomes 1 + β J_F.")),
    ]


def _learned_forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    branch, skip = (first(listed, name) for name in operation.inputs)
    scale = listed.parameters[operation.parameters[0]]
    number, letter = subscript(step.stage or 0), SCALES[operation.operation]
    one = short(float(scale[0]))
    notes: Notes = [
        ("formula", f"h{number} = h + {letter} {'⊙ ' if scale.size > 1 else ''}F(h){GAP}{letter} = {one}"),
        of_one(f"{short(skip)} + {one} × {short(branch)} = {short(first(listed, operation.outputs[0]))}"),
    ]
    if scale.any():
        notes.append(("dim", tr("{letter} is learned, as a weight is: J is 1 + {letter} J_F.", letter=letter)))
    else:
        notes.append(("strong", tr("{letter} is 0: the block is the identity, and J is exactly 1", letter=letter)))
    return notes


def _weighted_forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    branch, skip = (first(listed, name) for name in operation.inputs)
    alpha = short(operation.constant)
    return [
        ("formula", f"s = α h + F(h){GAP}α = {alpha}"),
        of_one(f"{alpha} × {short(skip)} + {short(branch)} = {short(first(listed, operation.outputs[0]))}"),
        ("dim", tr("The norm after it divides by the scale of the sum, which is almost the skip's alone.")),
    ]


def _gate_forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    gate = listed.values[operation.outputs[0]]
    kept = float(1 - gate.mean())
    return [
        ("strong", tr("each unit decides how much of the branch it lets in, and how much of h it keeps")),
        ("formula", f"t{subscript(step.stage or 0)} = σ(h W_Tᵀ + b_T){GAP}{tr('mean of b_T')} "
                    f"{short(float(listed.parameters[operation.parameters[1]].mean()))}"),
        of_one(f"t = {short(float(gate[0, 0]))}, 1 − t = {short(float(1 - gate[0, 0]))}"),
        ("text", tr("on average 1 − t = {share}: so much of h goes on; smallest {low}, largest {high}",
                    share=percent(kept), low=short(float(1 - gate.max())), high=short(float(1 - gate.min())))),
        ("dim", tr("The gate 1 − t is in depth what the forget gate is in time.")),
    ]  # fmt: skip


def _gate_backward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    arrives = listed.gradient_norm(operation.outputs[0])
    own = short(norm(listed.parameter_gradients[operation.parameters[0]]))
    notes: Notes = [("formula", f"δ = ∂L/∂t ⊙ t (1 − t){GAP}∂L/∂h += δ W_T{GAP}∂L/∂W_T = δᵀ h")]
    if arrives == 0:
        return [*notes, of_nothing()]
    merge = listed.merges.get(operation.inputs[0])
    notes.append(
        ("text", tr("{arriving} arrives at the gate; ‖∂L/∂W_T‖ {own}", arriving=f"‖∂L/∂t‖ {short(arrives)}", own=own))
    )
    if merge is not None and merge.gate is not None:
        text = tr(
            "where three paths meet: skip {skip}, branch {branch}, gate {gate}",
            skip=short(merge.skip), branch=short(merge.branch), gate=short(merge.gate),
        )  # fmt: skip
        notes.append(("strong", text))
    return [*notes, *factor_notes(listed, step)]


def _highway_forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    branch, skip, gate = (first(listed, name) for name in operation.inputs)
    return [
        ("formula", f"h{subscript(step.stage or 0)} = t ⊙ H(h) + (1 − t) ⊙ h"),
        of_one(
            f"{short(gate)} × {short(branch)} + {short(1 - gate)} × {short(skip)} = "
            f"{short(first(listed, operation.outputs[0]))}"
        ),
        ("dim", tr("The more open t is, the more of the branch; the rest of h goes on as it is.")),
    ]


def _joined_backward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    after = f"‖∂L/∂h′‖ {short(listed.gradient_norm(operation.outputs[0]))}"
    merge = listed.merges.get(operation.inputs[1])
    ways = _WAYS[operation.operation]
    constant = short(operation.constant)
    skip = tr("skip: {formula}", formula=ways[0].format(constant=constant))
    branch = tr("branch: {formula}", formula=ways[1].format(constant=constant))
    formula = f"{skip}{GAP}{branch}"
    if operation.operation == "highway":
        formula += f"{GAP}{tr('gate: {formula}', formula='∂L/∂t = (H − h) ⊙ ∂L/∂h′')}"
    if listed.gradient_norm(operation.outputs[0]) == 0:
        return [("formula", formula), of_nothing()]
    notes: Notes = [("formula", formula)]
    if operation.operation == "highway":
        kept = 1 - listed.values[operation.inputs[2]]
        text = tr("of {gradient} the skip gets 1 − t of each unit, {share} on average", gradient=after,
                  share=percent(float(kept.mean())))  # fmt: skip
        notes.append(("text", text))
    elif operation.operation == "deepnorm":
        notes.append(("text", tr("{gradient} goes down the skip times α, and into the branch", gradient=after)))
    else:
        text = tr("{gradient} goes down the skip unchanged, and into the branch", gradient=after)
        notes.append(("text", text))
    if operation.parameters:
        own = listed.parameter_gradients[operation.parameters[0]]
        letter = SCALES[operation.operation]
        notes.append(("text", f"‖∂L/∂{letter}‖ {short(norm(own))}"))
        if not listed.parameters[operation.parameters[0]].any():
            text = tr("{letter} is 0, so nothing goes into the branch yet: {letter} itself learns first", letter=letter)
            notes.append(("strong", text))
    if merge is not None:
        text = tr(
            "where they meet again: skip {skip}, branch {branch}, {angle}",
            skip=short(merge.skip),
            branch=short(merge.branch),
            angle=angle_of(defined(merge.cosine, listed)),
        )
        notes.append(("strong", text))
    return notes


#: What the skip and the branch get of the gradient.
_WAYS = {
    "residual": ("∂L/∂h", "β ∂L/∂h = {constant} ∂L/∂h"),
    "rezero": ("∂L/∂h", "α ∂L/∂h"),
    "layer_scale": ("∂L/∂h", "γ ⊙ ∂L/∂h"),
    "deepnorm": ("α ∂L/∂s = {constant} ∂L/∂s", "∂L/∂s"),
    "highway": ("(1 − t) ⊙ ∂L/∂h", "t ⊙ ∂L/∂h"),
}

JOINS: dict[tuple[str, bool], Explain] = {
    ("residual", False): _residual_forward,
    ("rezero", False): _learned_forward,
    ("layer_scale", False): _learned_forward,
    ("deepnorm", False): _weighted_forward,
    ("gate", False): _gate_forward,
    ("gate", True): _gate_backward,
    ("highway", False): _highway_forward,
    **{(name, True): _joined_backward for name in _WAYS},
}
