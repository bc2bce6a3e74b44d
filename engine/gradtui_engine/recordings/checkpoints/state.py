"""Which of the tensors of a checkpoint are the model's, and what they are called: programs nest them in many ways."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...core.message import Message
from .tensor import Tensor

#: Keys of what holds no weights of the model.
_OTHERS = re.compile(
    r"(?:(?:^|_)opt(?:s|im\w*)?(?:_|$)|optimizer|sched|scaler|^amp$|rng|^loops?$|callback|hyper_?param|hparams|args$|"
    r"^config|^metrics?$|^history$|criterion|dataloader|sampler|^loss)",
    re.IGNORECASE,
)
#: A copy that is averaged over steps: the model stands beside it.
_AVERAGED = re.compile(r"(?:(?:^|_)ema(?:_|$)|shadow|(?:^|_)swa(?:_|$)|average)", re.IGNORECASE)
#: What programs call the model's own; such a key stands before no parameter's name.
_MODEL = re.compile(
    r"(?:(?:model_?)?state(?:_?dict)?|model|module|net(?:work)?(?:_state_dict)?|weights|params|parameters)",
    re.IGNORECASE,
)
#: What wrappers put into names: torch.compile, FSDP, checkpointing, Lightning's Fabric.
_WRAPPED = re.compile(r"(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\.")
#: DistributedDataParallel's, where every name has it.
_PARALLEL = "module."
#: What the state_dict of an optimizer has, whatever it is called.
_OPTIMIZER = frozenset({"state", "param_groups"})
#: So deep a checkpoint's dictionaries are looked into.
_DEEPEST = 6

Keys = tuple[str, ...]


def model_of(content: Any) -> tuple[dict[str, Tensor], list[Message]]:
    """The model's tensors by name, and what was passed over."""
    held = [(path, tensors) for path, tensors in _dictionaries(content, (), set()) if tensors]
    kept = [row for row in held if not any(map(_OTHERS.search, row[0]))]
    # A tensor that lies beside the models' dictionaries is a loss, or noise that pictures are made of.
    beside = [row for row in kept if row[0]]
    kept = beside or kept
    main = [row for row in kept if not any(map(_AVERAGED.search, row[0]))]
    kept = main or kept
    taken = {path for path, _ in kept}
    left = dict.fromkeys(path[0] if path else next(iter(tensors)) for path, tensors in held if path not in taken)
    named: dict[str, Tensor] = {}
    for path, tensors in kept:
        before = ".".join(key for key in path if not _MODEL.fullmatch(key)) if len(kept) > 1 else ""
        named |= {f"{before}.{name}" if before else name: tensor for name, tensor in tensors.items()}
    notes = []
    if left:
        notes.append(
            Message(
                "passed over, as no weights of the model: {names}",
                names=", ".join(name for name in list(left)[:6] if name.isprintable()),
            )
        )
    return unwrapped(named), notes


def unwrapped(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without what wrappers have put into the names."""
    named = {_WRAPPED.sub("", name): tensor for name, tensor in tensors.items()}
    while named and all(name.startswith(_PARALLEL) for name in named):
        named = {name.removeprefix(_PARALLEL): tensor for name, tensor in named.items()}
    return named if len(named) == len(tensors) else dict(tensors)


def _dictionaries(content: Any, path: Keys, visited: set[int]) -> Iterator[tuple[Keys, dict[str, Tensor]]]:
    """Every dictionary and list that holds tensors, with the keys that lead there, each once."""
    if isinstance(content, Tensor):
        yield path, {"tensor": content}
        return
    if not isinstance(content, dict | list | tuple) or len(path) > _DEEPEST or id(content) in visited:
        return
    visited.add(id(content))
    items = content.items() if isinstance(content, dict) else enumerate(content)
    if isinstance(content, dict) and content.keys() >= _OPTIMIZER:
        path = (*path, "optimizer")
    pairs = [(str(key), each) for key, each in items]
    yield path, {key: each for key, each in pairs if isinstance(each, Tensor)}
    for key, each in pairs:
        if not isinstance(each, Tensor):
            yield from _dictionaries(each, (*path, key), visited)
