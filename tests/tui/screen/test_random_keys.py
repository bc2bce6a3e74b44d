"""A few thousand random keys, as a child or a cat would press them: no exception, and the quit key still quits."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from textual import events

from gradtui.model.commands import COMMANDS
from gradtui.model.keys import key_name
from gradtui.model.panes_of import panes_of
from gradtui.model.state import State
from gradtui.screen.app import GradtuiApp
from gradtui.views.catalogue import PANES
from gradtui_engine import Experiment
from gradtui_engine.cells.table import CELLS
from gradtui_engine.run import size
from tests.examples import spread
from tests.tui.helpers import Pilot, play, until

#: Keys that leave the process, and the ones that a person is left with when all else is pressed at random.
LEAVING = {key for each in COMMANDS if each.id in ("quit", "suspend") for key in each.keys}
KEYS = [key for each in COMMANDS for key in each.keys if key not in LEAVING]
#: What dialogs know beside the commands' keys.
TYPED = ["0", "8", "9", "e", "minus", "full_stop", "delete", "ctrl+c", "ctrl+a", "ctrl+u", "ctrl+w", "f1", "insert"]
#: Of a hundred keys so many close a dialog, and so many confirm it: else the first one would take all that follow.
CLOSING, CONFIRMING = 8, 6
SIZES = ((120, 40), (80, 24), (60, 16), (20, 5), (100, 30))


def drawn(choose: random.Random) -> str:
    share = choose.random() * 100
    if share < CLOSING:
        return "escape"
    if share < CLOSING + CONFIRMING:
        return "enter"
    return choose.choice(KEYS if share < 94 else TYPED)


def key_event(key: str) -> events.Key:
    """As a terminal's driver makes it: with the character that is typed, where there is one."""
    special = {"space": " ", "enter": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f"}
    name = key_name(key)
    return events.Key(key, special.get(key, name if len(name) == 1 and name.isascii() else None))


def assert_well(app: GradtuiApp, keys: list[str]) -> None:
    """The app lives, and what is on the screen is the view's."""
    where = f"after {len(keys)} keys, the last ones {keys[-40:]}"
    assert app.is_running, where
    assert app.state.pane in panes_of(app.state), where
    width, height = app.size
    for name, (box, lines) in app.canvas.blocks.items():
        assert name not in PANES or name in panes_of(app.state), where
        assert box.x + box.width <= width, where
        assert box.y + len(lines) <= height, where


@pytest.fixture(autouse=True)
def harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written lands in a folder of the test's, and no field makes a trace that takes seconds."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(size, "MOST_BYTES", 32 * 2**20)


@pytest.mark.parametrize(
    ("seed", "count"),
    [(0, 100), *(pytest.param(seed, 700, marks=pytest.mark.soak) for seed in range(4))],
)
def test_random_keys_raise_nothing_and_q_still_quits(seed: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    choose = random.Random(seed)
    cell = tuple(CELLS)[seed]
    start = Experiment(cell=cell, depth=3, width=4, batch=4)
    keys: list[str] = []
    left: list[Any] = []

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        with monkeypatch.context() as patch:
            # The palette offers to quit, too: that is noted, and the keys go on.
            patch.setattr(app, "exit", lambda *given, **named: left.append(given))
            while len(keys) < count:
                for _ in range(choose.randint(1, 12)):
                    keys.append(drawn(choose))
                    app.post_message(key_event(keys[-1]))
                    await asyncio.sleep(0)
                await pilot.pause(0.004)
                if choose.random() < 0.05:
                    await pilot.resize_terminal(*choose.choice(SIZES))
                if choose.random() < 0.08:
                    await pilot.pause()
                    assert_well(app, keys)
            await pilot.pause()
            assert_well(app, keys)
        await pilot.resize_terminal(80, 24)
        for _ in range(len(app.screen_stack) + 1):
            await pilot.press("escape")
        assert len(app.screen_stack) == 1, f"esc closes every dialog; {keys[-40:]}"
        await pilot.press("q")
        await until(pilot, lambda: app.return_value is not None, "the end")

    assert play(script, State(start, cell=cell), (100, 30), fps=15).return_value == 0
    assert left in ([], [(0,)] * len(left), [()] * len(left))


#: Typed ahead, or held down, on a slow line: what the first key closes is gone when the second one comes.
BURSTS = [
    ("colon", "escape"),
    ("colon", "escape", "escape"),
    ("colon", "pagedown"),
    ("colon", "t", "h", "e", "m", "e", "enter", "enter", "enter"),
    ("ctrl+p", "ctrl+p", "colon", "escape"),
    ("a", "escape", "escape"),
    ("a", "pageup", "end", "enter", "enter"),
    ("d", "2", "enter", "enter"),
    ("f", "escape", "escape"),
    ("P", "enter", "enter"),
    ("D", "end", "enter", "escape", "escape"),
    ("question_mark", "escape", "escape", "question_mark"),
    ("p", "p", "escape"),
    ("7", "enter", "enter", "enter", "escape"),
]


@spread("keys", BURSTS, 7, ids="-".join)
def test_keys_that_come_all_at_once_are_no_trouble(keys: tuple[str, ...]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for key in keys:
            app.post_message(key_event(key))
        for _ in range(3):
            await pilot.pause()
        assert_well(app, list(keys))
        for _ in range(len(app.screen_stack) + 1):
            await pilot.press("escape")
        assert len(app.screen_stack) == 1
        await pilot.press("q")

    assert play(script, Experiment(depth=3, width=4, batch=4)).return_value == 0
