"""Rounding to 16 bits, against PyTorch's own: every number of the type, every tie between two, and what lies around."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradtui_engine.core.number_types import NUMBER_TYPES
from gradtui_engine.core.numerics import Array

torch.set_num_threads(1)
TYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
every_type = pytest.mark.parametrize("name", TYPES)


def every_number(name: str) -> Array:
    """All 2¹⁶ of them, as float32."""
    return torch.arange(2**16, dtype=torch.int32).to(torch.int16).view(TYPES[name]).float().numpy()


def rounded(name: str, numbers: Array) -> Array:
    return NUMBER_TYPES[name].cast(np.asarray(numbers, np.float32))


def bits(array: Array) -> list[int]:
    """The bits of each number; of every NaN the same."""
    return np.where(np.isnan(array), np.float32(np.nan), array).astype(np.float32).view(np.uint32).tolist()


@every_type
def test_every_number_of_the_type_stays_as_it_is(name: str) -> None:
    numbers = every_number(name)
    assert len(numbers) == 65536
    assert bits(rounded(name, numbers)) == bits(numbers)


@every_type
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_halfway_to_the_next_number_and_a_bit_beside_it_is_rounded_as_pytorch_does(name: str, beside: int) -> None:
    numbers = every_number(name)
    finite = np.sort(numbers[np.isfinite(numbers)].astype(np.float64))
    ties = ((finite[:-1] + finite[1:]) / 2).astype(np.float32)
    near = np.nextafter(ties, np.float32(np.inf * beside)) if beside else ties
    wanted = torch.tensor(near).to(TYPES[name]).float().numpy()
    assert bits(rounded(name, near)) == bits(wanted)


@every_type
def test_any_bits_of_float32_are_rounded_as_pytorch_does(name: str) -> None:
    drawn = np.random.default_rng(0).integers(0, 2**32, 200_000, dtype=np.uint32).view(np.float32)
    assert bits(rounded(name, drawn)) == bits(torch.tensor(drawn).to(TYPES[name]).float().numpy())


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("float16", 65504.0, 65504.0), ("float16", 65519.99, 65504.0), ("float16", 65520.0, np.inf),
        ("float16", 2.0**-25, 0.0), ("float16", np.nextafter(np.float32(2.0**-25), np.float32(1)), 2.0**-24),
        ("float16", 3 * 2.0**-25, 2.0**-23), ("bfloat16", 3.397e38, np.inf), ("bfloat16", 2.0**-134, 0.0),
        ("bfloat16", 1 + 2.0**-8, 1.0), ("bfloat16", 1 + 3 * 2.0**-8, 1 + 2.0**-6), ("float16", -np.inf, -np.inf),
    ],
)  # fmt: skip
def test_the_ends_of_the_range_and_ties_to_even(name: str, given: float, wanted: float) -> None:
    assert rounded(name, np.array([given])).tolist() == [wanted]


@every_type
def test_the_rows_figures_are_those_of_pytorch(name: str) -> None:
    row, info = NUMBER_TYPES[name], torch.finfo(TYPES[name])
    assert (row.eps, row.tiny, row.largest) == (info.eps, info.tiny, info.max)
    positive = every_number(name)
    assert row.smallest == float(positive[positive > 0].min())


@pytest.mark.parametrize("order", ["C", "F"])
@every_type
def test_views_are_rounded_in_place(name: str, order: str) -> None:
    whole = np.array(np.random.default_rng(0).normal(size=(6, 8)), np.float32, order=order)  # type: ignore[call-overload]
    kept = whole.copy()
    rounding = NUMBER_TYPES[name].round
    assert rounding is not None
    rounding(whole[1:4, ::2])
    wanted = kept.copy()
    wanted[1:4, ::2] = torch.tensor(kept[1:4, ::2].copy()).to(TYPES[name]).float().numpy()
    assert np.array_equal(whole, wanted)
