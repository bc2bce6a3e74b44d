"""The story on the screen: what a stranger reads, against what is computed."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from gradtui.model import events as e
from gradtui.model.names import WAVE_END
from gradtui.model.pairs import PAIRS
from gradtui.model.state import State
from gradtui.model.update import update
from gradtui.text import language
from gradtui.views.arrangement import arrange, header_lines
from gradtui.views.catalogue import PANES, VIEWS
from gradtui.views.frame.scene import Scene
from gradtui.views.story.sides import Both
from gradtui_engine import Experiment, Training
from tests.tui.helpers import scene_with, texts, timeline_of, trace_of

#: Small, and quick to train: a disease and its cure.
SIGMOID = Experiment(depth=8, width=16, learning_rate=0.03)
HE = (("activation", "relu"), ("init", "he_normal"))
PLAN = (("iterations", 12),)


def state_of(name: str) -> State:
    """A pair of the table, as it opens."""
    state = update(State(Experiment()), e.OpenPair(name), None)
    return update(state, e.Loaded(state.experiment), timeline_of(state.experiment))


def small(**fields: object) -> State:
    return State(SIGMOID, HE, view="story", pane="disease", plan=PLAN, loaded=True, **fields)  # type: ignore[arg-type]


def drawn(scene: Scene, pane: str, width: int = 58, height: int = 20) -> list[str]:
    return texts(PANES[pane].view(scene, width, height))


@pytest.mark.parametrize("name", PAIRS)
def test_at_80_by_24_no_title_and_no_sentence_is_cut_in_either_language(name: str) -> None:
    for code in language.LANGUAGES:
        with language.speaking(code):
            scene = scene_with(state_of(name))
            assert header_lines(scene.state, 80) <= 3, "a page's sentence takes two lines"
            for pane, box in arrange(scene.state, 80, 24).items():
                title = PANES[pane].title(scene, box.width - 6)
                body = "".join(drawn(scene, pane, box.width - 2, box.height - 2))
                assert "…" not in title, title
                assert "…" not in re.sub(r"× …|\S+ … 1", "", body), body


def test_the_bars_are_what_is_left_of_the_gradient_and_the_rows_multiply() -> None:
    scene = scene_with(small())
    trace = trace_of(SIGMOID)
    norms = [stage.gradient_norm for stage in trace.stages]
    rows = [line for line in drawn(scene, "disease") if re.match(r" *\d+ [█▏▎▍▌▋▊▉]", line)]
    assert [int(line.split()[0]) for line in rows] == list(range(8, 0, -1))
    factors = [float(line.split("×")[1]) for line in rows[1:]]
    for stage, factor in zip(range(7, 0, -1), factors, strict=True):
        # As written, in three digits.
        assert factor == pytest.approx(norms[stage] / norms[stage + 1], rel=5e-3)
    lengths = [len(re.sub("[^█▏▎▍▌▋▊▉]", "", line)) for line in rows]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < lengths[0]


def test_the_sentence_above_says_what_arrives_and_the_product_below_is_what_a_calculator_says() -> None:
    scene = scene_with(state_of("relu"))
    trace = trace_of(PAIRS["relu"].experiment)
    share = trace.stages[1].gradient_norm / trace.stages[30].gradient_norm
    text = " ".join(" ".join(drawn(scene, "disease", 58, 24)).split())
    said = re.search(r"Layer 1 receives almost nothing of the error signal: (\S+) of it", text)
    assert said is not None
    assert float(said[1]) == pytest.approx(share, rel=0.05)
    product = re.search(r"(\S+) × (\S+) × … (\d+) times = (\S+)", text)
    assert product is not None
    base, _, count, total = map(float, product.groups())
    assert count == 29
    # The last digit of the total is all that rounding may move.
    assert base**count == pytest.approx(total, rel=0.05)
    assert total == float(said[1])


def test_where_the_weights_are_0_nothing_arrives_and_nothing_is_broken() -> None:
    state = State(SIGMOID.replace(init="zeros"), view="story", pane="disease")
    scene = scene_with(state)
    assert Both.of(scene).disease.colour == "vanishing"
    text = " ".join(drawn(scene, "disease"))
    assert "Layer 1 receives nothing of the error signal" in text
    assert "no gradient is left" in text


def test_while_the_wave_runs_rows_that_it_has_not_reached_are_empty_in_both_columns() -> None:
    for wave, rows in ((0, 1), (WAVE_END // 2, 5), (WAVE_END, 8)):
        scene = scene_with(small(wave=wave))
        for pane in ("disease", "cure"):
            bars = [line for line in drawn(scene, pane) if re.match(r" *\d", line) and re.search("[█▏▎▍▌▋▊▉]", line)]
            assert len(bars) == rows
    scene = scene_with(small(wave=WAVE_END // 2))
    share = Both.of(scene).disease.shares[4]
    said = re.search(r"so far (\S+)", "\n".join(drawn(scene, "disease")))
    assert said is not None
    assert float(said[1]) == pytest.approx(share, rel=0.05), "in two digits"
    flashing = [text for line in PANES["disease"].view(scene, 58, 20) for text, style in line if style == "cursor"]
    assert len(flashing) == 1, "the row that is multiplied shows its factor in the cursor's colour"


def test_while_both_train_bars_losses_and_words_are_those_of_the_cursors_iteration() -> None:
    state = small(trained=12, iteration=7)
    scene = scene_with(state)
    both = Both.of(scene)
    assert both.cure is not None
    for side, experiment in ((both.disease, SIGMOID), (both.cure, SIGMOID.replace(**dict(HE)))):
        history = Training(experiment=experiment, iterations=12)
        assert side.snapshot is not None
        assert side.snapshot.training == history
        assert side.at == 7
        logarithms = side.snapshot.columns["gradient"][7]
        assert side.shares[1] == pytest.approx(10 ** float(logarithms[1] - logarithms[-1]))
    text = "\n".join(drawn(scene, "learns", 118, 10))
    assert "left: " in text
    assert "right: " in text
    assert "▴7" in text
    first = scene_with(replace(state, iteration=0))
    assert Both.of(first).disease.shares[1] != both.disease.shares[1]


def test_before_the_training_the_pane_below_says_what_to_press_and_what_guessing_costs() -> None:
    text = " ".join(drawn(scene_with(small()), "learns", 118, 10))
    assert "space runs the multiplication" in text
    assert "2.31" in text, "as after it: guessing held-out digits by the shares of the others"


def test_of_a_gated_cell_the_column_says_how_open_each_gate_is() -> None:
    scene = scene_with(state_of("lstm"))
    text = "\n".join(drawn(scene, "cure", 78, 24))
    gates = {name: int(share) for name, share in re.findall(r"(input|forget|output) gate (\d+) %", text)}
    assert gates.keys() == {"input", "forget", "output"}
    # σ(3) = 0.953, and σ(0) = 0.5, but for what inputs and weights add.
    assert 93 <= gates["forget"] <= 97
    assert 45 <= gates["input"] <= 55
    assert "gate" not in "\n".join(drawn(scene, "disease", 78, 24))


@pytest.mark.parametrize("name", PAIRS)
def test_in_half_of_80_columns_the_lower_end_is_named_beside_the_product(name: str) -> None:
    scene = scene_with(state_of(name))
    for code in language.LANGUAGES:
        with language.speaking(code):
            for pane in ("disease", "cure"):
                foot = [line for line in drawn(scene, pane, 38, 12) if "×" in line and "=" in line]
                assert len(foot) == 1
                assert "↓" in foot[0], (code, pane)


def test_without_a_b_the_second_column_says_what_to_press() -> None:
    scene = scene_with(State(SIGMOID, view="story", pane="disease", loaded=True))
    assert "digits" in " ".join(drawn(scene, "cure"))


def test_the_header_names_every_page_with_its_digit_and_marks_the_one_that_is_shown() -> None:
    for width in (80, 120, 200):
        for name, pair in PAIRS.items():
            header = VIEWS["story"].header
            assert header is not None
            line = header(state_of(name), width)[0]
            assert [span.strip() for span, style in line if style == "key"] == list("123456789")
            strong = [span.strip() for span, style in line if style == "strong"]
            assert strong in ([pair.label], [pair.short])


def test_a_row_of_several_layers_fills_layer_by_layer() -> None:
    """30 layers in 8 rows: every step of the wave multiplies one layer more, and is seen."""
    state = state_of("relu")
    trace = trace_of(state.experiment)
    shares = [stage.gradient_norm / trace.stages[30].gradient_norm for stage in trace.stages]
    seen = []
    for wave in range(WAVE_END + 1):
        lines = drawn(scene_with(replace(state, wave=wave)), "disease", 38, 12)
        (number,) = [line.split("×")[-1].split()[0] for line in lines if "×" in line and "█" in line][-1:] or ["1"]
        seen.append(number)
    assert len(set(seen)) > 20, "it does not stand still for three steps of four"
    # The first row has the layers 30 to 27: after two steps two of them have been multiplied.
    assert float(seen[2]) == pytest.approx(shares[28], rel=0.05)


def test_what_was_destroyed_says_by_how_many_updates_and_shows_its_last_numbers() -> None:
    scene = scene_with(replace(state_of("large"), trained=6, iteration=5))
    side = Both.of(scene).disease
    assert side.snapshot is not None
    updates = int(np.argmax(~np.isfinite(side.snapshot.columns["loss"])))
    assert updates == 2, "as the page's sentence says"
    text = " ".join(" ".join(drawn(scene, "disease")).split())
    assert re.search(rf"[Dd]estroyed by {updates} updates: these are its last numbers", text)
    assert "nan" not in text
    assert np.isfinite(side.shares).all()
