"""What a mirror reads and how it is trained: data of the same sizes, loss, optimiser, rate, clipping."""

from __future__ import annotations

import numpy as np

from ..core.figures import cut, exact
from ..core.message import Message
from ..data.datasets import CSV, DATA_SETS, DataSet
from ..rules.optimisers import OPTIMISERS
from .likeness import Likeness
from .networks import optimiser_of

#: The loss's node in PyTorch → the row of the table of losses.
LOSSES = {
    "NllLossBackward0": "cross_entropy", "MseLossBackward0": "mse", "BinaryCrossEntropyWithLogitsBackward0": "bce",
}  # fmt: skip
#: Norms are recorded with five digits: a gradient that lost more than this was clipped.
_CLIPPED = 1e-3
#: So far apart are norms after a clipping by norm, in half precision.
_ONE_NORM = 1e-2


def data(like: Likeness) -> None:
    """A data set of the same sizes, its loss, and a batch as large."""
    fields, loss, steps, inputs = like.fields, LOSSES.get(like.recording.root), _steps(like), like.network.inputs
    chosen = _data_set(like, loss, steps)
    fields["data"] = chosen.name
    if loss == "bce" and chosen.loss == "cross_entropy":
        fields["loss"] = "bce"
    if steps is not None and chosen.steps in (None, steps):
        if chosen.steps is None:
            fields["steps"] = steps
        like.taken.append(Message("time steps: {count}", count=steps))
    elif steps is not None:
        like.missing.append(
            Message("time steps: {count}; {data} has {own}", count=steps, data=chosen.name, own=chosen.steps)
        )
    elif like.over_time:
        like.missing.append(Message("how many time steps there are"))
    if inputs is not None and chosen.inputs in (None, inputs):
        if chosen.inputs is None:
            fields["inputs"] = inputs
        like.taken.append(Message("inputs: {count}", count=inputs))
    elif inputs is not None:
        like.missing.append(
            Message("inputs: {count}; {data} has {own}", count=inputs, data=chosen.name, own=chosen.inputs)
        )
    if loss is None:
        like.missing.append(Message("the loss, which is none of an experiment's"))
    elif loss in (chosen.loss, fields.get("loss")):
        like.taken.append(Message("loss {name}", name=loss))
    else:
        like.missing.append(Message("loss {name}: {data} has numbers as its target", name=loss, data=chosen.name))
    _batch(like, chosen, steps)
    like.missing.append(Message("the data, of which a record has nothing: {data} in their place", data=chosen.name))


def _steps(like: Likeness) -> int | None:
    """T of a cell: of its sequences, of the model's input, or as many as there are calls of it."""
    if not like.over_time:
        return None
    name = like.network.hidden[0]
    sequences = like.recording.sequences.get(name)
    if sequences is not None and (sequences.lengths > 0).any():
        return int(np.max(sequences.lengths))
    calls, sizes = sum(call.module == name for call in like.recording.calls), like.recording.input_shape
    if calls > 1:
        return calls
    return sizes[1 - _batch_axis(like, None)] if len(sizes) == 3 else None


def _batch_axis(like: Likeness, steps: int | None) -> int:
    """The axis of the model's input along which its samples are.

    Over time it is that beside the axis which has so many steps; where both have, or neither, the second one unless the
    module is batch_first.
    """
    sizes = like.recording.input_shape
    if not like.over_time:
        return 0
    if steps is not None and len(sizes) == 3 and (sizes[0] == steps) != (sizes[1] == steps):
        return int(sizes[0] == steps)
    row = next(row for row in like.header.modules if row.name == like.network.hidden[0])
    return int(not row.settings.get("batch_first", False))


def _data_set(like: Likeness, loss: str | None, steps: int | None) -> DataSet:
    """The one with these sizes and this loss; else, over time and for numbers, one whose sizes can be chosen."""
    wanted = "cross_entropy" if loss == "bce" else loss
    for row in DATA_SETS.values():
        alike = (row.inputs, row.outputs, row.loss) == (like.network.inputs, like.network.outputs, wanted)
        along = row.over_time and row.steps in (None, steps) if like.over_time else not row.is_sequence
        if row.name != CSV and alike and along:
            return row
    return DATA_SETS["digits" if wanted == "cross_entropy" and not like.over_time else "gaussian"]


def _batch(like: Likeness, chosen: DataSet, steps: int | None) -> None:
    """As many samples as the model's input had."""
    sizes, axis = like.recording.input_shape, _batch_axis(like, steps)
    if len(sizes) <= axis or sizes[axis] < 1:
        like.missing.append(Message("how many samples a batch has"))
    elif chosen.samples is not None and sizes[axis] > chosen.samples:
        like.missing.append(
            Message(
                "samples of a batch: {count}; {data} has {own}", count=sizes[axis], data=chosen.name, own=chosen.samples
            )
        )
    else:
        like.fields["batch"] = sizes[axis]
        like.taken.append(Message("samples of a batch: {count}", count=sizes[axis]))


def update(like: Likeness) -> None:
    """Optimiser, rate, clipping."""
    fields, header = like.fields, like.header
    known = header.optimizers[0] if header.optimizers else {}
    chosen = optimiser_of(header)
    if chosen:
        fields.update(chosen)
        row, decay = chosen["optimizer"], known.get("weight_decay")
        if isinstance(decay, int | float) and decay != OPTIMISERS[row].weight_decay:
            fields["weight_decay"] = float(decay)
        like.taken.append(Message("optimiser {name}", name=row))
    else:
        name = str(known.get("name", ""))
        like.missing.append(Message("the optimiser {name}: plain sgd in its place", name=name or "–"))
    if len(header.optimizers) > 1:
        like.missing.append(
            Message("{count} optimisers: an experiment has one, the first", count=len(header.optimizers))
        )
    rates = like.recording.columns.learning_rates[:, :1]
    rates = rates[np.isfinite(rates)]
    rate = float(rates.max()) if rates.size else known.get("lr")
    if isinstance(rate, int | float):
        fields["learning_rate"] = float(rate)
        like.taken.append(Message("learning rate {rate}", rate=exact(rate)))
    if rates.size and rates.min() < rates.max():
        like.missing.append(Message("the schedule: the rate is the highest one"))
    _clip(like)


def _clip(like: Likeness) -> None:
    columns = like.recording.columns
    before, after = columns.gradient_before, columns.gradient_after
    with np.errstate(invalid="ignore"):
        clipped = after[np.isfinite(before) & (after < before * (1.0 - _CLIPPED))]
    if not clipped.size:
        return
    threshold = float(np.median(clipped))
    if threshold and float(np.ptp(clipped)) < _ONE_NORM * threshold:
        threshold = cut(threshold, 3)
        like.fields.update({"clip": "norm", "clip_threshold": threshold})
        like.taken.append(Message("clipping by norm at {threshold}", threshold=exact(threshold)))
    else:
        like.missing.append(Message("clipping, which is not by the norm of the whole gradient"))
