"""Copying with and without a terminal that has a clipboard."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gradtui.share.clipboard import command_file, copy, way


@pytest.mark.parametrize("name", ["xterm-256color", "tmux-256color", "screen", "xterm-kitty", "alacritty", "foot"])
def test_terminal_emulators_are_asked_to_copy(name: str) -> None:
    assert way({"TERM": name}) == "osc52"


@pytest.mark.parametrize("environment", [{}, {"TERM": ""}, {"TERM": "dumb"}, {"TERM": "linux"}, {"TERM": "vt100"}])
def test_terminals_without_a_clipboard_get_a_file(environment: dict[str, str]) -> None:
    assert way(environment) == "file"


@pytest.fixture
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def test_a_terminal_gets_the_very_text_and_no_file_is_left(state_home: Path) -> None:
    sent: list[str] = []
    message = copy("gradtui --depth 3", {"TERM": "xterm"}, sent.append)
    assert sent == ["gradtui --depth 3"]
    assert "gradtui --depth 3" in message
    assert not command_file().exists()


def test_without_a_clipboard_the_message_says_where_the_command_is(state_home: Path) -> None:
    sent: list[str] = []
    message = copy("gradtui --depth 3", {"TERM": "linux"}, sent.append)
    assert sent == []
    assert str(command_file()) in message
    assert command_file().is_relative_to(state_home)
    assert command_file().read_text() == "gradtui --depth 3\n"


def test_the_file_is_its_owners_alone_even_if_it_was_open_to_all_before(state_home: Path) -> None:
    command_file().parent.mkdir(parents=True)
    command_file().write_text("old")
    command_file().chmod(0o666)
    copy("new", {}, lambda text: None)
    assert stat.S_IMODE(command_file().stat().st_mode) == 0o600
    assert command_file().read_text() == "new\n"


def test_a_link_in_the_files_place_is_replaced_and_not_followed(state_home: Path) -> None:
    elsewhere = state_home / "precious"
    elsewhere.write_text("precious")
    command_file().parent.mkdir(parents=True)
    command_file().symlink_to(elsewhere)
    copy("new", {}, lambda text: None)
    assert elsewhere.read_text() == "precious"
    assert command_file().read_text() == "new\n"


def test_a_path_in_the_home_folder_is_shown_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert "~/.local/state/gradtui/command.txt" in copy("new", {}, lambda text: None)


def test_where_no_file_can_be_written_the_message_has_the_command_itself(state_home: Path) -> None:
    (state_home / "state").write_text("a file where the folder should be")
    message = copy("gradtui --depth 3", {"TERM": "dumb"}, lambda text: None)
    assert "gradtui --depth 3" in message
    assert "\n" not in message


# -- tmux --------------------------------------------------------------------------------------------------


def in_tmux(folder: Path, script: str) -> dict[str, str]:
    """A terminal inside a tmux that is this script."""
    program = folder / "bin" / "tmux"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {
        "TERM": "tmux-256color",
        "TMUX": "/tmp/tmux-0/default,1,0",
        "PATH": f"{program.parent}:{os.environ['PATH']}",
    }


@pytest.mark.parametrize("value", ["external", "off"])
def test_where_tmux_drops_what_is_sent_the_command_is_in_a_file_and_tmux_is_named(state_home: Path, value: str) -> None:
    sent: list[str] = []
    answer = f'test "$*" = "show -gv set-clipboard" && echo {value}'
    message = copy("gradtui --depth 3", in_tmux(state_home, answer), sent.append)
    assert sent == []
    assert f"set-clipboard {value}, not on" in message
    assert str(command_file()) in message
    assert command_file().read_text() == "gradtui --depth 3\n"


@pytest.mark.parametrize("answer", ["echo on", "echo no server running >&2; exit 1", "exec sleep 60"])
def test_where_tmux_passes_it_on_or_does_not_say_it_is_sent(state_home: Path, answer: str) -> None:
    sent: list[str] = []
    message = copy("gradtui --depth 3", in_tmux(state_home, answer), sent.append)
    assert sent == ["gradtui --depth 3"]
    assert message.endswith("if it does not arrive: gradtui --depth 3")


def test_on_a_machine_that_serves_others_no_tmux_is_asked(state_home: Path) -> None:
    sent: list[str] = []
    asked = state_home / "asked"
    copy("gradtui", in_tmux(state_home, f"touch {asked}; echo off"), sent.append, files=False)
    assert sent == ["gradtui"]
    assert not asked.exists()
