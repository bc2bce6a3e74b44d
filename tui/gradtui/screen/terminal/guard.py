"""What stands between input and the end of the program.

In Textual 8.2.8 an exception in the handler of any message ends the program. A mouse event where no widget is any more,
a page key in a list that has no rows, an escape for a dialog that is just closing: each is such an exception, in code
of Textual's own, and each is nobody's mistake. They are lost, and the program goes on.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType

import textual
from textual import events, messages
from textual.message import Message
from textual.message_pump import MessagePump

#: What comes from the terminal, and what Textual makes of where the mouse is.
INPUT = (
    events.InputEvent,
    events.Paste,
    events.Resize,
    events.CursorPosition,
    events.AppFocus,
    events.AppBlur,
    events.Enter,
    events.Leave,
    events.MouseCapture,
    events.MouseRelease,
    messages.TerminalSupportsSynchronizedOutput,
)
_TEXTUAL = Path(textual.__file__).parent
_OURS = Path(__file__).parents[2]


def is_textuals(error: BaseException) -> bool:
    """Whether it was raised in Textual's code, or in what that called; what ours raises is a failure of ours."""
    trace: TracebackType | None = error.__traceback__
    textuals = False
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(_TEXTUAL):
            textuals = True
        elif path.is_relative_to(_OURS) or trace.tb_frame.f_globals.get("__name__", "").startswith("gradtui_engine"):
            textuals = False
        trace = trace.tb_next
    return textuals


def install() -> None:
    """From now on, in this process, no message pump ends for such an exception."""
    MessagePump._dispatch_message = _guarded  # type: ignore[method-assign]


_dispatch = MessagePump._dispatch_message


async def _guarded(self: MessagePump, message: Message) -> None:
    try:
        await _dispatch(self, message)
    except Exception as error:
        if not isinstance(message, INPUT) or not is_textuals(error):
            raise
        if isinstance(message, events.MouseEvent):
            # A button's release may be what was lost: nothing is held any more.
            with contextlib.suppress(Exception):
                self.app.capture_mouse(None)
