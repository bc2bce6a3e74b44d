"""The columns of stages, as a training's own are: of every event, made as it is read and kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from ..core.numerics import Array
from .axes import TimeAxis
from .columns import Sequences
from .events import Events
from .growing import Growing
from .stages import Stage

#: The columns that stages have: of a training's snapshot the same names; and more, for one event.
OF_MODULES = ("gradient", "mean", "std", "saturated", "dead", "stage_update_ratio", "parameter_gradient")


class StageColumns(Protocol):
    """Columns (count, stages) along one axis."""

    columns: dict[str, Growing]

    def fill(self, events: Events, rows: Sequence[int]) -> None:
        """Of these events."""
        ...


class ModuleColumns:
    """Of modules: log10 ‖∂L/∂h‖, mean, std, saturated and dead share of each stage, ‖ΔW‖ / ‖W‖ and
    log10 ‖∂L/∂θ‖ of its own ones."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = stages
        self.columns = {name: Growing((len(stages),)) for name in OF_MODULES}

    def fill(self, events: Events, rows: Sequence[int]) -> None:
        for growing in self.columns.values():
            growing.reserve(len(events.steps.array))
        with np.errstate(all="ignore"):
            for index, stage in enumerate(self._stages):
                for name, values in numbers_of(events, stage, rows).items():
                    self.columns[name].array[rows, index] = values


def numbers_of(events: Events, stage: Stage, rows: Sequence[int]) -> dict[str, Array]:
    """A stage's OF_MODULES in these events."""
    given = {
        name: _last_known(events.activations[name].array, rows, stage.columns)
        for name in ("grad", "mean", "rms", "sat", "off")
    }
    variance = given["rms"] ** 2 - given["mean"] ** 2
    return {
        "gradient": np.log10(given["grad"]),
        "mean": given["mean"],
        "std": np.sqrt(np.maximum(variance, 0.0)),
        "saturated": given["sat"],
        "dead": given["off"],
        "stage_update_ratio": _update_ratio(events, stage, rows),
        "parameter_gradient": np.log10(_parameter_gradient(events, stage, rows)),
    }


def _parameter_gradient(events: Events, stage: Stage, rows: Sequence[int]) -> Array:
    """The norm of the gradients of a stage's own parameters together; NaN where none is known."""
    where = np.ix_(np.array(rows, dtype=np.intp), np.array(stage.parameters, dtype=np.intp))
    norms = events.parameters["grad"].array[where]
    together = np.sqrt(np.nansum(norms**2, axis=1))
    return np.where(np.isnan(norms).all(axis=1), np.nan, together)


def _update_ratio(events: Events, stage: Stage, rows: Sequence[int]) -> Array:
    """The norm of all updates of a stage together over that of their weights; NaN where none is known."""
    where = np.ix_(np.array(rows, dtype=np.intp), np.array(stage.parameters, dtype=np.intp))
    ratios, weights = (events.parameters[name].array[where] for name in ("update", "weight"))
    known = ~np.isnan(ratios * weights)
    squares = (np.where(known, values, 0.0) ** 2 for values in (ratios * weights, weights))
    moved, size = (np.sqrt(each.sum(axis=1)) for each in squares)
    return np.where(known.any(axis=1), moved / size, np.nan)


def _last_known(values: Array, rows: Sequence[int], columns: Sequence[int]) -> Array:
    """Of the columns the last that is known, in each of these rows."""
    known = np.full(len(rows), np.nan)
    for column in reversed(columns):
        missing = np.isnan(known)
        if not missing.any():
            break
        known[missing] = values[rows, column][missing]
    return known


class TimeColumns:
    """Over time: log10 ‖∂L/∂h_t‖ and log10 ‖∂L/∂c_t‖ for t = 0 … T, and the gates' means (count, gates, steps)."""

    def __init__(self, axis: TimeAxis) -> None:
        self._axis = axis
        self.columns: dict[str, Growing] = {"gradient": Growing((0,))}

    def fill(self, events: Events, rows: Sequence[int]) -> None:
        with np.errstate(all="ignore"):
            for name, values in self._values(events, rows).items():
                if name not in self.columns:
                    self.columns[name] = Growing(values.shape[1:])
                growing = self.columns[name]
                growing.reserve(len(events.steps.array))
                if values.shape[-1] > growing.array.shape[-1]:
                    growing.widen(values.shape[1:])
                growing.array[rows] = values

    def _values(self, events: Events, rows: Sequence[int]) -> Mapping[str, Array]:
        if self._axis.layer is None:
            return {"gradient": np.log10(over_calls(events, self._axis, rows))}
        layer = sequence_of(events, self._axis).layers[self._axis.layer]
        values = {"gradient": np.log10(layer.h[rows])}
        if layer.c is not None:
            values["cell_gradient"] = np.log10(layer.c[rows])
        gates = [gate[rows] for gate in layer.gates.values()]
        if gates and len({gate.shape for gate in gates}) == 1:
            values["gates"] = np.stack(gates, axis=1)
        return values


def sequence_of(events: Events, axis: TimeAxis) -> Sequences:
    """The gradients over time of the module of an axis."""
    module = next(index for index, row in enumerate(events.header.modules) if row.name == axis.module)
    return events.sequences[module].view(events.count)


def over_calls(events: Events, axis: TimeAxis, rows: Iterable[int]) -> Array:
    """‖∂L/∂h_t‖ of a cell in a loop, whose initial state's is not known."""
    gradients = events.activations["grad"].array[np.ix_(np.array([*rows], dtype=np.intp), np.array(axis.columns))]
    return np.concatenate([np.full((len(gradients), 1), np.nan), gradients], axis=1)
