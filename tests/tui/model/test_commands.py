"""The table of commands: one place for keys, footer, help and README."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter

import pytest

from gradtui.model import events as e
from gradtui.model.commands import BY_ID, COMMANDS, Command
from gradtui.model.cure_keys import CURES
from gradtui.model.keys import command_of, groups, key_name, key_table, keys_of
from gradtui.model.names import STORY, VIEWS
from gradtui.model.pairs import PAIRS
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.model.update import update
from gradtui.screen.actions import ACTIONS
from gradtui.screen.app import GradtuiApp
from gradtui.views import status
from gradtui.views.catalogue import VIEWS as VIEW_ROWS
from gradtui.views.footers import hints
from gradtui.views.lessons.view import BESIDE
from gradtui_engine import Experiment
from gradtui_engine.cells.table import CELLS
from gradtui_engine.experiment.experiment import options
from tests.examples import in_one
from tests.tui.helpers import CASES, Pilot, play, texts, timeline_of

BY_KEY = {key: each for each in COMMANDS if not each.where for key in each.keys}

#: What fingers know, as the issue lists it: key as typed → the event, or the id of what the app does.
CONVENTIONS = {
    "space": e.TogglePlay(),
    "n": e.Move(1),
    ".": e.Move(1),
    "N": e.Move(-1),
    ",": e.Move(-1),
    "[": e.Move(-10),
    "]": e.Move(10),
    "home": e.Jump(False),
    "end": e.Jump(True),
    "+": e.Faster(1),
    "-": e.Faster(-1),
    "tab": e.Focus(by=1),
    "shift+tab": e.Focus(by=-1),
    "up": e.Arrow(y=-1),
    "k": e.Arrow(y=-1),
    "down": e.Arrow(y=1),
    "j": e.Arrow(y=1),
    "left": e.Arrow(x=-1),
    "h": e.Arrow(x=-1),
    "right": e.Arrow(x=1),
    "l": e.Arrow(x=1),
    "g": e.Select(stage=0),
    "0": e.OpenStory(),
    **{str(place): e.OpenIdea() if view == "idea" else e.Show(view) for place, view in enumerate(VIEWS[1:], 1)},
    "c": e.Show("compare"),
    "z": e.Zoom(),
    "y": e.NextAxis(),
    "u": e.Undo(-1),
    "U": e.Undo(1),
    "r": "again",
    "R": "reseed",
    "w": "copy",
    "e": "export",
    "s": "picture",
    "t": "theme",
    "q": "quit",
    "?": "help",
    ":": "palette",
    "ctrl+p": "palette",
    "ctrl+z": "suspend",
}


def test_ids_are_unique() -> None:
    assert [name for name, count in Counter(each.id for each in COMMANDS).items() if count > 1] == []


@pytest.mark.parametrize("view", ["", *VIEWS])
def test_no_key_is_bound_twice_in_a_view_nor_everywhere(view: str) -> None:
    bound = [each for each in COMMANDS if (view in each.where if view else not each.where)]
    assert [key for key, count in Counter(key for each in bound for key in each.keys).items() if count > 1] == []


@pytest.mark.parametrize("view", VIEWS)
def test_digits_turn_the_storys_pages_and_show_views_everywhere_else(view: str) -> None:
    events = [command.event for digit in "0123456789" if (command := command_of(digit, view)) is not None]
    pages = [*(e.OpenPair(name) for name in PAIRS.names), e.OpenIdea()]
    views = [e.OpenIdea() if name == "idea" else e.Show(name) for name in VIEWS[1:]]
    assert events == [e.OpenStory(), *(pages if view in STORY else views)]


def test_a_key_that_no_command_has_means_nothing() -> None:
    assert command_of("f11", "explore") is None
    assert command_of("f12", "story") is None


@in_one("command", COMMANDS)
def test_every_command_has_a_key_a_label_and_a_help(command: Command) -> None:
    assert command.keys
    assert command.label.strip()
    assert command.help[0].isupper()
    assert not command.help.endswith(".")


def test_every_command_sends_an_event_or_has_an_action_and_no_action_is_idle() -> None:
    assert {each.id for each in COMMANDS if each.event is None} == ACTIONS.keys()


@in_one("command", [each for each in COMMANDS if each.event is not None])
def test_what_a_command_sends_is_an_event_that_the_state_knows(command: Command) -> None:
    state = State(CASES["mlp"], step=timeline_of(CASES["mlp"]).arrived, loaded=True)
    assert isinstance(update(state, command.event, timeline_of(CASES["mlp"])), State)


def test_the_argument_of_a_command_is_a_field_a_cure_or_what_its_action_knows() -> None:
    cures = {each.argument for each in COMMANDS if each.id.startswith("cure_")}
    assert cures == CURES.keys()
    known = {*options(), "same", "new", "-1", "1"}
    assert {each.argument for each in COMMANDS if each.argument and not each.id.startswith("cure_")} <= known


def test_every_view_has_a_key() -> None:
    shown = [each.event.view for each in COMMANDS if isinstance(each.event, e.Show)]
    assert {*shown, "story", "idea"} == set(VIEWS)
    assert BY_ID["view_idea"].event == e.OpenIdea()
    assert BY_ID["view_story"].event == e.OpenStory()


@in_one("key", CONVENTIONS)
def test_the_keys_that_fingers_know_do_what_they_know(key: str) -> None:
    names = {key_name(name): each for name, each in BY_KEY.items()} | BY_KEY
    command, wanted = names[key], CONVENTIONS[key]
    assert (command.id if isinstance(wanted, str) else command.event) == wanted


def test_capital_g_selects_the_last_stage_of_any_network() -> None:
    assert BY_KEY["G"].event.stage >= 10**6


def test_every_key_as_it_is_typed_reaches_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key's printed name is what Pilot types, so a name that no terminal sends ("esc") is found here.

    ctrl+p and ctrl+q are left out: Textual itself opens the palette and quits with them (see test_app).
    """
    keys = [key for key in BY_KEY if key not in ("ctrl+p", "ctrl+q")]
    typed = [name if len(name := key_name(key)) == 1 and name.isascii() else key for key in keys]
    reached: list[str] = []

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        monkeypatch.setattr(app, "action_command", lambda name: reached.append(name))
        await pilot.press(*typed)

    play(script)
    assert reached == [BY_KEY[key].id for key in keys]


@in_one("view", VIEWS)
@in_one("cell", CELLS)
def test_the_footer_of_every_view_starts_with_help_and_shows_ten_hints_at_most(cell: str, view: str) -> None:
    state = State(Experiment(cell=cell), view=view)
    for each in (state, dataclasses.replace(state, lesson=Progress("a"))):
        keys = [text for text, style in status.footer(each, 300) if style == "key"]
        assert keys[0] == "?"
        assert 4 <= len(keys) <= 10


@pytest.mark.parametrize("cell", CELLS)
def test_the_footer_shows_only_fields_and_cures_that_the_network_has(cell: str) -> None:
    for view in ("explore", "compare"):
        shown = {name for hint in hints(State(Experiment(cell=cell), view=view)) for name in hint.commands}
        for name in shown:
            argument = BY_ID[name].argument
            assert argument not in options() or name.startswith("cure_") or options()[argument].applies_to(cell)
        assert ("cure_norm" in shown) == (view == "compare" and options()["norm"].applies_to(cell))
        assert ("cure_gate" in shown) == (view == "compare" and CELLS[cell].over_time)


def test_every_hint_names_commands_that_there_are() -> None:
    for rows in (*(view.footer for view in VIEW_ROWS.values()), BESIDE):
        assert all(name in BY_ID for hint in rows for name in hint.commands)


@pytest.mark.parametrize("view", VIEWS)
def test_every_key_of_a_footer_does_in_that_view_what_the_footer_says(view: str) -> None:
    """In the story digits turn pages: there `1 explore` would be a lie."""
    for hint in hints(State(Experiment(), view=view)):
        for name in hint.commands:
            assert [found.id for key in keys_of(name)[:1] if (found := command_of(key, view)) is not None] == [name]


def test_the_footer_leaves_out_whole_keys_where_there_is_no_room() -> None:
    full = texts([status.footer(State(Experiment()), 200)])[0].split()
    for width in range(20, 120):
        shown = texts([status.footer(State(Experiment()), width)])[0].split()
        assert full[: len(shown)] == shown
        keys = status.footer(State(Experiment()), width)
        assert sum(style == "label" and text.strip() != "" for text, style in keys) == sum(
            style == "key" for _, style in keys
        )


def test_while_playing_space_pauses_and_the_footer_says_so() -> None:
    line = status.footer(State(Experiment(), playing=True), 80)
    assert "space pause" in texts([line])[0]


def test_every_view_in_which_digits_turn_pages_is_named_where_the_digits_of_views_are() -> None:
    """A person who presses 3 for Compare in One idea gets a page of the story."""
    pages = [view for view in VIEWS if getattr(command_of("3", view), "id", "") != "view_compare"]
    assert pages == ["story", "idea"]
    for command in ("view_compare", "pair_large"):
        for view in pages:
            assert VIEW_ROWS[view].label.lower() in BY_ID[command].group.lower()


def test_the_groups_hold_every_command_once() -> None:
    assert Counter(each.id for rows in groups().values() for each in rows) == Counter(each.id for each in COMMANDS)


def test_the_key_table_lists_every_key_once_beside_its_help() -> None:
    rows = [line.strip("| ").split(" | ") for line in key_table().splitlines()[2:]]
    listed = Counter((key, cells[-1]) for cells in rows for key in re.findall(r"`(\S+)`", cells[0]))
    assert listed == Counter((key_name(key), each.help) for each in COMMANDS for key in each.keys)
