"""Escape and the key after it: a terminal writes alt+n as it writes escape and then n, and SSH may join the two.

Textual's parser (8.2.8) takes whatever comes within 0.1 s of an escape for alt+KEY, which nothing here is bound to, and
types ^ where an answer of the terminal follows: both keys were lost. Here alt+KEY that is bound to nothing is two keys.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

from textual import constants, events
from textual.keys import _character_to_key

if TYPE_CHECKING:
    from textual._xterm_parser import XTermParser
    from textual.message import Message

_ESC = "\x1b"
_PASTE, _PASTE_END = "\x1b[200~", "\x1b[201~"
#: An escape sequence as far as it goes; complete where it has its last character. All that a terminal sends are these.
_SEQUENCE = re.compile(r"\x1b(?:\[[\x20-\x3f]*([\x40-\x7e])?|O(.)?)", re.DOTALL)
#: What alt and a key are in a line that is typed in, under the names that Textual has for them.
_WORDS = {"b": "ctrl+left", "f": "ctrl+right", "\x7f": "ctrl+w"}


def alt_names(character: str) -> tuple[str, ...]:
    """The names under which alt and this character may be bound."""
    name = character if character.isalnum() else _character_to_key(character)
    shifted = (f"alt+shift+{character.lower()}",) if character.isupper() else ()
    return (*shifted, f"alt+{name}")


class Escapes:
    """Textual's parser, which sees an escape only where a sequence follows. is_bound tells of a key's name."""

    def __init__(self, parser: XTermParser, is_bound: Callable[[str], bool]) -> None:
        self._parser, self._is_bound = parser, is_bound
        #: What may be the beginning of a sequence, and until when it may become one.
        self._held, self._until = "", 0.0
        self._pasting = False

    def feed(self, text: str) -> Iterator[Message]:
        """The messages of what has been read."""
        text, self._held = self._held + text, ""
        while text:
            plain, escape, _ = text.partition(_ESC)
            if plain:
                yield from self._parser.feed(plain)
            text = text[len(plain) :]
            if escape:
                taken = yield from (self._pasted if self._pasting else self._escaped)(text)
                if not taken:
                    self._held, self._until = text, time.monotonic() + constants.ESCAPE_DELAY
                    return
                text = text[taken:]

    def tick(self) -> Iterator[Message]:
        """What has waited long enough for the rest of a sequence was keys."""
        if self._held and not self._pasting and time.monotonic() >= self._until:
            text, self._held = self._held, ""
            yield events.Key("escape", _ESC)
            if text[1:]:
                yield from self._parser.feed(text[1:])
        yield from self._parser.tick()

    def _pasted(self, text: str) -> Generator[Message, None, int]:
        """Inside a paste an escape is left out; returns how many characters were taken, 0: the rest is to come."""
        if _PASTE_END.startswith(text) and text != _PASTE_END:
            return 0
        if not text.startswith(_PASTE_END):
            return 1
        self._pasting = False
        yield from self._parser.feed(_PASTE_END)
        return len(_PASTE_END)

    def _escaped(self, text: str) -> Generator[Message, None, int]:
        """A sequence, alt and a key, or escape alone; returns as `_pasted`."""
        if text == _ESC:
            return 0
        found = _SEQUENCE.match(text)
        if found is not None:
            if found[1] is None and found[2] is None and found.end() == len(text):
                return 0
            self._pasting = found[0] == _PASTE
            yield from self._parser.feed(found[0])
            return found.end()
        character = text[1]
        names = (_WORDS[character],) if character in _WORDS else ()
        name = next((each for each in (*alt_names(character), *names) if self._is_bound(each)), None)
        yield events.Key(name, None) if name is not None else events.Key("escape", _ESC)
        return 2 if name is not None else 1
