"""What `gradtui sweep` is asked for: its own options, and the sweep that preset, file and options come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.core.fields import Choice, Integer, Kind, Switch, Text, given, not_allowed
from gradtui_engine.core.message import Message
from gradtui_engine.core.options import Manner, Option, option, options_of
from gradtui_engine.core.options import read as read_options
from gradtui_engine.core.problems import Problem
from gradtui_engine.experiment import training as of_training
from gradtui_engine.measures.expression import expression
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.sweep import TABLE, Sweep

from ..model.presets import PRESETS
from ..model.sweep_reading import SEEDS, repeats
from .arguments import in_file, understood
from .words import Words

#: Where cells are computed: each in this process, in threads of it, in processes, wherever a scheduler has workers.
SERIAL, THREADS, PROCESSES, DASK = EXECUTORS = ("serial", "threads", "processes", "dask")
_AXIS = "FIELD=FROM:TO[:COUNT][:log]"


class _Axis(Kind):
    """An axis as a person types it: sigma-w=0.6:2.2:17, norm=none,batch."""

    @property
    def form(self) -> str:
        return _AXIS

    @property
    def allowed(self) -> str:
        return Message("{form}, or FIELD=VALUE,VALUE", form=_AXIS)

    def check(self, value: Any) -> Any:
        if isinstance(value, Axis):
            return value
        if not isinstance(value, str):
            raise not_allowed(given(value), self.allowed)
        return Axis.parse(value)


class _Measures(Kind):
    """Measures with commas between, each as a lesson writes it."""

    @property
    def form(self) -> str:
        return "NAME"

    @property
    def allowed(self) -> str:
        return Message("measures with commas between, such as ratio, factor@12, accuracy")

    def check(self, value: Any) -> Any:
        parts = [part.strip() for part in str(value).split(",") if part.strip()]
        if not parts:
            raise not_allowed(given(value), self.allowed)
        return tuple(expression(part).text for part in parts)


class _Seeds(Kind):
    """Seeds with commas between, or from the first one to the last: 0,1,2 or 0:2."""

    @property
    def form(self) -> str:
        return "SEEDS"

    @property
    def allowed(self) -> str:
        return SEEDS

    def check(self, value: Any) -> Any:
        seeds = repeats(str(value))
        if not seeds:
            raise not_allowed(given(value), self.allowed)
        return seeds


@dataclass(frozen=True)
class SweepOptions:
    """Of `gradtui sweep`, beside what its plan says."""

    executor: str = option(
        PROCESSES,
        "where cells are computed: one after the other, in threads, in processes of this machine, or by Dask, for many "
        "machines (pip install 'gradtui[dask]')",
        Choice(lambda: EXECUTORS),
        manner=Manner(allowed="; ", default=True),
    )
    address: str | None = option(
        None,
        "the Dask scheduler that runs already, such as tcp://10.0.0.1:8786; without it one starts here",
        Text("URL"),
    )
    workers: int | None = option(
        None, "threads or processes; without it one for each core", Integer(1, 1024), manner=Manner(of_numbers=True)
    )
    store: str | None = option(
        None, "keep each finished cell in this folder; the same sweep goes on where it was", Text("DIR")
    )
    plot: bool = option(False, "also plot the measures over x, a curve for each row", Switch())
    csv: str | None = option(
        None, "write a row for each cell, its columns the fields and the measures", Text("FILE.csv")
    )
    json: bool = option(False, "print one JSON document with the axes and the cells instead", Switch())
    print_config: bool = option(False, "print the plan as TOML and stop", Switch())


_TRAIN = Option("train", "iterations to train each cell; 0, as without it: iteration 0 alone", Integer(0, 10**7))
#: What a plan's table [sweep] and its training say, as options.
_PLAN = (
    Option("x", "what changes along the columns: fields of the experiment or the training, several with commas between "
           "set together, and their values; names: norm=none,batch", _Axis()),
    Option("y", "what changes along the rows; without it there is one", _Axis()),
    Option("measure", "what is measured of each cell, as in lessons: ratio, gradient@3, accuracy, iterations_to@0.5 …; "
           "several with commas between, or given several times; without it ratio, of trainings loss",
           _Measures(), (), many=True),
    _TRAIN,
    Option("repeats", "seeds that each cell is computed with; its number is their median: 0,1,2 or 0:2", _Seeds()),
)  # fmt: skip


@dataclass(frozen=True)
class SweepPlan:
    """The sweep, and how it is computed and told."""

    options: SweepOptions
    sweep: Sweep


def _of_training() -> dict[str, Option]:
    """The training's own options; how many iterations it has `train` says."""
    return {name: row for name, row in of_training.options().items() if name != "iterations"}


#: Every option but the experiment's and the training's.
OWN = (*_PLAN, *options_of(SweepOptions).values())


def rows() -> Sequence[Option]:
    """Every option but the experiment's."""
    return (*OWN, *_of_training().values())


def plan(experiment: Experiment, words: Words) -> tuple[SweepPlan, None]:
    """The plan of a command line. Raises ExperimentError with every problem."""
    problems: list[Problem] = []
    own = SweepOptions(**read_options(options_of(SweepOptions).values(), words.given, problems))
    problems += _apart(own, words)
    typed = read_options(_PLAN, words.given, problems)
    of_words = read_options(_of_training().values(), words.given, problems)
    preset = PRESETS[words.preset] if words.preset is not None else None
    of_preset = dict(preset.sweep) if preset is not None else {}
    of_file = dict(words.sweep) if isinstance(words.sweep, Mapping) else {}
    train = {**({"train": of_preset.pop("train")} if "train" in of_preset else {}), **typed}.pop("train", None)
    table = {**of_preset, **of_file, **_as_table(typed)}
    trained = {**(dict(preset.plan) if preset is not None else {}), **words.training, **of_words}
    values: dict[str, Any] = {**experiment.given(), TABLE: table}
    if train or (train is None and (words.training or "iterations" in words.training)):
        values["training"] = {**trained, **({"iterations": train} if train else {})}
        # What iteration 0 comes to no training is needed for.
        table.setdefault("measure", ["loss"])
    elif of_words:
        message = Message("is of a training; give the iterations: --train N")
        problems += (Problem(_of_training()[name].flag, message) for name in of_words)
    sweep = None
    if "x" not in table and not any(problem.field == "--x" for problem in problems):
        problems.append(Problem("--x", Message("is missing; written like {example}", example="--x gain=0.5:2:16")))
    try:
        # What is wrong with an axis is told once, by its option.
        sweep = Sweep.from_mapping(values)
    except ExperimentError as error:
        problems += _named(error.problems, words, {**typed, **of_words}, problems)
    if sweep is None or problems:
        raise ExperimentError(problems)
    return SweepPlan(own, sweep), None


def _as_table(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, as the table [sweep] of a file has it."""
    table: dict[str, Any] = {name: typed[name].text for name in ("x", "y") if name in typed}
    if "measure" in typed:
        table["measure"] = [text for texts in typed["measure"] for text in texts]
    if "repeats" in typed:
        table["repeats"] = list(typed["repeats"])
    return table


def _named(found: Sequence[Problem], words: Words, typed: Mapping[str, Any], known: Sequence[Problem]) -> list[Problem]:
    """Problems under the names that the reader has given: an option's, or the file's and what stands in it."""
    try:
        understood(words)
    except ExperimentError:
        # The experiment stands in for one that is wrong itself: what contradicts it need not contradict the other.
        found = [problem for problem in found if problem.field.startswith(f"{TABLE}.")]
    told = {problem.field for problem in known}
    tables = {TABLE: words.sweep, "training": words.training}
    options = {TABLE: {row.name: row for row in _PLAN}, "training": {**_of_training(), "iterations": _TRAIN}}
    named = []
    for problem in found:
        table, _, name = problem.field.rpartition(".")
        row, written = options.get(table, {}).get(name), tables.get(table, {})
        if row is not None and (row.name in typed or name not in written):
            problem = Problem(row.flag, problem.message)
        else:
            (problem,) = in_file(words.file, {f"{table}.{each}": None for each in written}, {}, [problem])
        if problem.field not in told:
            named.append(problem)
    return named


def _apart(own: SweepOptions, words: Words) -> list[Problem]:
    """Options that do not go together."""
    problems = []
    if own.json and own.plot:
        problems.append(Problem("--plot", Message("is not for --json, which prints one document; give one of them")))
    if own.address is not None and "executor" in words.given and own.executor != DASK:
        message = Message("is of a Dask scheduler; the executor is {name}", name=own.executor)
        problems.append(Problem("--address", message))
    if own.workers is not None and own.address is not None:
        problems.append(Problem("--workers", Message("is not for --address: that scheduler has its own")))
    elif own.workers is not None and own.executor == SERIAL:
        message = Message("is not for {name}, which computes one cell after the other", name=SERIAL)
        problems.append(Problem("--workers", message))
    return problems
