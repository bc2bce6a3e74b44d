"""The panes of a recorded training: pages of every size, names of modules, numbers of the selected one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gradtui.model.needs import Computed, Recording
from gradtui.model.panes_of import panes_of
from gradtui.model.shown import source_of_a
from gradtui.model.state import State, Steps
from gradtui.model.timeline import Timeline
from gradtui.model.trainings import HistoryOf, SnapshotOf, followed_a
from gradtui.views import status
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Source
from tests.recordings import Line, lstm_lines, mlp_lines, recorded
from tests.tui.helpers import assert_page, texts

SOURCE = Source(recording="run.jsonl", recorded=True, files=("run.jsonl",))


def scene_of_lines(lines: list[Line], **fields: object) -> Scene:
    """What the screen shows of these lines: the last step, in Train."""
    recording = recorded(lines)
    count = recording.count
    state = State(
        Experiment(), recordings=(SOURCE,), view="train", steps=Steps(recording.columns.steps), trained=count,
        iteration=count - 1, opened=count - 1, finished=True,
    )  # fmt: skip
    state = replace(state, **fields)  # type: ignore[arg-type]
    known = {HistoryOf(SOURCE): recording}
    computed = Recording(source_of_a(state)).compute(lambda share: None, known)
    assert isinstance(computed, Computed)
    results = {**known, SnapshotOf(followed_a(state) or SOURCE): recording.snapshot(state.along)}
    return Scene(computed.record, Timeline.of(computed.record), state, results)


@pytest.mark.parametrize("view", ["train", "explore", "compare"])
@pytest.mark.parametrize(("lines", "along"), [(mlp_lines(5, 9), ""), (lstm_lines(9, 6), "lstm")], ids=["mlp", "lstm"])
def test_every_pane_of_a_recorded_training_fills_its_box(view: str, lines: list[Line], along: str) -> None:
    scene = scene_of_lines(lines, view=view, along=along)
    for pane in panes_of(scene.state):
        for width, height in ((30, 4), (58, 8), (78, 18), (160, 40)):
            assert_page(PANES[pane].view(scene, width, height), width, height, pane)
            assert PANES[pane].title(scene, width)
            assert all(PANES[pane].spoken(scene))


def test_rows_have_the_names_of_modules_and_long_ones_keep_their_end() -> None:
    lines = mlp_lines(3, 4)
    for row in (*lines[0]["modules"], *lines[0]["params"]):
        row[0] = f"encoder.transformer.{row[0]}"
    narrow, wide = ("\n".join(texts(PANES["map_a"].view(scene_of_lines(lines), width, 12))) for width in (60, 200))
    assert "encoder.transformer.layers.2" in wide
    assert "encoder" not in narrow
    assert "layers.2" in narrow


def test_the_numbers_of_a_module_are_those_of_the_line() -> None:
    other = {(3, "layers.1"): {"grad": 0.125}, (3, "layers.1.weight"): {"grad": 0.25, "weight": 4.0, "update": 5e-4}}
    at = {**other, (3, "acts.1"): {"grad": 0.125, "off": 0.375}}
    scene = scene_of_lines(mlp_lines(3, 4, at=at), view="explore", selected=1)
    page = texts(PANES["numbers"].view(scene, 78, 30))
    assert PANES["numbers"].title(scene, 78).startswith("layers.1 in numbers")
    [gradient] = [line for line in page if line.startswith("‖∂L/∂h‖")]
    assert gradient.split()[-1] == "0.125"
    [dead] = [line for line in page if line.startswith("dead")]
    assert "38 %" in dead
    [weight] = [line for line in page if line.startswith("layers.1.weight")]
    assert weight.split()[1:] == ["0.250", "4.00", "5.0e-4"]


@pytest.mark.parametrize(("quantity", "value"), [("update", "5.0e-4"), ("parameters", "0.250"), ("mean", "-0.5")])
def test_the_map_shows_each_quantity_of_every_step(quantity: str, value: str) -> None:
    at = {(3, "layers.1.weight"): {"grad": 0.25, "weight": 4.0, "update": 5e-4}, (3, "acts.1"): {"mean": -0.5}}
    lines = mlp_lines(3, 4, at={**at, (None, "layers.1.bias"): {"grad": 0.0, "weight": 0.0, "update": 0.0}})
    scene = scene_of_lines(lines, selected=1, quantity=quantity)
    assert f"layers.1: {value}" in PANES["map_a"].title(scene, 110)


def test_a_spike_between_two_recorded_steps_is_drawn_and_a_loss_may_be_negative() -> None:
    lines = mlp_lines(3, 30, every=10)
    lines[16]["ring"][4][1] = 900.0
    page = texts(PANES["loss"].view(scene_of_lines(lines), 78, 12))
    assert any("▲" in line or "900" in line for line in page[:2])
    for line in lines[1:-1]:
        line["loss"], line["ring"] = -2.0 - line["n"] / 100, []
    low = texts(PANES["loss"].view(scene_of_lines(lines), 78, 12))
    assert any(line.lstrip().startswith("-4.90") for line in low)


def test_of_a_log_of_losses_explore_says_what_was_not_recorded() -> None:
    lines = [line | {"a": [], "p": []} if line["k"] == "step" else line for line in mlp_lines(3, 4)]
    lines[0] |= {"modules": [], "params": []}
    scene = scene_of_lines(lines, view="explore")
    page = texts(PANES["numbers"].view(scene, 78, 12))
    assert "This recording has nothing of single modules." in [line.strip() for line in page]
    assert not any("nan" in line for line in page)
    [_, said] = texts(status.header(scene, 120))
    assert said.strip().startswith("no gradient was recorded here")


@pytest.mark.parametrize(
    ("norms", "said"),
    [
        ([6885.9, 1.0], "rate 0.1 · norm of all gradients 6.9e3, clipped to 1.00"),
        ([1.3, 1.3], "rate 0.1 · norm of all gradients 1.30"),
        ([None, 2.0], "rate 0.1 · norm of all gradients 2.00"),
        ([None, None], "rate 0.1"),
    ],
)
def test_at_the_cursor_stands_the_norm_of_all_gradients_and_what_clipping_left(norms: list[float], said: str) -> None:
    page = texts(PANES["moment"].view(scene_of_lines(mlp_lines(3, 4, gn=norms and [norms] * 4)), 100, 12))
    assert said in [line.strip() for line in page]
