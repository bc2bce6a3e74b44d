"""What the state chooses from, by name: views and their panes, quantities, axes.

Only names: what a quantity is stands in `views.frame.quantities`.
"""

from __future__ import annotations

from gradtui_engine.core.message import English

#: Steps per second.
SPEEDS = (1, 2, 4, 8, 15, 30, 60)
QUANTITIES = (
    "gradient", "parameters", "update", "std", "mean", "saturated", "entropy", "similarity", "factor", "zeros"
)  # fmt: skip
#: Of these the ones that only a network with tokens has.
OF_TOKENS = ("entropy", "similarity")
AXES: tuple[English, ...] = ("log", "linear", "sign-log")
#: The functions of the maths page, each beside its hyperbolic twin, in the order in which down reaches them: sin, tan,
#: cos. tanh is what networks use.
FUNCTIONS = (0, 2, 1)

#: The one table of views by name, in the order of their keys: all panes that each can have, in the order of tab. What
#: a view and its panes are stands in the folder `views/NAME`.
PANES = {
    "story": ("disease", "cure", "learns"),
    "explore": ("gradient", "cell", "gates", "paths", "attention", "branches", "activation", "numbers", "why"),
    "idea": ("idea",),
    "compare": ("side_a", "side_b", "both", "difference"),
    "lab": ("curve", "reading", "rows"),
    "maths": ("circular", "hyperbolic", "circle", "bridge"),
    "theory": ("plane", "depth", "spectrum"),
    "lessons": ("lessons",),
    "train": ("loss", "map_a", "map_b", "opening", "reach", "moment", "findings"),
    "sweep": ("sweep_a", "sweep_b", "sweep_second", "sweep_cell"),
}
VIEWS = tuple(PANES)
#: The views that are the story's pages: there the digits turn them.
STORY = ("story", "idea")
#: Sheets of One idea, of three pairs each: those of the story, and those of today's networks.
SHEETS = 2
#: No view, but a place where keys have meanings of their own all the same: a lesson's question.
QUESTION = "question"
#: Parts of the way that the story's wave goes: at 15 a second it takes two seconds.
WAVE_END = 30
