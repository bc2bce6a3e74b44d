"""The app and the driver of a kiosk: what Textual (8.2.8) would do with files, programs and signals, it does not do."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from textual import constants
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from ...model import events as e
from ...model.needs import NOTHING, Known
from ...model.permissions import VISITOR, Permissions
from ...model.state import State
from ...screen.app import GradtuiApp
from ...screen.terminal.driver import Lifeline, clamped
from .crash import CRASHED, note

#: Columns and rows that a visitor's window has at the least and at the most.
LEAST, MOST = Size(20, 6), Size(300, 100)
#: Textual's own variables, as if none was set: they write logs and pictures, press keys, connect to a console.
_CONSTANTS: dict[str, Any] = {
    "DEBUG": False,
    "DRIVER": None,
    "LOG_FILE": None,
    "FILTERS": "",
    "PRESS": "",
    "SCREENSHOT_DELAY": -1,
    "SHOW_RETURN": False,
}


def _nothing(self: Any, *arguments: Any, **named: Any) -> None:
    """What a closed door does."""


class KioskDriver(Lifeline):
    """Sizes are clamped whoever tells of them, nothing stops the process, and nothing is delivered."""

    def __init__(self, app: Any, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None):
        super().__init__(app, debug=debug, mouse=mouse and app.mouse, size=size)
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)

    @property
    def can_suspend(self) -> bool:
        return False

    open_url = _nothing
    deliver_binary = _nothing

    def bounded(self, size: Size) -> Size:
        return clamped(size, LEAST, MOST)


class KioskApp(GradtuiApp):
    """gradtui's screen for a visitor."""

    FAILED = CRASHED

    def __init__(
        self,
        state: State,
        cursor: Iterable[e.Event] = (),
        fps: float = 30.0,
        permissions: Permissions = VISITOR,
        known: Known = NOTHING,
        *,
        log_file: TextIO | None = None,
        mouse: bool = True,
    ) -> None:
        """log_file is told of a crash; mouse is the setting."""
        vars(constants).update(_CONSTANTS)
        super().__init__(state, cursor, fps, permissions, known)
        self._log_file, self.mouse = log_file, mouse

    def get_driver_class(self) -> type[Driver]:
        driver = super().get_driver_class()
        return KioskDriver if issubclass(driver, LinuxDriver) else driver

    # -- closed doors ----------------------------------------------------------------------------------

    open_url = _nothing
    deliver_binary = _nothing
    deliver_text = _nothing
    deliver_screenshot = _nothing
    action_screenshot = _nothing
    action_suspend_process = _nothing

    def save_screenshot(self, *arguments: Any, **named: Any) -> str:
        return ""

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Nothing stops, and no other program is meant to run."""
        yield

    # -- the end ---------------------------------------------------------------------------------------

    def words_of(self, error: BaseException | None) -> str:
        """One line for the visitor, all of it for the log."""
        return note(error, self._log_file)
