"""Scenes of the maths page, and what its panes show."""

from __future__ import annotations

from typing import Any

from gradtui.model.maths import ARROW, MOST_ANGLE
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment
from tests.tui.helpers import scene_of, texts

EXPERIMENT = Experiment(depth=5, width=3, batch=2)
ANGLES = range(-MOST_ANGLE, MOST_ANGLE + 1, ARROW)


def scene(**fields: Any) -> Scene:
    return scene_of(EXPERIMENT, view="maths", **fields)


def shown(pane: str, width: int = 110, height: int = 40, **fields: Any) -> str:
    return "\n".join(text.rstrip() for text in texts(PANES[pane].view(scene(**fields), width, height)))
