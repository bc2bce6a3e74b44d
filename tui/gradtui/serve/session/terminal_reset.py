"""What puts a terminal right, whatever a program that was killed has left it in, and the sentence after it."""

from __future__ import annotations

#: Every mode that the screen sets, taken back; a terminal that does not know one leaves it alone.
_MODES = (
    "?2026l",  # a frame that was never finished is shown
    "?1000l", "?1002l", "?1003l", "?1004l", "?1005l", "?1006l", "?1015l", "?1016l",  # mouse and focus
    "?2004l", "?2048l",  # paste, sizes in-band
    "<u",  # the keyboard's protocol
    "?7h", "0 q",  # wrapping, the cursor's shape
)  # fmt: skip
#: ST first: it ends a string (title, clipboard) that was cut, which would swallow all that follows.
_MODES_BACK = "\x1b\\" + "".join(f"\x1b[{mode}" for mode in _MODES)
_PLAIN = "\x1b[0m\x1b[?25h"
#: The main screen comes back before the attributes, which it would bring back too. Only out of the alternate one: on
#: the main screen the same would put the cursor back over what has been written since.
_ENTER, _LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


class ScreenFollower:
    """Which of the terminal's two screens the program is on, by what it writes."""

    def __init__(self) -> None:
        self.alternate = False
        self._rest = b""

    def feed(self, data: bytes) -> None:
        text = self._rest + data
        entered, left = text.rfind(_ENTER), text.rfind(_LEAVE)
        if max(entered, left) >= 0:
            self.alternate = entered > left
        self._rest = text[1 - len(_ENTER) :]


def farewell(sentence: str, alternate: bool) -> bytes:
    """The terminal restored, and a line that says why; no sentence, no line."""
    screen = f"{_LEAVE.decode()}\r\x1b[K" if alternate else ""
    line = f"{plain(sentence)}\r\n" if sentence else ""
    return f"{_MODES_BACK}{screen}{_PLAIN}{line}".encode()


def plain(text: str) -> str:
    """One line without control characters: part of it may have come from a visitor."""
    return "".join(character if character.isprintable() else "?" for character in text)


#: Out of the alternate screen, without a word.
RESTORE = farewell("", True)
