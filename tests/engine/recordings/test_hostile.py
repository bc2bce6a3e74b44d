"""Broken, cut, alien and hostile records: a message, or what can be read, and never another exception."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.recordings import file_log
from gradtui_engine.recordings.clean import cleaned
from gradtui_engine.recordings.grouping import grouped
from gradtui_engine.recordings.overview import overview
from gradtui_engine.recordings.recording import Recording, open_recording
from tests.engine.helpers import drawn
from tests.recordings import Line, lstm_lines, mlp_lines, recorded, written


def looked_at(path: Path) -> Recording:
    """Read, and asked for everything that a screen asks for."""
    recording = open_recording([path])
    recording.refresh()
    everything(recording)
    return recording


def everything(recording: Recording) -> None:
    for axis in recording.axes:
        snapshot = recording.snapshot(axis)
        assert snapshot.summary.keys() >= {"loss"}
        _ = snapshot.outcome
        for event in {0, recording.count // 2, recording.count - 1} if recording.count else ():
            record = recording.at(event, axis=axis)
            assert record.outcome.signal.message
            assert record.stages
    columns = recording.columns
    assert len(columns.loss) == len(columns.steps) == recording.count
    assert all((columns.steps[1:] > columns.steps[:-1]).tolist())
    assert all((columns.every_loss[0][1:] > columns.every_loss[0][:-1]).tolist())
    assert all(note.text.isprintable() for note in recording.notes)
    header = recording.header
    names = [row.name for row in (*header.modules, *header.parameters)]
    assert all(name.isprintable() for name in [*names, *recording.axes, *(stage.place for stage in recording.stages)])


def refused(path: Path) -> str:
    with pytest.raises(ExperimentError) as caught:
        looked_at(path)
    with pytest.raises(ExperimentError):
        overview(path)
    (problem,) = caught.value.problems
    assert problem.field == str(path)
    return problem.message


# -- what is refused -----------------------------------------------------------------------------------------


def test_what_is_no_file_of_lines(tmp_path: Path) -> None:
    assert refused(tmp_path) == "is no file that can be read as a record: a folder, or a pipe, say"
    assert refused(Path("/dev/zero")) == "is no file that can be read as a record: a folder, or a pipe, say"
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") == "is no file that can be read as a record: a folder, or a pipe, say"
    assert refused(tmp_path / "nothing") == "cannot be read: No such file or directory"
    assert refused(Path("a\0b")) == "is no path"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b'{"k":"run"', "is cut off in its first line, so that nothing can be read of it"),
        (b'{"k":"step","n":0}\n', "is no recording: it has no line of a run"),
        (b"[1]\n2\nnull\n", "is no recording: it has no line of a run"),
        (bytes(range(256)) * 100, "is no recording: it has no line of a run"),
        (b"x\n" * 100_000, "is no recording: it has no line of a run"),
    ],
)
def test_what_has_no_run(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    assert refused(path) == message
    assert grouped([path]) == [[path]]


def test_a_newer_schema(tmp_path: Path) -> None:
    path = written(mlp_lines(header={"schema": 2}), tmp_path / "run.jsonl")
    assert refused(path) == "is a recording of schema 2; this gradtui reads schema 1: a newer one is needed"


# -- what can be read ----------------------------------------------------------------------------------------


def test_a_torn_last_line_is_left_for_later(tmp_path: Path) -> None:
    path = written(mlp_lines(steps=3, end=None), tmp_path / "run.jsonl")
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for cut in range(last, len(whole) - 1, 37):
        path.write_bytes(whole[:cut])
        recording = looked_at(path)
        assert (recording.count, recording.notes) == (2, ())
        with path.open("ab") as file:
            file.write(whole[cut:])
        assert recording.refresh()
        assert recording.count == 3


def test_what_is_no_line_is_passed_over_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_log, "MOST_LINE", 2**20)
    monkeypatch.setattr(file_log, "_CHUNK", 2**16)
    first, *steps = (json.dumps(line).encode() for line in mlp_lines(steps=4, end=None))
    broken = [
        b"{", b"[]", b'"text"', b"\xff\xfe\x00", b"[" * 100_000, b'{"k":"step","n":0,"a":' + b"[" * 5000,
        b'{"k":"step","n":-1}', b'{"k":"step","n":1.5}', b'{"k":"step","n":true}', b'{"k":"step","n":1e400}',
        b'{"k":"step"}', b'{"k":"step","n":' + b"9" * 5000 + b"}", b'{"k":3}', b"{}", b"a" * 2**21,
    ]  # fmt: skip
    lines = [first, steps[0], *broken, steps[1], steps[1], steps[0], *steps[2:]]
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    recording = looked_at(path)
    assert recording.columns.steps.tolist() == [0, 1, 2, 3]
    # With the one that is there twice, and the one behind which the steps go back.
    assert [note.text for note in recording.notes] == [f"{len(broken) + 2} lines could not be read"]


def test_of_a_line_whose_end_is_broken_its_head_is_known(tmp_path: Path) -> None:
    path = written(mlp_lines(steps=3), tmp_path / "run.jsonl")
    first, broken, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([first, broken[:-3] + b"\n", *rest]))
    recording = looked_at(path)
    assert recording.columns.loss.tolist() == [2.0, 1.94, 1.8818]
    assert [stage.gradient_norm for stage in recording.at(1).stages] == [0.5] * 3
    assert [note.text for note in recording.notes] == ["one line could not be read"]


@pytest.mark.parametrize(
    "change",
    [
        {"a": None}, {"a": 3}, {"a": "text"}, {"a": {}}, {"a": [3]}, {"a": [[]]}, {"a": [[[]]]}, {"a": [None]},
        {"a": [[0]]}, {"a": [[0, 0, "text"]]}, {"a": [[-1, 0, 1.0]]}, {"a": [[10**9, 0, 1.0]]},
        {"a": [[0, 10**30, 1.0]]}, {"a": [["0", {}, 1.0]]}, {"a": [[0, 0, *range(100)]]}, {"a": [[0.5, 0, 1.0]]},
        {"a": [[0, 0, 10**400, 1, 1, 1, 1, 1, 1, 1]]}, {"a": [[0, 0, True, [], {}, 1, 1, 1, 1, 1]]},
        {"p": [[-1, 1.0]]}, {"p": [[10**9, 1.0]]}, {"p": [["x"]]}, {"p": 7}, {"p": [[None] * 5]},
        {"lr": 3}, {"lr": ["x"]}, {"lr": [0.1] * 5000}, {"gn": 3}, {"gn": [1]}, {"gn": ["nan", "x"]},
        {"loss": "text"}, {"loss": []}, {"loss": 10**400}, {"loss": True}, {"ring": 3}, {"ring": [3]},
        {"ring": [[1]]}, {"ring": [["nan", 1.0], ["inf", 1.0], [-5, 1.0], [10**18, 2.0]]}, {"ring": [[None, None]]},
        {"o": 3}, {"o": [-1, 10**9, "x"]}, {"x": 3}, {"x": [[]] * 5}, {"half": []}, {"root": 3}, {"root": "\x1b[2J"},
        {"symmetric": 3}, {"symmetric": [3, "\x1b"]}, {"skipped": "no"}, {"stale": []}, {"scale": {}}, {"mb": []},
        {"seq": 3}, {"seq": [3]}, {"seq": [{}]}, {"seq": [{"m": -1}]}, {"seq": [{"m": "x"}]}, {"seq": [{"m": 0}]},
        {"seq": [{"m": 0, "l": 3}]}, {"seq": [{"m": 0, "l": [3]}]}, {"seq": [{"m": 0, "l": [{"h": 3}]}]},
        {"seq": [{"m": 0, "l": [{"h": []}]}]}, {"seq": [{"m": 0, "l": [{"h": ["nan", None, {}]}]}]},
        {"seq": [{"m": 0, "l": [{"layer": "x", "h": [1.0], "c": [1.0, 2.0], "\x1b": [1.0]}]}]},
        {"seq": [{"m": 0, "of": 3, "check": [], "l": [{"h": [1.0], "f": [1.0, 2.0], "i": [1.0]}]}]},
    ],
    ids=repr,
)  # fmt: skip
def test_a_field_that_is_not_as_it_should_be(change: dict[str, Any]) -> None:
    for lines in (mlp_lines(steps=3), lstm_lines(steps=3)):
        lines[2] |= change
        recording = recorded(lines)
        assert recording.count == 3
        everything(recording)


@pytest.mark.parametrize(
    "change",
    [
        {"modules": 3}, {"modules": [3]}, {"modules": [[]]}, {"modules": [[None, None, None, None]]}, {"modules": []},
        {"modules": [["a", "Linear", "Linear", 3]] * 5}, {"params": 3}, {"params": [[]]}, {"params": [[3, 4, 5, 6, 7]]},
        {"params": [["a.weight", ["x", -1, 10**30], 3, "no", -1]]}, {"tied": 3}, {"tied": [3]}, {"tied": [[3]]},
        {"symmetric": 3}, {"opt": 3}, {"opt": [3, [], ["SGD"], {"lr": [[[]]], "\x1b": "\x1b"}]}, {"rank": 3},
        {"rank": [-1, 0]}, {"rank": ["x", {}]}, {"rank": [10**30, 2]}, {"fields": 3}, {"fields": {"a": 3, "p": ["x"]}},
        {"fields": {"a": ["module"]}}, {"fields": {"a": ["call", "module", "rms", "rms"]}}, {"time": "x"},
        {"time": 10**400}, {"id": []}, {"script": 3}, {"torch": 3}, {"compiled": 3}, {"schema": "x"}, {"schema": None},
    ],
    ids=repr,
)  # fmt: skip
def test_a_header_that_is_not_as_it_should_be(change: dict[str, Any]) -> None:
    for lines in (mlp_lines(steps=2), lstm_lines(steps=2)):
        lines[0] |= change
        everything(recorded(lines))


def test_names_reach_nobody_with_what_a_terminal_obeys() -> None:
    names = ["\x1b[2J\x1b]0;title\x07", "a\nb", "\u202etxet", "a\x00", "\ud800", "n" * 10_000, "\u2028", "層.0"]
    lines = mlp_lines(layers=8, steps=1)
    for index, name in enumerate(names):
        lines[0]["modules"][2 * index][0] = name
        lines[0]["params"][2 * index][0] = f"{name}.weight"
    lines += [{"k": "note", "n": 1, "text": "\x1b[31mred\x1b[0m", "module": "\x9b"}]
    recording = recorded(lines)
    everything(recording)
    assert recording.header.modules[14].name == "層.0"
    assert recording.header.modules[0].name == "?[2J?]0;title?"
    assert len(recording.header.modules[10].name) == 200
    assert cleaned(None) == ""


def test_names_that_are_equal_are_told_apart() -> None:
    lines = mlp_lines(layers=2, steps=1)
    lines[0]["modules"] = [["a", "Linear"], ["a", "ReLU"], ["a", "Linear"]]
    assert [row.name for row in recorded(lines).header.modules] == ["a", "a (2)", "a (3)"]


# -- files that change meanwhile -----------------------------------------------------------------------------


def replaced(path: Path, lines: list[Line]) -> None:
    written(lines, path.with_suffix(".new")).replace(path)


@pytest.mark.parametrize("change", [replaced, lambda path, lines: written(lines, path)], ids=["replaced", "in place"])
def test_a_file_that_is_written_anew_is_read_anew(tmp_path: Path, change: Callable[[Path, list[Line]], None]) -> None:
    path = written(mlp_lines(layers=3, steps=5), tmp_path / "run.jsonl")
    recording = looked_at(path)
    change(path, mlp_lines(layers=2, steps=7, header={"time": 2e9}))
    assert recording.refresh()
    everything(recording)
    assert recording.count == 7
    assert [stage.place for stage in recording.stages] == ["layers.0", "layers.1"]


def test_a_file_that_is_cut_shows_what_it_had_until_it_says_something(tmp_path: Path) -> None:
    path = written(mlp_lines(steps=5), tmp_path / "run.jsonl")
    recording = looked_at(path)
    path.write_bytes(b"")
    recording.refresh()
    assert recording.count == 5
    everything(recording)
    path.unlink()
    recording.refresh()
    assert recording.count == 5


def test_a_record_is_read_while_it_is_written(tmp_path: Path) -> None:
    raw = "".join(json.dumps(line) + "\n" for line in mlp_lines(steps=30)).encode()
    path = tmp_path / "run.jsonl"
    path.write_bytes(raw[:2000])
    recording = open_recording([path])
    sizes, counts = random.Random(1), []
    position = 2000
    snapshots = []
    while position < len(raw):
        size = sizes.randrange(1, 700)
        with path.open("ab") as file:
            file.write(raw[position : position + size])
        position += size
        recording.refresh()
        counts.append(recording.count)
        snapshots.append((recording.snapshot(), recording.snapshot().columns["loss"].copy()))
    assert counts == sorted(counts)
    assert counts[-1] == 30
    assert recording.notes == ()
    assert recording.ended is not None
    assert all((snapshot.columns["loss"] == losses).all() for snapshot, losses in snapshots)
    whole = recorded(mlp_lines(steps=30))
    assert recording.columns.loss.tolist() == whole.columns.loss.tolist()


# -- at random -----------------------------------------------------------------------------------------------

_RAW = "".join(json.dumps(line) + "\n" for line in [*mlp_lines(layers=2, steps=3), *lstm_lines(steps=2)]).encode()
_PIECES = [b"null", b'"nan"', b"1e999", b"-1", b"[]", b"{}", b"99999999999999999999", b"\n", b'"', b"\\u0000", b"NaN"]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["h", "l", "m", "c", ""]), inner),
    max_leaves=8,
)


@given(
    st.lists(
        st.tuples(st.integers(0, len(_RAW)), st.integers(0, 40), st.sampled_from(_PIECES) | st.binary(max_size=4)),
        max_size=6,
    )
)
@drawn(60)
def test_bytes_that_were_changed(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int, bytes]]
) -> None:
    raw = _RAW
    for place, length, piece in changes:
        raw = raw[:place] + piece + raw[place + length :]
    path = tmp_path_factory.getbasetemp() / "changed.jsonl"
    path.write_bytes(raw)
    problems: tuple[Problem, ...] = ()
    for look in (looked_at, overview, lambda path: grouped([path])):
        try:
            look(path)
        except ExperimentError as error:
            problems = error.problems
        assert len(problems) < 2


_FIELDS = [*{key for line in [*mlp_lines(steps=1), *lstm_lines(steps=1)] for key in line}]


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(_FIELDS), _VALUES), max_size=4), st.booleans())
@drawn(60)
def test_values_that_were_changed(changes: list[tuple[int, str, Any]], over_time: bool) -> None:
    lines: list[Line] = (lstm_lines if over_time else mlp_lines)(steps=3)
    for place, key, value in changes:
        lines[place] = lines[place] | {key: value}
    problems: tuple[Problem, ...] = ()
    try:
        everything(recorded(lines))
    except ExperimentError as error:
        problems = error.problems
    assert len(problems) < 2
