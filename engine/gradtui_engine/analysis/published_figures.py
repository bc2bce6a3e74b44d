"""Reference figures from the literature beside what this engine computes: `gradtui theory` prints them."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.figures import exact
from ..core.message import Message
from ..core.number_types import NUMBER_TYPES
from ..core.numerics import Purpose, generator
from ..experiment.experiment import Experiment
from ..rules.activations import ACTIVATIONS
from ..rules.initialisers import INITIALISERS
from ..run.network import build
from ..run.trace import Trace
from ..theory.meanfield import fixed_point
from .branches import of_tokens
from .jacobian import jacobian, singular_values
from .stages import Gradients, gradients_of


@dataclass(frozen=True, slots=True)
class Figure:
    """One published figure, what is computed here, and how far apart the two may be.

    exact says that both are the same formula (tolerance: rounding of the published digits); otherwise the computed
    one was measured on a random network of finite width.
    """

    name: str
    published: float
    computed: float
    tolerance: float
    source: str
    exact: bool = True


_MEAN_FIELD = "Poole et al. 2016; Schoenholz et al. 2017"
_WIDE: dict[str, Any] = {"data": "gaussian", "width": 500, "inputs": 500, "batch": 64}


def figures() -> Iterator[Figure]:
    """Every figure, computed now."""
    yield from _mean_field()
    yield from _gates()
    yield from _initialisers()
    yield from _number_types()
    yield from _measured()
    yield from _highways()


def _number_types() -> Iterator[Figure]:
    """The smallest number that rounding leaves, and the largest, of the types that are emulated."""
    for name, smallest, largest in (("float16", 5.96e-8, 65504.0), ("bfloat16", 9.18e-41, 3.3895e38)):
        row = NUMBER_TYPES[name]
        powers = row.cast(2.0 ** np.arange(-149, 128, dtype=np.float64))
        least = float(powers[powers > 0].min())
        yield Figure(Message("{dtype}: smallest number", dtype=name), smallest, least, 1e-3, row.source)
        most = float(row.cast(np.array([largest]))[0])
        yield Figure(Message("{dtype}: largest number", dtype=name), largest, most, 1e-4, row.source)


def _mean_field() -> Iterator[Figure]:
    sigmoid, tanh = fixed_point("sigmoid", 1.0, 0.0), fixed_point("tanh", 1.5, 0.0)
    yield Figure("sigmoid, σ_w² = 1: q*", 0.26469, sigmoid.q_star or 0.0, 2e-5, _MEAN_FIELD)
    yield Figure("sigmoid, σ_w² = 1: √χ", 0.23605, math.sqrt(sigmoid.chi), 2e-5, _MEAN_FIELD)
    yield Figure("tanh, σ_w² = 2.25: q*", 0.79335, tanh.q_star or 0.0, 1e-5, _MEAN_FIELD)
    yield Figure("tanh, σ_w² = 2.25: √χ", 1.06739, math.sqrt(tanh.chi), 1e-5, _MEAN_FIELD)
    yield Figure("ReLU, σ_w² = 1: √χ", math.sqrt(0.5), math.sqrt(fixed_point("relu", 1.0, 0.0).chi), 1e-12, _MEAN_FIELD)
    he = math.sqrt(fixed_point("relu", math.sqrt(2), 0.0).chi)
    yield Figure("ReLU, σ_w² = 2 (He): √χ", 1.0, he, 1e-12, "He et al. 2015")


def _gates() -> Iterator[Figure]:
    for bias, value in ((0, 0.5), (1, 0.731), (2, 0.881), (4, 0.982)):
        gate = 1 / (1 + math.exp(-bias))
        yield Figure(Message("forget gate at bias {bias}: σ", bias=bias), value, gate, 7e-4, "Jozefowicz et al. 2015")
    # From the rounded gate values that are published with them.
    for gate, steps in ((0.5, 1.0), (0.731, 2.2), (0.982, 38.0)):
        half = math.log(0.5) / math.log(gate)
        yield Figure(Message("half-life at f = {gate}", gate=exact(gate)), steps, half, 0.02, "ln ½ / ln f")


def _initialisers() -> Iterator[Figure]:
    for slope, published in ((0.01, 1.41414), (0.25, 1.37199), (0.5, 1.26491), (0.9, 1.05118)):
        gain = ACTIVATIONS["leaky_relu"].gain_at(slope)
        yield Figure(
            Message("leaky ReLU, slope {slope}: gain", slope=exact(slope)),
            published,
            gain,
            5e-6,
            "√(2/(1+a²)), He et al. 2015",
        )
    rng = generator(0, Purpose.PARAMETER, "figures")
    fan_out, fan_in = 400, 600
    rules = (
        ("xavier_normal", 2 / (fan_in + fan_out), "Glorot & Bengio 2010"),
        ("he_normal", 2 / fan_in, "He et al. 2015"),
        ("lecun_uniform", 1 / fan_in, "LeCun et al. 1998"),
    )
    for name, variance, source in rules:
        measured = float(np.var(INITIALISERS[name].draw(rng, fan_out, fan_in, 1.0)))
        # 240,000 draws: the variance of a normal is known to √(2/n) = 0.3 %.
        label = Message("{init} {rows}×{columns}: variance", init=name, rows=fan_out, columns=fan_in)
        yield Figure(label, variance, measured, 0.02, source, exact=False)
    cut = INITIALISERS["truncated_normal"].variance
    if cut is not None:
        label = Message("truncated_normal: standard deviation × √fan_in")
        yield Figure(label, 0.87962566, math.sqrt(cut(1, 1, 1.0, None)), 1e-8, "Keras, JAX: VarianceScaling")
    largest, smallest = _extremes(INITIALISERS["orthogonal"].draw(rng, 300, 300, 1.0))
    yield Figure(Message("orthogonal: largest singular value"), 1.0, largest, 1e-12, "Saxe et al. 2014")
    yield Figure(Message("orthogonal: smallest singular value"), 1.0, smallest, 1e-12, "Saxe et al. 2014")


def _extremes(matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> tuple[float, float]:
    values = singular_values(matrix)
    return float(values[0]), float(values[-1])


def _measured() -> Iterator[Figure]:
    """Wide networks. A layer's factor scatters by about 3 % at width 500, its mean over the layers by less than 2 %.

    The unscaled residual gets more room: its growth has a finite-width part (the gradient lines up with the mean of
    h), which at width 800 adds up to 3 % over 10 blocks and at width 250 to 10 %.
    """
    he = {"activation": "relu", "init": "he_normal"}
    batch = {**he, "norm": "batch", "batch": 256}
    skip = {**he, "residual": "add", "depth": 14, "width": 800, "inputs": 800}
    yield _rate(Message("sigmoid, width 500"), 0.23605, {"activation": "sigmoid", "init": "normal"}, 0.03, _MEAN_FIELD)
    yield _rate(Message("ReLU + He, width 500"), 1.0, he, 0.03, "He et al. 2015")
    yield _rate(Message("batch norm + ReLU, width 500"), 1.21117, batch, 0.03, "Yang et al. 2019")
    few = {"activation": "linear", "norm": "batch", "batch": 8}
    yield _rate(Message("batch norm, linear, batch of 8, width 500"), 1.09545, few, 0.03, "Yang et al. 2019")
    dropped = {**he, "dropout": 0.5}
    name = Message("ReLU + He + dropout ½, width 500")
    yield _rate(name, math.sqrt(2), dropped, 0.03, "√(1/(1 − p)), Schoenholz et al. 2017")
    yield _rate(Message("residual + ReLU + He, width 800"), math.sqrt(2), skip, 0.06, "1 + β² χ_F = 2")
    linear = build(Experiment(depth=10, activation="linear", init="orthogonal", width=64, data="gaussian")).run()
    isometry = float(singular_values(jacobian(linear))[-1])
    label = Message("deep linear, orthogonal: smallest singular value of J")
    yield Figure(label, 1.0, isometry, 1e-10, "Saxe et al. 2014")
    yield from _attention()
    label = Message("forget gate pinned at 0.9, 50 steps: direct path")
    yield Figure(label, 0.9**50, _direct("lstm", 0.9), 1e-10, "dL/dc_0 = f^T dL/dc_T")
    label = Message("MGU's gate pinned at 0.1, 50 steps: direct path")
    yield Figure(label, 0.9**50, _direct("mgu", 0.1), 1e-10, "1 − f (Zhou et al. 2016)")
    yield _ring()
    longest, width = 100, 4000
    lives = build(
        Experiment(cell="lstm", data="gaussian", steps=1, inputs=1, width=width, init="zeros", gate_init="chrono",
                   chrono_steps=longest)
    ).parameters["lstm.bias_ih_l0"][width : 2 * width]  # fmt: skip
    # The mean of 4,000 draws of σ(ln u) = u/(1 + u), whose deviation is 0.09: to 0.15 %.
    label = Message("chrono, T_max = {steps}: mean forget gate", steps=longest)
    mean = 1 - math.log(longest / 2) / (longest - 2)
    yield Figure(label, mean, float(np.mean(1 / (1 + np.exp(-lives)))), 5e-3, "Tallec & Ollivier 2018", exact=False)
    label = Message("minGRU's gate pinned at 0.1, 50 steps: all that arrives")
    yield Figure(label, 0.9**50, _whole("mingru", 0.1), 1e-10, "1 − z (Feng et al. 2024)")


def _ring() -> Figure:
    """A hundred steps of an LRU. The heavy tail of |λ|^200 scatters (`ring.scatter`): draws of 8,000 units by 2.3 %."""
    a, b = 0.9**2, 0.999**2
    shape: dict[str, Any] = {"data": "gaussian", "steps": 100, "inputs": 1, "width": 8000, "batch": 1}
    norms = _gradients(build(Experiment(cell="lru", **shape)).run()).norms
    label = Message("LRU, |λ|² uniform from 0.9² to 0.999², 100 steps: what arrives")
    wanted = math.sqrt((b**101 - a**101) / (101 * (b - a)))
    return Figure(label, wanted, norms[0] / norms[-1], 0.05, "Orvieto et al. 2023", exact=False)


def _whole(cell: str, pin: float) -> float:
    """What arrives of the gradient after 50 steps, by whatever path."""
    norms = _gradients(_pinned(cell, pin)).norms
    return norms[0] / norms[-1]


def _highways() -> Iterator[Figure]:
    """What keeps the product near 1 in depth: ReLU and He's weights, in blocks that all have a skip."""
    he = {"activation": "relu", "init": "he_normal", "width": 300, "inputs": 300}
    source = "Bachlechner et al. 2020: h + αF, α = 0"
    yield dataclasses.replace(_rate("ReZero", 1.0, {**he, "residual": "rezero"}, 1e-12, source), exact=True)
    blocks = {**he, "depth": 48, "residual_block": "pre", "norm": "layer"}
    for name, residual, published, source in (
        ("pre-LN", "add", 7.0, "√(L + 1), Xiong et al. 2020"),
        ("LayerScale 0.1 in pre-LN", "layer_scale", math.sqrt(1 + 48 * 0.1**2), "√(1 + L γ²), Touvron et al. 2021"),
    ):
        network = build(Experiment(**{**_WIDE, **blocks}, residual=residual))
        growth = network.run().values["h/48"].std() / network.batch.inputs.std()
        label = Message("{network}, 48 blocks: growth of the standard deviation", network=name)
        yield Figure(label, published, float(growth), 0.05, source, exact=False)
    # ReLU's branch has a mean, which the norm takes away: v is 1 − 1/π of χ.
    left = 1 - 1 / math.pi
    post = {**he, "residual": "add", "residual_block": "post_norm"}
    published = math.sqrt(2 / (1 + left))
    yield _rate("post-LN", published, post, 0.03, "√((1 + χ)/(1 + v)), Xiong et al. 2020")
    alpha, beta = math.sqrt(2 * 24), 1 / math.sqrt(8 * 24)  # their squares
    published = math.sqrt((alpha + beta) / (alpha + left * beta))
    yield _rate("DeepNorm", published, {**he, "residual": "deepnorm"}, 0.01, "√((α² + χ)/(α² + v)), Wang et al. 2022")
    network = build(Experiment(**{**_WIDE, **he}, depth=24, residual="highway"))
    shut = {name: np.zeros_like(array) for name, array in network.parameters.items() if name.endswith("gate.weight")}
    norms = _gradients(network.with_parameters(network.parameters | shut).run()).norms
    closed, opened = 1 / (1 + math.exp(-2.0)), 1 / (1 + math.exp(2.0))
    label = Message("Highway, gates of bias −2 alone: factor a layer")
    factor = float((norms[4] / norms[-1]) ** (1 / (len(norms) - 5)))
    source = "√((1 − t)² + t²χ), Srivastava et al. 2015"
    yield Figure(label, math.hypot(closed, opened), factor, 0.01, source, exact=False)


def _attention() -> Iterator[Figure]:
    """Attention with q = k = 0, which averages all tokens: orthogonal weights leave its own part of every factor."""
    fields: dict[str, Any] = {
        "cell": "transformer", "data": "gaussian", "width": 64, "mlp_width": 64, "batch": 16, "query_gain": 0.0,
        "norm": "none", "position": "none", "activation": "linear", "init": "orthogonal",
    }  # fmt: skip
    with np.errstate(all="ignore"):
        for tokens in (4, 16):
            trace = build(Experiment(**fields, residual="none", depth=2, steps=tokens)).run()
            left = _gradients(trace).parts[-1]["attention"] or 0.0
            label = Message("uniform attention, {tokens} tokens: 1/√T of one token's gradient", tokens=tokens)
            yield Figure(label, 1 / math.sqrt(tokens), left, 1e-12, _ATTENTION)
        alike = of_tokens(trace)[1].similarity or 0.0
        yield Figure(Message("uniform attention without skips: cosine of tokens"), 1.0, alike, 1e-12, _COLLAPSE)
        skips = fields | {"width": 256, "mlp_width": 256, "residual": "scaled", "depth": 12, "readout": "mean"}
        norms = _gradients(build(Experiment(**skips, steps=8)).run()).norms
        yield from _attention_alone(skips | {"width": 128, "mlp_width": 1, "depth": 32, "steps": 16, "batch": 128})
    label = Message("uniform attention, skips with β = 1/√12: factor a block, 1 + β²")
    # Both branches line up a little with the skip at finite width: 0.8 % at 256.
    yield Figure(label, 1 + 1 / 12, float((norms[1] / norms[-1]) ** (1 / 11)), 0.02, _ATTENTION, exact=False)


def _attention_alone(fields: Mapping[str, Any]) -> Iterator[Figure]:
    """Noci's blocks, of which the attention alone is left: the MLP's second matrix is 0.

    The mean over the tokens grows by 1 + β² a block, what deviates from it stays: from independent tokens on the cosine
    of two is (e − s) / ((T − 1) s), with e = (1 + 1/L)^L and s = 1 + (e − 1)/T.
    """
    depth, tokens = fields["depth"], fields["steps"]
    network = build(Experiment(**fields))
    shut = {name: np.zeros_like(array) for name, array in network.parameters.items() if "linear2" in name}
    trace = network.with_parameters(network.parameters | shut).run()
    norms = _gradients(trace).norms
    values = {"tokens": tokens, "blocks": depth}
    label = Message("attention alone, {tokens} tokens, {blocks} blocks, β = 1/√{blocks}: factor a block", **values)
    # A branch's direction and the stream's have a cosine of 1/√128 = 0.09 at random, of which β = 0.18 takes its part:
    # 0.2 % on average over 32 blocks. The cosine of tokens, which is of all of the growth, is 3 % off.
    factor = float((norms[1] / norms[-1]) ** (1 / (depth - 1)))
    yield Figure(label, math.sqrt(1 + 1 / depth), factor, 5e-3, _ATTENTION + ": √(1 + β²)", exact=False)
    label = Message("attention alone, {tokens} tokens, {blocks} blocks, β = 1/√{blocks}: cosine of tokens", **values)
    growth = (1 + 1 / depth) ** depth
    size = 1 + (growth - 1) / tokens
    alike = (growth - size) / ((tokens - 1) * size)
    yield Figure(label, alike, of_tokens(trace)[-1].similarity or 0.0, 0.06, _ATTENTION, exact=False)


_ATTENTION = "Noci et al. 2022"
_COLLAPSE = "Dong et al. 2021; Noci et al. 2022"


def _direct(cell: str, pin: float) -> float:
    """What the direct path leaves of the gradient after 50 steps."""
    return math.prod(parts["direct"] or 0.0 for parts in _gradients(_pinned(cell, pin)).parts)


def _pinned(cell: str, pin: float) -> Trace:
    return build(Experiment(cell=cell, data="gaussian", steps=50, inputs=4, pin_forget=pin, width=16)).run()


def _rate(name: str, published: float, fields: dict[str, Any], tolerance: float, source: str) -> Figure:
    factor = _factor(**({"depth": 24, **_WIDE} | fields))
    return Figure(Message("{network}: factor a layer", network=name), published, factor, tolerance, source, exact=False)


@functools.cache
def _factor(**fields: Any) -> float:
    """The factor a layer, averaged over all layers but the first four, where the signal still settles.

    Equal fields give equal bits, and the five wide networks take a second: a process computes each once.
    """
    norms = _gradients(build(Experiment(**fields)).run()).norms
    return float((norms[4] / norms[-1]) ** (1 / (len(norms) - 5)))


def _gradients(trace: Trace) -> Gradients:
    with np.errstate(all="ignore"):
        return gradients_of(trace)
