"""How it is trained: the plan, and branches off it. What the keys of the Train view open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtui_engine import ExperimentError, Training
from gradtui_engine.core.fields import Rejected
from gradtui_engine.core.figures import exact
from gradtui_engine.core.options import Option
from gradtui_engine.experiment.training import Turn, options
from gradtui_engine.rules.schedules import SCHEDULES

from ..model import events as e
from ..model.refusals import untrained
from ..model.trainings import recorded, training_of_a
from ..text.complaints import complaints
from ..text.describe import About, field_name
from ..text.language import tr
from .dialogs.dialogs import Ask, Picker

if TYPE_CHECKING:
    from .host import Host

#: Factors on the learning rate that a branch offers.
_FACTORS = (0.1, 0.3, 3.0, 10.0)


def plan(app: Host, argument: str) -> None:
    """Choose a field of the training, then give it another value."""
    training = training_of_a(app.state)
    if training is None:
        app.say(untrained(app.state) if recorded(app.state) else tr("a recording is not trained"))
        return
    rows, comes_to = options(), training.to_document()
    said = {name: About(_text(row, comes_to[name]) or tr("none"), row.help) for name, row in rows.items()}
    called = {name: field_name(name) for name in rows}

    def answered(name: str | None) -> None:
        if name is not None:
            _value(app, training, rows[name])

    title = tr("training · enter to change, esc to go back")
    app.push_screen(Picker("training", tuple(rows), next(iter(rows)), lambda name: None, said, title, called), answered)


def _value(app: Host, training: Training, row: Option) -> None:
    """Ask for a field's value: a list for names, else a line to type in."""
    if row.kind.names:
        _name(app, training, row)
        return

    def check(text: str) -> str:
        try:
            _planned(training, row, text)
        except Rejected as error:
            return tr(error.message)
        except ExperimentError as error:
            return complaints(error.problems, "\n")
        return ""

    def answered(text: str | None) -> None:
        if text is not None:
            take(app, row, text)

    about = tr("{help}: {allowed}", help=tr(row.help), allowed=tr(row.kind.allowed))
    if row.many:
        about += tr("; several with blanks between, none: empty")
    start = _text(row, getattr(training, row.name))
    app.push_screen(Ask(field_name(row.name), about, check, start), answered)


def _name(app: Host, training: Training, row: Option) -> None:
    """Choose one of the names."""
    names = tuple(name for name in row.choices if _fits(training, row, name))

    def answered(name: str | None) -> None:
        if name is not None:
            take(app, row, name)

    said = {name: _about(row, name) for name in names}
    current = row.text_of(getattr(training, row.name))
    title = tr("{field} · enter to set, esc to go back", field=field_name(row.name))
    app.push_screen(Picker(row.name, names, current, lambda name: None, said, title), answered)


def _about(row: Option, name: str) -> About:
    schedule = SCHEDULES.get(name) if row.name == "schedule" else None
    return About("", "") if schedule is None else About(schedule.formula, schedule.note)


def _fits(training: Training, row: Option, text: str) -> bool:
    try:
        _planned(training, row, text)
    except ExperimentError:
        return False
    return True


def take(app: Host, row: Option, text: str) -> None:
    """Plan it so."""
    plan = dict(app.state.plan) | {row.name: _read(row, text)}
    app.send(e.Plan(tuple((name, given) for name, given in plan.items() if given != options()[name].default)))


def _planned(training: Training, row: Option, text: str) -> Training:
    return training.replace(**{row.name: _read(row, text)})


def _read(row: Option, text: str) -> Any:
    """What a text means; of a field that may have several values each of them."""
    return tuple(map(row.kind.parse, text.split())) if row.many else row.read_or_left_out(text)


def _text(row: Option, value: Any) -> str:
    """A value as one would type it."""
    return " ".join(map(str, value)) if row.many else row.text_of(value)


def branch(app: Host, argument: str) -> None:
    """B goes on otherwise from the iteration under the cursor: with another rate, clipping or schedule."""
    state, training = app.state, training_of_a(app.state)
    if recorded(state):
        app.say(untrained(state))
        return
    if training is None or state.trained == 0:
        app.say(tr("nothing has been trained yet that could branch off"))
        return
    now = training.in_force(state.iteration)
    rate = now.experiment.resolved.learning_rate
    # The rate as it would be typed: 3 · 0.1 is 0.3 and not 0.30000000000000004.
    changes: dict[str, dict[str, Any]] = {
        tr("rate × {factor}", factor=exact(factor)): {"learning_rate": float(exact(rate * factor))}
        for factor in _FACTORS
    }
    clip = "none" if now.experiment.clip != "none" else "norm"
    changes[tr("clip {rule}", rule=clip)] = {"clip": clip}
    for schedule in options()["schedule"].kind.names:
        if schedule != now.schedule:
            changes[tr("schedule {name}", name=schedule)] = {"schedule": schedule}
    said = {name: About(str(Turn(state.iteration, tuple(fields.items()))), "") for name, fields in changes.items()}

    def answered(name: str | None) -> None:
        if name is not None:
            turn = str(Turn(state.iteration, tuple(changes[name].items())))
            app.send(e.Branch((turn,)))

    title = tr("B from iteration {number} on · enter to train, esc to go back", number=state.iteration)
    app.push_screen(Picker("branch", tuple(changes), next(iter(changes)), lambda name: None, said, title), answered)
