"""What the program is for, reached from its first screen by at most two keys, each read from the screen that shows it.

The real program in a terminal: nothing is known of its keys beforehand. A row says what is sought, the words that its
keys have on the screen, and what then has to stand there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from tests.examples import spread
from tests.tui.terminal import Terminal

#: What a terminal sends for the keys whose names are words or arrows; of two keys in one hint the last.
_SENT = {"space": " ", "enter": "\r", "tab": "\t", "esc": "\x1b", "↑↓": "\x1b[B", "←→": "\x1b[C"}
#: After a frame the terminal is asked whether it has drawn it.
_FRAME_ENDS = b"\x1b[6n\x1b8"
_DIALOG = "esc to go back"
_FIRST = "30 layers of sigmoid"
_NUMBER = r"-?\d[\d.e-]*"


@dataclass(frozen=True)
class Row:
    """keys: what the keys are called on the screen; shown: what stands there then, as regular expressions."""

    sought: str
    keys: tuple[str, ...]
    shown: tuple[str, ...]


MISSION = (
    Row("vanishing", (), (_FIRST, "almost nothing", r"0\.2331 × .*29 times = 4\.6e-19")),
    Row("exploding", ("He",), ("20 ReLU layers, weights too large", "far too much", "layer 1 gets thousands")),
    Row("ReLU", (), ("ReLU and He's weights", "a ReLU's is 1 where it is on")),
    Row("ReLU's variants", ("activation",), (r"\brelu\b", "leaky_relu", "prelu", r"\belu\b", r"\bselu\b", r"\bgelu\b")),
    Row("initialisers: Xavier", ("Xavier",), ("weights too small", "with Xavier's weights", "a billionth")),
    Row("initialisers: He", ("He",), ("with He's weights",)),
    Row("initialisers: all", ("explore", "init"), ("xavier_normal", "he_normal", "orthogonal", "lecun_normal")),
    Row("batch norm", ("batch norm",), ("10 ReLU layers, big steps", "with batch norm", "does not calm")),
    Row("clipping", ("clipp",), ("15 ReLU layers, exploding", "gradient clipped", "changes no factor")),
    Row("residual", ("residual",), ("30 plain ReLU layers", "skip connections", "at a factor of exactly 1")),
    Row("LSTM gates", ("LSTM",), ("an RNN over 50 steps", "forget gate open", r"forget( gate)? 95 %")),
    Row("GRU gates", ("LSTM", "cell"), (r"rnn → gru|\bGRU\b", r"update( gate)? 5\d %", r"reset( gate)? 5\d %")),
    Row(
        "the formula of the forget gate with its numbers",
        ("LSTM", "explore"),
        (r"f[ₜ_]\S* = σ\(W_f·\[h\S*, x\S*\] \+ b_f\)", rf"σ\({_NUMBER}\S* .*\) = {_NUMBER}"),
    ),
    Row("the cell-state path", ("LSTM", "explore"), ("‖∂L/∂c‖", r"∂L/∂c₀ = f₁ ⊙ ∂L/∂c₁")),
    Row("sinh and sin", ("sinh",), ("sin and sinh are twins", r"sin x = x − x³/3!")),
    Row("tanh and tan", ("sinh", "function"), ("tan and tanh are twins", r"tan x = x \+ x³/3", "tanh gets flat")),
    Row(
        "the one idea",
        ("idea",),
        ("every cure keeps it near 1", "f′ = 1", r"I \+ βJ", "f_t ≈ 1", r"4\.6e-19", r"5\.3e-5", r"6\.1e-13"),
    ),
)


def keys_on(screen: str) -> dict[str, str]:
    """The keys that a screen shows, by what it calls them: the pages above and the hints below."""
    lines = [line.strip() for line in screen.splitlines()]
    pages = re.findall(r"(?<!\S)(\d) (\S.*?)(?=\s+\d \S|$)", lines[0]) if "idea" in lines[0] else []
    hints = [hint.split(" ", 1) for hint in re.split(r" {2,}", lines[-1])]
    return {name: key for key, name in [*pages, *(hint for hint in hints if len(hint) == 2)]}


def keys_called(word: str, screen: str) -> set[str]:
    """The keys that a word is said to be on."""
    return {key for name, key in keys_on(screen).items() if re.search(rf"\b{word}", name)}


def stands(pattern: str, screen: str) -> bool:
    """Whether a text is on the screen, over the ends of its lines or not."""
    return any(re.search(pattern, text) for text in (screen, " ".join(screen.split())))


def press_what_is_called(word: str, terminal: Terminal) -> None:
    """Press the one key that has this word on the screen, once a frame is whole: half of one may say anything."""
    terminal.wait_for(
        lambda screen: terminal.wire.endswith(_FRAME_ENDS) and len(keys_called(word, screen)) == 1,
        f"one key that is called {word!r}",
    )
    before = terminal.text
    (key,) = keys_called(word, before)
    terminal.press(_SENT.get(key, key))
    terminal.wait_for(lambda screen: screen != before, f"what {word!r} does")


def go_back(terminal: Terminal, first: str) -> None:
    """To the first screen again, as it was."""
    if _DIALOG in terminal.text:
        terminal.press("\x1b")
        terminal.wait_for(lambda screen: _DIALOG not in screen, "the list to close")
    terminal.press("0")
    terminal.wait_for(lambda screen: "9" in keys_called("idea", screen), "the story")
    terminal.press("1")
    terminal.wait_for(lambda screen: screen == first, "the first screen as it was")


@spread("size", [(80, 24), (120, 36)], 1, ids=["80x24", "120x36"])
def test_every_row_of_the_mission_is_two_shown_keys_from_the_first_screen(size: tuple[int, int]) -> None:
    assert all(len(row.keys) <= 2 for row in MISSION)
    with Terminal(size=size) as terminal:
        whole = ("help", "play", "explore", "activation", "cell", "sinh", "lessons", "idea", "LSTM")
        terminal.wait_for(
            lambda screen: stands("1.01254", screen) and all(keys_called(word, screen) for word in whole),
            "the first screen",
        )
        first = terminal.text
        for row in MISSION:
            for word in row.keys:
                press_what_is_called(word, terminal)
            for pattern in row.shown:
                terminal.wait_for(partial(stands, pattern), f"{row.sought}: {pattern}")
            go_back(terminal, first)
