"""A cell's gates over the iterations, and how far back its gradient reaches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradtui.text.scale import UP
from gradtui.views.explore.cells.table import WORDS
from gradtui.views.frame.training_sides import Sides
from gradtui.views.train import gates, reach
from gradtui_engine.cells.table import CELLS
from tests.tui.helpers import assert_page, texts
from tests.tui.views.train.snapshots import GRU, LSTM, MLP, sides, snapshot

WIDTH = 70


def gated(experiment: Any, count: int = 40, **opened: Any) -> Sides:
    """A training in whose iterations gates were open so far: by letter, a number for each iteration or (…, step)."""
    kind = experiment.resolved.kind
    values = np.full((count, len(kind.gates), 9), 0.5, dtype=np.float32)
    for letter, value in opened.items():
        values[:, kind.block(letter)] = value
    return sides(snapshot(np.full(count, 1.0), experiment=experiment, gates=values))


# -- gates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [name for name, row in CELLS.items() if row.gates])
def test_gates_have_the_order_that_they_have_in_explore(cell: str) -> None:
    found = [gate.letter for gate in gates.in_order(CELLS[cell])]
    assert found == [gate.letter for gate in WORDS[cell].gates]


def test_a_gate_that_opens_is_a_line_that_rises_with_its_number_at_the_cursor() -> None:
    opening = np.linspace(0.1, 0.95, 40)[:, None]
    given = gated(GRU, z=opening)
    given = sides(given.a, iteration=39)
    row = texts(gates.view(given, WIDTH, 5))[0]
    assert row.split()[0] == "z"
    assert row.split()[-1] == "0.950"
    heights = [UP.index(glyph) for glyph in row if glyph in UP[1:]]
    assert heights == sorted(heights)
    assert (heights[0], heights[-1]) == (1, 8)
    assert texts(gates.view(sides(given.a, iteration=0), WIDTH, 5))[0].split()[-1] == "0.100"


def test_a_candidate_runs_from_minus_1_to_1() -> None:
    for value, height in ((-1.0, 1), (0.0, 4), (1.0, 8)):
        row = texts(gates.view(gated(LSTM, g=value), WIDTH, 6))[3]
        assert row.split()[0] == "g"
        assert {UP.index(glyph) for glyph in row if glyph in UP[1:]} == {height}


def test_the_gate_of_the_direct_path_is_shown_step_by_step() -> None:
    steps = np.linspace(0.05, 0.95, 9)
    given = gated(LSTM, f=steps[None, :])
    rows = texts(gates.view(sides(given.a, iteration=20, stage=4), WIDTH, 15))
    head = next(row for row in rows if "step by step" in row)
    assert head.startswith("f, step by step")
    assert "most open at t = 9: 0.950" in head
    shown = rows[rows.index(head) + 1 : -1]
    assert [row.split()[0] for row in shown] == ["9", "8", "7", "6", "5", "▸4", "3", "2", "1"]
    assert shown[0].split()[1][0] == "█"
    assert shown[-1][5] == "░", "step 1 is nearly shut: 0 alone is blank"


def test_no_number_beside_a_gate_is_cut() -> None:
    for value, text in ((-0.03124, "-0.0312"), (-7.4e-5, "-7.4e-5"), (-7.4e-10, "-7.4e-10")):
        given = gated(LSTM, g=value)
        for width in (40, 60, 100):
            assert any(row.rstrip().endswith(f" {text}") for row in texts(gates.view(given, width, 9)))


def test_a_s_gates_stand_above_b_s() -> None:
    given = sides(gated(GRU, z=0.25).a, gated(LSTM, f=0.75).a)
    rows = texts(gates.view(given, WIDTH, 9))
    assert [row.split()[:2] for row in rows[:4]] == [["A", "z"], ["B", "f"], ["A", "r"], ["B", "i"]]
    assert "A z update gate" in gates.title(given, 150)
    assert "B f forget gate" in gates.title(given, 150)
    assert "A z" not in gates.title(gated(GRU), 150)


def test_gates_are_said_at_first_at_the_cursor_and_at_the_last_iteration() -> None:
    given = gated(GRU, z=np.linspace(0.1, 0.9, 40)[:, None])
    assert gates.said(sides(given.a, iteration=10))[0] == (
        "A, gate z update gate: 0.100 at first, 0.305 at iteration 10, 0.900 at the last one"
    )
    assert gates.said(sides(snapshot([1.0], experiment=MLP))) == ["This cell has no gates."]


def test_a_click_on_a_gate_goes_to_the_iteration_under_it() -> None:
    given = gated(GRU, 200)
    axis = gates.axis_of(given, WIDTH)
    assert gates.iteration_at(given, WIDTH, 5 + axis.cell(0)) == 0
    assert gates.iteration_at(given, WIDTH, 2) is None
    assert gates.iteration_at(Sides(None, None, 0, 1, 300), WIDTH, 20) is None


# -- reach -------------------------------------------------------------------------------------------------


def reached(count: int = 60, experiment: Any = GRU, column: str = "gradient") -> Any:
    """Gradients that vanish by a hundredth a step at first, and by nothing at the end."""
    factors = np.linspace(-2.0, 0.0, count)[:, None]
    return snapshot(np.full(count, 1.0), experiment=experiment, **{column: factors * np.arange(9, -1, -1) - 1.0})


def test_reach_is_the_share_of_the_last_step_s_gradient() -> None:
    """Nine steps: eight back is the first of them, then four and two."""
    found = reach.curves(sides(reached()))
    assert [row.lag for row in found] == [8, 4, 2]
    for row in found:
        np.testing.assert_allclose(row.shares, np.linspace(-2.0, 0.0, 60) * row.lag, atol=1e-12)
    assert found[0].share(0) == pytest.approx(1e-16)
    assert found[0].share(59) == pytest.approx(1.0)


def test_of_a_cell_state_it_is_that_gradient() -> None:
    lstm = reached(experiment=LSTM, column="cell_gradient")
    assert reach.curves(sides(lstm))[0].share(0) == pytest.approx(1e-16)
    assert "the last step's ∂L/∂c that" in reach.title(sides(lstm), 150)
    assert "the last step's ∂L/∂h that" in reach.title(sides(reached()), 150)
    assert "the last step's ∂L/∂h, ∂L/∂c that" in reach.title(sides(reached(), lstm), 150)


def test_a_curve_that_rises_is_drawn_rising_and_its_numbers_are_at_the_cursor() -> None:
    given = sides(reached(), iteration=30)
    lines = texts(reach.view(given, 90, 12))
    margin, axis, _ = reach.place_of(given, 90, 12)
    plot = [row[margin : margin + axis.cells] for row in lines[:-1]]
    first = [next(row for row in range(len(plot)) if plot[-1 - row][column] not in " │") for column in (0, 40)]
    assert first[0] < first[1]
    assert "1 8 steps back 1.4e-8" in lines[0] + lines[1]
    assert "2 4 steps back 1.2e-4" in lines[0] + lines[1] + lines[2]


def test_the_title_says_how_far_back_a_thousandth_gets_at_the_cursor() -> None:
    """At iteration 30 of 60 a step costs log10 = −0.983: three steps back is 1.1e-3, four 1.2e-4."""
    assert reach.horizons(sides(reached(), iteration=30)) == {"A": 3}
    assert "1/1,000 of the gradient gets 3 steps back" in reach.title(sides(reached(), iteration=30), 120)
    assert reach.title(sides(reached(), iteration=59), 40) == "reach: 8 steps back"
    both = sides(reached(), reached(experiment=LSTM, column="cell_gradient"), iteration=0)
    assert "A 1, B 1 step back" in reach.title(both, 60)
    nothing = snapshot(np.full(20, 1.0), experiment=GRU, gradient=np.full((20, 10), -math.inf))
    assert reach.title(sides(nothing), 60).endswith("gets 0 steps back")


def test_of_a_and_b_the_longest_lag_of_each_is_drawn() -> None:
    given = sides(reached(), reached(experiment=LSTM, column="cell_gradient"))
    assert [(row.letter, row.lag) for row in reach.curves(given)] == [("A", 8), ("B", 8)]
    joined = "".join(texts(reach.view(given, 90, 12)))
    assert "A 8 steps back" in joined
    assert "B 8 steps back" in joined


def test_a_narrow_pane_draws_as_many_curves_as_it_names() -> None:
    lines = texts(reach.view(sides(reached()), 38, 8))
    assert lines[-1].split() == ["1", "8", "back", "1.0e-16", "2", "4", "back", "1.0e-8"]
    assert "3" not in "".join(row[6:] for row in lines[:-2])


def test_where_no_gradient_arrives_at_all_there_is_no_curve_and_no_crash() -> None:
    gradient = np.full((20, 10), -math.inf)
    given = sides(snapshot(np.full(20, 1.0), experiment=GRU, gradient=gradient))
    assert_page(reach.view(given, 80, 9), 80, 9, "reach")
    assert "nan" in "".join(texts(reach.view(given, 80, 9)))


def test_one_step_has_nothing_to_reach_back_to() -> None:
    one = GRU.replace(data="gaussian", steps=1)
    given = sides(snapshot(np.full(20, 1.0), experiment=one))
    assert reach.said(given) == ["One step has nothing to reach back to."]
    assert reach.iteration_at(given, 80, 9, 30) is None


def test_where_every_step_has_a_loss_of_its_own_no_share_is_shown() -> None:
    """The columns have sums of what all losses send back."""
    given = sides(snapshot(np.full(20, 1.0), experiment=GRU.replace(data="copy", readout="all", steps=9)))
    assert reach.curves(given) == []
    assert reach.said(given)[0].startswith("Every step has a loss of its own")
    assert_page(reach.view(given, 40, 9), 40, 9, "reach")


def test_reach_is_said_at_first_at_the_cursor_and_at_the_last_iteration() -> None:
    assert reach.said(sides(reached(), iteration=30))[0] == (
        "A, 8 steps back: 1.0e-16 of it at first, 1.4e-8 at iteration 30, 1.00 at the last one"
    )


@pytest.mark.parametrize("width", [1, 6, 10, 13, 23, 38, 64, 118])
def test_both_fill_any_size(width: int) -> None:
    for given in (
        gated(GRU),
        sides(reached(1)),
        sides(gated(GRU).a, reached(experiment=LSTM)),
        Sides(None, None, 0, 1, 9),
    ):
        for height in (1, 2, 3, 5, 7, 12):
            for pane in (gates.view, reach.view):
                assert_page(pane(given, width, height), width, height, f"{width}×{height}")
