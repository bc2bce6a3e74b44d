"""What `gradtui train` is asked for: its own options, A's training, and B's."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.core.fields import Switch, Text
from gradtui_engine.core.message import Message
from gradtui_engine.core.options import Option, option, options_of
from gradtui_engine.core.options import read as read_options
from gradtui_engine.core.problems import Problem
from gradtui_engine.experiment import training as of_training
from gradtui_engine.experiment.experiment import options as experiment_options
from gradtui_engine.experiment.training import Training

from ..model import presets
from ..model.state import Changes
from ..share import address
from .arguments import in_file, understood
from .words import Words


@dataclass(frozen=True)
class TrainOptions:
    """Of `gradtui train`, beside those of its trainings."""

    json: bool = option(False, "print one JSON document instead", Switch())
    plot: bool = option(False, "also plot the loss, and the gradient of every stage at every iteration", Switch())
    save: str | None = option(
        None, "write weights, data and history, with which another program can train the same", Text("RUN.npz")
    )
    record: str | None = option(None, "write what each iteration measured, while it is trained", Text("RUN.jsonl"))
    print_config: bool = option(False, "print experiment and training as TOML and stop", Switch())


@dataclass(frozen=True)
class Plan:
    """A is trained, and B beside it where there is one; changes is what B differs in."""

    options: TrainOptions
    a: Training
    b: Training | None = None
    changes: Changes = ()

    def b_as_options(self) -> str:
        """What B differs in, as it is typed; empty where there is no B."""
        rows = {**experiment_options(), **of_training.options()}
        texts: list[str] = []
        for name, value in self.changes:
            several = value if rows[name].many and isinstance(value, tuple) else (value,)
            texts += [f"{rows[name].flag.removeprefix('--')}={text}" for text in several]
        return shlex.join(word for text in texts for word in (B.flag, text))

    @property
    def trainings(self) -> tuple[Training, ...]:
        return (self.a,) if self.b is None else (self.a, self.b)


#: The option that says what B differs in, as often as there are fields.
B = replace(
    address.B,
    help="train B beside A, with this field of the experiment or the training otherwise; may be given several times",
)


def rows() -> Sequence[Option]:
    """Every option but the experiment's."""
    return (*options_of(TrainOptions).values(), *of_training.options().values(), B)


def plan(experiment: Experiment, words: Words) -> tuple[Plan, None]:
    """The plan of a command line. Raises ExperimentError with every problem."""
    problems: list[Problem] = []
    own = TrainOptions(**read_options(options_of(TrainOptions).values(), words.given, problems))
    preset = presets.screen_values(words.preset) if words.preset is not None else {}
    typed = read_options(of_training.options().values(), {**preset, **words.given}, problems)
    a, problems_of_a = _training(experiment, words, typed)
    problems += problems_of_a
    given = words.given.get(B.name) or preset.get(B.name, ())
    from_preset = not words.given.get(B.name)
    b: Training | None = None
    changes: Changes = ()
    if given:
        b, changes = _other(a, given, problems)
    if problems:
        raise ExperimentError(problems)
    if from_preset and b == a:  # what is typed has made them one
        b, changes = None, ()
    return Plan(own, a, b, changes), None


def _training(experiment: Experiment, words: Words, typed: Mapping[str, Any]) -> tuple[Training, list[Problem]]:
    """The training of an experiment by preset, file and what was typed, and what is wrong with it."""
    of_preset = presets.training_values(words.preset) if words.preset is not None else {}
    table = {**of_preset, **words.training, **typed}
    try:
        return Training.from_mapping({**experiment.given(), "training": table}), []
    except ExperimentError as error:
        found = error.problems
    try:
        understood(words)
    except ExperimentError:
        # The experiment stands in for one that is wrong itself: what contradicts it need not contradict the other.
        found = ()
    fallback = Training(experiment=experiment)
    in_table = {f"training.{name}": name for name in words.training if name not in typed}
    named = (
        each if each.field in in_table else Problem(each.field.removeprefix("training."), each.message)
        for each in found
    )  # fmt: skip
    return fallback, in_file(words.file, in_table, typed, named)


def _other(a: Training, given: Sequence[str], problems: list[Problem]) -> tuple[Training | None, Changes]:
    """B, and what it differs in."""
    table = {**experiment_options(), **of_training.options()}
    spelled = {row.flag.removeprefix("--"): name for name, row in of_training.options().items()}
    texts = [_by_field(text, spelled) for text in given]
    before = len(problems)
    changes = address.changes_of(texts, table, lambda values: a.replace(**values), a.experiment.cell, problems)
    if len(problems) > before:
        return None, ()
    return a.replace(**dict(changes)), changes


def _by_field(text: str, spelled: Mapping[str, str]) -> str:
    """FIELD=VALUE with the field's name where its option's stands: then=… is turns=…"""
    name, equals, value = text.partition("=")
    return f"{spelled.get(name.strip(), name)}{equals}{value}"


def check_together(options: TrainOptions) -> None:
    """Refuse options that do not go together. Raises ExperimentError."""
    if options.json and options.plot:
        message = Message("is not for --json, which prints one document; give one of them")
        raise ExperimentError([Problem("--plot", message)])
