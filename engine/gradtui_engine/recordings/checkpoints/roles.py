"""What each tensor of a model is, by its name, its shape and its neighbours: a checkpoint has no modules."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...core.message import English
from .tensor import Tensor

#: Kind of a tensor → what it is called. The first four are weights.
KINDS: dict[str, English] = {
    "linear": "layer",
    "convolution": "convolution",
    "embedding": "embedding",
    "recurrent": "recurrent",
    "scale": "scale of a normalisation",
    "bias": "bias",
    "buffer": "statistics",
    "other": "other",
}
WEIGHTS = ("linear", "convolution", "embedding", "recurrent")

_EMBEDDING = re.compile(
    r"(?:embed|(?:^|[._])(?:emb|wte|wpe|tok|pos|cls_token|lookup)(?:[._]|$)|relative_attention_bias)"
)
_BUFFER = re.compile(r"(?:^|\.)(?:running_mean|running_var|num_batches_tracked|position_ids|inv_freq|attn_mask)$")
_RECURRENT = re.compile(r"(?P<cell>.*?)(?P<way>weight_[ih]h)(?P<layer>_l\d+(?:_reverse)?)?$")
#: Gates that are stacked in a recurrent weight, by how many: as PyTorch orders them.
GATES: Mapping[int, tuple[str, ...]] = {4: ("i", "f", "g", "o"), 3: ("r", "z", "n"), 1: ("h",)}


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """A tensor and what it is.

    matrix is its numbers with a row for each unit (of a convolution a channel), however they lie in the file; None
    where it has no rows. fan_in and fan_out are as PyTorch counts them; of a recurrent weight units is the number of
    hidden units, and gates the letters of what is stacked in it.
    """

    name: str
    kind: str
    tensor: Tensor
    matrix: Tensor | None = None
    fan_in: int = 0
    fan_out: int = 0
    units: int = 0
    gates: tuple[str, ...] = ()

    @property
    def is_weight(self) -> bool:
        return self.kind in WEIGHTS


def roles_of(tensors: Mapping[str, Tensor]) -> tuple[Role, ...]:
    """What the tensors of a model are, in their order."""
    places = {tensor.place for name, tensor in tensors.items() if _EMBEDDING.search(name.lower())}
    return tuple(_role(name, tensor, tensors, tensor.place in places) for name, tensor in tensors.items())


def _role(name: str, tensor: Tensor, tensors: Mapping[str, Tensor], embeds: bool) -> Role:
    if not tensor.dtype.is_float or tensor.dtype.raw.kind == "c" or not tensor.size or _BUFFER.search(name):
        return Role(name, "buffer" if _BUFFER.search(name) else "other", tensor)
    beside, _, own = name.rpartition(".")
    while len(tensor.shape) > 1 and tensor.shape[0] == 1 and own != "weight":
        tensor = replace(tensor, shape=tensor.shape[1:], strides=tensor.strides[1:])  # a batch of one
    if len(tensor.shape) < 2:
        is_scale = own in ("weight", "gamma", "g", "scale")
        return Role(name, "scale" if is_scale else "bias" if "bias" in own or own == "beta" else "other", tensor)
    cell = _RECURRENT.fullmatch(name)
    hidden = tensors.get(f"{cell['cell']}weight_hh{cell['layer'] or ''}") if cell is not None else None
    if cell is not None and hidden is not None and len(hidden.shape) == len(tensor.shape) == 2:
        units = hidden.shape[1]
        gates = GATES.get(tensor.shape[0] // units, ()) if units and tensor.shape[0] % units == 0 else ()
        return Role(name, "recurrent", tensor, tensor, tensor.shape[1], tensor.shape[0], units, gates)
    if embeds and len(tensor.shape) == 2:
        return Role(name, "embedding", tensor, tensor, tensor.shape[1], tensor.shape[0])
    bias = tensors.get(f"{beside}.bias" if beside else "bias")
    turned = bias is not None and own == "weight" and bias.shape == tensor.shape[1:2] and bias.shape != tensor.shape[:1]
    matrix = _turned(tensor) if turned else tensor
    field = math.prod(matrix.shape[2:])
    kind = "linear" if len(tensor.shape) == 2 else "convolution" if own == "weight" else "other"
    return Role(name, kind, tensor, matrix, matrix.shape[1] * field, matrix.shape[0] * field)


def _turned(tensor: Tensor) -> Tensor:
    """Inputs first, as in transposed convolutions and in GPT-2's own layers → units first."""
    shape, strides = tensor.shape, tensor.strides
    return replace(tensor, shape=(shape[1], shape[0], *shape[2:]), strides=(strides[1], strides[0], *strides[2:]))
