"""Skips: which layers have one, what passes beside a branch, and the factor of every combination taken apart."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Network, build, simulate
from gradtui_engine.cells.residual_blocks import BLOCKS, RESIDUALS, blocks
from gradtui_engine.program.normalisation import NORMALISATIONS
from tests.engine.helpers import analysed, shaken, small
from tests.engine.oracles import length, norm_of_sum
from tests.examples import in_one

# Ratios of norms of a few dozen numbers.
TOLERANCE = 1e-12

every_block = pytest.mark.parametrize("block", BLOCKS.names)
every_residual = pytest.mark.parametrize("residual", ["add", "scaled", "rezero", "layer_scale"])
every_span = pytest.mark.parametrize("span", [1, 2])


def joined(**changes: Any) -> Experiment:
    """A network whose every layer's shapes match: 8 inputs, 8 units."""
    return small("mlp", **({"data": "gaussian", "inputs": 8, "residual": "add", "depth": 6} | changes))


# -- which layers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("depth", "span", "inputs", "wanted"),
    [
        (3, 1, 8, [(1, 1, True), (2, 2, True), (3, 3, True)]),
        (3, 1, 5, [(1, 1, False), (2, 2, True), (3, 3, True)]),
        (4, 2, 8, [(1, 2, True), (3, 4, True)]),
        (5, 2, 8, [(1, 2, True), (3, 4, True), (5, 5, False)]),
        (5, 2, 5, [(1, 1, False), (2, 3, True), (4, 5, True)]),
        (1, 2, 8, [(1, 1, False)]),
    ],
)
def test_every_layer_whose_shapes_match_is_in_a_block(
    depth: int, span: int, inputs: int, wanted: list[tuple[int, int, bool]]
) -> None:
    experiment = joined(depth=depth, residual_span=span, inputs=inputs)
    assert list(blocks(experiment.resolved, inputs)) == wanted
    trace = simulate(experiment)
    joins = [each.site.layer for each in trace.program.instructions if each.operation == "residual"]
    assert joins == [last for _, last, skip in wanted if skip]
    for first, last, skip in wanted:
        for stage in range(first - 1, last):
            # The skip's share joins the gradient of the stage where the block begins.
            assert ("skip" in trace.stages[stage].factors) == (skip and stage == first - 1)


def test_without_a_residual_no_layer_has_a_skip() -> None:
    assert not any(skip for _, _, skip in blocks(joined(residual="none").resolved, 8))


# -- what passes -------------------------------------------------------------------------------------------


def without_branches(experiment: Experiment) -> Network:
    """The network with weights and biases of 0 in every hidden layer; the output layer keeps its own."""
    network = build(experiment)
    hidden = {name: np.zeros_like(array) for name, array in network.parameters.items() if "layers." in name}
    return network.with_parameters(network.parameters | hidden)


@every_residual
@every_span
@pytest.mark.parametrize("block", ["post", "pre"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_a_block_whose_branch_weights_are_zero_passes_signal_and_gradient_unchanged(
    residual: str, span: int, block: str, activation: str
) -> None:
    trace = analysed(
        without_branches(
            joined(residual=residual, residual_span=span, residual_block=block, activation=activation)
        ).run()
    )
    assert length(trace.gradients["h/6"]) > 0.01
    for stage in range(0, 6, span):
        assert np.array_equal(trace.values[f"h/{stage}"], trace.values[f"h/{stage + span}"])
        assert trace.gradients[f"h/{stage}"].tobytes() == trace.gradients[f"h/{stage + span}"].tobytes()
        if span == 1:
            assert (trace.stages[stage].factors["skip"], trace.stages[stage].factors["branch"]) == (1.0, 0.0)


def test_in_an_original_block_the_activation_acts_on_the_skip_too() -> None:
    # relu(h + 0): what is on passes, what is off does not, and layer 1 has decided which is which.
    trace = analysed(without_branches(joined(residual_block="original", activation="relu")).run())
    on = trace.values["h/0"] > 0
    assert 0.2 < on.mean() < 0.8
    assert np.array_equal(trace.gradients["h/0"], trace.gradients["h/1"] * on)
    for stage in range(1, 6):
        assert np.array_equal(trace.gradients[f"h/{stage}"] * on, trace.gradients[f"h/{stage + 1}"] * on)


@every_span
@pytest.mark.parametrize("block", ["post", "pre"])
def test_with_beta_zero_no_branch_counts_whatever_its_weights(span: int, block: str) -> None:
    trace = simulate(joined(residual="scaled", residual_scale=0.0, residual_span=span, residual_block=block))
    assert np.array_equal(trace.values["h/0"], trace.values["h/6"])
    assert np.array_equal(trace.gradients["h/0"], trace.gradients["h/6"])
    assert not trace.parameter_gradients["layers.2.weight"].any()


@pytest.mark.parametrize(("given", "beta"), [(None, 1 / math.sqrt(6)), (0.3, 0.3), (2.0, 2.0)])
@every_block
def test_beta_is_the_given_one_or_one_over_the_root_of_the_depth(given: float | None, beta: float, block: str) -> None:
    trace = simulate(joined(residual="scaled", residual_scale=given, residual_block=block))
    for each in trace.program.instructions:
        if each.operation == "residual":
            branch, skip = (trace.values[name] for name in each.inputs)
            assert trace.values[each.outputs[0]] == pytest.approx(skip + beta * branch, rel=1e-14, abs=1e-15)
            passed = trace.gradient(each.outputs[0])
            assert trace.gradient(each.inputs[0]) == pytest.approx(beta * passed, rel=1e-14, abs=0.0)
    assert [stage.factors["scale"] for stage in trace.stages[:-1]] == pytest.approx([beta] * 6, rel=1e-15)


def test_an_unscaled_skip_has_beta_one_and_no_part_for_it_even_where_a_scale_is_given() -> None:
    plain, given = simulate(joined()), simulate(joined(residual_scale=0.5))
    assert "scale" not in plain.stages[0].factors
    assert given.loss == plain.loss


def test_a_branch_scaled_by_the_root_of_the_depth_grows_by_root_e_at_most_and_an_unscaled_one_by_root_two_a_block() -> (
    None
):
    # He's weights and ReLU: χ_F = 1, so the squares grow by (1 + 1/L)^L < e over the whole depth, or by 2 a block.
    wide: dict[str, Any] = {"width": 500, "inputs": 500, "batch": 16, "activation": "relu", "init": "he_normal"}
    for depth in (10, 40):
        scaled = simulate(joined(**wide, residual="scaled", depth=depth))
        # 40 layers of β² = 1/40: the branches' scatter of 3.5 % enters 1/40 of each square. The drift upwards is the
        # finite width's, and smaller than in the unscaled network.
        growth = scaled.stages[0].gradient_norm / scaled.stages[-1].gradient_norm
        assert growth == pytest.approx((1 + 1 / depth) ** (depth / 2), rel=0.08)
        assert growth < 1.08 * math.sqrt(math.e)
    added = simulate(joined(**wide, depth=10))
    growth = added.stages[0].gradient_norm / added.stages[-1].gradient_norm
    # Within 3 % a block of √2: the gradient lines up with the mean of h, more so in narrower networks.
    assert growth ** (1 / 10) == pytest.approx(math.sqrt(2), rel=0.03)


# -- taken apart -------------------------------------------------------------------------------------------

EVERY = [
    (norm, position, residual, block, span)
    for norm, position, residual, block, span in itertools.product(
        NORMALISATIONS, ("before", "after"), [name for name in RESIDUALS if name != "none"], BLOCKS, (1, 2)
    )
    # A norm of the sum needs one, and DeepNorm has it.
    if (norm != "none" or block != "post_norm") and (residual != "deepnorm" or block == "post_norm")
]


@in_one(("norm", "position", "residual", "block", "span"), EVERY)
def test_the_parts_of_every_kind_of_block_combine_to_the_factor(
    norm: str, position: str, residual: str, block: str, span: int
) -> None:
    experiment = joined(
        norm=norm, norm_position=position, residual=residual, residual_block=block, residual_span=span, depth=5
    )
    trace = analysed(shaken(experiment).run())
    for stage in trace.stages[:-1]:
        parts = dict(stage.factors)
        skip, branch, cosine = (parts.pop(name, None) for name in ("skip", "branch", "cosine"))
        gate, angle = parts.pop("gate", 0.0), parts.pop("cosine_gate", 0.0)
        product = math.prod(parts.values())
        if skip is None or branch is None or cosine is None:
            assert product == pytest.approx(stage.factor, rel=TOLERANCE)
        else:
            assert product == pytest.approx(branch, rel=TOLERANCE)
            square = branch**2 + skip**2 + 2 * cosine * branch * skip
            square += gate**2 + 2 * angle * math.sqrt(square) * gate
            assert math.sqrt(square) == pytest.approx(stage.factor, rel=TOLERANCE)
            assert ("gate" in stage.factors) == (residual == "highway")
        assert {"weight", "activation"} <= parts.keys()
        # Within a block whose sum is normalised the branch is not.
        assert ("norm" in parts) == (
            norm != "none" and not (block == "post_norm" and span == 2 and stage.index in (0, 2))
        )


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("readout", ["last", "all"])
@pytest.mark.parametrize("pin", [None, 0.6])
def test_the_two_paths_of_a_gated_cell_combine_to_the_factor(
    cell: str, layers: int, readout: str, pin: float | None
) -> None:
    trace = analysed(shaken(small(cell, layers=layers, readout=readout, pin_forget=pin)).run())
    for stage in trace.stages[:-1]:
        parts = stage.factors
        # The initial state has no loss of its own, nor have the others where one is read out alone.
        assert ("loss" in parts) == (readout == "all" and stage.index > 0)
        total = norm_of_sum(parts, "direct", "gates", *(["loss"] if "loss" in parts else []))
        kind = "c" if cell == "lstm" else "h"
        now, after = (length(trace.gradients[f"{kind}/{each}"]) for each in (stage.index, stage.index + 1))
        assert total == pytest.approx(now / after, rel=1e-10)  # the two may nearly cancel
        assert parts["cell" if cell == "lstm" else "whole"] == pytest.approx(now / after, rel=TOLERANCE)
