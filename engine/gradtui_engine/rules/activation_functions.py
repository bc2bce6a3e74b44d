"""The activations' functions: values and derivatives, written into a buffer that the caller owns.

Every value function is f(z, out, slope), every derivative f(z, a, out, slope) with a = f(z); only the leaky
family reads `slope`. Definitions and values at kinks are PyTorch's.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.polynomial.chebyshev import chebval

from ..core.numerics import Array

# SELU's constants (Klambauer et al. 2017).
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946

# erfc(x) = t exp(−x² + P(t)) for x ≥ 0 with t = 2 / (2 + x): Chebyshev coefficients of P over 2t − 1, fitted
# with 40-digit arithmetic (60 nodes) and cut where they fall under 1e-18. Relative error of erfc: 2e-15 up to
# x = 3, 1e-13 at x = 26, where exp(−x²) itself is no better in float64.
_ERFC = (
    -0.65132685989085471777, 0.64196979235649026165, 0.019476473204185834966, -0.0095615147868086302985,
    -0.00094659534448203820641, 0.00036683949785276278784, 4.2523324806906440739e-05, -2.0278578112532918222e-05,
    -1.6242900046483435635e-06, 1.3036558355818334665e-06, 1.5626441720764561897e-08, -8.5238095913634536675e-08,
    6.5290544378173065527e-09, 5.0593434968216746719e-09, -9.9136415775102906767e-10, -2.2736512104825952143e-10,
    9.6467909789156329424e-11, 2.3940392992692626062e-12, -6.8860287271253671344e-12, 8.9448911151170185118e-13,
    3.1309097296844431461e-13, -1.127070746843789201e-13, 3.7996042020195684803e-16, 7.1072081204318319189e-15,
    -1.524118348699422656e-15, -9.3505905183336382936e-17, 1.1997651777257354219e-16, -2.714198680669825828e-17,
)  # fmt: skip


def normal_cdf(z: Array) -> Array:
    """Φ(z) = erfc(−z/√2) / 2, to full relative precision also in the left tail."""
    x = np.abs(z, dtype=np.float64) * math.sqrt(0.5)
    t = 2.0 / (2.0 + x)
    tail = 0.5 * t * np.exp(chebval(2.0 * t - 1.0, _ERFC) - x * x)
    return np.asarray(np.where(z < 0, tail, 1.0 - tail))


def normal_pdf(z: Array) -> Array:
    """φ(z) = exp(−z²/2) / √(2π)."""
    return np.asarray(np.exp(-0.5 * np.square(z, dtype=np.float64)) / math.sqrt(2.0 * math.pi))


def linear(z: Array, out: Array, slope: float = 1.0) -> None:
    out[...] = z


def linear_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    out.fill(1)


def sigmoid(z: Array, out: Array, slope: float = 1.0) -> None:
    """1 / (1 + exp(−z)), to full relative precision also where it is tiny. out may be z.

    exp may overflow to inf, which is right: 1/inf = 0.
    """
    np.negative(z, out=out)
    np.exp(out, out=out)
    out += 1
    np.reciprocal(out, out=out)


def sigmoid_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    np.subtract(1, a, out=out)
    out *= a


def tanh(z: Array, out: Array, slope: float = 1.0) -> None:
    np.tanh(z, out=out)


def tanh_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    np.multiply(a, a, out=out)
    np.subtract(1, out, out=out)


def relu(z: Array, out: Array, slope: float = 1.0) -> None:
    # NumPy compares two arrays in half the time of an array and a number: 1.3 instead of 2.5 µs at 64×64.
    beside = z.size <= _MOST_ZEROS and z.flags.c_contiguous
    np.maximum(z, _zeros(z.shape, z.dtype.char) if beside else 0, out=out)


#: Numbers of an array of zeros that is kept: 256×256.
_MOST_ZEROS = 2**16


@functools.lru_cache(maxsize=4)
def _zeros(shape: tuple[int, ...], kind: str) -> Array:
    zeros = np.zeros(shape, kind)
    zeros.flags.writeable = False
    return zeros


def relu_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    # Through a mask: writing booleans into floats by the comparison itself takes a fifth longer.
    out[...] = z > 0


def leaky_relu(z: Array, out: Array, slope: float = 0.01) -> None:
    np.multiply(z, slope, out=out)
    np.copyto(out, z, where=z > 0)


def leaky_relu_derivative(z: Array, a: Array, out: Array, slope: float = 0.01) -> None:
    out.fill(slope)
    np.copyto(out, 1, where=z > 0)


def _expm1_negative(z: Array, out: Array) -> None:
    """e^min(z, 0) − 1."""
    np.minimum(z, 0, out=out)
    np.expm1(out, out=out)


def elu(z: Array, out: Array, slope: float = 1.0) -> None:
    _expm1_negative(z, out)
    np.copyto(out, z, where=z > 0)


def elu_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    np.minimum(z, 0, out=out)
    np.exp(out, out=out)


def selu(z: Array, out: Array, slope: float = 1.0) -> None:
    _expm1_negative(z, out)
    out *= SELU_ALPHA
    np.copyto(out, z, where=z > 0)
    out *= SELU_SCALE


def selu_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    np.minimum(z, 0, out=out)
    np.exp(out, out=out)
    out *= SELU_ALPHA
    np.copyto(out, 1, where=z > 0)
    out *= SELU_SCALE


def gelu(z: Array, out: Array, slope: float = 1.0) -> None:
    np.multiply(z, normal_cdf(z), out=out, casting="same_kind")


def gelu_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    np.add(normal_cdf(z), z * normal_pdf(z), out=out, casting="same_kind")


# GELU's approximation (Hendrycks & Gimpel 2016): √(2/π), and the cube's share.
_GELU_SCALE, _GELU_CUBE = math.sqrt(2.0 / math.pi), 0.044715


def gelu_tanh(z: Array, out: Array, slope: float = 1.0) -> None:
    """½ z (1 + tanh u) = z σ(2u), u = √(2/π) (z + 0.044715 z³): σ keeps its precision where 1 + tanh cancels."""
    _gelu_share(z, out)
    out *= z


def _gelu_share(z: Array, out: Array) -> None:
    np.multiply(z, z, out=out)
    out *= _GELU_CUBE
    out += 1
    out *= z
    out *= 2 * _GELU_SCALE
    sigmoid(out, out)


def gelu_tanh_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    """s + z s (1 − s) 2u′ with s = σ(2u). Far out z u′ may overflow, but there s (1 − s) is 0."""
    share = np.empty_like(z)
    _gelu_share(z, share)
    np.multiply(z, z, out=out)
    out *= 3 * _GELU_CUBE
    out += 1
    out *= z
    out *= 2 * _GELU_SCALE
    falling = share * (1 - share)
    np.copyto(out, 0, where=falling == 0)
    out *= falling
    out += share


def silu(z: Array, out: Array, slope: float = 1.0) -> None:
    sigmoid(z, out)
    out *= z


def silu_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    share = np.empty_like(z)
    sigmoid(z, share)
    np.subtract(1, share, out=out)
    out *= z
    out += 1
    out *= share


def softplus(z: Array, out: Array, slope: float = 1.0) -> None:
    """log(1 + e^z) = max(z, 0) + log1p(e^−|z|): neither side overflows."""
    np.abs(z, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
    out += np.maximum(z, 0)


def softplus_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    sigmoid(z, out)


def mish(z: Array, out: Array, slope: float = 1.0) -> None:
    softplus(z, out)
    np.tanh(out, out=out)
    out *= z


def mish_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    """tanh(s) + z (1 − tanh²(s)) σ(z), s = softplus(z)."""
    bent, share = np.empty_like(z), np.empty_like(z)
    softplus(z, bent)
    np.tanh(bent, out=bent)
    sigmoid(z, share)
    np.multiply(bent, bent, out=out)
    np.subtract(1, out, out=out)
    out *= share
    out *= z
    out += bent


def softsign(z: Array, out: Array, slope: float = 1.0) -> None:
    np.abs(z, out=out)
    out += 1
    np.divide(z, out, out=out)


def softsign_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    np.abs(z, out=out)
    out += 1
    np.multiply(out, out, out=out)
    np.reciprocal(out, out=out)


def _inside(z: Array, low: float, high: float, value: float, out: Array) -> None:
    out.fill(0)
    np.copyto(out, value, where=(z > low) & (z < high))


def hard_tanh(z: Array, out: Array, slope: float = 1.0) -> None:
    np.clip(z, -1, 1, out=out)


def hard_tanh_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    _inside(z, -1, 1, 1.0, out)


def hard_sigmoid(z: Array, out: Array, slope: float = 1.0) -> None:
    np.divide(z, 6, out=out)
    out += 0.5
    np.clip(out, 0, 1, out=out)


def hard_sigmoid_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    _inside(z, -3, 3, 1 / 6, out)


def hard_swish(z: Array, out: Array, slope: float = 1.0) -> None:
    np.add(z, 3, out=out)
    np.clip(out, 0, 6, out=out)
    out *= z
    out /= 6


def hard_swish_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    # At −3 and 3, where it jumps, PyTorch has 0 and 1.
    np.divide(z, 3, out=out)
    out += 0.5
    np.copyto(out, 0, where=z <= -3)
    np.copyto(out, 1, where=z >= 3)


def relu6(z: Array, out: Array, slope: float = 1.0) -> None:
    np.clip(z, 0, 6, out=out)


def relu6_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    _inside(z, 0, 6, 1.0, out)


def sin(z: Array, out: Array, slope: float = 1.0) -> None:
    np.sin(z, out=out)


def sin_derivative(z: Array, a: Array, out: Array, slope: float = 1.0) -> None:
    np.cos(z, out=out)
