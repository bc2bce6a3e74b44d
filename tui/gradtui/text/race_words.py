"""What one training came to beside another, in a sentence."""

from __future__ import annotations

from gradtui_engine.analysis.outcome import Answer
from gradtui_engine.core.figures import percent, short

from .language import tr

#: Losses whose ratio is nearer to 1 are alike: the batch decides which of them is lower.
_ALIKE = 1.05


def compared(a: Answer, b: Answer) -> str:
    """A's and B's answers to whether they learn, beside one another."""
    bad = [name for name, answer in (("A", a), ("B", b)) if answer.kind == "diverged"]
    if len(bad) == 2:
        return tr("both diverge")
    if bad:
        other = "A" if bad == ["B"] else "B"
        return tr("{bad} diverges, {good} does not", bad=bad[0], good=other)
    (end_a, guess_a), (end_b, guess_b) = ((each.numbers["end"], each.numbers["guess"]) for each in (a, b))
    if guess_a != guess_b:
        if not guess_a > 0 or not guess_b > 0:
            return tr("A ends at a loss of {a}, B at {b}, on other targets", a=short(end_a), b=short(end_b))
        shares = percent(end_a / guess_a), percent(end_b / guess_b)
        return tr("A ends at {a} of what guessing costs, B at {b}", a=shares[0], b=shares[1])
    if max(end_a, end_b) <= _ALIKE * min(end_a, end_b):
        return tr("A and B end alike: a loss of {a} and {b}", a=short(end_a), b=short(end_b))
    better, worse = ("A", "B") if end_a < end_b else ("B", "A")
    low, high = sorted((end_a, end_b))
    losses = tr(
        "{better} ends lower: a loss of {low} beside {worse}'s {high}",
        better=better, low=short(low), worse=worse, high=short(high),
    )  # fmt: skip
    right = [each.numbers.get("accuracy") for each in ((a, b) if better == "A" else (b, a))]
    if None in right:
        return losses
    return tr("{losses}; {more} right beside {less}", losses=losses, more=percent(right[0]), less=percent(right[1]))
