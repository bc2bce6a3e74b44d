"""A program that is on its screen before it has a terminal. Visitors' processes are forked from it, and wake it up.

To read its arguments, to make its widgets and to draw them once takes a program 50 ms, and writes into 14 MB of memory
that it would else share with all the others: mostly the counts of references, next to what they count. Asleep, it has
done so once for all. What remains of a session's own is 15 MB instead of 22.

A visitor for whom another screen would have to be made, in another language say, has it made by his own process.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from textual.driver import Driver

from ...cli.settings import load
from ...model.permissions import Profile
from ..kiosk.closed import KioskApp, KioskDriver
from ..kiosk.kiosk import app_for, environment_of, invocation_of

#: The screen that is drawn asleep, as most terminals are no smaller.
SIZE = (120, 36)
#: What it is drawn for: English, UTF-8, all colours.
ENVIRONMENT = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}


class AsleepDriver(KioskDriver):
    """A driver without a terminal, until it is woken."""

    def __init__(self, app: Any, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None):
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.asleep = True

    def write(self, data: str) -> None:
        if not self.asleep:
            super().write(data)

    def start_application_mode(self) -> None:
        if not self.asleep:
            super().start_application_mode()

    def wake(self) -> None:
        """Take the terminal, which by now is the process's: its size is told first of all."""
        self.asleep = False
        self.input_tty = True
        self.start_application_mode()


class AsleepApp(KioskApp):
    """A visitor's program that may be without a terminal."""

    def get_driver_class(self) -> type[Driver]:
        return AsleepDriver

    def take_process(self) -> None:
        """Asleep, the process is not its own."""
        if isinstance(self._driver, AsleepDriver) and not self._driver.asleep:
            super().take_process()

    def _display(self, screen: Any, renderable: Any) -> None:
        """Nothing is shown asleep; what is shown first is all of the screen."""
        if isinstance(self._driver, AsleepDriver) and not self._driver.asleep:
            super()._display(screen, renderable)


class Sleeper:
    """The program asleep, and for whom it is what he would see."""

    def __init__(self, arguments: Sequence[str], profile: Profile, computed: Mapping[Any, Any], log: TextIO) -> None:
        invocation = invocation_of(arguments, ENVIRONMENT)
        self.app = app_for(invocation, log, profile, AsleepApp)
        self.app.jobs.results.update(computed)
        self._arguments, self._given = list(arguments), invocation.words.settings
        self._settings = invocation.loaded.settings
        self._ready = asyncio.Event()

    async def run(self) -> int:
        """Run the app, asleep at first; its exit status, in whatever process it comes to its end."""

        async def ready(pilot: Any) -> None:
            await pilot.pause()
            self._ready.set()

        left_with = await self.app.run_async(mouse=self.app.mouse, size=SIZE, auto_pilot=ready)
        return int(self.app.return_code or left_with or 0)

    async def drawn(self) -> None:
        """Wait until it has drawn its screen."""
        await self._ready.wait()

    def fits(self, arguments: Sequence[str], environment: Mapping[str, str]) -> ColorSystem | None:
        """The colours of a visitor who would see this very screen; None for another."""
        if list(arguments) != self._arguments:
            return None
        return self._colours(tuple(sorted(environment_of(environment).items())))

    @functools.lru_cache(maxsize=64)  # noqa: B019  there is one sleeper, which lives as long as its process
    def _colours(self, environment: tuple[tuple[str, str], ...]) -> ColorSystem | None:
        found = dict(environment)
        if "NO_COLOR" in found or load(self._given, found).settings != self._settings:
            return None
        name = Console(force_terminal=True, legacy_windows=False, _environ=found).color_system
        return COLOR_SYSTEMS[name] if name is not None else None

    def wake(self, colours: ColorSystem) -> None:
        """In a process of its own, which has the terminal as its own: go on there."""
        self.app.console._color_system = colours
        driver = self.app._driver
        assert isinstance(driver, AsleepDriver)
        driver.wake()
        self.app.take_process()
