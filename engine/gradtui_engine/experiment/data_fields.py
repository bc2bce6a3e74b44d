"""Fields of an Experiment: the data, how a file is read, the loss, and how much of it a run looks at."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.fields import Integer
from ..core.message import Message
from ..core.table import choice_among, choice_of
from ..data.datasets import DEFAULT_BATCH, DEFAULT_INPUTS, DEFAULT_STEPS, Source
from ..data.reading import MISSING_RULES, Columns, Separator
from ..data.target_scales import TARGET_SCALES
from ..rules.losses import LOSSES
from . import other_names
from .field_option import field_option
from .token_fields import TokenFields

#: The fields that say how a file is read.
OF_FILES = ("target", "drop", "header", "separator", "missing", "window", "target_scale")


@dataclass(frozen=True, kw_only=True)
class DataFields(TokenFields):
    """Data and loss."""

    data: str | None = field_option(None, "data set; without it digits, or digits-pixels over time", Source())
    target: str | None = field_option(
        None,
        "CSV: the column that is the target, by name or number; without it the last that can be",
        Columns("COLUMN"),
    )
    drop: str | None = field_option(
        None, "CSV: columns that are left out, with commas between; none keeps a count of the rows", Columns("COLUMNS")
    )
    header: str | None = field_option(
        None, "CSV: whether the first line names the columns; without it found out", choice_among(other_names.YES_OR_NO)
    )
    separator: str | None = field_option(None, "CSV: what stands between columns; without it found out", Separator())
    missing: str | None = field_option(
        None, "CSV: what closes gaps; without it a file with gaps is refused", choice_of(lambda: MISSING_RULES)
    )
    window: int | None = field_option(
        None,
        "CSV: rows of a series that are read one by one to tell the next; without it rows are samples",
        Integer(1, 10_000),
    )
    loss: str | None = field_option(
        None, "loss; without it cross_entropy for classes, mse for numbers", choice_of(lambda: LOSSES)
    )
    target_scale: str | None = field_option(
        None,
        "CSV: scale of numbers as the target, from the rows that are trained on; without it standard (mean 0, "
        "variance 1)",
        choice_of(lambda: TARGET_SCALES),
    )
    batch: int | None = field_option(
        None,
        Message("samples drawn by the seed; without it {number}, or a CSV file's rows if fewer", number=DEFAULT_BATCH),
        Integer(1, 10**6),
    )
    steps: int | None = field_option(
        None,
        Message("time steps, where the data leaves them open; without it {number}", number=DEFAULT_STEPS),
        Integer(1, 10_000),
    )
    inputs: int | None = field_option(
        None, Message("input width of gaussian data; without it {number}", number=DEFAULT_INPUTS), Integer(1, 10**6)
    )
