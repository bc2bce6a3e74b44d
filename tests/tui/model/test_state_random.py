"""update(state, event) under any sequence of events: laws, not examples."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from gradtui.model import events as e
from gradtui.model.lecture import OPENING
from gradtui.model.maths import GROWTH, MOST_ANGLE, MOST_TERMS
from gradtui.model.names import AXES, FUNCTIONS, OF_TOKENS, QUANTITIES, SPEEDS, VIEWS
from gradtui.model.navigation import selected_stage
from gradtui.model.pairs import PAIRS
from gradtui.model.panes_of import LISTS, panes_of
from gradtui.model.presets import PRESETS
from gradtui.model.progress import Progress
from gradtui.model.state import Audience, Place, State
from gradtui.model.studies import Study
from gradtui.model.timeline import Grain, Timeline
from gradtui.model.update import update
from gradtui.text.scale import LinearScale, LogScale
from gradtui.views import status
from gradtui.views.arrangement import arrange, header_lines
from gradtui.views.catalogue import PANES
from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Source
from gradtui_engine.rules.activations import ACTIVATIONS
from tests.engine.helpers import drawn
from tests.examples import spread
from tests.tui.helpers import CASES, EXPLORE, SIZES, assert_page, scene_with, timeline_of

SMALL = ("one layer", "one step", "gru", "rnn", "one number", "one number over time", "no weights", "overflow")
#: What B may differ in; the last does not go together with some networks, the one before with none.
#: None, one, and two, of which nobody knows what they were.
RECORDINGS = (
    (),
    (Source(recording="a.json"),),
    (Source(recording="a.json"), Source(recording="b.json")),
    (Source(recording="a.jsonl", recorded=True, files=("a.jsonl",)),),
)
#: Where findings lead: to a step, to a stage, to both, nowhere.
PLACES = (Place("dead", 3, 1), Place("vanishing", None, 10**6), Place("loss_rises", 10**6), Place("frozen"))
CHANGES: tuple[e.Changes, ...] = (
    (),
    (("seed", 7),),
    (("init", "orthogonal"), ("clip", "norm")),
    (("cell", "lstm"), ("data", "gaussian")),
    (("depth", 0),),
    (("norm", "batch"), ("residual", "add")),
)
PLANS: tuple[e.Changes, ...] = ((), (("iterations", 40),), (("batches", "fresh"), ("schedule", "cosine")))
#: What is swept: nothing said, a plane, a line, one that trains, what no experiment has.
SWEEPS: tuple[e.Changes, ...] = (
    (),
    (("x", "gain=0.5:2:5"), ("y", "seed=0:3:4"), ("second", "loss")),
    (("x", "learning-rate=0.01:1:3:log"), ("train", 5)),
    (("x", "no such field=1,2"),),
)
#: Events of a walk; the test beneath says whether they are enough.
COUNT = 1200
LESSONS = ("01-reading-the-screen", "02-vanishing-with-sigmoid")

EXPERIMENTS = st.sampled_from(SMALL).map(CASES.__getitem__)
PROGRESS = st.builds(Progress, st.sampled_from((*LESSONS, "no such lesson")), st.integers(0, 9))
#: What a presenter may show: states of another screen, whose traces are other ones.
SHOWN = st.builds(
    State, EXPERIMENTS, st.sampled_from(CHANGES), view=st.sampled_from(VIEWS), step=st.integers(OPENING, 10**9),
    selected=st.none() | st.integers(0, 10**9), unit=st.integers(0, 99), pane=st.sampled_from(tuple(PANES)),
    zoomed=st.booleans(), rows=st.booleans(), interleaved=st.booleans(), own_axes=st.booleans(),
    lesson=st.none() | PROGRESS,
)  # fmt: skip
#: Every event, by its type: the test beneath holds that none is forgotten.
EVENTS: dict[type, st.SearchStrategy[e.Event]] = {
    e.Tick: st.integers(1, 40).map(e.Tick),
    e.TogglePlay: st.just(e.TogglePlay()),
    e.Move: st.integers(-300, 300).map(e.Move),
    e.Jump: st.builds(e.Jump, st.booleans(), st.none() | st.integers(-9, 10**9)),
    e.Faster: st.integers(-9, 9).map(e.Faster),
    e.NextGrain: st.just(e.NextGrain()),
    e.GoTo: st.builds(e.GoTo, st.integers(-30, 30), st.none() | st.integers(-3, 10**9), st.booleans()),
    e.Train: st.builds(e.Train),
    e.Trained: st.builds(e.Trained, st.integers(0, 400), st.booleans(), st.integers(0, 900)),
    e.Rest: st.just(e.Rest()),
    e.Plan: st.sampled_from(PLANS).map(e.Plan),
    e.Branch: st.sampled_from(((), ("3:clip=norm",))).map(e.Branch),
    e.PlanSweep: st.sampled_from(SWEEPS).map(e.PlanSweep),
    e.ToCell: st.builds(
        e.ToCell,
        st.integers(-30, 30),
        st.integers(-30, 30),
        st.none() | st.integers(-3, 10**9),
        st.none() | st.integers(-3, 10**9),
    ),
    e.Swept: st.builds(e.Swept, st.integers(0, 400), st.booleans()),
    e.StopSweep: st.just(e.StopSweep()),
    e.LeaveSweep: EXPERIMENTS.map(lambda experiment: e.LeaveSweep((experiment, (), (), (), ()))),
    e.Diagnose: st.integers(0, 400).map(e.Diagnose),
    e.Found: st.lists(st.sampled_from(PLACES), max_size=4, unique=True).map(tuple).map(e.Found),
    e.ChooseFinding: st.integers(-3, 9).map(e.ChooseFinding),
    e.Arrow: st.builds(e.Arrow, st.integers(-30, 30), st.integers(-30, 30)),
    e.Select: st.builds(e.Select, st.integers(-70, 70), st.none() | st.integers(-3, 10**9)),
    e.SelectUnit: st.builds(e.SelectUnit, st.integers(-70, 70), st.none() | st.integers(-3, 99)),
    e.Scroll: st.builds(e.Scroll, st.integers(-70, 70), st.integers(0, 40)),
    e.SelectItem: st.integers(-3, 99).map(e.SelectItem),
    e.SetTerms: st.integers(-3, 99).map(e.SetTerms),
    e.Show: st.sampled_from(VIEWS).map(e.Show),
    e.Focus: st.builds(e.Focus, st.sampled_from(("", *PANES, "no such pane")), st.integers(-3, 3)),
    e.Zoom: st.just(e.Zoom()),
    e.Turn: st.just(e.Turn()),
    e.TurnUnits: st.just(e.TurnUnits()),
    e.TurnAxes: st.just(e.TurnAxes()),
    e.NextQuantity: st.integers(-9, 9).map(e.NextQuantity)
    | st.sampled_from(QUANTITIES).map(lambda name: e.NextQuantity(name=name)),
    e.NextAxis: st.just(e.NextAxis()),
    e.Lock: st.sampled_from((None, LogScale(-9, 3), LinearScale(-0.5, 2.0))).map(e.Lock),
    e.Change: st.builds(
        e.Change,
        EXPERIMENTS,
        st.none() | st.sampled_from(CHANGES),
        st.sampled_from(RECORDINGS),
        st.none() | st.sampled_from(PLANS),
        st.none() | st.sampled_from(((), ("3:clip=norm",))),
        st.booleans(),
    ),
    e.Remember: st.builds(e.Remember, EXPERIMENTS, st.sampled_from(CHANGES), st.sampled_from(RECORDINGS)),
    e.Undo: st.sampled_from((-1, 1)).map(e.Undo),
    e.Loaded: EXPERIMENTS.map(e.Loaded),
    e.Learn: st.builds(e.Learn, st.none() | PROGRESS, st.none() | st.integers(0, 9), st.booleans()),
    e.Recall: st.sampled_from(((), (Study(LESSONS[0], 2, ((0, 1),), True), Study("no such lesson")))).map(e.Recall),
    e.Message: st.sampled_from(("", "said")).map(e.Message),
    e.Present: SHOWN.map(e.Present),
    e.Follow: st.just(e.Follow()),
    e.Unable: EXPERIMENTS.map(e.Unable),
    e.Audience: st.builds(Audience, st.just("ssh host"), st.integers(0, 30), st.integers(0, 30), st.booleans()).map(
        e.Audience
    ),
    e.Along: st.sampled_from(("", "lstm")).map(e.Along),
    e.About: st.sampled_from(("", *PRESETS.names)).map(e.About),
    e.OpenStory: st.just(e.OpenStory()),
    e.OpenIdea: st.just(e.OpenIdea()),
    e.OpenPair: st.sampled_from(PAIRS.names).map(e.OpenPair),
    e.NextPage: st.integers(-9, 9).map(e.NextPage),
    e.Invite: st.just(e.Invite()),
}
ANY = st.one_of(*EVENTS.values())


def test_no_event_is_left_out_of_the_random_sequences() -> None:
    known = {each for each in vars(e).values() if isinstance(each, type) and each.__module__ == e.__name__}
    assert known == EVENTS.keys()


# -- soundness -----------------------------------------------------------------------------------------


def assert_sound(state: State, timeline: Timeline | None) -> None:
    """What every view takes for granted."""
    assert 0 <= state.speed < len(SPEEDS)
    assert state.grain in Grain
    assert state.view in VIEWS
    assert state.cell in EXPLORE
    assert state.pane in panes_of(state)
    assert state.quantity in QUANTITIES
    assert state.axis_kind in ("", *AXES)
    assert state.row in ("", *ACTIVATIONS.names)
    assert state.function in FUNCTIONS
    assert 1 <= state.terms <= MOST_TERMS
    assert abs(state.angle) <= MOST_ANGLE
    assert 0 <= state.growth < GROWTH
    assert state.item in state.lessons or not state.item
    assert state.offset is None or state.offset >= 0
    assert state.unit >= 0
    assert state.unit < state.experiment.resolved.width or not state.loaded, "units are those of the trace on screen"
    assert max(len(state.past), len(state.future)) <= 100
    if timeline is None:
        assert (state.step, state.selected, state.playing, state.loaded) == (0, None, False, False)
        return
    assert 0 <= state.step <= timeline.last
    assert state.selected is None or 0 <= state.selected < timeline.stage_count
    assert 0 <= selected_stage(state, timeline) < timeline.stage_count
    assert state.finding is None or state.finding >= 0


@drawn(400)
@given(st.lists(ANY, max_size=60))
def test_any_sequence_of_events_leaves_a_sound_state(events: list[e.Event]) -> None:
    state, timeline = State(CASES["mlp"], lessons=LESSONS), None
    for event in events:
        if isinstance(event, e.Loaded):
            timeline = timeline_of(event.experiment)
        before, copy = state, dataclasses.replace(state)
        state = update(state, event, timeline)
        assert before == copy
        assert update(before, event, timeline) == state, "update is not a function of its arguments"
        assert_sound(state, timeline)


@drawn(60)
@given(st.lists(ANY, max_size=40))
def test_every_state_can_be_kept_in_a_set(events: list[e.Event]) -> None:
    """Frozen to the bottom: what is derived from a state may be kept by it."""
    state, timeline = State(CASES["mlp"]), None
    for event in events:
        if isinstance(event, e.Loaded):
            timeline = timeline_of(event.experiment)
        state = update(state, event, timeline)
    assert state in {state}


# -- undo ----------------------------------------------------------------------------------------------


def where(state: State) -> tuple[object, ...]:
    return state.experiment, state.changes, state.past, state.future


@drawn(200)
@given(st.lists(ANY, max_size=40))
def test_undo_then_redo_is_where_it_was_and_so_is_redo_then_undo(events: list[e.Event]) -> None:
    state, timeline = State(CASES["mlp"]), None
    for event in events:
        if isinstance(event, e.Loaded):
            timeline = timeline_of(event.experiment)
        state = update(state, event, timeline)
    for by, source in ((-1, state.past), (1, state.future)):
        there = update(state, e.Undo(by), timeline)
        assert where(update(there, e.Undo(-by), timeline)) == where(state) or not source
        if source:
            assert there.asked == source[-1]
            assert there.message == "" or state.following  # who leaves the presenter is told so
        else:
            assert there == dataclasses.replace(state, message=there.message)
            assert there.message.startswith("nothing to")


Asked = st.tuples(EXPERIMENTS, st.sampled_from(CHANGES))
HISTORY = st.lists(Asked | st.sampled_from((-1, 1)), max_size=150)


@drawn(150)
@given(HISTORY)
def test_undo_and_redo_walk_through_what_was_asked_for_as_through_a_list(history: list[object]) -> None:
    """The oracle: a list and a place in it; what is asked for anew cuts the list behind the place."""
    state = State(CASES["mlp"])
    asked: list[object] = [(state.experiment, state.changes)]
    place = 0
    for each in history:
        if isinstance(each, int):
            place = min(max(place + each, 0), len(asked) - 1)
            state = update(state, e.Undo(each), None)
        else:
            assert isinstance(each, tuple)
            state = update(state, e.Change(*each), None)
            if each != asked[place]:
                asked = [*asked[: place + 1], each][-101:]
                place = len(asked) - 1
        assert (state.experiment, state.changes) == asked[place]
        assert len(state.past) == place
        assert len(state.future) == len(asked) - 1 - place


@drawn(100)
@given(st.lists(Asked, min_size=1, max_size=20))
def test_changes_that_were_tried_are_undone_in_one_step(tried: list[tuple[Experiment, e.Changes]]) -> None:
    """Behind a list every row is tried; what is kept is one change."""
    state = update(State(CASES["mlp"]), e.Change(CASES["gru"]), None)
    before = state
    for experiment, changes in tried:
        state = update(state, e.Change(experiment, changes, record=False), None)
    state = update(state, e.Remember(before.experiment, before.changes), None)
    undone = update(state, e.Undo(), None)
    assert (undone.experiment, undone.changes, undone.past) == (before.experiment, before.changes, before.past)


# -- the whole screen ----------------------------------------------------------------------------------


def walk(seed: int, count: int) -> list[State]:
    """The states after every 20th of so many random events that start with a trace."""
    choose = random.Random(seed)
    events: list[Callable[[], e.Event]] = [
        lambda: e.Tick(choose.randint(1, 4)),
        lambda: e.TogglePlay(),
        lambda: e.Move(choose.randint(-20, 20)),
        lambda: e.Jump(choose.random() < 0.5),
        lambda: e.Trained(choose.choice((0, 6)), done=True),
        lambda: e.GoTo(choose.randint(-6, 6)),
        lambda: e.Arrow(choose.randint(-2, 2), choose.randint(-9, 9)),
        lambda: e.Select(choose.randint(-40, 40)),
        lambda: e.SelectUnit(choose.randint(-9, 9)),
        lambda: e.SelectItem(choose.randint(0, 30)),
        lambda: e.SetTerms(choose.randint(1, 12)),
        lambda: e.NextGrain(),
        lambda: e.Show(choose.choice(VIEWS)),
        lambda: e.Focus(by=choose.choice((-1, 1))),
        lambda: e.Focus(pane=choose.choice(panes_of(state))),
        lambda: e.Zoom(),
        lambda: e.Turn(),
        lambda: e.TurnUnits(),
        lambda: e.TurnAxes(),
        lambda: e.NextQuantity(choose.randint(-3, 3)),
        lambda: e.NextAxis(),
        lambda: e.Lock(choose.choice((None, None, LogScale(-9, 3), LinearScale(-0.5, 2.0)))),
        lambda: e.Learn(Progress(choose.choice(LESSONS), choose.randint(0, 5)) if choose.random() < 0.3 else None),
        lambda: e.Message(choose.choice(("", "said"))),
        lambda: e.PlanSweep(choose.choice(SWEEPS)),
        lambda: e.ToCell(choose.randint(-9, 9), choose.randint(-9, 9)),
    ]
    names = (*SMALL, "stacked", "saturated", "cured")
    experiment = CASES[choose.choice(names)]
    state = State(experiment, lessons=LESSONS, item=LESSONS[0])
    found, seen = [], set[tuple[str, str, str]]()
    for number in range(count):
        if number % 50 == 0:
            experiment = CASES[choose.choice(names)]
            changed = e.Change(experiment, choose.choice(CHANGES))
            state = update(state, changed, timeline_of(state.experiment) if number else None)
            event: e.Event = e.Loaded(experiment)
        else:
            event = choose.choice(events)()
        state = update(state, event, timeline_of(experiment))
        if state.experiment != experiment:
            # A page of the story has been turned: what it shows arrives.
            experiment = state.experiment
            state = update(state, e.Loaded(experiment), timeline_of(experiment))
        # One in twenty, and each that shows what none before it did.
        shown = (state.view, state.pane, state.quantity)
        if number % 20 == 0 or shown not in seen:
            seen.add(shown)
            found.append(state)
    return found


def test_the_walk_comes_past_every_view_pane_and_quantity() -> None:
    states = [state for seed in range(4) for state in walk(seed, COUNT)]
    assert {state.view for state in states} == set(VIEWS)
    assert {state.quantity for state in states} >= set(QUANTITIES) - set(OF_TOKENS)
    # Panes of recorded trainings, which have no trace of their own, and of tokens.
    assert {state.pane for state in states} >= PANES.keys() - {"findings", "numbers", "attention", "branches"}
    assert {state.lesson is None for state in states} == {True, False}
    assert {state.row for state in states} > {""}
    assert LISTS.keys() <= {state.view for state in states}


@spread("seed", range(4), 1)
def test_whatever_was_pressed_the_whole_screen_is_filled_exactly(seed: int) -> None:
    for number, state in enumerate(walk(seed, COUNT)):
        scene = scene_with(state)
        width, height = SIZES[number % len(SIZES)]
        assert_page(status.header(scene, width), width, header_lines(state, width), "header")
        assert_page([status.timeline(scene, width)], width, 1, "timeline")
        for name, box in arrange(state, width, height).items():
            if name in PANES:
                inner = box.width - 2, box.height - 2
                assert_page(PANES[name].view(scene, *inner), *inner, f"{name} {inner} {state}")
