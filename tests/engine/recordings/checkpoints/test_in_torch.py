"""Checkpoints that PyTorch and safetensors have written, against what they read themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from gradtui_engine import ExperimentError
from gradtui_engine.recordings.checkpoints.checkpoint import open_checkpoint

FLOATS = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2,
    torch.float8_e4m3fnuz, torch.float8_e5m2fnuz,
)  # fmt: skip
OTHERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.bool, torch.complex64)


def saved(path: Path, content: Any, **how: Any) -> Path:
    torch.save(content, path, **how)
    return path


def same(path: Path, expected: dict[str, torch.Tensor]) -> None:
    """Every number, of every tensor, in order."""
    read = open_checkpoint(path).tensors
    assert list(read) == list(expected)
    for name, tensor in expected.items():
        assert read[name].shape == tuple(tensor.shape)
        assert read[name].dtype.name == str(tensor.dtype).removeprefix("torch.")
        wide = tensor.float() if tensor.dtype in FLOATS[3:] else tensor
        np.testing.assert_array_equal(read[name].values(), wide.numpy(), err_msg=name)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_type_of_number(tmp_path: Path, protocol: int) -> None:
    torch.manual_seed(0)
    tensors = {str(dtype): (torch.randn(3, 5) * 20).to(dtype) for dtype in (*FLOATS, *OTHERS)}
    path = saved(tmp_path / "a.pt", tensors, pickle_protocol=protocol)
    same(path, tensors)
    if protocol == 2:  # of others torch.load warns
        same(path, torch.load(path, weights_only=True))


@pytest.mark.parametrize("dtype", FLOATS[3:])
def test_every_code_of_few_bits(tmp_path: Path, dtype: torch.dtype) -> None:
    codes = torch.arange(65536, dtype=torch.int32).to(torch.uint16) if dtype == torch.bfloat16 else torch.arange(256)
    raw = codes if dtype == torch.bfloat16 else codes.to(torch.uint8)
    same(saved(tmp_path / "a.pt", {"a": raw.view(dtype)}), {"a": raw.view(dtype)})


def test_views_empty_ones_and_scalars(tmp_path: Path) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    tensors = {
        "transposed": base.T,
        "strided": base[1::2, ::3],
        "inner": base[1:3, 2:5],
        "expanded": torch.ones(1, 3).expand(5, 3),
        "empty": torch.empty(0, 7),
        "scalar": torch.tensor(2.5),
        "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "parameter": torch.nn.Parameter(torch.ones(3)),
    }
    path = saved(tmp_path / "a.pt", tensors)
    same(path, {name: tensor.detach() for name, tensor in torch.load(path, weights_only=True).items()})


def test_tied_weights_are_known(tmp_path: Path) -> None:
    embedding, other = torch.nn.Embedding(7, 4), torch.ones(7, 4)
    head = torch.nn.Linear(4, 7, bias=False)
    head.weight = embedding.weight
    path = saved(tmp_path / "a.pt", {"wte.weight": embedding.weight, "head.weight": head.weight, "other": other})
    assert open_checkpoint(path).tied == (("wte.weight", "head.weight"),)


def test_parts_are_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradtui_engine.recordings.checkpoints.tensor.PART", 10)
    tensor = torch.randn(9, 7, dtype=torch.bfloat16)
    (one,) = open_checkpoint(saved(tmp_path / "a.pt", {"a": tensor.T})).tensors.values()
    parts = list(one.parts())
    assert len(parts) == 7
    np.testing.assert_array_equal(np.concatenate(parts), tensor.T.double().numpy())


def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.GRU(4, 2)).state_dict()


def stepped() -> dict[str, Any]:
    model = torch.nn.Linear(3, 4)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    return optimizer.state_dict()


NESTED = {
    "plain": lambda: state(),
    "a dictionary of a training loop": lambda: {
        "epoch": 3, "model_state_dict": state(), "optimizer_state_dict": stepped(), "loss": torch.tensor(0.5),
    },
    "DistributedDataParallel": lambda: {"module." + name: tensor for name, tensor in state().items()},
    "compiled": lambda: {"_orig_mod." + name: tensor for name, tensor in state().items()},
    "both": lambda: {"net": {"module._orig_mod." + name: tensor for name, tensor in state().items()}, "opt": stepped()},
    "Lightning": lambda: {
        "state_dict": state(), "optimizer_states": [stepped()], "lr_schedulers": [{"last_epoch": 1}],
        "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_score": torch.tensor(0.2)}}, "loops": {"a": {}},
    },
    "timm": lambda: {"state_dict": state(), "state_dict_ema": state(), "optimizer": stepped(), "arch": "x"},
    "an optimizer by any name": lambda: {"weights": state(), "o": stepped()},
}  # fmt: skip


@pytest.mark.parametrize("kind", NESTED)
def test_the_models_weights_are_found(tmp_path: Path, kind: str) -> None:
    same(saved(tmp_path / "a.pt", NESTED[kind]()), state())


def test_several_models_keep_their_names(tmp_path: Path) -> None:
    content = {"generator": {"a": torch.ones(2)}, "discriminator": {"a": torch.zeros(2)}, "noise": torch.ones(9)}
    read = open_checkpoint(saved(tmp_path / "a.pt", content))
    assert list(read.tensors) == ["generator.a", "discriminator.a"]
    assert "noise" in read.notes[0]


def test_safetensors(tmp_path: Path) -> None:
    torch.manual_seed(2)
    kinds = (*FLOATS[:6], *OTHERS[:5], torch.bool)
    tensors = {str(dtype): (torch.randn(3, 5) * 20).to(dtype) for dtype in kinds}
    tensors |= {"empty": torch.empty(0, 3), "scalar": torch.tensor(1.5)}
    path = tmp_path / "a.safetensors"
    safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})
    read = safetensors.torch.load_file(path)
    same(path, {name: read[name] for name in open_checkpoint(path).tensors})
    assert len(open_checkpoint(path).tensors) == len(tensors)


@pytest.mark.parametrize("name", ["", "model.safetensors.index.json"])
def test_safetensors_in_several_files(tmp_path: Path, name: str) -> None:
    safetensors.torch.save_file({"a": torch.ones(3)}, tmp_path / "1.safetensors")
    safetensors.torch.save_file({"b": torch.zeros(3)}, tmp_path / "2.safetensors")
    index = '{"metadata": {}, "weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}'
    (tmp_path / "model.safetensors.index.json").write_text(index)
    same(tmp_path / name, {"a": torch.ones(3), "b": torch.zeros(3)})


def refusal(path: Path) -> str:
    with pytest.raises(ExperimentError) as error:
        open_checkpoint(path)
    return str(error.value)


def test_a_whole_model_is_refused_with_its_class(tmp_path: Path) -> None:
    text = refusal(saved(tmp_path / "a.pt", torch.nn.Linear(2, 2)))
    assert "torch.nn.modules.linear.Linear" in text
    assert "state_dict" in text


def test_the_older_format_is_told_how_to_be_written_again(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", {"a": torch.ones(2)}, _use_new_zipfile_serialization=False)
    assert "before 1.6" in refusal(path)


def test_an_optimizer_alone_is_no_model(tmp_path: Path) -> None:
    assert "no tensors" in refusal(saved(tmp_path / "a.pt", stepped()))


def test_torchscript_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"

    class Doubled(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * x

    # torch.jit is deprecated, and the one that makes such files.
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.trace(Doubled(), torch.ones(1)).save(str(path))
    assert "TorchScript" in refusal(path)


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.95, 0.999])
@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_a_file_that_was_cut_off(tmp_path: Path, keep: float, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    tensors = {str(place): torch.randn(10, 10) for place in range(5)}
    torch.save(tensors, path) if kind == "pt" else safetensors.torch.save_file(tensors, path)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])
    assert str(path) in refusal(path)
