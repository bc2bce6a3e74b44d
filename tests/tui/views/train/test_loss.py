"""The loss pane: no spike is hidden, A and B are told apart without colour, what is not trained yet is empty."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest

from gradtui.text import glyphs, language
from gradtui.text.spans import text_of
from gradtui.views.frame.training_sides import Sides
from gradtui.views.train import loss
from tests.tui.helpers import assert_page, cut_numbers, texts
from tests.tui.views.train.snapshots import LSTM, MLP, sides, snapshot

WIDTH, HEIGHT = 100, 12


def shown(given: Sides, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    lines = loss.view(given, width, height)
    assert_page(lines, width, height, "loss")
    return texts(lines)


def plot(given: Sides, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """The cells of the curves alone, row by row."""
    place = loss.place_of(given, width)
    return [row[place.margin : place.margin + place.axis.cells] for row in shown(given, width, height)[:-1]]


def beside(given: Sides, width: int = WIDTH) -> str:
    place = loss.place_of(given, width)
    return "\n".join(row[place.margin + place.axis.cells :].strip() for row in shown(given, width))


@pytest.mark.parametrize("code", ["en", "zh"])
def test_where_there_is_little_room_words_shorten_before_the_number_does(code: str) -> None:
    given = sides(snapshot(np.linspace(2.0, 1.0, 400), validations={400: 1.25}), iteration=399)
    language.use(code)
    try:
        for width in range(70, 100):
            (line,) = [line for line in texts(loss.view(given, width, HEIGHT)) if re.search(r" \+ \S", line)]
            assert re.search(r"1\.25", line), (width, line)
            assert not cut_numbers(line), (width, line)
    finally:
        language.use("en")


@pytest.mark.parametrize("spike", [0, 1234, 2999])
def test_one_iteration_among_thousands_is_seen(spike: int) -> None:
    losses = np.full(3000, 1.0)
    losses[spike] = 2.0
    given = sides(snapshot(losses, guess=1.0), iteration=1500)
    column = loss.place_of(given, WIDTH).axis.cell(spike)
    assert plot(given)[0][column] not in " │"
    assert [cell for place, cell in enumerate(plot(given)[0]) if place != column and cell not in " │"] == []


def test_what_is_not_trained_yet_is_an_empty_part_of_the_axis() -> None:
    given = sides(snapshot(np.linspace(2.0, 1.0, 100), iterations=400), iteration=10)
    known = loss.place_of(given, WIDTH).axis.known(100)
    ruler = shown(given)[-1]
    assert "400" in ruler
    assert "┄" in ruler
    for row in plot(given):
        assert set(row[known:]) <= set(" ╌")


def test_where_nothing_can_follow_the_axis_ends_with_what_is_there() -> None:
    """Five iterations of four hundred would be a column wide."""
    given = sides(snapshot([2.0, 3.0, 9.0, 80.0, math.nan], iterations=400, broken=True, done=True), iteration=2)
    assert loss.place_of(given, WIDTH).axis.total == 5
    assert "┄" not in shown(given)[-1]
    going_on = snapshot([2.0] * 9, iterations=400)
    assert loss.place_of(sides(given.a, going_on), WIDTH).axis.total == 400


def test_a_and_b_stand_on_one_axis_each_with_its_letter() -> None:
    a, b = snapshot(np.full(200, 2.0)), snapshot(np.geomspace(2.0, 0.02, 200))
    rows = plot(sides(a, b, iteration=7))
    assert "A" in "".join(rows[:3])
    assert "B" in "".join(rows[-3:])
    alone = "".join(plot(sides(a, iteration=7)))
    assert "A" not in alone
    with glyphs.drawing(glyphs.ASCII):
        lower = "\n".join(plot(sides(a, b, iteration=7)))
    assert {"a", "b"} <= set(lower)
    assert lower.isascii()


def test_the_axis_is_log_from_a_decade_on_and_holds_0_else() -> None:
    flat = loss.scale_of(sides(snapshot(np.linspace(2.4, 2.2, 50))))
    assert (flat.log, flat.low) == (False, 0.0)
    deep = loss.scale_of(sides(snapshot(np.geomspace(2.0, 0.01, 50))))
    assert deep.log
    assert deep.ends() == pytest.approx((0.01, 2.3))
    assert "log" in loss.title(sides(snapshot(np.geomspace(2.0, 0.01, 50))), WIDTH)


def test_a_loss_of_5e126_leaves_room_for_the_others() -> None:
    """It is marked at the upper edge."""
    unclipped = snapshot([2.5, 40.0, 1e20, 5.6e126, math.inf], broken=True, done=True)
    clipped = snapshot(np.geomspace(2.5, 0.1, 5))
    given = sides(unclipped, clipped, iteration=1)
    low, high = loss.scale_of(given).ends()
    assert low == pytest.approx(0.1)
    assert high == pytest.approx(250)
    assert "▲" in plot(given)[0]
    assert "✗" in plot(given)[0]
    assert "A diverged" in loss.title(given, WIDTH)


def test_validations_are_marks_of_each_side() -> None:
    a = snapshot(np.full(100, 2.0), validations={0: 2.0, 50: 1.0, 100: 0.5})
    b = snapshot(np.full(100, 2.0), validations={0: 2.1, 50: 0.8})
    assert sum(row.count("+") for row in plot(sides(a, iteration=20))) == 3
    both = "".join(plot(sides(a, b, iteration=20)))
    assert both.count("×") == 2
    many = snapshot(np.full(3000, 2.0), validations=dict.fromkeys(range(0, 3000, 25), 1.0))
    place = loss.place_of(sides(many), WIDTH)
    assert 0 < "".join(plot(sides(many, iteration=9))).count("+") <= place.axis.cells / 3 + 1


def test_the_numbers_are_those_at_the_cursor() -> None:
    a = snapshot(np.arange(1.0, 101.0), validations={0: 9.5, 50: 1.25, 100: 0.5}, accuracy=np.full(100, 0.25))
    said = beside(sides(a, iteration=60))
    assert "iteration 60 of 100" in said
    assert "loss 61.00 · 25 % right" in said
    assert "held out at 50: 1.250" in said
    assert "rate 0.1" in said
    assert "held out at 100: 0.5000" in beside(sides(a, iteration=99)), (
        "the validation of the end belongs to the last one"
    )
    assert "held out at 0: 9.500" in beside(sides(a, iteration=49))


def test_a_side_that_has_ended_has_no_numbers_at_a_cursor_behind_its_end() -> None:
    a = snapshot([2.5, 9.0, math.nan], validations={0: 3.5}, broken=True, done=True, iterations=40)
    b = snapshot(np.full(40, 2.0))
    behind, before = beside(sides(a, b, iteration=39)), beside(sides(a, b, iteration=1))
    assert "A ended at iteration 2" in behind
    assert "3.500" not in behind
    assert "nan" not in behind
    assert "A loss 9.000" in before
    assert "ended" not in before
    going_on = snapshot([2.5, 2.4], iterations=40)
    assert "A has come to iteration 1" in beside(sides(going_on, b, iteration=39), 130)


def branching(iteration: int) -> Sides:
    """B is A, at a tenth of the rate from iteration 40 on."""
    a, b = snapshot(np.full(100, 2.0)), snapshot(np.full(100, 2.0))
    turned = a.training.replace(turns=("40:learning-rate=0.01,clip=norm",))
    return sides(a, dataclasses.replace(b, training=turned), iteration=iteration)


@pytest.mark.parametrize("width", [78, 118])
def test_where_b_branches_off_is_marked_and_what_it_changes_is_said(width: int) -> None:
    early, late = branching(20), branching(60)
    place = loss.place_of(late, width)
    for given in (early, late):
        ruler = shown(given, width)[-1][place.margin :]
        assert ruler[place.axis.cell(40)] == "B"
        assert "B from 40 on: rate 0.01, clip norm" in " ".join(beside(given, width).split())
    assert "before 40 B is A" in beside(early, width)
    assert "B loss" not in beside(early, width)
    assert "B is A" not in beside(late, width)
    assert "B loss 2.000" in beside(late, width)


def test_the_rates_of_both_are_said_where_they_differ() -> None:
    a = snapshot(np.full(9, 2.0))
    b = snapshot(np.full(9, 2.0), learning_rate=np.full(9, 0.02))
    assert "rate A 0.1 B 0.02" in beside(sides(a, b))


@pytest.mark.parametrize(
    ("experiment", "name"), [(MLP, "answering without looking 2.30"), (LSTM, "without any memory 2.30")]
)
def test_the_line_of_guessing_is_named(experiment: object, name: str) -> None:
    given = sides(snapshot(np.full(9, 1.0), experiment=experiment, iterations=20), iteration=2)  # type: ignore[arg-type]
    assert name in beside(given, 130)
    place = loss.place_of(given, WIDTH)
    rows = [row for row in shown(given)[:-1] if row[place.margin :].count("╌") > 20]
    assert [row[: place.margin].strip() for row in rows] == ["2.30"]


def test_before_anything_is_trained_it_says_what_to_press_and_what_guessing_costs() -> None:
    said = " ".join(" ".join(shown(Sides(None, None, 0, 1, 300, first_guess=2.3026))).split())
    assert "space trains" in said
    assert "300" in said
    assert "2.30" in said
    assert loss.said(Sides(None, None, 0, 1, 300)) == ["Nothing is trained yet: space trains, up to iteration 300, "
                                                       "and pauses."]  # fmt: skip
    refused = Sides(None, None, 0, 1, 300, refused="a recording is not trained")
    assert shown(refused)[0].strip() == "a recording is not trained"


def test_a_click_goes_to_the_iteration_under_it() -> None:
    given = sides(snapshot(np.full(300, 2.0), iterations=300), iteration=120)
    place = loss.place_of(given, WIDTH)
    for iteration in (0, 7, 150, 299):
        found = loss.iteration_at(given, WIDTH, place.margin + place.axis.cell(iteration))
        assert found is not None
        assert abs(found - iteration) <= 300 / place.axis.cells
    assert loss.iteration_at(given, WIDTH, 0) is None
    assert loss.iteration_at(given, WIDTH, WIDTH - 1) is None
    part = sides(snapshot(np.full(100, 2.0), iterations=300))
    assert loss.iteration_at(part, WIDTH, place.margin + place.axis.cells - 1) == 99, "the last one that is there"
    assert loss.iteration_at(Sides(None, None, 0, 1, 300), WIDTH, 30) is None


def test_in_words_each_validation_is_a_sentence() -> None:
    a = snapshot(np.full(100, 2.0), validations={0: 2.2, 50: 1.25, 100: 0.5})
    said = loss.said(sides(a))
    assert "iteration 50: loss 2.000, held out 1.250" in said
    assert any(line.startswith("A: learns") for line in said)


@pytest.mark.parametrize("width", [1, 9, 10, 24, 58, 78, 118, 198])
def test_it_fills_any_size(width: int) -> None:
    broken = snapshot([math.nan, math.inf], broken=True, done=True)
    zero = snapshot(np.zeros(40), guess=0.0)
    tiny = snapshot([1e-300] * 3, guess=1e-300)
    for given in (sides(broken), sides(zero), sides(tiny), sides(broken, zero), sides(snapshot([1.0]))):
        for height in (1, 2, 3, 7, 20):
            assert_page(loss.view(given, width, height), width, height, f"{width}×{height}")
        assert text_of([(loss.title(given, max(width, 6)), "")])
