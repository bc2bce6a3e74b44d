"""Models of every kind: what is shared, frozen, unused, lazy, sparse, complex, large, or gives unusual outputs."""

from __future__ import annotations

import gc
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.findings.finding import Finding
from gradtui_engine.recordings.recording import open_recording
from gradtui_recorder import watch

from .trainings import columns, kinds, names, notes, steps, total, train


def _trained(
    model: Any, path: Path, x: Any, count: int = 2, optimizer: Any = None, loss: Any = None
) -> list[dict[str, Any]]:
    optimizer = optimizer or torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    with watch(model, optimizer, path, every=1):
        for _ in range(count):
            optimizer.zero_grad()
            out = model(*x) if isinstance(x, tuple) else model(x)
            (loss(out) if loss else out.square().mean()).backward()
            optimizer.step()
    assert not [text for text in notes(path) if "error" in text]
    return steps(path)


class _Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.block, self.head = nn.Embedding(7, 4), nn.Linear(4, 4), nn.Linear(4, 7, bias=False)
        self.head.weight = self.embedding.weight
        self.unused = nn.Linear(3, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.block(self.block(self.embedding(x))))


def test_tied_shared_and_unused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = _Tied()
    line = _trained(model, path, torch.randint(0, 7, (5,)))[0]
    assert kinds(path, "run")[0]["tied"] == [["embedding.weight", "head.weight"]]
    assert [(names(path)[row[0]], row[1]) for row in line["a"]] == [
        ("embedding", 0), ("block", 0), ("block", 1), ("head", 0),
    ]  # fmt: skip
    of = columns(path, line, "grad", "p")
    assert of["unused.weight"] is None
    assert of["embedding.weight"] > 0
    assert columns(path, line, "update", "p")["unused.weight"] is None


def test_frozen_parameters_have_no_rows_where_no_optimizer_has_them(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    model[0].requires_grad_(False)
    line = _trained(model, path, torch.rand(2, 4))[0]
    params = kinds(path, "run")[0]["params"]
    assert [row[3:] for row in params] == [[False, None], [False, None], [True, 0], [True, 0]]
    assert [row[0] for row in line["p"]] == [2, 3]
    assert [row[0] for row in line["a"]] == [1, 2]
    assert line["a"][0][8] is None


def test_a_low_rank_adapter_is_symmetric_at_the_start_alone(tmp_path: Path) -> None:
    class Lora(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.base, self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2, bias=False), nn.Linear(2, 4, bias=False)
            self.base.requires_grad_(False)
            nn.init.zeros_(self.b.weight)

        def forward(self, x: Any) -> Any:
            return self.base(x) + self.b(self.a(x))

    path = tmp_path / "run.jsonl"
    lines = _trained(Lora(), path, torch.rand(3, 4), 5)
    assert kinds(path, "run")[0]["symmetric"] == ["b.weight"]
    assert [line.get("symmetric") for line in lines] == [None, None, None, [], None]
    # ‖update‖ over a norm that was 0 is not known.
    assert columns(path, lines[0], "update", "p")["b.weight"] is None
    assert columns(path, lines[1], "update", "p")["b.weight"] > 0


def test_what_begins_equal_and_stays_so_is_still_symmetric(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)
    lines = _trained(model, path, torch.rand(5, 3), 5)
    assert kinds(path, "run")[0]["symmetric"] == ["0.weight"]
    assert lines[3]["symmetric"] == ["0.weight"]


def _diagnosed(path: Path) -> dict[str, Finding]:
    recording = open_recording([path])
    recording.refresh()
    return {finding.kind: finding for finding in diagnose(recording, experiments=False).findings}


class _LastOfLstm(nn.Module):
    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.rnn, self.head = kind(3, 4, batch_first=True), nn.Linear(4, 1)

    def forward(self, x: Any) -> Any:
        return self.head(self.rnn(x)[0][:, -1])


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_units_of_a_recurrent_module_are_alike_where_the_rows_of_each_gate_are(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "run.jsonl"
    torch.manual_seed(0)
    model = _LastOfLstm(kind)
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)
    x = torch.randn(5, 6, 3)
    lines = _trained(model, path, x, 5)
    assert kinds(path, "run")[0]["symmetric"] == lines[3]["symmetric"] == ["rnn.weight_ih_l0", "rnn.weight_hh_l0"]
    # So are its outputs, though the rows of two gates have parted.
    h = model.rnn(x)[0]
    assert torch.allclose(h, h[..., :1].expand_as(h))
    assert not torch.allclose(model.rnn.weight_ih_l0[0], model.rnn.weight_ih_l0[-1])
    finding = _diagnosed(path)["symmetric"]
    assert (finding.layer, finding.evidence["units"]) == ("rnn", 4)


class _Between(nn.Module):
    """Divides by its own sum, which is 0 where it is told to: the division is between two leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.by = nn.Linear(3, 4), 1.0

    def forward(self, x: Any) -> Any:
        h = self.inner(x)
        return h * 0.0 / (h * 0.0) if self.by == 0 else h


def test_what_breaks_in_the_code_between_leaves_is_in_the_module_whose_code_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    torch.manual_seed(0)
    model = nn.Sequential(OrderedDict(base=nn.Linear(3, 3), middle=_Between(), out=nn.Linear(4, 1)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, path, every=1):
        for step in range(6):
            model.middle.by = float(step < 4)
            optimizer.zero_grad()
            model(torch.rand(5, 3)).square().mean().backward()
            optimizer.step()
    lines = steps(path)
    assert [line.get("broken") for line in lines[:4]] == [None] * 4
    # Its index, and the leaf before it; the Sequential around it has no code of its own.
    assert lines[4]["broken"] == [[names(path).index("middle"), "nan", names(path).index("middle.inner"), 0]]
    finding = _diagnosed(path)["non_finite"]
    assert (finding.layer, finding.step) == ("middle", 4)
    assert "middle.inner" in finding.cause


class _Named(NamedTuple):
    logits: Any
    hidden: Any


@dataclass
class _Output:
    loss: Any
    logits: Any


class _ModelOutput(OrderedDict[str, Any]):
    pass


@pytest.mark.parametrize(
    "wrap",
    [
        lambda y: {"loss": y.mean(), "logits": y},
        lambda y: (y, None, [y]),
        lambda y: _Named(y, None),
        lambda y: _Output(None, y),
        lambda y: _ModelOutput(loss=y.mean(), logits=y),
        lambda y: [None, {"deep": (y,)}],
    ],
)
def test_outputs_in_containers(tmp_path: Path, wrap: Any) -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 3)
            self.scale = nn.Parameter(torch.ones(3))

        def forward(self, x: Any) -> Any:
            y = self.linear(x) * self.scale
            self.out = y
            return wrap(y)

    path = tmp_path / "run.jsonl"
    model = Block()
    line = _trained(model, path, torch.rand(2, 3), loss=lambda _: model.out.square().sum())[0]
    assert [row[0] for row in line["a"]] == [1, 0]
    assert line["a"][0][8] > 0


def test_attention_and_numbered_blocks(tmp_path: Path) -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention, self.norm = nn.MultiheadAttention(4, 2, batch_first=True), nn.LayerNorm(4)

        def forward(self, x: Any) -> Any:
            return self.norm(x + self.attention(x, x, x)[0])

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList([Block(), Block()])

        def forward(self, x: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            return x

    path = tmp_path / "run.jsonl"
    line = _trained(Model(), path, torch.rand(2, 3, 4), loss=lambda y: (y * torch.arange(4)).sum())[0]
    block = ["attention", "norm"]
    assert [names(path)[row[0]] for row in line["a"]] == [
        name for i in range(2) for name in (*(f"blocks.{i}.{part}" for part in block), f"blocks.{i}")
    ]
    assert all(row[8] > 0 for row in line["a"])
    kind = {row[0]: row[1:3] for row in kinds(path, "run")[0]["modules"]}
    assert (
        kind["blocks.0.attention.out_proj"] == ["NonDynamicallyQuantizableLinear", "Linear"]
        or kind["blocks.0.attention.out_proj"][0] == "NonDynamicallyQuantizableLinear"
    )


def test_a_lazy_module_is_looked_at_on_the_first_step(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = nn.Sequential(nn.LazyLinear(5), nn.ReLU(), nn.LazyLinear(2))
    line = _trained(model, path, torch.rand(4, 3))[0]
    run = kinds(path, "run")[0]
    assert run["params"][0][:2] == ["0.weight", [5, 3]]
    assert run["modules"][1][1] == "Linear"
    assert run["modules"][1][3]["in_features"] == 3
    assert [row[0] for row in line["p"]] == [0, 1, 2, 3]


def test_sparse_gradients(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = nn.EmbeddingBag(10, 3, sparse=True)
    optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=0.1)
    x = torch.tensor([[1, 1, 2]])
    line = _trained(model, path, x, optimizer=optimizer)[0]
    assert line["gn"][0] == pytest.approx(line["gn"][1], rel=1e-4)
    assert columns(path, line, "grad", "p")["weight"] == pytest.approx(line["gn"][0], rel=1e-4)
    assert columns(path, line, "update", "p")["weight"] > 0


def test_sparse_rows_are_added_up_before_they_are_squared(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = nn.Embedding(4, 1, sparse=True)
    line = _trained(
        model, path, torch.tensor([1, 1, 1]), 1, torch.optim.SGD(model.parameters(), 0.1), lambda y: y.sum()
    )[0]
    assert line["gn"] == [3.0, 3.0]


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex64, torch.bfloat16])
def test_other_precisions(tmp_path: Path, dtype: Any) -> None:
    path = tmp_path / "run.jsonl"
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4, dtype=dtype), nn.Linear(4, 1, dtype=dtype))
    x = torch.rand(3, 4).to(dtype)
    line = _trained(model, path, x, loss=lambda y: y.abs().square().mean())[0]
    assert line["gn"][0] == pytest.approx(line["gn"][1], rel=1e-3)
    assert all(row[3] is not None and row[8] > 0 for row in line["a"])
    assert line["half"] == ("bfloat16" if dtype is torch.bfloat16 else None)
    still = [row[4] for row in line["p"]]
    assert all((share is not None) == (dtype is torch.bfloat16) for share in still)


class _Odd(nn.Module):
    """A scalar, an empty and an integer tensor among its parameters and buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.none = nn.Parameter(torch.tensor(2.0)), nn.Parameter(torch.empty(0, 3))
        self.register_buffer("count", torch.zeros(1, dtype=torch.long))
        self.empty, self.whole = nn.Identity(), nn.Linear(2, 2)

    def forward(self, x: Any) -> Any:
        return self.whole(x[:0]).sum() + (self.whole(x) * self.scale).sum() + self.none.sum()


def test_scalars_empty_tensors_and_integer_buffers(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    line = _trained(_Odd(), path, torch.rand(2, 2))[0]
    assert columns(path, line, "weight", "p")["scale"] == 2.0
    assert columns(path, line, "update", "p")["scale"] > 0
    assert sum(row[0] == names(path).index("whole") for row in line["a"]) == 1


def test_not_a_number_shows_wherever_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = nn.Linear(600, 600)
    x = torch.zeros(300, 600)
    x[-1, -1] = float("nan")
    line = _trained(model, path, x, 1)[0]
    assert line["loss"] == line["x"][1] == line["a"][0][3] == line["p"][0][1] == line["gn"][0] == "nan"


def test_parameters_that_the_optimizer_gets_later(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model[1].parameters(), lr=0.1)
    with watch(model, optimizer, path, every=1):
        for step in range(3):
            if step == 1:
                optimizer.add_param_group({"params": list(model[0].parameters()), "lr": 0.01})
            optimizer.zero_grad()
            model(torch.rand(2, 4)).sum().backward()
            optimizer.step()
    first, second, _ = steps(path)
    assert ([row[0] for row in first["p"]], [row[0] for row in second["p"]]) == ([2, 3], [0, 1, 2, 3])
    assert (first["lr"], second["lr"]) == ([0.1], [0.1, 0.01])


def test_a_cell_that_is_called_ten_thousand_times(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"

    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.Linear(1, 1)

        def forward(self, x: Any) -> Any:
            for _ in range(1500):
                x = self.cell(x)
            return x

    line = _trained(Loop(), path, torch.rand(1, 1), 1)[0]
    assert [row[:2] for row in line["a"]] == [[1, call] for call in range(512)]
    assert [note["module"] for note in kinds(path, "note")] == ["cell"]
    assert "512" in notes(path)[0]


@pytest.mark.soak
def test_five_thousand_modules(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = nn.Sequential(*[nn.Sequential(nn.ReLU()) for _ in range(2500)], nn.Linear(2, 1))
    line = _trained(model, path, torch.rand(1, 2), 1, torch.optim.SGD(model.parameters(), 0.1))[0]
    assert len(names(path)) == 5002
    assert len(line["a"]) == 5001


def test_settings_of_modules(tmp_path: Path) -> None:
    class Rms(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))

        def forward(self, x: Any) -> Any:
            return x * self.weight

    class Mine(nn.LeakyReLU):
        pass

    path = tmp_path / "run.jsonl"
    model = nn.ModuleList([nn.LSTM(3, 4, 2, bidirectional=True, dropout=0.25), Mine(0.3), Rms(), nn.Dropout(0.5)])
    watch(model, torch.optim.SGD(model.parameters(), 0.1), path).close()
    rows = kinds(path, "run")[0]["modules"]
    assert rows[1][3]["hidden_size"] == 4
    assert (rows[1][3]["num_layers"], rows[1][3]["bidirectional"], rows[1][3]["dropout"]) == (2, True, 0.25)
    assert rows[2][1:] == ["Mine", "LeakyReLU", {"negative_slope": 0.3, "inplace": False}]
    assert rows[3][1:] == ["Rms", "Module", {}]
    assert rows[4][3]["p"] == 0.5


def test_the_update_of_a_large_matrix_is_measured_within_two_percent(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    torch.manual_seed(0)
    model = nn.Linear(512, 384)
    before = model.weight.detach().clone()
    line = train(
        model,
        path,
        1,
        batches=lambda _: (torch.randn(32, 512), torch.randint(0, 384, (32,))),
        optimizer=torch.optim.Adam(model.parameters()),
    )[0]
    expected = total([model.weight.detach() - before]) / total([before])
    assert columns(path, line, "update", "p")["weight"] == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpoints_have_the_rows_that_the_model_has_without(tmp_path: Path, reentrant: bool) -> None:
    class Model(nn.Module):
        def __init__(self, checkpointed: bool) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.inward, self.out, self.checkpointed = nn.Linear(4, 4), nn.Linear(4, 1), checkpointed
            self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)) for _ in range(3))

        def forward(self, x: Any) -> Any:
            x = self.inward(x)
            for block in self.blocks:
                x = checkpoint(block, x, use_reentrant=reentrant) if self.checkpointed else block(x)
            return self.out(x)

    x = torch.rand(3, 4)
    lines = []
    for checkpointed in (True, False):
        model = Model(checkpointed)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        path = tmp_path / f"{checkpointed}.jsonl"
        with watch(model, optimizer, path, every=1):
            for _ in range(2):
                with torch.no_grad():  # which nothing makes again
                    model.blocks[0](torch.full((1, 4), 1e6))
                optimizer.zero_grad()
                model(x).sum().backward()
                optimizer.step()
        assert notes(path) == []
        lines.append(steps(path))
    for one, other in zip(*lines, strict=True):
        for key in ("a", "p", "gn", "loss", "mb"):
            assert one[key] == other[key], key


def test_a_parametrised_weight_is_no_activation(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 3)), nn.Tanh())
    line = _trained(model, path, torch.rand(2, 3))[0]
    assert [names(path)[row[0]] for row in line["a"]] == ["0", "1"]
    assert len(line["p"]) == 3


def test_graphs_of_forward_passes_that_nothing_goes_back_through_are_let_go(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        x = torch.rand(1, 2)
        out = model(x)
        saved = weakref.ref(x)
        del x, out
        gc.collect()
        assert saved() is None
