"""What is wrong with a recorded training, on the screen under Pilot: chosen, gone to, said once while it is written."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from gradtui.cli.opening_files import opening
from gradtui.model import events as e
from gradtui.model.commands import CHANGE, COMMANDS, LEARN
from gradtui.model.panes_of import panes_of
from gradtui.screen import diagnosing
from gradtui.screen.app import GradtuiApp
from gradtui.share.address import command as command_of
from tests.recordings import Line, mlp_lines, written
from tests.tui.helpers import settled, shown, toasts, until, words_of

Script = Callable[[GradtuiApp, Pilot[int]], Awaitable[None]]
LAYERS, STEPS = 12, 40


def vanishing(**other: object) -> list[Line]:
    """Sigmoids that lose half a decade of the gradient in every layer, and a loss that stays."""
    at: dict[tuple[int | None, str], dict[str, object]] = {}
    for layer in range(LAYERS):
        at[None, f"layers.{layer}"] = {"grad": 10.0 ** ((layer - LAYERS + 1) / 2)}
    lines = mlp_lines(LAYERS, STEPS, activation="Sigmoid", at=at, **other)  # type: ignore[arg-type]
    for line in lines:
        if line["k"] == "step":
            line["loss"] = 2.3
    return lines


def play(script: Script, path: Path, *arguments: str, size: tuple[int, int] = (120, 36)) -> GradtuiApp:
    state, cursor, results = opening(words_of("open", str(path), *arguments))

    async def session() -> GradtuiApp:
        app = GradtuiApp(state, cursor, fps=500.0, known=results)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.record is not None, "the record")
            await script(app, pilot)
        return app

    return asyncio.run(session())


async def found(app: GradtuiApp, pilot: Pilot[int]) -> None:
    await until(pilot, lambda: bool(app.state.findings), "the findings")


def test_the_findings_stand_beside_train_and_the_verdict_is_said(tmp_path: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await found(app, pilot)
        assert app.state.view == "train"
        text = shown(app)
        assert "fault: vanishing at layers.0 since step 0" in text
        assert "gradtui --depth" in text
        assert app.state.message.startswith("fault: vanishing at layers.0")

    play(script, written(vanishing(), tmp_path / "run.jsonl"), size=(200, 50))


def test_down_goes_to_a_findings_step_and_selects_its_module_in_every_view(tmp_path: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await found(app, pilot)
        assert app.state.iteration == STEPS - 1
        await pilot.press("shift+tab", "down")
        assert (app.state.pane, app.state.finding) == ("findings", 0)
        assert app.state.iteration == 0
        await pilot.press("enter")
        await settled(app, pilot)
        scene = app.scene()
        assert scene is not None
        assert app.state.view == "explore"
        assert scene.record.source.iteration == 0
        assert scene.name(scene.stage) == "layers.0"

    play(script, written(vanishing(), tmp_path / "run.jsonl"))


def test_its_experiment_opens_in_place_of_the_recording_and_undo_leads_back(tmp_path: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await found(app, pilot)
        await pilot.press("exclamation_mark")
        await settled(app, pilot)
        assert app.state.recordings == ()
        assert app.state.experiment.activation == "sigmoid"
        assert app.record is not None
        assert app.record.outcome.kind == "vanishing"
        assert app.state.message.startswith("what shows the same; u leads back")
        await pilot.press("u")
        await settled(app, pilot)
        assert len(app.state.recordings) == 1
        await pilot.press("8")
        await found(app, pilot)

    play(script, written(vanishing(), tmp_path / "run.jsonl"))


def test_the_copied_command_opens_the_same_view_and_finding(tmp_path: Path) -> None:
    path = written(vanishing(), tmp_path / "run.jsonl")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await found(app, pilot)
        app.send(e.ChooseFinding(0))
        for view in ("train", "explore"):
            app.send(e.Show(view))
            await settled(app, pilot)
            words = shlex.split(command_of(app.state, app.timeline))
            state, *_ = opening(words_of("open", *words[2:]))
            assert words[:3] == ["gradtui", "open", str(path)]
            assert (state.view, state.finding, state.iteration) == (view, 0, 0)

    play(script, path)


def test_its_lesson_opens_beside_it(tmp_path: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await found(app, pilot)
        await pilot.press("number_sign")
        await until(pilot, lambda: app.state.lesson is not None, "the lesson")
        assert app.state.lesson is not None
        assert app.state.lesson.lesson == "02-vanishing-with-sigmoid"

    play(script, written(vanishing(), tmp_path / "run.jsonl"))


def test_without_a_finding_its_keys_say_so(tmp_path: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await until(pilot, lambda: "healthy:" in shown(app), "the diagnosis")
        assert app.state.message == "", "nothing is said of what is healthy"
        for key in ("exclamation_mark", "number_sign"):
            await pilot.press(key)
            assert "no finding is shown" in app.state.message

    play(script, written(mlp_lines(steps=40), tmp_path / "run.jsonl"))


def test_a_finding_of_the_command_line_is_gone_to(tmp_path: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await found(app, pilot)
        await until(pilot, lambda: app.state.iteration == 0, "the finding's step")
        assert app.state.finding == 0

    play(script, written(vanishing(), tmp_path / "run.jsonl"), "--finding", "1", "--pane", "findings")


def test_while_it_is_written_each_new_fault_is_said_once_with_a_bell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosing, "_LEAST", 0.0)
    monkeypatch.setattr(diagnosing, "_TIMES", 0.0)
    rung: list[str] = []
    monkeypatch.setattr(GradtuiApp, "bell", lambda app: rung.append("bell"))
    path = tmp_path / "run.jsonl"
    lines = mlp_lines(steps=30, end=None)
    broken = mlp_lines(steps=36, at={(33, "layers.1"): {"rms": "nan", "mean": "nan", "grad": "nan"}}, end=None)
    for line in broken:
        if line["k"] == "step" and line["n"] >= 33:
            line["loss"] = "nan"

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await until(pilot, lambda: "so far healthy" in shown(app), "the first diagnosis")
        assert rung == []
        for count in (34, 36):
            with path.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(line) + "\n" for line in broken[app.state.trained + 1 : count + 1])
            await until(pilot, lambda count=count: app.state.diagnosed == count, "the lines that were added")
            await settled(app, pilot)
            await until(pilot, lambda: bool(app.state.findings), "the fault")
        assert rung == ["bell"]
        assert "not finite" in shown(app) or "NaN" in shown(app)

    play(script, written(lines, path))


def test_what_only_an_experiment_can_do_is_refused_with_what_can_and_the_recording_stays(tmp_path: Path) -> None:
    """Every key that changes an experiment, in each view that shows recordings."""
    changing = [command.id for command in COMMANDS if command.group in (CHANGE, LEARN)]
    refused = {*changing} - {"preset", "undo", "redo", *_ELSEWHERE}

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await found(app, pilot)
        for view in ("train", "explore", "compare"):
            app.send(e.Show(view))
            for name in refused:
                app.clear_notifications()
                app.send(e.Message())
                app.action_command(name)
                said = app.state.message or toasts(app)
                assert "gradtui mirror run.jsonl" in said, (view, name, said)
                assert len(app.state.recordings) == 1, (view, name)
                assert app.screen is app.screen_stack[0], f"{view}: {name} opens a dialog"
        app.send(e.Show("explore"), e.TurnUnits())
        assert app.state.pane in panes_of(app.state)
        assert "no single values" in app.state.message

    play(script, written(vanishing(), tmp_path / "run.jsonl"), size=(200, 50))


#: What has a meaning for recordings too, or is a lesson's.
_ELSEWHERE = (
    "next", "answer", "finding_experiment", "finding_lesson", "lesson_back", "close", "along", "hold",
)  # fmt: skip
