"""Which of the program's queries the terminal has yet to answer.

An answer that comes after the program's end would be typed at the visitor's own shell.
"""

from __future__ import annotations

import re
from collections import deque

#: Where the cursor is: asked at a place of the program's choosing, answered with the same place (`pacing.question`).
_QUERY = re.compile(rb"\x1b\[(\d+;\d+)H\x1b\[6n")
_ANSWER = re.compile(rb"\x1b\[(\d+;\d+)R")
#: Bytes that the longest of both may have, and queries that are remembered: three are open at the most.
_LONGEST, _MOST = 24, 8


class _Matches:
    """What matches in a stream that is cut anywhere."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern, self._rest = pattern, b""

    def feed(self, data: bytes) -> list[bytes]:
        """The first group of every match that is complete with this data."""
        text, end, groups = self._rest + data, 0, []
        for match in self._pattern.finditer(text):
            groups.append(match[1])
            end = match.end()
        self._rest = text[end:][-_LONGEST:]
        return groups


class UnansweredQueries:
    """Follows what the program writes and what the terminal sends."""

    def __init__(self) -> None:
        self._open: deque[bytes] = deque(maxlen=_MOST)
        self._queries, self._answers = _Matches(_QUERY), _Matches(_ANSWER)
        self._answering = False

    def written(self, data: bytes) -> None:
        """The program's output."""
        self._open.extend(self._queries.feed(data))

    def received(self, data: bytes) -> None:
        """The terminal's. Answers come in the order of the queries: one that is passed over never comes."""
        for place in self._answers.feed(data):
            if place in self._open:
                self._answering = True
                while self._open.popleft() != place:
                    pass

    @property
    def any(self) -> bool:
        """Whether an answer is still to come; not from a terminal that has never given one."""
        return self._answering and bool(self._open)
