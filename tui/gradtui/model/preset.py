"""What a preset is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gradtui_engine.core.message import English

from .two_experiments import Fields, TwoExperiments


@dataclass(frozen=True)
class Preset(TwoExperiments):
    """One point: two experiments, the view that shows it, and what the bars show.

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
    #: What is swept, where the point is about that: the table [sweep] of a plan, and `train`, the iterations of a cell.
    sweep: Fields = field(default_factory=dict)

    @property
    def plan_of_sweep(self) -> dict[str, Any]:
        """The sweep's plan as the screen has it: of several measures the first two, in two planes."""
        plan = dict(self.sweep)
        several = plan.get("measure", "")
        if not isinstance(several, str):
            plan["measure"], *rest = several
            plan |= {"second": rest[0]} if rest else {}
        return plan

    @property
    def trains(self) -> bool:
        """Whether the point is about a training."""
        return self.view == "train"
