"""The exact Jacobian of one stage, or end to end, and its singular values: dynamical isometry is all of them near 1.

(Saxe et al. 2014; Pennington et al. 2017.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cells.table import OPERATIONS
from ..core.figures import exact
from ..core.message import Message
from ..core.numerics import Array
from ..core.problems import ExperimentError, Problem
from ..core.progress import Watch, part, throttled, told
from ..program.bound import Node, Workspace
from ..program.normalisation import NORMALISATIONS
from ..program.operations import WALL
from ..program.program import first_learning
from ..program.slots import MEAN, VARIANCE

if TYPE_CHECKING:
    from .record import Operations

#: The largest width whose Jacobian is worked out: its singular values take 1.2 s at 1024 on one core.
MOST_UNITS = 1024
#: The most that the spectra of all stages may cost, as stages × units³: about 10 s on one core.
MOST_WORK = 10**9
#: The share of the spectra's work that goes into the end-to-end Jacobian: the products, without a decomposition each.
_WHOLE = 0.3


def jacobian(listed: Operations, last: int | None = None, first: int | None = None, sample: int = 0) -> Array:
    """∂h_last / ∂h_first for one sample, (units of last, units of first); without arguments end to end.

    Of tokens a sample's state is all of them, one after another: (tokens · width of last, tokens · width of first).

    Exact: every row is a vector-Jacobian product by the very operations of the backward pass, all rows at once (a
    batch that repeats the sample, with the unit vectors as its gradients). An LSTM's cell state is held fixed at
    the first step: ∂h/∂h through everything in between, cell states included. Raises ExperimentError where the
    samples of a batch depend on each other (BatchNorm) and beyond MOST_UNITS.
    """
    count = len(listed.program.stages) - 1
    last = count if last is None else last
    first = _first(listed) if first is None else first
    _check(listed, first, last, sample)
    return _between(listed, last, first, sample)


def _between(listed: Operations, last: int, first: int, sample: int, watch: Watch | None = None) -> Array:
    stages, program = listed.program.stages, listed.program
    state = listed.values[stages[last]]
    size = _units(state)
    values = _Repeated(listed, sample, size)
    gradients: dict[str, Array] = {stages[last]: _unfolded(np.eye(size, dtype=state.dtype), state)}
    # From the operation that wrote the last stage back to the first one that reads the first stage.
    way = range(program.writers[stages[last]], program.readers[stages[first]] - 1, -1)
    with np.errstate(all="ignore"):
        for index in told(way, len(way), watch):
            _pull(listed, index, values, gradients)
    return _folded(gradients[stages[first]])


def _units(state: Array) -> int:
    """How many numbers a sample's state has: those of all its tokens."""
    return state.size // int(state.shape[-2])


def _unfolded(rows: Array, state: Array) -> Array:
    """Rows of a sample's numbers as a state of so many samples: (tokens, rows, width)."""
    if state.ndim == 2:
        return rows
    tokens, _, width = state.shape
    return np.ascontiguousarray(rows.reshape(-1, tokens, width).swapaxes(0, 1))


def _folded(state: Array) -> Array:
    """The other way: (rows, tokens · width)."""
    return state if state.ndim == 2 else state.swapaxes(0, 1).reshape(state.shape[1], -1)


def singular_values(matrix: Array) -> Array:
    """The singular values, largest first; NaN where the matrix is not finite."""
    if not np.isfinite(matrix).all():
        return np.full(min(matrix.shape), np.nan)
    return np.asarray(np.linalg.svd(matrix, compute_uv=False))


@dataclass(frozen=True, slots=True)
class Spectra:
    """Singular values, largest first, for one sample: of ∂h_last/∂h_first end to end, and of each stage's own Jacobian.

    stages[k] is that of ∂h_(k+1)/∂h_k; a skip that jumps over the stage between (span 2) is no part of it.
    """

    sample: int
    end_to_end: Array
    stages: tuple[Array, ...]


def spectra(listed: Operations, sample: int = 0, watch: Watch | None = None) -> Spectra:
    """The singular values of all Jacobians of a listed. Raises ExperimentError as `jacobian` does.

    watch is told the share that is done, after a stage.
    """
    watch = throttled(watch)
    count = len(listed.program.stages) - 1
    widest = max(_units(listed.values[name]) for name in listed.program.stages)
    if count * widest**3 > MOST_WORK:
        message = Message(
            "{count} stages of {units} units; stages × units³ goes up to {most}: lower one of them",
            count=count, units=widest, most=exact(MOST_WORK),
        )  # fmt: skip
        raise ExperimentError([Problem("jacobian", message)])
    first = _first(listed)
    # One check for all: it looks at every stage, of which there may be 10,000.
    _check(listed, first, count, sample)
    whole = singular_values(_between(listed, count, first, sample, part(watch, 0.0, _WHOLE)))
    numbers = told(range(count), count, part(watch, _WHOLE, 1.0))
    stages = tuple(singular_values(_between(listed, stage + 1, stage, sample)) for stage in numbers)
    return Spectra(sample, whole, stages)


def _first(listed: Operations) -> int:
    """Where end to end begins: at layer 1, whose Jacobian is square; over time at the initial state."""
    last = len(listed.program.stages) - 1
    first = first_learning(listed.axis, last)
    return first if first < last else 0


def _pull(listed: Operations, index: int, values: _Repeated, gradients: dict[str, Array]) -> None:
    """One operation's backward pass on the repeated sample; what it passes on is added up."""
    instruction = listed.program.instructions[index]
    if not any(name in gradients for name in instruction.outputs):
        return
    if instruction.operation == WALL.name:
        # The Jacobian is the network's own, whatever backpropagation leaves out of it.
        gradients |= {
            before: gradients[after]
            for before, after in zip(instruction.inputs, instruction.outputs, strict=True)
            if after in gradients
        }
        return
    outputs = {name: gradients.get(name) for name in instruction.outputs}
    known = {
        name: np.zeros_like(values[name]) if gradient is None else gradient
        for name, gradient in outputs.items()
        if listed.program.slots[name].slot.role not in (MEAN, VARIANCE)
    }
    nowhere = {name: np.empty_like(listed.parameters[name]) for name in instruction.parameters}
    bound = {name: values[name] for name in (*instruction.inputs, *instruction.outputs, *instruction.reads)}
    node = Node(instruction, bound, known, listed.parameters, nowhere, listed.target, Workspace())
    wanted = [np.empty_like(values[name]) for name in instruction.inputs]
    node.input_gradients = list(wanted)
    OPERATIONS[instruction.operation].backward(node)
    for name, array in zip(instruction.inputs, wanted, strict=True):
        gradients[name] = gradients[name] + array if name in gradients else array


class _Repeated(dict[str, Array]):
    """The trace's values of one sample, repeated: (…, size, units)."""

    def __init__(self, listed: Operations, sample: int, size: int) -> None:
        super().__init__()
        self._listed, self._sample, self._size = listed, sample, size

    def __missing__(self, name: str) -> Array:
        value = self._listed.values[name]
        # A norm's statistics over the batch are one row for all samples.
        row = value[..., self._sample : self._sample + 1, :]
        self[name] = np.ascontiguousarray(np.repeat(row, self._size, axis=-2))
        return self[name]


def _check(listed: Operations, first: int, last: int, sample: int) -> None:
    resolved, count = listed.resolved, len(listed.program.stages) - 1
    problems = []
    if not 0 <= first < last <= count:
        message = Message(
            "{first} to {last} given; allowed: 0 ≤ first < last ≤ {most}", first=first, last=last, most=count
        )
        problems.append(Problem("stages", message))
    if not 0 <= sample < listed.input.shape[-2]:
        message = Message("{given} given; allowed: 0 to {most}", given=sample, most=listed.input.shape[-2] - 1)
        problems.append(Problem("sample", message))
    if NORMALISATIONS[resolved.norm].ties_samples and not resolved.kind.over_time:
        message = Message("{norm} norm ties the samples together: there is no Jacobian per sample", norm=resolved.norm)
        problems.append(Problem("norm", message))
    if resolved.layers > 1 and listed.axis == "time":
        message = Message("{given} given; the Jacobian over time is of one layer", given=resolved.layers)
        problems.append(Problem("layers", message))
    largest = max(_units(listed.values[name]) for name in listed.program.stages)
    if largest > MOST_UNITS:
        message = Message("{units} units; the exact Jacobian goes up to {most}", units=largest, most=MOST_UNITS)
        problems.append(Problem("width", message))
    if problems:
        raise ExperimentError(problems)
