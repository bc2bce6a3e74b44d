"""Validation: the loss of all samples together, whatever the parts in which they are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Trainer, Training
from gradtui_engine.program.output_layer import Sizes
from gradtui_engine.run.network import Network
from gradtui_engine.training.evaluation import Evaluation

#: Batch norm, whose last part has statistics of its own size if it takes a batch's; a target at every step; numbers.
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "batch norm": {"depth": 2, "width": 8, "norm": "batch", "activation": "relu"},
    "every step": {"cell": "lstm", "data": "copy", "steps": 6, "readout": "all", "width": 5},
    "numbers": {"cell": "gru", "data": "adding", "steps": 5, "width": 5},
    "one-hot": {"depth": 1, "width": 8, "loss": "bce"},
}


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("batch", [3, 70, 400])
def test_the_loss_of_all_parts_is_that_of_the_whole(name: str, batch: int) -> None:
    trainer = Trainer(Training(experiment=Experiment(**EXPERIMENTS[name], batch=batch), hold_out=0.2))
    trainer.advance(5)
    held, found = trainer.stream.validation, trainer.validate()
    assert held is not None
    assert found is not None
    network = trainer.network
    resolved = trainer.training.experiment.replace(batch=held.size).resolved
    whole = Evaluation(resolved, held)
    assert len(whole._parts) == 1
    loss, share = whole.run(trainer.parameters().__getitem__, trainer.running)
    assert found.loss == pytest.approx(loss, rel=1e-12)
    assert (found.accuracy is None) == (share is None) == (name == "numbers")
    if share is not None:
        assert found.accuracy == pytest.approx(share, rel=1e-12)
    # By the network's own forward pass too, bound for so many samples.
    program = resolved.kind.build(resolved, Sizes.of(held), str(resolved.loss))
    alone = Network(network.experiment, program, trainer.parameters(), held, resolved=resolved)
    assert found.loss == pytest.approx(alone.loss(trainer.running or None), rel=1e-12)
    assert np.isfinite(found.loss)
