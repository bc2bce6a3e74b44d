"""A server in its own process, and visitors with the real OpenSSH client in a terminal of their own."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import pyte

from gradtui.model.presets import PRESETS
from tests.tui.terminal import DEADLINE, Terminal, _Screen

_OPTIONS = (
    "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ControlPath=none",
    "IdentityAgent=none", "IdentityFile=/nonexistent", "GlobalKnownHostsFile=/dev/null",
)  # fmt: skip
#: Modes that a terminal has on at rest: wrapping and the cursor.
_RESTING = {"7", "25"}


#: What most tests show.
EXPLORE = ("--view", "explore")


class Server:
    """`gradtui serve` on a port of its own, its events as they come."""

    def __init__(self, folder: Path, *options: object, **variables: str) -> None:
        """variables: of the environment, beside the usual ones."""
        self.folder, self.key = folder, folder / "host_key"
        self.events: list[dict[str, Any]] = []
        self._unread = b""
        self._options = [str(option) for option in options]
        if not {"--view", *PRESETS} & set(self._options):
            # Without a word visitors get the story; most tests are about one network.
            self._options += EXPLORE
        self._environment = os.environ | variables

    def __enter__(self) -> Server:
        command = [sys.executable, "-m", "gradtui", "serve", "--port", "0", "--allow-root", "--log", "json",
                   "--metrics", "0", "--host-key", str(self.key), *self._options]  # fmt: skip
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=self._environment
        )
        assert self.process.stdout is not None
        self._out = self.process.stdout.fileno()
        os.set_blocking(self._out, False)
        self.serving = self.wait_for("serving")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def port(self) -> int:
        return int(self.serving["port"])

    def read(self, timeout: float = 0.0) -> None:
        """Take the events that have come."""
        ready, _, _ = select.select([self._out], [], [], timeout)
        if not ready:
            return
        data = os.read(self._out, 1 << 16)
        *lines, self._unread = (self._unread + data).split(b"\n")
        self.events += [json.loads(line) for line in lines]
        assert data, f"the server has ended: {self.events}"

    def wait_for(self, event: str, seconds: float = DEADLINE, **values: Any) -> dict[str, Any]:
        """The first event of this kind and with these values that nobody has waited for; it is taken out."""
        end = time.monotonic() + seconds
        while True:
            for found in self.events:
                if found["event"] == event and found.items() >= values.items():
                    self.events.remove(found)
                    return found
            assert time.monotonic() < end, f"waited in vain for {event} {values}: {self.events}"
            self.read(0.05)

    def fresh(self) -> None:
        """Wait for the visitors before to be gone, and forget what was told of them."""
        until(lambda: not self.sessions() and not self.metrics()["gradtui_sessions"], "the visitors before to be gone")
        self.read()
        self.events.clear()

    def metrics(self) -> dict[str, float]:
        """What Prometheus reads."""
        with urllib.request.urlopen(self.serving["metrics"], timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[:1] != "#")}

    def processes(self) -> set[int]:
        """The zygote and the sessions: their command line names the server."""
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if b"gradtui.serve.session.zygote" in words and str(self.pid).encode() in words and state != "Z":
                    found.add(int(folder.name))
        return found

    def sessions(self) -> set[int]:
        """The sessions' processes: they lead sessions of their own."""
        return {pid for pid in self.processes() if _leads(pid)}

    def run(self, *command: str, options: tuple[str, ...] = (), tool: str = "ssh") -> subprocess.CompletedProcess[str]:
        """A client without a terminal."""
        port = "-p" if tool == "ssh" else "-P"
        host = ["demo@127.0.0.1"] if tool != "scp" else []
        return subprocess.run(
            [tool, port, str(self.port), *options, *_settings(), *host, *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, check=False,
        )  # fmt: skip

    def visit(self, *options: str, size: tuple[int, int] = (80, 24), **variables: str) -> Visitor:
        """A visitor in a terminal; leaves with the `with` block."""
        return Visitor(self.port, *options, size=size, **variables)


#: The key y fails, and L takes more memory than there is.
_FAILS = """
import gradtui.model.events as e, gradtui.model.update as s
kept = s.update
def update(state, event, timeline):
    if isinstance(event, e.NextAxis):
        raise RuntimeError("/srv/secret")
    if isinstance(event, e.Lock):
        return bytearray(1 << 30)
    return kept(state, event, timeline)
s.update = update
"""
PASSWORD = "sesame"
#: Seconds in which visitors of the guarded and the impatient server have to log in.
LOGIN = 3


def _usual(folder: Path) -> Server:
    return Server(folder, "--class", "--sessions", "40", "--web", "0", "--web-name", "demo.example.org")


def _impatient(folder: Path) -> Server:
    return Server(folder, "--web", "0", "--handshakes", "3", "--login", LOGIN, "--idle", "5", "--total", "8",
                  "--warning", "7", "--keepalive", "0.5", "--lang", "en")  # fmt: skip


def _narrow(folder: Path) -> Server:
    return Server(folder, "--sessions", "2", "--per-address", "1", "--handshake-rate", "5", "--web", "0",
                  "--cell", "lstm", "--view", "maths")  # fmt: skip


def _guarded(folder: Path) -> Server:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
    return Server(folder, "--class", "--login", LOGIN, "--password", PASSWORD, "--authorized-keys", folder / "key.pub")


def _failing(folder: Path) -> Server:
    (folder / "sitecustomize.py").write_text(_FAILS)
    return Server(folder, "--class", PYTHONPATH=os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))


#: A server of each kind serves all tests of a process that ask for it: one that all may use; one that soon loses its
#: patience; one with little room; one with a password and a key (folder / "key"); one whose program fails.
KINDS: dict[str, Callable[[Path], Server]] = {
    "usual": _usual, "impatient": _impatient, "narrow": _narrow, "guarded": _guarded, "failing": _failing,
}  # fmt: skip


def _leads(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return os.getsid(pid) == pid
    return False


def _settings() -> list[str]:
    return [word for each in _OPTIONS for word in ("-o", each)]


class Visitor(Terminal):
    """`ssh -tt` in a terminal that answers what it is asked."""

    def __init__(self, port: int, *options: str, size: tuple[int, int], **variables: str) -> None:
        self.master, slave = pty.openpty()
        self._set_size(*size)
        self.screen = _Screen(*size)
        self.screen.answer = self.press
        self._stream = pyte.ByteStream(self.screen)
        self.wire = b""
        usual = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", "ssh", "-tt", "-p", str(port), *options, *_settings(), "demo@127.0.0.1"],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=usual | variables,
        )  # fmt: skip
        os.close(slave)

    def follow(self, seconds: float) -> None:
        """Read for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not self._read(left):
                return

    @property
    def frames(self) -> int:
        """Frames that have come: each is one synchronised update."""
        return self.wire.count(b"\x1b[?2026h")

    @property
    def modes(self) -> set[str]:
        """The terminal's modes after all that has come; none but the resting ones where it is restored."""
        on = set(_RESTING)
        for numbers, way in re.findall(rb"\x1b\[\?([\d;]+)([hl])", self.wire):
            for number in numbers.decode().split(";"):
                (on.add if way == b"h" else on.discard)(number)
        return on

    @property
    def restored(self) -> bool:
        return self.modes == _RESTING

    @property
    def last_line(self) -> str:
        """What stands below the screen that was left; answers that the terminal still gave are not of it."""
        text = self.wire.rpartition(b"\x1b[?25h")[2].decode()
        return text.partition("^[")[0].strip()

    def signal(self, number: int) -> None:
        """A signal to the ssh client itself."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        os.kill(int(children[0]) if children else self.process.pid, number)


def memory(pid: int, field: str = "VmRSS") -> int:
    """kB of a process, as the kernel counts."""
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+)", text, re.MULTILINE)
    assert found is not None
    return int(found[1])


def private(pid: int) -> int:
    """kB that no other process shares."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(each) for each in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+)", text, re.MULTILINE))


def until(condition: Any, what: str, seconds: float = DEADLINE) -> None:
    """Look again and again until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        select.select([], [], [], 0.02)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
