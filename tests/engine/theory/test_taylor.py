"""Taylor series: coefficients against derivatives of the functions themselves, sums against exact arithmetic."""

from __future__ import annotations

import functools
import math
from fractions import Fraction

import numpy as np
import pytest

from gradtui_engine.theory.taylor import FUNCTIONS, bernoulli
from tests.examples import in_one

NAMES = FUNCTIONS.names
every_function = pytest.mark.parametrize("name", NAMES)


#: y″ = ∓y with (y(0), y′(0)); y′ = 1 ± y² with y(0) = 0.
LINEAR = {"sin": (-1, (0, 1)), "cos": (-1, (1, 0)), "sinh": (1, (0, 1)), "cosh": (1, (1, 0))}
RICCATI = {"tan": 1, "tanh": -1}


@functools.cache
def from_differential_equation(name: str, count: int) -> tuple[Fraction, ...]:
    """Coefficients of x^0 … x^(count−1) from the equation that defines the function."""
    series: list[Fraction] = []
    if name in LINEAR:
        sign, start = LINEAR[name]
        series += map(Fraction, start)
        while len(series) < count:
            k = len(series)
            series.append(sign * series[k - 2] / (k * (k - 1)))
        return tuple(series)
    series.append(Fraction(0))
    while len(series) < count:
        k = len(series)
        square = sum((series[i] * series[k - 1 - i] for i in range(k)), Fraction(0))
        series.append(((k == 1) + RICCATI[name] * square) / k)
    return tuple(series)


def test_the_bernoulli_numbers_are_the_tabulated_ones() -> None:
    # Abramowitz & Stegun 1964, table 23.2.
    wanted = {0: "1", 1: "-1/2", 2: "1/6", 4: "-1/30", 6: "1/42", 8: "-1/30", 10: "5/66", 12: "-691/2730", 14: "7/6"}
    wanted |= {16: "-3617/510", 18: "43867/798", 20: "-174611/330", 24: "-236364091/2730", 3: "0", 5: "0", 23: "0"}
    assert {n: str(bernoulli(n)) for n in wanted} == wanted


def test_there_is_no_bernoulli_number_below_0() -> None:
    with pytest.raises(ValueError, match="B_-2"):
        bernoulli(-2)


@every_function
def test_the_coefficients_are_those_of_the_functions_differential_equation(name: str) -> None:
    row, wanted = FUNCTIONS[name], from_differential_equation(name, 41)
    found = [Fraction(0)] * 41
    for term in range(20):
        found[row.power(term)] = row.coefficient(term)
    assert tuple(found[:40]) == wanted[:40]


@pytest.mark.parametrize(("circular", "hyperbolic"), list(zip(NAMES[:3], NAMES[3:], strict=True)))
def test_twins_differ_in_their_signs_alone(circular: str, hyperbolic: str) -> None:
    one, other = FUNCTIONS[circular], FUNCTIONS[hyperbolic]
    assert (one.twin, other.twin) == (hyperbolic, circular)
    assert one.alternating is not other.alternating
    for term in range(12):
        assert abs(one.coefficient(term)) == abs(other.coefficient(term)) > 0
        assert one.power(term) == other.power(term)
    assert [row.alternating for row in FUNCTIONS.values()] == [True, True, False, False, False, True]


@every_function
@in_one("x", [-1.5, -0.7, -0.1, 0.0, 0.3, 1.0, 1.5])
@in_one("terms", [1, 2, 3, 7, 12])
def test_a_partial_sum_is_the_sum_of_its_terms(name: str, x: float, terms: int) -> None:
    series = from_differential_equation(name, 2 * terms)
    wanted = sum((c * Fraction(x) ** k for k, c in enumerate(series)), Fraction(0))
    assert float(FUNCTIONS[name].partial_sum(x, terms)) == pytest.approx(float(wanted), rel=1e-14, abs=1e-300)


@every_function
def test_a_partial_sum_of_an_array_is_taken_number_by_number(name: str) -> None:
    x = np.linspace(-3, 3, 7)
    row = FUNCTIONS[name]
    assert row.partial_sum(x, 4).tolist() == [float(row.partial_sum(each, 4)) for each in x.tolist()]


@every_function
def test_a_partial_sum_of_no_terms_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="1 term or more, not 0"):
        FUNCTIONS[name].partial_sum(1.0, 0)


@every_function
@in_one("x", [-1.2, -0.3, 0.2, 0.5, 1.3])
@in_one("terms", [1, 3, 12])
def test_sum_and_remainder_are_the_function(name: str, x: float, terms: int) -> None:
    row = FUNCTIONS[name]
    total = float(row.partial_sum(x, terms)) + row.remainder(x, terms)
    assert total == pytest.approx(float(getattr(math, name)(x)), rel=4e-16 * 4)


@every_function
def test_a_remainder_far_below_rounding_is_still_right(name: str) -> None:
    # The first term that is left out, times 1 + O(x²): x = 2^-10 leaves 1e-6 of it open.
    row, x = FUNCTIONS[name], 2.0**-10
    first = float(row.coefficient(6) * Fraction(x) ** row.power(6))
    assert 0 < abs(first) < 1e-36
    assert row.remainder(x, 6) == pytest.approx(first, rel=2e-6)


@pytest.mark.parametrize("name", ["sin", "cos", "sinh", "cosh"])
@pytest.mark.parametrize("x", [-2 * math.pi, 5.0, 2 * math.pi, 30.0])
def test_an_entire_functions_remainder_is_that_of_exact_arithmetic(name: str, x: float) -> None:
    series = from_differential_equation(name, 260)
    wanted = sum((c * Fraction(x) ** k for k, c in enumerate(series) if k >= 24), Fraction(0))
    assert FUNCTIONS[name].remainder(x, 12) == pytest.approx(float(wanted), rel=1e-12)


@every_function
def test_nothing_is_left_over_at_0(name: str) -> None:
    row = FUNCTIONS[name]
    assert row.remainder(0.0, 1) == 0.0
    assert float(row.partial_sum(0.0, 5)) == float(getattr(math, name)(0.0))


@every_function
def test_the_ratio_of_the_terms_leads_to_the_radius_of_convergence(name: str) -> None:
    row = FUNCTIONS[name]
    ratio = float(row.size(40) / row.size(39))
    if math.isinf(row.radius):
        assert ratio < 1e-3
    else:
        # The squared radius: a term has x² more than the one before.
        assert ratio**-0.5 == pytest.approx(row.radius, rel=1e-12)


@pytest.mark.parametrize("name", ["tan", "tanh"])
def test_within_the_radius_more_terms_help_and_beyond_it_they_harm(name: str) -> None:
    row = FUNCTIONS[name]
    errors = {x: [abs(row.remainder(x, terms)) for terms in (2, 6, 12)] for x in (1.5, 1.65)}
    assert errors[1.5] == sorted(errors[1.5], reverse=True)
    assert errors[1.65] == sorted(errors[1.65])


@every_function
@pytest.mark.parametrize("z", [0.4, -1.1 + 0.3j, 0.2 - 2.0j])
def test_the_period_is_one_and_is_real_or_imaginary_as_it_says(name: str, z: complex) -> None:
    row = FUNCTIONS[name]
    assert complex(row.exact(z + row.period)) == pytest.approx(complex(row.exact(z)), rel=1e-13)
    assert complex(row.exact(z + row.period / 2)) != pytest.approx(complex(row.exact(z)), rel=1e-3)
    circular = name in NAMES[:3]
    assert (complex(row.period).imag == 0) is circular
    assert (complex(row.period).real == 0) is not circular


@pytest.mark.parametrize(("name", "factor"), [("sinh", 1j), ("cosh", 1.0), ("tanh", 1j)])
@pytest.mark.parametrize("x", [0.3, -1.0, 2.5])
def test_i_turns_a_function_into_its_twin(name: str, factor: complex, x: float) -> None:
    row = FUNCTIONS[name]
    assert complex(row.exact(1j * x)) == pytest.approx(factor * complex(FUNCTIONS[row.twin].exact(x)), rel=1e-14)


@every_function
@pytest.mark.parametrize("x", [-1.0, 0.25, 1.2])
def test_the_definition_is_the_function(name: str, x: float) -> None:
    """The printed formula, read as Python."""
    text = FUNCTIONS[name].definition.partition(" = ")[2]
    for symbol, python in (
        ("e^−ix", "exp(-1j*x)"), ("e^ix", "exp(1j*x)"), ("e^−x", "exp(-x)"), ("e^x", "exp(x)"),
        ("sinh x", "sinh(x)"), ("cosh x", "cosh(x)"), ("sin x", "sin(x)"), ("cos x", "cos(x)"), ("2i", "2j"),
        ("−", "-"),
    ):  # fmt: skip
        text = text.replace(symbol, python)
    allowed = {each: getattr(np, each) for each in ("exp", "sin", "cos", "sinh", "cosh")}
    assert complex(eval(text, {"__builtins__": {}}, allowed | {"x": x})) == pytest.approx(
        complex(getattr(math, name)(x)), rel=1e-14
    )


@every_function
@pytest.mark.parametrize("x", [-1.0, 0.25, 1.2])
def test_the_derivative_formula_is_the_slope(name: str, x: float) -> None:
    text = FUNCTIONS[name].derivative_formula.partition(" = ")[2].replace("−", "-")
    values = {each: float(getattr(math, each)(x)) for each in NAMES}
    text = text.replace("²", "**2")
    slope = (getattr(math, name)(x + 1e-6) - getattr(math, name)(x - 1e-6)) / 2e-6
    assert eval(text, {"__builtins__": {}}, values) == pytest.approx(slope, rel=1e-8)
