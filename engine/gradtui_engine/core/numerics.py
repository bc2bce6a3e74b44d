"""Numbers that keep their meaning at the ends of the floating-point range, and random-access randomness."""

from __future__ import annotations

import enum
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Purpose(enum.IntEnum):
    """What random numbers are for. A stream belongs to (seed, purpose, key), so that no draw moves another."""

    DATA = 0
    BATCH = 1
    TARGET = 2
    PARAMETER = 3
    CHECK = 4
    MASK = 5


def generator(seed: int, purpose: Purpose, *key: str | int) -> np.random.Generator:
    """The generator of one stream: changing the width of a network does not change its data."""
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in key]
    return np.random.default_rng([seed, int(purpose), *words])


def norm(array: Array) -> float:
    """Euclidean (Frobenius) norm √Σx², also where the squares under- or overflow.

    The sum of squares is one BLAS dot product. Squares below the smallest normal number are lost, so the
    result is trusted only where n·tiny/eps cannot matter; else the array is scaled by its largest entry
    first. (A float32 gradient of 1e-25, which a vanishing network reaches in 40 layers, would otherwise
    have norm 0.) A NaN gives nan, an infinity without a NaN gives inf.
    """
    with np.errstate(all="ignore"):
        return norm_inside(array)


def norm_inside(array: Array) -> float:
    """`norm` for callers that already have NumPy's warnings off: 0.6 µs less, a third of the whole at 64×64."""
    flat = array.ravel(order="K")
    return norm_of_squares(flat, flat.dot(flat))


def norm_of_squares(flat: Array, squares: float) -> float:
    """The norm of a flat array whose sum of squares is known, as the BLAS gives it."""
    least, most = _LIMITS[flat.dtype.char]
    return math.sqrt(squares) if flat.size * least < squares < most else _scaled_norm(flat)


def trusted_squares(dtype: np.dtype[np.generic]) -> tuple[float, float]:
    """Between these a sum of squares can be trusted; the first is for each number of it."""
    return _LIMITS[dtype.char]


def norms(stack: Array) -> list[float]:
    """The norm of each stack[k], all in one call; NumPy's warnings must be off."""
    rows = _rows(stack)
    least, most = _LIMITS[rows.dtype.char]
    least *= rows.shape[1]
    return [
        math.sqrt(square) if least < square < most else _scaled_norm(rows[index])
        for index, square in enumerate(_dots(rows, rows))
    ]


def _scaled_norm(flat: Array) -> float:
    largest = float(np.max(np.abs(flat), initial=0.0))
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    # frexp, not division by `largest`: scaling by a power of two is exact, also for subnormal numbers.
    exponent = math.frexp(largest)[1]
    scaled = np.ldexp(flat.astype(np.float64), -exponent)
    try:
        return math.ldexp(math.sqrt(float(np.dot(scaled, scaled))), exponent)
    except OverflowError:
        return math.inf


def _rows(stack: Array) -> Array:
    """Each stack[k] as a row, in the order in which it lies in memory: without a copy for units-first states."""
    lying = stack if stack.flags.c_contiguous else stack.swapaxes(-1, -2)
    return lying.reshape(len(stack), -1)


def _dots(one: Array, other: Array) -> list[float]:
    """The inner product of each pair of rows: a batched product, twice as fast as einsum."""
    products: list[float] = np.matmul(one[:, None, :], other[:, :, None]).ravel().tolist()
    return products


# (tiny / eps, largest trusted sum) by dtype character.
_LIMITS = {
    np.dtype(t).char: (float(np.finfo(t).tiny / np.finfo(t).eps), float(np.finfo(t).max))
    for t in (np.float32, np.float64)
}


def cosine(one: Array, other: Array, one_norm: float, other_norm: float) -> float:
    """Cosine of the angle between two arrays; 0 where one of them is 0, so that the sum of squares still holds."""
    if one_norm == 0.0 or other_norm == 0.0:
        return 0.0
    product = one_norm * other_norm
    info = _LIMITS[one.dtype.char]
    if info[0] * one.size < product < info[1]:
        return float(np.vdot(one, other)) / product
    # The product of two vanished norms would underflow, and subnormal ones have lost digits: scale both by powers of
    # two, which is exact.
    scaled, others = _near_one(one), _near_one(other)
    return float(np.vdot(scaled, others)) / (_scaled_norm(scaled) * _scaled_norm(others))


def _near_one(array: Array) -> Array:
    """The array in float64, scaled by a power of two so that its largest number is near 1."""
    flat = array.ravel().astype(np.float64)
    return np.asarray(np.ldexp(flat, -math.frexp(float(np.max(np.abs(flat))))[1]))


def cosines(one: Array, other: Array, one_norms: list[float], other_norms: list[float]) -> list[float]:
    """The cosine of each one[k] and other[k], whose norms are known."""
    rows, others = _rows(one), _rows(other)
    least, most = _LIMITS[rows.dtype.char]
    least *= rows.shape[1]
    return [
        product / (a * b) if least < a * b < most else cosine(x, y, a, b)
        for product, x, y, a, b in zip(_dots(rows, others), rows, others, one_norms, other_norms, strict=True)
    ]


def ratio(numerator: float, denominator: float) -> float:
    """numerator / denominator; x/0 is inf and 0/0 is nan, as in IEEE arithmetic, without a warning."""
    if denominator == 0.0:
        return math.nan if numerator == 0.0 or math.isnan(numerator) else math.inf
    return numerator / denominator


def power(base: float, exponent: float) -> float:
    """base**exponent for base ≥ 0; what Python calls an OverflowError is inf here."""
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf
    except ZeroDivisionError:
        return math.inf
