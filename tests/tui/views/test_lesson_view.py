"""The lesson's pane and the list of lessons as text, and Markdown as lines."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gradtui.lessons import course
from gradtui.lessons.format import parse
from gradtui.lessons.library import Entry, entries
from gradtui.lessons.reading import Readings
from gradtui.model.progress import Progress
from gradtui.model.studies import Study
from gradtui.text import glyphs
from gradtui.text.markdown import prose, wrap_spans
from gradtui.text.spans import text_of, width_of
from gradtui.views.lessons.course_map import list_view
from gradtui.views.lessons.lesson import Keys, lesson_title, lesson_view, place
from gradtui_engine.measures.measured import Measured
from tests.tui.helpers import assert_page, texts

LESSON = parse(
    """+++
title = "A title"
summary = "A summary"
+++
## First heading

It is {ratio} of **it all**.

```step
press = ["play", "step"]
```
## Second
Some text.
```step
ask = "What comes of it?"
choices = [{say = "it vanishes", when = "ratio < 0.1"}, {say = "it stays", when = "ratio >= 0.1"}]
reveal = "The ratio is {ratio}."
```
## Third
```step
ask = "How much?"
measure = "average_factor"
reveal = "Exactly {average_factor}."
```
""",
    "x.md",
    "x",
)
READ = Readings(
    {"ratio": Measured(4.6e-19)},
    {"ratio": Measured(4.6e-19), "average_factor": Measured(0.233)},
)
KEYS = Keys(next="Enter", back="PgUp", close="Esc")
SIZES = ((78, 8), (40, 20), (58, 5), (20, 3), (120, 30))


def shown(progress: Progress, readings: Readings | None = READ, width: int = 78, height: int = 12) -> list[str]:
    lines = lesson_view(LESSON, progress, readings, width, height, KEYS, lambda name: {"play": "space"}.get(name, name))
    assert_page(lines, width, height, "lesson")
    return [line.rstrip() for line in texts(lines)]


def answered(step: int, value: float) -> Progress:
    return course.answer(Progress("x", step), LESSON, value)


@pytest.fixture
def other_glyphs() -> Iterator[None]:
    yield
    glyphs.use(glyphs.BLOCK)


def test_the_heading_says_which_step_of_how_many() -> None:
    assert shown(Progress("x"))[0] == "1/3 · First heading"
    assert shown(Progress("x", 2))[0] == "3/3 · Third"


def test_computed_numbers_are_put_in_once_they_are_there() -> None:
    assert "It is 4.6e-19 of it all." in shown(Progress("x"))
    assert "It is … of it all." in shown(Progress("x"), None)


def test_keys_to_press_are_the_effective_ones() -> None:
    assert "Press space, step" in shown(Progress("x"))


def test_the_last_line_names_the_keys_that_do_something_here() -> None:
    assert shown(Progress("x"))[-1] == "Enter next   Esc close"
    assert shown(Progress("x", 1))[-1] == "A–B answer   PgUp back   Esc close"
    assert shown(answered(1, 0))[-1] == "Enter next   PgUp back   Esc close"
    assert shown(Progress("x", 2))[-1] == "Enter answer   PgUp back   Esc close"
    assert shown(answered(2, 0.2))[-1] == "Enter finish   PgUp back   Esc close"


def test_after_the_last_step_the_key_leads_to_the_next_lesson_by_its_title_where_that_has_room() -> None:
    def last(width: int) -> str:
        lines = lesson_view(LESSON, answered(2, 0.2), READ, width, 8, KEYS, following="The next one of all")
        return text_of(lines[-1]).rstrip()

    assert last(78) == "Enter next: The next one of all   PgUp back   Esc close"
    assert last(48) == "Enter next lesson   PgUp back   Esc close"
    assert last(24) == "Enter next lesson"


def test_nothing_of_the_answer_is_seen_before_it_is_given() -> None:
    text = "\n".join(shown(Progress("x", 1)))
    assert "A it vanishes" in text
    assert "B it stays" in text
    assert not any(each in text for each in ("4.6e-19", "✓", "✗", "The ratio"))
    assert "0.233" not in "\n".join(shown(Progress("x", 2)))


def test_a_right_answer_is_marked_and_the_reveal_shown() -> None:
    lines = shown(answered(1, 0))
    assert "✓ A it vanishes      B it stays" in lines
    assert any(line.startswith("✓ Right: ") and "4.6e-19" in line for line in lines)
    assert "The ratio is 4.6e-19." in lines


def test_a_wrong_answer_is_marked_beside_the_true_one() -> None:
    lines = shown(answered(1, 1))
    assert "✓ A it vanishes    ✗ B it stays" in lines
    assert any(line.startswith("✗ Not so, the answer is A: ") for line in lines)


def test_an_answer_waits_for_what_is_being_computed() -> None:
    lines = shown(answered(1, 1), None)
    assert "measuring …" in lines
    assert not any("✓" in line or "✗" in line for line in lines)
    # What is said then would tell the answer, with an ellipsis for its numbers.
    assert not any("The ratio is" in line for line in lines)


def test_where_no_choice_is_true_the_given_one_is_marked_neither_right_nor_wrong() -> None:
    lines = shown(answered(1, 1), Readings({}, {"ratio": Measured(None, problem="it cannot be")}))
    assert "  A it vanishes    ▸ B it stays" in lines
    assert any("it cannot be" in line for line in lines)


def test_a_number_is_asked_for_and_judged() -> None:
    assert "(a number)" in shown(Progress("x", 2))
    lines = shown(answered(2, 0.5))
    assert any(line.startswith("✗ Not so: ") and "0.233" in line and "0.500" in line for line in lines)
    assert "Exactly 0.233." in lines


def test_what_does_not_fit_is_scrolled_and_said() -> None:
    progress, width, height = answered(1, 1), 24, 6
    _, most = place(LESSON, progress, READ, width, height)
    assert most > 0
    pages = [texts(lesson_view(LESSON, progress, READ, width, height, KEYS, offset=each)) for each in range(most + 1)]
    assert f"↓ {most}" in pages[0][-1]
    assert f"↑ {most}" in pages[-1][-1]
    assert "↓" not in pages[-1][-1]
    wide = texts(lesson_view(LESSON, progress, READ, 76, 4, KEYS))[-1]
    assert "  pgdn ↓ " in wide, "the key that scrolls, where it has room"
    assert pages[1][1:4] == pages[0][2:5]
    beyond = texts(lesson_view(LESSON, progress, READ, width, height, KEYS, offset=most + 99))
    assert beyond == pages[-1]
    assert texts(lesson_view(LESSON, progress, READ, width, height, KEYS, offset=-3)) == pages[0]


def test_what_comes_of_an_answer_stands_under_its_question_and_the_text_keeps_its_order() -> None:
    before, after = (shown(progress, height=16) for progress in (Progress("x", 1), answered(1, 1)))
    kept = [line for line in before if line in after and line]
    assert [line for line in after if line in kept] == kept
    order = ("Some text.", "What comes of it?", "✗ B it stays", "✗ Not so", "The ratio is")
    places = [next(number for number, line in enumerate(after) if text in line) for text in order]
    assert places == sorted(places)


def test_where_there_is_no_room_for_all_of_it_the_question_is_the_first_line_that_is_seen() -> None:
    lines = shown(answered(1, 1), width=78, height=6)
    assert lines[1] == "What comes of it?"
    assert any("Not so" in line for line in lines)
    assert "The ratio is 4.6e-19." in lines
    assert "↑ 1" in lines[-1], "the text is a page back, not gone"
    assert "Some text." in texts(lesson_view(LESSON, answered(1, 1), READ, 78, 6, KEYS, offset=0))[1]


@pytest.mark.parametrize("name", glyphs.GLYPHS)
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.usefixtures("other_glyphs")
def test_it_is_exactly_as_large_as_its_pane_in_all_glyphs(name: str, width: int, height: int) -> None:
    glyphs.use(name)
    for progress in (Progress("x"), Progress("x", 1), answered(1, 0), answered(2, 0.2)):
        for readings in (None, READ):
            lines = lesson_view(LESSON, progress, readings, width, height, KEYS)
            assert_page(lines, width, height, f"{name} {progress}")
            assert name != glyphs.ASCII or all(line.isascii() for line in texts(lines))


def test_the_title_shortens_with_the_pane() -> None:
    assert lesson_title(LESSON, 40) == "lesson · A title"
    assert lesson_title(LESSON, 10) == "A title"


# -- the list ----------------------------------------------------------------------------------------------


@functools.cache
def shelf() -> tuple[Entry, ...]:
    """The lessons of the package, read once."""
    return entries("en", Path("/no/such/folder"))


def listed(selected: str, width: int = 100, height: int = 24, of: tuple[Entry, ...] | None = None) -> list[str]:
    lines = list_view(shelf() if of is None else of, selected, width, height)
    assert_page(lines, width, height, "list")
    return [line.rstrip() for line in texts(lines)]


def test_the_list_shows_every_lesson_and_marks_the_selected_one() -> None:
    lines = listed("07-batchnorm", height=32)
    for each in shelf():
        assert any(each.title in line for line in lines)
    marked = [line for line in lines if "▸ " in line]
    assert len(marked) == 1
    assert "BatchNorm" in marked[0]


def test_the_map_says_what_is_done_begun_and_not_read_yet_by_chapters() -> None:
    studies = (Study("01-reading-the-screen", done=True), Study("03-relu-and-he", 2))
    for width in (78, 118):
        lines = [line.rstrip() for line in texts(list_view(shelf(), "03-relu-and-he", width, 40, studies))]
        assert lines[0].startswith(f"1 of {len(shelf())} done   ✓· ◐· · · · · ····· · ······· ···")
        assert any(line.startswith("vanishing") and "✓  1  Reading the screen" in line for line in lines)
        assert any(line.startswith("activations") and "▸ ◐  3  ReLU's 1" in line for line in lines)
        assert any("step 3 of 5" in line for line in lines)
        assert any("·  2  Vanishing, with sigmoid" in line for line in lines)


def test_where_not_all_lessons_have_room_it_is_said_how_many_are_above_and_below() -> None:
    count = len(shelf())
    first, last = listed("01-reading-the-screen", 78, 18), listed("24-where-the-names-come-from", 78, 18)
    shown = sum(" · " in line for line in first[1:])
    assert any(line.endswith(f"↓ {count - shown}") for line in first)
    assert any(line.endswith(f"↑ {count - shown}") for line in last)
    assert not any("↑" in line or "…" in line for line in first)


def test_the_count_of_hidden_lessons_is_whole_in_ascii_too(other_glyphs: None) -> None:
    glyphs.use("ascii")
    shown = [line for line in listed("01-reading-the-screen", 78, 18) if " . " in line]
    assert re.search(r" v \d+$", shown[-1]), shown


@pytest.mark.parametrize("width", [118, 198])
def test_beside_the_list_no_title_is_cut_and_what_it_is_about_stands_close(width: int) -> None:
    lines = listed("01-reading-the-screen", width, 34)
    text = "\n".join(lines)
    assert all(each.title in text for each in shelf())
    assert "…" not in text
    assert ".md" not in text, "a file is nothing to a learner"
    head = next(line for line in lines if line.count("Reading the screen") == 2)
    longest = max(line.find(each.title) + len(each.title) for each in shelf() for line in lines)
    assert head.rindex("Reading the screen") - longest <= 3


def test_below_the_list_stands_what_the_selected_lesson_is_about() -> None:
    lines = listed("07-batchnorm")
    chosen = next(each for each in shelf() if each.id == "07-batchnorm")
    assert any(line.startswith(chosen.summary[:40]) for line in lines)
    assert any("5 steps, 4 questions" in line for line in lines)


def test_the_selected_lesson_is_in_sight_however_small_the_list() -> None:
    for each in shelf():
        for width, height in SIZES:
            lines = listed(each.id, width, height)
            assert any("▸ " in line and each.title[: width - 10] in line for line in lines), (each.id, height)


def test_a_broken_lesson_shows_its_faults(tmp_path: Path) -> None:
    (tmp_path / "00-broken.md").write_text("+++\ntitel = 'a'\n+++\n## A\n", encoding="utf-8")
    lines = listed("00-broken", 100, 30, entries("en", tmp_path))
    assert any("▸ ✗ 00-broken" in line for line in lines)
    text = " ".join(lines)  # where a line ends depends on the folder's name
    assert "'titel' is unknown" in text
    assert "did you mean 'title'?" in text
    assert "summary: is missing" in text


def test_an_empty_list_says_so() -> None:
    none: tuple[Entry, ...] = ()
    assert text_of(list_view(none, "", 40, 3)[0]).startswith("There are no lessons.")


def test_an_unknown_selection_is_the_first() -> None:
    first = shelf()[0]
    assert any("▸ " in line and first.title in line for line in listed("nothing"))


# -- Markdown ----------------------------------------------------------------------------------------------


def plain(source: str, width: int = 40, spaced: bool = False) -> list[str]:
    return [text_of(line) for line in prose(source, width, spaced=spaced)]


def test_bold_and_code_are_styles_of_one_line() -> None:
    (line,) = prose("a **b** and `c d`.", 40)
    assert line == [("a", "text"), (" b", "strong"), (" and", "text"), (" c d", "formula"), (".", "text")]


def test_paragraphs_begin_anew_and_lists_hang() -> None:
    source = "One\ntwo.\n\n- first of all it is long\n- second\n\n1. x\n2. y\n   - z\n\nLast."
    assert plain(source, 16) == [
        "One two.", "• first of all", "  it is long", "• second", "1. x", "2. y", "  • z", "Last.",
    ]  # fmt: skip
    assert plain("a\n\nb", spaced=True) == ["a", "", "b"]


def test_a_hard_break_breaks() -> None:
    assert plain("one\\\ntwo three") == ["one", "two three"]


def test_html_and_unknown_markup_are_text() -> None:
    assert plain("a <b>c</b> & d") == ["a <b>c</b> & d"]


def test_chinese_breaks_anywhere_but_before_a_mark_or_after_a_bracket() -> None:
    assert plain("梯度消失了。", 10) == ["梯度消失", "了。"]
    assert plain("看「遗忘门」吧", 4) == ["看", "「遗", "忘", "门」", "吧"]
    assert plain("第 12 层，σ′(z) 很小", 8) == ["第 12", "层，", "σ′(z) 很", "小"]


def test_a_line_end_between_chinese_characters_is_no_space() -> None:
    assert plain("梯度\n消失") == ["梯度消失"]
    assert plain("梯度\nvanishes\naway") == ["梯度 vanishes away"]


def test_a_word_that_is_wider_than_the_line_is_cut() -> None:
    assert plain("abcdefgh ij", 3) == ["abc", "def", "gh", "ij"]


@pytest.mark.usefixtures("other_glyphs")
def test_words_are_measured_as_they_are_drawn() -> None:
    glyphs.use(glyphs.ASCII)
    assert all(width_of(line) <= 12 for line in prose("σσ ab σ′(z) √2 ‖∂L/∂h‖", 12))


@given(
    st.lists(st.tuples(st.text("ab σ‖梯度，。（“” \n", max_size=12), st.sampled_from(["text", "strong"])), max_size=6),
    st.integers(2, 20),
)
def test_wrapping_keeps_every_character_its_style_and_the_width(spans: list[tuple[str, str]], width: int) -> None:
    lines = wrap_spans(spans, width)
    assert all(cell_len(text_of(line)) <= width for line in lines)
    before = [(each, style) for text, style in spans for each in text if not each.isspace()]
    after = [(each, style) for line in lines for text, style in line for each in text if not each.isspace()]
    assert after == before
