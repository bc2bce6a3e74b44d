"""Train on real trainings: what a pane of the catalogue shows of a scene, and whose answer is told of whom."""

from __future__ import annotations

import re

import pytest

from gradtui.model import events as e
from gradtui.model.panes_of import panes_of
from gradtui.views.catalogue import PANES
from gradtui.views.frame import spoken
from gradtui.views.frame.scene import Scene
from gradtui.views.frame.training_sides import Sides
from gradtui.views.plain_text import plain_lines
from gradtui_engine import Experiment
from tests.tui.helpers import scene_of, texts

#: Thirty sigmoids learn nothing; with a tenth of the layers and Adam they do.
A = Experiment()
B = (("depth", 3), ("optimizer", "adam"), ("learning_rate", 0.01))
COUNT = 40
TRAINED = {"view": "train", "trained": COUNT, "iteration": 25}


@pytest.fixture(scope="module")
def raced() -> Scene:
    return scene_of(A, B, **TRAINED)


def test_of_b_its_own_training_is_told(raced: Scene) -> None:
    assert raced.learning is not None
    assert raced.learning.kind == "stalled"
    assert raced.other is not None
    assert raced.other.learning is not None
    assert raced.other.learning.kind == "trained"
    assert "learns nothing in 40 iterations" in spoken.verdict(raced)
    assert "learns: after 40 iterations" in spoken.verdict(raced.other)


def test_what_is_trained_is_not_said_to_be_not_asked(raced: Scene) -> None:
    for pane in panes_of(raced.state):
        said = "\n".join(plain_lines(raced, pane))
        assert "not asked" not in said, pane
    assert "Does it learn? not asked" in spoken.verdict(scene_of(A))


def test_the_map_shows_that_a_s_lower_layers_get_nothing_and_b_s_do(raced: Scene) -> None:
    """The picture of the thing: 40 columns full of 1e-18, beside full ones."""
    a, b = (texts(PANES[pane].view(raced, 38, 9)) for pane in ("map_a", "map_b"))
    assert re.fullmatch(r" *0 ░+│?░+ +", a[6]), "the input of A: the lowest shade as far as it is trained"
    assert re.search("[▓█]{2}", b[3]), "the input of B, the fourth of four stages"


def test_a_click_in_a_map_goes_to_that_iteration_and_selects_that_stage(raced: Scene) -> None:
    events = PANES["map_a"].click(raced, 58, 12, 20, 3)
    assert [type(event) for event in events] == [e.GoTo, e.Select]
    assert 0 < events[0].iteration < COUNT
    assert PANES["loss"].click(raced, 78, 7, 20, 3)[0].iteration > 0
    assert PANES["loss"].click(raced, 78, 7, 1, 3) == []


def test_a_pane_is_drawn_anew_where_it_shows_something_else(raced: Scene) -> None:
    """The key of every pane: the same for the same snapshots under the same cursor, another for another iteration."""
    again, moved = scene_of(A, B, **TRAINED), scene_of(A, B, **TRAINED | {"iteration": 26})
    for pane in panes_of(raced.state):
        assert PANES[pane].reads(raced) == PANES[pane].reads(again)
        assert PANES[pane].reads(raced) != PANES[pane].reads(moved)


def test_before_it_is_trained_the_loss_of_guessing_is_the_one_that_is_told_later() -> None:
    """By the shares of the classes, on what is held out: 2.31, not the ln 10 of ten shares that are alike."""
    fresh = scene_of(A, view="train")
    assert Sides.of(fresh).guess == Sides.of(scene_of(A, **TRAINED)).guess
    assert "What learns gets under a loss of 2.31" in " ".join(
        " ".join(texts(PANES["loss"].view(fresh, 78, 7))).split()
    )


def test_before_a_task_is_trained_its_own_loss_of_guessing_is_told() -> None:
    """Of 16 pairs to add the mean happens to cost something else than 1/6."""
    task = Experiment(cell="rnn", data="adding", steps=6, width=4, batch=16)
    fresh = scene_of(task, view="train")
    assert "What learns gets under a loss of 0.167" in " ".join(
        " ".join(texts(PANES["loss"].view(fresh, 78, 7))).split()
    )


def test_a_click_anywhere_goes_to_an_iteration_that_is_there_or_does_nothing(raced: Scene) -> None:
    lstm = scene_of(Experiment(cell="lstm", data="adding", steps=6, width=4, batch=4), **TRAINED)
    for scene in (raced, lstm, scene_of(A, view="train")):
        last = len(scene.stages) - 1
        for pane in panes_of(scene.state):
            for x in range(-1, 60):
                for event in PANES[pane].click(scene, 58, 9, x, 3):
                    if isinstance(event, e.GoTo):
                        assert event.iteration is not None
                        assert 0 <= event.iteration < COUNT
                    else:
                        assert isinstance(event, e.Select)
                        assert event.stage is not None
                        assert 0 <= event.stage <= last
