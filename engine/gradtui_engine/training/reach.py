"""Reach: how far back in time the gradient of the last step gets, iteration by iteration.

What an early step has to do with the answer is learnt from ∂L/∂h of that step alone (Hochreiter 1991; Bengio et al.
1994). Training can open the way: of a GRU on the adding problem over 100 steps the first step gets 1e-12 of the last
one's at first, and 0.1 of it when the loss begins to fall.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..core.numerics import Array
from ..core.thresholds import VANISHED

if TYPE_CHECKING:
    from .snapshot import TrainingSnapshot


def reach(snapshot: TrainingSnapshot, lags: Sequence[int] | None = None) -> Array | None:
    """log10 ‖∂L/∂s_{T−k}‖ / ‖∂L/∂s_T‖ at [iteration, k], (count, T): what the step k back gets, of what the last gets.
    Of these lags alone: (count, lags).

    s is the state that carries: c of a cell with a cell state, else h. −inf where the step gets exactly 0; NaN where
    the last one gets 0 too, or a number is not finite. k goes from 0 (the last step) to T − 1 (the first).

    None without time, and where every step has a loss of its own: there a step's gradient is the sum of what all later
    losses send it, and the norm of a sum does not tell how far one of them came. (`Run.outcome.ratio` of an iteration
    is that of the last step's loss alone: it needs the iteration's arrays.)
    """
    if snapshot.axis != "time" or snapshot.training.experiment.resolved.readout == "all":
        return None
    column = snapshot.columns.get("cell_gradient", snapshot.columns["gradient"])
    # Without the initial state, stage 0: no step of the input.
    back = column[:, :0:-1]
    with np.errstate(invalid="ignore"):
        shares = (back if lags is None else back[:, list(lags)]) - column[:, -1:]
    shares[np.isposinf(shares)] = math.nan
    return np.asarray(shares)


def horizon(snapshot: TrainingSnapshot) -> Array | None:
    """The largest k such that every step up to k back gets 1e-3 or more of what the last one gets, (count,) of int.

    0 where the step before the last does not; T − 1 where even the first one does. −1 where the last step gets nothing,
    or a number is not finite. None where `reach` is.
    """
    shares = reach(snapshot)
    if shares is None:
        return None
    # NaN compares as not reached.
    reached = shares >= math.log10(VANISHED)
    return np.asarray(np.logical_and.accumulate(reached, axis=1).sum(axis=1) - 1)
