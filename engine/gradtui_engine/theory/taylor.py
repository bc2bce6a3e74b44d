"""sin, cos, tan and their hyperbolic twins as power series about 0, with exact coefficients.

    sin x = Σ (−1)^k x^(2k+1) / (2k+1)!                    sinh x: the same, all signs +
    cos x = Σ (−1)^k x^(2k) / (2k)!                        cosh x: the same, all signs +
    tan x = Σ |B_2n| 4^n (4^n − 1) / (2n)! · x^(2n−1)      tanh x: the same, signs alternating

with Bernoulli numbers B and n from 1. i turns each into its twin: sinh(ix) = i sin x, cosh(ix) = cos x, tanh(ix) =
i tan x. (Abramowitz & Stegun 1964, 4.3.65–67 and 4.5.62–64.)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..core.numerics import Array
from ..core.table import Table

__all__ = ["FUNCTIONS", "Function", "bernoulli"]


@functools.cache
def bernoulli(n: int) -> Fraction:
    """The Bernoulli number B_n, B_1 being −1/2: from Σ_{k ≤ n} C(n+1, k) B_k = 0."""
    if n < 0:
        raise ValueError(f"there is no Bernoulli number B_{n}: n is 0 or more")
    if n > 1 and n % 2:
        return Fraction(0)
    known = sum((math.comb(n + 1, k) * bernoulli(k) for k in range(n)), Fraction(0))
    return Fraction(1) if n == 0 else -known / (n + 1)


#: The remainder is summed until a term is below this share of it, half the last bit of a float64.
_NEGLIGIBLE = 2.0**-54


@dataclass(frozen=True, slots=True)
class Function:
    """One function with its series f(x) = Σ_k coefficient(k) · x^power(k), k from 0.

    exact is the function itself, of real or complex numbers. twin is the name of the function that i turns it into.
    definition is its formula in exponentials, derivative_formula that of f′. radius is how far from 0 the series
    converges: up to the nearest pole, which for tanh lies off the real line, at ± iπ/2. period is the smallest number
    p with f(z + p) = f(z). The k-th term's size is size(k); alternating says whether the signs change.
    """

    name: str
    twin: str
    definition: str
    derivative_formula: str
    exact: Callable[..., Array]
    size: Callable[[int], Fraction]
    alternating: bool
    first_power: int
    radius: float
    period: complex

    def power(self, term: int) -> int:
        """The exponent of x in a term: every second one."""
        return self.first_power + 2 * term

    def coefficient(self, term: int) -> Fraction:
        return -self.size(term) if self.alternating and term % 2 else self.size(term)

    def partial_sum(self, x: Array | float, terms: int) -> Array:
        """The first `terms` terms of the series at x, by Horner's scheme in x²."""
        if terms < 1:
            raise ValueError(f"a partial sum has 1 term or more, not {terms}")
        at = np.asarray(x, dtype=np.float64)
        square = at * at
        total = np.zeros_like(at)
        for term in range(terms - 1, -1, -1):
            total = total * square + float(self.coefficient(term))
        return total * at**self.first_power

    def remainder(self, x: float, terms: int) -> float:
        """f(x) minus the partial sum.

        Near 0 it is the sum of the terms that are left out: the difference itself is lost in rounding there, 1e-16
        where the remainder is 1e-29. Within half the radius they shrink at least fourfold each, at last.
        """
        if abs(x) >= self.radius / 2:
            with np.errstate(all="ignore"):
                return float(self.exact(x) - self.partial_sum(x, terms))
        total, term = 0.0, terms
        while True:
            # In exact numbers to the last: 23! and more fit no float64 exactly, and x^400 none at all.
            following = float(self.coefficient(term) * Fraction(x) ** self.power(term))
            total += following
            if abs(following) <= _NEGLIGIBLE * abs(total) and self.power(term) > abs(x):
                return total
            term += 1


def _odd(term: int) -> Fraction:
    return Fraction(1, math.factorial(2 * term + 1))


def _even(term: int) -> Fraction:
    return Fraction(1, math.factorial(2 * term))


def _tangent(term: int) -> Fraction:
    n = term + 1
    return abs(bernoulli(2 * n)) * Fraction(4**n * (4**n - 1), math.factorial(2 * n))


_TURN = 2 * math.pi

#: The circular functions and, in the same order, their hyperbolic twins.
FUNCTIONS = Table(
    "function",
    (
        Function(
            "sin", "sinh", "sin x = (e^ix − e^−ix) / 2i", "sin′ = cos", np.sin, _odd, True, 1, math.inf, _TURN,
        ),
        Function(
            "cos", "cosh", "cos x = (e^ix + e^−ix) / 2", "cos′ = −sin", np.cos, _even, True, 0, math.inf, _TURN,
        ),
        Function(
            "tan", "tanh", "tan x = sin x / cos x", "tan′ = 1 + tan²", np.tan, _tangent, False, 1, math.pi / 2, math.pi,
        ),
        Function(
            "sinh", "sin", "sinh x = (e^x − e^−x) / 2", "sinh′ = cosh", np.sinh, _odd, False, 1, math.inf, 1j * _TURN,
        ),
        Function(
            "cosh", "cos", "cosh x = (e^x + e^−x) / 2", "cosh′ = sinh", np.cosh, _even, False, 0, math.inf, 1j * _TURN,
        ),
        Function(
            "tanh", "tan", "tanh x = sinh x / cosh x", "tanh′ = 1 − tanh²", np.tanh, _tangent, True, 1, math.pi / 2,
            1j * math.pi,
        ),
    ),
)  # fmt: skip
