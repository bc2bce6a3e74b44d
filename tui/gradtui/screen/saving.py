"""Taking things along: the reproducing command, files, a picture, plain text."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from gradtui_engine.core.figures import percent
from gradtui_engine.recordings.snapshot import RecordingSnapshot

from ..model.state import State
from ..model.sweep_cells import SweepCells
from ..model.sweeps import CellsOf, plan_of
from ..model.trainings import HistoryOf, training_of_a, training_of_b
from ..share import clipboard
from ..share.address import command
from ..share.asciicast import Frame, film, moments
from ..share.exports import FORMATS, Format, Material, NotWritten, write
from ..text.describe import About
from ..text.language import tr
from ..text.summary import describe_source
from ..views.frame.scene import Scene
from .drawing import Drawing

if TYPE_CHECKING:
    from gradtui_engine import TrainingHistory

    from .host import Host


def copy(app: Host, argument: str) -> None:
    """The command that opens this experiment, view and cursor, to the clipboard; where there is none, to a file."""
    app.say(clipboard.copy(command(app.state, app.timeline), os.environ, app.copy_to_clipboard, app.permissions.files))


def export(app: Host, argument: str) -> None:
    """Choose a format, and save."""
    from .dialogs.dialogs import Picker

    def answered(name: str | None) -> None:
        if name is not None:
            # The picker has to be gone before the screen is taken.
            app.call_after_refresh(start, app, name)

    said = {name: About(row.label, row.help) for name, row in FORMATS.items()}
    title = tr("export · enter to save, esc to go back")
    app.push_screen(Picker("export", tuple(FORMATS), next(iter(FORMATS)), lambda name: None, said, title), answered)


def picture(app: Host, argument: str) -> None:
    """The screen as SVG, without a question."""
    start(app, "svg")


def start(app: Host, name: str) -> None:
    if not app.permissions.files:  # the command says why before anybody comes here
        return
    app.run_worker(_save(app, FORMATS[name]), exclusive=True, group="export")


async def _save(app: Host, chosen: Format) -> None:
    """Collect what the format needs, and write it in another thread."""
    scene = app.scene()
    if scene is None:
        return
    b = scene.other if app.state.view == "compare" else None
    title, screen = describe_source(scene.record.source), ""
    if chosen.source == "picture":
        screen = _photographed(app, title)
    elif chosen.source == "film":
        states = moments(app.state, scene.timeline)
        screen = await film(states, _camera(app, scene), title, lambda share: app.say(_filming(share)))
    trainings = _trainings(app)
    beside = b.record if b is not None else None
    material = Material(scene.record, beside, screen, trainings, _recorded(scene), _swept(scene))
    try:
        async with app.trainings.still() if trainings else contextlib.nullcontext():
            path = await asyncio.to_thread(write, chosen, material)
    except NotWritten as error:
        app.say(str(error), severity="error")
        return
    except OSError as error:  # the folder that the program was started in is gone
        app.say(tr("nothing was written: {reason}", reason=error.strerror or str(error)), severity="error")
        return
    app.say(tr("written: {path}", path=path))


def _photographed(app: Host, title: str) -> str:
    """What stands on the canvas as SVG: not what is said over it of the last command."""
    from ..share.svg import svg

    return svg(app.canvas.strips(app.canvas.blocks, app.size), app.size.width, title)


def _trainings(app: Host) -> dict[str, TrainingHistory]:
    """In Train what has been trained of A and B, by side."""
    if app.state.view != "train":
        return {}
    asked = {"a": training_of_a(app.state), "b": training_of_b(app.state)}
    known = {side: app.trainings.results.get(HistoryOf(one)) for side, one in asked.items() if one is not None}
    trained = {side: history for side, history in known.items() if history is not None and history.count}
    return trained if "a" in trained else {}


def _recorded(scene: Scene) -> dict[str, RecordingSnapshot]:
    """In Train what was recorded of A and B, by side."""
    if scene.state.view != "train":
        return {}
    known: dict[str, object] = {"a": scene.snapshot, "b": scene.snapshot_b}
    return {side: snapshot for side, snapshot in known.items() if isinstance(snapshot, RecordingSnapshot)}


def _swept(scene: Scene) -> dict[str, SweepCells]:
    """In Sweep the planes of A and B, by side, as far as they are there."""
    if scene.state.view != "sweep":
        return {}
    plan = plan_of(scene.state)
    sides = {"a": plan.a, "b": plan.b}
    known = {side: scene.results.get(CellsOf(sweep)) for side, sweep in sides.items() if sweep is not None}
    return {side: cells for side, cells in known.items() if isinstance(cells, SweepCells)}


def _camera(app: Host, scene: Scene) -> Callable[[State], Frame]:
    """Draws other states than the app's own, of the trace that is shown now, beside what is on the screen."""
    drawing, still = Drawing(app.permissions), replace(scene, results=dict(scene.results))

    def frame(state: State) -> Frame:
        size = app.size
        blocks = drawing.draw(state, replace(still, state=state), *size)
        # In the colours of the app's terminal: a style keeps its codes as they were first asked for.
        return Frame(size, [strip.render(app.console) for strip in app.canvas.strips(blocks, size)])

    return frame


def _filming(share: float) -> str:
    return tr("filming … {share}", share=percent(share))


def plain_text(app: Host, argument: str) -> None:
    """The focused pane as plain text."""
    from ..views.plain_text import plain_lines
    from .dialogs.pages import PlainText

    scene = app.scene()
    if scene is not None:
        app.push_screen(PlainText("\n".join(plain_lines(scene, app.state.pane))))
