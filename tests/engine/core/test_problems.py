"""Problems as data: the field, the words, the nearest match."""

from __future__ import annotations

import pytest

from gradtui_engine import ExperimentError, Problem
from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import in_one, nearest, unknown_name

NAMES = ("linear", "sigmoid", "tanh", "relu", "xavier_normal", "he_uniform")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_two_neighbouring_letters_swapped_is_recognised(name: str) -> None:
    for place in range(1, len(name) - 1):
        slip = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
        assert nearest(slip, NAMES) == name, slip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_a_letter_missing_or_in_capitals_is_recognised(name: str) -> None:
    assert nearest(name.upper(), NAMES) == name
    for place in range(len(name)):
        assert nearest(name[:place] + name[place + 1 :], NAMES) == name


@pytest.mark.parametrize("given", ["", "q", "convolution", "0"])
def test_nothing_is_suggested_where_nothing_is_alike(given: str) -> None:
    assert nearest(given, NAMES) is None
    assert "did you mean" not in unknown_name(given, NAMES)


def test_the_words_for_an_unknown_name() -> None:
    assert unknown_name("rleu", ("relu", "tanh")) == ("'rleu' is unknown; allowed: relu, tanh; did you mean 'relu'?")


def test_an_error_holds_every_problem_and_prints_one_a_line() -> None:
    problems = [Problem("width", "0 given"), Problem("data", "no file")]
    error = ExperimentError(iter(problems))
    assert error.problems == tuple(problems)
    assert str(error) == "width: 0 given\ndata: no file"
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    ("given", "allowed", "match"),
    [
        ("foo", ("zoom", "color"), None),
        ("--foo", ("--color", "--zoomed"), None),
        ("xx", ("init", "axis"), None),
        ("mode", ("depth", "model_size"), None),
        ("rnu", ("run", "theory"), "run"),
        ("--fsp", ("--fps", "--loss"), "--fps"),
        ("rleu", ("relu", "gelu"), "relu"),
    ],
)
def test_a_short_word_has_to_be_more_alike_and_dashes_do_not_count(
    given: str, allowed: tuple[str, ...], match: str | None
) -> None:
    assert nearest(given, allowed) == match


def test_problems_in_one_text_read_as_all_of_them_and_every_part_can_be_translated() -> None:
    problems = [Problem("depth", unknown_name("x", NAMES)), Problem("width", "too large"), Problem("seed", "no number")]
    text = in_one(problems)
    assert text == "; ".join(map(str, problems))

    def parts(text: object) -> list[str]:
        if not isinstance(text, Message):
            return []
        return [text.template, *(each for value in text.values.values() for each in parts(value))]

    assert parts(text).count("{first}; {second}") == 2
    assert parts(text).count("{field}: {problem}") == 3
    assert "{given} is unknown; allowed: {allowed}" in parts(text)
