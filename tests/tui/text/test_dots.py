"""Curves in dots: where they are drawn, and that no value is lost between two columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.text import glyphs
from gradtui.text.dots import ACROSS, DOWN, Array, Canvas, Curve, named
from gradtui.text.spans import text_of

#: The dots of a braille character by column and row, from Unicode's own numbers: 1 2 3 7, 4 5 6 8.
_NUMBERED = ((0, 1, 2, 6), (3, 4, 5, 7))


def dots(canvas: Canvas) -> set[tuple[int, int]]:
    """(column, row) of every dot that is set, (0, 0) the upper left one."""
    found = set()
    for row, line in enumerate(canvas.cells):
        for column, (text, _) in enumerate(line):
            bits = ord(text) - 0x2800 if text != " " else 0
            for across, numbers in enumerate(_NUMBERED):
                for down, number in enumerate(numbers):
                    if bits >> number & 1:
                        found.add((column * ACROSS + across, row * DOWN + down))
    return found


def drawn(low: list[float], high: list[float], rows: int = 3, bounds: tuple[float, float] = (0.0, 11.0)) -> Canvas:
    canvas = Canvas(len(low) // ACROSS, rows, bounds)
    canvas.draw(Curve(np.array(low), np.array(high), "hidden", "A"))
    return canvas


def test_a_value_is_a_dot_at_its_height() -> None:
    """Twelve rows of dots for 0 to 11: a value is a row, counted from below."""
    assert dots(drawn([0.0, np.nan], [0.0, np.nan])) == {(0, 11)}
    assert dots(drawn([11.0, np.nan], [11.0, np.nan])) == {(0, 0)}
    assert dots(drawn([4.0, np.nan], [6.0, np.nan])) == {(0, 7), (0, 6), (0, 5)}


def test_neighbours_are_joined_and_gaps_are_not() -> None:
    assert dots(drawn([0.0, 11.0], [0.0, 11.0])) == {(0, 11), *((1, row) for row in range(11))}
    assert dots(drawn([0.0, np.nan, 11.0, np.nan], [0.0, np.nan, 11.0, np.nan])) == {(0, 11), (2, 0)}


@given(st.lists(st.floats(0.0, 11.0), min_size=2, max_size=40).filter(lambda values: len(values) % 2 == 0))
def test_every_value_has_its_dot_and_the_line_has_no_break(values: list[float]) -> None:
    found = dots(drawn(values, values))
    for column, value in enumerate(values):
        assert (column, round(11.0 - value)) in found or abs((11.0 - value) % 1 - 0.5) < 1e-9
    for column in range(len(values) - 1):
        here, there = ({row for at, row in found if at == side} for side in (column, column + 1))
        assert min(abs(one - two) for one in here for two in there) <= 1


def test_what_is_beyond_the_edge_is_drawn_at_the_edge() -> None:
    assert dots(drawn([50.0, -50.0], [50.0, -50.0])) >= {(0, 0), (1, 11)}


def test_in_ascii_a_curve_is_made_of_its_letter() -> None:
    with glyphs.drawing(glyphs.ASCII):
        canvas = drawn([0.0, 0.0, 11.0, 11.0], [0.0, 0.0, 11.0, 11.0])
    text = "\n".join(map(text_of, canvas.lines()))
    assert set(text) == {"a", " ", "\n"}


@pytest.mark.parametrize("value", [0.0, 5.0, 11.0])
def test_a_level_crosses_the_whole_canvas_and_the_cursor_stands_beside_it(value: float) -> None:
    canvas = Canvas(6, 3, (0.0, 11.0))
    canvas.level(value, "reference")
    canvas.cursor(2)
    assert text_of(canvas.lines()[canvas.row(value)]) == "╌╌│╌╌╌"
    assert {row[2] for row in canvas.cells} == {("│", "cursor")}


def test_the_cursor_hides_no_part_of_a_curve() -> None:
    values: Array = np.linspace(0.0, 11.0, 12)
    canvas = drawn(values.tolist(), values.tolist())
    before = dots(canvas)
    canvas.cursor(3)
    assert {row[3][1] for row in canvas.cells} == {"cursor"}
    canvas.cells = [[(" ", style) if text == "│" else (text, style) for text, style in row] for row in canvas.cells]
    assert dots(canvas) == before


def test_at_its_end_a_curve_is_called_by_its_letter_too_where_it_is_drawn_in_that() -> None:
    assert named("a", "sigmoid") == "sigmoid"
    with glyphs.drawing(glyphs.ASCII):
        assert named("a", "sigmoid") == "a sigmoid"
