"""A pane that says what it reads may be left as it is while that is the same: equal reads, equal lines."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.model.names import AXES, QUANTITIES, VIEWS
from gradtui.model.panes_of import panes_of
from gradtui.model.state import State
from gradtui.model.timeline import Grain
from gradtui.text.spans import Line
from gradtui.views import status
from gradtui.views.catalogue import PANES
from gradtui.views.frame import bar_data, cache_keys
from gradtui.views.frame.cache_keys import Same
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Record
from tests.examples import examples
from tests.tui.helpers import CASES, moments, scene_with, state_of, timeline_of

SIZE = (70, 12)
#: What B differs in, where it goes together with every network.
CURE = (("seed", 3),)
NETWORKS = ("mlp", "lstm", "gru", "rnn")
KNOWN = [name for name, pane in PANES.items() if pane.reads is not cache_keys.anything]


@st.composite
def scenes(draw: st.DrawFn, name: str) -> Scene:
    """A network at any moment, with anything picked that the panes show."""
    experiment = CASES[name]
    last, count = timeline_of(experiment).last, timeline_of(experiment).stage_count
    changes = draw(st.sampled_from([(), CURE]))
    state = state_of(
        experiment,
        changes,
        view="compare" if changes else "explore",
        step=draw(st.integers(0, last)),
        selected=draw(st.none() | st.integers(0, count - 1)),
        unit=draw(st.integers(0, 3)),
        playing=draw(st.booleans()),
        speed=draw(st.integers(0, 3)),
        grain=draw(st.sampled_from(list(Grain))),
        rows=draw(st.booleans()),
        quantity=draw(st.sampled_from(QUANTITIES)),
        axis_kind=draw(st.sampled_from(("", *AXES))),
        row=draw(st.sampled_from(("", "relu"))),
        function=draw(st.integers(0, 2)),
        terms=draw(st.integers(1, 12)),
        angle=draw(st.integers(-24, 24)),
        message=draw(st.sampled_from(("", "something"))),
    )
    if draw(st.booleans()):
        state = dataclasses.replace(state, lock=bar_data.own_scale(scene_with(state)))
    return scene_with(state)


def drawn(name: str, scene: Scene) -> tuple[str, list[Line]]:
    return PANES[name].title(scene, SIZE[0] - 4), PANES[name].view(scene, *SIZE)


def shows(name: str, network: str) -> bool:
    """Whether the network has what the pane is about; a second measure is there where one has been chosen."""
    if name == "sweep_second":
        return False
    return name not in ("cell", "gates", "paths", "attention", "branches") or name in panes_of(state_of(CASES[network]))


@pytest.mark.parametrize("network", NETWORKS)
@examples(12)
@given(data=st.data())
@pytest.mark.soak
def test_equal_reads_give_equal_titles_and_lines(network: str, data: st.DataObject) -> None:
    """A second state differs in what a pane may or may not read; where it says that it reads the same, it does."""
    one, other = data.draw(scenes(network)), data.draw(scenes(network))
    for field in ("step", "selected", "unit", "quantity", "axis_kind", "lock", "rows", "row", "function", "terms"):
        mixed = scene_with(dataclasses.replace(one.state, **{field: getattr(other.state, field)}))
        for name in KNOWN:
            if shows(name, network) and PANES[name].reads(one) == PANES[name].reads(mixed) is not None:
                assert drawn(name, one) == drawn(name, mixed), (name, field)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.soak
def test_every_step_of_playback_is_drawn(network: str) -> None:
    """From one step to the next: a pane that says nothing has changed would draw what it drew."""
    start = state_of(CASES[network])
    shown = [(name, "gradient") for name in panes_of(start)] + [("gradient", each) for each in QUANTITIES]
    for name, quantity in shown:
        before: tuple[Hashable, object] = (None, None)
        for step in range(timeline_of(CASES[network]).last + 1):
            scene = scene_with(dataclasses.replace(start, step=step, quantity=quantity))
            key, now = PANES[name].reads(scene), drawn(name, scene)
            assert key is None or key != before[0] or now == before[1], (name, quantity, step)
            before = key, now


def test_in_playback_half_of_the_frames_change_no_histogram() -> None:
    """What it is for: a layer has two operations, and the activations are the layer's."""
    start, last = state_of(Experiment()), timeline_of(Experiment()).last
    keys = [PANES["activation"].reads(scene_with(dataclasses.replace(start, step=step))) for step in range(last + 1)]
    assert sum(one == other for one, other in itertools.pairwise(keys)) >= last // 2


@pytest.mark.parametrize("network", NETWORKS)
def test_header_and_footer_are_the_same_at_every_step(network: str) -> None:
    """They are made anew only where something else has changed."""
    start = state_of(CASES[network])
    scenes = [
        scene_with(dataclasses.replace(start, step=step)) for step in moments(timeline_of(CASES[network])).values()
    ]
    for view in VIEWS:
        told = [dataclasses.replace(scene, state=dataclasses.replace(scene.state, view=view)) for scene in scenes]
        assert len({repr((status.header(each, 100), status.footer(each.state, 100))) for each in told}) == 1, view


# -- the trace ---------------------------------------------------------------------------------------------


def another() -> Record:
    return scene_with(State(Experiment(depth=2))).record


def test_the_same_is_one_object_not_an_equal_one() -> None:
    trace = another()
    assert Same(trace) == Same(trace)
    assert hash(Same(trace)) == hash(Same(trace))
    assert Same(trace) != Same(dataclasses.replace(trace))
    assert Same(trace) != trace


def test_what_is_gone_is_no_other_s_and_is_not_kept() -> None:
    class Thing:
        pass

    thing = Thing()
    before = Same(thing)
    del thing
    assert all(before != Same(each) for each in [Thing() for _ in range(100)])
