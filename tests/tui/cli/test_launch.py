"""What a start of the screen makes of options, presets and settings, and what a view needs to have computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from textual import constants

from gradtui.cli import launch
from gradtui.cli.invocation import Invocation
from gradtui.cli.settings import COLOUR_SYSTEMS, DEFAULT, Settings, SettingsInForce
from gradtui.cli.words import Words
from gradtui.lessons.staging import Page, Shelf
from gradtui.model import events as e
from gradtui.model import keys
from gradtui.model.changes import other
from gradtui.model.names import SPEEDS, VIEWS
from gradtui.model.needs import Failed, Known, Simulation
from gradtui.model.pairs import PAIRS
from gradtui.model.permissions import OPEN, Permissions
from gradtui.model.presets import PRESETS
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.text import language, process
from gradtui.views import catalogue
from gradtui_engine import Experiment, ExperimentError
from tests.tui.helpers import Command


def watch(share: float) -> None:
    """Nobody waits."""


def words(file: str | None = None, **given: Any) -> Words:
    return Words(given, file)


# -- what it opens with --------------------------------------------------------------------------------


def test_without_options_it_opens_the_experiment_in_explore() -> None:
    state, cursor, _ = launch.opening(Experiment(depth=3), words())
    assert (state.experiment, state.view, state.pane, state.changes) == (Experiment(depth=3), "explore", "gradient", ())
    assert cursor == ()


@pytest.mark.parametrize("given", [{}, {"view": "story"}, {"loop": True}, {"kiosk": True}, {"theme": "high-contrast"}])
def test_without_a_word_of_what_to_show_it_opens_the_story_at_its_first_pair(given: dict[str, Any]) -> None:
    state, cursor, _ = launch.opening(Experiment(), words(**given))
    pair = PAIRS["relu"]
    assert (state.view, state.experiment, dict(state.changes), dict(state.plan)) == (
        "story", pair.experiment, dict(pair.changes), dict(pair.plan),
    )  # fmt: skip
    assert state.loop == ("loop" in given or "kiosk" in given)
    assert not state.past, "there is nothing to go back to"
    assert cursor == ()


@pytest.mark.parametrize("given", [{"view": "explore"}, {"view": "maths"}, {"stage": "3"}, {"depth": "30"}])
def test_whoever_says_what_to_show_gets_that_and_no_story(given: dict[str, Any]) -> None:
    state, *_ = launch.opening(Experiment(), words(**given))
    assert (state.view, state.experiment) == (given.get("view", "explore"), Experiment())


@pytest.mark.parametrize("name", PRESETS.names)
def test_every_preset_opens_its_view_its_bars_and_its_b(name: str) -> None:
    preset = PRESETS[name]
    state, *_ = launch.opening(preset.experiment, words(name))
    assert (state.view, state.quantity, dict(state.changes)) == (preset.view, preset.quantity, dict(preset.changes))
    assert other(state.experiment, state.changes) == preset.other


def test_an_option_beside_a_preset_wins_and_the_rest_stays() -> None:
    preset = PRESETS["adam"]
    state, cursor, _ = launch.opening(preset.experiment, words("adam", quantity="std", step="7"))
    assert (state.view, state.quantity, dict(state.changes)) == ("compare", "std", dict(preset.changes))
    assert cursor == (e.Jump(step=6),)


def test_a_lesson_that_trains_opens_with_its_training_and_an_option_wins() -> None:
    state, *_ = launch.opening(Experiment(), words(lesson="17-batchnorm-and-the-rate"))
    assert (state.view, state.plan, state.training, state.trained) == ("train", (("iterations", 200),), False, 0)
    state, *_ = launch.opening(Experiment(), words(lesson="17-batchnorm-and-the-rate", iterations="7", train=True))
    assert (state.plan, state.training) == ((("iterations", 7),), True)
    gate = {"lesson": "19-the-gradient-comes-back", "lesson_step": "4"}
    state, *_ = launch.opening(Experiment(), words(**gate))
    assert (state.view, state.iteration, state.opened, state.follows) == ("explore", 299, 299, False)
    assert launch.opening(Experiment(), words(**gate, iteration="3"))[0].opened == 3


def test_a_lessons_step_opens_with_its_own_cursor_and_selection_and_an_option_wins() -> None:
    lesson = {"lesson": "02-vanishing-with-sigmoid", "lesson_step": "2"}
    moment = e.Jump(moment="stage", stage=5)
    assert launch.opening(Experiment(), words(**lesson))[1] == (moment, e.Select(stage=5))
    assert launch.opening(Experiment(), words(**lesson, stage="2"))[1][-1] == e.Select(stage=2)
    assert launch.opening(Experiment(), words(**lesson, step="7"))[1] == (e.Jump(step=6),)


def test_a_file_of_a_presets_name_is_a_file(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "adam").write_text("depth = 4\n", encoding="utf-8")
    state, *_ = launch.opening(Experiment(depth=4), words("adam"))
    assert (state.view, state.changes) == ("explore", ())


def test_a_preset_whose_b_does_not_fit_the_other_options_is_refused_in_words() -> None:
    batchnorm = PRESETS["batchnorm"].experiment.replace(batch=1)
    with pytest.raises(ExperimentError) as caught:
        launch.opening(batchnorm, words("batchnorm"))
    assert [str(each) for each in caught.value.problems] == [
        "--b batch: 1 given; norm batch needs at least 2: one sample has no variance; try norm layer"
    ]


def test_problems_of_fields_screen_and_settings_come_together(command: Command) -> None:
    done = command("--depth", "0", "--view", "explor", "--theme", "gradtu", "--b", "norm=bach")
    assert done.status == 2
    assert [each.split(": ")[1] for each in done.problems] == ["--theme", "depth", "--b norm", "--view"]


# -- settings into force -------------------------------------------------------------------------------


@dataclass
class Stage:
    """Stands in for the app: what it is made with."""

    state: State
    cursor: tuple[e.Event, ...]
    fps: float
    permissions: Permissions
    known: Known
    theme: str = ""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Stage]]:
    """started(setting=…) → the app that would run; keys and Textual's constants are put back."""
    for name in ("COLOR_SYSTEM", "TEXTUAL_ANIMATIONS"):
        monkeypatch.setattr(constants, name, "as before")
    usual = Settings("en", "gradtui", "block", "auto", 30, 15, False, True, 256, "")

    def start(**settings: Any) -> Stage:
        invocation = Invocation(
            words(),
            Experiment(),
            None,
            SettingsInForce(replace(usual, **settings), {"lang": DEFAULT}, Path("config.toml")),
            launch.Opening(State(Experiment()), (e.Jump(step=3),), {Simulation(Experiment()): Failed("read already")}),
        )
        return cast(Stage, launch.made_by(cast(Any, Stage), invocation, OPEN))

    with process.during(kept_results=256, sweep_store=""):
        yield start
    keys.rebind({})


def test_settings_reach_the_app(started: Callable[..., Stage]) -> None:
    made = started(theme="high-contrast", fps=12, speed=60, kept_results=5, sweep_store="cells")
    assert (process.current().kept_results, process.current().sweep_store) == (5, "cells")
    assert (made.theme, made.fps, SPEEDS[made.state.speed]) == ("high-contrast", 12, 60)
    assert made.cursor == (e.Jump(step=3),)
    assert made.known == {Simulation(Experiment()): Failed("read already")}


def test_readers_of_traditional_characters_are_told_when_the_first_picture_is_there(
    started: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "zh_HK.UTF-8")
    with language.speaking("zh"):
        jump, told = started(lang="zh").cursor
    assert jump == e.Jump(step=3)
    assert isinstance(told, e.Message)
    assert "簡體字" in told.text


def test_reduced_motion_stills_the_frames_and_textuals_own_animations(started: Callable[..., Stage]) -> None:
    assert started(fps=60).fps == 60
    assert constants.TEXTUAL_ANIMATIONS == "as before"
    assert started(reduced_motion=True, fps=60).fps <= 2
    assert constants.TEXTUAL_ANIMATIONS == "none"


@pytest.mark.parametrize("color", COLOUR_SYSTEMS)
def test_colours_are_forced_only_when_asked_for(started: Callable[..., Stage], color: str) -> None:
    started(color=color)
    expected = "as before" if color == "auto" else COLOUR_SYSTEMS[color]
    assert vars(constants)["COLOR_SYSTEM"] == expected


def test_a_persons_own_keys_work(started: Callable[..., Stage]) -> None:
    started(keys={"quit": ("Q",)})
    assert keys.keys_of("quit") == ("Q",)


# -- what is computed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_the_trace_comes_first_and_nothing_is_asked_for_twice(view: str) -> None:
    state = State(Experiment(), (("activation", "relu"),), view=view, lesson=Progress("08-residual", 1))
    needs = catalogue.needs(state)
    assert needs[0] == Simulation(state.experiment)
    assert len(set(needs)) == len(needs)
    assert {Shelf("en"), Page("08-residual", 1, "en"), Page("08-residual", 2, "en")} <= set(needs)


def test_b_is_computed_for_compare_alone_and_only_where_it_can_be() -> None:
    a, changes = Experiment(), (("activation", "relu"),)
    b = Simulation(a.replace(activation="relu"))
    assert catalogue.needs(State(a, changes, view="compare")) == (Simulation(a), b)
    assert b not in catalogue.needs(State(a, changes))
    assert catalogue.needs(State(a, view="compare")) == (Simulation(a),)
    impossible = State(a.replace(batch=1), (("norm", "batch"),), view="compare")
    assert catalogue.needs(impossible) == (Simulation(impossible.experiment),)


def test_what_cannot_be_run_is_a_result_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Simulation(Experiment(data="csv:/no/such/table.csv")).compute(watch)
    assert isinstance(found, Failed)
    assert found.problem.startswith("data: '/no/such/table.csv' cannot be read")

    def full(*arguments: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("gradtui.model.needs.simulate", full)
    assert Simulation(Experiment()).compute(watch) == Failed("not enough memory for this size")
