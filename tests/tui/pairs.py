"""What Compare's tests compare: networks A, and what B differs in."""

from __future__ import annotations

import pytest

from gradtui.model.state import Changes
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment
from tests.tui.helpers import scene_of, texts

A = Experiment(depth=6, width=16, batch=16)
RNN = Experiment(cell="rnn", data="gaussian", steps=12, width=8, batch=8)
LSTM = RNN.replace(cell="lstm")
HEALTHY = Experiment(depth=6, width=16, batch=16, activation="relu", init="he_normal")
OVERFLOW = Experiment(depth=6, width=16, batch=16, activation="linear", gain=1e30, dtype="float32")

#: A, and what B differs in: a cure, another shape, another network, the same network.
PAIRS: dict[str, tuple[Experiment, Changes]] = {
    "relu": (A, (("activation", "relu"),)),
    "deeper": (A, (("depth", 40),)),
    "less deep": (A, (("depth", 2),)),
    "clip": (A, (("clip", "norm"),)),
    "lstm": (RNN, (("cell", "lstm"),)),
    "rnn": (LSTM, (("cell", "rnn"),)),
    "lstm of an mlp": (A, (("cell", "lstm"), ("data", "gaussian"), ("steps", 9))),
    "longer": (RNN, (("steps", 200),)),
    "overflow": (OVERFLOW, (("clip", "value"),)),
    "huge": (A, (("gain", 1e6),)),
}
pairs = pytest.mark.parametrize("name", PAIRS)


def compared(a: Experiment, changes: Changes = (), **fields: object) -> Scene:
    return scene_of(a, changes, view="compare", **fields)


def text(scene: Scene, pane: str, width: int = 118, height: int = 20) -> str:
    return "\n".join(line.rstrip() for line in texts(PANES[pane].view(scene, width, height))).strip()
