"""A trace as one .npz file, for PyTorch, notebooks and later checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .numerics import Array

if TYPE_CHECKING:
    from .trace import Trace


def arrays(trace: Trace) -> Iterator[tuple[str, Array]]:
    """Every array with its name in the archive.

    input, target, loss; param/NAME and grad/NAME with NAME as in a PyTorch `state_dict`; h/k and dh/k of each
    stage, (batch, units); of an LSTM also c/t, dc/t and gates/t, (batch, 4·width) in the order i, f, g, o.
    """
    yield "input", trace.input
    yield "target", trace.target
    yield "loss", trace.values["loss"]
    for name, array in trace.parameters.items():
        yield f"param/{name}", array
        yield f"grad/{name}", trace.parameter_gradients[name]
    for name in (*trace.program.stages, *trace.program.cells):
        yield name, trace.values[name]
        yield f"d{name}", trace.gradients[name]
    if trace.program.cells:
        for time in range(1, len(trace.program.stages)):
            yield f"gates/{time}", trace.values[f"gates/{time}"]


def save(trace: Trace, path: str | Path) -> None:
    """Write the arrays to `path`, exactly there (NumPy would add .npz), whole or not at all. Raises OSError."""
    path = Path(path)
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            np.savez(file, **dict(arrays(trace)))  # type: ignore[arg-type]  # savez's stub names allow_pickle only
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
