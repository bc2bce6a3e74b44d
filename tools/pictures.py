"""Make the README's pictures of the real screen: `python tools/pictures.py [FOLDER]` writes SVG files to docs/."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from gradtui.app import GradtuiApp
from gradtui_engine import Experiment

DOCS = Path(__file__).parents[1] / "docs"


@dataclass(frozen=True)
class Picture:
    """One picture: the experiment, the terminal's size, and the keys that lead there."""

    name: str
    experiment: Experiment
    size: tuple[int, int]
    keys: tuple[str, ...] = ()


PICTURES = (
    Picture("mlp", Experiment(), (112, 30), ("k",) * 11),
    Picture("relu", Experiment(activation="relu", init="he_normal"), (112, 30), ("k",) * 11),
    Picture("lstm", Experiment(cell="lstm"), (112, 36), ("k",) * 40),
)


async def take(picture: Picture, folder: Path) -> Path:
    """Run the real app without a terminal, press the keys, and export what it shows."""
    app = GradtuiApp(picture.experiment)
    async with app.run_test(size=picture.size) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press(*picture.keys)
        await pilot.pause()
        path = folder / f"{picture.name}.svg"
        path.write_text(app.export_screenshot(title="gradtui"), encoding="utf-8")
    return path


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    folder.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        print(asyncio.run(take(picture, folder)))


if __name__ == "__main__":
    main()
