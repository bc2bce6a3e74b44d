"""The arguments of a command to words and an Experiment: every field an option, every problem at once."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradtui_engine.core.fields import Rejected, Spelled
from gradtui_engine.core.message import Message, Verbatim
from gradtui_engine.core.names import key
from gradtui_engine.core.options import Option
from gradtui_engine.core.problems import ExperimentError, Problem, unknown_name
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.experiment import training as of_training
from gradtui_engine.experiment.experiment import Experiment, options
from gradtui_engine.experiment.other_names import NOT_HERE, is_field, nearest_flag, owned, said
from gradtui_engine.experiment.spelling import read_toml

from .. import __version__
from ..model.permissions import REFUSALS
from ..model.presets import PRESETS, experiment_values
from ..share import address
from .settings import SETTINGS
from .settings_error import shown
from .subcommand import NAMES, Subcommand, Takes
from .words import Words

#: Beside the preset's name alone, for who looks for an option.
PRESET = "--preset"
#: Endings of a table, which is no experiment.
_TABLES = (".csv", ".tsv", ".data", ".arff")
#: Endings of what gradtui writes of runs and trainings, which is none either.
_WRITTEN = (".npz", ".json", ".jsonl")
#: The tables of a file of experiments that say how it is trained, and what is swept of it.
_TABLES_OF_FILES = ("training", "sweep")
_HELP, _VERSION = ("-h", "--help"), "--version"


def rows_of(command: Subcommand[Any]) -> tuple[Option, ...]:
    """Every option of a command, in the order of its help."""
    settings = SETTINGS.names if command.settings is None else command.settings
    fields = options().values() if command.of_experiment else ()
    return (*command.rows(), *(SETTINGS[name] for name in settings), *fields)


# -- reading -------------------------------------------------------------------------------------------------


def read_words(command: Subcommand[Any], arguments: Sequence[str]) -> tuple[Words, list[Problem]]:
    """The words of a command line, and what is wrong with its form: unknown options, missing values, too many files.

    Where the help or the version is asked for, that is what counts.
    """
    rows = {name: row for row in rows_of(command) for name in row.flags}
    prints = (*_HELP, *([_VERSION] if command.tells_version else []))
    long_names = (*prints[1:], *rows)
    most = {Takes.NOTHING: 0, Takes.FILES: 10**6}.get(command.takes, 1)
    given: dict[str, Any] = {}
    others: dict[str, str] = {}
    files: list[str] = []
    asked: list[str] = []
    problems: list[Problem] = []
    rest = list(arguments)
    while rest:
        token = rest.pop(0)
        name, joined, text = token.partition("=")
        if name == PRESET and command.of_experiment:
            token = text if joined else rest.pop(0) if rest and not rest[0].startswith("-") else token
        if not token.startswith("-") or token == "-":
            late = _comes_late(command, token)
            if late is not None:
                problems.append(Problem(token, late))
            elif len(files) >= most:
                problems.append(Problem(token or "''", _too_many(command)))
            else:
                files.append(token)
        elif name in prints:
            asked += [] if joined else [name]
            problems += [Problem(name, Message("takes no value"))] if joined else []
        elif name not in rows and command.of_experiment and is_field(name, options()):
            if joined or (rest and not rest[0].startswith("--")):
                others[name] = text if joined else rest.pop(0)
            else:
                problems.append(Problem(name, Message("needs a value")))
        elif name not in rows:
            problems.append(Problem(name, _unknown(command, name, long_names)))
            if not joined and rest and not rest[0].startswith("-"):
                rest.pop(0)
        elif not rows[name].takes_value:
            if joined:
                problems.append(Problem(name, Message("takes no value")))
            else:
                given[rows[name].name] = name == rows[name].flag
        elif joined or (rest and not rest[0].startswith("--")):
            # What follows is the value whatever it looks like: -1e3 is one.
            text = text if joined else rest.pop(0)
            row = rows[name]
            given[row.name] = (*given.get(row.name, ()), text) if row.many else text
        else:
            problems.append(Problem(name, _lacks_value(rows[name])))
    words = Words(given, files=tuple(files))
    if command.of_experiment:
        opens_files = command.takes != Takes.PRESET
        words = Words(given, files[0] if files else None, opens_files=opens_files, others=others)
    if asked:
        text = f"{command.prog} {__version__}" if asked[0] == _VERSION else help_of(command).rstrip("\n")
        return replace(words, asked=text), []
    return words, problems


def _unknown(command: Subcommand[Any], name: str, names: Sequence[str]) -> Message:
    """The message for an option that there is not; all of them would fill the screen."""
    if name == "--iterations" and "--train" in names:
        return Message("is --train here: {prog} --train N", prog=command.prog)
    if command.of_experiment and name in {row.flag for row in of_training.options().values()}:
        return Message("is an option of gradtui train: gradtui train {name} …", name=name)
    if name in {row.flag for row in address.rows()}:
        return Message("is an option of the screen alone: gradtui {name} …", name=name)
    fields = options() if command.of_experiment else {}
    if key(name) in NOT_HERE and fields:
        return NOT_HERE[key(name)]
    match = nearest_flag(name, names, fields)
    if match is None:
        return Message("is unknown; --help lists the options")
    return Message("is unknown; did you mean {match}?", match=match)


def _comes_late(command: Subcommand[Any], word: str) -> Message | None:
    """Why a word can be neither file nor preset: it is a command's name that comes too late."""
    # A kiosk's visitor, who may open no files, has no other commands either.
    if command.takes != Takes.EXPERIMENT or not word or word not in NAMES or Path(word).exists():
        return None
    return Message("a command comes first: gradtui {name} …", name=Verbatim(word))


def _too_many(command: Subcommand[Any]) -> Message:
    if command.takes == Takes.EXPERIMENT:
        return Message("one FILE.toml or PRESET at the most; options start with --")
    if command.takes == Takes.PRESET:
        return Message("one PRESET at the most; options start with --")
    return Message("takes no argument")


def _lacks_value(row: Option) -> Message:
    if row.manner.allowed:
        return Message("needs a value; allowed: {allowed}", allowed=row.kind.allowed)
    return Message("needs a value: {name} {form}", name=row.flag, form=row.form)


@dataclass(frozen=True)
class Understood:
    """The experiment of some words; these with the fields under their own names; what was read as another name."""

    experiment: Experiment
    words: Words
    notes: tuple[Message, ...] = ()


def experiment_of(words: Words) -> Experiment:
    """The experiment of a file and options. Raises ExperimentError with every problem of both at once."""
    return understood(words).experiment


def understood(words: Words) -> Understood:
    """The experiment of a file and options, and how they were read. Raises ExperimentError with every problem."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    file = words.file
    if words.preset is not None:
        values = experiment_values(words.preset)
    elif file is not None and not words.opens_files:
        problems.append(Problem("preset", Message(REFUSALS["own"], presets=", ".join(PRESETS.names))))
    elif file == "":
        problems.append(Problem("file", Message("'' names no file or preset")))
    elif file is not None and Path(file).suffix.lower() in _TABLES:
        path = Verbatim(file.removeprefix(PREFIX))
        problems.append(Problem("file", Message("a table is given as --data csv:{file}", file=path)))
    elif file is not None and file.replace("-", "").isalpha() and not Path(file).exists():
        problems.append(Problem("preset", unknown_name(file, PRESETS.names)))
    elif file is not None and Path(file).suffix.lower() in _WRITTEN and Path(file).is_file():
        problems.append(_what_was_written(Path(file)))
    elif file is not None:
        try:
            values = read_toml(Path(file))
        except ExperimentError as error:
            problems += error.problems
    tables = {name: values.pop(name, {}) for name in _TABLES_OF_FILES}
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            problems += in_file(file, {name: table}, {}, [of_training.no_table(table, name)])
            tables[name] = {}
    of_file = owned(values, options(), words.fields.get("cell"))
    of_file_alone = {**values, **of_file.values} if file is not None and words.preset is None else {}
    problems += in_file(file, of_file_alone, {}, of_file.problems)
    values = of_file.values
    of_words = owned({**words.fields, **words.others}, options(), values.get("cell"))
    problems += of_words.problems
    for name, text in of_words.values.items():
        try:
            values[name] = parsed = options()[name].kind.parse(text)
        except Rejected as error:
            problems.append(Problem(name, error.message))
            values.pop(name, None)
            continue
        if isinstance(parsed, Spelled):
            # What a name decides, such as SGD(momentum=0.9), overrides the file's as the name does.
            values = {
                field: value for field, value in values.items() if field not in parsed.sets or field in of_words.values
            }
    try:
        experiment = Experiment.from_mapping(values)
    except ExperimentError as error:
        raise ExperimentError([*problems, *in_file(file, of_file_alone, of_words.values, error.problems)]) from None
    if problems:
        raise ExperimentError(problems)
    notes = *of_file.notes, *of_words.notes, *said({**of_file.values, **of_words.values}, options())
    read = replace(words, given={**words.given, **of_words.values}, others={}, **tables)
    return Understood(experiment, read, notes)


def _what_was_written(path: Path) -> Problem:
    """What a file is that gradtui has written itself, and what opens it."""
    from gradtui_engine.analysis.opening import read

    if path.suffix.lower() == ".jsonl":
        message = Message(
            "is a recorded training; an experiment is a TOML file: gradtui open {file} shows the training, "
            "gradtui why {file} says what is wrong with it",
            file=Verbatim(str(path)),
        )
        return Problem(str(path), message)
    try:
        read(path)
    except ExperimentError as error:
        return error.problems[0]
    message = Message(
        "is a run that has been saved; an experiment is a TOML file: gradtui open {file} shows the run",
        file=Verbatim(str(path)),
    )
    return Problem(str(path), message)


def in_file(
    file: str | None, written: Mapping[str, Any], typed: Mapping[str, Any], problems: Iterable[Problem]
) -> list[Problem]:
    """Problems, of which those of a field that the file alone gives name the file too."""
    return [
        Problem(f"{file if file.isprintable() else shown(file)}: {problem.field}", problem.message)
        if file is not None and problem.field in written and problem.field not in typed
        else problem
        for problem in problems
    ]


# -- the help ------------------------------------------------------------------------------------------------


class _WholeNames(argparse.HelpFormatter):
    """Lines that end between words, not at a name's hyphen: 16-adam-and-vanishing is there to be copied."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


#: What an opened recording has use for: in its help it stands first.
_OF_RECORDINGS = ("print", "view", "iteration", "finding", "stage", "pane", "quantity", "zoomed")


def help_of(command: Subcommand[Any]) -> str:
    """What --help prints."""
    recorded = command.takes == Takes.FILES and command.has_screen
    made = argparse.ArgumentParser(
        prog=command.prog, description=command.description, allow_abbrev=False, formatter_class=_WholeNames,
        usage=f"{command.prog} [options] [{command.files[0]} ...]" if recorded else None,
    )  # fmt: skip
    if command.tells_version:
        made.add_argument(_VERSION, action="version")
    fields = options().values() if command.of_experiment else ()
    rows = [row for row in rows_of(command) if row not in fields]
    later: list[Option] = []
    if recorded:
        first = [row for name in _OF_RECORDINGS for row in rows if row.name == name]
        rows, later = first, [row for row in rows if row not in first]
    for row in rows:
        flag, words = row.words_for_argparse()
        made.add_argument(flag, **words)
    if command.takes == Takes.FILES:
        form, what = command.files
        made.add_argument("FILES", nargs="*", metavar=form, help=what)
    if later:
        group = made.add_argument_group("the screen's other options, and those of experiments that were saved")
        for row in later:
            flag, words = row.words_for_argparse()
            group.add_argument(flag, **words)
    if command.of_experiment:
        preset = "a preset (--preset NAME is the same)"
        what, form = (
            (f"an experiment, or {preset}", "FILE.toml|PRESET")
            if command.takes == Takes.EXPERIMENT
            else (preset, "PRESET")
        )
        made.add_argument("FILES", nargs="?", metavar=form, help=f"{what}; options override its fields")
        group = made.add_argument_group("experiment")
        for row in fields:
            flag, words = row.words_for_argparse()
            group.add_argument(flag, **words)
    return made.format_help()
