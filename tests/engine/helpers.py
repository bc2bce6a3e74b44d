"""What several test modules need: networks with chosen parameters, fresh processes, refusals."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from gradtui_engine import Experiment, ExperimentError, Network, Run, Trace, build
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.numerics import Array
from gradtui_engine.run.npz import arrays
from tests.examples import examples


def drawn(count: int) -> settings:
    """Hypothesis settings: the same examples in every run, however slow the machine."""
    return examples(count, derandomize=True, database=None)


def small(cell: str, **changes: Any) -> Experiment:
    """A small experiment of a cell: smooth and healthy, on the digits, over time row by row."""
    row = CELLS[cell]
    # A linear recurrence has no other activation.
    activation = "tanh" if not row.activations or "tanh" in row.activations else row.activations[0]
    fields = {"data": "digits-rows" if row.reads_sequences else "digits", "activation": activation, "seed": 2}
    return Experiment(**({"cell": cell, "depth": 4, "width": 8, "batch": 5} | fields | changes))


def refused(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> list[str]:
    """Every problem that the call is refused for, as "field: message"."""
    with pytest.raises(ExperimentError) as caught:
        function(*arguments, **keywords)
    return [str(problem) for problem in caught.value.problems]


def with_parameters(network: Network, **arrays: Array) -> Network:
    """The network with these parameters put in; a name's dots are written as double underscores."""
    dtype = np.dtype(network.experiment.dtype)
    changed = {name.replace("__", "."): array for name, array in arrays.items()}
    assert changed.keys() <= network.parameters.keys()
    parameters = {
        name: np.broadcast_to(changed.get(name, old), old.shape).astype(dtype)
        for name, old in network.parameters.items()
    }
    return Network(network.experiment, network.program, parameters, network.batch)


def with_inputs(network: Network, inputs: Array) -> Network:
    """The network fed with these inputs instead of its batch's."""
    batch = dataclasses.replace(network.batch, inputs=inputs)
    return Network(network.experiment, network.program, network.parameters, batch)


def shaken(experiment: Experiment) -> Network:
    """The experiment's network with random biases instead of zeros.

    Gives every bias a number that matters, and keeps units off ReLU's kink: behind a layer that is off for a
    sample, a bias of exactly 0 puts the unit exactly on it, where no central difference is a derivative.
    """
    network = build(experiment)
    rng = np.random.default_rng(experiment.seed)
    biases = {
        name.replace(".", "__"): array + rng.normal(0.0, 0.3, array.shape)
        for name, array in network.parameters.items()
        if array.ndim == 1
    }
    return with_parameters(network, **biases)


def analysed(trace: Trace) -> Run:
    """The trace with its stages, decay, theory and outcome."""
    return Run.of(trace)


def fingerprint(trace: Trace | Run) -> str:
    """A hash of every number of a trace, bit by bit."""
    digest = hashlib.sha256()
    for name, array in arrays(trace.trace if isinstance(trace, Run) else trace):
        if name == "experiment":
            continue  # no number: two ways to say the same differ in it
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def fresh_python(code: str) -> str:
    """What the code prints in a process of its own, where warnings are errors."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
