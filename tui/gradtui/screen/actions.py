"""The commands that are more than an event: they open a dialog, or ask for another experiment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import ModalScreen

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.experiment.experiment import options
from gradtui_engine.run.network import verify

from ..model import events as e
from ..model.changes import other
from ..model.cure_keys import CURES, Cure, takes_away, toggled
from ..model.experiments import stands_before
from ..model.keys import shown_keys
from ..model.names import STORY
from ..model.state import Changes
from ..model.story import pair_of
from ..text.complaints import complaints
from ..text.language import tr
from ..text.scale import Scale
from ..views.compare.sides import sides
from ..views.frame.bar_data import bars_of
from ..views.frame.differing import differing
from ..views.frame.layout import styles_in
from ..views.frame.training_sides import Sides
from ..views.frame.verdict import kinds_in
from ..views.sweep.planes import Planes
from ..views.train import shades
from . import editing, finding, learning, planning, recordings, saving, sliding, sweep_keys
from .dialogs.helping import Drawn, Help
from .palette import THEMES
from .themes import styles_of
from .trying import unknown

if TYPE_CHECKING:
    from ..views.frame.scene import Scene
    from .host import Host


# -- comparing ---------------------------------------------------------------------------------------------


def _cure(app: Host, argument: str) -> None:
    """Switch a cure in B, and show the comparison."""
    if unknown(app):
        return
    cure, state = CURES[argument], app.state
    if len(state.recordings) > 1:
        app.say(tr("B is a recording: no cure can be switched in it"))
        return
    changes = toggled(cure, state.experiment, state.changes)
    if changes is None:
        why = tr(cure.why_none(state.experiment) or "A has it already", key=shown_keys("cell"))
        app.say(tr("{cure}: {reason}", cure=tr(cure.label_of(state.experiment)), reason=why))
        return
    try:
        verify(state.experiment.replace(**dict(changes)))
    except ExperimentError as error:
        app.say(complaints(error.problems))
        return
    change = e.Change(state.experiment, changes)
    if state.view in ("compare", "sweep") or state.lesson is not None:
        app.send(change)
    else:
        app.say(_switched(cure, state.experiment, state.changes, changes), after=(change, e.Show("compare")))


def _switched(cure: Cure, a: Experiment, before: Changes, after: Changes) -> str:
    """What the key has done to B, for who did not look at B before; that it is a disease, where A has the cure."""
    what = differing(other(a, before) or a, other(a, after) or a)
    ill = any(cure.decides(a, field) for field, _ in after) and takes_away(cure, a, after)
    return tr("in Compare, a disease in B: {what}", what=what) if ill else tr("in Compare, in B: {what}", what=what)


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
    return bars_of(scene).scale


#: The views whose scale is not that of the record's bars: in Compare and Train A and B share one.
_SCALES: dict[str, Callable[[Scene], Scale]] = {
    "compare": lambda scene: bars_of(sides(scene)[0]).scale,
    "train": lambda scene: shades.scale_of(Sides.of(scene)),
    "sweep": lambda scene: Planes.of(scene).shades("sweep_a").scale,
}


def _go_on(app: Host, argument: str) -> None:
    """Of an iteration, and of a network of the story: look at it whole, in Explore. Of a lesson: go on in it."""
    if app.state.view == "sweep" and app.state.lesson is None:
        sweep_keys.open_cell(app)
    elif app.state.view in ("train", *STORY) and app.state.lesson is None:
        _explore(app)
    else:
        learning.go_on(app, argument)


def _explore(app: Host) -> None:
    """One network whole. Of the story the one of the column that has the focus, and the pane that explains it."""
    state = app.state
    if state.pane == "cure":
        _swap_experiments(app)
    pair = pair_of(state)
    panes = [e.Focus(pane=pair.explains)] if pair is not None else []
    app.send(e.Show("explore"), *panes)


def _help(app: Host, argument: str) -> None:
    blocks = app.canvas.blocks
    drawn = Drawn(styles_in(blocks), kinds_in(blocks))
    app.push_screen(Help(app.state, app.permissions, drawn, styles_of(app.current_theme)))


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
    elif app.sweeps.going:
        app.send(e.StopSweep())
    elif not app.state.loaded:
        # Undo leads back to another experiment, and forgets the one that was asked for.
        before, back = app.state.past[-1] if app.state.past else None, app.back()
        undone = before is not None and isinstance(back, e.Change) and (before[0], before[2][:1]) == app.shown
        app.stay(e.Undo() if undone else back, tr("cancelled"))
    elif app.state.zoomed:
        app.send(e.Zoom())
    elif app.state.lesson is not None:
        _close_lesson(app)


def _close_lesson(app: Host) -> None:
    if stands_before(app.state):
        said = tr("the lesson's network stays; {key} brings back what stood before", key=shown_keys("undo"))
        app.say(said, after=(e.Learn(None),))
    else:
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
    "answer": learning.answer,
    "finding_experiment": finding.experiment,
    "finding_lesson": finding.lesson,
    "lesson_back": learning.go_back,
    "help": _help,
    "form": editing.form,
    "sliders": sliding.sliders,
    "preset": editing.preset,
    "plan": planning.plan,
    "branch": planning.branch,
    "sweep_plan": sweep_keys.plan,
    "along": recordings.along,
    "hold": recordings.hold,
    **dict.fromkeys(("up_10", "down_10"), _page),
    "lock": _lock,
    "cell": editing.switch_cell,
    **dict.fromkeys(("activation", "init", "depth", "width", "forget_bias", "data"), editing.field),
    "again": editing.replay,
    "reseed": editing.replay,
    **dict.fromkeys((f"cure_{name}" for name in CURES), _cure),
    "swap": _swap,
    "theme": _theme,
    "palette": _palette,
    "close": _close,
    "suspend": _suspend,
    "quit": _quit,
}
