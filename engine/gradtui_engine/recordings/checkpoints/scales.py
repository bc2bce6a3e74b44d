"""The scale of a weight against those that initialisers give."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ...rules.initialisers import INITIALISERS
from .roles import Role

#: Rows of the table of initialisers that a scale is compared with, the usual ones first.
_RULES = ("torch_default", "xavier_normal", "he_normal", "lecun_normal")
#: What transformers start with (Radford et al. 2018; BERT's is cut at two of them), and embeddings of PyTorch.
_TRANSFORMER, _EMBEDDING = 0.02, 1.0


@dataclass(frozen=True, slots=True)
class Scale:
    """An initialiser's name, and how many times its scale a weight's is."""

    initialiser: str
    times: float


def default_of(role: Role) -> float:
    """The standard deviation that PyTorch's own module starts this weight with: 1/√(3 fan_in) of layers and
    convolutions (kaiming_uniform with a = √5), of cells 1/√(3 units), of embeddings 1."""
    if role.kind == "embedding":
        return _EMBEDDING
    # Of a transposed convolution PyTorch counts what goes in as what comes out, by the axes of the file.
    fan = math.prod(role.tensor.shape[1:]) if role.kind == "convolution" else role.fan_in
    return _std("torch_default", role.units or fan, role.fan_out)


def nearest(role: Role, rms: float, is_orthogonal: bool) -> Scale:
    """The initialiser whose scale is the nearest, in proportion."""
    if is_orthogonal:
        rows = role.matrix.shape[0] if role.matrix is not None else role.fan_out
        return Scale("orthogonal", rms / _std("orthogonal", role.fan_in, rows))
    return min((Scale(name, rms / std) for name, std in _usual(role)), key=lambda scale: abs(math.log(scale.times)))


def _usual(role: Role) -> Iterator[tuple[str, float]]:
    yield "torch_default", default_of(role)
    # Of embeddings fan_in is their width: some start with 1/√width, so that each has a norm of 1.
    for name in _RULES[1:] if role.kind != "embedding" else _RULES[-1:]:
        yield name, _std(name, role.fan_in, role.fan_out)
    yield "normal 0.02", _TRANSFORMER


def _std(name: str, fan_in: int, fan_out: int) -> float:
    variance = INITIALISERS[name].variance
    assert variance is not None
    return math.sqrt(variance(fan_out, fan_in, 1.0, None))
