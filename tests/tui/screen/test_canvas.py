"""The canvas: its cells are those that Textual would draw, and rows that go straight to the terminal are the same."""

from __future__ import annotations

import asyncio
import dataclasses

import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Static

from gradtui.model import events as e
from gradtui.model.state import State
from gradtui.screen.app import GradtuiApp
from gradtui.screen.dialogs.lines import Lines
from gradtui.screen.palette import THEMES
from gradtui.screen.terminal.diff import Picture, Rows, Stretch
from gradtui.screen.themes import styles_of
from gradtui.text import glyphs
from gradtui.text.spans import text_of
from gradtui.views.catalogue import PANES
from gradtui_engine import Experiment
from tests.examples import covering, spread
from tests.tui.helpers import inside, play, settled
from tests.tui.terminal import Terminal

SIZE = (120, 40)
LSTM = Experiment(cell="lstm")
EXPERIMENTS = {"mlp": Experiment(), "lstm": LSTM}
Cells = list[list[tuple[str, object]]]


def cells_at(app: GradtuiApp, region: Region) -> Cells:
    return [cells(list(strip)) for strip in app.canvas.render_lines(region)]


def cells(segments: list[Segment]) -> list[tuple[str, object]]:
    """One character and its style each; Textual and we may cut runs of one style differently."""
    return [(character, segment.style) for segment in segments for character in segment.text]


# -- what Textual would draw -------------------------------------------------------------------------------


class Reference(Lines):
    """A pane as a widget with a border of Textual's."""

    DEFAULT_CSS = """
    Reference { position: absolute; border: round $foreground 30%; border-title-color: $text-muted; }
    Reference.plain { border: ascii $foreground 30%; }
    Reference.plain.focused { border: ascii $foreground; }
    Reference.focused { border: round $foreground; border-title-color: $text; border-title-style: bold; }
    """


async def assert_as_textual_draws(app: GradtuiApp, pilot: Pilot[int], where: str) -> None:
    screen = app.screen_stack[0]
    colours = styles_of(app.current_theme)
    reference = Reference(colours, id="reference")
    reference.set_class(glyphs.current() != glyphs.BLOCK, "plain")
    await screen.mount(reference)
    for name, (box, lines) in app.canvas.blocks.items():
        if name not in PANES:
            continue
        # Before anything else is drawn.
        ours = cells_at(app, Region(box.x, box.y, box.width, box.height))
        crop = cells_at(app, Region(box.x + 3, box.y + box.height // 2, box.width - 5, 1))
        reference.styles.width, reference.styles.height = box.width, box.height
        reference.border_title = Content(text_of(lines[0][1:-1]).strip())
        reference.set_class(lines[0][0][1] == "border_focused", "focused")
        reference.show(inside(lines), colours)
        await pilot.pause()
        theirs = [cells(list(row)) for row in reference.render_lines(Region(0, 0, box.width, box.height))]
        assert ours == theirs, (where, name)
        assert crop == [theirs[box.height // 2][3:-2]], (where, name)
    await reference.remove()


@covering(name=EXPERIMENTS, size=[(60, 16), SIZE])
@pytest.mark.soak
def test_whatever_happens_the_panes_are_those_that_textual_draws(name: str, size: tuple[int, int]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for keys in ("up", "tab", "z", "tab", "z", "2", "n", "4", "1", "t", "t"):
            await pilot.press(keys)
            await settled(app, pilot)
            await assert_as_textual_draws(app, pilot, keys)
        await pilot.resize_terminal(size[0] + 7, size[1] + 3)
        await pilot.pause()
        await assert_as_textual_draws(app, pilot, "resized")

    play(script, EXPERIMENTS[name], size)


@pytest.mark.parametrize("theme", [*THEMES, "dracula", "textual-light"])
def test_the_cells_follow_the_theme(theme: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        app.theme = theme
        await pilot.pause()
        app.show()
        await pilot.pause()
        await assert_as_textual_draws(app, pilot, theme)

    play(script, Experiment(depth=4), (100, 30))


def test_without_colours_the_cells_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert app.no_color
        await assert_as_textual_draws(app, pilot, "no colour")

    play(script, Experiment(depth=4))


def test_in_poor_glyphs_the_borders_are_those_of_the_dialogs() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await assert_as_textual_draws(app, pilot, "ascii")

    with glyphs.drawing(glyphs.ASCII):
        play(script, Experiment(depth=4))


# -- straight to the terminal ------------------------------------------------------------------------------


class Seen:
    """A terminal that reads rows as they are written."""

    def __init__(self) -> None:
        self.screen, self._picture = pyte.Screen(*SIZE), Picture()
        self.screen.reset_mode(pyte.modes.DECAWM)
        self._stream = pyte.Stream(self.screen)

    def read(self, rows: list[Stretch]) -> None:
        self._stream.feed(self._picture.changes(Rows(rows), SIZE, ColorSystem.TRUECOLOR))

    @property
    def cells(self) -> list[list[object]]:
        return [[self.screen.buffer[y][x] for x in range(SIZE[0])] for y in range(SIZE[1])]


def whole(app: GradtuiApp) -> list[Stretch]:
    """All that is to be seen, as Textual is given it."""
    return [(y, 0, list(strip)) for y, strip in enumerate(app.canvas.render_lines(Region(0, 0, *SIZE)))]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Rows]:
    """What goes straight to the terminal."""
    taken: list[Rows] = []

    def write(app: GradtuiApp, rows: Rows) -> bool:
        taken.append(rows)
        return True

    monkeypatch.setattr(GradtuiApp, "write", write)
    return taken


CHANGES = (
    e.Tick(1), e.Tick(5), e.Arrow(y=1), e.Arrow(y=-1), e.SelectUnit(3), e.Move(-20), e.NextQuantity(1), e.TogglePlay(),
    e.Tick(9), e.Focus(by=1), e.Zoom(), e.Zoom(), e.Show("lab"), e.Show("idea"), e.Message("said"), e.Message(),
)  # fmt: skip


@spread("name", EXPERIMENTS, 1)
def test_what_is_written_makes_the_picture_that_textual_would_show(
    name: str, written: list[Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        # Drawn here and nowhere else.
        monkeypatch.setattr(app, "show", lambda **how: None)
        monkeypatch.setattr(app, "play", lambda speed: None)
        seen = Seen()
        seen.read(whole(app))
        app.send(e.TogglePlay())
        for number, event in enumerate(CHANGES):
            written.clear()
            app.send(event)
            app.draw()
            for rows in written:
                seen.read(rows.rows)
            textual = Seen()
            textual.read(whole(app))
            assert seen.cells == textual.cells, (number, event)

    play(script, EXPERIMENTS[name], SIZE)


def test_rows_that_stay_are_not_written_again(written: list[Rows], monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        monkeypatch.setattr(app, "show", lambda **how: None)
        written.clear()
        app.draw()
        assert written == []
        app.send(e.Message("said"))
        app.draw()
        (rows,) = written
        assert [(y, x) for y, x, _ in rows.rows] == [(SIZE[1] - 2, 0)]

    play(script, None, SIZE)


def test_what_lies_over_the_canvas_stays_there(written: list[Rows], monkeypatch: pytest.MonkeyPatch) -> None:
    async def session() -> None:
        app = GradtuiApp(State(Experiment()))
        async with app.run_test(size=SIZE, notifications=True) as pilot:
            await settled(app, pilot)
            monkeypatch.setattr(app, "show", lambda **how: None)

            def left_to_textual() -> bool:
                """Whether a change is not written over what lies there."""
                written.clear()
                app.state = dataclasses.replace(app.state, step=app.state.step - 3)
                app.draw()
                return not written

            assert not left_to_textual()
            over = Static("something")
            await app.screen.mount(over)
            assert left_to_textual()
            await over.remove()
            assert not left_to_textual()
            app.notify("a toast")
            await pilot.pause()
            assert left_to_textual()
            app.clear_notifications()
            await pilot.pause()
            assert not left_to_textual()
            await pilot.press("question_mark")
            await pilot.pause()
            assert left_to_textual()
            await pilot.press("escape")
            await pilot.pause()
            assert not left_to_textual()

    asyncio.run(session())


@pytest.mark.parametrize(
    ("arguments", "before"),
    [((), ""), (("--reduced-motion",), ""), ((), "\x1b[O")],
    ids=["usual", "reduced motion", "without the focus"],
)
def test_after_many_keys_at_once_every_pane_shows_the_stage_where_the_cursor_rests(
    arguments: tuple[str, ...], before: str
) -> None:
    with Terminal("--view", "explore", *arguments, size=(120, 40)) as terminal:
        terminal.shows("what layer 1 does")
        terminal.press(before)
        for _ in range(7):
            terminal.press("\x1b[A")
        terminal.shows("▸  8")
        terminal.shows("what layer 8 does")
