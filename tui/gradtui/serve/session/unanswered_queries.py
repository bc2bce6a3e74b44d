"""The answers that a terminal owes: what comes after the program's end would be typed at the visitor's own shell."""

from __future__ import annotations

import re
from collections import deque

#: Where the cursor is: asked at a place of the program's choosing, answered with the same place (`pacing.question`).
_QUESTION = re.compile(rb"\x1b\[(\d+;\d+)H\x1b\[6n")
_ANSWER = re.compile(rb"\x1b\[(\d+;\d+)R")
#: Bytes that the longest of both may have, and questions that are remembered: three are open at the most.
_LONGEST, _MOST = 24, 8


class _Stream:
    """What matches in a stream that is cut anywhere."""

    def __init__(self, what: re.Pattern[bytes]) -> None:
        self._what, self._rest = what, b""

    def feed(self, data: bytes) -> list[bytes]:
        text, end, found = self._rest + data, 0, []
        for each in self._what.finditer(text):
            found.append(each[1])
            end = each.end()
        self._rest = text[end:][-_LONGEST:]
        return found


class Owed:
    """Follows both ways."""

    def __init__(self) -> None:
        self._open: deque[bytes] = deque(maxlen=_MOST)
        self._questions, self._answers = _Stream(_QUESTION), _Stream(_ANSWER)
        self._answering = False

    def asked(self, data: bytes) -> None:
        """The program's output."""
        self._open.extend(self._questions.feed(data))

    def answered(self, data: bytes) -> None:
        """The terminal's. Answers come in the order of the questions: one that is passed over never comes."""
        for place in self._answers.feed(data):
            if place in self._open:
                self._answering = True
                while self._open.popleft() != place:
                    pass

    @property
    def any(self) -> bool:
        """Whether an answer is still to come; not from a terminal that has never given one."""
        return self._answering and bool(self._open)
