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
from typing import TYPE_CHECKING, Any

from ..model.names import SPEEDS
from ..model.state import State
from ..model.timeline import Timeline

if TYPE_CHECKING:
    from textual.app import App

#: A playback of more steps is filmed with every second, third … step: a minute at 15 steps a second, 5 MB.
MOST_FRAMES = 900
#: Seconds that the first and the last frame stand, so that a reader can take them in.
_FIRST, _LAST = 1.0, 3.0
#: While a film is made the screen stands still; after so many seconds it is brought up to date.
_STILL = 0.25

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
        drawn = _SEQUENCE.sub(lambda found: found[0] if _DRAWS.fullmatch(found[0]) else "", text)
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


def moments(state: State, timeline: Timeline, most: int = MOST_FRAMES) -> list[State]:
    """The states of the playback from the first step to the last, in the state's grain; `most` of them at most."""
    steps = [0]
    while steps[-1] < timeline.last:
        steps.append(timeline.move(steps[-1], 1, state.grain))
    if len(steps) > most:
        steps = [steps[round(index * (len(steps) - 1) / (most - 1))] for index in range(most)]
    return [replace(state, step=step, selected=None, playing=step < timeline.last, message="") for step in steps]


async def film(
    app: App[Any],
    states: Sequence[State],
    show: Callable[[State], None],
    current: Callable[[], State],
    title: str,
    watch: Callable[[float], None] = lambda share: None,
) -> str:
    """The states as a film of the app's main screen, each shown as long as at the state's speed; an asciicast.

    show(state) draws a state at once, leaving the app's own, `current()`, as it is. One frame is drawn at a time, and
    keys are served between them; the terminal sees none of it, as the app holds back its output meanwhile. A dialog
    over the main screen is not in the film. watch(share) is told how far the film is.
    """
    at = 0.0
    # Its own: what Textual offers in public is the picture of whatever screen is on top, as an SVG.
    compositor = app.screen_stack[0]._compositor
    recorder = Recorder(*compositor.size, lambda: at, title)
    drawn: list[str] = []
    place = 0
    while place < len(states):
        end = time.monotonic() + _STILL
        with app.batch_update():
            try:
                while place < len(states) and time.monotonic() < end:
                    state = states[place]
                    show(state)
                    if compositor.size != recorder.size:
                        recorder.resize(*compositor.size)
                        drawn = []
                    # In the colours of the app's terminal: a style keeps its codes as they were first asked for.
                    rows = [strip.render(app.console) for strip in compositor.render_strips()]
                    recorder.write(_changes(drawn, rows))
                    drawn = rows
                    place += 1
                    at += _FIRST if place == 1 else (_LAST if place == len(states) else 1 / SPEEDS[state.speed])
                    await asyncio.sleep(0)
            finally:
                if app.is_running:  # else it is being closed, and there is nothing left to draw on
                    show(current())
        # All of it: Textual drops what it would have drawn during a batch, a dialog that has been opened, say.
        app.screen.refresh()
        watch(place / len(states))
        await asyncio.sleep(0)
    return recorder.finish()


def _changes(before: Sequence[str], after: Sequence[str]) -> str:
    """What makes one frame of the other: the rows that differ."""
    old = [*before, *[""] * (len(after) - len(before))]
    return "".join(
        f"\x1b[{row};1H{text}" for row, (one, text) in enumerate(zip(old, after, strict=True), 1) if one != text
    )
