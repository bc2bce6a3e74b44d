"""A saved iteration put back: what was saved as it was saved, the rest worked out from it, operation by operation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..core.message import Message
from ..core.numerics import Array, norm_inside
from ..program.program import Program
from ..program.slots import CELL_STATE
from .memory import Bound

#: How far a saved array may be from what one operation makes of the saved arrays before it, relative to its norm: far
#: beyond another machine's rounding, far below another array.
_TOLERANCE = {"float32": 1e-2, "float64": 1e-5}
#: And relative to the largest norm of its kind, in units of the dtype's rounding: what cancels is nothing but rounding,
#: as the gradient of a bias before BatchNorm.
_CANCELLED = 1e3


class Mismatch(Exception):
    """An array that is not what the program makes of the others; its text says which."""


@dataclass(frozen=True, eq=False)
class Saved:
    """The arrays of an iteration that were saved, by slot and by parameter.

    Each is put in place as soon as its operation has computed it: so what follows is worked out from what was saved,
    and rounding of another machine does not grow from layer to layer.
    """

    values: Mapping[str, Array]
    gradients: Mapping[str, Array]
    parameter_gradients: Mapping[str, Array]
    #: The largest norm of each kind, by the identity of its mapping.
    _largest: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with np.errstate(all="ignore"):
            for kind in (self.values, self.gradients, self.parameter_gradients):
                norms = [norm_inside(array) for array in kind.values() if array.dtype.kind == "f" and array.size]
                largest = max((norm for norm in norms if math.isfinite(norm)), default=0.0)
                self._largest[id(kind)] = largest

    def scaled(self, scale: float) -> Saved:
        """The same with every gradient as it is while the loss is multiplied by this."""
        gradients, of_parameters = (
            {name: array * array.dtype.type(scale) for name, array in kind.items() if array.dtype.kind == "f"}
            for kind in (self.gradients, self.parameter_gradients)
        )
        return Saved(self.values, gradients, of_parameters)

    def after_forward(self, program: Program, bound: Bound, index: int) -> None:
        """Put back what an instruction has written. Raises Mismatch."""
        for name in program.instructions[index].outputs:
            self._put(name, name, self.values, bound.values)

    def after_backward(self, program: Program, bound: Bound, index: int) -> None:
        """Put back the gradients that are complete after an instruction's backward pass. Raises Mismatch."""
        instruction = program.instructions[index]
        for name in instruction.inputs:
            if program.readers[name] == index and not _adds_to_its_own(program, name):
                self._put(f"d{name}", name, self.gradients, bound.gradients)
        for name in instruction.outputs:
            if _adds_to_its_own(program, name):
                self._put(f"d{name}", name, self.gradients, bound.gradients)
        for name in instruction.parameters:
            self._put(f"grad/{name}", name, self.parameter_gradients, bound.parameter_gradients)

    def _put(self, called: str, name: str, saved: Mapping[str, Array], computed: Mapping[str, Array]) -> None:
        if name not in saved or name not in computed:
            return
        array, place = saved[name], computed[name]
        if array.shape != place.shape or array.dtype != place.dtype:
            raise Mismatch(Message("{name} has another shape or type than its experiment gives", name=called))
        if not _is_near(array, place, self._largest[id(saved)]):
            raise Mismatch(Message("{name} is not what its experiment makes of the other arrays", name=called))
        place[...] = array


def _adds_to_its_own(program: Program, name: str) -> bool:
    """Whether a slot's gradient is complete only after the step that wrote it: ∂L/∂c_t also comes through h_t."""
    return name in program.writers and program.slots[name].slot.role == CELL_STATE


def _is_near(saved: Array, computed: Array, largest: float) -> bool:
    """Whether one can be the other on another machine; what is not finite there need not be the same here."""
    if np.array_equal(saved, computed):
        return True
    finite = np.isfinite(saved) & np.isfinite(computed)
    difference = np.where(finite, saved - computed, 0)
    size = norm_inside(np.where(finite, saved, 0)) + norm_inside(np.where(finite, computed, 0))
    rounding = _CANCELLED * float(np.finfo(saved.dtype).eps) * largest
    return bool(norm_inside(difference) <= _TOLERANCE[str(saved.dtype)] * size + rounding)
