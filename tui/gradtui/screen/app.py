"""The app: wiring only. Keys, the clock and results become events, `update` makes the next state, views draw it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from textual.app import ComposeResult, SystemCommand
from textual.notifications import SeverityLevel
from textual.screen import Screen

from gradtui_engine import Trace

from ..lessons import library
from ..model import events as e
from ..model.commands import BY_ID, COMMANDS, brought, keys_of, refusal
from ..model.names import SPEEDS
from ..model.needs import Computed, Failed, Need, Simulation
from ..model.permissions import OPEN, Profile
from ..model.state import State
from ..model.timeline import Timeline
from ..model.update import update
from ..text import language, plot
from ..text.glyphs import render
from ..text.language import tr
from ..text.spans import width_of
from ..views import catalogue, status
from ..views.arrangement import FOOTER, HEADER, TIMELINE, arrange, place
from ..views.catalogue import PANES
from ..views.frame.cache_keys import Same
from ..views.frame.layout import Box
from ..views.frame.scene import Scene
from . import learning
from .actions import ACTIONS, palette_entries
from .jobs import Jobs, prepare
from .palette import DEFAULT, THEMES, palette
from .scrollbars import fit_glyphs
from .search import Palette, Search
from .terminal.paced_app import PacedApp
from .terminal.painting import Panes
from .terminal.widgets import Lines, PaneWidget
from .themes import textual_theme

#: Events to send once there is a trace, worked out from its steps.
Cue = Callable[[Timeline], Iterable[e.Event]]
#: Seconds after which a computation is worth a word, and between two looks at how far it is.
_LONG, _LOOK = 0.3, 0.1
#: Seconds after which plotext is loaded, aside: it takes 0.15 s, which the first plot would have to wait for.
_LATER = 1.0
#: Lines of a lesson that a notch of the wheel goes.
_WHEEL = 2


class GradtuiApp(PacedApp):
    """gradtui's screen."""

    TITLE = "gradtui"
    CSS = "Screen { layers: base; overflow: hidden; }"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {Search}

    def __init__(
        self, state: State, cursor: Iterable[e.Event] = (), fps: float = 30.0, profile: Profile = OPEN
    ) -> None:
        """cursor: events to send when the first trace has arrived; fps: frames a second, at most."""
        super().__init__(fps)
        fit_glyphs()
        self.profile = profile
        for colours in THEMES.values():
            self.register_theme(textual_theme(colours))
        self.theme = DEFAULT
        names = state.lessons or library.names(language.current())
        self.state = replace(state, lessons=names, item=state.item or next(iter(names), ""))
        self.trace: Trace | None = None
        self.timeline: Timeline | None = None
        self.jobs = Jobs(partial(self.run_worker, exit_on_error=True), self._arrived)
        self._on_arrival: list[Cue] = [lambda timeline: cursor]
        #: Called after every change of the state.
        self.followed_by: list[Callable[[], object]] = []
        self._panes_made = False
        self._bars: dict[str, Lines] = {}
        self._panes: dict[str, PaneWidget] = {}
        #: What header and footer were made of, and what the widgets were put to.
        self._told: object = None
        self._placed: object = None
        #: Whether a timer looks after the computations: an idle program has none.
        self._looks = False
        for each in (*COMMANDS, *brought(profile)):
            for key in keys_of(each.id):
                self.bind(key, f"command('{each.id}')", description=each.label, show=False)

    # -- the loop: event → state → screen --------------------------------------------------------------

    def send(self, event: e.Event) -> None:
        """Update the state with one event, have computed what it needs, and show the result."""
        self.state = update(self.state, event, self.timeline)
        # 30 followers who draw each of a presenter's steps at once would be more than two cores can take.
        self._follow(urgent=not isinstance(event, e.Present))
        self._adopt()

    def _follow(self, *, urgent: bool = True) -> None:
        """What follows from a state: the clock, what is computed, what is shown."""
        self.play(SPEEDS[self.state.speed] if self.state.playing else 0)
        self.jobs.want(catalogue.needs(self.state))
        if not self._looks:
            self._look_at_work()
        for each in self.followed_by:
            each()
        self.show(urgent=urgent)

    def advance(self, steps: int) -> None:
        """The clock of playback."""
        self.send(e.Tick(steps))

    def say(self, text: str, title: str = "", severity: SeverityLevel = "information") -> None:
        """In the status line; what does not fit there in a toast, which has room for it, and not in both."""
        fits = "\n" not in text and width_of([(text, "")]) < self.size.width
        if fits:
            self.send(e.Message(text))
        else:
            self._hush()
            self.notify(text, title=title, severity=severity, timeout=10)

    def _hush(self) -> None:
        if self.state.message:
            self.send(e.Message())

    def scene(self) -> Scene | None:
        """What the views read; None before the first trace has arrived."""
        if self.trace is None or self.timeline is None:
            return None
        return Scene(self.trace, self.timeline, self.state, self.jobs.results)

    def when_loaded(self, cue: Cue) -> None:
        """Send these events as soon as the trace that is asked for is there."""
        self._on_arrival = [cue]
        if self.state.loaded:
            self._cue()

    def _cue(self) -> None:
        waiting, self._on_arrival = self._on_arrival, []
        if self.timeline is not None:
            for cue in waiting:
                for event in cue(self.timeline):
                    self.send(event)

    def _adopt(self) -> None:
        """Show the trace of the experiment that is asked for, where it has been computed already."""
        if not self.state.loaded and Simulation(self.state.experiment) in self.jobs.results:
            self._arrived(Simulation(self.state.experiment), self.jobs.results[Simulation(self.state.experiment)])

    def _arrived(self, need: Need, result: Any) -> None:
        """A result is there. That of experiment A becomes the trace on screen."""
        if need == Simulation(self.state.experiment) and not self.state.loaded:
            if isinstance(result, Failed):
                self._failed(need, tr(result.problem))
                return
            assert isinstance(result, Computed)
            self.trace, self.timeline = result.trace.given(self.state.experiment), result.timeline
            self.state = update(self.state, e.Loaded(self.state.experiment), self.timeline)
            self._cue()
        self._follow()

    def _failed(self, need: Need, problem: str) -> None:
        """The experiment that was asked for cannot be shown: back to the one that is."""
        self._on_arrival = []
        if self.trace is None:
            self.exit(2, message=f"gradtui: {problem}")
            return
        self.jobs.results.pop(need, None)  # a file may be mended
        shown = self.trace.experiment
        self.send(e.Unable(shown) if self.state.following else e.Change(shown, record=False))
        self.send(e.Loaded(self.trace.experiment))
        self.say(problem, tr("not possible"), "error")

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
        width, height = self.size
        if not self._panes_made or not width:
            return
        colours = palette(self.theme, self.current_theme.dark)
        wide, tall = status.SMALLEST
        scene = self.scene()
        if width < wide or height < tall or scene is None:
            self._place({})
            self._told = None
            fits = width >= wide and height >= tall
            lines = status.waiting(self.state.experiment, width) if fits else [status.too_small(width, height)]
            self._bars["top"].show([*lines, []][:HEADER], colours)
            # A first computation that takes long: how far it is, and the keys.
            long = fits and bool(self.state.message)
            self._bars["middle"].show([[(f" {self.state.message}", "message")] if long else []], colours)
            self._bars["bottom"].show([status.footer(self.state, width, self.profile) if long else []], colours)
            return
        boxes = arrange(self.state, width, height)
        self._place(boxes)
        self._bars["middle"].show([status.timeline(scene, width)], colours, width)
        # The others are the same at every step.
        told = Same(scene.trace), replace(self.state, step=0), width, colours
        if told != self._told:
            self._told = told
            self._bars["top"].show(status.header(scene, width), colours, width)
            self._bars["bottom"].show([status.footer(self.state, width, self.profile)], colours, width)
        whole = True
        for name in boxes:
            pane, focused = self._panes[name], name == self.state.pane
            pane.set_class(focused, "focused")
            here = place(self.state, boxes) if focused else ""
            whole &= pane.fill(PANES[name], scene, colours, place=here, hasty=self.hasty)
        if not whole:
            self.show_at_rest()

    def show_state(self, state: State) -> None:
        """Draw another state than the app's own, at once: a frame of a film."""
        kept, self.state = self.state, state
        try:
            self.draw()
        finally:
            self.state = kept

    def _place(self, boxes: dict[str, Box]) -> None:
        width, height = self.size
        if self._placed == (self.size, boxes):
            return
        self._placed = self.size, boxes
        for name, y, rows in (
            ("top", 0, HEADER),
            ("middle", height - 2, TIMELINE),
            ("bottom", height - 1, FOOTER),
        ):
            self._bars[name].put(Box(0, y, width, rows))
        for name, pane in self._panes.items():
            pane.put(boxes.get(name))

    # -- Textual's side --------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        colours = palette(self.theme, True)
        self._bars = {name: Lines(colours, id=name) for name in ("top", "middle", "bottom")}
        self._panes = {name: PaneWidget(colours, id=name) for name in PANES}
        yield self._bars["top"]
        yield from self._panes.values()
        yield self._bars["middle"]
        yield self._bars["bottom"]

    def get_default_screen(self) -> Screen[object]:
        return Panes("_default")

    def take_process(self) -> None:
        """The process's signals end the app in order."""
        prepare(self.exit)

    def on_mount(self) -> None:
        self.take_process()
        self._panes_made = True
        if not plot.loaded():
            self.set_timer(_LATER, lambda: self.run_worker(plot.load, thread=True, group="load"))
        self._follow()
        # A visitor's session has been born with it.
        self._adopt()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def action_command(self, name: str) -> None:
        """A key, the palette or the footer: send the command's event, or do its action."""
        command = BY_ID[name]
        refused = refusal(command, self.profile)
        if refused:
            self.say(refused)
        elif command.event is not None:
            self.send(command.event)
        else:
            # A message gives way to what opens now, as it does to an event.
            self._hush()
            ACTIONS[name](self, command.argument)

    def action_command_palette(self) -> None:
        if self.use_command_palette and not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette offers the table of commands, every field of the experiment, presets, themes and lessons."""
        for title, text, action in palette_entries(self):
            yield SystemCommand(render(title), render(text), action)

    def on_pane_widget_clicked(self, message: PaneWidget.Clicked) -> None:
        self.send(e.Focus(pane=message.pane))
        self.on_pane_widget_dragged(message)

    def on_pane_widget_dragged(self, message: PaneWidget.Clicked) -> None:
        """Bars are picked, and sliders moved, as by a click."""
        scene = self.scene()
        if scene is not None and message.x >= 0:
            size = self._panes[message.pane].size
            for event in PANES[message.pane].click(scene, size.width, size.height, message.x, message.y):
                self.send(event)

    def on_pane_widget_scrolled(self, message: PaneWidget.Scrolled) -> None:
        """A lesson's text is scrolled; elsewhere the wheel is up and down."""
        if message.pane == "lesson":
            learning.scroll(self, lines=_WHEEL * message.by)
        else:
            self.send(e.Arrow(y=message.by))

    def notify(self, message: str, **named: Any) -> None:
        """As text: in Textual's markup a file's name in brackets would vanish, or become something to click on."""
        super().notify(message, **(named | {"markup": False}))

    def action_help_quit(self) -> None:
        """ctrl+c: say how to leave, as a person who presses it wants to."""
        self.say(tr("{key} quits", key="q"))
