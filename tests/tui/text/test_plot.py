"""The bridge to plotext: lines of spans of the asked size, glyphs in the cells where their points belong."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from gradtui.text.plot import Axes, Series, plot
from gradtui.text.spans import text_of

UNIT = Axes((0.0, 10.0), (0.0, 4.0), (0.0, 5.0, 10.0), ((0.0, "0"), (4.0, "4")))


def drawn(*series: Series, axes: Axes = UNIT, width: int = 23, height: int = 6) -> list[str]:
    """The rows of the canvas, without the labels of y and the axis, the top one first."""
    lines = plot(series, axes, width, height)
    return [text_of(list(line))[axes.margin :] for line in lines[:-1]]


@pytest.mark.parametrize("size", [(20, 5), (58, 11), (120, 40)])
def test_a_plot_has_the_size_that_was_asked_for(size: tuple[int, int]) -> None:
    width, height = size
    lines = plot((Series((0.0, 10.0), (0.0, 4.0), "forward"),), UNIT, width, height)
    assert [len(text_of(list(line))) for line in lines] == [width] * height


def test_a_marked_point_stands_in_its_cell() -> None:
    # 21 cells hold 0 … 10, so one each 0.5; 5 rows hold 0 … 4.
    rows = drawn(Series((0.0, 2.5, 10.0), (4.0, 3.0, 0.0), "cursor", "●"))
    places = [(row, column) for row, text in enumerate(rows) for column, glyph in enumerate(text) if glyph == "●"]
    assert places == [(0, 0), (1, 5), (4, 20)]
    assert [UNIT.column(x, 23) for x in (0.0, 2.5, 10.0)] == [0, 5, 20]


def test_spans_have_the_styles_of_their_series() -> None:
    lines = plot((Series((1.0,), (1.0,), "cursor", "●"), Series((3.0,), (1.0,), "backward", "×")), UNIT, 23, 6)
    styles = {glyph: style for line in lines for text, style in line for glyph in text.strip()}
    assert styles["●"] == "cursor"
    assert styles["×"] == "backward"
    assert styles["│"] == styles["4"] == "label"
    assert {style for line in lines for _, style in line} == {"cursor", "backward", "label", "text"}


def test_what_comes_later_is_drawn_on_top() -> None:
    lower, upper = Series((5.0,), (2.0,), "forward", "×"), Series((5.0,), (2.0,), "cursor", "●")
    assert "●" in "".join(drawn(lower, upper))
    assert "×" in "".join(drawn(upper, lower))


def test_a_line_is_drawn_in_braille_from_end_to_end() -> None:
    rows = drawn(Series((0.0, 10.0), (2.0, 2.0), "forward"))
    assert all("\u2800" < glyph <= "\u28ff" for glyph in rows[2])
    assert not "".join(rows[:2] + rows[3:]).strip()


def test_a_line_that_leaves_the_canvas_goes_to_its_edge() -> None:
    """From (0, 2) to (10, 102): it leaves at x = 0.2, and no point of it lies on the canvas but the first."""
    rows = drawn(Series((0.0, 10.0), (2.0, 102.0), "forward"))
    assert [bool(row.strip()) for row in rows] == [True, True, True, False, False]
    assert all(not row[2:].strip() for row in rows)


def test_a_line_that_only_crosses_the_canvas_is_drawn() -> None:
    rows = drawn(Series((4.0, 6.0), (-1000.0, 1000.0), "forward"))
    assert all(row.strip() for row in rows)


@pytest.mark.parametrize("gap", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_a_gap(gap: float) -> None:
    x = tuple(np.linspace(0, 10, 21).tolist())
    rows = drawn(Series(x, tuple(gap if each == 5.0 else 2.0 for each in x), "forward"))
    assert rows[2][:9].strip() == rows[2][:9]
    assert rows[2][10] == " "
    assert rows[2][12:].strip() == rows[2][12:]


def test_points_beside_the_canvas_are_left_out() -> None:
    rows = drawn(Series((-1.0, 5.0, 11.0, 5.0, 5.0), (2.0, 9.0, 2.0, -1.0, math.nan), "cursor", "●"))
    assert not "".join(rows).strip()


def test_nothing_is_an_empty_canvas() -> None:
    assert not "".join(drawn(Series((), (), "forward"), Series((), (), "cursor", "●"))).strip()


def test_a_plot_that_was_drawn_before_is_not_drawn_again() -> None:
    series = (Series((1.0, 2.0), (1.0, 2.0), "forward"),)
    assert plot(series, UNIT, 40, 9) is plot(series, UNIT, 40, 9)


def test_plotext_is_not_loaded_before_the_first_plot() -> None:
    code = (
        "import sys\n"
        "import gradtui.views.catalogue\n"
        "from gradtui.text import plot\n"
        "print('plotext' in sys.modules)\n"
        "plot.load()\n"
        "print('plotext' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
