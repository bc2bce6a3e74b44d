"""The cures that Compare switches in B, one key each. What a cure does is measured, not promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradtui_engine import Experiment

from .events import Changes

#: What a cure can be, in turn: each a set of fields.
Choices = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Cure:
    """One cure: the fields that it decides, and what they can be for an experiment; nothing where it has no meaning.

    Where A has the cure already, its choice is the disease: the key then shows what it is good for.
    """

    id: str
    label: str
    fields: tuple[str, ...]
    choices: Callable[[Experiment], Choices]
    #: What to say where there is no choice.
    lacking: str


_RECTIFIED = ("relu", "leaky_relu", "prelu", "relu6")


def _activation(experiment: Experiment) -> Choices:
    if experiment.cell in ("lstm", "gru"):
        return ()
    disease = "sigmoid" if experiment.cell == "mlp" else "tanh"
    return ({"activation": disease if experiment.activation == "relu" else "relu"},)


def _init(experiment: Experiment) -> Choices:
    """experiment is B, so that the rule fits B's activation."""
    own: dict[str, Any] = {"sigma_w": None, "init_scale": None}
    if experiment.cell != "mlp":
        return ({"init": "orthogonal", **own},)
    if experiment.activation in _RECTIFIED:
        return {"init": "he_normal", "gain": 1.0, **own}, {"init": "orthogonal", "gain": "auto", **own}
    return {"init": "xavier_normal", "gain": "auto", **own}, {"init": "orthogonal", "gain": "auto", **own}


CURES = {
    each.id: each
    for each in (
        Cure("activation", "activation", ("activation",), _activation, "the gates of this cell are its activations"),
        Cure("init", "init", ("init", "gain", "sigma_w", "init_scale"), _init, ""),
        Cure(
            "norm",
            "norm",
            ("norm",),
            lambda e: ({"norm": "batch"}, {"norm": "layer"}, {"norm": "rms"}) if e.cell == "mlp" else (),
            "normalisation is for mlp; m switches the network",
        ),
        Cure(
            "residual",
            "skip",
            ("residual",),
            lambda e: ({"residual": "add"}, {"residual": "scaled"}) if e.cell == "mlp" else (),
            "skip connections are for mlp: a cell's gates are its own; m switches the network",
        ),
        Cure(
            "gate",
            "gate bias",
            ("forget_bias", "pin_forget", "cell", "activation"),
            lambda e: {
                "lstm": ({"forget_bias": 2.0}, {"forget_bias": 4.0}, {"pin_forget": 1.0}),
                "gru": ({"pin_forget": 0.9}, {"pin_forget": 1.0}),
                "rnn": ({"cell": "lstm"}, {"cell": "lstm", "forget_bias": 4.0}),
            }.get(e.cell, ()),
            "layers have no gates; m switches the network",
        ),
        Cure(
            "clip",
            "clipping",
            ("clip", "clip_threshold"),
            lambda e: ({"clip": "norm"}, {"clip": "value"}) if e.clip == "none" else ({"clip": "none"},),
            "",
        ),
    )
}


def toggled(cure: Cure, experiment: Experiment, changes: Changes) -> Changes | None:
    """B's changes after the cure's key: the next of its choices, after the last one none; None where it has none.

    Choices that A has already are passed over: they would change nothing.
    """
    kept = {name: value for name, value in changes if name not in cure.fields}
    current = {name: value for name, value in changes if name in cure.fields}
    if cure.id == "gate" and "cell" not in current and experiment.cell == "rnn":
        current.pop("activation", None)
    base = experiment.replace(**kept) if cure.id == "init" else experiment
    choices = [each for each in cure.choices(base) if _differs(experiment, each)]
    if not choices:
        return None
    place = choices.index(current) + 1 if current in choices else 0
    if current and place == len(choices):
        return tuple(kept.items())
    return tuple((kept | dict(choices[place])).items())


def is_on(cure: Cure, changes: Changes) -> bool:
    """Whether B has the cure that A lacks."""
    return any(name in cure.fields for name, _ in changes)


def _differs(experiment: Experiment, choice: Mapping[str, Any]) -> bool:
    return any(getattr(experiment, name) != value for name, value in choice.items())
