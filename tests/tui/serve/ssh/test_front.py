"""Visitors with the real OpenSSH client: what they get, and what they do not."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.tui.serve.servers import PASSWORD, Server, kill, memory, private, until

SHOWN = "vanishing"


def test_a_visitor_sees_the_program_and_q_leaves_it(server: Server) -> None:
    with server.visit() as visitor:
        visitor.shows(SHOWN)
        opened = server.wait_for("opened")
        visitor.press("q")
        assert visitor.ended() == 0
        assert visitor.restored
    assert server.wait_for("ended", session=opened["session"])["reason"] == "left"


def test_the_first_frame_of_one_visitor_alone_is_there_in_half_a_second(server: Server) -> None:
    with server.visit(size=(120, 36)) as visitor:
        visitor.shows(SHOWN)
        number = server.wait_for("opened")["session"]
        assert server.wait_for("first frame", session=number)["seconds"] <= 0.5


@pytest.mark.soak
def test_visitors_land_on_the_experiment_and_the_view_that_the_host_has_chosen(
    servers: Callable[[str], Server],
) -> None:
    with servers("narrow").visit() as visitor:
        # Maths is about no network; Explore names it.
        visitor.shows("twins")
        visitor.press("1")
        visitor.shows("LSTM")


def test_the_locale_and_the_window_are_the_visitors_own(server: Server) -> None:
    latin = "en_GB.ISO-8859-1"
    with server.visit("-o", "SendEnv=LANG LC_ALL", size=(100, 30), LANG=latin, LC_ALL=latin) as visitor:
        visitor.shows(SHOWN)
        server.wait_for("opened", window="100×30")
        assert visitor.wire.isascii()
        visitor.resize(120, 40)
        visitor.wait_for(lambda text: text.splitlines()[39].strip() != "", "a footer on line 40")


def test_ctrl_c_says_how_to_leave_and_does_not_end_the_session(server: Server) -> None:
    with server.visit() as visitor:
        visitor.shows(SHOWN)
        visitor.press("\x03")
        visitor.shows("q quits")


# -- what is refused ---------------------------------------------------------------------------------------

COMMAND, FILES = "runs no commands", "no files to copy"


@pytest.mark.parametrize(
    ("tool", "words", "sentence"),
    [
        ("ssh", ("id",), COMMAND),
        ("ssh", (), "a terminal is needed"),
        ("ssh", ("-s", "netconf"), FILES),
        ("sftp", (), FILES),
        ("scp", ("demo@127.0.0.1:/etc/passwd", "/dev/null"), FILES),
        ("scp", ("-O", "demo@127.0.0.1:/etc/passwd", "/dev/null"), COMMAND),
    ],
)
def test_commands_and_files_are_refused_in_one_line(
    server: Server, tool: str, words: tuple[str, ...], sentence: str
) -> None:
    done = server.run(*(word for word in words if word not in ("-s", "-O")), tool=tool,
                      options=tuple(word for word in words if word in ("-s", "-O")))  # fmt: skip
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if line.startswith("gradtui: ")]
    assert len(said) == 1
    assert sentence in said[0]
    assert done.stdout == ""


def test_a_command_with_a_terminal_is_refused_too(server: Server) -> None:
    with server.visit() as one:
        one.shows(SHOWN)
        done = server.run("id", options=("-tt",))
    assert COMMAND in done.stdout + done.stderr
    assert done.returncode == 1


def test_a_remote_forwarding_is_refused(server: Server) -> None:
    done = server.run(options=("-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22"))
    assert "remote port forwarding failed" in done.stderr
    assert done.returncode == 255


def test_a_local_forwarding_opens_nothing(server: Server) -> None:
    done = server.run(options=("-o", "LogLevel=INFO", "-W", f"127.0.0.1:{server.port}"))
    assert "nothing is forwarded here" in done.stderr
    assert done.stdout == ""


def test_neither_the_agent_nor_x11_is_forwarded(server: Server) -> None:
    with server.visit("-A", "-X", "-o", "ForwardX11Timeout=1", DISPLAY="127.0.0.1:9") as visitor:
        visitor.shows(SHOWN)
        (pid,) = server.sessions()
        # Everything that the program knows of its visitor.
        assert b"SSH_AUTH_SOCK" not in Path(f"/proc/{pid}/environ").read_bytes()
        visitor.press("q")
        assert visitor.ended() == 0


def test_a_second_session_on_a_connection_is_refused(server: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    socket = tmp_path_factory.mktemp("s") / "s"
    with server.visit("-o", "ControlMaster=yes", "-o", f"ControlPath={socket}", "-S", str(socket)) as visitor:
        visitor.shows(SHOWN)
        until(socket.exists, "the client's socket")
        words = ["ssh", "-tt", "-S", str(socket), "-o", "ProxyCommand=false", "demo@127.0.0.1"]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
        assert "refused by peer" in done.stderr
        server.wait_for("refused", reason="second")
        assert len(server.sessions()) == 1


@pytest.mark.soak
def test_one_address_has_its_share_another_its_own_and_who_comes_to_a_full_house_is_told_so(
    servers: Callable[[str], Server],
) -> None:
    server = servers("narrow")
    full = 'gradtui_refusals_total{reason="full"}'
    before = server.metrics()[full]
    with server.visit() as first:
        first.shows("? help")
        with server.visit() as second:
            assert second.ended() == 1
            assert "this address has as many sessions as one may have (1)" in second.text
        with server.visit("-b", "127.0.0.2") as other:
            other.shows("? help")
            with server.visit("-b", "127.0.0.3") as third:
                assert third.ended() == 1
                assert "every place is taken (2 in all)" in third.text
    assert server.metrics()[full] == before + 1


# -- ends --------------------------------------------------------------------------------------------------


def test_a_killed_program_leaves_the_terminal_restored_and_the_others_unharmed(server: Server) -> None:
    with server.visit() as visitor:
        visitor.shows(SHOWN)
        opened = server.wait_for("opened")
        with server.visit() as other:
            other.shows(SHOWN)
            kill(opened["pid"])
            assert visitor.ended() == 1
            assert visitor.restored
            number = server.wait_for("ended", session=opened["session"])["id"]
            assert "was stopped by the host" in visitor.last_line
            assert visitor.last_line.endswith(f"under the number {number}")
            assert len(visitor.last_line.splitlines()) == 1
            other.press("q")
            assert other.ended() == 0


@pytest.mark.parametrize("way", ["~.", "killed", "terminated"])
def test_a_visitor_who_goes_leaves_no_process(server: Server, way: str) -> None:
    with server.visit() as visitor:
        visitor.shows(SHOWN)
        if way == "~.":
            visitor.press("\r~.")
        else:
            visitor.signal(signal.SIGKILL if way == "killed" else signal.SIGTERM)
        until(lambda: not server.sessions(), "the session's process to be gone", 3)


def test_a_visitor_who_goes_while_the_program_starts_leaves_no_process(server: Server) -> None:
    def opened(more_than: float) -> bool:
        return server.metrics()["gradtui_sessions_opened_total"] > more_than

    for _ in range(5):
        before = server.metrics()["gradtui_sessions_opened_total"]
        with server.visit() as visitor:
            until(partial(opened, before), "the start")
            visitor.signal(signal.SIGKILL)
    until(lambda: not server.sessions(), "the processes to be gone", 3)
    until(lambda: server.metrics()["gradtui_sessions"] == 0, "the end of the last session", 3)


@pytest.mark.soak
def test_who_presses_no_key_is_sent_away_and_answers_of_the_terminal_are_no_keys(
    servers: Callable[[str], Server],
) -> None:
    with servers("impatient").visit() as visitor:
        visitor.shows(SHOWN)
        visitor.press(" ")
        assert visitor.ended() == 1
        assert visitor.restored
        assert "no key was pressed for 5 s" in visitor.last_line


@pytest.mark.soak
def test_the_end_of_the_time_is_announced_and_then_comes(servers: Callable[[str], Server]) -> None:
    with servers("impatient").visit() as visitor:
        visitor.shows("this session ends in 7 s")
        until(lambda: visitor.press("j") or visitor.follow(0.3) or b"as long as" in visitor.wire, "the end")
        assert visitor.ended() == 1
        assert visitor.restored
        assert "as long as one may be" in visitor.last_line


@pytest.mark.soak
def test_a_dead_zygote_is_replaced_and_its_visitors_are_told(server: Server) -> None:
    with server.visit() as visitor:
        visitor.shows(SHOWN)
        (zygote,) = server.processes() - server.sessions()
        kill(zygote)
        assert visitor.ended() == 1
        assert visitor.restored
    with server.visit() as visitor:
        visitor.shows(SHOWN)


# -- keys and passwords ------------------------------------------------------------------------------------


def asking(folder: Path, word: str) -> dict[str, str]:
    """The variables with which ssh gives this password, as often as it is asked."""
    script = folder / word
    script.write_text(f"#!/bin/sh\necho '{word}'\n")
    script.chmod(0o700)
    return {"SSH_ASKPASS": str(script), "SSH_ASKPASS_REQUIRE": "force"}


@pytest.mark.soak
def test_with_a_password_nobody_comes_in_without_it(servers: Callable[[str], Server], tmp_path: Path) -> None:
    server = servers("guarded")
    with server.visit(**asking(tmp_path, PASSWORD)) as visitor:
        visitor.shows(SHOWN)
    began = time.monotonic()
    with server.visit("-o", "NumberOfPasswordPrompts=9", "-o", "LogLevel=INFO", **asking(tmp_path, "wrong")) as visitor:
        assert visitor.ended() == 255
        assert "3 wrong passwords" in visitor.text
    assert time.monotonic() - began >= 1.5
    assert "Permission denied" in server.run().stderr


@pytest.mark.soak
def test_with_authorized_keys_only_their_owners_come_in(servers: Callable[[str], Server]) -> None:
    server = servers("guarded")
    assert "Permission denied" in server.run().stderr
    with server.visit("-i", str(server.folder / "key")) as visitor:
        visitor.shows(SHOWN)


# -- size --------------------------------------------------------------------------------------------------


def test_a_session_has_a_clean_environment_and_no_more_than_its_terminal(server: Server) -> None:
    with server.visit("-o", "SetEnv=LD_PRELOAD=/x GRADTUI_CONFIG=/etc/passwd LANG=en_GB.UTF-8") as visitor:
        visitor.shows(SHOWN)
        (pid,) = server.sessions()
        limits = Path(f"/proc/{pid}/limits").read_text()
        for name, soft in (("Max file size", "0"), ("Max core file size", "0"), ("Max open files", "64"),
                           ("Max data size", str(512 << 20))):  # fmt: skip
            line = next(each for each in limits.splitlines() if each.startswith(name))
            assert line.removeprefix(name).split()[0] == soft
        assert memory(pid) < 100_000
        assert private(pid) < 40_000


def test_who_comes_in_gets_the_story_and_it_plays(start: Callable[..., Server]) -> None:
    with start("--view", "story").visit() as visitor:
        visitor.shows("almost nothing of the")
        visitor.press(" ")
        visitor.shows("It learns")
