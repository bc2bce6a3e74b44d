"""The network of a mirror: layers, activation, normalisation, skips, and how its weights start."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from ..core.figures import cut, exact, short, times
from ..core.message import Message
from ..core.widths import told
from .likeness import Likeness
from .networks import ACTIVATIONS, RecordedNetwork, class_of
from .recorded_weights import recorded_start

#: Between these, a branch is added to its skip as it is. What a function without a module takes of it behind its last
#: layer is not seen: ReLU a factor of √½.
_UNSCALED = (0.6, 1.6)
#: Two vectors that have nothing to do with each other add to √(a² + b²): to within a quarter those of a block do.
_JOINED = 0.25
#: What no function makes larger was joined by something; Dropout's mask is known to a few percent of the scale.
_MORE = 1.05
#: Of a block whose branch is multiplied by little the output is the input, nearly.
_NEAR = 0.05


def shape(like: Likeness) -> None:
    """Cell, sizes, activation, precision."""
    network, fields, header = like.network, like.fields, like.header
    fields["cell"], fields["width"] = network.cell, network.width
    widths = {row.shape[0] for row in header.parameters if row.module in network.hidden and len(row.shape) == 2}
    if like.over_time:
        fields["layers"] = network.layers
        like.taken.append(_cells(network))
    elif len({*network.widths}) > 1:
        fields["width"] = ",".join(map(str, network.widths))
        like.taken.append(
            Message("{count} hidden layers of {widths} units", count=network.depth, widths=told(network.widths))
        )
    else:
        fields["depth"] = network.depth
        like.taken.append(_layers(network))
        if len(widths) > 1:
            message = Message("widths from {least} to {most}: no chain", least=min(widths), most=max(widths))
            like.missing.append(message)
    if not like.over_time and not _is_chain(like):
        like.missing.append(Message("how layers follow one another: they are taken as one chain"))
    if network.cell in ("mlp", "rnn"):
        _activation(like)
    if {row.dtype for row in header.parameters if row.module in network.hidden} <= {"float32", "float16", "bfloat16"}:
        fields["dtype"] = "float32"
    known = {*network.hidden, network.output}
    owners = {row.module for row in header.parameters} - known
    beside = dict.fromkeys(row.kind for row in header.modules if row.name in owners and not row.is_norm)
    if beside:
        like.missing.append(Message("{kinds}: no experiment has such modules", kinds=", ".join(beside)))


def _cells(network: RecordedNetwork) -> Message:
    cell, width, count = network.cell.upper(), network.width, network.layers
    if count == 1:
        return Message("{cell} of {width} units", cell=cell, width=width)
    return Message("{cell} of {width} units, {count} stacked", cell=cell, width=width, count=count)


def _layers(network: RecordedNetwork) -> Message:
    if network.depth == 1:
        return Message("1 hidden layer of {width} units", width=network.width)
    return Message("{count} hidden layers of {width} units", count=network.depth, width=network.width)


def _is_chain(like: Likeness) -> bool:
    """Whether each layer gives as many numbers as the next one takes."""
    names = [name for name in (*like.network.hidden, like.network.output) if name]
    shapes = {row.module: row.shape for row in like.header.parameters if len(row.shape) == 2}
    known = [shapes[name] for name in names if name in shapes]
    return all(before[0] == after[1] for before, after in itertools.pairwise(known))


def _activation(like: Likeness) -> None:
    activation = like.network.activation or _seen(like)
    if activation is None:
        like.missing.append(Message("the activation, which is no module: {name} in its place", name="tanh"))
        activation = "tanh"
    else:
        like.taken.append(Message("activation {name}", name=activation))
    like.fields["activation"] = activation
    slopes = [row.settings.get("negative_slope") for row in like.header.modules if class_of(row) == "LeakyReLU"]
    if slopes and isinstance(slopes[0], int | float):
        like.fields["slope"] = float(slopes[0])


def _seen(like: Likeness) -> str | None:
    """Of a function that is no module: what is off, or at its ends, stands beside the layer before it."""
    rows = [k for k, call in enumerate(like.recording.calls) if call.module in like.network.hidden]
    columns = like.recording.columns.activations
    if not rows:
        return None
    off, saturated = (columns[name][:, rows] for name in ("off", "sat"))
    # gradtui's own records have both.
    if np.isfinite(off).any() and (np.nanmax(off) > 0.0 or not np.isfinite(saturated).any()):
        return "relu"
    return "tanh" if np.isfinite(saturated).any() else None


def norm(like: Likeness) -> None:
    """What normalises, and on which side of the activation."""
    if like.over_time or like.network.norm == "none":
        return
    like.fields["norm"] = like.network.norm
    kinds = [row.is_norm for row in like.header.modules if row.is_norm or class_of(row) in ACTIVATIONS]
    after = False in kinds and kinds.index(False) < kinds.index(True)
    like.fields["norm_position"] = "after" if after else "before"
    name = like.network.norm
    if after:
        like.taken.append(Message("norm {name} after each activation", name=name))
    else:
        like.taken.append(Message("norm {name} before each activation", name=name))


def residual(like: Likeness) -> None:
    """Skips, where the blocks that have them are modules: the output is not the last module's alone."""
    scales = [*_branch_scales(like)] if not like.over_time and like.recording.count else []
    known = [scale for scale in scales if scale is not None]
    if not known or 2 * len(known) <= len(scales):
        return
    blocks = {name.rpartition(".")[0] for name in like.network.hidden}
    if len(like.network.hidden) >= 2 * len(blocks & {call.module for call in like.recording.calls}) > 0:
        like.fields["residual_span"] = 2
    scale = float(np.median(known))
    if _UNSCALED[0] < scale < _UNSCALED[1]:
        like.fields["residual"] = "add"
        like.taken.append(Message("skips, to which each block is added"))
    else:
        like.fields.update({"residual": "scaled", "residual_scale": cut(scale, 3)})
        like.taken.append(Message("skips, to which each block is added times {factor}", factor=short(scale)))


def _branch_scales(like: Likeness) -> Iterator[float | None]:
    """For each block with layers in it, by what its branch is multiplied before the skip joins; None without a skip.

    The last call before a block's own is that of the last module in it. Dropout, of which no output is recorded,
    makes it 1/√(1 − p) times as large.
    """
    calls, columns = like.recording.calls, like.recording.columns.activations
    rms = columns["rms"][0]
    # Behind these an activation follows that is no module, and may keep the scale as a skip does.
    functions = np.isfinite(columns["off"][0]) | np.isfinite(columns["sat"][0]) | (like.network.activation is None)
    blocks = {
        call.module for call in calls if any(name.startswith(f"{call.module}.") for name in like.network.hidden)
    }  # fmt: skip
    outputs = [k for k, call in enumerate(calls) if call.module in blocks]
    for before, k in itertools.pairwise(outputs):
        whole, came_in = float(rms[k]), float(rms[before])
        branch = float(rms[k - 1]) / math.sqrt(1.0 - _dropped(like, calls[k].module))
        joined = math.hypot(branch, came_in)
        if not min(whole, came_in, branch) > 0.0:
            yield None
            continue
        added = whole > branch * _MORE and abs(whole / joined - 1.0) < _JOINED
        kept = not functions[k - 1] and abs(whole / came_in - 1.0) < _NEAR and abs(whole / branch - 1.0) > 2 * _NEAR
        yield math.sqrt(max(whole**2 - came_in**2, 0.0)) / branch if added or kept else None


def _dropped(like: Likeness, block: str) -> float:
    """The share that a Dropout at the end of a block leaves out."""
    inside = [row for row in like.header.modules if row.name.startswith(f"{block}.")]
    share = inside[-1].settings.get("p") if inside and "Dropout" in class_of(inside[-1]) else None
    return float(share) if isinstance(share, int | float) and 0 <= share < 1 else 0.0


def start(like: Likeness) -> None:
    """How the weights start: as they were before the first step that was recorded."""
    recording = like.recording
    if not recording.count:
        like.missing.append(Message("the scale of the weights: no step is recorded"))
        return
    norms, step = recording.columns.parameters["weight"][0], int(recording.columns.steps[0])
    found = recorded_start(
        like.header, like.network, norms, like.of(("cell", "activation", "slope")), _gates(like)
    )  # fmt: skip
    if "init" not in found.fields:
        like.missing.append(Message("the scale of the weights, of which nothing is recorded"))
        return
    like.fields.update(found.fields)
    gain = float(found.fields.get("gain", 1.0))
    if gain == 1.0:
        like.taken.append(
            Message(
                "weights as {init} draws them, by their scales at step {step}", init=found.fields["init"], step=step
            )
        )
    else:
        like.taken.append(
            Message("weights {gain} times what {init} draws, by their scales at step {step}", gain=short(gain),
                    init=found.fields["init"], step=step)
        )  # fmt: skip
    if "forget_bias" in found.fields:
        like.taken.append(Message("forget bias {value}", value=exact(found.fields["forget_bias"])))
    if found.spread > 1.0:
        like.missing.append(
            Message("the scale of each layer by itself: one is {factor} off the others", factor=times(found.spread))
        )
    if found.others:
        like.missing.append(
            Message("the initialiser's name: {names} can draw these scales, too", names=", ".join(found.others))
        )
    if not found.gate:
        like.missing.append(Message("biases that are not 0: which gate they open is not recorded"))


def _gates(like: Likeness) -> dict[str, float]:
    """The mean of each gate over the time of the first step, by its letter."""
    sequences = like.recording.sequences.get(like.network.hidden[0]) if like.network.hidden else None
    if sequences is None or not sequences.layers:
        return {}
    means = {letter: values[0][np.isfinite(values[0])] for letter, values in sequences.layers[-1].gates.items()}
    return {letter: float(values.mean()) for letter, values in means.items() if values.size}
