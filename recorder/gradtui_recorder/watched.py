"""What is watched: the modules whose calls are recorded, and the parameters, each with its index in the record."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import nn

from .tensors import local

#: What wraps a model that is trained: the attribute that has the model itself.
_WRAPPERS: Final = {
    "OptimizedModule": "_orig_mod",
    "DistributedDataParallel": "module",
    "DataParallel": "module",
    "FullyShardedDataParallel": "module",
}
#: Modules that pass on what they get: an output of theirs says nothing that its input does not.
_PASSED: Final = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.Identity, nn.Flatten)
#: What of a module stands in the record, where it has it.
_SETTINGS: Final = (
    "in_features", "out_features", "in_channels", "out_channels", "kernel_size", "stride", "groups",
    "input_size", "hidden_size", "num_layers", "bidirectional", "batch_first", "proj_size", "nonlinearity", "mode",
    "embed_dim", "num_heads", "num_embeddings", "embedding_dim", "normalized_shape", "num_features", "num_groups",
    "affine", "elementwise_affine", "p", "dropout", "negative_slope", "eps", "momentum", "inplace",
)  # fmt: skip


def unwrapped(model: Any) -> Any:
    """The model itself, without what compiles or distributes it."""
    while type(model).__name__ in _WRAPPERS and isinstance(
        getattr(model, _WRAPPERS[type(model).__name__], None), nn.Module
    ):
        model = getattr(model, _WRAPPERS[type(model).__name__])
    return model


class Watched:
    """The model's modules and parameters.

    `numbers` has of every module the index of its row, `recorded` of those whose calls are recorded: leaves but for
    those that pass on what they get, recurrent and attention modules, those that own parameters, numbered blocks.
    """

    def __init__(self, model: Any) -> None:
        self.wrapper = model
        self.model = unwrapped(model)
        self.modules: list[tuple[str, Any]] = list(self.model.named_modules())
        self.numbers = {id(module): index for index, (_, module) in enumerate(self.modules)}
        self.recorded = {
            id(module): index for index, (name, module) in enumerate(self.modules) if _is_recorded(name, module)
        }
        #: The others that have code of their own between those inside, by their identity.
        self.outer = {
            id(module): index
            for index, (name, module) in enumerate(self.modules)
            if id(module) not in self.recorded and _has_code(name, module)
        }
        self.parameters: list[tuple[str, Any]] = list(self.model.named_parameters())
        self.indices = {id(parameter): index for index, (_, parameter) in enumerate(self.parameters)}

    @property
    def waits(self) -> bool:
        """Whether a parameter has no shape yet, as those of a lazy module before its first call."""
        return any(isinstance(parameter, nn.parameter.UninitializedTensorMixin) for _, parameter in self.parameters)

    @property
    def compiled(self) -> bool:
        """Whether the model, or a module of it, runs compiled."""
        return (
            type(self.wrapper).__name__ == "OptimizedModule"
            or type(getattr(self.wrapper, "module", None)).__name__ == "OptimizedModule"
            or any(
                type(module).__name__ == "OptimizedModule" or getattr(module, "_compiled_call_impl", None) is not None
                for _, module in self.modules
            )
        )

    def tied(self) -> list[list[str]]:
        """The names of each parameter that has several."""
        names: dict[int, list[str]] = {}
        for name, parameter in self.model.named_parameters(remove_duplicate=False):
            names.setdefault(id(parameter), []).append(name)
        return [same for same in names.values() if len(same) > 1]

    def shared(self) -> list[Any]:
        """The parameters that several modules have."""
        seen: set[int] = set()
        return [
            parameter
            for _, module in self.modules
            for parameter in module._parameters.values()
            if parameter is not None and (id(parameter) in seen or seen.add(id(parameter)))  # type: ignore[func-returns-value]
        ]

    def symmetric(self, among: list[str] | None = None) -> list[str]:
        """The names of trained matrices all of whose rows are equal: their units learn the same and stay the same. Of a
        recurrent module's the rows of each gate: those of two gates part whatever the units do.

        Among those that were: still equal but for rounding.
        """
        gates = {
            id(parameter): parameter.shape[0] // module.hidden_size
            for _, module in self.modules
            if isinstance(module, (nn.RNNBase, nn.RNNCellBase))
            for name, parameter in module.named_parameters(recurse=False)
            if name.startswith(("weight_ih", "weight_hh"))
        }
        with torch.no_grad():
            return [
                name
                for name, parameter in self.parameters
                if (among is None or name in among)
                and parameter.requires_grad
                and _rows_equal(local(parameter), gates.get(id(parameter), 1), nearly=among is not None)
            ]


def module_row(name: str, module: Any) -> list[Any]:
    """[name, class, nearest class of torch.nn, settings]."""
    base = next((kind for kind in type(module).__mro__ if kind.__module__.startswith("torch.nn.")), nn.Module)
    settings = {key: _plain(vars(module).get(key)) for key in _SETTINGS if _plain(vars(module).get(key)) is not None}
    return [name, type(module).__name__, base.__name__, settings]


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, tuple | list) and value and all(isinstance(part, int) for part in value):
        return list(value)
    return None


def _is_recorded(name: str, module: Any) -> bool:
    # A parametrised weight is made by modules too: what they put out is a weight.
    if isinstance(module, _PASSED) or "parametrizations" in name.split("."):
        return False
    is_leaf = next(iter(module.children()), None) is None
    owns = any(parameter is not None for parameter in module._parameters.values())
    numbered = name.rpartition(".")[2].isdigit()
    return is_leaf or owns or numbered or isinstance(module, (nn.RNNBase, nn.MultiheadAttention))


def _has_code(name: str, module: Any) -> bool:
    # What a Sequential puts out its last child has.
    inside = next(iter(module.children()), None) is not None
    return inside and not isinstance(module, nn.Sequential) and "parametrizations" not in name.split(".")


#: Rows of one matrix come out of a product in other orders of addition: in float32 they differ by up to 2e-7 of the
#: weights after three steps, and still at the end of a training. What parts, parts by whole updates. In units of the
#: precision, 1.2e-7 in float32.
_ROUNDING: Final = 16


def _rows_equal(weight: Any, gates: int, nearly: bool = False) -> bool:
    """Whether in each of so many blocks all rows are equal."""
    if weight.ndim < 2 or weight.numel() == 0 or weight.is_meta or weight.shape[0] % gates or weight.shape[0] <= gates:
        return False
    rows = weight.detach().reshape(gates, weight.shape[0] // gates, -1)
    if nearly:
        precision = torch.finfo(rows.dtype).eps
        return bool((rows - rows[:, :1]).abs().max() <= _ROUNDING * precision * rows.abs().max())
    # The second row first: of nearly all matrices it settles it, and nothing large is compared.
    return bool((rows[:, 0] == rows[:, 1]).all()) and bool((rows[:, :1] == rows).all())
