"""What each command does. Nothing is loaded before it is called."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from .stop import leave

if TYPE_CHECKING:
    from .data_report import DataReport
    from .invocation import Invocation
    from .mirror import Mirrored
    from .own_options import ConfigOptions, DoctorOptions, LessonsOptions, ModelOptions, RunOptions, WhyOptions
    from .runs import RunsOptions
    from .sweep_plan import SweepPlan
    from .train_plan import Plan


def show_recordings(invocation: Invocation[RunsOptions | None], out: TextIO) -> int:
    if invocation.options is None:
        if not is_terminal() and (file := _recorded(invocation)):
            _lacks_terminal("gradtui why", file)
        return screen(invocation, out)
    from .runs import choose, show

    if not is_terminal():
        return show(invocation, out)
    return leave(choose(invocation))


def screen(invocation: Invocation[Any], out: TextIO) -> int:
    if not is_terminal():
        _lacks_terminal("gradtui run")
    from .launch import launch

    return leave(launch(invocation))


def _recorded(invocation: Invocation[Any]) -> str:
    """The first recorded training that is to be opened; empty for none."""
    sources = () if invocation.opening is None else invocation.opening.state.recordings
    return next((source.recording for source in sources if source.recorded), "")


def _lacks_terminal(command: str, file: str = "") -> NoReturn:
    """Say what does without a terminal. Raises ExperimentError."""
    from gradtui_engine.core.message import Message, Verbatim
    from gradtui_engine.core.problems import ExperimentError, Problem

    typed = Verbatim(f"{command} {file}".rstrip())
    message = Message("the screen needs a terminal; without one use: {command}", command=typed)
    raise ExperimentError([Problem("terminal", message)])


def is_terminal() -> bool:
    """Whether there is one; Textual draws on stderr."""
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def run(invocation: Invocation[RunOptions], out: TextIO) -> int:
    from .headless import run

    return run(invocation, out)


def train(invocation: Invocation[Plan], out: TextIO) -> int:
    from .train import train

    return train(invocation, out)


def sweep(invocation: Invocation[SweepPlan], out: TextIO) -> int:
    from .sweep import sweep

    return sweep(invocation, out)


def mirror(invocation: Invocation[Mirrored], out: TextIO) -> int:
    from .mirror import print_mirror

    print_mirror(invocation, out)
    if invocation.opening is None:
        return 0
    from .launch import launch

    return leave(launch(invocation))


def why(invocation: Invocation[WhyOptions], out: TextIO) -> int:
    from .why import why

    return why(invocation, out)


def doctor(invocation: Invocation[DoctorOptions], out: TextIO) -> int:
    from .doctor import doctor

    return doctor(invocation, out)


def check(invocation: Invocation[None], out: TextIO) -> int:
    from .reports import check

    return check(invocation, out)


def data(invocation: Invocation[DataReport], out: TextIO) -> int:
    from .data_report import data

    return data(invocation, out)


def model(invocation: Invocation[ModelOptions], out: TextIO) -> int:
    from .model_report import model

    return model(invocation, out)


def theory(invocation: Invocation[None], out: TextIO) -> int:
    from .reports import theory

    return theory(out)


def presets(invocation: Invocation[None], out: TextIO) -> int:
    from ..model.presets import listing

    return listing(out, shutil.get_terminal_size((100, 24)).columns)


def lessons(invocation: Invocation[LessonsOptions], out: TextIO) -> int:
    from ..lessons.check import report

    return report(invocation.options.files, out)


def config(invocation: Invocation[ConfigOptions], out: TextIO) -> int:
    from .config import config

    return config(invocation, out, os.environ)


def of_serve(module: str, function: str) -> Callable[..., Any]:
    """A function of a module of `serve`. That room stands above this one: it is known by its name alone."""

    def call(*arguments: Any) -> Any:
        return getattr(import_module(f"gradtui.serve.{module}"), function)(*arguments)

    return call


serve = of_serve("command", "serve")
