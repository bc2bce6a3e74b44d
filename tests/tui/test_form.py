"""The form: its texts without a screen, its lines without a terminal, and the dialog by key and mouse."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, Label, OptionList, Static

from gradtui import form_model as model
from gradtui import glyphs, language
from gradtui.about import About
from gradtui.dialogs import Picker, PlainText
from gradtui.form import Form
from gradtui.form_fields import Entry, Field
from gradtui.form_rows import Sheet, detail, heading, rows, status
from gradtui.views.spans import text_of
from gradtui.widgets import Lines
from gradtui_engine import Experiment
from gradtui_engine.datasets import CSV
from gradtui_engine.experiment import is_optional, options
from gradtui_engine.network import verify

from ..engine.strategies import valid_experiments

FIELDS = tuple(options())
CHOICES = tuple(name for name in FIELDS if model.choices(name))
#: Texts as a person, a cat or a clipboard types them: names and numbers among anything.
TEXTS = st.text(max_size=12) | st.sampled_from(
    (
        *("", " ", "lstm", "mlp", "csv:", "csv:x", "auto", "nan", "inf", "-0", "1e400", "0x10", "9" * 5000, "relu"),
        *("gaussian", "7", "\udcff"),
    )
)


def edited(experiment: Experiment | None = None, **texts: str) -> model.FormState:
    state = model.of(experiment or Experiment())
    for field, text in texts.items():
        state = model.edit(state, field, text)
    return state


# -- the texts ---------------------------------------------------------------------------------------------


def test_every_field_is_in_exactly_one_section() -> None:
    grouped = [field for fields in model.GROUPS.values() for field in fields]
    assert sorted(grouped) == sorted(FIELDS)


def test_every_section_is_in_exactly_one_column() -> None:
    assert [*model.groups_of_column(0), *model.groups_of_column(1)] == list(model.GROUPS)


@given(valid_experiments())
def test_a_form_reads_back_as_its_experiment(experiment: Experiment) -> None:
    reading = model.read(model.of(experiment))
    assert reading == model.Reading(experiment, {}, experiment)


@given(valid_experiments(), st.lists(st.tuples(st.sampled_from(FIELDS), TEXTS), max_size=12))
@settings(max_examples=300)
def test_nothing_that_is_typed_raises_or_is_lost(experiment: Experiment, typed: list[tuple[str, str]]) -> None:
    state = model.of(experiment)
    for field, text in typed:
        state = model.edit(state, field, text)
        reading = model.read(state)
        assert state.texts[field] == text
        assert (reading.experiment is None) == bool(reading.problems)
        assert isinstance(reading.guide, Experiment)
    for field, text in dict(typed).items():
        assert state.texts[field] in (text, ""), "only what a file had decided goes with the file"
        model.is_changed(state, field)
        model.automatic(model.read(state).guide, field)


@given(valid_experiments(), st.sampled_from(FIELDS))
def test_back_to_what_it_was_is_back_to_the_experiment(experiment: Experiment, field: str) -> None:
    state = model.edit(model.of(experiment), field, "nonsense?")
    assert model.read(model.undo(state, field)).experiment == experiment


def test_what_follows_from_the_others_is_left_empty_and_what_was_chosen_is_not() -> None:
    texts = model.of(Experiment(activation="relu", batch=64, learning_rate=0.5)).texts
    assert (texts["activation"], texts["batch"], texts["learning_rate"]) == ("relu", "", "0.5")


def test_all_problems_are_there_at_once_in_the_order_of_the_fields() -> None:
    reading = model.read(edited(seed="-1", gain="much", depth="99999", cell="lstm", data="digits"))
    assert list(reading.problems) == ["depth", "gain", "data", "seed"]
    assert reading.problems["depth"] == ("99999 given; allowed: a whole number from 1 to 10000",)
    assert reading.problems["gain"] == ("'much' given; allowed: a number from 0 to 1e+30, or auto",)
    assert "has no time axis" in reading.problems["data"][0]
    assert reading.experiment is None


def test_while_a_name_is_half_typed_its_last_right_text_stands_in() -> None:
    """Else 5000 samples would be too many for digits, which nobody has asked for."""
    right = edited(data="gaussian", batch="5000")
    assert model.read(right).problems == {}
    state = model.edit(right, "data", "gaussia")
    assert list(model.read(state).problems) == ["data"]
    assert model.read(model.edit(state, "data", "gaussian")).problems == {}


@pytest.mark.parametrize(("field", "text"), [("width", " 32 "), ("gain", " auto"), ("cell", "lstm ")])
def test_blanks_around_a_value_do_not_count(field: str, text: str) -> None:
    experiment = model.read(edited(**{field: text})).experiment
    assert experiment is not None
    assert str(getattr(experiment, field)) == text.strip()


def test_blanks_in_a_path_are_the_paths_own() -> None:
    experiment = model.read(edited(data="csv: a ")).experiment
    assert experiment is not None
    assert experiment.data == "csv: a "


@pytest.mark.parametrize("field", [field for field in FIELDS if not is_optional(field)])
def test_only_an_optional_field_may_be_empty(field: str) -> None:
    assert list(model.read(edited(**{field: ""})).problems) == [field]


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({}, "activation", "sigmoid"),
        ({"cell": "rnn"}, "activation", "tanh"),
        ({"cell": "lstm"}, "data", "digits-pixels"),
        ({"cell": "lstm"}, "steps", 64),
        ({}, "steps", None),
        ({}, "sigma_w", None),
        ({"optimizer": "adam"}, "learning_rate", 1e-3),
        ({"optimizer": "adam", "learning_rate": 7.0}, "learning_rate", 1e-3),
        ({}, "optimizer", "sgd"),
        ({"activation": "prelu"}, "slope", 0.25),
        ({"activation": "relu"}, "slope", None),
        ({"residual": "scaled", "depth": 25}, "residual_scale", 0.2),
        ({"data": "gaussian"}, "loss", "mse"),
    ],
)
def test_an_empty_field_follows_to(fields: dict[str, str], field: str, expected: object) -> None:
    assert model.automatic(Experiment(**fields), field) == expected


def test_the_same_value_in_other_words_is_no_change() -> None:
    assert not model.is_changed(edited(gain="1"), "gain")
    assert not model.is_changed(edited(depth=" 030"), "depth")
    assert model.is_changed(edited(depth="31"), "depth")
    assert model.is_changed(edited(depth="?"), "depth")
    assert model.is_changed(edited(activation="sigmoid"), "activation"), "it no longer follows the cell"


def test_a_reset_field_has_its_default_and_the_others_what_they_had() -> None:
    state = model.reset(edited(Experiment(depth=7, width=9), width="abc"), "depth")
    assert (state.texts["depth"], state.texts["width"]) == ("30", "abc")


def test_sizes_that_a_file_decided_go_with_it_and_what_was_typed_stays() -> None:
    built = Experiment(data="csv:old.csv", batch=12, inputs=3, loss="mse")
    texts = model.edit(edited(built, batch="5"), "data", "digits").texts
    assert (texts["batch"], texts["inputs"], texts["loss"]) == ("5", "", "")
    assert model.edit(edited(built), "depth", "4").texts["inputs"] == "3"


# -- names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", CHOICES)
def test_turning_goes_round_all_names_and_back_the_same_way(field: str) -> None:
    texts, text = [], model.choices(field)[0]
    for _ in range(len(model.choices(field))):
        texts.append(text)
        assert model.turn(field, model.turn(field, text, 1), -1) == text
        text = model.turn(field, text, 1)
    assert {CSV, *texts} == {CSV, *model.choices(field)}


def test_turning_from_an_unknown_name_gives_a_known_one() -> None:
    assert model.turn("cell", "cnn", 1) == "mlp"
    assert model.turn("cell", "cnn", -1) == model.choices("cell")[-1]


def test_a_letter_goes_to_the_next_name_that_begins_with_it() -> None:
    assert model.jump("activation", "", "s") == "sigmoid"
    assert model.jump("activation", "sigmoid", "S").startswith("s")
    assert model.jump("activation", "sigmoid", "S") != "sigmoid"
    assert model.jump("activation", "relu", "q") == "relu"
    assert model.jump("data", "copy", "c") == "csv:"


@pytest.mark.parametrize(("words", "fields"), [("forget_b", {"forget_bias"}), ("RESIDUAL span", {"residual_span"})])
def test_a_field_is_found_by_parts_of_its_name(words: str, fields: set[str]) -> None:
    assert {name for name in FIELDS if model.found(name, words, "")} == fields


def test_a_field_is_found_by_its_help() -> None:
    assert model.found("learning_rate", "step size", options()["learning_rate"].help)
    assert not model.found("depth", "step size", options()["depth"].help)


# -- the lines ---------------------------------------------------------------------------------------------


def said(sheet: Sheet, field: str, width: int = 59) -> str:
    return "\n".join(text_of(line) for line in rows(sheet, field, width, focused=False))


STATES = {
    "default": edited(),
    "lstm": edited(cell="lstm", pin_forget="1"),
    "wrong": edited(**dict.fromkeys(FIELDS, "7 by 7")),
    "file": edited(data="csv:" + "very/long/" * 20),
    "changed": edited(Experiment(sigma_w=1.5), activation="relu", loss="bce", clip="norm", momentum="0.5"),
}


@pytest.mark.parametrize("width", [36, 55, 59, 75])
@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("glyph_set", glyphs.GLYPHS)
@pytest.mark.parametrize("code", language.LANGUAGES)
def test_every_line_is_exactly_as_wide_as_its_column(name: str, width: int, glyph_set: str, code: str) -> None:
    glyphs.use(glyph_set)
    language.use(code)
    try:
        sheet = Sheet.of(STATES[name], {"size": ("more numbers than fit",)})
        lines = [line for field in FIELDS for focused in (False, True) for line in rows(sheet, field, width, focused)]
        lines += [line for group in model.GROUPS for line in heading(group, width)]
        for field in FIELDS:
            for height in (2, 3, 5):
                found = detail(sheet, field, width, height)
                assert len(found) == height
                lines += found
        assert {cell_len(text_of(line)) for line in lines} == {width}
        if glyph_set == glyphs.ASCII and code == "en":
            assert all(text_of(line).isascii() for line in lines)
    finally:
        glyphs.use(glyphs.BLOCK)
        language.use(language.ENGLISH)


def test_a_problem_stands_under_its_field_in_glyph_and_words() -> None:
    sheet = Sheet.of(edited(depth="99999", width="abc"))
    first, second = said(sheet, "depth").splitlines()
    assert first.startswith("✗ depth")
    assert second.strip() == "✗ 99999 given; allowed: a whole number from 1 to 10000"
    assert "✗ 'abc' given; allowed: a whole number from 1 to 65536" in said(sheet, "width")
    assert "✗" not in said(sheet, "gain")
    assert status(sheet) == "✗ 2 problems"


def test_a_changed_field_is_marked_with_what_it_was() -> None:
    sheet = Sheet.of(edited(depth="31", activation="relu"))
    assert said(sheet, "depth").startswith("◆ depth")
    assert "was 30" in said(sheet, "depth")
    assert "was sigmoid" in said(sheet, "activation")
    assert "was auto" in said(Sheet.of(edited(activation="sigmoid")), "activation")
    assert "was not set" in said(Sheet.of(edited(sigma_w="1")), "sigma_w")
    assert "was" not in said(sheet, "width")
    assert status(sheet) == "◆ 2 fields changed"


def test_a_field_of_another_cell_says_whose_it_is() -> None:
    assert "for lstm only" in said(Sheet.of(edited()), "forget_bias")
    assert "for mlp only" in said(Sheet.of(edited(cell="lstm")), "depth")
    assert "only" not in said(Sheet.of(edited(cell="lstm")), "forget_bias")


def test_a_field_of_another_cell_that_is_wrong_can_still_be_mended() -> None:
    sheet = Sheet.of(edited(depth="99999", cell="lstm"))
    assert sheet.is_open("depth")
    assert "99999 given" in said(sheet, "depth")


@pytest.mark.parametrize(
    ("texts", "field", "reason"),
    [
        ({}, "momentum", "it is for optimizer momentum and nesterov"),
        ({}, "clip_threshold", "there is no clip"),
        ({"sigma_w": "1"}, "gain", "sigma w stands in its place"),
        ({"optimizer": "momentum"}, "momentum", ""),
    ],
)
def test_a_field_without_effect_says_so_and_why(texts: dict[str, str], field: str, reason: str) -> None:
    sheet = Sheet.of(edited(**texts))
    assert ("no effect" in said(sheet, field)) == bool(reason)
    help = " ".join(text_of(line) for line in detail(sheet, field, 75, 3))
    assert reason in help
    assert ("no effect" in help) == bool(reason)


def test_the_help_of_a_name_is_its_formula_and_of_a_number_what_is_allowed() -> None:
    sheet = Sheet.of(edited(activation="relu"))
    assert "max(0, z)" in text_of(detail(sheet, "activation", 75, 2)[1])
    assert "…" in text_of(detail(sheet, "activation", 75, 2)[0]), "the help is longer than its line"
    assert "a whole number from 1 to 10000; default: 30" in text_of(detail(sheet, "depth", 75, 3)[1])
    assert "empty: auto: 0.1" in text_of(detail(sheet, "learning_rate", 75, 3)[1])


# -- the dialog --------------------------------------------------------------------------------------------


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
        assert "for mlp only" in app.text("depth")
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
        assert "names no file" in app.text("data")
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
        assert app.entry("depth").value == "30"
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


def test_the_mouse_turns_a_name_by_its_arrows_opens_its_list_and_goes_to_a_number() -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        cell = app.form.query_one("#field-cell", Field)
        await pilot.click(cell, offset=(18 + len("< mlp "), 0))
        assert "< lstm >" in app.text("cell")
        await pilot.click(cell, offset=(18, 0))
        assert "< mlp >" in app.text("cell")
        await pilot.click(app.form.query_one("#field-depth"), offset=(4, 0))
        assert app.focus == "entry-depth"
        await pilot.click(cell, offset=(21, 0))
        assert isinstance(app.screen, Picker)
        await pilot.press("escape")

    play(script, field="cell")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 50)])
def test_the_form_stays_inside_the_screen_and_the_focused_field_in_sight(size: tuple[int, int]) -> None:
    async def script(app: Bench, pilot: Pilot[None]) -> None:
        frame = app.form.query_one("#form")
        assert app.form.region.contains_region(frame.region)
        assert (frame.region.width == size[0]) == (size[0] < 100), "wide screens keep some room for the bars"
        for key in ("up", "down", "pagedown", "pagedown"):
            await pilot.press(key)
            assert app.form.focused is not None
            assert frame.region.contains_region(app.form.focused.region)
        columns = {field.region.x for field in app.form.query(Field)}
        assert len(columns) == (2 if size[0] >= 180 else 1)

    play(script, field="cell", size=size)


def test_the_forms_numbers_are_the_experiments_to_the_bit() -> None:
    """1/3 has no short decimal: what stands in the field must still read back as itself."""
    experiment = Experiment(gain=1 / 3, sigma_b=math.pi * 1e-200)
    reading = model.read(model.of(experiment))
    assert reading.experiment is not None
    assert dataclasses.asdict(reading.experiment) == dataclasses.asdict(experiment)


# -- the other dialogs -------------------------------------------------------------------------------------


def test_a_picker_tells_what_it_was_given_to_tell_of_each_name() -> None:
    async def session() -> str:
        app: App[None] = App()
        async with app.run_test(size=(80, 24)) as pilot:
            said = {"svg": About("a picture", "opens in a browser"), "csv": About("numbers")}
            app.push_screen(Picker("export", ("svg", "csv"), "svg", lambda name: None, said))
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
