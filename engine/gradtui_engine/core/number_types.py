"""The table of floating-point types: those that a processor computes in, and those that are emulated on float32.

Of an emulated type arrays lie in memory as float32, and whatever an operation of PyTorch would write is rounded to the
nearest number of the type, of two equally near ones to the even one, as IEEE 754 has it: subnormal numbers, overflow to
inf and NaN included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .message import English
from .names import NO_ALIASES, Aliases
from .numerics import Array
from .table import Table


@dataclass(frozen=True, slots=True)
class NumberType:
    """One type: the spacing of its numbers at 1, the smallest normal and subnormal number, and the largest.

    storage is what its arrays lie in memory as. round(array) rounds a float32 array in place; None of a type that is
    computed in.
    """

    name: str
    storage: np.dtype[np.generic]
    eps: float
    tiny: float
    smallest: float
    largest: float
    source: str
    note: English
    round: Callable[[Array], None] | None = None
    aliases: Aliases = NO_ALIASES

    @property
    def is_emulated(self) -> bool:
        """Whether its numbers are float32 numbers, rounded."""
        return self.round is not None

    def cast(self, array: Array) -> Array:
        """A new array with the numbers of this type that are nearest, as it lies in memory."""
        made = array.astype(self.storage)
        if self.round is not None:
            self.round(made)
        return made


#: The exponent's bits, and those of 2⁻¹⁴ and 2¹⁵; what is added, and the way to inf and back. Arrays without a
#: dimension, over which NumPy takes less time than over numbers.
_EXPONENT, _LEAST, _MOST = (np.array(bits, np.uint32) for bits in (0x7F800000, (127 - 14) << 23, (127 + 15) << 23))
_BESIDE, _UP, _DOWN = (np.array(number, np.float32) for number in (1.5 * 2.0**13, 2.0**112, 2.0**-112))


def round_to_float16(array: Array) -> None:
    """Round float32 numbers to float16's, in place: 11 bits, up to 65504, subnormal from 2⁻¹⁴ down to 2⁻²⁴.

    Of x in [2^e, 2^(e+1)) the spacing is 2^(e−10), which is float32's own at 1.5 · 2^(e+13): added and taken away,
    that leaves x rounded, a tie to the even one. e is −14 of what is less, whose spacing is 2⁻²⁴, and 15 of what is
    more; 65536 times 2¹¹² is inf. 8 µs for 2,048 numbers; NumPy's cast and back takes 6, but 134 of numbers below 2⁻¹⁴,
    for each of which it raises a flag.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        # As whole numbers, whose smaller and larger one take a third of the time.
        exponents = np.asarray(array.view(np.uint32) & _EXPONENT)
        np.maximum(exponents, _LEAST, out=exponents)
        np.minimum(exponents, _MOST, out=exponents)
        beside = exponents.view(np.float32)
        np.multiply(beside, _BESIDE, out=beside)
        rounded = np.asarray(array + beside)
        np.subtract(rounded, beside, out=rounded)
        np.multiply(rounded, _UP, out=rounded)
        np.multiply(rounded, _DOWN, out=rounded)
        # The sign of what has become 0.
        np.copysign(rounded, array, out=array)


def round_to_bfloat16(array: Array) -> None:
    """Round float32 numbers to bfloat16's, in place: the upper half of the bits, rounded by adding to the lower half.

    Half of the last bit that stays is added, less one where that bit is 0: so a tie goes to the even one. A carry runs
    into the exponent, and beyond the largest number gives inf. 11 µs for 4,096 numbers; ml_dtypes' cast takes 22.
    """
    bits = array.view(np.uint32)
    rounded = bits >> np.uint32(16)
    rounded &= np.uint32(1)
    rounded += np.uint32(0x7FFF)
    rounded += bits
    rounded &= np.uint32(0xFFFF0000)
    broken = np.isnan(array)
    np.copyto(bits, rounded)
    # A NaN whose bits are all below would have become inf.
    np.copyto(array, np.float32(np.nan), where=broken)


def _native(name: str, note: English, aliases: Aliases) -> NumberType:
    info = np.finfo(name)
    return NumberType(
        name, np.dtype(name), float(info.eps), float(info.tiny), float(info.smallest_subnormal), float(info.max),
        "IEEE 754-2008", note, aliases=aliases,
    )  # fmt: skip


_FLOAT32 = np.dtype("float32")
NUMBER_TYPES = Table(
    "dtype",
    (
        _native(
            "float64", "16 digits, from 5e-324 to 1.8e308: what gradients are checked in.",
            Aliases(("double", "fp64", "f64")),
        ),
        _native(
            "float32", "7 digits, from 1e-45 to 3.4e38: what PyTorch trains in.",
            Aliases(("single", "fp32", "f32"), ("float", "tf32")),
        ),
        NumberType(
            "float16", _FLOAT32, 2.0**-10, 2.0**-14, 2.0**-24, 65504.0, "IEEE 754-2008; Micikevicius et al. 2018",
            "3 digits, from 6e-8 to 65504: a gradient below 3e-8 is 0, which a loss scale prevents.",
            round_to_float16, Aliases(("half", "fp16", "f16"), ("16", "mixed", "amp")),
        ),
        NumberType(
            "bfloat16", _FLOAT32, 2.0**-7, 2.0**-126, 2.0**-133, float(np.uint32(0x7F7F0000).view(np.float32)),
            "Kalamkar et al. 2019",
            "2 digits, but float32's range, from 9e-41 to 3.4e38: gradients keep, small differences do not.",
            round_to_bfloat16, Aliases(("bf16", "brain_float", "brain_float16")),
        ),
    ),
)  # fmt: skip
