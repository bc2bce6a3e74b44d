"""The explanations of the recurrent cells' operations, from the slots of the very layer and time step."""

from __future__ import annotations

from gradtui_engine import Step, Trace
from gradtui_engine.core.numerics import norm, ratio
from gradtui_engine.rules.activations import ACTIVATIONS

from ...text.formats import short, subscript
from ...text.language import tr
from ...text.quotients import defined
from ...text.spans import GAP
from .explain_helpers import Explain, Notes, first, instruction, of_nothing, of_one

#: What a cell adds to its input's product: the GRU's b_hh belongs to the recurrent product.
_BIASES = {"rnn": "b_ih + b_hh", "lstm": "b_ih + b_hh", "gru": "b_ih"}


def _projection_forward(trace: Trace, step: Step) -> Notes:
    each = instruction(trace, step)
    steps, batch, inputs = trace.values[each.inputs[0]].shape
    outputs = trace.values[each.outputs[0]].shape[2]
    formula = f"x_t W_ihᵀ + {_BIASES[trace.resolved.cell]}"
    sizes = tr(
        "{steps} steps × {batch} samples × {inputs} inputs → {outputs} numbers a step and sample",
        steps=steps,
        batch=batch,
        inputs=inputs,
        outputs=outputs,
    )
    return [("formula", tr("{formula}, for all t in one matrix product", formula=formula)), ("text", sizes)]


def _projection_backward(trace: Trace, step: Step) -> Notes:
    names = instruction(trace, step).parameters
    norms = GAP.join(f"{name.partition('.')[2]} {short(norm(trace.parameter_gradients[name]))}" for name in names)
    return [
        ("formula", f"∂L/∂W_hh = Σ_t δ_tᵀ h_(t−1){GAP}∂L/∂W_ih = Σ_t δ_tᵀ x_t"),
        ("text", tr("The weights are shared by all time steps: their gradients are sums over time.")),
        ("dim", norms),
    ]


def _gates(trace: Trace, slot: str, count: int) -> list[float]:
    """Each gate of unit 1, sample 1."""
    gates = trace.values[slot]
    return [float(gates[0, block * (gates.shape[1] // count)]) for block in range(count)]


def _times(step: Step) -> tuple[str, str]:
    """The time step and the one before, as subscripts."""
    return subscript(step.stage or 1), subscript((step.stage or 1) - 1)


def _is_read_out(trace: Trace, step: Step) -> bool:
    """Whether the step belongs to the layer whose states are the stages: the last one."""
    return instruction(trace, step).outputs[0] in trace.program.stages


def _passed(trace: Trace, step: Step, position: int, symbol: str) -> str:
    """‖∂L/∂h₄₀‖ 0.1 → ‖∂L/∂h₃₉‖ 0.09, ×0.9, for the state at this position of outputs and (one later) inputs.

    From 0 there is no factor: a state can get its gradient elsewhere, ∂L/∂h of an LSTM from ∂L/∂c.
    """
    each = instruction(trace, step)
    after, before = (trace.gradient_norm(name) for name in (each.outputs[position], each.inputs[position + 1]))
    t, p = _times(step)
    norms = f"‖∂L/∂{symbol}{t}‖ {short(after)} → ‖∂L/∂{symbol}{p}‖ {short(before)}"
    return norms if after == 0 else f"{norms}, ×{short(ratio(before, after))}"


def _arrives(trace: Trace, step: Step, states: int) -> bool:
    """Whether any gradient of the first so many outputs, the states, is not exactly 0."""
    return any(trace.gradient_norm(name) != 0 for name in instruction(trace, step).outputs[:states])


def _two_paths(trace: Trace, step: Step, whole: str) -> Notes:
    """The factor as direct path and gates, which the trace takes apart for the last layer."""
    if not _is_read_out(trace, step):
        return [("dim", tr("a lower layer: its gradient also comes from the layer above, at every step"))]
    parts = trace.stages[(step.stage or 1) - 1].factors
    text = tr(
        "factor: direct {direct} with gates {gates} (cosine {cosine}) = {whole}",
        direct=short(defined(parts["direct"], trace)),
        gates=short(defined(parts["gates"], trace)),
        cosine=short(defined(parts["cosine"], trace)),
        whole=short(defined(parts[whole], trace)),
    )
    return [("strong", text)]


def _lstm_forward(trace: Trace, step: Step) -> Notes:
    each = instruction(trace, step)
    i, f, g, o = _gates(trace, each.outputs[2], 4)
    before, after, hidden = (first(trace, name) for name in (each.inputs[2], each.outputs[1], each.outputs[0]))
    t, p = _times(step)
    return [
        ("formula", f"c{t} = f ⊙ c{p} + i ⊙ g{GAP}h{t} = o ⊙ tanh c{t}"),
        of_one(f"c{t} = {short(f)} × {short(before)} + {short(i)} × {short(g)} = {short(after)}"),
        ("text", f"h{t} = {short(o)} × tanh({short(after)}) = {short(hidden)}"),
    ]


def _lstm_backward(trace: Trace, step: Step) -> Notes:
    t, p = _times(step)
    direct = f"∂L/∂c{p} = f{t} ⊙ ∂L/∂c{t}"
    formula = "formula", tr("{direct}  +  the path through {state} and the gates", direct=direct, state=f"h{p}")
    if not _arrives(trace, step, 2):
        return [formula, of_nothing()]
    return [
        formula,
        *_two_paths(trace, step, "cell"),
        ("text", _passed(trace, step, 1, "c")),
        ("text", tr("through {way}: {norms}", way=f"δ{t} W_hh", norms=_passed(trace, step, 0, "h"))),
    ]


def _rnn_forward(trace: Trace, step: Step) -> Notes:
    each = instruction(trace, step)
    row = ACTIVATIONS[each.choice]
    t, p = _times(step)
    before, after = first(trace, each.inputs[1]), first(trace, each.outputs[0])
    return [
        ("formula", f"h{t} = {row.symbol}(x{t} W_ihᵀ + h{p} W_hhᵀ + b)"),
        of_one(f"h{p} {short(before)} → h{t} {short(after)}"),
        ("dim", tr(row.note)),
    ]


def _rnn_backward(trace: Trace, step: Step) -> Notes:
    t, p = _times(step)
    symbol = ACTIVATIONS[trace.resolved.activation].symbol
    return [
        ("formula", f"∂L/∂h{p} = (∂L/∂h{t} ⊙ {symbol}′) W_hh"),
        ("strong", _passed(trace, step, 0, "h")) if _arrives(trace, step, 1) else of_nothing(),
        ("text", tr("one path only: through f′ and the same W_hh at every step")),
    ]


def _gru_forward(trace: Trace, step: Step) -> Notes:
    each = instruction(trace, step)
    t, p = _times(step)
    r, z, n = _gates(trace, each.outputs[1], 3)
    before, after = first(trace, each.inputs[1]), first(trace, each.outputs[0])
    return [
        ("formula", f"h{t} = (1 − z) ⊙ n + z ⊙ h{p}{GAP}n = tanh(p_n + r ⊙ q_n)"),
        of_one(f"{short(1 - z)} × {short(n)} + {short(z)} × {short(before)} = {short(after)}{GAP}r {short(r)}"),
    ]


def _gru_backward(trace: Trace, step: Step) -> Notes:
    t, p = _times(step)
    direct = f"∂L/∂h{p} = z{t} ⊙ ∂L/∂h{t}"
    formula = "formula", tr("{direct}  +  the path through the gates", direct=direct)
    if not _arrives(trace, step, 1):
        return [formula, of_nothing()]
    return [
        formula,
        *_two_paths(trace, step, "whole"),
        ("text", _passed(trace, step, 0, "h")),
    ]


CELLS: dict[tuple[str, bool], Explain] = {
    **{(f"{cell}_projection", False): _projection_forward for cell in _BIASES},
    **{(f"{cell}_projection", True): _projection_backward for cell in _BIASES},
    ("rnn_step", False): _rnn_forward,
    ("rnn_step", True): _rnn_backward,
    ("lstm_step", False): _lstm_forward,
    ("lstm_step", True): _lstm_backward,
    ("gru_step", False): _gru_forward,
    ("gru_step", True): _gru_backward,
}
