"""Widths that differ by layer: against PyTorch written by hand, against one width, and in every spelling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from gradtui_engine import Experiment, ExperimentError, Network, Trace, build, simulate
from gradtui_engine.core.numerics import Array
from gradtui_engine.theory.prediction import Theory
from tests.engine.helpers import refused

torch.set_num_threads(1)
TORCH = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}
#: Blocks of two layers whose ends are equally wide: the inner ones are narrower, and two changes have no skip.
HOURGLASS = "12,5,12,7,12,9,9,4,9"


def tensors(network: Network) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(array, requires_grad=True) for name, array in network.parameters.items()}


def in_torch(experiment: Experiment, inputs: Array, own: dict[str, torch.Tensor]) -> torch.Tensor:
    """The formulas of the layers: z = h Wᵀ + b, layer norm, f, and h + F(h) where both are as wide."""
    resolved, h, layer = experiment.resolved, torch.tensor(inputs), 1
    span = resolved.residual_span
    while layer <= resolved.depth:
        last = layer + span - 1
        joins = resolved.residual == "add" and last <= resolved.depth and h.shape[1] == resolved.widths[last - 1]
        before = h
        for number in range(layer, (last if joins else layer) + 1):
            h = h @ own[f"layers.{number}.weight"].T + own[f"layers.{number}.bias"]
            if resolved.norm == "layer":
                scale, shift = (own[f"layers.{number}.norm.{name}"] for name in ("weight", "bias"))
                h = torch.nn.functional.layer_norm(h, h.shape[1:], scale, shift)
            h = TORCH[resolved.activation](h)
        h = before + h if joins else h
        layer = last + 1 if joins else layer + 1
    return h @ own["output.weight"].T + own["output.bias"]


@pytest.mark.parametrize("norm", ["none", "layer"])
@pytest.mark.parametrize(
    "fields",
    [
        {"width": "64,17,5"}, {"width": (9, 9, 30, 30, 2)}, {"width": [3]},
        {"width": HOURGLASS, "residual": "add", "residual_span": 2},
        {"width": "64,64,20,20,8", "residual": "add"}, {"width": "20,20,8", "residual": "add", "inputs": 20},
    ],
    ids=str,
)  # fmt: skip
def test_forward_gradients_and_updates_are_pytorchs(fields: dict[str, Any], norm: str) -> None:
    data = {"data": "gaussian"} if "inputs" in fields else {}
    experiment = Experiment(
        **fields, **data, activation="tanh", norm=norm, batch=16, learning_rate=0.1, init="he_normal"
    )
    network = build(experiment)
    widths = [experiment.resolved.width] if len(network.program.stages) == 2 else [*experiment.resolved.widths]
    own = tensors(network)
    assert [len(own[f"layers.{layer}.bias"]) for layer in range(1, len(widths) + 1)] == widths
    target = torch.tensor(network.batch.target)
    for _ in range(3):
        trace = network.run()
        inputs = network.batch.inputs
        output = in_torch(experiment, inputs, own) if experiment.resolved.widths else one_layer(inputs, own, norm)
        classes = network.batch.loss == "cross_entropy"
        loss = torch.nn.functional.cross_entropy(output, target) if classes else ((output - target) ** 2).mean()
        loss.backward()
        assert trace.loss == pytest.approx(loss.item(), rel=1e-10)
        for name, tensor in own.items():
            assert tensor.grad is not None
            gradient = tensor.grad.numpy()
            size = float(np.abs(gradient).max())
            assert trace.parameter_gradients[name] == pytest.approx(gradient, rel=1e-8, abs=1e-9 * size), name
            with torch.no_grad():
                tensor -= 0.1 * tensor.grad
            tensor.grad = None
        network = network.updated(trace)
    for name, tensor in own.items():
        assert network.parameters[name] == pytest.approx(tensor.detach().numpy(), rel=1e-8, abs=1e-10), name


def one_layer(inputs: Array, own: dict[str, torch.Tensor], norm: str) -> torch.Tensor:
    h = torch.tensor(inputs) @ own["layers.1.weight"].T + own["layers.1.bias"]
    if norm == "layer":
        h = torch.nn.functional.layer_norm(h, h.shape[1:], own["layers.1.norm.weight"], own["layers.1.norm.bias"])
    return torch.tanh(h) @ own["output.weight"].T + own["output.bias"]


# -- one width said as a list --------------------------------------------------------------------------------


def test_equal_widths_are_the_experiment_of_one_width_to_the_bit() -> None:
    listed, plain = Experiment(width="24,24,24", activation="relu"), Experiment(width=24, depth=3, activation="relu")
    assert listed.resolved == plain.resolved
    one, two = build(listed).run(), build(plain).run()
    assert one.values["h"].tobytes() == two.values["h"].tobytes()
    assert [*one.program.slots] == [*two.program.slots]


@pytest.mark.parametrize(
    "given", ["512,256,128", "512, 256, 128", "512x256x128", [512, 256, 128], (512, 256, 128), "512 256 128"]
)
def test_a_list_in_every_spelling_is_one_experiment(given: Any) -> None:
    experiment = Experiment(width=given)
    assert experiment.width == "512,256,128"
    assert (experiment.resolved.depth, experiment.resolved.widths) == (3, (512, 256, 128))
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    assert Experiment.from_toml("width = [512, 256, 128]") == experiment
    assert experiment.to_arguments() == ["--width", "512,256,128"]
    assert experiment.replace(width=64).resolved.depth == 30


def test_a_list_of_one_is_one_layer() -> None:
    for given in ([7], (7,), "7,"):
        assert (Experiment(width=given).width, Experiment(width=given).resolved.depth) == ("7,", 1)


def test_a_depth_that_contradicts_is_told_with_both() -> None:
    assert refused(Experiment, width="5,6", depth=30) == [
        "depth: 30 given, and 2 layers by width 5, 6: leave one of them out"
    ]
    assert Experiment(width="5,6", depth=2).resolved == Experiment(width="5,6").resolved
    assert refused(Experiment, width="5,6", cell="gru") == [
        "width: 5, 6 given; all layers of gru have one width; allowed: one whole number"
    ]


@pytest.mark.parametrize("given", [[], [0, 3], "5,", "a,b", [2.5, 3], "5,,6", [True, 2], "70000,3", ["5", "6"]])
def test_what_is_no_list_of_widths_is_refused_in_words(given: Any) -> None:
    if given == "5,":
        assert Experiment(width=given).resolved.depth == 1
        return
    with pytest.raises(ExperimentError, match=r"^width: "):
        Experiment(width=given)


# -- what is worked out of it --------------------------------------------------------------------------------

WIDE: dict[str, Any] = {"width": "600,300,900,450,450,700", "data": "gaussian", "inputs": 500, "batch": 64}


def measured(trace: Any) -> tuple[list[float], Theory]:
    return [stage.factor for stage in trace.stages[:-1]], trace.theory


@pytest.mark.parametrize(
    "fields",
    [
        {"activation": "relu", "init": "he_normal"}, {"activation": "relu", "init": "xavier_normal"},
        {"activation": "tanh", "init": "lecun_normal"}, {"activation": "tanh", "init": "keras_default"},
        {"activation": "relu", "init": "torch_default"},
        {"activation": "tanh", "init": "xavier_uniform", "norm": "layer"},
        {"activation": "relu", "init": "he_normal", "residual": "add"}, {"activation": "tanh", "init": "lsuv"},
        {"activation": "tanh", "sigma_w": 1.3, "sigma_b": 0.2},
    ],
    ids=str,
)  # fmt: skip
def test_theory_has_each_layers_own_fans(fields: dict[str, Any]) -> None:
    factors, theory = measured(simulate(Experiment(**WIDE, **fields)))
    # A factor scatters by about 1/√(width · …): 2 % over seeds at 300 units and 64 samples, three times that.
    assert factors == pytest.approx([each or 0.0 for each in theory.factors[:-1]], rel=0.07)
    assert theory.chi is not None


def test_only_a_rule_that_sees_one_fan_has_one_point_at_infinite_depth() -> None:
    of = {name: simulate(Experiment(width="40,20,30", activation="tanh", init=name)).theory for name in
          ("lecun_normal", "xavier_normal", "torch_default")}  # fmt: skip
    assert of["lecun_normal"].q_star is not None
    assert of["xavier_normal"].q_star is of["torch_default"].q_star is None


def test_jacobians_of_layers_that_change_the_width_are_rectangular() -> None:
    from gradtui_engine.analysis.jacobian import jacobian

    run = simulate(Experiment(width="11,6,9", activation="tanh", batch=4))
    whole = jacobian(run)
    assert whole.shape == (9, 11)
    slopes = [1 - run.trace.values[f"h/{layer}"][0] ** 2 for layer in (2, 3)]
    two, three = (run.trace.parameters[f"layers.{layer}.weight"] for layer in (2, 3))
    by_hand = (slopes[1][:, None] * three) @ (slopes[0][:, None] * two)
    assert whole == pytest.approx(by_hand, rel=1e-12, abs=1e-15)


def test_statistics_are_those_of_each_layers_own_units() -> None:
    fields = {"residual": "add", "residual_span": 2, "residual_block": "pre", "norm": "layer"}
    run = simulate(Experiment(width=HOURGLASS, activation="relu", **fields))
    for number, stage in enumerate(run.stages[1:], start=1):
        h = run.trace.values[f"h/{number}"]
        assert (stage.activation.mean, stage.activation.std) == pytest.approx((h.mean(), h.std()), rel=1e-10)
        activation = run.trace.activation_at(number)
        assert activation is not None
        a = run.trace.values[activation.outputs[0]]
        assert stage.activation.dead == pytest.approx((a == 0).all(axis=0).mean(), abs=1e-12)


def test_dropout_and_highway_take_the_width_of_their_layer() -> None:
    trace: Trace = build(Experiment(width="8,8,3,3", residual="highway", dropout=0.5, activation="tanh")).run()
    assert trace.parameters["layers.2.gate.weight"].shape == (8, 8)
    assert trace.parameters["layers.4.gate.weight"].shape == (3, 3)
    assert [trace.values[name].shape[1] for name in trace.program.masks] == [8, 8, 3, 3]


def test_lists_are_counted_before_they_are_built() -> None:
    experiment = Experiment(width="48,32,32,7", norm="batch", activation="relu")
    network = build(experiment)
    resolved = experiment.resolved
    from gradtui_engine.program.output_layer import Sizes

    assert resolved.kind.numbers(resolved, Sizes.of(network.batch)) == network.program.numbers()
    (problem,) = refused(build, Experiment(width="65536,65536", batch=1000))
    assert problem.startswith("size: depth 2 × width 65536 × batch 1000")
