"""The size of a trace, worked out before anything of it is allocated: an impossible one is refused."""

from __future__ import annotations

from ..core import allowances
from ..core.figures import counted, rounded
from ..core.message import Message
from ..core.problems import ExperimentError, Problem
from ..data import datasets
from ..experiment.resolved import Resolved
from ..program.output_layer import Sizes

#: A trace larger than this is refused before anything of it is allocated.
MOST_BYTES = 2 * 2**30
# Python objects of an unrolled stage (instructions, slots, views, steps, and what `analyse` works out): 6 kB measured
# at depth 10,000, 11 kB with norm and skip, rounded up.
STAGE_BYTES = 12_288


def largest() -> float:
    """Bytes of the largest trace that is run here."""
    return min(MOST_BYTES, allowances.current().largest_trace)


def planned_sizes(resolved: Resolved) -> Sizes | None:
    """The sizes that the experiment alone decides; None where a file does."""
    outputs = datasets.find(resolved.data).outputs
    if outputs is None or resolved.batch is None or resolved.inputs is None:
        return None
    sequences = resolved.kind.reads_sequences
    return Sizes(resolved.batch, resolved.inputs, outputs, (resolved.steps or 1) if sequences else 1)


def check_size(resolved: Resolved, most: float | None = None) -> None:
    """Raises ExperimentError for a trace that is too large, where the experiment alone decides its size.

    most: bytes that are allowed, of another process than this.
    """
    check_sizes(resolved, planned_sizes(resolved), largest() if most is None else min(MOST_BYTES, most))


def check_sizes(resolved: Resolved, sizes: Sizes | None, most: float) -> None:
    """Refuse an impossible size before anything of it is allocated."""
    if sizes is None:
        return
    cell = resolved.kind
    stages = sizes.steps * resolved.layers if cell.over_time else resolved.depth
    size = cell.numbers(resolved, sizes) * resolved.storage.itemsize + stages * STAGE_BYTES
    if size > most:
        length = (
            Message("{steps} steps", steps=sizes.steps)
            if cell.over_time
            else Message("depth {depth}", depth=resolved.depth)
        )
        message = Message(
            "{length} × width {width} × batch {batch} × inputs {inputs} in {dtype} needs {needed} GiB of trace; "
            "allowed: up to {most} GiB; lower one of them",
            length=length, width=resolved.said("width"), batch=sizes.batch, inputs=sizes.inputs, dtype=resolved.dtype,
            needed=_gibibytes(size), most=_gibibytes(most),
        )  # fmt: skip
        raise ExperimentError([Problem("size", message)])


def _gibibytes(size: float) -> str:
    """As 0.114, 2.04, 14,305."""
    return rounded(size / 2**30, 3) if size < 999.5 * 2**30 else counted(round(size / 2**30))
