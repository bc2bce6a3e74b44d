"""The form's lines without a terminal: what stands in a field, what is wrong with it, and its help."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from gradtui.screen.dialogs import form_model as model
from gradtui.screen.dialogs.form_rows import Sheet, detail, heading, rows, status
from gradtui.text import glyphs, language
from gradtui.text.describe import label
from gradtui.text.spans import text_of
from gradtui_engine import Experiment
from tests.examples import covering
from tests.tui.forms import FIELDS, edited


def said(sheet: Sheet, field: str, width: int = 59) -> str:
    return "\n".join(text_of(line) for line in rows(sheet, field, width, focused=False))


STATES = {
    "default": edited(),
    "lstm": edited(cell="lstm", pin_forget="1"),
    "wrong": edited(**dict.fromkeys(FIELDS, "7 by 7")),
    "file": edited(data="csv:" + "very/long/" * 20),
    "changed": edited(Experiment(sigma_w=1.5), activation="relu", loss="bce", clip="norm", momentum="0.5"),
}


@covering(name=STATES, width=[36, 55, 59, 75], glyph_set=glyphs.GLYPHS, code=language.LANGUAGES)
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
    assert "for mlp, transformer only" in said(Sheet.of(edited(cell="lstm")), "depth")
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
    assert "a whole number from 1 to 10000; empty: auto: 30" in text_of(detail(sheet, "depth", 75, 3)[1])
    assert "empty: auto: 0.1" in text_of(detail(sheet, "learning_rate", 75, 3)[1])


# -- in another language -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("field", FIELDS)
def test_in_chinese_a_field_has_both_names_whole_in_every_width_and_is_found_by_either(field: str) -> None:
    """The English one is what the command line, files and messages call it."""
    words = field.replace("_", " ")
    name = label(field)
    assert re.fullmatch(rf"[\u4e00-\u9fff]+ {words}", name, re.IGNORECASE)  # MLP width
    for width in (55, 59):
        assert name in said(Sheet.of(edited()), field, width)
    assert name in text_of(detail(Sheet.of(edited()), field, 59, 2)[0])
    assert model.found(field, name.split()[0], "")
    assert model.found(field, words, "")


@pytest.mark.usefixtures("chinese")
def test_in_chinese_no_field_is_called_as_another() -> None:
    assert len({label(field).split()[0] for field in FIELDS}) == len(FIELDS)
