"""Histories that need no training: one iteration is a history of one."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core.numerics import Array
from ..core.progress import Watch
from .record import Record
from .stage_numbers import STAGE_NUMBERS


@dataclass(frozen=True, eq=False)
class OneIteration:
    """The history of a single record."""

    record: Record

    @property
    def count(self) -> int:
        return 1

    @functools.cached_property
    def summary(self) -> Mapping[str, Array]:
        """loss (1,), and each number that a stage of the record has, (1, stages); NaN where one has none."""
        columns = {"loss": np.array([math.nan if self.record.loss is None else self.record.loss])}
        for name, row in STAGE_NUMBERS.items():
            values = [row.read(stage) for stage in self.record.stages]
            if any(value is not None for value in values):
                columns[name] = np.array([[math.nan if value is None else value for value in values]])
        return columns

    def at(self, iteration: int, watch: Watch | None = None) -> Record:
        """The record, which is iteration 0. Raises IndexError."""
        if iteration != 0:
            raise IndexError(f"iteration {iteration}: there is 0 alone")
        return self.record
