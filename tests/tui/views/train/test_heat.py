"""The map: the output on top, A and B on one scale, what is not trained blank, what is no number marked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradtui.model.names import AXES, QUANTITIES
from gradtui.text.heat import SHADES
from gradtui.text.scale import LogScale
from gradtui.views.frame.training_sides import Sides
from gradtui.views.train import heat, shades
from gradtui.views.train.quantities import bands
from gradtui_engine import TrainingSnapshot
from tests.tui.helpers import assert_page, texts
from tests.tui.views.train.snapshots import LSTM, MLP, sides, snapshot

WIDTH, HEIGHT = 50, 7


def mlp(gradient: Any, count: int = 40, **fields: Any) -> TrainingSnapshot:
    """log10 ‖∂L/∂h‖: a number for each of five stages, the same in each iteration; or all of them."""
    return snapshot(np.full(count, 2.0), gradient=np.broadcast_to(gradient, (count, 5)).astype(float), **fields)


def cells(given: Sides, letter: str = "A", width: int = WIDTH, height: int = HEIGHT) -> dict[str, str]:
    """The label of each row → its cells, from the top."""
    lines = heat.view(given, letter, width, height)
    assert_page(lines, width, height, "map")
    side = next(side for side in given if side.letter == letter)
    margin = heat.margin_of(side, given, width, height)
    return {row[:margin].strip(): row[margin:] for row in texts(lines)}


def test_stages_are_rows_the_output_on_top_and_more_gradient_is_a_fuller_shade() -> None:
    found = cells(sides(mlp([-16, -12, -8, -4, 0]), iteration=20, stage=2))
    assert [label for label in found if label] == ["4", "3", "▸2", "1", "0"]
    drawn = [SHADES.index(row[0]) for label, row in found.items() if label]
    assert drawn == [4, 3, 2, 1, 1]
    for label in ("4", "3", "▸2"):
        assert set(found[label]) == {found[label][0], "│"}


def test_a_and_b_are_shaded_on_one_scale() -> None:
    a, b = mlp([-19.5, -15, -10, -5, 0]), mlp([-1, -1, -1, -1, 0])
    given = sides(a, b)
    assert shades.range_of(given) == (-20.0, 0.0)
    assert shades.range_of(sides(b)) == (-4.0, 0.0)
    for letter in "AB":
        assert "log 1e-20 … 1" in heat.title(given, letter, 60)
        assert heat.title(given, letter, 60).startswith(f"{letter} · ‖∂L/∂h‖")
    assert SHADES.index(cells(given, "B")["▸1"][9]) == 4
    assert SHADES.index(cells(sides(b))["▸1"][9]) == 3


def test_a_scale_that_is_held_is_used() -> None:
    held = sides(mlp([-1, -1, -1, -1, 0]), lock=LogScale(-30, 3))
    assert shades.range_of(held) == (-30.0, 3.0)
    assert "scale locked" in heat.title(held, "A", 90)


def test_where_a_diverged_b_is_seen_and_the_divergence_is_marked() -> None:
    """Its last iterations are no part of the scale that both share: 1e42 left B one shade, blank."""
    gradient = np.zeros((4, 5))
    gradient[2] = 42.0
    gradient[3] = math.nan
    a = snapshot([2.6, 9.0, 1e30, math.nan], gradient=gradient, iterations=40, broken=True, done=True)
    b = mlp([-3, -2, -1, -1, 0], iterations=40)
    given = sides(a, b, iteration=39)
    assert shades.range_of(given) == (-4.0, 0.0)
    found = cells(given, "B")
    assert [SHADES.index(row[0]) for label, row in found.items() if label] == [4, 3, 3, 2, 1]
    axis = heat.axis_of(next(iter(given)), given, WIDTH, HEIGHT)
    for label, row in cells(given, "A").items():
        if label and label != "0":
            assert row[axis.cell(2)] == "◆"
            assert row[axis.cell(3)] == "!"
    assert any("◆ beyond" in row for row in texts(heat.view(given, "A", WIDTH, HEIGHT)))
    assert not any("◆" in row for row in texts(heat.view(given, "B", WIDTH, 20)))
    for row, other in zip(heat.view(given, "A", WIDTH, 8), heat.view(given, "B", WIDTH, 8), strict=True):
        assert texts([row])[0][:4] == texts([other])[0][:4], "their rows are the same stages"
    assert shades.range_of(sides(a)) == (-4.0, 42.0), "alone it has the whole scale"


@pytest.mark.parametrize(("share", "shade"), [(0.0, " "), (0.001, "░"), (0.08, "░"), (1.0, "█")])
def test_of_a_share_0_alone_is_blank(share: float, shade: str) -> None:
    dead = np.full((40, 5), share)
    dead[:, 4] = 0.5
    row = cells(sides(mlp(0.0, dead=dead), quantity="saturated", stage=4, iteration=9))["2"]
    assert set(row) == {shade, "│"}


def test_what_is_not_trained_yet_is_blank_and_the_cursor_crosses_every_row() -> None:
    given = sides(mlp(0.0, count=10, iterations=40), iteration=4)
    axis = heat.axis_of(next(iter(given)), given, WIDTH, HEIGHT)
    for label, row in cells(given).items():
        if label:
            assert row[axis.cell(4)] == "│"
            assert row[axis.known(10) :].strip() == ""
            assert " " not in row[: axis.known(10)]


def test_no_gradient_at_all_is_blank_and_no_number_is_marked() -> None:
    found = cells(sides(mlp([-math.inf, math.nan, math.inf, -1, 0]), stage=4))
    assert set(found["0"]) == {" ", "│"}
    assert set(found["1"]) == set(found["2"]) == {"!", "│"}


def test_of_many_iterations_in_a_column_one_over_ten_times_the_mean_is_marked() -> None:
    gradient = np.full((3000, 5), -6.0)
    gradient[1500, 2] = -1.0
    gradient[700, 3] = -5.2
    given = sides(snapshot(np.full(3000, 2.0), gradient=gradient), iteration=9)
    found = cells(given)
    assert found["2"].index("▲") == heat.axis_of(next(iter(given)), given, WIDTH, HEIGHT).cell(1500)
    assert sum(row.count("▲") for row in found.values()) == 1, "six times as much is none"
    assert "▲ one of them over ten times the mean" in texts(heat.view(given, "A", 80, 20))[6]


def test_stages_of_one_row_that_are_decades_apart_are_no_spike_and_their_mean_is_shaded() -> None:
    """Of 5 stages in 3 rows 4 and 3 share one: log10 of 0 and −8 is −4 on average."""
    found = cells(sides(mlp([-16, -12, -4, -8, 0], count=3000), iteration=9), height=4)
    assert [label.lstrip("▸") for label in found if label][:3] == ["4–3", "2–1", "0"]
    assert [SHADES.index(row[20]) for row in list(found.values())[:3]] == [3, 2, 1]
    gradient = np.tile(np.array([-16.0, -12, -4, -8, 0]), (3000, 1))
    gradient[1500, 2] = -2.0
    rows = cells(sides(snapshot(np.full(3000, 2.0), gradient=gradient), iteration=9), height=4)
    assert [row.count("▲") for row in rows.values()][:3] == [0, 1, 0], "a spike of one of the stages is one of the row"


def test_an_lstm_has_a_map_of_each_state_s_gradient() -> None:
    lstm = snapshot(np.full(30, 1.0), experiment=LSTM, cell_gradient=np.full((30, 10), -3.0))
    given = sides(lstm, iteration=3)
    side = next(iter(given))
    drawn = heat.parts(side, bands(lstm, "gradient"), given, 13)
    assert [band.name for band, _ in drawn] == ["cell_gradient_norm", "gradient_norm"]
    assert [[(row.high, row.low) for row in rows] for _, rows in drawn] == [
        [(9, 8), (7, 6), (5, 4), (3, 2), (1, 0)]
    ] * 2
    labels = list(cells(given, height=13))
    assert [label.split() for label in labels if "∂" in label] == [["∂c", "9–8"], ["∂h", "9–8"]], (
        "which gradient it is stands beside its steps, not in their place"
    )
    assert "‖∂L/∂c‖ and ‖∂L/∂h‖" in heat.title(given, "A", 60)
    assert len(heat.parts(side, bands(lstm, "gradient"), given, 5)) == 1


# -- quantities --------------------------------------------------------------------------------------------

KEPT = {"gradient", "factor", "std", "saturated", "update"}


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("axis", ["", *AXES])
@pytest.mark.parametrize("experiment", [MLP, LSTM])
def test_every_quantity_is_drawn_or_says_that_it_is_not_kept(quantity: str, axis: str, experiment: Any) -> None:
    given = sides(snapshot(np.full(30, 2.0), experiment=experiment), quantity=quantity, axis_kind=axis)
    for width, height in ((38, 9), (98, 14)):
        lines = heat.view(given, "A", width, height)
        assert_page(lines, width, height, quantity)
        said = " ".join(" ".join(texts(lines)).split())
        absent = quantity not in KEPT or (quantity == "update" and experiment.cell != "mlp")
        assert ("not kept of every iteration" in said) == absent
        assert 0 < len(heat.title(given, "A", 20)) <= 20


def test_factors_are_what_one_stage_has_of_the_next() -> None:
    (band,) = bands(mlp([-10, -7, -5, -4, 0]), "factor")
    np.testing.assert_allclose(band.values[3, :4], [-3, -2, -1, -4])
    assert list(band.stages) == [0, 1, 2, 3], "the last stage has none"
    (linear,) = bands(mlp([-10, -7, -5, -4, 0]), "factor", "linear")
    np.testing.assert_allclose(linear.values[3, :4], [1e-3, 1e-2, 1e-1, 1e-4])


def test_beside_what_is_zero_everywhere_the_other_number_has_all_the_room() -> None:
    """No ReLU saturates: its map is that of the dead ones. As long as there are neither, both are shown."""
    none, dead = (np.full((40, 5), share, dtype=np.float32) for share in (0.0, 0.5))
    assert [band.symbol for band in bands(mlp(0, saturated=none, dead=dead), "saturated")] == ["dead"]
    assert [band.symbol for band in bands(mlp(0, saturated=dead, dead=none), "saturated")] == ["saturated"]
    for share in (none, dead):
        assert len(bands(mlp(0, saturated=share, dead=share), "saturated")) == 2


def test_updates_are_those_of_the_layers_weights() -> None:
    """Biases begin at 0: what an update is of them says nothing. The input has no weights."""
    ratios = np.array([1e-1, 9.0, 1e-2, 9.0, 1e-3, 9.0, 1e-4, 9.0])
    (band,) = bands(snapshot(np.full(6, 2.0), update_ratio=np.tile(ratios, (6, 1))), "update")
    assert list(band.stages) == [1, 2, 3, 4]
    np.testing.assert_allclose(band.values[5, 1:], [-1, -2, -3, -4])
    given = sides(snapshot(np.full(6, 2.0), update_ratio=np.tile(ratios, (6, 1))), quantity="update", stage=0)
    assert [label for label in cells(given) if label] == ["4", "3", "2", "1"]
    assert "input: –" in heat.title(given, "A", 80)


def test_float32_gradients_under_1e_45_keep_their_shade() -> None:
    """Their norms are 0 in float32, and below 1e-308 in float64 too; their logarithms are not."""
    found = cells(sides(mlp([-320, -240, -160, -80, 0]), iteration=9))
    assert [SHADES.index(row[0]) for label, row in found.items() if label] == [4, 3, 2, 1, 1]
    assert "1e-320 … 1" in heat.title(sides(mlp([-320, -240, -160, -80, 0])), "A", 60)


# -- the mouse, and in words -------------------------------------------------------------------------------


def test_a_click_finds_the_iteration_and_the_stage() -> None:
    given = sides(mlp(0.0, count=40), iteration=20, stage=2)
    side = next(iter(given))
    margin, axis = heat.margin_of(side, given, WIDTH, HEIGHT), heat.axis_of(side, given, WIDTH, HEIGHT)
    for row, stage in enumerate((4, 3, 2, 1, 0)):
        assert heat.under(given, "A", WIDTH, HEIGHT, margin + axis.cell(17), row) == (17, stage)
    assert heat.under(given, "A", WIDTH, HEIGHT, margin + 3, 5) is None, "the ruler"
    assert heat.under(given, "A", WIDTH, HEIGHT, 0, 2) is None, "a label"
    assert heat.under(given, "B", WIDTH, HEIGHT, 20, 2) is None, "there is no B"


def test_in_words_each_stage_has_its_number_at_first_and_at_the_cursor() -> None:
    gradient = np.zeros((20, 5))
    gradient[:, 1] = np.linspace(-8, -2, 20)
    said = heat.said(sides(snapshot(np.full(20, 2.0), gradient=gradient), iteration=19), "A")
    assert "layer 1: 1.0e-8, 0.0100" in said
    assert said.index("layer 4: 1.00, 1.00") < said.index("layer 1: 1.0e-8, 0.0100")


@pytest.mark.parametrize("width", [1, 6, 10, 23, 38, 69, 70, 118])
def test_it_fills_any_size(width: int) -> None:
    for given in (
        sides(mlp([-math.inf, math.nan, math.inf, -1, 0])), sides(mlp(math.nan, count=1)), Sides(None, None, 0, 1, 9),
        sides(snapshot(np.full(3, 1.0), experiment=LSTM), quantity="saturated"),
    ):  # fmt: skip
        for height in (1, 2, 3, 7, 12, 30):
            assert_page(heat.view(given, "A", width, height), width, height, f"{width}×{height}")
