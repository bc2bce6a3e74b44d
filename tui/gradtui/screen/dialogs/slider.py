"""The slider: a value is moved by keys or the mouse while the picture beside it moves, or typed."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input, Label

from gradtui_engine.core.fields import Value
from gradtui_engine.core.figures import exact
from gradtui_engine.core.options import Option

from ...text.describe import label
from ...text.glyphs import render
from ...text.language import tr
from ...text.spans import Line, fit, text_of, width_of, wrap
from ..themes import styles_of
from .dialogs import Prompt, framed
from .lines import Lines
from .slides import Slide, track

if TYPE_CHECKING:
    from ..host import Host

#: Seconds that a newer value waits for the picture of an older one: a key that is held down moves the picture, and a
#: network that takes longer is given up for the newest value.
_PATIENCE = 0.5
#: Seconds without a key after which what was typed is tried, as in the form: of 1500 not 1, 15 and 150 as well.
_TYPING = 0.15


class _Track(Lines):
    """The track; where it is pressed or dragged to, there the handle goes."""

    DEFAULT_CSS = "_Track { width: 100%; height: 2; }"

    def __init__(self, go: Callable[[float], None], turn: Callable[[int], None]) -> None:
        """go: to a share of the track; turn: so many notches on."""
        super().__init__({}, id="track")
        self._go, self._turn = go, turn

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        self.capture_mouse()
        self._point(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            event.stop()
            self._point(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        event.stop()
        self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._turn(1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._turn(-1)

    def _point(self, event: events.MouseEvent) -> None:
        self._go(event.x / max(self.size.width - 1, 1))


class Slider(Prompt):
    """Move a value in notches, or type it; each is tried at once, of several the newest. Returns the text to keep."""

    DEFAULT_CSS = """
    Slider #value { height: 1; }
    Slider #value Input { width: 12; background: $foreground 8%; padding: 0 1 !important; }
    Slider #value Label { width: 1fr; text-align: right; color: $text-muted; }
    Slider #does { height: auto; }
    """
    BINDINGS = [
        Binding("left", "nudge(-1)", priority=True),
        Binding("right", "nudge(1)", priority=True),
        *(Binding(keys, "leap(-1)", priority=True) for keys in ("shift+left,down,pagedown",)),
        *(Binding(keys, "leap(1)", priority=True) for keys in ("shift+right,up,pageup",)),
        Binding("home", "end(0)", priority=True),
        Binding("end", "end(1)", priority=True),
    ]

    def __init__(
        self,
        slide: Slide,
        option: Option,
        current: Value,
        check: Callable[[str, Value], str],
        does: Callable[[], Line | None],
        title: str = "",
        note: str = "",
    ) -> None:
        """current: what the field comes to. check tries a value, and says what is wrong with it; does: what it does
        now, None while it is computed. note: what is to be said at the start.
        """
        super().__init__(slide.name, option, text_of_value(current), check)
        self._give, self._slide, self._does, self._title, self._note = (
            check,
            slide,
            does,
            title or label(slide.name),
            note,
        )
        self._before = text_of_value(current)
        self._waiting: str | None = None
        self._tried, self._patience, self._typing = 0.0, cast("Timer | None", None), cast("Timer | None", None)

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            framed(frame, self.named())
            with Horizontal(id="value"):
                yield Input(self._before, compact=True)
                yield Label(Text(render(self._was())))
            yield _Track(self._point, self.action_nudge)
            yield Label(Text(render(tr(self._slide.means))), classes="about")
            yield Lines({}, id="does")
            yield Label("", classes="problem")
            yield Label("", id="keys", classes="about")

    def named(self) -> str:
        return self._title

    def _was(self) -> str:
        return tr("was {value}", value=self._before) if self._before else ""

    def on_mount(self) -> None:
        self._host.followed_by.append(self._follow)
        self._say(self._note)

    def on_unmount(self) -> None:
        self._host.followed_by.remove(self._follow)

    @property
    def _host(self) -> Host:
        return cast("Host", self.app)

    @property
    def _left(self) -> bool:
        """Whether it has been closed: its parts go before it does, and what follows the screen may still call."""
        return self not in self.app.screen_stack

    # -- moving ----------------------------------------------------------------------------------------------

    @property
    def _value(self) -> float | None:
        """The number that stands in the line; None where what was typed is none."""
        value, _ = self._read(self._entry.value)
        return value if isinstance(value, int | float) else None

    @property
    def _entry(self) -> Input:
        return self.query_one(Input)

    def action_nudge(self, by: int) -> None:
        self._move(self._slide.moved(self._value, by))

    def action_leap(self, by: int) -> None:
        self._move(self._slide.leapt(self._value, by))

    def action_end(self, share: int) -> None:
        self._move(self._slide.at(share))

    def _point(self, share: float) -> None:
        self._move(self._slide.at(share))

    def _move(self, value: float) -> None:
        text = text_of_value(value)
        if text == self._entry.value:
            return
        self._rest()
        with self._entry.prevent(Input.Changed):
            self._entry.value = text
        self._entry.action_select_all()
        self._take(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is wrong with what is typed is said at once; a value is tried when the typing rests."""
        event.prevent_default()
        self._say(self._read(event.value)[1])
        self._draw()
        self._rest()
        self._typing = self.set_timer(_TYPING, partial(self._typed, event.value))

    def _typed(self, text: str) -> None:
        self._typing = None
        if self._left:
            return
        if text == self._entry.value and (text != self._before or self._tried):
            self._take(text)

    def _rest(self) -> None:
        """What was typed waits no more: something newer has come."""
        if self._typing is not None:
            self._typing.stop()
            self._typing = None

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Kept as it stands; where nothing was moved, nothing is given."""
        event.prevent_default()
        self._rest()
        text = event.value.strip()
        problem = self._read(text)[1] or ("" if text == self._before and not self._tried else self._try(text))
        if problem:
            self._say(problem)
            event.input.action_select_all()
        else:
            self.dismiss(text)

    # -- trying ----------------------------------------------------------------------------------------------

    def _take(self, text: str) -> None:
        """Try it now, or as soon as the picture of the one before is there."""
        problem = self._read(text)[1]
        self._say(problem)
        self._draw()
        if problem:
            self._waiting = None
        elif self._does() is None and time.monotonic() - self._tried < _PATIENCE:
            self._waiting = text
            if self._patience is None:
                self._patience = self.set_timer(_PATIENCE, self._out_of_patience)
        else:
            self._try_and_say(text)

    def _out_of_patience(self) -> None:
        self._patience = None
        if self._waiting is not None and not self._left:
            self._try_and_say(self._waiting)

    def _try_and_say(self, text: str) -> None:
        problem = self._try(text)
        if problem:
            self._say(problem)

    def _try(self, text: str) -> str:
        """Ask for it; returns what is wrong with it."""
        self._waiting, self._tried = None, time.monotonic()
        return self._give(self._field, self._read(text)[0])

    def _follow(self) -> None:
        """The screen has changed: what it says now, and the value that waited for it."""
        if self._left:
            return
        self._draw()
        if self._waiting is not None and self._does() is not None:
            self._try_and_say(self._waiting)

    # -- showing ---------------------------------------------------------------------------------------------

    def fit(self, width: int, height: int) -> None:
        self.query_one("#keys", Label).update(Text(render(_keys(width))))
        self._draw()

    def _say(self, problem: str) -> None:
        super()._say(problem)
        self.query_one(".problem", Label).display = bool(problem)

    def _draw(self) -> None:
        """The track, and what the value does now."""
        if not self.is_mounted or self._left:
            return
        width, _ = self._inside()
        colours = styles_of(self.app.current_theme)
        lines = [fit(line, width) for line in track(self._slide, self._value, width)]
        self.query_one(_Track).show(lines, colours)
        said = self._does()
        shown = [[(tr("computing …"), "dim")]] if said is None else _wrapped(said, width)
        does = self.query_one("#does", Lines)
        does.styles.height = max(1, len(shown))
        does.show([fit(line, width) for line in shown], colours)


def _wrapped(said: Line, width: int) -> list[Line]:
    """A sentence in its own style, in as many lines as it takes."""
    return wrap(text_of(said), width, said[-1][1])


def _keys(width: int) -> str:
    """The keys, in words as long as there is room for."""
    forms = (
        tr("←→ a notch, ↑↓ to the next stop, digits to type · enter keeps, esc takes back"),
        tr("←→ ↑↓ move, digits type · enter keeps, esc takes back"),
        tr("←→ ↑↓ move, digits type\nenter keeps, esc takes back"),
    )
    return next((form for form in forms if width_of([(form, "")]) <= width), forms[-1])


def text_of_value(value: Value) -> str:
    """A value as it is typed: 0.25, 30, 1e-4; of one that is not there nothing."""
    if isinstance(value, float):
        return exact(value)
    return "" if value is None else str(value)
