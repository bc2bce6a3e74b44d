"""The help: the focused pane first, the keys that work now, and nothing that needs a key that there is not."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from textual.pilot import Pilot

from gradtui.model.commands import COMMANDS, GROUPS
from gradtui.model.keys import keys_of, rebind, shown_keys
from gradtui.model.names import QUANTITIES, VIEWS
from gradtui.model.panes_of import panes_of
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.screen.app import GradtuiApp
from gradtui.screen.dialogs.helping import _SAMPLE, Drawn, Help, Section, sections
from gradtui.screen.dialogs.lines import Wrapped
from gradtui.screen.palette import THEMES, palette
from gradtui.screen.themes import styles_of
from gradtui.text import process
from gradtui.text.meanings import MEANINGS, legend
from gradtui.text.summary import MARKS
from gradtui.views import status
from gradtui.views.catalogue import PANES
from gradtui.views.catalogue import VIEWS as CATALOGUE
from gradtui.views.frame.layout import Block, Box
from gradtui.views.frame.quantities import QUANTITIES as ROWS
from gradtui.views.frame.training_sides import Sides
from gradtui.views.frame.verdict import kinds_in
from gradtui.views.lessons.course_map import NEW
from gradtui_engine import Experiment, Training
from gradtui_engine.analysis.outcome import KINDS
from tests.tui.helpers import EXPLORE, play, scene_of, settled, trained, until

#: Small: each view is computed anew.
LSTM = Experiment(cell="lstm", data="gaussian", steps=20, width=8, batch=4)


@pytest.fixture
def keys() -> Iterator[None]:
    """Whatever a test binds, the table's keys are back afterwards."""
    yield
    rebind({})
    assert not process.current().keys


def state(view: str = "explore", cell: str = "mlp", **fields: object) -> State:
    made = State(Experiment(cell=cell), view=view, cell=cell)
    return State(**{**{name: getattr(made, name) for name in State.__slots__}, "pane": panes_of(made)[0], **fields})


def states() -> Iterator[State]:
    for view in VIEWS:
        for cell in EXPLORE:
            for lesson in (None, Progress("08-residual")):
                start = state(view, cell, lesson=lesson)
                for pane in panes_of(start):
                    yield state(view, cell, lesson=lesson, pane=pane)


def text(found: Section) -> str:
    return "\n".join(" ".join(row) for row in found.rows)


def first_words(pane: str) -> str:
    """The beginning of what a pane means, up to where a key may stand."""
    return PANES[pane].help.partition("{")[0].split(". ")[0][:40]


def test_whatever_is_focused_comes_first_and_then_its_view() -> None:
    for each in states():
        found = sections(each)
        assert found[0].title == "This pane"
        assert text(found[0]).strip().startswith(first_words(each.pane))
        assert found[1].title == f"This view: {CATALOGUE[each.view].label}"
        assert CATALOGUE[each.view].help in text(found[1])


def test_every_other_pane_of_the_view_is_explained_once_and_no_foreign_one() -> None:
    for each in states():
        others = [found for found in sections(each) if found.title == "The other panes of this view"]
        panes = [name for name in panes_of(each) if name != each.pane]
        assert len(others) == bool(panes)
        assert [row[0] for found in others for row in found.rows] == [PANES[name].label for name in panes]


def test_no_brace_is_left_in_any_text() -> None:
    for each in states():
        for found in sections(each):
            assert not {"{", "}"} & set(found.title + text(found)), (each.view, each.pane)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_what_the_bars_show_is_explained_with_the_bars(quantity: str) -> None:
    for view in ("explore", "compare"):
        shown = text(sections(state(view, quantity=quantity))[0])
        assert ROWS[quantity].label in shown
        assert ROWS[quantity].help in shown
    assert ROWS[quantity].help not in text(sections(state(quantity=quantity, pane="why"))[0])


def test_every_command_stands_in_its_group_with_all_of_its_keys() -> None:
    found = {each.title: each for each in sections(state())}
    for group in GROUPS:
        wanted = [(shown_keys(each.id, all=True), each.help) for each in COMMANDS if each.group == group]
        assert list(found[group].rows) == wanted


def test_keys_of_the_persons_own_are_the_ones_that_are_shown(keys: None) -> None:
    rebind({"quantity": ("Q", "ctrl+x"), "cure_gate": ("f5",)})
    found = sections(state())
    assert "Q shows other quantities" in text(found[0])
    rows = {help: front for each in found for front, help in each.rows}
    by_id = {each.id: each.help for each in COMMANDS}
    assert rows[by_id["quantity"]] == "Q ctrl+x"
    assert rows[by_id["cure_gate"]] == "f5"
    assert rows[by_id["axis"]] == "y", "what is not named keeps the table's"


def test_a_command_without_a_key_is_called_by_the_name_that_the_palette_knows(keys: None) -> None:
    rebind({"quantity": ()})
    found = sections(state())
    assert "“quantity” shows other quantities" in text(found[0])
    rows = {help: front for each in found for front, help in each.rows}
    assert rows[next(each.help for each in COMMANDS if each.id == "quantity")] == "“quantity”"


# -- the legend --------------------------------------------------------------------------------------------


def samples(page: Help) -> list[tuple[str, object]]:
    """What the help draws in a colour to show it: the text beside it, and the colour."""
    console = Console(width=200, file=io.StringIO(), color_system="truecolor")
    lines = Segment.split_lines(console.render(page._text()))
    found = []
    for line in lines:
        front = next((segment for segment in line if segment.text.strip() == _SAMPLE), None)
        if front is not None:
            rest = "".join(segment.text for segment in line).replace(_SAMPLE, "", 1).strip()
            found.append((rest, front.style.color if front.style else None))
    return found


def test_chinese_fills_its_lines_whatever_numbers_and_letters_stand_in_it() -> None:
    """Rich ends a line at each space; where the next words have room they stand in it."""
    text = "误差信号从输出到输入还剩多少，对数轴，竖线标记 1，即全部：每一行都乘上一行剩下的。enter 探索这个网络。"
    console = Console(width=40, file=io.StringIO())
    drawn = console.render_lines(Wrapped(text), pad=False)
    lines = ["".join(segment.text for segment in line).rstrip() for line in drawn]
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(36 <= cell_len(line) <= 40 for line in lines[:-1]), lines


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_is_explained_in_that_colour(theme: str) -> None:
    look = palette(theme, THEMES[theme].dark)
    shown = samples(Help(state(), drawn=Drawn(MEANINGS), palette=look))
    assert shown == [(row.says, look[row.style].color) for row in MEANINGS.values()]


def test_only_what_is_on_the_screen_is_explained_and_of_verdicts_all() -> None:
    """One verdict is what the others are not."""
    verdicts = ["healthy", "vanishing", "exploding", "broken"]
    assert [row.style for row in legend({"text", "healthy", "label"})] == verdicts
    assert [row.style for row in legend({"curve_2", "cursor", "heat3"})] == ["cursor", "curve_1", "curve_2"]
    assert samples(Help(state(), drawn=Drawn({"text", "dim"}))) == []


def test_the_marks_of_verdicts_on_the_screen_are_explained_in_plain_words_and_no_others() -> None:
    scene = scene_of(Experiment(), (("activation", "relu"), ("init", "he_normal")), view="compare")
    header, difference = status.header(scene, 120), PANES["difference"].view(scene, 118, 12)
    blocks = {"header": Block(Box(0, 0, 120, 2), header), "difference": Block(Box(0, 2, 118, 12), difference)}
    drawn = kinds_in(blocks)
    assert drawn == ("healthy", "vanishing", "starved")
    (found,) = (each for each in sections(scene.state, drawn=Drawn(kinds=drawn)) if each.title == "Verdicts here")
    assert found.rows[1:] == (
        ("▼", "vanishing: less than a thousandth of the gradient arrives"),
        ("«", "starved: some weights get under a thousandth of the largest update: they hardly learn"),
    )
    assert found.styles == ("healthy", "vanishing", "vanishing")
    assert not any(each.title == "Verdicts here" for each in sections(scene.state))


def test_every_kind_of_verdict_has_plain_words_of_its_own() -> None:
    found = sections(state(), drawn=Drawn(kinds=tuple(MARKS)))
    rows = next(each.rows for each in found if each.title == "Verdicts here")
    assert [front for front, _ in rows] == list(MARKS.values())
    assert len({told for _, told in rows}) == len(KINDS)


def test_what_was_held_out_has_a_mark_that_no_verdict_has() -> None:
    training = Training(experiment=Experiment(depth=2, width=4, batch=4), iterations=1)
    sides = Sides(trained(training, 1), trained(training, 1), 0, 0, 1)
    marks = {side.mark for side in sides} | {NEW}
    assert len(marks) == 3
    assert not marks & set(MARKS.values())


@pytest.mark.parametrize("view", VIEWS)
def test_the_help_of_a_view_explains_every_colour_that_it_draws(view: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        lines = [line for block in app.canvas.blocks.values() for line in block.lines]
        seen = {style for line in lines for text, style in line if text.strip() and style in MEANINGS}
        await pilot.press(*keys_of("help")[:1])
        await until(pilot, lambda: isinstance(app.screen, Help), "the help")
        assert isinstance(app.screen, Help)
        look = styles_of(app.current_theme)
        assert seen
        assert {(MEANINGS[style].says, look[style].color) for style in seen} <= set(samples(app.screen))

    play(script, state(view, "lstm", experiment=LSTM), size=(120, 40))
