"""An axis: what a person types, and what becomes of it."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine.core.fields import Rejected
from gradtui_engine.sweeps.axis import COUNT, Axis, fields


@pytest.mark.parametrize(
    ("text", "names", "values"),
    [
        ("gain=1:2:5", ("gain",), (1.0, 1.25, 1.5, 1.75, 2.0)),
        ("depth=5:50:10", ("depth",), (5, 10, 15, 20, 25, 30, 35, 40, 45, 50)),
        ("learning-rate=1e-3:1:4:log", ("learning_rate",), (0.001, 0.01, 0.1, 1.0)),
        ("lr=1e-3:1:4:log", ("learning_rate",), (0.001, 0.01, 0.1, 1.0)),
        ("--sigma-w=1:2:3", ("sigma_w",), (1.0, 1.5, 2.0)),
        ("norm=none,batch", ("norm",), ("none", "batch")),
        ("lr=0.1,0.3,1:log", ("learning_rate",), (0.1, 0.3, 1.0)),
        ("norm=none,LayerNorm", ("norm",), ("none", "layer")),
        ("width,inputs=16:256:5:log", ("width", "inputs"), (16, 32, 64, 128, 256)),
        # Whole numbers are rounded, and none comes twice.
        ("depth=1:4:7", ("depth",), (1, 2, 3, 4)),
        ("depth=1:10:30:log", ("depth",), (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
        ("depth = 3, 9", ("depth",), (3, 9)),
        ("gain=auto,1,2", ("gain",), ("auto", 1.0, 2.0)),
        ("residual_scale=default,0.5", ("residual_scale",), (None, 0.5)),
        ("iterations=10:30:3", ("iterations",), (10, 20, 30)),
        ("forget-bias=-2:4:4", ("forget_bias",), (-2.0, 0.0, 2.0, 4.0)),
        ("width,gain=1:3:3", ("width", "gain"), (1, 2, 3)),
        ("gain,width=1,2", ("gain", "width"), (1, 2)),
    ],
)
def test_an_axis_is_read_as_it_is_meant(text: str, names: tuple[str, ...], values: tuple[object, ...]) -> None:
    axis = Axis.parse(text)
    assert axis.fields == names
    assert axis.values == values
    assert [type(value) for value in axis.values] == [type(value) for value in values]
    assert Axis.parse(axis.text) == axis


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gian=0:1", "did you mean 'gain'"),
        ("iteratoins=1:3", "did you mean 'iterations'"),
        ("gain", "FIELD=FROM:TO"),
        ("=1:2", "FIELD=FROM:TO"),
        ("gain=", "FIELD=FROM:TO"),
        ("gain=0:1:5:log", "0 given; log needs numbers above 0"),
        ("forget_bias=-1:1:3:log", "-1 given; log needs numbers above 0"),
        ("gain=2:1", "the smaller number comes first"),
        ("gain=1:1", "the smaller number comes first"),
        ("gain=0:1:1", "a whole number from 2"),
        ("gain=0:1:0", "a whole number from 2"),
        ("gain=0:1:x", "a whole number from 2"),
        ("gain=0:1:2.5", "a whole number from 2"),
        ("gain=0:1:100001", "100000"),
        ("gain=0:1:2:3", "no range"),
        ("gain=a:b", "'a' is no number"),
        ("gain=0:inf", "'inf' is no number"),
        ("gain=nan:1", "'nan' is no number"),
        ("gain=1", "1 value given"),
        ("gain=1,1.0", "1 value given"),
        ("depth=5:5.4", "1 value given"),
        ("depth=0:10:3", "depth: 0 given; allowed: a whole number from 1 to 10000"),
        ("depth=1.5,2", "depth: '1.5' given"),
        ("depth=9000:10001:2", "10001 given"),
        ("hold_out=0:2:3", "hold_out: 1 given; allowed: a number from 0 to 0.9"),
        ("norm=nome,batch", "did you mean 'none'"),
        ("norm=0:1", "norm: '0:1' is unknown"),
        ("turns=1,2", "several values at once"),
        ("width,width=1:3", "width given twice"),
        ("width,norm=1:3", "width: '1:3' given"),
    ],
)
def test_what_cannot_be_an_axis_is_refused_with_what_can(text: str, says: str) -> None:
    with pytest.raises(Rejected) as error:
        Axis.parse(text)
    assert says in error.value.message


def test_an_axis_in_python_is_checked_as_well() -> None:
    assert Axis(("lr",), (1, 2)).fields == ("learning_rate",)
    with pytest.raises(Rejected, match="gian"):
        Axis(("gian",), (1, 2))
    with pytest.raises(Rejected, match="1 value given"):
        Axis(("gain",), (1,))
    with pytest.raises(Rejected, match="above 0"):
        Axis(("gain",), (0, 1), log=True)
    with pytest.raises(Rejected, match="above 0"):
        Axis(("norm",), ("none", "batch"), log=True)


@given(
    st.sampled_from(["gain", "depth", "seed", "sigma_w", "iterations", "momentum"]),
    st.floats(1e-6, 1.0), st.floats(1.5, 1e4), st.integers(2, 60), st.booleans(),
)  # fmt: skip
def test_a_range_grows_has_its_ends_and_reads_back(name: str, low: float, factor: float, count: int, log: bool) -> None:
    try:
        axis = Axis.parse(f"{name}={low!r}:{low * factor!r}:{count}{':log' * log}")
    except Rejected:
        return  # beyond what the field takes
    numbers = [float(value) for value in axis.values if value is not None]
    assert all(one < two for one, two in itertools.pairwise(numbers))
    assert len(numbers) <= count
    if name in ("gain", "sigma_w", "momentum"):
        assert (numbers[0], numbers[-1], len(numbers)) == (low, low * factor, count)
        steps = [two / one if log else two - one for one, two in itertools.pairwise(numbers)]
        assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-6, abs=1e-9 * low * factor)
    assert Axis.parse(axis.text) == axis


def test_without_a_count_there_are_eleven_values_or_as_many_as_there_are() -> None:
    assert len(Axis.parse("gain=0:1").values) == COUNT
    assert Axis.parse("depth=3:6").values == (3, 4, 5, 6)


def test_a_number_has_a_place_between_the_values() -> None:
    linear, log = Axis.parse("gain=1:3:3"), Axis.parse("lr=0.01:1:3:log")
    assert [linear.position(number) for number in (1, 1.5, 3, 0.9, 3.1)] == [0, 0.5, 2, None, None]
    position = log.position(math.sqrt(0.1 * 0.01))
    assert position == pytest.approx(0.5)
    assert Axis.parse("norm=none,batch").position(1) is None
    assert not Axis.parse("gain=auto,1").numeric


def test_every_field_of_one_value_can_be_an_axis_but_none_of_several() -> None:
    assert {"gain", "depth", "norm", "seed", "iterations", "schedule", "hold_out"} <= set(fields())
    assert "turns" not in fields()
