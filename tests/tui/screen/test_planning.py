"""The plan of a training: every field of it in one list, its turns too."""

from __future__ import annotations

from textual.widgets import Input, Label, OptionList

from gradtui.model.state import State
from gradtui.model.trainings import training_of_a
from gradtui.screen.app import GradtuiApp
from gradtui.screen.dialogs.dialogs import Picker
from gradtui.text import language
from gradtui_engine import Experiment
from gradtui_engine.experiment.training import options
from tests.tui.helpers import Pilot, play

SMALL = Experiment(depth=3, width=8, batch=16)


def test_the_list_has_every_field_of_a_training() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("E")
        assert isinstance(app.screen, Picker)
        assert app.screen._names == tuple(options())

    play(script, SMALL)


def test_the_fields_of_a_training_are_called_in_the_readers_language() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("E")
        await pilot.pause()
        listed = app.screen.query_one(OptionList)
        text = "\n".join(str(listed.get_option_at_index(number).prompt) for number in range(listed.option_count))
        assert "迭代次数" in text
        assert "验证间隔" in text
        assert not any(name in text for name in options()), "no name of a field is left in English"
        assert not any("–" in line for line in text.splitlines() if "中途更改" in line)

    language.use("zh")
    try:
        play(script, State(SMALL, view="train"), (80, 24))
    finally:
        language.use("en")


def test_turns_are_typed_and_taken_away() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("E", "t", "enter")
        box = app.screen.query_one(Input)
        box.value = "5:gain=2"
        await pilot.press("enter")
        assert "gain" in str(app.screen.query_one(".problem", Label).render()), "no field that can change on the way"
        box.value = "9:clip=norm 5:learning-rate=0.01"
        await pilot.press("enter")
        training = training_of_a(app.state)
        assert training is not None
        assert [str(turn) for turn in training.turns] == ["5:learning-rate=0.01", "9:clip=norm"]
        await pilot.press("E", "t", "enter")
        assert app.screen.query_one(Input).value == "5:learning-rate=0.01 9:clip=norm"
        await pilot.press("backspace", "enter")
        assert app.state.plan == ()

    play(script, State(SMALL, view="train"))
