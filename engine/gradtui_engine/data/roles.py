"""What becomes of each column: the target, inputs, and what is left out."""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.message import English, Message, Verbatim
from ..core.problems import ExperimentError, Problem, nearest
from .columns import Column, is_index_name

#: For --drop: nothing is left out, neither a count of the rows.
NOTHING = "none"
#: Kinds of columns that can be the target.
_OF_TARGETS = ("number", "truth", "words", "unclear", "count")
#: Names of a target, the surest first; a last column of such a name is the target in any case.
_TARGETS = (
    "target", "label", "labels", "survived", "class", "classes", "species", "diagnosis", "outcome", "churn", "exited",
    "saleprice", "medv", "mpg", "y",
)  # fmt: skip
#: Names that are a target's where the last column is one that hardly is: of a price's volume, a stone's length.
_ELSE = ("price", "close")
_HARDLY = ("z", "volume", "vol", "vol.", "change %", "adj close")
_SOMETIMES = ("quality", "type", "variety", "income", "charges", "rings", "default", "result", "status", "category")
#: Different whole numbers that are told to be classes, perhaps.
FEW = 20
#: Words that are all different are classes in a table of so many rows, at the most.
_TINY = 5


@dataclass(frozen=True, slots=True)
class Roles:
    """left_out are columns with the reason, one of LEFT_OUT."""

    target: Column
    inputs: tuple[Column, ...]
    left_out: tuple[tuple[Column, str], ...]
    notes: tuple[Message, ...]


def roles_of(columns: Sequence[Column], target: str | None, drop: str | None, window: bool) -> Roles:
    """Which column is what. window: rows are steps of a series. Raises ExperimentError for names that there are not."""
    asked = _dropped(columns, drop)
    kept = [column for column in columns if column not in asked]
    chosen = _found(columns, target, "target") if target is not None else None
    if chosen is not None and chosen in asked:
        raise ExperimentError([Problem("drop", Message("{column} is the target", column=repr(chosen.name)))])
    spares = drop is not None and drop.strip().lower() == NOTHING
    automatic = {column.number: why for column in kept if (why := _needless(column, spares, window)) is not None}
    notes: list[Message] = []
    if chosen is None:
        chosen, note = _guessed([column for column in kept if column.number not in automatic], kept)
        notes += [note] if note is not None else []
    inputs = [column for column in kept if column is not chosen and column.number not in automatic]
    if not inputs and not window:
        # Two columns, of which the first counts: it is all that there is.
        inputs = [column for column in kept if column is not chosen and column.kind in ("count", "key")]
    left_out = [
        (column, automatic[column.number])
        for column in kept
        if column is not chosen and column not in inputs and column.number in automatic
    ]
    notes += _told(left_out)
    counting = [column for column in inputs if column.kind == "count"]
    if counting and not spares:
        name = counting[0].name
        message = Message(
            "{column} counts the rows: if it is no input, --drop {name}", column=Verbatim(name), name=naming(counting)
        )
        notes.append(message)
    left_out += [(column, "asked") for column in asked]
    return Roles(chosen, tuple(inputs), tuple(left_out), tuple(notes))


# -- names -------------------------------------------------------------------------------------------------


def _found(columns: Sequence[Column], text: str, field: str) -> Column:
    """A column by its name, else by its number from 1 (−1 is the last)."""
    wanted = text.strip()
    for exactly in (True, False):
        named = [
            column
            for column in columns
            if (column.name == wanted if exactly else column.name.lower() == wanted.lower())
        ]
        if len(named) == 1:
            return named[0]
        if named:
            numbers = ", ".join(str(column.number) for column in named)
            message = Message(
                "{given} is the name of columns {numbers}: give a number", given=repr(wanted), numbers=numbers
            )
            raise ExperimentError([Problem(field, message)])
    number = int(wanted) if re.fullmatch(r"-?\d{1,9}", wanted, re.ASCII) else 0
    if 0 < abs(number) <= len(columns):
        return columns[number - 1 if number > 0 else number]
    names = [column.name for column in columns]
    values = {"given": repr(wanted), "names": _shortened(names), "count": len(columns)}
    match = nearest(wanted, names)
    if match is None:
        message = Message("{given} is no column; there are {names}, or 1 to {count}", **values)
    else:
        message = Message(
            "{given} is no column; there are {names}, or 1 to {count}; did you mean {match}?",
            **values,
            match=repr(match),
        )
    raise ExperimentError([Problem(field, message)])


def _dropped(columns: Sequence[Column], drop: str | None) -> list[Column]:
    if drop is None or drop.strip().lower() == NOTHING:
        return []
    if any(column.name == drop.strip() for column in columns):
        return [_found(columns, drop, "drop")]
    names = next(csv.reader([drop], skipinitialspace=True), [])
    problems: list[Problem] = []
    found = []
    for name in filter(None, map(str.strip, names)):
        try:
            found.append(_found(columns, name, "drop"))
        except ExperimentError as error:
            problems += error.problems
    if problems:
        raise ExperimentError(problems)
    return found


def naming(columns: Iterable[Column]) -> str:
    """The columns as --drop takes them, quoted for a shell; by number where a name would be misread."""
    names = [
        str(column.number)
        if not column.named or not column.name.strip() or set(column.name) & {",", '"'}
        else column.name
        for column in columns
    ]
    return shlex.quote(",".join(names))


def _shortened(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown}, …"


# -- what is left out --------------------------------------------------------------------------------------

#: Why a column is left out, in short.
LEFT_OUT: dict[str, English] = {
    "date": "left out: no input",
    "series": "left out: the steps of the series",
    "empty": "left out: nothing in it",
    "index": "left out: numbers the rows",
    "asked": "left out: --drop",
}
#: The same as a sentence goes on, with what overrules it.
_REASONS: dict[str, English] = {
    "date": "dates are no input; --window N reads the rows as a series",
    "series": "the rows are the steps of a series",
    "empty": "nothing is in it",
    "index": "it numbers the rows; --drop none keeps it",
}


def _needless(column: Column, spares: bool, window: bool) -> str | None:
    """Why a column is left out without being asked, None where it is kept."""
    if column.kind in ("empty", "date"):
        return "series" if window and column.kind == "date" else column.kind
    if spares:
        return None
    nameless = not column.name.strip() or not column.named
    if column.kind == "count" and (nameless or is_index_name(column.name)):
        return "index"
    if column.kind == "key" or (column.number == 1 and column.kind == "names" and column.nameless):
        return "index"
    rises = column.number == 1 and column.values is not None and len(column.values) > 2
    if window and rises and column.values is not None and bool((np.diff(column.values) == 1).all()):
        return "series"  # years
    return None


def _told(left_out: Sequence[tuple[Column, str]]) -> list[Message]:
    notes = []
    for reason, text in _REASONS.items():
        names = [column.name or f"column {column.number}" for column, why in left_out if why == reason]
        if names:
            notes.append(Message("{columns} left out: {why}", why=text, columns=Verbatim(_shortened(names))))
    return notes


# -- the target --------------------------------------------------------------------------------------------


def _can_be_target(column: Column) -> bool:
    if column.kind == "names":
        # All different ones are names, except where there is hardly a row.
        return column.distinct <= (FEW if column.distinct < len(column.cells) else _TINY)
    return column.kind in _OF_TARGETS


def _guessed(columns: Sequence[Column], all_columns: Sequence[Column]) -> tuple[Column, Message | None]:
    """The last column, unless its kind or another one's name speaks against it; and what is to be said of it."""
    possible = [column for column in columns if _can_be_target(column)]
    if not possible:
        possible = [column for column in all_columns if _can_be_target(column)]
    if not possible:
        message = Message("no column can be the target: it takes numbers, or words that come more than once")
        raise ExperimentError([Problem("data", message)])
    last = all_columns[-1]
    if last.named and last.name.lower() in (*_TARGETS, *_SOMETIMES) and last in possible:
        return last, None
    if last.named:
        names = [column.name.lower() for column in possible]
        also = _ELSE if last.name.lower() in _HARDLY or last not in possible else ()
        sought = [name for name in (*_TARGETS, *also) if name in names and not (name == "y" and _is_place(names))]
        if sought:
            chosen = possible[names.index(sought[0])]
            return chosen, _taken(chosen, Message("by its name"))
    elif _class_first(possible, last):
        return possible[0], _taken(possible[0], Message("the only one of classes"))
    if last in possible:
        return last, None
    if last.kind == "date":
        return possible[-1], _taken(possible[-1], Message("the last column holds dates"))
    return possible[-1], _taken(possible[-1], Message("the last column can be none"))


def _is_place(names: Sequence[str]) -> bool:
    """Whether y is the other coordinate of an x before it."""
    return "x" in names[: names.index("y")]


def _taken(column: Column, why: Message) -> Message:
    return Message("target {column}: {why}; --target COLUMN decides", column=Verbatim(column.name), why=why)


def _class_first(columns: Sequence[Column], last: Column) -> bool:
    """Whether of columns without names the first holds classes, and the last is an input like the others."""
    first, others = columns[0], columns[1:]
    if not others or any(column.values is None for column in others):
        return False
    if first.kind in ("words", "truth"):
        alike = sum(column.is_whole == others[-1].is_whole for column in others)
        largest = [float(np.abs(column.values).max()) for column in others if column.values is not None]
        # Of many words one is the class only where the others are all of one kind, as the 16 features of a letter.
        one_kind = len(first.counts) == 2 or max(largest) <= 10 * min(largest)
        return len(others) > 2 and others[-1] is last and 3 * alike >= 2 * len(others) and one_kind
    if first.values is None or not first.is_whole or first.missing:
        return False
    classes = np.unique(first.values)
    counts = classes[0] in (0, 1) and bool((np.diff(classes) == 1).all()) and 1 < len(classes) <= FEW
    in_order = bool((np.diff(first.values) >= 0).all()) and last.distinct > FEW
    return counts and len(first.values) > len(classes) * 3 and (in_order or last.is_constant)
