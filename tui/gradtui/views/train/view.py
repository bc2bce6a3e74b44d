"""Train: the row of the view and of its panes."""

from __future__ import annotations

from collections.abc import Callable

from gradtui_engine.core.message import English

from ...model import events as e
from ...text.spans import Line
from ..frame.footers import HELP, Hint, plain
from ..frame.pane import Pane
from ..frame.pointer import Click, Events
from ..frame.pointer import nothing as no_click
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.training_sides import Sides, reads
from ..frame.view import View
from . import findings, gates, heat, loss, moment, reach
from .layout import arrange


def _to(iteration: int | None) -> Events:
    """The event that moves the cursor; none beside the axis."""
    return [] if iteration is None else [e.GoTo(iteration=iteration)]


def _in_map(letter: str) -> Click:
    """A click in a map: that iteration, and that stage."""

    def click(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
        found = heat.under(Sides.of(scene), letter, width, height, x, y)
        return [] if found is None else [e.GoTo(iteration=found[0]), e.Select(stage=found[1])]

    return click


def _pane(
    pane: str,
    label: English,
    title: Callable[[Sides, int], str],
    view: Callable[[Sides, int, int], list[Line]],
    said: Callable[[Sides], list[str]],
    click: Click,
    help: English,
    intro: English,
    shows_quantity: bool = False,
    of_experiment: bool = False,
) -> Pane:
    """A pane that is drawn from both sides of the race."""

    def spoken(scene: Scene) -> Lines:
        yield from said(Sides.of(scene))

    return Pane(
        pane,
        label,
        lambda scene, width: title(Sides.of(scene), width),
        lambda scene, width, height: view(Sides.of(scene), width, height),
        help,
        reads=reads,
        spoken=spoken,
        click=click,
        intro=intro,
        shows_quantity=shows_quantity,
        of_experiment=of_experiment,
    )


def _map(letter: str, pane: str, label: English, help: English, intro: English) -> Pane:
    return _pane(
        pane,
        label,
        lambda sides, width: heat.title(sides, letter, width),
        lambda sides, width, height: heat.view(sides, letter, width, height),
        lambda sides: heat.said(sides, letter),
        _in_map(letter),
        help,
        intro,
        shows_quantity=True,
    )


_PANES = (
    _pane(
        "loss",
        "loss",
        loss.title,
        loss.view,
        loss.said,
        lambda scene, width, height, x, y: _to(loss.iteration_at(Sides.of(scene), width, x)),
        "The loss of every iteration's batch: a line that falls is a network that learns. Of many iterations in one "
        "column the smallest and the largest are drawn, so that no spike is lost. + (of B ×) is the loss on samples "
        "that were held out; ╌ is what answering without looking costs, in tasks with a lag the best answer that needs "
        "no memory. The axis is solid as far as it is trained; B on it is where B branches off. A click moves the "
        "cursor; the numbers on the right are those at the cursor.",
        "Loss pane: how wrong the network is, iteration by iteration; whether it learns.",
    ),
    _map(
        "A",
        "map_a",
        "A, stage by stage",
        "How much gradient each stage gets (row, the output on top) in each iteration (column). Full is much, blank "
        "is 0: where the lower rows are pale, those layers or steps hardly learn; where they fill, the gradient "
        "comes back. Of many iterations in one column the mean of the logarithms is shaded; ▲ marks a column in "
        "which one of them is over ten times the mean. A and B share one scale; ◆ is beyond it: where one of them "
        "diverges, that is no part of the scale. ! is not a number. {quantity} shows other quantities, {axis} "
        "another axis.",
        "Map of A: what each stage gets in each iteration, the output on top.",
    ),
    _map(
        "B",
        "map_b",
        "B, stage by stage",
        "Experiment B, trained on the same batches as A, on A's scale. While this pane is focused, the keys that "
        "change the experiment change B.",
        "Map of B: what each stage gets in each iteration, the output on top.",
    ),
    _pane(
        "opening",
        "gates over iterations",
        gates.title,
        gates.view,
        gates.said,
        lambda scene, width, height, x, y: _to(gates.iteration_at(Sides.of(scene), width, x)),
        "How far each gate is open in each iteration, the mean over steps, units and samples: a bar's height is 0 to "
        "1, of a candidate −1 to 1. Under them the gate of the direct path step by step: it is the factor of the "
        "gradient that carries, so where it opens the gradient comes back.",
        "Gates pane: how far each gate is open, iteration by iteration.",
        of_experiment=True,
    ),
    _pane(
        "reach",
        "reach",
        reach.title,
        reach.view,
        reach.said,
        lambda scene, width, height, x, y: _to(reach.iteration_at(Sides.of(scene), width, height, x)),
        "How much of the last step's gradient gets so many steps back, in each iteration: of ∂L/∂c where the cell has "
        "a state of its own, else of ∂L/∂h. 1 is all of it, the dashed line. What the gradient does not reach is not "
        "learned: where a curve rises, a long dependency comes within reach, and the loss falls soon after.",
        "Reach pane: what share of the gradient gets so many steps back, iteration by iteration.",
        of_experiment=True,
    ),
    _pane(
        "moment",
        "at the cursor",
        moment.title,
        moment.view,
        moment.said,
        no_click,
        "What has become of the training so far, in a sentence; what enter opens; the learning rate at the cursor and "
        "its schedule; and how far this iteration's update moves the weights, relative to their size: about 1e-3 is "
        "usual (CS231n), far less learns nothing, far more overwrites what was learnt.",
        "At the cursor: what has become of the training, and what this iteration's update does.",
    ),
    Pane(
        "findings",
        "what is wrong",
        findings.title,
        findings.view,
        "What is wrong with a recorded training, the most important first, each with the module where it is and the "
        "step since when: ✗ is an error, ! a warning, · a note, which is no fault. Up and down, or a click, choose "
        "one: the cursor jumps to its step, and its module is selected in every pane. Of the one that is open stands "
        "what was measured, the likely cause, what to change, the experiment that shows the same, and the lesson about "
        "it. `gradtui why` prints the same.",
        reads=findings.reads,
        spoken=findings.spoken,
        click=findings.click,
        intro="Findings pane: what is wrong with this training, since when, and what to change.",
    ),
)
VIEW = View(
    "train",
    "train",
    "What learns, iteration by iteration.",
    panes=_PANES,
    footer=(
        HELP, Hint(("play",), "train"), Hint(("left", "right"), "iteration"), Hint(("next",), "its backprop"),
        *plain("finding_experiment", "finding_lesson", "quantity", "plan", "branch", "along", "hold"),
    ),
    arrange=arrange,
)  # fmt: skip
