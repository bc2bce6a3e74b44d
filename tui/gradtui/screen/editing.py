"""The keys that change the experiment: in a dialog, a form, a list of presets, or at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.fields import Value
from gradtui_engine.core.options import Option
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.data.datasets import CSV
from gradtui_engine.experiment.experiment import options
from gradtui_engine.run.network import verify

from ..model import events as e
from ..model.keys import shown_keys
from ..model.panes_of import panes_of
from ..model.presets import PRESETS
from ..model.shown import OF_B, source_of_b
from ..model.state import Asked
from ..model.timeline import Timeline
from ..text.describe import About, label
from ..text.language import tr
from ..text.spans import width_of
from ..views.frame.carrying import switched
from . import sliding
from .dialogs.dialogs import Picker, Prompt
from .dialogs.slides import SLIDES
from .trying import ask, change, edited, fits, settle, unknown

if TYPE_CHECKING:
    from .host import Host


def edit(app: Host, field: str) -> None:
    """Change a field in a dialog: a list for names, else a line to type in."""
    if unknown(app):
        return
    option, experiment = options()[field], edited(app)
    if _of_others(app, field):
        return
    current: Value = experiment.resolved.said(field)
    before = app.state.asked
    if field in SLIDES:
        sliding.slide(app, SLIDES[field])
        return
    if not option.kind.names:
        prompt(app, field, getattr(experiment, field), before)
        return

    def give(name: str) -> None:
        problem = change(app, {field: name}, record=False)
        if problem:
            app.say(problem)

    def preview(name: str) -> None:
        if name != edited(app).resolved.said(field):
            give(name)

    def answered(name: str | None) -> None:
        if name == CSV:
            prompt(app, field, current if str(current).startswith(PREFIX) else PREFIX, before)
            return
        if name is not None and name != getattr(edited(app), field):
            # What follows from the other fields already: from now on it is given, and follows no more.
            give(name)
        settle(app, before, keep=name is not None)

    app.push_screen(Picker(field, _possible(experiment, field), str(current), preview), answered)


def _go_to_b(app: Host, option: Option) -> None:
    """A field that B has and A has not is B's: of an RNN beside an LSTM only one has a forget gate."""
    source = source_of_b(app.state, app.state.experiment)
    pane = next((pane for pane in panes_of(app.state) if pane in OF_B), "")
    if pane and source is not None and source.experiment is not None and option.applies_to(source.experiment.cell):
        app.send(e.Focus(pane=pane))


def acts(app: Host, field: str) -> bool:
    """Whether the network that is edited, or B, has the field."""
    option, source = options()[field], source_of_b(app.state, app.state.experiment)
    beside = None if source is None else source.experiment
    return any(each is not None and option.applies_to(each.cell) for each in (app.state.experiment, beside))


def _of_others(app: Host, field: str) -> bool:
    """Whether the field is one of other networks: then it is said."""
    option = options()[field]
    if not option.applies_to(edited(app).cell):
        _go_to_b(app, option)
    if option.applies_to(edited(app).cell):
        return False
    only, key = tr(" and ").join(option.cells), shown_keys("cell")
    app.say(tr("{field} is for {cells}; {key} switches the network", field=label(field), cells=only, key=key))
    return True


def give(app: Host, field: str, value: Value) -> None:
    """Give a field a value at once, as the palette does; what stands in its way is said, and what stands already."""
    if unknown(app) or _of_others(app, field):
        return
    if edited(app).resolved.said(field) == value:
        app.say(tr("{field} is {value} already", field=label(field), value=value))
    elif problem := change(app, {field: value}):
        app.say(problem)


def _possible(experiment: Experiment, field: str) -> tuple[str, ...]:
    """The names that this experiment can have: a plain RNN, say, has two activations."""
    possible = tuple(name for name in options()[field].kind.names if name == CSV or fits(experiment, field, name))
    return possible or options()[field].kind.names


def prompt(app: Host, field: str, start: Value, before: Asked) -> None:
    def check(name: str, value: Value) -> str:
        return change(app, {name: value}, record=False)

    def answered(text: str | None) -> None:
        settle(app, before, keep=text is not None)

    try:
        without: Value = edited(app).replace(**{field: None}).resolved.said(field)
    except ExperimentError:
        without = None
    app.push_screen(Prompt(field, options()[field], start, check, without), answered)


def field(app: Host, argument: str) -> None:
    # What opens a GRU's direct path is its update bias.
    opening = CELLS[edited(app).cell].opened_by
    edit(app, opening if argument == "forget_bias" and opening else argument)


def form(app: Host, argument: str) -> None:
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
    sweeps = (e.PlanSweep(tuple(preset.plan_of_sweep.items())), e.Focus(pane="sweep_a")) if preset.sweep else ()
    app.send(change, e.About(name), e.Show(preset.view), e.NextQuantity(name=preset.quantity), *picks, *trains, *sweeps)


def preset(app: Host, argument: str) -> None:
    def answered(name: str | None) -> None:
        if name is not None:
            open_preset(app, name)

    said = {name: About("", preset.point) for name, preset in PRESETS.items()}
    title = tr("presets · enter to open, esc to go back")
    app.push_screen(Picker("preset", PRESETS.names, PRESETS.names[0], lambda name: None, said, title), answered)


def switch_cell(app: Host, argument: str) -> None:
    """The next network that this experiment can have: a plain RNN, say, has no gelu."""
    if unknown(app):
        return
    names, before = options()["cell"].kind.names, app.record
    start = names.index(edited(app).cell)

    def said(timeline: Timeline) -> tuple[e.Event, ...]:
        """What the switch has done to the gradient, and why: less may arrive where more was to be expected."""
        texts = switched(before, app.record) if before is not None and app.record is not None else ()
        room = app.size.width
        return tuple(e.Message(text) for text in texts if width_of([(text, "")]) < room or text == texts[-1])[:1]

    problems = []
    for following in (*names[start + 1 :], *names[:start]):
        problem = change(app, {"cell": following}, cue=said)
        if not problem:
            return
        problems.append(problem)
    app.say(problems[0])


def replay(app: Host, argument: str) -> None:
    if unknown(app):
        return
    experiment = app.state.experiment
    if argument == "new":
        # A's: B shares its seed, whichever pane has the focus.
        experiment = experiment.replace(seed=(experiment.seed + 1) % 2**63)
    app.send(e.Change(experiment), cue=lambda timeline: (e.TogglePlay(),))
