"""`seq` of a step line: from hooks on recurrent modules in a training step; where it cannot be had, a note."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.checkpoint import checkpoint

from gradtui_recorder import fused
from gradtui_recorder.arrived import DIFFERENTIATED
from gradtui_recorder.fused import CHANGED
from gradtui_recorder.schema import written
from gradtui_recorder.sequences import AGAIN, SAMPLES, Sequences
from gradtui_recorder.taken import DROPOUT, OVERWRITTEN, PACKED, PROJECTED, QUANTISED
from tests.recorder.unfused import unfused

torch.set_num_threads(1)

INPUTS, WIDTH, TIME, BATCH = 3, 5, 6, 4
#: A line has five digits.
DIGITS = 1e-4


@dataclass
class _AtOnce:
    """Brings each number at once."""

    scale: float

    def put(self, tensor: Tensor, into: Any, key: Any, *, factor: float = 1.0, scaled: bool = False) -> None:
        divisor = self.scale if scaled else 1.0
        values = (tensor.double() * factor / divisor).tolist()
        into[key] = [written(value) for value in values] if isinstance(values, list) else written(values)


@dataclass
class Step:
    """A training step around modules, as the recorder makes one."""

    modules: Mapping[str, nn.Module]
    whole: bool = True
    shared: frozenset[int] = frozenset()
    notes: list[tuple[str, str]] = field(default_factory=list)
    counts: bool = False

    def __post_init__(self) -> None:
        self.sequences = Sequences(lambda text, name: self.notes.append((text, name)), lambda: self.counts, self.shared)
        self.sequences.begin(self.whole)
        for index, (name, module) in enumerate(self.modules.items()):
            hook = self._hook(index, name)
            module.register_forward_hook(hook, with_kwargs=True)

    def _hook(self, index: int, name: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
            if torch.is_grad_enabled():
                self.sequences.called(index, name, module, given, named, output)

        return hook

    @contextmanager
    def counted(self) -> Iterator[None]:
        self.counts = True
        yield
        self.counts = False
        self.sequences.backward_done()

    def backward(self, loss: Tensor, **named: Any) -> None:
        with self.counted():
            loss.backward(**named)

    def rows(self, scale: float | None = None) -> list[dict[str, Any]]:
        line: dict[str, Any] = {}
        finish = self.sequences.put(_AtOnce(scale or 1.0), line)
        finish()
        rows: list[dict[str, Any]] = line.get("seq", [])
        return rows

    @property
    def said(self) -> list[str]:
        return [text for text, _ in self.notes]


def _norms(states: list[Tensor], samples: slice = slice(None)) -> list[float]:
    return [0.0 if h.grad is None else h.grad[samples].norm().item() for h in states]


def _lstm(layers: int = 1, **named: Any) -> nn.LSTM:
    torch.manual_seed(layers)
    return nn.LSTM(INPUTS, WIDTH, layers, dtype=torch.float64, **named)


def _inputs(batch: int = BATCH, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(TIME, batch, INPUTS, generator=torch.Generator().manual_seed(7), dtype=torch.float64).to(dtype)


def _zeros(module: nn.RNNBase, batch: int = BATCH) -> Tensor:
    count = module.num_layers * (1 + module.bidirectional)
    return torch.zeros(count, batch, module.hidden_size, dtype=torch.float64)


def test_row_has_norms_over_batch_and_width_at_every_time() -> None:
    module = _lstm(2, bidirectional=True)
    step = Step({"encoder": module})
    output, _ = module(_inputs())
    step.backward(output[-1].sin().sum())
    (row,) = step.rows()
    oracle = unfused(module, _inputs(), _zeros(module), _zeros(module))
    oracle.output[-1].sin().sum().backward()
    assert (row["m"], row["of"]) == (0, [BATCH, BATCH])
    assert [(one["layer"], one["reverse"]) for one in row["l"]] == [(0, False), (0, True), (1, False), (1, True)]
    for one, other in zip(row["l"], oracle.directions, strict=True):
        assert one["h"] == pytest.approx(_norms(other.hidden), rel=DIGITS)
        assert one["c"] == pytest.approx(_norms(other.cell), rel=DIGITS)
        for letter in "ifo":
            assert one[letter] == pytest.approx([gate.mean().item() for gate in other.gates[letter]], rel=DIGITS)
    assert len(row["l"][0]["h"]) == TIME + 1
    assert row["check"] < 1e-12
    assert not step.notes


def test_first_samples_of_a_large_batch_and_no_check_after_the_first_step() -> None:
    module = _lstm()
    batch = SAMPLES + 5
    step = Step({"lstm": module}, whole=False)
    step.backward(module(_inputs(batch))[0][-1].sin().sum())
    (row,) = step.rows()
    oracle = unfused(module, _inputs(batch), _zeros(module, batch), _zeros(module, batch))
    oracle.output[-1].sin().sum().backward()
    assert row["of"] == [SAMPLES, batch]
    assert row["l"][0]["h"] == pytest.approx(_norms(oracle.directions[0].hidden, slice(SAMPLES)), rel=DIGITS)
    assert row["check"] is None


def test_long_sequences_are_replayed_of_as_many_samples_as_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    module = _lstm(2)
    monkeypatch.setattr(fused, "MOST_NUMBERS", 2 * TIME * 2 * WIDTH + 1)  # of two samples
    step = Step({"lstm": module})
    step.backward(module(_inputs())[0][-1].sin().sum())
    (row,) = step.rows()
    oracle = unfused(module, _inputs(), _zeros(module), _zeros(module))
    oracle.output[-1].sin().sum().backward()
    assert row["of"] == [2, BATCH]
    assert row["l"][0]["h"] == pytest.approx(_norms(oracle.directions[0].hidden, slice(2)), rel=DIGITS)
    assert row["check"] is None


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_first_states_that_are_learned(kind: type[nn.RNNBase]) -> None:
    """Parameters of one row, expanded to the batch: ∂L/∂h_0 is that of each sample, before the sum over them."""
    torch.manual_seed(4)
    module = kind(INPUTS, WIDTH, dtype=torch.float64)
    learned = [nn.Parameter(torch.randn(1, 1, WIDTH, dtype=torch.float64)) for _ in range(2)]
    h, c = (one.expand(1, BATCH, WIDTH) for one in learned)
    step = Step({"rnn": module})
    output, _ = module(_inputs(), (h, c) if kind is nn.LSTM else h)
    step.backward(output[-1].sin().sum())
    (row,) = step.rows()
    oracle = unfused(module, _inputs(), *(one.detach().clone() for one in (h, c)))
    oracle.output[-1].sin().sum().backward()
    assert row["l"][0]["h"] == pytest.approx(_norms(oracle.directions[0].hidden), rel=DIGITS)
    first = oracle.directions[0].hidden[0].grad
    assert first is not None
    torch.testing.assert_close(learned[0].grad, first.sum(0).view(1, 1, WIDTH))
    assert row["check"] < 1e-12


def test_loss_scale_is_taken_out_of_gradients_alone() -> None:
    rows = []
    for scale in (1.0, 1024.0):
        module = _lstm()
        step = Step({"lstm": module})
        step.backward(module(_inputs())[0][-1].sin().sum() * scale)
        rows += step.rows(scale)
    assert rows[0]["l"] == rows[1]["l"]


def test_gradients_of_several_backward_passes_add_up() -> None:
    rows = []
    for apart in (True, False):
        module = _lstm()
        step = Step({"lstm": module})
        output, (h, _) = module(_inputs())
        losses = output[1].sin().sum(), h.cos().sum()
        if apart:
            step.backward(losses[0], retain_graph=True)
            step.backward(losses[1])
        else:
            step.backward(losses[0] + losses[1])
        rows += step.rows()
    assert rows[0]["l"][0]["h"] == pytest.approx(rows[1]["l"][0]["h"], rel=DIGITS)
    assert max(row["check"] for row in rows) < 1e-12


def test_gradient_that_the_training_asks_for_is_not_counted() -> None:
    module = _lstm()
    step = Step({"lstm": module})
    output, _ = module(_inputs())
    torch.autograd.grad(output.sum(), list(module.parameters()), retain_graph=True)
    step.backward(output[-1].sin().sum())
    (row,) = step.rows()
    oracle = unfused(module, _inputs(), _zeros(module), _zeros(module))
    oracle.output[-1].sin().sum().backward()
    assert row["l"][0]["h"] == pytest.approx(_norms(oracle.directions[0].hidden), rel=DIGITS)


def test_what_a_training_makes_of_the_gradient_at_the_output_counts() -> None:
    """A hook that clips the gradient there, registered after ours: what the weights get is what is recorded."""
    module = _lstm()
    step = Step({"lstm": module})
    output, _ = module(_inputs())
    output.register_hook(lambda gradient: gradient.clamp(-0.01, 0.01))
    step.backward((output * 3).sum())
    (row,) = step.rows()
    assert row["check"] < 1e-12
    above = torch.full((BATCH, WIDTH), 0.01, dtype=torch.float64)
    assert row["l"][0]["h"][-1] == pytest.approx(above.norm().item(), rel=DIGITS)


def test_output_changed_in_place_is_replayed_too() -> None:
    module = nn.RNN(INPUTS, WIDTH, 2, dtype=torch.float64)
    step = Step({"rnn": module})
    output, _ = module(_inputs())
    output.mul_(2)
    step.backward(output[-1].sin().sum())
    (row,) = step.rows()
    oracle = unfused(module, _inputs(), _zeros(module), _zeros(module))
    (oracle.output * 2)[-1].sin().sum().backward()
    assert row["l"][1]["h"] == pytest.approx(_norms(oracle.directions[1].hidden), rel=DIGITS)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision_is_replayed_in_float32(dtype: torch.dtype) -> None:
    torch.manual_seed(6)
    module = nn.GRU(INPUTS, WIDTH, 2)
    oracle = unfused(module.double(), _inputs(), _zeros(module), _zeros(module))
    oracle.output[-1].sin().sum().backward()
    exact = _norms(oracle.directions[0].hidden)
    module.to(dtype)
    step = Step({"gru": module})
    step.backward(module(_inputs(dtype=dtype))[0][-1].float().sin().sum())
    (row,) = step.rows()
    # bfloat16 has eight bits: weights, states and the arriving gradient are off by 0.4 %, and errors add up over time.
    assert row["l"][0]["h"] == pytest.approx(exact, rel=0.05)
    assert row["check"] < 0.05
    assert not step.notes


def test_autocast_is_replayed_in_float32() -> None:
    torch.manual_seed(6)
    module = nn.LSTM(INPUTS, WIDTH)
    step = Step({"lstm": module})
    with torch.autocast("cpu", torch.bfloat16):
        loss = module(_inputs(dtype=torch.float32))[0][-1].float().sin().sum()
        step.backward(loss)  # within autocast, as some trainings have it
    (row,) = step.rows()
    assert row["check"] < 0.05
    oracle = unfused(module.double(), _inputs(), _zeros(module), _zeros(module))
    oracle.output[-1].sin().sum().backward()
    assert row["l"][0]["h"] == pytest.approx(_norms(oracle.directions[0].hidden), rel=0.05)


@pytest.mark.parametrize("reentrant", [True, False])
def test_within_activation_checkpointing(reentrant: bool) -> None:
    module = _lstm()
    step = Step({"lstm": module})
    inputs = _inputs().requires_grad_()
    output = checkpoint(lambda x: module(x)[0], inputs, use_reentrant=reentrant)
    step.backward(output[-1].sin().sum())
    (row,) = step.rows()
    oracle = unfused(module, _inputs(), _zeros(module), _zeros(module))
    oracle.output[-1].sin().sum().backward()
    assert row["l"][0]["h"] == pytest.approx(_norms(oracle.directions[0].hidden), rel=DIGITS)
    assert not step.notes


def test_loop_of_single_steps_is_one_sequence() -> None:
    """As a decoder calls a fused module: the same line as one call for all times."""
    rows = []
    for loop in (True, False):
        module = _lstm(2)
        step = Step({"decoder": module})
        state = None
        outputs = []
        for x in _inputs().split(1) if loop else [_inputs()]:
            output, state = module(x, state)
            outputs.append(output)
        step.backward(torch.cat(outputs).sin().mean())
        rows += step.rows()
        assert not step.notes
    for one, other in zip(rows[0]["l"], rows[1]["l"], strict=True):
        for column in ("h", "c", "i", "f", "o"):
            assert one[column] == pytest.approx(other[column], rel=DIGITS)
    assert rows[0]["check"] < 1e-12


def test_second_sequence_in_a_step_is_left_out_with_a_note() -> None:
    module = _lstm()
    step = Step({"twin": module})
    outputs = [module(inputs)[0][-1] for inputs in (_inputs(), -_inputs())]
    step.backward((outputs[0] - outputs[1]).square().sum())
    (row,) = step.rows()
    halves = [unfused(module, inputs, _zeros(module), _zeros(module)) for inputs in (_inputs(), -_inputs())]
    (halves[0].output[-1] - halves[1].output[-1]).square().sum().backward()
    assert row["l"][0]["h"] == pytest.approx(_norms(halves[0].directions[0].hidden), rel=DIGITS)
    assert row["check"] is None
    assert step.notes == [(AGAIN, "twin")]


def test_second_micro_batch_needs_no_note() -> None:
    module = _lstm()
    step = Step({"lstm": module})
    for inputs in (_inputs(), -_inputs()):
        step.backward(module(inputs)[0][-1].sin().sum())
    (row,) = step.rows()
    assert row["check"] < 1e-12
    assert not step.notes


def test_sequence_that_the_loss_does_not_depend_on_is_passed_over() -> None:
    """As of a validation with gradients on before the step's own forward pass."""
    module = _lstm()
    step = Step({"lstm": module})
    module(-_inputs())
    step.backward(module(_inputs())[0][-1].sin().sum())
    (row,) = step.rows()
    oracle = unfused(module, _inputs(), _zeros(module), _zeros(module))
    oracle.output[-1].sin().sum().backward()
    assert row["l"][0]["h"] == pytest.approx(_norms(oracle.directions[0].hidden), rel=DIGITS)
    assert row["check"] < 1e-12
    assert not step.notes


def test_cleared_gradient_is_forgotten() -> None:
    """As where a step is taken twice (sharpness-aware minimisation): the second gradient is the step's."""
    module = _lstm()
    step = Step({"lstm": module})
    step.backward(module(-_inputs())[0][-1].sin().sum())
    output = module(_inputs())[0]
    step.sequences.forget()
    step.backward(output[-1].sin().sum())
    (row,) = step.rows()
    oracle = unfused(module, _inputs(), _zeros(module), _zeros(module))
    oracle.output[-1].sin().sum().backward()
    assert row["l"][0]["h"] == pytest.approx(_norms(oracle.directions[0].hidden), rel=DIGITS)
    assert row["check"] < 1e-12


def test_weights_of_two_modules_are_not_compared() -> None:
    one, other = _lstm(), _lstm()
    other.weight_hh_l0 = one.weight_hh_l0
    step = Step({"one": one, "other": other}, shared=frozenset({id(one.weight_hh_l0)}))
    step.backward((one(_inputs())[0] + other(_inputs())[0])[-1].sin().sum())
    assert [row["check"] for row in step.rows()] == [None, None]


class _LayerNormed(nn.LSTM):
    def forward(self, input: Tensor, hx: Any = None) -> Any:
        output, state = super().forward(input, hx)
        return nn.functional.layer_norm(output, output.shape[-1:]), state


class _Named(nn.LSTM):
    def forward(self, input: Tensor, hx: Any = None) -> Any:
        return super().forward(input, hx)


def test_subclass_that_changes_nothing_is_replayed() -> None:
    module = _Named(INPUTS, WIDTH, dtype=torch.float64)
    step = Step({"lstm": module})
    step.backward(module(_inputs())[0][-1].sin().sum())
    assert step.rows()[0]["check"] < 1e-12


IMPOSSIBLE: dict[str, tuple[Callable[[], nn.RNNBase], str]] = {
    "proj_size": (lambda: _lstm(proj_size=2), PROJECTED),
    "dropout": (lambda: _lstm(2, dropout=0.5), DROPOUT),
    "subclass": (lambda: _LayerNormed(INPUTS, WIDTH, dtype=torch.float64), CHANGED),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_done_is_a_note_and_no_row(name: str) -> None:
    make, note = IMPOSSIBLE[name]
    module = make()
    step = Step({"lstm": module})
    step.backward(module(_inputs())[0][-1].sin().sum())
    assert step.rows() == []
    assert step.notes == [(note, "lstm")]


def test_dropout_that_is_off_or_between_no_layers_is_replayed() -> None:
    for module in (_lstm(2, dropout=0.5).eval(), _lstm(1)):
        step = Step({"lstm": module})
        step.backward(module(_inputs())[0][-1].sin().sum())
        assert step.rows()[0]["check"] < 1e-12


def test_packed_sequence_is_a_note() -> None:
    module = _lstm()
    step = Step({"lstm": module})
    packed = pack_padded_sequence(_inputs(), torch.tensor([6, 5, 4, 2]))
    step.backward(module(packed)[1][0].sum())
    assert step.rows() == []
    assert step.said == [PACKED]


def test_weights_changed_before_the_replay_are_a_note() -> None:
    """As where each parameter is updated within the backward pass."""
    module = _lstm()
    step = Step({"lstm": module})

    def update(parameter: Tensor) -> None:
        with torch.no_grad():
            parameter.sub_(parameter.grad)

    for parameter in module.parameters():
        parameter.register_post_accumulate_grad_hook(update)
    step.backward(module(_inputs())[0][-1].sin().sum())
    assert step.rows() == []
    assert step.said == [OVERWRITTEN.format("weights")]


def test_weights_replaced_since_are_not_mistaken() -> None:
    """As a dropout of weights does at each call: the replay takes the tensors that the kernel got."""
    module = _lstm()
    step = Step({"lstm": module})
    output, _ = module(_inputs())
    kept = [parameter.detach().clone() for parameter in module.parameters()]
    module.weight_hh_l0 = nn.Parameter(torch.zeros_like(module.weight_hh_l0))
    step.backward(output[-1].sin().sum())
    (row,) = step.rows()
    other = _lstm()
    for parameter, value in zip(other.parameters(), kept, strict=True):
        torch.testing.assert_close(parameter.detach(), value)
    oracle = unfused(other, _inputs(), _zeros(other), _zeros(other))
    oracle.output[-1].sin().sum().backward()
    assert row["l"][0]["h"] == pytest.approx(_norms(oracle.directions[0].hidden), rel=DIGITS)


def test_gradient_of_a_gradient_is_a_note() -> None:
    module = nn.GRU(INPUTS, WIDTH, dtype=torch.float64)
    step = Step({"gru": module})
    inputs = _inputs().requires_grad_()
    loss = module(inputs)[0][-1].sin().sum()
    (slope,) = torch.autograd.grad(loss, inputs, create_graph=True)
    step.backward(loss + slope.square().sum())
    assert step.rows() == []
    assert step.said == [DIFFERENTIATED]


def test_quantised_module_is_a_note() -> None:
    module = torch.ao.nn.quantizable.LSTM(INPUTS, WIDTH)  # its cells are modules by themselves, and trained
    assert not Sequences.takes(module)
    notes: list[str] = []
    sequences = Sequences(lambda text, name: notes.append(text), lambda: True)
    quantised = type("LSTM", (nn.Module,), {"__module__": "torch.ao.nn.quantized.dynamic.modules.rnn"})()
    quantised.hidden_size = WIDTH
    assert Sequences.takes(quantised)
    sequences.called(0, "lstm", quantised, (_inputs(),), {}, (_inputs(), None))
    assert notes == [QUANTISED]


@pytest.mark.parametrize("kind", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
def test_cell_in_a_loop_is_a_sequence(kind: type[nn.RNNCellBase]) -> None:
    torch.manual_seed(8)
    cell = kind(INPUTS, WIDTH, dtype=torch.float64)
    step = Step({"cell": cell})
    h = torch.zeros(BATCH, WIDTH, dtype=torch.float64)
    state: Any = (h, torch.zeros_like(h)) if kind is nn.LSTMCell else h
    seen: list[tuple[Tensor, ...]] = []
    for x in _inputs():
        state = cell(x, state)
        states = state if isinstance(state, tuple) else (state,)
        for one in states:
            one.retain_grad()
        seen.append(states)
    step.backward(seen[-1][0].sin().sum() + seen[2][0].cos().sum())
    (row,) = step.rows(2.0)
    assert row["of"] == [BATCH, BATCH]
    for letter, states in zip("hc", zip(*seen, strict=True), strict=False):
        assert row["l"][0][letter] == [None, *(pytest.approx(norm / 2, rel=DIGITS) for norm in _norms(list(states)))]
    assert ("c" in row["l"][0]) == (kind is nn.LSTMCell)
    assert not step.notes


def test_masked_state_goes_on_and_a_fresh_one_does_not() -> None:
    torch.manual_seed(9)
    cell = nn.GRUCell(INPUTS, WIDTH, dtype=torch.float64)
    step = Step({"cell": cell})
    finals = []
    for _ in range(2):
        h = torch.zeros(BATCH, WIDTH, dtype=torch.float64)
        mask = torch.tensor([[1.0], [1.0], [0.0], [1.0]], dtype=torch.float64)
        for x in _inputs():
            h = mask * cell(x, h) + (1 - mask) * h
        finals.append(h)
    step.backward((finals[0] * finals[1]).sum())
    (row,) = step.rows()
    assert len(row["l"][0]["h"]) == TIME + 1
    assert step.notes == [(AGAIN, "cell")]


def test_a_line_that_waits_holds_no_tensors_of_the_step() -> None:
    module = _lstm()
    step = Step({"lstm": module})
    output, _ = module(_inputs())
    step.backward(output[-1].sin().sum())
    held = weakref.ref(output)
    line: dict[str, Any] = {}
    finish = step.sequences.put(_AtOnce(1.0), line)
    step.sequences.end()
    del output
    gc.collect()
    assert held() is None
    finish()
    assert line["seq"][0]["check"] < 1e-12


def test_what_never_reaches_the_loss_has_no_row() -> None:
    used, unused = _lstm(), _lstm()
    step = Step({"used": used, "unused": unused})
    unused(_inputs())
    step.backward(used(_inputs())[0][-1].sin().sum())
    assert [row["m"] for row in step.rows()] == [0]


def test_numbers_that_are_not_finite_are_recorded() -> None:
    module = _lstm()
    step = Step({"lstm": module})
    inputs = _inputs()
    inputs[2, 0, 0] = float("nan")
    step.backward(module(inputs)[0][-1].sin().sum())
    (row,) = step.rows()
    assert row["l"][0]["h"][0] == "nan"


def test_norms_below_the_square_root_of_float32_are_not_zero() -> None:
    module = nn.RNN(INPUTS, WIDTH)
    step = Step({"rnn": module})
    step.backward(module(_inputs(dtype=torch.float32))[0][-1].sum() * 1e-25)
    (row,) = step.rows()
    assert row["l"][0]["h"][-1] == pytest.approx(1e-25 * (BATCH * WIDTH) ** 0.5, rel=DIGITS)
