"""Lessons that train: what they ask for, what is measured of a training, and that nothing is trained twice."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from gradtui.lessons import course, staging
from gradtui.lessons.check import faults
from gradtui.lessons.format import LessonError, parse
from gradtui.lessons.lesson import Lesson, Setup
from gradtui.lessons.reading import Histories, Reading, Subject
from gradtui.model.needs import Iteration, need_of
from gradtui.model.progress import Progress
from gradtui.model.shown import source_of_a
from gradtui.model.state import State
from gradtui.model.trainings import HistoryOf, training_of_a, training_of_b
from gradtui.model.update import update
from gradtui_engine import Experiment, Training, TrainingHistory, train
from gradtui_engine.core.fields import Rejected
from gradtui_engine.measures.expression import expression

SMALL = Experiment(depth=3, width=8, batch=16, activation="relu", init="he_normal", learning_rate=0.3)
PLAN = (("iterations", 60), ("validate_every", 10))
#: The first update throws it away.
BROKEN = Experiment(depth=6, width=8, batch=16, activation="linear", gain=5.0)
HEAD = """+++
title = "T"
summary = "S"
view = "train"
experiment = {depth = 3, width = 8, batch = 16, activation = "relu", init = "he_normal", learning_rate = 0.3}
changes = {learning_rate = 0.001}
training = {iterations = 60, validate_every = 10}
+++
"""
SOURCE = (
    HEAD
    + """
## It has learnt

{accuracy} of the held-out digits.

```step
train = true
```

## And B?

```step
ask = "Does it?"
choices = [{say = "yes", when = "b.accuracy > 0.5"}, {say = "no", when = "b.accuracy < 0.5"}]
train = true
reveal = "{b.accuracy}, and after {iterations_to@1.5} iterations A costs less than 1.5."
```

## Iteration 40

```step
view = "explore"
iteration = 40
```
"""
)


@functools.cache
def history(experiment: Experiment = SMALL) -> TrainingHistory:
    return train(Training(experiment=experiment, **dict(PLAN)))


def lesson(source: str = SOURCE) -> Lesson:
    return parse(source, "x.md", "x")


def measured(text: str, experiment: Experiment = SMALL, changes: Any = ()) -> Any:
    """What is measured, of the history that is there."""
    subject = Subject(experiment, changes, PLAN)
    need = Reading(subject, subject, (expression(text).text,), ())
    known = {HistoryOf(each.training): each for each in (history(experiment),)}
    return need.compute(lambda share: None, known).shown[expression(text).text]


# -- what is measured --------------------------------------------------------------------------------------


def test_a_measure_at_an_iteration_is_that_of_the_iteration_itself() -> None:
    run = history().at(40)
    assert measured("loss[40]").value == run.loss == history().snapshot().columns["loss"][40]
    norms = [float(np.linalg.norm(run.gradients[f"h/{layer}"])) for layer in (1, 3)]
    assert measured("ratio[40]").value == pytest.approx(norms[0] / norms[1], rel=1e-12)
    assert measured("gradient[40]@last").value == pytest.approx(norms[1], rel=1e-12)
    off = [np.all(run.values[f"h/{layer}"] == 0, axis=0).mean() for layer in (1, 2, 3)]
    assert measured("dead_units[40]").value == pytest.approx(np.mean(off))
    assert measured("loss[last]").value == history().at(59).loss
    assert measured("loss[0]").value == measured("loss").value


def test_what_a_training_has_come_to_is_what_its_snapshot_says() -> None:
    snapshot = history().snapshot()
    last = snapshot.validations[-1]
    assert (last.iteration, measured("accuracy").value) == (60, last.accuracy)
    assert measured("end_loss").value == last.loss
    assert measured("accuracy[35]").value == next(row.accuracy for row in snapshot.validations if row.iteration == 30)
    assert measured("learning").value == "trained"
    assert measured("guess").value == snapshot.guess
    assert measured("worst_loss").value == snapshot.columns["loss"].max()
    assert measured("worst_loss[5]").value == snapshot.columns["loss"][:5].max()


def test_iterations_to_a_loss_are_those_until_twenty_batches_cost_less() -> None:
    losses = history().snapshot().columns["loss"]
    first = int(measured("iterations_to@1.5").value)
    assert losses[first - 19 : first + 1].mean() < 1.5 <= losses[first - 20 : first].mean()
    assert measured("iterations_to@0").value is None
    assert measured("iterations_to[10]@1.5").value is None


def test_a_training_that_diverges_says_at_which_iteration_and_how_far_it_went() -> None:
    found = {name: measured(name, BROKEN).value for name in ("learning", "diverged_at", "worst_loss")}
    assert found["learning"] == "diverged"
    snapshot = history(BROKEN).snapshot()
    assert found["diverged_at"] == snapshot.count - 1 < 59
    assert found["worst_loss"] == max(loss for loss in snapshot.columns["loss"] if math.isfinite(loss))
    assert measured("diverged_at").value is None
    assert "there are 0 to" in measured("loss[50]", BROKEN).problem
    assert "there are 1 to" in measured("accuracy[50]", BROKEN).problem


def test_the_horizon_is_the_steps_back_that_a_thousandth_gets_to() -> None:
    lstm = Experiment(cell="lstm", data="adding", steps=12, width=4, batch=8, forget_bias=-4.0)
    norms = [10.0**each for each in history(lstm).snapshot().columns["cell_gradient"].astype(float)[[4, -1], 1:]]
    for text, shares in zip(("horizon[5]", "horizon"), norms, strict=True):
        back = (shares / shares[-1])[::-1]
        assert measured(text, lstm).value == np.argmax(back < 1e-3) - 1 > 0
    assert measured("horizon").value is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ratio[end]", "allowed: last"),
        ("accuracy@last", "without @last"),
        ("iterations_to", "iterations_to@0.5"),
        ("iterations_to@low", "iterations_to@0.5"),
        ("ratio[3", "no measure"),
        ("factor[3]", "factor@first"),
    ],
)
def test_what_cannot_be_measured_of_a_training_is_refused_with_what_can(text: str, says: str) -> None:
    with pytest.raises(Rejected, match=says.replace("[", r"\[")):
        expression(text)


@pytest.mark.parametrize(("text", "trains"), [("ratio", False), ("ratio[3]", True), ("loss / b.guess", True)])
def test_what_needs_a_training_is_known_before_anything_is_computed(text: str, trains: bool) -> None:
    assert expression(text).trains is trains
    assert expression(expression(text).text) == expression(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ratio[40]", "what arrives of the gradient at iteration 40"),
        ("b.dead[last]@2", "B's dead units at layer 2 at the last iteration"),
        ("accuracy[40]", "accuracy after 40 iterations"),
        ("iterations_to@0.04", "iterations to a loss below 0.04"),
    ],
)
def test_what_was_measured_is_named_with_its_iteration(text: str, name: str) -> None:
    wanted = expression(text)
    assert course.naming(wanted, {wanted.text: measured("loss")}.get).startswith(name)


# -- what a lesson asks for --------------------------------------------------------------------------------


def test_a_step_trains_as_it_begins_or_once_it_is_answered() -> None:
    first, second, third = lesson().steps
    assert (first.before.train, first.after.train) == (True, True)
    assert (second.before.train, second.after.train) == (False, True)
    assert (third.before.view, third.before.iteration, third.before.train) == ("explore", 40, False)
    assert {step.before.plan for step in lesson().steps} == {PLAN}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("training = {iterations = 0}", "training.iterations"),
        ("training = {iteration = 5}", "did you mean 'iterations'"),
        ('training = {batches = "fresh"}', "training.batches"),
        ("train = 1", "true, false"),
        ("iteration = -1", "whole number"),
    ],
)
def test_a_training_that_cannot_be_is_reported_with_its_line(line: str, says: str) -> None:
    with pytest.raises(LessonError) as error:
        parse(HEAD + f"\n## One\n\n```step\n{line}\n```\n", "x.md")
    (problem,) = error.value.problems
    assert problem.field == "x.md:13"
    assert says in f"{problem.message}"


@pytest.mark.parametrize(
    ("text", "says"),
    [("{loss[60]}", "iterations 0 to 59"), ("{accuracy[61]}", "iterations 1 to 60"), ("{accuracy[0]}", "1 to 60")],
)
def test_an_iteration_that_the_training_does_not_have_is_reported(text: str, says: str) -> None:
    with pytest.raises(LessonError, match=says):
        parse(HEAD + f"\n## One\n\n{text}\n", "x.md")


def test_the_check_trains_what_a_lesson_measures_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Training] = []
    advance = TrainingHistory.advance

    def counted(self: TrainingHistory, *given: Any, **named: Any) -> None:
        made.append(self.training)
        advance(self, *given, **named)

    monkeypatch.setattr(TrainingHistory, "advance", counted)
    assert not list(faults(lesson()))
    assert len(made) == len(set(made)) == 2


def test_a_question_about_a_training_without_one_true_answer_is_a_fault() -> None:
    wrong = SOURCE.replace("b.accuracy > 0.5", "b.accuracy < 0.9")
    (problem,) = faults(lesson(wrong))
    assert "choices A, B are all true" in str(problem.message)


# -- on the screen -----------------------------------------------------------------------------------------


def staged(state: State, setup: Setup) -> State:
    for event in staging.scenery(setup):
        state = update(state, event, None)
    return state


def test_a_step_brings_its_training_and_starts_it() -> None:
    first, _, third = lesson().steps
    state = staged(State(Experiment()), first.before)
    assert (state.view, state.training, state.follows, state.plan) == ("train", True, True, PLAN)
    assert training_of_a(state) == Training(experiment=SMALL, **dict(PLAN))
    assert training_of_b(state) == Training(experiment=SMALL.replace(learning_rate=0.001), **dict(PLAN))
    back = staged(state, third.before)
    assert (back.view, back.iteration, back.opened, back.loaded, back.training) == ("explore", 40, 40, False, True)
    assert need_of(source_of_a(back)) == Iteration(Training(experiment=SMALL, **dict(PLAN)), 40)


def test_a_lesson_that_does_not_train_leads_back_to_the_first_iteration() -> None:
    state = staged(State(Experiment()), lesson().steps[2].before)
    plain = parse("+++\ntitle='T'\nsummary='S'\n+++\n## A\n", "x.md").steps[0].before
    after = staged(state, plain)
    assert (after.plan, after.iteration, after.opened, after.message) == ((), 0, 0, "")


def test_the_answer_turns_the_screen_where_it_trains() -> None:
    before = Progress("x", 1)
    answered = course.answer(before, lesson(), 0)
    assert staging.turned(before, answered, lesson()) == lesson().steps[1].after


def test_what_is_asked_of_a_training_waits_until_the_screen_has_trained() -> None:
    progress = Progress("x", 1, ((1, 0),))
    page = staging.TrainedPage("x", 1, "en", True)
    assert page not in staging.needs(progress, "en", training=True)
    assert page in staging.needs(progress, "en", training=False)
    assert staging.TrainedPage("x", 1, "en", False) in staging.needs(Progress("x", 1), "en")


def test_what_the_screen_has_trained_is_read_and_not_trained_again() -> None:
    wanted = course.need(Progress("x", 0), lesson())
    assert wanted is not None
    histories: Histories = {}
    known = {HistoryOf(history().training): history()}
    found = wanted.compute(lambda share: None, known, histories)
    assert not histories
    assert found == wanted.compute(lambda share: None, histories=histories)
    assert list(histories) == [history().training]


def test_until_it_has_trained_the_verdict_says_so() -> None:
    question = lesson().steps[1].question
    assert question is not None
    assert course.judge(question, 0, {}.get) == course.Verdict(None, "training …")
