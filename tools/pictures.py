"""Make the README's pictures of the real screen: `python tools/pictures.py [FOLDER]` writes SVG files to docs/."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from textual.pilot import Pilot

from gradtui.cli import opening_files
from gradtui.cli.words import Words
from gradtui.model.names import WAVE_END
from gradtui.model.state import State
from gradtui.model.trainings import recorded
from gradtui.screen.app import GradtuiApp
from gradtui.screen.terminal.whole import rows_of
from gradtui.share.moving_svg import Frame, moving_svg
from gradtui.text import process
from gradtui_engine import Experiment

DOCS = Path(__file__).parents[1] / "docs"
#: Seconds after which a computation that a picture waits for counts as lost.
_LONGEST = 60


@dataclass(frozen=True)
class Picture:
    """One picture: the keys that lead there from a fresh start, the terminal's size, and the experiment to start with.

    shows: texts that are in this picture and in no other, each on one line of the screen: a test looks for them.
    """

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...]
    shows: tuple[str, ...]
    experiment: Experiment = field(default_factory=Experiment)
    #: The recorded training that is opened instead, a file below docs/.
    recording: str = ""


PICTURES = (
    Picture(
        "real-run",
        (132, 34),
        ("tab",) * 3,
        ("vanishing at hidden.0 since step 0", "its experiment"),
        recording="real-run/run.jsonl",
    ),
    Picture("mlp", (112, 30), (), ("The slope of sigmoid is at most 0.25",)),
    Picture(
        "lstm",
        (112, 36),
        ("k",) * 40,
        ("f_t = σ(W_f·[h_(t−1), x_t] + b_f)", "gates · f forget"),
        Experiment(cell="lstm"),
    ),
    Picture("idea", (112, 30), ("2",), ("sigmoid  →  ● ReLU", "plain  →  ● residual", "RNN  →  ● LSTM")),
    Picture("today", (112, 30), ("2", "9"), ("plain  →  ● stream", "RNN  →  ● LRU", "plain  →  ● Highway")),
    Picture("compare", (112, 34), ("3", "A", "I"), ("B · MLP 30×64 · relu · log 1e-20 … 1", "B differs from A in")),
    Picture("lab", (112, 32), ("4",), ("f and f′ · sigmoid", "what each f leaves")),
    Picture("maths", (132, 42), ("5", "tab", "tab"), ("unit circle and unit hyperbola", "the bridge")),
    Picture("theory", (132, 38), ("6",), ("edge of chaos", "singular values of the Jacobian")),
    # The third lesson begins with a question; the first choice is wrong.
    Picture(
        "lesson", (112, 32), ("7", "down", "down", "enter", "enter", "enter"), ("lesson · ReLU's 1", "✗ A it is cured")
    ),
    Picture("train", (112, 34), ("S", "S", "8", "space"), ("A ≈ stalled", "B ✓ trained")),
    Picture(
        "sweep",
        (112, 34),
        ("9", "S", "S", *("right",) * 5, *("up",) * 5),
        ("A · what arrives of the gradient", "cells"),
        Experiment(activation="tanh"),
    ),
    # As wide as bars and form together, so that no sliver of another pane is left between them.
    Picture("form", (128, 36), ("f",), ("experiment · as it is", "── initialisation ──")),
)


async def take(picture: Picture) -> str:
    """Run the real app without a terminal, press the keys one by one, and return what it shows as SVG."""
    with process.during(own_lessons=False):  # the lessons of whoever makes the pictures are nobody else's
        return await _take(picture)


def fresh(experiment: Experiment, recording: str = "") -> GradtuiApp:
    """The app as it is for somebody who has never opened a lesson."""
    if recording:
        opens = opening_files.opening(Words(files=(str(DOCS / recording),)))
        return GradtuiApp(opens.state, known=opens.results)
    app = GradtuiApp(State(experiment))
    app.followed_by.clear()
    return app


async def _take(picture: Picture) -> str:
    app = fresh(picture.experiment, picture.recording)
    async with app.run_test(size=picture.size) as pilot:
        await settle(app, pilot)
        for key in picture.keys:
            await pilot.press(key)
            await settle(app, pilot)
        return app.export_screenshot(title="gradtui")


async def settle(app: GradtuiApp, pilot: Pilot[int]) -> None:
    """Until everything that the screen needs has been computed and is drawn."""
    end = time.monotonic() + _LONGEST
    await pilot.pause()
    while app.state.training or not (app.state.loaded and app.jobs.idle) or _reads(app.state) or _sweeps(app.state):
        if time.monotonic() > end:
            raise TimeoutError("a computation took too long")
        await pilot.pause()
    await pilot.pause()


def _reads(state: State) -> bool:
    """Whether a recorded training is still read, or what is wrong with it looked for."""
    return recorded(state) and not (state.finished and state.findings)


def _sweeps(state: State) -> bool:
    """Whether cells of the plane that is shown are still computed."""
    return state.view == "sweep" and not state.swept_all


# -- the film ----------------------------------------------------------------------------------------------

#: The story's first pair: nothing yet, then the multiplication wave by wave, then the training, and what it came to.
FILM, FILM_SIZE = "story", (100, 30)
OPENS = ("0", "home")
#: Seconds that the first frame stands, one of the wave, the end of the wave, one of the training, and the last.
_BEFORE, _WAVE, _ARRIVED, _TRAINING, _AFTER = 1.2, 0.12, 2.0, 0.25, 5.0
#: Iterations between two frames.
_STRIDE = 16


async def film() -> str:
    """The story as it is played by its keys, as one SVG that moves."""
    with process.during(own_lessons=False):
        app = fresh(Experiment())
        async with app.run_test(size=FILM_SIZE) as pilot:
            await settle(app, pilot)
            return moving_svg([frame async for frame in _frames(app, pilot)], FILM_SIZE[0], "gradtui")


async def _frames(app: GradtuiApp, pilot: Pilot[int]) -> AsyncIterator[Frame]:
    async def press(*keys: str) -> None:
        for key in keys:
            await pilot.press(key)
        await settle(app, pilot)

    await press(*OPENS)
    yield Frame(rows_of(app), _BEFORE)
    for step in range(1, WAVE_END + 1):
        await press("right")
        yield Frame(rows_of(app), _WAVE if step < WAVE_END else _ARRIVED)
    # Trained once, so that all frames have the scale of the whole; then from its beginning again.
    await pilot.press("space")
    while not app.state.finished:
        await pilot.pause(_WAVE)
    await press("home", *["right"] * WAVE_END)
    last = app.state.trained - 1
    while app.state.iteration < last:
        await press(*["greater_than_sign"] * min(_STRIDE, last - app.state.iteration))
        yield Frame(rows_of(app), _TRAINING if app.state.iteration < last else _AFTER)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.pop("NO_COLOR", None)
    for picture in PICTURES:
        path = folder / f"{picture.name}.svg"
        path.write_text(asyncio.run(take(picture)), encoding="utf-8")
        print(path)
    path = folder / f"{FILM}.svg"
    path.write_text(asyncio.run(film()), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
