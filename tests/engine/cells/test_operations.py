"""The table of operations: each one's backward against central differences of its own forward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradtui_engine import Network
from gradtui_engine.cells.table import CELLS, OPERATIONS
from gradtui_engine.core.numerics import Array
from gradtui_engine.program.bound import Node, Workspace
from gradtui_engine.program.program import Instruction
from tests.engine.helpers import shaken, small
from tests.engine.oracles import central_differences
from tests.examples import in_one

STEP = 1e-5
# Truncation: step² times third derivatives of order 10 (a norm's). Rounding: eps/step times a sum of order 100.
TOLERANCE = 1e-8

EXPERIMENTS = [
    small("mlp", depth=2, width=4, batch=3, seed=1),
    small("mlp", depth=2, width=4, batch=3, activation="prelu", norm="batch", loss="bce", seed=4),
    small("mlp", depth=3, width=4, batch=3, norm="layer", residual="add", residual_block="pre"),
    small("mlp", depth=3, width=4, batch=3, norm="rms", norm_position="after", residual="scaled", loss="mse"),
    small("mlp", depth=2, width=4, batch=3, dropout=0.3),
    small("mlp", depth=2, width=4, batch=3, output_activation="softplus", loss="mse"),
    *(
        small("mlp", depth=3, width=4, batch=3, residual=name, residual_scale=0.7)
        for name in ("rezero", "layer_scale", "deepnorm", "highway")
    ),
    *(small(cell, width=4, batch=3) for cell in CELLS if cell != "mlp"),
    *(small(cell, width=4, batch=3, data="copy", steps=3, layers=2, readout="all") for cell in CELLS if cell != "mlp"),
    *(small(cell, width=4, batch=3, truncate=2) for cell in ("gru", "lstm")),
    *(small(cell, width=4, batch=3, pin_forget=0.7) for cell in ("lstm", "gru", "mgu", "mingru")),
]
NETWORKS = [shaken(experiment) for experiment in EXPERIMENTS]
INSTRUCTIONS = [
    pytest.param(network, each, id=f"{network.experiment.cell}-{network.resolved.data}: {each.site}")
    for network in NETWORKS
    for each in network.program.instructions
    if each.site.time in (None, 1, 3)
]
READERS_OF_DATA = [each for each in INSTRUCTIONS if each.values[0].program.input in each.values[1].inputs]
every_instruction = in_one(("network", "instruction"), [each.values for each in INSTRUCTIONS])


class Bound:
    """An instruction alone, with inputs and parameters to move and a gradient sent into its outputs."""

    def __init__(self, network: Network, instruction: Instruction) -> None:
        trace = network.run()
        self.network, self.instruction = network, instruction
        self.row = OPERATIONS[instruction.operation]
        self.values = {name: array.copy(order="K") for name, array in trace.values.items()}
        self.parameters = {name: array.copy() for name, array in trace.parameters.items()}
        rng = np.random.default_rng(0)
        # Gates and such have no gradient of their own: those that the run keeps, or measures, have one.
        flows = {*trace.gradients, *trace.norms_in_run}
        outputs = [name for name in instruction.outputs if name in flows and not name.startswith("recurrent")]
        self.sent = {name: rng.normal(size=self.values[name].shape) for name in outputs}
        # A GRU's step hands this one to its projection, which gathers the recurrent weights' gradient from it.
        beside = [name for name in (*instruction.outputs, *instruction.reads) if name.startswith("recurrent")]
        self.beside = {name: rng.normal(size=self.values[name].shape) for name in beside}

    def node(self, gradients: dict[str, Array], parameter_gradients: dict[str, Array]) -> Node:
        network = self.network
        return Node(
            self.instruction,
            self.values,
            gradients,
            self.parameters,
            parameter_gradients,
            network.batch.target,
            Workspace(),
        )

    def weighted_output(self) -> float:
        """⟨gradient sent, output⟩: what the operation's backward differentiates. A loss is its own."""
        self.row.forward(self.node({}, dict(self.parameters)))
        if self.instruction.operation == "loss":
            return float(self.values["loss"])
        return sum(float(np.vdot(each, self.values[name])) for name, each in self.sent.items())

    def differences(self, array: Array) -> Array:
        """Central differences of the weighted output by every number of one of the arrays."""
        found = np.empty(array.shape)
        for index in np.ndindex(array.shape):
            kept = array[index]
            array[index] = kept + STEP
            ahead = self.weighted_output()
            array[index] = kept - STEP
            found[index] = (ahead - self.weighted_output()) / (2 * STEP)
            array[index] = kept
        return found

    def backward(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """Gradients by input and by parameter; arrays that backward must write begin as NaN."""
        self.weighted_output()
        inputs = {name: np.full(self.values[name].shape, np.nan) for name in self.instruction.inputs}
        parameters = {name: np.full_like(self.parameters[name], np.nan) for name in self.instruction.parameters}
        sent = {name: each.copy() for name, each in (self.sent | self.beside).items()}
        self.row.backward(self.node(sent | inputs, parameters))
        return inputs, parameters


@every_instruction
def test_backward_gives_the_slope_by_every_input(network: Network, instruction: Instruction) -> None:
    bound = Bound(network, instruction)
    inputs, _ = bound.backward()
    for name, found in inputs.items():
        wanted = bound.differences(bound.values[name])
        if instruction.operation == "wall":
            wanted = 0 * wanted  # it is there to say otherwise
        assert found == pytest.approx(wanted, abs=TOLERANCE), name


def by_eigenvalue(bound: Bound, instruction: Instruction, name: str) -> Array:
    (flow,) = bound.sent.values()
    nu, theta = (bound.parameters[each] for each in instruction.parameters[:2])
    width, before = len(nu), bound.values[instruction.reads[0]][:-1]
    sent, state = (array[:, :, :width] + 1j * array[:, :, width:] for array in (flow, before))

    def turned(moved: Array) -> float:
        size, phase = (moved, theta) if ".nu" in name else (nu, moved)
        values = np.exp(-np.exp(size) + 1j * np.exp(phase))
        return float(np.sum(np.conj(sent) * values * state).real)

    return central_differences(turned, bound.parameters[name], STEP)


@every_instruction
def test_backward_gives_the_slope_by_every_parameter_of_its_own(network: Network, instruction: Instruction) -> None:
    bound = Bound(network, instruction)
    _, parameters = bound.backward()
    for name, found in parameters.items():
        wanted = bound.differences(bound.parameters[name])
        if bound.row.contribution:
            # The time steps read the recurrent weights, as h_(t−1) Wᵀ + b; their gradient is gathered here, from
            # that of the pre-activations or, in a GRU, from the one that its steps hand over.
            (flow,) = bound.beside.values() or bound.sent.values()
            if "weight_hh" in name:
                wanted = np.einsum("tbu,tbi->ui", flow, bound.values[instruction.reads[0]][:-1])
                if instruction.operation == "mgu_projection":
                    # The candidate's block reads f ⊙ h in the place of h.
                    of_candidate = np.einsum("tbu,tbi->ui", flow, bound.values[instruction.reads[1]])
                    wanted[len(wanted) // 2 :] = of_candidate[len(wanted) // 2 :]
            elif "bias_hh" in name:
                wanted = np.einsum("tbu->u", flow)
            elif instruction.operation == "lru_projection" and name.rpartition(".")[2].startswith(("nu", "theta")):
                # The steps turn the state before by λ: ∂Re⟨δ, λ h⟩ by each of ν and θ.
                wanted = by_eigenvalue(bound, instruction, name)
        # A phase of up to 2π: differences of its sine in the twelfth digit.
        assert found == pytest.approx(wanted, abs=TOLERANCE, rel=TOLERANCE), name


@pytest.mark.parametrize(("network", "instruction"), READERS_OF_DATA)
def test_the_gradient_of_the_data_need_not_be_wanted(network: Network, instruction: Instruction) -> None:
    bound = Bound(network, instruction)
    _, wanted = bound.backward()
    found = {name: np.full_like(array, np.nan) for name, array in wanted.items()}
    bound.row.backward(bound.node({name: each.copy() for name, each in (bound.sent | bound.beside).items()}, found))
    assert {name: array.tobytes() for name, array in found.items()} == {
        name: array.tobytes() for name, array in wanted.items()
    }


@every_instruction
def test_forward_and_backward_leave_what_they_read_alone(network: Network, instruction: Instruction) -> None:
    bound = Bound(network, instruction)
    read = {*instruction.inputs, *instruction.reads} - {*instruction.outputs}

    def state() -> dict[str, Any]:
        found = {name: bound.values[name].tobytes() for name in read}
        return found | {name: array.tobytes() for name, array in bound.parameters.items()}

    before = state()
    bound.backward()
    assert state() == before


def test_every_operation_is_used_by_a_cell_and_tested_here() -> None:
    used = {each.operation for network in NETWORKS for each in network.program.instructions}
    assert used == set(OPERATIONS.names)
    assert {network.experiment.cell for network in NETWORKS} == set(CELLS.names)
