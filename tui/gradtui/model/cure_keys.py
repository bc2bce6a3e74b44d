"""The cures that Compare switches in B, one key each. What a cure does is measured, not promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradtui_engine import Experiment
from gradtui_engine.cells.table import BIASED, CELLS, UPDATED
from gradtui_engine.core.figures import exact
from gradtui_engine.core.message import English, Message
from gradtui_engine.experiment.experiment import options
from gradtui_engine.experiment.remedies import switched_by
from gradtui_engine.experiment.resolved import Resolved
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.initialisers import INITIALISERS

from ..text.describe import field_name
from .changes import other
from .state import Changes

#: What a cure can be, in turn: each a set of fields.
Choices = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Cure:
    """One cure: the fields that it decides, and where there is nothing for it to do. What it changes, the rows of the
    engine's table of remedies say that have its id as their key.

    Where A has the cure already, a row that takes it away is among them: the key then shows what it is good for.
    """

    id: str
    label: English
    fields: tuple[str, ...]
    #: What to say where there is no choice, of any network; `why_none` says it.
    lacking: English
    #: Whether a network has what the cure's name says.
    heals: Callable[[Experiment], bool]
    #: What it is called of a network where it is something else.
    named: Callable[[Resolved], str | None] = lambda resolved: None
    #: Whether, where A has the cure, its key takes back another value of B's instead of going on to the disease.
    keeps_own: bool = False
    #: What to say of a network of which `lacking` would not be true.
    lacking_of: Callable[[Resolved], English] = lambda resolved: ""

    def why_none(self, experiment: Experiment) -> str:
        """Why the key has nothing for a network, to be passed through tr; {key} switches the network."""
        return self.lacking_of(experiment.resolved) or self.lacking

    def label_of(self, experiment: Experiment) -> str:
        """What the cure is called in an experiment's network; passed through tr where it is shown."""
        return self.named(experiment.resolved) or self.label

    def choices(self, experiment: Experiment) -> Choices:
        """What it can be for B without it, in turn; nothing where it has no meaning."""
        rows = switched_by(self.id, experiment)
        return tuple({field: value for field, value in row.items() if field in self.fields} for row in rows)

    def decides(self, experiment: Experiment, field: str) -> bool:
        """Whether a field is the cure's, of A: which cell it is, is only where an RNN gets gates."""
        return field in self.fields and (field != "cell" or _lacks_gates(experiment.resolved))


def _lacks_gates(resolved: Resolved) -> bool:
    """Whether there is time and no gate."""
    return resolved.kind.over_time and not resolved.kind.gated


def _open(b: Experiment) -> bool:
    """A gate that carries on: pinned near a factor of 1, or one with a bias of 1 at least (σ(1) = 0.73)."""
    path = b.resolved.kind.path
    if b.pin_forget is not None:
        return (path.factor(b.pin_forget) if path is not None else b.pin_forget) >= 0.9
    opening = CELLS[b.cell].opened_by
    return bool(opening) and (b.resolved.gate_init == "chrono" or getattr(b.resolved, opening) >= 1.0)


def _gate_name(resolved: Resolved) -> str | None:
    path = resolved.kind.path
    if path is None:
        return Message("LSTM gates") if resolved.kind.over_time else None
    if resolved.cell in UPDATED:
        return Message("update gate")
    return None if resolved.cell in BIASED else Message("pin gate {gate}", gate=path.gate)


def _linear(resolved: Resolved) -> English:
    """Of a cell without gates whose activation cannot be chosen either."""
    if resolved.kind.gates or len(resolved.kind.activations) != 1:
        return ""
    return "this recurrence is linear: its eigenvalues decide, and an activation would make it another cell"


CURES = {
    row.id: row
    for row in (
        Cure(
            "activation",
            "activation",
            ("activation",),
            "the gates of this cell are its activations",
            lambda b: ACTIVATIONS[b.resolved.activation].rectifies,
            keeps_own=True,
            lacking_of=_linear,
        ),
        Cure(
            "init",
            "init",
            ("init", "gain", "sigma_w", "init_scale", "init_recurrent", "gain_recurrent"),
            "",
            lambda b: b.sigma_w is None and INITIALISERS[b.init].keeps_scale,
        ),
        Cure(
            "norm",
            "norm",
            ("norm",),
            "normalisation is for mlp and transformer; {key} switches the network",
            lambda b: b.resolved.norm != "none",
        ),
        Cure(
            "residual",
            "skip",
            ("residual", "residual_scale", "highway_bias"),
            "skip connections are for mlp and transformer, between layers; {key} switches the network",
            lambda b: b.residual != "none",
        ),
        Cure(
            "gate",
            "forget gate",
            ("forget_bias", "update_bias", "gate_init", "pin_forget", "cell"),
            "layers have no gates; {key} switches the network",
            _open,
            _gate_name,
        ),
        Cure("clip", "clipping", ("clip", "clip_threshold"), "", lambda b: b.clip != "none"),
    )
}


def toggled(cure: Cure, experiment: Experiment, changes: Changes) -> Changes | None:
    """B's changes after the cure's key: the next of its choices, after the last one none; None where it has none.

    Choices that would change nothing are passed over, and so are impossible ones (batch norm of one sample): only
    where B is impossible without the cure, or by all of its choices, the first is given, to be refused in words.
    """
    kept = tuple((name, value) for name, value in changes if not cure.decides(experiment, name))
    current = _fewest(experiment, {name: value for name, value in changes if cure.decides(experiment, name)})
    without = other(experiment, kept)
    choices = [_fewest(experiment, choice) for choice in cure.choices(without or experiment)]
    choices = [
        choice for choice in choices if choice and (without is None or _effect(without, choice) != _effect(without, {}))
    ]
    choices = [choice for choice in choices if other(experiment, (*kept, *choice.items())) is not None] or choices
    if current and current not in choices and without is not None and _keeps_own(cure, experiment, changes):
        # A value that the key has not put there is taken back, not made a disease.
        return kept
    place = choices.index(current) + 1 if current in choices else 0
    if not choices or (current and place == len(choices)):
        return kept if current else None
    return (*kept, *choices[place].items())


def is_on(cure: Cure, changes: Changes, b: Experiment | None = None) -> bool:
    """Whether B has the cure that A lacks: a field that B's network has no use for is none."""
    fields = [name for name, _ in changes if b is None or options()[name].applies_to(b.cell)]
    return any(name in cure.fields for name in fields)


def has(cure: Cure, experiment: Experiment, changes: Changes) -> bool:
    """Whether B's changes give it what the cure's name says."""
    b = other(experiment, changes)
    own = tuple(pair for pair in changes if cure.decides(experiment, pair[0]))
    return b is not None and is_on(cure, own, b) and cure.heals(b)


def takes_away(cure: Cure, experiment: Experiment, changes: Changes) -> str:
    """The value that B has, or gets by the key, in place of the cure that A has; nothing where it is none."""
    following = changes if _own(cure, experiment, changes) else toggled(cure, experiment, changes)
    b = other(experiment, following) if following is not None else None
    own = _own(cure, experiment, following or ())
    if b is None or not own or cure.heals(b):
        return ""
    field, value = own[0]
    return f"{field_name(field)} {exact(value)}" if isinstance(value, float) else str(value or "–")


def subject(cure: Cure, experiment: Experiment, changes: Changes) -> Experiment:
    """B without the cure: what the cure's key acts on."""
    kept = tuple(pair for pair in changes if not cure.decides(experiment, pair[0]))
    return other(experiment, kept) or experiment


def _own(cure: Cure, experiment: Experiment, changes: Changes) -> Changes:
    return tuple(pair for pair in changes if cure.decides(experiment, pair[0]))


def _keeps_own(cure: Cure, experiment: Experiment, changes: Changes) -> bool:
    """Whether the key's next choice would be the disease, though A has the cure and B can be."""
    return cure.keeps_own and cure.heals(experiment) and other(experiment, changes) is not None


def _fewest(experiment: Experiment, choice: Mapping[str, Any]) -> dict[str, Any]:
    """What of a choice is another value than A's."""
    return {name: value for name, value in choice.items() if getattr(experiment.resolved, name) != value}


def _effect(experiment: Experiment, choice: Mapping[str, Any]) -> Resolved | None:
    """What a choice makes of an experiment, a gain of `auto` as the number that it is; None where it cannot be."""
    changed = other(experiment, tuple(choice.items()))
    return replace(changed.resolved, gain=changed.resolved.gain_value) if changed is not None else None
