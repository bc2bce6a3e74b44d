"""The commands that are more than an event: they open a dialog, or ask for another experiment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import ModalScreen

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.core.fields import Value
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.data.datasets import CSV
from gradtui_engine.experiment.experiment import OF_FILES, options
from gradtui_engine.run.network import verify

from ..model import events as e
from ..model.changes import differences, other
from ..model.commands import shown_keys
from ..model.cure_keys import CURES, toggled
from ..model.presets import PRESETS
from ..model.shown import source_of_b
from ..model.state import Asked
from ..text.complaints import complaints
from ..text.describe import About, label
from ..text.language import tr
from ..text.scale import Scale
from ..views.compare import compare
from ..views.frame import bars
from ..views.train import shades
from ..views.train.sides import Sides
from . import learning, planning, saving
from .dialogs.dialogs import Picker, Prompt
from .dialogs.helping import Help
from .palette import THEMES

if TYPE_CHECKING:
    from ..views.frame.scene import Scene
    from .host import Host


# -- which experiment --------------------------------------------------------------------------------------


def is_b(app: Host) -> bool:
    """Whether the keys that change the experiment change B: while the pane that is B's alone is focused."""
    return app.state.pane in ("side_b", "map_b")


def edited(app: Host) -> Experiment:
    """The experiment that the keys change."""
    a = app.state.experiment
    if not is_b(app):
        return a
    source = source_of_b(app.state, a)
    return source.experiment if source is not None and source.experiment is not None else a


def unknown(app: Host) -> bool:
    """Whether nothing can be changed, as nobody knows of what: then it is said."""
    if app.state.nameless:
        app.say(tr("this recording does not say which experiment it was: nothing of it can be changed"))
    return app.state.nameless


def change(app: Host, fields: dict[str, Value], record: bool = True) -> str:
    """Ask for another experiment; returns what is wrong with it, empty where nothing is."""
    try:
        experiment = edited(app).replace(**_without_file(fields))
        verify(experiment)
    except ExperimentError as error:
        return complaints(error.problems, "\n")
    ask(app, experiment, record)
    return ""


def _without_file(fields: dict[str, Value]) -> dict[str, Value]:
    """Changes that take other data take back what was said of how a file is read."""
    if "data" in fields and not str(fields["data"]).startswith(PREFIX):
        return {**dict.fromkeys(OF_FILES), **fields}
    return fields


def ask(app: Host, experiment: Experiment, record: bool = True) -> None:
    """Ask for an experiment, as A or, where the keys change B, as what B differs in."""
    if not is_b(app):
        app.send(e.Change(experiment, record=record))
        return
    a = app.state.experiment
    app.send(e.Change(a, differences(a, experiment), record=record))


# -- editing -----------------------------------------------------------------------------------------------


def edit(app: Host, field: str) -> None:
    """Change a field in a dialog: a list for names, else a line to type in."""
    if unknown(app):
        return
    option, experiment = options()[field], edited(app)
    if not option.applies_to(experiment.cell):
        only = tr(" and ").join(option.cells)
        key = shown_keys("cell")
        app.say(tr("{field} is for {cells}; {key} switches the network", field=label(field), cells=only, key=key))
        return
    current: Value = getattr(experiment.resolved, field)
    before = app.state.asked
    if not option.kind.names:
        _prompt(app, field, getattr(experiment, field), before)
        return

    def give(name: str) -> None:
        problem = change(app, {field: name}, record=False)
        if problem:
            app.say(problem)

    def preview(name: str) -> None:
        if name != getattr(edited(app).resolved, field):
            give(name)

    def answered(name: str | None) -> None:
        if name == CSV:
            _prompt(app, field, current if str(current).startswith(PREFIX) else PREFIX, before)
            return
        if name is not None and name != getattr(edited(app), field):
            # What follows from the other fields already: from now on it is given, and follows no more.
            give(name)
        settle(app, before, keep=name is not None)

    app.push_screen(Picker(field, _possible(experiment, field), str(current), preview), answered)


def _possible(experiment: Experiment, field: str) -> tuple[str, ...]:
    """The names that this experiment can have: a plain RNN, say, has two activations."""
    possible = tuple(name for name in options()[field].kind.names if name == CSV or _fits(experiment, field, name))
    return possible or options()[field].kind.names


def _fits(experiment: Experiment, field: str, name: str) -> bool:
    try:
        experiment.replace(**_without_file({field: name}))
    except ExperimentError:
        return False
    return True


def settle(app: Host, before: Asked, keep: bool) -> None:
    """After changes that were tried: undo leads back to what stood before; or go back there at once.

    Who still follows a presenter has tried nothing: what has changed is the presenter's.
    """
    if app.state.following or app.state.asked == before:
        return
    app.send(e.Remember(*before) if keep else e.Change(*before, record=False))


def _prompt(app: Host, field: str, start: Value, before: Asked) -> None:
    def check(name: str, value: Value) -> str:
        return change(app, {name: value}, record=False)

    def answered(text: str | None) -> None:
        settle(app, before, keep=text is not None)

    try:
        without: Value = getattr(edited(app).replace(**{field: None}).resolved, field)
    except ExperimentError:
        without = None
    app.push_screen(Prompt(field, options()[field], start, check, without), answered)


def _field(app: Host, argument: str) -> None:
    edit(app, argument)


def _form(app: Host, argument: str) -> None:
    """Every field in one form; escape puts back what was."""
    from .dialogs.form import Form

    if unknown(app):
        return
    before = app.state.asked

    def apply(experiment: Experiment) -> None:
        ask(app, experiment, record=False)

    def answered(kept: Experiment | None) -> None:
        settle(app, before, keep=kept is not None)

    app.push_screen(Form(edited(app), apply, verify), answered)


def open_preset(app: Host, name: str) -> None:
    """The preset's experiment, what its B differs in, its view, what its bars show, and its training."""
    preset = PRESETS[name]
    plan = tuple(preset.plan.items())
    change = e.Change(preset.experiment, tuple(preset.changes.items()), plan=plan, turns=())
    picks = (e.Select(stage=preset.stage),) if preset.stage is not None else ()
    trains = (e.Train(),) if preset.trains else ()
    app.send(change, e.Show(preset.view), e.NextQuantity(name=preset.quantity), *picks, *trains)


def _preset(app: Host, argument: str) -> None:
    def answered(name: str | None) -> None:
        if name is not None:
            open_preset(app, name)

    said = {name: About("", preset.point) for name, preset in PRESETS.items()}
    title = tr("presets · enter to open, esc to go back")
    app.push_screen(Picker("preset", PRESETS.names, PRESETS.names[0], lambda name: None, said, title), answered)


def _switch_cell(app: Host, argument: str) -> None:
    """The next network that this experiment can have: a plain RNN, say, has no gelu."""
    if unknown(app):
        return
    names = options()["cell"].kind.names
    start = names.index(edited(app).cell)
    problems = []
    for following in (*names[start + 1 :], *names[:start]):
        problem = change(app, {"cell": following})
        if not problem:
            return
        problems.append(problem)
    app.say(problems[0])


def _replay(app: Host, argument: str) -> None:
    experiment = app.state.experiment
    if argument == "new":
        if unknown(app):
            return
        # A's: B shares its seed, whichever pane has the focus.
        experiment = experiment.replace(seed=(experiment.seed + 1) % 2**63)
    app.send(e.Change(experiment), cue=lambda timeline: (e.TogglePlay(),))


# -- comparing ---------------------------------------------------------------------------------------------


def _cure(app: Host, argument: str) -> None:
    """Switch a cure in B, and show the comparison."""
    if unknown(app):
        return
    cure, state = CURES[argument], app.state
    changes = toggled(cure, state.experiment, state.changes)
    if changes is None:
        why = tr(cure.lacking or "A has it already", key=shown_keys("cell"))
        app.say(tr("{cure}: {reason}", cure=tr(cure.label_of(state.experiment)), reason=why))
        return
    try:
        verify(state.experiment.replace(**dict(changes)))
    except ExperimentError as error:
        app.say(complaints(error.problems))
        return
    shown = [] if state.view == "compare" or state.lesson is not None else [e.Show("compare")]
    app.send(e.Change(state.experiment, changes), *shown)


def _swap(app: Host, argument: str) -> None:
    """A becomes B, and B becomes A."""
    if len(app.state.recordings) > 1:
        a, b = app.state.recordings
        app.send(e.Change(b.experiment or app.state.experiment, (), recordings=(b, a)))
        return
    if unknown(app):
        return
    _swap_experiments(app)


def _swap_experiments(app: Host) -> None:
    a = app.state.experiment
    b = other(a, app.state.changes)
    if b is None or b == a:
        app.say(tr("A and B are the same"))
        return
    names = {name for name, _ in app.state.changes}
    back = tuple((name, getattr(a, name)) for name in options() if name in names)
    app.send(e.Change(b, back))


# -- the rest ----------------------------------------------------------------------------------------------


def _page(app: Host, argument: str) -> None:
    """A page of the lesson that is read, else ten stages."""
    if app.state.pane == "lesson":
        learning.scroll(app, pages=int(argument))
    else:
        app.send(e.Select(10 * int(argument)))


def _lock(app: Host, argument: str) -> None:
    """Hold the scale that is drawn, or let it follow."""
    scene = app.scene()
    if scene is not None:
        drawn = _SCALES.get(app.state.view, _of_bars)
        app.send(e.Lock(None if app.state.lock is not None else drawn(scene)))


def _of_bars(scene: Scene) -> Scale:
    return bars.bars_of(scene).scale


#: The views whose scale is not that of the record's bars: in Compare and Train A and B share one.
_SCALES: dict[str, Callable[[Scene], Scale]] = {
    "compare": lambda scene: bars.bars_of(compare.sides(scene)[0]).scale,
    "train": lambda scene: shades.scale_of(Sides.of(scene)),
}


def _go_on(app: Host, argument: str) -> None:
    """Of an iteration: look at it whole, in Explore. Of a lesson: go on in it."""
    if app.state.view == "train" and app.state.lesson is None:
        app.send(e.Show("explore"))
    else:
        learning.go_on(app, argument)


def _help(app: Host, argument: str) -> None:
    app.push_screen(Help(app.state, app.permissions))


def _theme(app: Host, argument: str) -> None:
    # Our own first: the ones that the pictures and the contrast tests are about.
    names = [*THEMES, *sorted(app.available_themes.keys() - THEMES.keys())]
    wear(app, names[(names.index(app.theme) + 1) % len(names)])


def wear(app: Host, theme: str) -> None:
    app.theme = theme
    app.say(tr("theme {name}", name=theme))


def _palette(app: Host, argument: str) -> None:
    if not isinstance(app.screen, ModalScreen):
        app.action_command_palette()


def _close(app: Host, argument: str) -> None:
    """Cancel a computation; else close what is open."""
    if not app.state.loaded and app.record is None:
        # Nothing to go back to: the network that opens without a word is small.
        app.say(tr("cancelled"), after=(e.Change(Experiment(), (), record=False),))
    elif app.state.training:
        app.send(e.Rest())
    elif not app.state.loaded:
        # Undo leads back to another experiment, and forgets the one that was asked for.
        before, back = app.state.past[-1] if app.state.past else None, app.back()
        undone = before is not None and isinstance(back, e.Change) and (before[0], before[2][:1]) == app.shown
        app.stay(e.Undo() if undone else back, tr("cancelled"))
    elif app.state.zoomed:
        app.send(e.Zoom())
    elif app.state.lesson is not None:
        app.send(e.Learn(None))


def _suspend(app: Host, argument: str) -> None:
    app.action_suspend_process()


def _quit(app: Host, argument: str) -> None:
    app.exit(0)


Action = Callable[["Host", str], Any]
ACTIONS: dict[str, Action] = {
    "copy": saving.copy,
    "export": saving.export,
    "picture": saving.picture,
    "readout": saving.plain_text,
    "next": _go_on,
    "lesson_back": learning.go_back,
    "help": _help,
    "form": _form,
    "preset": _preset,
    "plan": planning.plan,
    "branch": planning.branch,
    **dict.fromkeys(("up_10", "down_10"), _page),
    "lock": _lock,
    "cell": _switch_cell,
    **dict.fromkeys(("activation", "init", "depth", "width", "forget_bias", "data"), _field),
    "again": _replay,
    "reseed": _replay,
    **dict.fromkeys((f"cure_{name}" for name in CURES), _cure),
    "swap": _swap,
    "theme": _theme,
    "palette": _palette,
    "close": _close,
    "suspend": _suspend,
    "quit": _quit,
}
