"""Trains a case with every contestant, checks that all get the same numbers, and prints times, ratios and bytes."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np

from contestants import has_torch
from gradtui_engine import Experiment
from gradtui_engine.experiment.training import Training
from gradtui_engine.run.trace import Trace
from gradtui_engine.training.trainer import Trainer
from report import Result
from timing import measure, ratio
from train import Case

RECORDED, STATISTICS, TORCH, PLAIN = "recorded", "recorded + statistics", "torch, same norms", "torch, plain step"
# Iterations that are compared before anything is timed, and how far numbers may differ that are summed in other orders:
# through 30 layers of relu float32 agrees in a few digits.
_CHECKED, _TOLERANCE = 5, {"float64": 1e-9, "float32": 1e-2}


def print_training(case: Case, seconds: float) -> list[Result]:
    """Measure a case and print its table."""
    training = _training(case)
    trainers = {name: Trainer(training, statistics=name == STATISTICS) for name in (RECORDED, STATISTICS)}
    first = trainers[RECORDED]
    contestants: dict[str, Callable[[], object]] = {name: trainer.advance for name, trainer in trainers.items()}
    if has_torch():
        _check(case)
        from torch_training import TorchTrainer

        for name in (TORCH, PLAIN):
            contestants[name] = TorchTrainer(first.network, first.stream, norms=name == TORCH).advance
    times = measure(contestants, seconds)
    print(f"\n{case.name}: an iteration; {len(times[RECORDED])} rounds")
    results = []
    for name, values in times.items():
        told = ""
        if name in (TORCH, PLAIN):
            spread = ratio(times, name, RECORDED)
            told = f"{name} / {RECORDED}   {spread}"
            if name == TORCH and case.torch_over is not None:
                met = spread.median >= case.torch_over
                told += f"   ≥ {case.torch_over:g} {'met' if met else 'MISSED'}"
                results.append(Result(case.name, told, met))
        print(f"  {name:<22}{statistics.median(values) * 1e3:9.3f} ms   {told}".rstrip())
    trace, kept = _bytes(first.trace(first.k)), trainers[STATISTICS].columns.bytes_per_row
    print(
        f"  a trace {trace / 1e6:.2f} MB, a checkpoint {first.state().nbytes / 1e6:.2f} MB, "
        f"kept of an iteration {kept / 1e3:.2f} kB",
        flush=True,
    )
    return results


def _training(case: Case) -> Training:
    # PyTorch does not validate either.
    return Training(experiment=Experiment.from_mapping(case.experiment), iterations=10**7, validate_every=10**7)


def _check(case: Case) -> None:
    """Assert that both train the same network, and keep the same numbers."""
    from torch_training import TorchTrainer

    trainer = Trainer(_training(case), statistics=False)
    rival = TorchTrainer(trainer.network, trainer.stream, norms=True)
    columns = trainer.advance(_CHECKED)
    for _ in range(_CHECKED):
        rival.advance()
    tolerance = _TOLERANCE[trainer.network.resolved.dtype]
    gradient = columns["gradient"]
    if "cell_gradient" in columns:
        gradient = np.concatenate([gradient, columns["cell_gradient"]], axis=1)
    losses, right, norms, ratios = (np.array(column) for column in zip(*rival.rows, strict=True))
    np.testing.assert_allclose(losses, columns["loss"], rtol=tolerance)
    np.testing.assert_allclose(right, columns["accuracy"], rtol=1e-6)
    np.testing.assert_allclose(norms, 10.0**gradient, rtol=tolerance, atol=tolerance * norms.max())
    # A bias starts at 0: what is divided by after the first updates is their own rounding.
    weights = [index for index, array in enumerate(trainer.network.parameters.values()) if array.ndim > 1]
    np.testing.assert_allclose(ratios[:, weights], columns["update_ratio"][:, weights], rtol=10 * tolerance)
    for name, array in trainer.parameters().items():
        found = rival.parameters[name].detach().numpy()
        np.testing.assert_allclose(found, array, rtol=tolerance, atol=tolerance * np.abs(array).max())


def _bytes(trace: Trace) -> int:
    """Bytes of the arrays that a trace owns, its parameters included."""
    values = (trace.values[name] for name in trace.layout.owned)
    gradients = (trace.gradients[name] for name in trace.program.kept)
    arrays = (*values, *gradients, *trace.parameters.values(), *trace.parameter_gradients.values())
    return sum(array.nbytes for array in arrays)
