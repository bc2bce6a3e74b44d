"""What two experiments of one seed share: A and B differ by the cure alone, not by the luck of the draw."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Network, build, simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.numerics import Array
from gradtui_engine.experiment.remedies import REMEDIES
from gradtui_engine.experiment.remedy import Remedy
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.optimisers import OPTIMISERS
from tests.engine.helpers import small
from tests.examples import in_one

# A product by a standard deviation rounds once, the deviation itself a few times.
ROUNDING = 4 * float(np.finfo(np.float64).eps)

NORMALS = {
    # Standard deviation by (fan_out, fan_in).
    "normal": lambda out, into: 1 / math.sqrt(into),
    "lecun_normal": lambda out, into: 1 / math.sqrt(into),
    "he_normal": lambda out, into: math.sqrt(2 / into),
    "xavier_normal": lambda out, into: math.sqrt(2 / (into + out)),
}
UNIFORMS = {
    # Bound.
    "uniform": lambda out, into: 1 / math.sqrt(into),
    "torch_default": lambda out, into: 1 / math.sqrt(into),
    "lecun_uniform": lambda out, into: math.sqrt(3 / into),
    "he_uniform": lambda out, into: math.sqrt(6 / into),
    "xavier_uniform": lambda out, into: math.sqrt(6 / (into + out)),
}


def same_batch(one: Network, other: Network) -> bool:
    """The same samples with the same targets, bit by bit."""
    return all(
        a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in ((one.batch.inputs, other.batch.inputs), (one.batch.target, other.batch.target))
    )


def weights(network: Network) -> dict[str, Array]:
    return {name: array for name, array in network.parameters.items() if array.ndim == 2}


def same_weights(one: Network, other: Network) -> bool:
    shared = weights(one).keys() & weights(other).keys()
    return bool(shared) and all(one.parameters[name].tobytes() == other.parameters[name].tobytes() for name in shared)


def cures(cell: str) -> list[Remedy]:
    resolved = small(cell).resolved
    rows = [row for row in REMEDIES.values() if cell in row.cells and "target" not in row.name]  # which is for files
    return [Remedy(row.name, row.changes_of(resolved), row.why, row.no_cure) for row in rows]


# -- data --------------------------------------------------------------------------------------------------


@in_one(("cell", "cure"), [(cell, cure) for cell in CELLS for cure in cures(cell) if "dtype" not in cure.changes])
@pytest.mark.soak
def test_every_cure_is_tried_on_the_same_samples(cell: str, cure: Remedy) -> None:
    bends = not CELLS[cell].activations or "tanh" in CELLS[cell].activations
    ill = small(cell, activation="tanh") if bends else small(cell)  # an LRU is linear
    assert same_batch(build(ill), build(cure.apply(ill)))


@pytest.mark.parametrize("data", ["digits-rows", "gaussian", "adding", "parity"])
def test_every_cell_over_time_reads_the_same_sequences(data: str) -> None:
    networks = [build(small(cell, data=data, steps=8)) for cell in ("rnn", "lstm", "gru", "mgu", "mingru", "lru")]
    assert all(same_batch(networks[0], each) for each in networks[1:])


def test_an_mlp_and_a_cell_read_the_same_images_at_once_and_bit_by_bit() -> None:
    layered, timed = build(small("mlp", data="digits-rows")), build(small("lstm", data="digits-rows"))
    at_once = timed.batch.inputs.transpose(1, 0, 2).reshape(5, 64)
    assert np.array_equal(layered.batch.inputs, at_once)
    assert np.array_equal(layered.batch.target, timed.batch.target)


@pytest.mark.parametrize("data", ["digits", "gaussian", "moons"])
def test_depth_width_and_dtype_do_not_move_the_data(data: str) -> None:
    plain = build(small("mlp", data=data))
    assert same_batch(plain, build(small("mlp", data=data, depth=7, width=13)))
    narrow = build(small("mlp", data=data, dtype="float32"))
    assert np.array_equal(narrow.batch.inputs, plain.batch.inputs.astype(np.float32))


def test_another_seed_draws_another_batch_and_other_weights() -> None:
    one, other = build(small("mlp")), build(small("mlp", seed=3))
    assert not same_batch(one, other)
    assert not any(np.array_equal(array, other.parameters[name]) for name, array in weights(one).items())


# -- weights -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "relu"}, *({"norm": name} for name in NORMALISATIONS),
        {"norm": "layer", "norm_position": "after"},
        {"residual": "add"}, {"residual": "scaled", "residual_span": 2}, {"residual": "add", "residual_block": "pre"},
        *({"clip": name} for name in CLIPPINGS), *({"optimizer": name} for name in OPTIMISERS), {"sigma_b": 0.5},
        {"depth": 9}, {"loss": "mse"},
    ],
    ids=str,
)  # fmt: skip
def test_a_cure_that_is_no_initialiser_starts_from_the_very_same_weights(changes: dict[str, Any]) -> None:
    assert same_weights(build(small("mlp")), build(small("mlp", **changes)))


@pytest.mark.parametrize("changes", [{"forget_bias": 4.0}, {"pin_forget": 1.0}, {"input_bias": -1.0}, {"layers": 3}])
def test_the_gates_biases_and_pins_leave_an_lstms_weights_alone(changes: dict[str, Any]) -> None:
    plain, cured = build(small("lstm")), build(small("lstm", **changes))
    assert same_weights(plain, cured)
    if "forget_bias" in changes:
        moved = cured.parameters["lstm.bias_ih_l0"] - plain.parameters["lstm.bias_ih_l0"]
        assert moved.tolist() == [0.0] * 8 + [3.0] * 8 + [0.0] * 16


@pytest.mark.parametrize("clip", CLIPPINGS.names)
def test_clipping_and_the_optimiser_change_nothing_of_the_pass_itself(clip: str) -> None:
    plain, cured = (simulate(small("mlp", **more)) for more in ({}, {"clip": clip, "optimizer": "adam"}))
    assert plain.loss == cured.loss
    assert [stage.gradient_norm for stage in plain.stages] == [stage.gradient_norm for stage in cured.stages]
    for name, array in plain.parameter_gradients.items():
        assert array.tobytes() == cured.parameter_gradients[name].tobytes()


@pytest.mark.parametrize("cell", ["mlp", "lstm"])
@pytest.mark.parametrize("family", [NORMALS, UNIFORMS], ids=["normal", "uniform"])
def test_the_initialisers_of_a_family_scale_the_same_random_numbers(family: dict[str, Any], cell: str) -> None:
    networks = {name: build(small(cell, init=name)) for name in family}
    for weight in weights(networks["lecun_" + next(iter(family))]):
        numbers = []
        for init, scale in family.items():
            array = networks[init].parameters[weight]
            fan_out, fan_in = networks[init].program.parameters[weight].fans or (0, 0)
            numbers.append(array / scale(fan_out, fan_in))
        for each in numbers[1:]:
            np.testing.assert_allclose(each, numbers[0], rtol=ROUNDING)


def test_he_is_lecun_times_the_root_of_two_number_by_number() -> None:
    he, lecun = (build(small("mlp", init=name)) for name in ("he_normal", "lecun_normal"))
    for name, array in weights(he).items():
        np.testing.assert_allclose(array, math.sqrt(2) * lecun.parameters[name], rtol=ROUNDING)


def test_gain_and_sigma_w_scale_the_same_random_numbers() -> None:
    plain, doubled, spread = (
        build(small("mlp", **each)) for each in ({"init": "normal"}, {"gain": 2.0}, {"sigma_w": 3.0})
    )
    xavier = build(small("mlp"))
    for name, array in weights(plain).items():
        np.testing.assert_allclose(spread.parameters[name], 3 * array, rtol=ROUNDING)
        np.testing.assert_allclose(doubled.parameters[name], 2 * xavier.parameters[name], rtol=ROUNDING)


def test_float32_weights_are_the_rounded_float64_ones() -> None:
    wide, narrow = (build(small("lstm", dtype=dtype)) for dtype in ("float64", "float32"))
    for name, array in wide.parameters.items():
        assert np.array_equal(narrow.parameters[name], array.astype(np.float32))


def test_orthogonal_weights_come_from_the_same_normals_as_the_others() -> None:
    """The Q of the normal matrix, signs by R's diagonal: A = QR, so Qᵀ A is upper triangular, its diagonal positive."""
    normal, orthogonal = (build(small("mlp", init=name)) for name in ("normal", "orthogonal"))
    for layer in (2, 3, 4):  # square ones
        triangle = orthogonal.parameters[f"layers.{layer}.weight"].T @ normal.parameters[f"layers.{layer}.weight"]
        assert np.abs(np.tril(triangle, -1)).max() < 1e-14
        assert (np.diag(triangle) > 0).all()


# -- what is not shared ------------------------------------------------------------------------------------


def test_another_cell_has_weights_of_its_own_but_the_same_output_layer() -> None:
    rnn, lstm = build(small("rnn")), build(small("lstm"))
    assert same_batch(rnn, lstm)
    assert weights(rnn).keys() & weights(lstm).keys() == {"output.weight"}
    assert same_weights(rnn, lstm)


def test_another_width_draws_other_weights() -> None:
    narrow, wide = build(small("mlp")), build(small("mlp", width=16))
    assert same_batch(narrow, wide)
    assert not np.array_equal(wide.parameters["layers.2.weight"][:8, :8], narrow.parameters["layers.2.weight"])


def test_other_steps_draw_another_batch_where_the_data_are_made_for_them() -> None:
    short, long = (build(Experiment(cell="rnn", data="gaussian", steps=steps, inputs=2, batch=4)) for steps in (5, 6))
    assert not np.array_equal(long.batch.inputs[:5], short.batch.inputs)
    assert same_weights(short, long)
