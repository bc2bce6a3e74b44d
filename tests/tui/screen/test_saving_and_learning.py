"""Files by key, and lessons by key: what the small actions of the app leave behind."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pyte
import pytest
from textual import events
from textual.containers import Vertical
from textual.geometry import Region
from textual.widgets import Input, Label, OptionList

from gradtui.cli import launch
from gradtui.cli.words import Words
from gradtui.lessons import library
from gradtui.lessons.library import find
from gradtui.model import events as e
from gradtui.model.permissions import VISITOR
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.screen import learning, saving
from gradtui.screen.app import GradtuiApp
from gradtui.screen.dialogs.dialogs import Ask, Picker
from gradtui.screen.dialogs.pages import PlainText
from gradtui.screen.terminal.whole import rows_of
from gradtui.share.exports import FORMATS
from gradtui.views.arrangement import arrange
from gradtui.views.frame.layout import Block, Box
from gradtui_engine import Experiment
from tests.tui.helpers import Pilot, panes_shown, play, settled, shown, toasts, until

SMALL = Experiment(depth=3, width=4, batch=4)
LESSON = "02-vanishing-with-sigmoid"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wheel(app: GradtuiApp, turned: type[events.MouseEvent], box: Box) -> None:
    """Turn the wheel over the middle of a box."""
    x, y = box.x + box.width // 2, box.y + box.height // 2
    app.canvas.post_message(turned(app.canvas, x, y, 0, 0, 0, False, False, False, x, y))


def panes_drawn(app: GradtuiApp) -> list[Block]:
    return [app.canvas.blocks[name] for name in panes_shown(app)]


def test_a_film_shows_every_moment_as_the_screen_would_and_leaves_the_screen_alone(here: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("home")
        before, panes = shown(app), panes_drawn(app)
        saving.start(app, "cast")
        await pilot.press("question_mark")
        assert panes_drawn(app) == panes, "nothing of the film is on the screen"
        await pilot.press("escape")
        await until(pilot, lambda: bool([*here.glob("*.cast")]), "the film")
        (file,) = here.glob("*.cast")
        await until(pilot, lambda: file.name in app.state.message, "what is said of it")
        app.send(e.Message())
        await until(pilot, lambda: shown(app) == before, "the screen as it was")
        player = pyte.Screen(*app.size)
        stream = pyte.Stream(player)
        for line in file.read_text().splitlines()[1:]:
            stream.feed(json.loads(line)[2])
        assert app.timeline is not None
        app.send(e.Jump(step=app.timeline.last))
        await pilot.pause()
        rows = [strip.text.rstrip() for strip in app.canvas.render_lines(Region(0, 0, *app.size))]
        assert [row.rstrip() for row in player.display] == rows

    play(script, SMALL, (100, 30))


def test_a_lessons_step_is_the_same_screen_whether_it_is_opened_or_reached_by_key() -> None:
    states: list[State] = []

    async def reached(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("7", "j", "enter")
        await settled(app, pilot)
        await pilot.press("enter")
        await settled(app, pilot)
        states.append(app.state)

    play(reached, SMALL)
    opening = launch.opening(Experiment(), Words({"lesson": LESSON, "lesson_step": "2"}))

    async def opened(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for event in opening[1]:
            app.send(event)
        states.append(app.state)
        await settled(app, pilot)
        text = shown(app)
        assert "why · backward · layer 6 · linear" in text
        assert "■ backward · layer 6 · linear" in text

    play(opened, opening[0])
    there, direct = states
    for name in ("experiment", "changes", "view", "quantity", "step", "selected", "lesson"):
        assert getattr(there, name) == getattr(direct, name), name


# -- files -------------------------------------------------------------------------------------------------


def test_the_list_of_formats_says_what_each_is() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("e")
        assert isinstance(app.screen, Picker)
        rows = app.screen.query_one(OptionList)
        offered = [str(rows.get_option_at_index(index).prompt) for index in range(rows.option_count)]
        for text, each in zip(offered, FORMATS.values(), strict=True):
            assert text.split() == [each.id, *each.label.split()]
        about = app.screen.query_one(".about", Label)

        def told() -> str:
            return " ".join(str(about.render()).split())

        await until(pilot, lambda: told() == next(iter(FORMATS.values())).help, "what it is good for")
        await pilot.press("escape")

    play(script, SMALL)


def test_in_compare_a_file_holds_both_sides_where_there_are_two(here: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for keys, expected in ((("3",), {"a"}), (("C",), {"a", "b"})):
            await pilot.press(*keys)
            await settled(app, pilot)
            await pilot.press("e", "j", "enter")
            await until(pilot, lambda: "written: " in shown(app), "the file")
            (path,) = here.glob("*.json")
            document = json.loads(path.read_text(encoding="utf-8"))
            path.unlink()
            found = {"a"} if "experiment" in document else set(document)
            assert found == expected
            await pilot.press("escape")  # the message gives way

    play(script, SMALL)


def test_s_saves_the_picture_and_p_says_the_pane_in_words(here: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("s")
        await until(pilot, lambda: "written: " in shown(app), "the picture")
        (path,) = here.glob("*.svg")
        assert path.read_text(encoding="utf-8").startswith("<svg")
        await pilot.press("p")
        assert isinstance(app.screen, PlainText)
        await pilot.press("escape")

    play(script, SMALL)


def test_a_notice_that_is_still_there_is_not_in_the_picture(here: Path) -> None:
    """`w` copies an address, which has no room in the status line, and `s` comes soon after."""
    notice = "a notice of what was copied, " * 8

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        before = app.export_screenshot(title="")
        app.say(notice)
        await until(pilot, lambda: "what was copied" in on_screen(app), "the toast")
        await pilot.press("s")
        await until(pilot, lambda: "written: " in shown(app), "the picture")
        (path,) = here.glob("*.svg")
        assert _cells(path.read_text(encoding="utf-8")) == _cells(before), "the same screen, in the same colours"

    play(script, SMALL, shows_toasts=True)


def _cells(picture: str) -> str:
    return picture.partition('<g class="cells"')[2]


def on_screen(app: GradtuiApp) -> str:
    """Every character, dialogs and toasts among them."""
    return "\n".join("".join(segment.text for segment in row) for row in rows_of(app))


def test_when_the_folder_is_gone_it_says_so_and_goes_on(here: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        here.rmdir()
        await pilot.press("s")
        await until(pilot, lambda: "nothing was written: No such file or directory" in shown(app), "the problem")
        assert app.is_running

    play(script, SMALL)


# -- lessons -----------------------------------------------------------------------------------------------


def at(step: int) -> State:
    return State(SMALL.replace(depth=10), lesson=Progress(LESSON, step), pane="lesson")


def test_backspace_goes_a_step_back_and_finds_the_answer_again() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        await pilot.press("enter")
        assert isinstance(app.screen, Picker)
        await pilot.press("b", "enter")
        await settled(app, pilot)
        assert app.state.lesson == Progress(LESSON, 2, ((2, 1),))
        assert app.state.experiment.gain == 4.0, "the answer is shown"
        await pilot.press("backspace")
        await settled(app, pilot)
        assert app.state.lesson == Progress(LESSON, 1, ((2, 1),))
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.state.lesson == Progress(LESSON, 2, ((2, 1),))
        await until(pilot, lambda: "Right: " in shown(app), "the verdict")

    play(script, at(2), (140, 40))


def test_a_number_is_asked_for_in_words_and_nonsense_is_refused_in_words() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        await pilot.press("enter")
        assert isinstance(app.screen, Ask)
        await pilot.press(*"much", "enter")
        await pilot.pause()
        assert "'much' is no number" in str(app.screen.query_one(".problem", Label).render())
        app.screen.query_one(Input).value = "0.5"
        await pilot.press("enter")
        await settled(app, pilot)
        await until(pilot, lambda: "Not so: " in shown(app), "the verdict")
        assert app.state.lesson == Progress(LESSON, 3, ((3, 0.5),))

    play(script, at(3), (140, 40))


_LONG = """+++
title = "Long"
summary = "More than a page."
experiment = {depth = 10}
+++

## All of it

""" + "\n\n".join(f"Paragraph {number}." for number in range(60))


def test_pages_beyond_the_end_of_a_lessons_text_need_no_way_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "00-long.md").write_text(_LONG, encoding="utf-8")
    monkeypatch.setenv("GRADTUI_LESSONS", str(tmp_path))

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        await pilot.press("pagedown")
        page = app.state.offset
        await pilot.press(*["pagedown"] * 30)
        await until(pilot, lambda: "Paragraph 59." in shown(app), "the end of the text")
        end = app.state.offset
        assert 0 < page < end
        await pilot.press("pageup")
        assert app.state.offset == end - page
        await pilot.press("pagedown", "pagedown", "tab", "pageup")
        assert app.state.offset == end
        assert app.state.selected == 10, "ten stages, where another pane has the focus"
        box = app.canvas.blocks["lesson"].box
        wheel(app, events.MouseScrollUp, box)
        await pilot.pause()
        assert end - page < app.state.offset < end, "the wheel goes by lines, wherever the focus is"
        wheel(app, events.MouseScrollDown, box)
        await pilot.pause()
        assert (app.state.offset, app.state.selected) == (end, 10)

    play(script, State(SMALL.replace(depth=10), lesson=Progress("00-long"), pane="lesson"), (80, 24))


@pytest.mark.parametrize("key", ["b", "B"])
def test_a_letter_answers_the_open_question_and_does_nothing_else(key: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        assert "A–C answer" in shown(app)
        before = app.state
        await pilot.press(key)
        await settled(app, pilot)
        assert app.state.lesson == Progress(LESSON, 2, ((2, 1),))
        assert not isinstance(app.screen, Picker)
        assert app.state.changes == before.changes
        await until(pilot, lambda: "Right: " in shown(app), "the verdict")

    play(script, at(2), (140, 40))


def test_a_letter_that_is_typed_after_the_answer_switches_no_cure_and_opens_nothing_until_the_reader_goes_on() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        await pilot.press("b")
        await settled(app, pilot)
        answered = app.state
        for key in "AaBbCc":
            await pilot.press(key)
            await settled(app, pilot)
            assert (app.state.changes, app.state.experiment) == (answered.changes, answered.experiment), key
            assert (app.state.lesson, app.state.view) == (answered.lesson, answered.view), key
            assert len(app.screen_stack) == 1, key
        assert "it is answered: enter goes on, esc closes the lesson" in shown(app)
        await pilot.press("S")
        await settled(app, pilot)
        assert app.state.changes, "what is no answer's letter means what it always does"
        await pilot.press("backspace", "A")
        await settled(app, pilot)
        assert dict(app.state.changes)["activation"] == "relu", "the step before asks nothing"

    play(script, at(2), (140, 40))


def test_of_a_number_that_is_asked_for_letters_are_no_answers() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        assert "enter answer" in shown(app)
        await pilot.press("A")
        await settled(app, pilot)
        assert dict(app.state.changes) == {"activation": "relu"}
        assert app.state.lesson == Progress(LESSON, 3)

    play(script, at(3), (140, 40))


def test_until_a_lesson_has_been_read_its_letters_do_nothing() -> None:
    async def session() -> None:
        app = GradtuiApp(at(2))
        async with app.run_test(size=(140, 40)) as pilot:
            await pilot.press("A", "B", "C")
            assert app.state.changes == ()
            await settled(app, pilot)

    asyncio.run(session())


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
def test_the_list_of_answers_leaves_the_question_in_sight(size: tuple[int, int]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        lesson, choices = arrange(app.state, *size)["lesson"], app.screen.query_one(Vertical).region
        assert isinstance(app.screen, Picker)
        assert not choices.overlaps(Region(lesson.x, lesson.y, lesson.width, lesson.height))
        assert choices.y >= 2, "the header stays in sight, too"

    play(script, at(2), size)


def test_closing_a_lesson_says_how_to_come_back_to_what_stood_before() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        learning.open_lesson(app, LESSON)
        await settled(app, pilot)
        assert app.state.experiment.depth == 10
        await pilot.press("escape")
        assert "the lesson's network stays; u brings back what stood before" in shown(app)
        await pilot.press("u")
        await settled(app, pilot)
        assert app.state.experiment == SMALL

    play(script, State(SMALL), (80, 24))


def test_escape_at_a_question_leaves_it_open() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        await pilot.press("enter", "escape")
        assert app.state.lesson == Progress(LESSON, 2)
        await pilot.press("escape")
        assert app.state.lesson is None

    play(script, at(2), (140, 40))


def test_after_the_last_lesson_the_list_is_back() -> None:
    last = library.names("en")[-1]

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        app.send(e.Learn(Progress(last, last_step(last), ((last_step(last), 0),))))
        await until(pilot, lambda: "finish" in shown(app), "the last lesson")
        await pilot.press("enter")
        assert (app.state.lesson, app.state.view) == (None, "lessons")
        assert "lesson finished: " in shown(app)

    play(script, at(0), (140, 40))


def test_a_broken_lesson_is_listed_with_its_fault_and_does_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "00-broken.md").write_text("no lesson at all", encoding="utf-8")
    monkeypatch.setenv("GRADTUI_LESSONS", str(folder))

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("7")
        await settled(app, pilot)
        assert app.state.lessons[0] == app.state.item == "00-broken"
        await pilot.press("enter")
        assert app.state.lesson is None
        await until(pilot, lambda: "00-broken.md" in app.state.message + toasts(app), "what is wrong")

    play(script, SMALL, (120, 40))


# -- a course ----------------------------------------------------------------------------------------------


def last_step(name: str) -> int:
    entry = find(name, "en")
    assert entry is not None
    assert entry.lesson is not None
    return len(entry.lesson.steps) - 1


@pytest.fixture
def keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where progress is kept from one session of a test to the next."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "gradtui" / "lessons.json"


def test_after_the_last_step_enter_opens_the_next_lesson_and_a_later_session_knows(keeps: Path) -> None:
    names = library.names("en")

    async def reads(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        assert "next: ReLU's 1 is not enough" in shown(app)
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.state.lesson == Progress("03-relu-and-he")
        await pilot.press("escape", "7")
        await until(pilot, lambda: f"1 of {len(names)} done" in shown(app), "the map")

    start = State(SMALL.replace(depth=10), lesson=Progress(LESSON, last_step(LESSON)), pane="lesson")
    play(reads, start, (120, 40))
    document = json.loads(keeps.read_text(encoding="utf-8"))["lessons"]
    assert document[LESSON]["done"] is True

    async def comes_back(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("7")
        await settled(app, pilot)
        text = shown(app)
        assert "✓  2  Vanishing, with sigmoid" in text
        assert "◐  3  ReLU's 1 is not enough: He's √2    step 1 of 5" in text
        assert "·  1  Reading the screen" in text
        assert app.state.item == names[0], "the first that is not done"

    play(comes_back, SMALL, (140, 40))


def test_a_lesson_that_was_left_goes_on_where_it_was_with_its_answers(keeps: Path) -> None:
    keeps.parent.mkdir(parents=True)
    row = {"step": 2, "answers": {"2": 1}, "done": False}
    keeps.write_text(json.dumps({"gradtui lessons": 1, "lessons": {LESSON: row}}), encoding="utf-8")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("7", "j", "enter")
        await settled(app, pilot)
        assert app.state.lesson == Progress(LESSON, 2, ((2, 1),))
        assert app.state.experiment.gain == 4.0, "as its answer leaves the screen"

    play(script, SMALL, (140, 40))


def test_a_broken_file_of_progress_is_said_and_kept(keeps: Path) -> None:
    keeps.parent.mkdir(parents=True)
    keeps.write_text("not progress", encoding="utf-8")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("7")
        await until(pilot, lambda: "is no file of progress" in app.state.message + toasts(app), "what is wrong")
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.state.lesson is not None

    play(script, SMALL, (140, 40))
    assert (keeps.parent / "lessons.broken-1.json").read_text(encoding="utf-8") == "not progress"
    assert json.loads(keeps.read_text(encoding="utf-8"))["lessons"]


def test_of_a_visitor_nothing_is_read_and_nothing_written(keeps: Path) -> None:
    async def session() -> None:
        app = GradtuiApp(at(2), permissions=VISITOR)
        async with app.run_test(size=(140, 40)) as pilot:
            await until(pilot, lambda: app.record is not None, "the first trace")
            await settled(app, pilot)
            await pilot.press("backspace")
            await settled(app, pilot)
            assert app.state.studies, "it lives as long as the session"

    asyncio.run(session())
    assert not keeps.parent.exists()
