"""The zygote dies again and again: visitors with the real OpenSSH client are served all the same."""

from __future__ import annotations

import pytest

from tests.tui.serve.servers import Server, kill, until


def zygotes(server: Server) -> set[int]:
    """The processes that start sessions: one, or none while the next has to wait."""
    return server.processes() - server.sessions()


@pytest.mark.soak
def test_killed_again_and_again_it_is_started_again_and_at_last_sessions_load_the_program_themselves(
    start: type[Server],
) -> None:
    server = start("--class", "--depth", "6", "--width", "8")
    with server.visit() as visitor:
        visitor.shows("help")
        (first,) = zygotes(server)
        kill(first)
        # All that it had started goes with it, each with a restored terminal and a sentence.
        assert visitor.ended() == 1
        assert visitor.restored
        assert visitor.last_line.startswith("gradtui: the session was stopped by the host")
    assert "another is started" in server.wait_for("note")["text"]
    # The next one is killed while it loads, which takes a second.
    until(lambda: zygotes(server), "another")
    kill(next(iter(zygotes(server))))
    assert "another is started that prepares nothing" in server.wait_for("note")["text"]
    with server.visit() as visitor, server.visit(size=(100, 30)) as other:
        for each in (visitor, other):
            each.shows("help")
        visitor.press("5")
        visitor.shows("twins")
        visitor.press("q")
        assert visitor.ended() == 0
        assert visitor.restored
        other.press("n")
        other.shows("step")
    # It forks sessions again: limits, ends and their reasons are as before.
    until(lambda: not server.sessions(), "the sessions to be gone")
    assert server.wait_for("ended", reason="left")["status"] == 0
