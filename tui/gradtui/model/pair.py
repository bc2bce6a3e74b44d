"""What a pair of the story is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradtui_engine.core.message import English

from .preset import Fields

if TYPE_CHECKING:
    from gradtui_engine import Experiment, Training


@dataclass(frozen=True)
class Pair:
    """A disease and its cure: experiment A (left), what B (right) differs in, and how both are trained, on one stream.

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

    @property
    def experiment(self) -> Experiment:
        """The disease."""
        from gradtui_engine import Experiment  # here: a table of names needs none of it

        return Experiment(**self.fields)

    @property
    def other(self) -> Experiment:
        """The cure."""
        return self.experiment.replace(**self.changes)

    @property
    def training(self) -> Training:
        """The disease's."""
        from gradtui_engine import Training  # here: a table of names needs none of it

        return Training(experiment=self.experiment, **self.plan)

    @property
    def training_of_other(self) -> Training:
        """The cure's, on the disease's stream."""
        from gradtui_engine import Training  # here: a table of names needs none of it

        return Training(experiment=self.other, **self.plan)
