"""The names that a checkpoint's pickle may mention, each answered by a function of this project: none is looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...core.fields import Rejected, given
from ...core.message import Message
from .tensor import DTYPES, Dtype, Storage, Tensor, tensor

#: A tuple that is a key has so many parts at the most.
_MOST_PARTS = 255


@dataclass(frozen=True, slots=True)
class Global:
    """A name that a pickle mentions."""

    name: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something of a known class that is no tensor: its class alone is kept."""

    name: str


@dataclass(frozen=True, slots=True)
class TypedStorage:
    """What a pickle's persistent id stands for; dtype None is known by the tensor."""

    dtype: Dtype | None
    storage: Storage


def dictionary(pairs: Any = ()) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for key, value in pairs.items() if isinstance(pairs, dict) else pairs:
        put(made, key, value)
    return made


def put(made: dict[Any, Any], key: Any, value: Any) -> None:
    """A key is a plain value: hashing a tuple of a million tuples would end the process."""
    if isinstance(key, tuple) and len(key) <= _MOST_PARTS:
        key = tuple(part if isinstance(part, str | int | float) else type(part).__name__ for part in key)
    elif isinstance(key, Tensor | Global | Opaque):
        key = getattr(key, "name", "tensor")
    if not isinstance(key, str | bytes | int | float | tuple | None) or (
        isinstance(key, tuple) and len(key) > _MOST_PARTS
    ):
        raise Rejected(Message("its pickle has {kind} as a key", kind=given(type(key).__name__)))
    made[key] = value


def _tensor(held: TypedStorage, offset: Any, shape: Any, strides: Any, *others: Any) -> Tensor:
    dtype = others[2] if len(others) > 2 and isinstance(others[2], Global) else None
    known = held.dtype if dtype is None else DTYPES.get(dtype.name.removeprefix("torch."))
    if known is None:
        raise Rejected(Message("{kind} is a type of numbers that cannot be read here", kind=given(str(dtype))))
    return tensor(known, shape, strides, offset, held.storage)


def _of_type(function: Global, kind: Any, arguments: tuple[Any, ...], *others: Any) -> Any:
    """A tensor of a class of its own."""
    return called(function, arguments)


def called(function: Any, arguments: tuple[Any, ...]) -> Any:
    if not isinstance(function, Global):
        raise Rejected(Message("its pickle calls {what}, which is no function", what=given(type(function).__name__)))
    call = CALLS.get(function.name)
    if call is not None:
        return call(*arguments)
    if function.name in OPAQUE:
        return Opaque(function.name)
    raise Rejected(Message("its pickle calls {name}, which is no function", name=given(function.name)))


#: What is called when a checkpoint is read → what answers.
CALLS: Mapping[str, Callable[..., Any]] = {
    "collections.OrderedDict": dictionary,
    "collections.defaultdict": lambda factory=None, pairs=(): dictionary(pairs),
    "collections.Counter": dictionary,
    "builtins.dict": dictionary,
    "builtins.list": list,
    "builtins.tuple": tuple,
    "builtins.set": list,
    "builtins.frozenset": list,
    "builtins.bytearray": lambda *values: b"",
    "builtins.complex": lambda *values: Opaque("complex"),
    "builtins.slice": lambda *values: Opaque("slice"),
    "_codecs.encode": lambda text, encoding="latin1": text.encode("latin1" if encoding == "latin1" else "utf-8"),
    "torch.Size": tuple,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor,
    "torch._utils._rebuild_parameter": lambda data, *others: data,
    "torch._utils._rebuild_parameter_with_state": lambda data, *others: data,
    "torch.nn.parameter.Parameter": lambda data=None, *others: data,
    "torch._tensor._rebuild_from_type_v2": _of_type,
}  # fmt: skip
#: What is passed over: values beside the weights that are made of no more than other values.
OPAQUE = frozenset(
    {
        "torch.device", "torch.Generator", "torch.serialization._get_layout", "torch._utils._rebuild_sparse_tensor",
        "torch._utils._rebuild_qtensor", "torch._utils._rebuild_meta_tensor_no_storage",
        "torch._utils._rebuild_device_tensor_from_numpy", "argparse.Namespace", "types.SimpleNamespace",
        "pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath", "datetime.datetime",
        "datetime.timedelta", "datetime.date", "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray.scalar",
        "numpy.core.multiarray._reconstruct", "numpy._core.multiarray.scalar", "numpy._core.multiarray._reconstruct",
        "numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__bit_generator_ctor",
        "lightning.fabric.utilities.data.AttributeDict", "lightning.pytorch.utilities.parsing.AttributeDict",
        "lightning_fabric.utilities.data.AttributeDict", "pytorch_lightning.utilities.parsing.AttributeDict",
    }
)  # fmt: skip
#: Numbers in a storage by the class that torch.save names for it.
STORAGES = {
    f"torch.{name}Storage": DTYPES[dtype]
    for name, dtype in (
        ("Double", "float64"), ("Float", "float32"), ("Half", "float16"), ("BFloat16", "bfloat16"),
        ("Long", "int64"), ("Int", "int32"), ("Short", "int16"), ("Char", "int8"), ("Byte", "uint8"),
        ("Bool", "bool"), ("ComplexFloat", "complex64"), ("ComplexDouble", "complex128"),
    )
}  # fmt: skip
UNTYPED = ("torch.storage.UntypedStorage", "torch.UntypedStorage")
#: Names that are values: types of numbers, classes of tensors.
_VALUES = frozenset(
    {
        *(f"torch.{name}" for name in DTYPES), *STORAGES, *UNTYPED, "torch.Tensor", "torch._tensor.Tensor",
        "torch.strided", "torch.sparse_coo", "torch.contiguous_format", "torch.quint8", "torch.qint8", "torch.qint32",
        "torch.per_tensor_affine", "torch.per_channel_affine",
        "builtins.int", "builtins.float", "builtins.str", "builtins.bool", "builtins.object",
    }
)  # fmt: skip


def named(module: str, name: str) -> Global:
    """Raises Rejected for a name that is not known, with the name."""
    full = f"{'builtins' if module == '__builtin__' else module}.{name}"
    if full in CALLS or full in OPAQUE or full in _VALUES:
        return Global(full)
    if module.startswith("__torch__"):
        raise Rejected(Message("is a TorchScript program; save model.state_dict() instead"))
    raise Rejected(
        Message(
            "its pickle asks for {name}: only tensors and plain values are read, nothing is executed; save "
            "model.state_dict() instead of the whole",
            name=given(full),
        )
    )
