"""The commands, in a table: what each is called, takes and does."""

from __future__ import annotations

from typing import Any

from . import completing, doing
from .stop import leave
from .subcommand import Subcommand, Takes, kiosk, nothing_of_its_own

_OTHERS: dict[str, Subcommand[Any]] = {
    "run": Subcommand(
        "gradtui run",
        "prints the numbers without a screen",
        "Run one iteration and print a table with a bar per stage.",
        doing.run,
        completing.RUN.complete,
        rows=completing.RUN.rows,
    ),
    "train": Subcommand(
        "gradtui train",
        "trains, and says what is learned",
        "Train the experiment and print what came of it: loss, held-out samples and gradients at a few iterations, and "
        "whether it learns. --b trains a second one beside it, on the same batches. ctrl+C stops the training and "
        "keeps what there is. Exit status 0, 1 where one diverged, 130 after ctrl+C and 143 after SIGTERM (the output "
        "is complete, of the iterations that were done).",
        doing.train,
        completing.train,
        rows=completing.rows_of_train,
        takes_b=True,
        scales_target=False,
    ),
    "sweep": Subcommand(
        "gradtui sweep",
        "measures a plane of experiments",
        "Measure many experiments, a plane of them: --x and --y say what changes along its columns and rows, --measure "
        "what is measured of each, --train N trains each for so long. A plan may be a TOML file with a table [sweep], "
        "or a preset. Cells are computed in processes of this machine, or by Dask on many; with --store a sweep that "
        "was ended goes on where it was. ctrl+C and escape end it and keep what there is. Exit status 0, 1 where not "
        "one cell has a number, 130 after ctrl+C and 143 after SIGTERM. See docs/sweeps.md.",
        doing.sweep,
        completing.sweep,
        rows=completing.rows_of_sweep,
    ),
    "open": Subcommand(
        "gradtui open",
        "shows a recorded training, or a saved run",
        "Show a training that `gradtui.watch` or `gradtui train --record` has recorded (RUN.jsonl, live too), "
        "another tool's log, or what `gradtui run --save` (RUN.npz, with every pane) and `gradtui run --json` "
        "(RUN.json, with the panes that numbers are enough for) have written. Two are compared as A and B; "
        "RUN.jsonl@STEP is one step. Of a folder its runs are listed, to choose from.",
        doing.show_recordings,
        completing.recordings,
        rows=completing.rows_without_b,
        takes=Takes.FILES,
        files=("RUN.jsonl[@STEP]|RUN.npz|RUN.json|FOLDER", "what was recorded or saved; @STEP: one step of it"),
        has_screen=True,
        settings=None,
    ),
    "why": Subcommand(
        "gradtui why",
        "says what is wrong with a training",
        "Say what is wrong with a training that `gradtui.watch` (or `gradtui train --record`) has recorded: where and "
        "since when, the evidence, the most likely cause, what to change, and which experiment shows the same. Several "
        "files of one run (ranks, parts of a run that was resumed) are read as one. Exit status 0 where it is healthy, "
        "1 where it has a fault (a note is none), 2 where it cannot be read, or has no step yet. Of a folder it is the "
        "run in it; - is what comes through a pipe.",
        doing.why,
        completing.why,
        rows=completing.WHY.rows,
        takes=Takes.FILES,
        files=("RUN.jsonl", "a record of a training"),
    ),
    "mirror": Subcommand(
        "gradtui mirror",
        "is the experiment nearest to a training",
        "Build the experiment that comes closest to a recorded training of an MLP, RNN, LSTM or GRU: depth, width, "
        "activation, the recorded scales of the weights, optimiser, clipping. Print its command, what it has of the "
        "recording and what it cannot have; in a terminal, open both in Compare: A the recording, B the mirror. Exit "
        "status 2 where no experiment is near.",
        doing.mirror,
        completing.mirror,
        rows=completing.rows_of_mirror,
        takes=Takes.FILES,
        files=("RUN.jsonl", "a record of a training"),
        has_screen=True,
        settings=None,
    ),
    "doctor": Subcommand(
        "gradtui doctor",
        "tries remedies",
        "Diagnose, train, try every remedy on the same seed, data and random numbers, and print what the first "
        "gradient does and what training does, at the best of three learning rates. ctrl+C prints what there is. Exit "
        "status 0 when healthy and learning, else 1; 130 after ctrl+C.",
        doing.doctor,
        completing.DOCTOR.complete,
        rows=completing.DOCTOR.rows,
        scales_target=False,
    ),
    "check": Subcommand(
        "gradtui check",
        "checks the gradient",
        "Check the recorded gradient of every parameter against central differences. Exit status 1 when one is wrong.",
        doing.check,
        nothing_of_its_own,
    ),
    "model": Subcommand(
        "gradtui model",
        "looks at a model's weights",
        "Look at a checkpoint, what torch.save writes of a state_dict or safetensors: the scale of every weight "
        "against its initialiser's, dead and equal units, singular values, how long gates remember, and what mean "
        "field theory expects. Two checkpoints: what has changed from the first to the second. Nothing in the files "
        "is executed. Exit status 0, 2 where a file cannot be read.",
        doing.model,
        completing.MODEL.complete,
        rows=completing.MODEL.rows,
        takes=Takes.FILES,
        files=("CHECKPOINT", "a file of weights (.pt, .pth, .bin, .ckpt, .safetensors), an index of several, a folder"),
    ),
    "data": Subcommand(
        "gradtui data",
        "tells how a table is read",
        "Read a table as --data csv:FILE would, and print what was understood: what each column holds and becomes, the "
        "target and its classes or scale, what was guessed, and the first rows. Nothing is run.",
        doing.data,
        completing.data,
        rows=completing.rows_of_data,
        takes=Takes.FILES,
        files=("FILE", "a table: CSV, or what else has rows and columns of text"),
    ),
    "theory": Subcommand(
        "gradtui theory",
        "prints reference figures",
        "Print the literature's reference figures beside what this engine computes.",
        doing.theory,
        nothing_of_its_own,
        takes=Takes.NOTHING,
    ),
    "presets": Subcommand(
        "gradtui presets",
        "lists the presets",
        "List the presets: experiments that make one point each. gradtui NAME opens one.",
        doing.presets,
        nothing_of_its_own,
        takes=Takes.NOTHING,
    ),
    "lessons": Subcommand(
        "gradtui lessons",
        "checks lessons",
        "Check lessons: that each can be read, and that every question has exactly one true answer. Without a file, "
        "all that the program finds. Exit status 1 where one is broken, 2 where a file cannot be read.",
        doing.lessons,
        completing.lessons,
        takes=Takes.FILES,
        files=("LESSON.md", "lessons to check"),
    ),
    "config": Subcommand(
        "gradtui config",
        "shows the settings",
        "Print where the file of settings is, and the settings in force as TOML that can be fed back.",
        doing.config,
        completing.CONFIG.complete,
        rows=completing.CONFIG.rows,
        takes=Takes.NOTHING,
        settings=None,
        needs_settings=False,
    ),
    "serve": Subcommand(
        "gradtui serve",
        "lets visitors in over SSH",
        "Let visitors in over SSH, each to the program in a process of its own and to nothing else of this host. "
        "The experiment and its options are what they land on.",
        lambda invocation, out: leave(doing.serve(invocation, out)),
        doing.of_serve("command", "plan"),
        rows=doing.of_serve("command", "rows"),
        complete_acts=True,
        has_screen=True,
        settings=None,
    ),
    "kiosk": kiosk(
        doing.of_serve("kiosk.kiosk", "run"),
        doing.of_serve("kiosk.kiosk", "complete"),
        rows=doing.of_serve("kiosk.kiosk", "rows"),
        enter=doing.of_serve("kiosk.kiosk", "enter"),
    ),
}

SUBCOMMANDS: dict[str, Subcommand[Any]] = {
    "": Subcommand(
        "gradtui",
        "",
        "See where the gradient goes: backpropagation through a deep MLP, a Transformer or an unrolled LSTM, "
        "step by step. "
        "Other commands (each has --help): "
        + "; ".join(f"{command.prog} {command.brief}" for command in _OTHERS.values())
        + ".",
        doing.screen,
        completing.screen,
        rows=completing.rows_of_screen,
        has_screen=True,
        tells_version=True,
        settings=None,
    ),
    **_OTHERS,
}
