"""What can be asked of a training, one row each; and the same after so many of its iterations."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..core.message import English, Message, Verbatim
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array, ratio
from ..training.reach import horizon
from .measured import Measured

if TYPE_CHECKING:
    from ..training.snapshot import TrainingSnapshot

#: The last iteration by name.
LAST = "last"
#: A loss that is so many times the first one's counts as this.
_EXPLODED = 1e6
#: Batches whose losses are averaged where one loss is asked for: one alone jumps.
_BATCHES = 20


@dataclass(frozen=True, slots=True)
class OfTraining:
    """One thing that can be measured of a training.

    read(snapshot, loss) gives it, None where this training has none; of_a_loss: it is about a loss that is given.
    """

    name: str
    label: English
    description: str
    read: Callable[[TrainingSnapshot, float], float | str | None]
    of_a_loss: bool = False
    whole: bool = False
    share: bool = False
    is_name: bool = False
    #: What else it is called.
    aliases: Aliases = field(default=NO_ALIASES, hash=False)


def _of_end(number: str) -> Callable[[TrainingSnapshot, float], float | None]:
    """A number of the answer to whether it learns."""
    return lambda snapshot, loss: snapshot.outcome.numbers.get(number) if snapshot.outcome is not None else None


def _accuracy(snapshot: TrainingSnapshot, loss: float) -> float | None:
    return snapshot.validations[-1].accuracy if snapshot.validations else None


def _diverged_at(snapshot: TrainingSnapshot, loss: float) -> float | None:
    answer = snapshot.outcome
    return float(snapshot.count - 1) if answer is not None and answer.kind == "diverged" else None


def _worst_loss(snapshot: TrainingSnapshot, loss: float) -> float | None:
    losses = snapshot.columns["loss"]
    finite = losses[np.isfinite(losses)]
    return float(finite.max()) if finite.size else None


def _iterations_to(snapshot: TrainingSnapshot, loss: float) -> float | None:
    """The first iteration at which the last 20 batches have cost less on average."""
    losses = snapshot.columns["loss"].astype(float)
    if len(losses) < _BATCHES:
        return None
    means = np.convolve(losses, np.full(_BATCHES, 1 / _BATCHES), "valid")
    below = np.flatnonzero(means < loss)
    return float(below[0] + _BATCHES - 1) if below.size else None


def _relative(snapshot: TrainingSnapshot) -> Array:
    """loss_k / loss_0 of the batches; beyond 1e6, and where it is no number, 1e6."""
    losses = snapshot.columns["loss"].astype(float)
    first = losses[0] if losses[0] > 0 else math.nan
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.minimum(losses / first, _EXPLODED), nan=_EXPLODED)


def _trains(snapshot: TrainingSnapshot, loss: float) -> float | None:
    """Whether the mean of the last 20 losses is under the first: 1 or 0."""
    if not snapshot.count:
        return None
    end = float(np.mean(snapshot.columns["loss"][-_BATCHES:], dtype=float))
    return float(snapshot.broken is None and end < float(snapshot.columns["loss"][0]))


def _trainability(snapshot: TrainingSnapshot, loss: float) -> float | None:
    """1/(1 + mean of v) where it trains, −1/(1 + mean of 1/v) where it does not, of v = loss_k / loss_0.

    Sohl-Dickstein (2024) colours by the sums themselves, −Σ v and Σ 1/v; here both ends stay within ±1, the sign says
    the same, and iterations that a divergence leaves out count as lost ones.
    """
    trains = _trains(snapshot, loss)
    if trains is None:
        return None
    values, planned = _relative(snapshot), max(snapshot.count, 1)
    if snapshot.broken is not None:
        planned = max(planned, snapshot.training.iterations)
    total = float(np.sum(values)) if trains else float(np.sum(1 / np.maximum(values, 1 / _EXPLODED)))
    return ratio(1.0, 1.0 + total / planned) * (1 if trains else -1)


def _horizon(snapshot: TrainingSnapshot, loss: float) -> float | None:
    steps = horizon(snapshot)
    return None if steps is None or steps[-1] < 0 else float(steps[-1])


OF_A_TRAINING = (
    OfTraining(
        "learning",
        "training",
        "what a training has come to: trained, falling, stalled, diverged",
        lambda snapshot, loss: snapshot.outcome.kind if snapshot.outcome is not None else None,
        is_name=True,
    ),
    OfTraining(
        "end_loss",
        "loss at the end",
        f"the loss at the end: on held-out samples, or the mean of the last {_BATCHES} batches",
        _of_end("end"),
        aliases=Aliases(("final_loss",)),
    ),
    OfTraining("guess", "loss of guessing", "the loss of answering without looking", _of_end("guess")),
    OfTraining(
        "accuracy",
        "accuracy",
        "the share of held-out samples that are right, at the last validation",
        _accuracy,
        share=True,
    ),
    OfTraining(
        "diverged_at", "iteration of the divergence", "the iteration at which it diverged", _diverged_at, whole=True
    ),
    OfTraining("worst_loss", "largest loss", "the largest finite loss of a batch on the way", _worst_loss),
    OfTraining(
        "trains",
        "trains",
        f"1 where the mean loss of the last {_BATCHES} batches is under the first one's, else 0 (Sohl-Dickstein 2024)",
        _trains,
        whole=True,
        aliases=Aliases(("trainable", "converges")),
    ),
    OfTraining(
        "trainability",
        "trainability",
        "how fast it trains, up to 1, or, below 0, how fast it fails, down to −1: of v = loss_k / loss_0 1/(1 + mean "
        "of v) where it trains, −1/(1 + mean of 1/v) where it does not (after Sohl-Dickstein 2024)",
        _trainability,
    ),
    OfTraining(
        "iterations_to",
        "iterations to a loss below",
        f"the iterations until the last {_BATCHES} batches cost less than this on average",
        _iterations_to,
        of_a_loss=True,
        whole=True,
    ),
    OfTraining(
        "horizon",
        "horizon in steps",
        "the steps back in a row that get at least 1e-3 of the last one's gradient, at the end; of cells that "
        "answer after the last step",
        _horizon,
        whole=True,
    ),
)


def after(snapshot: TrainingSnapshot, iteration: str) -> TrainingSnapshot | None:
    """What there was after so many iterations; None where there were not so many."""
    if iteration in ("", LAST):
        return snapshot
    count = int(iteration)
    if not 1 <= count <= snapshot.count:
        return None
    columns = {name: column[:count] for name, column in snapshot.columns.items()}
    validations = tuple(row for row in snapshot.validations if row.iteration <= count)
    broken = snapshot.broken if count == snapshot.count else None
    return replace(snapshot, count=count, columns=columns, validations=validations, broken=broken)


def measure_training(row: OfTraining, iteration: str, place: str, snapshot: TrainingSnapshot) -> Measured:
    """One measure of a training, after so many iterations."""
    cut = after(snapshot, iteration)
    if cut is None:
        count = snapshot.count
        return Measured(
            None, problem=Message("iteration {given}: there are 1 to {count}", given=iteration, count=count)
        )
    value = row.read(cut, float(place or 0))
    if value is None:
        return Measured(None, problem=Message("{name}: this training has none", name=Verbatim(row.name)))
    number = value if isinstance(value, str) else float(value)
    return Measured(number, row.share, over_time=snapshot.axis == "time", whole=row.whole)
