"""Checkpoints that somebody has made to do harm, or that are damaged: a message, and nothing is executed."""

from __future__ import annotations

import json
import os
import pickle
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradtui_engine import ExperimentError
from gradtui_engine.recordings.checkpoints.checkpoint import open_checkpoint


def archive(path: Path, program: bytes, storages: dict[str, bytes] | None = None, **how: Any) -> Path:
    """What torch.save writes, around a pickle."""
    with zipfile.ZipFile(path, "w", **how) as file:
        file.writestr("archive/data.pkl", program)
        for key, raw in (storages or {"0": bytes(16)}).items():
            file.writestr(f"archive/data/{key}", raw)
        file.writestr("archive/version", b"3\n")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ExperimentError) as error:
        open_checkpoint(path)
    return str(error.value)


def outcome(path: Path) -> None:
    """Read or refused; anything else that is raised is none of both."""
    try:
        for tensor in open_checkpoint(path).tensors.values():
            tensor.values().sum()
    except ExperimentError:
        return


class Evil:
    """Pickled, it makes a file when it is loaded."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.arguments


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize(
    ("call", "name"), [(os.system, "system"), (eval, "builtins.eval"), (exec, "builtins.exec"), (getattr, "getattr")]
)
def test_a_call_of_anything_else_is_refused_with_its_name(
    tmp_path: Path, call: Callable[..., Any], name: str, protocol: int
) -> None:
    made = tmp_path / "made"
    program = pickle.dumps({"weight": Evil(call, f"open({str(made)!r}, 'w')")}, protocol)
    assert name in refusal(archive(tmp_path / "a.pt", program))
    assert not made.exists()


def test_a_bare_pickle_is_not_read_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(pickle.dumps(Evil(os.system, "true")))
    assert "is a pickle" in refusal(path)


def test_a_known_name_is_no_way_to_another(tmp_path: Path) -> None:
    """A dotted name would reach into a module's members: names here are whole, and looked up nowhere."""
    program = b"\x80\x04\x8c\x0bcollections\x8c\x22OrderedDict.__init__.__globals__.x\x93\x85R."
    assert refusal(archive(tmp_path / "a.pt", program))


def tensor(storage: str = "", offset: int = 0, shape: tuple[int, ...] = (4,), strides: tuple[int, ...] = (1,)) -> bytes:
    """A pickle of one tensor, written by hand."""

    def number(value: int) -> bytes:
        raw = value.to_bytes(9, "little", signed=True)
        return b"\x8a" + bytes([len(raw)]) + raw

    def several(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(number, values)) + b"t"

    word = b"X" + struct.pack("<I", 7) + b"storage"
    key = b"X" + struct.pack("<I", len(storage or "0")) + (storage or "0").encode()
    cpu = b"X\x03\x00\x00\x00cpu"
    held = b"(" + word + b"ctorch\nFloatStorage\n" + key + cpu + number(4) + b"tQ"
    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + held + number(offset) + several(shape) + several(strides)
        + b"\x89}tR."
    )  # fmt: skip


def test_the_tensor_written_by_hand_is_one(tmp_path: Path) -> None:
    raw = struct.pack("<4f", 1, 2, 3, 4)
    (one,) = open_checkpoint(archive(tmp_path / "a.pt", tensor(), {"0": raw})).tensors.values()
    assert one.values().tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "program",
    [
        tensor(offset=1),
        tensor(offset=-1),
        tensor(shape=(5,)),
        tensor(shape=(-1,)),
        tensor(shape=(2, 2), strides=(3, 1)),
        tensor(shape=(2, 2), strides=(1,)),
        tensor(strides=(-1,)),
        tensor(shape=(2**62, 2**62), strides=(0, 0)),
        tensor(shape=(2**40,), strides=(0,)),
        tensor(shape=(1,) * 65, strides=(1,) * 65),
        tensor(storage="1"),
        tensor(storage="../../../etc/passwd"),
    ],
)
def test_a_tensor_outside_of_its_storage(tmp_path: Path, program: bytes) -> None:
    assert str(tmp_path) in refusal(archive(tmp_path / "a.pt", program))


def test_a_storage_shorter_than_it_says(tmp_path: Path) -> None:
    assert "12 bytes instead of 16" in refusal(archive(tmp_path / "a.pt", tensor(), {"0": bytes(12)}))


def test_a_compressed_part_is_refused_whatever_it_would_come_to(tmp_path: Path) -> None:
    how = {"compression": zipfile.ZIP_DEFLATED}
    assert "compressed" in refusal(archive(tmp_path / "a.pt", b"N" * 10**7 + b".", **how))


@pytest.mark.soak
def test_deep_nesting(tmp_path: Path) -> None:
    """A tuple in a tuple in a tuple, a million deep; and as a key, whose hash alone would end the process."""
    deep = b"\x80\x02)" + b"\x85" * 10**6
    assert "no tensors" in refusal(archive(tmp_path / "a.pt", deep + b"."))
    assert refusal(archive(tmp_path / "b.pt", b"\x80\x02}" + deep[2:] + b"Ns."))
    calls = b"\x80\x02" + b"ctorch._tensor\n_rebuild_from_type_v2\n(" * 20_000 + b"t" * 20_000 + b"R."
    assert refusal(archive(tmp_path / "c.pt", calls))


def test_what_is_copied_again_and_again(tmp_path: Path) -> None:
    """A list of 10,000 made into another one 10,000 times would have 10⁸ places, out of 50 KB."""
    program = b"\x80\x02](" + b"N" * 10_000 + b"eq\x00" + b"cbuiltins\nlist\nh\x00\x85R" * 10_000 + b"t."
    assert "damaged" in refusal(archive(tmp_path / "a.pt", program))


def test_a_list_of_lists_that_are_one(tmp_path: Path) -> None:
    """Sixty lists of twice the one before: each is looked at once."""
    doubled = (b"q%c](h%ch%ce" % (place, place, place) for place in range(60))
    program = b"\x80\x02]" + b"".join(doubled) + b"."
    assert "no tensors" in refusal(archive(tmp_path / "a.pt", program))


@pytest.mark.soak
def test_any_bytes_give_a_message(tmp_path: Path) -> None:
    """Pickles and headers with bytes changed: whatever comes of it, it is a checkpoint or a refusal."""
    draws = random.Random(0)
    path = tmp_path / "a.pt"
    for _ in range(300):
        program = bytearray(tensor())
        for _ in range(draws.randint(1, 4)):
            program[draws.randrange(len(program))] = draws.randrange(256)
        outcome(archive(path, bytes(program)))


@pytest.mark.soak
def test_any_archive_gives_a_message(tmp_path: Path) -> None:
    draws = random.Random(1)
    path = archive(tmp_path / "a.pt", tensor())
    whole = path.read_bytes()
    for _ in range(300):
        raw = bytearray(whole)
        raw[draws.randrange(len(raw))] = draws.randrange(256)
        path.write_bytes(raw)
        outcome(path)


# -- safetensors -------------------------------------------------------------------------------------------


def written(path: Path, header: Any, body: bytes = bytes(16), length: int | None = None) -> Path:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + body)
    return path


def row(start: Any, end: Any, shape: Any = (4,), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    "header",
    [
        {"a": row(0, 20, [5])},
        {"a": row(4, 16, [3])},
        {"a": row(-4, 16)},
        {"a": row(0, 16), "b": row(8, 16, [2])},
        {"a": row(0, 16, [5])},
        {"a": row(0, 16, [2**62, 2**62])},
        {"a": row(0, 16, [-2, -2])},
        {"a": row(0, 16, [2.0, 2.0])},
        {"a": row(0, 16, "x")},
        {"a": row("0", "16")},
        {"a": row(0, 16, [1] * 70)},
        {"a": {"dtype": "F32"}},
        {"a": 3},
        {"a": row(0, 16, [4], ["F32"])},
        '{"a": ' + '[' * 100_000 + '}',
        '{"a": 1, "a": 2}',
        "[]",
        "{",
    ],
)  # fmt: skip
def test_headers_that_are_wrong(tmp_path: Path, header: Any) -> None:
    assert str(tmp_path) in refusal(written(tmp_path / "a.safetensors", header))


def test_a_header_that_is_longer_than_the_file(tmp_path: Path) -> None:
    assert "header" in refusal(written(tmp_path / "a.safetensors", {"a": row(0, 16)}, length=10**6))


def test_a_type_that_is_not_known_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "a.safetensors", {"a": row(0, 12, [3]), "b": row(12, 16, [8], "F4")})
    read = open_checkpoint(path)
    assert list(read.tensors) == ["a"]
    assert "F4" in read.notes[0]


def test_an_index_names_no_file_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors.index.json"
    for name in ("../a.safetensors", "/etc/passwd", "", 3, "model.safetensors.index.json"):
        path.write_text(json.dumps({"weight_map": {"a": name}}))
        assert "no file beside it" in refusal(path)
    path.write_text(json.dumps({"weight_map": {"a": "1.safetensors"}}))
    assert "1.safetensors" in refusal(path)


def test_names_reach_no_terminal_with_control_characters(tmp_path: Path) -> None:
    path = written(tmp_path / "a.safetensors", {"a\x1b[2Jb": row(0, 16)})
    assert list(open_checkpoint(path).tensors) == ["a?[2Jb"]


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"\x80", b"hello", bytes(100)])
def test_other_files(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(raw)
    assert str(path) in refusal(path)
    assert "cannot be read" in refusal(tmp_path / "none.pt")
    assert "folder" in refusal(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pt")
    assert "is not a file" in refusal(tmp_path / "pipe.pt")
