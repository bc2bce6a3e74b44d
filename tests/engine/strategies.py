"""Hypothesis strategies: experiments over whole tables, so that a new row is drawn by being a row."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gradtui_engine import Experiment
from gradtui_engine.activations import ACTIVATIONS
from gradtui_engine.cells import CELLS
from gradtui_engine.datasets import CSV, DATA_SETS
from gradtui_engine.experiment import options
from gradtui_engine.initialisers import INITIALISERS
from gradtui_engine.options import Choice, Integer, Kind, Number

# What the cell and the data set decide between them; drawn apart from the other fields.
SHAPE = ("cell", "data", "batch", "steps", "inputs")

SEEDS = st.integers(0, 2**63 - 1)
CELL_NAMES = st.sampled_from(CELLS.names)
# Every character a path and a TOML string can hold: no surrogates (not text), no NUL (no path).
PATHS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def data_names(cell: str) -> list[str]:
    """The data sets that a cell can read, but for the user's own."""
    return [row.name for row in DATA_SETS.values() if row.name != CSV and (row.over_time or not CELLS[cell].over_time)]


def accepted(kind: Kind) -> st.SearchStrategy[Any]:
    """Any value that an option of this kind accepts, over the whole range."""
    if isinstance(kind, Choice):
        return st.sampled_from(kind.names)
    if isinstance(kind, Integer):
        return st.integers(kind.minimum, kind.maximum)
    assert isinstance(kind, Number)
    return st.floats(kind.minimum, kind.maximum)


@st.composite
def valid_fields(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of any valid experiment, each over its whole range: mostly far too large to be run."""
    cell = CELLS[draw(CELL_NAMES)]
    fields = {name: draw(accepted(each.kind)) for name, each in options().items() if name not in SHAPE}
    source = draw(st.sampled_from([*data_names(cell.name), CSV]))
    row = DATA_SETS[source]
    fields["cell"] = cell.name
    fields["data"] = source if source != CSV else "csv:" + draw(PATHS)
    fields["batch"] = draw(st.none() | st.integers(1, row.samples or 10**6))
    fixed_steps = row.steps if cell.over_time else None
    fields["steps"] = draw(st.none() | (st.just(fixed_steps) if fixed_steps else st.integers(1, 10_000)))
    fixed_inputs = row.inputs if cell.over_time or row.inputs is None else row.inputs * (row.steps or 1)
    fields["inputs"] = draw(st.none() | (st.just(fixed_inputs) if fixed_inputs else st.integers(1, 10**6)))
    return fields


def valid_experiments() -> st.SearchStrategy[Experiment]:
    """Any valid experiment."""
    return valid_fields().map(lambda fields: Experiment(**fields))


@st.composite
def small_experiments(draw: st.DrawFn, cells: st.SearchStrategy[str] = CELL_NAMES) -> Experiment:
    """An experiment that runs in milliseconds, crossing the tables."""
    cell = draw(cells)
    data = draw(st.sampled_from(data_names(cell)))
    open_sizes = {"inputs": st.integers(1, 5), "steps": st.integers(1, 6)} if data == "gaussian" else {}
    return Experiment(
        cell=cell,
        data=data,
        depth=draw(st.integers(1, 4)),
        width=draw(st.integers(1, 6)),
        batch=draw(st.integers(1, 5)),
        activation=draw(st.sampled_from(ACTIVATIONS.names)),
        init=draw(st.sampled_from(INITIALISERS.names)),
        gain=draw(st.floats(0.5, 2.0)),
        forget_bias=draw(st.floats(-2.0, 2.0)),
        seed=draw(SEEDS),
        **{name: draw(each) for name, each in open_sizes.items()},
    )
