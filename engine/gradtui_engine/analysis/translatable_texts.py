"""The English of the engine's tables, text by text, for whoever translates it.

What is composed as it is said is a `Message`, whose template stands in the code as a literal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..cells.residual_blocks import BLOCKS
from ..cells.table import CELLS
from ..core.message import Message
from ..core.table import Table
from ..data.datasets import DATA_SETS
from ..experiment.experiment import Experiment, options
from ..experiment.remedies import REMEDIES
from ..program.normalisation import NORMALISATIONS
from ..program.output_layer import Sizes
from ..rules.activations import ACTIVATIONS
from ..rules.clipping import CLIPPINGS
from ..rules.initialisers import INITIALISERS
from ..rules.losses import LOSSES
from ..rules.optimisers import OPTIMISERS
from ..run.steps import Phase
from ..theory.prediction import REGIMES
from .diagnosis import KINDS, SEVERITIES, SOURCES
from .doctor import EFFECTS
from .stage_numbers import STAGE_NUMBERS

#: Every table with the fields of its rows that are prose. Names that are also options, formulas and references are not.
TABLES: tuple[tuple[Table[Any], tuple[str, ...]], ...] = (
    (ACTIVATIONS, ("note",)),
    (INITIALISERS, ("note",)),
    (CELLS, ("note",)),
    (DATA_SETS, ("description", "note")),
    (NORMALISATIONS, ("note",)),
    (BLOCKS, ("note",)),
    (LOSSES, ("note",)),
    (CLIPPINGS, ("note",)),
    (OPTIMISERS, ("note",)),
    (REMEDIES, ("name", "why", "no_cure")),
    (STAGE_NUMBERS, ("head", "label")),
)


def table_texts() -> Iterator[str]:
    """Every English text that the tables hold and a screen shows, each once."""
    seen: set[str] = set()
    for text in _texts():
        if text and text not in seen:
            seen.add(text)
            yield text


def _texts() -> Iterator[str]:
    for table, fields in TABLES:
        for row in table.values():
            yield from (getattr(row, field) for field in fields)
    yield from (each.help for each in options().values())
    yield from SOURCES.values()
    yield from (kind.replace("_", "-") for kind in KINDS)
    yield from SEVERITIES
    yield from EFFECTS
    yield from REGIMES
    yield from ("layer", "time")  # Trace.axis
    yield from map(str, Phase)
    yield from _parts()


def _parts() -> Iterator[str]:
    """The parts of all sites, from programs that have every operation; and "input", where a bad number can stand."""
    yield "input"
    for cell in CELLS.values():
        resolved = Experiment(cell=cell.name, depth=2, norm="layer", residual="add").resolved
        program = cell.build(resolved, Sizes(2, resolved.width, 2, 2), "mse")
        yield from (each.site.part for each in program.instructions if not isinstance(each.site.part, Message))
