"""The sliders: which fields have one that changes this network, and what moving it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtui_engine import Experiment
from gradtui_engine.core.fields import Value
from gradtui_engine.core.message import English
from gradtui_engine.experiment.experiment import options

from ..model.ineffective_options import hindrance
from ..model.needs import Computed, need_of
from ..model.shown import source_of_b
from ..text.describe import About, label
from ..text.language import tr
from ..text.spans import Line
from ..views.frame.effect import effect
from ..views.frame.scene import Scene
from .dialogs.dialogs import Picker
from .dialogs.slider import Slider, text_of_value
from .dialogs.slides import SLIDES, Slide
from .trying import change, edited, fits, is_b, settle, unknown

if TYPE_CHECKING:
    from .host import Host

#: Whose field it is, where B is called otherwise.
_OF_B: dict[str, English] = {"cure": "{field} of the cure"}


def slide(app: Host, row: Slide) -> None:
    """Move a field by a slider, and see what it does."""
    experiment, before = edited(app), app.state.asked
    along = _along(experiment, row)

    def check(name: str, value: Value) -> str:
        return change(app, {name: value, **along}, record=False)

    def does() -> Line | None:
        scene = _scene_of_edited(app)
        return None if scene is None else effect(scene, row.shows)

    def answered(text: str | None) -> None:
        settle(app, before, keep=text is not None)

    option, name = options()[row.name], label(row.name)
    title = tr(_OF_B.get(app.state.pane, "{field} of B"), field=name) if is_b(app) else name
    note = "" if along else hindrance(experiment, row.name)
    current: Value = getattr(experiment.resolved, row.name)
    app.push_screen(Slider(row, option, current, check, does, title, note), answered)


def _along(experiment: Experiment, row: Slide) -> dict[str, Value]:
    """What has to be given with the slider's field: where without it the field would change nothing; and the number of
    layers, where a list of widths, of which one is made, has said it."""
    if row.name == "width" and isinstance(experiment.width, str):
        return {"depth": experiment.resolved.depth}
    return dict(row.along) if hindrance(experiment, row.name) else {}


def _scene_of_edited(app: Host) -> Scene | None:
    """What is shown of the experiment that the keys change; None while it is computed."""
    scene = app.scene()
    if scene is None or not app.state.loaded:
        return None
    source = source_of_b(app.state, app.state.experiment) if is_b(app) else None
    if source is None:
        return scene
    return scene.other if isinstance(app.jobs.results.get(need_of(source)), Computed) else None


def sliders(app: Host, argument: str) -> None:
    """Choose one of the fields that have a slider and an effect on this network."""
    if unknown(app):
        return
    experiment = edited(app)
    fields = {label(row.name): row for row in SLIDES.values() if _slides(experiment, row)}
    said = {name: About(_comes_to(experiment, row), row.means) for name, row in fields.items()}

    def answered(name: str | None) -> None:
        if name is not None:
            slide(app, fields[name])

    title = tr("sliders · enter to move one, esc to go back")
    app.push_screen(Picker("slider", tuple(fields), next(iter(fields)), lambda name: None, said, title), answered)


def _comes_to(experiment: Experiment, row: Slide) -> str:
    value = getattr(experiment.resolved, row.name)
    return tr("no clipping yet") if value is None else text_of_value(value)


def _slides(experiment: Experiment, row: Slide) -> bool:
    """Whether moving the slider changes this network: the field is its own, has a value, and is not decided by others.

    Where its ends are refused, the data decide it: digits are read in 64 steps and no other number.
    """
    if not options()[row.name].applies_to(experiment.cell):
        return False
    if row.along:
        return True
    if hindrance(experiment, row.name) or getattr(experiment.resolved, row.name) is None:
        return False
    return any(fits(experiment, row.name, row.at(end)) for end in (0, 1))
