"""What was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradtui_engine.experiment.experiment import options

from ..model.presets import named
from .settings import given_of


@dataclass(frozen=True)
class Words:
    """A command line as it was typed, whatever may be wrong with it.

    given has the texts of options by their names: True or False of a switch, a tuple of what may be given several
    times. Without an option's name stand the experiment's file or preset, or, where no experiment is taken, files.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    files: tuple[str, ...] = ()
    #: The help or the version, where it was asked for: it is all that is printed then.
    asked: str = ""
    #: Whether an experiment may come out of a file.
    opens_files: bool = True
    #: The texts of fields under other names, such as lr: which fields these are the cell decides.
    others: Mapping[str, str] = field(default_factory=dict)
    #: The file's table [training], as TOML gives it: `train` reads it.
    training: Mapping[str, Any] = field(default_factory=dict)
    #: And its table [sweep]: `sweep` reads it.
    sweep: Mapping[str, Any] = field(default_factory=dict)

    @property
    def preset(self) -> str | None:
        """The preset that is named; a file of that name comes first, where files are opened."""
        return self.file if self.file is not None and named(self.file, self.opens_files) else None

    @property
    def fields(self) -> dict[str, str]:
        """The texts of the experiment's fields by name, in the table's order."""
        return {name: self.given[name] for name in options() if name in self.given}

    @property
    def settings(self) -> dict[str, str]:
        """The texts of the settings by name."""
        return given_of(self.given)
