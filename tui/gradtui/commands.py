"""The one table of commands: bindings, footer, help screen, palette and the README's key table come from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import state as s


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its keys (the first one is shown), and the event that it sends.

    A command without an event is an action of the app (`do_ID` with the argument). footer is the order in the
    footer, 0 for not there.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    event: Any = None
    argument: str = ""
    footer: int = 0


PLAY, LOOK, CHANGE, PROGRAM = "Playback", "Looking around", "Changing the experiment", "Program"

COMMANDS = (
    Command("help", ("question_mark",), "help", "Keys, and what the panes mean", PROGRAM, footer=1),
    Command(
        "play",
        ("space",),
        "play",
        "Play or pause; at the end, play backpropagation again from the loss",
        PLAY,
        s.TogglePlay(),
        footer=2,
    ),
    Command("step", ("n", "full_stop"), "step", "One step on", PLAY, s.Move(1), footer=3),
    Command("back", ("N", "comma"), "back", "One step back", PLAY, s.Move(-1)),
    Command("back_10", ("left_square_bracket",), "back 10", "Ten steps back", PLAY, s.Move(-10)),
    Command("step_10", ("right_square_bracket",), "step 10", "Ten steps on", PLAY, s.Move(10)),
    Command("home", ("home",), "first step", "To the first step: the forward pass begins", PLAY, s.Jump(False)),
    Command("end", ("end",), "last step", "To the last step: the update", PLAY, s.Jump(True)),
    Command("faster", ("plus", "equals_sign"), "faster", "Play faster", PLAY, s.Faster(1)),
    Command("slower", ("minus",), "slower", "Play slower", PLAY, s.Faster(-1)),
    Command(
        "grain",
        ("o",),
        "grain",
        "Steps go by operation, by stage (layer or time step) or by phase",
        PLAY,
        s.NextGrain(),
    ),
    Command("up", ("up", "k"), "up", "Select the stage above (nearer the output)", LOOK, s.Select(-1)),
    Command("down", ("down", "j"), "down", "Select the stage below (nearer the input)", LOOK, s.Select(1)),
    Command("right", ("right", "l"), "right", "Select the next stage", LOOK, s.Select(-1)),
    Command("left", ("left", "h"), "left", "Select the stage before", LOOK, s.Select(1)),
    Command("up_10", ("pageup",), "up 10", "Select ten stages up", LOOK, s.Select(-10)),
    Command("down_10", ("pagedown",), "down 10", "Select ten stages down", LOOK, s.Select(10)),
    Command("first_stage", ("g",), "first stage", "Select the first stage (the input)", LOOK, s.Select(stage=0)),
    Command(
        "last_stage",
        ("G",),
        "last stage",
        "Select the last stage (the output's side)",
        LOOK,
        s.Select(stage=10**9),
    ),
    Command("next_pane", ("tab",), "next pane", "Focus the next pane", LOOK, s.Focus(by=1)),
    Command("previous_pane", ("shift+tab",), "previous pane", "Focus the previous pane", LOOK, s.Focus(by=-1)),
    *(
        Command(
            f"pane_{number}",
            (str(number),),
            f"pane {number}",
            f"Show and focus pane {number}",
            LOOK,
            s.Focus(number=number),
        )
        for number in range(1, 6)
    ),
    Command("zoom", ("z",), "maximise", "The focused pane alone, or all of them", LOOK, s.Zoom()),
    Command(
        "turn",
        ("v",),
        "rows/columns",
        "Over time: bars as columns, or as rows with a number beside each",
        LOOK,
        s.Turn(),
    ),
    Command("cell", ("m",), "network", "The next network kind: MLP, LSTM, GRU, RNN", CHANGE, argument="cell", footer=4),
    Command("activation", ("a",), "activation", "Choose the activation", CHANGE, argument="activation", footer=5),
    Command("init", ("i",), "init", "Choose the initialiser", CHANGE, argument="init", footer=6),
    Command("depth", ("d",), "depth", "Set the number of hidden layers", CHANGE, argument="depth", footer=7),
    Command(
        "width",
        ("u",),
        "units",
        "Set the width: units of a layer or cell",
        CHANGE,
        argument="width",
        footer=8,
    ),
    Command(
        "forget_bias",
        ("b",),
        "forget bias",
        "Set the LSTM's forget bias",
        CHANGE,
        argument="forget_bias",
        footer=9,
    ),
    Command("data", ("D",), "data", "Choose the data", CHANGE, argument="data"),
    Command("field", ("f",), "any field", "Set any field of the experiment", CHANGE, argument="field"),
    Command("again", ("r",), "same seed", "Run and play again with the same seed", CHANGE, argument="same"),
    Command("reseed", ("R",), "new seed", "Run and play again with a new seed", CHANGE, argument="new"),
    Command("copy", ("w",), "copy command", "Copy the command that opens this experiment", PROGRAM),
    Command("theme", ("t",), "theme", "The next colour theme", PROGRAM),
    Command("palette", ("colon", "ctrl+p"), "commands", "Search all commands", PROGRAM),
    Command("quit", ("q", "ctrl+q"), "quit", "Quit", PROGRAM),
)

_SYMBOLS = {
    "question_mark": "?",
    "full_stop": ".",
    "comma": ",",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "colon": ":",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
}


def key_name(key: str) -> str:
    """A key as a person reads it."""
    return _SYMBOLS.get(key, key)


def footer() -> list[Command]:
    """The commands of the footer, in order of importance; it shows the first that apply and fit."""
    return sorted((each for each in COMMANDS if each.footer), key=lambda each: each.footer)


def groups() -> dict[str, list[Command]]:
    """The commands by group, in the table's order."""
    found: dict[str, list[Command]] = {PLAY: [], LOOK: [], CHANGE: [], PROGRAM: []}
    for each in COMMANDS:
        found[each.group].append(each)
    return found


def key_table() -> str:
    """The commands as a Markdown table, for the README."""
    lines = ["| key | what it does |", "|---|---|"]
    for group, commands in groups().items():
        lines.append(f"| **{group}** | |")
        lines += [f"| {' '.join(f'`{key_name(key)}`' for key in each.keys)} | {each.help} |" for each in commands]
    return "\n".join(lines)
