"""The explanations of the recurrent cells' operations."""

from __future__ import annotations

from gradtui_engine import Step, Trace
from gradtui_engine.activations import ACTIVATIONS
from gradtui_engine.numerics import norm

from ..formats import short, subscript
from .notes import Explain, Notes, first, instruction
from .spans import GAP


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


def _rnn_forward(trace: Trace, step: Step) -> Notes:
    each = instruction(trace, step)
    row = ACTIVATIONS[each.choice]
    t, p = subscript(step.stage or 1), subscript((step.stage or 1) - 1)
    return [
        ("formula", f"h{t} = {row.symbol}(x{t} W_ihᵀ + h{p} W_hhᵀ + b)"),
        (
            "text",
            f"unit 1, sample 1: h{p} {short(first(trace, each.inputs[1]))} → "
            f"h{t} {short(first(trace, each.outputs[0]))}",
        ),
        ("dim", row.note),
    ]


def _rnn_backward(trace: Trace, step: Step) -> Notes:
    time = step.stage or 1
    t, p = subscript(time), subscript(time - 1)
    stage = trace.stages[time - 1]
    symbol = ACTIVATIONS[trace.experiment.activation_name].symbol
    return [
        ("formula", f"∂L/∂h{p} = (∂L/∂h{t} ⊙ {symbol}′) W_hh"),
        ("strong", f"factor {short(stage.factor)}: one path only, through f′ and the same W_hh at every step"),
        ("text", f"‖∂L/∂h{t}‖ {short(trace.stages[time].gradient_norm)} → ‖∂L/∂h{p}‖ {short(stage.gradient_norm)}"),
    ]


def _gru_forward(trace: Trace, step: Step) -> Notes:
    each = instruction(trace, step)
    time = step.stage or 1
    t, p = subscript(time), subscript(time - 1)
    gates = trace.values[each.outputs[1]]
    width = gates.shape[1] // 3
    r, z, n = (float(gates[0, block * width]) for block in range(3))
    before, after = first(trace, each.inputs[1]), first(trace, each.outputs[0])
    return [
        ("formula", f"h{t} = (1 − z) ⊙ n + z ⊙ h{p}{GAP}n = tanh(p_n + r ⊙ q_n)"),
        (
            "text",
            f"unit 1, sample 1: {short(1 - z)} × {short(n)} + {short(z)} × {short(before)} = {short(after)}"
            f"{GAP}r {short(r)}",
        ),
    ]


def _gru_backward(trace: Trace, step: Step) -> Notes:
    time = step.stage or 1
    stage = trace.stages[time - 1]
    parts = stage.factors
    t, p = subscript(time), subscript(time - 1)
    return [
        ("formula", f"∂L/∂h{p} = z{t} ⊙ ∂L/∂h{t}  +  the path through the gates"),
        (
            "strong",
            f"factor: direct {short(parts['direct'])} with gates {short(parts['gates'])} "
            f"(cosine {short(parts['cosine'])}) = {short(parts['whole'])}",
        ),
        ("text", f"‖∂L/∂h{t}‖ {short(trace.stages[time].gradient_norm)} → ‖∂L/∂h{p}‖ {short(stage.gradient_norm)}"),
    ]


CELLS: dict[tuple[str, bool], Explain] = {
    **{(f"{cell}_projection", False): _projection_forward for cell in ("rnn", "lstm", "gru")},
    **{(f"{cell}_projection", True): _projection_backward for cell in ("rnn", "lstm", "gru")},
    ("rnn_step", False): _rnn_forward,
    ("rnn_step", True): _rnn_backward,
    ("lstm_step", False): _lstm_forward,
    ("lstm_step", True): _lstm_backward,
    ("gru_step", False): _gru_forward,
    ("gru_step", True): _gru_backward,
}
