"""What a terminal sends, as messages: what cannot be understood is lost, and nothing of it ends the program.

A terminal answers questions that a program before this one has asked, a link loses the middle of a sequence, and a cat
walks over the keys. Textual's parser (8.2.8) ends with an exception at a key report that is not well formed, types an
answer it does not know as if its letters were keys, and takes everything for ever as pasted whose end never comes. So
what arrives is cut here: control strings and reports that nobody has asked for are dropped, pasted text is gathered,
and the rest goes to Textual's parser one sequence at a time, with a new parser after each that it cannot take.
"""

from __future__ import annotations

import re
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.message import Message

#: Seconds after which a paste has ended that goes on no more: its end was lost. Longer than a link stalls in one.
PASTE_SILENCE = 2.0
#: What one key sends at the most: less in one read is no paste that goes on.
_ONE_KEY = 16
#: Characters of a key with alt, and seconds between two calls of `tick` that are no longer the usual tenth.
_ALT, _KEPT_FROM_READING = 2, 0.2
#: Characters of a paste that are kept; the rest of it is lost. No field takes as many.
MOST_PASTED = 2**20
#: Characters of the longest sequence that Textual's parser looks at: of a longer one it types the beginning.
_LONGEST = 32
_PASTE = "\x1b[200~"
#: In a paste: its end, which an escape before another one is too, or what may be the beginning of it.
_PASTED = re.compile(r"\x1b(?:\[201~|(?=\x1b))|(?P<held>\x1b(?:\[(?:2(?:0(?:1)?)?)?)?\Z)")
#: A control string (OSC, DCS, SOS, PM, APC), up to its end or to the next sequence. Only such as no key with alt
#: begins: what follows has come in the same read.
_STRING = r"\x1b(?:\](?=[\dLl;])|P(?=[\d+>$!=|])|_(?=G)|[\^X](?=\S))[^\x07\x1b]*"
#: A control sequence, or the three bytes of an old mouse report, or a key of the Linux console or of rxvt.
_CONTROL = r"\x1b\[(?:M[^\x1b]{3}|<[-\d;]+[Mm]|\[[A-E]|\d+\$(?![@-~])|[0-?]*[ -/]*[@-LN-Z\\-~]|[0-?]+[ -/]*M)"
#: What is held and yet whole: alt+[, alt+O, and rxvt's shifted keys.
_KEYS = re.compile(r"\x1b(?:O|\[(?:\d+\$)?)").fullmatch
_TOKEN = re.compile(
    rf"(?P<held>(?:{_STRING}\x1b?|\x1b(?:O|\[(?:M[^\x1b]{{0,2}}|\[|[0-?]*[ -/]*))?)\Z)"
    rf"|(?P<string>{_STRING}(?:\x07|\x1b\\|(?=\x1b)))"
    rf"|(?P<control>{_CONTROL}|\x1bO[^\x1b])"
    r"|(?P<broken>\x1b\[(?:[ -?]+|M[^\x1b]{0,2}(?=\x1b)))"
    r"|(?P<escape>\x1b(?=\x1b))"
    r"|(?P<alt>\x1b[^\x1b])"
    r"|(?P<plain>[^\x1b]+)"
)


class Reader:
    """Bytes to messages. Whoever reads calls `feed` with what has come, and `tick` at regular intervals."""

    def __init__(self, debug: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._debug, self._clock = debug, clock
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._parser = XTermParser(debug)
        #: The beginning of a sequence, until the rest has come; and when it began to wait.
        self._held, self._held_at = "", 0.0
        #: What has been pasted so far, None where nothing is; and when that last went on.
        self._pasted: str | None = None
        self._pasted_at = 0.0
        #: When `tick` was called last.
        self._looked_at = clock()

    def feed(self, data: bytes) -> Iterator[Message]:
        """What is complete with this."""
        now = self._clock()
        if len(data) > _ONE_KEY:
            self._pasted_at = now
        before, self._held = self._held, ""
        text = before + self._decode(data)
        # An escape and a key after it are that key with alt only where they have come at once: not where this program
        # has been kept from reading (0.3 s in a storm of resizes), and not behind other keys that have waited too.
        apart = now - self._looked_at > _KEPT_FROM_READING or len(text) > _ALT
        if before == "\x1b" and now - self._held_at >= constants.ESCAPE_DELAY and text[1:2] not in ("[", "O", "]", "P"):
            yield from self._escape()
            text = text[1:]
        while text:
            if self._pasted is None:
                match = _TOKEN.match(text)
                assert match is not None  # any character begins a token
                kind, token, text = match.lastgroup, match[0], text[match.end() :]
                if kind == "held":
                    self._hold(token, goes_on=len(data) <= _ONE_KEY and bool(before) and token.startswith(before))
                elif token == _PASTE:
                    self._pasted, self._pasted_at = "", now
                elif kind == "escape" or (kind == "alt" and apart):
                    yield from self._escape()
                    text = token[1:] + text
                elif kind == "plain" or (kind in ("control", "alt") and len(token) <= _LONGEST):
                    yield from self._parsed(token, kind)
            elif (end := _PASTED.search(text)) is not None:
                self._pasted = (self._pasted + text[: end.start()])[:MOST_PASTED]
                text = text[end.end() :]
                if end.lastgroup == "held":
                    self._hold(end[0])
                else:
                    yield from self._paste()
            else:
                self._pasted, text = (self._pasted + text)[:MOST_PASTED], ""

    def tick(self) -> Iterator[Message]:
        """What follows from nothing more having come: an escape was the key alone, a paste has lost its end."""
        now = self._looked_at = self._clock()
        if self._held and now - self._held_at >= constants.ESCAPE_DELAY:
            held, self._held = self._held, ""
            if held == "\x1b":
                yield from self._escape()
            elif self._pasted is not None:
                self._pasted += held
            elif _KEYS(held):
                yield from self._parsed(held, "alt")
        if self._pasted is not None and now - self._pasted_at >= PASTE_SILENCE:
            yield from self._paste()

    def _hold(self, text: str, goes_on: bool = False) -> None:
        """goes_on: as slowly as keys are pressed, which would put its end off for ever."""
        self._held = text
        if not goes_on:
            self._held_at = self._clock()

    def _escape(self) -> Iterator[Message]:
        """The key that leaves everything leaves a paste too."""
        self._pasted = None
        yield events.Key("escape", "\x1b")

    def _paste(self) -> Iterator[Message]:
        """The end of a paste. A program that knew no better would take NUL for the end of the text."""
        pasted, self._pasted = self._pasted or "", None
        if pasted:
            yield events.Paste(pasted.replace("\x00", ""))

    def _parsed(self, text: str, kind: str) -> Iterator[Message]:
        """What Textual's parser makes of it."""
        for character in text:
            yield from self._of_parser(partial(self._parser.feed, character))
        if self._parser._timeout_time is not None:
            # It waits for more of a sequence that is whole: what has come are keys with alt, or nothing that it knows.
            if kind == "alt":
                self._parser._timeout_time = 0.0
                yield from self._of_parser(self._parser.tick)
            else:
                self._parser = XTermParser(self._debug)

    def _of_parser(self, act: Callable[[], Iterable[Message]]) -> Iterator[Message]:
        try:
            yield from filter(_can_be_written, act())
        except Exception:
            self._parser = XTermParser(self._debug)


def _can_be_written(message: Message) -> bool:
    """A key report may name half of a surrogate pair, which is no character and could never be written again."""
    character = message.character if isinstance(message, events.Key) else None
    return character is None or not any("\ud800" <= each <= "\udfff" for each in character)
