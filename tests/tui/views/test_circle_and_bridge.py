"""The circle, the hyperbola and the bridge between them, against what mathematics says they are."""

from __future__ import annotations

import itertools
import math
import re

import pytest

from gradtui.views.maths import bridge, circle
from gradtui_engine import Experiment
from gradtui_engine.core.figures import short
from tests.examples import spread
from tests.tui.helpers import scene_of, texts
from tests.tui.maths_page import ANGLES, scene, shown


@spread("angle", ANGLES, 13)
def test_both_sectors_have_half_the_parameter_as_area(angle: int) -> None:
    text = shown("circle", angle=angle)
    areas = [float(each) for each in re.findall(r"t/2 = (\S+)", text)]
    assert areas == [pytest.approx(angle * math.pi / 24, rel=5e-7)] * 2
    assert re.findall(r"[²] = (\S+)", text) == ["1", "1"]


@pytest.mark.parametrize("angle", [-24, -7, 0, 4, 6, 13])
def test_the_coordinates_are_those_of_the_point(angle: int) -> None:
    text, t = shown("circle", angle=angle), angle * math.pi / 12
    for name in ("cos", "sin", "cosh", "sinh"):
        found = re.search(rf"\b{name} t = (\S+)", text)
        assert found
        assert float(found[1]) == pytest.approx(float(getattr(math, name)(t)), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("size", [(58, 18), (78, 20), (118, 40)])
@pytest.mark.parametrize("angle", [-4, 2, 4])
def test_the_points_stand_where_their_coordinates_are(size: tuple[int, int], angle: int) -> None:
    """Measured against the labels under the axis and beside it."""
    lines, t = shown("circle", *size, angle=angle).splitlines(), angle * math.pi / 12
    axis = next(number for number, line in enumerate(lines) if "└" in line)
    margin = lines[axis].index("└") + 1
    ticks = [column for column, glyph in enumerate(lines[axis]) if glyph == "┬"]
    unit = ticks[2] - ticks[1]
    zero = next(row for row, line in enumerate(lines) if line[:margin] == " 0┤")
    end = lines[axis].rindex("─") + 1
    row, column = next((row, line.index("●")) for row, line in enumerate(lines[:axis]) if "●" in line[margin:end])
    assert (column - ticks[1]) / unit == pytest.approx(math.cos(t), abs=1.5 / unit)
    # A row is two cells high.
    assert (zero - row) * 2 / unit == pytest.approx(math.sin(t), abs=2.5 / unit)


def test_a_point_too_far_out_is_said_to_be() -> None:
    """Said where it is, and only there: a higher pane shows more of the hyperbola."""
    for (width, height), angle in itertools.product(((58, 18), (110, 24), (110, 46)), (3, 4, 6, 7, 24)):
        lines = shown("circle", width, height, angle=angle).splitlines()
        axis = next(number for number, line in enumerate(lines) if "└" in line)
        drawn = any("◆" in line[: lines[axis].rindex("─") + 1] for line in lines[:axis])
        assert ("lies beyond" in "\n".join(lines)) is not drawn, (width, height, angle)


def test_the_sectors_are_shaded_and_at_0_there_is_none() -> None:
    pictures = {angle: [line[:58] for line in texts(circle.view(scene(angle=angle), 110, 40))] for angle in (4, 0)}
    assert all(any(glyph in line for line in pictures[4]) for glyph in "░▒▓")
    assert not any(glyph in line for line in pictures[0] for glyph in "░▒▓")


# -- the bridge --------------------------------------------------------------------------------------------


def sides(text: str, left: str, right: str) -> tuple[str, str]:
    found = re.search(rf"{re.escape(left)} = (.+?)   {re.escape(right)} = (.+?)(?:   |$)", text, re.MULTILINE)
    assert found, f"{left} = {right} is not in\n{text}"
    return found[1], found[2]


@pytest.mark.parametrize("angle", ANGLES)
def test_both_sides_of_every_identity_have_equal_digits(angle: int) -> None:
    text = shown("bridge", angle=angle)
    left, right = sides(text, "sinh(ix)", "i sin x")
    assert left == right
    assert float(left.split(" ")[-1].rstrip("i")) == pytest.approx(abs(math.sin(angle * math.pi / 12)), abs=1e-7)
    left, right = sides(text, "cosh(ix)", "cos x")
    assert left == right
    if angle % 12 != 6:
        left, right = sides(text, "tanh(ix)", "i tan x")
        assert left == right
    else:
        assert "both have a pole" in text
    assert all(float(each) < 1e-12 for each in re.findall(r"they differ by (\S+)", text))


@pytest.mark.parametrize("angle", ANGLES)
def test_the_periods_hold_one_real_and_one_imaginary(angle: int) -> None:
    text = shown("bridge", angle=angle)
    moved, here = sides(text, "sin(x + 2π)", "sin x")
    assert moved == here
    moved, here = sides(text, "sinh(x + 2iπ)", "sinh x")
    assert moved == f"{here} + 0i"
    assert "period 2π: real" in text
    assert "period 2iπ: imaginary" in text


@pytest.mark.parametrize("angle", [-20, -6, 0, 1, 4, 24])
def test_the_slopes_are_the_measured_ones(angle: int) -> None:
    text, x = shown("bridge", angle=angle), angle * math.pi / 12
    for name in ("tanh", "tan"):
        if name == "tan" and angle % 12 == 6:
            assert "tan′ = 1 + tan²   a pole here" in text
            continue
        found = re.search(rf"{name}′ = .* = 1 [−+] \S+² = (\S+)", text)
        assert found
        function = getattr(math, name)
        measured = (function(x + 1e-5) - function(x - 1e-5)) / 2e-5
        assert float(found[1]) == pytest.approx(measured, rel=0.05)


def test_layers_multiply_what_a_tanh_unit_passes() -> None:
    slope = 1 - math.tanh(math.pi / 3) ** 2
    text = shown("bridge", angle=4)
    assert f"passes {short(slope)} of its gradient; 5 layers like it pass {short(slope**5)}" in text
    over_time = scene_of(Experiment(cell="lstm", data="gaussian", steps=4, width=2, batch=2), view="maths", angle=4)
    assert "4 time steps like it" in "\n".join(texts(bridge.view(over_time, 110, 20)))
