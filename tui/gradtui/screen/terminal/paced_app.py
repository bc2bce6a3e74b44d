"""An app that draws when its terminal can take a frame: the pacer's decisions, carried out with Textual."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from typing import Any

from rich.control import Control
from textual import events
from textual.driver import Driver
from textual.timer import Timer

from . import cycles
from .diff import Changes, Picture, Rows, Update, understood
from .ending import Ending
from .pacing import Attention, Pacer

if sys.platform != "win32":
    from textual.drivers.linux_driver import LinuxDriver

    from .driver import Lifeline

#: A frame so many seconds after the last one that a person asked for may leave out what may wait, and is completed when
#: so long nothing has been asked for. Key repeat is ten to thirty a second, and nobody reads in between.
REST = 0.15
#: Seconds until the next look while the kernel does not take what has been written.
_BLOCKED = 0.05


class PacedApp(Ending):
    """Subclasses draw in `draw` and move playback on in `advance`; they call `show` and `play`.

    Where the terminal cannot be asked (Windows, a browser, no terminal at all), frames come at the rate of fps.
    """

    def __init__(self, fps: float = 30.0) -> None:
        super().__init__()
        self.pacer = Pacer(fps)
        #: Steps a second, 0 while nothing plays.
        self._speed = 0.0
        #: Whether there is something to draw, and whether a look is in the queue.
        self._stale = False
        self._looking = False
        self._beat_at: asyncio.TimerHandle | None = None
        #: Whether the frame that is being drawn follows another at once, and when one was asked for last.
        self.hasty = False
        self._asked_at = -math.inf
        self._rest: Timer | None = None
        self._tidy_at: asyncio.TimerHandle | None = None
        #: What the terminal shows since it was taken for so many times.
        self._picture, self._taken = Picture(), 0

    def draw(self) -> None:
        """Draw a frame."""
        raise NotImplementedError

    def advance(self, steps: int) -> None:
        """Move playback on by so many steps, and call `show`."""
        raise NotImplementedError

    def show(self, *, urgent: bool = True) -> None:
        """Draw as soon as the terminal can take it, once for all the keys that wait in the queue by then.

        Not urgent: nobody has pressed a key, and the frame rate holds.
        """
        self._stale = True
        if not urgent:
            self._schedule()
        elif not self._looking:
            self._looking = self.post_message(events.Callback(callback=self._look))

    def show_at_rest(self) -> None:
        """Something has been left out of a hasty frame: show it as soon as nothing more is asked for."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, self._complete)

    def _complete(self) -> None:
        self._asked_at = -math.inf
        self.show()

    def play(self, speed: float) -> None:
        """Play at so many steps a second; 0 stops."""
        if speed == self._speed:
            return
        if not self._speed:
            self.pacer.start(time.monotonic())
        self._speed = speed
        self._schedule()

    # -- frames ----------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Something is to be shown, and a person waits for it."""
        self._looking = False
        if not self._blocked:
            self._draw_if_possible(urgent=True)
        self._schedule()

    def _beat(self) -> None:
        """The clock, or an answer of the terminal: playback moves on, or what waits is drawn."""
        if not self._blocked:
            now = time.monotonic()
            if self._speed and (steps := self.pacer.advance(now, self._speed)):
                self.advance(steps)
            self._draw_if_possible(urgent=False)
            if self.line is not None:
                self.line.ask(self.pacer.ask_again(now))
        self._schedule()

    def _draw_if_possible(self, *, urgent: bool) -> None:
        now = time.monotonic()
        # On the way out the widgets are gone before the last beat comes.
        if self._stale and self.is_running and self.pacer.may_draw(now, urgent=urgent):
            self._stale = False
            self.pacer.drawn(now)
            # It is bytes that are saved: without a terminal there are none.
            self.hasty = urgent and self.line is not None and not self._speed and now - self._asked_at < REST
            if urgent:
                self._asked_at = now
            try:
                self.draw()
            finally:
                self.hasty = False
            self._tidy_later()

    def _tidy_later(self) -> None:
        """Look for dead objects when no frame has been drawn for a while; without a terminal as Python does."""
        if self._tidy_at is not None:
            self._tidy_at.cancel()
        if self.line is not None:
            self._tidy_at = asyncio.get_running_loop().call_later(cycles.REST, cycles.collect)

    def _schedule(self) -> None:
        if self._beat_at is not None:
            self._beat_at.cancel()
            self._beat_at = None
        wait = self.pacer.wait(time.monotonic(), speed=self._speed, waiting=self._stale)
        if wait is not None and self.is_running:
            wait = max(wait, _BLOCKED) if self._blocked else wait
            # Through the app's queue: keys that have come meanwhile are first. Not by Textual's `call_later`, whose
            # partial function has its signature looked up each time: 0.1 ms.
            beat = events.Callback(callback=self._beat)
            self._beat_at = asyncio.get_running_loop().call_later(wait, self.post_message, beat)

    # -- the terminal ----------------------------------------------------------------------------------

    def get_driver_class(self) -> type[Driver]:
        driver = super().get_driver_class()
        if sys.platform != "win32" and driver is LinuxDriver:
            return Lifeline
        return driver

    @property
    def line(self) -> Lifeline | None:
        if sys.platform == "win32":
            return None
        return self._driver if isinstance(self._driver, Lifeline) else None

    @property
    def _blocked(self) -> bool:
        """Whether the kernel has not taken what has been written: more would only fill the writer's queue."""
        return self.line is not None and not self.line.flushed

    def _display(self, screen: Any, renderable: Any) -> None:
        """Textual's, but only what differs from the picture on the terminal is written."""
        if self.line is not None and understood(renderable):
            renderable = self._changes(renderable, self.line)
        super()._display(screen, renderable)

    def write(self, rows: Rows) -> bool:
        """Write rows of the screen, at once, and not when Textual comes to it; whether there is a terminal for them."""
        line = self.line
        if line is None or not line.talks:
            return False
        changes = self._changes(rows, line).render_segments(self.console)
        if changes:
            line.write_frame(changes + Control.move_to(*self.cursor_position).segment.text)
        self.post_display_hook()
        return True

    def _changes(self, update: Update, line: Lifeline) -> Changes:
        if self._taken != line.taken:
            self._picture.forget()
            self._taken = line.taken
        return Changes(update, self._picture, self.size)

    def post_display_hook(self) -> None:
        """Textual has written a frame, or found nothing to write."""
        super().post_display_hook()
        self._ask()

    def _ask(self) -> None:
        if self.line is not None and self.line.unasked:
            self.line.ask(self.pacer.ask(time.monotonic()))

    def on_mount(self) -> None:
        # Before the first frame, which is large: over a slow link its own answer would come after a second of silence.
        self._ask()
        if self.line is not None:
            cycles.seldom()
        self.app_resume_signal.subscribe(self, lambda _: self._resumed())

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        if self.pacer.answered(event.y + 1, event.x + 1) and (self._stale or self._speed):
            self._beat()

    def on_resize(self) -> None:
        """The terminal may have moved or lost what it showed; one that is attached again says so too."""
        self._picture.forget()
        self.screen.refresh()

    def on_app_focus(self) -> None:
        self._attend(Attention.FOCUSED)

    def on_app_blur(self) -> None:
        self._attend(Attention.UNFOCUSED)

    def _resumed(self) -> None:
        self.pacer.forget()
        self._attend(Attention.FOCUSED)

    def _attend(self, attention: Attention) -> None:
        self.pacer.attention = attention
        self._schedule()
