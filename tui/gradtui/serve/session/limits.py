"""What a visitor may take of the host: one row for each number, with its option, default and help."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradtui_engine.core.fields import Integer, Kind, Number, Rejected
from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.core.table import Table
from gradtui_engine.experiment.spelling import flag

#: The smallest window that a program is given, columns × rows; a window of 0×0 is one that nobody has measured.
SMALLEST = (20, 6)
UNKNOWN = (80, 24)
#: Frames per second that two cores give to one session, and that a session gets at least and at most: 20 sessions on
#: 2 cores ran at 15, 50 at 6.
_FRAMES_PER_CORE, _FEWEST_FRAMES, MOST_FRAMES = 150, 4, 15


@dataclass(frozen=True)
class Limit:
    """One limit. A default that is None depends on the number of cores."""

    name: str
    default: int | float | None
    kind: Kind
    help: str


LIMITS = Table(
    "limit",
    (
        Limit("sessions", None, Integer(1, 10_000), "sessions at once (default 10 for each core)"),
        Limit("per_address", 4, Integer(1, 10_000), "sessions at once from one address"),
        Limit("idle", 300.0, Number(1, 10**6), "seconds without a key until a session ends"),
        Limit("total", 1800.0, Number(1, 10**6), "seconds until a session ends"),
        Limit("warning", 60.0, Number(0, 10**6), "seconds before the end that the visitor is warned"),
        Limit("most_columns", 300, Integer(20, 1000), "columns of a window at the most"),
        Limit("most_rows", 100, Integer(6, 1000), "rows of a window at the most"),
        Limit("input_rate", 3000, Integer(100, 10**7), "bytes of keys a second"),
        Limit("input_burst", 4096, Integer(100, 10**7), "bytes of keys at once"),
        Limit("handshakes", 30, Integer(1, 10_000), "connections at once that have not logged in"),
        Limit("handshake_rate", 10.0, Number(0.1, 10**6), "new connections a second from one address"),
        Limit("login", 10.0, Number(1, 600), "seconds to log in, and to exchange keys"),
        Limit("tries", 3, Integer(1, 100), "passwords on one connection"),
        Limit("keepalive", 15.0, Number(0.1, 3600), "seconds between looks whether the visitor is still there"),
        Limit("memory", 512, Integer(64, 10**6), "megabytes of memory for each session"),
        Limit("cpu", 900, Integer(1, 10**6), "seconds of computing for each session"),
        Limit("files", 64, Integer(16, 4096), "open files of each session"),
    ),
)


@dataclass(frozen=True)
class Limits:
    """The limits in force; a field for each row of LIMITS."""

    sessions: int = 10
    per_address: int = 4
    idle: float = 300.0
    total: float = 1800.0
    warning: float = 60.0
    most_columns: int = 300
    most_rows: int = 100
    input_rate: int = 3000
    input_burst: int = 4096
    handshakes: int = 30
    handshake_rate: float = 10.0
    login: float = 10.0
    tries: int = 3
    keepalive: float = 15.0
    memory: int = 512
    cpu: int = 900
    files: int = 64

    def window(self, columns: int, rows: int) -> tuple[int, int]:
        """The window that the program is told of."""
        if columns <= 0 or rows <= 0:
            return UNKNOWN
        return min(max(columns, SMALLEST[0]), self.most_columns), min(max(rows, SMALLEST[1]), self.most_rows)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def frames(sessions: int, of_cores: int | None = None) -> float:
    """Frames per second of each of so many sessions: clamp(150·cores / sessions, 4, 15)."""
    share = _FRAMES_PER_CORE * (of_cores or cores()) / max(sessions, 1)
    return min(max(share, _FEWEST_FRAMES), MOST_FRAMES)


_DEST = "limit "
#: Other defaults for a lecture, in which nobody presses a key for an hour and everybody stays to the end.
_LECTURE = {"idle": 4 * 3600.0, "total": 4 * 3600.0, "cpu": 3600}


def switches() -> list[tuple[str, dict[str, Any]]]:
    """The options for argparse."""
    found: list[tuple[str, dict[str, Any]]] = []
    for each in LIMITS.values():
        default = "" if each.default is None else f" (default {each.default:g})"
        found.append((flag(each.name), {"dest": _DEST + each.name, "metavar": "N", "help": each.help + default}))
    return found


def read(given: Mapping[str, Any], lifted: bool = False, lecture: bool = False) -> Limits:
    """The limits out of argparse's values; lifted: a class comes, all from one address; lecture: its defaults.

    Raises ExperimentError with every problem.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {each.name: each.default for each in LIMITS.values()}
    values["sessions"] = 10 * cores()
    if lecture:
        values |= _LECTURE
    for each in LIMITS.values():
        text = given.get(_DEST + each.name)
        if text is None:
            continue
        try:
            values[each.name] = each.kind.parse(text)
        except Rejected as error:
            problems.append(Problem(flag(each.name), error.message))
    total = values["total"]
    if given.get(_DEST + "warning") is not None and not problems and values["warning"] >= total:
        message = Message("a session lasts {total} s, so that a warning comes less before its end", total=f"{total:g}")
        problems.append(Problem("--warning", message))
    if problems:
        raise ExperimentError(problems)
    if lifted:
        values["per_address"] = values["sessions"]
        values["handshake_rate"] = max(values["handshake_rate"], 10.0 * cores() * 10)
        # One address may have a third of them (front), and all of a class come at once.
        values["handshakes"] = max(values["handshakes"], 3 * values["sessions"])
    return Limits(**values)
