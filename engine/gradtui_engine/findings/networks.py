"""What network a recording's header describes, as far as an Experiment can have one: cell, depth, width, activation."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..experiment import pytorch_names
from ..recordings.header import Header, ModuleRow, ParameterRow

#: Classes of torch.nn → activations of gradtui. What is not there has none of its own (Softmax is no hidden one).
ACTIVATIONS = pytorch_names.rows_of_classes(pytorch_names.ACTIVATIONS)
_LAYERS_OVER_TIME = pytorch_names.rows_of_classes(pytorch_names.CELLS)
#: Classes of torch.nn → cells: the layers, and the cells that somebody calls in a loop of their own (CALLED_IN_LOOPS).
CELLS = _LAYERS_OVER_TIME | {f"{name}Cell": cell for name, cell in _LAYERS_OVER_TIME.items()}
#: A class of torch.optim, in small letters → the row of the table; SGD's momentum decides among three.
_OPTIMISERS = {kind.lower(): row for row, (kind, _) in reversed([*pytorch_names.OPTIMISERS.items()])}
#: What one layer of a network of layers can be.
_LAYERS = ("Linear", "LazyLinear", "Conv1d", "Conv2d", "Conv3d")
_NORMS = {"BatchNorm": "batch", "LayerNorm": "layer", "RMSNorm": "rms"}
#: What is no layer and changes none: a network that has it is still one of layers.
_BESIDE = ("Dropout", "Flatten", "Identity", "Sequential", "ModuleList", "ModuleDict", "Softmax", "LogSoftmax", "Pool")


@dataclass(frozen=True, slots=True)
class RecordedNetwork:
    """The shape of a recorded model, in an Experiment's words.

    cell is one of CELLS' or "mlp"; depth the hidden layers of an mlp (1 of a recurrent one), width the units of most
    of them, widths those of each where linear layers follow one another, layers those of a recurrent cell; activation
    None where none of gradtui's is known; norm "none" or what normalises. hidden are the names of the modules that are
    its layers, in the order of the header, output that of the last one ("" for none). inputs and outputs are None where
    they are not known. exact: nothing else is in the model but these layers, their activations and what changes no
    shape: an Experiment can be the same.
    """

    cell: str
    depth: int
    width: int
    layers: int
    activation: str | None
    norm: str
    hidden: tuple[str, ...]
    output: str
    inputs: int | None
    outputs: int | None
    exact: bool
    widths: tuple[int, ...] = ()


def network_of(header: Header) -> RecordedNetwork | None:
    """The network of a recorded model; None where it has no layers that an Experiment knows (a transformer, say)."""
    if any("attention" in f"{row.kind} {row.base}".lower() or "Transformer" in row.kind for row in header.modules):
        return None
    matrices = {row.module: row for row in header.parameters if len(row.shape) > 1 and row.name.endswith("weight")}
    recurrent = [row for row in header.modules if class_of(row) in CELLS]
    if recurrent:
        return _recurrent(header, recurrent, matrices)
    layers = [row for row in header.modules if row.name in matrices and class_of(row) in _LAYERS]
    if not layers:
        return None
    hidden = layers[:-1] or layers
    widths = Counter(matrices[row.name].shape[0] for row in hidden)
    first, last = matrices[layers[0].name], matrices[layers[-1].name]
    others = any(
        (row.name in matrices and class_of(row) not in _LAYERS) or _is_unknown(row, header) for row in header.modules
    )
    return RecordedNetwork(
        "mlp",
        len(hidden),
        widths.most_common(1)[0][0],
        1,
        activation_of(header),
        next(_norms(header), "none"),
        tuple(row.name for row in hidden),
        layers[-1].name if len(layers) > 1 else "",
        _inputs(first),
        last.shape[0],
        not others and all("Conv" not in class_of(row) for row in layers),
        tuple(matrices[row.name].shape[0] for row in hidden) if _are_chained(hidden, matrices) else (),
    )


def _are_chained(layers: list[ModuleRow], matrices: dict[str, ParameterRow]) -> bool:
    """Whether these are linear layers, each of which takes as many numbers as the one before it gives."""
    shapes = [matrices[row.name].shape for row in layers]
    plain = all("Conv" not in class_of(row) for row in layers)
    return plain and all(before[0] == after[1] for before, after in itertools.pairwise(shapes))


def class_of(row: ModuleRow) -> str:
    """The nearest class of torch.nn: its own, of a module that is none of somebody's own making."""
    return row.base or row.kind


def activation_of(header: Header) -> str | None:
    """The activation of most modules that are one; None where no module is."""
    counts = Counter(ACTIVATIONS[class_of(row)] for row in header.modules if class_of(row) in ACTIVATIONS)
    return counts.most_common(1)[0][0] if counts else None


def optimiser_of(header: Header) -> dict[str, Any]:
    """An Experiment's fields of the first optimizer: optimizer, and where it has one momentum; {} where it is none of
    an experiment's."""
    known = header.optimizers[0] if header.optimizers else {}
    row = _OPTIMISERS.get(str(known.get("name", "")).lower())
    momentum = known.get("momentum")
    if row == "sgd" and isinstance(momentum, int | float) and momentum > 0:
        return {"optimizer": "nesterov" if known.get("nesterov") else "momentum", "momentum": float(momentum)}
    return {} if row is None else {"optimizer": row}


def _recurrent(header: Header, recurrent: list[ModuleRow], matrices: dict[str, ParameterRow]) -> RecordedNetwork | None:
    first = recurrent[0]
    kinds = {CELLS[class_of(row)] for row in recurrent}
    # weight_hh: (gates · units, units).
    inner = {
        row.module: row for row in header.parameters if "weight_hh" in row.name and len(row.shape) == 2
    }  # fmt: skip
    if first.name not in inner:
        return None
    parameters = [row for row in header.parameters if row.module in {row.name for row in recurrent}]
    layers = sum("weight_hh" in row.name and "reverse" not in row.name for row in parameters)
    enter = next((row for row in parameters if "weight_ih" in row.name), None)
    others = [row for row in header.modules if row.name in matrices and row not in recurrent]
    output = others[-1] if others and class_of(others[-1]) in _LAYERS else None
    relu = first.settings.get("nonlinearity") == "relu"
    return RecordedNetwork(
        CELLS[class_of(first)],
        1,
        inner[first.name].shape[1],
        layers,
        "relu" if relu else "tanh",
        "none",
        tuple(row.name for row in recurrent),
        output.name if output is not None else "",
        enter.shape[1] if enter is not None else None,
        matrices[output.name].shape[0] if output is not None else None,
        len(kinds) == 1
        and len(others) <= 1
        and not any("reverse" in row.name or "weight_hr" in row.name for row in parameters)
        and not any(_is_unknown(row, header) for row in header.modules if row not in recurrent),
    )


def _inputs(first: ParameterRow) -> int:
    size = 1
    for each in first.shape[1:]:
        size *= each
    return size


def _norms(header: Header) -> Iterator[str]:
    for row in header.modules:
        yield from (norm for part, norm in _NORMS.items() if part in class_of(row))


def _is_unknown(row: ModuleRow, header: Header) -> bool:
    """Whether a module may do what no Experiment does: of a class of its own with parameters of its own."""
    known = (*_LAYERS, *_NORMS, *_BESIDE, *ACTIVATIONS, *CELLS)
    if any(part in class_of(row) for part in known):
        return False
    return any(each.module == row.name for each in header.parameters)
