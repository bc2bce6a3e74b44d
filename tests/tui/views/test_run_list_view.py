"""The runs of a folder as lines."""

from __future__ import annotations

import itertools
import math

import pytest

from gradtui.model.run_list import RunList, RunRow
from gradtui.text import glyphs, language
from gradtui.text.amounts import age, size
from gradtui.text.spans import cut_left, width_of
from gradtui.text.sparkline import sparkline
from gradtui.views import run_list
from tests.tui.helpers import assert_page, cut_numbers, texts

FALLS = tuple(2.3 * 0.97**number for number in range(100))
RUNS = (
    RunRow("baseline", ("a",), 2_600_000, 130.0, 490, FALLS, "healthy"),
    RunRow(
        "sweep/a-very-long-name-of-a-run-with-words/gradtui-run", ("b", "c"), 260_000_000, 8000.0, 123456,
        (*FALLS, math.nan), "fault", "dead", "model.encoder.layers.11.mlp.fc2",
    ),
    RunRow("broken", ("d",), 26, 1e6, problem="line 1: is no recording"),
    RunRow("new", ("e",), 0, 0.0),
)  # fmt: skip
SIZES = ((60, 16), (80, 24), (120, 36), (200, 50))


@pytest.mark.parametrize("tongue", language.LANGUAGES)
@pytest.mark.parametrize("glyph_set", glyphs.GLYPHS)
def test_at_every_size_every_line_is_as_wide_as_the_screen_and_no_number_is_cut(tongue: str, glyph_set: str) -> None:
    before, drawn = language.current(), glyphs.current()
    language.use(tongue)
    glyphs.use(glyph_set)
    try:
        many = tuple(RunRow(f"run-{number}", (f"{number}",), steps=number) for number in range(60))
        for (width, height), runs, cursor in itertools.product(SIZES, (RUNS, many), (0, 1, 3, 59)):
            for typed in ("", "run", "nowhere"):
                made = RunList("/home/me/sweeps", runs).to(cursor).narrowed(typed)
                lines = run_list.draw(made, width, height)
                assert_page(lines, width, height, f"{width}×{height}")
                for text in texts(lines[3:-3]):
                    # A module's name may end in a number and is cut from the left; nothing else ends in an ellipsis.
                    assert not cut_numbers(text), text
    finally:
        language.use(before)
        glyphs.use(drawn)


def test_each_run_has_its_verdict_last_step_loss_age_and_size() -> None:
    lines = texts(run_list.draw(RunList("runs", RUNS), 120, 20))
    healthy, fault, broken, new = lines[3:7]
    assert healthy.split()[:4] == ["▸", "baseline", "●", "healthy"]
    assert "2 min ago" in healthy
    assert "2.5 MiB" in healthy
    assert "✗ dead …layers.11.mlp.fc2" in fault
    assert "123,456" in fault
    assert "2 h ago" in fault
    assert "✗ cannot be read" in broken
    assert "11 d ago" in broken
    assert "…" in new
    assert "now" in new


def test_of_the_run_under_the_cursor_what_has_no_room_is_said_below() -> None:
    runs = RunList("runs", RUNS)
    assert "dead in model.encoder.layers.11.mlp.fc2" in texts(run_list.draw(runs.to(1), 80, 20))[-2]
    assert "line 1: is no recording" in texts(run_list.draw(runs.to(2), 80, 20))[-2]


def test_a_row_of_the_screen_is_the_run_that_stands_there() -> None:
    many = RunList("runs", tuple(RunRow(f"run-{number:02}", ("",)) for number in range(60)))
    for cursor, height in itertools.product((0, 30, 59), (16, 24)):
        runs = many.to(cursor)
        for y, text in enumerate(texts(run_list.draw(runs, 80, height))):
            number = run_list.run_at(runs, height, y)
            assert (number is not None) == ("run-" in text and 3 <= y < height - 3), (y, text)
            if number is not None:
                assert f"run-{number:02}" in text


# -- its texts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ((), ""),
        ((1.0,), "▅"),
        ((0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0), "▁▂▃▄▅▆▇█"),
        ((7.0, 0.0), "█▁"),
        ((1.0, 10.0, 100.0), "▁▅█"),  # a wide range is drawn by its logarithms
        ((1.0, math.nan, math.inf, 2.0), "▁✗✗█"),
        ((math.nan, math.nan), "✗✗"),
        ((2.30, 2.31, 2.30), "▄▅▄"),  # what hardly changes lies flat
        ((1.7e308, 1.7e308), "▅▅"),
    ],
)
def test_a_sparkline_goes_from_its_lowest_to_its_highest(values: tuple[float, ...], drawn: str) -> None:
    assert sparkline(values, 8) == drawn


def test_a_sparkline_of_many_values_shows_the_one_that_is_no_number() -> None:
    values = [1.0] * 500 + [math.nan] + [1.0] * 499
    assert sparkline(values, 10).index("✗") == 5
    assert len(sparkline(values, 10)) == 10


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "now"), (1, "1 s ago"), (59.9, "59 s ago"), (60, "1 min ago"), (7199, "1 h ago"), (90000, "1 d ago")],
)
def test_an_age_is_told_in_the_largest_unit_that_is_full(seconds: float, said: str) -> None:
    assert age(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (2_600_000, "2.5 MiB"), (260_000_000, "248 MiB"),
     (1_072_693_248, "1023 MiB"), (3 * 2**30, "3 GiB")],
)  # fmt: skip
def test_a_size_has_two_or_three_digits(count: int, said: str) -> None:
    assert size(count) == said


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (40, "model.decoder.layers.11.mlp.fc2"),
        (31, "model.decoder.layers.11.mlp.fc2"),
        (30, "…decoder.layers.11.mlp.fc2"),
        (20, "…layers.11.mlp.fc2"),
        (10, "…mlp.fc2"),
        (5, "…fc2"),
        (3, "…c2"),
        (1, "…"),
    ],
)
def test_a_modules_name_is_shortened_from_the_left_at_a_dot(width: int, shown: str) -> None:
    assert cut_left("model.decoder.layers.11.mlp.fc2", width) == shown
    assert width_of([(shown, "")]) <= width
