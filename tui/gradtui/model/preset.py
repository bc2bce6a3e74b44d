"""What a preset is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gradtui_engine.core.message import English

if TYPE_CHECKING:
    from gradtui_engine import Experiment, Training

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Preset:
    """One point: experiment A's fields, the view that shows it, what B differs in, and what the bars show.

    look is where on the screen the point is seen. plan is how A and B are trained, where the point is about that: then
    they are trained at once. stage is the selected one, where the point is seen in it.
    """

    name: str
    point: English
    look: English
    fields: Fields = field(default_factory=dict)
    view: str = "explore"
    changes: Fields = field(default_factory=dict)
    quantity: str = "gradient"
    plan: Fields = field(default_factory=dict)
    stage: int | None = None

    @property
    def trains(self) -> bool:
        """Whether the point is about a training."""
        return self.view == "train"

    @property
    def training(self) -> Training:
        """A's training."""
        from gradtui_engine import Training  # here: a table of names needs none of it

        return Training(experiment=self.experiment, **self.plan)

    @property
    def training_of_other(self) -> Training:
        """B's, on A's stream."""
        from gradtui_engine import Training  # here: a table of names needs none of it

        return Training(experiment=self.other, **self.plan)

    @property
    def experiment(self) -> Experiment:
        from gradtui_engine import Experiment  # here: a table of names needs none of it

        return Experiment(**self.fields)

    @property
    def other(self) -> Experiment:
        """Experiment B; A itself where nothing is changed."""
        return self.experiment.replace(**self.changes)
