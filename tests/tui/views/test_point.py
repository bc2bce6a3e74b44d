"""The sentence of a preset: there in every view until something is changed, back when that is undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gradtui.model import events as e
from gradtui.model.presets import PRESETS, about, screen_values
from gradtui.model.state import State
from gradtui.model.update import update
from gradtui.share import address
from gradtui.text import language
from gradtui.text.language import LANGUAGES, tr
from gradtui.text.spans import text_of, width_of
from gradtui.views import catalogue
from gradtui.views.arrangement import FOOTER, HEADER, TIMELINE, arrange
from gradtui.views.point import point_lines

#: From 80 columns on two rows hold the sentence and where to look; the smallest screen has three for the sentence.
MOST = {80: 2, 120: 2, 200: 2, 60: 3}


def opened(name: str) -> State:
    state, _ = address.read(PRESETS[name].experiment, screen_values(name))
    return state


def said(state: State, width: int) -> str:
    """What stands above the panes, without blanks: Chinese is broken between any two characters."""
    return "".join("".join(text_of(line) for line in point_lines(state, width)).split())


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(
    "name", [name for name, preset in PRESETS.items() if catalogue.VIEWS[preset.view].header is None]
)
def test_a_preset_opens_with_its_whole_sentence_in_two_rows(name: str, code: str) -> None:
    with language.speaking(code):
        state = opened(name)
        for width, most in MOST.items():
            lines = point_lines(state, width)
            assert 0 < len(lines) <= most, width
            assert all(width_of(line) <= width for line in lines), width
            assert "".join(tr(PRESETS[name].point).split()) in said(state, width)
            if width >= 80:
                assert "".join(tr("Look at {what}.", what=tr(PRESETS[name].look)).split()) in said(state, width)


def test_it_stands_in_every_view_and_panes_stand_under_it() -> None:
    state = opened("clipping")
    for view, row in catalogue.VIEWS.items():
        if row.header is not None:
            continue  # it says its own
        shown = update(state, e.Show(view), None)
        rows = len(point_lines(shown, 80))
        assert rows == 2, view
        boxes = arrange(shown, 80, 24).values()
        assert min(box.y for box in boxes) == HEADER + rows, view
        assert max(box.y + box.height for box in boxes) == 24 - FOOTER - TIMELINE, view


def test_it_goes_with_the_first_change_and_comes_back_when_that_is_undone() -> None:
    state = opened("relu-he")
    for change in (
        e.Change(state.experiment.replace(depth=12)),
        e.Change(state.experiment, (("init", "orthogonal"),)),
        e.Change(state.experiment, plan=(("iterations", 10),)),
        e.Change(state.experiment, turns=("3:rate=0.2",)),
    ):
        changed = update(state, change, None)
        assert point_lines(changed, 80) == []
        assert said(update(changed, e.Undo(-1), None), 80) == said(state, 80) != ""


def test_a_key_that_changes_nothing_leaves_it_where_it_is() -> None:
    state = opened("vanishing")
    for event in (e.Message("saved"), e.Focus(), e.NextQuantity(), e.Select(by=1)):
        assert said(update(state, event, None), 80) == said(state, 80) != ""


def test_an_open_lesson_speaks_instead() -> None:
    from gradtui.model.progress import Progress

    state = replace(opened("vanishing"), lesson=Progress("01", 0))
    assert point_lines(state, 80) == []


def test_the_address_carries_it_while_it_is_shown() -> None:
    state = opened("adam")
    assert address.arguments(state, None)[-2:] == ["--about", "adam"]
    changed = update(state, e.Change(state.experiment.replace(depth=12)), None)
    assert "--about" not in address.arguments(changed, None)


def test_a_start_without_a_preset_has_no_sentence() -> None:
    state = opened("vanishing")
    plain = State(state.experiment)
    assert plain.experiment == PRESETS["vanishing"].experiment
    assert about(plain) is None
    assert point_lines(plain, 80) == []


def test_in_chinese_no_blank_follows_a_full_stop() -> None:
    with language.speaking("zh"):
        for name, preset in PRESETS.items():
            if catalogue.VIEWS[preset.view].header is None:
                for width in (80, 120, 200):
                    assert not any("。 " in text_of(line).rstrip() for line in point_lines(opened(name), width)), name
