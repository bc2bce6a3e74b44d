"""The commands: what each takes, and what does it. Nothing is loaded before it is called."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TextIO, TypeVar

from .subcommand import Subcommand, Takes, kiosk, nothing_of_its_own

if TYPE_CHECKING:
    from gradtui_engine import Experiment
    from gradtui_engine.core.options import Option

    from ..model.opening import Opening
    from .data_report import DataReport
    from .invocation import Invocation
    from .mirror import Mirrored
    from .own_options import (
        ConfigOptions,
        DoctorOptions,
        LessonsOptions,
        MirrorOptions,
        ModelOptions,
        RunOptions,
        WhyOptions,
    )
    from .runs import RunsOptions
    from .train_plan import Plan
    from .words import Words

Own = TypeVar("Own")


# -- options of their own ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Own(Generic[Own]):
    """rows and complete of a command whose options are the fields of a dataclass, which load gives."""

    load: Callable[[], type[Own]]

    def rows(self) -> Sequence[Option]:
        from gradtui_engine.core.options import options_of

        return tuple(options_of(self.load()).values())

    def complete(self, experiment: Experiment, words: Words) -> tuple[Own, None]:
        from .reading import options_in

        return options_in(self.load(), words), None


def _run_options() -> type[RunOptions]:
    from .own_options import RunOptions

    return RunOptions


def _doctor_options() -> type[DoctorOptions]:
    from .own_options import DoctorOptions

    return DoctorOptions


def _config_options() -> type[ConfigOptions]:
    from .own_options import ConfigOptions

    return ConfigOptions


def _model_options() -> type[ModelOptions]:
    from .own_options import ModelOptions

    return ModelOptions


def _why_options() -> type[WhyOptions]:
    from .own_options import WhyOptions

    return WhyOptions


_RUN, _DOCTOR, _CONFIG = _Own(_run_options), _Own(_doctor_options), _Own(_config_options)


def _mirror_options() -> type[MirrorOptions]:
    from .own_options import MirrorOptions

    return MirrorOptions


_MODEL, _WHY, _MIRROR = _Own(_model_options), _Own(_why_options), _Own(_mirror_options)


def _asked_why(experiment: Experiment, words: Words) -> tuple[WhyOptions, None]:
    from .why import options

    return options(words), None


def _rows_of_mirror() -> Sequence[Option]:
    return (*_MIRROR.rows(), *_rows_without_b())


def _asked_mirror(experiment: Experiment, words: Words) -> tuple[Mirrored, Opening | None]:
    from .mirror import asked, beside

    own = asked(words)
    return own, beside(own, words) if not own.options.print and _is_terminal() else None


def _rows_of_data() -> Sequence[Option]:
    from .data_report import rows

    return rows()


def _table_of_data(experiment: Experiment, words: Words) -> tuple[DataReport, None]:
    from .data_report import asked

    return asked(words), None


def _rows_of_train() -> Sequence[Option]:
    from .train_plan import rows

    return rows()


def _plan(experiment: Experiment, words: Words) -> tuple[Plan, None]:
    from .train_plan import plan

    return plan(experiment, words)


def _check_lessons(experiment: Experiment, words: Words) -> tuple[LessonsOptions, None]:
    from ..lessons.check import readable
    from .own_options import LessonsOptions

    readable(words.files)
    return LessonsOptions(words.files), None


def _rows_of_screen() -> Sequence[Option]:
    from ..share import address

    return address.rows()


def _rows_without_b() -> Sequence[Option]:
    from ..share import address

    return address.OPTIONS


def _open_screen(experiment: Experiment, words: Words) -> tuple[None, Opening]:
    from .launch import opening

    return None, opening(experiment, words)


def _open_recordings(experiment: Experiment, words: Words) -> tuple[RunsOptions | None, Opening | None]:
    from .runs import listed

    if (runs := listed(words)) is not None:
        return runs, None
    from .opening_files import opening

    return None, opening(words)


# -- what they do --------------------------------------------------------------------------------------------


def _open(invocation: Invocation[RunsOptions | None], out: TextIO) -> int:
    if invocation.options is None:
        return _screen(invocation, out)
    from .runs import choose, show

    if not _is_terminal():
        return show(invocation, out)
    return _leave(choose(invocation))


def _screen(invocation: Invocation[Any], out: TextIO) -> int:
    from gradtui_engine.core.message import Message
    from gradtui_engine.core.problems import ExperimentError, Problem

    if not _is_terminal():
        message = Message("the screen needs a terminal; without one use: gradtui run")
        raise ExperimentError([Problem("terminal", message)])
    from .launch import launch

    return _leave(launch(invocation))


def _is_terminal() -> bool:
    """Whether there is one; Textual draws on stderr."""
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def _leave(status: int) -> int:
    """The end of a program that had a screen."""
    if threading.active_count() > 1:
        # A computation is still under way, and Python would wait for it. The terminal is restored already.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _run(invocation: Invocation[RunOptions], out: TextIO) -> int:
    from .headless import run

    return run(invocation, out)


def _train(invocation: Invocation[Plan], out: TextIO) -> int:
    from .train import train

    return train(invocation, out)


def _mirror(invocation: Invocation[Mirrored], out: TextIO) -> int:
    from .mirror import print_mirror

    print_mirror(invocation, out)
    if invocation.opening is None:
        return 0
    from .launch import launch

    return _leave(launch(invocation))


def _why(invocation: Invocation[WhyOptions], out: TextIO) -> int:
    from .why import why

    return why(invocation, out)


def _doctor(invocation: Invocation[DoctorOptions], out: TextIO) -> int:
    from .doctor import doctor

    return doctor(invocation, out)


def _check(invocation: Invocation[None], out: TextIO) -> int:
    from .reports import check

    return check(invocation, out)


def _data(invocation: Invocation[DataReport], out: TextIO) -> int:
    from .data_report import data

    return data(invocation, out)


def _model(invocation: Invocation[ModelOptions], out: TextIO) -> int:
    from .model_report import model

    return model(invocation, out)


def _theory(invocation: Invocation[None], out: TextIO) -> int:
    from .reports import theory

    return theory(out)


def _presets(invocation: Invocation[None], out: TextIO) -> int:
    from ..model.presets import listing

    return listing(out, shutil.get_terminal_size((100, 24)).columns)


def _lessons(invocation: Invocation[LessonsOptions], out: TextIO) -> int:
    from ..lessons.check import report

    return report(invocation.options.files, out)


def _config(invocation: Invocation[ConfigOptions], out: TextIO) -> int:
    from .config import config

    return config(invocation, out, os.environ)


def _serving(module: str, function: str) -> Callable[..., Any]:
    """A function of a module of `serve`. That room stands above this one: it is known by its name alone."""

    def call(*arguments: Any) -> Any:
        return getattr(import_module(f"gradtui.serve.{module}"), function)(*arguments)

    return call


_serve = _serving("command", "serve")


# -- the table -----------------------------------------------------------------------------------------------


_OTHERS: dict[str, Subcommand[Any]] = {
    "run": Subcommand(
        "gradtui run",
        "prints the numbers without a screen",
        "Run one iteration and print a table with a bar per stage.",
        _run,
        _RUN.complete,
        rows=_RUN.rows,
    ),
    "train": Subcommand(
        "gradtui train",
        "trains, and says what is learned",
        "Train the experiment and print what came of it: loss, held-out samples and gradients at a few iterations, and "
        "whether it learns. --b trains a second one beside it, on the same batches. ctrl+C stops the training and "
        "keeps what there is. Exit status 0, 1 where one diverged, 130 after ctrl+C and 143 after SIGTERM (the output "
        "is complete, of the iterations that were done).",
        _train,
        _plan,
        rows=_rows_of_train,
        takes_b=True,
    ),
    "open": Subcommand(
        "gradtui open",
        "shows a recorded training, or a saved run",
        "Show a training that `gradtui.watch` or `gradtui train --record` has recorded (RUN.jsonl, live too), "
        "another tool's log, or what `gradtui run --save` (RUN.npz, with every pane) and `gradtui run --json` "
        "(RUN.json, with the panes that numbers are enough for) have written. Two are compared as A and B; "
        "RUN.jsonl@STEP is one step. Of a folder its runs are listed, to choose from.",
        _open,
        _open_recordings,
        rows=_rows_without_b,
        takes=Takes.FILES,
        files=("RUN.jsonl|RUN.npz|RUN.json|FOLDER", "what was recorded or saved"),
        has_screen=True,
        settings=None,
    ),
    "why": Subcommand(
        "gradtui why",
        "says what is wrong with a training",
        "Say what is wrong with a training that `gradtui.watch` (or `gradtui train --record`) has recorded: where and "
        "since when, the evidence, the most likely cause, what to change, and which experiment shows the same. Several "
        "files of one run (ranks, parts of a run that was resumed) are read as one. Exit status 0 where it is healthy, "
        "1 where it has a fault (a note is none), 2 where it cannot be read.",
        _why,
        _asked_why,
        rows=_WHY.rows,
        takes=Takes.FILES,
        files=("RUN.jsonl", "a record of a training"),
    ),
    "mirror": Subcommand(
        "gradtui mirror",
        "is the experiment nearest to a training",
        "Build the experiment that comes closest to a recorded training of an MLP, RNN, LSTM or GRU: depth, width, "
        "activation, the recorded scales of the weights, optimiser, clipping. Print its command, what it has of the "
        "recording and what it cannot have; in a terminal, open both in Compare: A the recording, B the mirror. Exit "
        "status 2 where no experiment is near.",
        _mirror,
        _asked_mirror,
        rows=_rows_of_mirror,
        takes=Takes.FILES,
        files=("RUN.jsonl", "a record of a training"),
        has_screen=True,
        settings=None,
    ),
    "doctor": Subcommand(
        "gradtui doctor",
        "tries remedies",
        "Diagnose, train, try every remedy on the same seed, data and random numbers, and print what the first "
        "gradient does and what training does, at the best of three learning rates. ctrl+C prints what there is. Exit "
        "status 0 when healthy and learning, else 1; 130 after ctrl+C.",
        _doctor,
        _DOCTOR.complete,
        rows=_DOCTOR.rows,
        scales_target=False,
    ),
    "check": Subcommand(
        "gradtui check",
        "checks the gradient",
        "Check the recorded gradient of every parameter against central differences. Exit status 1 when one is wrong.",
        _check,
        nothing_of_its_own,
    ),
    "model": Subcommand(
        "gradtui model",
        "looks at a model's weights",
        "Look at a checkpoint, what torch.save writes of a state_dict or safetensors: the scale of every weight "
        "against its initialiser's, dead and equal units, singular values, how long gates remember, and what mean "
        "field theory expects. Two checkpoints: what has changed from the first to the second. Nothing in the files "
        "is executed. Exit status 0, 2 where a file cannot be read.",
        _model,
        _MODEL.complete,
        rows=_MODEL.rows,
        takes=Takes.FILES,
        files=("CHECKPOINT", "a file of weights (.pt, .pth, .bin, .ckpt, .safetensors), an index of several, a folder"),
    ),
    "data": Subcommand(
        "gradtui data",
        "tells how a table is read",
        "Read a table as --data csv:FILE would, and print what was understood: what each column holds and becomes, the "
        "target and its classes or scale, what was guessed, and the first rows. Nothing is run.",
        _data,
        _table_of_data,
        rows=_rows_of_data,
        takes=Takes.FILES,
        files=("FILE", "a table: CSV, or what else has rows and columns of text"),
    ),
    "theory": Subcommand(
        "gradtui theory",
        "prints reference figures",
        "Print the literature's reference figures beside what this engine computes.",
        _theory,
        nothing_of_its_own,
        takes=Takes.NOTHING,
    ),
    "presets": Subcommand(
        "gradtui presets",
        "lists the presets",
        "List the presets: experiments that make one point each. gradtui NAME opens one.",
        _presets,
        nothing_of_its_own,
        takes=Takes.NOTHING,
    ),
    "lessons": Subcommand(
        "gradtui lessons",
        "checks lessons",
        "Check lessons: that each can be read, and that every question has exactly one true answer. Without a file, "
        "all that the program finds. Exit status 1 where one is broken, 2 where a file cannot be read.",
        _lessons,
        _check_lessons,
        takes=Takes.FILES,
        files=("LESSON.md", "lessons to check"),
    ),
    "config": Subcommand(
        "gradtui config",
        "shows the settings",
        "Print where the file of settings is, and the settings in force as TOML that can be fed back.",
        _config,
        _CONFIG.complete,
        rows=_CONFIG.rows,
        takes=Takes.NOTHING,
        settings=None,
        needs_settings=False,
    ),
    "serve": Subcommand(
        "gradtui serve",
        "lets visitors in over SSH",
        "Let visitors in over SSH, each to the program in a process of its own and to nothing else of this host. "
        "The experiment and its options are what they land on.",
        lambda invocation, out: _leave(_serve(invocation, out)),
        _serving("command", "plan"),
        rows=_serving("command", "rows"),
        complete_acts=True,
        has_screen=True,
        settings=None,
    ),
    "kiosk": kiosk(
        _serving("kiosk.kiosk", "run"),
        _serving("kiosk.kiosk", "complete"),
        rows=_serving("kiosk.kiosk", "rows"),
        enter=_serving("kiosk.kiosk", "enter"),
    ),
}

SUBCOMMANDS: dict[str, Subcommand[Any]] = {
    "": Subcommand(
        "gradtui",
        "",
        "See where the gradient goes: backpropagation through a deep MLP or an unrolled LSTM, step by step. "
        "Other commands (each has --help): "
        + "; ".join(f"{command.prog} {command.brief}" for command in _OTHERS.values())
        + ".",
        _screen,
        _open_screen,
        rows=_rows_of_screen,
        has_screen=True,
        tells_version=True,
        settings=None,
    ),
    **_OTHERS,
}
