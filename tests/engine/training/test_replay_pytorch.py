"""The page's lines of PyTorch train the same from an archive alone. See conftest."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from gradtui_engine import Experiment
from gradtui_engine.experiment.training import Training
from gradtui_engine.training import archive
from gradtui_engine.training.history import train
from tests.tooling import ROOT

torch.set_num_threads(1)


def test_the_pages_lines_replay_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Experiment(depth=5, width=16, activation="tanh")
    history = train(Training(experiment=experiment, iterations=60, schedule="cosine", warmup=5))
    archive.save(tmp_path / "run.npz", history)
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (code,) = [block for block in re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.M) if "torch" in block]
    names: dict[str, object] = {}
    exec(compile(code, "training.md", "exec"), names)
    # In float64, 60 iterations; the sums are in another order.
    np.testing.assert_allclose(names["losses"], history.columns["loss"], rtol=1e-8)  # type: ignore[arg-type]
    parameters = zip(names["model"].parameters(), history.trainer.parameters().values(), strict=True)  # type: ignore[attr-defined]
    for replayed, ours in parameters:
        np.testing.assert_allclose(replayed.detach().numpy(), ours, rtol=1e-7, atol=1e-9)
