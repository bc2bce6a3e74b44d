"""The pacer in simulated time, with simulated terminals: fast, behind a slow link, silent, detached."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.screen.terminal.pacing import CATCH_UP, Attention, Pacer, question
from tests.examples import examples
from tests.tui.simulated import FRAME, TICK, Show, Terminal, place


def seconds_to_pause(show: Show) -> float:
    """A key is pressed now: seconds until the frame that says so has arrived."""
    start, show.paused, drawn = show.now, True, False
    while not drawn or show.terminal.queue:
        show.play(TICK)
        if not drawn and show.pacer.may_draw(show.now, urgent=True):
            show.draw()
            drawn = True
        assert show.now < start + 1000
    return show.now - start + show.terminal.delay


# -- a terminal that keeps up --------------------------------------------------------------------------


@pytest.mark.parametrize(("speed", "frames"), [(15, 150), (30, 300), (60, 300), (1, 10)])
def test_on_a_fast_terminal_every_step_is_on_time_and_frames_come_at_the_rate(speed: float, frames: int) -> None:
    show = Show(Pacer(30), Terminal(delay=0.005), speed).play(10)
    assert len(show.frames) == pytest.approx(frames, abs=2)
    assert show.steps == pytest.approx(10 * speed, abs=2)


def test_frames_are_evenly_spaced_though_the_clock_that_asks_is_coarse() -> None:
    times = [at for at, _ in Show(Pacer(30), Terminal()).play(5).frames]
    assert {round(later - earlier, 3) for earlier, later in pairwise(times)} <= {0.032, 0.033, 0.034}


def test_a_key_does_not_wait_for_the_frame_rate() -> None:
    pacer = Pacer(12)
    pacer.drawn(0.0)
    assert not pacer.may_draw(0.01)
    assert pacer.may_draw(0.01, urgent=True)


# -- a slow link ---------------------------------------------------------------------------------------


def slow() -> Show:
    return Show(Pacer(30), Terminal(rate=50e3, delay=0.02))


def test_at_50_kb_a_second_no_more_than_two_frames_are_ever_on_their_way() -> None:
    assert slow().play(20).most_queued == 2


def test_at_50_kb_a_second_the_link_is_used_and_the_tempo_kept() -> None:
    show = slow().play(20)
    # 50 KB/s over 8 KB a frame.
    assert len(show.frames) == pytest.approx(20 * 50e3 / FRAME, rel=0.05)
    assert show.steps == pytest.approx(20 * 30, rel=0.02)


@pytest.mark.parametrize("pressed", [3 + 0.017 * number for number in range(12)])
def test_at_50_kb_a_second_a_pause_is_seen_within_half_a_second_whenever_the_key_is_pressed(pressed: float) -> None:
    assert seconds_to_pause(slow().play(pressed)) <= 0.5


def test_without_questions_the_same_link_hides_many_seconds() -> None:
    """The checker is checked: it is the pacing that makes the difference."""
    show = slow()
    show.ask = False
    assert seconds_to_pause(show.play(20)) > 10


def test_a_key_waits_while_two_frames_are_on_their_way() -> None:
    show = Show(Pacer(30), Terminal(rate=1000, delay=0)).play(0.2)
    assert show.pacer.outstanding == 2
    assert not show.pacer.may_draw(show.now, urgent=True)


def test_over_a_serial_line_late_answers_are_not_taken_for_those_of_later_frames() -> None:
    """9600 baud: a frame takes 8 s, so the question is asked again and again before it is answered."""
    show = Show(Pacer(30), Terminal(rate=960))
    show.write(0, show.pacer.ask(0.0))  # as before the first frame: it is heard from at once
    show.play(100)
    assert show.pacer.heard
    assert show.most_queued == 2
    assert 10 <= len(show.frames) <= 15


@examples(40)
@given(
    rate=st.sampled_from([2e3, 2e4, 5e4, 1e6]),
    delay=st.sampled_from([0.0, 0.02, 0.3, 1.5]),
    stalls=st.lists(st.tuples(st.floats(0.5, 12), st.floats(0.1, 4), st.booleans()), max_size=3),
)
def test_whatever_the_link_does_no_more_than_two_frames_are_on_their_way(
    rate: float, delay: float, stalls: list[tuple[float, float, bool]]
) -> None:
    """Stalls keep what is written, detached terminals lose it; then all goes on within a second and a round trip."""

    def at(now: float, lost: bool) -> bool:
        return any(start <= now < start + length for start, length, loses in stalls if loses is lost)

    show = Show(Pacer(30), Terminal(rate, delay, lambda now: not at(now, False), lambda now: not at(now, True)))
    show.pacer.heard = True
    # All trouble is over after 16 s. Then a lost answer is asked for within a second, and comes after what is queued.
    again = 1.1 + 2 * delay + 2 * FRAME / rate
    show.play(16 + again)
    assert show.most_queued <= 2
    assert show.frames_between(16, show.now) > 0


# -- a terminal that does not answer -------------------------------------------------------------------


def test_a_terminal_that_never_answers_gets_frames_at_a_fixed_rate_after_one_second() -> None:
    show = Show(Pacer(30), Terminal(there=lambda now: False)).play(31)
    assert show.frames_between(0, 1) == 2
    assert show.frames_between(1.1, 31) == pytest.approx(30 * 29.9, abs=5)
    assert show.pacer.deaf(show.now)


def test_a_terminal_that_never_answers_is_asked_now_and_then() -> None:
    show = Show(Pacer(30), Terminal(there=lambda now: False)).play(61)
    first, later = [at for at, _ in show.asked if at < 1], [at for at, _ in show.asked if at >= 1]
    assert len(first) == 2
    assert all(after - before >= 10 for before, after in pairwise(later))
    assert 5 <= len(later) <= 6


def test_a_terminal_that_begins_to_answer_is_paced_from_then_on() -> None:
    terminal = Terminal(there=lambda now: now > 5)
    show = Show(Pacer(30), terminal).play(15)
    assert show.pacer.heard
    terminal.rate = 50e3
    assert show.play(5).most_queued <= 2


def test_keys_are_held_to_the_rate_where_nothing_else_keeps_the_queue_short() -> None:
    show = Show(Pacer(12), Terminal(there=lambda now: False)).play(3)
    show.pacer.drawn(show.now)
    assert not show.pacer.may_draw(show.now + 0.01, urgent=True)
    assert show.pacer.may_draw(show.now + 1 / 12, urgent=True)


def test_where_nothing_can_be_asked_frames_come_at_the_rate_from_the_start() -> None:
    show = Show(Pacer(30), Terminal(), ask=False).play(1)
    assert len(show.frames) == pytest.approx(30, abs=2)


# -- a terminal that is gone for a while ---------------------------------------------------------------


def detached(until: float = 1e9) -> Show:
    return Show(Pacer(30), Terminal(delay=0.01, there=lambda now: not 2 <= now < until)).play(2)


def test_a_detached_terminal_gets_two_frames_and_then_one_question_a_second() -> None:
    show = detached().play(30)
    assert show.frames_between(2.02, 32) <= 2
    questions = [asked for at, asked in show.asked if at > 3]
    assert len(questions) == pytest.approx(29, abs=1)
    assert len(set(questions)) == 1, "the same question: its answer settles all before"
    assert sum(map(len, questions)) < 1000


def test_a_terminal_that_is_attached_again_gets_frames_within_a_second() -> None:
    show = detached(until=30).play(29)
    assert show.frames_between(30, 31) > 0
    show.play(1)
    assert show.frames_between(31, 32) == pytest.approx(30, abs=2)


def test_a_link_that_stalls_is_not_filled() -> None:
    show = Show(Pacer(30), Terminal(open=lambda now: not 2 <= now < 60)).play(59)
    assert show.most_queued == 2
    assert sum(size for size, _ in show.terminal.queue) < 2 * FRAME + 60 * 20
    assert show.play(3).most_queued == 2


def test_where_nothing_waits_nothing_is_asked() -> None:
    """The caller looks only while something waits or plays; a paused program is not woken at all."""
    pacer = Pacer(30)
    assert pacer.wait(5.0) is None
    pacer.ask(0.0)
    pacer.ask(0.0)
    assert pacer.wait(0.5) is None
    assert pacer.wait(0.5, waiting=True) == pytest.approx(0.5)


def test_what_a_terminal_owed_before_a_suspension_it_owes_no_more() -> None:
    pacer = Pacer(30)
    place_of_first = place(pacer.ask(0.0))
    pacer.answered(*place_of_first)
    pacer.ask(0.1)
    pacer.ask(0.2)
    assert not pacer.may_draw(0.3)
    pacer.forget()
    assert pacer.may_draw(0.3)


# -- answers -------------------------------------------------------------------------------------------


def test_an_answer_settles_all_questions_before_it() -> None:
    pacer = Pacer(30)
    first, second = place(pacer.ask(0.0)), place(pacer.ask(0.1))
    assert first != second
    assert pacer.answered(*second)
    assert pacer.outstanding == 0
    assert not pacer.answered(*first)


def test_what_is_no_answer_is_not_taken_for_one() -> None:
    """xterm reports shift+F3 as ESC[1;2R, and another program's question may be answered late."""
    pacer = Pacer(30)
    pacer.ask(0.0)
    pacer.ask(0.0)
    assert not any(pacer.answered(row, column) for row, column in [(1, 1), (1, 2), (2, 3), (2, 80), (40, 1)])
    assert pacer.outstanding == 2
    assert not pacer.heard


def test_a_question_leaves_the_cursor_where_it_was_and_asks_below_the_first_row() -> None:
    for number in (1, 2, 3, 4):
        assert question(number).startswith("\x1b7")
        assert question(number).endswith("\x1b8")
        assert place(question(number)) == (2, number)


def test_frames_that_nobody_paced_do_not_open_ever_more_questions() -> None:
    """Dialogs are drawn by Textual: with three questions open a fourth would have the number of a fifth's."""
    pacer = Pacer(30)
    asked = [pacer.ask(0.01 * number) for number in range(10)]
    assert [bool(each) for each in asked] == [True] * 3 + [False] * 7
    assert pacer.answered(*place(asked[2]))
    assert pacer.outstanding == 0


# -- who looks -----------------------------------------------------------------------------------------


def test_without_focus_four_frames_a_second_at_the_same_tempo() -> None:
    show = Show(Pacer(30, Attention.UNFOCUSED), Terminal(), speed=60).play(10)
    assert len(show.frames) == pytest.approx(40, abs=2)
    assert show.steps == pytest.approx(600, rel=0.05)


def test_a_low_rate_is_not_raised_by_a_lost_focus() -> None:
    show = Show(Pacer(2, Attention.UNFOCUSED), Terminal(), speed=2).play(10)
    assert len(show.frames) == pytest.approx(20, abs=1)


def test_hidden_nothing_is_drawn_and_nobody_looks() -> None:
    show = Show(Pacer(30, Attention.HIDDEN), Terminal()).play(5)
    assert show.frames == []
    assert not show.pacer.may_draw(9.0, urgent=True)
    assert show.pacer.wait(9.0, speed=30, waiting=True) is None


# -- steps ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("speed", "most"), [(1, 1), (2, 1), (15, 4), (60, 18)])
def test_after_a_stall_playback_goes_on_and_does_not_catch_up(speed: float, most: int) -> None:
    pacer = Pacer(30)
    pacer.start(0.0)
    assert most == max(1, int(CATCH_UP * speed))
    assert pacer.advance(100.0, speed) == most
    assert pacer.advance(100.0, speed) == 0
    assert pacer.advance(100.0 + 1 / speed, speed) == 1


def test_the_first_step_comes_a_step_s_time_after_the_key() -> None:
    pacer = Pacer(30)
    pacer.start(10.0)
    assert pacer.advance(10.4, 2) == 0
    assert pacer.advance(10.5, 2) == 1


@pytest.mark.parametrize("speed", [1, 7, 15, 30, 60])
@pytest.mark.parametrize("fps", [4, 12, 30])
def test_who_looks_again_when_told_to_finds_something_to_do(speed: float, fps: float) -> None:
    """No look in vain, so no timer runs faster than the frames."""
    pacer, now, steps = Pacer(fps), 0.0, 0
    pacer.start(now)
    pacer.drawn(now)
    for _ in range(50):
        wait = pacer.wait(now, speed=speed)
        assert wait is not None
        now += wait
        due = pacer.advance(now, speed)
        assert due >= 1
        pacer.drawn(now)
        steps += due
    assert steps == pytest.approx(now * speed, abs=2)
