"""What a visitor may take of the host: one row for each number, with its option, default and help."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradtui_engine.core import options
from gradtui_engine.core.fields import Integer, Kind, Number
from gradtui_engine.core.figures import exact
from gradtui_engine.core.message import Message
from gradtui_engine.core.options import Manner, option, options_of
from gradtui_engine.core.problems import ExperimentError, Problem

#: The smallest window that a program is given, columns × rows; a window of 0×0 is one that nobody has measured.
SMALLEST = (20, 6)
UNKNOWN = (80, 24)
#: Frames per second that two cores give to one session, and that a session gets at least and at most: 20 sessions on
#: 2 cores ran at 15, 50 at 6.
_FRAMES_PER_CORE, _FEWEST_FRAMES, MOST_FRAMES = 150, 4, 15


def _limit(default: float, help: str, kind: Kind, told: bool = True) -> Any:
    """A limit; told: whether the help says its default."""
    return option(default, help, kind, manner=Manner(default=told))


@dataclass(frozen=True)
class Limits:
    """The limits in force. The default of `sessions` is that of one core."""

    sessions: int = _limit(10, "sessions at once (default 10 for each core)", Integer(1, 10_000), told=False)
    per_address: int = _limit(4, "sessions at once from one address", Integer(1, 10_000))
    idle: float = _limit(300, "seconds without a key until a session ends", Number(1, 10**6))
    total: float = _limit(1800, "seconds until a session ends", Number(1, 10**6))
    warning: float = _limit(60, "seconds before the end that the visitor is warned", Number(0, 10**6))
    most_columns: int = _limit(300, "columns of a window at the most", Integer(20, 1000))
    most_rows: int = _limit(100, "rows of a window at the most", Integer(6, 1000))
    input_rate: int = _limit(3000, "bytes of keys a second", Integer(100, 10**7))
    input_burst: int = _limit(4096, "bytes of keys at once", Integer(100, 10**7))
    handshakes: int = _limit(30, "connections at once that have not logged in", Integer(1, 10_000))
    handshake_rate: float = _limit(10, "new connections a second from one address", Number(0.1, 10**6))
    login: float = _limit(10, "seconds to log in, and to exchange keys", Number(1, 600))
    tries: int = _limit(3, "passwords on one connection", Integer(1, 100))
    keepalive: float = _limit(15, "seconds between looks whether the visitor is still there", Number(0.1, 3600))
    memory: int = _limit(512, "megabytes of memory for each session", Integer(64, 10**6))
    cpu: int = _limit(900, "seconds of computing for each session", Integer(1, 10**6))
    files: int = _limit(64, "open files of each session", Integer(16, 4096))

    def window(self, columns: int, rows: int) -> tuple[int, int]:
        """The window that the program is told of."""
        if columns <= 0 or rows <= 0:
            return UNKNOWN
        return min(max(columns, SMALLEST[0]), self.most_columns), min(max(rows, SMALLEST[1]), self.most_rows)


LIMITS = options_of(Limits)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def frames(sessions: int, of_cores: int | None = None) -> float:
    """Frames per second of each of so many sessions: clamp(150·cores / sessions, 4, 15)."""
    share = _FRAMES_PER_CORE * (of_cores or cores()) / max(sessions, 1)
    return min(max(share, _FEWEST_FRAMES), MOST_FRAMES)


#: Other defaults for a lecture, in which nobody presses a key for an hour and everybody stays to the end.
_LECTURE = {"idle": 4 * 3600, "total": 4 * 3600, "cpu": 3600}


def read(given: Mapping[str, Any], lifted: bool = False, lecture: bool = False) -> Limits:
    """The limits out of what was typed; lifted: a class comes, all from one address; lecture: its defaults.

    Raises ExperimentError with every problem.
    """
    problems: list[Problem] = []
    typed = options.read(LIMITS.values(), given, problems)
    values: dict[str, Any] = {name: row.default for name, row in LIMITS.items()} | {"sessions": 10 * cores()}
    values |= (_LECTURE if lecture else {}) | typed
    total = values["total"]
    if "warning" in typed and not problems and values["warning"] >= total:
        message = Message("a session lasts {total} s, so that a warning comes less before its end", total=exact(total))
        problems.append(Problem(LIMITS["warning"].flag, message))
    if problems:
        raise ExperimentError(problems)
    if lifted:
        values["per_address"] = values["sessions"]
        values["handshake_rate"] = max(values["handshake_rate"], 10.0 * cores() * 10)
        # One address may have a third of them (front), and all of a class come at once.
        values["handshakes"] = max(values["handshakes"], 3 * values["sessions"])
    return Limits(**values)
