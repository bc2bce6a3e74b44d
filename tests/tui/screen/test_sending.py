"""How events reach the state: several as one change, one change after the other, each shown once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gradtui.lessons.library import find
from gradtui.model import events as e
from gradtui.model.needs import Need, Simulation
from gradtui.model.presets import PRESETS
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.screen import editing, learning
from gradtui.screen.app import GradtuiApp
from gradtui_engine import Experiment
from tests.tui.helpers import Pilot, play, settled

SMALL = Experiment(depth=3, width=4, batch=4)
LESSON = "02-vanishing-with-sigmoid"


class Watch:
    """Counts what follows from changes: states that others are told of, redraws that are asked for, lists of needs."""

    def __init__(self, app: GradtuiApp, monkeypatch: pytest.MonkeyPatch) -> None:
        self.states: list[State] = []
        self.redraws: list[bool] = []
        self.needs: list[tuple[Need, ...]] = []
        want = app.jobs.want
        app.followed_by.append(lambda: self.states.append(app.state))
        monkeypatch.setattr(app, "show", lambda *, urgent=True: self.redraws.append(urgent))
        monkeypatch.setattr(app.jobs, "want", lambda needs: (self.needs.append(tuple(needs)), want(needs)))

    @property
    def counts(self) -> tuple[int, int, int]:
        return len(self.states), len(self.redraws), len(self.needs)


def watched(
    script: Callable[[GradtuiApp, Watch], None], monkeypatch: pytest.MonkeyPatch, start: Experiment | State = SMALL
) -> None:
    """Run a script that waits for nothing: what it counts has followed at once."""

    async def session(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        script(app, Watch(app, monkeypatch))

    play(session, start, (140, 40))


def test_several_events_are_one_change(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(app: GradtuiApp, watch: Watch) -> None:
        app.send(e.Show("lab"), e.SelectUnit(2), e.Select(stage=1))
        assert watch.counts == (1, 1, 1)
        assert (app.state.view, app.state.unit, app.state.selected) == ("lab", 2, 1)

    watched(script, monkeypatch)


def test_what_is_sent_during_a_change_is_queued_and_handled_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(app: GradtuiApp, watch: Watch) -> None:
        seen: list[tuple[str, str, str]] = []

        def follower() -> None:
            before = app.state
            if not seen:
                app.send(e.Message("first"))
                app.send(e.Show("idea"), e.Message("second"))
                assert app.state is before, "nothing changes while a change is followed"
            seen.append((before.view, app.state.message, app.state.view))

        app.followed_by.append(follower)
        app.send(e.Show("lab"))
        assert seen == [("lab", "", "lab"), ("lab", "first", "lab"), ("idea", "second", "idea")]
        assert watch.counts == (3, 3, 3)

    watched(script, monkeypatch)


def test_a_failure_in_a_change_does_not_block_what_is_sent_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(app: GradtuiApp, watch: Watch) -> None:
        def fail() -> None:
            app.followed_by.remove(fail)
            raise RuntimeError("a follower's")

        app.followed_by.append(fail)
        with pytest.raises(RuntimeError, match="a follower's"):
            app.send(e.Show("lab"))
        app.send(e.Message("on it goes"))
        assert (app.state.view, app.state.message) == ("lab", "on it goes")

    watched(script, monkeypatch)


def test_what_waits_for_a_trace_that_is_there_belongs_to_the_change_that_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def script(app: GradtuiApp, watch: Watch) -> None:
        app.send(e.Change(SMALL.replace(seed=1)))
        assert not app.state.loaded
        before = watch.counts
        app.send(e.Change(SMALL), cue=lambda timeline: (e.Jump(step=1), e.Message(str(timeline.last))))
        assert app.timeline is not None
        assert app.state.loaded
        assert (app.state.step, app.state.message) == (1, str(app.timeline.last))
        assert watch.counts == tuple(count + 1 for count in before)

    watched(script, monkeypatch)


def test_a_computation_that_is_cancelled_is_one_change_and_what_waited_for_it_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def script(app: GradtuiApp, watch: Watch) -> None:
        step = app.state.step
        app.send(e.Change(SMALL.replace(seed=1)), cue=lambda timeline: (e.Jump(step=1),))
        before = watch.counts
        app.action_command("close")
        assert watch.counts == tuple(count + 1 for count in before)
        assert (app.state.experiment, app.state.loaded, app.state.past) == (SMALL, True, ())
        assert (app.state.message, app.state.step) == ("cancelled", step)

    watched(script, monkeypatch)


def test_what_cannot_be_shown_is_taken_back_and_told_in_one_change(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(app: GradtuiApp, watch: Watch) -> None:
        asked = SMALL.replace(seed=1)
        app.send(e.Change(asked))
        before = watch.counts
        app._failed(Simulation(asked), "no memory is left")
        assert watch.counts == tuple(count + 1 for count in before)
        assert (app.state.experiment, app.state.loaded) == (SMALL, True)
        assert app.state.message == "no memory is left"

    watched(script, monkeypatch)


def test_a_preset_is_one_change(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(app: GradtuiApp, watch: Watch) -> None:
        preset = next(iter(PRESETS.values()))
        editing.open_preset(app, preset.name)
        assert watch.counts == (1, 1, 1)
        assert (app.state.experiment, app.state.view) == (preset.experiment, preset.view)

    watched(script, monkeypatch, Experiment(cell="lstm", data="digits-rows", width=4))


def test_a_step_of_a_lesson_is_one_change(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(app: GradtuiApp, watch: Watch) -> None:
        entry = find(LESSON, "en")
        assert entry is not None
        assert entry.lesson is not None
        learning.open_lesson(app, LESSON)
        assert watch.counts == (1, 1, 1)
        assert app.state.lesson == Progress(LESSON)
        assert app.state.pane == "lesson"

    watched(script, monkeypatch)


def test_a_step_of_a_lesson_whose_trace_is_there_is_one_redraw_with_the_cursor_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def session(app: GradtuiApp, pilot: Pilot[int]) -> None:
        learning.open_lesson(app, LESSON)
        await settled(app, pilot)
        watch = Watch(app, monkeypatch)
        learning.go_on(app, "")
        assert watch.counts == (1, 1, 1)
        assert app.state.loaded
        assert app.state.lesson == Progress(LESSON, 1)
        reached = app.state
        learning.go_back(app, "")
        learning.go_on(app, "")
        assert watch.counts == (3, 3, 3)
        assert (app.state.step, app.state.selected, app.state.pane) == (reached.step, reached.selected, "lesson")

    play(session, SMALL, (140, 40))
