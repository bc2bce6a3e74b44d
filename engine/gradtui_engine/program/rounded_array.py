"""Arrays of an emulated type: float32 in memory, and no number gets into them that is not one of the type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ..core.number_types import NUMBER_TYPES, NumberType


class Rounded(np.ndarray[Any, Any]):
    """A float32 array whose numbers are of an emulated type: what a call of NumPy writes into it, or makes of it
    without writing anywhere else, is rounded. What is written into an ordinary array is not.
    """

    type: ClassVar[NumberType]

    @classmethod
    def of(cls, made: Any) -> Any:
        """A float32 array that nobody else holds, rounded; anything else as it is, and a number rounded."""
        if getattr(made, "dtype", None) != np.float32:
            return made
        array = np.asarray(made)
        assert cls.type.round is not None
        if not array.ndim:
            array = np.array(array)
            cls.type.round(array)
            return array[()]
        cls.type.round(array)
        return array.view(cls)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: tuple[Any, ...] = (), **rest: Any
    ) -> Any:
        if out:
            getattr(ufunc, method)(*map(exact, inputs), out=tuple(map(exact, out)), **rest)
            for array in out:
                _round(array)
            return out[0] if len(out) == 1 else out
        made = getattr(ufunc, method)(*map(exact, inputs), **rest)
        return tuple(map(self.of, made)) if type(made) is tuple else self.of(made)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        out = kwargs.get("out")
        made = func(*map(_stripped, args), **{name: _stripped(each) for name, each in kwargs.items()})
        if out is not None:
            _round(out)
            return out
        # What a function makes may be a view of what it was given, and that one not to be written to.
        return self.of(np.array(made)) if getattr(made, "dtype", None) == np.float32 else made

    def __setitem__(self, key: Any, value: Any) -> None:
        if type(value) is not type(self):
            value = self.of(np.array(exact(value), self.dtype))
        exact(self)[key] = exact(value)

    def fill(self, value: Any) -> None:
        self[...] = value


#: The class of the arrays of each emulated type, by its name.
ARRAYS: Mapping[str, type[Rounded]] = {
    row.name: type(f"{row.name.capitalize()}Array", (Rounded,), {"type": row})
    for row in NUMBER_TYPES.values()
    if row.is_emulated
}


def exact(array: Any) -> Any:
    """The same numbers as an ordinary array, into which float32 is written as it is."""
    return array.view(np.ndarray) if isinstance(array, Rounded) else array


def _stripped(argument: Any) -> Any:
    if isinstance(argument, list | tuple):
        return type(argument)(map(_stripped, argument))
    return exact(argument)


def _round(array: Any) -> None:
    if isinstance(array, Rounded) and array.dtype == np.float32:
        assert array.type.round is not None
        array.type.round(exact(array))
