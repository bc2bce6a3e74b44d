"""The mirror of a recorded training: what is known of gradtui's own is found again from the record's numbers alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment
from gradtui_engine.core.problems import ExperimentError
from gradtui_engine.experiment.training import Training
from gradtui_engine.findings.mirror import Mirror, mirror
from gradtui_engine.recordings.recording import Recording
from gradtui_engine.rules.initialisers import INITIALISERS
from gradtui_engine.training.history import TrainingHistory
from gradtui_engine.training.record_lines import Recorder
from gradtui_engine.training.trainer import Trainer
from tests.recordings import Line, lstm_lines, mlp_lines, recorded, run_line, step_line


def lines_of(experiment: Experiment, path: Path, known: bool = False) -> list[Line]:
    """The record of two iterations; unless known, without the experiment that stands in it."""
    history = TrainingHistory(Trainer(Training(experiment=experiment, iterations=2)))
    with Recorder(path, history, "gradtui train") as recorder:
        while not history.done:
            history.advance(1)
            recorder.step()
        recorder.end("done")
    lines: list[Line] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if not known:
        lines[0]["fields"] = {name: lines[0]["fields"].get(name) for name in ("a", "p")}
    return lines


def mirrored(experiment: Experiment, path: Path) -> Mirror:
    return mirror(Recording.of_lines(lines_of(experiment, path)))


def scale(experiment: Experiment, fan_out: int, fan_in: int) -> float:
    """The standard deviation of a weight between two hidden layers, or into a gate."""
    resolved = experiment.resolved
    if resolved.sigma_w is not None:
        return float(resolved.sigma_w) / fan_in**0.5
    row = INITIALISERS[resolved.init]
    assert row.variance is not None
    own = row.of_module(fan_in) if row.of_module is not None else None
    return float(row.variance(fan_out, fan_in, resolved.gain_value, own)) ** 0.5


MLPS = [
    Experiment(depth=12, width=48, activation="relu", init="he_normal"),
    Experiment(depth=12, width=48, activation="relu", init="he_normal", gain=1.3),
    Experiment(depth=6, width=64, activation="tanh", init="xavier_normal", gain=0.5),
    Experiment(depth=8, activation="relu", init="torch_default", dtype="float32"),
    Experiment(depth=8, activation="tanh", init="orthogonal", gain=1.2),
    Experiment(depth=20, width=32, activation="relu", sigma_w=1.5, sigma_b=0.3),
]


@pytest.mark.parametrize("experiment", MLPS, ids=lambda each: each.to_command())
def test_an_mlp_is_found_again(experiment: Experiment, tmp_path: Path) -> None:
    found = mirrored(experiment, tmp_path / "run.jsonl").experiment.resolved
    was = experiment.resolved
    for name in ("cell", "depth", "width", "activation", "dtype", "optimizer", "learning_rate", "inputs"):
        assert getattr(found, name) == getattr(was, name), name
    again = mirrored(experiment, tmp_path / "run.jsonl").experiment
    for fan_in in (64, was.width):
        # 12 matrices of 48 × 48 normal numbers are drawn to 0.4 %.
        assert scale(again, was.width, fan_in) == pytest.approx(scale(experiment, was.width, fan_in), rel=0.02)
    if experiment.gain == 1.0 and experiment.sigma_w is None:
        assert found.init == was.init
    assert found.sigma_b == (None if was.sigma_b is None else pytest.approx(was.sigma_b, rel=0.1))


CELLS: list[dict[str, Any]] = [
    {"cell": "lstm", "forget_bias": 2.0},
    {"cell": "lstm", "init": "torch_default", "layers": 2},
    {"cell": "lstm", "init": "torch_default", "forget_bias": 1.0},
    {"cell": "lstm", "forget_bias": -1.5, "gain": 0.4},
    {"cell": "gru", "init": "normal", "gain": 1.2},
    {"cell": "rnn", "activation": "tanh", "init": "xavier_normal"},
]


@pytest.mark.parametrize("given", CELLS, ids=str)
def test_a_cell_is_found_again(given: dict[str, Any], tmp_path: Path) -> None:
    experiment = Experiment(data="adding", steps=12, width=32, **given)
    again = mirrored(experiment, tmp_path / "run.jsonl").experiment
    found, was = again.resolved, experiment.resolved
    for name in ("cell", "width", "layers", "activation", "steps", "inputs", "learning_rate"):
        assert getattr(found, name) == getattr(was, name), name
    # A matrix of 4 · 32 × 32 numbers is drawn to 1.1 %, and there are few of them.
    assert scale(again, 32, 32) == pytest.approx(scale(experiment, 32, 32), rel=0.02)
    if found.kind.path is not None and found.cell == "lstm":
        # Of a module of PyTorch the other biases are drawn: 0.6/√32 of the sum of the squares is theirs.
        assert found.forget_bias == pytest.approx(was.forget_bias, abs=0.05)


def test_a_record_of_gradtuis_own_has_the_experiment_itself(tmp_path: Path) -> None:
    experiment = Experiment(depth=3, width=8, batch=8, activation="relu", residual="scaled", norm="layer", seed=4)
    found = mirror(Recording.of_lines(lines_of(experiment, tmp_path / "run.jsonl", known=True)))
    assert found.experiment == experiment
    assert found.missing == ()


# -- models elsewhere ----------------------------------------------------------------------------------------


def torch_lines(**other: Any) -> list[Line]:
    """A PyTorch MLP of 20 → 64 → 64 → 3."""
    widths = [(64, 20), (64, 64), (3, 64)]
    modules, parameters = [], []
    for k, (rows, columns) in enumerate(widths):
        modules.append([f"{2 * k}", "Linear", "Linear", {"in_features": columns, "out_features": rows}])
        modules += [[f"{2 * k + 1}", "ReLU"]] if k < 2 else []
        parameters += [(f"{2 * k}.weight", (rows, columns)), (f"{2 * k}.bias", (rows,))]
    # nn.Linear draws both from U(±1/√fan_in), of variance 1/(3 fan_in).
    norms = [((rows * columns if k == 0 else rows) / (3 * columns)) ** 0.5 for rows, columns in widths for k in (0, 1)]
    line = {"x": [0.0, 1.0, -3.0, 3.0, [32, 20]], "root": "NllLossBackward0", "lr": [0.05], **other}
    steps = [step_line(n, [(k, 0) for k in range(5)], 6, **line) for n in range(3)]
    for each in steps:
        for row, size in zip(each["p"], norms, strict=True):
            row[2] = size
    optimizer = {"name": "SGD", "lr": 0.05, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0}
    return [run_line(modules, parameters, opt=[optimizer]), *steps]


def test_an_mlp_of_pytorch_is_told_by_its_numbers() -> None:
    found = mirror(recorded(torch_lines()))
    given = found.experiment.given()
    assert given == {
        "depth": 2, "activation": "relu", "init": "torch_default", "data": "digits", "batch": 32,
        "optimizer": "momentum", "learning_rate": 0.05, "dtype": "float32",
    }  # fmt: skip
    assert found.experiment.width == 64
    assert "samples of a batch: 32" in found.taken
    assert "inputs: 20; digits has 64" in found.missing


@pytest.mark.parametrize(
    ("gradient", "clip"),
    [
        ([[5.0, 5.0]] * 3, None),
        ([[5.0, 1.0], [0.4, 0.4], [3.0, 0.99999]], 1.0),
        ([[5.0, 3.0], [2.0, 1.9], [3.0, 1.2]], None),
    ],
)  # fmt: skip
def test_clipping_by_norm_is_seen_where_what_was_clipped_has_one_norm(gradient: list[Any], clip: float | None) -> None:
    lines = torch_lines()
    for line, norms in zip(lines[1:], gradient, strict=True):
        line["gn"] = norms
    found = mirror(recorded(lines))
    assert found.experiment.clip_threshold == clip
    told = "clipping, which is not by the norm of the whole gradient" in found.missing
    assert told == (clip is None and gradient[0][0] != gradient[0][1])


@pytest.mark.parametrize(
    ("block", "residual", "scaled"),
    [(2.0, "none", None), (5**0.5, "add", None), (1.01**0.5, "scaled", 0.05)],
)
def test_a_skip_is_seen_by_what_a_block_is_beside_its_last_layer(
    block: float, residual: str, scaled: float | None
) -> None:
    """Each block's last layer is twice its input; its output is that alone, or both, or the input and a twentieth."""
    modules: list[Any] = [["first", "Linear"]]
    parameters: list[Any] = [("first.weight", (8, 8))]
    for k in range(4):
        modules += [[f"{k}.act", "ReLU"], [f"{k}.fc", "Linear"], [f"{k}", "Block", "Module", {}]]
        parameters.append((f"{k}.fc.weight", (8, 8)))
    modules.append(["head", "Linear"])
    parameters.append(("head.weight", (1, 8)))
    line = step_line(0, [(index, 0) for index in range(len(modules))], len(parameters))
    size = 1.0
    for row in line["a"]:
        name = modules[row[0]][0]
        if name.isdigit():
            size *= block
            row[3] = size
        elif name.endswith(".fc"):
            row[3] = size * 2.0
    found = mirror(recorded([run_line(modules, parameters), line])).experiment
    assert found.resolved.residual == residual
    assert found.residual_scale == (None if scaled is None else pytest.approx(scaled, rel=0.1))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([run_line([["conv", "Conv2d"], ["fc", "Linear"]], [("conv.weight", (4, 1, 3, 3)), ("fc.weight", (2, 4))])],
         "conv is a Conv2d"),
        ([run_line([["attn", "MultiheadAttention"]], [("attn.in_proj_weight", (8, 8))])], "this model is none"),
        ([run_line([["net", "Thing"]], [("net.scale", (8,))])], "this model is none"),
    ],
)  # fmt: skip
def test_where_no_experiment_is_near_it_says_why(lines: list[Line], why: str) -> None:
    with pytest.raises(ExperimentError, match=why):
        mirror(recorded(lines))


def test_layers_that_do_not_follow_one_another_are_said() -> None:
    chain = "how layers follow one another: they are taken as one chain"
    assert chain not in mirror(recorded(torch_lines())).missing
    lines = torch_lines()
    lines[0]["params"][2][1] = [64, 20]
    assert chain in mirror(recorded(lines)).missing


@pytest.mark.parametrize(("batch_first", "shape"), [(True, [16, 9, 4]), (False, [9, 16, 4])])
def test_the_steps_of_a_cell_that_could_not_be_looked_at_are_those_of_the_input(
    batch_first: bool, shape: list[int]
) -> None:
    lines = lstm_lines(x=[[0.0, 1.0, -3.0, 3.0, shape]] * 4, seq=[[]] * 4)
    lines[0]["modules"][0][3]["batch_first"] = batch_first
    found = mirror(recorded(lines)).experiment
    assert (found.steps, found.batch) == (9, 16)


@pytest.mark.parametrize("shape", [[16, 5, 4], [5, 16, 4]])
def test_the_samples_are_along_the_axis_that_has_not_the_steps(shape: list[int]) -> None:
    """lstm_lines has sequences of 5 steps, and does not say that the module is batch_first."""
    found = mirror(recorded(lstm_lines(x=[[0.0, 1.0, -3.0, 3.0, shape]] * 4))).experiment
    assert (found.steps, found.batch) == (5, 16)


def test_in_both_directions_none_is_near() -> None:
    lines = lstm_lines(bidirectional=True)
    lines[0]["params"].append(["lstm.weight_hh_l0_reverse", [32, 8], "float32", True, 0])
    with pytest.raises(ExperimentError, match="both directions"):
        mirror(recorded(lines))


def test_of_a_run_without_a_step_the_shape_is_taken() -> None:
    found = mirror(recorded(mlp_lines(steps=0)))
    assert (found.experiment.depth, found.experiment.width) == (2, 8)
    assert "the scale of the weights: no step is recorded" in found.missing


def test_what_is_not_finite_is_not_taken() -> None:
    lines = mlp_lines(at={(0, "layers.1.weight"): {"weight": "nan"}, (0, "layers.0.weight"): {"weight": "inf"}})
    found = mirror(recorded(lines)).experiment
    assert np.isfinite(found.resolved.gain_value)


def test_norms_whose_squares_are_no_numbers_are_not_those_of_a_start() -> None:
    names = [f"layers.{layer}.{part}" for layer in range(3) for part in ("weight", "bias")]
    shown = mirror(recorded(mlp_lines(3, 2, at={(None, name): {"weight": 1e308} for name in names})))
    assert "the scale of the weights, of which nothing is recorded" in shown.missing
