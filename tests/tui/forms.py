"""Forms to test: the fields, and a form with some of them edited."""

from __future__ import annotations

from gradtui.screen.dialogs import form_model as model
from gradtui_engine import Experiment
from gradtui_engine.experiment.experiment import options

FIELDS = tuple(options())


def edited(experiment: Experiment | None = None, **texts: str) -> model.FormState:
    state = model.of(experiment or Experiment())
    for field, text in texts.items():
        state = model.edit(state, field, text)
    return state
