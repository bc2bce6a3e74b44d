"""The why pane: the equation of the current step with its numbers put in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradtui_engine import Phase, Step, Trace
from gradtui_engine.activations import ACTIVATIONS
from gradtui_engine.losses import LOSSES
from gradtui_engine.numerics import norm, ratio
from gradtui_engine.program import Instruction

from ..formats import short, subscript
from .scene import Scene
from .spans import GAP, Line, first_title, page, wrap

#: An explanation: pairs of (style, text); each becomes one or more lines.
Notes = list[tuple[str, str]]


def title(scene: Scene, width: int) -> str:
    step = shown_step(scene)
    text = f"why · {step.phase} · {step.site}"
    return first_title(width, text, f"why · {step.phase} · {step.site.place}", "why")


def shown_step(scene: Scene) -> Step:
    """The step under the cursor, or, of a picked stage, the one that brings the gradient to it."""
    if scene.state.selected is None:
        return scene.step
    stage = scene.state.selected
    backward = [step for step in scene.trace.steps if step.phase is Phase.BACKWARD]
    reached = [step for step in backward if step.completes == stage]
    if stage >= scene.known or scene.step.phase is not Phase.FORWARD:
        return reached[0]
    forward = [step for step in scene.trace.steps if step.phase is Phase.FORWARD and step.stage == stage]
    return forward[-1] if forward else reached[0]


def view(scene: Scene, width: int, height: int) -> list[Line]:
    step = shown_step(scene)
    trace = scene.trace
    with np.errstate(all="ignore"):
        notes = _EXPLAIN[step.operation, step.phase is Phase.BACKWARD](trace, step)
        if step.phase is Phase.BACKWARD and step.completes is not None:
            notes += _so_far(scene, step.completes)
    lines: list[Line] = []
    for style, text in notes:
        lines += wrap(text, width, style)
    return page(lines, width, height)


def _so_far(scene: Scene, stage: int) -> Notes:
    """The product of the factors from the output down to this stage."""
    last = len(scene.stages) - 1
    value, top = scene.stages[stage].gradient_norm, scene.stages[last].gradient_norm
    if stage == last:
        return [("dim", f"The way down starts here, with {short(top)}. Each stage multiplies it by its factor.")]
    count = last - stage
    total = ratio(value, top)
    average = total ** (1 / count) if total > 0 else total
    unit = "step" if scene.over_time else "layer"
    return [
        (
            scene.health(value),
            f"so far: {short(top)} × {short(average)}^{count} = {short(value)}{GAP}"
            f"({count} {unit}{'s' if count > 1 else ''}, ×{short(average)} on average)",
        )
    ]


def _linear_forward(trace: Trace, step: Step) -> Notes:
    layer = step.stage
    source, target = _slots(trace, step)
    weight, bias = (trace.parameters[name] for name in _instruction(trace, step).parameters)
    values = trace.values[source]
    terms = weight[0] * values[0]
    shown = " + ".join(
        f"{short(float(w))}·{short(float(h))}" for w, h in zip(weight[0][:2], values[0][:2], strict=True)
    )
    result = float(trace.values[target][0, 0])
    name = f"z{subscript(layer)}" if layer is not None else "o"
    before = f"h{subscript(layer - 1)}" if layer is not None else f"h{subscript(len(trace.stages) - 1)}"
    rest = f" + … ({terms.size} terms)" if terms.size > 2 else ""
    return [
        ("formula", f"{name} = {before} Wᵀ + b{GAP}W is {weight.shape[0]} × {weight.shape[1]}"),
        ("text", f"unit 1, sample 1: {shown}{rest} + {short(float(bias[0]))} = {short(result)}"),
        (
            "dim",
            f"std of {name} {short(float(trace.values[target].std()))}, of {before} {short(float(values.std()))}",
        ),
    ]


def _linear_backward(trace: Trace, step: Step) -> Notes:
    source, target = _slots(trace, step)
    after, before = trace.gradient_norm(target), trace.gradient_norm(source)
    layer = step.stage
    delta = f"δ{subscript(layer)}" if layer is not None else "∂L/∂o"
    number = subscript(layer - 1) if layer is not None else subscript(len(trace.stages) - 1)
    weight = _instruction(trace, step).parameters[0]
    return [
        ("formula", f"∂L/∂h{number} = {delta} W{GAP}∂L/∂W = {delta}ᵀ h{number}"),
        (
            "text",
            f"‖{delta}‖ {short(after)}  × W {short(ratio(before, after))}  → ‖∂L/∂h{number}‖ {short(before)}",
        ),
        *_factor(trace, step),
        ("dim", f"‖∂L/∂W‖ {short(norm(trace.parameter_gradients[weight]))} is what this layer learns from"),
    ]


def _factor(trace: Trace, step: Step) -> Notes:
    """The layer's factor as the product of its parts, once the gradient has passed all of them."""
    if step.completes is None or step.stage is None:
        return []
    stage = trace.stages[step.completes]
    symbol = {"activation": f"{ACTIVATIONS[trace.experiment.activation].symbol}′", "weight": "W"}
    parts = " × ".join(f"{symbol.get(name, name)} {short(value)}" for name, value in stage.factors.items())
    return [("strong", f"layer {step.stage}: {parts} = ×{short(stage.factor)}")]


def _activation_forward(trace: Trace, step: Step) -> Notes:
    source, target = _slots(trace, step)
    row = ACTIVATIONS[trace.experiment.activation]
    z, a = float(trace.values[source][0, 0]), float(trace.values[target][0, 0])
    number = subscript(step.stage or 0)
    return [
        ("formula", f"h{number} = {row.symbol}(z{number}){GAP}{row.formula}"),
        ("text", f"unit 1, sample 1: {row.symbol}({short(z)}) = {short(a)}"),
        ("dim", row.note),
    ]


def _activation_backward(trace: Trace, step: Step) -> Notes:
    source, target = _slots(trace, step)
    row = ACTIVATIONS[trace.experiment.activation]
    after, before = trace.gradient_norm(target), trace.gradient_norm(source)
    z = trace.values[source]
    slope = np.empty_like(z)
    row.derivative(z, trace.values[target], slope)
    number = subscript(step.stage or 0)
    one = float(trace.gradients[target][0, 0])
    return [
        ("formula", f"δ{number} = ∂L/∂h{number} ⊙ {row.symbol}′(z{number}){GAP}{row.derivative_formula}"),
        (
            "text",
            f"‖∂L/∂h{number}‖ {short(after)}  × {row.symbol}′ {short(ratio(before, after))}  "
            f"→ ‖δ{number}‖ {short(before)}",
        ),
        (
            "text",
            f"unit 1, sample 1: {short(one)} × {row.symbol}′({short(float(z[0, 0]))}) = "
            f"{short(one)} × {short(float(slope[0, 0]))} = {short(one * float(slope[0, 0]))}",
        ),
        ("dim", f"mean of {row.symbol}′ over units and samples {short(float(slope.mean()))}"),
    ]


def _loss_forward(trace: Trace, step: Step) -> Notes:
    row = LOSSES[_instruction(trace, step).choice]
    return [("formula", row.formula), ("text", f"L = {trace.loss:.6g}"), ("dim", row.note)]


def _loss_backward(trace: Trace, step: Step) -> Notes:
    row = LOSSES[_instruction(trace, step).choice]
    gradient = trace.gradients["output"]
    return [
        ("formula", row.backward_formula),
        ("text", f"‖∂L/∂o‖ = {short(trace.gradient_norm('output'))}: the gradient sets out from here"),
        ("dim", "sample 1: " + "  ".join(short(float(value)) for value in gradient[0][:10])),
    ]


def _projection_forward(trace: Trace, step: Step) -> Notes:
    steps, batch, inputs = trace.input.shape
    return [
        ("formula", "x_t W_ihᵀ + b_ih + b_hh, for all t in one matrix product"),
        (
            "text",
            f"{steps} steps × {batch} samples × {inputs} inputs → 4 gates × {trace.experiment.width} units",
        ),
    ]


def _projection_backward(trace: Trace, step: Step) -> Notes:
    norms = GAP.join(
        f"{name} {short(norm(array))}" for name, array in trace.parameter_gradients.items() if "lstm" in name
    )
    return [
        ("formula", f"∂L/∂W_hh = Σ_t δ_tᵀ h_(t−1){GAP}∂L/∂W_ih = Σ_t δ_tᵀ x_t"),
        ("text", "The weights are shared by all time steps: their gradients are sums over time."),
        ("dim", norms),
    ]


def _gate_values(trace: Trace, time: int) -> tuple[float, float, float, float]:
    gates = trace.values[f"gates/{time}"]
    width = gates.shape[1] // 4
    i, f, g, o = (float(gates[0, block * width]) for block in range(4))
    return i, f, g, o


def _lstm_forward(trace: Trace, step: Step) -> Notes:
    time = step.stage or 1
    i, f, g, o = _gate_values(trace, time)
    before, after = float(trace.values[f"c/{time - 1}"][0, 0]), float(trace.values[f"c/{time}"][0, 0])
    hidden = float(trace.values[f"h/{time}"][0, 0])
    t, p = subscript(time), subscript(time - 1)
    return [
        ("formula", f"c{t} = f ⊙ c{p} + i ⊙ g{GAP}h{t} = o ⊙ tanh c{t}"),
        (
            "text",
            f"unit 1, sample 1: c{t} = {short(f)} × {short(before)} + {short(i)} × {short(g)} = {short(after)}",
        ),
        ("text", f"h{t} = {short(o)} × tanh({short(after)}) = {short(hidden)}"),
    ]


def _lstm_backward(trace: Trace, step: Step) -> Notes:
    time = step.stage or 1
    stage = trace.stages[time - 1]
    parts = stage.factors
    t, p = subscript(time), subscript(time - 1)
    after = trace.stages[time].cell_gradient_norm
    return [
        ("formula", f"∂L/∂c{p} = f{t} ⊙ ∂L/∂c{t}  +  the path through h{p} and the gates"),
        (
            "strong",
            f"factor of c: direct {short(parts['direct'])} with gates {short(parts['gates'])} "
            f"(cosine {short(parts['cosine'])}) = {short(parts['cell'])}",
        ),
        ("text", f"‖∂L/∂c{t}‖ {short(after)} → ‖∂L/∂c{p}‖ {short(stage.cell_gradient_norm)}"),
        ("text", f"‖∂L/∂h{p}‖ = ‖δ{t} W_hh‖ = {short(stage.gradient_norm)}, ×{short(stage.factor)}"),
    ]


def _update(trace: Trace, step: Step) -> Notes:
    rate = trace.experiment.learning_rate
    rows = []
    for name, gradient in trace.parameter_gradients.items():
        if name.endswith("weight") or "weight_" in name:
            rows.append((name, rate * ratio(norm(gradient), norm(trace.parameters[name]))))
    shown = rows if len(rows) <= 4 else [*rows[:2], *rows[-2:]]
    return [
        ("formula", f"θ ← θ − η ∂L/∂θ{GAP}η = {rate:g} (SGD)"),
        ("text", "update / weight (about 1e-3 is healthy): "),
        ("text", GAP.join(f"{name} {short(value)}" for name, value in shown)),
    ]


def _slots(trace: Trace, step: Step) -> tuple[str, str]:
    each = _instruction(trace, step)
    return each.inputs[0], each.outputs[0]


def _instruction(trace: Trace, step: Step) -> Instruction:
    return trace.program.instructions[step.instruction or 0]


#: (operation, backward) → its explanation. A test holds that every operation has both.
_EXPLAIN: dict[tuple[str, bool], Callable[[Trace, Step], Notes]] = {
    ("linear", False): _linear_forward,
    ("linear", True): _linear_backward,
    ("activation", False): _activation_forward,
    ("activation", True): _activation_backward,
    ("loss", False): _loss_forward,
    ("loss", True): _loss_backward,
    ("lstm_projection", False): _projection_forward,
    ("lstm_projection", True): _projection_backward,
    ("lstm_step", False): _lstm_forward,
    ("lstm_step", True): _lstm_backward,
    ("update", False): _update,
}
