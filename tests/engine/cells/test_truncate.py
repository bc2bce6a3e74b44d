"""Truncated backpropagation through time: PyTorch's loop over windows with a detach, and what is said of the wall."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradtui_engine import Experiment, Training, build
from gradtui_engine.analysis.gradient_check import TOLERANCE, check_parameters
from gradtui_engine.analysis.jacobian import jacobian
from gradtui_engine.analysis.npz_reading import read_npz
from gradtui_engine.cells.table import CELLS, OVER_TIME
from gradtui_engine.experiment.pytorch import lines
from gradtui_engine.experiment.remedies import remedies_for
from gradtui_engine.program.program import walls
from gradtui_engine.training.trainer import Trainer
from tests.engine.cells.in_torch import LOSSES, loss_of, trained_alike
from tests.engine.cells.layers_in_torch import LAYERS
from tests.engine.helpers import analysed, fingerprint, refused, shaken

torch.set_num_threads(1)

every_cell = pytest.mark.parametrize("cell", OVER_TIME)


def of(cell: str, **changes: Any) -> Experiment:
    fields = {"cell": cell, "data": "copy", "steps": 5, "width": 6, "batch": 4, "seed": 3}
    return Experiment(**(fields | changes))


def test_walls_stand_behind_every_kth_step_from_the_beginning_and_not_behind_the_last() -> None:
    assert list(walls(3, 10)) == [3, 6, 9]
    assert list(walls(3, 9)) == [3, 6]
    assert list(walls(1, 3)) == [1, 2]
    assert not list(walls(9, 9)) + list(walls(20, 9)) + list(walls(None, 9))


@every_cell
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("readout", ["last", "all"])
@pytest.mark.parametrize("truncate", [1, 4, 7])
def test_it_is_pytorchs_loop_over_windows_with_a_detach(cell: str, layers: int, readout: str, truncate: int) -> None:
    experiment = of(cell, layers=layers, readout=readout, truncate=truncate)
    trained_alike(shaken(experiment), LAYERS[cell], truncate)


@every_cell
@pytest.mark.parametrize("readout", ["last", "all"])
def test_where_no_step_is_behind_the_first_window_every_bit_is_as_without(cell: str, readout: str) -> None:
    plain, cut = (shaken(of(cell, readout=readout, truncate=truncate)).run() for truncate in (None, 99))
    for name, gradient in plain.parameter_gradients.items():
        assert np.array_equal(gradient, cut.parameter_gradients[name])


@every_cell
def test_forward_nothing_changes(cell: str) -> None:
    plain, cut = (shaken(of(cell, truncate=truncate)).run() for truncate in (None, 3))
    assert plain.loss == cut.loss
    assert np.array_equal(plain.values["h"], cut.values["h"])


@every_cell
@pytest.mark.parametrize("readout", ["last", "all"])
def test_central_differences_with_the_states_behind_walls_held_agree(cell: str, readout: str) -> None:
    checks = list(check_parameters(of(cell, readout=readout, layers=2, truncate=4)))
    assert all(check.error <= TOLERANCE for check in checks)


@every_cell
def test_read_out_once_only_the_last_window_gets_gradient_and_that_is_called_truncated(cell: str) -> None:
    run = analysed(shaken(of(cell, truncate=4, gain=1.5)).run())
    last = len(run.stages) - 1
    wall = walls(4, last)[-1]
    assert [bool(run.gradients[f"h/{stage}"].any()) for stage in range(last + 1)] == [
        stage > wall for stage in range(last + 1)
    ]
    answer = run.outcome.signal
    assert (answer.kind, answer.severity, answer.stage, answer.measured) == ("truncated", "warning", wall, 0.0)
    assert "by truncation and not by vanishing" in answer.message
    norms = [np.linalg.norm(run.gradients[f"{'c' if cell == 'lstm' else 'h'}/{stage}"]) for stage in (wall + 1, last)]
    # The ratio is that within the window.
    assert run.outcome.ratio == pytest.approx(norms[0] / norms[1], rel=1e-12)
    assert run.decay.vanished_after is None
    assert run.stages[wall].factors.get("direct", 0.0) == 0.0
    assert run.stages[wall].factor == 0.0


@every_cell
def test_read_out_at_every_step_each_window_has_its_own_losses_and_the_parts_add_up(cell: str) -> None:
    run = analysed(shaken(of(cell, truncate=4, readout="all")).run())
    assert all(run.gradients[f"h/{stage}"].any() for stage in range(len(run.stages)))
    for wall in walls(4, len(run.stages) - 1):
        parts = run.stages[wall].factors
        whole = parts["cell"] if cell == "lstm" else parts["whole"]
        assert parts["loss"] == pytest.approx(whole, rel=1e-12)
        assert not any(parts.get(name) for name in ("direct", "gates", "recurrent"))
    assert run.outcome.signal.kind == "truncated"


def test_a_gradient_that_vanishes_within_the_window_is_called_so() -> None:
    run = analysed(build(Experiment(cell="rnn", data="gaussian", steps=60, gain=0.2, truncate=30)).run())
    assert run.outcome.signal.kind == "vanishing"
    assert (run.outcome.signal.stage or 0) > 30


def test_what_arrives_at_a_wall_is_known() -> None:
    cut, plain = (shaken(of("gru", truncate=truncate)).run() for truncate in (4, None))
    wall = walls(4, len(cut.program.stages) - 1)[-1]
    assert cut.gradient_norm(f"held h/{wall}") == pytest.approx(plain.gradient_norm(f"h/{wall}"), rel=1e-14)
    assert not cut.gradients[f"h/{wall}"].any()


def test_theory_knows_the_walls() -> None:
    run = analysed(build(of("gru", truncate=4, pin_forget=0.9)).run())
    cut = walls(4, len(run.stages) - 1)
    assert [stage for stage, factor in enumerate(run.theory.factors) if factor == 0.0] == list(cut)
    assert run.theory.factors[0] == 0.9
    assert "at every cut (truncate 4) exactly 0" in run.theory.note


def test_the_jacobian_is_the_networks_own() -> None:
    plain, cut = (shaken(of("mgu", truncate=truncate)).run() for truncate in (None, 4))
    runs = [analysed(trace) for trace in (plain, cut)]
    assert np.array_equal(*(jacobian(run) for run in runs))


@every_cell
def test_trained_it_goes_where_pytorchs_loop_goes(cell: str) -> None:
    experiment = of(cell, truncate=4, readout="all", optimizer="adam", learning_rate=0.01)
    trainer = Trainer(Training(experiment=experiment, iterations=4, batches="one", hold_out=0.0))
    trainer.advance(4)
    network = build(experiment)
    parameters = {name: torch.tensor(array, requires_grad=True) for name, array in network.parameters.items()}
    optimiser = torch.optim.Adam([*parameters.values()], lr=0.01)
    for _ in range(3):
        optimiser.zero_grad()
        loss_of(network, parameters, LAYERS[cell], 4)[0].backward()
        optimiser.step()
    trace = trainer.trace(3)
    assert trace.loss == pytest.approx(loss_of(network, parameters, LAYERS[cell], 4)[0].item(), rel=1e-8)
    for name, parameter in parameters.items():
        assert trace.parameters[name] == pytest.approx(parameter.detach().numpy(), rel=1e-8, abs=1e-10), name


@every_cell
def test_the_lines_of_pytorch_are_that_loop(cell: str) -> None:
    before = of(cell)
    made: dict[str, Any] = {"torch": torch, "nn": nn}
    torch.set_default_dtype(torch.float64)
    try:
        module = CELLS[cell].module
        if module is None:
            made[cell] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](before.resolved.inputs or 1, 6)
        else:
            exec(module.code, made)
            made[cell] = made[module.name](build(before).batch.inputs.shape[2], 6)
        if module is None:
            made[cell] = type(made[cell])(build(before).batch.inputs.shape[2], 6)
        (line,) = lines(Training(experiment=before), Training(experiment=before.replace(truncate=4)))
        trace = build(before.replace(truncate=4)).run()
        for name, each in made[cell].named_parameters():
            each.data.copy_(torch.tensor(trace.parameters[f"{cell}.{name}"]))
        made["inputs"] = torch.tensor(trace.input)
        exec(line.code, made)
        output = made["states"][-1] @ torch.tensor(trace.parameters["output.weight"]).T
        LOSSES["cross_entropy"](output, torch.tensor(trace.target)).backward()
    finally:
        torch.set_default_dtype(torch.float32)
    for name, each in made[cell].named_parameters():
        gradient = trace.parameter_gradients[f"{cell}.{name}"]
        assert each.grad.numpy() == pytest.approx(gradient, rel=1e-8, abs=1e-12 * float(np.abs(gradient).max()))


@pytest.mark.parametrize("cell", ["lstm", "mingru"])
def test_a_saved_run_is_opened_again(cell: str, tmp_path: Path) -> None:
    run = analysed(build(of(cell, truncate=4, layers=2, readout="all")).run())
    run.save(tmp_path / "run.npz")
    (again,) = read_npz(tmp_path / "run.npz")
    assert fingerprint(again) == fingerprint(run)
    assert again.resolved.truncate == 4
    assert list(again.program.walls) == list(run.program.walls)


def test_the_cure_is_no_cut() -> None:
    offered = {remedy.name: dict(remedy.changes) for remedy in remedies_for(of("lstm", truncate=4), ("truncated",))}
    assert offered == {"no truncation": {"truncate": None}}


def test_it_is_a_number_of_steps_and_has_other_names() -> None:
    assert refused(Experiment, cell="gru", truncate=0) == ["truncate: 0 given; allowed: a whole number from 1 to 10000"]
    assert Experiment.from_mapping({"cell": "gru", "truncated_bptt_steps": 5}).truncate == 5
    assert Experiment(cell="gru", tbptt=5).truncate == 5  # type: ignore[call-arg]
