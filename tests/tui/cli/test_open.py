"""`gradtui open`: what `run --json`, `run --save` and the exports have written is on the screen again."""

from __future__ import annotations

import asyncio
import itertools
import json
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from gradtui.cli.arguments import help_of
from gradtui.cli.reading import read
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.model import events as e
from gradtui.model.names import QUANTITIES
from gradtui.model.needs import Computed, need_of
from gradtui.model.opening import Opening
from gradtui.model.panes_of import panes_of
from gradtui.screen.app import GradtuiApp
from gradtui.share.address import command as command_of
from gradtui.share.exports import FORMATS, Material
from gradtui.views import status
from gradtui.views.catalogue import PANES, needs
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment
from gradtui_engine.analysis.json_document import document
from gradtui_engine.recordings.recording import NOT_KNOWN
from tests.tui.helpers import Command, scene_of, settled, shown, texts, trace_of, until

SMALL = Experiment(depth=5, width=6, batch=4)
OTHER = SMALL.replace(activation="relu", init="he_normal")
LSTM = Experiment(cell="lstm", data="gaussian", steps=9, width=4, batch=3)

Script = Callable[[GradtuiApp, Pilot[int]], Awaitable[None]]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keys save lands in a folder of the test's."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """saved(experiment, name=…, field=…) → the file that `run --json` writes, with some of its fields otherwise."""

    def save(experiment: Experiment, name: str = "run.json", /, **otherwise: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(document(trace_of(experiment)) | otherwise))
        return path

    return save


def opening(*arguments: object) -> Opening:
    made = read(SUBCOMMANDS["open"], [str(each) for each in arguments]).opening
    assert made is not None
    return made


def play(script: Script, *arguments: object, size: tuple[int, int] = (120, 36)) -> None:
    """The app with these files open."""
    state, cursor, results = opening(*arguments)

    async def session() -> None:
        app = GradtuiApp(state, cursor, known=results)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.record is not None, "the record")
            await script(app, pilot)

    asyncio.run(session())


def scene(*arguments: object) -> Scene:
    state, _, results = opening(*arguments)
    computed = next(iter(results.values()))
    return Scene(computed.record, computed.timeline, state, results)


# -- what is opened --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("experiment", [SMALL, OTHER, LSTM], ids=["mlp", "relu", "lstm"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_bars_of_a_saved_document_are_those_of_the_run(
    experiment: Experiment, quantity: str, saved: Callable[..., Path]
) -> None:
    opened = scene(saved(experiment), "--quantity", quantity)
    run = scene_of(experiment, quantity=quantity, step=10**6)
    moved = Scene(opened.record, opened.timeline, run.state, {})
    assert texts(PANES["gradient"].view(moved, 60, 20)) == texts(PANES["gradient"].view(run, 60, 20))
    assert texts(PANES["depth"].view(moved, 90, 30)) == texts(PANES["depth"].view(run, 90, 30))


@pytest.mark.parametrize("experiment", [SMALL, LSTM], ids=["mlp", "lstm"])
@pytest.mark.parametrize("view", ["explore", "lab", "theory"])
def test_a_saved_archive_has_every_pane_as_the_run_has_it(experiment: Experiment, view: str, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    trace_of(experiment).save(path)
    state, _, results = opening(path, "--view", view)
    results = {need: results.get(need) or need.compute(lambda share: None, results) for need in needs(state)}
    computed = results[need_of(state.recordings[0])]
    opened = Scene(computed.record, computed.timeline, state, results)
    run = scene_of(experiment, view=view, step=0)
    for pane in panes_of(state):
        assert texts(PANES[pane].view(opened, 90, 20)) == texts(PANES[pane].view(run, 90, 20)), pane


def test_the_header_names_the_file_and_says_what_the_run_said(saved: Callable[..., Path]) -> None:
    opened = texts(status.header(scene(saved(SMALL)), 120))
    run = texts(status.header(scene_of(SMALL), 120))
    assert "run.json · MLP 5×6" in opened[0]
    assert opened[1] == run[1]


def test_two_files_are_compared_and_so_are_both_sides_of_an_export_of_compare(
    saved: Callable[..., Path], tmp_path: Path
) -> None:
    a, b = saved(SMALL, "a.json"), saved(OTHER, "b.json")
    both = tmp_path / "both.json"
    with both.open("wb") as file:
        FORMATS["json"].write(Material(trace_of(SMALL), trace_of(OTHER)), file)
    for files in ((a, b), (both,)):
        opened = scene(*files)
        assert opened.state.view == "compare"
        assert opened.other is not None
        assert opened.record.outcome.ratio == trace_of(SMALL).outcome.ratio
        assert opened.other.record.outcome.ratio == trace_of(OTHER).outcome.ratio
        difference = " ".join(" ".join(texts(PANES["difference"].view(opened, 110, 12))).split())
        assert "B differs from A in: activation sigmoid → relu, init xavier_normal → he_normal" in difference


@pytest.mark.parametrize("format", ["json", "npz"])
def test_an_export_of_one_experiment_on_both_sides_is_opened_as_a_and_b(format: str, tmp_path: Path) -> None:
    both = tmp_path / f"both.{format}"
    with both.open("wb") as file:
        FORMATS[format].write(Material(trace_of(SMALL), trace_of(SMALL)), file)
    state, _, _ = opening(both)
    a, b = (need_of(source).compute(lambda share: None) for source in state.recordings)
    assert [computed.record.source.words for computed in (a, b) if isinstance(computed, Computed)] == ["A", "B"]


def test_the_options_of_the_screen_say_where_to_begin(saved: Callable[..., Path]) -> None:
    state, cursor, _ = opening(saved(SMALL), "--view", "theory", "--stage", "3")
    assert state.view == "theory"
    assert cursor == (e.Select(stage=3),)


# -- how it goes on ---------------------------------------------------------------------------------------------


def test_an_opened_file_is_stepped_through_and_changed_as_any_experiment(saved: Callable[..., Path]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert "Not in this recording" in shown(app)
        step = app.state.step
        await pilot.press("N")
        assert app.state.step == step - 1
        await pilot.press("x")
        assert app.state.quantity == "parameters"
        # Not 2: on the story's pages digits open pairs, which replace what is shown.
        await pilot.press("1", "3", "4", "5", "6", "7", "1")
        await pilot.press("r")
        await settled(app, pilot)
        assert app.state.recordings == ()
        assert "Not in this recording" not in shown(app)
        await pilot.press("u")
        await settled(app, pilot)
        assert len(app.state.recordings) == 1
        assert "Not in this recording" in shown(app)
        await pilot.press("R")
        await settled(app, pilot)
        assert (app.state.recordings, app.state.experiment) == ((), SMALL.replace(seed=1))

    play(script, saved(SMALL))


def test_a_cure_of_an_opened_file_is_computed_beside_its_experiment(saved: Callable[..., Path]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("A")
        await settled(app, pilot)
        scene = app.scene()
        assert scene is not None
        assert scene.other is not None
        assert scene.other.listed.resolved.activation == "relu"
        assert app.state.view == "compare"

    play(script, saved(SMALL))


def test_of_a_file_that_does_not_say_which_experiment_it_was_nothing_can_be_changed(saved: Callable[..., Path]) -> None:
    path = saved(SMALL, experiment=None, given=None)

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for key in ("R", "a", "m", "A", "f"):
            await pilot.press(key)
            assert "does not say which experiment it was" in app.state.message, key
            assert app.state.nameless
        await pilot.press("s", "n", "down")
        assert app.state.nameless

    play(script, path)


def test_swapping_two_opened_files_makes_b_a(saved: Callable[..., Path]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        app.action_command("swap")
        await settled(app, pilot)
        assert [Path(each.recording).name for each in app.state.recordings] == ["b.json", "a.json"]
        assert app.record is not None
        assert app.record.source.experiment == OTHER

    play(script, saved(SMALL, "a.json"), saved(OTHER, "b.json"))


def test_the_copied_command_opens_what_no_experiment_would_show(saved: Callable[..., Path]) -> None:
    nameless, named = saved(SMALL, "nameless.json", experiment=None, given=None), saved(OTHER, "named.json")
    assert shlex.split(command_of(scene(nameless).state, None)) == ["gradtui", "open", str(nameless)]
    both = shlex.split(command_of(scene(nameless, named, "--view", "compare").state, None))
    assert both == ["gradtui", "open", str(nameless), str(named), "--view", "compare"]
    assert shlex.split(command_of(scene(named).state, None))[:2] == ["gradtui", "--depth"]


# -- what cannot be opened --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("run.json", "{", "is not a JSON document"),
        ("run.json", "[]", "is not what gradtui run --json writes"),
        ("run.json", "null", "is not what gradtui run --json writes"),
        ("run.json", '{"a": {}, "b": {}}', "is not what gradtui run --json writes"),
        ("run.json", '{"schema": 99}', "is not what gradtui run --json writes"),
        ("run.json", "[" * 100_000, "is not a JSON document"),
        ("run.toml", "depth = 3", str(NOT_KNOWN)),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(
    name: str, content: str, said: str, tmp_path: Path, command: Command
) -> None:
    path = tmp_path / name
    path.write_text(content)
    done = command("open", path)
    assert (done.status, done.out) == (2, "")
    assert done.problems == [f"gradtui open: {path}: {said}"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *itertools.product(("stages", "outcome", "profile", "axis", "parameters"), (None, [], "text", 3)),
        *(("loss", wrong) for wrong in ([], "text")),
    ],
)
def test_a_document_with_a_wrong_part_is_refused(
    field: str, wrong: Any, saved: Callable[..., Path], command: Command
) -> None:
    done = command("open", saved(SMALL, **{field: wrong}))
    assert done.status == 2
    assert done.err.endswith("is not what gradtui run --json writes\n")


def test_every_problem_is_said_at_once(saved: Callable[..., Path], tmp_path: Path, command: Command) -> None:
    missing = tmp_path / "missing.json"
    done = command("open", missing, saved(SMALL), "--view", "nowhere")
    assert done.status == 2
    assert f"gradtui open: {missing}: cannot be read: No such file or directory" in done.problems
    assert any(problem.startswith("gradtui open: --view: ") for problem in done.problems)
    needed = "needs a file that run --save, run --json or gradtui.watch has written"
    assert command("open").problems == [f"gradtui open: FILE: {needed}"]
    three = command("open", *(saved(SMALL, f"{name}.json") for name in "abc"))
    assert three.problems == ["gradtui open: FILE: 3 records; two at the most, as A and B"]


def test_the_help_begins_with_what_a_recording_has_use_for() -> None:
    help_text = help_of(SUBCOMMANDS["open"])
    first, later = help_text.split("the screen's other options")
    assert first.splitlines()[0] == "usage: gradtui open [options] [RUN.jsonl[@STEP]|RUN.npz|RUN.json|FOLDER ...]"
    assert "--finding" in first
    assert "--warmup" in later
    assert len(first.splitlines()) < 40
