"""The app: wiring only. Keys and the clock become events, `update` makes the next state, views draw it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding
from textual.screen import Screen
from textual.timer import Timer

from gradtui_engine import Experiment, ExperimentError, Trace
from gradtui_engine.datasets import CSV
from gradtui_engine.experiment import options
from gradtui_engine.network import verify
from gradtui_engine.options import Value
from gradtui_engine.tabular import PREFIX

from . import state as s
from .background import Simulated, compute, prepare
from .commands import COMMANDS, footer
from .dialogs import Dialog, Help, Picker, Prompt
from .palette import palette
from .timeline import Timeline
from .views import gradient, status
from .views.panes import FOOTER, HEADER, TABLE, TIMELINE, Box, arrange
from .views.scene import Scene
from .views.timeaxis import TimeAxis
from .widgets import Lines, PaneWidget

#: Seconds after which a computation is worth a word.
_LONG = 0.3

_BY_ID = {each.id: each for each in COMMANDS}


class Main(Screen[object], inherit_bindings=False):
    """The main screen: Textual's own tab would come before ours."""


class GradtuiApp(App[int]):
    """gradtui's screen."""

    TITLE = "gradtui"
    CSS = "Screen { layers: base; overflow: hidden; }"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = [Binding(key, f"command('{each.id}')", each.label, show=False) for each in COMMANDS for key in each.keys]

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self.state = s.State(experiment)
        self.trace: Trace | None = None
        self.timeline: Timeline | None = None
        self._clock: Timer | None = None
        self._clock_speed = -1
        self._play_on_arrival = False
        self._panes_made = False

    # -- the loop: event → state → screen --------------------------------------------------------------

    def send(self, event: s.Event) -> None:
        """Update the state with one event and show the result."""
        self.state = s.update(self.state, event, self.timeline)
        self._keep_time()
        self._draw()

    def _keep_time(self) -> None:
        """One timer while playing, at the speed of the state."""
        wanted = self.state.speed if self.state.playing else -1
        if wanted == self._clock_speed:
            return
        if self._clock is not None:
            self._clock.stop()
            self._clock = None
        if wanted >= 0:
            self._clock = self.set_interval(1 / s.SPEEDS[wanted], partial(self.send, s.Tick()))
        self._clock_speed = wanted

    def _draw(self) -> None:
        width, height = self.size
        if not self._panes_made or not width:
            return
        colours = palette(self.current_theme.dark)
        bars: dict[str, Lines] = {name: self.query_one(f"#{name}", Lines) for name in ("top", "middle", "bottom")}
        wide, tall = status.SMALLEST
        if width < wide or height < tall or self.trace is None or self.timeline is None:
            self._place({})
            fits = width >= wide and height >= tall
            lines = status.waiting(self.state.experiment, width) if fits else [status.too_small(width, height)]
            bars["top"].show([*lines, []][:HEADER], colours)
            bars["middle"].show([[]], colours)
            bars["bottom"].show([[]], colours)
            return
        scene = Scene(self.trace, self.timeline, self.state)
        boxes = arrange(self.state, width, height)
        self._place(boxes)
        bars["top"].show(status.header(scene, width), colours)
        bars["middle"].show([status.timeline(scene, width)], colours)
        bars["bottom"].show([status.footer(footer(), self.state, width)], colours)
        for name, box in boxes.items():
            pane = self.query_one(f"#{name}", PaneWidget)
            inner = box.width - 2, box.height - 2
            title = TABLE[name].title(scene, inner[0] - 4)
            if pane.border_title != title:
                pane.border_title = title
            pane.set_class(name == self.state.pane, "focused")
            pane.show(TABLE[name].view(scene, *inner), colours)

    def _place(self, boxes: dict[str, Box]) -> None:
        width, height = self.size
        for name, y, rows in (
            ("top", 0, HEADER),
            ("middle", height - 2, TIMELINE),
            ("bottom", height - 1, FOOTER),
        ):
            _put(self.query_one(f"#{name}", Lines), Box(0, y, width, rows))
        for name in TABLE:
            _put(self.query_one(f"#{name}", PaneWidget), boxes.get(name))

    # -- Textual's side --------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        colours = palette(True)
        yield Lines(colours, id="top")
        for name in TABLE:
            yield PaneWidget(colours, id=name)
        yield Lines(colours, id="middle")
        yield Lines(colours, id="bottom")

    def get_default_screen(self) -> Screen[object]:
        return Main(id="_default")

    def on_mount(self) -> None:
        prepare(self.exit)
        self._panes_made = True
        self._simulate(self.state.experiment)
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._draw)

    def action_command(self, name: str) -> None:
        """A key, the palette or the footer: send the command's event, or do its action."""
        command = _BY_ID[name]
        if command.event is not None:
            self.send(command.event)
        elif command.argument in ("same", "new"):
            self._replay(new_seed=command.argument == "new")
        elif command.argument == "cell":
            self._switch_cell()
        elif command.argument == "field":
            self._pick_field()
        elif command.argument:
            self._edit(command.argument)
        else:
            getattr(self, f"do_{name}")()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette offers the table of commands, and every field of the experiment."""
        for each in COMMANDS:
            yield SystemCommand(each.label, each.help, partial(self.action_command, each.id))
        for name, option in options().items():
            yield SystemCommand(f"set {name.replace('_', ' ')}", option.help, partial(self._edit, name))

    def on_pane_widget_clicked(self, message: PaneWidget.Clicked) -> None:
        self.send(s.Focus(pane=message.pane))
        stage = self._stage_at(message)
        if stage is not None:
            self.send(s.Select(stage=stage))

    def on_pane_widget_scrolled(self, message: PaneWidget.Scrolled) -> None:
        self.send(s.Select(by=message.by))

    def _stage_at(self, message: PaneWidget.Clicked) -> int | None:
        """The stage under the mouse, where the pane has the axis of the stages."""
        if self.trace is None or self.timeline is None or message.x < 0:
            return None
        scene = Scene(self.trace, self.timeline, self.state)
        size = self.query_one(f"#{message.pane}", PaneWidget).size
        if scene.over_time and not (message.pane == "gradient" and self.state.rows):
            in_time = message.pane in ("gradient", "cell", "gates")
            return TimeAxis.of(len(scene.stages), size.width).stage_at(message.x) if in_time else None
        if message.pane != "gradient":
            return None
        shown = gradient.shown_stages(len(scene.stages), size.height, scene.stage)
        return shown[message.y] if message.y < len(shown) else None

    # -- experiments -----------------------------------------------------------------------------------

    def change(self, **fields: Value) -> str:
        """Ask for another experiment; returns what is wrong with it, empty where nothing is."""
        try:
            experiment = self.state.experiment.replace(**fields)
            verify(experiment)
        except ExperimentError as error:
            return str(error)
        self._ask(experiment)
        return ""

    def _ask(self, experiment: Experiment) -> None:
        """Ask for the trace of an experiment, and say so if it takes long."""
        self._play_on_arrival = False
        self.send(s.Change(experiment))
        self._simulate(experiment)
        self.set_timer(_LONG, self._say_computing)

    def _say_computing(self) -> None:
        if not self.state.loaded:
            self.send(s.Message("computing …"))

    def _simulate(self, experiment: Experiment) -> None:
        self.run_worker(partial(self._work, experiment), thread=True, exclusive=True, group="simulate")

    def _work(self, experiment: Experiment) -> None:
        if experiment == self.state.experiment:  # else another one has been asked for while this one waited
            self.post_message(compute(experiment))

    def on_simulated(self, message: Simulated) -> None:
        if message.asked != self.state.experiment:
            return  # stale: another experiment has been asked for meanwhile
        if message.trace is None:
            self._play_on_arrival = False
            if self.trace is None:
                self.exit(2, message=f"gradtui: {message.problem}")
                return
            self.send(s.Loaded(self.trace.experiment, self.trace.axis))
            self.send(s.Message(message.problem))
            if len(message.problem) >= self.size.width:
                self.notify(message.problem, title="not possible", severity="error", timeout=10)
            return
        self.trace = message.trace
        self.timeline = Timeline.of(message.trace)
        self.send(s.Loaded(message.trace.experiment, message.trace.axis))
        if self._play_on_arrival:
            self._play_on_arrival = False
            self.send(s.TogglePlay())

    def _replay(self, new_seed: bool) -> None:
        problem = self.change(seed=self.state.experiment.seed + (1 if new_seed else 0))
        self._play_on_arrival = not problem
        if problem:
            self.send(s.Message(problem))

    def _switch_cell(self) -> None:
        """The next network that this experiment can have: a plain RNN, say, has no gelu."""
        names = options()["cell"].kind.names
        start = names.index(self.state.experiment.cell)
        problems = []
        for following in (*names[start + 1 :], *names[:start]):
            problem = self.change(cell=following)
            if not problem:
                return
            problems.append(problem)
        self.send(s.Message(problems[0]))

    # -- dialogs ---------------------------------------------------------------------------------------

    def _edit(self, field: str) -> None:
        """Change a field in a dialog: a list for names, else a line to type in."""
        option = options()[field]
        experiment = self.state.experiment
        if not option.applies_to(experiment.cell):
            only = " and ".join(option.cells)
            self.send(s.Message(f"{field.replace('_', ' ')} is for {only}; m switches the network"))
            return
        current = getattr(experiment, field)
        names = option.kind.names
        if not names:
            self.push_screen(Prompt(field, option, current, lambda name, value: self.change(**{name: value})))
            return

        def preview(name: str) -> None:
            if name != getattr(self.state.experiment, field):
                problem = self.change(**{field: name})
                if problem:
                    self.send(s.Message(problem))

        def restore(answer: str | None) -> None:
            if answer is None and self.state.experiment != experiment:
                self._ask(experiment)

        def answered(name: str | None) -> None:
            if name == CSV:
                start = current if str(current).startswith(PREFIX) else PREFIX
                self.push_screen(
                    Prompt(field, option, start, lambda each, value: self.change(**{each: value})), restore
                )
            else:
                restore(name)

        self.push_screen(Picker(field, names, str(current), preview), answered)

    def _pick_field(self) -> None:
        cell = self.state.experiment.cell
        names = tuple(name for name, option in options().items() if option.applies_to(cell))

        def answered(name: str | None) -> None:
            if name is not None:
                self._edit(name)

        self.push_screen(Picker("field", names, names[0], lambda name: None), answered)

    # -- actions without an event ----------------------------------------------------------------------

    def do_help(self) -> None:
        pane = self.state.pane
        self.push_screen(Help(pane))

    def do_copy(self) -> None:
        command = self.state.experiment.to_command()
        self.copy_to_clipboard(command)
        self.send(s.Message(f"copied: {command}"))

    def do_theme(self) -> None:
        names = sorted(self.available_themes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self.send(s.Message(f"theme {self.theme}"))

    def do_palette(self) -> None:
        if not isinstance(self.screen, Dialog):
            self.action_command_palette()

    def action_help_quit(self) -> None:
        """ctrl+c: say how to leave, as a person who presses it wants to."""
        self.send(s.Message("q quits"))

    def do_quit(self) -> None:
        self.exit(0)


def _put(widget: Lines, box: Box | None) -> None:
    """Move a widget to its box; a widget without one is not shown. Only what differs is set."""
    if box is None:
        if widget.display:
            widget.display = False
        return
    wanted = (box.x, box.y, box.width, box.height)
    if widget.placed != wanted:
        widget.styles.offset = (box.x, box.y)
        widget.styles.width = box.width
        widget.styles.height = box.height
        widget.placed = wanted
    if not widget.display:
        widget.display = True
