"""The replay of fused recurrent modules equals autograd over the same equations written out, at every time step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from gradtui_recorder.recurrence import Backwards
from gradtui_recorder.replay import Replay, replayed
from gradtui_recorder.taken import Taken
from tests.recorder.unfused import Unfused, unfused

torch.set_num_threads(1)

INPUTS, WIDTH, TIME, BATCH = 3, 5, 7, 4
#: What the issue asks for; float64's is some roundings of products of ten numbers, over seven steps and three layers.
EXACT = {torch.float64: 1e-12, torch.float32: 1e-5}

MODULES: dict[str, Callable[..., nn.RNNBase]] = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "rnn": nn.RNN,
    "rnn-relu": lambda *given, **named: nn.RNN(*given, nonlinearity="relu", **named),
}
#: output (time, batch, width), last h and c (layers · directions, batch, width) → loss.
Readout = Callable[[Tensor, Tensor, Tensor], Tensor]
READOUTS: dict[str, Readout] = {
    "last h": lambda output, h, c: (h[-1].sin() * 3).sum(),
    "all outputs": lambda output, h, c: (output.sin() * _ramp(output)).mean(),
    "c, h of all layers": lambda output, h, c: (c.sin() * 2).sum() + (h.cos() * _ramp(h)).sum(),
    "last output": lambda output, h, c: output[-1].sin().sum(),
}


def _ramp(tensor: Tensor) -> Tensor:
    """A weight of its own for each number, so that no two can be mistaken for each other."""
    return torch.linspace(-1, 2, tensor.numel(), dtype=tensor.dtype).view(tensor.shape)


def _pair(output: Tensor, state: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    h, c = state if isinstance(state, tuple) else (state, state)
    return output, h, c


def _states(module: nn.RNNBase, batch: int, *, given: bool) -> list[Tensor]:
    """First h and c, which want a gradient, of the same numbers each time."""
    shape = (module.num_layers * (1 + module.bidirectional), batch, module.hidden_size)
    dtype = module.weight_ih_l0.dtype
    generator = torch.Generator().manual_seed(5)
    drawn = [torch.randn(shape, generator=generator, dtype=dtype) * given for _ in range(2)]
    return [state.requires_grad_() for state in drawn]


def _replay_and_oracle(
    module: nn.RNNBase, readout: Readout, *, given: bool = True, batched: bool = True
) -> tuple[Replay, Unfused]:
    batch = BATCH if batched else 1
    inputs = torch.randn(TIME, batch, INPUTS, dtype=module.weight_ih_l0.dtype)
    first = module.batch_first

    def as_module(tensor: Tensor) -> Tensor:
        return (tensor.transpose(0, 1) if first else tensor) if batched else tensor.squeeze(1)

    def as_oracle(tensor: Tensor) -> Tensor:
        return (tensor.transpose(0, 1) if first else tensor) if batched else tensor.unsqueeze(1)

    h, c = _states(module, batch, given=given)
    state = (h, c) if module.mode == "LSTM" else h
    if not batched:
        state = tuple(one.squeeze(1) for one in (h, c)) if module.mode == "LSTM" else h.squeeze(1)
    named = {"input": as_module(inputs)} | ({"hx": state} if given else {})
    output = module(**named)
    taken = Taken(module, named, output, lambda: True)
    states = output[1] if isinstance(output[1], tuple) else (output[1],)
    batched_states = tuple(one if batched else one.unsqueeze(1) for one in states)
    readout(*_pair(as_oracle(output[0]), batched_states[0] if len(states) == 1 else batched_states)).backward()
    call = taken.call(None)
    assert call is not None
    oracle = unfused(module, inputs, *_states(module, batch, given=given))
    readout(oracle.output, oracle.hidden, oracle.cell if module.mode == "LSTM" else oracle.hidden).backward()
    return replayed(call), oracle


def _assert_equal(seen: list[Tensor], oracle: list[Tensor], exact: float) -> None:
    """Each time step by itself: relative to the largest number of that step, so that a vanished one counts as well."""
    for time, (one, other) in enumerate(zip(seen, oracle, strict=True)):
        apart, size = (one - other).abs().max().item(), other.abs().max().item()
        assert apart <= exact * size, (time, apart, size)


def _assert_replay(replay: Replay, oracle: Unfused, dtype: torch.dtype) -> None:
    exact = EXACT[dtype]
    for one, other in zip(replay.directions, oracle.directions, strict=True):
        _assert_equal(list(one.hidden), [_gradient(h) for h in other.hidden], exact)
        if one.cell is not None:
            _assert_equal(list(one.cell), [_gradient(c) for c in other.cell], exact)
        assert one.gates.keys() == other.gates.keys()
        for letter, values in other.gates.items():
            _assert_equal(list(one.gates[letter]), values, exact)
    # The last layer's output is what follows from the state before, but for rounding.
    assert replay.deviation.item() <= exact


def _gradient(state: Tensor) -> Tensor:
    return torch.zeros_like(state) if state.grad is None else state.grad


@pytest.mark.parametrize("dtype", EXACT, ids=str)
@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("name", MODULES)
def test_equals_unfused_autograd(name: str, readout: str, dtype: torch.dtype) -> None:
    for layers, bidirectional, batch_first in product((1, 2, 3), (False, True), (False, True)):
        torch.manual_seed(layers)
        module = MODULES[name](INPUTS, WIDTH, layers, bidirectional=bidirectional, batch_first=batch_first, dtype=dtype)
        _assert_replay(*_replay_and_oracle(module, READOUTS[readout]), dtype)


@pytest.mark.parametrize("given", [True, False], ids=["state given", "no state given"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("batched", [True, False], ids=["batch", "one sequence"])
@pytest.mark.parametrize("name", MODULES)
def test_bias_state_and_batch_may_be_missing(name: str, batched: bool, bias: bool, given: bool) -> None:
    torch.manual_seed(1)
    module = MODULES[name](INPUTS, WIDTH, 2, bias=bias, bidirectional=True, batch_first=True, dtype=torch.float64)
    found = _replay_and_oracle(module, READOUTS["all outputs"], given=given, batched=batched)
    _assert_replay(*found, torch.float64)


@pytest.mark.parametrize("name", MODULES)
def test_gradient_of_recurrent_weights_follows(name: str) -> None:
    """Σ_t δ_t h_{t-1}ᵀ is what autograd of the fused module has, of each layer and direction."""
    torch.manual_seed(2)
    module = MODULES[name](INPUTS, WIDTH, 2, bidirectional=True, dtype=torch.float64)
    replay, _ = _replay_and_oracle(module, READOUTS["all outputs"])
    module.zero_grad()
    torch.manual_seed(2)
    MODULES[name](INPUTS, WIDTH, 2, bidirectional=True, dtype=torch.float64)  # draws as much as the first one did
    inputs = torch.randn(TIME, BATCH, INPUTS, dtype=torch.float64)
    h, c = _states(module, BATCH, given=True)
    output = _pair(*module(inputs, (h, c) if name == "lstm" else h))
    READOUTS["all outputs"](*output).backward()
    suffixes = ["l0", "l0_reverse", "l1", "l1_reverse"]
    for one, suffix in zip(replay.directions, suffixes, strict=True):
        real = getattr(module, f"weight_hh_{suffix}").grad
        torch.testing.assert_close(one.weight_gradient(), real, rtol=1e-12, atol=1e-15)


def test_constant_error_carousel() -> None:
    """An LSTM whose forget gates are all 1 and input gates all 0 carries ∂L/∂c unchanged through all of time."""
    module = nn.LSTM(INPUTS, WIDTH, dtype=torch.float64)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        module.bias_ih_l0[WIDTH : 2 * WIDTH] = 50.0
        module.bias_ih_l0[:WIDTH] = -50.0
        module.bias_ih_l0[3 * WIDTH :] = -50.0
    replay, _ = _replay_and_oracle(module, lambda output, h, c: (c * _ramp(c)).sum())
    cells = _only(replay).cell
    assert cells is not None
    assert torch.equal(cells, cells[-1].expand_as(cells))


def test_relu_layer_that_is_off_passes_nothing() -> None:
    module = nn.RNN(INPUTS, WIDTH, nonlinearity="relu", dtype=torch.float64)
    with torch.no_grad():
        module.bias_ih_l0.fill_(-100.0)
    replay, _ = _replay_and_oracle(module, READOUTS["all outputs"])
    assert not _only(replay).hidden[0].any()
    assert replay.deviation.item() == 0


def test_a_wrong_gradient_is_caught() -> None:
    """The comparison itself: a thousandth too much at one time step is not equal."""
    torch.manual_seed(3)
    replay, oracle = _replay_and_oracle(nn.GRU(INPUTS, WIDTH, dtype=torch.float64), READOUTS["last h"])
    _only(replay).hidden[2].mul_(1.001)
    with pytest.raises(AssertionError):
        _assert_replay(replay, oracle, torch.float64)


def _only(replay: Replay) -> Backwards:
    (direction,) = replay.directions
    return direction
