"""The lines of PyTorch, executed in PyTorch, against what the engine makes of the same change. See conftest."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradtui_engine import Experiment, build
from gradtui_engine.cells.residual_blocks import BLOCKS
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.numerics import Array
from gradtui_engine.data.target_scales import TARGET_SCALES
from gradtui_engine.experiment.pytorch import lines
from gradtui_engine.experiment.training import Training
from gradtui_engine.experiment.weight_rules import weight_rule
from gradtui_engine.program.program import Place
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.initialisers import INITIALISERS
from gradtui_engine.rules.optimisers import OPTIMISERS

torch.set_num_threads(1)

WIDTH = 96


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    """The engine computes in float64; other tests of the same process do not."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


class Model(nn.Module):
    """The network of an experiment with PyTorch's own start."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        resolved = experiment.resolved
        inputs, width = int(resolved.inputs or 0), resolved.width
        if resolved.kind.over_time:
            made = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[resolved.cell]
            setattr(self, resolved.cell, made(inputs, width, resolved.layers))
        else:
            widths = [inputs] + [width] * resolved.depth
            self.layers = nn.ModuleDict(
                {str(n): nn.Linear(one, two) for n, (one, two) in enumerate(itertools.pairwise(widths), start=1)}
            )
        self.output = nn.Linear(width, 10)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        for layer in self.layers.values():
            h = torch.tanh(layer(h))
        return self.output(h)


def executed(before: Experiment, after: Experiment, **more: Any) -> dict[str, Any]:
    """The names after the lines have been executed."""
    torch.manual_seed(1)
    model = Model(after)
    names = {"torch": torch, "nn": nn, "math": math, "model": model, "output": model.output}
    names |= {after.cell: getattr(model, after.cell)} if after.resolved.kind.over_time else {}
    names |= more
    for line in lines(Training(experiment=before), Training(experiment=after)):
        exec(str(line), names)
    if after.cell in names:
        setattr(model, after.cell, names[after.cell])
    return names


def parameters(model: nn.Module) -> dict[str, Array]:
    return {name: each.detach().numpy() for name, each in model.named_parameters()}


def assert_started_alike(before: Experiment, after: Experiment, **more: Any) -> None:
    """Parameter by parameter the same mean and standard deviation, the same range, and W Wᵀ where it is orthogonal."""
    assert_alike(executed(before, after, **more)["model"], after)


def assert_alike(model: nn.Module, after: Experiment) -> None:
    found, wanted = parameters(model), build(after).parameters
    assert found.keys() == wanted.keys()
    for name, own in wanted.items():
        other, count = found[name], own.size
        assert other.shape == own.shape
        std = float(own.std())
        # Of independent draws of any of these distributions; six standard errors, both sides drawn.
        assert other.mean() == pytest.approx(own.mean(), abs=6 * math.sqrt(2 / count) * std + 1e-12), name
        assert other.std() == pytest.approx(std, rel=6 / math.sqrt(count) + 1e-12, abs=1e-12), name
        if own.ndim != 2:
            continue
        rule = weight_rule(after.resolved, place_of(name))
        if rule.row.name.endswith("uniform") or rule.row.name in ("torch_default", "keras_default"):
            assert np.abs(other).max() == pytest.approx(np.abs(own).max(), rel=12 / count + 1e-12), name
        if rule.row.name == "orthogonal":
            blocks = 1 if rule.whole or name == "output.weight" else after.resolved.kind.blocks
            one, two = (each[: len(own) // blocks] for each in (own, other))
            short = one.shape[0] <= one.shape[1]
            grams = [m @ m.T if short else m.T @ m for m in (one, two)]
            assert np.allclose(*grams, atol=1e-10), name
        if rule.row.name in ("identity", "constant", "zeros") and np.ptp(own) in (0.0, 1.0):
            assert np.allclose(own, other, atol=1e-15), name


def place_of(name: str) -> Place:
    return "output" if name == "output.weight" else "recurrent" if "weight_hh" in name else "layer"


@pytest.mark.parametrize("cell", ["mlp", "rnn", "lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 3])
def test_torch_default_is_how_a_module_starts_that_has_just_been_made(cell: str, layers: int) -> None:
    after = Experiment(cell=cell, init="torch_default", width=WIDTH, depth=layers, layers=layers)
    torch.manual_seed(5)
    assert_alike(Model(after), after)


#: Weights with rules of their own: the last fields are given beside each.
OWN_RULES: list[dict[str, Any]] = [
    {"init_recurrent": "orthogonal"}, {"init_recurrent": "identity", "gain_recurrent": 0.5},
    {"init_recurrent": "zeros", "init_output": "zeros"}, {"gain_recurrent": 0.2, "gain_output": 3.0},
    {"init_output": "orthogonal", "gain_output": 0.01},
]  # fmt: skip


@pytest.mark.parametrize("own", OWN_RULES, ids=str)
@pytest.mark.parametrize("init", ["he_normal", "torch_default", "keras_default", "zeros"])
@pytest.mark.parametrize("more", [{}, {"sigma_w": 1.5}, {"sigma_b": 0.3}, {"gain": 0.7}], ids=str)
@pytest.mark.parametrize("cell", ["mlp", "rnn", "gru"])
def test_rules_for_one_place_start_the_same_network(
    own: dict[str, Any], init: str, more: dict[str, Any], cell: str
) -> None:
    common: dict[str, Any] = {"cell": cell, "width": 32, "depth": 2, "data": "digits" if cell == "mlp" else None}
    assert_started_alike(Experiment(**common, init="normal"), Experiment(**common, init=init, **own, **more))


@pytest.mark.parametrize("fields", [{"init": "lsuv", "init_output": "zeros"}, {"init_output": "lsuv"}], ids=str)
def test_lsuv_of_some_layers_leaves_the_others_alone(fields: dict[str, Any]) -> None:
    after = Experiment(**fields, activation="tanh", width=32, depth=3)
    network = build(after)
    torch.manual_seed(2)
    names = executed(
        after.replace(init="xavier_normal", init_output=None), after, inputs=torch.tensor(network.batch.inputs)
    )
    h, model = torch.tensor(network.batch.inputs), names["model"]
    for layer in (*model.layers.values(), model.output):
        z, output = layer(h), layer is model.output
        spread = z.std(correction=0).item()
        assert (spread == pytest.approx(1.0, rel=1e-12)) == (output == (after.init != "lsuv"))
        assert bool(spread) == (not output or after.init_output != "zeros")
        h = torch.tanh(z)


#: Those that are no call of their own, or scale by data.
STARTS = [name for name in INITIALISERS if name != "lsuv"]


@pytest.mark.parametrize("init", STARTS)
@pytest.mark.parametrize("more", [{}, {"gain": "auto"}, {"gain": 0.7}, {"init_scale": 0.05}, {"sigma_b": 0.3}], ids=str)
@pytest.mark.parametrize("cell", ["mlp", "rnn", "lstm", "gru"])
def test_every_initialiser_starts_the_same_network(init: str, more: dict[str, Any], cell: str) -> None:
    activation = {"mlp": "leaky_relu", "rnn": "tanh"}.get(cell)
    common: dict[str, Any] = {
        "cell": cell, "width": WIDTH, "depth": 2, "activation": activation, "data": "digits" if cell == "mlp" else None,
    }  # fmt: skip
    before = Experiment(**common, init="zeros" if init != "zeros" else "orthogonal")
    assert_started_alike(before, Experiment(**common, init=init, **more))


@pytest.mark.parametrize("cell", ["mlp", "lstm"])
def test_sigma_w_and_sigma_b(cell: str) -> None:
    before = Experiment(cell=cell, width=WIDTH, depth=2)
    assert_started_alike(before, before.replace(sigma_w=1.5, sigma_b=0.1))


@pytest.mark.parametrize("change", [{"forget_bias": 3.0}, {"input_bias": -2.0, "init": "orthogonal"}])
@pytest.mark.parametrize("layers", [1, 2])
def test_biases_of_gates(change: dict[str, Any], layers: int) -> None:
    before = Experiment(cell="lstm", width=8, layers=layers)
    after = before.replace(**change)
    found, wanted = parameters(executed(before, after)["model"]), build(after).parameters
    for layer in range(layers):
        total = [each[f"lstm.bias_ih_l{layer}"] + each[f"lstm.bias_hh_l{layer}"] for each in (found, wanted)]
        block = slice(8, 16) if "forget_bias" in change else slice(0, 32)
        assert np.array_equal(total[0][block], total[1][block])


@pytest.mark.parametrize("gain", ["auto", 1.0])
def test_lsuv_gives_every_layer_the_wanted_variance(gain: float | str) -> None:
    after = Experiment(init="lsuv", gain=gain, activation="tanh", width=32, depth=4)
    batch = build(after).batch
    names = executed(after.replace(init="xavier_normal"), after, inputs=torch.tensor(batch.inputs))
    h, model = torch.tensor(batch.inputs), names["model"]
    for layer in (*model.layers.values(), model.output):
        z = layer(h)
        wanted = 1.0 if layer is model.output else after.resolved.gain_value
        assert z.std(correction=0).item() == pytest.approx(1.0 if gain != "auto" else wanted, rel=1e-12)
        h = torch.tanh(z)


# -- modules -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS.names)
def test_every_activation_is_the_same_function(name: str) -> None:
    before = Experiment(activation="sigmoid" if name != "sigmoid" else "tanh")
    (line,) = lines(Training(experiment=before), Training(experiment=Experiment(activation=name)))
    z, out = np.linspace(-9.0, 9.0, 301), np.empty(301)
    row = ACTIVATIONS[name]
    row.forward(z, out, *([] if row.slope is None else [row.slope]))
    module = eval(line.code, {"nn": nn, "torch": torch})
    assert module(torch.tensor(z)).detach().numpy() == pytest.approx(out, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("norm", ["none", "layer", "batch", "rms"])
@pytest.mark.parametrize("position", ["before", "after"])
@pytest.mark.parametrize("block", BLOCKS.names)
@pytest.mark.parametrize("span", [1, 2])
def test_a_residual_block_computes_what_the_engines_does(norm: str, position: str, block: str, span: int) -> None:
    common: dict[str, Any] = {
        "activation": "tanh", "depth": span, "norm": None if norm == "none" else norm, "norm_position": position,
        "residual_block": block, "residual_span": span,
    }  # fmt: skip
    after = Experiment(**common, residual="scaled", residual_scale=0.4)
    trace = build(after).run()
    made: dict[str, Any] = {"torch": torch, "nn": nn, "h": torch.tensor(trace.input)}
    *modules, forward = [
        line.code
        for line in lines(Training(experiment=Experiment(**common)), Training(experiment=after))
        if line.code.startswith(("layer", "after", "h"))
    ]
    for code in modules:
        exec(code, made)
    linears = [each for each in made["layer"] if isinstance(each, nn.Linear)]
    with torch.no_grad():
        for number, linear in enumerate(linears, start=1):
            linear.weight.copy_(torch.tensor(trace.parameters[f"layers.{number}.weight"]))
            linear.bias.copy_(torch.tensor(trace.parameters[f"layers.{number}.bias"]))
        exec(forward, made)
    assert made["h"].numpy() == pytest.approx(trace.values[f"h/{span}"], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("residual", ["rezero", "layer_scale", "deepnorm", "highway"])
@pytest.mark.parametrize("span", [1, 2])
def test_every_way_to_join_computes_what_the_engines_does(residual: str, span: int) -> None:
    before = Experiment(activation="gelu", depth=span, residual_span=span)
    after = before.replace(residual=residual, residual_scale=0.3 if residual in ("rezero", "layer_scale") else None)
    trace = build(after).run()
    made: dict[str, Any] = {"torch": torch, "nn": nn, "h": torch.tensor(trace.input)}
    found = [line.code for line in lines(Training(experiment=before), Training(experiment=after))]
    *modules, forward = [code for code in found if not code.startswith("nn.LayerNorm")]
    started = {"deepnorm": ["for m"], "highway": ["nn.init.constant_(gate.bias, -2.0)"]}.get(residual, [])
    assert [code for code in modules if code.startswith(tuple(started) or ("-",))][:1] == [
        next(code for code in modules if code.startswith(start)) for start in started
    ]
    for code in modules:
        exec(code, made)
    linears = [each for each in made["layer"] if isinstance(each, nn.Linear)]
    if residual == "deepnorm":
        # PyTorch's own start is within ±1/√64: β times that.
        assert linears[0].weight.abs().max().item() == pytest.approx((8 * span) ** -0.25 / 8, rel=0.01)
    if residual == "highway":
        assert set(made["gate"].bias.tolist()) == {-2.0}
    for name in ("alpha", "gamma"):
        if name in made:
            wanted = trace.parameters[f"layers.{span}.residual.weight"]
            assert made[name].detach().numpy() == pytest.approx(wanted, rel=1e-15)
    with torch.no_grad():
        for number, linear in enumerate(linears, start=1):
            linear.weight.copy_(torch.tensor(trace.parameters[f"layers.{number}.weight"]))
            linear.bias.copy_(torch.tensor(trace.parameters[f"layers.{number}.bias"]))
        if residual == "highway":
            made["gate"].weight.copy_(torch.tensor(trace.parameters["layers.1.gate.weight"]))
        exec(forward, made)
    assert made["h"].numpy() == pytest.approx(trace.values[f"h/{span}"], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("pin", [0.0, 0.9, 1.0])
def test_a_pinned_gate_is_held_and_stays_held(cell: str, pin: float) -> None:
    before = Experiment(cell=cell, width=6, data="digits-rows", batch=4)
    after = before.replace(pin_forget=pin)
    model = executed(before, after)["model"]
    module, network = getattr(model, cell), build(after)
    wanted = {f"{cell}.{name}": each.detach().numpy().copy() for name, each in module.named_parameters()}
    wanted |= {f"output.{name}": each.detach().numpy() for name, each in model.output.named_parameters()}
    # The engine holds the gate whatever its bias is.
    finite = {name: np.where(np.isfinite(each), each, 0.0) for name, each in wanted.items()}
    trace = dataclasses.replace(network.with_parameters(finite).run())
    states, _ = module(torch.tensor(network.batch.inputs))
    for time in range(1, 9):
        assert states[time - 1].detach().numpy() == pytest.approx(trace.values[f"h/{time}"], rel=1e-12, abs=1e-15)
    nn.functional.cross_entropy(model.output(states[-1]), torch.tensor(network.batch.target)).backward()
    torch.optim.Adam(model.parameters(), lr=0.1).step()
    rows = slice(6, 12)  # the second block of either
    for name, each in module.named_parameters():
        assert np.array_equal(each.detach().numpy()[rows], wanted[f"{cell}.{name}"][rows])
        assert np.isfinite(each.detach().numpy()[:6]).all()


@pytest.mark.parametrize("cell", [name for name, row in CELLS.items() if row.module is not None])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("readout", ["last", "all"])
def test_a_module_that_is_written_out_computes_what_the_engine_does(cell: str, layers: int, readout: str) -> None:
    before = Experiment(cell="gru", width=6, layers=layers, data="digits-rows", batch=4, readout=readout)
    names: dict[str, Any] = {"torch": torch, "nn": nn, "math": math}
    for line in lines(Training(experiment=before), Training(experiment=before.replace(cell=cell)))[:2]:
        exec(str(line), names)
    module, network = names[cell], build(before.replace(cell=cell))
    trace = network.run()
    for name, each in module.named_parameters():
        each.data.copy_(torch.tensor(trace.parameters[f"{cell}.{name}"]))
    states, last = module(torch.tensor(network.batch.inputs))
    assert states.detach().numpy() == pytest.approx(trace.values["h"][1:], rel=1e-12, abs=1e-15)
    # In two halves it goes on where it was.
    first, state = module(torch.tensor(network.batch.inputs[:3]))
    rest, again = module(torch.tensor(network.batch.inputs[3:]), state)
    assert torch.equal(torch.cat([first, rest]), states)
    assert torch.equal(again, last)
    read = states if readout == "all" else states[-1]
    output = read @ torch.tensor(trace.parameters["output.weight"]).T + torch.tensor(trace.parameters["output.bias"])
    target = torch.tensor(network.batch.target).reshape(-1)
    nn.functional.cross_entropy(output.reshape(len(target), -1), target).backward()
    for name, each in module.named_parameters():
        gradient = trace.parameter_gradients[f"{cell}.{name}"]
        assert each.grad.numpy() == pytest.approx(gradient, rel=1e-9, abs=1e-13 * np.abs(gradient).max())


class Given(nn.Module):
    """Dropout whose masks are given, one for each call."""

    def __init__(self, kind: str, rate: float, masks: list[Array]) -> None:
        super().__init__()
        self.kind, self.rate, self.masks = kind, rate, [torch.tensor(np.array(mask)) for mask in masks]

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        mask = self.masks.pop(0)
        if self.kind == "inverted":
            return h * mask / (1 - self.rate)
        # −λα of SELU, and the scale and shift that keep mean 0 and variance 1 (Klambauer et al. 2017).
        low = -1.7580993408473766
        scale = ((1 - self.rate) * (1 + self.rate * low**2)) ** -0.5
        return scale * (h * mask + low * (1 - mask)) - scale * self.rate * low


@pytest.mark.parametrize("cell", [name for name, row in CELLS.items() if row.module is not None])
@pytest.mark.parametrize("kind", ["inverted", "alpha"])
def test_a_module_that_is_written_out_has_dropout_between_its_layers(cell: str, kind: str) -> None:
    before = Experiment(cell="gru", width=5, layers=3, data="digits-rows", batch=4)
    after = before.replace(cell=cell, dropout=0.4, dropout_kind=kind)
    names: dict[str, Any] = {"torch": torch, "nn": nn, "math": math}
    for code in [str(line) for line in lines(Training(experiment=before), Training(experiment=after))][:3]:
        exec(code, names)
    module, trace = names[cell], build(after).run()
    assert (
        str(module.dropout)
        == {"inverted": "Dropout(p=0.4, inplace=False)", "alpha": "AlphaDropout(p=0.4, inplace=False)"}[kind]
    )
    assert torch.equal(module.eval()(torch.tensor(trace.input))[0], module(torch.tensor(trace.input))[0])
    module.dropout = Given(kind, 0.4, [*trace.masks.values()])
    for name, each in module.named_parameters():
        each.data.copy_(torch.tensor(trace.parameters[f"{cell}.{name}"]))
    states, _ = module(torch.tensor(trace.input))
    assert not module.dropout.masks
    assert states.detach().numpy() == pytest.approx(trace.values["h"][1:], rel=1e-11, abs=1e-15)


@pytest.mark.parametrize(
    ("held", "said"),
    [({"dropout": 0.5}, ".dropout = 0.5"), ({"truncate": 3}, ".split(3)"), ({"pin_forget": 0.5}, "register_hook")],
)
def test_a_module_that_is_made_anew_has_what_the_old_one_had(held: dict[str, Any], said: str) -> None:
    before = Experiment(cell="gru", width=6, layers=2, data="digits-rows", batch=4, **held)
    text = "\n".join(map(str, lines(Training(experiment=before), Training(experiment=before.replace(width=7)))))
    assert said in text
    free = Experiment(cell="gru", width=6, layers=2, data="digits-rows", batch=4)
    assert said not in "\n".join(map(str, lines(Training(experiment=free), Training(experiment=free.replace(width=7)))))


# -- the update ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clip", [name for name in CLIPPINGS if name != "none"])
def test_every_clipping_gives_the_optimiser_the_same_gradients(clip: str) -> None:
    before = Experiment(width=12, depth=2, activation="tanh")
    after = before.replace(clip=clip, clip_threshold=0.02)
    model, network = Model(before), build(before)
    own = parameters(model)
    nn.functional.cross_entropy(
        model(torch.tensor(network.batch.inputs)), torch.tensor(network.batch.target)
    ).backward()
    gradients = {name: np.array(each.grad.numpy()) for name, each in model.named_parameters() if each.grad is not None}
    wanted = CLIPPINGS[clip].clip(gradients, own, 0.02)
    assert any(not np.allclose(wanted[name], gradients[name]) for name in wanted)
    for line in lines(Training(experiment=before), Training(experiment=after)):
        exec(str(line), {"torch": torch, "nn": nn, "model": model})
    for name, each in model.named_parameters():
        assert each.grad is not None
        assert each.grad.numpy() == pytest.approx(wanted[name], rel=1e-9, abs=1e-15), name


@pytest.mark.parametrize("optimizer", OPTIMISERS.names)
def test_every_optimiser_makes_the_same_update_at_the_rate_of_a_warmup(optimizer: str) -> None:
    other = "sgd" if optimizer != "sgd" else "adam"
    before = Training(experiment=Experiment(width=12, depth=2, activation="tanh", optimizer=other))
    after = before.replace(optimizer=optimizer, schedule="warmup", warmup=4)
    model, network = Model(before.experiment), build(after.experiment.replace(learning_rate=after.learning_rate(0)))
    network = network.with_parameters({name: each.copy() for name, each in parameters(model).items()})
    names = {"torch": torch, "model": model}
    optimiser, scheduler, _ = lines(before, after)
    exec(str(optimiser), names)
    exec(str(scheduler), names)
    trace = network.run()
    nn.functional.cross_entropy(
        model(torch.tensor(network.batch.inputs)), torch.tensor(network.batch.target)
    ).backward()
    names["optimizer"].step()
    for name, each in model.named_parameters():
        assert each.detach().numpy() == pytest.approx(trace.updated(name), rel=1e-9, abs=1e-12), name


def test_a_scaled_target_is_the_engines() -> None:
    prices = np.array([12.0, 18.0, 15.0, 40.0, 11.0, 13.0, 17.0])
    before = Training(experiment=Experiment(data="csv:x.csv", target_scale="none"))
    for row in TARGET_SCALES.values():
        scale = row.of(prices)
        if scale is None:
            continue
        (line,) = lines(before, Training(experiment=Experiment(data="csv:x.csv", target_scale=row.name)))
        names = {"target": torch.tensor(prices)}
        exec(line.code, names)
        assert names["target"].numpy() == pytest.approx(scale.scaled(prices), rel=1e-13), row.name


@pytest.mark.parametrize("norm", ["layer", "batch", "rms"])
@pytest.mark.parametrize("position", ["before", "after"])
def test_norms_of_widths_that_differ_have_each_layers_own(norm: str, position: str) -> None:
    """One line makes all of them, with nothing defined before."""
    after = Experiment(width="12,5,7", norm=norm, norm_position=position)
    (line,) = lines(Training(experiment=Experiment(width="12,5,7")), Training(experiment=after))
    modules = eval(line.code, {"nn": nn})
    shapes = [tuple(parameter.shape) for name, parameter in build(after).parameters.items() if name.endswith("weight")]
    widths = [shape[0] for shape in shapes if len(shape) == 1]
    assert [module(torch.zeros(3, width)).shape[1] for module, width in zip(modules, (12, 5, 7), strict=True)] == widths
