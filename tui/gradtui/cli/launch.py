"""Open the screen: settings into force, then the app. Nothing of Textual's is imported before that is needed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from gradtui_engine import Experiment

from ..lessons import library
from ..lessons.course import effects
from ..lessons.staging import opened
from ..model import keys, presets
from ..model.events import Event, GoTo, Message, OpenPair
from ..model.names import SPEEDS
from ..model.needs import Known
from ..model.opening import Opening
from ..model.pairs import PAIRS
from ..model.permissions import OPEN, Permissions
from ..model.state import State
from ..model.update import update
from ..share import address
from ..text import language, process
from .printed import of_language
from .settings import COLOUR_SYSTEMS, Settings

if TYPE_CHECKING:
    from ..model.run_list import RunList
    from ..screen.app import GradtuiApp
    from ..screen.choosing import Choosing
    from ..screen.terminal.ending import Ending
    from .invocation import Invocation
    from .words import Words

App = TypeVar("App", bound="GradtuiApp")

#: Frames a second with reduced motion: what changes, changes in plain steps.
_STILL = 2


def opening(experiment: Experiment, words: Words) -> Opening:
    """What the screen opens with. Raises ExperimentError with every problem."""
    given = screen_texts(words)
    if experiment == Experiment() and _tells_story(words):
        # Without a word of what is to be shown: the story, from its first pair.
        opens = Opening(*address.read(experiment, {name: text for name, text in given.items() if name != "view"}))
        told = update(opens.state, OpenPair(PAIRS.names[0]), None)
        return opens._replace(state=replace(told, past=()))
    opens = Opening(*address.read(experiment, given))
    if opens.state.lesson is None or words.fields or words.given.get(address.B.name) or words.file is not None:
        return opens
    return _lesson(opens, given)


def _tells_story(words: Words) -> bool:
    """Whether nothing was asked for, or the story alone."""
    if words.fields or words.others or words.file is not None:
        return False
    asked = {row.name for row in address.rows() if row.name in words.given}
    return not asked - {"view", *address.OF_STORY} and words.given.get("view") in (None, "story")


def screen_texts(words: Words) -> Mapping[str, Any]:
    """The texts of the screen's options by name: those of a preset, and before them those that were typed."""
    typed = {row.name: words.given[row.name] for row in address.rows() if row.name in words.given}
    return presets.screen_values(words.preset) | typed if words.preset is not None else typed


def _lesson(opens: Opening, given: Mapping[str, Any]) -> Opening:
    """A lesson that is opened by itself brings its own network and view, as a preset does; what was typed wins."""
    state, cursor, _ = opens
    assert state.lesson is not None
    entry = library.find(state.lesson.lesson, language.current())
    if entry is None or entry.lesson is None:
        return opens
    setup = effects(state.lesson, entry.lesson)
    # A step that was typed says where the cursor is, and with it what is selected.
    own = () if given.get("step") else opened(setup)
    state = replace(
        state,
        experiment=setup.experiment,
        changes=setup.changes,
        view=state.view if given.get("view") else setup.view,
        quantity=state.quantity if given.get("quantity") else setup.quantity,
        cell=setup.experiment.cell,
        plan=tuple({**dict(setup.plan), **dict(state.plan)}.items()),
        training=state.training or setup.train,
    )
    if setup.iteration is not None and given.get("iteration") is None:
        state = update(state, GoTo(iteration=setup.iteration, ahead=True), None)
    return Opening(state, (*own, *cursor))


def launch(invocation: Invocation[Any]) -> int:
    """Run the screen until it is left; its exit status."""
    return status_of(app_of(invocation), invocation.loaded.settings.mouse)


def status_of(app: Ending, mouse: bool = True, when_ready: Callable[[Any], Any] | None = None) -> int:
    """Run an app; the exit status: what it was left with, or that it failed. when_ready: a coroutine to run beside."""
    from ..screen.held import give_back

    _believe_the_terminal()
    give_back()
    left_with = app.run(mouse=mouse, auto_pilot=when_ready)
    return app.return_code or left_with or 0


def _believe_the_terminal() -> None:
    """Take COLUMNS and LINES from the environment where the terminal itself tells its size.

    They would win over it and hold for ever: an exported pair, or one that a parent's readline has set (it does so
    unasked, at the C level), is the size of another terminal, or of this one before it was resized.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if all(os.get_terminal_size(sys.__stdout__.fileno())):  # type: ignore[union-attr]
            for name in ("COLUMNS", "LINES"):
                os.environ.pop(name, None)


def app_of(invocation: Invocation[Any], permissions: Permissions = OPEN) -> GradtuiApp:
    """The app that was asked for, with its settings in force."""
    from ..screen.app import GradtuiApp

    return made_by(GradtuiApp, invocation, permissions)


def made_by(
    make: Callable[[State, tuple[Event, ...], float, Permissions, Known], App],
    invocation: Invocation[Any],
    permissions: Permissions,
) -> App:
    """What make makes of an invocation, with its settings in force."""
    assert invocation.opening is not None
    settings, (state, cursor, results) = invocation.loaded.settings, invocation.opening
    _into_force(settings)
    keys.rebind(settings.keys, permissions)
    told = [Message(note) for note in of_language(invocation.loaded, os.environ, not permissions.own)]
    fps = _frames(settings)
    app = make(replace(state, speed=SPEEDS.index(settings.speed)), (*cursor, *told), fps, permissions, results)
    app.theme = settings.theme
    return app


def choosing_of(invocation: Invocation[Any], runs: RunList) -> Choosing:
    """The app in which one of a folder's runs is chosen, with its settings in force."""
    from ..screen.choosing import Choosing

    settings = invocation.loaded.settings
    _into_force(settings)
    app = Choosing(runs, _frames(settings))
    app.theme = settings.theme
    return app


def _into_force(settings: Settings) -> None:
    """What of the settings is the process's."""
    from textual import constants

    # A process that was forked for this has imported Textual already: variables of the environment come too late.
    if settings.color != "auto":
        vars(constants)["COLOR_SYSTEM"] = COLOUR_SYSTEMS[settings.color]
    if settings.reduced_motion:
        vars(constants)["TEXTUAL_ANIMATIONS"] = "none"
    process.change(kept_results=settings.kept_results, sweep_store=settings.sweep_store)


def _frames(settings: Settings) -> float:
    """Frames a second, at most."""
    return min(settings.fps, _STILL) if settings.reduced_motion else settings.fps
