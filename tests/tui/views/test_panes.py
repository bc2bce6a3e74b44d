"""What holds for every pane: every view, experiment, moment and size, in every language and set of glyphs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from gradtui.model import names
from gradtui.model.names import VIEWS
from gradtui.model.panes_of import panes_of
from gradtui.model.state import State
from gradtui.screen.palette import THEMES, palette
from gradtui.text import glyphs, language
from gradtui.text.heat import LEVELS
from gradtui.text.meanings import MEANINGS, NEUTRAL
from gradtui.views import catalogue, status
from gradtui.views.catalogue import PANES
from gradtui.views.frame.pane import Pane
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Source
from gradtui_engine.cells.table import CELLS
from tests.examples import covering, spread
from tests.tui.colours import LEAST, near
from tests.tui.helpers import (
    CASES,
    EXPLORE,
    SIZES,
    assert_page,
    cut_numbers,
    moments,
    scene_of,
    state_of,
    texts,
    timeline_of,
)
from tests.tui.screens import Shown, answered, compared, focused, foreign, planes, raced, screens, states

#: Inside a frame: from almost nothing to a full screen.
INNER = ((10, 1), (10, 6), (23, 10), (34, 18), (58, 3), (78, 4), (78, 18), (110, 9), (198, 46))
#: Language and glyphs, the usual ones first.
TONGUES = tuple(itertools.product(language.LANGUAGES, glyphs.GLYPHS))
USUAL = TONGUES[0]
#: One network of each cell, on every screen; the ends of what can be asked for, and other tongues, on some.
NETWORKS = ("mlp", "lstm", "gru", "rnn")
#: Views that are about no network of the person's, and so are drawn beside one of them.
ITS_OWN = ("idea", "maths", "lessons")
EXTREMES = ("1000 layers", "one step", "stacked", "cured", "no weights", "overflow", "one number over time")
#: Every view in the usual tongue and in one more; in the others in `make soak`.
SECOND = {view: TONGUES[1 + place % (len(TONGUES) - 1)] for place, view in enumerate(VIEWS)}
SPOKEN = [
    pytest.param((tongue, view), marks=() if tongue in (USUAL, SECOND[view]) else pytest.mark.soak)
    for tongue, view in itertools.product(TONGUES, VIEWS)
]
#: A recorded training, which has a pane more.
RECORDED = State(Experiment(), view="train", recordings=(Source(recording="run.jsonl", recorded=True),))
SMALLEST, LARGER = ((60, 16),), ((80, 24), (120, 40))

cases = pytest.mark.parametrize("name", CASES)


@pytest.fixture(scope="module", params=SPOKEN, ids=lambda each: f"{each[1]}-{'-'.join(each[0])}")
def shown(request: pytest.FixtureRequest) -> Iterator[list[Shown]]:
    """All screens of a view in one language and set of glyphs."""
    tongue, view = request.param
    before = language.current(), glyphs.current()
    language.use(tongue[0])
    glyphs.use(tongue[1])
    found: list[Shown] = []
    if tongue == USUAL:
        for name in NETWORKS[:1] if view in ITS_OWN else NETWORKS:
            found += screens(states(CASES[name], view), SIZES)
        for name in EXTREMES:
            found += screens([state_of(CASES[name], (("seed", 1),), view=view)], LARGER[-1:])
    else:
        for name in NETWORKS[:2]:
            found += screens(focused(CASES[name], view), SMALLEST)
            found += screens([*compared(CASES[name])] if view == "compare" else [], SMALLEST)
            found += screens([*raced(CASES[name])] if view == "train" else [], (*SMALLEST, *LARGER))
            found += screens([*planes(CASES[name])] if view == "sweep" else [], (*SMALLEST, *LARGER))
            found += screens([state_of(CASES[name], view=view), answered(CASES[name], view)], LARGER)
    yield found
    language.use(before[0])
    glyphs.use(before[1])


def styles_used(shown: list[Shown]) -> set[str]:
    """What a view is drawn in: of two points in one character each by itself, as its hue."""
    found = {style for each in shown for line in each.lines for _, style in line}
    return {hue_of(part) if "/" in style else part for style in found for part in style.split("/") if part}


def hue_of(point: str) -> str:
    """vanishing of vanishing3; a shade of heat stays one."""
    return point if point.startswith("heat") else point.rstrip("0123456789")


# -- every view, every tongue --------------------------------------------------------------------------


def test_everything_on_the_screen_fills_its_place_exactly(shown: list[Shown]) -> None:
    for each in shown:
        assert_page(each.lines, each.width, each.height, f"{each.pane}: {each.where}")


def test_no_number_is_cut_on_any_screen(shown: list[Shown]) -> None:
    """Names shorten before numbers do: that is what 60 columns are for."""
    found = [f"{each.pane}: {each.where}: {cut}" for each in shown for cut in cut_numbers(each.text)]
    assert found == []


def test_every_title_fits_into_its_frame(shown: list[Shown]) -> None:
    for each in shown:
        if each.pane in PANES:
            assert 0 < cell_len(each.title) <= each.width - 4, f"{each.pane}: {each.where}: {each.title!r}"


def test_every_style_is_a_meaning_or_grey_and_in_every_palette(shown: list[Shown]) -> None:
    used = styles_used(shown)
    assert used <= {*MEANINGS, *NEUTRAL, *(f"heat{level}" for level in range(LEVELS))}
    for theme, dark in itertools.product((*THEMES, "a theme of Textual's"), (False, True)):
        assert used <= palette(theme, dark).keys()


def test_no_two_meanings_share_a_colour_in_one_view(shown: list[Shown]) -> None:
    """In any theme; and no meaning looks like what has none."""
    used = styles_used(shown)
    for theme in THEMES.values():
        alike = near(palette(theme.name, theme.dark), LEAST)
        assert {pair for pair in alike if used >= {*pair}} == set()


def test_only_glyphs_of_the_chosen_set_are_drawn(shown: list[Shown]) -> None:
    assert {(each.pane, glyph) for each in shown for glyph in foreign(each.text)} == set()


def test_no_place_for_a_value_is_left_empty(shown: list[Shown]) -> None:
    """A template whose values were not put in: {count} steps."""
    lines = {line for each in shown if "{" in each.text for line in each.text.splitlines()}
    assert [line for line in lines if re.search(r"\{\w*\}", line)] == []


# -- Explore: every experiment, every moment, every size -----------------------------------------------


def scenes(name: str) -> dict[str, Scene]:
    """Every moment of an experiment, and two with a stage picked by hand, as columns and as rows."""
    experiment = CASES[name]
    timeline = timeline_of(experiment)
    found = {moment: scene_of(experiment, step=step) for moment, step in moments(timeline).items()}
    found["picked"] = scene_of(experiment, step=0, selected=timeline.stage_count // 2)
    found["rows"] = scene_of(experiment, rows=True, selected=0)
    return found


@spread("name", CASES, 9)
def test_every_view_fills_its_place_exactly_whatever_its_size(name: str) -> None:
    for moment, scene in scenes(name).items():
        for pane in panes_of(scene.state):
            for width, height in INNER:
                lines = PANES[pane].view(scene, width, height)
                assert_page(lines, width, height, f"{pane}, {moment}, {width}×{height}")


@cases
def test_a_title_fits_into_a_frame_of_any_width(name: str) -> None:
    for scene in scenes(name).values():
        for pane in panes_of(scene.state):
            for width in range(6, 120, 3):
                assert 0 < cell_len(PANES[pane].title(scene, width)) <= width


@spread("name", CASES, 9)
def test_no_number_is_cut_at_any_moment(name: str) -> None:
    for moment, scene in scenes(name).items():
        sizes = ((58, 10), (60, 10), (67, 10), (76, 14), (78, 18), (96, 20))
        for pane, (width, height) in itertools.product(panes_of(scene.state), sizes):
            found = cut_numbers("\n".join(texts(PANES[pane].view(scene, width, height))))
            assert found == [], f"{pane}, {moment}, {width}×{height}"


# -- before results have arrived -----------------------------------------------------------------------


@covering(name=NETWORKS, view=VIEWS)
def test_while_what_a_view_needs_is_being_computed_its_panes_say_so_and_fill_their_place(name: str, view: str) -> None:
    for state in states(CASES[name], view):
        scene = Scene(scene_of(CASES[name]).record, timeline_of(CASES[name]), state, {})
        for pane in panes_of(state):
            for width, height in ((58, 8), (78, 18)):
                assert_page(PANES[pane].view(scene, width, height), width, height, pane)
                assert 0 < cell_len(PANES[pane].title(scene, width)) <= width
            assert any(text.strip() for text in texts(PANES[pane].view(scene, 58, 8)))


#: The panes that recorded trainings have and others do not: tests/tui/views/test_recorded.py shows them.
OF_RECORDED = {pane for view in VIEWS for pane in panes_of(replace(RECORDED, view=view))}


# -- the tables ----------------------------------------------------------------------------------------


def test_every_pane_that_a_view_can_have_is_a_row_of_the_table_and_every_row_a_pane_of_some_view() -> None:
    possible = set()
    for name in (*NETWORKS, "transformer"):
        for view in VIEWS:
            possible |= {pane for state in states(CASES[name], view) for pane in panes_of(state)}
    assert possible | OF_RECORDED == PANES.keys()


def test_every_view_is_in_the_catalogue_and_every_cell_has_its_panes() -> None:
    assert tuple(catalogue.VIEWS) == VIEWS
    assert EXPLORE.keys() == CELLS.keys()
    for panes in EXPLORE.values():
        assert panes[0] == "gradient"


def test_a_view_is_a_folder_and_every_folder_with_a_row_is_a_view() -> None:
    folders = {path.parent.name for path in Path(catalogue.__file__).parent.glob("*/view.py")}
    assert folders - {"frame"} == set(VIEWS)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_the_panes_that_its_name_has_and_the_lesson_stands_beside_any(view: str) -> None:
    row = catalogue.VIEWS[view]
    assert row.id == view
    assert {pane.id for pane in row.panes} - {"lesson"} == set(names.PANES[view])


def every_state() -> Iterator[State]:
    for cell, view in itertools.product(EXPLORE, VIEWS):
        yield from states(Experiment(cell=cell, **({} if cell == "mlp" else {"width": 4})), view)


def test_every_pane_that_a_view_names_is_in_the_table_and_the_other_way_round() -> None:
    named = [panes_of(state) for state in every_state()]
    assert {pane for panes in named for pane in panes} | OF_RECORDED == PANES.keys()
    assert all(len(set(panes)) == len(panes) for panes in named)


@pytest.mark.parametrize("pane", PANES.values(), ids=lambda pane: pane.id)
def test_every_pane_says_what_it_means(pane: Pane) -> None:
    assert pane.help.endswith(".")
    assert len(pane.help) > 60


def test_all_palettes_have_the_same_names_and_a_foreign_theme_gets_one_that_suits_its_background() -> None:
    names = {frozenset(palette(theme, dark)) for theme in THEMES for dark in (False, True)}
    assert len(names) == 1
    assert palette("nord", True) == palette("gradtui", True)
    assert palette("solarized-light", False) == palette("gradtui-light", False)


def test_the_smallest_line_of_all_has_every_style_too() -> None:
    assert {style for _, style in status.too_small(50, 10)} <= palette("gradtui", True).keys()
