"""The figure of the activation pane: the slope above, how often each z occurs below, on one axis."""

from __future__ import annotations

import numpy as np
import pytest

from gradtui.text import glyphs
from gradtui.text.heat import Array
from gradtui.text.scale import UP
from gradtui.views.explore.distribution import figure
from gradtui.views.explore.response import Response
from gradtui.views.frame.curves import curves
from gradtui_engine.rules.activations import ACTIVATIONS
from tests.tui.helpers import texts

#: Cells of the labels at the left.
MARGIN = 6
Z = np.random.default_rng(3).normal(0.3, 1.2, (16, 24))
rows = pytest.mark.parametrize("name", ACTIVATIONS.names)


def response(name: str, z: Array) -> Response:
    row = ACTIVATIONS[name]
    slope = 1.0 if row.slope is None else row.slope
    return Response(z, lambda each: curves(row, each, slope)[1], *row.bounds_at(slope), f"{row.symbol}′", row=row)


def parts(name: str, z: Array, width: int = 106, height: int = 31) -> tuple[list[str], list[str], str]:
    """The rows of the curve and of the bars, without their labels, and the axis."""
    shown = texts(figure(response(name, z), width, height))
    assert len(shown) == height
    assert max(map(len, shown)) <= width
    head = next(index for index, line in enumerate(shown) if "how often each z occurs" in line)
    return [line[MARGIN:] for line in shown[1:head]], [line[MARGIN:] for line in shown[head + 1 : -1]], shown[-1]


def test_the_curve_of_a_sigmoid_has_its_peak_over_0_and_is_flat_at_both_ends() -> None:
    curve, _, axis = parts("sigmoid", Z)
    heights = [max((len(curve) - y for y, line in enumerate(curve) if line[x] != " "), default=0) for x in range(100)]
    zero = axis.index("0", axis.index("─")) - MARGIN
    assert heights[zero] == max(heights) == len(curve)
    assert heights[: zero + 1] == sorted(heights[: zero + 1])
    assert heights[zero:] == sorted(heights[zero:], reverse=True)
    assert heights[0] == heights[-1] == 1


def test_the_curve_of_relu_is_a_step_at_0() -> None:
    curve, _, axis = parts("relu", Z)
    zero = axis.index("0", axis.index("─")) - MARGIN
    assert curve[0][: zero - 1].strip() == ""
    assert " " not in curve[0][zero + 1 :]
    assert " " not in curve[-1][: zero - 1]


@rows
def test_a_bar_is_as_high_as_so_many_of_the_values_lie_over_its_cell(name: str) -> None:
    """However the curve looks: the same z have the same bars."""
    _, bars, _ = parts(name, Z)
    reach = max(4.0, float(np.abs(Z).max()))
    counts, _ = np.histogram(Z, bins=100, range=(-reach, reach))
    eighths = [sum(UP.index(line[x]) for line in bars) for x in range(100)]
    assert max(eighths) == len(bars) * 8
    assert eighths == [pytest.approx(count / counts.max() * len(bars) * 8, abs=1) for count in counts]


@rows
def test_the_axis_of_the_curve_has_the_ends_of_the_slope(name: str) -> None:
    shown = texts(figure(response(name, Z), 60, 20))
    low, high = ACTIVATIONS[name].derivative_bounds
    assert float(shown[1].split()[0]) == pytest.approx(high, rel=0.05)
    curve = next(index for index, line in enumerate(shown) if "how often" in line) - 1
    assert float(shown[curve].split()[0]) == pytest.approx(min(low, 0.0), abs=0.005)


@pytest.mark.parametrize("height", range(2, 40))
def test_it_fills_its_place_at_every_height(height: int) -> None:
    for width in (24, 42, 64, 120):
        shown = texts(figure(response("tanh", Z), width, height))
        assert len(shown) == height
        assert max(map(len, shown)) <= width


@pytest.mark.parametrize(
    "z", [np.zeros((4, 4)), np.ones((1, 1)), np.array([[1.0, -1.0, np.inf, -np.inf, np.nan, 1e300]])]
)
def test_no_values_break_it(z: Array) -> None:
    for name in ACTIVATIONS.names:
        assert len(figure(response(name, z), 60, 12)) == 12


@pytest.mark.parametrize("z", [np.full((3, 3), np.nan), np.full((2, 2), np.inf)])
def test_where_no_value_is_finite_it_says_so(z: Array) -> None:
    assert texts(figure(response("relu", z), 60, 12)) == ["no finite value"]


def test_in_ascii_it_is_ascii() -> None:
    with glyphs.drawing(glyphs.ASCII):
        assert all(glyphs.render(line).isascii() for line in texts(figure(response("sigmoid", Z), 60, 14)))
