"""Keys as a person writes them, and which key belongs to which command."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, strategies
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.keys import _character_to_key

from gradtui.cli.keymap import effective, parse_key, spelled
from gradtui.cli.settings_error import SettingsError
from gradtui.model.commands import COMMANDS
from gradtui_engine.core.fields import Rejected
from tests.engine.helpers import drawn, fresh_python
from tests.examples import in_one


@dataclass(frozen=True)
class Bound:
    """The least that a command is."""

    id: str
    keys: tuple[str, ...]


TABLE = (
    Bound("help", ("question_mark",)),
    Bound("play", ("space",)),
    Bound("step", ("n", "full_stop")),
    Bound("zoom", ("z",)),
    Bound("swap", ("x",)),
    Bound("term", ("x",)),
    Bound("point", ("m",)),
    Bound("quit", ("q", "ctrl+q")),
)


def problems(overrides: Mapping[str, Any], commands: Sequence[Bound] = TABLE) -> list[str]:
    """Every problem, as "field: message"."""
    with pytest.raises(SettingsError) as caught:
        effective(commands, overrides)
    return [str(problem) for problem in caught.value.problems]


# -- keys as text ------------------------------------------------------------------------------------------

printable = strategies.characters(exclude_categories=["C", "Z", "M"], max_codepoint=0xFFFF)


@drawn(300)
@given(printable)
def test_any_character_gets_the_name_that_textual_gives_it(character: str) -> None:
    # Arrows are what the key sheet shows for the arrow keys.
    wanted = {"↑": "up", "↓": "down", "←": "left", "→": "right"}.get(character, _character_to_key(character))
    assert parse_key(character) == wanted


@in_one("character", [chr(code) for code in range(0x21, 0x7F)])
def test_every_ascii_character_by_itself_and_by_textuals_name_is_the_same_key(character: str) -> None:
    key = _character_to_key(character)
    assert parse_key(character) == parse_key(key) == key
    assert spelled(key) == character


#: What a terminal sends under a name that depends on it, or under another key's.
_LEFT_OUT = {"ctrl+@", "<ignore>", "<scroll-up>", "<scroll-down>", *(f"ctrl+shift+{digit}" for digit in range(10))}
SENT = sorted({key.value for keys in ANSI_SEQUENCES_KEYS.values() if isinstance(keys, tuple) for key in keys})


@in_one("key", [key for key in SENT if key not in _LEFT_OUT])
def test_every_key_that_textual_knows_from_a_terminal_can_be_written(key: str) -> None:
    assert parse_key(key) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("?", "question_mark"),
        (".", "full_stop"),
        ("[", "left_square_bracket"),
        (" ", "space"),
        ("Space", "space"),
        ("esc", "escape"),
        ("Return", "enter"),
        ("PgUp", "pageup"),
        ("page_down", "pagedown"),
        ("Del", "delete"),
        ("F5", "f5"),
        ("g", "g"),
        ("G", "G"),
        ("shift+g", "G"),
        ("Shift+Tab", "shift+tab"),
        ("ctrl+p", "ctrl+p"),
        ("Ctrl+P", "ctrl+p"),
        ("control + p", "ctrl+p"),
        ("ctrl++", "ctrl+plus"),
        ("+", "plus"),
        ("ctrl+]", "ctrl+right_square_bracket"),
        ("alt+x", "alt+x"),
        ("alt+X", "alt+shift+x"),
        ("shift+alt+x", "alt+shift+x"),
        ("ctrl+alt+up", "alt+ctrl+up"),
        ("minus", "minus"),
        ("Question_Mark", "question_mark"),
        ("less_than_sign", "less_than_sign"),
        ("é", "é"),
        ("，", "fullwidth_comma"),
    ],
)
def test_a_key_is_written_as_a_person_does(text: str, key: str) -> None:
    assert parse_key(text) == key
    assert parse_key(spelled(key)) == key


@in_one("key", sorted({key for each in COMMANDS for key in each.keys}))
def test_every_key_of_the_table_is_one_and_comes_back_from_its_spelling(key: str) -> None:
    assert parse_key(key) == key
    assert parse_key(spelled(key)) == key


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ctrl+alt+bla", ["'ctrl+alt+bla' is no key", "space, enter", "ctrl+, alt+ or shift+"]),
        ("spcae", ["is no key", "did you mean 'space'?"]),
        ("pgupp", ["did you mean 'pgup'?"]),
        ("f25", ["is no key"]),
        ("", ["'' is no key"]),
        ("\n", ["is no key"]),
        ("ab", ["is no key"]),
        ("🐄", ["is no key"]),
        ("cow", ["is no key"]),
        ("+p", ["is no key"]),
        ("++", ["is no key"]),
        ("ctrl+", ["is no key"]),
        ("hyperx+p", ["is no key"]),
        ("x" * 500, ["is no key", "(502 characters)"]),
        ("ctrl+i", ["terminals send for tab"]),
        ("ctrl+m", ["terminals send for enter"]),
        ("ctrl+[", ["terminals send for escape"]),
        ("ctrl+space", ["depending on the terminal"]),
        ("ctrl+@", ["depending on the terminal"]),
        ("shift+1", ["depends on the keyboard", "write the character"]),
        ("shift+?", ["depends on the keyboard"]),
        ("ctrl+shift+/", ["depends on the keyboard"]),
    ],
)
def test_what_is_no_key_is_refused_with_what_is_allowed(text: str, parts: list[str]) -> None:
    with pytest.raises(Rejected) as caught:
        parse_key(text)
    message = str(caught.value)
    assert all(part in message for part in parts), message
    assert "\n" not in message
    assert len(message) < 300


@drawn(300)
@given(strategies.text(max_size=12))
def test_any_text_is_a_key_or_refused_and_a_key_is_spelled_so_that_it_reads_back(text: str) -> None:
    try:
        key = parse_key(text)
    except Rejected:
        return
    assert parse_key(key) == key
    assert parse_key(spelled(key)) == key


# -- the keys of commands ----------------------------------------------------------------------------------


def test_without_overrides_the_keys_are_the_tables() -> None:
    assert effective(TABLE, {}) == {each.id: each.keys for each in TABLE}


def test_an_override_takes_the_place_of_all_keys_of_its_command_alone() -> None:
    keys = effective(TABLE, {"step": "s"})
    assert keys == {each.id: each.keys for each in TABLE} | {"step": ("s",)}


def test_a_list_gives_several_keys_in_order_and_each_once() -> None:
    assert effective(TABLE, {"step": ["F5", ">", "greater_than_sign", "f5"]})["step"] == ("f5", "greater_than_sign")


def test_an_empty_list_frees_the_keys() -> None:
    keys = effective(TABLE, {"zoom": [], "play": "z"})
    assert keys["zoom"] == ()
    assert keys["play"] == ("z",)


def test_two_commands_may_swap_their_keys() -> None:
    keys = effective(TABLE, {"play": "z", "zoom": "space"})
    assert (keys["play"], keys["zoom"]) == (("z",), ("space",))


def test_a_clash_with_a_default_names_both_commands_and_how_to_free_the_key() -> None:
    (problem,) = problems({"play": ["space", "n"]})
    assert problem == """keys.play: "n" is a key of 'step' already; free it with step = ["."]"""


@pytest.mark.parametrize(("key", "other"), [("n", "step"), (".", "step"), ("z", "zoom"), ("m", "point"), ("q", "quit")])
def test_what_a_clash_advises_is_what_helps(key: str, other: str) -> None:
    (problem,) = problems({"play": key})
    advice = tomllib.loads(problem.rpartition("free it with ")[2])
    assert list(advice) == [other]
    assert parse_key(key) not in effective(TABLE, {"play": key, **advice})[other]


def test_the_only_key_of_a_command_that_must_keep_one_is_not_advised_to_be_freed() -> None:
    (problem,) = problems({"play": "?"})
    assert """is the only key of 'help'""" in problem
    assert "[]" not in problem


def test_two_overrides_with_one_key_clash_by_name_once() -> None:
    (problem,) = problems({"play": "f5", "zoom": "F5"})
    assert problem == """keys.play: "f5" is given to 'zoom' too; leave it to one of them"""


def test_a_key_of_two_others_is_a_problem_with_each() -> None:
    assert len(problems({"zoom": "x"})) == 2


def test_what_the_table_itself_shares_is_no_fault_of_the_user() -> None:
    table = (*TABLE, Bound("shared", ("z",)))
    assert effective(table, {"play": "f1"})["shared"] == ("z",)


@pytest.mark.parametrize("name", ["quit", "help"])
def test_the_program_can_be_left_and_asked_whatever_the_user_writes(name: str) -> None:
    (problem,) = problems({name: []})
    assert problem.startswith(f"keys.{name}: has to keep a key")
    assert effective(TABLE, {name: "f12"})[name] == ("f12",)


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    (problem,) = problems({"plya": "f5"})
    assert problem.startswith("keys.plya: 'plya' is no command; did you mean 'play'?")


@pytest.mark.parametrize("value", [3, True, None, {"a": 1}, ["a", 3], [["a"]], 1.5])
def test_what_is_neither_key_nor_list_of_keys_is_refused(value: Any) -> None:
    (problem,) = problems({"play": value})
    assert "given; allowed: a key" in problem


def test_all_problems_come_at_once_and_a_wrong_key_makes_no_second_problem() -> None:
    found = problems({"plya": "x", "play": ["bla", "blub"], "zoom": "n", "quit": []})
    assert [problem.split(":")[0] for problem in found] == [
        "keys.plya", "keys.play", "keys.play", "keys.quit", "keys.zoom",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 200])
def test_a_strange_name_stays_one_short_line(name: str) -> None:
    (problem,) = problems({name: "f5"})
    assert "\n" not in problem
    assert len(problem) < 300


ids = strategies.sampled_from([each.id for each in COMMANDS])
typed = strategies.sampled_from([*"abcxyzABC?.+-", "space", "tab", "esc", "F5", "ctrl+p", "pgup"])


@drawn(100)
@given(strategies.dictionaries(ids, strategies.lists(typed, max_size=2), max_size=4))
def test_no_keymap_that_is_accepted_has_one_key_for_two_commands(overrides: dict[str, list[str]]) -> None:
    try:
        keys = effective(COMMANDS, overrides)
    except SettingsError:
        return
    assert all(keys[name] for name in ("quit", "help"))
    for each in COMMANDS:
        assert keys[each.id] == (
            tuple(dict.fromkeys(map(parse_key, overrides[each.id]))) if each.id in overrides else each.keys
        )
        for other in COMMANDS:
            untouched = each.id not in overrides and other.id not in overrides
            apart = each.where != other.where  # what has a meaning in some views only comes first there
            assert each is other or untouched or apart or not set(keys[each.id]) & set(keys[other.id])


def test_keys_are_read_without_textual() -> None:
    code = (
        "import sys, gradtui.cli.keymap as keymap\n"
        "keymap.parse_key('less_than_sign'), keymap.spelled('fullwidth_comma')\n"
        "print([name for name in ('textual', 'rich', 'platformdirs') if name in sys.modules])"
    )
    assert json.loads(fresh_python(code)) == []
