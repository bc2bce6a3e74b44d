"""The lab: the row of the view and of its panes."""

from __future__ import annotations

from collections.abc import Hashable

from ..frame import pointer, spoken
from ..frame.footers import HELP, LESSONS, Hint, plain
from ..frame.pane import ARRAYS, Pane
from ..frame.scene import Scene
from ..frame.view import View
from . import curve, rows, slopes
from .layout import arrange


def _reads(scene: Scene) -> Hashable:
    return scene.stage, scene.state.unit, scene.state.row


_PANES = (
    Pane(
        "curve",
        "curve",
        curve.title,
        curve.view,
        "f as a line, f′ as a dashed one, on one scale. Under the axis are the pre-activations z that the selected "
        "unit really got, one for every sample, and as bars the z of all units. Where the bars lie, f′ is what a "
        "gradient is multiplied by: that part of it is shaded. {left} and {right} choose the unit, {up} and {down} "
        "another activation: then everything is an if, at the same z; {play} goes from layer to layer. In a gated cell "
        "it is the σ of the gate on the direct path, and for tanh the candidate's.",
        reads=_reads,
        spoken=curve.said,
        click=pointer.nothing,
        tier=ARRAYS,
    ),
    Pane(
        "reading",
        "reading",
        slopes.title,
        slopes.view,
        "√E f′² over all units and samples is the activation's share of the factor; times σ_w, the weights' spread, it "
        "is about the factor of the layer. Under it what was measured, and what mean field theory predicts for a "
        "normal z of the same size. In a gated cell the direct path is multiplied by the gate, not by f′.",
        reads=_reads,
        spoken=spoken.drawn(slopes.view),
        click=pointer.nothing,
        tier=ARRAYS,
    ),
    Pane(
        "rows",
        "activations",
        rows.title,
        rows.view,
        "Every activation, and what its √E f′² would be at the z of this stage; the mark in the bars is 1, where a "
        "gradient keeps its size. The first row is what the network has.",
        reads=_reads,
        spoken=rows.said,
        click=rows.click,
        tier=ARRAYS,
    ),
)
VIEW = View(
    "lab",
    "lab",
    "An activation, its slope, and what this network's own pre-activations make of it.",
    panes=_PANES,
    footer=(
        HELP,
        Hint(("play",), "next layers"),
        Hint(("up", "down"), "another f"),
        Hint(("left", "right"), "unit"),
        *plain("next_pane", "activation", "view_maths"),
        LESSONS,
    ),
    arrange=arrange,
)
