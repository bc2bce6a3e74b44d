"""A lecture with the real OpenSSH client: the presenter in a terminal, visitors who follow, leave and come back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.tui.serve.presenter import AWAY, FOLLOWING, HOME, Presenter, at_step
from tests.tui.serve.servers import Visitor, until
from tests.tui.terminal import Terminal


def stands_at(terminal: Terminal, step: int) -> None:
    """The cursor is there."""
    pattern = at_step(step)
    terminal.wait_for(lambda text: pattern.search(text) is not None, f"step {step}")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Presenter]:
    """A presenter for a test that ends the program or the server."""
    with Presenter(tmp_path, "--depth", "6", "--width", "8") as presenter:
        yield presenter
        if presenter.process.poll() is None:
            presenter.process.terminate()
            presenter.ended()


@pytest.mark.soak
def test_visitors_see_each_step_view_and_experiment_in_windows_and_languages_of_their_own(presenter: Presenter) -> None:
    with ExitStack() as stack:
        sizes = ((60, 16), (90, 28), (140, 45))
        visitors = [stack.enter_context(presenter.visit(size)) for size in sizes]
        for each in visitors:
            each.shows("following")
        visitors.append(stack.enter_context(presenter.visit((100, 30), LC_ALL="zh_CN.UTF-8")))
        visitors[-1].shows("正在跟随讲解者")
        presenter.press("n")
        presenter.counts(4, 4)
        presenter.press(HOME)
        for each in visitors:
            stands_at(each, 1)
        presenter.press("nn")
        for each in visitors:
            stands_at(each, 3)
        presenter.press("m")
        for each in visitors:
            each.shows("LSTM")
        presenter.press("5")
        for each in visitors[:3]:
            each.shows("function")


@pytest.mark.soak
def test_who_leaves_at_once_leaves_in_order(presenter: Presenter) -> None:
    """What the presenter shows already has come by then, and has started timers."""
    presenter.press("m")
    presenter.shows("LSTM")
    for _ in range(3):
        with presenter.visit((80, 24)) as visitor:
            visitor.shows("? help")
            visitor.press("q")
            assert visitor.ended() == 0, visitor.text


def test_a_visitor_who_comes_late_gets_what_is_shown(presenter: Presenter) -> None:
    port = presenter.port
    presenter.press("m")
    presenter.shows("LSTM")
    presenter.press("4")
    presenter.shows("another f")
    with Visitor(port, size=(100, 30)) as visitor:
        visitor.shows("another f")
        visitor.shows("LSTM")
        visitor.shows(FOLLOWING)


def test_a_key_breaks_away_and_f_follows_again_while_others_still_follow(presenter: Presenter) -> None:
    with presenter.visit() as visitor, presenter.visit() as other:
        for each in (visitor, other):
            each.shows(FOLLOWING)
        presenter.press("N")
        presenter.counts(2, 2)
        visitor.press("N")
        visitor.shows("on your own · f follows the presenter again")
        visitor.press("m")
        visitor.shows("LSTM")
        presenter.counts(2, 1)
        presenter.press("5")
        other.shows("twins")
        visitor.press("N")
        visitor.shows(AWAY)
        assert "LSTM" in visitor.text
        visitor.press("f")
        visitor.shows("twins")
        visitor.shows(FOLLOWING)
        presenter.counts(2, 2)
        visitor.press("q")
        assert visitor.ended() == 0
        presenter.counts(1, 1)


def test_the_form_is_at_capital_f_for_visitors_and_leaving_it_untouched_still_follows(presenter: Presenter) -> None:
    with presenter.visit() as visitor:
        visitor.shows(FOLLOWING)
        visitor.press("O")
        visitor.shows("experiment · as it is")
        presenter.press("m")
        presenter.shows("LSTM")
        visitor.press("\x1b")
        visitor.shows(FOLLOWING)
        visitor.shows("LSTM")


@pytest.mark.soak
def test_when_the_presenter_quits_visitors_are_told_and_nothing_is_left(own: Presenter) -> None:
    with own.visit() as visitor:
        visitor.shows(FOLLOWING)
        server = own.server
        own.press("q")
        assert own.ended() == 0
        assert visitor.ended() == 1
        assert visitor.restored
        assert visitor.last_line == "gradtui: the host has ended the demonstration"
        assert not Path(f"/proc/{server}").exists()


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.soak),
        pytest.param(signal.SIGHUP, marks=pytest.mark.soak),
    ],
)
@pytest.mark.soak
def test_however_the_presenters_program_ends_so_does_the_server(own: Presenter, number: int) -> None:
    with own.visit() as visitor:
        visitor.shows(FOLLOWING)
        server = own.server
        os.kill(own.program, number)
        own.ended()
        visitor.ended()
        assert visitor.restored
        until(lambda: not Path(f"/proc/{server}").exists(), "the server's end")


@pytest.mark.soak
def test_the_presenter_is_told_when_the_server_has_ended_and_goes_on(own: Presenter) -> None:
    assert own.port
    os.kill(own.server, signal.SIGKILL)
    own.shows("the server has ended")
    own.press("5")
    own.shows("twins")
    own.press("q")
    assert own.ended() == 0


def test_a_stopped_visitor_holds_up_nobody(presenter: Presenter) -> None:
    with presenter.visit() as stopped, presenter.visit() as visitor:
        for each in (stopped, visitor):
            each.shows(FOLLOWING)
        stopped.signal(signal.SIGSTOP)
        presenter.press("N" * 20)
        presenter.press(HOME)
        stands_at(visitor, 1)
        stopped.signal(signal.SIGCONT)
        stands_at(stopped, 1)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--host", "192.0.2.1", "cannot listen on 192.0.2.1"),
        pytest.param("--log-file", "/", "written: Is a directory", marks=pytest.mark.soak),
    ],
)
@pytest.mark.soak
def test_what_cannot_be_presented_is_said_at_once(tmp_path: Path, option: str, value: str, said: str) -> None:
    with Presenter(tmp_path, option, value) as presenter:
        assert presenter.ended() == 2
        assert said in presenter.text.replace("\n", "")
