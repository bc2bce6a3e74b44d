"""The chapters of the course, in its order: what a lesson's front matter names, and how the map calls it."""

from __future__ import annotations

from dataclasses import dataclass

from gradtui_engine.core.message import English
from gradtui_engine.core.table import Table


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the map. A lesson of none is the reader's own."""

    name: str
    label: English


CHAPTERS = Table(
    "chapter",
    (
        Chapter("vanishing", "vanishing"),
        Chapter("activations", "activations"),
        Chapter("initialisers", "initialisers"),
        Chapter("exploding", "exploding"),
        Chapter("normalisation", "normalisation"),
        Chapter("residual", "residual"),
        Chapter("gates", "time and gates"),
        Chapter("idea", "the one idea"),
        Chapter("training", "training"),
        Chapter("maths", "the maths"),
        Chapter("today", "networks of today"),
    ),
)
#: Of lessons that name no chapter.
OWN: English = "your own"


def label(chapter: str) -> English:
    """What a chapter is called; empty: of a lesson that names none."""
    return CHAPTERS[chapter].label if chapter else OWN
