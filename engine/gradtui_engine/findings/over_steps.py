"""Rules about the course of the loss."""

from __future__ import annotations

import math

import numpy as np

from ..core.figures import loss_text, ratio_text, times
from ..core.message import Message
from ..core.numerics import Array
from .curve import LEAST
from .facts import Facts
from .kind import ERROR, NOTE, WARNING, Found, Numbers

# -- loss_rises ----------------------------------------------------------------------------------------------

RISES = 3.0
#: A loss of this name is the negative of another: what is minimised is the wrong way round, where it grows without end.
_NEGATED = ("NegBackward", "MulBackward")


def loss_rises(facts: Facts) -> Found | None:
    """The median of the last tenth is over three times that of the first. Of fewer than 20 losses: `rises_far`.

    Of a loss whose sign was turned: it is negative from the first step on, has a minus as its last operation, and grows
    beyond three times what it was and beyond 3: a similarity ends at −1, the likelihood of a density begins above 0.
    """
    curve = facts.curve
    if facts.has_several_losses:
        return None
    if curve.count < LEAST:
        return None if curve.is_negative else _few_that_rise(facts)
    first, last = curve.first, curve.last
    if curve.is_negative:
        negated = facts.recording.root.startswith(_NEGATED) and bool((curve.losses < 0).all())
        if not negated or not -last > RISES * max(-first, 1.0):
            return None
        return Found(
            None,
            int(curve.steps[0]),
            ERROR,
            Message(
                "the loss is a negative one and falls without end, from {first} to {last}: its sign is turned",
                first=loss_text(first), last=loss_text(last),
            ),
            {"first": first, "last": last, "root": facts.recording.root},
            Message("(-loss).backward(): the optimizer makes the loss as large as it can"),
            "loss = criterion(model(x), y)  # no minus in front of it\nloss.backward()",
        )  # fmt: skip
    # Above one of the first three losses alone it is as noisy as that.
    if not curve.end_ratio > RISES or curve.last <= curve.start:
        return None
    maximises = [row for row in facts.header.optimizers if row.get("maximize") is True]
    onset = _onset(curve.losses, first)
    evidence: Numbers = {"first": first, "last": last, "times": curve.end_ratio}
    if facts.count and np.isfinite(facts.rate[0]):
        evidence["learning_rate"] = float(facts.rate[0])
    return Found(
        None,
        int(curve.steps[onset]),
        ERROR,
        Message(
            "the loss rises from {first} to {last}, {factor}",
            first=loss_text(first), last=loss_text(last), factor=times(curve.end_ratio),
        ),
        evidence,
        Message("the optimizer was told to maximise") if maximises else None,
        "optimizer = torch.optim.Adam(model.parameters(), maximize=False)" if maximises else None,
    )  # fmt: skip


def _few_that_rise(facts: Facts) -> Found | None:
    """What a few losses are enough for."""
    curve = facts.curve
    ratio = curve.rises_far
    # What has just begun may come down again from a tenfold rise; a hundredfold one is worth a look.
    if not ratio > (RISES if facts.over else 100):
        return None
    first, last = float(curve.losses[0]), float(curve.losses[-1])
    return Found(
        None,
        int(curve.steps[_onset(curve.losses, float(curve.losses[: curve.count // 2].max()))]),
        ERROR,
        Message(
            "the loss rises from {first} to {last}, {factor}",
            first=loss_text(first), last=loss_text(last), factor=times(ratio),
        ),
        {"first_loss": first, "last_loss": last, "times": ratio, "losses": curve.count},
    )  # fmt: skip


def _onset(losses: Array, first: float) -> int:
    """From where on it stays above what it was at first: behind the last loss that was not above it by a tenth."""
    below = np.flatnonzero(losses <= 1.1 * first)
    return int(min(below[-1] + 1, len(losses) - 1)) if len(below) else 0


# -- loss_flat -----------------------------------------------------------------------------------------------

#: What guessing costs: ln(classes) of cross entropy. Within so much of it nothing was learnt. Not of a yes or no: ln 2
#: is where a discriminator ends up that can tell nothing apart any more, which is what a GAN is for.
GUESS_FROM, GUESS_TO = 0.95, 1.1
#: A loss that falls by less is flat.
FLAT = 0.95
#: Fewer steps may be too few: small networks leave guessing after 250 (a GRU on the adding problem), and four times
#: that is 1,000. Nor do smaller updates get far in as many: 1,000 of 1e-4 in one direction move a weight by a tenth.
ENOUGH_STEPS, ENOUGH_MOVED = 1000, 1e-4
_CLASSES = ("NllLoss", "NllLoss2D", "CrossEntropy")


def loss_flat(facts: Facts) -> Found | None:
    """The loss does not fall. At what guessing costs, of classes, with nothing else wrong, the labels are at fault;
    otherwise it is a note. (`diagnose` makes it a note where there is another fault.)
    """
    curve = facts.curve
    if not facts.loss_is_comparable or not FLAT <= curve.end_ratio <= RISES:
        return None
    if _warms_up(facts):
        return None
    guess = _guess(facts)
    at_guess = guess is not None and GUESS_FROM <= curve.last / guess <= GUESS_TO
    evidence: Numbers = {"first": curve.first, "last": curve.last, "ratio": curve.end_ratio}
    if guess is not None:
        evidence["guessing"] = guess
    if at_guess and guess is not None and curve.first < GUESS_FROM * guess:
        onset = _onset(curve.losses, curve.first)
        return Found(
            None,
            int(curve.steps[onset]),
            WARNING,
            Message(
                "the loss came back from {first} to {value}: that is what guessing costs, {guess}",
                first=loss_text(curve.first), value=loss_text(curve.last), guess=loss_text(guess),
            ),
            evidence,
            Message(
                "what was learnt is lost, and the outputs no longer depend on the inputs: an update threw the weights, "
                "or units died, between two recorded steps"
            ),
            "# look at more steps: rec = gradtui.watch(model, optimizer, every=1)\n"
            "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # before optimizer.step()",
        )  # fmt: skip
    if at_guess and guess is not None:
        steps, update = facts.last_step + 1, _usual_update(facts)
        evidence["steps"] = steps
        if math.isfinite(update):
            evidence["update_ratio"] = update
        return Found(
            None,
            int(curve.steps[0]),
            WARNING,
            Message(
                "the loss stays at {value}: that is what guessing costs, {guess}",
                value=loss_text(curve.last),
                guess=loss_text(guess),
            ),
            evidence,
            *_why_guessing(steps, update),
        )
    return Found(
        None,
        int(curve.steps[0]),
        NOTE,
        Message(
            "the loss does not fall: {last} after {first}", last=loss_text(curve.last), first=loss_text(curve.first)
        ),
        evidence,
        Message(
            "it was at its best at the start; or what is to be learnt is not in the inputs; or it cannot be learnt so"
        ),
    )  # fmt: skip


_LABELS = (
    "x, y = next(iter(loader))\nfor inputs, label in zip(x[:8], y[:8]):  # do they belong together?\n"
    "    print(label, inputs.mean(), inputs.std())"
)
_LARGER_RATE = 'for group in optimizer.param_groups:  # and train for longer\n    group["lr"] *= 10'


def _why_guessing(steps: int, update: float) -> tuple[Message, str]:
    """The causes of a loss that stays at guessing, the likeliest first, and the code for them."""
    if update < ENOUGH_MOVED:
        cause = Message(
            "too small a learning rate: an update is {update} of a weight, at {steps} steps; if a larger one does not "
            "help: the labels do not belong to the inputs (shuffled apart, read from another column)",
            update=ratio_text(update), steps=steps,
        )  # fmt: skip
        return cause, f"{_LARGER_RATE}\n{_LABELS}"
    if steps < ENOUGH_STEPS:
        cause = Message(
            "not trained for long enough ({steps} steps), or too small a learning rate; if neither helps: the labels "
            "do not belong to the inputs (shuffled apart, read from another column)",
            steps=steps,
        )
        return cause, f"{_LARGER_RATE}\n{_LABELS}"
    cause = Message(
        "gradients, updates and outputs are sound: the labels do not belong to the inputs (shuffled apart, "
        "read from another column), or the inputs do not tell the classes apart"
    )
    return cause, _LABELS


def _usual_update(facts: Facts) -> float:
    """The median over the events of ‖ΔW‖/‖W‖ of the matrix that moves the most; NaN where none is known."""
    indices = [index for index in facts.matrices if index not in facts.began_at_zero]
    updates = facts.parameter("update")[:, indices]
    known = np.isfinite(updates)
    largest = np.where(known, updates, 0.0).max(1, initial=0.0)[known.any(1)]
    return float(np.median(largest)) if len(largest) else math.nan


def _warms_up(facts: Facts) -> bool:
    """Whether the rate still rises at the end of what was recorded."""
    rates = facts.rate[np.isfinite(facts.rate)]
    return len(rates) > 3 and float(rates[: len(rates) * 4 // 5].max()) < 0.9 * float(rates[-1])


def _guess(facts: Facts) -> float | None:
    """What guessing costs; None of a loss that is none of classes."""
    if facts.header.guess is not None:
        return facts.header.guess
    name = facts.recording.root.partition("Backward")[0]
    if name not in _CLASSES:
        return None
    last = next((module for module in reversed(facts.weighted)), None)
    sizes = [
        row.shape[0]
        for row in facts.header.parameters
        if last is not None and row.module == last and len(row.shape) > 1
    ]
    return math.log(sizes[0]) if sizes and sizes[0] > 1 else None
