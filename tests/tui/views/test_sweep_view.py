"""Sweep: where cells stand, what their shades say, what is told of them; from cells that the test itself makes up."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.model import events as e
from gradtui.model.needs import Need
from gradtui.model.state import State
from gradtui.model.sweep_cells import CurvesOf, SweepCells
from gradtui.model.sweeps import CellsOf, plan_of
from gradtui.screen.palette import THEMES, palette
from gradtui.text import glyphs
from gradtui.text.spans import Line, text_of
from gradtui.views import status
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui.views.sweep.geometry import Geometry, positions
from gradtui.views.sweep.shades import NO_NUMBER, reasons, shaded, shades_of
from gradtui_engine import Experiment
from gradtui_engine.core.message import Message
from gradtui_engine.sweeps.cell import Cell
from gradtui_engine.sweeps.sweep import Sweep
from tests.engine.helpers import drawn
from tests.tui.colours import colour_of, luminance
from tests.tui.helpers import scene_with, state_of, texts

SMALL = Experiment(depth=3, width=8, batch=16)
PLANE = (("x", "gain=1:4:4"), ("y", "depth=2:4:3"))


class Theory(NamedTuple):
    """A curve as the engine gives it."""

    name: str
    source: str
    points: tuple[tuple[float, float], ...]
    joined: bool = True


def sweep_of(plan: e.Changes = PLANE) -> Sweep:
    found = plan_of(State(SMALL, view="sweep", sweep=plan)).a
    assert found is not None
    return found


def cells_of(sweep: Sweep, values: dict[tuple[int, int], float | str | None], reason: str = "") -> SweepCells:
    """Cells with these ratios (or losses, …): the reason goes with those that have none."""
    measure = sweep.measures[0]
    made = {
        place: Cell(*place, {measure: value}, reason if value is None else "", 0.5) for place, value in values.items()
    }
    return SweepCells(sweep, made)


def scene_of(
    values: dict[tuple[int, int], float | str | None], plan: e.Changes = PLANE, curves: tuple[Theory, ...] = (),
    reason: str = "", **fields: object,
) -> Scene:  # fmt: skip
    state: State = state_of(SMALL, view="sweep", sweep=plan, **fields)
    sweep = sweep_of(plan)
    scene = scene_with(state)
    results: dict[Need, object] = {CellsOf(sweep): cells_of(sweep, values, reason), CurvesOf(sweep): curves}
    return dataclasses.replace(scene, results={**scene.results, **results})


def plane(scene: Scene, width: int = 60, height: int = 16, pane: str = "sweep_a") -> list[Line]:
    return PANES[pane].view(scene, width, height)


FULL: dict[tuple[int, int], float | str | None] = {
    (i, j): 10.0 ** (3 * (i - 2)) * (1 + j / 10) for i, j in itertools.product(range(4), range(3))
}


# -- where cells stand -----------------------------------------------------------------------------------------


@drawn(300)
@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(1, 90), st.integers(1, 40), st.sampled_from((1, 2))
)  # fmt: skip
def test_each_point_is_of_one_cell_and_the_middle_of_a_cell_is_its_own(
    columns: int, rows: int, width: int, height: int, halves: int
) -> None:
    geometry = Geometry.of(columns, rows, width, height, halves)
    assert 1 <= geometry.width <= width
    assert 1 <= geometry.height <= height
    across = [geometry.column_at(x) for x in range(geometry.width)]
    assert across == sorted(across, key=lambda column: -1 if column is None else column)
    assert set(across) == set(range(0, columns, geometry.every_x))
    up = [geometry.row_at(point) for point in range(geometry.points)]
    assert set(up) == set(range(0, rows, geometry.every_y))
    for column, row in itertools.product(range(0, columns, geometry.every_x), range(0, rows, geometry.every_y)):
        x, y = geometry.middle(column, row)
        assert geometry.column_at(x) == column
        assert row in [geometry.row_at(point) for point in geometry.points_of(y)]


def test_blocks_are_of_one_size_where_they_are_small_and_fill_the_room_where_they_are_not() -> None:
    assert Geometry.of(40, 10, 79, 10, 2).width == 40, "not some of one character and some of two"
    assert Geometry.of(17, 8, 75, 9, 2).width == 75
    assert Geometry.of(2, 2, 70, 20, 2).width < 70, "two bars are no picture"


def test_a_value_lies_between_its_neighbours_and_up_to_half_a_cell_beyond_the_ends() -> None:
    found = positions((1, 2, 4), False, np.array([1.0, 1.5, 3.0, 4.0, 0.6, 0.4, 4.9, 5.1]))
    assert found[:4].tolist() == [0.0, 0.5, 1.5, 2.0]
    assert -0.5 < found[4] < 0
    assert math.isnan(found[5])
    assert 2 < found[6] < 2.5
    assert math.isnan(found[7])
    assert positions((1, 4), True, np.array([2.0])).tolist() == pytest.approx([0.5]), "half of the way in the logarithm"
    assert positions(("none", "batch"), False, np.array([1.0])).tolist() == [1.0], "names have their cells' numbers"


# -- shades ----------------------------------------------------------------------------------------------------


def test_the_hue_of_what_arrives_is_the_verdict_and_its_level_how_much() -> None:
    sweep = sweep_of()
    found = cells_of(sweep, {(0, 0): 1e-9, (1, 0): 9e-4, (2, 0): 1.0, (3, 0): 2e3, (0, 1): 1e3, (1, 1): 1e-3})
    shown = shaded(found, shades_of("ratio", [found]))
    assert [shown[place][0] for place in found.cells] == [
        "vanishing", "vanishing", "healthy", "exploding", "healthy", "healthy"
    ]  # fmt: skip
    levels = [shown[place][1] for place in ((0, 0), (1, 0), (2, 0), (3, 0))]
    assert levels == sorted(levels)
    assert levels[0] == 0


def test_a_and_b_share_one_scale() -> None:
    sweep = sweep_of()
    a, b = cells_of(sweep, {(0, 0): 1e-9}), cells_of(sweep, {(0, 0): 1e5})
    scale = shades_of("ratio", [a, b]).scale
    assert (scale.low, scale.high) == (-9, 5)


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_cell_without_a_finite_number_has_a_mark_of_its_own(value: float | None) -> None:
    sweep = sweep_of()
    found = cells_of(sweep, {(0, 0): value, (1, 0): 1.0})
    shown = shaded(found, shades_of("ratio", [found]))
    assert shown[0, 0] == NO_NUMBER != shown[1, 0]


def test_of_a_training_that_diverged_its_accuracy_is_no_number_but_that_it_fails_is_one() -> None:
    plan = (*PLANE, ("train", 5))
    sweep = sweep_of(plan)
    values = {"accuracy": 0.1, "trains": 0.0}
    diverged = Message("diverged at iteration {number}", number=3)
    found = SweepCells(
        sweep, {(0, 0): Cell(0, 0, values, diverged), (1, 0): Cell(1, 0, {"accuracy": 0.9, "trains": 1.0})}
    )
    assert shaded(found, shades_of("accuracy", [found]))[0, 0] == NO_NUMBER
    assert [hue for hue, _ in shaded(found, shades_of("trains", [found])).values()] == ["exploding", "healthy"]
    assert dict(reasons(found, "accuracy")) == {"diverged": 1}


def test_a_name_has_the_hue_of_its_verdict() -> None:
    sweep = sweep_of((*PLANE, ("measure", "kind")))
    found = SweepCells(sweep, {(0, 0): Cell(0, 0, {"kind": "vanishing"}), (1, 0): Cell(1, 0, {"kind": "healthy"})})
    shown = shaded(found, shades_of("kind", [found]))
    assert [hue for hue, _ in shown.values()] == ["vanishing", "healthy"]


def test_points_grow_from_the_background_on_in_every_theme() -> None:
    for theme in THEMES.values():
        styles = palette(theme.name, theme.dark, theme.background, theme.surface)
        for hue in ("heat", "vanishing", "healthy", "exploding"):
            light = [luminance(colour_of(styles[f"{hue}{level}/{hue}{level}"])) for level in range(9)]
            assert light == sorted(light, reverse=not theme.dark), (theme.name, hue)
            assert abs(light[0] - luminance(theme.background)) > 0.005, "what is little is not what is not there"


def test_a_point_has_its_own_colour_above_and_below() -> None:
    style = palette("gradtui", True)["vanishing2/healthy7"]
    assert style.color is not None
    assert style.bgcolor is not None
    assert style.color == palette("gradtui", True)["vanishing2/"].color
    assert palette("gradtui", True)["vanishing2/"].bgcolor is None
    assert "nothing" not in palette("gradtui", True)
    with pytest.raises(KeyError):
        palette("gradtui", True)["nothing"]


# -- the picture -----------------------------------------------------------------------------------------------


def test_a_coarse_cell_stands_for_those_behind_it_until_they_are_there() -> None:
    sweep = sweep_of((("x", "gain=1:9:9"), ("y", "depth=2:10:9")))
    found = cells_of(sweep, {(0, 0): 1.0, (8, 0): 2.0, (4, 4): 3.0})
    assert found.stand_in((3, 3)) == (0, 0)
    assert found.stand_in((5, 7)) == (4, 4)
    assert found.stand_in((8, 8)) is None
    assert found.stand_in((8, 0)) == (8, 0)


def test_the_axes_are_labelled_in_the_fields_own_units_and_the_cursors_values_stand_out() -> None:
    lines = plane(scene_of(FULL, spot_x=2, spot_y=1))
    text = "\n".join(texts(lines))
    assert "depth ↑" in text
    assert "gain →" in text
    assert "12/12" in text
    marked = [each for line in lines for each, style in line if style == "cursor"]
    assert [each.strip() for each in marked] == ["▸3", "┼", "▴3"]


def test_a_curve_of_theory_lies_where_its_values_do_and_is_named_with_its_source() -> None:
    curve = Theory("edge of chaos, χ = 1", "Schoenholz 2017", ((2.0, 2.0), (2.0, 4.0)))
    lines = plane(scene_of(FULL, curves=(curve,)))
    rows = [text_of(line) for line in lines]
    columns = {row.index("●") for row in rows[1:-2] if "●" in row}
    assert len(columns) == 1
    assert "● edge of chaos, χ = 1 (Schoenholz 2017)" in "\n".join(rows)
    (column,) = columns
    ticks = next(row for row in rows if "▴1" in row)
    assert abs(ticks.index("2") - column) <= 1


def test_a_curve_that_leaves_the_plane_is_drawn_as_far_as_it_is_on_it() -> None:
    far = Theory("line", "", ((2.5, -100.0), (2.5, 100.0)))
    rows = texts(plane(scene_of(FULL, curves=(far,))))
    assert sum("●" in row for row in rows) > 3
    nowhere = Theory("line", "", ((20.0, 2.0), (20.0, 4.0)))
    assert not any("●" in row for row in texts(plane(scene_of(FULL, curves=(nowhere,)))))


def test_points_of_theory_have_a_mark_of_their_own() -> None:
    rows = texts(plane(scene_of(FULL, curves=(Theory("He", "He 2015", ((3.0, 3.0),), False),))))
    assert sum("◆" in row for row in rows[:-1]) == 1
    assert "◆ He (He 2015)" in rows[-1] + rows[-2] + rows[-3]


def test_why_cells_have_no_number_is_said_under_the_plane_and_in_the_cells_pane() -> None:
    reason = Message("not enough memory for this size")
    scene = scene_of(FULL | {(0, 0): None, (1, 0): None}, reason=reason)
    text = "\n".join(texts(plane(scene)))
    assert "× 2 without a number" in text
    assert "no memory 2" in text
    assert "not enough memory" in "\n".join(texts(PANES["sweep_cell"].view(scene, 40, 12)))


def test_without_blocks_density_says_it() -> None:
    with glyphs.drawing(glyphs.ASCII):
        rows = texts(plane(scene_of(FULL | {(3, 2): None}, reason="diverged")))
    body = "\n".join(rows[1:-3])
    assert {"#", "x"} <= set(body)
    assert body.isascii()


def test_the_same_cell_is_under_the_mouse_as_is_drawn_there() -> None:
    scene = scene_of(FULL, spot_x=3, spot_y=2)
    lines = texts(plane(scene))
    y = next(number for number, row in enumerate(lines) if "┼" in row)
    assert PANES["sweep_a"].click(scene, 60, 16, lines[y].index("┼"), y) == [e.ToCell(column=3, row=2)]
    assert PANES["sweep_a"].click(scene, 60, 16, 0, 0) == []


def test_a_line_is_drawn_as_a_curve_with_its_cells() -> None:
    values: dict[tuple[int, int], float | str | None] = {(i, 0): 10.0 ** (-i) for i in range(4)}
    scene = scene_of(values, (("x", "gain=1:4:4"), ("y", "")))
    text = "\n".join(texts(plane(scene)))
    assert "gain →" in text
    assert "4/4" in text
    assert any("⠀" < glyph <= "⣿" for glyph in text)


def test_a_plane_is_told_row_by_row() -> None:
    scene = scene_of({place: float(place[0] + 10 * place[1]) for place in FULL})
    said = list(PANES["sweep_a"].spoken(scene))
    assert said[0] == "what arrives of the gradient: 12 of 12 cells are there."
    assert said[1] == "gain: 1, 2, 3, 4"
    assert said[2].startswith("depth 4: 20")
    assert said[4].startswith("depth 2: 0, 1.00, 2.00, 3.00")


def test_what_cannot_be_swept_says_why() -> None:
    scene = scene_with(state_of(SMALL, view="sweep", sweep=(("x", "gian=1:2"),)))
    assert "gain" in "\n".join(texts(plane(scene)))


# -- what tells things apart -----------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", glyphs.GLYPHS)
def test_curves_are_told_apart_by_their_marks_alone_in_every_set_of_glyphs(chosen: str) -> None:
    lines = tuple(Theory(name, "", ((x, 2.0), (x, 4.0))) for name, x in zip("abcd", (1.2, 1.8, 2.6, 3.4), strict=True))
    with glyphs.drawing(chosen):
        marks = [
            glyphs.render(text).strip()
            for line in plane(scene_of(FULL, curves=lines), 80)[-3:]
            for text, style in line
            if style in ("curve_1", "curve_2", "strong")
        ]
        shown = [text for line in plane(scene_of(FULL)) for text, style in line if style == "cursor" and len(text) == 1]
    assert len(set(marks)) == 4
    assert glyphs.render(shown[0]) not in SHADES_OF_ASCII if chosen == glyphs.ASCII else shown


#: What a cell can look like in ASCII.
SHADES_OF_ASCII = set(".:+#")


def test_where_the_curves_have_no_line_of_their_own_they_stand_behind_the_shades() -> None:
    curve = Theory("χ = 1, the edge of chaos", "Schoenholz 2017", ((2.0, 2.0), (2.0, 4.0)))
    rows = texts(plane(scene_of(FULL, curves=(curve,)), 80, 7))
    assert "● χ = 1" in rows[-1]
    assert "healthy" in rows[-1]


def test_what_a_plane_shows_is_called_alike_in_its_title_and_in_the_cells_pane() -> None:
    scene = scene_of(FULL)
    name = "what arrives of the gradient"
    assert name in PANES["sweep_a"].title(scene, 60)
    for width, height in ((30, 12), (36, 20), (78, 4), (58, 3)):
        assert name in " ".join(text.strip() for text in texts(PANES["sweep_cell"].view(scene, width, height))), width


def test_the_place_stands_once_in_title_and_pane() -> None:
    scene = scene_of(FULL, spot_x=2, spot_y=1)
    for width in (8, 20, 40, 78):
        pane = [PANES["sweep_cell"].title(scene, width), *texts(PANES["sweep_cell"].view(scene, width, 20))]
        assert sum("gain 3, depth 3" in " ".join(each.split()) for each in (pane[0], " ".join(pane[1:]))) == 1


@pytest.mark.parametrize("columns", [5, 9, 13, 17, 21, 35, 40])
@pytest.mark.parametrize("width", [40, 60, 76, 120])
def test_values_under_the_plane_stand_at_even_distances(columns: int, width: int) -> None:
    plan = (("x", f"gain=1:{columns}:{columns}"), ("y", "depth=2:4:3"))
    rows = texts(plane(scene_of({}, plan), width, 16))
    ticks = next(row for row in rows if "▴1" in row)
    found = [int(each.lstrip("▴")) for each in ticks.split()]
    assert found[-1] == columns
    assert len(set(np.diff(found[:-1]))) <= 1, found


def test_the_verdict_over_a_plane_is_said_to_be_of_a_itself() -> None:
    said = [text_of(line) for line in status.header(scene_of(FULL), 80)]
    assert "A itself: " in said[1]
    assert all(len(line) <= 80 for line in said)


def test_in_one_line_the_cells_pane_has_the_numbers_of_both_planes() -> None:
    scene = scene_of(FULL, changes=(("residual", "add"),))
    (line,) = texts(PANES["sweep_cell"].view(scene, 58, 1))
    assert "ratio 1.0e-6 | –" in line
