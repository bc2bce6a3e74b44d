"""The widgets' rows: what Textual itself would have drawn, made once; frames that leave nothing out for good."""

from __future__ import annotations

import dataclasses

import pytest
from rich.segment import Segment
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from gradtui.screen.app import GradtuiApp
from gradtui.screen.palette import THEMES, palette
from gradtui.screen.terminal.widgets import Lines, PaneWidget
from gradtui.views.catalogue import PANES
from gradtui_engine import Experiment
from tests.tui.helpers import play, settled
from tests.tui.terminal import Terminal

LSTM = Experiment(cell="lstm")


def visible(app: GradtuiApp) -> list[Lines]:
    return [each for each in app.screen_stack[0].query(Lines) if each.display]


def cells(segments: list[Segment]) -> list[tuple[str, object]]:
    """One character and its style each; Textual and we may cut runs of one style differently."""
    return [(each, segment.style) for segment in segments for each in segment.text]


def assert_as_textual_draws(app: GradtuiApp, where: str) -> None:
    for widget in visible(app):
        width, height = widget.outer_size
        for crop in (Region(0, 0, width, height), Region(3, height // 2, width - 5, 1)):
            ours, theirs = widget.render_lines(crop), Widget.render_lines(widget, crop)
            assert [cells(list(row)) for row in ours] == [cells(list(row)) for row in theirs], (where, widget.id)


@pytest.mark.parametrize("experiment", [Experiment(), LSTM], ids=["mlp", "lstm"])
@pytest.mark.parametrize("size", [(60, 16), (120, 40)])
def test_whatever_happens_the_rows_are_those_that_textual_draws(experiment: Experiment, size: tuple[int, int]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for keys in ("up", "tab", "z", "tab", "z", "2", "n", "4", "1", "t", "t", "t", "question_mark", "escape"):
            await pilot.press(keys)
            await pilot.pause()
            assert_as_textual_draws(app, keys)
        await pilot.resize_terminal(size[0] + 7, size[1] + 3)
        await pilot.pause()
        assert_as_textual_draws(app, "resized")

    play(script, experiment, size)


@pytest.mark.parametrize("theme", [*THEMES, "dracula", "textual-light"])
def test_the_rows_follow_the_theme(theme: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        app.theme = theme
        await pilot.pause()
        app.show()
        await pilot.pause()
        assert_as_textual_draws(app, theme)

    play(script, Experiment(depth=4), (100, 30))


def test_without_colours_the_rows_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert app.no_color
        assert_as_textual_draws(app, "no colour")

    play(script, Experiment(depth=4))


def test_a_new_title_stands_in_the_frame() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        pane = app.query_one("#why", PaneWidget)
        for title in ("one [b]thing[/b]", "another", "一二三"):
            pane.entitle(title)
            await pilot.pause()
            assert title in pane.render_lines(Region(0, 0, pane.outer_size.width, 1))[0].text
            assert_as_textual_draws(app, title)
        for title in ("a title of more words than there is room for in the frame of any pane that is not zoomed", ""):
            pane.entitle(title)
            await pilot.pause()
            assert_as_textual_draws(app, title)

    play(script, size=(120, 40))


# -- what is made anew -------------------------------------------------------------------------------------


def test_a_pane_is_made_anew_where_what_it_reads_has_changed_and_only_there() -> None:
    made: list[int] = []

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        pane, scene = app.query_one("#activation", PaneWidget), app.scene()
        assert scene is not None
        row = PANES["activation"]

        def view(scene: object, width: int, height: int) -> list[object]:
            made.append(width)
            return row.view(scene, width, height)  # type: ignore[arg-type, return-value]

        counted = dataclasses.replace(row, view=view)  # type: ignore[arg-type]
        colours = palette(app.theme, True)

        def filled(**fields: object) -> int:
            before = len(made)
            assert pane.fill(
                counted, dataclasses.replace(scene, state=dataclasses.replace(app.state, **fields)), colours
            )  # type: ignore[arg-type]
            return len(made) - before

        filled(selected=3)
        assert [filled(selected=3), filled(selected=3, message="said"), filled(selected=4)] == [0, 0, 1]
        before = len(made)
        pane.fill(counted, scene, palette("high-contrast", True))
        assert len(made) == before + 1
        await pilot.press("R")
        await settled(app, pilot)
        after = app.scene()
        assert after is not None
        assert after.trace is not scene.trace
        before = len(made)
        pane.fill(counted, after, palette("high-contrast", True))
        assert len(made) == before + 1

    play(script, size=(120, 40))


def test_in_haste_a_pane_may_stay_but_not_of_another_network_or_size() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        pane, scene = app.query_one("#activation", PaneWidget), app.scene()
        assert scene is not None
        row, colours = PANES["activation"], palette(app.theme, True)
        moved = dataclasses.replace(scene, state=dataclasses.replace(app.state, selected=3))
        title = pane.border_title
        assert not pane.fill(row, moved, colours, hasty=True)
        assert pane.border_title == title  # what is shown is told by its own name
        assert pane.fill(dataclasses.replace(row, may_wait=False), moved, colours, hasty=True)
        assert pane.border_title != title
        other = dataclasses.replace(scene, trace=dataclasses.replace(scene.trace))
        assert pane.fill(row, other, colours, hasty=True)

    play(script, size=(120, 40))


@pytest.mark.parametrize(
    ("arguments", "before"),
    [((), ""), (("--reduced-motion",), ""), ((), "\x1b[O")],
    ids=["usual", "reduced motion", "without the focus"],
)
def test_after_many_keys_at_once_every_pane_shows_the_stage_where_the_cursor_rests(
    arguments: tuple[str, ...], before: str
) -> None:
    with Terminal(*arguments, size=(120, 40)) as terminal:
        terminal.shows("activations · layer 1")
        terminal.press(before)
        for _ in range(7):
            terminal.press("\x1b[A")
        terminal.shows("▸  8")
        terminal.shows("activations · layer 8")
