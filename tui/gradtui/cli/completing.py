"""What each command makes of its words: its own options, and what the screen opens with. Nothing is loaded before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from .doing import is_terminal

if TYPE_CHECKING:
    from gradtui_engine import Experiment
    from gradtui_engine.core.options import Option

    from ..model.opening import Opening
    from .data_report import DataReport
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
    from .sweep_plan import SweepPlan
    from .train_plan import Plan
    from .words import Words

Own = TypeVar("Own")


@dataclass(frozen=True)
class OwnOptions(Generic[Own]):
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


def _mirror_options() -> type[MirrorOptions]:
    from .own_options import MirrorOptions

    return MirrorOptions


RUN, DOCTOR, CONFIG = OwnOptions(_run_options), OwnOptions(_doctor_options), OwnOptions(_config_options)
MODEL, WHY, MIRROR = OwnOptions(_model_options), OwnOptions(_why_options), OwnOptions(_mirror_options)


def why(experiment: Experiment, words: Words) -> tuple[WhyOptions, None]:
    from .why import options

    return options(words), None


def rows_of_mirror() -> Sequence[Option]:
    return (*MIRROR.rows(), *rows_without_b())


def mirror(experiment: Experiment, words: Words) -> tuple[Mirrored, Opening | None]:
    from .mirror import asked, beside

    own = asked(words)
    return own, beside(own, words) if not own.options.print and is_terminal() else None


def rows_of_data() -> Sequence[Option]:
    from .data_report import rows

    return rows()


def data(experiment: Experiment, words: Words) -> tuple[DataReport, None]:
    from .data_report import asked

    return asked(words), None


def rows_of_train() -> Sequence[Option]:
    from .train_plan import rows

    return rows()


def train(experiment: Experiment, words: Words) -> tuple[Plan, None]:
    from .train_plan import plan

    return plan(experiment, words)


def rows_of_sweep() -> Sequence[Option]:
    from .sweep_plan import rows

    return rows()


def sweep(experiment: Experiment, words: Words) -> tuple[SweepPlan, None]:
    from .sweep_plan import plan

    return plan(experiment, words)


def lessons(experiment: Experiment, words: Words) -> tuple[LessonsOptions, None]:
    from ..lessons.check import readable
    from .own_options import LessonsOptions

    readable(words.files)
    return LessonsOptions(words.files), None


def rows_of_screen() -> Sequence[Option]:
    from ..share import address

    return address.rows()


def rows_without_b() -> Sequence[Option]:
    from ..share import address

    return address.OPTIONS


def screen(experiment: Experiment, words: Words) -> tuple[None, Opening]:
    from .launch import opening

    return None, opening(experiment, words)


def recordings(experiment: Experiment, words: Words) -> tuple[RunsOptions | None, Opening | None]:
    from .runs import listed

    if (runs := listed(words)) is not None:
        return runs, None
    from .opening_files import opening

    return None, opening(words)
