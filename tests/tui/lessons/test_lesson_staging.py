"""A lesson on the screen: its needs, the events that bring a step on, and its panes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gradtui.lessons import course, staging
from gradtui.lessons.lesson import Lesson
from gradtui.lessons.library import find, names
from gradtui.model import events as e
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.model.update import update
from gradtui.text import language
from gradtui.views import status
from gradtui.views.arrangement import arrange
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui.views.lessons import panes
from gradtui.views.plain_text import plain_lines
from gradtui_engine import Experiment
from tests.tui.helpers import assert_page, scene_of, texts, timeline_of

NAME = "08-residual"


def lesson(code: str = "en") -> Lesson:
    entry = find(NAME, code)
    assert entry is not None
    assert entry.lesson is not None
    return entry.lesson


def results(progress: Progress, code: str = "en") -> dict[Any, Any]:
    return {need: need.compute(lambda share: None) for need in staging.needs(progress, code)}


def scene_with(progress: Progress | None, found: dict[Any, Any], **fields: Any) -> Scene:
    scene = scene_of(Experiment(), lesson=progress, **fields)
    return Scene(scene.record, scene.timeline, scene.state, found)


def apply(state: State, events: tuple[e.Event, ...]) -> State:
    timeline = timeline_of(state.experiment)
    for event in events:
        state = update(state, event, timeline)
    return state


def test_a_step_brings_its_experiment_view_and_quantity_in_one_undo() -> None:
    setup = course.effects(Progress(NAME, 1), lesson())
    start = State(Experiment(depth=3))
    shown = apply(start, staging.scenery(setup))
    assert shown.experiment == Experiment(depth=30, residual="add")
    assert (shown.view, shown.quantity) == ("explore", "std")
    assert update(shown, e.Undo(), None).experiment == start.experiment
    last = course.effects(Progress(NAME, 5), lesson())
    compared = apply(start, staging.scenery(last))
    assert compared.view == "compare"
    assert dict(compared.changes) == {"activation": "sigmoid", "init": "xavier_normal", "residual": "none"}


def test_the_cursor_and_the_stage_follow_once_the_trace_is_there() -> None:
    found = find("01-reading-the-screen", "en")
    assert found is not None
    assert found.lesson is not None
    steps = found.lesson.steps
    timeline = timeline_of(Experiment(depth=6))
    state = State(Experiment(depth=6), step=7)
    assert [apply(state, staging.cue(each.before, timeline)).step for each in steps[:3]] == [
        timeline.loss, timeline.loss, timeline.arrived,
    ]  # fmt: skip
    last = apply(state, staging.cue(steps[5].before, timeline))
    assert (last.step, last.selected) == (7, 3)


def test_an_answer_turns_the_screen_only_where_it_changes_the_experiment() -> None:
    first, second = Progress(NAME), Progress(NAME, 1)
    answered = course.answer(first, lesson(), 1.0)
    assert staging.turned(None, first, lesson()) == lesson().steps[0].before
    assert staging.turned(first, answered, lesson()) == lesson().steps[0].after
    assert staging.turned(answered, course.answer(answered, lesson(), 2.0), lesson()) is None
    assert staging.turned(answered, second, lesson()) == lesson().steps[1].before
    other = find("06-exploding-and-clipping", "en")
    assert other is not None
    assert other.lesson is not None
    asked = Progress(other.id, 1)
    assert staging.turned(asked, course.answer(asked, other.lesson, 2), other.lesson) is None


def test_a_page_is_what_its_step_has_measured() -> None:
    found = staging.Page(NAME, 0, "en").compute(lambda share: None)
    wanted = course.need(Progress(NAME), lesson())
    assert wanted is not None
    assert found == wanted.compute(lambda share: None)
    assert staging.Page(NAME, 0, "zh").compute(lambda share: None) == found


@pytest.mark.parametrize("page", [staging.Page("no-such", 0, "en"), staging.Page(NAME, 99, "en")])
def test_a_page_that_there_is_not_measures_nothing_that_fails(page: staging.Page) -> None:
    assert not [each for each in page.compute(lambda share: None).shown.values() if each.value is None]


def test_the_list_needs_the_lessons_and_an_open_one_its_page_and_the_next() -> None:
    assert staging.needs(None, "zh") == (staging.Shelf("zh"),)
    assert staging.needs(Progress(NAME, 2), "en") == (
        staging.Shelf("en"), staging.Page(NAME, 2, "en"), staging.Page(NAME, 3, "en"),
        staging.TrainedPage(NAME, 2, "en", False),
    )  # fmt: skip


def test_the_pane_shows_the_open_lesson_with_the_effective_keys() -> None:
    progress = Progress(NAME)
    scene = scene_with(progress, results(progress))
    lines = panes.view(scene, 78, 8)
    assert_page(lines, 78, 8, "lesson")
    assert "I + J" in texts(lines)[0]
    assert "enter answer" in texts(lines)[-1]
    assert "0.233" in "".join(texts(lines))
    assert lesson().title in panes.title(scene, 60)


def test_the_footer_says_of_the_key_that_goes_on_what_it_does() -> None:
    """A question is answered first; after it the next step comes, after the last one the next lesson."""
    last = len(lesson().steps) - 1
    asks = [step for step, each in enumerate(lesson().steps) if each.question is not None]
    answered = course.answer(Progress(NAME, asks[0]), lesson(), 1)
    for progress, expected in (
        (Progress(NAME, asks[0]), "answer"),
        (answered, "next"),
        (Progress(NAME, last, ((last, answered.answers[0][1]),)), "next lesson"),
    ):
        scene = scene_with(progress, results(progress))
        assert panes.following(scene) == expected
        line = texts([status.footer(scene.state, 80, following=panes.following(scene))])[0]
        assert f"enter {expected}" in line
    assert panes.following(scene_with(None, {})) == "next"


def test_the_keys_to_press_are_named_as_the_keyboard_has_them() -> None:
    progress = Progress("02-vanishing-with-sigmoid")
    assert "Press space (play)" in [
        line.rstrip() for line in texts(panes.view(scene_with(progress, results(progress)), 78, 8))
    ]
    assert panes._key("anything else") == "anything else"


def test_until_the_lesson_is_read_the_pane_says_so() -> None:
    scene = scene_with(Progress(NAME), {})
    assert_page(panes.view(scene, 40, 5), 40, 5, "lesson")
    assert "reading" in texts(panes.view(scene, 40, 5))[0]
    assert panes.title(scene, 40) == "lesson"
    assert "reading" in texts(panes.list_page(scene, 40, 5))[0]


def test_the_list_is_that_of_the_shelf() -> None:
    scene = scene_with(None, {staging.Shelf("en"): staging.Shelf("en").compute(lambda share: None)}, item=NAME)
    lines = texts(panes.list_page(scene, 100, 24))
    assert any("▸ " in line and lesson().title in line for line in lines)
    assert panes.list_title(scene, 20) == "lessons"


def test_in_chinese_the_lesson_is_chinese() -> None:
    language.use("zh")
    try:
        progress = Progress(NAME)
        lines = panes.view(scene_with(progress, results(progress, "zh")), 78, 8)
        assert_page(lines, 78, 8, "lesson")
        assert "雅可比" in "".join(texts(lines))
    finally:
        language.use("en")


def test_the_lessons_of_both_languages_are_the_same() -> None:
    assert names("en") == names("zh")


def test_the_pane_that_a_step_is_about_is_seen_beside_the_focused_lesson_and_plays() -> None:
    found = find("23-the-imaginary-period", "en")
    assert found is not None
    assert found.lesson is not None
    setup = found.lesson.steps[2].before
    start = State(Experiment(), lesson=Progress(found.id, 2), pane="lesson")
    state = apply(start, (*staging.scenery(setup), *staging.cue(setup, timeline_of(Experiment()))))
    assert (state.view, state.pane, state.beside, state.function) == ("maths", "lesson", "bridge", 0)
    assert set(arrange(state, 80, 24)) == {"bridge", "lesson"}
    played = apply(state, (e.TogglePlay(), e.Tick(4)))
    assert played.angle != state.angle, "the bridge turns, although the lesson has the focus"


def test_while_a_question_is_open_neither_verdict_nor_axis_nor_sentence_tells_its_answer() -> None:
    first = Progress("01-reading-the-screen")
    found, at_loss = results(first), timeline_of(Experiment(depth=6)).loss
    scene = scene_of(Experiment(depth=6), lesson=first, step=at_loss)
    asked = Scene(scene.record, scene.timeline, scene.state, found)
    told = Scene(scene.record, scene.timeline, replace(scene.state, lesson=replace(first, answers=((0, 2),))), found)
    for shown, says in ((asked, False), (told, True)):
        header = "\n".join(texts(status.header(shown, 80)))
        bars, slope = PANES["gradient"], PANES["activation"]
        assert ("vanishing" in header) == says
        assert ("your prediction first" in header) != says
        assert ("1e-5" in bars.title(shown, 60)) == says
        assert ("multiplies it by" in "\n".join(texts(slope.view(shown, 60, 12)))) == says
        assert ("vanishing" in " ".join(plain_lines(shown, "gradient"))) == says
        assert bars.reads(asked) != bars.reads(told)
        assert slope.reads(asked) != slope.reads(told)


def test_in_compare_the_difference_is_not_told_before_a_prediction() -> None:
    asked = Progress(NAME, 0)
    scene = scene_of(Experiment(), (("activation", "relu"),), view="compare", lesson=asked)
    scene = replace(scene, results={**scene.results, **results(asked)})
    told = replace(scene, state=replace(scene.state, lesson=None))
    for shown, says in ((scene, False), (told, True)):
        text = "\n".join(texts(PANES["difference"].view(shown, 78, 8)))
        assert ("times as much gradient" in text) == says
        assert "activation" in text


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
def test_in_the_first_lesson_every_layer_that_it_names_has_a_row_of_its_own(size: tuple[int, int]) -> None:
    scene = scene_of(Experiment(depth=6), lesson=Progress("01-reading-the-screen", 2), pane="lesson")
    box = arrange(scene.state, *size)["gradient"]
    lines = texts(PANES["gradient"].view(scene, box.width - 2, box.height - 2))
    assert {words[0] for line in lines if (words := line.replace("▸", " ").split())} >= set("0123456")


def test_closing_a_lesson_lets_one_undo_lead_back_to_what_stood_before_it() -> None:
    before = update(State(Experiment(depth=3)), e.Change(Experiment(depth=4)), None)
    first, second = (course.effects(Progress(NAME, step), lesson()) for step in (0, 5))
    inside = apply(before, (e.Learn(Progress(NAME)), *staging.scenery(first), *staging.scenery(second)))
    assert len(inside.past) > len(before.past) + 1
    closed = update(inside, e.Learn(None), None)
    assert closed.experiment == inside.experiment, "the lesson's network stays"
    back = update(closed, e.Undo(), None)
    assert (back.asked, back.past) == (before.asked, before.past)
    assert update(back, e.Undo(1), None).asked == inside.asked
    unchanged = apply(before, (e.Learn(Progress(NAME)), e.Learn(None)))
    assert (unchanged.past, unchanged.before) == (before.past, ())
