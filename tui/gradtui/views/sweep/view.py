"""Sweep: the row of the view and of its panes."""

from __future__ import annotations

from gradtui_engine.core.message import English

from ..frame import pointer
from ..frame.footers import HELP, Hint, plain
from ..frame.pane import Pane
from ..frame.pointer import Events
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.view import View
from . import numbers, plane
from .layout import arrange
from .planes import Planes, needs, reads


def _plane(pane: str, label: English, help: English, intro: English, of_b: bool = False) -> Pane:
    def spoken(scene: Scene) -> Lines:
        yield from plane.said(Planes.of(scene), pane)

    def click(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
        return plane.click(Planes.of(scene), pane, width, height, x, y)

    return Pane(
        pane,
        label,
        lambda scene, width: plane.title(Planes.of(scene), pane, width),
        lambda scene, width, height: plane.view(Planes.of(scene), pane, width, height),
        help,
        reads=reads,
        spoken=spoken,
        click=click,
        intro=intro,
    )


def _said_of_cell(scene: Scene) -> Lines:
    yield from numbers.said(Planes.of(scene))


_PANES = (
    _plane(
        "sweep_a",
        "plane of A",
        "One experiment in each cell: x to the right, y upwards, and how much came out as a shade, coarse at first and "
        "then sharper. Of what arrives of the gradient the colour is the verdict: too little, enough, too much. × is a "
        "cell without a number: it diverged, overflowed, or had no memory; the numbers' pane says which. The line is "
        "what theory says. Arrows or a click move the cursor, {quantity} shows another measure, {sweep_plan} plans "
        "another sweep, {play} pauses, {next} opens the cell's experiment.",
        "Plane of A: one experiment in each cell, and what came out of it.",
    ),
    _plane(
        "sweep_b",
        "plane of B",
        "The same plane of experiment B, on A's scale: where it is healthy and A's is not, B's cure works. While this "
        "pane is focused, the keys that change the experiment change B.",
        "Plane of B: the same cells of experiment B.",
    ),
    _plane(
        "sweep_second",
        "second measure",
        "Another measure of the same cells as A's plane, on a scale of its own: does what arrives of the gradient also "
        "say what learns? While this pane is focused, {quantity} shows another measure in it.",
        "Second plane: another measure of the same cells.",
    ),
    Pane(
        "sweep_cell",
        "this cell",
        lambda scene, width: numbers.title(Planes.of(scene), width),
        lambda scene, width, height: numbers.view(Planes.of(scene), width, height),
        "All that was measured in the cell under the cursor, of A and of B; of several seeds the medians; why there is "
        "no number, where there is none; and how long it took. {next} opens that experiment in Explore, of a trained "
        "sweep in Train.",
        reads=reads,
        spoken=_said_of_cell,
        click=pointer.nothing,
        intro="Cell pane: what was measured in the cell under the cursor.",
    ),
)
VIEW = View(
    "sweep",
    "sweep",
    "A plane of experiments, and where in it the gradient arrives or what learns.",
    panes=_PANES,
    footer=(
        HELP, Hint(("play",), "compute"), Hint(("left", "right", "up", "down"), "move"), Hint(("next",), "open it"),
        Hint(("quantity",), "measure"), *plain("sweep_plan", "preset", "cure_residual"), Hint(("turn",), "A | B"),
        *plain("undo"),
    ),
    arrange=arrange,
    needs=needs,
)  # fmt: skip
