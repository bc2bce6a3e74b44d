"""The options that a command without a screen has beside the experiment's, as the value that it is called with."""

from __future__ import annotations

from dataclasses import dataclass

from gradtui_engine.core.fields import Integer, Switch, Text
from gradtui_engine.core.options import option


@dataclass(frozen=True)
class RunOptions:
    """Of `gradtui run`."""

    json: bool = option(False, "print one JSON document instead", Switch())
    plot: bool = option(False, "also plot the gradient norm against the stage", Switch())
    jacobian: bool = option(False, "also the exact Jacobians' singular values, for the first sample", Switch())
    save: str | None = option(None, "write every array to a file", Text("RUN.npz"))
    print_config: bool = option(False, "print the experiment as TOML and stop", Switch())


@dataclass(frozen=True)
class DoctorOptions:
    """Of `gradtui doctor`."""

    json: bool = option(False, "print one JSON document instead", Switch())
    train: int | None = option(
        None,
        "iterations that each remedy is trained for, 0 for the first gradient alone; without it 200, or fewer where "
        "all of them would take more than 2 minutes",
        Integer(0, 10**6),
    )


@dataclass(frozen=True)
class ModelOptions:
    """Of `gradtui model`."""

    json: bool = option(False, "print one JSON document instead", Switch())
    all: bool = option(False, "every tensor, the worst first, instead of the 20 weights that stand out", Switch())


@dataclass(frozen=True)
class LessonsOptions:
    """Of `gradtui lessons`: the files to check; none for all that the program finds."""

    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConfigOptions:
    """Of `gradtui config`."""

    path: bool = option(False, "print the path alone", Switch())
    show: bool = option(False, "print the settings alone", Switch())


@dataclass(frozen=True)
class MirrorOptions:
    """Of `gradtui mirror`."""

    print: bool = option(False, "print the command, and open nothing", Switch())


@dataclass(frozen=True)
class WhyOptions:
    """Of `gradtui why`."""

    json: bool = option(False, "print one JSON document instead", Switch())
    watch: bool = option(
        False, "follow the record while it grows, and say each finding as it happens, on stderr", Switch()
    )
    bell: bool = option(True, "ring the terminal's bell at a fault, with --watch", Switch(can_be_off=True))
