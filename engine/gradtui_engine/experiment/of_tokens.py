"""What is allowed by itself but not together where a network attends among tokens."""

from __future__ import annotations

from collections.abc import Iterator

from ..cells.table import ATTENDING
from ..cells.transformer import BLOCKS_OF_TOKENS
from ..core.message import Message
from ..core.problems import Problem
from ..program.normalisation import NORMALISATIONS
from .resolved import Resolved


def contradictions(resolved: Resolved) -> Iterator[Problem]:
    """Heads that do not divide the width, a norm over the samples, a readout that the cell has not."""
    cell = resolved.kind
    if not cell.tokens:
        if resolved.readout == "mean":
            message = Message(
                "'mean' given; it is for {cells}; allowed for {cell}: last, all",
                cells=", ".join(ATTENDING), cell=cell.name,
            )  # fmt: skip
            yield Problem("readout", message)
        return
    if NORMALISATIONS[resolved.norm].ties_samples:
        message = Message(
            "{given} given; allowed for {cell}: {allowed}; try layer",
            given=repr(resolved.norm), cell=cell.name,
            allowed=", ".join(name for name, row in NORMALISATIONS.items() if not row.ties_samples),
        )  # fmt: skip
        yield Problem("norm", message)
    if resolved.residual_block not in BLOCKS_OF_TOKENS:
        message = Message(
            "{given} given; allowed for {cell}: {allowed}; try {nearest}",
            given=repr(resolved.residual_block), cell=cell.name, allowed=", ".join(BLOCKS_OF_TOKENS),
            nearest=BLOCKS_OF_TOKENS[0],
        )  # fmt: skip
        yield Problem("residual_block", message)
    width, heads = resolved.width, resolved.heads or 1
    if width % heads:
        allowed = [number for number in range(1, min(width, 1_024) + 1) if width % number == 0]
        message = Message(
            "{given} given; width {width} is no multiple of it; allowed: {allowed}; try {nearest}",
            given=heads, width=width, allowed=", ".join(map(str, allowed)),
            nearest=min(allowed, key=lambda number: abs(number - heads)),
        )  # fmt: skip
        yield Problem("heads", message)
