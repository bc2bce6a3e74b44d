"""Lessons and presets that train, under Pilot: the network trains as they say, once, and the verdict comes after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradtui.lessons.library import find
from gradtui.lessons.staging import scenery
from gradtui.model import events as e
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.model.trainings import training_of_a, training_of_b
from gradtui.screen.app import GradtuiApp
from gradtui.screen.editing import open_preset
from gradtui.screen.learning import open_lesson
from gradtui_engine import Experiment, Training, TrainingHistory, train
from gradtui_engine.core.figures import short
from tests.tui.helpers import Pilot, play, settled, shown, until

LESSON = """+++
title = "Two rates"
summary = "A lesson that trains."
view = "train"
experiment = {depth = 2, width = 8, batch = 16, activation = "relu", init = "he_normal", learning_rate = 0.3}
changes = {learning_rate = 0.001}
training = {iterations = 40, validate_every = 10}
+++

## Which is better?

```step
train = true
ask = "A or B?"
choices = [
  {say = "the large rate", when = "accuracy > b.accuracy"},
  {say = "the small one", when = "accuracy < b.accuracy"},
]
reveal = "At iteration 30 the loss was {loss[30]}."
```

## Iteration 20

The loss was {loss[20]}.

```step
view = "explore"
iteration = 20
```
"""
NAME = "00-two-rates"
SMALL = Experiment(depth=2, width=8, batch=16)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Training]:
    """The trainings that are begun, while the lesson is among the user's own."""
    (tmp_path / f"{NAME}.md").write_text(LESSON, encoding="utf-8")
    monkeypatch.setenv("GRADTUI_LESSONS", str(tmp_path))
    begun: list[Training] = []
    begin = TrainingHistory.__init__

    def counted(self: TrainingHistory, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        begun.append(self.training)

    monkeypatch.setattr(TrainingHistory, "__init__", counted)
    return begun


def test_a_prediction_trains_both_once_and_is_judged_by_what_came(made: list[Training]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        open_lesson(app, NAME)
        await settled(app, pilot)
        assert (app.state.view, app.state.trained, made) == ("train", 0, [])
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "✓ Right" in shown(app), "the verdict")
        a, b = training_of_a(app.state), training_of_b(app.state)
        assert a is not None
        assert set(made) == {a, b}
        loss = train(a).columns["loss"]
        assert f"At iteration 30 the loss was {short(float(loss[30]))}." in shown(app)
        made.pop()
        await pilot.press("enter")
        await until(pilot, lambda: f"The loss was {short(float(loss[20]))}." in shown(app), "its loss")
        await settled(app, pilot)
        assert app.record is not None
        assert (app.state.view, app.record.source.iteration) == ("explore", 20)
        assert len(made) == 2, "nothing is trained twice"

    play(script, State(SMALL), (120, 40))


def test_a_step_that_looks_at_an_iteration_has_it_trained_where_it_is_opened_first(made: list[Training]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        entry = find(NAME, "en")
        assert entry is not None
        assert entry.lesson is not None
        app.send(e.Learn(Progress(NAME, 1)), *scenery(entry.lesson.steps[1].before))
        await until(pilot, lambda: app.record is not None and app.record.source.iteration == 20, "iteration 20")
        await until(pilot, lambda: "The loss was …" not in shown(app), "its loss")

    play(script, State(SMALL), (120, 40))


def test_a_preset_that_is_about_a_training_trains_and_one_that_is_not_takes_its_plan_back() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        open_preset(app, "train-dead")
        assert (app.state.view, app.state.quantity, app.state.training) == ("train", "saturated", True)
        assert dict(app.state.plan) == {"iterations": 200}
        await until(pilot, lambda: app.state.trained > 3, "some iterations")
        open_preset(app, "vanishing")
        await settled(app, pilot)
        assert (app.state.view, app.state.training, app.state.trained, app.state.plan) == ("explore", False, 0, ())

    play(script, State(SMALL))
