"""The explanations of a Transformer's operations: embedding, attention, the MLP's matrices, the stream, the readout."""

from __future__ import annotations

import math

import numpy as np

from gradtui_engine import Step
from gradtui_engine.analysis.branches import entropy
from gradtui_engine.analysis.record import Listed
from gradtui_engine.cells.attention import POSITIONS
from gradtui_engine.core.figures import percent, short, subscript
from gradtui_engine.core.message import English
from gradtui_engine.core.numerics import norm, ratio
from gradtui_engine.program.program import place_of

from ...text.language import tr
from ...text.spans import GAP
from ...text.undefined import defined
from .explain_helpers import Explain, Notes, angle_of, first, instruction, of_nothing, of_one, passed, slots

#: Site of a linear operation → what it makes of what, in letters, and in words.
_MATRICES: dict[str, tuple[str, str, English]] = {
    "embedding": ("e", "x", "each token's inputs become a state of its own"),
    "queries, keys, values": ("(q, k, v)", "n", "each token asks (q), is found (k), and has something to give (v)"),
    "attention's output": ("u", "C", "the heads' contexts are mixed into one"),
    "MLP, first matrix": ("z", "n", "each token by itself: the MLP's hidden units weigh its state"),
    "MLP, second matrix": ("u", "a", "the hidden units are weighed back to the stream's width"),
    "output": ("o", "r", "the answer is read off"),
}


def _linear_forward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    weight, bias = (listed.parameters[name] for name in instruction(listed, step).parameters)
    values = listed.values[source].reshape(-1, weight.shape[1])
    after, before, says = _MATRICES[step.site.part]
    shown = " + ".join(
        f"{short(float(w))}·{short(float(h))}" for w, h in zip(weight[0][:2], values[0][:2], strict=True)
    )
    if weight.shape[1] > 2:
        shown += tr(" + … ({count} terms)", count=weight.shape[1])
    size = tr("W is {rows} × {columns}", rows=weight.shape[0], columns=weight.shape[1])
    spreads = tr(
        "std of {after} {spread}, of {before} {spread_before}",
        after=after, spread=short(float(listed.values[target].std())), before=before,
        spread_before=short(float(values.std())),
    )  # fmt: skip
    return [
        ("strong", tr(says)),
        ("formula", f"{after} = {before} Wᵀ + b{GAP}{size}"),
        of_one(f"{shown} + {short(float(bias[0]))} = {short(first(listed, target))}"),
        ("dim", spreads),
    ]


def _linear_backward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    after, before, _ = _MATRICES[step.site.part]
    weight = instruction(listed, step).parameters[0]
    own = f"‖∂L/∂W‖ {short(norm(listed.parameter_gradients[weight]))}"
    learns = ("dim", tr("{gradient}, a norm as in the bars, is what this layer learns from", gradient=own))
    formula = f"∂L/∂{before} = ∂L/∂{after} W{GAP}∂L/∂W = Σ ∂L/∂{after}ᵀ {before}"
    if source == listed.program.input:
        return [("formula", formula), learns]
    return [("formula", formula), _chain(listed, source, target, before, after, "W"), *factor_of(listed, step), learns]


def _chain(listed: Listed, source: str, target: str, before: str, after: str, name: str) -> tuple[str, str]:
    """The norm that an operation got, what it multiplied it by, and what it passed on."""
    got, gave = passed(listed, source, target)
    if got == 0:
        return of_nothing()
    return "text", f"‖∂L/∂{after}‖ {short(got)}  × {name} {short(ratio(gave, got))}  → ‖∂L/∂{before}‖ {short(gave)}"


def factor_of(listed: Listed, step: Step) -> Notes:
    """The block's factor from its shares, once the gradient has passed all of it."""
    if step.completes is None or step.stage is None:
        return []
    stage = listed.stages[step.completes]
    if defined(stage.factor, listed) is None:
        return []
    parts = {name: defined(value, listed) for name, value in stage.factors.items()}
    above, below = (tr(place_of(listed.axis, number)) for number in (step.stage, step.completes))
    way = tr("from {above} to {below}", above=above, below=below)
    factor = short(stage.factor)
    if stage.unknown_parts:
        reason = tr("not every part of the factor is known: {reason}", reason=tr(stage.unknown_parts))
        return [("strong", tr("{way}: ×{factor}", way=way, factor=factor)), ("dim", reason)]
    attention, mlp = short(parts["attention"]), short(parts["mlp"])
    if "skip" not in parts:
        product = tr("attention {attention} × MLP {mlp}", attention=attention, mlp=mlp)
        return [("strong", tr("{way}: {product} = ×{factor}", way=way, product=product, factor=factor))]
    shares = tr(
        "{way}: skip {skip}, attention {attention}, MLP {mlp}: together ×{factor}",
        way=way, skip=short(parts["skip"]), attention=attention, mlp=mlp, factor=factor,
    )  # fmt: skip
    return [("strong", shares), ("dim", tr("skip and attention: {angle}", angle=angle_of(parts["cosine"])))]


def _position_forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    source, target = slots(listed, step)
    row = POSITIONS[operation.choice]
    before, after = first(listed, source), first(listed, target)
    return [
        ("strong", tr("each token is told its place")),
        ("formula", tr(row.formula)),
        of_one(f"{short(before)} + {short(after - before)} = {short(after)}"),
        ("dim", tr(row.note)),
    ]


def _position_backward(listed: Listed, step: Step) -> Notes:
    return [
        ("strong", tr("a sum hands its gradient on as it is")),
        ("formula", "∂L/∂e = ∂L/∂h₀" + (f"{GAP}∂L/∂p_t = Σ ∂L/∂h₀" if instruction(listed, step).parameters else "")),
        ("text", f"‖∂L/∂h₀‖ {short(listed.gradient_norm(slots(listed, step)[1]))}"),
    ]


def _attention_forward(listed: Listed, step: Step) -> Notes:
    weights = listed.values[instruction(listed, step).outputs[1]]
    tokens = weights.shape[1]
    of_one_token = weights[0, -1, 0]
    most = int(np.argmax(of_one_token)) if np.isfinite(of_one_token).all() else 0
    looks = tr(
        "sample 1, head 1: token {token} looks at token {most} most, {share}",
        token=tokens, most=most + 1, share=percent(float(of_one_token[most])),
    )  # fmt: skip
    spread = tr(
        "entropy {entropy} of at most ln {tokens} = {most} nats: uniform attention averages all tokens",
        entropy=short(float(entropy(weights).mean())), tokens=tokens, most=short(math.log(tokens)),
    )  # fmt: skip
    return [
        ("strong", tr("each token takes a weighted mean of what all of them have to give")),
        ("formula", f"A = softmax(q kᵀ / √d){GAP}C = A v{GAP}d = {_head_size(listed)}"),
        ("text", looks),
        ("text", spread),
    ]


def _head_size(listed: Listed) -> int:
    return listed.resolved.width // (listed.resolved.heads or 1)


def _attention_backward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    gradient = listed.gradient(source)
    width = gradient.shape[-1] // 3
    sizes = [short(norm(gradient[..., start : start + width])) for start in (0, width, 2 * width)]
    tokens = gradient.shape[0]
    return [
        ("formula", f"∂L/∂v = Aᵀ G{GAP}∂L/∂S = A ⊙ (D − Σ_j A D),  D = G vᵀ"),
        ("formula", f"∂L/∂q = ∂L/∂S k / √d{GAP}∂L/∂k = ∂L/∂Sᵀ q / √d"),
        ("text", f"‖∂L/∂q‖ {sizes[0]}{GAP}‖∂L/∂k‖ {sizes[1]}{GAP}‖∂L/∂v‖ {sizes[2]}"),
        _chain(listed, source, target, "(q, k, v)", "C", "A"),
        (
            "dim",
            tr(
                "the softmax's Jacobian is A ⊙ (1 − A) at its own place, −A_j A at others; where A is uniform, of a "
                "gradient at one token 1/√T = {factor} is left",
                factor=short(1 / math.sqrt(tokens)),
            ),
        ),
    ]


def _residual_forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    branch, skip = (first(listed, name) for name in operation.inputs[:2])
    beta = short(operation.constant)
    target, before, added = _stream(listed, step)
    return [
        ("strong", tr("what the branch found is added to the stream")),
        ("formula", f"{target} = {before} + β {added}{GAP}β = {beta}"),
        of_one(f"{short(skip)} + {beta} × {short(branch)} = {short(first(listed, operation.outputs[0]))}"),
        ("dim", tr("The skip adds 1 to the Jacobian: J becomes 1 + β J_F.")),
    ]


def _stream(listed: Listed, step: Step) -> tuple[str, str, str]:
    """Letters of a sum: what it makes, of what, and the branch that is added."""
    operation, number = instruction(listed, step), step.stage or 0
    of_attention = operation.inputs[1] == listed.program.stages[number - 1]
    before, middle = f"h{subscript(number - 1)}", f"m{subscript(number)}"
    return (middle, before, "attention") if of_attention else (f"h{subscript(number)}", middle, "MLP")


def _residual_backward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    target, before, added = _stream(listed, step)
    after = listed.gradient_norm(operation.outputs[0])
    skip = tr("skip: {formula}", formula=f"∂L/∂{before} ← ∂L/∂{target}")
    branch = tr("branch: {formula}", formula=f"∂L/∂{added} = {short(operation.constant)} ∂L/∂{target}")
    notes: Notes = [("formula", f"{skip}{GAP}{branch}")]
    if after == 0:
        return [*notes, of_nothing()]
    gradient = f"‖∂L/∂{target}‖ {short(after)}"
    notes.append(("text", tr("{gradient} goes down the skip unchanged, and into the branch", gradient=gradient)))
    merge = listed.merges.get(operation.inputs[1])
    if merge is not None:
        meets = tr(
            "where they meet again: skip {skip}, branch {branch}, {angle}",
            skip=short(merge.skip), branch=short(merge.branch), angle=angle_of(defined(merge.cosine, listed)),
        )  # fmt: skip
        notes.append(("strong", meets))
    return notes


def _read_out_forward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    tokens = listed.values[source].shape[0]
    if instruction(listed, step).choice == "mean":
        says, formula = tr("the answer is read off the mean of all tokens"), "r = Σ_t h_t / T"
    else:
        says, formula = tr("the answer is read off the last token"), "r = h_T"
    return [("strong", says), ("formula", f"{formula}{GAP}T = {tokens}"), of_one(short(first(listed, target)))]


def _read_out_backward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    tokens = listed.values[source].shape[0]
    mean = instruction(listed, step).choice == "mean"
    formula = f"∂L/∂h_t = ∂L/∂r / {tokens}" if mean else f"∂L/∂h_T = ∂L/∂r{GAP}∂L/∂h_t = 0 (t < T)"
    return [("formula", formula), _chain(listed, source, target, "h", "r", "1/√T" if mean else "1")]


#: The operations of a Transformer alone, and those that it has letters of its own for.
TOKENS: dict[tuple[str, bool], Explain] = {
    ("position", False): _position_forward,
    ("position", True): _position_backward,
    ("attention", False): _attention_forward,
    ("attention", True): _attention_backward,
    ("read_out", False): _read_out_forward,
    ("read_out", True): _read_out_backward,
}
IN_BLOCKS: dict[tuple[str, bool], Explain] = TOKENS | {
    ("linear", False): _linear_forward,
    ("linear", True): _linear_backward,
    ("residual", False): _residual_forward,
    ("residual", True): _residual_backward,
}
