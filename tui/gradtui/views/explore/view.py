"""Explore: the row of the view and of its panes."""

from __future__ import annotations

from ..frame import bars, cache_keys, pointer, spoken
from ..frame.footers import HELP, LESSONS, PLAY, STEP, plain
from ..frame.pane import ARRAYS, OPERATIONS, Pane
from ..frame.view import View
from . import activation, attention, branches, cell, gates, numbers, paths, why
from .layout import arrange

_PANES = (
    Pane(
        "gradient",
        "gradient",
        bars.title,
        bars.view,
        "How much gradient each stage gets. A stage is a layer, or a time step of a cell. The axis stays the same "
        "during playback; the line marks 1. Bars that shrink steadily from the output to the input are a vanishing "
        "gradient; bars that grow, an exploding one. {quantity} shows other quantities on the same bars, {axis} "
        "another axis, {lock} holds the scale.",
        reads=cache_keys.bars,
        spoken=spoken.bars,
        click=pointer.bar,
        intro="Gradient pane: what reaches each stage, from the output down to the input.",
        shows_quantity=True,
    ),
    Pane(
        "activation",
        "activation",
        activation.title,
        activation.view,
        "What the selected stage does to the gradient. The curve is what it is multiplied by at each z: the "
        "activation's slope f′, or the gate of the direct path. The bars under it are how often each z occurs. "
        "Saturated units sit where the curve is flat; dead ones pass no gradient at all. {units} shows every unit "
        "(row) for every sample (column).",
        reads=activation.reads,
        spoken=activation.said,
        click=pointer.nothing,
        intro="Activation pane: what the selected stage does to the gradient, and how its values are spread.",
        may_wait=True,
        tier=ARRAYS,
    ),
    Pane(
        "cell",
        "cell state",
        cell.cell_title,
        cell.cell_view,
        "The cell's memory: how large each unit's cell state c is through time. A line that keeps its shade remembers. "
        "Two units share a line, one above the other; where there are more, half a line is the largest of several.",
        reads=cache_keys.unit,
        spoken=cell.cell_said,
        click=pointer.over_time,
        intro="Cell state pane: the cell's memory c, step by step.",
        tier=ARRAYS,
    ),
    Pane(
        "gates",
        "gates",
        gates.gates_title,
        gates.gates_view,
        "How far the gates are open, on average. One of them sets the factor of the direct path, as an LSTM's forget "
        "gate f: where the factor is near 1, the gradient passes from step to step almost unchanged.",
        reads=cache_keys.stage,
        spoken=gates.gates_said,
        click=pointer.over_time,
        intro="Gates pane: how far each gate is open, step by step; means over units and samples.",
        tier=ARRAYS,
        of_experiment=True,
    ),
    Pane(
        "paths",
        "two paths",
        paths.title,
        paths.view,
        "Where the cell state and its gradient come from: c is what one gate kept of the old one (of an LSTM f·c) plus "
        "what another wrote (i·g). Its gradient goes back by the direct path, whose factor is that gate, and through "
        "h and the gates, which is an RNN's way. {unit_before} and {next_unit} choose the unit.",
        reads=cache_keys.unit,
        spoken=paths.said,
        click=pointer.over_time,
        intro="Two paths pane: how the gradient of c comes down each step, directly or through h and the gates.",
        tier=ARRAYS,
    ),
    Pane(
        "attention",
        "attention",
        attention.title,
        attention.view,
        "What each token attends to in the selected block: a row for each token that looks, a column for each that is "
        "looked at. Under it the entropy of every block's attention, and how alike the tokens have become: a cosine of "
        "1 is rank collapse. {unit_before} and {next_unit} choose the head.",
        reads=attention.reads,
        spoken=spoken.drawn(attention.view),
        click=pointer.nothing,
        intro="Attention pane: what each token attends to, and how alike the tokens become.",
        tier=OPERATIONS,
    ),
    Pane(
        "branches",
        "three paths",
        branches.title,
        branches.view,
        "The gradient before a block is what came along the skips, through the attention and through the MLP: each "
        "relative to the gradient after the block. With the cosines between them they give the block's factor.",
        reads=branches.reads,
        spoken=spoken.drawn(branches.view),
        click=pointer.nothing,
        intro="Three paths pane: how much of a block's gradient comes by the skips, the attention and the MLP.",
    ),
    Pane(
        "numbers",
        "in numbers",
        numbers.title,
        numbers.view,
        "What was recorded of the selected stage: its gradient, its activations, and of each of its parameters the "
        "gradient, the size, and how far the update moves it. {quantity} shows other quantities as bars; {along} turns "
        "to the time steps of a recurrent module.",
        reads=cache_keys.stage,
        spoken=numbers.said,
        click=pointer.nothing,
        intro="Numbers pane: what was recorded of the selected stage.",
    ),
    Pane(
        "why",
        "why",
        why.title,
        why.view,
        "The equation of the step under the cursor, with its numbers put in: which factor this stage "
        "multiplies the gradient by, and what that has made of it so far.",
        reads=why.reads,
        spoken=spoken.drawn(why.view, spoken.WIDE),
        click=pointer.nothing,
        intro="Why pane: the equation of the current step, with its numbers.",
        tier=OPERATIONS,
    ),
)
VIEW = View(
    "explore",
    "explore",
    "One network: where its gradient goes, step by step, and why.",
    panes=_PANES,
    footer=(
        HELP,
        PLAY,
        STEP,
        *plain("view_compare", "along", "hold", "activation", "forget_bias", "init", "sliders"),
        LESSONS,
    ),
    arrange=arrange,
)  # fmt: skip
