"""A command line becomes an invocation: read and checked whole, with all of its problems at once."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.core.message import Message
from gradtui_engine.core.options import options_of
from gradtui_engine.core.options import read as read_options
from gradtui_engine.core.problems import Problem

from .arguments import read_words, understood
from .invocation import Invocation, Own
from .printed import settle
from .settings import BrokenSettings, SettingsInForce, load
from .settings_error import SettingsError
from .subcommand import Subcommand
from .words import Words


def read(command: Subcommand[Own], arguments: Sequence[str], slips: Sequence[Problem] = ()) -> Invocation[Own]:
    """The invocation, with its settings in force. Raises SettingsError with every problem of all, slips first."""
    words, problems = read_words(command, arguments)
    problems = [*slips, *problems]
    slipped = bool(problems)
    loaded, wrong = _settings_of(words)
    problems += wrong if command.needs_settings else []
    # Where some are wrong the others count: what is wrong is told in the person's language.
    settle(loaded.settings.lang, loaded.settings.glyphs)
    if words.asked:
        print(words.asked)
        raise SystemExit(0)
    notes: tuple[Message, ...] = ()
    experiment = Experiment()  # what the rest is read with where the one that was asked for is wrong
    try:
        if command.of_experiment:
            found = understood(words)
            experiment, words, notes = found.experiment, found.words, found.notes
    except ExperimentError as error:
        problems += error.problems
    if slipped and command.complete_acts:
        raise SettingsError(problems)
    try:
        own, opening = command.complete(experiment, words)
    except ExperimentError as error:
        raise SettingsError([*problems, *error.problems]) from None
    if problems:
        raise SettingsError(problems)
    return Invocation(words, experiment, own, loaded, opening, notes)


def options_in(table: type[Own], words: Words) -> Own:
    """A command's own options out of what was typed. Raises ExperimentError with every problem."""
    problems: list[Problem] = []
    values = read_options(options_of(table).values(), words.given, problems)
    if problems:
        raise ExperimentError(problems)
    return table(**values)


def _settings_of(words: Words) -> tuple[SettingsInForce, list[Problem]]:
    """The settings that can be used, and what is wrong with others."""
    try:
        return load(words.settings, os.environ), []
    except BrokenSettings as error:
        return error.usable, list(error.problems)
