"""Training on the screen under Pilot: it goes on beside the keys, any iteration comes back in each view, B branches."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from textual.widgets import Input

from gradtui.model import events as e
from gradtui.model.needs import NO_MEMORY, Computed, Failed, Iteration
from gradtui.model.permissions import VISITOR
from gradtui.model.state import State
from gradtui.model.trainings import HistoryOf, training_of_a, training_of_b
from gradtui.screen.app import GradtuiApp
from gradtui.screen.training import Trainings
from gradtui.text import process
from gradtui_engine import Experiment, ExperimentError, Trainer, Training, TrainingHistory, train
from gradtui_engine.core import allowances
from gradtui_engine.training.checkpoints import Checkpoints
from tests.tui.helpers import Pilot, play, settled, shown, title_of, toasts, until

SMALL = Experiment(depth=3, width=8, batch=16)
PLAN = (("iterations", 40),)


def state(**fields: object) -> State:
    return State(SMALL, view="train", plan=PLAN, **fields)  # type: ignore[arg-type]


async def trained(app: GradtuiApp, pilot: Pilot[int]) -> None:
    """Until nothing is left to be trained."""
    await until(pilot, lambda: app.state.trained > 0 and not app.state.training, "the training's end")
    await settled(app, pilot)


def test_space_trains_to_the_end_and_the_header_says_what_became_of_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert app.state.trained == 0
        await pilot.press("space")
        await trained(app, pilot)
        assert (app.state.trained, app.state.iteration) == (40, 39)
        alone = train(Training(experiment=SMALL, iterations=40)).snapshot()
        scene = app.scene()
        assert scene is not None
        assert scene.snapshot is not None
        np.testing.assert_array_equal(scene.snapshot.columns["loss"], alone.columns["loss"])
        assert scene.learning == alone.outcome
        assert "40 of 40" in shown(app)

    play(script, state())


def test_enter_opens_the_iteration_under_the_cursor_and_every_view_says_which() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await trained(app, pilot)
        await pilot.press("left_square_bracket", "left")
        assert (app.state.iteration, app.state.opened) == (28, 0)
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.state.view == "explore"
        assert app.record is not None
        assert app.record.source.iteration == 28
        assert "iteration 28" in shown(app)
        step = app.state.step
        await pilot.press("less_than_sign")
        await settled(app, pilot)
        assert app.record.source.iteration == 27
        assert app.state.step == step, "the cursor in the pass stays where it was"
        alone = train(Training(experiment=SMALL, iterations=40)).at(27)
        assert [stage.gradient_norm for stage in app.record.stages] == [stage.gradient_norm for stage in alone.stages]

    play(script, state(training=True))


async def beside_training(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """`until` waits for a program that rests after each look: one that trains never does."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await pilot.pause(0.01)


def test_escape_pauses_and_space_goes_on() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        app.action_command("play")
        await beside_training(pilot, lambda: app.state.trained > 0)
        app.action_command("close")
        assert not app.state.training
        await until(pilot, lambda: app.trainings.pace() == 0, "the thread's rest")
        app.trainings.look()
        there = app.trainings.look()[0]
        assert 0 < there < 10**6
        app.action_command("play")
        await beside_training(pilot, lambda: app.state.trained > there and " a second" in shown(app))
        app.action_command("close")

    play(script, State(SMALL, view="train", plan=(("iterations", 10**6),)))


def test_b_is_trained_beside_a_on_the_same_batches() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await trained(app, pilot)
        scene = app.scene()
        assert scene is not None
        assert scene.snapshot is not None
        assert scene.snapshot_b is not None
        assert scene.snapshot_b.count == scene.snapshot.count == 40
        await pilot.press("c")
        await settled(app, pilot)
        await until(pilot, lambda: (s := app.scene()) is not None and s.other is not None, "B")
        scene = app.scene()
        assert scene is not None
        assert scene.other is not None
        assert scene.other.record.source.iteration == scene.record.source.iteration == 39
        a, b = scene.record.listed, scene.other.record.listed
        assert a is not None
        assert b is not None
        np.testing.assert_array_equal(a.target, b.target)

    play(script, state(changes=(("activation", "tanh"),), training=True))


def test_b_branches_off_at_the_cursor_and_has_a_s_iterations_before() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await trained(app, pilot)
        await pilot.press("home", *["right"] * 12, "ampersand", "enter")
        await until(pilot, lambda: app.state.turns == ("12:learning-rate=0.01",), "the branch")
        await until(pilot, lambda: app.state.finished, "its end")
        assert app.state.iteration == 12, "the cursor stays where B branches off"
        a, b = training_of_a(app.state), training_of_b(app.state)
        assert a is not None
        assert b is not None
        histories = [app.trainings.results[HistoryOf(training)] for training in (a, b)]
        assert all(isinstance(history, TrainingHistory) for history in histories)
        losses = [history.columns["loss"] for history in histories]
        np.testing.assert_array_equal(losses[0][:13], losses[1][:13])
        assert losses[0][13] != losses[1][13]
        alone = train(Training(experiment=SMALL, iterations=40, turns=("12:learning-rate=0.01",)))  # type: ignore[arg-type]
        np.testing.assert_array_equal(losses[1], alone.columns["loss"])

    play(script, state(training=True))


def test_another_experiment_begins_anew_and_undo_finds_the_training_still_there() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await trained(app, pilot)
        app.send(e.Change(SMALL.replace(depth=2)))
        await settled(app, pilot)
        assert (app.state.iteration, app.state.training) == (0, False)
        scene = app.scene()
        assert scene is not None
        assert scene.snapshot is None
        await pilot.press("u")
        await until(pilot, lambda: app.state.trained == 40, "the training of before")
        scene = app.scene()
        assert scene is not None
        assert scene.snapshot is not None
        assert scene.snapshot.count == 40

    play(script, state(training=True))


def test_an_iteration_that_nobody_has_trained_up_to_is_trained_for_it() -> None:
    """As an address asks for it: gradtui --iteration 20."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.source.iteration == 20
        await until(pilot, lambda: app.state.trained == 21, "what was trained for it")

    play(script, State(SMALL, plan=PLAN, iteration=20, opened=20))


def test_a_record_that_is_asked_for_comes_though_the_cursor_has_gone_back_meanwhile() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        begun = TrainingHistory(Trainer(Training(experiment=SMALL, iterations=40)))
        begun.advance(2)
        app.trainings.adopt(begun)
        app.state = replace(app.state, iteration=1, opened=20, follows=False, loaded=False)
        app.send()
        await until(
            pilot, lambda: app.record is not None and app.record.source.iteration == 20, "the one that is asked for"
        )

    play(script, state())


def test_a_training_that_diverges_ends_there_and_says_so() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("space")
        await until(pilot, lambda: app.state.trained > 0 and not app.state.training, "the end")
        scene = app.scene()
        assert scene is not None
        assert scene.learning is not None
        assert scene.learning.kind == "diverged"
        assert app.state.trained == 3, "the run up to there stays"
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.source.iteration == 2

    play(script, State(Experiment(activation="relu", init="he_normal", gain=1.5), view="train"))


# -- the thread ----------------------------------------------------------------------------------------------


def test_what_is_not_looked_at_is_dropped_the_oldest_first_and_what_is_looked_at_never() -> None:
    trainings = Trainings()
    plans = [Training(experiment=SMALL, iterations=2, step_factor=0.1 * number) for number in range(1, 10)]
    for plan in plans:
        trainings.adopt(train(plan))
        trainings.want([plan], False)
    assert [plan for plan in plans if HistoryOf(plan) in trainings.results] == plans[-6:]
    with process.during(kept_results=0):
        trainings.want([plans[5]], False)
    assert [plan for plan in plans if HistoryOf(plan) in trainings.results] == [plans[5]]
    trainings.close()


def test_one_for_which_there_is_no_memory_ends_and_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: TrainingHistory, count: int | None = None, watch: object = None) -> None:
        raise MemoryError

    monkeypatch.setattr(TrainingHistory, "advance", fail)

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("space")
        await until(pilot, lambda: app.state.finished, "the end")
        await until(pilot, lambda: "not enough memory" in shown(app) + toasts(app), "what is said")
        assert not app.state.training

    play(script, state())


def test_whoever_waits_for_an_iteration_of_one_without_memory_waits_no_more() -> None:
    plan = Training(experiment=SMALL, iterations=40)
    history = TrainingHistory(Trainer(plan))
    known = {HistoryOf(plan): history}
    history.interrupted = True
    assert Iteration(plan, 20).compute(lambda share: None, known) == Failed(NO_MEMORY)
    history.advance(3)
    history.interrupted = True
    computed = Iteration(plan, 20).compute(lambda share: None, known)
    assert isinstance(computed, Computed)
    assert computed.record.source.iteration == 2


def test_an_error_that_nobody_has_foreseen_is_not_kept_in_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: TrainingHistory, count: int | None = None, watch: object = None) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(TrainingHistory, "advance", fail)
    trainings = Trainings()

    def begin() -> None:
        trainings.want([Training(experiment=SMALL, iterations=2)], True)
        trainings.wait()
        trainings.look()

    with pytest.raises(ZeroDivisionError):
        begin()
    trainings.close()


def test_a_training_stays_the_same_one_however_its_thread_and_the_screen_take_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hash that waits lets the other thread have its turn in the middle of each look at the table."""
    whole = Training.__hash__

    def slow(self: Training) -> int:
        time.sleep(1e-4)
        return whole(self)

    plan = Training(experiment=SMALL, iterations=10**6)
    trainings = Trainings()
    first = TrainingHistory(Trainer(plan))
    trainings.adopt(first)
    monkeypatch.setattr(Training, "__hash__", slow)
    for _ in range(100):
        trainings.want([plan], True)
        assert trainings.results[HistoryOf(plan)] is first
    trainings.close()
    trainings.wait()


def test_a_visitors_training_has_a_length_that_is_allowed() -> None:
    # What it changes is put back.
    with process.during(own_lessons=False, engine=allowances.current()):
        VISITOR.enforce()
        with pytest.raises(ExperimentError) as refused:
            Training(experiment=SMALL, iterations=2001)
        assert [(each.field, str(each.message)) for each in refused.value.problems] == [
            ("iterations", "2001 given; allowed here: 1 to 2000")
        ]
        trainer = Trainer(Training(experiment=Experiment(width=256, batch=8, dtype="float32"), iterations=30))
        trainer.checkpoints = Checkpoints(seconds=0.0)
        trainer.advance(30)
        assert trainer.checkpoints.nbytes <= 16 * 2**20
        assert 0 in trainer.checkpoints.iterations
    assert allowances.current().tables


def test_escape_cancels_the_way_to_an_iteration_and_the_one_on_the_screen_stays() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await trained(app, pilot)
        await pilot.press("enter")
        await settled(app, pilot)
        app.jobs.want = lambda needs: None  # type: ignore[method-assign]  # nothing arrives any more
        await pilot.press("less_than_sign", "escape")
        assert app.record is not None
        assert (app.state.iteration, app.state.opened) == (39, 39) == (app.record.source.iteration,) * 2
        assert app.state.loaded

    play(script, state(training=True))


def test_in_compare_both_follow_a_training_that_goes_on() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        def both(least: int) -> bool:
            scene = app.scene()
            other = scene.other if scene is not None else None
            return other is not None and min(app.record.source.iteration, other.record.source.iteration) > least  # type: ignore[union-attr]

        app.action_command("view_compare")
        await beside_training(pilot, lambda: both(0))
        first = app.state.trained
        await beside_training(pilot, lambda: both(first))
        app.action_command("close")

    fields = {"changes": (("activation", "tanh"),), "training": True}
    play(script, State(SMALL, view="train", plan=(("iterations", 10**6),), **fields))  # type: ignore[arg-type]


def test_where_a_has_ended_before_b_both_say_at_which_iteration_they_are() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await trained(app, pilot)
        await pilot.press("c")
        await settled(app, pilot)
        await until(pilot, lambda: (scene := app.scene()) is not None and scene.other is not None, "B")
        assert title_of(app, "side_a").startswith("A at 2")
        assert title_of(app, "side_b").startswith("B at 9")
        assert "A ended at iteration 2, which is shown" in shown(app)

    deep = Experiment(activation="relu", init="he_normal", gain=1.5)
    plan = (("iterations", 10), ("hold_out", 0.0))
    play(script, State(deep, view="train", plan=plan, changes=(("gain", 1.0),), training=True), (120, 36))


def test_the_iteration_is_said_in_every_width() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await trained(app, pilot)
        await pilot.press("enter")
        await settled(app, pilot)
        for width in (60, 66, 80, 100):
            await pilot.resize_terminal(width, 24)
            await until(pilot, lambda width=width: app.canvas.size.width == width, "the new width")  # type: ignore[misc]
            assert "iteration 39" in shown(app), width

    play(script, state(training=True))


def test_another_plan_is_chosen_by_name_or_typed_over_the_present_value() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("E", "enter")
        await pilot.pause()
        assert app.screen.query_one(Input).value == "40"
        await pilot.press("7", "enter")
        await until(pilot, lambda: app.state.plan == (("iterations", 7),), "the plan")
        await pilot.press("E", "s", "enter")
        await pilot.pause()
        await pilot.press("c", "enter")
        await until(pilot, lambda: ("schedule", "cosine") in app.state.plan, "the schedule")
        await pilot.press("u", "u")
        assert app.state.plan == PLAN

    play(script, state())
