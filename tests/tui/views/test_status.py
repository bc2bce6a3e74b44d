"""What stands around the panes: the header with the verdict, the timeline, the line for a screen that is too small."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.cells import cell_len

from gradtui.lessons.library import entries
from gradtui.lessons.staging import Shelf
from gradtui.model.names import SPEEDS, STORY, VIEWS
from gradtui.model.progress import Progress
from gradtui.model.studies import Study
from gradtui.model.timeline import Grain, Timeline, label
from gradtui.text.language import speaking
from gradtui.text.spans import text_of, width_of
from gradtui.text.summary import MARKS, kind_name
from gradtui.views import catalogue, status
from gradtui.views.arrangement import header_lines
from gradtui.views.frame import spoken
from gradtui.views.frame.scene import Scene
from gradtui.views.frame.verdict import learning, verdict
from gradtui_engine import Experiment, Training, train
from gradtui_engine.core.figures import repeated, short
from tests.tui.helpers import CASES, assert_page, cut_numbers, moments, scene_of, texts, timeline_of

#: Every width where something gives way, and some larger ones.
WIDTHS = (*range(60, 132, 2), 61, 79, 81, 150, 175, 200, 210)

cases = pytest.mark.parametrize("name", CASES)


def bar_of(scene: Scene, width: int) -> str:
    """The timeline's bar, cell by cell."""
    return "".join(text for text, _ in status.timeline(scene, width) if set(text) <= set("━┄◆"))


@cases
def test_header_timeline_and_footer_are_exactly_as_wide_as_the_screen(name: str) -> None:
    timeline = timeline_of(CASES[name])
    for step in moments(timeline).values():
        scene = scene_of(CASES[name], step=step)
        for width in WIDTHS:
            assert_page(status.header(scene, width), width, header_lines(scene.state, width), "header")
            assert_page([status.timeline(scene, width)], width, 1, "timeline")
            assert_page(status.waiting(CASES[name], width), width, 2, "waiting")
            assert_page([status.footer(scene.state, width)], width, 1, "footer")


@cases
def test_the_header_always_says_what_became_of_the_gradient_and_of_the_first_step(name: str) -> None:
    scene = scene_of(CASES[name])
    outcome = scene.record.outcome
    assert outcome.first_step is not None
    for width in WIDTHS:
        verdict = texts(status.header(scene, width))[1]
        assert verdict.startswith(f" {MARKS[outcome.signal.kind]} {kind_name(outcome.signal.kind)}")
        assert f"  first step {MARKS[outcome.first_step.kind]} {kind_name(outcome.first_step.kind)}" in verdict


def test_of_a_later_iteration_the_step_is_not_called_the_first() -> None:
    history = train(Training(experiment=CASES["cured"], iterations=4))
    first, later = (replace(scene_of(CASES["cured"]), record=history.at(k)) for k in (0, 3))
    assert "  first step " in text_of(verdict(first, 200))
    assert re.search(r"  step [^ ] ", text_of(verdict(later, 200)))
    assert "first step" not in text_of(verdict(later, 200))
    assert "Does the first step do good?" in spoken.verdict(first)
    assert "Does this step do good?" in spoken.verdict(later)


def test_the_header_of_a_training_says_whose_loss_it_is() -> None:
    """The curve's last loss is the batch's: 2.32 above and 2.295 beside the curve were of two kinds of samples."""
    snapshot = train(Training(experiment=CASES["cured"], iterations=4)).snapshot()
    held = snapshot.validations[-1]
    assert held.iteration >= 4
    scene = cast(Scene, SimpleNamespace(snapshot=snapshot, snapshot_b=None))
    assert f": held out: loss {short(held.loss)}, " in text_of(learning(scene, 60))


@pytest.mark.parametrize(("optimizer", "said"), [("adam", "● healthy by adam"), ("sgd", "« starved")])
def test_at_80_columns_the_header_names_the_optimiser_and_whose_doing_a_healthy_step_is(
    optimizer: str, said: str
) -> None:
    """The same network and loss, two verdicts: what differs stands beside them."""
    first, second = texts(status.header(scene_of(Experiment(depth=8, optimizer=optimizer)), 80))
    assert (f" · {optimizer} · seed 0" in first) == (optimizer != "sgd")
    assert f"  first step {said}  " in second


@cases
def test_where_there_is_room_the_header_says_that_learning_was_not_asked_and_nowhere_a_dash(name: str) -> None:
    for width in WIDTHS:
        line = texts(status.header(scene_of(CASES[name]), width))[1]
        assert "learning –" not in line
        assert width < 240 or "  learning not asked" in line


@cases
def test_nothing_of_the_verdict_is_cut(name: str) -> None:
    """What does not fit is left out: the line is made of whole forms, at every width."""
    scene = scene_of(CASES[name])
    widest = text_of(verdict(scene, 1000))
    for width in range(58, 200):
        line = text_of(verdict(scene, width))
        assert "…" not in line.replace(" … ", "")
        assert len(line) <= max(width, len(widest))
        for part in line.split("  "):
            assert not part.endswith((",", ":", " ×"))


@pytest.mark.parametrize("name", ["mlp", "lstm", "growing", "300 steps"])
def test_the_header_always_says_how_fast(name: str) -> None:
    scene = scene_of(CASES[name])
    unit = "step" if scene.over_time else "layer"
    for width in WIDTHS:
        assert f" ×{repeated(scene.record.outcome.average_factor)} a {unit}" in texts(status.header(scene, width))[1]


def test_the_header_says_how_bad_and_where_as_far_as_there_is_room() -> None:
    scene = scene_of(CASES["mlp"])
    outcome = scene.record.outcome
    share = short(outcome.ratio)
    assert f", layer 1: {share}  " in texts(status.header(scene, 80))[1]
    assert f", layer 1 gets {share} of the gradient at the output  " in texts(status.header(scene, 120))[1]
    whole = f", layer 1 gets {share} of the gradient at the output, under 1/1,000 from {outcome.site} down"
    assert whole in text_of(verdict(scene, 400))


def test_of_an_lstm_the_header_says_that_the_gradient_of_the_cell_state_is_meant() -> None:
    scene = scene_of(CASES["lstm"])
    first, last = (scene.stages[stage].cell_gradient_norm for stage in (0, -1))
    assert first is not None
    assert last is not None
    assert f"the initial state gets {short(first / last)} of ∂L/∂c of the last step" in text_of(verdict(scene, 200))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"learning_rate": 100.0}, "first step » diverging: loss 2.79 → 3.9e8"),
        ({"learning_rate": 0.0}, "first step ■ still: update / weight 0"),
        ({"weight_decay": 10.0, "learning_rate": 0.3}, "first step ▂ shrinking: "),
        ({"gain": 5.0}, "first step ◆ off scale: loss 2.2e4"),
    ],
)
def test_where_only_the_first_step_is_bad_its_numbers_come_before_the_gradients(
    fields: dict[str, float], expected: str
) -> None:
    scene = scene_of(Experiment(depth=5, activation="relu", init="he_normal", **fields))
    assert scene.record.outcome.worst.question == "first_step"
    assert expected in texts(status.header(scene, 80))[1]


def test_without_a_first_step_the_header_says_that_it_was_not_asked() -> None:
    """A document from before there were three questions, or a recording."""
    record = scene_of(CASES["mlp"]).record
    old = replace(record.outcome, first_step=None)
    scene = replace(scene_of(CASES["mlp"]), record=_Old(record, old))
    assert "  first step not asked  learning not asked" in texts(status.header(scene, 240))[1]


@dataclass(frozen=True)
class _Old:
    """A record with another outcome."""

    record: Any
    outcome: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.record, name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lstm", ", t = 0: {ratio}  "),
        ("no weights", "≡ symmetric: all units of layer 1 are equal  first step ⊘ cut off  "),
    ],
)
def test_at_80_columns_the_verdict_shortens_its_words_before_it_leaves_them_out(name: str, expected: str) -> None:
    scene = scene_of(CASES[name])
    line = texts(status.header(scene, 80))[1]
    assert expected.format(ratio=short(scene.record.outcome.ratio)) in line


@cases
def test_the_verdict_reads_nan_only_where_a_number_is_not_finite(name: str) -> None:
    """Without weights nothing flows back: 0/0 is no news; "exactly 0" is."""
    scene = scene_of(CASES[name])
    if scene.record.outcome.kind != "non_finite":
        assert "nan" not in texts(status.header(scene, 200))[1]


@cases
def test_the_header_cuts_no_number(name: str) -> None:
    scene = scene_of(CASES[name])
    for width in WIDTHS:
        assert [cut for line in texts(status.header(scene, width)) for cut in cut_numbers(line)] == []


@pytest.mark.parametrize("name", ["mlp", "lstm", "overflow"])
def test_the_seed_is_always_in_the_header(name: str) -> None:
    """R changes it: what R does must be seen at 60 columns."""
    scene = scene_of(CASES[name])
    for width in WIDTHS:
        assert "seed 0" in texts(status.header(scene, width))[0]


@pytest.mark.parametrize("view", [view for view in VIEWS if view not in STORY])
def test_where_there_is_room_the_header_names_every_view_with_its_key_and_which_one_is_shown(view: str) -> None:
    line = status.header(scene_of(CASES["one layer"], view=view), 180)[1]
    text = texts([line])[0].rstrip()
    for number, row in enumerate(catalogue.VIEWS.values()):
        assert f" {number} {row.label}" in text
    marked = [span for span, style in line if style == "strong"]
    assert [span.strip() for span in marked] == [catalogue.VIEWS[view].label]


def test_while_a_lesson_is_open_beside_a_view_both_are_lit() -> None:
    scene = scene_of(CASES["one layer"], view="explore", lesson=Progress("01-reading-the-screen"))
    lit = [text.strip() for text, style in status.header(scene, 180)[1] if style == "strong"]
    assert lit == ["explore", "lessons"]


def test_in_the_list_of_lessons_the_timeline_is_the_courses() -> None:
    """Of one iteration's operations there is nothing to see there."""
    read = entries("en", Path("/no/such/folder"))
    studies = tuple(Study(each.id, done=number < 6) for number, each in enumerate(read))
    scene = replace(scene_of(CASES["mlp"], view="lessons", studies=studies), results={Shelf("en"): read})
    line = texts([status.timeline(scene, 80)])[0]
    assert line.endswith(f" the course · 6 of {len(read)} done ")
    bar = line.partition(" the")[0].strip()
    assert bar == ("━" * round(6 / len(read) * len(bar))).ljust(len(bar), "┄")


def test_where_there_is_no_room_for_all_views_the_verdict_stands_alone() -> None:
    for width in (60, 80, 100):
        assert "one idea" not in texts(status.header(scene_of(CASES["mlp"]), width))[1]


def test_a_long_computation_says_how_far_it_is_and_what_stops_it() -> None:
    assert status.computing(0.0) == "computing … esc cancels"
    assert status.computing(0.42) == "computing … 42 %, esc cancels"


def test_while_computing_the_header_names_what_is_computed() -> None:
    first, second = texts(status.waiting(Experiment(), 80))
    assert "MLP 30×64" in first
    assert "computing" in second


# -- the timeline --------------------------------------------------------------------------------------


@cases
def test_the_timeline_names_phase_and_step_at_any_width(name: str) -> None:
    timeline = timeline_of(CASES[name])
    for step in moments(timeline).values():
        scene = scene_of(CASES[name], step=step)
        for width in WIDTHS:
            line = texts([status.timeline(scene, width)])[0]
            assert f"{scene.step.phase} · " in line
            assert re.search(rf"\b{step + 1}( of |/){len(timeline.phases)}\b", line)
            assert cut_numbers(line) == []


def test_the_bar_is_filled_up_to_the_cursor_and_turns_at_the_loss() -> None:
    timeline = timeline_of(CASES["mlp"])
    for step, filled in ((0, 1), (timeline.loss, None), (timeline.last, "all")):
        bar = bar_of(scene_of(CASES["mlp"], step=step), 160)
        turn = bar.index("◆")
        assert turn == round(timeline.loss / timeline.last * (len(bar) - 1))
        assert bar.count("━") == {1: 1, None: turn, "all": len(bar) - 1}[filled]
        assert "┄━" not in bar


@pytest.mark.parametrize("name", ["mlp", "lstm"])
def test_the_cursor_in_the_timeline_never_goes_back_while_the_steps_go_on(name: str) -> None:
    """The bar must not change its length with the length of the text beside it."""
    for width in (60, 72, 80, 100, 120):
        lines = [
            status.timeline(scene_of(CASES[name], step=step), width) for step in range(timeline_of(CASES[name]).last)
        ]
        cells = [width_of(line[: [style for _, style in line].index("cursor")]) for line in lines]
        assert cells == sorted(cells), f"{width} columns"


def test_the_timelines_label_has_room_in_whatever_language_its_trace_was_computed_for() -> None:
    trace = scene_of(CASES["lstm"]).record
    with speaking("zh"):
        timeline = Timeline.of(trace)
    assert timeline.label_width(trace) == max(cell_len(label(step)) for step in trace.steps)


def test_the_timeline_shows_speed_and_grain() -> None:
    scene = scene_of(CASES["mlp"], speed=SPEEDS.index(4), grain=Grain.STAGE)
    assert "4/s by stage" in texts([status.timeline(scene, 100)])[0]


@pytest.mark.parametrize("width", [60, 80])
def test_what_plus_minus_and_o_change_is_seen_on_small_screens_too(width: int) -> None:
    for name in ("mlp", "lstm"):
        for step in moments(timeline_of(CASES[name])).values():
            slow, fast = (texts([status.timeline(scene_of(CASES[name], step=step, speed=n), width)]) for n in (0, 6))
            assert slow != fast
            fine, coarse = (
                texts([status.timeline(scene_of(CASES[name], step=step, grain=grain), width)])
                for grain in (Grain.OPERATION, Grain.PHASE)
            )
            assert fine != coarse


def test_the_timeline_marks_playing_and_pausing_by_glyph() -> None:
    assert "▶" in texts([status.timeline(scene_of(CASES["mlp"], playing=True), 80)])[0]
    assert "■" in texts([status.timeline(scene_of(CASES["mlp"]), 80)])[0]


def test_a_message_takes_the_place_of_the_timeline() -> None:
    line = status.timeline(scene_of(CASES["mlp"], message="copied: gradtui"), 80)
    assert texts([line])[0].strip() == "copied: gradtui"


# -- too small -----------------------------------------------------------------------------------------


def test_a_screen_that_is_too_small_is_told_what_is_needed_and_what_it_has() -> None:
    assert texts([status.too_small(59, 15)])[0].rstrip() == "gradtui needs 60×16; this is 59×15"


def test_the_line_for_a_small_screen_fits_it() -> None:
    for width in range(1, 60):
        assert_page([status.too_small(width, 5)], width, 1, "too small")


def test_the_line_for_a_small_screen_says_what_is_needed_without_cutting_it() -> None:
    for width in range(len("needs 60×16"), 60):
        line = texts([status.too_small(width, 5)])[0]
        assert "60×16" in line
        assert cut_numbers(line) == []


@pytest.mark.parametrize("view", ["train", "story"])
def test_of_a_training_it_says_which_iteration_is_shown_and_how_many_are_trained(view: str) -> None:
    fields: dict[str, Any] = {"plan": (("iterations", 400),), "trained": 181, "iteration": 167, "pace": 42}
    scene = scene_of(Experiment(depth=4, width=8, batch=8), view=view, training=True, **fields)
    assert "iteration 167 shown · 181 of 400 trained · 42 a second" in texts([status.timeline(scene, 80)])[0]
    assert "shown 167 · trained 181/400" in texts([status.timeline(scene, 60)])[0]
    with speaking("zh"):
        assert_page([status.timeline(scene, 60)], 60, 1, "timeline")
        assert "显示" in texts([status.timeline(scene, 60)])[0]
        assert "已训练" in texts([status.timeline(scene, 60)])[0]
