"""The screen before the main one where a folder was opened: its runs, one of which, or two, are chosen."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from ..model.run_list import RunList, RunRow
from ..model.runs import judged, looked_at
from ..share import failures
from ..views import run_list
from ..views.frame.layout import Block, Box
from ..views.status import SMALLEST, too_small
from .palette import DEFAULT, THEMES
from .scrollbars import fit_glyphs
from .terminal.canvas import Canvas
from .terminal.paced_app import PacedApp
from .themes import styles_of, textual_theme

#: Seconds between two looks at what has become known, and rows of a page.
_LOOK, _PAGE = 0.1, 10
#: What a key makes of the list.
_MOVES: dict[str, Callable[[RunList], RunList]] = {
    "up": lambda runs: runs.moved(-1),
    "down": lambda runs: runs.moved(1),
    "pageup": lambda runs: runs.moved(-_PAGE),
    "pagedown": lambda runs: runs.moved(_PAGE),
    "home": lambda runs: runs.to(0),
    "end": lambda runs: runs.to(len(runs.shown) - 1),
    "space": lambda runs: runs.toggled(),
    "backspace": lambda runs: runs.narrowed(runs.typed[:-1]),
}


class _Whole(Screen[object], inherit_bindings=False):
    """Without bindings: tab and the rest mean nothing here."""


class Choosing(PacedApp):
    """A list of runs. `chosen` are the files that were chosen, run by run; nothing where it was left."""

    TITLE = "gradtui"
    FAILED = failures.FAILED
    CSS = "Screen { layers: base; overflow: hidden; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, runs: RunList, fps: float = 30.0) -> None:
        super().__init__(fps)
        fit_glyphs()
        for colours in THEMES.values():
            self.register_theme(textual_theme(colours))
        self.theme = DEFAULT
        self.runs = runs
        self.chosen: tuple[tuple[str, ...], ...] = ()
        self.canvas = Canvas()
        #: What the thread has found out and the list does not show yet; whether it is to stop.
        self._news: deque[RunRow] = deque()
        self._stop = threading.Event()
        # A thread of its own that nobody waits for: a long recording is read for seconds.
        self._thread = threading.Thread(target=self._look_through, daemon=True, name="runs")

    def compose(self) -> ComposeResult:
        yield self.canvas

    def get_default_screen(self) -> Screen[object]:
        return _Whole(id="_default")

    def on_mount(self) -> None:
        self.theme_changed_signal.subscribe(self, lambda theme: self.show())
        self._thread.start()
        self.set_interval(_LOOK, self._take_news)
        self.show()

    def on_unmount(self) -> None:
        self._stop.set()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    # -- keys and the mouse ------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "enter":
            self._open()
        elif event.key == "escape" and self.runs.typed:
            self._show(self.runs.narrowed(""))
        elif event.key in ("escape", "ctrl+c", "ctrl+q"):
            self.exit(0)
        elif event.key in _MOVES:
            self._show(_MOVES[event.key](self.runs))
        elif event.is_printable and event.character:
            self._show(self.runs.narrowed(self.runs.typed + event.character))

    def on_canvas_pressed(self, message: Canvas.Pressed) -> None:
        """A click on a run goes to it; on the one under the cursor it opens."""
        number = run_list.run_at(self.runs, self.size.height, message.y)
        if number is None or message.dragged:
            return
        if number == self.runs.cursor:
            self._open()
        else:
            self._show(self.runs.to(number))

    def on_canvas_scrolled(self, message: Canvas.Scrolled) -> None:
        self._show(self.runs.moved(message.by))

    def action_help_quit(self) -> None:
        """ctrl+c."""
        self.exit(0)

    def _open(self) -> None:
        self.chosen = tuple(run.files for run in self.runs.chosen)
        if self.chosen:
            self.exit(0)

    def _show(self, runs: RunList) -> None:
        if runs != self.runs:
            self.runs = runs
            self.show()

    def advance(self, steps: int) -> None:
        """Nothing plays here."""

    def draw(self) -> None:
        width, height = self.size
        if not self.canvas.is_mounted or not width:
            return
        small = width < SMALLEST[0] or height < SMALLEST[1]
        lines = [too_small(width, height)] if small else run_list.draw(self.runs, width, height)
        blocks = {"whole": Block(Box(0, 0, width, len(lines)), lines)}
        self.canvas.show(blocks, styles_of(self.current_theme), self.size)

    def words_of(self, error: BaseException | None) -> str:
        return failures.note(error)

    # -- what becomes known --------------------------------------------------------------------------------------

    def _take_news(self) -> None:
        runs = self.runs
        while self._news:
            runs = runs.known(self._news.popleft())
        self._show(runs)

    def _look_through(self) -> None:
        """In the thread: first all at a glance, then one by one what is wrong with them."""
        rows = list(self.runs.runs)
        for look in (looked_at, judged):
            for number, run in enumerate(rows):
                if self._stop.is_set():
                    return
                rows[number] = look(run)
                self._news.append(rows[number])
