"""The keys of Sweep: open a cell's experiment, plan another sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtui_engine import ExperimentError
from gradtui_engine.core.fields import Rejected
from gradtui_engine.core.message import English
from gradtui_engine.measures.table import MEASURES

from ..model import events as e
from ..model.shown import OF_B
from ..model.state import Changes
from ..model.sweep_plan import FIELDS
from ..model.sweeps import plan_of, shown, spot, sweep_of
from ..text.complaints import complaints
from ..text.describe import About
from ..text.language import tr
from ..views.sweep.words import measure_name
from .dialogs.dialogs import Ask, Picker

if TYPE_CHECKING:
    from .host import Host

#: What each field is, and what can be written in it.
_FIELDS: dict[str, tuple[English, English]] = {
    "x": ("across", "a field and its values, to the right: gain=0.5:8:17:log, or norm=none,batch"),
    "y": ("up", "a field and its values, upwards: depth=5:50:10; empty: a line over x alone"),
    "measure": ("measure", "what is measured and shown: ratio, accuracy, gradient at 3"),
    "second": ("second measure", "another one of the same cells beside it, where there is no B; empty: none"),
    "train": ("train", "iterations that each cell is trained; 0: its first iteration alone"),
    "repeats": ("seeds", "seeds whose median a cell shows: 0,1,2 or 0:4; empty: the experiment's own"),
}


def open_cell(app: Host) -> None:
    """The experiment under the cursor: in Explore, of a trained sweep in Train. Undo leads back to the plane."""
    state = app.state
    plan, place = plan_of(state), spot(state)
    of_b = state.pane in OF_B and plan.b is not None
    sweep = plan.b if of_b else plan.a
    if sweep is None:
        app.say(tr(plan.problem))
        return
    try:
        experiment, training = sweep.experiment_at(*place), sweep.training_at(*place)
    except ExperimentError as error:
        app.say(complaints(error.problems))
        return
    # B's changes that the cell decides anew are B's no more.
    swept = {name for axis in (sweep.x, sweep.y) if axis is not None for name in axis.fields}
    changes = () if of_b else tuple(pair for pair in state.changes if pair[0] not in swept)
    before = state.asked
    if training is None:
        app.send(e.Change(experiment, changes), e.LeaveSweep(before), e.Show("explore"))
        return
    given = dict(state.plan) | {
        name: getattr(training, name) for name in ("iterations", *_of_training(sweep)) if hasattr(training, name)
    }
    app.send(e.Change(experiment, changes, plan=tuple(given.items())), e.LeaveSweep(before), e.Show("train"), e.Train())


def _of_training(sweep: object) -> tuple[str, ...]:
    """The fields of a training that its axes decide."""
    from gradtui_engine.experiment.training import options

    axes = (getattr(sweep, "x"), getattr(sweep, "y"))  # noqa: B009
    return tuple(name for axis in axes if axis is not None for name in axis.fields if name in options())


# -- the plan ----------------------------------------------------------------------------------------------


def plan(app: Host, argument: str = "") -> None:
    """Choose a field of the sweep's plan, then give it another value; again, until escape."""
    state = app.state
    if state.recordings:
        app.say(tr(plan_of(state).problem))
        return
    asked = shown(state)._asdict()
    said = {name: About(str(asked[name]) or tr("none"), _FIELDS[name][1]) for name in FIELDS}
    called = {name: tr(_FIELDS[name][0]) for name in FIELDS}

    def answered(name: str | None) -> None:
        if name is not None:
            _value(app, name)

    title = tr("sweep · enter to change, esc to go back")
    app.push_screen(Picker("sweep", FIELDS, argument or FIELDS[0], lambda name: None, said, title, called), answered)


def _value(app: Host, name: str) -> None:
    """Ask for a field's value: a list of measures, else a line to type in."""
    if name in ("measure", "second"):
        _measure(app, name)
        return

    def check(text: str) -> str:
        return _wrong(app, name, text)

    def answered(text: str | None) -> None:
        if text is not None:
            take(app, name, text)
        plan(app, name)

    start = str(getattr(shown(app.state), name))
    app.push_screen(Ask(tr(_FIELDS[name][0]), tr(_FIELDS[name][1]), check, start), answered)


#: The entry of the list that asks for another measure in words.
_OTHER = "other"


def _measure(app: Host, name: str) -> None:
    asked, sweep = shown(app.state), plan_of(app.state).a
    measured = sweep.measures if sweep is not None else ()
    names = (*(("",) if name == "second" else ()), *measured, _OTHER)
    said = {each: About(measure_name(each), MEASURES[each].description if each in MEASURES else "")
            for each in names if each not in ("", _OTHER)}  # fmt: skip
    said[_OTHER] = About(tr("one that is typed: {examples}", examples="gradient@3, factor@first, ratio[250]"))
    said[""] = About(tr("no second measure"))

    def answered(chosen: str | None) -> None:
        if chosen == _OTHER:
            app.push_screen(Ask(tr(_FIELDS[name][0]), tr(_FIELDS[name][1]), lambda text: _wrong(app, name, text),
                                getattr(asked, name)), typed)  # fmt: skip
            return
        typed(chosen)

    def typed(text: str | None) -> None:
        if text is not None:
            take(app, name, text)
        plan(app, name)

    title = tr("{field} · enter to set, esc to go back", field=tr(_FIELDS[name][0]))
    called = {"": tr("none"), _OTHER: tr("another …")}
    app.push_screen(Picker("measure", names, getattr(asked, name), lambda each: None, said, title, called), answered)


def _given(app: Host, name: str, text: str) -> Changes:
    """The plan with another text in one field; as it was left out where it is what follows anyway."""
    plan = dict(app.state.sweep)
    if name in ("x", "y") and name not in plan:
        # From now on both are given: what suits the experiment would follow from it anew.
        asked = shown(app.state)
        plan |= {"x": asked.x, "y": asked.y}
    plan[name] = int(text) if name == "train" else text
    if name == "train" and not int(text):
        # What was measured of a training is not to be had any more.
        for field in ("measure", "second"):
            plan.pop(field, None)
    return tuple((field, value) for field, value in plan.items() if value or field == "y")


def _wrong(app: Host, name: str, text: str) -> str:
    """What is wrong with a text in a field; "" where nothing is."""
    if name == "train" and not (text.isdecimal() and len(text) < 9):
        return tr("{given} given; allowed: a whole number, 0 for the first iteration alone", given=repr(text))
    try:
        sweep_of(app.state.experiment, _given(app, name, text), app.state.plan)
    except Rejected as error:
        return tr(error.message)
    except ExperimentError as error:
        return complaints(error.problems, "\n")
    return ""


def take(app: Host, name: str, text: str) -> None:
    """Plan it so."""
    app.send(e.PlanSweep(_given(app, name, text)))
