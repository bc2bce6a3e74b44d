"""Open the screen: settings into force, then the app. Nothing of Textual is imported before."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from typing import Any

from gradtui_engine import Experiment

from . import address, commands, presets
from .events import Event
from .settings import COLOUR_SYSTEMS, Settings
from .state import State
from .tables import SPEEDS

#: Frames a second with reduced motion: what changes, changes in plain steps.
_STILL = 2


def opening(experiment: Experiment, switches: argparse.Namespace) -> tuple[State, tuple[Event, ...]]:
    """The state to open with, and where the cursor goes. Raises ExperimentError with every problem."""
    given: dict[str, Any] = vars(switches)
    if switches.file is not None and presets.named(switches.file):
        asked = {name: value for name, value in given.items() if value not in (None, False)}
        given = presets.screen_values(switches.file) | asked
    return address.read(experiment, given)


def launch(switches: argparse.Namespace) -> int:
    """Run the screen until it is left; its exit status."""
    settings: Settings = switches.loaded.settings
    if settings.color != "auto":
        os.environ["TEXTUAL_COLOR_SYSTEM"] = COLOUR_SYSTEMS[settings.color]
    if settings.reduced_motion:
        os.environ["TEXTUAL_ANIMATIONS"] = "none"
    commands.rebind(settings.keys)
    state, cursor = switches.opening
    state = replace(state, speed=SPEEDS.index(settings.speed))
    from .app import GradtuiApp

    app = GradtuiApp(state, cursor, fps=min(settings.fps, _STILL) if settings.reduced_motion else settings.fps)
    app.theme = settings.theme
    return app.run(mouse=settings.mouse) or 0
