"""Clipping and optimisers: the first update of each, from PyTorch's documented formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Trace, simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.numerics import Array
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.optimisers import OPTIMISERS
from tests.engine.helpers import small
from tests.engine.oracles import length
from tests.examples import covering

# θ, g, η, μ, λ → the first update, with all averages starting at 0.
FIRST: dict[str, Callable[..., Any]] = {
    "sgd": lambda θ, g, η, μ, λ: -η * (g + λ * θ),
    "momentum": lambda θ, g, η, μ, λ: -η * (g + λ * θ),
    "nesterov": lambda θ, g, η, μ, λ: -η * (1 + μ) * (g + λ * θ),
    "rmsprop": lambda θ, g, η, μ, λ: -η * (g + λ * θ) / (np.sqrt(0.01) * np.abs(g + λ * θ) + 1e-8),
    "adam": lambda θ, g, η, μ, λ: -η * (g + λ * θ) / (np.abs(g + λ * θ) + 1e-8),
    "adamw": lambda θ, g, η, μ, λ: -η * (g / (np.abs(g) + 1e-8) + λ * θ),
}
# torch.optim's defaults, but for the learning rate of SGD and its kin, which PyTorch leaves to the user.
DEFAULTS = {"rmsprop": (0.01, 0.0), "adam": (0.001, 0.0), "adamw": (0.001, 0.01)}


def whole(arrays: dict[str, Array]) -> float:
    return length([length(array) for array in arrays.values()])


@covering(
    optimizer=OPTIMISERS.names,
    settings=[{}, {"learning_rate": 0.3, "momentum": 0.5, "weight_decay": 0.1}],
    cell=CELLS.names,
)
def test_the_first_update_is_the_published_one(optimizer: str, cell: str, settings: dict[str, float]) -> None:
    experiment = small(cell, optimizer=optimizer, **settings)
    trace = simulate(experiment)
    resolved = experiment.resolved
    chosen = (resolved.learning_rate, resolved.momentum, resolved.weight_decay)
    if not settings and optimizer in DEFAULTS:
        assert (chosen[0], chosen[2]) == DEFAULTS[optimizer]
    for name, array in trace.parameters.items():
        wanted = FIRST[optimizer](array, trace.parameter_gradients[name], *chosen)
        assert trace.updates[name] == pytest.approx(wanted, rel=1e-10, abs=1e-15), name  # 1 − β and its like round
        assert np.array_equal(trace.updated(name), array + trace.updates[name])
        assert trace.update_ratio(name) == pytest.approx(
            length(trace.updates[name]) / length(array) if array.any() else math.inf, rel=1e-12, nan_ok=True
        )


@pytest.mark.parametrize("optimizer", OPTIMISERS.names)
def test_the_links_of_an_optimiser_change_neither_gradients_nor_parameters(optimizer: str) -> None:
    trace = simulate(small("mlp", optimizer=optimizer, weight_decay=0.1, clip="norm"))
    before = {name: array.copy() for name, array in trace.parameter_gradients.items()}
    assert trace.updates
    for name, array in before.items():
        assert np.array_equal(trace.parameter_gradients[name], array)


def clipped(clip: str, share: float) -> tuple[Trace, dict[str, Array], float]:
    """A trace whose threshold is a share of the norm of all gradients."""
    plain = simulate(small("mlp"))
    threshold = share * whole(plain.parameter_gradients)
    trace = simulate(small("mlp", clip=clip, clip_threshold=threshold))
    return trace, trace.clipped, threshold


@pytest.mark.parametrize("clip", CLIPPINGS.names)
def test_a_threshold_that_nothing_reaches_changes_nothing(clip: str) -> None:
    plain = simulate(small("mlp"))
    found = simulate(small("mlp", clip=clip, clip_threshold=1e10)).clipped
    for name, array in plain.parameter_gradients.items():
        assert np.array_equal(found[name], array), name


@pytest.mark.parametrize("clip", CLIPPINGS.names)
@pytest.mark.parametrize("threshold", [1e-3, 1e10])
def test_clipping_in_place_gives_the_same_numbers(clip: str, threshold: float) -> None:
    trace = simulate(small("mlp"))
    apart = CLIPPINGS[clip].clip(trace.parameter_gradients, trace.parameters, threshold, None)
    own = {name: array.copy() for name, array in trace.parameter_gradients.items()}
    inside = CLIPPINGS[clip].clip(own, trace.parameters, threshold, own)
    for name, array in own.items():
        assert inside[name] is array
        assert array.tobytes() == apart[name].tobytes(), name


def test_clipping_by_norm_keeps_the_direction_and_caps_the_length() -> None:
    trace, found, threshold = clipped("norm", 0.1)
    # The 1e-6 that PyTorch adds to the norm makes it a little shorter than the threshold.
    total = whole(trace.parameter_gradients)
    assert whole(found) == pytest.approx(threshold * total / (total + 1e-6), rel=1e-12)
    for name, array in trace.parameter_gradients.items():
        assert found[name] == pytest.approx(array * threshold / (total + 1e-6), rel=1e-12, abs=0.0)


def test_clipping_by_layer_caps_each_layer_by_itself() -> None:
    trace, found, threshold = clipped("layer", 0.1)
    layers = {name.rpartition(".")[0] for name in found}
    sizes = {}
    for layer in layers:
        names = [name for name in found if name.rpartition(".")[0] == layer]
        before = length([length(trace.parameter_gradients[name]) for name in names])
        sizes[layer] = (before, length([length(found[name]) for name in names]))
    for before, after in sizes.values():
        assert after == pytest.approx(before * min(1.0, threshold / (before + 1e-6)), rel=1e-12)
    assert any(before > threshold for before, _ in sizes.values())


def test_clipping_by_value_caps_each_number() -> None:
    trace, found, threshold = clipped("value", 0.01)
    for name, array in trace.parameter_gradients.items():
        assert np.array_equal(found[name], np.minimum(np.maximum(array, -threshold), threshold)), name
    assert max(np.abs(array).max() for array in found.values()) == threshold


def test_adaptive_clipping_caps_each_unit_relative_to_its_weights_and_leaves_the_output_alone() -> None:
    trace = simulate(small("mlp", clip="adaptive", clip_threshold=1e-3))
    capped = 0
    for name, gradient in trace.parameter_gradients.items():
        if name.startswith("output."):
            assert np.array_equal(trace.clipped[name], gradient)
            continue
        rows = zip(gradient, trace.clipped[name], trace.parameters[name], strict=True)
        if gradient.ndim == 1:
            rows = zip([gradient], [trace.clipped[name]], [trace.parameters[name]], strict=True)
        for before, after, weights in rows:
            most = 1e-3 * max(length(weights), 1e-3)
            capped += length(before) > most
            assert length(after) == pytest.approx(min(length(before), most), rel=1e-12)
    assert capped


@pytest.mark.parametrize("clip", CLIPPINGS.names)
def test_gradients_that_are_not_finite_are_clipped_without_a_warning(clip: str) -> None:
    trace = simulate(Experiment(depth=60, width=8, batch=4, activation="linear", gain=1e30, dtype="float32", clip=clip))
    assert trace.outcome.signal.kind == "non_finite"
    assert trace.clipped.keys() == trace.updates.keys() == trace.parameters.keys()
