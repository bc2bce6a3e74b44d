"""Hypothesis strategies: experiments over whole tables, so that a new row is drawn by being a row."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gradtui_engine import Experiment
from gradtui_engine.cells.table import CELLS
from gradtui_engine.cells.transformer import BLOCKS_OF_TOKENS
from gradtui_engine.core.fields import Choice, Integer, Kind, Number, Text
from gradtui_engine.core.widths import Widths
from gradtui_engine.data.datasets import CSV, DATA_SETS, DataSet
from gradtui_engine.experiment.data_fields import OF_FILES
from gradtui_engine.experiment.experiment import options
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.initialisers import INITIALISERS
from gradtui_engine.rules.losses import LOSSES

# What the cell and the data set decide between them; drawn apart from the other fields.
SHAPE = ("cell", "data", "batch", "steps", "inputs", "loss", "output_activation", *OF_FILES)

SEEDS = st.integers(0, 2**63 - 1)
CELL_NAMES = st.sampled_from(CELLS.names)
# Every character a path and a TOML string can hold: no surrogates (not text), no NUL (no path).
PATHS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
#: Names of columns, which have no blanks around them, and as arguments do not look like an option.
COLUMNS = PATHS.map(str.strip).filter(lambda text: text and not text.startswith("-"))


def data_names(cell: str) -> list[str]:
    """The data sets that a cell can read, but for the user's own."""
    return [
        row.name for row in DATA_SETS.values() if row.name != CSV and (row.over_time or not CELLS[cell].reads_sequences)
    ]


def init_names(cell: str) -> list[str]:
    """The initialisers that a cell can have."""
    return [row.name for row in INITIALISERS.values() if not (row.data_dependent and CELLS[cell].over_time)]


def accepted(kind: Kind) -> st.SearchStrategy[Any]:
    """Any value that an option of this kind accepts, over the whole range."""
    if isinstance(kind, Choice):
        return st.sampled_from(kind.names)
    if isinstance(kind, Integer):
        return st.integers(kind.minimum, kind.maximum)
    if isinstance(kind, Text):
        return COLUMNS
    if isinstance(kind, Widths):
        return st.integers(kind.minimum, kind.maximum)
    assert isinstance(kind, Number)
    numbers = st.floats(kind.minimum, kind.maximum)
    return numbers | st.just(kind.word) if kind.word else numbers


def allowed(name: str, cell: str) -> st.SearchStrategy[Any]:
    """Any value of a field that a cell can have."""
    row = CELLS[cell]
    if name == "activation" and row.activations:
        values: st.SearchStrategy[Any] = st.sampled_from(row.activations)
    elif name == "residual_block" and row.tokens:
        values = st.sampled_from(BLOCKS_OF_TOKENS)
    elif name == "readout" and not row.tokens:
        values = st.sampled_from(["last", "all"])
    elif name == "norm" and row.tokens:
        values = st.sampled_from([name for name, norm in NORMALISATIONS.items() if not norm.ties_samples])
    elif name == "init":
        values = st.sampled_from(init_names(cell))
    else:
        values = accepted(options()[name].kind)
    return st.none() | values if options()[name].is_optional else values


def _widths(most: int, longest: int) -> st.SearchStrategy[str]:
    """A width for each layer, as an experiment keeps it."""
    numbers = st.lists(st.integers(1, most), min_size=1, max_size=longest)
    return numbers.map(lambda each: ",".join(map(str, each)) if len(each) > 1 else f"{each[0]},")


def losses(row: DataSet) -> st.SearchStrategy[str | None]:
    """The losses that fit a data set's target, or none given."""
    return st.none() | st.sampled_from(LOSSES.names if row.loss == "cross_entropy" else ["mse"])


def output_activations(loss: str | None) -> st.SearchStrategy[str]:
    """The activations of the output that a loss can have: the sigmoid of "bce" is inside of it."""
    return st.just("none") if loss == "bce" else accepted(options()["output_activation"].kind)


def heads(width: int) -> st.SearchStrategy[int | None]:
    """Heads that divide a width, or none given."""
    return st.none() | st.sampled_from([number for number in range(1, min(width, 1_024) + 1) if width % number == 0])


@st.composite
def valid_fields(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of any valid experiment, each over its whole range: mostly far too large to be run."""
    cell = CELLS[draw(CELL_NAMES)]
    fields = {name: draw(allowed(name, cell.name)) for name in options() if name not in SHAPE}
    source = draw(st.sampled_from([*data_names(cell.name), CSV]))
    row = DATA_SETS[source]
    fields["cell"] = cell.name
    if cell.takes_widths and draw(st.booleans()):
        fields |= {"width": draw(_widths(65_536, 12)), "depth": None}
    left_out = source == cell.default_data and draw(st.booleans())
    fields["data"] = None if left_out else source if source != CSV else "csv:" + draw(PATHS)
    fields["loss"] = draw(losses(row))
    fields["output_activation"] = draw(output_activations(fields["loss"]))
    if source == CSV:
        fields |= {name: draw(allowed(name, cell.name)) for name in OF_FILES}
        if fields["loss"] == "bce" and fields["target_scale"] in ("standard", "robust"):
            fields["target_scale"] = None
    _with_norm_of_sum(fields, cell.name)
    if fields["loss"] == "bce":
        fields["output_activation"] = "none"
    fields["r_min"], fields["r_max"] = sorted((fields["r_min"], fields["r_max"]))
    fields["r_max"] = max(fields["r_max"], 1e-6)
    least = 2 if fields["norm"] == "batch" and not cell.over_time else 1
    fields["batch"] = draw(st.none() | st.integers(least, row.samples or 10**6))
    if cell.tokens:
        fields["heads"] = draw(heads(fields["width"]))
    fixed_steps = row.steps if cell.reads_sequences else None
    fields["steps"] = draw(st.none() | (st.just(fixed_steps) if fixed_steps else st.integers(1, 10_000)))
    fixed_inputs = row.inputs
    if row.inputs and row.is_sequence and not cell.reads_sequences:
        fixed_inputs = row.inputs * (row.steps or fields["steps"] or 64)
    fields["inputs"] = draw(st.none() | (st.just(fixed_inputs) if fixed_inputs else st.integers(1, 10**6)))
    return fields


def _with_norm_of_sum(fields: dict[str, Any], cell: str) -> None:
    """What a norm on the sum of a block does not go with, left out."""
    if fields["residual"] == "deepnorm" and fields["residual_block"] != "post_norm":
        fields["residual_block"] = None
    skips = fields["residual"] or CELLS[cell].default_residual
    if skips != "none" and fields["norm"] == "none":
        normed = fields["residual"] == "deepnorm" or fields["residual_block"] == "post_norm"
        fields["norm"] = None if normed else "none"


def valid_experiments() -> st.SearchStrategy[Experiment]:
    """Any valid experiment."""
    return valid_fields().map(lambda fields: Experiment(**fields))


# What small_experiments leaves small, so that it runs in milliseconds and no gradient is lost in rounding.
_SMALL: dict[str, st.SearchStrategy[Any]] = {
    "depth": st.integers(1, 5),
    "width": st.integers(1, 6),
    "layers": st.integers(1, 3),
    "mlp_width": st.none() | st.integers(1, 8),
    "query_gain": st.just(0.0) | st.floats(0.5, 2.0),
    "slope": st.none() | st.floats(-0.5, 0.5),
    "gain": st.floats(0.5, 1.5) | st.just("auto"),
    "gain_recurrent": st.none() | st.floats(0.5, 1.5),
    "gain_output": st.none() | st.floats(0.5, 1.5),
    "init_scale": st.none(),
    "sigma_w": st.none() | st.floats(0.5, 1.5),
    "sigma_b": st.none() | st.floats(0.0, 1.0),
    "forget_bias": st.floats(-2.0, 2.0),
    "input_bias": st.floats(-2.0, 2.0),
    "update_bias": st.floats(-2.0, 2.0),
    "chrono_steps": st.none() | st.integers(2, 100),
    "r_min": st.floats(0.1, 0.9),
    "r_max": st.floats(0.9, 0.999),
    "max_phase": st.floats(0.1, 6.0),
    # A derivative of its own, which the oracles do not know: see test_truncate.
    "truncate": st.none(),
    "residual_scale": st.none() | st.just(0.0) | st.floats(0.1, 2.0),
    "highway_bias": st.floats(-3.0, 2.0),
    "learning_rate": st.none(),
    "learning_rate_1": st.none() | st.floats(0.0, 0.5),
    "learning_rate_2": st.none() | st.floats(0.0, 0.5),
    "weight_decay": st.none(),
    "clip_threshold": st.none(),
    "dtype": st.just("float64"),
    # Of a network of five units 0.9 leaves something.
    "dropout": st.just(0.0) | st.floats(0.0, 0.9),
}


@st.composite
def small_experiments(draw: st.DrawFn, cells: st.SearchStrategy[str] = CELL_NAMES) -> Experiment:
    """An experiment that runs in milliseconds, crossing the tables."""
    cell = CELLS[draw(cells)]
    # Up to 8 steps: a recurrent network unrolled over more may be chaotic, and amplifies rounding without bound.
    short = [name for name in data_names(cell.name) if (DATA_SETS[name].steps or 0) <= 8]
    row = DATA_SETS[draw(st.sampled_from(short))]
    fields = {
        name: draw(_SMALL.get(name, allowed(name, cell.name)))
        for name, each in options().items()
        if name not in SHAPE and each.applies_to(cell.name)
    }
    if not cell.over_time:
        _with_norm_of_sum(fields, cell.name)
    if cell.tokens:
        fields["heads"] = draw(heads(fields["width"]))
    if cell.takes_widths and draw(st.booleans()):
        fields |= {"width": draw(_widths(6, 5)), "depth": None}
    batch = draw(st.integers(2 if fields.get("norm") == "batch" else 1, 5))
    steps = draw(st.integers(1, 6)) if row.steps is None else None
    inputs = draw(st.integers(1, 5)) if row.inputs is None else None
    loss = draw(losses(row))
    fields["output_activation"] = draw(output_activations(loss))
    return Experiment(
        cell=cell.name, data=row.name, loss=loss, batch=batch, steps=steps, inputs=inputs, **fields
    )  # fmt: skip
