"""How a recorded model's weights were started, as far as the scales of its matrices tell: initialiser, gain, biases."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cells.table import CELLS
from ..core.figures import cut
from ..core.numerics import Array
from ..experiment.experiment import Experiment
from ..recordings.header import Header, ParameterRow
from ..rules.initialisers import INITIALISERS
from .networks import RecordedNetwork

#: Rules that scales can tell apart, the likelier first where several fit. Of PyTorch's the biases are started, too.
_OF_MODULES, _RULES = "torch_default", ("xavier_normal", "he_normal", "normal", "uniform")
#: Whose matrices have one root mean square, exactly: the recorded five digits of a random one's differ.
_EXACT, _EXACTLY = "orthogonal", 5e-5
#: A matrix drawn from N numbers has a root mean square that is 1/√(2N) off, in the middle; four times that are allowed.
_NOISE = 4.0
#: A gain so near to 1 is 1: five digits of each norm, and rules that are written with rounded factors.
_NEAR_ONE = 5e-3
#: Of N biases from U(±1/√n), Σ b² is √(0.8/N) of itself off, in the middle; three times that and a little are allowed.
_UNIFORM_NOISE, _LITTLE = 2.7, 0.05
#: The square of a larger norm is no float64; and it is none of a weight that was just drawn.
_MOST_NORM = 1e150
#: Digits of a scale: more are chance's.
_DIGITS = 4
#: An offset of a gate below this is lost in what the other biases are.
_LEAST_OFFSET = 0.25


@dataclass(frozen=True, slots=True)
class Matrix:
    """A weight matrix at the first recorded step: (fan_out, fan_in) of one block, the n of PyTorch's own rule, and the
    root of the mean square of all its numbers, of which there are `size`."""

    name: str
    fan_out: int
    fan_in: int
    module_fan: int
    rms: float
    size: int

    @property
    def noise(self) -> float:
        """The standard deviation of ln rms, of numbers drawn from a normal distribution."""
        return 1.0 / math.sqrt(2 * self.size)


@dataclass(frozen=True, slots=True)
class RecordedStart:
    """The nearest way to start an Experiment.

    fields are its init, gain, init_scale, sigma_b and forget_bias, those that differ from the defaults. spread is the
    factor by which the matrix that fits worst is off the rule with this gain, apart from what chance explains (1.0
    where all fit). others are rules whose scales are the same. gate is False where biases are not 0 but which gate
    they open is not known.
    """

    fields: dict[str, Any]
    spread: float
    others: tuple[str, ...]
    gate: bool = True


def recorded_start(
    header: Header, network: RecordedNetwork, norms: Array, shape: dict[str, Any], gates: dict[str, float]
) -> RecordedStart:
    """How the weights were started.

    norms are those of the parameters before the first recorded update, (parameters,); shape the Experiment's fields so
    far; gates the mean of each gate over the first step's time, by its letter.
    """
    weights, biases = _matrices(header, network, norms), [*_biases(header, network, norms)]
    if not weights:
        return RecordedStart({}, 1.0, ())
    if constant := _constant(header, weights):
        return RecordedStart(constant, 1.0, ())
    squares = sum(norm**2 for _, norm in biases)
    fits = {rule: _fit(rule, weights, shape) for rule in _RULES}
    if _like_pytorch(biases, weights, squares, network):
        # In front: where the weights fit PyTorch's rule and biases were started, it is this rule.
        fits = {_OF_MODULES: _fit(_OF_MODULES, weights, shape), **fits}
    names = [*fits]
    # What rectifies is started by He's rule, with a gain or without; of other rules the gain of "normal" is σ_w itself.
    usual = "he_normal" if "relu" in str(shape.get("activation")) else "normal"
    best = min(names, key=lambda rule: (fits[rule].excess, fits[rule].gain != 1.0, rule not in (_OF_MODULES, usual)))
    same = tuple(rule for rule in names if rule != best and abs(fits[rule].excess - fits[best].excess) < 1e-9)
    exact = _fit(_EXACT, weights, shape).ratios
    if len(exact) > 1 and max(exact) - min(exact) < _EXACTLY * min(exact):
        best, same = _EXACT, (best, *same)
        fits[best] = _fit(best, weights, shape)
    fields: dict[str, Any] = {"init": best}
    if fits[best].gain != 1.0:
        fields["gain"] = fits[best].gain
    whole = best == _OF_MODULES
    offset, gate = _offset(network, biases, whole, gates)
    default = Experiment(**shape, **fields).resolved.forget_bias
    if network.cell != "mlp" and _opened(network) and offset != default:
        fields["forget_bias"] = offset
    if not whole and network.cell == "mlp" and squares > 0.0:
        fields["sigma_b"] = cut(math.sqrt(squares / sum(row.size for row, _ in biases)), _DIGITS)
    return RecordedStart(fields, math.exp(fits[best].excess), () if whole else same, gate)


# -- matrices ------------------------------------------------------------------------------------------------


def _matrices(header: Header, network: RecordedNetwork, norms: Array) -> list[Matrix]:
    """The weights of the hidden layers, or of a cell; the output's alone where there are no others."""
    found = []
    for row, norm in zip(header.parameters, norms, strict=True):
        if row.module not in network.hidden or len(row.shape) != 2 or not norm < _MOST_NORM or not row.size:
            continue
        fan_out, fan_in = row.shape[0] // _blocks(network), row.shape[1]
        fan = network.width if network.cell != "mlp" else fan_in
        found.append(Matrix(row.name, fan_out, fan_in, fan, norm / math.sqrt(row.size), row.size))
    return found


def _blocks(network: RecordedNetwork) -> int:
    return CELLS[network.cell].blocks if network.cell != "mlp" else 1


def _constant(header: Header, weights: Sequence[Matrix]) -> dict[str, Any]:
    """The fields of weights that are all equal in every hidden layer; none where they are not."""
    if any(each.rms > 0.0 and each.name not in header.symmetric for each in weights):
        return {}
    scale = float(np.median([each.rms for each in weights]))
    return {"init": "constant", "init_scale": cut(scale, _DIGITS)} if scale else {"init": "zeros"}


@dataclass(frozen=True, slots=True)
class _Fit:
    """A rule beside what was recorded: the gain, each matrix's ratio to it, and ln of the worst one beyond chance."""

    gain: float
    ratios: tuple[float, ...]
    excess: float


def _fit(rule: str, weights: Sequence[Matrix], shape: dict[str, Any]) -> _Fit:
    resolved = Experiment(**shape, init=rule).resolved
    row, variance = INITIALISERS[rule], INITIALISERS[rule].variance
    assert variance is not None, rule
    logs = []
    for each in weights:
        scale = None if row.of_module is None else row.of_module(each.module_fan)
        expected = variance(each.fan_out, each.fan_in, resolved.gain_value, scale)
        logs.append(math.log(max(each.rms, 1e-300)) - 0.5 * math.log(expected))
    sizes = np.array([each.size for each in weights], dtype=float)
    mean = float(np.average(logs, weights=sizes))
    chance = _NOISE / math.sqrt(2 * sizes.sum())
    gain = 1.0 if abs(mean) <= max(chance, _NEAR_ONE) else cut(math.exp(mean), _DIGITS)
    off = [
        abs(log - mean) - _NOISE * each.noise - _NEAR_ONE for log, each in zip(logs, weights, strict=True)
    ]  # fmt: skip
    return _Fit(gain, tuple(math.exp(log) for log in logs), max(0.0, *off))


# -- biases --------------------------------------------------------------------------------------------------


def _biases(header: Header, network: RecordedNetwork, norms: Array) -> Iterator[tuple[ParameterRow, float]]:
    """The biases of the hidden layers, or of a cell, with their norms."""
    for row, norm in zip(header.parameters, norms, strict=True):
        if row.module in network.hidden and len(row.shape) == 1 and "bias" in row.name and norm < _MOST_NORM:
            yield row, float(norm)


def _like_pytorch(
    biases: Sequence[tuple[ParameterRow, float]], weights: Sequence[Matrix], squares: float, network: RecordedNetwork
) -> bool:
    """Whether Σ b² is that of biases from U(±1/√n), n being that of the weights beside them. A cell's may be more: what
    was added to a gate's."""
    fans = {each.name.rpartition(".")[0]: each.module_fan for each in weights}
    count = sum(row.size for row, _ in biases if row.module in fans)
    if not count:
        return False
    share = squares / sum(row.size / (3 * fans[row.module]) for row, _ in biases if row.module in fans)
    allowed = _UNIFORM_NOISE / math.sqrt(count) + _LITTLE
    return share > 1.0 - allowed and (share < 1.0 + allowed or bool(_opened(network)))


def _opened(network: RecordedNetwork) -> str:
    """The letter of the gate to whose bias an Experiment adds its forget bias; "" of a cell without."""
    return next((row.letter for row in CELLS[network.cell].offsets if row.field == "forget_bias"), "")


def _offset(
    network: RecordedNetwork, biases: Sequence[tuple[ParameterRow, float]], drawn: bool, gates: dict[str, float]
) -> tuple[float, bool]:
    """What stands in the forget gate's biases beside chance: Σ b² − what U(±1/√n) has, all in one gate's rows.

    Both biases of a layer count, with the sign that the gate's mean has. False where that mean says that it was another
    gate's.
    """
    letter = _opened(network)
    if not letter:
        return 0.0, True
    total = 0.0
    for row, norm in biases:
        chance = row.size / (3 * network.width) if drawn else 0.0
        square = (norm**2 - chance) / network.width
        total += math.sqrt(square) / network.layers if square > _LEAST_OFFSET**2 else 0.0
    if total == 0.0:
        return 0.0, True
    if letter not in gates:
        return round(total, 2), True
    # What the gate reads beside its bias brings its mean nearer to a half, never over it.
    mean = min(max(gates[letter], 1e-12), 1.0 - 1e-12)
    seen = math.log(mean / (1.0 - mean))
    return (round(math.copysign(total, seen), 2), True) if abs(seen) > total / 3 else (0.0, False)
