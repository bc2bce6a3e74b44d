"""Recordings for asciinema players (format asciicast v2): a film of the playback.

A recording is a header and events [seconds, "o", what the terminal got], a JSON value per line.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..model.names import SPEEDS
from ..model.state import State
from ..model.timeline import Timeline

#: A playback of more steps is filmed with every second, third … step: a minute at 15 steps a second, 5 MB.
MOST_FRAMES = 900
#: Seconds that the first and the last frame stand, so that a reader can take them in.
_FIRST, _LAST = 1.0, 3.0
#: Seconds between two words about how far a film is.
_TOLD = 0.25

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\)|[ -/]*[0-~])|\x07", re.DOTALL)
#: What draws: cursor movement, erasing, scrolling, colours, links. The rest is between the program and its own
#: terminal: queries (ESC[6n), mouse and keyboard modes, the alternate screen, the clipboard (OSC 52).
_DRAWS = re.compile(r"\x1b\[[0-9;:]*[A-HJ-MPSTX@dfmrsu]|\x1b\]8;.*", re.DOTALL)


class Recorder:
    """Takes what a terminal is sent, with the time that the clock (in seconds) says, as an asciicast."""

    def __init__(self, width: int, height: int, clock: Callable[[], float], title: str) -> None:
        self.size = width, height
        self._clock = clock
        self._start = clock()
        header = {"version": 2, "width": width, "height": height, "title": title, "env": {"TERM": "xterm-256color"}}
        self._lines = [json.dumps(header, ensure_ascii=False)]
        self._add("o", "\x1b[?25l\x1b[0m\x1b[2J")

    def write(self, text: str) -> None:
        """What the terminal gets now. Sequences are whole: a driver writes none in two parts."""
        drawn = _SEQUENCE.sub(lambda match: match[0] if _DRAWS.fullmatch(match[0]) else "", text)
        if drawn:
            self._add("o", drawn)

    def resize(self, width: int, height: int) -> None:
        """The terminal has another size from now on."""
        self.size = width, height
        self._add("r", f"{width}x{height}")

    def finish(self) -> str:
        """The recording. Its last event shows the cursor again, under what was drawn."""
        self._add("o", f"\x1b[0m\x1b[{self.size[1]};1H\x1b[?25h")
        return "\n".join(self._lines) + "\n"

    def _add(self, kind: str, data: str) -> None:
        seconds = round(self._clock() - self._start, 6)
        self._lines.append(json.dumps([seconds, kind, data], ensure_ascii=False))


class Frame(NamedTuple):
    """Columns and rows of a screen, and its rows as a terminal is sent them."""

    size: tuple[int, int]
    rows: list[str]


def moments(state: State, timeline: Timeline, most: int = MOST_FRAMES) -> list[State]:
    """The states of the playback from the first step to the last, in the state's grain; `most` of them at most."""
    steps = [0]
    while steps[-1] < timeline.last:
        steps.append(timeline.move(steps[-1], 1, state.grain))
    if len(steps) > most:
        steps = [steps[round(index * (len(steps) - 1) / (most - 1))] for index in range(most)]
    return [replace(state, step=step, selected=None, playing=step < timeline.last, message="") for step in steps]


async def film(
    states: Sequence[State],
    draw: Callable[[State], Frame],
    title: str,
    watch: Callable[[float], None] = lambda share: None,
) -> str:
    """The states as a film, each shown as long as at the state's speed; an asciicast.

    One frame is drawn at a time, and keys are served between them. watch(share) is told now and then how far it is.
    """
    at, drawn = 0.0, list[str]()
    recorder = Recorder(*draw(states[0]).size, lambda: at, title)
    told = time.monotonic()
    for place, state in enumerate(states, 1):
        size, rows = draw(state)
        if size != recorder.size:
            recorder.resize(*size)
            drawn = []
        recorder.write(_changes(drawn, rows))
        drawn = rows
        at += _FIRST if place == 1 else (_LAST if place == len(states) else 1 / SPEEDS[state.speed])
        if time.monotonic() - told > _TOLD or place == len(states):
            watch(place / len(states))
            told = time.monotonic()
        await asyncio.sleep(0)
    return recorder.finish()


def _changes(before: Sequence[str], after: Sequence[str]) -> str:
    """What makes one frame of the other: the rows that differ."""
    old = [*before, *[""] * (len(after) - len(before))]
    return "".join(
        f"\x1b[{row};1H{text}" for row, (one, text) in enumerate(zip(old, after, strict=True), 1) if one != text
    )
