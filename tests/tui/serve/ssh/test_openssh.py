"""`gradtui kiosk` under OpenSSH, with the files of docs/serve: one terminal for each visitor, and nothing else."""

from __future__ import annotations

import fcntl
import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gradtui.serve.session.terminal_reset import farewell
from tests.tui.serve.servers import Visitor, _settings, until
from tests.tui.terminal import DEADLINE

DOCS = Path(__file__).parents[4] / "docs" / "serve"
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
SSHD = shutil.which("sshd", path=_PATH)
pytestmark = pytest.mark.skipif(SSHD is None, reason="for want of sshd (apt-get install openssh-server)")

_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
Subsystem sftp internal-sftp
{snippet}
"""
#: Linux's TIOCGPTPEER: the other side of a pty.
_PEER = 0x5441
_REFUSED = "no commands are run here; connect without one"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@dataclass(frozen=True)
class Sshd:
    """An sshd on loopback, whose visitor is who runs the tests."""

    folder: Path
    port: int

    @property
    def options(self) -> list[str]:
        return [*_settings(), "-i", str(self.folder / "key"), "-o", "PreferredAuthentications=publickey"]

    def run(self, *command: str, tool: str = "ssh", options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        port = "-p" if tool == "ssh" else "-P"
        host = [f"{getpass.getuser()}@127.0.0.1"] if tool != "scp" else []
        return subprocess.run(
            [tool, port, str(self.port), *self.options, *options, *host, *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, check=False,
        )  # fmt: skip

    def visit(self, *options: str) -> Visitor:
        return Visitor(self.port, *self.options, "-l", getpass.getuser(), *options, size=(100, 30))


def wrapper(folder: Path, *arguments: str, seconds: int = 1800) -> Path:
    """The script of docs/serve, with this Python in the place of /opt/gradtui's."""
    text = (DOCS / "gradtui-kiosk").read_text()
    for before, after in (
        (
            "/opt/gradtui/bin/python -I -B -m gradtui kiosk",
            " ".join([sys.executable, "-I -B -m gradtui kiosk", *arguments]),
        ),
        ("seconds=1800", f"seconds={seconds}"),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    script = folder / "gradtui-kiosk"
    script.write_text(text)
    script.chmod(0o755)
    return script


def snippet(script: Path) -> str:
    """The configuration of docs/serve, for who runs the tests and for this script."""
    text = (DOCS / "sshd_gradtui.conf").read_text()
    for before, after in (
        ("Match User demo", f"Match User {getpass.getuser()}"),
        ("/usr/local/bin/gradtui-kiosk", str(script)),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    return text


def configured(folder: Path, script: Path, port: int) -> Path:
    for name in ("host_key", "key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True, timeout=DEADLINE)
    config = folder / "sshd_config"
    config.write_text(_CONFIG.format(port=port, folder=folder, snippet=snippet(script)))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return config


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    assert SSHD is not None
    folder = tmp_path_factory.mktemp("sshd")
    folder.chmod(0o700)
    port = free_port()
    config = configured(folder, wrapper(folder, "--depth", "3", "--width", "4"), port)
    command = [SSHD, "-D", "-e", "-f", str(config)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        end = time.monotonic() + DEADLINE
        while "Server listening" not in (folder / "log").read_text():
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()  # noqa: PT018
            time.sleep(0.02)
        yield Sshd(folder, port)
    finally:
        process.terminate()
        process.wait(DEADLINE)


def test_the_snippet_means_what_it_says(tmp_path: Path) -> None:
    assert SSHD is not None
    config = configured(tmp_path, Path("/usr/local/bin/gradtui-kiosk"), 2222)
    assert subprocess.run([SSHD, "-t", "-f", str(config)], capture_output=True, timeout=DEADLINE).returncode == 0
    who = f"user={getpass.getuser()},host=localhost,addr=127.0.0.1"
    command = [SSHD, "-T", "-f", str(config), "-C", who]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE).stdout
    found = dict(line.split(" ", 1) for line in told.splitlines() if " " in line)
    wanted = {
        "forcecommand": "/usr/local/bin/gradtui-kiosk", "disableforwarding": "yes", "permittty": "yes",
        "permittunnel": "no", "permituserrc": "no", "maxsessions": "1", "maxauthtries": "3",
        "clientaliveinterval": "15", "clientalivecountmax": "3", "maxstartups": "10:30:60", "logingracetime": "10",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted


def test_a_visitor_gets_the_screen_and_leaves_a_restored_terminal(sshd: Sshd) -> None:
    with sshd.visit() as visitor:
        visitor.shows("MLP 3×4")
        visitor.shows("? help")
        visitor.press("e")
        visitor.shows("nothing is saved")
        visitor.press("\x1a\x1c\x03")
        visitor.shows("q quits")
        visitor.press("q")
        assert visitor.ended() == 0
        assert visitor.restored


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("id", ("-tt",)),
        *(
            pytest.param(command, options, marks=pytest.mark.soak)
            for command in ("cat /etc/passwd", "sh", "gradtui kiosk --log-fd 3; sh", "id")
            for options in ((), ("-tt",))
            if (command, options) != ("id", ("-tt",))
        ),
    ],
)
def test_a_command_is_refused_in_one_line(sshd: Sshd, command: str, options: tuple[str, ...]) -> None:
    done = sshd.run(command, options=options)
    assert done.returncode == 2
    assert (done.stdout + done.stderr).strip() == _REFUSED


@pytest.mark.soak
def test_without_a_terminal_one_line_says_how_to_get_one(sshd: Sshd) -> None:
    done = sshd.run(options=("-T",))
    assert done.returncode == 2
    assert (done.stdout, done.stderr) == ("", "the screen needs a terminal; connect with: ssh -t\n")


@pytest.mark.soak
def test_files_can_be_copied_in_neither_direction(sshd: Sshd, tmp_path: Path) -> None:
    place = f"{getpass.getuser()}@127.0.0.1:"
    (tmp_path / "mine").write_text("x")
    for options in ((), ("-O",)):
        for pair in (
            (f"{place}/etc/passwd", str(tmp_path / "got")),
            (str(tmp_path / "mine"), f"{place}{tmp_path}/put"),
        ):
            assert sshd.run(*pair, tool="scp", options=options).returncode != 0
    assert sshd.run(tool="sftp").returncode != 0
    assert [each.name for each in tmp_path.iterdir()] == ["mine"]


@pytest.mark.soak
def test_no_forwarding_of_any_kind(sshd: Sshd) -> None:
    """To a port of this machine that does listen: sshd's own."""
    done = sshd.run(options=("-W", f"127.0.0.1:{sshd.port}"))
    assert done.returncode != 0
    assert "SSH-2.0" not in done.stdout
    remote = sshd.run(options=("-N", "-o", "ExitOnForwardFailure=yes", "-R", "127.0.0.1:0:127.0.0.1:1"))
    assert remote.returncode != 0
    assert "forwarding failed" in remote.stderr


@pytest.mark.soak
def test_a_session_that_lasts_too_long_ends_with_a_sentence_and_a_restored_terminal(tmp_path: Path) -> None:
    script = wrapper(tmp_path, "--depth", "3", seconds=5)
    with Visitor.__new__(Visitor) as visitor:
        _in_terminal(visitor, script)
        visitor.shows("? help")
        assert visitor.ended() == 124
        assert visitor.restored
        assert "the session has ended" in visitor.last_line


def test_a_session_that_is_killed_leaves_a_restored_terminal(tmp_path: Path) -> None:
    """The program has no chance to put the terminal right: the script does, as gradtui serve would."""
    script = wrapper(tmp_path, "--depth", "3")
    with Visitor.__new__(Visitor) as visitor:
        _in_terminal(visitor, script)
        visitor.shows("? help")
        _kill_program(visitor.process.pid)
        until(lambda: visitor.follow(0.02) or visitor.restored, "the modes taken back")
        other_side = fcntl.ioctl(visitor.master, _PEER, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        visitor.press("\x1b[2;1Rjjj")
        assert visitor.process.wait(DEADLINE) == 137
        with pytest.raises(BlockingIOError):
            os.read(other_side, 100)  # nothing is left for whatever reads this terminal next
        os.close(other_side)
        assert visitor.ended() == 137
        assert visitor.restored
        assert farewell("", alternate=True) in visitor.wire


def _in_terminal(visitor: Visitor, script: Path) -> None:
    """Make the visitor one of this script in a terminal of its own, without ssh."""
    import pty

    import pyte

    from tests.tui.terminal import _Screen

    visitor.master, slave = pty.openpty()
    visitor._set_size(100, 30)
    visitor.screen = _Screen(100, 30)
    visitor.screen.answer = visitor.press
    visitor._stream = pyte.ByteStream(visitor.screen)
    visitor.wire = b""
    visitor.process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", str(script)], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    os.close(slave)


def _kill_program(pid: int) -> None:
    """Kill the last process of the chain setsid, script, timeout, program."""
    while True:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        names = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
        following = [child for child, name in names.items() if b"gradtui" in name and b"logger" not in name]
        if not following:
            break
        pid = following[-1]
    assert b"gradtui" in Path(f"/proc/{pid}/cmdline").read_bytes()
    os.kill(pid, 9)
