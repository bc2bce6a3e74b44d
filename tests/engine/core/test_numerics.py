"""Norms at the ends of the floating-point range, ratios, and random-access randomness."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine.core.numerics import Purpose, generator, norm, power, ratio
from tests.engine.helpers import drawn
from tests.engine.oracles import length

EPS = {np.float32: float(np.finfo(np.float32).eps), np.float64: float(np.finfo(np.float64).eps)}
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])

# At least one value per region: subnormal, squares underflow, ordinary, squares overflow, the largest.
SIZES = {
    np.float32: [1e-45, 1e-40, 1e-25, 1e-19, 1e-3, 1.0, 1e15, 1e19, 1e25, 3e37],
    np.float64: [5e-324, 1e-310, 1e-200, 1e-160, 1e-3, 1.0, 1e150, 1e154, 1e200, 1e300],
}


@every_dtype
@pytest.mark.parametrize("index", range(10))
def test_the_norm_is_right_at_every_size(dtype: type[np.floating], index: int) -> None:
    array = np.random.default_rng(index).uniform(0.5, 1.0, (4, 5)).astype(dtype) * dtype(SIZES[dtype][index])
    # The scaled sum is float64; the plain one rounds once per number in the array's own type.
    assert norm(array) == pytest.approx(length(array), rel=array.size * EPS[dtype], abs=0.0)
    assert norm(array) > 0.0


@drawn(200)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8))
def test_the_norm_is_that_of_math_hypot_in_float64(numbers: list[float]) -> None:
    array = np.array(numbers, dtype=np.float64)
    # One rounding per square and sum; subnormal results round to the nearest multiple of 5e-324.
    assert norm(array) == pytest.approx(math.hypot(*numbers), rel=10 * EPS[np.float64], abs=5e-324)


@drawn(200)
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=8))
def test_the_norm_is_that_of_math_hypot_in_float32(numbers: list[float]) -> None:
    array = np.array(numbers, dtype=np.float32)
    assert norm(array) == pytest.approx(math.hypot(*numbers), rel=10 * EPS[np.float32], abs=0.0)


@every_dtype
@pytest.mark.parametrize("spread", [1e-30, 1e30])
def test_the_largest_number_alone_decides_where_the_others_are_negligible(
    dtype: type[np.floating], spread: float
) -> None:
    assert norm(np.array([1.0, spread, 0.0], dtype=dtype)) == pytest.approx(max(1.0, spread), rel=EPS[dtype])


def test_a_norm_beyond_the_largest_float_is_infinite() -> None:
    # Every number is finite; √10 · 1e308 is not a float64. In float32 the norm is a Python float and fits.
    assert norm(np.full(10, 1e308)) == math.inf
    assert norm(np.full(10, sys.float_info.max)) == math.inf
    assert norm(np.full(10, 3e38, dtype=np.float32)) == pytest.approx(math.sqrt(10) * 3e38, rel=1e-6)


@every_dtype
@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ([], 0.0),
        ([0.0, -0.0], 0.0),
        ([3.0, -4.0], 5.0),
        ([1.0, math.inf], math.inf),
        ([1.0, -math.inf], math.inf),
        ([math.inf, math.nan], math.nan),
        ([1.0, math.nan, 0.0], math.nan),
    ],
)
def test_the_norm_of_special_numbers(dtype: type[np.floating], numbers: list[float], wanted: float) -> None:
    assert norm(np.array(numbers, dtype=dtype)) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("exponent", [-200, 0])
def test_the_norm_does_not_depend_on_how_the_array_lies_in_memory(exponent: int) -> None:
    array = np.random.default_rng(1).normal(size=(6, 8)) * 10.0**exponent
    wanted = pytest.approx(length(array), rel=48 * EPS[np.float64], abs=0.0)
    assert norm(array.T) == wanted
    assert norm(np.asfortranarray(array)) == wanted
    assert norm(np.repeat(array, 2, axis=1)[:, ::2]) == wanted


def test_the_norm_leaves_the_array_alone() -> None:
    array = np.array([1e-200, 2e-200])
    array.flags.writeable = False
    before = array.tobytes()
    norm(array)
    assert array.tobytes() == before


@pytest.mark.parametrize(
    ("numerator", "denominator", "wanted"),
    [
        (1.0, 4.0, 0.25),
        (0.0, 4.0, 0.0),
        (1.0, 0.0, math.inf),
        (0.0, 0.0, math.nan),
        (math.nan, 0.0, math.nan),
        (math.inf, 0.0, math.inf),
        (math.inf, math.inf, math.nan),
        (1.0, math.inf, 0.0),
        (1e300, 1e-300, math.inf),
    ],
)
def test_a_ratio_is_that_of_ieee_arithmetic(numerator: float, denominator: float, wanted: float) -> None:
    assert ratio(numerator, denominator) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize(
    ("base", "exponent", "wanted"),
    [
        (4.0, 0.5, 2.0),
        (1e300, 2.0, math.inf),
        (0.0, 0.5, 0.0),
        (0.0, -1.0, math.inf),
        (math.nan, 0.5, math.nan),
    ],
)
def test_a_power_is_never_an_error(base: float, exponent: float, wanted: float) -> None:
    assert power(base, exponent) == pytest.approx(wanted, nan_ok=True)


def test_a_stream_belongs_to_its_seed_purpose_and_key() -> None:
    keys = [
        (0, Purpose.DATA, ()),
        (1, Purpose.DATA, ()),
        (0, Purpose.BATCH, ()),
        (0, Purpose.PARAMETER, ("layers.1.weight",)),
        (0, Purpose.PARAMETER, ("layers.2.weight",)),
        (2**63 - 1, Purpose.PARAMETER, ("layers.2.weight", 3)),
    ]
    first, again = ([generator(seed, use, *key).bytes(16) for seed, use, key in keys] for _ in range(2))
    assert first == again
    assert len(set(first)) == len(keys)
