"""Messages in a document of plain values: beside an English text its parts, so that it can still be translated."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from typing import Any

from .message import Message, Verbatim, made

#: Messages in messages, at most.
_DEEPEST = 8


def told(contents: Any) -> dict[str, Any]:
    """The parts of every message with values that these contents (dictionaries, lists) hold, by its text."""
    return {str(message): _parts(message) for message in _messages(contents)}


def _messages(contents: Any) -> Iterator[Message]:
    if isinstance(contents, Message):
        if contents.values:
            yield contents
    elif isinstance(contents, Mapping):
        for value in contents.values():
            yield from _messages(value)
    elif isinstance(contents, list | tuple):
        for value in contents:
            yield from _messages(value)


def _parts(message: Message) -> dict[str, Any]:
    return {"template": message.template, "values": {name: _value(value) for name, value in message.values.items()}}


def _value(value: object) -> Any:
    if isinstance(value, Message) and value.values:
        return _parts(value)
    if isinstance(value, Verbatim):
        return {"verbatim": value.text}
    return value if isinstance(value, int | float) else str(value)


def retold(contents: Any, parts: Mapping[str, Any]) -> Any:
    """The contents with a message in place of every text whose parts are known and give back that very text."""
    if isinstance(contents, dict):
        return {name: retold(value, parts) for name, value in contents.items()}
    if isinstance(contents, list):
        return [retold(value, parts) for value in contents]
    if not isinstance(contents, str) or contents not in parts:
        return contents
    try:
        message = _message(parts[contents])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return contents
    return message if message == contents else contents


def _message(parts: Any, depth: int = 0) -> Message:
    """Raises ValueError or its like for what no message was made from: anyone may have written the document."""
    template, values = parts["template"], parts["values"]
    # A name alone: what else may stand in braces reaches into objects, or asks for a width of a thousand million.
    for _, name, form, conversion in string.Formatter().parse(template):
        if name is not None and (not name.isidentifier() or form or conversion):
            raise ValueError(name)
    if depth > _DEEPEST:
        raise ValueError("too deep")
    return made(template, {name: _read(value, depth) for name, value in values.items()})


def _read(value: Any, depth: int) -> object:
    if not isinstance(value, dict):
        if not isinstance(value, str | int | float):
            raise TypeError(type(value))
        return value
    return Verbatim(str(value["verbatim"])) if value.keys() == {"verbatim"} else _message(value, depth + 1)
