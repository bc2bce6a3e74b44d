"""Command-line arguments to an Experiment: every field an option, every problem at once."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from gradtui_engine.core.fields import Rejected
from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem, nearest, unknown_name
from gradtui_engine.experiment.experiment import Experiment, options
from gradtui_engine.experiment.spelling import flag, read_toml

from ..model.permissions import REFUSALS
from ..model.presets import PRESETS, experiment_values, named
from ..share.address import ROWS, B
from .settings import SETTINGS
from .subcommands import COMMANDS

#: Beside the preset's name alone, for who looks for an option.
PRESET = "--preset"


class UsageError(Exception):
    """The arguments cannot be used; holds every problem, and what could be read all the same."""

    def __init__(self, problems: Sequence[Problem], usage: Usage | None = None) -> None:
        self.problems = tuple(problems)
        self.usage = usage
        super().__init__("\n".join(map(str, self.problems)))


@dataclass
class Usage:
    """What was asked for: the experiment's fields as text, a file, and the command's own switches."""

    fields: dict[str, str] = field(default_factory=dict)
    file: str | None = None
    switches: argparse.Namespace = field(default_factory=argparse.Namespace)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError([Problem("usage", message)])


def parser(
    prog: str,
    description: str,
    switches: Sequence[tuple[str, dict[str, Any]]],
    of_experiment: bool = True,
    files: bool = True,
) -> argparse.ArgumentParser:
    """A parser with the command's own switches and, if it takes an experiment, one option per field of it.

    files: whether the experiment may come out of a file.
    """
    made = _Parser(prog=prog, description=description, allow_abbrev=False)
    for name, arguments in switches:
        made.add_argument(name, **arguments)
    if not of_experiment:
        made.set_defaults(file=None)
        return made
    made.set_defaults(opens_files=files)
    what = "an experiment, or a preset (--preset NAME is the same)" if files else "a preset (--preset NAME is the same)"
    form = "FILE.toml|PRESET" if files else "PRESET"
    made.add_argument("file", nargs="?", metavar=form, help=f"{what}; options override its fields")
    group = made.add_argument_group("experiment")
    for name, each in options().items():
        default = Experiment.__dataclass_fields__[name].default
        shown = "" if default is None else f" (default {default})"
        names = f"; {each.kind.allowed}" if each.kind.names else ""
        only = f" [{', '.join(each.cells)}]" if each.cells else ""
        group.add_argument(
            flag(name),
            dest=f"field {name}",
            metavar="NAME" if each.kind.names else "N",
            help=f"{each.help}{only}{names}{shown}".replace("%", "%%"),
        )
    return made


def parse(made: argparse.ArgumentParser, argv: Sequence[str]) -> Usage:
    """Read the arguments. Raises UsageError with every unknown option and missing value."""
    known, problems = _normalise(made, argv)
    try:
        usage = _usage(made.parse_args(known))
    except UsageError as error:
        raise UsageError([*problems, *error.problems]) from None
    if problems:
        # What remains can still be read, so that its problems are reported together with these.
        raise UsageError(problems, usage)
    return usage


def _usage(found: argparse.Namespace) -> Usage:
    fields = {
        name.removeprefix("field "): value
        for name, value in vars(found).items()
        if name.startswith("field ") and value is not None
    }
    return Usage(fields, found.file, found)


def _normalise(made: argparse.ArgumentParser, argv: Sequence[str]) -> tuple[list[str], list[Problem]]:
    """Join each option with its value (so that -1e3 is a value) and take out what is unknown."""
    actions = {name: action for action in made._actions for name in action.option_strings}
    long_names = tuple(name for name in actions if name.startswith("--"))
    known: list[str] = []
    problems: list[Problem] = []
    rest = list(argv)
    files, most = 0, _most_files(made)
    while rest:
        token = rest.pop(0)
        name, joined, value = token.partition("=")
        if name == PRESET and made.get_default("opens_files") is not None:
            token = value if joined else rest.pop(0) if rest and not rest[0].startswith("-") else token
        if not token.startswith("-") or token == "-":
            message = _no_file(made, token) if most == 1 else None
            files += message is None
            if message is not None:
                problems.append(Problem(token, message))
            elif files > most:
                problems.append(Problem(token or "''", _too_many(made)))
            else:
                known.append(token)
        elif name not in actions:
            problems.append(Problem(name, _unknown(name, long_names)))
            if not joined and rest and not rest[0].startswith("-"):
                rest.pop(0)
        elif actions[name].nargs == 0 and joined:
            problems.append(Problem(name, Message("takes no value")))
        elif actions[name].nargs == 0 or joined:
            known.append(token)
        elif rest and not rest[0].startswith("--"):
            known.append(f"{name}={rest.pop(0)}")
        else:
            problems.append(Problem(name, _lacks_value(actions[name])))
    return known, problems


def _unknown(name: str, names: Sequence[str]) -> Message:
    """The message for an option that there is not; all of them would fill the screen."""
    if name == B or name in {f"--{row.name}" for row in ROWS}:
        return Message("is an option of the screen alone: gradtui {name} …", name=name)
    match = nearest(name, names)
    if match is None:
        return Message("is unknown; --help lists the options")
    return Message("is unknown; did you mean {match}?", match=match)


def _most_files(made: argparse.ArgumentParser) -> int:
    """How many arguments without a name there may be."""
    numbers = [each.nargs for each in made._actions if not each.option_strings]
    return 10**6 if "*" in numbers else len(numbers)


def _no_file(made: argparse.ArgumentParser, token: str) -> Message | None:
    """Why a word can be neither file nor preset: it is a command's name that comes too late."""
    # A kiosk's visitor, who may open no files, has no other commands either.
    if not token or token not in COMMANDS or not made.get_default("opens_files") or Path(token).exists():
        return None
    return Message("a command comes first: gradtui {name} …", name=token)


def _too_many(made: argparse.ArgumentParser) -> Message:
    if not _most_files(made):
        return Message("takes no argument")
    if made.get_default("opens_files"):
        return Message("one FILE.toml or PRESET at the most; options start with --")
    return Message("one PRESET at the most; options start with --")


def _lacks_value(action: argparse.Action) -> Message:
    (name, *_), form = action.option_strings, str(action.metavar)
    rows = {flag(each): row.kind.allowed for each, row in options().items()}
    rows |= {flag(each.name): each.kind.allowed for each in SETTINGS.values()}
    rows |= {f"--{each.name}": each.kind.allowed for each in ROWS if each.kind is not None}
    rows |= {"--pane": Message("a pane of the view"), B: "FIELD=VALUE"}
    if name in rows:
        return Message("needs a value; allowed: {allowed}", allowed=rows[name])
    return Message("needs a value: {name} {form}", name=name, form=form)


def experiment_of(usage: Usage) -> Experiment:
    """The experiment of a file and options. Raises ExperimentError with every problem of both at once."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    opens = getattr(usage.switches, "opens_files", True)
    if usage.file is not None and named(usage.file, opens):
        values = experiment_values(usage.file)
    elif usage.file is not None and not opens:
        problems.append(Problem("preset", Message(REFUSALS["own"], presets=", ".join(PRESETS.names))))
    elif usage.file == "":
        problems.append(Problem("file", Message("'' names no file or preset")))
    elif usage.file is not None and usage.file.replace("-", "").isalpha() and not Path(usage.file).exists():
        problems.append(Problem("preset", unknown_name(usage.file, PRESETS.names)))
    elif usage.file is not None:
        try:
            values = read_toml(Path(usage.file))
        except ExperimentError as error:
            problems += error.problems
    for name, text in usage.fields.items():
        try:
            values[name] = options()[name].kind.parse(text)
        except Rejected as error:
            problems.append(Problem(name, error.message))
            values.pop(name, None)
    try:
        experiment = Experiment.from_mapping(values)
    except ExperimentError as error:
        raise ExperimentError([*problems, *error.problems]) from None
    if problems:
        raise ExperimentError(problems)
    return experiment
