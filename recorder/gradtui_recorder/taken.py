"""A call of a fused recurrent module, as hooks see it: its tensors, and the gradients that arrive from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from .arrived import Arrived, Impossible, states_of
from .recurrence import MODES, Weights
from .replay import Call

PACKED: Final = "its input is a packed sequence: the gradient over time is not recorded"
PROJECTED: Final = "it has proj_size: the gradient over time is not recorded"
DROPOUT: Final = "it has dropout between its layers, whose masks cannot be seen: the gradient over time is not recorded"
QUANTISED: Final = "it is quantised: the gradient over time is not recorded"
OTHER_OUTPUT: Final = "it does not give what its class in torch.nn does: the gradient over time is not recorded"
OVERWRITTEN: Final = "its {} changed before the end of the backward pass: the gradient over time is not recorded"
SHARDED: Final = "its weights are not held after the forward pass: the gradient over time is not recorded"


class Taken:
    """One call of an nn.LSTM, nn.GRU or nn.RNN. Raises Impossible where it cannot be replayed."""

    def __init__(self, module: Any, inputs: Mapping[str, Any], output: Any, counts: Callable[[], bool]) -> None:
        if reason := _reason_against(module, inputs, output):
            raise Impossible(reason)
        self.mode, self.directions = module.mode, 2 if module.bidirectional else 1
        self.biased, self.batch_first = bool(module.bias), bool(module.batch_first)
        self.input, self.output, self.state = inputs["input"], output[0].detach(), inputs.get("hx")
        #: What was given to the kernel: an attribute may be another tensor by the end of the step.
        self.weights = tuple(module._flat_weights)
        self.states = states_of(output[1])
        self.batched = self.input.dim() == 3
        self.samples = self.input.shape[0 if self.batch_first else 1] if self.batched else 1
        times = self.input.shape[1 if self.batch_first and self.batched else 0]
        #: Of hidden state, that a sample has at all times in all layers.
        self.numbers = max(1, times * self.states[0].shape[0] * self.states[0].shape[-1])
        self.arrived = Arrived(counts)
        self.arrived.listen("output", output[0])
        for key, state in zip(("hidden", "cell"), self.states, strict=False):
            self.arrived.listen(key, state)
        self.input = self.input.detach()
        self._versions = [(name, tensor, tensor._version) for name, tensor in self._read()]
        self._output_version = self.output._version

    def call(self, samples: int | None) -> Call | None:
        """The call with the first samples of the batch (None: all), in float32 at least; None: no gradient arrived."""
        gradients = self.arrived.known()
        if not gradients:
            return None
        for name, tensor, version in self._versions:
            if tensor._version != version:
                raise Impossible(OVERWRITTEN.format(name))
        if any(not weight.untyped_storage().size() for weight in self.weights):
            raise Impossible(SHARDED)
        dtype = torch.float64 if self.output.dtype == torch.float64 else torch.float32

        def over_time(tensor: Any) -> Any:
            if tensor is None:
                return None
            if not self.batched:
                return tensor.unsqueeze(1).to(dtype)
            timed = tensor.transpose(0, 1) if self.batch_first else tensor
            return timed[:, :samples].to(dtype).contiguous()

        def state(tensor: Any) -> Any:
            if tensor is None:
                return None
            return (tensor.detach()[:, :samples] if self.batched else tensor.detach().unsqueeze(1)).to(dtype)

        weights = [weight.detach().to(dtype) for weight in self.weights]
        blocks = 4 if self.biased else 2
        rows = [Weights(*weights[at : at + blocks]) for at in range(0, len(weights), blocks)]
        given = over_time(self.input)
        states = 1 + MODES[self.mode].has_cell
        if self.state is None:
            width = rows[0].hidden.shape[1]
            first = [given.new_zeros(len(rows), given.shape[1], width)] * states
        else:
            first = [state(tensor) for tensor in states_of(self.state)]
        return Call(
            self.mode,
            self.directions,
            rows,
            given,
            first[0],
            first[1] if states == 2 else None,
            # Changed in place since, as by an activation: the last layer runs again too.
            over_time(self.output) if self.output._version == self._output_version else None,
            over_time(gradients.get("output")),
            state(gradients.get("hidden")),
            state(gradients.get("cell")),
        )

    def _read(self) -> list[tuple[str, Tensor]]:
        """What the replay reads beside the output."""
        states = states_of(self.state) if self.state is not None else ()
        named = [("input", self.input), *(("initial state", state) for state in states)]
        return named + [("weights", weight) for weight in self.weights]


def quantised(module: Any) -> bool:
    """Whether it is one of torch's quantised recurrent modules, which are no subclasses of nn.RNNBase."""
    return "quantized" in type(module).__module__ and hasattr(module, "hidden_size")


def _reason_against(module: Any, inputs: Mapping[str, Any], output: Any) -> str | None:
    if quantised(module):
        return QUANTISED
    if isinstance(inputs.get("input"), PackedSequence):
        return PACKED
    if module.proj_size:
        return PROJECTED
    if module.dropout and module.num_layers > 1 and module.training:
        return DROPOUT
    pair = isinstance(output, tuple) and len(output) == 2 and isinstance(output[0], Tensor)
    states = states_of(output[1]) if pair else ()
    width = module.hidden_size * (2 if module.bidirectional else 1)
    like_torch = pair and output[0].shape[-1] == width and len(states) == 1 + MODES[module.mode].has_cell
    if not like_torch or not isinstance(inputs.get("input"), Tensor) or inputs["input"].dim() not in (2, 3):
        return OTHER_OUTPUT
    return SHARDED if any(hasattr(weight, "to_local") for weight in module._flat_weights) else None
