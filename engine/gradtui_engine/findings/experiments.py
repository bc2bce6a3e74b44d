"""Which experiment of gradtui shows the same thing: its depth, width, activation and scale read from the record."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..analysis.diagnosis import diagnose as outcome_of
from ..core.figures import cut
from ..core.problems import ExperimentError
from ..experiment.experiment import Experiment
from ..run.network import build
from .facts import Facts
from .finding import Evidence
from .networks import RecordedNetwork, network_of, optimiser_of

#: What an experiment must be called for it to show a kind.
SHOWN_AS: Mapping[str, tuple[str, ...]] = {
    "vanishing": ("vanishing",),
    "exploding": ("exploding",),
    "bad_init": ("exploding", "vanishing", "saturated", "dead", "off_scale"),
    "saturated": ("saturated",),
    "dead": ("dead",),
    "symmetric": ("symmetric",),
    "vanishing_time": ("vanishing",),
    "exploding_time": ("exploding",),
    "update_too_large": ("diverging", "non_finite"),
    "loss_rises": ("diverging", "non_finite"),
    "non_finite": ("diverging", "non_finite"),
    "update_too_small": ("still",),
}
#: Multiplications of one forward pass of one sample: what is larger is made narrower, or it would take seconds.
_WORK = 2**20
_LEAST_WIDTH = 16
_MOST_DEPTH, _MOST_STEPS = 1_000, 500
#: Within so much a scale is the initialiser's own: of a matrix of 64 × 64 numbers it is drawn to 1 %.
_NEAR = 0.04


def experiment_of(kind: str, facts: Facts, evidence: Evidence) -> str | None:
    """The command of an experiment that was found to be of this kind; None where there is none."""
    if kind not in SHOWN_AS:
        return None
    for given in _candidates(kind, facts, evidence):
        try:
            experiment = Experiment.from_mapping(given)
        except ExperimentError:
            continue
        if _shows(experiment, SHOWN_AS[kind]):
            return experiment.to_command()
    return None


@functools.lru_cache(256)
def _shows(experiment: Experiment, kinds: tuple[str, ...]) -> bool:
    try:
        outcome = outcome_of(build(experiment).run())
    except (ExperimentError, MemoryError):
        return False
    return any(answer.kind in kinds for answer in outcome.answers)


# -- what is tried -------------------------------------------------------------------------------------------


def _candidates(kind: str, facts: Facts, evidence: Evidence) -> Iterator[Mapping[str, Any]]:
    """Experiments, the one most like the recorded model first."""
    if facts.header.given is not None:
        yield facts.header.given
    network = network_of(facts.header)
    if network is None:
        return
    like = _like(network, facts)
    for more in _CHANGES.get(kind, ({},)):
        changes = more(facts, evidence) if callable(more) else more
        if changes is not None:
            # One of them decides how the weights are drawn.
            other = "sigma_w" if "init" in changes else "init" if "sigma_w" in changes else ""
            yield {name: value for name, value in like.items() if name != other} | changes


def _like(network: RecordedNetwork, facts: Facts) -> dict[str, Any]:
    """The fields of an experiment like the recorded network."""
    activation = network.activation or _by_outputs(facts)
    given: dict[str, Any] = {"cell": network.cell}
    if network.cell == "mlp":
        given |= {"depth": min(network.depth, _MOST_DEPTH), "activation": activation, "norm": network.norm}
        repeats = given["depth"]
    else:
        steps = _time_steps(facts)
        given |= {"layers": network.layers}
        if steps:
            given |= {"data": "adding", "steps": min(steps, _MOST_STEPS)}
        if network.cell == "rnn":
            given["activation"] = network.activation
        repeats = min(steps or 1, 50) * network.layers
    if len({*network.widths}) > 1 and network.depth <= _MOST_DEPTH:
        del given["depth"]
        return given | {"width": _smaller(network.widths)} | _scale(network, facts)
    width = network.width
    while width > _LEAST_WIDTH and repeats * width * width > _WORK:
        width //= 2
    return given | {"width": width} | _scale(network, facts)


def _smaller(widths: tuple[int, ...]) -> str:
    """Widths that differ, halved until their products are quick."""
    while max(widths) > _LEAST_WIDTH and sum(one * two for one, two in itertools.pairwise(widths)) > _WORK:
        widths = tuple(max(width // 2, 1) for width in widths)
    return ",".join(map(str, widths))


def _scale(network: RecordedNetwork, facts: Facts) -> dict[str, Any]:
    """init, or the weights' standard deviation times √fan_in as sigma_w, of the hidden layers at the start."""
    sigmas, rules = [], []
    for index, row in enumerate(facts.header.parameters):
        if row.module not in network.hidden or len(row.shape) < 2 or not facts.count or facts.step_of(0) != 0:
            continue
        norm = float(facts.parameter("weight")[0, index])
        fan_in, fan_out = math.prod(row.shape[1:]), row.shape[0]
        if not math.isfinite(norm) or not fan_in or not row.size:
            continue
        deviation = norm / math.sqrt(row.size)
        sigmas.append(deviation * math.sqrt(fan_in))
        inner = network.width if network.cell != "mlp" else fan_in
        rules.append(
            {
                "he_normal": deviation / math.sqrt(2 / fan_in),
                "xavier_normal": deviation / math.sqrt(2 / (fan_in + fan_out)),
                "torch_default": deviation * math.sqrt(3 * inner),
            }
        )
    if not sigmas:
        return {}
    for name in rules[0]:
        if abs(float(np.median([rule[name] for rule in rules])) - 1) < _NEAR:
            return {"init": name}
    sigma = cut(float(np.median(sigmas)), 3)
    return {"init": "zeros"} if sigma == 0 else {"sigma_w": sigma}


def _by_outputs(facts: Facts) -> str:
    """Of a model whose activations are functions, not modules: what is off is rectified, what has ends saturates."""
    if any(np.isfinite(facts.largest("off", name)).any() for name in facts.weighted):
        return "relu"
    if any(np.isfinite(facts.largest("sat", name)).any() for name in facts.weighted):
        return "tanh"
    return "linear" if len(facts.order) == len(facts.weighted) else "relu"


def _time_steps(facts: Facts) -> int | None:
    lengths = [int(sequence.lengths.max()) for sequence in facts.recording.sequences.values() if len(sequence.lengths)]
    calls = [len(facts.columns_of[name]) for name in facts.loops]
    return max([*lengths, *calls], default=0) or None


# -- what is changed for a kind ------------------------------------------------------------------------------


def _update(facts: Facts, evidence: Evidence) -> dict[str, Any] | None:
    """The optimizer and the rate of the first event."""
    if not facts.count or not np.isfinite(facts.rate).any():
        return None
    rate = float(facts.rate[np.isfinite(facts.rate)].max())
    return {"optimizer": "sgd", **optimiser_of(facts.header), "learning_rate": rate}


def _update_without_norm(facts: Facts, evidence: Evidence) -> dict[str, Any] | None:
    changes = _update(facts, evidence)
    return None if changes is None else {**changes, "norm": "none"}


def _growing(facts: Facts, evidence: Evidence) -> dict[str, Any] | None:
    """ReLU layers whose weights multiply the gradient by what was measured: by σ_w / √2."""
    factor = evidence.get("average_factor")
    if not isinstance(factor, float) or not 1 < factor < 100:
        return None
    return {"norm": "none", "activation": "relu", "sigma_w": cut(factor * math.sqrt(2), 3)}


def _small_update(facts: Facts, evidence: Evidence) -> dict[str, Any] | None:
    """The optimizer, and a rate at which updates are as small: where the gradient is what is small, another."""
    changes = _update(facts, evidence)
    if changes is None:
        return None
    rate, size = float(np.nanmedian(facts.rate)), evidence.get("update_ratio")
    return {**changes, "learning_rate": min(rate, max(size, _LEAST_RATE)) if isinstance(size, float) else rate}


_LEAST_RATE = 1e-12


_CHANGES: Mapping[str, tuple[Any, ...]] = {
    "vanishing": ({}, {"norm": "none"}, {"norm": "none", "activation": "sigmoid"}),
    "exploding": ({}, {"norm": "none"}, _growing),
    "saturated": ({}, {"norm": "none"}, {"norm": "none", "activation": "tanh", "sigma_w": 5.0}),
    # As it is recorded; else of its depth. Deep ReLU networks of few units die as they are born (Lu et al. 2019).
    "dead": (
        {},
        {"norm": "none", "activation": "relu"},
        {"norm": "none", "activation": "relu", "init": "he_normal", "width": 3},
        *({"norm": "none", "activation": "relu", "init": "he_normal", "width": 3, "depth": d} for d in (30, 60)),
    ),
    "symmetric": ({}, {"init": "zeros"}, {"init": "constant"}),
    "update_too_large": (_update, _update_without_norm),
    "loss_rises": (_update, _update_without_norm),
    "non_finite": (_update,),
    "update_too_small": (_small_update,),
    "vanishing_time": ({"readout": "last"},),
    "exploding_time": ({"readout": "last"}, {"readout": "last", "sigma_w": 3.0}),
}
