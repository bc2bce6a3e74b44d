"""The panes of the lessons: the list, and the open lesson beside a view."""

from __future__ import annotations

import itertools

from gradtui_engine.core.message import English

from ...lessons import course, staging
from ...lessons.lesson import LETTERS, Lesson
from ...lessons.reading import Readings
from ...model.commands import COMMANDS
from ...model.keys import shown_keys
from ...model.progress import Progress
from ...model.state import State
from ...text.language import current, tr
from ...text.spans import Line, page
from ..frame.asking import opened, shelf
from ..frame.scene import Scene
from . import lesson as one
from .course_map import list_view
from .lesson import Keys, lesson_title, lesson_view

_COMMANDS = {command.id: command.label for command in COMMANDS}


def next_lesson(scene: Scene) -> Lesson | None:
    """What comes after the open lesson: the next one in the list that is not done; None after the last."""
    progress, done = scene.state.lesson, {study.lesson for study in scene.state.studies if study.done}
    after = itertools.dropwhile(lambda entry: progress is None or entry.id != progress.lesson, shelf(scene) or ())
    rest = (entry.lesson for entry in itertools.islice(after, 1, None) if entry.id not in done)
    return next((lesson for lesson in rest if lesson is not None), None)


def letters(state: State, scene: Scene | None) -> str:
    """The letters that are the open lesson's question's: those of its answers, given or not; all of them until the
    lesson has been read.
    """
    progress = state.lesson
    if progress is None or state.view == "lessons":
        return ""
    if scene is None or shelf(scene) is None:
        return LETTERS
    lesson = opened(scene)
    question = course.current(progress, lesson).question if lesson is not None else None
    return LETTERS[: len(question.choices)] if question is not None else ""


def answers(scene: Scene) -> str:
    """The letters that answer the open question, as the footer shows them: A–C; empty where none do."""
    lesson, progress = opened(scene), scene.state.lesson
    asks = lesson is not None and progress is not None and course.open_question(progress, lesson)
    own = letters(scene.state, scene) if asks else ""
    return one.answers(len(own)) if own else ""


def following(scene: Scene) -> English:
    """What the key that goes on does in the open lesson; where none is open, it goes on."""
    lesson, progress = opened(scene), scene.state.lesson
    if lesson is None or progress is None:
        return "next"
    if course.open_question(progress, lesson):
        return "answer"
    if progress.step < len(lesson.steps) - 1:
        return "next"
    return "next lesson" if next_lesson(scene) is not None else "finish"


def title(scene: Scene, width: int) -> str:
    lesson = opened(scene)
    return tr("lesson") if lesson is None else lesson_title(lesson, width)


def view(scene: Scene, width: int, height: int) -> list[Line]:
    lesson, progress = opened(scene), scene.state.lesson
    if lesson is None or progress is None:
        return page([[(tr("reading the lesson …"), "dim")]], width, height)
    readings, after = _readings(scene, progress), next_lesson(scene)
    keys = Keys(*map(shown_keys, ("next", "lesson_back", "close", "up_10", "down_10")))
    following = after.title if after is not None else ""
    return lesson_view(lesson, progress, readings, width, height, keys, _key, scene.state.offset, following)


def place(scene: Scene, width: int, height: int) -> tuple[int, int]:
    """The first line of the open lesson's text that a pane of this size shows, and how far it can be scrolled."""
    lesson, progress = opened(scene), scene.state.lesson
    if lesson is None or progress is None:
        return 0, 0
    return one.place(lesson, progress, _readings(scene, progress), width, height, _key, scene.state.offset)


def _readings(scene: Scene, progress: Progress) -> Readings | None:
    """What the step's numbers are; None until they have been computed."""
    return staging.readings(progress, current(), scene.results)


def _key(name: str) -> str:
    """A command's effective key and what it does; what is no command is a key itself."""
    return f"{shown_keys(name) or name} ({tr(_COMMANDS[name])})" if name in _COMMANDS else name


def list_title(scene: Scene, width: int) -> str:
    return tr("lessons")


def list_page(scene: Scene, width: int, height: int) -> list[Line]:
    entries = shelf(scene)
    if entries is None:
        return page([[(tr("reading the lessons …"), "dim")]], width, height)
    return list_view(entries, scene.state.item, width, height, scene.state.studies)
