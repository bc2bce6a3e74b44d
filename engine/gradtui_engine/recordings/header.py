"""The first line of a recording: the model, its parameters, and how it is trained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradtui_recorder.schema import A_COLUMNS, P_COLUMNS, SCHEMA

from ..core.message import Message
from .clean import cleaned, told_apart

_NOTHING: Mapping[str, Any] = {}


class NewerSchema(ValueError):
    """A recording of a schema that is newer than ours: what its numbers mean is not known. message says so."""

    def __init__(self, schema: int) -> None:
        self.message = Message(
            "is a recording of schema {schema}; this gradtui reads schema {ours}: a newer one is needed",
            schema=schema, ours=SCHEMA,
        )  # fmt: skip
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """A module: its name as in `named_modules()`, its class, the nearest class of torch.nn, and its settings."""

    name: str
    kind: str
    base: str = ""
    settings: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    @property
    def is_norm(self) -> bool:
        """Whether it normalises: its own parameters belong to the stage before."""
        return "norm" in (self.base or self.kind).lower() or "norm" in self.kind.lower()


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A parameter. optimizer is the index of the one that it is given to, None where there is none."""

    name: str
    shape: tuple[int, ...] = ()
    dtype: str = ""
    trainable: bool = True
    optimizer: int | None = None

    @property
    def module(self) -> str:
        """The name of the module whose own it is."""
        return self.name.rpartition(".")[0]

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Header:
    """What the line of a run says. torch is None of gradtui's own trainings, which have `experiment` and `training`.

    tied holds the names of each parameter that has several, symmetric those of matrices whose rows were all equal at
    the start. optimizers are what is known of each ({"name", "lr", …}). columns are the names of the columns of the
    rows "a" and "p". script is what was started.
    """

    modules: tuple[ModuleRow, ...] = ()
    parameters: tuple[ParameterRow, ...] = ()
    tied: tuple[tuple[str, ...], ...] = ()
    symmetric: tuple[str, ...] = ()
    optimizers: tuple[Mapping[str, Any], ...] = ()
    rank: int = 0
    ranks: int = 1
    compiled: bool = False
    torch: str | None = None
    time: float = math.nan
    id: str = ""
    script: str = ""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NOTHING)
    experiment: Mapping[str, Any] | None = None
    given: Mapping[str, Any] | None = None
    training: Mapping[str, Any] | None = None
    guess: float | None = None

    @property
    def shapes(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The parameters' names and shapes: of two runs of one model they are equal."""
        return tuple((row.name, row.shape) for row in self.parameters)


def header_of(line: Mapping[str, Any]) -> Header:
    """What a "run" line says; a field that is not as it should be is taken as not known. Raises NewerSchema."""
    schema = line.get("schema", SCHEMA)
    if isinstance(schema, int) and schema > SCHEMA:
        raise NewerSchema(schema)
    fields = _mapping(line.get("fields"))
    rank = [_whole(each) for each in _sequence(line.get("rank"))]
    r, n = rank if len(rank) == 2 else (0, 1)
    torch = line.get("torch")
    return Header(
        _modules(line.get("modules")),
        _parameters(line.get("params")),
        tuple(
            tuple(cleaned(name) for name in _sequence(names)) for names in _sequence(line.get("tied"))
        ),
        tuple(cleaned(name) for name in _sequence(line.get("symmetric"))),
        tuple(_optimizer(each) for each in _sequence(line.get("opt"))),
        r or 0,
        max(n or 1, 1),
        line.get("compiled") is True,
        cleaned(torch) if isinstance(torch, str) else None,
        number(line.get("time")),
        cleaned(line.get("id")),
        cleaned(line.get("script") or line.get("command")),
        {
            "a": _columns(fields.get("a"), A_COLUMNS),
            "p": _columns(fields.get("p"), P_COLUMNS),
        },
        _mapping(fields.get("experiment")) or None,
        _mapping(fields.get("given")) or None,
        _mapping(fields.get("training")) or None,
        None if math.isnan(guess := number(fields.get("guess"))) else guess,
    )  # fmt: skip


def number(value: Any) -> float:
    """A number of a line; NaN where it is none ("nan", too, and what is not known)."""
    if isinstance(value, str):
        value = {"inf": math.inf, "-inf": -math.inf}.get(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def whole_numbers(value: Any) -> tuple[int, ...]:
    """A shape; () where it is none."""
    numbers = [_whole(each) for each in _sequence(value)[:8]]
    return tuple(each for each in numbers if each is not None) if None not in numbers else ()


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else _NOTHING


def _settings(value: Any) -> Mapping[str, Any]:
    """Numbers and names, and rows of them; what is nested deeper is none of ours."""
    return {
        cleaned(key): tuple(map(_plain, each)) if isinstance(each, list | tuple) else _plain(each)
        for key, each in _mapping(value).items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return cleaned(value)
    return value if value is None or isinstance(value, bool | int | float) else None


def _columns(value: Any, known: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(cleaned(name) for name in _sequence(value))
    return names or known


def _modules(value: Any) -> tuple[ModuleRow, ...]:
    rows = [_sequence(row) for row in _sequence(value)]
    names = told_apart(cleaned(row[0]) if row else "?" for row in rows)
    return tuple(
        ModuleRow(
            name,
            cleaned(row[1]) if len(row) > 1 else "",
            cleaned(row[2]) if len(row) > 2 else "",
            _settings(row[3]) if len(row) > 3 else _NOTHING,
        )
        for name, row in zip(names, rows, strict=True)
    )


def _parameters(value: Any) -> tuple[ParameterRow, ...]:
    rows = [_sequence(row) for row in _sequence(value)]
    names = told_apart(cleaned(row[0]) if row else "?" for row in rows)
    found = []
    for name, row in zip(names, rows, strict=True):
        shape, dtype, trainable, optimizer = (row[place] if len(row) > place else None for place in range(1, 5))
        found.append(
            ParameterRow(
                name, tuple(_whole(each) or 0 for each in _sequence(shape)), cleaned(dtype),
                trainable not in (False, 0), _whole(optimizer),
            )
        )  # fmt: skip
    return tuple(found)


def _optimizer(value: Any) -> Mapping[str, Any]:
    """An older line has the name alone, or name and learning rate."""
    if isinstance(value, Mapping):
        return _settings(value)
    if isinstance(value, str):
        return {"name": cleaned(value)}
    row = _sequence(value)
    return dict(zip(("name", "lr"), (cleaned(row[0]), number(row[1])), strict=True)) if len(row) > 1 else _NOTHING
