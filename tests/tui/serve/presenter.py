"""The presenter of a lecture, in a terminal of its own."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

from tests.tui.serve.servers import EXPLORE, Visitor, until
from tests.tui.terminal import Terminal

FOLLOWING, AWAY = "following the presenter", "on your own"
#: A key by name.
HOME = "\x1b[H"


def at_step(step: int, of: int = 29) -> re.Pattern[str]:
    """What a screen shows that stands there, in whatever language and room."""
    return re.compile(rf"(?<!\d){step}\D{{1,12}}{of}(?!\d)")


class Presenter(Terminal):
    """`gradtui serve --present`, with what its log says."""

    def __init__(self, folder: Path, *options: str, size: tuple[int, int] = (100, 30)) -> None:
        self.log = folder / "log"
        super().__init__(
            "serve", "--present", "--port", "0", "--allow-root", "--class", "--log", "json", "--log-file",
            str(self.log), "--host-key", str(folder / "key"), *EXPLORE, *options, size=size,
        )  # fmt: skip

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in map(json.loads, self.log.read_text().splitlines()) if each["event"] == kind]

    @functools.cached_property
    def serving(self) -> dict[str, Any]:
        """What the log says of the server, once the program has said how visitors come in."""
        self.wait_for(lambda text: "visitors" in text and "demo@" in text, "the addresses")
        until(lambda: self.events("serving"), "the log's first line")
        return self.events("serving")[0]

    @property
    def port(self) -> int:
        return int(self.serving["port"])

    def fresh(self) -> None:
        """Back at the experiment and the view that the lecture has begun with, with nobody there."""
        self.press("1")
        while "MLP 6×8" not in self.text:
            self.press("u")
            self._read(0.2)
        self.press("n")
        self.counts(0, 0)

    def visit(self, size: tuple[int, int] = (90, 28), **variables: str) -> Visitor:
        options = ("-o", "SendEnv=LANG LC_ALL") if variables else ()
        return Visitor(self.port, *options, size=size, **variables)

    def counts(self, visitors: int, following: int) -> None:
        self.shows(f"visitors {visitors} · following {following}")

    @property
    def server(self) -> int:
        """The server's process: the one child."""
        (child,) = Path(f"/proc/{self.program}/task/{self.program}/children").read_text().split()
        return int(child)

    @property
    def program(self) -> int:
        return self.process.pid
