"""The explanations of an MLP's operations, of the output layer, the loss and the update."""

from __future__ import annotations

import math

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.core.figures import exact, loss_text, percent, short, subscript
from gradtui_engine.core.numerics import norm, ratio
from gradtui_engine.data.yardstick import Yardstick
from gradtui_engine.program.dropout import DROPOUTS
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.clipping import CLIPPINGS, global_norm
from gradtui_engine.rules.losses import LOSSES
from gradtui_engine.rules.optimisers import OPTIMISERS

from ...text.language import tr
from ...text.spans import GAP
from ...text.summary import rates_of_layers
from ...text.table_words import off_by, told
from ...text.undefined import defined
from .explain_factor import factor_notes
from .explain_helpers import Explain, Notes, first, instruction, of_nothing, of_one, passed, slots
from .explain_joins import JOINS


def _linear_forward(listed: Listed, step: Step) -> Notes:
    layer = step.stage
    source, target = slots(listed, step)
    weight, bias = (listed.parameters[name] for name in instruction(listed, step).parameters)
    values = listed.values[source].reshape(-1, weight.shape[1])
    pairs = zip(weight[0][:2], values[0][:2], strict=True)
    shown = " + ".join(f"{short(float(w))}·{short(float(h))}" for w, h in pairs)
    name = f"z{subscript(layer)}" if layer is not None else "o"
    before = f"h{subscript(layer - 1 if layer is not None else len(listed.stages) - 1)}"
    if weight.shape[1] > 2:
        shown += tr(" + … ({count} terms)", count=weight.shape[1])
    size = tr("W is {rows} × {columns}", rows=weight.shape[0], columns=weight.shape[1])
    spreads = tr(
        "std of {after} {spread}, of {before} {spread_before}",
        after=name,
        spread=short(float(listed.values[target].std())),
        before=before,
        spread_before=short(float(values.std())),
    )
    return [
        ("strong", tr("each unit weighs what comes in, and adds it up")),
        ("formula", f"{name} = {before} Wᵀ + b{GAP}{size}"),
        of_one(f"{shown} + {short(float(bias[0]))} = {short(first(listed, target))}"),
        ("dim", spreads),
    ]


def _linear_backward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    after, before = passed(listed, source, target)
    layer = step.stage
    delta = f"δ{subscript(layer)}" if layer is not None else "∂L/∂o"
    number = subscript(layer - 1) if layer is not None else subscript(len(listed.stages) - 1)
    weight = instruction(listed, step).parameters[0]
    own = f"‖∂L/∂W‖ {short(norm(listed.parameter_gradients[weight]))}"
    chain = f"‖{delta}‖ {short(after)}  × W {short(ratio(before, after))}  → ‖∂L/∂h{number}‖ {short(before)}"
    return [
        ("formula", f"∂L/∂h{number} = {delta} W{GAP}∂L/∂W = {delta}ᵀ h{number}"),
        _chain(after, chain),
        *factor_notes(listed, step),
        ("dim", tr("{gradient}, a norm as in the bars, is what this layer learns from", gradient=own)),
    ]


def _chain(after: float, text: str) -> tuple[str, str]:
    """An operation's norms with its factor, if anything arrived."""
    return of_nothing() if after == 0 else ("text", text)


def _activation_forward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    row = ACTIVATIONS[listed.resolved.activation]
    z, a = first(listed, source), first(listed, target)
    number = subscript(step.stage or 0)
    return [
        ("strong", tr("each sum z goes through {name}", name=row.in_a_sentence)),
        ("formula", f"h{number} = {row.symbol}(z{number}){GAP}{tr(row.formula)}"),
        of_one(f"{row.symbol}({short(z)}) = {short(a)}"),
        ("dim", tr(row.note)),
    ]


def _activation_backward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    row = ACTIVATIONS[listed.resolved.activation]
    after, before = passed(listed, source, target)
    slope = listed.slopes(step.stage or 0)
    number = subscript(step.stage or 0)
    one, average = float(listed.gradient(target).reshape(-1)[0]), float(slope.mean())
    factor = f"{row.symbol}′ {short(ratio(before, after))}"
    through = tr("the slope {symbol} lets {share} of the gradient through", symbol=f"{row.symbol}′",
                 share=percent(ratio(before, after)))  # fmt: skip
    return [
        *([("strong", through)] if after else []),
        ("formula", f"δ{number} = ∂L/∂h{number} ⊙ {row.symbol}′(z{number}){GAP}{tr(row.derivative_formula)}"),
        _chain(after, f"‖∂L/∂h{number}‖ {short(after)}  × {factor}  → ‖δ{number}‖ {short(before)}"),
        of_one(
            f"{short(one)} × {row.symbol}′({short(first(listed, source))}) = "
            f"{short(one)} × {short(float(slope.reshape(-1)[0]))} = {short(one * float(slope.reshape(-1)[0]))}"
        ),
        ("dim", tr("mean of {slope} over units and samples {mean}", slope=f"{row.symbol}′", mean=short(average))),
        *factor_notes(listed, step),
    ]


def _output_activation_forward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    row = ACTIVATIONS[instruction(listed, step).choice]
    o, y = first(listed, source), first(listed, target)
    return [
        ("strong", tr("the output goes through {name}, before the loss", name=row.in_a_sentence)),
        ("formula", f"y = {row.symbol}(o){GAP}{tr(row.formula)}"),
        of_one(f"{row.symbol}({short(o)}) = {short(y)}"),
        ("dim", tr(row.note)),
    ]


def _output_activation_backward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    row = ACTIVATIONS[instruction(listed, step).choice]
    after, before = passed(listed, source, target)
    chain = f"‖∂L/∂y‖ {short(after)}  × {row.symbol}′ {short(ratio(before, after))}  → ‖∂L/∂o‖ {short(before)}"
    through = tr("the slope {symbol} lets {share} of the gradient through", symbol=f"{row.symbol}′",
                 share=percent(ratio(before, after)))  # fmt: skip
    return [
        *([("strong", through)] if after else []),
        ("formula", f"∂L/∂o = ∂L/∂y ⊙ {row.symbol}′(o){GAP}{tr(row.derivative_formula)}"),
        _chain(after, chain),
    ]


def _loss_forward(listed: Listed, step: Step) -> Notes:
    row = LOSSES[instruction(listed, step).choice]
    about = listed.source.about
    file: Notes = [("dim", line) for line in told(about)] if about is not None else []
    yardstick = Yardstick.of(about, row.name)
    if yardstick is not None and listed.loss is not None:
        file = [("text", tr("root mean square error: {distance}", distance=off_by(yardstick, listed.loss))), *file]
    wrong = tr("how wrong the output is, in one number: L = {loss}", loss=loss_text(listed.loss))
    return [("strong", wrong), ("formula", tr(row.formula)), ("dim", tr(row.note)), *file]


def _loss_backward(listed: Listed, step: Step) -> Notes:
    row = LOSSES[instruction(listed, step).choice]
    gradient = listed.gradients["output"].reshape(-1, listed.gradients["output"].shape[-1])
    size = f"‖∂L/∂o‖ = {short(listed.gradient_norm('output'))}"
    numbers = "  ".join(short(float(value)) for value in gradient[0][:10])
    return [
        ("formula", tr(row.backward_formula)),
        ("strong", tr("{gradient}: the gradient sets out from here", gradient=size)),
        ("dim", tr("sample 1: {numbers}", numbers=numbers)),
    ]


def _update(listed: Listed, step: Step) -> Notes:
    resolved = listed.resolved
    row = OPTIMISERS[resolved.optimizer]
    names = [name for name, parameter in listed.parameters.items() if parameter.ndim == 2]
    chosen = names if len(names) <= 4 else [*names[:2], *names[-2:]]
    shown = [(name, defined(listed.update_ratio(name), listed)) for name in chosen]
    rates = GAP.join([f"η = {exact(resolved.learning_rate)} ({row.name})", *rates_of_layers(resolved)])
    return [
        ("strong", tr("every weight moves a little against its gradient")),
        ("formula", f"{tr(row.formula)}{GAP}{rates}"),
        ("text", tr("update / weight (about 1e-3 is healthy):")),
        ("text", GAP.join(f"{name} {short(value)}" for name, value in shown)),
    ]


def _norm_forward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    row = NORMALISATIONS[instruction(listed, step).choice]
    before, after = (short(float(listed.values[slot].std())) for slot in (source, target))
    return [
        ("formula", tr(row.formula)),
        ("text", tr("std {before} → {after}", before=before, after=after)),
        ("dim", tr(row.note)),
    ]


def _norm_backward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    after, before = passed(listed, source, target)
    z = listed.values[source]
    # Where all z are equal σ is 0, and √ε alone is what they are divided by.
    epsilon = NORMALISATIONS[instruction(listed, step).choice].epsilon(z.dtype)
    scale = short(1 / math.hypot(float(z.std()), math.sqrt(epsilon)))
    passed_on = f"{tr('norm')} {short(ratio(before, after))}"
    return [
        ("formula", tr("∂L/∂z = (g − mean g − x̂ · mean(g x̂)) / √(σ² + ε)")),
        _chain(after, f"‖∂L/∂n‖ {short(after)}  × {passed_on}  → ‖∂L/∂z‖ {short(before)}"),
        ("dim", tr("dividing by σ multiplies the gradient by about 1/σ = {scale}", scale=scale)),
        *factor_notes(listed, step),
    ]


def _dropout_forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    values, mask = (listed.values[name] for name in operation.inputs)
    row = DROPOUTS[operation.choice]
    one, kept = (short(float(array.reshape(-1)[0])) for array in (values, mask))
    share = tr("kept here: {share} (1 − p = {wanted})", share=percent(float(mask.mean())),
               wanted=exact(1 - operation.constant))  # fmt: skip
    return [
        ("strong", share),
        ("formula", tr(row.formula)),
        of_one(f"a {one}, m {kept} → {short(first(listed, operation.outputs[0]))}"),
        ("dim", tr(row.note)),
    ]


def _dropout_backward(listed: Listed, step: Step) -> Notes:
    source, target = slots(listed, step)
    after, before = passed(listed, source, target)
    operation = instruction(listed, step)
    constants = DROPOUTS[operation.choice].of(operation.constant)
    predicted = tr(
        "√(1 − p) · s = {factor} on average", factor=short(math.sqrt(constants.slope_square(operation.constant)))
    )
    return [
        ("formula", f"∂L/∂a = s m ⊙ ∂L/∂h′{GAP}s = {short(constants.scale)}"),
        _chain(
            after,
            f"‖∂L/∂h′‖ {short(after)}  × {tr('dropout')} {short(ratio(before, after))}  → ‖∂L/∂a‖ {short(before)}",
        ),
        ("dim", predicted),
        *factor_notes(listed, step),
    ]


def _clip(listed: Listed, step: Step) -> Notes:
    row = CLIPPINGS[listed.resolved.clip]
    before, after = short(global_norm(listed.parameter_gradients)), short(global_norm(listed.clipped))
    threshold = tr("threshold {value} ({name})", value=exact(listed.resolved.clip_threshold), name=row.name)
    return [
        ("formula", f"{tr(row.formula)}{GAP}{threshold}"),
        ("text", tr("‖all gradients‖ {before} → {after}", before=before, after=after)),
        ("dim", tr("{note} No factor changes: the bars stay as they are.", note=tr(row.note))),
    ]


LAYERS: dict[tuple[str, bool], Explain] = {
    ("linear", False): _linear_forward,
    ("linear", True): _linear_backward,
    ("activation", False): _activation_forward,
    ("activation", True): _activation_backward,
    ("output_activation", False): _output_activation_forward,
    ("output_activation", True): _output_activation_backward,
    ("norm", False): _norm_forward,
    ("norm", True): _norm_backward,
    ("dropout", False): _dropout_forward,
    ("dropout", True): _dropout_backward,
    **JOINS,
    ("loss", False): _loss_forward,
    ("loss", True): _loss_backward,
    ("clip", False): _clip,
    ("update", False): _update,
}
