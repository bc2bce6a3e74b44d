"""Memory: the peak of a recorded step over the bytes of the arrays that backpropagation itself needs.

Those are every weight and bias with its gradient, the input, z and h of every layer, and the gradient on its way back.
"""

from __future__ import annotations

import argparse
import tracemalloc

import numpy as np

from gradtui_engine import Experiment, analyse, build
from gradtui_engine.run.network import Network

GOAL = 1.5


def main() -> None:
    """Measure one MLP and print both sizes and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("depth", 1000), ("width", 128), ("batch", 128)):
        parser.add_argument(f"--{name}", type=int, default=value, help=f"(default {value})")
    given = parser.parse_args()
    network = build(
        Experiment(
            depth=given.depth, width=given.width, batch=given.batch, dtype="float32",
            activation="relu", init="he_normal", data="digits",
        )
    )  # fmt: skip
    needed = needed_bytes(network)
    print(f"MLP {given.depth}×{given.width}, batch {given.batch}, float32")
    print(f"  needed by backpropagation         {needed / 2**20:8.1f} MiB")
    for name, told in (("recorded", False), ("recorded, all stages told", True)):
        peak = peak_bytes(network, told)
        verdict = "met" if peak <= GOAL * needed else "MISSED"
        print(f"  {name:<26}peak    {peak / 2**20:8.1f} MiB   × {peak / needed:.3f}   goal ≤ {GOAL:g} {verdict}")


def needed_bytes(network: Network) -> int:
    """Weights, biases and their gradients; the input; z and h of every layer; one gradient."""
    experiment, batch = network.experiment, network.batch
    state = batch.size * experiment.resolved.width
    numbers = 2 * sum(each.size for each in network.parameters.values())
    numbers += batch.inputs.size + 2 * experiment.resolved.depth * state + state
    return numbers * np.dtype(experiment.dtype).itemsize


def peak_bytes(network: Network, told: bool) -> int:
    """The parameters and the peak of what a run allocates, with everything Python needs for it."""
    tracemalloc.start()
    trace = network.run()
    if told:
        _ = analyse(trace, parameters=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak + sum(each.nbytes for each in network.parameters.values())


if __name__ == "__main__":
    main()
