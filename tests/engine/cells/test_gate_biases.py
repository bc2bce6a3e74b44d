"""What gates start with: a bias that opens a cell's direct path, and chrono initialisation (Tallec & Ollivier 2018)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from gradtui_engine import Experiment, Training, build
from gradtui_engine.analysis.gate_path import predicted
from gradtui_engine.cells.table import BIASED, CELLS, GATED, TIMED, UNBIASED, UPDATED
from gradtui_engine.core.numerics import Array
from gradtui_engine.experiment.pytorch import lines
from gradtui_engine.experiment.remedies import remedies_for
from tests.engine.cells.in_torch import trained_alike
from tests.engine.cells.layers_in_torch import LAYERS
from tests.engine.helpers import analysed, refused

torch.set_num_threads(1)

#: Cell → the block of its gate on the direct path, and the sign with which a bias of it opens the path.
GATES = {"lstm": (1, 1), "gru": (1, 1), "mgu": (0, -1), "mingru": (0, -1)}
every_timed = pytest.mark.parametrize("cell", GATES)
every_updated = pytest.mark.parametrize("cell", ["gru", "mgu", "mingru"])
WIDTH = 6


def of(cell: str, **changes: Any) -> Experiment:
    fields = {"cell": cell, "data": "gaussian", "inputs": 3, "steps": 40, "width": WIDTH, "batch": 4}
    return Experiment(**(fields | changes))


def biases(experiment: Experiment, layer: int = 0) -> Array:
    """What a layer's biases add up to, by block: (blocks, width)."""
    cell = experiment.resolved.kind
    names = [f"{cell.name}.{name}_l{layer}" for name in cell.biases]
    parameters = build(experiment).parameters
    return np.asarray(sum(parameters[name] for name in names)).reshape(cell.blocks, -1)


def test_which_cell_has_which() -> None:
    assert (BIASED, UPDATED, UNBIASED) == (("lstm",), ("gru", "mgu", "mingru"), ())
    assert set(TIMED) == set(GATES) == set(GATED)


@every_updated
@pytest.mark.parametrize("bias", [-1.5, 0.0, 4.0])
def test_the_update_bias_is_added_to_the_gate_of_the_direct_path_with_the_sign_that_opens_it(
    cell: str, bias: float
) -> None:
    block, sign = GATES[cell]
    found = biases(of(cell, update_bias=bias))
    assert np.array_equal(found[block], np.full(WIDTH, sign * bias))
    assert not np.delete(found, block, axis=0).any()
    # At rest the gate stands at σ of it, and the path's factor is σ(bias), whatever the convention.
    path = predicted(of(cell, update_bias=bias).resolved)
    assert path is not None
    assert path.factor == pytest.approx(1 / (1 + math.exp(-bias)), rel=1e-12)
    run = analysed(build(of(cell, update_bias=bias, sigma_w=0.0, steps=1)).run())
    gate = run.values["gates/1"][:, block * WIDTH : (block + 1) * WIDTH]
    assert CELLS[cell].path.factors(gate) == pytest.approx(path.factor, rel=1e-12)  # type: ignore[union-attr]


@every_updated
def test_more_of_it_carries_the_gradient_further(cell: str) -> None:
    ratios = [analysed(build(of(cell, update_bias=bias)).run()).outcome.ratio for bias in (-2.0, 0.0, 2.0, 4.0)]
    assert ratios == sorted(ratios)
    assert ratios[-1] > 1e6 * ratios[0]


@every_timed
@pytest.mark.parametrize("longest", [None, 2, 500])
def test_chrono_draws_the_time_that_each_unit_remembers(cell: str, longest: int | None) -> None:
    """b_f ~ ln U(1, T_max − 1), b_i = −b_f: the paper's section 3."""
    experiment = of(cell, gate_init="chrono", chrono_steps=longest, width=2000)
    block, sign = GATES[cell]
    found = biases(experiment)
    lives = np.exp(sign * found[block])
    most = (longest or 40) - 1.0
    assert experiment.resolved.chrono_steps == (longest or 40)
    assert lives.min() >= 1 - 1e-12
    assert lives.max() <= most + 1e-9
    # 2,000 uniform draws: their mean to three standard errors.
    assert lives.mean() == pytest.approx((1 + most) / 2, abs=3 * (most - 1) / math.sqrt(12 * 2000) + 1e-9)
    if cell == "lstm":
        assert np.array_equal(found[0], -found[1])
    rest = np.delete(found, [0, 1] if cell == "lstm" else [block], axis=0)
    assert not rest.any()
    path = predicted(experiment.resolved)
    assert path is not None
    assert path.factor == pytest.approx(1 / (1 + 1 / ((longest or 40) / 2)), rel=1e-12)


def test_layers_and_seeds_draw_anew_and_biases_that_are_given_are_added() -> None:
    first, second = (biases(of("lstm", gate_init="chrono", layers=2), layer)[1] for layer in (0, 1))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, biases(of("lstm", gate_init="chrono", seed=1))[1])
    shifted = biases(of("lstm", gate_init="chrono", forget_bias=0.5, input_bias=2.0))
    plain = biases(of("lstm", gate_init="chrono"))
    assert shifted[1] == pytest.approx(plain[1] + 0.5, rel=1e-14)
    assert shifted[0] == pytest.approx(plain[0] + 2.0, rel=1e-14)
    assert biases(of("gru", gate_init="chrono", update_bias=1.0))[1] == pytest.approx(
        biases(of("gru", gate_init="chrono"))[1] + 1.0, rel=1e-14
    )


@every_timed
def test_without_either_every_bit_is_what_it_was(cell: str) -> None:
    plain, given = build(of(cell)), build(of(cell, update_bias=0.0, gate_init="constant"))
    assert all(np.array_equal(array, given.parameters[name]) for name, array in plain.parameters.items())
    assert plain.experiment.resolved.forget_bias == 1.0


@every_timed
def test_trained_from_there_pytorch_goes_the_same_way(cell: str) -> None:
    own = {} if cell == "lstm" else {"update_bias": 0.5}
    for changes in ({"gate_init": "chrono"}, own):
        trained_alike(build(of(cell, layers=2, readout="all", steps=9, **changes)), LAYERS[cell])


@every_timed
@pytest.mark.parametrize("init", ["xavier_normal", "pytorch"])
def test_the_lines_of_pytorch_draw_such_biases(cell: str, init: str) -> None:
    before = of(cell, init=init, width=3000, layers=2)
    made = [
        str(line)
        for line in lines(Training(experiment=before), Training(experiment=before.replace(gate_init="chrono")))
    ]
    chosen = [text for text in made if "lives" in text]
    assert len(chosen) == 2
    name = CELLS[cell].biases[0]

    class Module:
        pass

    module = Module()
    for layer in range(2):
        setattr(module, f"{name}_l{layer}", torch.zeros(CELLS[cell].blocks * 3000, dtype=torch.float64))
    for text in chosen:
        exec(text, {"torch": torch, cell: module})
    block, sign = GATES[cell]
    for layer in range(2):
        bias = getattr(module, f"{name}_l{layer}").reshape(-1, 3000)
        lives = (sign * bias[block]).exp()
        assert lives.min() >= 1
        assert lives.max() <= 39
        assert lives.mean().item() == pytest.approx(20, abs=3 * 38 / math.sqrt(12 * 3000))
        if cell == "lstm":
            assert torch.equal(bias[0], -bias[1])


@every_timed
def test_the_doctor_offers_them(cell: str) -> None:
    names = [remedy.name for remedy in remedies_for(of(cell), ("vanishing",))]
    assert "chrono" in names
    assert ("update bias 4" in names) == (cell != "lstm")
    assert ("forget bias 4" in names) == (cell == "lstm")


def test_bad_values_are_refused_with_what_is_allowed() -> None:
    assert refused(Experiment, cell="gru", chrono_steps=1) == [
        "chrono_steps: 1 given; allowed: a whole number from 2 to 1000000"
    ]
    assert refused(Experiment, cell="gru", gate_init="crono")[0].startswith("gate_init: ")
    assert Experiment(cell="gru", update_gate_bias=2.0).update_bias == 2.0  # type: ignore[call-arg]
