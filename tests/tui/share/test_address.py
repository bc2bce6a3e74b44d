"""The address: the command that opens the same experiment, view and cursor on another machine."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.cli import launch
from gradtui.cli.arguments import experiment_of, read_words
from gradtui.cli.settings import SETTINGS
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.lessons.library import find, names
from gradtui.model import events as e
from gradtui.model.changes import differences, other
from gradtui.model.maths import MOST_ANGLE, MOST_TERMS
from gradtui.model.names import AXES, QUANTITIES, VIEWS
from gradtui.model.panes_of import LISTS, PANE_NAMES, panes_of
from gradtui.model.progress import Progress
from gradtui.model.state import Changes, State
from gradtui.model.timeline import Grain, Timeline
from gradtui.model.update import update
from gradtui.share import address
from gradtui.text import language
from gradtui.text.scale import SignLogScale, scale_of
from gradtui_engine import Experiment, ExperimentError
from tests.engine.helpers import drawn
from tests.engine.strategies import valid_experiments
from tests.tui.helpers import timeline_of

EXPERIMENTS = tuple(
    Experiment(cell=cell, depth=3, width=4, batch=4, seed=3, data="gaussian", steps=None if cell == "mlp" else 5)
    for cell in ("mlp", "lstm", "gru", "rnn")
)
LESSONS = names(language.ENGLISH)
#: Any scale that bars can have had when they were held.
SCALES = st.builds(
    scale_of, st.sampled_from(AXES), st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4)
)
#: What of a state the address is about: all but what belongs to the moment (playback, messages, undo).
SHARED = (
    *("view", "changes", "step", "selected", "unit", "grain", "quantity", "axis_kind", "lock", "row", "function"),
    *("terms", "angle", "pane", "rows", "interleaved", "own_axes", "units", "zoomed"),
)


def steps_of(lesson: str) -> int:
    entry = find(lesson, language.ENGLISH)
    assert entry is not None
    assert entry.lesson is not None
    return len(entry.lesson.steps)


@st.composite
def states(draw: st.DrawFn) -> tuple[State, Timeline]:
    """A state with its trace on the screen, every shared field over its whole range."""
    experiment = draw(st.sampled_from(EXPERIMENTS))
    timeline = timeline_of(experiment)
    wanted = differences(experiment, draw(valid_experiments()))
    changes = draw(st.lists(st.sampled_from(wanted), unique=True, max_size=3).map(tuple)) if wanted else ()
    name = draw(st.none() | st.sampled_from(LESSONS))
    lesson = Progress(name, draw(st.integers(0, steps_of(name) - 1))) if name is not None else None
    state = State(
        experiment,
        changes if other(experiment, changes) is not None else (),
        cell=experiment.cell,
        view=draw(st.sampled_from(VIEWS)),
        step=draw(st.integers(0, timeline.last)),
        selected=draw(st.none() | st.integers(0, timeline.stage_count - 1)),
        unit=draw(st.integers(0, experiment.resolved.width - 1)),
        grain=draw(st.sampled_from(tuple(Grain))),
        quantity=draw(st.sampled_from(QUANTITIES)),
        axis_kind=draw(st.sampled_from(("", *AXES))),
        lock=draw(st.none() | SCALES),
        function=draw(st.integers(0, 2)),
        terms=draw(st.integers(1, MOST_TERMS)),
        angle=draw(st.integers(-MOST_ANGLE, MOST_ANGLE)),
        rows=draw(st.booleans()),
        units=draw(st.booleans()),
        interleaved=draw(st.booleans()),
        own_axes=draw(st.booleans()),
        zoomed=draw(st.booleans()),
        lesson=lesson,
        loaded=True,
    )
    state = dataclasses.replace(state, row=draw(st.sampled_from(LISTS["lab"][1](state))))
    return dataclasses.replace(state, pane=draw(st.sampled_from(panes_of(state)))), timeline


def opened(arguments: Sequence[str], timeline: Timeline | None = None) -> State:
    """What the command line opens, once its trace is there."""
    words, problems = read_words(SUBCOMMANDS[""], arguments)
    if problems:
        raise ExperimentError(problems)
    experiment = experiment_of(words)
    state, cursor, _ = launch.opening(experiment, words)
    for event in (e.Loaded(experiment), *cursor):
        state = update(state, event, timeline)
    return state


def refused(*arguments: str) -> list[str]:
    with pytest.raises(ExperimentError) as caught:
        opened(arguments)
    return [str(each) for each in caught.value.problems]


@drawn(120)
@given(states())
def test_the_command_leads_back_to_the_same_screen(drawn_state: tuple[State, Timeline]) -> None:
    state, timeline = drawn_state
    program, *arguments = shlex.split(address.command(state, timeline))
    assert program == "gradtui"
    found = opened(arguments, timeline)
    assert found.experiment == state.experiment
    assert {name: getattr(found, name) for name in SHARED} == {name: getattr(state, name) for name in SHARED}
    assert found.lesson == state.lesson


@drawn(100)
@given(valid_experiments(), valid_experiments())
def test_whatever_b_differs_in_the_command_says_it(a: Experiment, b: Experiment) -> None:
    changes = differences(a, b)
    if other(a, changes) is None:
        return
    state = State(a, changes, cell=a.cell, pane="side_a", view="compare")
    found = opened(shlex.split(address.command(state, None))[1:])
    assert (found.experiment, found.changes) == (a, changes)


def test_what_is_as_it_opens_anyway_is_not_said() -> None:
    for experiment in EXPERIMENTS:
        timeline = timeline_of(experiment)
        state = State(experiment, cell=experiment.cell)
        state = update(state, e.Loaded(experiment), timeline)
        assert address.arguments(state, timeline) == experiment.to_arguments()


def test_the_answers_stay_with_the_reader_the_step_is_shared() -> None:
    progress = Progress("08-residual", 2, ((0, 1), (2, 0)))
    state = State(Experiment(), lesson=progress, pane="lesson")
    arguments = address.arguments(state, None)
    assert arguments == ["--pane", "lesson", "--lesson", "08-residual", "--lesson-step", "3"]
    assert opened(arguments).lesson == Progress("08-residual", 2)


def test_a_scale_is_spelled_and_what_is_none_is_refused() -> None:
    assert opened(["--scale", "sign-log:-9:2"]).lock == SignLogScale(-9, 2)
    for text in ("log", "log:0:0", "log:1:3", "log:-9:-1", "log:-9:1.5", "log:-999:0", "linear:0:0", "linear:1:2",
                 "linear:0:inf", "linear:nan:1", "log2:-9:0", "log:-9:0:1", "linear:low:high"):  # fmt: skip
        (problem,) = refused("--scale", text)
        assert problem.startswith(f"--scale: '{text}' given; allowed: ")


def test_a_cursor_beyond_the_trace_stands_at_its_end() -> None:
    timeline = timeline_of(EXPERIMENTS[0])
    arguments = [*EXPERIMENTS[0].to_arguments(), "--step", "99999", "--stage", "99", "--unit", "99"]
    state = opened(arguments, timeline)
    assert (state.step, state.selected, state.unit) == (timeline.last, timeline.stage_count - 1, 3)


def test_a_preset_gives_the_screen_and_options_override_it() -> None:
    state = opened(["relu-he"])
    assert (state.view, dict(state.changes)) == ("compare", {"init": "he_normal"})
    state = opened(["relu-he", "--view", "lab", "--depth", "5", "--b", "init=orthogonal"])
    assert (state.view, dict(state.changes), state.experiment.depth) == ("lab", {"init": "orthogonal"}, 5)
    assert state.experiment.activation == "relu"


def test_every_problem_is_said_at_once_with_what_is_allowed_and_the_nearest_match() -> None:
    found = refused(
        *("--view", "explor", "--quantity", "gradien", "--axis", "logg", "--row", "rellu", "--grain", "stag"),
        *(
            "--scale",
            "log:3:9",
            "--step",
            "0",
            "--unit",
            "a",
            "--terms",
            "99",
            "--angle",
            "-361",
            "--function",
            "4",
            "--stage",
            "-1",
        ),
        *("--pane", "wy", "--lesson", "11-forget-gat", "--b", "dept=3", "--b", "x", "--b", "gain=much"),
    )
    text = "\n".join(found)
    assert [each.partition(":")[0] for each in found] == [
        *("--b", "--b", "--b gain"),
        *("--view", "--step", "--stage", "--unit", "--grain", "--quantity", "--axis", "--scale", "--row", "--function"),
        *("--terms", "--angle", "--lesson", "--pane"),
    ]
    for nearest in ("explore", "gradient", "log", "relu", "stage", "why", "11-forget-gate", "depth"):
        assert f"did you mean '{nearest}'?" in text, nearest
    assert "--terms: 99 given; allowed: a whole number from 1 to 12" in found
    assert "--angle: -361 given; allowed: a whole number from -360 to 360" in found
    assert "--b: 'x' given; allowed: FIELD=VALUE" in found
    assert "--scale: 'log:3:9' given; allowed: log:LOW:HIGH or sign-log:LOW:HIGH in powers of ten" in text
    assert "'much' given; allowed: a number" in text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--lesson-step", "2"], "--lesson-step: needs a lesson: --lesson NAME"),
        (["--lesson", "08-residual", "--lesson-step", "8"], "--lesson-step: 8 given; allowed: 1 to 7, the steps of"),
        (["--pane", "lesson"], "--pane: 'lesson' is unknown; allowed: gradient, activation, why"),
        (["--pane", "gates"], "--pane: 'gates' is unknown"),
        (["--b", "width="], "--b width: '' given; allowed: a whole number"),
        (["--b", "norm=batch", "--batch", "1"], "--b batch: 1 given; norm batch needs at least 2"),
    ],
)
def test_what_is_wrong_together_is_said_too(arguments: list[str], expected: str) -> None:
    (problem,) = refused(*arguments)
    assert problem.startswith(expected)


def test_a_lesson_that_cannot_be_read_is_refused_with_its_faults(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.md").write_text("no lesson at all", encoding="utf-8")
    monkeypatch.setenv("GRADTUI_LESSONS", str(tmp_path))
    problems = refused("--lesson", "broken")
    assert problems
    assert all("broken.md" in each for each in problems)


def test_an_optional_field_of_b_is_left_out_by_an_empty_value() -> None:
    changes: Changes = opened(["--sigma-w", "1.5", "--b", "sigma-w="]).changes
    assert changes == (("sigma_w", None),)


def test_each_row_is_an_option_and_a_field_and_every_one_says_what_it_is() -> None:
    options = [row.flag for row in address.rows()]
    spelled = {"turns": "then"}
    names = [spelled.get(row.name, row.name.replace("_", "-")) for row in address.OPTIONS]
    assert options == [*(f"--{name}" for name in names), "--b"]
    assert len(set(options)) == len(options)
    assert not set(options) & {name for setting in SETTINGS.values() for name in setting.flags}
    assert all(row.help for row in address.rows())


def test_the_help_names_every_pane_of_every_view() -> None:
    views = dict(each.split(": ") for each in PANE_NAMES.split("; "))
    for cell in ("mlp", "rnn", "gru", "lstm"):
        for view in VIEWS:
            for interleaved in (False, True):
                state = State(Experiment(cell=cell), cell=cell, view=view, interleaved=interleaved)
                assert set(panes_of(state)) <= set(views[view].split(", "))
    assert next(row.usage for row in address.OPTIONS if row.name == "pane") == "--pane NAME"


@pytest.mark.parametrize("text", ["log:-400:400", "log:-325:0", "sign-log:0:310"])
def test_a_scale_beyond_float64_is_refused(text: str) -> None:
    with pytest.raises(ExperimentError, match="powers of ten from -324 to 309"):
        address.read(Experiment(), {"scale": text})


# -- read again where it is shown ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "experiment", "view", "training"),
    [
        ("gradtui --depth 11 --width 8 --sigma-w 5.0", Experiment(depth=11, width=8, sigma_w=5.0), "explore", False),
        ("gradtui --cell=lstm --steps 40 --data adding", Experiment(cell="lstm", steps=40, data="adding"), "explore",
         False),
        ("gradtui train --depth 3 --iterations 50", Experiment(depth=3), "train", True),
        ("gradtui vanishing --depth 4", Experiment(depth=4), "explore", False),
        ("gradtui --view compare --b 'activation=relu'", Experiment(), "compare", False),
    ],
)  # fmt: skip
def test_a_command_that_is_told_can_be_shown_at_once(
    typed: str, experiment: Experiment, view: str, training: bool
) -> None:
    state, _ = address.understood(typed)
    assert (state.experiment, state.view, state.training) == (experiment, view, training)


def test_what_the_address_writes_is_understood() -> None:
    state = State(EXPERIMENTS[1], (("seed", 7),), cell="lstm", view="compare", pane="side_a")
    read, _ = address.understood(address.command(state, None))
    assert (read.experiment, read.changes, read.view) == (state.experiment, state.changes, "compare")


@pytest.mark.parametrize(
    "typed", ["gradtui why run.jsonl", "gradtui --no-such 3", "gradtui --depth", "gradtui --depth x"]
)
def test_a_command_that_the_screen_cannot_show_is_refused(typed: str) -> None:
    with pytest.raises(ExperimentError):
        address.understood(typed)
