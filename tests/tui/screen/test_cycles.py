"""Memory: what is large goes as soon as nobody holds it, what is in cycles when nobody waits."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from gradtui.model.events import Loaded
from gradtui.model.needs import Simulation
from gradtui.model.panes_of import panes_of
from gradtui.model.state import State
from gradtui.model.update import update
from gradtui.screen.terminal import cycles
from gradtui.views.catalogue import PANES
from gradtui.views.frame.cache_keys import Same
from gradtui.views.frame.scene import Scene
from tests.tui.helpers import CASES


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What other tests have left is not looked at, of which there may be a million objects."""
    before = gc.get_threshold()
    gc.freeze()
    yield
    gc.set_threshold(*before)
    gc.enable()


@pytest.mark.parametrize("name", CASES)
def test_a_trace_that_has_been_shown_goes_without_a_look_for_cycles(name: str) -> None:
    """A walk through many experiments would else fill the memory."""
    gc.disable()
    computed = Simulation(CASES[name]).compute(lambda share: None)
    trace, timeline = computed.record, computed.timeline
    state = update(State(CASES[name]), Loaded(trace.experiment), timeline)
    scene = Scene(trace, timeline, state)
    for pane in panes_of(state):
        PANES[pane].title(scene, 70)
        PANES[pane].view(scene, 70, 12)
    kept = Same(trace), PANES["gradient"].reads(scene)
    gone = weakref.ref(trace)
    del computed, trace, scene
    assert gone() is None
    assert kept


def test_nothing_is_looked_at_while_a_trace_is_made() -> None:
    cycles.seldom()
    before = gc.get_stats()[2]["collections"]
    made = [[index] for index in range(300_000)]
    assert gc.get_stats()[2]["collections"] == before
    assert made


def test_a_look_that_comes_by_itself_finds_so_few_objects_that_nobody_waits() -> None:
    """1 ms: the worker's looks stop the event loop too."""
    cycles.seldom()
    young, middle_aged, old = gc.get_threshold()
    assert young * middle_aged <= 10_000
    made = [[index] for index in range(young * 2)]
    assert gc.get_count()[0] <= young
    assert made
    assert old >= 1_000_000


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_dead_cycles_go_when_it_is_told_and_a_program_that_does_nothing_does_not_look() -> None:
    cycles.seldom()
    knot = Knot()
    gone = weakref.ref(knot)
    gc.collect()  # it is old now
    del knot
    made = [[index] for index in range(300_000)]
    assert gone() is not None
    assert cycles.collect()
    assert gone() is None
    assert not cycles.collect()
    assert made
