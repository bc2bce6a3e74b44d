"""Two experiments beside each other, as presets and the pairs of the story have them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradtui_engine import Experiment, Training

Fields = Mapping[str, Any]


class TwoExperiments:
    """Experiment A by its fields, B by what it differs in, and how both are trained, on one stream.

    The experiments are made once: they are compared with the one on the screen several times a frame, and to make
    those of the eight pairs takes 1.2 ms.
    """

    if TYPE_CHECKING:  # the fields of who inherits, at the places that its table has them
        fields: Fields
        changes: Fields
        plan: Fields

    @functools.cached_property
    def experiment(self) -> Experiment:
        """A."""
        from gradtui_engine import Experiment  # here: a table of names needs none of it

        return Experiment(**self.fields)

    @functools.cached_property
    def other(self) -> Experiment:
        """B; A itself where nothing is changed."""
        return self.experiment.replace(**self.changes)

    @property
    def training(self) -> Training:
        """A's."""
        return self._training_of(self.experiment)

    @property
    def training_of_other(self) -> Training:
        """B's, on A's stream."""
        return self._training_of(self.other)

    def _training_of(self, experiment: Experiment) -> Training:
        from gradtui_engine import Training  # here: a table of names needs none of it

        return Training(experiment=experiment, **self.plan)
