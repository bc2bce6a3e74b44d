"""Recorded trainings on the screen under Pilot: every step in each view, two side by side, and while the file grows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gradtui.cli import opening_files
from gradtui.cli.words import Words
from gradtui.model import events as e
from gradtui.model.needs import Known
from gradtui.model.state import State
from gradtui.screen.app import GradtuiApp
from gradtui.views.frame.training_sides import Sides
from gradtui.views.train import heat, words
from gradtui_engine import ExperimentError
from tests.recordings import lstm_lines, mlp_lines, written
from tests.tui.helpers import Pilot, play, settled, shown, until


def opened(*files: Path | str, **options: object) -> tuple[State, Known]:
    state, _, results = opening_files.opening(Words(files=tuple(map(str, files)), given=options))
    return state, results


async def read(app: GradtuiApp, pilot: Pilot[int]) -> None:
    """Until the end of the file has been read."""
    await until(pilot, lambda: app.state.finished, "the end of the record")
    await settled(app, pilot)


def test_a_recorded_training_opens_at_its_last_step_in_train_with_the_names_of_its_modules(tmp_path: Path) -> None:
    file = written(mlp_lines(4, 20, every=5), tmp_path / "run.jsonl")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await read(app, pilot)
        assert (app.state.view, app.state.trained, app.state.iteration) == ("train", 20, 19)
        assert "step 95 of 95" in shown(app)
        assert "layers.3" in shown(app)
        await pilot.press("home")
        assert "step 0 of 95" in shown(app)

    state, results = opened(file)
    play(script, state, known=results)


def test_enter_opens_the_step_under_the_cursor_with_its_modules_in_numbers(tmp_path: Path) -> None:
    lines = mlp_lines(3, 6, every=10, at={(30, "layers.1"): {"grad": 0.125}})
    file = written(lines, tmp_path / "run.jsonl")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await read(app, pilot)
        await pilot.press("left", "left", "enter")
        await settled(app, pilot)
        assert app.record is not None
        assert (app.state.view, app.record.source.iteration) == ("explore", 30)
        assert "in numbers" in shown(app)

    state, results = opened(file)
    play(script, state, known=results)


def test_the_time_steps_of_a_recurrent_module_are_one_key_away(tmp_path: Path) -> None:
    file = written(lstm_lines(5, 7, factor=0.5), tmp_path / "run.jsonl")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await read(app, pilot)
        await pilot.press("J")
        await settled(app, pilot)
        assert app.record is not None
        assert (app.state.along, app.record.axis) == ("lstm", "time")
        assert [stage.gradient_norm for stage in app.record.stages] == [0.5 ** (7 - t) for t in range(8)]
        await pilot.press("J")
        await settled(app, pilot)
        assert app.record.axis == "module"

    state, results = opened(file)
    play(script, state, known=results)


def test_a_step_is_held_as_b_and_goes_again(tmp_path: Path) -> None:
    file = written(mlp_lines(3, 6), tmp_path / "run.jsonl")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await read(app, pilot)
        await pilot.press("home", "Z", "end", "c")
        await settled(app, pilot)
        scene = app.scene()
        assert scene is not None
        assert scene.other is not None
        assert (scene.record.source.iteration, scene.other.record.source.iteration) == (5, 0)
        await pilot.press("Z")
        await settled(app, pilot)
        assert len(app.state.recordings) == 1

    state, results = opened(file)
    play(script, state, known=results)


def test_two_trainings_have_one_axis_of_steps(tmp_path: Path) -> None:
    """B's numbers are those of its last step up to A's, and beyond A's end its own."""
    a = written(mlp_lines(3, 4, every=10), tmp_path / "a.jsonl")
    b = written(mlp_lines(3, 5, every=15), tmp_path / "b.jsonl")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await read(app, pilot)
        assert app.state.steps is not None
        assert [*map(app.state.steps.__getitem__, range(len(app.state.steps)))] == [0, 10, 20, 30, 45, 60]
        scene = app.scene()
        assert scene is not None
        assert scene.snapshot is not None
        assert scene.snapshot_b is not None
        assert scene.snapshot.count == 4
        own = [round(2.0 * 0.97**step, 5) for step in (0, 0, 15, 30, 45, 60)]
        assert scene.snapshot_b.columns["loss"].tolist() == own

    state, results = opened(a, b, view="train")
    play(script, state, known=results)


def test_what_is_written_while_the_screen_is_open_comes_in_and_the_cursor_goes_along(tmp_path: Path) -> None:
    whole = mlp_lines(3, 8)
    file = written(whole[:4], tmp_path / "run.jsonl")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await until(pilot, lambda: app.state.trained == 3, "the first three steps")
        assert "being written" in shown(app)
        written(whole, file)
        await read(app, pilot)
        assert (app.state.trained, app.state.iteration) == (8, 7)
        assert "being written" not in shown(app)

    state, results = opened(file)
    play(script, state, known=results)


def test_a_step_can_be_asked_for_with_the_file(tmp_path: Path) -> None:
    file = written(mlp_lines(3, 6, every=10), tmp_path / "run.jsonl")
    state, _ = opened(f"{file}@25")
    assert (state.iteration, state.opened, state.follows) == (2, 2, False)  # of 20 and 30, as near, the earlier
    state, _ = opened(f"{file}@10", f"{file}@40")
    assert (state.view, state.iteration) == ("compare", 1)
    assert [(source.iteration, source.pinned) for source in state.recordings] == [(10, False), (40, True)]


def test_the_log_of_another_tool_opens_with_its_losses_and_says_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("step,loss\n" + "".join(f"{step},{2 * 0.97**step}\n" for step in range(0, 300, 10)))

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await read(app, pilot)
        assert (app.state.view, app.state.trained, app.state.iteration) == ("train", 30, 29)
        assert "step 290" in shown(app)
        # No number at all is none that broke.
        assert "no number of it is in this recording" in shown(app)
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.state.view == "explore"

    state, results = opened(file)
    play(script, state, known=results)


def test_a_file_with_its_header_alone_is_waited_for_and_shown_from_its_first_step_on(tmp_path: Path) -> None:
    first, *steps = mlp_lines(3, 2)
    file = written([first], tmp_path / "run.jsonl")

    async def script() -> None:
        app = GradtuiApp(state, known=results)
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: app.state.message == "no step is recorded yet", "what it waits for")
            for key in ("enter", "J", "8", "Z"):
                await pilot.press(key)
            written([first, *steps], file)
            await until(pilot, lambda: app.record is not None, "the first step")
            await read(app, pilot)
            assert app.state.trained == 2

    state, results = opened(file)
    asyncio.run(script())


def test_a_file_that_ended_before_its_first_step_is_refused(tmp_path: Path) -> None:
    file = written(mlp_lines(3, 0), tmp_path / "run.jsonl")
    with pytest.raises(ExperimentError, match="ended before a step was recorded"):
        opened(file)


def test_a_step_that_was_not_looked_at_is_said_and_the_nearest_one_is_shown_under_its_own_number(
    tmp_path: Path,
) -> None:
    file = written(mlp_lines(3, 6, every=10), tmp_path / "run.jsonl")
    opening = opening_files.opening(Words(files=(f"{file}@12", f"{file}@38")))
    assert [source.iteration for source in opening.state.recordings] == [10, 40]
    [said] = [event.text for event in opening.cursor if isinstance(event, e.Message)]
    assert said == "step 12 was not looked at: 10 is; step 38 was not looked at: 40 is"

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await read(app, pilot)
        scene = app.scene()
        assert scene is not None
        assert scene.other is not None
        assert (scene.record.source.iteration, scene.other.record.source.iteration) == (10, 40)

    play(script, opening.state, known=opening.results)


def test_the_map_as_text_and_one_that_has_ended_name_the_trainings_own_steps(tmp_path: Path) -> None:
    long, short = written(mlp_lines(4, 20, every=5), tmp_path / "a.jsonl"), tmp_path / "b.jsonl"
    written(mlp_lines(4, 4, every=10), short)

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await read(app, pilot)
        await pilot.press("8", "end")
        await settled(app, pilot)
        scene = app.scene()
        assert scene is not None
        a = Sides.of(scene)
        assert heat.said(a, "A")[0].endswith("at step 0 and at step 95:")
        side = next(side for side in a if side.letter == "B")
        assert words.absent(side) == ("B ended at step 30", "B ended at 30")

    state, results = opened(long, short)
    play(script, state, known=results)


def test_a_step_whose_numbers_are_nan_is_not_said_to_lack_them(tmp_path: Path) -> None:
    broken = {"mean": "nan", "rms": "nan", "min": "nan", "max": "nan", "grad": "nan"}
    nothing = {"grad": "nan", "weight": "nan", "update": "nan"}
    names = [f"layers.{layer}" for layer in range(3)]
    at = {(3, name): broken for name in names}
    at |= {(3, f"acts.{layer}"): broken for layer in range(2)}
    at |= {(3, f"{name}.{part}"): nothing for name in names for part in ("weight", "bias")}
    file = written(mlp_lines(3, 4, at=at, loss=[1.0, 0.9, 0.8, "nan"]), tmp_path / "run.jsonl")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await read(app, pilot)
        await pilot.press("enter")
        await settled(app, pilot)
        assert "What was recorded here is not finite." in shown(app)
        assert "nothing of single modules" not in shown(app)

    state, results = opened(file)
    play(script, state, (120, 36), known=results)
