"""What trains beside the screen: a thread of its own, in which the trainings of A and B go on by turns."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from gradtui_engine import ExperimentError, Training, TrainingHistory
from gradtui_engine.training.history import start

from ..model.needs import Failed, Need
from ..model.trainings import HistoryOf, SnapshotOf
from ..text import process

#: Trainings that are kept, those that are looked at among them: undo leads back to one that is there still.
_KEPT = 6
#: And no more than this share of what the setting `kept_results` allows for the results of the screen.
_SHARE, _MB = 2, 2**20
#: Seconds that one of two trainings goes on before the other has its turn, and before it hears that it is to stop.
_TURN = 0.02


class Trainings:
    """The trainings of the screen, by what they are. `results` has their histories and their latest snapshots."""

    def __init__(self) -> None:
        self.results: dict[Need, Any] = {}
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="train")
        self._wanted: tuple[Training, ...] = ()
        self._stop = threading.Event()
        self._work: Future[None] | None = None
        #: So many iterations are wanted.
        self._until = 0.0
        #: In the order in which they were last wanted. Both threads change it, and a training's hash and equality are
        #: Python, in the middle of which another thread may have its turn: each looks and changes while it holds this.
        self._histories: dict[Training, TrainingHistory] = {}
        self._changes = threading.Lock()
        #: Since when the thread trains, and how many iterations it has made.
        self._since, self._made = 0.0, 0
        #: Nothing is trained: a timer may still fire after the end, and what is being written may not change.
        self._closed = self._still = False
        #: Why some cannot go on.
        self._failed: dict[Training, str] = {}

    def want(self, trainings: Sequence[Training], on: bool, iteration: int = 0) -> tuple[int, bool]:
        """Look at these, A's first; on: train them, else pause, once the iteration that is looked at is there.

        Gives what there is of them: see `look`.
        """
        wanted = tuple(dict.fromkeys(trainings))
        changed = wanted != self._wanted
        self._wanted = wanted
        with self._changes:
            for training in wanted:
                if training in self._histories:
                    self._histories[training] = self._histories.pop(training)
        until = math.inf if on else iteration + 1 if iteration else 0
        if changed or until != self._until:
            self._stop.set()
        if until > self._until:
            self._failed.clear()  # memory may be free by now
        self._until = until
        idle = self._stop.is_set() or self._work is None or self._work.done()
        if idle and self._left(until) and not (self._closed or self._still):
            self._stop = threading.Event()
            # After the one that has been told to stop: the executor has one thread.
            self._work = self._executor.submit(self._train, wanted, until, self._stop)
        return self.look()

    def adopt(self, history: TrainingHistory) -> None:
        """A training that somebody else has begun."""
        with self._changes:
            self._histories.setdefault(history.training, history)
        self.look()

    def _left(self, until: float = math.inf) -> bool:
        """Whether anything of what is wanted is left to be trained, of so many iterations."""
        for training in self._wanted:
            history = self._known(training)
            going = history is None or (not history.done and history.count < until)
            if training not in self._failed and until > 0 and going:
                return True
        return False

    def look(self) -> tuple[int, bool]:
        """Take the latest snapshots: (iterations that are there of whichever has more, whether nothing is left).

        Raises what nobody has foreseen in the thread: there it would be lost, and begun anew again and again.
        """
        if self._work is not None and self._work.done() and not self._work.cancelled():
            self._work.result()
        count = 0
        for training in self._wanted:
            history = self._known(training)
            if history is not None:
                known = self.results.get(SnapshotOf(training))
                snapshot = history.snapshot()
                if known is None or _moved(known, snapshot):
                    self.results[SnapshotOf(training)] = snapshot
                self.results[HistoryOf(training)] = history
                count = max(count, snapshot.count)
            elif training in self._failed:
                self.results[SnapshotOf(training)] = Failed(self._failed[training])
        self._forget()
        return count, not self._left()

    @property
    def busy(self) -> bool:
        """Whether anything is trained now, be it only up to the iteration that is looked at."""
        return self._work is not None and not self._work.done()

    def pace(self) -> int:
        """Iterations a second of what is trained now, all together; 0 where nothing is."""
        seconds = time.monotonic() - self._since
        return round(self._made / seconds) if self._work is not None and not self._work.done() and seconds else 0

    def _forget(self) -> None:
        """Drop trainings that are not looked at, the one that was longest ago first, while there are too many or all
        together are too large."""
        most, histories = process.current().kept_results * _MB / _SHARE, self._histories
        with self._changes:
            old = [training for training in histories if training not in self._wanted]
            while old and (len(histories) > _KEPT or sum(kept.nbytes for kept in histories.values()) > most):
                training = old.pop(0)
                del histories[training]
                self.results.pop(HistoryOf(training), None)
                self.results.pop(SnapshotOf(training), None)

    @property
    def problem(self) -> str:
        """Why one that is looked at cannot be trained on; "" where all can."""
        return next((self._failed[training] for training in self._wanted if training in self._failed), "")

    def wait(self) -> None:
        """Until what has been told to stop has stopped."""
        if self._work is not None:
            wait([self._work])

    @contextlib.asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """While the block runs nothing is trained: what is there stays as it is."""
        self._still = True
        self._stop.set()
        try:
            await asyncio.to_thread(self.wait)
            yield
        finally:
            self._still = False

    def close(self) -> None:
        """Train no more; what is under way ends by itself."""
        self._closed = True
        self._stop.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    # -- in the thread ---------------------------------------------------------------------------------------

    def _train(self, trainings: tuple[Training, ...], most: float, stop: threading.Event) -> None:
        """Go on with all of them by turns, the one that is behind first, until nothing is left or stop is set."""
        turns = dict.fromkeys(trainings, 1)
        self._since, self._made = time.monotonic(), 0
        while not stop.is_set():
            left = {training: self._done(training) for training in trainings if training not in self._failed}
            left = {training: count for training, count in left.items() if count < most}
            if not left:
                return
            training = min(left, key=lambda training: left[training])
            begun, many = time.monotonic(), int(min(turns[training], most - left[training]))
            try:
                # Many at a time: each call costs about a tenth of a small network's iteration.
                self._history(training).advance(many)
                self._made += many
            except (ExperimentError, MemoryError) as error:
                self._failed[training] = Failed.of(error).problem
                history = self._known(training)
                if history is not None:
                    history.interrupted = True  # whoever waits for a later iteration of it waits no more
            took = time.monotonic() - begun
            turns[training] = max(1, min(2 * turns[training], round(turns[training] * _TURN / max(took, 1e-6))))

    def _done(self, training: Training) -> float:
        """So many of its iterations are there; inf where no more will come."""
        history = self._known(training)
        return 0 if history is None else math.inf if history.done else history.count

    def _known(self, training: Training) -> TrainingHistory | None:
        with self._changes:
            return self._histories.get(training)

    def _history(self, training: Training) -> TrainingHistory:
        """The training's history: the one that is there, a branch of A's, or a new one. Raises ExperimentError."""
        history = self._known(training)
        if history is not None:
            return history
        with self._changes:
            others = tuple(self._histories.values())
        begun = start(training, others)
        with self._changes:
            # Meanwhile another may have been adopted, which is as far or further.
            return self._histories.setdefault(training, begun)


def _moved(before: Any, after: Any) -> bool:
    return (before.count, len(before.validations), before.done) != (after.count, len(after.validations), after.done)
