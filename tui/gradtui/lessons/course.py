"""Where the reader of a lesson stands, what that asks of the screen, and whether an answer is true. Pure functions."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradtui_engine.core.fields import Rejected
from gradtui_engine.core.figures import percent, rounded
from gradtui_engine.core.message import English, Message
from gradtui_engine.measures.expression import Expression, Operand, expression
from gradtui_engine.measures.measured import Measured
from gradtui_engine.measures.of_functions import OfFunction
from gradtui_engine.measures.of_training import LAST, OfTraining

from ..model.progress import Answer, Progress
from ..text.language import tr
from ..text.measured import measured_text
from .conditions import Reader
from .lesson import LETTERS, Lesson, Question, Setup, Step, placeholders
from .reading import Reading

if TYPE_CHECKING:
    from ..model.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an answer. right is None where the trace decides nothing; truth is the choice that holds."""

    right: bool | None
    text: str
    truth: int | None = None


#: How a place is named: a layer, or (over time) a step.
_AT: dict[bool, dict[str, English]] = {
    False: {
        "first": "{name} at the first layer",
        "middle": "{name} half way",
        "last": "{name} at the last layer",
    },
    True: {
        "first": "{name} at the first step",
        "middle": "{name} half way",
        "last": "{name} at the last step",
    },
}


# -- moving through a lesson -------------------------------------------------------------------------------


def current(progress: Progress, lesson: Lesson) -> Step:
    """The step that is shown. A lesson that has become shorter (its file was edited) shows its last one."""
    return lesson.steps[min(progress.step, len(lesson.steps) - 1)]


def advance(progress: Progress, lesson: Lesson) -> Progress:
    """The next step; at the last one it stays."""
    return replace(progress, step=min(progress.step + 1, len(lesson.steps) - 1))


def back(progress: Progress, lesson: Lesson) -> Progress:
    """The step before."""
    return replace(progress, step=max(min(progress.step, len(lesson.steps) - 1) - 1, 0))


def ended(progress: Progress, lesson: Lesson) -> bool:
    """Whether nothing of the lesson is left: its last step is shown, and asks for no answer."""
    return progress.step >= len(lesson.steps) - 1 and not open_question(progress, lesson)


def open_question(progress: Progress, lesson: Lesson) -> bool:
    """Whether the step asks for an answer that has not been given."""
    return current(progress, lesson).question is not None and progress.answer is None


def answer(progress: Progress, lesson: Lesson, value: Answer) -> Progress:
    """The step's question answered (again: the later answer counts). A step without a question takes none."""
    if current(progress, lesson).question is None:
        return progress
    kept = tuple(pair for pair in progress.answers if pair[0] != progress.step)
    return replace(progress, answers=(*kept, (progress.step, value)))


def effects(progress: Progress, lesson: Lesson) -> Setup:
    """What the step wants of the screen, before or after its answer."""
    step = current(progress, lesson)
    return step.before if progress.answer is None else step.after


def need(progress: Progress, lesson: Lesson) -> Reading | None:
    """What the step has to have measured, its answer's check included; None where it claims nothing."""
    step = current(progress, lesson)
    shown = placeholders(step.text)
    asked = step.question.expressions if step.question is not None else ()
    return Reading.of(step.before, step.after, shown, asked) if shown or asked else None


def cursor(setup: Setup, timeline: Timeline) -> int | None:
    """The step of the trace that a setup wants the cursor on; None: where it is."""
    return timeline.moment(setup.step, setup.stage) if isinstance(setup.step, str) else setup.step


# -- answers -----------------------------------------------------------------------------------------------

# "1e-18" and "0,24"; "×0.24" and "10^-18" as people write them.
_POWER = re.compile(r"^(?:(?P<factor>[\d.]+)\s*[x×*·]\s*)?10\s*(?:\^|\*\*)\s*(?P<power>[+-]?\d+)$")


def read_answer(question: Question, text: str) -> Answer:
    """An answer as a person types it: a letter, or a number (0.24, 24 %, 1e-18, 10^-18, ×0.24). Raises Rejected."""
    given = text.strip()
    if question.choices:
        letters = LETTERS[: len(question.choices)]
        if len(given) == 1 and given.upper() in letters:
            return letters.index(given.upper())
        raise Rejected(Message("{given} given; allowed: {allowed}", given=repr(given), allowed=", ".join(letters)))
    number = _number(given)
    if number is None:
        raise Rejected(
            Message("{given} is no number; written like {allowed}", given=repr(given), allowed="0.24, 1e-18")
        )
    if question.decades is not None and number <= 0:
        raise Rejected(Message("{given} given; allowed: a number above 0", given=repr(given)))
    return number


def _number(text: str) -> float | None:
    plain = text.removeprefix("×").replace("−", "-").replace(",", ".").strip()
    match = _POWER.match(plain)
    share = plain.endswith("%")
    try:
        if match is not None:
            number = float(match["factor"] or 1) * 10.0 ** int(match["power"])
        else:
            number = float(plain.removesuffix("%")) / (100 if share else 1)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def judge(question: Question, given: Answer, measured: Reader) -> Verdict:
    """Whether an answer is true of what was measured. Where that decides nothing, the verdict says so."""
    wanted = [expression(claim) for claim in question.expressions]
    missing = [claim for claim in wanted if measured(claim.text) is None]
    if missing:
        return Verdict(None, tr("training …") if missing[0].trains else tr("measuring …"))
    if question.measure is not None:
        return _judge_number(question, float(given), question.measure, measured)
    return _judge_choice(question, int(given), measured)


def _judge_choice(question: Question, given: int, measured: Reader) -> Verdict:
    claims = [choice.when.holds(measured) for choice in question.choices]
    used = dict.fromkeys(claim for choice in question.choices for claim in choice.when.expressions)
    values = ", ".join(naming(claim, measured) for claim in used)
    true = [number for number, claim in enumerate(claims) if claim]
    letters = [LETTERS[number] for number in true]
    if not true:
        return Verdict(None, tr("No answer is true of this experiment: {values}", values=values))
    if len(true) > 1:
        named = ", ".join(letters)
        return Verdict(
            None,
            tr("Answers {letters} are all true of this experiment: {values}", letters=named, values=values),
        )
    if given == true[0]:
        return Verdict(True, tr("Right: {values}", values=values), given)
    return Verdict(False, tr("Not so, the answer is {letter}: {values}", letter=letters[0], values=values), true[0])


def _judge_number(question: Question, given: float, wanted: Expression, measured: Reader) -> Verdict:
    truth = measured(wanted.text)
    assert truth is not None
    if not isinstance(truth.value, float) or not math.isfinite(truth.value):
        return Verdict(None, tr("Nothing to compare with: {values}", values=naming(wanted, measured)))
    hit = _within(question, given, truth.value)
    guess = measured_text(Measured(given, truth.share))
    named = naming(wanted, measured)
    rule = (
        tr("up to {share} off counts as right", share=percent(question.within))
        if question.within is not None
        else tr("up to {count} times off counts as right", count=rounded(10.0 ** (question.decades or 0.0), 3))
    )
    if hit:
        return Verdict(True, tr("Right: {values}; you said {guess} ({rule})", values=named, guess=guess, rule=rule))
    return Verdict(False, tr("Not so: {values}; you said {guess} ({rule})", values=named, guess=guess, rule=rule))


def _within(question: Question, given: float, value: float) -> bool:
    if question.decades is not None:
        # Tolerances are met to the bit: 1e-18 is within one order of magnitude of 1e-19.
        return value > 0 and given > 0 and abs(math.log10(given / value)) <= question.decades + 1e-9
    return abs(given - value) <= (question.within or 0.0) * abs(value) * (1 + 1e-9)


def naming(wanted: Expression, measured: Reader) -> str:
    """What was measured, in words and as a number: average factor = 0.236."""
    value = measured(wanted.text)
    if value is None:
        return tr("measuring …")
    if value.value is None:
        return tr(value.problem)
    top, under = wanted.top, wanted.under
    if under is None:
        return tr("{name} is {value}", name=_operand_name(top, value.over_time), value=measured_text(value))
    name = _operand_name(under, value.over_time)
    if top == replace(under, of_b=True) and top != under:
        return tr("{name}: B's is {value} times A's", name=name, value=measured_text(value))
    over = _operand_name(top, value.over_time)
    return tr("{top} is {value} times {under}", top=over, value=measured_text(value), under=name)


def _operand_name(operand: Operand, over_time: bool) -> str:
    if isinstance(operand.row, OfFunction):
        return tr(operand.row.label, name=operand.row.function, x=operand.place)
    name = tr(operand.row.label)
    if isinstance(operand.row, OfTraining):
        if operand.place:
            name = tr("{name} {loss}", name=name, loss=operand.place)
    elif operand.place in _AT[over_time]:
        name = tr(_AT[over_time][operand.place], name=name)
    elif operand.place and over_time:
        name = tr("{name} at t = {number}", name=name, number=operand.place)
    elif operand.place:
        name = tr("{name} at layer {number}", name=name, number=operand.place)
    if operand.iteration == LAST:
        name = tr("{name} at the last iteration", name=name)
    elif operand.iteration and isinstance(operand.row, OfTraining):
        name = tr("{name} after {count} iterations", name=name, count=operand.iteration)
    elif operand.iteration:
        name = tr("{name} at iteration {iteration}", name=name, iteration=operand.iteration)
    return tr("B's {name}", name=name) if operand.of_b else name
