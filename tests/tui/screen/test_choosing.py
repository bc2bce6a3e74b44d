"""The runs of a folder on the screen, under Pilot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from gradtui.model.run_list import RunList, RunRow
from gradtui.screen import choosing
from gradtui.screen.choosing import Choosing
from gradtui.text.spans import text_of

RUNS = RunList(
    "runs", tuple(RunRow(name, (f"{name}.jsonl", f"{name}.rank1.jsonl")) for name in ("one", "two", "three"))
)
Script = Callable[[Choosing, Pilot[int]], Awaitable[None]]


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of runs without a file: that one of them is ill."""

    def judged(run: RunRow) -> RunRow:
        ill = run.name == "two"
        return RunRow(run.name, run.files, steps=7, verdict="fault" if ill else "healthy", kind="dead" if ill else "")

    monkeypatch.setattr(choosing, "looked_at", lambda run: run)
    monkeypatch.setattr(choosing, "judged", judged)


def play(script: Script, size: tuple[int, int] = (80, 24)) -> Choosing:
    async def session() -> Choosing:
        app = Choosing(RUNS, fps=500.0)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await script(app, pilot)
        return app

    return asyncio.run(session())


def shown(app: Choosing) -> str:
    return "\n".join(map(text_of, app.canvas.blocks["whole"].lines))


def test_enter_opens_the_run_under_the_cursor_with_all_of_its_files() -> None:
    async def script(app: Choosing, pilot: Pilot[int]) -> None:
        assert "▸  one" in shown(app)
        await pilot.press("down", "enter")

    assert play(script).chosen == (("two.jsonl", "two.rank1.jsonl"),)


def test_space_marks_two_and_enter_opens_both() -> None:
    async def script(app: Choosing, pilot: Pilot[int]) -> None:
        await pilot.press("end", "space", "up", "space", "home")
        assert "enter compares the two" in shown(app)
        await pilot.press("enter")

    assert [files[0] for files in play(script).chosen] == ["three.jsonl", "two.jsonl"]


def test_letters_narrow_the_list_and_escape_takes_them_back_before_it_leaves() -> None:
    async def script(app: Choosing, pilot: Pilot[int]) -> None:
        await pilot.press("t", "h")
        assert [run.name for run in app.runs.shown] == ["three"]
        await pilot.press("backspace")
        assert len(app.runs.shown) == 2
        await pilot.press("escape")
        assert len(app.runs.shown) == 3
        assert app.is_running
        await pilot.press("q")
        assert app.runs.typed == "q", "a letter is a letter of a name"
        await pilot.press("escape", "escape")

    app = play(script)
    assert app.chosen == ()
    assert app.return_code == 0


def test_a_click_goes_to_a_run_and_on_that_opens_it() -> None:
    async def script(app: Choosing, pilot: Pilot[int]) -> None:
        await pilot.click(offset=(10, 5))
        assert app.runs.cursor == 2
        await pilot.click(offset=(10, 15))
        assert app.runs.cursor == 2, "beside the list is nothing"
        await pilot.click(offset=(10, 5))

    assert play(script).chosen == (("three.jsonl", "three.rank1.jsonl"),)


def test_what_is_wrong_with_each_appears_beside_it_as_soon_as_it_is_known() -> None:
    async def script(app: Choosing, pilot: Pilot[int]) -> None:
        while not all(run.verdict for run in app.runs.runs):
            await pilot.pause(0.01)
        await pilot.pause()
        assert shown(app).count("● healthy") == 2
        assert "✗ dead" in shown(app)
        await pilot.press("escape")

    play(script)


def test_a_terminal_that_is_too_small_says_so() -> None:
    async def script(app: Choosing, pilot: Pilot[int]) -> None:
        assert "gradtui needs 60×16" in shown(app)

    play(script, (50, 10))
