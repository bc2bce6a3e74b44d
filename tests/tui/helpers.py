"""What several test modules need: traces and scenes, text of views, the command line, the app under Pilot."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from gradtui.cli import main
from gradtui.cli.arguments import read_words
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.cli.words import Words
from gradtui.model.changes import other
from gradtui.model.events import Event
from gradtui.model.needs import NOTHING, Computed, Known, Need, Simulation
from gradtui.model.panes_of import explore_panes, panes_of
from gradtui.model.state import Changes, State
from gradtui.model.sweep_cells import SweepCells
from gradtui.model.sweeps import CellsOf, plan_of
from gradtui.model.timeline import Timeline
from gradtui.model.trainings import SnapshotOf, training_of_a, training_of_b
from gradtui.model.update import update
from gradtui.screen.app import GradtuiApp
from gradtui.text.spans import Line, text_of
from gradtui.views.catalogue import PANES, needs
from gradtui.views.frame.scene import Scene
from gradtui_engine import (
    Experiment,
    ExperimentError,
    Run,
    Trainer,
    Training,
    TrainingHistory,
    TrainingSnapshot,
    simulate,
)
from gradtui_engine.cells.table import CELLS
from gradtui_engine.sweeps.run import run as run_sweep
from gradtui_engine.sweeps.sweep import Sweep
from tests.conftest import STATE_HOME

#: The ordinary ones, and the ends of what can be asked for. Each is simulated once.
CASES = {
    "mlp": Experiment(),
    "lstm": Experiment(cell="lstm"),
    "one layer": Experiment(depth=1),
    "1000 layers": Experiment(depth=1000, width=2, batch=2),
    "one step": Experiment(cell="lstm", data="gaussian", steps=1, width=3, batch=2),
    "gru": Experiment(cell="gru", data="digits-rows", width=8),
    "mgu": Experiment(cell="mgu", data="digits-rows", width=8),
    "lru": Experiment(cell="lru", data="digits-rows", width=8),
    "mingru": Experiment(cell="mingru", data="digits-rows", width=8),
    "transformer": Experiment(cell="transformer", depth=4, width=8, batch=4, optimizer="adam"),
    "rank collapse": Experiment(
        cell="transformer", depth=5, width=8, batch=4, data="recall", steps=5, residual="none", readout="mean"
    ),
    "rnn": Experiment(cell="rnn", steps=20, data="gaussian", width=8, batch=4),
    "stacked": Experiment(cell="lstm", layers=2, readout="all", data="digits-rows", width=4, clip="norm"),
    "cured": Experiment(activation="relu", norm="batch", residual="add", depth=6, width=64, optimizer="adam"),
    "highway": Experiment(residual="highway", residual_span=2, depth=4),
    "rezero": Experiment(residual="rezero", depth=4),
    "pre-activation blocks": Experiment(residual="scaled", residual_block="pre", norm="layer", depth=5, clip="value"),
    "300 steps": Experiment(cell="lstm", data="gaussian", steps=300, width=4, batch=2),
    "no weights": Experiment(init="zeros", depth=5),
    "overflow": Experiment(activation="linear", gain=1e30, depth=60, width=8, batch=4),
    "growing": Experiment(activation="relu", init="he_normal", gain=3.0, depth=30, dtype="float32"),
    "one number": Experiment(width=1, batch=1, depth=7),
    "one number over time": Experiment(cell="lstm", data="gaussian", width=1, batch=1, inputs=1, steps=5),
    "saturated": Experiment(cell="lstm", gain=1e30, dtype="float32", data="digits-rows", width=4, batch=4),
}

#: The panes of Explore, by cell.
EXPLORE = {cell: explore_panes(cell) for cell in CELLS}

#: The smallest terminal, the usual ones, a big one.
SIZES = ((60, 16), (80, 24), (112, 30), (120, 40), (200, 60))


@functools.cache
def trace_of(experiment: Experiment) -> Run:
    return simulate(experiment)


@functools.cache
def timeline_of(experiment: Experiment) -> Timeline:
    return Timeline.of(trace_of(experiment))


def computed(experiment: Experiment) -> Computed:
    return Computed(trace_of(experiment), timeline_of(experiment))


@functools.cache
def result_of(need: Need) -> Any:
    """What a view needs, computed once; of an experiment the one trace that all tests share."""
    if isinstance(need, Simulation):
        with contextlib.suppress(ExperimentError):
            return computed(need.experiment)
    return need.compute(lambda share: None)


@functools.cache
def trained(training: Training, count: int) -> TrainingSnapshot:
    """So many iterations of a training, or as far as it goes. Each is trained once."""
    history = TrainingHistory(Trainer(training))
    history.advance(count)
    return history.snapshot()


@functools.cache
def swept(sweep: Sweep, count: int) -> SweepCells:
    """So many cells of a sweep, each computed once."""
    cells = itertools.islice(run_sweep(sweep), count)
    return SweepCells(sweep, {(cell.i, cell.j): cell for cell in cells})


def scene_with(state: State) -> Scene:
    """The scene of a state, with everything that its view and an open lesson need, and what has been trained."""
    results = {need: result_of(need) for need in needs(state)}
    for training in (training_of_a(state), training_of_b(state)):
        if training is not None and state.trained:
            results[SnapshotOf(training)] = trained(training, state.trained)
    if state.view == "sweep" and state.swept:
        for sweep in plan_of(state).both:
            results[CellsOf(sweep)] = swept(sweep, state.swept)
    return Scene(trace_of(state.experiment), timeline_of(state.experiment), state, results)


def state_of(experiment: Experiment, changes: Changes = (), **fields: Any) -> State:
    """The state where the trace has arrived; the gradient has too, unless `step` says otherwise."""
    trace, timeline = trace_of(experiment), timeline_of(experiment)
    start = {"cell": experiment.cell, "step": timeline.arrived, "loaded": True}
    state = State(trace.experiment, changes, **(start | fields))
    return state if "pane" in fields else dataclasses.replace(state, pane=panes_of(state)[0])


def scene_of(experiment: Experiment, changes: Changes = (), **fields: Any) -> Scene:
    """The scene of an experiment whose trace has arrived, and B's, if changes are given."""
    scene = scene_with(state_of(experiment, changes, **fields))
    b = other(scene.state.experiment, changes)
    if not changes or b is None:
        return scene
    return dataclasses.replace(scene, results={**scene.results, Simulation(b): result_of(Simulation(b))})


def moved(state: State, event: Event, timeline: Timeline) -> dict[str, object]:
    """The fields that an event changes, and what to."""
    after = update(state, event, timeline)
    return {
        field.name: getattr(after, field.name)
        for field in dataclasses.fields(State)
        if getattr(after, field.name) != getattr(state, field.name)
    }


def moments(timeline: Timeline) -> dict[str, int]:
    """Steps where a view has something else to show."""
    return {
        "start": 0,
        "loss": timeline.loss,
        "half way": (timeline.loss + timeline.arrived) // 2,
        "arrived": timeline.arrived,
        "update": timeline.last,
    }


def texts(lines: list[Line]) -> list[str]:
    return [text_of(line) for line in lines]


def assert_page(lines: list[Line], width: int, height: int, where: str) -> None:
    """Exactly height lines, each exactly width cells, with numbers as core.figures writes them."""
    assert len(lines) == height, f"{where}: {len(lines)} lines instead of {height}"
    for text in texts(lines):
        if (cells := cell_len(text)) != width:
            raise AssertionError(f"{where}: {cells} cells instead of {width}: {text!r}")
        assert not odd_numbers(text), f"{where}: {odd_numbers(text)} in {text!r}"


def odd_numbers(text: str) -> list[str]:
    """Numbers in a spelling that is not ours: 1e-05, 1e+30, 65%, 0.30000000000000004."""
    return re.findall(r"\d[\d.]*e(?:\+|-?0)\d*|\d+%|\d\.\d{11,}", text)


def cut_numbers(text: str) -> list[str]:
    """Numbers that an ellipsis (~ where there is none) has cut, or may have cut: nobody can tell 12… from 120."""
    # Most texts have neither, which takes a thousandth of the time to see.
    return re.findall(r"\S*[\d.][…~]", text) if "…" in text or "~" in text else []


# -- the command line --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """A finished command: exit status, what it printed, what it complained about."""

    status: int
    out: str
    err: str

    @property
    def problems(self) -> list[str]:
        return self.err.splitlines()

    @property
    def json(self) -> Any:
        return strict_json(self.out)


Command = Callable[..., Done]


def run_main(capsys: pytest.CaptureFixture[str], *arguments: object) -> Done:
    """`gradtui ARGUMENTS` in this process."""
    capsys.readouterr()
    status = main.main([str(each) for each in arguments])
    captured = capsys.readouterr()
    return Done(status, captured.out, captured.err)


def words_of(name: str, *arguments: str) -> Words:
    """The words of `gradtui NAME ARGUMENTS`, in which nothing is wrong."""
    words, problems = read_words(SUBCOMMANDS[name], arguments)
    assert not problems, problems
    return words


def run_process(*arguments: object, **environment: str) -> Done:
    """`python -m gradtui ARGUMENTS` without a terminal, warnings being errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "gradtui", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=os.environ | environment,
        check=False,
        timeout=60,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def strict_json(text: str) -> Any:
    """One JSON document and nothing else; Infinity and NaN, which are not JSON, are refused."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


# -- the app -----------------------------------------------------------------------------------------------

#: Frames as soon as there is something to draw: what a key does is to be seen at once.
_FPS = 500.0
_SESSIONS = itertools.count()
Script = Callable[[GradtuiApp, Pilot[int]], Awaitable[None]]


def play(
    script: Script,
    start: Experiment | State | None = None,
    size: tuple[int, int] = (80, 24),
    fps: float = _FPS,
    shows_toasts: bool = False,
    known: Known = NOTHING,
) -> GradtuiApp:
    """Run the app without a terminal, wait for its first trace, and let the script press keys.

    Nobody has read a lesson yet, unless a test has a folder of its own for what is kept.
    """
    if os.environ["XDG_STATE_HOME"].startswith(STATE_HOME.name):
        os.environ["XDG_STATE_HOME"] = f"{STATE_HOME.name}/{next(_SESSIONS)}"

    async def session() -> GradtuiApp:
        app = GradtuiApp(start if isinstance(start, State) else State(start or Experiment()), fps=fps, known=known)
        async with app.run_test(size=size, notifications=shows_toasts) as pilot:
            await until(pilot, lambda: app.record is not None, "the first trace")
            await script(app, pilot)
        return app

    return asyncio.run(session())


async def until(pilot: Pilot[int], condition: Callable[[], bool], what: str) -> None:
    """Let the app work until the condition holds, and until what follows from it is drawn."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        await pilot.pause()
    await pilot.pause()


async def settled(app: GradtuiApp, pilot: Pilot[int]) -> None:
    """Until what was asked for has been computed and is drawn."""

    def idle() -> bool:
        return app.state.loaded and app.jobs.idle

    await pilot.pause()
    await until(pilot, idle, "the trace")


def toasts(app: GradtuiApp) -> str:
    """What is said over the screen: what the status line has no room for."""
    return "\n".join(each.message for each in app._notifications)


def shown(app: GradtuiApp) -> str:
    """The text of all that the canvas shows, block by block: of panes the title, and what is inside the border."""
    lines: list[str] = []
    for name, (_, block) in app.canvas.blocks.items():
        lines += [title_of(app, name), *map(text_of, inside(block))] if name in PANES else map(text_of, block)
    return "\n".join(lines)


def inside(block: list[Line]) -> list[Line]:
    """A pane's lines without their border."""
    return [line[1:-1] for line in block[1:-1]]


def title_of(app: GradtuiApp, pane: str) -> str:
    return text_of(app.canvas.blocks[pane].lines[0][1:-1]).strip()


def panes_shown(app: GradtuiApp) -> list[str]:
    return [name for name in app.canvas.blocks if name in PANES]


def pane_focused(app: GradtuiApp) -> list[str]:
    """The panes whose border says that they have the focus."""
    return [name for name in panes_shown(app) if app.canvas.blocks[name].lines[0][0][1] == "border_focused"]


async def click(app: GradtuiApp, pilot: Pilot[int], block: str, x: int, y: int) -> None:
    """Click on a cell of a block; x and y are counted from its corner."""
    box = app.canvas.blocks[block].box
    await pilot.click(offset=(box.x + x, box.y + y))
