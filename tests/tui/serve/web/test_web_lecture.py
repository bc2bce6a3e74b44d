"""A lecture followed from a browser's tab: the presenter in a terminal, the visitor in headless Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.serve.browser import Browser, Page
from tests.tui.serve.presenter import AWAY, FOLLOWING, HOME, Presenter, at_step


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Presenter]:
    """A presenter for a test that ends the lecture."""
    with Presenter(tmp_path, "--web", "0", "--depth", "6", "--width", "8", size=(80, 24)) as presenter:
        yield presenter
        if presenter.process.poll() is None:
            presenter.process.terminate()
            presenter.ended()


def run(folder: Path, script: Callable[[Browser], Awaitable[None]]) -> None:
    async def with_browser() -> None:
        async with Browser(folder) as browser:
            await asyncio.wait_for(script(browser), 90)

    asyncio.run(with_browser())


async def stands_at(page: Page, step: int) -> None:
    pattern = at_step(step)
    await page.until(lambda text: pattern.search(text) is not None, f"step {step}")


async def shown(presenter: Presenter, text: str) -> None:
    """Wait for it on the presenter's screen, while the browser goes on."""
    await asyncio.to_thread(presenter.shows, text)


@pytest.mark.soak
def test_a_tab_follows_breaks_away_and_follows_again_at_its_own_size_and_language(
    own: Presenter, tmp_path: Path
) -> None:
    presenter, address = own, own.serving["web"]

    async def script(browser: Browser) -> None:
        page = await browser.open(address, size=(1100, 700))
        await page.shows(FOLLOWING)
        other = await browser.open(address, size=(800, 500), language="zh-CN,zh;q=0.9")
        await other.shows("正在跟随")
        presenter.press("n")
        await shown(presenter, "visitors 2 · following 2")

        # Each step, in windows that are neither the presenter's nor each other's.
        presenter.press(HOME + "nn")
        for each in (page, other):
            await stands_at(each, 3)
        columns = [await each.run("theTerminal.cols") for each in (page, other)]
        assert len({80, *columns}) == 3

        # A key that moves what is shared breaks away; what the presenter does then is not seen.
        await page.press("m")
        await page.shows("LSTM")
        await page.press("n")  # what the other network does to the gradient gives way
        await page.shows(AWAY)
        await shown(presenter, "visitors 2 · following 1")
        presenter.press("5")
        await other.shows("sinh")
        assert "sinh" not in await page.text()

        await page.press("f")
        await page.shows("sinh")
        await page.shows(FOLLOWING)
        await shown(presenter, "visitors 2 · following 2")
        assert page.complaints == other.complaints == []

        # A closed tab is no visitor any more; the end of the lecture is said to the one that is left.
        await other.close()
        await shown(presenter, "visitors 1 · following 1")
        presenter.press("q")
        assert await asyncio.to_thread(presenter.ended) == 0
        await page.shows("gradtui: the host has ended the demonstration")
        await page.appears(".ended")

    run(tmp_path, script)


def test_the_presenter_reads_both_addresses_in_the_message_and_in_the_help(presenter: Presenter) -> None:
    serving = presenter.serving
    presenter.press("n")
    presenter.press("V")
    presenter.shows(f"visitors: {serving['address']} · {serving['web']}")
    presenter.press("?")
    presenter.shows("This lecture")
    for each in ("address", "web"):
        assert serving[each] in presenter.text
    presenter.press("\x1b[27u")  # the escape key, as kitty's protocol has it
    presenter.wait_for(lambda text: "This lecture" not in text, "help to close")
