"""The Experiment: the whole configuration, frozen, in three spellings that mean the same."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.fields import Rejected, Spelled, Value
from ..core.message import Message
from ..core.names import NO_ALIASES
from ..core.options import Manner, Option, options_of
from ..core.problems import ExperimentError, Problem
from . import other_names, spelling
from .contradictions import Asked, contradictions
from .resolved import Resolved, following, resolve
from .update_fields import UpdateFields


@dataclass(frozen=True, kw_only=True)
class Experiment(UpdateFields):
    """Everything that decides a run. Equal experiments give bit-equal traces on one machine.

    It keeps what was given and nothing else: a field that is None follows from the cell, the data set and the other
    tables, or is not used. What all of them come to is `resolved`, which everything reads. Raises ExperimentError with
    every problem at once.
    """

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for name, row in options().items():
            value = getattr(self, name)
            if value is None and options()[name].is_optional:
                continue
            try:
                checked = row.kind.check(value)
            except Rejected as error:
                problems.append(Problem(name, error.message))
                continue
            if isinstance(checked, Spelled):
                problems += self._take(checked)
                checked = str(checked)
            object.__setattr__(self, name, checked)
        broken = {problem.field for problem in problems}
        # A field that is wrong by itself stands at its default while the others are looked at together.
        for name in broken:
            object.__setattr__(self, name, options()[name].default)
        problems += (problem for problem in self._contradictions() if problem.field not in broken)
        if problems:
            raise ExperimentError(problems)

    def _take(self, meant: Spelled) -> Iterator[Problem]:
        """Give the fields that a name decides, as SGD(momentum=0.9), their values; they stand behind it in order."""
        for name, value in meant.sets.items():
            given = getattr(self, name)
            if given not in (None, options()[name].default, value):
                message = Message(
                    "{given} given, and {value} by {text}", given=given, value=value, text=repr(meant.text)
                )
                yield Problem(name, message)
            else:
                object.__setattr__(self, name, value)

    def _contradictions(self) -> Iterator[Problem]:
        given = self.to_mapping()
        own = following(given)
        # The cached `resolved`, filled here: what follows is needed for both, and an experiment is made in every frame.
        self.__dict__["resolved"] = resolved = resolve(given, own)
        return contradictions(Asked(given, own, resolved))

    @functools.cached_property
    def resolved(self) -> Resolved:
        """What the experiment comes to: every field, complete."""
        given = self.to_mapping()
        return resolve(given, following(given))

    def __getstate__(self) -> dict[str, Value]:
        # Without what was worked out from the fields: it would double what goes to a worker process.
        return self.to_mapping()

    def replace(self, **changes: Value) -> Experiment:
        """The experiment with these fields given otherwise (None: left out). Raises ExperimentError."""
        given: dict[str, Any] = self.to_mapping() | other_names.expanded(changes, _OPTIONS)
        return Experiment(**given)

    # -- spellings -------------------------------------------------------------------------------------

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Experiment:
        """From names and typed values, as a TOML document gives them. Raises ExperimentError."""
        by_own_names = other_names.owned(values, _OPTIONS)
        try:
            experiment = cls(**by_own_names.values)
        except ExperimentError as error:
            raise ExperimentError([*by_own_names.problems, *error.problems]) from None
        if by_own_names.problems:
            raise ExperimentError(by_own_names.problems)
        return experiment

    @classmethod
    def from_toml(cls, source: str | Path) -> Experiment:
        """From a TOML file (a Path) or TOML text (a str). Raises ExperimentError."""
        return cls.from_mapping(spelling.read_toml(source))

    def given(self) -> dict[str, Value]:
        """The fields that differ from their default, by name, in order."""
        return {name: value for name, value in self.to_mapping().items() if value != options()[name].default}

    def to_mapping(self) -> dict[str, Value]:
        """Every field by name, in order, as it was given; None where it was left out."""
        return {name: getattr(self, name) for name in _OPTIONS}

    def to_toml(self, read: Resolved | None = None) -> str:
        """Every field as TOML that can be fed back, with a comment on each: a field that was left out as a comment
        with what it comes to (`read`: where a CSV file has been read).
        """
        return spelling.to_toml(self.to_mapping(), read or self.resolved, _OPTIONS)

    def to_document(self, read: Resolved | None = None) -> dict[str, Value]:
        """Every field by name, in order, with what it comes to (`read`: where a CSV file has been read), for JSON."""
        return spelling.to_document(self.to_mapping(), read or self.resolved)

    def to_arguments(self) -> list[str]:
        """The fields that differ from their default, as command-line arguments."""
        return spelling.to_arguments(self.given())

    def to_command(self) -> str:
        """The command that opens this experiment, ready for a POSIX shell."""
        return spelling.to_command(self.given())


def options() -> dict[str, Option]:
    """Every field's Option by name, in order."""
    return _OPTIONS


_OPTIONS = {
    name: dataclasses.replace(row, aliases=other_names.ALIASES.get(name, NO_ALIASES))
    for name, row in options_of(Experiment, manner=Manner(allowed="; ", default=True)).items()
}


# The class keeps the signature that type checkers read.
setattr(Experiment, "__init__", other_names.taking_other_names(Experiment.__init__, _OPTIONS))  # noqa: B010
