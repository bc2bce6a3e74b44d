"""A pane in sentences, for screen readers and for pasting into a mail: what the pane is, the verdict, then its numbers.

The bars of hundreds of stages become a line each, "layer 12: gradient 2.2e-12, factor 0.237, predicted 0.236".
"""

from __future__ import annotations

from ..text import glyphs
from ..text.language import tr
from ..text.speech import plain
from .catalogue import PANES
from .frame.pane import Pane
from .frame.scene import Scene
from .frame.spoken import WIDE, verdict


def plain_lines(scene: Scene, pane: str) -> list[str]:
    """The pane as lines of text: what it is, the verdict, where the cursor stands, and what it shows."""
    row = PANES[pane]
    about = scene.other if row.of_b and scene.other is not None else scene
    # `plain` knows bars and frames from text in block glyphs; in ASCII a bar is made of signs that text has too.
    with glyphs.drawing(glyphs.BLOCK):
        lines = [_name(scene, row), verdict(about), _cursor(about), *row.spoken(scene)]
    return [text for line in lines if (text := plain(line))]


def _name(scene: Scene, row: Pane) -> str:
    return tr(row.intro) if row.intro else tr("Pane: {title}.", title=row.title(scene, WIDE))


def _cursor(scene: Scene) -> str:
    return tr(
        "Step {step} of {count}, {phase}; selected: {place}.",
        step=scene.timeline.clamp(scene.state.step) + 1,
        count=scene.timeline.last + 1,
        phase=tr(str(scene.step.phase)),
        place=scene.name(scene.stage),
    )
