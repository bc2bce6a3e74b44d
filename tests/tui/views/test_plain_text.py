"""Panes in words: everything that they show is said, and nothing is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from gradtui.model.names import QUANTITIES
from gradtui.model.needs import Computed, Need, Simulation
from gradtui.text import glyphs
from gradtui.text.spans import text_of
from gradtui.text.speech import plain
from gradtui.text.summary import kind_name
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui.views.plain_text import plain_lines
from gradtui_engine import Experiment
from gradtui_engine.core.figures import short
from tests.tui.helpers import CASES, EXPLORE, moments, scene_of, timeline_of, trace_of

cases = pytest.mark.parametrize("name", CASES)


@pytest.fixture(autouse=True)
def block_glyphs() -> Iterator[None]:
    yield
    glyphs.use(glyphs.BLOCK)


def compared() -> Scene:
    """A sigmoid MLP beside a ReLU one."""
    a, changes = Experiment(depth=8), (("activation", "relu"), ("init", "he_normal"))
    b = a.replace(**dict(changes))
    found: dict[Need, Computed] = {Simulation(b): Computed(trace_of(b), timeline_of(b))}
    return replace(scene_of(a, view="compare", changes=changes), results=found)


def stages_said(lines: list[str]) -> list[str]:
    """The lines that are about one stage, without the mark of the selected one."""
    found = [line.replace(", selected:", ":", 1) for line in lines]
    return [line for line in found if re.match(r"(layer \d+|t = \d+|the input|the initial state): ", line)]


# -- every pane --------------------------------------------------------------------------------------------


@cases
def test_every_pane_of_every_experiment_is_said_in_ascii_words(name: str) -> None:
    experiment = CASES[name]
    for moment, step in moments(timeline_of(experiment)).items():
        scene = scene_of(experiment, step=step)
        for pane in EXPLORE[experiment.cell]:
            lines = plain_lines(scene, pane)
            assert len(lines) > 3, f"{pane}, {moment}"
            for line in lines:
                assert line.isascii(), f"{pane}, {moment}: {line!r}"
                assert line == " ".join(line.split()) != "", f"{pane}, {moment}: {line!r}"


@cases
def test_the_pane_is_named_first_and_the_verdict_second(name: str) -> None:
    scene = scene_of(CASES[name])
    outcome = scene.record.outcome
    for pane in EXPLORE[scene.state.cell]:
        first, second, *_ = plain_lines(scene, pane)
        assert "pane" in first
        said = "Verdict: Does the gradient arrive? {} Does the first step do good? {} Does it learn? {}"
        found = re.fullmatch(re.escape(said).replace(r"\{\}", "(.*)"), second)
        assert found is not None
        for text, answer in zip(found.groups(), outcome.answers, strict=False):
            assert text.startswith(kind_name(answer.kind))
            assert answer.healthy or f", {answer.severity}; " in text
        assert found[3] == "not asked: this is one iteration."


@pytest.mark.parametrize("pane", ["side_a", "side_b", "both", "difference"])
def test_panes_of_two_experiments_are_said(pane: str) -> None:
    lines = plain_lines(compared(), pane)
    assert len(lines) > 3
    assert all(line.isascii() for line in lines)


@pytest.mark.parametrize("glyph_set", [glyphs.ASCII, glyphs.BRAILLE])
def test_what_is_said_does_not_depend_on_the_glyphs_that_are_drawn(glyph_set: str) -> None:
    scenes = [scene_of(CASES["mlp"]), scene_of(CASES["stacked"]), compared()]
    panes = ["why", "activation", "difference"]
    expected = [plain_lines(scene, pane) for scene, pane in zip(scenes, panes, strict=True)]
    glyphs.use(glyph_set)
    assert [plain_lines(scene, pane) for scene, pane in zip(scenes, panes, strict=True)] == expected
    assert glyphs.current() == glyph_set


def test_the_cursor_is_said() -> None:
    scene = scene_of(CASES["mlp"], step=7, selected=12)
    assert plain_lines(scene, "gradient")[2] == f"Step 8 of {len(scene.record.steps)}, forward; selected: layer 12."


# -- the stages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mlp", "cured", "growing", "overflow", "lstm", "gru", "rnn", "no weights"])
def test_every_stage_is_said_from_the_output_down_with_its_gradient(name: str) -> None:
    scene = scene_of(CASES[name])
    said = stages_said(plain_lines(scene, "gradient"))
    assert [line.split(":")[0] for line in said] == [scene.name(stage.index) for stage in reversed(scene.stages)]
    for line, stage in zip(said, reversed(scene.stages), strict=True):
        assert re.search(rf"[:,] gradient {re.escape(short(stage.gradient_norm))}(,|$)", line)


def test_a_stage_is_said_with_the_factor_that_was_measured_and_the_one_predicted() -> None:
    scene = scene_of(CASES["mlp"])
    stage, predicted = scene.stages[12], scene.record.theory.factors[12]
    expected = (
        f"layer 12: gradient {short(stage.gradient_norm)}, factor {short(stage.factor)}, predicted {short(predicted)}"
    )
    assert expected in plain_lines(scene, "gradient")


def test_an_lstms_stage_is_said_with_the_gradient_of_its_cell() -> None:
    scene = scene_of(CASES["one number over time"])
    for line, stage in zip(stages_said(plain_lines(scene, "gradient")), reversed(scene.stages), strict=True):
        assert f"cell gradient {short(stage.cell_gradient_norm)}" in line


@pytest.mark.parametrize(("name", "word"), [("mlp", "has vanished"), ("growing", "explodes")])
def test_the_crossing_is_said_right_before_the_first_stage_beyond_it(name: str, word: str) -> None:
    scene = scene_of(CASES[name])
    lines = plain_lines(scene, "gradient")
    top = scene.stages[-1].gradient_norm
    crossed = [
        stage.index
        for stage in reversed(scene.stages)
        if (stage.gradient_norm < 1e-3 * top if name == "mlp" else stage.gradient_norm > 1e3 * top)
    ]
    place = next(number for number, line in enumerate(lines) if word in line)
    assert f"layer {crossed[0]} down" in lines[place]
    assert lines[place + 1].startswith(f"layer {crossed[0]}")
    assert sum(word in line for line in lines) == 1


def test_a_healthy_network_has_no_crossing() -> None:
    assert not any(line.startswith("From ") for line in plain_lines(scene_of(CASES["cured"]), "gradient"))


def test_stages_that_the_gradient_has_not_reached_are_not_said() -> None:
    timeline = timeline_of(CASES["mlp"])
    half = scene_of(CASES["mlp"], step=moments(timeline)["half way"])
    lines = plain_lines(half, "gradient")
    assert len(stages_said(lines)) == len(half.stages) - half.known
    assert lines[-1] == f"The gradient has not come further down than layer {half.known} yet."
    start = plain_lines(scene_of(CASES["mlp"], step=0), "gradient")
    assert stages_said(start) == []
    assert "No gradient has been computed" in start[-1]


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_where_no_gradient_is_left_there_is_no_nan_but_a_dash(quantity: str) -> None:
    """Zero weights pass nothing on: from the first layer on every factor is 0/0; so does a pinned gate of 0."""
    pinned = Experiment(cell="lstm", pin_forget=0.0, sigma_w=0.0, steps=6, data="gaussian")
    for experiment in (CASES["no weights"], pinned):
        scene = scene_of(experiment, quantity=quantity)
        for pane in EXPLORE[experiment.cell]:
            lines = plain_lines(scene, pane)
            assert not [line for line in lines if re.search(r"\bnan\b", line)], pane
    lines = plain_lines(scene_of(CASES["no weights"]), "gradient")
    assert "layer 3: gradient 0, factor -, predicted 0" in lines


def test_a_nan_of_the_networks_own_is_said() -> None:
    lines = plain_lines(scene_of(CASES["overflow"]), "gradient")
    assert "layer 59: gradient nan, factor nan" in lines


def test_exactly_one_stage_is_said_to_be_selected() -> None:
    lines = plain_lines(scene_of(CASES["mlp"], selected=12), "gradient")
    assert [line.split(",")[0] for line in lines if ", selected:" in line] == ["layer 12"]


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("name", ["mlp", "lstm"])
def test_the_quantity_that_the_bars_show_is_the_one_that_is_said(name: str, quantity: str) -> None:
    scene = scene_of(CASES[name], quantity=quantity)
    lines = plain_lines(scene, "gradient")
    assert all(line.isascii() for line in lines)
    if quantity == "std":
        stage = scene.stages[5]
        assert any(line.endswith(f"std h {short(stage.activation.std)}") for line in stages_said(lines))


def test_two_experiments_are_said_one_after_the_other() -> None:
    scene = compared()
    assert scene.other is not None
    a, b = stages_said(plain_lines(scene, "side_a")), stages_said(plain_lines(scene, "side_b"))
    assert a != b
    assert stages_said(plain_lines(scene, "both")) == a + b
    assert f"gradient {short(scene.other.stages[1].gradient_norm)}" in b[-2]


def test_the_verdict_of_bs_pane_is_bs() -> None:
    scene = compared()
    assert scene.other is not None
    assert scene.record.outcome.kind != scene.other.record.outcome.kind
    assert scene.other.record.outcome.kind in plain_lines(scene, "side_b")[1]


# -- one stage, and time -----------------------------------------------------------------------------------


@cases
def test_the_histogram_counts_every_finite_value_once(name: str) -> None:
    scene = scene_of(CASES[name], selected=1)
    values = scene.listed.values[scene.listed.program.stages[1]]
    lines = plain_lines(scene, "activation")
    counts = [int(found[1]) for line in lines if (found := re.search(r"^from \S+ to \S+: (\d+) values", line))]
    finite = values[np.isfinite(values)]
    if finite.size and finite.min() < finite.max():
        assert len(counts) == 10
        assert sum(counts) == finite.size
        assert counts[0] > 0
        assert counts[-1] > 0
    else:
        assert counts == []


def test_the_selected_units_mean_is_said() -> None:
    scene = scene_of(CASES["mlp"], selected=3, unit=5)
    mean = short(float(scene.listed.values["h/3"][:, 5].mean()))
    assert f"unit 6, selected: mean over the samples {mean}" in plain_lines(scene, "activation")


def test_the_cells_size_and_the_selected_units_value_are_said_step_by_step() -> None:
    scene = scene_of(CASES["one step"], unit=2)
    state = scene.listed.values["c/1"]
    size, value = short(float(np.mean(np.abs(state)))), short(float(state[0, 2]))
    assert stages_said(plain_lines(scene, "cell")) == [
        "the initial state: size 0, unit 3: 0",
        f"t = 1: size {size}, unit 3: {value}",
    ]


@pytest.mark.parametrize(("name", "order"), [("lstm", "ifgo"), ("gru", "rzn")])
def test_the_gates_means_are_said_step_by_step(name: str, order: str) -> None:
    scene = scene_of(CASES[name])
    said = stages_said(plain_lines(scene, "gates"))
    assert len(said) == len(scene.stages) - 1
    width = scene.state.experiment.resolved.width
    gates = scene.listed.values["gates/3"]
    for block, letter in enumerate(order):
        mean = float(np.mean(gates[:, block * width : (block + 1) * width]))
        assert re.search(rf"[:,] {letter} {re.escape(short(mean))}(,|$)", said[2])


@pytest.mark.parametrize("name", ["mlp", "lstm", "gru", "rnn", "pre-activation blocks"])
def test_every_number_of_the_why_pane_is_said(name: str) -> None:
    for step in moments(timeline_of(CASES[name])).values():
        scene = scene_of(CASES[name], step=step)
        shown = " ".join(text_of(line) for line in PANES["why"].view(scene, 60, 40))
        said = " ".join(plain_lines(scene, "why"))
        assert all(number in said for number in re.findall(r"\d+\.\d+(?:e-?\d+)?", shown))


# -- words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        ("  ▸ 12 ████████▏      │   2e-12   ×0.24", "12, 2e-12, times 0.24"),
        ("╭─ gradient ‖∂L/∂h‖ · log 1e-18 … 1 ─╮", "gradient the norm of dL/dh, log 1e-18 ... 1"),
        ("δ₁₁ = (δ₁₂ ⊙ σ′(z₁₂)) W₁₂", "delta11 = (delta12 times sigma prime (z12)) W12"),
        ("so far 0.31 × 0.237¹⁸ = 2.2e−12", "so far 0.31 times 0.237^18 = 2.2e-12"),
        ("MLP 30×64 · sigmoid · seed 0", "MLP 30 by 64, sigmoid, seed 0"),
        ("f·c + i·g", "f times c + i times g"),
        ("ratio ≥ 0.001, √½", "ratio at least 0.001, root of 1/2"),
        ("∂L/∂c  +  the path", "dL/dc + the path"),
        ("⣀⣤⣶⣿ ░▒▓", ""),
        ("Schölkopf’s “kernel”", 'Scholkopf\'s "kernel"'),
        ("the rest: 3,5,7", "the rest: 3,5,7"),
        ("层 3：梯度 ▇▇▇ 0.24，消失。", "层 3：梯度, 0.24，消失。"),
    ],
)
def test_symbols_become_words_and_drawing_goes(drawn: str, said: str) -> None:
    assert plain(drawn) == said
