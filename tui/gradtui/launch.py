"""Open the screen: settings into force, then the app. Nothing of Textual's is imported before that is needed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradtui_engine import Experiment

from . import address, commands, presets
from .events import Event
from .profile import OPEN, Profile
from .settings import COLOUR_SYSTEMS, Settings
from .state import State
from .tables import SPEEDS

if TYPE_CHECKING:
    from .app import GradtuiApp

#: Frames a second with reduced motion: what changes, changes in plain steps.
_STILL = 2


def opening(experiment: Experiment, switches: argparse.Namespace) -> tuple[State, tuple[Event, ...]]:
    """The state to open with, and where the cursor goes. Raises ExperimentError with every problem."""
    given: dict[str, Any] = vars(switches)
    if switches.file is not None and presets.named(switches.file, switches.opens_files):
        asked = {name: value for name, value in given.items() if value not in (None, False)}
        given = presets.screen_values(switches.file) | asked
    return address.read(experiment, given)


def launch(switches: argparse.Namespace) -> int:
    """Run the screen until it is left; its exit status."""
    return status_of(app_of(switches), switches.loaded.settings.mouse)


def status_of(app: GradtuiApp, mouse: bool = True, when_ready: Callable[[Any], Any] | None = None) -> int:
    """Run an app; the exit status: what it was left with, or that it failed. when_ready: a coroutine to run beside."""
    left_with = app.run(mouse=mouse, auto_pilot=when_ready)
    return app.return_code or left_with or 0


def app_of(switches: argparse.Namespace, make: type[GradtuiApp] | None = None, profile: Profile = OPEN) -> GradtuiApp:
    """The app that was asked for, with its settings in force; make is its class."""
    settings: Settings = switches.loaded.settings
    from textual import constants

    # A process that was forked for this has imported Textual already: variables of the environment come too late.
    if settings.color != "auto":
        vars(constants)["COLOR_SYSTEM"] = COLOUR_SYSTEMS[settings.color]
    if settings.reduced_motion:
        vars(constants)["TEXTUAL_ANIMATIONS"] = "none"
    commands.rebind(settings.keys, profile)
    state, cursor = switches.opening
    state = replace(state, speed=SPEEDS.index(settings.speed))
    from .app import GradtuiApp

    fps = min(settings.fps, _STILL) if settings.reduced_motion else settings.fps
    app = (make or GradtuiApp)(state, cursor, fps, profile)
    app.theme = settings.theme
    return app
