"""Lessons by key: open one, go on, answer, go back. What a step wants of the screen is staged by events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gradtui_engine.core.fields import Rejected

from ..lessons import course, library
from ..lessons.lesson import LETTERS, Lesson
from ..lessons.staging import cue, scenery, turned
from ..model import events as e
from ..model.keys import shown_keys
from ..model.progress import Progress
from ..model.studies import study_of
from ..text.describe import About
from ..text.language import current, tr
from ..views.arrangement import arrange
from ..views.frame import asking
from ..views.lessons import panes
from .dialogs.dialogs import Ask, Dialog, Picker

if TYPE_CHECKING:
    from ..views.frame.scene import Scene
    from .host import Host


def open_lesson(app: Host, name: str) -> None:
    """Begin a lesson, or go on in it where it was left; one that is done begins anew."""
    scene = app.scene()
    shelf = asking.shelf(scene) if scene is not None else None
    entry = next((lesson_entry for lesson_entry in shelf or () if lesson_entry.id == name), None)
    # From the palette: nobody has asked for the list yet.
    entry = entry or library.find(name, current())
    if entry is None:
        return
    if entry.lesson is None:
        app.say(entry.summary)
        return
    study = study_of(app.state.studies, name)
    progress = study.progress if study is not None else Progress(name)
    # Its file may have become shorter since.
    progress = replace(progress, step=min(progress.step, len(entry.lesson.steps) - 1))
    _turn(app, None, progress, entry.lesson)


def go_on(app: Host, argument: str) -> None:
    """Of the list: open the highlighted lesson. Of a lesson: answer its question, else the next step or lesson."""
    if app.state.view == "lessons":
        open_lesson(app, app.state.item)
        return
    scene, progress = app.scene(), app.state.lesson
    lesson = asking.opened(scene) if scene is not None else None
    if lesson is None or progress is None or scene is None:
        return
    if course.open_question(progress, lesson):
        _ask(app, progress, lesson)
    elif progress.step < len(lesson.steps) - 1:
        _turn(app, progress, course.advance(progress, lesson), lesson)
    else:
        _finish(app, scene, progress, lesson)


def answer(app: Host, letter: str) -> None:
    """Answer the open question by a letter. Once it is answered its letters do nothing until one goes on: a letter that
    is typed a moment late must not change what the step is about.
    """
    scene, progress = app.scene(), app.state.lesson
    lesson = asking.opened(scene) if scene is not None else None
    if lesson is None or progress is None:
        return
    question = course.current(progress, lesson).question
    if question is None or letter not in LETTERS[: len(question.choices)]:
        go_on(app, "")  # from the palette, where nobody has said which
    elif progress.answer is None:
        _turn(app, progress, course.answer(progress, lesson, LETTERS.index(letter)), lesson)
    else:
        keys = {"next": shown_keys("next"), "close": shown_keys("close")}
        app.say(tr("it is answered: {next} goes on, {close} closes the lesson", **keys))


def _finish(app: Host, scene: Scene, progress: Progress, lesson: Lesson) -> None:
    """On to the next lesson, or where none is left to the list. Whoever opened it at its end has done it, too."""
    app.send(e.Learn(progress, app.state.offset, done=True))
    if (following := panes.next_lesson(scene)) is not None:
        open_lesson(app, following.id)
    else:
        app.say(tr("lesson finished: {title}", title=lesson.title), after=(e.Learn(None), e.Show("lessons")))


def go_back(app: Host, argument: str) -> None:
    scene, progress = app.scene(), app.state.lesson
    lesson = asking.opened(scene) if scene is not None else None
    if lesson is not None and progress is not None:
        _turn(app, progress, course.back(progress, lesson), lesson)


def scroll(app: Host, lines: int = 0, pages: int = 0) -> None:
    """The text of the open lesson, by lines or by pages that share one; where all of it is seen it stays."""
    scene, box = app.scene(), arrange(app.state, *app.size).get("lesson")
    if scene is not None and box is not None:
        width, height = box.width - 2, box.height - 2
        # Heading and keys stay where they are.
        at, most = panes.place(scene, width, height)
        app.send(e.Scroll(lines + pages * max(height - 3, 1), most, at))


def _turn(app: Host, before: Progress | None, after: Progress, lesson: Lesson) -> None:
    """Show a step, and bring the screen to where it wants it."""
    setup, learn = turned(before, after, lesson), e.Learn(after, done=course.ended(after, lesson))
    if setup is None:
        app.send(learn)
    else:
        app.send(learn, *scenery(setup), e.Focus(pane="lesson"), cue=partial(cue, setup))


def _ask(app: Host, progress: Progress, lesson: Lesson) -> None:
    """Take the reader's prediction: one of the choices, or a number."""
    question = course.current(progress, lesson).question
    assert question is not None

    def answered(text: str | None) -> None:
        if text is not None:
            value = course.read_answer(question, text)
            _turn(app, progress, course.answer(progress, lesson, value), lesson)

    if question.choices:
        letters = tuple(LETTERS[: len(question.choices)])
        said = {letter: About(choice.say) for letter, choice in zip(letters, question.choices, strict=True)}
        title = tr("your prediction · enter to answer, esc to go back")
        _push(app, Picker("prediction", letters, letters[0], lambda name: None, said, title), answered)
        return

    def check(text: str) -> str:
        try:
            course.read_answer(question, text)
        except Rejected as error:
            return tr(error.message)
        return ""

    _push(app, Ask(tr("your prediction"), question.ask, check), answered)


def _push(app: Host, dialog: Dialog, answered: Callable[[str | None], None]) -> None:
    """The question stays in sight."""
    dialog.about = "lesson"
    app.push_screen(dialog, answered)
