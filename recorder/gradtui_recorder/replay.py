"""∂L/∂h_t and ∂L/∂c_t of a fused nn.LSTM, nn.GRU or nn.RNN at every t = 0 … T, exactly, from one training step.

A fused module shows its last layer's h_t, and a hook on its output shows what arrives there from above, which is 0 at
every t < T where only the last output is read. The total derivative follows: lower layers run again, one by one, as
their h_t are not seen from outside; then each layer, the last first, goes backwards in time (`recurrence`).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .recurrence import MODES, Backwards, Mode, Pass, Weights


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of a call of a module, all of one dtype.

    mode: a key of MODES. weights: of each layer and direction, as states (layers · directions, batch, width) are
    ordered. input: (time, batch, inputs). output: (time, batch, directions · width), None where it is not known any
    more. above, last_hidden, last_cell: the gradients that arrived at the output and at the last states from outside of
    the module; None is 0.
    """

    mode: str
    directions: int
    weights: Sequence[Weights]
    input: Tensor
    first_hidden: Tensor
    first_cell: Tensor | None
    output: Tensor | None
    above: Tensor | None = None
    last_hidden: Tensor | None = None
    last_cell: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """The gradients of each layer, the lowest first, and of each direction within it.

    deviation: the largest |h_t - what follows from h_{t-1}| of the last layer over its largest |h_t|. It is rounding,
    or the output that was seen is not what the equations make of the input: then no gradient here is right.
    """

    directions: list[Backwards]
    deviation: Tensor


def replayed(call: Call) -> Replay:
    """The gradients of a call: O(layers · time) products of a batch with W_hh, one after the other."""
    with torch.no_grad(), torch.autocast(call.input.device.type, enabled=False):
        outputs = _outputs(call, MODES[call.mode])
        return _backwards(call, MODES[call.mode], outputs)


def _outputs(call: Call, mode: Mode) -> list[Tensor]:
    """What each layer gives; what the last one gave is known."""
    outputs: list[Tensor] = []
    layers = len(call.weights) // call.directions
    for layer in range(layers):
        if layer == layers - 1 and call.output is not None:
            outputs.append(call.output)
            continue
        of = slice(layer * call.directions, (layer + 1) * call.directions)
        first: Tensor | tuple[Tensor, Tensor] = call.first_hidden[of].contiguous()
        if call.first_cell is not None:
            first = (first, call.first_cell[of].contiguous())
        weights = [tensor for direction in call.weights[of] for tensor in direction.flat]
        biased, bidirectional = call.weights[0].input_bias is not None, call.directions == 2
        given = outputs[-1] if outputs else call.input
        with warnings.catch_warnings():
            # On CUDA: the weights of one layer are no contiguous chunk of memory. Nobody can do anything about it.
            warnings.simplefilter("ignore")
            # One layer without dropout, not in training: nothing of it is random.
            outputs.append(mode.forward(given, first, weights, biased, 1, 0.0, False, bidirectional, False)[0])
    return outputs


def _backwards(call: Call, mode: Mode, outputs: Sequence[Tensor]) -> Replay:
    layers: list[list[Backwards]] = []
    above = call.above
    for layer in reversed(range(len(outputs))):
        directions: list[Backwards] = []
        below: Tensor | None = None
        halves = outputs[layer].chunk(call.directions, 2)
        parts = (None,) * call.directions if above is None else above.chunk(call.directions, 2)
        for direction in range(call.directions):
            at = layer * call.directions + direction
            known = Pass(
                outputs[layer - 1] if layer else call.input,
                call.first_hidden[at],
                None if call.first_cell is None else call.first_cell[at],
                halves[direction],
                parts[direction],
                None if call.last_hidden is None else call.last_hidden[at],
                None if call.last_cell is None else call.last_cell[at],
                call.weights[at],
            )
            gradients = mode.backwards(_reversed(known) if direction else known)
            directions.append(gradients)
            if layer:
                arriving = gradients.input_gradient(call.weights[at])
                arriving = arriving.flip(0) if direction else arriving
                below = arriving if below is None else below + arriving
        layers.append(directions)
        above = below
    last = layers[0]
    seen = [half.flip(0) if direction else half for direction, half in enumerate(outputs[-1].chunk(call.directions, 2))]
    return Replay([gradients for layer in reversed(layers) for gradients in layer], _deviation(last, seen))


def _reversed(known: Pass) -> Pass:
    """The pass in the order in which its direction took its steps."""
    above = None if known.above is None else known.above.flip(0)
    return replace(known, input=known.input.flip(0), output=known.output.flip(0), above=above)


def _deviation(last: Sequence[Backwards], seen: Sequence[Tensor]) -> Tensor:
    """How far the last layer's h_t are from what follows from h_{t-1}: the worst direction's."""
    apart = torch.stack([(one.recomputed - h).abs().amax() for one, h in zip(last, seen, strict=True)]).amax()
    largest = torch.stack([h.abs().amax() for h in seen]).amax()
    # All of it 0 (every ReLU is off) is right where 0 follows: 0/0 must not be NaN.
    return torch.where(apart == 0, apart, apart / largest)
