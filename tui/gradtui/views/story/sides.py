"""Disease and cure at the cursor: what of the error signal is left at each stage, and what has been learnt so far."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradtui_engine import TrainingSnapshot
from gradtui_engine.analysis.outcome import Answer
from gradtui_engine.analysis.record import Record
from gradtui_engine.cells.cell import Gate
from gradtui_engine.core.numerics import Array, ratio
from gradtui_engine.training.judgement import LAST

from ...text.scale import LogScale
from ...text.summary import resolved_of
from ..frame.once import once
from ..frame.scene import Scene
from ..frame.shares import factors_of, style_of
from ..frame.training_sides import thrown_off
from ..frame.verdict import STYLES

#: The axis goes no further: what diverges would leave nothing of the others' story.
_LEAST, _MOST = 1e-30, 1e12


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two: its scene, and what there is of its training.

    shares are the norms of the gradient that the verdict follows, over that of the last stage, at the cursor's
    iteration: of the error signal at the output so much is left at each stage. first is the first one that learns.
    """

    scene: Scene
    snapshot: TrainingSnapshot | None
    iteration: int

    @functools.cached_property
    def first(self) -> int:
        return self.scene.first_learning

    @functools.cached_property
    def count(self) -> int:
        return len(self.scene.stages)

    @property
    def at(self) -> int | None:
        """The iteration whose numbers are shown: the cursor's, or the last that there is. None before the training."""
        return self._row if self.iteration > 0 else None

    @property
    def _row(self) -> int | None:
        """The iteration whose gradient is shown; None where the record alone is there."""
        if self.snapshot is None or not self.snapshot.count:
            return None
        return min(self.iteration, self.snapshot.count - 1)

    @property
    def behind(self) -> bool:
        """Whether its training has not come to the cursor's iteration yet."""
        snapshot = self.snapshot
        return snapshot is not None and not snapshot.done and snapshot.count <= self.iteration

    @functools.cached_property
    def shares(self) -> tuple[float, ...]:
        if self._row is None or self.snapshot is None:
            carried = [self.scene.carried(stage) for stage in range(self.count)]
            return tuple(ratio(norm, carried[-1]) for norm in carried)
        with np.errstate(all="ignore"):
            rows = self.snapshot.columns[self._column][: self._row + 1]
            # Of what has broken the last numbers that there were.
            known = np.flatnonzero(np.isfinite(rows[:, self.first :]).all(axis=1))
            logarithms = rows[known[-1] if known.size else 0]
            return tuple((10.0 ** (logarithms - logarithms[-1])).tolist())

    @property
    def _column(self) -> str:
        return "cell_gradient" if self.scene.follows_cell else "gradient"

    @functools.cached_property
    def factors(self) -> tuple[float | None, ...]:
        """What each stage multiplies by; the last one nothing."""
        return factors_of(self.shares, self.scene.record)

    @property
    def arriving(self) -> float:
        """What is left at the first stage that learns."""
        return self.shares[self.first]

    def style(self, share: float) -> str:
        """The verdict's colour of a share."""
        return style_of(share, self.scene.record)

    @functools.cached_property
    def outcome(self) -> Answer | None:
        """Whether it learns, as far as the cursor has come; None before its training."""
        if self.at is None or self.snapshot is None:
            return None
        count = self.at + 1
        if count == self.snapshot.count:
            return self.snapshot.outcome
        columns = {name: values[:count] for name, values in self.snapshot.columns.items()}
        validations = tuple(row for row in self.snapshot.validations if row.iteration <= count)
        return replace(self.snapshot, count=count, columns=columns, validations=validations, broken=None).outcome

    def gates(self) -> list[tuple[Gate, float]]:
        """How open each gate is at the cursor, the mean over steps, units and samples; nothing where nobody knows."""
        record = self.scene.record
        if self.scene.experiment is None or record.arrays is None:
            return []
        cell = self.scene.resolved.kind
        if self.at is not None and self.snapshot is not None:
            means = self.snapshot.columns["gates"][self.at].mean(axis=1) if cell.gates else ()
        else:
            means = _mean_gates(record)
        return [(gate, float(mean)) for gate, mean in zip(cell.gates, means, strict=True) if not gate.signed]

    @property
    def thrown_off(self) -> int | None:
        """The updates after which its error was no number any more; where it still is one, after which it had left all
        bounds. None where it has not."""
        if self.at is None or self.snapshot is None:
            return None
        broken = np.flatnonzero(~np.isfinite(self.snapshot.columns["loss"][: self.at + 1]))
        return int(broken[0]) if broken.size else thrown_off(self.snapshot, self.at + 1)

    @property
    def accuracy(self) -> float | None:
        """The share of answers that are right, of the samples that no batch contains, at the last validation; before
        the first of the last batches. None of numbers, which are never right."""
        if self.at is None or self.snapshot is None:
            return None
        validated = [row.accuracy for row in self.snapshot.validations if 0 < row.iteration <= self.at + 1]
        if validated:
            return validated[-1]
        share = float(np.mean(self.snapshot.columns["accuracy"][max(self.at + 1 - LAST, 0) : self.at + 1]))
        return None if math.isnan(share) else share

    @property
    def goes_on(self) -> bool:
        """Whether iterations are to come behind the cursor."""
        training = self.snapshot.training if self.snapshot is not None else None
        return training is not None and self.at is not None and self.at < training.iterations - 1

    @property
    def colour(self) -> str:
        """The verdict's colour of the whole: whether it learns, where that is known; else whether the gradient
        arrives."""
        if self.outcome is not None:
            return STYLES.get(self.outcome.kind, "broken")
        return self.style(self.arriving)


@dataclass(frozen=True, eq=False)
class Both:
    """Disease and cure; of the second there may be nothing yet, or nothing at all."""

    disease: Side
    cure: Side | None

    @classmethod
    def of(cls, scene: Scene) -> Both:
        other, iteration = scene.other, scene.state.iteration
        cure = Side(other, scene.trained_b, iteration) if other is not None else None
        return cls(Side(scene, scene.trained, iteration), cure)

    def __iter__(self) -> Iterator[Side]:
        yield self.disease
        if self.cure is not None:
            yield self.cure

    @functools.cached_property
    def scale(self) -> LogScale:
        """The axis of both columns: it holds the first iteration of both, and this one."""
        first = [share for side in self for share in replace(side, iteration=0).shares[side.first :]]
        here = [share for side in self for share in side.shares[side.first :]]
        return LogScale.of(min(max(share, _LEAST), _MOST) for share in (*first, *here) if share > 0)


@once
def _mean_gates(record: Record) -> Array:
    """The mean of each gate over steps, samples and units, in the order of the cell's."""
    resolved = resolved_of(record.source)
    if record.arrays is None or resolved is None or not resolved.kind.gates:
        return np.empty(0)
    arrays = [record.arrays.gates(stage) for stage in range(1, len(record.stages))]
    outputs = np.stack([array for array in arrays if array is not None])
    kinds = len(resolved.kind.gates)
    means: Array = outputs.reshape(-1, kinds, outputs.shape[-1] // kinds).mean((0, 2))
    return means
