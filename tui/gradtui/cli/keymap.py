"""The keys that commands have: the table's, or the user's own, as a person writes them."""

from __future__ import annotations

import functools
import itertools
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from gradtui_engine.core.fields import Rejected, given
from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import Problem, nearest

from .settings_error import SettingsError, shown


class Bindable(Protocol):
    """What a command is here: its name, and the table's keys (in Textual's names)."""

    @property
    def id(self) -> str: ...

    @property
    def keys(self) -> tuple[str, ...]: ...


#: Commands without which a person is lost.
MUST_KEEP = ("quit", "help")
#: The command whose keys are those of no other as long as they are its own.
ANSWER = "answer"

# -- keys as text ------------------------------------------------------------------------------------------

#: In the order in which Textual sorts them. The last three reach a program under kitty's protocol only.
_MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
_MODIFIER_ALIASES = {"control": "ctrl", "option": "alt", "opt": "alt", "command": "super", "cmd": "super"}
_NAMED = (
    "space", "enter", "tab", "escape", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown", "up",
    "down", "left", "right", *(f"f{number}" for number in range(1, 25)),
)  # fmt: skip
#: Other ways to write a key. Textual takes "esc" for a key that no terminal sends.
_ALIASES = {
    "esc": "escape", "return": "enter", "bs": "backspace", "del": "delete", "ins": "insert", "pgup": "pageup",
    "page_up": "pageup", "pgdn": "pagedown", "pgdown": "pagedown", "page_down": "pagedown", " ": "space",
    "↑": "up", "↓": "down", "←": "left", "→": "right",
}  # fmt: skip
#: Unicode's names that Textual shortens (textual.keys.KEY_NAME_REPLACEMENTS).
_SHORTENED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
#: What terminals send for these is another key's byte (ASCII's control characters).
_SAME_BYTE = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
#: NUL has a name of its own in every second terminal.
_NUL = ("ctrl+space", "ctrl+at")
#: Behind Unicode's basic plane stand pictures, which no keyboard types.
_ASCII, _BEYOND = 0x80, 0x10000
_ALLOWED = Message(
    "a character, or space, enter, tab, escape, pageup, home, up, f1 …; ctrl+, alt+ or shift+ may stand before it"
)


def parse_key(text: str) -> str:
    """A key as a person writes it ("?", "Ctrl+P", "pgup") under Textual's name. Raises Rejected."""
    before, base = _split(text)
    modifiers = {_MODIFIER_ALIASES.get(word, word) for word in before}
    name = _base(base)
    if name is None or not modifiers <= set(_MODIFIERS):
        raise Rejected(_no_key(text))
    if modifiers and name not in _NAMED:
        name, modifiers = _modified(name, modifiers, text)
    key = "+".join([*sorted(modifiers), name])
    if key in _SAME_BYTE:
        same = _SAME_BYTE[key]
        raise Rejected(
            Message("{given} is what terminals send for {key}; write that, or another key", given=given(text), key=same)
        )
    if key in _NUL:
        raise Rejected(
            Message(
                "{given} reaches programs under two names, depending on the terminal; take another key",
                given=given(text),
            )
        )
    return key


def _modified(name: str, modifiers: set[str], text: str) -> tuple[str, set[str]]:
    """A character with modifiers as Textual names it: shift alone makes a capital, and with ctrl capitals are small."""
    low, high = name.lower(), name.upper()
    if len(name) > 1 or low == high or len(low) > 1 or len(high) > 1:
        if "shift" in modifiers:
            raise Rejected(
                Message("{given} depends on the keyboard; write the character that it types", given=given(text))
            )
        return name, modifiers
    if modifiers == {"shift"}:
        return high, set()
    return low, modifiers | ({"shift"} if name == high and "ctrl" not in modifiers else set())


def spelled(key: str) -> str:
    """A key as a person types it, that `parse_key` reads back: "full_stop" is ".", "ctrl+p" itself."""
    before, plus, base = key.rpartition("+")
    if len(base) > 1 and base not in _NAMED:
        base = _characters(_ASCII).get(base) or _characters(_BEYOND).get(base, base)
    return before + plus + base


def _split(text: str) -> tuple[list[str], str]:
    """Modifiers and the key itself, which may be "+"."""
    if len(text) == 1:
        return [], text
    before, plus, base = (text[:-2], "+", "+") if text.endswith("++") else text.rpartition("+")
    return [word.strip().lower() for word in before.split("+")] if plus else [], base.strip() or base


def _base(text: str) -> str | None:
    """The name of a key without modifiers; None where there is no such key."""
    name = text if len(text) == 1 else text.lower().replace(" ", "_")
    name = _ALIASES.get(name, name)
    if name in _NAMED:
        return name
    if len(name) == 1:
        return _name_of(name)
    name = _SHORTENED.get(name, name)
    return name if name in _characters(_ASCII) or name in _characters(_BEYOND) else None


def _name_of(character: str) -> str | None:
    """Textual's name of a character: letters and digits stand for themselves, the rest by Unicode's name."""
    if character.isalnum():
        return character
    if not character.isprintable() or ord(character) >= _BEYOND:
        return None
    try:
        name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    except ValueError:
        return None
    return _SHORTENED.get(name, name)


@functools.cache
def _characters(limit: int) -> dict[str, str]:
    """Textual's name → character, of those below the limit that are no letters or digits; 65,536 take 40 ms."""
    characters: dict[str, str] = {}
    for character in map(chr, range(0x21, limit)):
        name = _name_of(character)
        if name is not None and name != character:
            characters.setdefault(name, character)
    return characters


def _no_key(text: str) -> str:
    _, base = _split(text)
    names = (*_NAMED, *(alias for alias in _ALIASES if len(alias) > 1), *_characters(_ASCII))
    match = nearest(base, names) if len(base) > 1 else None
    if match is None:
        return Message("{given} is no key; allowed: {allowed}", given=given(text), allowed=_ALLOWED)
    return Message(
        "{given} is no key; allowed: {allowed}; did you mean {match}?",
        given=given(text),
        allowed=_ALLOWED,
        match=repr(match),
    )


# -- the keys of commands ----------------------------------------------------------------------------------


def effective(
    commands: Sequence[Bindable], overrides: Mapping[str, Any], where: str = "keys"
) -> dict[str, tuple[str, ...]]:
    """Every command's keys, where overrides give a command a key, several, or (an empty list) none.

    where is what problems name as their source. Raises SettingsError with every problem: unknown commands, what is no
    key, one key on two commands that work in one view, and a program that cannot be left or asked.
    """
    problems: list[Problem] = []
    known = {command.id: command for command in commands}
    moved: dict[str, tuple[str, ...]] = {}
    for name, value in overrides.items():
        field = f"{where}.{shown(name)}"
        if name not in known:
            problems.append(Problem(field, _unknown_command(name, known)))
            continue
        read, faults = _read(value)
        problems += (Problem(field, fault) for fault in faults)
        if not read and not faults and name in MUST_KEEP:
            keep = Message("has to keep a key; the table's: {keys}", keys=_listed(known[name].keys))
            problems.append(Problem(field, keep))
        # What is wrong by itself stands at its default while the keys are looked at together.
        moved[name] = read if not faults else known[name].keys
    keys = {command.id: moved.get(command.id, command.keys) for command in commands}
    problems += _clashes(commands, keys, moved, where)
    if problems:
        raise SettingsError(problems)
    return keys


def _read(value: Any) -> tuple[tuple[str, ...], list[str]]:
    """The keys of one override, each once, and what is wrong with it."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        allowed = Message("a key such as {example}, or a list of keys", example='"space"')
        return (), [Message("{given} given; allowed: {allowed}", given=given(value), allowed=allowed)]
    keys: list[str] = []
    faults: list[str] = []
    for text in texts:
        try:
            keys.append(parse_key(text))
        except Rejected as error:
            faults.append(error.message)
    return tuple(dict.fromkeys(keys)), faults


def _unknown_command(name: str, known: Iterable[str]) -> str:
    match = nearest(name, known)
    if match is None:
        return Message("{given} is no command; gradtui config --show lists them", given=given(name))
    return Message(
        "{given} is no command; did you mean {match}? gradtui config --show lists them",
        given=given(name),
        match=repr(match),
    )


def _clashes(
    commands: Sequence[Bindable],
    keys: Mapping[str, tuple[str, ...]],
    moved: Mapping[str, tuple[str, ...]],
    where: str,
) -> Iterable[Problem]:
    """One problem for each key that two commands share, at the one that the user moved.

    The letters of a question's answers are its own while it is open, whatever they are given to elsewhere.
    """
    commands = [command for command in commands if command.id != ANSWER]
    for first, second in itertools.combinations(commands, 2):
        # What the table itself shares, such as the digits of views and of the story's pairs, is not the user's fault.
        shared = {*first.keys} & {*second.keys}
        if first.id in moved or second.id in moved:
            mover, holder = (first.id, second.id) if first.id in moved else (second.id, first.id)
            for key in (key for key in keys[mover] if key in keys[holder] and key not in shared):
                yield Problem(f"{where}.{mover}", _clash(key, holder, keys[holder], holder in moved))


def _clash(key: str, holder: str, keys: tuple[str, ...], moved: bool) -> str:
    text = json.dumps(spelled(key), ensure_ascii=False)
    if moved:
        return Message("{key} is given to {command} too; leave it to one of them", key=text, command=repr(holder))
    rest = tuple(kept for kept in keys if kept != key)
    if not rest and holder in MUST_KEEP:
        return Message(
            "{key} is the only key of {command}; take another, or give {command} one first: {name} = …",
            key=text,
            command=repr(holder),
            name=holder,
        )
    free = f"{holder} = {_listed(rest)}"
    return Message(
        "{key} is a key of {command} already; free it with {line}", key=text, command=repr(holder), line=free
    )


def _listed(keys: Iterable[str]) -> str:
    """Keys as a TOML array."""
    return json.dumps([spelled(key) for key in keys], ensure_ascii=False)
