"""Which lesson a text means: its name, its number, its words; and what is offered for one that means none."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradtui.lessons.library import names
from gradtui.lessons.naming import meant, nearest
from gradtui.share import address
from gradtui_engine import Experiment, ExperimentError

SHIPPED = names("en", Path("/no/such/folder"))

#: The names of the course before lessons came between.
OLDER = (
    "01-reading-the-screen", "02-vanishing-with-sigmoid", "03-relu-and-he", "04-xavier", "05-exploding-and-clipping",
    "06-batchnorm", "07-residual", "08-rnn-through-time", "09-forget-gate", "10-lstm-and-gru", "11-the-one-idea",
    "12-what-clipping-saves", "13-adam-and-vanishing", "14-batchnorm-and-the-rate", "15-exploding-yet-it-learns",
    "16-the-gradient-comes-back", "17-rnn-gru-lstm", "18-dead-relus",
)  # fmt: skip


def opened(*given: str) -> str | None:
    texts = dict(zip(given[::2], given[1::2], strict=True))
    state, _ = address.read(Experiment(), texts)
    return state.lesson.lesson if state.lesson is not None else None


def refused(**given: str) -> list[str]:
    with pytest.raises(ExperimentError) as error:
        address.read(Experiment(), given)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize("text", ["03-relu-and-he", "03", "3", "relu-and-he", "relu_and_he", "3-relu-and-he.md"])
def test_a_lesson_opens_by_its_name_its_number_and_its_words(text: str) -> None:
    assert opened("lesson", text) == "03-relu-and-he"


def test_a_number_is_the_lesson_that_stands_there() -> None:
    for place, name in enumerate(SHIPPED, 1):
        assert meant(str(place), SHIPPED) == meant(f"{place:02}", SHIPPED) == name


@pytest.mark.parametrize("name", OLDER)
def test_a_name_of_an_older_course_opens_the_lesson_that_it_was(name: str) -> None:
    found = meant(name, SHIPPED)
    assert found is not None
    assert found[3:] == name[3:]


def test_a_users_lesson_that_stands_between_is_meant_by_its_whole_name_alone() -> None:
    both = (*SHIPPED[:3], "03a-mine", *SHIPPED[3:])
    assert meant("3", both) == "03-relu-and-he"
    assert meant("03a", both) == meant("mine", both) == "03a-mine"


def test_where_several_are_meant_none_is_opened() -> None:
    assert meant("mine", ("01-mine", "02-mine")) is None


@pytest.mark.parametrize("text", ["99", "0", "", "much", "3.5", "-1"])
def test_what_means_no_lesson_is_one_error_whatever_stands_beside_it(text: str) -> None:
    given = {"lesson": text or "?", "lesson_step": "2", "pane": "lesson"}
    (problem,) = refused(**given)
    assert problem.startswith("--lesson: ")
    assert "is unknown; allowed: 01-reading-the-screen" in problem


@pytest.mark.parametrize(
    ("text", "near"),
    [("forgt-gate", "forget-gate"), ("clipping", "exploding-and-clipping"), ("clipping", "what-clipping-saves")],
)
def test_the_nearest_lessons_are_offered(text: str, near: str) -> None:
    assert any(name.endswith(near) for name in nearest(text, SHIPPED))
    assert near in refused(lesson=text)[0].partition("did you mean")[2]
