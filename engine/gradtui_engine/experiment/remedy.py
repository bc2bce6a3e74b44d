"""What a remedy is: a row of the table of remedies, and what it comes to for an experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.message import English
from ..core.options import flag
from .experiment import options
from .training import options as training_options

if TYPE_CHECKING:
    from ..core.fields import Value
    from .experiment import Experiment
    from .pytorch import Line
    from .resolved import Resolved
    from .training import Training

Changes = Mapping[str, "Value"]

#: What another network can mend.
GRADIENT = (
    "vanishing", "exploding", "dead", "saturated", "symmetric", "non_finite", "off_scale", "cut_off", "starved",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A remedy before it meets an experiment: for which cells and diagnoses, the change, why it could work.

    changes are fields with their new values, or a function that makes them of what the experiment came to. applies
    says whether the change makes sense for an experiment of these cells; no_cure is what to say where it turns out to
    be none. Without kinds it is offered for no diagnosis.
    """

    name: English
    changes: Changes | Callable[[Resolved], Changes]
    why: English
    no_cure: English
    cells: tuple[str, ...]
    kinds: tuple[str, ...] = GRADIENT
    applies: Callable[[Resolved], bool] = lambda experiment: True
    #: The factor of the direct path that the gate is pinned for; None where none is pinned.
    pins: float | None = None
    #: Which of Compare's keys switches it, "" for none, and where it does.
    key: str = ""
    switched: Callable[[Resolved], bool] = lambda experiment: True
    #: What else the key sets free.
    frees: tuple[str, ...] = ()
    #: Fields of the training with their new values.
    training: Changes = field(default_factory=dict)

    def changes_of(self, resolved: Resolved) -> Changes:
        """What it changes of an experiment that came to this."""
        changes = self.changes(resolved) if callable(self.changes) else self.changes
        path = resolved.kind.path
        if self.pins is None or path is None:
            return changes
        # 1 − 0.9 is not 0.1 in binary.
        return {**changes, "pin_forget": round(path.factor(self.pins), 12)}


@dataclass(frozen=True, slots=True)
class Remedy:
    """A remedy for an experiment: the fields that it changes, why it could work, and what to say where it does not.

    training are fields of the Training that it changes, beside the experiment's or alone.
    """

    name: English
    changes: Changes
    why: English
    no_cure: English
    training: Changes = field(default_factory=dict)

    def apply(self, experiment: Experiment) -> Experiment:
        """The changed experiment: same seed, data and random numbers."""
        return experiment.replace(**self.changes)

    def applied(self, training: Training) -> Training:
        """The changed training: same seed, data and random numbers. Raises ExperimentError."""
        return training.replace(**{**self.changes, **self.training})

    def arguments(self, experiment: Experiment) -> list[str]:
        """The options that apply it, beside those of the experiment; of an option that is there twice the last holds.

        A field that is given back to follow from the others stands with what it comes to then.
        """
        after, own = self.apply(experiment), training_options()
        words: list[str] = []
        for name, row in options().items():
            value = getattr(after, name)
            if name in self.changes and value != getattr(experiment, name):
                value = after.resolved.said(name) if value is None else value
                words += [] if value is None else row.arguments(value)
        return [*words, *(word for name, value in self.training.items() for word in own[name].arguments(value))]

    def pytorch(self, training: Training, read: Resolved | None = None) -> tuple[Line, ...]:
        """The lines of PyTorch that apply it to this training. read: where a CSV file decided some of it."""
        from .pytorch import lines  # most sessions ask for none

        return lines(training, self.applied(training), read)

    def to_document(self, training: Training, read: Resolved | None = None) -> dict[str, Any]:
        """What it changes of this training, and what applies it, for JSON."""
        return {
            "changes": dict(self.changes),
            "training_changes": dict(self.training),
            "options": self.arguments(training.experiment),
            "left_out": self.left_out(training.experiment),
            "pytorch": [str(line) for line in self.pytorch(training, read)],
        }

    def left_out(self, experiment: Experiment) -> list[str]:
        """The options of the experiment that must go, as no value of theirs means that they are not given."""
        after = self.apply(experiment)
        gone = (name for name in self.changes if getattr(experiment, name) is not None)
        return [flag(name) for name in gone if getattr(after, name) is None and getattr(after.resolved, name) is None]
