"""The Network: an experiment built. PyTorch's names and shapes, and nothing that running changes."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from gradtui_engine import Experiment, build, simulate
from gradtui_engine.cells.table import CELLS
from tests.engine.helpers import drawn, fingerprint, refused, small
from tests.engine.oracles import activate
from tests.engine.strategies import small_experiments

every_cell = pytest.mark.parametrize("cell", CELLS.names)


def test_the_parameters_of_an_mlp_have_pytorchs_names_and_layouts_in_order() -> None:
    shapes = {name: array.shape for name, array in build(small("mlp", depth=3, width=5)).parameters.items()}
    assert list(shapes.items()) == [
        ("layers.1.weight", (5, 64)),
        ("layers.1.bias", (5,)),
        ("layers.2.weight", (5, 5)),
        ("layers.2.bias", (5,)),
        ("layers.3.weight", (5, 5)),
        ("layers.3.bias", (5,)),
        ("output.weight", (10, 5)),
        ("output.bias", (10,)),
    ]


@every_cell
def test_every_gradient_has_the_shape_of_its_parameter(cell: str) -> None:
    trace = simulate(small(cell))
    shapes = {name: array.shape for name, array in trace.parameters.items()}
    assert {name: array.shape for name, array in trace.parameter_gradients.items()} == shapes
    assert {name: trace.updated(name).shape for name in trace.parameters} == shapes


def test_an_mlp_computes_each_layer_from_the_last() -> None:
    trace = simulate(small("mlp", depth=3))
    assert np.array_equal(trace.values["h/0"], trace.input)
    for layer in (1, 2, 3):
        weight, bias = (trace.parameters[f"layers.{layer}.{kind}"] for kind in ("weight", "bias"))
        raw = np.einsum("bi,oi->bo", trace.values[f"h/{layer - 1}"], weight) + bias
        # Sums of up to 64 products of order 1, in another order.
        assert trace.values[f"z/{layer}"] == pytest.approx(raw, abs=64 * 2.3e-16 * 4)
        assert trace.values[f"h/{layer}"] == pytest.approx(activate("tanh", trace.values[f"z/{layer}"]), rel=1e-15)


def test_the_output_layer_is_linear() -> None:
    trace = simulate(small("mlp", depth=3))
    weight, bias = trace.parameters["output.weight"], trace.parameters["output.bias"]
    assert trace.values["output"] == pytest.approx(trace.values["h/3"] @ weight.T + bias, rel=1e-14)


@every_cell
def test_the_loss_is_chosen_by_the_target(cell: str) -> None:
    classes, numbers = build(small(cell)), build(Experiment(cell=cell, data="gaussian", depth=1))
    assert [network.batch.loss for network in (classes, numbers)] == ["cross_entropy", "mse"]
    assert [network.program.instructions[-1].choice for network in (classes, numbers)] == ["cross_entropy", "mse"]


@every_cell
def test_to_simulate_is_to_build_and_run(cell: str) -> None:
    assert fingerprint(simulate(small(cell))) == fingerprint(build(small(cell)).run())


@every_cell
def test_the_parameters_cannot_be_written_to(cell: str) -> None:
    network = build(small(cell))
    assert not any(array.flags.writeable for array in network.parameters.values())
    assert not network.batch.target.flags.writeable


def test_a_networks_experiment_has_every_size_that_the_file_decided(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b,c,y\n" + "1,2,3,x\n4,6,5,y\n" * 4)
    for cell, steps, inputs in (("mlp", None, 3), ("lstm", 3, 1)):
        experiment = Experiment(cell=cell, data=f"csv:{path}", depth=2, width=4)
        network = build(experiment)
        resolved = network.resolved
        assert (resolved.batch, resolved.steps, resolved.inputs) == (8, steps, inputs)
        assert network.experiment == experiment, "what a file decides was not given"
        # What the file decided stands in the TOML, as a comment; and may as well be given.
        text = experiment.to_toml(resolved)
        assert re.search(r"^# batch = 8 ", text, re.MULTILINE)
        assert Experiment.from_toml(text) == experiment
        again = experiment.replace(batch=8, inputs=inputs, loss="cross_entropy")
        assert fingerprint(simulate(again)) == fingerprint(simulate(experiment))


@every_cell
def test_a_network_of_no_open_sizes_keeps_its_experiment(cell: str) -> None:
    assert build(small(cell)).experiment == small(cell)


OVER_TIME = [row.name for row in CELLS.values() if row.over_time]


@pytest.mark.parametrize("cell", OVER_TIME)
def test_reading_out_the_last_step_asks_for_the_last_steps_class_and_reading_out_all_for_every_ones(cell: str) -> None:
    last, every = (build(small(cell, data="copy", steps=9, readout=readout)).run() for readout in ("last", "all"))
    assert every.target.shape == (9, 5)
    assert np.array_equal(last.target, every.target[-1])
    assert (last.values["output"].shape, every.values["output"].shape) == ((5, 10), (9, 5, 10))


@pytest.mark.parametrize("cell", OVER_TIME)
def test_reading_out_all_steps_asks_every_one_for_the_one_target_there_is(cell: str) -> None:
    last, every = (build(small(cell, readout=readout)).run() for readout in ("last", "all"))
    assert np.array_equal(every.target, np.tile(last.target, (8, 1)))
    assert every.values["h"].tobytes() == last.values["h"].tobytes()


@every_cell
def test_a_loss_for_numbers_reads_classes_as_zero_and_one(cell: str) -> None:
    classes = build(small(cell)).batch.target
    for loss in ("mse", "bce"):
        assert np.array_equal(build(small(cell, loss=loss)).batch.target, np.eye(10)[classes])


def test_the_loss_after_the_update_needs_the_memory_of_a_few_layers_however_many_there_are() -> None:
    trace = build(Experiment(depth=300)).run()
    _ = trace.updates
    tracemalloc.start()
    try:
        _ = trace.loss_after
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Weights of 64×64 in float64 are 32 KiB: those of all layers would be 300 times as much, their transposes again.
    assert peak < 30 * 64 * 64 * 8


@drawn(40)
@given(small_experiments())
def test_the_loss_alone_is_that_of_a_run_before_the_update_and_after_it(experiment: Experiment) -> None:
    network = build(experiment)
    trace = network.run()
    assert network.loss() == pytest.approx(trace.loss, rel=0.0, nan_ok=True)
    assert trace.loss_after == pytest.approx(network.updated(trace).run().loss, rel=0.0, nan_ok=True)


@pytest.mark.parametrize(
    ("target", "loss", "said"),
    [
        (
            "0.5",
            "cross_entropy",
            "needs classes: words, or up to 1000 whole numbers; {file} has others; allowed: mse",
        ),
        ("2", "bce", "is for targets from 0 to 1; {data} has others; allowed: mse, or --target-scale minmax"),
    ],
)
def test_a_loss_that_a_files_target_cannot_have_is_a_problem_that_names_both(
    target: str, loss: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"a,y\n1,{target}\n2,1\n")
    experiment = Experiment(data=f"csv:{path}", loss=loss, depth=2, width=4)
    assert refused(build, experiment) == [f"loss: {loss!r} {said.format(data=experiment.data, file=repr(str(path)))}"]
