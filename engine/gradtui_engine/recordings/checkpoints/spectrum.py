"""The singular values of a weight matrix: all of them where that takes a moment, else the largest few."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...core.numerics import Array
from .tensor import Tensor

#: Up to so many singular values by the decomposition itself; above by the eigenvalues of AᵀA in float64, a fifth of the
#: time, in which those below 1e-6 of the largest are lost in rounding.
_DIRECT = 512
_RESOLVED = 1e-6
#: Rank-one updates of AᵀA and of its tridiagonal form that one model may take: some 10 s of one core.
_EXACT = 2e11
#: Elements of the larger ones whose largest singular values are looked for, in five passes: some 10 s as well.
_PARTIAL = 3e8
_MOST_UNITS = 1500
#: Columns of the random block, and how often AᵀA is applied to it.
_BLOCK, _PASSES = 16, 3


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Singular values of a matrix A, largest first; None is not known.

    stable_rank = ‖A‖_F² / σ₁² (Rudelson & Vershynin 2007); effective_rank = exp(−Σ p ln p), p = σ / Σσ (Roy & Vetterli
    2007); condition = σ₁ / σ_n, inf where the smallest is 0 or lost in rounding. edge is the σ₁ that a matrix of
    independent numbers of the same scale would have, rms (√rows + √columns) (Marchenko & Pastur 1967). Where `exact` is
    False, σ₁ is from a random block (Halko et al. 2011), within some per cent from below.
    """

    largest: float
    count: int
    stable_rank: float
    edge: float
    exact: bool
    median: float | None = None
    smallest: float | None = None
    condition: float | None = None
    effective_rank: float | None = None

    @property
    def is_orthogonal(self) -> bool:
        """Whether all of them are one number, as orthogonal initialisers make them."""
        return self.condition is not None and self.condition < 1.01


class Spectra:
    """Singular values of a model's matrices, as long as there is allowance left."""

    def __init__(self) -> None:
        self._exact, self._partial = _EXACT, _PARTIAL

    def of(self, matrix: Tensor) -> Spectrum | None:
        """None where the model's allowance is used up, or where a number is not finite."""
        rows, columns = matrix.shape[0], math.prod(matrix.shape[1:])
        fewer, size = min(rows, columns), rows * columns
        cost = float(size) * fewer + 4.0 * fewer**3
        # A little of the allowance to each: an embedding must not take it from everything behind it.
        if cost <= min(self._exact, _EXACT / 4):
            self._exact -= cost
            return _exact(matrix, rows, columns)
        if size <= self._partial:
            self._partial -= size
            return _partial(matrix, rows, columns)
        return None


def _parts(matrix: Tensor) -> Iterator[Array]:
    return (part.reshape(len(part), -1) for part in matrix.parts())


def _exact(matrix: Tensor, rows: int, columns: int) -> Spectrum | None:
    if min(rows, columns) <= _DIRECT:
        values = _finite(np.concatenate(list(_parts(matrix))))
        if values is None:
            return None
        singular = np.linalg.svd(values, compute_uv=False)
        least = float(np.finfo(np.float64).eps) * max(rows, columns)
    else:
        # The taller way round, in parts.
        if rows < columns and len(matrix.shape) == 2:
            turned = replace(matrix, shape=matrix.shape[::-1], strides=matrix.strides[::-1])
            gram = _gram(turned)
        elif rows < columns:
            values = _finite(np.concatenate(list(_parts(matrix))))
            gram = None if values is None else values @ values.T
        else:
            gram = _gram(matrix)
        if gram is None or not np.isfinite(gram).all():
            return None
        singular = np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0.0))
        least = _RESOLVED
    return _described(singular, rows, columns, least)


def _finite(values: Array) -> Array | None:
    return values if np.isfinite(values).all() else None


def _gram(matrix: Tensor) -> Array | None:
    gram: Array | None = None
    for part in _parts(matrix):
        product = part.T @ part
        gram = product if gram is None else gram + product
    return gram


def _described(singular: Array, rows: int, columns: int, least: float) -> Spectrum:
    largest, smallest = float(singular[0]), float(singular[-1])
    squares = float((singular**2).sum())
    total = float(singular.sum())
    shares = singular[singular > 0] / total if total > 0 else np.ones(1)
    return Spectrum(
        largest,
        len(singular),
        squares / largest**2 if largest > 0 else 0.0,
        _edge(squares, rows, columns),
        True,
        float(np.median(singular)),
        smallest if smallest > least * largest else 0.0,
        largest / smallest if smallest > least * largest else math.inf,
        math.exp(-float((shares * np.log(shares)).sum())) if total > 0 else 0.0,
    )


def _edge(squares: float, rows: int, columns: int) -> float:
    return math.sqrt(squares / (rows * columns)) * (math.sqrt(rows) + math.sqrt(columns))


def _partial(matrix: Tensor, rows: int, columns: int) -> Spectrum | None:
    """The largest singular value, by a block Krylov space of AᵀA (Musco & Musco 2015)."""
    block = np.random.default_rng(0).standard_normal((columns, _BLOCK))
    space, squares = [], 0.0
    for pass_ in range(_PASSES + 1):
        block, _ = np.linalg.qr(block)
        space.append(block)
        if pass_ == _PASSES:
            break
        image = np.zeros_like(block)
        for part in _parts(matrix):
            image += part.T @ (part @ block)
            squares += float(np.vdot(part, part)) if pass_ == 0 else 0.0
        if not np.isfinite(image).all():
            return None
        block = image
    basis, _ = np.linalg.qr(np.concatenate(space, axis=1))
    small = np.zeros((basis.shape[1], basis.shape[1]))
    for part in _parts(matrix):
        image = part @ basis
        small += image.T @ image
    largest = math.sqrt(max(float(np.linalg.eigvalsh(small)[-1]), 0.0))
    stable = squares / largest**2 if largest > 0 else 0.0
    return Spectrum(largest, min(rows, columns), stable, _edge(squares, rows, columns), False)


def spectral_radius(square: Tensor) -> float | None:
    """The largest |eigenvalue|: what W_hh, applied again and again, makes of a signal a step; None of more than 1,500
    units, where it takes seconds, and where a number is not finite."""
    if square.shape[0] > _MOST_UNITS:
        return None
    values = _finite(square.values().astype(np.float64))
    return None if values is None else float(np.abs(np.linalg.eigvals(values)).max(initial=0.0))
