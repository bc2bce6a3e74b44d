"""The fields that have a slider: from where to where, in which notches, and what moving it means.

A notch has one width on the track, whatever it is worth: notches of equal ratios make the track logarithmic, and where
they grow with the value (1, 2, 3 … 180, 190, 200 layers) it is finer where a step means more.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gradtui_engine.core.fields import Value
from gradtui_engine.core.figures import exact
from gradtui_engine.core.message import English
from gradtui_engine.core.table import Table

from ...text.spans import Line, runs

#: Notches of a decade: equal ratios, as one would write them (the preferred numbers R10 and R20 of ISO 3, rounded).
_TEN = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.4, 8.0)
_TWENTY = (1.0, 1.1, 1.25, 1.4, 1.6, 1.8, 2.0, 2.25, 2.5, 2.8, 3.2, 3.6, 4.0, 4.5, 5.0, 5.6, 6.4, 7.1, 8.0, 9.0)


@dataclass(frozen=True, slots=True)
class Slide:
    """A field's slider: its notches, those of them that are labelled, what it means, and what to look at.

    first is where it begins where the field has no value. along is what has to be given with it to have an effect:
    without clipping a threshold changes nothing. shows is what the sentence beside it says (`views.frame.effect`).
    """

    name: str
    notches: tuple[float, ...]
    stops: tuple[float, ...]
    means: English
    first: float = 1.0
    along: Mapping[str, Value] = field(default_factory=dict)
    shows: str = "signal"

    def moved(self, value: float | None, by: int) -> float:
        """So many notches on (or back), from a value that may lie between two of them; at the ends it stays."""
        return _moved(self.notches, self.first if value is None else value, by)

    def leapt(self, value: float | None, by: int) -> float:
        """So many labelled stops on (or back)."""
        return _moved(self.stops, self.first if value is None else value, by)

    def share(self, value: float) -> float:
        """Where a value stands on the track, 0 at its left end, 1 at its right end; beyond it at the end."""
        notches = self.notches
        value = min(max(value, notches[0]), notches[-1])
        above = bisect_left(notches, value)
        below = above if notches[above] == value else above - 1
        part = (value - notches[below]) / (notches[above] - notches[below]) if above > below else 0.0
        return (below + part) / (len(notches) - 1)

    def at(self, share: float) -> float:
        """The notch nearest to a place on the track."""
        return self.notches[round(min(max(share, 0.0), 1.0) * (len(self.notches) - 1))]


def _moved(values: tuple[float, ...], value: float, by: int) -> float:
    place = bisect_right(values, value) - 1 + by if by > 0 else bisect_left(values, value) + by
    return values[min(max(place, 0), len(values) - 1)]


def _even(first: float, last: float, by: float) -> tuple[float, ...]:
    """Notches of one distance. Each is the number that one would write: 0.15 and not 0.15000000000000002."""
    return tuple(round(first + number * by, 9) for number in range(round((last - first) / by) + 1))


def _decades(first: int, last: int, of_a_decade: tuple[float, ...]) -> tuple[float, ...]:
    """Notches of equal ratios from 10^first to 10^last. Each is the number that its digits are read as."""
    powers = range(first, last)
    return (*(float(f"{digits}e{power}") for power in powers for digits in of_a_decade), float(f"1e{last}"))


def _whole(*parts: Iterable[int]) -> tuple[float, ...]:
    return tuple(number for part in parts for number in part)


SLIDES = Table(
    "slider",
    (
        Slide(
            "depth",
            _whole(range(1, 10), range(10, 30, 2), range(30, 60, 3), range(60, 100, 5), range(100, 201, 10)),
            (1, 5, 10, 20, 30, 60, 100, 200),
            "how many layers the gradient has to pass, each of which multiplies it",
        ),
        Slide(
            "width",
            _whole((1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)),
            (1, 4, 16, 64, 256),
            "units side by side: few make every factor a matter of luck",
        ),
        Slide(
            "steps",
            _whole(range(1, 10), range(10, 30, 2), range(30, 60, 3), range(60, 100, 5), range(100, 301, 20)),
            (1, 5, 10, 20, 30, 60, 100, 300),
            "how far back in time the gradient has to go, one factor a step",
        ),
        Slide(
            "gain",
            _decades(-1, 1, _TWENTY),
            (0.1, 0.2, 0.5, 1, 2, 5, 10),
            "how large the first weights are, beside what the initialiser makes them",
        ),
        Slide(
            "sigma_w",
            _decades(-1, 1, _TWENTY),
            (0.1, 0.2, 0.5, 1, 2, 5, 10),
            "how large the first weights are: σ_w² / fan_in is their variance",
        ),
        Slide(
            "sigma_b",
            _decades(-2, 1, _TEN),
            (0.01, 0.1, 1, 10),
            "how large the first biases are",
        ),
        Slide(
            "slope",
            _even(-0.25, 1, 0.01),
            (-0.25, 0, 0.25, 0.5, 1),
            "what passes where a unit is off: 0 is ReLU, 1 a straight line",
            first=0.0,
        ),
        Slide(
            "residual_scale",
            _even(0, 1, 0.05),
            (0, 0.25, 0.5, 0.75, 1),
            "how much a block adds to the path that skips it",
        ),
        Slide(
            "highway_bias",
            _even(-8, 4, 0.25),
            (-8, -6, -4, -2, 0, 2, 4),
            "how far open Highway's gates start: −2 lets 12 % of the branch in",
        ),
        Slide(
            "forget_bias",
            _even(-4, 8, 0.25),
            (-4, -2, 0, 2, 4, 6, 8),
            "how open the forget gate starts: 0 is half, 4 is 98 %",
            first=1.0,
        ),
        Slide(
            "update_bias",
            _even(-4, 8, 0.25),
            (-4, -2, 0, 2, 4, 6, 8),
            "how open the direct path starts: 0 is half, 4 is 98 %",
            first=0.0,
        ),
        Slide(
            "input_bias",
            _even(-8, 4, 0.25),
            (-8, -6, -4, -2, 0, 2, 4),
            "how open the input gate starts: what comes in beside what is kept",
            first=0.0,
        ),
        Slide(
            "pin_forget",
            _even(0, 1, 0.05),
            (0, 0.25, 0.5, 0.75, 1),
            "the forget gate held at this value: the factor of the direct path",
        ),
        Slide(
            "clip_threshold",
            _decades(-3, 3, _TEN),
            (0.001, 0.01, 0.1, 1, 10, 100, 1000),
            "the longest gradient that the optimiser gets; longer ones are shortened",
            along={"clip": "norm"},
            shows="clip",
        ),
        Slide(
            "learning_rate",
            _decades(-4, 1, _TEN),
            (1e-4, 1e-3, 0.01, 0.1, 1, 10),
            "how far one update goes",
            first=0.1,
            shows="first_step",
        ),
        Slide(
            "momentum",
            _even(0, 1, 0.05),
            (0, 0.25, 0.5, 0.75, 1),
            "how much of the update before goes on in this one",
            first=0.75,
            shows="first_step",
        ),
    ),
)


def track(slide: Slide, value: float | None, width: int) -> list[Line]:
    """Two lines: the track, filled up to the value, its handle and stops; and the stops' values, as far as they fit."""
    places = {round(slide.share(stop) * (width - 1)): stop for stop in slide.stops}
    handle = -1 if value is None else round(slide.share(value) * (width - 1))
    cells: Line = []
    for cell in range(width):
        if cell == handle:
            cells.append(("●", "cursor"))
        else:
            mark = "┼" if cell in places else ("━" if cell < handle else "─")
            cells.append((mark, "text" if cell < handle else "dim"))
    return [runs(cells), [(_labels(places, width), "label")]]


def _labels(places: Mapping[int, float], width: int) -> str:
    """Each stop's value under it, the ends' inside of the track; one that has no room is left out."""
    text = ""
    order = sorted(places)
    for cell in order:
        label = exact(places[cell])
        start = min(max(cell - len(label) // 2, 0), width - len(label))
        last = exact(places[order[-1]])
        # The last one has its place whatever stands before it.
        free = cell == order[-1] or start + len(label) < width - len(last)
        if free and (start > len(text) or start == 0 == len(text)):
            text = text.ljust(start) + label
    return text.ljust(width)
