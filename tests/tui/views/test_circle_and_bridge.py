"""The circle, the hyperbola and the bridge between them, against what mathematics says they are."""

from __future__ import annotations

import itertools
import math
import re

import pytest

from gradtui.views.maths import bridge, circle
from gradtui_engine import Experiment
from gradtui_engine.core.figures import short
from tests.examples import in_one, spread
from tests.tui.graphs import dots_of, graph_in
from tests.tui.helpers import scene_of, texts
from tests.tui.maths_page import ANGLES, scene, shown


@spread("angle", ANGLES, 13)
def test_both_sectors_have_half_the_parameter_as_area(angle: int) -> None:
    text = shown("circle", angle=angle)
    areas = [float(each) for each in re.findall(r"t/2 = (\S+)", text)]
    assert areas == [pytest.approx(math.radians(angle) / 2, rel=5e-7)] * 2
    assert re.findall(r"[²] = (\S+)", text) == ["1", "1"]


@pytest.mark.parametrize("angle", [-360, -105, 0, 60, 90, 195])
def test_the_coordinates_are_those_of_the_point(angle: int) -> None:
    text, t = shown("circle", angle=angle), math.radians(angle)
    for name in ("cos", "sin", "cosh", "sinh"):
        found = re.search(rf"\b{name} t = (\S+)", text)
        assert found
        assert float(found[1]) == pytest.approx(float(getattr(math, name)(t)), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("size", [(58, 18), (78, 20), (118, 40)])
@pytest.mark.parametrize("angle", [-60, 30, 60])
def test_the_point_stands_where_its_coordinates_are(size: tuple[int, int], angle: int) -> None:
    """Measured against the labels under the axis and beside it."""
    lines, t = shown("circle", *size, angle=angle).splitlines(), math.radians(angle)
    found = graph_in(lines, right=size[0] - 26 if size[1] >= 24 else (size[0] - 2) // 2)
    ((column, row),) = found.places("●")
    unit = found.x["1"] - found.x["0"]
    assert (column - found.x["0"]) / unit == pytest.approx(math.cos(t), abs=1.5 / unit)
    # A row is two cells high.
    assert (found.y["0"] - row) * 2 / unit == pytest.approx(math.sin(t), abs=2.5 / unit)


@pytest.mark.parametrize("size", [(58, 18), (78, 20), (58, 30)])
def test_circle_and_hyperbola_are_of_one_size(size: tuple[int, int]) -> None:
    lines = shown("circle", *size, angle=60).splitlines()
    half = (size[0] - 2) // 2
    if size[1] < 24:
        both = [graph_in(lines, right=half), graph_in(lines, left=half + 2)]
    else:
        end = next(number for number, line in enumerate(lines) if "└" in line) + 2
        both = [graph_in(lines), graph_in(lines[end:])]
    units = [(found.x["1"] - found.x["0"], found.y["0"] - found.y["1"]) for found in both]
    assert abs(units[0][0] - units[1][0]) <= 1
    assert abs(units[0][1] - units[1][1]) <= 1


def test_a_point_too_far_out_is_said_to_be() -> None:
    """Said where it is, and only there."""
    for (width, height), angle in itertools.product(((58, 18), (110, 24), (110, 46)), (45, 60, 90, 105, 360)):
        text = shown("circle", width, height, angle=angle)
        drawn = any("◆" in line and "h" not in line for line in text.splitlines())
        assert ("beyond" in text) is not drawn, (width, height, angle)


def test_the_sectors_are_shaded_and_at_0_there_is_none() -> None:
    filled = {}
    for angle in (60, 0):
        lines = circle.view(scene(angle=angle), 78, 20)
        cells = [[(glyph, style) for text, style in line for glyph in text] for line in lines]
        filled[angle] = [len(dots_of(cells, style)) for style in ("curve_1", "curve_2")]
    assert all(more > none + 40 for more, none in zip(filled[60], filled[0], strict=True))


# -- the bridge --------------------------------------------------------------------------------------------


def sides(text: str, left: str, right: str) -> tuple[str, str]:
    found = re.search(rf"{re.escape(left)} = (.+?)   {re.escape(right)} = (.+?)(?:   |$)", text, re.MULTILINE)
    assert found, f"{left} = {right} is not in\n{text}"
    return found[1], found[2]


@in_one("angle", ANGLES)
def test_both_sides_of_every_identity_have_equal_digits(angle: int) -> None:
    text = shown("bridge", angle=angle)
    left, right = sides(text, "sinh(ix)", "i sin x")
    assert left == right
    assert float(left.split(" ")[-1].rstrip("i")) == pytest.approx(abs(math.sin(math.radians(angle))), abs=1e-7)
    left, right = sides(text, "cosh(ix)", "cos x")
    assert left == right
    if angle % 180 != 90:
        left, right = sides(text, "tanh(ix)", "i tan x")
        assert left == right
    else:
        assert "both have a pole" in text
    assert all(float(each) < 1e-12 for each in re.findall(r"they differ by (\S+)", text))


@in_one("angle", ANGLES)
def test_the_periods_hold_one_real_and_one_imaginary(angle: int) -> None:
    text = shown("bridge", angle=angle)
    moved, here = sides(text, "sin(x + 2π)", "sin x")
    assert moved == here
    moved, here = sides(text, "sinh(x + 2πi)", "sinh x")
    assert moved == f"{here} + 0i"
    assert "period 2π: real" in text
    assert "the period of sinh is imaginary: 2πi" in text


@pytest.mark.parametrize("angle", [-300, -90, 0, 15, 60, 360])
def test_the_slopes_are_the_measured_ones(angle: int) -> None:
    text, x = shown("bridge", angle=angle), math.radians(angle)
    for name in ("tanh", "tan"):
        if name == "tan" and angle % 180 == 90:
            assert "tan′ = 1 + tan²   a pole here" in text
            continue
        found = re.search(rf"{name}′ = .* = 1 [−+] \S+² = (\S+)", text)
        assert found
        function = getattr(math, name)
        measured = (function(x + 1e-5) - function(x - 1e-5)) / 2e-5
        assert float(found[1]) == pytest.approx(measured, rel=0.05)


def test_layers_multiply_what_a_tanh_unit_passes() -> None:
    slope = 1 - math.tanh(math.pi / 3) ** 2
    text = shown("bridge", angle=60)
    assert f"passes {short(slope)} of its gradient; 5 layers like it pass {short(slope**5)}" in text
    over_time = scene_of(Experiment(cell="lstm", data="gaussian", steps=4, width=2, batch=2), view="maths", angle=60)
    assert "4 time steps like it" in "\n".join(texts(bridge.view(over_time, 110, 20)))


@pytest.mark.parametrize("angle", [30, 120, 200, 300, -45])
@pytest.mark.parametrize("size", [(78, 18), (98, 22)])
def test_the_bridge_is_a_quarter_turn_and_its_height_a_sine(size: tuple[int, int], angle: int) -> None:
    """i turns x by 90°: as far up as it was to the right. The point that goes around is as high as sinh(ix)."""
    lines, x = shown("bridge", *size, angle=angle).splitlines(), math.radians(angle)
    axis = next(line for line in lines if "└" in line)
    starts = [match.start() for match in re.finditer("└", axis)]
    assert len(starts) == 3
    turned, around = graph_in(lines, right=starts[1] - 4), graph_in(lines, left=starts[1] - 2, right=starts[2] - 4)
    name = "π" if abs(angle) <= 180 else "2π"
    unit = (turned.x[name] - turned.x["0"]) / (math.pi if name == "π" else 2 * math.pi)
    ((across, _),), ((_, up),) = turned.places("●"), turned.places("◆")
    assert (across - turned.x["0"]) == pytest.approx(x * unit, abs=1.1)
    assert (turned.y["0"] - up) * 2 == pytest.approx(x * unit, abs=2.2)
    ((middle, height),) = around.places("◆")
    one = around.x["1"] - around.x["0"]
    assert middle == around.x["0"]
    assert (around.y["0"] - height) * 2 == pytest.approx(math.sin(x) * one, abs=2.2)


@pytest.mark.parametrize("size", [(78, 18), (58, 30), (98, 20)])
def test_what_the_bridge_is_about_is_said_at_every_size_of_the_screen(size: tuple[int, int]) -> None:
    text = shown("bridge", *size, angle=60)
    for words in ("sinh(ix) = 0 + 0.8660254i", "the period of sinh is imaginary: 2πi", "a tanh unit passes 0.390"):
        assert words in " ".join(text.split()), words
    assert "jyā" in shown("bridge", 98, 40)
