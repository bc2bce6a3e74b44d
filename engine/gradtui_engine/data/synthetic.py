"""Tasks that are made, not measured: points in the plane, and sequences that need memory.

Each returns (inputs, target): inputs (samples, time, inputs), time being 1 for points; target (samples,) of classes,
(samples, 1) of numbers, or, where every step has its own, (samples, time).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..core.numerics import Array

Made = tuple[Array, Array]
#: make(generator, samples, time steps).
Make = Callable[[np.random.Generator, int, int], Made]

#: The copy memory task's alphabet: 8 symbols, a blank, and the marker that asks for the copy.
COPY_SYMBOLS, COPY_LENGTH = 8, 10
#: The recall task: symbols, one of which is to be recalled, and the standard deviation of the noise after it.
RECALL_SYMBOLS, RECALL_NOISE = 8, 0.5


def _points(points: Array, target: Array) -> Made:
    return points[:, None, :], target


def xor(rng: np.random.Generator, samples: int, steps: int) -> Made:
    """Four clouds around (±1, ±1), std 0.2; the class is whether the signs differ."""
    signs = rng.integers(0, 2, (samples, 2))
    points = 2.0 * signs - 1.0 + 0.2 * rng.standard_normal((samples, 2))
    return _points(points, signs[:, 0] ^ signs[:, 1])


def moons(rng: np.random.Generator, samples: int, steps: int) -> Made:
    """Two half circles that reach into each other, noise 0.1."""
    target = rng.integers(0, 2, samples)
    angle = rng.uniform(0.0, math.pi, samples)
    x = np.where(target == 0, np.cos(angle), 1.0 - np.cos(angle)) - 0.5
    y = np.where(target == 0, np.sin(angle), 0.5 - np.sin(angle)) - 0.25
    return _points(np.stack([x, y], axis=1) + 0.1 * rng.standard_normal((samples, 2)), target)


def spirals(rng: np.random.Generator, samples: int, steps: int) -> Made:
    """Two spirals of one and a half turns, noise 0.05."""
    target = rng.integers(0, 2, samples)
    share = np.sqrt(rng.uniform(0.05, 1.0, samples))
    angle = 3.0 * math.pi * share + math.pi * target
    points = np.stack([share * np.cos(angle), share * np.sin(angle)], axis=1) * 1.5
    return _points(points + 0.05 * rng.standard_normal((samples, 2)), target)


def circles(rng: np.random.Generator, samples: int, steps: int) -> Made:
    """A circle of radius 0.7 in one of 1.4, noise 0.1."""
    target = rng.integers(0, 2, samples)
    angle = rng.uniform(0.0, 2.0 * math.pi, samples)
    radius = np.where(target == 0, 1.4, 0.7)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _points(points + 0.1 * rng.standard_normal((samples, 2)), target)


def adding(rng: np.random.Generator, samples: int, steps: int) -> Made:
    """The adding problem (Hochreiter & Schmidhuber 1997): the sum of the two marked of T numbers from U(0, 1).

    Inputs are (number, mark); one mark stands in the first half, one in the second. Always answering 1 gives
    a mean squared error of 1/6.
    """
    numbers = rng.uniform(0.0, 1.0, (samples, steps))
    half = max(steps // 2, 1)
    first = rng.integers(0, half, samples)
    second = rng.integers(min(half, steps - 1), steps, samples)
    marks = np.zeros((samples, steps))
    rows = np.arange(samples)
    marks[rows, first] = 1.0
    marks[rows, second] = 1.0
    target = (numbers * marks).sum(axis=1)
    return np.stack([numbers, marks], axis=2), target[:, None]


def copied(steps: int) -> int:
    """How many symbols are copied in so many steps."""
    return max(1, min(COPY_LENGTH, (steps - 1) // 2))


def copy_memory(rng: np.random.Generator, samples: int, steps: int) -> Made:
    """Copy memory (Hochreiter & Schmidhuber 1997): repeat the first symbols after a long blank, when asked to.

    Of T steps the first n are symbols, the last n their copies, with n = 10, or less where T is short (2n + 1 ≤ T);
    the step before the copies carries the marker. Inputs are one-hot, the target is a class at every step.
    """
    length = copied(steps)
    blank, marker = COPY_SYMBOLS, COPY_SYMBOLS + 1
    symbols = rng.integers(0, COPY_SYMBOLS, (samples, length))
    shown = np.full((samples, steps), blank)
    shown[:, :length] = symbols[:, :steps]
    if steps > length:
        shown[:, steps - length - 1] = marker if steps > 2 * length else shown[:, steps - length - 1]
    target = np.full((samples, steps), blank)
    target[:, steps - length :] = symbols[:, :steps]
    return np.eye(COPY_SYMBOLS + 2)[shown], target


def guessed_copies(steps: int, every_step: bool) -> float:
    """n·ln 8 / T of n copies in T steps: blanks are certain, a symbol is one of 8; the last step's alone is ln 8."""
    share = copied(steps) / steps if every_step else 1.0
    return share * math.log(COPY_SYMBOLS)


def recall(rng: np.random.Generator, samples: int, steps: int) -> Made:
    """A symbol, then T − 1 steps of noise: which symbol was it? (The latch problem of Bengio et al. 1994, with eight.)

    Inputs are the symbol one-hot, at the first step alone, and beside it one channel of noise N(0, ½²) from the second
    step on. Guessing costs ln 8 = 2.08.

    The size of the noise decides what can learn it. With ½, T 100, width 32, batch 64, Adam at 0.003 and clipping by
    norm 1, the loss is below 1 after 100 iterations of an IRNN, 150 of an orthogonal RNN and 50 of an LSTM with forget
    bias 4, and a GRU has not begun after 800, nor an LSTM with forget bias 1 for two seeds in three. Noise of 1 swamps
    the IRNN; with 0.2 every LSTM learns within 200.
    """
    symbols = rng.integers(0, RECALL_SYMBOLS, samples)
    shown = np.zeros((samples, steps, RECALL_SYMBOLS + 1))
    shown[np.arange(samples), 0, symbols] = 1.0
    shown[:, 1:, -1] = RECALL_NOISE * rng.standard_normal((samples, steps - 1))
    return shown, symbols


def guessed_symbol(steps: int, every_step: bool) -> float:
    """ln 8, one symbol of 8; where every step is asked, the first one sees it."""
    return math.log(RECALL_SYMBOLS) * ((steps - 1) / steps if every_step else 1.0)


def parity(rng: np.random.Generator, samples: int, steps: int) -> Made:
    """T random bits as ±1; the class is whether the number of ones is odd."""
    bits = rng.integers(0, 2, (samples, steps))
    return (2.0 * bits - 1.0)[:, :, None], bits.sum(axis=1) % 2
