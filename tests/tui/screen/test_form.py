"""The form by key and mouse, and the dialogs that it opens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, Label, OptionList, Static

from gradtui.screen.dialogs.dialogs import Picker
from gradtui.screen.dialogs.form import Form
from gradtui.screen.dialogs.form_fields import Entry, Field, Fields
from gradtui.screen.dialogs.lines import Lines
from gradtui.screen.dialogs.pages import PlainText
from gradtui.text import language
from gradtui.text.describe import About
from gradtui_engine import Experiment
from gradtui_engine.experiment.experiment import options
from gradtui_engine.run.network import verify
from tests.examples import spread
from tests.tui.forms import FIELDS


class Bench(App[None]):
    """An app with nothing but a form in it, which remembers what it was told to apply."""

    def __init__(self, experiment: Experiment, field: str) -> None:
        super().__init__()
        self.applied: list[Experiment] = []
        self.answers: list[Experiment | None] = []
        self._form = Form(experiment, self.applied.append, verify, field)

    def on_mount(self) -> None:
        self.push_screen(self._form, self.answers.append)

    @property
    def form(self) -> Form:
        return self._form

    def entry(self, field: str) -> Entry:
        return self._form.query_one(f"#entry-{field}", Entry)

    def text(self, name: str) -> str:
        """What a field, or another part of the form, shows."""
        widget = self._form.query_one(f"#field-{name}" if name in FIELDS else f"#{name}", Lines)
        return "\n".join(widget.render_line(row).text for row in range(widget.size.height)) if widget.display else ""

    @property
    def focus(self) -> str:
        """The id of what has the focus."""
        focused = self._form.focused
        return str(focused.id) if focused is not None else ""


Script = Callable[[Bench, Pilot[None]], Awaitable[None]]


def play(
    script: Script, experiment: Experiment | None = None, field: str = "depth", size: tuple[int, int] = (80, 24)
) -> Bench:
    async def session() -> Bench:
        app = Bench(experiment or Experiment(), field)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await script(app, pilot)
        return app

    return asyncio.run(session())


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        await pilot.pause()


def test_a_wrong_number_is_marked_the_others_stay_and_the_mended_whole_is_applied() -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        await pilot.press(*"99999", "down", *"32")
        assert "✗ 99999 given; allowed: a whole number from 1 to 10000" in app.text("depth")
        assert (app.entry("depth").value, app.entry("width").value) == ("99999", "32")
        await pilot.press("down", "up", "up", *"12")
        assert app.focus == "entry-depth"
        assert "✗" not in app.text("depth")
        await until(pilot, lambda: app.applied[-1:] == [Experiment(depth=12, width=32)], "the experiment")
        assert app.answers == [], "the form stays open"

    play(script)


def test_another_cell_closes_its_fields_and_opens_its_own() -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        assert app.text("forget_bias").rstrip().endswith("for lstm only")
        await pilot.press("right")
        assert "< lstm >" in app.text("cell")
        assert "for mlp, transformer only" in app.text("depth")
        assert "only" not in app.text("forget_bias")
        assert not app.entry("depth").display
        assert app.entry("forget_bias").display
        await pilot.press("down")
        assert app.focus == "entry-width", "a field that does not apply is passed over"
        await until(pilot, lambda: app.applied[-1:] == [Experiment(cell="lstm")], "the experiment")

    play(script, field="cell")


def test_escape_puts_back_what_was_there_at_the_start() -> None:
    start = Experiment(depth=5)

    async def script(app: Bench, pilot: Pilot[None]) -> None:
        await pilot.press(*"12")
        await until(pilot, lambda: app.applied[-1:] == [Experiment(depth=12)], "the experiment")
        await pilot.press("escape")
        assert app.applied[-1] == start
        assert app.answers == [None]

    play(script, start)


@pytest.mark.parametrize("key", ["enter", "ctrl+s"])
def test_these_keep_at_once_what_was_typed_last(key: str) -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        await pilot.press(*"12", key)
        assert app.applied[-1:] == app.answers == [Experiment(depth=12)]

    play(script)


def test_what_is_wrong_cannot_be_kept_and_is_gone_to() -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        await pilot.press("x", "pagedown", "pagedown", "ctrl+s")
        assert app.answers == []
        assert app.focus == "entry-depth"
        assert app.applied == []
        assert "✗ 1 problem" in str(app.form.query_one("#form").border_title)

    play(script)


def test_a_names_field_turns_jumps_and_opens_its_list() -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        assert "< auto: sigmoid >" in app.text("activation")
        await pilot.press("t")
        assert "< tanh >" in app.text("activation")
        await pilot.press("right")
        assert "< relu >" in app.text("activation")
        await pilot.press("enter")
        assert isinstance(app.screen, Picker)
        await pilot.press("g", "enter")
        assert "< gelu >" in app.text("activation")
        await pilot.press("enter", "home", "escape")
        assert "< gelu >" in app.text("activation"), "escape out of the list takes its preview back"
        await pilot.press("backspace")
        assert "< auto: sigmoid >" in app.text("activation")

    play(script, field="activation")


def test_a_path_is_typed_in_place_and_what_is_wrong_with_the_file_stands_under_it(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b,y\n1,2,3\n4,5,6\n", encoding="utf-8")

    async def script(app: Bench, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "end", "enter")
        assert app.focus == "entry-data"
        await until(pilot, lambda: "names no file" in app.text("data"), "what is wrong")
        app.entry("data").value = f"csv:{tmp_path}/missing.csv"
        await until(pilot, lambda: "✗" in app.text("data") and "names no" not in app.text("data"), "the fault")
        assert "missing.csv" in "".join(app.text("data").split())
        assert app.applied == []
        app.entry("data").value = f"csv:{table}"
        await until(pilot, lambda: bool(app.applied), "the experiment")
        assert app.applied[-1].data == f"csv:{table}"
        assert app.entry("batch").placeholder == "auto: as in the file"
        await pilot.press("home", "delete")
        assert app.focus == "field-data", "without its csv: it is a name again"
        await pilot.press("right")
        assert "✗" not in app.text("data")

    play(script, Experiment(depth=2, width=4), field="data")


def test_a_size_that_is_impossible_is_said_though_no_field_alone_is_wrong() -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        app.entry("depth").value, app.entry("width").value = "10000", "65536"
        await until(pilot, lambda: "✗" in app.text("beyond"), "the refusal")
        assert Experiment(depth=10000, width=65536) not in app.applied
        app.entry("depth").value, app.entry("width").value = "3", "8"
        await until(pilot, lambda: app.applied[-1:] == [Experiment(depth=3, width=8)], "the experiment")
        assert app.text("beyond") == ""

    play(script)


def test_a_field_is_reset_to_its_default_or_to_what_it_was() -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        await pilot.press(*"12", "ctrl+r")
        assert app.entry("depth").value == ""  # automatic
        await pilot.press("ctrl+o")
        assert app.entry("depth").value == "5"

    play(script, Experiment(depth=5))


def test_slash_finds_fields_and_escape_shows_them_all_again() -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        await pilot.press("/", *"momentum")
        shown = [field.field for field in app.form.query(Field) if field.display]
        assert shown == ["momentum"]
        await pilot.press("enter")
        assert app.focus == "entry-momentum"
        await pilot.press("escape")
        assert all(field.display for field in app.form.query(Field))
        assert app.answers == []
        assert not app.form.query_one("#find", Input).display

    play(script)


def test_fields_that_do_not_apply_can_be_hidden() -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+t")
        hidden = {field.field for field in app.form.query(Field) if not field.display}
        assert hidden == {name for name, each in options().items() if not each.applies_to("mlp")}
        await pilot.press("ctrl+t")
        assert all(field.display for field in app.form.query(Field))

    play(script)


@pytest.mark.soak
def test_up_and_down_go_through_every_field_that_applies_and_come_round() -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        seen = []
        while (here := app.focus) not in seen:
            seen.append(here)
            app.form.action_step(1)
        names = [name.split("-", 1)[1] for name in seen]
        assert sorted(names) == sorted(name for name, each in options().items() if each.applies_to("mlp"))
        await pilot.press("up")
        assert app.focus == seen[-1]

    play(script)


def test_keys_that_come_faster_than_the_screen_are_not_lost() -> None:
    async def at_once(app: Bench, pilot: Pilot[None], *keys: str) -> None:
        for key in keys:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()

    async def script(app: Bench, pilot: Pilot[None]) -> None:
        await at_once(app, pilot, "right", "right", "left")
        assert "< lstm >" in app.text("cell")
        await at_once(app, pilot, "down", "down")
        assert app.focus == "entry-layers"
        await at_once(app, pilot, "4", "6")
        assert app.entry("layers").value == "46"
        await pilot.press("ctrl+s")
        assert app.answers == [Experiment(cell="lstm", layers=46)]

    play(script, field="cell")


@pytest.mark.parametrize("code", language.LANGUAGES)
@pytest.mark.soak
def test_the_mouse_turns_a_name_by_its_arrows_opens_its_list_and_goes_to_a_number(code: str) -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        cell = app.form.query_one("#field-cell", Field)
        line = app.text("cell")
        start = cell_len(line[: line.index("<")])
        await pilot.click(cell, offset=(start + len("< mlp "), 0))
        assert "< lstm >" in app.text("cell")
        await pilot.click(cell, offset=(start, 0))
        assert "< mlp >" in app.text("cell")
        await pilot.click(app.form.query_one("#field-depth"), offset=(4, 0))
        assert app.focus == "entry-depth"
        await pilot.click(cell, offset=(start + 3, 0))
        assert isinstance(app.screen, Picker)
        await pilot.press("escape")

    with language.speaking(code):
        play(script, field="cell")


def in_sight(app: Bench, frame: Widget) -> bool:
    return app.form.focused is not None and frame.region.contains_region(app.form.focused.region)


@spread("size", [(60, 16), (80, 24), (120, 40), (200, 50)], 2)
@pytest.mark.soak
def test_the_form_stays_inside_the_screen_and_the_focused_field_in_sight(size: tuple[int, int]) -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        frame = app.form.query_one("#form")
        assert app.form.region.contains_region(frame.region)
        assert (frame.region.width == size[0]) == (size[0] < 100), "wide screens keep some room for the bars"
        for key in ("up", "down", "pagedown", "pagedown"):
            await pilot.press(key)
            await until(pilot, lambda: in_sight(app, frame), "the focused field in sight")
        columns = {field.region.x for field in app.form.query(Field)}
        assert len(columns) == (2 if size[0] >= 180 else 1)

    play(script, field="cell", size=size)


# -- the other dialogs -------------------------------------------------------------------------------------


def test_a_picker_tells_what_it_was_given_to_tell_of_each_name() -> None:
    async def session() -> str:
        app: App[None] = App()
        async with app.run_test(size=(80, 24)) as pilot:
            said = {"svg": About("a picture", "opens in a browser"), "csv": About("numbers")}
            app.push_screen(Picker("export", ("svg", "csv"), "svg", lambda name: None, said, "export"))
            await pilot.pause()
            return "\n".join(str(each.render()) for each in app.screen.query(Label)) + str(
                app.screen.query_one(OptionList).get_option_at_index(0).prompt
            )

    shown = asyncio.run(session())
    assert "a picture" in shown
    assert "opens in a browser" in shown


@pytest.mark.parametrize("key", ["escape", "q"])
def test_a_page_of_plain_text_shows_it_as_it_is_and_closes(key: str) -> None:
    async def session() -> None:
        app: App[None] = App()
        async with app.run_test(size=(60, 16)) as pilot:
            app.push_screen(PlainText("layer 1: [bold] 1e-18"))
            await pilot.pause()
            assert "layer 1: [bold] 1e-18" in str(app.screen.query_one(Static).render())
            await pilot.press(key)
            assert not isinstance(app.screen, PlainText)

    asyncio.run(session())


@pytest.mark.parametrize("height", [20, 22, 24, 27, 31])
def test_no_title_of_a_group_is_the_last_row_in_sight(height: int) -> None:
    async def script(bench: Bench, pilot: Pilot[None]) -> None:
        end = bench.form.query_one(Fields).region.bottom
        titles = [each for each in bench.form.query(Lines) if (each.id or "").startswith("group-")]
        assert titles
        assert [str(each.id) for each in titles if each.region.bottom == end] == []

    play(script, field="cell", size=(80, height))


def test_timeline_and_footer_stay_whole_beside_the_form() -> None:
    async def script(bench: Bench, pilot: Pilot[None]) -> None:
        frame = bench.form.query_one("#form").region
        assert (frame.y, frame.bottom) == (2, 34)

    play(script, size=(120, 36))
