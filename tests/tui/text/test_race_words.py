"""What one training came to beside another."""

from __future__ import annotations

import pytest

from gradtui.text.race_words import compared
from gradtui_engine.analysis.outcome import Answer


def answer(end: float, kind: str = "trained", guess: float = 2.3, **numbers: float) -> Answer:
    known = {"iterations": 10.0, "guess": guess, "start": 3.0, "end": end, **numbers}
    return Answer("learning", kind, "ok", "loss", None, "", "", end, known)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (answer(2.0), answer(1.0), "B ends lower: a loss of 1.00 beside A's 2.00"),
        (answer(0.5), answer(1.0), "A ends lower: a loss of 0.500 beside B's 1.00"),
        (
            answer(2.0, accuracy=0.1), answer(1.0, accuracy=0.9),
            "B ends lower: a loss of 1.00 beside A's 2.00; 90 % right beside 10 %",
        ),
        (answer(2.0, accuracy=0.1), answer(1.0), "B ends lower: a loss of 1.00 beside A's 2.00"),
        (answer(2.0), answer(2.05), "A and B end alike: a loss of 2.00 and 2.05"),
        (answer(0.0), answer(0.0), "A and B end alike: a loss of 0 and 0"),
        (answer(1.0), answer(1.0, guess=4.0), "A ends at 43 % of what guessing costs, B at 25 %"),
        (answer(1.0), answer(1.0, guess=0.0), "A ends at a loss of 1.00, B at 1.00, on other targets"),
        (answer(9.0, "diverged"), answer(1.0), "A diverges, B does not"),
        (answer(1.0), answer(9.0, "diverged"), "B diverges, A does not"),
        (answer(9.0, "diverged"), answer(9.0, "diverged"), "both diverge"),
    ],
)  # fmt: skip
def test_the_sentence(a: Answer, b: Answer, words: str) -> None:
    assert compared(a, b) == words
