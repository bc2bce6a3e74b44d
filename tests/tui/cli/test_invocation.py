"""An invocation is whole before anything is done, and nothing is added to it."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import pytest

from gradtui.cli import main, subcommands
from gradtui.cli.arguments import help_of, rows_of
from gradtui.cli.invocation import Invocation
from gradtui.cli.own_options import ConfigOptions, DoctorOptions, LessonsOptions, RunOptions
from gradtui.cli.reading import read
from gradtui.cli.settings_error import SettingsError
from gradtui.cli.subcommand import NAMES, Subcommand, Takes
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.cli.words import Words
from gradtui_engine import Experiment
from tests.tui.helpers import words_of

OWN = {"run": RunOptions, "doctor": DoctorOptions, "lessons": LessonsOptions, "config": ConfigOptions}
every_command = pytest.mark.parametrize("name", SUBCOMMANDS)


def test_words_experiment_options_and_settings_of_a_command_line() -> None:
    invocation = read(SUBCOMMANDS["run"], ["vanishing", "--depth", "4", "--save", "x.npz", "--json", "--lang", "zh"])
    assert invocation.words == Words({"depth": "4", "save": "x.npz", "json": True, "lang": "zh"}, "vanishing")
    assert invocation.experiment == Experiment(depth=4)
    assert invocation.options == RunOptions(json=True, save="x.npz")
    assert (invocation.loaded.settings.lang, invocation.loaded.sources["lang"]) == ("zh", "command line")
    assert invocation.opening is None


def test_the_screens_invocation_has_what_it_opens_with() -> None:
    invocation = read(SUBCOMMANDS[""], ["--view", "lab", "--b", "init=zeros", "--b", "seed=2", "--no-mouse"])
    assert invocation.opening is not None
    state = invocation.opening.state
    assert (state.view, state.changes) == ("lab", (("init", "zeros"), ("seed", 2)))
    assert invocation.words.given["b"] == ("init=zeros", "seed=2")
    assert invocation.loaded.settings.mouse is False


def test_the_names_that_the_reading_knows_are_those_of_the_commands() -> None:
    """The table stands above the reading, which tells of a name that comes too late."""
    assert tuple(SUBCOMMANDS) == NAMES


def test_nothing_can_be_added_to_it() -> None:
    invocation: Any = read(SUBCOMMANDS["run"], [])
    for value in (invocation, invocation.words, invocation.options, invocation.loaded):
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.plan = 1


@pytest.mark.parametrize("name", OWN)
def test_a_commands_own_options_are_one_value_of_its_own_type(name: str) -> None:
    assert read(SUBCOMMANDS[name], []).options == OWN[name]()


def test_the_last_of_two_that_say_the_same_counts() -> None:
    given = words_of("", "--mouse", "--no-mouse", "--depth", "3", "--depth=4").given
    assert given == {"mouse": False, "depth": "4"}


@pytest.mark.parametrize("value", ["-1e3", "--", "", "a=b", "-"])
def test_a_value_may_look_like_anything_where_it_is_joined(value: str) -> None:
    assert words_of("run", f"--gain={value}").given == {"gain": value}
    if not value.startswith("--"):
        assert words_of("run", "--gain", value).given == {"gain": value}


@every_command
def test_no_two_options_of_a_command_share_a_name_or_a_flag(name: str) -> None:
    rows = rows_of(SUBCOMMANDS[name])
    flags = [flag for row in rows for flag in row.flags]
    assert len({row.name for row in rows}) == len(rows)
    assert len(set(flags)) == len(flags)


@every_command
def test_the_help_has_every_option_with_what_it_means(name: str) -> None:
    # Lines are broken at hyphens too: 21-dead-relus.
    text = "".join(help_of(SUBCOMMANDS[name]).split())
    for row in rows_of(SUBCOMMANDS[name]):
        assert all(flag in text for flag in row.flags)
        assert "".join(row.told().split()) in text
    assert ("FILE.toml|PRESET" in text) == (SUBCOMMANDS[name].takes == Takes.EXPERIMENT)


def test_all_problems_come_before_anything_is_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command is not called, a password not asked for, no log opened."""
    done: list[Invocation[Any]] = []

    def call(invocation: Invocation[Any], out: io.TextIOBase) -> int:
        done.append(invocation)
        return 0

    run = dataclasses.replace(SUBCOMMANDS["run"], call=call)
    monkeypatch.setitem(subcommands.SUBCOMMANDS, "run", run)
    assert main.main(["run", "--depth", "0", "--foo"]) == 2
    assert done == []
    assert main.main(["run", "--depth", "3"]) == 0
    assert [invocation.experiment for invocation in done] == [Experiment(depth=3)]


def test_what_acts_is_left_alone_where_a_slip_is_known() -> None:
    acted: list[Words] = []

    def complete(experiment: Experiment, words: Words) -> tuple[Any, Any]:
        acted.append(words)
        return None, None

    def refused(command: Subcommand[Any], *arguments: str) -> None:
        with pytest.raises(SettingsError):
            read(command, arguments)

    acting = dataclasses.replace(SUBCOMMANDS["check"], complete=complete, complete_acts=True)
    refused(acting, "--foo")
    assert acted == []
    refused(dataclasses.replace(acting, complete_acts=False), "--foo")
    assert len(acted) == 1
