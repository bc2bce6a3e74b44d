"""Frame pacing: when the next frame may be drawn, and how many steps of playback it advances. No clock, no terminal.

A frame that is written is not yet a frame that is seen: the writer, the kernel and the link each have a queue, and at
50 KB/s they hide many seconds between a key and its effect. So after a frame the terminal is asked where the cursor is;
it answers when it has come that far, and while two answers are owed no frame is drawn. Times are in seconds.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

#: Frames on their way before the next has to wait: one that is drawn by the terminal and one that is sent to it.
MOST_OUTSTANDING = 2
#: After so long without an answer: who never gave one is taken not to answer at all, another is asked once more.
SILENCE = 1.0
#: So seldom is one asked that has never answered: it may have been replaced by one that does.
DEAF_ASK = 10.0
#: Playback leaps by no more than what so many seconds are worth: after a stall it goes on, it does not catch up.
#: More than the 0.25 s between two frames of a window without focus, whose playback is not to be slower.
CATCH_UP = 0.3

# Questions are numbered by the place where the cursor is put for them, (2, 1) … (2, 4), so that an answer says which
# frame has arrived. Not the first row: shift+F3 is ESC[1;2R. Four numbers: at most three questions are open.
_ROW, _NUMBERS = 2, 4
# Timers fire a little early or late; a frame is due if it would be within a millisecond.
_TOLERANCE = 1e-3


class Attention(Enum):
    """Who looks."""

    FOCUSED = "the window has the focus"
    UNFOCUSED = "another window has it"
    HIDDEN = "nobody can see it, or the program is suspended"


#: Frames per second at most.
MOST_FPS = {Attention.FOCUSED: math.inf, Attention.UNFOCUSED: 4.0, Attention.HIDDEN: 0.0}


def question(number: int) -> str:
    """What asks the terminal for the cursor's position (DSR 6), at the place of this number; the cursor stays put."""
    return f"\x1b7\x1b[{_ROW};{number}H\x1b[6n\x1b8"


@dataclass(slots=True)
class Pacer:
    """Paces the frames of one terminal. Whoever draws tells it what happened and when.

    Where nothing is ever asked (no terminal, or one that cannot be asked) frames come at the rate of fps.
    """

    fps: float = 30.0
    attention: Attention = Attention.FOCUSED
    #: Whether this terminal has ever answered.
    heard: bool = field(default=False, init=False)
    #: The open questions, the oldest first: (number, when it was first asked).
    _open: deque[tuple[int, float]] = field(default_factory=deque, init=False)
    _number: int = field(default=0, init=False)
    _asked_at: float = field(default=-math.inf, init=False)
    _next_at: float = field(default=-math.inf, init=False)
    _stepped_at: float = field(default=-math.inf, init=False)

    # -- the terminal ----------------------------------------------------------------------------------

    @property
    def outstanding(self) -> int:
        """Questions without an answer."""
        return len(self._open)

    def deaf(self, now: float) -> bool:
        """Whether this terminal has had its time to answer and never has: then frames come at a fixed rate."""
        return not self.heard and bool(self._open) and now - self._open[0][1] >= SILENCE - _TOLERANCE

    def ask(self, now: float) -> str:
        """What to write after a frame; empty where it would tell nothing."""
        if self.deaf(now):
            return self._repeat(now) if now - self._asked_at >= DEAF_ASK else ""
        if len(self._open) > MOST_OUTSTANDING:
            return ""  # frames that nobody paced, a dialog's say: the open questions suffice
        self._number = self._number % _NUMBERS + 1
        self._open.append((self._number, now))
        return self._repeat(now)

    def ask_again(self, now: float) -> str:
        """What to write while a frame waits; empty but once a second.

        An answer can be lost for good (a detached terminal's are), so the last question is repeated under its number:
        its answer, late or renewed, says that everything before it has arrived.
        """
        if not self._waits(now) or now - self._asked_at < SILENCE - _TOLERANCE:
            return ""
        return self._repeat(now)

    def answered(self, row: int, column: int) -> bool:
        """A cursor position report has come; whether it answers an open question, and with it all before."""
        if row != _ROW or column not in [number for number, _ in self._open]:
            return False
        while self._open.popleft()[0] != column:
            pass
        self.heard = True
        return True

    def forget(self) -> None:
        """The terminal has been left and taken again: what it owed it owes no more."""
        self._open.clear()

    def _repeat(self, now: float) -> str:
        self._asked_at = now
        return question(self._number)

    def _waits(self, now: float) -> bool:
        return len(self._open) >= MOST_OUTSTANDING and not self.deaf(now)

    # -- frames ----------------------------------------------------------------------------------------

    def may_draw(self, now: float, *, urgent: bool = False) -> bool:
        """Whether a frame may be drawn now. urgent: a person waits for it, who need not wait for the frame rate.

        On a terminal that does not answer nothing else than the rate holds the queue short: there it holds for all.
        """
        if self._interval == math.inf or self._waits(now):
            return False
        return (urgent and not self.deaf(now)) or now >= self._next_at - _TOLERANCE

    def drawn(self, now: float) -> None:
        """A frame is being drawn: the next one is due an interval later."""
        interval = self._interval
        # On a beat where that is possible; a late frame is not made up for.
        on_beat = self._next_at + interval
        self._next_at = on_beat if now < on_beat <= now + interval + _TOLERANCE else now + interval

    @property
    def _interval(self) -> float:
        fps = min(self.fps, MOST_FPS[self.attention])
        return 1 / fps if fps > 0 else math.inf

    # -- playback --------------------------------------------------------------------------------------

    def start(self, now: float) -> None:
        """Playback starts: the first step is due one step's time from now."""
        self._stepped_at = now

    def advance(self, now: float, speed: float) -> int:
        """The steps that the next frame advances, at so many a second; 0 where none is due or no frame may be drawn.

        As many as are due, so that a slow link drops frames and not the tempo; after a stall no more than CATCH_UP
        is worth, but one at least.
        """
        if not self.may_draw(now):
            return 0
        due, most = self._due(now, speed), max(1, int(CATCH_UP * speed))
        if due > most:
            self._stepped_at = now
            return most
        self._stepped_at += due / speed
        return due

    def wait(self, now: float, *, speed: float = 0.0, waiting: bool = False) -> float | None:
        """Seconds until it is worth looking again, whatever the terminal says meanwhile; None: not until something is.

        speed: of playback, 0 where nothing plays; waiting: there is something to draw.
        """
        if self._interval == math.inf or not (speed or waiting):
            return None
        if self._waits(now):
            since = self._asked_at if self.heard else self._open[0][1]
            return max(since + SILENCE - now, 0.0)
        due = self._next_at
        if not waiting:
            due = max(due, self._stepped_at + 1 / speed)
        return max(due - now, 0.0)

    def _due(self, now: float, speed: float) -> int:
        return max(int((now - self._stepped_at + _TOLERANCE) * speed), 0)
