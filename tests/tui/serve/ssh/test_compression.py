"""`ssh -C` with the real OpenSSH client: our bounded inflater lets through all that a person sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.serve.servers import Server, memory

SHOWN = "vanishing"
#: kB that the front may grow by for a visitor who packs what is typed.
MOST_GROWTH = 5_000


def test_a_session_works_packed_and_its_keys_arrive(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with server.visit("-C", "-E", str(log), "-o", "LogLevel=DEBUG1") as visitor:
        visitor.shows(SHOWN)
        assert log.read_text().count("compression: zlib@openssh.com") == 2
        visitor.press("\x03")
        visitor.shows("q quits")
        visitor.press("q")
        assert visitor.ended() == 0
        assert visitor.restored
    assert server.wait_for("ended")["reason"] == "left"
    # What ssh itself counts: bytes before and after packing, to the server and from it.
    assert "compress outgoing: raw data" in log.read_text()


@pytest.mark.soak
@pytest.mark.parametrize("text", ["j" * 20_000, "\x1b[200~" + " " * 20_000 + "\x1b[201~"], ids=["keys", "pasted"])
def test_much_that_packs_well_comes_in_as_it_would_unpacked(server: Server, text: str) -> None:
    """20 kB of one letter are 40 bytes on the wire, and no bomb."""
    with server.visit("-C") as visitor:
        visitor.shows(SHOWN)
        before, name = memory(server.pid), 'gradtui_bytes_total{direction="in"}'
        arrived = server.metrics()[name]
        for start in range(0, len(text), 1000):
            visitor.press(text[start : start + 1000])
            visitor.follow(0.01)
        while server.metrics()[name] - arrived < len(text):
            visitor.follow(0.2)
        assert memory(server.pid) - before < MOST_GROWTH
        assert len(server.sessions()) == 1
