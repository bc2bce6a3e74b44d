"""A record of tier 3 that is no Run: what the protocols name is all that views and exports read."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import numpy as np
import pytest

from gradtui.model.panes_of import panes_of
from gradtui.share.exports import FORMATS, Material
from gradtui.views.catalogue import PANES
from gradtui.views.explore import why
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment, Run
from gradtui_engine.analysis.jacobian import spectra
from gradtui_engine.analysis.record import Arrays, Listed
from gradtui_engine.cells.table import CELLS
from tests.tui.helpers import scene_of, texts, trace_of

NAMES = {name for protocol in (*Listed.__mro__, Arrays) for name in vars(protocol) if not name.startswith("_")}
EXPERIMENTS = {
    **{cell: Experiment(cell=cell, data="gaussian", steps=4, width=5, batch=3) for cell in CELLS if cell != "mlp"},
    "mlp": Experiment(depth=4, width=6, batch=4),
    "blocks": Experiment(depth=4, width=6, batch=4, norm="layer", residual="scaled", clip="norm"),
    "stacked": Experiment(cell="lstm", data="gaussian", steps=4, width=5, batch=3, layers=2),
}
every_experiment = pytest.mark.parametrize("name", EXPERIMENTS)


class ByProtocol:
    """What a run has, by the names of the protocols and no other."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Any:
        if name not in NAMES:
            raise AttributeError(f"{name} is in no protocol")
        return self if name in ("arrays", "listed") else getattr(self._run, name)


def scenes(name: str, **fields: Any) -> tuple[Scene, Scene]:
    """The scene of a run, and of the same numbers by protocol alone."""
    scene = scene_of(EXPERIMENTS[name], **fields)
    return scene, dataclasses.replace(scene, record=ByProtocol(trace_of(EXPERIMENTS[name])))  # type: ignore[arg-type]


@every_experiment
def test_the_why_pane_explains_every_step(name: str) -> None:
    for step in trace_of(EXPERIMENTS[name]).steps:
        run, other = scenes(name, step=step.index)
        assert why.view(other, 100, 20) == why.view(run, 100, 20), step


@every_experiment
@pytest.mark.parametrize("view", ["explore", "lab", "theory"])
def test_every_pane_shows_what_it_shows_of_a_run(name: str, view: str) -> None:
    run, other = scenes(name, view=view, step=10**6)
    for pane in panes_of(run.state):
        assert texts(PANES[pane].view(other, 90, 24)) == texts(PANES[pane].view(run, 90, 24)), pane


@every_experiment
@pytest.mark.parametrize("format", ["csv", "json", "npz"])
def test_it_is_exported_as_a_run_is(name: str, format: str) -> None:
    run, other = io.BytesIO(), io.BytesIO()
    record = trace_of(EXPERIMENTS[name])
    FORMATS[format].write(Material(record), run)
    FORMATS[format].write(Material(ByProtocol(record)), other)  # type: ignore[arg-type]
    if format != "npz":
        assert other.getvalue() == run.getvalue()
        return
    with np.load(io.BytesIO(run.getvalue())) as wanted, np.load(io.BytesIO(other.getvalue())) as archive:
        assert archive.files == wanted.files
        assert all(np.array_equal(archive[entry], wanted[entry]) for entry in wanted.files)


def test_its_jacobian_is_that_of_the_run() -> None:
    record = trace_of(EXPERIMENTS["mlp"])
    assert np.array_equal(spectra(ByProtocol(record)).end_to_end, spectra(record).end_to_end)  # type: ignore[arg-type]
