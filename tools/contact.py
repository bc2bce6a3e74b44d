"""Contact sheets: every view at three sizes, in both languages, three sets of glyphs and two themes, to be looked at.

`python tools/contact.py [WORD …]` writes docs/contact/*.png, one sheet for each size, language, set and theme, of every
screen in the table below. Words choose: "80x24 zh" makes the Chinese sheets of that size, "block gradtui" those of a
set and a theme. A sheet that is there already is left, so that what was broken off goes on; delete the folder to begin
again.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from textual.pilot import Pilot

from gradtui.screen.app import GradtuiApp
from gradtui.text import process
from gradtui_engine import Experiment
from pictures import DOCS, fresh, settle

SIZES = ((80, 24), (120, 36), (200, 50))
LANGUAGES = ("en", "zh")
GLYPHS = ("block", "braille", "ascii")
THEMES = ("gradtui", "gradtui-light")
#: Pixels: what a screen is scaled down to, and between two; and how many stand side by side.
_WIDEST, _GAP, _COLUMNS = 1200, 40, 3


@dataclass(frozen=True)
class Screen:
    """One screen: the keys that lead there from a fresh start."""

    label: str
    keys: tuple[str, ...]
    experiment: Experiment = field(default_factory=Experiment)


SCREENS = (
    *(Screen(f"story {digit}", ("0", digit)) for digit in "12345678"),
    Screen("story 9: one idea", ("0", "9")),
    Screen("explore, MLP", ("1",)),
    Screen("explore, LSTM", ("1",), Experiment(cell="lstm")),
    Screen("one idea", ("2",)),
    Screen("compare", ("3", "A", "I")),
    Screen("compare, LSTM", ("3", "B"), Experiment(cell="lstm")),
    Screen("lab", ("4",)),
    Screen("maths", ("5",)),
    Screen("theory", ("6",)),
    Screen("lessons", ("7",)),
    Screen("a lesson", ("7", "down", "enter")),
    Screen("train", ("S", "S", "8", "space")),
    Screen("sweep", ("9", "S")),
    Screen("help", ("1", "question_mark")),
    Screen("form", ("1", "f")),
    Screen("list of activations", ("1", "a")),
)


class Sheet(NamedTuple):
    """What all screens of a sheet have in common."""

    size: tuple[int, int]
    language: str
    glyphs: str
    theme: str

    @property
    def name(self) -> str:
        return f"{self.size[0]}x{self.size[1]}-{self.language}-{self.glyphs}-{self.theme}"

    def chosen(self, words: Sequence[str]) -> bool:
        """Whether each word is one of its four."""
        return set(words) <= {f"{self.size[0]}x{self.size[1]}", self.language, self.glyphs, self.theme}


SHEETS = tuple(Sheet(*each) for each in itertools.product(SIZES, LANGUAGES, GLYPHS, THEMES))
#: All that may be typed.
WORDS = sorted({f"{width}x{height}" for width, height in SIZES} | {*LANGUAGES, *GLYPHS, *THEMES})


# -- the screens -------------------------------------------------------------------------------------------


async def take(sheet: Sheet, screen: Screen) -> str:
    """The screen as SVG."""
    with process.during(own_lessons=False, language=sheet.language, glyphs=sheet.glyphs):
        app = fresh(screen.experiment)
        async with app.run_test(size=sheet.size) as pilot:
            app.theme = sheet.theme
            await settle(app, pilot)
            await _press(app, pilot, screen.keys)
            return app.export_screenshot(title=f"{screen.label} · {sheet.name}")


async def _press(app: GradtuiApp, pilot: Pilot[int], keys: Sequence[str]) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(app, pilot)


def tiled(tiles: Sequence[tuple[str, str]], columns: int = _COLUMNS) -> tuple[str, tuple[int, int]]:
    """Labels and pictures of one size as one SVG, and its size in pixels: pictures in a picture."""
    _, _, wide, tall = (float(each) for each in _view_box(tiles[0][1]).split())
    width = min(wide, _WIDEST)
    height = tall * width / wide
    rows = -(-len(tiles) // columns)
    whole = (round(columns * (width + _GAP) + _GAP), round(rows * (height + 2 * _GAP) + _GAP))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole[0]}" height="{whole[1]}" '
        f'viewBox="0 0 {whole[0]} {whole[1]}">\n<rect width="100%" height="100%" fill="#808080"/>'
    ]
    for index, (label, svg) in enumerate(tiles):
        x, y = _GAP + (index % columns) * (width + _GAP), _GAP + (index // columns) * (height + 2 * _GAP)
        parts.append(
            f'<text x="{x:.0f}" y="{y + 24:.0f}" font-family="sans-serif" font-size="24" fill="#ffffff">'
            f"{escape(label)}</text>"
        )
        place = f'<svg x="{x:.0f}" y="{y + 34:.0f}" width="{width:.0f}" height="{height:.0f}" '
        parts.append(svg.replace("<svg ", place, 1))
    return "\n".join([*parts, "</svg>\n"]), whole


def _view_box(svg: str) -> str:
    match = re.search(r'viewBox="([^"]+)"', svg)
    assert match is not None
    return match[1]


# -- from SVG to PNG ---------------------------------------------------------------------------------------


def _by_chromium(program: str) -> Callable[[Path, Path, tuple[int, int]], None]:
    def render(svg: Path, png: Path, size: tuple[int, int]) -> None:
        window = f"--window-size={size[0]},{size[1]}"
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", window, f"--screenshot={png}"]
        subprocess.run([program, *flags, svg.as_uri()], check=True, capture_output=True)

    return render


def _by_rsvg(program: str) -> Callable[[Path, Path, tuple[int, int]], None]:
    def render(svg: Path, png: Path, size: tuple[int, int]) -> None:
        subprocess.run([program, str(svg), "-o", str(png)], check=True)

    return render


def renderer() -> Callable[[Path, Path, tuple[int, int]], None] | None:
    """What draws an SVG on this machine: Chromium, else librsvg; None where neither is there."""
    for name, by in (
        ("chromium", _by_chromium), ("google-chrome", _by_chromium), ("rsvg-convert", _by_rsvg)
    ):  # fmt: skip
        if program := shutil.which(name):
            return by(program)
    return None


def sheets(words: Sequence[str]) -> Iterator[Sheet]:
    """Those that all words are about."""
    return (sheet for sheet in SHEETS if sheet.chosen(words))


def main() -> int:
    words, folder = sys.argv[1:], DOCS / "contact"
    if unknown := set(words) - set(WORDS):
        print(f"{', '.join(sorted(unknown))}: no such word; words are {', '.join(WORDS)}")
        return 2
    if renderer() is None:
        print("contact sheets need chromium or rsvg-convert (Debian: apt-get install chromium, or librsvg2-bin)")
        return 2
    os.environ.pop("NO_COLOR", None)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [(sheet, folder / f"{sheet.name}.png") for sheet in sheets(words)]
    # Language and glyphs are a process's.
    with ProcessPoolExecutor() as pool:
        for png in pool.map(make, *zip(*wanted, strict=True)):
            print(png, flush=True)
    return 0


def make(sheet: Sheet, png: Path) -> Path:
    """The sheet as a file, made if it is not there; half a file never is."""
    render = renderer()
    if png.exists() or render is None:
        return png
    whole, size = tiled([(screen.label, asyncio.run(take(sheet, screen))) for screen in SCREENS])
    with tempfile.TemporaryDirectory() as temporary:
        svg, draft = Path(temporary, "sheet.svg"), Path(temporary, "sheet.png")
        svg.write_text(whole, encoding="utf-8")
        render(svg, draft, size)
        shutil.move(draft, png)
    return png


if __name__ == "__main__":
    raise SystemExit(main())
