"""Drawings: a pane is made anew where what it reads has changed, and only there; nothing is left out for good."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from gradtui.model.state import State
from gradtui.screen import drawing
from gradtui.screen.drawing import Drawing
from gradtui.text.spans import Line
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment
from tests.tui.helpers import SIZES, assert_page, scene_of

SIZE = (120, 40)
PANE = "activation"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each time that the pane is made."""
    row, times = PANES[PANE], list[int]()

    def view(scene: Scene, width: int, height: int) -> list[Line]:
        times.append(width)
        return row.view(scene, width, height)

    monkeypatch.setattr(drawing, "PANES", PANES | {PANE: dataclasses.replace(row, view=view)})
    return times


def drawer(made: list[int]) -> Callable[..., int]:
    """Draws a scene with other fields of the state; says how often the pane has been made for it."""
    of = Drawing()

    def draw(scene: Scene, size: tuple[int, int] = SIZE, **fields: object) -> int:
        before = len(made)
        state = dataclasses.replace(scene.state, **fields)  # type: ignore[arg-type]
        of.draw(state, dataclasses.replace(scene, state=state), *size)
        return len(made) - before

    return draw


def test_a_pane_is_made_anew_where_what_it_reads_has_changed_and_only_there(made: list[int]) -> None:
    draw, scene = drawer(made), scene_of(Experiment())
    assert draw(scene, selected=3) == 1
    assert [draw(scene, selected=3), draw(scene, selected=3, message="said"), draw(scene, selected=4)] == [0, 0, 1]
    assert [draw(scene, selected=4, pane=PANE), draw(scene, selected=4, pane="why")] == [0, 0], "a border is no reason"
    assert [draw(scene, (121, 40), selected=4), draw(scene, (121, 40), selected=4)] == [1, 0]
    other = dataclasses.replace(scene, record=dataclasses.replace(scene.listed))
    assert draw(other, (121, 40), selected=4) == 1


def test_what_stays_is_the_same_block_and_what_changes_another() -> None:
    of, scene = Drawing(), scene_of(Experiment())
    before = of.draw(scene.state, scene, *SIZE)
    state = dataclasses.replace(scene.state, step=scene.state.step - 1)
    after = of.draw(state, dataclasses.replace(scene, state=state), *SIZE)
    same = {name for name in before if after[name].lines is before[name].lines}
    assert {"header", "footer"} <= same
    assert not {"timeline", "why"} & same


def test_in_haste_a_pane_may_stay_but_not_of_another_network_or_size() -> None:
    of, scene = Drawing(), scene_of(Experiment())
    before = of.draw(scene.state, scene, *SIZE)
    state = dataclasses.replace(scene.state, selected=3)
    moved = dataclasses.replace(scene, state=state)
    hasty = of.draw(state, moved, *SIZE, hasty=True)
    assert not of.complete
    assert hasty[PANE].lines is before[PANE].lines, "what is shown is told by its own name"
    assert hasty["why"].lines != before["why"].lines
    of.draw(state, moved, *SIZE)
    assert of.complete
    other = dataclasses.replace(moved, record=dataclasses.replace(scene.listed))
    of.draw(state, other, *SIZE, hasty=True)
    assert of.complete
    of.draw(scene.state, scene, 121, 40, hasty=True)
    assert of.complete


@pytest.mark.parametrize("size", [*SIZES, (59, 20), (80, 15), (20, 5), (3, 1)])
@pytest.mark.parametrize("loaded", [True, False])
def test_blocks_lie_on_the_screen_and_each_fills_its_box(size: tuple[int, int], loaded: bool) -> None:
    scene = scene_of(Experiment(cell="lstm"))
    for state in (scene.state, State(Experiment(), message="computing … 12 %, esc cancels")):
        blocks = Drawing().draw(state, dataclasses.replace(scene, state=state) if loaded else None, *size)
        cells = 0
        for name, (box, lines) in blocks.items():
            assert_page(lines, box.width, box.height, name)
            cells += box.width * box.height
        assert cells == size[0] * size[1]
