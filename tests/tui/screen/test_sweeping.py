"""The screen of sweeps: what the keys do, what is computed, what is kept."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.widgets import Input, Label

from gradtui.model import events as e
from gradtui.model.permissions import VISITOR
from gradtui.model.state import State
from gradtui.model.sweep_cells import SweepCells
from gradtui.model.sweeps import CellsOf, plan_of, spot
from gradtui.screen.app import GradtuiApp
from gradtui.screen.dialogs.dialogs import Ask, Picker
from gradtui.share import address
from gradtui.text import process
from gradtui_engine import Experiment, simulate
from gradtui_engine.core.allowances import Allowances
from tests.tui.helpers import Pilot, click, play

SMALL = Experiment(depth=3, width=8, batch=16)
PLAN = (("x", "gain=0.5:2:5:log"), ("y", "depth=2:5:4"))
TRAINED = (*PLAN, ("measure", "loss"), ("train", 3))
#: Cells that take long enough to be interrupted: 64 of them about a minute.
LONG = (("x", "gain=0.5:2:8:log"), ("y", "seed=0:7:8"), ("train", 600))
Script = Callable[[GradtuiApp, Pilot[int]], Awaitable[None]]


@pytest.fixture(autouse=True)
def in_this_process() -> object:
    """Cells are computed in a thread: no test waits for processes to start."""
    with process.during(engine=Allowances(processes=False)):
        yield


def cells(app: GradtuiApp, of_b: bool = False) -> SweepCells:
    plan = plan_of(app.state)
    sweep = plan.b if of_b else plan.a
    assert sweep is not None, plan.problem
    found = app.sweeps.results[CellsOf(sweep)]
    assert isinstance(found, SweepCells)
    return found


async def all_there(app: GradtuiApp, pilot: Pilot[int]) -> None:
    end = time.monotonic() + 60
    while not app.state.swept_all and time.monotonic() < end:
        await pilot.pause(0.02)
    assert app.state.swept_all


def sweep(script: Script, plan: e.Changes = PLAN, size: tuple[int, int] = (100, 30)) -> None:
    play(script, State(SMALL, view="sweep", pane="sweep_a", sweep=plan), size)


# -- computing -------------------------------------------------------------------------------------------------


def test_the_key_shows_the_plane_that_suits_the_experiment_and_computes_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("9")
        assert app.state.view == "sweep"
        await all_there(app, pilot)
        found = cells(app)
        assert found.done
        assert len(found.cells) == math.prod(found.sweep.shape)

    play(script, State(SMALL, sweep=PLAN), (100, 30))


def test_each_cell_is_what_its_experiment_comes_to() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await all_there(app, pilot)
        for (i, j), cell in cells(app).cells.items():
            run = simulate(cells(app).sweep.experiment_at(i, j))
            assert cell.values["ratio"] == run.outcome.ratio
            assert cell.values["loss"] == run.loss

    sweep(script, (("x", "gain=0.5,2"), ("y", "depth=2,4")))


def test_space_pauses_and_goes_on() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("space")
        app.sweeps._work.result()  # type: ignore[union-attr]  # until the thread has noticed
        there = len(cells(app).cells)
        await pilot.pause(0.2)
        assert len(cells(app).cells) <= there + 1
        assert app.state.resting
        assert not cells(app).done
        await pilot.press("space")
        assert not app.state.resting
        await pilot.press("space")

    sweep(script, LONG)


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
def test_escape_and_ctrl_c_cancel_within_a_second_and_keep_what_is_there(key: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        end = time.monotonic() + 30
        while not app.state.swept and time.monotonic() < end:
            await pilot.pause(0.02)
        start = time.monotonic()
        await pilot.press(key)
        app.sweeps._work.result()  # type: ignore[union-attr]
        assert time.monotonic() - start < 1.0
        assert not app.sweeps.busy
        assert len(cells(app).cells) >= 1
        assert "cancelled" in app.state.message

    sweep(script, LONG)


def test_another_measure_is_there_at_once() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await all_there(app, pilot)
        before = cells(app)
        await pilot.press("x")
        assert dict(app.state.sweep)["measure"] == "average_factor"
        assert cells(app) is before
        await pilot.press("X")
        assert dict(app.state.sweep)["measure"] == "ratio"

    sweep(script)


def test_cells_of_a_plane_that_overlaps_are_not_computed_again() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await all_there(app, pilot)
        first = cells(app)
        # The same cells of another base: what differs is what the axes decide.
        app.send(e.Change(SMALL.replace(depth=5, gain=2.0)))
        await pilot.pause(0.1)
        await all_there(app, pilot)
        assert cells(app).sweep != first.sweep
        assert all(cells(app).cells[place].seconds == cell.seconds for place, cell in first.cells.items())

    sweep(script)


def test_b_stands_beside_a_on_the_same_cells() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await all_there(app, pilot)
        await pilot.press("S")
        assert app.state.view == "sweep"
        await pilot.pause(0.1)
        await all_there(app, pilot)
        assert cells(app, of_b=True).sweep.base.residual != SMALL.residual
        assert cells(app, of_b=True).done
        await pilot.press("v")
        assert app.state.pane == "sweep_b"
        await pilot.press("v")
        assert app.state.pane == "sweep_a"

    sweep(script, (("x", "gain=0.5,2"), ("y", "depth=2,4")))


# -- the cursor ------------------------------------------------------------------------------------------------


def test_keys_and_clicks_move_the_cursor_and_the_edges_hold_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        steps = {
            "right": (1, 0), "up": (1, 1), "left": (0, 1), "end": (4, 1), "pageup": (4, 3), "pagedown": (4, 0),
            "home": (0, 0), "down": (0, 0), "G": (0, 3), "g": (0, 0),
        }  # fmt: skip
        for key, place in steps.items():
            await pilot.press(key)
            assert spot(app.state) == place, key
        await click(app, pilot, "sweep_a", 40, 3)
        assert spot(app.state)[0] > 0
        assert spot(app.state)[1] > 0

    sweep(script)


def test_enter_opens_the_cell_in_explore_and_undo_leads_back_to_the_plane() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("right", "right", "right", "right", "up", "enter")
        await pilot.pause(0.2)
        assert (app.state.view, app.state.experiment) == ("explore", SMALL.replace(gain=2.0, depth=3))
        await pilot.press("u")
        await pilot.pause(0.2)
        assert (app.state.view, app.state.experiment) == ("sweep", SMALL)
        assert spot(app.state) == (4, 1)

    sweep(script)


def test_of_a_trained_sweep_enter_opens_train_with_its_iterations() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("right", "enter")
        await pilot.pause(0.2)
        assert app.state.view == "train"
        assert dict(app.state.plan)["iterations"] == 3
        await pilot.press("u")
        assert (app.state.view, app.state.experiment, app.state.plan) == ("sweep", SMALL, ())

    sweep(script, TRAINED)


# -- the plan --------------------------------------------------------------------------------------------------


def test_the_form_changes_an_axis_and_says_what_is_wrong_with_one() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("E", "enter")
        assert isinstance(app.screen, Ask)
        box = app.screen.query_one(Input)
        box.value = "gian=0.5:2"
        await pilot.press("enter")
        assert "gain" in str(app.screen.query_one(".problem", Label).render())
        box.value = "width=4,8"
        await pilot.press("enter")
        assert isinstance(app.screen, Picker), "back in the list of fields"
        await pilot.press("escape")
        assert dict(app.state.sweep)["x"] == "width=4,8"
        assert plan_of(app.state).shape == (2, 4)

    sweep(script)


def test_the_form_trains_and_a_measure_of_a_training_goes_with_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("E", "t", "enter")
        app.screen.query_one(Input).value = "4"
        await pilot.press("enter", "escape")
        plan = plan_of(app.state)
        assert plan.a is not None
        assert plan.a.training is not None
        assert plan.a.training.iterations == 4
        assert "accuracy" in plan.a.measures
        await pilot.press("E", "t", "enter")
        app.screen.query_one(Input).value = "0"
        await pilot.press("enter", "escape")
        assert plan_of(app.state).a.training is None  # type: ignore[union-attr]

    sweep(script, (("x", "gain=0.5,2"), ("y", "depth=2,4")))


# -- the store -------------------------------------------------------------------------------------------------


def test_cells_are_kept_in_a_folder_from_one_session_to_the_next(tmp_path: Path) -> None:
    seconds: list[dict[tuple[int, int], float]] = []

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await all_there(app, pilot)
        seconds.append({place: cell.seconds for place, cell in cells(app).cells.items()})

    with process.during(sweep_store=str(tmp_path / "cells")):
        sweep(script)
        sweep(script)
    assert seconds[0] == seconds[1], "what it took the first time is what is known"


def test_a_folder_that_cannot_be_used_is_said_and_the_cells_come(tmp_path: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await all_there(app, pilot)

    (tmp_path / "file").write_text("")
    with process.during(sweep_store=str(tmp_path / "file")):
        sweep(script)


# -- elsewhere -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "plan", [PLAN, TRAINED, (("x", "gain=0.5,2"),), (*PLAN, ("repeats", "0:2"), ("second", "loss"))]
)
def test_the_command_that_is_copied_opens_the_same_plane_and_cursor(plan: e.Changes) -> None:
    state = State(SMALL, view="sweep", pane="sweep_a", sweep=plan, spot_x=2, spot_y=1)
    found, _ = address.understood(address.command(state, None))
    assert (found.view, dict(found.sweep), found.spot_x, found.spot_y) == ("sweep", dict(plan), 2, 1)
    assert plan_of(found) == plan_of(state)


def test_for_visitors_a_sweep_has_its_bounds_and_no_processes() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert app.sweeps._executor() is None
        app.send(e.PlanSweep((("x", "gain=0.5:2:30:log"), ("y", "depth=2:31:30"))))
        assert "400" in plan_of(app.state).problem
        app.send(e.PlanSweep((*PLAN, ("train", 1999))))
        assert "32" in plan_of(app.state).problem
        app.send(e.PlanSweep(PLAN))
        await all_there(app, pilot)

    before = process.current().engine
    VISITOR.enforce()
    try:
        play(script, State(SMALL, view="sweep", pane="sweep_a", sweep=PLAN), (100, 30))
    finally:
        process.change(engine=before, own_lessons=True)
