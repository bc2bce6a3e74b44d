"""A trace as one .npz file, for PyTorch, notebooks and later checks."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..core.numerics import Array
from ..program.slots import ATTENTION, CELL_STATE, GATES, HIDDEN

if TYPE_CHECKING:
    from .trace import Trace


#: What each step or layer keeps for others to read.
_SAVED = (HIDDEN, CELL_STATE, GATES, ATTENTION)


def arrays(trace: Trace) -> Iterator[tuple[str, Array]]:
    """Every array with its name in the archive.

    input, target, loss; param/NAME and grad/NAME with NAME as in a PyTorch `state_dict`; h/k and dh/k of each
    stage, (batch, units); of an LSTM also c/t, dc/t and gates/t, (batch, 4·width) in the order i, f, g, o (GRU:
    (batch, 3·width) in the order r, z, n); of a stacked cell's lower layer K the same as h_lK/t and so on; of a
    Transformer states are (tokens, batch, width), and attention/k is (heads, tokens, batch, tokens); of dropout
    mask/k, 1 where a number was kept. Where asked for, clipped/NAME and updated/NAME; with BatchNorm buffer/NAME, the
    running statistics. experiment is a text, JSON: the fields that were given, and the loss that they come to; with it
    `analysis.npz_reading` opens the archive.
    """
    yield "experiment", np.array(json.dumps({"given": trace.experiment.given(), "loss": trace.resolved.loss}))
    yield "input", trace.input
    yield "target", trace.target
    yield "loss", trace.values["loss"]
    if trace.loss_scale != 1.0:
        yield "loss_scale", np.array(trace.loss_scale)
    for name, array in trace.parameters.items():
        yield f"param/{name}", array
        yield f"grad/{name}", trace.parameter_gradients[name]
        if trace.resolved.clip != "none":
            yield f"clipped/{name}", trace.clipped[name]
        if trace.has_update:
            yield f"updated/{name}", trace.updated(name)
    for name, array in trace.running_statistics.items():
        yield f"buffer/{name}", array
    for name, storage in trace.program.slots.items():
        if storage.whole is None or isinstance(storage.index, slice) or storage.slot.role not in _SAVED:
            continue
        yield name, trace.values[name]
        if name in trace.gradients:
            yield f"d{name}", trace.gradients[name]
    yield from trace.masks.items()
    first = trace.program.stages[0]
    if trace.program.slots[first].whole is None:  # an MLP's input is no row of h
        yield first, trace.values[first]
        yield f"d{first}", trace.gradients[first]


def save(trace: Trace, path: str | Path) -> None:
    """Write the trace's arrays to `path`. Raises OSError."""
    write(arrays(trace), path)


def write(named: Iterable[tuple[str, Array]], path: str | Path) -> None:
    """Write arrays to `path`, exactly there (NumPy would add .npz), whole or not at all. Raises OSError."""
    path = Path(path)
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "is not a file, and is left as it is", str(path))
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            np.savez(file, **dict(named))  # type: ignore[arg-type]  # savez's stub names allow_pickle only
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
