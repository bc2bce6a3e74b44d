"""Updates of 16-bit weights, bit for bit torch.optim's on tensors of 16 bits (foreach=False)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from gradtui_engine.core.number_types import NUMBER_TYPES
from gradtui_engine.core.numerics import Array
from gradtui_engine.rules import rounded_clipping
from gradtui_engine.rules.optimisers import OPTIMISERS, Settings
from gradtui_engine.rules.rounded_optimisers import RoundedChain

torch.set_num_threads(1)
TYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
every_type = pytest.mark.parametrize("name", TYPES)
RATE, MOMENTUM = 0.013, 0.9

Made = Callable[[list[torch.Tensor], float], torch.optim.Optimizer]
THEIRS: dict[str, Made] = {
    "sgd": lambda p, decay: torch.optim.SGD(p, lr=RATE, weight_decay=decay, foreach=False),
    "momentum": lambda p, decay: torch.optim.SGD(p, lr=RATE, momentum=MOMENTUM, weight_decay=decay, foreach=False),
    "nesterov": lambda p, decay: torch.optim.SGD(
        p, lr=RATE, momentum=MOMENTUM, nesterov=True, weight_decay=decay, foreach=False
    ),
    "rmsprop": lambda p, decay: torch.optim.RMSprop(p, lr=RATE, weight_decay=decay, foreach=False),
    "adam": lambda p, decay: torch.optim.Adam(p, lr=RATE, weight_decay=decay, foreach=False),
    "adamw": lambda p, decay: torch.optim.AdamW(p, lr=RATE, weight_decay=decay, foreach=False),
}


def ours(name: str, optimizer: str, decay: float) -> RoundedChain:
    settings, rounding = Settings(MOMENTUM, decay), NUMBER_TYPES[name].round
    assert rounding is not None
    return RoundedChain(OPTIMISERS[optimizer].build(settings), optimizer, settings, rounding)


@every_type
@pytest.mark.parametrize("decay", [0.0, 0.03])
@pytest.mark.parametrize("optimizer", THEIRS)
def test_an_update_is_pytorchs_bit_for_bit(name: str, optimizer: str, decay: float) -> None:
    cast = NUMBER_TYPES[name].cast
    rng = np.random.default_rng(7)
    weight = cast(rng.normal(size=(64, 32)).astype(np.float32))
    chain = ours(name, optimizer, decay)
    state = chain.init({"w": weight})
    theirs = torch.tensor(weight).to(TYPES[name]).requires_grad_()
    optimiser = THEIRS[optimizer]([theirs], decay)
    out = np.empty_like(weight)
    for step in range(12):
        gradient = cast((10.0 ** rng.uniform(-3, 1) * rng.normal(size=weight.shape)).astype(np.float32))
        with np.errstate(all="ignore"):  # float16's √v is 0 where v is under 2⁻²⁵
            chain.update({"w": gradient}, state, {"w": weight}, RATE, {"w": out})
            weight = cast(weight + out)
        theirs.grad = torch.tensor(gradient).to(TYPES[name])
        optimiser.step()
        assert np.array_equal(weight, theirs.detach().float().numpy(), equal_nan=True), step
    assert np.isfinite(weight).mean() > 0.9


def test_every_optimiser_is_looked_at() -> None:
    assert {*THEIRS} == {*OPTIMISERS}


def test_float16_has_no_epsilon_so_that_adam_divides_nothing_by_nothing() -> None:
    """1e-8 is under half of 2⁻²⁴: a weight without a gradient becomes NaN, as in torch.optim.Adam."""
    weight, out = np.ones(4, np.float32), np.empty(4, np.float32)
    gradient = np.array([0, 1, 0, 1], np.float32)
    chain = ours("float16", "adam", 0.0)
    with np.errstate(all="ignore"):
        chain.update({"w": gradient}, chain.init({"w": weight}), {"w": weight}, RATE, {"w": out})
    theirs = torch.ones(4).half().requires_grad_()
    theirs.grad = torch.tensor(gradient).half()
    THEIRS["adam"]([theirs], 0.0).step()
    assert np.isnan(out).tolist() == torch.isnan(theirs).tolist() == [True, False, True, False]


@every_type
@pytest.mark.parametrize("threshold", [0.3, 5.0, 1e3])
@pytest.mark.parametrize("clip", ["norm", "value"])
def test_clipping_is_pytorchs_bit_for_bit(name: str, clip: str, threshold: float) -> None:
    row = NUMBER_TYPES[name]
    assert row.round is not None
    for seed in range(20):
        rng = np.random.default_rng(seed)
        gradients = {
            each: row.cast((10.0 ** rng.uniform(-2, 0.5) * rng.normal(size=shape)).astype(np.float32))
            for each, shape in {"a.weight": (16, 8), "a.bias": (16,), "b.weight": (4, 16)}.items()
        }
        theirs = [torch.zeros(array.shape).to(TYPES[name]).requires_grad_() for array in gradients.values()]
        for tensor, array in zip(theirs, gradients.values(), strict=True):
            tensor.grad = torch.tensor(array).to(TYPES[name])
        if clip == "norm":
            torch.nn.utils.clip_grad_norm_(theirs, threshold, foreach=False)
        else:
            torch.nn.utils.clip_grad_value_(theirs, threshold, foreach=False)
        apart = rounded_clipping.clip(clip, gradients, gradients, threshold, None, row.round)
        inside: dict[str, Array] = {each: array.copy() for each, array in gradients.items()}
        rounded_clipping.clip(clip, inside, inside, threshold, inside, row.round)
        for tensor, one, other in zip(theirs, apart.values(), inside.values(), strict=True):
            assert tensor.grad is not None
            wanted: Any = tensor.grad.float().numpy()
            assert np.array_equal(one, wanted)
            assert np.array_equal(other, wanted)
