"""`gradtui kiosk` in a real terminal: each way out is tried by key, and nothing of the machine changes or shows."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradtui.model.commands import COMMANDS
from gradtui.model.permissions import VISITOR
from tests.tui.screen.test_terminal import assert_restored
from tests.tui.terminal import Terminal

#: What a terminal sends for the keys that are no characters.
_SENT = {
    "question_mark": "?", "space": " ", "full_stop": ".", "comma": ",", "left_square_bracket": "[",
    "right_square_bracket": "]", "left_parenthesis": "(", "right_parenthesis": ")", "plus": "+", "equals_sign": "=",
    "minus": "-", "colon": ":", "asterisk": "*", "home": "\x1b[H", "end": "\x1b[F", "up": "\x1b[A", "down": "\x1b[B",
    "right": "\x1b[C", "left": "\x1b[D", "pageup": "\x1b[5~", "pagedown": "\x1b[6~", "tab": "\t", "shift+tab": "\x1b[Z",
    "enter": "\r", "escape": "\x1b[27u", "backspace": "\x7f",
}  # fmt: skip
#: The escape key under kitty's protocol: no pause has to say that no sequence follows.
_ESCAPE = "\x1b[27u"


def sent(key: str) -> str:
    if key.startswith("ctrl+") and len(key) == 6:
        return chr(ord(key[-1]) & 0x1F)
    return _SENT.get(key, key)


class Home:
    """A visitor's home and working directory, with settings, keys and a lesson that must not count."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in {
            ".config/gradtui/config.toml": 'theme = "none such"\nfps = 10000\n[keys]\nquit = "ctrl+t"\n',
            ".local/share/gradtui/lessons/mine.md": "# A lesson of my own\n",
            "experiment.toml": "depth = 7\n",
            "vanishing": "depth = 7\n",
            "table.csv": "a,b,c\n1,2,0\n3,4,1\n",
        }.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)

    @property
    def variables(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / ".config"),
            "XDG_DATA_HOME": str(self.folder / ".local/share"),
            "XDG_STATE_HOME": str(self.folder / ".local/state"),
            "GRADTUI_LESSONS": str(self.folder),
            "GRADTUI_NONSENSE": "1",
            "TEXTUAL_LOG": str(self.folder / "log"),
            "TEXTUAL_SCREENSHOT": "0",
            "TEXTUAL_SCREENSHOT_LOCATION": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def files(self) -> set[Path]:
        return set(self.folder.rglob("*"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    found = Home(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = found.files()
    yield found
    assert found.files() == before, "a file was written"


def state(terminal: Terminal) -> str:
    """The process's state, as the kernel says: T is stopped."""
    return Path(f"/proc/{terminal.process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def answers(terminal: Terminal) -> None:
    """Whatever is open is closed, and the program still answers: help opens, and closes again."""
    end = time.monotonic() + 20
    while True:
        terminal.press(_ESCAPE * 2)
        terminal.press("?")
        end_of_wait = time.monotonic() + 3
        while "esc to close" not in terminal.text and time.monotonic() < end_of_wait:
            terminal._read(0.05)
        if "esc to close" in terminal.text:
            break
        assert time.monotonic() < end, terminal.text
    terminal.press(_ESCAPE)
    terminal.wait_for(lambda text: "esc to close" not in text, "help to close")


@pytest.mark.soak
def test_every_key_pressed_writes_no_file_and_stops_no_process(home: Home) -> None:
    """The actions each by itself, as they open dialogs; in lists the first entry is taken."""
    events = [each for each in COMMANDS if each.event is not None]
    actions = [each for each in COMMANDS if each.event is None and each.id not in ("quit", "help")]
    with Terminal("kiosk", "--depth", "3", "--width", "4", **home.variables) as terminal:
        terminal.shows("? help")
        for command in events:
            for key in command.keys:
                terminal.press(sent(key))
        answers(terminal)
        for command in actions:
            for key in command.keys:
                terminal.press(sent(key))
                terminal.press("\r")
            answers(terminal)
            assert state(terminal) in "SR", command.id
        terminal.press("q")
        assert terminal.ended() == 0
        assert_restored(terminal)
        assert str(home.folder).encode() not in terminal.wire


def test_the_keys_of_what_is_closed_say_so(home: Home) -> None:
    with Terminal("kiosk", "--depth", "3", **home.variables) as terminal:
        terminal.shows("? help")
        for command in [each for each in COMMANDS if VISITOR.refusal(each.needs)]:
            terminal.press(sent(command.keys[0]))
            terminal.shows({"files": "nothing is saved", "suspend": "there is no shell"}[command.needs])
            terminal.press("n")
            terminal.wait_for(lambda text: "nothing is saved" not in text and "no shell" not in text, "it to go")
        terminal.press("q")
        assert terminal.ended() == 0


def test_control_keys_neither_stop_nor_end_the_program_from_its_first_moment(home: Home) -> None:
    """ctrl+c, ctrl+\\ and ctrl+z: while it starts they are the kernel's, later keys."""
    with Terminal("kiosk", "--depth", "3", **home.variables) as terminal:
        terminal.shows("? help")
        terminal.press("\x1c\x1a\x03")
        terminal.shows("q quits")
        assert state(terminal) in "SR"
        assert re.search(r"SigIgn:\s+([0-9a-f]+)", Path(f"/proc/{terminal.process.pid}/status").read_text())
        ignored = int(
            re.findall(r"SigIgn:\s+([0-9a-f]+)", Path(f"/proc/{terminal.process.pid}/status").read_text())[0], 16
        )
        for number in (2, 3, 20):  # SIGINT, SIGQUIT, SIGTSTP
            assert ignored >> (number - 1) & 1, number
        terminal.press("q")
        assert terminal.ended() == 0


@pytest.mark.soak
def test_what_the_account_has_of_its_own_is_not_read(home: Home) -> None:
    with Terminal("kiosk", "vanishing", **home.variables) as terminal:
        terminal.shows("MLP 30×64")
        terminal.press("7")
        terminal.shows("lessons")
        terminal.press("?")
        terminal.shows("esc to close")
        assert "of my own" not in terminal.text
        terminal.press(_ESCAPE)
        terminal.wait_for(lambda text: "esc to close" not in text, "help to close")
        terminal.press("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "csv:table.csv"], "files are not read here"),
        (["experiment.toml"], "no files are opened here"),
        # The arguments' own refusals: test_kiosk.
        pytest.param(["--data", "csv:/etc/passwd"], "files are not read here", marks=pytest.mark.soak),
        pytest.param(["--b", "data=csv:/etc/passwd"], "files are not read here", marks=pytest.mark.soak),
        pytest.param(["/etc/passwd"], "no files are opened here", marks=pytest.mark.soak),
        pytest.param(["--log-fd", "77"], "77 is no open file", marks=pytest.mark.soak),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_files_are_refused_in_one_line_with_status_2(home: Home, arguments: list[str], said: str) -> None:
    with Terminal("kiosk", *arguments, size=(400, 24), **home.variables) as terminal:
        assert terminal.ended() == 2
        lines = terminal.wire.decode().split("\r\n")
        assert said in lines[0]
        assert lines[1:] == [""]


def test_a_command_is_refused_in_one_line(home: Home) -> None:
    with Terminal("kiosk", SSH_ORIGINAL_COMMAND="cat /etc/passwd", **home.variables) as terminal:
        assert terminal.ended() == 2
        assert terminal.wire == b"gradtui kiosk: no commands are run here; connect without one\r\n"


@pytest.mark.parametrize(
    "size", ["20000;20000", *(pytest.param(size, marks=pytest.mark.soak) for size in ("0;0", "1;1"))]
)
def test_a_size_that_is_typed_is_clamped(home: Home, size: str) -> None:
    """20000 × 20000 would take gigabytes; the program stays small, draws 300 × 100, and goes on."""
    with Terminal("kiosk", "--depth", "3", **home.variables) as terminal:
        terminal.shows("? help")
        terminal.press(f"\x1b[48;{size};0;0t")
        terminal.press("\x1b[48;24;80;0;0t")
        answers(terminal)
        status = Path(f"/proc/{terminal.process.pid}/status").read_text()
        peak = re.search(r"VmHWM:\s+(\d+)", status)
        assert peak is not None
        assert int(peak[1]) < 130_000
        terminal.press("q")
        assert terminal.ended() == 0


_FAILS = """
import gradtui.model.events as e, gradtui.model.update as s
kept = s.update
def update(state, event, timeline):
    if isinstance(event, e.NextAxis):
        raise RuntimeError("/srv/secret")
    return kept(state, event, timeline)
s.update = update
"""


@pytest.mark.soak
def test_after_a_crash_the_terminal_is_restored_and_one_line_says_so(home: Home, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(_FAILS)
    with Terminal("kiosk", "--depth", "3", PYTHONPATH=str(broken), size=(100, 30), **home.variables) as terminal:
        terminal.shows("? help")
        terminal.press("y")
        assert terminal.ended() == 70
        assert_restored(terminal)
        last = terminal.wire.rpartition(b"\x1b[?1049l")[2].decode()
        assert re.search(r"the program has failed; the host finds what happened under the number [0-9a-f]{8}", last)
        for word in ("Traceback", "secret", "RuntimeError", ".py", str(tmp_path)):
            assert word not in terminal.wire.decode(), word
    for path in (broken / "sitecustomize.py", broken):
        path.unlink() if path.is_file() else path.rmdir()


@pytest.mark.soak
def test_no_connection_is_open_to_anywhere(home: Home) -> None:
    """Besides the pair that wakes Python's event loop, there is no socket, and no file but the terminal."""
    with Terminal("kiosk", "--depth", "3", **home.variables) as terminal:
        terminal.shows("? help")
        folder = Path(f"/proc/{terminal.process.pid}/fd")
        opened = [str(each.readlink()) for each in folder.iterdir()]
        known = ("/dev/pts/", "socket:", "pipe:", "anon_inode:", "/dev/null", "/dev/urandom")
        assert [each for each in opened if not each.startswith(known)] == []
        assert sum(each.startswith("socket:") for each in opened) == 2
        terminal.press("q")
        assert terminal.ended() == 0
