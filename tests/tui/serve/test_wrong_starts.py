"""`gradtui serve` started wrongly: one clear line for each problem, exit status 2, and no traceback."""

from __future__ import annotations

import asyncio
import errno
import importlib.util
import io
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from gradtui.cli import main
from gradtui.cli.reading import read
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.serve.listen import listen
from gradtui.serve.server import Server
from gradtui.serve.ssh.hostkey import host_key
from gradtui_engine import Experiment, ExperimentError
from tests.tui.terminal import DEADLINE


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line of a command that starts no server."""
    status = main.main(["serve", "--allow-root", "--port", "0", "--host-key", "/x", *words])
    out, error = capsys.readouterr()
    assert (status, out) == (2, "")
    (line,) = error.splitlines()
    assert line.startswith("gradtui serve: ")
    return line.removeprefix("gradtui serve: ")


class _NoZygote:
    """Instead of a zygote, which nobody will come to."""

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass


def refused(*words: str) -> str:
    """Why a server with these options, which are good ones, listens to nobody."""
    invocation = read(SUBCOMMANDS["serve"], ["--allow-root", "--port", "0", "--host-key", "/x", *words])
    server = Server(invocation.options, io.StringIO())
    server.zygote = _NoZygote()  # type: ignore[assignment]
    with pytest.raises(ExperimentError) as caught:
        asyncio.run(server.run(asyncssh.generate_private_key("ssh-ed25519"), ""))
    (problem,) = caught.value.problems
    return str(problem)


@pytest.fixture
def taken() -> Iterator[str]:
    """A port on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("option", ["--port", "--web", "--metrics"])
def test_a_port_that_is_taken_is_said_with_the_option_that_asked_for_it(option: str, taken: str) -> None:
    line = refused(option, taken)
    assert line == f"{option}: another program listens on 127.0.0.1 port {taken}; 0 takes a free one"


def test_one_port_for_both_ways_in_is_said_so(taken: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = said(capsys, "--port", taken, "--web", taken)
    assert line == f"--web: {taken} is --port's already; 0 takes a free one"


def test_a_password_that_nobody_types_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert said(capsys, "--password", "-") == "--password: nothing was typed"


@pytest.mark.parametrize("host", ["192.0.2.7", "nowhere.invalid"])
def test_an_address_that_is_not_this_machines_is_said_as_the_hosts(host: str) -> None:
    line = refused("--host", host)
    assert line.startswith(f"--host: cannot listen on {host}: ")
    assert line.endswith("; 0.0.0.0 is every address of this machine")


def test_root_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert main.main(["serve"]) == 2
    assert capsys.readouterr().err == (
        "gradtui serve: root: is not to serve visitors; use another account, or --allow-root\n"
    )


@pytest.mark.parametrize(("module", "options"), [("asyncssh", ()), ("textual_serve", ("--web", "0"))])
def test_without_the_extra_the_line_names_it(
    module: str, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is after `pip install gradtui`: the module is not to be found."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == module else find(name, *rest))
    monkeypatch.setitem(sys.modules, module, None)
    line = said(capsys, *options)
    assert line == f"{module.replace('_', '-')}: is missing; try: pip install 'gradtui[serve]'"


def test_a_key_with_a_passphrase_is_not_called_no_key(tmp_path: Path) -> None:
    key = tmp_path / "locked"
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(key)]
    subprocess.run(make, check=True, timeout=DEADLINE)
    with pytest.raises(ExperimentError, match=f"ssh-keygen -p -f {key}"):
        host_key(key)


def test_what_a_session_has_no_memory_for_is_refused_at_the_start_and_not_to_each_visitor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = said(capsys, "--width", "1500")
    assert line.startswith("size: depth 30 × width 1500 ")
    assert line.endswith("GiB of trace; allowed: up to 0.115 GiB; lower one of them")
    assert said(capsys, "thousand-layers", "--memory", "128").startswith("size: depth 1000 ")
    assert said(capsys, "--depth", "5000", "--width", "500", "--batch", "500").startswith("size: depth 5000")


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (("--idle",), "--idle: needs a value: --idle N"),
        (("--lesson", "first"), "--lesson: 'first' is unknown; allowed: "),
        (("vanishin",), "preset: 'vanishin' is unknown; allowed: "),
        (("--preset", "vanishin"), "preset: 'vanishin' is unknown; allowed: "),
        (("--depth", "0"), "depth: 0 given; allowed: a whole number from 1 to 10000"),
    ],
)
def test_a_wrong_preset_lesson_or_option_is_said(
    words: tuple[str, ...], lines: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, *words).startswith(lines)


def test_a_preset_may_be_named_by_an_option() -> None:
    for words in (["--preset", "relu-he"], ["--preset=relu-he"], ["relu-he"]):
        invocation = read(SUBCOMMANDS["serve"], ["--allow-root", "--host-key", "/x", *words])
        assert invocation.experiment == Experiment(activation="relu")
        assert invocation.words.file == "relu-he"


def test_a_port_of_roots_is_said_to_be_one() -> None:
    """The test may run as root, who may have it: the system's refusal is made up."""

    async def begin(host: str, port: int) -> None:
        raise PermissionError(errno.EACCES, "whatever asyncio says of it")

    with pytest.raises(ExperimentError) as caught:
        asyncio.run(listen("--web", "0.0.0.0", 80, begin))
    (problem,) = caught.value.problems
    assert str(problem) == "--web: cannot listen on 0.0.0.0 port 80: Permission denied; those below 1024 are root's"
