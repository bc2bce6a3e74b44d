"""What a record cannot give a pane: the pane says so, in its frame, and what would give it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from ...model.keys import shown_keys
from ...model.refusals import file_of
from ...text.language import tr
from ...text.spans import Line, first_title, page, wrap
from .pane import ARRAYS, OPERATIONS, Pane
from .pointer import Events
from .scene import Scene
from .spoken import Lines


def lacking(scene: Scene, pane: Pane) -> str:
    """What the scene's record lacks for a pane, and what would give it; nothing where it has all."""
    record = scene.record
    if record.listed is not None:
        return ""  # it has been run, here or where it was saved: asked for in every frame, of every pane
    if pane.tier >= OPERATIONS:
        what = tr("Not in this recording: what each operation read and wrote.")
    elif pane.tier >= ARRAYS and record.arrays is None:
        what = tr("Not in this recording: the arrays of the stages.")
    elif pane.of_experiment and scene.experiment is None:
        if record.source.recorded:
            return f"{tr('This pane is about an experiment, and a recorded training is none.')} {_mirror(scene)}"
        return tr("This recording does not say which experiment it was.")
    else:
        return ""
    if record.source.recorded:
        kept = tr("Recorded are norms and statistics: of each module's output and gradient, of weights and updates.")
        return f"{what} {kept} {_mirror(scene)}"
    if scene.experiment is None:
        return f"{what} {tr('It has numbers alone.')}"
    gives = tr(
        "`gradtui run --save FILE.npz` keeps everything; {key} runs the experiment again.", key=shown_keys("again")
    )
    return f"{what} {gives}"


def _mirror(scene: Scene) -> str:
    """What would give it of a recorded training: the experiment that is most like it."""
    file = file_of(scene.record.source)
    return tr("Of an MLP or RNN `gradtui mirror {file}` builds the closest experiment, which has it all.", file=file)


def guarded(pane: Pane) -> Pane:
    """The pane, which says what a record lacks where it lacks something."""
    if pane.tier < ARRAYS and not pane.of_experiment:
        return pane

    def title(scene: Scene, width: int) -> str:
        return first_title(width, tr(pane.label)) if lacking(scene, pane) else pane.title(scene, width)

    def view(scene: Scene, width: int, height: int) -> list[Line]:
        words = lacking(scene, pane)
        return page(wrap(words, width), width, height) if words else pane.view(scene, width, height)

    def reads(scene: Scene) -> Hashable:
        return pane.id if lacking(scene, pane) else pane.reads(scene)

    def spoken(scene: Scene) -> Lines:
        words = lacking(scene, pane)
        return iter([words]) if words else pane.spoken(scene)

    def click(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
        return [] if lacking(scene, pane) else pane.click(scene, width, height, x, y)

    return replace(pane, title=title, view=view, reads=reads, spoken=spoken, click=click)
