"""The linear recurrent unit (Orvieto et al. 2023): a complex diagonal recurrence, as pairs of reals.

    h_t = λ ⊙ h_(t−1) + γ ⊙ (B x_t)                          (batch, width) complex
    λ = exp(−e^ν + i e^θ),   γ = e^log_γ, which starts as √(1 − |λ|²)

ν, θ, log γ and B are learned, and |λ| < 1 whatever is learned. |λ|² starts uniform in (r_min², r_max²) and the phase
uniform in (0, max_phase), as in the paper (lemma 3.2). A state is 2·width reals, Re h beside Im h; W_ih holds Re B
above Im B. The paper's y = Re(C h) is a real linear map of these pairs: it is the output layer, whose matrix is
(Re C, −Im C), or B of the layer above; D x would lead around the recurrence and is left out. Nothing but λ stands
between two steps: ∂L/∂h_(t−1) = λ* ⊙ ∂L/∂h_t. S4's and Mamba's idea. Memory is units-first, as in `lstm`.
"""

from __future__ import annotations

import functools

import numpy as np

from ..core.names import Aliases
from ..core.numerics import Array
from ..program.bound import Node
from ..program.operations import Operation
from ..program.program import Parameter
from ..program.slots import HIDDEN
from . import input_projection, recurrent
from .cell import AS_HERE, IN_ORDER, OF_MODULES, Cell, PreActivations
from .settings import Recorded, Settings
from .written_out import module


def eigenvalues(nu: Array, theta: Array) -> Array:
    """λ as (2, width): its real and its imaginary parts."""
    size, phase = np.exp(-np.exp(nu)), np.exp(theta)
    return np.stack([size * np.cos(phase), size * np.sin(phase)])


def _columns(nu: Array, theta: Array) -> Array:
    return eigenvalues(nu, theta)[:, :, None]


def _step_forward(node: Node) -> None:
    projection, before, hidden = node.inputs[0].T, node.inputs[1].T, node.outputs[0].T
    real, imaginary = node.workspace.worked_out(_columns, *node.shared)
    width = len(real)
    scratch = node.workspace.buffer("units", (width, hidden.shape[1]), hidden.dtype)
    np.multiply(real, before[:width], hidden[:width])
    np.multiply(imaginary, before[width:], scratch)
    np.subtract(hidden[:width], scratch, hidden[:width])
    np.multiply(real, before[width:], hidden[width:])
    np.multiply(imaginary, before[:width], scratch)
    np.add(hidden[width:], scratch, hidden[width:])
    np.add(hidden, projection, hidden)


def _step_backward(node: Node) -> None:
    gradient = node.output_gradients[0].T
    projection_wanted, before_wanted = node.input_gradients
    assert projection_wanted is not None
    assert before_wanted is not None
    real, imaginary = node.workspace.worked_out(_columns, *node.shared)
    width, wanted = len(real), before_wanted.T
    scratch = node.workspace.buffer("units", (width, gradient.shape[1]), gradient.dtype)
    np.copyto(projection_wanted.T, gradient)
    # By the conjugate.
    np.multiply(real, gradient[:width], wanted[:width])
    np.multiply(imaginary, gradient[width:], scratch)
    np.add(wanted[:width], scratch, wanted[:width])
    np.multiply(real, gradient[width:], wanted[width:])
    np.multiply(imaginary, gradient[:width], scratch)
    np.subtract(wanted[width:], scratch, wanted[width:])


def _scaled(log_gamma: Array, weight: Array) -> tuple[Array, Array]:
    """γ for both rows of each unit, (2·width, 1), and γ ⊙ B."""
    gamma = np.exp(np.concatenate([log_gamma, log_gamma]))[:, None]
    return gamma, gamma * weight


def _projection_forward(node: Node) -> None:
    _, _, log_gamma, weight = node.parameters
    scaled = _scaled(log_gamma, weight)[1]
    input_projection.project(node, scaled, np.zeros(len(scaled), scaled.dtype))


def _projection_backward(node: Node) -> None:
    _, _, log_gamma, weight = node.parameters
    of_nu, of_theta, of_gamma, of_weight = node.parameter_gradients
    (gradient,), (hidden,) = node.output_gradients, node.reads
    gamma, scaled = _scaled(log_gamma, weight)
    columns = input_projection.over_time(node, "columns of the gradient", gradient)
    of_scaled = columns @ node.inputs[0].reshape(columns.shape[1], -1)
    before = input_projection.over_time(node, "columns of the state", hidden[:-1])
    _put(node.parameters, (of_nu, of_theta, of_gamma, of_weight), of_scaled, gamma, scaled, columns, before)
    wanted = node.input_gradients[0]
    if wanted is not None:
        np.matmul(scaled.T, gradient.swapaxes(1, 2), out=wanted.swapaxes(1, 2))


def _put(
    parameters: list[Array], wanted: tuple[Array, ...], of_scaled: Array, gamma: Array, scaled: Array, columns: Array,
    before: Array,
) -> None:  # fmt: skip
    """The gradients of ν, θ, log γ and B; columns is ∂L/∂h_t and before h_(t−1), both (2·width, time·batch)."""
    nu, theta, *_ = parameters
    of_nu, of_theta, of_gamma, of_weight = wanted
    width = len(nu)
    np.multiply(gamma, of_scaled, of_weight)
    both = np.einsum("ij,ij->i", of_scaled, scaled)
    np.add(both[:width], both[width:], of_gamma)
    (d_real, d_imaginary), (h_real, h_imaginary) = (each.reshape(2, width, -1) for each in (columns, before))
    of_real = np.einsum("ij,ij->i", d_real, h_real) + np.einsum("ij,ij->i", d_imaginary, h_imaginary)
    of_imaginary = np.einsum("ij,ij->i", d_imaginary, h_real) - np.einsum("ij,ij->i", d_real, h_imaginary)
    real, imaginary = eigenvalues(nu, theta)
    of_nu[...] = -np.exp(nu) * (real * of_real + imaginary * of_imaginary)
    of_theta[...] = np.exp(theta) * (real * of_imaginary - imaginary * of_real)


def _contribution(node: Node, time: int) -> tuple[Array, ...]:
    """Time step `time`'s addend of each parameter's gradient, in the order of the parameters."""
    gradient, before = node.output_gradients[0][time - 1], node.reads[0][time - 1]
    gamma, scaled = _scaled(*node.parameters[2:])
    wanted = tuple(np.empty_like(parameter) for parameter in node.parameters)
    _put(node.parameters, wanted, gradient.T @ node.inputs[0][time - 1], gamma, scaled, gradient.T, before.T)
    return wanted


def _ring(settings: Settings, rng: np.random.Generator, count: int) -> Array:
    """ν of |λ|² uniform in (r_min², r_max²)."""
    squares = rng.uniform(settings.r_min**2, settings.r_max**2, count)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(-0.5 * np.log(squares)))


def _phases(settings: Settings, rng: np.random.Generator, count: int) -> Array:
    return np.asarray(np.log(settings.max_phase * (1.0 - rng.uniform(0.0, 1.0, count))))


def _normalised(settings: Settings, rng: np.random.Generator, count: int) -> Array:
    """log γ = ½ ln(1 − |λ|²), of the very ν that its stream draws."""
    return np.asarray(0.5 * np.log(-np.expm1(-2 * np.exp(_ring(settings, rng, count)))))


def _parameters(cell: Cell, settings: Settings, inputs: int) -> dict[str, Parameter]:
    width = settings.width
    draws = {"nu": _ring, "theta": _phases, "log_gamma": _normalised}
    own = {
        name: Parameter((width,), draw=functools.partial(draw, settings), stream="nu" if name == "log_gamma" else "")
        for name, draw in draws.items()
    }
    # Real and imaginary part share the variance.
    return own | {"weight_ih": Parameter((2 * width, inputs), (width, inputs), 2, module_fan=width, scale=0.5**0.5)}


def _pre_activations(trace: Recorded, stage: int) -> tuple[PreActivations, ...]:
    return (PreActivations("activation", "linear", 1.0, trace.values[trace.program.stages[stage]]),)


_MODULE = module(
    "LRU",
    '{"nu": (width,), "theta": (width,), "log_gamma": (width,), "weight_ih": (2 * width, inputs)}',
    'nu, theta, log_gamma, b = (getattr(self, f"{name}_l{k}") for name in ("nu", "theta", "log_gamma", "weight_ih"))\n'
    "lam = torch.polar(torch.exp(-torch.exp(nu)), torch.exp(theta))\n"
    "given = sequence @ (log_gamma.exp().repeat(2)[:, None] * b).T",
    "p, q = given[t].chunk(2, dim=1)\n"
    "z = lam * torch.complex(*h.chunk(2, dim=1)) + torch.complex(p, q)\n"
    "h = torch.cat([z.real, z.imag], dim=1)",
    more=", r_min=0.9, r_max=0.999, max_phase=6.283185307179586",
    keeps="self.r_min, self.r_max, self.max_phase = r_min, r_max, max_phase",
    states="2 * width",
    start="""\
    def reset_parameters(self):
        for k in range(self.num_layers):
            nu, theta, log_gamma, b = (
                getattr(self, f"{name}_l{k}").data for name in ("nu", "theta", "log_gamma", "weight_ih"))
            nu.uniform_(self.r_min ** 2, self.r_max ** 2).log_().mul_(-0.5).log_()
            theta.uniform_(0.0, self.max_phase).log_()
            log_gamma.copy_(0.5 * torch.log(-torch.expm1(-2 * torch.exp(nu))))
            nn.init.uniform_(b, -(2 * self.width) ** -0.5, (2 * self.width) ** -0.5)""",
)

CELL = Cell(
    name="lru",
    order=6,
    axis="time",
    default_data="digits-pixels",
    default_activation="linear",
    formula="h_t = λ ⊙ h_(t−1) + γ ⊙ (B x_t), λ = exp(−e^ν + i e^θ) complex",
    note="Deep in time, linear and complex: each unit's factor is its own |λ|, drawn on a ring near 1.",
    listed=recurrent.listed,
    pre_activations=_pre_activations,
    parts="whole",
    theory="ring",
    operations=(
        Operation(
            "lru_projection",
            "p_t = γ ⊙ (B x_t) for all t at once",
            "∂L/∂λ = Σ_t h*_(t−1) ⊙ δ_t,  ∂L/∂B = γ ⊙ Σ_t δ_t x_tᵀ,  ∂L/∂ log γ = Σ_t δ_t · p_t",
            _projection_forward,
            _projection_backward,
            contribution=_contribution,
        ),
        Operation(
            "lru_step",
            "h_t = λ ⊙ h_(t−1) + p_t",
            "∂L/∂h_(t−1) = λ* ⊙ ∂L/∂h_t;  δ_t = ∂L/∂h_t",
            _step_forward,
            _step_backward,
        ),
    ),
    activations=("linear",),
    carried=(HIDDEN,),
    state_blocks=2,
    read_back=(HIDDEN,),
    parameters=_parameters,
    biases=(),
    shared=("nu", "theta"),
    ring=True,
    module=_MODULE,
    aliases=Aliases(
        ("linear_recurrent_unit", "lru_cell"),
        ("mamba", "mamba2", "s4", "s4d", "s5", "ssm", "state_space", "state_space_model", "rwkv", "h3", "griffin",
         "rg_lru", "diagonal_rnn"),
        order=IN_ORDER,
        fields={name: field for name, field in OF_MODULES.items() if field != "activation"}
        | {name: name for name in ("r_min", "r_max", "max_phase")},
        fixed=AS_HERE,
    ),
)  # fmt: skip


def spectrum(parameters: dict[str, Array], layer: int) -> Array:
    """λ of a layer, complex, by the names of a trace's parameters."""
    nu, theta = (parameters[recurrent.parameter_name("lru", name, layer)] for name in ("nu", "theta"))
    real, imaginary = eigenvalues(nu.astype(np.float64), theta.astype(np.float64))
    return np.asarray(real + 1j * imaginary)
