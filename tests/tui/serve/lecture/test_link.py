"""State between processes: differences lead from one whole to the next, the newest wins, nobody waits."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.model import events as e
from gradtui.model.lecture import FIELDS, OPENING
from gradtui.model.presets import about
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.model.sweeps import plan_of
from gradtui.model.update import update
from gradtui.serve.lecture.link import MOST_BYTES, RATE, Link, Words, difference, merged, pair
from gradtui.serve.lecture.relay import Relay
from gradtui.serve.lecture.state_words import read, words
from gradtui_engine import ExperimentError, Training
from tests.engine.helpers import drawn
from tests.tui.helpers import CASES, timeline_of
from tests.tui.model.test_state_random import ANY, LESSONS

WORDS = st.dictionaries(
    st.sampled_from(("--view", "--step", "--b", "--zoomed", "--depth")),
    st.text(max_size=3) | st.lists(st.text(max_size=3), max_size=2) | st.just(True),
)


@given(WORDS, WORDS)
def test_a_difference_leads_from_one_whole_to_the_other(before: Words, after: Words) -> None:
    change = difference(before, after)
    assert merged(before, json.loads(json.dumps(change))) == after
    assert all(before.get(name) != value for name, value in change.items()), "only what has changed is said"


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_differences_one_after_the_other_lead_to_the_last_whole(wholes: list[Words]) -> None:
    heard: Words = {}
    for before, after in zip([{}, *wholes], wholes, strict=False):
        heard = merged(heard, difference(before, after))
    assert heard == wholes[-1]


# -- a screen in words -------------------------------------------------------------------------------------


@drawn(200)
@given(st.lists(ANY, max_size=30))
def test_what_is_shared_of_any_state_is_read_back(events: list[e.Event]) -> None:
    state, timeline = State(CASES["mlp"], lessons=LESSONS), timeline_of(CASES["mlp"])
    state = update(state, e.Loaded(CASES["mlp"]), timeline)
    for event in events:
        if isinstance(event, e.Loaded):
            timeline = timeline_of(event.experiment)
        state = update(state, event, timeline)
    # What an address cannot say: a lesson that does not exist, a B that is none, a sweep that cannot be, panes of a
    # trace still on its way.
    known = state.lesson is None or (state.lesson.lesson in LESSONS and state.lesson.step < 3)
    if not known or not state.loaded or state.cell != state.experiment.cell:
        return
    told = words(state, timeline)
    if told is None:
        assert state.recordings
        return
    found = read(json.loads(json.dumps(told)))
    if found is None and plan_of(state).problem:
        return
    if found is None:
        with pytest.raises(ExperimentError):  # a B that is none, or a plan that does not go with it
            Training(experiment=state.experiment.replace(**dict(state.changes)), **dict(state.plan))
        return
    lesson = state.lesson and Progress(state.lesson.lesson, state.lesson.step)
    preset = about(state)
    told_of = replace(state, lesson=lesson, preset=preset.name if preset is not None else "")
    assert {name: getattr(found, name) for name in FIELDS} == {name: getattr(told_of, name) for name in FIELDS}


def test_one_step_is_one_word() -> None:
    timeline = timeline_of(CASES["mlp"])
    state = update(State(CASES["mlp"]), e.Loaded(CASES["mlp"]), timeline)
    before, after = words(state, timeline), words(update(state, e.Move(-1), timeline), timeline)
    assert before is not None
    assert after is not None
    assert difference(before, after) == {"--step": str(timeline.arrived)}


def test_a_cursor_of_a_trace_that_is_on_its_way_is_not_told() -> None:
    found = words(State(CASES["mlp"], step=7), None)
    assert found is not None
    state = read(found)
    assert state is not None
    assert state.step == OPENING


def test_a_table_of_the_presenters_own_stays_the_presenters_own() -> None:
    experiment = CASES["mlp"]
    assert words(State(experiment, (("data", "csv:/home/me/secret.csv"),)), None) is None


@pytest.mark.parametrize("wrong", [{"--depth": "many"}, {"--view": "nothing"}, {"--b": ["depth"]}, {"--pane": "x"}])
def test_words_that_make_no_sense_change_nothing(wrong: dict[str, Any]) -> None:
    assert read(wrong) is None


def test_a_lesson_that_visitors_do_not_have_is_left_out_and_the_rest_is_shown() -> None:
    state = read({"--lesson": "my-own", "--lesson-step": "2", "--pane": "lesson", "--view": "maths", "--step": "4"})
    assert state is not None
    assert (state.view, state.lesson, state.pane, state.step) == ("maths", None, "circular", 3)


# -- links -------------------------------------------------------------------------------------------------


def run(script: Callable[[], Any]) -> None:
    asyncio.run(asyncio.wait_for(script(), 30))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def test_the_other_side_hears_the_whole_first_and_then_what_changes() -> None:
    async def script() -> None:
        ours, theirs = pair()
        whole: Words = {"--view": "lab", "--step": "1"}
        link = Link(ours, lambda heard: None, lambda: None)
        link.offer(lambda: whole)
        assert json.loads(theirs.recv(MOST_BYTES)) == whole
        whole = {"--step": "2"}
        link.offer(lambda: whole)
        theirs.setblocking(False)
        loop = asyncio.get_running_loop()
        assert json.loads(await loop.sock_recv(theirs, MOST_BYTES)) == {"--view": None, "--step": "2"}
        link.close()
        theirs.close()

    run(script)


def test_changes_that_come_too_fast_are_told_as_one() -> None:
    async def script() -> None:
        ours, theirs = pair()
        heard: list[Words] = []
        sender, receiver = Link(ours, lambda heard: None, lambda: None), Link(theirs, heard.append, lambda: None)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(300):
            sender.offer(lambda number=number: {"step": number})  # type: ignore[misc]
            await asyncio.sleep(0.001)
        await until(lambda: bool(heard) and heard[-1] == {"step": 299})
        assert len(heard) <= (loop.time() - began) * RATE + 2
        sender.close()
        receiver.close()

    run(script)


@pytest.mark.soak
def test_who_does_not_read_holds_up_nobody_and_gets_the_newest_in_the_end() -> None:
    async def script() -> None:
        presenter, end = pair()
        lecture = Relay(end)
        lecture.begin({"address": "ssh"}, lambda: None)
        stuck, quick = lecture.join(), lecture.join()
        told: list[Words] = []
        heard: list[Words] = []
        front = Link(presenter, told.append, lambda: None)
        reader = Link(quick, heard.append, lambda: None)
        # Each message is large, so that the kernel soon takes no more of them for the one who does not read.
        for number in range(40):
            front.offer(lambda number=number: {"step": number, "text": str(number) * 9000})  # type: ignore[misc]
            await until(lambda number=number: bool(heard) and heard[-1]["step"] == number)  # type: ignore[misc]
        late: list[Words] = []
        slow = Link(stuck, late.append, lambda: None)
        await until(lambda: bool(late) and late[-1]["step"] == 39)
        assert len(late) < 40
        await until(lambda: bool(told) and told[-1]["visitors"] == 2)
        for each in (front, reader, slow):
            each.close()

    run(script)


def test_who_comes_late_gets_the_whole_and_who_leaves_is_counted_no_more() -> None:
    async def script() -> None:
        presenter, end = pair()
        over = asyncio.Event()
        lecture = Relay(end)
        lecture.begin({"address": "ssh"}, over.set)
        told: list[Words] = []
        front = Link(presenter, told.append, lambda: None)
        front.offer(lambda: {"--view": "lab", "--depth": "9"})
        await until(lambda: lecture._shown != {})
        heard: list[Words] = []
        late = Link(lecture.join(), heard.append, lambda: None)
        await until(lambda: bool(heard))
        assert heard == [{"--view": "lab", "--depth": "9"}]
        await until(lambda: told[-1:] == [{"address": "ssh", "visitors": 1, "following": 1}])
        late.offer(lambda: {"following": False})
        await until(lambda: told[-1]["following"] == 0)
        late.close()
        await until(lambda: told[-1]["visitors"] == 0)
        front.close()
        await over.wait()

    run(script)


@pytest.mark.parametrize("message", [b"no JSON", b"[1]", b"7", b"\xff"])
def test_a_session_that_talks_nonsense_is_heard_no_more(message: bytes) -> None:
    async def script() -> None:
        presenter, end = pair()
        lecture = Relay(end)
        lecture.begin({}, lambda: None)
        session: socket.socket = lecture.join()
        session.send(message)
        await until(lambda: not lecture._sessions)
        session.close()
        presenter.close()

    run(script)
