"""Rows that go straight to the terminal: the picture is the one that Textual's compositor makes of the same widgets."""

from __future__ import annotations

import dataclasses

import pyte
import pytest
from rich.color import ColorSystem
from textual._compositor import CompositorUpdate
from textual.pilot import Pilot
from textual.widgets import Static

from gradtui.model.events import Arrow, Event, Focus, Move, NextQuantity, SelectUnit, Show, Tick, TogglePlay, Zoom
from gradtui.screen.app import GradtuiApp
from gradtui.screen.terminal.diff import Changes, Picture, Rows
from gradtui.screen.terminal.painting import Panes
from gradtui_engine import Experiment
from tests.tui.helpers import play, settled

SIZE = (120, 40)
EXPERIMENTS = {"mlp": Experiment(), "lstm": Experiment(cell="lstm")}


class Seen:
    """A terminal that reads changes as they are written."""

    def __init__(self) -> None:
        self.screen, self._picture = pyte.Screen(*SIZE), Picture()
        self.screen.reset_mode(pyte.modes.DECAWM)
        self._stream = pyte.Stream(self.screen)

    def read(self, app: GradtuiApp, update: CompositorUpdate | Rows) -> None:
        app.console._color_system = ColorSystem.TRUECOLOR
        self._stream.feed(Changes(update, self._picture, SIZE).render_segments(app.console))

    @property
    def cells(self) -> list[list[object]]:
        return [[self.screen.buffer[y][x] for x in range(SIZE[0])] for y in range(SIZE[1])]


def whole(app: GradtuiApp) -> CompositorUpdate:
    """All that is to be seen, as Textual composes it."""
    return app.screen._compositor.render_full_update()


def panes(app: GradtuiApp) -> Panes:
    screen = app.screen_stack[0]
    assert isinstance(screen, Panes)
    return screen


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_is_painted_is_what_textual_would_have_composed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Rows] = []
    monkeypatch.setattr(GradtuiApp, "write", lambda app, screen, rows: written.append(rows))
    changes = (
        Tick(1),
        Tick(5),
        Arrow(y=1),
        Arrow(y=-1),
        SelectUnit(3),
        Move(-20),
        NextQuantity(1),
        TogglePlay(),
        Tick(9),
    )

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        # Drawn here and nowhere else.
        monkeypatch.setattr(app, "show", lambda **how: None)
        monkeypatch.setattr(app, "play", lambda speed: None)
        seen = Seen()
        seen.read(app, whole(app))
        app.send(TogglePlay())
        for number, event in enumerate(changes):
            app.send(event)
            app.draw()
            assert panes(app).paint(app), event
            for rows in written:
                seen.read(app, rows)
            textual = Seen()
            textual.read(app, whole(app))
            assert seen.cells == textual.cells, (number, event)
            written.clear()

    play(script, EXPERIMENTS[name], SIZE)


@pytest.mark.parametrize("event", [Focus(by=1), Zoom(), Show("lab")], ids=lambda each: type(each).__name__)
def test_where_more_than_rows_has_changed_textual_draws(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Rows] = []
    monkeypatch.setattr(GradtuiApp, "write", lambda app, screen, rows: written.append(rows))

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        monkeypatch.setattr(app, "show", lambda **how: None)
        app.send(event)
        app.draw()
        assert not panes(app).paint(app)
        assert not written

    play(script, None, SIZE)


def test_what_lies_over_the_panes_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Rows] = []
    monkeypatch.setattr(GradtuiApp, "write", lambda app, screen, rows: written.append(rows))

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        over = Static("as a toast")
        await app.screen.mount(over)
        await pilot.pause()
        monkeypatch.setattr(app, "show", lambda **how: None)
        for opened in (False, True):
            if opened:
                await over.remove()
                await pilot.press("question_mark")
                await pilot.pause()
            app.state = dataclasses.replace(app.state, step=app.state.step - 3)
            app.draw()
            assert panes(app)._dirty_widgets
            assert not panes(app).paint(app)
        assert not written

    play(script, None, SIZE)
