"""The palette finds things: what is typed, and what comes first."""

from __future__ import annotations

import pytest

from gradtui.model.state import State
from gradtui.screen.app import GradtuiApp
from gradtui.screen.palette_entries import Entry, palette_entries
from gradtui.screen.ranking import Thing, words
from gradtui.screen.search import Search, best
from gradtui.text import language
from gradtui_engine import Experiment
from gradtui_engine.experiment.data_fields import OF_FILES
from gradtui_engine.experiment.experiment import options
from tests.tui.helpers import Pilot, play, settled, shown

SMALL = Experiment(depth=3, width=4, batch=4)

#: What is typed → what stands first, in this order.
FIRST = {
    "leaky": ["activation leaky_relu"],
    "lea": ["activation leaky_relu"],
    "leaky relu": ["activation leaky_relu"],
    "LeakyReLU": ["activation leaky_relu"],
    "sinh": ["maths: sinh beside sin"],
    "tan": ["maths: tan beside tanh"],
    "tanh": ["activation tanh", "maths: tanh beside tan"],
    "sigmoid": ["activation sigmoid"],
    "he": ["init he_normal", "init he_uniform"],
    "he normal": ["init he_normal"],
    "kaiming": ["init he_normal", "init he_uniform"],
    "orthogonal": ["init orthogonal"],
    "batch norm": ["norm batch"],
    "norm": ["set norm"],
    "lstm": ["cell lstm"],
    "gru": ["cell gru"],
    "adam": ["optimizer adam"],
    "cosine": ["schedule cosine", "maths: cos beside cosh"],
    # These layers have no gate to set.
    "forget gate": ["RNN → LSTM", "preset forget-gate", "lesson · The forget gate and the cell state"],
    "forget_bias": ["set forget bias"],
    "rate": ["set learning rate"],
    "clip": ["set clip"],
    "depth": ["set depth"],
    "factor": ["bars: factor"],
    "high-contrast": ["theme high-contrast"],
    "13-lstm-and-gru": ["lesson · LSTM against GRU"],
    "vanishing": ["preset vanishing"],
    "edge of chaos": ["preset edge-of-chaos"],
    "xavier": ["init xavier_normal", "init xavier_uniform"],
    "relu": ["activation relu"],
    "edge": ["preset edge-of-chaos"],
}
#: What is typed → what is found, wherever it stands.
FOUND = {
    "lstm": {"lesson · LSTM against GRU", "network", "preset gru-lstm"},
    "forget gate": {"preset forget-gate"},
    "xavier": {"small → Xavier", "preset xavier-tanh"},
    "halve": {"small → Xavier"},
    "against": {"lesson · LSTM against GRU"},
    "network kind": {"network"},
    "lesson": {"lesson · LSTM against GRU"},
    "carousel": {"preset carousel", "set pin forget"},
    "circle": {"maths: circle, hyperbola"},
    "product": {"preset one-idea"},
    "activaton": {"activation"},
}


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    found: list[Entry] = []

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        found.extend(palette_entries(app))

    play(script, SMALL)
    return tuple(found)


@pytest.mark.parametrize(("query", "wanted"), FIRST.items(), ids=FIRST)
def test_what_is_called_so_comes_first(entries: tuple[Entry, ...], query: str, wanted: list[str]) -> None:
    assert [entry.title for _, entry in best(entries, query)][: len(wanted)] == wanted


def test_on_a_network_with_a_forget_gate_its_slider_comes_first() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        found = [entry.title for _, entry in best(tuple(palette_entries(app)), "forget gate")]
        assert found[0] == "set forget bias"

    play(script, Experiment(cell="lstm", data="digits-rows", width=4, batch=4))


def test_what_is_told_of_a_thing_finds_it_and_a_slip_of_the_finger_does_not_lose_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        search = Search(app.screen)
        for query, wanted in FOUND.items():
            found = {hit.text async for hit in search.search(query)}
            assert wanted <= found, query
            # Every activation and output activation has the word of one of the queries in its name.
            assert len(found) <= 36, query

    play(script, SMALL)


@pytest.mark.soak
def test_every_name_of_every_field_is_found_first_by_field_and_name(entries: tuple[Entry, ...]) -> None:
    for field, option in options().items():
        for name in option.kind.names if field not in OF_FILES else ():
            if name != "csv:PATH":
                title = f"{field.replace('_', ' ')} {name}"
                assert best(entries, title)[0][1].title == title


def test_a_name_is_found_by_its_first_letters(entries: tuple[Entry, ...]) -> None:
    """However short: what begins so comes before whatever has the letters in its middle or in its help."""
    for typed in ("sig", "orth", "lst", "xav", "pre"):
        scores = best(entries, typed)
        names = [["".join(words(name)) for name in (entry.thing.name, *entry.thing.also)] for _, entry in scores]
        begins = [any(name.startswith(typed) for name in each) for each in names]
        assert begins[0]
        assert begins == sorted(begins, reverse=True), typed


def test_nothing_is_offered_twice_under_one_title(entries: tuple[Entry, ...]) -> None:
    titles = [entry.title for entry in entries if not entry.listed]
    assert len(titles) == len(set(titles))


def test_before_anything_is_typed_the_list_has_no_values() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        listed = {str(hit.display) async for hit in Search(app.screen).discover()}
        assert {"activation", "set learning rate", "preset adam"} <= listed
        assert "activation relu" not in listed

    play(script, SMALL)


# -- what choosing does ----------------------------------------------------------------------------------------


def act(app: GradtuiApp, query: str) -> None:
    best(palette_entries(app), query)[0][1].act()


def test_a_value_is_set_and_undo_takes_it_back() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        act(app, "leaky")
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.experiment == SMALL.replace(activation="leaky_relu")
        act(app, "leaky")
        await pilot.pause()
        assert "activation is leaky_relu already" in shown(app)
        await pilot.press("u")
        assert app.state.experiment == SMALL
        act(app, "schedule cosine")
        assert dict(app.state.plan) == {"schedule": "cosine"}

    play(script, SMALL)


def test_a_value_that_this_network_cannot_have_is_refused_in_words() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        act(app, "norm batch")
        await pilot.pause()
        assert "norm is for mlp" in shown(app)
        act(app, "activation gelu")
        assert app.state.experiment.cell == "lstm"

    play(script, Experiment(cell="lstm", width=4, batch=2, data="digits-rows"))


def test_a_function_a_pane_and_a_quantity_are_shown() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for name, function, pane in (("sinh", 0, "hyperbolic"), ("tan", 2, "circular"), ("cos", 1, "circular")):
            act(app, name)
            assert (app.state.view, app.state.function, app.state.pane) == ("maths", function, pane)
        act(app, "maths tanh beside tan")
        assert (app.state.function, app.state.pane) == (2, "hyperbolic")
        act(app, "circle")
        assert (app.state.view, app.state.pane) == ("maths", "circle")
        act(app, "bars factor")
        assert app.state.quantity == "factor"

    play(script, State(SMALL))


def test_a_value_that_is_changed_while_b_has_the_focus_is_bs() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        await pilot.press("tab")
        act(app, "relu")
        assert app.state.experiment == SMALL
        assert dict(app.state.changes)["activation"] == "relu"

    play(script, State(SMALL, changes=(("depth", 5),), view="compare", pane="side_a"))


# -- ranking ---------------------------------------------------------------------------------------------------


def test_the_better_a_thing_fits_the_higher_it_stands_whatever_its_kind() -> None:
    things = [
        Thing("tanh", "activation tanh", kind=1.0),
        Thing("tanh shrink", "tanh shrink", kind=1.0),
        Thing("tanhshrink", "tanhshrink", kind=1.0),
        Thing("about tanh", "about tanh", kind=1.0),
        Thing("a", "about tanhs", kind=1.0),
        Thing("a", "arctanh", kind=1.0),
        Thing("a", "b", told="like tanh", kind=0.0),
        Thing("a", "b", text="and tanh", kind=0.0),
    ]
    scores = [thing.score(["tanh"]) for thing in things]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert Thing("a", "b", "c", text="d").score(["tanh"]) == 0


@pytest.mark.usefixtures("chinese")
def test_in_chinese_both_names_are_found() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        found = tuple(palette_entries(app))
        for query in ("学习率", "learning rate", "学习"):
            assert best(found, query)[0][1].title == "设置 学习率 learning rate"
        assert "tanh" in best(found, "tanh")[0][1].title

    with language.speaking("zh"):
        play(script, SMALL)
