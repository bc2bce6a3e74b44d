"""The Transformer beside torch.nn.TransformerEncoderLayer: forward, every gradient, several updates; 1e-8 relative."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from gradtui_engine import Experiment, Network, Training, build
from gradtui_engine.experiment.pytorch import lines
from gradtui_engine.training.trainer import Trainer
from tests.engine.helpers import shaken

torch.set_num_threads(1)

SMALL: dict[str, Any] = {"cell": "transformer", "depth": 3, "width": 8, "batch": 5, "mlp_width": 12, "seed": 3}
#: Of in_proj_bias, (3·width,), the keys', and the others.
KEYS, BUT_KEYS = np.arange(8, 16), np.r_[0:8, 16:24]


class Encoder(torch.nn.Module):
    """Linear embedding with Vaswani's sinusoids, PyTorch's own encoder layers, and a linear output."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        fields, shapes = network.resolved, network.parameters
        width, inputs = shapes["embedding.weight"].shape
        self.readout, self.position = fields.readout, fields.position
        self.embedding = torch.nn.Linear(inputs, width)
        first = fields.residual_block == "pre"
        self.layers = torch.nn.ModuleDict(
            {
                str(block): torch.nn.TransformerEncoderLayer(
                    width, fields.heads or 0, fields.mlp_width or 0, 0.0, fields.activation, norm_first=first
                )
                for block in range(1, fields.depth + 1)
            }
        )
        self.norm = torch.nn.LayerNorm(width) if first else torch.nn.Identity()
        self.output = torch.nn.Linear(width, shapes["output.bias"].size)
        self.double()
        self.load_state_dict({name: torch.tensor(array) for name, array in network.parameters.items()})
        self.states: list[torch.Tensor] = []

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        tokens, width = len(inputs), self.embedding.out_features
        place = torch.zeros(tokens, width, dtype=torch.float64)
        if self.position == "sinusoidal":
            angle = torch.arange(tokens)[:, None] / 10000 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
            place[:, 0::2], place[:, 1::2] = angle.sin(), angle.cos()
        state = self.embedding(inputs) + place[:, None]
        self.states = [state]
        for layer in self.layers.values():
            state = layer(state)
            self.states.append(state)
        for kept in self.states:
            kept.retain_grad()
        state = self.norm(state)
        read = {"last": lambda: state[-1], "mean": lambda: state.mean(0), "all": lambda: state}[self.readout]()
        return self.output(read)


def loss_of(encoder: Encoder, network: Network) -> torch.Tensor:
    output = encoder(torch.tensor(network.batch.inputs))
    target = torch.tensor(np.array(network.batch.target)).reshape(-1)
    return torch.nn.functional.cross_entropy(output.reshape(len(target), -1), target)


def near(ours: Any, theirs: torch.Tensor) -> None:
    array = theirs.detach().numpy()
    assert np.linalg.norm(ours - array) <= 1e-8 * np.linalg.norm(array)


CASES = [
    *(
        {"residual_block": position, "activation": activation, "heads": heads}
        for position, activation, heads in itertools.product(("pre", "post_norm"), ("relu", "gelu"), (1, 4))
    ),
    {"readout": "mean", "position": "none"},
    {"readout": "all", "residual_block": "post_norm", "data": "copy", "steps": 3},
    {"data": "recall", "steps": 7, "heads": 2},
]


@pytest.mark.parametrize("fields", CASES, ids=str)
def test_forward_and_all_gradients_are_pytorchs(fields: dict[str, Any]) -> None:
    network = shaken(Experiment(**SMALL | fields))
    trace, encoder = network.run(), Encoder(network)
    loss = loss_of(encoder, network)
    loss.backward()
    assert trace.loss == pytest.approx(loss.item(), rel=1e-10)
    for stage, state in zip(trace.program.stages, encoder.states, strict=True):
        near(trace.values[stage], state)
        assert state.grad is not None
        near(trace.gradients[stage], state.grad)
    parameters = dict(encoder.named_parameters())
    assert parameters.keys() == trace.parameter_gradients.keys()
    for name, gradient in trace.parameter_gradients.items():
        theirs = parameters[name].grad
        assert theirs is not None
        if name.endswith("in_proj_bias"):
            # The keys' bias moves no score: its gradient is rounding on both sides.
            near(gradient[BUT_KEYS], theirs[BUT_KEYS])
            assert np.abs(gradient[KEYS]).max() < 1e-15 > theirs[KEYS].abs().max()
        else:
            near(gradient, theirs)


@pytest.mark.parametrize("block", ["pre", "post_norm"])
@pytest.mark.parametrize(
    ("optimizer", "made", "rate"),
    [("sgd", torch.optim.SGD, 0.3), ("adam", torch.optim.Adam, 1e-3), ("adamw", torch.optim.AdamW, 1e-3)],
)
def test_five_updates_are_pytorchs(block: str, optimizer: str, made: Any, rate: float) -> None:
    experiment = Experiment(**SMALL, residual_block=block, optimizer=optimizer, learning_rate=rate)
    trainer, encoder = Trainer(Training(experiment=experiment, iterations=5)), Encoder(build(experiment))
    # With the trainer's own start, whose data are split into two.
    start = trainer.parameters()
    encoder.load_state_dict({name: torch.tensor(array) for name, array in start.items()})
    update = made(encoder.parameters(), lr=rate, weight_decay=experiment.resolved.weight_decay)
    for number in range(5):
        update.zero_grad()
        batch = trainer.stream.batch(number)
        target = torch.tensor(np.array(batch.target))
        torch.nn.functional.cross_entropy(encoder(torch.tensor(batch.inputs)), target).backward()
        update.step()
        trainer.advance(1)
        # The keys' bias moves no score, as softmax takes away what all of a row have. Its gradient is 0 up to rounding,
        # and Adam divides that by its own size: both sides go on with ours.
        for name, theirs in encoder.named_parameters():
            if name.endswith("in_proj_bias"):
                theirs.data[KEYS] = torch.tensor(trainer.parameters()[name][KEYS])
    for name, theirs in encoder.named_parameters():
        near(trainer.parameters()[name], theirs)
        assert not np.array_equal(start[name], trainer.parameters()[name]), name


@pytest.mark.parametrize("first", [True, False])
def test_three_layers_are_an_encoder_of_pytorchs(first: bool) -> None:
    network = shaken(
        Experiment(**SMALL | {"depth": 3, "residual_block": "pre" if first else "post_norm", "readout": "mean"})
    )
    shapes, fields = network.parameters, network.resolved
    layer = torch.nn.TransformerEncoderLayer(
        fields.width, fields.heads or 0, fields.mlp_width or 0, 0.0, norm_first=first
    )
    norm = torch.nn.LayerNorm(fields.width) if first else None
    encoder = torch.nn.TransformerEncoder(layer, 3, norm, enable_nested_tensor=False).double()
    encoder.load_state_dict(
        {
            f"layers.{int(parts[1]) - 1}.{'.'.join(parts[2:])}" if parts[0] == "layers" else name: torch.tensor(array)
            for name, array in shapes.items()
            if (parts := name.split("."))[0] in ("layers", "norm")
        }
    )
    trace = network.run()
    start = torch.tensor(trace.values["h/0"], requires_grad=True)
    output = torch.nn.functional.linear(
        encoder(start).mean(0), torch.tensor(shapes["output.weight"]), torch.tensor(shapes["output.bias"])
    )
    loss = torch.nn.functional.cross_entropy(output, torch.tensor(np.array(network.batch.target)).reshape(-1))
    loss.backward()
    assert trace.loss == pytest.approx(loss.item(), rel=1e-10)
    assert start.grad is not None
    near(trace.gradients["h/0"], start.grad)
    for name, theirs in encoder.named_parameters():
        assert theirs.grad is not None
        start_of, _, rest = name.removeprefix("layers.").partition(".")
        ours = trace.parameter_gradients[name if name.startswith("norm") else f"layers.{int(start_of) + 1}.{rest}"]
        kept = slice(None) if not name.endswith("in_proj_bias") else BUT_KEYS
        near(ours[kept], theirs.grad[kept])


def test_attention_is_that_of_pytorchs_module() -> None:
    network = shaken(Experiment(**SMALL, heads=2))
    trace, encoder = network.run(), Encoder(network)
    encoder(torch.tensor(network.batch.inputs))
    for block, layer in enumerate(encoder.layers.values(), start=1):
        read = torch.tensor(trace.values[f"n1/{block}"])
        _, weights = layer.self_attn(read, read, read, average_attn_weights=False)
        ours = trace.values[f"attention/{block}"].transpose(2, 0, 1, 3)
        near(ours, weights)
        assert ours.sum(-1) == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("name", ["in_proj_weight", "out_proj.weight", "out_proj.bias", "linear1.bias"])
def test_init_pytorch_starts_as_pytorchs_layer_does(name: str) -> None:
    width = 64
    ours = build(Experiment(cell="transformer", depth=1, width=width, batch=2, init="pytorch")).parameters
    layer = torch.nn.TransformerEncoderLayer(width, 4, 4 * width)
    theirs = dict(layer.named_parameters())
    full = f"self_attn.{name}" if "proj" in name else name
    bound, array = float(theirs[full].detach().abs().max()), ours[f"layers.1.{full}"]
    if name == "out_proj.bias":
        assert bound == 0
        assert not array.any()
    else:
        # The largest of 256 uniform draws misses the bound by 1/257 on average; by 4 % once in 30,000.
        assert np.abs(array).max() == pytest.approx(bound, rel=0.04)


@pytest.mark.parametrize(
    "fields",
    [{}, {"residual_block": "post_norm", "readout": "mean"}, {"position": "learned", "activation": "gelu", "heads": 1}],
    ids=str,
)
def test_the_lines_of_pytorch_make_the_same_network(fields: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = shaken(Experiment(**SMALL | fields))
    names: dict[str, Any] = {"torch": torch, "nn": torch.nn, "inputs": torch.tensor(network.batch.inputs).float()}
    names["output"] = torch.nn.Linear(8, 10)
    code = [str(line) for line in lines(Training(experiment=Experiment()), Training(experiment=network.experiment))]
    made = [line for line in code if line.startswith(("embedding =", "encoder =", "def sinusoids", "position ="))]
    for line in made:
        exec(line, names)
    parts = {"embedding": names["embedding"], "encoder": names["encoder"], "output": names["output"]}
    if "learned" in fields.values():
        names["position"].data[:, 0] = torch.tensor(network.parameters["position.weight"])
    state = {part: module.state_dict() for part, module in parts.items()}
    for name, array in network.parameters.items():
        if name == "position.weight":
            continue
        part, _, rest = name.partition(".")
        if part in ("layers", "norm"):
            number, _, rest = (rest if part == "layers" else f"-.{rest}").partition(".")
            name = f"layers.{int(number) - 1}.{rest}" if part == "layers" else f"norm.{rest}"
            part = "encoder"
        else:
            name = rest
        state[part][name].copy_(torch.tensor(array))
    for line in code:
        if line.startswith("states ="):
            exec(line, names)
        if line.startswith("output("):
            answer = eval(line.partition("  #")[0], names)
    # PyTorch's defaults are float32 here.
    ours = network.run().values["output"]
    assert answer.detach().numpy() == pytest.approx(ours, rel=1e-4, abs=1e-5)
