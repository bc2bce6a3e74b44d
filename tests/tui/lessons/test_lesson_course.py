"""Walking through a lesson, and judging answers: pure functions of the computed trace."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest

from gradtui.lessons import course
from gradtui.lessons.course import Verdict, judge, read_answer
from gradtui.lessons.format import parse
from gradtui.lessons.lesson import Lesson, Question
from gradtui.lessons.reading import Readings
from gradtui.model.progress import Progress
from gradtui_engine import Experiment
from gradtui_engine.core.fields import Rejected
from gradtui_engine.measures.expression import expression
from gradtui_engine.measures.measured import Measured
from gradtui_engine.measures.of_run import measure
from gradtui_engine.measures.table import MEASURES
from tests.tui.helpers import timeline_of, trace_of

LESSON = parse(
    """+++
title = "T"
summary = "S"
experiment = {depth = 6, width = 8, batch = 8}
+++
## One

{average_factor} of {b.average_factor}.

```step
changes = {activation = "tanh"}
```
## Two
```step
stage = 2
step = "loss"
ask = "Which?"
choices = [
  {say = "vanishes", when = "ratio < 1e-3"},
  {say = "stays", when = "ratio between 0.1 and 10"},
]
then = {activation = "tanh"}
reveal = "{b.ratio / ratio}"
```
## Three
```step
ask = "How much?"
measure = "factor@3"
```
## Four
""",
    "x.md",
    "x",
)


def question_of(block: str) -> Question:
    lesson = parse(f"+++\ntitle='T'\nsummary='S'\n+++\n## A\n```step\nask='?'\n{block}\n```\n", "x.md")
    question = lesson.steps[0].question
    assert question is not None
    return question


WHICH = question_of("choices=[{say='a',when='ratio < 1'},{say='b',when='ratio > 1'},{say='c',when='loss > 5'}]")


def verdict_of(question: Question, given: float, **values: Any) -> Verdict:
    return judge(question, given, {name.replace("__", "@"): Measured(each) for name, each in values.items()}.get)


def readings_of(progress: Progress, lesson: Lesson = LESSON) -> Readings:
    wanted = course.need(progress, lesson)
    assert wanted is not None
    return wanted.compute(lambda share: None)


# -- moving ------------------------------------------------------------------------------------------------


def test_next_and_back_stay_inside_the_lesson() -> None:
    progress = Progress("x")
    assert course.back(progress, LESSON) == progress
    for _ in range(10):
        progress = course.advance(progress, LESSON)
    assert progress.step == 3
    assert course.back(progress, LESSON).step == 2


def test_an_answer_stays_with_its_step() -> None:
    progress = course.answer(Progress("x", 1), LESSON, 1)
    assert progress.answer == 1
    further = course.advance(progress, LESSON)
    assert further.answer is None
    further = course.answer(further, LESSON, 0.5)
    assert further.answer == 0.5
    assert course.back(further, LESSON).answer == 1


def test_the_later_answer_counts() -> None:
    progress = course.answer(course.answer(Progress("x", 1), LESSON, 0), LESSON, 1)
    assert progress.answers == ((1, 1),)


def test_a_step_without_a_question_takes_no_answer() -> None:
    assert course.answer(Progress("x"), LESSON, 1) == Progress("x")


def test_a_lesson_that_became_shorter_shows_its_last_step() -> None:
    assert course.current(Progress("x", 99), LESSON).title == "Four"
    assert course.back(Progress("x", 99), LESSON).step == 2
    assert course.effects(Progress("x", 99), LESSON) == LESSON.steps[3].before


def test_where_the_reader_stands_is_a_value() -> None:
    progress = course.answer(Progress("x", 1), LESSON, 1)
    assert pickle.loads(pickle.dumps(progress)) == progress
    assert {progress: 1}[course.answer(Progress("x", 1), LESSON, 1)] == 1


# -- what it asks of the screen ----------------------------------------------------------------------------


def test_then_is_applied_by_the_answer_and_not_before() -> None:
    before = course.effects(Progress("x", 1), LESSON)
    after = course.effects(course.answer(Progress("x", 1), LESSON, 0), LESSON)
    assert before.experiment == Experiment(depth=6, width=8, batch=8)
    assert after.experiment == before.experiment.replace(activation="tanh")
    assert (before.stage, before.step, before.changes) == (2, "loss", (("activation", "tanh"),))


def test_the_cursor_goes_to_the_operation_that_brings_the_gradient_to_the_selected_stage() -> None:
    experiment = Experiment(depth=6, width=8, batch=8)
    (step,) = parse("+++\ntitle='T'\nsummary='S'\n+++\n## A\n```step\nstage=4\nstep='stage'\n```\n", "x.md").steps
    found = course.cursor(step.before, timeline_of(experiment))
    assert found is not None
    assert trace_of(experiment).steps[found].completes == 4


@pytest.mark.parametrize(("cell", "place"), [("mlp", "at layer 2"), ("lstm", "at t = 2")])
def test_a_place_is_named_as_the_screen_names_it(cell: str, place: str) -> None:
    small = Experiment(cell=cell, depth=3, width=4, batch=4) if cell == "mlp" else Experiment(cell=cell, width=4)
    wanted = expression("gradient@2")
    found = measure(MEASURES["gradient"], "2", trace_of(small))
    assert place in course.naming(wanted, {wanted.text: found}.get)


@pytest.mark.parametrize(("word", "name"), [("start", None), ("loss", "loss"), ("arrived", "arrived"), ("end", "last")])
def test_the_cursor_goes_to_the_moment_that_the_step_names(word: str, name: str | None) -> None:
    timeline = timeline_of(Experiment(depth=6, width=8, batch=8))
    (step,) = parse(f"+++\ntitle='T'\nsummary='S'\n+++\n## A\n```step\nstep='{word}'\n```\n", "x.md").steps
    assert course.cursor(step.before, timeline) == (getattr(timeline, name) if name else 0)


def test_the_cursor_goes_to_an_operation_by_number_or_stays() -> None:
    timeline = timeline_of(Experiment(depth=6, width=8, batch=8))
    (step,) = parse("+++\ntitle='T'\nsummary='S'\n+++\n## A\n```step\nstep=4\n```\n", "x.md").steps
    assert course.cursor(step.before, timeline) == 4
    assert course.cursor(LESSON.steps[3].before, timeline) is None


# -- what it has measured ----------------------------------------------------------------------------------


def test_the_text_is_measured_before_the_answer_and_the_check_after_it() -> None:
    sigmoid = trace_of(Experiment(depth=6, width=8, batch=8)).outcome
    tanh = trace_of(Experiment(depth=6, width=8, batch=8, activation="tanh")).outcome
    first = readings_of(Progress("x")).shown
    assert first["average_factor"].value == sigmoid.average_factor
    assert first["b.average_factor"].value == tanh.average_factor
    asked = readings_of(Progress("x", 1)).asked
    assert asked["ratio"].value == tanh.ratio
    assert asked["b.ratio / ratio"].value == 1.0


def test_what_is_measured_does_not_depend_on_whether_the_question_is_answered() -> None:
    progress = Progress("x", 1)
    assert course.need(progress, LESSON) == course.need(course.answer(progress, LESSON, 0), LESSON)


def test_a_step_that_claims_nothing_needs_nothing() -> None:
    assert course.need(Progress("x", 3), LESSON) is None


def test_a_run_that_is_impossible_is_a_value_with_its_reason() -> None:
    source = "+++\ntitle='T'\nsummary='S'\nexperiment={data='csv:/no/such/file.csv'}\n+++\n## A\n\n{ratio}\n"
    found = readings_of(Progress("x"), parse(source, "x.md")).shown["ratio"]
    assert found.value is None
    assert "/no/such/file.csv" in found.problem


def test_a_computation_that_nobody_wants_any_more_stops() -> None:
    class CancelledError(Exception):
        pass

    def watch(share: float) -> None:
        raise CancelledError

    wanted = course.need(Progress("x", 1), LESSON)
    assert wanted is not None
    with pytest.raises(CancelledError):
        wanted.compute(watch)


# -- answers -----------------------------------------------------------------------------------------------

NUMBER = question_of("measure='ratio'")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.24", 0.24),
        (" 1e-18 ", 1e-18),
        ("10^-18", 1e-18),
        ("10**3", 1000.0),
        ("2.5 x 10^-3", 2.5e-3),
        ("2.5·10^-3", 2.5e-3),
        ("×0.24", 0.24),
        ("0,24", 0.24),
        ("24 %", 0.24),
        ("−3", -3.0),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, value: float) -> None:
    assert read_answer(NUMBER, text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "much", "nan", "inf", "1e999", "10^999999", "1 2", "0x10", "--1"])
def test_what_is_no_number_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(Rejected, match="written like"):
        read_answer(NUMBER, text)


def test_orders_of_magnitude_need_a_number_above_0() -> None:
    with pytest.raises(Rejected, match="above 0"):
        read_answer(question_of("measure='ratio'\ndecades=1"), "0")


def test_a_choice_is_read_as_its_letter() -> None:
    assert [read_answer(WHICH, each) for each in ("A", "b", " C ")] == [0, 1, 2]
    for text in ("D", "AB", "", "1", "!"):
        with pytest.raises(Rejected, match="allowed: A, B, C"):
            read_answer(WHICH, text)


def test_the_choice_that_holds_is_right_and_every_other_one_wrong() -> None:
    verdicts = [verdict_of(WHICH, number, ratio=2.0, loss=1.0) for number in range(3)]
    assert [each.right for each in verdicts] == [False, True, False]
    assert {each.truth for each in verdicts} == {1}
    assert all("is 2.00" in each.text and "is 1.00" in each.text for each in verdicts)
    assert all("answer is B" in verdicts[number].text for number in (0, 2))


def test_where_no_choice_holds_nobody_is_wrong() -> None:
    for number in range(3):
        found = verdict_of(WHICH, number, ratio=1.0, loss=1.0)
        assert (found.right, found.truth) == (None, None)
        assert "No answer is true" in found.text
        assert "is 1.00" in found.text


def test_where_several_choices_hold_nobody_is_wrong() -> None:
    for number in range(3):
        found = verdict_of(WHICH, number, ratio=0.5, loss=9.0)
        assert (found.right, found.truth) == (None, None)
        assert "A, C" in found.text


def test_before_everything_is_measured_there_is_no_verdict() -> None:
    for question in (WHICH, NUMBER):
        found = judge(question, 0, {}.get)
        assert found.right is None
        assert "measuring" in found.text


def test_what_cannot_be_measured_is_said() -> None:
    found = judge(NUMBER, 1.0, {"ratio": Measured(None, problem="no such thing")}.get)
    assert found.right is None
    assert "no such thing" in found.text
    assert verdict_of(NUMBER, 1.0, ratio=math.inf).right is None
    assert verdict_of(NUMBER, 1.0, ratio=math.nan).right is None


@pytest.mark.parametrize(
    ("rule", "true", "right", "wrong"),
    [
        ("within=0.1", 2.0, (2.0, 1.8, 2.2), (1.79, 2.21, -2.0, 0.0)),
        ("within=0.1", -2.0, (-1.8, -2.2), (2.0, -1.7)),
        ("within=0.5", 1e-18, (5e-19, 1.5e-18), (1.6e-18, 1e-17)),
        ("decades=1", 1e-18, (1e-17, 1e-19, 3e-18), (1.1e-17, 9e-20)),
        ("decades=0.5", 10.0, (4.0, 31.0), (3.0, 32.0)),
        ("decades=2", 0.0, (), (1e-300, 1.0)),
        ("within=0.1", 0.0, (0.0,), (1e-9,)),
    ],
)
def test_a_number_is_right_within_its_tolerance_and_not_beyond(
    rule: str, true: float, right: tuple[float, ...], wrong: tuple[float, ...]
) -> None:
    question = question_of(f"measure='ratio'\n{rule}")
    assert [verdict_of(question, each, ratio=true).right for each in right] == [True] * len(right)
    assert [verdict_of(question, each, ratio=true).right for each in wrong] == [False] * len(wrong)


def test_a_verdict_on_a_number_names_the_true_one_the_given_one_and_the_rule() -> None:
    text = verdict_of(question_of("measure='ratio'\ndecades=2"), 1e-3, ratio=4.6e-19).text
    assert "4.6e-19" in text
    assert "1.0e-3" in text
    assert "100 times" in text
    assert "10 %" in verdict_of(NUMBER, 1.0, ratio=2.0).text
