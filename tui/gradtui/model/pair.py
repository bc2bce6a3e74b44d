"""What a pair of the story is."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradtui_engine.core.message import English

from .two_experiments import Fields, TwoExperiments


@dataclass(frozen=True)
class Pair(TwoExperiments):
    """A disease, experiment A (left), and its cure, B (right).

    label stands on the pair's tab, short where there is little room; disease and cure are the titles of the two sides.
    point says why, and what to look at; idea is the line by which the cure is the same as all others. left and right
    are the two in a word, at the ends of their curves. pane is the side that has the focus at first, explains the pane
    of Explore that shows why.
    """

    name: str
    label: English
    short: English
    disease: English
    cure: English
    point: English
    idea: English
    fields: Fields = field(default_factory=dict)
    changes: Fields = field(default_factory=dict)
    plan: Fields = field(default_factory=dict)
    left: English = "left"
    right: English = "right"
    pane: str = "disease"
    explains: str = "gradient"
