"""A whole session in a real terminal, by key: play, other networks, cures, one idea, a lesson, files, and out again.

Every step waits for what a person would see of it; nothing is timed.
"""

from __future__ import annotations

import base64
import csv
import re
import shlex
from pathlib import Path

import pytest

from gradtui.model.changes import other
from gradtui_engine import Experiment, simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.experiment.experiment import options
from tests.tui.screen.test_terminal import assert_restored
from tests.tui.terminal import Terminal

SIZE = (120, 40)
#: The cures' keys in Compare, in the order of the line that names them.
CURES = {"A": "activation", "I": "init", "M": "norm", "S": "skip", "C": "clipping"}
#: On with three of them, to the last of their choices and off: a key, and what is to be seen of it.
OFF = (
    *(("C", "clip none → value"), ("C", "off: clipping [C]")),
    *(("S", "scaled"), ("S", "rezero"), ("S", "highway"), ("S", "off: skip [S]")),
    *(("M", "norm none → layer"), ("M", "norm none → rms"), ("M", "off: norm [M]")),
)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, which is written to, and no settings or lessons of the person who runs the tests."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def copied(terminal: Terminal) -> list[str]:
    """The arguments of the command that the terminal was given last for its clipboard (OSC 52)."""
    found = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", terminal.wire)
    program, *arguments = shlex.split(base64.b64decode(found[-1]).decode())
    assert program == "gradtui"
    return arguments


def test_a_session_from_the_first_picture_to_the_restored_terminal(alone: Path) -> None:
    with Terminal("--depth", "10", size=SIZE) as terminal:
        terminal.shows("MLP 10×64 · sigmoid")
        terminal.shows("▼ vanishing")
        terminal.shows("? help")

        # Play, pause, step, step back.
        terminal.press(" ")
        terminal.shows("space pause")
        terminal.press(" ")
        terminal.shows("space play")
        terminal.press("\x1b[H")
        terminal.shows("why · forward · layer 1 · linear")
        terminal.press("nn")
        terminal.shows("why · forward · layer 2 · linear")
        terminal.press("N")
        terminal.shows("why · forward · layer 1 · activation")

        # The other networks, and round to the first.
        others = [f"{cell.title} {'64 steps' if cell.over_time else '10×64'}" for cell in CELLS.values()][1:]
        for network in (*others, "MLP 10×64"):
            terminal.press("m")
            terminal.shows(network)

        # Each cure by its key, and what has no meaning here says so.
        on = ""
        for key, label in CURES.items():
            terminal.press(key)
            terminal.shows(f"✓{label} [{key}]")
            on += key
            for each in on:  # the ones before stay; a frame comes pen by pen
                terminal.shows(f"✓{CURES[each]} [{each}]")
        terminal.shows("B differs from A in: activation sigmoid → relu, init xavier_normal → he_normal")
        terminal.shows("B signal ● healthy")
        terminal.press("B")
        terminal.shows("layers have no gates")
        for key, shown in OFF:
            terminal.press(key)
            terminal.shows(shown)

        # A and B change places.
        terminal.press("*")
        terminal.shows("B differs from A in: activation relu → sigmoid, init he_normal → xavier_normal")
        terminal.shows("No cure: A's signal")
        terminal.press("*")
        terminal.shows("B differs from A in: activation sigmoid → relu")

        # One idea.
        terminal.press("2")
        terminal.shows("▼ sigmoid  →  ● ReLU")
        terminal.shows("f_t ≈ 1")
        terminal.wait_for(lambda text: len(re.findall(r"[▼●] \S+ = ", text)) == 6, "six products")

        # A lesson: predict wrongly, then rightly.
        terminal.press("T")
        terminal.shows("Vanishing, with sigmoid")
        terminal.press("\x1b[B\r")
        terminal.shows("Ten sigmoid layers")
        terminal.press("\r")
        terminal.shows("What one layer does")
        terminal.press("\r")
        terminal.shows("At most a quarter")
        terminal.press("\r")
        terminal.shows("enter to answer")
        terminal.press("a\r")
        terminal.shows("Not so, the answer is B")
        terminal.press("\r")
        terminal.shows("Thirty layers")
        terminal.press("\r")
        terminal.shows("enter to set")
        terminal.press("much\r")
        terminal.shows("is no number")
        terminal.press("\x1b")
        terminal.wait_for(lambda text: "enter to set" not in text, "the question to close")
        terminal.press("\r")
        terminal.shows("enter to set")
        terminal.press("1e-18\r")
        terminal.shows("Right: ")
        terminal.shows("MLP 30×64")
        terminal.press("\x1b")
        terminal.wait_for(lambda text: "Right: " not in text, "the lesson to close")

        # Too small, and back.
        terminal.resize(20, 5)
        terminal.shows("60×16")
        assert "MLP" not in terminal.text
        terminal.resize(*SIZE)
        terminal.shows("MLP 30×64")
        terminal.shows("? help")

        # Undo, back to what stood before the lesson; redo, and undo again.
        for key, shown in (("u", "MLP 10×64 · sigmoid"), ("U", "MLP 30×64"), ("u", "MLP 10×64 · sigmoid")):
            terminal.press(key)
            terminal.shows(shown)

        # Take it along.
        terminal.press("e")
        terminal.shows("table of the stages")
        terminal.press("c\r")
        terminal.shows("written: ")
        (path,) = alone.glob("*.csv")
        assert path.name in terminal.text
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        stages = simulate(Experiment(depth=10)).stages
        assert [float(row["gradient_norm"]) for row in rows] == [stage.gradient_norm for stage in stages]
        terminal.press("w")
        terminal.shows("if it does not arrive: gradtui")
        assert copied(terminal)[:2] == ["--depth", "10"]

        terminal.press("q")
        assert terminal.ended() == 0
        assert_restored(terminal)
    assert [each.name for each in alone.iterdir()] == [path.name], "nothing else was written"


def test_the_copied_command_opens_the_same_screen_in_another_terminal() -> None:
    changes = (("activation", "relu"), ("init", "he_normal"))
    given = ["--depth", "10", "--view", "compare", "--interleaved", "--stage", "4", "--quantity", "factor"]
    for name, value in changes:
        given += ["--b", f"{name}={value}"]
    assert other(Experiment(depth=10), changes) is not None
    assert {name for name, _ in changes} <= options().keys()
    screens = []
    with Terminal(*given, size=SIZE) as terminal:
        terminal.shows("B signal ● healthy")
        terminal.shows("▸ 4 A")
        terminal.press("\x1b[A\x1b[A\t")
        terminal.shows("▸ 6 A")
        terminal.press("w")
        terminal.shows("if it does not arrive: ")
        arguments = copied(terminal)
        screens.append(panes(terminal.text))
        terminal.press("q")
        assert terminal.ended() == 0
    with Terminal(*arguments, size=SIZE) as terminal:
        terminal.shows("B signal ● healthy")
        terminal.shows("▸ 6 A")
        screens.append(panes(terminal.text))
        terminal.press("q")
        assert terminal.ended() == 0
    assert screens[0] == screens[1]


def panes(text: str) -> list[str]:
    """What the frames hold: the note over the screen that says what was copied stands in front of some cells."""
    return [line[:60] for line in text.splitlines()[2:30]]


def test_a_shared_lesson_opens_at_its_step_beside_its_view() -> None:
    arguments = ("--lesson", "02-vanishing-with-sigmoid", "--lesson-step", "3", "--pane", "lesson", "--depth", "10")
    with Terminal(*arguments, size=SIZE) as terminal:
        terminal.shows("At most a quarter")
        terminal.press("\r")
        terminal.shows("enter to answer")
        terminal.press("b\r")
        terminal.shows("Right: ")
        terminal.press("q")
        assert terminal.ended() == 0
        assert_restored(terminal)
