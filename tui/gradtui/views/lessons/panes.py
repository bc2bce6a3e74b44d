"""The panes of the lessons: the list, and the open lesson beside a view."""

from __future__ import annotations

from gradtui_engine.core.message import English

from ...lessons import course, staging
from ...lessons.lesson import Lesson
from ...lessons.library import Entry
from ...lessons.reading import Readings
from ...lessons.staging import Shelf
from ...model.commands import COMMANDS, shown_keys
from ...model.progress import Progress
from ...text.language import current, tr
from ...text.spans import Line, page
from ..frame.scene import Scene
from . import lesson as one
from .lesson import Keys, lesson_title, lesson_view, list_view

_COMMANDS = frozenset(command.id for command in COMMANDS)


def shelf(scene: Scene) -> tuple[Entry, ...] | None:
    """Every lesson; None until they have been read."""
    entries = scene.results.get(Shelf(current()))
    return entries if isinstance(entries, tuple) else None


def opened(scene: Scene) -> Lesson | None:
    """The lesson that is open, where it has been read."""
    progress = scene.state.lesson
    if progress is None:
        return None
    return next((entry.lesson for entry in shelf(scene) or () if entry.id == progress.lesson), None)


def following(scene: Scene) -> English:
    """What the key that goes on does in the open lesson; where none is open, it goes on."""
    lesson, progress = opened(scene), scene.state.lesson
    if lesson is None or progress is None:
        return "next"
    if course.current(progress, lesson).question is not None and progress.answer is None:
        return "answer"
    return "next" if progress.step < len(lesson.steps) - 1 else "finish"


def title(scene: Scene, width: int) -> str:
    lesson = opened(scene)
    return tr("lesson") if lesson is None else lesson_title(lesson, width)


def view(scene: Scene, width: int, height: int) -> list[Line]:
    lesson, progress = opened(scene), scene.state.lesson
    if lesson is None or progress is None:
        return page([[(tr("reading the lesson …"), "dim")]], width, height)
    readings = _readings(scene, progress)
    keys = Keys(shown_keys("next"), shown_keys("lesson_back"), shown_keys("next"), shown_keys("close"),
                shown_keys("up_10"), shown_keys("down_10"))  # fmt: skip
    return lesson_view(lesson, progress, readings, width, height, keys, _key, scene.state.offset)


def most_offset(scene: Scene, width: int, height: int) -> int:
    """How far the open lesson's text can be scrolled in a pane of this size."""
    lesson, progress = opened(scene), scene.state.lesson
    if lesson is None or progress is None:
        return 0
    return one.most_offset(lesson, progress, _readings(scene, progress), width, height, _key)


def _readings(scene: Scene, progress: Progress) -> Readings | None:
    """What the step's numbers are; None until they have been computed."""
    return staging.readings(progress, current(), scene.results)


def _key(name: str) -> str:
    """A command's effective key; what is no command is a key itself."""
    return (shown_keys(name) or name) if name in _COMMANDS else name


def list_title(scene: Scene, width: int) -> str:
    return tr("lessons")


def list_page(scene: Scene, width: int, height: int) -> list[Line]:
    entries = shelf(scene)
    if entries is None:
        return page([[(tr("reading the lessons …"), "dim")]], width, height)
    return list_view(entries, scene.state.item, width, height)
