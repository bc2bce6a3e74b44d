"""Cells that no one has thought of: a file each for the engine and the screen, put into a copy of the program."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import gradtui
import gradtui_engine

#: An RNN of another name, as its own prefix of parameters and operations.
ELMAN = """
from dataclasses import replace
from .rnn import CELL as RNN

CELL = replace(RNN, name="elman", order=10,
    operations=tuple(replace(row, name=row.name.replace("rnn", "elman")) for row in RNN.operations))
"""
#: A GRU whose steps note what reaches h by the direct path and through the gates, and which has no cell state.
NOTED = """
from dataclasses import replace
import numpy as np
from .gru import CELL as GRU

projection, step = GRU.operations

def backward(node):
    gradient, width = node.output_gradients[0], node.outputs[0].shape[1]
    direct = node.workspace.buffer("direct", gradient.shape, gradient.dtype)
    if node.notes is not None:
        rest = gradient - direct
        node.notes.append((np.vdot(direct, direct), np.vdot(rest, rest), np.vdot(direct, rest)))
    direct[...] = gradient * node.outputs[1][:, width : 2 * width]
    step.backward(node)

CELL = replace(GRU, name="noted", order=11, operations=(
    replace(projection, name="noted_projection"),
    replace(step, name="noted_step", backward=backward, notes=True)))
"""
#: A GRU that calls none of its paths direct: gates, and no gate on a path.
GATES = """
from dataclasses import replace
from .gru import CELL as GRU

CELL = replace(GRU, name="gates", order=12, path=None, parts="whole", theory="none",
    operations=tuple(replace(row, name=row.name.replace("gru", "gates")) for row in GRU.operations))
"""
#: An LSTM whose gates lie in another order, o g f i, and whose f is what is forgotten: c = (1 − f)·c + i·g.
TURNED = """
from dataclasses import replace
import math
import numpy as np
from ..program.slots import CELL_STATE
from .cell import Gate, GatePath, Offset, PreActivations
from .lstm import CELL as LSTM
from . import recurrent

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward(node):
    projection, before, kept = node.inputs
    hidden, cell, gates, cell_tanh = node.outputs
    z = projection + before @ node.shared[0].T
    o, g, f, i = np.split(z, 4, axis=1)
    o, g, f, i = sigmoid(o), np.tanh(g), sigmoid(f), sigmoid(i)
    if not math.isnan(node.constant):
        f = np.full_like(f, node.constant)
    gates[...] = np.concatenate([o, g, f, i], axis=1)
    cell[...] = (1 - f) * kept + i * g
    cell_tanh[...] = np.tanh(cell)
    hidden[...] = o * cell_tanh

def backward(node):
    _, _, kept = node.inputs
    _, _, gates, cell_tanh = node.outputs
    o, g, f, i = np.split(gates, 4, axis=1)
    dh, dc = node.output_gradients[0], node.output_gradients[1]
    dz, before_wanted, kept_wanted = node.input_gradients
    dc += dh * o * (1 - cell_tanh**2)
    kept_wanted[...] = (1 - f) * dc
    pinned = 0 if not math.isnan(node.constant) else 1
    dz[...] = np.concatenate([dh * cell_tanh * o * (1 - o), dc * i * (1 - g**2), -dc * kept * f * (1 - f) * pinned,
                              dc * g * i * (1 - i)], axis=1)
    before_wanted[...] = dz @ node.shared[0]

def pre_activations(trace, stage):
    z, width = recurrent.linear_pre_activations(trace, stage), trace.resolved.width
    return (PreActivations("forget gate", "sigmoid", 1.0, z[:, 2 * width : 3 * width],
                           trace.resolved.pin_forget is not None),
            PreActivations("candidate", "tanh", 1.0, z[:, width : 2 * width]))

projection, step = LSTM.operations
i, f, g, o = LSTM.gates
CELL = replace(LSTM, name="turned", order=13, gates=(o, g, f, i), path=GatePath(CELL_STATE, "f", complement=True),
    offsets=(Offset("f", "forget_bias"),), chrono=(("f", -1),), pre_activations=pre_activations, operations=(
        replace(projection, name="turned_projection"),
        replace(step, name="turned_step", forward=forward, backward=backward, notes=False)))
"""
#: A cell state that is no sum of a path and a product of two gates.
OTHERWISE = """
from dataclasses import replace
from .lstm import CELL as LSTM

CELL = replace(LSTM, name="otherwise", order=14, added=(),
    operations=tuple(replace(row, name=row.name.replace("lstm", "otherwise")) for row in LSTM.operations))
"""
#: Name → the file of the engine, and the cell whose words it has.
NEW = {
    "elman": (ELMAN, "rnn"),
    "noted": (NOTED, "gru"),
    "gates": (GATES, "gru"),
    "turned": (TURNED, "lstm"),
    "otherwise": (OTHERWISE, "lstm"),
}
#: A GRU that has no direct path has no two paths to tell of either.
WORDS = """
from dataclasses import replace
from .{like} import WORDS as LIKE

WORDS = replace(LIKE, cell="{name}", step={step})
"""


@functools.cache
def tree() -> tempfile.TemporaryDirectory[str]:
    """A copy of both packages with a file a cell in each, made once and removed at the end."""
    folder = tempfile.TemporaryDirectory(prefix="gradtui-cells-")
    for package in (gradtui_engine, gradtui):
        source = Path(str(package.__file__)).parent
        shutil.copytree(source, Path(folder.name) / source.name)
    for name, (text, like) in NEW.items():
        (Path(folder.name) / f"gradtui_engine/cells/{name}.py").write_text(text)
        step = "(LIKE.step[0], LIKE.step[0])" if name == "gates" else "LIKE.step"
        words = Path(folder.name) / f"gradtui/views/explore/cells/{name}.py"
        words.write_text(WORDS.format(name=name, like=like, step=step))
    return folder


def run(*arguments: str, code: int = 0) -> str:
    """What Python prints with the new cells, warnings being errors, before it ends with this code."""
    tests = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([tree().name, str(tests)])}
    command = [sys.executable, "-W", "error", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr or done.stdout
    return done.stdout
