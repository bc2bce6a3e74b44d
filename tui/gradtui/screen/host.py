"""The host: the loop from event to state to screen, and what actions, lessons and files may ask of the app."""

from __future__ import annotations

from collections import ChainMap, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual.notifications import SeverityLevel

from gradtui_engine import Experiment, Run, TrainingHistory
from gradtui_engine.analysis.record import Record, Source

from ..lessons import library
from ..model import events as e
from ..model.commands import BY_ID
from ..model.keys import command_of, refusal
from ..model.names import SPEEDS
from ..model.needs import NOTHING, Computed, Failed, Known, Need, need_of
from ..model.opening import beyond
from ..model.panes_of import cell_of
from ..model.permissions import OPEN, Permissions
from ..model.shown import source_of_a
from ..model.state import State
from ..model.sweeps import plan_of
from ..model.timeline import Timeline
from ..model.trainings import HistoryOf, followed_a, followed_b, recorded, training_of_a, training_of_b
from ..model.update import update
from ..share import failures
from ..text import language
from ..text.language import tr
from ..text.spans import width_of
from ..views import catalogue, status
from ..views.frame.scene import Scene
from ..views.lessons import panes
from .drawing import Drawing
from .jobs import Jobs
from .palette import DEFAULT, THEMES
from .scrollbars import fit_glyphs
from .sweeping import Sweeps, store
from .tailing import Tails
from .terminal.canvas import Canvas
from .terminal.paced_app import PacedApp
from .terminal.whole import rows_of
from .themes import styles_of, textual_theme
from .training import Trainings

#: Events to send once there is a trace, worked out from its steps.
Cue = Callable[[Timeline], Iterable[e.Event]]
#: Seconds after which a computation is worth a word, and between two looks at how far it is.
_LONG, _LOOK = 0.3, 0.1
#: Seconds between two looks at a training: with what drawing takes at least 15 frames a second.
_TRAINING = 1 / 17
#: And between two looks at a file that has been read to its end.
_TAIL = 0.25


class Host(PacedApp):
    """An app that holds the state: events change it, what it needs is computed, and it is shown."""

    FAILED = failures.FAILED
    #: What a command does that is more than an event, by the command's name.
    ACTIONS: ClassVar[Mapping[str, Callable[[Any, str], Any]]] = {}

    def __init__(
        self,
        state: State,
        cursor: Iterable[e.Event] = (),
        fps: float = 30.0,
        permissions: Permissions = OPEN,
        known: Known = NOTHING,
    ) -> None:
        """cursor: events to send when the first trace has arrived; fps: frames a second, at most; known: results that
        are there already."""
        super().__init__(fps)
        fit_glyphs()
        self.permissions = permissions
        for colours in THEMES.values():
            self.register_theme(textual_theme(colours))
        self.theme = DEFAULT
        names = state.lessons or library.names(language.current())
        self.state = replace(state, lessons=names, item=state.item or next(iter(names), ""))
        self.record: Record | None = None
        self.timeline: Timeline | None = None
        self.trainings = Trainings()
        self.tails = Tails(self.trainings.results)
        self.sweeps = Sweeps(store() if permissions.files else None)
        for key, history in known.items():
            if not isinstance(key, HistoryOf):
                continue
            if isinstance(history, TrainingHistory):
                self.trainings.adopt(history)
            else:
                self.trainings.results[key] = history
        known = {key: result for key, result in known.items() if not isinstance(key, HistoryOf)}
        self.jobs = Jobs(partial(self.run_worker, exit_on_error=True), self._arrived, known, self.trainings.results)
        self._cue: Cue | None = lambda timeline: (
            *cursor, *beyond(cursor, timeline, self.state.experiment.resolved.width)
        )  # fmt: skip
        #: What has been sent and not been taken yet; and whether something is being taken.
        self._waiting: deque[tuple[Sequence[e.Event], Cue | None]] = deque()
        self._sending = False
        #: Called after every change of the state.
        self.followed_by: list[Callable[[], object]] = []
        self.canvas = Canvas()
        self._drawing = Drawing(permissions)
        #: Whether a timer looks after the computations: an idle program has none.
        self._looks = False
        self._looks_at_training = self._looks_at_sweeps = False

    # -- the loop: event → state → screen --------------------------------------------------------------

    def send(self, *events: e.Event, cue: Cue | None = None) -> None:
        """Take events as one change: one state follows, what it needs is computed, and it is shown once.

        What is sent meanwhile waits its turn. cue: what happens as soon as the trace that is asked for is there, in
        this change if it has been computed already.
        """
        self._waiting.append((events, cue))
        if self._sending:
            return
        self._sending = True
        try:
            while self._waiting:
                self._take(*self._waiting.popleft())
        finally:
            self._sending = False

    def _take(self, events: Sequence[e.Event], cue: Cue | None) -> None:
        self._update(events)
        self._cue = cue or self._cue
        self._adopt()
        # 30 followers who draw each of a presenter's steps at once would be more than two cores can take.
        self._follow(urgent=not any(isinstance(event, e.Present) for event in events))

    def _update(self, events: Iterable[e.Event]) -> None:
        for event in events:
            self.state = update(self.state, event, self.timeline)

    def _adopt(self) -> None:
        """Show the record that is asked for, where it is there; what waits for it happens."""
        result = self.jobs.results.get(need_of(source_of_a(self.state)))
        if not self.state.loaded and isinstance(result, Computed):
            record, before = result.record, self.record
            self.record = record.asked_as(self.state.experiment) if isinstance(record, Run) else record
            self.timeline = result.timeline
            if result.history is not None:
                self.trainings.adopt(result.history)
            self._update([self._loaded(self.record, before), *self._ended(record.source)])
        if self.state.loaded and self.timeline is not None and self._cue is not None:
            cue, self._cue = self._cue, None
            self._update(cue(self.timeline))

    def _ended(self, source: Source) -> tuple[e.Event, ...]:
        """What to say where a training had ended before the iteration that was asked for."""
        if source.training is None or source.iteration >= self.state.opened:
            return ()
        return (e.Message(tr("A ended at iteration {number}, which is shown", number=source.iteration)),)

    def _follow(self, *, urgent: bool) -> None:
        """What follows from a state: the clock, what is computed, what is shown."""
        self.play(SPEEDS[self.state.speed] if self.state.playing else 0)
        self.jobs.want(catalogue.needs(self.state))
        self._train()
        self._sweep()
        if not self._looks:
            self._look_at_work()
        for follower in self.followed_by:
            follower()
        self.show(urgent=urgent)

    def _train(self) -> None:
        """Train what is asked for, or pause; read on in what is recorded; look at it while it goes on."""
        if recorded(self.state):
            self._tail()
            return
        asked = (training_of_a(self.state), training_of_b(self.state))
        trainings = [training for training in asked if training is not None]
        # In Train the cursor may have gone back behind the iteration whose record is asked for, which waits for it.
        looked_at = max(self.state.iteration, self.state.opened)
        count, done = self.trainings.want(trainings, self.state.training, looked_at)
        news = count > 0 and (count, done) != (self.state.trained, self.state.finished)
        if not self._looks_at_training and (self.state.training or news or self.trainings.busy):
            self._looks_at_training = True
            self.set_timer(_TRAINING, self._look_at_training)

    def _sweep(self) -> None:
        """Compute the cells of the sweep that is shown, or rest; in other views it goes on while it is the same."""
        state = self.state
        if state.view == "sweep":
            plan = plan_of(state)
            count, done = self.sweeps.want(plan.both, not state.resting)
            if not self._looks_at_sweeps and (self.sweeps.busy or (count, done) != (state.swept, state.swept_all)):
                self._looks_at_sweeps = True
                self.set_timer(_TRAINING, self._look_at_sweeps)
        elif self.sweeps.going and (state.resting or plan_of(state).both != self.sweeps.wanted):
            self.sweeps.want((), False)

    def _look_at_sweeps(self) -> None:
        self._looks_at_sweeps = False
        count, done = self.sweeps.look()
        if self.state.view == "sweep":
            self.send(e.Swept(count, done))
        problem, self.sweeps.problem = self.sweeps.problem, ""
        if problem:
            self.say(tr(problem), tr("not possible"), "error")

    def _tail(self) -> None:
        asked = (followed_a(self.state), followed_b(self.state))
        count, done = self.tails.want([source for source in asked if isinstance(source, Source)])
        news = (count, done, self.tails.steps) != (self.state.trained, self.state.finished, self.state.steps)
        if not self._looks_at_training and (news or not done):
            self._looks_at_training = True
            # Of a file in which nothing may come any more there are four looks a second, not 17.
            self.set_timer(_TAIL if self.tails.rests and not news else _TRAINING, self._look_at_training)

    def _look_at_training(self) -> None:
        self._looks_at_training = False
        if recorded(self.state):
            count, done = self.tails.look()
            known = (count, done, self.tails.steps)
            if known != (self.state.trained, self.state.finished, self.state.steps):
                if count and not self.state.trained:
                    self.jobs.again()  # of a recording without a step there was none to show
                self.send(e.Trained(count, done, 0, self.jobs.idle, self.tails.steps))
            else:
                self._tail()
            problem = self.tails.problem
        else:
            count, done = self.trainings.look()
            self.send(e.Trained(count, done, self.trainings.pace(), self.jobs.idle))
            problem = self.trainings.problem
        if done and problem:
            self.say(tr(problem), tr("not possible"), "error")

    def advance(self, steps: int) -> None:
        """The clock of playback."""
        self.send(e.Tick(steps))

    def say(
        self, text: str, title: str = "", severity: SeverityLevel = "information", after: Sequence[e.Event] = ()
    ) -> None:
        """In the status line; what does not fit there in a toast, which has room for it, and not in both.

        after: the events that it is about, as one change with it.
        """
        fits = "\n" not in text and width_of([(text, "")]) < self.size.width
        if fits or after or self.state.message:
            self.send(*after, e.Message(text if fits else ""))
        if not fits:
            self.notify(text, title=title, severity=severity, timeout=10)

    def on_unmount(self) -> None:
        self.trainings.close()
        self.tails.close()
        self.sweeps.close()

    def scene(self) -> Scene | None:
        """What the views read; None before the first trace has arrived."""
        if self.record is None or self.timeline is None:
            return None
        return Scene(
            self.record,
            self.timeline,
            self.state,
            ChainMap(self.jobs.results, self.trainings.results, self.sweeps.results),
        )

    def _arrived(self, need: Need, result: Any) -> None:
        """A result is there. That of A becomes the record on screen."""
        asked = need == need_of(source_of_a(self.state)) and not self.state.loaded
        if asked and isinstance(result, Failed):
            self._failed(need, tr(result.problem))
        else:
            self.send()

    @property
    def shown(self) -> tuple[Experiment, tuple[Source, ...]]:
        """What is on screen, whatever is asked for: an experiment, and the recording that it comes from, if any."""
        assert self.record is not None
        source = self.record.source
        if source.recorded:
            return self.state.experiment, self.state.recordings
        return source.experiment or self.state.experiment, (source,) if source.recording else ()

    def _loaded(self, record: Record, before: Record | None = None) -> e.Loaded:
        """Of a recording that does not say which experiment it was, the cell with the same axis.

        before: the record that it comes after, which may be another iteration of the same.
        """
        experiment = record.source.experiment
        stays = before is not None and before.source.experiment == experiment and not record.source.recording
        return e.Loaded(experiment or self.state.experiment, "" if experiment else cell_of(record.axis), stays)

    def _failed(self, need: Need, problem: str) -> None:
        """The experiment that was asked for cannot be shown: back to the one that is."""
        if self.record is None and recorded(self.state) and not self.state.trained and not self.state.finished:
            self.say(problem)  # of a training that has just begun: its first step is waited for
            return
        if self.record is None:
            self.exit(2, message=f"gradtui: {problem}")
            return
        self.jobs.results.pop(need, None)  # a file may be mended
        back = e.Unable(self.shown[0]) if self.state.following else self.back()
        self.stay(back, problem, tr("not possible"), "error")

    def back(self) -> e.Event:
        """What leads back to the record on the screen: its experiment, or another iteration of the one asked for."""
        assert self.record is not None
        experiment, recordings = self.shown
        if (experiment, recordings) == (self.state.experiment, self.state.recordings):
            return e.GoTo(iteration=self.record.source.iteration)
        return e.Change(experiment, recordings=recordings, record=False)

    def stay(self, back: e.Event, text: str, title: str = "", severity: SeverityLevel = "information") -> None:
        """Ask no more for what is not on screen: back leads to what is, and what waited for the other is dropped."""
        assert self.record is not None
        self._cue = None
        self.say(text, title, severity, after=(back, self._loaded(self.record)))

    def words_of(self, error: BaseException | None) -> str:
        return failures.note(error)

    def _look_at_work(self) -> None:
        """Say how far a computation is that takes long; look again as long as there is one."""
        self._looks = not self.jobs.idle
        if self._looks:
            self.set_timer(_LOOK, self._look_at_work)
        share, seconds = self.jobs.progress()
        if seconds > _LONG and not self.state.loaded:
            self.send(e.Message(status.computing(share)))

    def draw(self) -> None:
        """Draw the state, at once."""
        if not self.canvas.is_mounted or not self.size.width:
            return
        blocks = self._drawing.draw(self.state, self.scene(), *self.size, hasty=self.hasty)
        self.canvas.show(blocks, styles_of(self.current_theme), self.size)
        if not self._drawing.complete:
            self.show_at_rest()

    def notify(self, message: str, **named: Any) -> None:
        """As text: in Textual's markup a file's name in brackets would vanish, or become something to click on."""
        super().notify(message, **(named | {"markup": False}))

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """The screen as SVG: Textual's own is Rich's, which squeezes Chinese and leaves places to blanks."""
        from ..share.svg import svg

        return svg(rows_of(self), self.size.width, title or self.title)

    def action_key(self, key: str) -> None:
        """A key: the command that it means in this view; a letter of a question's answers is the question's alone."""
        letter = key.upper()
        if letter in panes.letters(self.state, self.scene()):
            self.action_command("answer", letter)
            return
        command = command_of(key, self.state.view, self.permissions)
        if command is not None:
            self.action_command(command.id)

    def action_command(self, name: str, argument: str = "") -> None:
        """A key, the palette or the footer: send the command's event, or do its action (with this or its argument)."""
        command = BY_ID[name]
        refused = refusal(command, self.permissions)
        if refused:
            self.say(refused)
        elif command.event is not None:
            self.send(command.event)
        else:
            # A message gives way to what opens now, as it does to an event.
            if self.state.message:
                self.send(e.Message())
            # What has been said over the screen would lie on what opens now.
            self.clear_notifications()
            self.ACTIONS[name](self, argument or command.argument)
