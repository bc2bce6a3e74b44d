"""Sizes: an impossible one is refused before anything is allocated; the smallest and the longest work."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, build, simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.program.output_layer import Sizes
from gradtui_engine.rules.losses import LOSSES
from tests.engine.helpers import drawn, refused
from tests.engine.oracles import loss_of
from tests.engine.strategies import small_experiments

IMPOSSIBLE = [
    Experiment(depth=10_000, width=256, batch=256),
    Experiment(depth=2, width=65_536),
    Experiment(depth=1, width=1, data="gaussian", inputs=10**6, batch=10**6),
    Experiment(depth=2, width=64, data="gaussian", batch=10**6),
    Experiment(cell="lstm", width=65_536),
    Experiment(cell="lstm", width=1024, data="digits-pixels", batch=1797),
    Experiment(cell="lstm", data="gaussian", steps=10_000, inputs=1000, batch=1000),
    Experiment(cell="lstm", data="gaussian", width=1, batch=1, inputs=10**6, steps=10_000),
]
MEBIBYTE = 2**20


@pytest.mark.parametrize("experiment", IMPOSSIBLE)
def test_an_impossible_size_is_refused_before_anything_of_it_is_allocated(experiment: Experiment) -> None:
    tracemalloc.start()
    try:
        (problem,) = refused(build, experiment)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEBIBYTE
    assert problem.startswith("size: ")
    assert "GiB of trace; allowed: up to 2 GiB" in problem
    assert f"width {experiment.width} " in problem
    assert f"batch {experiment.resolved.batch} " in problem


def test_an_impossible_size_that_only_the_file_decides_is_refused_when_the_file_is_known(
    tmp_path: Path,
) -> None:
    table = tmp_path / "wide.csv"
    table.write_text(",".join(f"x{k}" for k in range(3001)) + "\n" + ",".join(["1"] * 3001) + "\n")
    (problem,) = refused(build, Experiment(data=f"csv:{table}", depth=1, width=65_536))
    assert problem.startswith("size: ")
    assert "inputs 3000 " in problem


def test_float32_takes_half_the_room_of_float64() -> None:
    needed = []
    for dtype in ("float64", "float32"):
        (problem,) = refused(build, Experiment(depth=1000, width=1000, batch=1000, dtype=dtype))
        assert f"in {dtype} needs " in problem
        needed.append(float(problem.split(" needs ")[1].split(" GiB")[0]))
    # 5·10⁹ numbers; one decimal is printed.
    assert needed == pytest.approx([5e9 * 8 / 2**30, 5e9 * 4 / 2**30], abs=0.1)


@pytest.mark.parametrize("cell", CELLS.names)
@drawn(100)
@given(data=st.data(), loss=st.sampled_from(LOSSES.names))
def test_the_numbers_worked_out_beforehand_are_those_of_the_program(cell: str, data: st.DataObject, loss: str) -> None:
    sizes = Sizes(*(data.draw(st.integers(1, 50)) for _ in range(4)))
    experiment = Experiment(cell=cell, depth=data.draw(st.integers(1, 20)), width=data.draw(st.integers(1, 50)))
    program = CELLS[cell].build(experiment.resolved, sizes, loss)
    assert CELLS[cell].numbers(experiment.resolved, sizes) == program.numbers()


@drawn(30)
@given(small_experiments())
def test_the_numbers_of_the_program_are_those_that_the_trace_holds(experiment: Experiment) -> None:
    trace = simulate(experiment)
    arrays = [trace.values[name] for name, _ in trace.program.owned()]
    arrays += [trace.gradients[name] for name in trace.program.kept]
    arrays += [*trace.parameters.values(), *trace.parameter_gradients.values()]
    assert trace.program.numbers() == sum(array.size for array in arrays)


SMALLEST = {"depth": 1, "width": 1, "batch": 1, "data": "gaussian", "inputs": 1}
EXTREMES = [
    (Experiment(**SMALLEST), 2),
    (Experiment(cell="lstm", **SMALLEST, steps=1), 2),
    (Experiment(depth=1), 2),
    (Experiment(width=1), 31),
    (Experiment(batch=1), 31),
    (Experiment(cell="lstm", width=1), 65),
    (Experiment(cell="lstm", batch=1), 65),
    (Experiment(depth=1000, width=4, batch=4, activation="linear", init="orthogonal"), 1001),
    (Experiment(cell="lstm", data="gaussian", steps=2000, inputs=2, width=4, batch=4), 2001),
    (Experiment(batch=1797, depth=2), 3),
    (Experiment(cell="lstm", data="digits-rows", batch=1797, width=8), 9),
]


@pytest.mark.parametrize(("experiment", "stages"), EXTREMES)
def test_extreme_sizes_run_and_are_right(experiment: Experiment, stages: int) -> None:
    trace = simulate(experiment)
    assert len(trace.stages) == stages
    # The same sums in another order, through up to 2000 steps that do not amplify rounding.
    assert trace.loss == pytest.approx(loss_of(trace), rel=1e-10)
    assert np.isfinite([stage.gradient_norm for stage in trace.stages]).all()
    assert trace.outcome.signal.kind in ("healthy", "vanishing")
