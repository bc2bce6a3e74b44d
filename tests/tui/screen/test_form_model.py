"""The form without a screen: what is typed, what it comes to, and the names to choose from."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.screen.dialogs import form_model as model
from gradtui_engine import Experiment
from gradtui_engine.data.datasets import CSV
from gradtui_engine.experiment.experiment import options
from tests.engine.strategies import valid_experiments
from tests.examples import examples
from tests.tui.forms import FIELDS, edited

CHOICES = tuple(name for name in FIELDS if options()[name].choices)
#: Texts as a person, a cat or a clipboard types them: names and numbers among anything.
TEXTS = st.text(max_size=12) | st.sampled_from(
    (
        *("", " ", "lstm", "mlp", "csv:", "csv:x", "auto", "nan", "inf", "-0", "1e400", "0x10", "9" * 5000, "relu"),
        *("gaussian", "7", "\udcff"),
    )
)


def test_every_field_is_in_exactly_one_section() -> None:
    grouped = [field for fields in model.GROUPS.values() for field in fields]
    assert sorted(grouped) == sorted(FIELDS)


def test_every_section_is_in_exactly_one_column() -> None:
    assert [*model.groups_of_column(0), *model.groups_of_column(1)] == list(model.GROUPS)


@given(valid_experiments())
def test_a_form_reads_back_as_its_experiment(experiment: Experiment) -> None:
    reading = model.read(model.of(experiment))
    assert reading == model.Checked(experiment, {}, experiment)


@given(valid_experiments(), st.lists(st.tuples(st.sampled_from(FIELDS), TEXTS), max_size=12))
@examples(300)
def test_nothing_that_is_typed_raises_or_is_lost(experiment: Experiment, typed: list[tuple[str, str]]) -> None:
    state = model.of(experiment)
    for field, text in typed:
        state = model.edit(state, field, text)
        reading = model.read(state)
        assert state.texts[field] == text
        assert (reading.experiment is None) == bool(reading.problems)
        assert isinstance(reading.guide, Experiment)
    for field, text in dict(typed).items():
        assert state.texts[field] == text
        model.is_changed(state, field)
        model.automatic(model.read(state).guide, field)


@given(valid_experiments(), st.sampled_from(FIELDS))
def test_back_to_what_it_was_is_back_to_the_experiment(experiment: Experiment, field: str) -> None:
    state = model.edit(model.of(experiment), field, "nonsense?")
    assert model.read(model.undo(state, field)).experiment == experiment


@given(valid_experiments())
def test_what_was_given_stands_in_the_form_and_what_follows_is_left_empty(experiment: Experiment) -> None:
    texts = model.of(experiment).texts
    assert {name for name, text in texts.items() if text} == {
        name for name, value in experiment.to_mapping().items() if value is not None
    }
    texts = model.of(Experiment(batch=64, learning_rate=0.5)).texts
    assert (texts["activation"], texts["batch"], texts["learning_rate"]) == ("", "64", "0.5")


def test_all_problems_are_there_at_once_in_the_order_of_the_fields() -> None:
    reading = model.read(edited(seed="-1", gain="much", depth="99999", cell="lstm", data="digits"))
    assert list(reading.problems) == ["depth", "gain", "data", "seed"]
    assert reading.problems["depth"] == ("99999 given; allowed: a whole number from 1 to 10000",)
    assert reading.problems["gain"] == ("'much' given; allowed: a number from 0 to 1e30, or auto",)
    assert "has no time axis" in reading.problems["data"][0]
    assert reading.experiment is None


def test_while_a_name_is_half_typed_its_last_right_text_stands_in() -> None:
    """Else 5000 samples would be too many for digits, which nobody has asked for."""
    right = edited(data="gaussian", batch="5000")
    assert model.read(right).problems == {}
    state = model.edit(right, "data", "gaussia")
    assert list(model.read(state).problems) == ["data"]
    assert model.read(model.edit(state, "data", "gaussian")).problems == {}


@pytest.mark.parametrize(("field", "text"), [("width", " 32 "), ("gain", " auto"), ("cell", "lstm ")])
def test_blanks_around_a_value_do_not_count(field: str, text: str) -> None:
    experiment = model.read(edited(**{field: text})).experiment
    assert experiment is not None
    assert str(getattr(experiment, field)) == text.strip()


def test_blanks_in_a_path_are_the_paths_own() -> None:
    experiment = model.read(edited(data="csv: a ")).experiment
    assert experiment is not None
    assert experiment.data == "csv: a "


@pytest.mark.parametrize("field", [field for field in FIELDS if not options()[field].is_optional])
def test_only_an_optional_field_may_be_empty(field: str) -> None:
    assert list(model.read(edited(**{field: ""})).problems) == [field]


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({}, "activation", "sigmoid"),
        ({"cell": "rnn"}, "activation", "tanh"),
        ({"cell": "lstm"}, "data", "digits-pixels"),
        ({"cell": "lstm"}, "steps", 64),
        ({}, "steps", None),
        ({}, "sigma_w", None),
        ({"optimizer": "adam"}, "learning_rate", 1e-3),
        ({"optimizer": "adam", "learning_rate": 7.0}, "learning_rate", 1e-3),
        ({}, "optimizer", "sgd"),
        ({"activation": "prelu"}, "slope", 0.25),
        ({"activation": "relu"}, "slope", None),
        ({"residual": "scaled", "depth": 25}, "residual_scale", 0.2),
        ({"data": "gaussian"}, "loss", "mse"),
    ],
)
def test_an_empty_field_follows_to(fields: dict[str, str], field: str, expected: object) -> None:
    assert model.automatic(Experiment(**fields), field) == expected


def test_the_same_value_in_other_words_is_no_change() -> None:
    assert not model.is_changed(edited(gain="1"), "gain")
    assert not model.is_changed(edited(seed=" 000"), "seed")
    assert model.is_changed(edited(seed="31"), "seed")
    assert model.is_changed(edited(seed="?"), "seed")
    assert model.is_changed(edited(activation="sigmoid"), "activation"), "it no longer follows the cell"


def test_a_reset_field_has_its_default_and_the_others_what_they_had() -> None:
    state = model.reset(edited(Experiment(depth=7, width=9), width="abc"), "depth")
    assert (state.texts["depth"], state.texts["width"]) == ("", "abc")


def test_a_value_that_no_longer_holds_stays_and_is_a_problem() -> None:
    state = edited(Experiment(data="gaussian", batch=12, inputs=3, loss="mse"), data="digits")
    assert (state.texts["batch"], state.texts["inputs"], state.texts["loss"]) == ("12", "3", "mse")
    assert model.read(state).problems == {"inputs": ("3 given; digits has 64: leave it out",)}
    state = edited(Experiment(loss="bce"), data="gaussian")
    assert model.read(state).problems == {
        "loss": ("'bce' is for targets from 0 to 1; gaussian has others; allowed: mse",)
    }
    state = edited(Experiment(optimizer="adam", learning_rate=0.001), optimizer="")
    assert state.texts["learning_rate"] == "0.001"


# -- names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", CHOICES)
def test_turning_goes_round_all_names_and_back_the_same_way(field: str) -> None:
    texts, text = [], options()[field].choices[0]
    for _ in range(len(options()[field].choices)):
        texts.append(text)
        assert model.turn(field, model.turn(field, text, 1), -1) == text
        text = model.turn(field, text, 1)
    assert {CSV, *texts} == {CSV, *options()[field].choices}


def test_turning_from_an_unknown_name_gives_a_known_one() -> None:
    assert model.turn("cell", "cnn", 1) == "mlp"
    assert model.turn("cell", "cnn", -1) == options()["cell"].choices[-1]


def test_a_letter_goes_to_the_next_name_that_begins_with_it() -> None:
    assert model.jump("activation", "", "s") == "sigmoid"
    assert model.jump("activation", "sigmoid", "S").startswith("s")
    assert model.jump("activation", "sigmoid", "S") != "sigmoid"
    assert model.jump("activation", "relu", "q") == "relu"
    assert model.jump("data", "copy", "c") == "csv:"


@pytest.mark.parametrize(("words", "fields"), [("forget_b", {"forget_bias"}), ("RESIDUAL span", {"residual_span"})])
def test_a_field_is_found_by_parts_of_its_name(words: str, fields: set[str]) -> None:
    assert {name for name in FIELDS if model.found(name, words, "")} == fields


def test_a_field_is_found_by_its_help() -> None:
    assert model.found("learning_rate", "step size", options()["learning_rate"].help)
    assert not model.found("depth", "step size", options()["depth"].help)


def test_the_forms_numbers_are_the_experiments_to_the_bit() -> None:
    """1/3 has no short decimal: what stands in the field must still read back as itself."""
    experiment = Experiment(gain=1 / 3, sigma_b=math.pi * 1e-200)
    reading = model.read(model.of(experiment))
    assert reading.experiment is not None
    assert dataclasses.asdict(reading.experiment) == dataclasses.asdict(experiment)
