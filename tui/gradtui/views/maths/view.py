"""The maths page: the row of the view and of its panes."""

from __future__ import annotations

from collections.abc import Hashable

from ..frame import pointer
from ..frame.footers import HELP, LESSONS, PLAY, Hint, plain
from ..frame.pane import Pane
from ..frame.scene import Scene
from ..frame.view import View
from . import bridge, circle, functions
from .header import header
from .layout import arrange


def _reads(scene: Scene) -> Hashable:
    return scene.state.function, scene.state.terms, scene.state.growth, scene.state.angle


_PANES = (
    Pane(
        "circular",
        "sin, cos, tan",
        functions.circular_title,
        functions.circular_view,
        "The chosen function as a line, the sum of the first terms of its Taylor series as a dashed one. More terms "
        "({faster}, or {play} one by one) follow the curve further. The series of sin and cos reach everywhere, that "
        "of tan only to its pole at π/2. {up} and {down} choose the function, {left} and {right} move x; drag the "
        "number of terms.",
        reads=_reads,
        spoken=functions.circular_said,
        click=functions.click,
    ),
    Pane(
        "hyperbolic",
        "sinh, cosh, tanh",
        functions.hyperbolic_title,
        functions.hyperbolic_view,
        "The twins: the same coefficients, other signs. Where sin and cos alternate, sinh and cosh have only plus; "
        "tan has only plus and tanh alternates. tanh's series ends at π/2 although the curve goes on: its pole lies "
        "off the line, at ±(π/2)i.",
        reads=_reads,
        spoken=functions.hyperbolic_said,
        click=functions.click,
    ),
    Pane(
        "circle",
        "circle, hyperbola",
        circle.title,
        circle.view,
        "A point of the unit circle, (cos t, sin t), and one of the unit hyperbola, (cosh t, sinh t). In both t is "
        "twice the area of the shaded sector; on the circle that is the angle. {left} and {right} move t, {play} "
        "turns it all the way around.",
        reads=_reads,
        spoken=circle.said,
        click=pointer.nothing,
    ),
    Pane(
        "bridge",
        "bridge",
        bridge.title,
        bridge.view,
        "i turns one family into the other: x becomes ix, a quarter turn, and sinh(ix) is i sin x, the height of a "
        "point that goes around; {play} lets it. So sinh has a period too, the imaginary 2πi. And tan′ = 1 + tan² "
        "becomes tanh′ = 1 − tanh²: that minus makes tanh saturate, and its gradient vanish.",
        reads=_reads,
        spoken=bridge.said,
        click=pointer.nothing,
    ),
)
VIEW = View(
    "maths",
    "maths",
    "sinh, cosh, tanh beside sin, cos, tan.",
    panes=_PANES,
    footer=(
        HELP,
        PLAY,
        *plain("next_pane"),
        Hint(("up", "down"), "function"),
        Hint(("left", "right"), "move x"),
        Hint(("slower", "faster"), "terms"),
        *plain("view_lab"),
        LESSONS,
    ),
    arrange=arrange,
    header=header,
)
