"""A screen for a stand: a page that is left alone gives way to the next, which plays by itself."""

from __future__ import annotations

from gradtui.model import events as e
from gradtui.model.names import WAVE_END
from gradtui.model.story import pair_of
from gradtui.screen.app import GradtuiApp
from gradtui.screen.looping import Loop
from gradtui_engine import Experiment
from tests.tui.helpers import Pilot, play, settled

PAIR = Experiment(depth=3, width=4)


def test_a_page_plays_when_it_is_there_and_after_a_minute_alone_the_next_begins() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        app.send(e.OpenPair("relu"))
        await settled(app, pilot)
        loop = Loop(app, alone=60.0)
        loop.look()
        assert (app.state.playing, app.state.wave) == (True, 0)
        loop.look()
        assert pair_name(app) == "relu", "nobody has waited for a minute"
        patient = Loop(app, alone=0.0)
        patient.look()
        assert pair_name(app) == "small"
        assert (app.state.playing, app.state.wave) == (False, WAVE_END)

    play(script, PAIR)


def test_whoever_leaves_the_screen_in_another_view_or_behind_a_dialog_leaves_it_to_the_story() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("question_mark")
        assert len(app.screen_stack) == 2
        Loop(app, alone=0.0).look()
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert pair_name(app) == "relu"

    play(script, PAIR)


def test_while_somebody_presses_keys_the_page_stays() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        app.send(e.OpenPair("relu"))
        await settled(app, pilot)
        app.loop = Loop(app, alone=60.0)
        await pilot.press("n")
        app.loop.look()
        assert pair_name(app) == "relu"
        assert not app.state.playing, "who is there plays it or does not"

    play(script, PAIR)


def pair_name(app: GradtuiApp) -> str:
    pair = pair_of(app.state)
    return pair.name if pair is not None else ""
