"""The table of target scales: (t − centre) / unit is what a network learns of a file's numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array
from ..core.table import Table

#: Beyond such a power of two 1 is not a unit that numbers of a column can be counted in.
_LARGEST_POWER = 1000


@dataclass(frozen=True, slots=True)
class Scale:
    """(t − centre) / unit is what the network learns; both are in the target's own units. name is the row's.

    rows: of how many numbers centre and unit are; all of the file, or those that a training does not hold out.
    """

    name: str
    centre: float
    unit: float
    rows: int

    def scaled(self, values: Array) -> Array:
        """What the network gets for numbers of the file.

        By way of a power of two, which is exact, so that numbers of 1e-300 or 1e307 do not under- or overflow.
        """
        _, exponent = np.frexp(max(abs(self.centre), abs(self.unit)))
        centre, unit = np.ldexp(self.centre, -exponent), np.ldexp(self.unit, -exponent)
        return np.asarray((np.ldexp(values, -exponent) - centre) / unit)

    def own(self, numbers: Array) -> Array:
        """What answers of the network are in the target's own units."""
        return np.asarray(numbers * self.unit + self.centre)


@dataclass(frozen=True, slots=True)
class TargetScale:
    """One scale: fit(numbers) gives (centre, unit) of those that are learnt; None leaves numbers as they stand.

    unit says a {number} of distances that the scale makes 1; told is a sentence with {centre} and {unit}, {low} and
    {high} in the target's own units. to_one: whether numbers come to lie from 0 to 1, as bce and a sigmoid have them.
    """

    name: str
    formula: str
    fit: Callable[[Array], tuple[float, float]] | None
    unit: English
    told: English
    note: English
    to_one: bool = False
    aliases: Aliases = NO_ALIASES

    def of(self, numbers: Array) -> Scale | None:
        """The scale of these numbers, (rows,). Of equal ones the unit is 1 and the centre the number itself."""
        if self.fit is None:
            return None
        low, high = float(numbers.min()), float(numbers.max())
        exponent = int(np.frexp(max(abs(low), abs(high)))[1])
        if low == high:
            return Scale(self.name, low, 1.0 if abs(exponent) < _LARGEST_POWER else abs(low), len(numbers))
        centre, unit = self.fit(np.ldexp(numbers.astype(np.float64), -exponent))
        # A spread that is lost, or of which half of the numbers have none.
        unit = float(np.ldexp(unit, exponent)) or 1.0
        return Scale(self.name, float(np.ldexp(centre, exponent)), unit, len(numbers))


def _standard(numbers: Array) -> tuple[float, float]:
    return float(numbers.mean()), float(numbers.std())


def _minmax(numbers: Array) -> tuple[float, float]:
    return float(numbers.min()), float(numbers.max() - numbers.min())


def _robust(numbers: Array) -> tuple[float, float]:
    low, middle, high = np.quantile(numbers, (0.25, 0.5, 0.75))
    return float(middle), float(high - low)


NONE, STANDARD = "none", "standard"

TARGET_SCALES = Table(
    "target scale",
    (
        TargetScale(
            STANDARD, "(t − mean) / std", _standard, "{number} of a standard deviation",
            "target scaled: mean {centre}, standard deviation {unit} are now 0 and 1; --target-scale none leaves it",
            "Always to answer the mean costs 1 (mse), whatever the units; scikit-learn's StandardScaler. The standard "
            "deviation is that of the rows themselves (n, not n − 1).",
            aliases=Aliases(
                ("standard_scaler", "standardise", "standardize", "standardised", "standardized", "zscore", "z_score"),
                ("normalise", "normalize", "normalised", "normalized"),
            ),
        ),
        TargetScale(
            "minmax", "(t − min) / (max − min)", _minmax, "{number} of the range",
            "target scaled: {low} and {high} are now 0 and 1; --target-scale none leaves it",
            "From 0 to 1, as a sigmoid's outputs and bce have them; scikit-learn's MinMaxScaler. One number far away "
            "presses all others together; what is held out may lie beyond 0 and 1.", to_one=True,
            aliases=Aliases(("min_max_scaler", "minmax_scaler", "min_max", "unit_range", "rescaling")),
        ),
        TargetScale(
            "robust", "(t − median) / (q₃ − q₁)", _robust, "{number} of the interquartile range",
            "target scaled: median {centre}, interquartile range {unit} are now 0 and 1; --target-scale none leaves it",
            "Numbers far away move neither the median nor the quartiles; scikit-learn's RobustScaler.",
            aliases=Aliases(("robust_scaler", "median", "iqr")),
        ),
        TargetScale(
            NONE, "t", None, "", "",
            "The numbers as they stand in the file: those of thousands give a first loss of millions.",
            aliases=Aliases(("raw", "off", "as_is", "identity")),
        ),
    ),
)  # fmt: skip
