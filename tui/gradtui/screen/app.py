"""The app: wiring only. Keys, the clock and results become events, `update` makes the next state, views draw it."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.screen import Screen

from ..model import events as e
from ..model.commands import COMMANDS
from ..model.keys import brought, keys_of
from ..model.needs import NOTHING, Known
from ..model.permissions import OPEN, Permissions
from ..model.state import State
from ..text.glyphs import render
from ..text.language import tr
from ..views.catalogue import PANES
from . import learning
from .actions import ACTIONS
from .diagnosing import Diagnosing
from .host import Host
from .jobs import prepare
from .keeping import Keeper
from .looping import LOOK, Loop
from .palette_entries import palette_entries
from .search import Palette, Search
from .terminal.canvas import Canvas

#: Lines of a lesson that a notch of the wheel goes.
_WHEEL = 2


class Base(Screen[object], inherit_bindings=False):
    """The screen under all dialogs. Without bindings: Textual's own tab would come before ours."""


class GradtuiApp(Host):
    """gradtui's screen."""

    TITLE = "gradtui"
    CSS = """
    Screen { layers: base; overflow: hidden; }
    Input > .input--placeholder, Input > .input--suggestion { color: $text-muted; }
    """
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {Search}
    ACTIONS = ACTIONS

    def __init__(
        self,
        state: State,
        cursor: Iterable[e.Event] = (),
        fps: float = 30.0,
        permissions: Permissions = OPEN,
        known: Known = NOTHING,
    ) -> None:
        """cursor: events to send when the first trace has arrived; fps: frames a second, at most; known: results that
        are there already."""
        super().__init__(state, cursor, fps, permissions, known)
        if permissions.own:
            # Of visitors, progress lives as long as their session.
            self.followed_by.append(Keeper(self).follow)
        self.followed_by.append(Diagnosing(self).follow)
        self.loop = Loop(self)
        # What a key means depends on the view.
        for key in {key for command in (*COMMANDS, *brought(permissions)) for key in keys_of(command.id)}:
            self.bind(key, f"key('{key}')", show=False)

    def compose(self) -> ComposeResult:
        yield self.canvas

    def get_default_screen(self) -> Screen[object]:
        return Base(id="_default")

    def take_process(self) -> None:
        """The process's signals end the app in order."""
        prepare(self.exit)

    def on_mount(self) -> None:
        self.take_process()
        # Whoever changes it: the canvas has the views' colours from it.
        self.theme_changed_signal.subscribe(self, lambda theme: self.show())
        # A visitor's session has been born with its trace.
        self.send()
        if self.state.loop:
            self.set_interval(LOOK, self.loop.look)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent):
            self.loop.touched()
        await super().on_event(event)

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def action_command_palette(self) -> None:
        if self.use_command_palette and not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette offers the table of commands, every field of the experiment, presets, themes and lessons."""
        for entry in palette_entries(self):
            yield SystemCommand(render(entry.title), render(entry.help), entry.act)

    def on_canvas_pressed(self, message: Canvas.Pressed) -> None:
        """A click focuses a pane; by a click or a drag bars are picked, and sliders moved."""
        scene, pane, box = self.scene(), PANES.get(message.block), message.box
        if scene is None or pane is None:
            return
        events: list[e.Event] = [] if message.dragged else [e.Focus(pane=pane.id)]
        x, y, width, height = message.x - 1, message.y - 1, box.width - 2, box.height - 2
        if 0 <= x < width and 0 <= y < height:
            events += pane.click(scene, width, height, x, y)
        if events:
            self.send(*events)

    def on_canvas_scrolled(self, message: Canvas.Scrolled) -> None:
        """A lesson's text is scrolled; elsewhere the wheel is up and down."""
        if message.block == "lesson":
            learning.scroll(self, lines=_WHEEL * message.by)
        elif message.block in PANES:
            self.send(e.Arrow(y=message.by))

    def action_help_quit(self) -> None:
        """ctrl+c: cancel a sweep that computes, as in a shell; else say how to leave, as who presses it wants to."""
        if self.sweeps.going:
            self.send(e.StopSweep())
            return
        self.say(tr("{key} quits", key="q"))
