"""A lesson beside a view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...lessons.course import Verdict, current, judge, open_question
from ...lessons.lesson import LETTERS, Lesson, Question, filled
from ...model.progress import Progress
from ...text.language import tr
from ...text.markdown import prose, wrap_spans
from ...text.spans import Line, first_fit, first_title, fit, page, spread, width_of

if TYPE_CHECKING:
    from gradtui_engine.measures.measured import Measured

    from ...lessons.reading import Readings

#: Where the whole step has this many lines to spare, empty lines set its parts apart.
_APART = "    "


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that work in a lesson, as the reader sees them."""

    #: Goes on: answers, then leads to the next step or lesson.
    next: str = "enter"
    back: str = "backspace"
    close: str = "esc"
    up: str = "pgup"
    down: str = "pgdn"


def answers(count: int) -> str:
    """The keys that answer a question of so many choices."""
    return f"{LETTERS[0]}–{LETTERS[count - 1]}"


def lesson_title(lesson: Lesson, width: int) -> str:
    """The pane's title."""
    return first_title(width, tr("lesson · {title}", title=lesson.title), lesson.title, tr("lesson"))


def lesson_view(
    lesson: Lesson,
    progress: Progress,
    readings: Readings | None,
    width: int,
    height: int,
    keys: Keys = Keys(),
    key_of: Callable[[str], str] = str,
    offset: int | None = None,
    following: str = "",
) -> list[Line]:
    """The step in exactly height lines: heading, text, question, verdict, and what the keys do.

    readings are the step's (`course.need`), None until they are computed; key_of gives the key of a command. What does
    not fit is scrolled by offset, see `place`. following is the title of the lesson that comes after this one.
    """
    body, _ = _body(lesson, progress, readings, width, height - 2, key_of)
    room = max(height - 2, 0)
    start, _ = place(lesson, progress, readings, width, height, key_of, offset)
    shown = page(body[start : start + room], width, room)
    below = len(body) - start - room
    return [
        _heading(lesson, progress, width),
        *shown,
        _key_line(lesson, progress, keys, start, below, width, following),
    ][:height]


def place(
    lesson: Lesson,
    progress: Progress,
    readings: Readings | None,
    width: int,
    height: int,
    key_of: Callable[[str], str] = str,
    offset: int | None = None,
) -> tuple[int, int]:
    """The first line that is seen, and how far the step can be scrolled at this size.

    An offset is held within that. Without one the step is seen from its beginning, and once it is answered from its
    question, so far as what came of the answer needs the room: question, verdict and reveal stand together.
    """
    body, question = _body(lesson, progress, readings, width, height - 2, key_of)
    most = max(len(body) - max(height - 2, 0), 0)
    if offset is None:
        offset = question if progress.answer is not None else 0
    return min(max(offset, 0), most), most


def _heading(lesson: Lesson, progress: Progress, width: int) -> Line:
    number, count = min(progress.step + 1, len(lesson.steps)), len(lesson.steps)
    return fit([(f"{number}/{count} · ", "label"), (current(progress, lesson).title, "strong")], width)


def _key_line(
    lesson: Lesson, progress: Progress, keys: Keys, above: int, below: int, width: int, following: str
) -> Line:
    """The keys that do something here, the most needed first, and how many lines there are above and below."""
    asks = open_question(progress, lesson)
    last = progress.step >= len(lesson.steps) - 1
    after = tr("next: {title}", title=following) if following else tr("finish")
    question = current(progress, lesson).question
    letters = answers(len(question.choices)) if question is not None and question.choices and asks else ""
    wanted = [
        (letters or keys.next, tr("answer") if asks else after if last else tr("next")),
        (keys.back, tr("back")) if progress.step else None,
        (keys.close, tr("close")),
    ]
    shown = [hint for hint in wanted if hint is not None]
    shorter = [(keys.next, tr("next lesson"))] if last and not asks and following else []
    lines = [_keys(shown)]
    shown = [*shorter, *shown[len(shorter) :]]
    lines += [_keys(shown[:count]) for count in range(len(shown), 0, -1)]
    hidden = [(f"↑ {above}", keys.up)] * (above > 0) + [(f"↓ {below}", keys.down)] * (below > 0)
    # The keys that scroll, where all others have room beside them.
    named: Line = [("  ".join(f"{key} {count}".strip() for count, key in hidden), "key")]
    counts: Line = [("  ".join(count for count, _ in hidden), "key")]
    right = first_fit(width - width_of(lines[0]) - 1, named, counts) if hidden else []
    left = first_fit(width - width_of(right) - 1, *lines)
    return fit(spread(left, right, width) if right else left, width)


def _keys(shown: Sequence[tuple[str, str]]) -> Line:
    line: Line = []
    for key, label in shown:
        line += [("   " if line else "", "dim"), (key, "key"), (f" {label}", "dim")]
    return [span for span in line if span[0]]


# -- what a step says --------------------------------------------------------------------------------------


def _body(
    lesson: Lesson,
    progress: Progress,
    readings: Readings | None,
    width: int,
    height: int,
    key_of: Callable[[str], str],
) -> tuple[list[Line], int]:
    """All lines of the step, airy where there is room, and the number of the question's first one.

    The order never changes: what comes of an answer stands under its question.
    """
    step = current(progress, lesson)
    shown: Mapping[str, Measured] = {} if readings is None else readings.shown
    said = filled(step.text, shown)
    keys = tr("Press {keys}", keys=", ".join(key_of(key) for key in step.press))
    press = wrap_spans([(keys, "key")], width) if step.press else []
    for spaced in (True, False):
        text = [*prose(said, width, spaced=spaced), *press]
        asked = _question(step.question, progress, readings, width, spaced) if step.question is not None else []
        gap: list[Line] = [[]] if spaced and text and asked else []
        whole, question = [*text, *gap, *asked], len(text) + len(gap)
        if len(whole) <= height:
            break
    return whole, question


def _question(
    question: Question, progress: Progress, readings: Readings | None, width: int, spaced: bool
) -> list[Line]:
    """The question; once it is answered, also the verdict and what is to be said then."""
    given = progress.answer
    asked: Mapping[str, Measured] = {} if readings is None else readings.asked
    lines = prose(question.ask, width, "strong")
    if given is None:
        hint = tr("(a number)") if question.measure is not None else ""
        choices = _choices(question, None, None, width)
        return [*lines, *(choices or [[(hint, "dim")]])]
    verdict = judge(question, given, asked.get)
    lines += _choices(question, int(given), verdict, width) if question.choices else []
    lines += wrap_spans([(f"{_mark(verdict)}{verdict.text}", _STYLES[verdict.right])], width)
    # What is to be said of the numbers waits for them: it would tell the answer while the network still trains.
    if question.reveal and all(text in asked for text in question.expressions):
        lines += [[]] if spaced else []
        lines += prose(filled(question.reveal, asked), width)
    return lines


_STYLES = {True: "strong", False: "broken", None: "label"}


def _mark(verdict: Verdict) -> str:
    return {True: "✓ ", False: "✗ ", None: ""}[verdict.right]


def _choices(question: Question, given: int | None, verdict: Verdict | None, width: int) -> list[Line]:
    """The choices in one line where they fit, else each on its own; the true one and a wrong one are marked."""
    cells = [_choice(number, choice.say, given, verdict) for number, choice in enumerate(question.choices)]
    row = [span for number, cell in enumerate(cells) for span in ([(_APART, "text")] if number else []) + cell]
    if width_of(row) <= width:
        return [row] if row else []
    lines = []
    for cell in cells:
        (head, style), (say, said) = cell
        wrapped = prose(say, width - 4, said)
        lines += [[(head if number == 0 else "    ", style), *line] for number, line in enumerate(wrapped)]
    return lines


def _choice(number: int, say: str, given: int | None, verdict: Verdict | None) -> Line:
    if verdict is None or verdict.right is None:
        mark = "▸" if number == given else " "
    else:
        mark = "✓" if number == verdict.truth else ("✗" if number == given else " ")
    style = {"✓": "strong", "✗": "broken", "▸": "cursor"}.get(mark, "text")
    return [(f"{mark} {LETTERS[number]} ", "key" if style == "text" else style), (say, style)]
