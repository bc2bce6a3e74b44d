"""The spellings of an experiment: TOML and the command line."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from ..core.message import Message
from ..core.options import flag
from ..core.problems import ExperimentError, Problem

if TYPE_CHECKING:
    from .experiment import Experiment


def to_toml(experiment: Experiment) -> str:
    """Every field on a line; one that is None as a comment."""
    from .experiment import options

    lines = ["# gradtui experiment"]
    for name, each in options().items():
        value = getattr(experiment, name)
        only = "" if each.applies_to(experiment.cell) else f" (not used by {experiment.cell})"
        text = tomli_w.dumps({name: value}).rstrip() if value is not None else f"# {name} ="
        lines.append(f"{text:<32} # {each.help}{only}")
    return "\n".join(lines) + "\n"


def to_arguments(experiment: Experiment) -> list[str]:
    """The options that lead from the default experiment to this one, field by field, each only where it differs."""
    from .experiment import Experiment, options

    reached = Experiment()
    arguments: list[str] = []
    for name in options():
        value = getattr(experiment, name)
        if value is not None and value != getattr(reached, name):
            reached = reached.replace(**{name: value})
            arguments += [flag(name), str(value)]
    return arguments


def to_command(experiment: Experiment) -> str:
    return shlex.join(["gradtui", *to_arguments(experiment)])


def read_toml(source: str | Path) -> dict[str, Any]:
    """The mapping in a TOML file (a Path) or TOML text (a str). Raises ExperimentError, naming the file."""
    name = str(source) if isinstance(source, Path) else "TOML"
    try:
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        return tomllib.loads(text)
    except OSError as error:
        raise _refused(name, Message("cannot be read: {reason}", reason=error.strerror)) from None
    except UnicodeDecodeError as error:
        raise _refused(name, Message("is not UTF-8 text (byte {number})", number=error.start)) from None
    except ValueError as error:  # TOMLDecodeError, or a number of more digits than Python reads
        raise _refused(name, Message("is not TOML: {reason}", reason=str(error))) from None
    except RecursionError:
        raise _refused(name, Message("is not TOML: nested too deeply")) from None


def _refused(name: str, message: Message) -> ExperimentError:
    return ExperimentError([Problem(name, message)])
