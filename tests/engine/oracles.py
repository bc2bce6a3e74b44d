"""Independent computations to hold the engine against: formulas, HIPS autograd, plain loops.

Nothing here calls the engine: the networks are written from the papers' and PyTorch's equations, with no thought of
speed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp, primitive

from gradtui_engine import Trace
from gradtui_engine.core.numerics import Array
from gradtui_engine.experiment.resolved import Resolved

# -- activations -------------------------------------------------------------------------------------------

_erfc = primitive(np.vectorize(math.erfc, otypes=[float]))
defvjp(_erfc, lambda ans, x: lambda g: -g * 2 / math.sqrt(math.pi) * anp.exp(-x * x))

#: The functions that formulas need, for numbers and for arrays that autograd follows.
NUMBERS = math
ARRAYS = SimpleNamespace(
    exp=anp.exp, expm1=anp.expm1, log1p=anp.log1p, tanh=anp.tanh, sin=anp.sin, erfc=_erfc
)  # fmt: skip


def _softplus(m: Any, z: Any) -> Any:
    # max(z, 0) as (z + |z|)/2: of what dropout sets to exactly 0 the derivative is ½.
    return m.log1p(m.exp(-abs(z))) + (z + abs(z)) / 2


def _elu(m: Any, z: Any, alpha: float = 1.0) -> Any:
    return z * (z > 0) + alpha * m.expm1(z * (z <= 0))


# f(m, z, s) with m one of the two above and s the slope of the leaky family.
FORMULAS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "linear": lambda m, z, s: z,
    "sigmoid": lambda m, z, s: 1 / (1 + m.exp(-z)),
    "tanh": lambda m, z, s: m.tanh(z),
    "relu": lambda m, z, s: z * (z > 0),
    "leaky_relu": lambda m, z, s: z * (z > 0) + s * z * (z <= 0),
    "prelu": lambda m, z, s: z * (z > 0) + s * z * (z <= 0),
    "elu": lambda m, z, s: _elu(m, z),
    "selu": lambda m, z, s: 1.0507009873554804934 * _elu(m, z, 1.6732632423543772848),
    "gelu": lambda m, z, s: z * m.erfc(-z / math.sqrt(2)) / 2,
    # σ(x) = e^−log(1 + e^−x): neither side overflows.
    "gelu_tanh": lambda m, z, s: z * m.exp(-_softplus(m, -2 * math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    "silu": lambda m, z, s: z / (1 + m.exp(-z)),
    "mish": lambda m, z, s: z * m.tanh(_softplus(m, z)),
    "softplus": lambda m, z, s: _softplus(m, z),
    "softsign": lambda m, z, s: z / (1 + abs(z)),
    "hard_tanh": lambda m, z, s: z * (abs(z) < 1) + 1.0 * (z >= 1) - 1.0 * (z <= -1),
    "hard_sigmoid": lambda m, z, s: (z / 6 + 0.5) * (abs(z) < 3) + 1.0 * (z >= 3),
    "hard_swish": lambda m, z, s: z * (z + 3) / 6 * (abs(z) < 3) + z * (z >= 3),
    "relu6": lambda m, z, s: z * (z > 0) * (z < 6) + 6.0 * (z >= 6),
    "sin": lambda m, z, s: m.sin(z),
}
# PyTorch's defaults of leaky_relu and prelu; the others have none.
SLOPES = {"leaky_relu": 0.01, "prelu": 0.25}


def activate(name: str, z: Array) -> Array:
    """f(z)."""
    return np.asarray(FORMULAS[name](ARRAYS, z, SLOPES.get(name)))


def slope(name: str, z: Array) -> Array:
    """f′(z), by autograd."""
    return np.asarray(autograd.elementwise_grad(lambda each: FORMULAS[name](ARRAYS, each, SLOPES.get(name)))(z))


# -- numbers -----------------------------------------------------------------------------------------------


def length(array: Iterable[float] | Array) -> float:
    """√Σx², exact to an ulp over the whole range of floats (math.hypot scales), without NumPy."""
    return math.hypot(*np.asarray(array, dtype=np.float64).ravel().tolist())


def difference(found: Array, wanted: Array) -> float:
    """‖found − wanted‖ / ‖wanted‖; where nothing is wanted, ‖found‖."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    return length(found - wanted) / (length(wanted) or 1.0)


def central_differences(function: Callable[[Array], float], point: Array, step: float) -> Array:
    """(f(x + εe) − f(x − εe)) / 2ε for every number of x."""
    found = np.empty(point.shape)
    for index in np.ndindex(point.shape):
        ahead, behind = point.copy(), point.copy()
        ahead[index] += step
        behind[index] -= step
        found[index] = (function(ahead) - function(behind)) / (2 * step)
    return found


# -- losses ------------------------------------------------------------------------------------------------


def _cross_entropy(output: Any, target: Array) -> Any:
    shifted = output - anp.max(output, axis=1, keepdims=True)
    return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - shifted[np.arange(len(target)), target])


LOSSES: dict[str, Callable[[Any, Array], Any]] = {
    "cross_entropy": _cross_entropy,
    "mse": lambda output, target: anp.mean((output - target) ** 2),
    "bce": lambda output, target: anp.mean(_softplus(ARRAYS, output) - target * output),
}


# -- whole networks ----------------------------------------------------------------------------------------


class Walk:
    """A forward pass that adds its nudge to every value with a slot: zeros, whose derivatives are the slots'."""

    def __init__(self, trace: Trace, parameters: Mapping[str, Any], nudges: Mapping[str, Any]) -> None:
        self.trace, self.parameters, self.nudges = trace, parameters, nudges
        self.experiment: Resolved = trace.resolved

    def at(self, slot: str, value: Any) -> Any:
        """The value of a slot, nudged."""
        return value + self.nudges[slot] if slot in self.nudges else value

    def statistics(self, prefix: str, raw: Any, mean: Any, variance: Any) -> tuple[Any, Any]:
        """The mean and variance that a batch norm divides by: those of its batch."""
        return mean, variance

    def of(self, prefix: str, *names: str) -> list[Any]:
        return [self.parameters[f"{prefix}.{name}"] for name in names]

    def loss(self, state: Any) -> Any:
        weight, bias = self.of("output", "weight", "bias")
        activation = self.experiment.output_activation
        output = self.at("output" if activation == "none" else "bare_output", state @ weight.T + bias)
        if activation != "none":
            output = self.at("output", FORMULAS[activation](ARRAYS, output, None))
        rows = output.reshape((-1, output.shape[-1]))
        name = str(self.trace.resolved.loss)
        target = self.trace.target
        flat = target.reshape(-1) if name == "cross_entropy" else target.reshape(-1, target.shape[-1])
        return LOSSES[name](rows, flat)


def _mlp(walk: Walk) -> Any:
    """Layers, and blocks of `residual_span` layers with a skip wherever shapes match (He et al. 2015, 2016)."""
    experiment, hidden = walk.experiment, walk.at("h/0", walk.trace.input)
    layer, span = 1, experiment.residual_span
    while layer <= experiment.depth:
        last = layer + span - 1
        ends = experiment.widths[last - 1 : last] or (experiment.width,)
        matches = last <= experiment.depth and (hidden.shape[1],) == ends
        if experiment.residual == "none" or not matches:
            hidden = walk.at(f"h/{layer}", _bend(walk, layer, _linear(walk, layer, hidden)))
            layer += 1
            continue
        start, last = hidden, layer + span - 1
        for inner in range(layer, last):
            hidden = walk.at(f"h/{inner}", _plain(walk, inner, hidden))
        hidden = walk.at(f"h/{last}", _join(walk, last, hidden, start, layer))
        layer = last + 1
    return walk.loss(hidden)


def _plain(walk: Walk, layer: int, hidden: Any) -> Any:
    """What a branch computes of a layer."""
    block = walk.trace.resolved.residual_block
    if block == "pre":
        return _linear(walk, layer, _bend(walk, layer, hidden))
    raw = _linear(walk, layer, hidden)
    return _activation(walk, layer, raw) if block == "post_norm" else _bend(walk, layer, raw)


def _join(walk: Walk, layer: int, hidden: Any, start: Any, first: int) -> Any:
    """The last layer of a block, joined with the block's start."""
    experiment, block = walk.experiment, walk.trace.resolved.residual_block

    def joined(branch: Any) -> Any:
        return _joined(walk, start, branch, f"layers.{layer}.residual.weight", f"layers.{first}.gate")

    if block == "post_norm":
        return _norm(walk, layer, joined(_plain(walk, layer, hidden)))
    if block != "original":
        return joined(_plain(walk, layer, hidden))
    branch = _linear(walk, layer, hidden)
    if experiment.norm_position == "before":
        return _activation(walk, layer, joined(_norm(walk, layer, branch)))
    return _norm(walk, layer, _activation(walk, layer, joined(branch)))


def _joined(walk: Walk, start: Any, branch: Any, learned: str, gate: str) -> Any:
    """Skip and branch as the papers join them; nothing but the branch without a skip."""
    residual, depth, scale = walk.experiment.residual, walk.experiment.depth, walk.trace.experiment.residual_scale
    if residual == "none":
        return branch
    if residual == "highway":
        weight, bias = walk.of(gate, "weight", "bias")
        share = _sigmoid(start @ weight.T + bias)
        return share * branch + (1 - share) * start
    if residual in ("rezero", "layer_scale"):
        return start + walk.parameters[learned] * branch
    if residual == "deepnorm":
        return ((2 * depth) ** 0.25 if scale is None else scale) * start + branch
    if residual == "scaled":
        return start + (1 / math.sqrt(depth) if scale is None else scale) * branch
    return start + branch


def _linear(walk: Walk, layer: int, hidden: Any) -> Any:
    weight, bias = walk.of(f"layers.{layer}", "weight", "bias")
    return hidden @ weight.T + bias


def _bend(walk: Walk, layer: int, raw: Any) -> Any:
    if walk.experiment.norm_position == "before":
        return _activation(walk, layer, _norm(walk, layer, raw))
    return _norm(walk, layer, _activation(walk, layer, raw))


def _activation(walk: Walk, layer: int, raw: Any) -> Any:
    name = walk.experiment.activation
    given = SLOPES.get(name) if walk.experiment.slope is None else walk.experiment.slope
    learned = walk.parameters.get(f"layers.{layer}.activation.weight")
    return _dropped(walk, f"mask/{layer}", FORMULAS[name](ARRAYS, raw, given if learned is None else learned))


def _dropped(walk: Walk, mask: str, values: Any) -> Any:
    """Dropout (Srivastava et al. 2014) and alpha dropout (Klambauer et al. 2017) with the trace's own mask."""
    rate, kept = walk.experiment.dropout, walk.trace.values.get(mask)
    if kept is None:
        return values
    if rate == 1:
        return values * 0
    if walk.experiment.dropout_kind == "inverted":
        return values * kept / (1 - rate)
    low = -1.7580993408473766
    scale = ((1 - rate) * (1 + rate * low**2)) ** -0.5
    return scale * (values * kept + low * (1 - kept)) - scale * rate * low


def _norm(walk: Walk, layer: int, raw: Any) -> Any:
    """torch.nn.BatchNorm1d, LayerNorm and RMSNorm, with their default eps."""
    name, prefix = walk.trace.resolved.norm, f"layers.{layer}.norm"
    if name == "none":
        return raw
    if name == "rms":
        eps = float(np.finfo(walk.experiment.dtype).eps)
        return raw / anp.sqrt(anp.mean(raw**2, axis=1, keepdims=True) + eps) * walk.parameters[f"{prefix}.weight"]
    axis = {"batch": 0, "layer": 1}[name]
    mean = anp.mean(raw, axis=axis, keepdims=True)
    variance = anp.mean((raw - mean) ** 2, axis=axis, keepdims=True)
    if name == "batch":
        mean, variance = walk.statistics(prefix, raw, mean, variance)
    scaled = (raw - mean) / anp.sqrt(variance + 1e-5)
    return scaled * walk.parameters[f"{prefix}.weight"] + walk.parameters[f"{prefix}.bias"]


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + anp.exp(-z))


def _pinned(gate: Any, walk: Walk) -> Any:
    return gate if walk.experiment.pin_forget is None else gate * 0 + walk.experiment.pin_forget


def _lstm_step(walk: Walk, raw: Any, before: dict[str, Any], weight: Any, bias: Any, name: Any) -> dict[str, Any]:
    inner, forget, candidate, out = anp.split(raw + before["h"] @ weight.T + bias, 4, axis=1)
    kept = _pinned(_sigmoid(forget), walk) * before["c"]
    cell = walk.at(name("c"), kept + _sigmoid(inner) * anp.tanh(candidate))
    return {"h": walk.at(name("h"), _sigmoid(out) * anp.tanh(cell)), "c": cell}


def _gru_step(walk: Walk, raw: Any, before: dict[str, Any], weight: Any, bias: Any, name: Any) -> dict[str, Any]:
    recurrent = walk.at(name("recurrent"), before["h"] @ weight.T + bias)
    reset, update, candidate = anp.split(raw, 3, axis=1)
    reset_too, update_too, candidate_too = anp.split(recurrent, 3, axis=1)
    gate = _pinned(_sigmoid(update + update_too), walk)
    new = anp.tanh(candidate + _sigmoid(reset + reset_too) * candidate_too)
    return {"h": walk.at(name("h"), (1 - gate) * new + gate * before["h"])}


def _rnn_step(walk: Walk, raw: Any, before: dict[str, Any], weight: Any, bias: Any, name: Any) -> dict[str, Any]:
    hidden = FORMULAS[walk.experiment.activation](ARRAYS, raw + before["h"] @ weight.T + bias, None)
    return {"h": walk.at(name("h"), hidden)}


def _mgu_step(walk: Walk, raw: Any, before: dict[str, Any], weight: Any, bias: Any, name: Any) -> dict[str, Any]:
    """Zhou et al. 2016; raw has its one bias already, and `bias` is None."""
    of_forget, of_candidate = anp.split(raw, 2, axis=1)
    weight_forget, weight_candidate = weight[: len(weight) // 2], weight[len(weight) // 2 :]
    forget = _pinned(_sigmoid(of_forget + before["h"] @ weight_forget.T), walk)
    new = anp.tanh(of_candidate + (forget * before["h"]) @ weight_candidate.T)
    return {"h": walk.at(name("h"), (1 - forget) * before["h"] + forget * new)}


def _mingru_step(walk: Walk, raw: Any, before: dict[str, Any], weight: Any, bias: Any, name: Any) -> dict[str, Any]:
    """Feng et al. 2024; raw has its one bias already, and nothing reads the state."""
    update, candidate = anp.split(raw, 2, axis=1)
    gate = _pinned(_sigmoid(update), walk)
    return {"h": walk.at(name("h"), (1 - gate) * before["h"] + gate * candidate)}


_STEPS = {"lstm": _lstm_step, "gru": _gru_step, "rnn": _rnn_step, "mgu": _mgu_step, "mingru": _mingru_step}


#: PyTorch's cells have two biases, the minimal ones one; the minGRU reads no state.
BIASES = {cell: ("bias",) if cell.startswith("m") else ("bias_ih", "bias_hh") for cell in _STEPS}
MATRICES = {cell: ("weight_ih",) if cell == "mingru" else ("weight_ih", "weight_hh") for cell in _STEPS}
BIASES["lru"], MATRICES["lru"] = (), ("nu", "theta", "log_gamma", "weight_ih")


def _over_time(walk: Walk) -> Any:
    """torch.nn.LSTM's, GRU's and RNN's documented equations, gate by gate, layer on layer."""
    experiment, cell = walk.experiment, walk.experiment.cell
    sequence = [walk.at(f"input/{time}", each) for time, each in enumerate(walk.trace.input)]
    for layer in range(experiment.layers):
        mark = "" if layer == experiment.layers - 1 else f"_l{layer}"
        weight_ih, *matrices = walk.of(cell, *(f"{name}_l{layer}" for name in MATRICES[cell]))
        bias_ih, *biases = walk.of(cell, *(f"{name}_l{layer}" for name in BIASES[cell]))
        weight_hh, bias_hh = (*matrices, None)[0], (*biases, None)[0]
        zeros = np.zeros((len(walk.trace.input[0]), experiment.width))
        state = {name: walk.at(f"{name}{mark}/0", zeros) for name in ("h", "c")}
        states = []
        for time, inputs in enumerate(sequence, start=1):
            raw = walk.at(f"projection{mark}/{time}", inputs @ weight_ih.T + bias_ih)

            def name(kind: str, place: str = f"{mark}/{time}") -> str:
                return kind + place

            state = _STEPS[cell](walk, raw, state, weight_hh, bias_hh, name)
            states.append(state["h"])
        sequence = states
        if mark == "" or experiment.dropout == 0:
            continue
        sequence = list(_dropped(walk, f"mask{mark}", anp.stack(states)))
    return walk.loss(anp.stack(sequence) if experiment.readout == "all" else sequence[-1])


def _transformer(walk: Walk) -> Any:
    """torch.nn.TransformerEncoder's documented equations, token by token and head by head, on embedded tokens."""
    experiment, width = walk.experiment, walk.experiment.width
    weight, bias = walk.of("embedding", "weight", "bias")
    tokens = [walk.at(f"input/{time}", each) @ weight.T + bias for time, each in enumerate(walk.trace.input)]
    count = len(tokens)
    if experiment.position == "sinusoidal":
        places = [
            [
                (math.sin if unit % 2 == 0 else math.cos)(time / 10000 ** ((unit - unit % 2) / width))
                for unit in range(width)
            ]
            for time in range(count)
        ]
        tokens = [token + np.array(place) for token, place in zip(tokens, places, strict=True)]
    elif experiment.position == "learned":
        tokens = [token + walk.parameters["position.weight"][time] for time, token in enumerate(tokens)]
    state = walk.at("h/0", anp.stack(tokens))
    for block in range(1, experiment.depth + 1):
        state = walk.at(f"m/{block}", _half(walk, block, 1, state, _attention))
        state = walk.at(f"h/{block}", _half(walk, block, 2, state, _feed_forward))
    if experiment.residual_block == "pre":
        state = _token_norm(walk, "norm", state)
    if experiment.readout == "all":
        return walk.loss(state)
    return walk.loss(state[-1] if experiment.readout == "last" else anp.mean(state, axis=0))


def _half(walk: Walk, block: int, half: int, state: Any, branch: Callable[[Walk, int, Any], Any]) -> Any:
    """Attention or MLP: pre-LN, or with the norm on the sum (post-LN)."""
    prefix = f"layers.{block}.norm{half}"
    before = walk.experiment.residual_block == "pre"
    added = branch(walk, block, _token_norm(walk, prefix, state) if before else state)
    added = _dropped(walk, f"mask{half}/{block}", added)
    names = f"layers.{block}.residual{half}.weight", f"layers.{block}.gate{half}"
    joined = _joined(walk, state, added, *names)
    return joined if before else _token_norm(walk, prefix, joined)


def _token_norm(walk: Walk, prefix: str, state: Any) -> Any:
    if walk.experiment.norm == "none":
        return state
    if walk.experiment.norm == "rms":
        eps = float(np.finfo(walk.experiment.dtype).eps)
        scaled = state / anp.sqrt(anp.mean(state**2, axis=-1, keepdims=True) + eps)
        return scaled * walk.parameters[f"{prefix}.weight"]
    centred = state - anp.mean(state, axis=-1, keepdims=True)
    scaled = centred / anp.sqrt(anp.mean(centred**2, axis=-1, keepdims=True) + 1e-5)
    return scaled * walk.parameters[f"{prefix}.weight"] + walk.parameters[f"{prefix}.bias"]


def _attention(walk: Walk, block: int, state: Any) -> Any:
    prefix, heads = f"layers.{block}.self_attn", walk.experiment.heads or 0
    weight, bias, out, out_bias = walk.of(prefix, "in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
    query, key, value = anp.split(state @ weight.T + bias, 3, axis=-1)
    size = query.shape[-1] // heads
    context = []
    for head in range(heads):
        of_head = slice(head * size, (head + 1) * size)
        scores = anp.sum(query[:, None, :, of_head] * key[None, :, :, of_head], axis=-1) / math.sqrt(size)
        powers = anp.exp(scores - anp.max(scores, axis=1, keepdims=True))
        attention = powers / anp.sum(powers, axis=1, keepdims=True)
        context.append(anp.sum(attention[..., None] * value[None, :, :, of_head], axis=1))
    return anp.concatenate(context, axis=-1) @ out.T + out_bias


def _feed_forward(walk: Walk, block: int, state: Any) -> Any:
    first, first_bias = walk.of(f"layers.{block}.linear1", "weight", "bias")
    second, second_bias = walk.of(f"layers.{block}.linear2", "weight", "bias")
    return _activation(walk, block, state @ first.T + first_bias) @ second.T + second_bias


def _lru(walk: Walk) -> Any:
    """Orvieto et al. 2023: h_t = λ ⊙ h_(t−1) + γ ⊙ (B x_t), complex, as pairs of reals; y = Re(C h) is the output."""
    experiment, width = walk.experiment, walk.experiment.width
    sequence = [walk.at(f"input/{time}", each) for time, each in enumerate(walk.trace.input)]
    for layer in range(experiment.layers):
        mark = "" if layer == experiment.layers - 1 else f"_l{layer}"
        nu, theta, log_gamma, weight = walk.of(
            "lru", *(f"{name}_l{layer}" for name in ("nu", "theta", "log_gamma", "weight_ih"))
        )
        size, phase = anp.exp(-anp.exp(nu)), anp.exp(theta)
        real, imaginary = size * anp.cos(phase), size * anp.sin(phase)
        gamma = anp.exp(anp.concatenate([log_gamma, log_gamma]))
        state = walk.at(f"h{mark}/0", np.zeros((len(walk.trace.input[0]), 2 * width)))
        states = []
        for time, inputs in enumerate(sequence, start=1):
            raw = walk.at(f"projection{mark}/{time}", gamma * (inputs @ weight.T))
            before_real, before_imaginary = state[:, :width], state[:, width:]
            turned = [
                real * before_real - imaginary * before_imaginary,
                real * before_imaginary + imaginary * before_real,
            ]
            state = walk.at(f"h{mark}/{time}", anp.concatenate(turned, axis=1) + raw)
            states.append(state)
        sequence = states
        if mark and experiment.dropout:
            sequence = list(_dropped(walk, f"mask{mark}", anp.stack(states)))
    return walk.loss(anp.stack(sequence) if experiment.readout == "all" else sequence[-1])


NETWORKS: dict[str, Callable[[Walk], Any]] = {
    "transformer": _transformer, "mlp": _mlp, "lstm": _over_time, "gru": _over_time, "rnn": _over_time,
    "mgu": _over_time, "mingru": _over_time, "lru": _lru,
}  # fmt: skip


@dataclass(frozen=True)
class Gradients:
    """The loss and its derivatives by parameter name, by slot (total derivatives), and by the input."""

    loss: float
    parameters: dict[str, Array]
    slots: dict[str, Array]
    inputs: Array


def loss_of(trace: Trace) -> float:
    """The loss of a trace's parameters on its input, computed anew."""
    return float(NETWORKS[trace.experiment.cell](Walk(trace, trace.parameters, {})))


def gradients_of(trace: Trace) -> Gradients:
    """What autograd finds, for every slot whose gradient the trace keeps."""
    over_time = trace.experiment.cell != "mlp"
    slots = [name for name in trace.gradients if name in ("output", "bare_output") or name.partition("/")[2].isdigit()]
    nudges = {name: np.zeros(trace.values[name].shape) for name in slots}
    if over_time:
        nudges |= {f"input/{time}": np.zeros(each.shape) for time, each in enumerate(trace.input)}

    def loss(parameters: dict[str, Any], moved: dict[str, Any]) -> Any:
        return NETWORKS[trace.experiment.cell](Walk(trace, parameters, moved))

    by_parameter, by_slot = autograd.grad(loss, argnum=(0, 1))(dict(trace.parameters), nudges)
    inputs = [by_slot.pop(f"input/{time}") for time in range(len(trace.input))] if over_time else by_slot["h/0"]
    return Gradients(loss_of(trace), by_parameter, by_slot, np.asarray(inputs))


class _Until(Walk):
    """A walk that remembers the value of one slot."""

    def __init__(self, trace: Trace, slot: str, nudges: Mapping[str, Any]) -> None:
        super().__init__(trace, trace.parameters, nudges)
        self.slot, self.found = slot, None

    def at(self, slot: str, value: Any) -> Any:
        value = super().at(slot, value)
        self.found = value if slot == self.slot else self.found
        return value


def jacobian_of(trace: Trace, last: int, first: int, sample: int) -> Array:
    """∂h_last / ∂h_first of one sample: what autograd finds for the whole network, all else held fixed."""
    rest = np.zeros(trace.values[f"h/{first}"].shape)

    def state(nudge: Any) -> Any:
        nudges = anp.concatenate([rest[:sample], nudge[None], rest[sample + 1 :]])
        walk = _Until(trace, f"h/{last}", {f"h/{first}": nudges})
        NETWORKS[trace.experiment.cell](walk)
        return walk.found[sample]  # type: ignore[index]

    return np.asarray(autograd.jacobian(state)(rest[sample]))


def norm_of_sum(parts: Mapping[str, float | None], *names: str) -> float:
    """‖a + b + …‖ from the norms of these parts of a factor and the cosine of each two of them, the first two's being
    "cosine"; scaled, as the square of 1e-185 would be 0.
    """
    values = {name: parts[name] or 0.0 for name in names}
    scale = max(values.values())
    scale = scale if 0 < scale < math.inf else 1.0
    square = sum((value / scale) ** 2 for value in values.values())
    for one, other in itertools.combinations(names, 2):
        cosine = parts["cosine" if (one, other) == names[:2] else f"cosine_{one}_{other}"] or 0.0
        square += 2 * cosine * (values[one] / scale) * (values[other] / scale)
    return scale * math.sqrt(max(0.0, square))
