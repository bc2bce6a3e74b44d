"""The one table of commands: bindings, footer, help screen, palette and the README's key table come from it. Which keys
they have in this process, and which of them there are, say `keys`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradtui_engine.core.message import English

from . import events as e
from .names import QUESTION, STORY


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its keys (the first one is shown), and the event that it sends.

    A command without an event is an action of the app (`ACTIONS`, by its id, with the argument). needs names what
    the permissions have to allow, empty for nothing. where names the views in which it has a meaning, or QUESTION,
    empty for all: there its keys are its own, whatever they do elsewhere.
    """

    id: str
    keys: tuple[str, ...]
    label: English
    help: English
    group: str
    event: Any = None
    argument: str = ""
    needs: str = ""
    where: tuple[str, ...] = ()


GROUPS: tuple[English, ...] = (
    "Playback",
    "Looking around",
    "Views (in the story and in One idea digits turn pages)",
    "In the story and in One idea",
    "Changing the experiment",
    "Comparing and learning",
    "Program",
)
PLAY, LOOK, VIEW, TALE, CHANGE, LEARN, PROGRAM = GROUPS


def _page(pair: str, digit: str, label: English, help: English) -> Command:
    """A pair of the story."""
    return Command(f"pair_{pair}", (digit,), label, help, TALE, e.OpenPair(pair), where=STORY)


COMMANDS = (
    Command("help", ("question_mark",), "help", "Keys, and what the focused pane means", PROGRAM),
    # -- playback
    Command(
        "play",
        ("space",),
        "play",
        "Play or pause; at the end, play backpropagation again from the loss",
        PLAY,
        e.TogglePlay(),
    ),
    Command("step", ("n", "full_stop"), "step", "One step on", PLAY, e.Move(1)),
    Command("back", ("N", "comma"), "back", "One step back", PLAY, e.Move(-1)),
    Command("back_10", ("left_square_bracket",), "back 10", "Ten steps back", PLAY, e.Move(-10)),
    Command("step_10", ("right_square_bracket",), "step 10", "Ten steps on", PLAY, e.Move(10)),
    Command("home", ("home",), "first step", "To the first step: the forward pass begins", PLAY, e.Jump(False)),
    Command("end", ("end",), "last step", "To the last step: the update", PLAY, e.Jump(True)),
    Command("faster", ("plus", "equals_sign"), "faster", "Play faster; of a series, one term more", PLAY, e.Faster(1)),
    Command("slower", ("minus",), "slower", "Play slower; of a series, one term less", PLAY, e.Faster(-1)),
    Command(
        "grain",
        ("o",),
        "grain",
        "Steps go by operation, by stage (layer or time step) or by phase",
        PLAY,
        e.NextGrain(),
    ),
    Command(
        "iteration_on", ("greater_than_sign",), "iteration on", "The next iteration of the training", PLAY, e.GoTo(1)
    ),
    Command(
        "iteration_back",
        ("less_than_sign",),
        "iteration back",
        "The iteration before, of the training",
        PLAY,
        e.GoTo(-1),
    ),
    # -- looking around
    Command("up", ("up", "k"), "up", "The stage above (nearer the output), or the row above", LOOK, e.Arrow(y=-1)),
    Command("down", ("down", "j"), "down", "The stage below (nearer the input), or the row below", LOOK, e.Arrow(y=1)),
    Command("right", ("right", "l"), "right", "The next stage; of a unit or an angle, the next", LOOK, e.Arrow(x=1)),
    Command(
        "left", ("left", "h"), "left", "The stage before; of a unit or an angle, the one before", LOOK, e.Arrow(x=-1)
    ),
    Command("up_10", ("pageup",), "up 10", "Ten stages up; of a lesson's text, a page up", LOOK, argument="-1"),
    Command(
        "down_10", ("pagedown",), "down 10", "Ten stages down; of a lesson's text, a page down", LOOK, argument="1"
    ),
    Command("first_stage", ("g",), "first stage", "Select the first stage (the input)", LOOK, e.Select(stage=0)),
    Command(
        "last_stage",
        ("G",),
        "last stage",
        "Select the last stage (the output's side)",
        LOOK,
        e.Select(stage=10**9),
    ),
    Command("first_row", ("g",), "first row", "In Sweep: to the lowest row", LOOK, e.ToCell(row=0), where=("sweep",)),
    Command("last_row", ("G",), "last row", "In Sweep: to the top row", LOOK, e.ToCell(row=10**9), where=("sweep",)),
    Command(
        "next_unit", ("right_parenthesis",), "next unit", "Select the next unit of the stage", LOOK, e.SelectUnit(1)
    ),
    Command("unit_before", ("left_parenthesis",), "unit before", "Select the unit before", LOOK, e.SelectUnit(-1)),
    Command("next_pane", ("tab",), "next pane", "Focus the next pane", LOOK, e.Focus(by=1)),
    Command("previous_pane", ("shift+tab",), "previous pane", "Focus the previous pane", LOOK, e.Focus(by=-1)),
    Command("zoom", ("z",), "maximise", "The focused pane alone, or all of them", LOOK, e.Zoom()),
    Command(
        "quantity",
        ("x",),
        "quantity",
        "What the bars show: gradient, parameter gradient, update / weight, std, mean, saturated, factor, zeros",
        LOOK,
        e.NextQuantity(),
    ),
    Command("quantity_before", ("X",), "quantity before", "The quantity before", LOOK, e.NextQuantity(-1)),
    Command("axis", ("y",), "axis", "The bars' axis: the quantity's own, log, linear, sign-log", LOOK, e.NextAxis()),
    Command("along", ("J",), "modules, time", "Of a recording: over its modules, or over the time of an RNN", LOOK),
    Command("hold", ("Z",), "hold step", "Of a recording: the step under the cursor stays as B, or goes", LOOK),
    Command(
        "own_axes",
        ("Y",),
        "own axes",
        "In Compare: A and B each on an axis of its own, or both on one",
        LOOK,
        e.TurnAxes(),
    ),
    Command("lock", ("L",), "lock scale", "Hold the bars' scale whatever comes, or let it follow", LOOK),
    Command(
        "turn",
        ("v",),
        "rows/columns",
        "Over time: bars as columns or rows; in Compare A and B apart or interleaved, over time in rows too",
        LOOK,
        e.Turn(),
    ),
    Command(
        "units",
        ("K",),
        "units × samples",
        "In Explore: every unit × every sample of the selected stage, or back to how the values are spread",
        LOOK,
        e.TurnUnits(),
    ),
    Command("readout", ("p",), "plain text", "The focused pane as plain text, for reading aloud", LOOK),
    # -- views
    Command(
        "view_story",
        ("0",),
        "story",
        "The story: a disease and its cure side by side, and what learns",
        VIEW,
        e.OpenStory(),
    ),
    Command(
        "view_explore",
        ("1",),
        "explore",
        "Explore: one network, where its gradient goes, and why",
        VIEW,
        e.Show("explore"),
    ),
    Command("view_idea", ("2",), "one idea", "One idea: three cures as the same product", VIEW, e.OpenIdea()),
    Command("view_compare", ("c", "3"), "compare", "Compare A and B under one cursor", VIEW, e.Show("compare")),
    Command(
        "view_lab", ("4",), "lab", "Activation lab: f, f′ and this network's own pre-activations", VIEW, e.Show("lab")
    ),
    Command("view_maths", ("H", "5"), "maths", "Maths: sinh, cosh, tanh beside sin, cos, tan", VIEW, e.Show("maths")),
    Command(
        "view_theory",
        ("6",),
        "theory",
        "Theory: the σ_w–σ_b plane, depth scale, Jacobian spectrum",
        VIEW,
        e.Show("theory"),
    ),
    Command("view_lessons", ("T", "7"), "lessons", "Lessons: predict, then see", VIEW, e.Show("lessons")),
    Command("view_train", ("8",), "train", "Train: what learns, iteration by iteration", VIEW, e.Show("train")),
    Command(
        "view_sweep",
        ("9",),
        "sweep",
        "Sweep: a plane of experiments, and where in it the gradient arrives or what learns",
        VIEW,
        e.Show("sweep"),
    ),
    # -- the story's pages
    _page("relu", "1", "sigmoid → ReLU", "Sigmoid beside ReLU with He's weights"),
    _page("small", "2", "small → Xavier", "Weights too small beside Xavier's"),
    _page("large", "3", "large → He", "Weights too large beside He's"),
    _page("residual", "4", "plain → residual", "A plain network beside one with scaled skips"),
    _page("batchnorm", "5", "batch norm", "Batch normalisation, at the rate that it is good for"),
    _page("clipping", "6", "clipping", "An exploding gradient, not clipped and clipped"),
    _page("lstm", "7", "RNN → LSTM", "An RNN beside an LSTM whose forget gate is open"),
    _page("depth", "8", "50 → 5 layers", "Fifty layers of sigmoid beside five"),
    Command(
        "page_idea",
        ("9",),
        "one product",
        "One idea: three cures as the same product; again: three of today's networks",
        TALE,
        e.OpenIdea(),
        where=STORY,
    ),
    # -- the experiment
    Command(
        "cell",
        ("m",),
        "network",
        "The next network kind: an MLP, or a cell in time such as LSTM and GRU",
        CHANGE,
        argument="cell",
    ),
    Command("activation", ("a",), "activation", "Choose the activation", CHANGE, argument="activation"),
    Command("init", ("i",), "init", "Choose the initialiser", CHANGE, argument="init"),
    Command("depth", ("d",), "depth", "Slide the number of hidden layers", CHANGE, argument="depth"),
    Command("width", ("W",), "width", "Slide the width: units of a layer or cell", CHANGE, argument="width"),
    Command(
        "forget_bias",
        ("b",),
        "forget bias",
        "Slide the forget gate's bias: how open it starts",
        CHANGE,
        argument="forget_bias",
    ),
    Command(
        "sliders", ("F",), "sliders", "Every number that has a slider: gain, clip threshold, learning rate …", CHANGE
    ),
    Command("data", ("D",), "data", "Choose the data", CHANGE, argument="data"),
    Command("form", ("f",), "all fields", "Every field of the experiment in one form", CHANGE),
    Command("plan", ("E",), "training", "How it is trained: iterations, batches, schedule, validation", CHANGE),
    Command(
        "sweep_plan",
        ("E",),
        "plan",
        "In Sweep: what is swept and measured: both axes, measures, iterations of training, seeds",
        CHANGE,
        where=("sweep",),
    ),
    Command(
        "branch",
        ("ampersand",),
        "branch",
        "From this iteration on another rate, clipping or schedule: B branches off A's training",
        CHANGE,
    ),
    Command("preset", ("P",), "preset", "Choose one of the presets", CHANGE),
    Command("again", ("r",), "same seed", "Run and play again with the same seed", CHANGE, argument="same"),
    Command("reseed", ("R",), "new seed", "Run and play again with a new seed", CHANGE, argument="new"),
    Command("undo", ("u",), "undo", "Back to the experiment before", CHANGE, e.Undo(-1)),
    Command("redo", ("U",), "redo", "On to the experiment that was undone", CHANGE, e.Undo(1)),
    # -- comparing and learning
    Command(
        "cure_activation",
        ("A",),
        "cure: activation",
        "In B: ReLU instead of A's activation",
        LEARN,
        argument="activation",
    ),
    Command(
        "cure_init",
        ("I",),
        "cure: init",
        "In B: the initialiser that fits its activation, then orthogonal",
        LEARN,
        argument="init",
    ),
    Command("cure_norm", ("M",), "cure: norm", "In B: batch, layer, RMS normalisation, none", LEARN, argument="norm"),
    Command(
        "cure_residual",
        ("S",),
        "cure: skip",
        "In B: residual connections, scaled ones, ReZero, Highway, none",
        LEARN,
        argument="residual",
    ),
    Command(
        "cure_gate",
        ("B",),
        "cure: gate",
        "In B: a forget bias of 2, of 4, its gate pinned for a factor of 1; of a cell without that bias the gate of "
        "the direct path pinned for a factor of 0.9, of 1; of one without such a gate an LSTM",
        LEARN,
        argument="gate",
    ),
    Command(
        "cure_clip", ("C",), "cure: clipping", "In B: gradient clipping by norm, by value, none", LEARN, argument="clip"
    ),
    Command("swap", ("asterisk",), "swap A and B", "B becomes A, and A becomes B", LEARN),
    Command(
        "next",
        ("enter",),
        "next",
        "In a lesson: open it, go on, answer; in Train: this iteration's backpropagation; in Sweep: the cell's "
        "experiment",
        LEARN,
    ),
    Command(
        "answer",
        ("A", "B", "C", "D", "E", "F"),
        "answer",
        "Of a lesson: answer its question, by small letters too; until you go on the answers' letters do nothing else",
        LEARN,
        where=(QUESTION,),
    ),
    Command(
        "finding_experiment",
        ("exclamation_mark",),
        "its experiment",
        "Of a recorded training: open the experiment that shows the same as the chosen finding",
        LEARN,
        where=("train",),
    ),
    Command(
        "finding_lesson",
        ("number_sign",),
        "its lesson",
        "Of a recorded training: open the lesson about the chosen finding",
        LEARN,
        where=("train",),
    ),
    Command("lesson_back", ("backspace",), "step before", "Of a lesson: the step before", LEARN),
    Command(
        "close",
        ("escape",),
        "close",
        "Cancel a computation or a sweep, pause a training, close a lesson, leave a maximised pane",
        LEARN,
    ),
    # -- program
    Command("copy", ("w",), "copy command", "Copy the command that opens this experiment, view and cursor", PROGRAM),
    Command("export", ("e",), "export", "Save as SVG, CSV, JSON, NPZ or an asciinema cast", PROGRAM, needs="files"),
    Command("picture", ("s",), "picture", "Save the screen as an SVG picture", PROGRAM, needs="files"),
    Command("theme", ("t",), "theme", "The next colour theme", PROGRAM),
    Command(
        "palette",
        ("colon", "ctrl+p"),
        "commands",
        "Find anything by its name: commands, fields and their values, presets, lessons, panes, themes",
        PROGRAM,
    ),
    Command("suspend", ("ctrl+z",), "suspend", "Back to the shell; fg returns", PROGRAM, needs="suspend"),
    Command("quit", ("q", "ctrl+q"), "quit", "Quit", PROGRAM),
)
#: What only some permissions bring along (`Permissions.brings`).
BROUGHT = (
    Command("follow", ("f",), "follow", "Follow the presenter again", PROGRAM, e.Follow()),
    Command("invite", ("V",), "visitors", "How visitors come in to this lecture", PROGRAM, e.Invite()),
)
BY_ID = {command.id: command for command in (*COMMANDS, *BROUGHT)}
