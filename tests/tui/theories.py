"""Scenes of the Theory view, with what it has computed, and what its panes then say."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import pytest

from gradtui.model.needs import Failed, Need, Simulation
from gradtui.model.theory_needs import SpectraOf, needs
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment
from gradtui_engine.analysis.jacobian import MOST_UNITS, Spectra
from tests.tui.helpers import CASES, scene_of, texts

PANES = {name: PANES[name] for name in ("plane", "depth", "spectrum")}
THEORY_CASES = CASES | {
    "off the plane": Experiment(activation="tanh", sigma_w=30.0, sigma_b=5.0, depth=8, width=8),
    "batch norm": Experiment(norm="batch", activation="relu", depth=5, width=8),
    "no variance": Experiment(init="constant", depth=5, width=8),
    "wider than a Jacobian": Experiment(depth=2, width=MOST_UNITS + 1, batch=2, init="zeros"),
    "never forgets": Experiment(cell="lstm", pin_forget=1.0, data="digits-rows", width=4),
    "ring": Experiment(cell="lru", data="digits-rows", width=4),
    "always forgets": Experiment(cell="gru", pin_forget=0.0, data="digits-rows", width=4),
}

cases = pytest.mark.parametrize("name", THEORY_CASES)


@functools.cache
def computed(need: Need) -> Any:
    return need.compute(lambda share: None)


def scene(experiment: Experiment, ready: bool = True, **fields: Any) -> Scene:
    found = scene_of(experiment, view="theory", pane="plane", **fields)
    results = {need: computed(need) for need in needs(found.state)} if ready else {}
    return replace(found, results=results)


def with_spectra(experiment: Experiment, found: Spectra | Failed) -> Scene:
    return replace(scene(experiment, ready=False), results={SpectraOf(Simulation(experiment)): found})


def shown(found: Scene, pane: str, width: int = 100, height: int = 30) -> list[str]:
    return texts(PANES[pane].view(found, width, height))


def said(found: Scene, pane: str, width: int = 100, height: int = 30) -> str:
    """The pane's text in one line, so that a sentence is found wherever it is broken."""
    return " ".join(" ".join(shown(found, pane, width, height)).split())
