"""The spellings of an experiment: TOML and the command line."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.fields import Value
from ..core.message import Message
from ..core.options import Option, flag
from ..core.problems import ExperimentError, Problem
from ..core.text_files import decoded

if TYPE_CHECKING:
    from .resolved import Resolved

#: The fields by name, in order: those of an experiment as they were given, None where one was left out.
Given = Mapping[str, Value]

#: Fields that a document names only where they were given: without, the rule itself decides.
_OF_THE_RULE = ("slope", "residual_scale", "optimizer")


def to_document(given: Given, read: Resolved) -> dict[str, Value]:
    """Every field with what it comes to, for JSON."""
    return {
        name: value if value is not None or name in _OF_THE_RULE else read.said(name) for name, value in given.items()
    }


def to_toml(given: Given, read: Resolved, options: Mapping[str, Option]) -> str:
    """Every field on a line: a value that was given (and is not the default), or a comment with what it comes to."""
    lines = ["# gradtui experiment"]
    for name, row in options.items():
        comes_to = read.said(name) if given[name] is None else given[name]
        text = "" if comes_to is None else row.toml(comes_to)
        text = text if given[name] != row.default else f"# {text or f'{name} ='}"
        only = "" if row.applies_to(read.cell) else f" (not used by {read.cell})"
        lines.append(f"{text:<32} # {row.help}{only}")
    return "\n".join(lines) + "\n"


def to_arguments(given: Given) -> list[str]:
    """An option for each of these fields."""
    return [text for name, value in given.items() for text in (flag(name), str(value))]


def to_command(given: Given) -> str:
    return shlex.join(["gradtui", *to_arguments(given)])


def read_toml(source: str | Path) -> dict[str, Any]:
    """The mapping in a TOML file (a Path) or TOML text (a str). Raises ExperimentError, naming the file."""
    name = str(source) if isinstance(source, Path) else "TOML"
    try:
        text = decoded(source.read_bytes()) if isinstance(source, Path) else source.removeprefix("\ufeff")
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
