"""The mouse: what a click on a cell of a pane means is what stands in that cell."""

from __future__ import annotations

import re

import pytest

from gradtui.model import events as e
from gradtui.model.maths import MOST_TERMS
from gradtui.model.names import VIEWS
from gradtui.model.panes_of import LISTS, panes_of
from gradtui.model.update import update
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui.views.frame.timeaxis import TimeAxis
from gradtui_engine import Experiment
from tests.tui.helpers import scene_of, texts, timeline_of

MLP = Experiment(depth=6, width=8, batch=8)
LSTM = Experiment(cell="lstm", data="gaussian", steps=9, width=4, batch=4)
CHANGES = (("clip", "norm"),)
WIDTH, HEIGHT = 78, 12


def clicks(scene: Scene, pane: str) -> list[list[e.Event]]:
    """The events of a click in each row, over all of its cells."""
    return [
        [each for x in range(WIDTH) for each in PANES[pane].click(scene, WIDTH, HEIGHT, x, y)] for y in range(HEIGHT)
    ]


@pytest.mark.parametrize(("view", "pane"), [("explore", "gradient"), ("compare", "side_a"), ("compare", "side_b")])
def test_a_click_on_a_bar_selects_the_stage_whose_number_stands_before_it(view: str, pane: str) -> None:
    scene = scene_of(MLP, CHANGES, view=view)
    lines = texts(PANES[pane].view(scene, WIDTH, HEIGHT))
    found = set()
    for y, line in enumerate(lines):
        number = re.match(r"[▸ ] +(\d+) ", line)
        expected = [e.Select(stage=int(number[1]))] if number else []
        assert PANES[pane].click(scene, WIDTH, HEIGHT, 30, y) == expected, line
        found |= {int(number[1])} if number else set()
    assert found == set(range(7))


@pytest.mark.parametrize("pane", ["gradient", "cell", "gates", "paths"])
def test_over_time_a_click_selects_the_step_of_its_column_and_beside_the_axis_none(pane: str) -> None:
    scene, axis = scene_of(LSTM), TimeAxis.of(10, WIDTH)
    for x in range(WIDTH):
        stage = axis.stage_at(x)
        expected = [] if stage is None else [e.Select(stage=stage)]
        assert PANES[pane].click(scene, WIDTH, HEIGHT, x, 1) == expected


def test_the_column_that_was_clicked_is_the_one_that_is_marked() -> None:
    """The ruler's mark stands in the clicked stage's columns: the click and the picture share one axis."""
    scene = scene_of(LSTM)
    for x in range(6, WIDTH - 12, 5):
        (event,) = PANES["gradient"].click(scene, WIDTH, HEIGHT, x, 3)
        moved = scene_of(LSTM, selected=update(scene.state, event, timeline_of(LSTM)).selected)
        ruler = texts(PANES["gradient"].view(moved, WIDTH, HEIGHT))[-1]
        assert f"▴{event.stage}" in ruler
        assert abs(ruler.index("▴") - x) < 7


def test_a_click_in_the_labs_list_picks_the_row_that_is_written_there() -> None:
    scene = scene_of(MLP, view="lab", row="relu")
    field, rows = LISTS["lab"]
    for y, line in enumerate(texts(PANES["rows"].view(scene, WIDTH, HEIGHT))):
        (event,) = PANES["rows"].click(scene, WIDTH, HEIGHT, 3, y)
        picked = getattr(update(scene.state, event, scene.timeline), field)
        assert picked in rows(scene.state)
        assert line.lstrip("▸ ").startswith(str(picked) or "its own")


@pytest.mark.parametrize("pane", ["circular", "hyperbolic"])
def test_the_slider_of_terms_is_the_first_row_and_reaches_from_1_to_the_most(pane: str) -> None:
    first, *rest = clicks(scene_of(MLP, view="maths"), pane)
    terms = [each.terms for each in first]
    assert len(terms) == WIDTH
    assert terms == sorted(terms)
    assert (terms[0], terms[-1]) == (1, MOST_TERMS)
    assert not any(rest)


@pytest.mark.soak
def test_a_click_selects_or_does_nothing_and_never_fails_anywhere_in_any_pane() -> None:
    allowed = (e.Select, e.SelectItem, e.SetTerms, e.GoTo, e.ToCell)
    for experiment in (MLP, LSTM):
        for view in VIEWS:
            for interleaved in (False, True):
                for changes in ((), CHANGES):
                    scene = scene_of(experiment, changes, view=view, interleaved=interleaved)
                    for pane in panes_of(scene.state):
                        for event in (each for row in clicks(scene, pane) for each in row):
                            assert isinstance(event, allowed)
                            update(scene.state, event, scene.timeline)


def test_panes_to_read_take_no_clicks() -> None:
    scene = scene_of(LSTM)
    assert not any(clicks(scene, "why"))
    assert not any(clicks(scene_of(MLP, CHANGES, view="compare"), "difference"))


def test_a_click_outside_of_the_pane_hits_nothing() -> None:
    for scene, pane in ((scene_of(MLP), "gradient"), (scene_of(MLP, CHANGES, view="compare"), "side_b")):
        for y in (-1, HEIGHT, HEIGHT + 5):
            assert PANES[pane].click(scene, WIDTH, HEIGHT, 5, y) == []
