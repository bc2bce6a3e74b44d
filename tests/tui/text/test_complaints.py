"""Problems as a person reads them: where, what was given, what is allowed, in their language."""

from __future__ import annotations

from gettext import NullTranslations

import pytest

from gradtui.text import language
from gradtui.text.complaints import complaint, complaints
from gradtui_engine import Experiment, ExperimentError, Problem
from gradtui_engine.core.message import Message


def problems() -> tuple[Problem, ...]:
    with pytest.raises(ExperimentError) as caught:
        Experiment(depth=99999, batch=1, norm="batch")
    return caught.value.problems


def test_a_complaint_says_where_and_what_is_allowed() -> None:
    assert complaint(problems()[0]) == "depth: 99999 given; allowed: a whole number from 1 to 10000"


def test_all_problems_are_said_in_order_and_kept_apart() -> None:
    depth, batch = map(complaint, problems())
    assert complaints(problems()) == f"{depth}; {batch}"
    assert complaints(problems(), "\n").splitlines() == [depth, batch]
    assert complaints([]) == ""


def test_braces_that_a_person_typed_are_no_template() -> None:
    problem = Problem("data", Message("{given} cannot be read", given="'{0} {x}'"))
    assert complaint(problem) == "data: '{0} {x}' cannot be read"
    assert complaint(Problem("data", "'{x}' is a plain text")) == "data: '{x}' is a plain text"


def test_they_speak_the_readers_language_to_the_last_part(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {
        "{field}: {problem}": "{field} → {problem}",
        "{given} given; allowed: {allowed}": "{allowed}, nicht {given}",
        "a whole number": "eine ganze Zahl",
    }
    german = NullTranslations()
    monkeypatch.setattr(german, "gettext", lambda text: words.get(text, text))
    monkeypatch.setattr(language, "catalogue", lambda code: german)
    message = Message("{given} given; allowed: {allowed}", given="7.5", allowed=Message("a whole number"))
    with language.speaking("zh"):
        assert complaint(Problem("depth", message)) == "depth → eine ganze Zahl, nicht 7.5"
        assert complaint(Problem("depth", "what no one translated")) == "depth → what no one translated"
