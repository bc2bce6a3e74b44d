"""The app under Pilot: what the keys do to the experiment, and what happens where one cannot be shown."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gradtui.model import events as e
from gradtui.model.commands import COMMANDS
from gradtui.model.cure_keys import CURES
from gradtui.model.keys import rebind
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.screen.actions import ACTIONS
from gradtui.screen.app import GradtuiApp
from gradtui.screen.host import Host
from gradtui.screen.trying import change
from gradtui.share import address
from gradtui.text.spans import text_of
from gradtui.views import status
from gradtui.views.explore.explain_layers import LAYERS
from gradtui_engine import Experiment, Phase, Run
from gradtui_engine.analysis.record import Source
from gradtui_engine.cells.table import CELLS
from tests.tui.helpers import Pilot, play, settled, shown, until

SMALL = Experiment(depth=3, width=4, batch=4)


def test_m_goes_through_all_networks_and_back_to_the_same_mlp() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert app.record is not None
        mlp, found = app.record.experiment, []
        for _ in CELLS:
            await pilot.press("m")
            await settled(app, pilot)
            found.append(app.record.experiment.cell)
            assert f"{CELLS[found[-1]].title} " in shown(app)
            assert app.state.axis == app.record.axis == CELLS[found[-1]].axis
        assert "lstm" in found
        assert sorted(found) == sorted(CELLS)
        assert app.record.experiment == mlp
        assert "vanishing" in shown(app)

    play(script)


def test_capital_r_plays_again_with_a_new_seed_and_r_with_the_same() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("R")
        await settled(app, pilot)
        assert app.state.playing
        assert app.record is not None
        assert (app.record.experiment.seed, app.state.experiment.seed) == (1, 1)
        assert "seed 1" in shown(app)
        await pilot.press("space", "r")
        await settled(app, pilot)
        assert app.state.playing
        assert app.record.experiment.seed == 1

    play(script)


def test_the_result_of_an_experiment_that_nobody_waits_for_any_more_is_not_shown() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        before = app.record
        app.send(e.Change(Experiment(depth=300)))
        app.send(e.Change(SMALL))
        assert app.record is before, "what has been computed is shown at once"
        assert app.state.loaded
        await until(pilot, lambda: app.jobs.idle, "the end of all work")
        assert app.record is before
        assert app.state.experiment == SMALL

    play(script, SMALL)


def test_of_two_changes_in_a_row_the_last_one_wins() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert change(app, {"depth": 200}) == ""
        assert change(app, {"depth": 2}) == ""
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.experiment.depth == app.state.experiment.depth == 2

    play(script, SMALL)


def test_a_change_that_cannot_be_is_refused_in_words_and_nothing_changes() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert "depth: 0 given" in change(app, {"depth": 0})
        assert app.state.experiment == SMALL
        assert app.state.loaded

    play(script, SMALL)


def test_a_value_that_was_given_stays_whatever_changes_and_the_command_has_what_was_given_alone() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert change(app, {"learning_rate": 0.1}) == ""
        assert change(app, {"optimizer": "adam"}) == ""
        assert "'cross_entropy' is for classes" in change(app, {"loss": "cross_entropy", "data": "gaussian"})
        await settled(app, pilot)
        assert isinstance(app.record, Run)
        assert app.record.resolved.learning_rate == 0.1
        given = ["--depth", "3", "--width", "4", "--batch", "4", "--optimizer", "adam", "--learning-rate", "0.1"]
        assert address.arguments(app.state, app.timeline) == given

    play(script, SMALL)


def test_what_comes_to_the_same_is_shown_at_once_and_kept_as_it_was_given() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert isinstance(app.record, Run)
        values = app.record.values
        assert change(app, {"activation": "sigmoid"}) == ""
        assert app.state.loaded, "nothing is computed again"
        assert app.record.values is values
        assert app.record.experiment == app.state.experiment == SMALL.replace(activation="sigmoid")
        await pilot.press("u")
        assert app.record.experiment == app.state.experiment == SMALL

    play(script, SMALL)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the working directory, so that its path is short."""
    monkeypatch.chdir(tmp_path)
    path = Path("table.csv")
    path.write_text("a,b,y\n1,2,3\n4,5,6\n7,8,10\n", encoding="utf-8")
    return path


def test_the_header_and_the_loss_tell_what_a_file_was_understood_as(table: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert "3 rows, 2 inputs, target y: numbers from 3 to 10" in shown(app).splitlines()[0]
        scene = app.scene()
        assert scene is not None
        listed = scene.record.listed
        assert listed is not None
        (loss,) = [step for step in listed.steps if step.phase is Phase.LOSS]
        lines = [text for _, text in LAYERS["loss", False](listed, loss)]
        assert any(text.startswith("target scaled: mean 6.33333") for text in lines), lines

    play(script, Experiment(depth=2, data=f"csv:{table}"), size=(180, 40))


def test_other_data_take_back_what_was_said_of_the_file(table: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert change(app, {"data": "moons"}) == ""
        await settled(app, pilot)
        assert app.record.experiment == Experiment(depth=2, data="moons")
        await pilot.press("u")
        assert app.state.experiment.target == "a"

    play(script, Experiment(depth=2, data=f"csv:{table}", target="a", target_scale="none"))


def test_when_a_file_has_gone_a_message_says_so_and_the_old_trace_stays(table: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        before = app.record
        table.unlink()
        await pilot.press("R")
        await settled(app, pilot)
        assert "cannot be read" in shown(app)
        assert app.record is before
        assert app.state.experiment == app.record.experiment, "what is asked for is what is shown again"

    play(script, Experiment(depth=2, data=f"csv:{table}"))


def test_an_experiment_b_whose_file_has_been_mended_is_there_when_compare_is_opened_again(table: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        content = table.read_text(encoding="utf-8")
        table.unlink()
        await pilot.press("3")
        await settled(app, pilot)
        assert "cannot be read" in shown(app)
        table.write_text(content, encoding="utf-8")
        await pilot.press("1", "3")
        await settled(app, pilot)
        scene = app.scene()
        assert scene is not None
        assert scene.other is not None
        assert scene.other.listed.resolved.batch == 3

    play(script, State(SMALL, (("data", f"csv:{table}"), ("batch", None))), size=(120, 40))


def test_after_a_replay_that_failed_the_next_change_does_not_start_to_play(table: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        content = table.read_text(encoding="utf-8")
        table.unlink()
        await pilot.press("r")
        await settled(app, pilot)
        table.write_text(content, encoding="utf-8")
        assert change(app, {"depth": 3}) == ""
        await settled(app, pilot)
        assert not app.state.playing

    play(script, Experiment(depth=2, data=f"csv:{table}"))


def test_a_size_that_is_too_big_is_said_and_the_old_trace_stays() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        before = app.record
        assert "GiB" in change(app, {"width": 65536})
        await settled(app, pilot)
        assert app.record is before
        assert app.state.experiment == before.experiment if before else False

    play(script, SMALL)


def test_a_computation_that_takes_long_says_how_far_it_is_and_esc_cancels_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        before = app.record
        assert change(app, {"depth": 9000, "width": 60, "batch": 64}) == ""
        await until(pilot, lambda: "esc cancels" in shown(app), "word of the computation")
        await pilot.press("escape")
        assert app.record is before
        assert (app.state.experiment, app.state.loaded, app.state.past) == (SMALL, True, ())
        await until(pilot, lambda: app.jobs.idle, "the end of the computation")
        assert app.record is before
        assert "cancelled" in shown(app)

    play(script, SMALL)


# -- undo ----------------------------------------------------------------------------------------------


def test_u_goes_back_to_the_experiment_before_and_capital_u_on_again() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("m")
        await settled(app, pilot)
        cell = app.state.experiment.cell
        assert cell != "mlp"
        await pilot.press("u")
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.experiment == SMALL
        await pilot.press("U")
        await settled(app, pilot)
        assert app.record.experiment.cell == cell
        await pilot.press("U")
        assert "nothing to redo" in shown(app)

    play(script, SMALL)


def test_what_was_only_looked_at_in_a_list_is_undone_in_one_step() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("a", "down", "down", "down", "enter")
        await settled(app, pilot)
        assert app.state.experiment.resolved.activation != SMALL.resolved.activation
        await pilot.press("u")
        await settled(app, pilot)
        assert app.state.experiment == SMALL
        assert app.state.past == ()

    play(script, SMALL)


# -- Compare -------------------------------------------------------------------------------------------

KEYS = {each.argument: each.keys[0] for each in COMMANDS if each.id.startswith("cure_")}


@pytest.mark.parametrize("cure", CURES)
@pytest.mark.parametrize("start", [SMALL, Experiment(cell="lstm", data="digits-rows", width=4)], ids=["mlp", "lstm"])
def test_a_cures_key_switches_it_in_b_shows_compare_and_says_what_differs(start: Experiment, cure: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press(KEYS[cure])
        await settled(app, pilot)
        assert app.state.experiment == start, "A stays what it is"
        if not CURES[cure].choices(start):
            assert app.state.view == "explore"
            assert app.state.message
            return
        assert app.state.view == "compare"
        assert app.state.changes
        await until(pilot, lambda: "B differs from A in: " in shown(app), "the difference")
        # Once around: after the last choice B is A again.
        for _ in range(5):
            if not app.state.changes:
                break
            await pilot.press(KEYS[cure])
        assert app.state.changes == ()

    play(script, start, (120, 40))


def test_a_cure_that_a_network_cannot_have_says_so_with_the_persons_own_key() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press(KEYS["gate"])
        assert app.state.message == "forget gate: layers have no gates; f9 switches the network"

    rebind({"cell": ("f9",)})
    try:
        play(script, SMALL)
    finally:
        rebind({})


def test_of_two_recordings_no_cure_replaces_the_second_one_and_none_is_offered() -> None:
    """What is compared then are files; B's changes would be those of another network."""
    sources = tuple(Source(experiment, recording=f"{name}.json") for name, experiment in (("a", SMALL), ("b", SMALL)))
    state = State(SMALL, recordings=sources, view="compare", loaded=True)
    assert "activation" not in text_of(status.footer(state, 200))
    said: list[str] = []
    host = SimpleNamespace(state=state, say=said.append, send=None)
    ACTIONS["cure_init"](cast(Host, host), "init")
    assert said == ["B is a recording: no cure can be switched in it"]


def test_in_compare_the_scale_that_is_held_is_the_one_that_a_and_b_share() -> None:
    """A's own would have no place for the bars of a B that explodes."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        before = [line for line in shown(app).splitlines() if " · log " in line]
        await pilot.press("L")
        await until(pilot, lambda: "scale locked" in shown(app), "the held scale")
        after = [line for line in shown(app).splitlines() if " · log " in line]
        assert len(before) == 2
        assert [line.replace(" · scale locked", "") for line in after] == before

    play(script, State(SMALL, (("gain", 1e6),), view="compare", pane="side_a"), (200, 40))


@pytest.mark.parametrize(
    ("page", "key", "said"),
    [
        ("3", "A", "in Compare, a disease in B: activation relu → sigmoid"),
        ("1", "A", "in Compare, in B: activation relu → sigmoid"),
        ("1", "S", "in Compare, in B: residual none → add"),
    ],
)
def test_a_cures_key_says_in_the_story_what_it_has_done_in_compare(page: str, key: str, said: str) -> None:
    """It leaves the page: without a word nobody knows why, and of a network with He's weights it is a disease."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press(page)
        await settled(app, pilot)
        await pilot.press(key)
        await until(pilot, lambda: app.state.view == "compare", "Compare")
        assert app.state.message == said
        await pilot.press(key)
        await settled(app, pilot)
        assert app.state.message == "", "there it is seen"

    play(script, State(SMALL, view="story"), (120, 40))


def test_a_new_seed_is_as_and_bs_whichever_pane_has_the_focus() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("A", "tab", "R")
        await settled(app, pilot)
        assert app.state.experiment.seed == SMALL.seed + 1
        assert "seed" not in dict(app.state.changes)

    play(script, SMALL, (120, 40))


def test_while_bs_pane_is_focused_the_keys_change_b_and_the_star_swaps_the_two() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("3", "tab", "m")
        await settled(app, pilot)
        cell = dict(app.state.changes)["cell"]
        assert (app.state.experiment, cell != "mlp") == (SMALL, True)
        await pilot.press("asterisk")
        await settled(app, pilot)
        assert (app.state.experiment.cell, dict(app.state.changes)["cell"]) == (cell, "mlp")
        await pilot.press("u", "u")
        await settled(app, pilot)
        assert (app.state.experiment, app.state.changes) == (SMALL, ())

    play(script, SMALL, (120, 40))


# -- lessons -------------------------------------------------------------------------------------------


def test_a_lesson_by_key_with_a_prediction_that_is_wrong_and_one_that_is_right() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("7", "down", "enter")
        await settled(app, pilot)
        assert app.state.lesson is not None
        assert app.state.lesson.lesson == app.state.lessons[1]
        assert app.state.pane == "lesson"
        told = []
        for letter in "ab":
            while app.state.lesson is not None and app.state.lesson.answer is None:
                before = app.state.lesson
                await pilot.press("enter")
                await settled(app, pilot)
                if app.state.lesson == before:  # it asks
                    await pilot.press(letter, "enter")
                    await settled(app, pilot)
            told.append("✗" if "✗ " in shown(app) else "✓")
            app.send(e.Learn(Progress(app.state.lesson.lesson, app.state.lesson.step)))
        assert told == ["✗", "✓"], "weights times 4: the factor is larger, but short of 1"
        await pilot.press("escape")
        assert app.state.lesson is None

    play(script, SMALL, (140, 40))


def test_a_preset_says_its_sentence_until_a_key_changes_something_and_again_after_undo() -> None:
    sentence = "A sigmoid's slope is ¼ at the most"

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert sentence not in shown(app)
        await pilot.press("P", "enter")  # the first of the list
        await until(pilot, lambda: sentence in shown(app), "the sentence")
        await settled(app, pilot)
        for key in ("tab", "x", "3", "1"):
            await pilot.press(key)
            await settled(app, pilot)
            assert sentence in shown(app), key
        await pilot.press("m")
        await until(pilot, lambda: sentence not in shown(app), "another network")
        await settled(app, pilot)
        await pilot.press("u")
        await until(pilot, lambda: sentence in shown(app), "the preset again")

    play(script, SMALL)
