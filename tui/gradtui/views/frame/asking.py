"""Whether an open lesson asks: until it is answered nothing on the screen says the answer."""

from __future__ import annotations

from ...lessons import course
from ...lessons.lesson import Lesson
from ...lessons.library import Entry
from ...lessons.staging import Shelf
from ...text.language import current, tr
from .scene import Scene


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


def asks(scene: Scene) -> bool:
    """Whether its question waits for an answer beside what is shown."""
    lesson, progress = opened(scene), scene.state.lesson
    if lesson is None or progress is None or scene.state.view == "lessons":
        return False
    return course.open_question(progress, lesson)


def untold(scene: Scene, stage: int = 0) -> bool:
    """Whether it asks before the gradient has come to a stage: what becomes of it there is not told ahead."""
    return asks(scene) and scene.known > stage


def first() -> str:
    """What stands where a verdict will."""
    return tr("your prediction first")
