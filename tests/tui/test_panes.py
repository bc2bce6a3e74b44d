"""What holds for every pane, every experiment, every moment and every size."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from gradtui.palette import palette
from gradtui.state import PANES
from gradtui.views import status
from gradtui.views.panes import TABLE, Pane, arrange
from gradtui.views.scene import Scene
from gradtui_engine.cells import CELLS

from .helpers import CASES, SIZES, assert_page, cut_numbers, moments, scene_of, texts, timeline_of

#: Inside a frame: from almost nothing to a full screen.
INNER = ((10, 1), (10, 6), (23, 10), (34, 18), (58, 3), (78, 4), (78, 18), (110, 9), (198, 46))

cases = pytest.mark.parametrize("name", CASES)


def scenes(name: str) -> dict[str, Scene]:
    """Every moment of an experiment, and two with a stage picked by hand, as columns and as rows."""
    experiment = CASES[name]
    timeline = timeline_of(experiment)
    found = {moment: scene_of(experiment, step=step) for moment, step in moments(timeline).items()}
    found["picked"] = scene_of(experiment, step=0, selected=timeline.stage_count // 2)
    found["rows"] = scene_of(experiment, rows=True, selected=0)
    return found


@cases
def test_every_view_fills_its_place_exactly(name: str) -> None:
    for moment, scene in scenes(name).items():
        for pane in PANES[scene.state.cell]:
            for width, height in INNER:
                lines = TABLE[pane].view(scene, width, height)
                assert_page(lines, width, height, f"{pane}, {moment}, {width}×{height}")


@cases
def test_every_style_is_in_both_palettes(name: str) -> None:
    known = palette(True).keys() & palette(False).keys()
    for scene in scenes(name).values():
        width, height = 112, 30
        lines = [*status.header(scene, width), status.timeline(scene, width), status.too_small(width, height)]
        for pane in PANES[scene.state.cell]:
            lines += TABLE[pane].view(scene, width, height)
        assert {style for line in lines for _, style in line} <= known


def test_the_two_palettes_have_the_same_names() -> None:
    assert palette(True).keys() == palette(False).keys()


@cases
def test_a_title_fits_into_its_frame(name: str) -> None:
    for scene in scenes(name).values():
        for pane in PANES[scene.state.cell]:
            for width in range(6, 120):
                assert 0 < cell_len(TABLE[pane].title(scene, width)) <= width


def numbers_cut(name: str, pane: str, width: int, height: int) -> list[str]:
    """Cut numbers in the pane, its title, and the bars beside it, on a screen of this size with the pane focused."""
    found = []
    for moment, scene in scenes(name).items():
        focused = scene_of(scene.state.experiment, pane=pane, step=scene.state.step, selected=scene.state.selected)
        boxes = arrange(focused.state, width, height)
        for shown in {pane, "gradient"} & boxes.keys():
            inner = boxes[shown].width - 2, boxes[shown].height - 2
            lines = [TABLE[shown].title(focused, inner[0] - 4), *texts(TABLE[shown].view(focused, *inner))]
            found += [f"{shown}, {moment}, {width}×{height}: {each}" for line in lines for each in cut_numbers(line)]
    return found


@cases
@pytest.mark.parametrize("pane", TABLE)
def test_no_pane_cuts_a_number_on_any_screen(name: str, pane: str) -> None:
    """Names shorten before numbers do: that is what 60 columns are for."""
    if pane in PANES[CASES[name].cell]:
        sizes = [*SIZES, *((width, 24) for width in range(60, 112, 5))]
        assert [cut for width, height in sizes for cut in numbers_cut(name, pane, width, height)] == []


def test_every_pane_of_a_network_is_in_the_table_and_the_other_way_round() -> None:
    assert PANES.keys() == CELLS.keys()
    assert {pane for panes in PANES.values() for pane in panes} == TABLE.keys()
    for panes in PANES.values():
        assert panes[0] == "gradient"
        assert len(set(panes)) == len(panes)


@pytest.mark.parametrize("pane", TABLE.values(), ids=lambda pane: pane.id)
def test_every_pane_says_what_it_means(pane: Pane) -> None:
    assert pane.help.endswith(".")
    assert len(pane.help) > 60
