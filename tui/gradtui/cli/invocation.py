"""An invocation: all that a command was asked for, read and checked before anything is done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.core.options import options_of
from gradtui_engine.core.options import read as read_options
from gradtui_engine.core.problems import Problem

from ..text import process
from .arguments import Words, experiment_of, read_words
from .settings import Loaded, SettingsError, load
from .subcommands import Subcommand

if TYPE_CHECKING:
    from .launch import Opening

Own = TypeVar("Own")


@dataclass(frozen=True)
class Invocation(Generic[Own]):
    """A command, whole: what was typed and what it comes to. Nothing is added to it later."""

    command: Subcommand
    #: The command line as it was typed.
    words: Words
    experiment: Experiment
    #: The command's own options, such as RunOptions.
    options: Own
    #: The settings in force, each with where it came from.
    loaded: Loaded
    #: What the screen opens with; None of a command without one.
    opening: Opening | None


def read(command: Subcommand, arguments: Sequence[str], slips: Sequence[Problem] = ()) -> Invocation[Any]:
    """The invocation, with its settings in force. Raises SettingsError with every problem of all, slips first."""
    words, problems = read_words(command, arguments)
    problems = [*slips, *problems]
    acts = not (command.complete_acts and problems)
    loaded, wrong = _settings_of(words)
    problems += wrong if command.needs_settings else []
    # Where some are wrong the others count: what is wrong is told in the person's language.
    process.change(language=loaded.settings.lang, glyphs=loaded.settings.glyphs)
    experiment = Experiment()  # what the rest is read with where the one that was asked for is wrong
    try:
        experiment = experiment_of(words)
    except ExperimentError as error:
        problems += error.problems
    own = opening = None
    try:
        if acts:
            own, opening = command.complete(experiment, words)
    except ExperimentError as error:
        problems += error.problems
    if problems:
        raise SettingsError(problems)
    return Invocation(command, words, experiment, own, loaded, opening)


def options_in(table: type[Own], words: Words) -> Own:
    """A command's own options out of what was typed. Raises ExperimentError with every problem."""
    problems: list[Problem] = []
    values = read_options(options_of(table).values(), words.given, problems)
    if problems:
        raise ExperimentError(problems)
    return table(**values)


def _settings_of(words: Words) -> tuple[Loaded, list[Problem]]:
    """The settings that can be used, and what is wrong with others."""
    try:
        return load(words.settings, os.environ), []
    except SettingsError as error:
        if error.usable is None:
            raise
        return error.usable, list(error.problems)
