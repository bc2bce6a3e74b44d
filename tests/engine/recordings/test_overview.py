"""A file at a glance, beside the whole of it."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

from gradtui_engine.recordings import overview as module
from gradtui_engine.recordings.overview import overview
from tests.recordings import mlp_lines, written


def test_of_a_small_file_everything_is_known(tmp_path: Path) -> None:
    path = written(mlp_lines(layers=2, steps=5, every=3), tmp_path / "run.jsonl")
    view = overview(path)
    assert (view.last, view.size) == (14, path.stat().st_size)
    assert view.steps.tolist() == [*range(13)]
    assert view.losses[::3].tolist() == [2.0, 1.82535, 1.66594, 1.52046, 1.38768]
    assert view.ended is not None
    assert view.ended.why == "closed"
    assert (view.first["n"], view.final["n"]) == (0, 12)
    assert view.header.parameters[0].name == "layers.0.weight"


def test_losses_after_the_last_recorded_step_are_those_of_the_end(tmp_path: Path) -> None:
    lines = mlp_lines(steps=4)
    lines[-1] |= {"n": 6, "ring": [[4, 0.5], [5, "nan"]]}
    view = overview(written(lines, tmp_path / "run.jsonl"))
    assert (view.last, view.steps.tolist()) == (5, [0, 1, 2, 3, 4, 5])
    assert view.losses[4] == 0.5
    assert math.isnan(view.losses[5])


def test_of_several_runs_it_is_the_last(tmp_path: Path) -> None:
    path = written([*mlp_lines(steps=9), *mlp_lines(layers=2, steps=2, end=None)], tmp_path / "run.jsonl")
    view = overview(path)
    assert (view.last, view.steps.tolist(), view.ended) == (1, [0, 1], None)
    assert len(view.header.modules) == 3


def test_of_a_run_without_a_step_there_are_no_losses(tmp_path: Path) -> None:
    view = overview(written(mlp_lines(steps=0, end=None), tmp_path / "run.jsonl"))
    assert (view.last, view.losses.size, view.first, view.final) == (-1, 0, {}, {})


def test_of_a_large_file_places_all_over_it_are_looked_at(tmp_path: Path) -> None:
    lines = mlp_lines(layers=20, steps=2000, end="size")
    path = written(lines, tmp_path / "run.jsonl")
    assert path.stat().st_size > 2 * module._SMALL
    view = overview(path)
    assert view.last == 1999
    assert view.ended is not None
    losses = {line["n"]: line["loss"] for line in lines[1:-1]}
    assert view.losses.tolist() == [losses[step] for step in view.steps.tolist()]
    begun = view.steps[view.steps < 1000]
    assert len(begun) > 20
    assert max(b - a for a, b in itertools.pairwise(begun)) < 100
