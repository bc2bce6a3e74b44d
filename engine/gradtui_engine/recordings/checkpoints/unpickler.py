"""Pickles as torch.save writes them, read by an interpreter of our own: nothing of them is ever executed.

A pickle is a program for a machine with a stack. This one knows the instructions that make plain values, and of globals
a few names (`pickled_names`), none of which is looked up. Anything else is refused with its name, as torch.load does
with weights_only=True.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from ...core.fields import Rejected, given
from ...core.message import Message
from .pickled_names import STORAGES, UNTYPED, Global, Opaque, TypedStorage, called, dictionary, named, put
from .tensor import Dtype, Storage, Tensor

#: A whole number has so many bytes at the most: sizes have 8.
_LONGEST = 255
#: What calls are given has so many parts and letters for each byte of the pickle, at the most: what is remembered can
#: be given again and again in two bytes, and would be copied each time.
_COPIED = 16


#: Of a storage its key and how many elements of a type it has → its bytes. Raises Rejected.
Stored = Callable[[str, int, Dtype | None], Storage]


def unpickled(raw: bytes, stored: Stored) -> Any:
    """What a pickle holds: dicts, lists, tuples, numbers, texts, and Tensors. Raises Rejected."""
    machine = _Machine(raw, stored)
    try:
        return machine.run()
    except Rejected:
        raise
    except (LookupError, struct.error, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise Rejected(Message("its pickle is damaged at byte {place}", place=machine.place)) from None


class _Machine:
    """A pickle's stack, its marks and what it remembers."""

    def __init__(self, raw: bytes, stored: Stored) -> None:
        self.raw, self.place, self._stored = raw, 0, stored
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self._storages: dict[tuple[str, str], TypedStorage] = {}
        self._left = _COPIED * (len(raw) + 1000)

    def run(self) -> Any:
        while True:
            code = self.raw[self.place]
            self.place += 1
            if code == _STOP:
                return self.stack.pop()
            instruction = _INSTRUCTIONS.get(code)
            if instruction is None:
                raise Rejected(
                    Message("its pickle has the instruction {code}, which is not read", code=f"0x{code:02x}")
                )
            instruction(self)

    def take(self, count: int) -> bytes:
        """The next bytes, as many as there must be."""
        part = self.raw[self.place : self.place + count]
        if count < 0 or len(part) != count:
            raise ValueError(count)
        self.place += count
        return part

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        end = self.raw.index(b"\n", self.place)
        text = self.raw[self.place : end].decode("utf-8")
        self.place = end + 1
        return text

    def marked(self) -> list[Any]:
        """What lies above the last mark, which is taken away."""
        mark = self.marks.pop()
        values = self.stack[mark:]
        del self.stack[mark:]
        return values

    def top(self, kind: type) -> Any:
        """What lies on top, which has to be of this kind. Raises ValueError."""
        if type(self.stack[-1]) is not kind:
            raise ValueError(kind)
        return self.stack[-1]

    def called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        self._left -= sum(len(each) for each in arguments if isinstance(each, str | bytes | list | tuple | dict))
        if self._left < 0:
            raise ValueError("too much is copied")
        return called(function, arguments)

    def storage(self, persistent: Any) -> TypedStorage:
        word, kind, key, _, count = persistent
        if word != "storage" or not isinstance(kind, Global) or type(key) is not str or type(count) is not int:
            raise ValueError("no storage")
        dtype = STORAGES.get(kind.name)
        if dtype is None and kind.name not in UNTYPED:
            raise Rejected(Message("{kind} is a type of numbers that cannot be read here", kind=given(kind.name)))
        known = self._storages.get((key, kind.name))
        if known is None:
            known = self._storages[key, kind.name] = TypedStorage(dtype, self._stored(key, count, dtype))
        return known


def _pushes(value: Callable[[_Machine], Any]) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(value(machine))


def _whole(form: str) -> Callable[[_Machine], Any]:
    return lambda machine: machine.number(form)


def _text(form: str) -> Callable[[_Machine], str]:
    return lambda machine: machine.take(machine.number(form)).decode("utf-8", "surrogatepass")


def _bytes(form: str) -> Callable[[_Machine], bytes]:
    return lambda machine: machine.take(machine.number(form))


def _old_text(form: str) -> Callable[[_Machine], str]:
    return lambda machine: machine.take(machine.number(form)).decode("latin1")


def _long(form: str) -> Callable[[_Machine], int]:
    def value(machine: _Machine) -> int:
        count = machine.number(form)
        if count > _LONGEST:
            raise ValueError(count)
        return int.from_bytes(machine.take(count), "little", signed=True)

    return value


def _tuple(count: int) -> Callable[[_Machine], tuple[Any, ...]]:
    def value(machine: _Machine) -> tuple[Any, ...]:
        values = [machine.stack.pop() for _ in range(count)]
        return tuple(reversed(values))

    return value


def _named_on_stack(machine: _Machine) -> Global:
    name, module = machine.stack.pop(), machine.stack.pop()
    if type(name) is not str or type(module) is not str:
        raise ValueError("no name")
    return named(module, name)


def _reduce(machine: _Machine) -> Any:
    arguments, function = machine.stack.pop(), machine.stack.pop()
    if type(arguments) is not tuple:
        raise ValueError("no arguments")
    return machine.called(function, arguments)


def _append(machine: _Machine) -> None:
    value = machine.stack.pop()
    if not isinstance(machine.stack[-1], Opaque):
        machine.top(list).append(value)


def _appends(machine: _Machine) -> None:
    values = machine.marked()
    if not isinstance(machine.stack[-1], Opaque):
        machine.top(list).extend(values)


def _pairs_of(values: list[Any]) -> dict[Any, Any]:
    return dictionary(zip(values[::2], values[1::2], strict=True))


def _set_items(machine: _Machine) -> None:
    values = machine.marked()
    if not isinstance(machine.stack[-1], Opaque):
        machine.top(dict).update(_pairs_of(values))


def _set_item(machine: _Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    if not isinstance(machine.stack[-1], Opaque):
        put(machine.top(dict), key, value)


def _built(machine: _Machine) -> None:
    """What an object has beside what it was called with: the `_metadata` of a state_dict, which nobody asks for."""
    machine.stack.pop()
    if not isinstance(machine.stack[-1], dict | list | Tensor | Opaque):
        raise ValueError("nothing to set")


def _nothing(value: Any) -> None:
    """What is taken from the stack and not needed."""


def _remember(form: str) -> Callable[[_Machine], None]:
    def instruction(machine: _Machine) -> None:
        machine.memo[machine.number(form)] = machine.stack[-1]

    return instruction


def _memoize(machine: _Machine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _recalled(form: str) -> Callable[[_Machine], Any]:
    return lambda machine: machine.memo[machine.number(form)]


_STOP = ord(".")
#: pickletools' table of what torch.save can write with any protocol from 2 on.
_INSTRUCTIONS: Mapping[int, Callable[[_Machine], None]] = {
    0x80: lambda machine: machine.number("<B"),  # the protocol
    0x95: lambda machine: machine.number("<Q"),  # a frame
    ord("("): lambda machine: machine.marks.append(len(machine.stack)),
    ord("0"): lambda machine: _nothing(machine.stack.pop()),
    ord("1"): lambda machine: _nothing(machine.marked()),
    ord("2"): lambda machine: machine.stack.append(machine.stack[-1]),
    ord("N"): _pushes(lambda machine: None),
    0x88: _pushes(lambda machine: True),
    0x89: _pushes(lambda machine: False),
    ord("J"): _pushes(_whole("<i")),
    ord("K"): _pushes(_whole("<B")),
    ord("M"): _pushes(_whole("<H")),
    0x8A: _pushes(_long("<B")),
    0x8B: _pushes(_long("<i")),
    ord("G"): _pushes(_whole(">d")),
    ord("X"): _pushes(_text("<I")),
    0x8C: _pushes(_text("<B")),
    0x8D: _pushes(_text("<Q")),
    ord("U"): _pushes(_old_text("<B")),
    ord("T"): _pushes(_old_text("<i")),
    ord("B"): _pushes(_bytes("<I")),
    ord("C"): _pushes(_bytes("<B")),
    0x8E: _pushes(_bytes("<Q")),
    0x96: _pushes(_bytes("<Q")),
    ord(")"): _pushes(lambda machine: ()),
    0x85: _pushes(_tuple(1)),
    0x86: _pushes(_tuple(2)),
    0x87: _pushes(_tuple(3)),
    ord("t"): _pushes(lambda machine: tuple(machine.marked())),
    ord("]"): _pushes(lambda machine: []),
    ord("l"): _pushes(_Machine.marked),
    ord("a"): _append,
    ord("e"): _appends,
    ord("}"): _pushes(lambda machine: {}),
    ord("d"): _pushes(lambda machine: _pairs_of(machine.marked())),
    ord("s"): _set_item,
    ord("u"): _set_items,
    0x8F: _pushes(lambda machine: []),  # a set
    0x90: _appends,
    0x91: _pushes(_Machine.marked),
    ord("q"): _remember("<B"),
    ord("r"): _remember("<I"),
    0x94: _memoize,
    ord("h"): _pushes(_recalled("<B")),
    ord("j"): _pushes(_recalled("<I")),
    ord("Q"): _pushes(lambda machine: machine.storage(machine.stack.pop())),
    ord("c"): _pushes(lambda machine: named(machine.line(), machine.line())),
    0x93: _pushes(_named_on_stack),
    ord("R"): _pushes(_reduce),
    0x81: _pushes(_reduce),
    ord("b"): _built,
}  # fmt: skip
