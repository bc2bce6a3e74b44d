"""Notes on options that were given and have no effect: said on stderr, so that nobody draws the wrong conclusion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from gradtui_engine.cells.residual_blocks import RESIDUALS
from gradtui_engine.core.message import English
from gradtui_engine.core.options import flag
from gradtui_engine.experiment.experiment import options
from gradtui_engine.experiment.training import options as training_options
from gradtui_engine.rules.activations import ACTIVATIONS

from ..text.language import tr
from .presets import PRESETS

if TYPE_CHECKING:
    from gradtui_engine import Experiment
    from gradtui_engine.experiment.resolved import Resolved
    from gradtui_engine.experiment.training import Training

#: field → (whether it has an effect, what it would need or what stands in its way).
CONDITIONS: dict[str, tuple[Callable[[Resolved], bool], English]] = {
    "slope": (lambda e: ACTIVATIONS[e.activation].slope is not None, "it is for leaky_relu and prelu"),
    "init": (lambda e: e.sigma_w is None, "--sigma-w stands in its place"),
    "gain": (lambda e: e.sigma_w is None, "--sigma-w stands in its place"),
    "init_scale": (lambda e: e.sigma_w is None, "--sigma-w stands in its place"),
    "dropout": (lambda e: not e.kind.over_time or e.layers > 1, "it is between stacked cells: there is one layer"),
    "dropout_kind": (lambda e: e.dropout > 0, "there is no --dropout"),
    "norm_position": (lambda e: e.norm != "none", "there is no --norm"),
    "residual_scale": (
        lambda e: RESIDUALS[e.residual].scale is not None,
        "it is for --residual scaled, rezero, layer_scale and deepnorm",
    ),
    "residual_span": (lambda e: e.residual != "none", "there is no --residual"),
    "residual_block": (lambda e: e.residual != "none", "there is no --residual"),
    "highway_bias": (lambda e: e.residual == "highway", "it is for --residual highway"),
    "clip_threshold": (lambda e: e.clip != "none", "there is no --clip"),
    "learning_rate": (lambda e: not _all_layers_have_their_own(e), "both layers have a rate of their own"),
    "momentum": (lambda e: e.optimizer in ("momentum", "nesterov"), "it is for --optimizer momentum and nesterov"),
    "loss_scale": (lambda e: e.number_type.is_emulated, "it is for --dtype float16 and bfloat16"),
    "master_weights": (lambda e: e.number_type.is_emulated, "it is for --dtype float16 and bfloat16"),
    "forget_bias": (lambda e: e.pin_forget is None, "the gate is pinned"),
    "update_bias": (lambda e: e.pin_forget is None, "the gate is pinned"),
    "gate_init": (lambda e: e.pin_forget is None, "the gate is pinned"),
    "chrono_steps": (lambda e: e.gate_init == "chrono", "it is for --gate-init chrono"),
}

#: The same of fields of a training.
CONDITIONS_OF_TRAINING: dict[str, tuple[Callable[[Training], bool], English]] = {
    "step_every": (lambda t: t.schedule == "step", "it is for --schedule step"),
    "step_factor": (lambda t: t.schedule == "step", "it is for --schedule step"),
}


def _all_layers_have_their_own(e: Resolved) -> bool:
    """Of one hidden layer and the output."""
    return (e.layers if e.kind.over_time else e.depth) == 1 and None not in (e.learning_rate_1, e.learning_rate_2)


def hindrance(experiment: Experiment, field: str) -> str:
    """Why a field of the experiment's cell changes nothing in it; empty where it does."""
    if field not in CONDITIONS:
        return ""
    has_effect, why = CONDITIONS[field]
    return "" if has_effect(experiment.resolved) else tr(why)


def without_effect(experiment: Experiment, given: Iterable[str]) -> Iterator[str]:
    """A sentence for each given field that changes nothing in this experiment."""
    for name in given:
        reason = hindrance(experiment, name)
        if not options()[name].applies_to(experiment.cell):
            yield tr("note: {option} has no effect: {cell} does not use it", option=flag(name), cell=experiment.cell)
        elif reason:
            yield tr("note: {option} has no effect: {reason}", option=flag(name), reason=reason)


def without_effect_in_training(training: Training, given: Iterable[str]) -> Iterator[str]:
    """A sentence for each given field of a training that changes nothing in it, and for such turns."""
    for name in given:
        reason = _hindrance_on_the_way(training, name, 0) if name in CONDITIONS_OF_TRAINING else ""
        if reason:
            yield tr("note: {option} has no effect: {reason}", option=training_options()[name].flag, reason=reason)
    for turn in training.turns if "turns" in given else ():
        option = f"{training_options()['turns'].flag} {turn}"
        if turn.iteration >= training.iterations:
            reason = tr("the last iteration is {last}", last=training.iterations - 1)
            yield tr("note: {option} has no effect: {reason}", option=option, reason=reason)
            continue
        for name, _ in turn.changes:
            reason = _hindrance_on_the_way(training, name, turn.iteration)
            if reason:
                yield tr("note: {field} in {option} has no effect: {reason}", field=name, option=option, reason=reason)


def _hindrance_on_the_way(training: Training, field: str, start: int) -> str:
    """Why a field changes nothing from an iteration on, whatever other turns there are; empty where it does."""
    at = [training.in_force(start), *(each for k, each in training.segments if start < k < training.iterations)]
    if field in CONDITIONS_OF_TRAINING:
        has_effect, why = CONDITIONS_OF_TRAINING[field]
        return "" if any(map(has_effect, at)) else tr(why)
    reasons = [hindrance(each.experiment, field) for each in at]
    return reasons[0] if all(reasons) else ""


def left_to_screen(experiment: Experiment, word: str | None) -> Iterator[str]:
    """A sentence where a preset has an experiment B beside the one that a command without a screen runs."""
    if word is None or word not in PRESETS:
        return
    changes = {
        name: value for name, value in PRESETS[word].changes.items() if getattr(experiment.resolved, name) != value
    }
    if changes:
        differs = ", ".join(f"{name}={value}" for name, value in changes.items())
        given = " ".join(f"{flag(name)} {value}" for name, value in changes.items())
        yield tr("note: B ({changes}) is for the screen; add {options} to run it", changes=differs, options=given)
