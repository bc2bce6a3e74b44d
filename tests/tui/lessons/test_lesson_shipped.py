"""The lessons of the package: true of the computed traces, the same in both languages, and short enough to be read."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.cells import cell_len

from gradtui.lessons import check, course
from gradtui.lessons.chapters import CHAPTERS
from gradtui.lessons.check import faults
from gradtui.lessons.lesson import LETTERS, Lesson, Step, placeholders
from gradtui.lessons.library import entries
from gradtui.lessons.reading import Histories, Reading, Readings
from gradtui.model.commands import COMMANDS
from gradtui.model.pairs import PAIRS
from gradtui.model.progress import Progress
from gradtui.text.language import LANGUAGES
from gradtui.text.spans import text_of
from gradtui.views.lessons.lesson import lesson_view, place
from gradtui_engine import Training
from tests.examples import covering

NOWHERE = Path("/no/such/folder")
NAMES = [each.id for each in entries("en", NOWHERE)]
#: The pane under a view at 80×24, and beside one.
SIZES = ((78, 8), (40, 20))
MOST_WORDS = 60

#: What takes seconds to train is computed by `make soak`; that it can be read, and how it is written, is tested here.
LONG = (
    "10-rnn-against-lstm", "15-what-clipping-saves", "16-adam-and-vanishing", "17-batchnorm-and-the-rate",
    "18-exploding-yet-it-learns", "19-the-gradient-comes-back", "20-rnn-gru-lstm",
)  # fmt: skip
QUICK = [name for name in NAMES if name not in LONG]
HISTORIES: Histories = {}

names = pytest.mark.parametrize("name", NAMES)
computed_names = pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.soak) for name in LONG)]
)
languages = pytest.mark.parametrize("language", LANGUAGES)


@functools.cache
def lessons(language: str) -> dict[str, Lesson]:
    found = entries(language, NOWHERE)
    assert not [fault for each in found for fault in each.faults]
    return {each.id: each.lesson for each in found if each.lesson is not None}


@functools.cache
def computed(need: Reading) -> Readings:
    return need.compute(lambda share: None, histories=HISTORIES)


def pages(lesson: Lesson) -> Iterator[tuple[Progress, Step, Readings | None]]:
    for number, step in enumerate(lesson.steps):
        progress = Progress(lesson.id, number)
        need = course.need(progress, lesson)
        yield progress, step, None if need is None else computed(need)


def true_answer(step: Step, readings: Readings) -> float:
    question = step.question
    assert question is not None
    if question.measure is not None:
        return float(readings.asked[question.measure.text].value or 0.0)
    return [each.when.holds(readings.asked.get) for each in question.choices].index(True)


class _Once(NamedTuple):
    """What a step needs, computed once for all tests."""

    reading: Reading

    def compute(self, watch: object, histories: Histories) -> Readings:
        return computed(self.reading)


def need_once(progress: Progress, lesson: Lesson) -> _Once | None:
    wanted = course.need(progress, lesson)
    return None if wanted is None else _Once(wanted)


@covering(name=QUICK, language=LANGUAGES)
def test_every_question_has_one_true_answer_and_every_number_exists(
    name: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "need", need_once)
    assert not list(faults(lessons(language)[name], HISTORIES))


@pytest.mark.soak
@languages
@pytest.mark.parametrize("name", LONG)
def test_every_question_about_a_long_training_has_one_true_answer(name: str, language: str) -> None:
    assert not list(faults(lessons(language)[name], HISTORIES))


@computed_names
def test_the_true_answer_is_judged_right_and_every_other_choice_wrong(name: str) -> None:
    for progress, step, readings in pages(lessons("en")[name]):
        if step.question is None or readings is None:
            continue
        truth = true_answer(step, readings)
        judged = course.judge(step.question, truth, readings.asked.get)
        assert judged.right is True, f"step {progress.step + 1}"
        others = [each for each in range(len(step.question.choices)) if each != truth]
        if step.question.measure is not None:
            others = [truth * 1000, truth / 1000]
        for other in others:
            assert course.judge(step.question, other, readings.asked.get).right is False, f"step {progress.step + 1}"


@computed_names
def test_no_answer_hangs_by_a_hair(name: str) -> None:
    """Another machine's last bits, or another seed's chance, must not turn a choice: thresholds keep 2 % away."""
    for progress, step, readings in pages(lessons("en")[name]):
        if step.question is None or readings is None:
            continue
        for choice in step.question.choices:
            for each in choice.when.comparisons:
                value = readings.asked[each.left.text].value
                limits = each.right if isinstance(each.right, tuple) else (each.right,)
                for limit in limits:
                    if isinstance(limit, float) and isinstance(value, float) and (limit, value) != (0.0, 0.0):
                        near = abs(value - limit) < 0.02 * abs(limit)
                        exact = abs(value - 1.0) < 1e-12  # what theory makes exactly 1
                        assert not near or exact, f"step {progress.step + 1}: {each.left.text} = {value}, {limit}"


@names
def test_a_lesson_has_four_to_seven_steps_and_at_least_two_questions(name: str) -> None:
    steps = lessons("en")[name].steps
    assert 4 <= len(steps) <= 7
    assert sum(step.question is not None for step in steps) >= 2


def test_most_lessons_ask_for_a_number() -> None:
    asking = [
        name
        for name, lesson in lessons("en").items()
        if any(step.question is not None and step.question.measure is not None for step in lesson.steps)
    ]
    assert len(asking) >= len(NAMES) - 2


def test_the_course_begins_with_a_look_at_the_screen_and_no_exercise() -> None:
    question = lessons("en")[NAMES[0]].steps[0].question
    assert question is not None
    assert question.choices


#: Row of the mission → the lesson that is about it, and what stands in its text (in English).
MISSION = {
    "vanishing": ("02-vanishing-with-sigmoid", "only {ratio}"),
    "exploding": ("06-exploding-and-clipping", "Growth is a power"),
    "ReLU": ("03-relu-and-he", "ReLU's slope is exactly **1**"),
    "variants of ReLU": ("04-leaky-and-prelu", "**PReLU**"),
    "initialisers": ("05-xavier", "xavier_normal"),
    "batch norm": ("07-batchnorm", "mean 0 and std 1 over the batch"),
    "clipping": ("15-what-clipping-saves", "Clipping changes no factor"),
    "residual": ("08-residual", "**I + J**"),
    "time": ("09-rnn-through-time", "U"),
    "RNN beside LSTM over one lag": ("10-rnn-against-lstm", "the same 50 steps"),
    "cell-state path": ("11-forget-gate", "c_t = f ⊙ c_(t−1) + i ⊙ g"),
    "the formula of the forget gate": ("12-the-gate-formula", "f_t = σ(W_f·[h_(t−1), x_t] + b_f)"),
    "LSTM and GRU gates": ("13-lstm-and-gru", "h_t = (1 − z) ⊙ n + z ⊙ h_(t−1)"),
    "the one idea": ("14-the-one-idea", "**product**"),
    "tan and tanh": ("22-tan-and-tanh", "tanh x = x − x³/3"),
    "sin and sinh": ("22-tan-and-tanh", "sinh x = x + x³/6"),
    "the period of sinh": ("23-the-imaginary-period", "**The period of sinh is imaginary.**"),
    "the history of the names": ("24-where-the-names-come-from", "Vincenzo Riccati (1757)"),
    "Lambert": ("24-where-the-names-come-from", "Johann Heinrich Lambert"),
    "the bowstring": ("24-where-the-names-come-from", "**jyā**"),
}


@pytest.mark.parametrize("row", MISSION)
def test_every_row_of_the_mission_has_a_lesson(row: str) -> None:
    name, words = MISSION[row]
    lesson = lessons("en")[name]
    texts = [step.text for step in lesson.steps]
    texts += [step.question.reveal for step in lesson.steps if step.question is not None]
    assert any(words in text for text in texts), (row, words)


def test_every_chapter_of_the_map_has_lessons_that_stand_together() -> None:
    chapters = [each.chapter for each in lessons("en").values()]
    runs = [chapter for chapter, _ in itertools.groupby(chapters)]
    assert tuple(runs) == CHAPTERS.names


def test_lessons_take_the_networks_of_the_story_from_its_pairs() -> None:
    of_pairs = {
        "03-relu-and-he": "relu", "10-rnn-against-lstm": "lstm", "15-what-clipping-saves": "clipping",
        "17-batchnorm-and-the-rate": "batchnorm",
    }  # fmt: skip
    for name, pair in of_pairs.items():
        setup = lessons("en")[name].steps[0].before
        wanted = PAIRS[pair].experiment
        assert setup.experiment in (wanted, wanted.replace(learning_rate=0.01)), name
        assert dict(setup.plan) == dict(PAIRS[pair].plan), name


@pytest.mark.parametrize(
    ("name", "pair"),
    [("05-xavier", "small"), ("06-exploding-and-clipping", "large"), ("08-residual", "residual")],
)
def test_a_lesson_on_a_pairs_cure_ends_with_the_pair_in_training(name: str, pair: str) -> None:
    setup, row = lessons("en")[name].steps[-1].before, PAIRS[pair]
    assert (setup.experiment, dict(setup.changes)) == (row.experiment, dict(row.changes))
    assert dict(setup.plan) == dict(row.plan)
    assert (setup.view, setup.train) == ("train", True)


@pytest.mark.parametrize("name", LONG)
def test_a_training_of_a_lesson_is_one_that_a_class_can_wait_for(name: str) -> None:
    """An iteration over 100 steps takes 8 ms on one core, one of 30 layers 4: 300 of them are 2.4 s."""
    for step in lessons("en")[name].steps:
        for setup in (step.before, step.after):
            size = setup.experiment
            iterations = dict(setup.plan).get("iterations", Training.iterations)
            assert iterations * size.width * (size.steps or size.depth) <= 300 * 3200


@names
def test_both_languages_have_the_same_steps_blocks_and_numbers(name: str) -> None:
    """All that is not text: experiments, views, cursors, keys, conditions, tolerances, and the numbers in each text."""
    english, chinese = (lessons(language)[name] for language in ("en", "zh"))
    assert [_shape(step) for step in english.steps] == [_shape(step) for step in chinese.steps]
    for step, other in zip(english.steps, chinese.steps, strict=True):
        assert sorted(placeholders(step.text)) == sorted(placeholders(other.text)), step.title
        if step.question is not None and other.question is not None:
            assert sorted(placeholders(step.question.reveal)) == sorted(placeholders(other.question.reveal)), step.title


def _shape(step: Step) -> Step:
    """A step without its texts."""
    question = step.question
    if question is not None:
        choices = tuple(replace(each, say="") for each in question.choices)
        question = replace(question, ask="", reveal="", choices=choices)
    return replace(step, title="", text="", question=question)


@names
def test_the_chinese_texts_are_chinese(name: str) -> None:
    lesson = lessons("zh")[name]
    written = [lesson.title, lesson.summary]
    for step in lesson.steps:
        written += [step.title, step.text]
        if step.question is not None:
            written += [step.question.ask, step.question.reveal]
    for text in written:
        assert any("一" <= character <= "鿿" for character in text) or text in ("I + J", "z = 1", ""), text


@names
def test_texts_are_short(name: str) -> None:
    for step in lessons("en")[name].steps:
        assert len(step.text.split()) <= MOST_WORDS, step.title
        if step.question is not None:
            assert len(step.question.reveal.split()) <= MOST_WORDS, step.title


@pytest.mark.parametrize(("width", "height"), SIZES)
@languages
@computed_names
def test_every_step_fits_its_pane_until_it_is_answered(name: str, language: str, width: int, height: int) -> None:
    lesson = lessons(language)[name]
    for progress, step, readings in pages(lesson):
        assert place(lesson, progress, readings, width, height)[1] == 0, step.title


@pytest.mark.parametrize(("width", "height"), SIZES)
@languages
@computed_names
def test_verdict_and_reveal_are_seen_without_scrolling(name: str, language: str, width: int, height: int) -> None:
    lesson = lessons(language)[name]
    for progress, step, readings in pages(lesson):
        if step.question is None or readings is None:
            continue
        wrong = 0 if true_answer(step, readings) != 0 else 1
        answered = course.answer(progress, lesson, wrong)
        lines = [text_of(line).rstrip() for line in lesson_view(lesson, answered, readings, width, height)]
        assert all(cell_len(line) <= width for line in lines)
        assert any(line.startswith("✗ ") for line in lines), step.title
        without = replace(
            lesson,
            steps=(
                *lesson.steps[: progress.step],
                replace(step, text="", press=()),
            ),
        )
        assert place(without, answered, readings, width, height)[1] == 0, step.title


@names
def test_what_the_reader_is_to_press_are_commands(name: str) -> None:
    commands = {each.id for each in COMMANDS}
    for step in lessons("en")[name].steps:
        assert set(step.press) <= commands, step.press


@computed_names
def test_the_numbers_that_come_out_are_numbers(name: str) -> None:
    for progress, _, readings in pages(lessons("en")[name]):
        for text, each in {**readings.shown, **readings.asked}.items() if readings is not None else ():
            finite = isinstance(each.value, str) or (each.value is not None and math.isfinite(each.value))
            assert finite, f"step {progress.step + 1}: {text}"


def test_there_are_letters_for_all_choices() -> None:
    for lesson in lessons("en").values():
        for step in lesson.steps:
            assert step.question is None or len(step.question.choices) <= len(LETTERS)
